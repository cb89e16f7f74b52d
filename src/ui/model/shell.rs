//! What every panel shares: which panels are folded, which fields hold money, and the link to
//! the page.

use std::rc::Rc;

use yew::{Callback, hook, use_context};

use super::layout::Folds;
use super::message::{Link, Msg};
use crate::ui::words::MoneyFields;

/// Handed down to every panel. Two shells are equal where the same panels are folded and the same
/// fields hold money.
#[derive(Clone)]
pub struct Shell {
    /// The panels that somebody has folded or unfolded.
    pub folds: Rc<Folds>,
    /// The names of the fields that hold cents.
    pub money: MoneyFields,
    pub link: Link,
}

impl PartialEq for Shell {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.folds, &other.folds) && Rc::ptr_eq(&self.money, &other.money)
    }
}

impl Shell {
    /// A callback that tells the page what `say` makes of the event.
    pub fn on<E: 'static, M: Into<Msg>>(&self, say: impl Fn(E) -> M + 'static) -> Callback<E> {
        self.link.on(say)
    }
}

/// The shell that a component stands in.
#[hook]
pub fn use_shell() -> Shell {
    use_context::<Shell>().unwrap_or_else(|| Shell {
        folds: Rc::default(),
        money: Rc::default(),
        link: Link::nowhere(),
    })
}
