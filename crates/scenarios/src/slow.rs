//! Going slow: an application that updates rows in place moves to events, one step at a time. The
//! events come beside the table, what is folded from them is compared with it, then reads move
//! over, then writes.
//!
//! The table is an aggregate here whose events are its change log, so that the slider works over
//! it. What is shown of it is the row alone: an update overwrites what was there.

mod account;
mod row;
mod switch;
mod processes;
mod read_models;
mod story;

use es::{Scenario, States};

use self::account::Account;
use self::processes::{Comparison, OldApplication};
use self::read_models::{Forgotten, WhatPeopleRead};
use self::row::TableRow;
use self::story::{MARCH_2017, story};
use self::switch::Switch;

/// A bank's table of accounts, and its way to events.
pub fn scenario() -> Scenario {
    let about =
        "From a table that is updated in place to events: compare, move reads, move writes.";
    Scenario::new("slow", "Going slow", about)
        .aggregate::<Account>()
        .aggregate::<TableRow>()
        .aggregate::<Switch>()
        .projection::<States<TableRow>>()
        .projection::<States<Account>>()
        .projection::<WhatPeopleRead>()
        .projection::<Forgotten>()
        .process::<OldApplication>()
        .process::<Comparison>()
        .story(MARCH_2017, story())
}
