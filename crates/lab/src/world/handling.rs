//! What is being handled: a command, which has a target from its first stage to its last, or events
//! that go past their aggregates and need none.

use std::rc::Rc;

use super::port::{BulkAppend, StoreAnswer, Submission};
use crate::snapshots::FoldStart;
use crate::subscription::DeliveryFault;
use es::{AnyAggregate, CommandRecord, Commit, Draft, Envelope, Expected, Hydrated, Reaction};

/// What waits to be handled.
pub(super) enum InboxItem {
    /// A command, which its aggregate decides.
    Command(CommandInProgress),
    /// Events to append as they are.
    Bulk(Envelope, Vec<Draft>),
}

/// What a command or a side effect is a reaction to.
#[derive(Clone)]
pub(super) struct ReactionSource {
    /// The process that reacts.
    pub(super) process: Rc<str>,
    /// The position of the event that the process reacts to.
    pub(super) position: u64,
}

/// A process's reactions to one event, which are still to be handed on.
pub(super) struct Reacting {
    pub(super) source: ReactionSource,
    pub(super) reactions: Vec<Reaction>,
}

/// A side effect that a process has asked for, and that is still to be performed.
pub(super) struct RequestedEffect {
    pub(super) source: ReactionSource,
    pub(super) reaction: Reaction,
}

/// A subscriber is about to crash at an event.
pub(super) struct PendingCrash {
    /// The subscription's name.
    pub(super) name: Rc<str>,
    /// The position of the event.
    pub(super) position: u64,
    pub(super) fault: DeliveryFault,
}

/// A command, whatever its stage.
pub(super) struct CommandInProgress {
    /// What is asked of whom.
    pub(super) record: CommandRecord,
    /// What its events will share, but for the command itself.
    pub(super) base_envelope: Envelope,
    pub(super) expected: Option<Expected>,
    /// The version whose state it is decided on, where that is not the expected or latest one.
    pub(super) seen: Option<u64>,
    /// True where a conflict is no reason to give up.
    pub(super) retry: bool,
    /// None where a person sent the command.
    pub(super) reaction_of: Option<ReactionSource>,
}

/// How far a command has come.
pub(super) enum CommandStage {
    Received,
    Loaded {
        aggregate: Rc<dyn AnyAggregate>,
        version: u64,
        start: Option<FoldStart>,
        ignored: Option<Rc<str>>,
    },
    /// None stands for the state that the stream's handler keeps.
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

/// On which version a command was decided, and what the store is to expect.
#[derive(Clone, Copy)]
pub(super) struct Decision {
    pub(super) on: u64,
    pub(super) expected: Expected,
}

/// A commit that the store was asked to append, and what it said.
pub(super) struct Appending {
    pub(super) commit: Commit,
    pub(super) sender: Sender,
    pub(super) answer: Option<StoreAnswer>,
}

/// Whose commit it is.
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

    /// What its events share.
    pub(super) fn envelope(&self) -> Envelope {
        Envelope { command: Some(self.record.clone()), ..self.base_envelope.clone() }
    }
}

impl Sender {
    /// Whose reaction it is.
    pub(super) fn reaction_of(self) -> Option<ReactionSource> {
        match self {
            Self::Command(in_progress, _) => in_progress.reaction_of,
            Self::Bulk(_) => None,
        }
    }

    /// What the commit's events share, and whose reaction it is.
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
    /// The process that sent it.
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
