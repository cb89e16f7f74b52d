//! The health of a read model: its running instance is compared with a clean fold of the same
//! events.

use super::diff::{DiffLine, changes, keyed};
use es::{Stopped, View};

/// Whether a running instance equals a clean fold up to its checkpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Health {
    /// It equals the clean fold.
    #[default]
    Clean,
    /// It differs. The clean fold shows this view.
    Differs(Box<View>),
    /// The two cannot be compared: events are missing before others, or the subscriber has crashed.
    Unjudged,
    /// The subscriber has stopped before an event that it cannot take in. It shows what it knew before.
    Stopped(Stopped),
}

impl Health {
    /// The lines that differ: the clean fold as before, the running instance as now. Empty where
    /// nothing differs.
    pub fn differences(&self, running: &View) -> Vec<DiffLine> {
        match self {
            Self::Differs(clean) => changes(&keyed(clean), &keyed(running)),
            Self::Clean | Self::Unjudged | Self::Stopped(_) => Vec::new(),
        }
    }
}
