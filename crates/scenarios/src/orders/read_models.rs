//! What is shown of orders and of those who order.

use std::rc::Rc;

use es::{Bar, Cents, File, Id, Listed, Map, Projection, Recorded, Row, States, View};

use super::order::OrderEvent::{
    ItemAdded, ItemRemoved, OrderCancelled, OrderPlaced, OrderSubmitted,
};
use super::order::{Order, Status};
use crate::shared::customers::Customer;
use crate::shared::customers::CustomerEvent::CustomerRegistered;

/// What customers are called, by their ids.
#[derive(Clone, Default)]
struct Names(Map<Rc<str>, Rc<str>>);

impl Names {
    fn apply(&mut self, recorded: &Recorded) {
        if let Some(CustomerRegistered { name }) = recorded.of::<Customer>() {
            self.0.insert(recorded.key().clone(), name.clone());
        }
    }

    fn of(&self, customer: &Id<Customer>) -> Option<&Rc<str>> {
        self.0.get(customer.key())
    }
}

/// The orders that can still change.
#[derive(Clone, Default)]
pub struct OpenOrders {
    orders: States<Order>,
    names: Names,
}

impl Projection for OpenOrders {
    const NAME: &'static str = "Open orders";
    const ABOUT: &'static str = "The orders that can still change, and what their budgets leave.";

    fn apply(&mut self, recorded: &Recorded) {
        self.names.apply(recorded);
        self.orders.apply(recorded);
    }

    fn view(&self) -> View {
        let open = self.orders.iter().filter(|(_, order)| order.status == Status::Open);
        let rows = open.map(|(key, order)| {
            let customer = self.names.of(&order.customer).or(Some(order.customer.key()));
            let (total, maximum) = (order.total, order.maximum);
            Row::of(key, (customer, order.items.len(), total, maximum, maximum - total))
        });
        View::table(&["order", "customer", "items", "total", "maximum", "left"], rows)
    }

    fn weight(&self) -> usize {
        self.orders.len() + self.names.0.len()
    }
}

impl Listed for Order {
    const TITLE: &'static str = "Items by order";
    const ABOUT: &'static str = "Each order as one document, with the items that belong to it.";

    fn list(orders: &States<Self>) -> View {
        orders.documents()
    }
}

/// What each customer has spent on the orders that were submitted.
#[derive(Clone, Default)]
pub struct SpendingPerCustomer {
    orders: States<Order>,
    names: Names,
    spent: Map<Id<Customer>, Cents>,
}

impl Projection for SpendingPerCustomer {
    const NAME: &'static str = "Spending per customer";
    const ABOUT: &'static str = "What each customer's submitted orders cost together.";

    fn apply(&mut self, recorded: &Recorded) {
        self.names.apply(recorded);
        self.orders.apply(recorded);
        if recorded.of::<Order>() == Some(&OrderSubmitted {})
            && let Some(order) = self.orders.remove(recorded.key())
        {
            *self.spent.entry(order.customer).or_default() += order.total;
        }
    }

    fn view(&self) -> View {
        let bars = self.spent.iter().map(|(customer, spent)| {
            // Two customers may have one name; their ids keep their bars apart.
            let name = match self.names.of(customer) {
                Some(name) => format!("{customer} {name}").into(),
                None => customer.key().clone(),
            };
            Bar { name, value: spent.0 }
        });
        View::bars("spent", true, bars)
    }

    fn weight(&self) -> usize {
        self.orders.len() + self.names.0.len() + self.spent.len()
    }
}

/// What a monitoring service is told.
#[derive(Clone, Default)]
pub struct Metrics {
    orders: States<Order>,
    placed: u64,
    items_added: u64,
    items_removed: u64,
    submitted: u64,
    cancelled: u64,
    sold: Cents,
    /// The last event that is in the figures, and its time.
    last: (u64, u64),
}

impl Projection for Metrics {
    const NAME: &'static str = "Metrics";
    const ABOUT: &'static str = "What would be pushed to a monitoring service after each event. Its \
                                 checkpoint is its own: when it fails it falls behind, and catches up.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Order>() else { return };
        self.orders.apply(recorded);
        self.last = (recorded.position(), recorded.at());
        match event {
            OrderPlaced { .. } => self.placed += 1,
            ItemAdded { .. } => self.items_added += 1,
            ItemRemoved { .. } => self.items_removed += 1,
            OrderCancelled {} => self.cancelled += 1,
            OrderSubmitted {} => {
                self.submitted += 1;
                let order = self.orders.remove(recorded.key());
                self.sold += order.map_or(Cents(0), |it| it.total);
            }
        }
    }

    /// In Prometheus' text format, version 0.0.4.
    fn view(&self) -> View {
        if self.last.0 == 0 {
            return View::files([]);
        }
        let open = self.orders.iter().filter(|(_, it)| it.status == Status::Open).count() as u64;
        let (position, at) = self.last;
        let metrics = [
            ("orders_placed_total", "counter", "Orders that were placed.", self.placed),
            ("items_added_total", "counter", "Items that were added to orders.", self.items_added),
            ("items_removed_total", "counter", "Items that were removed.", self.items_removed),
            ("orders_submitted_total", "counter", "Orders that were submitted.", self.submitted),
            ("orders_cancelled_total", "counter", "Orders that were cancelled.", self.cancelled),
            (
                "sold_cents_total",
                "counter",
                "What submitted orders cost, in cents.",
                u64::try_from(self.sold.0).unwrap_or_default(),
            ),
            ("orders_open", "gauge", "Orders that can still change.", open),
            ("last_event_position", "gauge", "The last event that is counted.", position),
            ("last_event_seconds", "gauge", "When it was recorded.", at / 1_000),
        ];
        let text = metrics.map(|(name, kind, help, value)| {
            format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n")
        });
        let media = "text/plain; version=0.0.4";
        View::files([("metrics".to_owned(), File::new(media, text.concat()))])
    }

    fn weight(&self) -> usize {
        9 + self.orders.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::examples::{added, placed, registered, two};
    use crate::orders::order::OrderEvent;
    use crate::orders::scenario;
    use es::Aggregate;
    use serde_json::{Value, json};

    #[test]
    fn metrics_are_what_a_monitoring_service_reads() {
        let metrics = two().shows::<Metrics>()["files"]["metrics"].take();
        assert_eq!(metrics["media"], "text/plain; version=0.0.4");
        let text = metrics["text"].as_str().unwrap();
        for line in [
            "# TYPE orders_placed_total counter",
            "orders_placed_total 2",
            "orders_submitted_total 1",
            "sold_cents_total 20",
            "orders_open 1",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in {text}");
        }
    }

    #[test]
    fn open_orders_show_what_their_budgets_leave_until_they_are_submitted() {
        assert_eq!(two().rows::<OpenOrders>(), ["1 | Lola | 1 | 0.60 | 1.00 | 0.40"]);
        let third = two().and::<Order>("3", placed("2", 50));
        let rows = ["1 | Lola | 1 | 0.60 | 1.00 | 0.40", "3 | 2 | 0 | 0.00 | 0.50 | 0.50"];
        assert_eq!(third.rows::<OpenOrders>(), rows);
    }

    #[test]
    fn a_cancelled_order_is_no_longer_open_and_costs_nobody_anything() {
        let gone = two().and::<Order>("1", OrderCancelled {});
        assert!(gone.rows::<OpenOrders>().is_empty());
        assert_eq!(gone.shows::<States<Order>>()["documents"]["1"]["status"], "cancelled");
        let bars = json!([{ "name": "2", "value": 20 }]);
        assert_eq!(gone.shows::<SpendingPerCustomer>()["bars"], bars);
        let metrics = gone.shows::<Metrics>()["files"]["metrics"]["text"].take();
        let text = metrics.as_str().unwrap();
        for line in ["orders_cancelled_total 1", "orders_submitted_total 1", "orders_open 0"] {
            assert!(text.lines().any(|it| it == line), "{line} in {text}");
        }
    }

    #[test]
    fn an_order_is_a_document_with_its_items() {
        let order = json!({
            "customer": "2",
            "maximum": 50,
            "items": { "coffee": 15, "milk": 5 },
            "total": 20,
            "status": "submitted",
        });
        let documents = two().shows::<States<Order>>()["documents"].take();
        assert_eq!(documents["2"], order);
        assert_eq!(documents["1"]["status"], "open");
    }

    #[test]
    fn spending_counts_submitted_orders_and_the_biggest_comes_first() {
        let again = two()
            .and::<Customer>("2", registered("Mattia"))
            .and::<Order>("3", placed("2", 50))
            .and::<Order>("3", added("tea", 10))
            .and::<Order>("3", OrderSubmitted {})
            .and::<Order>("4", placed("9", 50))
            .and::<Order>("4", added("tea", 50))
            .and::<Order>("4", OrderSubmitted {})
            .and::<Order>("5", placed("8", 30))
            .and::<Order>("5", added("tea", 30))
            .and::<Order>("5", OrderSubmitted {});
        let bars = [("9", 50), ("2 Mattia", 30), ("8", 30)];
        let bars = bars.map(|(name, value)| json!({ "name": name, "value": value }));
        let chart = json!({ "kind": "bars", "unit": "spent", "money": true, "bars": bars });
        assert_eq!(again.shows::<SpendingPerCustomer>(), chart);
    }

    #[test]
    fn whoever_goes_behind_the_orders_back_is_found_by_a_check() {
        let checks = scenario().checks;
        let hold = |history: &[OrderEvent]| -> Vec<bool> {
            let order = history.iter().fold(Order::default(), Order::evolve);
            let order: Value = serde_json::to_value(order).unwrap();
            checks.iter().map(|check| check.holds.holds(&order)).collect()
        };
        assert_eq!(hold(&[]), [true, true]);
        assert_eq!(hold(&[placed("1", 100), added("keyboard", 100)]), [true, true]);
        assert_eq!(hold(&[placed("1", 100), added("keyboard", 101)]), [false, true]);
        let submitted = [placed("1", 100), added("keyboard", 60), OrderSubmitted {}];
        assert_eq!(hold(&submitted), [true, true]);
        let emptied = [placed("1", 100), OrderSubmitted {}];
        assert_eq!(hold(&emptied), [true, false]);
    }
}
