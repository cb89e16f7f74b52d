//! "It's just a left fold over the history of events": the one shape that states, read models
//! and processes share, so that one [`Timeline`](super::Timeline) serves them all.
//!
//! A fold takes events in batches, because a call of an object costs more than the fold of an
//! event.

use std::rc::Rc;

use super::{Aggregate, Body, ProcessManager, Projection, Reaction, Recorded};

/// A left fold's state, and its step.
pub trait Fold: Clone + 'static {
    /// Folds more events, one after the other.
    fn fold(&mut self, events: &[&Recorded]);

    /// About how many rows it holds; bounds the snapshots that a timeline keeps.
    fn weight(&self) -> usize;
}

/// An event cannot be folded. Folds written in Rust never fail; code written at run time may.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct FoldError {
    /// The event's place among those that were handed over, from 0. The events before it are
    /// folded; it and the later ones are not.
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

/// A projection or process as the fold of the whole log.
#[derive(Clone)]
pub struct Runner<P> {
    /// The read model, or what the process knows.
    pub model: P,
    /// How many events it skipped because they could not be read.
    pub skipped: u64,
    pub(super) react: React<P>,
}

/// What `P` wants done after an event.
type React<P> = fn(&P, &Recorded) -> Vec<Reaction>;

impl<P: Projection> Runner<P> {
    /// A projection before the first event. It never reacts.
    pub fn new() -> Self {
        Self { model: P::default(), skipped: 0, react: |_, _| Vec::new() }
    }
}

impl<P: ProcessManager> Runner<P> {
    /// A process before the first event. It reacts.
    pub fn of_process() -> Self {
        Self { react: P::react, ..Self::new() }
    }
}

impl<P: Projection> Default for Runner<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Projection> Fold for Runner<P> {
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
