//! What time it is in an open log, and the alarm that wakes it at a deadline.
//!
//! A log that begins with its scenario's story goes on in the story's time, which passes as long as
//! the log is open: otherwise all deadlines of a story of 2017 would be overdue. Any other log has
//! the real time. Somebody can move either clock forward; that is kept beside the log.

use std::rc::Rc;

use codec::archive::{LATEST, instant, written};
use lab::{Deadline, LogClock, MicroStep, SideRecord};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::open_log::OpenLog;
use crate::protocol::{ClockMove, Error, ErrorCode, Response};

/// The longest time that an alarm sleeps before it looks again, in milliseconds.
const NAP_MILLIS: u64 = 3_600_000;

impl OpenLog {
    /// What time it is in the log, in milliseconds since 1970.
    pub fn now(&self) -> u64 {
        let (real, story) = (self.0.host.clock.now(), self.has_story_time());
        let session = self.session();
        let clock = session.world().clock();
        if !story {
            return real.saturating_add(clock.ahead);
        }
        let (from, since) = self.0.time_from.get();
        let passed = from.saturating_add(real.saturating_sub(since));
        passed.max(clock.reached).max(session.last_time())
    }

    /// True where the log goes on in the time of its story.
    pub fn has_story_time(&self) -> bool {
        let session = self.session();
        if self.0.story.get().is_none() && session.head() > 0 {
            self.0.story.set(Some(session.begins_with_story()));
        }
        self.0.story.get() == Some(true)
    }

    /// From now on, it is this time in the log, as far as that depends on the story.
    pub(crate) fn set_time(&self, from: u64) {
        self.0.time_from.set((from, self.0.host.clock.now()));
    }

    /// Takes over how far the clock was moved in another tab. True where that is further.
    pub(crate) fn learn_clock(&self, records: &[SideRecord]) -> bool {
        let before = self.session().world().clock();
        let now = self.now();
        for record in records {
            if let SideRecord::Clock(_) = record {
                self.session_mut().world_mut().take_in_side_record(record.clone());
            }
        }
        let moved = self.session().world().clock() != before;
        if moved {
            self.set_time(now.max(self.session().world().clock().reached));
        }
        moved
    }

    /// Tells what time it is, and moves the clock first where that is asked.
    pub(crate) async fn clock(
        &self,
        how: Option<ClockMove>,
        trace: &mut Vec<MicroStep>,
    ) -> Result<Response, Error> {
        if let Some(how) = how {
            self.move_clock(how, trace).await?;
        }
        Ok(Response::Json(self.clock_out()))
    }

    /// Moves the clock, or has one command sent before its time, and runs what is due then.
    async fn move_clock(&self, how: ClockMove, trace: &mut Vec<MicroStep>) -> Result<(), Error> {
        let now = self.now();
        let to = match how {
            ClockMove::Advance(millis) => now.saturating_add(millis),
            ClockMove::To(at) => at,
            ClockMove::Date(text) => instant(&text).ok_or_else(|| {
                let why = format!(
                    "“{text}” is no date; one is written 2017-08-25 or 2017-08-25T18:00:00Z"
                );
                Error::new(ErrorCode::Malformed, why)
            })?,
            ClockMove::Next => {
                let next = self.waits_for().first().map(|it| it.due);
                let none = || Error::new(ErrorCode::OutOfRange, "no process waits for anything");
                next.ok_or_else(none)?.max(now)
            }
            ClockMove::Hurry(id) => return self.hurry(id, trace).await,
        };
        if to < now || to > LATEST {
            let why = if to < now {
                format!("a clock only goes forward, and here it is {} already", written(now))
            } else {
                "a clock goes up to the year 9999".to_owned()
            };
            return Err(Error::new(ErrorCode::OutOfRange, why));
        }
        let story = self.has_story_time();
        let clock = self.session().world().clock();
        let moved = if story {
            LogClock { reached: to, ..clock }
        } else {
            LogClock { ahead: clock.ahead.saturating_add(to - now), ..clock }
        };
        self.session_mut().world_mut().set_clock(moved);
        self.set_time(to);
        self.0.alarm.set(None);
        self.go_on(trace).await;
        self.set_alarm();
        Ok(())
    }

    async fn hurry(&self, id: Uuid, trace: &mut Vec<MicroStep>) -> Result<(), Error> {
        let refuse = |why: &str| Err(Error::new(ErrorCode::Malformed, why));
        if !self.runs_processes() {
            return refuse("another tab runs the processes: hurry it there");
        }
        if !self.session_mut().world_mut().hurry(id) {
            return refuse("no process waits for that");
        }
        self.go_on(trace).await;
        Ok(())
    }

    /// What the processes wait for now, by the time when it is due.
    fn waits_for(&self) -> Vec<Deadline> {
        let session = self.session();
        session.deadlines(session.head()).into_iter().map(|(_, it)| it).collect()
    }

    /// The clock as the console gives it, with the deadlines that are pending at the playhead.
    fn clock_out(&self) -> Value {
        let now = self.now();
        let session = self.session();
        let deadlines = session.deadlines(session.position());
        let deadline = |(process, it): (Rc<str>, Deadline)| {
            json!({
                "id": it.id, "process": process, "position": it.position,
                "stream": it.stream, "type": it.kind, "due": it.due,
            })
        };
        json!({ "now": now, "deadlines": deadlines.into_iter().map(deadline).collect::<Vec<_>>() })
    }

    /// Sees to it that the log wakes at its next deadline.
    pub(crate) fn set_alarm(&self) {
        let due = self.session().world().next_deadline();
        if self.0.alarm.replace(due) == due {
            return;
        }
        let Some(due) = due else { return };
        let log = Rc::downgrade(&self.0);
        self.spawn(async move {
            while let Some(open) = Self::still_open(&log) {
                if open.0.alarm.get() != Some(due) {
                    return;
                }
                let left = due.saturating_sub(open.now());
                if left == 0 {
                    open.0.alarm.set(None);
                    // Whoever steps through a command meets the deadline as well.
                    if !open.is_stepping() {
                        let trace = open.run().await;
                        open.notify(trace);
                    }
                    return;
                }
                let nap = open.0.host.clock.sleep(left.min(NAP_MILLIS));
                drop(open);
                nap.await;
            }
        });
    }
}
