//! Expressions over states and read models, followed through the log.

use std::collections::BTreeSet;
use std::rc::Rc;

use domain::Fault;
use serde_json::{Value, json};

use crate::OpenLog;
use crate::looks::{Looked, Looks};

/// At so many positions an expression is looked at, where the log has more.
const LOOKED_AT: u64 = 240;
/// So many positions are handed to the interpreter at once.
const AT_ONCE: usize = 24;

/// An expression's values through the log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched {
    /// The value at some positions, in their order: the first, the last and the playhead's are among
    /// them. Where there is no value, the reason stands in its place.
    pub line: Vec<(u64, Result<Value, Rc<str>>)>,
    /// The position from which on it has had its value at the playhead.
    pub since: u64,
}

impl Watched {
    /// What was found, for the console.
    pub(crate) fn json(&self, position: u64) -> Value {
        let value = |it: &Looked| it.clone().unwrap_or_default();
        let line = self.line.iter().map(|(at, it)| json!([at, value(it)]));
        let here = self.at(position);
        json!({
            "now": here.map(value),
            "since": self.since,
            "line": line.collect::<Vec<_>>(),
            "why": here.and_then(|it| it.as_ref().err()),
        })
    }

    /// The value at a position, as it was found nearest before.
    pub fn at(&self, position: u64) -> Option<&Result<Value, Rc<str>>> {
        let after = self.line.partition_point(|it| it.0 <= position);
        after.checked_sub(1).map(|at| &self.line[at].1)
    }
}

impl OpenLog {
    async fn looks(&self, expression: &str) -> Result<Looks, Fault> {
        let engine = self.0.host.engines().engine().await;
        let engine = engine.map_err(|why| Fault::new(format!("there is no interpreter: {why}")))?;
        Looks::new(engine, expression, self.session().world())
    }

    /// Makes an expression ready for [`watched_now`](Self::watched_now).
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn prepare_watch(&self, expression: &str) -> Result<(), Fault> {
        let known = |it: &Looks| *it.expression == *expression;
        if !self.0.looks.borrow().iter().any(known) {
            let looks = self.looks(expression).await?;
            self.0.looks.borrow_mut().push(looks);
        }
        Ok(())
    }

    /// The value of an expression at the head. None where it was not made ready, or has no value.
    pub fn watched_now(&self, expression: &str) -> Option<Value> {
        let mut all = self.0.looks.borrow_mut();
        let looks = all.iter_mut().find(|it| *it.expression == *expression)?;
        looks.now(self.session().world())
    }

    /// Follows an expression, such as `state("cart-1").items.apples`, through the log.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn watch(&self, expression: &str) -> Result<Watched, Fault> {
        let mut looks = self.looks(expression).await?;
        let (head, here) = (self.session().head(), self.session().position());
        let step = (head / LOOKED_AT).max(1);
        let mut places: BTreeSet<u64> =
            (0..=head).step_by(usize::try_from(step).unwrap_or(1)).collect();
        places.extend([head, here]);
        let places: Vec<u64> = places.into_iter().collect();
        let mut watched = Watched::default();
        let mut slice = self.0.host.slice();
        for some in places.chunks(AT_ONCE) {
            let values = looks.at(self.session().world(), some)?;
            watched.line.extend(some.iter().copied().zip(values));
            slice.breathe().await;
        }
        watched.since = self.since(&mut looks, &watched, here)?;
        Ok(watched)
    }

    /// The first position from which on the value has been what it is here: between two that were
    /// looked at, it is found by halves.
    fn since(&self, looks: &mut Looks, watched: &Watched, here: u64) -> Result<u64, Fault> {
        let Some(now) = watched.at(here) else { return Ok(0) };
        let before = watched.line.iter().rev().find(|(at, value)| *at < here && value != now);
        let Some((other, _)) = before else { return Ok(0) };
        let same = watched.line.iter().find(|(at, value)| at > other && value == now);
        let (mut low, mut high) = (*other, same.map_or(here, |it| it.0));
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            match looks.at(self.session().world(), &[middle])?.first() {
                Some(value) if value == now => high = middle,
                _ => low = middle,
            }
        }
        Ok(high)
    }
}
