//! A page that starts comes to a log that works, or says why not, whatever its storage and its
//! locks do: each call that it makes fails, closes the store, is late or never answers, one at a
//! time and in pairs. Time is counted in steps, never waited for.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod surroundings;

use std::rc::Rc;

use leftfold::es::Scenario;
use leftfold::host::{
    Alone, Command, FoundLog, Host, OpenLog, OpenMode, Places, Request, Sending, Trouble,
};
use leftfold::store::MemoryStore;
use serde_json::json;
use serde_json::value::to_raw_value;
use surroundings::{ClaimFate, Fate, SimulatedBrowser, Task, at_once, go_on, in_seconds};

const FATES: [Fate; 5] =
    [Fate::Fails, Fate::FailsAfter, Fate::Never, Fate::NeverTold, Fate::Closes];
const CLAIMS: [ClaimFate; 4] =
    [ClaimFate::Said, ClaimFate::Never, ClaimFate::Elsewhere, ClaimFate::OnlyElsewhere];
/// The calls that a start makes, and a few after it.
const CALLS: usize = 14;
/// A call that never answers is given up on after ten seconds, and a claim after two. There are at
/// most two such calls in a row, and one for the log that is gone on with in memory.
const SECONDS: u64 = 35;
/// How often a store may be called: each step of the story writes a few times.
const CALLED_AT_MOST: u64 = 120;

fn scenario(id: &str) -> Rc<Scenario> {
    leftfold::scenarios::all().into_iter().find(|it| *it.id == *id).unwrap()
}

/// A browser that has a log of the scenario, or nothing.
fn browser(id: &str, visited: bool) -> SimulatedBrowser {
    let browser = SimulatedBrowser::new();
    browser.clock.set(1_700_000_000_000);
    if visited {
        let ((host, _), of) = (browser.tab(9), scenario(id));
        let log = at_once(async move { host.create(&of, true).await }).unwrap();
        drop(log);
    }
    browser
}

/// Starts a page in which the store's calls have these fates, and looks at what it has come to.
fn start(id: &str, visited: bool, fates: &[(usize, Fate)], claims: ClaimFate) {
    let browser = browser(id, visited);
    let (disk, handle) = browser.tab_with(1, claims);
    let fate = |call| fates.iter().find(|(at, _)| *at == call).map_or(Fate::Done, |it| it.1);
    handle.foretell((0..CALLS).map(fate));
    handle.allow(CALLED_AT_MOST);
    let memory = Host::new(
        Rc::new(MemoryStore::default()),
        Rc::new(Alone),
        browser.clock.clone(),
        browser.ids.clone(),
    );
    let (places, of) = (Places { disk: Some(disk), class: None, memory }, scenario(id));
    let started = async move { places.start(&of, OpenMode::Last).await };
    let case = format!("{id}, visited {visited}: {fates:?}, {claims:?}");
    let Some((found, _)) = in_seconds(&browser.clock, SECONDS, &mut Vec::new(), started) else {
        panic!("it never starts: {case}");
    };
    let FoundLog { log, unkept, .. } = found.unwrap();
    assert_eq!(unkept.is_some(), !log.host().durable(), "what is not kept is said: {case}");
    works(&browser, &log, &case);
}

/// A command is accepted, or it is said why not.
fn works(browser: &SimulatedBrowser, log: &OpenLog, case: &str) {
    let data = Some(to_raw_value(&json!({ "item": "apples" })).unwrap());
    let stream = "cart-startup".to_owned();
    let command = Command { stream, kind: "AddToCart".to_owned(), data, how: Sending::default() };
    let mut serve: Vec<Task> = vec![Box::pin(log.serve())];
    go_on(&mut serve);
    let asked = log.clone();
    let sent = async move { asked.ask(Request::Send(command)).await };
    let Some((answered, _)) = in_seconds(&browser.clock, SECONDS, &mut serve, sent) else {
        panic!("a command is never answered: {case}");
    };
    match answered.result {
        Ok(_) => assert!(!matches!(log.trouble(), Some(Trouble::Elsewhere)), "{case}"),
        Err(error) => {
            assert!(!error.message.is_empty(), "{case}");
            assert!(log.trouble().is_some(), "{error}: {case}");
        }
    }
    assert!(log.runs_processes() || log.runner_unknown() || log.host().durable(), "{case}");
}

#[test]
fn whatever_one_call_does_a_page_that_starts_works_or_says_why_not() {
    for visited in [false, true] {
        for claims in CLAIMS {
            start("cart", visited, &[], claims);
            for call in 0..CALLS {
                for fate in FATES {
                    start("cart", visited, &[(call, fate)], claims);
                }
            }
        }
    }
}

#[test]
fn whatever_two_calls_do_a_page_that_starts_works_or_says_why_not() {
    for visited in [false, true] {
        for first in 0..CALLS {
            for second in first + 1..CALLS {
                for (one, two) in FATES.into_iter().flat_map(|one| FATES.map(|two| (one, two))) {
                    let claims = CLAIMS[(first + second) % CLAIMS.len()];
                    start("cart", visited, &[(first, one), (second, two)], claims);
                }
            }
        }
    }
}

#[test]
fn a_browser_that_does_not_say_who_runs_the_processes_keeps_nobody_waiting() {
    let browser = browser("cart", true);
    let (host, _) = browser.tab_with(1, ClaimFate::Never);
    let places = Places { disk: Some(host.clone()), class: None, memory: host };
    let of = scenario("cart");
    let started = async move { places.start(&of, OpenMode::Last).await };
    let (found, seconds) = in_seconds(&browser.clock, 5, &mut Vec::new(), started).unwrap();
    let log = found.unwrap().log;
    assert!(seconds <= 2 && log.runner_unknown() && !log.runs_processes());
    works(&browser, &log, "nothing is said");
    assert_eq!(log.trouble(), None);
}
