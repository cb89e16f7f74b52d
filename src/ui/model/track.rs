//! What the timeline draws: a lane for each stream or category, a mark for each event, and where
//! there are too many for that, how dense they are.

use std::fmt::Write;
use std::rc::Rc;

use crate::es::{EventLog, Map, Recorded, Stream, natural, sort};
use crate::lab::clip::clip;
use crate::ui::browser::fixed::Fixed;

/// Past so many streams, each category has a lane.
const LANES: usize = 12;
/// Past so many events, a lane shows how dense they are.
const MARKS: u64 = 400;
/// How finely.
const BINS: usize = 220;
/// The marks' own units: a lane is so wide, whatever its width on the screen.
pub const WIDTH: f64 = 1000.0;

/// What stretch of the log is shown, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The positions shown, those of both ends among them.
    pub from: u64,
    pub to: u64,
    /// The times at both ends, where places follow the time.
    pub times: Option<(u64, u64)>,
}

impl Axis {
    /// The whole log, or the part around the playhead that is `1 / zoom` of it.
    pub fn new(log: &EventLog, position: u64, zoom: u64, by_time: bool) -> Self {
        let head = log.head();
        let width = (head / zoom.max(1)).max(8).min(head);
        // The window moves by quarters: a playhead within it does not move it at every event.
        let quarter = (width / 4).max(1);
        let from = (position.saturating_sub(width / 2) / quarter * quarter).min(head - width);
        let (from, to) = if zoom > 1 { (from, from + width) } else { (0, head) };
        let at = |position| log.event(position).map(Recorded::at);
        let times = if by_time { at(from.max(1)).zip(at(to)) } else { None };
        Self { from, to, times: times.filter(|(first, last)| first < last) }
    }

    /// Where a position, whose event was recorded at `at`, stands: from 0 to 1.
    pub fn share(&self, position: u64, at: u64) -> f64 {
        let (from, to, here) = match self.times {
            // Before the first event is a little before its time.
            Some(_) if position == 0 => return 0.0,
            Some((first, last)) => (first as f64, last as f64, at as f64),
            None => (self.from as f64, self.to as f64, position as f64),
        };
        let share = if to > from { ((here - from) / (to - from)).clamp(0.0, 1.0) } else { 0.0 };
        if self.times.is_some() { 0.02 + 0.98 * share } else { share }
    }

    /// The position at a share of the axis.
    pub fn position(&self, share: f64, position_at: impl Fn(u64) -> u64) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in between")]
        let between = |from: u64, to: u64, share: f64| {
            from + ((to - from) as f64 * share.clamp(0.0, 1.0)).round() as u64
        };
        match self.times {
            Some(_) if share < 0.01 => 0,
            Some((first, last)) => {
                position_at(between(first, last, (share - 0.02) / 0.98)).clamp(self.from, self.to)
            }
            None => between(self.from, self.to, share),
        }
    }
}

/// A stream's, or a category's, marks.
#[derive(Debug, PartialEq, Eq)]
pub struct Lane {
    /// What it is named after.
    pub name: Rc<str>,
    /// Type → the marks of its events, as an SVG path.
    pub marks: Map<usize, String>,
    /// How dense its events are, as an SVG path.
    pub density: String,
    /// The streams that it holds together.
    streams: usize,
}

/// The lanes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Track {
    /// From top to bottom.
    pub lanes: Vec<Lane>,
    /// True where lanes are categories.
    pub grouped: bool,
}

impl Track {
    /// Draws a stretch of a log.
    pub fn new(log: &EventLog, streams: &[Stream], kinds: &[Rc<str>], axis: &Axis) -> Self {
        let grouped = streams.len() > LANES;
        let mut lanes: Vec<Lane> = Vec::new();
        let mut of: Map<&str, usize> = Map::new();
        let mut lane_of = Vec::with_capacity(streams.len());
        for stream in streams {
            let name = if grouped { stream.category() } else { stream.as_str() };
            let lane = *of.entry(name).or_insert_with(|| {
                let name: Rc<str> = name.into();
                let (marks, density) = (Map::new(), String::new());
                lanes.push(Lane { name, marks, density, streams: 0 });
                lanes.len() - 1
            });
            lanes[lane].streams += 1;
            lane_of.push(lane);
        }
        let name_of = |event: &Recorded| {
            let stream = event.stream();
            let name = if grouped { stream.category() } else { stream.as_str() };
            of.get(name).copied()
        };
        if axis.to - axis.from <= MARKS {
            for event in log.events(axis.from, axis.to) {
                let kind = kinds.iter().position(|it| it == event.kind()).unwrap_or_default();
                let x = WIDTH * axis.share(event.position(), event.at());
                if let Some(lane) = name_of(event) {
                    // A line of no length, whose round or square ends are the mark; or a bar.
                    let line = if kind % 5 == 2 { "3v10" } else { "8h.01" };
                    let path = lanes[lane].marks.entry(kind).or_default();
                    _ = write!(path, "M{} {line}", Fixed(x, 1));
                }
            }
        } else {
            let mut counts = vec![[0_usize; BINS]; lanes.len()];
            let edges = edges(log, axis);
            for (stream, lane) in streams.iter().zip(lane_of) {
                // From one bin that has any of its events to the next: there may be a million.
                let mut places = log.places(stream);
                let before = |places: &[u32], position: u64| {
                    places.partition_point(|place| u64::from(*place) + 1 < position)
                };
                places = &places[before(places, edges[0])..before(places, edges[BINS])];
                while let Some(place) = places.first() {
                    let after = edges.partition_point(|edge| *edge <= u64::from(*place) + 1);
                    let (here, rest) = places.split_at(before(places, edges[after]));
                    counts[lane][after - 1] += here.len();
                    places = rest;
                }
            }
            let most = counts.iter().flatten().max().copied().unwrap_or(1).max(1);
            for (lane, counts) in lanes.iter_mut().zip(counts) {
                for (bin, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
                    let x = WIDTH * (bin as f64 + 0.5) / BINS as f64;
                    let high = 2.0 + 11.0 * count as f64 / most as f64;
                    _ = write!(lane.density, "M{} 15v{}", Fixed(x, 1), Fixed(-high, 1));
                }
            }
        }
        sort(&mut lanes, |a, b| natural(&a.name, &b.name));
        Self { lanes, grouped }
    }
}

/// The first position of each bin, and the one behind the last.
fn edges(log: &EventLog, axis: &Axis) -> Vec<u64> {
    let (first, last) = (axis.from.max(1), axis.to.min(log.head()));
    let bin = |position: u64| {
        let share = axis.share(position, log.event(position).map_or(0, Recorded::at));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0–1")]
        let bin = (share * BINS as f64) as usize;
        bin.min(BINS - 1)
    };
    let mut edges = vec![first];
    for number in 1..BINS {
        let (mut from, mut to) = (first, last + 1);
        while from < to {
            let middle = from.midpoint(to);
            if bin(middle) < number { from = middle + 1 } else { to = middle }
        }
        edges.push(from);
    }
    edges.push(last + 1);
    edges
}

impl Lane {
    /// What stands beside it.
    pub fn label(&self, grouped: bool) -> String {
        let name = clip(&self.name);
        if grouped { format!("{name} ({})", self.streams) } else { name.into_owned() }
    }
}
