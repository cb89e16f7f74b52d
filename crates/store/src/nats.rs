//! Logs that many people share, kept by a server of NATS with its engine `JetStream`.
//!
//! | stream | subject | message |
//! |---|---|---|
//! | `log-L` | `lf.log.-L.category.id` | commits to one aggregate, as frames |
//! | | `lf.log.-L._` | commits that no single aggregate's version guards, and imports |
//! | `KV_logs` | `$KV.logs.-L` | a log's description, JSON text |
//! | `KV_side` | `$KV.side.-L.shelf.-K` | a side record, JSON text |
//!
//! `L`, `id` and `K` are base64. The server compares: a commit to one aggregate says which message
//! must be the last one of its subject, or of the subjects of all aggregates of its category where
//! it guards those. Any other commit says which must be the last one of its stream. What the
//! messages of a log mean, all readers agree on (`index`): a commit counts only where it follows.
//! So a commit is stored once it is known to count, which is seen at once unless others were
//! quicker.
//!
//! This module keeps no commits and reads no clock. It has no way to change an event.

mod transport;
#[cfg(target_arch = "wasm32")]
mod browser;
mod jetstream;
mod names;
mod bucket;
mod index;

use std::cell::RefCell;
use std::rc::Rc;

use futures::lock::Mutex;
use uuid::Uuid;

use codec::record::End;
use codec::{CommitOrLoss, Segment, segments_of};
use es::{Commit, Map, StoredCommit};

#[cfg(target_arch = "wasm32")]
pub use self::browser::Websocket;
use self::bucket::Bucket;
use self::index::Index;
use self::jetstream::{ATTEMPT, EXPECTED, EXPECTED_WITHIN, Info, Stored, too_large};
pub use self::jetstream::{EXPECTED_ON_SUBJECT, JetStream, LASTS, NotPublished};
pub use self::names::{CLASS, hint, lease};
use self::names::{
    LOGS, SIDE, aggregate, category, description, log_stream, log_subjects, read_side_record,
    sealed_subjects, side_record, whole_log, word,
};
pub use self::transport::{AnyTransport, Message, Transport, Unanswered};
use crate::{
    CommitPlace, Extent, LogChange, LogInfo, LogStore, Shelf, SideRecords, StoreError, place,
};

/// How often a commit is tried again where others were quicker without touching its streams, or
/// where an answer was lost.
const TRIES: u32 = 8;
/// The greatest size of a message, in bytes. The server takes a little more, for the headers.
const LONGEST_BYTES: usize = (8 << 20) - (4 << 10);
/// How long the server remembers an attempt to publish, in nanoseconds.
const REMEMBERED: u64 = 120_000_000_000;
/// How large a log may become, in bytes.
const LOG_BYTES: u64 = 256 << 20;

/// How every stream is set up. One that is full takes nothing more: it never loses its beginning.
const ALWAYS: &str = r#""retention":"limits","storage":"file","discard":"new","max_msgs":-1,
    "allow_direct":true,"deny_delete":true"#;

/// What somebody may do in a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks on.
    Watch,
    /// Takes part: sends commands.
    Act,
    /// Leads: begins rounds, and says where all look.
    Lead,
    /// Keeps the server, and may remove a log.
    Keep,
}

impl Role {
    /// The name with which the server knows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Act => "act",
            Self::Lead => "lead",
            Self::Keep => "keep",
        }
    }

    /// The role that a token begins with, as in `act-k7m2xq9p`.
    pub fn of_token(token: &str) -> Option<Self> {
        let (name, secret) = token.split_once('-')?;
        Self::named(name).filter(|_| !secret.is_empty())
    }

    /// The role of that name.
    pub fn named(name: &str) -> Option<Self> {
        let roles = [Self::Watch, Self::Act, Self::Lead, Self::Keep];
        roles.into_iter().find(|it| it.name() == name)
    }
}

/// Logs kept by a class's server. Clones share one connection, and what is known.
#[derive(Clone)]
pub struct NatsStore(Rc<Inner>);

struct Inner {
    engine: JetStream,
    role: Role,
    /// How many servers keep each stream.
    replicas: u32,
    descriptions: Bucket,
    side: Bucket,
    logs: RefCell<Map<String, Rc<KnownLog>>>,
    /// False in a test that shows what the checks are for.
    checks: bool,
}

#[derive(Default)]
struct KnownLog {
    index: RefCell<Index>,
    /// Only one reads at a time.
    turn: Mutex<()>,
}

impl NatsStore {
    /// The store behind a connection. Where `role` may, it makes the streams that all logs share.
    ///
    /// # Errors
    /// [`StoreError::Failed`], [`StoreError::Silent`].
    pub async fn open(
        transport: AnyTransport,
        role: Role,
        replicas: u32,
    ) -> Result<Self, StoreError> {
        Self::begin(transport, role, replicas, true).await
    }

    /// A store that lets any commit through, whatever was stored before. It shows what the checks
    /// are for.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_without_checks(
        transport: AnyTransport,
        role: Role,
        replicas: u32,
    ) -> Result<Self, StoreError> {
        Self::begin(transport, role, replicas, false).await
    }

    async fn begin(
        transport: AnyTransport,
        role: Role,
        replicas: u32,
        checks: bool,
    ) -> Result<Self, StoreError> {
        let store = Self(Rc::new(Inner {
            engine: JetStream { transport },
            role,
            replicas,
            descriptions: Bucket::new(LOGS),
            side: Bucket::new(SIDE),
            logs: RefCell::default(),
            checks,
        }));
        store.make_buckets().await?;
        Ok(store)
    }

    /// What this handle may do.
    pub fn role(&self) -> Role {
        self.0.role
    }

    /// The engine behind the store, for what else a class keeps there.
    pub fn engine(&self) -> &JetStream {
        &self.0.engine
    }

    async fn make_buckets(&self) -> Result<(), StoreError> {
        let engine = &self.0.engine;
        for (stream, name) in [(LOGS, "logs"), (SIDE, "side"), (CLASS, "class")] {
            if engine.info(stream).await?.is_some() {
                continue;
            }
            if self.0.role < Role::Lead {
                let why = "nobody has begun this class yet";
                return Err(StoreError::Failed(why.to_owned()));
            }
            let (replicas, bytes) = (self.0.replicas, LOG_BYTES / 4);
            let lets_go = name == "class";
            let config = format!(
                r#"{{"name":"{stream}","subjects":["$KV.{name}.>"],"max_msgs_per_subject":1,
                "allow_msg_ttl":{lets_go},"max_bytes":{bytes},"num_replicas":{replicas},{ALWAYS}}}"#
            );
            engine.create(stream, &config).await?;
        }
        Ok(())
    }

    fn log_config(&self, log: &str, subjects: &str) -> String {
        let (name, replicas) = (log_stream(log), self.0.replicas);
        format!(
            r#"{{"name":"{name}","subjects":["{subjects}"],"duplicate_window":{REMEMBERED},
            "max_bytes":{LOG_BYTES},"num_replicas":{replicas},{ALWAYS}}}"#
        )
    }

    fn may(&self, role: Role, what: &str) -> Result<(), StoreError> {
        if self.0.role >= role { Ok(()) } else { Err(StoreError::NotAllowed(what.to_owned())) }
    }

    fn known(&self, log: &str) -> Rc<KnownLog> {
        let mut logs = self.0.logs.borrow_mut();
        logs.entry(log.to_owned()).or_default().clone()
    }

    /// Reads what is new in a log, and hands the commits after the first `known` ones to `visit`.
    async fn scan(
        &self,
        log: &str,
        known: u64,
        visit: &mut dyn FnMut(StoredCommit<&str>),
    ) -> Result<Info, StoreError> {
        let at = self.known(log);
        let _turn = at.turn.lock().await;
        let stream = log_stream(log);
        let Some(info) = self.0.engine.info(&stream).await? else {
            self.0.logs.borrow_mut().remove(log);
            return Err(StoreError::UnknownLog(log.to_owned()));
        };
        let from = {
            let mut index = at.index.borrow_mut();
            if index.created != info.created {
                *index = Index::of(info.created.clone());
            }
            index.from(known)
        };
        let mut take = |it: Stored| {
            at.index.borrow_mut().take(it.sequence, &it.subject, &it.payload);
            at.index.borrow().visit(it.sequence, &it.payload, known, visit);
        };
        self.0.engine.fetch(&stream, from, info.last, &mut take).await?;
        Ok(info)
    }

    /// Reads what is new in a log, and returns the commits after the first `known` ones.
    async fn missed(&self, log: &str, known: u64) -> Result<Vec<StoredCommit>, StoreError> {
        let mut missed = Vec::new();
        let info = self.scan(log, known, &mut |it| missed.push(it.owned())).await?;
        if info.subjects == sealed_subjects(log) {
            return Err(StoreError::Deleted);
        }
        Ok(missed)
    }

    /// What became of a log to which nobody can publish.
    async fn closed(&self, log: &str) -> StoreError {
        match self.missed(log, u64::MAX).await {
            Err(fault) => fault,
            // It was opened again meanwhile.
            Ok(_) => StoreError::Failed("the class's server did not take it".to_owned()),
        }
    }

    /// The subject of a commit, and the header that guards it.
    fn guard(&self, log: &str, commit: &Commit) -> (String, Vec<(&'static str, String)>) {
        let known = self.known(log);
        let index = known.index.borrow();
        let expects = commit.expects();
        let mut within = None;
        let (subject, guard, expected) = match (&*expects, commit.category_to_guard()) {
            ([(stream, _)], Some(of)) => {
                let all = category(log, of);
                let expected = index.last_within(&all);
                within = Some((EXPECTED_WITHIN, all + "*"));
                (aggregate(log, stream), EXPECTED_ON_SUBJECT, expected)
            }
            ([(stream, _)], None) => {
                let subject = aggregate(log, stream);
                let expected = index.last_of(&subject);
                (subject, EXPECTED_ON_SUBJECT, expected)
            }
            _ => (whole_log(log), EXPECTED, index.last),
        };
        if !self.0.checks {
            return (subject, Vec::new());
        }
        // A commit that is decided anew is another attempt.
        let attempt = format!("{}-{expected}", commit.envelope.command_id);
        let headers = [(guard, expected.to_string()), (ATTEMPT, attempt)];
        (subject, headers.into_iter().chain(within).collect())
    }

    /// The place of a message that was just stored. None where it does not count.
    async fn place_of(
        &self,
        log: &str,
        sequence: u64,
        subject: &str,
        frames: &[u8],
    ) -> Result<Option<CommitPlace>, StoreError> {
        let known = self.known(log);
        let next = known.index.borrow().last + 1 == sequence;
        if next {
            known.index.borrow_mut().take(sequence, subject, frames);
        } else if known.index.borrow().last < sequence {
            self.scan(log, u64::MAX, &mut |_| ()).await?;
        }
        let index = known.index.borrow();
        Ok(index.place_of(sequence))
    }

    /// The place of a log's last description, and the description. None where there is no such log.
    async fn description(&self, log: &str) -> Result<(u64, Option<LogInfo>), StoreError> {
        let Some(last) = self.0.engine.last(LOGS, &description(log)).await? else {
            return Ok((0, None));
        };
        if last.payload.is_empty() {
            return Ok((last.sequence, None));
        }
        let text = str::from_utf8(&last.payload).unwrap_or_default();
        match serde_json::from_str(text) {
            Ok(info) => Ok((last.sequence, Some(info))),
            Err(_) => Err(StoreError::Failed(format!("what is known of the log {log} is damaged"))),
        }
    }

    /// Writes a log's description where the last one is the one at `expected`. False where another
    /// handle was quicker.
    async fn describe(&self, info: &LogInfo, expected: u64) -> Result<bool, StoreError> {
        let text = serde_json::to_string(info).unwrap_or_default();
        let headers = [(EXPECTED_ON_SUBJECT, expected.to_string())];
        let subject = description(&info.id);
        match self.0.engine.publish(&subject, &headers, text.as_bytes()).await {
            Ok(_) => Ok(true),
            Err(NotPublished::WrongLast) => Ok(false),
            Err(NotPublished::Failed(fault)) => Err(fault),
            Err(NotPublished::NoStream) => Err(Unanswered::Nobody.into()),
            Err(NotPublished::Lost) => Err(StoreError::Silent),
        }
    }

    async fn put_record(
        &self,
        log: &str,
        on: Shelf,
        key: &str,
        record: &str,
    ) -> Result<(), StoreError> {
        let subject = side_record(log, on, key);
        let mut lost = false;
        // Writing a record twice leaves what writing it once leaves.
        for _ in 0..2 {
            match self.0.engine.publish(&subject, &[], record.as_bytes()).await {
                Ok(_) => return Ok(()),
                Err(NotPublished::Lost) => lost = true,
                Err(NotPublished::Failed(fault)) => return Err(fault),
                Err(_) => return Err(Unanswered::Nobody.into()),
            }
        }
        Err(if lost { StoreError::Silent } else { Unanswered::Nobody.into() })
    }

    async fn put_records(&self, log: &str, records: &SideRecords) -> Result<(), StoreError> {
        for ((shelf, key), record) in records {
            self.put_record(log, *shelf, key, record).await?;
        }
        Ok(())
    }

    async fn side_records(&self, log: &str) -> Result<SideRecords, StoreError> {
        let mut records = SideRecords::new();
        let prefix = format!("$KV.side.{}.", word(log));
        let mut visit = |subject: &str, text: &str| {
            if let Some((_, shelf, key)) = read_side_record(subject) {
                records.insert((shelf, key), text.to_owned());
            }
        };
        self.0.side.read(&self.0.engine, &prefix, &mut visit).await?;
        Ok(records)
    }

    /// Fills a new stream, and lists the log once all of it is there.
    async fn fill(
        &self,
        info: &LogInfo,
        commits: &mut dyn Iterator<Item = Segment>,
        records: &SideRecords,
        expected: u64,
    ) -> Result<(), StoreError> {
        let engine = &self.0.engine;
        engine
            .create(&log_stream(&info.id), &self.log_config(&info.id, &log_subjects(&info.id)))
            .await?;
        let filled = async {
            let (mut end, mut last) = (End::default(), 0);
            for segment in commits {
                segment.follow(&mut end)?;
                last = self.send_segment(&info.id, segment, last).await?;
            }
            self.put_records(&info.id, records).await
        };
        if let Err(fault) = filled.await {
            // What was filled in part is listed nowhere. Who may removes it.
            if self.0.role == Role::Keep {
                _ = engine.delete(&log_stream(&info.id)).await;
            }
            return Err(fault);
        }
        // Where another handle was quicker, its description stays.
        self.describe(info, expected).await?;
        Ok(())
    }

    /// Sends commits behind the stream's message at `last`, and returns their place in the stream.
    async fn send_segment(
        &self,
        log: &str,
        segment: Segment,
        last: u64,
    ) -> Result<u64, StoreError> {
        let frames = segment.chained(&mut 0);
        if frames.len() > LONGEST_BYTES {
            return Err(StoreError::Failed(too_large()));
        }
        let subject = whole_log(log);
        let headers = [(EXPECTED, last.to_string()), (ATTEMPT, format!("{log}-{last}"))];
        for _ in 0..2 {
            match self.0.engine.publish(&subject, &headers, &frames).await {
                // A duplicate is what an answer that was lost had said.
                Ok(receipt) => return Ok(receipt.sequence),
                Err(NotPublished::Lost) => {}
                Err(NotPublished::Failed(fault)) => return Err(fault),
                Err(NotPublished::NoStream) => return Err(self.closed(log).await),
                Err(NotPublished::WrongLast) => {
                    let why = "others wrote to the log at the same time";
                    return Err(StoreError::Failed(why.to_owned()));
                }
            }
        }
        Err(StoreError::Silent)
    }
}

impl LogStore for NatsStore {
    fn durable(&self) -> bool {
        true
    }

    async fn logs(&self) -> Result<Vec<LogInfo>, StoreError> {
        let mut infos = Vec::new();
        let mut visit = |_: &str, text: &str| {
            infos.extend(serde_json::from_str::<LogInfo>(text).ok());
        };
        self.0.descriptions.read(&self.0.engine, "", &mut visit).await?;
        es::sort(&mut infos, |a: &LogInfo, b| a.id.cmp(&b.id));
        Ok(infos)
    }

    async fn add(&self, info: &LogInfo) -> Result<(), StoreError> {
        self.may(Role::Lead, "only who leads the class makes a log in it")?;
        match self.description(&info.id).await? {
            (_, Some(_)) => Ok(()),
            (at, None) => self.fill(info, &mut std::iter::empty(), &SideRecords::new(), at).await,
        }
    }

    async fn change(&self, log: &str, change: &LogChange) -> Result<LogInfo, StoreError> {
        let unknown = || StoreError::UnknownLog(log.to_owned());
        for _ in 0..TRIES {
            let (expected, info) = self.description(log).await?;
            let mut info = info.ok_or_else(unknown)?;
            let before = info.clone();
            change.apply(&mut info)?;
            let mine = matches!(change, LogChange::Opened(_)) && self.0.role < Role::Keep;
            if info == before || mine {
                // When somebody opens a log is of no concern to the others in a class.
                return Ok(info);
            }
            self.may(Role::Lead, "only who leads the class changes what a log is called")?;
            if let LogChange::Deleted { to, .. } = change {
                self.may(Role::Keep, "a class's log is deleted where its server is kept")?;
                let subjects = match to {
                    Some(_) => sealed_subjects(log),
                    None => log_subjects(log),
                };
                let config = self.log_config(log, &subjects);
                self.0.engine.update(&log_stream(log), &config).await?;
            }
            if self.describe(&info, expected).await? {
                return Ok(info);
            }
        }
        Err(StoreError::Changed("it is changing all the time".to_owned()))
    }

    async fn append(&self, log: &str, commit: &Commit) -> Result<CommitPlace, StoreError> {
        self.may(Role::Act, "with this address one only looks on")?;
        let id = commit.envelope.command_id;
        let stored = StoredCommit::from(commit);
        let Some(frames) = segments_of([stored]).next().map(|it| it.chained(&mut 0)) else {
            return Err(StoreError::Failed("it has no bytes".to_owned()));
        };
        if frames.len() > LONGEST_BYTES {
            return Err(StoreError::Failed(too_large()));
        }
        let (mut lost, mut fresh) = (false, true);
        for _ in 0..TRIES {
            let end = self.known(log).index.borrow().end();
            let next = (commit.number, commit.after) == (end.number + 1, end.after);
            if !(next && fresh) && self.0.checks {
                let missed = self.missed(log, commit.number - 1).await.map_err(|fault| {
                    // Whether the commit is stored is unknown, so it cannot be said to be lost.
                    if lost { StoreError::Silent } else { fault }
                })?;
                if let Some(place) = place_among(&missed, id).filter(|_| lost) {
                    return Ok(place);
                }
                let end = self.known(log).index.borrow().end();
                place(commit, end, || missed)?;
            }
            fresh = false;
            let (subject, headers) = self.guard(log, commit);
            match self.0.engine.publish(&subject, &headers, &frames).await {
                Ok(receipt) => {
                    let place = self.place_of(log, receipt.sequence, &subject, &frames).await;
                    let place = place.map_err(|_| StoreError::Silent)?;
                    if !self.0.checks {
                        return Ok(CommitPlace { number: commit.number, after: commit.after });
                    }
                    if let Some(place) = place.filter(|_| lost || !receipt.duplicate) {
                        return Ok(place);
                    }
                }
                Err(NotPublished::WrongLast) => {}
                Err(NotPublished::Lost) => lost = true,
                // What became of the attempt before is unknown.
                Err(_) if lost => return Err(StoreError::Silent),
                Err(NotPublished::NoStream) => return Err(self.closed(log).await),
                Err(NotPublished::Failed(fault)) => return Err(fault),
            }
        }
        if lost {
            return Err(StoreError::Silent);
        }
        Err(StoreError::Failed("others write to this log all the time".to_owned()))
    }

    async fn put(&self, log: &str, on: Shelf, key: &str, record: &str) -> Result<(), StoreError> {
        self.may(Role::Act, "with this address one only looks on")?;
        if self.known(log).index.borrow().created.is_empty() {
            self.scan(log, u64::MAX, &mut |_| ()).await?;
        }
        self.put_record(log, on, key, record).await
    }

    async fn read(
        &self,
        log: &str,
        known: u64,
        _: u64,
        visit: &mut dyn FnMut(CommitOrLoss<'_>),
    ) -> Result<(), StoreError> {
        self.scan(log, known, &mut |commit| visit(CommitOrLoss::Commit(commit))).await?;
        Ok(())
    }

    async fn records(&self, log: &str) -> Result<SideRecords, StoreError> {
        if self.known(log).index.borrow().created.is_empty() {
            self.scan(log, u64::MAX, &mut |_| ()).await?;
        }
        self.side_records(log).await
    }

    async fn import(
        &self,
        info: &LogInfo,
        commits: &mut dyn Iterator<Item = Segment>,
        records: &SideRecords,
    ) -> Result<(), StoreError> {
        let log = &info.id;
        if let (at, None) = self.description(log).await? {
            self.may(Role::Lead, "only who leads the class makes a log in it")?;
            return self.fill(info, commits, records, at).await;
        }
        self.may(Role::Act, "with this address one only looks on")?;
        self.missed(log, u64::MAX).await?;
        let known = self.known(log);
        let (end, last) = {
            let index = known.index.borrow();
            (index.end(), index.last)
        };
        let mut end = End { commits: end.number, head: end.after, hash: 0 };
        let Some(segment) = commits.next() else {
            return self.put_records(log, records).await;
        };
        segment.follow(&mut end)?;
        if commits.next().is_some() {
            // One message is stored whole or not at all, and only that holds while others write.
            return Err(StoreError::Failed(
                "a log that a class shares takes at most 1 MB of an archive at once".to_owned(),
            ));
        }
        let sequence = self.send_segment(log, segment, last).await?;
        self.missed(log, u64::MAX).await?;
        if known.index.borrow().place_of(sequence).is_none() {
            let why = "others wrote to the log at the same time";
            return Err(StoreError::Failed(why.to_owned()));
        }
        self.put_records(log, records).await
    }

    /// Reads what is new in each log: only who reads a log knows what counts in it.
    async fn extents(&self) -> Result<Map<String, Extent>, StoreError> {
        let mut extents = Map::new();
        for info in self.logs().await? {
            let there = self.scan(&info.id, u64::MAX, &mut |_| ()).await?;
            let (commits, events) = self.known(&info.id).index.borrow().extent();
            let bytes = if commits == 0 { 0 } else { there.bytes };
            extents.insert(info.id, Extent { commits, events, bytes });
        }
        Ok(extents)
    }

    async fn remove(&self, log: &str) -> Result<(), StoreError> {
        self.may(Role::Keep, "a class's log is removed where its server is kept")?;
        let (expected, Some(_)) = self.description(log).await? else { return Ok(()) };
        let headers = [(EXPECTED_ON_SUBJECT, expected.to_string())];
        let gone = self.0.engine.publish(&description(log), &headers, &[]).await;
        gone.map_err(|_| StoreError::Failed("it has just changed".to_owned()))?;
        for (shelf, key) in self.side_records(log).await?.keys() {
            self.put_record(log, *shelf, key, "").await?;
        }
        self.0.engine.delete(&log_stream(log)).await?;
        self.0.logs.borrow_mut().remove(log);
        Ok(())
    }
}

/// The place of a command's commit among those that were missed.
fn place_among(missed: &[StoredCommit], id: Uuid) -> Option<CommitPlace> {
    let it = missed.iter().find(|it| it.envelope.command_id == id)?;
    Some(CommitPlace { number: it.number, after: it.after })
}
