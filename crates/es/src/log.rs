//! The event log in memory: append-only, one order for all, an index per stream.

use std::ops::Range;
use std::rc::Rc;

use uuid::Uuid;

use super::{
    Commit, Expected, Map, NameMap, Proposal, Recorded, Set, Stream, WrongExpectedVersion,
};

/// Events in a piece of the log. The log grows by pieces, so that growing copies no event.
const CHUNK: usize = 1024;

/// The most events that a fold gets at once. `CHUNK` is a multiple of it.
const BATCH: usize = 64;

/// Events in a row, by place: the whole log, or one stream.
pub trait History {
    /// How many there are.
    fn len(&self) -> usize;

    /// True where there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `visit` with the events after place `from` up to and including place `to`, many at a
    /// time.
    fn batches(&self, from: usize, to: usize, visit: impl FnMut(&[&Recorded]));

    /// Calls `visit` for each of them.
    fn walk(&self, from: usize, to: usize, mut visit: impl FnMut(&Recorded)) {
        self.batches(from, to, |events| events.iter().for_each(|event| visit(event)));
    }
}

impl<H: History> History for &H {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn batches(&self, from: usize, to: usize, visit: impl FnMut(&[&Recorded])) {
        (**self).batches(from, to, visit);
    }
}

/// The log. It only grows.
#[derive(Default)]
pub struct EventLog {
    chunks: Vec<Vec<Recorded>>,
    len: usize,
    /// The places of each stream's events. A hash map, because every new event looks its stream up.
    streams: NameMap<Stream, Vec<u32>>,
    /// The streams in order.
    names: Set<Stream>,
    commands: Handled,
    kinds: Set<Rc<str>>,
}

impl EventLog {
    /// The position of the last event; 0 where there is none.
    pub fn head(&self) -> u64 {
        self.len as u64
    }

    /// All events, in pieces: whoever needs a long log no more lets go of it piece by piece, because
    /// all at once takes longer than a frame.
    pub fn into_pieces(self) -> impl Iterator<Item = Vec<Recorded>> {
        self.chunks.into_iter()
    }

    /// How many commands have been handled, including those that produced no event.
    pub fn commits(&self) -> u64 {
        self.commands.len as u64
    }

    /// The stream of this name, if it exists, to share its name.
    pub fn named(&self, name: &str) -> Option<&Stream> {
        self.streams.get_key_value(name).map(|(stream, _)| stream)
    }

    /// The version of a stream; 0 where it does not exist.
    pub fn version(&self, stream: &Stream) -> u64 {
        self.places(stream).len() as u64
    }

    /// The version that a stream had at `position`.
    pub fn version_at(&self, stream: &Stream, position: u64) -> u64 {
        self.places(stream).partition_point(|&place| u64::from(place) < position) as u64
    }

    /// The places of a stream's events in the log, in order, counted from 0.
    pub fn places(&self, stream: &Stream) -> &[u32] {
        self.streams.get(stream).map_or(&[], Vec::as_slice)
    }

    /// The streams, in order of their names, each with its version.
    pub fn streams(&self) -> impl Iterator<Item = (&Stream, u64)> {
        self.names.iter().map(|stream| (stream, self.version(stream)))
    }

    /// The events' types so far.
    pub fn kinds(&self) -> impl Iterator<Item = &Rc<str>> {
        self.kinds.iter()
    }

    /// The event at a position.
    pub fn event(&self, position: u64) -> Option<&Recorded> {
        self.place(usize::try_from(position).ok()?.checked_sub(1)?)
    }

    /// The events at positions `from` to `to`, inclusive, as far as they exist.
    pub fn events(&self, from: u64, to: u64) -> impl Iterator<Item = &Recorded> {
        (from.max(1)..=to.min(self.head())).filter_map(|position| self.event(position))
    }

    /// One stream's events.
    pub fn stream<'a>(&'a self, stream: &Stream) -> StreamHistory<'a> {
        StreamHistory { log: self, places: self.places(stream) }
    }

    /// The positions that a command's events have, if it was handled: an empty range where it
    /// produced nothing.
    pub fn handled(&self, command: Uuid) -> Option<Range<u64>> {
        self.commands.get(&command).map(|r| u64::from(r.start) + 1..u64::from(r.end) + 1)
    }

    /// The version of a stream, or what else is expected of it: see [`Expected::holds`].
    pub fn found(&self, stream: &Stream, expected: Expected) -> u64 {
        let Expected::Category(position) = expected else { return self.version(stream) };
        let later = (position.saturating_add(1)..=self.head()).rev();
        let of = |it: &u64| {
            self.event(*it).is_some_and(|event| event.stream().category() == stream.category())
        };
        later.into_iter().find(of).unwrap_or_default()
    }

    /// Numbers a proposal's events, ready to be stored. Recorded-at is never before the head's.
    ///
    /// # Errors
    /// [`WrongExpectedVersion`] where the stream has another version than the proposal expects.
    pub fn propose(&self, proposal: Proposal) -> Result<Commit, WrongExpectedVersion> {
        let mut envelope = proposal.envelope;
        if let Some((stream, expected)) = proposal.expected {
            let actual = self.found(&stream, expected);
            if !expected.holds(actual) {
                return Err(WrongExpectedVersion { stream, expected, actual });
            }
            if let Expected::Category(position) = expected {
                envelope.unchanged_since = Some(position);
            }
        }
        let mut at = self.event(self.head()).map_or(0, Recorded::at);
        envelope.at = envelope.at.max(at);
        let envelope = Rc::new(envelope);
        // Mostly there is one stream. A map is needed only for the others.
        let mut first: Option<(Stream, u64)> = None;
        let mut others: Map<Stream, u64> = Map::new();
        let after = self.head();
        let events =
            (after + 1..).zip(0..).zip(proposal.events).map(|((position, index), draft)| {
                let of = &draft.stream;
                let version = match &mut first {
                    Some((stream, version)) if stream == of => version,
                    Some(_) => others.entry(of.clone()).or_insert_with(|| self.version(of)),
                    none => &mut none.insert((of.clone(), self.version(of))).1,
                };
                *version += 1;
                let version = *version;
                at = at.max(draft.at.unwrap_or(envelope.at));
                Recorded {
                    position,
                    version,
                    at,
                    stream: draft.stream,
                    kind: draft.kind,
                    schema: draft.schema,
                    index,
                    envelope: envelope.clone(),
                    body: draft.body.into(),
                    stored: draft.stored,
                    metadata: draft.metadata,
                }
            });
        let number = self.commits() + 1;
        Ok(Commit { number, after, events: events.collect(), envelope })
    }

    /// Adds a commit that is stored. Returns false, and adds nothing, where the commit does not
    /// follow the last one, or where its command has been handled before.
    pub fn learn(&mut self, commit: Commit) -> bool {
        let Ok(first) = u32::try_from(self.len) else { return false };
        if commit.number != self.commits() + 1 || commit.after != self.head() {
            return false;
        }
        let count = u32::try_from(commit.events.len()).unwrap_or(u32::MAX);
        let places = first..first.saturating_add(count);
        if !self.commands.insert(commit.envelope.command_id, places) {
            return false;
        }
        for mut event in commit.events {
            // Events that were read from a store share their types' names already.
            if !self.kinds.iter().any(|kind| Rc::ptr_eq(kind, &event.kind)) {
                match self.kinds.get(&event.kind) {
                    Some(kind) => event.kind = kind.clone(),
                    None => _ = self.kinds.insert(event.kind.clone()),
                }
            }
            let place = u32::try_from(self.len).unwrap_or(u32::MAX);
            if let Some(places) = self.streams.get_mut(&event.stream) {
                places.push(place);
            } else {
                self.names.insert(event.stream.clone());
                self.streams.insert(event.stream.clone(), vec![place]);
            }
            push(&mut self.chunks, event);
            self.len += 1;
        }
        true
    }

    fn place(&self, place: usize) -> Option<&Recorded> {
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)
    }
}

impl History for EventLog {
    fn len(&self) -> usize {
        self.len
    }

    fn batches(&self, from: usize, to: usize, mut visit: impl FnMut(&[&Recorded])) {
        let (mut from, to) = (from, to.min(self.len));
        let Some(first) = self.place(from).filter(|_| from < to) else { return };
        if from + 1 == to {
            return visit(&[first]);
        }
        let mut batch = [first; BATCH];
        while from < to {
            let start = from % CHUNK;
            let chunk = &self.chunks[from / CHUNK];
            let end = chunk.len().min(start + to - from).min(start + BATCH);
            batch.iter_mut().zip(&chunk[start..end]).for_each(|(slot, event)| *slot = event);
            visit(&batch[..end - start]);
            from += end - start;
        }
    }
}

/// One stream of a log.
#[derive(Clone, Copy)]
pub struct StreamHistory<'a> {
    log: &'a EventLog,
    places: &'a [u32],
}

impl History for StreamHistory<'_> {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn batches(&self, from: usize, to: usize, mut visit: impl FnMut(&[&Recorded])) {
        let places = self.places.get(from..to.min(self.places.len())).unwrap_or_default();
        let first = places.first().and_then(|&place| self.log.place(place as usize));
        let Some(first) = first else { return };
        if places.len() == 1 {
            return visit(&[first]);
        }
        let mut batch = [first; BATCH];
        for places in places.chunks(BATCH) {
            let mut count = 0;
            for event in places.iter().filter_map(|&place| self.log.place(place as usize)) {
                batch[count] = event;
                count += 1;
            }
            visit(&batch[..count]);
        }
    }
}

/// The commands that were handled, each with the places of its events.
///
/// Why not a library's table: with the standard `HashMap`, a million commands are appended at two
/// thirds of the rate. With `hashbrown`'s `HashTable` the rate is the same, and the page is 0.4 kB
/// larger after brotli. `cargo xtask bench` measures "decide and append".
#[derive(Default)]
struct Handled {
    /// In the order in which they were handled, in pieces, so that growing copies none.
    chunks: Vec<Vec<(Uuid, Range<u32>)>>,
    len: usize,
    /// A hash table with open addressing: a command's slot is at its hash, or the next free one
    /// after that. Slots hold hashes, so that growing, and searching in vain, reads slots alone.
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u32,
    /// The command's number, counted from 1; 0 where the slot is free.
    number: u32,
}

impl Handled {
    fn get(&self, id: &Uuid) -> Option<&Range<u32>> {
        let number = self.slots.get(self.find(id)?)?.number;
        self.entry(number).map(|(_, range)| range)
    }

    /// Adds a command. Returns false, and adds nothing, where it is there already.
    fn insert(&mut self, id: Uuid, range: Range<u32>) -> bool {
        if 3 * self.len >= 2 * self.slots.len() {
            self.grow();
        }
        let free = |at: &usize| self.slots[*at].number == 0;
        let Some(at) = self.find(&id).filter(free) else { return false };
        self.len += 1;
        self.slots[at] =
            Slot { hash: hash(&id), number: u32::try_from(self.len).unwrap_or(u32::MAX) };
        push(&mut self.chunks, (id, range));
        true
    }

    /// The slot of a command, or the free one that it would have. None before the first.
    fn find(&self, id: &Uuid) -> Option<usize> {
        let (hash, mask) = (hash(id), self.slots.len().checked_sub(1)?);
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            let found = slot.hash == hash && self.entry(slot.number).is_some_and(|it| it.0 == *id);
            if slot.number == 0 || found {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
    }

    fn entry(&self, number: u32) -> Option<&(Uuid, Range<u32>)> {
        let place = (number as usize).checked_sub(1)?;
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)
    }

    fn grow(&mut self) {
        let size = (2 * self.slots.len()).max(16);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); size]);
        for slot in old.into_iter().filter(|it| it.number > 0) {
            let mut at = slot.hash as usize & (size - 1);
            while self.slots[at].number > 0 {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = slot;
        }
    }
}

/// Command ids are random, or hashes already, so both halves of an id make its hash.
fn hash(id: &Uuid) -> u32 {
    let (first, last) = id.as_u64_pair();
    let both = last ^ first.rotate_left(29);
    #[expect(clippy::cast_possible_truncation, reason = "both halves are in it")]
    let hash = (both ^ (both >> 32)) as u32;
    hash
}

/// Adds an item to the last piece, or begins another.
fn push<T>(chunks: &mut Vec<Vec<T>>, item: T) {
    match chunks.last_mut() {
        Some(chunk) if chunk.len() < CHUNK => chunk.push(item),
        last => {
            let mut chunk = Vec::with_capacity(if last.is_none() { 16 } else { CHUNK });
            chunk.push(item);
            chunks.push(chunk);
        }
    }
}

/// A log of `length` events, all of the stream `note-1`.
#[cfg(test)]
pub(super) fn history(length: usize) -> EventLog {
    let draft = super::Draft {
        stream: Stream::new("note", "1"),
        kind: "Noted".into(),
        schema: 1,
        body: super::Body::Known(Rc::new(serde_json::json!({ "Noted": {} }))),
        stored: None,
        at: None,
        metadata: None,
    };
    let envelope = super::Envelope::first(super::command_id("history", 1), "Alice".into(), 1);
    let mut log = EventLog::default();
    let proposal = Proposal { envelope, expected: None, events: vec![draft; length] };
    let commit = log.propose(proposal).unwrap();
    assert!(log.learn(commit));
    log
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Body, Draft, Envelope, Expected, command_id};

    fn stream(name: &str) -> Stream {
        Stream::parse(name).unwrap()
    }

    fn draft(name: &str) -> Draft {
        Draft {
            stream: stream(name),
            kind: "Noted".into(),
            schema: 1,
            body: Body::Known(Rc::new(json!({ "type": "Noted", "data": {} }))),
            stored: None,
            at: None,
            metadata: None,
        }
    }

    fn proposal(number: u64, at: u64, names: &[&str]) -> Proposal {
        let envelope = Envelope::first(command_id("log", number), "Alice".into(), at);
        Proposal { envelope, expected: None, events: names.iter().map(|it| draft(it)).collect() }
    }

    /// A log with one commit for each list of streams.
    fn log(commits: &[&[&str]]) -> EventLog {
        let mut log = EventLog::default();
        for (names, number) in commits.iter().zip(1..) {
            let commit = log.propose(proposal(number, 10 * number, names)).unwrap();
            assert!(log.learn(commit));
        }
        log
    }

    /// Each event as `position stream version`.
    fn written(log: &EventLog) -> Vec<String> {
        let places = log.events(0, u64::MAX);
        places.map(|it| format!("{} {} {}", it.position(), it.stream(), it.version())).collect()
    }

    #[test]
    fn what_is_believed_of_a_stream_holds_or_nothing_is_proposed() {
        let log = log(&[&["note-1", "note-1"]]);
        let table = [
            ("note-1", Expected::Exact(0), Err(2)),
            ("note-1", Expected::Exact(1), Err(2)),
            ("note-1", Expected::Exact(2), Ok(3)),
            ("note-1", Expected::Exact(3), Err(2)),
            ("note-1", Expected::Exists, Ok(3)),
            ("note-1", Expected::Any, Ok(3)),
            ("note-2", Expected::Exact(0), Ok(1)),
            ("note-2", Expected::Exact(1), Err(0)),
            ("note-2", Expected::Exists, Err(0)),
            ("note-2", Expected::Any, Ok(1)),
        ];
        for (name, expected, outcome) in table {
            let believed = Some((stream(name), expected));
            let proposed = log.propose(Proposal { expected: believed, ..proposal(2, 20, &[name]) });
            let found = match proposed {
                Ok(commit) => Ok(commit.events[0].version()),
                Err(wrong) => {
                    assert_eq!((wrong.stream.as_str(), wrong.expected), (name, expected));
                    Err(wrong.actual)
                }
            };
            assert_eq!(found, outcome, "{name} at {expected}");
        }
    }

    #[test]
    fn a_commit_that_writes_several_streams_counts_each_on_its_own() {
        let mut log = log(&[&["a-1"], &["b-1", "a-1", "a-1", "b-1", "c-1", "a-1"]]);
        let all = ["1 a-1 1", "2 b-1 1", "3 a-1 2", "4 a-1 3", "5 b-1 2", "6 c-1 1", "7 a-1 4"];
        assert_eq!(written(&log), all);
        let commit = log.propose(proposal(3, 30, &["c-1", "b-1", "d-1", "c-1"])).unwrap();
        let expects: Vec<String> = commit
            .expects()
            .iter()
            .map(|(stream, version)| format!("{stream} {version}"))
            .collect();
        assert_eq!(expects, ["b-1 2", "c-1 1", "d-1 0"]);
        assert!(log.learn(commit));
        let streams: Vec<String> =
            log.streams().map(|(stream, version)| format!("{stream} {version}")).collect();
        assert_eq!(streams, ["a-1 4", "b-1 3", "c-1 3", "d-1 1"]);
    }

    #[test]
    fn a_stream_is_read_alone_and_at_any_position() {
        let log = log(&[&["a-1"], &["b-1", "a-1"], &["b-1"]]);
        let history = log.stream(&stream("b-1"));
        let mut positions = Vec::new();
        history.walk(0, 9, |event| positions.push(event.position()));
        assert_eq!((history.len(), history.is_empty(), positions), (2, false, vec![2, 4]));
        for (from, to, expected) in
            [(0, 1, vec![2]), (1, 2, vec![4]), (1, 1, vec![]), (2, 1, vec![])]
        {
            let mut walked = Vec::new();
            history.walk(from, to, |event| walked.push(event.position()));
            assert_eq!(walked, expected, "{from} to {to}");
        }
        assert!(log.stream(&stream("c-1")).is_empty());
        let (by_reference, mut walked) = (&&log, Vec::new());
        History::walk(by_reference, 1, 9, |event| walked.push(event.position()));
        assert_eq!((History::len(by_reference), walked), (4, vec![2, 3, 4]));
        let versions = (0..=5).map(|position| log.version_at(&stream("b-1"), position));
        assert_eq!(versions.collect::<Vec<_>>(), [0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn positions_count_from_one_and_zero_is_before_the_first() {
        let log = log(&[&["a-1"], &["b-1"]]);
        assert!(log.event(0).is_none());
        assert_eq!(log.event(1).unwrap().version(), 1);
        assert!(log.event(3).is_none());
        let between = |from, to| log.events(from, to).map(Recorded::position).collect::<Vec<_>>();
        assert_eq!(between(0, 0), Vec::<u64>::new());
        assert_eq!(between(0, 1), [1]);
        assert_eq!(between(2, 9), [2]);
        assert_eq!((EventLog::default().head(), log.head()), (0, 2));
    }

    #[test]
    fn a_command_is_recognised_by_its_id_even_when_it_produced_nothing() {
        let log = log(&[&["a-1", "a-1"], &[], &["a-1"]]);
        assert_eq!(log.handled(command_id("log", 1)), Some(1..3));
        assert_eq!(log.handled(command_id("log", 2)), Some(3..3));
        assert_eq!(log.handled(command_id("log", 3)), Some(3..4));
        assert_eq!(log.handled(command_id("log", 4)), None);
        assert_eq!(log.commits(), 3);
    }

    #[test]
    fn a_commit_that_does_not_follow_the_head_is_not_learned() {
        let mut log = log(&[&["a-1"]]);
        let next = log.propose(proposal(2, 20, &["a-1", "b-1"])).unwrap();
        let after_next = {
            let mut ahead = EventLog::default();
            assert!(ahead.learn(EventLog::default().propose(proposal(1, 10, &["a-1"])).unwrap()));
            assert!(ahead.learn(next.clone()));
            ahead.propose(proposal(3, 30, &["a-1"])).unwrap()
        };
        let first = EventLog::default().propose(proposal(4, 40, &["c-1"])).unwrap();
        for stranger in [after_next.clone(), first] {
            let id = stranger.envelope.command_id;
            assert!(!log.learn(stranger));
            assert_eq!((written(&log), log.handled(id)), (vec!["1 a-1 1".to_owned()], None));
        }
        assert!(log.learn(next.clone()));
        assert!(!log.learn(next), "it is there already");
        assert!(log.learn(after_next));
        assert_eq!(written(&log), ["1 a-1 1", "2 a-1 2", "3 b-1 1", "4 a-1 3"]);
    }

    #[test]
    fn recorded_at_is_never_before_the_heads() {
        let mut log = log(&[&["a-1"], &["a-1"]]);
        let mut late = proposal(3, 5, &["a-1", "a-1", "a-1", "a-1"]);
        late.events[1].at = Some(50);
        late.events[2].at = Some(40);
        let commit = log.propose(late).unwrap();
        assert_eq!(commit.envelope.at, 20);
        assert!(log.learn(commit));
        let times = log.events(1, 9).map(Recorded::at);
        assert_eq!(times.collect::<Vec<_>>(), [10, 20, 20, 50, 50, 50]);
    }

    #[test]
    fn a_walk_crosses_the_pieces_of_a_long_log() {
        const LENGTH: usize = 2 * CHUNK + 10;
        let names: Vec<&str> = ["a-1", "b-1"].into_iter().cycle().take(LENGTH).collect();
        let log = log(&[&["a-1"], &names[1..]]);
        for (from, to) in
            [(0, LENGTH), (CHUNK - 1, CHUNK + 1), (CHUNK, CHUNK), (5, 9), (LENGTH - 1, LENGTH + 9)]
        {
            let mut walked = Vec::new();
            log.walk(from, to, |event| walked.push(event.position()));
            let expected: Vec<u64> = (from + 1..=to.min(LENGTH)).map(|it| it as u64).collect();
            assert_eq!(walked, expected, "{from} to {to}");
        }
        assert_eq!(log.len(), LENGTH);
    }

    #[test]
    fn types_of_one_name_share_their_text() {
        let log = log(&[&["a-1"], &["b-1"]]);
        let (first, second) = (log.event(1).unwrap(), log.event(2).unwrap());
        assert!(Rc::ptr_eq(first.kind(), second.kind()));
        assert_eq!(log.kinds().map(|kind| &**kind).collect::<Vec<_>>(), ["Noted"]);
    }

    #[test]
    fn every_bit_of_an_id_counts_in_its_hash() {
        let ids = (0..8).map(|number| command_id("hash", number));
        for id in ids {
            for bit in 0..128 {
                let other = Uuid::from_u128(id.as_u128() ^ 1 << bit);
                assert_ne!(hash(&id), hash(&other), "{id}, bit {bit}");
            }
        }
    }

    #[test]
    fn every_command_is_found_however_many_there_are_and_whatever_their_hash() {
        // Of four in a row, the hashes are equal: both halves of an id change alike.
        let id = |number: u128| {
            let (group, place) = (number / 4 * 8, number % 4);
            Uuid::from_u128(group | place << 90 | place << 55)
        };
        assert_eq!(hash(&id(4)), hash(&id(7)));
        let mut handled = Handled::default();
        assert_eq!(handled.get(&id(0)), None);
        for number in 0..3_000 {
            assert!(handled.insert(id(number.into()), number..number + 1));
        }
        assert!(!handled.insert(id(5), 7..9));
        assert_eq!(handled.len, 3_000);
        for number in 0..3_000 {
            let range = Some(number..number + 1);
            assert_eq!(handled.get(&id(number.into())), range.as_ref(), "{number}");
        }
        assert_eq!(handled.get(&id(3_000)), None);
    }
}
