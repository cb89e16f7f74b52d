//! What an event says. The data of a stored event is read when somebody first asks for it, because
//! opening a long log needs only the events' streams and types.

use std::any::Any;
use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Older, Stored, Unreadable, sentence, tagged};

/// An event as an object. Code that knows its type gets the typed event back by downcasting.
pub trait AnyEvent: Any {
    /// Its data as JSON text, `{}` where it has none.
    fn data(&self) -> Box<RawValue>;
}

impl<E: Serialize + 'static> AnyEvent for E {
    fn data(&self) -> Box<RawValue> {
        tagged::split(self).map(|(_, data)| data).unwrap_or_default()
    }
}

/// What is known of a category's events: their schema, and how one is read.
pub trait AnyEvents {
    /// The category of their streams.
    fn name(&self) -> Rc<str>;
    /// True for the category of their streams.
    fn takes(&self, category: &str) -> bool {
        &*self.name() == category
    }
    /// The schema that they are stored under now.
    fn schema(&self) -> u16;
    /// True where data of that schema is in the current shape.
    fn reads(&self, schema: u16) -> bool {
        schema == self.schema()
    }
    /// The event of a type with this data, in the current schema.
    ///
    /// # Errors
    /// What is wrong with the data, or that there is no such type.
    fn event(&self, kind: &str, data: &str) -> serde_json::Result<Rc<dyn AnyEvent>>;
    /// Lifts an event stored under an older schema by one schema.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn upcast(&self, stored: Stored) -> Result<Stored, String>;
    /// Events as older versions of the code wrote them.
    fn older(&self) -> Vec<Older> {
        Vec::new()
    }
}

/// What an event says, if it can be read.
#[derive(Clone)]
pub enum Body {
    /// The event of its aggregate, typed.
    Known(Rc<dyn AnyEvent>),
    /// Stored bytes that no aggregate understands.
    Unreadable(Rc<Unreadable>),
}

impl Body {
    /// What data in the current schema says.
    pub(super) fn read(events: &dyn AnyEvents, kind: &str, data: &str) -> Self {
        match events.event(kind, data) {
            Ok(event) => Self::Known(event),
            Err(error) => Self::unreadable(kind, events.schema(), data, sentence(&error)),
        }
    }

    /// Its data as JSON text; that which was stored where it cannot be read.
    pub(super) fn data(&self) -> Box<RawValue> {
        match self {
            Self::Known(event) => event.data(),
            Self::Unreadable(unreadable) => {
                serde_json::value::to_raw_value(&unreadable.stored.data).unwrap_or_default()
            }
        }
    }

    /// Data that cannot be read, as it is, and why.
    pub(super) fn unreadable(kind: &str, schema: u16, data: &str, why: String) -> Self {
        let data = serde_json::from_str(data).unwrap_or_default();
        let stored = Stored { kind: kind.to_owned(), schema, data };
        Self::Unreadable(Rc::new(Unreadable { stored, why }))
    }
}

/// A body that is read from its data when it is first asked for.
pub(super) struct Late {
    body: OnceCell<Body>,
    /// What to read it from. Boxed, because every event has this field and most have been read.
    unread: Cell<Option<Box<Unread>>>,
}

#[derive(Clone)]
struct Unread {
    events: Rc<dyn AnyEvents>,
    data: Box<str>,
}

impl Late {
    /// Data in the current schema.
    pub(super) fn unread(events: Rc<dyn AnyEvents>, data: &str) -> Self {
        let unread = Unread { events, data: data.into() };
        Self { body: OnceCell::new(), unread: Cell::new(Some(unread.into())) }
    }

    /// The body; `kind` is the event's type.
    #[inline]
    pub(super) fn get(&self, kind: &str) -> &Body {
        self.body.get().unwrap_or_else(|| self.read(kind))
    }

    #[cold]
    #[inline(never)]
    fn read(&self, kind: &str) -> &Body {
        self.body.get_or_init(|| match self.unread.take() {
            Some(it) => Body::read(&*it.events, kind, &it.data),
            None => unreachable!("there is one until there is a body"),
        })
    }
}

impl From<Body> for Late {
    fn from(body: Body) -> Self {
        Self { body: body.into(), unread: Cell::new(None) }
    }
}

impl Clone for Late {
    fn clone(&self) -> Self {
        let unread = self.unread.take();
        self.unread.set(unread.clone());
        Self { body: self.body.clone(), unread: Cell::new(unread) }
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::{Deserialize, Deserializer, Serialize};

    use super::*;
    use crate::{
        Aggregate, Envelope, Recorded, Scenario, StoredCommit, StoredEvent, Stream, command_id,
    };

    thread_local! {
        static READ: Cell<usize> = const { Cell::new(0) };
    }

    #[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
    struct Note {}

    #[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
    enum Event {
        Noted {
            #[serde(deserialize_with = "counted")]
            text: String,
        },
    }

    /// Counts how often it is read.
    fn counted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        READ.set(READ.get() + 1);
        String::deserialize(deserializer)
    }

    #[derive(Debug, thiserror::Error)]
    #[error("no")]
    struct No;

    #[derive(Serialize, Deserialize, JsonSchema)]
    enum Command {}

    impl Aggregate for Note {
        const NAME: &'static str = "note";
        type Command = Command;
        type Event = Event;
        type Rejection = No;

        fn decide(&self, _: Command) -> Result<Vec<Event>, No> {
            Err(No)
        }

        fn evolve(self, _: &Event) -> Self {
            self
        }
    }

    fn recorded(data: &str) -> Recorded {
        let event = StoredEvent {
            stream: Stream::new("note", "1"),
            version: 1,
            kind: "Noted".into(),
            schema: 1,
            at: 0,
            data,
            metadata: None,
        };
        let envelope = Envelope::first(command_id("body", 1), "Alice".into(), 0);
        let commit = StoredCommit { number: 1, after: 0, envelope, events: vec![event] };
        let scenario = Scenario::new("notes", "Notes", "").aggregate::<Note>();
        commit.read(&scenario).events.remove(0)
    }

    #[test]
    fn a_stored_event_is_read_once_and_not_before_somebody_asks() {
        READ.set(0);
        let event = recorded(r#"{"text":"bread"}"#);
        let copy = event.clone();
        assert_eq!((event.position(), &**event.kind()), (1, "Noted"));
        assert_eq!(READ.get(), 0);

        let said = Some(&Event::Noted { text: "bread".into() });
        assert_eq!((event.of::<Note>(), event.of::<Note>()), (said, said));
        assert!(event.unreadable().is_none());
        assert_eq!(event.clone().data().get(), r#"{"text":"bread"}"#);
        assert_eq!(READ.get(), 1);

        assert_eq!(copy.of::<Note>(), said, "a copy made before reads for itself");
        assert_eq!(READ.get(), 2);
    }

    #[test]
    fn what_cannot_be_read_says_so_when_somebody_asks() {
        let event = recorded(r#"{"text":7}"#);
        assert_eq!(event.of::<Note>(), None);
        let unreadable = event.unreadable().unwrap();
        assert_eq!(unreadable.stored.data, serde_json::json!({ "text": 7 }));
        assert!(unreadable.why.contains("text is expected, not 7"), "{}", unreadable.why);
        assert_eq!(event.data().get(), r#"{"text":7}"#);
    }
}
