//! Leftfold: see event sourcing work.
pub mod es;
pub mod scenarios;
