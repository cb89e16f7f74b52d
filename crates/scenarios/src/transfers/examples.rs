//! What happens in the tests of this domain.

use es::{Cents, Id, Past, past};

use super::account::AccountCommand;
use super::account::AccountCommand::{Deposit, OpenAccount, Refund, Withdraw};
use super::events::AccountEvent::{
    AccountOpened, DepositDeclined, Deposited, Refunded, WithdrawalDeclined, Withdrew,
};
use super::events::TransferEvent::{Failed, Requested};
use super::events::{AccountEvent, Transfer, TransferEvent};
use super::transfer::TransferCommand;
use super::transfer::TransferCommand::{FailTransfer, RequestTransfer};

pub const NEVER: &str = "this account was never opened";
pub const CLOSED: &str = "this account is closed";
pub const NOT_POSITIVE: &str = "an amount must be more than 0.00";
pub const TOO_MUCH: &str = "1000000.00 is the most that can be moved at once";

pub fn open(name: &str, cents: i64) -> AccountCommand {
    OpenAccount { name: name.into(), initial_balance: Cents(cents) }
}

pub fn deposit(cents: i64, transfer: Option<&str>) -> AccountCommand {
    Deposit { amount: Cents(cents), transfer: transfer.map(Id::new) }
}

pub fn withdraw(cents: i64, transfer: Option<&str>) -> AccountCommand {
    Withdraw { amount: Cents(cents), transfer: transfer.map(Id::new) }
}

pub fn refund(transfer: &str) -> AccountCommand {
    Refund { transfer: transfer.into() }
}

pub fn opened(cents: i64) -> AccountEvent {
    AccountOpened { name: "Lola".into(), initial_balance: Cents(cents) }
}

pub fn deposited(cents: i64, transfer: Option<&str>) -> AccountEvent {
    Deposited { amount: Cents(cents), transfer: transfer.map(Id::new) }
}

pub fn withdrew(cents: i64, transfer: Option<&str>) -> AccountEvent {
    Withdrew { amount: Cents(cents), transfer: transfer.map(Id::new) }
}

pub fn deposit_declined(transfer: &str, cents: i64, reason: &str) -> AccountEvent {
    let (transfer, reason) = (transfer.into(), reason.into());
    DepositDeclined { transfer, amount: Cents(cents), reason }
}

pub fn withdrawal_declined(transfer: &str, cents: i64, reason: &str) -> AccountEvent {
    let (transfer, reason) = (transfer.into(), reason.into());
    WithdrawalDeclined { transfer, amount: Cents(cents), reason }
}

pub fn refunded(transfer: &str, cents: i64) -> AccountEvent {
    Refunded { transfer: transfer.into(), amount: Cents(cents) }
}

pub fn request(from: &str, to: &str, cents: i64) -> TransferCommand {
    RequestTransfer { from: from.into(), to: to.into(), amount: Cents(cents) }
}

pub fn requested(from: &str, to: &str, cents: i64) -> TransferEvent {
    Requested { from: from.into(), to: to.into(), amount: Cents(cents) }
}

pub fn fail(reason: &str) -> TransferCommand {
    FailTransfer { reason: reason.into() }
}

pub fn failed(reason: &str) -> TransferEvent {
    Failed { reason: reason.into() }
}

pub fn run() -> Past {
    past().and::<Transfer>("1", requested("a", "b", 80))
}
