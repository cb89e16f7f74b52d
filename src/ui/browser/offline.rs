//! What this browser keeps of the page for a time without a network, and whether a newer version is
//! there. `offline.js` knows, and says by an event what has changed.

use gloo::events::EventListener;
use gloo::utils::window;
use js_sys::Reflect;
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Keeps everything.
    #[wasm_bindgen(js_namespace = leftfoldOffline, js_name = keep)]
    pub fn keep_everything();

    /// Goes on with the newer version.
    #[wasm_bindgen(js_namespace = leftfoldOffline, js_name = take)]
    pub fn take_newer();
}

/// What is kept, as `offline.js` says it. Nothing where the page did not come over https.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is true or not by itself")]
pub struct Kept {
    /// The page opens without a network.
    pub ready: bool,
    /// So does all that is fetched when it is asked for.
    pub all: bool,
    /// How far the keeping of everything has come.
    pub keeping: Option<Keeping>,
    /// Not everything could be kept.
    pub fault: bool,
    /// A newer version waits.
    pub newer: bool,
    /// A newer version has taken over.
    pub taken: bool,
    /// The newest version did not start, so this is the one before it.
    pub back: bool,
}

/// How many files are kept, of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub struct Keeping {
    pub kept: u32,
    pub of: u32,
}

/// Hears what changes.
pub fn listen(say: impl Fn(Kept) + 'static) -> EventListener {
    EventListener::new(&window(), "leftfold-offline", move |event| {
        let detail = Reflect::get(event, &JsValue::from("detail"));
        let text = detail.ok().and_then(|it| it.as_string()).unwrap_or_default();
        // It is our own script that has written it.
        say(serde_json::from_str(&text).unwrap_or_default());
    })
}
