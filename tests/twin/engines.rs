//! Native interpreters for a host.

use std::cell::Cell;
use std::rc::Rc;

use futures::future::{LocalBoxFuture, ready};
use leftfold::domain::Engine;
use leftfold::host::Engines;

use crate::twin::engine;

/// Native interpreters, as long as they are there.
pub struct NativeEngines {
    pub there: Rc<Cell<bool>>,
}

impl Default for NativeEngines {
    fn default() -> Self {
        Self { there: Rc::new(Cell::new(true)) }
    }
}

impl Engines for NativeEngines {
    fn engine(&self) -> LocalBoxFuture<'static, Result<Box<dyn Engine>, String>> {
        let missing = || Err("there is no network".to_owned());
        Box::pin(ready(if self.there.get() { Ok(engine()) } else { missing() }))
    }

    fn start(&self) -> LocalBoxFuture<'static, Result<String, String>> {
        Box::pin(ready(Ok(START.to_owned())))
    }
}

/// The text that people begin with.
const START: &str = include_str!("../../crates/domain/twins/start.js");
