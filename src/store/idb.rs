//! Logs in the browser's IndexedDB: they outlive the page, and every tab sees the same ones.
//!
//! | object store | key | value |
//! |---|---|---|
//! | `logs` | log | what is known of it, JSON text |
//! | `tail` | log, n | its nth commit, JSON text |
//! | `heads` | log, stream | the stream's version; under the stream `""` the log's own end |
//! | `shelves` | log, shelf, key | a small record, JSON text |
//!
//! Every write is one transaction that first compares and then writes. The browser lets
//! transactions that write the same object stores wait for each other, also those of other
//! tabs: that is the whole concurrency check. A transaction ends by itself as soon as it has
//! nothing left to do, so between its first request and its last nothing else is ever awaited.
//! How soon a commit reaches the disk is left to the browser, which means soon, not at once.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use idb::event::VersionChangeEvent;
use idb::request::futures::GetStoreRequestFuture;
use idb::{
    Database, DatabaseEvent, Event, Factory, KeyRange, ObjectStoreParams, Query, Request,
    Transaction, TransactionMode,
};
use js_sys::{Array, Promise};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::{from_value, to_value};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::{Kept, LogInfo, LogStore, Shelf, StoreError, check};
use crate::es::{Commit, StoredCommit};

/// The layout of the object stores. One that has other stores has another number.
const LAYOUT: u32 = 1;
const LOGS: &str = "logs";
const TAIL: &str = "tail";
const HEADS: &str = "heads";
const SHELVES: &str = "shelves";

/// The key of the log's own end among the heads: no stream has an empty name.
const WHOLE: &str = "";

/// The longest text that Chromium holds is a little longer; other browsers hold more.
const LONGEST_TEXT_BYTES: usize = 500 << 20;

/// How far a log goes: the position of its last event, and how many commits it has.
type End = (u64, u64);

/// Logs in an IndexedDB database. Clones share one connection.
#[derive(Clone)]
pub struct IdbStore(Rc<Connection>);

struct Connection {
    database: Database,
    /// Why it can no longer be used, once it can't.
    lost: Rc<Cell<Option<&'static str>>>,
}

impl Drop for Connection {
    /// A connection that nobody listens on any more must not keep others from upgrading.
    fn drop(&mut self) {
        self.database.close();
    }
}

impl IdbStore {
    /// Opens the database called `name`, and makes it where there is none.
    ///
    /// # Errors
    /// [`StoreError::Failed`] where the browser offers no storage, as some do in private
    /// windows, or where a newer version of the page has changed the database's layout.
    pub async fn open(name: &str) -> Result<Self, StoreError> {
        let mut request = Factory::new()?.open(name, Some(LAYOUT))?;
        request.on_upgrade_needed(|event| {
            if make_stores(&event).is_err() {
                // With some stores only, every later call would fail: rather no database.
                let opening = event.target().ok().and_then(|request| request.transaction());
                _ = opening.map(Transaction::abort);
            }
        });
        let mut database = request.await?;
        let lost = Rc::new(Cell::new(None));
        let why = lost.clone();
        database.on_version_change(move |event| {
            why.set(Some("another tab has changed its layout; reload this page"));
            if let Ok(database) = event.database() {
                database.close();
            }
        });
        let why = lost.clone();
        database.on_close(move |_| why.set(Some("the browser has closed it; reload this page")));
        Ok(Self(Rc::new(Connection { database, lost })))
    }

    fn begin(&self, stores: &[&str], mode: TransactionMode) -> Result<Transaction, StoreError> {
        match self.0.lost.get() {
            Some(why) => Err(StoreError::Failed(why.to_owned())),
            None => Ok(self.0.database.transaction(stores, mode)?),
        }
    }

    /// One transaction that is over before this returns: stored, or undone.
    async fn write(
        &self,
        stores: &[&str],
        work: impl AsyncFnOnce(&Transaction) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let transaction = self.begin(stores, TransactionMode::ReadWrite)?;
        match work(&transaction).await {
            Ok(()) => completed(transaction).await,
            Err(error) => {
                // It may have been aborted already, by what went wrong.
                _ = transaction.abort();
                Err(error)
            }
        }
    }
}

impl LogStore for IdbStore {
    async fn logs(&self) -> Result<Vec<LogInfo>, StoreError> {
        let transaction = self.begin(&[LOGS], TransactionMode::ReadOnly)?;
        let logs = transaction.object_store(LOGS)?;
        let (ids, logs) = (logs.get_all_keys(None, None)?, logs.get_all(None, None)?);
        let (ids, logs) = (ids.into_future(), logs.into_future());
        let (ids, logs) = (ids.await?, logs.await?);
        let mut infos = Vec::with_capacity(logs.len());
        for (id, log) in ids.into_iter().zip(&logs) {
            let id: String = from_value(id)?;
            infos.push(parse::<LogInfo>(log, || format!("what is known of the log {id}"))?);
        }
        // IndexedDB orders texts otherwise.
        infos.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(infos)
    }

    async fn describe(&self, info: &LogInfo) -> Result<(), StoreError> {
        let text = to_text(info)?;
        self.write(&[LOGS], async |transaction| {
            transaction.object_store(LOGS)?.put(&text, Some(&JsValue::from_str(&info.id)))?;
            Ok(())
        })
        .await
    }

    async fn append(&self, log: &str, commit: &Commit) -> Result<(), StoreError> {
        let text = to_text(&StoredCommit::from(commit))?;
        let expects = commit.expects();
        self.write(&[LOGS, TAIL, HEADS], async |transaction| {
            let heads = transaction.object_store(HEADS)?;
            // All questions are asked before the first answer is awaited.
            let known = get(transaction, LOGS, &log)?;
            let end = get(transaction, HEADS, &(log, WHOLE))?;
            let mut answers = Vec::with_capacity(expects.len());
            for (stream, _) in &expects {
                answers.push(get(transaction, HEADS, &(log, stream))?);
            }
            let (known, end) = (known.await?, end.await?);
            let mut versions = BTreeMap::new();
            for ((stream, _), answer) in expects.iter().zip(answers) {
                if let Some(version) = answer.await? {
                    versions.insert(stream.clone(), from_value::<u64>(version)?);
                }
            }
            if known.is_none() {
                return Err(StoreError::UnknownLog(log.to_owned()));
            }
            let (head, count) = read_end(end)?;
            check(commit, &expects, head, &versions)?;

            for event in &commit.events {
                versions.insert(event.stream().clone(), event.version());
            }
            let nth = count + 1;
            transaction.object_store(TAIL)?.add(&text, Some(&to_value(&(log, nth))?))?;
            heads.put(&to_value(&(commit.head(), nth))?, Some(&to_value(&(log, WHOLE))?))?;
            for (stream, version) in &versions {
                heads.put(&to_value(version)?, Some(&to_value(&(log, stream))?))?;
            }
            Ok(())
        })
        .await
    }

    async fn put(&self, log: &str, on: Shelf, key: &str, record: &str) -> Result<(), StoreError> {
        self.write(&[LOGS, SHELVES], async |transaction| {
            if get(transaction, LOGS, &log)?.await?.is_none() {
                return Err(StoreError::UnknownLog(log.to_owned()));
            }
            let shelves = transaction.object_store(SHELVES)?;
            shelves.put(&JsValue::from_str(record), Some(&to_value(&(log, on, key))?))?;
            Ok(())
        })
        .await
    }

    async fn load(&self, log: &str) -> Result<Kept, StoreError> {
        // One transaction, so that what it reads belongs together.
        let stores = [LOGS, TAIL, HEADS, SHELVES];
        let transaction = self.begin(&stores, TransactionMode::ReadOnly)?;
        let known = get(&transaction, LOGS, &log)?;
        let end = get(&transaction, HEADS, &(log, WHOLE))?;
        let tail = transaction.object_store(TAIL)?;
        let tail = tail.get_all(Some(all_of(log)?), None)?.into_future();
        let shelves = transaction.object_store(SHELVES)?;
        let keys = shelves.get_all_keys(Some(all_of(log)?), None)?.into_future();
        let shelves = shelves.get_all(Some(all_of(log)?), None)?.into_future();
        let (known, end, tail) = (known.await?, end.await?, tail.await?);
        let (keys, shelves) = (keys.await?, shelves.await?);
        if known.is_none() {
            return Err(StoreError::UnknownLog(log.to_owned()));
        }

        let mut kept = Kept::default();
        let mut head = 0;
        for (nth, record) in (1_u64..).zip(tail) {
            let commit: StoredCommit = parse(&record, || format!("commit {nth} of the log {log}"))?;
            if commit.after != head {
                return Err(StoreError::Failed(format!(
                    "commit {nth} of the log {log} follows event {}, and the one before it ends \
                     at event {head}",
                    commit.after
                )));
            }
            head += commit.events.len() as u64;
            kept.commits.push(commit);
        }
        let (end, count) = read_end(end)?;
        if (end, count) != (head, kept.commits.len() as u64) {
            return Err(StoreError::Failed(format!(
                "the log {log} should have {count} commits up to event {end}, and has {} up to \
                 event {head}",
                kept.commits.len()
            )));
        }
        for (key, record) in keys.into_iter().zip(shelves) {
            let (_, on, key): (String, Shelf, String) = from_value(key)?;
            let record = record.as_string().ok_or_else(|| {
                StoreError::Failed(format!("the record {key} of the log {log} is not a text"))
            })?;
            kept.records.insert((on, key), record);
        }
        Ok(kept)
    }
}

fn make_stores(event: &VersionChangeEvent) -> Result<(), idb::Error> {
    let database = event.database()?;
    for name in [LOGS, TAIL, HEADS, SHELVES] {
        database.create_object_store(name, ObjectStoreParams::new())?;
    }
    Ok(())
}

/// Asks at once; the answer may be awaited later.
fn get(
    transaction: &Transaction,
    store: &str,
    key: &impl Serialize,
) -> Result<GetStoreRequestFuture, StoreError> {
    Ok(transaction.object_store(store)?.get(to_value(key)?)?.into_future())
}

/// The records whose key begins with `log`. A shorter array sorts before a longer one, and an
/// array after every number and text: these bounds enclose all of them.
fn all_of(log: &str) -> Result<Query, StoreError> {
    let log = JsValue::from_str(log);
    let (first, last) = (Array::of1(&log), Array::of2(&log, &Array::new()));
    Ok(KeyRange::bound(&first, &last, None, None)?.into())
}

fn read_end(end: Option<JsValue>) -> Result<End, StoreError> {
    Ok(end.map_or(Ok(End::default()), from_value)?)
}

fn to_text(value: &impl Serialize) -> Result<JsValue, StoreError> {
    match serde_json::to_string(value) {
        // To hand over more would stop the page, not just this call.
        Ok(text) if text.len() > LONGEST_TEXT_BYTES => Err(StoreError::Failed(format!(
            "it takes at most {} MB at once, and this is {} MB",
            LONGEST_TEXT_BYTES >> 20,
            text.len() >> 20
        ))),
        Ok(text) => Ok(JsValue::from_str(&text)),
        Err(error) => Err(StoreError::Failed(format!("it cannot be written as JSON: {error}"))),
    }
}

fn parse<T: DeserializeOwned>(
    record: &JsValue,
    what: impl Fn() -> String,
) -> Result<T, StoreError> {
    let text = record.as_string().unwrap_or_default();
    serde_json::from_str(&text)
        .map_err(|error| StoreError::Failed(format!("{} cannot be read: {error}", what())))
}

/// Waits until what the transaction wrote is stored. That a request succeeded is not enough:
/// the storage may turn out to be full when everything is written.
async fn completed(mut transaction: Transaction) -> Result<(), StoreError> {
    let over = Promise::new(&mut |complete, abort| {
        transaction.on_complete(move |_| _ = complete.call0(&JsValue::NULL));
        transaction.on_abort(move |_| _ = abort.call0(&JsValue::NULL));
    });
    if JsFuture::from(over).await.is_ok() {
        return Ok(());
    }
    Err(match transaction.error() {
        Some(exception) => idb::Error::DomException(exception).into(),
        None => StoreError::Failed("the browser broke the writing off".to_owned()),
    })
}

impl From<idb::Error> for StoreError {
    fn from(error: idb::Error) -> Self {
        let text = match error {
            idb::Error::IndexedDbNotFound(_) => {
                "it offers none to this page; in a private window that is usual".to_owned()
            }
            idb::Error::DomException(exception) => match exception.name().as_str() {
                "QuotaExceededError" => return Self::Full,
                "VersionError" => {
                    "a newer version of this page has changed its layout; reload this page".into()
                }
                name => format!("{} ({name})", exception.message()),
            },
            other => other.to_string(),
        };
        Self::Failed(text)
    }
}

impl From<serde_wasm_bindgen::Error> for StoreError {
    fn from(error: serde_wasm_bindgen::Error) -> Self {
        Self::Failed(format!("a key or a version is not what it should be: {error}"))
    }
}
