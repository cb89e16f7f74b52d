//! The browser's clock, its turns and new ids: what a host is given of them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::LocalBoxFuture;
use gloo::timers::future::TimeoutFuture;
use gloo::utils::window;
use uuid::Uuid;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{Closure, JsValue};
use web_sys::MessageChannel;

use crate::es::Recorded;
use crate::host::{Clock, Ids, Key, Slice};

/// The browser's clock.
pub struct BrowserClock;

impl Clock for BrowserClock {
    fn now(&self) -> u64 {
        now()
    }

    fn sleep(&self, millis: u64) -> LocalBoxFuture<'static, ()> {
        if millis == 0 {
            return Box::pin(breathe());
        }
        Box::pin(TimeoutFuture::new(u32::try_from(millis).unwrap_or(u32::MAX)))
    }
}

/// New ids, in order of time.
pub struct BrowserIds;

impl Ids for BrowserIds {
    fn next(&self) -> Uuid {
        new_id()
    }

    /// 244 of its bits are random: the browser's own source of randomness makes two ids of them.
    fn secret(&self) -> Key {
        let mut secret = Key::default();
        for half in secret.chunks_exact_mut(16) {
            #[expect(clippy::disallowed_methods, reason = "here is where secrets enter the core")]
            half.copy_from_slice(Uuid::new_v4().as_bytes());
        }
        secret
    }
}

/// The time, in milliseconds since 1970.
pub fn now() -> u64 {
    // A clock before 1970 reads as 1970; the fraction is of no interest.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as said")]
    {
        js_sys::Date::now() as u64
    }
}

/// The time since the page was opened, in milliseconds.
pub fn clock() -> f64 {
    window().performance().map_or(0.0, |it| it.now())
}

/// A new id for a command or a log, in order of time.
pub fn new_id() -> Uuid {
    #[expect(clippy::disallowed_methods, reason = "here is where ids enter the core")]
    Uuid::now_v7()
}

/// A slice of long work begins.
pub fn slice() -> Slice {
    let clock: Rc<dyn Clock> = Rc::new(BrowserClock);
    Slice::new(&clock)
}

/// How far work has come is told so often, in milliseconds: whoever looks sees that it goes on,
/// whoever listens can follow, and the drawing takes little of the time.
const TELL_MILLIS: f64 = 250.0;

/// When it was last told how far work has come.
pub struct ProgressPace(f64);

impl ProgressPace {
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

/// An event's time as a date and time of day, and as a time of day alone.
pub fn written_time(event: &Recorded) -> (String, String) {
    written_millis(event.at())
}

/// A time, in milliseconds since 1970, as a date and time of day, and as a time of day alone.
pub fn written_millis(at: u64) -> (String, String) {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at as f64));
    let clock = format!(
        "{:02}:{:02}:{:02}",
        date.get_utc_hours(),
        date.get_utc_minutes(),
        date.get_utc_seconds()
    );
    let day = format!("{} {}", day_of(&date), date.get_utc_full_year());
    (format!("{day} {clock}"), clock)
}

/// The day of a time, in milliseconds since 1970, without its year.
pub fn written_day(at: u64) -> String {
    day_of(&js_sys::Date::new(&JsValue::from_f64(at as f64)))
}

fn day_of(date: &js_sys::Date) -> String {
    let months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.get(date.get_utc_month() as usize).copied().unwrap_or_default();
    format!("{} {month}", date.get_utc_date())
}
