//! The surroundings of a host in a test: a clock that is moved by hand, counted ids, tabs that hear
//! of each other when the test wants it, and a store over shared memory in which every call may
//! fail. Nothing is random here, and nothing goes on by itself.
#![expect(dead_code, reason = "not every test needs all of it")]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::future::{pending, poll_fn, ready};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures::channel::{mpsc, oneshot};
use futures::future::LocalBoxFuture;
use futures::stream::StreamExt;
use leftfold::codec::{CommitOrLoss, Segment, segments_of};
use leftfold::es::{Commit, Map, Scenario, StoredCommit, command_id};
use leftfold::host::{
    Claim, ClaimLock, Clock, Host, Ids, Key, KeyRing, KeyState, Membership, Peers, Runner,
};
use leftfold::lab::{Session, SideRecord};
use leftfold::store::{
    CommitPlace, Extent, LogChange, LogInfo, LogStore, MemoryStore, Shelf, SideRecords, StoreError,
};
use uuid::Uuid;

/// A future that goes on in the background.
pub type Task = LocalBoxFuture<'static, ()>;

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Polls tasks in their order until each of them waits. Tasks that have ended are removed.
pub fn go_on(tasks: &mut Vec<Task>) {
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(woken.clone());
    while woken.0.swap(false, Ordering::Relaxed) {
        tasks.retain_mut(|task| task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
}

/// Runs a future that waits for nobody outside, and returns its output.
pub fn at_once<T: 'static>(future: impl Future<Output = T> + 'static) -> T {
    let output = Rc::new(Cell::new(None));
    let slot = output.clone();
    let mut tasks: Vec<Task> = vec![Box::pin(async move { slot.set(Some(future.await)) })];
    go_on(&mut tasks);
    match output.take() {
        Some(output) => output,
        None => panic!("the future waits for something outside"),
    }
}

/// Runs a future and lets time pass a second at a time, at most so many seconds. Returns its output
/// and how many seconds it took. `others` go on meanwhile.
pub fn in_seconds<T: 'static>(
    clock: &HandClock,
    most: u64,
    others: &mut Vec<Task>,
    future: impl Future<Output = T> + 'static,
) -> Option<(T, u64)> {
    let output = Rc::new(Cell::new(None));
    let slot = output.clone();
    let mut tasks: Vec<Task> = vec![Box::pin(async move { slot.set(Some(future.await)) })];
    for seconds in 0..=most {
        go_on(&mut tasks);
        go_on(others);
        go_on(&mut tasks);
        if let Some(output) = output.take() {
            return Some((output, seconds));
        }
        clock.pass(1_000);
    }
    None
}

/// A clock that is moved by hand.
#[derive(Default)]
pub struct HandClock {
    now: Cell<u64>,
    sleeping: RefCell<Vec<(u64, oneshot::Sender<()>)>>,
    slept: Cell<u64>,
    /// True where no sleep ever ends.
    pub stuck: Cell<bool>,
}

impl HandClock {
    /// Sets the time, in milliseconds since 1970. No sleep ends by that.
    pub fn set(&self, now: u64) {
        self.now.set(now);
    }

    /// Lets `millis` milliseconds pass.
    pub fn pass(&self, millis: u64) {
        self.slept.set(self.slept.get() + millis);
        self.now.set(self.now.get() + millis);
        if self.stuck.get() {
            return;
        }
        let (due, left) =
            self.sleeping.take().into_iter().partition(|(due, _)| *due <= self.slept.get());
        self.sleeping.replace(left);
        let due: Vec<_> = due;
        for (_, sleeper) in due {
            // The sleeper may have given up.
            _ = sleeper.send(());
        }
    }
}

/// A future that ends once all other tasks had a turn.
fn turn() -> LocalBoxFuture<'static, ()> {
    let mut had = false;
    Box::pin(poll_fn(move |context| {
        if std::mem::replace(&mut had, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }))
}

impl Clock for HandClock {
    fn now(&self) -> u64 {
        self.now.get()
    }

    fn sleep(&self, millis: u64) -> LocalBoxFuture<'static, ()> {
        if millis == 0 {
            return turn();
        }
        let (sender, over) = oneshot::channel();
        let mut sleeping = self.sleeping.borrow_mut();
        sleeping.retain(|(_, sleeper)| !sleeper.is_canceled());
        sleeping.push((self.slept.get() + millis, sender));
        Box::pin(async move { _ = over.await })
    }
}

/// Counted ids: the same in every run, and in order.
#[derive(Default)]
pub struct CountedIds(Cell<u64>);

impl Ids for CountedIds {
    fn secret(&self) -> [u8; 32] {
        let mut secret = [7; 32];
        secret[..16].copy_from_slice(self.next().as_bytes());
        secret
    }

    fn next(&self) -> Uuid {
        self.0.set(self.0.get() + 1);
        let id = command_id("counted", self.0.get());
        // Later ids sort after earlier ones.
        let mut bytes = *id.as_bytes();
        bytes[..8].copy_from_slice(&self.0.get().to_be_bytes());
        Uuid::from_bytes(bytes)
    }
}

/// A tab that has a log open.
struct Joined {
    log: String,
    tab: usize,
    heard: mpsc::UnboundedSender<()>,
}

/// A tab that runs a log's processes.
struct Holder {
    log: String,
    tab: usize,
    /// The number of the claim.
    claim: u64,
}

/// A tab that waits for a log's claim.
struct Waiting {
    log: String,
    tab: usize,
    granted: oneshot::Sender<Claim>,
}

/// What connects the tabs that have logs open.
#[derive(Default)]
pub struct Bus {
    tabs: RefCell<Vec<Joined>>,
    holders: RefCell<Vec<Holder>>,
    waiting: RefCell<VecDeque<Waiting>>,
    /// How many claims were granted.
    claims: Cell<u64>,
    /// Messages on their way: the log, and the number of the tab that is to hear of it.
    pub sent: RefCell<Vec<(String, usize)>>,
    /// The numbers of the tabs that sleep. Their claims may be granted to others.
    pub asleep: RefCell<BTreeSet<usize>>,
}

/// What the browser answers where a tab asks who runs a log's processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClaimFate {
    /// It says who.
    #[default]
    Said,
    /// Nothing.
    Never,
    /// Another tab does, which is not there and never will be.
    Elsewhere,
    /// Another tab does, and the two cannot share the log.
    OnlyElsewhere,
}

/// One tab's connection to the bus.
pub struct TabPeers {
    pub bus: Rc<Bus>,
    pub number: usize,
    pub claims: ClaimFate,
}

struct HeldClaim {
    bus: Rc<Bus>,
    log: String,
    number: u64,
}

impl ClaimLock for HeldClaim {
    fn holds(&self) -> bool {
        let holders = self.bus.holders.borrow();
        holders.iter().any(|it| it.log == self.log && it.claim == self.number)
    }
}

impl Drop for HeldClaim {
    fn drop(&mut self) {
        let mut holders = self.bus.holders.borrow_mut();
        holders.retain(|it| it.log != self.log || it.claim != self.number);
    }
}

impl Bus {
    fn grant(self: &Rc<Self>, log: &str, tab: usize) -> Claim {
        let number = self.claims.get() + 1;
        self.claims.set(number);
        let mut holders = self.holders.borrow_mut();
        holders.retain(|it| it.log != log);
        holders.push(Holder { log: log.to_owned(), tab, claim: number });
        Claim::new(HeldClaim { bus: self.clone(), log: log.to_owned(), number })
    }

    /// Grants each claim that somebody waits for and nobody holds, or only a tab that sleeps.
    pub fn grant_what_is_free(self: &Rc<Self>) {
        let waiting = self.waiting.take();
        for Waiting { log, tab, granted } in waiting {
            let asleep = self.asleep.borrow();
            let holder = self.holders.borrow().iter().find(|it| it.log == log).map(|it| it.tab);
            if holder.is_some_and(|it| !asleep.contains(&it)) || asleep.contains(&tab) {
                self.waiting.borrow_mut().push_back(Waiting { log, tab, granted });
            } else if !granted.is_canceled() {
                let claim = self.grant(&log, tab);
                // Where the tab has given up waiting, the claim is dropped.
                _ = granted.send(claim);
            }
        }
    }

    /// Delivers a message.
    pub fn deliver(&self, log: &str, tab: usize) {
        for it in &*self.tabs.borrow() {
            if it.log == log && it.tab == tab {
                // Once the log is closed, nobody hears the message.
                _ = it.heard.unbounded_send(());
            }
        }
    }

    /// Makes every tab look for news, as when a person looks at it.
    pub fn look(&self) {
        for it in &*self.tabs.borrow() {
            _ = it.heard.unbounded_send(());
        }
    }
}

impl Peers for TabPeers {
    fn claim(&self, log: &str) -> LocalBoxFuture<'static, Runner> {
        let held = self.bus.holders.borrow().iter().any(|it| it.log == log);
        match self.claims {
            ClaimFate::Said => {}
            ClaimFate::Never => return Box::pin(pending()),
            ClaimFate::Elsewhere => return Box::pin(ready(Runner::Elsewhere)),
            ClaimFate::OnlyElsewhere => return Box::pin(ready(Runner::OnlyElsewhere)),
        }
        let runner =
            if held { Runner::Elsewhere } else { Runner::Here(self.bus.grant(log, self.number)) };
        Box::pin(async move { runner })
    }

    fn inherit(&self, log: &str) -> LocalBoxFuture<'static, Claim> {
        if self.claims != ClaimFate::Said {
            return Box::pin(pending());
        }
        let (sender, granted) = oneshot::channel();
        let waiting = Waiting { log: log.to_owned(), tab: self.number, granted: sender };
        self.bus.waiting.borrow_mut().push_back(waiting);
        Box::pin(async move {
            match granted.await {
                Ok(claim) => claim,
                Err(_) => pending().await,
            }
        })
    }

    fn join(&self, log: &str) -> Membership {
        let (sender, heard) = mpsc::unbounded();
        let mut tabs = self.bus.tabs.borrow_mut();
        tabs.retain(|it| !it.heard.is_closed());
        tabs.push(Joined { log: log.to_owned(), tab: self.number, heard: sender });
        heard.boxed_local()
    }

    fn announce(&self, log: &str) {
        let tabs = self.bus.tabs.borrow();
        let others = tabs.iter().filter(|it| it.log == log && it.tab != self.number);
        self.bus.sent.borrow_mut().extend(others.map(|it| (it.log.clone(), it.tab)));
    }
}

/// The fate of a call of the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// The call is carried out at once.
    #[default]
    Done,
    /// The call is carried out once it is released.
    Late,
    /// The call fails, and nothing is changed.
    Fails,
    /// The call is carried out, but reports a failure.
    FailsAfter,
    /// The call is not carried out, and never answers.
    Never,
    /// The call is carried out, but never answers.
    NeverTold,
    /// This call and all later ones fail, until the store is opened again.
    Closes,
}

/// A bug that a test plants in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreBug {
    /// The store does not compare versions.
    NoVersionCheck,
    /// The store reports a failed write as stored.
    SaysStored,
    /// The store has forgotten all marks and effects when it is asked for them.
    ForgetsRecords,
}

/// A tab's handle on a store over shared memory.
#[derive(Clone)]
pub struct StoreHandle(Rc<Inner>);

struct Inner {
    shared: MemoryStore,
    fates: RefCell<VecDeque<Fate>>,
    held: RefCell<Vec<oneshot::Sender<()>>>,
    closed: Cell<bool>,
    bug: Cell<Option<StoreBug>>,
    /// How many more calls there may be: more than these are a loop without an end.
    calls_left: Cell<u64>,
    /// The writes, in order.
    written: RefCell<Vec<StoredWrite>>,
    /// The effects that this tab has tried to note. One that it did not hear of it notes again.
    noted: RefCell<Vec<(String, String)>>,
    /// True where a call was not carried out at once since the tab's last append. What the tab notes
    /// until the next one it may have performed before others have noted theirs.
    disturbed: Cell<bool>,
    /// The ids of side effects that were stored as performed a second time.
    performed_twice: RefCell<Vec<String>>,
}

/// A write that was stored.
#[derive(Clone, Debug)]
pub enum StoredWrite {
    Commit(StoredCommit),
    /// A side record, as JSON text.
    Record {
        shelf: Shelf,
        key: String,
        text: String,
    },
}

impl StoreHandle {
    /// A new handle on the same logs.
    pub fn new(shared: &MemoryStore) -> Self {
        Self(Rc::new(Inner {
            shared: shared.clone(),
            fates: RefCell::default(),
            held: RefCell::default(),
            closed: Cell::new(false),
            bug: Cell::new(None),
            calls_left: Cell::new(u64::MAX),
            written: RefCell::default(),
            noted: RefCell::default(),
            disturbed: Cell::new(false),
            performed_twice: RefCell::default(),
        }))
    }

    /// Sets the fates of the next calls, in order.
    pub fn foretell(&self, fates: impl IntoIterator<Item = Fate>) {
        self.0.fates.borrow_mut().extend(fates);
    }

    /// True where all fates that were set have come.
    pub fn over(&self) -> bool {
        self.0.fates.borrow().is_empty()
    }

    /// Allows so many calls from now on. One more is a failure of the test.
    pub fn allow(&self, calls: u64) {
        self.0.calls_left.set(calls);
    }

    /// Forgets all fates that were set: calls are carried out at once again.
    pub fn calm(&self) {
        self.0.fates.borrow_mut().clear();
    }

    /// Carries out all late calls. False where there are none.
    pub fn release(&self) -> bool {
        let held = self.0.held.take();
        let any = !held.is_empty();
        for call in held {
            // The caller may have given up.
            _ = call.send(());
        }
        any
    }

    pub fn plant(&self, bug: StoreBug) {
        self.0.bug.set(Some(bug));
    }

    /// The writes through this handle, in order.
    pub fn written(&self) -> Vec<StoredWrite> {
        self.0.written.borrow().clone()
    }

    /// The ids of side effects that were stored as performed a second time.
    pub fn performed_twice(&self) -> Vec<String> {
        self.0.performed_twice.borrow().clone()
    }

    async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let failed = || Err(StoreError::Failed("the disk is broken".to_owned()));
        match self.0.calls_left.get().checked_sub(1) {
            Some(left) => self.0.calls_left.set(left),
            None => panic!("the store is called again and again"),
        }
        if self.0.closed.get() {
            return Err(StoreError::Failed("it was closed".to_owned()));
        }
        let fate = self.0.fates.borrow_mut().pop_front().unwrap_or_default();
        if fate != Fate::Done {
            self.0.disturbed.set(true);
        }
        match fate {
            Fate::Done => call.await,
            Fate::Late => {
                let (sender, released) = oneshot::channel();
                self.0.held.borrow_mut().push(sender);
                _ = released.await;
                call.await
            }
            Fate::Fails => failed(),
            Fate::FailsAfter => {
                call.await?;
                failed()
            }
            Fate::Never => pending().await,
            Fate::NeverTold => {
                call.await?;
                pending().await
            }
            Fate::Closes => {
                self.0.closed.set(true);
                failed()
            }
        }
    }

    async fn append_unchecked(
        &self,
        log: &str,
        commit: &Commit,
    ) -> Result<CommitPlace, StoreError> {
        let extents = self.0.shared.extents().await?;
        let end = extents.get(log).copied().unwrap_or_default();
        let mut stored = StoredCommit::from(commit);
        (stored.number, stored.after) = (end.commits + 1, end.events);
        let place = CommitPlace { number: stored.number, after: stored.after };
        let infos = self.0.shared.logs().await?;
        let unknown = || StoreError::UnknownLog(log.to_owned());
        let info = infos.into_iter().find(|it| it.id == log).ok_or_else(unknown)?;
        self.0.shared.import(&info, &mut segments_of([stored]), &SideRecords::new()).await?;
        Ok(place)
    }
}

impl LogStore for StoreHandle {
    fn durable(&self) -> bool {
        true
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        self.0.closed.set(false);
        Ok(())
    }

    async fn logs(&self) -> Result<Vec<LogInfo>, StoreError> {
        self.call(self.0.shared.logs()).await
    }

    async fn add(&self, log: &LogInfo) -> Result<(), StoreError> {
        self.call(self.0.shared.add(log)).await
    }

    async fn change(&self, log: &str, change: &LogChange) -> Result<LogInfo, StoreError> {
        self.call(self.0.shared.change(log, change)).await
    }

    async fn append(&self, log: &str, commit: &Commit) -> Result<CommitPlace, StoreError> {
        let append = async {
            let place = match self.0.shared.append(log, commit).await {
                Err(StoreError::Conflict { .. } | StoreError::Behind { .. })
                    if self.0.bug.get() == Some(StoreBug::NoVersionCheck) =>
                {
                    self.append_unchecked(log, commit).await?
                }
                other => other?,
            };
            self.0.disturbed.set(false);
            self.0.written.borrow_mut().push(StoredWrite::Commit(commit.into()));
            Ok(place)
        };
        match self.call(append).await {
            Err(StoreError::Failed(_)) if self.0.bug.get() == Some(StoreBug::SaysStored) => {
                Ok(CommitPlace { number: commit.number, after: commit.after })
            }
            other => other,
        }
    }

    async fn put(&self, log: &str, on: Shelf, key: &str, text: &str) -> Result<(), StoreError> {
        if on == Shelf::Effects && !key.contains('.') {
            let there = self.0.shared.records(log).await?;
            let note = (key.to_owned(), text.to_owned());
            let mut noted = self.0.noted.borrow_mut();
            // The same note once more is of one performance.
            let anew = !noted.contains(&note) && !self.0.disturbed.get();
            if anew && there.contains_key(&(on, key.to_owned())) {
                self.0.performed_twice.borrow_mut().push(key.to_owned());
            }
            noted.push(note);
        }
        self.call(async {
            self.0.shared.put(log, on, key, text).await?;
            let (key, text) = (key.to_owned(), text.to_owned());
            let record = StoredWrite::Record { shelf: on, key, text };
            self.0.written.borrow_mut().push(record);
            Ok(())
        })
        .await
    }

    async fn read(
        &self,
        log: &str,
        known: u64,
        head: u64,
        visit: &mut dyn FnMut(CommitOrLoss<'_>),
    ) -> Result<(), StoreError> {
        self.call(self.0.shared.read(log, known, head, visit)).await
    }

    async fn records(&self, log: &str) -> Result<SideRecords, StoreError> {
        let records = self.call(self.0.shared.records(log)).await?;
        let forgets = self.0.bug.get() == Some(StoreBug::ForgetsRecords);
        let kept =
            |((shelf, _), _): &(&(Shelf, String), &String)| !forgets || *shelf == Shelf::Refusals;
        let kept = records.iter().filter(kept);
        Ok(kept.map(|(key, text)| (key.clone(), text.clone())).collect())
    }

    async fn import(
        &self,
        log: &LogInfo,
        commits: &mut dyn Iterator<Item = Segment>,
        records: &SideRecords,
    ) -> Result<(), StoreError> {
        self.call(self.0.shared.import(log, commits, records)).await
    }

    async fn extents(&self) -> Result<Map<String, Extent>, StoreError> {
        self.call(self.0.shared.extents()).await
    }

    async fn remove(&self, log: &str) -> Result<(), StoreError> {
        self.call(self.0.shared.remove(log)).await
    }
}

/// The keys that a simulated browser keeps: id → key, or none where it was destroyed.
pub type KeptKeys = Rc<RefCell<Map<Uuid, Option<Key>>>>;

/// A tab's key ring: what it has loaded of the keys that the browser keeps.
pub struct TabKeys {
    kept: KeptKeys,
    loaded: RefCell<Map<Uuid, Option<Key>>>,
    /// True where the browser does not destroy keys, and says so.
    stubborn: Rc<Cell<bool>>,
}

impl KeyRing for TabKeys {
    fn find(&self, id: Uuid) -> KeyState {
        KeyState::of(self.loaded.borrow().get(&id))
    }

    fn load(&self) -> LocalBoxFuture<'_, Result<(), StoreError>> {
        self.loaded.replace(self.kept.borrow().clone());
        Box::pin(ready(Ok(())))
    }

    fn keep(&self, keys: Vec<(Uuid, Key)>) -> LocalBoxFuture<'_, Result<(), StoreError>> {
        for (id, key) in keys {
            self.kept.borrow_mut().entry(id).or_insert_with(|| Some(key));
        }
        self.load()
    }

    fn destroy(&self, id: Uuid) -> LocalBoxFuture<'_, Result<(), StoreError>> {
        if self.stubborn.get() {
            return Box::pin(ready(Err(StoreError::Failed("the disk is broken".to_owned()))));
        }
        self.kept.borrow_mut().insert(id, None);
        self.load()
    }
}

/// What the tabs of a simulated browser share.
#[derive(Clone)]
pub struct SimulatedBrowser {
    pub keys: KeptKeys,
    /// True where it does not destroy keys.
    pub stubborn: Rc<Cell<bool>>,
    pub store: MemoryStore,
    pub bus: Rc<Bus>,
    pub clock: Rc<HandClock>,
    pub ids: Rc<CountedIds>,
}

impl SimulatedBrowser {
    pub fn new() -> Self {
        let (keys, stubborn) = Default::default();
        let (store, bus, clock, ids) =
            (MemoryStore::default(), Rc::default(), Rc::default(), Rc::default());
        Self { keys, stubborn, store, bus, clock, ids }
    }

    /// Stores a new log with commits and side records.
    pub fn keep(
        &self,
        scenario: &Scenario,
        commits: impl IntoIterator<Item = StoredCommit>,
        side_records: &[SideRecord],
    ) -> LogInfo {
        let (host, _) = self.tab(0);
        let info = host.new_log(scenario, "A log".to_owned(), None);
        let (store, records) = (self.store.clone(), host.encode_side_records(side_records));
        let commits: Vec<_> = segments_of(commits).collect();
        let stored = info.clone();
        let stored =
            at_once(async move { store.import(&stored, &mut commits.into_iter(), &records).await });
        if let Err(fault) = stored {
            panic!("{fault}");
        }
        info
    }

    /// Opens a tab: its host, and its handle on the store.
    pub fn tab(&self, number: usize) -> (Host, StoreHandle) {
        self.tab_with(number, ClaimFate::Said)
    }

    /// As [`tab`](Self::tab), in a browser that answers so where the tab asks for a claim.
    pub fn tab_with(&self, number: usize, claims: ClaimFate) -> (Host, StoreHandle) {
        let handle = StoreHandle::new(&self.store);
        let peers = Rc::new(TabPeers { bus: self.bus.clone(), number, claims });
        let store = Rc::new(handle.clone());
        let (kept, stubborn) = (self.keys.clone(), self.stubborn.clone());
        let keys = TabKeys { kept, loaded: RefCell::default(), stubborn };
        let host = Host::new(store, peers, self.clock.clone(), self.ids.clone());
        (host.with_keys(Rc::new(keys)), handle)
    }
}

/// Stores a log with commits and side records, and reads it through a host.
pub fn kept(
    scenario: &Rc<Scenario>,
    commits: impl IntoIterator<Item = StoredCommit>,
    side_records: &[SideRecord],
) -> Session {
    let browser = SimulatedBrowser::new();
    let info = browser.keep(scenario, commits, side_records);
    let ((host, _), scenario) = (browser.tab(1), scenario.clone());
    match at_once(async move { host.look(&scenario, &info.id).await }) {
        Ok(session) => session,
        Err(fault) => panic!("{fault}"),
    }
}
