//! A second instance of a read model is brought up beside the first, and takes over its name.

use super::*;
use crate::subscription::instance_of;

/// Door 1 was opened and shut, door 2 was opened. A replica of `Doors` with code 2 stands beside it.
fn beside() -> TestWorld {
    let mut lab = TestWorld::new(&kept_house());
    for (door, kind) in [("door-1", "Open"), ("door-1", "Shut"), ("door-2", "Open")] {
        lab.ask(door, kind);
    }
    lab.run();
    assert_eq!(&*lab.world.replicate("Doors", 2).unwrap(), "Doors · 2");
    lab.keep();
    lab
}

impl TestWorld {
    /// The instances of `Doors`: name, code, checkpoint and what it shows.
    fn instances(&self) -> Vec<String> {
        let is = |it: &&Subscription| instance_of(&it.name).0 == "Doors";
        let line = |it: &Subscription| {
            let View::Table(table) = it.view() else { panic!("a table") };
            let times = table.rows.iter().map(|row| serde_json::to_string(&row.cells[1]).unwrap());
            let times: Vec<String> = times.collect();
            format!("{} code {} at {}: {}", it.name, it.code, it.checkpoint, times.join(", "))
        };
        self.world.subscriptions().iter().filter(is).map(line).collect()
    }

    /// Notes what is to be stored.
    fn keep(&mut self) {
        self.side_records.extend(self.world.take_side_records());
    }
}

#[test]
fn a_replica_begins_at_zero_and_catches_up_at_the_pace_that_is_chosen() {
    let mut lab = beside();
    assert_eq!(lab.run(), [""; 0], "it waits");
    check(
        lab.instances(),
        expect![[r#"
        Doors code 1 at 5: 1, 1
        Doors · 2 code 2 at 0: 
    "#]],
    );
    lab.set("Doors · 2", Control::Step);
    assert_eq!(lab.run(), ["Doors · 2 takes in event 1"]);
    assert_eq!(lab.world.take_in_at_once("Doors · 2", 2), 2);
    assert_eq!(lab.world.take_in_at_once("Doors", 2), 0, "it is not paused");
    lab.set("Doors · 2", Control::Pause(false));
    assert_eq!(lab.run().len(), 2);
    assert_eq!(lab.instances()[1], "Doors · 2 code 2 at 5: 2, 1");
    let names: Vec<_> = lab.world.subscriptions().iter().map(|it| it.name.to_string()).collect();
    assert_eq!(names, ["Doors", "Doors · 2", "Porter"]);
}

#[test]
fn a_replica_takes_over_once_it_has_caught_up_and_not_before() {
    let mut lab = beside();
    let early = lab.world.take_over_name("Doors · 2").unwrap_err().to_string();
    assert_eq!(
        early,
        "Doors · 2 is at 0, and Doors at 5: whoever reads would see less than before"
    );
    assert_eq!(lab.world.take_in_at_once("Doors · 2", 100), 5);
    lab.world.take_over_name("Doors · 2").unwrap();
    check(
        lab.instances(),
        expect![[r#"
        Doors code 2 at 5: 2, 1
        Doors · 2 code 1 at 5: 1, 1
    "#]],
    );
    lab.ask("door-3", "Open");
    lab.run();
    assert_eq!(lab.instances(), ["Doors code 2 at 7: 2, 1, 1", "Doors · 2 code 1 at 7: 1, 1, 1"]);
    lab.world.take_over_name("Doors · 2").unwrap();
    assert_eq!(lab.instances()[0], "Doors code 1 at 7: 1, 1, 1", "the old one can be had back");
    let mut session = Session::new(lab.world);
    for name in ["Doors", "Doors · 2"] {
        assert_eq!(session.health(name), Some(Health::Clean), "{name}");
    }
}

#[test]
fn who_has_taken_over_is_there_after_a_reload_and_who_was_dropped_is_not() {
    let mut lab = beside();
    lab.world.take_in_at_once("Doors · 2", 2);
    lab.keep();
    let mut lab = lab.reopened();
    assert_eq!(lab.instances(), ["Doors code 1 at 5: 1, 1", "Doors · 2 code 2 at 2: 2"]);
    assert_eq!(lab.mark(), 5, "marks are where they were");
    lab.world.take_in_at_once("Doors · 2", 100);
    lab.world.take_over_name("Doors · 2").unwrap();
    lab.keep();
    let mut lab = lab.reopened();
    assert_eq!(lab.instances(), ["Doors code 2 at 5: 2, 1", "Doors · 2 code 1 at 5: 1, 1"]);
    assert!(lab.world.unsubscribe("Doors · 2"));
    lab.keep();
    let lab = lab.reopened();
    assert_eq!(lab.instances(), ["Doors code 2 at 5: 2, 1"]);
}

#[test]
fn there_is_no_replica_of_a_process_nor_of_what_is_not_there() {
    let mut lab = beside();
    let why = |lab: &mut TestWorld, name: &str, code| {
        lab.world.replicate(name, code).unwrap_err().to_string()
    };
    assert_eq!(why(&mut lab, "Porter", 1), "Porter is a process: two of them would act twice");
    assert_eq!(why(&mut lab, "Windows", 1), "no projection or process is called Windows");
    assert_eq!(why(&mut lab, "Doors", 3), "Doors has no code 3");
    for number in 3..=9 {
        let name = lab.world.replicate("Doors · 2", 1).unwrap();
        assert_eq!(*name, *format!("Doors · {number}"));
    }
    assert_eq!(why(&mut lab, "Doors", 1), "Doors has 9 instances, and that is all");
    lab.world.unsubscribe("Doors");
    let alone = lab.world.take_over_name("Doors · 2").unwrap_err().to_string();
    assert_eq!(alone, "Doors is not there: add it, and Doors · 2 can take over");
}

#[test]
fn a_replica_is_compared_at_its_own_checkpoint() {
    let mut lab = beside();
    lab.world.take_in_at_once("Doors · 2", 1);
    let mut session = Session::new(lab.world);
    let (of, differences) = session.panel("Doors · 2").unwrap().beside.unwrap();
    assert_eq!((&*of, differences), ("Doors", Some(vec![])), "both have seen one door open");
    session.world_mut().take_in_at_once("Doors · 2", 100);
    let differences = session.panel("Doors · 2").unwrap().beside.unwrap().1.unwrap();
    let changed = differences.iter().filter(|it| it.now.is_some()).count();
    assert_eq!(changed, 1, "code 2 counts what was shut: {differences:?}");
    assert_eq!(session.panel("Doors").unwrap().beside, None);
    assert_eq!(session.panel_in_passing("Doors · 2").unwrap().beside.unwrap().1, None);
}
