//! Welcoming customers: a process manager mails each new customer once, however often the past
//! is told again, and merges whoever registers twice under one e-mail address. A second
//! process sets a deadline, and reminds whoever has not signed in by then.

mod customer;
mod process;
mod reminder;
mod read_models;
mod story;

#[cfg(test)]
mod examples;

use es::Scenario;

use self::customer::Customer;
use self::process::Welcomer;
use self::read_models::{CustomersByEmail, LastSeen, MailAskedFor, Merges};
use self::reminder::Reminder;
use self::story::{AUGUST_2017, story};

/// Customers, some of whom register twice.
pub fn scenario() -> Scenario {
    Scenario::new("welcome", "Welcoming customers", "Replaying history sends no mail again.")
        .aggregate::<Customer>()
        .projection::<CustomersByEmail>()
        .projection::<Merges>()
        .projection::<MailAskedFor>()
        .projection::<LastSeen>()
        .process::<Welcomer>()
        .process::<Reminder>()
        .story(AUGUST_2017, story())
}
