//! A commit: the outcome of one command, stored whole or not at all.

use std::rc::Rc;

use super::{Envelope, Map, Recorded, Stream};

/// One command's outcome, zero or more events, numbered and ready to be stored.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its place among the log's commits, from 1. A commit without events has a place as well.
    pub number: u64,
    /// The log's head before it.
    pub after: u64,
    /// What its events share.
    pub envelope: Rc<Envelope>,
    /// Its events, at positions `after + 1` and on.
    pub events: Vec<Recorded>,
}

impl Commit {
    /// The log's head once it is stored.
    pub fn head(&self) -> u64 {
        self.after + self.events.len() as u64
    }

    /// The category of which no stream may have changed since its sender looked. None where the
    /// sender did not ask for that.
    pub fn category_to_guard(&self) -> Option<&str> {
        self.envelope.unchanged_since?;
        self.events.first().map(|it| it.stream().category())
    }

    /// The streams that it writes, in order of their names, each with its version before: what
    /// the store compares.
    pub fn expects(&self) -> Vec<(Stream, u64)> {
        let mut expects: Map<&Stream, u64> = Map::new();
        for event in &self.events {
            expects.entry(event.stream()).or_insert_with(|| event.version().saturating_sub(1));
        }
        expects.iter().map(|(&stream, &version)| (stream.clone(), version)).collect()
    }
}
