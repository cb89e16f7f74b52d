//! What is said of a person is stored nowhere in a way that anybody can read without the person's
//! key, and once that is destroyed, nobody can. All that is stored and all that leaves the browser
//! is searched for it.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod surroundings;

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use leftfold::codec::archive::{Format, Import};
use leftfold::es::Scenario;
use leftfold::host::{
    Command, FORGOTTEN, Host, JsonText, LoadBy, NO_KEY, OpenLog, Request, Sending,
};
use leftfold::lab::RandomPlan;
use leftfold::store::{LogInfo, LogStore, SideRecords, link};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use surroundings::{SimulatedBrowser, Task, at_once, go_on};

/// What the story says of Lola.
const OF_LOLA: [&str; 5] = ["Lola", "Gheda", "lola@example.org", "Elm Street", "Oak Lane"];
/// What it says of Ben.
const OF_BEN: [&str; 4] = ["Ben", "Moss", "ben@example.org", "Ash Road"];
/// The step of the story in which Lola is forgotten, counted from 0.
const FORGETS: usize = 7;

fn scenario() -> Rc<Scenario> {
    leftfold::scenarios::all().into_iter().find(|it| &*it.id == "privacy").unwrap()
}

struct Tab {
    host: Host,
    log: OpenLog,
    serve: Vec<Task>,
}

impl Tab {
    /// A new log, in which so many steps of the story were told.
    fn told(browser: &SimulatedBrowser, steps: usize) -> Self {
        let (host, _) = browser.tab(1);
        let of = host.clone();
        let log = at_once(async move { of.create(&scenario(), false).await }).unwrap();
        let mut tab = Self::of(host, log);
        for _ in 0..steps {
            tab.ask(Request::Next);
        }
        tab
    }

    fn open(browser: &SimulatedBrowser, number: usize, info: &LogInfo) -> Self {
        let (host, _) = browser.tab(number);
        let (of, info) = (host.clone(), info.clone());
        let log = at_once(async move { of.open(&scenario(), info).await }).unwrap();
        Self::of(host, log)
    }

    fn of(host: Host, log: OpenLog) -> Self {
        let serve: Vec<Task> = vec![Box::pin(log.serve())];
        Self { host, log, serve }
    }

    fn ask(&mut self, request: Request) -> Value {
        let log = self.log.clone();
        let answered = at_once(async move { log.ask(request).await });
        go_on(&mut self.serve);
        match answered.result {
            Ok(response) => serde_json::to_value(response).unwrap(),
            Err(error) => json!(error.message),
        }
    }

    fn send(&mut self, stream: &str, kind: &str, data: &Value) -> Value {
        let data = Some(to_raw_value(data).unwrap());
        let (stream, kind) = (stream.to_owned(), kind.to_owned());
        let how = Sending::default();
        self.ask(Request::Send(Command { stream, kind, data, how }))
    }

    /// All that the page and the console show of this tab's log.
    fn shown(&mut self) -> String {
        let head = self.log.session().head();
        let mut all = Vec::new();
        for request in [
            Request::Events { from: 1, to: head },
            Request::Journal,
            Request::Outbox,
            Request::Fold {
                position: 0,
                count: head + 1,
                names: ["person-1", "person-2", "Mailing list", "What is still known", "Parcels"]
                    .map(str::to_owned)
                    .into(),
            },
            Request::State { stream: "person-1".to_owned() },
            Request::View { name: "Mailing list".to_owned() },
            Request::View { name: "What is still known".to_owned() },
        ] {
            let answer = self.ask(request);
            all.push(self.log.session().opened_value(answer).to_string());
        }
        for position in 0..=head {
            let panels: Vec<_> = {
                let session = self.log.session();
                session.world().subscriptions().iter().map(|it| it.name().clone()).collect()
            };
            let mut session = self.log.viewpoint_mut();
            session.seek(position);
            for name in panels {
                let panel = session.panel(&name).unwrap();
                all.push(serde_json::to_string(&(&*panel.now, &*panel.was)).unwrap());
            }
        }
        all.join("\n")
    }

    /// All that this tab holds in memory of the log, as far as it can be written down.
    fn in_memory(&mut self) -> String {
        let session = self.log.session();
        let world = session.world();
        let mut all = vec![format!("{:?}", session.commits(session.head()))];
        all.extend(session.log().events(1, session.head()).map(|it| it.data().get().to_owned()));
        all.push(serde_json::to_string(world.journal()).unwrap());
        all.push(serde_json::to_string(world.outbox()).unwrap());
        all.extend(
            world.subscriptions().iter().map(|it| serde_json::to_string(&it.view()).unwrap()),
        );
        all.extend(world.snapshots().map(|(_, it)| format!("{it:?}")));
        all.join("\n")
    }

    /// All that leaves the browser with the log.
    fn taken_along(&self) -> String {
        let (host, info) = (self.host.clone(), self.log.info());
        at_once(async move {
            let mut all = Vec::new();
            for format in [Format::Lines, Format::Batch] {
                let mut sink = |piece: Option<&[u8]>, _: u64| all.extend(piece.unwrap().to_vec());
                host.export(&info, Some(&scenario()), format, None, &mut sink).await.unwrap();
            }
            let shared = host.share(&info, &scenario(), 3, Vec::new()).await.unwrap();
            // A link is compressed: what it holds is searched.
            let link = link::read(&link::write(&shared).unwrap()).unwrap();
            format!("{}\n{link:?}", String::from_utf8(all).unwrap())
        })
    }
}

/// All that the browser keeps of its logs.
fn stored(browser: &SimulatedBrowser) -> String {
    let store = browser.store.clone();
    at_once(async move {
        let mut all = Vec::new();
        for info in store.logs().await.unwrap() {
            let mut visit = |found: leftfold::codec::CommitOrLoss<'_>| {
                if let leftfold::codec::CommitOrLoss::Commit(commit) = found {
                    all.push(serde_json::to_string(&commit.owned()).unwrap());
                }
            };
            store.read(&info.id, 0, 0, &mut visit).await.unwrap();
            all.push(format!("{:?}", store.records(&info.id).await.unwrap()));
            all.push(format!("{info:?}"));
        }
        all.join("\n")
    })
}

#[track_caller]
fn has_none(what: &str, text: &str, words: &[&str]) {
    for word in words {
        let at = text.find(word).map(|at| &text[at.saturating_sub(60)..(at + 40).min(text.len())]);
        assert!(at.is_none(), "{what} has {word}: {at:?}");
    }
}

#[test]
fn what_is_stored_is_sealed_and_what_is_shown_is_open() {
    let browser = SimulatedBrowser::new();
    let mut tab = Tab::told(&browser, FORGETS);
    let all = [&OF_LOLA[..], &OF_BEN].concat();
    has_none("what is stored", &stored(&browser), &all);
    has_none("what is in memory", &tab.in_memory(), &all);
    has_none("what is taken along", &tab.taken_along(), &all);
    let shown = tab.shown();
    assert!(all.iter().all(|word| shown.contains(word)), "{shown}");
}

#[test]
fn whoever_is_forgotten_can_be_read_nowhere_and_everybody_else_still_can() {
    let browser = SimulatedBrowser::new();
    let mut tab = Tab::told(&browser, scenario().story.len());
    for text in [stored(&browser), tab.in_memory(), tab.taken_along(), tab.shown()] {
        has_none("a text", &text, &OF_LOLA);
    }
    let shown = tab.shown();
    assert!(shown.contains(FORGOTTEN) && OF_BEN.iter().all(|word| shown.contains(word)));
    // The events are all there, and read models that are built anew agree.
    assert_eq!(tab.ask(Request::State { stream: "person-1".to_owned() })["state"]["orders"], 2);
    let before = tab.shown();
    tab.ask(Request::RebuildAll);
    assert_eq!(tab.shown(), before);
    let mut again = Tab::open(&browser, 2, &tab.log.info());
    has_none("after a reload", &again.shown(), &OF_LOLA);
}

#[test]
fn forks_copies_and_restored_backups_forget_together() {
    let browser = SimulatedBrowser::new();
    let mut tab = Tab::told(&browser, FORGETS);
    let (log, host, info) = (tab.log.clone(), tab.host.clone(), tab.log.info());
    let restored = at_once(async move { log.restore(&mut || ()).await }).unwrap().info;
    let copy = at_once(async move { host.duplicate(&info, "Copy".to_owned(), &mut || ()).await });
    let fork = tab.ask(Request::Fork { position: 3 });
    let fork = all_logs(&browser).into_iter().find(|it| fork["id"] == json!(it.id)).unwrap();
    let mut others: Vec<Tab> = [restored, copy.unwrap(), fork]
        .iter()
        .enumerate()
        .map(|(number, info)| Tab::open(&browser, 5 + number, info))
        .collect();
    for other in &mut others {
        assert!(other.shown().contains("Lola Gheda"));
    }
    tab.ask(Request::Next);
    for other in &others {
        let mut again = Tab::open(&browser, 9, &other.log.info());
        has_none("another log", &again.shown(), &OF_LOLA);
    }
}

/// Whoever may read a log may take it to another place with other keys, such as out of a class.
#[test]
fn a_copy_and_a_fork_in_another_place_are_read_there_by_keys_of_its_own() {
    let (here, elsewhere) = (SimulatedBrowser::new(), SimulatedBrowser::new());
    let mut tab = Tab::told(&here, FORGETS);
    let log = tab.log.clone();
    let (there, _) = elsewhere.tab(1);
    let made = at_once(async move {
        [log.copy_to(&there).await.unwrap(), log.fork_to(&there, 3).await.unwrap()]
    });
    let mut others = made.each_ref().map(|info| Tab::open(&elsewhere, 2, info));
    for other in &mut others {
        assert!(other.shown().contains("Lola Gheda"));
    }
    // From now on, each place forgets for itself. Whoever shows a text opens it anew then.
    let turn = tab.log.seal_turn();
    tab.ask(Request::Next);
    assert!(tab.log.seal_turn() > turn);
    has_none("here", &tab.shown(), &OF_LOLA);
    assert!(others[0].shown().contains("Lola Gheda"));
}

fn all_logs(browser: &SimulatedBrowser) -> Vec<LogInfo> {
    let (host, _) = browser.tab(0);
    at_once(async move { host.logs().await }).unwrap()
}

#[test]
fn another_tab_forgets_as_soon_as_it_hears_of_it() {
    let browser = SimulatedBrowser::new();
    let mut tab = Tab::told(&browser, FORGETS);
    let mut other = Tab::open(&browser, 2, &tab.log.info());
    assert!(other.shown().contains("Lola Gheda"));
    tab.ask(Request::Next);
    browser.bus.look();
    go_on(&mut tab.serve);
    go_on(&mut other.serve);
    has_none("the other tab", &other.shown(), &OF_LOLA);
    has_none("the memory of the other tab", &other.in_memory(), &OF_LOLA);
}

#[test]
fn no_key_leaves_the_browser_or_stands_in_a_log() {
    let browser = SimulatedBrowser::new();
    let mut tab = Tab::told(&browser, FORGETS);
    let keys = browser.keys.borrow().clone();
    assert_eq!(keys.len(), 2, "one a person");
    for text in [stored(&browser), tab.taken_along(), tab.in_memory(), tab.shown()] {
        for key in keys.values().flatten() {
            let list = serde_json::to_string(&key.to_vec()).unwrap();
            let written = [STANDARD.encode(key), URL_SAFE_NO_PAD.encode(key), list];
            has_none("a text", &text, &written.each_ref().map(String::as_str));
        }
    }
}

#[test]
fn whoever_gets_the_file_reads_that_the_key_is_not_there() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::told(&browser, FORGETS);
    let elsewhere = SimulatedBrowser::new();
    let (host, _) = elsewhere.tab(1);
    let (from, info) = (tab.host.clone(), tab.log.info());
    let made = at_once(async move {
        let mut bytes = Vec::new();
        let mut sink = |piece: Option<&[u8]>, _: u64| bytes.extend_from_slice(piece.unwrap());
        from.export(&info, Some(&scenario()), Format::Lines, None, &mut sink).await.unwrap();
        let mut import = Import::new();
        import.feed(&bytes);
        let (archive, beside) = (import.finish().unwrap(), SideRecords::new());
        host.import_new(&scenario(), String::new(), archive, beside, &mut || ()).await.unwrap()
    });
    let mut there = Tab::open(&elsewhere, 2, &made.info);
    let shown = there.shown();
    assert!(shown.contains(NO_KEY) && !shown.contains(FORGOTTEN));
    has_none("what is shown", &shown, &[&OF_LOLA[..], &OF_BEN].concat());
}

#[test]
fn what_was_refused_is_sealed_as_well_and_forgotten_with_the_rest() {
    let browser = SimulatedBrowser::new();
    let mut tab = Tab::told(&browser, 1);
    let again =
        json!({ "name": "Lola Secret", "email": "secret@example.org", "address": "Secret Road" });
    let refused = tab.send("person-1", "Register", &again);
    assert_eq!(refused, "this person is registered already");
    let blank = json!({ "name": "", "email": "secret@example.org", "address": "Secret Road" });
    tab.send("person-3", "Register", &blank);
    let words = ["Secret", "secret@"];
    has_none("what is stored", &stored(&browser), &words);
    assert!(tab.shown().contains("Lola Secret"));
    tab.send("person-1", "ForgetMe", &json!({}));
    assert!(!tab.shown().contains("Lola Secret"));
    // Whoever was forgotten says something once more: nobody keeps the key for that.
    tab.send("person-1", "ChangeAddress", &json!({ "address": "Secret Lane" }));
    has_none("what is stored", &stored(&browser), &words);
    assert!(!tab.shown().contains("Secret Lane"));
}

#[test]
fn events_that_go_past_the_aggregate_and_runs_by_chance_are_sealed() {
    let browser = SimulatedBrowser::new();
    let mut tab = Tab::told(&browser, 0);
    let data =
        json!({ "name": "Zoë Secret", "email": "secret@example.org", "address": "Secret Road" });
    let row = json!({ "stream": "person-7", "type": "PersonRegistered", "data": data });
    let events = JsonText(json!([row]).to_string());
    tab.ask(Request::Append { events, react: true, forced: None, id: None });
    has_none("what is stored", &stored(&browser), &["Secret", "secret@"]);
    assert!(tab.shown().contains("Zoë Secret"));
    let host = tab.host.clone();
    let (run, _) = at_once(async move {
        let plan = RandomPlan { at: 1_700_000_000_000, events: 300, streams: 9, seed: 5 };
        host.run_by_chance(&scenario(), "By chance".to_owned(), plan, &mut |_| (), &mut || ())
            .await
            .unwrap()
    });
    has_none("a run by chance", &stored(&browser), &[&OF_LOLA[..], &OF_BEN].concat());
    let mut run = Tab::open(&browser, 3, &run);
    assert!(run.shown().contains("Elm Street"), "its keys are kept");
}

#[test]
fn what_another_tool_brings_along_in_plain_text_is_sealed_before_it_is_stored() {
    let browser = SimulatedBrowser::new();
    let tab = Tab::told(&browser, 0);
    let data =
        json!({ "name": "Zoë Secret", "email": "secret@example.org", "address": "Secret Road" });
    let line = json!({
        "specversion": "1.0", "id": "1", "source": "elsewhere", "type": "PersonRegistered",
        "subject": "person-7", "data": data,
    });
    let archive = || {
        let mut import = Import::new();
        import.feed(line.to_string().as_bytes());
        import.finish().unwrap()
    };
    let (host, log, new, more) = (tab.host.clone(), tab.log.clone(), archive(), archive());
    let made = at_once(async move {
        log.extend(more, &mut || ()).await.unwrap();
        let (title, beside) = (String::new(), SideRecords::new());
        host.import_new(&scenario(), title, new, beside, &mut || ()).await.unwrap()
    });
    has_none("what is stored", &stored(&browser), &["Secret", "secret@"]);
    for info in [made.info, tab.log.info()] {
        let mut there = Tab::open(&browser, 2, &info);
        assert!(there.shown().contains("Zoë Secret"));
        there.send("person-7", "ForgetMe", &json!({}));
        assert!(!there.shown().contains("Zoë Secret"));
    }
}

#[test]
fn a_key_that_could_not_be_destroyed_is_destroyed_when_the_log_is_opened_again() {
    let browser = SimulatedBrowser::new();
    let mut tab = Tab::told(&browser, FORGETS);
    browser.stubborn.set(true);
    tab.ask(Request::Next);
    assert!(tab.log.trouble().is_some(), "it is said");
    browser.stubborn.set(false);
    let mut again = Tab::open(&browser, 2, &tab.log.info());
    has_none("after a reload", &again.shown(), &OF_LOLA);
    assert!(browser.keys.borrow().values().any(Option::is_none));
}

#[test]
fn snapshots_of_states_hold_seals() {
    let browser = SimulatedBrowser::new();
    let mut tab = Tab::told(&browser, 1);
    tab.ask(Request::Loading(Some(LoadBy::Snapshots(2))));
    for _ in 0..4 {
        tab.ask(Request::Next);
    }
    assert!(tab.log.session().world().snapshots().count() > 0);
    has_none("what is in memory", &tab.in_memory(), &OF_LOLA);
}

#[test]
fn the_same_command_that_is_sent_twice_is_recognised_and_another_under_its_id_is_not_readable_with_it()
 {
    let browser = SimulatedBrowser::new();
    let mut tab = Tab::told(&browser, 0);
    let id = "01900000-0000-7000-8000-000000000001";
    let mut register = |name: &str| {
        let data = json!({ "name": name, "email": "a@b", "address": "c" });
        let how = Sending { command_id: Some(id.to_owned()), ..Sending::default() };
        let (stream, kind) = ("person-1".to_owned(), "Register".to_owned());
        let data = Some(to_raw_value(&data).unwrap());
        tab.ask(Request::Send(Command { stream, kind, data, how }))
    };
    assert_eq!(register("Lola")["outcome"], "accepted");
    assert_eq!(register("Lola")["outcome"], "repeated");
    assert!(register("Mattia").to_string().contains("this command id was used before, for"));
    let journal = tab.ask(Request::Journal);
    let seals: Vec<String> = journal
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["command"]["data"]["name"].to_string())
        .collect();
    let nonce = |seal: &String| seal.split('.').nth(1).unwrap()[..32].to_owned();
    let key = |seal: &String| seal.split('.').next().unwrap().to_owned();
    assert_eq!(nonce(&seals[0]), nonce(&seals[2]));
    assert_ne!(key(&seals[0]), key(&seals[2]), "one key never seals two texts alike");
}
