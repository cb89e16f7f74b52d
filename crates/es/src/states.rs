//! The state of every instance of an aggregate, kept by the aggregate's own `evolve`: the read
//! model that most domains begin with.

use std::rc::Rc;

use super::{Aggregate, Cells, Map, Projection, Recorded, Row, View};

/// The state of every instance of `A`, by its id.
///
/// A read model may hold one and tell it of every event. Where `A` is [`Listed`], it is a read
/// model by itself: `scenario.projection::<States<Cart>>()`.
#[derive(Clone)]
pub struct States<A>(Map<Rc<str>, A>);

/// An aggregate whose instances are shown in a read model, as they stand.
pub trait Listed: Aggregate {
    /// The read model's title: `"Carts now"`.
    const TITLE: &'static str;
    /// What it is good for, in a sentence.
    const ABOUT: &'static str;

    /// What it shows.
    fn list(states: &States<Self>) -> View;
}

impl<A: Aggregate> States<A> {
    /// Applies one event; skips events of other aggregates.
    pub fn apply(&mut self, recorded: &Recorded) {
        if let Some(event) = recorded.of::<A>() {
            match self.0.get_mut(recorded.key()) {
                Some(state) => state.evolve_in_place(event),
                None => _ = self.0.insert(recorded.key().clone(), A::default().evolve(event)),
            }
        }
    }

    /// Takes an instance out. Returns its state, if it has one.
    pub fn remove(&mut self, id: &str) -> Option<A> {
        self.0.remove(id)
    }

    /// Every instance's id and state, in order of the ids.
    pub fn iter(&self) -> impl Iterator<Item = (&Rc<str>, &A)> {
        self.0.iter()
    }

    /// How many instances there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A table with one row an instance: its id, then the cells that `cells` makes of its state.
    pub fn table<'a, C: Into<Cells>>(
        &'a self,
        columns: &[&str],
        cells: impl Fn(&'a A) -> C,
    ) -> View {
        View::table(columns, self.iter().map(|(id, state)| Row::of(id, cells(state))))
    }

    /// One document an instance: its state.
    pub fn documents(&self) -> View {
        let value = |state| serde_json::to_value(state).unwrap_or_default();
        View::documents(self.iter().map(|(id, state)| (id.clone(), value(state))))
    }
}

impl<A> Default for States<A> {
    fn default() -> Self {
        Self(Map::new())
    }
}

impl<A: Listed> Projection for States<A> {
    const NAME: &'static str = A::TITLE;
    const ABOUT: &'static str = A::ABOUT;

    fn apply(&mut self, recorded: &Recorded) {
        self.apply(recorded);
    }

    fn view(&self) -> View {
        A::list(self)
    }

    fn weight(&self) -> usize {
        self.len()
    }
}
