//! Domains as values: what the lab runs, without knowing any domain's types.
//!
//! [`Of`] names a type; the blanket implementations here turn it into an object. Names are
//! shared text, so that scenarios made at run time fit as well.

use std::marker::PhantomData;
use std::rc::Rc;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use super::{
    Aggregate, AnyEvent, AnyEvents, Body, CommandRecord, Draft, Fold, FoldError, Instance, Lifting,
    Older, ProcessManager, Projection, Reaction, Recorded, Runner, Set, Stored, Stream, View,
    sentence, tagged,
};

/// The type `T` as a value, where an object is needed.
pub struct Of<T>(PhantomData<fn() -> T>);

impl<T> Default for Of<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// Why a command has no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The aggregate refused it.
    #[error("{0}")]
    Rejected(String),
    /// It is no command of this aggregate, or its data doesn't fit.
    #[error("{0}")]
    Malformed(String),
    /// Its stream holds an event that cannot be read, so the state is unknown.
    #[error("version {0} of this stream cannot be read, so nothing can be decided on it")]
    Unreadable(u64),
    /// Its stream holds an event that cannot be folded, so the state is unknown.
    #[error(
        "version {version} of this stream cannot be folded, so nothing can be decided on it: {why}"
    )]
    Unfoldable {
        /// The version that the event has in its stream.
        version: u64,
        /// Why it cannot be folded, in a sentence.
        why: Rc<str>,
    },
}

/// An aggregate as an object.
pub trait AnyAggregate: AnyEvents {
    /// The JSON schema of its commands.
    fn commands(&self) -> Value;
    /// The JSON schema of its events.
    fn events(&self) -> Value;
    /// The names of the fields of its commands, events and states that hold amounts of money, or
    /// maps of them.
    fn money(&self) -> Set<Rc<str>> {
        Set::new()
    }
    /// All three as text, where they are written down: what [`Aggregate::SCHEMAS`] says.
    fn schemas(&self) -> Option<&'static str> {
        None
    }
    /// The type of the event that forgets a person. None where nobody is forgotten.
    fn forgets(&self) -> Option<&'static str> {
        None
    }
    /// The id of the instance of that number, counted from 1.
    fn id_of(&self, number: u64) -> Rc<str> {
        number.to_string().into()
    }
    /// The state before a stream's first event.
    fn instance(&self) -> Box<dyn AnyInstance>;
    /// The state at `version` of a stream, as it was saved.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn restore(&self, saved: &str, version: u64) -> Result<Box<dyn AnyInstance>, String>;
}

/// An aggregate's state, and the decisions that it takes.
pub trait AnyInstance {
    /// Folds events of its stream, one after the other.
    ///
    /// # Errors
    /// The first event that cannot be folded, and why. The events before it are in the state.
    fn evolve(&mut self, events: &[&Recorded]) -> Result<(), FoldError>;
    /// The state.
    fn state(&self) -> Value;
    /// The state, as text to save. None where the state is unknown, because an event before it
    /// cannot be read.
    fn save(&self) -> Option<String>;
    /// Decides a command.
    ///
    /// # Errors
    /// The refusal.
    fn decide(&self, command: &CommandRecord) -> Result<Vec<Draft>, Refusal>;
    /// A copy.
    fn copy(&self) -> Box<dyn AnyInstance>;
}

/// A projection as an object.
pub trait AnyProjection {
    /// Its title.
    fn name(&self) -> Rc<str>;
    /// What it is good for.
    fn about(&self) -> Rc<str>;
    /// Which version of its code it is.
    fn code(&self) -> u16;
    /// A new running instance, which never reacts.
    fn runner(&self) -> Box<dyn AnyRunner>;
}

/// A process manager as an object.
pub trait AnyProcess: AnyProjection {
    /// A new running instance, which also reacts.
    fn manager(&self) -> Box<dyn AnyRunner>;
    /// True where it sets deadlines.
    fn waits(&self) -> bool;
}

/// A projection or process that is fed with events.
pub trait AnyRunner {
    /// Applies events, one after the other.
    ///
    /// # Errors
    /// The first event that cannot be applied, and why. The events before it are applied.
    fn apply(&mut self, events: &[&Recorded]) -> Result<(), FoldError>;
    /// What it shows.
    fn view(&self) -> View;
    /// How many events it skipped because they could not be read.
    fn skipped(&self) -> u64;
    /// About how many rows it holds.
    fn weight(&self) -> usize;
    /// A copy.
    fn copy(&self) -> Box<dyn AnyRunner>;
    /// What is due after `event`. A projection never wants anything done.
    fn react(&self, event: &Recorded) -> Vec<Reaction>;
}

impl<A: Aggregate> AnyEvents for Of<A> {
    fn name(&self) -> Rc<str> {
        A::NAME.into()
    }

    // Asked for every event: comparing is quicker than making a name.
    fn takes(&self, category: &str) -> bool {
        A::NAME == category
    }

    fn schema(&self) -> u16 {
        A::SCHEMA
    }

    fn event(&self, kind: &str, data: &str) -> serde_json::Result<Rc<dyn AnyEvent>> {
        Ok(Rc::new(tagged::join::<A::Event>(kind, data)?))
    }

    fn upcast(&self, stored: Stored) -> Result<Stored, String> {
        A::upcast(stored)
    }

    fn older(&self) -> Vec<Older> {
        A::older()
    }
}

impl<A: Aggregate> AnyAggregate for Of<A> {
    fn forgets(&self) -> Option<&'static str> {
        A::FORGETS
    }

    // Natively the schema always comes from the types, so that a test can compare it with the text.
    fn commands(&self) -> Value {
        match A::SCHEMAS {
            Some(text) if cfg!(target_arch = "wasm32") => written_down(text, "commands"),
            _ => schema_of::<A::Command>(),
        }
    }

    fn events(&self) -> Value {
        match A::SCHEMAS {
            Some(text) if cfg!(target_arch = "wasm32") => written_down(text, "events"),
            _ => schema_of::<A::Event>(),
        }
    }

    fn money(&self) -> Set<Rc<str>> {
        match A::SCHEMAS {
            Some(text) if cfg!(target_arch = "wasm32") => {
                let names = written_down(text, "money");
                let names = names.as_array().into_iter().flatten();
                names.filter_map(Value::as_str).map(Rc::from).collect()
            }
            _ => {
                let mut names = Set::new();
                let schemas =
                    [schema_of::<A::Command>(), schema_of::<A::Event>(), schema_of::<A>()];
                for schema in &schemas {
                    money_fields(schema, &mut names);
                }
                names
            }
        }
    }

    fn schemas(&self) -> Option<&'static str> {
        A::SCHEMAS
    }

    fn id_of(&self, number: u64) -> Rc<str> {
        A::id_of(number).into()
    }

    fn instance(&self) -> Box<dyn AnyInstance> {
        Box::new(Instance::<A>::default())
    }

    fn restore(&self, saved: &str, version: u64) -> Result<Box<dyn AnyInstance>, String> {
        let state: A = tagged::whole(saved).map_err(|error| sentence(&error))?;
        Ok(Box::new(Instance { state, version, unreadable: None }))
    }
}

fn written_down(text: &str, what: &str) -> Value {
    let mut all: Value = serde_json::from_str(text).unwrap_or_default();
    all[what].take()
}

/// Adds the names of all fields in `schema` that hold [`Cents`](super::Cents): as they are, where
/// they may be missing, or as the values of a map.
pub fn money_fields(schema: &Value, names: &mut Set<Rc<str>>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        if holds_money(field) {
            names.insert(name.as_str().into());
        }
    }
    let inside = match schema {
        Value::Array(list) => list.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    };
    for it in inside {
        money_fields(it, names);
    }
}

fn holds_money(field: &Value) -> bool {
    let choices = field["anyOf"].as_array().into_iter().flatten();
    let mut inner = choices.chain(field.get("additionalProperties"));
    field["format"] == "cents" || inner.any(holds_money)
}

fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
    SchemaGenerator::new(settings).into_root_schema_for::<T>().to_value()
}

// Compiled once. What an aggregate implements is compiled for each aggregate.

impl dyn AnyAggregate + '_ {
    /// A stored event of one of its streams in its current shape, or as unreadable.
    pub fn read(&self, stream: &Stream, kind: &Rc<str>, schema: u16, data: &str) -> Draft {
        let known = self.schema();
        let (kind, schema, body, stored) = if self.reads(schema) {
            (kind.clone(), schema, Body::read(self, kind, data), None)
        } else {
            match lifted(self, kind, schema, data) {
                Ok(Lifted { kind, event, stored }) => {
                    (kind, known, Body::Known(event), Some(Rc::new(stored)))
                }
                Err(why) => (kind.clone(), schema, Body::unreadable(kind, schema, data, why), None),
            }
        };
        Draft { stream: stream.clone(), kind, schema, body, stored, at: None, metadata: None }
    }

    /// The way of a stored event to the current schema, step by step.
    pub fn lifting(&self, stored: &Stored) -> Lifting {
        let (mut shapes, known) = (vec![stored.clone()], self.schema());
        while let Some(last) = shapes.last().filter(|it| (1..known).contains(&it.schema)) {
            match by_one(self, last.clone()) {
                Ok(next) => shapes.push(next),
                Err(why) => return Lifting { shapes, fails: Some(why) },
            }
        }
        let readable = shapes.last().filter(|it| self.reads(it.schema));
        let event = readable.map(|it| self.event(&it.kind, &it.data.to_string()));
        let fails = event.and_then(Result::err).map(|error| sentence(&error));
        Lifting { shapes, fails }
    }
}

/// One step of the way to the current schema. An upcaster that leaves the schema as it is has
/// nothing to change up to the current one.
fn by_one(aggregate: &dyn AnyAggregate, stored: Stored) -> Result<Stored, String> {
    let (was, known) = (stored.schema, aggregate.schema());
    let lifted = aggregate.upcast(stored)?;
    let schema = if lifted.schema > was { lifted.schema } else { known };
    Ok(Stored { schema, ..lifted })
}

/// An event that was stored under an older schema.
struct Lifted {
    /// Its type now.
    kind: Rc<str>,
    /// What it says, in its current shape.
    event: Rc<dyn AnyEvent>,
    /// The shape in which it is stored.
    stored: Stored,
}

fn lifted(
    aggregate: &dyn AnyAggregate,
    kind: &Rc<str>,
    schema: u16,
    data: &str,
) -> Result<Lifted, String> {
    let known = aggregate.schema();
    if schema > known {
        let name = aggregate.name();
        return Err(format!(
            "it was written under schema {schema}, and this page knows {name} up to {known}"
        ));
    }
    if schema == 0 {
        return Err("it names schema 0, and schemas are counted from 1".to_owned());
    }
    let data = serde_json::from_str(data).map_err(|e| sentence(&e))?;
    let stored = Stored { kind: kind.to_string(), schema, data };
    let mut lifted = stored.clone();
    while lifted.schema < known {
        lifted = by_one(aggregate, lifted)?;
    }
    let event =
        aggregate.event(&lifted.kind, &lifted.data.to_string()).map_err(|e| sentence(&e))?;
    Ok(Lifted { kind: lifted.kind.into(), event, stored })
}

impl<A: Aggregate> AnyInstance for Instance<A> {
    fn evolve(&mut self, events: &[&Recorded]) -> Result<(), FoldError> {
        self.fold(events);
        Ok(())
    }

    fn state(&self) -> Value {
        serde_json::to_value(&self.state).unwrap_or_default()
    }

    fn save(&self) -> Option<String> {
        // By way of a `Value`, whose serialiser is compiled for this type already; one that writes
        // text would be compiled anew.
        let readable = self.unreadable.is_none();
        let state = readable.then(|| serde_json::to_value(&self.state).ok())??;
        Some(state.to_string())
    }

    fn decide(&self, command: &CommandRecord) -> Result<Vec<Draft>, Refusal> {
        if let Some(version) = self.unreadable {
            return Err(Refusal::Unreadable(version));
        }
        let typed = tagged::join::<A::Command>(&command.kind, command.data.get())
            .map_err(|error| Refusal::Malformed(sentence(&error)))?;
        let events = self
            .state
            .decide_as(command.stream.id(), typed)
            .map_err(|why| Refusal::Rejected(why.to_string()))?;
        let mut drafts = Vec::with_capacity(events.len());
        for event in events {
            drafts.push(Draft::of::<A>(command.stream.clone(), event));
        }
        Ok(drafts)
    }

    fn copy(&self) -> Box<dyn AnyInstance> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn AnyInstance> {
    fn clone(&self) -> Self {
        (**self).copy()
    }
}

impl Clone for Box<dyn AnyRunner> {
    fn clone(&self) -> Self {
        (**self).copy()
    }
}

impl<P: Projection> AnyProjection for Of<P> {
    fn name(&self) -> Rc<str> {
        P::NAME.into()
    }

    fn about(&self) -> Rc<str> {
        P::ABOUT.into()
    }

    fn code(&self) -> u16 {
        P::CODE
    }

    fn runner(&self) -> Box<dyn AnyRunner> {
        Box::new(Runner::<P>::new())
    }
}

impl<P: ProcessManager> AnyProcess for Of<P> {
    fn manager(&self) -> Box<dyn AnyRunner> {
        Box::new(Runner::<P>::of_process())
    }

    fn waits(&self) -> bool {
        P::WAITS
    }
}

impl<P: Projection> AnyRunner for Runner<P> {
    fn apply(&mut self, events: &[&Recorded]) -> Result<(), FoldError> {
        self.fold(events);
        Ok(())
    }

    fn view(&self) -> View {
        self.model.view()
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }

    fn weight(&self) -> usize {
        self.model.weight()
    }

    fn copy(&self) -> Box<dyn AnyRunner> {
        Box::new(self.clone())
    }

    fn react(&self, event: &Recorded) -> Vec<Reaction> {
        if event.unreadable().is_some() { Vec::new() } else { (self.react)(&self.model, event) }
    }
}
