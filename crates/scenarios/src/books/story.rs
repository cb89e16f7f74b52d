//! The story, told step by step.

use es::{Cents, Step};

use super::till::Command::{CloseDay, OpenDay, Refund, Sell};
use super::till::Till;

/// 1 September 2017, 09:00 UTC.
pub const SEPTEMBER_2017: u64 = 1_504_256_400_000;

const HOUR_MILLIS: u64 = 3_600_000;

pub fn story() -> [Step; 14] {
    let till = |say, day, command| Step::new::<Till>(say, day, &command);
    let open = |cents| OpenDay { carried: Cents(cents) };
    let sell = |item: &str, cents| Sell { item: item.into(), amount: Cents(cents) };
    let refund = |item: &str, cents| Refund { item: item.into(), amount: Cents(cents) };
    let hours_later = |hours| SEPTEMBER_2017 + hours * HOUR_MILLIS;
    let [first, second, third] = ["2017-09-01", "2017-09-02", "2017-09-03"];
    let by_day = |till| [till, "Takings by day"];
    let by_item = |till| [till, "Takings by day", "Takings by item"];
    let refused = |till| [till, "Journal"];
    let carried_over_to = |till| ["Takings by day", "Bookkeeper", till];
    [
        till("Alice opens the till, with 50.00 in it.", first, open(5_000))
            .show(by_day("till-2017-09-01")),
        till("She sells a cake for 24.00.", first, sell("cake", 2_400))
            .show(by_item("till-2017-09-01")),
        till("Bob sells tea for 3.50.", first, sell("tea", 350))
            .by("Bob")
            .show(by_item("till-2017-09-01")),
        till("The tea is cold, so Bob gives the 3.50 back.", first, refund("tea", 350))
            .by("Bob")
            .show(by_item("till-2017-09-01")),
        till("Somebody wants 80.00 back. 74.00 are there.", first, refund("cake", 8_000))
            .by("Bob")
            .show(refused("till-2017-09-01")),
        till("Alice closes the day. The next one opens with 74.00.", first, CloseDay {})
            .at(hours_later(9))
            .show(carried_over_to("till-2017-09-02")),
        till("Bob opens it with 50.00.", second, open(5_000))
            .by("Bob")
            .at(hours_later(24))
            .show(refused("till-2017-09-02")),
        till("Bob sells coffee on the first day.", first, sell("coffee", 280))
            .by("Bob")
            .show(refused("till-2017-09-01")),
        till("He sells it on the second day, and it counts.", second, sell("coffee", 280))
            .by("Bob")
            .show(by_item("till-2017-09-02")),
        till("Bob closes the second day. The third one opens.", second, CloseDay {})
            .by("Bob")
            .at(hours_later(33))
            .show(carried_over_to("till-2017-09-03")),
        till("Alice sells a cake. The third day's stream is short.", third, sell("cake", 2_400))
            .at(hours_later(48))
            .show(["till-2017-09-03", "Takings by day", "Loading cost"]),
        till("Bob sells tea at 23:00. A day that is open just goes on.", third, sell("tea", 350))
            .by("Bob")
            .at(hours_later(62))
            .show(["till-2017-09-03", "Loading cost"]),
        till(
            "Alice sells a pie. The year adds up its days: what has it brought?",
            third,
            sell("pie", 1_800),
        )
        .show(["The year", "Takings by day"]),
        till("Alice closes the day. Day four loads 1 event; one stream, 14.", third, CloseDay {})
            .show(["Loading cost", "Bookkeeper"]),
    ]
}
