//! Several tabs on one log: who runs its processes, and who tells whom of what is new.
//!
//! The browser's lock says which tab runs processes and outbox; the others fold. What a tab has
//! stored it announces on a channel. An announcement says only that there is something to read,
//! so that one that is lost, or comes twice, does no harm.

use gloo::events::EventListener;
use gloo::timers::callback::{Interval, Timeout};
use gloo::utils::window;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::{Closure, JsCast, JsValue, wasm_bindgen};
use web_sys::{BroadcastChannel, Storage};

use super::desk::now;

#[wasm_bindgen]
extern "C" {
    /// As the browser has it: the bindings leave locks out.
    type LockManager;

    #[wasm_bindgen(method)]
    fn request(this: &LockManager, name: &str, options: &Object, granted: &Function) -> Promise;
}

/// How long a tab that cannot lock is believed to be there, in milliseconds.
const LEASE_MILLIS: u64 = 6_000;
const RENEW_MILLIS: u32 = 2_000;

/// This tab is the one that runs the log's processes, for as long as it holds this.
pub struct Claim(Held);

enum Held {
    Lock(Function),
    /// Where there are no locks: a note that is renewed, and taken away when the page goes.
    Lease(
        String,
        #[expect(dead_code, reason = "they act until they are dropped")] (Interval, EventListener),
    ),
}

impl Drop for Claim {
    fn drop(&mut self) {
        match &self.0 {
            // A promise's own function does not fail.
            Held::Lock(release) => _ = release.call0(&JsValue::NULL),
            Held::Lease(key, _) => give_up(key),
        }
    }
}

fn give_up(key: &str) {
    // It expires where it cannot be taken away.
    _ = storage().map(|it| it.remove_item(key));
}

/// Who runs a log's processes.
pub enum Runner {
    /// This tab does.
    Here(Claim),
    /// Another tab does, and this one can write as well.
    Elsewhere,
    /// Another tab does, and in this browser tabs cannot agree on more.
    OnlyElsewhere,
}

fn storage() -> Option<Storage> {
    window().local_storage().ok()?
}

fn locks() -> Option<LockManager> {
    let locks = Reflect::get(&window().navigator(), &"locks".into()).ok()?;
    (!locks.is_undefined() && !locks.is_null()).then(|| locks.unchecked_into())
}

fn lock_name(log: &str) -> String {
    format!("leftfold/log/{log}")
}

/// Asks for the lock. Hands `granted` the claim, or none where another tab has it and this one
/// does not want to wait.
fn ask(locks: &LockManager, log: &str, wait: bool, granted: impl FnOnce(Option<Claim>) + 'static) {
    let options = Object::new();
    // A plain object of our own can always be written.
    _ = Reflect::set(&options, &"ifAvailable".into(), &(!wait).into());
    let granted = Closure::once_into_js(move |lock: JsValue| -> JsValue {
        if lock.is_null() {
            granted(None);
            return JsValue::UNDEFINED;
        }
        let mut granted = Some(granted);
        // The lock is held until this promise is kept.
        let held = Promise::new(&mut |release, _| {
            if let Some(granted) = granted.take() {
                granted(Some(Claim(Held::Lock(release))));
            }
        });
        held.into()
    });
    // What becomes of it is said to the callback.
    let _: Promise = locks.request(&lock_name(log), &options, granted.unchecked_ref());
}

/// Finds out who runs a log's processes: this tab, if nobody does.
pub async fn claim(log: &str) -> Runner {
    let Some(locks) = locks() else {
        return lease(log).map_or(Runner::OnlyElsewhere, Runner::Here);
    };
    let (sender, granted) = futures::channel::oneshot::channel();
    // Nobody listens where the log is closed again already: the claim ends at once.
    ask(&locks, log, false, |claim| _ = sender.send(claim));
    match granted.await {
        Ok(Some(claim)) => Runner::Here(claim),
        _ => Runner::Elsewhere,
    }
}

/// Waits for the tab that runs a log's processes to end.
pub fn inherit<G: FnOnce(Claim) + 'static>(log: &str, granted: G) {
    if let Some(locks) = locks() {
        return ask(&locks, log, true, |claim| _ = claim.map(granted));
    }
    // Where there are no locks nobody tells: it has to look.
    let log = log.to_owned();
    Timeout::new(RENEW_MILLIS, move || match lease(&log) {
        Some(claim) => granted(claim),
        None => inherit(&log, granted),
    })
    .forget();
}

fn lease(log: &str) -> Option<Claim> {
    let (storage, key) = (storage()?, format!("leftfold/writer/{log}"));
    let until: Option<u64> = storage.get_item(&key).ok()?.and_then(|it| it.parse().ok());
    if until.is_some_and(|until| until > now() && until <= now() + LEASE_MILLIS) {
        return None;
    }
    let renew = {
        let key = key.clone();
        // Where it cannot be renewed, another tab takes over, and the store keeps them apart.
        move || _ = storage.set_item(&key, &(now() + LEASE_MILLIS).to_string())
    };
    renew();
    let gone = {
        let key = key.clone();
        // A reload must not have to wait for itself.
        EventListener::new(&window(), "pagehide", move |_| give_up(&key))
    };
    Some(Claim(Held::Lease(key, (Interval::new(RENEW_MILLIS, renew), gone))))
}

/// Announces to the log's other tabs, and hears from them.
pub struct Channel {
    channel: BroadcastChannel,
    _heard: Closure<dyn Fn()>,
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.close();
    }
}

/// Tells the tabs that have a log open that something about it has changed.
pub fn announce(log: &str) {
    if let Some(channel) = Channel::open(log, || ()) {
        channel.announce();
    }
}

impl Channel {
    /// Opens a log's channel. None where the browser has none.
    pub fn open(log: &str, heard: impl Fn() + 'static) -> Option<Self> {
        let channel = BroadcastChannel::new(&lock_name(log)).ok()?;
        let heard = Closure::<dyn Fn()>::new(heard);
        channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        Some(Self { channel, _heard: heard })
    }

    /// There is something new to read.
    pub fn announce(&self) {
        // Whoever misses it reads when they next write, or are looked at.
        _ = self.channel.post_message(&JsValue::NULL);
    }
}
