//! What goes into a world, and what comes out of it to be kept.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::journal::JournalEntry;
use crate::outbox::Effect;
use es::{CommandRecord, Draft, Expected, Follows, Origin};

/// A command on its way in.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Its id; a second command of the same id is recognised.
    pub id: Uuid,
    /// Who sends it.
    pub actor: Rc<str>,
    /// What is asked of whom.
    pub command: CommandRecord,
    /// What the sender believes of the stream. With a version, the command is decided on the
    /// state at that version.
    pub expected: Option<Expected>,
    /// The version whose state the sender saw, to decide on that; any expected version and an
    /// old state together are force.
    pub seen: Option<u64>,
    /// True where a conflict is answered by deciding again on the latest state, by itself.
    pub retry: bool,
    /// The command that this one repeats, and how.
    pub follows: Option<Follows>,
}

impl Submission {
    /// A command to decide on the latest state.
    pub fn new(id: Uuid, actor: Rc<str>, command: CommandRecord) -> Self {
        Self { id, actor, command, expected: None, seen: None, retry: false, follows: None }
    }
}

/// Events to append past their aggregates, all or nothing.
#[derive(Clone)]
pub struct BulkAppend {
    /// The id of the whole; a second one of the same id is recognised.
    pub id: Uuid,
    /// Who appends them.
    pub actor: Rc<str>,
    /// How they are marked.
    pub origin: Origin,
    /// The events.
    pub events: Vec<Draft>,
    /// True where processes are to react to them.
    pub react: bool,
}

/// What the store said to a commit.
#[derive(Clone, Debug)]
pub enum StoreAnswer {
    /// It is stored. Where the store has put others' commits before it, all of them are to be
    /// learned before this is said, and this one with them, at the place that the store told.
    Stored,
    /// Somebody else was first. Their commits are to be learned before this is said.
    Lost,
    /// The store failed.
    Failed(String),
}

/// A small record to keep beside the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SideRecord {
    /// A process has reacted to every event up to this position.
    Mark(Rc<str>, u64),
    /// A side effect was performed.
    Effect(Effect),
    /// A command was not accepted.
    Refusal(JournalEntry),
}
