//! Welcoming customers: a process manager mails each new customer once, however often the past
//! is told again, and merges whoever registers twice under one e-mail address.

mod customer;
mod process;
mod read_models;
mod story;

#[cfg(test)]
mod examples;

use es::Scenario;

use self::customer::Customer;
use self::process::Welcomer;
use self::read_models::{CustomersByEmail, MailAskedFor, Merges};
use self::story::{AUGUST_2017, story};

/// Customers, some of whom register twice.
pub fn scenario() -> Scenario {
    Scenario::new("welcome", "Welcoming customers", "Replaying history sends no mail again.")
        .aggregate::<Customer>()
        .projection::<CustomersByEmail>()
        .projection::<Merges>()
        .projection::<MailAskedFor>()
        .process::<Welcomer>()
        .story(AUGUST_2017, story())
}
