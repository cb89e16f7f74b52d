//! Long work in slices that the page does not notice.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

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

/// How far work has come is told so often, in milliseconds: whoever looks sees that it goes on,
/// whoever listens can follow, and the drawing takes little of the time.
const TELL_MILLIS: f64 = 250.0;

/// When it was last told how far work has come.
pub struct Told(f64);

impl Told {
    /// The work begins.
    pub fn new() -> Self {
        Self(clock())
    }

    /// True where it is to be told again, now.
    pub fn due(&mut self) -> bool {
        let now = clock();
        let due = now - self.0 >= TELL_MILLIS;
        if due {
            self.0 = now;
        }
        due
    }
}

/// One channel for all who wait: making one takes longer than a message.
struct Turns {
    channel: MessageChannel,
    waiting: Rc<RefCell<VecDeque<oneshot::Sender<()>>>>,
    _came: Closure<dyn Fn()>,
}

thread_local! {
    // Where there are no channels, the page has to wait.
    static TURNS: Option<Turns> = Turns::new();
}

impl Turns {
    fn new() -> Option<Self> {
        let channel = MessageChannel::new().ok()?;
        let waiting = Rc::<RefCell<VecDeque<oneshot::Sender<()>>>>::default();
        let next = waiting.clone();
        let came = Closure::<dyn Fn()>::new(move || {
            let over = next.borrow_mut().pop_front();
            // Nobody may wait any more.
            _ = over.map(|it| it.send(()));
        });
        channel.port1().set_onmessage(Some(came.as_ref().unchecked_ref()));
        Some(Self { channel, waiting, _came: came })
    }

    /// Ends when a message has come, which it always does.
    fn turn(&self) -> Option<oneshot::Receiver<()>> {
        self.channel.port2().post_message(&JsValue::NULL).ok()?;
        let (sender, over) = oneshot::channel();
        self.waiting.borrow_mut().push_back(sender);
        Some(over)
    }
}

/// Lets the page do whatever else it has to do. A timer would make this wait for longer.
pub async fn breathe() {
    if let Some(over) = TURNS.with(|it| it.as_ref().and_then(Turns::turn)) {
        _ = over.await;
    }
}
