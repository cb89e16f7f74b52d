//! Whole logs: they are made, copied, forked, described, imported, exported and restored.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use codec::archive::{Export, Format, Import, Imported, OF_COMMIT, Placed, unreadable};
use codec::{CommitOrLoss, Segment, Segments, segments_of};
use es::{Commit, Map, Scenario, Set, StoredCommit, Stream};
use futures::future::LocalBoxFuture;
use lab::{
    RandomPlan, RandomRun, RandomTally, Seed, SetUp, SideRecord, Subscription, SubscriptionKind,
    Viewpoint, json,
};
use store::link::{self, Shared};
use store::{LogChange, LogInfo, Shelf, SideRecords, StoreError, StoreFuture};

use crate::keys::{Key, key_id};
use crate::open_log::Inner;
use crate::own_code::{OWN, first_version};
use crate::personal::{PersonalFields, seal_commit, sealer};
use crate::side_records::{
    EncodedRecord, attributes, by_key, carried, decode, from_archive, to_archive,
};
use crate::{Host, OpenLog, Trouble, decode_side_records};

/// The size of the pieces in which a file is handed on, in bytes.
const PIECE_BYTES: usize = 1 << 20;
/// How many commands are sent by chance between two looks at the clock.
const COMMANDS_BY_CHANCE: u64 = 100;
/// How many of their events are put together to be stored between two looks.
const EVENTS_OF_A_SLICE: u64 = 2_000;
/// How often an archive goes behind what another tab was quicker to write.
const OVERTAKEN_AT_MOST: u32 = 8;
/// How many events are looked through for missing reactions between two looks at the clock.
const MISSING_EVENTS: u64 = 2_000;

/// Ends the key of an exercise where the log is a fork of an attempt at it.
pub const FORK: &str = "#fork";

/// The key of an exercise, without what says that a log is a fork.
fn before_fork(key: &str) -> &str {
    key.strip_suffix(FORK).unwrap_or(key)
}

/// The result of an export.
pub struct Exported {
    /// How many events were exported.
    pub events: u64,
    /// False where parts of the log could not be read.
    pub whole: bool,
}

/// A log that was made from elsewhere.
pub struct Made {
    /// The new log.
    pub info: LogInfo,
    /// True where nothing says what the processes have reacted to. They take all events as
    /// answered then, and [`OpenLog::unanswered`] counts those that are not.
    pub unsaid: bool,
}

/// The result of a rehearsed disaster: the log was exported and made anew from the export.
pub struct Restored {
    /// The new log.
    pub info: LogInfo,
    /// How many events were restored.
    pub events: u64,
    /// The size of the export, in bytes.
    pub bytes: usize,
    /// True where every read model of the new log shows what it showed in the old one.
    pub same: bool,
}

/// What came of an archive that was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The position of the first event that was appended.
    pub from: u64,
    /// The position of the last one; less than `from` where there was none.
    pub to: u64,
    /// How many of the archive's events were there before.
    pub known: u64,
    /// How many are recorded under a later time than they say.
    pub moved: u64,
}

impl fmt::Display for Appended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, known, moved } = *self;
        match (to + 1).saturating_sub(from) {
            0 => f.write_str("No event was appended.")?,
            1 => write!(f, "1 event was appended, at position {from}.")?,
            count => write!(f, "{count} events were appended, at positions {from} to {to}.")?,
        }
        match known {
            0 => {}
            1 => f.write_str(" 1 event was known here already.")?,
            _ => write!(f, " {known} events were known here already.")?,
        }
        match moved {
            0 => Ok(()),
            1 => f.write_str(
                " 1 event says an earlier time than the one before it: it is recorded after that \
                 one, and keeps what it says.",
            ),
            _ => write!(
                f,
                " {moved} events say an earlier time than the one before them: they are recorded \
                 after that one, and keep what they say.",
            ),
        }
    }
}

/// For which scenario an archive is.
pub struct Reader {
    /// The scenario.
    pub scenario: Rc<Scenario>,
    /// False where it is a guess: the archive does not say it, or names one that is not here.
    pub sure: bool,
}

impl Reader {
    /// The reader of an archive: the scenario that it names; otherwise the open one, where that can
    /// read some of the first events; otherwise the one that can read most of them. The last of all
    /// scenarios reads what no other does.
    pub fn of(archive: &Imported, open: &Rc<Scenario>, all: &[Rc<Scenario>]) -> Self {
        let named = archive.scenario.as_deref();
        if let Some(scenario) = all.iter().find(|it| named == Some(&*it.id)) {
            return Self { scenario: scenario.clone(), sure: true };
        }
        let first = archive.commits.segments().first();
        let readable = |scenario: &Scenario| {
            let events = first.map_or(0, |it| it.commits().map(|it| it.events.len() as u64).sum());
            events - first.map_or(0, |it| unreadable(it.commits(), scenario))
        };
        let mut best = (readable(open), open);
        let (others, last) = all.split_at(all.len().saturating_sub(1));
        if best.0 == 0 {
            // A domain of somebody's own reads whatever there is: it is no guess.
            for scenario in others.iter().filter(|it| *it.id != *OWN) {
                let count = readable(scenario);
                if count > best.0 {
                    best = (count, scenario);
                }
            }
        }
        let scenario = if best.0 == 0 { last.first().unwrap_or(open) } else { best.1 };
        Self { scenario: scenario.clone(), sure: false }
    }
}

/// An iterator without an item, which calls `last` when it is asked for one.
fn call_at_end(last: &mut dyn FnMut()) -> impl Iterator<Item = Segment> {
    std::iter::from_fn(move || {
        last();
        None
    })
}

impl Host {
    /// Describes a new log of a scenario. Nothing is stored yet.
    pub fn new_log(
        &self,
        scenario: &Scenario,
        title: String,
        forked_from: Option<(String, u64)>,
    ) -> LogInfo {
        let now = self.clock.now();
        LogInfo {
            id: self.new_log_id(),
            scenario: scenario.id.to_string(),
            title,
            created_at: now,
            opened_at: now,
            forked_from,
            deleted_at: None,
            exercise: None,
            seed: None,
        }
    }

    /// Changes the description of a log, and tells the peers that have it open. Returns it as it is
    /// then.
    ///
    /// # Errors
    /// [`StoreError`] where it could not be stored, or another tab was quicker.
    pub fn redescribe<'a>(
        &'a self,
        log: &'a str,
        change: &'a LogChange,
    ) -> StoreFuture<'a, LogInfo> {
        Box::pin(async move {
            let info = self.change(log, change).await?;
            self.peers.announce(log);
            Ok(info)
        })
    }

    /// Makes a new log from an archive, with the side records that came with it or beside it.
    /// `last` is called once all commits were handed to the store.
    ///
    /// # Errors
    /// A sentence: why the archive cannot begin a log, or why it could not be stored.
    pub fn import_new<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        title: String,
        archive: Imported,
        side_records: SideRecords,
        last: &'a mut dyn FnMut(),
    ) -> LocalBoxFuture<'a, Result<Made, String>> {
        Box::pin(async move {
            let title = if title.is_empty() { scenario.title.to_string() } else { title };
            let info = self.new_log(scenario, title, None);
            let unsaid = self.import_as(scenario, &info, archive, side_records, last).await?;
            Ok(Made { info, unsaid })
        })
    }

    /// As [`Host::import_new`], with a description that is given. True where nothing says what the
    /// processes have reacted to.
    ///
    /// # Errors
    /// A sentence, as there.
    pub fn import_as<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        info: &'a LogInfo,
        mut archive: Imported,
        mut side_records: SideRecords,
        last: &'a mut dyn FnMut(),
    ) -> LocalBoxFuture<'a, Result<bool, String>> {
        Box::pin(async move {
            let events = archive.events;
            side_records.extend(from_archive(std::mem::take(&mut archive.side_records))?);
            self.mark_unseen(&mut side_records);
            let pieces = archive.into_new(scenario, self.clock.now())?;
            let pieces = self.sealed_pieces(scenario, pieces).await;
            let mut pieces = pieces.map_err(|it| it.to_string())?.chain(call_at_end(last));
            let mut kept = SideRecords::new();
            for ((shelf, key), text) in side_records {
                if matches!(shelf, Shelf::Attributes | Shelf::Code) {
                    kept.insert((shelf, key), text);
                    continue;
                }
                let record = decode(shelf, &key, &text);
                let record = record.ok_or("what stands beside its events cannot be read")?;
                let Some(record) = record.fitting(events) else { continue };
                let encoded = self.encode_side_record(&record);
                // What was added to a refusal is known by the refusal's key.
                let key = if shelf == Shelf::Refusals { key } else { encoded.key };
                kept.insert((encoded.shelf, key), encoded.text);
            }
            let mut unsaid = false;
            for name in scenario.processes.iter().map(|process| process.name()) {
                if !kept.contains_key(&(Shelf::SetUps, name.to_string())) {
                    // Nobody knows what was done about these events, so nothing is done again.
                    let set_up = SetUp { deadlines_after: events, ..SetUp::answered(events) };
                    let set_up = SideRecord::SetUp(name, set_up);
                    let EncodedRecord { shelf, key, text } = self.encode_side_record(&set_up);
                    kept.insert((shelf, key), text);
                    unsaid = true;
                }
            }
            let stored = self.import(info, &mut pieces, &kept).await;
            stored.map_err(|fault| fault.to_string())?;
            Ok(unsaid && events > 0)
        })
    }

    /// The commits of an archive, with what is personal in them sealed.
    async fn sealed_pieces<'a>(
        &self,
        scenario: &Scenario,
        pieces: Box<dyn Iterator<Item = Segment> + 'a>,
    ) -> Result<Box<dyn Iterator<Item = Segment> + 'a>, StoreError> {
        let Some(personal) = PersonalFields::of(scenario) else { return Ok(pieces) };
        let mut keys: Map<Stream, Key> = Map::new();
        let mut commits = Vec::new();
        for segment in pieces {
            for commit in segment.commits() {
                let mut commit = commit.owned();
                seal_commit(&personal, &mut commit, &mut |stream| {
                    *keys.entry(stream.clone()).or_insert_with(|| self.ids.secret())
                });
                commits.push(commit);
            }
        }
        self.keys.keep(keys.values().map(|key| (key_id(key), *key)).collect()).await?;
        Ok(Box::new(segments_of(commits)))
    }

    /// Makes a new log of a run by chance. It runs in memory, and is stored once it is whole.
    /// `progress` hears how far it has come; `last` is called once all commits were handed to the
    /// store.
    ///
    /// # Errors
    /// [`StoreError`] where it could not be stored.
    pub fn run_by_chance<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        title: String,
        plan: RandomPlan,
        progress: &'a mut dyn FnMut(RandomTally),
        last: &'a mut dyn FnMut(),
    ) -> StoreFuture<'a, (LogInfo, RandomTally)> {
        Box::pin(async move {
            let keys = Rc::new(RefCell::new(Map::new()));
            let mut run = RandomRun::new(scenario, plan);
            if let Some(sealer) = sealer(scenario, plan.seed, keys.clone()) {
                run = run.sealed_by(sealer);
            }
            let mut slice = self.slice();
            while !run.advance(COMMANDS_BY_CHANCE) {
                progress(run.tally());
                slice.breathe().await;
            }
            let tally = run.tally();
            let session = run.into_session();
            self.keys.keep(keys.take().into_iter().collect()).await?;
            let seed = Seed { plan, commits: session.log().commits() };
            let code = self.code_of(scenario);
            // Without the code, a seed says nothing.
            let seed = code.is_none().then(|| json::write(&seed));
            let info = LogInfo { seed, ..self.new_log(scenario, title, None) };
            let head = session.head();
            let mut records = self.encode_side_records(&session.world().side_records_up_to(head));
            records.extend(code.map(|text| first_version(&text, self.clock.now())));
            let (mut segments, mut commits) = (Segments::default(), Vec::<Commit>::new());
            loop {
                commits = session.some_commits(commits.last(), head, EVENTS_OF_A_SLICE);
                if commits.is_empty() {
                    break;
                }
                segments.extend(commits.iter().map(StoredCommit::from));
                slice.breathe().await;
            }
            for piece in session.into_world().into_log().into_pieces() {
                drop(piece);
                slice.breathe().await;
            }
            let mut segments = segments.into_segments().chain(call_at_end(last));
            self.import(&info, &mut segments, &records).await?;
            Ok((info, tally))
        })
    }

    /// The code of the open log that runs this scenario, where it has code of its own.
    fn code_of(&self, scenario: &Rc<Scenario>) -> Option<Rc<str>> {
        let opened = self.opened.borrow();
        let mut logs = opened
            .iter()
            .filter_map(|(_, open)| open.upgrade()?.downcast::<Inner>().ok().map(OpenLog));
        let log = logs.find(|it| Rc::ptr_eq(it.session().scenario(), scenario))?;
        log.own_code().map(|it| it.text)
    }

    /// Copies a log up to its first loss, with its side records. `last` is called once all commits
    /// were handed to the store.
    ///
    /// # Errors
    /// [`StoreError`] where the log could not be read, or the copy could not be stored.
    pub fn duplicate<'a>(
        &'a self,
        log: &'a LogInfo,
        title: String,
        last: &'a mut dyn FnMut(),
    ) -> StoreFuture<'a, LogInfo> {
        Box::pin(async move {
            let records = self.records(&log.id).await?;
            let commits = self.commits(&log.id).await?;
            let head = commits.last().map_or(0, |it| it.after + it.events.len() as u64);
            let now = self.clock.now();
            let copy = LogInfo {
                id: self.new_log_id(),
                title,
                created_at: now,
                opened_at: now,
                forked_from: Some((log.id.clone(), head)),
                deleted_at: None,
                ..log.clone()
            };
            let mut commits = segments_of(commits).chain(call_at_end(last));
            self.import(&copy, &mut commits, &records).await?;
            Ok(copy)
        })
    }

    fn new_log_id(&self) -> String {
        let id = self.ids.next().simple().to_string();
        // The first digits are the time, which sorts. The last ones are random.
        format!("{}{}", &id[4..12], &id[28..])
    }

    /// A log as it travels in a link: its commits and side records; for a run by chance that has not
    /// gone on since, what it was made of. More commits than fit into a
    /// link are left out: such a log is too long anyway.
    ///
    /// # Errors
    /// [`StoreError`] where the log could not be read.
    pub fn share<'a>(
        &'a self,
        info: &'a LogInfo,
        scenario: &'a Scenario,
        position: u64,
        bookmarks: Vec<(u64, String)>,
    ) -> StoreFuture<'a, Shared> {
        Box::pin(async move {
            let mut commits = Vec::new();
            let mut visit = |found: CommitOrLoss<'_>| {
                if let CommitOrLoss::Commit(commit) = found
                    && commits.len() <= link::COMMITS_AT_MOST
                {
                    commits.push(commit.owned());
                }
            };
            // The side records come first, so that no mark is ahead of the commits.
            let records = self.whole_records(Some(scenario), &info.id).await?;
            self.read(&info.id, 0, 0, &mut visit).await?;
            let (scenario, title) = (info.scenario.clone(), info.title.clone());
            let seed = info.seed.as_ref().and_then(|it| json::read::<Seed>(it).ok());
            let extents = if seed.is_some() { self.extents().await? } else { Map::new() };
            let stored = extents.get(&info.id).map(|it| it.commits);
            if let Some(seed) = seed.filter(|it| stored == Some(it.commits)) {
                // The plan says all of it.
                let seed = Some(json::write(&seed.plan));
                return Ok(Shared {
                    scenario,
                    title,
                    position,
                    bookmarks,
                    seed,
                    ..Shared::default()
                });
            }
            Ok(Shared {
                scenario,
                title,
                position,
                commits,
                records,
                bookmarks,
                ..Shared::default()
            })
        })
    }

    /// Exports a log as an archive, in pieces, with its side records: what its processes still owe
    /// is owed by those of a copy. Where the store fails and the log is open, the archive is written
    /// from what the open log knows. Without the scenario, the archive says only what was stored.
    ///
    /// `sink` is called with each piece and with the number of events so far. It is called without
    /// a piece where the archive begins again: all pieces before that are void.
    ///
    /// # Errors
    /// [`StoreError`] where the log could not be read.
    pub fn export<'a>(
        &'a self,
        info: &'a LogInfo,
        scenario: Option<&'a Scenario>,
        format: Format,
        open: Option<&'a OpenLog>,
        sink: &'a mut dyn FnMut(Option<&[u8]>, u64),
    ) -> StoreFuture<'a, Exported> {
        Box::pin(async move {
            let records = self.whole_records(scenario, &info.id).await;
            self.write_archive(info, format, (records, u64::MAX), open, sink).await
        })
    }

    /// As [`Host::export`], up to a position, with these side records.
    fn write_archive<'a>(
        &'a self,
        info: &'a LogInfo,
        format: Format,
        (records, to): (Result<SideRecords, StoreError>, u64),
        open: Option<&'a OpenLog>,
        sink: &'a mut dyn FnMut(Option<&[u8]>, u64),
    ) -> StoreFuture<'a, Exported> {
        Box::pin(async move {
            let added = records.as_ref().map_or_else(|_| SideRecords::new(), attributes);
            let begin = || Export::new(format, &info.scenario).with_attributes(by_key(&added));
            let mut export = begin();
            let (mut bytes, mut events, mut whole) = (Vec::new(), 0, true);
            let mut visit = |found: CommitOrLoss<'_>| match found {
                CommitOrLoss::Commit(commit) if commit.after >= to => {}
                CommitOrLoss::Commit(commit) => {
                    export.commit(&commit.owned(), &mut bytes);
                    events += commit.events.len() as u64;
                    if bytes.len() > PIECE_BYTES {
                        sink(Some(&bytes), events);
                        bytes.clear();
                    }
                }
                // A lost part is left out, and everything else is exported.
                CommitOrLoss::Lost(_) => whole = false,
            };
            let read = match records {
                Ok(records) => self.read(&info.id, 0, 0, &mut visit).await.map(|()| records),
                Err(fault) => Err(fault),
            };
            let held = open.filter(|log| read.is_err() || log.trouble() == Some(Trouble::Evicted));
            let records = match (read, held) {
                (Ok(records), None) => records,
                (Err(fault), None) => return Err(fault),
                (_, Some(log)) => {
                    let session = log.session();
                    self.encode_side_records(&session.world().side_records_up_to(session.head()))
                }
            };
            if let Some(log) = held {
                sink(None, 0);
                export = begin();
                (bytes, events, whole) = (Vec::new(), 0, true);
                let session = log.session();
                for commit in session.commits(session.head().min(to)) {
                    export.commit(&StoredCommit::from(&commit), &mut bytes);
                    events += commit.events.len() as u64;
                }
            }
            for side_record in to_archive(&records) {
                export.side_record(&side_record, &mut bytes);
            }
            export.finish(&mut bytes);
            sink(Some(&bytes), events);
            Ok(Exported { events, whole })
        })
    }
}

impl OpenLog {
    /// Makes a new log that shares this one's past up to `position`. A commit that reaches beyond
    /// the position is cut off there.
    ///
    /// # Errors
    /// [`StoreError`] where the new log could not be stored.
    pub(crate) async fn fork(&self, position: u64) -> Result<LogInfo, StoreError> {
        let scenario = self.session().scenario().clone();
        let title = format!("Fork of {}, after event {position}", self.called(&scenario).await?);
        self.fork_as(&self.0.host, &scenario, title, position, SideRecords::new()).await
    }

    /// Makes a new log with the past up to a position, with another host: where this log's own takes
    /// none of this person.
    ///
    /// # Errors
    /// [`StoreError`] where the new log could not be stored.
    pub async fn fork_to(&self, host: &Host, position: u64) -> Result<LogInfo, StoreError> {
        let scenario = self.session().scenario().clone();
        let title = format!("Fork of {}, after event {position}", self.info().title);
        self.give_keys(host).await?;
        self.fork_as(host, &scenario, title, position, SideRecords::new()).await
    }

    /// The same, for a scenario, with a title and more side records.
    pub(crate) async fn fork_as(
        &self,
        host: &Host,
        scenario: &Scenario,
        title: String,
        position: u64,
        more: SideRecords,
    ) -> Result<LogInfo, StoreError> {
        let elsewhere = self.known_elsewhere().await;
        let commits = self.commits_up_to(position).await;
        let side_records = self.side_records_up_to(position, elsewhere);
        let from = Some((self.0.id.clone(), position));
        // What is forked off an attempt is kept apart with it, and counts for nothing there.
        let exercise = self.info().exercise.map(|it| format!("{}{FORK}", before_fork(&it)));
        let info = LogInfo { exercise, ..host.new_log(scenario, title, from) };
        let mut records = host.encode_side_records(&side_records);
        records.extend(self.carried().await);
        records.extend(more);
        host.import(&info, &mut commits.into_segments(), &records).await?;
        Ok(info)
    }

    /// What the log is called among its scenario's: “log 2”. One that the store does not list is
    /// called by its title.
    async fn called(&self, scenario: &Scenario) -> Result<String, StoreError> {
        let logs = self.0.host.logs().await?;
        let exercise = self.info().exercise;
        let alike = |it: &&LogInfo| it.scenario == *scenario.id && it.exercise == exercise;
        let mut own = logs.iter().filter(alike);
        Ok(match own.position(|it| it.id == self.0.id) {
            Some(index) => format!("log {}", index + 1),
            None => self.info().title,
        })
    }

    /// What the tab that runs the processes has stored beside the log. Whatever that speaks of is
    /// learned afterwards. None where this tab runs them, or where it cannot be read.
    async fn known_elsewhere(&self) -> Option<SideRecords> {
        if self.runs_processes() {
            return None;
        }
        let stored = self.records().await.ok()?;
        self.catch_up().await;
        Some(stored)
    }

    /// The side records for a copy up to `position`. How the processes are set up, and what they have
    /// done, is known best to whoever runs them `elsewhere`.
    fn side_records_up_to(&self, position: u64, elsewhere: Option<SideRecords>) -> Vec<SideRecord> {
        let mut side_records = self.session().world().side_records_up_to(position);
        let Some(stored) = elsewhere else { return side_records };
        let session = self.session();
        let process = |name: &str| {
            let it = session.world().subscription(name);
            it.is_some_and(|it| it.kind() == SubscriptionKind::Process)
        };
        let stored = decode_side_records(&stored);
        let refused = stored.iter().filter_map(|it| match it {
            SideRecord::Refusal(entry) => Some(entry),
            _ => None,
        });
        let answered = session.world().answered_by(position, refused);
        // A mark says that these were done, so they go along with the mark.
        let done = |it: &SideRecord| match it {
            SideRecord::SetUp(..) | SideRecord::Clock(_) => None,
            SideRecord::Effect(it) if it.position > position => None,
            SideRecord::Effect(it) => Some((it.id, it.repeat)),
            SideRecord::Refusal(it) if it.is_after(position) => None,
            SideRecord::Refusal(it) => {
                process(&it.envelope.actor).then_some((it.envelope.command_id, 0))
            }
        };
        let known: Set<_> = side_records.iter().filter_map(done).collect();
        let mut missed = Vec::new();
        for stored in stored {
            if done(&stored).is_some_and(|it| !known.contains(&it)) {
                missed.push(stored);
                continue;
            }
            let SideRecord::SetUp(name, there) = stored else { continue };
            for it in &mut side_records {
                if let SideRecord::SetUp(own, set_up) = it
                    && *own == name
                    && process(&name)
                {
                    *set_up = SetUp { mark: there.mark.min(answered), ..there.clone() };
                }
            }
        }
        side_records.extend(missed);
        side_records
    }

    /// The commits up to `position`, as they are stored: the store may know more of an event than
    /// this tab does. Where the store has lost some, the commits are as this tab knows them.
    async fn commits_up_to(&self, position: u64) -> Segments {
        let inner = &self.0;
        let (mut copied, mut head) = (Segments::default(), 0);
        let mut visit = |found: CommitOrLoss<'_>| {
            if let CommitOrLoss::Commit(commit) = found
                && commit.after == head
                && (head < position || commit.events.is_empty())
            {
                let mut commit = commit.owned();
                commit.events.truncate(usize::try_from(position - head).unwrap_or(usize::MAX));
                head += commit.events.len() as u64;
                copied.extend([commit]);
            }
        };
        match inner.host.read(&inner.id, 0, 0, &mut visit).await {
            Ok(()) if head == position => copied,
            _ => self.session().commits(position).iter().map(StoredCommit::from).collect(),
        }
    }

    /// Saves everything that this tab knows of the log as a new log.
    ///
    /// # Errors
    /// [`StoreError`] where the new log could not be stored.
    pub(crate) async fn save_again(&self) -> Result<LogInfo, StoreError> {
        // Where this fails, the import says why.
        _ = self.0.host.reopen().await;
        self.copy_to(&self.0.host).await
    }

    /// Makes a new log of everything that this tab knows of the log, with another host: one that
    /// keeps logs in memory, where the storage of this one does not answer.
    ///
    /// # Errors
    /// [`StoreError`] where the new log could not be stored.
    pub async fn copy_to(&self, host: &Host) -> Result<LogInfo, StoreError> {
        let elsewhere = self.known_elsewhere().await;
        let head = self.session().head();
        let side_records = self.side_records_up_to(head, elsewhere);
        let (info, commits) = {
            let session = self.session();
            let from = Some((self.0.id.clone(), head));
            let info = host.new_log(session.scenario(), self.info().title, from);
            (info, session.commits(head))
        };
        let mut records = host.encode_side_records(&side_records);
        records.extend(self.carried().await);
        self.give_keys(host).await?;
        let mut commits = segments_of(commits.iter().map(StoredCommit::from));
        host.import(&info, &mut commits, &records).await?;
        Ok(info)
    }

    /// What goes along with a copy as it is.
    async fn carried(&self) -> SideRecords {
        self.records().await.map(|records| carried(&records)).unwrap_or_default()
    }

    /// Appends an archive, all of it or nothing. An event that the log has already is left out.
    /// Where another tab is quicker, the archive goes behind what that one has written. Nobody
    /// reacts to its events. Its side records are left out: they are about another log. What another
    /// system has added to a commit without an event comes along. `last` is
    /// called once all commits were handed to the store.
    ///
    /// # Errors
    /// A sentence: why the archive does not fit the log, or why it could not be stored.
    pub fn extend<'a>(
        &'a self,
        imported: Imported,
        last: &'a mut dyn FnMut(),
    ) -> LocalBoxFuture<'a, Result<Appended, String>> {
        Box::pin(async move {
            if let Some(trouble) = self.trouble().filter(|it| *it != Trouble::Slow) {
                return Err(trouble.to_string());
            }
            let (appended, trace) = {
                let _turn = self.0.gate.lock().await;
                self.learn().await;
                // A log that is gone by now must not be made anew.
                if let Some(trouble) = self.trouble().filter(|it| *it != Trouble::Slow) {
                    return Err(trouble.to_string());
                }
                let mut tries = 1;
                let appended = loop {
                    let known = self.session().log().commits();
                    match self.extend_once(imported.clone(), last).await {
                        Ok(appended) => break appended,
                        Err(why) => {
                            self.learn().await;
                            if self.session().log().commits() == known {
                                return Err(why);
                            }
                        }
                    }
                    if tries == OVERTAKEN_AT_MOST {
                        return Err("another tab keeps writing to this log".to_owned());
                    }
                    tries += 1;
                };
                (appended, self.run_in_turn().await)
            };
            self.notify(trace);
            Ok(appended)
        })
    }

    /// Appends an archive behind what is known of the log, in turn.
    async fn extend_once(
        &self,
        imported: Imported,
        last: &mut dyn FnMut(),
    ) -> Result<Appended, String> {
        let inner = &self.0;
        let before = self.session().head();
        let scenario = self.session().scenario().clone();
        let now = self.now();
        let added = from_archive(imported.side_records.clone())?.into_iter();
        let of_commit = |((shelf, key), _): &((Shelf, String), String)| {
            *shelf == Shelf::Attributes && key.starts_with(OF_COMMIT)
        };
        let added: SideRecords = added.filter(of_commit).collect();
        let placed = imported.after(self.session().log(), &scenario, now)?;
        let Placed { mut commits, known, moved } = placed;
        self.seal_commits(&mut commits).await.map_err(|it| it.to_string())?;
        if commits.is_empty() {
            return Ok(Appended { from: before + 1, to: before, known, moved });
        }
        let (mut read, mut slice) = (Vec::with_capacity(commits.len()), inner.host.slice());
        for commit in &commits {
            read.push(commit.lent().read(&scenario));
            slice.breathe().await;
        }
        let mut all = segments_of(commits).chain(call_at_end(last));
        let stored = inner.host.import(&self.info(), &mut all, &added).await;
        stored.map_err(|fault| fault.to_string())?;
        self.announce();
        // The archive is stored, so it must be learned before anything else happens.
        for commit in read {
            self.session_mut().learn(commit);
        }
        Ok(Appended { from: before + 1, to: self.session().head(), known, moved })
    }

    /// How many events ask for something that nobody has done: of a process, by the code that runs,
    /// from the first event on.
    pub async fn unanswered(&self) -> u64 {
        let names: Vec<Rc<str>> = {
            let session = self.session();
            let running = session.world().subscriptions().iter();
            let processes = running.filter(|it| it.kind() == SubscriptionKind::Process);
            processes.map(|it| it.name().clone()).collect()
        };
        let mut unanswered = Set::new();
        for name in names {
            let Some(mut missing) = self.session().world().look_for_missing(&name) else {
                continue;
            };
            let mut slice = self.0.host.slice();
            while !self.session().world().look_on(&mut missing, MISSING_EVENTS) {
                slice.breathe().await;
            }
            // What would only be due later is no answer that somebody waits for.
            let found = missing.found().iter().filter(|(_, it)| it.deadline().is_none());
            unanswered.extend(found.map(|(position, _)| *position));
        }
        unanswered.len() as u64
    }

    /// Forgets all read models and folds them again, up to the same position. Returns how many there
    /// are, and whether each shows what it showed before.
    pub(crate) async fn drop_models(&self) -> (usize, bool) {
        let ((models, same), trace) = {
            // Whatever others write meanwhile is learned afterwards.
            let _turn = self.0.gate.lock().await;
            let (models, before) = {
                let session = self.session();
                let running = session.world().subscriptions().iter();
                let models = running.filter(|it| it.kind() == SubscriptionKind::Projection);
                let models: Vec<_> = models.map(|it| (it.name().clone(), it.code())).collect();
                (models, views(&session))
            };
            for (name, code) in &models {
                self.session_mut().world_mut().drop_model(name, *code);
            }
            self.refill_in_turn().await;
            let same = views(&self.session()) == before;
            ((models.len(), same), self.run_in_turn().await)
        };
        self.notify(trace);
        (models, same)
    }

    /// Exports the log, makes a new log from the export, and compares the two at the position where
    /// this one stood when it began. `last` is called once all commits were handed to the store.
    ///
    /// # Errors
    /// A sentence: which of the steps failed, and why.
    pub fn restore<'a>(
        &'a self,
        last: &'a mut dyn FnMut(),
    ) -> LocalBoxFuture<'a, Result<Restored, String>> {
        Box::pin(async move {
            let (host, info) = (&self.0.host, self.info());
            let scenario = self.session().scenario().clone();
            let mut pieces: Vec<Vec<u8>> = Vec::new();
            let mut sink = |piece: Option<&[u8]>, _| match piece {
                Some(piece) => pieces.push(piece.to_vec()),
                None => pieces.clear(),
            };
            let elsewhere = self.known_elsewhere().await;
            // What others write meanwhile is in neither of the two.
            let (head, shown, side_records) = {
                let _turn = self.0.gate.lock().await;
                let head = self.session().head();
                let side_records = self.side_records_up_to(head, elsewhere);
                let mut side_records = host.encode_side_records(&side_records);
                side_records.extend(self.carried().await);
                (head, views(&self.session()), side_records)
            };
            let all = (Ok(side_records), head);
            let exported = host.write_archive(&info, Format::Lines, all, Some(self), &mut sink);
            let exported = exported.await;
            exported.map_err(|fault| fault.to_string())?;
            let (mut import, mut bytes, mut slice) = (Import::new(), 0, host.slice());
            for piece in pieces {
                import.feed(&piece);
                bytes += piece.len();
                slice.breathe().await;
            }
            let read = import.finish().map_err(|faults| faults[0].to_string())?;
            let (events, title) = (read.events, format!("{} restored", info.title));
            let made = host.import_new(&scenario, title, read, SideRecords::new(), last).await?;
            let info = made.info;
            let restored =
                host.look(&scenario, &info.id).await.map_err(|fault| fault.to_string())?;
            let same = views(&restored) == shown;
            Ok(Restored { info, events, bytes, same })
        })
    }
}

fn views(session: &Viewpoint) -> Vec<es::View> {
    let running = session.world().subscriptions().iter();
    running.filter(|it| it.kind() == SubscriptionKind::Projection).map(Subscription::view).collect()
}
