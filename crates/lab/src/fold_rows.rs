//! The fold, row by row: beside each event, what states and read models are after it.
//!
//! Rows that stand next to each other are folded in one go, from the nearest snapshot on.

use std::rc::Rc;

use serde_json::Value;

use super::diff::{DiffLine, changes, keyed};
use super::provenance::Target;
use super::session::{Viewpoint, handler, opened_view, reader};
use es::{Fold, Hydrated, Stream, Subscriber, Timeline, View};

/// A state or a read model after an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Folded {
    /// A stream's version and state.
    State(u64, Rc<Value>),
    /// What a projection or process shows, folded cleanly.
    View(Rc<View>),
}

/// One column's state after a row's event, beside what it was before.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldCell {
    /// Before the event.
    pub was: Folded,
    /// After it.
    pub now: Folded,
}

/// An event's position, and the cells beside it, in the order of the columns.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldRow {
    /// The event's position. In row 0 nothing has happened yet.
    pub position: u64,
    /// A cell for each column. None where there is no such state or read model, or where it was
    /// too heavy.
    pub cells: Vec<Option<FoldCell>>,
}

impl Folded {
    /// It as JSON in which rows, bars and edges are objects by key.
    pub fn keyed(&self) -> Value {
        match self {
            Self::State(_, state) => Value::clone(state),
            Self::View(view) => keyed(view),
        }
    }
}

impl FoldCell {
    /// True where the row's event has changed it.
    pub fn has_changed(&self) -> bool {
        match (&self.was, &self.now) {
            (Folded::State(_, was), Folded::State(_, now)) => !Rc::ptr_eq(was, now) && was != now,
            (Folded::View(was), Folded::View(now)) => !Rc::ptr_eq(was, now) && was != now,
            _ => true,
        }
    }

    /// What the row's event has changed, line by line. Empty where it has changed nothing.
    pub fn changes(&self) -> Vec<DiffLine> {
        if !self.has_changed() {
            return Vec::new();
        }
        changes(&self.was.keyed(), &self.now.keyed())
    }
}

impl Viewpoint {
    /// The rows from position `from` to position `to`, both among them, and at most up to the
    /// head. A read model of more rows than `heaviest` is left out.
    pub fn fold_rows(
        &mut self,
        columns: &[Target],
        from: u64,
        to: u64,
        heaviest: usize,
    ) -> Vec<FoldRow> {
        let to = to.min(self.head());
        let mut rows: Vec<FoldRow> =
            (from..=to).map(|position| FoldRow { position, cells: Vec::new() }).collect();
        for column in columns {
            let cells = match column {
                Target::State(stream) => self.state_cells(stream, from, to),
                Target::View(name) => self.view_cells(name, from, to, heaviest),
            };
            match cells {
                Some(cells) => {
                    for (row, cell) in rows.iter_mut().zip(cells) {
                        row.cells.push(Some(cell));
                    }
                }
                None => rows.iter_mut().for_each(|row| row.cells.push(None)),
            }
        }
        rows
    }

    fn state_cells(&mut self, stream: &Stream, from: u64, to: u64) -> Option<Vec<FoldCell>> {
        let (log, opener) = (self.world.log(), self.opener.as_ref());
        let shown = |mut state: Value| {
            opener.inspect(|it| es::open_value(&mut state, &***it));
            Rc::new(state)
        };
        let handler = handler(&mut self.states, self.world.scenario(), stream)?;
        let mut version = log.version_at(stream, from.saturating_sub(1));
        handler.load(stream, version, log);
        let mut was = Folded::State(version, shown(handler.state()));
        let cells = (from..=to).map(|position| {
            // Another stream's event changes nothing here.
            let now = if log.event(position).is_some_and(|it| it.stream() == stream) {
                version += 1;
                handler.load(stream, version, log);
                Folded::State(version, shown(handler.state()))
            } else {
                was.clone()
            };
            FoldCell { was: std::mem::replace(&mut was, now.clone()), now }
        });
        Some(cells.collect())
    }

    fn view_cells(
        &mut self,
        name: &str,
        from: u64,
        to: u64,
        heaviest: usize,
    ) -> Option<Vec<FoldCell>> {
        let it = self.world.subscription(name)?;
        let reader = reader(&mut self.readers, &self.world, it)?;
        let log = self.world.log();
        let place = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
        if reader.at(place, log).weight() > heaviest {
            return None;
        }
        let opener = self.opener.as_ref();
        let mut was = Rc::new(opened_view(opener, reader.view(from.saturating_sub(1), log)));
        let cells = (from..=to).map(|position| {
            let view = opened_view(opener, reader.view(position, log));
            let now = if view == *was { was.clone() } else { Rc::new(view) };
            let before = std::mem::replace(&mut was, now.clone());
            FoldCell { was: Folded::View(before), now: Folded::View(now) }
        });
        Some(cells.collect())
    }

    /// How many events the readers of the read side have folded in their lives.
    pub fn events_folded(&self) -> u64 {
        let readers = self.readers.values().map(Timeline::<Subscriber>::folded);
        let states = self.states.values().map(Timeline::<Hydrated>::folded);
        readers.chain(states).sum()
    }
}
