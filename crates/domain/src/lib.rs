//! This room turns a person's JavaScript into a [`Scenario`](es::Scenario) like any
//! other.
//!
//! The code runs in an [`Engine`], an interpreter that shares nothing with the page. `bridge.js` runs
//! in it first: it takes away what would make the code unpredictable, defines the words that the
//! code is written in, and answers calls in JSON. States stay inside, frozen, and are known here by
//! number. Events are parsed once and folded in batches, because a call costs more than a fold.
//!
//! This room opens no log, stores nothing and knows no page.

mod engine;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod code;
mod shape;
mod views;
mod objects;
mod own;
mod outline;
mod watch;

pub use engine::{Ended, Engine, Fault, Halt, Thrown};
#[cfg(not(target_arch = "wasm32"))]
pub use native::NativeEngine;
pub use outline::outline;
pub use own::{Compared, OwnDomain, SpecResult, WrongSpec};
pub use watch::{Watch, WatchedAt};

/// What runs in an engine before a person's text. It evaluates to the function that is called. A page
/// fetches it beside the interpreter.
#[cfg(not(target_arch = "wasm32"))]
pub const BRIDGE: &str = include_str!("bridge.js");
