//! An order: what happens to it, what may be asked of it, and what it decides.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{Aggregate, Cents, Id, Map};

use crate::shared::customers::Customer;

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum OrderEvent {
    OrderPlaced { customer: Id<Customer>, maximum: Cents },
    ItemAdded { item: Rc<str>, price: Cents },
    ItemRemoved { item: Rc<str> },
    OrderSubmitted {},
    OrderCancelled {},
}
use OrderEvent::{ItemAdded, ItemRemoved, OrderCancelled, OrderPlaced, OrderSubmitted};

// Commands.

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub enum OrderCommand {
    /// Begins an order that may cost so much and no more.
    PlaceOrder {
        /// Who orders
        #[schemars(example = &"1")]
        customer: Id<Customer>,
        /// What it may cost at most
        #[schemars(example = 10_000)]
        maximum: Cents,
    },
    /// Adds an item, if the budget allows it.
    AddItem {
        /// What it is
        #[schemars(example = &"keyboard")]
        item: Rc<str>,
        /// What it costs
        #[schemars(example = 6_000)]
        price: Cents,
    },
    /// Removes an item.
    RemoveItem {
        /// What it is
        #[schemars(example = &"keyboard")]
        item: Rc<str>,
    },
    /// Submits the order. It cannot be changed any more.
    SubmitOrder {},
    /// Cancels the order, unless it was submitted. A process sends this a day after an order was
    /// placed.
    CancelUnsubmitted {},
}
use OrderCommand::{AddItem, CancelUnsubmitted, PlaceOrder, RemoveItem, SubmitOrder};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum OrderRejection {
    #[error("this order was placed already")]
    PlacedAlready,
    #[error("say who orders")]
    Nobodys,
    #[error("a budget must be more than 0.00")]
    NoBudget,
    #[error("this order was never placed")]
    NeverPlaced,
    #[error("this order is submitted and cannot be changed any more")]
    SubmittedAlready,
    #[error("this order was cancelled and takes nothing more")]
    CancelledAlready,
    #[error("say which item")]
    Unnamed,
    #[error("a price must be more than 0.00")]
    Free,
    #[error("there is {0} in this order already")]
    ThereAlready(Rc<str>),
    #[error("{item} at {price} would bring the order to {total}; its budget is {maximum}")]
    OverBudget { item: Rc<str>, price: Cents, total: Cents, maximum: Cents },
    #[error("there is no {0} in this order to remove")]
    NotThere(Rc<str>),
    #[error("the order is empty, so there is nothing to submit")]
    Empty,
}

// Fold and decisions.

/// An order and its items, each with its price.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    pub customer: Id<Customer>,
    pub maximum: Cents,
    pub items: Map<Rc<str>, Cents>,
    pub total: Cents,
    pub status: Status,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    #[default]
    Unplaced,
    Open,
    Submitted,
    Cancelled,
}

impl Aggregate for Order {
    const NAME: &'static str = "order";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/orders-order.json"));
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Rejection = OrderRejection;

    fn decide(&self, command: OrderCommand) -> Result<Vec<OrderEvent>, OrderRejection> {
        use OrderRejection as No;
        match command {
            PlaceOrder { .. } if self.status != Status::Unplaced => Err(No::PlacedAlready),
            PlaceOrder { customer, .. } if customer.is_empty() => Err(No::Nobodys),
            PlaceOrder { maximum, .. } if maximum <= Cents(0) => Err(No::NoBudget),
            PlaceOrder { customer, maximum } => Ok(vec![OrderPlaced { customer, maximum }]),
            _ if self.status == Status::Unplaced => Err(No::NeverPlaced),
            // A deadline that comes too late is no error: there is nothing left to do.
            CancelUnsubmitted {} if self.status != Status::Open => Ok(vec![]),
            CancelUnsubmitted {} => Ok(vec![OrderCancelled {}]),
            _ if self.status == Status::Submitted => Err(No::SubmittedAlready),
            _ if self.status == Status::Cancelled => Err(No::CancelledAlready),
            AddItem { item, .. } | RemoveItem { item } if item.trim().is_empty() => {
                Err(No::Unnamed)
            }
            AddItem { price, .. } if price <= Cents(0) => Err(No::Free),
            AddItem { item, .. } if self.items.contains_key(&item) => Err(No::ThereAlready(item)),
            AddItem { item, price } if price > self.maximum - self.total => {
                let (total, maximum) = (self.total + price, self.maximum);
                Err(No::OverBudget { item, price, total, maximum })
            }
            AddItem { item, price } => Ok(vec![ItemAdded { item, price }]),
            RemoveItem { item } if !self.items.contains_key(&item) => Err(No::NotThere(item)),
            RemoveItem { item } => Ok(vec![ItemRemoved { item }]),
            SubmitOrder {} if self.items.is_empty() => Err(No::Empty),
            SubmitOrder {} => Ok(vec![OrderSubmitted {}]),
        }
    }

    fn evolve(mut self, event: &OrderEvent) -> Self {
        match event {
            OrderPlaced { customer, maximum } => {
                (self.customer, self.maximum) = (customer.clone(), *maximum);
                self.status = Status::Open;
            }
            ItemAdded { item, price } => {
                let before = self.items.insert(item.clone(), *price);
                self.total += *price - before.unwrap_or_default();
            }
            ItemRemoved { item } => {
                self.total -= self.items.remove(item).unwrap_or_default();
            }
            OrderSubmitted {} => self.status = Status::Submitted,
            OrderCancelled {} => self.status = Status::Cancelled,
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::examples::{add, added, place, placed, registered, remove, removed};
    use crate::shared::customers::CustomerCommand::RegisterCustomer;
    use es::given;

    #[test]
    fn a_customer_is_registered_once_and_by_name() {
        let register = |name: &str| RegisterCustomer { name: name.into() };
        let lola = given::<Customer>([]).when(register("Lola")).then([registered("Lola")]);
        assert_eq!(lola, Customer { name: Some("Lola".into()) });
        given::<Customer>([]).when(register(" ")).refused("say what the customer is called");
        given::<Customer>([registered("Lola")])
            .when(register("Lola"))
            .refused("this customer is registered already");
    }

    #[test]
    fn an_order_is_placed_once_for_somebody_and_with_a_budget() {
        let order = given::<Order>([]).when(place("1", 100)).then([placed("1", 100)]);
        let (customer, maximum, status) = ("1".into(), Cents(100), Status::Open);
        assert_eq!(order, Order { customer, maximum, status, ..Order::default() });
        given::<Order>([]).when(place("1", 1)).then([placed("1", 1)]);
        given::<Order>([]).when(place(" ", 100)).refused("say who orders");
        for cents in [0, -1] {
            given::<Order>([]).when(place("1", cents)).refused("a budget must be more than 0.00");
        }
        given::<Order>([placed("1", 100)])
            .when(place("1", 100))
            .refused("this order was placed already");
    }

    #[test]
    fn items_are_added_up_to_the_budget_and_not_a_cent_beyond() {
        let begun = || given::<Order>([placed("1", 100), added("keyboard", 60)]);
        let order = begun().when(add("lamp", 40)).then([added("lamp", 40)]);
        assert_eq!(order.total, Cents(100));
        assert_eq!(
            order.items,
            Map::from([("keyboard".into(), Cents(60)), ("lamp".into(), Cents(40))])
        );
        begun()
            .when(add("lamp", 41))
            .refused("lamp at 0.41 would bring the order to 1.01; its budget is 1.00");
    }

    #[test]
    fn an_item_without_a_name_or_a_price_or_for_the_second_time_is_refused() {
        let begun = || given::<Order>([placed("1", 100), added("keyboard", 60)]);
        begun().when(add(" ", 10)).refused("say which item");
        begun().when(remove("")).refused("say which item");
        for cents in [0, -1] {
            begun().when(add("lamp", cents)).refused("a price must be more than 0.00");
        }
        begun().when(add("lamp", 1)).then([added("lamp", 1)]);
        begun().when(add("keyboard", 10)).refused("there is keyboard in this order already");
    }

    #[test]
    fn removing_an_item_makes_room_for_another() {
        let begun = || given::<Order>([placed("1", 100), added("keyboard", 60)]);
        let order = begun().when(remove("keyboard")).then([removed("keyboard")]);
        assert_eq!((order.total, order.items), (Cents(0), Map::new()));
        given::<Order>([placed("1", 100), added("keyboard", 60), removed("keyboard")])
            .when(add("screen", 100))
            .then([added("screen", 100)]);
        begun().when(remove("lamp")).refused("there is no lamp in this order to remove");
    }

    #[test]
    fn an_order_with_items_can_be_submitted_and_an_empty_one_cannot() {
        let order = given::<Order>([placed("1", 100), added("keyboard", 60)])
            .when(SubmitOrder {})
            .then([OrderSubmitted {}]);
        assert_eq!((order.total, order.status), (Cents(60), Status::Submitted));
        given::<Order>([placed("1", 100)])
            .when(SubmitOrder {})
            .refused("the order is empty, so there is nothing to submit");
    }

    #[test]
    fn an_order_that_is_not_open_cannot_be_changed() {
        for command in [add("lamp", 10), remove("keyboard"), SubmitOrder {}] {
            given::<Order>([]).when(command.clone()).refused("this order was never placed");
            given::<Order>([placed("1", 100), added("keyboard", 60), OrderSubmitted {}])
                .when(command)
                .refused("this order is submitted and cannot be changed any more");
        }
        for command in [add("lamp", 10), remove("keyboard"), SubmitOrder {}] {
            given::<Order>([placed("1", 100), added("keyboard", 60), OrderCancelled {}])
                .when(command)
                .refused("this order was cancelled and takes nothing more");
        }
    }

    #[test]
    fn an_order_that_nobody_submitted_can_be_cancelled_and_keeps_its_items() {
        let order = given::<Order>([placed("1", 100), added("keyboard", 60)])
            .when(CancelUnsubmitted {})
            .then([OrderCancelled {}]);
        assert_eq!((order.total, order.status), (Cents(60), Status::Cancelled));
        given::<Order>([placed("1", 100)]).when(CancelUnsubmitted {}).then([OrderCancelled {}]);
    }

    #[test]
    fn cancelling_what_was_submitted_or_cancelled_already_changes_nothing() {
        for end in [OrderSubmitted {}, OrderCancelled {}] {
            given::<Order>([placed("1", 100), added("keyboard", 60), end])
                .when(CancelUnsubmitted {})
                .then([]);
        }
        given::<Order>([]).when(CancelUnsubmitted {}).refused("this order was never placed");
    }

    #[test]
    fn the_total_stays_that_of_the_items_in_a_history_that_repeats_itself() {
        let twice = [added("a", 10), added("b", 5), added("a", 20), removed("b"), removed("b")];
        let items = Map::from([("a".into(), Cents(20))]);
        given::<Order>(twice).is(&Order { items, total: Cents(20), ..Order::default() });
    }
}
