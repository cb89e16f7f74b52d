//! What happens in the tests of this domain.

use es::{Cents, Past, past};

use super::order::OrderCommand::{AddItem, PlaceOrder, RemoveItem};
use super::order::OrderEvent::{ItemAdded, ItemRemoved, OrderPlaced, OrderSubmitted};
use super::order::{Order, OrderCommand, OrderEvent};
use crate::shared::customers::CustomerEvent::CustomerRegistered;
use crate::shared::customers::{Customer, CustomerEvent};

pub fn place(customer: &str, cents: i64) -> OrderCommand {
    PlaceOrder { customer: customer.into(), maximum: Cents(cents) }
}

pub fn add(item: &str, cents: i64) -> OrderCommand {
    AddItem { item: item.into(), price: Cents(cents) }
}

pub fn remove(item: &str) -> OrderCommand {
    RemoveItem { item: item.into() }
}

pub fn registered(name: &str) -> CustomerEvent {
    CustomerRegistered { name: name.into() }
}

pub fn placed(customer: &str, cents: i64) -> OrderEvent {
    OrderPlaced { customer: customer.into(), maximum: Cents(cents) }
}

pub fn added(item: &str, cents: i64) -> OrderEvent {
    ItemAdded { item: item.into(), price: Cents(cents) }
}

pub fn removed(item: &str) -> OrderEvent {
    ItemRemoved { item: item.into() }
}

/// Two customers; an order of each, the second submitted.
pub fn two() -> Past {
    past()
        .and::<Customer>("1", registered("Lola"))
        .and::<Order>("1", placed("1", 100))
        .and::<Order>("1", added("keyboard", 60))
        .and::<Order>("2", placed("2", 50))
        .and::<Order>("2", added("coffee", 15))
        .and::<Order>("2", added("milk", 5))
        .and::<Order>("2", OrderSubmitted {})
}
