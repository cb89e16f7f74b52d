//! What happens in the tests of this domain.

use es::{Cents, Past, past};

use super::account::AccountCommand::{Deposit, OpenAccount, Withdraw};
use super::account::AccountEvent::{AccountOpened, Deposited, Withdrew};
use super::account::{Account, AccountCommand, AccountEvent, Status};
use crate::shared::customers::CustomerEvent::CustomerRegistered;
use crate::shared::customers::{Customer, CustomerEvent};

pub fn registered(name: &str) -> CustomerEvent {
    CustomerRegistered { name: name.into() }
}

pub fn open(customer: &str, cents: i64) -> AccountCommand {
    OpenAccount { customer: customer.into(), initial_balance: Cents(cents) }
}

pub fn deposit(cents: i64) -> AccountCommand {
    Deposit { amount: Cents(cents) }
}

pub fn withdraw(cents: i64) -> AccountCommand {
    Withdraw { amount: Cents(cents) }
}

pub fn opened(customer: &str, cents: i64) -> AccountEvent {
    AccountOpened { customer: customer.into(), initial_balance: Cents(cents) }
}

pub fn deposited(cents: i64) -> AccountEvent {
    Deposited { amount: Cents(cents) }
}

pub fn withdrew(cents: i64) -> AccountEvent {
    Withdrew { amount: Cents(cents) }
}

pub fn account(customer: &str, cents: i64, status: Status) -> Account {
    Account { customer: customer.into(), balance: Cents(cents), status }
}

/// The talk's five events, interleaved as they are there, and its two customers.
pub fn talk() -> Past {
    past()
        .and::<Customer>("1", registered("Lola Gheda"))
        .and::<Account>("1", opened("1", 10_000))
        .and::<Account>("1", deposited(2_000))
        .and::<Customer>("2", registered("Mattia Gheda"))
        .and::<Account>("2", opened("2", 5_000))
        .and::<Account>("1", withdrew(8_000))
        .and::<Account>("2", withdrew(2_000))
}
