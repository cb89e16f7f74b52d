//! Durable logs behind one port, [`LogStore`]: in memory, and in the browser's IndexedDB.
//!
//! A store keeps commits whole and in order, and guards the versions of their streams. It
//! decides nothing, folds nothing, and knows neither a scenario nor the page.

mod any;
pub mod link;
mod memory;
#[cfg(target_arch = "wasm32")]
mod sentinel;
#[cfg(target_arch = "wasm32")]
mod idb;

use serde::{Deserialize, Serialize};

use codec::{CommitOrLoss, Gap, Loss, Segment};
use es::{Commit, Map, StoredCommit, Stream};

pub use any::{AnyLogStore, AnyStore, StoreFuture};
#[cfg(target_arch = "wasm32")]
pub use idb::IdbStore;
pub use memory::MemoryStore;

/// What is known of a log without opening it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// When it was deleted, in milliseconds since 1970. Until it is removed it can be had back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<u64>,
}

/// How much a log holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Its commits.
    pub commits: u64,
    /// Its events.
    pub events: u64,
    /// What they take where they are stored; 0 where nobody knows.
    pub bytes: u64,
}

/// Where a commit stands in its log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitPlace {
    /// Its place among the log's commits, from 1.
    pub number: u64,
    /// The position of the last event before its own.
    pub after: u64,
}

/// How sure a write must be before it counts as stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// It survives the browser's end. The system writes it to the disk soon.
    #[default]
    Relaxed,
    /// It is on the disk, and survives a power cut.
    Strict,
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
    /// The commits, in order, up to the first loss.
    pub commits: Vec<StoredCommit>,
    /// What is gone.
    pub losses: Vec<Loss>,
    /// The commits that can be read after the first loss.
    pub stranded: Vec<StoredCommit>,
    /// The small records.
    pub records: SideRecords,
}

/// A log's small records, as JSON text, in order of their keys.
pub type SideRecords = Map<(Shelf, String), String>;

/// Why something was not stored. Whatever it is, but for [`StoreError::Silent`], nothing was
/// changed.
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
    /// Somebody else wrote to the log first, and the commit is to be looked at again before it
    /// can follow: the same command was stored, or the commit says only that nothing happened.
    /// Also where the log is shorter than its writer believes.
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
    /// The storage has not answered in time. Whether it has done what it was asked is unknown.
    #[error("the browser's storage does not answer")]
    Silent,
}

impl From<Gap> for StoreError {
    fn from(gap: Gap) -> Self {
        Self::Failed(gap.to_string())
    }
}

/// Where logs are kept. Several handles may be open on the same logs, such as one per tab: each
/// sees what the others stored, and of those that write for the same place exactly one wins.
#[expect(async_fn_in_trait, reason = "a page has one thread: no future needs to be `Send`")]
pub trait LogStore {
    /// True where a reload finds everything again, and others may write as well.
    fn durable(&self) -> bool {
        false
    }

    /// Opens the store once more where the connection to it was lost.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    async fn reopen(&self) -> Result<(), StoreError> {
        Ok(())
    }

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

    /// Stores a commit at the end of the log, all of it or nothing, and tells the place that it
    /// has there. The writer's own number and position are a guess: where others have written to
    /// other streams meanwhile, the store numbers the commit after theirs, and its events are not
    /// earlier than theirs. A store whose own numbers have gaps counts its commits as it reads, so
    /// that places are dense for everybody.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else wrote to one of the commit's streams first,
    /// [`StoreError::Behind`], [`StoreError::UnknownLog`], [`StoreError::Full`],
    /// [`StoreError::Failed`].
    async fn append(&self, log: &str, commit: &Commit) -> Result<CommitPlace, StoreError>;

    /// Puts a small record, JSON text, on a shelf; replaces the one of the same key.
    ///
    /// # Errors
    /// [`StoreError::UnknownLog`], [`StoreError::Full`], [`StoreError::Failed`].
    async fn put(&self, log: &str, shelf: Shelf, key: &str, record: &str)
    -> Result<(), StoreError>;

    /// Reads the commits after the first `known` ones, which end at position `head`, in order
    /// and in slices short enough not to be noticed. With none known, whatever is missing from
    /// the log is noticed.
    ///
    /// # Errors
    /// [`StoreError::UnknownLog`], [`StoreError::Failed`].
    async fn read(
        &self,
        log: &str,
        known: u64,
        head: u64,
        visit: &mut dyn FnMut(CommitOrLoss<'_>),
    ) -> Result<(), StoreError>;

    /// The small records of a log.
    ///
    /// # Errors
    /// [`StoreError::UnknownLog`], [`StoreError::Failed`].
    async fn records(&self, log: &str) -> Result<SideRecords, StoreError>;

    /// Adds commits to the end of a log, and small records beside it: all of them, or nothing.
    /// They are on the disk when this returns. The log is made where there is none; of one that
    /// is there, what is known stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Full`]; [`StoreError::Failed`], also where they don't follow each other and
    /// what is there.
    async fn import(
        &self,
        log: &LogInfo,
        commits: &mut dyn Iterator<Item = Segment>,
        records: &SideRecords,
    ) -> Result<(), StoreError>;

    /// How much each log holds, by its id.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    async fn extents(&self) -> Result<Map<String, Extent>, StoreError>;

    /// Removes a log for good; nothing where there is none.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    async fn remove(&self, log: &str) -> Result<(), StoreError>;

    /// Everything of a log.
    ///
    /// # Errors
    /// [`StoreError::UnknownLog`], [`StoreError::Failed`].
    async fn load(&self, log: &str) -> Result<Kept, StoreError> {
        let mut kept = Kept { records: self.records(log).await?, ..Kept::default() };
        self.read(log, 0, 0, &mut |found| match found {
            CommitOrLoss::Commit(commit) if kept.losses.is_empty() => {
                kept.commits.push(commit.owned())
            }
            CommitOrLoss::Commit(commit) => kept.stranded.push(commit.owned()),
            CommitOrLoss::Lost(loss) => kept.losses.push(loss),
        })
        .await?;
        Ok(kept)
    }
}

/// The place of a commit in a log whose end is `end`, the same in every store: `missed` are the
/// commits that the writer does not know.
fn place(
    commit: &Commit,
    end: CommitPlace,
    missed: impl FnOnce() -> Vec<StoredCommit>,
) -> Result<StoredCommit, StoreError> {
    let mut stored = StoredCommit::from(commit);
    if (commit.number, commit.after) == (end.number + 1, end.after) {
        return Ok(stored);
    }
    let missed = missed();
    let mut versions: Map<&Stream, u64> = Map::new();
    for event in missed.iter().flat_map(|it| &it.events) {
        versions.insert(&event.stream, event.version);
    }
    for (stream, expected) in commit.expects() {
        match versions.get(&stream) {
            Some(&actual) if actual != expected => {
                return Err(StoreError::Conflict { stream, expected, actual });
            }
            _ => {}
        }
    }
    let handled = missed.iter().any(|it| it.envelope.command_id == stored.envelope.command_id);
    if commit.number > end.number || handled || commit.events.is_empty() {
        return Err(StoreError::Behind { expected: commit.after, actual: end.after });
    }
    (stored.number, stored.after) = (end.number + 1, end.after);
    // Time in a log goes forward only.
    let last = missed.iter().flat_map(|it| &it.events).map(|it| it.at).max().unwrap_or_default();
    stored.envelope.at = stored.envelope.at.max(last);
    for event in &mut stored.events {
        event.at = event.at.max(last);
    }
    Ok(stored)
}
