//! The registry: one line a domain. Each domain is one file beside this one, or a folder of files
//! where it has more to say. Domains never import each other, and know nothing but the kernel and
//! what is `shared`. What their commands and events look like is written down in `schemas/`, so
//! that a page need not make it of types; a test compares the two.
//!
//! One more scenario costs the page 6.4 kB after brotli: 5.3 of code, 1.0 of text. Measured when
//! there were ten: the page of them all less the page of the cart alone, by nine; before brotli that is 28 kB of code.
//! Of the code, 41 % is the domain's own (decide, evolve, apply, view, react, with the reading of
//! commands, which the compiler puts into decide), 27 % reads and writes its events and states,
//! 12 % makes, copies and drops its objects, 10 % is its story, and the rest is maps of its types.
//! Schemas made by code were 0.2 kB more. It cannot be halved from here: what serde derives for
//! reading is one way for all types already (see `tagged` in the kernel), and much of what remains
//! is alike from type to type, so that brotli packs it to a fifth. Whoever wants less has to write
//! domains as data.

mod shared;

mod any;
mod bank;
mod blog;
mod books;
mod cart;
mod class;
mod listing;
mod names;
mod office;
mod orders;
mod privacy;
mod slow;
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
        names::scenario,
        books::scenario,
        privacy::scenario,
        slow::scenario,
        class::scenario,
    ];
    all.map(|scenario| Rc::new(scenario())).into()
}

/// The one that a first visit opens.
pub fn first() -> Rc<Scenario> {
    Rc::new(cart::scenario())
}

/// The scenario for events that belong to none of ours. It has no story and takes no commands, so it
/// is not one of [`all`].
pub fn any() -> Rc<Scenario> {
    Rc::new(any::scenario())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use expect_test::expect_file;
    use serde_json::json;

    use super::*;

    /// `UPDATE_EXPECT=1` writes it down anew, and the next run builds with it.
    #[test]
    fn what_is_written_down_of_commands_and_events_is_what_their_types_say() {
        let (mut seen, mut stale) = (BTreeSet::new(), Vec::new());
        for scenario in all() {
            for aggregate in &scenario.aggregates {
                // What two domains share is written down for the first of them.
                if !seen.insert(aggregate.schemas()) {
                    continue;
                }
                let file = format!("schemas/{}-{}.json", scenario.id, aggregate.name());
                let (commands, events) = (aggregate.commands(), aggregate.events());
                let money: Vec<_> = aggregate.money().into_iter().collect();
                let says = json!({ "commands": commands, "events": events, "money": money });
                let says = says.to_string();
                if aggregate.schemas() != Some(&says) {
                    stale.push(file.clone());
                }
                expect_file![file].assert_eq(&says);
            }
        }
        assert!(stale.is_empty(), "{stale:?}");
    }
}
