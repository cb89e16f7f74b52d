//! What is said of a person: text that is sealed before anybody writes it down, and can be read only
//! with the person's key. Whoever destroys the key forgets the person, and the events stay.
//!
//! A seal looks like `⟦…⟧`, and may stand in the middle of a text. This room knows where seals are.
//! It has no keys, and neither seals nor opens anything: to `decide`, `evolve` and `apply`, a seal is
//! text like any other.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Cell, View};

/// Begins a seal.
pub const SEAL_BEGINS: char = '⟦';
/// Ends a seal.
pub const SEAL_ENDS: char = '⟧';
/// What the JSON schema of a [`Personal`] calls its format.
pub const PERSONAL: &str = "personal";

/// Text about a person. In a stored command or event it is sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal(Rc<str>);

impl Personal {
    /// True where nothing was written. That is never sealed.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl From<&str> for Personal {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&Personal> for Cell {
    fn from(personal: &Personal) -> Self {
        Self::Text(personal.0.clone())
    }
}

impl JsonSchema for Personal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        PERSONAL.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": PERSONAL })
    }
}

/// The seals in a text, each without what begins and ends it.
pub fn seals(text: &str) -> impl Iterator<Item = &str> {
    text.split(SEAL_BEGINS).skip(1).filter_map(|it| Some(it.split_once(SEAL_ENDS)?.0))
}

/// The text with each seal replaced by what `open` makes of it; None leaves it as it is.
pub fn opened<'a>(text: &'a str, open: &dyn Fn(&str) -> Option<String>) -> Cow<'a, str> {
    let Some((before, sealed)) = text.split_once(SEAL_BEGINS) else { return Cow::Borrowed(text) };
    let mut out = before.to_owned();
    for part in sealed.split(SEAL_BEGINS) {
        let readable = part.split_once(SEAL_ENDS).and_then(|(it, rest)| Some((open(it)?, rest)));
        if let Some((readable, rest)) = readable {
            out.push_str(&readable);
            out.push_str(rest);
        } else {
            out.push(SEAL_BEGINS);
            out.push_str(part);
        }
    }
    Cow::Owned(out)
}

/// Opens the seals in all texts of a JSON value.
pub fn open_value(value: &mut Value, open: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(opened) = opened(text, open) {
                *text = opened;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|it| open_value(it, open)),
        Value::Object(fields) => fields.values_mut().for_each(|it| open_value(it, open)),
        _ => {}
    }
}

/// Opens the seals in all that a view shows. Its keys stay as they are.
pub fn open_view(view: View, open: &dyn Fn(&str) -> Option<String>) -> View {
    let text = |it: &str| opened(it, open).into_owned();
    let shared = |it: Rc<str>| match opened(&it, open) {
        Cow::Owned(opened) => opened.into(),
        Cow::Borrowed(_) => it.clone(),
    };
    match view {
        View::Table(mut table) => {
            for cell in table.rows.iter_mut().flat_map(|row| &mut row.cells) {
                if let Cell::Text(it) = cell {
                    *it = shared(it.clone());
                }
            }
            View::Table(table)
        }
        View::Documents { documents, money } => {
            let documents = documents.into_iter().map(|(key, mut value)| {
                open_value(&mut value, open);
                (key, value)
            });
            View::Documents { documents: documents.collect(), money }
        }
        View::Pages { pages } => {
            View::Pages { pages: pages.into_iter().map(|(key, it)| (key, text(&it))).collect() }
        }
        View::Files { files } => {
            let files = files.into_iter().map(|(name, mut file)| {
                file.text = text(&file.text);
                (name, file)
            });
            View::Files { files: files.collect() }
        }
        View::Graph { nodes, edges } => {
            let nodes = nodes.into_iter().map(|(key, it)| (key, text(&it))).collect();
            View::Graph { nodes, edges }
        }
        View::Bars { unit, money, mut bars } => {
            for bar in &mut bars {
                bar.name = shared(bar.name.clone());
            }
            View::Bars { unit, money, bars }
        }
        View::Search { titles, terms } => {
            let titles = titles.into_iter().map(|(key, it)| (key, text(&it))).collect();
            View::Search { titles, terms }
        }
        View::Chart { .. } => view,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loud(seal: &str) -> Option<String> {
        (seal != "x").then(|| seal.to_uppercase())
    }

    #[test]
    fn seals_are_opened_wherever_they_stand_in_a_text() {
        for (text, open) in [
            ("plain", "plain"),
            ("⟦a⟧", "A"),
            ("Dear ⟦lola⟧, ⟦b⟧!", "Dear LOLA, B!"),
            ("⟦x⟧ stays, ⟦a⟧ does not", "⟦x⟧ stays, A does not"),
            ("⟦never ends", "⟦never ends"),
            ("⟦⟦a⟧", "⟦A"),
            ("⟧ ⟦", "⟧ ⟦"),
        ] {
            assert_eq!(opened(text, &loud), open);
        }
        assert_eq!(seals("Dear ⟦lola⟧, ⟦b⟧ ⟦").collect::<Vec<_>>(), ["lola", "b"]);
    }
}
