//! The playhead's movement: by event, by beat, by itself, and dragged.

use std::rc::Rc;

use gloo::render::AnimationFrame;
use gloo::timers::callback::{Interval, Timeout};

use super::station::Station;

/// What moves the playhead.
#[derive(Clone, Copy, Debug)]
pub enum Msg {
    /// Move it to a position.
    Seek(u64),
    /// Move it at the next frame. Later wishes replace earlier ones.
    Want(u64),
    /// A frame is about to be drawn.
    Frame,
    /// Play, or pause.
    Play,
    /// Play at another speed.
    Speed(f64),
    /// One event or beat further, while playing.
    Tick,
    /// One event or beat on.
    On,
    /// One event back.
    Back,
    /// A clicker's button: on, or back.
    Click(bool),
    /// Step and play by beat, or by event.
    Beats(bool),
    /// The playhead has rested for a while.
    Settled,
}

/// How the playhead moves.
pub struct Playback {
    /// Events a second.
    pub speed: f64,
    /// Step and play by beat.
    pub beats: bool,
    /// How far the event at the playhead has come, where that is not all the way.
    pub beat: Option<Beat>,
    /// Ticks as long as the page plays.
    pub playing: Option<Interval>,
    /// Where the playhead is to be at the next frame.
    pub wanted: Option<u64>,
    /// The frame that was asked for.
    pub frame: Option<AnimationFrame>,
    /// The read side is not where the playhead is: the next frame draws it.
    pub behind: bool,
    /// Runs until the playhead has rested for a while.
    pub settling: Option<Timeout>,
}

impl Default for Playback {
    fn default() -> Self {
        Self {
            speed: 1.0,
            beats: false,
            beat: None,
            playing: None,
            wanted: None,
            frame: None,
            behind: false,
            settling: None,
        }
    }
}

impl Playback {
    /// Another log is open: nothing plays, and nobody wants the playhead anywhere.
    pub fn stop(&mut self) {
        (self.beat, self.playing, self.wanted, self.behind) = (None, None, None, false);
    }

    /// Leaves marked what the last event changed, unless a command has come to nothing since.
    pub fn mark(&mut self, on: bool) {
        if !on {
            self.beat = Some(Beat::nobody());
        }
    }

    /// True where beats of the event at the playhead are left.
    pub fn beats_left(&self) -> bool {
        self.beat.as_ref().is_some_and(|beat| !beat.over())
    }

    /// What the panel of that name shows.
    pub fn shows(&self, name: &str) -> Shows {
        self.beat.as_ref().map_or(Shows::Change, |beat| beat.shows(name))
    }
}

/// Somebody who takes in an event.
#[derive(Clone)]
pub struct Taker {
    pub name: Rc<str>,
    pub station: Station,
}

/// How far the event at the playhead has come.
pub struct Beat {
    /// How many of them have taken it in.
    done: usize,
    /// Who takes it in, in order.
    takers: Vec<Taker>,
}

/// What a panel shows during a beat.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// What was there before the event.
    Before,
    /// What the event changed, marked.
    Change,
    /// What is there now, without a mark.
    After,
}

impl Beat {
    /// An event that nobody has taken in yet.
    pub fn new(takers: Vec<Taker>) -> Self {
        Self { done: 0, takers }
    }

    /// An event that nobody takes in.
    fn nobody() -> Self {
        Self::new(Vec::new())
    }

    /// True where everybody has taken it in.
    pub fn over(&self) -> bool {
        self.done >= self.takers.len()
    }

    /// True where somebody takes it in at all.
    pub fn has_takers(&self) -> bool {
        !self.takers.is_empty()
    }

    /// The next one takes it in.
    pub fn next(&mut self) -> Option<Taker> {
        let taker = self.takers.get(self.done)?.clone();
        self.done += 1;
        Some(taker)
    }

    fn shows(&self, name: &str) -> Shows {
        match self.takers.iter().position(|it| &*it.name == name) {
            Some(at) if at >= self.done => Shows::Before,
            Some(at) if at + 1 == self.done => Shows::Change,
            _ => Shows::After,
        }
    }
}
