//! Leftfold: see event sourcing work.
pub mod es;
pub mod lab;
pub mod scenarios;
pub mod store;
