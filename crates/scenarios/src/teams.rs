//! Teams: one command makes no event, one or many. The same events make a table of who plays where,
//! and a graph of who has ever played with whom.

mod team;
mod read_models;
mod story;

#[cfg(test)]
mod examples;

use es::{Scenario, States};

use self::read_models::{Badges, PlayedTogether, Roster};
use self::story::{AUGUST_2017, story};
use self::team::Team;

/// The two teams of the talk, and players who change sides.
pub fn scenario() -> Scenario {
    Scenario::new("teams", "Teams", "One command makes no event, one or many.")
        .aggregate::<Team>()
        .projection::<States<Team>>()
        .projection::<Roster>()
        .projection::<PlayedTogether>()
        .projection::<Badges>()
        .story(AUGUST_2017, story())
}
