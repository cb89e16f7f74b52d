//! How did it get here? A listing that contradicts itself, the trail that leads to whoever did
//! it, and a process manager in two versions of its code: one with a bug, one without.

mod aggregate;
mod process;
mod read_models;
mod story;

#[cfg(test)]
mod examples;

use es::{Scenario, States};

use self::aggregate::Listing;
use self::process::Moderation;
use self::read_models::{AuditTrail, Contradictions};
use self::story::{AUGUST_2017, story};

/// The record of the talk, and how it got there.
pub fn scenario() -> Scenario {
    Scenario::new("listing", "How did it get here?", "The audit trail knows which event did it.")
        .aggregate::<Listing>()
        .process::<Moderation<1>>()
        .process::<Moderation<2>>()
        .projection::<States<Listing>>()
        .projection::<AuditTrail>()
        .projection::<Contradictions<1>>()
        .projection::<Contradictions<2>>()
        .story(AUGUST_2017, story())
}
