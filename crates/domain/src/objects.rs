//! A person's code as the objects that the lab runs.

use std::cell::RefCell;
use std::rc::Rc;

use es::{
    AnyAggregate, AnyEvent, AnyEvents, AnyInstance, AnyProcess, AnyProjection, AnyRunner, Body,
    CommandRecord, Draft, FoldError, Older, Reaction, Recorded, Refusal, Set, Stored, Stream, View,
};
use serde::de::Error as _;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::code::{
    Code, JsEvent, State, ask_with, entry, fold, initial, quoted, revive, write_message,
};
use crate::engine::Fault;
use crate::shape::{AggregateShape, ProjectionShape, Types};
use crate::shape::{list, text};
use crate::views::{failed, view};

/// An aggregate that a person wrote.
pub(crate) struct JsAggregate {
    code: Rc<Code>,
    shape: AggregateShape,
    commands: Rc<Types>,
    events: Types,
}

impl JsAggregate {
    pub(crate) fn new(code: &Rc<Code>, shape: AggregateShape) -> Self {
        let (commands, events) = (Types::of(&shape.commands).into(), Types::of(&shape.events));
        Self { code: code.clone(), shape, commands, events }
    }

    fn at(&self, state: Rc<State>, version: u64) -> Box<dyn AnyInstance> {
        Box::new(JsInstance {
            code: self.code.clone(),
            part: self.shape.part,
            schema: self.shape.schema,
            commands: self.commands.clone(),
            state,
            version,
            unreadable: None,
        })
    }
}

impl AnyEvents for JsAggregate {
    fn name(&self) -> Rc<str> {
        self.shape.name.clone()
    }

    fn takes(&self, category: &str) -> bool {
        &*self.shape.name == category
    }

    fn schema(&self) -> u16 {
        self.shape.schema
    }

    fn event(&self, kind: &str, data: &str) -> serde_json::Result<Rc<dyn AnyEvent>> {
        match self.events.fault(kind, data) {
            Some(fault) => Err(serde_json::Error::custom(fault)),
            None => Ok(Rc::new(JsEvent::new(RawValue::from_string(data.to_owned())?))),
        }
    }

    fn upcast(&self, stored: Stored) -> Result<Stored, String> {
        if !self.shape.upcasts {
            return Ok(stored);
        }
        let given = json!({ "of": self.shape.part, "stored": stored });
        let came = self.code.ask("upcast", given).map_err(|fault| fault.sentence())?;
        if let Some(why) = came["why"].as_str() {
            return Err(why.to_owned());
        }
        let lifted = &came["stored"];
        let schema = lifted["schema"].as_u64().and_then(|it| it.try_into().ok());
        let schema = schema.unwrap_or(stored.schema);
        let (kind, data) = (text(&lifted["type"]).to_owned(), lifted["data"].clone());
        Ok(Stored { kind, schema, data })
    }

    fn older(&self) -> Vec<Older> {
        self.shape.older.clone()
    }
}

impl AnyAggregate for JsAggregate {
    fn commands(&self) -> Value {
        self.shape.commands.clone()
    }

    fn events(&self) -> Value {
        self.shape.events.clone()
    }

    fn money(&self) -> Set<Rc<str>> {
        let mut names = Set::new();
        es::money_fields(&self.shape.commands, &mut names);
        es::money_fields(&self.shape.events, &mut names);
        names
    }

    fn id_of(&self, number: u64) -> Rc<str> {
        let given = json!({ "of": self.shape.part, "number": number });
        let named = self.shape.ids.then(|| self.code.ask("id", given).ok()).flatten();
        named.and_then(|it| it.as_str().map(Rc::from)).unwrap_or_else(|| number.to_string().into())
    }

    fn instance(&self) -> Box<dyn AnyInstance> {
        self.at(initial(&self.code), 0)
    }

    fn restore(&self, saved: &str, version: u64) -> Result<Box<dyn AnyInstance>, String> {
        let state = revive(&self.code, saved).map_err(|fault| fault.sentence())?;
        Ok(self.at(state, version))
    }
}

/// A state of an aggregate that a person wrote.
#[derive(Clone)]
struct JsInstance {
    code: Rc<Code>,
    part: usize,
    schema: u16,
    commands: Rc<Types>,
    state: Rc<State>,
    version: u64,
    unreadable: Option<u64>,
}

/// Folds the readable ones among events. `skipped` hears of the others.
fn fold_readable(
    code: &Rc<Code>,
    part: usize,
    state: &mut Rc<State>,
    events: &[&Recorded],
    mut skipped: impl FnMut(usize),
) -> Result<usize, FoldError> {
    let mut readable = Vec::with_capacity(events.len());
    let mut places = Vec::with_capacity(events.len());
    for (at, event) in events.iter().enumerate() {
        if event.unreadable().is_some() {
            skipped(at);
        } else {
            readable.push(*event);
            places.push(at);
        }
    }
    if readable.is_empty() {
        return Ok(0);
    }
    let place = |at: usize| places.get(at).copied().unwrap_or(0);
    match fold(code, part, state, &readable) {
        Ok(folded) => match folded.failed {
            None => Ok(folded.weight),
            Some(failed) => Err(FoldError { at: place(failed.at), why: failed.why.into() }),
        },
        Err(fault) => Err(FoldError { at: place(0), why: fault.sentence().into() }),
    }
}

impl AnyInstance for JsInstance {
    fn evolve(&mut self, events: &[&Recorded]) -> Result<(), FoldError> {
        let (version, unreadable) = (self.version, &mut self.unreadable);
        let skipped = |at: usize| _ = unreadable.get_or_insert(version + 1 + at as u64);
        let folded = fold_readable(&self.code, self.part, &mut self.state, events, skipped);
        self.version += events.len() as u64;
        folded.map(|_| ())
    }

    fn state(&self) -> Value {
        let given = json!({ "of": self.part, "state": self.state.number() });
        self.code.ask("state", given).unwrap_or_default()
    }

    fn save(&self) -> Option<String> {
        self.unreadable.is_none().then(|| self.state().to_string())
    }

    fn decide(&self, command: &CommandRecord) -> Result<Vec<Draft>, Refusal> {
        if let Some(version) = self.unreadable {
            return Err(Refusal::Unreadable(version));
        }
        if let Some(fault) = self.commands.fault(&command.kind, command.data.get()) {
            return Err(Refusal::Malformed(fault));
        }
        let mut text = format!(
            r#"{{"call":"decide","of":{},"state":{},"id":{},"command":"#,
            self.part,
            self.state.number(),
            quoted(command.stream.id()),
        );
        write_message(&command.kind, command.data.get(), &mut text);
        text.push('}');
        let failed =
            |fault: Fault| Refusal::Rejected(format!("decide fails: {}", fault.sentence()));
        let came = ask_with(&self.code, &text).map_err(failed)?;
        if let Some(why) = came["refused"].as_str() {
            return Err(Refusal::Rejected(why.to_owned()));
        }
        let draft = |event: &Value| {
            let data = RawValue::from_string(self::text(&event[1]).to_owned()).unwrap_or_default();
            Draft {
                stream: command.stream.clone(),
                kind: self::text(&event[0]).into(),
                schema: self.schema,
                body: Body::Known(Rc::new(JsEvent::new(data))),
                stored: None,
                at: None,
                metadata: None,
            }
        };
        Ok(list(&came["events"]).map(draft).collect())
    }

    fn copy(&self) -> Box<dyn AnyInstance> {
        Box::new(self.clone())
    }
}

/// A read model or process that a person wrote.
pub(crate) struct JsProjection {
    code: Rc<Code>,
    shape: ProjectionShape,
    version: u16,
}

impl JsProjection {
    pub(crate) fn new(code: &Rc<Code>, shape: ProjectionShape, version: u16) -> Self {
        Self { code: code.clone(), shape, version }
    }

    fn run(&self, reacts: bool) -> Box<dyn AnyRunner> {
        Box::new(JsRunner {
            code: self.code.clone(),
            part: self.shape.part,
            state: initial(&self.code),
            weight: 1,
            skipped: 0,
            reacts,
            reacted: RefCell::new(None),
        })
    }
}

impl AnyProjection for JsProjection {
    fn name(&self) -> Rc<str> {
        self.shape.name.clone()
    }

    fn about(&self) -> Rc<str> {
        self.shape.about.clone()
    }

    fn code(&self) -> u16 {
        self.version
    }

    fn runner(&self) -> Box<dyn AnyRunner> {
        self.run(false)
    }
}

impl AnyProcess for JsProjection {
    fn manager(&self) -> Box<dyn AnyRunner> {
        self.run(true)
    }

    fn waits(&self) -> bool {
        self.shape.waits
    }
}

#[derive(Clone)]
struct JsRunner {
    code: Rc<Code>,
    part: usize,
    state: Rc<State>,
    weight: usize,
    skipped: u64,
    reacts: bool,
    /// What was due after the last event, by its position.
    reacted: RefCell<Option<(u64, Vec<Reaction>)>>,
}

impl JsRunner {
    fn ask_react(&self, event: &Recorded) -> Result<Vec<Reaction>, Fault> {
        let (part, state, entry) = (self.part, self.state.number(), entry(&self.code, event));
        let text = format!(r#"{{"call":"react","of":{part},"state":{state},"event":{entry}}}"#);
        let wanted = ask_with(&self.code, &text)?;
        Ok(list(&wanted).filter_map(reaction).collect())
    }
}

fn reaction(it: &Value) -> Option<Reaction> {
    let [instance, step, kind] = ["instance", "step", "kind"].map(|name| Rc::from(text(&it[name])));
    let Some(to) = it["to"].as_str() else {
        return Some(Reaction::Effect { instance, step, kind, data: it["data"].clone() });
    };
    let (category, id) = to.split_once('-')?;
    let stream = Stream::new(category, id);
    let data = RawValue::from_string(text(&it["data"]).to_owned()).ok()?;
    Some(Reaction::Command { instance, step, stream, kind, data, due: it["due"].as_u64() })
}

impl AnyRunner for JsRunner {
    fn apply(&mut self, events: &[&Recorded]) -> Result<(), FoldError> {
        let skipped = &mut self.skipped;
        let before = self.state.clone();
        let folded =
            fold_readable(&self.code, self.part, &mut self.state, events, |_| *skipped += 1)?;
        self.weight = folded.max(self.weight);
        // An event that comes alone comes as it happens. Where the process has no answer to it, it
        // has not taken it in.
        if let ([event], true) = (events, self.reacts)
            && event.unreadable().is_none()
        {
            match self.ask_react(event) {
                Ok(all) => _ = self.reacted.replace(Some((event.position(), all))),
                Err(fault) => {
                    self.state = before;
                    return Err(FoldError { at: 0, why: fault.sentence().into() });
                }
            }
        }
        Ok(())
    }

    fn view(&self) -> View {
        let given = json!({ "of": self.part, "state": self.state.number() });
        match self.code.ask("view", given) {
            Ok(shown) => view(&shown),
            Err(fault) => failed(&fault.sentence()),
        }
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }

    fn weight(&self) -> usize {
        self.weight
    }

    fn copy(&self) -> Box<dyn AnyRunner> {
        Box::new(self.clone())
    }

    fn react(&self, event: &Recorded) -> Vec<Reaction> {
        if !self.reacts || event.unreadable().is_some() {
            return Vec::new();
        }
        let known = self.reacted.borrow();
        match &*known {
            Some((position, all)) if *position == event.position() => all.clone(),
            // A fault is left out here: it was told where the event came alone.
            _ => self.ask_react(event).unwrap_or_default(),
        }
    }
}
