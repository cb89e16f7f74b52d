//! A log that a class shares, on real servers of NATS: the promises of every store, lines that are
//! cut, servers that are killed, and people who write what they must not. `cargo xtask test` starts
//! the servers.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod conformance;
mod nats;
#[expect(dead_code, reason = "browsers do little here")]
mod page;
mod surroundings;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use conformance::{Writer, info, place};
use fastrand::Rng;
use futures::future::{LocalBoxFuture, join, join_all, join4};
use leftfold::es::{Choice, Scenario, StoredCommit, Stream, command_id};
use leftfold::host::{ClassPeers, Clock, Command, Host, OpenLog, Peers, Request, Runner, Sending};
use leftfold::lab::{JournalEntry, Outcome};
use leftfold::lessons::{Lesson, Together, play};
use leftfold::scenarios::all;
use leftfold::store::nats::{NatsStore, Role};
use leftfold::store::{LogStore, Shelf, StoreError};
use nats::address::Address;
use nats::cutting::Line;
use nats::{Servers, connect_to};
use page::Page;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use surroundings::{CountedIds, HandClock};
use uuid::Uuid;

/// Runs a test's future, and all that it spawns on this thread.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, future)
}

macro_rules! tests {
    ($($promise:ident)*) => {
        $(
            #[test]
            fn $promise() {
                wait(async {
                    let servers = Servers::start(stringify!($promise), 1).await;
                    conformance::$promise(async || servers.store(Role::Keep).await).await;
                });
            }
        )*

        #[test]
        fn three_servers_keep_every_promise() {
            wait(async {
                let servers = Servers::start("three", 3).await;
                $(
                    conformance::$promise(async || servers.store(Role::Keep).await).await;
                    let store = servers.store(Role::Keep).await;
                    for log in store.logs().await.unwrap() {
                        store.remove(&log.id).await.unwrap();
                    }
                )*
            });
        }
    };
}
conformance::for_every_promise!(tests!);

/// The clock of this machine: servers and lines have no other.
struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> u64 {
        #[expect(clippy::disallowed_methods, reason = "a test has to begin somewhere")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        u64::try_from(now.as_millis()).unwrap()
    }

    fn sleep(&self, millis: u64) -> LocalBoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(millis)))
    }
}

fn scenario(id: &str) -> Rc<Scenario> {
    all().into_iter().find(|it| &*it.id == id).unwrap()
}

/// A page of a class, with a log open.
async fn page(store: &NatsStore, name: &str, log: &str, scenario: &Rc<Scenario>) -> OpenLog {
    let clock: Rc<dyn Clock> = Rc::new(MachineClock);
    let peers = Rc::new(ClassPeers::new(store, clock.clone(), name.to_owned()));
    let host = Host::new(Rc::new(store.clone()), peers, clock, Rc::new(CountedIds::default()));
    let host = host.with_actor(name);
    let info = host.logs().await.unwrap().into_iter().find(|it| it.id == log).unwrap();
    let log = host.open(scenario, info).await.unwrap();
    tokio::task::spawn_local(log.serve());
    log
}

/// A command with the same id for everybody.
fn add(number: u64, cart: &str) -> Request {
    let how = Sending {
        command_id: Some(command_id("class", number).to_string()),
        actor: Some("Zoë".to_owned()),
        ..Sending::default()
    };
    let data = Some(to_raw_value(&json!({ "item": "tea" })).unwrap());
    let (stream, kind) = (cart.to_owned(), "AddToCart".to_owned());
    Request::Send(Command { stream, kind, data, how })
}

/// A log of a scenario, which somebody who leads has made.
async fn log_of(store: &NatsStore, id: &str, scenario: &str) {
    let info = leftfold::store::LogInfo { scenario: scenario.to_owned(), ..info(id) };
    store.add(&info).await.unwrap();
}

fn texts(log: &OpenLog) -> Vec<String> {
    let session = log.session();
    let commits = session.commits(session.head());
    commits.iter().map(|it| serde_json::to_string(&StoredCommit::from(it)).unwrap()).collect()
}

/// How many pairs of pages are tried at a time.
const AT_ONCE: u64 = 24;

/// Two pages are given the same three commands, and one of their lines is cut after so many
/// messages. False where that many never came past.
async fn cut_once(servers: &Servers, keeper: &NatsStore, first: bool, after: u64) -> bool {
    let id = format!("cut {first} {after}");
    log_of(keeper, &id, "cart").await;
    let lines = [Line::to(servers.ports()[0]).await, Line::to(servers.ports()[0]).await];
    let mut pages = Vec::new();
    for (name, line) in ["one", "two"].into_iter().zip(&lines) {
        let connection = connect_to(&[line.port], "act").await;
        let store = NatsStore::open(connection, Role::Act, 1).await.unwrap();
        pages.push(page(&store, name, &id, &scenario("cart")).await);
    }
    let line = &lines[usize::from(!first)];
    line.cut_after(after);
    for number in 0..3 {
        // Two carts, so that there are commits that others have overtaken.
        let to = ["cart-1", "cart-2"][usize::from(number == 1)];
        let ask = async |page: &OpenLog| {
            for _ in 0..100 {
                let answer = page.ask(add(number, to)).await;
                let outcome = answer.entry().map(|it| it.outcome.clone());
                match outcome {
                    Some(Outcome::Accepted | Outcome::Repeated) => return,
                    Some(Outcome::NotStored) => {
                        _ = page.ask(Request::Retry).await;
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    _ => panic!("{id}: {answer:?}"),
                }
            }
            panic!("{id}: nothing gets through");
        };
        join(ask(&pages[0]), ask(&pages[1])).await;
    }
    let was_cut = !line.whole();
    let stored = keeper.load(&id).await.unwrap();
    let mut ids: Vec<_> = stored.commits.iter().map(|it| it.envelope.command_id).collect();
    let mut expected: Vec<_> = (0..3).map(|number| command_id("class", number)).collect();
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected, "{id}");
    keeper.remove(&id).await.unwrap();
    was_cut
}

#[test]
fn two_who_are_given_the_same_commands_store_each_once_wherever_the_line_is_cut() {
    wait(async {
        let servers = Servers::start("cut", 1).await;
        let keeper = servers.store(Role::Keep).await;
        let mut tried = 0;
        for first in [true, false] {
            let mut after = 1;
            loop {
                let some =
                    (after..after + AT_ONCE).map(|it| cut_once(&servers, &keeper, first, it));
                let cut = join_all(some).await.iter().filter(|it| **it).count();
                tried += cut;
                after += AT_ONCE;
                if (cut as u64) < AT_ONCE {
                    break;
                }
            }
        }
        assert!(tried > 40, "the line was cut at {tried} places only");
    });
}

#[test]
fn a_commit_whose_answer_got_lost_is_no_conflict_wherever_the_line_is_cut() {
    wait(async {
        let servers = Servers::start("answer", 1).await;
        let keeper = servers.store(Role::Keep).await;
        let mut after = 0;
        loop {
            after += 1;
            let id = format!("answer {after}");
            keeper.add(&info(&id)).await.unwrap();
            let line = Line::to(servers.ports()[0]).await;
            let connection = connect_to(&[line.port], "act").await;
            let store = NatsStore::open(connection, Role::Act, 1).await.unwrap();
            line.cut_after(after);
            let mut writer = Writer::default();
            for _ in 0..3 {
                let commit = writer.commit(&["note-1"]);
                assert_eq!(store.append(&id, &commit).await, Ok(place(&commit)), "{id}");
            }
            assert_eq!(keeper.load(&id).await.unwrap().commits.len(), 3, "{id}");
            if line.whole() {
                break;
            }
        }
        assert!(after > 6, "the line was cut at {after} places only");
    });
}

#[test]
fn what_does_not_follow_counts_for_nobody_and_hinders_nobody() {
    wait(async {
        let servers = Servers::start("hostile", 1).await;
        let store = servers.store(Role::Keep).await;
        store.add(&info("a")).await.unwrap();
        let mut writer = Writer::default();
        let first = writer.commit(&["note-1"]);
        assert_eq!(store.append("a", &first).await, Ok(place(&first)));
        // Somebody who may take part writes past the store.
        let hostile = servers.connect("act").await;
        let subject = "lf.log.-YQ.note.MQ";
        for nonsense in [&b""[..], b"nonsense", &[0; 40], &[255; 4_000]] {
            hostile.request(subject, &[], nonsense).await.unwrap();
        }
        // The server's wildcard does not reach so deep.
        hostile.request("lf.log.-YQ.note.MQ.MQ", &[], b"nonsense").await.unwrap();
        let second = writer.commit_guarding("note-1");
        assert_eq!(store.append("a", &second).await, Ok(place(&second)));
        let careless = NatsStore::open_without_checks(hostile, Role::Act, 1).await.unwrap();
        let mut late = Writer::default();
        assert!(careless.append("a", &late.commit(&["note-1"])).await.is_ok());
        let third = writer.commit(&["note-2"]);
        assert_eq!(store.append("a", &third).await, Ok(place(&third)));
        let kept = servers.store(Role::Watch).await.load("a").await.unwrap();
        let numbers: Vec<_> = kept.commits.iter().map(|it| (it.number, it.after)).collect();
        assert_eq!(numbers, [(1, 0), (2, 1), (3, 2)]);
        assert!(kept.losses.is_empty());
    });
}

#[test]
fn a_server_without_room_stores_nothing_and_goes_on_once_there_is_room() {
    wait(async {
        let servers = Servers::start("full", 1).await;
        let store = servers.store(Role::Keep).await;
        store.add(&info("a")).await.unwrap();
        let mut writer = Writer::default();
        let first = writer.commit(&["note-1"]);
        assert_eq!(store.append("a", &first).await, Ok(place(&first)));
        let keeper = servers.connect("keep").await;
        let ask = async |call: &str, body: &str| -> Value {
            let subject = format!("$JS.API.STREAM.{call}.log-YQ");
            let answer = keeper.request(&subject, &[], body.as_bytes()).await.unwrap();
            serde_json::from_slice(&answer.payload).unwrap()
        };
        let there = ask("INFO", "").await;
        let mut config = there["config"].clone();
        config["max_bytes"] = there["state"]["bytes"].clone();
        assert!(ask("UPDATE", &config.to_string()).await.get("error").is_none());
        let second = writer.commit(&["note-1"]);
        assert_eq!(store.append("a", &second).await, Err(StoreError::Full));
        assert_eq!(store.load("a").await.unwrap().commits.len(), 1);
        config["max_bytes"] = there["config"]["max_bytes"].clone();
        assert!(ask("UPDATE", &config.to_string()).await.get("error").is_none());
        assert_eq!(store.append("a", &second).await, Ok(place(&second)));
        let kept = servers.store(Role::Watch).await.load("a").await.unwrap();
        assert_eq!(kept.commits.len(), 2);
    });
}

#[test]
fn nobody_in_a_class_can_change_what_is_stored() {
    wait(async {
        let servers = Servers::start("roles", 1).await;
        let keeper = servers.store(Role::Keep).await;
        keeper.add(&info("a")).await.unwrap();
        let commit = Writer::default().commit(&["note-1"]);
        let watch = servers.store(Role::Watch).await;
        let looks_on =
            Err(StoreError::NotAllowed("with this address one only looks on".to_owned()));
        assert_eq!(watch.append("a", &commit).await, looks_on);
        assert!(servers.store(Role::Act).await.add(&info("b")).await.is_err());
        assert!(servers.store(Role::Lead).await.add(&info("b")).await.is_ok());
        assert!(servers.store(Role::Act).await.append("a", &commit).await.is_ok());
        // The server itself refuses, whatever the page says.
        let calls = [
            ("watch", "lf.log.-YQ.note.MQ", ""),
            ("act", "$KV.logs.-YQ", "{}"),
            ("act", "$JS.API.STREAM.CREATE.mine", r#"{"name":"mine","subjects":["mine"]}"#),
            ("lead", "$JS.API.STREAM.DELETE.log-YQ", ""),
            ("lead", "$JS.API.STREAM.PURGE.log-YQ", ""),
            ("lead", "$JS.API.STREAM.MSG.DELETE.log-YQ", r#"{"seq":1}"#),
            ("lead", "$JS.API.STREAM.UPDATE.log-YQ", r#"{"name":"log-YQ","max_msgs":0}"#),
        ];
        let mut asked = Vec::new();
        for (role, subject, body) in calls {
            let connection = servers.connect(role).await;
            asked.push(async move {
                let answer = connection.request(subject, &[], body.as_bytes()).await;
                assert!(answer.is_err(), "{role} {subject}: {answer:?}");
            });
        }
        join_all(asked).await;
        let rollup = [("Nats-Rollup", "all".to_owned())];
        let act = servers.connect("act").await;
        let answer = act.request("lf.log.-YQ.note.MQ", &rollup, b"").await.unwrap();
        assert!(String::from_utf8(answer.payload).unwrap().contains("error"));
        assert_eq!(keeper.load("a").await.unwrap().commits.len(), 1);
        let wrong = connect_to(&servers.ports(), "nobody").await;
        assert!(NatsStore::open(wrong, Role::Watch, 1).await.is_err());
    });
}

#[test]
fn one_page_at_a_time_runs_the_processes_and_a_page_that_slept_no_longer() {
    wait(async {
        let servers = Servers::start("lease", 1).await;
        let clocks = [Rc::new(HandClock::default()), Rc::new(HandClock::default())];
        // The second one's clock is wrong by a day.
        clocks[1].set(86_400_000);
        let mut pages = Vec::new();
        for (name, clock) in ["one", "two"].into_iter().zip(&clocks) {
            let store = servers.store(Role::Lead).await;
            pages.push(ClassPeers::new(&store, clock.clone(), name.to_owned()));
        }
        let Runner::Here(claim) = pages[0].claim("a").await else { panic!("nobody has it") };
        assert!(matches!(pages[1].claim("a").await, Runner::Elsewhere));
        assert!(matches!(pages[1].claim("b").await, Runner::Here(_)), "logs have their own");
        let act = servers.store(Role::Act).await;
        let acting = ClassPeers::new(&act, clocks[0].clone(), "four".to_owned());
        assert!(matches!(acting.claim("c").await, Runner::Elsewhere), "who leads comes first");
        let watch = servers.store(Role::Watch).await;
        let watching = ClassPeers::new(&watch, clocks[0].clone(), "three".to_owned());
        assert!(
            matches!(watching.claim("c").await, Runner::Elsewhere),
            "who looks on runs nothing"
        );
        assert!(claim.holds());
        clocks[0].set(3_600_000);
        assert!(!claim.holds(), "it slept for an hour");
        drop(claim);
        // Giving a lease up in time hands it on at once.
        let Runner::Here(claim) = pages[0].claim("a").await else { panic!("it was its own") };
        let mut inherited = pages[1].inherit("a");
        drop(claim);
        for _ in 0..100 {
            clocks[1].pass(2_000);
            let tried = tokio::time::timeout(Duration::from_millis(50), &mut inherited).await;
            if let Ok(claim) = tried {
                return assert!(claim.holds());
            }
        }
        panic!("nobody inherits");
    });
}

#[test]
fn who_leads_takes_the_processes_over_and_a_lease_that_nobody_renews_comes_to_its_end() {
    wait(async {
        let servers = Servers::start("leads", 1).await;
        let clock = Rc::new(HandClock::default());
        let peers = async |role, name: &str| {
            ClassPeers::new(&servers.store(role).await, clock.clone(), name.to_owned())
        };
        let (act, lead) = (peers(Role::Act, "one").await, peers(Role::Lead, "two").await);
        let inherits = async |mut waiting: LocalBoxFuture<'static, leftfold::host::Claim>| {
            for _ in 0..200 {
                clock.pass(2_000);
                let tried = tokio::time::timeout(Duration::from_millis(20), &mut waiting).await;
                if let Ok(claim) = tried {
                    return claim;
                }
            }
            panic!("nobody inherits");
        };
        let of_act = inherits(act.inherit("a")).await;
        assert!(matches!(lead.claim("a").await, Runner::Elsewhere), "another one has it");
        let of_lead = inherits(lead.inherit("a")).await;
        assert!(of_lead.holds() && !of_act.holds(), "who leads comes first");
        // Somebody writes a lease without an end, and holds nothing.
        let hostile = servers.connect("act").await;
        let subject = leftfold::store::nats::lease("b");
        hostile.request(&subject, &[], b"lead nobody").await.unwrap();
        assert!(matches!(lead.claim("b").await, Runner::Elsewhere));
        assert!(inherits(lead.inherit("b")).await.holds());
    });
}

#[test]
fn a_side_record_that_somebody_has_damaged_shuts_nobody_out() {
    wait(async {
        let servers = Servers::start("damaged", 1).await;
        let keeper = servers.store(Role::Keep).await;
        log_of(&keeper, "a", "welcome").await;
        for shelf in [Shelf::Marks, Shelf::Effects, Shelf::Refusals, Shelf::SetUps, Shelf::Clock] {
            keeper.put("a", shelf, "x", "garbage").await.unwrap();
        }
        let act = servers.store(Role::Act).await;
        let page = page(&act, "one", "a", &scenario("welcome")).await;
        assert_eq!(page.trouble(), None);
    });
}

/// So many send at once.
const RACERS: usize = 30;

/// An exercise that all do at once, and thirty pages that have its log open.
async fn race(servers: &Servers, number: usize) -> (Together, Vec<(String, OpenLog)>) {
    let text = include_str!("../src/lessons/all-at-once.json");
    let lesson: Lesson = serde_json::from_str(text).unwrap();
    let exercise = &lesson.exercises[number - 1];
    let (log, scenario) = (format!("race-{number}"), scenario(&exercise.scenario));
    let keeper = servers.store(Role::Keep).await;
    log_of(&keeper, &log, &scenario.id).await;
    let leader = page(&servers.store(Role::Lead).await, "Ms Kim", &log, &scenario).await;
    play(&exercise.start, &leader).await.unwrap();
    let pages = (0..RACERS).map(async |it| {
        let name = format!("person {it}");
        let open = page(&servers.store(Role::Act).await, &name, &log, &scenario).await;
        (name, open)
    });
    (exercise.together.clone().unwrap(), join_all(pages).await)
}

/// All send what all send, as they have seen the log up to a position. Returns what came of it.
async fn all_at_once(
    together: &Together,
    pages: &[(String, OpenLog)],
    position: u64,
) -> Vec<JournalEntry> {
    let sent = pages.iter().map(async |(name, open)| {
        let mut command = together.command(name, open, position);
        command.how.command_id = Some(command_id(name, position).to_string());
        open.ask(Request::Send(command)).await.entry().unwrap().clone()
    });
    join_all(sent).await
}

fn accepted(entries: &[JournalEntry]) -> usize {
    entries.iter().filter(|it| it.outcome == Outcome::Accepted).count()
}

#[test]
fn of_thirty_who_withdraw_at_once_one_wins_each_version_and_the_books_balance() {
    wait(async {
        let servers = Servers::start("withdraw", 1).await;
        let (together, pages) = race(&servers, 1).await;
        let first = all_at_once(&together, &pages, 2).await;
        assert_eq!(accepted(&first), 1, "{first:?}");
        let again = pages.iter().zip(&first).map(async |((name, open), entry)| {
            let (command, id) = (entry.envelope.command_id, Some(command_id(name, 0)));
            let retry = Request::Again { command, choice: Choice::Retry, id };
            open.ask(retry).await.entry().unwrap().clone()
        });
        let again = join_all(again).await;
        // The winner asks for more, too, and there is no money left for one of the thirty.
        assert_eq!(accepted(&again) + accepted(&first), RACERS, "{again:?}");
        let account = Stream::parse("account-1").unwrap();
        let balance = || {
            let mut viewpoint = pages[0].1.viewpoint_mut();
            let head = viewpoint.head();
            viewpoint.state_at(&account, head).unwrap().1["balance"].clone()
        };
        while pages[0].1.session().head() < 2 + RACERS as u64 {
            MachineClock.sleep(20).await;
        }
        assert_eq!(balance(), json!(0), "30 times 10.00 of 300.00");
        // Nobody gets what is not there.
        let empty = all_at_once(&together, &pages, 2 + RACERS as u64).await;
        assert_eq!(accepted(&empty), 0, "{empty:?}");
        assert_eq!(balance(), json!(0));
    });
}

#[test]
fn of_thirty_who_want_one_name_at_once_one_gets_it_where_the_category_is_guarded() {
    wait(async {
        let servers = Servers::start("lola", 1).await;
        for (number, named) in [(2, RACERS), (3, 1)] {
            let (together, pages) = race(&servers, number).await;
            let came = all_at_once(&together, &pages, 1).await;
            assert_eq!(accepted(&came), named, "exercise {number}: {came:?}");
        }
    });
}

/// How hard a class's log is treated.
struct Force {
    people: usize,
    /// How many more are browsers with the built page.
    browsers: usize,
    seconds: u64,
    /// How often a server that leads is killed.
    kills: u32,
    checks: bool,
}

/// What somebody was told, and did not ask for twice.
#[derive(Default)]
struct Told {
    accepted: Vec<Uuid>,
    rejected: u64,
    unstored: u64,
}

/// One of the class: sends commands until the time is over.
async fn takes_part(page: &OpenLog, random: &mut Rng, until: u64) -> Told {
    let mut told = Told::default();
    let person = random.u64(..);
    for number in 0.. {
        if MachineClock.now() > until {
            break;
        }
        let id = command_id(&format!("person {person}"), number);
        // Five customers sign in all the time, and now and then there is a new one, who gets a mail.
        let (stream, kind, data) = if number % 8 == 0 {
            let name = format!("Zoë {person}.{number}");
            let data = json!({ "name": name, "email": format!("{person}.{number}@example.org") });
            (format!("customer-{person}.{number}"), "RegisterCustomer", data)
        } else {
            (format!("customer-{}", random.u8(1..=5)), "SignIn", json!({}))
        };
        let how = Sending {
            command_id: Some(id.to_string()),
            actor: Some(format!("person {person}")),
            ..Sending::default()
        };
        let data = Some(to_raw_value(&data).unwrap());
        let command = Command { stream, kind: kind.to_owned(), data, how };
        let answer = page.ask(Request::Send(command)).await;
        match answer.entry().map(|it| &it.outcome) {
            Some(Outcome::Accepted) => told.accepted.push(id),
            Some(Outcome::NotStored) | None => {
                told.unstored += 1;
                _ = page.ask(Request::Retry).await;
            }
            Some(_) => told.rejected += 1,
        }
        tokio::time::sleep(Duration::from_millis(random.u64(5..60))).await;
    }
    told
}

/// The server that leads a log's stream, by its number from 0.
async fn leader(store: &NatsStore, log: &str) -> Option<usize> {
    let transport = &store.engine().transport;
    let subject = format!("$JS.API.STREAM.INFO.log-{log}");
    let answer = transport.request(&subject, &[], &[]).await.ok()?;
    let info: serde_json::Value = serde_json::from_slice(&answer.payload).ok()?;
    let name = info["cluster"]["leader"].as_str()?;
    name.strip_prefix("node-")?.parse::<usize>().ok()?.checked_sub(1)
}

/// Treats a class's log with force. Returns what is wrong afterwards, and says how much was done.
async fn treat(force: &Force) -> Vec<String> {
    let mut servers = Servers::start(&format!("force-{}", force.checks), 3).await;
    let keeper = servers.store(Role::Keep).await;
    log_of(&keeper, "a", "welcome").await;
    let scenario = scenario("welcome");
    let (mut pages, mut lines) = (Vec::new(), Vec::new());
    for person in 0..force.people {
        let mut ports = Vec::new();
        for port in servers.ports() {
            let line = Line::to(port).await;
            ports.push(line.port);
            lines.push(line);
        }
        let connection = connect_to(&ports, "act").await;
        let store = if force.checks {
            NatsStore::open(connection, Role::Act, 3).await.unwrap()
        } else {
            NatsStore::open_without_checks(connection, Role::Act, 3).await.unwrap()
        };
        pages.push(page(&store, &format!("person {person}"), "a", &scenario).await);
    }
    for number in 1..=5 {
        let email = format!("{number}@example.org");
        let data = json!({ "name": format!("Zoë {number}"), "email": email });
        let data = Some(to_raw_value(&data).unwrap());
        let stream = format!("customer-{number}");
        let kind = "RegisterCustomer".to_owned();
        let command = Command { stream, kind, data, how: Sending::default() };
        pages[0].ask(Request::Send(command)).await.result.unwrap();
    }
    let mut windows = Vec::new();
    for number in 0..force.browsers {
        windows.push(Window::join(&servers, number).await);
    }
    let until = MachineClock.now() + force.seconds * 1_000;
    let browsers = join_all(windows.iter().map(|it| it.takes_part(force.seconds)));
    let everybody = join_all(pages.iter().enumerate().map(|(person, page)| async move {
        takes_part(page, &mut Rng::with_seed(person as u64), until).await
    }));
    let mut random = Rng::with_seed(28);
    let cuts = async {
        while MachineClock.now() < until {
            tokio::time::sleep(Duration::from_millis(random.u64(50..400))).await;
            let cut = random.usize(..lines.len() + windows.len());
            match lines.get(cut) {
                Some(line) => line.cut(),
                None => windows[cut - lines.len()].address.cut(),
            }
        }
    };
    let kills = async {
        let pause = Duration::from_secs(force.seconds) / (force.kills + 1);
        for _ in 0..force.kills {
            tokio::time::sleep(pause / 2).await;
            let leader = leader(&keeper, "YQ").await.unwrap_or_default();
            servers.kill(leader);
            tokio::time::sleep(pause / 2).await;
            servers.start_node(leader);
        }
    };
    let (told, by_browsers, (), ()) = join4(everybody, browsers, cuts, kills).await;
    servers.wait().await;
    let told: Vec<Told> = told.into_iter().chain(by_browsers).collect();
    let mut wrong = wrong_with(&servers, &pages, &told).await;
    for (number, window) in windows.into_iter().enumerate() {
        if !window.agrees_with(&texts(&pages[0])).await {
            wrong.push(format!("browser {number} has another log"));
        }
        window.page.close().await;
    }
    wrong
}

/// A browser with the built page, in the class.
struct Window {
    page: Page,
    address: Address,
}

impl Window {
    async fn join(servers: &Servers, number: usize) -> Self {
        let mut page = Page::unopened().await;
        let host = [127, 0, 0, 1].into();
        let address = Address::of(host, page.site.address, servers.websockets()).await;
        page.address.clone_from(&address.text);
        page.visit("#/join/act-test").await;
        page.ready().await;
        let field = page.find("[role=dialog] input").await;
        page.type_over(&field, &format!("browser {number}")).await;
        page.click("Join").await;
        page.shows("Class", "here").await;
        page.js("await leftfold.open('welcome', { log: 'a' })").await;
        page.until("location.hash.startsWith('#/welcome/a/')").await;
        Self { page, address }
    }

    /// As [`takes_part`] does it, by the console.
    async fn takes_part(&self, seconds: u64) -> Told {
        let work = format!(
            "const until = Date.now() + {seconds} * 1000, accepted = [];
             let rejected = 0, unstored = 0;
             for (let n = 0; Date.now() < until; n++) {{
                 const id = crypto.randomUUID();
                 const [to, type, data] = n % 8
                     ? [`customer-${{1 + n % 5}}`, 'SignIn', {{}}]
                     : [`customer-${{id}}`, 'RegisterCustomer', {{ name: id, email: `${{id}}@example.org` }}];
                 try {{
                     const {{ outcome }} = await leftfold.send(to, {{ type, data }}, {{ commandId: id }});
                     if (outcome === 'accepted') accepted.push(id); else rejected++;
                 }} catch (fault) {{
                     if (fault.code === 'storage') unstored++; else rejected++;
                 }}
                 await new Promise(done => setTimeout(done, 20 + Math.random() * 60));
             }}
             window.came = {{ accepted, rejected, unstored }}"
        );
        // A driver gives up on a script that takes as long as this one.
        self.page.js(&format!("(async () => {{ {work} }})(); return 0")).await;
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        self.page.until("!!window.came").await;
        let came = self.page.js("window.came").await;
        let accepted = came["accepted"].as_array().into_iter().flatten();
        let accepted = accepted.map(|it| Uuid::parse_str(it.as_str().unwrap()).unwrap());
        Told {
            accepted: accepted.collect(),
            rejected: came["rejected"].as_u64().unwrap_or_else(|| panic!("{came}")),
            unstored: came["unstored"].as_u64().unwrap(),
        }
    }

    /// True once this page has the same events as a log.
    async fn agrees_with(&self, commits: &[String]) -> bool {
        let mut events = Vec::new();
        for commit in commits {
            let commit: serde_json::Value = serde_json::from_str(commit).unwrap();
            for event in commit["events"].as_array().unwrap() {
                let [stream, kind] = ["stream", "type"].map(|it| event[it].as_str().unwrap());
                events.push(format!("{stream} {} {kind} {}", event["version"], event["at"]));
            }
        }
        let all = "JSON.stringify((await leftfold.events(1, await leftfold.head()))
            .map(it => `${it.stream} ${it.version} ${it.type} ${it.at}`))";
        let expected = serde_json::to_string(&events).unwrap();
        self.page.holds(&format!("{all} === {}", json!(expected))).await
    }
}

/// What is wrong with a log after all that.
async fn wrong_with(servers: &Servers, pages: &[OpenLog], told: &[Told]) -> Vec<String> {
    let mut wrong = Vec::new();
    let store = servers.store(Role::Watch).await;
    let kept = store.load("a").await.unwrap();
    let expected: Vec<String> =
        kept.commits.iter().map(|it| serde_json::to_string(it).unwrap()).collect();
    let mut stored = BTreeMap::<Uuid, u32>::new();
    let mut versions = BTreeMap::<String, u64>::new();
    for commit in &kept.commits {
        *stored.entry(commit.envelope.command_id).or_default() += 1;
        for event in &commit.events {
            let version = versions.entry(event.stream.to_string()).or_default();
            *version += 1;
            if *version != event.version {
                wrong.push(format!("{} has no version {version}", event.stream));
            }
        }
    }
    wrong.extend(stored.iter().filter(|(_, it)| **it > 1).map(|(id, _)| format!("{id}: twice")));
    for id in told.iter().flat_map(|it| &it.accepted).filter(|id| !stored.contains_key(id)) {
        wrong.push(format!("{id} was acknowledged, and is lost"));
    }
    for (person, page) in pages.iter().enumerate() {
        for _ in 0..30 {
            _ = page.ask(Request::Retry).await;
            page.settle().await;
            if texts(page).len() >= expected.len() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if texts(page) != expected {
            wrong.push(format!("person {person} has another log"));
        }
    }
    let records = store.records("a").await.unwrap();
    let mut mails = BTreeMap::<String, u32>::new();
    for ((_, _), text) in records.iter().filter(|((shelf, _), _)| *shelf == Shelf::Effects) {
        let effect: serde_json::Value = serde_json::from_str(text).unwrap();
        *mails.entry(format!("{} for {}", effect["type"], effect["instance"])).or_default() += 1;
    }
    wrong.extend(mails.iter().filter(|(_, it)| **it > 1).map(|(it, _)| format!("{it}: twice")));
    let acknowledged: usize = told.iter().map(|it| it.accepted.len()).sum();
    let [rejected, unstored] =
        [told.iter().map(|it| it.rejected).sum::<u64>(), told.iter().map(|it| it.unstored).sum()];
    println!(
        "{acknowledged} acknowledged, {rejected} not accepted, {unstored} of unknown outcome; {} \
         commits, {} mails; wrong: {}",
        kept.commits.len(),
        mails.len(),
        wrong.len()
    );
    wrong
}

fn at_length() -> bool {
    std::env::var("LEFTFOLD_TORTURE").is_ok_and(|it| it == "long")
}

#[test]
fn a_class_under_force_loses_nothing_and_stores_nothing_twice() {
    let force = if at_length() {
        Force { people: 26, browsers: 4, seconds: 60, kills: 3, checks: true }
    } else {
        Force { people: 8, browsers: 0, seconds: 8, kills: 1, checks: true }
    };
    assert_eq!(wait(treat(&force)), [""; 0]);
}

#[test]
fn a_store_that_checks_nothing_is_found_out_under_force() {
    let force = Force { people: 6, browsers: 0, seconds: 2, kills: 0, checks: false };
    assert_ne!(wait(treat(&force)), [""; 0]);
}
