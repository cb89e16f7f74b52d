//! A fold that can be stopped anywhere: bounded work to get there, bounded memory to do so.

use super::{Fold, History};

/// The smallest number of rows that a timeline may keep in snapshots.
const LEAST_ROWS: usize = 4096;
/// One row in snapshots for every so many events.
const EVENTS_PER_ROW: usize = 10;
const FIRST_STRIDE: usize = 64;

/// A fold over one history, at any place of it.
///
/// A seek folds from the nearest snapshot, or from where it last stood. Snapshots are taken
/// every `stride` events as the fold passes them; once together they weigh more than a tenth of
/// the history, every second one is dropped and the stride doubles.
pub struct Timeline<F> {
    snapshots: Vec<Snapshot<F>>,
    stride: usize,
    rows: usize,
    place: usize,
    here: F,
    folded: u64,
}

struct Snapshot<F> {
    place: usize,
    rows: usize,
    state: F,
}

impl<F: Fold> Default for Timeline<F> {
    fn default() -> Self {
        Self {
            snapshots: Vec::new(),
            stride: FIRST_STRIDE,
            rows: 0,
            place: 0,
            here: F::default(),
            folded: 0,
        }
    }
}

impl<F: Fold> Timeline<F> {
    /// The fold of the first `place` events of `history`, which must be the same history, or a
    /// longer one, each time.
    pub fn at<H: History + ?Sized>(&mut self, place: usize, history: &H) -> &F {
        let place = place.min(history.len());
        let before = self.snapshots.partition_point(|snapshot| snapshot.place <= place);
        let nearest = before.checked_sub(1).map(|at| &self.snapshots[at]);
        let from = nearest.map_or(0, |snapshot| snapshot.place);
        if self.place > place || self.place < from {
            self.here = nearest.map_or_else(F::default, |snapshot| snapshot.state.clone());
            self.place = from;
        }
        while self.place < place {
            let next = ((self.place / self.stride + 1) * self.stride).min(place);
            let here = &mut self.here;
            history.walk(self.place, next, |event| here.step(event));
            self.folded += (next - self.place) as u64;
            self.place = next;
            if next.is_multiple_of(self.stride) {
                self.keep(history.len());
            }
        }
        &self.here
    }

    /// The fold where it last stood.
    pub fn here(&self) -> &F {
        &self.here
    }

    /// How many events it has folded in its life: the work done.
    pub fn folded(&self) -> u64 {
        self.folded
    }

    /// How many snapshots it holds, and their rows together.
    pub fn held(&self) -> (usize, usize) {
        (self.snapshots.len(), self.rows)
    }

    fn keep(&mut self, len: usize) {
        let slot = self.snapshots.partition_point(|snapshot| snapshot.place < self.place);
        if self.snapshots.get(slot).is_some_and(|snapshot| snapshot.place == self.place) {
            return;
        }
        let budget = LEAST_ROWS.max(len / EVENTS_PER_ROW);
        let rows = self.here.weight().max(1);
        if rows > budget {
            return;
        }
        let snapshot = Snapshot { place: self.place, rows, state: self.here.clone() };
        self.snapshots.insert(slot, snapshot);
        self.rows += rows;
        while self.rows > budget {
            self.stride *= 2;
            let stride = self.stride;
            self.snapshots.retain(|snapshot| snapshot.place.is_multiple_of(stride));
            self.rows = self.snapshots.iter().map(|snapshot| snapshot.rows).sum();
        }
    }
}
