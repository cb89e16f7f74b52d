//! What every panel shares: which panels are folded, which fields hold money, and the link to
//! the page.

use std::rc::Rc;

use yew::{Callback, hook, use_context};

use super::layout::Folds;
use super::message::{Link, Msg};
use crate::ui::words::{MoneyFields, Seals, in_words};

/// Handed down to every panel. Two shells are equal where the same panels are folded, the same
/// fields hold money, and seals open alike.
#[derive(Clone)]
pub struct Shell {
    /// The panels that somebody has folded or unfolded.
    pub folds: Rc<Folds>,
    /// The names of the fields that hold cents.
    pub money: MoneyFields,
    /// Opens what is sealed.
    pub seals: Seals,
    pub link: Link,
}

impl PartialEq for Shell {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.folds, &other.folds)
            && Rc::ptr_eq(&self.money, &other.money)
            && self.seals == other.seals
    }
}

impl Shell {
    /// The data of an event or a command in a few words, with what is sealed in it as it is shown.
    pub fn in_words(&self, data: &str) -> String {
        in_words(&self.seals.open(data), &self.money)
    }

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
        seals: Seals::default(),
        link: Link::nowhere(),
    })
}
