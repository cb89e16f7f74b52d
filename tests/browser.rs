//! Tests that need a browser: the stores in WebAssembly, and the promises of IndexedDB beyond those
//! of every store. `cargo xtask test` runs them in headless Chromium.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod conformance;
mod pool;
#[expect(dead_code, reason = "bugs are planted natively")]
mod simulate;
mod surroundings;

use std::future::poll_fn;
use std::task::Poll;

use conformance::{Writer, info, place};
use idb::{DatabaseEvent, Factory, ObjectStore, ObjectStoreParams, TransactionMode};
use js_sys::{Function, Uint8Array};
use leftfold::codec::segments_of;
use leftfold::es::{Commit, StoredCommit};
use leftfold::store::{IdbStore, LogStore, Shelf, SideRecords, StoreError};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

mod memory {
    use leftfold::store::MemoryStore;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::conformance;

    macro_rules! tests {
        ($($promise:ident)*) => {$(
            #[wasm_bindgen_test]
            async fn $promise() {
                let store = MemoryStore::default();
                conformance::$promise(async || store.clone()).await;
            }
        )*};
    }
    conformance::for_every_promise!(tests!);
}

mod idb_store {
    use leftfold::store::IdbStore;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::{conformance, fresh};

    macro_rules! tests {
        ($($promise:ident)*) => {$(
            #[wasm_bindgen_test]
            async fn $promise() {
                let name = fresh(stringify!($promise)).await;
                conformance::$promise(async || IdbStore::open(name).await.unwrap()).await;
            }
        )*};
    }
    conformance::for_every_promise!(tests!);
}

/// A class's servers, which `cargo xtask test` starts: one, and three. Each browser has its own.
mod class {
    use std::rc::Rc;

    use leftfold::store::LogStore;
    use leftfold::store::nats::{AnyTransport, NatsStore, Role, Websocket};
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen(module = "/web/dist/class.js")]
    extern "C" {
        #[wasm_bindgen(catch)]
        async fn connect(
            url: &str,
            user: &str,
            password: &str,
            changed: &js_sys::Function,
        ) -> Result<JsValue, JsValue>;
    }

    /// A store over a connection of its own.
    async fn store(servers: u32) -> NatsStore {
        let agent = web_sys::window().unwrap().navigator().user_agent().unwrap();
        let port = if agent.contains("Firefox") { 14_190 } else { 14_180 } + servers;
        let url = format!("ws://127.0.0.1:{port}");
        let ignore = js_sys::Function::new_no_args("");
        let connection = connect(&url, "keep", "keep-test", &ignore).await.unwrap();
        let transport: AnyTransport = Rc::new(Websocket::new(connection));
        NatsStore::open(transport, Role::Keep, servers).await.unwrap()
    }

    /// The same without the logs of the test before.
    async fn emptied(servers: u32) {
        let store = store(servers).await;
        for log in store.logs().await.unwrap() {
            store.remove(&log.id).await.unwrap();
        }
    }

    macro_rules! tests {
        ($module:ident $servers:literal: $($promise:ident)*) => {
            mod $module {
                use wasm_bindgen_test::wasm_bindgen_test;

                use super::super::conformance;
                use super::{emptied, store};

                $(
                    #[wasm_bindgen_test]
                    async fn $promise() {
                        emptied($servers).await;
                        conformance::$promise(async || store($servers).await).await;
                    }
                )*
            }
        };
    }
    macro_rules! on_one {
        ($($promise:ident)*) => { tests!(one 1: $($promise)*); };
    }
    macro_rules! on_three {
        ($($promise:ident)*) => { tests!(three 3: $($promise)*); };
    }
    super::conformance::for_every_promise!(on_one!);
    super::conformance::for_every_promise!(on_three!);
}

#[wasm_bindgen_test]
async fn a_commit_that_has_changed_is_named_and_the_others_are_read() {
    let name = fresh("changed").await;
    let store = with_commits(name, 3).await;
    change(name, "tail", async |tail| {
        let bytes = tail.get(key("['a', 2]")).unwrap().await.unwrap().unwrap();
        let bytes: Uint8Array = bytes.unchecked_into();
        bytes.set_index(30, bytes.get_index(30) ^ 1);
        tail.put(&bytes, Some(&key("['a', 2]"))).unwrap().await.unwrap();
    })
    .await;
    let told = "event 2 cannot be read: the checksum is wrong";
    assert_eq!(losses(&store).await, (1, vec![told.to_owned()], 1));
}

#[wasm_bindgen_test]
async fn a_commit_that_is_gone_is_noticed() {
    let name = fresh("gap").await;
    let store = with_commits(name, 3).await;
    change(name, "tail", async |tail| tail.delete(key("['a', 2]")).unwrap().await.unwrap()).await;
    let told = "event 2 cannot be read: the record is missing";
    assert_eq!(losses(&store).await, (1, vec![told.to_owned()], 1));
}

#[wasm_bindgen_test]
async fn a_last_commit_that_is_gone_is_noticed() {
    let name = fresh("short").await;
    let store = with_commits(name, 3).await;
    change(name, "tail", async |tail| tail.delete(key("['a', 3]")).unwrap().await.unwrap()).await;
    let told = "event 3 cannot be read: the record is missing";
    assert_eq!(losses(&store).await, (2, vec![told.to_owned()], 0));
}

#[wasm_bindgen_test]
async fn a_log_that_was_put_back_to_an_earlier_state_is_noticed() {
    let name = fresh("earlier").await;
    let store = with_commits(name, 2).await;
    let end =
        |heads: ObjectStore| async move { heads.get(key("'a'")).unwrap().await.unwrap().unwrap() };
    let earlier = std::cell::RefCell::new(JsValue::NULL);
    change(name, "heads", async |heads| _ = earlier.replace(end(heads).await)).await;
    assert_eq!(store.append("a", &commits(3)[2]).await, Ok(place(&commits(3)[2])));
    change(name, "tail", async |tail| tail.delete(key("['a', 3]")).unwrap().await.unwrap()).await;
    change(name, "heads", async |heads| {
        let head = earlier.borrow().clone();
        heads.put(&head, Some(&key("'a'"))).unwrap().await.unwrap();
    })
    .await;
    let told = "event 3 cannot be read: the record is missing";
    assert_eq!(losses(&store).await, (2, vec![told.to_owned()], 0));
    // The same holds where something else was stored there since.
    let mut writer = Writer::default();
    writer.commit(&["note-1"]);
    writer.commit(&["note-1"]);
    let other = writer.commit(&["note-2", "note-2"]);
    let noted = || storage().get_item(&format!("{name}/end/a")).unwrap().unwrap();
    let note = noted();
    assert_eq!(store.append("a", &other).await, Ok(place(&other)));
    // The sentinel's note is written a moment later.
    while noted() == note {
        assert_eq!(store.missing().await, Ok(Vec::new()));
    }
    storage().set_item(&format!("{name}/end/a"), &note).unwrap();
    let told = "events 3 to 4 cannot be read: it is not the one that was stored here";
    assert_eq!(losses(&store).await, (2, vec![told.to_owned()], 0));
}

#[wasm_bindgen_test]
async fn a_log_that_is_gone_altogether_is_missed_until_it_is_forgotten() {
    let name = fresh("evicted").await;
    let store = with_commits(name, 3).await;
    assert_eq!(store.missing().await, Ok(Vec::new()));
    drop(store);
    Factory::new().unwrap().delete(name).unwrap().await.unwrap();
    let store = IdbStore::open(name).await.unwrap();
    assert_eq!(store.missing().await, Ok(vec![("a".to_owned(), 3)]));
    store.forget("a");
    assert_eq!(store.missing().await, Ok(Vec::new()));
}

#[wasm_bindgen_test]
async fn a_log_that_somebody_removed_is_not_missed() {
    let name = fresh("removed").await;
    let store = with_commits(name, 3).await;
    assert_eq!(store.remove("a").await, Ok(()));
    assert_eq!(store.missing().await, Ok(Vec::new()));
}

#[wasm_bindgen_test]
async fn a_lost_segment_is_named_with_its_range() {
    let name = fresh("segments").await;
    let store = IdbStore::open(name).await.unwrap();
    let stored: Vec<_> = commits(3_000).iter().map(StoredCommit::from).collect();
    // Each import is a segment.
    for piece in stored.chunks(1_000) {
        assert_eq!(
            store
                .import(&info("a"), &mut segments_of(piece.iter().cloned()), &SideRecords::new())
                .await,
            Ok(())
        );
    }
    change(name, "segments", async |segments| {
        let keys = segments.get_all_keys(None, None).unwrap().await.unwrap();
        segments.delete(keys[1].clone()).unwrap().await.unwrap();
    })
    .await;
    let told = "events 1001 to 2000 cannot be read: the record is missing";
    assert_eq!(losses(&store).await, (1_000, vec![told.to_owned()], 1_000));
}

#[wasm_bindgen_test]
async fn a_log_of_the_first_layout_is_brought_over() {
    let name = fresh("first").await;
    let mut request = Factory::new().unwrap().open(name, Some(1)).unwrap();
    request.on_upgrade_needed(|event| {
        for store in ["logs", "tail", "heads", "shelves"] {
            let database = event.database().unwrap();
            database.create_object_store(store, ObjectStoreParams::new()).unwrap();
        }
    });
    request.await.unwrap().close();
    let info_text = serde_json::to_string(&info("a")).unwrap();
    change(name, "logs", async |logs| {
        logs.put(&info_text.as_str().into(), Some(&"a".into())).unwrap().await.unwrap();
    })
    .await;
    let commits = commits(3);
    for (n, commit) in commits[..2].iter().enumerate() {
        let mut json = serde_json::to_value(StoredCommit::from(commit)).unwrap();
        json.as_object_mut().unwrap().remove("number");
        change(name, "tail", async |tail| {
            let place = key(&format!("['a', {}]", n + 1));
            tail.put(&json.to_string().into(), Some(&place)).unwrap().await.unwrap();
        })
        .await;
    }
    let store = IdbStore::open(name).await.unwrap();
    assert_eq!(store.add(&info("a")).await, Ok(()));
    assert_eq!(losses(&store).await, (2, Vec::new(), 0));
    assert_eq!(store.append("a", &commits[2]).await, Ok(place(&commits[2])));
    assert_eq!(losses(&store).await, (3, Vec::new(), 0));
}

#[wasm_bindgen_test]
async fn an_import_that_nobody_waits_for_any_more_leaves_nothing() {
    let name = fresh("cancelled").await;
    let store = IdbStore::open(name).await.unwrap();
    let stored: Vec<_> = commits(12_000).iter().map(StoredCommit::from).collect();
    let mut stored = segments_of(stored);
    let log = info("a");
    let nothing = SideRecords::new();
    {
        let mut import = std::pin::pin!(store.import(&log, &mut stored, &nothing));
        let mut waits = 0;
        poll_fn(|context| {
            assert!(import.as_mut().poll(context).is_pending(), "it was over too soon");
            waits += 1;
            if waits < 5 { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }
    assert_eq!(store.logs().await, Ok(Vec::new()));
    assert_eq!(store.import(&log, &mut std::iter::empty(), &nothing).await, Ok(()));
    assert_eq!(losses(&store).await, (0, Vec::new(), 0));
}

#[wasm_bindgen_test]
async fn a_log_whose_description_cannot_be_read_does_not_hide_the_others() {
    let name = fresh("description").await;
    let store = with_commits(name, 1).await;
    change(name, "logs", async |logs| {
        logs.put(&1.into(), Some(&"b".into())).unwrap().await.unwrap();
    })
    .await;
    let titles = store.logs().await.unwrap().into_iter().map(|it| it.title);
    assert_eq!(
        titles.collect::<Vec<_>>(),
        [
            "The log a",
            "the storage failed: what is known of the log b cannot be read: EOF while \
         parsing a value at line 1 column 0",
        ]
    );
}

#[wasm_bindgen_test]
async fn a_store_that_an_older_page_keeps_from_opening_says_so() {
    let name = fresh("blocked").await;
    let older = Factory::new().unwrap().open(name, Some(1)).unwrap().await.unwrap();
    assert_eq!(
        failure(IdbStore::open(name).await.map(drop)),
        "the storage failed: another tab holds it with an older version of this page; \
         close that tab and reload this one"
    );
    older.close();
}

#[wasm_bindgen_test]
async fn a_store_steps_aside_for_a_newer_layout_and_says_so() {
    let name = fresh("newer").await;
    let store = with_commits(name, 1).await;
    let clone = store.clone();
    // This hangs where the store does not close.
    let newer = Factory::new().unwrap().open(name, Some(3)).unwrap().await.unwrap();
    let told = "the storage failed: another tab has changed its layout; reload this page";
    assert_eq!(failure(store.append("a", &commits(2)[1]).await), told);
    assert_eq!(failure(store.put("a", Shelf::Marks, "transfers", "1").await), told);
    assert_eq!(failure(clone.load("a").await), told);
    assert_eq!(failure(clone.logs().await), told);
    newer.close();
    assert_eq!(
        failure(IdbStore::open(name).await.map(drop)),
        "the storage failed: a newer version of this page has changed its layout; reload \
         this page"
    );
}

#[wasm_bindgen_test]
async fn a_store_that_is_gone_stands_in_nobody_s_way() {
    let name = fresh("gone").await;
    let store = with_commits(name, 1).await;
    drop(store.clone());
    assert_eq!(store.load("a").await.unwrap().commits.len(), 1);
    drop(store);
    Factory::new().unwrap().delete(name).unwrap().await.unwrap();
}

#[wasm_bindgen_test]
async fn a_full_storage_stores_nothing_and_says_so() {
    let name = fresh("full").await;
    let store = with_commits(name, 1).await;
    // This time the browser finds out only at the end of the transaction.
    let undo = script(
        "const { commit } = IDBTransaction.prototype;
         const error = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, 'error');
         const full = new DOMException('', 'QuotaExceededError');
         IDBTransaction.prototype.commit = IDBTransaction.prototype.abort;
         Object.defineProperty(
            IDBTransaction.prototype, 'error', { get: () => full, configurable: true });
         return () => {
            IDBTransaction.prototype.commit = commit;
            Object.defineProperty(IDBTransaction.prototype, 'error', error);
         };",
    );
    let appended = store.append("a", &commits(2)[1]).await.map(|_| ());
    let put = store.put("a", Shelf::Marks, "transfers", "1").await;
    let described = store.add(&info("b")).await;
    undo.call0(&JsValue::NULL).unwrap();
    assert_eq!([appended, put, described], [const { Err(StoreError::Full) }; 3]);
    assert_eq!(StoreError::Full.to_string(), "the storage is full");
    let kept = store.load("a").await.unwrap();
    assert_eq!((kept.commits.len(), kept.records.len()), (1, 0));
    assert_eq!(store.logs().await, Ok(vec![info("a")]));
    assert_eq!(store.append("a", &commits(2)[1]).await, Ok(place(&commits(2)[1])));
}

#[wasm_bindgen_test]
async fn where_there_is_no_indexed_db_opening_says_so() {
    for missing in ["undefined", "null"] {
        let undo = script(&format!(
            "const before = Object.getOwnPropertyDescriptor(globalThis, 'indexedDB');
             Object.defineProperty(
                globalThis, 'indexedDB', {{ value: {missing}, configurable: true }});
             return () => Object.defineProperty(globalThis, 'indexedDB', before);"
        ));
        let opened = IdbStore::open("none").await;
        undo.call0(&JsValue::NULL).unwrap();
        assert_eq!(
            failure(opened.map(drop)),
            "the storage failed: it offers none to this page; in a private window that \
             is usual"
        );
    }
}

#[wasm_bindgen_test]
fn the_same_seed_gives_the_same_log_and_steps_as_natively() {
    assert_eq!(simulate::digests(20), include_str!("simulate/digests.txt"));
}

#[wasm_bindgen_test]
fn a_story_and_its_fold_are_the_same_bytes_as_natively_in_every_scenario() {
    assert_eq!(simulate::story_digests(), include_str!("simulate/stories.txt"));
}

#[wasm_bindgen_test]
fn a_random_run_is_the_same_bytes_as_natively_in_every_scenario() {
    assert_eq!(simulate::random_digests(), include_str!("simulate/random.txt"));
}

/// A database that nobody has used yet.
async fn fresh(name: &str) -> &str {
    for log in ["a", "b", "aa"] {
        storage().remove_item(&format!("{name}/end/{log}")).unwrap();
    }
    Factory::new().unwrap().delete(name).unwrap().await.unwrap();
    name
}

fn storage() -> web_sys::Storage {
    web_sys::window().unwrap().local_storage().unwrap().unwrap()
}

/// The number of commits in the log `a` up to the first loss, the losses, and the number of commits
/// after it.
async fn losses(store: &IdbStore) -> (usize, Vec<String>, usize) {
    let kept = store.load("a").await.unwrap();
    let losses = kept.losses.iter().map(ToString::to_string).collect();
    (kept.commits.len(), losses, kept.stranded.len())
}

/// Commits of one event each.
fn commits(count: usize) -> Vec<Commit> {
    let mut writer = Writer::default();
    (0..count).map(|_| writer.commit(&["note-1"])).collect()
}

/// A store with a log `a` of `count` commits.
async fn with_commits(name: &str, count: usize) -> IdbStore {
    let store = IdbStore::open(name).await.unwrap();
    store.add(&info("a")).await.unwrap();
    for commit in commits(count) {
        store.append("a", &commit).await.unwrap();
    }
    store
}

/// Changes the database past the store.
async fn change(database: &str, store: &str, change: impl AsyncFnOnce(ObjectStore)) {
    let database = Factory::new().unwrap().open(database, None).unwrap().await.unwrap();
    let transaction = database.transaction(&[store], TransactionMode::ReadWrite).unwrap();
    change(transaction.object_store(store).unwrap()).await;
    transaction.await.unwrap();
    database.close();
}

fn key(javascript: &str) -> JsValue {
    Function::new_no_args(&format!("return {javascript}")).call0(&JsValue::NULL).unwrap()
}

/// Runs JavaScript that returns a function.
fn script(javascript: &str) -> Function {
    let run = Function::new_no_args(javascript).call0(&JsValue::NULL);
    run.unwrap().unchecked_into()
}

fn failure<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    result.unwrap_err().to_string()
}
