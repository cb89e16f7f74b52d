//! Who is told of events: each projection and process with its running instance, its place, and
//! what is done to its deliveries.
//!
//! Delivery is at least once. The *checkpoint* is the highest position with no gap before it; what
//! was delivered beyond it is remembered as *taken*, so that deduplication recognises it and an
//! overtaken event is not lost.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use es::{AnyRunner, EventLog, Fold, History, Map, Recorded, Set, Stopped, Subscriber, View};

/// What a subscription feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SubscriptionKind {
    /// A read model.
    Projection,
    /// A process manager.
    Process,
}

/// What may go wrong with a delivery, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryFault {
    /// The next event is delivered twice.
    Duplicate,
    /// The next event never arrives, and counts as delivered.
    Drop,
    /// The next event is overtaken by the one after it.
    Swap,
    /// The next event is taken in; then the subscriber crashes, before its checkpoint is saved.
    CrashBeforeCheckpoint,
    /// The subscriber crashes once the first thing that it asked for is done, before it has noted
    /// that. Where there is nothing to ask for, what it does is to take the event in.
    CrashAfterEffect,
}

impl DeliveryFault {
    /// All of them, each with what it does, for a choice.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Duplicate, "Deliver the next event twice"),
        (Self::Drop, "Lose the next event"),
        (Self::Swap, "Let the next event be overtaken"),
        (Self::CrashBeforeCheckpoint, "Crash before the checkpoint is saved"),
        (Self::CrashAfterEffect, "Crash after the effect"),
    ];
}

/// Something to change about a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Pauses it, or resumes it; one that has crashed starts again, and one that has stopped at an
    /// event tries it again.
    Pause(bool),
    /// Delivers one event although it is paused.
    Step,
    /// Keeps it so many events behind the head.
    Delay(u64),
    /// Switches on or off that an event which was taken in before is recognised.
    Deduplicate(bool),
    /// Applies events within the command's own commit, or later again.
    Synchronous(bool),
    /// Switches a process's replay guard on or off. Without it, a replay reacts to everything
    /// again, and side effects are performed again.
    Guard(bool),
    /// Moves the checkpoint back to a position: the read model is what it was there, and events
    /// are delivered again from there. Reacts to nothing that was reacted to before.
    Rewind(u64),
    /// Moves a process's reacted-to mark back to a position, and the checkpoint with it: it reacts
    /// to all that comes after once more.
    Redeliver(u64),
    /// Arms a fault, or disarms it.
    Fault(Option<DeliveryFault>),
}

/// Why a subscription cannot be changed like that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// No projection or process of that name runs.
    #[error("no projection or process is called {0}")]
    Unknown(String),
    /// It doesn't make sense for this one.
    #[error("{0}")]
    Refused(String),
}

/// How far a subscription is from a position that somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// The position that is waited for.
    pub position: u64,
    /// Where the subscription is.
    pub checkpoint: u64,
    /// How many events are still to come; 0 where it is there.
    pub left: u64,
    /// What keeps it from going on, where something does.
    pub held_by: Option<&'static str>,
}

/// One subscriber to the log.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Subscription {
    pub(super) name: Rc<str>,
    pub(super) kind: SubscriptionKind,
    /// Which version of the code runs.
    pub(super) code: u16,
    pub(super) subscriber: Subscriber,
    /// True where it was said that it has stopped.
    pub(super) stop_said: bool,
    /// It was told of every event up to here.
    pub(super) checkpoint: u64,
    /// Positions beyond the checkpoint of which it was told.
    pub(super) told_ahead: Set<u64>,
    /// Positions beyond the checkpoint that it took in before it crashed: they are delivered
    /// again, and recognised.
    pub(super) taken_before_crash: Set<u64>,
    /// A process has reacted to every event up to here and never will again. Durable.
    pub(super) mark: u64,
    /// Position → the ids of those reactions to it that are not handled yet.
    pub(super) open_reactions: Map<u64, Set<Uuid>>,
    /// How many effects and commands it would have sent while it replayed.
    pub(super) held_back: u64,
    pub(super) paused: bool,
    pub(super) crashed: bool,
    /// How many events it may take in although it is paused.
    pub(super) steps: u64,
    pub(super) delay: u64,
    pub(super) deduplicate: bool,
    pub(super) synchronous: bool,
    pub(super) guard: bool,
    pub(super) fault: Option<DeliveryFault>,
    /// An event that arrives a second time.
    pub(super) again: Option<u64>,
    /// An event that waits to be overtaken; said once.
    pub(super) withheld: bool,
    /// The event whose reactions a crash waits for.
    pub(super) crash_after: Option<u64>,
    /// Grows with everything that may change what the running instance shows.
    pub(super) revision: u64,
}

/// What a subscription is told next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextDelivery {
    /// This event.
    Event(u64),
    /// This event, before the one that it overtakes.
    Overtaking(u64),
    /// This event a second time.
    Again(u64),
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
            held_back: 0,
            paused: false,
            crashed: false,
            steps: 0,
            delay: 0,
            deduplicate: true,
            synchronous: false,
            guard: true,
            fault: None,
            again: None,
            withheld: false,
            crash_after: None,
            revision: 0,
        }
    }

    /// What it is told next; nothing where it waits or has been told everything.
    pub(super) fn due(&self, head: u64) -> Option<NextDelivery> {
        if self.synchronous || self.stopped().is_some() || (self.paused && self.steps == 0) {
            return None;
        }
        if let Some(position) = self.again {
            return Some(NextDelivery::Again(position));
        }
        // One that is stepped by hand is not kept behind as well.
        let limit = if self.paused { head } else { head.saturating_sub(self.delay) };
        let next = self.checkpoint + 1;
        if next > limit {
            None
        } else if self.fault != Some(DeliveryFault::Swap) || self.told_ahead.contains(&next) {
            Some(NextDelivery::Event(next))
        } else {
            // What has overtaken it before does not do so again.
            match (next + 1..=limit).find(|it| !self.told_ahead.contains(it)) {
                Some(position) => Some(NextDelivery::Overtaking(position)),
                None => (!self.withheld).then_some(NextDelivery::Withheld(next)),
            }
        }
    }

    /// True where it was told of an event before.
    pub(super) fn knows(&self, position: u64) -> bool {
        position <= self.checkpoint
            || self.told_ahead.contains(&position)
            || self.taken_before_crash.contains(&position)
    }

    /// Notes that it was told of an event.
    pub(super) fn note_told(&mut self, position: u64) {
        if position > self.checkpoint {
            self.told_ahead.insert(position);
        }
    }

    /// Moves the checkpoint to where the next gap is.
    pub(super) fn advance_checkpoint(&mut self) {
        while self.told_ahead.remove(&(self.checkpoint + 1)) {
            self.checkpoint += 1;
            self.taken_before_crash.remove(&self.checkpoint);
        }
    }

    /// Goes back to `checkpoint`, remembering what was taken in beyond it.
    pub(super) fn fall_back(&mut self, checkpoint: u64) {
        self.taken_before_crash.extend(std::mem::take(&mut self.told_ahead));
        self.taken_before_crash.extend(checkpoint + 1..=self.checkpoint);
        self.checkpoint = self.checkpoint.min(checkpoint);
    }

    /// Starts over from a fresh instance, as it was at `position`.
    pub(super) fn start_at(&mut self, runner: Box<dyn AnyRunner>, position: u64, log: &EventLog) {
        self.subscriber = Subscriber::new(runner);
        (self.checkpoint, self.stop_said) = (0, false);
        self.told_ahead.clear();
        self.taken_before_crash.clear();
        self.take_in(position, log);
        // It is told of these again, and asks again for the same.
        let beyond = |it: &u64| *it > self.checkpoint;
        let again: Vec<u64> = self.open_reactions.keys().copied().filter(beyond).collect();
        for position in again {
            self.open_reactions.remove(&position);
        }
        self.held_back = 0;
        self.again = None;
        self.withheld = false;
        self.revision += 1;
    }

    /// True where somebody wants it to be behind.
    pub(super) fn is_held(&self) -> bool {
        self.paused || self.delay > 0
    }

    /// It may be told once more of the event at which it has stopped.
    pub(super) fn retry(&mut self) {
        self.subscriber.retry();
        self.stop_said = false;
    }

    /// True for a projection that is told of each event once, in order, as soon as may be.
    pub(super) fn is_undisturbed(&self) -> bool {
        self.kind == SubscriptionKind::Projection
            && !(self.is_held() || self.synchronous || self.crashed || self.withheld)
            && self.stopped().is_none()
            && self.fault.is_none()
            && self.again.is_none()
            && (self.deduplicate
                || self.told_ahead.is_empty() && self.taken_before_crash.is_empty())
    }

    /// Takes in whatever it has not been told of.
    pub(super) fn catch_up(&mut self, log: &EventLog) {
        self.take_in(log.head(), log);
        self.revision += 1;
    }

    /// Takes in the events up to `position` of which it was not told, or those before the one at
    /// which it stops.
    pub(super) fn take_in(&mut self, position: u64, log: &EventLog) {
        if self.stopped().is_some() {
            return;
        }
        let Self { subscriber, told_ahead, taken_before_crash, checkpoint, .. } = self;
        let place = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
        log.batches(place(*checkpoint), place(position), |events| {
            if told_ahead.is_empty() && taken_before_crash.is_empty() {
                return subscriber.fold(events);
            }
            let new = |event: &&&Recorded| {
                let position = event.position();
                !told_ahead.contains(&position) && !taken_before_crash.contains(&position)
            };
            let new: Vec<&Recorded> = events.iter().filter(new).copied().collect();
            subscriber.fold(&new);
        });
        self.go_on_from(position);
    }

    /// It was told of every event up to `position`, or up to the one at which it has stopped.
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

    /// Which of the two it is.
    pub fn kind(&self) -> SubscriptionKind {
        self.kind
    }

    /// Which version of its code runs.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// It was told of every event up to this position.
    pub fn checkpoint(&self) -> u64 {
        self.checkpoint
    }

    /// The positions beyond the checkpoint of which it was told already: where there are any,
    /// there is a gap before them, or a crash came before the checkpoint was saved.
    pub fn ahead(&self) -> impl Iterator<Item = u64> {
        let taken =
            self.taken_before_crash.iter().filter(|position| !self.told_ahead.contains(*position));
        self.told_ahead.iter().chain(taken).copied()
    }

    /// A process has reacted to everything up to this position.
    pub fn mark(&self) -> u64 {
        self.mark
    }

    /// True where somebody has set it otherwise than it runs by itself, or has broken it.
    pub fn altered(&self) -> bool {
        self.paused
            || self.crashed
            || self.stopped().is_some()
            || self.delay > 0
            || self.synchronous
            || self.fault.is_some()
            || !(self.deduplicate && self.guard)
    }

    /// True where it takes in nothing for now.
    pub fn paused(&self) -> bool {
        self.paused
    }

    /// True where it has crashed and was not started again.
    pub fn crashed(&self) -> bool {
        self.crashed
    }

    /// The event that it could not take in, where there is one, and why. It takes in nothing more
    /// until it is resumed or rebuilt, and shows what it knew before.
    pub fn stopped(&self) -> Option<&Stopped> {
        self.subscriber.stopped()
    }

    /// How many events behind the head it is kept.
    pub fn delay(&self) -> u64 {
        self.delay
    }

    /// True where an event that was taken in before is recognised.
    pub fn deduplicates(&self) -> bool {
        self.deduplicate
    }

    /// True where it is applied within the command's own commit.
    pub fn is_synchronous(&self) -> bool {
        self.synchronous
    }

    /// True where a replay reacts to nothing.
    pub fn is_guarded(&self) -> bool {
        self.guard
    }

    /// The fault that is armed.
    pub fn fault(&self) -> Option<DeliveryFault> {
        self.fault
    }

    /// What its running instance shows.
    pub fn view(&self) -> View {
        self.subscriber.view()
    }

    /// How many events it skipped because they could not be read.
    pub fn skipped(&self) -> u64 {
        self.subscriber.skipped()
    }

    /// How many reactions the last replay held back: what it would have sent.
    pub fn held_back(&self) -> u64 {
        self.held_back
    }

    /// How many reactions are not handled yet.
    pub fn unanswered(&self) -> usize {
        self.open_reactions.values().map(Set::len).sum()
    }

    /// How far it is from a position that somebody waits for.
    pub fn wait(&self, position: u64, head: u64) -> Wait {
        let left = position.saturating_sub(self.checkpoint);
        let held_by = if left == 0 {
            None
        } else if position > head {
            Some("there is no such event yet")
        } else if self.stopped().is_some() {
            Some("it has stopped at an event that it cannot take in")
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
