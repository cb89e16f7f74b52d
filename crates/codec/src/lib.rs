//! A log as bytes: frames for a store, each chained to the frame before it, and CloudEvents for
//! other systems.
//!
//! This room does no I/O and never panics, whatever the bytes are: they come from disks that may
//! be damaged, and from files that anybody may have written.

pub mod record;
mod segments;
pub mod archive;
pub mod zip;

pub use record::{CommitOrLoss, Loss};
pub use segments::{Gap, Segment, Segments, segments_of};
