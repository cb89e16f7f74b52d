//! What everybody sends at the same moment, and what they met.

use crate::es::{Choice, Map};
use crate::host::OpenLog;
use crate::lab::Outcome;

/// So many of the last seconds are drawn.
const SECONDS: u64 = 24;

/// What happens to what all send.
#[derive(Clone, Copy)]
pub enum Msg {
    /// All send now.
    Now,
}

/// How often somebody met a conflict, and how often they sent their command again after one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    pub conflicts: u64,
    pub again: u64,
}

/// What all who write to a log have met.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Board {
    /// The log's id.
    log: String,
    /// What each has met, by their page's id.
    people: Map<String, Met>,
    /// Seconds since 1970 in which there were conflicts, each with their number.
    seconds: Vec<(u64, u64)>,
}

/// The board of the log that is open, and what was counted for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Together {
    pub board: Board,
    /// The log, and the length of its journal when it was counted last.
    pub counted: (String, usize),
    /// What this page's own have met.
    pub met: Met,
}

impl Met {
    /// What those have met who send from this page: one of that name, or all.
    pub fn of(log: &OpenLog, name: Option<&str>) -> Self {
        let session = log.session();
        let entries = session.world().journal().iter();
        let mut met = Self::default();
        for it in entries.filter(|it| name.is_none_or(|name| *it.envelope.actor == *name)) {
            met.conflicts += u64::from(matches!(it.outcome, Outcome::WrongExpectedVersion { .. }));
            let choice = it.envelope.follows.map(|it| it.choice);
            let chosen = matches!(choice, Some(Choice::Reload | Choice::Retry | Choice::Force));
            met.again += u64::from(chosen && it.outcome == Outcome::Accepted);
        }
        met
    }
}

impl Board {
    /// Notes what somebody has met in a log by now, in milliseconds since 1970.
    pub fn note(&mut self, log: &str, who: &str, met: Met, now: u64) {
        if self.log != log {
            *self = Self { log: log.to_owned(), ..Self::default() };
        }
        let before = self.people.insert(who.to_owned(), met);
        // What somebody brings along was met at another time.
        let new = before.map_or(0, |it| met.conflicts.saturating_sub(it.conflicts));
        if new > 0 {
            let second = now / 1_000;
            match self.seconds.last_mut() {
                Some(last) if last.0 == second => last.1 += new,
                _ => self.seconds.push((second, new)),
            }
        }
    }

    /// True where it is about this log.
    pub fn is_of(&self, log: &str) -> bool {
        self.log == log
    }

    /// What all together have met.
    pub fn all(&self) -> Met {
        let sum = |of: fn(&Met) -> u64| self.people.values().map(of).sum();
        Met { conflicts: sum(|it| it.conflicts), again: sum(|it| it.again) }
    }

    /// The most conflicts that there were in one second.
    pub fn most(&self) -> u64 {
        self.seconds.iter().map(|it| it.1).max().unwrap_or_default()
    }

    /// How many conflicts there were in each second, up to the last one that had any.
    pub fn lately(&self) -> Vec<u64> {
        let (Some(first), Some(last)) = (self.seconds.first(), self.seconds.last()) else {
            return Vec::new();
        };
        let from = first.0.max((last.0 + 1).saturating_sub(SECONDS));
        let of = |second| self.seconds.iter().find(|it| it.0 == second).map_or(0, |it| it.1);
        (from..=last.0).map(of).collect()
    }
}
