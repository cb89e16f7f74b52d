//! A fold that can be stopped anywhere: bounded work to get there, bounded memory to do so.

use super::{Fold, History};

/// The smallest number of rows that a timeline may keep in snapshots.
const LEAST_ROWS: usize = 4096;
/// How many events of the history allow one more row in snapshots.
const EVENTS_PER_ROW: usize = 10;
const FIRST_STRIDE: usize = 64;

/// A fold over one history, at any place of it.
///
/// A seek folds from the nearest snapshot, or from where it last stood. Snapshots are taken
/// every `stride` events as the fold passes them; once together they weigh more than a tenth of
/// the history, every second one is dropped and the stride doubles.
pub struct Timeline<F> {
    initial: F,
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

impl<F: Fold + Default> Default for Timeline<F> {
    fn default() -> Self {
        Self::new(F::default())
    }
}

impl<F: Fold> Timeline<F> {
    /// A timeline that begins with `initial`, the fold of no events.
    pub fn new(initial: F) -> Self {
        let here = initial.clone();
        let snapshots = Vec::new();
        Self { initial, snapshots, stride: FIRST_STRIDE, rows: 0, place: 0, here, folded: 0 }
    }

    /// The fold of the first `place` events of `history`, which must be the same history, or a
    /// longer one, each time.
    pub fn at<H: History + ?Sized>(&mut self, place: usize, history: &H) -> &F {
        let place = place.min(history.len());
        let before = self.snapshots.partition_point(|snapshot| snapshot.place <= place);
        let nearest = before.checked_sub(1).map(|at| &self.snapshots[at]);
        let from = nearest.map_or(0, |snapshot| snapshot.place);
        if self.place > place || self.place < from {
            self.here = nearest.map_or(&self.initial, |snapshot| &snapshot.state).clone();
            self.place = from;
        }
        while self.place < place {
            let next = ((self.place / self.stride + 1) * self.stride).min(place);
            let here = &mut self.here;
            history.batches(self.place, next, |events| here.fold(events));
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

    /// How many events are folded in it there.
    pub fn place(&self) -> usize {
        self.place
    }

    /// How many events it has folded since it was made: the work done.
    pub fn folded(&self) -> u64 {
        self.folded
    }

    /// How many snapshots it holds, and their rows together.
    pub fn held(&self) -> (usize, usize) {
        (self.snapshots.len(), self.rows)
    }

    fn keep(&mut self, len: usize) {
        let budget = LEAST_ROWS.max(len / EVENTS_PER_ROW);
        let rows = self.here.weight().max(1);
        if rows > budget {
            return;
        }
        // There is no snapshot at this place yet: a fold starts from the nearest one before it.
        let slot = self.snapshots.partition_point(|snapshot| snapshot.place < self.place);
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

// proptest does not come to wasm32.
#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::log::history;
    use crate::{EventLog, Recorded};

    /// Sums up what it has seen, in an order-sensitive way, and weighs `ROWS` for each event,
    /// or in all.
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Sum<const ROWS: usize, const GROWS: bool> {
        events: u64,
        sum: u64,
    }

    impl<const ROWS: usize, const GROWS: bool> Fold for Sum<ROWS, GROWS> {
        fn fold(&mut self, events: &[&Recorded]) {
            for event in events {
                self.events += 1;
                self.sum = self.sum.wrapping_mul(31).wrapping_add(event.position());
            }
        }

        fn weight(&self) -> usize {
            if GROWS { ROWS * usize::try_from(self.events).unwrap() } else { ROWS }
        }
    }

    type Small = Sum<1, false>;
    type HundredRows = Sum<100, false>;
    type Ledger = Sum<1, true>;

    fn plain<F: Fold + Default>(log: &EventLog, place: usize) -> F {
        let mut fold = F::default();
        log.walk(0, place, |event| fold.fold(&[event]));
        fold
    }

    /// Seeks, compares each with the plain fold, and returns the most events that one seek
    /// folded once the whole history had been seen.
    fn check<F: Fold + Default + PartialEq + std::fmt::Debug>(
        log: &EventLog,
        places: &[usize],
    ) -> u64 {
        let mut timeline = Timeline::<F>::default();
        timeline.at(log.len(), log);
        assert_eq!(timeline.folded(), log.len() as u64);
        let mut most = 0;
        for &place in places {
            let before = timeline.folded();
            assert_eq!(*timeline.at(place, log), plain(log, place), "at {place}");
            most = most.max(timeline.folded() - before);
            let rows = timeline.held().1;
            assert!(rows <= LEAST_ROWS.max(log.len() / EVENTS_PER_ROW), "{rows} rows are held");
        }
        most
    }

    /// Places far from each other, so that no seek profits from the one before.
    fn scattered(length: usize) -> impl Iterator<Item = usize> {
        (0..60).map(move |number: usize| number.wrapping_mul(7_919_993) % (length + 1))
    }

    #[test]
    fn a_seek_folds_at_most_one_stride_when_the_state_is_small() {
        let log = history(20_000);
        let most = check::<Small>(&log, &scattered(20_000).collect::<Vec<_>>());
        assert!(most <= FIRST_STRIDE as u64, "{most} events were folded by one seek");
    }

    #[test]
    fn strides_double_and_memory_stays_bounded_when_the_state_is_large() {
        let log = history(60_000);
        let mut timeline = Timeline::<HundredRows>::default();
        timeline.at(60_000, &log);
        assert!(timeline.stride > FIRST_STRIDE, "the stride has doubled");
        let (snapshots, rows) = timeline.held();
        assert_eq!(rows, 100 * snapshots);
        assert!(rows <= 6_000, "{rows} rows for 60,000 events");
        assert!(rows > 3_000, "what is allowed is used: {rows} rows");
        let stride = timeline.stride as u64;
        let most = check::<HundredRows>(&log, &scattered(60_000).collect::<Vec<_>>());
        assert!(most <= stride, "{most} events were folded by one seek, with a stride of {stride}");
    }

    #[test]
    fn a_state_that_grows_with_its_log_keeps_within_its_rows() {
        let log = history(20_000);
        check::<Ledger>(&log, &scattered(20_000).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_allowed_is_used_to_the_last_row() {
        const SNAPSHOTS: usize = LEAST_ROWS / 64;
        let log = history((SNAPSHOTS + 1) * FIRST_STRIDE);
        let mut timeline = Timeline::<Sum<64, false>>::default();
        timeline.at(SNAPSHOTS * FIRST_STRIDE, &log);
        assert_eq!((timeline.held(), timeline.stride), ((SNAPSHOTS, LEAST_ROWS), FIRST_STRIDE));
        timeline.at(log.len(), &log);
        let half = SNAPSHOTS / 2;
        assert_eq!((timeline.held(), timeline.stride), ((half, 64 * half), 2 * FIRST_STRIDE));
    }

    #[test]
    fn a_state_that_weighs_more_than_all_that_is_allowed_is_never_kept() {
        let log = history(FIRST_STRIDE);
        let mut all = Timeline::<Sum<LEAST_ROWS, false>>::default();
        all.at(FIRST_STRIDE, &log);
        assert_eq!(all.held(), (1, LEAST_ROWS));
        let mut more = Timeline::<Sum<{ LEAST_ROWS + 1 }, false>>::default();
        more.at(FIRST_STRIDE, &log);
        assert_eq!((more.held(), more.stride), ((0, 0), FIRST_STRIDE));
    }

    #[test]
    fn a_seek_to_a_snapshot_folds_nothing() {
        let log = history(1_000);
        let mut timeline = Timeline::<Small>::default();
        timeline.at(1_000, &log);
        let held = timeline.held();
        assert_eq!(held, (1_000 / FIRST_STRIDE, 1_000 / FIRST_STRIDE));
        for place in [5, 15, 10].map(|number| number * FIRST_STRIDE) {
            let before = timeline.folded();
            assert_eq!(timeline.at(place, &log), &plain(&log, place));
            assert_eq!((timeline.folded(), timeline.held()), (before, held), "at {place}");
        }
    }

    #[test]
    fn a_step_forward_folds_one_event() {
        let log = history(1_000);
        let mut timeline = Timeline::<Small>::default();
        timeline.at(499, &log);
        let before = timeline.folded();
        timeline.at(500, &log);
        timeline.at(500, &log);
        assert_eq!(timeline.folded() - before, 1);
        assert_eq!(timeline.here(), &plain(&log, 500));
    }

    #[test]
    fn a_timeline_goes_on_as_its_history_grows_and_stops_at_its_end() {
        let mut timeline = Timeline::<Small>::default();
        for length in [0, 1, 64, 65, 1_000, 3_000] {
            let log = history(length);
            assert_eq!(*timeline.at(usize::MAX, &log), plain(&log, length), "{length}");
        }
        assert_eq!(timeline.folded(), 3_000);
    }

    proptest! {
        #[test]
        fn a_seek_equals_the_plain_fold_at_any_place_in_any_order(
            places in vec(0..6_000_usize, 1..40),
        ) {
            let log = history(5_500);
            check::<Small>(&log, &places);
            check::<HundredRows>(&log, &places);
            check::<Ledger>(&log, &places);
            let mut timeline = Timeline::<HundredRows>::default();
            for place in places {
                prop_assert_eq!(timeline.at(place, &log), &plain(&log, place));
            }
        }
    }
}
