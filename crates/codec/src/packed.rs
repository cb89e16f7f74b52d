//! Commits on their way into a store, as bytes: they take less room than as values, and once they
//! are packed there is little left to do.

use super::record::{chain, frame, frames};
use es::StoredCommit;

/// So many bytes become a segment: few large records are quicker to read than many small ones,
/// and one must not take long.
const SEGMENT_BYTES: usize = 1 << 20;
/// Where one is full, the next will be: with the commit that goes beyond, it takes so many.
const ROOM_BYTES: usize = SEGMENT_BYTES + (8 << 10);

/// Commits that follow each other: their frames, without what chains them.
#[derive(Debug)]
pub struct Packed {
    /// The number of the commit before them, and the head.
    before: (u64, u64),
    /// The number of the last one, and the head.
    after: (u64, u64),
    frames: Vec<u8>,
}

impl Packed {
    fn new(commit: &StoredCommit, room: usize) -> Self {
        let before = (commit.number.wrapping_sub(1), commit.after);
        let mut packed = Self { before, after: before, frames: Vec::with_capacity(room) };
        packed.push(commit);
        packed
    }

    /// Adds a commit. False where it does not follow, or where there is enough already.
    fn push(&mut self, commit: &StoredCommit) -> bool {
        let (before, head) = self.after;
        let follows = commit.number == before.wrapping_add(1) && commit.after == head;
        if !follows || self.frames.len() >= SEGMENT_BYTES {
            return false;
        }
        self.after = (commit.number, head + commit.events.len() as u64);
        frame(commit, &mut self.frames);
        true
    }

    /// The commits.
    pub fn commits(&self) -> impl Iterator<Item = StoredCommit<&str>> {
        frames(&self.frames)
    }

    /// Moves the end of a log behind them: the number of its last commit, and the head.
    ///
    /// # Errors
    /// Where they do not follow it. The end stays where it was.
    pub fn follow(&self, end: &mut (u64, u64)) -> Result<(), Gap> {
        if self.before != *end {
            let (first, after) = (self.before.0.wrapping_add(1), self.before.1);
            return Err(Gap { first, after, end: *end });
        }
        *end = self.after;
        Ok(())
    }

    /// The frames, chained to the one of that hash, which becomes the last one's.
    pub fn chained(mut self, hash: &mut u64) -> Vec<u8> {
        *hash = chain(&mut self.frames, *hash);
        self.frames
    }
}

/// Commits that were not stored, as they do not follow what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "commit {first} after event {after} does not follow commit {}, which ends at event {}",
    .end.0, .end.1
)]
pub struct Gap {
    first: u64,
    after: u64,
    end: (u64, u64),
}

/// Commits, gathered one by one.
#[derive(Debug, Default)]
pub struct Packs(Vec<Packed>);

impl Packs {
    /// All of them, in pieces.
    pub fn pieces(&self) -> &[Packed] {
        &self.0
    }

    /// As [`pieces`](Self::pieces), for a store to take.
    pub fn into_pieces(self) -> impl Iterator<Item = Packed> {
        self.0.into_iter()
    }
}

impl Extend<StoredCommit> for Packs {
    fn extend<C: IntoIterator<Item = StoredCommit>>(&mut self, commits: C) {
        for commit in commits {
            if !self.0.last_mut().is_some_and(|it| it.push(&commit)) {
                let room = if self.0.is_empty() { 0 } else { ROOM_BYTES };
                self.0.push(Packed::new(&commit, room));
            }
        }
    }
}

impl IntoIterator for Packs {
    type Item = StoredCommit;
    type IntoIter = Box<dyn Iterator<Item = StoredCommit>>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(
            self.0.into_iter().flat_map(|it| it.commits().map(|it| it.owned()).collect::<Vec<_>>()),
        )
    }
}

impl FromIterator<StoredCommit> for Packs {
    fn from_iter<C: IntoIterator<Item = StoredCommit>>(commits: C) -> Self {
        let mut packs = Self::default();
        packs.extend(commits);
        packs
    }
}

/// Packs commits one piece after the other, as they are asked for.
pub fn pack(commits: impl IntoIterator<Item = StoredCommit>) -> impl Iterator<Item = Packed> {
    let mut commits = commits.into_iter().peekable();
    std::iter::from_fn(move || {
        let mut packed = Packed::new(&commits.next()?, 0);
        while commits.next_if(|commit| packed.push(commit)).is_some() {}
        Some(packed)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use uuid::Uuid;

    use super::super::record::{End, encode};
    use super::*;
    use es::{Envelope, StoredEvent, Stream};

    /// Commits of up to three events, of which many are long.
    fn commits() -> Vec<StoredCommit> {
        let mut after = 0;
        let commits = (1..=300).map(|number| {
            let envelope = Envelope::first(Uuid::from_u128(number.into()), "Alice".into(), number);
            let event = |version: u64| StoredEvent {
                stream: Stream::new("note", &number.to_string()),
                version,
                kind: "Noted".into(),
                schema: 1,
                at: number,
                data: RawValue::from_string(format!("\"{}\"", "x".repeat(6_000))).unwrap(),
            };
            let commit = StoredCommit {
                number,
                after,
                envelope,
                events: (1..=number % 4).map(event).collect(),
            };
            after += number % 4;
            commit
        });
        commits.collect()
    }

    fn texts(commits: impl IntoIterator<Item = StoredCommit>) -> Vec<String> {
        commits.into_iter().map(|it| serde_json::to_string(&it).unwrap()).collect()
    }

    #[test]
    fn what_is_packed_can_be_had_back() {
        let packs: Packs = commits().into_iter().collect();
        assert!(packs.pieces().len() > 2, "it is more than one piece");
        let pieces = packs.pieces().iter().flat_map(Packed::commits).map(|it| it.owned());
        assert_eq!(texts(pieces), texts(commits()));
        assert_eq!(texts(packs), texts(commits()));
    }

    #[test]
    fn pieces_are_chained_to_what_the_commits_would_have_been_one_by_one() {
        let (mut end, mut frames) = (End::default(), Vec::new());
        for commit in commits() {
            encode(&commit, &mut end, &mut frames);
        }
        let (mut at, mut hash, mut packed) = ((0, 0), 0, Vec::new());
        for piece in pack(commits()) {
            piece.follow(&mut at).unwrap();
            packed.extend(piece.chained(&mut hash));
        }
        assert_eq!((at.0, at.1, hash), (end.commits, end.head, end.hash));
        assert!(packed == frames, "the same bytes");
    }

    #[test]
    fn a_gap_is_noticed_where_it_is() {
        // That commit has no event.
        let with_a_gap = commits().into_iter().filter(|commit| commit.number != 32);
        let mut at = (0, 0);
        let followed: Vec<bool> =
            pack(with_a_gap).map(|piece| piece.follow(&mut at).is_ok()).take(2).collect();
        assert_eq!((followed, at.0), (vec![true, false], 31));
    }
}
