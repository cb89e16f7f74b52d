//! Laws that hold for every scenario. No scenario is named here, so a new one is covered once it is
//! registered. Each law is checked against random histories, which `histories` makes from the
//! scenario's own forms and story.
//!
//! `PROPTEST_CASES=1000 PROPTEST_RNG_SEED=7 cargo test --test laws` checks more of them.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod histories;
mod pool;
mod surroundings;
mod twin;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use histories::{
    Run, assert_same, check, check_stories, copy, damaged, folded, fresh, is_performed, json, op,
    written,
};
use leftfold::codec::archive::{Export, Format, Import};
use leftfold::es::{Act, AnyAggregate, Body, History, Map, Proposal, Reaction, event_id};
use leftfold::es::{
    CommandRecord, Commit, Draft, Envelope, EventLog, Expected, Recorded, Scenario, Step,
    StoredCommit, Stream, command_id,
};
use leftfold::host::{ClockMove, Request};
use leftfold::lab::{
    Control, DeliveryFault, FieldKind, Health, JournalEntry, MicroStep, Outcome, Panel, Session,
    SetUp, SideRecord, StateView, Submission, SubscriptionKind, World, forms,
};
use leftfold::store::link::{self, Shared};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use twin::with_twins as scenarios;

/// A stream's version and state after the events up to `position`, folded from the first.
fn state_of(scenario: &Scenario, log: &EventLog, stream: &Stream, position: u64) -> (u64, Value) {
    let events = log.events(1, position).filter(|event| event.stream() == stream);
    let version = events.count() as u64;
    let mut timeline = scenario.aggregate_of(stream.category()).unwrap().timeline();
    timeline.load(stream, version, log);
    (version, timeline.state())
}

/// Asserts that everything at the playhead equals a plain fold.
fn assert_folds(run: &mut Run) {
    let scenario = run.scenario();
    let position = run.session().position();
    let before = position.saturating_sub(1);
    for stream in run.streams() {
        let state = run.viewpoint_mut().state(&stream).unwrap();
        let (version, now) = state_of(&scenario, run.session().log(), &stream, position);
        let (_, was) = state_of(&scenario, run.session().log(), &stream, before);
        // What is sealed is shown open.
        let [now, was] = [now, was].map(|it| run.session().opened_value(it));
        let seen = (state.version, state.now, state.was);
        assert_eq!(seen, (version, now, was), "{stream} at {position}");
    }
    for (name, _) in run.names() {
        let panel = run.viewpoint_mut().panel(&name).unwrap();
        let fold = |to| {
            let session = run.session();
            session.opened_view(folded(&scenario, (&name, panel.code.0), session.log(), to))
        };
        assert_eq!(panel.shown, position.min(panel.checkpoint), "{name} at {position}");
        assert_eq!(*panel.now, fold(panel.shown), "{name} at {position}");
        // A subscriber behind the playhead has not seen the event there yet.
        let was = if panel.shown == position { before } else { panel.shown };
        assert_eq!(*panel.was, fold(was), "{name} before {position}");
        // In passing, the panel is the same, but shows no change.
        let passed = run.viewpoint_mut().panel_in_passing(&name).unwrap();
        assert_eq!(passed, Panel { was: panel.now.clone(), ..panel }, "{name} at {position}");
    }
}

#[test]
fn a_seek_equals_the_plain_fold_at_any_position_in_any_order() {
    let places = vec(any::<Index>(), 1..8);
    // Some subscribers are behind: a panel then ends at its subscriber's checkpoint.
    let behind = (vec(any::<Index>(), 0..3), vec(op(), 0..4));
    check((places, behind), |run, (places, (paused, ops))| {
        for index in paused {
            let names = run.names();
            if !names.is_empty() {
                let (name, _) = index.get(&names);
                run.control(name, Control::Pause(true));
            }
        }
        run.play_all(&ops);
        assert_folds(run);
        for place in places {
            let place = run.any_position(place);
            run.viewpoint_mut().seek(place);
            assert_folds(run);
        }
    });
}

#[test]
fn a_log_that_is_folded_in_slices_shows_what_it_showed_and_each_event_is_folded_once() {
    check(1..40_u64, |run, slice| {
        let scenario = run.scenario();
        let mut world = World::new(&scenario);
        for commit in run.commits() {
            assert!(world.learn(commit.read(&scenario)));
        }
        let head = world.log().head();
        // The marks keep processes from reacting.
        world.finish_learning(
            scenario.processes.iter().map(|it| SideRecord::SetUp(it.name(), SetUp::answered(0))),
        );
        let projections =
            run.names().into_iter().filter(|(_, kind)| *kind == SubscriptionKind::Projection);
        let names: Vec<_> = projections.map(|(name, _)| name).collect();
        let mut session = Session::new(world);
        let mut slices = 1;
        while !session.refill(slice) {
            slices += 1;
            // A look in between sees no half-folded read model, and delays nothing.
            for name in &names {
                let panel = session.panel(name).unwrap();
                assert!([0, head].contains(&panel.checkpoint), "{name} at {}", panel.checkpoint);
            }
        }
        assert!(slices <= head * names.len() as u64 / slice + 1, "{slices} slices of {slice}");
        for name in &names {
            let (panel, before) =
                (session.panel(name).unwrap(), run.viewpoint_mut().panel(name).unwrap());
            let now = run.session().opened_view((*panel.now).clone());
            assert_eq!((now, panel.checkpoint), ((*before.now).clone(), head), "{name}");
            assert_eq!(panel.health, Health::Clean, "{name}");
        }
    });
}

#[test]
fn in_a_long_history_each_load_does_bounded_work_and_gives_the_plain_fold() {
    const LENGTH: usize = 3_000;
    const STRIDE: u64 = 64;
    check_stories(|run| {
        let scenario = run.scenario();
        let session = run.session();
        let log = session.log();
        let story: Vec<Draft> = log.events(1, log.head()).map(copy).collect();
        let events: Vec<Draft> = story.iter().cycle().take(LENGTH).cloned().collect();
        let commit = StoredCommit::from(&commit(events));
        // The marks keep processes from reacting.
        let marks = scenario
            .processes
            .iter()
            .map(|it| SideRecord::SetUp(it.name(), SetUp::answered(LENGTH as u64)));
        let mut cycle = Run::open(&scenario, [commit], &marks.collect::<Vec<_>>(), 0, run.keys());
        for position in [2_999, 1, 1_500, 1_499, 640, 0] {
            cycle.viewpoint_mut().seek(position);
            assert_folds(&mut cycle);
        }
        let session = cycle.session();
        let log = session.log();
        for (stream, version) in log.streams() {
            let mut timeline = scenario.aggregate_of(stream.category()).unwrap().timeline();
            timeline.load(stream, version, log);
            for wanted in [version / 2, version - 1, 1, version, version / 3, 0] {
                let work = timeline.load(stream, wanted, log);
                assert!(work <= STRIDE, "{stream}: {work} events folded to get to {wanted}");
            }
        }
    });
}

/// A timeline keeps as many snapshots as their weights allow. A row may be shown twice, as the two
/// sides of a ledger entry are, and an event may bring several rows, as a text brings words.
#[test]
fn a_read_model_weighs_about_as_much_as_it_shows() {
    check_stories(|run| {
        let scenario = run.scenario();
        let session = run.session();
        let told = session.log();
        let mut log = EventLog::default();
        let retold = (1..=20).flat_map(|time| {
            told.events(1, told.head()).map(copy).map(move |draft| {
                let id = format!("{}-{time}", draft.stream.id());
                Draft { stream: Stream::new(draft.stream.category(), &id), ..draft }
            })
        });
        assert!(log.learn(commit(retold.collect())));
        let projections = scenario.projections.iter().map(|it| (it.name(), it.runner()));
        let processes = scenario.processes.iter().map(|it| (it.name(), it.manager()));
        for (name, mut runner) in projections.chain(processes) {
            log.batches(0, log.len(), |events| runner.apply(events).unwrap());
            let (weight, shown) = (runner.weight(), runner.view().len());
            assert!(shown <= 2 * weight, "{name} shows {shown} entries and weighs {weight}");
            assert!(weight <= 4 * log.len(), "{name} weighs {weight} after {} events", log.len());
        }
    });
}

/// One commit of many events, the first of its log.
fn commit(events: Vec<Draft>) -> Commit {
    let envelope = Envelope::first(command_id("long", 1), "Trudy".into(), 1);
    let proposal = Proposal { envelope, expected: None, events };
    EventLog::default().propose(proposal).unwrap()
}

#[test]
fn a_log_that_is_exported_and_imported_is_the_same_log() {
    check(Just(()), |run, ()| {
        let commits = run.commits();
        let texts: Vec<String> = commits.iter().map(json).collect();
        for format in [Format::Lines, Format::Batch] {
            let mut archive = Vec::new();
            let mut export = Export::new(format, &run.scenario().id);
            for commit in &commits {
                export.commit(commit, &mut archive);
            }
            export.finish(&mut archive);
            if commits.is_empty() && format == Format::Lines {
                continue;
            }
            let mut import = Import::new();
            archive.chunks(100).for_each(|piece| import.feed(piece));
            let imported = import.finish().unwrap();
            assert_eq!(imported.events, run.session().head());
            assert_eq!(imported.commits.into_iter().map(|it| json(&it)).collect::<Vec<_>>(), texts);
            if !commits.is_empty() {
                assert_eq!(imported.scenario.as_deref(), Some(&*run.session().scenario().id));
            }
        }
    });
}

#[test]
fn a_log_that_travels_in_a_link_arrives_as_it_was() {
    check_stories(|run| {
        let (scenario, title) = (run.session().scenario().id.to_string(), "A log".to_owned());
        let world = run.log.session().world().side_records_up_to(u64::MAX);
        let records = run.log.host().encode_side_records(&world);
        let bookmarks = vec![(2, "Here".to_owned())];
        let commits = run.commits();
        let shared = Shared {
            scenario,
            title,
            position: 3,
            commits,
            records,
            bookmarks,
            ..Shared::default()
        };
        let arrived = link::read(&link::write(&shared).unwrap()).unwrap();
        assert_eq!(format!("{arrived:?}"), format!("{shared:?}"));
    });
}

#[test]
fn every_commit_survives_a_round_trip_through_storage() {
    check(Just(()), |run, ()| {
        let mut log = EventLog::default();
        for stored in run.commits() {
            let text = json(&stored);
            let parsed: StoredCommit = serde_json::from_str(&text).unwrap();
            let commit = parsed.read(run.session().scenario());
            assert_eq!(json(&StoredCommit::from(&commit)), text);
            assert!(log.learn(commit));
        }
        assert_same("the log", &written(&log), &written(run.session().log()));
    });
}

#[test]
fn a_reload_finds_the_same_states_views_journal_and_outbox_and_does_nothing_again() {
    check(Just(()), |run, ()| {
        let again = run.reopened(run.disk().len());
        let steps = &again.trace;
        let idle = steps.iter().all(|step| matches!(step, MicroStep::Delivered { .. }));
        assert!(idle, "{steps:#?}");
        let head = again.session().head();
        again.viewpoint_mut().seek(head);
        assert_same("what is shown", &again.portrait(), &run.portrait());
        assert_same("what is beside the log", &again.records(), &run.records());
        assert_eq!(again.disk().len(), run.disk().len(), "nothing more is kept");
    });
}

#[test]
fn the_processes_of_a_fork_do_what_they_would_if_they_were_told_all_of_the_past_again() {
    check(any::<Index>(), |run, place| {
        for position in [run.any_position(place), run.session().head()] {
            let scenario = run.scenario();
            let kept = run.session().world().side_records_up_to(position);
            let fork = |side_records: Vec<SideRecord>| {
                let commits = run.session().commits(position);
                let commits = commits.iter().map(StoredCommit::from);
                let fork = Run::open(&scenario, commits, &side_records, run.now(), run.keys());
                let steps = fork.trace.clone();
                (fork, steps)
            };
            let (goes_on, steps) = fork(kept.clone());
            let unanswered = |it| match it {
                SideRecord::SetUp(name, _) => SideRecord::SetUp(name, SetUp::default()),
                other => other,
            };
            let (anew, _) = fork(kept.into_iter().map(unanswered).collect());
            let log = |fork: &Run| written(fork.session().log());
            assert_same("the log", &log(&goes_on), &log(&anew));
            assert_handled_once(&goes_on);
            let performed = |fork: &Run| {
                let session = fork.session();
                let outbox = session.world().outbox().iter();
                outbox.filter(|it| is_performed(it)).map(|it| it.id).collect::<BTreeSet<_>>()
            };
            assert_eq!(performed(&goes_on), performed(&anew));
            if position == run.session().head() {
                let idle = steps.iter().all(|step| matches!(step, MicroStep::Delivered { .. }));
                assert!(idle, "{steps:#?}");
            }
        }
    });
}

/// A change to a subscription that stops it somewhere, or makes it stumble.
fn stop() -> impl Strategy<Value = Control> + Clone {
    let faults: Vec<_> = DeliveryFault::ALL.into_iter().map(|(fault, _)| fault).collect();
    prop_oneof![
        4 => Just(Control::Pause(true)),
        1 => Just(Control::Pause(false)),
        1 => Just(Control::Step),
        2 => (0..4_u64).prop_map(Control::Delay),
        1 => Just(Control::Deduplicate(false)),
        1 => Just(Control::Guard(false)),
        1 => Just(Control::Synchronous(true)),
        2 => (0..20_u64).prop_map(Control::Redeliver),
        1 => (0..20_u64).prop_map(Control::Rewind),
        3 => prop::sample::select(faults).prop_map(|fault| Control::Fault(Some(fault))),
        3 => (1..20_u64).prop_map(|position| Control::FailOn(Some(position))),
        3 => any::<bool>().prop_map(Control::Lenient),
        1 => (1..20_u64).prop_map(Control::Retry),
        1 => (1..20_u64).prop_map(Control::Skip),
    ]
}

/// Everything that a copy of a system must have: events, what was refused and what was performed,
/// set-ups, and what is still waited for.
fn assert_same_system(left: &Run, right: &Run) {
    assert_same("the log", &written(left.session().log()), &written(right.session().log()));
    assert_same("what is beside the log", &left.records(), &right.records());
    assert_same("how all is set up", &left.set_ups(), &right.set_ups());
}

/// Everything that is stopped goes on.
fn resume(run: &mut Run) {
    for (name, _) in run.names() {
        let calm =
            [Control::Fault(None), Control::FailOn(None), Control::Delay(0), Control::Pause(false)];
        for control in calm {
            run.control(&name, control);
        }
    }
    run.settle();
}

/// The same for two systems, at the same time of their logs: one that was opened later goes on from
/// its last event.
fn resume_together(runs: [&mut Run; 2]) {
    let now = runs.iter().map(|it| it.log.now()).max().unwrap();
    for run in runs {
        run.ask(Request::Clock(Some(ClockMove::To(now)))).result.unwrap();
        resume(run);
    }
}

/// A world that has learned a run's log, and whose read models have folded it. All is answered.
fn opened(run: &Run) -> Session {
    let head = run.session().head();
    let answered = |name| SideRecord::SetUp(name, SetUp::answered(head));
    opened_with(run, run.scenario().processes.iter().map(|it| answered(it.name())).collect())
}

/// A world that has learned a run's log with these side records.
fn opened_with(run: &Run, side_records: Vec<SideRecord>) -> Session {
    let scenario = run.scenario();
    let mut world = World::new(&scenario);
    for commit in run.commits() {
        assert!(world.learn(commit.read(&scenario)));
    }
    world.finish_learning(side_records);
    let mut session = Session::new(world);
    while !session.refill(u64::MAX) {}
    session
}

#[test]
fn what_older_code_wrote_is_lifted_schema_by_schema_or_says_at_which_step_it_fails() {
    let (mut scenarios_with, mut longest, mut failing) = (0, 0, 0);
    for scenario in scenarios() {
        let older = scenario.aggregates.iter().map(|it| (it.clone(), it.older()));
        let older: Vec<_> = older.filter(|(_, older)| !older.is_empty()).collect();
        scenarios_with += u32::from(!older.is_empty());
        for (aggregate, examples) in older {
            for example in examples {
                let stored = &example.stored;
                let place = format!("{}: {} {}", scenario.id, stored.kind, stored.schema);
                assert!(stored.schema < aggregate.schema(), "{place}");
                let lifting = aggregate.lifting(stored);
                assert_eq!(&lifting.shapes[0], stored, "{place}");
                let schemas: Vec<u16> = lifting.shapes.iter().map(|it| it.schema).collect();
                assert!(schemas.is_sorted_by(|a, b| a + 1 == *b), "{place}: {schemas:?}");
                longest = longest.max(schemas.len());
                // The log reads it in the same way.
                let stream = Stream::new(&aggregate.name(), "1");
                let kind: Rc<str> = stored.kind.as_str().into();
                let data = stored.data.to_string();
                let draft = aggregate.read(&stream, &kind, stored.schema, &data);
                let last = lifting.shapes.last().unwrap();
                match (&draft.body, lifting.fails) {
                    (Body::Known(event), None) => {
                        assert_eq!((&*draft.kind, draft.schema), (&*last.kind, last.schema));
                        let read: Value = serde_json::from_str(event.data().get()).unwrap();
                        assert_eq!(read, last.data, "{place}");
                    }
                    (Body::Unreadable(it), Some(why)) => {
                        failing += 1;
                        assert_eq!((&it.why, &it.stored), (&why, stored), "{place}");
                    }
                    (_, fails) => panic!("{place}: the log and the steps disagree: {fails:?}"),
                }
            }
        }
    }
    assert!(scenarios_with >= 4 && longest >= 3 && failing >= 2, "{scenarios_with} {longest}");
}

#[test]
fn what_was_set_aside_is_taken_in_once_and_a_read_model_is_the_fold_of_what_it_got_in_that_order() {
    let letters = (vec(1..40_u64, 1..5), vec(any::<Index>(), 0..8));
    check(letters, |run, (fails_on, retries)| {
        let scenario = run.scenario();
        let mut session = opened(run);
        let head = session.head();
        for projection in &scenario.projections {
            let (name, code) = (projection.name(), projection.code());
            let mut taken_in = Vec::new();
            let control = |session: &mut Session, control| {
                session.world_mut().control(&name, control).unwrap();
            };
            let run_on = |session: &mut Session, taken_in: &mut Vec<u64>| {
                for step in session.run(0) {
                    if let MicroStep::Delivered { to, position, .. } = step {
                        taken_in.extend((to == name).then_some(position));
                    }
                }
            };
            control(&mut session, Control::Lenient(true));
            control(&mut session, Control::Pause(true));
            assert!(session.world_mut().rebuild(&name, code));
            let mut failing: BTreeSet<u64> = fails_on.iter().copied().collect();
            failing.retain(|it| *it <= head);
            for position in 1..=head {
                let fails = failing.contains(&position).then_some(position);
                control(&mut session, Control::FailOn(fails));
                control(&mut session, Control::Step);
                run_on(&mut session, &mut taken_in);
            }
            control(&mut session, Control::FailOn(None));
            let letters = |session: &Session| -> Vec<u64> {
                let it = session.world().subscription(&name).unwrap();
                assert_eq!(it.checkpoint(), head);
                it.dead_letters().iter().map(|it| it.position).collect()
            };
            assert_eq!(letters(&session), failing.iter().copied().collect::<Vec<_>>());
            for place in &retries {
                let open = letters(&session);
                // Whoever retries twice is told so.
                let position = if open.is_empty() { 1 } else { *place.get(&open) };
                let asked = session.world_mut().control(&name, Control::Retry(position));
                assert_eq!(asked.is_ok(), !open.is_empty());
                run_on(&mut session, &mut taken_in);
            }
            let mut runner = fresh(&scenario, &name, code);
            for position in &taken_in {
                runner.apply(&[session.log().event(*position).unwrap()]).unwrap();
            }
            let shown = session.world().subscription(&name).unwrap().view();
            assert_eq!(shown, runner.view(), "{name} took in {taken_in:?}");
            taken_in.extend(letters(&session));
            taken_in.sort_unstable();
            assert_eq!(taken_in, (1..=head).collect::<Vec<_>>(), "{name}: each event once");
        }
    });
}

#[test]
fn a_replica_takes_over_only_once_it_has_caught_up_and_each_instance_is_a_clean_fold() {
    check(vec((any::<Index>(), 0..60_u64, any::<bool>()), 1..12), |run, acts| {
        let scenario = run.scenario();
        let mut session = opened(run);
        for (place, events, takes_over) in acts {
            let projections = &scenario.projections;
            let model = projections[place.index(projections.len())].name();
            let codes = session.world().codes(&model);
            let code = codes[place.index(codes.len())];
            let replica = format!("{model} · 2");
            if session.world().subscription(&replica).is_none() {
                assert_eq!(*session.world_mut().replicate(&model, code).unwrap(), *replica);
            }
            session.world_mut().take_in_at_once(&replica, events);
            let at = |session: &Session, name: &str| {
                session.world().subscription(name).unwrap().checkpoint()
            };
            let (first, second) = (at(&session, &model), at(&session, &replica));
            if takes_over {
                let took_over = session.world_mut().take_over_name(&replica).is_ok();
                assert_eq!(took_over, second >= first, "{replica} at {second}, {model} at {first}");
            }
            assert_eq!(at(&session, &model), first, "whoever reads {model} sees as much");
            for name in [&*model, &*replica] {
                let it = session.world().subscription(name).unwrap();
                let clean = folded(&scenario, (name, it.code()), session.log(), it.checkpoint());
                assert_eq!(it.view(), clean, "{name}");
            }
        }
        let again = opened_with(run, session.world().side_records_up_to(session.head()));
        let set_ups = |session: &Session| {
            let all = session.world().subscriptions().iter();
            all.map(|it| (it.name().clone(), it.set_up(), it.view())).collect::<Vec<_>>()
        };
        assert_eq!(set_ups(&again), set_ups(&session), "after a reload");
    });
}

#[test]
fn a_system_that_is_exported_and_imported_goes_on_as_the_one_that_stayed_wherever_it_was_stopped() {
    let stops = vec((any::<Index>(), stop(), vec(op(), 0..4)), 0..6);
    check(stops, |run, stops| {
        for (place, control, ops) in stops {
            let names = run.names();
            // Processes are stopped more often than projections.
            let of = |wanted: SubscriptionKind| names.iter().filter(move |it| it.1 == wanted);
            let some: Vec<_> = of(SubscriptionKind::Projection)
                .chain(of(SubscriptionKind::Process).cycle().take(6))
                .map(|(name, _)| name.to_string())
                .collect();
            let name = place.get(&some).clone();
            // Not every change is possible for each.
            _ = run.ask(Request::Subscription { name, how: control.into() });
            run.play_all(&ops);
        }
        for format in [Format::Lines, Format::Batch] {
            let mut copy = run.imported(None, format);
            assert_same_system(&copy, run);
            let mut again = run.reopened(run.disk().len());
            assert_same_system(&again, run);
            resume_together([&mut copy, &mut again]);
            assert_same_system(&copy, &again);
        }
        let mut copy = run.imported(None, Format::Lines);
        resume_together([&mut copy, run]);
        assert_same_system(&copy, run);
    });
}

#[test]
fn a_browser_that_was_killed_at_any_moment_is_exported_and_imported_as_it_would_come_back() {
    check(vec(any::<Index>(), 1..4), |run, kills| {
        for kill in kills {
            let writes = kill.index(run.disk().len() + 1);
            let (copy, again) = (run.imported(Some(writes), Format::Lines), run.reopened(writes));
            assert_same_system(&copy, &again);
        }
    });
}

#[test]
fn a_browser_killed_at_any_moment_of_the_story_comes_back_and_finishes() {
    check_stories(|run| {
        for writes in 0..=run.disk().len() {
            assert_finishes(run, writes);
        }
    });
}

#[test]
fn a_browser_killed_at_any_moment_comes_back_and_finishes() {
    check(vec(any::<Index>(), 1..4), |run, kills| {
        for kill in kills {
            assert_finishes(run, kill.index(run.disk().len() + 1));
        }
    });
}

/// Asserts that a reload finds everything that the first `writes` writes have stored, and that
/// every process then completes what it had begun, and handles nothing twice.
fn assert_finishes(run: &Run, writes: usize) {
    let mut again = run.reopened(writes);
    let mut found = written(again.session().log());
    found.truncate(usize::try_from(again.log.head_at_opening()).unwrap());
    assert_same("what was stored", &found, &written(run.session().log())[..found.len()]);
    again.settle();
    let head = again.session().head();
    again.viewpoint_mut().seek(head);
    assert_folds(&mut again);
    assert_handled_once(&again);
    let session = again.session();
    let world = session.world();
    for subscription in world.subscriptions() {
        let (name, code) = (subscription.name(), subscription.code());
        assert_eq!(subscription.checkpoint(), head, "{name}");
        for (position, reaction) in reactions(again.session().scenario(), name, code, world.log()) {
            let id = reaction.id(name);
            let handled = world.log().handled(id).is_some()
                || world.outbox().iter().any(|effect| effect.id == id)
                || world.journal().iter().any(|entry| entry.envelope.command_id == id)
                || subscription
                    .deadlines(head)
                    .iter()
                    .any(|it| it.id == id && it.due > again.log.now());
            assert!(handled, "{name}, event {position}, after {writes} writes: {reaction:?}");
        }
    }
}

/// All reactions of a process to a log.
fn reactions(scenario: &Scenario, name: &str, code: u16, log: &EventLog) -> Vec<(u64, Reaction)> {
    let mut process = fresh(scenario, name, code);
    let mut asked = Vec::new();
    for event in log.events(1, log.head()) {
        process.apply(&[event]).unwrap();
        let due = process.react(event).into_iter();
        asked.extend(due.map(|reaction| (event.position(), reaction)));
    }
    asked
}

/// Asserts that each command id has one commit, and each effect was performed once.
fn assert_handled_once(run: &Run) {
    let mut commands = BTreeSet::new();
    for commit in run.commits() {
        assert!(commands.insert(commit.envelope.command_id), "{commit:?} is there twice");
    }
    let mut effects = BTreeSet::new();
    for effect in run.session().world().outbox().iter().filter(|it| is_performed(it)) {
        assert!(effects.insert(effect.id), "{effect:?} was performed twice");
    }
}

#[test]
fn the_same_command_id_is_handled_once() {
    check(Just(()), |run, ()| {
        assert_handled_once(run);
        let before = run.portrait();
        let accepted = run.session().world().journal().to_vec();
        let accepted = accepted.iter().filter(|entry| entry.outcome == Outcome::Accepted);
        let mut asks = 0;
        for entry in accepted {
            let (id, actor) = (entry.envelope.command_id, entry.envelope.actor.clone());
            let command = entry.envelope.command.clone().unwrap();
            // A known id is recognised first, whatever version is expected.
            let expected = Some(Expected::Exact(1_000_000));
            let submission = Submission { expected, ..Submission::new(id, actor, command) };
            run.ask(Request::Submit(submission.into())).result.unwrap();
            asks += 1;
        }
        let mut steps = run.settle();
        for (id, events) in run.bulks.clone() {
            steps.extend(
                run.ask(Request::Append { events, react: true, forced: None, id: Some(id) }).trace,
            );
            asks += 1;
        }
        let repeated = steps.iter().filter(|step| matches!(step, MicroStep::Repeated { .. }));
        assert_eq!(repeated.count(), asks, "{steps:#?}");
        assert_same("what is shown", &run.portrait(), &before);
        assert_handled_once(run);
    });
}

#[test]
fn a_story_told_twice_gives_the_same_bytes() {
    check_stories(|run| {
        let lines = |trace: &[MicroStep]| trace.iter().map(json).collect::<Vec<_>>();
        let mut again = Run::new(&run.scenario());
        for _ in 0..run.scenario().story.len() {
            again.play(&histories::Op::Tell);
        }
        assert_same("the trace", &lines(&again.trace), &lines(&run.trace));
        assert_same("the log", &written(again.session().log()), &written(run.session().log()));
        // Where nothing is sealed, no host is needed for that.
        if run.session().opener().is_none() {
            let mut alone = Session::new(World::new(run.session().scenario()));
            let trace = alone.play_story();
            assert_same("the trace", &lines(&trace), &lines(&run.trace));
            assert_same("the log", &written(alone.log()), &written(run.session().log()));
        }
    });
}

#[test]
fn a_story_has_eight_to_seventeen_steps_and_a_refusal_and_fills_every_projection() {
    check_stories(|run| {
        let scenario = run.scenario();
        assert!((8..=17).contains(&scenario.story.len()), "{} steps", scenario.story.len());
        assert!(scenario.story.is_sorted_by_key(|step| step.at), "time goes backwards");
        assert!(
            run.trace.iter().any(|step| matches!(step, MicroStep::Rejected { .. })),
            "no refusal"
        );
        for subscription in run.session().world().subscriptions() {
            let name = subscription.name();
            let empty = subscription.view().is_empty();
            assert!(
                !empty || subscription.kind() == SubscriptionKind::Process,
                "{name} shows nothing"
            );
            assert_eq!(subscription.skipped(), 0, "{name} could not read an event");
        }
        let shown: BTreeSet<Rc<str>> = scenario.projections.iter().map(|it| it.name()).collect();
        assert!(shown.len() >= 3, "only {} projections", shown.len());
        assert_eq!(run.session().next_in_story(), None, "the story is told");
    });
}

#[test]
fn each_step_of_a_story_names_two_or_three_panels_and_something_happens_in_them() {
    for scenario in scenarios() {
        let mut session = Session::new(World::new(&scenario));
        for (number, step) in scenario.story.iter().enumerate() {
            let (before, told) = (lengths(&session), format!("{}: {}", scenario.id, step.say));
            // Deadlines that come before it are met first.
            session.run(step.at);
            session.tell(number).unwrap();
            session.run(step.at);
            let shown: BTreeSet<&str> = step.show.iter().map(|name| &**name).collect();
            assert_eq!(shown.len(), step.show.len(), "{told} A panel is named twice");
            assert!((2..=3).contains(&shown.len()), "{told} Two or three panels, not {shown:?}");
            let happened: Vec<bool> =
                step.show.iter().map(|name| happens(&mut session, step, name, before)).collect();

            let own = |entry: &&JournalEntry| {
                let mut ids = (0..step.acts.len()).map(|act| session.story_command(number, act));
                ids.any(|id| id == entry.envelope.command_id)
            };
            let answers: Vec<&JournalEntry> =
                session.world().journal()[before.1..].iter().filter(own).collect();
            for refused in answers.iter().filter(|it| it.outcome == Outcome::Rejected) {
                let stream = &refused.envelope.command.as_ref().unwrap().stream;
                for name in [stream.as_str(), "Journal"] {
                    assert!(shown.contains(name), "{told} Refused, and {name} is not named");
                }
            }
            let without_event = answers.iter().any(|it| it.events.is_empty());
            let happened = happened.contains(&true);
            assert!(happened || without_event, "{told} Nothing happens in {shown:?}");
        }
    }
}

/// How many events, commands in the journal, and side effects there are.
fn lengths(session: &Session) -> (u64, usize, usize) {
    let world = session.world();
    (world.log().head(), world.journal().len(), world.outbox().len())
}

/// Whether something has happened in a panel since there was this much of everything.
fn happens(session: &mut Session, step: &Step, name: &str, before: (u64, usize, usize)) -> bool {
    let after = lengths(session);
    match name {
        "Log" => return after.0 > before.0,
        "Journal" => return after.1 > before.1,
        "Outbox" => return after.2 > before.2,
        "Commands" => return false,
        _ => {}
    }
    let mut positions = before.0 + 1..=after.0;
    if session.world().subscription(name).is_some() {
        return positions.any(|it| session.view_at(name, it) != session.view_at(name, it - 1));
    }
    let stream = Stream::parse(name).unwrap_or_else(|_| panic!("{} {name} is no panel", step.say));
    let about = step.acts.iter().any(|act| match act {
        Act::Send(command) => command.stream == stream,
        Act::Append(fact) => fact.stream == stream,
    });
    assert!(about || session.log().version(&stream) > 0, "{} {name} has no event yet", step.say);
    let mut state = |position| session.state_at(&stream, position).map(|(_, state)| state);
    positions.any(|it| state(it) != state(it - 1))
}

#[test]
fn a_refusal_changes_nothing() {
    check(vec(any::<Index>(), 7), |run, inputs| {
        for command in run.commands(&inputs) {
            let (before, stored) = (run.portrait(), run.commits().len());
            run.send(command.clone(), None);
            let steps = run.settle();
            // A refused, conflicting or malformed command stores nothing and folds nothing.
            if !steps.iter().any(|step| matches!(step, MicroStep::Appended { .. })) {
                assert_same(&format!("after {command:?}"), &run.portrait(), &before);
                assert_eq!(run.commits().len(), stored, "nothing is stored after {command:?}");
            }
        }
    });
}

#[test]
fn scrubbing_never_reacts() {
    check(vec(any::<Index>(), 0..20), |run, places| {
        let before = (run.portrait(), run.records(), run.disk());
        for place in places {
            let place = run.any_position(place);
            run.viewpoint_mut().seek(place);
            for stream in run.streams() {
                run.viewpoint_mut().state(&stream);
            }
            for (name, _) in run.names() {
                run.viewpoint_mut().panel(&name);
            }
            run.viewpoint_mut().failed_checks();
            assert_eq!(run.settle(), [], "nothing happens");
        }
        let head = run.session().head();
        run.viewpoint_mut().seek(head);
        let after = (run.portrait(), run.records(), run.disk());
        assert_same("what is shown", &after.0, &before.0);
        assert_same("what is beside the log", &after.1, &before.1);
        assert_same("what is kept", &after.2, &before.2);
    });
}

#[test]
fn a_rebuild_equals_the_running_fold_in_every_version_of_the_code_and_sends_nothing() {
    check(Just(()), |run, ()| {
        let scenario = run.scenario();
        let (log, records) = (written(run.session().log()), run.records());
        // A change of the code is a change of the set-up.
        let kept = |run: &Run| {
            let others = run.disk().into_iter().filter(|it| !it.contains(r#"["setups","#));
            others.collect::<Vec<_>>()
        };
        let stored = kept(run);
        for (name, _) in run.names() {
            let codes = run.session().world().codes(&name);
            for code in codes {
                let rebuild = Request::Rebuild { name: name.to_string(), code: Some(code) };
                let steps = run.ask(rebuild).trace;
                let silent = steps.iter().all(|step| matches!(step, MicroStep::Delivered { .. }));
                assert!(silent, "{name}, version {code}: {steps:#?}");
                let head = run.session().head();
                let panel = run.viewpoint_mut().panel(&name).unwrap();
                assert_eq!((panel.checkpoint, panel.code.0), (head, code), "{name}");
                let fold = folded(&scenario, (&name, code), run.session().log(), head);
                let fold = run.session().opened_view(fold);
                assert_eq!(*panel.now, fold, "{name}, version {code}");
            }
        }
        assert_same("the log", &written(run.session().log()), &log);
        assert_same("what is beside the log", &run.records(), &records);
        assert_same("what is kept", &kept(run), &stored);
    });
}

#[test]
fn facts_in_any_order_make_the_same_steps_of_a_process_due() {
    check(vec((any::<Index>(), any::<Index>()), 0..60), |run, picks| {
        let scenario = run.scenario();
        let session = run.session();
        let in_order: Vec<&Recorded> = session.log().events(1, session.head()).collect();
        let mut shuffled = in_order.clone();
        for (one, other) in picks.iter().filter(|_| !in_order.is_empty()) {
            shuffled.swap(one.index(in_order.len()), other.index(in_order.len()));
            // Some are told twice.
            if one.index(3) == 0 {
                shuffled.push(in_order[other.index(in_order.len())]);
            }
        }
        for process in &scenario.processes {
            let told = |facts: &[&Recorded]| {
                let mut manager = process.manager();
                for fact in facts {
                    manager.apply(&[fact]).unwrap();
                    manager.react(fact);
                }
                let due = in_order.iter().flat_map(|fact| manager.react(fact));
                (due.map(|it| json(&it)).collect::<BTreeSet<_>>(), manager.view())
            };
            let (name, code) = (process.name(), process.code());
            assert_eq!(told(&shuffled), told(&in_order), "{name}, version {code}");
        }
    });
}

#[test]
fn a_projection_that_is_removed_and_added_again_fills_itself_from_the_past() {
    check(vec(op(), 0..4), |run, meanwhile| {
        let names = run.names();
        let projections = names.iter().filter(|(_, kind)| *kind == SubscriptionKind::Projection);
        for (name, _) in projections.clone() {
            run.running(name, false);
            assert!(run.viewpoint_mut().panel(name).is_none(), "{name} is gone");
        }
        run.play_all(&meanwhile);
        for (name, _) in projections {
            run.trace.clear();
            run.running(name, true);
            assert!(run.trace.iter().all(|step| matches!(step, MicroStep::Delivered { .. })));
        }
        assert_eq!(run.names(), names, "each is in its place again");
        assert_folds(run);
    });
}

#[test]
fn no_fold_panics_on_a_shuffled_thinned_repeated_or_damaged_history() {
    let picks = vec((any::<Index>(), any::<Index>(), any::<Index>()), 0..60);
    check((picks, vec(any::<Index>(), 7)), |run, (picks, inputs)| {
        let scenario = run.scenario();
        let pick = |(event, damage, kind): (Index, Index, Index)| {
            let event = run.any_event(event)?;
            // Every fifth event is damaged.
            Some(if kind.index(5) == 0 { damaged(&scenario, &event, damage) } else { copy(&event) })
        };
        let commit = commit(picks.into_iter().filter_map(pick).collect());
        for stored in [true, false] {
            let mut log = EventLog::default();
            // A damaged event can be stored and read like any other.
            let again = || StoredCommit::from(&commit).read(&scenario);
            assert!(log.learn(if stored { again() } else { commit.clone() }));
            fold_everything(&scenario, &log);
        }
        let mut damaged = Run::open(&scenario, [StoredCommit::from(&commit)], &[], 0, run.keys());
        for command in run.commands(&inputs) {
            damaged.send(command, None);
        }
        damaged.settle();
    });
}

fn fold_everything(scenario: &Scenario, log: &EventLog) {
    for (stream, version) in log.streams() {
        let aggregate: &Rc<dyn AnyAggregate> = scenario.aggregate_of(stream.category()).unwrap();
        let mut timeline = aggregate.timeline();
        for version in 1..=version {
            timeline.load(stream, version, log);
            timeline.state();
        }
    }
    let projections = scenario.projections.iter().map(|it| (it.name(), it.runner()));
    let processes = scenario.processes.iter().map(|it| (it.name(), it.manager()));
    for (_, mut runner) in projections.chain(processes) {
        for event in log.events(1, log.head()) {
            runner.apply(&[event]).unwrap();
            runner.react(event);
        }
        json(&runner.view());
    }
}

#[test]
fn positions_and_versions_count_from_one_and_recorded_at_never_goes_backwards() {
    check(Just(()), |run, ()| {
        let session = run.session();
        let log = session.log();
        let mut versions = BTreeMap::<Stream, u64>::new();
        let mut at = 0;
        for (event, position) in log.events(1, log.head()).zip(1..) {
            assert_eq!(event.position(), position);
            let version = versions.entry(event.stream().clone()).or_default();
            *version += 1;
            assert_eq!(event.version(), *version, "{event:?}");
            assert!(event.at() >= at, "{event:?} is recorded before the one before");
            at = event.at();
        }
        assert!(log.streams().eq(versions.iter().map(|(stream, version)| (stream, *version))));
        assert_eq!(log.events(1, u64::MAX).count() as u64, log.head());
    });
}

#[test]
fn event_ids_follow_from_command_ids() {
    check(Just(()), |run, ()| {
        let session = run.session();
        let log = session.log();
        for commit in run.commits() {
            let command = commit.envelope.command_id;
            let handled = log.handled(command).unwrap();
            assert_eq!(handled, commit.after + 1..commit.after + 1 + commit.events.len() as u64);
            for (position, index) in handled.zip(0..) {
                let event = log.event(position).unwrap();
                assert_eq!((event.id(), event.command_id()), (event_id(command, index), command));
            }
        }
    });
}

#[test]
fn what_a_process_causes_names_its_cause_and_shares_its_correlation() {
    check(Just(()), |run, ()| {
        let session = run.session();
        let log = session.log();
        for commit in run.commits() {
            let envelope = &commit.envelope;
            if envelope.causation_id == envelope.command_id {
                assert_eq!(envelope.correlation_id, envelope.command_id, "{commit:?}");
                continue;
            }
            let past = log.events(1, commit.after);
            let cause = past.filter(|event| event.id() == envelope.causation_id).last();
            let cause = cause.map(Recorded::correlation_id);
            assert_eq!(cause, Some(envelope.correlation_id), "{commit:?}");
        }
    });
}

#[test]
fn another_log_that_learns_the_same_commits_holds_the_same() {
    check(any::<Index>(), |run, place| {
        let position = run.any_position(place);
        let mut world = World::new(run.session().scenario());
        for commit in run.session().commits(position) {
            assert!(world.learn(commit.clone()));
            assert!(commit.events.is_empty() || !world.learn(commit), "learned once");
        }
        assert_eq!(world.log().head(), position);
        run.viewpoint_mut().seek(position);
        let mut other = Session::new(world);
        for stream in run.streams() {
            let (here, there) = (run.viewpoint_mut().state(&stream), other.state(&stream));
            let (here, there) = (here.unwrap(), there.unwrap());
            let there = StateView { now: run.session().opened_value(there.now), ..there };
            assert_eq!((here.now, here.version), (there.now, there.version), "{stream}");
        }
        let past = written(run.session().log());
        assert_same("the past", &written(other.log()), &past[..written(other.log()).len()]);
    });
}

#[test]
fn every_form_reads_its_own_defaults_and_what_it_sends_is_never_malformed() {
    check_stories(|run| {
        for empty in [false, true] {
            let scenario = run.scenario();
            let mut run = if empty { Run::new(&scenario) } else { run.reopened(run.disk().len()) };
            run.settle();
            for form in forms(&scenario) {
                let mut inputs = form.defaults();
                let id_of = |category: &str| {
                    let session = run.session();
                    let streams = session.log().streams().map(|(stream, _)| stream);
                    let ids = streams.filter(|it| it.category() == category).map(Stream::id);
                    ids.last().map_or("1".to_owned(), ToString::to_string)
                };
                for field in form.fields.iter().filter(|field| field.default.is_empty()) {
                    // A field for an id offers the ids that exist.
                    if let (FieldKind::Id(category), true) = (&field.kind, field.required) {
                        inputs.insert(field.name.clone(), id_of(category));
                    }
                }
                let data = form.read(&inputs);
                let data = data.unwrap_or_else(|faults| panic!("{}: {faults:?}", form.name));
                let stream = Stream::new(&form.aggregate, &id_of(&form.aggregate));
                let kind = form.name.clone();
                run.send(CommandRecord { stream, kind, data }, None);
                let before = run.session().world().journal().len();
                run.settle();
                let entry = run.session().world().journal()[before].clone();
                assert_ne!(entry.outcome, Outcome::Malformed, "{}: {entry:?}", form.name);
            }
        }
    });
}

#[test]
fn every_command_and_field_of_a_story_has_a_place_in_a_form() {
    for scenario in scenarios() {
        let forms = forms(&scenario);
        let mut names: Vec<_> = forms.iter().map(|form| (&form.aggregate, &form.name)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), forms.len(), "{}: a form is there twice", scenario.id);
        let acts = scenario.story.iter().flat_map(|step| &step.acts);
        for act in acts {
            let Act::Send(command) = act else { continue };
            let form = forms.iter().find(|form| {
                form.name == command.kind && &*form.aggregate == command.stream.category()
            });
            let form = form.unwrap_or_else(|| panic!("{} has no form", command.kind));
            let data: Map<String, Value> = serde_json::from_str(command.data.get()).unwrap();
            for field in data.keys() {
                let known = form.fields.iter().any(|it| *it.name == **field);
                assert!(known, "{} cannot fill in {field}", form.name);
            }
        }
    }
}
