//! Accounts and customers: their streams interleave in one log, and read models join them.
//! The ledger is written in pen: a mistake is corrected by new entries, never erased.

mod account;
mod read_models;
mod story;

#[cfg(test)]
mod examples;

use es::{Check, Scenario, States, field, not};

use self::account::Account;
use self::read_models::{BalanceOverTime, CustomerRollUp, Ledger, Statements};
use self::story::{AUGUST_2017, story};
use crate::shared::customers::Customer;

/// The two accounts of the talk, with its figures, and what became of them.
pub fn scenario() -> Scenario {
    Scenario::new("bank", "Bank accounts", "Streams interleave; read models join them.")
        .aggregate::<Customer>()
        .aggregate::<Account>()
        .projection::<States<Account>>()
        .projection::<CustomerRollUp>()
        .projection::<Ledger>()
        .projection::<BalanceOverTime>()
        .projection::<Statements>()
        .check(Check::each::<Account>(
            "No account is overdrawn.",
            not(field("/balance").is_less_than(0)),
        ))
        .story(AUGUST_2017, story())
}
