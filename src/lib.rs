//! Leftfold: see event sourcing work.
//!
//! A command is decided by an aggregate and recorded as events; states, read models and processes
//! are left folds over those events; a slider stops all the folds at any position.
//!
//! # Code map
//! Each room is a crate under `crates/`, and imports only rooms that stand before it here.
//!
//! - [`es`]: the kernel. An [`Aggregate`](es::Aggregate) decides commands and evolves with
//!   events, an [`EventLog`](es::EventLog) records them, a [`Timeline`](es::Timeline) folds them
//!   up to anywhere, a [`Projection`](es::Projection) reads, a
//!   [`ProcessManager`](es::ProcessManager) reacts. **It never reads a clock, draws a random
//!   number or does I/O**, and `evolve` and `apply` never panic, whatever the history.
//! - `foreign`: files of other tools. **It knows no log.**
//! - [`codec`]: a log as bytes, for a store and for archives. **It does no I/O and never panics,
//!   whatever the bytes are.**
//! - [`scenarios`]: one file or folder a domain, and the registry. **Domains never import each
//!   other.**
//! - [`domain`]: a person's own JavaScript as a scenario. **It knows no page, and what runs in it
//!   reaches nothing outside.**
//! - [`lab`]: a running [`World`](lab::World) in micro-steps, and a
//!   [`Session`](lab::Session) with a playhead over it. **Sans-I/O: what must be stored is
//!   handed out, and nothing is a fact before the store has it.**
//! - [`store`]: logs kept in memory and in IndexedDB, behind one port. **It folds and decides
//!   nothing.**
//! - [`host`]: an open log, driven over a store, its peers, a clock and ids that are passed in.
//!   **It spawns nothing and touches no browser**, so that tests drive it as the page does.
//! - [`lessons`]: exercises, each a log, a task and a goal that is judged on the running system.
//!   **It fetches nothing and draws nothing.**
//! - `ui`: the page, on wasm32 only. **Nothing else names Yew.**
//!
//! The kernel and the codec are compiled for speed; the page, which is mostly drawing, is
//! compiled for size.

pub use host;
pub use host::{codec, domain, es, lab, scenarios, store};
pub use lessons;

#[cfg(target_arch = "wasm32")]
pub mod ui;

/// The scenario of the document is compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../docs/scenario-authors.md")]
struct ScenarioAuthors;
