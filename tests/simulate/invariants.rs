//! The invariants, which hold whatever happens. Each is a function that says where it is broken.

use std::collections::BTreeSet;
use std::fmt;

use leftfold::es::{AnyRunner, Reaction};
use leftfold::es::{EventLog, Origin, Recorded, Scenario, Stream};
use leftfold::lab::{EffectStatus, Health, Session, Subscription, SubscriptionKind, World};

use super::Run;
use crate::surroundings::at_once;

/// An invariant that is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenInvariant {
    /// The invariant's name.
    pub name: &'static str,
    /// Where it is broken, in words.
    pub why: String,
}

impl BrokenInvariant {
    pub fn new(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, why: why.into() }
    }
}

impl fmt::Display for BrokenInvariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is broken: {}", self.name, self.why)
    }
}

type Verdict = Result<(), BrokenInvariant>;

fn holds(name: &'static str, holds: bool, why: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(BrokenInvariant::new(name, why())) }
}

pub fn after_every_step(run: &Run) -> Verdict {
    for tab in &run.tabs {
        synchronous_projections_are_never_behind(tab.log.session().world())?;
    }
    effects_are_performed_once(run)
}

pub fn after_every_act(run: &mut Run) -> Verdict {
    for tab in &run.tabs {
        checkpoints_are_within_the_log(tab.log.session().world())?;
    }
    what_is_shown_is_stored(run)?;
    whoever_missed_nothing_equals_a_clean_fold(run)
}

pub fn once_all_is_quiet(run: &mut Run) -> Verdict {
    every_tab_knows_the_same(run)?;
    for tab in &run.tabs {
        nobody_is_behind(tab.log.session().world())?;
    }
    whoever_missed_nothing_equals_a_clean_fold(run)?;
    every_reaction_was_handled(run)?;
    checks_hold_unless_forced(run)
}

pub fn of_what_is_stored(run: &Run) -> Verdict {
    let stored = stored(run)?;
    let log = stored.log();
    the_log_is_gapless(log)?;
    versions_are_places_in_streams(log)?;
    recorded_at_never_goes_back(log)?;
    no_command_is_handled_twice(log)?;
    no_deadline_is_met_before_its_time(run, log)?;
    what_was_acknowledged_is_stored(run, log)
}

/// The log as a new tab finds it.
fn stored(run: &Run) -> Result<Session, BrokenInvariant> {
    let (host, _) = run.browser.tab(0);
    let (scenario, log) = (run.scenario.clone(), run.info.id.clone());
    let read = at_once(async move { host.look(&scenario, &log).await });
    read.map_err(|fault| BrokenInvariant::new("what_was_stored_can_be_read", fault.to_string()))
}

/// Everything that is shown is found by a new tab, at the same place.
pub fn what_is_shown_is_stored(run: &Run) -> Verdict {
    let name = "what_is_shown_is_stored";
    let stored = stored(run)?;
    for tab in &run.tabs {
        let session = tab.log.session();
        let ids = |log: &EventLog, to| -> Vec<_> {
            log.events(1, to).map(|it| (it.id(), it.version(), it.at())).collect()
        };
        let head = session.head();
        let (here, there) = (ids(session.log(), head), ids(stored.log(), head));
        holds(name, here == there, || {
            format!("{head} events are shown, and {} are stored", stored.head())
        })?;
    }
    Ok(())
}

/// Once all is quiet and somebody has looked at every tab, each knows the whole log.
pub fn every_tab_knows_the_same(run: &Run) -> Verdict {
    let stored = stored(run)?;
    for tab in &run.tabs {
        let head = tab.log.session().head();
        holds("every_tab_knows_the_same", head == stored.head(), || {
            format!("a tab is at {head} of {}: {:?}", stored.head(), tab.log.trouble())
        })?;
    }
    Ok(())
}

/// Every event that was reported as stored is in the log.
pub fn what_was_acknowledged_is_stored(run: &Run, log: &EventLog) -> Verdict {
    let there: BTreeSet<_> = log.events(1, log.head()).map(Recorded::id).collect();
    let lost = run.acknowledged.iter().find(|id| !there.contains(id));
    holds("what_was_acknowledged_is_stored", lost.is_none(), || format!("{lost:?}"))
}

/// Positions run from 1 to the head.
pub fn the_log_is_gapless(log: &EventLog) -> Verdict {
    let positions = log.events(1, log.head()).map(Recorded::position);
    holds("the_log_is_gapless", positions.eq(1..=log.head()), || format!("{} events", log.head()))
}

/// An event's version is its place in its stream.
pub fn versions_are_places_in_streams(log: &EventLog) -> Verdict {
    for event in log.events(1, log.head()) {
        let place = log.version_at(event.stream(), event.position());
        holds("versions_are_places_in_streams", event.version() == place, || format!("{event:?}"))?;
    }
    Ok(())
}

/// Time in the log never goes back.
pub fn recorded_at_never_goes_back(log: &EventLog) -> Verdict {
    let times = log.events(1, log.head()).map(Recorded::at);
    holds("recorded_at_never_goes_back", times.is_sorted(), || format!("{} events", log.head()))
}

/// A command's events stand together, and only once.
pub fn no_command_is_handled_twice(log: &EventLog) -> Verdict {
    let mut ids: Vec<_> = log.events(1, log.head()).map(Recorded::command_id).collect();
    ids.dedup();
    let (commits, commands) = (ids.len(), ids.iter().collect::<BTreeSet<_>>().len());
    let events: BTreeSet<_> = log.events(1, log.head()).map(Recorded::id).collect();
    let once = commits == commands && events.len() as u64 == log.head();
    holds("no_command_is_handled_twice", once, || format!("{commits} commits, {commands} commands"))
}

/// What is due later is not sent before its time, unless somebody has hurried it.
pub fn no_deadline_is_met_before_its_time(run: &Run, log: &EventLog) -> Verdict {
    for process in run.scenario.processes.iter().filter(|it| it.waits()) {
        for (position, reaction) in due(&run.scenario, &process.name(), process.code(), log) {
            let id = reaction.id(&process.name());
            let Some(due) = reaction.deadline().filter(|_| !run.hurried.contains(&id)) else {
                continue;
            };
            let sent = log.handled(id).and_then(|events| log.event(events.start));
            let early = sent.filter(|it| it.command_id() == id && it.at() < due);
            holds("no_deadline_is_met_before_its_time", early.is_none(), || {
                format!("{early:?} was due at {due}, because of event {position}")
            })?;
        }
    }
    Ok(())
}

/// A running instance equals a clean fold where no event was lost, doubled or swapped, and there is
/// no gap.
pub fn whoever_missed_nothing_equals_a_clean_fold(run: &Run) -> Verdict {
    for (number, tab) in run.tabs.iter().enumerate() {
        for name in run.names(number) {
            if tab.may_differ.contains(&name) {
                continue;
            }
            let mut session = tab.log.viewpoint_mut();
            if let Some(Health::Differs(clean)) = session.health(&name) {
                let running = session.world().subscription(&name).map(Subscription::view);
                let why = format!("{name} shows {running:?}, and should show {clean:?}");
                return Err(BrokenInvariant::new(
                    "whoever_missed_nothing_equals_a_clean_fold",
                    why,
                ));
            }
        }
    }
    Ok(())
}

/// A synchronous projection has taken in everything that is stored.
pub fn synchronous_projections_are_never_behind(world: &World) -> Verdict {
    let behind = world
        .subscriptions()
        .iter()
        .filter(|it| it.is_synchronous() && it.stopped().is_none())
        .find(|it| it.checkpoint() != world.log().head() || it.paused());
    holds("synchronous_projections_are_never_behind", behind.is_none(), || {
        behind.map(|it| it.name().to_string()).unwrap_or_default()
    })
}

/// No side effect is performed twice, neither in one tab nor by a tab that takes over.
pub fn effects_are_performed_once(run: &Run) -> Verdict {
    let name = "effects_are_performed_once";
    for tab in &run.tabs {
        let session = tab.log.session();
        let mut ids = BTreeSet::new();
        let performed =
            session.world().outbox().iter().filter(|it| it.status == EffectStatus::Performed);
        for effect in performed {
            holds(name, ids.insert(effect.id), || {
                format!("{} has performed {} again", effect.process, effect.kind)
            })?;
        }
        let performed_twice = tab.performed_twice();
        holds(name, performed_twice.is_empty(), || {
            format!("{performed_twice:?} were noted as performed, and performed again")
        })?;
    }
    Ok(())
}

/// Where a replica takes over, whoever reads the name sees at least what was there before.
pub fn whoever_reads_sees_no_less(name: &str, was: Option<u64>, is: Option<u64>) -> Verdict {
    holds("whoever_reads_sees_no_less", is >= was, || {
        format!("{name} was at {was:?}, and is at {is:?} after a replica took over")
    })
}

/// No subscription is beyond the head.
pub fn checkpoints_are_within_the_log(world: &World) -> Verdict {
    let head = world.log().head();
    for it in world.subscriptions() {
        let within =
            it.checkpoint() <= head && it.mark() <= head && it.ahead().all(|at| at <= head);
        holds("checkpoints_are_within_the_log", within, || it.name().to_string())?;
    }
    Ok(())
}

/// Once all is quiet and nothing is delayed, every subscription is at the head.
pub fn nobody_is_behind(world: &World) -> Verdict {
    let head = world.log().head();
    for it in world.subscriptions() {
        let there = it.checkpoint() == head && it.ahead().next().is_none();
        holds("nobody_is_behind", there, || {
            format!("{} is at {} of {head}", it.name(), it.checkpoint())
        })?;
    }
    Ok(())
}

/// Once all is quiet, every reaction of a process was carried out or refused, and none is open.
pub fn every_reaction_was_handled(run: &Run) -> Verdict {
    let name = "every_reaction_was_handled";
    if run.unsent {
        return Ok(());
    }
    let Some(tab) = run.tabs.iter().find(|it| it.log.runs_processes()) else { return Ok(()) };
    let session = tab.log.session();
    let world = session.world();
    let answered: BTreeSet<_> = world.journal().iter().map(|it| it.envelope.command_id).collect();
    let performed: BTreeSet<_> = world.outbox().iter().map(|it| it.id).collect();
    for it in world.subscriptions().iter().filter(|it| it.kind() == SubscriptionKind::Process) {
        holds(name, it.unanswered() == 0, || format!("{} waits for an answer", it.name()))?;
        if run.missed.contains(it.name()) {
            continue;
        }
        for (position, reaction) in due(&run.scenario, it.name(), it.code(), world.log()) {
            let id = reaction.id(it.name());
            let waits = reaction.deadline().is_some_and(|due| due > tab.log.now());
            let pending = waits && it.deadlines(world.log().head()).iter().any(|it| it.id == id);
            let handled = world.log().handled(id).is_some()
                || answered.contains(&id)
                || performed.contains(&id)
                || pending;
            holds(name, handled, || {
                format!("{} has not done what is due after {position}: {reaction:?}", it.name())
            })?;
        }
    }
    Ok(())
}

/// All reactions of a process to a log, each with the position of its event.
fn due(scenario: &Scenario, name: &str, code: u16, log: &EventLog) -> Vec<(u64, Reaction)> {
    let same = scenario.processes.iter().find(|it| &*it.name() == name && it.code() == code);
    let Some(mut process): Option<Box<dyn AnyRunner>> = same.map(|it| it.manager()) else {
        return Vec::new();
    };
    let mut due = Vec::new();
    for event in log.events(1, log.head()) {
        process.apply(&[event]).unwrap();
        due.extend(process.react(event).into_iter().map(|it| (event.position(), it)));
    }
    due
}

/// A scenario's checks hold, unless events were appended past an aggregate, or a person sent a
/// process's command.
pub fn checks_hold_unless_forced(run: &Run) -> Verdict {
    for tab in &run.tabs {
        let mut session = tab.log.viewpoint_mut();
        let log = session.log();
        if log.events(1, log.head()).any(|event| event.origin() != Origin::Command) {
            continue;
        }
        if run.impersonated || !tab.may_differ.is_empty() || !run.missed.is_empty() {
            continue;
        }
        let mut broken = session.failed_checks();
        broken.retain(|it| !run.story_breaks(&it.check));
        holds("checks_hold_unless_forced", broken.is_empty(), || format!("{broken:?}"))?;
    }
    Ok(())
}

/// Moving the playhead changes nothing in the world.
pub fn scrubbing_never_reacts(run: &mut Run, tab: usize) -> Verdict {
    let log = run.tabs[tab].log.clone();
    let before = portrait(log.session().world());
    let at = log.session().position();
    for _ in 0..3 {
        let position = run.any_position(tab);
        let mut session = log.viewpoint_mut();
        session.seek(position);
        let running = session.world().subscriptions().iter();
        for name in running.map(|it| it.name().clone()).collect::<Vec<_>>() {
            session.panel(&name);
        }
        let streams: Vec<Stream> =
            session.log().streams().map(|(stream, _)| stream.clone()).collect();
        for stream in streams {
            session.state(&stream);
        }
        drop(session);
        checks_hold_unless_forced(run)?;
    }
    log.viewpoint_mut().seek(at);
    let after = portrait(log.session().world());
    holds("scrubbing_never_reacts", before == after, || format!("{before} {after}"))
}

fn portrait(world: &World) -> String {
    let marks: Vec<_> = world
        .subscriptions()
        .iter()
        .map(|it| (it.checkpoint(), it.mark(), it.unanswered()))
        .collect();
    let (head, journal, outbox) = (world.log().head(), world.journal().len(), world.outbox().len());
    format!("{head} {journal} {outbox} {marks:?} {}", world.pending().is_some())
}

/// A fork has the same events up to the position of the fork.
pub fn a_fork_shares_its_past(past: &[Recorded], fork: &EventLog, position: u64) -> Verdict {
    let line = |event: &Recorded| {
        (event.id(), event.stream().clone(), event.version(), event.at(), event.data().to_string())
    };
    let same = past.iter().map(line).eq(fork.events(1, position).map(line));
    holds("a_fork_shares_its_past", same, || format!("from {position}"))
}
