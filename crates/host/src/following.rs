//! Beside the caller: what others have stored is learned, and a log whose runner is gone is taken
//! over.

use std::rc::{Rc, Weak};
use std::task::Poll;

use codec::CommitOrLoss;
use es::sort;
use futures::future::poll_fn;
use futures::stream::{FuturesUnordered, StreamExt};
use lab::SideRecord;
use store::{LogInfo, StoreError};

use crate::open_log::{BackgroundWork, Inner};
use crate::{Claim, OpenLog, Trouble, decode_side_records};

/// What could not be read when it was needed is asked for again so much later, in milliseconds.
const AGAIN_MILLIS: u64 = 2_000;

impl OpenLog {
    /// Everything that goes on beside the caller: following the log's other tabs, folding a long
    /// log, taking over. It ends once the log is closed, that is when nobody holds it any more.
    /// There is one for each log: a second call gives a future that has nothing to do.
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

    /// Has [`OpenLog::serve`] do this.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        // A log that is being closed serves nobody any more.
        _ = self.0.work.unbounded_send(Box::pin(work));
    }

    fn still_open(log: &Weak<Inner>) -> Option<Self> {
        log.upgrade().map(Self)
    }

    /// From now on what others announce is read.
    pub(crate) fn follow(&self) {
        let mut heard = self.0.host.peers.join(&self.0.id);
        let log = Rc::downgrade(&self.0);
        // What was announced while this one was still reading.
        self.spawn_hearing();
        self.spawn(async move {
            while heard.next().await.is_some() {
                let Some(log) = Self::still_open(&log) else { return };
                log.hear().await;
            }
        });
    }

    fn spawn_hearing(&self) {
        if self.0.host.durable() {
            let log = self.clone();
            self.spawn(async move { log.hear().await });
        }
    }

    /// There may be something new: reads it, once it is this one's turn.
    pub(crate) async fn hear(&self) {
        let trace = {
            let _turn = self.0.gate.lock().await;
            if !self.learn().await {
                return;
            }
            // A command that somebody steps through is theirs to go on with.
            if self.0.stepping.get() { Vec::new() } else { self.run_in_turn().await }
        };
        self.notify(trace);
    }

    /// Takes in what others have stored. False where there is nothing new.
    pub(crate) async fn learn(&self) -> bool {
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
        if let Err(fault) = inner.host.read(&inner.id, known, head, &mut visit).await {
            self.in_trouble(&fault);
            return true;
        }
        let damaged = !losses.is_empty();
        if damaged {
            inner.trouble.replace(Some(Trouble::Damaged(losses)));
        }
        let put_away = self.put_away_elsewhere().await;
        let effects = self.effects_elsewhere().await;
        let new = damaged || put_away || !commits.is_empty() || !effects.is_empty();
        let mut session = self.session_mut();
        let scenario = session.scenario().clone();
        for mut commit in commits {
            // The store's order counts; its commits are numbered here, without gaps.
            (commit.number, commit.after) = (session.log().commits() + 1, session.head());
            session.learned(commit.read(&scenario));
        }
        for effect in effects {
            session.world_mut().recall(effect);
        }
        new
    }

    /// Looks whether another tab has put the log away, or brought it back. True where it has.
    async fn put_away_elsewhere(&self) -> bool {
        let inner = &self.0;
        let Ok(logs) = inner.host.all_logs().await else { return false };
        let away = logs.iter().any(|it| it.id == inner.id && it.deleted_at.is_some());
        let mut trouble = inner.trouble.borrow_mut();
        match (&*trouble, away) {
            (None, true) => *trouble = Some(Trouble::Deleted),
            (Some(Trouble::Deleted), false) => *trouble = None,
            _ => return false,
        }
        true
    }

    /// The side effects that others have performed.
    async fn effects_elsewhere(&self) -> Vec<SideRecord> {
        if self.runs_processes() || self.session().scenario().processes.is_empty() {
            return Vec::new();
        }
        let Ok(records) = self.records().await else { return Vec::new() };
        let known = self.session().world().outbox().len();
        let mut effects = decode_side_records(&records);
        effects.retain(|it| matches!(it, SideRecord::Effect(_)));
        // They are kept in order of their ids.
        let position =
            |it: &SideRecord| if let SideRecord::Effect(it) = it { it.position } else { 0 };
        sort(&mut effects, |a, b| position(a).cmp(&position(b)));
        if effects.len() > known { effects } else { Vec::new() }
    }

    /// Processes fold here until their runner is gone; then this one runs them.
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
                // Nobody else can while this one has the claim: it looks again.
                let wait = log.0.host.clock.sleep(AGAIN_MILLIS);
                drop(log);
                wait.await;
            }
        });
    }

    /// Whoever slept for too long has lost its claim to another one, and watches from now on.
    pub(crate) fn keep_claim(&self) {
        let lost = self.0.claim.borrow_mut().take_if(|it| !it.holds());
        if lost.is_some() {
            self.wait_for_claim();
            self.spawn_hearing();
        }
    }

    /// Whoever ran the processes is gone: this one goes on where it was. Gives the claim back
    /// where it cannot be read where that is.
    async fn take_over(&self, claim: Option<Claim>) -> Option<Claim> {
        let inner = &self.0;
        let trace = {
            let _turn = inner.gate.lock().await;
            self.learn().await;
            let Ok(records) = self.records().await else { return claim };
            let mut marks = Vec::new();
            {
                let mut session = self.session_mut();
                for kept in decode_side_records(&records) {
                    match kept {
                        SideRecord::Mark(process, position) => marks.push((process, position)),
                        SideRecord::Effect(_) => session.world_mut().recall(kept),
                        SideRecord::Refusal(_) => {}
                    }
                }
                session.world_mut().take_over(marks);
            }
            *inner.claim.borrow_mut() = claim;
            // Who could only watch until now can write.
            inner.trouble.borrow_mut().take_if(|it| *it == Trouble::Elsewhere);
            self.run_in_turn().await
        };
        self.notify(trace);
        None
    }

    /// Tells the others, a moment later: whoever waits for this one need not wait for that as
    /// well.
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

    /// Looks whether the store takes the log's changes again; a connection that was lost is opened
    /// once more.
    pub(crate) async fn retry(&self) {
        if self.trouble().is_none_or(|it| it.lasts()) {
            return;
        }
        let _turn = self.0.gate.lock().await;
        match self.try_again().await {
            Ok(()) => {
                self.0.trouble.replace(None);
                // What others have stored meanwhile.
                self.spawn_hearing();
            }
            Err(fault) => self.in_trouble(&fault),
        }
    }

    async fn try_again(&self) -> Result<(), StoreError> {
        let (host, log) = (&self.0.host, &self.0.id);
        host.reopen().await?;
        let there = host.extents().await?.get(log).map_or(0, |it| it.events);
        let logs = host.all_logs().await?;
        match logs.into_iter().find(|it| it.id == *log) {
            // What was thrown away must not be taken for a log that has just begun.
            Some(info) if there >= self.session().head() => {
                host.describe(&LogInfo { opened_at: self.info().opened_at, ..info }).await
            }
            _ => Err(StoreError::UnknownLog(log.clone())),
        }
    }

    /// A store that did not answer is asked again from time to time, until it does.
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
