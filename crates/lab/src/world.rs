//! The machine: it handles commands, records events and delivers them to subscribers, one
//! micro-step at a time.
//!
//! It is sans-I/O. [`World::step`] performs one micro-step and returns it. When a commit has to be
//! stored, the world waits for [`World::answer`]. Side records to store are collected with
//! [`World::take_side_records`]. Nothing is shown as a fact before the store has it. The same
//! commands, ids and times give the same run, byte for byte.

mod port;
mod micro_step;
mod handling;
mod handle;
mod deliver;
mod control;
mod replicas;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::rc::Rc;

use serde_json::Value;
use uuid::Uuid;

pub use self::control::Missing;
use self::handling::{
    Appending, CommandInProgress, CommandStage, InboxItem, PendingCrash, Reacting, RequestedEffect,
};
pub use self::micro_step::MicroStep;
pub use self::port::{BulkAppend, LogClock, SideRecord, StoreAnswer, Submission};
use super::journal::{JournalEntry, Outcome};
use super::outbox::{Effect, EffectStatus};
use super::snapshots::{Loading, Meter, StateSnapshot, StateSnapshots};
use super::subscription::{SetUp, Subscription, SubscriptionKind, is_replica};
use es::{
    Choice, Commit, EventLog, Expected, Follows, Hydrated, IdSet, Map, Scenario, Set, Stream,
    Subscriber, Timeline, sort,
};

/// A running system.
pub struct World {
    scenario: Rc<Scenario>,
    log: EventLog,
    handlers: Map<Stream, Timeline<Hydrated>>,
    inbox: VecDeque<InboxItem>,
    /// The command that is being handled. None while its commit is with the store.
    handling: Option<(CommandInProgress, CommandStage)>,
    /// The commit that the store was asked to append.
    appending: Option<Appending>,
    subscriptions: Vec<Subscription>,
    /// The reactions that the last delivery has caused.
    reacting: Option<Reacting>,
    /// The subscriber that crashes next.
    crashing: Option<PendingCrash>,
    /// The side effects that are still to be performed, oldest first.
    effects: VecDeque<RequestedEffect>,
    /// The time of the deadline whose command is being handled, in milliseconds since 1970. What
    /// follows from it happens at that time, until all is quiet.
    time_of_deadline: Option<u64>,
    /// The command id of a process → the log's end when the command was handled without an event of
    /// its own: it was refused, or repeated.
    refused: Map<Uuid, u64>,
    clock: LogClock,
    /// Correlation id → how many commands processes have sent under it since all was quiet.
    answers: Map<Uuid, u64>,
    /// The processes with an event whose reactions are all handled: their marks may move.
    settled: Set<Rc<str>>,
    journal: Vec<JournalEntry>,
    /// The ids of the commands in the journal that were handled and not accepted. Those that were
    /// accepted, the log knows.
    unaccepted: Set<Uuid>,
    outbox: Vec<Effect>,
    /// Effect id → how many times the effect was performed.
    performed: Map<Uuid, u64>,
    snapshots: StateSnapshots,
    /// True where processes only fold, because another tab runs them.
    watching: bool,
    /// A number greater than the revision of any subscription that was ended.
    ended: u64,
    side_records: Vec<SideRecord>,
    outcomes: Vec<JournalEntry>,
}

impl World {
    /// A world with an empty log. Every projection and process of the scenario runs in it.
    pub fn new(scenario: &Rc<Scenario>) -> Self {
        let mut world = Self {
            scenario: scenario.clone(),
            log: EventLog::default(),
            handlers: Map::new(),
            inbox: VecDeque::new(),
            handling: None,
            appending: None,
            subscriptions: Vec::new(),
            reacting: None,
            crashing: None,
            effects: VecDeque::new(),
            time_of_deadline: None,
            refused: Map::new(),
            clock: LogClock::default(),
            answers: Map::new(),
            settled: Set::new(),
            journal: Vec::new(),
            unaccepted: Set::default(),
            outbox: Vec::new(),
            performed: Map::new(),
            snapshots: StateSnapshots::default(),
            watching: false,
            ended: 0,
            side_records: Vec::new(),
            outcomes: Vec::new(),
        };
        for projection in &scenario.projections {
            world.subscribe(&projection.name());
        }
        for it in &scenario.processes {
            // Where a process has several versions of its code, the first one runs.
            if world.find(&it.name()).is_none() {
                let (name, code) = (it.name(), it.code());
                let process =
                    Subscription::new(name, SubscriptionKind::Process, code, it.manager());
                // A log says from its beginning that a process sets deadlines in it.
                let waits = it.waits();
                world.subscriptions.push(Subscription { waits, unsaved: waits, ..process });
            }
        }
        world
    }

    /// Ends the learning of a stored log, and takes in its side records. Subscriptions have folded
    /// nothing yet: [`refill`](Self::refill) comes next.
    pub fn finish_learning(&mut self, side_records: impl IntoIterator<Item = SideRecord>) {
        // These follow from the commits alone, so they need not be stored again.
        self.side_records.clear();
        self.subscriptions.iter_mut().for_each(|it| it.unsaved = false);
        let skipped: Vec<_> =
            self.subscriptions.iter().map(|it| (it.name.clone(), it.mark)).collect();
        let mut set_up = Set::new();
        for side_record in side_records {
            if let SideRecord::SetUp(name, _) = &side_record {
                set_up.insert(name.clone());
            }
            self.take_in_side_record(side_record);
        }
        // Where a log says nothing of a process that sets deadlines, the process is newer than the
        // log: what happened before sets none, or all of it would be overdue at once.
        let head = self.log.head();
        for it in &mut self.subscriptions {
            if it.waits && !set_up.contains(&it.name) {
                (it.deadlines_after, it.unsaved) = (head, true);
            }
        }
        for (name, skipped) in skipped {
            // Events that say for themselves that nobody reacts to them may reach further.
            if let Some(it) = self.find(&name) {
                it.mark = it.mark.max(skipped);
            }
        }
        sort(&mut self.outbox, |a, b| (a.position, a.id).cmp(&(b.position, b.id)));
        sort(&mut self.journal, |a, b| a.commits.cmp(&b.commits));
    }

    /// Folds a stored log: projections up to the head, processes up to their marks, and whatever is
    /// paused or delayed up to where it was. One call folds at most `events` events. True once nothing is left to fold. Until then,
    /// [`step`](Self::step) must not be called.
    pub fn refill(&mut self, mut events: u64) -> bool {
        let head = self.log.head();
        for it in self.subscriptions.iter_mut().filter(|it| it.stopped().is_none()) {
            let to = match it.kind {
                _ if it.is_held() => it.fold_to,
                SubscriptionKind::Projection => head,
                SubscriptionKind::Process => it.mark,
            };
            let up_to = to.min(it.checkpoint.saturating_add(events));
            if up_to > it.checkpoint {
                events -= up_to - it.checkpoint;
                it.take_in(up_to, &self.log);
                it.revision += 1;
            }
            if up_to < to {
                return false;
            }
        }
        self.check_deadlines();
        true
    }

    /// The name and code of a projection that has folded nothing yet, although the log has events.
    pub(super) fn unfilled(&self) -> Option<(Rc<str>, u16)> {
        let unfilled = |it: &&Subscription| {
            let empty = it.checkpoint == 0 && it.stopped().is_none();
            it.kind == SubscriptionKind::Projection && empty && !it.is_held() && it.takes_all()
        };
        let it = self.subscriptions.iter().find(unfilled).filter(|_| self.log.head() > 0)?;
        Some((it.name.clone(), it.code))
    }

    /// Gives a projection an instance that has folded the whole log.
    pub(super) fn fill(&mut self, name: &str, folded: Subscriber) {
        let head = self.log.head();
        if let Some(it) = self.find(name) {
            it.subscriber = folded;
            it.go_on_from(head);
            it.revision += 1;
        }
    }

    /// From now on, processes only fold, and another tab runs them. What they have asked for and
    /// nobody has begun is left to that tab.
    pub fn watch(&mut self) {
        self.watching = true;
        for it in self.subscriptions.iter_mut().filter(|it| it.kind == SubscriptionKind::Process) {
            it.only_fold();
            it.deadlines.recall();
        }
        self.reacting = None;
        self.effects.clear();
        self.inbox.retain(|it| it.sent_by().is_none());
    }

    /// From now on, processes react here. Each goes on from its mark, as `set_ups` say that the
    /// other tab has left it. They hold name → set-up.
    pub fn take_over(&mut self, set_ups: impl IntoIterator<Item = (Rc<str>, SetUp)>) {
        self.watching = false;
        for (name, set_up) in set_ups {
            let it = self.subscription(&name);
            if it.is_some_and(|it| it.kind == SubscriptionKind::Process) {
                self.adopt(&name, &set_up);
            }
        }
        let processes = self.subscriptions.iter().filter(|it| it.kind == SubscriptionKind::Process);
        let processes: Vec<_> =
            processes.map(|it| (it.name.clone(), it.code, it.mark.min(it.checkpoint))).collect();
        for (name, code, mark) in processes {
            // The process runs in this version of its code, so there is one.
            let _: Option<()> = self.restart(&name, code, mark);
        }
        self.check_deadlines();
    }

    /// Takes in a side record that was stored.
    pub fn take_in_side_record(&mut self, side_record: SideRecord) {
        let Some(side_record) = side_record.fitting(self.log.head()) else { return };
        match side_record {
            SideRecord::SetUp(name, set_up) => self.adopt(&name, &set_up),
            SideRecord::Effect(effect) => {
                let times = self.performed.entry(effect.id).or_default();
                // The record of an effect that another tab performed may come twice.
                if effect.repeat >= *times {
                    *times = effect.repeat + 1;
                    self.outbox.push(effect);
                }
            }
            SideRecord::Refusal(mut entry) => {
                // Which events a command has is in the log. The record is not asked.
                let known = self.log.handled(entry.envelope.command_id);
                entry.events = known.filter(|_| entry.outcome == Outcome::Repeated).unwrap_or(1..1);
                self.note_refused(&entry);
                self.settle_deadline(entry.envelope.command_id, entry.after);
                self.journal.push(entry);
            }
            SideRecord::Clock(clock) => self.clock = self.clock.join(clock),
        }
    }

    /// Notes that a command was not accepted. Where a process sent it that waits, the deadline is over.
    fn note_refused(&mut self, entry: &JournalEntry) {
        self.unaccepted.insert(entry.envelope.command_id);
        let waits = |it: &Subscription| it.waits && it.name == entry.envelope.actor;
        if self.subscriptions.iter().any(waits) {
            self.refused.insert(entry.envelope.command_id, entry.after);
        }
    }

    /// How far somebody has moved the log's clock.
    pub fn clock(&self) -> LogClock {
        self.clock
    }

    /// Moves the log's clock. It never goes back.
    pub fn set_clock(&mut self, clock: LogClock) {
        self.clock = self.clock.join(clock);
        self.side_records.push(SideRecord::Clock(self.clock));
    }

    /// Has a process send a command now that it would send later. False where it does not wait for
    /// that.
    pub fn hurry(&mut self, id: Uuid) -> bool {
        !self.watching && self.subscriptions.iter_mut().any(|it| it.deadlines.hurry(id))
    }

    /// Learns that a command of a process was not accepted in the tab that ran the processes. It
    /// counts as handled then.
    pub fn learn_refusal(&mut self, entry: JournalEntry) {
        let process = self.scenario.processes.iter().any(|it| it.name() == entry.envelope.actor);
        if process && !self.has_handled(entry.envelope.command_id) {
            self.take_in_side_record(SideRecord::Refusal(entry));
            sort(&mut self.journal, |a, b| a.commits.cmp(&b.commits));
        }
    }

    /// Takes a stored set-up over. A replica is brought up by it, or dropped. Where nothing of that
    /// name runs otherwise, there is nothing to set up. A version of the code that is gone leaves
    /// the one that runs.
    fn adopt(&mut self, name: &str, set_up: &SetUp) {
        if set_up.dropped {
            self.end(name);
            return;
        }
        if is_replica(name) && self.subscription(name).is_none() {
            self.add_replica(name, set_up.code.unwrap_or(1));
            // It is stored already.
            self.find(name).into_iter().for_each(|it| it.unsaved = false);
        }
        let (head, runner) = (self.log.head(), set_up.code.and_then(|code| self.fresh(name, code)));
        if let Some(it) = self.find(name) {
            it.adopt(set_up, runner, head);
        }
    }

    /// The side records for a copy of the log up to `position`: the set-ups of all subscriptions,
    /// the side effects that were performed by then, and the commands that were not accepted by then.
    pub fn side_records_up_to(&self, position: u64) -> Vec<SideRecord> {
        let answered = self.answered_by(position, []);
        let set_ups = self.subscriptions.iter().map(|it| {
            let set_up = it.set_up();
            let (mark, checkpoint) = (set_up.mark.min(answered), set_up.checkpoint.min(position));
            SideRecord::SetUp(it.name.clone(), SetUp { mark, checkpoint, ..set_up })
        });
        let performed =
            |it: &&Effect| it.status == EffectStatus::Performed && it.position <= position;
        let effects = self.outbox.iter().filter(performed).cloned().map(SideRecord::Effect);
        let refused = |it: &&JournalEntry| {
            // Repetitions are left out: where a process repeats a command, it is journalled anew.
            let other =
                matches!(it.outcome, Outcome::Accepted | Outcome::Repeated | Outcome::NotStored);
            !other && !it.is_after(position)
        };
        let refusals = self.journal.iter().filter(refused).cloned().map(SideRecord::Refusal);
        // A copy of the past has the time of then.
        let moved = position == self.log.head() && self.clock != LogClock::default();
        let clock = moved.then_some(SideRecord::Clock(self.clock));
        set_ups.chain(effects).chain(refusals).chain(clock).collect()
    }

    /// The greatest position such that all reactions to events up to it were handled by `position`.
    /// `elsewhere` are outcomes that this world does not know.
    pub fn answered_by<'a>(
        &'a self,
        position: u64,
        elsewhere: impl IntoIterator<Item = &'a JournalEntry>,
    ) -> u64 {
        let later = self.journal.iter().chain(elsewhere).filter(|it| it.is_after(position));
        let causes: IdSet = later.map(|it| it.envelope.causation_id).collect();
        if causes.is_empty() {
            return position;
        }
        let mut past = self.log.events(1, position);
        let open = past.find(|it| causes.contains(&it.id()));
        open.map_or(position, |it| it.position() - 1)
    }

    /// The scenario that runs.
    pub fn scenario(&self) -> &Rc<Scenario> {
        &self.scenario
    }

    /// The log, as far as it is stored.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// The log, without the world around it.
    pub fn into_log(self) -> EventLog {
        self.log
    }

    /// The commands and their outcomes, oldest first.
    pub fn journal(&self) -> &[JournalEntry] {
        &self.journal
    }

    /// True where a command was handled, whatever came of it.
    pub fn has_handled(&self, command: Uuid) -> bool {
        self.log.handled(command).is_some() || self.unaccepted.contains(&command)
    }

    /// The side effects that processes have asked for, oldest first.
    pub fn outbox(&self) -> &[Effect] {
        &self.outbox
    }

    /// The subscriptions: projections first, then processes.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    /// Queues a command.
    pub fn submit(&mut self, submission: Submission) {
        self.inbox.push_back(InboxItem::Command(submission.into()));
    }

    /// Forgets the outcomes of all commands, and what is to be stored beside the commits. Nobody looks
    /// at those of a world that runs for itself alone.
    pub fn forget_journal(&mut self) {
        self.journal.clear();
        self.unaccepted.clear();
        self.side_records.clear();
        self.outcomes.clear();
    }

    /// The submission that sends a command of the journal once more. `id` is its new id; only
    /// [`Choice::Same`] keeps the old one. None where the journal has no such command.
    ///
    /// [`Choice::Reload`] and [`Choice::Retry`] decide on the latest state. [`Choice::Force`]
    /// decides on the state that was expected when the command met its conflict, and appends
    /// whatever has happened since.
    pub fn resubmission(&self, command: Uuid, choice: Choice, id: Uuid) -> Option<Submission> {
        // What only used the command's id is another command.
        let own = |entry: &&JournalEntry| {
            entry.envelope.command_id == command && entry.outcome != Outcome::CommandIdReused
        };
        let mut entries = self.journal.iter().rev().filter(own);
        let entry = entries.next()?;
        // Whoever guards a category goes on guarding it, from what is known now.
        let category = matches!(
            entry.outcome,
            Outcome::WrongExpectedVersion { expected: Expected::Category(_), .. }
        );
        let seen = std::iter::once(entry).chain(entries).find_map(|entry| match entry.outcome {
            Outcome::WrongExpectedVersion { expected: Expected::Exact(version), .. } => {
                Some(version)
            }
            _ => None,
        });
        let id = if choice == Choice::Same { command } else { id };
        let mut submission =
            Submission::new(id, entry.envelope.actor.clone(), entry.envelope.command.clone()?);
        submission.follows = Some(Follows { command, choice });
        submission.expected = category.then(|| Expected::Category(self.log.head()));
        match choice {
            Choice::Force => (submission.expected, submission.seen) = (Some(Expected::Any), seen),
            Choice::Retry => submission.retry = true,
            Choice::Reload | Choice::Same | Choice::Anew => {}
        }
        Some(submission)
    }

    /// How commands' streams are loaded.
    pub fn loading(&self) -> Loading {
        self.snapshots.loading
    }

    /// Changes how commands' streams are loaded, and starts the meter anew. Snapshots that are not
    /// used any more are kept. They are gone with the page, because they only save time.
    pub fn load_by(&mut self, loading: Loading) {
        self.snapshots.loading = loading;
        self.snapshots.meter = Meter::default();
    }

    /// The cost of loading since [`load_by`](Self::load_by) was last called.
    pub fn meter(&self) -> &Meter {
        &self.snapshots.meter
    }

    /// The latest snapshot of each stream that has one.
    pub fn snapshots(&self) -> impl Iterator<Item = (&Stream, &StateSnapshot)> {
        self.snapshots.taken.iter()
    }

    /// Damages a stream's snapshot, as a bad disk would. False where the stream has none.
    pub fn damage_snapshot(&mut self, stream: &Stream) -> bool {
        self.snapshots.damage(stream)
    }

    /// Makes a stream's snapshot one of an older schema. False where the stream has none.
    pub fn outdate_snapshot(&mut self, stream: &Stream) -> bool {
        self.snapshots.outdate(stream)
    }

    /// Queues events to append past their aggregates.
    pub fn submit_bulk(&mut self, bulk: BulkAppend) {
        self.inbox.push_back(bulk.into());
    }

    /// The commit that waits for the store's answer.
    pub fn pending(&self) -> Option<&Commit> {
        let waiting = self.appending.as_ref().filter(|it| it.answer.is_none())?;
        Some(&waiting.commit)
    }

    /// The state that the next step decides a command on. None where the next step decides none.
    pub fn state_to_decide_on(&self) -> Option<Value> {
        let (in_progress, CommandStage::Folded { instance, .. }) = self.handling.as_ref()? else {
            return None;
        };
        match instance {
            Some(instance) => Some(instance.state()),
            None => Some(self.handlers.get(&in_progress.record.stream)?.state()),
        }
    }

    /// Takes the store's answer to the pending commit. A second answer is ignored.
    pub fn answer(&mut self, answer: StoreAnswer) {
        if let Some(waiting) = &mut self.appending {
            waiting.answer.get_or_insert(answer);
        }
    }

    /// Takes the outcomes of commands and bulk appends since the last call. Each has one outcome,
    /// which is final. Commands of processes are not among them.
    pub fn take_outcomes(&mut self) -> Vec<JournalEntry> {
        std::mem::take(&mut self.outcomes)
    }

    /// Takes the side records to store since the last call. Set-ups come last: a mark must not be
    /// stored before what it says is done.
    pub fn take_side_records(&mut self) -> Vec<SideRecord> {
        let mut taken = std::mem::take(&mut self.side_records);
        for it in self.subscriptions.iter_mut().filter(|it| it.unsaved) {
            it.unsaved = false;
            // The tab that runs the processes says how they are set up.
            if it.kind == SubscriptionKind::Projection || !self.watching {
                taken.push(SideRecord::SetUp(it.name.clone(), it.set_up()));
            }
        }
        taken
    }

    /// Takes in a commit that is stored, whoever wrote it. False where it does not follow the last
    /// commit. Nothing is taken in then.
    pub fn learn(&mut self, commit: Commit) -> bool {
        let (envelope, after, head) = (commit.envelope.clone(), commit.after, commit.head());
        if !self.log.learn(commit) {
            return false;
        }
        self.catch_up();
        self.settle_reaction(None, envelope.command_id);
        if envelope.unanswered && after < head {
            self.skip_reactions(after + 1, head);
        }
        if envelope.command.is_some() {
            let events = after + 1..head + 1;
            let outcome = Outcome::Accepted;
            let commits = self.log.commits();
            let entry =
                JournalEntry { envelope, outcome, reason: None, events, after: head, commits };
            self.journal.push(entry);
        }
        true
    }

    /// Performs one micro-step at the time `now`, in milliseconds since 1970, and returns it. None
    /// where all is quiet, or where a commit waits for the store.
    ///
    /// Once all is quiet, deadlines that have come by then are met, one after the other, each at its
    /// own time.
    pub fn step(&mut self, now: u64) -> Option<MicroStep> {
        self.check_deadlines();
        let time = self.time_of_deadline.unwrap_or(now);
        let crash = self.crashing.take();
        if let Some(step) = crash.and_then(|crash| self.crash(crash)) {
            return Some(step);
        }
        if let Some(Appending { commit, sender, answer }) = self.appending.take() {
            let Some(answer) = answer else {
                self.appending = Some(Appending { commit, sender, answer });
                return None;
            };
            return Some(self.answered(sender, commit, answer));
        }
        if let Some((in_progress, stage)) = self.handling.take() {
            return Some(self.advance(in_progress, stage));
        }
        if let Some(reacting) = self.reacting.take() {
            return Some(self.react(reacting));
        }
        let step = self.deliver().or_else(|| self.perform(time)).or_else(|| self.checkpoint());
        step.or_else(|| self.receive(time)).or_else(|| {
            self.time_of_deadline = None;
            let step = self.meet_deadline(now);
            if step.is_none() {
                self.answers.clear();
            }
            step
        })
    }
}
