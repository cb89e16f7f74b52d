//! A subscriber meets an event on which its code fails. The tests show what a strict one and a
//! lenient one know afterwards, and what becomes of an event that was set aside.

use super::*;

/// Doors 1 and 2 were opened, then door 1 was shut and opened again, where `name` fails on event 1.
fn failing(name: &str, lenient: bool) -> TestWorld {
    let mut lab = TestWorld::new(&kept_house());
    lab.set(name, Control::Lenient(lenient));
    lab.set(name, Control::FailOn(Some(1)));
    for (door, kind) in
        [("door-1", "Open"), ("door-2", "Open"), ("door-1", "Shut"), ("door-1", "Open")]
    {
        lab.ask(door, kind);
        lab.run();
    }
    lab
}

impl TestWorld {
    /// The positions that were set aside, and those of them that are skipped.
    fn letters(&self, name: &str) -> (Vec<u64>, Vec<u64>) {
        let letters = self.world.subscription(name).unwrap().dead_letters();
        let skipped = letters.iter().filter(|it| it.skipped).map(|it| it.position).collect();
        (letters.iter().map(|it| it.position).collect(), skipped)
    }

    /// How many times the bell rang.
    fn rings(&self) -> usize {
        let log = self.world.log();
        log.events(1, log.head()).filter(|it| &**it.kind() == "Rang").count()
    }
}

#[test]
fn a_strict_subscriber_stops_before_an_event_on_which_its_code_fails() {
    let mut lab = failing("Doors", false);
    let stopped = lab.world.subscription("Doors").unwrap().stopped().unwrap().position;
    assert_eq!((stopped, lab.doors()), (1, " at 0".to_owned()));
    lab.set("Doors", Control::FailOn(None));
    lab.run();
    assert_eq!(lab.doors(), "1: 2, 2: 1 at 7", "mended, it tries again");
    assert_eq!(lab.health("Doors"), Health::Clean);
}

#[test]
fn a_lenient_subscriber_tries_an_event_sets_it_aside_and_goes_on() {
    let mut lab = TestWorld::new(&house());
    lab.set("Doors", Control::Lenient(true));
    lab.set("Doors", Control::FailOn(Some(1)));
    lab.ask("door-1", "Open");
    let steps = lab.run();
    check(
        steps[6..].to_vec(),
        expect![[r#"
        Doors fails on event 1: attempt 1 of 3
        Doors fails on event 1: attempt 2 of 3
        Doors sets event 1 aside, and goes on without it: its code fails on this event
    "#]],
    );
    lab.ask("door-2", "Open");
    lab.run();
    assert_eq!(lab.doors(), "2: 1 at 2");
    assert_eq!(lab.letters("Doors"), (vec![1], vec![]));
    assert!(matches!(lab.health("Doors"), Health::Differs(_)), "what it shows is wrong");
}

#[test]
fn one_step_by_hand_goes_on_until_the_event_is_set_aside() {
    let mut lab = TestWorld::new(&house());
    lab.set("Doors", Control::Lenient(true));
    lab.set("Doors", Control::FailOn(Some(1)));
    lab.set("Doors", Control::Pause(true));
    lab.ask("door-1", "Open");
    lab.ask("door-2", "Open");
    lab.run();
    lab.set("Doors", Control::Step);
    assert_eq!((lab.run().len(), lab.doors()), (3, " at 1".to_owned()));
    lab.set("Doors", Control::Step);
    assert_eq!((lab.run().len(), lab.doors()), (1, "2: 1 at 2".to_owned()));
}

#[test]
fn an_event_that_was_set_aside_is_taken_in_once_when_it_is_retried() {
    let mut lab = failing("Doors", true);
    assert_eq!(lab.doors(), "1: 1, 2: 1 at 7");
    lab.set("Doors", Control::Retry(1));
    let again = "Doors sets event 1 aside, and goes on without it: its code fails on this event";
    assert_eq!(lab.run(), [again], "nobody has mended it");
    lab.set("Doors", Control::FailOn(None));
    assert_eq!(lab.run(), [""; 0], "nobody retries by itself");
    lab.set("Doors", Control::Retry(1));
    assert_eq!(lab.run(), ["Doors takes in event 1"]);
    assert_eq!(lab.doors(), "1: 2, 2: 1 at 7");
    let nowhere = lab.refused("Doors", Control::FailOn(Some(0)));
    assert_eq!(nowhere, "there is no event 0; positions begin with 1");
    let twice = lab.refused("Doors", Control::Retry(1));
    assert_eq!(twice, "Doors has not set event 1 aside");
    assert_eq!(lab.health("Doors"), Health::Clean);
}

#[test]
fn an_event_that_is_skipped_stays_out_until_a_rebuild() {
    let mut lab = failing("Doors", true);
    lab.set("Doors", Control::Skip(1));
    lab.set("Doors", Control::FailOn(None));
    lab.run();
    assert_eq!((lab.doors(), lab.letters("Doors")), ("1: 1, 2: 1 at 7".into(), (vec![1], vec![1])));
    let mut lab = lab.reopened();
    lab.run();
    assert_eq!((lab.doors(), lab.letters("Doors")), ("1: 1, 2: 1 at 7".into(), (vec![1], vec![1])));
    assert!(lab.world.rebuild("Doors", 1));
    lab.run();
    assert_eq!((lab.doors(), lab.letters("Doors")), ("1: 2, 2: 1 at 7".into(), (vec![], vec![])));
}

#[test]
fn what_was_set_aside_is_still_aside_after_a_reload_and_however_it_is_folded() {
    let lab = failing("Doors", true);
    for paused in [false, true] {
        let mut lab = lab.reopened();
        lab.pause("Doors", paused);
        let mut lab = lab.reopened();
        lab.run();
        assert_eq!((lab.doors(), lab.letters("Doors").0), ("1: 1, 2: 1 at 7".into(), vec![1]));
        lab.set("Doors", Control::Pause(false));
        lab.set("Doors", Control::Rewind(3));
        lab.run();
        assert_eq!((lab.doors(), lab.letters("Doors").0), ("1: 1, 2: 1 at 7".into(), vec![1]));
        lab.set("Doors", Control::Rewind(0));
        lab.run();
        assert_eq!((lab.doors(), lab.letters("Doors").0), ("1: 1, 2: 1 at 7".into(), vec![1]));
        lab.set("Doors", Control::FailOn(None));
        lab.set("Doors", Control::Retry(1));
        lab.run();
        assert_eq!(lab.doors(), "1: 2, 2: 1 at 7");
    }
}

#[test]
fn a_synchronous_projection_sets_aside_and_stops_as_any_other() {
    for lenient in [true, false] {
        let mut lab = TestWorld::new(&house());
        lab.set("Doors", Control::Synchronous(true));
        lab.set("Doors", Control::Lenient(lenient));
        lab.set("Doors", Control::FailOn(Some(1)));
        lab.append(&[("door-1", "Opened"), ("door-2", "Opened")], true);
        lab.run();
        assert_eq!(lab.doors(), if lenient { "2: 1 at 2" } else { " at 0" });
        lab.set("Doors", Control::FailOn(None));
        if lenient {
            lab.set("Doors", Control::Retry(1));
        }
        lab.run();
        assert_eq!(lab.doors(), "1: 1, 2: 1 at 2");
    }
}

#[test]
fn a_process_owes_its_reactions_to_an_event_that_it_has_set_aside() {
    let mut lab = failing("Porter", true);
    let head = lab.world.log().head();
    assert_eq!((lab.rings(), lab.mark()), (2, head), "it goes on");
    for _ in 0..2 {
        lab = lab.reopened();
        assert_eq!(lab.run(), [""; 0], "nothing is sent again");
        assert_eq!((lab.rings(), lab.letters("Porter").0), (2, vec![1]));
    }
    lab.set("Porter", Control::FailOn(None));
    lab.set("Porter", Control::Retry(1));
    check(
        lab.run()[..2].to_vec(),
        expect![[r#"
        Porter takes in event 1
        Porter asks for Ring, mail
    "#]],
    );
    assert_eq!((lab.rings(), lab.letters("Porter").0), (3, vec![]));
    assert_eq!(lab.mark(), lab.world.log().head(), "nothing is owed any more");
    assert_eq!(lab.outbox().iter().filter(|it| it.ends_with("Performed")).count(), 3);
    let mut lab = lab.reopened();
    assert_eq!((lab.run(), lab.letters("Porter").0), (vec![], vec![]));
}

#[test]
fn a_process_owes_nothing_to_an_event_that_is_skipped() {
    let mut lab = failing("Porter", true);
    lab.set("Porter", Control::Skip(1));
    lab.run();
    assert_eq!((lab.rings(), lab.mark()), (2, lab.world.log().head()));
    let mut lab = lab.reopened();
    lab.run();
    assert_eq!((lab.rings(), lab.letters("Porter")), (2, (vec![1], vec![1])));
}

#[test]
fn a_process_that_is_gone_before_it_has_reacted_to_a_retried_event_reacts_once_it_is_back() {
    let mut lab = failing("Porter", true);
    lab.set("Porter", Control::FailOn(None));
    lab.set("Porter", Control::Retry(1));
    for _ in 0..3 {
        assert!(lab.step().is_some());
    }
    assert_eq!(lab.letters("Porter").0, vec![1], "it is owed until it is done");
    let mut lab = lab.reopened();
    assert_eq!((lab.run(), lab.letters("Porter").0), (vec![], vec![1]));
    lab.set("Porter", Control::Retry(1));
    lab.run();
    assert_eq!((lab.rings(), lab.letters("Porter").0), (3, vec![]));
    assert_eq!(lab.outbox().iter().filter(|it| it.ends_with("Performed")).count(), 3);
}

#[test]
fn a_process_that_crashes_finds_what_it_had_set_aside() {
    use crate::subscription::DeliveryFault;
    let mut lab = failing("Porter", true);
    lab.set("Porter", Control::Fault(Some(DeliveryFault::CrashAfterEffect)));
    lab.ask("door-3", "Open");
    lab.run();
    assert_eq!(lab.letters("Porter").0, vec![1]);
    lab.set("Porter", Control::Pause(false));
    lab.run();
    assert_eq!((lab.letters("Porter").0, lab.rings()), (vec![1], 3));
    lab.set("Porter", Control::FailOn(None));
    lab.set("Porter", Control::Retry(1));
    lab.run();
    assert_eq!((lab.mark(), lab.rings()), (lab.world.log().head(), 4));
}

#[test]
fn code_that_fails_on_an_event_that_was_taken_in_goes_back_to_before() {
    for (lenient, shown) in [(false, " at 0"), (true, "2: 1 at 3")] {
        let mut lab = TestWorld::new(&house());
        for door in ["door-1", "door-2"] {
            lab.ask(door, "Open");
        }
        lab.ask("door-1", "Shut");
        lab.run();
        lab.set("Doors", Control::Lenient(lenient));
        lab.set("Doors", Control::FailOn(Some(1)));
        lab.run();
        assert_eq!(lab.doors(), shown);
        let mut lab = lab.reopened();
        lab.run();
        assert_eq!(lab.doors(), shown, "and so it is after a reload");
    }
}

#[test]
fn a_panel_tells_what_was_set_aside_and_what_came_after_it() {
    let lab = failing("Doors", true);
    let panel = Session::new(lab.world).panel("Doors").unwrap();
    assert_eq!((panel.dead_letters, panel.lag), ((1, 0), 0));
    let letter = &panel.set_aside[0];
    assert_eq!((letter.position, &*letter.kind, letter.later), (1, "Opened", 2));
}
