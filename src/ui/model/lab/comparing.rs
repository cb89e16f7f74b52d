//! Two logs, or one log at two positions, side by side.

use std::rc::Rc;

use serde_json::Value;

use crate::es::{Map, View};
use crate::lab::Comparison;

/// Log → its last position.
pub type Heads = Rc<Map<String, u64>>;

/// What is to be compared: a position here, a log, and a position there.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub here: u64,
    pub log: String,
    pub there: u64,
}

/// What came of it.
#[derive(Clone, PartialEq)]
pub struct Compared {
    pub titles: [String; 2],
    pub shared: u64,
    pub pairs: Vec<Pair>,
}

/// A state or view, on both sides.
#[derive(Clone, PartialEq)]
pub struct Pair {
    pub name: Rc<str>,
    pub both: Both,
    pub differs: bool,
}

/// What is on both sides.
#[derive(Clone, PartialEq)]
pub enum Both {
    States(Value, Value),
    Views(Rc<View>, Rc<View>),
}

impl Pair {
    /// Compares them, once.
    pub fn new(name: Rc<str>, both: Both) -> Self {
        let differs = match &both {
            Both::States(left, right) => left != right,
            Both::Views(left, right) => left != right,
        };
        Self { name, both, differs }
    }
}

/// A comparison's states and views.
pub fn pairs_of(comparison: Comparison) -> Vec<Pair> {
    let states = comparison.states.into_iter().map(|it| {
        let name = format!("{}, version {} and {}", it.stream, it.versions.0, it.versions.1);
        Pair::new(name.into(), Both::States(it.left, it.right))
    });
    let views = comparison
        .views
        .into_iter()
        .map(|it| Pair::new(it.name, Both::Views(it.left.into(), it.right.into())));
    states.chain(views).collect()
}
