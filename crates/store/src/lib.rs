//! Durable logs behind one port, [`LogStore`]: in memory, in the browser's IndexedDB, and by the
//! server that a class shares.
//!
//! A store keeps commits whole and in order, and guards the versions of their streams. It decides
//! nothing, folds nothing, and knows neither scenarios nor the page.

mod any;
pub mod link;
mod memory;
#[cfg(target_arch = "wasm32")]
mod sentinel;
#[cfg(target_arch = "wasm32")]
mod idb;
pub mod nats;

use serde::{Deserialize, Serialize};

use codec::{CommitOrLoss, Gap, Loss, Segment};
use es::{Commit, Map, StoredCommit, Stream};

pub use any::{AnyLogStore, AnyStore, StoreFuture};
#[cfg(target_arch = "wasm32")]
pub use idb::IdbStore;
pub use memory::MemoryStore;

/// The description of a log, which can be read without opening the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogInfo {
    /// The log's id, which is part of its address.
    pub id: String,
    /// The scenario whose events it holds.
    pub scenario: String,
    /// The title that a person gave to the log.
    pub title: String,
    /// When the log was made, in milliseconds since 1970.
    pub created_at: u64,
    /// When the log was last opened, in milliseconds since 1970.
    pub opened_at: u64,
    /// The id of the log it was forked from, and the position up to which the two agree.
    pub forked_from: Option<(String, u64)>,
    /// When the log was deleted, in milliseconds since 1970. Until it is removed, it can be brought
    /// back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<u64>,
    /// The exercise that the log is an attempt at, by its key. Such a log is kept apart from a
    /// person's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exercise: Option<String>,
    /// What the log was made of by chance, as JSON: it can be made anew from that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
}

/// A change of one field of a log's description. Each says what its sender has seen there: where
/// another tab has changed the field meanwhile, nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogChange {
    /// The log gets another title.
    Title {
        /// The title so far.
        from: String,
        /// The new title.
        to: String,
    },
    /// The log is deleted, or brought back.
    Deleted {
        /// When it was deleted, so far.
        from: Option<u64>,
        /// When it was deleted, in milliseconds since 1970. None where it is brought back.
        to: Option<u64>,
    },
    /// The log is opened, at this time in milliseconds since 1970.
    Opened(u64),
}

impl LogChange {
    /// Changes a description.
    ///
    /// # Errors
    /// [`StoreError::Changed`]. Nothing is changed then.
    pub fn apply(&self, info: &mut LogInfo) -> Result<(), StoreError> {
        match self {
            Self::Title { from, to } if *from == info.title => info.title.clone_from(to),
            Self::Deleted { from, to } if *from == info.deleted_at => info.deleted_at = *to,
            Self::Opened(at) => info.opened_at = info.opened_at.max(*at),
            Self::Title { .. } => {
                return Err(StoreError::Changed(format!("it is called “{}”", info.title)));
            }
            Self::Deleted { .. } => {
                let now = if info.deleted_at.is_some() { "it is deleted" } else { "it is back" };
                return Err(StoreError::Changed(now.to_owned()));
            }
        }
        Ok(())
    }
}

/// How much a log holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// How many commits.
    pub commits: u64,
    /// How many events.
    pub events: u64,
    /// The room that they take in the storage, in bytes; 0 where that is unknown.
    pub bytes: u64,
}

/// Where a commit stands in its log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitPlace {
    /// The commit's number, counted from 1.
    pub number: u64,
    /// The position of the last event before the commit.
    pub after: u64,
}

/// How safe a write must be before it counts as stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The write survives the end of the browser. The operating system writes it to the disk soon.
    #[default]
    Relaxed,
    /// The write is on the disk, and survives a power cut.
    Strict,
}

/// A shelf for side records, which a log keeps beside its commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shelf {
    /// Process title → the position up to which the process has reacted. Earlier pages kept this
    /// instead of set-ups.
    Marks,
    /// Effect id → a side effect that was performed.
    Effects,
    /// A new id → the journal entry of a command that was not accepted.
    Refusals,
    /// The title of a projection or process → how it is set up, with its mark.
    SetUps,
    /// `commit/` and a command id, or an archive's name of a side record → attributes that another
    /// system has added to it, as a JSON object.
    Attributes,
    /// `clock` → how far somebody has moved the log's clock.
    Clock,
    /// The number of a version → the log's own code, where its scenario is that of a person.
    Code,
    /// Key id → a key with which personal data is sealed, or `null` where it was destroyed. Only a
    /// store that holds nothing else has this shelf.
    Keys,
}

/// A whole log, read from a store.
#[derive(Debug, Default)]
pub struct Kept {
    /// The commits, in order, up to the first loss.
    pub commits: Vec<StoredCommit>,
    /// The parts that are gone.
    pub losses: Vec<Loss>,
    /// The commits after the first loss that can still be read.
    pub stranded: Vec<StoredCommit>,
    /// The side records.
    pub records: SideRecords,
}

/// A log's side records: shelf and key → JSON text, in order of shelves and keys.
pub type SideRecords = Map<(Shelf, String), String>;

/// Why a call of a store failed. Nothing was changed then, except perhaps after
/// [`StoreError::Silent`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another writer wrote to the stream first.
    #[error("{stream} was expected at version {expected} and is at version {actual}")]
    Conflict {
        /// The stream.
        stream: Stream,
        /// The version that the commit follows.
        expected: u64,
        /// The stream's version.
        actual: u64,
    },
    /// Another writer wrote to the log first, and the commit must be decided again: the same
    /// command was stored, a stream of the category that the commit guards has changed, or the
    /// commit has no event. Also where the log is shorter than the writer believes.
    #[error("the log is at {actual} by now, and the commit follows {expected}")]
    Behind {
        /// The head that the commit follows.
        expected: u64,
        /// The log's head.
        actual: u64,
    },
    /// There is no such log.
    #[error("there is no log {0}")]
    UnknownLog(String),
    /// The log is deleted: nothing is added to it unless it is brought back.
    #[error("the log is deleted")]
    Deleted,
    /// Somebody else has changed the log's description meanwhile. It says how it is now.
    #[error("another tab was quicker: {0}")]
    Changed(String),
    /// Who asks may not do that, for this reason. Nothing is wrong with the storage.
    #[error("{0}")]
    NotAllowed(String),
    /// The storage is full.
    #[error("the storage is full")]
    Full,
    /// The storage cannot be used, or failed, for this reason.
    #[error("the storage failed: {0}")]
    Failed(String),
    /// The storage has not answered in time. Whether the call was carried out is unknown.
    #[error("the storage does not answer")]
    Silent,
}

impl From<Gap> for StoreError {
    fn from(gap: Gap) -> Self {
        Self::Failed(gap.to_string())
    }
}

/// A store of logs. Several handles may be open on the same logs, such as one in each tab. Each
/// handle sees what the others stored. Where several write for the same place, exactly one wins.
#[expect(async_fn_in_trait, reason = "a page has one thread: no future needs to be `Send`")]
pub trait LogStore {
    /// True where the logs outlive a reload of the page, and other handles may write to them.
    fn durable(&self) -> bool {
        false
    }

    /// Opens the store again where the connection to it was lost.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    async fn reopen(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// The descriptions of all logs, in order of their ids.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    async fn logs(&self) -> Result<Vec<LogInfo>, StoreError>;

    /// Adds an empty log. A log of that id which exists stays as it is, with its description.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Failed`].
    async fn add(&self, log: &LogInfo) -> Result<(), StoreError>;

    /// Changes the description of a log, and returns it as it is then.
    ///
    /// # Errors
    /// [`StoreError::UnknownLog`], [`StoreError::Changed`], [`StoreError::Full`],
    /// [`StoreError::Failed`].
    async fn change(&self, log: &str, change: &LogChange) -> Result<LogInfo, StoreError>;

    /// Stores a commit at the end of the log, all of it or nothing, and returns its place there.
    ///
    /// The number and the position in `commit` are a guess. Where others have written to other
    /// streams meanwhile, the store numbers the commit after theirs, and makes its events no
    /// earlier than theirs. Places have no gaps: a store whose own numbers have gaps counts its
    /// commits as it reads.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where another writer wrote to one of the commit's streams first,
    /// [`StoreError::Behind`], [`StoreError::UnknownLog`], [`StoreError::Deleted`],
    /// [`StoreError::Full`], [`StoreError::Failed`].
    async fn append(&self, log: &str, commit: &Commit) -> Result<CommitPlace, StoreError>;

    /// Puts a side record, as JSON text, on a shelf. Replaces the record of the same key.
    ///
    /// # Errors
    /// [`StoreError::UnknownLog`], [`StoreError::Full`], [`StoreError::Failed`].
    async fn put(&self, log: &str, shelf: Shelf, key: &str, record: &str)
    -> Result<(), StoreError>;

    /// Reads a log in order, in slices short enough not to be noticed. It skips the first `known`
    /// commits, which end at position `head`. `visit` gets each commit and each loss.
    ///
    /// Losses before and at the end of the log are found only where `known` is 0.
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

    /// The side records of a log.
    ///
    /// # Errors
    /// [`StoreError::UnknownLog`], [`StoreError::Failed`].
    async fn records(&self, log: &str) -> Result<SideRecords, StoreError>;

    /// Appends commits to a log and puts side records beside it: all of them, or nothing. They are
    /// on the disk when this returns. A log that does not exist is made. The description of a log
    /// that exists stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Deleted`], [`StoreError::Full`]; [`StoreError::Failed`], also where a segment
    /// does not follow the one before it or the log's end.
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

    /// Removes a log for good. Does nothing where there is no such log.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    async fn remove(&self, log: &str) -> Result<(), StoreError>;

    /// Reads a whole log.
    ///
    /// # Errors
    /// [`StoreError::UnknownLog`], [`StoreError::Failed`].
    async fn load(&self, log: &str) -> Result<Kept, StoreError> {
        let mut kept = Kept { records: self.records(log).await?, ..Kept::default() };
        self.read(log, 0, 0, &mut |found| match found {
            CommitOrLoss::Commit(commit) if kept.losses.is_empty() => {
                kept.commits.push(commit.owned());
            }
            CommitOrLoss::Commit(commit) => kept.stranded.push(commit.owned()),
            CommitOrLoss::Lost(loss) => kept.losses.push(loss),
        })
        .await?;
        Ok(kept)
    }
}

/// Places a commit after `end`, the last commit of a log. All stores share these rules. `missed`
/// returns the log's commits that the writer does not know.
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
    let changed = commit.category_to_guard().is_some_and(|category| {
        let mut events = missed.iter().flat_map(|it| &it.events);
        events.any(|it| it.stream.category() == category)
    });
    if commit.number > end.number || handled || changed || commit.events.is_empty() {
        return Err(StoreError::Behind { expected: commit.after, actual: end.after });
    }
    (stored.number, stored.after) = (end.number + 1, end.after);
    // Time in a log never goes back.
    let last = missed.iter().flat_map(|it| &it.events).map(|it| it.at).max().unwrap_or_default();
    stored.envelope.at = stored.envelope.at.max(last);
    for event in &mut stored.events {
        event.at = event.at.max(last);
    }
    Ok(stored)
}
