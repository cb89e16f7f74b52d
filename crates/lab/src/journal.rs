//! What was asked, and what came of it: refused is not lost.

use std::ops::Range;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use es::{Envelope, Expected};

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was handled; its events are in the log.
    Accepted,
    /// It had been handled before, under the same id.
    Repeated,
    /// The aggregate refused it.
    Rejected,
    /// Its stream was not at the version that was expected.
    WrongExpectedVersion {
        /// What was expected.
        expected: Expected,
        /// The version found.
        actual: u64,
    },
    /// It is no command, or its data doesn't fit.
    Malformed,
    /// Its stream holds an event that cannot be read.
    Unreadable,
    /// The log could not be written.
    NotStored,
}

impl Outcome {
    /// Its name in the console.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Repeated => "repeated",
            Self::Rejected => "rejected",
            Self::WrongExpectedVersion { .. } => "wrong_expected_version",
            Self::Malformed => "malformed",
            Self::Unreadable => "unreadable",
            Self::NotStored => "storage",
        }
    }
}

/// One line of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JournalEntry {
    /// The command, and who sent it when.
    pub envelope: Rc<Envelope>,
    /// What came of it.
    pub outcome: Outcome,
    /// Why, where it was not accepted.
    pub reason: Option<Rc<str>>,
    /// The positions of its events.
    pub events: Range<u64>,
    /// The log's head when it was handled.
    pub after: u64,
    /// How many commits there were by then: where its line belongs.
    pub commits: u64,
}

impl JournalEntry {
    /// True where it was handled after the event at this position had happened.
    pub fn is_after(&self, position: u64) -> bool {
        if self.events.is_empty() { self.after > position } else { self.events.start > position }
    }
}
