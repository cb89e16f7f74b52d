//! Unique names. An account is a stream of its own and knows no other, so a look at a read model
//! guards no name: two who look at once are both let in. A name that is a stream of its own does
//! guard itself. It is reserved first; a process confirms it, or lets the reservation run out.

mod account;
mod name;
mod process;
mod read_models;
mod story;

#[cfg(test)]
mod examples;

use es::{Check, Scenario, field};

use self::account::Account;
use self::name::Name;
use self::process::Registrar;
use self::read_models::{HowReservationsEnd, Names, WhoDidWhat};
use self::story::{SEPTEMBER_2017, story};

/// A race for a name, and reservations, which are decided in one place.
pub fn scenario() -> Scenario {
    let no_two = field("/totals/too many").is(0);
    Scenario::new("names", "Taken!", "A name that must be unique is a stream of its own.")
        .aggregate::<Account>()
        .aggregate::<Name>()
        .projection::<Names>()
        .projection::<WhoDidWhat>()
        .projection::<HowReservationsEnd>()
        .process::<Registrar>()
        .check(Check::view::<Names>("No two accounts have one name.", no_two))
        .story(SEPTEMBER_2017, story())
}
