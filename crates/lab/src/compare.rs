//! Compares two logs, or one log at two positions.

use std::rc::Rc;

use serde_json::Value;

use super::diff::{DiffLine, changes, keyed, lines};
use super::session::Viewpoint;
use es::{EventLog, Set, Stream, View};

/// The differences between two places. A place is a position in a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Both logs have the same events up to this position.
    pub shared: u64,
    /// The states that differ, in order of their streams.
    pub states: Vec<StatePair>,
    /// All views, whether they differ or not.
    pub views: Vec<ViewPair>,
}

/// A stream's state in two places.
#[derive(Clone, Debug, PartialEq)]
pub struct StatePair {
    /// The stream.
    pub stream: Stream,
    /// The stream's version on the left and on the right; 0 where the stream does not exist.
    pub versions: (u64, u64),
    /// The state on the left. The initial state where the stream does not exist.
    pub left: Value,
    /// The state on the right. The initial state where the stream does not exist.
    pub right: Value,
}

/// A view in two places, each folded cleanly.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewPair {
    /// The projection's or process's title.
    pub name: Rc<str>,
    /// The view on the left.
    pub left: View,
    /// The view on the right.
    pub right: View,
}

impl StatePair {
    /// The right state as lines, marked against the left one.
    pub fn lines(&self) -> Vec<DiffLine> {
        lines(&self.left, &self.right)
    }
}

impl ViewPair {
    /// True where the two differ.
    pub fn differs(&self) -> bool {
        self.left != self.right
    }

    /// The lines that differ: the left view as before, the right one as now.
    pub fn differences(&self) -> Vec<DiffLine> {
        changes(&keyed(&self.left), &keyed(&self.right))
    }
}

/// Compares one log at two positions. Positions after the head count as the head.
pub fn compare_positions(session: &mut Viewpoint, left: u64, right: u64) -> Comparison {
    let at = [left.min(session.head()), right.min(session.head())];
    let (from, to) = (at[0].min(at[1]), at[0].max(at[1]));
    let touched = touched(session, from, to).collect();
    let names = names(session);
    let state = |right: bool, stream: &_| session.state_at(stream, at[usize::from(right)]);
    let states = states(touched, state);
    let views = views(names, |right, name| session.view_at(name, at[usize::from(right)]));
    Comparison { shared: from, states, views }
}

/// Compares two logs of one scenario, each at a position. Positions after the head count as the
/// head.
pub fn compare_logs(mut sides: [&mut Viewpoint; 2], at: [u64; 2]) -> Comparison {
    let at = [at[0].min(sides[0].head()), at[1].min(sides[1].head())];
    let shared = shared(sides[0].log(), sides[1].log()).min(at[0]).min(at[1]);
    let touched = (0..2).flat_map(|side| touched(sides[side], shared, at[side])).collect();
    let names = names(sides[0]);
    let states = states(touched, |right, stream| {
        let side = usize::from(right);
        sides[side].state_at(stream, at[side])
    });
    let views = views(names, |right, name| {
        let side = usize::from(right);
        sides[side].view_at(name, at[side])
    });
    Comparison { shared, states, views }
}

fn touched(session: &Viewpoint, after: u64, to: u64) -> impl Iterator<Item = Stream> {
    session.log().events(after + 1, to).map(|event| event.stream().clone())
}

/// The states that differ. `state` is called with false for the left side, with true for the right.
fn states(
    streams: Set<Stream>,
    mut state: impl FnMut(bool, &Stream) -> Option<(u64, Value)>,
) -> Vec<StatePair> {
    let mut pairs = Vec::new();
    for stream in streams {
        if let (Some(left), Some(right)) = (state(false, &stream), state(true, &stream))
            && left != right
        {
            let versions = (left.0, right.0);
            pairs.push(StatePair { stream, versions, left: left.1, right: right.1 });
        }
    }
    pairs
}

fn views(names: Vec<Rc<str>>, mut view: impl FnMut(bool, &str) -> Option<View>) -> Vec<ViewPair> {
    let mut pairs = Vec::new();
    for name in names {
        if let (Some(left), Some(right)) = (view(false, &name), view(true, &name)) {
            pairs.push(ViewPair { name, left, right });
        }
    }
    pairs
}

/// The position up to which two logs have the same events.
fn shared(left: &EventLog, right: &EventLog) -> u64 {
    let pairs = left.events(1, u64::MAX).zip(right.events(1, u64::MAX));
    let same = pairs.take_while(|(left, right)| {
        left.command_id() == right.command_id()
            && left.stream() == right.stream()
            && left.version() == right.version()
            && left.kind() == right.kind()
            && left.data().get() == right.data().get()
    });
    same.count() as u64
}

fn names(session: &Viewpoint) -> Vec<Rc<str>> {
    session.world().subscriptions().iter().map(|it| it.name().clone()).collect()
}
