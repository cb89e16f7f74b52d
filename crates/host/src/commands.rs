//! Reads a command that is sent, and writes its outcome.

use std::rc::Rc;

use es::{CommandRecord, Expected, Stream};
use lab::{JournalEntry, Outcome, Submission, Viewpoint};
use serde_json::json;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::Host;
use crate::protocol::{Command, Error, ErrorCode, Response, Sent};

pub(crate) fn unknown_stream(stream: &str) -> Error {
    Error::new(ErrorCode::UnknownStream, format!("there is no aggregate for {stream}"))
}

impl Host {
    /// Reads a command as a caller sends it. A command without an id gets a new one.
    ///
    /// # Errors
    /// [`ErrorCode::UnknownStream`] where the scenario has no aggregate for the stream,
    /// [`ErrorCode::Malformed`] where the command's id is not a UUID, or where it expects both a
    /// version and a position.
    pub(crate) fn read_command(
        &self,
        command: Command,
        session: &Viewpoint,
    ) -> Result<Submission, Error> {
        let Command { stream: name, kind, data, how } = command;
        let parsed = Stream::parse(&name).ok();
        let known = parsed.filter(|it| session.scenario().aggregate_of(it.category()).is_some());
        let stream = known.ok_or_else(|| unknown_stream(&name))?;
        let id = match how.command_id.as_deref().map(Uuid::parse_str) {
            None => self.ids.next(),
            Some(Ok(id)) => id,
            Some(Err(_)) => {
                return Err(Error::new(ErrorCode::Malformed, "a command id is a UUID"));
            }
        };
        let data = data.unwrap_or_else(nothing);
        let command = CommandRecord { stream, kind: kind.into(), data };
        let actor: Rc<str> = how.actor.map_or_else(|| self.actor.clone(), Into::into);
        let (seen, retry) = (how.seen_version, how.retry);
        let expected = match (how.expected_version, how.expected_position) {
            (Some(_), Some(_)) => {
                let why = "a command expects a version or a position, not both";
                return Err(Error::new(ErrorCode::Malformed, why));
            }
            (version, position) => version.or(position.map(Expected::Category)),
        };
        Ok(Submission { expected, seen, retry, ..Submission::new(id, actor, command) })
    }
}

pub(crate) fn nothing() -> Box<RawValue> {
    serde_json::value::to_raw_value(&json!({})).unwrap_or_default()
}

/// The answer to whoever sent a command: its events, or why it was not accepted.
pub(crate) fn sent(session: &Viewpoint, entry: JournalEntry) -> Result<Response, Error> {
    let code = match &entry.outcome {
        Outcome::Accepted | Outcome::Repeated => {
            let (from, to) = (entry.events.start, entry.events.end.saturating_sub(1));
            let events = session.log().events(from, to).cloned().collect();
            return Ok(Response::Sent(Sent { entry, events }));
        }
        Outcome::Rejected => ErrorCode::Rejected,
        Outcome::WrongExpectedVersion { .. } => ErrorCode::WrongExpectedVersion,
        Outcome::CommandIdReused => ErrorCode::CommandIdReused,
        Outcome::Malformed => ErrorCode::Malformed,
        Outcome::Unreadable => ErrorCode::Unreadable,
        Outcome::NotStored => ErrorCode::Storage,
    };
    let mut error = Error::new(code, entry.reason.as_deref().unwrap_or_default());
    if let Outcome::WrongExpectedVersion { expected, actual } = entry.outcome {
        (error.expected, error.actual) = (Some(expected), Some(actual));
    }
    error.entry = Some(Box::new(entry));
    Err(error)
}
