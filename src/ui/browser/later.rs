//! The later part of the page's module: what the first minute does not need. Where it stands between
//! the two, `divide/` says; boot.js fetches it. A page that was built in one piece has all at once.

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Fetches it, if it is not here or on its way already. boot.js has it.
    #[wasm_bindgen(js_name = leftfoldLater, catch)]
    async fn fetched(first: &JsValue) -> Result<JsValue, JsValue>;

    /// Brings it before it answers. boot.js has it.
    #[wasm_bindgen(js_name = leftfoldLaterNow)]
    fn fetch_now(first: &JsValue);
}

/// Called where code of the later part is about to run and is not here: the last resort, since the page
/// stands still meanwhile. What a person does waits for the later part before it comes to that.
#[wasm_bindgen(js_name = bringLater)]
pub fn bring_later() {
    fetch_now(&wasm_bindgen::exports());
}

/// Why it is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It could not be fetched. It can be tried again.
    Unfetched,
    /// The server has that of another build.
    OtherBuild,
}

/// Comes back once it is here.
pub async fn come() -> Result<(), Missing> {
    let missing = |fault: JsValue| {
        let name = Reflect::get(&fault, &"name".into()).ok().and_then(|it| it.as_string());
        let other = name.as_deref() == Some("LinkError");
        if other { Missing::OtherBuild } else { Missing::Unfetched }
    };
    fetched(&wasm_bindgen::exports()).await.map(|_| ()).map_err(missing)
}
