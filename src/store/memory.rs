//! Logs in memory: for tests, and for a browser that offers no storage.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Kept, LogInfo, LogStore, Shelf, StoreError, check};
use crate::es::{Commit, Stream};

/// Logs that last as long as the page does. Clones share them, as tabs share the browser's
/// storage. It answers at once: its futures are never pending.
#[derive(Clone, Default)]
pub struct MemoryStore(Rc<RefCell<BTreeMap<String, Log>>>);

struct Log {
    info: LogInfo,
    head: u64,
    versions: BTreeMap<Stream, u64>,
    commits: Vec<Commit>,
    records: BTreeMap<(Shelf, String), String>,
}

impl Log {
    fn new(info: LogInfo) -> Self {
        Self {
            info,
            head: 0,
            versions: BTreeMap::new(),
            commits: Vec::new(),
            records: BTreeMap::new(),
        }
    }
}

impl MemoryStore {
    fn change<T>(&self, log: &str, change: impl FnOnce(&mut Log) -> T) -> Result<T, StoreError> {
        let mut logs = self.0.borrow_mut();
        logs.get_mut(log).map(change).ok_or_else(|| StoreError::UnknownLog(log.to_owned()))
    }
}

impl LogStore for MemoryStore {
    async fn logs(&self) -> Result<Vec<LogInfo>, StoreError> {
        Ok(self.0.borrow().values().map(|log| log.info.clone()).collect())
    }

    async fn describe(&self, info: &LogInfo) -> Result<(), StoreError> {
        let mut logs = self.0.borrow_mut();
        match logs.get_mut(&info.id) {
            Some(log) => log.info = info.clone(),
            None => _ = logs.insert(info.id.clone(), Log::new(info.clone())),
        }
        Ok(())
    }

    async fn append(&self, log: &str, commit: &Commit) -> Result<(), StoreError> {
        self.change(log, |log| {
            check(commit, &commit.expects(), log.head, &log.versions)?;
            for event in &commit.events {
                log.versions.insert(event.stream().clone(), event.version());
            }
            log.head = commit.head();
            log.commits.push(commit.clone());
            Ok(())
        })?
    }

    async fn put(&self, log: &str, on: Shelf, key: &str, record: &str) -> Result<(), StoreError> {
        self.change(log, |log| {
            log.records.insert((on, key.to_owned()), record.to_owned());
        })
    }

    async fn load(&self, log: &str) -> Result<Kept, StoreError> {
        self.change(log, |log| Kept {
            commits: log.commits.iter().map(Into::into).collect(),
            records: log.records.clone(),
        })
    }
}
