//! Shards: the streams of a log, divided among handlers that work side by side. Nothing runs here:
//! it is a schedule, computed over the log.
//!
//! A stream belongs to one handler, so that its events stay in order. Where handlers take types
//! instead, a stream's events part ways, and nobody keeps their order. A handler is chosen by the
//! highest of one hash for each handler (rendezvous hashing, Thaler and Ravishankar 1996): one
//! handler more takes its share from all others, and moves nothing between them.

use std::rc::Rc;

use es::{EventLog, Map, Stream};
use serde::{Deserialize, Serialize};

/// By what events are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShardBy {
    /// By the id of their stream.
    Id,
    /// By their type.
    Type,
}

/// A schedule: which handler takes what.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shards {
    /// By what events are divided.
    pub by: ShardBy,
    /// The handlers, in their order.
    pub handlers: Vec<Handler>,
    /// How many events there are.
    pub events: u64,
    /// In how many turns all handlers together are done, each taking one event a turn.
    pub turns: u64,
    /// True where the events of each stream are handled in their order.
    pub in_order: bool,
    /// The stream of which the busiest handler takes the most events, and how many that are.
    pub heaviest: Option<Heaviest>,
    /// What one handler more would move.
    pub moves: Moves,
}

/// A handler's share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Handler {
    /// How many events it takes.
    pub events: u64,
    /// How many streams, or types.
    pub keys: u64,
    /// The streams or types of which it takes the most events, at most eight, heaviest first.
    pub names: Vec<Rc<str>>,
    /// The positions of its first events, in the order in which it takes them.
    pub first: Vec<u64>,
}

/// The stream that weighs most on a handler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Heaviest {
    /// The stream, or type.
    pub name: Rc<str>,
    /// How many events it has.
    pub events: u64,
}

/// What one handler more would move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moves {
    /// How many streams or types get another handler, and how many there are.
    pub keys: u64,
    /// Out of so many.
    pub of: u64,
    /// How many would where the handler were the hash modulo the count.
    pub by_modulo: u64,
}

/// The greatest number of handlers.
pub const HANDLERS_AT_MOST: usize = 64;
/// How many names of a handler's share are told.
const NAMES: usize = 8;
/// How many positions of a handler's share are told.
const FIRST: usize = 40;

/// A key, and how many events have it.
struct Key {
    name: Rc<str>,
    events: u64,
}

impl Shards {
    /// Divides the events of a log up to `position` among `count` handlers, from 1 to
    /// [`HANDLERS_AT_MOST`].
    pub fn new(log: &EventLog, position: u64, by: ShardBy, count: usize) -> Self {
        let count = count.clamp(1, HANDLERS_AT_MOST);
        let keys = keys(log, position, by);
        let mut handlers = vec![Handler::default(); count];
        let mut loads: Vec<Vec<&Key>> = (0..count).map(|_| Vec::new()).collect();
        let mut moves = Moves { of: keys.len() as u64, ..Moves::default() };
        for key in &keys {
            let at = handler_of(&key.name, count);
            handlers[at].events += key.events;
            handlers[at].keys += 1;
            loads[at].push(key);
            moves.keys += u64::from(handler_of(&key.name, count + 1) != at);
            let hash = hash(&key.name, 0);
            let modulo = |count: usize| hash % count as u64;
            moves.by_modulo += u64::from(modulo(count) != modulo(count + 1));
        }
        for (handler, load) in handlers.iter_mut().zip(&mut loads) {
            es::sort(load, |a, b| b.events.cmp(&a.events).then_with(|| a.name.cmp(&b.name)));
            handler.names = load.iter().take(NAMES).map(|it| it.name.clone()).collect();
        }
        for event in log.events(1, position) {
            let name = match by {
                ShardBy::Id => event.stream().as_str(),
                ShardBy::Type => event.kind(),
            };
            let handler = &mut handlers[handler_of(name, count)];
            if handler.first.len() < FIRST {
                handler.first.push(event.position());
            } else if handlers.iter().all(|it| it.first.len() >= FIRST.min(to_usize(it.events))) {
                break;
            }
        }
        let busiest = (0..count).max_by_key(|at| handlers[*at].events).unwrap_or_default();
        let heaviest = loads[busiest].first();
        let heaviest = heaviest.map(|it| Heaviest { name: it.name.clone(), events: it.events });
        Self {
            by,
            events: position,
            turns: handlers[busiest].events,
            in_order: by == ShardBy::Id || count == 1,
            handlers,
            heaviest,
            moves,
        }
    }
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The streams, or the types, and how many events each has up to a position.
fn keys(log: &EventLog, position: u64, by: ShardBy) -> Vec<Key> {
    match by {
        ShardBy::Id => {
            let count = |stream: &Stream| log.version_at(stream, position);
            let all =
                log.streams().map(|(it, _)| Key { name: it.as_str().into(), events: count(it) });
            all.filter(|it| it.events > 0).collect()
        }
        ShardBy::Type => {
            let mut counts: Map<Rc<str>, u64> = Map::new();
            for event in log.events(1, position) {
                *counts.entry(event.kind().clone()).or_default() += 1;
            }
            counts.into_iter().map(|(name, events)| Key { name, events }).collect()
        }
    }
}

/// The handler with the highest hash of a key.
fn handler_of(key: &str, count: usize) -> usize {
    (0..count).max_by_key(|handler| hash(key, *handler as u64 + 1)).unwrap_or_default()
}

/// FNV-1a of a text and a number, and a last round that spreads its bits.
fn hash(text: &str, number: u64) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in number.to_le_bytes().iter().chain(text.as_bytes()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Session, World};

    fn log_of(id: &str) -> Session {
        let scenario = scenarios::all().into_iter().find(|it| *it.id == *id).unwrap();
        let mut session = Session::new(World::new(&scenario));
        session.play_story();
        session
    }

    #[test]
    fn every_event_has_one_handler_and_each_handler_takes_its_share_in_order() {
        let session = log_of("bank");
        let head = session.head();
        for count in [1, 2, 3, 7, HANDLERS_AT_MOST, 1_000] {
            for by in [ShardBy::Id, ShardBy::Type] {
                let shards = Shards::new(session.log(), head, by, count);
                assert_eq!(shards.handlers.iter().map(|it| it.events).sum::<u64>(), head);
                let mut all: Vec<u64> =
                    shards.handlers.iter().flat_map(|it| it.first.clone()).collect();
                assert!(shards.handlers.iter().all(|it| it.first.is_sorted()));
                all.sort_unstable();
                assert_eq!(all, (1..=head).collect::<Vec<_>>());
                assert!(shards.turns <= head);
            }
        }
        assert!(Shards::new(session.log(), head, ShardBy::Id, 3).in_order);
        assert!(!Shards::new(session.log(), head, ShardBy::Type, 3).in_order);
    }

    #[test]
    fn one_handler_more_moves_streams_to_itself_alone_and_far_fewer_than_modulo() {
        let names: Vec<String> = (0..1_000).map(|it| format!("stream-{it}")).collect();
        let (mut moved, mut modulo) = (0, 0);
        for name in &names {
            let (three, four) = (handler_of(name, 3), handler_of(name, 4));
            assert!(three == four || four == 3, "{name} moves from {three} to {four}");
            moved += usize::from(three != four);
            modulo += usize::from(hash(name, 0) % 3 != hash(name, 0) % 4);
        }
        assert!((200..300).contains(&moved), "{moved}");
        assert!((700..800).contains(&modulo), "{modulo}");
    }

    #[test]
    fn a_stream_that_has_nearly_all_events_leaves_the_other_handlers_idle() {
        let session = log_of("office");
        let shards = Shards::new(session.log(), session.head(), ShardBy::Id, 4);
        let heaviest = shards.heaviest.clone().unwrap();
        assert!(heaviest.events * 2 > shards.turns);
        assert!(shards.turns >= heaviest.events);
    }
}
