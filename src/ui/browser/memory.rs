//! Small memories of this browser: whoever loses them loses nothing that matters.

use gloo::utils::{document, window};
use web_sys::Storage;

use super::embed::keeps_nothing;

/// This browser's memory. None where nothing can be kept, or nothing may.
fn browser() -> Option<Storage> {
    if keeps_nothing() { None } else { window().local_storage().ok()? }
}

/// This tab's memory, which lasts until the tab is closed.
fn tab() -> Option<Storage> {
    if keeps_nothing() { None } else { window().session_storage().ok()? }
}

fn read(storage: Option<Storage>, what: &str) -> Option<String> {
    storage?.get_item(&format!("leftfold/{what}")).ok()?
}

fn write(storage: Option<Storage>, what: &str, value: Option<&str>) {
    let Some(storage) = storage else { return };
    let key = format!("leftfold/{what}");
    // Nothing that matters is kept here: where it cannot be, it is asked for again.
    let _ = match value {
        Some(value) => storage.set_item(&key, value),
        None => storage.remove_item(&key),
    };
}

/// What was remembered in this browser.
pub fn remembered(what: &str) -> Option<String> {
    read(browser(), what)
}

/// Remembers something in this browser, or forgets it.
pub fn remember(what: &str, value: Option<&str>) {
    write(browser(), what, value);
}

/// What was remembered in this tab.
pub fn remembered_here(what: &str) -> Option<String> {
    read(tab(), what)
}

/// Remembers something in this tab, or forgets it.
pub fn remember_here(what: &str, value: Option<&str>) {
    write(tab(), what, value);
}

/// What the page says a few seconds later where no log is open by then.
pub fn tell(text: &str) {
    let place = |what| document().query_selector(what).ok().flatten();
    if let Some(place) = place("#skeleton .late").or_else(|| place("#skeleton .loading-text")) {
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
