//! Events in the shape in which they were stored, which may have changed since. A stored event is
//! lifted from schema to schema, one step after the other, until it has the current shape.

use std::rc::Rc;

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

/// An event as an older version of the code wrote it, to try out how it is read now.
#[derive(Clone, Debug, PartialEq)]
pub struct Older {
    /// What is old about it, in a sentence.
    pub about: Rc<str>,
    /// How it was stored.
    pub stored: Stored,
}

impl Older {
    /// An event of a type, stored under a schema.
    pub fn new(about: &str, kind: &str, schema: u16, data: Value) -> Self {
        Self { about: about.into(), stored: Stored { kind: kind.to_owned(), schema, data } }
    }
}

/// The way of a stored event to the current schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Lifting {
    /// The shapes that it has had: first as it is stored, then after each step.
    pub shapes: Vec<Stored>,
    /// Why the next step fails. None where the last shape is the current one.
    pub fails: Option<String>,
}

/// An event that this page cannot read. It stays in the log, visible, with the reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unreadable {
    /// What is stored.
    pub stored: Stored,
    /// Why it cannot be read, in a sentence.
    pub why: String,
}
