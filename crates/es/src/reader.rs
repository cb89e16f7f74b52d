//! A projection or process as an object, fed from a log. An event that it cannot take in is met
//! here: it takes in nothing more, and says why.

use std::rc::Rc;

use serde::Serialize;

use super::{AnyRunner, EventLog, Fold, FoldError, History, Reaction, Recorded, Timeline, View};

/// The event at which a subscriber has stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// Its position.
    pub position: u64,
    /// Why it cannot be taken in, in a sentence.
    pub why: Rc<str>,
}

/// A running projection or process, up to an event that it cannot take in.
#[derive(Clone)]
pub struct Subscriber {
    runner: Box<dyn AnyRunner>,
    stopped: Option<Rc<Stopped>>,
}

impl Subscriber {
    /// A subscriber that is to be fed.
    pub fn new(runner: Box<dyn AnyRunner>) -> Self {
        Self { runner, stopped: None }
    }

    /// Where and why it takes in nothing more, if it has met such an event.
    pub fn stopped(&self) -> Option<&Stopped> {
        self.stopped.as_deref()
    }

    /// It may be fed the event once more at which it has stopped.
    pub fn retry(&mut self) {
        self.stopped = None;
    }

    /// What it shows.
    pub fn view(&self) -> View {
        self.runner.view()
    }

    /// How many events it skipped because they could not be read.
    pub fn skipped(&self) -> u64 {
        self.runner.skipped()
    }

    /// What is due after `event`; nothing, for a projection.
    pub fn react(&self, event: &Recorded) -> Vec<Reaction> {
        self.runner.react(event)
    }

    #[cold]
    fn stop(&mut self, events: &[&Recorded], FoldError { at, why }: FoldError) {
        let event = events.get(at).or(events.last());
        let stopped = |event: &&Recorded| Stopped { position: event.position(), why };
        self.stopped = event.map(stopped).map(Rc::new);
    }
}

impl Fold for Subscriber {
    #[inline]
    fn fold(&mut self, events: &[&Recorded]) {
        if self.stopped.is_some() {
            return;
        }
        if let Err(error) = self.runner.apply(events) {
            self.stop(events, error);
        }
    }

    fn weight(&self) -> usize {
        self.runner.weight()
    }
}

/// A projection, or what a process knows, at any place of a log.
pub struct Reader(Timeline<Subscriber>);

impl Reader {
    /// A reader that begins with `runner`, which has taken in nothing.
    pub fn new(runner: Box<dyn AnyRunner>) -> Self {
        Self(Timeline::new(Subscriber::new(runner)))
    }

    /// What it shows once it has folded the log up to `position`; where it cannot take in an event
    /// before, what it shows up to that one.
    pub fn view(&mut self, position: u64, log: &EventLog) -> View {
        self.view_of(usize::try_from(position).unwrap_or(usize::MAX), log)
    }

    /// Folds on from where it stands, `events` at most; returns how many that were.
    pub fn fold_on(&mut self, events: u64, log: &EventLog) -> u64 {
        let (before, events) = (self.0.place(), usize::try_from(events).unwrap_or(usize::MAX));
        self.0.at(before.saturating_add(events), log);
        (self.0.place() - before) as u64
    }

    /// A running instance that has taken in what is folded where it stands.
    pub fn running(&self) -> Subscriber {
        self.0.here().clone()
    }

    /// What it shows at place `place` of any history, always the same one.
    pub fn view_of<H: History>(&mut self, place: usize, history: &H) -> View {
        self.0.at(place, history).view()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::history;
    use crate::{Cell, Row};

    /// Counts events, and cannot take in the one at position `until`.
    #[derive(Clone)]
    struct Counter {
        until: u64,
        events: u64,
    }

    impl AnyRunner for Counter {
        fn apply(&mut self, events: &[&Recorded]) -> Result<(), FoldError> {
            for (at, event) in events.iter().enumerate() {
                if event.position() == self.until {
                    return Err(FoldError { at, why: "it has no end".into() });
                }
                self.events += 1;
            }
            Ok(())
        }

        fn view(&self) -> View {
            View::table(&["events"], [Row::new("all", (self.events,))])
        }

        fn skipped(&self) -> u64 {
            0
        }

        fn weight(&self) -> usize {
            1
        }

        fn copy(&self) -> Box<dyn AnyRunner> {
            Box::new(self.clone())
        }

        fn react(&self, _: &Recorded) -> Vec<Reaction> {
            Vec::new()
        }
    }

    fn shown(view: &View) -> Cell {
        let View::Table(table) = view else { panic!("a table") };
        table.rows[0].cells[0].clone()
    }

    #[test]
    fn a_reader_shows_what_was_before_an_event_that_cannot_be_taken_in() {
        let log = history(300);
        let mut reader = Reader::new(Box::new(Counter { until: 150, events: 0 }));
        for (position, events) in [(149, 149), (150, 149), (300, 149), (149, 149), (10, 10)] {
            assert_eq!(shown(&reader.view(position, &log)), Cell::Number(events), "at {position}");
            let stopped = reader.running().stopped().map(|it| it.position);
            assert_eq!(stopped, (position >= 150).then_some(150), "at {position}");
        }
    }

    #[test]
    fn a_subscriber_that_has_stopped_takes_in_nothing_until_it_tries_again() {
        let log = history(10);
        let mut subscriber = Subscriber::new(Box::new(Counter { until: 5, events: 0 }));
        let feed = |from, subscriber: &mut Subscriber| {
            log.batches(from, 10, |events| subscriber.fold(events));
        };
        for _ in 0..2 {
            feed(0, &mut subscriber);
            let stopped = Stopped { position: 5, why: "it has no end".into() };
            assert_eq!(subscriber.stopped(), Some(&stopped));
            assert_eq!(shown(&subscriber.view()), Cell::Number(4));
        }
        subscriber.retry();
        feed(4, &mut subscriber);
        assert_eq!(subscriber.stopped().map(|it| it.position), Some(5), "it is tried, and fails");
        subscriber.retry();
        feed(5, &mut subscriber);
        assert_eq!((subscriber.stopped(), shown(&subscriber.view())), (None, Cell::Number(9)));
    }
}
