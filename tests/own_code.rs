//! Logs with code of their own, through the real host: they are made of others, edited, stopped,
//! copied, shared, and kept in step with other tabs.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod surroundings;
#[expect(dead_code, reason = "each test uses what it needs of it")]
mod twin;
#[path = "twin/engines.rs"]
mod engines;

use std::cell::Cell;
use std::rc::Rc;

use engines::NativeEngines;
use leftfold::codec::archive::{Format, Import};
use leftfold::domain::Fault;
use leftfold::es::{Scenario, Stream};
use leftfold::host::{
    Adopted, CodeState, Command, Host, Made, OWN, OpenLog, Request, Response, Sending,
    SubscriptionChange, own_scenario,
};
use leftfold::store::link;
use leftfold::store::{LogInfo, SideRecords};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use surroundings::{SimulatedBrowser, Task, at_once, go_on};
use twin::TWINS;

const START: u64 = 1_700_000_000_000;

struct Tab {
    host: Host,
    log: OpenLog,
    serve: Vec<Task>,
    there: Rc<Cell<bool>>,
}

fn host_of(browser: &SimulatedBrowser, number: usize) -> (Host, Rc<Cell<bool>>) {
    browser.clock.set(START);
    let there = Rc::new(Cell::new(true));
    let (host, _) = browser.tab(number);
    (host.with_engines(Rc::new(NativeEngines { there: there.clone() })), there)
}

fn scenario(id: &str) -> Rc<Scenario> {
    let own = (id == OWN).then(own_scenario);
    own.or_else(|| leftfold::scenarios::all().into_iter().find(|it| *it.id == *id)).unwrap()
}

impl Tab {
    fn of(host: Host, there: Rc<Cell<bool>>, log: OpenLog) -> Self {
        let serve: Vec<Task> = vec![Box::pin(log.serve())];
        Self { host, log, serve, there }
    }

    /// A log of a scenario with its story.
    fn new(browser: &SimulatedBrowser, id: &str) -> Self {
        let (host, there) = host_of(browser, 1);
        let (scenario, of) = (scenario(id), host.clone());
        let log = at_once(async move { of.create(&scenario, true).await }).unwrap();
        Self::of(host, there, log)
    }

    fn open(browser: &SimulatedBrowser, number: usize, info: &LogInfo) -> Self {
        let (host, there) = host_of(browser, number);
        Self::open_with(host, there, info)
    }

    fn open_with(host: Host, there: Rc<Cell<bool>>, info: &LogInfo) -> Self {
        let (info, of) = (info.clone(), host.clone());
        let log = at_once(async move { of.open(&scenario(&info.scenario), info).await }).unwrap();
        Self::of(host, there, log)
    }

    /// The twin's fork of a log of its scenario.
    fn mine(browser: &SimulatedBrowser, id: &str) -> Self {
        let first = Self::new(browser, id);
        let (log, text) = (first.log.clone(), text(id));
        let info = at_once(async move { log.make_mine(text).await }).unwrap();
        Self::open_with(first.host, first.there, &info)
    }

    fn adopt(&self, text: &str) -> Result<Adopted, Fault> {
        let (log, text) = (self.log.clone(), text.to_owned());
        at_once(async move { log.adopt(&text).await })
    }

    fn view(&self, name: &str) -> Value {
        let position = self.log.session().head();
        let view = self.log.viewpoint_mut().view_at(name, position).unwrap();
        serde_json::to_value(view).unwrap()
    }

    fn send(&self, stream: &str, kind: &str, data: &Value) -> Result<Response, String> {
        let data = Some(to_raw_value(data).unwrap());
        let how = Sending::default();
        let command = Command { stream: stream.to_owned(), kind: kind.to_owned(), data, how };
        let log = self.log.clone();
        at_once(async move { log.ask(Request::Send(command)).await })
            .result
            .map_err(|it| it.message)
    }

    fn state(&self) -> CodeState {
        self.log.own_code().unwrap().state
    }
}

fn text(id: &str) -> &'static str {
    TWINS.iter().find(|it| it.0 == id).unwrap().1
}

/// The cart's twin, in which a piece counts twice.
fn doubled() -> String {
    let twice = text("cart").replace("add(items, event.item, 1)", "add(items, event.item, 2)");
    assert!(twice != text("cart"), "the twin is written otherwise");
    twice
}

#[test]
fn a_log_that_was_made_ones_own_goes_on_under_the_twin_and_shows_the_same() {
    for (id, _) in TWINS {
        let browser = SimulatedBrowser::new();
        let first = Tab::new(&browser, id);
        let (log, text) = (first.log.clone(), text(id));
        let info = at_once(async move { log.make_mine(text).await }).unwrap();
        assert_eq!((info.scenario.as_str(), info.forked_from.is_some()), (OWN, true));
        let mine = Tab::open_with(first.host.clone(), first.there.clone(), &info);
        assert_eq!(mine.state(), CodeState::Runs);
        assert_eq!(mine.log.session().head(), first.log.session().head(), "{id}");
        let scenario = first.log.session().scenario().clone();
        for it in &scenario.projections {
            assert_eq!(mine.view(&it.name()), first.view(&it.name()), "{id}: {}", it.name());
        }
    }
}

#[test]
fn an_edit_folds_everything_anew_and_says_what_it_changed() {
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "cart");
    let head = mine.log.session().head();
    let before = mine.view("Carts now");
    let adopted = mine.adopt(&doubled()).unwrap();
    assert_eq!(adopted.projections.len(), 3);
    for changed in ["cart-1", "Carts now"] {
        assert!(adopted.changed.iter().any(|(name, _)| &**name == changed), "{adopted:?}");
    }
    assert_ne!(mine.view("Carts now"), before);
    assert_eq!(mine.log.session().head(), head, "what was recorded stays");
    let back = mine.adopt(text("cart")).unwrap();
    assert!(!back.changed.is_empty());
    // By program, the same is said as JSON.
    let (log, edit) = (mine.log.clone(), Request::Adopt { text: doubled() });
    let answered = at_once(async move { log.ask(edit).await }).result.unwrap();
    let told = serde_json::to_value(answered).unwrap();
    assert_eq!((&told["id"], &told["aggregates"]), (&json!(mine.log.id()), &json!(["cart"])));
    assert!(told["changed"].as_array().unwrap().contains(&json!("Carts now")), "{told}");
    assert_eq!(told["refused"], json!([]));
    mine.adopt(text("cart")).unwrap();
    assert_eq!(mine.view("Carts now"), before);
}

#[test]
fn a_text_that_is_no_domain_is_refused_with_its_line_and_the_last_one_goes_on() {
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "cart");
    let before = mine.view("Carts now");
    let fault = mine.adopt("domain({\n  title: 7,\n});").unwrap_err();
    assert!(fault.message.contains("title"), "{fault:?}");
    let fault = mine.adopt("domain({\n  title: \"A\",\n  aggregates: {\n").unwrap_err();
    assert!(fault.line.is_some(), "{fault:?}");
    assert_eq!(mine.view("Carts now"), before);
    assert_eq!(&*mine.log.own_code().unwrap().text, text("cart"));
    mine.send("cart-9", "AddToCart", &json!({ "item": "figs" })).unwrap();
}

#[test]
fn what_would_no_longer_be_allowed_is_listed() {
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "bank");
    let strict = text("bank").replace("decide(account, command) {", "decide(account, command) {\n        if (command.type === \"Withdraw\") throw new Error(\"nothing is paid out\");");
    assert!(strict != text("bank"), "the twin is written otherwise");
    mine.adopt(&strict).unwrap();
    let log = mine.log.clone();
    let refused = at_once(async move { log.review_rules().await }).unwrap();
    assert!(!refused.is_empty());
    assert!(refused.iter().all(|it| &*it.command == "Withdraw"), "{refused:?}");
    assert_eq!(&*refused[0].reason, "nothing is paid out");
}

#[test]
fn an_edit_in_which_nothing_was_decided_yet_is_the_same_version_and_another_one_after_that() {
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "cart");
    let versions = |tab: &Tab| tab.log.own_code().unwrap().versions.len();
    let first = versions(&mine);
    mine.adopt(&doubled()).unwrap();
    let second = versions(&mine);
    mine.adopt(&format!("{}\n", doubled())).unwrap();
    assert_eq!(versions(&mine), second);
    mine.send("cart-9", "AddToCart", &json!({ "item": "figs" })).unwrap();
    mine.adopt(text("cart")).unwrap();
    assert_eq!(versions(&mine), second + 1, "{first}");
    let log = mine.log.clone();
    at_once(async move { log.keep_version().await }).unwrap();
    assert_eq!(versions(&mine), second + 2);
}

#[test]
fn another_version_stands_beside_the_newest_as_an_other_code_of_the_same_read_models() {
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "cart");
    let log = mine.log.clone();
    at_once(async move { log.keep_version().await }).unwrap();
    mine.adopt(&doubled()).unwrap();
    let log = mine.log.clone();
    at_once(async move { log.compare_versions(Some(1)).await }).unwrap();
    let codes: Vec<u16> = {
        let session = mine.log.session();
        let all = session.scenario().projections.iter();
        all.filter(|it| &*it.name() == "Carts now").map(|it| it.code()).collect()
    };
    assert_eq!(codes, [2, 1]);
    let twice = mine.view("Carts now");
    let change = SubscriptionChange { code: Some(1), ..Default::default() };
    let ask = Request::Subscription { name: "Carts now".to_owned(), how: change };
    let log = mine.log.clone();
    at_once(async move { log.ask(ask).await }).result.unwrap();
    assert_ne!(mine.view("Carts now"), twice);
}

#[test]
fn code_that_was_stopped_does_not_run_again_by_itself_and_its_events_are_still_shown() {
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "cart");
    let endless = text("cart")
        .replace("evolve({ items }, event) {", "evolve({ items }, event) {\n        for (;;);");
    assert!(endless != text("cart"), "the twin is written otherwise");
    mine.adopt(&endless).unwrap_err();
    // In the log nothing was decided since: a command meets the loop.
    let late = text("cart").replace(
        "decide({ items }, command) {",
        "decide({ items }, command) {\n        while (command.item === \"figs\");",
    );
    mine.adopt(&late).unwrap();
    let why = mine.send("cart-9", "AddToCart", &json!({ "item": "figs" })).unwrap_err();
    assert!(why.contains("does not come to an end"), "{why}");
    let ended = mine.log.code_ended().unwrap();
    let log = mine.log.clone();
    at_once(async move { log.suspend_code(&ended.to_string()).await });
    assert!(matches!(mine.state(), CodeState::Stopped(_)));
    let info = mine.log.info();
    drop(mine);
    let again = Tab::open(&browser, 2, &info);
    assert!(matches!(again.state(), CodeState::Stopped(_)));
    assert!(again.log.session().head() > 0);
    assert!(again.view("Streams")["rows"].as_array().is_some_and(|it| !it.is_empty()));
    let state = again.log.viewpoint_mut().state(&Stream::new("cart", "1"));
    assert!(state.is_some_and(|it| it.version > 0), "a stream's events are not merged");
    let scenario = again.log.session().scenario().clone();
    assert_eq!(&*scenario.title, "Your own domain");
    assert!(scenario.about.contains("does not run"), "{}", scenario.about);
    assert!(again.log.own_code().unwrap().domain().is_none());
    again.adopt(text("cart")).unwrap();
    assert_eq!(again.state(), CodeState::Runs);
    assert!(again.log.own_code().unwrap().domain().is_some());
}

#[test]
fn without_the_interpreter_the_events_are_shown_and_nothing_is_lost() {
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "cart");
    let info = mine.log.info();
    drop(mine);
    let (host, there) = host_of(&browser, 2);
    there.set(false);
    let again = Tab::open_with(host, there, &info);
    assert!(matches!(again.state(), CodeState::NoInterpreter(_)));
    assert!(again.log.session().head() > 0);
    again.there.set(true);
    again.adopt(&again.log.own_code().unwrap().text).unwrap();
    assert_eq!(again.state(), CodeState::Runs);
}

fn exported(tab: &Tab) -> Vec<u8> {
    let (host, info, log) = (tab.host.clone(), tab.log.info(), tab.log.clone());
    at_once(async move {
        let mut bytes = Vec::new();
        let mut sink = |piece: Option<&[u8]>, _| bytes.extend_from_slice(piece.unwrap());
        let scenario = log.session().scenario().clone();
        host.export(&info, Some(&scenario), Format::Lines, None, &mut sink).await.unwrap();
        bytes
    })
}

#[test]
fn code_travels_in_files_and_links_and_does_not_run_elsewhere_before_somebody_lets_it() {
    let mine = Tab::mine(&SimulatedBrowser::new(), "transfers");
    let shown = mine.view("Accounts");
    let bytes = exported(&mine);
    let (host, info, log) = (mine.host.clone(), mine.log.info(), mine.log.clone());
    let shared = at_once(async move {
        let scenario = log.session().scenario().clone();
        host.share(&info, &scenario, 3, Vec::new()).await.unwrap()
    });
    let shared = link::read(&link::write(&shared).unwrap()).unwrap();
    for by_link in [false, true] {
        let elsewhere = SimulatedBrowser::new();
        let (host, there) = host_of(&elsewhere, 1);
        let (archive, kept) = if by_link {
            let imported = leftfold::codec::archive::Imported::of(shared.commits.clone()).unwrap();
            (imported, shared.records.clone())
        } else {
            let mut import = Import::new();
            import.feed(&bytes);
            (import.finish().unwrap(), SideRecords::new())
        };
        let of = host.clone();
        let Made { info, unsaid } = at_once(async move {
            of.import_new(&own_scenario(), "copy".to_owned(), archive, kept, &mut || ()).await
        })
        .unwrap();
        assert!(!unsaid);
        let copy = Tab::open_with(host, there, &info);
        assert_eq!(copy.state(), CodeState::Unseen, "by link: {by_link}");
        assert_eq!(copy.log.session().head(), mine.log.session().head());
        copy.adopt(&copy.log.own_code().unwrap().text).unwrap();
        assert_eq!(copy.view("Accounts"), shown);
        let effects = copy.log.session().world().outbox().len();
        assert_eq!(effects, mine.log.session().world().outbox().len());
        assert_eq!(copy.log.session().head(), mine.log.session().head(), "nothing is sent again");
    }
}

#[test]
fn a_fork_and_a_restored_backup_keep_their_code_and_run() {
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "bank");
    let log = mine.log.clone();
    let restored = at_once(async move { log.restore(&mut || ()).await }).unwrap();
    assert!(restored.same);
    let log = mine.log.clone();
    let forked = at_once(async move { log.ask(Request::Fork { position: 4 }).await }).result;
    let Ok(Response::Log(forked)) = forked else { panic!("it is a log") };
    for info in [restored.info, forked] {
        let copy = Tab::open_with(mine.host.clone(), mine.there.clone(), &info);
        assert_eq!(copy.state(), CodeState::Runs);
    }
}

#[test]
fn a_process_that_an_edit_adds_reacts_to_what_comes_and_not_to_the_past() {
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "cart");
    let with = text("cart").replacen(
        "domain({",
        "const shop = { about: \"\", initial: 0, apply: (n) => n + 1, react: (n, event, about) => \
         event.type === \"CartCheckedOut\" ? [effect(\"mail\", {}, { instance: about.stream, step: \
         String(about.position) })] : [] };\ndomain({ processes: { Shop: shop },",
        1,
    );
    mine.adopt(&with).unwrap();
    assert_eq!(mine.log.session().world().outbox().len(), 0);
    mine.send("cart-9", "AddToCart", &json!({ "item": "figs" })).unwrap();
    mine.send("cart-9", "Checkout", &json!({})).unwrap();
    assert_eq!(mine.log.session().world().outbox().len(), 1);
}

#[test]
fn what_one_tab_edits_the_other_runs() {
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "cart");
    let mut other = Tab::open(&browser, 2, &mine.log.info());
    mine.adopt(&doubled()).unwrap();
    let mut mine = mine;
    for _ in 0..4 {
        go_on(&mut mine.serve);
        browser.bus.deliver(mine.log.id(), 2);
        go_on(&mut other.serve);
        browser.clock.pass(1);
    }
    assert_eq!(other.log.own_code().unwrap().text, mine.log.own_code().unwrap().text);
    assert_eq!(other.view("Carts now"), mine.view("Carts now"));
}

#[test]
fn an_event_that_evolve_fails_on_makes_its_stream_unfoldable_from_there() {
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "cart");
    let faulty = text("cart").replace(
        "evolve({ items }, event) {",
        "evolve({ items }, event) {\n        if (event.item === \"figs\") null.x;",
    );
    assert!(faulty != text("cart"), "the twin is written otherwise");
    mine.adopt(&faulty).unwrap();
    mine.send("cart-9", "AddToCart", &json!({ "item": "figs" })).unwrap();
    let why = mine.send("cart-9", "AddToCart", &json!({ "item": "pears" })).unwrap_err();
    assert!(why.contains("version 1 of this stream cannot be folded"), "{why}");
    assert!(why.contains("TypeError") && why.contains("The state before it was"), "{why}");
}

#[test]
fn an_event_that_apply_fails_on_is_set_aside_where_the_read_model_is_lenient() {
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "cart");
    let faulty = text("cart").replace(
        "apply: (carts, event, { id }) => ({",
        "apply: (carts, event, { id }) => event.item === \"figs\" ? null.x : ({",
    );
    assert!(faulty != text("cart"), "the twin is written otherwise");
    mine.adopt(&faulty).unwrap();
    let change = SubscriptionChange { lenient: Some(true), ..Default::default() };
    let ask = Request::Subscription { name: "Carts now".to_owned(), how: change };
    let log = mine.log.clone();
    at_once(async move { log.ask(ask).await }).result.unwrap();
    mine.send("cart-9", "AddToCart", &json!({ "item": "figs" })).unwrap();
    mine.send("cart-8", "AddToCart", &json!({ "item": "pears" })).unwrap();
    let panel = mine.log.viewpoint_mut().panel("Carts now").unwrap();
    assert_eq!((panel.set_aside.len(), panel.lag), (1, 0));
    assert!(panel.set_aside[0].why.contains("TypeError"), "{:?}", panel.set_aside);
}

#[test]
fn edits_in_a_row_are_recorded_as_one_move_of_an_exercise() {
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "cart");
    mine.log.record();
    mine.adopt(&doubled()).unwrap();
    mine.adopt("no domain").unwrap_err();
    mine.adopt(text("cart")).unwrap();
    let recorded = mine.log.recorded();
    assert!(matches!(&recorded[..], [Request::Adopt { text: it }] if it == text("cart")));
}

#[test]
fn a_process_that_answers_itself_is_stopped_and_goes_on_with_other_code() {
    const ENDLESS: &str = "domain({ title: \"Doors\", aggregates: { door: {
        initial: 0, commands: { Open: {}, Repeat: {} }, events: { Opened: {} },
        decide: () => [{ type: \"Opened\" }, { type: \"Opened\" }], evolve: (times) => times + 1 } },
        processes: { Echo: { initial: 0, apply: (times) => times + 1,
        react: (times) => [command(\"door-1\", { type: \"Repeat\" }, { instance: \"1\", step: `${times}` })] } } })";
    let browser = SimulatedBrowser::new();
    let mine = Tab::mine(&browser, "cart");
    mine.adopt(ENDLESS).unwrap();
    mine.send("door-1", "Open", &json!({})).unwrap();
    let stopped =
        || mine.log.viewpoint_mut().panel("Echo").unwrap().stopped.map(|it| it.why.clone());
    assert!(stopped().unwrap().starts_with("1,000 commands were sent"), "{:?}", stopped());
    let head = mine.log.session().head();
    assert!(head < 2_100, "{head} events");
    mine.adopt(&ENDLESS.replace("react: (times) =>", "react: (times) => times > 0 ? [] :"))
        .unwrap();
    assert_eq!(stopped(), None);
    assert_eq!(mine.log.session().head(), head);
}
