//! Deadlines: a watchman shuts each door that was opened an hour ago, unless somebody has shut it.

use super::*;
use crate::subscription::DeliveryFault;

const HOUR: u64 = 3_600_000;

#[derive(Clone, Default)]
struct Watchman;

impl Projection for Watchman {
    const NAME: &'static str = "Watchman";
    const ABOUT: &'static str = "Shuts doors after an hour.";

    fn apply(&mut self, _: &Recorded) {}

    fn view(&self) -> View {
        View::table(&[], [])
    }
}

impl ProcessManager for Watchman {
    const WAITS: bool = true;

    fn react(&self, event: &Recorded) -> Vec<Reaction> {
        let Some(DoorEvent::Opened {}) = event.of::<Door>() else { return Vec::new() };
        let door = Id::<Door>::new(event.key().clone());
        let step = format!("shut-{}", event.version());
        let shut = Reaction::command(event.key(), &step, &door, &DoorCommand::Shut {});
        shut.map(|it| it.due(event.at() + HOUR)).into_iter().collect()
    }
}

fn watched() -> TestWorld {
    let scenario = Scenario::new("house", "House", "Doors and a watchman.");
    let scenario = scenario.aggregate::<Door>().aggregate::<Bell>();
    TestWorld::new(&Rc::new(scenario.process::<Watchman>()))
}

/// Door 1 is opened at 1 s, door 2 half an hour later.
fn two_open() -> TestWorld {
    let mut house = watched();
    house.ask("door-1", "Open");
    house.run();
    house.now += HOUR / 2;
    house.ask("door-2", "Open");
    house.run();
    house
}

/// The streams that are waited for at a position.
fn waits_for(house: &TestWorld, position: u64) -> Vec<String> {
    let watchman = house.world.subscription("Watchman").unwrap();
    watchman.deadlines(position).iter().map(|it| it.stream.to_string()).collect()
}

/// The times of all events.
fn times(house: &TestWorld) -> Vec<u64> {
    let log = house.world.log();
    log.events(1, log.head()).map(Recorded::at).collect()
}

#[test]
fn a_command_with_a_deadline_is_sent_when_its_time_has_come_and_holds_no_mark() {
    let mut house = watched();
    house.ask("door-1", "Open");
    let captions = house.run();
    let last = &captions[captions.len() - 2..];
    let waits = "Watchman sets a deadline: Shut in 1 hour";
    assert_eq!(last, [waits, "Watchman notes that it has reacted up to 1"]);
    let watchman = house.world.subscription("Watchman").unwrap();
    assert_eq!((watchman.mark(), watchman.unanswered()), (1, 0));
    assert_eq!(house.world.next_deadline(), Some(1_000 + HOUR));
    house.now = 1_000 + HOUR - 1;
    assert!(house.run().is_empty());
    house.now += 1;
    let captions = house.run();
    assert_eq!(captions[0], "A deadline has come: Watchman sends Shut to door-1");
    assert_eq!(times(&house), [1_000, 1_000 + HOUR]);
    assert!(house.run().is_empty());
    assert_eq!(house.world.next_deadline(), None);
}

#[test]
fn whoever_jumps_ahead_meets_each_deadline_at_its_own_time() {
    let mut house = two_open();
    house.now += 24 * HOUR;
    house.run();
    let second = 1_000 + HOUR / 2;
    assert_eq!(times(&house), [1_000, second, 1_000 + HOUR, second + HOUR]);
}

#[test]
fn the_aggregate_judges_when_the_command_arrives() {
    let mut house = two_open();
    house.ask("door-1", "Shut");
    house.run();
    house.now += 24 * HOUR;
    let captions = house.run();
    assert!(
        captions.contains(&"Refuses Shut: the door is shut already".to_owned()),
        "{captions:?}"
    );
    assert_eq!(house.world.log().head(), 4);
}

#[test]
fn a_deadline_survives_a_reload_and_is_met_once() {
    let house = two_open();
    let mut again = house.reopened();
    again.run();
    assert_eq!(waits_for(&again, 2), ["door-1", "door-2"]);
    again.now = house.now + HOUR / 2;
    again.run();
    assert_eq!(again.world.log().head(), 3, "door 1 is shut");
    let mut later = again.reopened();
    later.run();
    assert_eq!(waits_for(&later, 3), ["door-2"]);
    later.now = house.now + 24 * HOUR;
    later.run();
    assert_eq!(later.world.log().head(), 4);
    let mut last = later.reopened();
    last.now = later.now;
    last.run();
    assert_eq!(last.world.log().head(), 4, "nothing is sent again");
}

#[test]
fn a_deadline_whose_command_was_refused_is_over_after_a_reload_too() {
    let mut house = two_open();
    house.ask("door-1", "Shut");
    house.ask("door-2", "Shut");
    house.run();
    house.now += 24 * HOUR;
    house.run();
    let mut again = house.reopened();
    again.now = house.now;
    again.run();
    assert_eq!(again.world.log().head(), 4);
    assert_eq!(waits_for(&again, 4), [""; 0]);
    assert_eq!(waits_for(&again, 2), ["door-1", "door-2"], "in the past they are pending");
}

#[test]
fn the_past_shows_what_was_waited_for_then() {
    let mut house = two_open();
    assert_eq!(waits_for(&house, 0), [""; 0]);
    assert_eq!(waits_for(&house, 1), ["door-1"]);
    assert_eq!(waits_for(&house, 2), ["door-1", "door-2"]);
    house.now += HOUR / 2;
    house.run();
    assert_eq!(waits_for(&house, 3), ["door-2"]);
    assert_eq!(waits_for(&house, 2), ["door-1", "door-2"]);
}

#[test]
fn a_paused_process_sends_nothing_until_it_is_resumed() {
    let mut house = two_open();
    house.pause("Watchman", true);
    house.now += 24 * HOUR;
    assert!(house.run().is_empty());
    assert_eq!(house.world.next_deadline(), None);
    house.pause("Watchman", false);
    house.run();
    assert_eq!(house.world.log().head(), 4);
}

#[test]
fn a_process_that_crashes_right_after_a_deadline_does_not_meet_it_again() {
    let mut house = two_open();
    house.set("Watchman", Control::Fault(Some(DeliveryFault::CrashAfterEffect)));
    house.now += HOUR / 2;
    house.run();
    assert!(house.world.subscription("Watchman").unwrap().crashed());
    assert_eq!(house.world.log().head(), 3);
    house.pause("Watchman", false);
    house.run();
    assert_eq!((house.world.log().head(), waits_for(&house, 3)), (3, vec!["door-2".to_owned()]));
}

#[test]
fn a_rebuild_forgets_no_deadline_and_sends_none_again() {
    let mut house = two_open();
    house.now += HOUR / 2;
    house.run();
    assert!(house.world.rebuild("Watchman", 1));
    house.run();
    assert_eq!((house.world.log().head(), waits_for(&house, 3)), (3, vec!["door-2".to_owned()]));
}

#[test]
fn what_is_hurried_is_sent_at_once_and_not_again() {
    let mut house = two_open();
    let second = house.world.subscription("Watchman").unwrap().deadlines(2)[1].id;
    assert!(house.world.hurry(second));
    house.run();
    assert_eq!(times(&house), [1_000, house.now, house.now]);
    assert!(!house.world.hurry(second), "it is over");
    house.now += 24 * HOUR;
    house.run();
    assert_eq!(house.world.log().head(), 4, "and so is that of door 1");
}

#[test]
fn only_the_tab_that_runs_the_processes_meets_deadlines() {
    let house = two_open();
    let mut other = house.reopened();
    other.world.watch();
    other.now = house.now + 24 * HOUR;
    other.run();
    assert_eq!(waits_for(&other, 2), ["door-1", "door-2"], "it knows them");
    assert_eq!(other.world.log().head(), 2);
    assert_eq!(other.world.next_deadline(), None);
    other.world.take_over([]);
    other.run();
    assert_eq!(other.world.log().head(), 4);
}

#[test]
fn events_that_nobody_is_to_react_to_set_no_deadline_until_they_are_answered() {
    let mut house = watched();
    house.append(&[("door-1", "Opened")], false);
    house.run();
    assert_eq!(waits_for(&house, 1), [""; 0]);
    assert_eq!(house.world.missing("Watchman").len(), 1);
    assert_eq!(house.world.send_missing("Watchman"), 1);
    house.run();
    assert_eq!(waits_for(&house, 1), ["door-1"]);
}

#[test]
fn what_is_pending_is_not_missing() {
    let house = two_open();
    assert_eq!(house.world.missing("Watchman").len(), 0);
}

#[test]
fn brought_along_events_set_no_deadline_until_somebody_has_them_answered() {
    let house = two_open();
    let set_up = SetUp { deadlines_after: 2, ..SetUp::answered(2) };
    let mut brought = house.reopened_with(vec![SideRecord::SetUp("Watchman".into(), set_up)]);
    brought.now = house.now + 24 * HOUR;
    assert!(brought.run().is_empty());
    assert_eq!(brought.world.missing("Watchman").len(), 2);
    brought.world.send_missing("Watchman");
    brought.run();
    assert_eq!(brought.world.log().head(), 4);
    let mut again = brought.reopened();
    again.now = brought.now;
    again.run();
    assert_eq!(again.world.log().head(), 4);
}
