//! Deadlines: commands that a process has asked for, and that are sent when their time has come.
//!
//! Nothing of this is stored. What a process waits for follows from the events that it has taken
//! in, and a deadline is over once the log or the journal knows the id of its command. So it
//! survives a reload, a crash and a change of tabs, and is sent once.

use std::rc::Rc;

use es::{Map, Reaction, Set, Stream};
use serde::Serialize;
use uuid::Uuid;

const MINUTE_MILLIS: u64 = 60_000;

/// A command that is sent later.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deadline {
    /// The command's id.
    pub id: Uuid,
    /// The position of the event because of which the process waits.
    pub position: u64,
    /// When the command is sent, in milliseconds since 1970.
    pub due: u64,
    /// Whom it is for.
    pub stream: Stream,
    /// The command's type.
    #[serde(rename = "type")]
    pub kind: Rc<str>,
    /// The position of the last event when the command was handled. None as long as it was not.
    #[serde(skip)]
    settled: Option<u64>,
}

/// The deadlines of one process.
#[derive(Default)]
pub(super) struct Deadlines {
    /// When it is sent, and the command's id → the deadline, and what is sent. What somebody has
    /// hurried stands at 0.
    pending: Map<(u64, Uuid), (Deadline, Reaction)>,
    /// Those of the pending ones whose command is on its way.
    sent: Set<(u64, Uuid)>,
    /// The command's id → when it is sent. None once that is over.
    due: Map<Uuid, Option<u64>>,
    /// Those that are over, in order.
    settled: Vec<Deadline>,
    /// Those of which nobody has looked yet whether they are over.
    unchecked: Vec<Uuid>,
}

impl Deadlines {
    /// A process asks for something that is due later, because of the event at `position`. It may
    /// ask again. True where this was the first time.
    pub(super) fn ask(&mut self, process: &str, position: u64, reaction: Reaction) -> bool {
        let id = reaction.id(process);
        let Reaction::Command { stream, kind, due: Some(due), .. } = &reaction else {
            return false;
        };
        if self.due.contains_key(&id) {
            return false;
        }
        let (stream, kind, due) = (stream.clone(), kind.clone(), *due);
        let deadline = Deadline { id, position, due, stream, kind, settled: None };
        self.due.insert(id, Some(due));
        self.pending.insert((due, id), (deadline, reaction));
        self.unchecked.push(id);
        true
    }

    /// Those of which nobody has looked yet whether they are over.
    pub(super) fn take_unchecked(&mut self) -> Vec<Uuid> {
        std::mem::take(&mut self.unchecked)
    }

    /// True where nothing is waited for.
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// A command of this id was handled when the log ended at `after`. Nothing happens where nobody
    /// waits for it.
    pub(super) fn settle(&mut self, id: Uuid, after: u64) {
        let Some(due) = self.due.get_mut(&id).and_then(Option::take) else { return };
        self.sent.remove(&(due, id));
        let pending = self.pending.remove(&(due, id));
        self.settled.extend(pending.map(|(it, _)| Deadline { settled: Some(after), ..it }));
    }

    /// When the next command is sent, and its id.
    pub(super) fn next(&self) -> Option<(u64, Uuid)> {
        self.pending.keys().find(|it| !self.sent.contains(it)).copied()
    }

    /// The event because of which a command is sent, and the command. From now on it is on its way.
    pub(super) fn send(&mut self, key: (u64, Uuid)) -> Option<(Deadline, Reaction)> {
        let sent = self.pending.get(&key)?.clone();
        self.sent.insert(key);
        Some(sent)
    }

    /// What was on its way is not any more.
    pub(super) fn recall(&mut self) {
        self.sent.clear();
    }

    /// The command is sent as soon as possible. False where nobody waits for it.
    pub(super) fn hurry(&mut self, id: Uuid) -> bool {
        let Some(Some(due)) = self.due.get_mut(&id) else { return false };
        if self.sent.contains(&(*due, id)) {
            return true;
        }
        let pending = self.pending.remove(&(*due, id));
        *due = 0;
        self.pending.extend(pending.map(|it| ((0, id), it)));
        true
    }

    /// Those that were pending at a position, by the time when they are due.
    pub(super) fn at(&self, position: u64) -> Vec<&Deadline> {
        let pending = self.pending.values().map(|(it, _)| it);
        let later = self.settled.iter().filter(|it| it.settled.is_some_and(|it| it > position));
        let mut all: Vec<&Deadline> =
            pending.chain(later).filter(|it| it.position <= position).collect();
        es::sort(&mut all, |a, b| (a.due, a.id).cmp(&(b.due, b.id)));
        all
    }
}

/// A span of time in words, to the minute: “1 day 2 hours”.
pub fn span(millis: u64) -> String {
    let minutes = millis.div_ceil(MINUTE_MILLIS);
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let words = |count: u64, noun: &str| match count {
        0 => None,
        1 => Some(format!("1 {noun}")),
        _ => Some(format!("{count} {noun}s")),
    };
    // Of a span of many days nobody asks for the minutes.
    let minutes = words(minutes, "minute").filter(|_| days < 2);
    let parts = [words(days, "day"), words(hours, "hour"), minutes];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "no time".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_days_hours_and_minutes() {
        let day = 1440 * MINUTE_MILLIS;
        let told = [
            (0, "no time"),
            (1, "1 minute"),
            (15 * MINUTE_MILLIS, "15 minutes"),
            (90 * MINUTE_MILLIS, "1 hour 30 minutes"),
            (day, "1 day"),
            (day + MINUTE_MILLIS, "1 day 1 minute"),
            (3 * day + 61 * MINUTE_MILLIS, "3 days 1 hour"),
        ];
        for (millis, words) in told {
            assert_eq!(span(millis), words);
        }
    }
}
