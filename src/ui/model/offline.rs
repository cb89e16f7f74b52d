//! What is kept for a time without a network, and what is said of a newer version.

use crate::ui::browser::offline::Kept;

/// What happens to it.
pub enum Msg {
    /// It has changed.
    Said(Kept),
    /// Keep everything.
    Keep,
    /// Go on with the newer version.
    Take,
    /// Put away what is said of versions.
    PutAway,
}

#[derive(Default)]
pub struct Offline {
    pub kept: Kept,
    /// What is said of versions was read.
    pub read: bool,
}
