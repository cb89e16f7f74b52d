//! "It's just a left fold over the history of events": the one shape that states, read models
//! and processes share, so that one [`Timeline`](super::Timeline) serves them all.
//!
//! A fold takes events in batches: who calls it far away, or as an object, is called once a batch.

use std::rc::Rc;

use super::{Aggregate, Body, Projection, Recorded};

/// A left fold's state, and its step.
pub trait Fold: Clone + 'static {
    /// Takes in more events, one after the other.
    fn fold(&mut self, events: &[&Recorded]);

    /// About how many rows it holds; bounds the snapshots that a timeline keeps.
    fn weight(&self) -> usize;
}

/// An event could not be taken in, which only code that is written at run time may say: folds in
/// Rust never fail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct FoldError {
    /// Its place among those that were handed over, from 0. What comes before it was taken in;
    /// it and what follows were not.
    pub at: usize,
    /// Why, in a sentence.
    pub why: Rc<str>,
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
    fn fold(&mut self, events: &[&Recorded]) {
        let mut state = std::mem::take(&mut self.state);
        for event in events {
            self.version += 1;
            if let Some(event) = event.of::<A>() {
                state = state.evolve(event);
            } else if self.unreadable.is_none() {
                self.unreadable = Some(self.version);
            }
        }
        self.state = state;
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
    fn fold(&mut self, events: &[&Recorded]) {
        for event in events {
            match event.body() {
                Body::Known(_) => self.model.apply(event),
                Body::Unreadable(_) => self.skipped += 1,
            }
        }
    }

    fn weight(&self) -> usize {
        self.model.weight()
    }
}
