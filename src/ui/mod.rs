//! The page: what a person sees and does, and the console beside it.
//!
//! It shows the lab's view models and brings the lab together with a store. It folds nothing and
//! decides nothing itself, and nothing outside this room names Yew.

#![expect(clippy::cast_precision_loss, reason = "a pixel or a millisecond needs no 64 bits")]

mod address;
mod app;
mod browser;
mod commands;
mod console;
mod desk;
mod header;
mod icons;
mod journal;
mod log;
mod read;
mod tabs;
mod timeline;
mod views;

/// Mounts the page into `#page`.
pub fn start() {
    console_error_panic_hook::set_once();
    if let Some(place) = gloo::utils::document().get_element_by_id("page") {
        place.set_text_content(None);
        yew::Renderer::<app::App>::with_root(place).render();
    }
}
