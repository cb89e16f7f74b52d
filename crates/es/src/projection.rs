//! Read models: folds over any streams, in the shape that their readers need.

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
    /// The version of its code. A scenario may have several versions under one name.
    const CODE: u16 = 1;

    /// Applies one event; skips an event that it has no use for. Never panics, whatever the
    /// history.
    fn apply(&mut self, event: &Recorded);

    /// What it shows, keyed, so that two views can be compared.
    fn view(&self) -> View;

    /// About how many rows it holds: as many as it shows. A read model that holds more says so, and
    /// one that can count its rows without making its view is folded more quickly.
    fn weight(&self) -> usize {
        self.view().len()
    }
}
