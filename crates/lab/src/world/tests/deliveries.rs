//! Deliveries are paused, stepped, delayed, moved back, lost, doubled, overtaken and broken off.
//! The tests show what a subscription knows afterwards.

use super::*;
use crate::health::Health;
use crate::subscription::{ControlError, DeliveryFault};

/// A house in which `doors` doors were opened while `name` was paused. Nothing else is paused.
fn behind(name: &str, doors: u64) -> TestWorld {
    let mut lab = TestWorld::new(&kept_house());
    lab.pause(name, true);
    for door in 1..=doors {
        lab.ask(&format!("door-{door}"), "Open");
    }
    lab.run();
    lab
}

/// Doors 1 and 2 were opened. Everything has taken that in except `Doors`.
fn imported() -> TestWorld {
    let mut lab = TestWorld::new(&house());
    lab.pause("Doors", true);
    lab.append(&[("door-1", "Opened"), ("door-2", "Opened"), ("door-1", "Opened")], true);
    lab.run();
    lab
}

#[test]
fn a_long_archive_leaves_one_mark_a_process_at_most() {
    for paused in [false, true] {
        let mut lab = TestWorld::new(&kept_house());
        lab.pause("Porter", paused);
        lab.ask("door-1", "Open");
        lab.run();
        lab.side_records.clear();
        let mut other = TestWorld::of(opened(&kept_house(), lab.commits.clone(), []).unwrap());
        other.asked = 1_000;
        for _ in 0..20 {
            other.ask("door-2", "Slam");
        }
        other.run();
        for mut commit in other.commits {
            commit.envelope.unanswered = true;
            assert!(lab.world.learn(commit.read(&lab.world.scenario)));
        }
        assert_eq!(lab.world.take_side_records().len(), usize::from(!paused));
    }
}

#[test]
fn a_paused_subscription_is_told_of_one_event_each_time_it_is_stepped() {
    let mut lab = imported();
    for told in ["1: 1 at 1", "1: 1, 2: 1 at 2", "1: 2, 2: 1 at 3"] {
        lab.set("Doors", Control::Step);
        assert_eq!(lab.run().len(), 1);
        assert_eq!(lab.doors(), told);
    }
    lab.set("Doors", Control::Step);
    assert_eq!(lab.run(), Vec::<String>::new(), "there is no more");
    lab.append(&[("door-3", "Opened")], true);
    lab.run();
    assert_eq!(lab.doors(), "1: 2, 2: 1 at 3", "nor is a step kept for later");
}

#[test]
fn a_delayed_subscription_stays_so_many_events_behind() {
    let mut lab = imported();
    lab.set("Doors", Control::Delay(2));
    lab.set("Doors", Control::Pause(false));
    lab.run();
    assert_eq!(lab.doors(), "1: 1 at 1");
    lab.append(&[("door-3", "Opened")], true);
    lab.run();
    assert_eq!(lab.doors(), "1: 1, 2: 1 at 2");
    lab.set("Doors", Control::Delay(0));
    lab.run();
    assert_eq!(lab.doors(), "1: 2, 2: 1, 3: 1 at 4");
}

#[test]
fn a_synchronous_projection_knows_a_commit_in_the_step_that_stores_it() {
    let mut lab = TestWorld::new(&house());
    lab.set("Doors", Control::Synchronous(true));
    lab.ask("door-1", "Slam");
    lab.until_pending();
    assert_eq!(lab.doors(), " at 0");
    lab.store();
    let stored = lab.step().unwrap();
    assert_eq!(
        stored.to_string(),
        "Stored at positions 1 to 2; in the same moment it is known to Doors"
    );
    assert_eq!(lab.doors(), "1: 1 at 2");
    assert_eq!(lab.step(), None, "nothing is left to deliver");
    lab.learn_of("door-2", "Open");
    assert_eq!(lab.doors(), "1: 1, 2: 1 at 3", "nor where somebody else wrote");
}

#[test]
fn becoming_synchronous_ends_pause_delay_and_fault_and_what_is_missing_is_taken_in() {
    let mut lab = imported();
    lab.set("Doors", Control::Delay(2));
    lab.set("Doors", Control::Fault(Some(DeliveryFault::Drop)));
    lab.set("Doors", Control::Synchronous(true));
    assert_eq!(lab.doors(), "1: 2, 2: 1 at 3");
    for control in [
        Control::Pause(true),
        Control::Delay(1),
        Control::Fault(Some(DeliveryFault::Swap)),
        Control::Rewind(0),
    ] {
        assert!(lab.refused("Doors", control).starts_with("Doors is synchronous"), "{control:?}");
    }
    assert!(lab.world.rebuild("Doors", 2));
    assert_eq!(lab.doors(), "1: 2, 2: 1 at 3", "a rebuild is over at once");
    lab.set("Doors", Control::Synchronous(false));
    lab.set("Doors", Control::Pause(true));
    lab.append(&[("door-3", "Opened")], true);
    lab.run();
    assert_eq!(lab.doors(), "1: 2, 2: 1 at 3");
}

#[test]
fn what_makes_no_sense_for_a_subscription_is_refused_in_a_sentence() {
    let mut lab = behind("Doors", 1);
    let table = [
        ("Windows", Control::Step, "no projection or process is called Windows"),
        (
            "Porter",
            Control::Synchronous(true),
            "Porter is a process: it acts on facts, after they are stored",
        ),
        ("Doors", Control::Redeliver(0), "Doors is a projection: it reacts to nothing"),
        ("Doors", Control::Guard(false), "Doors is a projection: it reacts to nothing"),
        ("Doors", Control::Rewind(1), "Doors is at 0, and can only be moved back"),
        (
            "Porter",
            Control::Redeliver(3),
            "Porter has reacted up to 2, so that is all it can be asked again",
        ),
    ];
    for (name, control, why) in table {
        assert_eq!(lab.refused(name, control), why);
    }
    let unknown = lab.world.control("Windows", Control::Step);
    assert_eq!(unknown, Err(ControlError::Unknown("Windows".into())));
}

#[test]
fn a_second_delivery_is_recognised_unless_that_is_switched_off() {
    for (deduplicate, told, caption) in [
        (true, "1: 1 at 1", "Event 1 reaches Doors again, is recognised and skipped"),
        (false, "1: 2 at 1", "Doors takes in event 1 once more"),
    ] {
        let mut lab = imported();
        lab.set("Doors", Control::Deduplicate(deduplicate));
        lab.set("Doors", Control::Fault(Some(DeliveryFault::Duplicate)));
        lab.set("Doors", Control::Step);
        assert_eq!(lab.run(), ["Doors takes in event 1"]);
        lab.set("Doors", Control::Step);
        assert_eq!(lab.run(), [caption]);
        assert_eq!(lab.doors(), told);
        assert_eq!(lab.health("Doors") == Health::Clean, deduplicate);
    }
}

#[test]
fn a_lost_delivery_counts_as_told_and_a_rebuild_heals() {
    let mut lab = imported();
    lab.set("Doors", Control::Fault(Some(DeliveryFault::Drop)));
    lab.set("Doors", Control::Pause(false));
    check(
        lab.run(),
        expect![[r#"
        Event 1 is lost on its way to Doors
        Doors takes in event 2
        Doors takes in event 3
    "#]],
    );
    assert_eq!(lab.doors(), "1: 1, 2: 1 at 3");
    let mut session = Session::new(lab.world);
    let health = session.health("Doors").unwrap();
    let running = session.world().subscription("Doors").unwrap().view();
    let lines = health.differences(&running);
    let said: Vec<_> = lines.iter().map(|it| (&*it.path, it.was.clone(), it.now.clone())).collect();
    assert_eq!(said, [("/rows/1/times", Some("2".into()), Some("1".into()))]);
    assert!(session.world_mut().rebuild("Doors", 1));
    session.run(1);
    assert_eq!(session.health("Doors"), Some(Health::Clean));
}

#[test]
fn an_overtaken_event_is_not_lost_with_deduplication_or_without() {
    for deduplicate in [true, false] {
        let mut lab = imported();
        lab.set("Doors", Control::Deduplicate(deduplicate));
        lab.set("Doors", Control::Fault(Some(DeliveryFault::Swap)));
        lab.set("Doors", Control::Step);
        assert_eq!(lab.run(), ["Doors takes in event 2"]);
        assert_eq!(lab.doors(), "2: 1 at 0", "there is a gap, so the checkpoint stays");
        lab.set("Doors", Control::Pause(false));
        assert_eq!(lab.run(), ["Doors takes in event 1", "Doors takes in event 3"]);
        assert_eq!(lab.doors(), "1: 2, 2: 1 at 3");
        assert_eq!(lab.health("Doors"), Health::Clean);
    }
}

#[test]
fn where_there_is_a_gap_nothing_is_judged() {
    let mut lab = imported();
    lab.set("Doors", Control::Fault(Some(DeliveryFault::Swap)));
    lab.set("Doors", Control::Step);
    lab.run();
    assert_eq!(lab.world.subscription("Doors").unwrap().ahead().collect::<Vec<_>>(), [2]);
    assert_eq!(lab.health("Doors"), Health::Unjudged);
}

#[test]
fn an_event_that_is_to_be_overtaken_waits_for_the_one_after_it() {
    let mut lab = TestWorld::new(&house());
    lab.set("Doors", Control::Fault(Some(DeliveryFault::Swap)));
    lab.append(&[("door-1", "Opened")], true);
    let steps = lab.run();
    assert_eq!(
        steps.last().unwrap(),
        "Event 1 is held up on its way to Doors: the next overtakes it"
    );
    let wait = lab.world.wait("Doors", 1).unwrap();
    assert_eq!((wait.left, wait.held_by), (1, Some("an event is held up on its way")));
    lab.append(&[("door-2", "Opened")], true);
    let steps = lab.run();
    assert_eq!(steps[2..], ["Doors takes in event 2", "Doors takes in event 1"]);
}

#[test]
fn a_crash_before_the_checkpoint_delivers_the_event_again() {
    for (deduplicate, told, caption) in [
        (true, "1: 1 at 1", "Event 1 reaches Doors again, is recognised and skipped"),
        (false, "1: 2 at 1", "Doors takes in event 1 once more"),
    ] {
        let mut lab = imported();
        lab.set("Doors", Control::Deduplicate(deduplicate));
        lab.set("Doors", Control::Fault(Some(DeliveryFault::CrashBeforeCheckpoint)));
        lab.set("Doors", Control::Pause(false));
        check(
            lab.run(),
            expect![[r#"
            Doors takes in event 1
            Doors crashes after taking in event 1; its checkpoint still says 0
        "#]],
        );
        let it = lab.world.subscription("Doors").unwrap();
        assert!(it.crashed() && it.paused());
        assert_eq!(lab.doors(), "1: 1 at 0");
        lab.set("Doors", Control::Step);
        assert_eq!(lab.run(), [caption]);
        assert_eq!(lab.doors(), told);
        lab.set("Doors", Control::Pause(false));
        assert!(!lab.world.subscription("Doors").unwrap().crashed());
        lab.run();
        assert_eq!(lab.health("Doors") == Health::Clean, deduplicate);
    }
}

#[test]
fn a_process_that_crashes_after_an_effect_completes_once_it_is_resumed_and_does_nothing_twice() {
    let mut lab = TestWorld::new(&kept_house());
    lab.set("Porter", Control::Fault(Some(DeliveryFault::CrashAfterEffect)));
    lab.ask("door-1", "Open");
    let steps = lab.run();
    check(
        steps[7..].to_vec(),
        expect![[r#"
        Porter takes in event 1
        Porter asks for Ring, mail
        Performs the side effect: mail
        Porter crashes after acting on event 1; resumed, it goes on after 0
    "#]],
    );
    assert_eq!((lab.mark(), lab.world.subscription("Porter").unwrap().unanswered()), (0, 0));
    lab.set("Porter", Control::Pause(false));
    check(
        lab.run(),
        expect![[r#"
        Event 1 reaches Porter again, is recognised and skipped
        Porter asks for Ring, mail
        Holds back what Porter did before
        Porter sends Ring to bell-1
        Loads bell-1: 0 events
        Nothing to fold: the initial state
        Accepts Ring: Rang
        Asks the store to append 1 event to bell-1, expecting no stream
        Stored at position 2
        Doors takes in event 2
        Porter takes in event 2
        Porter notes that it has reacted up to 2
    "#]],
    );
    assert_eq!(lab.outbox(), ["mail for 1: Performed", "mail for 1: Suppressed"]);
}

#[test]
fn a_process_that_crashes_before_its_checkpoint_has_asked_for_nothing_yet() {
    let mut lab = TestWorld::new(&kept_house());
    lab.set("Porter", Control::Fault(Some(DeliveryFault::CrashBeforeCheckpoint)));
    lab.ask("door-1", "Open");
    lab.run();
    assert_eq!((lab.world.log().head(), lab.outbox().len()), (1, 0));
    // Meanwhile, another door is opened.
    lab.ask("door-2", "Open");
    lab.run();
    lab.set("Porter", Control::Pause(false));
    lab.run();
    assert_eq!(lab.outbox(), ["mail for 1: Performed", "mail for 2: Performed"]);
    check(
        lab.log(),
        expect![[r#"
        #1 door-1 v1 Opened Alice
        #2 door-2 v1 Opened Alice
        #3 bell-1 v1 Rang Porter
        #4 bell-1 v2 Rang Porter
    "#]],
    );
}

#[test]
fn what_a_process_was_about_to_do_when_it_crashed_is_not_done_before_it_is_resumed() {
    let mut lab = TestWorld::new(&kept_house());
    lab.set("Porter", Control::Fault(Some(DeliveryFault::CrashAfterEffect)));
    lab.append(&[("door-1", "Opened"), ("door-2", "Opened")], true);
    lab.run();
    assert_eq!((lab.outbox(), lab.log().len()), (vec!["mail for 1: Performed".to_owned()], 2));
    lab.set("Porter", Control::Pause(false));
    lab.run();
    let done = ["mail for 1: Performed", "mail for 1: Suppressed", "mail for 2: Performed"];
    assert_eq!((lab.outbox(), lab.log().len()), (done.map(str::to_owned).into(), 4));
}

#[test]
fn moved_back_over_a_gap_it_is_told_of_everything_again() {
    let mut lab = imported();
    lab.set("Doors", Control::Fault(Some(DeliveryFault::Swap)));
    lab.set("Doors", Control::Step);
    lab.run();
    lab.set("Doors", Control::Rewind(0));
    assert_eq!(lab.doors(), " at 0");
    lab.set("Doors", Control::Pause(false));
    lab.run();
    assert_eq!(lab.doors(), "1: 2, 2: 1 at 3");
}

#[test]
fn a_crash_with_a_command_under_way_handles_it_once() {
    let mut lab = TestWorld::new(&kept_house());
    lab.append(&[("door-1", "Opened"), ("door-2", "Opened")], true);
    lab.until_pending();
    lab.store();
    // The first bell's command is at the store; the second reaction crashes the porter.
    lab.until_pending();
    lab.set("Porter", Control::Fault(Some(DeliveryFault::CrashAfterEffect)));
    lab.append(&[("door-3", "Opened")], true);
    lab.run();
    let crashed = lab.world.subscription("Porter").unwrap().crashed();
    assert!(crashed);
    lab.set("Porter", Control::Pause(false));
    lab.run();
    let rang = lab.log().iter().filter(|line| line.contains("Rang")).count();
    let sent = lab.outbox().iter().filter(|line| line.ends_with("Performed")).count();
    assert_eq!((rang, sent, lab.mark()), (3, 3, lab.world.log().head()));
}

#[test]
fn a_reaction_to_an_overtaking_event_does_not_move_the_mark_past_the_gap() {
    let mut lab = behind("Porter", 2);
    lab.set("Porter", Control::Fault(Some(DeliveryFault::Swap)));
    lab.set("Porter", Control::Step);
    lab.run();
    assert_eq!(lab.mark(), 0);
    // The browser is killed at this moment.
    let mut again = lab.reopened();
    assert!(again.run().is_empty(), "it is still paused");
    again.set("Porter", Control::Pause(false));
    again.run();
    assert_eq!(
        again.outbox(),
        ["mail for 2: Performed", "mail for 1: Performed", "mail for 2: Suppressed"]
    );
    lab.set("Porter", Control::Pause(false));
    lab.run();
    assert_eq!(lab.mark(), lab.world.log().head());
}

#[test]
fn an_overtaking_event_that_asks_for_nothing_does_not_move_the_mark_past_the_gap_either() {
    let mut lab = TestWorld::new(&kept_house());
    lab.pause("Porter", true);
    lab.ask("door-1", "Slam");
    lab.run();
    lab.set("Porter", Control::Fault(Some(DeliveryFault::Swap)));
    lab.set("Porter", Control::Step);
    assert_eq!(lab.run(), ["Porter takes in event 2"]);
    assert_eq!(lab.mark(), 0);
    lab.set("Porter", Control::Pause(false));
    lab.run();
    assert_eq!((lab.outbox(), lab.mark()), (vec!["mail for 1: Performed".to_owned()], 3));
}

#[test]
fn what_a_process_never_heard_of_is_found_missing_and_can_be_sent() {
    let mut lab = behind("Porter", 1);
    lab.set("Porter", Control::Fault(Some(DeliveryFault::Drop)));
    lab.set("Porter", Control::Pause(false));
    lab.run();
    assert_eq!((lab.world.log().head(), lab.mark()), (1, 1));
    assert_eq!(lab.world.send_missing("Porter"), 2);
    lab.run();
    assert_eq!((lab.world.log().head(), lab.outbox().len()), (2, 1));
}

#[test]
fn a_flag_that_is_moved_back_shows_what_was_known_there_and_is_told_again() {
    let mut lab = imported();
    lab.set("Doors", Control::Pause(false));
    lab.set("Doors", Control::Fault(Some(DeliveryFault::Drop)));
    lab.run();
    assert_eq!(lab.doors(), "1: 1, 2: 1 at 3");
    lab.set("Doors", Control::Pause(true));
    lab.set("Doors", Control::Rewind(2));
    assert_eq!(lab.doors(), "1: 1, 2: 1 at 2", "a clean fold");
    lab.set("Doors", Control::Pause(false));
    assert_eq!(lab.run(), ["Doors takes in event 3"]);
    assert_eq!(lab.doors(), "1: 2, 2: 1 at 3");
}

#[test]
fn a_process_that_is_moved_back_reacts_to_nothing_again() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    lab.run();
    let (log, kept) = (lab.log(), lab.side_records.len());
    lab.set("Porter", Control::Rewind(0));
    check(
        lab.run(),
        expect![[r#"
        Porter takes in event 1; the 2 things it would send again are held back
        Porter takes in event 2
    "#]],
    );
    assert_eq!((lab.log(), lab.side_records.len(), lab.held_back()), (log, kept, 2));
}

#[test]
fn redelivering_lowers_the_mark_and_everything_is_recognised() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    lab.ask("door-2", "Open");
    lab.run();
    let log = lab.log();
    lab.set("Porter", Control::Redeliver(1));
    assert_eq!((lab.mark(), lab.kept_marks().last()), (1, Some(&1)));
    // After a kill at this moment, a reload finds the same.
    for mut lab in [lab.reopened(), lab] {
        check(
            lab.run(),
            expect![[r#"
            Porter takes in event 2
            Porter asks for Ring, mail
            Porter takes in event 3
            Porter takes in event 4
            Holds back what Porter did before
            Porter sends Ring to bell-1
            Knows this Ring already: its event stands
            Porter notes that it has reacted up to 4
        "#]],
        );
        assert_eq!((lab.log(), lab.mark()), (log.clone(), 4));
    }
}

#[test]
fn without_the_replay_guard_a_replay_floods() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    lab.ask("door-2", "Open");
    lab.run();
    let log = lab.log();
    lab.set("Porter", Control::Guard(false));
    assert!(lab.world.rebuild("Porter", 1));
    let steps = lab.run();
    let again = "Performs the side effect once more, after 1 times: mail";
    assert_eq!(steps.iter().filter(|it| *it == again).count(), 2);
    assert_eq!(lab.outbox().len(), 4);
    assert!(lab.outbox().iter().all(|it| it.ends_with("Performed")));
    assert_eq!(lab.log(), log, "commands are recognised by their ids");
    assert_eq!(lab.held_back(), 0);
    let repeats: Vec<u64> = lab.world.outbox().iter().map(|it| it.repeat).collect();
    assert_eq!(repeats, [0, 0, 1, 1]);
    // After a reload, the guard is on again, and knows what was done.
    let mut again = lab.reopened();
    assert_eq!(again.run(), Vec::<String>::new());
}

#[test]
fn how_far_a_subscription_is_from_a_position_is_said_and_what_holds_it() {
    let mut lab = imported();
    let said = |lab: &TestWorld, position| {
        let wait = lab.world.wait("Doors", position).unwrap();
        (wait.checkpoint, wait.left, wait.held_by)
    };
    assert_eq!(said(&lab, 2), (0, 2, Some("it is paused")));
    assert_eq!(said(&lab, 9), (0, 9, Some("there is no such event yet")));
    lab.set("Doors", Control::Pause(false));
    assert_eq!(said(&lab, 2), (0, 2, None));
    lab.set("Doors", Control::Delay(2));
    lab.run();
    assert_eq!(said(&lab, 1), (1, 0, None));
    assert_eq!(said(&lab, 2), (1, 1, Some("it is delayed")));
    lab.set("Doors", Control::Fault(Some(DeliveryFault::CrashBeforeCheckpoint)));
    lab.set("Doors", Control::Delay(0));
    lab.run();
    assert_eq!(said(&lab, 3), (1, 2, Some("it has crashed")));
    assert_eq!(lab.world.wait("Windows", 1), None);
}

#[test]
fn a_fault_can_be_disarmed_and_is_over_after_one_use() {
    let mut lab = imported();
    lab.set("Doors", Control::Fault(Some(DeliveryFault::Drop)));
    lab.set("Doors", Control::Fault(None));
    lab.set("Doors", Control::Pause(false));
    lab.run();
    assert_eq!(lab.doors(), "1: 2, 2: 1 at 3");
    for (_, sentence) in DeliveryFault::ALL {
        assert!(!sentence.is_empty());
    }
    for (fault, _) in DeliveryFault::ALL {
        let mut lab = imported();
        lab.set("Doors", Control::Fault(Some(fault)));
        lab.set("Doors", Control::Pause(false));
        lab.run();
        assert_eq!(lab.world.subscription("Doors").unwrap().fault(), None, "{fault:?}");
    }
}

#[test]
fn a_projection_that_becomes_synchronous_takes_in_only_what_it_has_not() {
    let mut lab = imported();
    lab.set("Doors", Control::Fault(Some(DeliveryFault::Swap)));
    lab.set("Doors", Control::Step);
    assert_eq!(lab.run(), ["Doors takes in event 2"]);
    lab.set("Doors", Control::Synchronous(true));
    assert_eq!(lab.doors(), "1: 2, 2: 1 at 3");
    assert_eq!(lab.health("Doors"), Health::Clean);

    let mut lab = imported();
    lab.set("Doors", Control::Fault(Some(DeliveryFault::CrashBeforeCheckpoint)));
    lab.set("Doors", Control::Pause(false));
    lab.run();
    assert_eq!(lab.doors(), "1: 1 at 0");
    lab.set("Doors", Control::Synchronous(true));
    assert_eq!(lab.doors(), "1: 2, 2: 1 at 3");
    assert_eq!(lab.health("Doors"), Health::Clean);
}

#[test]
fn a_set_up_survives_a_reload_and_is_stored_only_where_it_has_changed() {
    let mut lab = behind("Porter", 2);
    let kept = lab.side_records.len();
    lab.set("Porter", Control::Fault(Some(DeliveryFault::CrashAfterEffect)));
    lab.set("Porter", Control::Guard(false));
    lab.set("Porter", Control::Guard(false));
    lab.set("Doors", Control::Pause(true));
    lab.set("Doors", Control::Rewind(1));
    lab.set("Doors", Control::Fault(Some(DeliveryFault::Swap)));
    lab.set("Doors", Control::Deduplicate(false));
    lab.run();
    // One of the seven controls has changed nothing.
    assert_eq!(lab.side_records.len(), kept + 6);
    let set_ups = |lab: &TestWorld| -> Vec<SetUp> {
        lab.world.subscriptions().iter().map(Subscription::set_up).collect()
    };
    let again = lab.reopened();
    assert_eq!(set_ups(&again), set_ups(&lab));
    assert_eq!(again.doors(), lab.doors());
    let checkpoints = |lab: &TestWorld| -> Vec<u64> {
        lab.world.subscriptions().iter().map(Subscription::checkpoint).collect()
    };
    assert_eq!(checkpoints(&again), checkpoints(&lab));
}

#[test]
fn a_process_that_has_crashed_is_still_down_after_a_reload_and_goes_on_once_it_is_resumed() {
    let mut lab = behind("Porter", 2);
    lab.set("Porter", Control::Fault(Some(DeliveryFault::CrashAfterEffect)));
    lab.set("Porter", Control::Pause(false));
    lab.run();
    let mut again = lab.reopened();
    for lab in [&mut lab, &mut again] {
        assert!(lab.run().is_empty());
        let porter = lab.world.subscription("Porter").unwrap();
        assert!(porter.crashed() && porter.paused());
        lab.set("Porter", Control::Pause(false));
        lab.run();
    }
    assert_eq!((again.log(), again.mark()), (lab.log(), lab.mark()));
}

#[test]
fn a_set_up_that_makes_no_sense_is_taken_as_far_as_it_does() {
    let lab = TestWorld::new(&kept_house());
    let wild = SetUp {
        code: Some(9),
        mark: u64::MAX,
        paused: true,
        checkpoint: u64::MAX,
        delay: u64::MAX,
        synchronous: true,
        guard: false,
        ..SetUp::default()
    };
    let names = ["Porter", "Doors", "Nobody"];
    let records = names.map(|name| SideRecord::SetUp(name.into(), wild.clone())).to_vec();
    let again = lab.reopened_with(records);
    let porter = again.world.subscription("Porter").unwrap();
    assert_eq!((porter.mark(), porter.code(), porter.is_synchronous()), (0, 1, false));
    let doors = again.world.subscription("Doors").unwrap();
    assert!(doors.is_synchronous() && !doors.paused() && doors.is_guarded());
}
