//! What the messages of a log's stream mean. Everybody who reads them comes to the same log.
//!
//! A message counts where it is whole, where each of its events follows the version of its stream,
//! where its command is new, and where a category has not changed that it guards. Any other message
//! is passed over, by everybody. So somebody who writes nonsense, or past the check of versions,
//! changes nothing. Places in the log are counted
//! here, because a stream's own sequence may have gaps.

use es::{Map, Set, StoredCommit, Stream};
use uuid::Uuid;

use codec::record::alone;

use crate::CommitPlace;

/// What is known of a log's stream up to some message.
#[derive(Debug, Default)]
pub struct Index {
    /// When the server made the stream. Empty where that is unknown.
    pub created: String,
    /// The place of the last message that was read, in the stream.
    pub last: u64,
    /// The messages that count, in order.
    entries: Vec<Counted>,
    /// The version of each stream of the log.
    versions: Map<Stream, u64>,
    /// The last message of each subject.
    subjects: Map<String, u64>,
    /// The position of the last event of each category.
    categories: Map<Box<str>, u64>,
    commands: Set<Uuid>,
}

/// A message that counts.
#[derive(Clone, Copy, Debug)]
struct Counted {
    /// Its place in the stream.
    sequence: u64,
    /// The end of the log after it.
    commits: u64,
    head: u64,
    /// The time of the last event up to it, in milliseconds since 1970.
    at: u64,
}

impl Index {
    /// Nothing is known yet of a stream that was made at a time.
    pub fn of(created: String) -> Self {
        Self { created, ..Self::default() }
    }

    /// How much the log holds: commits, and events.
    pub fn extent(&self) -> (u64, u64) {
        self.entries.last().map_or((0, 0), |it| (it.commits, it.head))
    }

    /// Where the log ends.
    pub fn end(&self) -> CommitPlace {
        let (number, after) = self.extent();
        CommitPlace { number, after }
    }

    /// The last message of a subject. 0 where there is none.
    pub fn last_of(&self, subject: &str) -> u64 {
        self.subjects.get(subject).copied().unwrap_or_default()
    }

    /// The last message of the aggregates whose subjects begin so and have one more word, as the
    /// server's wildcard means it. 0 where there is none.
    pub fn last_within(&self, prefix: &str) -> u64 {
        let of_one =
            |subject: &String| subject.strip_prefix(prefix).is_some_and(|word| !word.contains('.'));
        let within = self.subjects.iter().filter(|(subject, _)| of_one(subject));
        within.map(|(_, sequence)| *sequence).max().unwrap_or_default()
    }

    /// The place in the stream from which on there are commits after the first `known` ones.
    pub fn from(&self, known: u64) -> u64 {
        let at = self.entries.partition_point(|it| it.commits <= known);
        self.entries.get(at).map_or(self.last + 1, |it| it.sequence)
    }

    /// The end of the log before and after a message that was read. None where it does not count.
    fn around(&self, sequence: u64) -> Option<(Counted, Counted)> {
        let at = self.entries.binary_search_by_key(&sequence, |it| it.sequence).ok()?;
        let before = at.checked_sub(1).and_then(|at| self.entries.get(at));
        let none = Counted { sequence: 0, commits: 0, head: 0, at: 0 };
        Some((before.copied().unwrap_or(none), self.entries[at]))
    }

    /// The place of the last commit in a message. None where the message does not count.
    pub fn place_of(&self, sequence: u64) -> Option<CommitPlace> {
        let (before, entry) = self.around(sequence)?;
        // A message of one commit is the only one that anybody asks for.
        Some(CommitPlace { number: entry.commits, after: before.head })
    }

    /// Takes in the next message. What was read before is left out.
    pub fn take(&mut self, sequence: u64, subject: &str, payload: &[u8]) {
        if sequence <= self.last {
            return;
        }
        self.last = sequence;
        self.subjects.insert(subject.to_owned(), sequence);
        // What was imported was guarded where it came from, by positions of that log.
        let imported = subject.ends_with("._");
        let counts = |it: &Vec<StoredCommit<&str>>| {
            !it.is_empty() && self.follow(it) && (imported || self.unchanged(it))
        };
        let Some(commits) = alone(payload).filter(counts) else { return };
        let before = self.entries.last();
        let mut end = before.map_or((0, 0, 0), |it| (it.commits, it.head, it.at));
        for commit in commits {
            self.commands.insert(commit.envelope.command_id);
            let mut position = end.1;
            end.0 += 1;
            end.1 += commit.events.len() as u64;
            for event in commit.events {
                end.2 = end.2.max(event.at);
                position += 1;
                match self.categories.get_mut(event.stream.category()) {
                    Some(last) => *last = position,
                    None => _ = self.categories.insert(event.stream.category().into(), position),
                }
                self.versions.insert(event.stream, event.version);
            }
        }
        self.entries.push(Counted { sequence, commits: end.0, head: end.1, at: end.2 });
    }

    /// True where no category has changed of which a commit's sender asked that.
    fn unchanged(&self, commits: &[StoredCommit<&str>]) -> bool {
        commits.iter().all(|commit| {
            let (Some(since), Some(event)) =
                (commit.envelope.unchanged_since, commit.events.first())
            else {
                return true;
            };
            self.categories.get(event.stream.category()).is_none_or(|last| *last <= since)
        })
    }

    /// True where commits follow what is known.
    fn follow(&self, commits: &[StoredCommit<&str>]) -> bool {
        let (mut versions, mut commands) = (Map::<&Stream, u64>::new(), Set::new());
        let new = |it: &StoredCommit<&str>| it.envelope.command_id;
        let known = |id: &Uuid| self.commands.contains(id);
        if !commits.iter().map(new).all(|id| !known(&id) && commands.insert(id)) {
            return false;
        }
        commits.iter().flat_map(|it| &it.events).all(|event| {
            let known = || self.versions.get(&event.stream).copied().unwrap_or_default();
            let version = versions.entry(&event.stream).or_insert_with(known);
            *version += 1;
            *version == event.version
        })
    }

    /// Hands the commits of a message that was read to `visit`, with their places in the log. Those
    /// among the first `known` ones are left out.
    pub fn visit(
        &self,
        sequence: u64,
        payload: &[u8],
        known: u64,
        visit: &mut dyn FnMut(StoredCommit<&str>),
    ) {
        let Some((mut before, _)) = self.around(sequence) else { return };
        for mut commit in alone(payload).unwrap_or_default() {
            before.commits += 1;
            (commit.number, commit.after) = (before.commits, before.head);
            before.head += commit.events.len() as u64;
            // Time in a log never goes back, whatever the clock of the one who wrote.
            commit.envelope.at = commit.envelope.at.max(before.at);
            for event in &mut commit.events {
                event.at = event.at.max(before.at);
                before.at = event.at;
            }
            if commit.number > known {
                visit(commit);
            }
        }
    }
}
