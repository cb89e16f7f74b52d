//! Events in the shape in which they were stored, which may have changed since.

use serde::Serialize;
use serde_json::Value;

/// An event in the shape in which it was stored. An upcaster may change any of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stored {
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The schema that it was written under.
    pub schema: u16,
    /// Its data.
    pub data: Value,
}

/// An event that this page cannot read. It stays in the log, visible, with the reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unreadable {
    /// What is stored.
    pub stored: Stored,
    /// Why it cannot be read, in a sentence.
    pub why: String,
}
