//! What a host is given: a store, the log's peers, a clock and ids.

use std::rc::Rc;

use futures::future::{LocalBoxFuture, pending, ready};
use futures::stream::{LocalBoxStream, StreamExt, empty};
use store::AnyStore;
use uuid::Uuid;

/// Where time comes from.
pub trait Clock {
    /// The time, in milliseconds since 1970.
    fn now(&self) -> u64;

    /// Ends so many milliseconds later. With 0, it ends once everybody else had a turn.
    fn sleep(&self, millis: u64) -> LocalBoxFuture<'static, ()>;
}

/// Where ids come from.
pub trait Ids {
    /// A new id for a command or a log. Later ones sort after earlier ones.
    fn next(&self) -> Uuid;
}

/// The others that have a log open: tabs of one browser today.
pub trait Peers {
    /// Finds out who runs the processes of the log `log`: the caller, if nobody does.
    fn claim(&self, log: &str) -> LocalBoxFuture<'static, Runner>;

    /// Waits until whoever runs the log's processes is gone. Dropped, it waits no longer.
    fn inherit(&self, log: &str) -> LocalBoxFuture<'static, Claim>;

    /// Joins those that have the log open.
    fn join(&self, log: &str) -> Membership;

    /// Tells those that have the log open that something about it has changed.
    fn announce(&self, log: &str);
}

/// A place among those that have a log open. Dropping it leaves them.
///
/// It yields whenever there may be something new to read. One time too many does no harm; one
/// that is lost is made up for by the next.
pub type Membership = LocalBoxStream<'static, ()>;

/// Who runs a log's processes.
pub enum Runner {
    /// The caller does.
    Here(Claim),
    /// Another one does, and the caller can write as well.
    Elsewhere,
    /// Another one does, and the two cannot agree on more: the caller must not write.
    OnlyElsewhere,
}

/// The right to run a log's processes. Dropping it gives it up.
pub struct Claim(Box<dyn ClaimLock>);

/// What stands behind a claim.
pub trait ClaimLock {
    /// True while nobody else can have the right. Whoever slept for too long may have lost it.
    fn holds(&self) -> bool;
}

impl Claim {
    /// A claim that lasts as `held` says.
    pub fn new(held: impl ClaimLock + 'static) -> Self {
        Self(Box::new(held))
    }

    /// True while nobody else can have the right.
    pub fn holds(&self) -> bool {
        self.0.holds()
    }
}

/// The four things. Cheap to clone.
#[derive(Clone)]
pub struct Host {
    pub(crate) store: AnyStore,
    pub(crate) peers: Rc<dyn Peers>,
    pub(crate) clock: Rc<dyn Clock>,
    pub(crate) ids: Rc<dyn Ids>,
}

impl Host {
    /// A host over these.
    pub fn new(
        store: AnyStore,
        peers: Rc<dyn Peers>,
        clock: Rc<dyn Clock>,
        ids: Rc<dyn Ids>,
    ) -> Self {
        Self { store, peers, clock, ids }
    }
}

/// Nobody else has the log open, as with a store in memory.
pub struct Alone;

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
