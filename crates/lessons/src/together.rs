//! What everybody sends at the same moment: in a class all who take part, and alone three who stand
//! in for them.

use es::{Expected, Stream};
use host::{Command, OpenLog, Sending};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::to_raw_value;

use crate::Goal;

/// Who stands in for a class where somebody is alone.
pub const STAND_INS: [&str; 3] = ["Alice", "Bob", "Carla"];

/// A command that everybody sends at the same moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Together {
    /// The stream. A `*` in it stands for the name of the one who sends.
    pub stream: String,
    /// The command.
    pub command: Sent,
    /// What all have seen before; nothing where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// What each looks at before they send: whoever sees that it does not hold sends nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Premise>,
}

/// What must hold when all look, and how it is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Premise {
    /// In words, as a part of a sentence.
    pub say: String,
    /// The goal.
    pub goal: Goal,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// The command's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its data.
    #[serde(default)]
    pub data: Value,
}

/// What all have seen before they send, and the store compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    /// The stream's version.
    Version,
    /// All streams of the stream's category.
    Category,
}

impl Together {
    /// True where whoever looks at the log now would send.
    pub fn is_called_for(&self, log: &OpenLog) -> bool {
        self.when.as_ref().is_none_or(|it| it.goal.holds(log, &Value::Null))
    }

    /// The stream of one who sends.
    pub fn stream_of(&self, who: &str) -> String {
        self.stream.replace('*', who)
    }

    /// The command of one who sends, and who has seen the log up to a position.
    pub fn command(&self, who: &str, log: &OpenLog, position: u64) -> Command {
        let stream = self.stream_of(who);
        let session = log.session();
        let position = position.min(session.head());
        let version = |stream| session.world().log().version_at(&stream, position);
        let version = || Stream::parse(&stream).map_or(0, version);
        let how = Sending {
            expected_version: (self.seen == Some(Seen::Version))
                .then(|| Expected::Exact(version())),
            expected_position: (self.seen == Some(Seen::Category)).then_some(position),
            actor: Some(who.to_owned()),
            ..Sending::default()
        };
        let data = to_raw_value(&self.command.data).ok().filter(|_| !self.command.data.is_null());
        Command { stream, kind: self.command.kind.clone(), data, how }
    }
}
