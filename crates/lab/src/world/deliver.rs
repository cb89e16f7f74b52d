//! Delivers events to subscribers, with all the faults that are armed, and handles reactions, side
//! effects and marks.

use std::rc::Rc;

use crate::deadlines::Deadline;
use crate::outbox::{Effect, EffectStatus};
use crate::subscription::{DeliveryFault, NextDelivery, Subscription, SubscriptionKind, TRIES};
use es::{CommandRecord, Envelope, Reaction, Recorded, Stopped};
use uuid::Uuid;

use super::handling::{
    CommandInProgress, InboxItem, PendingCrash, Reacting, ReactionSource, RequestedEffect,
};
use super::{MicroStep, SideRecord, World};

/// How many commands processes send under one correlation id before all is quiet: more come only
/// of processes that answer themselves without an end.
const MOST_ANSWERS: u64 = 1_000;
const ENDLESS: &str = "1,000 commands were sent that go back to a single one, and each led to the \
                       next, so the process was stopped";

/// The reactions that are not put off.
fn at_once(mut reactions: Vec<Reaction>) -> Vec<Reaction> {
    reactions.retain(|it| it.deadline().is_none());
    reactions
}

impl Subscription {
    /// From now on, the process owes these reactions to an event. None where there are none.
    fn owe(
        &mut self,
        position: u64,
        reactions: Vec<Reaction>,
        later: Vec<(Rc<str>, u64)>,
    ) -> Option<Reacting> {
        if !reactions.is_empty() {
            let ids = reactions.iter().map(|reaction| reaction.id(&self.name));
            self.open_reactions.insert(position, ids.collect());
        }
        let source = ReactionSource { process: self.name.clone(), position };
        let any = !reactions.is_empty() || !later.is_empty();
        any.then_some(Reacting { source, reactions, later })
    }
}

impl World {
    /// Delivers the next event to the subscriber that is furthest behind.
    pub(super) fn deliver(&mut self) -> Option<MicroStep> {
        if let Some(step) = self.say_stopped() {
            return Some(step);
        }
        let head = self.log.head();
        let due = |(index, it): (usize, &Subscription)| {
            it.due(head).map(|due| (it.checkpoint, index, due))
        };
        let all = self.subscriptions.iter().enumerate().filter_map(due);
        let (_, index, due) = all.min_by_key(|(checkpoint, index, _)| (*checkpoint, *index))?;
        let it = self.subscriptions.get_mut(index)?;
        let to = it.name.clone();
        let armed = (it.fault, it.withheld, it.again);
        let steps = it.steps;
        it.steps = it.steps.saturating_sub(1);
        let step = match due {
            NextDelivery::Retried(position) => {
                it.steps = steps;
                self.retry(index, position)
            }
            NextDelivery::Withheld(position) => {
                it.withheld = true;
                Some(MicroStep::Withheld { to, position })
            }
            NextDelivery::Overtaking(position) => {
                (it.fault, it.withheld) = (None, false);
                self.hand_over(index, position)
            }
            NextDelivery::Again(position) => {
                it.again = None;
                self.hand_over(index, position)
            }
            NextDelivery::Event(position) if it.stops_at(position) => {
                self.hand_over(index, position)
            }
            NextDelivery::Event(position) => match it.fault {
                Some(DeliveryFault::Drop) => {
                    it.fault = None;
                    // An event that never comes makes no code fail.
                    it.fails_on.take_if(|it| *it == position);
                    it.note_told(position);
                    self.save_checkpoint(index);
                    Some(MicroStep::Dropped { to, position })
                }
                Some(DeliveryFault::Duplicate) => {
                    it.fault = None;
                    it.again = Some(position);
                    self.hand_over(index, position)
                }
                _ => self.hand_over(index, position),
            },
        };
        let failed = |it: &&mut Subscription| it.stopped().is_some() || it.tried > 0;
        if let Some(it) = self.subscriptions.get_mut(index).filter(failed) {
            // Nothing was delivered, so the fault stays armed.
            (it.fault, it.withheld, it.again) = armed;
            it.steps = if it.tried > 0 { steps } else { it.steps };
        }
        if let Some(it) = self.subscriptions.get_mut(index) {
            it.unsaved |= (it.fault, it.withheld) != (armed.0, armed.1);
        }
        step
    }

    /// Says once that a subscriber has stopped.
    fn say_stopped(&mut self) -> Option<MicroStep> {
        let unsaid = |it: &&mut Subscription| it.stopped().is_some() && !it.stop_said;
        let it = self.subscriptions.iter_mut().find(unsaid)?;
        it.stop_said = true;
        let Stopped { position, why } = it.stopped()?.clone();
        Some(MicroStep::Stopped { to: it.name.clone(), position, why })
    }

    /// Hands an event to a subscriber.
    fn hand_over(&mut self, index: usize, position: u64) -> Option<MicroStep> {
        let it = self.subscriptions.get_mut(index)?;
        let event = self.log.event(position)?;
        let to = it.name.clone();
        let (again, behind) = (it.knows(position), position <= it.checkpoint);
        if it.dead_letter(position).is_some() {
            // It was set aside before the subscriber had to go back. It waits there.
            self.leave_aside(index, position);
            return Some(MicroStep::Skipped { to, position });
        }
        let skipped = again && it.deduplicate;
        let answered = self.answers.get(&event.correlation_id());
        if it.kind == SubscriptionKind::Process && answered.is_some_and(|it| *it >= MOST_ANSWERS) {
            it.subscriber.stop_at(event, ENDLESS.into());
            return self.say_stopped();
        }
        if !skipped {
            if let Some(why) = it.try_event(event) {
                if !it.lenient {
                    it.subscriber.stop_at(event, why);
                    return self.say_stopped();
                }
                it.tried += 1;
                if it.tried < TRIES {
                    return Some(MicroStep::Tried { to, position, attempt: it.tried, of: TRIES });
                }
                it.tried = 0;
                it.set_aside(position, why.clone());
                self.leave_aside(index, position);
                return Some(MicroStep::SetAside { to, position, why });
            }
            it.tried = 0;
            it.revision += 1;
        }
        let crashes = !behind
            && match it.fault {
                Some(DeliveryFault::CrashBeforeCheckpoint) => true,
                Some(DeliveryFault::CrashAfterEffect) => it.kind == SubscriptionKind::Projection,
                _ => false,
            };
        let mut held_back = 0;
        // An event that is recognised was reacted to, unless a crash came between.
        let reacts = it.kind == SubscriptionKind::Process && !self.watching;
        if reacts && !crashes && !(skipped && behind) {
            let reactions = at_once(it.subscriber.react(event));
            let later = it.set_deadlines(event);
            if it.guard && (position <= it.mark || event.envelope().unanswered) {
                held_back = reactions.len() as u64;
                it.held_back += held_back;
            } else if !it.open_reactions.contains_key(&position) {
                self.reacting = it.owe(position, reactions, later);
            }
        } else if !skipped && !crashes {
            it.set_deadlines(event);
            if self.watching && !at_once(it.subscriber.react(event)).is_empty() {
                it.asks_at = position;
            }
        }
        it.note_told(position);
        if crashes {
            let name = to.clone();
            self.crashing = it.fault.take().map(|fault| PendingCrash { name, position, fault });
        } else {
            if self.reacting.is_some() && it.fault == Some(DeliveryFault::CrashAfterEffect) {
                (it.fault, it.crash_after) = (None, Some(position));
            }
            self.save_checkpoint(index);
        }
        Some(if skipped {
            MicroStep::Skipped { to, position }
        } else {
            MicroStep::Delivered { to, position, again, held_back }
        })
    }

    /// Goes on without an event that was set aside.
    fn leave_aside(&mut self, index: usize, position: u64) {
        let Some(it) = self.subscriptions.get_mut(index) else { return };
        it.note_told(position);
        it.revision += 1;
        self.save_checkpoint(index);
    }

    /// Tries once an event that was set aside. A process then owes its reactions, wherever its mark
    /// is: until they are handled, the event stays a dead letter, which outlives a crash.
    fn retry(&mut self, index: usize, position: u64) -> Option<MicroStep> {
        let it = self.subscriptions.get_mut(index)?;
        it.retrying = None;
        let event = self.log.event(position)?;
        let to = it.name.clone();
        let again = it.retried.contains(&position);
        if !again {
            if let Some(why) = it.try_event(event) {
                it.set_aside(position, why.clone());
                return Some(MicroStep::SetAside { to, position, why });
            }
            it.retried.insert(position);
            it.revision += 1;
        }
        let reactions = at_once(it.subscriber.react(event));
        let later = it.set_deadlines(event);
        let unanswered = it.guard && event.envelope().unanswered;
        let held_back = if unanswered { reactions.len() as u64 } else { 0 };
        it.held_back += held_back;
        if reactions.is_empty() || unanswered {
            it.settle_letter(position);
        }
        if !unanswered {
            self.reacting = it.owe(position, reactions, later);
        }
        Some(MicroStep::Delivered { to, position, again, held_back })
    }

    /// Saves a subscriber's checkpoint.
    fn save_checkpoint(&mut self, index: usize) {
        let Some(it) = self.subscriptions.get_mut(index) else { return };
        it.advance_checkpoint();
        it.unsaved |= it.paused;
        // A process that owes no reaction moves its mark as well, so that a rebuild stays quiet.
        let owes =
            it.kind != SubscriptionKind::Process || !it.open_reactions.is_empty() || self.watching;
        if !owes && it.mark < it.checkpoint {
            it.mark = it.checkpoint;
        }
    }

    /// A subscriber crashes. Its checkpoint stays, and what it was about to do is gone. A process
    /// goes on after its mark.
    pub(super) fn crash(&mut self, crash: PendingCrash) -> Option<MicroStep> {
        let PendingCrash { name, position, fault } = crash;
        let it = self.subscriptions.iter_mut().find(|it| it.name == name)?;
        (it.paused, it.crashed, it.steps) = (true, true, 0);
        it.unsaved = true;
        (it.again, it.crash_after) = (None, None);
        let answered = if it.kind == SubscriptionKind::Process { it.mark } else { it.checkpoint };
        it.fall_back(answered.min(it.checkpoint));
        if it.kind == SubscriptionKind::Process {
            it.open_reactions.clear();
            it.deadlines.recall();
            self.reacting.take_if(|it| it.source.process == name);
            self.effects.retain(|it| it.source.process != name);
            self.inbox.retain(|it| it.sent_by() != Some(&name));
            self.settled.remove(&name);
        }
        let checkpoint = it.checkpoint;
        Some(MicroStep::Crashed { to: name, position, checkpoint, fault })
    }

    pub(super) fn react(&mut self, reacting: Reacting) -> MicroStep {
        let Reacting { source: ReactionSource { process, position }, reactions, later } = reacting;
        if reactions.is_empty() {
            // Nothing is owed: what is due later is found again wherever the mark is.
            self.settled.insert(process.clone());
        }
        let mut asks = Vec::new();
        for reaction in reactions {
            match &reaction {
                Reaction::Command { kind, .. } => {
                    asks.push(kind.clone());
                    self.send(&process, position, reaction);
                }
                Reaction::Effect { kind, .. } => {
                    asks.push(kind.clone());
                    let source = ReactionSource { process: process.clone(), position };
                    self.effects.push_back(RequestedEffect { source, reaction });
                }
            }
        }
        MicroStep::Reacted { process, position, asks, later }
    }

    /// When the next deadline comes, in milliseconds since 1970. None where no process waits here.
    pub fn next_deadline(&self) -> Option<u64> {
        self.due_next().map(|((due, _), _)| due)
    }

    /// The deadline that comes next, and the place of its process. A process that is paused or has
    /// stopped sends nothing.
    fn due_next(&self) -> Option<((u64, Uuid), usize)> {
        let mut all = self.subscriptions.iter().enumerate();
        let waiting = |(place, it): (usize, &Subscription)| {
            let sends = !it.paused && it.stopped().is_none();
            it.deadlines.next().filter(|_| sends).map(|key| (key, place))
        };
        if self.watching { None } else { all.by_ref().filter_map(waiting).min() }
    }

    /// Sends the command whose time has come first. What follows from it happens at that time.
    pub(super) fn meet_deadline(&mut self, now: u64) -> Option<MicroStep> {
        let (key, place) = self.due_next().filter(|((due, _), _)| *due <= now)?;
        let it = self.subscriptions.get_mut(place)?;
        let process = it.name.clone();
        let (Deadline { position, due, stream, kind: command, .. }, reaction) =
            it.deadlines.send(key)?;
        if it.fault == Some(DeliveryFault::CrashAfterEffect) {
            (it.fault, it.crash_after, it.unsaved) = (None, Some(position), true);
        }
        let last = self.log.event(self.log.head()).map_or(0, Recorded::at);
        // What was hurried happens now.
        self.time_of_deadline = Some(if key.0 == 0 { now } else { key.0.max(last) });
        self.send(&process, position, reaction);
        Some(MicroStep::Due { process, position, stream, command, due })
    }

    /// Looks which of the deadlines that were just set are over already, and takes them off.
    pub(super) fn check_deadlines(&mut self) {
        for it in self.subscriptions.iter_mut().filter(|it| it.waits) {
            for id in it.deadlines.take_unchecked() {
                let handled = self.log.handled(id).map(|events| events.end.saturating_sub(1));
                if let Some(after) = handled.or_else(|| self.refused.get(&id).copied()) {
                    it.deadlines.settle(id, after);
                }
            }
        }
    }

    pub(super) fn send(&mut self, process: &Rc<str>, position: u64, reaction: Reaction) {
        let id = reaction.id(process);
        let Reaction::Command { stream, kind, data, .. } = reaction else { return };
        let Some(event) = self.log.event(position) else { return };
        let mut base_envelope = Envelope::first(id, process.clone(), 0);
        base_envelope.causation_id = event.id();
        base_envelope.correlation_id = event.correlation_id();
        *self.answers.entry(event.correlation_id()).or_default() += 1;
        let in_progress =
            CommandInProgress::new(CommandRecord { stream, kind, data }, base_envelope);
        let reaction_of = Some(ReactionSource { process: process.clone(), position });
        self.inbox.push_back(InboxItem::Command(CommandInProgress { reaction_of, ..in_progress }));
    }

    pub(super) fn perform(&mut self, now: u64) -> Option<MicroStep> {
        let RequestedEffect { source, reaction } = self.effects.pop_front()?;
        let ReactionSource { process, position } = source.clone();
        let id = reaction.id(&process);
        let Reaction::Effect { instance, kind, data, .. } = reaction else { return None };
        let guarded = self.find(&process).is_none_or(|it| it.guard);
        let before = self.performed.entry(id).or_default();
        let status =
            if *before > 0 && guarded { EffectStatus::Suppressed } else { EffectStatus::Performed };
        let repeat = *before;
        *before += u64::from(status == EffectStatus::Performed);
        let at = now.max(self.log.event(position).map_or(0, Recorded::at));
        let effect = Effect {
            id,
            process: process.clone(),
            instance,
            kind,
            data,
            position,
            at,
            status,
            repeat,
        };
        let name = effect.kind.clone();
        if status == EffectStatus::Performed {
            self.side_records.push(SideRecord::Effect(effect.clone()));
        }
        self.outbox.push(effect);
        self.settle_reaction(Some(source), id);
        Some(match status {
            EffectStatus::Performed => {
                MicroStep::Performed { effect: name, process, position, repeat }
            }
            EffectStatus::Suppressed => MicroStep::Suppressed { process, position },
        })
    }

    pub(super) fn checkpoint(&mut self) -> Option<MicroStep> {
        let process = self.settled.pop_first()?;
        let it = self.find(&process)?;
        let open_reactions = it.open_reactions.first_key_value().map(|(position, _)| position - 1);
        let position = open_reactions.unwrap_or(u64::MAX).min(it.checkpoint).max(it.mark);
        (it.mark, it.unsaved) = (position, true);
        Some(MicroStep::Checkpointed { process, position })
    }
}
