//! An open log: a session and the store that keeps it, run in step with each other and with the
//! log's other tabs.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::fmt;
use std::rc::{Rc, Weak};

use futures::lock::Mutex;
use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use gloo::utils::{document, window};
use uuid::Uuid;
use wasm_bindgen_futures::spawn_local;

use super::pace::{Pace, breathe};
use super::tabs::{self, Channel, Claim, Runner};
use crate::codec::archive::Imported;
use crate::codec::{Found, Loss, Packed, Packs, pack};
use crate::es::{Commit, Map, Recorded, Scenario, StoredCommit, sort};
use crate::lab::{Answer, Ask, Bulk, Did, Entry, Keep, Session, Subscription, World};
use crate::store::{Extent, IdbStore, LogInfo, LogStore, MemoryStore, Records, Shelf, StoreError};

/// So many events are folded between two looks at the clock.
const REFILL_EVENTS: u64 = 2_000;
/// A log of so many is folded before it is shown. Of a longer one the events can be seen meanwhile.
const FIRST_EVENTS: u64 = 20_000;

/// What could not be read when it was needed is asked for again so much later, in milliseconds.
const AGAIN_MILLIS: u32 = 2_000;

/// Where a log is kept.
#[derive(Clone)]
pub enum Storage {
    /// In memory only: gone with the page.
    Memory(MemoryStore),
    /// In the browser's IndexedDB.
    Disk(IdbStore),
}

macro_rules! each {
    ($storage:expr, $store:ident => $call:expr) => {
        match $storage {
            Storage::Memory($store) => $call,
            Storage::Disk($store) => $call,
        }
    };
}

impl Storage {
    /// The logs that are kept there, but for those that were deleted.
    pub async fn logs(&self) -> Result<Vec<LogInfo>, StoreError> {
        let logs = self.all_logs().await?;
        Ok(logs.into_iter().filter(|it| it.deleted_at.is_none()).collect())
    }

    /// The logs that are kept there, also those that can still be had back.
    pub async fn all_logs(&self) -> Result<Vec<LogInfo>, StoreError> {
        each!(self, store => store.logs().await)
    }

    /// How much each of them holds.
    pub async fn extents(&self) -> Result<Map<String, Extent>, StoreError> {
        each!(self, store => store.extents().await)
    }

    /// Adds a log, or changes what is known of it.
    pub async fn describe(&self, log: &LogInfo) -> Result<(), StoreError> {
        each!(self, store => store.describe(log).await)
    }

    /// Adds a log with all its commits and what is kept beside it, or nothing.
    pub async fn import(
        &self,
        log: &LogInfo,
        commits: &mut dyn Iterator<Item = Packed>,
        keeps: &[Keep],
    ) -> Result<(), StoreError> {
        let records: Records = keeps.iter().map(record_of).collect();
        each!(self, store => store.import(log, commits, &records).await)
    }

    /// Removes a log for good.
    pub async fn remove(&self, log: &str) -> Result<(), StoreError> {
        each!(self, store => store.remove(log).await)
    }

    /// Copies a log, as far as it can be read, with its small records. `last` is called once all
    /// its commits were handed over.
    pub async fn copy(
        &self,
        log: &str,
        copy: &LogInfo,
        last: impl FnMut(),
    ) -> Result<(), StoreError> {
        let kept = each!(self, store => store.load(log).await)?;
        let mut commits = pack(kept.commits).chain(after(last));
        each!(self, store => store.import(copy, &mut commits, &kept.records).await)
    }

    /// Opens the storage once more where the connection to it was lost.
    pub async fn reopen(&self) -> Result<(), StoreError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Disk(store) => store.reopen().await,
        }
    }

    async fn append(&self, log: &str, commit: &Commit) -> Result<(), StoreError> {
        each!(self, store => store.append(log, commit).await)
    }

    async fn put(&self, log: &str, on: Shelf, key: &str, text: &str) -> Result<(), StoreError> {
        each!(self, store => store.put(log, on, key, text).await)
    }

    /// Reads a log's commits, and what is lost of them.
    pub async fn read(
        &self,
        log: &str,
        known: u64,
        head: u64,
        visit: &mut dyn FnMut(Found<'_>),
    ) -> Result<(), StoreError> {
        each!(self, store => store.read(log, known, head, visit).await)
    }

    /// The small records beside a log.
    pub async fn records(&self, log: &str) -> Result<Records, StoreError> {
        each!(self, store => store.records(log).await)
    }

    /// True where a reload finds everything again.
    pub fn durable(&self) -> bool {
        matches!(self, Self::Disk(_))
    }
}

/// What keeps a log from being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Parts of it are gone.
    Damaged(Vec<Loss>),
    /// Another tab writes it, and in this browser two cannot.
    Elsewhere,
    /// The storage is full.
    Full,
    /// The storage cannot be reached.
    Unreachable(String),
    /// The storage no longer has it, or has less of it than this tab.
    Evicted,
    /// It was put away in another tab.
    Deleted,
}

impl Trouble {
    /// True where it is of no use to try again.
    fn lasts(&self) -> bool {
        !matches!(self, Self::Full | Self::Unreachable(_))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(losses) => {
                f.write_str("Part of this log is damaged: ")?;
                for (number, loss) in losses.iter().enumerate() {
                    write!(f, "{}{loss}", if number == 0 { "" } else { "; " })?;
                }
                f.write_str(". What comes before can be used, and what is left can be exported.")
            }
            Self::Elsewhere => f.write_str(
                "Another tab writes this log, and this browser does not let two tabs share it. \
                 You can look at it here; to change it, close the other tab.",
            ),
            Self::Full => f.write_str(
                "The browser's storage is full: the last change was not stored. Make room, then \
                 try again. Everything that is shown as stored is stored.",
            ),
            Self::Unreachable(why) => {
                write!(f, "The last change was not stored: {why}. Nothing is lost in this tab.")
            }
            Self::Deleted => f.write_str(
                "This log was deleted in another tab, and goes for good a day later. Nothing is \
                 added to it until it is back.",
            ),
            Self::Evicted => f.write_str(
                "The browser has thrown this log away, or part of it. This tab still has all of \
                 it and can save it again.",
            ),
        }
    }
}

/// An open log. Cheap to clone; two desks are equal where they are the same.
#[derive(Clone)]
pub struct Desk(Rc<Inner>);

/// What is told when the log has changed without this page asking for it.
type Told = Box<dyn Fn(Vec<Did>)>;

struct Inner {
    /// The head that the log had when it was opened.
    found: u64,
    session: RefCell<Session>,
    storage: Storage,
    info: LogInfo,
    /// What it was called since it was opened.
    title: RefCell<Option<String>>,
    /// One runner at a time: a commit must not be stored twice.
    gate: Mutex<()>,
    /// The time that counts while a story runs, in milliseconds since 1970.
    story_time: Cell<Option<u64>>,
    /// What went wrong when something was to be kept.
    fault: RefCell<Option<StoreError>>,
    trouble: RefCell<Option<Trouble>>,
    told: RefCell<Option<Told>>,
    claim: RefCell<Option<Claim>>,
    channel: RefCell<Option<Channel>>,
    seen: RefCell<Option<EventListener>>,
    /// True where another tab has announced something that is not read yet.
    behind: Cell<bool>,
    /// True where the other tabs are about to be told.
    announcing: Cell<bool>,
}

impl PartialEq for Desk {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// No more commits, and whoever asks for them is noticed.
pub fn after(mut last: impl FnMut()) -> impl Iterator<Item = Packed> {
    std::iter::from_fn(move || {
        last();
        None
    })
}

/// The time, in milliseconds since 1970.
pub fn now() -> u64 {
    // A clock before 1970 reads as 1970; the fraction is of no interest.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as said")]
    {
        js_sys::Date::now() as u64
    }
}

/// A new id for a command or a log, in order of time.
pub fn new_id() -> Uuid {
    #[expect(clippy::disallowed_methods, reason = "here is where ids enter the core")]
    Uuid::now_v7()
}

impl Desk {
    /// Opens a log that is kept, in slices that the page does not notice. What a long log comes
    /// to is folded afterwards. The first command comes before whatever its processes go on with.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn open(
        storage: Storage,
        scenario: &Rc<Scenario>,
        info: LogInfo,
        first: Option<Ask>,
    ) -> Result<Self, StoreError> {
        // Before anything is read: whoever ran the processes until now has noted all of it.
        let runner = if storage.durable() { Some(tabs::claim(&info.id).await) } else { None };
        let records = storage.records(&info.id).await?;
        let mut world = World::new(scenario);
        let mut losses = Vec::new();
        storage
            .read(&info.id, 0, 0, &mut |found| match found {
                Found::Lost(loss) => losses.push(loss),
                Found::Commit(commit) if losses.is_empty() => {
                    let (from, to) = (world.log().head() + 1, commit.after);
                    if !world.learned(commit.read(scenario)) {
                        let why = "the record is missing".to_owned();
                        losses.push(Loss { from, to, why });
                    }
                }
                // It can be exported from where it is.
                Found::Commit(_) => {}
            })
            .await?;
        let kept = kept_in(&records);
        if kept.len() < records.len() && losses.is_empty() {
            let head = world.log().head();
            let why = "a record is damaged".to_owned();
            losses.push(Loss { from: head + 1, to: head, why });
        }
        world.settle(kept);
        let info = LogInfo { opened_at: now(), ..info };
        let trouble = (!losses.is_empty()).then_some(Trouble::Damaged(losses));
        if trouble.is_none() {
            let (storage, id, opened_at) = (storage.clone(), info.id.clone(), info.opened_at);
            // When it was last opened is not worth waiting for, nor an alarm where that is not kept.
            spawn_local(async move {
                // Another tab may have renamed it meanwhile, or put it away.
                let logs = storage.all_logs().await.unwrap_or_default();
                if let Some(there) = logs.into_iter().find(|it| it.id == id) {
                    _ = storage.describe(&LogInfo { opened_at, ..there }).await;
                }
            });
        }
        if let Some(ask) = first {
            world.submit(ask);
        }
        let desk = Self::at(storage, info, Session::new(world), trouble);
        desk.join(runner);
        let short = desk.session().log().head() <= FIRST_EVENTS;
        if short && desk.session_mut().refill(FIRST_EVENTS) {
            // A process that was interrupted goes on where it was.
            desk.run().await;
        } else {
            let desk = desk.clone();
            spawn_local(async move { desk.refill().await });
        }
        Ok(desk)
    }

    /// Folds for as long as the page does not notice. True once all is folded.
    fn refill_slice(&self) -> bool {
        let pace = Pace::new();
        let mut session = self.session_mut();
        while !session.refill(REFILL_EVENTS) {
            if pace.over() {
                return false;
            }
        }
        true
    }

    /// How far the subscriptions are, together.
    fn folded(&self) -> u64 {
        self.session().world().subscriptions().iter().map(Subscription::checkpoint).sum()
    }

    async fn refill(&self) {
        {
            let _turn = self.0.gate.lock().await;
            let mut shown = self.folded();
            while !self.refill_slice() {
                // Read models are shown one after the other, each once it is whole.
                if self.folded() > std::mem::replace(&mut shown, self.folded()) {
                    self.notify(Vec::new());
                }
                breathe().await;
            }
        }
        let trace = self.run().await;
        self.notify(trace);
    }

    /// Makes a new log, with the scenario's story played to its end or empty.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub async fn create(
        storage: Storage,
        scenario: &Rc<Scenario>,
        story: bool,
    ) -> Result<Self, StoreError> {
        let info = new_log(scenario, scenario.title.to_string(), None);
        storage.describe(&info).await?;
        let runner = if storage.durable() { Some(tabs::claim(&info.id).await) } else { None };
        let session = Session::new(World::new(scenario));
        let desk = Self::at(storage, info, session, None);
        desk.join(runner);
        while story && desk.tell().await.is_some() {}
        match desk.0.fault.take() {
            Some(fault) => Err(fault),
            None => Ok(desk),
        }
    }

    /// A new log that shares this one's past up to `position`, in which a command may come first.
    /// Whole commits are kept; of one that reaches beyond the position, the events up to it.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub async fn fork(&self, position: u64, first: Option<Ask>) -> Result<Self, StoreError> {
        let storage = self.0.storage.clone();
        let commits = self.copied(position).await;
        let (scenario, keeps) = {
            let session = self.session();
            (session.scenario().clone(), session.world().kept_up_to(position))
        };
        let from = Some((self.0.info.id.clone(), position));
        let info = new_log(&scenario, format!("{} from {position}", self.described().title), from);
        storage.import(&info, &mut commits.into_pieces(), &keeps).await?;
        Self::open(storage, &scenario, info, first).await
    }

    /// The commits up to `position`, as they are kept: this tab may know less of an event than is
    /// written there. What the store has no more is as this tab has it.
    async fn copied(&self, position: u64) -> Packs {
        let inner = &self.0;
        let whole = self.session().head() == position;
        let (mut copied, mut head) = (Packs::default(), 0);
        let mut visit = |found: Found<'_>| {
            if let Found::Commit(commit) = found
                && commit.after == head
                && (head < position || whole && commit.events.is_empty())
            {
                let mut commit = commit.owned();
                commit.events.truncate(usize::try_from(position - head).unwrap_or(usize::MAX));
                head += commit.events.len() as u64;
                copied.extend([commit]);
            }
        };
        match inner.storage.read(&inner.info.id, 0, 0, &mut visit).await {
            Ok(()) if head == position => copied,
            _ => self.session().commits(position).iter().map(StoredCommit::from).collect(),
        }
    }

    /// Another log of this scenario and storage, to look at.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn other(&self, log: &str) -> Result<Session, StoreError> {
        let kept = each!(&self.0.storage, store => store.load(log).await)?;
        let scenario = self.session().scenario().clone();
        let world = World::open(&scenario, kept.commits, []).map_err(|position| {
            StoreError::Failed(format!("event {position} of this log is missing"))
        })?;
        Ok(Session::new(world))
    }

    fn at(storage: Storage, info: LogInfo, session: Session, trouble: Option<Trouble>) -> Self {
        Self(Rc::new(Inner {
            found: session.head(),
            session: RefCell::new(session),
            storage,
            info,
            title: RefCell::default(),
            gate: Mutex::new(()),
            story_time: Cell::new(None),
            fault: RefCell::new(None),
            trouble: RefCell::new(trouble),
            told: RefCell::new(None),
            claim: RefCell::new(None),
            channel: RefCell::new(None),
            seen: RefCell::new(None),
            behind: Cell::new(false),
            announcing: Cell::new(false),
        }))
    }

    /// Joins the log's other tabs.
    fn join(&self, runner: Option<Runner>) {
        let inner = &self.0;
        // In memory there are no others.
        let Some(runner) = runner else { return };
        match runner {
            Runner::Here(claim) => _ = inner.claim.replace(Some(claim)),
            Runner::Elsewhere | Runner::OnlyElsewhere => {
                self.session_mut().world_mut().watch();
                if matches!(runner, Runner::OnlyElsewhere) {
                    inner.trouble.borrow_mut().get_or_insert(Trouble::Elsewhere);
                }
                let desk = Rc::downgrade(inner);
                tabs::inherit(&inner.info.id, move |claim| Self::taken_over(&desk, claim));
            }
        }
        let hear = |desk: Weak<Inner>| {
            move || {
                if let Some(desk) = Self::still_open(&desk) {
                    desk.hear();
                }
            }
        };
        inner.channel.replace(Channel::open(&inner.info.id, hear(Rc::downgrade(inner))));
        // An announcement that went astray is made up for when somebody looks.
        let looked_at = hear(Rc::downgrade(inner));
        let seen = EventListener::new(&document(), "visibilitychange", move |_| looked_at());
        inner.seen.replace(Some(seen));
        // What was announced while this tab was still reading.
        self.hear();
    }

    fn still_open(desk: &Weak<Inner>) -> Option<Self> {
        desk.upgrade().map(Self)
    }

    /// Another tab has announced something: reads it, once it is this tab's turn.
    fn hear(&self) {
        if self.0.behind.replace(true) {
            return;
        }
        let desk = self.clone();
        spawn_local(async move {
            let trace = {
                let _turn = desk.0.gate.lock().await;
                if !desk.learn().await {
                    return;
                }
                // A command that somebody steps through is theirs to go on with.
                let busy = desk.session().world().busy();
                if busy { Vec::new() } else { desk.run_in_turn().await }
            };
            desk.notify(trace);
        });
    }

    /// Takes in what other tabs have stored. False where there is nothing new.
    async fn learn(&self) -> bool {
        let inner = &self.0;
        // What is announced from here on is read the next time.
        inner.behind.set(false);
        let (known, head) = {
            let session = self.session();
            (session.log().commits(), session.head())
        };
        let mut commits = Vec::new();
        let mut losses = Vec::new();
        let mut visit = |found: Found<'_>| match found {
            Found::Commit(commit) if losses.is_empty() => commits.push(commit.owned()),
            Found::Commit(_) => {}
            Found::Lost(loss) => losses.push(loss),
        };
        let read = inner.storage.read(&inner.info.id, known, head, &mut visit).await;
        if let Err(fault) = read {
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
        for commit in commits {
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
        let Ok(logs) = inner.storage.all_logs().await else { return false };
        let away = logs.iter().any(|it| it.id == inner.info.id && it.deleted_at.is_some());
        let mut trouble = inner.trouble.borrow_mut();
        match (&*trouble, away) {
            (None, true) => *trouble = Some(Trouble::Deleted),
            (Some(Trouble::Deleted), false) => *trouble = None,
            _ => return false,
        }
        true
    }

    /// The side effects that another tab has performed.
    async fn effects_elsewhere(&self) -> Vec<Keep> {
        let inner = &self.0;
        if inner.claim.borrow().is_some() || self.session().scenario().processes.is_empty() {
            return Vec::new();
        }
        let Ok(records) = inner.storage.records(&inner.info.id).await else { return Vec::new() };
        let known = self.session().world().outbox().len();
        let mut effects = kept_in(&records);
        effects.retain(|it| matches!(it, Keep::Effect(_)));
        // They are kept in order of their ids.
        let position = |it: &Keep| if let Keep::Effect(it) = it { it.position } else { 0 };
        sort(&mut effects, |a, b| position(a).cmp(&position(b)));
        if effects.len() > known { effects } else { Vec::new() }
    }

    fn taken_over(desk: &Weak<Inner>, claim: Claim) {
        if let Some(desk) = Self::still_open(desk) {
            spawn_local(async move { desk.take_over(claim).await });
        }
    }

    /// The tab that ran the processes is gone: this one goes on where it was.
    async fn take_over(&self, claim: Claim) {
        let inner = &self.0;
        let trace = {
            let _turn = inner.gate.lock().await;
            self.learn().await;
            let Ok(records) = inner.storage.records(&inner.info.id).await else {
                // Nobody else can while this tab has the claim: it looks again.
                let desk = Rc::downgrade(inner);
                Timeout::new(AGAIN_MILLIS, move || Self::taken_over(&desk, claim)).forget();
                return;
            };
            let mut marks = Vec::new();
            {
                let mut session = self.session_mut();
                for ((shelf, key), text) in &records {
                    match kept_as(*shelf, key, text) {
                        Some(Keep::Mark(process, position)) => marks.push((process, position)),
                        Some(effect @ Keep::Effect(_)) => session.world_mut().recall(effect),
                        _ => {}
                    }
                }
                session.world_mut().take_over(marks);
            }
            inner.claim.replace(Some(claim));
            // Who could only watch until now can write.
            inner.trouble.borrow_mut().take_if(|it| *it == Trouble::Elsewhere);
            self.run_in_turn().await
        };
        self.notify(trace);
    }

    /// Who is to be told when the log changes without being asked to here.
    pub fn on_change(&self, told: impl Fn(Vec<Did>) + 'static) {
        self.0.told.replace(Some(Box::new(told)));
    }

    fn notify(&self, trace: Vec<Did>) {
        if let Some(told) = &*self.0.told.borrow() {
            told(trace);
        }
    }

    /// True where this tab runs the log's processes.
    pub fn runs_processes(&self) -> bool {
        !self.0.storage.durable() || self.0.claim.borrow().is_some()
    }

    /// What keeps the log from being written, where something does.
    pub fn trouble(&self) -> Option<Trouble> {
        self.0.trouble.borrow().clone()
    }

    fn in_trouble(&self, fault: &StoreError) {
        let trouble = match fault {
            StoreError::Full => Trouble::Full,
            StoreError::UnknownLog(_) => Trouble::Evicted,
            StoreError::Failed(why) => Trouble::Unreachable(why.clone()),
            StoreError::Conflict { .. } | StoreError::Behind { .. } => return,
        };
        self.0.trouble.replace(Some(trouble));
    }

    /// Looks whether the store takes the log's changes again; a connection that was lost is opened
    /// once more.
    pub async fn retry(&self) {
        if self.trouble().is_none_or(|it| it.lasts()) {
            return;
        }
        let _turn = self.0.gate.lock().await;
        match self.try_again().await {
            Ok(()) => {
                self.0.trouble.replace(None);
                // What others have stored meanwhile.
                self.hear();
            }
            Err(fault) => self.in_trouble(&fault),
        }
    }

    async fn try_again(&self) -> Result<(), StoreError> {
        let (storage, log) = (&self.0.storage, &self.0.info.id);
        storage.reopen().await?;
        let there = storage.extents().await?.get(log).map_or(0, |it| it.events);
        let logs = storage.all_logs().await?;
        match logs.into_iter().find(|it| it.id == *log) {
            // What was thrown away must not be taken for a log that has just begun.
            Some(info) if there >= self.session().head() => storage.describe(&info).await,
            _ => Err(StoreError::UnknownLog(log.clone())),
        }
    }

    /// Saves everything that this tab has of the log as a new one.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub async fn save_again(&self) -> Result<LogInfo, StoreError> {
        let storage = &self.0.storage;
        // Where that fails, what follows says why.
        _ = storage.reopen().await;
        let scenario = self.session().scenario().clone();
        let (head, title) = (self.session().head(), self.described().title);
        let commits = self.session().commits(head);
        let from = Some((self.0.info.id.clone(), head));
        let info = new_log(&scenario, title, from);
        let keeps = self.session().world().kept_up_to(head);
        let mut commits = pack(commits.iter().map(StoredCommit::from));
        storage.import(&info, &mut commits, &keeps).await?;
        Ok(info)
    }

    /// Appends an archive, all of it or nothing; the positions that its events have. `last` is
    /// called once all of it was handed to the store.
    ///
    /// # Errors
    /// A sentence: what does not go together with what is there, or why it could not be stored.
    pub async fn extend(
        &self,
        imported: Imported,
        last: impl FnMut(),
    ) -> Result<(u64, u64), String> {
        let inner = &self.0;
        if let Some(trouble) = self.trouble() {
            return Err(trouble.to_string());
        }
        let (range, trace) = {
            let _turn = inner.gate.lock().await;
            self.learn().await;
            let before = self.session().head();
            let commits = imported.after(self.session().log(), now())?;
            let scenario = self.session().scenario().clone();
            let (mut read, mut pace) = (Vec::with_capacity(commits.len()), Pace::new());
            for commit in &commits {
                read.push(commit.lent().read(&scenario));
                pace.breathe().await;
            }
            let mut all = pack(commits).chain(after(last));
            let stored = inner.storage.import(&self.described(), &mut all, &[]).await;
            stored.map_err(|fault| fault.to_string())?;
            self.announce();
            // Once it is stored, nothing may come between.
            for commit in read {
                self.session_mut().learned(commit);
            }
            let head = self.session().head();
            ((before + 1, head), self.run_in_turn().await)
        };
        self.notify(trace);
        Ok(range)
    }

    /// Folds these subscriptions again from the first event on.
    pub async fn rebuild_all(&self, names: &[(Rc<str>, u16)]) {
        {
            let mut session = self.session_mut();
            for (name, code) in names {
                session.world_mut().rebuild(name, *code);
            }
        }
        self.refill().await;
    }

    /// What was known of the log when it was opened.
    pub fn info(&self) -> &LogInfo {
        &self.0.info
    }

    /// What is known of the log, under the title that it has now.
    pub fn described(&self) -> LogInfo {
        let info = self.0.info.clone();
        let title = self.0.title.borrow().clone();
        LogInfo { title: title.unwrap_or(info.title), ..info }
    }

    /// The log is called otherwise from now on.
    pub fn rename(&self, title: String) {
        self.0.title.replace(Some(title));
    }

    /// Where it is kept.
    pub fn storage(&self) -> &Storage {
        &self.0.storage
    }

    /// The session. Not to be held across an await.
    pub fn session(&self) -> Ref<'_, Session> {
        self.0.session.borrow()
    }

    /// The session, to change it. Not to be held across an await.
    pub fn session_mut(&self) -> RefMut<'_, Session> {
        self.0.session.borrow_mut()
    }

    /// Performs one micro-step, with all that the store has to do for it.
    pub async fn step(&self) -> Option<Did> {
        let _turn = self.0.gate.lock().await;
        self.step_in_turn().await
    }

    /// Performs micro-steps until all is quiet.
    pub async fn run(&self) -> Vec<Did> {
        let _turn = self.0.gate.lock().await;
        self.run_in_turn().await
    }

    async fn run_in_turn(&self) -> Vec<Did> {
        let (mut trace, mut pace) = (Vec::new(), Pace::new());
        while let Some(did) = self.step_in_turn().await {
            trace.push(did);
            pace.breathe().await;
        }
        trace
    }

    async fn step_in_turn(&self) -> Option<Did> {
        let inner = &self.0;
        loop {
            let now = inner.story_time.get().unwrap_or_else(now);
            let did = self.session_mut().step(now);
            let keeps = self.session_mut().world_mut().take_keeps();
            for keep in keeps {
                self.keep(keep).await;
            }
            if did.is_some() {
                return did;
            }
            let pending = self.session().world().pending().cloned();
            let answer = self.store(&pending?).await;
            self.session_mut().world_mut().answer(answer);
        }
    }

    async fn store(&self, commit: &Commit) -> Answer {
        let inner = &self.0;
        if let Some(trouble) = self.trouble().filter(Trouble::lasts) {
            return Answer::Failed(trouble.to_string());
        }
        match inner.storage.append(&inner.info.id, commit).await {
            Ok(()) => {
                inner.trouble.replace(None);
                self.announce();
                Answer::Stored
            }
            Err(StoreError::Conflict { .. } | StoreError::Behind { .. }) => {
                self.learn().await;
                let unread = matches!(*inner.trouble.borrow(), Some(Trouble::Unreachable(_)));
                // Nothing that this tab knows of has taken the commit's place: the store has less
                // than this tab. It was thrown away, and begun again.
                if self.session().log().commits() < commit.number && !unread {
                    inner.trouble.replace(Some(Trouble::Evicted));
                }
                Answer::Lost
            }
            Err(fault) => {
                self.in_trouble(&fault);
                let answer = Answer::Failed(fault.to_string());
                inner.fault.replace(Some(fault));
                answer
            }
        }
    }

    /// Tells the log's other tabs, a moment later: whoever waits for this one need not wait for
    /// that as well.
    fn announce(&self) {
        if !self.0.announcing.replace(true) {
            let desk = self.clone();
            Timeout::new(0, move || {
                desk.0.announcing.set(false);
                if let Some(channel) = &*desk.0.channel.borrow() {
                    channel.announce();
                }
            })
            .forget();
        }
    }

    async fn keep(&self, keep: Keep) {
        let inner = &self.0;
        if self.trouble().is_some_and(|it| it.lasts()) {
            return;
        }
        let ((on, key), text) = record_of(&keep);
        match inner.storage.put(&inner.info.id, on, &key, &text).await {
            Ok(()) if on == Shelf::Effects => self.announce(),
            Ok(()) => {}
            Err(fault) => {
                self.in_trouble(&fault);
                inner.fault.replace(Some(fault));
            }
        }
    }

    /// Sends a command and runs until all that follows from it is done. The journal's entry, and
    /// what was done.
    pub async fn send(&self, ask: Ask) -> (Option<Entry>, Vec<Did>) {
        let id = ask.id;
        self.session_mut().world_mut().submit(ask);
        self.answer_to(id).await
    }

    /// The head that the log had when it was opened.
    pub fn found(&self) -> u64 {
        self.0.found
    }

    /// What came of a command that was submitted, once all is quiet.
    pub async fn answer_to(&self, command: Uuid) -> (Option<Entry>, Vec<Did>) {
        let trace = self.run().await;
        let session = self.session();
        // The last: one that is tried again after a conflict has two.
        let mut journal = session.world().journal().iter();
        (journal.rfind(|it| it.envelope.command_id == command).cloned(), trace)
    }

    /// Appends events past their aggregates; the positions they have.
    pub async fn append(&self, bulk: Bulk) -> Option<(u64, u64)> {
        let id = bulk.id;
        self.session_mut().world_mut().submit_bulk(bulk);
        let _turn = self.0.gate.lock().await;
        while self.step_in_turn().await.is_some() {
            if self.session().log().handled(id).is_some() {
                self.session_mut().world_mut().hurry();
            }
        }
        let handled = self.session().log().handled(id)?;
        Some((handled.start, handled.end - 1))
    }

    /// Plays the story's next step at its own time, after all that was asked before. None once it
    /// is over.
    pub async fn tell(&self) -> Option<Played> {
        let _turn = self.0.gate.lock().await;
        let mut trace = self.run_in_turn().await;
        let number = self.session().next_in_story()?;
        let before = self.session().world().journal().len();
        let step = self.session_mut().tell(number)?;
        self.0.story_time.set(Some(step.at));
        trace.extend(self.run_in_turn().await);
        self.0.story_time.set(None);
        // What processes send because of it comes after it.
        let entry = self.session().world().journal().get(before).cloned();
        Some(Played { number, say: step.say, entry, trace })
    }
}

/// A step of the story that was played.
pub struct Played {
    /// Which one, counted from 0.
    pub number: usize,
    /// What it says.
    pub say: Rc<str>,
    /// What came of its first command.
    pub entry: Option<Entry>,
    /// What was done.
    pub trace: Vec<Did>,
}

/// A new log of a scenario.
pub fn new_log(scenario: &Scenario, title: String, forked_from: Option<(String, u64)>) -> LogInfo {
    let id = new_id().simple().to_string();
    let (created_at, opened_at) = (now(), now());
    LogInfo {
        // The last digits are the random ones; the first are the time, which sorts.
        id: format!("{}{}", &id[4..12], &id[28..]),
        scenario: scenario.id.to_string(),
        title,
        created_at,
        opened_at,
        forked_from,
        deleted_at: None,
    }
}

/// The time since the page was opened, in milliseconds.
pub fn clock() -> f64 {
    window().performance().map_or(0.0, |it| it.now())
}

fn record_of(keep: &Keep) -> ((Shelf, String), String) {
    let (on, key, text) = match keep {
        Keep::Mark(process, position) => (Shelf::Marks, process.to_string(), position.to_string()),
        Keep::Effect(effect) => (
            Shelf::Effects,
            // Performed more than once, it is kept more than once.
            match effect.repeat {
                0 => effect.id.to_string(),
                repeat => format!("{}.{repeat}", effect.id),
            },
            serde_json::to_string(effect).unwrap_or_default(),
        ),
        // In order of time, and no two tabs take the same.
        Keep::Refusal(entry) => (
            Shelf::Refusals,
            new_id().to_string(),
            serde_json::to_string(entry).unwrap_or_default(),
        ),
    };
    ((on, key), text)
}

/// What small records say, as far as they can be read.
pub fn kept_in(records: &Records) -> Vec<Keep> {
    records.iter().filter_map(|((shelf, key), text)| kept_as(*shelf, key, text)).collect()
}

fn kept_as(shelf: Shelf, key: &str, text: &str) -> Option<Keep> {
    match shelf {
        Shelf::Marks => Some(Keep::Mark(key.into(), text.parse().ok()?)),
        Shelf::Effects => serde_json::from_str(text).ok().map(Keep::Effect),
        Shelf::Refusals => serde_json::from_str(text).ok().map(Keep::Refusal),
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
    let months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.get(date.get_utc_month() as usize).copied().unwrap_or_default();
    let day = format!("{} {month} {}", date.get_utc_date(), date.get_utc_full_year());
    (format!("{day} {clock}"), clock)
}
