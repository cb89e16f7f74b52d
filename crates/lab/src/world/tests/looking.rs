//! Queries that change nothing in a log: what if, why, since when, and comparisons.

use std::collections::BTreeSet;

use super::*;
use crate::compare::{compare_logs, compare_positions};
use crate::diff::{DiffLine, keyed};
use crate::provenance::{BisectResult, Probe, Target};
use crate::whatif::{Change, Consequence, WhatIf};
use es::{Condition, Map, Operand, Relation};

/// Door 1 is opened, shut and opened; door 2 is opened in between.
fn session() -> Session {
    let mut lab = TestWorld::new(&house());
    for (door, kind) in
        [("door-1", "Open"), ("door-2", "Open"), ("door-1", "Shut"), ("door-1", "Open")]
    {
        lab.ask(door, kind);
    }
    lab.run();
    Session::new(lab.world)
}

/// A door that was slammed `times` times.
fn slammed(times: u64) -> Session {
    let mut lab = TestWorld::new(&house());
    for _ in 0..times {
        lab.ask("door-1", "Slam");
    }
    lab.run();
    Session::new(lab.world)
}

fn door(id: &str) -> Stream {
    Stream::new("door", id)
}

fn leave_out(positions: &[u64]) -> Change {
    Change::LeaveOut(positions.iter().copied().collect())
}

/// The decisions that a change would not have allowed, a line each.
fn refused(session: &Session, change: &Change, budget: usize) -> Vec<String> {
    let mut what_if = WhatIf::new(session.world(), change).unwrap();
    let mut turns = 0;
    while !what_if.advance(session.world(), budget) {
        turns += 1;
        assert!(turns < 100, "it comes to an end");
        let (done, of) = what_if.progress();
        assert!(done <= of);
    }
    let (done, of) = what_if.progress();
    assert_eq!(done, of);
    let line = |it: &crate::whatif::NoLongerAllowed| {
        format!("{} {} {} by {}: {}", it.position, it.stream, it.command, it.actor, it.reason)
    };
    what_if.no_longer_allowed().iter().map(line).collect()
}

#[test]
fn without_an_event_the_state_is_another_and_the_truth_stays() {
    let mut session = session();
    let mut what_if = WhatIf::new(session.world(), &leave_out(&[4])).unwrap();
    let imagined = what_if.state(session.world(), &door("1"), 4).unwrap();
    assert_eq!(imagined.0, json!({ "open": false }));
    assert_eq!(session.state_at(&door("1"), 4).unwrap().1, json!({ "open": true }));
    assert_eq!((what_if.touches(4), what_if.touches(3)), (true, false));
    assert!(what_if.state(session.world(), &Stream::new("window", "1"), 4).is_none());
    assert!(what_if.view(session.world(), "Windows", 4).is_none());
}

#[test]
fn without_an_event_what_came_of_it_is_named_through_processes_as_well() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    lab.ask("door-2", "Open");
    lab.run();
    let session = Session::new(lab.world);
    for budget in [1, 100] {
        let mut what_if = WhatIf::new(session.world(), &leave_out(&[1])).unwrap();
        while !what_if.advance(session.world(), budget) {}
        let line = |it: &Consequence| format!("#{} {} {}", it.position, it.stream, it.event);
        let came: Vec<_> = what_if.consequences().iter().map(line).collect();
        assert_eq!(came, ["#3 bell-1 Rang"]);
    }
    let mut swapped = WhatIf::new(session.world(), &Change::Swap(1, 2)).unwrap();
    while !swapped.advance(session.world(), 1) {}
    assert!(swapped.consequences().is_empty());
}

#[test]
fn without_an_event_later_decisions_would_no_longer_have_been_allowed() {
    let session = session();
    for budget in [1, 2, 100] {
        assert_eq!(
            refused(&session, &leave_out(&[3]), budget),
            ["4 door-1 Open by Alice: the door is open already"]
        );
        assert_eq!(
            refused(&session, &leave_out(&[1]), budget),
            ["3 door-1 Shut by Alice: the door is shut already"]
        );
        assert_eq!(refused(&session, &leave_out(&[2]), budget), Vec::<String>::new());
        assert_eq!(refused(&session, &leave_out(&[1, 2, 3]), budget), Vec::<String>::new());
    }
}

#[test]
fn two_events_that_change_places_are_decided_where_they_come_to_stand() {
    check(
        refused(&session(), &Change::Swap(1, 3), 100),
        expect![[r#"
        3 door-1 Shut by Alice: the door is shut already
        4 door-1 Open by Alice: the door is open already
    "#]],
    );
}

#[test]
fn an_event_that_is_not_there_cannot_be_left_out() {
    let session = session();
    let said = |change| WhatIf::new(session.world(), &change).err().unwrap();
    assert_eq!(said(leave_out(&[5])), "there is no event 5; positions go from 1 to 4");
    assert_eq!(said(Change::Swap(0, 1)), "there is no event 0; positions go from 1 to 4");
    assert_eq!(said(Change::Swap(2, 2)), "name two different events to swap");
}

#[test]
fn what_is_imagined_is_the_fold_of_the_altered_events_at_every_position() {
    let mut lab = TestWorld::new(&kept_house());
    for (door, kind) in
        [("door-1", "Slam"), ("door-2", "Open"), ("door-1", "Open"), ("door-2", "Shut")]
    {
        lab.ask(door, kind);
    }
    lab.run();
    let world = &lab.world;
    let head = world.log().head();
    let mut changes: Vec<Change> = Vec::new();
    for a in 1..=head {
        changes.extend((1..=head).filter(|b| a != *b).map(|b| Change::Swap(a, b)));
        changes.extend((a..=head).map(|b| leave_out(&[a, b])));
    }
    let everything: Vec<u64> = (1..=head).collect();
    changes.push(leave_out(&everything));
    for change in changes {
        let mut what_if = WhatIf::new(world, &change).unwrap();
        for position in (0..=head).chain([2, head, 1]) {
            let events: Vec<&Recorded> = (1..=position)
                .filter_map(|at| match &change {
                    Change::LeaveOut(without) => (!without.contains(&at)).then_some(at),
                    Change::Swap(a, b) if at == *a => Some(*b),
                    Change::Swap(a, b) if at == *b => Some(*a),
                    Change::Swap(..) => Some(at),
                })
                .filter_map(|at| world.log().event(at))
                .collect();
            let streams: BTreeSet<Stream> =
                world.log().streams().map(|(stream, _)| stream.clone()).collect();
            for stream in streams {
                let aggregate = world.scenario.aggregate_of(stream.category()).unwrap();
                let mut instance = aggregate.instance();
                events
                    .iter()
                    .filter(|it| *it.stream() == stream)
                    .for_each(|it| instance.evolve(&[it]).unwrap());
                let imagined = what_if.state(world, &stream, position).unwrap();
                assert_eq!(imagined.0, instance.state(), "{change:?}: {stream} at {position}");
            }
            let mut doors = world.scenario.projections[0].runner();
            doors.apply(&events).unwrap();
            let imagined = what_if.view(world, "Doors", position).unwrap();
            assert_eq!(imagined.0, doors.view(), "{change:?} at {position}");
        }
    }
}

/// The events that set a field, a line each. `budget` events are examined at a time.
fn why(session: &mut Session, target: &Target, pointer: &str, budget: u64) -> Vec<String> {
    let mut why = session.why(target.clone(), pointer).unwrap();
    let mut turns = 0;
    while !session.advance_why(&mut why, budget) {
        turns += 1;
        assert!(turns <= why.progress().1, "it comes to an end");
    }
    let text = |value: &Option<serde_json::Value>| {
        value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
    };
    let causes = why.causes().iter();
    causes
        .map(|it| format!("{} {}: {} to {}", it.position, it.kind, text(&it.was), text(&it.now)))
        .collect()
}

#[test]
fn a_field_knows_the_events_that_set_it_newest_first() {
    let mut session = session();
    let door = Target::State(door("1"));
    for budget in [1, 2, 64, 1_000] {
        check(
            why(&mut session, &door, "/open", budget),
            expect![[r#"
            4 Opened: false to true
            3 Shut: true to false
            1 Opened: false to true
        "#]],
        );
        check(
            why(&mut session, &Target::View("Doors".into()), "/rows/1/times", budget),
            expect![[r#"
            4 Opened: 1 to 2
            1 Opened: - to 1
        "#]],
        );
    }
    session.seek(3);
    assert_eq!(why(&mut session, &door, "/open", 9).len(), 2, "up to the playhead");
    assert_eq!(why(&mut session, &door, "/width", 9), Vec::<String>::new());
    assert!(session.why(Target::View("Windows".into()), "").is_none());
    assert!(session.why(Target::State(Stream::new("window", "1")), "").is_none());
}

#[test]
fn why_does_bounded_work_in_each_slice() {
    let mut session = slammed(5_000);
    let target = Target::State(door("1"));
    session.state(&door("1"));
    let mut why = session.why(target, "/open").unwrap();
    let mut turns = 0;
    while !session.advance_why(&mut why, 500) {
        turns += 1;
        assert_eq!(why.progress(), (turns * 500, 10_000));
    }
    assert_eq!(why.causes().len(), 10_000);
    assert!(why.causes().is_sorted_by_key(|it| std::cmp::Reverse(it.position)));
}

/// The condition that door 1 was opened more than `times` times.
fn more_than(times: u64) -> Condition {
    let at_most =
        Condition::Is("/rows/1/times".into(), Relation::AtMost, Operand::Value(json!(times)));
    let none = Condition::Is("/rows/1".into(), Relation::Equal, Operand::Value(json!(null)));
    Condition::Not(Box::new(Condition::Any(vec![at_most, none])))
}

/// A bisect that is over.
struct Finished {
    found: BisectResult,
    /// How many probes were taken.
    looked: u64,
    /// The probes that were kept.
    probes: Vec<Probe>,
}

fn bisect(
    session: &mut Session,
    target: &Target,
    condition: Condition,
    monotonic: bool,
) -> Finished {
    let mut bisect = session.bisect(target.clone(), condition, monotonic).unwrap();
    while session.advance_bisect(&mut bisect, 3) == BisectResult::NotYet {
        let (looked, most) = bisect.progress();
        assert!(looked < most, "{looked} of {most}");
    }
    let (looked, most) = bisect.progress();
    assert!(looked <= most, "{looked} of {most}");
    Finished { found: bisect.found(), looked, probes: bisect.probes().to_vec() }
}

#[test]
fn halving_and_scanning_find_the_same_first_event() {
    let mut session = slammed(50);
    let doors = Target::View("Doors".into());
    for times in 0..52 {
        // Every second event opens the door.
        let expected =
            if times < 50 { BisectResult::At(2 * times + 1) } else { BisectResult::Nowhere };
        let Finished { found, looked, probes } =
            bisect(&mut session, &doors, more_than(times), true);
        assert_eq!(found, expected, "{times}");
        assert!(looked <= 8, "{looked} looks at 100 events");
        assert_eq!(probes.len() as u64, looked, "every look is shown");
        let Finished { found, .. } = bisect(&mut session, &doors, more_than(times), false);
        assert_eq!(found, expected, "{times}");
    }
}

#[test]
fn a_condition_that_comes_and_goes_is_found_by_a_scan() {
    let mut session = session();
    let open = Condition::Is("/open".into(), Relation::Equal, Operand::Value(json!(true)));
    let target = Target::State(door("1"));
    let Finished { found, looked, probes } = bisect(&mut session, &target, open.clone(), false);
    assert_eq!((found, looked), (BisectResult::At(1), 2));
    assert_eq!(probes[1], Probe { position: 1, holds: true });
    let shut = Condition::Not(Box::new(open.clone()));
    assert_eq!(
        bisect(&mut session, &target, shut, false).found,
        BisectResult::At(0),
        "before the first"
    );
    session.seek(0);
    assert_eq!(bisect(&mut session, &target, open.clone(), false).found, BisectResult::Nowhere);
    assert_eq!(bisect(&mut session, &target, open, true).found, BisectResult::Nowhere);
    assert!(session.bisect(Target::View("Windows".into()), Condition::All(vec![]), true).is_none());
}

#[test]
fn one_log_at_two_positions_differs_by_what_happened_in_between() {
    let mut session = session();
    let comparison = compare_positions(&mut session, 2, 99);
    assert_eq!(comparison.shared, 2);
    let states: Vec<_> =
        comparison.states.iter().map(|it| (it.stream.as_str(), it.versions)).collect();
    assert_eq!(states, [("door-1", (1, 3))]);
    assert!(comparison.states[0].lines().iter().all(|it| it.was.is_none()), "open, and open again");
    let doors = &comparison.views[0];
    assert!(doors.differs());
    let said: Vec<String> = doors.differences().iter().map(written).collect();
    assert_eq!(said, ["/rows/1/times: 1 to 2"]);
    let back = compare_positions(&mut session, 99, 2);
    assert_eq!((back.states[0].versions, back.shared), ((3, 1), 2));
}

#[test]
fn two_logs_differ_from_where_they_part() {
    let mut left = session();
    let mut fork = TestWorld::new(&house());
    for commit in left.commits(2) {
        assert!(fork.world.learn(commit));
    }
    fork.asked = 50;
    fork.ask("door-3", "Open");
    fork.run();
    let mut right = Session::new(fork.world);
    let comparison = compare_logs([&mut left, &mut right], [99, 99]);
    assert_eq!(comparison.shared, 2);
    let states: Vec<_> =
        comparison.states.iter().map(|it| (it.stream.as_str(), it.versions)).collect();
    assert_eq!(states, [("door-1", (3, 1)), ("door-3", (0, 1))]);
    let said: Vec<String> = comparison.views[0].differences().iter().map(written).collect();
    assert_eq!(
        said,
        [
            "/rows/1/times: 2 to 1",
            "/rows/3: - to -",
            "/rows/3/door: - to \"3\"",
            "/rows/3/times: - to 1"
        ]
    );
    assert!(!compare_logs([&mut left, &mut right], [2, 2]).views[0].differs());
}

fn written(line: &DiffLine) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    format!("{}: {} to {}", line.path, text(&line.was), text(&line.now))
}

#[test]
fn rows_bars_and_edges_are_found_by_their_keys() {
    let bars = View::Bars {
        unit: "doors".into(),
        money: false,
        bars: vec![es::Bar { name: "oak".into(), value: 2 }],
    };
    assert_eq!(keyed(&bars)["bars"], json!({ "oak": { "value": 2 } }));
    let edges = [(("a".into(), "b".into()), 3)].into();
    let graph = View::Graph { nodes: Map::default(), edges };
    assert_eq!(keyed(&graph)["edges"], json!({ "a – b": 3 }));
}
