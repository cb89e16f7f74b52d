//! Ids: typed references between aggregates, and the ids that follow from other ids.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Aggregate, Stream};

/// The bare id of an `A` inside a command or an event: `"1"` for `account-1`. Its JSON schema
/// names the category, so that a form can offer the ids that exist.
pub struct Id<A>(Rc<str>, PhantomData<fn() -> A>);

impl<A> Id<A> {
    /// An id from its text.
    pub fn new(text: impl Into<Rc<str>>) -> Self {
        Self(text.into(), PhantomData)
    }

    /// The text, shared.
    pub fn key(&self) -> &Rc<str> {
        &self.0
    }

    /// True where the text is blank.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl<A: Aggregate> Id<A> {
    /// The stream that this id names.
    pub fn stream(&self) -> Stream {
        Stream::new(A::NAME, &self.0)
    }
}

impl<A> Clone for Id<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<A> Default for Id<A> {
    fn default() -> Self {
        Self::new("")
    }
}

impl<A> PartialEq for Id<A> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<A> Eq for Id<A> {}

impl<A> PartialOrd for Id<A> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<A> Ord for Id<A> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<A> fmt::Debug for Id<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl<A> fmt::Display for Id<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<A> From<&str> for Id<A> {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl<A> Serialize for Id<A> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, A> Deserialize<'de> for Id<A> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Rc::<str>::deserialize(deserializer).map(Self::new)
    }
}

impl<A: Aggregate> JsonSchema for Id<A> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("id-of-{}", A::NAME).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": format!("id-of-{}", A::NAME) })
    }
}

const COMMANDS: Uuid = Uuid::from_u128(0x6c65_6674_666f_6c64_8000_636f_6d6d_616e);
const REACTIONS: Uuid = Uuid::from_u128(0x6c65_6674_666f_6c64_8000_7265_6163_7469);

/// The id of the event at `index` among the events of one command. It follows from the command's id
/// and the index alone.
pub fn event_id(command: Uuid, index: u32) -> Uuid {
    Uuid::new_v5(&command, &index.to_be_bytes())
}

/// The id of step `number` of a story or run called `name`.
pub fn command_id(name: &str, number: u64) -> Uuid {
    Uuid::new_v5(&COMMANDS, format!("{name}/{number}").as_bytes())
}

/// The id of what `process` asks for in `step` of `instance`. It follows from the three names
/// alone, so a step that is asked for twice is handled once.
pub fn reaction_id(process: &str, instance: &str, step: &str) -> Uuid {
    Uuid::new_v5(&REACTIONS, format!("{process}/{instance}/{step}").as_bytes())
}
