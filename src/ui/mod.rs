//! The page: what a person sees and does, and the console beside it.
//!
//! It shows the lab's view models and brings the lab together with a store. It folds nothing and
//! decides nothing itself, and nothing outside this room names Yew.
//!
//! A list whose length changes has a fragment of its own among its siblings: otherwise Yew takes
//! each sibling for its neighbour, makes all of them anew, and the focus in them is lost.

#![expect(clippy::cast_precision_loss, reason = "a pixel or a millisecond needs no 64 bits")]

mod address;
mod app;
mod bookmarks;
mod browser;
mod clock;
mod commands;
mod console;
mod files;
mod fixed;
mod header;
mod icons;
mod journal;
mod lab;
mod log;
mod logs;
mod markdown;
mod parts;
mod pipeline;
mod read;
mod shell;
mod steps;
mod tabs;
mod timeline;
mod track;
mod views;

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
