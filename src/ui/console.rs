//! `window.leftfold`: the page by program, for teachers, slides, tests and benchmarks.
//!
//! Calls return promises (`on` aside) and speak plain JSON; a failure is an `Error` with a
//! `code`. Positions and versions start at 1; 0 is before the first.
//!
//! | call | gives |
//! |---|---|
//! | `ready` | a promise: the page has opened its log |
//! | `scenarios()` | `[{id, title}]` |
//! | `open(id, {empty, storage, log})` | opens a scenario's log; `empty` starts a new one, `storage: "memory"` keeps it off the disk |
//! | `send(stream, {type, data}, how)` | runs a command and all that follows from it: `{outcome, events}`. `how` is `{expectedVersion, seenVersion, retry, commandId, actor}`: with a number for the expected version, the command is decided on the state at that version; `"any"` with a `seenVersion` forces it; `retry` decides again after a conflict |
//! | `again(commandId, choice, commandId)` | sends a command of the journal once more: `choice` is `reload`, `retry` or `force` after a conflict, else `same` (the same id) or `anew`; the new id is made up where it is left out |
//! | `submit(…as send…)`, `step()` | queues a command; performs one micro-step and says what it was, `null` when all is quiet |
//! | `next()` | plays the story's next step; `null` at its end |
//! | `append([{stream, type, data, at}], {react})` | bulk, all or nothing: `{from, to}` |
//! | `events(from, to)` | recorded events, inclusive |
//! | `head()`, `position()`, `seek(position or date)` | numbers |
//! | `state(stream)`, `view(projection)` | JSON at the playhead |
//! | `subscriptions()` | `[{name, kind, view, checkpoint, lag, paused, delay, deduplicate, synchronous, guard, fault, crashed, health, ahead, mark, unanswered, heldBack, code}]`; `health` is `clean`, `differs` or `unjudged` |
//! | `subscription(name, how)` | changes one and runs what is due: `how` is `{paused, delay, deduplicate, synchronous, guard, fault, checkpoint, redeliver, step, code, running}`. `checkpoint` and `redeliver` are positions to go back to, `step` is `true` or a number of events, `fault` is `duplicate`, `drop`, `swap`, `crash_before_checkpoint`, `crash_after_effect` or `null` |
//! | `rebuild(name)`, `wait(name, position)` | folds it anew; resolves once it has reached the position |
//! | `health(name)` | `{health, differences}`: the running instance against a clean fold |
//! | `journal()`, `outbox()` | what was asked, and what came of it; side effects |
//! | `loading({memory, events, snapshots})` | how commands' streams are loaded from now on: `memory: true`, `events: true`, or a snapshot every so many events; without it, only what loading has cost: `{loading, meter, snapshots}` |
//! | `whatIf({leaveOut: [positions]} or {swap: [a, b]}, {state} or {view}, at)` | `{truth, imagined, differences, noLongerAllowed, cameOfIt}` |
//! | `why({state} or {view}, pointer)` | the events that set a field, newest first: `[{position, stream, type, was, now}]` |
//! | `bisect({state} or {view}, condition, monotonic)` | `{position, probes, looked}`; a condition reads `{"is": ["/balance", "<", {"value": 0}]}`, also under `all`, `any` and `not` |
//! | `logs()`, `fork(position)` | the scenario's logs; a new log that shares the past up to there |
//! | `compare(a, b)` | `{shared, states, views}`: each is a log's id, a position in the open log, or `{log, at}` |
//! | `on("event" or "seek" or "step", callback)` | synchronous; returns a function that ends it |
//! | `reset()` | a new log with the scenario's story; the old one stays |
//!
//! Codes: `rejected`, `wrong_expected_version` (with `expected`, `actual`), `malformed`,
//! `unknown_stream`, `unknown_scenario`, `unknown_projection`, `unreadable`, `out_of_range`,
//! `storage`.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Error, Function, JSON, Object, Promise, Reflect};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;
use wasm_bindgen::prelude::{Closure, JsCast, JsValue};
use yew::Callback;

use super::desk::{Desk, new_id, now};
use super::fixed::Fixed;
use super::pace::{Pace, breathe};
use crate::es::{Choice, CommandRecord, Condition, Draft, Expected, Origin, Recorded, Set, Stream};
use crate::lab::{
    Ask, Bulk, Change, Comparison, Control, ControlError, Did, Entry, Fault, Found, Health, Line,
    Loading, Mark, Outcome, Session, Subscription, Target, WhatIf, changes, compare_logs,
    compare_positions, keyed,
};
use crate::store::StoreError;

/// What the console asks of the page.
pub enum Request {
    Ready,
    Scenarios,
    Open(String, OpenOptions),
    Send(String, CommandText, SendOptions),
    Submit(String, CommandText, SendOptions),
    Step,
    Next,
    /// The events are still text: they are read where they are appended, without a copy.
    Append(String, AppendOptions),
    Events(u64, u64),
    Head,
    Position,
    Seek(Place),
    State(String),
    View(String),
    Subscriptions,
    Subscription(String, SubscriptionOptions),
    Rebuild(String),
    Wait(String, u64),
    Health(String),
    Again(Uuid, Choice, Option<Uuid>),
    Loading(Option<Loading>),
    WhatIf(ChangeOptions, Target, Option<u64>),
    Why(Target, String),
    Bisect(Target, Condition, bool),
    Compare(Side, Side),
    Journal,
    Outbox,
    Logs,
    Fork(u64),
    Reset,
    /// Whoever listens has a number.
    On(u64, Hears, Function),
    Off(u64),
}

impl Request {
    /// True where the page may look otherwise afterwards.
    pub fn changes(&self) -> bool {
        matches!(
            self,
            Self::Send(..)
                | Self::Submit(..)
                | Self::Step
                | Self::Next
                | Self::Append(..)
                | Self::Subscription(..)
                | Self::Rebuild(_)
                | Self::Again(..)
        )
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct OpenOptions {
    pub empty: bool,
    storage: Option<String>,
    pub log: Option<String>,
    #[serde(skip)]
    pub memory: bool,
}

#[derive(Deserialize)]
pub struct CommandText {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Option<Box<RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SendOptions {
    // What is no number comes as null: it is refused, not left out.
    #[serde(deserialize_with = "present")]
    expected_version: Option<Expected>,
    #[serde(deserialize_with = "present")]
    seen_version: Option<u64>,
    retry: bool,
    command_id: Option<String>,
    actor: Option<String>,
}

#[derive(Deserialize)]
struct AppendRow<'a> {
    #[serde(borrow)]
    stream: Cow<'a, str>,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
    at: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AppendOptions {
    react: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SubscriptionOptions {
    paused: Option<bool>,
    delay: Option<u64>,
    deduplicate: Option<bool>,
    synchronous: Option<bool>,
    guard: Option<bool>,
    /// A fault arms it, null disarms what is armed.
    #[serde(deserialize_with = "present")]
    fault: Option<FaultOption>,
    checkpoint: Option<u64>,
    redeliver: Option<Count>,
    step: Option<Count>,
    code: Option<u16>,
    running: Option<bool>,
}

/// A fault, or none.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
struct FaultOption(Option<Fault>);

/// A number, or simply yes.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Count {
    Number(u64),
    Flag(bool),
}

fn present<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// What is imagined otherwise.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChangeOptions {
    LeaveOut(Vec<u64>),
    Swap(u64, u64),
}

impl From<ChangeOptions> for Change {
    fn from(change: ChangeOptions) -> Self {
        match change {
            ChangeOptions::LeaveOut(positions) => Self::LeaveOut(positions.into_iter().collect()),
            ChangeOptions::Swap(a, b) => Self::Swap(a, b),
        }
    }
}

/// One side of a comparison.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Side {
    Position(u64),
    Log(String),
    Place { log: Option<String>, at: Option<u64> },
}

impl Side {
    fn parts(self) -> (Option<String>, Option<u64>) {
        match self {
            Self::Position(at) => (None, Some(at)),
            Self::Log(log) => (Some(log), None),
            Self::Place { log, at } => (log, at),
        }
    }
}

/// A place to seek: a position, or a time in milliseconds since 1970.
pub enum Place {
    Position(f64),
    Time(f64),
}

impl Place {
    /// The position that it means in a log.
    ///
    /// # Errors
    /// A sentence, where it is not in the log.
    pub fn position(&self, session: &Session) -> Result<u64, String> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
        match *self {
            Self::Position(at) if at >= 0.0 && at.fract() == 0.0 && at <= session.head() as f64 => {
                Ok(at as u64)
            }
            Self::Position(at) => {
                Err(format!("{} is no position from 0 to {}", Fixed(at, 3), session.head()))
            }
            Self::Time(at) if at.is_finite() => Ok(session.position_at(at.max(0.0) as u64)),
            Self::Time(_) => Err("that is no date".to_owned()),
        }
    }
}

/// What can be listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hears {
    Event,
    Seek,
    Step,
}

/// Who waits for an answer.
pub struct Reply {
    resolve: Function,
    reject: Function,
    /// Where the answer is kept until it is to be given, unless that is at once.
    kept: Option<Late>,
}

/// An answer that is given later.
#[derive(Clone, Default)]
pub struct Late(Rc<Cell<Option<(Function, JsValue)>>>);

impl Late {
    /// Gives it.
    pub fn give(&self) {
        if let Some((to, value)) = self.0.take() {
            // A promise's own functions do not fail.
            let _ = to.call1(&JsValue::NULL, &value);
        }
    }
}

impl Reply {
    /// The same, whose answer is given later.
    pub fn later(self) -> (Self, Late) {
        let kept = Late::default();
        (Self { kept: Some(kept.clone()), ..self }, kept)
    }

    fn give(&self, to: &Function, value: &JsValue) {
        let answer = Cell::new(Some((to.clone(), value.clone())));
        match &self.kept {
            Some(kept) => kept.0.swap(&answer),
            None => Late(Rc::new(answer)).give(),
        }
    }

    /// Answers.
    pub fn resolve(&self, value: &impl Serialize) {
        self.resolve_js(&to_js(value));
    }

    fn resolve_js(&self, value: &JsValue) {
        self.give(&self.resolve, value);
    }

    /// Answers with an `Error` that has a `code`.
    pub fn reject(&self, code: &str, message: &str) {
        self.reject_with(&failure(code, message));
    }

    fn reject_with(&self, error: &JsValue) {
        self.give(&self.reject, error);
    }
}

fn failure(code: &str, message: &str) -> JsValue {
    let error = Error::new(message);
    set(&error, "code", &code.into());
    error.into()
}

fn set(object: &JsValue, name: &str, value: &JsValue) {
    // Our own plain objects can always be written.
    let _ = Reflect::set(object, &name.into(), value);
}

/// Through the browser's own JSON, there and back: it is quick, raw JSON text can be kept as it
/// is, and every type here is written as JSON anyway.
fn to_js(value: &impl Serialize) -> JsValue {
    let text = serde_json::to_string(value).unwrap_or_default();
    JSON::parse(&text).unwrap_or(JsValue::UNDEFINED)
}

fn from_js<T: for<'de> Deserialize<'de>>(value: &JsValue) -> Result<T, String> {
    serde_json::from_str(&json(value)).map_err(|error| error.to_string())
}

fn json(value: &JsValue) -> String {
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string());
    text.unwrap_or_else(|| "null".to_owned())
}

fn options<T: for<'de> Deserialize<'de> + Default>(value: &JsValue) -> Result<T, String> {
    if value.is_undefined() || value.is_null() { Ok(T::default()) } else { from_js(value) }
}

type Listen = dyn Fn(JsValue, JsValue) -> Result<Function, JsValue>;

/// Puts `window.leftfold` in place.
pub fn install(ask: &Callback<(Request, Reply)>) {
    let page = Object::new();
    let define = |name: &str, read: fn(&[JsValue; 3]) -> Result<Request, String>| {
        let ask = ask.clone();
        let call = Closure::<dyn Fn(JsValue, JsValue, JsValue) -> Promise>::new(move |a, b, c| {
            let request = read(&[a, b, c]);
            promise(&ask, request)
        });
        set(&page, name, &call.into_js_value());
    };
    define("scenarios", |_| Ok(Request::Scenarios));
    define("open", |[id, how, _]| {
        let mut how: OpenOptions = options(how)?;
        how.memory = match how.storage.as_deref() {
            None => false,
            Some("memory") => true,
            Some(_) => return Err("storage is memory, or is left out".to_owned()),
        };
        Ok(Request::Open(text(id)?, how))
    });
    define("send", |[stream, command, how]| {
        Ok(Request::Send(text(stream)?, from_js(command)?, options(how)?))
    });
    define("submit", |[stream, command, how]| {
        Ok(Request::Submit(text(stream)?, from_js(command)?, options(how)?))
    });
    define("step", |_| Ok(Request::Step));
    define("next", |_| Ok(Request::Next));
    define("append", |[events, how, _]| Ok(Request::Append(json(events), options(how)?)));
    define("events", |[from, to, _]| Ok(Request::Events(number(from)?, number(to)?)));
    define("head", |_| Ok(Request::Head));
    define("position", |_| Ok(Request::Position));
    define("seek", |[place, _, _]| {
        if let Some(time) = time_of(place) {
            return Ok(Request::Seek(Place::Time(time)));
        }
        match (place.as_f64(), place.as_string()) {
            (Some(position), _) => Ok(Request::Seek(Place::Position(position))),
            (_, Some(date)) => Ok(Request::Seek(Place::Time(js_sys::Date::parse(&date)))),
            _ => Err("seek takes a position or a date".to_owned()),
        }
    });
    define("state", |[stream, _, _]| Ok(Request::State(text(stream)?)));
    define("view", |[name, _, _]| Ok(Request::View(text(name)?)));
    define("subscriptions", |_| Ok(Request::Subscriptions));
    define("subscription", |[name, how, _]| Ok(Request::Subscription(text(name)?, options(how)?)));
    define("rebuild", |[name, _, _]| Ok(Request::Rebuild(text(name)?)));
    define("wait", |[name, position, _]| Ok(Request::Wait(text(name)?, number(position)?)));
    define("health", |[name, _, _]| Ok(Request::Health(text(name)?)));
    define("again", |[command, choice, id]| {
        let id: Option<Uuid> = options(id)?;
        Ok(Request::Again(from_js(command)?, from_js(choice)?, id))
    });
    define("loading", |[how, _, _]| {
        let how: Option<LoadingOptions> = options(how)?;
        Ok(Request::Loading(how.map(LoadingOptions::read).transpose()?))
    });
    define("whatIf", |[change, target, at]| {
        Ok(Request::WhatIf(from_js(change)?, from_js(target)?, options(at)?))
    });
    define("why", |[target, pointer, _]| Ok(Request::Why(from_js(target)?, text(pointer)?)));
    define("bisect", |[target, condition, monotonic]| {
        Ok(Request::Bisect(from_js(target)?, from_js(condition)?, monotonic.is_truthy()))
    });
    define("compare", |[a, b, _]| Ok(Request::Compare(from_js(a)?, from_js(b)?)));
    define("journal", |_| Ok(Request::Journal));
    define("outbox", |_| Ok(Request::Outbox));
    define("logs", |_| Ok(Request::Logs));
    define("fork", |[position, _, _]| Ok(Request::Fork(number(position)?)));
    define("reset", |_| Ok(Request::Reset));
    let listen = {
        let ask = ask.clone();
        let count = Cell::new(0);
        Closure::<Listen>::new(move |event: JsValue, callback: JsValue| {
            let hears = match event.as_string().as_deref() {
                Some("event") => Hears::Event,
                Some("seek") => Hears::Seek,
                Some("step") => Hears::Step,
                _ => return Err(failure("malformed", "one listens to event, seek or step")),
            };
            let Ok(callback) = callback.dyn_into::<Function>() else {
                return Err(failure("malformed", "a function is expected, to be called then"));
            };
            let number = count.get();
            count.set(number + 1);
            ask.emit((Request::On(number, hears, callback), Reply::nobody()));
            let ask = ask.clone();
            let end = Closure::<dyn Fn()>::new(move || {
                ask.emit((Request::Off(number), Reply::nobody()));
            });
            Ok(end.into_js_value().unchecked_into())
        })
    };
    set(&page, "on", &listen.into_js_value());
    set(&page, "ready", &promise(ask, Ok(Request::Ready)));
    set(&gloo::utils::window(), "leftfold", &page);
}

impl Reply {
    /// Nobody waits.
    fn nobody() -> Self {
        let ignore = Closure::<dyn Fn()>::new(|| ()).into_js_value().unchecked_into::<Function>();
        Self { resolve: ignore.clone(), reject: ignore, kept: None }
    }
}

fn promise(ask: &Callback<(Request, Reply)>, request: Result<Request, String>) -> Promise {
    let mut request = Some(request);
    Promise::new(&mut |resolve, reject| match request.take() {
        Some(Ok(request)) => ask.emit((request, Reply { resolve, reject, kept: None })),
        Some(Err(why)) => Reply { resolve, reject, kept: None }.reject("malformed", &why),
        None => {}
    })
}

/// The time of a date, also of one from another frame, whose `Date` is not ours.
fn time_of(value: &JsValue) -> Option<f64> {
    let get = Reflect::get(value, &"getTime".into()).ok()?.dyn_into::<Function>().ok()?;
    get.call0(value).ok()?.as_f64()
}

fn text(value: &JsValue) -> Result<String, String> {
    value.as_string().ok_or_else(|| "a name is expected, as text".to_owned())
}

fn number(value: &JsValue) -> Result<u64, String> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
    match value.as_f64() {
        Some(number) if number >= 0.0 && number.fract() == 0.0 => Ok(number as u64),
        _ => Err("a position is a whole number from 0".to_owned()),
    }
}

/// Answers once the next frame is painted; at once where the page is hidden.
pub fn after_paint(then: impl FnOnce() + 'static) {
    if gloo::utils::document().hidden() {
        then();
        return;
    }
    wasm_bindgen_futures::spawn_local(async move {
        let (frame, painted) = futures::channel::oneshot::channel::<()>();
        let first = gloo::render::request_animation_frame(move |_| {
            gloo::timers::callback::Timeout::new(0, move || _ = frame.send(())).forget();
        });
        // A frame that never comes is as good as one that did.
        let _ = painted.await;
        drop(first);
        then();
    });
}

/// A recorded event, as the console shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventOut<'a> {
    position: u64,
    stream: &'a Stream,
    version: u64,
    id: Uuid,
    #[serde(rename = "type")]
    kind: &'a str,
    schema: u16,
    data: Value,
    at: u64,
    command_id: Uuid,
    causation_id: Uuid,
    correlation_id: Uuid,
    actor: &'a str,
    origin: Origin,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<&'a str>,
}

fn event_out(event: &Recorded) -> EventOut<'_> {
    EventOut {
        position: event.position(),
        stream: event.stream(),
        version: event.version(),
        id: event.id(),
        kind: event.kind(),
        schema: event.schema(),
        data: serde_json::from_str(event.data().get()).unwrap_or_default(),
        at: event.at(),
        command_id: event.command_id(),
        causation_id: event.causation_id(),
        correlation_id: event.correlation_id(),
        actor: event.actor(),
        origin: event.origin(),
        unreadable: event.unreadable().map(|it| &*it.why),
    }
}

fn entry_out(entry: &Entry, session: &Session) -> Value {
    let command = entry.envelope.command.as_ref();
    let data: Value =
        command.and_then(|it| serde_json::from_str(it.data.get()).ok()).unwrap_or_default();
    let positions: Vec<u64> = entry.events.clone().filter(|it| *it <= session.head()).collect();
    serde_json::json!({
        "commandId": entry.envelope.command_id,
        "stream": command.map(|it| &it.stream),
        "command": { "type": command.map(|it| &it.kind), "data": data },
        "actor": entry.envelope.actor,
        "at": entry.envelope.at,
        "outcome": entry.outcome.name(),
        "reason": entry.reason,
        "events": positions,
        "follows": entry.envelope.follows.map(|it| it.command),
        "choice": entry.envelope.follows.map(|it| it.choice),
    })
}

fn subscription_out(it: &Subscription, head: u64, health: Option<Health>) -> Value {
    serde_json::json!({
        "name": it.name(),
        "kind": it.kind(),
        "view": it.view().store(),
        "checkpoint": it.checkpoint(),
        "lag": head - it.checkpoint(),
        "paused": it.paused(),
        "delay": it.delay(),
        "deduplicate": it.deduplicates(),
        "synchronous": it.is_synchronous(),
        "guard": it.is_guarded(),
        "fault": it.fault(),
        "crashed": it.crashed(),
        "health": health.map(|it| health_out(&it)),
        "ahead": it.ahead().collect::<Vec<_>>(),
        "mark": it.mark(),
        "unanswered": it.unanswered(),
        "heldBack": it.held_back(),
        "code": it.code(),
    })
}

fn health_out(health: &Health) -> &'static str {
    match health {
        Health::Clean => "clean",
        Health::Differs(_) => "differs",
        Health::Unjudged => "unjudged",
    }
}

/// Lines that differ, each with its path and both values as they are written.
fn lines_out(lines: &[Line]) -> Value {
    let line = |line: &Line| {
        let mark = match line.mark {
            Mark::Same => "same",
            Mark::Added => "added",
            Mark::Changed => "changed",
            Mark::Removed => "removed",
        };
        serde_json::json!({ "path": line.pointer(), "was": line.was, "now": line.now, "mark": mark })
    };
    lines.iter().map(line).collect()
}

fn comparison_out(it: &Comparison) -> Value {
    let states = it.states.iter().map(|it| {
        serde_json::json!({
            "stream": it.stream,
            "versions": [it.versions.0, it.versions.1],
            "left": it.left,
            "right": it.right,
            "differences": lines_out(&changes(&it.left, &it.right)),
        })
    });
    let views = it.views.iter().map(
        |it| serde_json::json!({ "name": it.name, "differences": lines_out(&it.differences()) }),
    );
    serde_json::json!({
        "shared": it.shared,
        "states": states.collect::<Vec<_>>(),
        "views": views.collect::<Vec<_>>(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum LoadingOptions {
    Memory(bool),
    Events(bool),
    Snapshots(u64),
}

impl LoadingOptions {
    fn read(self) -> Result<Loading, String> {
        match self {
            Self::Memory(true) | Self::Events(false) => Ok(Loading::Memory),
            Self::Events(true) | Self::Memory(false) => Ok(Loading::Events),
            Self::Snapshots(0) => Err("a snapshot is taken every 1 or more events".to_owned()),
            Self::Snapshots(every) => Ok(Loading::Snapshots(every)),
        }
    }
}

impl SubscriptionOptions {
    /// What is to be changed, in an order in which it makes sense together; steps aside.
    fn controls(&self) -> impl Iterator<Item = Control> {
        let redeliver = match self.redeliver {
            Some(Count::Number(to)) => Some(Control::Redeliver(to)),
            Some(Count::Flag(true)) => Some(Control::Redeliver(0)),
            Some(Count::Flag(false)) | None => None,
        };
        let controls = [
            self.synchronous.map(Control::Synchronous),
            self.paused.map(Control::Pause),
            self.delay.map(Control::Delay),
            self.deduplicate.map(Control::Deduplicate),
            self.guard.map(Control::Guard),
            self.fault.map(|it| Control::Fault(it.0)),
            self.checkpoint.map(Control::Rewind),
            redeliver,
        ];
        controls.into_iter().flatten()
    }

    fn steps(&self) -> u64 {
        match self.step {
            Some(Count::Number(steps)) => steps,
            Some(Count::Flag(yes)) => u64::from(yes),
            None => 0,
        }
    }
}

/// Changes a subscription and runs what is due; what was done.
async fn change(
    desk: &Desk,
    name: &str,
    how: &SubscriptionOptions,
) -> (Result<(), ControlError>, Vec<Did>) {
    let changed = {
        let mut session = desk.session_mut();
        let head = session.head();
        let world = session.world_mut();
        // All or nothing: what cannot be done is found before anything is.
        let versions = world.codes(name);
        if versions.is_empty() {
            return (Err(ControlError::Unknown(name.to_owned())), Vec::new());
        }
        if let Some(code) = how.code.filter(|code| !versions.contains(code)) {
            let why = format!("{name} has no code {code}");
            return (Err(ControlError::Refused(why)), Vec::new());
        }
        if how.checkpoint.is_some_and(|to| to > head) {
            let why = format!("the log ends at position {head}");
            return (Err(ControlError::Refused(why)), Vec::new());
        }
        match how.running {
            Some(true) => _ = world.subscribe(name),
            Some(false) => _ = world.unsubscribe(name),
            None => {}
        }
        let known = how.running == Some(false) || world.subscription(name).is_some();
        let coded = how.code.is_none_or(|code| world.rebuild(name, code));
        if known && coded {
            let mut controls = how.controls().filter(|_| how.running != Some(false));
            controls.try_for_each(|control| world.control(name, control))
        } else {
            Err(ControlError::Unknown(name.to_owned()))
        }
    };
    let mut trace = desk.run().await;
    // There is never more to be stepped through.
    let most = 2 * desk.session().head();
    for _ in 0..how.steps().min(most) {
        if changed.is_ok() {
            // Known, and one that runs by itself has nothing to be stepped for.
            let _ = desk.session_mut().world_mut().control(name, Control::Step);
            trace.extend(desk.run().await);
        }
    }
    (changed, trace)
}

/// How many events are looked at before the page gets its turn.
const SLICE: u64 = 2_000;

async fn what_if(desk: &Desk, change: Change, target: Target, at: Option<u64>, reply: &Reply) {
    let imagined = {
        let mut session = desk.session_mut();
        let at = at.unwrap_or(session.position());
        WhatIf::new(session.world(), &change).map(|mut what_if| {
            let pair = match &target {
                Target::State(stream) => session
                    .state_at(stream, at)
                    .map(|(_, truth)| truth)
                    .zip(what_if.state(session.world(), stream, at).map(|it| it.0)),
                Target::View(name) => session
                    .view_at(name, at)
                    .zip(what_if.view(session.world(), name, at))
                    .map(|(truth, imagined)| (keyed(&truth), keyed(&imagined.0))),
            };
            (what_if, pair)
        })
    };
    let (mut what_if, pair) = match imagined {
        Ok(imagined) => imagined,
        Err(why) => return reply.reject("out_of_range", &why),
    };
    let Some((truth, imagined)) = pair else { return unknown_target(&target, reply) };
    loop {
        let over = what_if.advance(desk.session().world(), 2_000);
        if over {
            break;
        }
        breathe().await;
    }
    reply.resolve(&serde_json::json!({
        "differences": lines_out(&changes(&truth, &imagined)),
        "truth": truth,
        "imagined": imagined,
        "noLongerAllowed": what_if.no_longer_allowed(),
        "cameOfIt": what_if.came_of_it(),
    }));
}

fn unknown_target(target: &Target, reply: &Reply) {
    match target {
        Target::State(stream) => {
            reply.reject("unknown_stream", &format!("there is no aggregate for {stream}"));
        }
        Target::View(name) => unknown(name, reply),
    }
}

async fn compare(desk: &Desk, a: Side, b: Side) -> Result<Comparison, (&'static str, String)> {
    let storage = |fault: StoreError| ("storage", fault.to_string());
    let beyond = |at: Option<u64>, head| match at {
        Some(at) if at > head => Err(("out_of_range", format!("{at} is beyond the head, {head}"))),
        _ => Ok(at.unwrap_or(head)),
    };
    let mut sides = [(None, None), (None, None)];
    for (side, slot) in [a, b].into_iter().zip(&mut sides) {
        let (log, at) = side.parts();
        if let Some(log) = log.filter(|log| *log != desk.info().id) {
            slot.0 = Some(desk.other(&log).await.map_err(storage)?);
        }
        slot.1 = at;
    }
    let mut here = desk.session_mut();
    let head = here.head();
    let [(left, at), (right, to)] = &mut sides;
    if left.is_none() && right.is_none() {
        return Ok(compare_positions(&mut here, beyond(*at, head)?, beyond(*to, head)?));
    }
    let mut here = Some(&mut *here);
    let sides = [left.as_mut().or_else(|| here.take()), right.as_mut().or_else(|| here.take())];
    let [Some(left), Some(right)] = sides else {
        return Err(storage(StoreError::UnknownLog(String::new())));
    };
    let at = [beyond(*at, left.head())?, beyond(*to, right.head())?];
    Ok(compare_logs([left, right], at))
}

/// Answers what can be answered of an open log; says what was done.
#[expect(clippy::too_many_lines, reason = "one arm a call")]
pub async fn answer(desk: &Desk, request: Request, reply: Reply) -> Vec<Did> {
    match request {
        Request::Send(stream, command, how) => {
            let Some(ask) = ask(desk, &stream, command, how, &reply) else { return Vec::new() };
            return answered(desk, ask, &reply).await;
        }
        Request::Submit(stream, command, how) => {
            let Some(ask) = ask(desk, &stream, command, how, &reply) else { return Vec::new() };
            let id = ask.id;
            desk.session_mut().world_mut().submit(ask);
            reply.resolve(&serde_json::json!({ "commandId": id }));
        }
        Request::Step => {
            let did = desk.step().await;
            reply.resolve(&did.as_ref().map(step_out));
            return did.into_iter().collect();
        }
        Request::Next => {
            let Some(played) = desk.tell().await else {
                reply.resolve(&Value::Null);
                return Vec::new();
            };
            let number = played.number + 1;
            reply.resolve(&serde_json::json!({ "number": number, "say": played.say }));
            return played.trace;
        }
        Request::Append(rows, how) => append(desk, &rows, &how, &reply).await,
        Request::Events(from, to) => {
            let session = desk.session();
            if from < 1 || to > session.head() {
                reply.reject("out_of_range", &format!("positions go from 1 to {}", session.head()));
            } else {
                let list = Array::new();
                for event in session.log().events(from, to) {
                    list.push(&to_js(&event_out(event)));
                }
                reply.resolve_js(&list);
            }
        }
        Request::Head => reply.resolve(&desk.session().head()),
        Request::Position => reply.resolve(&desk.session().position()),
        Request::State(stream) => {
            let parsed = Stream::parse(&stream);
            let state = parsed.ok().and_then(|stream| desk.session_mut().state(&stream));
            match state {
                Some(state) => reply.resolve(&serde_json::json!({
                    "stream": state.stream, "version": state.version, "state": state.now,
                })),
                None => {
                    reply.reject("unknown_stream", &format!("there is no aggregate for {stream}"));
                }
            }
        }
        Request::View(name) => {
            let panel = desk.session_mut().panel(&name);
            match panel {
                Some(panel) => {
                    let mut view = serde_json::to_value(&panel.now).unwrap_or_default();
                    if let Value::Object(view) = &mut view {
                        view.insert("name".into(), (&*panel.name).into());
                        view.insert("checkpoint".into(), panel.shown.into());
                    }
                    reply.resolve(&view);
                }
                None => unknown(&name, &reply),
            }
        }
        Request::Subscriptions => {
            let mut session = desk.session_mut();
            let all = session.world().subscriptions().iter();
            let names: Vec<Rc<str>> = all.map(|it| it.name().clone()).collect();
            let health: Vec<_> = names.iter().map(|name| session.health(name)).collect();
            let all = session.world().subscriptions().iter().zip(health);
            let list = all.map(|(it, health)| subscription_out(it, session.head(), health));
            reply.resolve(&list.collect::<Vec<_>>());
        }
        Request::Subscription(name, how) => {
            let (changed, trace) = change(desk, &name, &how).await;
            match changed {
                Ok(()) => reply.resolve(&()),
                Err(ControlError::Unknown(name)) => unknown(&name, &reply),
                Err(ControlError::Refused(why)) => reply.reject("malformed", &why),
            }
            return trace;
        }
        Request::Health(name) => {
            let mut session = desk.session_mut();
            let Some(health) = session.health(&name) else {
                unknown(&name, &reply);
                return Vec::new();
            };
            let running = session.world().subscription(&name).map(Subscription::view);
            let lines = running.map(|it| health.differences(&it)).unwrap_or_default();
            reply.resolve(&serde_json::json!({
                "health": health_out(&health), "differences": lines_out(&lines),
            }));
        }
        Request::Again(command, choice, id) => {
            let again = desk.session().world().again(command, choice, id.unwrap_or_else(new_id));
            let Some(ask) = again else {
                reply.reject("malformed", "the journal has no command of that id");
                return Vec::new();
            };
            return answered(desk, ask, &reply).await;
        }
        Request::Loading(how) => {
            let mut session = desk.session_mut();
            if let Some(how) = how {
                session.world_mut().load_by(how);
            }
            let world = session.world();
            let snapshots = world.snapshots().map(|(stream, it)| {
                serde_json::json!({ "stream": stream, "version": it.version, "schema": it.schema })
            });
            reply.resolve(&serde_json::json!({
                "loading": world.loading(),
                "meter": world.meter(),
                "snapshots": snapshots.collect::<Vec<_>>(),
            }));
        }
        Request::WhatIf(change, target, at) => {
            what_if(desk, change.into(), target, at, &reply).await;
        }
        Request::Why(target, pointer) => {
            let why = desk.session_mut().why(target.clone(), &pointer);
            let Some(mut why) = why else {
                unknown_target(&target, &reply);
                return Vec::new();
            };
            while !desk.session_mut().advance_why(&mut why, SLICE) {
                breathe().await;
            }
            reply.resolve(&why.causes());
        }
        Request::Bisect(target, condition, monotonic) => {
            let bisect = desk.session_mut().bisect(target.clone(), condition, monotonic);
            let Some(mut bisect) = bisect else {
                unknown_target(&target, &reply);
                return Vec::new();
            };
            let found = loop {
                let found = desk.session_mut().advance_bisect(&mut bisect, SLICE);
                if found != Found::NotYet {
                    break found;
                }
                breathe().await;
            };
            let position = match found {
                Found::At(position) => Some(position),
                Found::NotYet | Found::Nowhere => None,
            };
            reply.resolve(&serde_json::json!({
                "position": position, "probes": bisect.probes(), "looked": bisect.progress().0,
            }));
        }
        Request::Compare(a, b) => match compare(desk, a, b).await {
            Ok(comparison) => reply.resolve(&comparison_out(&comparison)),
            Err((code, why)) => reply.reject(code, &why),
        },
        Request::Rebuild(name) => {
            let code = desk.session().world().subscription(&name).map(Subscription::code);
            let Some(code) = code else {
                unknown(&name, &reply);
                return Vec::new();
            };
            desk.session_mut().world_mut().rebuild(&name, code);
            let trace = desk.run().await;
            reply.resolve(&());
            return trace;
        }
        Request::Journal => {
            let session = desk.session();
            let list = Array::new();
            for entry in session.world().journal() {
                list.push(&to_js(&entry_out(entry, &session)));
            }
            reply.resolve_js(&list);
        }
        Request::Outbox => reply.resolve(&desk.session().world().outbox()),
        Request::Logs => match desk.storage().logs().await {
            Ok(mut logs) => {
                logs.retain(|log| log.scenario == desk.info().scenario);
                reply.resolve(&logs);
            }
            Err(fault) => reply.reject("storage", &fault.to_string()),
        },
        _ => reply.reject("malformed", "that is asked of the page, not of a log"),
    }
    Vec::new()
}

/// A micro-step with its sentence.
fn step_out(did: &Did) -> Value {
    let mut value = serde_json::to_value(did).unwrap_or_default();
    if let Value::Object(value) = &mut value {
        value.insert("caption".into(), did.to_string().into());
    }
    value
}

fn unknown(name: &str, reply: &Reply) {
    reply.reject("unknown_projection", &format!("no projection or process is called {name}"));
}

fn ask(
    desk: &Desk,
    stream: &str,
    command: CommandText,
    how: SendOptions,
    reply: &Reply,
) -> Option<Ask> {
    let parsed = Stream::parse(stream).ok();
    let known = parsed.filter(|it| desk.session().scenario().aggregate_of(it.category()).is_some());
    let Some(stream) = known else {
        reply.reject("unknown_stream", &format!("there is no aggregate for {stream}"));
        return None;
    };
    let id = match how.command_id.as_deref().map(Uuid::parse_str) {
        None => new_id(),
        Some(Ok(id)) => id,
        Some(Err(_)) => {
            reply.reject("malformed", "a command id is a UUID");
            return None;
        }
    };
    let data = command.data.unwrap_or_else(empty);
    let command = CommandRecord { stream, kind: command.kind.into(), data };
    let actor: Rc<str> = how.actor.unwrap_or_else(|| "console".to_owned()).into();
    let (expected, seen, retry) = (how.expected_version, how.seen_version, how.retry);
    Some(Ask { expected, seen, retry, ..Ask::new(id, actor, command) })
}

fn empty() -> Box<RawValue> {
    serde_json::value::to_raw_value(&serde_json::json!({})).unwrap_or_default()
}

async fn answered(desk: &Desk, ask: Ask, reply: &Reply) -> Vec<Did> {
    let (entry, trace) = desk.send(ask).await;
    match entry {
        Some(entry) => sent(desk, &entry, reply),
        None => reply.reject("storage", "the command was not handled"),
    }
    trace
}

fn sent(desk: &Desk, entry: &Entry, reply: &Reply) {
    let session = desk.session();
    match &entry.outcome {
        Outcome::Accepted | Outcome::Repeated => {
            let events: Vec<EventOut> = session
                .log()
                .events(entry.events.start, entry.events.end.saturating_sub(1))
                .map(event_out)
                .collect();
            reply
                .resolve(&serde_json::json!({ "outcome": entry.outcome.name(), "events": events }));
        }
        outcome => {
            let error = failure(outcome.name(), entry.reason.as_deref().unwrap_or_default());
            if let Outcome::WrongExpectedVersion { expected, actual } = outcome {
                set(&error, "expected", &to_js(expected));
                set(&error, "actual", &to_js(actual));
            }
            reply.reject_with(&error);
        }
    }
}

/// The end of the year 9999, in milliseconds since 1970: archives can write no later time.
const LATEST: u64 = 253_402_300_799_999;

async fn append(desk: &Desk, text: &str, how: &AppendOptions, reply: &Reply) {
    let rows: Vec<AppendRow> = match serde_json::from_str(text) {
        Ok(rows) => rows,
        Err(why) => return reply.reject("malformed", &why.to_string()),
    };
    let head = desk.session().head();
    let mut last = desk.session().log().event(head).map_or(0, Recorded::at);
    let now = now();
    let mut events: Vec<Draft> = Vec::with_capacity(rows.len());
    let scenario = desk.session().scenario().clone();
    let (mut new, nothing) = (Set::<Stream>::new(), empty());
    let mut kinds: Vec<Rc<str>> = Vec::new();
    let mut pace = Pace::new();
    for (index, row) in rows.into_iter().enumerate() {
        let fault = |what: String| format!("event {} of {}: {what}", index + 1, row.stream);
        let at = row.at.unwrap_or(now).max(if row.at.is_some() { 0 } else { last });
        if at < last {
            return reply
                .reject("malformed", &fault("it is earlier than the one before it".to_owned()));
        }
        if at > LATEST {
            return reply.reject("malformed", &fault("it is later than the year 9999".to_owned()));
        }
        last = at;
        // Ten thousand events, and a few streams: each is read once.
        let known =
            desk.session().log().named(&row.stream).or_else(|| new.get(&*row.stream)).cloned();
        let stream = match known.map_or_else(|| Stream::parse(&row.stream), Ok) {
            Ok(stream) => stream,
            Err(why) => return reply.reject("malformed", &fault(why.to_string())),
        };
        let Some(aggregate) = scenario.aggregate_of(stream.category()) else {
            return reply.reject("unknown_stream", &fault("there is no such aggregate".to_owned()));
        };
        let data = row.data.unwrap_or(&nothing);
        let kind = kinds.iter().find(|it| ***it == *row.kind).cloned().unwrap_or_else(|| {
            let kind: Rc<str> = (&*row.kind).into();
            kinds.push(kind.clone());
            kind
        });
        let draft = aggregate.read(&stream, &kind, aggregate.schema(), data.get());
        new.insert(stream);
        if let crate::es::Body::Unreadable(unreadable) = &draft.body {
            return reply.reject("malformed", &fault(unreadable.why.clone()));
        }
        events.push(Draft { at: Some(at), ..draft });
        pace.breathe().await;
    }
    if events.is_empty() {
        return reply.resolve(&serde_json::json!({ "from": head + 1, "to": head }));
    }
    let bulk = Bulk {
        id: new_id(),
        actor: "console".into(),
        origin: Origin::Import,
        events,
        react: how.react,
    };
    match desk.append(bulk).await {
        Some((from, to)) => reply.resolve(&serde_json::json!({ "from": from, "to": to })),
        None => reply.reject("storage", "the events could not be stored"),
    }
}

/// Who wants to be told.
#[derive(Default)]
pub struct Listeners {
    list: Vec<(u64, Hears, Function)>,
    told: u64,
    /// Who waits until a subscription has reached a position.
    waiting: Vec<(Desk, String, u64, Reply)>,
}

impl Listeners {
    /// Adds one.
    pub fn add(&mut self, number: u64, hears: Hears, callback: Function) {
        self.list.push((number, hears, callback));
    }

    /// Takes one away.
    pub fn remove(&mut self, number: u64) {
        self.list.retain(|(it, ..)| *it != number);
    }

    /// Another log is open: what was there before has not just happened, and nobody waits for
    /// what the old one's subscriptions do.
    pub fn open(&mut self, desk: &Desk) {
        self.told = desk.session().head();
        for (_, name, _, reply) in self.waiting.extract_if(.., |(it, ..)| it != desk) {
            reply.reject("unknown_projection", &format!("{name} was waited for in another log"));
        }
    }

    /// Answers once a subscription has reached a position: at once where it has.
    pub fn wait(&mut self, desk: Desk, name: String, position: u64, reply: Reply) {
        self.waiting.push((desk, name, position, reply));
        self.arrived();
    }

    fn arrived(&mut self) {
        self.waiting.retain(|(desk, name, position, reply)| {
            match desk.session().world().wait(name, *position) {
                Some(wait) if wait.left > 0 => return true,
                Some(wait) => reply.resolve(&wait),
                None => unknown(name, reply),
            }
            false
        });
    }

    /// The playhead moved.
    pub fn seek(&self, position: u64) {
        self.tell(Hears::Seek, &to_js(&position));
    }

    /// Micro-steps were performed.
    pub fn trace(&mut self, trace: &[Did], session: &Session) {
        if self.hears(Hears::Step) {
            for did in trace {
                self.tell(Hears::Step, &to_js(&step_out(did)));
            }
        }
        self.arrived();
        let from = std::mem::replace(&mut self.told, session.head()) + 1;
        if self.hears(Hears::Event) {
            for event in session.log().events(from, session.head()) {
                self.tell(Hears::Event, &to_js(&event_out(event)));
            }
        }
    }

    /// True where somebody listens: what nobody hears need not be written.
    fn hears(&self, what: Hears) -> bool {
        self.list.iter().any(|(_, hears, _)| *hears == what)
    }

    fn tell(&self, what: Hears, value: &JsValue) {
        for (_, hears, callback) in &self.list {
            if *hears == what {
                // A listener's own failure is its own.
                let _ = callback.call1(&JsValue::NULL, value);
            }
        }
    }
}
