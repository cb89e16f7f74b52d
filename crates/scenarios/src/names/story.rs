//! The story, told step by step.

use es::Step;

use super::account::Account;
use super::account::AccountCommand::SignUp;
use super::name::Name;
use super::name::NameCommand::{ConfirmName, ReserveName};

/// 4 September 2017, 09:00 UTC.
pub const SEPTEMBER_2017: u64 = 1_504_515_600_000;
const MINUTE_MILLIS: u64 = 60_000;

pub fn story() -> [Step; 14] {
    let sign_up = |name: &str| SignUp { name: name.into() };
    let account = |say, id, name: &str| Step::new::<Account>(say, id, &sign_up(name));
    let reserve = |say, name, account: &str| {
        Step::new::<Name>(say, name, &ReserveName { account: account.into() })
    };
    let confirm = |say, name, account: &str| {
        Step::new::<Name>(say, name, &ConfirmName { account: account.into() })
    };
    // The reservation of justin is made in the eighth step.
    let twenty_minutes_later = SEPTEMBER_2017 + (7 + 20) * MINUTE_MILLIS;
    let listed = |stream| [stream, "Names", "Who did what"];
    let held = |name| [name, "Names", "Registrar"];
    let refused = |name| [name, "Journal", "Names"];
    let ended = |name| [name, "Names", "How reservations end"];
    [
        account("Alice signs up as Ben. The table of names lists him.", "1", "Ben")
            .show(listed("account-1")),
        account(
            "Alice and Bob both see that lola is free. Both sign up, and a check fails.",
            "2",
            "Lola",
        )
        .and::<Account>("3", &sign_up("Lola"))
        .by("Alice and Bob")
        .show(["Names", "account-2", "account-3"]),
        reserve("Now each name is a stream. Alice reserves mattia for account 4.", "mattia", "4")
            .show(held("name-mattia")),
        reserve("Bob wants mattia for account 5. Refused: it is reserved.", "mattia", "5")
            .by("Bob")
            .show(refused("name-mattia")),
        reserve("Alice asks again. Accepted, yet no event: she has it.", "mattia", "4")
            .show(["name-mattia", "Journal"]),
        account("Account 4 signs up as Mattia. The Registrar confirms the name.", "4", "Mattia")
            .show(held("name-mattia")),
        reserve("Bob tries once more. Refused: mattia belongs to account 4.", "mattia", "5")
            .by("Bob")
            .show(refused("name-mattia")),
        reserve("Bob reserves justin for account 5, and goes for a coffee.", "justin", "5")
            .by("Bob")
            .show(held("name-justin")),
        confirm(
            "Twenty minutes later, Bob confirms. Refused: the reservation has run out.",
            "justin",
            "5",
        )
        .by("Bob")
        .at(twenty_minutes_later)
        .show(["name-justin", "Journal", "How reservations end"]),
        reserve("The name is free again. Alice reserves justin for account 6.", "justin", "6")
            .show(held("name-justin")),
        account("Account 6 signs up as Justin, and has the name.", "6", "Justin")
            .show(ended("name-justin")),
        confirm("Bob still wants justin. Refused: it belongs to account 6.", "justin", "5")
            .by("Bob")
            .show(refused("name-justin")),
        reserve("Account 2 reserves lola first. The Registrar confirms it at once.", "lola", "2")
            .show(ended("name-lola")),
        reserve("Account 3 comes too late. Refused: it needs another name.", "lola", "3")
            .by("Bob")
            .show(refused("name-lola")),
    ]
}
