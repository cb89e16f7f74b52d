//! Is a read model right? Its running instance beside a clean fold of the same events.

use super::diff::{DiffLine, changes, keyed};
use es::{Stopped, View};

/// Whether a running instance equals a clean fold up to its checkpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Health {
    /// It does.
    #[default]
    Clean,
    /// It doesn't; this is what a clean fold shows.
    Differs(Box<View>),
    /// There is a gap in what it was told, or it has crashed: the two cannot be compared.
    Unjudged,
    /// It met an event that it cannot take in, and shows what it knew before.
    Stopped(Stopped),
}

impl Health {
    /// What differs, as lines: what a clean fold shows as what was, and what the running
    /// instance shows as what is. Empty where nothing differs.
    pub fn differences(&self, running: &View) -> Vec<DiffLine> {
        match self {
            Self::Differs(clean) => changes(&keyed(clean), &keyed(running)),
            Self::Clean | Self::Unjudged | Self::Stopped(_) => Vec::new(),
        }
    }
}
