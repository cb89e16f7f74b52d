//! The story, told step by step.

use es::Step;

use super::account::Account;
use super::account::AccountCommand::{Rename, SignUp};
use super::name::Name;
use super::name::NameCommand::{ConfirmName, ReserveName};

/// 4 September 2017, 09:00 UTC.
pub const SEPTEMBER_2017: u64 = 1_504_515_600_000;
const MINUTE_MILLIS: u64 = 60_000;

pub fn story() -> [Step; 15] {
    let sign_up = |name: &str| SignUp { name: name.into() };
    let account = |say, id, name: &str| Step::new::<Account>(say, id, &sign_up(name));
    let reserve = |say, name, account: &str| {
        Step::new::<Name>(say, name, &ReserveName { account: account.into() })
    };
    let confirm = |say, name, account: &str| {
        Step::new::<Name>(say, name, &ConfirmName { account: account.into() })
    };
    // The reservation of justin is made in the ninth step.
    let twenty_minutes_later = SEPTEMBER_2017 + (8 + 20) * MINUTE_MILLIS;
    let listed = |stream| [stream, "Names", "Who did what"];
    let held = |name| [name, "Names", "Registrar"];
    let refused = |name| [name, "Journal", "Names"];
    let ended = |name| [name, "Names", "How reservations end"];
    [
        account("Alice signs up as Ben. The table of names lists him.", "1", "Ben")
            .show(listed("account-1")),
        account(
            "lola is not in the table, so Alice and Bob both sign up. A check fails.",
            "2",
            "Lola",
        )
        .and::<Account>("3", &sign_up("Lola"))
        .by("Alice and Bob")
        .show(["Names", "account-2", "account-3"]),
        Step::new::<Account>(
            "One of them has to give way, by hand: account 3 becomes Nina.",
            "3",
            &Rename { name: "Nina".into() },
        )
        .by("Bob")
        .show(["Names", "account-2", "account-3"]),
        reserve("Now each name is a stream: whoever reserves it first has it.", "mattia", "4")
            .show(held("name-mattia")),
        reserve("Bob wants mattia, too, for account 5.", "mattia", "5")
            .by("Bob")
            .show(refused("name-mattia")),
        reserve("Alice asks again. Accepted, yet no event: she has it.", "mattia", "4")
            .show(["name-mattia", "Journal"]),
        account("Account 4 signs up as Mattia. The Registrar confirms the name.", "4", "Mattia")
            .show(held("name-mattia")),
        reserve("Bob tries once more.", "mattia", "5").by("Bob").show(refused("name-mattia")),
        reserve("Bob reserves justin for account 5, and goes for a coffee.", "justin", "5")
            .by("Bob")
            .show(held("name-justin")),
        confirm(
            "Twenty minutes later: the deadline has freed justin. Bob is too late.",
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
        confirm("Bob still wants justin.", "justin", "5").by("Bob").show(refused("name-justin")),
        reserve(
            "Account 2 reserves the name it has. The Registrar confirms it at once.",
            "lola",
            "2",
        )
        .show(ended("name-lola")),
        reserve("Bob wants lola back for account 3. Now he has to ask.", "lola", "3")
            .by("Bob")
            .show(refused("name-lola")),
    ]
}
