//! The cost of loading an aggregate, and snapshots, which reduce it.
//!
//! A snapshot holds a state as JSON, the stream's version, the schema of its events, and a
//! checksum. A snapshot that is damaged or outdated is recognised and ignored: the events are the
//! truth, and a snapshot only saves time.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use es::{AnyAggregate, AnyInstance, EventLog, Fold, History, Hydrated, Map, Stream};

/// How a command's stream is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loading {
    /// From the state in the handler's memory. This is quick, and gone with the page.
    #[default]
    Memory,
    /// From its first event, each time.
    Events,
    /// From the latest snapshot. A snapshot is taken every this many events.
    Snapshots(u64),
}

/// A snapshot of a stream's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateSnapshot {
    /// The version of the stream.
    pub version: u64,
    /// The schema of the events that the state was folded from.
    pub schema: u16,
    /// The state, as JSON text.
    pub state: String,
    /// The checksum of version, schema and state.
    pub checksum: Uuid,
}

/// The cost of loading a stream once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Load {
    /// The stream.
    pub stream: Stream,
    /// The version that was loaded, which is also the number of events up to it.
    pub of: u64,
    /// How many of these events were folded.
    pub folded: u64,
    /// The version of the snapshot that was used. None where none was.
    pub snapshot: Option<u64>,
    /// Why the stream's snapshot was not used. None where there is none, or it was used.
    pub ignored: Option<Rc<str>>,
}

/// The total cost of loading since the meter was last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Meter {
    /// How many times streams were loaded.
    pub loads: u64,
    /// How many events were folded.
    pub folded: u64,
    /// How many events there were: without memory or snapshots, all of them would be folded.
    pub of: u64,
    /// The last load.
    pub last: Option<Load>,
}

/// The latest snapshot of each stream, and how they are used.
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

    /// Restores the state. Errors say why the snapshot cannot be trusted.
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
    /// The snapshot to start from, or why it cannot be used. None where there is none.
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

    /// Folds a stream from `start` to `version`. Takes a snapshot on the way where one is due.
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

    /// Adds a load to the meter.
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

    /// Makes a snapshot one of the previous schema.
    pub(super) fn outdate(&mut self, stream: &Stream) -> bool {
        let Some(snapshot) = self.taken.get_mut(stream) else { return false };
        snapshot.schema = snapshot.schema.saturating_sub(1);
        snapshot.checksum = StateSnapshot::sum(snapshot.version, snapshot.schema, &snapshot.state);
        true
    }
}
