//! Addresses: `#/SCENARIO`, `#/SCENARIO/at/POSITION`, `#/SCENARIO/LOG/at/POSITION`, and some that
//! carry something: `#/share/…`, `#/lesson/…`, `#/workshop/…` and `#/join/…`. What stands
//! behind a `?` is for a frame.

use gloo::utils::{document, window};

/// What an address names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The scenario's id.
    pub scenario: Option<String>,
    /// The log's id.
    pub log: Option<String>,
    /// The playhead's position.
    pub position: Option<u64>,
}

/// True in the page that others may frame.
pub fn is_embedded() -> bool {
    document().document_element().is_some_and(|it| it.has_attribute("data-embed"))
}

/// What the address says behind its `#`, and before a `?`.
pub fn hash() -> String {
    let hash = window().location().hash().unwrap_or_default();
    hash.trim_start_matches('#').split('?').next().unwrap_or_default().to_owned()
}

impl Address {
    /// True where the address names nothing.
    pub fn is_plain() -> bool {
        !is_embedded() && matches!(&*hash(), "" | "/")
    }

    /// The address that the page has now.
    pub fn here() -> Self {
        let hash = hash();
        let mut parts = hash.trim_start_matches('/').split('/').filter(|part| !part.is_empty());
        let scenario = parts.next();
        let (log, at) = match parts.next() {
            Some("at") => (None, Some("at")),
            log => (log, parts.next()),
        };
        let position = parts.next().filter(|_| at == Some("at")).and_then(|it| it.parse().ok());
        Self { scenario: scenario.map(str::to_owned), log: log.map(str::to_owned), position }
    }

    /// The text of a log that the address carries.
    pub fn shared() -> Option<String> {
        hash().strip_prefix("/share/").map(str::to_owned)
    }

    /// The lesson's exercise that the address names: `#/lesson/ID` and `#/lesson/ID/NUMBER`.
    pub fn lesson() -> Option<(String, usize)> {
        let hash = hash();
        let (id, number) = {
            let rest = hash.strip_prefix("/lesson/")?;
            rest.split_once('/').unwrap_or((rest, "1"))
        };
        Some((id.to_owned(), number.parse().ok()?))
    }

    /// The workshop that the address names: `#/workshop/ID`.
    pub fn workshop() -> Option<String> {
        hash().strip_prefix("/workshop/").map(str::to_owned)
    }

    /// The token of the class that the address invites to: `#/join/TOKEN`.
    pub fn join() -> Option<String> {
        hash().strip_prefix("/join/").map(str::to_owned)
    }

    /// The whole address of a log that travels in a link.
    pub fn of_shared(text: &str) -> String {
        Self::whole("share", text)
    }

    /// The whole address of a workshop that travels in a link.
    pub fn of_workshop(text: &str) -> String {
        Self::whole("workshop", text)
    }

    /// The address of the page itself.
    pub fn page() -> String {
        let here = window().location().href().unwrap_or_default();
        here.split('#').next().unwrap_or_default().to_owned()
    }

    fn whole(what: &str, text: &str) -> String {
        format!("{}#/{what}/{text}", Self::page())
    }

    /// Takes away what the address carried, so that a reload does not make it once more.
    pub fn clear() {
        if is_embedded() {
            return;
        }
        let Ok(history) = window().history() else { return };
        // A browser that refuses makes another log at the next reload: no harm.
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some("#/"));
    }

    /// Writes the address of a place in a log. `new` makes it one that Back returns from.
    pub fn write(scenario: &str, log: &str, position: u64, new: bool) {
        // A frame's address is what its page has written.
        if is_embedded() {
            return;
        }
        let text = format!("#/{scenario}/{log}/at/{position}");
        if window().location().hash().is_ok_and(|hash| hash == text) {
            return;
        }
        let Ok(history) = window().history() else { return };
        let state = wasm_bindgen::JsValue::NULL;
        // A browser that refuses (too many in a while) keeps an older address: no harm.
        let _ = if new {
            history.push_state_with_url(&state, "", Some(&text))
        } else {
            history.replace_state_with_url(&state, "", Some(&text))
        };
    }
}
