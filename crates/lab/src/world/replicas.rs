//! A replica is a second instance of a read model, a subscription of its own beside the first. It
//! catches up from zero while the first goes on being read, and takes over the first one's name
//! once it has caught up: a rebuild without downtime. The other instance then has the replica's
//! name. It can take over again, or be dropped.

use std::rc::Rc;

use super::{SideRecord, World};
use crate::subscription::{
    ControlError, INSTANCES_AT_MOST, NUMBERED, SetUp, Subscription, SubscriptionKind, instance_of,
    is_replica,
};

impl World {
    /// Brings up a replica of a projection, with a version of its code. It has taken in nothing,
    /// and is paused, so that whoever asked for it chooses its pace. Returns its name.
    ///
    /// # Errors
    /// [`ControlError`]. Nothing is changed then.
    pub fn replicate(&mut self, name: &str, code: u16) -> Result<Rc<str>, ControlError> {
        let model = instance_of(name).0;
        let runs =
            self.subscription(model).ok_or_else(|| ControlError::Unknown(name.to_owned()))?;
        if runs.kind == SubscriptionKind::Process {
            let why = format!("{model} is a process: two of them would act twice");
            return Err(ControlError::Refused(why));
        }
        let free = (2..=INSTANCES_AT_MOST).map(|number| format!("{model}{NUMBERED}{number}"));
        let Some(replica) = free.into_iter().find(|it| self.subscription(it).is_none()) else {
            let why = format!("{model} has {INSTANCES_AT_MOST} instances, and that is all");
            return Err(ControlError::Refused(why));
        };
        if !self.add_replica(&replica, code) {
            return Err(ControlError::Refused(format!("{model} has no code {code}")));
        }
        Ok(replica.into())
    }

    /// Starts a replica of that name, which is paused. False where there is no such projection, or
    /// no such code.
    pub(super) fn add_replica(&mut self, name: &str, code: u16) -> bool {
        let model = instance_of(name).0;
        let known = self.scenario.projections.iter().any(|it| &*it.name() == model);
        let Some(runner) = self.fresh(name, code).filter(|_| known) else { return false };
        let kind = SubscriptionKind::Projection;
        let mut replica = Subscription::new(name.into(), kind, code, runner);
        (replica.paused, replica.unsaved, replica.revision) = (true, true, self.ended);
        self.insert(replica);
        true
    }

    /// A replica takes over the name of the read model. The instance that had it gets the
    /// replica's name, and goes on.
    ///
    /// # Errors
    /// [`ControlError`], also where the replica has not caught up. Nothing is changed then.
    pub fn take_over_name(&mut self, replica: &str) -> Result<(), ControlError> {
        let model = instance_of(replica).0;
        let place = |name: &str| self.subscriptions.iter().position(|it| &*it.name == name);
        let unknown = || ControlError::Unknown(replica.to_owned());
        let new = place(replica).filter(|_| is_replica(replica)).ok_or_else(unknown)?;
        let Some(old) = place(model) else {
            let why = format!("{model} is not there: add it, and {replica} can take over");
            return Err(ControlError::Refused(why));
        };
        let (behind, first) = (&self.subscriptions[new], &self.subscriptions[old]);
        if behind.checkpoint < first.checkpoint || behind.stopped().is_some() {
            let why = format!(
                "{replica} is at {}, and {model} at {}: whoever reads would see less than before",
                behind.checkpoint, first.checkpoint
            );
            return Err(ControlError::Refused(why));
        }
        let revision = behind.revision.max(first.revision) + 1;
        self.subscriptions.swap(old, new);
        // Each name keeps its place, and has the other instance.
        for (at, name) in [(old, model), (new, replica)] {
            let it = &mut self.subscriptions[at];
            (it.name, it.revision, it.unsaved) = (name.into(), revision, true);
        }
        let it = &mut self.subscriptions[old];
        (it.paused, it.steps) = (false, 0);
        Ok(())
    }

    /// Notes that a replica is dropped.
    pub(super) fn note_dropped(&mut self, name: &str) {
        let dropped = SetUp { dropped: true, ..SetUp::default() };
        self.side_records.push(SideRecord::SetUp(name.into(), dropped));
    }

    /// A paused projection takes in up to so many events at once. Returns how many. 0 where it has
    /// taken in all, or where something is to happen on the way to it.
    pub fn take_in_at_once(&mut self, name: &str, events: u64) -> u64 {
        let head = self.log.head();
        let at_once = |it: &&mut Subscription| {
            let usual = it.fault.is_none() && it.again.is_none() && it.stopped().is_none();
            let new = it.told_ahead.is_empty() && it.taken_before_crash.is_empty();
            it.paused && it.kind == SubscriptionKind::Projection && usual && new && it.takes_all()
        };
        let Some(it) = self.subscriptions.iter_mut().find(|it| &*it.name == name).filter(at_once)
        else {
            return 0;
        };
        let before = it.checkpoint;
        it.take_in(before.saturating_add(events).min(head), &self.log);
        (it.revision, it.unsaved) = (it.revision + 1, true);
        it.checkpoint - before
    }
}
