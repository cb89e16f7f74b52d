//! The story, told step by step.

use serde_json::json;

use es::{Cents, Step};

use super::account::Account;
use super::account::AccountCommand::{CloseAccount, Deposit, OpenAccount, Withdraw};
use crate::shared::customers::Customer;
use crate::shared::customers::CustomerCommand::RegisterCustomer;

/// 24 August 2017, 18:00 UTC.
pub const AUGUST_2017: u64 = 1_503_597_600_000;
/// 15 hours later.
const NEXT_MORNING: u64 = 1_503_651_600_000;

pub fn story() -> [Step; 15] {
    let register = |say, id, name: &str| {
        Step::new::<Customer>(say, id, &RegisterCustomer { name: name.into() })
    };
    let account = |say, id, command| Step::new::<Account>(say, id, &command);
    let open = |customer, cents| OpenAccount { customer, initial_balance: Cents(cents) };
    let deposit = |cents| Deposit { amount: Cents(cents) };
    let withdraw = |cents| Withdraw { amount: Cents(cents) };
    let old = json!({ "id": 1, "user_id": 1, "balance": 10_000 });
    let rolled_up = |stream| [stream, "Customer roll-up"];
    let up_and_down = |account| [account, "Balances", "Balance over time"];
    let corrected = ["account-2", "account-1", "Ledger"];
    let refused = ["account-2", "Journal"];
    [
        register("Lola becomes a customer.", "1", "Lola Gheda").show(rolled_up("customer-1")),
        Step::imported::<Account>(
            "Her account comes from the old system, in the shape events had there.",
            "1",
            "AccountOpened",
            1,
            &old,
        )
        .show(["account-1", "Log"]),
        account("She pays in 20.00.", "1", deposit(2_000)).show(up_and_down("account-1")),
        register("Mattia becomes a customer too.", "2", "Mattia Gheda")
            .by("Bob")
            .show(rolled_up("customer-2")),
        account("His account starts with 50.00.", "2", open("2".into(), 5_000))
            .by("Bob")
            .show(rolled_up("account-2")),
        account("Lola takes out 80.00, and 40.00 remain.", "1", withdraw(8_000))
            .show(up_and_down("account-1")),
        account("Mattia takes out 20.00, and 30.00 remain.", "2", withdraw(2_000))
            .by("Bob")
            .show(up_and_down("account-2")),
        account("He asks for 80.00. There isn't so much.", "2", withdraw(8_000))
            .by("Bob")
            .show(refused),
        account("Lola's 25.00 end up on Mattia's account: a slip.", "2", deposit(2_500))
            .show(corrected),
        account("Nothing is erased. A new entry takes them out again,", "2", withdraw(2_500))
            .at(NEXT_MORNING)
            .show(corrected),
        account("and another puts them where they belong.", "1", deposit(2_500)).show(corrected),
        account("Mattia wants to close. 30.00 are left.", "2", CloseAccount {})
            .by("Bob")
            .show(refused),
        account("He takes them out, and see what the roll-up calls him.", "2", withdraw(3_000))
            .by("Bob")
            .show(rolled_up("account-2")),
        account("Now the account can be closed.", "2", CloseAccount {})
            .by("Bob")
            .show(["account-2", "Balances"]),
        account("A deposit comes too late.", "2", deposit(1_000)).show(refused),
    ]
}
