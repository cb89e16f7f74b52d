//! The scenarios that have a twin in JavaScript, run by the native interpreter.

use std::rc::Rc;

use leftfold::domain::{Engine, NativeEngine, OwnDomain};
use leftfold::es::Scenario;

/// The scenario's id and its twin's text.
pub const TWINS: [(&str, &str); 3] = [
    ("cart", include_str!("../../crates/domain/twins/cart.js")),
    ("bank", include_str!("../../crates/domain/twins/bank.js")),
    ("transfers", include_str!("../../crates/domain/twins/transfers.js")),
];

/// An interpreter.
pub fn engine() -> Box<dyn Engine> {
    Box::new(NativeEngine::new().unwrap())
}

/// The twin of a scenario.
pub fn twin(id: &str) -> Rc<Scenario> {
    let (_, text) = TWINS.iter().find(|it| it.0 == id).unwrap();
    match OwnDomain::made_of(engine(), id, text, 1, Some(id)) {
        Ok(domain) => domain.scenario,
        Err(fault) => panic!("{id}: {fault}"),
    }
}

/// All scenarios of the page, and the twins beside them: a law holds for both.
pub fn with_twins() -> Vec<Rc<Scenario>> {
    let twins = TWINS.iter().map(|(id, _)| twin(id));
    leftfold::scenarios::all().into_iter().chain(twins).collect()
}
