//! Side effects as values: what processes asked for, and whether it was done.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// What became of a side effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EffectStatus {
    /// It was performed.
    Performed,
    /// It was asked for again while history was replayed, or delivered twice, and held back.
    Suppressed,
}

/// A side effect that a process asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Its id, which follows from process, instance and step.
    pub id: Uuid,
    /// Who asked for it.
    pub process: Rc<str>,
    /// For which run of the process.
    pub instance: Rc<str>,
    /// What kind of thing it is.
    #[serde(rename = "type")]
    pub kind: Rc<str>,
    /// The particulars.
    pub data: Value,
    /// The position of the event that it answers.
    pub position: u64,
    /// When it was performed or held back, in milliseconds since 1970.
    pub at: u64,
    /// What became of it.
    pub status: EffectStatus,
    /// How many times it had been performed before: never, unless the replay guard was off.
    #[serde(default, skip_serializing_if = "is_default")]
    pub repeat: u64,
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
