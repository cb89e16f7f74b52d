//! The story, told step by step.

use es::{Cents, Step};

use super::account::AccountCommand::{CloseAccount, OpenAccount, Withdraw};
use super::events::{Account, Transfer};
use super::transfer::TransferCommand::{FailTransfer, RequestTransfer};

/// 28 August 2017, 09:00 UTC.
pub const AUGUST_2017: u64 = 1_503_910_800_000;

pub fn story() -> [Step; 12] {
    let account = |say, id, command| Step::new::<Account>(say, id, &command);
    let transfer = |say, id, command| Step::new::<Transfer>(say, id, &command);
    let open = |name: &str, cents| OpenAccount { name: name.into(), initial_balance: Cents(cents) };
    let move_money = |from: &str, to: &str, cents| RequestTransfer {
        from: from.into(),
        to: to.into(),
        amount: Cents(cents),
    };
    let withdraw = |cents| Withdraw { amount: Cents(cents), transfer: None };
    let opened = |account| [account, "Accounts"];
    let sent = ["Transfers", "Accounts", "Transfer process"];
    let refunded = ["Money in flight", "Accounts", "Transfer process"];
    let balanced = ["account-1", "Accounts", "Conservation"];
    let refused = |stream| [stream, "Journal"];
    [
        account("Lola opens an account with 100.00.", "1", open("Lola Gheda", 10_000))
            .show(opened("account-1")),
        account("Mattia opens one with 50.00.", "2", open("Mattia Gheda", 5_000))
            .by("Bob")
            .show(opened("account-2")),
        account("And an empty one for his savings.", "3", open("Mattia's savings", 0))
            .by("Bob")
            .show(opened("account-3")),
        transfer("Lola sends 30.00 to Mattia, and they arrive.", "1", move_money("1", "2", 3_000))
            .show(sent),
        transfer(
            "Mattia sends money to the account it comes from.",
            "2",
            move_money("2", "2", 1_000),
        )
        .by("Bob")
        .show(refused("transfer-2")),
        transfer("80.01 are more than Mattia has. It fails.", "2", move_money("2", "1", 8_001))
            .by("Bob")
            .show(sent),
        transfer(
            "Savings close as 20.00 are on the way: refund.",
            "3",
            move_money("1", "3", 2_000),
        )
        .and::<Account>("3", &CloseAccount {})
        .show(refunded),
        account("Lola withdraws 90.00. 70.00 are there.", "1", withdraw(9_000))
            .show(refused("account-1")),
        account("She takes out 10.00.", "1", withdraw(1_000)).show(balanced),
        transfer(
            "What has completed cannot fail any more.",
            "1",
            FailTransfer { reason: "a change of mind".into() },
        )
        .show(refused("transfer-1")),
        transfer("To an account that isn't there: refund again.", "4", move_money("2", "9", 500))
            .by("Bob")
            .show(refunded),
        transfer("Mattia sends 15.00 back.", "5", move_money("2", "1", 1_500)).by("Bob").show(sent),
    ]
}
