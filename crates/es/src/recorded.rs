//! An event as the log holds it: the fact, its place, and where it came from.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use serde_json::value::RawValue;
use uuid::Uuid;

use super::body::Late;
use super::{
    Aggregate, Body, CommandRecord, Envelope, Metadata, Origin, Stored, Stream, Unreadable,
    event_id,
};

/// One recorded event. Cheap to clone; it never changes.
#[derive(Clone)]
pub struct Recorded {
    pub(super) position: u64,
    pub(super) version: u64,
    pub(super) at: u64,
    pub(super) stream: Stream,
    pub(super) kind: Rc<str>,
    pub(super) schema: u16,
    pub(super) index: u32,
    pub(super) envelope: Rc<Envelope>,
    pub(super) body: Late,
    pub(super) stored: Option<Rc<Stored>>,
    pub(super) metadata: Option<Rc<Metadata>>,
}

impl Recorded {
    /// Its place in the whole log, from 1.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Its place in its stream, from 1.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The stream that it belongs to.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The id of its stream, without the category.
    pub fn key(&self) -> &Rc<str> {
        self.stream.id()
    }

    /// Its type: `AddedToCart`.
    pub fn kind(&self) -> &Rc<str> {
        &self.kind
    }

    /// The schema of its data, as it is understood now.
    pub fn schema(&self) -> u16 {
        self.schema
    }

    /// When it was recorded, in milliseconds since 1970.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Its id, which follows from its command's.
    pub fn id(&self) -> Uuid {
        event_id(self.envelope.command_id, self.index)
    }

    /// The id of the command whose outcome it is.
    pub fn command_id(&self) -> Uuid {
        self.envelope.command_id
    }

    /// The id of the message that the command answered; its own where a person sent it.
    pub fn causation_id(&self) -> Uuid {
        self.envelope.causation_id
    }

    /// The id shared by everything that followed from one first command.
    pub fn correlation_id(&self) -> Uuid {
        self.envelope.correlation_id
    }

    /// Who sent the command.
    pub fn actor(&self) -> &Rc<str> {
        &self.envelope.actor
    }

    /// How it came into the log.
    pub fn origin(&self) -> Origin {
        self.envelope.origin
    }

    /// What it shares with the other events of its commit.
    pub fn envelope(&self) -> &Rc<Envelope> {
        &self.envelope
    }

    /// The command itself, where there was one.
    pub fn command(&self) -> Option<&CommandRecord> {
        self.envelope.command.as_ref()
    }

    /// The event, if it is one of `A`'s and can be read.
    #[inline]
    pub fn of<A: Aggregate>(&self) -> Option<&A::Event> {
        match self.body() {
            Body::Known(event) => (&**event as &dyn Any).downcast_ref(),
            Body::Unreadable(_) => None,
        }
    }

    /// Its data as JSON text, in its current shape.
    pub fn data(&self) -> Box<RawValue> {
        self.body().data()
    }

    /// What it says.
    pub fn body(&self) -> &Body {
        self.body.get(&self.kind)
    }

    /// What is stored, and why it cannot be read. None where it can be read.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        match self.body() {
            Body::Known(_) => None,
            Body::Unreadable(unreadable) => Some(unreadable),
        }
    }

    /// The shape in which it was stored. None where that is the current one.
    pub fn stored(&self) -> Option<&Stored> {
        self.stored.as_deref()
    }

    /// What came with it from elsewhere. None for most events.
    pub fn metadata(&self) -> Option<&Rc<Metadata>> {
        self.metadata.as_ref()
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {} v{} {}", self.position, self.stream, self.version, self.kind)
    }
}
