//! A store that never answers must not hold up everything else: each call ends in time.

use std::cell::Cell;

use codec::{Found, Packed};
use es::{Commit, Map, StoredCommit};
use futures::future::{Either, select};
use store::{Answer, Extent, LogInfo, Place, Records, Shelf, StoreError};

use crate::Host;

/// A store that has not answered for so long counts as silent, in milliseconds.
const PATIENCE_MILLIS: u64 = 10_000;

/// The host's store, of which every call ends. Longer ones may take as long as they go on.
impl Host {
    async fn in_time<T>(
        &self,
        mut call: Answer<'_, T>,
        progress: &Cell<u64>,
    ) -> Result<T, StoreError> {
        loop {
            let before = progress.get();
            match select(call, self.clock.sleep(PATIENCE_MILLIS)).await {
                Either::Left((answer, _)) => return answer,
                Either::Right(((), _)) if progress.get() == before => {
                    return Err(StoreError::Silent);
                }
                Either::Right(((), going_on)) => call = going_on,
            }
        }
    }

    async fn soon<T>(&self, call: Answer<'_, T>) -> Result<T, StoreError> {
        self.in_time(call, &Cell::new(0)).await
    }

    /// True where a reload finds everything again.
    pub fn durable(&self) -> bool {
        self.store.durable()
    }

    /// The logs that are kept, but for those that were deleted.
    ///
    /// # Errors
    /// [`StoreError::Failed`], [`StoreError::Silent`], as all of these.
    pub async fn logs(&self) -> Result<Vec<LogInfo>, StoreError> {
        let mut logs = self.all_logs().await?;
        logs.retain(|it| it.deleted_at.is_none());
        Ok(logs)
    }

    /// The logs that are kept, also those that can still be had back.
    ///
    /// # Errors
    /// As [`Host::logs`].
    pub async fn all_logs(&self) -> Result<Vec<LogInfo>, StoreError> {
        self.soon(self.store.logs()).await
    }

    /// How much each log holds, by its id.
    ///
    /// # Errors
    /// As [`Host::logs`].
    pub async fn extents(&self) -> Result<Map<String, Extent>, StoreError> {
        self.soon(self.store.extents()).await
    }

    /// Removes a log for good.
    ///
    /// # Errors
    /// As [`Host::logs`].
    pub async fn remove(&self, log: &str) -> Result<(), StoreError> {
        self.soon(self.store.remove(log)).await
    }

    /// The small records beside a log.
    ///
    /// # Errors
    /// As [`Host::logs`], and [`StoreError::UnknownLog`].
    pub async fn records(&self, log: &str) -> Result<Records, StoreError> {
        self.soon(self.store.records(log)).await
    }

    /// Reads the commits of a log after the first `known`, which end at position `head`, and what
    /// is lost of them.
    ///
    /// # Errors
    /// As [`Host::records`].
    pub async fn read(
        &self,
        log: &str,
        known: u64,
        head: u64,
        visit: &mut dyn FnMut(Found<'_>),
    ) -> Result<(), StoreError> {
        let progress = Cell::new(0);
        let mut visit = |found: Found<'_>| {
            progress.set(progress.get() + 1);
            visit(found);
        };
        self.in_time(self.store.read(log, known, head, &mut visit), &progress).await
    }

    /// A log's commits up to the first loss.
    pub(crate) async fn commits(&self, log: &str) -> Result<Vec<StoredCommit>, StoreError> {
        let (mut commits, mut whole) = (Vec::new(), true);
        let mut visit = |found: Found<'_>| match found {
            Found::Commit(commit) if whole => commits.push(commit.owned()),
            Found::Commit(_) => {}
            Found::Lost(_) => whole = false,
        };
        self.read(log, 0, 0, &mut visit).await?;
        Ok(commits)
    }

    pub(crate) async fn describe(&self, log: &LogInfo) -> Result<(), StoreError> {
        self.soon(self.store.describe(log)).await
    }

    pub(crate) async fn append(&self, log: &str, commit: &Commit) -> Result<Place, StoreError> {
        self.soon(self.store.append(log, commit)).await
    }

    pub(crate) async fn put(
        &self,
        log: &str,
        on: Shelf,
        key: &str,
        record: &str,
    ) -> Result<(), StoreError> {
        self.soon(self.store.put(log, on, key, record)).await
    }

    pub(crate) async fn import(
        &self,
        log: &LogInfo,
        commits: &mut dyn Iterator<Item = Packed>,
        records: &Records,
    ) -> Result<(), StoreError> {
        let progress = Cell::new(0);
        let mut commits = commits.inspect(|_| progress.set(progress.get() + 1));
        self.in_time(self.store.import(log, &mut commits, records), &progress).await
    }

    pub(crate) async fn reopen(&self) -> Result<(), StoreError> {
        self.soon(self.store.reopen()).await
    }
}
