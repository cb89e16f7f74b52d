//! Code that means no good: whatever it tries, it reaches nothing outside, and ends in a sentence.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

#[expect(dead_code, reason = "each test uses what it needs of it")]
mod twin;

use leftfold::domain::OwnDomain;
use leftfold::es::{CommandRecord, Refusal, Stream, command_id};
use leftfold::lab::{Session, Submission, World};
use serde_json::value::RawValue;
use twin::engine;

const CORPUS: &str = include_str!("hostile/corpus.txt");

/// The pieces of code, by name.
fn corpus() -> Vec<(&'static str, &'static str)> {
    let pieces = CORPUS.split("#### ").filter(|it| !it.trim().is_empty());
    pieces.map(|it| it.split_once('\n').unwrap()).collect()
}

/// A domain with a piece of code in `decide`.
fn in_decide(code: &str) -> String {
    format!(
        "domain({{ title: \"Door\", aggregates: {{ door: {{ initial: {{ open: false }}, \
         commands: {{ Open: {{}} }}, events: {{ Opened: {{}} }}, \
         decide(state, command) {{\n{code}\n}}, evolve: () => ({{ open: true }}) }} }} }});"
    )
}

/// A domain with a piece of code in `evolve`.
fn in_evolve(code: &str) -> String {
    format!(
        "domain({{ title: \"Door\", aggregates: {{ door: {{ initial: {{ open: false }}, \
         commands: {{ Open: {{}} }}, events: {{ Opened: {{}} }}, \
         decide: () => [{{ type: \"Opened\" }}], \
         evolve(state, command) {{\n{code}\n}} }} }} }});"
    )
}

fn open() -> CommandRecord {
    let data = RawValue::from_string("{}".to_owned()).unwrap();
    CommandRecord { stream: Stream::new("door", "1"), kind: "Open".into(), data }
}

#[test]
fn there_are_at_least_forty_of_them() {
    assert!(corpus().len() >= 40, "{}", corpus().len());
}

#[test]
fn in_decide_each_ends_in_a_sentence() {
    for (name, code) in corpus() {
        let domain = match OwnDomain::new(engine(), "own", &in_decide(code), 1) {
            Ok(domain) => domain,
            // It is refused before it can run.
            Err(fault) => {
                assert_plain(name, &fault.sentence());
                continue;
            }
        };
        let aggregate = domain.scenario.aggregate_of("door").unwrap();
        match aggregate.instance().decide(&open()) {
            // It decides on nothing, and has reached nothing.
            Ok(events) => {
                assert!(events.is_empty(), "{name}: {} events were decided", events.len());
            }
            Err(Refusal::Rejected(why)) => assert_plain(name, &why),
            Err(other) => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn in_evolve_each_leaves_the_log_as_it_is_and_the_next_code_runs() {
    for (name, code) in corpus() {
        let Ok(domain) = OwnDomain::new(engine(), "own", &in_evolve(code), 1) else { continue };
        let mut session = Session::new(World::new(&domain.scenario));
        for number in 0..2 {
            let id = command_id("hostile", number);
            session.world_mut().submit(Submission::new(id, "Mallory".into(), open()));
            session.run_quietly(0);
        }
        // What was decided is recorded; what cannot be folded says so.
        assert!((1..=2).contains(&session.head()), "{name}: {}", session.head());
        let reason = session.world().journal().last().and_then(|it| it.reason.clone());
        if let Some(reason) = reason {
            assert_plain(name, &reason);
        }
        OwnDomain::new(engine(), "own", &in_evolve("return { open: true };"), 1).unwrap();
    }
}

#[test]
fn while_the_text_is_read_each_ends_in_a_sentence_or_does_nothing() {
    for (name, code) in corpus() {
        let text = format!(
            "const state = {{}}, command = {{}};\nconst run = () => {{ {code}\n}};\nrun();"
        );
        let Err(fault) = OwnDomain::new(engine(), "own", &text, 1) else {
            panic!("{name}: it is no domain");
        };
        assert_plain(name, &fault.sentence());
    }
}

/// A sentence: some words, and none of this project's or the interpreter's inside.
fn assert_plain(name: &str, sentence: &str) {
    assert!(sentence.trim().len() > 8, "{name}: {sentence:?}");
    for word in ["bridge.js", "RefCell", "unwrap", "rquickjs", "[object"] {
        assert!(!sentence.contains(word), "{name}: {sentence}");
    }
}

#[test]
fn nothing_of_a_page_is_there_to_be_reached() {
    let names = [
        "fetch",
        "XMLHttpRequest",
        "WebSocket",
        "document",
        "window",
        "self",
        "navigator",
        "localStorage",
        "indexedDB",
        "Worker",
        "importScripts",
        "setTimeout",
        "setInterval",
        "queueMicrotask",
        "performance",
        "Date",
        "eval",
        "process",
        "require",
        "console",
        "std",
        "os",
        "postMessage",
        "caches",
        "crypto",
        "Atomics",
        "SharedArrayBuffer",
        "leftfold",
        "WeakRef",
        "FinalizationRegistry",
    ];
    for name in names {
        let code = format!(
            "if (typeof globalThis.{name} !== \"undefined\") return [{{ type: \"Opened\" }}]; \
             throw new Error(\"it is not there\");"
        );
        let domain = OwnDomain::new(engine(), "own", &in_decide(&code), 1).unwrap();
        let instance = domain.scenario.aggregate_of("door").unwrap().instance();
        let why = instance.decide(&open()).err().map(|it| it.to_string());
        assert_eq!(why.as_deref(), Some("it is not there"), "{name}");
    }
}
