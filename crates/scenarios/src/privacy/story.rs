//! The story, told step by step.

use es::{Cents, Step};

use super::person::Command::{ChangeAddress, ForgetMe, Order, Register};
use super::person::Person;

/// 11 September 2017, 09:00 UTC.
pub const SEPTEMBER_2017: u64 = 1_505_120_400_000;

pub fn story() -> [Step; 12] {
    let lola = |say, command| Step::new::<Person>(say, "1", &command);
    let ben = |say, command| Step::new::<Person>(say, "2", &command).by("Bob");
    let register = |name: &str, email: &str, address: &str| Register {
        name: name.into(),
        email: email.into(),
        address: address.into(),
    };
    let order = |item: &str, cents| Order { item: item.into(), amount: Cents(cents) };
    let known = |person| [person, "Mailing list"];
    let sold = |person| [person, "Revenue", "Revenue by item"];
    [
        lola(
            "Lola registers. Her data is stored sealed; her key opens it.",
            register("Lola Gheda", "lola@example.org", "4 Elm Street"),
        )
        .show(known("person-1")),
        ben(
            "Ben registers, and gets another key.",
            register("Ben Moss", "ben@example.org", "7 Ash Road"),
        )
        .show(known("person-2")),
        lola("Lola orders a lamp. A parcel goes to her address.", order("lamp", 3_500))
            .show(["person-1", "Parcels", "Outbox"]),
        ben("Ben orders one, too.", order("lamp", 3_500)).show(sold("person-2")),
        lola("Lola moves.", ChangeAddress { address: "1 Oak Lane".into() }).show(known("person-1")),
        lola("The next parcel goes there.", order("desk", 9_000))
            .show(["person-1", "Parcels", "Outbox"]),
        ben("Ben orders a chair and names no price.", order("chair", 0))
            .show(["person-2", "Journal"]),
        lola("Lola wants to be forgotten. Her key is destroyed.", ForgetMe {}).show([
            "person-1",
            "Mailing list",
            "What is still known",
        ]),
        ben(
            "What she ordered stays, under a number: person-1. Ben orders a chair.",
            order("chair", 4_500),
        )
        .show(["person-2", "Revenue", "Revenue by item"]),
        lola("Whoever was forgotten orders a rug.", order("rug", 2_000))
            .show(["person-1", "Journal"]),
        lola("Forget her once more.", ForgetMe {}).show(["person-1", "Journal"]),
        ben("Ben's address can still be read: his key is there.", order("rug", 2_000)).show([
            "person-2",
            "What is still known",
            "Outbox",
        ]),
    ]
}
