//! A host opens, stores, learns, takes over, copies and answers, over tabs that share a store in
//! memory. Random runs are in `simulation`.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod surroundings;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use leftfold::codec::archive::{Format, Import, Imported};
use leftfold::es::{Expected, Scenario, StoredCommit};
use leftfold::host::{
    Alone, Answered, Appended, ClockMove, Command, Count, Disturbance, ErrorCode, FaultOrNone,
    Host, Imagine, JsonText, LoadBy, LogPlace, Made, OpenLog, Request, Response, Sending,
    SubscriptionChange, Trouble, When, with_ordinary_set_ups,
};
use leftfold::lab::{
    Control, DeliveryFault, MicroStep, Outcome, RandomPlan, RandomTally, SetUp, SideRecord,
    SubscriptionKind, Target, asides, deadlines_met,
};
use leftfold::store::link::{self, Shared};
use leftfold::store::{LogChange, LogInfo, LogStore, Shelf, SideRecords, StoreError};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use surroundings::{Fate, SimulatedBrowser, StoreHandle, Task, at_once, go_on, in_seconds};

const START: u64 = 1_700_000_000_000;

fn scenario(id: &str) -> Rc<Scenario> {
    leftfold::scenarios::all().into_iter().find(|it| *it.id == *id).unwrap()
}

fn command(stream: &str, kind: &str, data: impl Into<Value>) -> Command {
    let data = Some(to_raw_value(&data.into()).unwrap());
    Command { stream: stream.to_owned(), kind: kind.to_owned(), data, how: Sending::default() }
}

fn add(item: &str) -> Command {
    command("cart-1", "AddToCart", json!({ "item": item }))
}

/// A tab with an open log, and its background work.
struct Tab {
    host: Host,
    handle: StoreHandle,
    log: OpenLog,
    serve: Vec<Task>,
    /// The micro-steps that nobody asked for.
    told: Rc<RefCell<Vec<MicroStep>>>,
}

impl Tab {
    /// Changes the log's description from this tab.
    fn change(&self, change: LogChange) -> Result<LogInfo, StoreError> {
        let (host, id) = (self.host.clone(), self.log.id().to_owned());
        at_once(async move { host.redescribe(&id, &change).await })
    }

    fn of(host: Host, handle: StoreHandle, log: OpenLog) -> Self {
        let told = Rc::<RefCell<Vec<MicroStep>>>::default();
        let hears = told.clone();
        log.on_change(move |trace| hears.borrow_mut().extend(trace));
        let serve: Vec<Task> = vec![Box::pin(log.serve())];
        Self { host, handle, log, serve, told }
    }

    /// Makes a new log of a scenario, with its story or without.
    fn new(browser: &SimulatedBrowser, id: &str, story: bool) -> Self {
        browser.clock.set(START);
        let (host, handle) = browser.tab(1);
        let (scenario, of) = (scenario(id), host.clone());
        let log = at_once(async move { of.create(&scenario, story).await }).unwrap();
        Self::of(host, handle, log)
    }

    /// Opens the same log in another tab.
    fn open(browser: &SimulatedBrowser, number: usize, info: &LogInfo) -> Self {
        let (host, handle) = browser.tab(number);
        let (scenario, info, of) = (scenario(&info.scenario), info.clone(), host.clone());
        let log = at_once(async move { of.open(&scenario, info).await }).unwrap();
        Self::of(host, handle, log)
    }

    /// The logs that a browser keeps.
    fn logs(browser: &SimulatedBrowser) -> Vec<LogInfo> {
        let (host, _) = browser.tab(0);
        at_once(async move { host.logs().await }).unwrap()
    }

    fn ask(&self, request: Request) -> Answered {
        let log = self.log.clone();
        at_once(async move { log.ask(request).await })
    }

    /// Sends a request, and returns the console's answer.
    fn json(&self, request: Request) -> Value {
        serde_json::to_value(self.ask(request).result.unwrap()).unwrap()
    }

    fn send(&self, command: Command) -> Answered {
        self.ask(Request::Send(command))
    }

    fn head(&self) -> u64 {
        self.log.session().head()
    }

    /// Lets the background work go on.
    fn go_on(&mut self) {
        go_on(&mut self.serve);
    }
}

/// A request that waits for the store.
fn begin(log: &OpenLog, request: Request) -> (Vec<Task>, Rc<RefCell<Option<Answered>>>) {
    let came = Rc::<RefCell<Option<Answered>>>::default();
    let (slot, log) = (came.clone(), log.clone());
    let mut task: Vec<Task> = vec![Box::pin(async move {
        let answered = log.ask(request).await;
        slot.replace(Some(answered));
    })];
    go_on(&mut task);
    (task, came)
}

fn code(answered: &Answered) -> ErrorCode {
    answered.result.as_ref().unwrap_err().code
}

fn why(answered: &Answered) -> &str {
    &answered.result.as_ref().unwrap_err().message
}

/// Delivers all messages, and lets all tabs go on.
fn meanwhile(browser: &SimulatedBrowser, tabs: &mut [&mut Tab]) {
    for _ in 0..4 {
        for tab in tabs.iter_mut() {
            tab.go_on();
        }
        for (log, tab) in browser.bus.sent.take() {
            browser.bus.deliver(&log, tab);
        }
        browser.bus.grant_what_is_free();
    }
}

#[test]
fn a_command_is_answered_with_what_came_of_it_and_with_the_events_of_its_own_commit() {
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", false);
    let answered = tab.send(add("apples"));
    let entry = answered.entry().unwrap();
    assert_eq!((&entry.outcome, entry.events.clone()), (&Outcome::Accepted, 1..2));
    assert!(matches!(answered.trace.last(), Some(MicroStep::Delivered { .. })));
    let answer = serde_json::to_value(answered.result.unwrap()).unwrap();
    assert_eq!(answer["outcome"], "accepted");
    assert_eq!(answer["events"][0]["data"], json!({ "item": "apples" }));
    assert_eq!(answer["events"][0]["at"], START);

    let refused = tab.send(command("cart-1", "RemoveFromCart", json!({ "item": "pears" })));
    assert_eq!(code(&refused), ErrorCode::Rejected);
    assert_eq!(refused.entry().unwrap().outcome, Outcome::Rejected);
    assert_eq!(code(&tab.send(command("cart-1", "Dance", json!({})))), ErrorCode::Malformed);
    assert_eq!(code(&tab.send(command("ship-1", "Sail", json!({})))), ErrorCode::UnknownStream);
    let named = Sending { command_id: Some("seven".to_owned()), ..Sending::default() };
    assert_eq!(code(&tab.send(Command { how: named, ..add("pears") })), ErrorCode::Malformed);
}

#[test]
fn a_conflict_says_what_was_expected_and_what_was_found_and_can_be_decided_again() {
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", false);
    tab.send(add("apples")).result.unwrap();
    let expected_version = Some(Expected::Exact(0));
    let late = Command { how: Sending { expected_version, ..Sending::default() }, ..add("pears") };
    let answered = tab.send(late);
    let error = answered.result.as_ref().unwrap_err();
    assert_eq!(error.code, ErrorCode::WrongExpectedVersion);
    assert_eq!((error.expected, error.actual), (Some(Expected::Exact(0)), Some(1)));
    let command = answered.entry().unwrap().envelope.command_id;
    let again = |choice: &str| Request::Again {
        command,
        choice: serde_json::from_value(json!(choice)).unwrap(),
        id: None,
    };
    assert_eq!(tab.json(again("reload"))["outcome"], "accepted");
    let known = tab.ask(Request::Again {
        command: leftfold::es::command_id("nobody", 1),
        choice: leftfold::es::Choice::Same,
        id: None,
    });
    assert_eq!(why(&known), "the journal has no command of that id");
}

#[test]
fn of_several_calls_with_one_id_at_once_the_first_is_accepted_and_the_others_are_repeated() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", false);
    tab.handle.foretell([Fate::Late]);
    let how = Sending {
        command_id: Some(leftfold::es::command_id("once", 1).to_string()),
        ..Sending::default()
    };
    let same = Command { how, ..add("apples") };
    let mut calls: Vec<_> = (0..3).map(|_| begin(&tab.log, Request::Send(same.clone()))).collect();
    let mut other = begin(&tab.log, Request::Send(add("pears")));
    assert!(calls.iter().all(|(_, came)| came.borrow().is_none()));
    tab.handle.release();
    for (task, _) in calls.iter_mut().chain([&mut other]) {
        go_on(task);
    }
    let outcomes: Vec<Outcome> = calls
        .iter()
        .map(|(_, came)| came.take().unwrap().entry().unwrap().outcome.clone())
        .collect();
    assert_eq!(outcomes, [Outcome::Accepted, Outcome::Repeated, Outcome::Repeated]);
    assert_eq!(other.1.take().unwrap().entry().unwrap().outcome, Outcome::Accepted);
    assert_eq!(tab.head(), 2);
}

/// Sends a command with this id.
fn named(id: u64, command: Command) -> Request {
    let command_id = Some(leftfold::es::command_id("named", id).to_string());
    let how = Sending { command_id, ..Sending::default() };
    Request::Send(Command { how, ..command })
}

#[test]
fn an_id_that_is_used_again_for_another_command_or_stream_is_refused_and_nothing_is_appended() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", false);
    tab.ask(named(1, add("apples"))).result.unwrap();
    tab.send(add("pears")).result.unwrap();
    let others = [
        add("pears"),
        command("cart-2", "AddToCart", json!({ "item": "apples" })),
        command("cart-1", "RemoveFromCart", json!({ "item": "apples" })),
        command("cart-1", "Dance", json!({})),
    ];
    for other in others.clone() {
        let answered = tab.ask(named(1, other));
        assert_eq!(code(&answered), ErrorCode::CommandIdReused);
        assert_eq!(
            why(&answered),
            "this command id was used before, for another command, AddToCart to cart-1"
        );
    }
    let same = tab.ask(named(1, add("apples")));
    assert_eq!(same.entry().unwrap().outcome, Outcome::Repeated);
    assert_eq!(tab.head(), 2);
    // It is the first command that is sent again under this id.
    let command = leftfold::es::command_id("named", 1);
    let again = Request::Again { command, choice: leftfold::es::Choice::Anew, id: None };
    assert_eq!(tab.json(again)["events"][0]["data"], json!({ "item": "apples" }));
    // The log knows it after a reload, too.
    let info = tab.log.info();
    drop(tab);
    let tab = Tab::open(&browser, 2, &info);
    for other in others {
        assert_eq!(code(&tab.ask(named(1, other))), ErrorCode::CommandIdReused);
    }
}

#[test]
fn events_appended_under_an_id_that_is_known_are_repeated_only_where_they_are_the_same() {
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", false);
    let append = |events: Value, id: u64| Request::Append {
        events: JsonText(events.to_string()),
        react: false,
        forced: None,
        id: Some(leftfold::es::command_id("named", id)),
    };
    let row =
        |item: &str| json!({ "stream": "cart-1", "type": "AddedToCart", "data": { "item": item } });
    assert_eq!(tab.json(append(json!([row("apples")]), 1)), json!({ "from": 1, "to": 1 }));
    assert_eq!(tab.json(append(json!([row("apples")]), 1)), json!({ "from": 1, "to": 1 }));
    for other in [json!([row("pears")]), json!([row("apples"), row("pears")])] {
        assert_eq!(code(&tab.ask(append(other, 1))), ErrorCode::CommandIdReused);
    }
    // A command and an append are never the same.
    assert_eq!(code(&tab.ask(named(1, add("apples")))), ErrorCode::CommandIdReused);
    tab.ask(named(2, add("figs"))).result.unwrap();
    assert_eq!(code(&tab.ask(append(json!([row("plums")]), 2))), ErrorCode::CommandIdReused);
    assert_eq!(tab.head(), 2);
}

#[test]
fn of_two_tabs_that_use_one_id_at_once_one_is_accepted_and_the_other_learns_whether_it_is_the_same()
{
    for (second, outcome) in [
        (add("apples"), Outcome::Repeated),
        (add("pears"), Outcome::CommandIdReused),
        (command("cart-2", "AddToCart", json!({ "item": "apples" })), Outcome::CommandIdReused),
    ] {
        let browser = SimulatedBrowser::new();
        let one = Tab::new(&browser, "cart", false);
        let two = Tab::open(&browser, 2, &one.log.info());
        one.ask(named(1, add("apples"))).result.unwrap();
        // The second tab has not heard of it.
        assert_eq!(two.head(), 0);
        assert_eq!(two.ask(named(1, second)).entry().unwrap().outcome, outcome);
        assert_eq!((one.head(), two.head()), (1, 1));
    }
}

#[test]
fn each_of_several_calls_with_one_id_hears_of_its_own_command_and_not_of_another() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", false);
    let Request::Send(first) = named(1, add("apples")) else { panic!("it is sent") };
    tab.json(Request::Submit(first));
    // Nobody waits for the first one, whose outcome comes first.
    let second = tab.ask(named(1, add("pears")));
    assert_eq!(code(&second), ErrorCode::CommandIdReused);
    assert_eq!(tab.head(), 1);
    // At once, and with a store that takes its time.
    tab.handle.foretell([Fate::Late]);
    let mut calls: Vec<_> = ["figs", "figs", "plums", "figs"]
        .into_iter()
        .map(|item| begin(&tab.log, named(2, add(item))))
        .collect();
    tab.handle.release();
    for (task, _) in &mut calls {
        go_on(task);
    }
    let outcomes = calls.iter().map(|(_, came)| came.take().unwrap());
    let outcomes: Vec<_> = outcomes.map(|it| it.entry().unwrap().outcome.name()).collect();
    assert_eq!(outcomes, ["accepted", "repeated", "command_id_reused", "repeated"]);
}

#[test]
fn a_refusal_on_a_version_that_is_stale_is_the_conflict_and_a_retry_decides_anew() {
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", false);
    tab.send(add("apples")).result.unwrap();
    tab.send(add("pears")).result.unwrap();
    // Nothing was in the cart at version 1 but apples.
    let remove =
        |how| Command { how, ..command("cart-1", "RemoveFromCart", json!({ "item": "pears" })) };
    let at = |version| Some(Expected::Exact(version));
    let stale = tab.send(remove(Sending { expected_version: at(1), ..Sending::default() }));
    let error = stale.result.as_ref().unwrap_err();
    assert_eq!((error.code, error.actual), (ErrorCode::WrongExpectedVersion, Some(2)));
    let seen = tab.send(remove(Sending { seen_version: Some(1), ..Sending::default() }));
    assert_eq!(code(&seen), ErrorCode::WrongExpectedVersion);
    // Whoever forces it has it decided on what they saw, and on that alone.
    let forced = Sending {
        expected_version: Some(Expected::Any),
        seen_version: Some(1),
        ..Sending::default()
    };
    assert_eq!(code(&tab.send(remove(forced))), ErrorCode::Rejected);
    let retry = Sending { expected_version: at(1), retry: true, ..Sending::default() };
    let retried = tab.send(remove(retry));
    assert_eq!(retried.entry().unwrap().outcome, Outcome::Accepted);
    // On the latest version, a refusal is one.
    let late = tab.send(remove(Sending { expected_version: at(3), ..Sending::default() }));
    assert_eq!(code(&late), ErrorCode::Rejected);
    // A retry that is refused on the latest state is refused.
    let retry = Sending { expected_version: at(1), retry: true, ..Sending::default() };
    assert_eq!(code(&tab.send(remove(retry))), ErrorCode::Rejected);
}

#[test]
fn what_two_tabs_write_to_different_streams_is_no_conflict_and_each_is_told_its_place() {
    let browser = SimulatedBrowser::new();
    let mut one = Tab::new(&browser, "cart", false);
    let mut two = Tab::open(&browser, 2, &one.log.info());
    // Neither tab hears of the other.
    assert_eq!(one.send(add("apples")).entry().unwrap().events, 1..2);
    let pears = command("cart-2", "AddToCart", json!({ "item": "pears" }));
    let answered = two.send(pears);
    assert_eq!(answered.entry().unwrap().events, 2..3);
    let conflicts = answered.trace.iter().filter(|it| matches!(it, MicroStep::Conflicted { .. }));
    assert_eq!(conflicts.count(), 0);
    assert!(
        answered.trace.iter().any(|it| matches!(it, MicroStep::Appended { from: 2, to: 2, .. }))
    );
    assert_eq!(two.head(), 2);
    // On the same stream it is a conflict with what the other tab has stored.
    let late = command("cart-2", "AddToCart", json!({ "item": "figs" }));
    let conflict = one.send(late.clone());
    assert_eq!(conflict.result.unwrap_err().actual, Some(1));
    assert_eq!(one.send(late).entry().unwrap().events, 3..4);
    meanwhile(&browser, &mut [&mut one, &mut two]);
    assert_eq!((one.head(), two.head()), (3, 3));
    assert!(
        two.told.borrow().iter().any(|it| matches!(it, MicroStep::Delivered { position: 3, .. }))
    );
}

#[test]
fn a_stored_command_whose_predecessors_cannot_be_read_is_not_shown_before_they_can() {
    let browser = SimulatedBrowser::new();
    let mut one = Tab::new(&browser, "cart", false);
    let mut two = Tab::open(&browser, 2, &one.log.info());
    one.send(add("apples")).result.unwrap();
    // The commit is appended, but the commits before it cannot be read.
    two.handle.foretell([Fate::Done, Fate::Fails]);
    let answered = two.send(command("cart-2", "AddToCart", json!({ "item": "pears" })));
    assert_eq!(code(&answered), ErrorCode::Storage);
    assert_eq!(two.head(), 0);
    let trouble = two.log.trouble().unwrap();
    assert_eq!(
        trouble.to_string(),
        "What is stored cannot be read: the disk is broken. This tab may not show what others have \
         stored since; everything that it shows is stored."
    );
    two.ask(Request::Retry).result.unwrap();
    meanwhile(&browser, &mut [&mut one, &mut two]);
    assert_eq!((two.log.trouble(), two.head(), one.head()), (None, 2, 2));
}

#[test]
fn a_write_that_fails_is_not_shown_and_is_stored_once_the_store_takes_it_again() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", false);
    tab.handle.foretell([Fate::Fails]);
    let answered = tab.send(add("apples"));
    assert_eq!(code(&answered), ErrorCode::Storage);
    assert_eq!(answered.entry().unwrap().outcome, Outcome::NotStored);
    assert_eq!(tab.head(), 0);
    let trouble = tab.log.trouble().unwrap();
    assert_eq!(trouble, Trouble::Unreachable("the disk is broken".to_owned()));
    assert_eq!(
        trouble.to_string(),
        "The last change was not stored: the disk is broken. Nothing is lost in this tab."
    );
    tab.send(add("apples")).result.unwrap();
    assert_eq!((tab.log.trouble(), tab.head()), (None, 1));
    // A closed store is opened again.
    tab.handle.foretell([Fate::Closes]);
    assert_eq!(code(&tab.send(add("pears"))), ErrorCode::Storage);
    tab.ask(Request::Retry).result.unwrap();
    assert_eq!(tab.log.trouble(), None);
    tab.send(add("pears")).result.unwrap();
    assert_eq!(tab.head(), 2);
}

#[test]
fn a_store_that_never_answers_is_given_up_on_and_holds_up_nothing_until_it_answers_again() {
    for fate in [Fate::Never, Fate::NeverTold] {
        let browser = SimulatedBrowser::new();
        let mut tab = Tab::new(&browser, "cart", false);
        tab.handle.foretell([fate]);
        let (mut first, came) = begin(&tab.log, Request::Send(add("apples")));
        browser.clock.pass(9_999);
        go_on(&mut first);
        assert!(came.borrow().is_none(), "it may still answer");
        browser.clock.pass(1);
        go_on(&mut first);
        assert_eq!(code(&came.take().unwrap()), ErrorCode::Storage);
        assert_eq!(tab.log.trouble(), Some(Trouble::Silent));
        // Later calls fail at once.
        let late = tab.send(add("pears"));
        assert!(why(&late).contains("does not answer"), "{late:?}");
        assert_eq!(tab.head(), 0);
        // The store is asked again from time to time. What it had stored is there.
        tab.go_on();
        browser.clock.pass(2_000);
        tab.go_on();
        assert_eq!(tab.log.trouble(), None);
        assert_eq!(tab.head(), u64::from(fate == Fate::NeverTold));
        tab.send(add("pears")).result.unwrap();
        assert_eq!(tab.log.session().log().version(&"cart-1".parse_stream()), tab.head());
    }
}

trait ParseStream {
    fn parse_stream(&self) -> leftfold::es::Stream;
}

impl ParseStream for str {
    fn parse_stream(&self) -> leftfold::es::Stream {
        leftfold::es::Stream::parse(self).unwrap()
    }
}

#[test]
fn a_story_that_cannot_be_stored_ends_at_the_first_fault() {
    for (fates, expected) in [
        (vec![Fate::Fails], "the disk is broken"),
        (vec![Fate::Done, Fate::Fails], "the disk is broken"),
        (vec![Fate::Done, Fate::Done, Fate::Done, Fate::Fails], "the disk is broken"),
    ] {
        let browser = SimulatedBrowser::new();
        let (host, handle) = browser.tab(1);
        handle.foretell(fates);
        let scenario = scenario("cart");
        let fault = at_once(async move { host.create(&scenario, true).await.map(|_| ()) });
        assert!(fault.unwrap_err().to_string().contains(expected));
    }
}

#[test]
fn wherever_the_store_ceases_to_work_a_story_ends_and_the_store_is_not_asked_again_and_again() {
    for scenario in leftfold::scenarios::all() {
        for fate in [Fate::Closes, Fate::Never, Fate::NeverTold, Fate::Fails] {
            for calls in 0..60 {
                let browser = SimulatedBrowser::new();
                let (host, handle) = browser.tab(1);
                handle.foretell(std::iter::repeat_n(Fate::Done, calls).chain([fate]));
                // What fails once is stored a moment later. Else a step may have a few acts, and
                // each leaves a few records.
                let once = fate == Fate::Fails;
                handle.allow(if once { u64::MAX } else { calls as u64 + 40 });
                let of = scenario.clone();
                let made = async move { host.create(&of, true).await.map(|_| ()) };
                let (made, _) = in_seconds(&browser.clock, 12, &mut Vec::new(), made).unwrap();
                if handle.over() && !once {
                    made.unwrap_err();
                }
            }
        }
    }
}

#[test]
fn a_write_that_takes_long_is_said_after_a_while_and_the_log_can_be_gone_on_with_in_memory() {
    let browser = SimulatedBrowser::new();
    let mut tab = Tab::new(&browser, "cart", false);
    tab.send(add("apples")).result.unwrap();
    tab.handle.foretell([Fate::Late]);
    let (mut first, came) = begin(&tab.log, Request::Send(add("pears")));
    let (mut second, waits) = begin(&tab.log, Request::Send(add("figs")));
    browser.clock.pass(2_999);
    go_on(&mut first);
    assert_eq!(tab.log.trouble(), None);
    browser.clock.pass(1);
    go_on(&mut first);
    assert_eq!(tab.log.trouble(), Some(Trouble::Slow));
    // Whoever waits on has both once the store answers, and nothing is said any more.
    tab.handle.release();
    go_on(&mut first);
    go_on(&mut second);
    assert!(came.take().unwrap().result.is_ok() && waits.take().unwrap().result.is_ok());
    assert_eq!((tab.log.trouble(), tab.head()), (None, 3));
    // It never answers, and somebody goes on in memory with all that is shown here.
    tab.handle.foretell([Fate::Never]);
    let (mut lost, _) = begin(&tab.log, Request::Send(add("plums")));
    browser.clock.pass(3_000);
    go_on(&mut lost);
    assert_eq!(tab.log.trouble(), Some(Trouble::Slow));
    let memory = Host::new(
        Rc::new(leftfold::store::MemoryStore::default()),
        Rc::new(Alone),
        browser.clock.clone(),
        browser.ids.clone(),
    );
    let (log, of) = (tab.log.clone(), scenario("cart"));
    let copy = at_once(async move {
        let info = log.copy_to(&memory).await?;
        memory.open(&of, info).await
    });
    let copy = copy.unwrap();
    let state = |log: &OpenLog| {
        let (_, state) = log.viewpoint_mut().state_at(&"cart-1".parse_stream(), 9).unwrap();
        state
    };
    assert_eq!(state(&copy), state(&tab.log));
    let log = copy.clone();
    at_once(async move { log.ask(Request::Send(add("plums"))).await }).result.unwrap();
    assert_eq!((copy.session().head(), tab.head()), (4, 3));
    // The first log gives the write up after a while, and asks the store from time to time.
    browser.clock.pass(7_000);
    go_on(&mut lost);
    assert_eq!(tab.log.trouble(), Some(Trouble::Silent));
    tab.go_on();
    browser.clock.pass(2_000);
    tab.go_on();
    assert_eq!(tab.log.trouble(), None);
}

#[test]
fn a_side_record_that_could_not_be_stored_is_stored_with_the_next_commit_or_retry() {
    let register = |name: &str| {
        let data = json!({ "name": name, "email": "zoe@example.org" });
        command(&format!("customer-{name}"), "RegisterCustomer", data)
    };
    for again in [Request::Retry, Request::Send(register("ann"))] {
        // Each write of the command and of what follows from it fails once.
        for calls in 1..8 {
            let browser = SimulatedBrowser::new();
            let mut tab = Tab::new(&browser, "welcome", false);
            tab.go_on();
            tab.handle.foretell(std::iter::repeat_n(Fate::Done, calls).chain([Fate::Fails]));
            tab.send(register("zoe")).result.unwrap();
            tab.handle.calm();
            // Where it was a process's command, that one is sent after a reload.
            _ = tab.ask(again.clone()).result;
            assert_eq!(tab.log.trouble(), None);
            let known = tab.log.session().world().outbox().len();
            let (host, info) = (tab.host.clone(), tab.log.info());
            let records = at_once(async move { host.records(&info.id).await }).unwrap();
            let effects = records.keys().filter(|(shelf, _)| *shelf == Shelf::Effects).count();
            assert_eq!(effects, known, "a letter that was sent must not be sent again: {calls}");
        }
    }
}

#[test]
fn while_a_silent_store_is_asked_again_a_command_is_refused_at_once() {
    let browser = SimulatedBrowser::new();
    let mut tab = Tab::new(&browser, "cart", false);
    tab.go_on();
    tab.handle.foretell(std::iter::repeat_n(Fate::Never, 4));
    let (mut first, _) = begin(&tab.log, Request::Send(add("apples")));
    browser.clock.pass(10_000);
    go_on(&mut first);
    tab.go_on();
    browser.clock.pass(2_000);
    tab.go_on();
    // The store is being asked now, and does not answer.
    assert!(why(&tab.send(add("pears"))).contains("does not answer"));
}

#[test]
fn a_story_is_told_to_its_end_with_what_came_of_each_step() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", false);
    let story = tab.log.session().scenario().story.clone();
    for (number, step) in story.iter().enumerate() {
        let answered = tab.ask(Request::Next);
        assert!(answered.entry().is_some(), "step {number}");
        let told = serde_json::to_value(answered.result.unwrap()).unwrap();
        assert_eq!(told, json!({ "number": number + 1, "say": step.say }));
    }
    assert!(matches!(tab.ask(Request::Next).result, Ok(Response::Nothing)));
    let told = Tab::new(&browser, "cart", true);
    assert_eq!(told.head(), tab.head());
    // The steps have their own times. After that, the story's time goes on.
    let event = told.json(Request::Events { from: 1, to: 1 });
    assert_eq!(event[0]["at"], story[0].at);
    browser.clock.set(START + 5_000);
    told.send(add("figs")).result.unwrap();
    let head = told.head();
    let at = told.json(Request::Events { from: head, to: head })[0]["at"].clone();
    assert_eq!(at, story.last().unwrap().at + 5_000);
}

#[test]
fn a_command_is_stepped_through_and_nothing_else_goes_on_by_itself_meanwhile() {
    let browser = SimulatedBrowser::new();
    let mut tab = Tab::new(&browser, "cart", false);
    let mut other = Tab::open(&browser, 2, &tab.log.info());
    let submitted = tab.json(Request::Submit(add("apples")));
    assert!(submitted["commandId"].is_string());
    assert_eq!(tab.json(Request::Step)["step"], "received");
    assert!(tab.json(Request::Step)["caption"].as_str().unwrap().starts_with("Loads cart-1"));
    // Another tab writes, and a subscription is changed: neither runs the command to its end.
    other.send(command("cart-2", "AddToCart", json!({ "item": "pears" }))).result.unwrap();
    meanwhile(&browser, &mut [&mut tab, &mut other]);
    let how = SubscriptionChange { delay: Some(1), ..SubscriptionChange::default() };
    let name = "Best sellers".to_owned();
    let changed = tab.ask(Request::Subscription { name, how });
    assert_eq!(changed.trace, []);
    assert_eq!(tab.json(Request::Step)["step"], "folded");
    let finished = tab.ask(Request::Finish);
    assert!(finished.trace.iter().any(|it| matches!(it, MicroStep::Appended { .. })));
    assert!(matches!(tab.ask(Request::Step).result, Ok(Response::Nothing)));
    assert_eq!(tab.head(), 2);
    // From here on, everything goes on by itself again.
    let how = SubscriptionChange { delay: Some(0), ..SubscriptionChange::default() };
    let changed = tab.ask(Request::Subscription { name: "Best sellers".to_owned(), how });
    assert!(!changed.trace.is_empty());
}

#[test]
fn what_a_replay_without_its_guard_and_a_crash_have_done_is_said_of_their_steps() {
    let tab = Tab::new(&SimulatedBrowser::new(), "welcome", true);
    let name = tab.log.session().scenario().processes[0].name().to_string();
    let rebuild = || tab.ask(Request::Rebuild { name: name.clone(), code: None }).trace;
    let change = |how| {
        let change = Request::Subscription { name: name.clone(), how };
        tab.ask(change).result.unwrap();
    };
    let performed = tab.log.session().world().outbox().len();
    assert!(performed > 1);
    let guarded = asides(&rebuild()).unwrap();
    assert!(guarded.ends_with("held back: what was done before is not done again."), "{guarded}");
    for round in 1..3 {
        let guard = Some(false);
        change(SubscriptionChange {
            guard,
            redeliver: Some(Count::Number(0)),
            ..Default::default()
        });
        let said = asides(&rebuild()).unwrap_or_default();
        let again = tab.log.session().world().outbox().len();
        assert!(again > performed * round, "they are sent again");
        assert!(said.starts_with("Performed once more, with no guard: "), "{said}");
    }
    change(SubscriptionChange { guard: Some(true), ..Default::default() });
    let register = json!({ "name": "Zoë", "email": "zoe@example.org" });
    let register = command("customer-zoe", "RegisterCustomer", register);
    let fault = Some(FaultOrNone(Some(DeliveryFault::CrashBeforeCheckpoint)));
    change(SubscriptionChange { fault, ..Default::default() });
    let answered = tab.send(register);
    let said = asides(&answered.trace).unwrap();
    assert!(said.contains(&format!("{name} crashes after")), "{said}");
    assert_eq!(asides(&tab.ask(Request::Finish).trace), None, "nothing stands out");
}

#[test]
fn a_call_in_the_middle_of_stepping_says_whether_anything_is_left_to_step_through() {
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", false);
    let row = json!([{ "stream": "cart-2", "type": "AddedToCart", "data": { "item": "figs" } }]);
    for call in [
        Request::Send(add("pears")),
        Request::Finish,
        Request::Next,
        Request::Append { events: JsonText(row.to_string()), react: false, forced: None, id: None },
    ] {
        tab.ask(Request::Submit(add("apples"))).result.unwrap();
        assert!(matches!(tab.ask(Request::Step).result, Ok(Response::Stepped(_))));
        assert!(tab.log.is_stepping());
        tab.ask(call.clone()).result.unwrap();
        assert!(!tab.log.is_stepping(), "all is quiet after {call:?}");
    }
}

#[test]
fn whoever_runs_the_processes_is_followed_by_another_tab_that_does_nothing_twice() {
    let browser = SimulatedBrowser::new();
    let mut one = Tab::new(&browser, "welcome", true);
    let mut two = Tab::open(&browser, 2, &one.log.info());
    assert!(one.log.runs_processes() && !two.log.runs_processes());
    let outbox = one.json(Request::Outbox);
    assert!(!outbox.as_array().unwrap().is_empty());
    meanwhile(&browser, &mut [&mut one, &mut two]);
    assert_eq!(two.json(Request::Outbox), outbox);
    let head = one.head();
    let register = json!({ "name": "Zoë", "email": "zoe@example.org" });
    let answered = two.send(command("customer-zoe", "RegisterCustomer", register));
    answered.result.unwrap();
    assert_eq!(two.json(Request::Outbox), outbox, "who only watches sends nothing");
    drop(one);
    meanwhile(&browser, &mut [&mut two]);
    assert!(two.log.runs_processes());
    let performed = |value: &Value| {
        let all = value.as_array().unwrap().iter();
        all.filter(|it| it["status"] == "performed").count()
    };
    let after = two.json(Request::Outbox);
    assert_eq!(performed(&after), performed(&outbox) + 1, "after {head}: {after}");
    assert_eq!(two.handle.performed_twice(), [""; 0]);
}

#[test]
fn a_tab_that_watches_waits_until_the_other_one_has_acted_but_not_for_ever() {
    let browser = SimulatedBrowser::new();
    let mut one = Tab::new(&browser, "welcome", true);
    let mut two = Tab::open(&browser, 2, &one.log.info());
    meanwhile(&browser, &mut [&mut one, &mut two]);
    let settling = |tab: &Tab| {
        let (over, log) = (Rc::new(Cell::new(false)), tab.log.clone());
        let done = over.clone();
        let task: Vec<Task> = vec![Box::pin(async move {
            log.settle().await;
            done.set(true);
        })];
        (task, over)
    };
    let outbox = |tab: &Tab| tab.json(Request::Outbox).as_array().unwrap().len();
    let register = |id: &str| {
        let data = json!({ "name": "Zoë", "email": format!("{id}@example.org") });
        command(&format!("customer-{id}"), "RegisterCustomer", data)
    };
    let sent = outbox(&two);
    two.send(register("zoe")).result.unwrap();
    let (mut task, over) = settling(&two);
    go_on(&mut task);
    browser.clock.pass(19);
    go_on(&mut task);
    assert_eq!((over.get(), outbox(&two)), (false, sent), "nobody has acted");
    meanwhile(&browser, &mut [&mut one, &mut two]);
    browser.clock.pass(1);
    go_on(&mut task);
    assert!(over.get());
    assert_eq!(outbox(&two), sent + 1);
    // Who runs the processes waits for nobody.
    let (mut task, over) = settling(&one);
    go_on(&mut task);
    assert!(over.get());
    // The other tab sleeps: the wait ends all the same.
    browser.bus.asleep.borrow_mut().insert(1);
    two.send(register("amy")).result.unwrap();
    let (mut task, over) = settling(&two);
    let mut millis = 0;
    while !over.get() {
        go_on(&mut task);
        browser.clock.pass(20);
        millis += 20;
        assert!(millis <= 2_020, "it waits for ever");
    }
    assert!(millis > 1_900, "after {millis} ms");
}

#[test]
fn a_tab_that_slept_with_the_lock_watches_when_it_comes_back() {
    let browser = SimulatedBrowser::new();
    let mut one = Tab::new(&browser, "welcome", true);
    let mut two = Tab::open(&browser, 2, &one.log.info());
    meanwhile(&browser, &mut [&mut one, &mut two]);
    browser.bus.asleep.borrow_mut().insert(1);
    let register = json!({ "name": "Zoë", "email": "zoe@example.org" });
    two.send(command("customer-zoe", "RegisterCustomer", register)).result.unwrap();
    browser.bus.grant_what_is_free();
    two.go_on();
    assert!(two.log.runs_processes());
    let outbox = two.json(Request::Outbox);
    // The first tab wakes up, and does not know what has happened.
    browser.bus.asleep.borrow_mut().clear();
    one.ask(Request::Finish).result.unwrap();
    assert!(!one.log.runs_processes());
    meanwhile(&browser, &mut [&mut one, &mut two]);
    assert_eq!(one.json(Request::Outbox), outbox);
    assert_eq!(one.handle.performed_twice(), [""; 0]);
    // It takes over again once the other tab is gone.
    drop(two);
    meanwhile(&browser, &mut [&mut one]);
    assert!(one.log.runs_processes());
}

#[test]
fn opening_the_open_log_again_keeps_its_processes_here_and_a_command_resolves_after_them() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "transfers", true);
    let request = || {
        let data = json!({ "from": "1", "to": "2", "amount": 100 });
        command("transfer-9", "RequestTransfer", data)
    };
    for number in 0..3 {
        let (host, info, of) = (tab.host.clone(), tab.log.info(), scenario("transfers"));
        let again = at_once(async move { host.open(&of, info).await }).unwrap();
        assert!(again.runs_processes(), "nobody else does");
        assert_eq!(again.session().position(), again.session().head());
        let log = again.clone();
        let stream = format!("transfer-again-{number}");
        let ask = Request::Send(Command { stream: stream.clone(), ..request() });
        at_once(async move { log.ask(ask).await }).result.unwrap();
        let state = at_once(async move { again.ask(Request::State { stream }).await });
        let state = serde_json::to_value(state.result.unwrap()).unwrap();
        assert_eq!(state["state"]["status"], "completed", "{state}");
    }
    // A log in memory is no different.
    let (host, of) = (
        Host::new(
            Rc::new(leftfold::store::MemoryStore::default()),
            Rc::new(Alone),
            browser.clock.clone(),
            browser.ids.clone(),
        ),
        scenario("transfers"),
    );
    let (making, story) = (host.clone(), of.clone());
    let first = at_once(async move { making.create(&story, true).await }).unwrap();
    let info = first.info();
    let again = at_once(async move { host.open(&of, info).await }).unwrap();
    assert!(first == again, "two worlds over one log would not know of each other");
}

#[test]
fn a_log_in_trouble_is_read_anew_and_runs_its_processes_where_it_was_read() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "welcome", true);
    tab.handle.foretell([Fate::Fails]);
    let register = || {
        let data = json!({ "name": "Zoë", "email": "zoe@example.org" });
        command("customer-zoe", "RegisterCustomer", data)
    };
    assert_eq!(code(&tab.send(register())), ErrorCode::Storage);
    let (host, info, of) = (tab.host.clone(), tab.log.info(), scenario("welcome"));
    let again = at_once(async move { host.open(&of, info).await }).unwrap();
    assert!(again.runs_processes() && again != tab.log && !tab.log.runs_processes());
    let sent = again.session().world().outbox().len();
    let log = again.clone();
    at_once(async move { log.ask(Request::Send(register())).await }).result.unwrap();
    assert_eq!(again.session().world().outbox().len(), sent + 1);
}

#[test]
fn a_take_over_whose_records_cannot_be_read_is_tried_again() {
    let browser = SimulatedBrowser::new();
    let one = Tab::new(&browser, "welcome", true);
    let mut two = Tab::open(&browser, 2, &one.log.info());
    two.go_on();
    drop(one);
    browser.bus.grant_what_is_free();
    // The commits, the list of logs and the effects can be read, but the side records cannot.
    two.handle.foretell([Fate::Done, Fate::Done, Fate::Done, Fate::Fails]);
    two.go_on();
    assert!(!two.log.runs_processes());
    browser.clock.pass(1_999);
    two.go_on();
    assert!(!two.log.runs_processes());
    browser.clock.pass(1);
    two.go_on();
    assert!(two.log.runs_processes());
}

#[test]
fn a_tab_that_cannot_read_the_log_does_not_take_over_and_performs_nothing_again() {
    let browser = SimulatedBrowser::new();
    let mut one = Tab::new(&browser, "welcome", false);
    let mut two = Tab::open(&browser, 2, &one.log.info());
    meanwhile(&browser, &mut [&mut one, &mut two]);
    let register = json!({ "name": "Zoë", "email": "zoe@example.org" });
    one.send(command("customer-zoe", "RegisterCustomer", register)).result.unwrap();
    assert_eq!((one.json(Request::Outbox).as_array().unwrap().len(), two.head()), (1, 0));
    // No message has come, and the log cannot be read; what stands beside it could be.
    browser.bus.sent.take();
    drop(one);
    browser.bus.grant_what_is_free();
    two.handle.foretell([Fate::Fails]);
    two.go_on();
    assert!(!two.log.runs_processes());
    browser.clock.pass(2_000);
    two.go_on();
    assert!(two.log.runs_processes());
    assert_eq!((two.head(), two.json(Request::Outbox).as_array().unwrap().len()), (1, 1));
    assert_eq!(two.handle.performed_twice(), [""; 0]);
}

#[test]
fn a_fork_from_a_tab_that_watches_has_all_that_the_other_tab_has_done() {
    let browser = SimulatedBrowser::new();
    let mut one = Tab::new(&browser, "welcome", false);
    let mut two = Tab::open(&browser, 2, &one.log.info());
    meanwhile(&browser, &mut [&mut one, &mut two]);
    let register = json!({ "name": "Zoë", "email": "zoe@example.org" });
    two.send(command("customer-zoe", "RegisterCustomer", register)).result.unwrap();
    // The first tab hears of it and reacts; the second one does not hear of that.
    one.ask(Request::CatchUp).result.unwrap();
    browser.bus.sent.take();
    assert_eq!(one.json(Request::Outbox).as_array().unwrap().len(), 1);
    let forked = two.ask(Request::Fork { position: 1 }).result.unwrap();
    let Response::Log(info) = forked else { panic!("a log") };
    let copy = Tab::open(&browser, 3, &info);
    assert!(copy.log.runs_processes());
    let outbox = copy.json(Request::Outbox);
    assert_eq!(
        outbox.as_array().unwrap().len(),
        1,
        "it was sent once, and that is known: {outbox}"
    );
    assert_eq!(copy.json(Request::Missing { name: "Welcomer".to_owned() }), json!([]));
}

#[test]
fn a_log_that_is_put_away_elsewhere_takes_nothing_until_it_is_back() {
    let browser = SimulatedBrowser::new();
    let mut one = Tab::new(&browser, "cart", false);
    let mut two = Tab::open(&browser, 2, &one.log.info());
    two.change(LogChange::Deleted { from: None, to: Some(START) }).unwrap();
    // Also where no message comes: the store knows.
    browser.bus.sent.take();
    assert_eq!(code(&one.send(add("apples"))), ErrorCode::Storage);
    assert_eq!((one.head(), one.log.trouble()), (0, Some(Trouble::Deleted)));
    assert_eq!(one.log.info().deleted_at, Some(START), "so that it can be had back");
    meanwhile(&browser, &mut [&mut one, &mut two]);
    assert_eq!(one.log.trouble(), Some(Trouble::Deleted));
    assert_eq!(code(&one.send(add("apples"))), ErrorCode::Storage);
    one.ask(Request::Retry).result.unwrap();
    assert_eq!(one.log.trouble(), Some(Trouble::Deleted), "that is not for a retry to mend");
    let host = two.host.clone();
    assert_eq!(at_once(async move { host.logs().await }).unwrap(), []);
    let from = one.log.info().deleted_at;
    two.change(LogChange::Deleted { from, to: None }).unwrap();
    one.ask(Request::CatchUp).result.unwrap();
    assert_eq!(one.log.trouble(), None);
    one.send(add("apples")).result.unwrap();
}

#[test]
fn a_title_is_not_lost_between_two_tabs_and_a_log_that_is_gone_stays_gone() {
    let browser = SimulatedBrowser::new();
    let mut one = Tab::new(&browser, "cart", false);
    let mut two = Tab::open(&browser, 2, &one.log.info());
    let title = |from: &str, to: &str| LogChange::Title { from: from.into(), to: to.into() };
    let seen = one.log.info().title;
    one.change(title(&seen, "Monday")).unwrap();
    // The other tab still shows the log as it was, renames it, and then deletes it.
    let quicker = two.change(title(&seen, "Tuesday")).unwrap_err();
    assert_eq!(quicker.to_string(), "another tab was quicker: it is called “Monday”");
    let away = two.change(LogChange::Deleted { from: None, to: Some(START) }).unwrap();
    assert_eq!((&*away.title, away.deleted_at), ("Monday", Some(START)));
    meanwhile(&browser, &mut [&mut one, &mut two]);
    assert_eq!([one.log.info().title, two.log.info().title], ["Monday", "Monday"]);
    // A third tab removes it for good. Nothing makes it anew.
    let (store, id) = (browser.store.clone(), one.log.id().to_owned());
    at_once(async move { store.remove(&id).await }).unwrap();
    one.change(LogChange::Deleted { from: Some(START), to: None }).unwrap_err();
    one.ask(Request::Retry).result.unwrap();
    two.ask(Request::CatchUp).result.unwrap();
    let archive = {
        let other = Tab::new(&SimulatedBrowser::new(), "cart", false);
        other.send(add("figs")).result.unwrap();
        read(&exported(&other, Format::Lines))
    };
    let log = two.log.clone();
    at_once(async move { log.extend(archive, &mut || ()).await }).unwrap_err();
    meanwhile(&browser, &mut [&mut one, &mut two]);
    assert_eq!(Tab::logs(&browser), []);
}

#[test]
fn a_log_that_is_thrown_away_is_noticed_and_saved_again() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", true);
    let (store, id) = (browser.store.clone(), tab.log.id().to_owned());
    at_once(async move { store.remove(&id).await }).unwrap();
    assert_eq!(code(&tab.send(add("apples"))), ErrorCode::Storage);
    assert_eq!(tab.log.trouble(), Some(Trouble::Evicted));
    let Ok(Response::Log(info)) = tab.ask(Request::SaveAgain).result else { panic!("no log") };
    assert_eq!(info.forked_from, Some((tab.log.id().to_owned(), tab.head())));
    let again = Tab::open(&browser, 2, &info);
    assert_eq!(again.head(), tab.head());
    assert_eq!(again.json(Request::Journal).as_array().unwrap().len(), {
        let journal = tab.json(Request::Journal);
        // A command that could not be stored leaves no side record.
        journal.as_array().unwrap().iter().filter(|it| it["outcome"] != "storage").count()
    });
}

#[test]
fn a_log_that_has_become_shorter_while_its_store_failed_is_not_taken_for_the_same() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", false);
    tab.send(add("apples")).result.unwrap();
    tab.handle.foretell([Fate::Fails]);
    assert_eq!(code(&tab.send(add("pears"))), ErrorCode::Storage);
    let (store, info) = (browser.store.clone(), tab.log.info());
    at_once(async move {
        store.remove(&info.id).await.unwrap();
        store.add(&info).await.unwrap();
    });
    tab.ask(Request::Retry).result.unwrap();
    assert_eq!(tab.log.trouble(), Some(Trouble::Evicted));
}

#[test]
fn long_work_lets_others_have_a_turn() {
    let browser = SimulatedBrowser::new();
    let mut slice = browser.tab(1).0.slice();
    assert!(!slice.over());
    browser.clock.pass(12);
    assert!(!slice.over(), "nobody notices that");
    browser.clock.pass(1);
    assert!(slice.over());
    let mut turns = 0;
    {
        let mut breathing = Box::pin(slice.breathe());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        while breathing.as_mut().poll(&mut context).is_pending() {
            turns += 1;
        }
    }
    assert_eq!(turns, 1);
    assert!(!slice.over(), "another one has begun");
    browser.clock.set(0);
    assert!(slice.over(), "a clock that was set back ends it");
}

#[test]
fn a_store_in_memory_is_no_durable_one() {
    let browser = SimulatedBrowser::new();
    let store = Rc::new(browser.store.clone());
    let memory = Host::new(store, Rc::new(Alone), browser.clock.clone(), browser.ids.clone());
    assert!(!memory.durable() && browser.tab(1).0.durable());
    let scenario = scenario("transfers");
    let log = at_once(async move { memory.create(&scenario, true).await }).unwrap();
    assert!(log.runs_processes(), "there is nobody else");
}

#[test]
fn a_fork_shares_the_past_and_a_command_comes_first_in_it() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "transfers", true);
    assert_eq!(code(&tab.ask(Request::Fork { position: 1_000 })), ErrorCode::OutOfRange);
    let Ok(Response::Log(info)) = tab.ask(Request::Fork { position: 3 }).result else {
        panic!("no fork");
    };
    assert_eq!(info.forked_from, Some((tab.log.id().to_owned(), 3)));
    assert_eq!(info.title, "Fork of log 1, after event 3");
    let (host, first) = (tab.host.clone(), command("account-9", "OpenAccount", json!({})));
    let (scenario, of) = (scenario("transfers"), info.clone());
    let opened = at_once(async move { host.open_with(&scenario, of, Some(first)).await }).unwrap();
    assert_eq!(opened.first.unwrap().unwrap_err().code, ErrorCode::Malformed);
    let old = tab.json(Request::Events { from: 1, to: 3 });
    let fork = Tab::of(tab.host.clone(), tab.handle.clone(), opened.log);
    assert_eq!(fork.json(Request::Events { from: 1, to: 3 }), old);
    assert_eq!(fork.log.head_at_opening(), 3);
    let nowhere = command("ship-1", "Sail", json!({}));
    let (host, scenario) = (tab.host.clone(), fork.log.session().scenario().clone());
    let opened = at_once(async move { host.open_with(&scenario, info, Some(nowhere)).await });
    assert_eq!(opened.unwrap().first.unwrap().unwrap_err().code, ErrorCode::UnknownStream);
}

#[test]
fn a_log_goes_out_as_an_archive_and_comes_back_as_a_new_log_or_after_another() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", true);
    let exported = |format| {
        let (host, info) = (tab.host.clone(), tab.log.info());
        at_once(async move {
            let mut bytes = Vec::new();
            let mut sink = |piece: Option<&[u8]>, _: u64| match piece {
                Some(piece) => bytes.extend_from_slice(piece),
                None => bytes.clear(),
            };
            let copied =
                host.export(&info, Some(&scenario("cart")), format, None, &mut sink).await.unwrap();
            (copied.events, copied.whole, bytes)
        })
    };
    let (events, whole, lines) = exported(Format::Lines);
    assert_eq!((events, whole), (tab.head(), true));
    let read = |bytes: &[u8]| {
        let mut import = Import::new();
        import.feed(bytes);
        import.finish().unwrap()
    };
    let (host, of, archive) = (tab.host.clone(), scenario("cart"), read(&lines));
    let asked = Rc::new(RefCell::new(0));
    let last = asked.clone();
    let info = at_once(async move {
        let mut last = || *last.borrow_mut() += 1;
        host.import_new(&of, String::new(), archive, SideRecords::new(), &mut last).await
    });
    let Made { info, unsaid } = info.unwrap();
    assert!(!unsaid, "nobody reacts here");
    assert_eq!((&*info.title, *asked.borrow()), ("Shopping cart", 1));
    let again = Tab::open(&browser, 2, &info);
    assert_eq!(again.head(), tab.head());
    // All of the archive's events are known here.
    let (log, archive) = (again.log.clone(), read(&lines));
    let appended = at_once(async move { log.extend(archive, &mut || ()).await }).unwrap();
    let head = tab.head();
    assert_eq!(appended, Appended { from: head + 1, to: head, known: head, moved: 0 });
    assert_eq!(again.head(), head);
    let empty = Tab::new(&browser, "cart", false);
    let (log, archive) = (empty.log.clone(), read(&exported(Format::Batch).2));
    let appended = at_once(async move { log.extend(archive, &mut || ()).await });
    assert_eq!(appended, Ok(Appended { from: 1, to: head, known: 0, moved: 0 }));
    assert!(!empty.told.borrow().is_empty(), "whoever looks is told");
    assert_eq!(
        empty.json(Request::View { name: "Best sellers".to_owned() })["bars"],
        tab.json(Request::View { name: "Best sellers".to_owned() })["bars"]
    );
}

#[test]
fn an_archive_is_written_from_what_is_known_here_where_the_store_fails() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", true);
    let export = |open: bool| {
        tab.handle.foretell([Fate::Fails]);
        let (host, log) = (tab.host.clone(), tab.log.clone());
        at_once(async move {
            let info = log.info();
            let copied =
                host.export(&info, None, Format::Lines, open.then_some(&log), &mut |_, _| ()).await;
            copied.map(|it| (it.events, it.whole))
        })
    };
    assert_eq!(export(true), Ok((tab.head(), true)));
    assert!(matches!(export(false), Err(StoreError::Failed(_))));
}

#[test]
fn a_disaster_is_rehearsed_and_every_read_model_comes_back() {
    for scenario in leftfold::scenarios::all() {
        let browser = SimulatedBrowser::new();
        let tab = Tab::new(&browser, &scenario.id, true);
        let log = tab.log.clone();
        let restored = at_once(async move { log.restore(&mut || ()).await }).unwrap();
        assert!(restored.same && restored.bytes > 0, "{}", scenario.id);
        assert_eq!(restored.events, tab.head(), "{}", scenario.id);
        assert_eq!(restored.info.title, format!("{} restored", scenario.title));
        let folded = tab.json(Request::RebuildAll);
        assert_eq!(folded, json!({ "models": scenario_models(&tab), "same": true }));
    }
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", true);
    let drop = SubscriptionChange::from(Control::Fault(Some(DeliveryFault::Drop)));
    tab.ask(Request::Subscription { name: "Carts now".to_owned(), how: drop }).result.unwrap();
    tab.send(add("figs")).result.unwrap();
    let log = tab.log.clone();
    assert!(!at_once(async move { log.restore(&mut || ()).await }).unwrap().same);
    assert_eq!(tab.json(Request::RebuildAll)["same"], false);
}

fn scenario_models(tab: &Tab) -> usize {
    let all = tab.json(Request::Subscriptions);
    all.as_array().unwrap().iter().filter(|it| it["kind"] == "projection").count()
}

/// Requests a transfer that nobody carries out, because the process is paused.
fn a_pending_transfer(browser: &SimulatedBrowser) -> Tab {
    let tab = Tab::new(browser, "transfers", false);
    for account in ["1", "2"] {
        let open = json!({ "name": "Lola", "initial_balance": 100 });
        tab.send(command(&format!("account-{account}"), "OpenAccount", open)).result.unwrap();
    }
    set(&tab, "Transfer process", Control::Pause(true));
    let request = json!({ "from": "1", "to": "2", "amount": 80 });
    tab.send(command("transfer-1", "RequestTransfer", request)).result.unwrap();
    assert_eq!(tab.head(), 3);
    tab
}

fn set(tab: &Tab, name: &str, control: Control) {
    let request = Request::Subscription { name: name.to_owned(), how: control.into() };
    tab.ask(request).result.unwrap();
}

/// How all subscriptions are set up, and how far they are.
fn set_ups(tab: &Tab) -> Vec<(SetUp, u64, u64)> {
    let session = tab.log.session();
    let all = session.world().subscriptions().iter();
    all.map(|it| (it.set_up(), it.delay(), it.checkpoint())).collect()
}

/// The log as a file.
fn exported(tab: &Tab, format: Format) -> Vec<u8> {
    let (host, info) = (tab.host.clone(), tab.log.info());
    let scenario = tab.log.session().scenario().clone();
    at_once(async move {
        let mut bytes = Vec::new();
        let mut sink = |piece: Option<&[u8]>, _: u64| bytes.extend_from_slice(piece.unwrap());
        host.export(&info, Some(&scenario), format, None, &mut sink).await.unwrap();
        bytes
    })
}

fn read(bytes: &[u8]) -> Imported {
    let mut import = Import::new();
    import.feed(bytes);
    import.finish().unwrap()
}

fn import(tab: &Tab, archive: Imported, beside: SideRecords) -> Made {
    let (host, of) = (tab.host.clone(), tab.log.session().scenario().clone());
    let made =
        async move { host.import_new(&of, String::new(), archive, beside, &mut || ()).await };
    at_once(made).unwrap()
}

/// The log as a link carries it.
fn shared(tab: &Tab) -> Shared {
    let (host, info) = (tab.host.clone(), tab.log.info());
    let scenario = tab.log.session().scenario().clone();
    let records = at_once(async move { host.whole_records(Some(&scenario), &info.id).await });
    let (session, info) = (tab.log.session(), tab.log.info());
    let shared = Shared {
        scenario: info.scenario,
        title: info.title,
        position: session.position(),
        commits: session.commits(session.head()).iter().map(Into::into).collect(),
        records: records.unwrap(),
        bookmarks: Vec::new(),
        ..Shared::default()
    };
    link::read(&link::write(&shared).unwrap()).unwrap()
}

#[test]
fn a_copy_resumes_what_was_pending_whichever_way_it_has_come() {
    let browser = SimulatedBrowser::new();
    let tab = a_pending_transfer(&browser);
    let mut copies = Vec::new();
    for format in [Format::Lines, Format::Batch] {
        let archive = read(&exported(&tab, format));
        copies.push(import(&tab, archive, SideRecords::new()));
    }
    let Shared { commits, records, .. } = shared(&tab);
    copies.push(import(&tab, Imported::of(commits).unwrap(), records));
    let mut infos: Vec<LogInfo> = Vec::new();
    for Made { info, unsaid } in copies {
        assert!(!unsaid);
        infos.push(info);
    }
    let log = tab.log.clone();
    infos.push(at_once(async move { log.restore(&mut || ()).await }).unwrap().info);
    let (host, info) = (tab.host.clone(), tab.log.info());
    let duplicate = async move { host.duplicate(&info, "A copy".to_owned(), &mut || ()).await };
    infos.push(at_once(duplicate).unwrap());
    for request in [Request::Fork { position: 3 }, Request::SaveAgain] {
        let Ok(Response::Log(info)) = tab.ask(request).result else { panic!("it is copied") };
        infos.push(info);
    }
    // A tab that only watches knows no marks, but what is stored.
    let watching = Tab::open(&browser, 2, &tab.log.info());
    let forked = watching.ask(Request::Fork { position: 3 }).result;
    let Ok(Response::Log(info)) = forked else { panic!("it is forked") };
    infos.push(info);
    // The log itself, after a reload.
    infos.push(tab.log.info());
    drop(watching);
    let before = set_ups(&tab);
    drop(tab);
    for (number, info) in infos.iter().enumerate() {
        let copy = Tab::open(&browser, 3, info);
        assert_eq!(set_ups(&copy), before, "{number}");
        assert_eq!(copy.head(), 3, "{number}: it is still paused");
        set(&copy, "Transfer process", Control::Pause(false));
        let state = copy.json(Request::State { stream: "transfer-1".to_owned() });
        assert!(state["state"].to_string().contains("completed"), "{number}: {state}");
    }
}

#[test]
fn without_faults_and_pauses_a_link_still_says_what_was_reacted_to() {
    let browser = SimulatedBrowser::new();
    let tab = a_pending_transfer(&browser);
    set(&tab, "Transfer process", Control::Delay(2));
    let before = set_ups(&tab);
    let Shared { commits, records, .. } = shared(&tab);
    let records = with_ordinary_set_ups(records);
    let Made { info, unsaid } = import(&tab, Imported::of(commits).unwrap(), records);
    assert!(!unsaid);
    drop(tab);
    let copy = Tab::open(&browser, 3, &info);
    assert_ne!(set_ups(&copy), before);
    // It runs at once, and goes on where the other one has stopped.
    let state = copy.json(Request::State { stream: "transfer-1".to_owned() });
    assert!(state["state"].to_string().contains("completed"), "{state}");
}

#[test]
fn what_no_file_says_is_counted_and_answered_only_where_somebody_asks_for_it() {
    let browser = SimulatedBrowser::new();
    let tab = a_pending_transfer(&browser);
    let archive = exported(&tab, Format::Lines);
    let archive = String::from_utf8(archive).unwrap();
    // As another tool writes it, or an earlier page.
    let events: Vec<&str> = archive.lines().filter(|it| !it.contains("leftfold.beside")).collect();
    let Made { info, unsaid } =
        import(&tab, read(events.join("\n").as_bytes()), SideRecords::new());
    assert!(unsaid);
    let copy = Tab::open(&browser, 2, &info);
    let log = copy.log.clone();
    assert_eq!((copy.head(), at_once(async move { log.unanswered().await })), (3, 1));
    copy.ask(Request::SendMissing { name: "Transfer process".to_owned() }).result.unwrap();
    let log = copy.log.clone();
    assert_eq!(at_once(async move { log.unanswered().await }), 0);
    let state = copy.json(Request::State { stream: "transfer-1".to_owned() });
    assert!(state["state"].to_string().contains("completed"), "{state}");
    // It is offered alike where the file goes after the events of another log.
    let other = Tab::new(&browser, "transfers", false);
    let (log, archive) = (other.log.clone(), read(events.join("\n").as_bytes()));
    at_once(async move { log.extend(archive, &mut || ()).await }).unwrap();
    let unanswered = || {
        let log = other.log.clone();
        at_once(async move { log.unanswered().await })
    };
    assert_eq!((other.head(), unanswered()), (3, 1), "nobody reacts by itself");
    other.ask(Request::SendMissing { name: "Transfer process".to_owned() }).result.unwrap();
    assert_eq!(unanswered(), 0);
    let state = other.json(Request::State { stream: "transfer-1".to_owned() });
    assert!(state["state"].to_string().contains("completed"), "{state}");
    // What an earlier page has kept beside the log is a position alone.
    let marks = [((Shelf::Marks, "Transfer process".to_owned()), "2".to_owned())];
    let Made { info, unsaid } =
        import(&tab, read(events.join("\n").as_bytes()), marks.into_iter().collect());
    assert!(!unsaid);
    let copy = Tab::open(&browser, 2, &info);
    let state = copy.json(Request::State { stream: "transfer-1".to_owned() });
    assert!(state["state"].to_string().contains("completed"), "{state}");
    assert!(!import(&tab, read(b"[]"), SideRecords::new()).unsaid);
}

#[test]
fn what_stands_beside_the_events_of_a_file_is_taken_whole_or_not_at_all() {
    let browser = SimulatedBrowser::new();
    let tab = a_pending_transfer(&browser);
    let refused = command("account-1", "Withdraw", json!({ "amount": -1 }));
    tab.send(refused).result.unwrap_err();
    let archive = String::from_utf8(exported(&tab, Format::Lines)).unwrap();
    let import = |archive: &str| {
        let (host, of, archive) =
            (tab.host.clone(), scenario("transfers"), read(archive.as_bytes()));
        let beside = SideRecords::new();
        let title = String::new();
        at_once(async move { host.import_new(&of, title, archive, beside, &mut || ()).await })
    };
    let newer = archive.replace("leftfold.beside.refusal", "leftfold.beside.exercise");
    assert_ne!(newer, archive);
    let why = import(&newer).map(|_| ()).unwrap_err();
    assert_eq!(why, "a newer version of this page made it: it holds the record “exercise”");
    let odd = archive.replace("\"outcome\":", "\"became\":");
    let why = import(&odd).map(|_| ()).unwrap_err();
    assert_eq!(why, "what stands beside its events cannot be read");
    // A record that speaks of events which there never were does no harm.
    let wild = archive.replace(
        "\"events\":{\"start\":1,\"end\":1}",
        "\"events\":{\"start\":1,\"end\":18446744073709551615}",
    );
    assert_ne!(wild, archive);
    let copy = Tab::open(&browser, 2, &import(&wild).unwrap().info);
    let last = copy.log.session().world().journal().last().unwrap().events.clone();
    assert!(last.is_empty());
}

#[test]
fn how_a_subscription_is_set_up_survives_a_reload_and_the_end_of_its_tab() {
    let browser = SimulatedBrowser::new();
    let tab = a_pending_transfer(&browser);
    let [projection, process] =
        [SubscriptionKind::Projection, SubscriptionKind::Process].map(|kind| {
            let session = tab.log.session();
            let mut all = session.world().subscriptions().iter();
            all.find(|it| it.kind() == kind).unwrap().name().to_string()
        });
    set(&tab, &projection, Control::Delay(2));
    set(&tab, &projection, Control::Deduplicate(false));
    set(&tab, &process, Control::Fault(Some(DeliveryFault::CrashAfterEffect)));
    set(&tab, &process, Control::Guard(false));
    // Also while somebody goes through a command step by step.
    tab.ask(Request::Submit(command("account-3", "OpenAccount", json!({ "name": "Zoë" }))));
    set(&tab, &projection, Control::Fault(Some(DeliveryFault::Swap)));
    let before = set_ups(&tab);
    let mut other = Tab::open(&browser, 2, &tab.log.info());
    assert_ne!(set_ups(&other), before, "another tab's processes are none of its business");
    drop(tab);
    meanwhile(&browser, &mut [&mut other]);
    assert!(other.log.runs_processes());
    assert_eq!(set_ups(&other), before);
    drop(other);
    let mut again = Tab::open(&browser, 3, &Tab::logs(&browser)[0]);
    again.go_on();
    assert_eq!(set_ups(&again), before);
}

#[test]
fn a_rehearsal_compares_at_one_position_although_another_tab_writes_meanwhile() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", true);
    let mut other = Tab::open(&browser, 2, &tab.log.info());
    meanwhile(&browser, &mut [&mut other]);
    // The export waits for the store, and the other tab is quicker.
    tab.handle.foretell([Fate::Late]);
    let (log, slot) = (tab.log.clone(), Rc::new(RefCell::new(None)));
    let came = slot.clone();
    let mut task: Vec<Task> = vec![Box::pin(async move {
        let restored = log.restore(&mut || ()).await;
        came.replace(Some(restored));
    })];
    go_on(&mut task);
    other.send(add("figs")).result.unwrap();
    assert!(tab.handle.release());
    go_on(&mut task);
    let restored = slot.take().unwrap().unwrap();
    assert!(restored.same);
    assert_eq!(restored.events + 1, other.head());

    // The models are dropped while this tab learns what the other one has written.
    tab.handle.foretell([Fate::Late]);
    let (mut learning, _) = begin(&tab.log, Request::CatchUp);
    let (mut dropping, came) = begin(&tab.log, Request::RebuildAll);
    assert!(tab.handle.release());
    go_on(&mut learning);
    go_on(&mut dropping);
    let folded = serde_json::to_value(came.take().unwrap().result.unwrap()).unwrap();
    assert_eq!((&folded["same"], tab.head()), (&json!(true), other.head()));
}

#[test]
fn a_paused_model_that_is_dropped_is_folded_up_to_where_it_was() {
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", true);
    set(&tab, "Carts now", Control::Pause(true));
    set(&tab, "Best sellers", Control::Delay(1));
    tab.send(add("figs")).result.unwrap();
    let before = tab.json(Request::Subscriptions);
    assert_eq!(tab.json(Request::RebuildAll)["same"], true);
    assert_eq!(tab.json(Request::Subscriptions), before);
}

#[test]
fn an_archive_goes_behind_what_another_tab_was_quicker_to_write() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", false);
    tab.send(add("apples")).result.unwrap();
    tab.send(add("pears")).result.unwrap();
    let archive = exported(&tab, Format::Lines);
    let tab = Tab::new(&browser, "cart", false);
    let mut other = Tab::open(&browser, 2, &tab.log.info());
    meanwhile(&browser, &mut [&mut other]);
    let begin = |archive: Imported| {
        let (log, slot) = (tab.log.clone(), Rc::new(RefCell::new(None)));
        let came = slot.clone();
        let mut task: Vec<Task> = vec![Box::pin(async move {
            let range = log.extend(archive, &mut || ()).await;
            came.replace(Some(range));
        })];
        go_on(&mut task);
        (task, slot)
    };
    // It reads, looks whether the log is still there, and what the clock says, and is late to write.
    tab.handle.foretell([Fate::Done, Fate::Done, Fate::Done, Fate::Late]);
    let (mut task, came) = begin(read(&archive));
    other.send(command("cart-9", "AddToCart", json!({ "item": "figs" }))).result.unwrap();
    assert!(tab.handle.release());
    go_on(&mut task);
    let events = read(&archive).events;
    let appended = Appended { from: 2, to: events + 1, known: 0, moved: 0 };
    assert_eq!(came.take().unwrap(), Ok(appended));
    // A store that fails is still blamed.
    let tab = Tab::new(&browser, "cart", false);
    tab.handle.foretell([Fate::Done, Fate::Done, Fate::Done, Fate::Fails]);
    let (log, archive) = (tab.log.clone(), read(&archive));
    let failed = at_once(async move { log.extend(archive, &mut || ()).await }).unwrap_err();
    assert!(failed.contains("the disk is broken"), "{failed}");
}

#[test]
fn a_log_is_copied_with_all_that_is_beside_it() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "transfers", true);
    let info = LogInfo { created_at: 1, opened_at: 2, ..tab.log.info() };
    let host = tab.host.clone();
    let copy = at_once(async move { host.duplicate(&info, "A copy".to_owned(), &mut || ()).await })
        .unwrap();
    assert_eq!(
        (&*copy.title, &copy.forked_from),
        ("A copy", &Some((tab.log.id().to_owned(), tab.head())))
    );
    let again = Tab::open(&browser, 2, &copy);
    let refused = |tab: &Tab| {
        let journal = tab.json(Request::Journal);
        let refused = journal.as_array().unwrap().iter();
        refused.filter(|it| it["outcome"] != "accepted").count()
    };
    assert_eq!((again.head(), refused(&again)), (tab.head(), refused(&tab)));
    assert!(refused(&tab) > 0);
    assert_eq!(again.told.borrow().len(), 0, "its processes have nothing left to do");
}

#[test]
fn subscriptions_are_changed_all_of_it_or_nothing_and_told_of() {
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", true);
    let change = |name: &str, how: Value| {
        let how = serde_json::from_value(how).unwrap();
        tab.ask(Request::Subscription { name: name.to_owned(), how })
    };
    let about = |name: &str| {
        let all = tab.json(Request::Subscriptions);
        all.as_array().unwrap().iter().find(|it| it["name"] == name).cloned()
    };
    assert_eq!(code(&change("Nobody", json!({}))), ErrorCode::UnknownProjection);
    assert_eq!(why(&change("Carts now", json!({ "code": 9 }))), "Carts now has no code 9");
    let beyond = change("Carts now", json!({ "paused": true, "checkpoint": 1_000 }));
    assert!(why(&beyond).contains("can only be moved back"), "{beyond:?}");
    assert_eq!(about("Carts now").unwrap()["paused"], false, "nothing of it was done");

    change("Carts now", json!({ "paused": true, "checkpoint": 3 })).result.unwrap();
    let carts = about("Carts now").unwrap();
    assert_eq!((&carts["paused"], &carts["checkpoint"]), (&json!(true), &json!(3)));
    assert_eq!(carts["lag"], tab.head() - 3);
    change("Carts now", json!({ "step": true })).result.unwrap();
    change("Carts now", json!({ "step": 2 })).result.unwrap();
    assert_eq!(about("Carts now").unwrap()["checkpoint"], 6);
    change("Carts now", json!({ "paused": false, "delay": 2 })).result.unwrap();
    assert_eq!(about("Carts now").unwrap()["checkpoint"], tab.head() - 2);
    change("Carts now", json!({ "fault": "drop" })).result.unwrap();
    assert_eq!(about("Carts now").unwrap()["fault"], "drop");
    change("Carts now", json!({ "fault": null, "delay": 0, "synchronous": true })).result.unwrap();
    let carts = about("Carts now").unwrap();
    assert_eq!((&carts["fault"], &carts["synchronous"]), (&Value::Null, &json!(true)));
    change("Carts now", json!({ "running": false })).result.unwrap();
    assert_eq!(about("Carts now"), None);
    assert_eq!(code(&change("Carts now", json!({ "paused": true }))), ErrorCode::UnknownProjection);
    change("Carts now", json!({ "running": true })).result.unwrap();
    assert_eq!(about("Carts now").unwrap()["health"], "clean");
    change("Carts now", json!({ "deduplicate": false })).result.unwrap();
    assert_eq!(about("Carts now").unwrap()["deduplicate"], false);

    let fold_again = |name: &str, code| tab.ask(Request::Rebuild { name: name.to_owned(), code });
    assert_eq!(code(&fold_again("Nobody", None)), ErrorCode::UnknownProjection);
    assert_eq!(code(&fold_again("Best sellers", Some(9))), ErrorCode::UnknownProjection);
    let rebuilt = fold_again("Best sellers", None);
    let delivered = rebuilt.trace.iter().filter(|it| matches!(it, MicroStep::Delivered { .. }));
    assert_eq!(delivered.count() as u64, tab.head());
    assert_eq!(code(&tab.ask(Request::Health { name: "Nobody".to_owned() })), {
        ErrorCode::UnknownProjection
    });
    let health = tab.json(Request::Health { name: "Best sellers".to_owned() });
    assert_eq!(health, json!({ "health": "clean", "differences": [] }));
}

#[test]
fn a_process_is_told_once_more_and_what_its_code_has_missed_is_sent() {
    let tab = Tab::new(&SimulatedBrowser::new(), "welcome", true);
    let outbox = |tab: &Tab| tab.json(Request::Outbox).as_array().unwrap().len();
    let before = outbox(&tab);
    for redeliver in [json!(true), json!(0)] {
        let how = serde_json::from_value(json!({ "redeliver": redeliver })).unwrap();
        let name = scenario("welcome").processes[0].name().to_string();
        tab.ask(Request::Subscription { name, how }).result.unwrap();
    }
    assert!(outbox(&tab) > before, "what was held back is told of");
    assert_eq!(tab.handle.performed_twice(), [""; 0]);
    let name = scenario("welcome").processes[0].name().to_string();
    assert_eq!(tab.json(Request::SendMissing { name }), 0);
}

#[test]
fn loading_is_changed_measured_and_its_snapshots_are_spoilt() {
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", false);
    let load = |how: Value| tab.ask(Request::Loading(serde_json::from_value(how).unwrap()));
    assert_eq!(why(&load(json!({ "snapshots": 0 }))), "a snapshot is taken every 1 or more events");
    for (how, loading) in [
        (json!({ "events": true }), json!("events")),
        (json!({ "memory": false }), json!("events")),
        (json!({ "events": false }), json!("memory")),
        (json!({ "memory": true }), json!("memory")),
        (json!({ "snapshots": 2 }), json!({ "snapshots": 2 })),
        (Value::Null, json!({ "snapshots": 2 })),
    ] {
        let answer = serde_json::to_value(load(how.clone()).result.unwrap()).unwrap();
        assert_eq!(answer["loading"], loading, "{how}");
    }
    for item in ["apples", "pears", "figs"] {
        tab.send(add(item)).result.unwrap();
    }
    let told = tab.json(Request::Loading(None));
    assert_eq!(told["snapshots"][0]["stream"], "cart-1");
    let stream = "cart-1".parse_stream();
    for how in [Disturbance::Damage, Disturbance::Outdate] {
        tab.ask(Request::Disturb { stream: stream.clone(), how }).result.unwrap();
    }
    let none = Request::Disturb { stream: "cart-9".parse_stream(), how: Disturbance::Damage };
    assert_eq!(why(&tab.ask(none)), "there is no snapshot of cart-9");
    let every: LoadBy = leftfold::lab::Loading::Snapshots(7).into();
    assert_eq!(serde_json::to_value(every).unwrap(), json!({ "snapshots": 7 }));
}

#[test]
fn the_playhead_is_moved_and_everything_is_told_as_it_is_there() {
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", true);
    let head = tab.head();
    assert_eq!(tab.json(Request::Head), head);
    assert_eq!(tab.json(Request::Seek(When::Position(2))), 2);
    assert_eq!(tab.json(Request::Position), 2);
    let state = tab.json(Request::State { stream: "cart-1".to_owned() });
    assert_eq!((&state["stream"], &state["version"]), (&json!("cart-1"), &json!(2)));
    let view = tab.json(Request::View { name: "Carts now".to_owned() });
    assert_eq!((&view["name"], &view["checkpoint"]), (&json!("Carts now"), &json!(2)));
    let at = tab.json(Request::Events { from: 3, to: 3 })[0]["at"].as_u64().unwrap();
    assert_eq!(tab.json(Request::Seek(When::Time(at))), 3);
    assert_eq!(tab.json(Request::Seek(When::Time(0))), 0);
    assert_eq!(code(&tab.ask(Request::Seek(When::Position(head + 1)))), ErrorCode::OutOfRange);
    assert_eq!(tab.json(Request::Events { from: 1, to: 0 }), json!([]));
    for (from, to) in [(0, 1), (1, head + 1)] {
        assert_eq!(code(&tab.ask(Request::Events { from, to })), ErrorCode::OutOfRange);
    }
    for stream in ["ship-1", "nothing"] {
        let state = tab.ask(Request::State { stream: stream.to_owned() });
        assert_eq!(why(&state), format!("there is no aggregate for {stream}"));
    }
    assert_eq!(code(&tab.ask(Request::View { name: "No".to_owned() })), {
        ErrorCode::UnknownProjection
    });
    let logs = tab.json(Request::Logs);
    assert_eq!(logs[0]["id"], tab.log.id());
    assert_eq!(logs.as_array().unwrap().len(), 1);
}

#[test]
fn what_is_asked_about_the_past_is_answered() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", true);
    let state = || Target::State("cart-1".parse_stream());
    let change = Imagine::LeaveOut(vec![1]);
    let what_if = tab.json(Request::WhatIf { change, target: state(), at: Some(1) });
    assert_ne!(what_if["truth"], what_if["imagined"]);
    assert!(!what_if["differences"].as_array().unwrap().is_empty());
    let view = Target::View("Carts now".into());
    let change = Imagine::Swap(1, 2);
    let what_if = tab.json(Request::WhatIf { change, target: view.clone(), at: Some(1) });
    assert_ne!(what_if["truth"], what_if["imagined"]);
    let change = Imagine::LeaveOut(vec![1_000]);
    let beyond = tab.ask(Request::WhatIf { change, target: state(), at: None });
    assert_eq!(code(&beyond), ErrorCode::OutOfRange);
    let nobody = || Target::View("Nobody".into());
    let change = Imagine::LeaveOut(vec![1]);
    let unknown = tab.ask(Request::WhatIf { change, target: nobody(), at: None });
    assert_eq!(code(&unknown), ErrorCode::UnknownProjection);

    let item = tab.json(Request::Events { from: 1, to: 1 })[0]["data"]["item"].clone();
    let pointer = format!("/items/{}", item.as_str().unwrap());
    let causes = tab.json(Request::Why { target: state(), pointer: pointer.clone() });
    assert_eq!(causes.as_array().unwrap().last().unwrap()["position"], 1);
    let ship = Target::State("ship-1".parse_stream());
    let unknown = tab.ask(Request::Why { target: ship, pointer });
    assert_eq!(code(&unknown), ErrorCode::UnknownStream);

    let condition = |text: Value| serde_json::from_value(text).unwrap();
    let some = condition(
        json!({ "is": [format!("/items/{}", item.as_str().unwrap()), "=", { "value": 1 }] }),
    );
    let monotonic = false;
    let found = tab.json(Request::Bisect { target: state(), condition: some, monotonic });
    assert_eq!(found["position"], 1);
    let never = condition(json!({ "is": ["/items/nothing", "=", { "value": 1 }] }));
    let found = tab.json(Request::Bisect { target: state(), condition: never, monotonic: true });
    assert_eq!(found["position"], Value::Null);
    let always = condition(json!({ "all": [] }));
    let unknown = tab.ask(Request::Bisect { target: nobody(), condition: always, monotonic });
    assert_eq!(code(&unknown), ErrorCode::UnknownProjection);
}

#[test]
fn two_places_are_compared_wherever_they_are() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", true);
    let Ok(Response::Log(fork)) = tab.ask(Request::Fork { position: 4 }).result else {
        panic!("no fork");
    };
    let head = tab.head();
    let at = |log: Option<&str>, at| LogPlace::At { log: log.map(str::to_owned), at };
    let here = tab.log.id().to_owned();
    let pairs = [
        (LogPlace::Position(4), LogPlace::Position(head), 4),
        (LogPlace::Position(head), LogPlace::Log(fork.id.clone()), 4),
        (LogPlace::Log(fork.id.clone()), at(None, None), 4),
        (at(Some(&fork.id), Some(2)), at(Some(&fork.id), Some(4)), 2),
        (LogPlace::Log(here), at(Some(&fork.id), Some(1)), 1),
    ];
    for (left, right, shared) in pairs {
        let said = format!("{left:?} {right:?}");
        let compared = tab.json(Request::Compare { left, right });
        assert_eq!(compared["shared"], shared, "{said}");
        assert!(compared["views"].as_array().unwrap().len() >= 3, "{said}");
        assert!(!compared["states"].as_array().unwrap().is_empty(), "{said}");
    }
    for (left, right) in [
        (LogPlace::Position(head + 1), LogPlace::Position(1)),
        (LogPlace::Position(1), at(None, Some(head + 1))),
        (at(Some(&fork.id), Some(5)), LogPlace::Position(1)),
        (LogPlace::Position(1), at(Some(&fork.id), Some(5))),
        (at(Some(&fork.id), Some(1)), at(Some(&fork.id), Some(5))),
    ] {
        assert_eq!(code(&tab.ask(Request::Compare { left, right })), ErrorCode::OutOfRange);
    }
    let missing =
        Request::Compare { left: LogPlace::Position(1), right: LogPlace::Log("no".to_owned()) };
    assert_eq!(code(&tab.ask(missing)), ErrorCode::Storage);
}

#[test]
fn events_are_appended_all_of_them_or_none_and_what_is_wrong_is_named() {
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", false);
    let append = |events: Value| {
        let events = JsonText(events.to_string());
        tab.ask(Request::Append { events, react: false, forced: None, id: None })
    };
    let added = |stream: &str, at: Value| {
        let mut event =
            json!({ "stream": stream, "type": "AddedToCart", "data": { "item": "figs" } });
        if !at.is_null() {
            event["at"] = at;
        }
        event
    };
    let none = append(json!([]));
    assert_eq!(serde_json::to_value(none.result.unwrap()).unwrap(), json!({ "from": 1, "to": 0 }));
    let two = append(json!([added("cart-1", json!(5)), added("cart-2", json!(5))]));
    assert_eq!(serde_json::to_value(two.result.unwrap()).unwrap(), json!({ "from": 1, "to": 2 }));
    let third = append(json!([added("cart-1", Value::Null)]));
    third.result.unwrap();
    assert_eq!(tab.json(Request::Events { from: 3, to: 3 })[0]["at"], START);
    assert_eq!(tab.json(Request::Events { from: 3, to: 3 })[0]["origin"], "import");
    for (events, expected, said) in [
        (json!({}), ErrorCode::Malformed, "events: a list is expected, not {}"),
        (
            json!([added("cart-1", json!("noon"))]),
            ErrorCode::Malformed,
            "events[0].at: a whole number from 0 is expected, not \"noon\"",
        ),
        (
            json!([added("cart-1", Value::Null), { "type": "AddedToCart" }]),
            ErrorCode::Malformed,
            "events[1].stream is missing: text is expected",
        ),
        (json!([added("cart-1", json!(1))]), ErrorCode::Malformed, "earlier than the one before"),
        (
            json!([added("cart-1", json!(253_402_300_800_000_u64))]),
            ErrorCode::Malformed,
            "later than the year 9999",
        ),
        (json!([added("cart 1", Value::Null)]), ErrorCode::Malformed, "event 1 of cart 1"),
        (
            json!([added("cart-1", Value::Null), added("ship-1", Value::Null)]),
            ErrorCode::UnknownStream,
            "event 2 of ship-1: there is no such aggregate",
        ),
        (
            json!([{ "stream": "cart-1", "type": "Nonsense" }]),
            ErrorCode::Malformed,
            "event 1 of cart-1",
        ),
    ] {
        let answered = append(events);
        assert_eq!(code(&answered), expected, "{said}");
        assert!(why(&answered).contains(said), "{}", why(&answered));
    }
    assert_eq!(tab.head(), 3);
    assert_eq!(tab.json(Request::Events { from: 1, to: 3 }).as_array().unwrap().len(), 3);
    tab.handle.foretell([Fate::Fails]);
    assert_eq!(why(&append(json!([added("cart-1", Value::Null)]))), {
        "the events could not be stored"
    });
}

#[test]
fn a_damaged_or_unknown_log_is_not_taken_for_a_whole_one() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", true);
    let (host, of) = (tab.host.clone(), scenario("cart"));
    let info = LogInfo { id: "no".to_owned(), ..tab.log.info() };
    let opened = at_once(async move { host.open(&of, info).await.map(|_| ()) });
    assert_eq!(opened, Err(StoreError::UnknownLog("no".to_owned())));
    // A side record that cannot be read is reported as a loss.
    let (store, id) = (browser.store.clone(), tab.log.id().to_owned());
    let shelf = leftfold::store::Shelf::Refusals;
    at_once(async move { store.put(&id, shelf, "1", "no JSON").await }).unwrap();
    let again = Tab::open(&browser, 2, &tab.log.info());
    assert!(matches!(again.log.trouble(), Some(Trouble::Damaged(losses)) if losses.len() == 1));
    assert_eq!(again.head(), tab.head());
    assert_eq!(code(&again.send(add("figs"))), ErrorCode::Storage);
}

#[test]
fn when_a_log_was_last_opened_is_noted_and_its_name_as_it_is_now() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", false);
    browser.clock.set(START + 5_000);
    let mut again = Tab::open(&browser, 2, &tab.log.info());
    assert_eq!(again.log.info().opened_at, START + 5_000);
    again.go_on();
    let host = tab.host.clone();
    let logs = at_once(async move { host.logs().await }).unwrap();
    assert_eq!(logs[0].opened_at, START + 5_000);
}

#[test]
fn a_long_log_can_be_seen_before_it_is_folded_and_ends_up_folded() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "cart", false);
    let rows: Vec<Value> = (0..20_001)
        .map(|n| json!({ "stream": format!("cart-{}", n % 7), "type": "AddedToCart", "data": { "item": "figs" } }))
        .collect();
    let events = JsonText(Value::from(rows).to_string());
    tab.ask(Request::Append { events, react: true, forced: None, id: None }).result.unwrap();
    let mut again = Tab::open(&browser, 2, &tab.log.info());
    let folded = |tab: &Tab| {
        tab.log.session().world().subscriptions().iter().all(|it| it.checkpoint() == 20_001)
    };
    assert_eq!(again.head(), 20_001);
    assert!(!folded(&again));
    again.go_on();
    assert!(folded(&again));
}

#[test]
fn every_request_is_the_same_after_it_was_written_and_read() {
    let requests = json!([
        { "send": { "stream": "cart-1", "type": "AddToCart", "data": { "item": "figs" }, "how": {
            "expectedVersion": 3, "seenVersion": 2, "retry": true,
            "commandId": null, "actor": "Alice" } } },
        { "submit": { "stream": "cart-1", "type": "Checkout", "data": {}, "how": {
            "expectedVersion": "any", "retry": false, "commandId": null, "actor": null } } },
        { "again": { "command": "67e55044-10b1-426f-9247-bb680e5fe0c8", "choice": "force", "id": null } },
        "step", "finish", "next",
        { "append": { "events": [1, 2], "react": true, "id": null } },
        { "subscription": { "name": "Carts now", "how": { "paused": true, "fault": null, "step": 2, "redeliver": true } } },
        { "rebuild": { "name": "Carts now", "code": 2 } },
        "rebuildAll",
        { "sendMissing": { "name": "Transfers" } },
        { "loading": { "snapshots": 3 } }, { "loading": null },
        { "disturb": { "stream": "cart-1", "how": "outdate" } },
        { "fork": { "position": 3 } },
        "catchUp", "retry", "saveAgain",
        { "seek": { "position": 3 } }, { "seek": { "time": 3 } },
        { "events": { "from": 1, "to": 2 } },
        "head", "position",
        { "state": { "stream": "cart-1" } }, { "view": { "name": "Carts now" } },
        "subscriptions", { "health": { "name": "Carts now" } },
        { "whatIf": { "change": { "leaveOut": [1] }, "target": { "state": "cart-1" }, "at": 3 } },
        { "whatIf": { "change": { "swap": [1, 2] }, "target": { "view": "Carts now" }, "at": null } },
        { "why": { "target": { "view": "Carts now" }, "pointer": "/a" } },
        { "bisect": { "target": { "state": "cart-1" }, "condition": { "is": ["/a", "<", { "value": 0 }] }, "monotonic": true } },
        { "compare": { "left": 3, "right": { "log": "a", "at": null } } },
        "journal", "outbox", "logs"
    ]);
    for written in requests.as_array().unwrap() {
        let text = written.to_string();
        let request: Request =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(serde_json::to_value(&request).unwrap(), *written);
    }
}

#[test]
fn side_records_that_say_nothing_are_left_out() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "welcome", true);
    let kept = {
        let session = tab.log.session();
        session.world().side_records_up_to(session.head())
    };
    let mut records = tab.host.encode_side_records(&kept);
    let read = leftfold::host::decode_side_records(&records);
    assert_eq!(read.len(), kept.len());
    assert!(read.iter().any(|it| matches!(it, SideRecord::Effect(_))));
    records.insert((leftfold::store::Shelf::Marks, "Welcomer".to_owned()), "three".to_owned());
    records.insert((leftfold::store::Shelf::Effects, "x".to_owned()), "{}".to_owned());
    assert!(leftfold::host::decode_side_records(&records).len() <= kept.len());
}

#[test]
fn the_fold_is_told_row_by_row_and_the_stage_by_the_storys_step() {
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", true);
    let names = ["cart-1", "Best sellers"].map(str::to_owned).to_vec();
    let rows = tab.json(Request::Fold { position: 0, count: 3, names });
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert_eq!(rows[0]["event"], Value::Null);
    assert_eq!(rows[1]["position"], 1);
    let state = tab.json(Request::State { stream: "cart-1".into() })["state"].clone();
    let head = tab.head();
    let last = tab.json(Request::Fold { position: head, count: 9, names: vec!["cart-1".into()] });
    assert_eq!(last.as_array().unwrap().len(), 1, "the log ends there");
    assert_eq!(last[0]["cells"][0]["state"], state);
    for (position, name, expected) in [
        (0, "Nobody", ErrorCode::UnknownProjection),
        (0, "ship-1", ErrorCode::UnknownProjection),
        (head + 1, "cart-1", ErrorCode::OutOfRange),
    ] {
        let names = vec![name.to_owned()];
        assert_eq!(code(&tab.ask(Request::Fold { position, count: 1, names })), expected);
    }
    let story = scenario("cart").story.clone();
    let shown = tab.json(Request::Stage);
    assert_eq!(shown["step"], story.len());
    assert_eq!(shown["panels"], json!(story.last().unwrap().show));
    tab.ask(Request::Seek(When::Position(1)));
    assert_eq!(tab.json(Request::Stage)["say"], json!(story[0].say));
    tab.ask(Request::Seek(When::Position(0)));
    assert_eq!(tab.json(Request::Stage), Value::Null);
}

/// A link as somebody might make it who means harm: what is in it is what they say.
fn opened_from_link(shared: &Shared) -> Result<OpenLog, String> {
    let browser = SimulatedBrowser::new();
    browser.clock.set(START);
    let ((host, _), of) = (browser.tab(1), scenario(&shared.scenario));
    let shared = link::read(&link::write(shared).unwrap()).unwrap();
    at_once(async move {
        let imported = Imported::of(shared.commits)?;
        let (title, kept) = (shared.title, shared.records);
        let made = host.import_new(&of, title, imported, kept, &mut || ()).await?;
        host.open(&of, made.info).await.map_err(|fault| fault.to_string())
    })
}

/// A log in a link: these many carts' commits, and no records.
fn cart_in_a_link(items: u64) -> Shared {
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", false);
    for number in 0..items {
        tab.send(add(&format!("thing {number}"))).result.unwrap();
    }
    let session = tab.log.session();
    let commits = session.commits(session.head()).iter().map(StoredCommit::from).collect();
    let (scenario, title) = ("cart".to_owned(), "A cart".to_owned());
    let (records, bookmarks) = (SideRecords::new(), Vec::new());
    Shared { scenario, title, position: 0, commits, records, bookmarks, ..Shared::default() }
}

#[test]
fn a_record_of_a_link_that_claims_more_events_than_there_are_holds_up_nothing() {
    let tab = Tab::new(&SimulatedBrowser::new(), "cart", false);
    tab.send(command("cart-1", "RemoveFromCart", json!({ "item": "pears" }))).result.unwrap_err();
    let entry = serde_json::to_value(&tab.log.session().world().journal()[0]).unwrap();
    let mut shared = cart_in_a_link(2);
    let events = [(1, u64::MAX), (0, u64::MAX), (u64::MAX, 1), (1, 3), (u64::MAX - 1, u64::MAX)];
    for (number, (start, end)) in (0_u64..).zip(events) {
        for outcome in ["rejected", "repeated", "accepted"] {
            let mut entry = entry.clone();
            entry["events"] = json!({ "start": start, "end": end });
            (entry["after"], entry["commits"]) = (json!(u64::MAX), json!(u64::MAX));
            entry["outcome"] = outcome.into();
            let key = (Shelf::Refusals, format!("{number} {outcome}"));
            shared.records.insert(key, entry.to_string());
        }
    }
    shared.records.insert((Shelf::Marks, "Nobody".to_owned()), u64::MAX.to_string());
    let log = opened_from_link(&shared).unwrap();
    assert_eq!(log.trouble(), None);
    let journal = at_once(async move { log.ask(Request::Journal).await });
    let journal = serde_json::to_value(journal.result.unwrap()).unwrap();
    let journal = journal.as_array().unwrap();
    // The commands of the log, and two records for each pair: none of them was accepted.
    assert_eq!(journal.len(), 2 + 2 * events.len());
    let listed = |it: &Value| it["events"].as_array().map_or(0, Vec::len);
    // Each repeats the first command, whose event it has.
    assert_eq!(journal.iter().map(listed).sum::<usize>(), 2 + events.len());
}

/// Changes a link.
type Spoil = fn(&mut Shared);

#[test]
fn a_link_is_checked_before_anything_is_made_of_it() {
    assert_eq!(opened_from_link(&cart_in_a_link(3)).unwrap().session().head(), 3);
    let faults: [(Spoil, &str); 6] = [
        (|it| it.commits[1].events[0].at = u64::MAX, "later than the year 9999"),
        (|it| it.commits[1].envelope.at = u64::MAX, "later than the year 9999"),
        (|it| it.commits[2].events[0].at = 5, "earlier than what is before"),
        (|it| it.commits[2].events[0].version = 2, "version 2 of cart-1 comes after 2"),
        (
            |it| {
                it.commits.truncate(1);
                it.commits[0].events[0].version = u64::MAX;
            },
            "begins at version",
        ),
        (|it| it.commits[2].envelope.command_id = it.commits[0].envelope.command_id, "in it twice"),
    ];
    for (spoil, said) in faults {
        let mut shared = cart_in_a_link(3);
        spoil(&mut shared);
        let why = opened_from_link(&shared).map(|_| ()).unwrap_err();
        assert!(why.contains(said), "{why}");
    }
}

#[test]
fn a_run_by_chance_is_a_log_once_it_is_whole_and_its_link_carries_the_seed() {
    let browser = SimulatedBrowser::new();
    browser.clock.set(START);
    let (host, _) = browser.tab(1);
    for id in ["bank", "transfers"] {
        let (host, scenario) = (host.clone(), scenario(id));
        at_once(async move {
            let plan = RandomPlan { at: START, events: 300, streams: 8, seed: 5 };
            let mut told = 0;
            let title = "By chance".to_owned();
            let mut progress = |tally: RandomTally| told = tally.events;
            let mut last = || ();
            let run = host.run_by_chance(&scenario, title, plan, &mut progress, &mut last);
            let (info, tally) = run.await.unwrap();
            assert!(tally.events >= 300 && !tally.stuck && told > 0, "{tally:?}");
            let log = host.open(&scenario, info.clone()).await.unwrap();
            assert_eq!(log.session().head(), tally.events);
            // Its processes have answered all of it.
            assert_eq!(log.unanswered().await, 0);
            let shared = host.share(&info, &scenario, 3, Vec::new()).await.unwrap();
            let link = link::write(&shared).unwrap();
            assert!(link.len() < 200, "{}", link.len());
            let arrived = link::read(&link).unwrap();
            let again = serde_json::from_str(&arrived.seed.unwrap()).unwrap();
            let title = arrived.title;
            let (mut deaf, mut last) = (|_: RandomTally| (), || ());
            let made = host.run_by_chance(&scenario, title, again, &mut deaf, &mut last);
            let (made, _) = made.await.unwrap();
            let copy = host.open(&scenario, made).await.unwrap();
            let events = |log: &OpenLog| format!("{:?}", log.session().commits(u64::MAX));
            assert_eq!(events(&copy), events(&log));
            // A log that has gone on travels as it is.
            let more = command(
                "account-1",
                "OpenAccount",
                json!({ "name": "Ann", "customer": "1", "initial_balance": 5_000 }),
            );
            _ = log.ask(Request::Send(more)).await;
            let head = log.session().head();
            if head > tally.events {
                let shared = host.share(&info, &scenario, 3, Vec::new()).await.unwrap();
                assert!(shared.seed.is_none());
            }
        });
    }
}

const DAY: u64 = 86_400_000;

/// A tab in which an order was placed by hand, and never submitted.
fn with_order(browser: &SimulatedBrowser) -> Tab {
    let tab = Tab::new(browser, "orders", false);
    let customer = json!({ "name": "Lola" });
    tab.send(command("customer-1", "RegisterCustomer", customer)).result.unwrap();
    let order = json!({ "customer": "1", "maximum": 5_000 });
    tab.send(command("order-1", "PlaceOrder", order)).result.unwrap();
    tab
}

/// The types of a tab's events after the first two.
fn later(tab: &Tab) -> Vec<String> {
    let session = tab.log.session();
    session.log().events(3, session.head()).map(|it| it.kind().to_string()).collect()
}

#[test]
fn an_open_log_wakes_at_its_next_deadline_and_says_what_happened() {
    let browser = SimulatedBrowser::new();
    let mut tab = with_order(&browser);
    tab.go_on();
    for _ in 0..24 {
        browser.clock.pass(DAY / 24 - 1);
        tab.go_on();
    }
    assert_eq!(later(&tab), [""; 0], "a little is left of the day");
    browser.clock.pass(24);
    tab.go_on();
    assert_eq!(later(&tab), ["OrderCancelled"]);
    assert!(deadlines_met(&tab.told.borrow()).unwrap().contains("A deadline has come"));
    let event = tab.json(Request::Events { from: 3, to: 3 });
    assert_eq!(event[0]["at"], START + DAY);
    assert_eq!(event[0]["actor"], "Canceller");
}

#[test]
fn a_deadline_that_came_while_nobody_had_the_log_open_is_met_once_it_is_opened() {
    let browser = SimulatedBrowser::new();
    let info = with_order(&browser).log.info();
    browser.clock.pass(3 * DAY);
    for _ in 0..2 {
        let tab = Tab::open(&browser, 2, &info);
        assert_eq!(later(&tab), ["OrderCancelled"]);
        assert_eq!(tab.json(Request::Events { from: 3, to: 3 })[0]["at"], START + DAY);
    }
}

#[test]
fn a_tab_that_takes_over_at_a_deadline_meets_it_and_the_other_one_does_not() {
    let browser = SimulatedBrowser::new();
    let mut one = with_order(&browser);
    let mut two = Tab::open(&browser, 2, &one.log.info());
    meanwhile(&browser, &mut [&mut one, &mut two]);
    browser.bus.asleep.borrow_mut().insert(1);
    browser.clock.pass(DAY);
    two.go_on();
    assert_eq!(later(&two), [""; 0], "it only watches");
    browser.bus.grant_what_is_free();
    two.go_on();
    assert_eq!(later(&two), ["OrderCancelled"]);
    browser.bus.asleep.borrow_mut().remove(&1);
    meanwhile(&browser, &mut [&mut one, &mut two]);
    browser.clock.pass(DAY);
    meanwhile(&browser, &mut [&mut one, &mut two]);
    assert_eq!((later(&one), later(&two)), (vec!["OrderCancelled".to_owned()], later(&one)));
}

#[test]
fn a_clock_that_is_moved_in_a_watching_tab_is_moved_in_all_and_the_other_one_acts() {
    let browser = SimulatedBrowser::new();
    let mut one = with_order(&browser);
    let mut two = Tab::open(&browser, 2, &one.log.info());
    meanwhile(&browser, &mut [&mut one, &mut two]);
    two.ask(Request::Clock(Some(ClockMove::Advance(2 * DAY)))).result.unwrap();
    assert_eq!(two.log.now(), START + 2 * DAY);
    meanwhile(&browser, &mut [&mut one, &mut two]);
    assert_eq!(one.log.now(), two.log.now());
    assert_eq!((later(&one), later(&two)), (vec!["OrderCancelled".to_owned()], later(&one)));
    let again = Tab::open(&browser, 3, &one.log.info());
    assert_eq!(again.log.now(), START + 2 * DAY, "it is kept");
}

#[test]
fn a_fork_of_the_past_has_the_time_of_then_and_waits_for_what_was_pending_then() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::new(&browser, "orders", true);
    tab.ask(Request::Clock(Some(ClockMove::Advance(2 * DAY)))).result.unwrap();
    let fork = tab.json(Request::Fork { position: 3 });
    let fork = Tab::logs(&browser).into_iter().find(|it| fork["id"] == it.id).unwrap();
    let fork = Tab::open(&browser, 2, &fork);
    let event = tab.json(Request::Events { from: 3, to: 3 });
    assert_eq!(fork.log.now(), event[0]["at"].as_u64().unwrap());
    assert_eq!(fork.json(Request::Clock(None))["deadlines"][0]["stream"], "order-1");
    fork.ask(Request::Clock(Some(ClockMove::Next))).result.unwrap();
    assert_eq!(later(&fork), ["OrderPlaced", "OrderCancelled"]);
}

#[test]
fn orders_from_another_tool_are_not_cancelled_when_they_are_imported() {
    let browser = SimulatedBrowser::new();
    let tab = with_order(&browser);
    let lines = exported(&tab, Format::Lines);
    let text = String::from_utf8(lines).unwrap();
    // What says how it is set up is ours: another tool has no such lines.
    let foreign: String =
        text.split_inclusive('\n').filter(|it| it.contains("leftfoldposition")).collect();
    browser.clock.pass(9 * DAY);
    let made = import(&tab, read(foreign.as_bytes()), SideRecords::new());
    assert!(made.unsaid);
    let there = Tab::open(&browser, 2, &made.info);
    assert_eq!(later(&there), [""; 0]);
    // Whoever has them answered has the deadlines as well, and they are over.
    there.ask(Request::SendMissing { name: "Canceller".to_owned() }).result.unwrap();
    assert_eq!(later(&there), ["OrderCancelled"]);
    assert_eq!(later(&Tab::open(&browser, 3, &made.info)), ["OrderCancelled"]);
}
