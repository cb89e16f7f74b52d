//! Durable logs behind one port, [`LogStore`]: in memory, and in the browser's IndexedDB.
//!
//! A store keeps commits whole and in order, and guards the versions of their streams. It
//! decides nothing, folds nothing, and knows neither a scenario nor the page.

pub mod link;

#[cfg(target_arch = "wasm32")]
mod idb;
mod memory;
#[cfg(target_arch = "wasm32")]
mod sentinel;

use serde::{Deserialize, Serialize};

use codec::{Found, Gap, Loss, Packed};
use es::{Commit, Map, StoredCommit, Stream};

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
    pub records: Records,
}

/// A log's small records, as JSON text, in order of their keys.
pub type Records = Map<(Shelf, String), String>;

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

impl From<Gap> for StoreError {
    fn from(gap: Gap) -> Self {
        Self::Failed(gap.to_string())
    }
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
        visit: &mut dyn FnMut(Found<'_>),
    ) -> Result<(), StoreError>;

    /// The small records of a log.
    ///
    /// # Errors
    /// [`StoreError::UnknownLog`], [`StoreError::Failed`].
    async fn records(&self, log: &str) -> Result<Records, StoreError>;

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
        commits: &mut dyn Iterator<Item = Packed>,
        records: &Records,
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
            Found::Commit(commit) if kept.losses.is_empty() => kept.commits.push(commit.owned()),
            Found::Commit(commit) => kept.stranded.push(commit.owned()),
            Found::Lost(loss) => kept.losses.push(loss),
        })
        .await?;
        Ok(kept)
    }
}

/// Compares what a commit follows with where the log ends, the same in every store. `missed`
/// calls back with each event that the writer does not know.
fn check(
    commit: &Commit,
    end: (u64, u64),
    missed: impl FnOnce(&mut dyn FnMut(&Stream, u64)),
) -> Result<(), StoreError> {
    let (commits, head) = end;
    if (commit.number, commit.after) == (commits + 1, head) {
        return Ok(());
    }
    let mut versions: Map<Stream, u64> = Map::new();
    missed(&mut |stream, version| _ = versions.insert(stream.clone(), version));
    for (stream, expected) in commit.expects() {
        match versions.get(&stream) {
            Some(&actual) if actual != expected => {
                return Err(StoreError::Conflict { stream, expected, actual });
            }
            _ => {}
        }
    }
    Err(StoreError::Behind { expected: commit.after, actual: head })
}
