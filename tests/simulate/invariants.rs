//! What must hold, whatever happens. Each is a function that says where it does not.

use std::collections::BTreeSet;
use std::fmt;

use leftfold::es::{AnyRunner, Reaction};
use leftfold::es::{EventLog, Origin, Recorded, Scenario, Stream};
use leftfold::lab::{Did, Effect, Health, Kind, Status, Subscription, World};

use super::Run;

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

pub fn after_every_step(run: &Run, did: &Did) -> Held {
    synchronous_projections_are_never_behind(run.session.world())?;
    effects_are_performed_once(run.session.world(), did)
}

pub fn after_every_act(run: &mut Run) -> Held {
    checkpoints_are_within_the_log(run.session.world())?;
    whoever_missed_nothing_equals_a_clean_fold(run)
}

pub fn once_all_is_quiet(run: &mut Run) -> Held {
    nobody_is_behind(run.session.world())?;
    whoever_missed_nothing_equals_a_clean_fold(run)?;
    every_command_is_answered(run)?;
    every_reaction_was_handled(run)?;
    checks_hold_unless_forced(run)
}

pub fn of_what_is_stored(run: &Run) -> Held {
    let log = run.session.log();
    the_log_is_gapless(log)?;
    versions_are_places_in_streams(log)?;
    recorded_at_never_goes_back(log)?;
    no_command_is_handled_twice(log)?;
    what_is_stored_is_what_is_known(run)
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

/// A reload finds the log that was shown.
pub fn what_is_stored_is_what_is_known(run: &Run) -> Held {
    let name = "what_is_stored_is_what_is_known";
    let commits = run.disk.commits.clone();
    let mut after = 0;
    for commit in &commits {
        holds(name, commit.after == after, || {
            format!(
                "a commit follows position {}, and the one before it ends at {after}",
                commit.after
            )
        })?;
        after += commit.events.len() as u64;
    }
    let Ok(again) = World::open(&run.scenario, commits, []) else {
        return Err(Broken::new(name, "the stored commits don't follow each other"));
    };
    let ids = |log: &EventLog| -> Vec<_> {
        log.events(1, log.head()).map(|it| (it.id(), it.version(), it.at())).collect()
    };
    let (stored, known) = (ids(again.log()), ids(run.session.log()));
    holds(name, stored == known, || format!("{} stored, {} known", stored.len(), known.len()))
}

/// Where nothing was lost, doubled or swapped, and there is no gap, a running instance is what a
/// clean fold gives.
pub fn whoever_missed_nothing_equals_a_clean_fold(run: &mut Run) -> Held {
    for name in run.names() {
        if run.off.contains(&name) {
            continue;
        }
        if let Some(Health::Differs(clean)) = run.session.health(&name) {
            let running = run.session.world().subscription(&name).map(Subscription::view);
            let why = format!("{name} shows {running:?}, and should show {clean:?}");
            return Err(Broken::new("whoever_missed_nothing_equals_a_clean_fold", why));
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

/// No side effect is performed a second time.
pub fn effects_are_performed_once(world: &World, did: &Did) -> Held {
    let Did::Performed { process, effect, position, .. } = did else { return Ok(()) };
    let Some(last) = world.outbox().last() else { return Ok(()) };
    let performed = |it: &&Effect| it.id == last.id && it.status == Status::Performed;
    let times = world.outbox().iter().filter(performed).count();
    holds("effects_are_performed_once", times == 1, || {
        format!("{process} has performed {effect} for event {position} {times} times")
    })
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

/// Whatever somebody sent stands in the journal with what came of it.
pub fn every_command_is_answered(run: &Run) -> Held {
    let journal = run.session.world().journal();
    let answered: BTreeSet<_> = journal.iter().map(|it| it.envelope.command_id).collect();
    let open = run.asked.iter().find(|id| !answered.contains(id));
    holds("every_command_is_answered", open.is_none(), || format!("{open:?}"))
}

/// Once all is quiet, everything that a process asked for was done, or refused; and nothing that
/// was asked is open.
pub fn every_reaction_was_handled(run: &Run) -> Held {
    let name = "every_reaction_was_handled";
    if run.unsent {
        return Ok(());
    }
    let world = run.session.world();
    let answered: BTreeSet<_> = world.journal().iter().map(|it| it.envelope.command_id).collect();
    let performed: BTreeSet<_> = world.outbox().iter().map(|it| it.id).collect();
    for it in world.subscriptions().iter().filter(|it| it.kind() == Kind::Process) {
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
        process.apply(event);
        due.extend(process.react(event).into_iter().map(|it| (event.position(), it)));
    }
    due
}

/// What a scenario says should always hold does, unless somebody went behind an aggregate's back
/// or did a process's work.
pub fn checks_hold_unless_forced(run: &mut Run) -> Held {
    let log = run.session.log();
    if log.events(1, log.head()).any(|event| event.origin() != Origin::Command) {
        return Ok(());
    }
    if run.impersonated || !run.off.is_empty() {
        return Ok(());
    }
    let broken = run.session.broken_checks();
    holds("checks_hold_unless_forced", broken.is_empty(), || format!("{broken:?}"))
}

/// Moving the playhead reads, and does nothing else.
pub fn scrubbing_never_reacts(run: &mut Run) -> Held {
    let before = portrait(run.session.world());
    let at = run.session.position();
    for _ in 0..3 {
        let position = run.any_position();
        run.session.seek(position);
        for name in run.names() {
            run.session.panel(&name);
        }
        let streams: Vec<Stream> =
            run.session.log().streams().map(|(stream, _)| stream.clone()).collect();
        for stream in streams {
            run.session.state(&stream);
        }
        checks_hold_unless_forced(run)?;
    }
    run.session.seek(at);
    let kept = run.session.world_mut().take_keeps().len();
    let after = portrait(run.session.world());
    holds("scrubbing_never_reacts", before == after && kept == 0, || format!("{before} {after}"))
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
pub fn a_fork_shares_its_past(log: &EventLog, fork: &EventLog, position: u64) -> Held {
    let line = |event: &Recorded| {
        (event.id(), event.stream().clone(), event.version(), event.at(), event.data().to_string())
    };
    let kept = log.events(1, position).map(line);
    let same = kept.eq(fork.events(1, fork.head()).map(line));
    holds("a_fork_shares_its_past", same, || format!("from {position}"))
}
