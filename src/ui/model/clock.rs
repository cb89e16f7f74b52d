//! The log's clock as the page shows it: what time it is there, and what processes wait for.

use std::rc::Rc;

use gloo::timers::callback::Interval;

use crate::es::Recorded;
use crate::host::{Answered, ClockMove, OpenLog};
use crate::lab::Deadline;

/// So many deadlines are shown one by one.
const SHOWN: usize = 12;
/// How often the clock is looked at, in milliseconds: it shows minutes.
const LOOK_MILLIS: u32 = 5_000;
pub const MINUTE_MILLIS: u64 = 60_000;

/// What happens to the clock.
pub enum Msg {
    /// Move it, or have one command sent before its time. The words say by how much.
    Move(ClockMove, String),
    /// That was done, or refused. `hurried` is true where one command was sent before its time.
    Moved { open_log: OpenLog, words: String, hurried: bool, answered: Answered },
    /// Look at it.
    Tick,
}

/// The clock's part of the page.
#[derive(Default)]
pub struct LogTime {
    pub face: Rc<Face>,
    /// Why it was not moved.
    pub refused: Option<Rc<str>>,
    /// Looks at the clock as long as a log is open.
    pub ticks: Option<Interval>,
}

/// What the clock shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Face {
    /// What time it is in the log, to the minute, in milliseconds since 1970.
    pub now: u64,
    /// What time it was at the playhead: its event's, or `now` at the head.
    pub at: u64,
    /// True where the log goes on in the time of its story.
    pub story: bool,
    /// By how much the clock is ahead of the real time, in milliseconds.
    pub ahead: u64,
    /// What was waited for at the playhead, by the time when it was due: the first ones, each with
    /// its process.
    pub deadlines: Vec<Waiting>,
    /// How many there are.
    pub count: usize,
    /// True where the playhead is in the past.
    pub past: bool,
}

/// A process that waits for something.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub process: Rc<str>,
    pub deadline: Deadline,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.deadline.id == other.deadline.id
    }
}

impl LogTime {
    /// Looks at the clock, and at what is waited for at the playhead. True where it shows something
    /// else now.
    pub fn look(&mut self, open_log: &OpenLog) -> bool {
        let now = open_log.now() / MINUTE_MILLIS * MINUTE_MILLIS;
        let story = open_log.has_story_time();
        let session = open_log.session();
        let position = session.position();
        let deadlines = session.deadlines(position);
        let count = deadlines.len();
        let deadlines = deadlines.into_iter().take(SHOWN);
        let deadlines =
            deadlines.map(|(process, deadline)| Waiting { process, deadline }).collect();
        let ahead = session.world().clock().ahead;
        let past = position < session.head();
        let event = session.log().event(position).filter(|_| past);
        let at = event.map_or(now, Recorded::at);
        let face = Face { now, at, story, ahead, deadlines, count, past };
        let changed = *self.face != face;
        if changed {
            self.face = Rc::new(face);
        }
        changed
    }

    /// From now on, the clock is looked at.
    pub fn start(&mut self, tick: impl Fn() + 'static) {
        self.ticks.get_or_insert_with(|| Interval::new(LOOK_MILLIS, tick));
    }
}
