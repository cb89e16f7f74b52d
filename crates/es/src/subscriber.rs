//! A projection or process that is fed with the events of a log. At the first event that it cannot
//! apply it stops, and says why.

use std::rc::Rc;

use serde::Serialize;

use super::{AnyRunner, EventLog, Fold, FoldError, Reaction, Recorded, Timeline, View};

/// The event at which a subscriber has stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// Its position.
    pub position: u64,
    /// Why it cannot be applied, in a sentence.
    pub why: Rc<str>,
}

/// A running projection or process. It applies events until it meets one that it cannot apply.
#[derive(Clone)]
pub struct Subscriber {
    runner: Box<dyn AnyRunner>,
    stopped: Option<Rc<Stopped>>,
}

impl Subscriber {
    /// A subscriber to feed with events.
    pub fn new(runner: Box<dyn AnyRunner>) -> Self {
        Self { runner, stopped: None }
    }

    /// Where and why it has stopped. None while it has not.
    pub fn stopped(&self) -> Option<&Stopped> {
        self.stopped.as_deref()
    }

    /// Stops it before an event, as if it could not apply it.
    pub fn stop_at(&mut self, event: &Recorded, why: Rc<str>) {
        self.stopped = Some(Rc::new(Stopped { position: event.position(), why }));
    }

    /// Lets it try again the event at which it has stopped.
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

    /// What is due after `event`. A projection never wants anything done.
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

impl Timeline<Subscriber> {
    /// What it shows at `position` of the log. Where it has stopped before, what it shows there.
    pub fn view(&mut self, position: u64, log: &EventLog) -> View {
        self.at(usize::try_from(position).unwrap_or(usize::MAX), log).view()
    }

    /// Folds at most `events` more events; returns how many that were.
    pub fn fold_on(&mut self, events: u64, log: &EventLog) -> u64 {
        let (before, events) = (self.place(), usize::try_from(events).unwrap_or(usize::MAX));
        self.at(before.saturating_add(events), log);
        (self.place() - before) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::history;
    use crate::{Cell, History, Row};

    /// Counts events, and cannot apply the one at position `until`.
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
    fn a_timeline_shows_what_was_before_an_event_that_cannot_be_applied() {
        let log = history(300);
        let counter = Box::new(Counter { until: 150, events: 0 });
        let mut timeline = Timeline::new(Subscriber::new(counter));
        for (position, events) in [(149, 149), (150, 149), (300, 149), (149, 149), (10, 10)] {
            assert_eq!(
                shown(&timeline.view(position, &log)),
                Cell::Number(events),
                "at {position}"
            );
            let stopped = timeline.here().stopped().map(|it| it.position);
            assert_eq!(stopped, (position >= 150).then_some(150), "at {position}");
        }
    }

    #[test]
    fn a_subscriber_that_has_stopped_applies_nothing_until_it_tries_again() {
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
