//! Several tabs on one log: who runs its processes, and who tells whom of what is new.
//!
//! The browser's lock says which tab runs processes and outbox; the others fold. What a tab has
//! stored it announces on a channel. An announcement says only that there is something to read,
//! so that one that is lost, or comes twice, does no harm.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::channel::{mpsc, oneshot};
use futures::future::{Either, LocalBoxFuture, select};
use futures::stream::{Stream, StreamExt};
use gloo::events::EventListener;
use gloo::timers::callback::Interval;
use gloo::timers::future::TimeoutFuture;
use gloo::utils::{document, window};
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::{Closure, JsCast, JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{BroadcastChannel, Storage};

use super::clock::{new_id, now};
use crate::host::{Claim, ClaimLock, Membership, Peers, Runner};

#[wasm_bindgen]
extern "C" {
    /// As the browser has it: the bindings leave locks out.
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &Object,
        granted: &Function,
    ) -> Result<Promise, JsValue>;
}

/// How long a tab that cannot lock is believed to be there, in milliseconds.
const LEASE_MILLIS: u64 = 6_000;
const RENEW_MILLIS: u32 = 2_000;
/// How long a lock that this tab has let go of may take to be free, in milliseconds.
const FREED_MILLIS: u32 = 1_000;

/// The tabs of this browser.
#[derive(Default)]
pub struct SharedTabs(Rc<Tabs>);

/// What this tab knows of its channels and locks.
#[derive(Default)]
struct Tabs {
    /// The channels of the logs that are open here: making one takes longer than a message.
    channels: RefCell<Vec<(String, Rc<BroadcastChannel>)>>,
    /// The logs whose lock this tab had last, each with a promise that is kept once it is free.
    freed: RefCell<Vec<(String, Promise)>>,
}

/// The browser's lock, held until it is released.
struct Lock(Function);

impl ClaimLock for Lock {
    fn holds(&self) -> bool {
        // The browser gives it to nobody else, however long this tab sleeps.
        true
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A promise's own function does not fail.
        _ = self.0.call0(&JsValue::NULL);
    }
}

/// Where there are neither locks nor notes.
struct Unknown;

impl ClaimLock for Unknown {
    fn holds(&self) -> bool {
        true
    }
}

/// Where there are no locks: a note that is renewed, and taken away when the page goes.
struct Lease {
    key: String,
    owner: String,
    _acts: (Interval, EventListener),
}

impl ClaimLock for Lease {
    fn holds(&self) -> bool {
        noted(&self.key).is_some_and(|(_, owner)| owner == self.owner)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        give_up(&self.key, &self.owner);
    }
}

/// Until when a lease lasts, and whose it is.
fn noted(key: &str) -> Option<(u64, String)> {
    let text = storage()?.get_item(key).ok()??;
    let (until, owner) = text.split_once(' ')?;
    Some((until.parse().ok()?, owner.to_owned()))
}

fn note(key: &str, owner: &str) {
    // Where it cannot be renewed, another tab takes over, and the store keeps them apart.
    _ = storage().map(|it| it.set_item(key, &format!("{} {owner}", now() + LEASE_MILLIS)));
}

fn give_up(key: &str, owner: &str) {
    if noted(key).is_some_and(|(_, it)| it == owner) {
        // It expires where it cannot be taken away.
        _ = storage().map(|it| it.remove_item(key));
    }
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
/// Returns a promise that is kept once the lock is free again, and broken where there is none to be
/// had, as in a frame that may keep nothing.
fn ask(
    locks: &LockManager,
    log: &str,
    wait: bool,
    granted: impl FnOnce(Option<Claim>) + 'static,
) -> Result<Promise, JsValue> {
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
                granted(Some(Claim::new(Lock(release))));
            }
        });
        held.into()
    });
    // What becomes of it is said to the callback.
    locks.request(&lock_name(log), &options, granted.unchecked_ref())
}

impl Tabs {
    /// Asks for the lock, and notes when it will be free.
    fn ask(
        self: &Rc<Self>,
        locks: &LockManager,
        log: &str,
        wait: bool,
        granted: impl FnOnce(Option<Claim>) + 'static,
    ) -> Result<Promise, JsValue> {
        let asked = Rc::<RefCell<Option<Promise>>>::default();
        let (tabs, freed, of) = (self.clone(), asked.clone(), log.to_owned());
        // The browser calls back later: by then the promise is there.
        let freed = ask(locks, log, wait, move |claim| {
            if let Some(freed) = freed.take().filter(|_| claim.is_some()) {
                let mut all = tabs.freed.borrow_mut();
                all.retain(|(it, _)| *it != of);
                all.push((of, freed));
            }
            granted(claim);
        })?;
        asked.replace(Some(freed.clone()));
        Ok(freed)
    }

    /// Waits until the lock that this tab has let go of is free. Else this tab would take itself
    /// for another one.
    async fn freed(&self, log: &str) {
        let freed = self.freed.borrow().iter().find(|(it, _)| it == log).map(|it| it.1.clone());
        if let Some(freed) = freed {
            // Whether it is free or takes too long: the lock itself says who has it.
            select(JsFuture::from(freed), TimeoutFuture::new(FREED_MILLIS)).await;
        }
    }
}

impl Peers for SharedTabs {
    fn claim(&self, log: &str) -> LocalBoxFuture<'static, Runner> {
        let (tabs, log) = (self.0.clone(), log.to_owned());
        Box::pin(async move {
            let unlocked = || lease(&log).map_or(Runner::OnlyElsewhere, Runner::Here);
            let Some(locks) = locks() else { return unlocked() };
            let (sender, granted) = oneshot::channel();
            tabs.freed(&log).await;
            // Nobody listens where the log is closed again already: the claim ends at once.
            let asked = tabs.ask(&locks, &log, false, |claim| _ = sender.send(claim));
            let Ok(asked) = asked else { return unlocked() };
            match select(granted, JsFuture::from(asked)).await {
                Either::Left((Ok(Some(claim)), _)) => Runner::Here(claim),
                Either::Right((Err(_), _)) => unlocked(),
                _ => Runner::Elsewhere,
            }
        })
    }

    fn inherit(&self, log: &str) -> LocalBoxFuture<'static, Claim> {
        let (tabs, log) = (self.0.clone(), log.to_owned());
        Box::pin(async move {
            if let Some(locks) = locks() {
                let (sender, granted) = oneshot::channel();
                let asked = tabs.ask(&locks, &log, true, |claim| _ = sender.send(claim));
                if let Ok(asked) = asked
                    && let Either::Left((Ok(Some(claim)), _)) =
                        select(granted, JsFuture::from(asked)).await
                {
                    return claim;
                }
            }
            // Where there are no locks nobody tells: it has to look.
            loop {
                TimeoutFuture::new(RENEW_MILLIS).await;
                if let Some(claim) = lease(&log) {
                    return claim;
                }
            }
        })
    }

    fn join(&self, log: &str) -> Membership {
        let (sender, heard) = mpsc::unbounded();
        // An announcement that went astray is made up for when somebody looks.
        let looked_at = {
            let sender = sender.clone();
            // Nobody hears it once the log is closed.
            EventListener::new(&document(), "visibilitychange", move |_| {
                _ = sender.unbounded_send(());
            })
        };
        let channel = Channel::open(log, move || _ = sender.unbounded_send(()));
        if let Some(channel) = &channel {
            let mut channels = self.0.channels.borrow_mut();
            channels.retain(|(_, it)| Rc::strong_count(it) > 1);
            channels.push((log.to_owned(), channel.channel.clone()));
        }
        Heard { heard, _acts: (looked_at, channel) }.boxed_local()
    }

    fn announce(&self, log: &str) {
        let channels = self.0.channels.borrow();
        let mut open =
            channels.iter().filter(|(it, channel)| it == log && Rc::strong_count(channel) > 1);
        let open = open.next().map(|(_, it)| it.clone());
        // One that is not open here is told once.
        let once = if open.is_none() { Channel::open(log, || ()) } else { None };
        if let Some(channel) = open.or_else(|| once.as_ref().map(|it| it.channel.clone())) {
            // Whoever misses it reads when they next write, or are looked at.
            _ = channel.post_message(&JsValue::NULL);
        }
    }
}

/// What is heard for as long as the log is open.
struct Heard {
    heard: mpsc::UnboundedReceiver<()>,
    _acts: (EventListener, Option<Channel>),
}

impl Stream for Heard {
    type Item = ();

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<()>> {
        self.heard.poll_next_unpin(context)
    }
}

fn lease(log: &str) -> Option<Claim> {
    let (key, owner) = (format!("leftfold/writer/{log}"), new_id().to_string());
    if storage().is_none() {
        // Nobody can tell, and the store keeps two tabs apart.
        return Some(Claim::new(Unknown));
    }
    if noted(&key).is_some_and(|(until, _)| until > now() && until <= now() + LEASE_MILLIS) {
        return None;
    }
    note(&key, &owner);
    // Whoever slept for too long must not take it back from another tab.
    let lost = Rc::new(Cell::new(false));
    let renew = {
        let (key, owner) = (key.clone(), owner.clone());
        Interval::new(RENEW_MILLIS, move || {
            lost.set(lost.get() || noted(&key).is_some_and(|(_, it)| it != owner));
            if !lost.get() {
                note(&key, &owner);
            }
        })
    };
    let gone = {
        let (key, owner) = (key.clone(), owner.clone());
        // A reload must not have to wait for itself.
        EventListener::new(&window(), "pagehide", move |_| give_up(&key, &owner))
    };
    Some(Claim::new(Lease { key, owner, _acts: (renew, gone) }))
}

/// Announces to a log's other tabs, and hears from them.
struct Channel {
    channel: Rc<BroadcastChannel>,
    _heard: Closure<dyn Fn()>,
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.close();
    }
}

impl Channel {
    /// Opens a log's channel. None where the browser has none.
    fn open(log: &str, heard: impl Fn() + 'static) -> Option<Self> {
        let channel = BroadcastChannel::new(&lock_name(log)).ok()?;
        let heard = Closure::<dyn Fn()>::new(heard);
        channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        Some(Self { channel: Rc::new(channel), _heard: heard })
    }
}
