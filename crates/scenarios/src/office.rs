//! The office: time travel by date. What was its status on 14 August 2013, and who was inside?

mod aggregate;
mod read_models;
mod story;

#[cfg(test)]
mod examples;

use es::{Scenario, States};

use self::aggregate::Office;
use self::read_models::{Calendar, IncidentReport, WhoIsInside};
use self::story::{august, story};

/// Unspace in August 2013, when it was literally on fire.
pub fn scenario() -> Scenario {
    Scenario::new(
        "office",
        "The office",
        "12 to 28 August 2013: go to any date, and see who was inside.",
    )
    .aggregate::<Office>()
    .projection::<States<Office>>()
    .projection::<WhoIsInside>()
    .projection::<IncidentReport>()
    .projection::<Calendar>()
    .story(august(12, 9, 0), story())
}
