//! Simulated transfers: events are delivered to the process in any order, until nothing is left to
//! do.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::transfers::conservation::Conservation;
use crate::transfers::events::AccountEvent::AccountClosed;
use crate::transfers::events::TransferEvent::Completed;
use crate::transfers::events::{Account, Transfer, TransferEvent};
use crate::transfers::examples::{failed, opened, requested, withdrew};
use crate::transfers::process::TransferProcess;
use crate::transfers::scenario;
use crate::transfers::story::story;
use es::{
    Act, AnyProcess, CommandRecord, Draft, Envelope, EventLog, History, Id, Of, Projection,
    Proposal, Reaction, Set,
};
use serde_json::{Value, json};

/// Four transfers on accounts of their own, one for each way to end.
fn four() -> EventLog {
    let mut log = EventLog::default();
    let closed = |log: &mut EventLog, id| {
        append(log, [Draft::of::<Account>(Id::<Account>::new(id).stream(), opened(0))]);
        append(log, [Draft::of::<Account>(Id::<Account>::new(id).stream(), AccountClosed {})]);
    };
    for (number, from, to) in [(1, "a", "b"), (2, "c", "d"), (3, "e", "f"), (4, "g", "h")] {
        for id in [from, to] {
            let stream = Id::<Account>::new(id).stream();
            match id {
                "c" | "h" => closed(&mut log, id),
                "f" => {}
                _ => append(&mut log, [Draft::of::<Account>(stream, opened(100))]),
            }
        }
        let transfer = Id::<Transfer>::new(number.to_string());
        append(&mut log, [Draft::of::<Transfer>(transfer.stream(), requested(from, to, 80))]);
    }
    log
}

fn append(log: &mut EventLog, events: impl IntoIterator<Item = Draft>) {
    let id = es::command_id("test", log.commits());
    let envelope = Envelope::first(id, "Alice".into(), 0);
    let events = events.into_iter().collect();
    let commit = log.propose(Proposal { envelope, expected: None, events }).unwrap();
    assert!(log.learn(commit));
}

/// Delivers `log` to the process, and has what it asks for handled, until all is quiet. Each
/// of `choices` picks the next delivery among those that are due, and whether it will be
/// repeated. Returns the steps that were handled.
fn deliver(log: &mut EventLog, choices: &[usize]) -> Set<String> {
    let mut done = Set::new();
    deliver_again(log, &mut done, choices);
    done
}

/// The same with a new process, which is told everything from the beginning. Steps that are `done`
/// are not handled again.
fn deliver_again(log: &mut EventLog, done: &mut Set<String>, choices: &[usize]) {
    let mut manager = Of::<TransferProcess>::default().manager();
    let (mut waiting, mut known) = ((1..=log.head()).collect::<Vec<u64>>(), log.head());
    let mut choices = choices.iter();
    while !waiting.is_empty() {
        let choice = choices.next().copied().unwrap_or_default();
        let at = (choice / 2) % waiting.len();
        let position = waiting[at];
        if choice % 2 == 0 {
            waiting.remove(at);
        }
        let event = log.event(position).unwrap().clone();
        manager.apply(&[&event]).unwrap();
        for due in manager.react(&event) {
            let Reaction::Command { instance, step, stream, kind, data, .. } = due else {
                panic!("{} asks for no effects", TransferProcess::NAME);
            };
            if !done.insert(format!("{instance}/{step}")) {
                continue;
            }
            append(log, decide(log, &CommandRecord { stream, kind, data }));
        }
        waiting.extend(known + 1..=log.head());
        known = log.head();
    }
}

/// The events that a command leads to. A refused command leads to none.
fn decide(log: &EventLog, command: &CommandRecord) -> Vec<Draft> {
    let mut timeline = match command.stream.category() {
        "account" => Of::<Account>::default().timeline(),
        _ => Of::<Transfer>::default().timeline(),
    };
    timeline.load(&command.stream, log.version(&command.stream), log);
    timeline.decide(command).unwrap_or_default()
}

/// What an account holds.
fn balance(log: &EventLog, id: &str) -> i64 {
    let mut timeline = Of::<Account>::default().timeline();
    timeline.load(&Id::<Account>::new(id).stream(), u64::MAX, log);
    timeline.state()["balance"].as_i64().unwrap()
}

/// A transfer that somebody fails or completes before its money has left, or after that. Its
/// payee may not be there.
fn ended_by_somebody(ending: TransferEvent, left: bool, open: bool) -> EventLog {
    let mut log = EventLog::default();
    let account = |id, event| Draft::of::<Account>(Id::<Account>::new(id).stream(), event);
    let transfer = |event| Draft::of::<Transfer>(Id::<Transfer>::new("1").stream(), event);
    append(&mut log, [account("a", opened(100))]);
    append(&mut log, open.then(|| account("b", opened(100))));
    append(&mut log, [transfer(requested("a", "b", 80))]);
    append(&mut log, left.then(|| account("a", withdrew(80, Some("1")))));
    append(&mut log, [transfer(ending)]);
    log
}

/// What the conservation read model shows at `position`.
fn conservation(log: &EventLog, position: usize) -> Value {
    let mut model = Conservation::default();
    log.walk(0, position, |event| model.apply(event));
    serde_json::to_value(model.view()).unwrap()["documents"]["bank"].take()
}

/// The same cases each time.
fn seeded() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn each_transfer_ends_as_it_should_whatever_order_facts_arrive_in(
        choices in prop::collection::vec(0..usize::MAX, 0..120),
    ) {
        let (mut log, mut in_order) = (four(), four());
        prop_assert_eq!(deliver(&mut log, &choices), deliver(&mut in_order, &[]));
        for number in 1..=4 {
            let stream = Id::<Transfer>::new(number.to_string()).stream();
            let mut timeline = Of::<Transfer>::default().timeline();
            timeline.load(&stream, u64::MAX, &log);
            let expected = if number == 1 { "completed" } else { "failed" };
            prop_assert_eq!(&timeline.state()["status"], expected);
        }
        for position in 0..=log.len() {
            let bank = conservation(&log, position);
            prop_assert_eq!(&bank["balanced"], true, "at {}: {}", position, bank);
            prop_assert_eq!(&bank["fromNowhere"], 0, "at {}: {}", position, bank);
        }
        let done = conservation(&log, log.len());
        prop_assert_eq!(done, conservation(&in_order, in_order.len()));
    }

    #[test]
    fn whenever_somebody_ends_a_transfer_its_money_arrives_in_one_place(
        (fails, left, open) in any::<(bool, bool, bool)>(),
        choices in prop::collection::vec(0..usize::MAX, 0..40),
        again in prop::collection::vec(0..usize::MAX, 0..40),
    ) {
        let ending = if fails { failed("a change of mind") } else { Completed {} };
        let mut log = ended_by_somebody(ending, left, open);
        let mut done: Set<String> = left.then(|| "1/withdraw".to_owned()).into_iter().collect();
        for choices in [choices, again] {
            deliver_again(&mut log, &mut done, &choices);
            let arrived = balance(&log, "b") == 180;
            let stayed = balance(&log, "a") == 100;
            prop_assert!(arrived != stayed, "in one place, and once");
            prop_assert!(open || stayed, "nothing arrives on an account that isn't there");
            prop_assert!(fails || !open || arrived, "what is completed arrives");
        }
    }
}

#[test]
fn in_the_story_every_check_holds_at_every_position() {
    let (mut log, mut done) = (EventLog::default(), Set::new());
    for step in story() {
        for act in step.acts {
            let Act::Send(command) = act else { panic!("nobody goes behind an aggregate") };
            let events = decide(&log, &command);
            append(&mut log, events);
        }
        deliver_again(&mut log, &mut done, &[]);
    }
    assert!(log.head() > 20, "{} events", log.head());
    for position in 0..=log.len() {
        let view = json!({ "documents": { "bank": conservation(&log, position) } });
        for check in scenario().checks {
            assert!(check.holds.holds(&view), "{} at {position}: {view}", check.name);
        }
    }
}
