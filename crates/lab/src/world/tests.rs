//! The micro-steps of the machine, one situation in each test, in a small house: it has doors, a
//! bell, and a porter who rings the bell for each door that is opened, and writes letters.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use expect_test::{Expect, expect};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::to_raw_value;

use super::*;
use crate::health::Health;
use crate::session::Session;
use crate::subscription::Control;
use es::StoredCommit;
use es::{
    Aggregate, CommandRecord, Id, Origin, ProcessManager, Projection, Reaction, Recorded, Row,
    View, command_id, reaction_id, read_event,
};

mod deadlines;
mod deliveries;
mod folding;
mod letters;
mod loading;
mod looking;
mod playhead;
mod replicas;
mod stopping;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Door {
    open: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
enum DoorEvent {
    Opened {},
    Shut {},
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum DoorCommand {
    Open {},
    Shut {},
    /// Opens the door and shuts it again.
    Slam {},
    /// Has no event.
    Touch {},
}

#[derive(Debug, thiserror::Error)]
enum DoorRejection {
    #[error("the door is open already")]
    OpenAlready,
    #[error("the door is shut already")]
    ShutAlready,
}

impl Aggregate for Door {
    const NAME: &'static str = "door";
    type Command = DoorCommand;
    type Event = DoorEvent;
    type Rejection = DoorRejection;

    fn decide(&self, command: DoorCommand) -> Result<Vec<DoorEvent>, DoorRejection> {
        use DoorEvent::{Opened, Shut};
        match command {
            DoorCommand::Open {} if self.open => Err(DoorRejection::OpenAlready),
            DoorCommand::Open {} => Ok(vec![Opened {}]),
            DoorCommand::Shut {} if !self.open => Err(DoorRejection::ShutAlready),
            DoorCommand::Shut {} => Ok(vec![Shut {}]),
            DoorCommand::Slam {} => Ok(vec![Opened {}, Shut {}]),
            DoorCommand::Touch {} => Ok(vec![]),
        }
    }

    fn evolve(self, event: &DoorEvent) -> Self {
        Self { open: *event == DoorEvent::Opened {} }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Bell {
    broken: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
enum BellEvent {
    Rang {},
    Broke {},
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum BellCommand {
    Ring {},
    Break {},
}

#[derive(Debug, thiserror::Error)]
#[error("the bell is broken")]
struct BellBroken;

impl Aggregate for Bell {
    const NAME: &'static str = "bell";
    type Command = BellCommand;
    type Event = BellEvent;
    type Rejection = BellBroken;

    fn decide(&self, command: BellCommand) -> Result<Vec<BellEvent>, BellBroken> {
        match command {
            BellCommand::Ring {} if self.broken => Err(BellBroken),
            BellCommand::Ring {} => Ok(vec![BellEvent::Rang {}]),
            BellCommand::Break {} => Ok(vec![BellEvent::Broke {}]),
        }
    }

    fn evolve(self, event: &BellEvent) -> Self {
        Self { broken: self.broken || *event == BellEvent::Broke {} }
    }
}

/// Counts how often each door was opened. Version 2 also counts how often it was shut.
#[derive(Clone, Default)]
struct Doors<const VERSION: u16>(Map<Rc<str>, u64>);

impl<const VERSION: u16> Projection for Doors<VERSION> {
    const NAME: &'static str = "Doors";
    const ABOUT: &'static str = "How often each door was opened.";
    const CODE: u16 = VERSION;

    fn apply(&mut self, event: &Recorded) {
        let counts = match event.of::<Door>() {
            Some(DoorEvent::Opened {}) => true,
            Some(DoorEvent::Shut {}) => VERSION == 2,
            None => false,
        };
        if counts {
            *self.0.entry(event.key().clone()).or_default() += 1;
        }
    }

    fn view(&self) -> View {
        View::table(&["door", "times"], self.0.iter().map(|(key, times)| Row::of(key, (times,))))
    }
}

/// Rings the bell and writes a letter when a door is opened. Version 2 also rings when a door is
/// shut.
#[derive(Clone, Default)]
struct Porter<const CODE: u16>;

impl<const VERSION: u16> Projection for Porter<VERSION> {
    const NAME: &'static str = "Porter";
    const ABOUT: &'static str = "Rings when a door is opened.";
    const CODE: u16 = VERSION;

    fn apply(&mut self, _: &Recorded) {}

    fn view(&self) -> View {
        View::table(&[], [])
    }
}

impl<const VERSION: u16> ProcessManager for Porter<VERSION> {
    fn react(&self, event: &Recorded) -> Vec<Reaction> {
        let step = format!("ring-{}", event.version());
        let bell = Id::<Bell>::new("1");
        let ring = Reaction::command(event.key(), &step, &bell, &BellCommand::Ring {});
        let letter = format!("letter-{}", event.version());
        match event.of::<Door>() {
            Some(DoorEvent::Opened {}) => {
                let mail = Reaction::effect(event.key(), &letter, "mail", json!({ "to": "Lola" }));
                ring.into_iter().chain([mail]).collect()
            }
            Some(DoorEvent::Shut {}) if VERSION == 2 => ring.into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// A world with a time, and everything that it has given to be stored.
struct TestWorld {
    world: World,
    now: u64,
    asked: u64,
    commits: Vec<StoredCommit>,
    side_records: Vec<SideRecord>,
}

/// A scenario with doors and a bell.
fn house() -> Rc<Scenario> {
    let scenario = Scenario::new("house", "House", "Doors and a bell.");
    Rc::new(
        scenario
            .aggregate::<Door>()
            .aggregate::<Bell>()
            .projection::<Doors<1>>()
            .projection::<Doors<2>>(),
    )
}

/// A scenario with doors, a bell and a porter.
fn kept_house() -> Rc<Scenario> {
    let scenario = Scenario::new("house", "House", "Doors, a bell and a porter.");
    let scenario = scenario
        .aggregate::<Door>()
        .aggregate::<Bell>()
        .projection::<Doors<1>>()
        .projection::<Doors<2>>();
    Rc::new(scenario.process::<Porter<1>>().process::<Porter<2>>())
}

fn command(stream: &str, kind: &str) -> CommandRecord {
    let data = to_raw_value(&json!({})).unwrap();
    CommandRecord { stream: Stream::parse(stream).unwrap(), kind: kind.into(), data }
}

/// A world that has read a stored log. Errors name the position at which a commit does not follow.
fn opened(
    scenario: &Rc<Scenario>,
    commits: Vec<StoredCommit>,
    side_records: impl IntoIterator<Item = SideRecord>,
) -> Result<World, u64> {
    let mut world = World::new(scenario);
    for commit in commits {
        if !world.learn(commit.read(scenario)) {
            return Err(world.log.head() + 1);
        }
    }
    world.finish_learning(side_records);
    while !world.refill(u64::MAX) {}
    Ok(world)
}

impl TestWorld {
    fn new(scenario: &Rc<Scenario>) -> Self {
        Self::of(World::new(scenario))
    }

    fn of(world: World) -> Self {
        Self { world, now: 1_000, asked: 0, commits: Vec::new(), side_records: Vec::new() }
    }

    /// Alice sends a command. Its id is made from the next number.
    fn ask(&mut self, stream: &str, kind: &str) -> Uuid {
        self.ask_expecting(stream, kind, None)
    }

    fn ask_expecting(&mut self, stream: &str, kind: &str, expected: Option<Expected>) -> Uuid {
        self.asked += 1;
        self.ask_as(self.asked, command(stream, kind), expected)
    }

    fn ask_as(&mut self, id: u64, command: CommandRecord, expected: Option<Expected>) -> Uuid {
        let id = command_id("house", id);
        self.world.submit(Submission { expected, ..Submission::new(id, "Alice".into(), command) });
        id
    }

    /// Alice appends events past their aggregates.
    fn append(&mut self, events: &[(&str, &str)], react: bool) -> BulkAppend {
        self.asked += 1;
        let draft = |(stream, kind): &(&str, &str)| {
            let record = command(stream, kind);
            read_event(&self.world.scenario, &record.stream, kind, 1, &record.data)
        };
        let (id, actor) = (command_id("house", self.asked), "Alice".into());
        let events = events.iter().map(draft).collect();
        let bulk = BulkAppend { id, actor, origin: Origin::Import, events, react };
        self.world.submit_bulk(bulk.clone());
        bulk
    }

    fn step(&mut self) -> Option<MicroStep> {
        let step = self.world.step(self.now);
        self.side_records.extend(self.world.take_side_records());
        step
    }

    /// The store answers that it has the pending commit.
    fn store(&mut self) {
        self.commits.push(StoredCommit::from(self.world.pending().unwrap()));
        self.world.answer(StoreAnswer::Stored);
    }

    /// Steps until the store is asked. Returns the captions.
    fn until_pending(&mut self) -> Vec<String> {
        let steps = std::iter::from_fn(|| self.step()).map(|step| step.to_string()).collect();
        assert!(self.world.pending().is_some(), "{steps:#?}");
        steps
    }

    /// Runs until all is quiet. Every commit is stored. Returns the captions.
    fn run(&mut self) -> Vec<String> {
        let mut captions = Vec::new();
        loop {
            match self.step() {
                Some(step) => captions.push(step.to_string()),
                None if self.world.pending().is_some() => self.store(),
                None => return captions,
            }
        }
    }

    /// Another tab stores a command's outcome, and this world learns it.
    fn learn_of(&mut self, stream: &str, kind: &str) {
        let stored = self.commits.clone();
        let mut other = Self::of(opened(&house(), stored, []).unwrap());
        other.asked = 1_000 + self.world.log.commits();
        other.ask(stream, kind);
        other.run();
        let commit = other.commits.pop().unwrap();
        self.commits.push(commit.clone());
        assert!(self.world.learn(commit.read(&self.world.scenario)));
    }

    /// The world after a reload.
    fn reopened(&self) -> Self {
        self.reopened_with(self.side_records.clone())
    }

    fn reopened_with(&self, side_records: Vec<SideRecord>) -> Self {
        let (scenario, commits) = (&self.world.scenario, self.commits.clone());
        let mut lab = Self::of(opened(scenario, commits.clone(), side_records.clone()).unwrap());
        (lab.asked, lab.commits, lab.side_records) = (self.asked, commits, side_records);
        lab
    }

    fn pause(&mut self, name: &str, paused: bool) -> bool {
        self.world.control(name, Control::Pause(paused)).is_ok()
    }

    fn set(&mut self, name: &str, control: Control) {
        self.world.control(name, control).unwrap();
        self.side_records.extend(self.world.take_side_records());
    }

    fn refused(&mut self, name: &str, control: Control) -> String {
        self.world.control(name, control).unwrap_err().to_string()
    }

    /// The rows of the doors' table, and its checkpoint.
    fn doors(&self) -> String {
        let it = self.world.subscription("Doors").unwrap();
        let View::Table(table) = it.view() else { panic!("a table") };
        let rows: Vec<String> = table
            .rows
            .iter()
            .map(|row| format!("{}: {}", row.key, serde_json::to_string(&row.cells[1]).unwrap()))
            .collect();
        format!("{} at {}", rows.join(", "), it.checkpoint())
    }

    fn health(self, name: &str) -> Health {
        Session::new(self.world).health(name).unwrap()
    }

    fn mark(&self) -> u64 {
        self.world
            .subscriptions
            .iter()
            .find(|it| it.kind == SubscriptionKind::Process)
            .unwrap()
            .mark
    }

    /// The marks that were stored.
    fn kept_marks(&self) -> Vec<u64> {
        marks(&self.side_records)
    }

    fn held_back(&self) -> u64 {
        self.world.subscriptions.iter().map(Subscription::held_back).sum()
    }

    /// The log, one line for each event.
    fn log(&self) -> Vec<String> {
        let log = self.world.log();
        log.events(1, log.head()).map(|event| format!("{event:?} {}", event.actor())).collect()
    }

    /// The journal, one line for each entry.
    fn journal(&self) -> Vec<String> {
        let line = |entry: &JournalEntry| {
            let command = entry.envelope.command.as_ref().map(|it| it.kind.clone());
            let reason = entry.reason.as_deref().unwrap_or("-");
            format!("{} {}: {reason}", command.unwrap_or_default(), entry.outcome.name())
        };
        self.world.journal().iter().map(line).collect()
    }

    /// The outbox, one line for each effect.
    fn outbox(&self) -> Vec<String> {
        let line = |it: &Effect| format!("{} for {}: {:?}", it.kind, it.instance, it.status);
        self.world.outbox().iter().map(line).collect()
    }
}

/// The marks of the porter among side records.
fn marks(side_records: &[SideRecord]) -> Vec<u64> {
    let mark = |side_record: &SideRecord| match side_record {
        SideRecord::SetUp(name, set_up) if &**name == "Porter" => Some(set_up.mark),
        _ => None,
    };
    side_records.iter().filter_map(mark).collect()
}

/// Compares lines, one by one.
#[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called")]
#[track_caller]
fn check(lines: Vec<String>, expected: Expect) {
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn a_command_goes_through_every_step_and_so_does_what_follows_from_it() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    check(
        lab.run(),
        expect![[r#"
        Alice sends Open to door-1
        Loads door-1: 0 events
        Nothing to fold: the initial state
        Accepts Open: Opened
        Asks the store to append 1 event to door-1, expecting no stream
        Stored at position 1
        Doors takes in event 1
        Porter takes in event 1
        Porter asks for Ring, mail
        Performs the side effect: mail
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
    check(
        lab.log(),
        expect![[r#"
        #1 door-1 v1 Opened Alice
        #2 bell-1 v1 Rang Porter
    "#]],
    );
}

#[test]
fn each_step_is_told_to_the_console_as_json() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Open");
    let mut lines = Vec::new();
    while lab.world.pending().is_none() {
        lines.extend(lab.step().map(|step| serde_json::to_string(&step).unwrap()));
    }
    lab.store();
    lines.extend(lab.step().map(|step| serde_json::to_string(&step).unwrap()));
    check(
        lines,
        expect![[r#"
        {"step":"received","stream":"door-1","command":"Open","actor":"Alice"}
        {"step":"loaded","stream":"door-1","events":0}
        {"step":"folded","stream":"door-1","version":0,"folded":0}
        {"step":"decided","command":"Open","events":["Opened"]}
        {"step":"appending","stream":"door-1","expected":0,"events":1}
        {"step":"appended","from":1,"to":1}
    "#]],
    );
}

#[test]
fn nothing_is_a_fact_before_the_store_has_it() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Open");
    lab.until_pending();
    assert_eq!((lab.step(), lab.world.log().head(), lab.world.journal().len()), (None, 0, 0));
    lab.store();
    assert_eq!(lab.step(), Some(MicroStep::Appended { from: 1, to: 1, told: Vec::new() }));
    assert_eq!((lab.world.log().head(), lab.world.journal().len()), (1, 1));
}

#[test]
fn a_second_command_folds_only_what_is_new_since_the_state_at_hand() {
    let mut lab = TestWorld::new(&house());
    for kind in ["Open", "Shut", "Slam"] {
        lab.ask("door-1", kind);
    }
    check(
        lab.run(),
        expect![[r#"
        Alice sends Open to door-1
        Loads door-1: 0 events
        Nothing to fold: the initial state
        Accepts Open: Opened
        Asks the store to append 1 event to door-1, expecting no stream
        Stored at position 1
        Doors takes in event 1
        Alice sends Shut to door-1
        Loads door-1: 1 event
        Folds 1 event
        Accepts Shut: Shut
        Asks the store to append 1 event to door-1, expecting version 1
        Stored at position 2
        Doors takes in event 2
        Alice sends Slam to door-1
        Loads door-1: 2 events
        Folds its 2 events, of which it had folded 1 before
        Accepts Slam: Opened, Shut
        Asks the store to append 2 events to door-1, expecting version 2
        Stored at positions 3 to 4
        Doors takes in event 3
        Doors takes in event 4
    "#]],
    );
}

#[test]
fn a_refused_command_ends_where_it_is_refused_and_is_journalled() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Shut");
    check(
        lab.run(),
        expect![[r#"
        Alice sends Shut to door-1
        Loads door-1: 0 events
        Nothing to fold: the initial state
        Refuses Shut: the door is shut already
    "#]],
    );
    check(
        lab.journal(),
        expect![[r#"
        Shut rejected: the door is shut already
    "#]],
    );
    assert_eq!((lab.world.log().head(), lab.world.log().commits()), (0, 0));
    assert_eq!(lab.side_records.len(), 1, "the refusal is kept");
}

#[test]
fn a_command_that_makes_no_sense_is_malformed() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Paint");
    lab.ask("window-1", "Open");
    let wrong =
        CommandRecord { data: to_raw_value(&json!([1])).unwrap(), ..command("door-1", "Open") };
    lab.ask_as(9, wrong, None);
    lab.run();
    check(
        lab.journal(),
        expect![[r#"
        Paint malformed: there is no Paint: one of Open, Shut, Slam, Touch is expected
        Open malformed: this scenario has no window
        Open malformed: the data is not an object of named fields
    "#]],
    );
    assert_eq!(lab.world.log().commits(), 0);
}

#[test]
fn a_repeated_command_is_recognised_before_anything_else_even_if_nothing_came_of_it() {
    let mut lab = TestWorld::new(&house());
    lab.ask_as(1, command("door-1", "Slam"), None);
    lab.ask_as(2, command("door-1", "Touch"), None);
    lab.run();
    // What is expected may differ: it is not looked at any more.
    lab.ask_as(1, command("door-1", "Slam"), Some(Expected::Exact(99)));
    let laid_out = to_raw_value(&json!(null)).unwrap();
    lab.ask_as(2, CommandRecord { data: laid_out, ..command("door-1", "Touch") }, None);
    check(
        lab.run(),
        expect![[r#"
        Alice sends Slam to door-1
        Knows this Slam already: its 2 events stand
        Alice sends Touch to door-1
        Knows this Touch already: nothing came of it
    "#]],
    );
    check(
        lab.log(),
        expect![[r#"
        #1 door-1 v1 Opened Alice
        #2 door-1 v2 Shut Alice
    "#]],
    );
    check(
        lab.reopened().journal(),
        expect![[r#"
            Slam accepted: -
            Touch accepted: -
            Slam repeated: -
            Touch repeated: -
        "#]],
    );
}

#[test]
fn a_refused_command_is_not_remembered_and_the_same_id_decides_anew() {
    let mut lab = TestWorld::new(&house());
    lab.ask_as(1, command("door-1", "Shut"), None);
    lab.ask_as(2, command("door-1", "Open"), None);
    lab.ask_as(1, command("door-1", "Shut"), None);
    lab.run();
    check(
        lab.journal(),
        expect![[r#"
        Shut rejected: the door is shut already
        Open accepted: -
        Shut accepted: -
    "#]],
    );
}

#[test]
fn what_is_believed_of_a_stream_decides_how_a_command_ends() {
    // The door was opened and shut again, so that it is at version 2.
    let ends = |stream: &str, kind: &str, expected| {
        let mut lab = TestWorld::new(&house());
        lab.ask("door-1", "Slam");
        lab.run();
        lab.ask_expecting(stream, kind, expected);
        let steps = lab.run().len();
        let what = expected.map_or("nothing".to_owned(), |it| it.to_string());
        format!("{kind} {stream}, expecting {what}: {steps} steps, {}", lab.journal()[1])
    };
    let versions = [0, 1, 2, 3].map(Expected::Exact).map(Some);
    let beliefs =
        || versions.into_iter().chain([Some(Expected::Exists), Some(Expected::Any), None]);
    let existing = beliefs().flat_map(|it| ["Open", "Shut"].map(|kind| ends("door-1", kind, it)));
    check(
        existing.collect(),
        expect![[r#"
            Open door-1, expecting no stream: 5 steps, Open wrong_expected_version: door-1 was expected at no stream and is at version 2
            Shut door-1, expecting no stream: 4 steps, Shut wrong_expected_version: door-1 was expected at no stream and is at version 2
            Open door-1, expecting version 1: 4 steps, Open wrong_expected_version: door-1 was expected at version 1 and is at version 2
            Shut door-1, expecting version 1: 5 steps, Shut wrong_expected_version: door-1 was expected at version 1 and is at version 2
            Open door-1, expecting version 2: 7 steps, Open accepted: -
            Shut door-1, expecting version 2: 4 steps, Shut rejected: the door is shut already
            Open door-1, expecting version 3: 2 steps, Open wrong_expected_version: door-1 was expected at version 3 and is at version 2
            Shut door-1, expecting version 3: 2 steps, Shut wrong_expected_version: door-1 was expected at version 3 and is at version 2
            Open door-1, expecting a stream: 7 steps, Open accepted: -
            Shut door-1, expecting a stream: 4 steps, Shut rejected: the door is shut already
            Open door-1, expecting any version: 7 steps, Open accepted: -
            Shut door-1, expecting any version: 4 steps, Shut rejected: the door is shut already
            Open door-1, expecting nothing: 7 steps, Open accepted: -
            Shut door-1, expecting nothing: 4 steps, Shut rejected: the door is shut already
        "#]],
    );
    let absent = beliefs().map(|it| ends("door-2", "Open", it));
    check(
        absent.collect(),
        expect![[r#"
            Open door-2, expecting no stream: 7 steps, Open accepted: -
            Open door-2, expecting version 1: 2 steps, Open wrong_expected_version: door-2 was expected at version 1 and is at version 0
            Open door-2, expecting version 2: 2 steps, Open wrong_expected_version: door-2 was expected at version 2 and is at version 0
            Open door-2, expecting version 3: 2 steps, Open wrong_expected_version: door-2 was expected at version 3 and is at version 0
            Open door-2, expecting a stream: 5 steps, Open wrong_expected_version: door-2 was expected at a stream and is at version 0
            Open door-2, expecting any version: 7 steps, Open accepted: -
            Open door-2, expecting nothing: 7 steps, Open accepted: -
        "#]],
    );
}

#[test]
fn a_category_that_has_changed_is_a_conflict_although_the_stream_is_as_it_was() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Open");
    lab.run();
    for position in [0, 1, 9] {
        lab.ask_expecting("door-2", "Open", Some(Expected::Category(position)));
    }
    lab.run();
    check(
        lab.journal(),
        expect![[r#"
            Open accepted: -
            Open wrong_expected_version: no door was to change after event 0, and event 1 has changed one
            Open accepted: -
            Open rejected: the door is open already
        "#]],
    );
    check(
        lab.log(),
        expect![[r#"
        #1 door-1 v1 Opened Alice
        #2 door-2 v1 Opened Alice
    "#]],
    );
    let guarded: Vec<_> =
        lab.world.log().events(1, 2).map(|it| it.envelope().unchanged_since).collect();
    assert_eq!(guarded, [None, Some(1)]);
}

#[test]
fn whoever_guards_a_category_guards_it_anew_after_a_conflict() {
    let mut lab = TestWorld::new(&house());
    let id = lab.ask_expecting("door-1", "Open", Some(Expected::Category(0)));
    lab.until_pending();
    lab.learn_of("door-2", "Open");
    lab.world.answer(StoreAnswer::Lost);
    lab.run();
    for (choice, name) in [(Choice::Reload, 7), (Choice::Force, 8)] {
        let again = lab.world.resubmission(id, choice, command_id("house", name)).unwrap();
        lab.world.submit(again);
        lab.until_pending();
        lab.learn_of("door-2", if choice == Choice::Reload { "Shut" } else { "Open" });
        lab.world.answer(StoreAnswer::Lost);
        lab.run();
    }
    check(
        lab.journal(),
        expect![[r#"
            Open accepted: -
            Open wrong_expected_version: no door was to change after event 0, and event 1 has changed one
            Shut accepted: -
            Open wrong_expected_version: no door was to change after event 1, and event 2 has changed one
            Open accepted: -
            Open accepted: -
        "#]],
    );
}

#[test]
fn a_version_beyond_the_stream_is_a_conflict_at_once() {
    let mut lab = TestWorld::new(&house());
    lab.ask_expecting("door-1", "Open", Some(Expected::Exact(1)));
    check(
        lab.run(),
        expect![[r#"
        Alice sends Open to door-1
        door-1 was expected at version 1 and is at version 0
    "#]],
    );
}

#[test]
fn a_version_before_the_last_is_decided_on_as_it_was_then_conflicts() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Slam");
    lab.run();
    lab.ask_expecting("door-1", "Shut", Some(Expected::Exact(1)));
    check(
        lab.run(),
        expect![[r#"
        Alice sends Shut to door-1
        Loads door-1: 1 event
        Folds 1 event
        Accepts Shut: Shut
        door-1 was expected at version 1 and is at version 2
    "#]],
    );
    assert_eq!(lab.world.log().head(), 2);
}

#[test]
fn a_person_who_loses_a_race_is_told_and_nothing_is_tried_again() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Open");
    lab.until_pending();
    lab.learn_of("door-1", "Open");
    lab.world.answer(StoreAnswer::Lost);
    check(
        lab.run(),
        expect![[r#"
        door-1 was expected at no stream and is at version 1
        Doors takes in event 1
    "#]],
    );
    check(
        lab.journal(),
        expect![[r#"
            Open accepted: -
            Open wrong_expected_version: door-1 was expected at no stream and is at version 1
        "#]],
    );
    check(
        lab.log(),
        expect![[r#"
        #1 door-1 v1 Opened Alice
    "#]],
    );
}

#[test]
fn a_log_that_has_merely_grown_gives_the_commit_another_place() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Open");
    lab.until_pending();
    lab.learn_of("door-2", "Open");
    lab.world.answer(StoreAnswer::Lost);
    check(
        lab.run(),
        expect![[r#"
        Asks the store to append 1 event to door-1, expecting no stream
        Stored at position 2
        Doors takes in event 1
        Doors takes in event 2
    "#]],
    );
    check(
        lab.log(),
        expect![[r#"
        #1 door-2 v1 Opened Alice
        #2 door-1 v1 Opened Alice
    "#]],
    );
}

#[test]
fn what_was_asked_here_and_elsewhere_is_handled_once() {
    let mut lab = TestWorld::new(&house());
    lab.ask_as(1, command("door-1", "Open"), None);
    lab.until_pending();
    let mut elsewhere = TestWorld::new(&house());
    elsewhere.ask_as(1, command("door-1", "Open"), None);
    elsewhere.until_pending();
    let commit = elsewhere.world.pending().unwrap().clone();
    assert!(lab.world.learn(commit));
    lab.world.answer(StoreAnswer::Lost);
    check(
        lab.run(),
        expect![[r#"
        Knows this Open already: its event stands
        Doors takes in event 1
    "#]],
    );
    assert_eq!(lab.world.log().head(), 1);
}

#[test]
fn whoever_watches_folds_and_sends_nothing_until_they_take_over_from_the_mark() {
    let mut lab = TestWorld::new(&kept_house());
    lab.world.watch();
    lab.ask("door-1", "Open");
    check(
        lab.run(),
        expect![[r#"
        Alice sends Open to door-1
        Loads door-1: 0 events
        Nothing to fold: the initial state
        Accepts Open: Opened
        Asks the store to append 1 event to door-1, expecting no stream
        Stored at position 1
        Doors takes in event 1
        Porter takes in event 1
    "#]],
    );
    assert!(lab.side_records.is_empty());
    assert_eq!(
        lab.world.control("Porter", Control::Redeliver(0)).unwrap_err().to_string(),
        "another tab runs Porter, and would not hear of it: do that there"
    );
    lab.world.take_over([("Porter".into(), SetUp::answered(0))]);
    check(
        lab.run(),
        expect![[r#"
            Porter takes in event 1
            Porter asks for Ring, mail
            Performs the side effect: mail
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
    check(
        lab.log(),
        expect![[r#"
        #1 door-1 v1 Opened Alice
        #2 bell-1 v1 Rang Porter
    "#]],
    );
}

#[test]
fn a_process_that_loses_a_race_decides_again_on_the_new_state() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    lab.until_pending();
    lab.store();
    lab.until_pending();
    lab.learn_of("bell-1", "Ring");
    lab.world.answer(StoreAnswer::Lost);
    check(
        lab.run(),
        expect![[r#"
        bell-1 was expected at no stream and is at version 1; decides again
        Loads bell-1: 1 event
        Folds 1 event
        Accepts Ring: Rang
        Asks the store to append 1 event to bell-1, expecting version 1
        Stored at position 3
        Doors takes in event 2
        Porter takes in event 2
        Doors takes in event 3
        Porter takes in event 3
        Porter notes that it has reacted up to 3
    "#]],
    );
    check(
        lab.log(),
        expect![[r#"
        #1 door-1 v1 Opened Alice
        #2 bell-1 v1 Rang Alice
        #3 bell-1 v2 Rang Porter
    "#]],
    );
}

#[test]
fn a_process_that_loses_a_race_to_a_commit_nobody_told_of_gives_up_until_the_next_reload() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    lab.until_pending();
    lab.store();
    lab.until_pending();
    lab.world.answer(StoreAnswer::Lost);
    check(
        lab.run(),
        expect![[r#"
        Not stored: the log was written elsewhere
    "#]],
    );
    assert!(lab.kept_marks().is_empty());
    let mut again = lab.reopened();
    again.run();
    check(
        again.log(),
        expect![[r#"
        #1 door-1 v1 Opened Alice
        #2 bell-1 v1 Rang Porter
    "#]],
    );
}

#[test]
fn what_the_store_could_not_take_never_happened_and_may_be_asked_again() {
    let mut lab = TestWorld::new(&house());
    lab.ask_as(1, command("door-1", "Open"), None);
    lab.until_pending();
    lab.world.answer(StoreAnswer::Failed("the disk is full".to_owned()));
    check(
        lab.run(),
        expect![[r#"
        Not stored: the disk is full
    "#]],
    );
    assert_eq!((lab.world.log().commits(), lab.side_records.len()), (0, 0));
    lab.ask_as(1, command("door-1", "Open"), None);
    lab.run();
    check(
        lab.journal(),
        expect![[r#"
        Open storage: the disk is full
        Open accepted: -
    "#]],
    );
    check(
        lab.log(),
        expect![[r#"
        #1 door-1 v1 Opened Alice
    "#]],
    );
}

#[test]
fn a_reaction_that_the_store_could_not_take_is_not_handled_and_is_sent_again_after_a_reload() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    lab.until_pending();
    lab.store();
    lab.until_pending();
    lab.world.answer(StoreAnswer::Failed("the disk is full".to_owned()));
    lab.run();
    assert_eq!((lab.mark(), lab.kept_marks().len()), (0, 0), "the mark stays before it");
    let mut again = lab.reopened();
    check(
        again.run(),
        expect![[r#"
        Porter takes in event 1
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
}

#[test]
fn an_answer_that_nobody_waits_for_is_ignored() {
    let mut lab = TestWorld::new(&house());
    lab.world.answer(StoreAnswer::Stored);
    lab.ask("door-1", "Open");
    lab.step();
    lab.world.answer(StoreAnswer::Failed("the disk is full".to_owned()));
    lab.run();
    assert_eq!(lab.world.log().head(), 1);
}

#[test]
fn a_bulk_append_bypasses_decide_and_says_so() {
    let mut lab = TestWorld::new(&house());
    lab.append(&[("door-1", "Shut"), ("door-2", "Opened"), ("door-1", "Shut")], true);
    check(
        lab.run(),
        expect![[r#"
        Asks the store to append 3 events
        Stored at positions 1 to 3
        Doors takes in event 1
        Doors takes in event 2
        Doors takes in event 3
    "#]],
    );
    check(
        lab.log(),
        expect![[r#"
        #1 door-1 v1 Shut Alice
        #2 door-2 v1 Opened Alice
        #3 door-1 v2 Shut Alice
    "#]],
    );
    assert!(lab.world.log().events(1, 3).all(|event| event.origin() == Origin::Import));
    assert_eq!(lab.journal(), Vec::<String>::new(), "nobody has asked for anything");
}

#[test]
fn the_same_bulk_append_twice_appends_once() {
    let mut lab = TestWorld::new(&kept_house());
    let bulk = lab.append(&[("door-1", "Opened"), ("door-1", "Shut")], true);
    lab.run();
    let before = lab.log();
    lab.world.submit_bulk(bulk);
    check(
        lab.run(),
        expect![[r#"
        Knows this append already: its 2 events stand
    "#]],
    );
    assert_eq!(lab.log(), before);
}

#[test]
fn projections_in_a_hurry_come_to_what_they_come_to_step_by_step() {
    let shown = |lab: &TestWorld| -> Vec<String> {
        let all = lab.world.subscriptions().iter();
        all.map(|it| format!("{} at {}: {:?}", it.name(), it.checkpoint(), it.view())).collect()
    };
    let events = [("door-1", "Opened"), ("door-2", "Opened"), ("door-1", "Shut")];
    for paused in [false, true] {
        let (mut stepped, mut hurried) = (TestWorld::new(&house()), TestWorld::new(&house()));
        for lab in [&mut stepped, &mut hurried] {
            lab.pause("Doors", paused);
            lab.append(&events, false);
            lab.until_pending();
            lab.store();
        }
        let mut steps = 0;
        while hurried.step().is_some() {
            hurried.world.catch_up_undisturbed();
            steps += 1;
        }
        assert!(steps < stepped.run().len() || paused, "{steps} steps");
        assert_eq!(shown(&hurried), shown(&stepped), "paused: {paused}");
    }
}

#[test]
fn a_bulk_append_wakes_processes_only_when_asked_to() {
    for react in [false, true] {
        let mut lab = TestWorld::new(&kept_house());
        lab.append(&[("door-1", "Opened"), ("door-2", "Opened")], react);
        lab.run();
        let bells = if react { 2 } else { 0 };
        assert_eq!(lab.world.log().head(), 2 + bells, "react: {react}");
        assert_eq!(lab.outbox().len() as u64, bells);
        assert_eq!(lab.held_back(), if react { 0 } else { 4 });
        let mut again = lab.reopened();
        assert_eq!(again.run(), Vec::<String>::new(), "nor does a reload, react: {react}");
        assert_eq!(again.mark(), lab.mark());
    }
}

#[test]
fn a_bulk_append_wakes_nobody_who_is_behind_or_busy_either() {
    let mut paused = TestWorld::new(&kept_house());
    paused.pause("Porter", true);
    paused.ask("door-1", "Open");
    paused.append(&[("door-2", "Opened"), ("door-3", "Opened")], false);
    paused.run();
    paused.pause("Porter", false);
    paused.run();
    assert_eq!(paused.outbox(), ["mail for 1: Performed"]);

    let mut busy = TestWorld::new(&kept_house());
    busy.ask("door-1", "Open");
    busy.append(&[("door-2", "Opened"), ("door-3", "Opened")], false);
    busy.ask("door-4", "Open");
    busy.run();
    assert_eq!(busy.outbox(), ["mail for 1: Performed", "mail for 4: Performed"]);
    assert_eq!(busy.mark(), busy.world.log().head());
}

#[test]
fn a_process_s_command_names_its_cause_and_copies_its_correlation() {
    let mut lab = TestWorld::new(&kept_house());
    let asked = lab.ask("door-1", "Open");
    lab.run();
    let log = lab.world.log();
    let (opened, rang) = (log.event(1).unwrap(), log.event(2).unwrap());
    assert_eq!((opened.causation_id(), opened.correlation_id()), (asked, asked));
    assert_eq!((rang.causation_id(), rang.correlation_id()), (opened.id(), asked));
    assert_eq!(rang.command_id(), reaction_id("Porter", "1", "ring-1"));
    assert_eq!((&**rang.actor(), &*rang.command().unwrap().kind), ("Porter", "Ring"));
}

#[test]
fn a_mark_is_saved_once_every_reaction_was_handled_and_no_sooner() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    lab.until_pending();
    lab.store();
    lab.until_pending();
    assert_eq!(lab.outbox(), ["mail for 1: Performed"], "one of the two is handled");
    assert_eq!((lab.mark(), lab.kept_marks().len()), (0, 0));
    lab.store();
    lab.run();
    assert_eq!((lab.mark(), lab.kept_marks()), (2, vec![2]));
}

#[test]
fn a_mark_waits_for_the_first_reaction_that_is_open() {
    let mut lab = TestWorld::new(&kept_house());
    lab.append(&[("door-1", "Opened"), ("door-2", "Opened")], true);
    lab.until_pending();
    lab.store();
    lab.until_pending();
    lab.store();
    while lab.kept_marks().is_empty() {
        assert!(lab.step().is_some());
    }
    assert_eq!(lab.kept_marks(), [1], "event 2 is still open");
    lab.run();
    assert_eq!(lab.kept_marks(), [1, 4]);
}

#[test]
fn a_refused_reaction_is_handled_as_well() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("bell-1", "Break");
    lab.ask("door-1", "Open");
    lab.run();
    check(
        lab.journal(),
        expect![[r#"
        Break accepted: -
        Open accepted: -
        Ring rejected: the bell is broken
    "#]],
    );
    assert_eq!(lab.mark(), 2);
    assert_eq!(lab.reopened().run(), Vec::<String>::new());
}

#[test]
fn a_browser_killed_between_reaction_and_mark_performs_no_effect_twice() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    lab.run();
    // Only the mark was lost, and not what was done.
    let mut side_records = lab.side_records.clone();
    side_records.retain(|side_record| !matches!(side_record, SideRecord::SetUp(..)));
    let mut again = lab.reopened_with(side_records);
    check(
        again.run(),
        expect![[r#"
        Porter takes in event 1
        Porter asks for Ring, mail
        Porter takes in event 2
        Holds back what Porter did before
        Porter sends Ring to bell-1
        Knows this Ring already: its event stands
        Porter notes that it has reacted up to 2
    "#]],
    );
    check(
        again.outbox(),
        expect![[r#"
        mail for 1: Performed
        mail for 1: Suppressed
    "#]],
    );
    assert_eq!(again.kept_marks(), [2]);
}

#[test]
fn a_mark_beyond_the_end_of_a_log_does_not_silence_a_process() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    lab.run();
    lab.commits.clear();
    let mut shorter = lab.reopened();
    shorter.asked = 10;
    shorter.ask("door-2", "Open");
    shorter.run();
    check(
        shorter.log(),
        expect![[r#"
        #1 door-2 v1 Opened Alice
        #2 bell-1 v1 Rang Porter
    "#]],
    );
}

#[test]
fn commits_that_do_not_follow_each_other_are_named_by_their_position() {
    let mut lab = TestWorld::new(&house());
    for _ in 0..3 {
        lab.ask("door-1", "Slam");
    }
    lab.run();
    lab.commits.remove(1);
    assert_eq!(opened(&house(), lab.commits, []).err(), Some(3));
}

#[test]
fn the_journal_keeps_its_order_over_a_reload() {
    let mut lab = TestWorld::new(&house());
    // All happens in one moment, and then the clock goes back.
    for kind in ["Touch", "Shut", "Touch", "Open", "Open", "Touch"] {
        lab.ask("door-1", kind);
    }
    lab.run();
    lab.now = 10;
    for kind in ["Open", "Touch", "Shut", "Shut"] {
        lab.ask("door-1", kind);
    }
    lab.run();
    check(
        lab.journal(),
        expect![[r#"
        Touch accepted: -
        Shut rejected: the door is shut already
        Touch accepted: -
        Open accepted: -
        Open rejected: the door is open already
        Touch accepted: -
        Open rejected: the door is open already
        Touch accepted: -
        Shut accepted: -
        Shut rejected: the door is shut already
    "#]],
    );
    assert_eq!(lab.reopened().journal(), lab.journal());
}

#[test]
fn whoever_is_furthest_behind_is_told_first_and_who_is_paused_is_not() {
    let mut lab = TestWorld::new(&kept_house());
    assert!(lab.pause("Doors", true));
    assert!(!lab.pause("Windows", true));
    lab.append(&[("door-1", "Shut"), ("door-1", "Shut")], true);
    check(
        lab.run(),
        expect![[r#"
        Asks the store to append 2 events
        Stored at positions 1 to 2
        Porter takes in event 1
        Porter takes in event 2
    "#]],
    );
    lab.pause("Doors", false);
    check(
        lab.run(),
        expect![[r#"
        Doors takes in event 1
        Doors takes in event 2
    "#]],
    );
}

#[test]
fn a_rebuilt_process_counts_what_it_holds_back_and_sends_nothing() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Slam");
    lab.ask("door-2", "Open");
    lab.run();
    // The last event: version 2 reacts to it, and version 1 does not.
    lab.ask("door-2", "Shut");
    lab.run();
    assert_eq!(lab.mark(), lab.world.log().head());
    let (log, outbox) = (lab.log(), lab.outbox());
    // The mark is stored only where the code changes.
    let kept = lab.side_records.len() + 2;
    for (code, held_back) in [(1, 4), (2, 6), (1, 4)] {
        assert!(lab.world.rebuild("Porter", code));
        let steps = lab.run();
        assert!(steps.iter().all(|it| it.starts_with("Porter takes in")), "{steps:#?}");
        assert_eq!(lab.held_back(), held_back, "version {code}");
    }
    assert_eq!((lab.log(), lab.outbox(), lab.side_records.len()), (log, outbox, kept));
    assert!(!lab.world.rebuild("Porter", 3));
    assert!(!lab.world.rebuild("Windows", 1));
}

#[test]
fn a_panel_in_the_past_is_folded_by_the_version_of_the_code_that_runs() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Slam");
    lab.ask("door-1", "Open");
    lab.run();
    let mut session = Session::new(lab.world);
    let mut times = |code| {
        session.world_mut().rebuild("Doors", code);
        session.run(2_000);
        session.seek(2);
        let past = session.panel("Doors").unwrap();
        session.seek(3);
        let now = session.panel("Doors").unwrap();
        assert_eq!((now.code.0, now.code.1, now.was), (code, vec![1, 2], past.now.clone()));
        [past.now, now.now].map(|view| match &*view {
            View::Table(table) => table.rows[0].cells[1].clone(),
            _ => panic!("a table"),
        })
    };
    assert_eq!(
        [times(1), times(2), times(1)],
        [[1_u64, 2], [2, 3], [1, 2]].map(|it| it.map(Into::into))
    );
}

#[test]
fn a_process_in_a_later_version_reacts_to_what_comes_after_its_mark_only() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Slam");
    lab.run();
    lab.world.rebuild("Porter", 2);
    lab.ask("door-2", "Slam");
    lab.run();
    check(
        lab.log(),
        expect![[r#"
        #1 door-1 v1 Opened Alice
        #2 door-1 v2 Shut Alice
        #3 bell-1 v1 Rang Porter
        #4 door-2 v1 Opened Alice
        #5 door-2 v2 Shut Alice
        #6 bell-1 v2 Rang Porter
        #7 bell-1 v3 Rang Porter
    "#]],
    );
}

#[test]
fn what_is_missing_is_listed_without_sending_it_and_sent_when_asked() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Slam");
    lab.ask("door-2", "Slam");
    lab.run();
    assert!(lab.world.missing("Porter").is_empty(), "version 1 has done its work");
    lab.world.rebuild("Porter", 2);
    lab.run();
    let head = lab.world.log().head();
    let missing = lab.world.missing("Porter");
    let ids: Vec<Uuid> = missing.iter().map(|(_, reaction)| reaction.id("Porter")).collect();
    let positions: Vec<u64> = missing.iter().map(|(position, _)| *position).collect();
    assert_eq!(ids, ["1", "2"].map(|door| reaction_id("Porter", door, "ring-2")));
    let shut = |position: &u64| &**lab.world.log().event(*position).unwrap().kind() == "Shut";
    assert!(positions.iter().all(shut), "{positions:?}");
    assert_eq!((lab.run(), lab.world.log().head()), (vec![], head), "listing sends nothing");

    assert_eq!(lab.world.send_missing("Porter"), 2);
    check(
        lab.run(),
        expect![[r#"
        Porter sends Ring to bell-1
        Loads bell-1: 2 events
        Folds its 2 events, of which it had folded 1 before
        Accepts Ring: Rang
        Asks the store to append 1 event to bell-1, expecting version 2
        Stored at position 7
        Doors takes in event 7
        Porter takes in event 7
        Porter sends Ring to bell-1
        Loads bell-1: 3 events
        Folds its 3 events, of which it had folded 2 before
        Accepts Ring: Rang
        Asks the store to append 1 event to bell-1, expecting version 3
        Stored at position 8
        Doors takes in event 8
        Porter takes in event 8
    "#]],
    );
    assert!(lab.world.missing("Porter").is_empty());
    assert_eq!(lab.world.send_missing("Porter"), 0);
    assert_eq!(lab.outbox(), ["mail for 1: Performed", "mail for 2: Performed"]);
}

#[test]
fn effects_that_are_missing_are_sent_as_well_and_once() {
    let mut lab = TestWorld::new(&kept_house());
    lab.append(&[("door-1", "Opened")], false);
    lab.run();
    assert_eq!(lab.world.send_missing("Porter"), 2);
    assert_eq!(lab.world.send_missing("Porter"), 2, "asked for twice before anything is done");
    lab.run();
    assert_eq!(lab.outbox(), ["mail for 1: Performed", "mail for 1: Suppressed"]);
    check(
        lab.log(),
        expect![[r#"
        #1 door-1 v1 Opened Alice
        #2 bell-1 v1 Rang Porter
    "#]],
    );
}

#[test]
fn an_effect_s_time_is_never_before_its_cause_s() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    lab.until_pending();
    lab.now = 10;
    lab.store();
    lab.run();
    assert_eq!(lab.world.outbox()[0].at, 1_000);
    assert_eq!(lab.world.log().event(2).unwrap().at(), 1_000);
}

#[test]
fn what_was_refused_up_to_a_position_is_known_in_a_fork() {
    let mut lab = TestWorld::new(&house());
    lab.ask("door-1", "Open");
    lab.ask("door-1", "Open");
    lab.ask("door-2", "Open");
    lab.run();
    let kept = |position| {
        let side_records = lab.world.side_records_up_to(position).into_iter();
        side_records.filter(|side_record| matches!(side_record, SideRecord::Refusal(_))).count()
    };
    assert_eq!([kept(0), kept(1), kept(2)], [0, 1, 1]);
}

#[test]
fn a_fork_s_processes_go_on_from_the_first_event_of_which_something_came_later() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    lab.ask("door-2", "Open");
    lab.run();
    check(
        lab.log(),
        expect![[r#"
        #1 door-1 v1 Opened Alice
        #2 door-2 v1 Opened Alice
        #3 bell-1 v1 Rang Porter
        #4 bell-1 v2 Rang Porter
    "#]],
    );
    let marks = |position| marks(&lab.world.side_records_up_to(position));
    assert_eq!((0..=4).map(marks).collect::<Vec<_>>(), [[0], [0], [0], [1], [4]]);
}

#[test]
fn what_was_performed_up_to_a_position_is_not_performed_again_in_a_fork() {
    let mut lab = TestWorld::new(&kept_house());
    lab.ask("door-1", "Open");
    lab.ask("door-2", "Open");
    lab.run();
    let session = Session::new(lab.world);
    let mut fork = TestWorld::new(&kept_house());
    for commit in session.commits(1) {
        fork.commits.push((&commit).into());
        assert!(fork.world.learn(commit));
    }
    for side_record in session.world().side_records_up_to(1) {
        fork.world.take_in_side_record(side_record);
    }
    check(
        fork.run(),
        expect![[r#"
        Doors takes in event 1
        Porter takes in event 1
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
    check(
        fork.outbox(),
        expect![[r#"
        mail for 1: Performed
        mail for 1: Suppressed
    "#]],
    );
}

#[test]
fn a_projection_is_removed_and_a_process_is_not() {
    let mut lab = TestWorld::new(&kept_house());
    let names = |lab: &TestWorld| -> Vec<String> {
        lab.world.subscriptions().iter().map(|it| it.name().to_string()).collect()
    };
    assert!(lab.world.unsubscribe("Doors"));
    assert!(!lab.world.unsubscribe("Doors"));
    assert!(!lab.world.unsubscribe("Porter"));
    assert_eq!(names(&lab), ["Porter"]);
    lab.ask("door-1", "Open");
    lab.run();
    assert!(lab.world.subscribe("Doors"));
    assert!(!lab.world.subscribe("Doors"));
    assert!(!lab.world.subscribe("Windows"));
    assert_eq!(names(&lab), ["Doors", "Porter"]);
    check(
        lab.run(),
        expect![[r#"
        Doors takes in event 1
        Doors takes in event 2
    "#]],
    );
    assert_eq!(lab.world.codes("Porter"), [1, 2]);
}

#[test]
fn a_stream_that_holds_an_unreadable_event_refuses_commands_and_the_others_go_on() {
    let mut lab = TestWorld::new(&house());
    lab.append(&[("door-1", "Opened"), ("door-1", "Painted"), ("window-1", "Opened")], true);
    lab.run();
    lab.ask("door-1", "Shut");
    lab.ask_expecting("door-1", "Shut", Some(Expected::Exact(1)));
    lab.ask("door-2", "Open");
    lab.run();
    check(
        lab.journal(),
        expect![[r#"
            Shut unreadable: version 2 of this stream cannot be read, so nothing can be decided on it
            Shut wrong_expected_version: door-1 was expected at version 1 and is at version 2
            Open accepted: -
        "#]],
    );
    check(
        lab.log(),
        expect![[r#"
        #1 door-1 v1 Opened Alice
        #2 door-1 v2 Painted Alice
        #3 window-1 v1 Opened Alice
        #4 door-2 v1 Opened Alice
    "#]],
    );
    assert_eq!(lab.world.subscriptions()[0].skipped(), 2);
}
