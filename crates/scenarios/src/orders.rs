//! Orders within budget: an order is the root of its items, guards its maximum, and is the
//! transaction's boundary. Whoever goes behind its back breaks it, and a check shows it. An order
//! that nobody submits within a day is cancelled by a process, which sets a deadline for it.

mod order;
mod process;
mod read_models;
mod story;

#[cfg(test)]
mod examples;

use es::{Check, Scenario, States, all, field, not};

use self::order::Order;
use self::process::Canceller;
use self::read_models::{Metrics, OpenOrders, SpendingPerCustomer};
use self::story::{AUGUST_2017, story};
use crate::shared::customers::Customer;

/// Two customers with their budgets, and somebody who reaches past an order.
pub fn scenario() -> Scenario {
    let within_budget = field("/total").is_at_most(field("/maximum"));
    let is_submitted = field("/status").is("submitted");
    let is_empty = field("/items").is(serde_json::Map::new());
    let has_items = not(all([is_submitted, is_empty]));
    Scenario::new("orders", "Orders within budget", "An aggregate guards its invariants.")
        .aggregate::<Customer>()
        .aggregate::<Order>()
        .projection::<OpenOrders>()
        .projection::<States<Order>>()
        .projection::<SpendingPerCustomer>()
        .projection::<Metrics>()
        .process::<Canceller>()
        .check(Check::each::<Order>("An order stays within its budget.", within_budget))
        .check(Check::each::<Order>("A submitted order has items.", has_items))
        .story(AUGUST_2017, story())
}
