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
//! | `subscriptions()` | `[{name, kind, view, checkpoint, lag, paused, delay, deduplicate, synchronous, guard, fault, crashed, stopped, health, ahead, mark, unanswered, heldBack, code}]`; `stopped` is `null`, or `{position, why}` of an event that it cannot take in; `health` is `clean`, `differs`, `unjudged` or `stopped` |
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

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Error, Function, JSON, Object, Promise, Reflect};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::{Closure, JsCast, JsValue};
use yew::Callback;

use super::fixed::Fixed;
use crate::host::{
    self, Command, ErrorCode, EventJson, How, JsonText, LoadBy, OpenLog, Request, Response, Stepped,
};
use crate::lab::{MicroStep, Viewpoint};

/// What the console asks of the page.
pub enum Call {
    Ready,
    Scenarios,
    Open(String, OpenOptions),
    OfLog(OfLog),
    /// Whoever listens has a number.
    On(u64, Hears, Function),
    Off(u64),
}

/// What the console asks of the open log. The page has a part in all of it but the first.
pub enum OfLog {
    Ask(Request),
    Seek(Place),
    Wait(String, u64),
    Fork(u64),
    Reset,
}

/// True where the page may look otherwise afterwards.
pub fn changes(request: &Request) -> bool {
    matches!(
        request,
        Request::Send(_)
            | Request::Submit(_)
            | Request::Step
            | Request::Next
            | Request::Append { .. }
            | Request::Subscription { .. }
            | Request::Rebuild { .. }
            | Request::Again { .. }
    )
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
struct CommandText {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Option<Box<serde_json::value::RawValue>>,
}

fn command([stream, command, how]: &[JsValue; 3]) -> Result<Command, String> {
    let CommandText { kind, data } = from_js(command)?;
    Ok(Command { stream: text(stream)?, kind, data, how: options::<How>(how)? })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AppendOptions {
    react: bool,
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
    pub fn position(&self, session: &Viewpoint) -> Result<u64, String> {
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
pub fn install(ask: &Callback<(Call, Reply)>) {
    let page = Object::new();
    let define = |name: &str, read: Read| {
        let ask = ask.clone();
        let call = Closure::<dyn Fn(JsValue, JsValue, JsValue) -> Promise>::new(move |a, b, c| {
            let request = read(&[a, b, c]);
            promise(&ask, request)
        });
        set(&page, name, &call.into_js_value());
    };
    define("scenarios", |_| Ok(Call::Scenarios));
    define("open", |[id, how, _]| {
        let mut how: OpenOptions = options(how)?;
        how.memory = match how.storage.as_deref() {
            None => false,
            Some("memory") => true,
            Some(_) => return Err("storage is memory, or is left out".to_owned()),
        };
        Ok(Call::Open(text(id)?, how))
    });
    define("send", |all| of_log(Request::Send(command(all)?)));
    define("submit", |all| of_log(Request::Submit(command(all)?)));
    define("step", |_| of_log(Request::Step));
    define("next", |_| of_log(Request::Next));
    define("append", |[events, how, _]| {
        let AppendOptions { react } = options(how)?;
        of_log(Request::Append { events: JsonText(json(events)), react, id: None })
    });
    define("seek", |[place, _, _]| {
        if let Some(time) = time_of(place) {
            return Ok(Call::OfLog(OfLog::Seek(Place::Time(time))));
        }
        match (place.as_f64(), place.as_string()) {
            (Some(position), _) => Ok(Call::OfLog(OfLog::Seek(Place::Position(position)))),
            (_, Some(date)) => {
                Ok(Call::OfLog(OfLog::Seek(Place::Time(js_sys::Date::parse(&date)))))
            }
            _ => Err("seek takes a position or a date".to_owned()),
        }
    });
    define("subscription", |[name, how, _]| {
        of_log(Request::Subscription { name: text(name)?, how: options(how)? })
    });
    define("rebuild", |[name, _, _]| of_log(Request::Rebuild { name: text(name)?, code: None }));
    define("wait", |[name, position, _]| {
        Ok(Call::OfLog(OfLog::Wait(text(name)?, number(position)?)))
    });
    define("again", |[command, choice, id]| {
        of_log(Request::Again {
            command: from_js(command)?,
            choice: from_js(choice)?,
            id: options(id)?,
        })
    });
    define("loading", |[how, _, _]| of_log(Request::Loading(options::<Option<LoadBy>>(how)?)));
    define("fork", |[position, _, _]| Ok(Call::OfLog(OfLog::Fork(number(position)?))));
    define("reset", |_| Ok(Call::OfLog(OfLog::Reset)));
    what_is_only_looked_at(&define);
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
            ask.emit((Call::On(number, hears, callback), Reply::nobody()));
            let ask = ask.clone();
            let end = Closure::<dyn Fn()>::new(move || {
                ask.emit((Call::Off(number), Reply::nobody()));
            });
            Ok(end.into_js_value().unchecked_into())
        })
    };
    set(&page, "on", &listen.into_js_value());
    set(&page, "ready", &promise(ask, Ok(Call::Ready)));
    set(&gloo::utils::window(), "leftfold", &page);
}

type Read = fn(&[JsValue; 3]) -> Result<Call, String>;

fn what_is_only_looked_at(define: &impl Fn(&str, Read)) {
    define("events", |[from, to, _]| {
        of_log(Request::Events { from: number(from)?, to: number(to)? })
    });
    define("head", |_| of_log(Request::Head));
    define("position", |_| of_log(Request::Position));
    define("state", |[stream, _, _]| of_log(Request::State { stream: text(stream)? }));
    define("view", |[name, _, _]| of_log(Request::View { name: text(name)? }));
    define("subscriptions", |_| of_log(Request::Subscriptions));
    define("health", |[name, _, _]| of_log(Request::Health { name: text(name)? }));
    define("whatIf", |[change, target, at]| {
        of_log(Request::WhatIf {
            change: from_js(change)?,
            target: from_js(target)?,
            at: options(at)?,
        })
    });
    define("why", |[target, pointer, _]| {
        of_log(Request::Why { target: from_js(target)?, pointer: text(pointer)? })
    });
    define("bisect", |[target, condition, monotonic]| {
        of_log(Request::Bisect {
            target: from_js(target)?,
            condition: from_js(condition)?,
            monotonic: monotonic.is_truthy(),
        })
    });
    define("compare", |[a, b, _]| {
        of_log(Request::Compare { left: from_js(a)?, right: from_js(b)? })
    });
    define("journal", |_| of_log(Request::Journal));
    define("outbox", |_| of_log(Request::Outbox));
    define("logs", |_| of_log(Request::Logs));
}

/// What is asked of the open log.
#[expect(clippy::unnecessary_wraps, reason = "each call may be refused before it is one")]
fn of_log(request: Request) -> Result<Call, String> {
    Ok(Call::OfLog(OfLog::Ask(request)))
}

impl Reply {
    /// Nobody waits.
    fn nobody() -> Self {
        let ignore = Closure::<dyn Fn()>::new(|| ()).into_js_value().unchecked_into::<Function>();
        Self { resolve: ignore.clone(), reject: ignore, kept: None }
    }
}

fn promise(ask: &Callback<(Call, Reply)>, request: Result<Call, String>) -> Promise {
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

/// Gives an answer to whoever asked.
pub fn give(result: &Result<Response, host::Error>, reply: &Reply) {
    // Long lists go piece by piece: as one text they would be too long.
    let list = Array::new();
    match result {
        Ok(Response::Events(events)) => {
            for event in events {
                list.push(&to_js(&EventJson(event)));
            }
            reply.resolve_js(&list);
        }
        Ok(Response::List(values)) => {
            for value in values {
                list.push(&to_js(value));
            }
            reply.resolve_js(&list);
        }
        Ok(response) => reply.resolve(response),
        Err(error) => {
            let failed = failure(error.code.name(), &error.message);
            if error.code == ErrorCode::WrongExpectedVersion {
                set(&failed, "expected", &to_js(&error.expected));
                set(&failed, "actual", &to_js(&error.actual));
            }
            reply.reject_with(&failed);
        }
    }
}

fn unknown(name: &str, reply: &Reply) {
    reply.reject("unknown_projection", &format!("no projection or process is called {name}"));
}

/// Who wants to be told.
#[derive(Default)]
pub struct Listeners {
    list: Vec<(u64, Hears, Function)>,
    told: u64,
    /// Who waits until a subscription has reached a position.
    waiting: Vec<(OpenLog, String, u64, Reply)>,
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
    pub fn open(&mut self, desk: &OpenLog) {
        self.told = desk.session().head();
        for (_, name, _, reply) in self.waiting.extract_if(.., |(it, ..)| it != desk) {
            reply.reject("unknown_projection", &format!("{name} was waited for in another log"));
        }
    }

    /// Answers once a subscription has reached a position: at once where it has.
    pub fn wait(&mut self, desk: OpenLog, name: String, position: u64, reply: Reply) {
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
    pub fn trace(&mut self, trace: &[MicroStep], session: &Viewpoint) {
        if self.hears(Hears::Step) {
            for did in trace {
                self.tell(Hears::Step, &to_js(&Stepped(did.clone())));
            }
        }
        self.arrived();
        let from = std::mem::replace(&mut self.told, session.head()) + 1;
        if self.hears(Hears::Event) {
            for event in session.log().events(from, session.head()) {
                self.tell(Hears::Event, &to_js(&EventJson(event)));
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
