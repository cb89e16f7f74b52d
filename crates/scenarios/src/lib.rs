//! The registry: one line a domain. Each domain is one file beside this one; they never import
//! each other, and know nothing but the kernel.

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
