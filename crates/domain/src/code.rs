//! A person's code, loaded: it is asked by JSON text, and holds states and events by number.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::rc::Rc;

use es::{AnyEvent, Body, Recorded};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::engine::{Ended, Engine, Fault, Halt, run};

/// So many events are held inside, so that they are parsed once. Events beyond are parsed each time.
const KEPT_AT_MOST: usize = 100_000;

/// Code that is loaded, in an engine of its own.
pub(crate) struct Code {
    engine: Box<dyn Engine>,
    /// Numbers that nobody needs any more.
    gone_states: RefCell<Vec<u32>>,
    gone_events: RefCell<Vec<u32>>,
    kept: Cell<usize>,
    ended: Cell<Option<Ended>>,
}

/// A state inside. 0 is the one before the first event.
pub(crate) struct State {
    code: Rc<Code>,
    number: u32,
}

impl Drop for State {
    fn drop(&mut self) {
        if self.number > 0 {
            self.code.gone_states.borrow_mut().push(self.number);
        }
    }
}

/// An event of a person's domain: its data, as it came.
pub(crate) struct JsEvent {
    data: Box<RawValue>,
    inside: RefCell<Option<Inside>>,
}

/// Where an event is held inside. An event is known there with its place in the log.
struct Inside {
    code: Rc<Code>,
    number: u32,
    position: u64,
    at: u64,
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.code.kept.set(self.code.kept.get().saturating_sub(1));
        self.code.gone_events.borrow_mut().push(self.number);
    }
}

impl JsEvent {
    pub(crate) fn new(data: Box<RawValue>) -> Self {
        Self { data, inside: RefCell::new(None) }
    }
}

impl AnyEvent for JsEvent {
    fn data(&self) -> Box<RawValue> {
        self.data.clone()
    }
}

/// What came of a fold.
pub(crate) struct Folded {
    pub(crate) weight: usize,
    pub(crate) failed: Option<Failed>,
}

/// An event that could not be folded.
pub(crate) struct Failed {
    /// Its place in the batch.
    pub(crate) at: usize,
    /// What happened, and with which state.
    pub(crate) why: String,
}

impl Failed {
    fn of(value: &Value) -> Option<Self> {
        let state = value["state"].as_str()?;
        let why = format!("{}. The state before it was {state}", Fault::of(value).sentence());
        Some(Self { at: number(&value["at"]), why })
    }
}

fn number<N: TryFrom<u64> + Default>(value: &Value) -> N {
    value.as_u64().and_then(|it| N::try_from(it).ok()).unwrap_or_default()
}

impl Code {
    /// Loads a text.
    pub(crate) fn load(engine: Box<dyn Engine>, text: &str) -> Result<Rc<Self>, Fault> {
        run(&*engine, text)?;
        Ok(Rc::new(Self::empty(engine)))
    }

    /// An engine without a domain, for expressions.
    pub(crate) fn empty(engine: Box<dyn Engine>) -> Self {
        Self {
            engine,
            gone_states: RefCell::default(),
            gone_events: RefCell::default(),
            kept: Cell::new(0),
            ended: Cell::new(None),
        }
    }

    /// Runs one of the page's own scripts, which hands something to the bridge.
    pub(crate) fn run(&self, text: &str, file: &str) -> Result<(), Fault> {
        self.engine.evaluate(text, file).map_err(|halt| match halt {
            Halt::Thrown(thrown) => Fault::new(format!("{}: {}", thrown.name, thrown.message)),
            Halt::Ended(ended) => ended.into(),
        })
    }

    /// Why the engine was stopped. None as long as it runs.
    pub(crate) fn ended(&self) -> Option<Ended> {
        self.ended.get()
    }

    /// Asks the bridge.
    pub(crate) fn ask(&self, call: &str, mut given: Value) -> Result<Value, Fault> {
        given["call"] = call.into();
        self.ask_text(&given.to_string())
    }

    fn ask_text(&self, text: &str) -> Result<Value, Fault> {
        let answer = self.engine.call(text).inspect_err(|it| self.ended.set(Some(*it)))?;
        match serde_json::from_str::<Value>(&answer) {
            Ok(mut answer) if answer["error"].is_null() => Ok(answer["ok"].take()),
            Ok(answer) => Err(Fault::of(&answer["error"])),
            Err(_) => Err(Fault::new("what it gives cannot be read")),
        }
    }

    fn let_go(&self) {
        let (states, events) = (self.gone_states.take(), self.gone_events.take());
        if !states.is_empty() || !events.is_empty() {
            // Where the engine has ended, nothing is held any more.
            let _: Result<Value, Fault> =
                self.ask("free", json!({ "states": states, "events": events }));
        }
    }
}

/// The state before the first event.
pub(crate) fn initial(code: &Rc<Code>) -> Rc<State> {
    Rc::new(State { code: code.clone(), number: 0 })
}

impl State {
    pub(crate) fn number(&self) -> u32 {
        self.number
    }
}

/// The state that a text says.
pub(crate) fn revive(code: &Rc<Code>, saved: &str) -> Result<Rc<State>, Fault> {
    let state: Value = serde_json::from_str(saved).map_err(|_| Fault::new("it is no JSON"))?;
    let number = number(&code.ask("revive", json!({ "state": state }))?);
    Ok(Rc::new(State { code: code.clone(), number }))
}

/// Folds events into a state, with the part of that number.
pub(crate) fn fold(
    code: &Rc<Code>,
    part: usize,
    state: &mut Rc<State>,
    events: &[&Recorded],
) -> Result<Folded, Fault> {
    code.let_go();
    let keep = code.kept.get() + events.len() <= KEPT_AT_MOST;
    let number = state.number;
    let mut text =
        format!(r#"{{"call":"fold","of":{part},"state":{number},"keep":{keep},"events":["#);
    let mut new = Vec::new();
    for (index, event) in events.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        if let Some(number) = inside(code, event) {
            _ = write!(text, "{number}");
        } else {
            new.push(*event);
            write_event(event, &mut text);
        }
    }
    text.push_str("]}");
    let came = code.ask_text(&text)?;
    for (event, read) in new.into_iter().zip(came["read"].as_array().into_iter().flatten()) {
        keep_inside(code, event, self::number(read));
    }
    let folded = self::number(&came["state"]);
    if folded != number {
        *state = Rc::new(State { code: code.clone(), number: folded });
    }
    Ok(Folded { weight: self::number(&came["weight"]), failed: Failed::of(&came["failed"]) })
}

/// An event as the bridge reads it: its number, or all that is to be known about it.
pub(crate) fn entry(code: &Rc<Code>, event: &Recorded) -> String {
    let mut text = String::new();
    match inside(code, event) {
        Some(number) => _ = write!(text, "{number}"),
        None => write_event(event, &mut text),
    }
    text
}

/// Asks with a text that is put together already.
pub(crate) fn ask_with(code: &Code, text: &str) -> Result<Value, Fault> {
    code.let_go();
    code.ask_text(text)
}

fn own(event: &Recorded) -> Option<&JsEvent> {
    match event.body() {
        Body::Known(event) => (&**event as &dyn std::any::Any).downcast_ref(),
        Body::Unreadable(_) => None,
    }
}

fn inside(code: &Rc<Code>, event: &Recorded) -> Option<u32> {
    let inside = own(event)?.inside.borrow();
    let it = inside.as_ref()?;
    let same = Rc::ptr_eq(&it.code, code) && (it.position, it.at) == (event.position(), event.at());
    same.then_some(it.number)
}

fn keep_inside(code: &Rc<Code>, event: &Recorded, number: u32) {
    code.kept.set(code.kept.get() + 1);
    let it = Inside { code: code.clone(), number, position: event.position(), at: event.at() };
    match own(event) {
        Some(event) => _ = event.inside.replace(Some(it)),
        None => drop(it),
    }
}

fn write_event(event: &Recorded, text: &mut String) {
    text.push('[');
    write_message(event.kind(), event.data().get(), text);
    let stream = event.stream();
    let about = format_args!(
        r#",{{"stream":{},"category":{},"id":{},"position":{},"version":{},"at":{},"actor":{}}}]"#,
        quoted(stream.as_str()),
        quoted(stream.category()),
        quoted(stream.id()),
        event.position(),
        event.version(),
        event.at(),
        quoted(event.actor()),
    );
    // Writing to a text never fails.
    let _: std::fmt::Result = text.write_fmt(about);
}

/// A command or an event as the code sees it: its type among its fields.
pub(crate) fn write_message(kind: &str, data: &str, text: &mut String) {
    text.push_str(r#"{"type":"#);
    text.push_str(&quoted(kind));
    let fields = data.trim().strip_prefix('{').unwrap_or("}").trim_start();
    if !fields.starts_with('}') {
        text.push(',');
    }
    text.push_str(fields);
}

pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
