//! The process manager that cancels orders which nobody submits.

use std::rc::Rc;

use es::{Id, Map, ProcessManager, Projection, Reaction, Recorded, Row, View};

use super::order::Order;
use super::order::OrderCommand::CancelUnsubmitted;
use super::order::OrderEvent::{OrderCancelled, OrderPlaced, OrderSubmitted};
use crate::shared::dates::{DAY_MILLIS, minute};

/// Sets each order a deadline of one day.
#[derive(Clone, Default)]
pub struct Canceller(Map<Rc<str>, Latest>);

/// What counts for an order: the latest event that set a deadline or made it pointless. Events may
/// come in any order, and twice.
#[derive(Clone, Default)]
struct Latest {
    version: u64,
    /// The deadline. None where nobody waits for it any more.
    until: Option<u64>,
}

fn deadline(placed: &Recorded) -> u64 {
    placed.at().saturating_add(DAY_MILLIS)
}

impl Projection for Canceller {
    const NAME: &'static str = "Canceller";
    const ABOUT: &'static str = "Until when each open order has to be submitted.";

    fn apply(&mut self, recorded: &Recorded) {
        let until = match recorded.of::<Order>() {
            Some(OrderPlaced { .. }) => Some(deadline(recorded)),
            Some(OrderSubmitted {} | OrderCancelled {}) => None,
            _ => return,
        };
        let latest = self.0.entry(recorded.key().clone()).or_default();
        if recorded.version() > latest.version {
            *latest = Latest { version: recorded.version(), until };
        }
    }

    fn view(&self) -> View {
        let rows = self.0.iter().filter_map(|(order, latest)| {
            let until = latest.until.map(minute)?;
            Some(Row::of(order, (until,)))
        });
        View::table(&["order", "submit by"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

impl ProcessManager for Canceller {
    const WAITS: bool = true;

    /// The process need not know whether the order was submitted meanwhile: once the time has come,
    /// the order itself decides. The step carries the event's version, so that each placing has a
    /// deadline of its own.
    fn react(&self, recorded: &Recorded) -> Vec<Reaction> {
        let Some(OrderPlaced { .. }) = recorded.of::<Order>() else { return Vec::new() };
        let order = Id::<Order>::new(recorded.key().clone());
        let step = format!("cancel-{}", recorded.version());
        let cancel = Reaction::command(order.key(), &step, &order, &CancelUnsubmitted {});
        cancel.map(|it| it.due(deadline(recorded))).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::examples::{added, placed};
    use es::past;

    /// 30 August 2017, 09:00 UTC.
    const MORNING: u64 = 1_504_083_600_000;
    const CANCEL: &str = "1/cancel-1: CancelUnsubmitted {} to order-1 at 1504170000000";

    #[test]
    fn each_order_that_is_placed_gets_a_day_and_what_happens_to_it_makes_no_difference() {
        let told = past()
            .at(MORNING)
            .and::<Order>("1", placed("1", 100))
            .at(MORNING + 60_000)
            .and::<Order>("1", added("keyboard", 60))
            .and::<Order>("2", placed("1", 100));
        let other = "2/cancel-1: CancelUnsubmitted {} to order-2 at 1504170060000";
        assert_eq!(told.asked::<Canceller>(), [CANCEL, other]);
        let told = told.and::<Order>("1", OrderSubmitted {}).and::<Order>("2", OrderCancelled {});
        assert_eq!(told.asked::<Canceller>(), [CANCEL, other]);
    }

    #[test]
    fn a_deadline_is_shown_until_the_order_is_submitted_or_cancelled() {
        let told = past()
            .at(MORNING)
            .and::<Order>("1", placed("1", 100))
            .and::<Order>("2", placed("1", 100));
        let rows = ["1 | 2017-08-31 09:00", "2 | 2017-08-31 09:00"];
        assert_eq!(told.rows::<Canceller>(), rows);
        let told = told.and::<Order>("1", OrderSubmitted {});
        assert_eq!(told.rows::<Canceller>(), rows[1..]);
        let told = told.and::<Order>("2", OrderCancelled {});
        assert!(told.rows::<Canceller>().is_empty());
    }

    #[test]
    fn events_in_another_order_lead_to_the_same_deadlines() {
        let told = past()
            .at(MORNING)
            .and::<Order>("1", placed("1", 100))
            .and::<Order>("1", OrderSubmitted {});
        let mut canceller = Canceller::default();
        let mut ids = Vec::new();
        for position in [2, 1, 1] {
            let event = told.log().event(position).unwrap();
            canceller.apply(event);
            ids.extend(canceller.react(event).iter().map(|it| (it.id("Canceller"), it.deadline())));
        }
        assert_eq!(ids[0], ids[1]);
        assert_eq!(ids[0].1, Some(MORNING + DAY_MILLIS));
        assert_eq!(ids.len(), 2);
        assert!(canceller.view().is_empty());
    }

    #[test]
    fn an_order_that_is_placed_behind_its_back_gets_a_deadline_of_its_own_and_never_overflows() {
        let told = past()
            .at(MORNING)
            .and::<Order>("1", placed("1", 100))
            .and::<Order>("1", OrderCancelled {})
            .at(u64::MAX)
            .and::<Order>("1", placed("1", 100));
        let again = format!("1/cancel-3: CancelUnsubmitted {{}} to order-1 at {}", u64::MAX);
        assert_eq!(told.asked::<Canceller>(), [CANCEL.to_owned(), again]);
        assert_eq!(told.rows::<Canceller>().len(), 1);
    }
}
