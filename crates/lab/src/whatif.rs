//! Shows a log as it might have been: without some events, or in another order. The log itself
//! stays as it is. Everything shown here is [`Imagined`], so that nobody takes it for the truth.

use std::collections::VecDeque;
use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::world::World;
use es::{
    EventLog, Fold, History, Hydrated, IdSet, Map, Origin, Recorded, Set, Stream, Subscriber,
    Timeline, View, sort,
};

/// An imagined change to a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The events at these positions are left out.
    LeaveOut(Set<u64>),
    /// The events at these two positions change places.
    Swap(u64, u64),
}

/// A value that is imagined, and not the truth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Imagined<T>(pub T);

/// A decision that the change would not have allowed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoLongerAllowed {
    /// The position of the decision's first event.
    pub position: u64,
    /// The stream that decided.
    pub stream: Stream,
    /// Who had sent the command.
    pub actor: Rc<str>,
    /// The command's type.
    pub command: Rc<str>,
    /// Why the command would be refused.
    pub reason: Rc<str>,
}

/// An event that a left-out event has led to, through processes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Consequence {
    /// The event's position.
    pub position: u64,
    /// The event's stream.
    pub stream: Stream,
    /// The event's type.
    pub event: Rc<str>,
}

/// A log as it might have been.
pub struct WhatIf {
    /// The positions whose events are left out or replaced, in order.
    without: Vec<u64>,
    /// Stream → the positions in `without` whose events belong to it.
    of_streams: Map<Stream, Vec<u64>>,
    /// Position → the position of the event that stands there instead.
    instead: Vec<(u64, u64)>,
    /// The first position whose decision may come out otherwise.
    first: u64,
    handlers: Map<Stream, Timeline<Hydrated>>,
    readers: Map<(Rc<str>, u16), Timeline<Subscriber>>,
    review: Review,
    aftermath: Aftermath,
}

/// The search for the consequences of left-out events.
struct Aftermath {
    /// The ids of the events that would not have happened.
    gone: IdSet,
    /// The next position to examine.
    next: u64,
    /// The last position to examine.
    last: u64,
    found: Vec<Consequence>,
}

/// The review of all decisions after the change, stream by stream.
struct Review {
    streams: VecDeque<Stream>,
    /// Where the review of the first of `streams` was interrupted.
    interrupted: Option<ReviewPlace>,
    done: u64,
    of: u64,
    found: Vec<NoLongerAllowed>,
}

/// How far the review of a stream has come.
struct ReviewPlace {
    /// The stream's state there.
    instance: Hydrated,
    /// How many of the stream's events are folded.
    folded: usize,
    /// The id of the last event's command.
    last_command: Option<Uuid>,
}

impl WhatIf {
    /// Imagines a change.
    ///
    /// # Errors
    /// A sentence, where the log has no such event, or an event would be swapped with itself.
    pub fn new(world: &World, change: &Change) -> Result<Self, String> {
        let log = world.log();
        let (without, instead) = match change {
            Change::LeaveOut(positions) => (positions.iter().copied().collect(), Vec::new()),
            Change::Swap(a, b) if a == b => {
                return Err("name two different events to swap".to_owned());
            }
            Change::Swap(a, b) => {
                let (first, second) = (*a.min(b), *a.max(b));
                (vec![first, second], vec![(first, second), (second, first)])
            }
        };
        let mut of_streams = Map::<Stream, Vec<u64>>::new();
        let mut gone = IdSet::default();
        for position in &without {
            let event = log.event(*position).ok_or_else(|| {
                format!("there is no event {position}; positions go from 1 to {}", log.head())
            })?;
            of_streams.entry(event.stream().clone()).or_default().push(*position);
            if instead.is_empty() {
                gone.insert(event.id());
            }
        }
        Ok(Self::begin(log, without, instead, of_streams, gone))
    }

    /// Imagines nothing: every decision of the log is taken again, by the code that runs now.
    pub fn of_rules(world: &World) -> Self {
        let log = world.log();
        let streams = log.streams().map(|(stream, _)| (stream.clone(), Vec::new()));
        let mut it = Self::begin(log, Vec::new(), Vec::new(), streams.collect(), IdSet::default());
        it.first = 1;
        it
    }

    fn begin(
        log: &EventLog,
        without: Vec<u64>,
        instead: Vec<(u64, u64)>,
        of_streams: Map<Stream, Vec<u64>>,
        gone: IdSet,
    ) -> Self {
        let first = without.first().copied().unwrap_or(u64::MAX);
        let next = without.first().filter(|_| instead.is_empty()).map_or(u64::MAX, |it| it + 1);
        let aftermath = Aftermath { gone, next, last: log.head(), found: Vec::new() };
        let mut what_if = Self {
            without,
            of_streams,
            instead,
            first,
            handlers: Map::new(),
            readers: Map::new(),
            review: Review {
                streams: VecDeque::new(),
                interrupted: None,
                done: 0,
                of: 0,
                found: Vec::new(),
            },
            aftermath,
        };
        let length = |stream: &Stream| what_if.of_stream(log, stream).len() as u64;
        let streams: VecDeque<Stream> = what_if.of_streams.keys().cloned().collect();
        let events: u64 = streams.iter().map(length).sum();
        what_if.review.of = events + what_if.aftermath.left();
        what_if.review.streams = streams;
        what_if
    }

    /// A stream's state at a position after the change. None where the scenario has no such
    /// category.
    pub fn state(
        &mut self,
        world: &World,
        stream: &Stream,
        position: u64,
    ) -> Option<Imagined<Value>> {
        let mut handler = match self.handlers.remove(stream) {
            Some(handler) => handler,
            None => world.scenario().aggregate_of(stream.category())?.timeline(),
        };
        let log = world.log();
        let altered = self.of_stream(log, stream);
        handler.at(altered.place(log.version_at(stream, position), position), &altered);
        let state = handler.state();
        self.handlers.insert(stream.clone(), handler);
        Some(Imagined(state))
    }

    /// The view of a projection or process at a position after the change. None where nothing of
    /// that name runs.
    pub fn view(&mut self, world: &World, name: &str, position: u64) -> Option<Imagined<View>> {
        let it = world.subscription(name)?;
        let key = (it.name().clone(), it.code());
        let mut reader = match self.readers.remove(&key) {
            Some(reader) => reader,
            None => world.reader(name, it.code())?,
        };
        let log = world.log();
        let altered = self.of_log(log);
        let view = reader.at(altered.place(position.min(log.head()), position), &altered).view();
        self.readers.insert(key, reader);
        Some(Imagined(view))
    }

    /// Reviews about `budget` more events: their commands are decided again on the imagined states.
    /// True once all are reviewed.
    pub fn advance(&mut self, world: &World, budget: usize) -> bool {
        let log = world.log();
        let first = self.first;
        let mut budget = budget.max(1);
        while budget > 0 && !self.review.streams.is_empty() {
            let Some(stream) = self.review.streams.front().cloned() else { break };
            let Some(aggregate) = world.scenario().aggregate_of(stream.category()) else {
                self.review.streams.pop_front();
                continue;
            };
            let start = || ReviewPlace {
                instance: Hydrated::new(aggregate.instance()),
                folded: 0,
                last_command: None,
            };
            let begun = self.review.interrupted.take().unwrap_or_else(start);
            let ReviewPlace { mut instance, folded: from, mut last_command } = begun;
            let altered = self.of_stream(log, &stream);
            let to = altered.len().min(from + budget);
            let mut found = Vec::new();
            let changed = altered.place(log.version_at(&stream, first - 1), first - 1);
            let mut place = from;
            altered.walk(from, to, |event| {
                // The events of one commit were decided together.
                let decided = last_command.replace(event.command_id()) != Some(event.command_id());
                let command = event.command().filter(|it| it.stream == stream);
                if decided && place >= changed && event.origin() == Origin::Command {
                    let refused = command.and_then(|it| Some((it, instance.decide(it).err()?)));
                    found.extend(refused.map(|(command, why)| NoLongerAllowed {
                        position: event.position(),
                        stream: stream.clone(),
                        actor: event.actor().clone(),
                        command: command.kind.clone(),
                        reason: why.to_string().into(),
                    }));
                }
                instance.fold(&[event]);
                place += 1;
            });
            let over = to == altered.len();
            self.review.done += (to - from) as u64;
            self.review.found.extend(found);
            // A stream without an event left counts as one event.
            budget = budget.saturating_sub((to - from).max(1));
            if over {
                self.review.streams.pop_front();
            } else {
                self.review.interrupted = Some(ReviewPlace { instance, folded: to, last_command });
            }
        }
        let looked = self.aftermath.advance(log, budget);
        self.review.done += looked;
        if self.is_over() {
            sort(&mut self.review.found, |a, b| a.position.cmp(&b.position));
        }
        self.is_over()
    }

    /// True where all later events were reviewed.
    pub fn is_over(&self) -> bool {
        self.review.streams.is_empty() && self.aftermath.left() == 0
    }

    /// How many events were reviewed, and how many there are.
    pub fn progress(&self) -> (u64, u64) {
        (self.review.done, self.review.of)
    }

    /// The decisions that would not have been allowed, as far as they were reviewed. They are in
    /// order of their positions once all are reviewed.
    pub fn no_longer_allowed(&self) -> &[NoLongerAllowed] {
        &self.review.found
    }

    /// The consequences of the left-out events, as far as they were reviewed.
    pub fn consequences(&self) -> &[Consequence] {
        &self.aftermath.found
    }

    /// True where the event at a position is left out or moved.
    pub fn touches(&self, position: u64) -> bool {
        self.without.binary_search(&position).is_ok()
    }

    fn of_log<'a>(&self, log: &'a EventLog) -> Altered<'a, &'a EventLog> {
        self.altered(log, log, &self.without, |_| true, |position| position)
    }

    fn of_stream<'a>(
        &self,
        log: &'a EventLog,
        stream: &Stream,
    ) -> Altered<'a, es::StreamHistory<'a>> {
        let history = log.stream(stream);
        let belongs = |event: &Recorded| event.stream() == stream;
        // Two events that change places may belong to different streams.
        let touched = if self.instead.is_empty() {
            self.of_streams.get(stream).map_or(&[][..], Vec::as_slice)
        } else {
            &self.without
        };
        self.altered(log, history, touched, belongs, |position| log.version_at(stream, position))
    }

    /// A history after the change. `touched` are the changed positions that concern it, `belongs`
    /// tells its events, and `count` says how many of its events stand at or before a position.
    fn altered<'a, H: History>(
        &self,
        log: &'a EventLog,
        base: H,
        touched: &[u64],
        belongs: impl Fn(&Recorded) -> bool,
        count: impl Fn(u64) -> u64,
    ) -> Altered<'a, H> {
        let index = |position| usize::try_from(count(position)).unwrap_or(usize::MAX);
        let is_here = |position: u64| log.event(position).is_some_and(&belongs);
        let mut pieces = Vec::new();
        let (mut from, mut start) = (0, 0);
        let mut instead = self.instead.iter();
        for &position in touched {
            let (leaves, comes) = (is_here(position), instead.next().map(|(_, other)| *other));
            let comes = comes.filter(|other| is_here(*other));
            if !leaves && comes.is_none() {
                continue;
            }
            let to = index(position - 1);
            if to > from {
                pieces.push((start, Piece::Base(from)));
                start += to - from;
            }
            if let Some(other) = comes {
                pieces.push((start, Piece::One(other)));
                start += 1;
            }
            from = to + usize::from(leaves);
        }
        let rest = base.len().saturating_sub(from);
        if rest > 0 {
            pieces.push((start, Piece::Base(from)));
        }
        let moved = touched.iter().filter(|it| is_here(**it)).copied().collect();
        let arrived = self.instead.iter().filter(|(_, other)| is_here(*other));
        let arrived = arrived.map(|(at, _)| *at).collect();
        Altered { log, base, pieces, len: start + rest, moved, arrived }
    }
}

impl Aftermath {
    fn left(&self) -> u64 {
        (self.last + 1).saturating_sub(self.next)
    }

    /// Examines up to `budget` events. Returns how many were examined.
    fn advance(&mut self, log: &EventLog, budget: usize) -> u64 {
        let looked = self.left().min(budget as u64);
        for event in log.events(self.next, self.next.saturating_add(looked).saturating_sub(1)) {
            let caused = self.gone.contains(&event.causation_id());
            if caused && self.gone.insert(event.id()) {
                self.found.push(Consequence {
                    position: event.position(),
                    stream: event.stream().clone(),
                    event: event.kind().clone(),
                });
            }
        }
        self.next = self.next.saturating_add(looked);
        looked
    }
}

/// A history in which events are left out or moved.
struct Altered<'a, H> {
    log: &'a EventLog,
    base: H,
    /// Place in this history → the piece that begins there. It reaches up to the next piece.
    pieces: Vec<(usize, Piece)>,
    len: usize,
    /// The positions whose events have left the history.
    moved: Vec<u64>,
    /// The positions at which events have arrived in the history.
    arrived: Vec<u64>,
}

enum Piece {
    /// The events of the base history, from this place on.
    Base(usize),
    /// The event at this position of the log.
    One(u64),
}

impl<H> Altered<'_, H> {
    /// How many events this history has up to a position. `count` is that number in the base
    /// history.
    fn place(&self, count: u64, position: u64) -> usize {
        let up_to = |positions: &[u64]| positions.partition_point(|it| *it <= position);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        (count + up_to(&self.arrived)).saturating_sub(up_to(&self.moved))
    }
}

impl<H: History> History for Altered<'_, H> {
    fn len(&self) -> usize {
        self.len
    }

    fn batches(&self, from: usize, to: usize, mut visit: impl FnMut(&[&Recorded])) {
        let to = to.min(self.len);
        let mut at = from;
        let mut piece = self.pieces.partition_point(|(start, _)| *start <= from).saturating_sub(1);
        while at < to {
            let Some((start, what)) = self.pieces.get(piece) else { return };
            let end = self.pieces.get(piece + 1).map_or(self.len, |(next, _)| *next).min(to);
            match what {
                Piece::Base(first) => {
                    self.base.batches(first + at - start, first + end - start, &mut visit);
                }
                Piece::One(position) => {
                    if let Some(event) = self.log.event(*position) {
                        visit(&[event]);
                    }
                }
            }
            at = end;
            piece += 1;
        }
    }
}
