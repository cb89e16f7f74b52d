//! The story, told step by step.

use es::{Cents, Step};

use super::account::Account;
use super::account::AccountCommand::{OpenAccount, PayIn, PayOut};
use super::processes::SWITCH;
use super::row::RowCommand::UpdateRow;
use super::row::TableRow;
use super::switch::SwitchCommand::{MoveReads, MoveWrites};
use super::switch::{Place, Switch};

/// 6 March 2017, 09:00 UTC.
pub const MARCH_2017: u64 = 1_488_790_800_000;

pub fn story() -> [Step; 13] {
    let account = |say, id, command| Step::new::<Account>(say, id, &command);
    let switch = |say, command| Step::new::<Switch>(say, SWITCH, &command);
    let by_hand = |say, cents| {
        Step::new::<TableRow>(say, "2", &UpdateRow { balance: Cents(cents) }).by("Bob")
    };
    let open = |owner: &str, cents| OpenAccount { owner: owner.into(), balance: Cents(cents) };
    let beside = ["Table accounts", "Balances from events", "Log"];
    let overwritten = ["Table accounts", "Balances from events", "What the table forgot"];
    let compared = ["Comparison", "Table accounts", "Balances from events"];
    let read = ["What people read", "switch-1", "Comparison"];
    let refused = ["switch-1", "Journal", "Comparison"];
    [
        account("Lola opens an account. The old code inserts a row.", "1", open("Lola", 10_000))
            .show(beside),
        account(
            "Mattia opens one, too: an event, and a row beside it.",
            "2",
            open("Mattia", 5_000),
        )
        .show(beside),
        account(
            "Lola pays in 20.00. The row forgets the 100.00.",
            "1",
            PayIn { amount: Cents(2_000) },
        )
        .show(overwritten),
        account("Lola takes out 80.00. Who can still tell?", "1", PayOut { amount: Cents(8_000) })
            .show(overwritten),
        account(
            "Mattia takes out 20.00. Table and events agree.",
            "2",
            PayOut { amount: Cents(2_000) },
        )
        .show(compared),
        by_hand("Support is generous, by hand: UPDATE … SET balance = 40.00.", 4_000)
            .show(compared),
        switch("Alice wants to move reads. One row differs.", MoveReads { to: Place::Events })
            .show(refused),
        account("Mattia takes out 5.00. The difference stays.", "2", PayOut { amount: Cents(500) })
            .show(compared),
        by_hand("Support takes it back, by hand, too.", 2_500).show(compared),
        account("Mattia gets 10.00 by the front door.", "2", PayIn { amount: Cents(1_000) })
            .show(compared),
        switch("All rows agree: reads move to what is folded.", MoveReads { to: Place::Events })
            .show(read),
        switch("Then writes do. The table is not updated any more.", MoveWrites {}).show(read),
        account(
            "Lola pays in 5.00. The table knows nothing of it.",
            "1",
            PayIn { amount: Cents(500) },
        )
        .show(["What people read", "Table accounts", "Log"]),
    ]
}
