//! Code that is written at run time may fail at an event. An aggregate's state is known up to
//! there, and projections and processes stop there. The tests write notes. Nobody can fold a blot
//! until the pen is wiped.

use std::cell::Cell;

use super::*;
use crate::health::Health;
use crate::snapshots::Loading;
use crate::subscription::DeliveryFault;
use crate::whatif::{Change, WhatIf};
use es::{
    AnyAggregate, AnyEvent, AnyEvents, AnyInstance, AnyProcess, AnyProjection, AnyRunner, Draft,
    FoldError, Refusal, Stored,
};

thread_local! {
    static WIPED: Cell<bool> = const { Cell::new(false) };
}

/// Fails at the first blot, unless the pen is wiped.
fn blot(events: &[&Recorded]) -> Result<(), FoldError> {
    let blot = events.iter().position(|event| &**event.kind() == "Blotted" && !WIPED.get());
    blot.map_or(Ok(()), |at| Err(FoldError { at, why: "a blot cannot be read".into() }))
}

/// How many notes there are.
#[derive(Clone, Default)]
struct Notes(u64);

/// The notes as an aggregate.
struct Note;

impl AnyEvents for Note {
    fn name(&self) -> Rc<str> {
        "note".into()
    }

    fn schema(&self) -> u16 {
        1
    }

    fn event(&self, kind: &str, data: &str) -> serde_json::Result<Rc<dyn AnyEvent>> {
        Ok(Rc::new(json!({ kind: serde_json::from_str::<Value>(data)? })))
    }

    fn upcast(&self, stored: Stored) -> Result<Stored, String> {
        Ok(stored)
    }
}

impl AnyAggregate for Note {
    fn commands(&self) -> Value {
        json!({})
    }

    fn events(&self) -> Value {
        json!({})
    }

    fn instance(&self) -> Box<dyn AnyInstance> {
        Box::new(Notes::default())
    }

    fn restore(&self, saved: &str, _: u64) -> Result<Box<dyn AnyInstance>, String> {
        Ok(Box::new(Notes(saved.parse().map_err(|_| "it is no number".to_owned())?)))
    }
}

impl AnyInstance for Notes {
    fn evolve(&mut self, events: &[&Recorded]) -> Result<(), FoldError> {
        let blot = blot(events);
        self.0 += blot.as_ref().map_or_else(|it| it.at, |()| events.len()) as u64;
        blot
    }

    fn state(&self) -> Value {
        json!({ "notes": self.0 })
    }

    fn save(&self) -> Option<String> {
        Some(self.0.to_string())
    }

    /// Decides an event of the command's type.
    fn decide(&self, command: &CommandRecord) -> Result<Vec<Draft>, Refusal> {
        let event = Note.event(&command.kind, command.data.get());
        let body = es::Body::Known(event.map_err(|it| Refusal::Malformed(it.to_string()))?);
        let (stream, kind) = (command.stream.clone(), command.kind.clone());
        Ok(vec![Draft { stream, kind, schema: 1, body, stored: None, at: None, metadata: None }])
    }

    fn copy(&self) -> Box<dyn AnyInstance> {
        Box::new(self.clone())
    }
}

/// The notes as a projection, or as a process that sends each note as a letter, in one version of
/// its code.
struct Desk(&'static str, u16);

impl AnyProjection for Desk {
    fn name(&self) -> Rc<str> {
        self.0.into()
    }

    fn about(&self) -> Rc<str> {
        "How many notes there are.".into()
    }

    fn code(&self) -> u16 {
        self.1
    }

    fn runner(&self) -> Box<dyn AnyRunner> {
        Box::new(Pile { notes: 0, code: self.1, sends: false })
    }
}

impl AnyProcess for Desk {
    fn waits(&self) -> bool {
        false
    }

    fn manager(&self) -> Box<dyn AnyRunner> {
        Box::new(Pile { notes: 0, code: self.1, sends: true })
    }
}

#[derive(Clone)]
struct Pile {
    notes: u64,
    code: u16,
    sends: bool,
}

impl AnyRunner for Pile {
    /// The second version can fold every event.
    fn apply(&mut self, events: &[&Recorded]) -> Result<(), FoldError> {
        let blot = if self.code == 1 { blot(events) } else { Ok(()) };
        self.notes += blot.as_ref().map_or_else(|it| it.at, |()| events.len()) as u64;
        blot
    }

    fn view(&self) -> View {
        View::table(&["notes"], [Row::new("all", [self.notes.into()])])
    }

    fn skipped(&self) -> u64 {
        0
    }

    fn weight(&self) -> usize {
        1
    }

    fn copy(&self) -> Box<dyn AnyRunner> {
        Box::new(self.clone())
    }

    fn react(&self, event: &Recorded) -> Vec<Reaction> {
        let step = event.position().to_string();
        let letter = Reaction::effect("1", &step, "letter", json!({}));
        if self.sends { vec![letter] } else { Vec::new() }
    }
}

/// A scenario with notes, a pile that counts them, a tray that counts all events, and a postman.
fn office() -> Rc<Scenario> {
    WIPED.set(false);
    let mut scenario = Scenario::new("office", "Office", "Notes.");
    scenario.aggregates.push(Rc::new(Note));
    scenario.projections.push(Rc::new(Desk("Pile", 1)));
    scenario.projections.push(Rc::new(Desk("Pile", 2)));
    scenario.projections.push(Rc::new(Desk("Tray", 2)));
    scenario.processes.push(Rc::new(Desk("Postman", 1)));
    Rc::new(scenario)
}

/// An office in which each of these commands was handled, and the captions of the last one.
fn written(commands: &[(&str, &str)]) -> (TestWorld, Vec<String>) {
    let mut lab = TestWorld::new(&office());
    let mut steps = Vec::new();
    for (stream, kind) in commands {
        lab.ask(stream, kind);
        steps = lab.run();
    }
    (lab, steps)
}

const WRITTEN: (&str, &str) = ("note-1", "Written");
const BLOTTED: (&str, &str) = ("note-1", "Blotted");
const OTHER: (&str, &str) = ("note-2", "Written");

impl TestWorld {
    /// The view of a subscription, its checkpoint, and the position at which it has stopped.
    fn counts(&self, name: &str) -> (Value, u64, Option<u64>) {
        let it = self.world.subscription(name).unwrap();
        (count(&it.view()), it.checkpoint(), it.stopped().map(|it| it.position))
    }
}

fn count(view: &View) -> Value {
    serde_json::to_value(view).unwrap()["rows"][0]["notes"].clone()
}

#[test]
fn a_stream_with_an_event_that_cannot_be_folded_refuses_commands_and_shows_the_state_before() {
    for loading in [Loading::Memory, Loading::Events, Loading::Snapshots(2)] {
        let (mut lab, _) = written(&[WRITTEN, WRITTEN, BLOTTED]);
        lab.world.load_by(loading);
        lab.ask("note-1", "Written");
        lab.ask("note-2", "Written");
        lab.run();
        let refused = "Written unreadable: version 3 of this stream cannot be folded, so nothing \
                       can be decided on it: a blot cannot be read";
        assert_eq!(lab.journal()[3], refused, "{loading:?}");
        assert_eq!(lab.log().len(), 4, "{loading:?}: the other stream is open");
        let taken: Vec<u64> = lab.world.snapshots().map(|(_, it)| it.version).collect();
        assert_eq!(taken, if loading == Loading::Snapshots(2) { vec![2] } else { vec![] });

        let mut session = Session::new(lab.world);
        let stream = Stream::new("note", "1");
        for (position, notes) in [(3, 2), (2, 2), (1, 1), (4, 2)] {
            let (_, state) = session.state_at(&stream, position).unwrap();
            assert_eq!(state, json!({ "notes": notes }), "at {position}");
        }
        session.seek(2);
        assert_eq!(session.would_refuse(&command("note-1", "Written")), None);
        session.seek(3);
        assert!(session.would_refuse(&command("note-1", "Written")).is_some());
        let mut without = WhatIf::new(session.world(), &Change::LeaveOut([3].into())).unwrap();
        let imagined = without.state(session.world(), &stream, 4).unwrap();
        assert_eq!(imagined.0, json!({ "notes": 2 }), "that is all there is");
        assert!(without.advance(session.world(), 100) && without.no_longer_allowed().is_empty());
    }
}

#[test]
fn what_was_appended_past_an_event_that_cannot_be_folded_is_not_in_the_state() {
    let mut lab = TestWorld::new(&office());
    lab.append(&[WRITTEN, BLOTTED, WRITTEN, WRITTEN], false);
    lab.run();
    let mut session = Session::new(lab.world);
    let stream = Stream::new("note", "1");
    assert_eq!(session.state_at(&stream, 4).unwrap(), (4, json!({ "notes": 1 })));
    let mut without = WhatIf::new(session.world(), &Change::LeaveOut([2].into())).unwrap();
    let imagined = without.state(session.world(), &stream, 4).unwrap();
    assert_eq!(imagined.0, json!({ "notes": 3 }));
}

#[test]
fn a_projection_stops_at_an_event_that_it_cannot_take_in_and_says_why() {
    let (mut lab, steps) = written(&[WRITTEN, BLOTTED]);
    check(
        steps,
        expect![[r#"
        Alice sends Blotted to note-1
        Loads note-1: 1 event
        Folds 1 event
        Accepts Blotted: Blotted
        Asks the store to append 1 event to note-1, expecting version 1
        Stored at position 2
        Pile stops before event 2: a blot cannot be read
        Tray takes in event 2
        Postman stops before event 2: a blot cannot be read
    "#]],
    );
    lab.ask("note-2", "Written");
    let steps = lab.run();
    assert_eq!(steps.last().unwrap(), "Tray takes in event 3", "those who stopped hear nothing");
    assert_eq!(lab.counts("Pile"), (json!(1), 1, Some(2)));
    assert_eq!(lab.counts("Tray"), (json!(3), 3, None));
    assert_eq!(lab.outbox(), ["letter for 1: Performed"]);
    assert_eq!(lab.mark(), 1, "what comes after is still to be answered");
    let wait = lab.world.wait("Pile", 3).unwrap();
    assert_eq!(wait.held_by, Some("it has stopped before an event"));

    let mut session = Session::new(lab.world);
    let panel = session.panel("Pile").unwrap();
    let stopped = panel.stopped.unwrap();
    assert_eq!((stopped.position, &*stopped.why), (2, "a blot cannot be read"));
    assert_eq!((panel.checkpoint, panel.lag, panel.crashed, panel.paused), (1, 2, false, false));
    assert_eq!(panel.health, Health::Stopped(stopped));
    assert_eq!(session.health("Tray"), Some(Health::Clean));
    for (position, shown) in [(0, 0), (1, 1), (2, 1), (3, 1)] {
        session.seek(position);
        assert_eq!(count(&session.panel("Pile").unwrap().now), json!(shown), "at {position}");
        assert_eq!(count(&session.view_at("Pile", position).unwrap()), json!(shown));
    }
}

#[test]
fn the_step_at_which_somebody_stops_is_told_to_the_console_as_json() {
    let stopped = MicroStep::Stopped { to: "Pile".into(), position: 2, why: "a blot".into() };
    assert_eq!(
        serde_json::to_string(&stopped).unwrap(),
        r#"{"step":"stopped","to":"Pile","position":2,"why":"a blot"}"#
    );
}

#[test]
fn who_has_stopped_tries_again_once_it_is_resumed() {
    let (mut lab, _) = written(&[WRITTEN, BLOTTED, OTHER]);
    lab.pause("Pile", true);
    assert_eq!((lab.run(), lab.counts("Pile")), (vec![], (json!(1), 1, Some(2))));
    lab.pause("Pile", false);
    let again = "Pile stops before event 2: a blot cannot be read";
    assert_eq!((lab.run(), lab.counts("Pile")), (vec![again.to_owned()], (json!(1), 1, Some(2))));

    WIPED.set(true);
    assert_eq!(lab.run(), [""; 0], "nobody tries by itself");
    lab.pause("Pile", false);
    assert_eq!(lab.run(), ["Pile takes in event 2", "Pile takes in event 3"]);
    assert_eq!(lab.counts("Pile"), (json!(3), 3, None));
    lab.pause("Postman", false);
    lab.run();
    assert_eq!((lab.counts("Postman"), lab.mark()), ((json!(3), 3, None), 3));
    assert_eq!(lab.outbox(), ["letter for 1: Performed"; 3], "each is sent once");
}

#[test]
fn who_has_stopped_tries_again_when_it_is_stepped_or_rebuilt() {
    let (mut lab, _) = written(&[WRITTEN, BLOTTED, OTHER]);
    let again = "Pile stops before event 2: a blot cannot be read";
    lab.pause("Pile", true);
    lab.world.control("Pile", Control::Step).unwrap();
    assert_eq!((lab.run(), lab.counts("Pile")), (vec![again.to_owned()], (json!(1), 1, Some(2))));
    lab.pause("Pile", false);
    lab.run();
    assert!(lab.world.rebuild("Pile", 1));
    assert_eq!(lab.counts("Pile"), (json!(0), 0, None));
    assert_eq!(lab.run(), ["Pile takes in event 1", again]);

    assert!(lab.world.rebuild("Pile", 2), "in code that takes it");
    lab.run();
    assert_eq!(lab.counts("Pile"), (json!(3), 3, None));
    assert_eq!(Session::new(lab.world).health("Pile"), Some(Health::Clean));
}

#[test]
fn a_synchronous_projection_that_stops_is_not_among_those_that_know() {
    let (mut lab, _) = written(&[WRITTEN]);
    lab.world.control("Pile", Control::Synchronous(true)).unwrap();
    lab.world.control("Tray", Control::Synchronous(true)).unwrap();
    lab.ask("note-1", "Blotted");
    let steps = lab.run();
    check(
        steps[5..].to_vec(),
        expect![[r#"
        Stored at position 2; in the same moment it is known to Tray
        Pile stops before event 2: a blot cannot be read
        Postman stops before event 2: a blot cannot be read
    "#]],
    );
    lab.ask("note-2", "Written");
    lab.run();
    assert_eq!(lab.counts("Pile"), (json!(1), 1, Some(2)));
    WIPED.set(true);
    lab.pause("Pile", false);
    assert_eq!(lab.counts("Pile"), (json!(3), 3, None), "it is never behind");
}

#[test]
fn a_world_that_is_opened_again_stops_at_the_same_event_and_says_so() {
    let (lab, _) = written(&[BLOTTED, OTHER]);
    let mut lab = lab.reopened();
    for name in ["Pile", "Postman"] {
        assert_eq!(lab.counts(name).1, 0, "{name}");
    }
    check(
        lab.run(),
        expect![[r#"
        Pile stops before event 1: a blot cannot be read
        Postman stops before event 1: a blot cannot be read
    "#]],
    );
    assert_eq!(lab.counts("Tray"), (json!(2), 2, None));

    let commits = lab.commits.clone();
    let mut session = Session::new(World::new(&lab.world.scenario));
    for commit in commits {
        assert!(session.learn(commit.read(&lab.world.scenario)));
    }
    session.world_mut().finish_learning([]);
    for _ in 0..10 {
        session.refill(1);
    }
    assert!(session.refill(1), "it ends");
    let it = session.world().subscription("Pile").unwrap();
    assert_eq!((it.checkpoint(), it.stopped().map(|it| it.position)), (0, Some(1)));
    session.world_mut().catch_up_undisturbed();
    assert_eq!(session.world().subscription("Pile").unwrap().checkpoint(), 0);
}

#[test]
fn what_is_armed_stays_armed_while_nothing_can_be_delivered() {
    for fault in [DeliveryFault::Duplicate, DeliveryFault::CrashBeforeCheckpoint] {
        let (mut lab, _) = written(&[WRITTEN]);
        lab.world.control("Pile", Control::Fault(Some(fault))).unwrap();
        lab.ask("note-1", "Blotted");
        lab.run();
        assert_eq!(lab.world.subscription("Pile").unwrap().fault(), Some(fault));
        WIPED.set(true);
        lab.pause("Pile", false);
        let steps = lab.run();
        let said = match fault {
            DeliveryFault::Duplicate => "Event 2 reaches Pile again, is recognised and skipped",
            _ => "Pile crashes after taking in event 2; its checkpoint still says 1",
        };
        assert_eq!((steps.len(), &*steps[0], &*steps[1]), (2, "Pile takes in event 2", said));
    }
}

#[test]
fn an_event_that_comes_again_and_cannot_be_taken_in_comes_once_more() {
    let (mut lab, _) = written(&[WRITTEN]);
    WIPED.set(true);
    lab.world.control("Pile", Control::Deduplicate(false)).unwrap();
    lab.world.control("Pile", Control::Fault(Some(DeliveryFault::Duplicate))).unwrap();
    lab.ask("note-1", "Blotted");
    lab.until_pending();
    lab.store();
    assert_eq!(lab.step().unwrap().to_string(), "Stored at position 2");
    assert_eq!(lab.step().unwrap().to_string(), "Pile takes in event 2");
    WIPED.set(false);
    lab.run();
    assert_eq!(lab.counts("Pile"), (json!(2), 2, Some(2)), "it was taken in once");
    WIPED.set(true);
    lab.pause("Pile", false);
    assert_eq!(lab.run(), ["Pile takes in event 2 once more"]);
    assert_eq!(lab.counts("Pile"), (json!(3), 2, None));
}

#[test]
fn what_is_missing_is_looked_for_up_to_where_a_process_can_go() {
    let (mut lab, _) = written(&[WRITTEN]);
    WIPED.set(true);
    lab.ask("note-1", "Blotted");
    lab.ask("note-2", "Written");
    lab.run();
    lab.world.performed.clear();
    assert_eq!(lab.world.missing("Postman").len(), 3);
    WIPED.set(false);
    assert_eq!(lab.world.missing("Postman").len(), 1);
}

#[test]
fn who_becomes_synchronous_tries_again_and_takes_in_nothing_twice() {
    let (mut lab, _) = written(&[WRITTEN]);
    lab.pause("Pile", true);
    for (stream, kind) in [BLOTTED, OTHER, OTHER] {
        lab.ask(stream, kind);
        lab.run();
    }
    lab.world.control("Pile", Control::Fault(Some(DeliveryFault::Swap))).unwrap();
    lab.pause("Pile", false);
    assert_eq!(
        lab.run(),
        ["Pile takes in event 3", "Pile stops before event 2: a blot cannot be read",]
    );
    lab.world.control("Pile", Control::Synchronous(true)).unwrap();
    assert_eq!(lab.counts("Pile"), (json!(2), 1, Some(2)));
    let ahead =
        |lab: &TestWorld| lab.world.subscription("Pile").unwrap().ahead().collect::<Vec<_>>();
    assert_eq!(ahead(&lab), [3]);
    WIPED.set(true);
    lab.world.control("Pile", Control::Synchronous(true)).unwrap();
    assert_eq!((lab.counts("Pile"), ahead(&lab)), ((json!(4), 4, None), vec![]));
}

#[test]
fn the_log_is_folded_to_its_end_although_a_process_stops_before_its_mark() {
    let (lab, _) = written(&[BLOTTED, OTHER, OTHER]);
    let mut world = World::new(&lab.world.scenario);
    for commit in lab.commits {
        assert!(world.learn(commit.read(&lab.world.scenario)));
    }
    world.finish_learning([SideRecord::SetUp("Postman".into(), SetUp::answered(3))]);
    let turns = (0..20).take_while(|_| !world.refill(1)).count();
    assert!(turns < 20, "it ends");
    let checkpoint = |name| world.subscription(name).unwrap().checkpoint();
    assert_eq!(["Pile", "Tray", "Postman"].map(checkpoint), [0, 3, 0]);
}
