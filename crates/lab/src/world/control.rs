//! Changes to subscriptions: they are started, ended, paused, delayed, moved back, faulted and
//! rebuilt.

use std::rc::Rc;

use super::World;
use super::handling::{ReactionSource, RequestedEffect};
use crate::journal::Outcome;
use crate::subscription::{
    Control, ControlError, Subscription, SubscriptionKind, Wait, instance_of, is_replica,
};
use es::{AnyRunner, Fold, IdSet, Reaction, Subscriber, Timeline};

/// A search for reactions that a process would have asked for, and that nobody has handled.
pub struct Missing {
    process: Rc<str>,
    runner: Subscriber,
    known: IdSet,
    /// All events up to this position were looked through.
    looked: u64,
    /// The last position to look at.
    to: u64,
    /// Events up to this position have set no deadline.
    after: u64,
    found: Vec<(u64, Reaction)>,
}

impl Missing {
    /// What was found so far, with the positions of the events.
    pub fn found(&self) -> &[(u64, Reaction)] {
        &self.found
    }
}

impl World {
    pub(super) fn find(&mut self, name: &str) -> Option<&mut Subscription> {
        self.subscriptions.iter_mut().find(|subscription| &*subscription.name == name)
    }

    /// The subscription of that name.
    pub fn subscription(&self, name: &str) -> Option<&Subscription> {
        self.subscriptions.iter().find(|subscription| &*subscription.name == name)
    }

    /// Changes a subscription.
    ///
    /// # Errors
    /// [`ControlError`]. Nothing is changed then.
    pub fn control(&mut self, name: &str, control: Control) -> Result<(), ControlError> {
        let (head, watching) = (self.log.head(), self.watching);
        let unknown = || ControlError::Unknown(name.to_owned());
        let it = self.find(name).ok_or_else(unknown)?;
        if let Some(why) = impossible(it, control, watching) {
            return Err(ControlError::Refused(why));
        }
        let (code, checkpoint, before) = (it.code, it.checkpoint, it.set_up());
        match control {
            Control::Pause(paused) => {
                (it.paused, it.steps) = (paused, 0);
                it.crashed &= paused;
                if !paused {
                    it.retry();
                }
            }
            Control::Step if it.paused && (it.checkpoint < head || it.again.is_some()) => {
                it.steps = 1;
                it.retry();
            }
            Control::Step => {}
            Control::Delay(events) => it.delay = events,
            Control::Deduplicate(on) => it.deduplicate = on,
            Control::Guard(on) => it.guard = on,
            Control::Fault(fault) => (it.fault, it.withheld) = (fault, false),
            Control::FailOn(position) => {
                (it.fails_on, it.tried) = (position, 0);
                it.retry();
                // Where it has taken the event in, it goes back to before.
                let known = |at: &u64| it.knows(*at) && it.dead_letter(*at).is_none();
                if let Some(at) = position.filter(known) {
                    let to = at.saturating_sub(1).min(checkpoint);
                    self.restart(name, code, to).ok_or_else(unknown)?;
                }
            }
            Control::Lenient(on) => {
                it.lenient = on;
                it.retry();
            }
            Control::Retry(position) => it.retrying = Some(position),
            Control::Skip(position) => {
                let mut letters = it.dead_letters.iter_mut();
                letters
                    .find(|it| it.position == position)
                    .into_iter()
                    .for_each(|it| it.skipped = true);
            }
            Control::Synchronous(on) => {
                it.synchronous = on;
                if on {
                    (it.paused, it.crashed, it.delay, it.steps) = (false, false, 0, 0);
                    (it.fault, it.again, it.withheld) = (None, None, false);
                    it.retry();
                }
            }
            Control::Rewind(to) => self.restart(name, code, to).ok_or_else(unknown)?,
            Control::Redeliver(to) => {
                it.mark = to;
                self.restart(name, code, to.min(checkpoint)).ok_or_else(unknown)?;
            }
        }
        // Whoever is synchronous is never behind, and may have been kept from it until now.
        self.catch_up();
        if let Some(it) = self.find(name) {
            it.unsaved |= it.set_up() != before;
        }
        Ok(())
    }

    /// How far a subscription is from a position that somebody waits for. None where no projection
    /// or process of that name runs.
    pub fn wait(&self, name: &str, position: u64) -> Option<Wait> {
        Some(self.subscription(name)?.wait(position, self.log.head()))
    }

    /// Synchronous projections take in everything that is stored.
    pub(super) fn catch_up(&mut self) {
        for it in self.subscriptions.iter_mut().filter(|it| it.synchronous) {
            it.catch_up(&self.log);
        }
    }

    /// Every projection that runs undisturbed takes in all events at once. The result is the same
    /// as that of single deliveries, but quicker.
    pub fn catch_up_undisturbed(&mut self) {
        for it in self.subscriptions.iter_mut().filter(|it| it.is_undisturbed()) {
            it.catch_up(&self.log);
        }
    }

    /// Folds a subscription's events anew up to `position`. Later events are delivered again. None
    /// where nothing of that name runs, or has no such code.
    pub(super) fn restart(&mut self, name: &str, code: u16, position: u64) -> Option<()> {
        let runner = self.fresh(name, code)?;
        let it = self.subscriptions.iter_mut().find(|it| &*it.name == name)?;
        it.unsaved |= it.code != code || it.is_held();
        it.code = code;
        it.start_at(runner, position, &self.log);
        if it.synchronous {
            it.catch_up(&self.log);
        }
        Some(())
    }

    /// Folds a subscription again from zero, with the version `code` of its code. A process does
    /// not react again. False where nothing of that name runs, or it has no such code.
    pub fn rebuild(&mut self, name: &str, code: u16) -> bool {
        self.subscription(name).is_some() && self.restart(name, code, 0).is_some()
    }

    /// Forgets what a subscription has folded. [`refill`](Self::refill) folds it again, up to where
    /// it was where it is paused or delayed.
    pub fn drop_model(&mut self, name: &str, code: u16) {
        let Some(was) = self.subscription(name).map(Subscription::checkpoint) else { return };
        if self.rebuild(name, code)
            && let Some(it) = self.find(name).filter(|it| it.is_held())
        {
            it.fold_to = was;
        }
    }

    /// Starts a projection of the scenario. It begins at zero, and events are delivered from the
    /// first one on. False where there is no such projection, or where it runs already.
    pub fn subscribe(&mut self, name: &str) -> bool {
        if self.find(name).is_some() {
            return false;
        }
        let Some(it) = self.scenario.projections.iter().find(|it| &*it.name() == name) else {
            return false;
        };
        let subscription = Subscription {
            revision: self.ended,
            ..Subscription::new(it.name(), SubscriptionKind::Projection, it.code(), it.runner())
        };
        self.insert(subscription);
        true
    }

    /// Puts a subscription in its place among all.
    pub(super) fn insert(&mut self, subscription: Subscription) {
        let rank = self.rank(&subscription);
        let slot = self.subscriptions.partition_point(|other| self.rank(other) < rank);
        self.subscriptions.insert(slot, subscription);
    }

    /// The place of a subscription among all: projections first, each kind in the scenario's order,
    /// and replicas after the first instance.
    fn rank(&self, subscription: &Subscription) -> (SubscriptionKind, usize, u16) {
        let (model, number) = instance_of(&subscription.name);
        let is = |name: Rc<str>| *name == *model;
        let place = match subscription.kind {
            SubscriptionKind::Projection => {
                self.scenario.projections.iter().position(|it| is(it.name()))
            }
            SubscriptionKind::Process => {
                self.scenario.processes.iter().position(|it| is(it.name()))
            }
        };
        (subscription.kind, place.unwrap_or(usize::MAX), number)
    }

    /// Ends a projection. Its state is gone, but can be folded again. False where no projection of
    /// that name runs. A replica is dropped: it does not come back at a reload.
    pub fn unsubscribe(&mut self, name: &str) -> bool {
        let ended = self.end(name);
        if ended && is_replica(name) {
            self.note_dropped(name);
        }
        ended
    }

    /// Ends a projection.
    pub(super) fn end(&mut self, name: &str) -> bool {
        let ends = |it: &Subscription| &*it.name == name && it.kind == SubscriptionKind::Projection;
        let Some(place) = self.subscriptions.iter().position(ends) else { return false };
        self.ended = self.ended.max(self.subscriptions.remove(place).revision + 1);
        true
    }

    /// The versions of a projection's or process's code.
    pub fn codes(&self, name: &str) -> Vec<u16> {
        let name = instance_of(name).0;
        let projections = self.scenario.projections.iter().map(|it| (it.name(), it.code()));
        let processes = self.scenario.processes.iter().map(|it| (it.name(), it.code()));
        projections.chain(processes).filter(|(it, _)| &**it == name).map(|(_, code)| code).collect()
    }

    pub(super) fn fresh(&self, name: &str, code: u16) -> Option<Box<dyn AnyRunner>> {
        let name = instance_of(name).0;
        let processes = &self.scenario.processes;
        let process = processes.iter().find(|it| &*it.name() == name && it.code() == code);
        let projections = &self.scenario.projections;
        let projection = projections.iter().find(|it| &*it.name() == name && it.code() == code);
        process.map(|it| it.manager()).or_else(|| projection.map(|it| it.runner()))
    }

    /// A reader that shows a projection or process at any position.
    pub(crate) fn reader(&self, name: &str, code: u16) -> Option<Timeline<Subscriber>> {
        let name = instance_of(name).0;
        let processes = &self.scenario.processes;
        let process = processes.iter().find(|it| &*it.name() == name && it.code() == code);
        let projections = &self.scenario.projections;
        let projection = projections.iter().find(|it| &*it.name() == name && it.code() == code);
        let runner = process.map(|it| it.runner()).or_else(|| projection.map(|it| it.runner()));
        runner.map(|it| Timeline::new(Subscriber::new(it)))
    }

    /// The reactions that a process's current code would have asked for from the beginning, and
    /// that nobody has handled. Each stands with the position of its event. Nothing is sent.
    pub fn missing(&self, process: &str) -> Vec<(u64, Reaction)> {
        let Some(mut missing) = self.look_for_missing(process) else { return Vec::new() };
        self.look_on(&mut missing, u64::MAX);
        missing.found
    }

    /// Begins to look for what [`missing`](Self::missing) finds. None where no process of that name
    /// runs.
    pub fn look_for_missing(&self, process: &str) -> Option<Missing> {
        let it = self.subscription(process)?;
        // A refused command counts as handled.
        let asked = self.journal.iter().filter(|it| it.outcome != Outcome::NotStored);
        Some(Missing {
            process: it.name.clone(),
            runner: Subscriber::new(self.fresh(process, it.code)?),
            known: asked.map(|it| it.envelope.command_id).collect(),
            looked: 0,
            to: it.mark.min(self.log.head()),
            after: it.deadlines_after,
            found: Vec::new(),
        })
    }

    /// Looks through the next `events` events. True once all were looked through.
    pub fn look_on(&self, missing: &mut Missing, events: u64) -> bool {
        let Missing { process, runner, known, looked, to, after, found } = missing;
        let last = looked.saturating_add(events).min(*to);
        for event in self.log.events(*looked + 1, last) {
            runner.fold(&[event]);
            if runner.stopped().is_some() {
                return true;
            }
            let brought_along = event.envelope().unanswered || event.position() <= *after;
            for reaction in runner.react(event) {
                // What is due later is pending, and so not missing.
                if reaction.deadline().is_some() && !brought_along {
                    continue;
                }
                let id = reaction.id(process);
                let done = self.log.handled(id).is_some() || self.performed.contains_key(&id);
                if !done && known.insert(id) {
                    found.push((event.position(), reaction));
                }
            }
        }
        *looked = last;
        last == *to
    }

    /// Sends the [`missing`](Self::missing) reactions. Returns their number.
    pub fn send_missing(&mut self, process: &str) -> usize {
        let missing = self.missing(process);
        let name: Rc<str> = process.into();
        let count = missing.len();
        if let Some(it) = self.find(process) {
            it.unsaved |= it.deadlines_after > 0;
            it.deadlines_after = 0;
        }
        for (position, reaction) in missing {
            match reaction {
                Reaction::Command { due: Some(_), .. } => {
                    let waits = self.find(process);
                    waits.map(|it| it.deadlines.ask(process, position, reaction));
                }
                Reaction::Command { .. } => self.send(&name, position, reaction),
                Reaction::Effect { .. } => {
                    let source = ReactionSource { process: name.clone(), position };
                    self.effects.push_back(RequestedEffect { source, reaction });
                }
            }
        }
        count
    }
}

/// Why a change is not possible for a subscription. `watching` is true where another tab runs
/// processes.
fn impossible(it: &Subscription, control: Control, watching: bool) -> Option<String> {
    let (name, process) = (&it.name, it.kind == SubscriptionKind::Process);
    match control {
        Control::Pause(true)
        | Control::Delay(1..)
        | Control::Fault(Some(_))
        | Control::Rewind(_)
            if it.synchronous =>
        {
            Some(format!(
                "{name} is synchronous: it takes in events as they are stored, so it is never \
                 behind, and nothing can go wrong on the way"
            ))
        }
        Control::Synchronous(true) if process => {
            Some(format!("{name} is a process: it acts on facts, after they are stored"))
        }
        Control::Redeliver(_) | Control::Guard(_) if !process => {
            Some(format!("{name} is a projection: it reacts to nothing"))
        }
        Control::Rewind(to) if to > it.checkpoint => {
            Some(format!("{name} is at {}, and can only be moved back", it.checkpoint))
        }
        Control::Redeliver(_)
        | Control::Pause(true)
        | Control::Delay(1..)
        | Control::Fault(Some(_))
        | Control::FailOn(Some(_))
        | Control::Lenient(true)
        | Control::Retry(_)
        | Control::Skip(_)
        | Control::Guard(false)
        | Control::Deduplicate(false)
            if watching && process =>
        {
            Some(format!("another tab runs {name}, and would not hear of it: do that there"))
        }
        Control::FailOn(Some(0)) => Some("there is no event 0; positions begin with 1".to_owned()),
        Control::Redeliver(to) if to > it.mark => Some(format!(
            "{name} has reacted up to {}, so that is all it can be asked again",
            it.mark
        )),
        Control::Retry(position) | Control::Skip(position)
            if it.dead_letter(position).is_none() =>
        {
            Some(format!("{name} has not set event {position} aside"))
        }
        Control::Retry(_) if it.stopped().is_some() => {
            Some(format!("{name} has stopped before an event: resume it first"))
        }
        _ => None,
    }
}
