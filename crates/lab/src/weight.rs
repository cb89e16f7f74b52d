//! What a log weighs, against what is folded from it, and what loading its heaviest stream costs.
//! It counts; it never measures time.

use std::mem::size_of;

use serde::Serialize;

use super::session::Viewpoint;
use es::{EventLog, Hydrated, Recorded, Stream, Timeline};

/// A snapshot is taken every so many events, where loading with snapshots is reckoned.
pub const SNAPSHOT_EVERY: u64 = 100;
/// So many events of one stream are folded before somebody else has a turn.
const FOLDED_AT_ONCE: u64 = 5_000;

/// What a log weighs. Lengths are in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Weight {
    /// How many events there are.
    pub events: u64,
    /// What they take in memory: their data as text, and what each event has besides.
    pub memory: u64,
    /// What they take on disk, where anybody knows.
    pub disk: Option<u64>,
    /// How many streams there are.
    pub streams: u64,
    /// What the states of all streams take as text.
    pub states: u64,
    /// How many read models and processes there are.
    pub models: u64,
    /// What all read models and processes show, as text.
    pub views: u64,
    /// The stream with the most events. None in an empty log.
    pub heaviest: Option<HeaviestStream>,
}

/// The stream with the most events, and what loading it costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeaviestStream {
    /// Which it is.
    pub stream: Stream,
    /// How many events are folded where it is loaded from the first one.
    pub events: u64,
    /// What these events take.
    pub bytes: u64,
    /// How many are folded where a snapshot is taken every [`SNAPSHOT_EVERY`] events.
    pub since_snapshot: u64,
    /// What that snapshot takes.
    pub snapshot: u64,
}

/// A log that is being weighed, a part at a time.
pub struct Weighing {
    weight: Weight,
    /// All events up to this position are weighed.
    weighed: u64,
    streams: Vec<Stream>,
    /// The stream whose state is being folded.
    folding: Option<Timeline<Hydrated>>,
    /// How many states are weighed, and how many read models.
    done: (usize, usize),
}

impl Weighing {
    /// Begins to weigh the log as it is now.
    pub fn new(log: &EventLog) -> Self {
        let heaviest = log.streams().max_by_key(|(_, version)| *version);
        let heaviest = heaviest.map(|(stream, events)| HeaviestStream {
            stream: stream.clone(),
            events,
            bytes: 0,
            since_snapshot: events % SNAPSHOT_EVERY,
            snapshot: 0,
        });
        let streams: Vec<Stream> = log.streams().map(|(stream, _)| stream.clone()).collect();
        let (events, count) = (log.head(), streams.len() as u64);
        let weight = Weight { events, streams: count, heaviest, ..Weight::default() };
        Self { weight, weighed: 0, streams, folding: None, done: (0, 0) }
    }

    /// Weighs a few events more, or a state, or a read model. True once all is weighed.
    pub fn go_on(&mut self, viewpoint: &Viewpoint, events: u64) -> bool {
        if self.weighed < self.weight.events {
            let to = self.weighed.saturating_add(events).min(self.weight.events);
            for event in viewpoint.log().events(self.weighed + 1, to) {
                self.weigh(event);
            }
            self.weighed = to;
            return false;
        }
        if let Some(stream) = self.streams.get(self.done.0).cloned() {
            self.fold_on(&stream, viewpoint);
            return false;
        }
        let Some(it) = viewpoint.world().subscriptions().get(self.done.1) else { return true };
        self.weight.models += 1;
        self.weight.views += length(&serde_json::to_value(it.view()).unwrap_or_default());
        self.done.1 += 1;
        false
    }

    fn weigh(&mut self, event: &Recorded) {
        let bytes = (size_of::<Recorded>() + event.data().get().len()) as u64;
        self.weight.memory += bytes;
        if let Some(heaviest) = self.weight.heaviest.as_mut()
            && heaviest.stream == *event.stream()
        {
            heaviest.bytes += bytes;
        }
    }

    /// Folds a stream's next events; its state is weighed once all are folded.
    fn fold_on(&mut self, stream: &Stream, viewpoint: &Viewpoint) {
        let log = viewpoint.log();
        let begun = self.folding.take();
        let aggregate = viewpoint.scenario().aggregate_of(stream.category());
        let Some(mut folding) = begun.or_else(|| aggregate.map(|it| it.timeline())) else {
            self.done.0 += 1;
            return;
        };
        let (version, whole) = (folding.place() as u64, log.version(stream));
        let to = whole.min(version + FOLDED_AT_ONCE);
        folding.load(stream, to, log);
        if to < whole {
            self.folding = Some(folding);
            return;
        }
        let bytes = length(&folding.state());
        self.weight.states += bytes;
        if let Some(heaviest) = self.weight.heaviest.as_mut().filter(|it| it.stream == *stream) {
            heaviest.snapshot = bytes;
        }
        self.done.0 += 1;
    }

    /// What was weighed.
    pub fn into_weight(self) -> Weight {
        self.weight
    }
}

fn length(value: &serde_json::Value) -> u64 {
    value.to_string().len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Session, World};

    #[test]
    fn a_log_is_weighed_alike_however_it_is_divided() {
        for scenario in scenarios::all() {
            let mut session = Session::new(World::new(&scenario));
            session.play_story();
            let weigh = |events| {
                let mut weighing = Weighing::new(session.log());
                while !weighing.go_on(&session, events) {}
                weighing.into_weight()
            };
            let weight = weigh(u64::MAX);
            assert_eq!(weigh(1), weight, "{}", scenario.id);
            let texts: usize = session
                .log()
                .events(1, session.head())
                .map(|it| it.data().get().len() + size_of::<Recorded>())
                .sum();
            assert_eq!(weight.memory, texts as u64, "{}", scenario.id);
            assert_eq!(weight.models, session.world().subscriptions().len() as u64);
            let heaviest = weight.heaviest.unwrap();
            assert_eq!(heaviest.events, session.log().version(&heaviest.stream));
            assert!(heaviest.snapshot > 0 && heaviest.bytes <= weight.memory);
        }
    }
}
