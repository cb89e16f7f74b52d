//! What a domain author writes: a state, the commands it decides and the events it folds.

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Older, Stored};

/// A consistency boundary: one stream of events, folded into `Self`, guards its invariants.
///
/// `Self` is the state, and `Default` the state before the first event. The shape (`decide`
/// and `evolve` over an initial state) is Jérémie Chassaing's *Decider*.
///
/// *A refusal that nobody reacts to is an `Err`. A refusal that others must react to is an event.*
pub trait Aggregate:
    Default + Clone + PartialEq + Debug + Serialize + DeserializeOwned + JsonSchema + 'static
{
    /// The category of its streams: `"cart"` for `cart-1`.
    const NAME: &'static str;
    /// The version of its events' stored shape. Raise it together with [`upcast`](Self::upcast).
    const SCHEMA: u16 = 1;
    /// What the types of its commands, events and state say, written down as JSON text:
    /// `{"commands", "events", "money"}`, two JSON schemas and the names of the fields that hold
    /// [`Cents`](super::Cents). A page then parses a text, and holds no code that makes schemas of
    /// types. The author's test compares the two.
    const SCHEMAS: Option<&'static str> = None;

    /// The type of the event that forgets a person: once it is recorded, the key of its stream is
    /// destroyed, and what is [`Personal`](super::Personal) in the stream's events can never be read
    /// again.
    const FORGETS: Option<&'static str> = None;

    /// What may be asked, in the imperative: an enum whose variants have named fields. Only an
    /// `Option` may be missing from its data.
    type Command: Serialize + DeserializeOwned + JsonSchema + 'static;
    /// What has happened, in the past tense: an enum whose variants have named fields. Its
    /// names are the stored format; what is new in it is an `Option`, or lifted by
    /// [`upcast`](Self::upcast).
    type Event: Serialize + DeserializeOwned + JsonSchema + Clone + PartialEq + Debug + 'static;
    /// Why a command is refused, in a sentence for whoever asked.
    type Rejection: std::error::Error;

    /// Decides a command against this state: no event, one or many, or a refusal.
    ///
    /// # Errors
    /// The refusal. It changes nothing.
    fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// Decides as the instance called `id`, for an answer that depends on the instance's own id.
    ///
    /// # Errors
    /// The refusal.
    fn decide_as(
        &self,
        _id: &str,
        command: Self::Command,
    ) -> Result<Vec<Self::Event>, Self::Rejection> {
        self.decide(command)
    }

    /// The id of the instance of that number, counted from 1: for whoever needs a new instance and
    /// does not care which. Where ids have a meaning, such as a day, it says which they are.
    fn id_of(number: u64) -> String {
        number.to_string()
    }

    /// The state after one more event. It never fails and never refuses, because the event has
    /// happened. It accepts any history, also one in another order or with events missing.
    fn evolve(self, event: &Self::Event) -> Self;

    /// Changes this state into the one after `event`.
    fn evolve_in_place(&mut self, event: &Self::Event) {
        *self = std::mem::take(self).evolve(event);
    }

    /// Lifts an event stored under an older schema by one schema. It is called again until the
    /// event has the current one.
    ///
    /// # Errors
    /// Why it cannot be read. The event then stays in the log as unreadable.
    fn upcast(stored: Stored) -> Result<Stored, String> {
        Ok(stored)
    }

    /// Events as older versions of this code wrote them, one for each way in which they are read.
    fn older() -> Vec<Older> {
        Vec::new()
    }
}
