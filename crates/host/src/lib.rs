//! An open log, driven.

pub use {codec, es, lab, scenarios, store};
