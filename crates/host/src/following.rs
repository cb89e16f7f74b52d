//! Work in the background: an open log learns what others have stored, and takes the processes
//! over once the tab that ran them is gone.

use std::rc::{Rc, Weak};
use std::task::Poll;

use codec::CommitOrLoss;
use es::sort;
use futures::future::{LocalBoxFuture, poll_fn};
use futures::stream::{FuturesUnordered, StreamExt};
use lab::{SetUp, SideRecord, Subscription};
use store::{LogChange, StoreError};

use crate::open_log::{BackgroundWork, Inner};
use crate::{Claim, OpenLog, Trouble, decode_side_records};

/// How often a tab that watches looks whether the one that runs the processes has acted, and how long
/// it waits between two looks, in milliseconds.
const LOOKS: u32 = 100;
const LOOK_MILLIS: u64 = 20;

/// The wait before a failed read is tried again, in milliseconds.
const AGAIN_MILLIS: u64 = 2_000;

impl OpenLog {
    /// All background work: it follows the log's other tabs, folds a long log, and takes the
    /// processes over. The future ends once nobody holds the log any more. Each log has one such
    /// future: a second call returns a future that has nothing to do.
    pub fn serve(&self) -> BackgroundWork {
        let queue = self.0.queue.take();
        Box::pin(async move {
            let Some(mut queue) = queue else { return };
            let mut running = FuturesUnordered::new();
            poll_fn(|context| {
                loop {
                    match queue.poll_next_unpin(context) {
                        Poll::Ready(Some(work)) => running.push(work),
                        Poll::Ready(None) => return Poll::Ready(()),
                        Poll::Pending => break,
                    }
                }
                while let Poll::Ready(Some(())) = running.poll_next_unpin(context) {}
                Poll::Pending
            })
            .await;
        })
    }

    /// Hands work to [`OpenLog::serve`].
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        // Where this fails, the log is being closed, and the work is not needed any more.
        _ = self.0.work.unbounded_send(Box::pin(work));
    }

    pub(crate) fn still_open(log: &Weak<Inner>) -> Option<Self> {
        log.upgrade().map(Self)
    }

    /// From now on, this log reads what other tabs announce.
    pub(crate) fn follow(&self) {
        let mut heard = self.0.host.peers.join(&self.0.id);
        let log = Rc::downgrade(&self.0);
        // Others may have announced something while this log was still being read.
        self.spawn_hearing();
        self.spawn(async move {
            while heard.next().await.is_some() {
                let Some(log) = Self::still_open(&log) else { return };
                log.catch_up().await;
            }
        });
    }

    fn spawn_hearing(&self) {
        if self.0.host.durable() {
            let log = self.clone();
            self.spawn(async move { log.catch_up().await });
        }
    }

    /// Reads what others have stored, once it is this log's turn, and runs what follows from it.
    pub(crate) async fn catch_up(&self) {
        let trace = {
            let _turn = self.0.gate.lock().await;
            let learnt = self.learn().await;
            let recoded = !self.0.stepping.get() && self.follow_code().await;
            if !learnt && !recoded {
                return;
            }
            // Somebody is stepping through a command: only they go on with it.
            if self.0.stepping.get() { Vec::new() } else { self.run_in_turn().await }
        };
        self.notify(trace);
    }

    /// Waits until the tab that runs the processes has reacted to all that is stored: for two seconds
    /// at most, and not at all where this tab runs them. A process that is paused, delayed, or about
    /// to meet a fault may never react, so nobody waits for it.
    pub fn settle(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            for _ in 0..LOOKS {
                if self.runs_processes() || self.runner_unknown() {
                    return;
                }
                // What was done until the marks were stored is learned after them.
                let Ok(records) = self.records().await else { return };
                self.catch_up().await;
                if !self.owed(&decode_side_records(&records)) {
                    return;
                }
                self.0.host.clock.sleep(LOOK_MILLIS).await;
            }
        })
    }

    /// True where a process that can has not reacted to an event to which it reacts at once, as far as
    /// these records say.
    fn owed(&self, records: &[SideRecord]) -> bool {
        let session = self.session();
        let owes = |set_up: &SetUp, asks_at: u64| {
            let fails = set_up.fails_on.is_some();
            let can = !set_up.paused && set_up.delay == 0 && set_up.fault.is_none() && !fails;
            can && set_up.mark < asks_at
        };
        session.scenario().processes.iter().any(|process| {
            let name = process.name();
            let asks_at = session.world().subscription(&name).map_or(0, Subscription::asks_at);
            let stored = records.iter().rev().find_map(|it| match it {
                SideRecord::SetUp(of, set_up) if *of == name => Some(set_up),
                _ => None,
            });
            stored.map_or(asks_at > 0, |it| owes(it, asks_at))
        })
    }

    /// Learns what others have stored. False where there is nothing new.
    pub(crate) async fn learn(&self) -> bool {
        self.learn_all().await.unwrap_or(true)
    }

    /// The same. None where it could not be read: that is said then.
    async fn learn_all(&self) -> Option<bool> {
        let inner = &self.0;
        let (known, head) = {
            let session = self.session();
            (session.log().commits(), session.head())
        };
        let (mut commits, mut losses) = (Vec::new(), Vec::new());
        let mut visit = |found: CommitOrLoss<'_>| match found {
            CommitOrLoss::Commit(commit) if losses.is_empty() => commits.push(commit.owned()),
            CommitOrLoss::Commit(_) => {}
            CommitOrLoss::Lost(loss) => losses.push(loss),
        };
        let read = inner.host.read(&inner.id, known, head, &mut visit);
        if let Err(fault) = self.patiently(read).await {
            self.unread(&fault);
            return None;
        }
        let damaged = !losses.is_empty();
        if damaged {
            inner.trouble.replace(Some(Trouble::Damaged(losses)));
        }
        let redescribed = self.redescribed_elsewhere().await;
        let records = self.records_elsewhere(commits.is_empty()).await;
        let moved = self.learn_clock(&records);
        let effects = self.effects_elsewhere(records);
        let new = damaged || redescribed || moved || !commits.is_empty() || !effects.is_empty();
        let scenario = self.session().scenario().clone();
        {
            let mut session = self.session_mut();
            for mut commit in commits {
                // The store decides the order. Numbers are given here, so that they have no gaps.
                (commit.number, commit.after) = (session.log().commits() + 1, session.head());
                session.learn(commit.read(&scenario));
            }
            for effect in effects {
                session.world_mut().take_in_side_record(effect);
            }
        }
        // Others may have made keys, or destroyed some.
        if let Err(fault) = inner.host.load_keys(&scenario).await {
            self.unread(&fault);
        }
        self.forget_keys().await;
        Some(new)
    }

    /// True where another tab has deleted the log, brought it back, or given it another title.
    async fn redescribed_elsewhere(&self) -> bool {
        let inner = &self.0;
        let Ok(logs) = inner.host.all_logs().await else { return false };
        let there = logs.into_iter().find(|it| it.id == inner.id);
        let away = there.as_ref().is_some_and(|it| it.deleted_at.is_some());
        let renamed = there.is_some_and(|there| self.redescribe(there));
        let mut trouble = inner.trouble.borrow_mut();
        match (&*trouble, away) {
            (None | Some(Trouble::Slow), true) => *trouble = Some(Trouble::Deleted),
            (Some(Trouble::Deleted), false) => *trouble = None,
            _ => return renamed,
        }
        true
    }

    /// What other tabs have stored beside the log, where that may be of interest here: effects of
    /// processes that run elsewhere, and how far the clock was moved. `nothing_new` says that there is
    /// no new commit: then the tabs have heard of something else.
    async fn records_elsewhere(&self, nothing_new: bool) -> Vec<SideRecord> {
        let interested = {
            let scenario = self.session().scenario().clone();
            let processes = &scenario.processes;
            let watches = !self.runs_processes() && !processes.is_empty();
            nothing_new || watches || processes.iter().any(|it| it.waits())
        };
        if !interested || !self.host().durable() {
            return Vec::new();
        }
        self.records().await.map(|it| decode_side_records(&it)).unwrap_or_default()
    }

    /// The side effects that another tab has performed and this one does not know yet.
    fn effects_elsewhere(&self, mut effects: Vec<SideRecord>) -> Vec<SideRecord> {
        if self.runs_processes() || self.session().scenario().processes.is_empty() {
            return Vec::new();
        }
        let known = self.session().world().outbox().len();
        effects.retain(|it| matches!(it, SideRecord::Effect(_)));
        // The store returns them in order of their ids.
        let position =
            |it: &SideRecord| if let SideRecord::Effect(it) = it { it.position } else { 0 };
        sort(&mut effects, |a, b| position(a).cmp(&position(b)));
        if effects.len() > known { effects } else { Vec::new() }
    }

    /// Until the tab that runs the processes is gone, processes only fold here. Then this tab runs
    /// them.
    pub(crate) fn wait_for_claim(&self) {
        self.session_mut().world_mut().watch();
        let claim = self.0.host.peers.inherit(&self.0.id);
        let log = Rc::downgrade(&self.0);
        self.spawn(async move {
            let mut claim = Some(claim.await);
            while let Some(log) = Self::still_open(&log) {
                claim = log.take_over(claim.take()).await;
                if claim.is_none() {
                    return;
                }
                // This tab has the claim, so no other tab can take over: it tries again.
                let wait = log.0.host.clock.sleep(AGAIN_MILLIS);
                drop(log);
                wait.await;
            }
        });
    }

    /// Leaves the processes to whoever opens the log anew, and takes them over after that.
    pub(crate) fn leave_processes(&self) {
        let claim = self.0.claim.take();
        if claim.is_some() {
            drop(claim);
            self.wait_for_claim();
        }
    }

    /// A tab that slept for too long may have lost its claim to another tab. From then on it only
    /// watches.
    pub(crate) fn keep_claim(&self) {
        let lost = self.0.claim.borrow_mut().take_if(|it| !it.holds());
        if lost.is_some() {
            self.wait_for_claim();
            self.spawn_hearing();
        }
    }

    /// The tab that ran the processes is gone: this one goes on from its marks. Returns the claim
    /// where the log or the marks cannot be read.
    async fn take_over(&self, claim: Option<Claim>) -> Option<Claim> {
        let inner = &self.0;
        let trace = {
            let _turn = inner.gate.lock().await;
            // What was done about an event is of no use to a tab that has not heard of the event.
            if self.learn_all().await.is_none() {
                return claim;
            }
            let records = match self.records().await {
                Ok(records) => records,
                Err(fault) => {
                    self.unread(&fault);
                    return claim;
                }
            };
            let mut set_ups = Vec::new();
            {
                let mut session = self.session_mut();
                for kept in decode_side_records(&records) {
                    match kept {
                        SideRecord::SetUp(name, set_up) => set_ups.push((name, set_up)),
                        SideRecord::Effect(_) | SideRecord::Clock(_) => {
                            session.world_mut().take_in_side_record(kept);
                        }
                        // What people were told there is no concern of this tab.
                        SideRecord::Refusal(entry) => {
                            session.world_mut().learn_refusal(entry);
                        }
                    }
                }
                session.world_mut().take_over(set_ups);
            }
            *inner.claim.borrow_mut() = claim;
            inner.runner_unknown.set(false);
            // A tab that could only watch can write from now on.
            inner.trouble.borrow_mut().take_if(|it| *it == Trouble::Elsewhere);
            self.run_in_turn().await
        };
        self.notify(trace);
        None
    }

    /// Tells the other tabs that the log has changed. This happens a moment later, so that nobody
    /// who waits for this log also waits for the message.
    pub(crate) fn announce(&self) {
        if !self.0.announcing.replace(true) {
            let log = self.clone();
            self.spawn(async move {
                log.0.host.clock.sleep(0).await;
                log.0.announcing.set(false);
                log.0.host.peers.announce(&log.0.id);
            });
        }
    }

    /// Tries whether the store takes the log's changes again. A lost connection is opened again.
    pub(crate) async fn retry(&self) {
        let before = self.trouble();
        if before.as_ref().is_none_or(|it| it.lasts() || *it == Trouble::Slow) {
            return;
        }
        // It waits for no turn, and takes none: whoever wants to write meanwhile is told at once
        // that the store does not answer.
        match self.try_again().await {
            Ok(()) => {
                self.0.trouble.borrow_mut().take_if(|it| Some(&*it) == before.as_ref());
                let _turn = self.0.gate.lock().await;
                self.store_side_records().await;
                // Others may have stored something meanwhile.
                self.spawn_hearing();
            }
            Err(fault) => self.in_trouble(&fault),
        }
    }

    async fn try_again(&self) -> Result<(), StoreError> {
        let (host, log) = (&self.0.host, &self.0.id);
        host.reopen().await?;
        let there = host.extents().await?.get(log).map_or(0, |it| it.events);
        // A log that was thrown away must not be taken for a new one.
        if there < self.session().head() {
            return Err(StoreError::UnknownLog(log.clone()));
        }
        host.change(log, &LogChange::Opened(self.info().opened_at)).await?;
        Ok(())
    }

    /// Asks a silent store again from time to time, until it answers.
    pub(crate) fn listen_for_the_store(&self) {
        let log = Rc::downgrade(&self.0);
        self.spawn(async move {
            while let Some(open) = Self::still_open(&log) {
                if open.trouble() != Some(Trouble::Silent) {
                    return open.notify(Vec::new());
                }
                let wait = open.0.host.clock.sleep(AGAIN_MILLIS);
                drop(open);
                wait.await;
                let Some(open) = Self::still_open(&log) else { return };
                open.retry().await;
            }
        });
    }
}
