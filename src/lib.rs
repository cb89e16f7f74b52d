//! Leftfold: see event sourcing work.
pub mod es;
pub mod lab;
mod scenarios;
pub mod store;
#[cfg(target_arch = "wasm32")]
pub mod ui;
