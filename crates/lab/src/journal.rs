//! The journal of commands and their outcomes. A command that was refused stands there as well.

use std::ops::Range;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use es::{Envelope, Expected};

/// The outcome of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The command was accepted, and its events are in the log.
    Accepted,
    /// A command with the same id was handled before.
    Repeated,
    /// The aggregate refused the command.
    Rejected,
    /// The stream was not at the expected version.
    WrongExpectedVersion {
        /// The version that was expected.
        expected: Expected,
        /// The stream's version.
        actual: u64,
    },
    /// The command's id belongs to another command, or to the same one on another stream.
    CommandIdReused,
    /// There is no such command, or its data does not fit.
    Malformed,
    /// The stream holds an event that cannot be read.
    Unreadable,
    /// The log could not be written.
    NotStored,
}

impl Outcome {
    /// The outcome's name in the console.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Repeated => "repeated",
            Self::Rejected => "rejected",
            Self::WrongExpectedVersion { .. } => "wrong_expected_version",
            Self::CommandIdReused => "command_id_reused",
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
    /// The outcome.
    pub outcome: Outcome,
    /// Why the command was not accepted, in words.
    pub reason: Option<Rc<str>>,
    /// The positions of the command's events. Empty where it has none.
    pub events: Range<u64>,
    /// The position of the log's last event when the command was handled.
    pub after: u64,
    /// The number of commits by then, which orders the journal.
    pub commits: u64,
}

impl JournalEntry {
    /// True where the command was handled after the event at this position.
    pub fn is_after(&self, position: u64) -> bool {
        if self.events.is_empty() { self.after > position } else { self.events.start > position }
    }
}
