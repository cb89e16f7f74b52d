//! The people of a class as a log's peers: who runs its processes, and who tells whom of what is new.
//!
//! A lease says who runs processes and outbox. It is a message that the server lets go after a while
//! by its own clock, unless its holder renews it: no clock of a browser counts, but for how long its
//! own page has slept. Whoever holds a lease for longer than it lasts does no harm that the store
//! does not keep off: a commit says which version it follows, and an effect has an id.
//!
//! What somebody has stored they announce. An announcement says only that there is something to read.
//! Whoever misses one looks every few seconds anyway.

use std::cell::RefCell;
use std::rc::Rc;

use futures::future::{LocalBoxFuture, pending};
use futures::stream::{StreamExt, unfold};
use store::nats::{
    AnyTransport, CLASS, EXPECTED_ON_SUBJECT, JetStream, LASTS, NatsStore, NotPublished, Role,
    hint, lease,
};

use crate::{Claim, ClaimLock, Clock, Membership, Peers, Runner};

/// How long a lease lasts, by the server's clock, in seconds.
const LEASE_SECONDS: u64 = 8;
/// How long its holder relies on it, in milliseconds. That is less, because an answer takes its time.
const RELIED_MILLIS: u64 = 6_000;
/// How often a lease is renewed and asked for, in milliseconds.
const RENEW_MILLIS: u64 = 2_000;
/// So many renewals apart, everybody looks whether there is something new.
const LOOKS_APART: u64 = 3;

/// The people of a class. Clones share what is known.
#[derive(Clone)]
pub struct ClassPeers(Rc<Shared>);

struct Shared {
    engine: JetStream,
    role: Role,
    clock: Rc<dyn Clock>,
    /// Who this page is, as leases name it.
    owner: String,
    leases: RefCell<Vec<Rc<Held>>>,
}

/// A lease that this page has.
struct Held {
    log: String,
    state: RefCell<State>,
}

#[derive(Clone, Copy)]
struct State {
    /// The message that is the lease.
    sequence: u64,
    /// Until when it is relied on, in milliseconds since 1970.
    until: u64,
}

impl ClassPeers {
    /// The people who share a store. `owner` is another text for each page.
    pub fn new(store: &NatsStore, clock: Rc<dyn Clock>, owner: String) -> Self {
        let (engine, role) = (store.engine().clone(), store.role());
        let leases = RefCell::default();
        Self(Rc::new(Shared { engine, role, clock, owner, leases }))
    }

    fn transport(&self) -> &AnyTransport {
        &self.0.engine.transport
    }

    /// What a lease says: the role and the id of its holder.
    fn text(&self) -> String {
        format!("{} {}", self.0.role.name(), self.0.owner)
    }

    /// Writes a lease behind the message at `expected`.
    async fn write(&self, log: &str, expected: u64) -> Result<State, Unwritten> {
        let asked = self.0.clock.now();
        let headers =
            [(EXPECTED_ON_SUBJECT, expected.to_string()), (LASTS, format!("{LEASE_SECONDS}s"))];
        let text = self.text();
        let written = self.0.engine.publish(&lease(log), &headers, text.as_bytes()).await;
        let until = asked + RELIED_MILLIS;
        match written {
            Ok(receipt) => Ok(State { sequence: receipt.sequence, until }),
            Err(NotPublished::WrongLast) => Err(Unwritten::Overtaken),
            Err(NotPublished::Lost) => {
                // It may have been written all the same.
                let last = self.0.engine.last(CLASS, &lease(log)).await;
                let last = last.ok().flatten().ok_or(Unwritten::Unknown)?;
                let mine = last.payload == text.as_bytes();
                if mine {
                    Ok(State { sequence: last.sequence, until })
                } else {
                    Err(Unwritten::Overtaken)
                }
            }
            Err(_) => Err(Unwritten::Unknown),
        }
    }

    /// What the last lease of a log says to this page.
    async fn look(&self, log: &str) -> Option<Holder> {
        let Some(last) = self.0.engine.last(CLASS, &lease(log)).await.ok()? else {
            return Some(Holder::Nobody(0));
        };
        let text = String::from_utf8(last.payload).unwrap_or_default();
        let role = Role::named(text.split(' ').next().unwrap_or_default());
        Some(match role {
            // Its holder has given it up, or is this page before it lost its connection.
            _ if text.is_empty() || text == self.text() => Holder::Nobody(last.sequence),
            Some(role) if role < self.0.role => Holder::Lesser(last.sequence),
            _ => Holder::Other(last.sequence),
        })
    }

    /// Takes the lease of a log behind the message at `expected`.
    async fn take(&self, log: &str, expected: u64) -> Option<Claim> {
        let state = RefCell::new(self.write(log, expected).await.ok()?);
        let held = Rc::new(Held { log: log.to_owned(), state });
        self.0.leases.borrow_mut().push(held.clone());
        Some(Claim::new(Lease { peers: self.clone(), held }))
    }

    /// Waits for a log's lease: until nobody has it, or only somebody of a lesser role, or somebody
    /// who does not renew it.
    async fn wait_for(&self, log: &str) -> Claim {
        let (mut seen, mut unchanged) = (0, 0);
        loop {
            // Whoever leads comes first.
            let wait = if self.0.role < Role::Lead { 2 } else { 1 } * RENEW_MILLIS;
            self.0.clock.sleep(wait).await;
            let Some(holder) = self.look(log).await else { continue };
            let expected = match holder {
                Holder::Nobody(sequence) => Some(sequence),
                Holder::Lesser(sequence) => {
                    // From now on the other cannot renew it. Until they know, they rely on it.
                    let Some(claim) = self.take(log, sequence).await else { continue };
                    for _ in 0..RELIED_MILLIS / RENEW_MILLIS {
                        self.0.clock.sleep(RENEW_MILLIS).await;
                        self.renew(log).await;
                    }
                    if claim.holds() {
                        return claim;
                    }
                    None
                }
                Holder::Other(sequence) => {
                    unchanged = if sequence == seen { unchanged + wait } else { 0 };
                    seen = sequence;
                    // A lease that is not renewed has an end, unless somebody has written it who must not.
                    (unchanged > LEASE_SECONDS * 1_000 + wait).then_some(sequence)
                }
            };
            if let Some(expected) = expected
                && let Some(claim) = self.take(log, expected).await
            {
                return claim;
            }
        }
    }

    /// Renews what this page holds of a log. A lease that somebody else has by now is lost.
    async fn renew(&self, log: &str) {
        let held = self.0.leases.borrow().iter().find(|it| it.log == log).cloned();
        let Some(held) = held else { return };
        let now = *held.state.borrow();
        if now.until <= self.0.clock.now() {
            // It is lost already: its holder takes it anew once it has noticed.
            return;
        }
        match self.write(log, now.sequence).await {
            Ok(renewed) => *held.state.borrow_mut() = renewed,
            Err(Unwritten::Overtaken) => held.state.borrow_mut().until = 0,
            Err(Unwritten::Unknown) => {}
        }
    }
}

/// Why a lease was not written.
enum Unwritten {
    /// Somebody else has it.
    Overtaken,
    /// Nobody knows, or nobody was reached.
    Unknown,
}

/// Who has a lease, and the message that says so.
enum Holder {
    Nobody(u64),
    /// Somebody who gives way to this page.
    Lesser(u64),
    Other(u64),
}

struct Lease {
    peers: ClassPeers,
    held: Rc<Held>,
}

impl ClaimLock for Lease {
    fn holds(&self) -> bool {
        self.peers.0.clock.now() < self.held.state.borrow().until
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let peers = &self.peers;
        peers.0.leases.borrow_mut().retain(|it| !Rc::ptr_eq(it, &self.held));
        if self.holds() {
            // Where this gets lost, the lease ends by itself.
            peers.transport().publish(&lease(&self.held.log), &[]);
        }
    }
}

impl Peers for ClassPeers {
    fn claim(&self, log: &str) -> LocalBoxFuture<'static, Runner> {
        let (peers, log) = (self.clone(), log.to_owned());
        Box::pin(async move {
            // Whoever leads runs the processes where they can: faults that they arm are met by all.
            if peers.0.role < Role::Lead {
                return Runner::Elsewhere;
            }
            let Some(Holder::Nobody(expected)) = peers.look(&log).await else {
                return Runner::Elsewhere;
            };
            peers.take(&log, expected).await.map_or(Runner::Elsewhere, Runner::Here)
        })
    }

    fn inherit(&self, log: &str) -> LocalBoxFuture<'static, Claim> {
        let (peers, log) = (self.clone(), log.to_owned());
        Box::pin(async move {
            if peers.0.role < Role::Act {
                return pending().await;
            }
            peers.wait_for(&log).await
        })
    }

    fn join(&self, log: &str) -> Membership {
        // Many announcements at once are one reason to look.
        let heard = self.transport().subscribe(&hint(log)).ready_chunks(1_000).map(|_| ());
        let (peers, log) = (self.clone(), log.to_owned());
        let tick = unfold((peers, log, 0_u64), async |(peers, log, tick)| {
            peers.0.clock.sleep(RENEW_MILLIS).await;
            peers.renew(&log).await;
            Some((tick.is_multiple_of(LOOKS_APART), (peers, log, tick + 1)))
        });
        let looks = tick.filter_map(async |looks| looks.then_some(()));
        futures::stream::select(heard.boxed_local(), looks.boxed_local()).boxed_local()
    }

    fn announce(&self, log: &str) {
        self.transport().publish(&hint(log), &[]);
    }
}
