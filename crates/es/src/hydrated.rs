//! An aggregate's instance, folded from the events of its stream. After an event that cannot be
//! folded its state is unknown, and it refuses every command.

use std::rc::Rc;

use serde_json::Value;

use super::{
    Aggregate, AnyAggregate, AnyInstance, CommandRecord, Draft, EventLog, Fold, FoldError, Of,
    Recorded, Refusal, Stream, Timeline,
};

/// An aggregate's instance, folded up to the first event that cannot be folded.
#[derive(Clone)]
pub struct Hydrated {
    instance: Box<dyn AnyInstance>,
    /// How every command is refused after an event that cannot be folded. None before it.
    refusal: Option<Rc<Refusal>>,
}

impl Hydrated {
    /// An instance to fold events into.
    pub fn new(instance: Box<dyn AnyInstance>) -> Self {
        Self { instance, refusal: None }
    }

    /// The state, up to an event that cannot be folded.
    pub fn state(&self) -> Value {
        self.instance.state()
    }

    /// The state, as text to save. None where the state is unknown, because an event before it
    /// cannot be read or folded.
    pub fn save(&self) -> Option<String> {
        if self.refusal.is_some() { None } else { self.instance.save() }
    }

    /// Decides a command.
    ///
    /// # Errors
    /// The refusal.
    pub fn decide(&self, command: &CommandRecord) -> Result<Vec<Draft>, Refusal> {
        match &self.refusal {
            Some(refusal) => Err((**refusal).clone()),
            None => self.instance.decide(command),
        }
    }

    #[cold]
    fn stop(&mut self, events: &[&Recorded], FoldError { at, why }: FoldError) {
        let event = events.get(at).or(events.last());
        let refusal = |event: &&Recorded| Refusal::Unfoldable { version: event.version(), why };
        self.refusal = event.map(refusal).map(Rc::new);
    }
}

impl Fold for Hydrated {
    #[inline]
    fn fold(&mut self, events: &[&Recorded]) {
        if self.refusal.is_some() {
            return;
        }
        if let Err(error) = self.instance.evolve(events) {
            self.stop(events, error);
        }
    }

    fn weight(&self) -> usize {
        1
    }
}

impl Timeline<Hydrated> {
    /// Goes to `version` of the stream; returns how many events that folded.
    pub fn load(&mut self, stream: &Stream, version: u64, log: &EventLog) -> u64 {
        let before = self.folded();
        self.at(usize::try_from(version).unwrap_or(usize::MAX), &log.stream(stream));
        self.folded() - before
    }

    /// The state there. Where an event before it cannot be folded, the state up to that event.
    pub fn state(&self) -> Value {
        self.here().state()
    }

    /// Decides a command there.
    ///
    /// # Errors
    /// The refusal.
    pub fn decide(&self, command: &CommandRecord) -> Result<Vec<Draft>, Refusal> {
        self.here().decide(command)
    }
}

impl dyn AnyAggregate + '_ {
    /// A timeline over one stream: its state at any version, and what is decided there.
    pub fn timeline(&self) -> Timeline<Hydrated> {
        Timeline::new(Hydrated::new(self.instance()))
    }
}

impl<A: Aggregate> Of<A> {
    /// A timeline over one stream: its state at any version, and what is decided there.
    pub fn timeline(&self) -> Timeline<Hydrated> {
        Timeline::new(Hydrated::new(self.instance()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::RawValue;

    use super::*;
    use crate::History;
    use crate::log::history;

    /// Counts events, batch by batch, and cannot fold the one at version `until`.
    #[derive(Clone, Default)]
    struct Counter {
        until: u64,
        events: u64,
        batches: u64,
    }

    impl AnyInstance for Counter {
        fn evolve(&mut self, events: &[&Recorded]) -> Result<(), FoldError> {
            self.batches += 1;
            for (at, event) in events.iter().enumerate() {
                if event.version() == self.until {
                    return Err(FoldError { at, why: "it has no end".into() });
                }
                self.events += 1;
            }
            Ok(())
        }

        fn state(&self) -> Value {
            json!(self.events)
        }

        fn save(&self) -> Option<String> {
            Some(self.events.to_string())
        }

        fn decide(&self, _: &CommandRecord) -> Result<Vec<Draft>, Refusal> {
            Ok(Vec::new())
        }

        fn copy(&self) -> Box<dyn AnyInstance> {
            Box::new(self.clone())
        }
    }

    fn stream() -> Stream {
        Stream::new("note", "1")
    }

    fn ask() -> CommandRecord {
        CommandRecord { stream: stream(), kind: "Note".into(), data: RawValue::NULL.to_owned() }
    }

    #[test]
    fn from_an_event_that_cannot_be_folded_on_a_stream_shows_what_was_and_decides_nothing() {
        let log = history(300);
        let counter = Counter { until: 150, ..Counter::default() };
        let mut timeline = Timeline::new(Hydrated::new(Box::new(counter)));
        for (version, state) in [(149, 149), (150, 149), (300, 149), (149, 149), (10, 10)] {
            timeline.load(&stream(), version, &log);
            assert_eq!(timeline.state(), json!(state), "at {version}");
            match timeline.decide(&ask()) {
                Ok(_) => assert!(version < 150, "at {version}"),
                Err(refusal) => {
                    assert!(version >= 150, "at {version}");
                    assert_eq!(
                        refusal.to_string(),
                        "version 150 of this stream cannot be folded, so nothing can be decided \
                         on it: it has no end"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_is_saved_of_a_state_that_nobody_knows() {
        let log = history(3);
        let saved = |until| {
            let mut hydrated = Hydrated::new(Box::new(Counter { until, ..Counter::default() }));
            log.batches(0, 3, |events| hydrated.fold(events));
            hydrated.save()
        };
        assert_eq!((saved(4), saved(3)), (Some("3".to_owned()), None));
    }

    #[test]
    fn a_long_stream_is_folded_with_many_events_at_once() {
        let log = history(1_000);
        let mut hydrated = Counter::default();
        let mut most = 0;
        log.stream(&stream()).batches(0, 1_000, |events| {
            most = most.max(events.len());
            hydrated.evolve(events).unwrap();
        });
        assert_eq!((hydrated.events, hydrated.batches, most), (1_000, 16, 64));
    }
}
