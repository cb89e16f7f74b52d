//! Tests that need a browser: the stores in WebAssembly, and what IndexedDB adds to the
//! promises that every store keeps. `cargo xtask test` runs them in headless Chromium.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod conformance;
mod pool;
#[expect(dead_code, reason = "bugs are planted natively")]
mod simulate;

use conformance::{Writer, info};
use idb::{Factory, ObjectStore, TransactionMode};
use js_sys::Function;
use leftfold::es::Commit;
use leftfold::store::{IdbStore, LogStore, Shelf, StoreError};
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

#[wasm_bindgen_test]
async fn a_commit_that_cannot_be_read_is_named() {
    let name = fresh("unreadable").await;
    let store = with_commits(name, 3).await;
    change(name, "tail", async |tail| {
        tail.put(&"{".into(), Some(&key("['a', 2]"))).unwrap().await.unwrap();
    })
    .await;
    assert_eq!(
        failure(store.load("a").await),
        "the browser's storage failed: commit 2 of the log a cannot be read: EOF while parsing an \
         object at line 1 column 1"
    );
}

#[wasm_bindgen_test]
async fn a_commit_that_is_gone_is_noticed() {
    let name = fresh("gap").await;
    let store = with_commits(name, 3).await;
    change(name, "tail", async |tail| tail.delete(key("['a', 2]")).unwrap().await.unwrap()).await;
    assert_eq!(
        failure(store.load("a").await),
        "the browser's storage failed: commit 2 of the log a follows event 2, and the one before \
         it ends at event 1"
    );
}

#[wasm_bindgen_test]
async fn a_last_commit_that_is_gone_is_noticed() {
    let name = fresh("short").await;
    let store = with_commits(name, 3).await;
    change(name, "tail", async |tail| tail.delete(key("['a', 3]")).unwrap().await.unwrap()).await;
    assert_eq!(
        failure(store.load("a").await),
        "the browser's storage failed: the log a should have 3 commits up to event 3, and has 2 up \
         to event 2"
    );
}

#[wasm_bindgen_test]
async fn a_log_whose_description_cannot_be_read_is_named() {
    let name = fresh("description").await;
    let store = with_commits(name, 1).await;
    change(name, "logs", async |logs| {
        logs.put(&1.into(), Some(&"b".into())).unwrap().await.unwrap();
    })
    .await;
    assert_eq!(
        failure(store.logs().await),
        "the browser's storage failed: what is known of the log b cannot be read: EOF while \
         parsing a value at line 1 column 0"
    );
}

#[wasm_bindgen_test]
async fn a_store_steps_aside_for_a_newer_layout_and_says_so() {
    let name = fresh("newer").await;
    let store = with_commits(name, 1).await;
    let clone = store.clone();
    // Hangs where the store does not close.
    let newer = Factory::new().unwrap().open(name, Some(2)).unwrap().await.unwrap();
    let told = "the browser's storage failed: another tab has changed its layout; reload this page";
    assert_eq!(failure(store.append("a", &commits(2)[1]).await), told);
    assert_eq!(failure(store.put("a", Shelf::Marks, "transfers", "1").await), told);
    assert_eq!(failure(clone.load("a").await), told);
    assert_eq!(failure(clone.logs().await), told);
    newer.close();
    assert_eq!(
        failure(IdbStore::open(name).await.map(drop)),
        "the browser's storage failed: a newer version of this page has changed its layout; reload \
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
    // As when the browser finds out only after every request has succeeded.
    let undo = script(
        "const { put } = IDBObjectStore.prototype;
         const error = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, 'error');
         const full = new DOMException('', 'QuotaExceededError');
         IDBObjectStore.prototype.put = function (...values) {
            const request = put.apply(this, values);
            request.onsuccess = () => this.transaction.abort();
            return request;
         };
         Object.defineProperty(
            IDBTransaction.prototype, 'error', { get: () => full, configurable: true });
         return () => {
            IDBObjectStore.prototype.put = put;
            Object.defineProperty(IDBTransaction.prototype, 'error', error);
         };",
    );
    let appended = store.append("a", &commits(2)[1]).await;
    let put = store.put("a", Shelf::Marks, "transfers", "1").await;
    let described = store.describe(&info("b")).await;
    undo.call0(&JsValue::NULL).unwrap();
    assert_eq!([appended, put, described], [const { Err(StoreError::Full) }; 3]);
    assert_eq!(StoreError::Full.to_string(), "the browser's storage is full");
    let kept = store.load("a").await.unwrap();
    assert_eq!((kept.commits.len(), kept.records.len()), (1, 0));
    assert_eq!(store.logs().await, Ok(vec![info("a")]));
    assert_eq!(store.append("a", &commits(2)[1]).await, Ok(()));
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
            "the browser's storage failed: it offers none to this page; in a private window that \
             is usual"
        );
    }
}

#[wasm_bindgen_test]
fn the_same_seed_gives_the_same_log_and_steps_as_natively() {
    assert_eq!(simulate::digests(20), include_str!("simulate/digests.txt"));
}

/// A database that nobody has used yet.
async fn fresh(name: &str) -> &str {
    Factory::new().unwrap().delete(name).unwrap().await.unwrap();
    name
}

/// So many commits of one event each.
fn commits(count: usize) -> Vec<Commit> {
    let mut writer = Writer::default();
    (0..count).map(|_| writer.commit(&["note-1"])).collect()
}

/// A store with a log `a` of so many commits.
async fn with_commits(name: &str, count: usize) -> IdbStore {
    let store = IdbStore::open(name).await.unwrap();
    store.describe(&info("a")).await.unwrap();
    for commit in commits(count) {
        store.append("a", &commit).await.unwrap();
    }
    store
}

/// Goes behind the store's back.
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
