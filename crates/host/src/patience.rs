//! A store that never answers must not hold up everything else, so each call has a time limit.

use std::cell::Cell;

use codec::{CommitOrLoss, Segment};
use es::{Commit, Map, StoredCommit};
use futures::future::{Either, select};
use store::{CommitPlace, Extent, LogChange, LogInfo, Shelf, SideRecords, StoreError, StoreFuture};

use crate::{Host, Runner};

/// The time after which a store that has not answered counts as silent, in milliseconds.
const PATIENCE_MILLIS: u64 = 10_000;

/// The time after which a person is told that the store takes long, in milliseconds.
pub(crate) const SLOW_MILLIS: u64 = 3_000;

/// The time after which nobody knows who runs a log's processes, in milliseconds.
const CLAIM_MILLIS: u64 = 2_000;

/// The calls of the host's store, with a time limit. A long call may take as long as it makes
/// progress.
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

    /// Finds out who runs a log's processes. None where the peers do not say so in time: the log
    /// can be used then, and its processes wait until they do.
    pub(crate) async fn claim(&self, log: &str) -> Option<Runner> {
        let claim = self.peers.claim(log);
        match select(claim, self.clock.sleep(CLAIM_MILLIS)).await {
            Either::Left((runner, _)) => Some(runner),
            Either::Right(_) => None,
        }
    }

    fn soon<'a, T: 'a>(&'a self, call: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        Box::pin(async move { self.in_time(call, &Cell::new(0)).await })
    }

    /// True where the logs outlive a reload of the page.
    pub fn durable(&self) -> bool {
        self.store.durable()
    }

    /// The stored logs without the deleted ones.
    ///
    /// # Errors
    /// [`StoreError::Failed`], [`StoreError::Silent`].
    pub fn logs(&self) -> StoreFuture<'_, Vec<LogInfo>> {
        Box::pin(async move {
            let mut logs = self.all_logs().await?;
            logs.retain(|it| it.deleted_at.is_none());
            Ok(logs)
        })
    }

    /// The stored logs, with the deleted ones that can still be brought back.
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

    /// The side records of a log.
    ///
    /// # Errors
    /// As [`Host::logs`], and [`StoreError::UnknownLog`].
    pub fn records<'a>(&'a self, log: &'a str) -> StoreFuture<'a, SideRecords> {
        self.soon(self.store.records(log))
    }

    /// Reads a log's commits and losses in order. It skips the first `known` commits, which end at
    /// position `head`.
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

    pub(crate) fn add<'a>(&'a self, log: &'a LogInfo) -> StoreFuture<'a, ()> {
        self.soon(self.store.add(log))
    }

    pub(crate) fn change<'a>(
        &'a self,
        log: &'a str,
        change: &'a LogChange,
    ) -> StoreFuture<'a, LogInfo> {
        self.soon(self.store.change(log, change))
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
