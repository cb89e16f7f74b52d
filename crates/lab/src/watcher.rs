//! Reads states and views at one position after the other: for expressions that are followed
//! through the log.

use std::rc::Rc;

use serde_json::Value;

use super::diff::keyed;
use super::world::World;
use es::{Hydrated, Map, Stream, Subscriber, Timeline};

/// Reads some states and views at any position.
pub struct Watcher {
    states: Vec<(Stream, Timeline<Hydrated>)>,
    views: Vec<(Rc<str>, Timeline<Subscriber>)>,
}

/// What is read at one position, by the names of streams and read models.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchedFolds {
    /// Stream → state.
    pub states: Map<Rc<str>, Value>,
    /// Title → what the read model or process shows, by its keys.
    pub views: Map<Rc<str>, Value>,
}

impl Watcher {
    /// A watcher of these streams and read models.
    ///
    /// # Errors
    /// A sentence that names what is not there.
    pub fn new(world: &World, states: &[String], views: &[String]) -> Result<Self, String> {
        let mut watcher = Self { states: Vec::new(), views: Vec::new() };
        for name in states {
            let stream = Stream::parse(name).ok();
            let known = stream.and_then(|stream| {
                let aggregate = world.scenario().aggregate_of(stream.category())?;
                Some((stream, aggregate.timeline()))
            });
            let why = || format!("there is no stream {name}: streams are named like cart-1");
            watcher.states.push(known.ok_or_else(why)?);
        }
        for name in views {
            let known = world.subscription(name);
            let known =
                known.and_then(|it| Some((it.name().clone(), world.reader(it.name(), it.code())?)));
            let why = || format!("nothing called {name} runs here");
            watcher.views.push(known.ok_or_else(why)?);
        }
        Ok(watcher)
    }

    /// What is there at a position.
    pub fn at(&mut self, world: &World, position: u64) -> WatchedFolds {
        let log = world.log();
        let mut read = WatchedFolds::default();
        for (stream, timeline) in &mut self.states {
            timeline.load(stream, log.version_at(stream, position), log);
            read.states.insert(stream.as_str().into(), timeline.state());
        }
        for (name, timeline) in &mut self.views {
            read.views.insert(name.clone(), keyed(&timeline.view(position, log)));
        }
        read
    }
}
