//! The inputs of a world, and the side records that it puts out.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::journal::{JournalEntry, Outcome};
use crate::outbox::Effect;
use crate::subscription::SetUp;
use es::{CommandRecord, Draft, Expected, Follows, Origin};

/// A command that is submitted to a world.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The command's id. A second command with the same id is recognised as a repetition.
    pub id: Uuid,
    /// Who sends the command.
    pub actor: Rc<str>,
    /// The command's stream, type and data.
    pub command: CommandRecord,
    /// The stream's version that the sender expects. Where it is a number, the command is decided
    /// on the state at that version.
    pub expected: Option<Expected>,
    /// The version whose state the sender saw. The command is decided on that state. An old state
    /// together with [`Expected::Any`] is force.
    pub seen: Option<u64>,
    /// True where the world answers a conflict by deciding again on the latest state.
    pub retry: bool,
    /// The command that this one follows, and by which choice.
    pub follows: Option<Follows>,
}

impl Submission {
    /// A command to decide on the latest state.
    pub fn new(id: Uuid, actor: Rc<str>, command: CommandRecord) -> Self {
        Self { id, actor, command, expected: None, seen: None, retry: false, follows: None }
    }
}

/// Events to append past their aggregates, all of them or none.
#[derive(Clone)]
pub struct BulkAppend {
    /// The id of the whole append. A second one with the same id is recognised as a repetition.
    pub id: Uuid,
    /// Who appends them.
    pub actor: Rc<str>,
    /// The origin that is recorded with the events.
    pub origin: Origin,
    /// The events.
    pub events: Vec<Draft>,
    /// True where processes are to react to the events.
    pub react: bool,
}

/// The store's answer to a commit.
#[derive(Clone, Debug)]
pub enum StoreAnswer {
    /// The commit is stored. Where the store has put the commits of others before it, the world
    /// must learn all of them before this answer, and this commit at the place that the store gave.
    Stored,
    /// Another writer was first. The world must learn their commits before this answer.
    Lost,
    /// The store failed, for this reason.
    Failed(String),
}

impl SideRecord {
    /// The record as far as it speaks of a log that ends at position `head`. A record may come from
    /// a link or a file that somebody made, so that nothing in it is believed. None where nothing
    /// of it makes sense.
    pub fn fitting(self, head: u64) -> Option<Self> {
        match self {
            Self::SetUp(name, set_up) => {
                let (mark, checkpoint) = (set_up.mark.min(head), set_up.checkpoint.min(head));
                Some(Self::SetUp(name, SetUp { mark, checkpoint, ..set_up }))
            }
            Self::Clock(clock) => Some(Self::Clock(clock)),
            Self::Effect(effect) => (effect.position <= head && effect.repeat < u64::MAX)
                .then_some(Self::Effect(effect)),
            // What was accepted is in the log itself.
            Self::Refusal(entry) if entry.outcome == Outcome::Accepted => None,
            Self::Refusal(mut entry) => {
                entry.after = entry.after.min(head);
                Some(Self::Refusal(entry))
            }
        }
    }
}

/// A record that is kept beside the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SideRecord {
    /// The projection or process of this name is set up like this.
    SetUp(Rc<str>, SetUp),
    /// A side effect was performed.
    Effect(Effect),
    /// A command was not accepted.
    Refusal(JournalEntry),
    /// Somebody has moved the log's clock.
    Clock(LogClock),
}

/// How far somebody has moved a log's clock forward. A log that begins with its scenario's story
/// goes on in the story's time; any other log has the real time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogClock {
    /// The time that was reached, in milliseconds since 1970. It counts in a log that begins with a
    /// story.
    pub reached: u64,
    /// By how much the clock is ahead of the real time, in milliseconds. It counts in any other log.
    pub ahead: u64,
}

impl LogClock {
    /// Both clocks together: each is where it is further.
    pub(super) fn join(self, other: Self) -> Self {
        let Self { reached, ahead } = self;
        Self { reached: reached.max(other.reached), ahead: ahead.max(other.ahead) }
    }
}
