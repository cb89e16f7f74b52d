//! Logs in the browser's IndexedDB. They outlive the page, and every tab sees the same logs.
//!
//! | object store | key | value |
//! |---|---|---|
//! | `logs` | log | its description, JSON text |
//! | `heads` | log | its end, and up to which commit it is folded into segments |
//! | `tail` | log, n | its nth commit, one frame |
//! | `segments` | log, n | its commits up to the nth, many frames |
//! | `shelves` | log, shelf, key | a side record, JSON text |
//!
//! Every write is one transaction that first compares and then writes. The browser makes
//! transactions that write to the same object stores wait for each other, across all tabs: that is
//! the whole concurrency check. A transaction ends by itself as soon as it has nothing left to do,
//! so nothing else is awaited between its first request and its last.
//!
//! Many small records are slow to read, so every thousand commits the tail becomes one segment. A
//! large commit is a segment of its own.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::{Either, select};
use gloo::timers::callback::Timeout;
use idb::event::VersionChangeEvent;
use idb::request::futures::GetStoreRequestFuture;
use idb::{
    Database, DatabaseEvent, Event, Factory, KeyRange, ObjectStoreParams, Query, Request,
    Transaction,
};
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::{from_value, to_value};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::IdbTransaction;

use super::{
    CommitPlace, Durability, Extent, LogChange, LogInfo, LogStore, Shelf, SideRecords, StoreError,
    place, sentinel,
};
use codec::record::{End, FrameReader, encode};
use codec::{CommitOrLoss, Segment};
use es::{Commit, Map, StoredCommit};

/// The version of the database's layout. It changes with the object stores.
const LAYOUT: u32 = 2;
const LOGS: &str = "logs";
const HEADS: &str = "heads";
const TAIL: &str = "tail";
const SEGMENTS: &str = "segments";
const SHELVES: &str = "shelves";

/// How many commits in the tail become a segment.
const SEGMENT_COMMITS: u64 = 1024;
/// The size from which a commit is a segment of its own, in bytes.
const SEGMENT_BYTES: usize = 64 << 10;
/// How many segments are requested at a time. A browser may deliver all of them in one task, which
/// must not take long.
const AHEAD: usize = 3;
/// How many segments are written before the page gets a turn.
const BETWEEN_RESTS: usize = 3;
/// The error of a connection that the browser has closed.
const CLOSED: &str = "the browser has closed it";
/// The greatest size of a record, in bytes. A larger one would crash the page, and not only fail.
const LONGEST_BYTES: usize = 500 << 20;

#[wasm_bindgen]
extern "C" {
    /// The browser's own type. The bindings of the crate `idb` leave the options out.
    #[wasm_bindgen(js_name = IDBDatabase)]
    type RawDatabase;

    #[wasm_bindgen(method, catch, js_name = transaction)]
    fn begin(
        this: &RawDatabase,
        stores: &Array,
        mode: &str,
        options: &JsValue,
    ) -> Result<IdbTransaction, JsValue>;
}

/// The end of a log, as it is stored.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct StoredEnd {
    end: End,
    /// How many commits are in segments.
    folded: u64,
    /// The size of all frames, in bytes.
    bytes: u64,
}

impl StoredEnd {
    fn write(&self) -> Result<JsValue, StoreError> {
        let End { commits, head, hash } = self.end;
        // A hash does not fit into a number of JavaScript.
        Ok(to_value(&(commits, head, format!("{hash:016x}"), self.folded, self.bytes))?)
    }

    fn read(value: JsValue) -> Option<Self> {
        let (commits, head, hash, folded, bytes): (u64, u64, String, u64, u64) =
            from_value(value).ok()?;
        let hash = u64::from_str_radix(&hash, 16).ok()?;
        Some(Self { end: End { commits, head, hash }, folded, bytes })
    }
}

/// Logs in an IndexedDB database. Clones share one connection.
#[derive(Clone)]
pub struct IdbStore(Rc<Inner>);

struct Inner {
    name: String,
    connection: RefCell<Connection>,
    durability: Cell<Durability>,
    folding: Cell<bool>,
    /// The log that this connection appended to last, and its end after that.
    last: RefCell<Option<(String, StoredEnd)>>,
    /// The ends that the sentinel does not know yet, by log.
    untold: RefCell<Map<String, End>>,
    /// When it is told. A timer that nobody keeps is never freed.
    telling: RefCell<Option<Timeout>>,
}

struct Connection {
    database: Database,
    raw: RawDatabase,
    /// Why the connection cannot be used any more. None while it can.
    lost: Rc<Cell<Option<&'static str>>>,
}

impl Connection {
    async fn open(name: &str) -> Result<Self, StoreError> {
        let mut request = Factory::new()?.open(name, Some(LAYOUT))?;
        request.on_upgrade_needed(|event| {
            if make_stores(&event).is_err() {
                // A database that lacks object stores would fail every call: rather none at all.
                let opening = event.target().ok().and_then(|request| request.transaction());
                _ = opening.map(Transaction::abort);
            }
        });
        let (sender, blocked) = oneshot::channel();
        request.on_blocked(move |_| _ = sender.send(()));
        let database = match select(request.into_future(), blocked).await {
            Either::Left((database, _)) => database?,
            // The sender was dropped, so nobody blocks the opening any more.
            Either::Right((Err(_), request)) => request.await?,
            Either::Right((Ok(()), request)) => {
                // If it is opened after all, it must not block others.
                wasm_bindgen_futures::spawn_local(async {
                    if let Ok(database) = request.await {
                        database.close();
                    }
                });
                return Err(StoreError::Failed(
                    "another tab holds it with an older version of this page; close that tab and \
                     reload this one"
                        .to_owned(),
                ));
            }
        };
        let raw = JsValue::from(database);
        let mut database = Database::try_from(raw.clone())?;
        let lost = Rc::new(Cell::new(None));
        let why = lost.clone();
        database.on_version_change(move |event| {
            let deleted = Reflect::get(&event, &"newVersion".into()).is_ok_and(|it| it.is_null());
            why.set(Some(if deleted {
                "everything in it was deleted from elsewhere"
            } else {
                "another tab has changed its layout; reload this page"
            }));
            if let Ok(database) = event.database() {
                database.close();
            }
        });
        let why = lost.clone();
        database.on_close(move |_| why.set(Some(CLOSED)));
        Ok(Self { database, raw: raw.unchecked_into(), lost })
    }
}

impl Drop for Connection {
    /// Closes the database: a connection without listeners would keep others from upgrading.
    fn drop(&mut self) {
        self.database.close();
    }
}

/// Aborts a transaction when it is dropped before the end, because nobody waits for it any more.
struct Undo(Option<IdbTransaction>);

impl Drop for Undo {
    fn drop(&mut self) {
        // Where the abort fails, the transaction has ended already, as it should.
        _ = self.0.take().map(|it| it.abort());
    }
}

impl IdbStore {
    /// Opens the database called `name`. Makes it where there is none.
    ///
    /// # Errors
    /// [`StoreError::Failed`] where the browser offers no storage, as in some private windows;
    /// where a newer version of the page has changed the database's layout; or where an older
    /// version in another tab keeps this one from changing it.
    pub async fn open(name: &str) -> Result<Self, StoreError> {
        let connection = Connection::open(name).await?;
        wasm_bindgen_futures::spawn_local(begin_new_file(format!("{name} (scratch)")));
        Ok(Self(Rc::new(Inner {
            name: name.to_owned(),
            connection: RefCell::new(connection),
            durability: Cell::default(),
            folding: Cell::default(),
            last: RefCell::default(),
            untold: RefCell::default(),
            telling: RefCell::default(),
        })))
    }

    /// Sets how safe a command's commit must be before it counts as stored. Imports and segments
    /// are always strict.
    pub fn set_durability(&self, durability: Durability) {
        self.0.durability.set(durability);
    }

    /// The ids of the logs that are gone although nobody removed them, each with the position of
    /// its last event.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub async fn missing(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let noted = sentinel::all(&self.0.name);
        let transaction = self.begin(&[LOGS], None)?;
        let ids = transaction.object_store(LOGS)?.get_all_keys(None, None)?.await?;
        let ids: Vec<String> = ids.iter().filter_map(JsValue::as_string).collect();
        let gone = noted.into_iter().filter(|(log, _)| !ids.contains(log));
        Ok(gone.map(|(log, end)| (log, end.head)).collect())
    }

    /// Forgets a log that is gone, so that [`missing`](Self::missing) no longer returns it.
    pub fn forget(&self, log: &str) {
        sentinel::forget(&self.0.name, log);
    }

    fn begin(
        &self,
        stores: &[&str],
        writing: Option<Durability>,
    ) -> Result<Transaction, StoreError> {
        Ok(self.begin_raw(stores, writing)?.into())
    }

    fn begin_raw(
        &self,
        stores: &[&str],
        writing: Option<Durability>,
    ) -> Result<IdbTransaction, StoreError> {
        let connection = self.0.connection.borrow();
        if let Some(why) = connection.lost.get() {
            return Err(StoreError::Failed(why.to_owned()));
        }
        let stores: Array = stores.iter().map(|name| JsValue::from_str(name)).collect();
        let (mode, durability) = match writing {
            None => ("readonly", "default"),
            Some(Durability::Relaxed) => ("readwrite", "relaxed"),
            Some(Durability::Strict) => ("readwrite", "strict"),
        };
        let options = Object::new();
        // A property of a plain object can always be set.
        _ = Reflect::set(&options, &"durability".into(), &durability.into());
        connection.raw.begin(&stores, mode, &options).map_err(|error| {
            StoreError::Failed(match error.dyn_into::<web_sys::DomException>() {
                // Some browsers close a connection without an event.
                Ok(error) if error.name() == "InvalidStateError" => {
                    connection.lost.set(Some(CLOSED));
                    CLOSED.to_owned()
                }
                Ok(error) => format!("{} ({})", error.message(), error.name()),
                Err(_) => "it takes no more requests".to_owned(),
            })
        })
    }

    /// Runs `work` in one transaction. When this returns, all of it is stored, or none.
    async fn write<T>(
        &self,
        stores: &[&str],
        durability: Durability,
        work: impl AsyncFnOnce(&Transaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let raw = self.begin_raw(stores, Some(durability))?;
        let transaction = Transaction::from(raw.clone());
        let mut undo = Undo(Some(raw.clone()));
        let done = work(&transaction).await?;
        // An explicit commit is quicker: the browser need not find out that no request follows.
        // Where it fails, the browser has found out already.
        completed(transaction.commit().unwrap_or_else(|_| raw.into())).await?;
        undo.0 = None;
        Ok(done)
    }

    /// Appends a small commit with all requests at once. This works only where nobody else has
    /// written since this connection last did. Else returns `None`, and stores nothing.
    async fn append_next(
        &self,
        log: &str,
        commit: &StoredCommit,
    ) -> Result<Option<StoredEnd>, StoreError> {
        let last = self.0.last.borrow().clone();
        let Some((_, before)) = last.filter(|(last, _)| last == log) else { return Ok(None) };
        let follows = (commit.number, commit.after) == (before.end.commits + 1, before.end.head);
        if !follows || commit.events.len() as u64 >= SEGMENT_COMMITS {
            return Ok(None);
        }
        let (mut head, mut frame) = (before, Vec::new());
        encode(commit, &mut head.end, &mut frame);
        head.bytes += frame.len() as u64;
        if frame.len() >= SEGMENT_BYTES {
            return Ok(None);
        }
        let durability = self.0.durability.get();
        let appended = self.write(&[LOGS, HEADS, TAIL], durability, async |transaction| {
            let info = get(transaction, LOGS, &log)?;
            let there = get(transaction, HEADS, &log)?;
            add(transaction, TAIL, &(log, commit.number), &frame)?;
            put(transaction, HEADS, &log, &head.write()?)?;
            // Requests are answered in order: when these answers come, all can still be undone.
            takes_more(info.await?)?;
            match there.await?.and_then(StoredEnd::read) {
                Some(there) if there == before => Ok(head),
                there => Err(StoreError::Behind {
                    expected: before.end.head,
                    actual: there.unwrap_or_default().end.head,
                }),
            }
        });
        match appended.await {
            Ok(head) => Ok(Some(head)),
            Err(StoreError::Behind { .. }) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Appends a commit, whether or not others have written to the log meanwhile.
    async fn append_anywhere(
        &self,
        log: &str,
        commit: &Commit,
    ) -> Result<(StoredEnd, CommitPlace), StoreError> {
        let places = [LOGS, HEADS, TAIL, SEGMENTS];
        let durability = match commit.events.len() as u64 {
            SEGMENT_COMMITS.. => Durability::Strict,
            _ => self.0.durability.get(),
        };
        self.write(&places, durability, async |transaction| {
            let info = get(transaction, LOGS, &log)?;
            let Some(head) = get(transaction, HEADS, &log)?.await? else {
                return Err(StoreError::UnknownLog(log.to_owned()));
            };
            takes_more(info.await?)?;
            let mut head = StoredEnd::read(head)
                .ok_or_else(|| StoreError::Failed(format!("the end of the log {log} is lost")))?;
            let end = CommitPlace { number: head.end.commits, after: head.end.head };
            let mut missed = Vec::new();
            if (commit.number, commit.after) != (end.number + 1, end.after) {
                read_from(transaction, log, commit.number - 1, None, &mut |found| {
                    if let CommitOrLoss::Commit(commit) = found {
                        missed.push(commit.owned());
                    }
                })
                .await?;
            }
            let stored = place(commit, end, || missed)?;
            let mut frame = Vec::new();
            encode(&stored, &mut head.end, &mut frame);
            head.bytes += frame.len() as u64;
            let store = if frame.len() < SEGMENT_BYTES {
                TAIL
            } else {
                let before = StoredEnd { end: End { commits: end.number, ..head.end }, ..head };
                fold(transaction, log, before).await?;
                head.folded = head.end.commits;
                SEGMENTS
            };
            add(transaction, store, &(log, stored.number), &frame)?;
            put(transaction, HEADS, &log, &head.write()?)?;
            Ok((head, CommitPlace { number: stored.number, after: stored.after }))
        })
        .await
    }

    /// Tells the sentinel the end of a log. This happens a moment later, so that nobody who waits
    /// for the store also waits for the sentinel.
    fn note_soon(&self, log: &str, end: End) {
        let first = self.0.untold.borrow().is_empty();
        self.0.untold.borrow_mut().insert(log.to_owned(), end);
        if first {
            let store = self.clone();
            let tell = Timeout::new(0, move || {
                for (log, end) in store.0.untold.take() {
                    sentinel::write(&store.0.name, &log, &end);
                }
            });
            self.0.telling.replace(Some(tell));
        }
    }

    /// Folds the tail into a segment, in the background. Nobody waits for it. Where it fails, the
    /// tail is still whole.
    fn fold_soon(&self, log: &str) {
        if self.0.folding.replace(true) {
            return;
        }
        let (store, log) = (self.clone(), log.to_owned());
        wasm_bindgen_futures::spawn_local(async move {
            let stores = [HEADS, TAIL, SEGMENTS];
            let folded = store.write(&stores, Durability::Strict, async |transaction| {
                let Some(head) = get(transaction, HEADS, &log)?.await?.and_then(StoredEnd::read)
                else {
                    return Ok(());
                };
                let head = fold(transaction, &log, head).await?;
                put(transaction, HEADS, &log, &head.write()?)
            });
            _ = folded.await;
            store.0.folding.set(false);
        });
    }

    /// Brings a log of the first layout, which stored commits as JSON text, into this layout.
    async fn migrate(&self, log: &str) -> Result<(), StoreError> {
        self.write(&[HEADS, TAIL], Durability::Strict, async |transaction| {
            let tail = transaction.object_store(TAIL)?;
            let texts = tail.get_all(Some(all_of(log)?), None)?.await?;
            if !texts.first().is_some_and(JsValue::is_string) {
                return Ok(());
            }
            let mut head = StoredEnd::default();
            for (number, text) in (1..).zip(&texts) {
                // A text that cannot be read stays, and is reported as a loss when the log is read.
                let Ok(commit) = parse::<StoredCommit>(text, String::new) else { continue };
                let mut frame = Vec::new();
                encode(&StoredCommit { number, ..commit }, &mut head.end, &mut frame);
                head.bytes += frame.len() as u64;
                put(transaction, TAIL, &(log, number), &to_bytes(&frame)?)?;
            }
            head.end.commits = texts.len() as u64;
            put(transaction, HEADS, &log, &head.write()?)
        })
        .await
    }
}

/// Nothing is added to a log that is deleted. A description that cannot be read says nothing of it.
fn takes_more(info: Option<JsValue>) -> Result<(), StoreError> {
    let info = info.and_then(|it| parse::<LogInfo>(&it, String::new).ok());
    match info.and_then(|it| it.deleted_at) {
        Some(_) => Err(StoreError::Deleted),
        None => Ok(()),
    }
}

/// Moves the commits in the tail into a segment.
async fn fold(
    transaction: &Transaction,
    log: &str,
    head: StoredEnd,
) -> Result<StoredEnd, StoreError> {
    let tail = transaction.object_store(TAIL)?;
    let frames = tail.get_all(Some(all_of(log)?), None)?.await?;
    let frames: Vec<Vec<u8>> = frames.iter().filter_map(from_bytes).collect();
    // A tail with a gap is left as it is, so that the loss is reported at the right place.
    if frames.is_empty() || frames.len() as u64 != head.end.commits - head.folded {
        return Ok(head);
    }
    let key = (log, head.end.commits);
    let segment = transaction.object_store(SEGMENTS)?;
    segment.add(&to_bytes(&frames.concat())?, Some(&to_value(&key)?))?;
    tail.delete(all_of(log)?)?;
    Ok(StoredEnd { folded: head.end.commits, ..head })
}

impl LogStore for IdbStore {
    fn durable(&self) -> bool {
        true
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        let lost = self.0.connection.borrow().lost.get().is_some();
        if lost {
            let connection = Connection::open(&self.0.name).await?;
            self.0.connection.replace(connection);
        }
        Ok(())
    }

    async fn logs(&self) -> Result<Vec<LogInfo>, StoreError> {
        let transaction = self.begin(&[LOGS], None)?;
        let logs = transaction.object_store(LOGS)?;
        let (ids, logs) = (logs.get_all_keys(None, None)?, logs.get_all(None, None)?);
        let (ids, logs) = (ids.into_future(), logs.into_future());
        let (ids, logs) = (ids.await?, logs.await?);
        let mut infos = Vec::with_capacity(logs.len());
        for (id, log) in ids.into_iter().zip(&logs) {
            let id: String = from_value(id)?;
            let what = format!("what is known of the log {id}");
            // A description that cannot be read must not hide the other logs.
            infos.push(parse(log, || what).unwrap_or_else(|error| LogInfo {
                id,
                title: error.to_string(),
                ..LogInfo::default()
            }));
        }
        // IndexedDB orders texts by UTF-16 units.
        es::sort(&mut infos, |a: &LogInfo, b| a.id.cmp(&b.id));
        Ok(infos)
    }

    async fn add(&self, info: &LogInfo) -> Result<(), StoreError> {
        let text = to_text(info)?;
        self.write(&[LOGS, HEADS], self.0.durability.get(), async |transaction| {
            if get(transaction, LOGS, &info.id)?.await?.is_none() {
                put(transaction, HEADS, &info.id, &StoredEnd::default().write()?)?;
                put(transaction, LOGS, &info.id, &text)?;
            }
            Ok(())
        })
        .await
    }

    async fn change(&self, log: &str, change: &LogChange) -> Result<LogInfo, StoreError> {
        self.write(&[LOGS], self.0.durability.get(), async |transaction| {
            let there = get(transaction, LOGS, &log)?.await?;
            let there = there.ok_or_else(|| StoreError::UnknownLog(log.to_owned()))?;
            let mut info: LogInfo = parse(&there, || format!("what is known of the log {log}"))?;
            change.apply(&mut info)?;
            put(transaction, LOGS, &log, &to_text(&info)?)?;
            Ok(info)
        })
        .await
    }

    async fn append(&self, log: &str, commit: &Commit) -> Result<CommitPlace, StoreError> {
        let (head, place) = match self.append_next(log, &commit.into()).await? {
            Some(head) => (head, CommitPlace { number: commit.number, after: commit.after }),
            None => self.append_anywhere(log, commit).await?,
        };
        self.0.last.replace(Some((log.to_owned(), head)));
        self.note_soon(log, head.end);
        if head.end.commits - head.folded >= SEGMENT_COMMITS {
            self.fold_soon(log);
        }
        Ok(place)
    }

    async fn put(&self, log: &str, on: Shelf, key: &str, record: &str) -> Result<(), StoreError> {
        self.write(&[LOGS, SHELVES], self.0.durability.get(), async |transaction| {
            if get(transaction, LOGS, &log)?.await?.is_none() {
                return Err(StoreError::UnknownLog(log.to_owned()));
            }
            put(transaction, SHELVES, &(log, on, key), &JsValue::from_str(record))
        })
        .await
    }

    async fn read(
        &self,
        log: &str,
        known: u64,
        head: u64,
        visit: &mut dyn FnMut(CommitOrLoss<'_>),
    ) -> Result<(), StoreError> {
        // The sentinel is read first: then it may be behind the log, but never ahead of it.
        let noted = if known == 0 { sentinel::read(&self.0.name, log) } else { None };
        let transaction = self.begin(&[LOGS, HEADS], None)?;
        let (there, end) = (get(&transaction, LOGS, &log)?, get(&transaction, HEADS, &log)?);
        let (there, end) = (there.await?, end.await?);
        if there.is_none() {
            return Err(StoreError::UnknownLog(log.to_owned()));
        }
        if end.is_none() {
            self.migrate(log).await?;
        }
        // All of it is read in one transaction, so that it belongs together.
        let transaction = self.begin(&[HEADS, TAIL, SEGMENTS], None)?;
        let reader =
            if known == 0 { FrameReader::new(noted) } else { FrameReader::after(known, head) };
        read_from(&transaction, log, known, Some(reader), visit).await
    }

    async fn records(&self, log: &str) -> Result<SideRecords, StoreError> {
        let transaction = self.begin(&[LOGS, SHELVES], None)?;
        let known = get(&transaction, LOGS, &log)?;
        let shelves = transaction.object_store(SHELVES)?;
        let keys = shelves.get_all_keys(Some(all_of(log)?), None)?.into_future();
        let texts = shelves.get_all(Some(all_of(log)?), None)?.into_future();
        let (known, keys, texts) = (known.await?, keys.await?, texts.await?);
        if known.is_none() {
            return Err(StoreError::UnknownLog(log.to_owned()));
        }
        let mut records = SideRecords::new();
        for (key, record) in keys.into_iter().zip(texts) {
            let (_, on, key): (String, Shelf, String) = from_value(key)?;
            // A record that cannot be read must not hide the others: it becomes an empty text.
            records.insert((on, key), record.as_string().unwrap_or_default());
        }
        Ok(records)
    }

    async fn import(
        &self,
        info: &LogInfo,
        commits: &mut dyn Iterator<Item = Segment>,
        records: &SideRecords,
    ) -> Result<(), StoreError> {
        let (text, log) = (to_text(info)?, &info.id);
        let stores = [LOGS, HEADS, TAIL, SEGMENTS, SHELVES];
        let head = self.write(&stores, Durability::Strict, async |transaction| {
            let mut head = StoredEnd::default();
            let known = get(transaction, LOGS, log)?.await?;
            if known.is_none() {
                put(transaction, LOGS, log, &text)?;
            } else {
                takes_more(known)?;
                let there = get(transaction, HEADS, log)?.await?.and_then(StoredEnd::read);
                // Segments follow, so the tail before them has to become a segment as well.
                head = match there {
                    Some(there) => fold(transaction, log, there).await?,
                    None => StoredEnd::default(),
                };
                if there.is_none() || head.folded != head.end.commits {
                    return Err(StoreError::Failed(format!("the log {log} is damaged")));
                }
            }
            let segments = transaction.object_store(SEGMENTS)?;
            let mut waiting = Vec::new();
            for segment in commits {
                segment.follow(&mut head.end)?;
                let frames = segment.chained(&mut head.end.hash);
                let key = to_value(&(log, head.end.commits))?;
                waiting.push(segments.add(&to_bytes(&frames)?, Some(&key))?.into_future());
                head.bytes += frames.len() as u64;
                // Waiting for the last segment gives the page a turn.
                if waiting.len() >= BETWEEN_RESTS {
                    for written in waiting.drain(..) {
                        written.await?;
                    }
                }
            }
            for written in waiting {
                written.await?;
            }
            head.folded = head.end.commits;
            put(transaction, HEADS, log, &head.write()?)?;
            for ((on, key), record) in records {
                put(transaction, SHELVES, &(log, *on, key), &JsValue::from_str(record))?;
            }
            Ok(head)
        });
        let head = head.await?;
        self.note_soon(log, head.end);
        Ok(())
    }

    async fn extents(&self) -> Result<Map<String, Extent>, StoreError> {
        let transaction = self.begin(&[HEADS], None)?;
        let heads = transaction.object_store(HEADS)?;
        let ids = heads.get_all_keys(None, None)?.into_future();
        let heads = heads.get_all(None, None)?.into_future();
        let (ids, heads) = (ids.await?, heads.await?);
        let extents = ids.iter().zip(heads).filter_map(|(id, head)| {
            let head = StoredEnd::read(head)?;
            let (commits, events) = (head.end.commits, head.end.head);
            Some((id.as_string()?, Extent { commits, events, bytes: head.bytes }))
        });
        Ok(extents.collect())
    }

    async fn remove(&self, log: &str) -> Result<(), StoreError> {
        let stores = [LOGS, HEADS, TAIL, SEGMENTS, SHELVES];
        self.write(&stores, Durability::Strict, async |transaction| {
            for store in [TAIL, SEGMENTS, SHELVES] {
                transaction.object_store(store)?.delete(all_of(log)?)?;
            }
            for store in [HEADS, LOGS] {
                let key = Query::from(to_value(&log)?);
                transaction.object_store(store)?.delete(key)?;
            }
            Ok(())
        })
        .await?;
        self.0.untold.borrow_mut().remove(log);
        sentinel::forget(&self.0.name, log);
        Ok(())
    }
}

/// Reads the commits after the first `known` ones. Without a reader, losses are not looked for at
/// the end.
async fn read_from(
    transaction: &Transaction,
    log: &str,
    known: u64,
    reader: Option<FrameReader>,
    visit: &mut dyn FnMut(CommitOrLoss<'_>),
) -> Result<(), StoreError> {
    let from = known + 1;
    let whole = reader.is_some();
    let mut reader = reader.unwrap_or_else(|| FrameReader::after(known, 0));
    let end = get(transaction, HEADS, &log)?;
    let segments = transaction.object_store(SEGMENTS)?;
    let keys = segments.get_all_keys(Some(after(log, from)?), None)?.into_future();
    let tail = transaction.object_store(TAIL)?;
    let tail = tail.get_all(Some(after(log, from)?), None)?.into_future();
    let mut keys = keys.await?.into_iter();
    let mut asked = VecDeque::new();
    loop {
        while asked.len() < AHEAD
            && let Some(key) = keys.next()
        {
            asked.push_back(segments.get(key)?.into_future());
        }
        // This segment is read while the next ones come. Each is a task of its own.
        let Some(segment) = asked.pop_front() else { break };
        if let Some(bytes) = segment.await?.as_ref().and_then(from_bytes) {
            reader.record(&bytes, visit);
        }
    }
    for frame in tail.await?.iter().filter_map(from_bytes) {
        reader.record(&frame, visit);
    }
    if whole {
        reader.finish(end.await?.and_then(StoredEnd::read).map(|head| head.end), visit);
    }
    Ok(())
}

/// Makes the browser begin a new file. Chromium keeps databases in `LevelDB`. When the browser was
/// killed, `LevelDB`'s log of writes may end in a torn write. That alone costs nothing. But writes
/// that are appended after it look like damage when the file is read again, and then Chromium
/// deletes every database of the origin (<https://github.com/google/leveldb/issues/1287>).
/// Deleting any database compacts its range, and that ends the file.
async fn begin_new_file(scratch: String) {
    let done: Result<(), idb::Error> = async {
        let factory = Factory::new()?;
        factory.open(&scratch, None)?.await?.close();
        factory.delete(&scratch)?.await
    }
    .await;
    // Where this fails, nothing is lost: other browsers do not need it.
    _ = done;
}

fn make_stores(event: &VersionChangeEvent) -> Result<(), idb::Error> {
    let database = event.database()?;
    let mut old: &[&str] = &[];
    if event.old_version()? > 0 {
        // The first layout had other heads. Each log is migrated when it is first read.
        database.delete_object_store(HEADS)?;
        old = &[LOGS, TAIL, SHELVES];
    }
    for name in [LOGS, HEADS, TAIL, SEGMENTS, SHELVES] {
        if !old.contains(&name) {
            database.create_object_store(name, ObjectStoreParams::new())?;
        }
    }
    Ok(())
}

fn put(
    transaction: &Transaction,
    store: &str,
    key: &impl Serialize,
    value: &JsValue,
) -> Result<(), StoreError> {
    transaction.object_store(store)?.put(value, Some(&to_value(key)?))?;
    Ok(())
}

/// Adds a record. Fails where the key exists: a commit must never be replaced.
fn add(
    transaction: &Transaction,
    store: &str,
    key: &impl Serialize,
    bytes: &[u8],
) -> Result<(), StoreError> {
    transaction.object_store(store)?.add(&to_bytes(bytes)?, Some(&to_value(key)?))?;
    Ok(())
}

fn to_bytes(bytes: &[u8]) -> Result<JsValue, StoreError> {
    if bytes.len() > LONGEST_BYTES {
        return Err(StoreError::Failed(format!(
            "it takes at most {} MB at once, and this is {} MB",
            LONGEST_BYTES >> 20,
            bytes.len() >> 20
        )));
    }
    Ok(Uint8Array::from(bytes).into())
}

fn from_bytes(value: &JsValue) -> Option<Vec<u8>> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}

/// Makes a request at once. Its answer may be awaited later.
fn get(
    transaction: &Transaction,
    store: &str,
    key: &impl Serialize,
) -> Result<GetStoreRequestFuture, StoreError> {
    Ok(transaction.object_store(store)?.get(to_value(key)?)?.into_future())
}

/// The records whose key begins with `log`. IndexedDB sorts a shorter array before a longer one,
/// and an array after every number and text, so these bounds enclose all of them.
fn all_of(log: &str) -> Result<Query, StoreError> {
    let log = JsValue::from_str(log);
    let (first, last) = (Array::of1(&log), Array::of2(&log, &Array::new()));
    Ok(KeyRange::bound(&first, &last, None, None)?.into())
}

/// The records whose key begins with `log`, from the key with `number` on.
fn after(log: &str, number: u64) -> Result<Query, StoreError> {
    let first = to_value(&(log, number))?;
    let last = Array::of2(&JsValue::from_str(log), &Array::new());
    Ok(KeyRange::bound(&first, &last, None, None)?.into())
}

fn to_text(value: &impl Serialize) -> Result<JsValue, StoreError> {
    match serde_json::to_string(value) {
        Ok(text) => Ok(JsValue::from_str(&text)),
        Err(error) => Err(StoreError::Failed(format!("it cannot be written as JSON: {error}"))),
    }
}

fn parse<T: DeserializeOwned>(
    record: &JsValue,
    what: impl FnOnce() -> String,
) -> Result<T, StoreError> {
    let text = record.as_string().unwrap_or_default();
    serde_json::from_str(&text)
        .map_err(|error| StoreError::Failed(format!("{} cannot be read: {error}", what())))
}

/// Waits until the transaction is stored. Successful requests are not enough: the storage may turn
/// out to be full only at the end.
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
