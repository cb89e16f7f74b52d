//! What a host is given: a store, the log's peers, a clock, ids, a key ring and interpreters.

use std::any::Any;
use std::cell::RefCell;
use std::rc::{Rc, Weak};

use futures::future::{LocalBoxFuture, pending, ready};
use futures::stream::{LocalBoxStream, StreamExt, empty};
use store::AnyStore;
use uuid::Uuid;

use crate::engines::{Engines, NoEngines, Trusted};
use crate::keys::{Key, KeyRing, MemoryKeys};

/// Where time comes from.
pub trait Clock {
    /// The time, in milliseconds since 1970.
    fn now(&self) -> u64;

    /// Ends `millis` milliseconds later. With 0, it ends once all other tasks had a turn.
    fn sleep(&self, millis: u64) -> LocalBoxFuture<'static, ()>;
}

/// Where ids come from.
pub trait Ids {
    /// A new id for a command or a log. Later ones sort after earlier ones.
    fn next(&self) -> Uuid;

    /// 32 random bytes, for the key of a person.
    fn secret(&self) -> Key;
}

/// The peers that have the same log open, such as the other tabs of a browser.
pub trait Peers {
    /// Finds out who runs the processes of a log. Where nobody does, the caller gets the claim.
    fn claim(&self, log: &str) -> LocalBoxFuture<'static, Runner>;

    /// Waits until nobody runs the log's processes any more. Dropping the future ends the wait.
    fn inherit(&self, log: &str) -> LocalBoxFuture<'static, Claim>;

    /// Joins the peers that have the log open.
    fn join(&self, log: &str) -> Membership;

    /// Tells the other peers that something about the log has changed.
    fn announce(&self, log: &str);
}

/// A place among the peers that have a log open. Dropping it leaves them.
///
/// The stream yields whenever there may be something new to read. It may yield too often. Where it
/// misses an announcement, the next one makes up for it.
pub type Membership = LocalBoxStream<'static, ()>;

/// Who runs a log's processes.
pub enum Runner {
    /// The caller does.
    Here(Claim),
    /// A peer does, and the caller can write as well.
    Elsewhere,
    /// A peer does, and the two cannot share the log: the caller must not write.
    OnlyElsewhere,
}

/// The right to run a log's processes. Dropping it gives it up.
pub struct Claim(Box<dyn ClaimLock>);

/// The lock or lease behind a claim.
pub trait ClaimLock {
    /// True while nobody else can have the claim. A peer that slept for too long may have lost it.
    fn holds(&self) -> bool;
}

impl Claim {
    /// A claim that holds as long as `lock` does.
    pub fn new(lock: impl ClaimLock + 'static) -> Self {
        Self(Box::new(lock))
    }

    /// True while nobody else can have the claim.
    pub fn holds(&self) -> bool {
        self.0.holds()
    }
}

/// The ids of logs that are open, and the logs, which their module alone knows.
pub(crate) type Opened = Vec<(String, Weak<dyn Any>)>;

/// The store, peers, clock and ids that open logs run over. Cheap to clone.
#[derive(Clone)]
pub struct Host {
    pub(crate) store: AnyStore,
    pub(crate) peers: Rc<dyn Peers>,
    pub(crate) clock: Rc<dyn Clock>,
    pub(crate) ids: Rc<dyn Ids>,
    pub(crate) keys: Rc<dyn KeyRing>,
    pub(crate) engines: Rc<dyn Engines>,
    pub(crate) trusted: Trusted,
    /// Who sends a command that does not say so.
    pub(crate) actor: Rc<str>,
    /// True where people share the logs: what one of them has damaged hinders nobody.
    pub(crate) shared: bool,
    /// The logs that are open here.
    pub(crate) opened: Rc<RefCell<Opened>>,
}

impl Host {
    /// A host over a store, peers, a clock and ids.
    pub fn new(
        store: AnyStore,
        peers: Rc<dyn Peers>,
        clock: Rc<dyn Clock>,
        ids: Rc<dyn Ids>,
    ) -> Self {
        let keys = Rc::new(MemoryKeys::default());
        let engines = Rc::new(NoEngines);
        let (trusted, opened) = (Rc::default(), Rc::default());
        let actor = "console".into();
        Self { store, peers, clock, ids, keys, engines, trusted, actor, shared: false, opened }
    }

    /// True where both are the same host, with the same logs open.
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.opened, &other.opened)
    }

    /// The same host for a person among others who share its logs. They send what does not say who
    /// sends it.
    pub fn with_actor(self, actor: &str) -> Self {
        Self { actor: actor.into(), shared: true, ..self }
    }

    /// The same host with keys that are kept elsewhere. Without, they are gone with the page.
    pub fn with_keys(self, keys: Rc<dyn KeyRing>) -> Self {
        Self { keys, ..self }
    }
}

/// A log without peers, such as one in memory.
pub struct Alone;

/// A lock that is never lost.
struct Always;

impl ClaimLock for Always {
    fn holds(&self) -> bool {
        true
    }
}

impl Peers for Alone {
    fn claim(&self, _: &str) -> LocalBoxFuture<'static, Runner> {
        Box::pin(ready(Runner::Here(Claim::new(Always))))
    }

    fn inherit(&self, _: &str) -> LocalBoxFuture<'static, Claim> {
        Box::pin(pending())
    }

    fn join(&self, _: &str) -> Membership {
        empty().boxed_local()
    }

    fn announce(&self, _: &str) {}
}
