//! Stored events, in files that are added and never edited. An event that was written once can be
//! read for ever, and keeps the shape in which it was written.
//!
//! `tests/golden/<scenario>/<EventType>.<schema>.json` holds an event as it was stored under
//! that schema, and what it reads as now. `UPDATE_GOLDEN=1 cargo test --test golden` writes the
//! files that are missing.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod surroundings;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use leftfold::es::{
    Aggregate, Body, Draft, Envelope, EventLog, Map, Projection, Proposal, Recorded, Stored,
    StoredCommit, StoredEvent, Stream, View, command_id, read_event,
};
use leftfold::es::{CommandRecord, Scenario};
use leftfold::lab::{Outcome, Session, Submission, World};
use leftfold::scenarios::all as scenarios;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use surroundings::kept;

/// An event as it was stored, and how it reads now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct GoldenEvent {
    stream: Stream,
    #[serde(rename = "type")]
    kind: String,
    schema: u16,
    data: Value,
    reads: Reads,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Reads {
    #[serde(rename = "type")]
    kind: String,
    data: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// A golden file.
struct GoldenFile {
    scenario: Rc<Scenario>,
    path: PathBuf,
    golden: GoldenEvent,
}

/// All golden files, in order of their scenarios and paths.
fn golden_files() -> Vec<GoldenFile> {
    let mut found = Vec::new();
    for scenario in scenarios() {
        let Ok(files) = fs::read_dir(folder().join(&*scenario.id)) else { continue };
        let mut paths: Vec<PathBuf> = files.map(|it| it.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let text = fs::read_to_string(&path).unwrap();
            let golden = serde_json::from_str(&text);
            let golden = golden.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            found.push(GoldenFile { scenario: scenario.clone(), path, golden });
        }
    }
    found
}

/// An event in a log of its own, as if it had been loaded.
fn recorded(draft: Draft) -> Recorded {
    let envelope = Envelope::first(command_id("golden", 1), "Alice".into(), 1);
    let mut log = EventLog::default();
    let proposal = Proposal { envelope, expected: None, events: vec![draft] };
    let commit = log.propose(proposal).unwrap();
    assert!(log.learn(commit));
    log.event(1).unwrap().clone()
}

fn parsed(data: &serde_json::value::RawValue) -> Value {
    serde_json::from_str(data.get()).unwrap()
}

#[test]
fn every_stored_event_reads_as_it_should_and_keeps_its_stored_shape() {
    for GoldenFile { scenario, path, golden } in golden_files() {
        let name = path.display();
        let data = to_raw_value(&golden.data).unwrap();
        let draft = read_event(&scenario, &golden.stream, &golden.kind, golden.schema, &data);
        let Body::Known(event) = &draft.body else {
            panic!("{name} cannot be read: {:?}", recorded(draft).unreadable());
        };
        let reads = Reads { kind: draft.kind.to_string(), data: parsed(&event.data()) };
        assert_eq!(reads, golden.reads, "{name}");
        let aggregate = scenario.aggregate_of(golden.stream.category()).unwrap();
        assert_eq!(draft.schema, aggregate.schema(), "{name}");

        let event = recorded(draft);
        assert_eq!(event.stored().is_some(), golden.schema < aggregate.schema(), "{name}");
        let again = StoredEvent::from(&event);
        let again = (again.stream, again.kind.to_string(), again.schema, parsed(&again.data));
        let stored = (golden.stream, golden.kind, golden.schema, golden.data);
        assert_eq!(again, stored, "{name} is stored otherwise by now");
    }
}

#[test]
fn every_golden_file_is_where_its_event_type_and_schema_say() {
    for GoldenFile { scenario, path, golden } in golden_files() {
        assert_eq!(path, place(&scenario, &golden.kind, golden.schema));
    }
    let known: Vec<String> = scenarios().iter().map(|it| it.id.to_string()).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "{name} is no scenario");
    }
}

fn place(scenario: &Scenario, kind: &str, schema: u16) -> PathBuf {
    folder().join(&*scenario.id).join(format!("{kind}.{schema}.json"))
}

/// The first event of each type and schema that a story records.
fn told(scenario: &Rc<Scenario>) -> Vec<GoldenEvent> {
    let mut session = Session::new(World::new(scenario));
    session.play_story();
    let mut first = BTreeMap::new();
    for event in session.log().events(1, session.head()) {
        let reads = Reads { kind: event.kind().to_string(), data: parsed(&event.data()) };
        let current =
            Stored { kind: reads.kind.clone(), schema: event.schema(), data: reads.data.clone() };
        let shapes = event.stored().cloned().into_iter().chain([current]);
        for Stored { kind, schema, data } in shapes {
            let (stream, reads) = (event.stream().clone(), reads.clone());
            let key = (kind.clone(), schema);
            let golden = GoldenEvent { stream, kind, schema, data, reads };
            first.entry(key).or_insert(golden);
        }
    }
    first.into_values().collect()
}

#[test]
fn every_event_type_that_a_story_records_has_its_golden_file() {
    let mut missing = Vec::new();
    for scenario in scenarios() {
        for golden in told(&scenario) {
            let path = place(&scenario, &golden.kind, golden.schema);
            if !path.exists() && env::var_os("UPDATE_GOLDEN").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                let text = serde_json::to_string_pretty(&golden).unwrap() + "\n";
                fs::write(&path, text).unwrap();
            }
            match fs::read_to_string(&path) {
                Ok(text) => {
                    let there: GoldenEvent = serde_json::from_str(&text).unwrap();
                    let category = there.stream.category();
                    assert_eq!(category, golden.stream.category(), "{}", path.display());
                }
                Err(_) => missing.push(path),
            }
        }
    }
    assert!(missing.is_empty(), "UPDATE_GOLDEN=1 writes what is missing: {missing:#?}");
}

// A small domain whose events have changed their shape once. Some can no longer be read.

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Lamp {
    watts: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
enum LampEvent {
    Lit { watts: u64 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum LampCommand {
    Light {},
}

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

impl Aggregate for Lamp {
    const NAME: &'static str = "lamp";
    const SCHEMA: u16 = 2;
    type Command = LampCommand;
    type Event = LampEvent;
    type Rejection = Never;

    fn decide(&self, _: LampCommand) -> Result<Vec<LampEvent>, Never> {
        Ok(vec![LampEvent::Lit { watts: 60 }])
    }

    fn evolve(mut self, LampEvent::Lit { watts }: &LampEvent) -> Self {
        self.watts = self.watts.saturating_add(*watts);
        self
    }

    /// Schema 1 was `SwitchedOn { candles }`. A candle counts as ten watts.
    fn upcast(stored: Stored) -> Result<Stored, String> {
        let candles = stored.data["candles"].as_u64();
        let candles = candles.ok_or("a lamp without candles cannot be compared")?;
        Ok(Stored { kind: "Lit".to_owned(), data: json!({ "watts": candles * 10 }), ..stored })
    }
}

/// How often each lamp was lit.
#[derive(Clone, Default)]
struct Lights(Map<Rc<str>, String>);

impl Projection for Lights {
    const NAME: &'static str = "Lights";
    const ABOUT: &'static str = "What is lit.";

    fn apply(&mut self, event: &Recorded) {
        if let Some(LampEvent::Lit { watts }) = event.of::<Lamp>() {
            self.0.insert(event.key().clone(), watts.to_string());
        }
    }

    fn view(&self) -> View {
        View::Pages { pages: self.0.clone() }
    }
}

fn lamps() -> Rc<Scenario> {
    let scenario = Scenario::new("lamps", "Lamps", "What was stored long ago.");
    Rc::new(scenario.aggregate::<Lamp>().projection::<Lights>())
}

/// A session over stored events: stream, type, schema, data.
fn session(events: &[(&str, &str, u16, Value)]) -> Session {
    let envelope = Envelope::first(command_id("lamps", 1), "Alice".into(), 1);
    let mut versions = BTreeMap::<&str, u64>::new();
    let events = events.iter().map(|(stream, kind, schema, data)| {
        let version = versions.entry(stream).or_default();
        *version += 1;
        StoredEvent {
            stream: Stream::parse(stream).unwrap(),
            version: *version,
            kind: (*kind).into(),
            schema: *schema,
            at: 1,
            data: to_raw_value(data).unwrap(),
            metadata: None,
        }
    });
    let commit = StoredCommit { number: 1, after: 0, envelope, events: events.collect() };
    kept(&lamps(), [commit], &[])
}

/// Sends `Light` to a lamp. Returns the outcome and its reason.
fn light(session: &mut Session, lamp: &str) -> (Outcome, String) {
    let command = CommandRecord {
        stream: Stream::parse(lamp).unwrap(),
        kind: "Light".into(),
        data: to_raw_value(&json!({})).unwrap(),
    };
    let id = command_id("lamps", 100 + session.world().journal().len() as u64);
    session.world_mut().submit(Submission::new(id, "Alice".into(), command));
    session.run(2);
    let entry = session.world().journal().last().unwrap();
    (entry.outcome.clone(), entry.reason.as_deref().unwrap_or_default().to_owned())
}

/// Asserts that an event is unreadable for this reason, and all that follows from that.
#[track_caller]
fn check(stream: &str, kind: &str, schema: u16, data: &Value, why: &str) {
    let lit = |lamp, watts: u64| (lamp, "Lit", 2, json!({ "watts": watts }));
    let stored = (stream, kind, schema, data.clone());
    let mut session = session(&[lit("lamp-1", 40), stored, lit("lamp-1", 2), lit("lamp-2", 7)]);

    // The event is visible, and says why it cannot be read.
    assert_eq!(session.head(), 4);
    let event = session.log().event(2).unwrap().clone();
    let unreadable = event.unreadable().unwrap();
    assert_eq!(unreadable.why, why);
    assert_eq!((&**event.kind(), event.schema()), (kind, schema));
    assert_eq!(parsed(&event.data()), *data);

    // The event stays as it was stored, word for word.
    let commit = session.commits(4).remove(0);
    let text = serde_json::to_string(&StoredCommit::from(&commit)).unwrap();
    let again: StoredCommit = serde_json::from_str(&text).unwrap();
    let shape = &again.events[1];
    assert_eq!((&*shape.kind, shape.schema, parsed(&shape.data)), (kind, schema, data.clone()));
    let again = StoredCommit::from(&again.read(&lamps()));
    assert_eq!(serde_json::to_string(&again).unwrap(), text);

    // Read models skip the event, say so, and go on with the rest.
    let panel = session.panel("Lights").unwrap();
    assert_eq!((panel.skipped, panel.shown), (1, 4));
    let pages = [("1", "2"), ("2", "7")].map(|(key, text)| (key.into(), text.to_owned()));
    assert_eq!(*panel.now, View::Pages { pages: pages.into() });

    // The event's stream refuses commands, and other streams do not.
    if stream == "lamp-1" {
        let sentence = "version 2 of this stream cannot be read, so nothing can be decided on it";
        assert_eq!(light(&mut session, stream), (Outcome::Unreadable, sentence.to_owned()));
        assert_eq!(session.head(), 4);
    }
    assert_eq!(light(&mut session, "lamp-2"), (Outcome::Accepted, String::new()));
    assert_eq!(session.head(), 5);
}

#[test]
fn an_unknown_event_type_stays_unreadable() {
    let why = "there is no Dimmed: Lit is expected";
    check("lamp-1", "Dimmed", 2, &json!({ "to": [1, null, "x"] }), why);
}

#[test]
fn an_event_whose_data_does_not_fit_stays_unreadable() {
    check("lamp-1", "Lit", 2, &json!({ "candles": 4 }), "watts is missing");
}

#[test]
fn an_unknown_category_stays_unreadable() {
    check("candle-1", "Lit", 1, &json!({ "long": true }), "this scenario has no candle");
}

#[test]
fn a_newer_schema_stays_unreadable_even_if_its_shape_is_known() {
    let why = "it was written under schema 3, and this page knows lamp up to 2";
    check("lamp-1", "Lit", 3, &json!({ "watts": 5 }), why);
}

#[test]
fn an_older_event_that_cannot_be_lifted_stays_unreadable() {
    let why = "a lamp without candles cannot be compared";
    check("lamp-1", "SwitchedOn", 1, &json!({ "oil": 3 }), why);
}

#[test]
fn an_older_event_is_lifted_and_both_its_shapes_are_there() {
    let mut session = session(&[("lamp-1", "SwitchedOn", 1, json!({ "candles": 4 }))]);
    let event = session.log().event(1).unwrap().clone();
    assert_eq!((&**event.kind(), event.schema(), event.data().get()), ("Lit", 2, "{\"watts\":40}"));
    let stored = event.stored().unwrap();
    assert_eq!(
        (&*stored.kind, stored.schema, &stored.data),
        ("SwitchedOn", 1, &json!({ "candles": 4 }))
    );
    let again = StoredEvent::from(&event);
    assert_eq!(
        (&*again.kind, again.schema, again.data.get()),
        ("SwitchedOn", 1, "{\"candles\":4}")
    );
    let state = session.state(event.stream()).unwrap();
    assert_eq!(state.now, json!({ "watts": 40 }));
    assert_eq!(light(&mut session, "lamp-1"), (Outcome::Accepted, String::new()));
    let next = session.log().event(2).unwrap();
    assert_eq!((next.schema(), next.stored()), (2, None));
}

#[test]
fn null_data_reads_as_an_empty_object() {
    let null: StoredEvent = serde_json::from_value(json!({
        "stream": "cart-1", "version": 1, "type": "CartCheckedOut", "schema": 1, "at": 1,
        "data": null,
    }))
    .unwrap();
    let scenario = scenarios().remove(0);
    let draft = read_event(&scenario, &null.stream, &null.kind, null.schema, &null.data);
    assert!(matches!(draft.body, Body::Known(_)));
}
