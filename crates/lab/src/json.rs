//! Values of our own as JSON text, by way of a [`Value`].
//!
//! serde compiles its reader and its writer for each kind of text once more. By way of a value they
//! are compiled once for each type, which takes a third of the room in the page.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a text says.
///
/// # Errors
/// Where the text is no JSON, or says something else.
pub fn read<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_value(serde_json::from_str::<Value>(text)?)
}

/// It as a text; empty where it cannot be written.
pub fn write<T: Serialize>(it: &T) -> String {
    serde_json::to_value(it).map(|it| it.to_string()).unwrap_or_default()
}
