//! What a writer wants appended, and which version it expects: optimistic concurrency.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::envelope::same_data;
use super::{Aggregate, AnyEvent, Body, Envelope, Metadata, Recorded, Stored, Stream, tagged};

/// Which version of a stream a writer expects: optimistic concurrency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The stream stands at this version; 0 where it does not exist.
    Exact(u64),
    /// The stream has at least one event.
    Exists,
    /// Nothing. The append never fails for its version.
    Any,
    /// No stream of its category has an event after this position. This guards a rule over all of
    /// them, such as that no two accounts have one name.
    Category(u64),
}

impl Expected {
    /// True where a stream at version `actual` is what was expected. For a category, `actual` is
    /// the position of its last event.
    pub fn holds(self, actual: u64) -> bool {
        match self {
            Self::Category(position) => actual <= position,
            Self::Exact(version) => version == actual,
            Self::Exists => actual > 0,
            Self::Any => true,
        }
    }
}

impl Expected {
    /// What was expected of a stream and what was found, in a sentence without its full stop.
    pub fn sentence(self, stream: &Stream, actual: u64) -> String {
        match self {
            Self::Category(position) => format!(
                "no {} was to change after event {position}, and event {actual} has changed one",
                stream.category()
            ),
            expected => format!("{stream} was expected at {expected} and is at version {actual}"),
        }
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(0) => f.write_str("no stream"),
            Self::Exact(version) => write!(f, "version {version}"),
            Self::Exists => f.write_str("a stream"),
            Self::Any => f.write_str("any version"),
            Self::Category(position) => write!(f, "no change after event {position}"),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum ExpectedText {
    Version(u64),
    Word(String),
    Category { category: u64 },
}

impl Serialize for Expected {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Exact(version) => serializer.serialize_u64(*version),
            Self::Exists => serializer.serialize_str("exists"),
            Self::Any => serializer.serialize_str("any"),
            Self::Category(category) => {
                ExpectedText::Category { category: *category }.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match ExpectedText::deserialize(deserializer) {
            Ok(ExpectedText::Version(version)) => Ok(Self::Exact(version)),
            Ok(ExpectedText::Word(word)) if word == "exists" => Ok(Self::Exists),
            Ok(ExpectedText::Word(word)) if word == "any" => Ok(Self::Any),
            Ok(ExpectedText::Category { category }) => Ok(Self::Category(category)),
            _ => Err(serde::de::Error::custom(
                "an expected version is a number from 0, \"exists\" or \"any\"",
            )),
        }
    }
}

/// A stream had another version than its writer expected. Nothing was appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", expected.sentence(stream, *actual))]
pub struct WrongExpectedVersion {
    /// The stream.
    pub stream: Stream,
    /// What was expected.
    pub expected: Expected,
    /// The version found; for a category, the position of its last event.
    pub actual: u64,
}

/// An event on its way into the log, without a place yet.
#[derive(Clone)]
pub struct Draft {
    /// Where it goes.
    pub stream: Stream,
    /// Its type.
    pub kind: Rc<str>,
    /// The schema of its data.
    pub schema: u16,
    /// What it says.
    pub body: Body,
    /// The shape in which it is stored. None where that is the current one.
    pub stored: Option<Rc<Stored>>,
    /// When it happened, where that is not the envelope's time.
    pub at: Option<u64>,
    /// What came with it from elsewhere.
    pub metadata: Option<Rc<Metadata>>,
}

/// Events to append, all of them or none.
pub struct Proposal {
    /// What its events share.
    pub envelope: Envelope,
    /// The version that a stream is expected to have. None where nothing is expected.
    pub expected: Option<(Stream, Expected)>,
    /// The events, in order.
    pub events: Vec<Draft>,
}

impl Draft {
    /// True where a recorded event says the same in the same stream.
    pub fn records_as(&self, event: &Recorded) -> bool {
        (&self.stream, &self.kind) == (event.stream(), event.kind())
            && same_data(self.body.data().get(), event.data().get())
    }

    /// An event of `A` for one of its streams.
    pub fn of<A: Aggregate>(stream: Stream, event: A::Event) -> Self {
        Self::known(stream, tagged::kind(&event), A::SCHEMA, Rc::new(event))
    }

    fn known(stream: Stream, kind: &str, schema: u16, event: Rc<dyn AnyEvent>) -> Self {
        let body = Body::Known(event);
        Self { stream, kind: kind.into(), schema, body, stored: None, at: None, metadata: None }
    }
}

impl From<Recorded> for Draft {
    /// The same event, to be given another place.
    fn from(event: Recorded) -> Self {
        let body = event.body().clone();
        Self {
            stream: event.stream,
            kind: event.kind,
            schema: event.schema,
            body,
            stored: event.stored,
            at: Some(event.at),
            metadata: event.metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_expected_version_is_said_in_a_sentence() {
        let said = |expected| {
            let stream = Stream::new("note", "1");
            WrongExpectedVersion { stream, expected, actual: 2 }.to_string()
        };
        assert_eq!(
            said(Expected::Exact(1)),
            "note-1 was expected at version 1 and is at version 2"
        );
        assert_eq!(
            said(Expected::Exact(0)),
            "note-1 was expected at no stream and is at version 2"
        );
        assert_eq!(said(Expected::Exists), "note-1 was expected at a stream and is at version 2");
        assert_eq!(Expected::Any.to_string(), "any version");
        assert_eq!(
            said(Expected::Category(1)),
            "no note was to change after event 1, and event 2 has changed one"
        );
    }

    #[test]
    fn an_expected_version_is_a_number_or_one_of_two_words() {
        let table = [
            ("0", Expected::Exact(0)),
            ("7", Expected::Exact(7)),
            ("\"exists\"", Expected::Exists),
            ("\"any\"", Expected::Any),
            ("{\"category\":12}", Expected::Category(12)),
        ];
        for (text, expected) in table {
            assert_eq!(serde_json::from_str::<Expected>(text).unwrap(), expected);
            assert_eq!(serde_json::to_string(&expected).unwrap(), text);
        }
        for text in ["-1", "1.5", "\"none\"", "null", "[]"] {
            let error = serde_json::from_str::<Expected>(text).unwrap_err().to_string();
            let sentence = "an expected version is a number from 0, \"exists\" or \"any\"";
            assert!(error.starts_with(sentence), "{text}: {error}");
        }
    }
}
