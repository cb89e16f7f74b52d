//! A commit in its stored form, plain JSON without the types of any domain; and how it is read
//! again, in the types of a scenario.

use std::rc::Rc;

use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::body::Late;
use super::{Body, Commit, Draft, Envelope, Metadata, Recorded, Scenario, Stream};

/// A commit in its stored form: plain JSON, no types of any domain. `D` is how its events hold
/// their data: as text of their own, or as a part of the text that the commit was read from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "D: Json"))]
pub struct StoredCommit<D = Box<RawValue>> {
    /// Its place among the log's commits, from 1.
    #[serde(default)]
    pub number: u64,
    /// The log's head before it.
    pub after: u64,
    /// What its events share.
    pub envelope: Envelope,
    /// Its events.
    pub events: Vec<StoredEvent<D>>,
}

/// An event in its stored form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredEvent<D = Box<RawValue>> {
    /// The stream that it belongs to.
    pub stream: Stream,
    /// Its place in the stream.
    pub version: u64,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Rc<str>,
    /// The schema of its data. [`UNSTATED`] where it came from elsewhere and nobody has said.
    pub schema: u16,
    /// When it was recorded, in milliseconds since 1970.
    pub at: u64,
    /// Its data, as JSON text.
    #[serde(serialize_with = "as_json", bound(serialize = "D: Json"))]
    pub data: D,
    /// What came with it from elsewhere. None for most events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Rc<Metadata>>,
}

/// The schema of an event that nobody has said. Schemas are counted from 1.
pub const UNSTATED: u16 = 0;

/// JSON, as text.
pub trait Json {
    /// The text.
    fn text(&self) -> &str;
}

impl Json for Box<RawValue> {
    fn text(&self) -> &str {
        self.get()
    }
}

impl Json for &str {
    fn text(&self) -> &str {
        self
    }
}

fn as_json<S: Serializer>(data: &impl Json, serializer: S) -> Result<S::Ok, S::Error> {
    let data: &RawValue = serde_json::from_str(data.text()).map_err(S::Error::custom)?;
    data.serialize(serializer)
}

impl From<&Commit> for StoredCommit {
    fn from(commit: &Commit) -> Self {
        Self {
            number: commit.number,
            after: commit.after,
            envelope: (*commit.envelope).clone(),
            events: commit.events.iter().map(StoredEvent::from).collect(),
        }
    }
}

impl From<&Recorded> for StoredEvent {
    /// An event keeps the shape in which it was stored, however it is understood now.
    fn from(event: &Recorded) -> Self {
        let older = event.stored().or_else(|| event.unreadable().map(|it| &it.stored));
        let (kind, schema, data) = match older {
            Some(it) => {
                (it.kind.as_str().into(), it.schema, to_raw_value(&it.data).unwrap_or_default())
            }
            None => (event.kind().clone(), event.schema(), event.data()),
        };
        let (stream, metadata) = (event.stream().clone(), event.metadata().cloned());
        Self { stream, version: event.version(), kind, schema, at: event.at(), data, metadata }
    }
}

impl<D: Json> StoredCommit<D> {
    /// The commit, with its events in the types of `scenario`. An event of an unknown category, or
    /// one that its aggregate cannot read, is in it as unreadable.
    pub fn read(self, scenario: &Scenario) -> Commit {
        let envelope = Rc::new(self.envelope);
        let events = (self.after + 1..).zip(0..).zip(self.events).map(|((position, index), it)| {
            let data = it.data.text();
            let (kind, schema, body, stored) = match scenario.aggregate_of(it.stream.category()) {
                Some(aggregate) if aggregate.reads(it.schema) && it.no_json().is_none() => {
                    (it.kind, it.schema, Late::unread(aggregate.clone(), data), None)
                }
                _ => {
                    let draft = it.draft(scenario, it.schema);
                    (draft.kind, draft.schema, draft.body.into(), draft.stored)
                }
            };
            let (envelope, metadata) = (envelope.clone(), it.metadata);
            let (version, at, stream) = (it.version, it.at, it.stream);
            Recorded {
                position,
                version,
                at,
                stream,
                kind,
                schema,
                index,
                envelope,
                body,
                stored,
                metadata,
            }
        });
        let events = events.collect();
        Commit { number: self.number, after: self.after, envelope, events }
    }

    fn with_data<'a, E>(&'a self, data: impl Fn(&'a str) -> E) -> StoredCommit<E> {
        let events = self.events.iter().map(|it| StoredEvent {
            stream: it.stream.clone(),
            version: it.version,
            kind: it.kind.clone(),
            schema: it.schema,
            at: it.at,
            data: data(it.data.text()),
            metadata: it.metadata.clone(),
        });
        let events = events.collect();
        let envelope = self.envelope.clone();
        StoredCommit { number: self.number, after: self.after, envelope, events }
    }

    /// The same commit; its events borrow their data from this one.
    pub fn lent(&self) -> StoredCommit<&str> {
        self.with_data(|text| text)
    }

    /// The same commit; its events own their data. Data that is not JSON becomes a JSON string; no
    /// store writes such data.
    pub fn owned(&self) -> StoredCommit {
        self.with_data(|text| {
            RawValue::from_string(text.to_owned())
                .or_else(|_| to_raw_value(text))
                .unwrap_or_default()
        })
    }
}

impl<D: Json> StoredEvent<D> {
    /// True where `scenario` can read it.
    pub fn readable(&self, scenario: &Scenario) -> bool {
        let schema = self.fitting_schema(scenario);
        matches!(self.draft(scenario, schema).body, Body::Known(_))
    }

    /// The schema of its data. Where nobody has said it, that is the newest schema in which
    /// `scenario` can read the data, and the newest one of all where it cannot. It stays unstated
    /// where the scenario has no such category.
    pub fn fitting_schema(&self, scenario: &Scenario) -> u16 {
        let aggregate = scenario.aggregate_of(self.stream.category());
        let Some(aggregate) = aggregate.filter(|_| self.schema == UNSTATED) else {
            return self.schema;
        };
        let newest = aggregate.schema();
        let fits = |schema: &u16| matches!(self.draft(scenario, *schema).body, Body::Known(_));
        (1..=newest).rev().find(fits).unwrap_or(newest)
    }

    /// Why nobody can read it, where its data is no JSON.
    pub fn no_json(&self) -> Option<String> {
        self.metadata.as_ref()?.no_json(self.data.text())
    }

    /// The event as `scenario` understands it under this schema.
    fn draft(&self, scenario: &Scenario, schema: u16) -> Draft {
        let data = self.data.text();
        let Some(why) = self.no_json() else {
            return read_shared(scenario, &self.stream, &self.kind, schema, data);
        };
        let body = Body::unreadable(&self.kind, schema, data, why);
        let (stream, kind) = (self.stream.clone(), self.kind.clone());
        Draft { stream, kind, schema, body, stored: None, at: None, metadata: None }
    }
}

/// Reads an event as the aggregate of its category understands it.
pub fn read_event(
    scenario: &Scenario,
    stream: &Stream,
    kind: &str,
    schema: u16,
    data: &RawValue,
) -> Draft {
    read_shared(scenario, stream, &kind.into(), schema, data.get())
}

/// Like [`read_event`]; the event shares the text of its type's name.
fn read_shared(
    scenario: &Scenario,
    stream: &Stream,
    kind: &Rc<str>,
    schema: u16,
    data: &str,
) -> Draft {
    if let Some(aggregate) = scenario.aggregate_of(stream.category()) {
        return aggregate.read(stream, kind, schema, data);
    }
    let why = format!("this scenario has no {}", stream.category());
    let body = Body::unreadable(kind, schema, data, why);
    let (stream, kind) = (stream.clone(), kind.clone());
    Draft { stream, kind, schema, body, stored: None, at: None, metadata: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_id;

    #[test]
    fn metadata_stays_with_its_event_and_says_why_data_that_is_no_json_is_unreadable() {
        let metadata = [("datacontenttype", "\"image/png\""), ("data_base64", "\"iVBO\"")];
        let event = StoredEvent {
            stream: Stream::new("note", "1"),
            version: 1,
            kind: "Noted".into(),
            schema: 1,
            at: 0,
            data: RawValue::from_string("\"iVBO\"".to_owned()).unwrap(),
            metadata: Metadata::of(&metadata),
        };
        let envelope = Envelope::first(command_id("stored", 1), "Alice".into(), 0);
        let stored = StoredCommit { number: 1, after: 0, envelope, events: vec![event] };
        let text = serde_json::to_string(&stored).unwrap();
        let read: StoredCommit = serde_json::from_str(&text).unwrap();
        let commit = read.read(&Scenario::new("notes", "Notes", ""));
        let why = &commit.events[0].unreadable().unwrap().why;
        assert_eq!(why, "its data is no JSON, but 3 bytes of image/png");
        assert_eq!(serde_json::to_string(&StoredCommit::from(&commit)).unwrap(), text);
    }
}
