//! The machine: commands in, events out, everybody told. One micro-step at a time.
//!
//! It is sans-I/O. [`World::step`] does one thing and says what it was; when a commit is to be
//! stored it waits for [`World::answer`], and small records to keep are collected from
//! [`World::take_keeps`]. Nothing is shown as a fact before the store has it. The same commands,
//! ids and times give the same run, byte for byte.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::journal::{Entry, Outcome};
use super::outbox::{Effect, Status};
use super::subscription::{Kind, Subscription};
use crate::es::{
    CommandRecord, Commit, Draft, Envelope, EventLog, Expected, Handler, Origin, Proposal,
    Reaction, Recorded, Refusal, Scenario, StoredCommit, Stream,
};

/// A command on its way in.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its id; a second command of the same id is recognised.
    pub id: Uuid,
    /// Who sends it.
    pub actor: Rc<str>,
    /// What is asked of whom.
    pub command: CommandRecord,
    /// What the sender believes of the stream. With a version, the command is decided on the
    /// state at that version.
    pub expected: Option<Expected>,
}

/// Events to append past their aggregates, all or nothing.
#[derive(Clone)]
pub struct Bulk {
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
pub enum Answer {
    /// It is stored.
    Stored,
    /// Somebody else was first. Their commits are to be learned before this is said.
    Lost,
    /// The store failed.
    Failed(String),
}

/// A small record to keep beside the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// A process has reacted to every event up to this position.
    Mark(Rc<str>, u64),
    /// A side effect was performed.
    Effect(Effect),
    /// A command was not accepted.
    Refusal(Entry),
}

/// A micro-step, as it was performed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "lowercase")]
#[expect(missing_docs, reason = "each variant's sentence names its fields")]
pub enum Did {
    /// A command was taken from the inbox.
    Received { stream: Stream, command: Rc<str>, actor: Rc<str> },
    /// Its id was handled before; nothing is done again.
    Repeated { command: Rc<str>, events: u64 },
    /// Its stream's events were looked up.
    Loaded { stream: Stream, events: u64 },
    /// They were folded, all of them or those after a state already at hand.
    Folded { stream: Stream, version: u64, folded: u64 },
    /// The aggregate decided.
    Decided { command: Rc<str>, events: Vec<Rc<str>> },
    /// The command was refused, or made no sense.
    Rejected { command: Rc<str>, reason: Rc<str> },
    /// The store was asked to append.
    Appending { stream: Option<Stream>, expected: Option<Expected>, events: u64 },
    /// It did; these positions are facts now.
    Appended { from: u64, to: u64 },
    /// It didn't: the stream had moved on.
    Conflicted { stream: Stream, expected: Expected, actual: u64, retry: bool },
    /// It couldn't.
    Failed { reason: Rc<str> },
    /// A subscriber took in an event.
    Delivered { to: Rc<str>, position: u64 },
    /// A process asked for something.
    Reacted { process: Rc<str>, position: u64, asks: Vec<Rc<str>> },
    /// A process's mark was moved.
    Checkpointed { process: Rc<str>, position: u64 },
    /// A side effect was performed.
    Performed { effect: Rc<str>, process: Rc<str>, position: u64 },
    /// A side effect, or a whole reaction during a replay, was held back.
    Suppressed { process: Rc<str>, position: u64 },
}

/// A running system.
pub struct World {
    scenario: Rc<Scenario>,
    log: EventLog,
    handlers: BTreeMap<Stream, Handler>,
    inbox: VecDeque<Handling>,
    handling: Option<Handling>,
    subscriptions: Vec<Subscription>,
    reacting: Option<(Rc<str>, u64, Vec<Reaction>)>,
    effects: VecDeque<(Rc<str>, u64, Reaction)>,
    settled: BTreeSet<Rc<str>>,
    /// True where processes only fold: another place runs them.
    watching: bool,
    journal: Vec<Entry>,
    outbox: Vec<Effect>,
    performed: BTreeSet<Uuid>,
    keeps: Vec<Keep>,
}

struct Handling {
    envelope: Envelope,
    expected: Option<Expected>,
    /// The process and position whose reaction it is.
    reaction_of: Option<(Rc<str>, u64)>,
    stage: Stage,
}

enum Stage {
    Waiting,
    Ready(Vec<Draft>),
    Received,
    Loaded { version: u64 },
    Folded { version: u64 },
    Decided { expected: Option<(Stream, Expected)>, drafts: Vec<Draft> },
    Appending { commit: Commit, expected: Option<(Stream, Expected)> },
    Answered { commit: Commit, expected: Option<(Stream, Expected)>, answer: Answer },
}

impl World {
    /// A world with an empty log, in which every projection and process of the scenario runs.
    pub fn new(scenario: &Rc<Scenario>) -> Self {
        let mut world = Self {
            scenario: scenario.clone(),
            log: EventLog::default(),
            handlers: BTreeMap::new(),
            inbox: VecDeque::new(),
            handling: None,
            subscriptions: Vec::new(),
            reacting: None,
            effects: VecDeque::new(),
            settled: BTreeSet::new(),
            watching: false,
            journal: Vec::new(),
            outbox: Vec::new(),
            performed: BTreeSet::new(),
            keeps: Vec::new(),
        };
        for projection in &scenario.projections {
            world.subscribe(&projection.name());
        }
        for process in &scenario.processes {
            world.subscribe(&process.name());
        }
        world
    }

    /// A world as it was kept. Processes have reacted up to their marks and go on from there.
    ///
    /// # Errors
    /// The position at which the commits don't follow each other.
    pub fn open(
        scenario: &Rc<Scenario>,
        commits: impl IntoIterator<Item = StoredCommit>,
        keeps: impl IntoIterator<Item = Keep>,
    ) -> Result<Self, u64> {
        let mut world = Self::new(scenario);
        for commit in commits {
            if !world.learned(commit.read(scenario)) {
                return Err(world.log.head() + 1);
            }
        }
        for keep in keeps {
            world.recall(keep);
        }
        world.outbox.sort_by_key(|effect| (effect.position, effect.id));
        world.journal.sort_by_key(|entry| entry.commits);
        let head = world.log.head();
        for subscription in &mut world.subscriptions {
            // Of a log that has lost its end, a mark may lie beyond it.
            subscription.mark = subscription.mark.min(head);
            let mark = subscription.mark;
            subscription.excused.retain(|range| range.end > mark + 1);
            let to = match subscription.kind {
                Kind::Projection => head,
                Kind::Process => subscription.mark,
            };
            for event in world.log.events(1, to) {
                subscription.runner.apply(event);
            }
            subscription.checkpoint = to;
        }
        Ok(world)
    }

    /// Takes in a small record that was kept.
    pub fn recall(&mut self, keep: Keep) {
        match keep {
            Keep::Mark(process, position) => {
                if let Some(subscription) = self.find(&process) {
                    subscription.mark = subscription.mark.max(position);
                }
            }
            Keep::Effect(effect) => {
                if self.performed.insert(effect.id) {
                    self.outbox.push(effect);
                }
            }
            Keep::Refusal(entry) => self.journal.push(entry),
        }
    }

    /// The side effects that were performed for events up to `position`, as records to keep: a
    /// fork doesn't perform them again.
    pub fn performed_up_to(&self, position: u64) -> Vec<Keep> {
        let performed = |it: &&Effect| it.status == Status::Performed && it.position <= position;
        self.outbox.iter().filter(performed).cloned().map(Keep::Effect).collect()
    }

    /// What runs here.
    pub fn scenario(&self) -> &Rc<Scenario> {
        &self.scenario
    }

    /// The log, as far as it is stored.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// What was asked and what came of it, oldest first.
    pub fn journal(&self) -> &[Entry] {
        &self.journal
    }

    /// The side effects asked for, oldest first.
    pub fn outbox(&self) -> &[Effect] {
        &self.outbox
    }

    /// Who is told of events.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    /// Queues a command.
    pub fn submit(&mut self, ask: Ask) {
        let mut envelope = Envelope::first(ask.id, ask.actor, 0);
        envelope.command = Some(ask.command);
        self.inbox.push_back(Handling {
            envelope,
            expected: ask.expected,
            reaction_of: None,
            stage: Stage::Waiting,
        });
    }

    /// Queues events that go past their aggregates.
    pub fn submit_bulk(&mut self, bulk: Bulk) {
        let mut envelope = Envelope::first(bulk.id, bulk.actor, 0);
        envelope.origin = bulk.origin;
        envelope.unanswered = !bulk.react;
        self.inbox.push_back(Handling {
            envelope,
            expected: None,
            reaction_of: None,
            stage: Stage::Ready(bulk.events),
        });
    }

    /// The commit that waits for the store's answer.
    pub fn pending(&self) -> Option<&Commit> {
        match &self.handling.as_ref()?.stage {
            Stage::Appending { commit, .. } => Some(commit),
            _ => None,
        }
    }

    /// What the store said to the pending commit.
    pub fn answer(&mut self, answer: Answer) {
        if let Some(mut handling) = self.handling.take() {
            handling.stage = match handling.stage {
                Stage::Appending { commit, expected } => {
                    Stage::Answered { commit, expected, answer }
                }
                stage => stage,
            };
            self.handling = Some(handling);
        }
    }

    /// The small records to keep that have come up since this was last asked.
    pub fn take_keeps(&mut self) -> Vec<Keep> {
        std::mem::take(&mut self.keeps)
    }

    /// Takes in a commit that is stored, whoever wrote it. False, and nothing taken in, where
    /// it does not follow the head.
    pub fn learned(&mut self, commit: Commit) -> bool {
        let (envelope, after, head) = (commit.envelope.clone(), commit.after, commit.head());
        if !self.log.learn(commit) {
            return false;
        }
        if envelope.unanswered && after < head {
            self.excuse(after + 1, head);
        }
        if envelope.command.is_some() {
            let events = after + 1..head + 1;
            let outcome = Outcome::Accepted;
            let commits = self.log.commits();
            let entry = Entry { envelope, outcome, reason: None, events, after: head, commits };
            self.journal.push(entry);
        }
        true
    }

    /// Performs one micro-step at time `now`, in milliseconds since 1970, and says what it was.
    /// `None` where all is quiet, or where a commit waits for the store.
    pub fn step(&mut self, now: u64) -> Option<Did> {
        if let Some(handling) = self.handling.take() {
            return self.advance(handling);
        }
        if let Some((process, position, reactions)) = self.reacting.take() {
            return Some(self.react(process, position, reactions));
        }
        self.deliver()
            .or_else(|| self.perform(now))
            .or_else(|| self.checkpoint())
            .or_else(|| self.receive(now))
    }

    fn receive(&mut self, now: u64) -> Option<Did> {
        let mut handling = self.inbox.pop_front()?;
        handling.envelope.at = now;
        let actor = handling.envelope.actor.clone();
        if let Stage::Ready(drafts) = handling.stage {
            if let Some(events) = self.log.handled(handling.envelope.command_id) {
                handling.stage = Stage::Received;
                return Some(self.repeated(handling, "append".into(), events));
            }
            handling.stage = Stage::Decided { expected: None, drafts };
            return self.advance(handling);
        }
        handling.stage = Stage::Received;
        let (stream, command) = target(&handling.envelope)?;
        self.handling = Some(handling);
        Some(Did::Received { stream, command, actor })
    }

    fn advance(&mut self, mut handling: Handling) -> Option<Did> {
        let (did, stage) = match handling.stage {
            Stage::Waiting | Stage::Ready(_) => return None,
            waiting @ Stage::Appending { .. } => {
                handling.stage = waiting;
                self.handling = Some(handling);
                return None;
            }
            Stage::Received => {
                let (stream, command) = target(&handling.envelope)?;
                if let Some(events) = self.log.handled(handling.envelope.command_id) {
                    return Some(self.repeated(handling, command, events));
                }
                if self.scenario.aggregate_of(stream.category()).is_none() {
                    let why = format!("this scenario has no {}", stream.category());
                    return Some(self.refuse(handling, &Refusal::Malformed(why)));
                }
                let actual = self.log.version(&stream);
                let version = match handling.expected {
                    Some(expected @ Expected::Exact(version)) if version > actual => {
                        return Some(self.conflict(handling, stream, expected, actual));
                    }
                    Some(Expected::Exact(version)) => version,
                    _ => actual,
                };
                (Did::Loaded { stream, events: version }, Stage::Loaded { version })
            }
            Stage::Loaded { version } => {
                let (stream, _) = target(&handling.envelope)?;
                let folded = self.hydrate(&stream, version)?;
                (Did::Folded { stream, version, folded }, Stage::Folded { version })
            }
            Stage::Folded { version } => {
                let (stream, command) = target(&handling.envelope)?;
                let record = handling.envelope.command.as_ref()?;
                match self.handlers.get(&stream)?.decide(record) {
                    Err(refusal) => return Some(self.refuse(handling, &refusal)),
                    Ok(drafts) => {
                        let expected = handling.expected.unwrap_or(Expected::Exact(version));
                        let events = drafts.iter().map(|draft| draft.kind.clone()).collect();
                        let expected = Some((stream, expected));
                        (Did::Decided { command, events }, Stage::Decided { expected, drafts })
                    }
                }
            }
            Stage::Decided { expected, drafts } => {
                let (stream, version) = expected.clone().unzip();
                let envelope = handling.envelope.clone();
                let proposal = Proposal { envelope, expected: expected.clone(), events: drafts };
                match self.log.propose(proposal) {
                    Ok(commit) => {
                        let events = commit.events.len() as u64;
                        let did = Did::Appending { stream, expected: version, events };
                        (did, Stage::Appending { commit, expected })
                    }
                    Err(wrong) => {
                        handling.stage = Stage::Received;
                        let did =
                            self.conflict(handling, wrong.stream, wrong.expected, wrong.actual);
                        return Some(did);
                    }
                }
            }
            Stage::Answered { commit, expected, answer } => {
                handling.stage = Stage::Received;
                return self.answered(handling, commit, expected, answer);
            }
        };
        handling.stage = stage;
        self.handling = Some(handling);
        Some(did)
    }

    fn answered(
        &mut self,
        mut handling: Handling,
        commit: Commit,
        expected: Option<(Stream, Expected)>,
        answer: Answer,
    ) -> Option<Did> {
        Some(match answer {
            Answer::Stored => {
                let (from, to) = (commit.after + 1, commit.head());
                self.learned(commit);
                self.close(handling.reaction_of);
                Did::Appended { from, to }
            }
            // Before the winner's commit is learned, another try would lose as well.
            Answer::Lost if self.log.commits() < commit.number => {
                self.not_stored(handling, "the log was written elsewhere")
            }
            Answer::Lost => {
                // The winner may have been asked the same, as when two tabs tell one story.
                if let Some(events) = self.log.handled(handling.envelope.command_id) {
                    let command = handling.envelope.command.as_ref().map(|it| it.kind.clone());
                    let command = command.unwrap_or_else(|| "append".into());
                    return Some(self.repeated(handling, command, events));
                }
                // Where the streams are as they were, only the places in the log have changed.
                let drafts = commit.events.into_iter().map(Draft::from).collect();
                handling.stage = Stage::Decided { expected, drafts };
                return self.advance(handling);
            }
            Answer::Failed(why) => self.not_stored(handling, &why),
        })
    }

    /// From now on processes fold and leave what is due to whoever runs them.
    pub fn watch(&mut self) {
        self.watching = true;
    }

    /// From now on processes react here, each from its mark on: nobody else does.
    pub fn take_over(&mut self, marks: impl IntoIterator<Item = (Rc<str>, u64)>) {
        self.watching = false;
        for (process, position) in marks {
            if let Some(subscription) = self.find(&process) {
                subscription.mark = position;
            }
        }
        let processes: Vec<(Rc<str>, u16)> = self
            .subscriptions
            .iter()
            .filter(|it| it.kind == Kind::Process)
            .map(|it| (it.name.clone(), it.code))
            .collect();
        let head = self.log.head();
        for (name, code) in processes {
            let Some(mut runner) = self.fresh(&name, code) else { continue };
            let Some(mark) = self.find(&name).map(|it| it.mark.min(head)) else { continue };
            for event in self.log.events(1, mark) {
                runner.apply(event);
            }
            if let Some(subscription) = self.find(&name) {
                subscription.runner = runner;
                subscription.mark = mark;
                subscription.checkpoint = mark;
            }
        }
    }

    /// Processes need not react to these events: they count as answered.
    fn excuse(&mut self, from: u64, to: u64) {
        for subscription in &mut self.subscriptions {
            if subscription.kind == Kind::Process && subscription.mark + 1 == from && !self.watching
            {
                subscription.mark = to;
                self.keeps.push(Keep::Mark(subscription.name.clone(), to));
            } else {
                subscription.excused.push(from..to + 1);
            }
        }
    }

    fn repeated(&mut self, handling: Handling, command: Rc<str>, events: Range<u64>) -> Did {
        let count = events.end - events.start;
        self.enter(handling, Outcome::Repeated, None, events);
        Did::Repeated { command, events: count }
    }

    fn refuse(&mut self, handling: Handling, refusal: &Refusal) -> Did {
        let reason: Rc<str> = refusal.to_string().into();
        let outcome = match refusal {
            Refusal::Rejected(_) => Outcome::Rejected,
            Refusal::Malformed(_) => Outcome::Malformed,
            Refusal::Unreadable(_) => Outcome::Unreadable,
        };
        let command = handling.envelope.command.as_ref().map(|it| it.kind.clone());
        self.enter(handling, outcome, Some(reason.clone()), 1..1);
        Did::Rejected { command: command.unwrap_or_default(), reason }
    }

    /// A person decides what to do about a conflict; a process tries again on the new state.
    fn conflict(
        &mut self,
        mut handling: Handling,
        stream: Stream,
        expected: Expected,
        actual: u64,
    ) -> Did {
        let retry = handling.reaction_of.is_some();
        if retry {
            handling.stage = Stage::Received;
            self.handling = Some(handling);
        } else {
            let reason = format!("{stream} was expected at {expected}, and is at version {actual}");
            let outcome = Outcome::WrongExpectedVersion { expected, actual };
            self.enter(handling, outcome, Some(reason.into()), 1..1);
        }
        Did::Conflicted { stream, expected, actual, retry }
    }

    /// What a process sent and the store could not take is not handled: the mark stays before
    /// it, and a reload sends it again.
    fn not_stored(&mut self, mut handling: Handling, why: &str) -> Did {
        handling.reaction_of = None;
        let reason: Rc<str> = why.into();
        self.enter(handling, Outcome::NotStored, Some(reason.clone()), 1..1);
        Did::Failed { reason }
    }

    fn enter(
        &mut self,
        handling: Handling,
        outcome: Outcome,
        reason: Option<Rc<str>>,
        events: Range<u64>,
    ) {
        let (after, commits) = (self.log.head(), self.log.commits());
        let envelope = Rc::new(handling.envelope);
        let entry = Entry { envelope, outcome, reason, events, after, commits };
        if entry.outcome != Outcome::NotStored {
            self.keeps.push(Keep::Refusal(entry.clone()));
        }
        self.journal.push(entry);
        self.close(handling.reaction_of);
    }

    /// Delivers the next event to whoever is furthest behind.
    fn deliver(&mut self) -> Option<Did> {
        let head = self.log.head();
        let subscription = self
            .subscriptions
            .iter_mut()
            .filter(|subscription| !subscription.paused && subscription.checkpoint < head)
            .min_by_key(|subscription| subscription.checkpoint)?;
        let position = subscription.checkpoint + 1;
        let event = self.log.event(position)?;
        subscription.runner.apply(event);
        subscription.checkpoint = position;
        let to = subscription.name.clone();
        if subscription.kind == Kind::Process && !self.watching {
            let reactions = subscription.runner.react(event);
            let excused = subscription.excused.iter().any(|range| range.contains(&position));
            if position <= subscription.mark || excused {
                subscription.held_back += reactions.len() as u64;
            } else if !reactions.is_empty() && !subscription.open.contains_key(&position) {
                subscription.open.insert(position, reactions.len());
                self.reacting = Some((to.clone(), position, reactions));
            }
            // Nothing is owed to the events so far; a rebuild has nothing to do for them.
            if subscription.open.is_empty() {
                subscription.mark = subscription.mark.max(position);
                subscription.excused.retain(|range| range.end > position);
            }
        }
        Some(Did::Delivered { to, position })
    }

    fn react(&mut self, process: Rc<str>, position: u64, reactions: Vec<Reaction>) -> Did {
        let mut asks = Vec::new();
        for reaction in reactions {
            match &reaction {
                Reaction::Command { kind, .. } => {
                    asks.push(kind.clone());
                    self.send(&process, position, reaction);
                }
                Reaction::Effect { kind, .. } => {
                    asks.push(kind.clone());
                    self.effects.push_back((process.clone(), position, reaction));
                }
            }
        }
        Did::Reacted { process, position, asks }
    }

    fn send(&mut self, process: &Rc<str>, position: u64, reaction: Reaction) {
        let id = reaction.id(process);
        let Reaction::Command { stream, kind, data, .. } = reaction else { return };
        let Some(event) = self.log.event(position) else { return };
        let mut envelope = Envelope::first(id, process.clone(), 0);
        envelope.causation_id = event.id();
        envelope.correlation_id = event.correlation_id();
        envelope.command = Some(CommandRecord { stream, kind, data });
        self.inbox.push_back(Handling {
            envelope,
            expected: None,
            reaction_of: Some((process.clone(), position)),
            stage: Stage::Waiting,
        });
    }

    fn perform(&mut self, now: u64) -> Option<Did> {
        let (process, position, reaction) = self.effects.pop_front()?;
        let id = reaction.id(&process);
        let Reaction::Effect { instance, kind, data, .. } = reaction else { return None };
        let first = self.performed.insert(id);
        let status = if first { Status::Performed } else { Status::Suppressed };
        let at = now.max(self.log.event(position).map_or(0, Recorded::at));
        let effect =
            Effect { id, process: process.clone(), instance, kind, data, position, at, status };
        let name = effect.kind.clone();
        if first {
            self.keeps.push(Keep::Effect(effect.clone()));
        }
        self.outbox.push(effect);
        self.close(Some((process.clone(), position)));
        Some(if first {
            Did::Performed { effect: name, process, position }
        } else {
            Did::Suppressed { process, position }
        })
    }

    /// One reaction less to wait for.
    fn close(&mut self, reaction_of: Option<(Rc<str>, u64)>) {
        let Some((process, position)) = reaction_of else { return };
        let Some(subscription) = self.find(&process) else { return };
        if let Some(left) = subscription.open.get_mut(&position) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                subscription.open.remove(&position);
                self.settled.insert(process);
            }
        }
    }

    fn checkpoint(&mut self) -> Option<Did> {
        let process = self.settled.pop_first()?;
        let subscription = self.find(&process)?;
        let open = subscription.open.first_key_value().map(|(position, _)| position - 1);
        let position = open.unwrap_or(subscription.checkpoint).max(subscription.mark);
        subscription.mark = position;
        self.keeps.push(Keep::Mark(process.clone(), position));
        Some(Did::Checkpointed { process, position })
    }

    fn find(&mut self, name: &str) -> Option<&mut Subscription> {
        self.subscriptions.iter_mut().find(|subscription| &*subscription.name == name)
    }

    /// Starts a projection or process of the scenario that does not run: it begins at zero and
    /// fills itself from the past. A process that comes late reacts to nothing of that past.
    /// False where there is none of that name, or where it runs already.
    pub fn subscribe(&mut self, name: &str) -> bool {
        if self.find(name).is_some() {
            return false;
        }
        let process = self.scenario.processes.iter().find(|process| &*process.name() == name);
        let projection = self.scenario.projections.iter().find(|it| &*it.name() == name);
        let subscription = match (process, projection) {
            (Some(it), _) => Subscription {
                mark: self.log.head(),
                ..Subscription::new(it.name(), Kind::Process, it.code(), it.manager())
            },
            (None, Some(it)) => {
                Subscription::new(it.name(), Kind::Projection, it.code(), it.runner())
            }
            (None, None) => return false,
        };
        let rank = self.rank(&subscription);
        let slot = self.subscriptions.partition_point(|other| self.rank(other) < rank);
        self.subscriptions.insert(slot, subscription);
        true
    }

    /// Its place among all: projections first, in the scenario's order.
    fn rank(&self, subscription: &Subscription) -> (Kind, usize) {
        let is = |name: Rc<str>| name == subscription.name;
        let place = match subscription.kind {
            Kind::Projection => self.scenario.projections.iter().position(|it| is(it.name())),
            Kind::Process => self.scenario.processes.iter().position(|it| is(it.name())),
        };
        (subscription.kind, place.unwrap_or(usize::MAX))
    }

    /// Ends a projection. What it knew is gone, and can be had again from the log.
    pub fn unsubscribe(&mut self, name: &str) -> bool {
        let before = self.subscriptions.len();
        self.subscriptions.retain(|it| &*it.name != name || it.kind == Kind::Process);
        self.subscriptions.len() < before
    }

    /// Pauses or resumes a subscription.
    pub fn pause(&mut self, name: &str, paused: bool) -> bool {
        let Some(subscription) = self.find(name) else { return false };
        subscription.paused = paused;
        true
    }

    /// Forgets what a subscription knows and folds it again from zero, in the version `code` of
    /// its code. A process reacts to nothing that it has reacted to before.
    pub fn rebuild(&mut self, name: &str, code: u16) -> bool {
        let Some(runner) = self.fresh(name, code) else { return false };
        let Some(subscription) = self.find(name) else { return false };
        subscription.runner = runner;
        subscription.code = code;
        subscription.checkpoint = 0;
        subscription.held_back = 0;
        true
    }

    /// The versions of a projection's or process's code.
    pub fn codes(&self, name: &str) -> Vec<u16> {
        let projections = self.scenario.projections.iter().map(|it| (it.name(), it.code()));
        let processes = self.scenario.processes.iter().map(|it| (it.name(), it.code()));
        projections.chain(processes).filter(|(it, _)| &**it == name).map(|(_, code)| code).collect()
    }

    fn fresh(&self, name: &str, code: u16) -> Option<Box<dyn crate::es::AnyRunner>> {
        let processes = &self.scenario.processes;
        let process = processes.iter().find(|it| &*it.name() == name && it.code() == code);
        let projections = &self.scenario.projections;
        let projection = projections.iter().find(|it| &*it.name() == name && it.code() == code);
        process.map(|it| it.manager()).or_else(|| projection.map(|it| it.runner()))
    }

    /// What a process's current code would have asked for, had it run from the beginning, and
    /// nobody has handled. Sends nothing.
    pub fn missing(&self, process: &str) -> Vec<(u64, Reaction)> {
        let Some(it) = self.subscriptions.iter().find(|it| &*it.name == process) else {
            return Vec::new();
        };
        let Some(mut runner) = self.fresh(process, it.code) else { return Vec::new() };
        let mut seen = BTreeSet::new();
        let mut missing = Vec::new();
        for event in self.log.events(1, it.mark.min(self.log.head())) {
            runner.apply(event);
            for reaction in runner.react(event) {
                let id = reaction.id(process);
                let known = self.log.handled(id).is_some() || self.performed.contains(&id);
                if !known && seen.insert(id) {
                    missing.push((event.position(), reaction));
                }
            }
        }
        missing
    }

    /// Really sends what is missing. Returns how much that is.
    pub fn send_missing(&mut self, process: &str) -> usize {
        let missing = self.missing(process);
        let name: Rc<str> = process.into();
        let count = missing.len();
        for (position, reaction) in missing {
            match reaction {
                Reaction::Command { .. } => self.send(&name, position, reaction),
                Reaction::Effect { .. } => {
                    self.effects.push_back((name.clone(), position, reaction));
                }
            }
        }
        count
    }

    /// Brings a stream's handler to `version`; returns how many events that folded.
    fn hydrate(&mut self, stream: &Stream, version: u64) -> Option<u64> {
        if !self.handlers.contains_key(stream) {
            let handler = self.scenario.aggregate_of(stream.category())?.handler();
            self.handlers.insert(stream.clone(), handler);
        }
        Some(self.handlers.get_mut(stream)?.load(stream, version, &self.log))
    }
}

/// Whom a command is for, and its type.
fn target(envelope: &Envelope) -> Option<(Stream, Rc<str>)> {
    let command = envelope.command.as_ref()?;
    Some((command.stream.clone(), command.kind.clone()))
}

impl fmt::Display for Did {
    /// What happens, in plain words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
            Self::Loaded { stream, events } => {
                write!(f, "Loads {stream}: {}", plural(*events, "event"))
            }
            Self::Folded { version, folded, .. } if folded < version => {
                write!(
                    f,
                    "Folds {folded} of {}, the state before being at hand",
                    plural(*version, "event")
                )
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
            Self::Appending { stream: Some(stream), expected: Some(expected), events } => write!(
                f,
                "Asks the store to append {} to {stream}, expecting {expected}",
                plural(*events, "event")
            ),
            Self::Appending { events, .. } => {
                write!(f, "Asks the store to append {}", plural(*events, "event"))
            }
            Self::Appended { from, to } if from > to => f.write_str("Stored, without an event"),
            Self::Appended { from, to } if from == to => write!(f, "Stored at position {from}"),
            Self::Appended { from, to } => write!(f, "Stored at positions {from} to {to}"),
            Self::Conflicted { stream, expected, actual, retry } => {
                let then = if *retry { "; decides again" } else { "" };
                write!(f, "{stream} was expected at {expected} and is at version {actual}{then}")
            }
            Self::Failed { reason } => write!(f, "Not stored: {reason}"),
            Self::Delivered { to, position } => write!(f, "{to} takes in event {position}"),
            Self::Reacted { process, asks, .. } => {
                write!(f, "{process} asks for {}", asks.join(", "))
            }
            Self::Checkpointed { process, position } => {
                write!(f, "{process} notes that it has reacted up to {position}")
            }
            Self::Performed { effect, .. } => write!(f, "Performs the side effect: {effect}"),
            Self::Suppressed { process, .. } => write!(f, "Holds back what {process} did before"),
        }
    }
}

fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
