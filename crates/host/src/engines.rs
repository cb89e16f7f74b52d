//! What makes interpreters for people's own code.

use std::cell::RefCell;
use std::rc::Rc;

use domain::Engine;
use es::NameSet;
use futures::future::{LocalBoxFuture, ready};

/// What makes interpreters. A browser has to fetch the interpreter first.
pub trait Engines {
    /// A new interpreter.
    fn engine(&self) -> LocalBoxFuture<'static, Result<Box<dyn Engine>, String>>;

    /// The text that somebody begins with.
    fn start(&self) -> LocalBoxFuture<'static, Result<String, String>>;
}

/// No interpreters at all.
pub struct NoEngines;

impl Engines for NoEngines {
    fn engine(&self) -> LocalBoxFuture<'static, Result<Box<dyn Engine>, String>> {
        Box::pin(ready(Err("there is no interpreter here".to_owned())))
    }

    fn start(&self) -> LocalBoxFuture<'static, Result<String, String>> {
        Box::pin(ready(Err("there is no interpreter here".to_owned())))
    }
}

/// The texts that were let run since the page was opened. They need not be asked about again.
pub(crate) type Trusted = Rc<RefCell<NameSet<Rc<str>>>>;
