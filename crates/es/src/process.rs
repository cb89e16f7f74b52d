//! Process managers: projections that can also send commands and ask for side effects.

use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Aggregate, Id, Projection, Recorded, Stream, reaction_id, tagged};

/// Coordinates aggregates by sending commands. Its state is a fold like any other. The name, and
/// the life of an instance (start, continue, stop), are those of the Elixir library Commanded.
pub trait ProcessManager: Projection {
    /// True where it sets deadlines: some of its commands are [due](Reaction::due) later.
    const WAITS: bool = false;

    /// What follows from `event`, which has been applied. It may answer the same more than once: a
    /// step of an instance has one id, and an id is handled once. The events may come in any order.
    fn react(&self, event: &Recorded) -> Vec<Reaction>;
}

/// What a process manager wants done. Its id follows from its instance and step.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reaction {
    /// A command for an aggregate.
    Command {
        /// Which run of the process: a transfer's id.
        instance: Rc<str>,
        /// Which step of that run: `"withdraw"`.
        step: Rc<str>,
        /// Whom it is for.
        stream: Stream,
        /// The command's type.
        #[serde(rename = "type")]
        kind: Rc<str>,
        /// The command's data.
        data: Box<RawValue>,
        /// When it is sent, in milliseconds since 1970. None stands for at once.
        #[serde(skip_serializing_if = "Option::is_none")]
        due: Option<u64>,
    },
    /// Something to do in the world outside: a mail.
    Effect {
        /// Which run of the process.
        instance: Rc<str>,
        /// Which step of that run.
        step: Rc<str>,
        /// What kind of thing: `"mail"`.
        #[serde(rename = "type")]
        kind: Rc<str>,
        /// The particulars.
        data: Value,
    },
}

impl Reaction {
    /// A command for `to`. None where the command is not an enum of variants with named fields.
    pub fn command<A: Aggregate>(
        instance: &str,
        step: &str,
        to: &Id<A>,
        command: &A::Command,
    ) -> Option<Self> {
        let (kind, data) = tagged::split(command).ok()?;
        Some(Self::Command {
            instance: instance.into(),
            step: step.into(),
            stream: to.stream(),
            kind: kind.into(),
            data,
            due: None,
        })
    }

    /// The same command, sent at a time in milliseconds since 1970: a deadline. By then much may
    /// have happened, so the aggregate decides whether there is still something to do. A side
    /// effect is never put off.
    pub fn due(mut self, at: u64) -> Self {
        if let Self::Command { due, .. } = &mut self {
            *due = Some(at);
        }
        self
    }

    /// When it is to be sent, in milliseconds since 1970. None where that is at once.
    pub fn deadline(&self) -> Option<u64> {
        match self {
            Self::Command { due, .. } => *due,
            Self::Effect { .. } => None,
        }
    }

    /// A side effect.
    pub fn effect(instance: &str, step: &str, kind: &str, data: Value) -> Self {
        Self::Effect { instance: instance.into(), step: step.into(), kind: kind.into(), data }
    }

    /// Its id when `process` asks for it.
    pub fn id(&self, process: &str) -> Uuid {
        match self {
            Self::Command { instance, step, .. } | Self::Effect { instance, step, .. } => {
                reaction_id(process, instance, step)
            }
        }
    }
}
