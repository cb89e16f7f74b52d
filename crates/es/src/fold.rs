//! "It's just a left fold over the history of events": the one shape that states, read models
//! and processes share, so that one [`Timeline`](super::Timeline) serves them all.

use super::{Aggregate, Body, Projection, Recorded};

/// A left fold's state, and its step.
pub trait Fold: Clone + 'static {
    /// Takes in one more event.
    fn step(&mut self, event: &Recorded);

    /// About how many rows it holds; bounds the snapshots that a timeline keeps.
    fn weight(&self) -> usize;
}

/// An aggregate's state as the fold of one stream.
#[derive(Clone, Default)]
pub struct Instance<A> {
    /// The state.
    pub state: A,
    /// How many events it has folded, readable or not.
    pub version: u64,
    /// The version of the first event that could not be read. Such a stream refuses commands.
    pub unreadable: Option<u64>,
}

impl<A: Aggregate> Fold for Instance<A> {
    #[inline]
    fn step(&mut self, event: &Recorded) {
        self.version += 1;
        if let Some(event) = event.of::<A>() {
            self.state = std::mem::take(&mut self.state).evolve(event);
        } else if self.unreadable.is_none() {
            self.unreadable = Some(self.version);
        }
    }

    fn weight(&self) -> usize {
        1
    }
}

/// A read model as the fold of the whole log.
#[derive(Clone, Default)]
pub struct Reading<P> {
    /// The read model.
    pub model: P,
    /// How many events it skipped because they could not be read.
    pub skipped: u64,
}

impl<P: Projection> Fold for Reading<P> {
    #[inline]
    fn step(&mut self, event: &Recorded) {
        match event.body() {
            Body::Known(_) => self.model.apply(event),
            Body::Unreadable(_) => self.skipped += 1,
        }
    }

    fn weight(&self) -> usize {
        self.model.weight()
    }
}
