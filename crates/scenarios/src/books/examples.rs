//! What happens in the tests of this domain.

use es::Cents;

use super::till::Command::{OpenDay, Refund, Sell};
use super::till::Event::{DayClosed, DayOpened, Refunded, Sold};
use super::till::{Command, Event};

pub const DAY: &str = "2017-09-01";
pub const NEXT: &str = "2017-09-02";

pub fn open(cents: i64) -> Command {
    OpenDay { carried: Cents(cents) }
}

pub fn sell(item: &str, cents: i64) -> Command {
    Sell { item: item.into(), amount: Cents(cents) }
}

pub fn refund(item: &str, cents: i64) -> Command {
    Refund { item: item.into(), amount: Cents(cents) }
}

pub fn opened(cents: i64) -> Event {
    DayOpened { carried: Cents(cents) }
}

pub fn sold(item: &str, cents: i64) -> Event {
    Sold { item: item.into(), amount: Cents(cents) }
}

pub fn refunded(item: &str, cents: i64) -> Event {
    Refunded { item: item.into(), amount: Cents(cents) }
}

pub fn closed(sold: i64, refunded: i64, cash: i64) -> Event {
    let [sold, refunded, cash] = [sold, refunded, cash].map(Cents);
    DayClosed { sold, refunded, cash }
}

/// A day that begins with 50.00 and leaves 74.00.
pub fn one_day() -> [Event; 5] {
    [
        opened(5_000),
        sold("cake", 2_400),
        sold("tea", 350),
        refunded("tea", 350),
        closed(2_750, 350, 7_400),
    ]
}
