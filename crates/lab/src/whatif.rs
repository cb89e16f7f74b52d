//! What if it had not happened, or in another order? For the view only: the log stays what it
//! is, and what is shown here is [`Imagined`], never taken for the truth.

use std::collections::VecDeque;
use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::world::World;
use es::{
    EventLog, Fold, Handler, History, Hydrated, IdSet, Map, Origin, Reader, Recorded, Set, Stream,
    View, sort,
};

/// What is imagined otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The events at these positions are left out.
    LeaveOut(Set<u64>),
    /// The events at these two positions change places.
    Swap(u64, u64),
}

/// Not the truth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Imagined<T>(pub T);

/// A decision that would no longer have been allowed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoLongerAllowed {
    /// The position of its first event.
    pub position: u64,
    /// Whose decision it was.
    pub stream: Stream,
    /// Who had asked for it.
    pub actor: Rc<str>,
    /// The command.
    pub command: Rc<str>,
    /// Why it would be refused.
    pub reason: Rc<str>,
}

/// An event that came of one that is left out: without it, nobody would have asked for this.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Consequence {
    /// Its position.
    pub position: u64,
    /// Its stream.
    pub stream: Stream,
    /// Its type.
    pub event: Rc<str>,
}

/// A log as it might have been.
pub struct WhatIf {
    /// The positions whose events are not there.
    without: Vec<u64>,
    /// The same, of each stream.
    of_streams: Map<Stream, Vec<u64>>,
    /// Position → the position of the event that is there instead.
    instead: Vec<(u64, u64)>,
    handlers: Map<Stream, Handler>,
    readers: Map<(Rc<str>, u16), Reader>,
    review: Review,
    aftermath: Aftermath,
}

/// What came of the events that are left out, through processes as well.
struct Aftermath {
    /// The ids of what has not happened.
    gone: IdSet,
    /// The next position to be looked at, and the last.
    next: u64,
    last: u64,
    found: Vec<Consequence>,
}

/// Decides again what was decided after the change, stream by stream.
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
    /// How many of the stream's events were folded.
    folded: usize,
    /// The command of the last of them.
    last_command: Option<Uuid>,
}

impl WhatIf {
    /// Imagines a change.
    ///
    /// # Errors
    /// A sentence, where there is no such event.
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
        let next = without.first().filter(|_| instead.is_empty()).map_or(u64::MAX, |it| it + 1);
        let aftermath = Aftermath { gone, next, last: log.head(), found: Vec::new() };
        let mut what_if = Self {
            without,
            of_streams,
            instead,
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
        Ok(what_if)
    }

    /// A stream's state at a position, had it been so. None where the scenario has no such
    /// category.
    pub fn state(
        &mut self,
        world: &World,
        stream: &Stream,
        position: u64,
    ) -> Option<Imagined<Value>> {
        let mut handler = match self.handlers.remove(stream) {
            Some(handler) => handler,
            None => world.scenario().aggregate_of(stream.category())?.handler(),
        };
        let log = world.log();
        let altered = self.of_stream(log, stream);
        handler.load_from(altered.place(log.version_at(stream, position), position), &altered);
        let state = handler.state();
        self.handlers.insert(stream.clone(), handler);
        Some(Imagined(state))
    }

    /// What a projection or process would show at a position, had it been so. None where none of
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
        let view = reader.view_of(altered.place(position.min(log.head()), position), &altered);
        self.readers.insert(key, reader);
        Some(Imagined(view))
    }

    /// Decides again up to about `budget` of the commands that came after the change, on the
    /// states as they would have been; true once that is done for all.
    pub fn advance(&mut self, world: &World, budget: usize) -> bool {
        let log = world.log();
        let first = self.without.first().copied().unwrap_or(u64::MAX);
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
            // A stream that has nothing left costs as much as an event.
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

    /// True where everything later was looked at.
    pub fn is_over(&self) -> bool {
        self.review.streams.is_empty() && self.aftermath.left() == 0
    }

    /// How many events were gone through, of how many.
    pub fn progress(&self) -> (u64, u64) {
        (self.review.done, self.review.of)
    }

    /// The decisions that would no longer have been allowed, as far as they were looked at; in
    /// order of their positions once all were.
    pub fn no_longer_allowed(&self) -> &[NoLongerAllowed] {
        &self.review.found
    }

    /// The events that came of those left out, as far as they were looked at.
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
        // Two that change places may come from other streams.
        let touched = if self.instead.is_empty() {
            self.of_streams.get(stream).map_or(&[][..], Vec::as_slice)
        } else {
            &self.without
        };
        self.altered(log, history, touched, belongs, |position| log.version_at(stream, position))
    }

    /// `touched` are the positions that matter to the history; `count` says how many of its events
    /// are at positions up to one.
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

    /// Looks at up to `budget` events; how many that were.
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

/// A history with some of its events left out or in other places.
struct Altered<'a, H> {
    log: &'a EventLog,
    base: H,
    /// Place → what begins there, up to the next.
    pieces: Vec<(usize, Piece)>,
    len: usize,
    /// The positions that the history's events have left.
    moved: Vec<u64>,
    /// The positions at which they have arrived.
    arrived: Vec<u64>,
}

enum Piece {
    /// The history's own events from this place.
    Base(usize),
    /// The event at this position.
    One(u64),
}

impl<H> Altered<'_, H> {
    /// How many events there are up to a position, of which there really are `count`.
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
