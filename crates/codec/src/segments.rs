//! Commits as bytes on their way into a store. As bytes they take less room than as values, and
//! the store has little left to do with them.

use super::record::{End, chain, frame, frames};
use es::StoredCommit;

/// The size at which a segment is full, in bytes. Few large records are quicker to read than many
/// small ones, but a single record must not take long.
const SEGMENT_BYTES: usize = 1 << 20;
/// The room that is reserved for a segment, in bytes: a full one, and the commit that fills it.
const ROOM_BYTES: usize = SEGMENT_BYTES + (8 << 10);

/// Commits that follow each other, as frames that are not chained yet.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Where the log has to end for this segment to follow. Its hash is not known here.
    before: End,
    /// Where the log ends after this segment. Its hash is not known here.
    after: End,
    frames: Vec<u8>,
}

impl Segment {
    fn new(commit: &StoredCommit, room: usize) -> Self {
        let before = End { commits: commit.number.wrapping_sub(1), head: commit.after, hash: 0 };
        let mut segment = Self { before, after: before, frames: Vec::with_capacity(room) };
        segment.push(commit);
        segment
    }

    /// Adds a commit. False where the commit does not follow, or where the segment is full.
    fn push(&mut self, commit: &StoredCommit) -> bool {
        let End { commits, head, .. } = self.after;
        let follows = commit.number == commits.wrapping_add(1) && commit.after == head;
        if !follows || self.frames.len() >= SEGMENT_BYTES {
            return false;
        }
        let head = head + commit.events.len() as u64;
        self.after = End { commits: commit.number, head, hash: 0 };
        frame(commit, &mut self.frames);
        true
    }

    /// The commits, in order.
    pub fn commits(&self) -> impl Iterator<Item = StoredCommit<&str>> {
        frames(&self.frames)
    }

    /// Moves the end of a log behind this segment. The hash stays as it is: [`chained`] moves it.
    ///
    /// # Errors
    /// [`Gap`] where this segment does not follow `end`, which then stays where it was.
    ///
    /// [`chained`]: Self::chained
    pub fn follow(&self, end: &mut End) -> Result<(), Gap> {
        if (self.before.commits, self.before.head) != (end.commits, end.head) {
            return Err(Gap {
                first: self.before.commits.wrapping_add(1),
                after: self.before.head,
                last: end.commits,
                head: end.head,
            });
        }
        (end.commits, end.head) = (self.after.commits, self.after.head);
        Ok(())
    }

    /// The frames, chained to the frame whose hash is `hash`. After that, `hash` is the last
    /// frame's.
    pub fn chained(mut self, hash: &mut u64) -> Vec<u8> {
        *hash = chain(&mut self.frames, *hash);
        self.frames
    }
}

/// Commits were not stored, because they do not follow the log's last commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "commit {first} after event {after} does not follow commit {last}, which ends at event {head}"
)]
pub struct Gap {
    /// The number of the first commit that was not stored.
    first: u64,
    /// The position of the last event before that commit.
    after: u64,
    /// The number of the log's last commit.
    last: u64,
    /// The position of the log's last event.
    head: u64,
}

/// Commits that are gathered one by one into segments.
#[derive(Clone, Debug, Default)]
pub struct Segments(Vec<Segment>);

impl Segments {
    /// The segments, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// As [`segments`](Self::segments), for a store to take.
    pub fn into_segments(self) -> impl Iterator<Item = Segment> {
        self.0.into_iter()
    }
}

impl Extend<StoredCommit> for Segments {
    fn extend<C: IntoIterator<Item = StoredCommit>>(&mut self, commits: C) {
        for commit in commits {
            if !self.0.last_mut().is_some_and(|it| it.push(&commit)) {
                // Where one segment was full, the next one is likely to be.
                let room = if self.0.is_empty() { 0 } else { ROOM_BYTES };
                self.0.push(Segment::new(&commit, room));
            }
        }
    }
}

impl IntoIterator for Segments {
    type Item = StoredCommit;
    type IntoIter = Box<dyn Iterator<Item = StoredCommit>>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(
            self.0.into_iter().flat_map(|it| it.commits().map(|it| it.owned()).collect::<Vec<_>>()),
        )
    }
}

impl FromIterator<StoredCommit> for Segments {
    fn from_iter<C: IntoIterator<Item = StoredCommit>>(commits: C) -> Self {
        let mut segments = Self::default();
        segments.extend(commits);
        segments
    }
}

/// Turns commits into segments. Each segment is made when it is asked for.
pub fn segments_of(
    commits: impl IntoIterator<Item = StoredCommit>,
) -> impl Iterator<Item = Segment> {
    let mut commits = commits.into_iter().peekable();
    std::iter::from_fn(move || {
        let mut segment = Segment::new(&commits.next()?, 0);
        while commits.next_if(|commit| segment.push(commit)).is_some() {}
        Some(segment)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use uuid::Uuid;

    use super::super::record::encode;
    use super::*;
    use es::{Envelope, StoredEvent, Stream};

    /// 300 commits of up to three events of 6 kB each: enough to fill several segments.
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
                metadata: None,
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
    fn segments_give_back_the_commits_they_were_made_of() {
        let segments: Segments = commits().into_iter().collect();
        assert!(segments.segments().len() > 2, "the commits fill several segments");
        let read = segments.segments().iter().flat_map(Segment::commits).map(|it| it.owned());
        assert_eq!(texts(read), texts(commits()));
        assert_eq!(texts(segments), texts(commits()));
    }

    #[test]
    fn chained_segments_are_the_same_bytes_as_commits_encoded_one_by_one() {
        let (mut expected, mut frames) = (End::default(), Vec::new());
        for commit in commits() {
            encode(&commit, &mut expected, &mut frames);
        }
        let (mut end, mut chained) = (End::default(), Vec::new());
        for segment in segments_of(commits()) {
            segment.follow(&mut end).unwrap();
            chained.extend(segment.chained(&mut end.hash));
        }
        assert_eq!(end, expected);
        assert!(chained == frames, "the bytes differ");
    }

    #[test]
    fn a_segment_that_does_not_follow_the_log_is_refused() {
        // Commit 32 has no event, so only the commits' numbers show the gap.
        let with_a_gap = commits().into_iter().filter(|commit| commit.number != 32);
        let mut end = End::default();
        let followed: Vec<bool> = segments_of(with_a_gap)
            .map(|segment| segment.follow(&mut end).is_ok())
            .take(2)
            .collect();
        assert_eq!((followed, end.commits), (vec![true, false], 31));
    }
}
