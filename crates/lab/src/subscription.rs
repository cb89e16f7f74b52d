//! Subscriptions: each projection and process with its running instance, its checkpoint, and the
//! faults of its deliveries.
//!
//! Delivery is at least once. The *checkpoint* is the highest position with no gap before it.
//! Events that were delivered beyond it are remembered as *told ahead*, so that deduplication
//! recognises them, and an overtaken event is not lost.
//!
//! A *strict* subscriber stops before an event that it cannot take in. A *lenient* one tries it a
//! few times, sets it aside as a *dead letter*, and goes on: later events are taken in without it,
//! until somebody has it retried or skipped.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::deadlines::{Deadline, Deadlines};
use crate::outbox::is_default;
use es::{
    AnyRunner, EventLog, Fold, History, Map, Reaction, Recorded, Set, Stopped, Subscriber, View,
    sort,
};

/// What a subscription feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SubscriptionKind {
    /// A read model.
    Projection,
    /// A process manager.
    Process,
}

/// A fault of a delivery. It happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryFault {
    /// The next event is delivered twice.
    Duplicate,
    /// The next event never arrives, but counts as delivered.
    Drop,
    /// The next event is overtaken by the one after it.
    Swap,
    /// The subscriber takes the next event in, and crashes before its checkpoint is saved.
    CrashBeforeCheckpoint,
    /// A process crashes after the first of its reactions was carried out, and before it has noted
    /// that. A projection crashes after it has taken an event in.
    CrashAfterEffect,
}

impl DeliveryFault {
    /// All faults, each with its description.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Duplicate, "Deliver the next event twice"),
        (Self::Drop, "Lose the next event"),
        (Self::Swap, "Let the next event be overtaken"),
        (Self::CrashBeforeCheckpoint, "Crash before the checkpoint is saved"),
        (Self::CrashAfterEffect, "Crash after the effect"),
    ];
}

/// What stands between a read model's name and the number of its replica.
pub(super) const NUMBERED: &str = " · ";
/// How many instances of one read model there are at most.
pub(super) const INSTANCES_AT_MOST: u16 = 9;

/// The read model of which this is the name, or the name of a replica; and the number of its
/// instance. The first one is 1.
pub fn instance_of(name: &str) -> (&str, u16) {
    let replica = name.rsplit_once(NUMBERED).and_then(|(model, number)| {
        let number = number.parse().ok().filter(|it| (2..=INSTANCES_AT_MOST).contains(it))?;
        Some((model, number))
    });
    replica.unwrap_or((name, 1))
}

/// True for the name of a replica.
pub fn is_replica(name: &str) -> bool {
    instance_of(name).1 > 1
}

/// Why a subscriber cannot take in the event on which its code fails.
const BUG: &str = "its code fails on this event";
/// How many times a lenient subscriber tries an event that it cannot take in.
pub(super) const TRIES: u8 = 3;

/// An event that a subscriber could not take in, and has set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its position.
    pub position: u64,
    /// Why it could not be taken in, in a sentence.
    pub why: Rc<str>,
    /// True where somebody has decided to go on without it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub skipped: bool,
}

/// How a subscription is set up: all of it that outlives a reload, and that travels with a copy of
/// its log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct SetUp {
    /// The version of the code that runs. None stands for the scenario's first one.
    pub code: Option<u16>,
    /// The position up to which a process has reacted to all events. 0 for a projection.
    pub mark: u64,
    /// True where the subscription takes in nothing.
    pub paused: bool,
    /// True where it is paused because it has crashed.
    pub crashed: bool,
    /// The position up to which a subscription has taken events in that is paused, delayed, or
    /// waits for an event to be overtaken. 0 for any other, whose position follows from the log.
    pub checkpoint: u64,
    /// How many events the subscription is kept behind the head.
    pub delay: u64,
    /// True where events that were taken in before are recognised.
    pub deduplicate: bool,
    /// True where events are taken in within the command's own commit.
    pub synchronous: bool,
    /// True where a replay sends nothing.
    pub guard: bool,
    /// The fault that is armed.
    pub fault: Option<DeliveryFault>,
    /// The position of an event that its code cannot take in: a fault that stays until it is mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails_on: Option<u64>,
    /// True where it sets aside what it cannot take in, instead of stopping there.
    #[serde(skip_serializing_if = "is_default")]
    pub lenient: bool,
    /// What it has set aside, by position.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dead_letters: Vec<DeadLetter>,
    /// The position up to which events set a process no deadline: they were brought along, and
    /// nobody knows what was done about them.
    #[serde(skip_serializing_if = "is_default")]
    pub deadlines_after: u64,
    /// True where this was a replica, which is gone.
    #[serde(skip_serializing_if = "is_default")]
    pub dropped: bool,
}

impl Default for SetUp {
    fn default() -> Self {
        Self {
            code: None,
            mark: 0,
            paused: false,
            crashed: false,
            checkpoint: 0,
            delay: 0,
            deduplicate: true,
            synchronous: false,
            guard: true,
            fault: None,
            fails_on: None,
            lenient: false,
            dead_letters: Vec::new(),
            deadlines_after: 0,
            dropped: false,
        }
    }
}

impl SetUp {
    /// A process that runs as usual, and has reacted to all events up to `mark`.
    pub fn answered(mark: u64) -> Self {
        Self { mark, ..Self::default() }
    }
}

/// A change to a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Pauses the subscription, or resumes it. A resumed subscriber that has crashed starts again.
    /// One that has stopped before an event tries it again.
    Pause(bool),
    /// Delivers one event to a paused subscription.
    Step,
    /// Keeps the subscription this many events behind the head.
    Delay(u64),
    /// Switches deduplication on or off. With it, events that were taken in before are recognised.
    Deduplicate(bool),
    /// Takes in events within the command's own commit, or later again.
    Synchronous(bool),
    /// Switches a process's replay guard on or off. Without it, a replay sends all commands again
    /// and performs all side effects again.
    Guard(bool),
    /// Moves the checkpoint back to a position. The read model becomes what it was there, and later
    /// events are delivered again. A process does not react to them again.
    Rewind(u64),
    /// Moves a process's mark back to a position, and the checkpoint with it. The process reacts to
    /// all later events again.
    Redeliver(u64),
    /// Arms a fault, or disarms it.
    Fault(Option<DeliveryFault>),
    /// Makes the code fail on the event at a position, or mends it. Where it has taken that event
    /// in, it goes back to before.
    FailOn(Option<u64>),
    /// Sets aside what cannot be taken in, or stops there.
    Lenient(bool),
    /// Has an event that was set aside taken in now, after all that came later.
    Retry(u64),
    /// Goes on for good without an event that was set aside.
    Skip(u64),
}

/// Why a subscription was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// No projection or process of that name runs.
    #[error("no projection or process is called {0}")]
    Unknown(String),
    /// The change is not possible for this subscription, for this reason.
    #[error("{0}")]
    Refused(String),
}

/// How far a subscription is from a position that somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// The position that is waited for.
    pub position: u64,
    /// The subscription's checkpoint.
    pub checkpoint: u64,
    /// How many events are still to be delivered; 0 once the position is reached.
    pub left: u64,
    /// Why the subscription does not go on. None where it does.
    pub held_by: Option<&'static str>,
}

/// One subscriber to the log.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Subscription {
    pub(super) name: Rc<str>,
    pub(super) kind: SubscriptionKind,
    /// The version of the code that runs.
    pub(super) code: u16,
    pub(super) subscriber: Subscriber,
    /// True once a micro-step has said that the subscriber has stopped.
    pub(super) stop_said: bool,
    /// All events up to this position were delivered.
    pub(super) checkpoint: u64,
    /// Positions beyond the checkpoint whose events were delivered.
    pub(super) told_ahead: Set<u64>,
    /// Positions beyond the checkpoint whose events were taken in before a crash. They are
    /// delivered again, and recognised.
    pub(super) taken_before_crash: Set<u64>,
    /// The position up to which a process has reacted to all events. It is stored, and the process
    /// never reacts to these events again.
    pub(super) mark: u64,
    /// Position of an event → the ids of the reactions to it that are not handled yet.
    pub(super) open_reactions: Map<u64, Set<Uuid>>,
    /// In a tab that only watches, the position of the last event to which the process reacts at
    /// once.
    pub(super) asks_at: u64,
    /// True where the process sets deadlines.
    pub(super) waits: bool,
    /// What the process waits for.
    pub(super) deadlines: Deadlines,
    pub(super) deadlines_after: u64,
    /// How many effects and commands the last replay held back.
    pub(super) held_back: u64,
    pub(super) paused: bool,
    pub(super) crashed: bool,
    /// How many events a paused subscription still takes in.
    pub(super) steps: u64,
    pub(super) delay: u64,
    pub(super) deduplicate: bool,
    pub(super) synchronous: bool,
    pub(super) guard: bool,
    pub(super) fault: Option<DeliveryFault>,
    pub(super) fails_on: Option<u64>,
    pub(super) lenient: bool,
    /// How many times the next event was tried in vain.
    pub(super) tried: u8,
    /// What was set aside, by position.
    pub(super) dead_letters: Vec<DeadLetter>,
    /// The event that was set aside and is tried next.
    pub(super) retrying: Option<u64>,
    /// What was set aside and is taken in since, while reactions to it are not handled yet.
    pub(super) retried: Set<u64>,
    /// The event that is delivered a second time next.
    pub(super) again: Option<u64>,
    /// True once a micro-step has said that an event waits to be overtaken.
    pub(super) withheld: bool,
    /// The event whose first handled reaction makes the process crash.
    pub(super) crash_after: Option<u64>,
    /// The position up to which a held subscription of a stored log still has to be folded.
    pub(super) fold_to: u64,
    /// True where the set-up has changed, and is still to be stored.
    pub(super) unsaved: bool,
    /// Grows with every change that the running instance may show.
    pub(super) revision: u64,
}

/// The next delivery to a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextDelivery {
    /// This event.
    Event(u64),
    /// This event, before the one that it overtakes.
    Overtaking(u64),
    /// This event a second time.
    Again(u64),
    /// This event, which was set aside.
    Retried(u64),
    /// Nothing: this event is held up until another can overtake it.
    Withheld(u64),
}

impl Subscription {
    pub(super) fn new(
        name: Rc<str>,
        kind: SubscriptionKind,
        code: u16,
        runner: Box<dyn AnyRunner>,
    ) -> Self {
        Self {
            name,
            kind,
            code,
            subscriber: Subscriber::new(runner),
            stop_said: false,
            checkpoint: 0,
            told_ahead: Set::new(),
            taken_before_crash: Set::new(),
            mark: 0,
            open_reactions: Map::new(),
            asks_at: 0,
            waits: false,
            deadlines: Deadlines::default(),
            deadlines_after: 0,
            held_back: 0,
            paused: false,
            crashed: false,
            steps: 0,
            delay: 0,
            deduplicate: true,
            synchronous: false,
            guard: true,
            fault: None,
            fails_on: None,
            lenient: false,
            tried: 0,
            dead_letters: Vec::new(),
            retrying: None,
            retried: Set::new(),
            again: None,
            withheld: false,
            crash_after: None,
            fold_to: 0,
            unsaved: false,
            revision: 0,
        }
    }

    /// The next delivery. None where the subscription waits, or has been told of everything.
    pub(super) fn due(&self, head: u64) -> Option<NextDelivery> {
        if let Some(position) = self.retrying {
            return Some(NextDelivery::Retried(position));
        }
        if self.synchronous || self.stopped().is_some() || (self.paused && self.steps == 0) {
            return None;
        }
        if let Some(position) = self.again {
            return Some(NextDelivery::Again(position));
        }
        // A subscription that is stepped by hand has no delay.
        let limit = if self.paused { head } else { head.saturating_sub(self.delay) };
        let next = self.checkpoint + 1;
        if next > limit {
            None
        } else if self.fault != Some(DeliveryFault::Swap)
            || self.told_ahead.contains(&next)
            || self.stops_at(next)
        {
            Some(NextDelivery::Event(next))
        } else {
            // An event overtakes only once.
            match (next + 1..=limit).find(|it| !self.told_ahead.contains(it)) {
                Some(position) => Some(NextDelivery::Overtaking(position)),
                None => (!self.withheld).then_some(NextDelivery::Withheld(next)),
            }
        }
    }

    /// True where the code fails on the event at this position, and nothing goes on after that.
    /// Nothing else can go wrong there first: it is the same whether it has stopped already, or
    /// does so after a reload.
    pub(super) fn stops_at(&self, position: u64) -> bool {
        !self.lenient && self.fails_on == Some(position)
    }

    /// True where the event at this position was delivered before.
    pub(super) fn knows(&self, position: u64) -> bool {
        position <= self.checkpoint
            || self.told_ahead.contains(&position)
            || self.taken_before_crash.contains(&position)
    }

    /// The event at this position, where it was set aside.
    pub(super) fn dead_letter(&self, position: u64) -> Option<&DeadLetter> {
        let at = self.dead_letters.binary_search_by_key(&position, |it| it.position).ok()?;
        self.dead_letters.get(at)
    }

    /// Sets an event aside.
    pub(super) fn set_aside(&mut self, position: u64, why: Rc<str>) {
        match self.dead_letters.binary_search_by_key(&position, |it| it.position) {
            Ok(at) => self.dead_letters[at].why = why,
            Err(at) => {
                self.dead_letters.insert(at, DeadLetter { position, why, skipped: false });
            }
        }
        self.unsaved = true;
    }

    /// An event that was set aside is taken in, and all reactions to it are handled: it is a dead
    /// letter no more.
    pub(super) fn settle_letter(&mut self, position: u64) {
        if self.retried.remove(&position) {
            self.dead_letters.retain(|it| it.position != position);
            self.unsaved = true;
        }
    }

    /// Takes in an event. Gives the reason where that is not possible; nothing has changed then.
    pub(super) fn try_event(&mut self, event: &Recorded) -> Option<Rc<str>> {
        if self.fails_on == Some(event.position()) {
            return Some(BUG.into());
        }
        self.subscriber.fold(&[event]);
        let why = self.stopped()?.why.clone();
        self.subscriber.retry();
        Some(why)
    }

    /// Notes that the event at this position was delivered.
    pub(super) fn note_told(&mut self, position: u64) {
        if position > self.checkpoint {
            self.told_ahead.insert(position);
        }
    }

    /// Moves the checkpoint up to the next gap.
    pub(super) fn advance_checkpoint(&mut self) {
        while self.told_ahead.remove(&(self.checkpoint + 1)) {
            self.checkpoint += 1;
            self.taken_before_crash.remove(&self.checkpoint);
        }
    }

    /// Goes back to `checkpoint`, and remembers which later events were taken in.
    pub(super) fn fall_back(&mut self, checkpoint: u64) {
        self.taken_before_crash.extend(std::mem::take(&mut self.told_ahead));
        self.taken_before_crash.extend(checkpoint + 1..=self.checkpoint);
        self.checkpoint = self.checkpoint.min(checkpoint);
    }

    /// Starts over with a fresh instance, folded up to `position`.
    pub(super) fn start_at(&mut self, runner: Box<dyn AnyRunner>, position: u64, log: &EventLog) {
        self.subscriber = Subscriber::new(runner);
        (self.checkpoint, self.stop_said, self.tried, self.retrying) = (0, false, 0, None);
        // Later events are tried anew.
        self.dead_letters.retain(|it| it.position <= position);
        self.retried.clear();
        self.told_ahead.clear();
        self.taken_before_crash.clear();
        self.deadlines = Deadlines::default();
        self.take_in(position, log);
        // Later events are delivered again, and their reactions are asked for again.
        let beyond = |it: &u64| *it > self.checkpoint;
        let again: Vec<u64> = self.open_reactions.keys().copied().filter(beyond).collect();
        for position in again {
            self.open_reactions.remove(&position);
        }
        self.held_back = 0;
        self.again = None;
        self.withheld = false;
        self.fold_to = 0;
        self.revision += 1;
    }

    /// Takes a stored set-up over. `runner` is a fresh instance of its code; without one, the code
    /// stays. Nothing is folded.
    pub(super) fn adopt(&mut self, set_up: &SetUp, runner: Option<Box<dyn AnyRunner>>, head: u64) {
        if let (Some(code), Some(runner)) = (set_up.code, runner) {
            self.code = code;
            self.subscriber = Subscriber::new(runner);
        }
        let process = self.kind == SubscriptionKind::Process;
        self.mark = if process { set_up.mark.min(head) } else { 0 };
        self.deduplicate = set_up.deduplicate;
        self.guard = set_up.guard || !process;
        self.synchronous = set_up.synchronous && !process;
        self.lenient = set_up.lenient;
        self.fails_on = set_up.fails_on;
        self.deadlines_after = set_up.deadlines_after;
        self.dead_letters.clone_from(&set_up.dead_letters);
        self.dead_letters.retain(|it| it.position <= head);
        sort(&mut self.dead_letters, |a, b| a.position.cmp(&b.position));
        if self.synchronous {
            self.paused = false;
            return;
        }
        (self.paused, self.crashed) = (set_up.paused, set_up.paused && set_up.crashed);
        (self.delay, self.fault) = (set_up.delay, set_up.fault);
        // What is only delayed has gone on since its set-up was stored.
        let stands = self.paused || self.fault == Some(DeliveryFault::Swap);
        let least = if stands { 0 } else { head.saturating_sub(set_up.delay) };
        let taken_in = set_up.checkpoint.max(least);
        let most = if process { self.mark } else { head };
        self.fold_to = taken_in.min(most);
    }

    /// From now on, a process only folds: how it is set up concerns the tab that runs it.
    pub(super) fn only_fold(&mut self) {
        (self.paused, self.crashed, self.steps, self.delay) = (false, false, 0, 0);
        (self.fault, self.again, self.withheld, self.crash_after) = (None, None, false, None);
        (self.tried, self.retrying, self.fails_on, self.lenient) = (0, None, None, false);
        self.dead_letters.clear();
        (self.deduplicate, self.guard, self.fold_to) = (true, true, 0);
    }

    /// How the subscription is set up.
    pub fn set_up(&self) -> SetUp {
        // Whoever has stopped is folded no further.
        let fold_to = if self.stopped().is_some() { 0 } else { self.fold_to };
        SetUp {
            code: Some(self.code),
            mark: self.mark,
            paused: self.paused,
            crashed: self.crashed,
            checkpoint: if self.is_held() { self.checkpoint.max(fold_to) } else { 0 },
            delay: self.delay,
            deduplicate: self.deduplicate,
            synchronous: self.synchronous,
            guard: self.guard,
            // The event at which the process is to crash is delivered again, so it crashes then.
            fault: self.fault.or(self.crash_after.map(|_| DeliveryFault::CrashAfterEffect)),
            fails_on: self.fails_on,
            lenient: self.lenient,
            dead_letters: self.dead_letters.clone(),
            deadlines_after: self.deadlines_after,
            dropped: false,
        }
    }

    /// True where the subscription is paused or delayed, or where an event is to be overtaken on its
    /// way to it.
    pub(super) fn is_held(&self) -> bool {
        self.paused || self.delay > 0 || self.fault == Some(DeliveryFault::Swap)
    }

    /// Allows a stopped subscriber to try its event again.
    pub(super) fn retry(&mut self) {
        self.subscriber.retry();
        (self.stop_said, self.tried) = (false, 0);
    }

    /// True where nothing keeps the code from taking in each event.
    pub(super) fn takes_all(&self) -> bool {
        !self.lenient && self.fails_on.is_none() && self.dead_letters.is_empty()
    }

    /// True for a projection that gets each event once, in order, and without delay.
    pub(super) fn is_undisturbed(&self) -> bool {
        self.kind == SubscriptionKind::Projection
            && !(self.is_held() || self.synchronous || self.crashed || self.withheld)
            && self.stopped().is_none()
            && self.fault.is_none()
            && self.takes_all()
            && self.again.is_none()
            && (self.deduplicate
                || self.told_ahead.is_empty() && self.taken_before_crash.is_empty())
    }

    /// Takes in all events that were not delivered yet.
    pub(super) fn catch_up(&mut self, log: &EventLog) {
        self.take_in(log.head(), log);
        self.revision += 1;
    }

    /// Takes in the events up to `position` that were not delivered yet. Ends earlier where the
    /// subscriber stops at an event.
    pub(super) fn take_in(&mut self, position: u64, log: &EventLog) {
        if self.stopped().is_some() {
            return;
        }
        while self.checkpoint < position {
            let begun = self.checkpoint;
            // The event on which the code fails is tried by itself.
            let fails_on = self.fails_on.filter(|it| (begun + 1..=position).contains(it));
            let fails_on =
                fails_on.filter(|it| !self.knows(*it) && self.dead_letter(*it).is_none());
            self.fold_up_to(fails_on.map_or(position, |it| it - 1), log);
            if let Some(stopped) = self.stopped().filter(|_| self.lenient).cloned() {
                self.subscriber.retry();
                self.set_aside(stopped.position, stopped.why);
                self.go_on_from(stopped.position);
            } else if self.stopped().is_some() {
                return;
            } else if let Some(failing) = fails_on.and_then(|it| log.event(it)) {
                if self.lenient {
                    self.set_aside(failing.position(), BUG.into());
                    self.go_on_from(failing.position());
                } else {
                    self.subscriber.stop_at(failing, BUG.into());
                    return;
                }
            }
        }
    }

    /// Folds the events up to `position` that are new and not set aside.
    fn fold_up_to(&mut self, position: u64, log: &EventLog) {
        let dead: Set<u64> = self.dead_letters.iter().map(|it| it.position).collect();
        let place = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
        if self.waits {
            for event in log.events(self.checkpoint + 1, position) {
                let known = |them: &Set<u64>| them.contains(&event.position());
                if self.stopped().is_some() {
                    break;
                }
                if !known(&self.told_ahead) && !known(&self.taken_before_crash) && !known(&dead) {
                    self.subscriber.fold(&[event]);
                    self.set_deadlines(event);
                }
            }
            return self.go_on_from(position);
        }
        let Self { subscriber, told_ahead, taken_before_crash, checkpoint, .. } = self;
        log.batches(place(*checkpoint), place(position), |events| {
            if told_ahead.is_empty() && taken_before_crash.is_empty() && dead.is_empty() {
                return subscriber.fold(events);
            }
            let new = |event: &&&Recorded| {
                let known = |them: &Set<u64>| them.contains(&event.position());
                !known(told_ahead) && !known(taken_before_crash) && !known(&dead)
            };
            let new: Vec<&Recorded> = events.iter().filter(new).copied().collect();
            subscriber.fold(&new);
        });
        self.go_on_from(position);
    }

    /// Notes what the process waits for because of an event that it has taken in. Returns what is
    /// asked for the first time: the command's type, and how long it waits, in milliseconds.
    pub(super) fn set_deadlines(&mut self, event: &Recorded) -> Vec<(Rc<str>, u64)> {
        let brought_along = event.envelope().unanswered || event.position() <= self.deadlines_after;
        if !self.waits || brought_along || self.stopped().is_some() {
            return Vec::new();
        }
        let later = self.subscriber.react(event).into_iter().filter_map(|reaction| {
            let due = reaction.deadline()?;
            let Reaction::Command { kind, .. } = &reaction else { return None };
            let asked = (kind.clone(), due.saturating_sub(event.at()));
            self.deadlines.ask(&self.name, event.position(), reaction).then_some(asked)
        });
        later.collect()
    }

    /// What the process waits for at a position, by the time when it is due.
    pub fn deadlines(&self, position: u64) -> Vec<&Deadline> {
        self.deadlines.at(position)
    }

    /// Moves the checkpoint to `position`, or before the event at which the subscriber has stopped.
    pub(super) fn go_on_from(&mut self, position: u64) {
        self.checkpoint = self.stopped().map_or(position, |it| it.position - 1);
        for told in [&mut self.told_ahead, &mut self.taken_before_crash] {
            while told.iter().next().is_some_and(|it| *it <= self.checkpoint) {
                told.pop_first();
            }
        }
    }

    /// The projection's or process's title.
    pub fn name(&self) -> &Rc<str> {
        &self.name
    }

    /// A projection, or a process.
    pub fn kind(&self) -> SubscriptionKind {
        self.kind
    }

    /// The version of its code that runs.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The position up to which all events were delivered.
    pub fn checkpoint(&self) -> u64 {
        self.checkpoint
    }

    /// The positions beyond the checkpoint whose events were delivered. Where there are any, there
    /// is a gap before them, or the subscriber crashed before its checkpoint was saved.
    pub fn ahead(&self) -> impl Iterator<Item = u64> {
        let taken =
            self.taken_before_crash.iter().filter(|position| !self.told_ahead.contains(*position));
        self.told_ahead.iter().chain(taken).copied()
    }

    /// In a tab that only watches, the position of the last event to which the process reacts at
    /// once. 0 where there is none since that tab began to watch.
    pub fn asks_at(&self) -> u64 {
        self.asks_at
    }

    /// The position up to which a process has reacted to all events.
    pub fn mark(&self) -> u64 {
        self.mark
    }

    /// True where the subscription takes in no events for now.
    pub fn paused(&self) -> bool {
        self.paused
    }

    /// True where the subscriber has crashed and was not resumed.
    pub fn crashed(&self) -> bool {
        self.crashed
    }

    /// The event that the subscriber could not take in, and why. None where it has not stopped. It
    /// takes in nothing more until it is resumed or rebuilt, and shows what it knew before.
    pub fn stopped(&self) -> Option<&Stopped> {
        self.subscriber.stopped()
    }

    /// How many events the subscription is kept behind the head.
    pub fn delay(&self) -> u64 {
        self.delay
    }

    /// True where events that were taken in before are recognised.
    pub fn deduplicates(&self) -> bool {
        self.deduplicate
    }

    /// True where events are taken in within the command's own commit.
    pub fn is_synchronous(&self) -> bool {
        self.synchronous
    }

    /// True where the replay guard is on: a replay sends nothing.
    pub fn is_guarded(&self) -> bool {
        self.guard
    }

    /// The fault that is armed.
    pub fn fault(&self) -> Option<DeliveryFault> {
        self.fault
    }

    /// The position of the event on which its code fails.
    pub fn fails_on(&self) -> Option<u64> {
        self.fails_on
    }

    /// True where it sets aside what it cannot take in, instead of stopping there.
    pub fn is_lenient(&self) -> bool {
        self.lenient
    }

    /// What it has set aside, by position.
    pub fn dead_letters(&self) -> &[DeadLetter] {
        &self.dead_letters
    }

    /// About how many rows the running instance holds.
    pub fn weight(&self) -> usize {
        self.subscriber.weight()
    }

    /// The view of the running instance.
    pub fn view(&self) -> View {
        self.subscriber.view()
    }

    /// How many events the subscriber skipped because they cannot be read.
    pub fn skipped(&self) -> u64 {
        self.subscriber.skipped()
    }

    /// How many reactions the last replay held back.
    pub fn held_back(&self) -> u64 {
        self.held_back
    }

    /// How many reactions are not handled yet.
    pub fn unanswered(&self) -> usize {
        self.open_reactions.values().map(Set::len).sum()
    }

    /// How far the subscription is from a position that somebody waits for.
    pub fn wait(&self, position: u64, head: u64) -> Wait {
        let left = position.saturating_sub(self.checkpoint);
        let held_by = if left == 0 {
            None
        } else if position > head {
            Some("there is no such event yet")
        } else if self.stopped().is_some() {
            Some("it has stopped before an event")
        } else if self.crashed {
            Some("it has crashed")
        } else if self.paused {
            Some("it is paused")
        } else if position > head.saturating_sub(self.delay) {
            Some("it is delayed")
        } else if self.withheld {
            Some("an event is held up on its way")
        } else {
            None
        };
        Wait { position, checkpoint: self.checkpoint, left, held_by }
    }
}
