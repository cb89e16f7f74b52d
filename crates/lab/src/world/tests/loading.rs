//! Two actors on one stream, commands that are sent again, and the cost of loading.

use super::*;
use crate::snapshots::Loading;

impl TestWorld {
    /// Sends the command of the journal's last entry again, and runs. Returns the captions.
    fn again(&mut self, choice: Choice) -> Vec<String> {
        let last = self.world.journal().last().unwrap().envelope.command_id;
        self.asked += 1;
        let submission =
            self.world.resubmission(last, choice, command_id("house", self.asked)).unwrap();
        self.world.submit(submission);
        self.run()
    }

    /// Alice and Bob both hold version 2 and open the door. Bob is second.
    fn raced() -> Self {
        let mut lab = Self::new(&house());
        lab.ask("door-1", "Open");
        lab.ask("door-1", "Shut");
        lab.run();
        for _ in 0..2 {
            lab.ask_expecting("door-1", "Open", Some(Expected::Exact(2)));
        }
        lab.run();
        lab
    }

    /// The last entry of the journal, with the command that it follows.
    fn last(&self) -> (String, Option<Choice>) {
        let entry = self.world.journal().last().unwrap();
        let line = self.journal().pop().unwrap();
        (line, entry.envelope.follows.map(|it| it.choice))
    }

    fn origins(&self) -> Vec<Origin> {
        let log = self.world.log();
        log.events(1, log.head()).map(Recorded::origin).collect()
    }
}

#[test]
fn the_second_of_two_who_hold_the_same_version_is_told_what_was_expected_and_found() {
    let lab = TestWorld::raced();
    let (line, choice) = lab.last();
    assert_eq!(
        (&*line, choice),
        ("Open wrong_expected_version: door-1 was expected at version 2 and is at version 3", None)
    );
}

#[test]
fn after_a_conflict_one_may_look_again_and_have_it_decided_on_the_latest_state() {
    let mut lab = TestWorld::raced();
    lab.again(Choice::Reload);
    let (line, choice) = lab.last();
    assert_eq!((&*line, choice), ("Open rejected: the door is open already", Some(Choice::Reload)));
}

#[test]
fn force_decides_on_the_old_state_and_appends_whatever_has_happened() {
    let mut lab = TestWorld::raced();
    check(
        lab.again(Choice::Force),
        expect![[r#"
        Alice sends Open to door-1
        Loads door-1: 2 events
        Has folded its 2 events before, and has the state at hand
        Accepts Open: Opened
        Asks the store to append 1 event to door-1, expecting any version
        Stored at position 4
        Doors takes in event 4
    "#]],
    );
    // The door was opened although it was open: the event says who forced it.
    assert_eq!(lab.origins(), [Origin::Command, Origin::Command, Origin::Command, Origin::Forced]);
    assert_eq!(lab.last(), ("Open accepted: -".into(), Some(Choice::Force)));
    let follows = lab.reopened().world.journal().last().unwrap().envelope.follows;
    assert_eq!(follows.unwrap().choice, Choice::Force, "who chose what survives a reload");
}

#[test]
fn any_version_on_the_latest_state_is_not_force() {
    let mut lab = TestWorld::new(&house());
    lab.ask_expecting("door-1", "Open", Some(Expected::Any));
    lab.run();
    assert_eq!(lab.origins(), [Origin::Command]);
}

#[test]
fn a_command_that_tries_again_by_itself_journals_the_conflict_and_then_what_came_of_it() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Slam");
    lab.run();
    let (id, command) = (command_id("house", 77), command("door-1", "Open"));
    let expected = Some(Expected::Exact(0));
    let submission =
        Submission { expected, retry: true, ..Submission::new(id, "Bob".into(), command) };
    lab.world.submit(submission);
    check(
        lab.run(),
        expect![[r#"
        Bob sends Open to door-1
        Loads door-1: 0 events
        Nothing to fold: the initial state
        Accepts Open: Opened
        door-1 was expected at no stream and is at version 2; decides again
        Loads door-1: 2 events
        Folds 2 events
        Accepts Open: Opened
        Asks the store to append 1 event to door-1, expecting version 2
        Stored at position 3
        Doors takes in event 3
    "#]],
    );
    check(
        lab.journal(),
        expect![[r#"
            Slam accepted: -
            Open wrong_expected_version: door-1 was expected at no stream and is at version 2
            Open accepted: -
        "#]],
    );
    let follows = lab.world.journal()[2].envelope.follows.unwrap();
    assert_eq!((follows.command, follows.choice), (id, Choice::Retry));
}

#[test]
fn a_retry_that_loses_to_a_commit_nobody_told_of_gives_up() {
    let mut lab = TestWorld::new(&house());
    let submission =
        Submission::new(command_id("house", 77), "Bob".into(), command("door-1", "Open"));
    lab.world.submit(Submission { retry: true, ..submission });
    lab.until_pending();
    lab.world.answer(StoreAnswer::Lost);
    assert_eq!(lab.run(), ["Not stored: the log was written elsewhere"]);
}

#[test]
fn sent_again_under_the_same_id_it_is_recognised_and_under_a_new_one_it_is_handled_anew() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Slam");
    lab.run();
    lab.again(Choice::Same);
    assert_eq!(lab.last(), ("Slam repeated: -".into(), Some(Choice::Same)));
    assert_eq!(lab.world.log().head(), 2);
    lab.again(Choice::Anew);
    assert_eq!(lab.last(), ("Slam accepted: -".into(), Some(Choice::Anew)));
    assert_eq!(lab.world.log().head(), 4);
    let ids: Set<Uuid> = lab.world.journal().iter().map(|it| it.envelope.command_id).collect();
    assert_eq!(ids.len(), 2);
    assert!(lab.world.resubmission(command_id("house", 99), Choice::Same, Uuid::nil()).is_none());
}

/// The cost of loading a door.
struct LoadCost {
    /// How many events were folded.
    folded: u64,
    /// How many events there were.
    of: u64,
    /// The caption of the micro-step.
    caption: String,
}

/// Slams a door `times` times with this kind of loading, calls `between`, and opens the door.
/// Returns the cost of loading the door for that.
fn slammed(times: usize, loading: Loading, between: impl FnOnce(&mut TestWorld)) -> LoadCost {
    let mut lab = TestWorld::new(&house());
    lab.world.load_by(loading);
    for _ in 0..times {
        lab.ask("door-1", "Slam");
    }
    lab.run();
    between(&mut lab);
    lab.ask("door-1", "Open");
    let caption = lab.run().swap_remove(1);
    let meter = lab.world.meter();
    let last = meter.last.as_ref().unwrap();
    LoadCost { folded: last.folded, of: last.of, caption }
}

#[test]
fn a_snapshot_saves_all_the_folding_up_to_it() {
    let LoadCost { folded, of, caption } = slammed(452, Loading::Snapshots(100), |_| ());
    assert_eq!((folded, of), (4, 904));
    assert_eq!(caption, "Loads door-1: a snapshot of version 900, and 4 events");
    let LoadCost { folded, of, caption } = slammed(452, Loading::Events, |_| ());
    assert_eq!((folded, of), (904, 904));
    assert_eq!(caption, "Loads door-1: 904 events");
    let LoadCost { folded, of, .. } = slammed(452, Loading::Memory, |_| ());
    assert_eq!((folded, of), (2, 904), "what the last command left in memory");
}

#[test]
fn the_meter_adds_up_what_every_load_has_cost_since_the_way_of_loading_was_chosen() {
    let mut lab = TestWorld::new(&house());
    lab.world.load_by(Loading::Events);
    for _ in 0..3 {
        lab.ask("door-1", "Slam");
        lab.run();
    }
    // A slammed door has two events: nothing, then two, then four were loaded.
    let meter = lab.world.meter();
    assert_eq!((meter.loads, meter.folded, meter.of), (3, 6, 6));
    lab.world.load_by(Loading::Memory);
    let meter = lab.world.meter();
    assert_eq!((meter.loads, meter.folded, meter.of), (0, 0, 0));
}

#[test]
fn a_snapshot_is_taken_on_the_way_of_the_first_load_that_passes_one() {
    let LoadCost { folded, of, caption } = slammed(5, Loading::Events, |lab| {
        lab.world.load_by(Loading::Snapshots(4));
        lab.ask("door-1", "Touch");
        lab.run();
    });
    assert_eq!((folded, of), (2, 10));
    assert_eq!(caption, "Loads door-1: a snapshot of version 8, and 2 events");
}

#[test]
fn a_damaged_snapshot_is_recognised_and_ignored() {
    let LoadCost { folded, of, caption } = slammed(10, Loading::Snapshots(8), |lab| {
        let door = Stream::new("door", "1");
        assert!(lab.world.damage_snapshot(&door));
        assert!(!lab.world.damage_snapshot(&Stream::new("door", "2")));
    });
    assert_eq!((folded, of), (20, 20));
    assert_eq!(
        caption,
        "Loads door-1: 20 events. Its snapshot is ignored: it is damaged, as its checksum shows"
    );
}

#[test]
fn an_outdated_snapshot_is_recognised_and_ignored() {
    let LoadCost { folded, of, caption } = slammed(10, Loading::Snapshots(8), |lab| {
        assert!(lab.world.outdate_snapshot(&Stream::new("door", "1")));
    });
    assert_eq!((folded, of), (20, 20));
    assert_eq!(
        caption,
        "Loads door-1: 20 events. Its snapshot is ignored: it is outdated: it was written under \
         schema 0, and 1 counts now"
    );
}

#[test]
fn a_snapshot_of_a_later_version_is_of_no_use_for_an_older_one() {
    let mut lab = TestWorld::new(&house());
    lab.world.load_by(Loading::Snapshots(4));
    for _ in 0..5 {
        lab.ask("door-1", "Slam");
    }
    lab.run();
    lab.ask_expecting("door-1", "Open", Some(Expected::Exact(3)));
    let loaded = lab.run().swap_remove(1);
    assert_eq!(
        loaded,
        "Loads door-1: 3 events. Its snapshot is ignored: it is of version 8, which is later"
    );
}

#[test]
fn decisions_are_the_same_however_a_stream_is_loaded() {
    let run = |loading| {
        let mut lab = TestWorld::new(&house());
        lab.world.load_by(loading);
        for number in 0..20 {
            let kind = if number % 3 == 0 { "Shut" } else { "Open" };
            lab.ask(&format!("door-{}", number % 2), kind);
        }
        lab.run();
        (lab.log(), lab.journal())
    };
    let memory = run(Loading::Memory);
    for loading in [Loading::Events, Loading::Snapshots(1), Loading::Snapshots(3)] {
        assert_eq!(run(loading), memory, "{loading:?}");
    }
}

#[test]
fn a_stream_that_cannot_be_read_is_never_written_into_a_snapshot() {
    let mut lab = TestWorld::new(&house());
    lab.world.load_by(Loading::Snapshots(1));
    lab.append(&[("door-1", "Painted")], true);
    lab.ask("door-1", "Open");
    lab.run();
    assert_eq!(lab.world.snapshots().count(), 0);
}
