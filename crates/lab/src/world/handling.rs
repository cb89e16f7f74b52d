//! The work of a world in hand: commands, which pass through stages, bulk appends, which go past
//! their aggregates, and the reactions of processes.

use std::rc::Rc;

use super::port::{BulkAppend, StoreAnswer, Submission};
use crate::snapshots::FoldStart;
use crate::subscription::DeliveryFault;
use es::{AnyAggregate, CommandRecord, Commit, Draft, Envelope, Expected, Hydrated, Reaction};

/// An item in the inbox.
pub(super) enum InboxItem {
    /// A command for an aggregate to decide.
    Command(CommandInProgress),
    /// Events to append past their aggregates.
    Bulk(Envelope, Vec<Draft>),
}

/// The origin of a command or side effect that a process asked for.
#[derive(Clone)]
pub(super) struct ReactionSource {
    /// The process that reacts.
    pub(super) process: Rc<str>,
    /// The position of the event that the process reacts to.
    pub(super) position: u64,
}

/// A process's reactions to one event. They still have to be queued.
pub(super) struct Reacting {
    pub(super) source: ReactionSource,
    pub(super) reactions: Vec<Reaction>,
    /// The commands that are due later: each with its type and how long it waits, in milliseconds.
    pub(super) later: Vec<(Rc<str>, u64)>,
}

/// A side effect that a process has asked for. It still has to be performed.
pub(super) struct RequestedEffect {
    pub(super) source: ReactionSource,
    pub(super) reaction: Reaction,
}

/// A subscriber that crashes with the next step.
pub(super) struct PendingCrash {
    /// The subscription's name.
    pub(super) name: Rc<str>,
    /// The position of the event at which it crashes.
    pub(super) position: u64,
    pub(super) fault: DeliveryFault,
}

/// A command in any stage.
pub(super) struct CommandInProgress {
    /// The command's stream, type and data.
    pub(super) record: CommandRecord,
    /// The envelope of its events, without the command.
    pub(super) base_envelope: Envelope,
    pub(super) expected: Option<Expected>,
    /// The version to decide on, where it is neither the expected nor the latest one.
    pub(super) seen: Option<u64>,
    /// True where a conflict is answered by deciding again.
    pub(super) retry: bool,
    /// The process and event that the command comes from. None where a person sent it.
    pub(super) reaction_of: Option<ReactionSource>,
}

/// The stage of a command.
pub(super) enum CommandStage {
    Received,
    Loaded {
        aggregate: Rc<dyn AnyAggregate>,
        version: u64,
        start: Option<FoldStart>,
        ignored: Option<Rc<str>>,
    },
    /// `instance` is None where the stream's handler has the state in memory.
    Folded {
        aggregate: Rc<dyn AnyAggregate>,
        version: u64,
        instance: Option<Hydrated>,
    },
    Decided {
        decision: Decision,
        drafts: Vec<Draft>,
    },
}

/// The version that a command was decided on, and the version that the store is to expect.
#[derive(Clone, Copy)]
pub(super) struct Decision {
    pub(super) on: u64,
    pub(super) expected: Expected,
}

/// A commit that the store was asked to append, and the store's answer once there is one.
pub(super) struct Appending {
    pub(super) commit: Commit,
    pub(super) sender: Sender,
    pub(super) answer: Option<StoreAnswer>,
}

/// The origin of a commit.
pub(super) enum Sender {
    Command(CommandInProgress, Decision),
    Bulk(Envelope),
}

impl CommandInProgress {
    /// A command to decide on the latest state.
    pub(super) fn new(record: CommandRecord, base_envelope: Envelope) -> Self {
        let (expected, seen, reaction_of) = (None, None, None);
        Self { record, base_envelope, expected, seen, retry: false, reaction_of }
    }

    /// The envelope of its events, with the command.
    pub(super) fn envelope(&self) -> Envelope {
        Envelope { command: Some(self.record.clone()), ..self.base_envelope.clone() }
    }
}

impl Sender {
    /// The process and event that the commit is a reaction to.
    pub(super) fn reaction_of(self) -> Option<ReactionSource> {
        match self {
            Self::Command(in_progress, _) => in_progress.reaction_of,
            Self::Bulk(_) => None,
        }
    }

    /// The envelope of the commit's events, and the process and event that it is a reaction to.
    pub(super) fn parts(self) -> (Envelope, Option<ReactionSource>) {
        match self {
            Self::Command(in_progress, _) => (in_progress.envelope(), in_progress.reaction_of),
            Self::Bulk(envelope) => (envelope, None),
        }
    }
}

impl From<Submission> for CommandInProgress {
    fn from(submission: Submission) -> Self {
        let base_envelope = Envelope {
            follows: submission.follows,
            ..Envelope::first(submission.id, submission.actor, 0)
        };
        let Submission { expected, seen, retry, .. } = submission;
        Self { expected, seen, retry, ..Self::new(submission.command, base_envelope) }
    }
}

impl InboxItem {
    /// The process that sent the item. None where a person did.
    pub(super) fn sent_by(&self) -> Option<&Rc<str>> {
        match self {
            Self::Command(CommandInProgress { reaction_of: Some(source), .. }) => {
                Some(&source.process)
            }
            Self::Command(_) | Self::Bulk(..) => None,
        }
    }
}

impl From<BulkAppend> for InboxItem {
    fn from(bulk: BulkAppend) -> Self {
        let envelope = Envelope::first(bulk.id, bulk.actor, 0);
        let (origin, unanswered) = (bulk.origin, !bulk.react);
        Self::Bulk(Envelope { origin, unanswered, ..envelope }, bulk.events)
    }
}
