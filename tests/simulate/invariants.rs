//! What must hold, whatever happens. Each is a function that says where it does not.

use std::collections::BTreeSet;
use std::fmt;

use leftfold::es::{AnyRunner, Reaction};
use leftfold::es::{EventLog, Origin, Recorded, Scenario, Stream};
use leftfold::lab::{EffectStatus, Health, Session, Subscription, SubscriptionKind, World};

use super::Run;
use crate::surroundings::at_once;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The invariant.
    pub name: &'static str,
    /// Where it is broken.
    pub why: String,
}

impl Broken {
    pub fn new(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, why: why.into() }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is broken: {}", self.name, self.why)
    }
}

type Held = Result<(), Broken>;

fn holds(name: &'static str, holds: bool, why: impl FnOnce() -> String) -> Held {
    if holds { Ok(()) } else { Err(Broken::new(name, why())) }
}

pub fn after_every_step(run: &Run) -> Held {
    for tab in &run.tabs {
        synchronous_projections_are_never_behind(tab.log.session().world())?;
    }
    effects_are_performed_once(run)
}

pub fn after_every_act(run: &mut Run) -> Held {
    for tab in &run.tabs {
        checkpoints_are_within_the_log(tab.log.session().world())?;
    }
    what_is_shown_is_stored(run)?;
    whoever_missed_nothing_equals_a_clean_fold(run)
}

pub fn once_all_is_quiet(run: &mut Run) -> Held {
    every_tab_knows_the_same(run)?;
    for tab in &run.tabs {
        nobody_is_behind(tab.log.session().world())?;
    }
    whoever_missed_nothing_equals_a_clean_fold(run)?;
    every_reaction_was_handled(run)?;
    checks_hold_unless_forced(run)
}

pub fn of_what_is_stored(run: &Run) -> Held {
    let stored = stored(run)?;
    let log = stored.log();
    the_log_is_gapless(log)?;
    versions_are_places_in_streams(log)?;
    recorded_at_never_goes_back(log)?;
    no_command_is_handled_twice(log)?;
    what_was_acknowledged_is_stored(run, log)
}

/// The log as a new tab finds it.
fn stored(run: &Run) -> Result<Session, Broken> {
    let (host, _) = run.browser.tab(0);
    let (scenario, log) = (run.scenario.clone(), run.info.id.clone());
    let read = at_once(async move { host.look(&scenario, &log).await });
    read.map_err(|fault| Broken::new("what_was_stored_can_be_read", fault.to_string()))
}

/// Nothing is shown that a new tab would not find, at the same place.
pub fn what_is_shown_is_stored(run: &Run) -> Held {
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
pub fn every_tab_knows_the_same(run: &Run) -> Held {
    let stored = stored(run)?;
    for tab in &run.tabs {
        let head = tab.log.session().head();
        holds("every_tab_knows_the_same", head == stored.head(), || {
            format!("a tab is at {head} of {}: {:?}", stored.head(), tab.log.trouble())
        })?;
    }
    Ok(())
}

/// Nothing that somebody was told is stored is lost.
pub fn what_was_acknowledged_is_stored(run: &Run, log: &EventLog) -> Held {
    let there: BTreeSet<_> = log.events(1, log.head()).map(Recorded::id).collect();
    let lost = run.acknowledged.iter().find(|id| !there.contains(id));
    holds("what_was_acknowledged_is_stored", lost.is_none(), || format!("{lost:?}"))
}

/// Positions run from 1 to the head.
pub fn the_log_is_gapless(log: &EventLog) -> Held {
    let positions = log.events(1, log.head()).map(Recorded::position);
    holds("the_log_is_gapless", positions.eq(1..=log.head()), || format!("{} events", log.head()))
}

/// An event's version is its place in its stream.
pub fn versions_are_places_in_streams(log: &EventLog) -> Held {
    for event in log.events(1, log.head()) {
        let place = log.version_at(event.stream(), event.position());
        holds("versions_are_places_in_streams", event.version() == place, || format!("{event:?}"))?;
    }
    Ok(())
}

/// Time in the log goes forward only.
pub fn recorded_at_never_goes_back(log: &EventLog) -> Held {
    let times = log.events(1, log.head()).map(Recorded::at);
    holds("recorded_at_never_goes_back", times.is_sorted(), || format!("{} events", log.head()))
}

/// A command's events stand together, once.
pub fn no_command_is_handled_twice(log: &EventLog) -> Held {
    let mut ids: Vec<_> = log.events(1, log.head()).map(Recorded::command_id).collect();
    ids.dedup();
    let (commits, commands) = (ids.len(), ids.iter().collect::<BTreeSet<_>>().len());
    let events: BTreeSet<_> = log.events(1, log.head()).map(Recorded::id).collect();
    let once = commits == commands && events.len() as u64 == log.head();
    holds("no_command_is_handled_twice", once, || format!("{commits} commits, {commands} commands"))
}

/// Where nothing was lost, doubled or swapped, and there is no gap, a running instance is what a
/// clean fold gives.
pub fn whoever_missed_nothing_equals_a_clean_fold(run: &Run) -> Held {
    for (number, tab) in run.tabs.iter().enumerate() {
        for name in run.names(number) {
            if tab.off.contains(&name) {
                continue;
            }
            let mut session = tab.log.viewpoint_mut();
            if let Some(Health::Differs(clean)) = session.health(&name) {
                let running = session.world().subscription(&name).map(Subscription::view);
                let why = format!("{name} shows {running:?}, and should show {clean:?}");
                return Err(Broken::new("whoever_missed_nothing_equals_a_clean_fold", why));
            }
        }
    }
    Ok(())
}

/// What is synchronous knows everything that is stored.
pub fn synchronous_projections_are_never_behind(world: &World) -> Held {
    let behind = world
        .subscriptions()
        .iter()
        .find(|it| it.is_synchronous() && (it.checkpoint() != world.log().head() || it.paused()));
    holds("synchronous_projections_are_never_behind", behind.is_none(), || {
        behind.map(|it| it.name().to_string()).unwrap_or_default()
    })
}

/// No side effect is performed a second time: not in a tab, nor by one that takes over.
pub fn effects_are_performed_once(run: &Run) -> Held {
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
        let twice = tab.twice();
        holds(name, twice.is_empty(), || {
            format!("{twice:?} were noted as performed, and performed again")
        })?;
    }
    Ok(())
}

/// Nobody knows of an event that is not there.
pub fn checkpoints_are_within_the_log(world: &World) -> Held {
    let head = world.log().head();
    for it in world.subscriptions() {
        let within =
            it.checkpoint() <= head && it.mark() <= head && it.ahead().all(|at| at <= head);
        holds("checkpoints_are_within_the_log", within, || it.name().to_string())?;
    }
    Ok(())
}

/// Once all is quiet, and nobody is kept back, everybody knows everything.
pub fn nobody_is_behind(world: &World) -> Held {
    let head = world.log().head();
    for it in world.subscriptions() {
        let there = it.checkpoint() == head && it.ahead().next().is_none();
        holds("nobody_is_behind", there, || {
            format!("{} is at {} of {head}", it.name(), it.checkpoint())
        })?;
    }
    Ok(())
}

/// Once all is quiet, everything that a process asked for was done, or refused; and nothing that
/// was asked is open.
pub fn every_reaction_was_handled(run: &Run) -> Held {
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
        if run.deaf.contains(it.name()) {
            continue;
        }
        for (position, reaction) in due(&run.scenario, it.name(), it.code(), world.log()) {
            let id = reaction.id(it.name());
            let handled = world.log().handled(id).is_some()
                || answered.contains(&id)
                || performed.contains(&id);
            holds(name, handled, || {
                format!("{} has not done what is due after {position}: {reaction:?}", it.name())
            })?;
        }
    }
    Ok(())
}

/// Everything that a process asks for in a log.
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

/// What a scenario says should always hold does, unless somebody went behind an aggregate's back
/// or did a process's work.
pub fn checks_hold_unless_forced(run: &Run) -> Held {
    for tab in &run.tabs {
        let mut session = tab.log.viewpoint_mut();
        let log = session.log();
        if log.events(1, log.head()).any(|event| event.origin() != Origin::Command) {
            continue;
        }
        if run.impersonated || !tab.off.is_empty() || !run.deaf.is_empty() {
            continue;
        }
        let broken = session.failed_checks();
        holds("checks_hold_unless_forced", broken.is_empty(), || format!("{broken:?}"))?;
    }
    Ok(())
}

/// Moving the playhead reads, and does nothing else.
pub fn scrubbing_never_reacts(run: &mut Run, tab: usize) -> Held {
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

/// Up to where they part, two logs are the same.
pub fn a_fork_shares_its_past(past: &[Recorded], fork: &EventLog, position: u64) -> Held {
    let line = |event: &Recorded| {
        (event.id(), event.stream().clone(), event.version(), event.at(), event.data().to_string())
    };
    let same = past.iter().map(line).eq(fork.events(1, position).map(line));
    holds("a_fork_shares_its_past", same, || format!("from {position}"))
}
