//! What every panel shares: which panels are folded away, and which fields hold money.

use crate::es::Set;
use std::rc::Rc;

use yew::{Callback, hook, use_context};

use super::lab;

/// Handed down to every panel. Two shells are equal where they are the same.
#[derive(Clone)]
pub struct Shell {
    /// The names of the panels that are folded.
    pub folded: Rc<Set<String>>,
    /// The names of the fields that hold cents.
    pub money: Rc<Set<Rc<str>>>,
    /// Folds a panel, or unfolds it.
    pub fold: Callback<String>,
    /// Brings the commands forward.
    pub to_commands: Callback<()>,
    /// Asks something of the lab.
    pub lab: Callback<lab::Msg>,
}

impl PartialEq for Shell {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.folded, &other.folded) && Rc::ptr_eq(&self.money, &other.money)
    }
}

/// True where a field holds an amount of money, by its name or that of what it lies in.
pub fn is_money(names: &Set<Rc<str>>, pointer: &str) -> bool {
    pointer.split('/').any(|key| names.contains(key))
}

impl Shell {
    /// A shell around nothing.
    pub fn empty() -> Self {
        Self {
            folded: Rc::default(),
            money: Rc::default(),
            fold: Callback::noop(),
            to_commands: Callback::noop(),
            lab: Callback::noop(),
        }
    }
}

/// The shell that a component stands in.
#[hook]
pub fn use_shell() -> Shell {
    use_context::<Shell>().unwrap_or_else(Shell::empty)
}
