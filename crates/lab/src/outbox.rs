//! The outbox: side effects as values, and whether they were performed.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The status of a side effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EffectStatus {
    /// The effect was performed.
    Performed,
    /// The effect was held back: a process asked for it again in a replay, or at a second delivery.
    Suppressed,
}

/// A side effect that a process asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The effect's id, which follows from process, instance and step.
    pub id: Uuid,
    /// The process that asked for it.
    pub process: Rc<str>,
    /// The instance of the process.
    pub instance: Rc<str>,
    /// The type of the effect.
    #[serde(rename = "type")]
    pub kind: Rc<str>,
    /// The effect's data.
    pub data: Value,
    /// The position of the event that the process reacted to.
    pub position: u64,
    /// When the effect was performed or held back, in milliseconds since 1970.
    pub at: u64,
    /// Whether it was performed or held back.
    pub status: EffectStatus,
    /// How many times the effect had been performed before. It is 0 unless the replay guard was
    /// off.
    #[serde(default, skip_serializing_if = "is_default")]
    pub repeat: u64,
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
