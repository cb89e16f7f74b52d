//! Closing the books: a till is used day after day, and one stream of all its sales would never
//! end. Its days are what people close, so each day has a stream of its own. A process manager
//! carries the cash from a closed day to the next one, and read models answer what is asked across
//! days.

mod till;
mod process;
mod read_models;
mod story;

#[cfg(test)]
mod examples;

use serde_json::Value;

use es::{Check, Scenario, States, all, any, field, not};

use self::process::Bookkeeper;
use self::read_models::{LoadingCost, TakingsByItem, TheYear};
use self::story::{SEPTEMBER_2017, story};
use self::till::Till;

/// A till that is opened and closed day by day.
pub fn scenario() -> Scenario {
    let adds_up = ["sold", "refunded", "cash"]
        .map(|it| field(&format!("/closed/{it}")).is(field(&format!("/{it}"))));
    let closed_as_it_was = any([field("/closed").is(Value::Null), all(adds_up)]);
    let not_below_nothing = not(field("/cash").is_less_than(0));
    let about = "One stream a day. A closed day hands on its cash, so the next one starts short.";
    Scenario::new("books", "Closing the books", about)
        .aggregate::<Till>()
        .projection::<States<Till>>()
        .projection::<TakingsByItem>()
        .projection::<TheYear>()
        .projection::<LoadingCost>()
        .process::<Bookkeeper>()
        .check(Check::each::<Till>("A day is closed with what happened on it.", closed_as_it_was))
        .check(Check::each::<Till>("A till gives out no more than is in it.", not_below_nothing))
        .story(SEPTEMBER_2017, story())
}
