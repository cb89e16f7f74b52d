//! Edge cases in sessions of the scenarios: failures, repetitions, and commands that come late.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod surroundings;

use std::rc::Rc;

use leftfold::codec::archive::Import;
use leftfold::es::{Body, Choice, EventLog};
use leftfold::es::{
    CommandRecord, Commit, Expected, Origin, Scenario, StoredCommit, Stream, View, command_id,
    read_event,
};
use leftfold::lab::{
    BulkAppend, Control, DeliveryFault, Health, JournalEntry, Loading, Outcome, Session,
    SideRecord, StoreAnswer, Submission, World, compare_logs, forms,
};
use leftfold::scenarios::all as scenarios;
use serde_json::value::RawValue;
use surroundings::kept;
use uuid::Uuid;

const NOW: u64 = 2_000_000_000_000;

fn scenario(id: &str) -> Rc<Scenario> {
    scenarios().into_iter().find(|it| &*it.id == id).unwrap()
}

fn empty(id: &str) -> Session {
    Session::new(World::new(&scenario(id)))
}

fn told(id: &str) -> Session {
    let mut session = empty(id);
    session.play_story();
    session
}

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

fn stream(name: &str) -> Stream {
    Stream::parse(name).unwrap()
}

fn ask(number: u64, to: &str, kind: &str, data: &str) -> Submission {
    let command = CommandRecord { stream: stream(to), kind: kind.into(), data: raw(data) };
    Submission::new(command_id("edges", number), "Alice".into(), command)
}

fn send(session: &mut Session, submission: Submission) -> JournalEntry {
    let id = submission.id;
    session.world_mut().submit(submission);
    session.run(NOW);
    let mut journal = session.world().journal().iter().rev();
    journal.find(|it| it.envelope.command_id == id).unwrap().clone()
}

fn set(session: &mut Session, name: &str, control: Control) {
    session.world_mut().control(name, control).unwrap();
}

/// Runs with a store whose write of this number fails, counted from 1.
fn run_failing(session: &mut Session, fails: usize) {
    let mut writes = 0;
    loop {
        if session.step(NOW).is_some() {
            continue;
        }
        if session.world().pending().is_none() {
            return;
        }
        writes += 1;
        let answer =
            if writes == fails { StoreAnswer::Failed("full".into()) } else { StoreAnswer::Stored };
        session.world_mut().answer(answer);
    }
}

/// The session after a reload.
fn reloaded(session: &mut Session) -> Session {
    let commits: Vec<_> = session.commits(session.head()).iter().map(StoredCommit::from).collect();
    let side_records = session.world_mut().take_side_records();
    kept(&session.scenario().clone(), commits, &side_records)
}

fn balance(session: &mut Session, account: &str) -> i64 {
    session.state(&stream(account)).unwrap().now["balance"].as_i64().unwrap()
}

#[test]
fn two_logs_are_shared_up_to_the_first_event_whose_data_differ() {
    let mut left = told("bank");
    let mut commits: Vec<_> = left.commits(left.head()).iter().map(StoredCommit::from).collect();
    let mut events = commits.iter_mut().flat_map(|it| &mut it.events);
    let deposit = events.find(|it| &*it.kind == "Deposited").unwrap();
    deposit.data = raw(r#"{"amount":99999}"#);
    let at =
        1 + left.log().events(1, u64::MAX).take_while(|it| &**it.kind() != "Deposited").count();
    let mut right = kept(&scenario("bank"), commits, &[]);
    let compared = compare_logs([&mut left, &mut right], [u64::MAX, u64::MAX]);
    assert_eq!(compared.shared, at as u64 - 1);
    assert!(!compared.states.is_empty());
}

#[test]
fn a_projection_that_was_ended_and_started_again_is_judged_anew() {
    let mut session = empty("bank");
    let open = r#"{"customer":"1","initial_balance":100}"#;
    send(&mut session, ask(1, "account-1", "OpenAccount", open));
    set(&mut session, "Ledger", Control::Fault(Some(DeliveryFault::Swap)));
    for number in 2..4 {
        let deposit = ask(number, "account-1", "Deposit", r#"{"amount":5}"#);
        session.world_mut().submit(deposit);
    }
    session.run(NOW);
    assert!(matches!(session.health("Ledger"), Some(Health::Differs(_))));
    assert!(session.world_mut().unsubscribe("Ledger"));
    assert!(session.world_mut().subscribe("Ledger"));
    session.run(NOW);
    assert_eq!(session.health("Ledger"), Some(Health::Clean));
}

#[test]
fn a_check_of_an_ended_read_model_does_not_fail() {
    let mut session = told("transfers");
    assert!(session.world_mut().unsubscribe("Conservation"));
    assert_eq!(session.failed_checks(), []);
}

#[test]
fn a_snapshot_is_never_replaced_by_an_older_one() {
    let mut session = empty("cart");
    session.world_mut().load_by(Loading::Snapshots(2));
    for number in 0..9 {
        send(&mut session, ask(number, "cart-1", "AddToCart", r#"{"item":"pears"}"#));
    }
    let late = Submission {
        expected: Some(Expected::Exact(3)),
        ..ask(100, "cart-1", "AddToCart", r#"{"item":"pears"}"#)
    };
    send(&mut session, late);
    let versions: Vec<_> = session.world().snapshots().map(|(_, it)| it.version).collect();
    assert_eq!(versions, [8]);
}

#[test]
fn catching_up_at_once_gives_what_single_deliveries_give() {
    let view = |hurry: bool| {
        let mut session = empty("cart");
        let name = "Considered but removed";
        set(&mut session, name, Control::Deduplicate(false));
        send(&mut session, ask(1, "cart-1", "AddToCart", r#"{"item":"pears"}"#));
        set(&mut session, name, Control::Fault(Some(DeliveryFault::CrashBeforeCheckpoint)));
        send(&mut session, ask(2, "cart-1", "RemoveFromCart", r#"{"item":"pears"}"#));
        set(&mut session, name, Control::Pause(false));
        if hurry {
            session.world_mut().catch_up_undisturbed();
        }
        session.run(NOW);
        session.world().subscription(name).unwrap().view()
    };
    assert_eq!(view(true), view(false));
}

#[test]
fn a_duplicate_that_is_pending_can_be_stepped_to() {
    let mut session = empty("cart");
    set(&mut session, "Carts now", Control::Pause(true));
    set(&mut session, "Carts now", Control::Fault(Some(DeliveryFault::Duplicate)));
    send(&mut session, ask(1, "cart-1", "AddToCart", r#"{"item":"pears"}"#));
    for _ in 0..2 {
        set(&mut session, "Carts now", Control::Step);
        assert_eq!(session.run(NOW).len(), 1);
    }
}

#[test]
fn an_event_that_has_overtaken_another_does_not_do_so_twice() {
    let mut session = empty("bank");
    set(&mut session, "Ledger", Control::Deduplicate(false));
    set(&mut session, "Ledger", Control::Pause(true));
    let open = r#"{"customer":"1","initial_balance":100}"#;
    send(&mut session, ask(1, "account-1", "OpenAccount", open));
    for number in 2..4 {
        send(&mut session, ask(number, "account-1", "Deposit", r#"{"amount":5}"#));
    }
    for _ in 0..2 {
        set(&mut session, "Ledger", Control::Fault(Some(DeliveryFault::Swap)));
        set(&mut session, "Ledger", Control::Step);
        session.run(NOW);
    }
    set(&mut session, "Ledger", Control::Pause(false));
    session.run(NOW);
    let View::Table(table) = session.world().subscription("Ledger").unwrap().view() else {
        panic!("the ledger is a table")
    };
    assert_eq!(table.rows.len(), 6, "two for each of three events");
}

#[test]
fn a_paused_read_model_stays_empty_when_all_are_dropped() {
    let mut session = told("cart");
    set(&mut session, "Carts now", Control::Pause(true));
    session.world_mut().rebuild("Carts now", 1);
    session.world_mut().rebuild("Best sellers", 1);
    while !session.refill(1_000) {}
    let at = |name| session.world().subscription(name).unwrap().checkpoint();
    assert_eq!([at("Carts now"), at("Best sellers")], [0, session.head()]);
}

/// A transfer whose withdrawal could not be stored.
fn stuck() -> Session {
    let mut session = empty("transfers");
    for (number, name) in [(1, "account-1"), (2, "account-2")] {
        let open = r#"{"name":"A","initial_balance":100}"#;
        send(&mut session, ask(number, name, "OpenAccount", open));
    }
    let request = r#"{"from":"1","to":"2","amount":10}"#;
    session.world_mut().submit(ask(3, "transfer-1", "RequestTransfer", request));
    run_failing(&mut session, 2);
    assert_eq!(session.head(), 3);
    session
}

#[test]
fn a_redelivery_sends_a_command_that_could_not_be_stored_again() {
    for rebuilt in [false, true] {
        let mut session = stuck();
        if rebuilt {
            session.world_mut().rebuild("Transfer process", 1);
        } else {
            set(&mut session, "Transfer process", Control::Redeliver(0));
        }
        session.run(NOW);
        assert_eq!(session.head(), 6);
    }
}

#[test]
fn a_command_that_could_not_be_stored_is_handled_when_a_person_sends_it_again() {
    let mut session = stuck();
    let journal = session.world().journal();
    let failed = journal.iter().find(|it| it.outcome == Outcome::NotStored).unwrap();
    let again = session.world().resubmission(failed.envelope.command_id, Choice::Same, Uuid::nil());
    let again = again.unwrap();
    assert_eq!(send(&mut session, again).outcome, Outcome::Accepted);
    let process = session.world().subscription("Transfer process").unwrap();
    assert_eq!((process.mark(), process.unanswered()), (session.head(), 0));
}

#[test]
fn a_reload_does_not_react_where_other_code_did_not_react() {
    let mut session = empty("listing");
    send(&mut session, ask(1, "listing-1", "DraftListing", r#"{"title":"a lamp"}"#));
    send(&mut session, ask(2, "listing-1", "ApproveListing", "{}"));
    assert!(session.world_mut().rebuild("Moderation", 2));
    session.run(NOW);
    send(&mut session, ask(3, "listing-1", "ExpireListing", "{}"));
    let head = session.head();
    let mut again = reloaded(&mut session);
    again.run(NOW);
    assert_eq!(again.head(), head);
}

#[test]
fn a_decision_on_a_state_that_has_passed_is_forced_whatever_was_expected() {
    for expected in [Expected::Exact(2), Expected::Exists, Expected::Any] {
        let mut session = empty("bank");
        let open = r#"{"customer":"1","initial_balance":100}"#;
        send(&mut session, ask(1, "account-1", "OpenAccount", open));
        send(&mut session, ask(2, "account-1", "Withdraw", r#"{"amount":100}"#));
        let late = Submission {
            expected: Some(expected),
            seen: Some(1),
            ..ask(3, "account-1", "Withdraw", r#"{"amount":100}"#)
        };
        assert_eq!(send(&mut session, late).outcome, Outcome::Accepted);
        assert_eq!(balance(&mut session, "account-1"), -100);
        assert_eq!(session.log().event(session.head()).unwrap().origin(), Origin::Forced);
    }
}

#[test]
fn a_race_lost_with_any_version_expected_is_forced_as_well() {
    let mut session = empty("bank");
    let open = r#"{"customer":"1","initial_balance":100}"#;
    send(&mut session, ask(1, "account-1", "OpenAccount", open));
    let mut other = reloaded(&mut session);
    send(&mut other, ask(2, "account-1", "Withdraw", r#"{"amount":100}"#));
    let theirs = other.commits(2).remove(1);
    let ours = Submission {
        expected: Some(Expected::Any),
        ..ask(3, "account-1", "Withdraw", r#"{"amount":100}"#)
    };
    session.world_mut().submit(ours);
    while session.step(NOW).is_some() {}
    assert!(session.learn(theirs));
    session.world_mut().answer(StoreAnswer::Lost);
    session.run(NOW);
    assert_eq!(session.log().event(3).unwrap().origin(), Origin::Forced);
}

#[test]
fn a_step_of_the_story_that_was_not_stored_is_told_next() {
    let mut session = empty("cart");
    session.tell(0);
    run_failing(&mut session, 1);
    assert_eq!(session.next_in_story(), Some(0));
}

#[test]
fn a_step_of_the_story_that_was_cut_in_two_is_told_to_its_end() {
    let scenario = scenario("transfers");
    let number = scenario.story.iter().position(|it| it.acts.len() > 1).unwrap();
    let mut session = Session::new(World::new(&scenario));
    for number in 0..number {
        let step = session.tell(number).unwrap();
        session.run(step.at);
    }
    session.tell(number);
    // The browser is killed once the first act is stored.
    while session.step(NOW).is_some() {}
    session.world_mut().answer(StoreAnswer::Stored);
    session.step(NOW);
    let mut again = reloaded(&mut session);
    again.run(NOW);
    while let Some(number) = again.next_in_story() {
        let step = again.tell(number).unwrap();
        again.run(step.at);
    }
    for act in 0..scenario.story[number].acts.len() {
        let id = command_id(&format!("transfers/{number}"), act as u64);
        let mut journal = again.world().journal().iter();
        assert!(journal.any(|it| it.envelope.command_id == id), "act {act}");
    }
}

#[test]
fn a_log_takes_in_no_second_commit_of_one_command() {
    let commits: Vec<Commit> = told("cart").commits(1);
    let mut second = StoredCommit::from(&commits[0]);
    (second.number, second.after) = (2, 1);
    second.events[0].version = 2;
    let mut log = EventLog::default();
    assert!(log.learn(StoredCommit::from(&commits[0]).read(&scenario("cart"))));
    assert!(!log.learn(second.read(&scenario("cart"))));
    assert_eq!((log.head(), log.commits()), (1, 1));
}

#[test]
fn a_redelivery_does_not_react_to_events_that_nobody_was_to_react_to() {
    let scenario = scenario("transfers");
    let mut session = Session::new(World::new(&scenario));
    let event =
        |to: &str, kind: &str, data: &str| read_event(&scenario, &stream(to), kind, 1, &raw(data));
    let open = r#"{"name":"A","initial_balance":100}"#;
    session.world_mut().submit_bulk(BulkAppend {
        id: command_id("edges", 1),
        actor: "Alice".into(),
        origin: Origin::Import,
        react: false,
        events: vec![
            event("account-1", "AccountOpened", open),
            event("account-2", "AccountOpened", open),
            event("transfer-1", "Requested", r#"{"from":"1","to":"2","amount":10}"#),
        ],
    });
    session.run(NOW);
    set(&mut session, "Transfer process", Control::Redeliver(0));
    session.run(NOW);
    assert_eq!(session.head(), 3);
    let side_records = session.world().side_records_up_to(3);
    assert!(side_records.iter().any(|it| matches!(it, SideRecord::SetUp(_, it) if it.mark == 3)));
}

#[test]
fn an_id_that_is_the_greatest_number_has_no_next_one_and_does_no_harm() {
    let mut session = empty("cart");
    send(&mut session, ask(1, "cart-18446744073709551615", "AddToCart", r#"{"item":"pears"}"#));
    let form = &forms(session.scenario())[0];
    assert_eq!(&*session.addressee(form, &form.defaults()), "18446744073709551615");
}

#[test]
fn nothing_is_missing_where_a_story_was_told() {
    for scenario in scenarios() {
        let session = told(&scenario.id);
        for process in &scenario.processes {
            let running = session.world().subscription(&process.name()).unwrap().code();
            let missing = session.world().missing(&process.name());
            assert!(running != process.code() || missing.is_empty(), "{missing:?}");
        }
    }
}

#[test]
fn a_watching_tab_says_where_a_process_can_be_paused() {
    let mut session = told("transfers");
    session.world_mut().watch();
    for control in [Control::Pause(true), Control::Delay(1), Control::Guard(false)] {
        let refused = session.world_mut().control("Transfer process", control).unwrap_err();
        assert!(refused.to_string().contains("another tab runs Transfer process"), "{refused}");
    }
    set(&mut session, "Transfers", Control::Pause(true));
}

#[test]
fn a_batch_has_a_comma_between_its_items_and_nowhere_else() {
    let event = r#"{"specversion":"1.0","id":"1","source":"x","type":"AddedToCart","subject":"cart-1","data":{"item":"pears"}}"#;
    let nothing = |id: u8| {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"x","type":"leftfold.nothing-happened"}}"#
        )
    };
    let read = |text: String| {
        let mut import = Import::new();
        import.feed(text.as_bytes());
        import.finish().is_ok()
    };
    assert!(read(format!("[{event},{}]", nothing(2))));
    assert!(!read(format!("[,{event}]")));
    assert!(!read(format!("[{event},]")));
    assert!(!read(format!("[{}{}]", nothing(2), nothing(3))));
}

#[test]
fn an_event_of_schema_0_cannot_be_read() {
    let draft = read_event(
        &scenario("cart"),
        &stream("cart-1"),
        "AddedToCart",
        0,
        &raw(r#"{"item":"pears"}"#),
    );
    assert!(matches!(draft.body, Body::Unreadable(_)));
}
