//! A store that never answers must not hold up everything else: each call ends in time.

use std::cell::Cell;

use codec::{CommitOrLoss, Segment};
use es::{Commit, Map, StoredCommit};
use futures::future::{Either, select};
use store::{CommitPlace, Extent, LogInfo, Shelf, SideRecords, StoreError, StoreFuture};

use crate::Host;

/// A store that has not answered for so long counts as silent, in milliseconds.
const PATIENCE_MILLIS: u64 = 10_000;

/// The host's store, of which every call ends. Longer ones may take as long as they go on.
impl Host {
    async fn in_time<T>(
        &self,
        mut call: StoreFuture<'_, T>,
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

    fn soon<'a, T: 'a>(&'a self, call: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        Box::pin(async move { self.in_time(call, &Cell::new(0)).await })
    }

    /// True where a reload finds everything again.
    pub fn durable(&self) -> bool {
        self.store.durable()
    }

    /// The logs that are kept, but for those that were deleted.
    ///
    /// # Errors
    /// [`StoreError::Failed`], [`StoreError::Silent`], as all of these.
    pub fn logs(&self) -> StoreFuture<'_, Vec<LogInfo>> {
        Box::pin(async move {
            let mut logs = self.all_logs().await?;
            logs.retain(|it| it.deleted_at.is_none());
            Ok(logs)
        })
    }

    /// The logs that are kept, also those that can still be had back.
    ///
    /// # Errors
    /// As [`Host::logs`].
    pub fn all_logs(&self) -> StoreFuture<'_, Vec<LogInfo>> {
        self.soon(self.store.logs())
    }

    /// How much each log holds, by its id.
    ///
    /// # Errors
    /// As [`Host::logs`].
    pub fn extents(&self) -> StoreFuture<'_, Map<String, Extent>> {
        self.soon(self.store.extents())
    }

    /// Removes a log for good.
    ///
    /// # Errors
    /// As [`Host::logs`].
    pub fn remove<'a>(&'a self, log: &'a str) -> StoreFuture<'a, ()> {
        self.soon(self.store.remove(log))
    }

    /// The small records beside a log.
    ///
    /// # Errors
    /// As [`Host::logs`], and [`StoreError::UnknownLog`].
    pub fn records<'a>(&'a self, log: &'a str) -> StoreFuture<'a, SideRecords> {
        self.soon(self.store.records(log))
    }

    /// Reads the commits of a log after the first `known`, which end at position `head`, and what
    /// is lost of them.
    ///
    /// # Errors
    /// As [`Host::records`].
    pub fn read<'a>(
        &'a self,
        log: &'a str,
        known: u64,
        head: u64,
        visit: &'a mut dyn FnMut(CommitOrLoss<'_>),
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let progress = Cell::new(0);
            let mut visit = |found: CommitOrLoss<'_>| {
                progress.set(progress.get() + 1);
                visit(found);
            };
            self.in_time(self.store.read(log, known, head, &mut visit), &progress).await
        })
    }

    /// A log's commits up to the first loss.
    pub(crate) async fn commits(&self, log: &str) -> Result<Vec<StoredCommit>, StoreError> {
        let (mut commits, mut whole) = (Vec::new(), true);
        let mut visit = |found: CommitOrLoss<'_>| match found {
            CommitOrLoss::Commit(commit) if whole => commits.push(commit.owned()),
            CommitOrLoss::Commit(_) => {}
            CommitOrLoss::Lost(_) => whole = false,
        };
        self.read(log, 0, 0, &mut visit).await?;
        Ok(commits)
    }

    pub(crate) fn describe<'a>(&'a self, log: &'a LogInfo) -> StoreFuture<'a, ()> {
        self.soon(self.store.describe(log))
    }

    pub(crate) fn append<'a>(
        &'a self,
        log: &'a str,
        commit: &'a Commit,
    ) -> StoreFuture<'a, CommitPlace> {
        self.soon(self.store.append(log, commit))
    }

    pub(crate) fn put<'a>(
        &'a self,
        log: &'a str,
        on: Shelf,
        key: &'a str,
        record: &'a str,
    ) -> StoreFuture<'a, ()> {
        self.soon(self.store.put(log, on, key, record))
    }

    pub(crate) fn import<'a>(
        &'a self,
        log: &'a LogInfo,
        commits: &'a mut dyn Iterator<Item = Segment>,
        records: &'a SideRecords,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let progress = Cell::new(0);
            let mut commits = commits.inspect(|_| progress.set(progress.get() + 1));
            self.in_time(self.store.import(log, &mut commits, records), &progress).await
        })
    }

    pub(crate) fn reopen(&self) -> StoreFuture<'_, ()> {
        self.soon(self.store.reopen())
    }
}
