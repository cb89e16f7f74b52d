//! Handles commands: each is received, loaded, folded, decided and appended, or ends earlier.
//! Every function here performs one micro-step and returns it.

use std::ops::Range;
use std::rc::Rc;

use uuid::Uuid;

use super::handling::{
    Appending, CommandInProgress, CommandStage, Decision, InboxItem, PendingCrash, ReactionSource,
    Sender,
};
use super::{MicroStep, SideRecord, StoreAnswer, World};
use crate::journal::{JournalEntry, Outcome};
use crate::snapshots::{FoldStart, Load, Loading};
use crate::subscription::{DeliveryFault, SubscriptionKind};
use es::{
    AnyAggregate, Choice, CommandRecord, Commit, Draft, Envelope, Expected, Follows, Hydrated,
    Origin, Proposal, Recorded, Refusal, Stream, Timeline,
};

impl World {
    pub(super) fn receive(&mut self, now: u64) -> Option<MicroStep> {
        Some(match self.inbox.pop_front()? {
            InboxItem::Command(mut in_progress) => {
                in_progress.base_envelope.at = now;
                let (stream, command) =
                    (in_progress.record.stream.clone(), in_progress.record.kind.clone());
                let actor = in_progress.base_envelope.actor.clone();
                self.handling = Some((in_progress, CommandStage::Received));
                MicroStep::Received { stream, command, actor }
            }
            InboxItem::Bulk(mut envelope, drafts) => {
                envelope.at = now;
                match self.log.handled(envelope.command_id) {
                    Some(events) => self.known_bulk(envelope, &drafts, events),
                    None => self.append_bulk(envelope, drafts),
                }
            }
        })
    }

    pub(super) fn advance(
        &mut self,
        mut in_progress: CommandInProgress,
        stage: CommandStage,
    ) -> MicroStep {
        let stream = in_progress.record.stream.clone();
        let (step, stage) = match stage {
            CommandStage::Received => {
                if let Some(events) = self.log.handled(in_progress.base_envelope.command_id) {
                    return self.known(in_progress, events);
                }
                let aggregate = self.scenario.aggregate_of(stream.category()).cloned();
                let Some(aggregate) = aggregate else {
                    let why = format!("this scenario has no {}", stream.category());
                    return self.refuse(in_progress, &Refusal::Malformed(why));
                };
                let actual = self.log.version(&stream);
                if let Some(Expected::Category(position)) = &mut in_progress.expected {
                    // Nobody has seen what is not there yet.
                    *position = (*position).min(self.log.head());
                }
                let version = match (in_progress.expected, in_progress.seen) {
                    (Some(expected @ Expected::Exact(version)), _) if version > actual => {
                        return self.conflict(in_progress, expected, actual);
                    }
                    (Some(Expected::Exact(version)), None) => version,
                    (_, Some(seen)) => seen.min(actual),
                    _ => actual,
                };
                let (start, ignored) = match self.snapshots.find(&*aggregate, &stream, version) {
                    Ok(start) => (start, None),
                    Err(why) => (None, Some(why)),
                };
                let snapshot = start.as_ref().map(|it| it.version);
                let step = MicroStep::Loaded {
                    stream,
                    events: version,
                    snapshot,
                    ignored: ignored.clone(),
                };
                (step, CommandStage::Loaded { aggregate, version, start, ignored })
            }
            CommandStage::Loaded { aggregate, version, start, ignored } => {
                let snapshot = start.as_ref().map(|it| it.version);
                let (folded, instance) = if self.snapshots.loading == Loading::Memory {
                    (self.hydrate(&*aggregate, &stream, version).1, None)
                } else {
                    let begin =
                        || FoldStart { instance: Hydrated::new(aggregate.instance()), version: 0 };
                    let start = start.unwrap_or_else(begin);
                    let folded = version - start.version;
                    let log = &self.log;
                    let instance = self.snapshots.fold(&*aggregate, &stream, start, version, log);
                    (folded, Some(instance))
                };
                let of = version;
                self.snapshots.count(Load {
                    stream: stream.clone(),
                    of,
                    folded,
                    snapshot,
                    ignored,
                });
                let step = MicroStep::Folded { stream, version, folded };
                (step, CommandStage::Folded { aggregate, version, instance })
            }
            CommandStage::Folded { aggregate, version, instance } => {
                let decided = match &instance {
                    Some(instance) => instance.decide(&in_progress.record),
                    None => {
                        self.hydrate(&*aggregate, &stream, version).0.decide(&in_progress.record)
                    }
                };
                let expected = in_progress.expected.unwrap_or(Expected::Exact(version));
                match decided {
                    Err(refusal) => {
                        // Only the latest state can refuse for good. An earlier one says that
                        // the sender has seen too little.
                        let actual = self.log.version(&stream);
                        let outdated = match expected {
                            Expected::Category(_) => version < actual,
                            expected => !expected.holds(actual),
                        };
                        if matches!(refusal, Refusal::Rejected(_)) && outdated {
                            return self.conflict(in_progress, expected, actual);
                        }
                        return self.refuse(in_progress, &refusal);
                    }
                    Ok(drafts) => {
                        let decision = Decision { on: version, expected };
                        let command = in_progress.record.kind.clone();
                        let events = drafts.iter().map(|draft| draft.kind.clone()).collect();
                        (
                            MicroStep::Decided { command, events },
                            CommandStage::Decided { decision, drafts },
                        )
                    }
                }
            }
            CommandStage::Decided { decision, drafts } => {
                return self.append(in_progress, decision, drafts);
            }
        };
        self.handling = Some((in_progress, stage));
        step
    }

    fn append(
        &mut self,
        mut in_progress: CommandInProgress,
        decision: Decision,
        events: Vec<Draft>,
    ) -> MicroStep {
        let (stream, Decision { on, expected }) = (in_progress.record.stream.clone(), decision);
        let actual = self.log.version(&stream);
        if on < actual && expected.holds(self.log.found(&stream, expected)) {
            // The aggregate has not agreed to this on the latest state.
            in_progress.base_envelope.origin = Origin::Forced;
        }
        let envelope = in_progress.envelope();
        let proposal = Proposal { envelope, expected: Some((stream.clone(), expected)), events };
        match self.log.propose(proposal) {
            Ok(commit) => {
                let events = commit.events.len() as u64;
                self.ask_the_store(commit, Sender::Command(in_progress, decision));
                MicroStep::Appending { stream: Some(stream), expected: Some(expected), events }
            }
            Err(wrong) => self.conflict(in_progress, wrong.expected, wrong.actual),
        }
    }

    fn append_bulk(&mut self, envelope: Envelope, events: Vec<Draft>) -> MicroStep {
        let proposal = Proposal { envelope: envelope.clone(), expected: None, events };
        match self.log.propose(proposal) {
            Ok(commit) => {
                let events = commit.events.len() as u64;
                self.ask_the_store(commit, Sender::Bulk(envelope));
                MicroStep::Appending { stream: None, expected: None, events }
            }
            Err(wrong) => self.not_stored((envelope, None), &wrong.to_string()),
        }
    }

    fn ask_the_store(&mut self, commit: Commit, sender: Sender) {
        self.appending = Some(Appending { commit, sender, answer: None });
    }

    pub(super) fn answered(
        &mut self,
        sender: Sender,
        commit: Commit,
        answer: StoreAnswer,
    ) -> MicroStep {
        match answer {
            StoreAnswer::Stored => {
                // Where others were first, the commit was learned already, at a later place.
                let id = commit.envelope.command_id;
                let known = self.log.handled(id);
                let events = known.unwrap_or(commit.after + 1..commit.head() + 1);
                let (from, to) = (events.start, events.end - 1);
                let (envelope, reaction_of) = (commit.envelope.clone(), sender.reaction_of());
                self.learn(commit);
                if reaction_of.is_none() {
                    let (after, commits) = (self.log.head(), self.log.commits());
                    let outcome = Outcome::Accepted;
                    let entry =
                        JournalEntry { envelope, outcome, reason: None, events, after, commits };
                    self.outcomes.push(entry);
                }
                self.settle_reaction(reaction_of, id);
                let told = self
                    .subscriptions
                    .iter()
                    .filter(|it| it.synchronous && from <= to && it.checkpoint >= to);
                let told = told.map(|it| it.name.clone()).collect();
                MicroStep::Appended { from, to, told }
            }
            // As long as the winner's commit is unknown, another try would lose as well.
            StoreAnswer::Lost if self.log.commits() < commit.number => {
                self.not_stored(sender.parts(), "the log was written elsewhere")
            }
            StoreAnswer::Lost => {
                // The winner may have handled the same command, as when two tabs tell one story.
                let handled = self.log.handled(commit.envelope.command_id);
                // The streams may be unchanged: then the append succeeds at the next place.
                let drafts: Vec<Draft> = commit.events.into_iter().map(Draft::from).collect();
                match (sender, handled) {
                    (Sender::Command(in_progress, _), Some(events)) => {
                        self.known(in_progress, events)
                    }
                    (Sender::Command(in_progress, decision), None) => {
                        self.append(in_progress, decision, drafts)
                    }
                    (Sender::Bulk(envelope), Some(events)) => {
                        self.known_bulk(envelope, &drafts, events)
                    }
                    (Sender::Bulk(envelope), None) => self.append_bulk(envelope, drafts),
                }
            }
            StoreAnswer::Failed(why) => self.not_stored(sender.parts(), &why),
        }
    }

    /// Moves the marks of processes over events that they must not react to. A process that still
    /// has to react to an earlier event keeps its mark.
    pub(super) fn skip_reactions(&mut self, from: u64, to: u64) {
        for subscription in &mut self.subscriptions {
            let answered = subscription.mark + 1 == from && !self.watching;
            if subscription.kind == SubscriptionKind::Process && answered {
                (subscription.mark, subscription.unsaved) = (to, true);
            }
        }
    }

    /// Answers a command whose id was handled before: it is a repetition, unless a person uses the
    /// id for something else. A process's steps share their ids on purpose.
    fn known(&mut self, in_progress: CommandInProgress, events: Range<u64>) -> MicroStep {
        let id = in_progress.base_envelope.command_id;
        let same = in_progress.reaction_of.is_some()
            || self.record_of(id, &events).is_some_and(|it| it.asks_the_same(&in_progress.record));
        if !same {
            return self.reused(in_progress.envelope(), events);
        }
        self.repeated(in_progress.envelope(), in_progress.reaction_of, events)
    }

    /// As [`known`](Self::known), for events that are appended past their aggregates.
    fn known_bulk(
        &mut self,
        envelope: Envelope,
        drafts: &[Draft],
        events: Range<u64>,
    ) -> MicroStep {
        let there: Vec<&Recorded> =
            self.log.events(events.start, events.end.saturating_sub(1)).collect();
        let same = there.len() == drafts.len()
            && there.iter().zip(drafts).all(|(event, draft)| draft.records_as(event));
        if !same {
            return self.reused(envelope, events);
        }
        self.repeated(envelope, None, events)
    }

    /// The command that was handled under an id. None for a bulk append.
    fn record_of(&self, id: Uuid, events: &Range<u64>) -> Option<&CommandRecord> {
        if !events.is_empty() {
            return self.log.event(events.start)?.envelope().command.as_ref();
        }
        let accepted =
            |it: &&JournalEntry| it.envelope.command_id == id && it.outcome == Outcome::Accepted;
        self.journal.iter().rev().find(accepted)?.envelope.command.as_ref()
    }

    /// Refuses what carries the id of something else.
    fn reused(&mut self, envelope: Envelope, events: Range<u64>) -> MicroStep {
        let owner = self.record_of(envelope.command_id, &events);
        let owner = owner.map_or_else(
            || "events that were appended".to_owned(),
            |it| format!("another command, {} to {}", it.kind, it.stream),
        );
        let reason: Rc<str> = format!("this command id was used before, for {owner}").into();
        let command =
            envelope.command.as_ref().map_or_else(|| "append".into(), |it| it.kind.clone());
        self.conclude(envelope, None, Outcome::CommandIdReused, Some(reason.clone()), 1..1);
        MicroStep::Rejected { command, reason }
    }

    fn repeated(
        &mut self,
        envelope: Envelope,
        reaction_of: Option<ReactionSource>,
        events: Range<u64>,
    ) -> MicroStep {
        let count = events.end - events.start;
        let command = envelope.command.as_ref().map(|it| it.kind.clone());
        self.conclude(envelope, reaction_of, Outcome::Repeated, None, events);
        MicroStep::Repeated { command: command.unwrap_or_else(|| "append".into()), events: count }
    }

    fn refuse(&mut self, in_progress: CommandInProgress, refusal: &Refusal) -> MicroStep {
        let reason: Rc<str> = refusal.to_string().into();
        let outcome = match refusal {
            Refusal::Rejected(_) => Outcome::Rejected,
            Refusal::Malformed(_) => Outcome::Malformed,
            Refusal::Unreadable(_) | Refusal::Unfoldable { .. } => Outcome::Unreadable,
        };
        let (command, envelope) = (in_progress.record.kind.clone(), in_progress.envelope());
        self.conclude(envelope, in_progress.reaction_of, outcome, Some(reason.clone()), 1..1);
        MicroStep::Rejected { command, reason }
    }

    /// Journals a conflict. A person decides what to do about it, unless the command is to be
    /// decided again at once. A process's command is always decided again on the new state.
    fn conflict(
        &mut self,
        mut in_progress: CommandInProgress,
        expected: Expected,
        actual: u64,
    ) -> MicroStep {
        let stream = in_progress.record.stream.clone();
        if in_progress.reaction_of.is_none() {
            let reason = expected.sentence(&stream, actual);
            let outcome = Outcome::WrongExpectedVersion { expected, actual };
            let entry =
                self.journal_entry(in_progress.envelope(), outcome, Some(reason.into()), 1..1);
            if !in_progress.retry {
                self.outcomes.push(entry);
            }
        }
        let retry = in_progress.retry || in_progress.reaction_of.is_some();
        if in_progress.retry {
            let command = in_progress.base_envelope.command_id;
            in_progress.base_envelope.follows = Some(Follows { command, choice: Choice::Retry });
            // Whoever guards a category goes on guarding it, from what is known now.
            let category = matches!(expected, Expected::Category(_));
            let again = category.then(|| Expected::Category(self.log.head()));
            (in_progress.expected, in_progress.seen) = (again, None);
        }
        if retry {
            self.handling = Some((in_progress, CommandStage::Received));
        }
        MicroStep::Conflicted { stream, expected, actual, retry }
    }

    /// Journals a command that could not be stored. A process's command is not handled then: the
    /// process's mark stays before it, and a reload sends the command again.
    fn not_stored(
        &mut self,
        (envelope, reaction_of): (Envelope, Option<ReactionSource>),
        why: &str,
    ) -> MicroStep {
        let reason: Rc<str> = why.into();
        let entry = self.journal_entry(envelope, Outcome::NotStored, Some(reason.clone()), 1..1);
        if reaction_of.is_none() {
            self.outcomes.push(entry);
        }
        MicroStep::Failed { reason }
    }

    /// Journals the outcome of a command, and settles the reaction that it was.
    fn conclude(
        &mut self,
        envelope: Envelope,
        reaction_of: Option<ReactionSource>,
        outcome: Outcome,
        reason: Option<Rc<str>>,
        events: Range<u64>,
    ) {
        let id = envelope.command_id;
        let entry = self.journal_entry(envelope, outcome, reason, events);
        if reaction_of.is_none() {
            self.outcomes.push(entry);
        }
        self.settle_reaction(reaction_of, id);
    }

    fn journal_entry(
        &mut self,
        envelope: Envelope,
        outcome: Outcome,
        reason: Option<Rc<str>>,
        events: Range<u64>,
    ) -> JournalEntry {
        let (after, commits) = (self.log.head(), self.log.commits());
        let entry =
            JournalEntry { envelope: Rc::new(envelope), outcome, reason, events, after, commits };
        if entry.outcome != Outcome::NotStored {
            self.note_refused(&entry);
            self.side_records.push(SideRecord::Refusal(entry.clone()));
        }
        self.journal.push(entry.clone());
        entry
    }

    /// Settles the reaction of this id: the process no longer waits for it. Without a source, every
    /// process that waits for the id stops waiting.
    pub(super) fn settle_reaction(&mut self, reaction_of: Option<ReactionSource>, id: Uuid) {
        self.settle_deadline(id, self.log.head());
        let waiting = match reaction_of {
            Some(it) => vec![it],
            // This runs for every commit, and mostly no process waits for anything.
            None if self.subscriptions.iter().all(|it| it.open_reactions.is_empty()) => return,
            None => self.waiting_for(id),
        };
        for ReactionSource { process, position } in waiting {
            let Some(subscription) = self.find(&process) else { continue };
            // A deadline leaves no reaction open.
            let open_reactions = subscription.open_reactions.get_mut(&position);
            let settled = open_reactions.is_some_and(|open| {
                open.remove(&id);
                open.is_empty()
            });
            if settled {
                subscription.open_reactions.remove(&position);
                subscription.settle_letter(position);
            }
            if subscription.crash_after == Some(position) {
                let (name, fault) = (process, DeliveryFault::CrashAfterEffect);
                self.crashing = Some(PendingCrash { name, position, fault });
            } else if settled {
                self.settled.insert(process);
            }
        }
    }

    /// A command was handled when the log ended at `after`: if it was sent at a deadline, that is
    /// over.
    pub(super) fn settle_deadline(&mut self, id: Uuid, after: u64) {
        for it in self.subscriptions.iter_mut().filter(|it| !it.deadlines.is_empty()) {
            it.deadlines.settle(id, after);
        }
    }

    fn waiting_for(&self, id: Uuid) -> Vec<ReactionSource> {
        let open_reactions = self.subscriptions.iter().flat_map(|it| {
            let events = it.open_reactions.iter().filter(|(_, ids)| ids.contains(&id));
            events.map(|(position, _)| ReactionSource {
                process: it.name.clone(),
                position: *position,
            })
        });
        open_reactions.collect()
    }

    /// Brings a stream's handler to `version`. Returns it, and how many events were folded for
    /// that.
    fn hydrate(
        &mut self,
        aggregate: &dyn AnyAggregate,
        stream: &Stream,
        version: u64,
    ) -> (&Timeline<Hydrated>, u64) {
        let handlers = self.handlers.entry(stream.clone());
        let handler = handlers.or_insert_with(|| aggregate.timeline());
        let folded = handler.load(stream, version, &self.log);
        (handler, folded)
    }
}
