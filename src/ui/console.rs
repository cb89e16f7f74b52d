//! `window.leftfold`: the page by program, for teachers, slides, tests and benchmarks.
//!
//! Calls return promises (`on` aside) and speak plain JSON; a failure is an `Error` with a
//! `code`.

use std::rc::Rc;

use js_sys::{Array, Error, Function, JSON, Object, Promise, Reflect};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;
use wasm_bindgen::prelude::{Closure, JsCast, JsValue};
use yew::Callback;

use super::desk::{Desk, new_id, now};
use crate::lab::{
    Ask, Bulk, CommandRecord, Did, Draft, Entry, Expected, Origin, Outcome, Recorded, Session,
    Stream, read_event,
};

/// What the console asks of the page.
pub enum Request {
    Ready,
    Scenarios,
    Open(String, OpenOptions),
    Send(String, CommandText, SendOptions),
    Submit(String, CommandText, SendOptions),
    Step,
    Next,
    Append(Vec<AppendRow>, AppendOptions),
    Events(u64, u64),
    Head,
    Position,
    Seek(Place),
    State(String),
    View(String),
    Subscriptions,
    Subscription(String, SubscriptionOptions),
    Rebuild(String),
    Journal,
    Outbox,
    Logs,
    Fork(u64),
    Reset,
    On(String, Function),
    Off(Function),
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
    expected_version: Option<Expected>,
    command_id: Option<String>,
    actor: Option<String>,
}

#[derive(Deserialize)]
pub struct AppendRow {
    stream: Stream,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Option<Box<RawValue>>,
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
    code: Option<u16>,
    running: Option<bool>,
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
            Self::Position(at) => Err(format!("{at} is no position from 0 to {}", session.head())),
            Self::Time(at) if at.is_finite() => Ok(session.position_at(at.max(0.0) as u64)),
            Self::Time(_) => Err("that is no date".to_owned()),
        }
    }
}

/// Who waits for an answer.
pub struct Reply {
    resolve: Function,
    reject: Function,
}

impl Reply {
    /// Answers.
    pub fn resolve(&self, value: &impl Serialize) {
        self.resolve_js(&to_js(value));
    }

    fn resolve_js(&self, value: &JsValue) {
        // A promise's own functions do not fail.
        let _ = self.resolve.call1(&JsValue::NULL, value);
    }

    /// Answers with an `Error` that has a `code`.
    pub fn reject(&self, code: &str, message: &str) {
        self.reject_with(&failure(code, message));
    }

    fn reject_with(&self, error: &JsValue) {
        let _ = self.reject.call1(&JsValue::NULL, error);
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

fn to_js(value: &impl Serialize) -> JsValue {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .unwrap_or(JsValue::UNDEFINED)
}

/// Through the browser's own JSON: raw JSON text can be kept as it is, and it is quick.
fn from_js<T: for<'de> Deserialize<'de>>(value: &JsValue) -> Result<T, String> {
    let text = JSON::stringify(value)
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_else(|| "null".to_owned());
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn options<T: for<'de> Deserialize<'de> + Default>(value: &JsValue) -> Result<T, String> {
    if value.is_undefined() || value.is_null() { Ok(T::default()) } else { from_js(value) }
}

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
        how.memory = how.storage.as_deref() == Some("memory");
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
    define("append", |[events, how, _]| Ok(Request::Append(from_js(events)?, options(how)?)));
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
    define("journal", |_| Ok(Request::Journal));
    define("outbox", |_| Ok(Request::Outbox));
    define("logs", |_| Ok(Request::Logs));
    define("fork", |[position, _, _]| Ok(Request::Fork(number(position)?)));
    define("reset", |_| Ok(Request::Reset));
    let listen = {
        let ask = ask.clone();
        Closure::<dyn Fn(String, Function) -> Function>::new(move |event, callback: Function| {
            ask.emit((Request::On(event, callback.clone()), Reply::nobody()));
            let ask = ask.clone();
            let end = Closure::<dyn Fn()>::new(move || {
                ask.emit((Request::Off(callback.clone()), Reply::nobody()));
            });
            end.into_js_value().unchecked_into()
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
        Self { resolve: ignore.clone(), reject: ignore }
    }
}

fn promise(ask: &Callback<(Request, Reply)>, request: Result<Request, String>) -> Promise {
    let mut request = Some(request);
    Promise::new(&mut |resolve, reject| match request.take() {
        Some(Ok(request)) => ask.emit((request, Reply { resolve, reject })),
        Some(Err(why)) => Reply { resolve, reject }.reject("malformed", &why),
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
    })
}

/// Answers what can be answered of an open log; says what was done.
#[expect(clippy::too_many_lines, reason = "one arm a call")]
pub async fn answer(desk: &Desk, request: Request, reply: Reply) -> Vec<Did> {
    match request {
        Request::Send(stream, command, how) => {
            let Some(ask) = ask(desk, &stream, command, how, &reply) else { return Vec::new() };
            let entry = desk.send(ask).await;
            let Some(entry) = entry else {
                reply.reject("storage", "the command was not handled");
                return Vec::new();
            };
            sent(desk, &entry, &reply);
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
            let next = desk.session().next_in_story();
            let Some(number) = next else {
                reply.resolve(&Value::Null);
                return Vec::new();
            };
            let say = desk.session().scenario().story.get(number).map(|it| it.say.clone());
            desk.tell(number).await;
            reply.resolve(&serde_json::json!({ "number": number + 1, "say": say }));
        }
        Request::Append(rows, how) => append(desk, rows, &how, &reply).await,
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
            let session = desk.session();
            let head = session.head();
            let list = session.world().subscriptions().iter().map(|it| {
                serde_json::json!({
                    "name": it.name(),
                    "kind": it.kind(),
                    "view": it.view().store(),
                    "checkpoint": it.checkpoint(),
                    "lag": head - it.checkpoint(),
                    "paused": it.paused(),
                    "code": it.code(),
                    "heldBack": it.held_back(),
                })
            });
            reply.resolve(&list.collect::<Vec<_>>());
        }
        Request::Subscription(name, how) => {
            let known = {
                let mut session = desk.session_mut();
                let world = session.world_mut();
                let mut known = match how.running {
                    Some(true) => world.subscribe(&name),
                    Some(false) => world.unsubscribe(&name),
                    None => world.subscriptions().iter().any(|it| **it.name() == *name),
                };
                if let Some(paused) = how.paused {
                    known &= world.pause(&name, paused);
                }
                if let Some(code) = how.code {
                    known &= world.rebuild(&name, code);
                }
                known
            };
            let trace = desk.run().await;
            if known {
                reply.resolve(&());
            } else {
                unknown(&name, &reply);
            }
            return trace;
        }
        Request::Rebuild(name) => {
            let code = {
                let session = desk.session();
                session
                    .world()
                    .subscriptions()
                    .iter()
                    .find(|it| **it.name() == *name)
                    .map(crate::lab::Subscription::code)
            };
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
    Some(Ask { expected: how.expected_version, ..Ask::new(id, actor, command) })
}

fn empty() -> Box<RawValue> {
    serde_json::value::to_raw_value(&serde_json::json!({})).unwrap_or_default()
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

async fn append(desk: &Desk, rows: Vec<AppendRow>, how: &AppendOptions, reply: &Reply) {
    let head = desk.session().head();
    let mut last = desk.session().log().event(head).map_or(0, Recorded::at);
    let now = now();
    let mut events: Vec<Draft> = Vec::with_capacity(rows.len());
    let scenario = desk.session().scenario().clone();
    for (index, row) in rows.into_iter().enumerate() {
        let fault = |what: String| format!("event {} of {}: {what}", index + 1, row.stream);
        let at = row.at.unwrap_or(now).max(if row.at.is_some() { 0 } else { last });
        if at < last {
            return reply
                .reject("malformed", &fault("it is earlier than the one before it".to_owned()));
        }
        last = at;
        let Some(aggregate) = scenario.aggregate_of(row.stream.category()) else {
            return reply.reject("unknown_stream", &fault("there is no such aggregate".to_owned()));
        };
        let data = row.data.unwrap_or_else(empty);
        let draft = read_event(&scenario, &row.stream, &row.kind, aggregate.schema(), &data);
        if let crate::lab::Body::Unreadable(unreadable) = &draft.body {
            return reply.reject("malformed", &fault(unreadable.why.clone()));
        }
        events.push(Draft { at: Some(at), ..draft });
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
    list: Vec<(String, Function)>,
    told: u64,
}

impl Listeners {
    /// Adds one.
    pub fn add(&mut self, event: &str, callback: Function) {
        self.list.push((event.to_owned(), callback));
    }

    /// Takes one away.
    pub fn remove(&mut self, callback: &Function) {
        self.list.retain(|(_, it)| it != callback);
    }

    /// The playhead moved.
    pub fn seek(&self, position: u64) {
        self.tell("seek", &to_js(&position));
    }

    /// Micro-steps were performed.
    pub fn trace(&mut self, trace: &[Did], session: &Session) {
        for did in trace {
            self.tell("step", &to_js(&step_out(did)));
        }
        let from = std::mem::replace(&mut self.told, session.head()) + 1;
        if !self.list.is_empty() {
            for event in session.log().events(from, session.head()) {
                self.tell("event", &to_js(&event_out(event)));
            }
        }
    }

    fn tell(&self, event: &str, value: &JsValue) {
        for (name, callback) in &self.list {
            if name == event {
                // A listener's own failure is its own.
                let _ = callback.call1(&JsValue::NULL, value);
            }
        }
    }
}
