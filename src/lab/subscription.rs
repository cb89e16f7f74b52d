//! Who is told of events: each projection and process with its running instance and its place.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use serde::Serialize;

use crate::es::{AnyRunner, View};

/// What a subscription feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A read model.
    Projection,
    /// A process manager.
    Process,
}

/// One subscriber to the log.
pub struct Subscription {
    pub(super) name: Rc<str>,
    pub(super) kind: Kind,
    /// Which version of the code runs.
    pub(super) code: u16,
    pub(super) runner: Box<dyn AnyRunner>,
    /// It has taken in every event up to here.
    pub(super) checkpoint: u64,
    /// A process has reacted to every event up to here and never will again. Durable.
    pub(super) mark: u64,
    /// Events after the mark that it need not react to.
    pub(super) excused: Vec<Range<u64>>,
    /// Position → how many of the reactions to it are not handled yet.
    pub(super) open: BTreeMap<u64, usize>,
    /// How many effects and commands it would have sent while it replayed.
    pub(super) held_back: u64,
    pub(super) paused: bool,
}

impl Subscription {
    pub(super) fn new(name: Rc<str>, kind: Kind, code: u16, runner: Box<dyn AnyRunner>) -> Self {
        Self {
            name,
            kind,
            code,
            runner,
            checkpoint: 0,
            mark: 0,
            excused: Vec::new(),
            open: BTreeMap::new(),
            held_back: 0,
            paused: false,
        }
    }

    /// The projection's or process's title.
    pub fn name(&self) -> &Rc<str> {
        &self.name
    }

    /// Which of the two it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Which version of its code runs.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The position of the last event that it has taken in.
    pub fn checkpoint(&self) -> u64 {
        self.checkpoint
    }

    /// True where it takes in nothing for now.
    pub fn paused(&self) -> bool {
        self.paused
    }

    /// What its running instance shows.
    pub fn view(&self) -> View {
        self.runner.view()
    }

    /// How many events it skipped because they could not be read.
    pub fn skipped(&self) -> u64 {
        self.runner.skipped()
    }

    /// How many reactions a replay held back.
    pub fn held_back(&self) -> u64 {
        self.held_back
    }
}
