//! Looking for events by stream, type and text. A long log is searched a slice at a time.

use crate::es::Recorded;
use crate::host::OpenLog;
use crate::ui::browser::clock::slice;

/// How many events are searched between two looks at the clock.
const SEARCHED_AT_ONCE: u64 = 500;

/// What is looked for.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Query {
    pub text: String,
    pub stream: String,
    pub kind: String,
}

/// What is looked for, and what was found so far.
#[derive(Default)]
pub struct Search {
    pub query: Query,
    /// The positions found, where something is looked for.
    pub found: Option<Vec<u64>>,
    /// The position up to which was searched.
    pub searched: u64,
}

impl Query {
    /// True for an event that is looked for.
    fn matches(&self, event: &Recorded, needle: &str) -> bool {
        let near = |text: &str| text.to_lowercase().contains(needle);
        (self.stream.is_empty() || event.stream().as_str() == self.stream)
            && (self.kind.is_empty() || **event.kind() == *self.kind)
            && (needle.is_empty()
                || near(event.stream().as_str())
                || near(event.kind())
                || near(event.data().get()))
    }

    /// True where a stream or a type is chosen.
    pub fn is_narrow(&self) -> bool {
        !self.stream.is_empty() || !self.kind.is_empty()
    }
}

impl Search {
    /// Forgets what was found: something else is looked for, or elsewhere.
    pub fn begin_anew(&mut self) {
        (self.found, self.searched) = (None, 0);
    }

    /// Searches what has not been searched yet, for the length of a slice. True where more is left.
    pub fn go_on(&mut self, open_log: &OpenLog, head: u64) -> bool {
        if self.query == Query::default() {
            return false;
        }
        let slice = slice();
        let needle = self.query.text.trim().to_lowercase();
        let session = open_log.session();
        let found = self.found.get_or_insert_default();
        while self.searched < head && !slice.over() {
            let to = head.min(self.searched + SEARCHED_AT_ONCE);
            let events = session.log().events(self.searched + 1, to);
            let events = events.filter(|event| self.query.matches(event, &needle));
            found.extend(events.map(Recorded::position));
            self.searched = to;
        }
        self.searched < head
    }

    /// The next event found after a position, or before it. After the last one comes the first.
    pub fn neighbour(&self, position: u64, after: bool) -> Option<u64> {
        let found = self.found.as_ref()?;
        let at = found.partition_point(|it| *it < position + u64::from(after));
        let to = if after {
            found.get(at).or(found.first())
        } else {
            at.checked_sub(1).and_then(|at| found.get(at)).or(found.last())
        };
        to.copied()
    }
}
