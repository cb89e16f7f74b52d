//! The story, told step by step.

use es::{Cents, Step};

use super::order::Order;
use super::order::OrderCommand::{AddItem, PlaceOrder, RemoveItem, SubmitOrder};
use super::order::OrderEvent::ItemAdded;
use crate::shared::customers::Customer;
use crate::shared::customers::CustomerCommand::RegisterCustomer;
use crate::shared::dates::DAY_MILLIS;

/// 30 August 2017, 09:00 UTC.
pub const AUGUST_2017: u64 = 1_504_083_600_000;
const HOUR_MILLIS: u64 = 3_600_000;

pub fn story() -> [Step; 17] {
    let register = |say, id, name: &str| {
        Step::new::<Customer>(say, id, &RegisterCustomer { name: name.into() })
    };
    let alice = |say, command| Step::new::<Order>(say, "1", &command);
    let bob = |say, command| Step::new::<Order>(say, "2", &command).by("Bob");
    let place =
        |customer: &str, cents| PlaceOrder { customer: customer.into(), maximum: Cents(cents) };
    let add = |item: &str, cents| AddItem { item: item.into(), price: Cents(cents) };
    let remove = |item: &str| RemoveItem { item: item.into() };
    let forged = ItemAdded { item: "espresso machine".into(), price: Cents(40_000) };
    let open = |order| [order, "Open orders"];
    let refused = |order| [order, "Open orders", "Journal"];
    let next_day = AUGUST_2017 + DAY_MILLIS + HOUR_MILLIS;
    let settled = ["order-1", "Open orders", "Spending per customer"];
    [
        register("Lola becomes a customer.", "1", "Lola Gheda").show(["customer-1", "Log"]),
        register("So does Mattia.", "2", "Mattia Gheda").by("Bob").show(["customer-2", "Log"]),
        alice("Alice orders for Lola, who has 100.00 to spend.", place("1", 10_000))
            .show(open("order-1")),
        alice("A keyboard for 60.00 fits.", add("keyboard", 6_000)).show(open("order-1")),
        alice("So does a mouse for 30.00.", add("mouse", 3_000)).show(open("order-1")),
        alice("A lamp for 35.00 doesn't: it would be 125.00.", add("lamp", 3_500))
            .show(refused("order-1")),
        alice("Without the mouse there is room,", remove("mouse")).show(open("order-1")),
        alice("and the lamp fits.", add("lamp", 3_500)).show(open("order-1")),
        bob("Bob orders for Mattia, up to 50.00.", place("2", 5_000)).show(open("order-2")),
        bob("Bob submits the empty order.", SubmitOrder {}).show(refused("order-2")),
        bob("He adds coffee.", add("coffee", 1_500)).show(open("order-2")),
        alice("Alice submits. Lola's order is settled.", SubmitOrder {}).show(settled),
        alice("She wants the lamp out. It is too late.", remove("lamp"))
            .show(["order-1", "Journal"]),
        Step::behind::<Order>(
            "Somebody goes behind the order's back. A check fails.",
            "2",
            &forged,
        )
        .by("Bob")
        .show(["order-2", "Open orders", "Log"]),
        bob("Past its maximum, the order takes nothing more.", add("milk", 100))
            .show(refused("order-2")),
        bob("Nobody submitted for a day: the Canceller cancels. Bob adds tea.", add("tea", 100))
            .at(next_day)
            .show(["order-2", "Canceller", "Journal"]),
        Step::new::<Order>(
            "Bob orders for Mattia anew, and has another day.",
            "3",
            &place("2", 5_000),
        )
        .by("Bob")
        .show(["order-3", "Canceller", "Open orders"]),
    ]
}
