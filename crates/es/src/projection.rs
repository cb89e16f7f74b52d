//! Read models: folds over any streams, kept in the shape that their readers want.

use super::{Recorded, View};

/// A read model. It reads any stream and decides nothing.
///
/// ```text
/// if let Some(event) = recorded.of::<Cart>() { match event { … } }
/// ```
pub trait Projection: Default + Clone + 'static {
    /// Its title, which is also its id in the console: `"Carts now"`.
    const NAME: &'static str;
    /// What it is good for, in a sentence.
    const ABOUT: &'static str;
    /// Which version of its code this is, where a scenario has several under one name.
    const CODE: u16 = 1;

    /// Takes in one event; skips what it doesn't care for. Never panics, whatever the history.
    fn apply(&mut self, event: &Recorded);

    /// What it shows, keyed, so that two views can be compared.
    fn view(&self) -> View;

    /// About how many rows it holds: as many as it shows. A read model that holds more says so, and
    /// one that can count its rows without making its view is folded more quickly.
    fn weight(&self) -> usize {
        self.view().len()
    }
}
