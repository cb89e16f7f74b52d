//! An expression over states and read models that is looked at here and there in a log.

use std::rc::Rc;

use domain::{Engine, Fault, Watch, WatchedAt};
use es::Scenario;
use lab::{Watcher, World};
use serde_json::Value;

/// The value of an expression, or why there is none.
pub(crate) type Looked = Result<Value, Rc<str>>;

/// An expression that can be looked at at any position.
pub(crate) struct Looks {
    pub(crate) expression: Rc<str>,
    watch: Watch,
    watcher: Watcher,
    /// What the watcher's folds are made of.
    scenario: Rc<Scenario>,
    /// The head at which it was looked at last, and the value there.
    last: Option<(u64, Value)>,
}

impl Looks {
    /// Reads an expression.
    pub(crate) fn new(
        engine: Box<dyn Engine>,
        expression: &str,
        world: &World,
    ) -> Result<Self, Fault> {
        let watch = Watch::new(engine, expression)?;
        let watcher = Watcher::new(world, &watch.states, &watch.views).map_err(Fault::new)?;
        let scenario = world.scenario().clone();
        Ok(Self { expression: expression.into(), watch, watcher, scenario, last: None })
    }

    /// Its values at some positions.
    pub(crate) fn at(&mut self, world: &World, positions: &[u64]) -> Result<Vec<Looked>, Fault> {
        let read = positions.iter().map(|position| {
            let folds = self.watcher.at(world, *position);
            WatchedAt {
                states: folds.states.into_iter().collect(),
                views: folds.views.into_iter().collect(),
            }
        });
        let read: Vec<WatchedAt> = read.collect();
        let values = self.watch.values(&read)?;
        Ok(values.into_iter().map(|it| it.map_err(Rc::from)).collect())
    }

    /// Its value at the head. None where it has none.
    pub(crate) fn now(&mut self, world: &World) -> Option<Value> {
        if !Rc::ptr_eq(&self.scenario, world.scenario()) {
            // The log goes on with other code: what was folded is of no use.
            self.watcher = Watcher::new(world, &self.watch.states, &self.watch.views).ok()?;
            self.scenario = world.scenario().clone();
            self.last = None;
        }
        let head = world.log().head();
        if let Some((at, value)) = &self.last
            && *at == head
        {
            return Some(value.clone());
        }
        let value = self.at(world, &[head]).ok()?.pop()?.ok()?;
        self.last = Some((head, value.clone()));
        Some(value)
    }
}
