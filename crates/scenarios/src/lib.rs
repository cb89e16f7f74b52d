//! The registry: one line a domain. Each domain is one file beside this one; they never import
//! each other, and know nothing but the kernel. What its commands and events look like is written
//! down in `schemas/`, so that a page need not make it of types; a test compares the two.

mod bank;
mod blog;
mod cart;
mod listing;
mod office;
mod orders;
mod teams;
mod transfers;
mod welcome;
mod widgets;

use std::rc::Rc;

use es::Scenario;

/// All scenarios, in the order in which they are offered.
pub fn all() -> Vec<Rc<Scenario>> {
    let all = [
        cart::scenario,
        blog::scenario,
        teams::scenario,
        bank::scenario,
        transfers::scenario,
        welcome::scenario,
        orders::scenario,
        widgets::scenario,
        office::scenario,
        listing::scenario,
    ];
    all.map(|scenario| Rc::new(scenario())).into()
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;
    use serde_json::json;

    use super::*;

    /// `UPDATE_EXPECT=1` writes it down anew, and the next run builds with it.
    #[test]
    fn what_is_written_down_of_commands_and_events_is_what_their_types_say() {
        let mut stale = Vec::new();
        for scenario in all() {
            for aggregate in &scenario.aggregates {
                let file = format!("schemas/{}-{}.json", scenario.id, aggregate.name());
                let (commands, events) = (aggregate.commands(), aggregate.events());
                let says = json!({ "commands": commands, "events": events }).to_string();
                if aggregate.schemas() != Some(&says) {
                    stale.push(file.clone());
                }
                expect_file![file].assert_eq(&says);
            }
        }
        assert!(stale.is_empty(), "{stale:?}");
    }
}
