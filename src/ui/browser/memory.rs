//! Small memories of this browser: whoever loses them loses nothing that matters.

use gloo::utils::{document, window};

/// What was remembered in this browser.
pub fn remembered(what: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(&format!("leftfold/{what}")).ok()?
}

/// Remembers something in this browser, or forgets it.
pub fn remember(what: &str, value: Option<&str>) {
    let Ok(Some(storage)) = window().local_storage() else { return };
    let key = format!("leftfold/{what}");
    // Nothing that matters is kept here: where it cannot be, it is asked for again.
    let _ = match value {
        Some(value) => storage.set_item(&key, value),
        None => storage.remove_item(&key),
    };
}

/// What the page says a few seconds later where no log is open by then.
pub fn tell(text: &str) {
    if let Some(place) = document().query_selector("#skeleton .late").ok().flatten() {
        place.set_text_content(Some(text));
    }
}

/// Changes to the other theme, and remembers it.
pub fn switch_theme() {
    let Some(root) = document().document_element() else { return };
    let dark = match root.get_attribute("data-theme") {
        Some(theme) => theme == "dark",
        None => window()
            .match_media("(prefers-color-scheme: dark)")
            .is_ok_and(|query| query.is_some_and(|query| query.matches())),
    };
    let theme = if dark { "light" } else { "dark" };
    // An attribute of the root element can always be set.
    let _ = root.set_attribute("data-theme", theme);
    remember("theme", Some(theme));
}
