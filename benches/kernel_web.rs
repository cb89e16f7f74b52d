//! The kernel's benchmark as WebAssembly, in headless Chromium: `cargo xtask bench browser`.

#![cfg(target_arch = "wasm32")]

#[expect(dead_code, reason = "its own main is for the native run")]
mod kernel;

use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn the_kernel_is_measured() {
    let clock = gloo::utils::window().performance();
    let now = || clock.as_ref().map_or(0.0, web_sys::Performance::now);
    let heap = || Some(core::arch::wasm32::memory_size(0) * 65_536);
    kernel::run(now, heap, |line| console_log!("{line}"));
}
