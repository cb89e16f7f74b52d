//! The twins in JavaScript say the same as the scenarios in Rust: the same events, states, read
//! models, refusals and commands of processes, for whatever people send.
//!
//! `TWIN_RUNS=5000 cargo test --test twins` compares more runs.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

#[expect(dead_code, reason = "each test uses what it needs of it")]
mod twin;

use std::env;
use std::rc::Rc;

use fastrand::Rng;
use leftfold::domain::OwnDomain;
use leftfold::es::{CommandRecord, Scenario, Stream, command_id};
use leftfold::lab::{FieldKind, Form, Session, Submission, World, event_forms, forms};
use serde_json::{Value, json};
use twin::{TWINS, engine, twin};

/// The time of the first command, in milliseconds since 1970.
const START: u64 = 1_503_597_600_000;
/// How many runs of each twin are compared, and how many commands each has.
const RUNS: u64 = 150;
const COMMANDS: u64 = 40;

fn original(id: &str) -> Rc<Scenario> {
    leftfold::scenarios::all().into_iter().find(|it| *it.id == *id).unwrap()
}

#[test]
fn a_twin_has_the_same_title_forms_names_checks_and_story() {
    for (id, _) in TWINS {
        let (rust, twin) = (original(id), twin(id));
        assert_eq!((&rust.title, &rust.about), (&twin.title, &twin.about), "{id}");
        assert_eq!(forms(&rust), forms(&twin), "{id}");
        assert_eq!(event_forms(&rust), event_forms(&twin), "{id}");
        assert_eq!(rust.checks, twin.checks, "{id}");
        let models = |it: &Scenario| -> Vec<_> {
            it.projections.iter().map(|it| (it.name(), it.about())).collect()
        };
        assert_eq!(models(&rust), models(&twin), "{id}");
        let processes = |it: &Scenario| -> Vec<_> {
            it.processes.iter().map(|it| (it.name(), it.about(), it.waits())).collect()
        };
        assert_eq!(processes(&rust), processes(&twin), "{id}");
        let money = |it: &Scenario| -> Vec<Vec<Rc<str>>> {
            it.aggregates.iter().map(|it| it.money().into_iter().collect()).collect()
        };
        for (rust, twin) in money(&rust).into_iter().zip(money(&twin)) {
            // A state's fields are known to Rust's types alone.
            assert!(twin.iter().all(|it| rust.contains(it)), "{id}: {twin:?}, {rust:?}");
        }
        let steps = |it: &Scenario| -> Vec<String> {
            it.story
                .iter()
                .map(|it| format!("{:?}", (&it.say, &it.actor, it.at, &it.show)))
                .collect()
        };
        assert_eq!(steps(&rust), steps(&twin), "{id}");
    }
}

#[test]
fn the_story_of_a_twin_comes_to_the_same_events_states_and_read_models() {
    for (id, _) in TWINS {
        let mut pair = [original(id), twin(id)].map(|it| Session::new(World::new(&it)));
        for number in 0..original(id).story.len() {
            for session in &mut pair {
                session.tell(number);
                session.run_quietly(START);
            }
            assert_alike(&mut pair, &format!("{id}, step {number}"));
        }
    }
}

#[test]
fn whatever_people_send_a_twin_answers_as_its_original_does() {
    let runs = env::var("TWIN_RUNS").ok().and_then(|it| it.parse().ok()).unwrap_or(RUNS);
    for (id, _) in TWINS {
        let (rust, twin) = (original(id), twin(id));
        for seed in 0..runs {
            let mut rng = Rng::with_seed(seed);
            let mut pair = [&rust, &twin].map(|it| Session::new(World::new(it)));
            let forms = forms(&rust);
            for number in 0..COMMANDS {
                let command = by_chance(&mut rng, &forms);
                let at = START + 1_000 * number;
                for session in &mut pair {
                    let id = command_id("twin", number);
                    let submission = Submission::new(id, "Alice".into(), command.clone());
                    session.world_mut().submit(submission);
                    session.run_quietly(at);
                }
            }
            assert_alike(&mut pair, &format!("{id}, seed {seed}"));
            let somewhere = rng.u64(0..=pair[0].head());
            for session in &mut pair {
                session.seek(somewhere);
            }
            assert_alike(&mut pair, &format!("{id}, seed {seed}, at {somewhere}"));
        }
    }
}

/// A command as somebody may send it who does not care much.
fn by_chance(rng: &mut Rng, forms: &[Form]) -> CommandRecord {
    let form = &forms[rng.usize(0..forms.len())];
    let mut data = serde_json::Map::new();
    for field in &form.fields {
        if !field.required && rng.bool() {
            continue;
        }
        let value: Value = match &field.kind {
            FieldKind::Money | FieldKind::Number => {
                json!([0, -5, 1, 250, 2_000, 5_000, 100_000_001][rng.usize(0..7)])
            }
            FieldKind::Flag => json!(rng.bool()),
            FieldKind::Id(_) => json!(["1", "2", "3", ""][rng.usize(0..4)]),
            FieldKind::List => json!(["a", "b"]),
            FieldKind::Choice(all) => json!(all[rng.usize(0..all.len())]),
            FieldKind::Text => {
                json!(["apples", "pears", "Zoë/~", " ", "10", "9"][rng.usize(0..6)])
            }
        };
        data.insert(field.name.to_string(), value);
    }
    let stream = Stream::new(&form.aggregate, ["1", "2", "3"][rng.usize(0..3)]);
    let data = serde_json::value::to_raw_value(&data).unwrap();
    CommandRecord { stream, kind: form.name.clone(), data }
}

fn assert_alike(pair: &mut [Session; 2], of: &str) {
    let [rust, twin] = pair;
    let told = |session: &Session| -> Vec<String> {
        let events = session.log().events(1, session.head());
        let event = |it: &leftfold::es::Recorded| {
            let data: Value = serde_json::from_str(it.data().get()).unwrap();
            format!("{} {} {} {data} by {}", it.position(), it.stream(), it.kind(), it.actor())
        };
        events.map(event).collect()
    };
    assert_eq!(told(rust), told(twin), "{of}: events");
    let asked = |session: &Session| -> Vec<_> {
        let all = session.world().journal().iter();
        all.map(|it| (it.envelope.command_id, format!("{:?}", it.outcome), it.reason.clone()))
            .collect()
    };
    assert_eq!(asked(rust), asked(twin), "{of}: outcomes");
    let streams: Vec<Stream> = rust.log().streams().map(|(it, _)| it.clone()).collect();
    for stream in streams {
        let states = [&mut *rust, &mut *twin].map(|it| it.state(&stream).unwrap().now);
        assert_eq!(states[0], states[1], "{of}: {stream}");
    }
    let names: Vec<Rc<str>> =
        rust.world().subscriptions().iter().map(|it| it.name().clone()).collect();
    for name in names {
        let position = rust.position();
        let views = [&mut *rust, &mut *twin].map(|it| it.view_at(&name, position).unwrap());
        assert_eq!(views[0], views[1], "{of}: {name}");
    }
}

#[test]
fn the_texts_that_people_begin_with_are_domains_whose_specs_hold() {
    let start = include_str!("../crates/domain/twins/start.js");
    let blank = include_str!("../crates/domain/twins/blank.js");
    for (name, text) in TWINS.into_iter().chain([("start", start), ("blank", blank)]) {
        let domain = match OwnDomain::new(engine(), "own", text, 1) {
            Ok(domain) => domain,
            Err(fault) => panic!("{name}: {fault}"),
        };
        for spec in domain.specs().unwrap() {
            assert!(spec.holds(), "{name}: {spec:?}");
        }
        let mut session = Session::new(World::new(&domain.scenario));
        for number in 0..domain.scenario.story.len() {
            session.tell(number);
            session.run_quietly(START);
        }
        let unread = session.log().events(1, session.head()).filter(|it| it.unreadable().is_some());
        assert_eq!(unread.count(), 0, "{name}");
    }
}

#[test]
fn the_example_of_the_document_is_a_domain_whose_specs_hold_and_whose_story_runs() {
    let document = include_str!("../docs/own-domain.md");
    let (_, rest) = document.split_once("```js\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let domain = OwnDomain::new(engine(), "own", text, 1).unwrap();
    assert!(domain.specs().unwrap().iter().all(leftfold::domain::SpecResult::holds));
    let mut session = Session::new(World::new(&domain.scenario));
    for number in 0..domain.scenario.story.len() {
        session.tell(number);
        session.run_quietly(START);
    }
    assert_eq!((session.head(), session.world().outbox().len()), (2, 1));
}
