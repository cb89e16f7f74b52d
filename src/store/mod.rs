//! Durable logs behind one port, [`LogStore`]: in memory, and in the browser's IndexedDB.
//!
//! A store keeps commits whole and in order, and guards the versions of their streams. It
//! decides nothing, folds nothing, and knows neither a scenario nor the page.

#[cfg(target_arch = "wasm32")]
mod idb;
mod memory;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::es::{Commit, StoredCommit, Stream};

#[cfg(target_arch = "wasm32")]
pub use idb::IdbStore;
pub use memory::MemoryStore;

/// What is known of a log without opening it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogInfo {
    /// Its id, which is part of its address.
    pub id: String,
    /// The scenario whose events it holds.
    pub scenario: String,
    /// What a person calls it.
    pub title: String,
    /// When it was made, in milliseconds since 1970.
    pub created_at: u64,
    /// When it was last opened, in milliseconds since 1970.
    pub opened_at: u64,
    /// The log it was forked from, and the position up to which the two agree.
    pub forked_from: Option<(String, u64)>,
}

/// Beside its commits, a log keeps small records by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shelf {
    /// Process → the position up to which it has reacted.
    Marks,
    /// Effect id → the effect, once it is performed.
    Effects,
    /// Journal entry → a command that was refused.
    Refusals,
}

/// A log as it was kept.
#[derive(Debug, Default)]
pub struct Kept {
    /// The commits, in order.
    pub commits: Vec<StoredCommit>,
    /// The small records, as JSON text, in order of their keys.
    pub records: BTreeMap<(Shelf, String), String>,
}

/// Why something was not stored. Whatever it is, nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else wrote to the stream first.
    #[error("{stream} was expected at version {expected} and is at version {actual}")]
    Conflict {
        /// The stream.
        stream: Stream,
        /// The version that the commit follows.
        expected: u64,
        /// The version found.
        actual: u64,
    },
    /// Somebody else wrote to the log first; the commit's positions are taken.
    #[error("the log is at {actual} by now, and the commit follows {expected}")]
    Behind {
        /// The head that the commit follows.
        expected: u64,
        /// The head found.
        actual: u64,
    },
    /// There is no such log.
    #[error("there is no log {0}")]
    UnknownLog(String),
    /// The storage is full.
    #[error("the browser's storage is full")]
    Full,
    /// The storage cannot be used, or failed.
    #[error("the browser's storage failed: {0}")]
    Failed(String),
}

/// Where logs are kept. Several handles may be open on the same logs, such as one per tab: each
/// sees what the others stored, and of those that write for the same place exactly one wins.
#[expect(async_fn_in_trait, reason = "a page has one thread: no future needs to be `Send`")]
pub trait LogStore {
    /// The logs, in order of their ids.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    async fn logs(&self) -> Result<Vec<LogInfo>, StoreError>;

    /// Adds a log, or changes what is known of it.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Failed`].
    async fn describe(&self, log: &LogInfo) -> Result<(), StoreError>;

    /// Stores a commit, all of it or nothing. Where it is refused because somebody else was
    /// first, a stream that it writes is named before the log is: a conflict is something to
    /// decide anew, a log that has merely grown is something to number anew.
    ///
    /// # Errors
    /// [`StoreError::Behind`] and [`StoreError::Conflict`] where somebody else was first,
    /// [`StoreError::UnknownLog`], [`StoreError::Full`], [`StoreError::Failed`].
    async fn append(&self, log: &str, commit: &Commit) -> Result<(), StoreError>;

    /// Puts a small record, JSON text, on a shelf; replaces the one of the same key.
    ///
    /// # Errors
    /// [`StoreError::UnknownLog`], [`StoreError::Full`], [`StoreError::Failed`].
    async fn put(&self, log: &str, shelf: Shelf, key: &str, record: &str)
    -> Result<(), StoreError>;

    /// Everything of a log.
    ///
    /// # Errors
    /// [`StoreError::UnknownLog`], [`StoreError::Failed`].
    async fn load(&self, log: &str) -> Result<Kept, StoreError>;
}

/// Compares what a commit follows with what is there, the same in every store. A stream that
/// is not in `versions` does not exist.
fn check(
    commit: &Commit,
    expects: &[(Stream, u64)],
    head: u64,
    versions: &BTreeMap<Stream, u64>,
) -> Result<(), StoreError> {
    for (stream, expected) in expects {
        let (stream, expected) = (stream.clone(), *expected);
        let actual = versions.get(&stream).copied().unwrap_or_default();
        if actual != expected {
            return Err(StoreError::Conflict { stream, expected, actual });
        }
    }
    if head != commit.after {
        return Err(StoreError::Behind { expected: commit.after, actual: head });
    }
    Ok(())
}
