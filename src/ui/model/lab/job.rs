//! Work that takes longer than a frame.

use crate::lab::Viewpoint;

/// Something that takes longer.
pub trait Job {
    /// Follows the playhead and the log.
    fn keep_up(&mut self, session: &Viewpoint);
    /// True where something is left to do.
    fn busy(&self) -> bool;
    /// Does a little more: about so many events or looks.
    fn advance(&mut self, session: &mut Viewpoint, budget: u64);
}
