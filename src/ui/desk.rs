//! An open log: a session and the store that keeps it, run in step with each other.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::rc::Rc;

use futures::lock::Mutex;
use uuid::Uuid;

use crate::lab::{Answer, Ask, Bulk, Commit, Did, Entry, Keep, Recorded, Scenario, Session, World};
use crate::store::{IdbStore, Kept, LogInfo, LogStore, MemoryStore, Shelf, StoreError};

/// Where a log is kept.
#[derive(Clone)]
pub enum Storage {
    /// In memory only: gone with the page.
    Memory(MemoryStore),
    /// In the browser's IndexedDB.
    Disk(IdbStore),
}

impl Storage {
    /// The logs that are kept there.
    pub async fn logs(&self) -> Result<Vec<LogInfo>, StoreError> {
        match self {
            Self::Memory(store) => store.logs().await,
            Self::Disk(store) => store.logs().await,
        }
    }

    /// Adds a log, or changes what is known of it.
    pub async fn describe(&self, log: &LogInfo) -> Result<(), StoreError> {
        match self {
            Self::Memory(store) => store.describe(log).await,
            Self::Disk(store) => store.describe(log).await,
        }
    }

    async fn append(&self, log: &str, commit: &Commit) -> Result<(), StoreError> {
        match self {
            Self::Memory(store) => store.append(log, commit).await,
            Self::Disk(store) => store.append(log, commit).await,
        }
    }

    async fn put(&self, log: &str, on: Shelf, key: &str, text: &str) -> Result<(), StoreError> {
        match self {
            Self::Memory(store) => store.put(log, on, key, text).await,
            Self::Disk(store) => store.put(log, on, key, text).await,
        }
    }

    async fn load(&self, log: &str) -> Result<Kept, StoreError> {
        match self {
            Self::Memory(store) => store.load(log).await,
            Self::Disk(store) => store.load(log).await,
        }
    }

    /// True where a reload finds everything again.
    pub fn durable(&self) -> bool {
        matches!(self, Self::Disk(_))
    }
}

/// An open log. Cheap to clone; two desks are equal where they are the same.
#[derive(Clone)]
pub struct Desk(Rc<Inner>);

struct Inner {
    session: RefCell<Session>,
    storage: Storage,
    info: LogInfo,
    /// One runner at a time: a commit must not be stored twice.
    gate: Mutex<()>,
    /// The time that counts while a story runs, in milliseconds since 1970.
    story_time: Cell<Option<u64>>,
    /// Numbers refusals, so that they are kept in order.
    refusals: Cell<u64>,
    /// What went wrong when a small record was to be kept.
    fault: RefCell<Option<StoreError>>,
}

impl PartialEq for Desk {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
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

/// A new id for a command or a log, in order of time.
pub fn new_id() -> Uuid {
    #[expect(clippy::disallowed_methods, reason = "here is where ids enter the core")]
    Uuid::now_v7()
}

impl Desk {
    /// Opens a log that is kept.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn open(
        storage: Storage,
        scenario: &Rc<Scenario>,
        info: LogInfo,
    ) -> Result<Self, StoreError> {
        let kept = storage.load(&info.id).await?;
        let refusals = kept.records.keys().filter(|(shelf, _)| *shelf == Shelf::Refusals).count();
        let keeps =
            kept.records.iter().filter_map(|((shelf, key), text)| kept_as(*shelf, key, text));
        let world = World::open(scenario, kept.commits, keeps).map_err(|position| {
            StoreError::Failed(format!("event {position} of this log is missing"))
        })?;
        let info = LogInfo { opened_at: now(), ..info };
        storage.describe(&info).await?;
        let desk = Self::at(storage, info, Session::new(world), refusals as u64);
        // A process that was interrupted goes on where it was.
        desk.run().await;
        Ok(desk)
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
        let desk = Self::blank(storage, scenario, &scenario.title, None).await?;
        let mut number = 0;
        while story && desk.tell(number).await {
            number += 1;
        }
        match desk.0.fault.take() {
            Some(fault) => Err(fault),
            None => Ok(desk),
        }
    }

    /// A new log that shares this one's past up to `position`. Whole commits are kept; of one
    /// that reaches beyond the position, the events up to it.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub async fn fork(&self, position: u64) -> Result<Self, StoreError> {
        let scenario = self.session().scenario().clone();
        let from = Some((self.0.info.id.clone(), position));
        let title = format!("{} from {position}", self.0.info.title);
        let fork = Self::blank(self.0.storage.clone(), &scenario, &title, from).await?;
        let commits = self.session().commits(position);
        for commit in commits {
            self.0.storage.append(&fork.0.info.id, &commit).await?;
            fork.session_mut().learned(commit);
        }
        let effects: Vec<Keep> = self.session().world().performed_up_to(position);
        for keep in effects {
            fork.session_mut().world_mut().recall(keep.clone());
            fork.keep(keep).await;
        }
        fork.run().await;
        Ok(fork)
    }

    /// Another log of this scenario and storage, to look at.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn other(&self, log: &str) -> Result<Session, StoreError> {
        let kept = self.0.storage.load(log).await?;
        let scenario = self.session().scenario().clone();
        let world = World::open(&scenario, kept.commits, []).map_err(|position| {
            StoreError::Failed(format!("event {position} of this log is missing"))
        })?;
        Ok(Session::new(world))
    }

    async fn blank(
        storage: Storage,
        scenario: &Rc<Scenario>,
        title: &str,
        forked_from: Option<(String, u64)>,
    ) -> Result<Self, StoreError> {
        let id = new_id().simple().to_string();
        // The last digits are the random ones; the first are the time, which sorts.
        let id = format!("{}{}", &id[4..12], &id[28..]);
        let (created_at, opened_at) = (now(), now());
        let (scenario_id, title) = (scenario.id.to_string(), title.to_owned());
        let info = LogInfo { id, scenario: scenario_id, title, created_at, opened_at, forked_from };
        storage.describe(&info).await?;
        Ok(Self::at(storage, info, Session::new(World::new(scenario)), 0))
    }

    fn at(storage: Storage, info: LogInfo, session: Session, refusals: u64) -> Self {
        Self(Rc::new(Inner {
            session: RefCell::new(session),
            storage,
            info,
            gate: Mutex::new(()),
            story_time: Cell::new(None),
            refusals: Cell::new(refusals),
            fault: RefCell::new(None),
        }))
    }

    /// What is known of the log.
    pub fn info(&self) -> &LogInfo {
        &self.0.info
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

    /// What went wrong when something was to be kept, once.
    pub fn take_fault(&self) -> Option<StoreError> {
        self.0.fault.take()
    }

    /// Performs one micro-step, with all that the store has to do for it.
    pub async fn step(&self) -> Option<Did> {
        let _turn = self.0.gate.lock().await;
        self.step_in_turn().await
    }

    /// Performs micro-steps until all is quiet.
    pub async fn run(&self) -> Vec<Did> {
        let _turn = self.0.gate.lock().await;
        let mut trace = Vec::new();
        while let Some(did) = self.step_in_turn().await {
            trace.push(did);
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
            let answer = match inner.storage.append(&inner.info.id, &pending?).await {
                Ok(()) => Answer::Stored,
                Err(StoreError::Conflict { actual, .. } | StoreError::Behind { actual, .. }) => {
                    Answer::Lost { actual }
                }
                Err(fault) => {
                    let answer = Answer::Failed(fault.to_string());
                    inner.fault.replace(Some(fault));
                    answer
                }
            };
            self.session_mut().world_mut().answer(answer);
        }
    }

    async fn keep(&self, keep: Keep) {
        let inner = &self.0;
        let (on, key, text) = match &keep {
            Keep::Mark(process, position) => {
                (Shelf::Marks, process.to_string(), position.to_string())
            }
            Keep::Effect(effect) => (
                Shelf::Effects,
                // Performed more than once, it is kept more than once.
                match effect.repeat {
                    0 => effect.id.to_string(),
                    repeat => format!("{}.{repeat}", effect.id),
                },
                serde_json::to_string(effect).unwrap_or_default(),
            ),
            Keep::Refusal(entry) => {
                let number = inner.refusals.get();
                inner.refusals.set(number + 1);
                (
                    Shelf::Refusals,
                    format!("{number:010}"),
                    serde_json::to_string(entry).unwrap_or_default(),
                )
            }
        };
        if let Err(fault) = inner.storage.put(&inner.info.id, on, &key, &text).await {
            inner.fault.replace(Some(fault));
        }
    }

    /// Sends a command and runs until all that follows from it is done. The journal's entry.
    pub async fn send(&self, ask: Ask) -> Option<Entry> {
        let id = ask.id;
        let before = self.session().world().journal().len();
        self.session_mut().world_mut().submit(ask);
        self.run().await;
        let session = self.session();
        let journal = session.world().journal();
        // The last: one that is tried again after a conflict has two.
        let mut new = journal[before.min(journal.len())..].iter();
        new.rfind(|it| it.envelope.command_id == id).cloned()
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

    /// Plays step `number` of the story, counted from 0, at its own time. False once it is over.
    pub async fn tell(&self, number: usize) -> bool {
        let Some(step) = self.session_mut().tell(number) else { return false };
        self.0.story_time.set(Some(step.at));
        self.run().await;
        self.0.story_time.set(None);
        true
    }
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
