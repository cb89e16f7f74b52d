//! What came with an event: the command that led to it, who sent it, when and why.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Stream;

/// How an event came into the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// An aggregate decided it.
    Command,
    /// It was appended in bulk, past `decide`.
    Import,
    /// Somebody went behind the aggregate's back.
    Forced,
}

/// A command as it was asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CommandRecord {
    /// The stream that it was sent to.
    pub stream: Stream,
    /// Its type, in the imperative.
    #[serde(rename = "type")]
    pub kind: Rc<str>,
    /// Its data, as JSON text.
    pub data: Box<RawValue>,
}

impl CommandRecord {
    /// True where both ask for the same of the same stream. How their data is laid out as text
    /// makes no difference.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        (&self.stream, &self.kind) == (&other.stream, &other.kind)
            && same_data(self.data.get(), other.data.get())
    }
}

/// True where two JSON texts have the same content. `null` is the same as `{}`, as it is read.
pub(crate) fn same_data(left: &str, right: &str) -> bool {
    let content = |text: &str| match serde_json::from_str(text) {
        Ok(Value::Null) => Some(Value::Object(serde_json::Map::new())),
        content => content.ok(),
    };
    left == right || content(left).is_some_and(|it| Some(it) == content(right))
}

/// How a command repeats an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// After a conflict, somebody looked again and had it decided on the latest state.
    Reload,
    /// After a conflict, it was decided again on the latest state, without asking anybody.
    Retry,
    /// It was appended although its stream had changed since the state that it was decided on.
    Force,
    /// It was sent again as it was, under the same id.
    Same,
    /// It was sent again as a command of its own, under a new id.
    Anew,
}

/// The command that another one repeats, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follows {
    /// The id of the earlier command. A command that was sent again as it was names itself.
    pub command: Uuid,
    /// How it is repeated.
    pub choice: Choice,
}

/// What all events of one commit share.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The command's id. A second commit with the same id is never made.
    pub command_id: Uuid,
    /// The id of the message that the command answers; its own where it answers none.
    pub causation_id: Uuid,
    /// Copied along from the first command.
    pub correlation_id: Uuid,
    /// Who sent it.
    pub actor: Rc<str>,
    /// How its events came about.
    pub origin: Origin,
    /// When it was recorded, in milliseconds since 1970.
    pub at: u64,
    /// The command, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandRecord>,
    /// True where no process reacts to its events.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unanswered: bool,
    /// The command that it repeats, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Follows>,
    /// The position after which no stream of its events' category was to change, where its sender
    /// asked for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchanged_since: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(it: &bool) -> bool {
    !it
}

impl Envelope {
    /// The envelope of a command that a person sent.
    pub fn first(command_id: Uuid, actor: Rc<str>, at: u64) -> Self {
        Self {
            command_id,
            causation_id: command_id,
            correlation_id: command_id,
            actor,
            origin: Origin::Command,
            at,
            command: None,
            unanswered: false,
            follows: None,
            unchanged_since: None,
        }
    }
}
