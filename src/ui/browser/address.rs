//! Addresses: `#/SCENARIO`, `#/SCENARIO/at/POSITION` and `#/SCENARIO/LOG/at/POSITION`.

use gloo::utils::window;

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

impl Address {
    /// The address that the page has now.
    pub fn here() -> Self {
        let hash = window().location().hash().unwrap_or_default();
        let mut parts = hash.trim_start_matches("#/").split('/').filter(|part| !part.is_empty());
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
        let hash = window().location().hash().ok()?;
        hash.strip_prefix("#/share/").map(str::to_owned)
    }

    /// The lesson's exercise that the address names: `#/lesson/ID` and `#/lesson/ID/NUMBER`.
    pub fn lesson() -> Option<(String, usize)> {
        let hash = window().location().hash().ok()?;
        let (id, number) = {
            let rest = hash.strip_prefix("#/lesson/")?;
            rest.split_once('/').unwrap_or((rest, "1"))
        };
        Some((id.to_owned(), number.parse().ok()?))
    }

    /// The workshop that the address names: `#/workshop/ID`.
    pub fn workshop() -> Option<String> {
        let hash = window().location().hash().ok()?;
        hash.strip_prefix("#/workshop/").map(str::to_owned)
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
        let Ok(history) = window().history() else { return };
        // A browser that refuses makes another log at the next reload: no harm.
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some("#/"));
    }

    /// Writes the address of a place in a log. `new` makes it one that Back returns from.
    pub fn write(scenario: &str, log: &str, position: u64, new: bool) {
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
