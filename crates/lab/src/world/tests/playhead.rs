//! What the playhead shows: the event there, its cause and its consequences, states, panels, times,
//! and the story's sentences.

use super::*;
use crate::health::Health;
use crate::subscription::DeliveryFault;
use es::{Check, Condition, Operand, Relation, Step, Subject};

/// Door 1 is opened, and the porter rings. Then door 2 is opened, and he rings again.
fn rung() -> TestWorld {
    let mut lab = TestWorld::new(&kept_house());
    for door in ["door-1", "door-2"] {
        lab.ask(door, "Open");
        lab.run();
        lab.now += 1_000;
    }
    assert_eq!(lab.log().len(), 4);
    lab
}

fn caused(session: &Session, position: u64) -> Vec<u64> {
    session.caused_by(position).into_iter().map(|(position, _)| position).collect()
}

#[test]
fn the_event_at_the_playhead_is_the_one_that_just_happened() {
    let mut session = Session::new(rung().world);
    let mut at = |position| {
        session.seek(position);
        session.event().map(|it| (it.position(), it.kind().to_string()))
    };
    assert_eq!(at(0), None);
    assert_eq!(at(1), Some((1, "Opened".to_owned())));
    assert_eq!(at(2), Some((2, "Rang".to_owned())));
    assert_eq!(at(99), Some((4, "Rang".to_owned())), "the playhead stops at the head");
}

#[test]
fn an_event_knows_what_it_answers_and_what_answers_it() {
    let session = Session::new(rung().world);
    assert_eq!(session.cause(2), Some((1, "Opened".into())));
    assert_eq!(session.cause(4), Some((3, "Opened".into())));
    assert_eq!([1, 3, 9].map(|position| session.cause(position)), [None, None, None]);
    assert_eq!(session.caused_by(1), [(2, "Rang".into())]);
    assert_eq!(session.caused_by(3), [(4, "Rang".into())]);
    assert_eq!([2, 4, 0, 9].map(|position| caused(&session, position)), [[0; 0]; 4]);
}

#[test]
fn where_no_process_runs_nobody_answers() {
    let lab = rung();
    let mut world = World::new(&house());
    for commit in lab.commits {
        assert!(world.learn(commit.read(&lab.world.scenario)));
    }
    let session = Session::new(world);
    assert_eq!(caused(&session, 1), [0; 0], "it is not looked for");
    assert_eq!(session.cause(2), Some((1, "Opened".into())), "it is asked of the event itself");
}

#[test]
fn an_answer_is_looked_for_as_far_as_ten_thousand_events() {
    for (between, found) in [(9_999, true), (10_000, false)] {
        let mut lab = TestWorld::new(&kept_house());
        lab.append(&[("door-1", "Opened")], false);
        lab.run();
        lab.append(&vec![("door-2", "Shut"); between], false);
        lab.run();
        lab.answer_after_all();
        assert_eq!(lab.log().len(), between + 2);
        let session = Session::new(lab.world);
        let answer = between as u64 + 2;
        assert_eq!(caused(&session, 1), if found { vec![answer] } else { vec![] });
        assert_eq!(session.cause(answer).map(|it| it.0), found.then_some(1));
    }
}

impl TestWorld {
    /// The porter reacts to an event that he must not react to.
    fn answer_after_all(&mut self) {
        self.world.control("Porter", Control::Guard(false)).unwrap();
        self.world.control("Porter", Control::Redeliver(0)).unwrap();
        self.run();
    }
}

#[test]
fn a_session_learns_of_commits_and_stays_at_the_head() {
    let lab = rung();
    let mut session = Session::new(World::new(&lab.world.scenario));
    let mut commits = lab.commits.iter().map(|it| it.clone().read(&lab.world.scenario));
    assert!(session.learn(commits.next().unwrap()));
    assert_eq!((session.position(), session.head()), (1, 1));
    session.seek(0);
    let next = commits.next().unwrap();
    assert!(session.learn(next.clone()));
    assert_eq!((session.position(), session.head()), (0, 2), "one that looks back stays there");
    assert!(!session.learn(next));
}

#[test]
fn a_playhead_at_the_head_goes_along_and_another_stays() {
    let mut session = Session::new(TestWorld::new(&house()).world);
    let send = |session: &mut Session, id: u64, door: &str| {
        let id = command_id("house", id);
        session.world_mut().submit(Submission::new(id, "Alice".into(), command(door, "Open")));
        let steps = session.run(1_000);
        assert!(steps.len() > 5, "{steps:?}");
    };
    send(&mut session, 1, "door-1");
    assert_eq!((session.position(), session.head()), (1, 1));
    session.seek(0);
    send(&mut session, 2, "door-2");
    assert_eq!((session.position(), session.head()), (0, 2));
}

#[test]
fn a_time_is_found_as_the_last_position_recorded_by_then() {
    let session = Session::new(rung().world);
    let times = session.log().events(1, 4).map(es::Recorded::at).collect::<Vec<_>>();
    assert_eq!(times, [1_000, 1_000, 2_000, 2_000]);
    let at = [0, 999, 1_000, 1_999, 2_000, u64::MAX].map(|at| session.position_at(at));
    assert_eq!(at, [0, 0, 2, 2, 4, 4]);
}

#[test]
fn a_state_is_seen_as_it_is_and_as_it_was_before_the_event_there() {
    let mut lab = TestWorld::new(&house());
    for kind in ["Open", "Shut"] {
        lab.ask("door-1", kind);
    }
    lab.ask("bell-1", "Ring");
    lab.run();
    let mut session = Session::new(lab.world);
    let door = Stream::new("door", "1");
    let mut seen = |position| {
        session.seek(position);
        let it = session.state(&door).unwrap();
        let open = |value: &Value| value["open"].as_bool().unwrap();
        assert_eq!(session.state_at(&door, position).unwrap(), (it.version, it.now.clone()));
        (it.version, open(&it.was), open(&it.now))
    };
    let table = [(0, false, false), (1, false, true), (2, true, false), (2, false, false)];
    for (position, expected) in table.into_iter().enumerate() {
        assert_eq!(seen(position as u64), expected, "at {position}");
    }
    assert_eq!(session.state(&Stream::new("window", "1")), None);
    assert_eq!(session.state_at(&Stream::new("window", "1"), 1), None);
}

#[test]
fn a_command_is_refused_at_the_playhead_as_it_would_be_there() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Open");
    lab.run();
    let mut session = Session::new(lab.world);
    let mut why = |position, stream, kind| {
        session.seek(position);
        session.would_refuse(&command(stream, kind))
    };
    assert_eq!(why(1, "door-1", "Open").as_deref(), Some("the door is open already"));
    assert_eq!(why(0, "door-1", "Open"), None);
    assert_eq!(why(0, "door-1", "Shut").as_deref(), Some("the door is shut already"));
    assert_eq!(why(1, "window-1", "Open").as_deref(), Some("this scenario has no window"));
}

#[test]
fn a_panel_says_what_is_set_of_its_subscription() {
    let mut lab = rung();
    let panel = |lab: TestWorld, name| {
        let mut session = Session::new(lab.world);
        (session.panel(name).unwrap(), TestWorld::of(session.into_world()))
    };
    let (it, back) = panel(lab, "Doors");
    lab = back;
    assert!(it.deduplicate && it.guard && !it.paused && !it.crashed && !it.synchronous);
    assert_eq!(
        (it.delay, it.fault, it.code, it.kind),
        (0, None, (1, vec![1, 2]), SubscriptionKind::Projection)
    );
    assert_eq!((it.checkpoint, it.shown, it.lag, it.skipped), (4, 4, 0, 0));
    assert_eq!((&*it.name, &*it.about), ("Doors", "How often each door was opened."));
    let usual = SetUp { code: Some(1), ..SetUp::default() };
    assert_eq!(lab.world.subscription("Doors").unwrap().set_up(), usual);

    for (set, unset) in [
        (Control::Deduplicate(false), Control::Deduplicate(true)),
        (Control::Delay(2), Control::Delay(0)),
        (Control::Pause(true), Control::Pause(false)),
        (Control::Fault(Some(DeliveryFault::Drop)), Control::Fault(None)),
        (Control::Synchronous(true), Control::Synchronous(false)),
    ] {
        lab.world.control("Doors", set).unwrap();
        let it = lab.world.subscription("Doors").unwrap();
        assert_ne!(it.set_up(), usual, "{set:?}");
        let seen = (it.deduplicates(), it.is_synchronous());
        let expected = (set == Control::Deduplicate(false), set == Control::Synchronous(true));
        assert_eq!(seen, (!expected.0, expected.1), "{set:?}");
        lab.world.control("Doors", unset).unwrap();
        assert_eq!(lab.world.subscription("Doors").unwrap().set_up(), usual, "{unset:?}");
    }
    for control in [
        Control::Deduplicate(false),
        Control::Delay(2),
        Control::Pause(true),
        Control::Fault(Some(DeliveryFault::Drop)),
    ] {
        lab.world.control("Doors", control).unwrap();
    }
    let (it, mut lab) = panel(lab, "Doors");
    assert!(!it.deduplicate && it.paused);
    assert_eq!((it.delay, it.fault), (2, Some(DeliveryFault::Drop)));

    lab.world.control("Porter", Control::Guard(false)).unwrap();
    let (it, lab) = panel(lab, "Porter");
    assert!(!it.guard && it.deduplicate);
    assert_eq!((it.kind, it.mark, it.code), (SubscriptionKind::Process, 4, (1, vec![1, 2])));
    assert!(!lab.world.subscription("Porter").unwrap().is_guarded());
}

#[test]
fn a_panel_in_the_past_is_a_clean_fold_beside_what_was_before_the_event_there() {
    let mut session = Session::new(rung().world);
    let rows = |view: &View| match view {
        View::Table(table) => table.rows.len(),
        _ => panic!("a table"),
    };
    for (position, was, now) in [(0, 0, 0), (1, 0, 1), (2, 1, 1), (3, 1, 2), (4, 2, 2)] {
        session.seek(position);
        let panel = session.panel("Doors").unwrap();
        assert_eq!((rows(&panel.was), rows(&panel.now)), (was, now), "at {position}");
        let passing = session.panel_in_passing("Doors").unwrap();
        assert_eq!((rows(&passing.was), rows(&passing.now)), (now, now), "at {position}");
    }
    assert!(session.panel("Windows").is_none());
}

#[test]
fn a_projection_that_was_ended_and_started_again_begins_anew_and_is_judged_anew() {
    let mut lab = TestWorld::new(&house());
    // It has had as many deliveries, but of other events.
    for (door, fault) in [("door-1", DeliveryFault::Drop), ("door-2", DeliveryFault::Duplicate)] {
        lab.world.control("Doors", Control::Deduplicate(false)).unwrap();
        lab.world.control("Doors", Control::Fault(Some(fault))).unwrap();
        lab.ask(door, "Open");
        lab.run();
    }
    let mut session = Session::new(lab.world);
    assert!(matches!(session.health("Doors"), Some(Health::Differs(_))));
    assert!(session.world_mut().unsubscribe("Doors"));
    assert_eq!((session.health("Doors"), session.world().subscriptions().len()), (None, 0));
    assert!(session.world_mut().subscribe("Doors"));
    assert_eq!(session.world().subscription("Doors").unwrap().checkpoint(), 0);
    session.run(2_000);
    assert_eq!(session.health("Doors"), Some(Health::Clean));
}

#[test]
fn a_check_names_the_stream_or_the_projection_of_which_it_does_not_hold() {
    let mut scenario = Scenario::new("house", "House", "Doors.").aggregate::<Door>();
    scenario = scenario.aggregate::<Bell>().projection::<Doors<1>>();
    let is = |field: &str, value: Value| {
        Condition::Is(field.into(), Relation::Equal, Operand::Value(value))
    };
    let check = |name: &str, subject, holds| Check { name: name.into(), subject, holds };
    scenario = scenario
        .check(check("doors are shut", Subject::Each("door".into()), is("/open", json!(false))))
        .check(check("no door", Subject::View("Doors".into()), is("/rows", json!([]))));
    let mut lab = TestWorld::new(&Rc::new(scenario));
    lab.ask("door-1", "Open");
    lab.ask("door-2", "Open");
    lab.ask("door-2", "Shut");
    lab.ask("bell-1", "Ring");
    lab.run();
    let mut session = Session::new(lab.world);
    let mut broken = |position| {
        session.seek(position);
        session.failed_checks().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(broken(0), [""; 0]);
    assert_eq!(broken(1), ["door-1: doors are shut", "Doors: no door"]);
    assert_eq!(broken(2), ["door-1: doors are shut", "door-2: doors are shut", "Doors: no door"]);
    assert_eq!(broken(4), ["door-1: doors are shut", "Doors: no door"]);
}

#[test]
fn a_story_is_told_step_by_step_and_each_of_its_commands_knows_its_sentence() {
    let mut scenario = Scenario::new("house", "House", "Doors.").aggregate::<Door>();
    scenario = scenario.projection::<Doors<1>>().story(
        5_000,
        [
            Step::new::<Door>("Two are opened.", "1", &DoorCommand::Open {})
                .and::<Door>("2", &DoorCommand::Open {}),
            Step::behind::<Door>("One is shut from behind.", "1", &DoorEvent::Shut {}),
        ],
    );
    let mut session = Session::new(World::new(&Rc::new(scenario)));
    let narration = session.narration();
    let said: Vec<&str> = narration.values().map(|say| &**say).collect();
    assert_eq!(said.iter().filter(|it| **it == "Two are opened.").count(), 2);
    assert_eq!(said.iter().filter(|it| **it == "One is shut from behind.").count(), 1);
    assert_eq!(session.next_in_story(), Some(0));
    let told = session.tell(0).unwrap();
    assert_eq!(&*told.say, "Two are opened.");
    session.run(told.at);
    assert_eq!((session.head(), session.next_in_story()), (2, Some(1)));
    assert_eq!(narration.get(&session.event().unwrap().command_id()).unwrap(), &told.say);
    session.tell(1).unwrap();
    session.run(99_000);
    assert_eq!((session.head(), session.next_in_story()), (3, None));
    assert_eq!(session.event().unwrap().origin(), Origin::Forced);
    assert_eq!(session.event().unwrap().at(), 65_000, "when the story says, whenever it is told");
    assert!(session.tell(2).is_none());
    let commits: Vec<(u64, u64, usize)> =
        session.commits(3).iter().map(|it| (it.number, it.after, it.events.len())).collect();
    assert_eq!(commits, [(1, 0, 1), (2, 1, 1), (3, 2, 1)]);

    let mut again = Session::new(World::new(session.scenario()));
    assert!(again.play_story().len() > 10);
    assert_eq!(again.head(), 3);
}

#[test]
fn a_step_of_the_story_that_was_not_stored_is_the_next_one_still() {
    let open = |say| Step::new::<Door>(say, "1", &DoorCommand::Open {});
    let scenario = Scenario::new("house", "House", "Doors.").aggregate::<Door>();
    let scenario = scenario.story(5_000, [open("It is opened."), open("And opened again.")]);
    let mut session = Session::new(World::new(&Rc::new(scenario)));
    for (answer, next) in [(StoreAnswer::Failed("full".into()), 0), (StoreAnswer::Stored, 1)] {
        session.tell(0).unwrap();
        while session.world().pending().is_none() {
            session.step(5_000).unwrap();
        }
        session.world_mut().answer(answer);
        session.run(5_000);
        assert_eq!(session.next_in_story(), Some(next));
    }
    session.tell(1).unwrap();
    session.run(5_000);
    assert_eq!(session.world().journal().last().unwrap().outcome, Outcome::Rejected);
    assert_eq!(session.next_in_story(), None, "refused is told");
}

#[test]
fn a_commit_is_cut_at_the_position_up_to_which_it_is_asked_for() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Slam");
    lab.ask("door-1", "Open");
    lab.run();
    let session = Session::new(lab.world);
    let lengths = |position| -> Vec<usize> {
        session.commits(position).iter().map(|it| it.events.len()).collect()
    };
    assert_eq!([0, 1, 2, 3].map(lengths), [vec![], vec![1], vec![2], vec![2, 1]]);
}

/// The steps to which the positions from 0 to the head belong.
fn steps_here(session: &mut Session) -> Vec<Option<usize>> {
    let steps = (0..=session.head()).map(|position| {
        session.seek(position);
        session.step_here()
    });
    steps.collect()
}

#[test]
fn each_position_belongs_to_a_step_of_the_story_and_the_head_to_the_one_told_last() {
    let open = |say, door| Step::new::<Door>(say, door, &DoorCommand::Open {});
    let story = [
        Step::new::<Door>("Shutting is refused.", "1", &DoorCommand::Shut {}),
        open("Two are opened.", "1").and::<Door>("2", &DoorCommand::Open {}),
        Step::new::<Door>("One is touched.", "1", &DoorCommand::Touch {}),
        Step::behind::<Door>("It is shut from behind.", "1", &DoorEvent::Shut {}),
        open("Opening two again is refused.", "2"),
    ];
    let house = Scenario::new("house", "House", "Doors, a bell and a porter.");
    let house = house.aggregate::<Door>().aggregate::<Bell>().process::<Porter<1>>();
    let mut session = Session::new(World::new(&Rc::new(house.story(5_000, story))));
    assert_eq!((session.step_told(), session.step_here()), (None, None));
    for (number, head) in [0, 4, 4, 5, 5].into_iter().enumerate() {
        session.tell(number).unwrap();
        session.run(5_000);
        assert_eq!(session.head(), head, "after step {number}");
        assert_eq!((session.step_told(), session.step_here()), (Some(number), Some(number)));
    }
    // Two were opened, and the porter rang for each.
    let past = [None, Some(1), Some(1), Some(1), Some(1)];
    assert_eq!(steps_here(&mut session), [&past[..], &[Some(4)]].concat());
    // What somebody does beside the story belongs to no step, with what follows from it.
    for (id, kind) in [(1, "Shut"), (2, "Open")] {
        let ask = Submission::new(Uuid::from_u128(id), "Eve".into(), command("door-2", kind));
        session.world_mut().submit(ask);
        session.run(5_000);
    }
    let beside = [Some(3), None, None, Some(4)];
    assert_eq!(steps_here(&mut session), [&past[..], &beside].concat());
}

#[test]
fn a_step_that_was_not_stored_is_not_told_and_half_a_step_is() {
    let open = |say, door| Step::new::<Door>(say, door, &DoorCommand::Open {});
    let story = [open("Two are opened.", "1").and::<Door>("2", &DoorCommand::Open {})];
    let scenario = Scenario::new("house", "House", "Doors.").aggregate::<Door>();
    let scenario = Rc::new(scenario.story(5_000, story));
    for (answer, told) in
        [(StoreAnswer::Failed("full".into()), None), (StoreAnswer::Stored, Some(0))]
    {
        let mut session = Session::new(World::new(&scenario));
        session.tell(0).unwrap();
        while session.world().pending().is_none() {
            session.step(5_000).unwrap();
        }
        session.world_mut().answer(answer);
        session.step(5_000).unwrap();
        assert_eq!((session.step_told(), session.step_here()), (told, told));
        assert_eq!(session.next_in_story(), Some(0), "it is told to its end first");
    }
}
