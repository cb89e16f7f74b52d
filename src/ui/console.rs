//! `window.leftfold`: the page by program, for teachers, slides, tests and benchmarks.
//!
//! What can be called is the table in [`crate::host::calls`]; `leftfold.help()` prints it. Here an
//! entry becomes a function, its arguments become JSON texts, and an answer becomes the promise's
//! value, or an `Error` with a `code`.

use std::cell::Cell;
use std::rc::Rc;

use gloo::timers::future::TimeoutFuture;
use js_sys::{Array, Error, Function, JSON, Object, Promise, Reflect};
use serde::Serialize;
use serde_json::Value;
use wasm_bindgen::prelude::{Closure, JsCast, JsValue};
use yew::Callback;

use crate::es::open_value;
use crate::host::calls::{Arguments, Asked, CALLS, Call, Hears, Way};
use crate::host::{self, ErrorCode, EventJson, OpenLog, Response, Stepped};
use crate::lab::{MicroStep, Viewpoint};
use crate::ui::browser::files::fetched;
use crate::ui::excerpts::Excerpts;
use crate::ui::words::Seals;

/// What the console hands to the page.
pub enum Message {
    /// Something is asked, and waits for an answer.
    Asked(Asked, Reply),
    /// Somebody listens, under a number.
    On(u64, Hears, Function),
    /// Whoever has this number listens no more.
    Off(u64),
}

/// Who waits for an answer.
pub struct Reply {
    resolve: Function,
    reject: Function,
    /// Where the answer is kept until it is to be given, unless that is at once.
    kept: Option<KeptAnswer>,
}

/// An answer that is kept until it is to be given.
#[derive(Clone, Default)]
pub struct KeptAnswer(Rc<Cell<Option<(Function, JsValue)>>>);

impl KeptAnswer {
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
    pub fn later(self) -> (Self, KeptAnswer) {
        let kept = KeptAnswer::default();
        (Self { kept: Some(kept.clone()), ..self }, kept)
    }

    fn give(&self, to: &Function, value: &JsValue) {
        let answer = Cell::new(Some((to.clone(), value.clone())));
        match &self.kept {
            Some(kept) => kept.0.swap(&answer),
            None => KeptAnswer(Rc::new(answer)).give(),
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

    /// Answers with what went wrong.
    pub fn reject_as(&self, error: &host::Error) {
        self.reject_with(&failed(error, &Seals::default()));
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

/// An argument as JSON text; none where there is nothing that JSON could say.
fn written(value: &JsValue) -> Result<Option<String>, JsValue> {
    JSON::stringify(value).map(|text| text.as_string())
}

/// Reads what is asked by a call, or listened to.
fn read<T>(
    call: &Call,
    read: fn(&mut Arguments) -> Result<T, String>,
    arguments: &[&JsValue],
) -> Result<T, JsValue> {
    let mut texts = Vec::with_capacity(arguments.len());
    for (field, argument) in call.takes.iter().zip(arguments) {
        let why = |_| failure("malformed", &format!("{} cannot be written as JSON", field.name));
        texts.push(written(argument).map_err(why)?);
    }
    call.read(read, &mut texts).map_err(|error| failure(error.code.name(), &error.message))
}

type Ask = dyn Fn(JsValue, JsValue, JsValue) -> Promise;
type Listen = dyn Fn(JsValue, JsValue) -> Result<Function, JsValue>;

/// Puts `window.leftfold` in place.
pub fn install(ask: &Callback<Message>) {
    let page = Object::new();
    let count = Rc::new(Cell::new(0));
    for call in CALLS {
        let tell = ask.clone();
        let value = match &call.way {
            Way::Promises(asked) => promise(ask, Ok(Asked::OfPage(asked.clone()))).into(),
            Way::Asks(asked) => Closure::<Ask>::new(move |a, b, c| {
                promise(&tell, read(call, *asked, &[&a, &b, &c]))
            })
            .into_js_value(),
            Way::Listens(hears) => {
                let count = count.clone();
                Closure::<Listen>::new(move |what, callback| {
                    let hears = read(call, *hears, &[&what])?;
                    listen(&tell, &count, hears, callback)
                })
                .into_js_value()
            }
        };
        set(&page, call.name, &value);
    }
    set(&gloo::utils::window(), "leftfold", &page);
}

fn listen(
    tell: &Callback<Message>,
    count: &Cell<u64>,
    hears: Hears,
    callback: JsValue,
) -> Result<Function, JsValue> {
    let Ok(callback) = callback.dyn_into::<Function>() else {
        return Err(failure("malformed", "callback: a function is expected"));
    };
    let number = count.get();
    count.set(number + 1);
    tell.emit(Message::On(number, hears, callback));
    let tell = tell.clone();
    let end = Closure::<dyn Fn()>::new(move || tell.emit(Message::Off(number)));
    Ok(end.into_js_value().unchecked_into())
}

/// A part of the documentation, printed. It is fetched only for this.
pub async fn help(part: usize, reply: &Reply) {
    let Some(text) = fetched("help.txt").await else {
        reply.reject("storage", "help.txt could not be read: is there a network?");
        return;
    };
    let part = text.split("\n\n\n").nth(part).unwrap_or(&text).trim_end();
    web_sys::console::log_1(&part.into());
    reply.resolve(&part);
}

/// The source of what is called `name` in a scenario, as far as a program has a use for it.
pub async fn code(scenario: Rc<str>, name: &str, reply: &Reply) {
    let all = match Excerpts::fetch(scenario).await {
        Ok(all) => all,
        Err(why) => return reply.reject("storage", &why),
    };
    let Some(excerpt) = all.of(name) else {
        let why = format!("no stream, projection or process is called {name}");
        return reply.reject("unknown_projection", &why);
    };
    let mut excerpt = excerpt.clone();
    if let Value::Object(parts) = &mut excerpt {
        // The coloured lines are the page's own.
        parts.remove("pieces");
    }
    reply.resolve(&excerpt);
}

fn promise(ask: &Callback<Message>, asked: Result<Asked, JsValue>) -> Promise {
    let mut asked = Some(asked);
    Promise::new(&mut |resolve, reject| {
        let reply = Reply { resolve, reject, kept: None };
        match asked.take() {
            Some(Ok(asked)) => ask.emit(Message::Asked(asked, reply)),
            Some(Err(why)) => reply.reject_with(&why),
            None => {}
        }
    })
}

/// Answers once the next frame is painted; at once where the page is hidden.
pub fn after_paint(then: impl FnOnce() + 'static) {
    if gloo::utils::document().hidden() {
        then();
        return;
    }
    wasm_bindgen_futures::spawn_local(async move {
        let (frame, painted) = futures::channel::oneshot::channel::<()>();
        let first = gloo::render::request_animation_frame(move |_| _ = frame.send(()));
        // A frame that never comes is as good as one that did.
        let _ = painted.await;
        drop(first);
        // It is painted after its callbacks.
        TimeoutFuture::new(0).await;
        then();
    });
}

/// A value, with what is sealed in it as it is shown.
fn opened(value: &impl Serialize, seals: &Seals) -> JsValue {
    let Some(opener) = &seals.opener else { return to_js(value) };
    let mut value = serde_json::to_value(value).unwrap_or_default();
    open_value(&mut value, &**opener);
    to_js(&value)
}

/// Gives an answer to whoever asked.
pub fn give(result: &Result<Response, host::Error>, reply: &Reply, seals: &Seals) {
    // Long lists go piece by piece: as one text they would be too long.
    let list = Array::new();
    match result {
        Ok(Response::Events(events)) => {
            for event in events {
                list.push(&opened(&EventJson(event), seals));
            }
            reply.resolve_js(&list);
        }
        Ok(Response::List(values)) => {
            for value in values {
                list.push(&opened(value, seals));
            }
            reply.resolve_js(&list);
        }
        Ok(response) => reply.resolve_js(&opened(response, seals)),
        Err(error) => reply.reject_with(&failed(error, seals)),
    }
}

/// What went wrong, as JavaScript has it.
fn failed(error: &host::Error, seals: &Seals) -> JsValue {
    let failed = failure(error.code.name(), &seals.open(&error.message));
    if error.code == ErrorCode::WrongExpectedVersion {
        set(&failed, "expected", &to_js(&error.expected));
        set(&failed, "actual", &to_js(&error.actual));
    }
    if error.code == ErrorCode::Domain {
        set(&failed, "line", &to_js(&error.line));
        set(&failed, "column", &to_js(&error.column));
        set(&failed, "position", &to_js(&error.position));
    }
    failed
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
    pub fn open(&mut self, open_log: &OpenLog) {
        self.told = open_log.session().head();
        for (_, name, _, reply) in self.waiting.extract_if(.., |(it, ..)| it != open_log) {
            reply.reject("unknown_projection", &format!("{name} was waited for in another log"));
        }
    }

    /// Answers once a subscription has reached a position: at once where it has.
    pub fn wait(&mut self, open_log: OpenLog, name: String, position: u64, reply: Reply) {
        self.waiting.push((open_log, name, position, reply));
        self.arrived();
    }

    fn arrived(&mut self) {
        self.waiting.retain(|(open_log, name, position, reply)| {
            match open_log.session().world().wait(name, *position) {
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
            let seals = Seals { opener: session.opener().cloned(), turn: 0 };
            for event in session.log().events(from, session.head()) {
                self.tell(Hears::Event, &opened(&EventJson(event), &seals));
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
