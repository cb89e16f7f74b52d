//! Commands: received, loaded, folded, decided, appended, and what else may become of them.

use std::ops::Range;
use std::rc::Rc;

use uuid::Uuid;

use super::{Answer, Did, Keep, Stage, World};
use crate::journal::{Entry, Outcome};
use crate::snapshots::{Load, Loading};
use crate::subscription::{Fault, Kind};
use es::{Choice, Commit, Draft, Envelope, Expected, Follows, Origin, Proposal, Refusal, Stream};

/// A command that is being handled.
pub(super) struct Handling {
    pub(super) envelope: Envelope,
    pub(super) expected: Option<Expected>,
    /// The version whose state it is decided on, where that is not the expected or latest one.
    pub(super) seen: Option<u64>,
    /// The version whose state it was decided on.
    pub(super) decided: Option<u64>,
    /// True where a conflict is no reason to give up.
    pub(super) retry: bool,
    /// The process and position whose reaction it is.
    pub(super) reaction_of: Option<(Rc<str>, u64)>,
    pub(super) stage: Stage,
}

impl World {
    pub(super) fn receive(&mut self, now: u64) -> Option<Did> {
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

    #[expect(clippy::too_many_lines, reason = "one stage after the other, as they happen")]
    pub(super) fn advance(&mut self, mut handling: Handling) -> Option<Did> {
        let stage = std::mem::replace(&mut handling.stage, Stage::Waiting);
        let (did, stage) = match stage {
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
                let aggregate = self.scenario.aggregate_of(stream.category()).cloned();
                let Some(aggregate) = aggregate else {
                    let why = format!("this scenario has no {}", stream.category());
                    return Some(self.refuse(handling, &Refusal::Malformed(why)));
                };
                let actual = self.log.version(&stream);
                let version = match (handling.expected, handling.seen) {
                    (Some(expected @ Expected::Exact(version)), _) if version > actual => {
                        return Some(self.conflict(handling, stream, expected, actual));
                    }
                    (Some(Expected::Exact(version)), None) => version,
                    (_, Some(seen)) => seen.min(actual),
                    _ => actual,
                };
                let (start, ignored) = match self.snapshots.find(&*aggregate, &stream, version) {
                    Ok(start) => (start, None),
                    Err(why) => (None, Some(why)),
                };
                let snapshot = start.as_ref().map(|(_, at)| *at);
                let did =
                    Did::Loaded { stream, events: version, snapshot, ignored: ignored.clone() };
                (did, Stage::Loaded { version, start, ignored })
            }
            Stage::Loaded { version, start, ignored } => {
                let (stream, _) = target(&handling.envelope)?;
                let snapshot = start.as_ref().map(|(_, at)| *at);
                let (folded, instance) = if self.snapshots.loading == Loading::Memory {
                    (self.hydrate(&stream, version)?, None)
                } else {
                    let aggregate = self.scenario.aggregate_of(stream.category())?;
                    let start = start.unwrap_or_else(|| (aggregate.instance(), 0));
                    let folded = version - start.1;
                    let log = &self.log;
                    let instance = self.snapshots.fold(&**aggregate, &stream, start, version, log);
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
                (Did::Folded { stream, version, folded }, Stage::Folded { version, instance })
            }
            Stage::Folded { version, instance } => {
                let (stream, command) = target(&handling.envelope)?;
                let record = handling.envelope.command.as_ref()?;
                let decided = match &instance {
                    Some(instance) => instance.decide(record),
                    None => self.handlers.get(&stream)?.decide(record),
                };
                match decided {
                    Err(refusal) => return Some(self.refuse(handling, &refusal)),
                    Ok(drafts) => {
                        let expected = handling.expected.unwrap_or(Expected::Exact(version));
                        handling.decided = Some(version);
                        let events = drafts.iter().map(|draft| draft.kind.clone()).collect();
                        let expected = Some((stream, expected));
                        (Did::Decided { command, events }, Stage::Decided { expected, drafts })
                    }
                }
            }
            Stage::Decided { expected, drafts } => {
                let (stream, version) = expected.clone().unzip();
                if let (Some((stream, expected)), Some(decided)) = (&expected, handling.decided) {
                    let actual = self.log.version(stream);
                    if decided < actual && expected.holds(actual) {
                        // No aggregate has agreed to this, as things are now.
                        handling.envelope.origin = Origin::Forced;
                    }
                }
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
                // Where others came before it, it was learned after them, at its own place.
                let known = self.log.handled(commit.envelope.command_id);
                let events = known.unwrap_or(commit.after + 1..commit.head() + 1);
                let (from, to) = (events.start, events.end - 1);
                let envelope = commit.envelope.clone();
                self.learned(commit);
                if handling.reaction_of.is_none() {
                    let (after, commits) = (self.log.head(), self.log.commits());
                    let outcome = Outcome::Accepted;
                    let entry = Entry { envelope, outcome, reason: None, events, after, commits };
                    self.outcomes.push(entry);
                }
                self.close(handling.reaction_of, handling.envelope.command_id);
                let told = self.subscriptions.iter().filter(|it| it.synchronous && from <= to);
                let told = told.map(|it| it.name.clone()).collect();
                Did::Appended { from, to, told }
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

    /// Processes need not react to these events. Where they have answered all before, that is kept
    /// once: each event says so by itself, and an archive has many.
    pub(super) fn excuse(&mut self, from: u64, to: u64) {
        for subscription in &mut self.subscriptions {
            let answered = subscription.mark + 1 == from && !self.watching;
            if subscription.kind == Kind::Process && answered {
                subscription.mark = to;
                let name = &subscription.name;
                self.keeps.retain(|it| !matches!(it, Keep::Mark(process, _) if process == name));
                self.keeps.push(Keep::Mark(name.clone(), to));
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

    /// A person decides what to do about a conflict, unless told to try again at once. A process
    /// always tries again, on the new state.
    fn conflict(
        &mut self,
        mut handling: Handling,
        stream: Stream,
        expected: Expected,
        actual: u64,
    ) -> Did {
        let retry = handling.retries();
        if handling.reaction_of.is_none() {
            let reason = format!("{stream} was expected at {expected}, and is at version {actual}");
            let outcome = Outcome::WrongExpectedVersion { expected, actual };
            let entry =
                self.enter_as(handling.envelope.clone(), outcome, Some(reason.into()), 1..1);
            if !retry {
                self.outcomes.push(entry);
            }
        }
        if retry {
            handling.stage = Stage::Received;
            if handling.retry {
                let command = handling.envelope.command_id;
                handling.envelope.follows = Some(Follows { command, choice: Choice::Retry });
                (handling.expected, handling.seen) = (None, None);
            }
            self.handling = Some(handling);
        }
        Did::Conflicted { stream, expected, actual, retry }
    }

    /// What a process sent and the store could not take is not handled: the mark stays before
    /// it, and a reload sends it again.
    fn not_stored(&mut self, handling: Handling, why: &str) -> Did {
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
        let id = handling.envelope.command_id;
        let answered = outcome != Outcome::NotStored;
        let entry = self.enter_as(handling.envelope, outcome, reason, events);
        if handling.reaction_of.is_none() {
            self.outcomes.push(entry);
        }
        if answered {
            self.close(handling.reaction_of, id);
        }
    }

    fn enter_as(
        &mut self,
        envelope: Envelope,
        outcome: Outcome,
        reason: Option<Rc<str>>,
        events: Range<u64>,
    ) -> Entry {
        let (after, commits) = (self.log.head(), self.log.commits());
        let entry = Entry { envelope: Rc::new(envelope), outcome, reason, events, after, commits };
        if entry.outcome != Outcome::NotStored {
            self.keeps.push(Keep::Refusal(entry.clone()));
        }
        self.journal.push(entry.clone());
        entry
    }

    /// One reaction less to wait for; where nobody says whose it is, whoever waits for it.
    pub(super) fn close(&mut self, reaction_of: Option<(Rc<str>, u64)>, id: Uuid) {
        let waiting = match reaction_of {
            Some(it) => vec![it],
            // Mostly nobody waits for anything, and this is asked of every commit.
            None if self.subscriptions.iter().all(|it| it.open.is_empty()) => return,
            None => self.waiting_for(id),
        };
        for (process, position) in waiting {
            let Some(subscription) = self.find(&process) else { continue };
            let Some(open) = subscription.open.get_mut(&position) else { continue };
            open.remove(&id);
            let settled = open.is_empty();
            if settled {
                subscription.open.remove(&position);
            }
            if subscription.crash_at == Some(position) {
                self.crashing = Some((process, position, Fault::CrashAfterEffect));
            } else if settled {
                self.settled.insert(process);
            }
        }
    }

    fn waiting_for(&self, id: Uuid) -> Vec<(Rc<str>, u64)> {
        let open = self.subscriptions.iter().flat_map(|it| {
            let events = it.open.iter().filter(|(_, ids)| ids.contains(&id));
            events.map(|(position, _)| (it.name.clone(), *position))
        });
        open.collect()
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

impl Handling {
    /// What is decided on whatever state there is.
    pub(super) fn new(envelope: Envelope, stage: Stage) -> Self {
        Self {
            envelope,
            expected: None,
            seen: None,
            decided: None,
            retry: false,
            reaction_of: None,
            stage,
        }
    }

    fn retries(&self) -> bool {
        self.retry || self.reaction_of.is_some()
    }
}

/// Whom a command is for, and its type.
fn target(envelope: &Envelope) -> Option<(Stream, Rc<str>)> {
    let command = envelope.command.as_ref()?;
    Some((command.stream.clone(), command.kind.clone()))
}
