//! What loading an aggregate costs, and snapshots, which make it cheaper.
//!
//! A snapshot is a state as it was written down: JSON, the version it is of, the schema it was
//! written under, and a checksum. One that is damaged or outdated is recognised and ignored: the
//! events are the truth, and a snapshot only saves time.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use es::{AnyAggregate, AnyInstance, EventLog, Fold, History, Hydrated, Map, Stream};

/// How a command's stream is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loading {
    /// From a state that the handler has kept in memory: quick, and gone with the page.
    #[default]
    Memory,
    /// From its first event, each time.
    Events,
    /// From the latest snapshot, of which one is taken every so many events.
    Snapshots(u64),
}

/// A state as it was written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateSnapshot {
    /// The version of the stream that it is of.
    pub version: u64,
    /// The schema of the events that it was folded from.
    pub schema: u16,
    /// The state, as JSON text.
    pub state: String,
    /// The checksum of the above.
    pub checksum: Uuid,
}

/// What loading a stream took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Load {
    /// The stream.
    pub stream: Stream,
    /// The version that was wanted: so many events there are.
    pub of: u64,
    /// How many of them were folded.
    pub folded: u64,
    /// The version of the snapshot that was used.
    pub snapshot: Option<u64>,
    /// Why a snapshot was not used, where there was one.
    pub ignored: Option<Rc<str>>,
}

/// What loading has cost since it was last asked to start counting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Meter {
    /// How many times a stream was loaded.
    pub loads: u64,
    /// How many events were folded for it.
    pub folded: u64,
    /// How many there were to fold.
    pub of: u64,
    /// The last load.
    pub last: Option<Load>,
}

/// The snapshots, the latest a stream, and how they are used.
#[derive(Default)]
pub(super) struct StateSnapshots {
    pub(super) loading: Loading,
    pub(super) taken: Map<Stream, StateSnapshot>,
    pub(super) meter: Meter,
}

/// A state from which a fold goes on.
pub(super) struct FoldStart {
    pub(super) instance: Hydrated,
    /// The version of the stream that the state is of.
    pub(super) version: u64,
}

impl StateSnapshot {
    fn sum(version: u64, schema: u16, state: &str) -> Uuid {
        Uuid::new_v5(&Uuid::nil(), format!("{version}/{schema}/{state}").as_bytes())
    }

    /// The state, where it can be trusted.
    fn open(&self, aggregate: &dyn AnyAggregate) -> Result<Box<dyn AnyInstance>, Rc<str>> {
        if self.checksum != Self::sum(self.version, self.schema, &self.state) {
            return Err("it is damaged, as its checksum shows".into());
        }
        let schema = aggregate.schema();
        if self.schema != schema {
            let why = format!(
                "it is outdated: it was written under schema {}, and {schema} counts now",
                self.schema
            );
            return Err(why.into());
        }
        aggregate
            .restore(&self.state, self.version)
            .map_err(|why| format!("it cannot be read: {why}").into())
    }
}

impl StateSnapshots {
    /// The snapshot to go on from, or why there is none although one was taken.
    pub(super) fn find(
        &self,
        aggregate: &dyn AnyAggregate,
        stream: &Stream,
        version: u64,
    ) -> Result<Option<FoldStart>, Rc<str>> {
        let Loading::Snapshots(_) = self.loading else { return Ok(None) };
        match self.taken.get(stream) {
            None => Ok(None),
            Some(snapshot) if snapshot.version > version => {
                Err(format!("it is of version {}, which is later", snapshot.version).into())
            }
            Some(snapshot) => {
                let instance = Hydrated::new(snapshot.open(aggregate)?);
                Ok(Some(FoldStart { instance, version: snapshot.version }))
            }
        }
    }

    /// Folds a stream up to `version`, from `start`; takes a snapshot where one is due on the way.
    pub(super) fn fold(
        &mut self,
        aggregate: &dyn AnyAggregate,
        stream: &Stream,
        start: FoldStart,
        version: u64,
        log: &EventLog,
    ) -> Hydrated {
        let FoldStart { mut instance, version: from } = start;
        let history = log.stream(stream);
        let walk = |instance: &mut Hydrated, from: u64, to: u64| {
            let place = |version| usize::try_from(version).unwrap_or(usize::MAX);
            history.batches(place(from), place(to), |events| instance.fold(events));
        };
        let due = match self.loading {
            Loading::Snapshots(every) => version - version % every.max(1),
            _ => 0,
        };
        let later = |it: &StateSnapshot| it.version > due;
        if due <= from || self.taken.get(stream).is_some_and(later) {
            walk(&mut instance, from, version);
            return instance;
        }
        walk(&mut instance, from, due);
        if let Some(state) = instance.save() {
            let schema = aggregate.schema();
            let checksum = StateSnapshot::sum(due, schema, &state);
            let snapshot = StateSnapshot { version: due, schema, state, checksum };
            self.taken.insert(stream.clone(), snapshot);
        }
        walk(&mut instance, due, version);
        instance
    }

    /// Counts a load.
    pub(super) fn count(&mut self, load: Load) {
        self.meter.loads += 1;
        self.meter.folded += load.folded;
        self.meter.of += load.of;
        self.meter.last = Some(load);
    }

    /// Changes a character of a snapshot, as a bad disk would.
    pub(super) fn damage(&mut self, stream: &Stream) -> bool {
        let Some(snapshot) = self.taken.get_mut(stream) else { return false };
        let last = snapshot.state.pop();
        snapshot.state.push(if last == Some(' ') { '}' } else { ' ' });
        true
    }

    /// Makes a snapshot one of the schema before.
    pub(super) fn outdate(&mut self, stream: &Stream) -> bool {
        let Some(snapshot) = self.taken.get_mut(stream) else { return false };
        snapshot.schema = snapshot.schema.saturating_sub(1);
        snapshot.checksum = StateSnapshot::sum(snapshot.version, snapshot.schema, &snapshot.state);
        true
    }
}
