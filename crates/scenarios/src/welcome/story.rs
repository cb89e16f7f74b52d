//! The story, told step by step.

use es::Step;

use super::customer::Command::{MergeAccount, RegisterCustomer, RemindCustomer, SignIn};
use super::customer::Customer;
use crate::shared::dates::DAY_MILLIS;

/// 29 August 2017, 09:00 UTC.
pub const AUGUST_2017: u64 = 1_503_997_200_000;
const HOUR_MILLIS: u64 = 3_600_000;

pub fn story() -> [Step; 13] {
    let register = |say, id, name: &str, email: &str| {
        let (name, email) = (name.into(), email.into());
        Step::new::<Customer>(say, id, &RegisterCustomer { name, email })
    };
    let merge = |say, id, existing: &str| {
        Step::new::<Customer>(say, id, &MergeAccount { existing: existing.into() })
    };
    let welcomed = |customer| [customer, "Welcomer", "Outbox"];
    let refused = |customer| [customer, "Journal"];
    let by_address = ["customer-5", "Customers by e-mail", "Welcomer"];
    let three_days_later = AUGUST_2017 + 3 * DAY_MILLIS + HOUR_MILLIS;
    let merged = ["customer-5", "Customers by e-mail", "Merges"];
    [
        register("Lola registers, and a mail goes out.", "1", "Lola Gheda", "lola@example.org")
            .show(welcomed("customer-1")),
        register("So does Mattia.", "2", "Mattia Gheda", "mattia@example.org")
            .by("Bob")
            .show(welcomed("customer-2")),
        register(
            "Lola forgot that she had: no mail, but a merge.",
            "3",
            "L. Gheda",
            "LOLA@example.org",
        )
        .show(welcomed("customer-3")),
        register("Without an address, nobody can be welcomed.", "4", "Ben Moss", "ben")
            .by("Bob")
            .show(refused("customer-4")),
        register("With one, it works.", "4", "Ben Moss", "ben@example.org")
            .by("Bob")
            .show(welcomed("customer-4")),
        register(
            "A registered customer is registered again.",
            "1",
            "Lola Gheda",
            "lola@example.com",
        )
        .show(refused("customer-1")),
        register("Another address makes another customer.", "5", "Mattia G.", "gheda@example.org")
            .by("Bob")
            .show(by_address),
        merge("Alice knows better, and merges him with himself.", "5", "2").show(merged),
        merge("She merges them a second time. Once is enough.", "5", "2")
            .show(refused("customer-5")),
        merge("Bob merges customer 2 with itself.", "2", "2").by("Bob").show(refused("customer-2")),
        Step::new::<Customer>("Lola signs in. She has been seen.", "1", &SignIn {}).show([
            "customer-1",
            "Last seen",
            "Reminder",
        ]),
        Step::new::<Customer>(
            "Three days later, deadlines have reminded Mattia and Ben, not Lola. Ben signs in.",
            "4",
            &SignIn {},
        )
        .by("Bob")
        .at(three_days_later)
        .show(["Last seen", "Outbox", "Reminder"]),
        Step::new::<Customer>(
            "Alice reminds Lola. Accepted, yet no event: she was seen.",
            "1",
            &RemindCustomer {},
        )
        .show(["Last seen", "Journal"]),
    ]
}
