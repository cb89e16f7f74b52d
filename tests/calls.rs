//! The table of calls, and what a host answers: each answer is as the table says, so that the
//! types that are written from it are true.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod surroundings;
#[expect(dead_code, reason = "each test uses what it needs of it")]
mod twin;
#[path = "twin/engines.rs"]
mod engines;

use std::rc::Rc;

use engines::NativeEngines;
use leftfold::es::Scenario;
use leftfold::host::calls::{Asked, CALLS, Call, Way, find};
use leftfold::host::{OpenLog, Request, Shape, Stepped};
use serde_json::{Value, json};
use surroundings::{SimulatedBrowser, at_once};

const START: u64 = 1_700_000_000_000;

fn open(scenario: &Rc<Scenario>, story: bool) -> OpenLog {
    let browser = SimulatedBrowser::new();
    browser.clock.set(START);
    let host = browser.tab(1).0.with_engines(Rc::new(NativeEngines::default()));
    let scenario = scenario.clone();
    at_once(async move { host.create(&scenario, story).await }).unwrap()
}

/// What is asked of the log by a call; none where it is asked of the page.
fn request(call: &Call, arguments: &[Value]) -> Option<Request> {
    let Way::Asks(read) = call.way else { return None };
    let mut texts: Vec<_> = arguments.iter().map(|it| Some(it.to_string())).collect();
    match call.read(read, &mut texts).unwrap() {
        Asked::OfLog(request) => Some(request),
        Asked::OfPage(_) => None,
    }
}

/// Asks, and holds the answer against the table.
fn ask(log: &OpenLog, name: &str, arguments: &[Value]) -> Value {
    let call = &CALLS[find(name).unwrap()];
    let (log, request) = (log.clone(), request(call, arguments).unwrap());
    let answered = at_once(async move { log.ask(request).await });
    let answer = serde_json::to_value(answered.result.unwrap()).unwrap();
    holds(call.gives, &answer, name);
    for did in answered.trace {
        let step = serde_json::to_value(Stepped(did)).unwrap();
        holds(CALLS[find("step").unwrap()].gives, &step, "a step");
    }
    answer
}

fn holds(shape: &Shape, value: &Value, what: &str) {
    if let Err(why) = shape.check(value, "it") {
        panic!("{what}: {why}\n{value:#}");
    }
}

fn scenarios() -> impl Iterator<Item = Rc<Scenario>> {
    leftfold::scenarios::all().into_iter()
}

#[test]
fn every_example_is_answered_as_the_table_says() {
    let log = open(&scenarios().find(|it| &*it.id == "cart").unwrap(), false);
    let known = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    let figs = json!({ "type": "AddToCart", "data": { "item": "figs" } });
    ask(&log, "send", &[json!("cart-3"), figs, json!({ "commandId": known })]);
    let mut count = 0;
    for call in CALLS.iter().filter(|it| matches!(it.way, Way::Asks(_))) {
        let (_, text) = call.example.split_once('(').unwrap();
        let text = text.strip_suffix(')').unwrap();
        let arguments: Vec<Value> = serde_json::from_str(&format!("[{text}]")).unwrap();
        if request(call, &arguments).is_none() {
            continue;
        }
        ask(&log, call.name, &arguments);
        count += 1;
        // What was queued is performed before anything else is.
        if call.name == "step" {
            while !ask(&log, "step", &[]).is_null() {}
        }
    }
    assert!(count > 20, "{count}");
    let all = ask(&log, "subscriptions", &[]);
    let paused = all.as_array().unwrap().iter().any(|it| it["paused"] == true);
    assert!(paused, "the examples were asked");
}

#[test]
fn whatever_a_story_has_led_to_is_answered_as_the_table_says() {
    for scenario in scenarios() {
        let log = open(&scenario, false);
        while !ask(&log, "next", &[]).is_null() {}
        let head = ask(&log, "head", &[]);
        for name in ["journal", "outbox", "logs", "loading", "position"] {
            ask(&log, name, &[]);
        }
        ask(&log, "compare", &[json!(1), head.clone()]);
        for it in ask(&log, "subscriptions", &[]).as_array().unwrap() {
            let name = &it["name"];
            ask(&log, "view", std::slice::from_ref(name));
            ask(&log, "health", std::slice::from_ref(name));
            ask(&log, "whatIf", &[json!({ "leaveOut": [1] }), json!({ "view": name })]);
        }
        for event in ask(&log, "events", &[json!(1), head]).as_array().unwrap() {
            ask(&log, "state", &[event["stream"].clone()]);
            ask(&log, "why", &[json!({ "state": event["stream"] }), json!("")]);
        }
    }
}

#[test]
fn what_goes_wrong_with_deliveries_is_told_as_the_table_says() {
    let faults = ["duplicate", "drop", "swap", "crash_before_checkpoint", "crash_after_effect"];
    for scenario in scenarios() {
        let log = open(&scenario, false);
        let all = ask(&log, "subscriptions", &[]);
        let all: Vec<_> = all
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["synchronous"] == false)
            .map(|it| (it["name"].clone(), it["kind"] == "process"))
            .collect();
        for fault in faults.into_iter().cycle() {
            for (name, _) in &all {
                let how = json!({ "fault": fault, "paused": false });
                ask(&log, "subscription", &[name.clone(), how]);
            }
            if ask(&log, "next", &[]).is_null() {
                break;
            }
            ask(&log, "subscriptions", &[]);
        }
        for (name, _) in all.iter().filter(|(_, process)| *process) {
            let how = json!({ "guard": false, "redeliver": true });
            ask(&log, "subscription", &[name.clone(), how]);
        }
        ask(&log, "outbox", &[]);
        for (name, _) in all {
            let how = json!({ "lenient": true, "failOn": 1, "paused": false });
            ask(&log, "subscription", &[name.clone(), how]);
            ask(&log, "rebuild", std::slice::from_ref(&name));
        }
        let letters = ask(&log, "subscriptions", &[]);
        let letters = letters.as_array().unwrap().iter();
        assert!(letters.filter(|it| it["deadLetters"][0]["position"] == 1).count() > 0);
    }
}

#[test]
fn whatever_opens_a_log_gives_its_id_and_send_says_where_it_is_decided() {
    for name in ["open", "fork", "reset"] {
        let call = &CALLS[find(name).unwrap()];
        assert!(matches!(call.gives, Shape::Text), "{name}");
        assert!(call.about.contains("id"), "{name}");
    }
    assert!(CALLS[find("send").unwrap()].about.contains("a playhead in the past stays there"));
}
