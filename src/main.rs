//! Starts the page. On anything but wasm32 there is no page, and this does nothing.

fn main() {
    #[cfg(target_arch = "wasm32")]
    leftfold::ui::start();
}
