//! Logs in memory: for tests, and for a browser that offers no storage.

use std::cell::RefCell;
use std::rc::Rc;

use super::{
    CommitPlace, Extent, LogChange, LogInfo, LogStore, Shelf, SideRecords, StoreError, place,
};
use codec::record::End;
use codec::{CommitOrLoss, Segment};
use es::{Commit, Map, StoredCommit};

/// Logs that last as long as the page does. Clones share the logs, as tabs share the browser's
/// storage. The store answers at once: its futures are never pending.
#[derive(Clone, Default)]
pub struct MemoryStore(Rc<RefCell<Map<String, Log>>>);

struct Log {
    info: LogInfo,
    head: u64,
    commits: Vec<HeldCommit>,
    records: SideRecords,
}

/// A commit in the shape in which it came. A shared commit belongs to an open log as well.
enum HeldCommit {
    Shared(Commit),
    Stored(StoredCommit),
}

impl HeldCommit {
    fn stored(&self) -> StoredCommit {
        match self {
            Self::Shared(commit) => commit.into(),
            Self::Stored(commit) => commit.clone(),
        }
    }
}

impl Log {
    fn new(info: LogInfo) -> Self {
        Self { info, head: 0, commits: Vec::new(), records: SideRecords::new() }
    }

    fn takes_more(&self) -> Result<(), StoreError> {
        if self.info.deleted_at.is_some() { Err(StoreError::Deleted) } else { Ok(()) }
    }
}

impl MemoryStore {
    fn change_log<T>(
        &self,
        log: &str,
        change: impl FnOnce(&mut Log) -> T,
    ) -> Result<T, StoreError> {
        let mut logs = self.0.borrow_mut();
        logs.get_mut(log).map(change).ok_or_else(|| StoreError::UnknownLog(log.to_owned()))
    }
}

impl LogStore for MemoryStore {
    async fn logs(&self) -> Result<Vec<LogInfo>, StoreError> {
        Ok(self.0.borrow().values().map(|log| log.info.clone()).collect())
    }

    async fn add(&self, info: &LogInfo) -> Result<(), StoreError> {
        let mut logs = self.0.borrow_mut();
        logs.entry(info.id.clone()).or_insert_with(|| Log::new(info.clone()));
        Ok(())
    }

    async fn change(&self, log: &str, change: &LogChange) -> Result<LogInfo, StoreError> {
        self.change_log(log, |log| change.apply(&mut log.info).map(|()| log.info.clone()))?
    }

    async fn append(&self, log: &str, commit: &Commit) -> Result<CommitPlace, StoreError> {
        self.change_log(log, |log| {
            log.takes_more()?;
            let end = CommitPlace { number: log.commits.len() as u64, after: log.head };
            if (commit.number, commit.after) == (end.number + 1, end.after) {
                log.head = commit.head();
                log.commits.push(HeldCommit::Shared(commit.clone()));
                return Ok(CommitPlace { number: commit.number, after: commit.after });
            }
            let stored = place(commit, end, || {
                let known = usize::try_from(commit.number).unwrap_or(usize::MAX).saturating_sub(1);
                log.commits.iter().skip(known).map(HeldCommit::stored).collect()
            })?;
            let placed = CommitPlace { number: stored.number, after: stored.after };
            log.head += stored.events.len() as u64;
            log.commits.push(HeldCommit::Stored(stored));
            Ok(placed)
        })?
    }

    async fn put(&self, log: &str, on: Shelf, key: &str, record: &str) -> Result<(), StoreError> {
        self.change_log(log, |log| {
            log.records.insert((on, key.to_owned()), record.to_owned());
        })
    }

    async fn read(
        &self,
        log: &str,
        known: u64,
        _: u64,
        visit: &mut dyn FnMut(CommitOrLoss<'_>),
    ) -> Result<(), StoreError> {
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        let commits: Vec<StoredCommit> = self.change_log(log, |log| {
            log.commits.iter().skip(known).map(HeldCommit::stored).collect()
        })?;
        for commit in &commits {
            visit(CommitOrLoss::Commit(commit.lent()));
        }
        Ok(())
    }

    async fn records(&self, log: &str) -> Result<SideRecords, StoreError> {
        self.change_log(log, |log| log.records.clone())
    }

    async fn import(
        &self,
        info: &LogInfo,
        commits: &mut dyn Iterator<Item = Segment>,
        records: &SideRecords,
    ) -> Result<(), StoreError> {
        let mut logs = self.0.borrow_mut();
        if let Some(log) = logs.get(&info.id) {
            log.takes_more()?;
        }
        let there = logs.get(&info.id).map(|log| End {
            commits: log.commits.len() as u64,
            head: log.head,
            hash: 0,
        });
        let mut end = there.unwrap_or_default();
        let mut new = Vec::new();
        for segment in commits {
            segment.follow(&mut end)?;
            new.extend(segment.commits().map(|it| HeldCommit::Stored(it.owned())));
        }
        let log = logs.entry(info.id.clone()).or_insert_with(|| Log::new(info.clone()));
        log.head = end.head;
        log.commits.extend(new);
        log.records.extend(records.iter().map(|(key, record)| (key.clone(), record.clone())));
        Ok(())
    }

    async fn extents(&self) -> Result<Map<String, Extent>, StoreError> {
        let logs = self.0.borrow();
        let extent =
            |log: &Log| Extent { commits: log.commits.len() as u64, events: log.head, bytes: 0 };
        Ok(logs.iter().map(|(id, log)| (id.clone(), extent(log))).collect())
    }

    async fn remove(&self, log: &str) -> Result<(), StoreError> {
        self.0.borrow_mut().remove(log);
        Ok(())
    }
}
