//! A store as an object: what a host is given, whichever store it is.

use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::{Extent, LogInfo, LogStore, Place, Records, Shelf, StoreError};
use codec::{Found, Packed};
use es::{Commit, Map};

/// Some store. Clones are the same one.
#[derive(Clone)]
pub struct AnyStore(Rc<dyn Erased>);

impl AnyStore {
    /// This store.
    pub fn new(store: impl LogStore + 'static) -> Self {
        Self(Rc::new(store))
    }
}

impl PartialEq for AnyStore {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

type Answer<'a, T> = LocalBoxFuture<'a, Result<T, StoreError>>;

/// [`LogStore`] in a shape that can be an object: each future is boxed.
trait Erased {
    fn durable(&self) -> bool;
    fn reopen(&self) -> Answer<'_, ()>;
    fn logs(&self) -> Answer<'_, Vec<LogInfo>>;
    fn describe<'a>(&'a self, log: &'a LogInfo) -> Answer<'a, ()>;
    fn append<'a>(&'a self, log: &'a str, commit: &'a Commit) -> Answer<'a, Place>;
    fn put<'a>(&'a self, log: &'a str, on: Shelf, key: &'a str, record: &'a str) -> Answer<'a, ()>;
    fn read<'a>(
        &'a self,
        log: &'a str,
        known: u64,
        head: u64,
        visit: &'a mut dyn FnMut(Found<'_>),
    ) -> Answer<'a, ()>;
    fn records<'a>(&'a self, log: &'a str) -> Answer<'a, Records>;
    fn import<'a>(
        &'a self,
        log: &'a LogInfo,
        commits: &'a mut dyn Iterator<Item = Packed>,
        records: &'a Records,
    ) -> Answer<'a, ()>;
    fn extents(&self) -> Answer<'_, Map<String, Extent>>;
    fn remove<'a>(&'a self, log: &'a str) -> Answer<'a, ()>;
}

impl<S: LogStore> Erased for S {
    fn durable(&self) -> bool {
        LogStore::durable(self)
    }

    fn reopen(&self) -> Answer<'_, ()> {
        Box::pin(LogStore::reopen(self))
    }

    fn logs(&self) -> Answer<'_, Vec<LogInfo>> {
        Box::pin(LogStore::logs(self))
    }

    fn describe<'a>(&'a self, log: &'a LogInfo) -> Answer<'a, ()> {
        Box::pin(LogStore::describe(self, log))
    }

    fn append<'a>(&'a self, log: &'a str, commit: &'a Commit) -> Answer<'a, Place> {
        Box::pin(LogStore::append(self, log, commit))
    }

    fn put<'a>(&'a self, log: &'a str, on: Shelf, key: &'a str, record: &'a str) -> Answer<'a, ()> {
        Box::pin(LogStore::put(self, log, on, key, record))
    }

    fn read<'a>(
        &'a self,
        log: &'a str,
        known: u64,
        head: u64,
        visit: &'a mut dyn FnMut(Found<'_>),
    ) -> Answer<'a, ()> {
        Box::pin(LogStore::read(self, log, known, head, visit))
    }

    fn records<'a>(&'a self, log: &'a str) -> Answer<'a, Records> {
        Box::pin(LogStore::records(self, log))
    }

    fn import<'a>(
        &'a self,
        log: &'a LogInfo,
        commits: &'a mut dyn Iterator<Item = Packed>,
        records: &'a Records,
    ) -> Answer<'a, ()> {
        Box::pin(LogStore::import(self, log, commits, records))
    }

    fn extents(&self) -> Answer<'_, Map<String, Extent>> {
        Box::pin(LogStore::extents(self))
    }

    fn remove<'a>(&'a self, log: &'a str) -> Answer<'a, ()> {
        Box::pin(LogStore::remove(self, log))
    }
}

impl LogStore for AnyStore {
    fn durable(&self) -> bool {
        self.0.durable()
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        self.0.reopen().await
    }

    async fn logs(&self) -> Result<Vec<LogInfo>, StoreError> {
        self.0.logs().await
    }

    async fn describe(&self, log: &LogInfo) -> Result<(), StoreError> {
        self.0.describe(log).await
    }

    async fn append(&self, log: &str, commit: &Commit) -> Result<Place, StoreError> {
        self.0.append(log, commit).await
    }

    async fn put(&self, log: &str, on: Shelf, key: &str, record: &str) -> Result<(), StoreError> {
        self.0.put(log, on, key, record).await
    }

    async fn read(
        &self,
        log: &str,
        known: u64,
        head: u64,
        visit: &mut dyn FnMut(Found<'_>),
    ) -> Result<(), StoreError> {
        self.0.read(log, known, head, visit).await
    }

    async fn records(&self, log: &str) -> Result<Records, StoreError> {
        self.0.records(log).await
    }

    async fn import(
        &self,
        log: &LogInfo,
        commits: &mut dyn Iterator<Item = Packed>,
        records: &Records,
    ) -> Result<(), StoreError> {
        self.0.import(log, commits, records).await
    }

    async fn extents(&self) -> Result<Map<String, Extent>, StoreError> {
        self.0.extents().await
    }

    async fn remove(&self, log: &str) -> Result<(), StoreError> {
        self.0.remove(log).await
    }
}
