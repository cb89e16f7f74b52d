//! A store behind a pointer, so that a host can be given any store.

use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::{CommitPlace, Extent, LogChange, LogInfo, LogStore, Shelf, SideRecords, StoreError};
use codec::{CommitOrLoss, Segment};
use es::{Commit, Map};

/// A shared store of any kind.
pub type AnyStore = Rc<dyn AnyLogStore>;

/// The boxed future of a store's answer.
pub type StoreFuture<'a, T> = LocalBoxFuture<'a, Result<T, StoreError>>;

/// [`LogStore`] as a trait that is dyn-compatible, because its futures are boxed.
pub trait AnyLogStore {
    /// As [`LogStore::durable`].
    fn durable(&self) -> bool;
    /// As [`LogStore::reopen`].
    fn reopen(&self) -> StoreFuture<'_, ()>;
    /// As [`LogStore::logs`].
    fn logs(&self) -> StoreFuture<'_, Vec<LogInfo>>;
    /// As [`LogStore::add`].
    fn add<'a>(&'a self, log: &'a LogInfo) -> StoreFuture<'a, ()>;
    /// As [`LogStore::change`].
    fn change<'a>(&'a self, log: &'a str, change: &'a LogChange) -> StoreFuture<'a, LogInfo>;
    /// As [`LogStore::append`].
    fn append<'a>(&'a self, log: &'a str, commit: &'a Commit) -> StoreFuture<'a, CommitPlace>;
    /// As [`LogStore::put`].
    fn put<'a>(
        &'a self,
        log: &'a str,
        on: Shelf,
        key: &'a str,
        record: &'a str,
    ) -> StoreFuture<'a, ()>;
    /// As [`LogStore::read`].
    fn read<'a>(
        &'a self,
        log: &'a str,
        known: u64,
        head: u64,
        visit: &'a mut dyn FnMut(CommitOrLoss<'_>),
    ) -> StoreFuture<'a, ()>;
    /// As [`LogStore::records`].
    fn records<'a>(&'a self, log: &'a str) -> StoreFuture<'a, SideRecords>;
    /// As [`LogStore::import`].
    fn import<'a>(
        &'a self,
        log: &'a LogInfo,
        commits: &'a mut dyn Iterator<Item = Segment>,
        records: &'a SideRecords,
    ) -> StoreFuture<'a, ()>;
    /// As [`LogStore::extents`].
    fn extents(&self) -> StoreFuture<'_, Map<String, Extent>>;
    /// As [`LogStore::remove`].
    fn remove<'a>(&'a self, log: &'a str) -> StoreFuture<'a, ()>;
}

impl<S: LogStore> AnyLogStore for S {
    fn durable(&self) -> bool {
        LogStore::durable(self)
    }

    fn reopen(&self) -> StoreFuture<'_, ()> {
        Box::pin(LogStore::reopen(self))
    }

    fn logs(&self) -> StoreFuture<'_, Vec<LogInfo>> {
        Box::pin(LogStore::logs(self))
    }

    fn add<'a>(&'a self, log: &'a LogInfo) -> StoreFuture<'a, ()> {
        Box::pin(LogStore::add(self, log))
    }

    fn change<'a>(&'a self, log: &'a str, change: &'a LogChange) -> StoreFuture<'a, LogInfo> {
        Box::pin(LogStore::change(self, log, change))
    }

    fn append<'a>(&'a self, log: &'a str, commit: &'a Commit) -> StoreFuture<'a, CommitPlace> {
        Box::pin(LogStore::append(self, log, commit))
    }

    fn put<'a>(
        &'a self,
        log: &'a str,
        on: Shelf,
        key: &'a str,
        record: &'a str,
    ) -> StoreFuture<'a, ()> {
        Box::pin(LogStore::put(self, log, on, key, record))
    }

    fn read<'a>(
        &'a self,
        log: &'a str,
        known: u64,
        head: u64,
        visit: &'a mut dyn FnMut(CommitOrLoss<'_>),
    ) -> StoreFuture<'a, ()> {
        Box::pin(LogStore::read(self, log, known, head, visit))
    }

    fn records<'a>(&'a self, log: &'a str) -> StoreFuture<'a, SideRecords> {
        Box::pin(LogStore::records(self, log))
    }

    fn import<'a>(
        &'a self,
        log: &'a LogInfo,
        commits: &'a mut dyn Iterator<Item = Segment>,
        records: &'a SideRecords,
    ) -> StoreFuture<'a, ()> {
        Box::pin(LogStore::import(self, log, commits, records))
    }

    fn extents(&self) -> StoreFuture<'_, Map<String, Extent>> {
        Box::pin(LogStore::extents(self))
    }

    fn remove<'a>(&'a self, log: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(LogStore::remove(self, log))
    }
}
