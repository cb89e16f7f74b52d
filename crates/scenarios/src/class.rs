//! A class: who is here, what they do, and what is hard. A class that shares a log writes this one
//! about itself, so that what it learns is also what shows how it goes.

mod person;
mod read_models;
mod story;

#[cfg(test)]
mod examples;

use es::Scenario;

use self::person::Person;
use self::read_models::{LastPrediction, WhatIsHard, WhoIsWhere};
use self::story::{SEPTEMBER_2017, story};

/// The people of a class, their exercises and their predictions.
pub fn scenario() -> Scenario {
    Scenario::new("class", "A class", "A class that writes a log of itself is read like any other.")
        .aggregate::<Person>()
        .projection::<WhoIsWhere>()
        .projection::<WhatIsHard>()
        .projection::<LastPrediction>()
        .story(SEPTEMBER_2017, story())
}
