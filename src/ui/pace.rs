//! Long work in slices that the page does not notice.

use futures::channel::oneshot;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{Closure, JsValue};
use web_sys::MessageChannel;

use super::desk::clock;

/// A task that the page does not notice, in milliseconds.
const SLICE_MILLIS: f64 = 12.0;

/// When a slice that began a moment ago has to end.
pub struct Pace(f64);

impl Pace {
    /// The slice begins.
    pub fn new() -> Self {
        Self(clock() + SLICE_MILLIS)
    }

    /// True where it has to end.
    pub fn over(&self) -> bool {
        clock() > self.0
    }

    /// Where it has to end, lets the page have its turn, and begins another one.
    pub async fn breathe(&mut self) {
        if self.over() {
            breathe().await;
            *self = Self::new();
        }
    }
}

/// Lets the page do whatever else it has to do. A timer would make this wait for longer.
pub async fn breathe() {
    // Where there are no channels, the page has to wait.
    let Ok(channel) = MessageChannel::new() else { return };
    let (sender, over) = oneshot::channel::<()>();
    let came = Closure::once(move |_: JsValue| _ = sender.send(()));
    channel.port1().set_onmessage(Some(came.as_ref().unchecked_ref()));
    if channel.port2().post_message(&JsValue::NULL).is_ok() {
        // A message always comes.
        _ = over.await;
    }
    channel.port1().close();
}
