//! Forget me: what is said of a person is sealed with a key of that person. Whoever destroys the key
//! has forgotten the person, and every event stays where it is.

mod person;
mod process;
mod read_models;
mod story;

#[cfg(test)]
mod examples;

use es::{Scenario, States};

use self::person::Person;
use self::process::Parcels;
use self::read_models::{MailingList, Revenue, RevenueByItem};
use self::story::{SEPTEMBER_2017, story};

/// Customers, of whom one wants to be forgotten.
pub fn scenario() -> Scenario {
    let about = "Nothing is ever deleted, and a person can still be forgotten.";
    Scenario::new("privacy", "Forget me", about)
        .aggregate::<Person>()
        .projection::<MailingList>()
        .projection::<Revenue>()
        .projection::<RevenueByItem>()
        .projection::<States<Person>>()
        .process::<Parcels>()
        .story(SEPTEMBER_2017, story())
}
