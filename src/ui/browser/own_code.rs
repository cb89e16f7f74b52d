//! What a person's own code needs of the browser: the interpreter, a worker in which an edit is tried
//! first, and an editor. All three are fetched when they are first asked for.

use std::cell::RefCell;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

use super::{files, said};
use crate::domain::{Ended, Engine, Fault, Halt, Thrown};
use crate::host::Engines;

#[wasm_bindgen]
extern "C" {
    /// Fetches a part of the page. boot.js has it.
    #[wasm_bindgen(js_name = leftfoldPart, catch)]
    async fn part(name: &str) -> Result<JsValue, JsValue>;

    /// The address of a worker of ours, as the page's policy allows it. boot.js has it.
    #[wasm_bindgen(js_name = leftfoldWorker, catch)]
    fn worker(name: &str) -> Result<JsValue, JsValue>;

    /// The module `web/interpreter.js`.
    type InterpreterPart;

    #[wasm_bindgen(method, catch)]
    async fn load(this: &InterpreterPart, base: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn interpreter(this: &InterpreterPart, module: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn trials(
        this: &InterpreterPart,
        url: &JsValue,
        module: &JsValue,
        bridge: &str,
    ) -> Result<JsTrials, JsValue>;

    type Interpreter;

    #[wasm_bindgen(method, catch)]
    async fn engine(this: &Interpreter, bridge: &str) -> Result<JsValue, JsValue>;

    type JsEngine;

    #[wasm_bindgen(method)]
    fn evaluate(this: &JsEngine, text: &str, file: &str) -> String;

    #[wasm_bindgen(method)]
    fn call(this: &JsEngine, text: &str) -> String;

    #[wasm_bindgen(method)]
    fn close(this: &JsEngine);

    type JsTrials;

    #[wasm_bindgen(method)]
    fn feed(this: &JsTrials, text: &str);

    #[wasm_bindgen(method, catch)]
    async fn run(
        this: &JsTrials,
        text: &str,
        millis: u32,
        progress: &JsValue,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method)]
    fn close(this: &JsTrials);

    /// The module `web/editor.js`.
    type EditorPart;

    #[wasm_bindgen(method, catch)]
    fn mount(this: &EditorPart, host: &HtmlElement, how: &JsValue) -> Result<JsEditor, JsValue>;

    type JsEditor;

    #[wasm_bindgen(method)]
    fn text(this: &JsEditor) -> String;

    #[wasm_bindgen(method)]
    fn set(this: &JsEditor, text: &str);

    #[wasm_bindgen(method)]
    fn mark(this: &JsEditor, faults: &JsValue);

    #[wasm_bindgen(method)]
    fn close(this: &JsEditor);
}

/// The folder in which the fetched parts are.
const BASE: &str = "./web/";

/// The interpreter, once it is there.
#[derive(Clone)]
struct Loaded {
    part: Rc<InterpreterPart>,
    /// What runs before a person's text.
    bridge: Rc<str>,
    module: JsValue,
    maker: Rc<Interpreter>,
}

/// The interpreters of a browser. Clones share what was fetched.
#[derive(Clone, Default)]
pub struct BrowserEngines(Rc<RefCell<Option<Loaded>>>);

impl BrowserEngines {
    async fn loaded(&self) -> Result<Loaded, String> {
        if let Some(loaded) = self.0.borrow().clone() {
            return Ok(loaded);
        }
        let missing = |_| "it could not be fetched; is there a network?".to_owned();
        let part = part("interpreter").await.map_err(missing)?;
        let part: Rc<InterpreterPart> = Rc::new(part.unchecked_into());
        let module = part.load(BASE).await.map_err(missing)?;
        let bridge: Rc<str> = self.fetched("web/bridge.js").await?.into();
        let maker = part.interpreter(&module).await.map_err(|it| said(&it))?;
        let loaded = Loaded { part, bridge, module, maker: Rc::new(maker.unchecked_into()) };
        self.0.replace(Some(loaded.clone()));
        Ok(loaded)
    }

    /// A text that lies beside the page.
    ///
    /// # Errors
    /// That it is not there.
    pub async fn fetched(&self, path: &str) -> Result<String, String> {
        let missing = || "it could not be fetched; is there a network?".to_owned();
        files::fetched(path).await.ok_or_else(missing)
    }

    /// A worker in which an edit is tried.
    ///
    /// # Errors
    /// Why there is none, in a sentence.
    pub async fn trials(&self) -> Result<Trials, String> {
        let loaded = self.loaded().await?;
        let url = worker("trial").map_err(|it| said(&it))?;
        let made =
            loaded.part.trials(&url, &loaded.module, &loaded.bridge).map_err(|it| said(&it))?;
        Ok(Trials(made))
    }
}

impl Engines for BrowserEngines {
    fn engine(&self) -> LocalBoxFuture<'static, Result<Box<dyn Engine>, String>> {
        let this = self.clone();
        Box::pin(async move {
            let loaded = this.loaded().await?;
            let engine = loaded.maker.engine(&loaded.bridge).await.map_err(|it| said(&it))?;
            Ok(Box::new(BrowserEngine(engine.unchecked_into())) as Box<dyn Engine>)
        })
    }

    fn start(&self) -> LocalBoxFuture<'static, Result<String, String>> {
        let this = self.clone();
        Box::pin(async move { this.fetched("twins/start.js").await })
    }
}

struct BrowserEngine(JsEngine);

impl Drop for BrowserEngine {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn ended(answer: &str) -> Option<Ended> {
    match answer {
        "!time" => Some(Ended::Time),
        "!memory" => Some(Ended::Memory),
        "!stack" => Some(Ended::Stack),
        "!broken" => Some(Ended::Broken),
        _ => None,
    }
}

impl Engine for BrowserEngine {
    fn evaluate(&self, text: &str, file: &str) -> Result<(), Halt> {
        let answer = self.0.evaluate(text, file);
        match ended(&answer) {
            Some(ended) => Err(Halt::Ended(ended)),
            None if answer.is_empty() => Ok(()),
            None => {
                let thrown = serde_json::from_str(&answer).unwrap_or_default();
                Err(Halt::Thrown(Thrown::of(&thrown)))
            }
        }
    }

    fn call(&self, text: &str) -> Result<String, Ended> {
        let answer = self.0.call(text);
        match ended(&answer) {
            Some(ended) => Err(ended),
            None => Ok(answer),
        }
    }
}

/// A worker that holds a log's events, and tries code over them.
pub struct Trials(JsTrials);

impl Trials {
    /// Hands over events that come next in the log, as JSON.
    pub fn feed(&self, text: &str) {
        self.0.feed(text);
    }

    /// Tries a text, for so many milliseconds at most. Gives JSON.
    ///
    /// # Errors
    /// Why it could not be tried.
    pub async fn run(
        &self,
        text: &str,
        millis: u32,
        progress: impl Fn(u64, u64) + 'static,
    ) -> Result<String, String> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
        let told = move |done: f64, all: f64| progress(done as u64, all as u64);
        let told = Closure::<dyn Fn(f64, f64)>::new(told);
        let ran = self.0.run(text, millis, told.as_ref()).await.map_err(|it| said(&it))?;
        ran.as_string().ok_or_else(|| "the trial gave nothing".to_owned())
    }
}

impl Drop for Trials {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// An editor in an element.
pub struct Editor {
    inner: JsEditor,
    // They are called for as long as the editor is there.
    _change: Closure<dyn Fn(String)>,
    _submit: Closure<dyn Fn()>,
}

impl Editor {
    /// Puts an editor into an empty element.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn mount(
        host: HtmlElement,
        label: &str,
        text: &str,
        change: impl Fn(String) + 'static,
        submit: impl Fn() + 'static,
    ) -> Result<Self, String> {
        let missing = |_| "the editor could not be fetched; is there a network?".to_owned();
        let part: EditorPart = part("editor").await.map_err(missing)?.unchecked_into();
        let change = Closure::<dyn Fn(String)>::new(change);
        let submit = Closure::<dyn Fn()>::new(submit);
        let how = Object::new();
        let entries: [(&str, &JsValue); 4] = [
            ("text", &text.into()),
            ("label", &label.into()),
            ("change", change.as_ref()),
            ("submit", submit.as_ref()),
        ];
        for (name, value) in entries {
            // A new object takes any field.
            let _ = Reflect::set(&how, &name.into(), value);
        }
        let inner = part.mount(&host, &how).map_err(|it| said(&it))?;
        Ok(Self { inner, _change: change, _submit: submit })
    }

    /// Shows another text.
    pub fn set(&self, text: &str) {
        if self.inner.text() != text {
            self.inner.set(text);
        }
    }

    /// Marks faults, each at its place.
    pub fn mark(&self, faults: &[Fault]) {
        let list = js_sys::Array::new();
        for it in faults {
            let fault = Object::new();
            let entries: [(&str, JsValue); 3] = [
                ("line", it.line.unwrap_or(1).into()),
                ("column", it.column.unwrap_or(1).into()),
                ("message", it.message.as_str().into()),
            ];
            for (name, value) in entries {
                let _ = Reflect::set(&fault, &name.into(), &value);
            }
            list.push(&fault);
        }
        self.inner.mark(&list);
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.inner.close();
    }
}
