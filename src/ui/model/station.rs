//! The stations of the pipeline, and what is on its way between them.

use std::rc::Rc;

use super::changes::Changes;
use crate::lab::MicroStep;

/// A place that commands and events pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Station {
    Commands,
    Handler,
    Store,
    Projections,
    Queries,
    Processes,
    Outbox,
}

/// What is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cargo {
    Command,
    Event,
    Effect,
}

impl Station {
    /// Its name on the drawing.
    pub fn name(self) -> &'static str {
        match self {
            Self::Commands => "Commands",
            Self::Handler => "Handler",
            Self::Store => "Event store",
            Self::Projections => "Projections",
            Self::Queries => "Queries",
            Self::Processes => "Process managers",
            Self::Outbox => "Outbox",
        }
    }

    /// Its colour among `EventStorming`'s.
    pub fn colour(self) -> &'static str {
        match self {
            Self::Commands => "blue",
            Self::Handler => "yellow",
            Self::Store => "orange",
            Self::Projections | Self::Queries => "green",
            Self::Processes => "lilac",
            Self::Outbox => "pink",
        }
    }
}

/// A moment: a station is lit, and something may have come to it from another.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulse {
    pub at: Station,
    /// Where what came to it comes from.
    pub from: Option<(Station, Cargo)>,
}

impl Pulse {
    /// Where a micro-step happened. `process` says whether a subscriber is a process.
    pub fn of(did: &MicroStep, process: impl Fn(&str) -> bool) -> Self {
        let (at, from) = match did {
            MicroStep::Received { actor, .. } if process(actor) => {
                (Station::Commands, Some((Station::Processes, Cargo::Command)))
            }
            MicroStep::Received { .. } | MicroStep::Repeated { .. } => (Station::Commands, None),
            MicroStep::Loaded { .. } => (Station::Handler, Some((Station::Store, Cargo::Event))),
            MicroStep::Folded { .. } | MicroStep::Decided { .. } | MicroStep::Rejected { .. } => {
                (Station::Handler, None)
            }
            MicroStep::Appending { .. } => (Station::Store, Some((Station::Handler, Cargo::Event))),
            MicroStep::Delivered { to, .. }
            | MicroStep::Skipped { to, .. }
            | MicroStep::Dropped { to, .. }
            | MicroStep::Withheld { to, .. }
            | MicroStep::Stopped { to, .. }
            | MicroStep::Tried { to, .. }
            | MicroStep::SetAside { to, .. }
            | MicroStep::Crashed { to, .. } => {
                let at = if process(to) { Station::Processes } else { Station::Projections };
                (at, Some((Station::Store, Cargo::Event)))
            }
            MicroStep::Reacted { .. } | MicroStep::Due { .. } | MicroStep::Checkpointed { .. } => {
                (Station::Processes, None)
            }
            MicroStep::Performed { .. } | MicroStep::Suppressed { .. } => {
                (Station::Outbox, Some((Station::Processes, Cargo::Effect)))
            }
            _ => (Station::Store, None),
        };
        Self { at, from }
    }
}

/// A micro-step that was performed: where, and what it was, in plain words.
#[derive(Clone, Debug, PartialEq)]
pub struct Performed {
    pub at: Station,
    pub words: Rc<str>,
    /// False for a refusal, a conflict or a failure.
    pub good: bool,
    /// The last events that were folded, where the step folded some.
    pub folds: Vec<FoldedEvent>,
}

/// An event that was folded into a state, and what it changed there.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldedEvent {
    pub position: u64,
    pub kind: Rc<str>,
    pub changes: Changes,
}
