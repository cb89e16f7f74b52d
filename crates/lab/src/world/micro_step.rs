//! The micro-steps of a world, and their captions.

use std::fmt;
use std::rc::Rc;

use serde::Serialize;

use crate::deadlines::span;
use crate::outbox::is_default;
use crate::subscription::DeliveryFault;
use es::{Expected, Stream};

/// A micro-step that was performed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "lowercase")]
#[expect(missing_docs, reason = "each variant's sentence says what its fields mean")]
pub enum MicroStep {
    /// A command was taken from the inbox.
    Received { stream: Stream, command: Rc<str>, actor: Rc<str> },
    /// A command was recognised by its id. It has `events` events, and nothing is done again.
    Repeated { command: Rc<str>, events: u64 },
    /// The command's stream was loaded up to version `events`, from its first event or from the
    /// snapshot at version `snapshot`. `ignored` says why a snapshot was not used.
    Loaded {
        stream: Stream,
        events: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        snapshot: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        ignored: Option<Rc<str>>,
    },
    /// The stream was folded up to `version`. Only `folded` events were new to the state at hand.
    Folded { stream: Stream, version: u64, folded: u64 },
    /// The aggregate accepted the command, with these types of events.
    Decided { command: Rc<str>, events: Vec<Rc<str>> },
    /// The command was refused, or made no sense.
    Rejected { command: Rc<str>, reason: Rc<str> },
    /// The store was asked to append `events` events.
    Appending { stream: Option<Stream>, expected: Option<Expected>, events: u64 },
    /// The store has appended the events at these positions. Synchronous projections (`told`) have
    /// taken them in.
    Appended {
        from: u64,
        to: u64,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        told: Vec<Rc<str>>,
    },
    /// The command met a conflict: the stream had another version. With `retry`, it is decided
    /// again.
    Conflicted { stream: Stream, expected: Expected, actual: u64, retry: bool },
    /// The command or its commit could not be stored.
    Failed { reason: Rc<str> },
    /// A subscriber took in an event, `again` where it had taken it in before. The replay guard
    /// held back `held_back` reactions to it.
    #[serde(rename_all = "camelCase")]
    Delivered {
        to: Rc<str>,
        position: u64,
        #[serde(skip_serializing_if = "is_default")]
        again: bool,
        #[serde(skip_serializing_if = "is_default")]
        held_back: u64,
    },
    /// A subscriber recognised an event that it had taken in before.
    Skipped { to: Rc<str>, position: u64 },
    /// An event was lost on its way.
    Dropped { to: Rc<str>, position: u64 },
    /// An event is held up until another can overtake it.
    Withheld { to: Rc<str>, position: u64 },
    /// A subscriber crashed. Once it is resumed, it goes on after `checkpoint`.
    Crashed { to: Rc<str>, position: u64, checkpoint: u64, fault: DeliveryFault },
    /// A subscriber met an event that it cannot take in, and takes in nothing more.
    Stopped { to: Rc<str>, position: u64, why: Rc<str> },
    /// A subscriber could not take in an event, at attempt `attempt` of `of`.
    Tried { to: Rc<str>, position: u64, attempt: u8, of: u8 },
    /// A subscriber set aside an event that it cannot take in, and goes on without it.
    #[serde(rename = "setAside")]
    SetAside { to: Rc<str>, position: u64, why: Rc<str> },
    /// A process asked for commands and side effects of these types.
    ///
    /// `later` has the commands that are due later, each with how long it waits, in milliseconds.
    Reacted {
        process: Rc<str>,
        position: u64,
        asks: Vec<Rc<str>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        later: Vec<(Rc<str>, u64)>,
    },
    /// A deadline has come: a process sends the command that it has asked for at the event at
    /// `position`. It was due at `due`, in milliseconds since 1970.
    Due { process: Rc<str>, position: u64, stream: Stream, command: Rc<str>, due: u64 },
    /// A process's mark was moved to `position`.
    Checkpointed { process: Rc<str>, position: u64 },
    /// A side effect was performed. It had been performed `repeat` times before.
    Performed {
        effect: Rc<str>,
        process: Rc<str>,
        position: u64,
        #[serde(skip_serializing_if = "is_default")]
        repeat: u64,
    },
    /// A side effect was held back.
    Suppressed { process: Rc<str>, position: u64 },
}

impl fmt::Display for MicroStep {
    /// Writes the caption, a sentence in plain words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handling(f)
    }
}

impl MicroStep {
    /// The captions of a command's way up to its decision.
    fn handling(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Received { stream, command, actor } => {
                write!(f, "{actor} sends {command} to {stream}")
            }
            Self::Repeated { command, events: 0 } => {
                write!(f, "Knows this {command} already: nothing came of it")
            }
            Self::Repeated { command, events: 1 } => {
                write!(f, "Knows this {command} already: its event stands")
            }
            Self::Repeated { command, events } => {
                write!(f, "Knows this {command} already: its {events} events stand")
            }
            Self::Loaded { stream, events, snapshot: Some(at), .. } => write!(
                f,
                "Loads {stream}: a snapshot of version {at}, and {}",
                plural(events.saturating_sub(*at), "event")
            ),
            Self::Loaded { stream, events, snapshot: None, ignored } => {
                write!(f, "Loads {stream}: {}", plural(*events, "event"))?;
                match ignored {
                    Some(why) => write!(f, ". Its snapshot is ignored: {why}"),
                    None => Ok(()),
                }
            }
            Self::Folded { version, folded, .. } if folded < version => {
                let (all, before) = (plural(*version, "event"), version - folded);
                match folded {
                    0 => write!(f, "Has folded its {all} before, and has the state at hand"),
                    _ => write!(f, "Folds its {all}, of which it had folded {before} before"),
                }
            }
            Self::Folded { folded: 0, .. } => f.write_str("Nothing to fold: the initial state"),
            Self::Folded { folded, .. } => write!(f, "Folds {}", plural(*folded, "event")),
            Self::Decided { command, events } if events.is_empty() => {
                write!(f, "Accepts {command}, and nothing has to happen")
            }
            Self::Decided { command, events } => {
                write!(f, "Accepts {command}: {}", events.join(", "))
            }
            Self::Rejected { command, reason } => write!(f, "Refuses {command}: {reason}"),
            _ => self.storing(f),
        }
    }

    /// The captions of a commit's way into the store.
    fn storing(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Appending { stream: Some(stream), expected: Some(expected), events } => write!(
                f,
                "Asks the store to append {} to {stream}, expecting {expected}",
                plural(*events, "event")
            ),
            Self::Appending { events, .. } => {
                write!(f, "Asks the store to append {}", plural(*events, "event"))
            }
            Self::Appended { from, to, told } => {
                match to {
                    to if from > to => f.write_str("Stored, without an event")?,
                    to if from == to => write!(f, "Stored at position {from}")?,
                    to => write!(f, "Stored at positions {from} to {to}")?,
                }
                if told.is_empty() {
                    return Ok(());
                }
                write!(f, "; in the same moment it is known to {}", told.join(", "))
            }
            Self::Conflicted { stream, expected, actual, retry } => {
                let then = if *retry { "; decides again" } else { "" };
                write!(f, "{}{then}", expected.sentence(stream, *actual))
            }
            Self::Failed { reason } => write!(f, "Not stored: {reason}"),
            _ => self.delivering(f),
        }
    }

    /// The captions of an event's way to projections, processes and the outbox.
    fn delivering(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered { to, position, again, held_back } => {
                write!(f, "{to} takes in event {position}")?;
                if *again {
                    f.write_str(" once more")?;
                }
                match held_back {
                    0 => Ok(()),
                    1 => f.write_str("; what it would send again is held back"),
                    many => write!(f, "; the {many} things it would send again are held back"),
                }
            }
            Self::Skipped { to, position } => {
                write!(f, "Event {position} reaches {to} again, is recognised and skipped")
            }
            Self::Dropped { to, position } => {
                write!(f, "Event {position} is lost on its way to {to}")
            }
            Self::Withheld { to, position } => {
                write!(f, "Event {position} is held up on its way to {to}: the next overtakes it")
            }
            Self::Crashed { to, position, checkpoint, fault: DeliveryFault::CrashAfterEffect } => {
                write!(
                    f,
                    "{to} crashes after acting on event {position}; resumed, it goes on after \
                 {checkpoint}"
                )
            }
            Self::Crashed { to, position, checkpoint, .. } => write!(
                f,
                "{to} crashes after taking in event {position}; its checkpoint still says \
                 {checkpoint}"
            ),
            Self::Stopped { to, position, why } => {
                write!(f, "{to} stops before event {position}: {why}")
            }
            Self::Tried { to, position, attempt, of } => {
                write!(f, "{to} fails on event {position}: attempt {attempt} of {of}")
            }
            Self::SetAside { to, position, why } => {
                write!(f, "{to} sets event {position} aside, and goes on without it: {why}")
            }
            Self::Reacted { process, asks, later, .. } => {
                let waits =
                    later.iter().map(|(kind, millis)| format!("{kind} in {}", span(*millis)));
                let waits = waits.collect::<Vec<_>>().join(", ");
                match (asks.is_empty(), later.is_empty()) {
                    (false, true) => write!(f, "{process} asks for {}", asks.join(", ")),
                    (true, _) => write!(f, "{process} sets a deadline: {waits}"),
                    (false, false) => {
                        write!(f, "{process} asks for {}, and for {waits}", asks.join(", "))
                    }
                }
            }
            Self::Due { process, stream, command, .. } => {
                write!(f, "A deadline has come: {process} sends {command} to {stream}")
            }
            Self::Checkpointed { process, position } => {
                write!(f, "{process} notes that it has reacted up to {position}")
            }
            Self::Performed { effect, repeat: 0, .. } => {
                write!(f, "Performs the side effect: {effect}")
            }
            Self::Performed { effect, repeat, .. } => {
                write!(f, "Performs the side effect once more, after {repeat} times: {effect}")
            }
            Self::Suppressed { process, .. } => write!(f, "Holds back what {process} did before"),
            // The captions above say these.
            Self::Received { .. }
            | Self::Repeated { .. }
            | Self::Loaded { .. }
            | Self::Folded { .. }
            | Self::Decided { .. }
            | Self::Rejected { .. }
            | Self::Appending { .. }
            | Self::Appended { .. }
            | Self::Conflicted { .. }
            | Self::Failed { .. } => Ok(()),
        }
    }
}

fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
