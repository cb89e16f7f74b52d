//! The page: what a person sees and does, and the console beside it.
//!
//! It shows the lab's view models and brings a host together with the browser. It folds nothing
//! and decides nothing itself, and nothing outside this room names Yew.
//!
//! `model` is what the page is at one moment, `update` changes it when something happens, and
//! `view` draws it.

#![expect(clippy::cast_precision_loss, reason = "a pixel or a millisecond needs no 64 bits")]

mod words;
mod browser;
mod excerpts;
mod console;
mod model;
mod update;
mod view;
mod app;

/// Mounts the page into `#page`.
pub fn start() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        // boot.js shows it, with a way to take the log along.
        if let Some(root) = gloo::utils::document().document_element() {
            let _ = root.set_attribute("data-panic", &info.to_string());
        }
    }));
    if let Some(place) = gloo::utils::document().get_element_by_id("page") {
        yew::Renderer::<app::App>::with_root(place).render();
    }
}
