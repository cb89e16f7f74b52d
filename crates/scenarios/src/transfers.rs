//! Money transfers: no transaction spans two accounts, so a process manager leads the money from
//! one to the other, and brings it back where the second half fails.

mod events;
mod account;
mod transfer;
mod process;
mod read_models;
mod conservation;
mod story;

#[cfg(test)]
mod examples;
// proptest does not come to wasm32.
#[cfg(not(target_arch = "wasm32"))]
#[cfg(test)]
mod simulated;

use es::{Check, Scenario, field};

use self::conservation::Conservation;
use self::events::{Account, Transfer};
use self::process::TransferProcess;
use self::read_models::{Accounts, MoneyInFlight, Transfers};
use self::story::{AUGUST_2017, story};

/// Three accounts, transfers that arrive, and transfers that fail in either half.
pub fn scenario() -> Scenario {
    let balanced = field("/documents/bank/balanced").is(true);
    let paid_for = field("/documents/bank/fromNowhere").is(0);
    let as_told = field("/documents/bank/endedOtherwise").is(0);
    Scenario::new("transfers", "Money transfers", "A process manager spans two aggregates.")
        .aggregate::<Account>()
        .aggregate::<Transfer>()
        .projection::<Transfers>()
        .projection::<Accounts>()
        .projection::<MoneyInFlight>()
        .projection::<Conservation>()
        .process::<TransferProcess>()
        .check(Check::view::<Conservation>("No money is made or lost.", balanced))
        .check(Check::view::<Conservation>(
            "Nothing arrives that has not left somewhere.",
            paid_for,
        ))
        .check(Check::view::<Conservation>("A transfer ends as its money does.", as_told))
        .story(AUGUST_2017, story())
}
