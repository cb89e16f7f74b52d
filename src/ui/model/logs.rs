//! Which logs there are, where they live, and which one is open.

use std::rc::Rc;

use crate::es::Scenario;
pub use crate::host::OpenMode;
use crate::host::{Alone, Answered, Found, Host, OpenLog, Places, StoredKeys, own_scenario};
use crate::lab::RandomTally;
use crate::scenarios::{all as scenarios, any, first};
use crate::store::{AnyStore, IdbStore, LogInfo, MemoryStore, StoreError};
use crate::ui::browser::clock::{BrowserClock, BrowserIds, written_day};
use crate::ui::browser::own_code::BrowserEngines;
use crate::ui::browser::tabs::SharedTabs;
use crate::ui::console::Reply;

/// What happens to the log that is open.
pub enum Msg {
    /// The browser's storage is open, or cannot be. None where nothing may be kept.
    Started(Result<Option<IdbStore>, StoreError>),
    /// An address was entered, or gone back to.
    Navigate,
    /// Open a scenario's log.
    Open(Rc<str>, OpenMode),
    /// A log is open, or cannot be opened.
    Opened(Opening),
    /// A log was made from elsewhere, or the open one grew: open it.
    Imported(Arrived),
    /// The browser has lost logs that were kept here.
    Lost(Lost),
    /// A log could not be kept, or opened, for this reason.
    Fault(String),
}

/// What came of asking for a log.
pub struct Opening {
    /// Which asking this answers. Only the last one counts.
    pub turn: u64,
    pub result: Result<Opened, String>,
    /// Why it is in memory only, where that was not asked for.
    pub unkept: Option<String>,
    /// Where the playhead is to be.
    pub position: Option<u64>,
    /// Who waits for it.
    pub reply: Option<Reply>,
}

/// A log that was opened.
pub struct Opened {
    pub open_log: OpenLog,
    /// All logs that are kept where it is.
    pub logs: Vec<LogInfo>,
    pub arrival: Arrival,
}

/// How a log comes to be opened.
pub enum Arrival {
    /// It was looked for.
    Found(Found),
    /// By a run by chance.
    ByChance(RandomTally),
    /// With a person's own code, by program.
    Domain,
    /// By a fork after that event, with what came of the command that was sent there.
    Forked(u64, Option<Answered>),
}

/// A log that was made from elsewhere, or has grown.
pub struct Arrived {
    pub info: LogInfo,
    /// What came of it, in words; empty where there is nothing to say.
    pub said: String,
    /// Where the playhead is to be.
    pub position: Option<u64>,
    /// True where nothing says what its processes have reacted to.
    pub unsaid: bool,
}

impl Arrived {
    /// A log whose processes know what they have reacted to.
    pub fn new(info: LogInfo, said: String) -> Self {
        Self { info, said, position: None, unsaid: false }
    }
}

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1000;

/// Logs that the browser has lost.
pub struct Lost {
    pub logs: usize,
    /// How many events the longest of them had.
    pub longest: u64,
}

/// Where logs are kept.
pub struct Disk {
    pub host: Host,
    pub store: IdbStore,
}

/// Where a log lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// In memory: it is gone with the page.
    Memory,
    /// In this browser.
    Browser,
    /// With the class's server.
    Class,
}

/// The database of the keys with which personal data is sealed. It is not that of the logs, so that
/// nobody takes a key along with a log.
const KEYS: &str = "leftfold keys";

/// The logs, and the one that is open.
pub struct Logs {
    /// What runs people's own code.
    pub engines: BrowserEngines,
    /// All scenarios once the page is whole. The last one is for events that belong to none of the others.
    pub scenarios: Vec<Rc<Scenario>>,
    /// The scenarios' ids and titles.
    pub titles: Rc<Vec<(Rc<str>, Rc<str>)>>,
    /// The same, with the dates of a story that goes over days.
    pub picker: Rc<Vec<(Rc<str>, Rc<str>)>>,
    /// Logs that are gone with the page.
    pub memory: Host,
    /// Logs that are kept.
    pub disk: Option<Disk>,
    /// Logs that a class shares, where one was joined.
    pub class: Option<Host>,
    /// Why nothing is kept, where nothing is.
    pub unkept: Option<String>,
    /// True where somebody has chosen to wait for a storage that does not answer.
    pub waiting: bool,
    pub open: Option<OpenLog>,
    /// The log that is about to be opened, where nothing says what its processes have reacted to.
    pub unsaid: Option<String>,
    /// The logs of the open log's scenario.
    pub own: Rc<Vec<LogInfo>>,
    /// How often a log was asked for.
    turns: u64,
}

impl Logs {
    /// No log is open yet, and none is kept. There is the scenario of a first visit.
    pub fn new() -> Self {
        let store = Rc::new(MemoryStore::default());
        let engines = BrowserEngines::default();
        let (clock, ids) = (Rc::new(BrowserClock), Rc::new(BrowserIds));
        let memory = Host::new(store, Rc::new(Alone), clock, ids);
        let mut logs = Self {
            titles: Rc::default(),
            picker: Rc::default(),
            scenarios: Vec::new(),
            memory: memory.with_engines(Rc::new(engines.clone())),
            engines,
            disk: None,
            class: None,
            unkept: None,
            waiting: false,
            open: None,
            unsaid: None,
            own: Rc::default(),
            turns: 0,
        };
        logs.offer(vec![first()]);
        logs
    }

    /// From now on there are all scenarios.
    pub fn complete(&mut self) {
        let mut all = scenarios();
        all.extend([own_scenario(), any()]);
        for scenario in &mut all {
            // What is open already stays the same.
            if let Some(known) = self.scenario(&scenario.id) {
                *scenario = known.clone();
            }
        }
        self.offer(all);
    }

    fn offer(&mut self, scenarios: Vec<Rc<Scenario>>) {
        let titles = scenarios.iter().map(|it| (it.id.clone(), it.title.clone())).collect();
        let picker = scenarios.iter().map(|it| (it.id.clone(), dated(it))).collect();
        (self.titles, self.picker) = (Rc::new(titles), Rc::new(picker));
        self.scenarios = scenarios;
    }

    /// From now on logs are kept in the browser, and shared by its tabs.
    pub fn keep_in(&mut self, store: IdbStore) {
        let shared = Rc::new(store.clone());
        let tabs = Rc::new(SharedTabs::default());
        let host = Host::new(shared, tabs, Rc::new(BrowserClock), Rc::new(BrowserIds));
        // They are opened where something is sealed, and only then.
        let keys = StoredKeys::new(|| {
            Box::pin(async { Ok(Rc::new(IdbStore::open(KEYS).await?) as AnyStore) })
        });
        let host = host.with_keys(Rc::new(keys)).with_engines(Rc::new(self.engines.clone()));
        self.disk = Some(Disk { host, store });
    }

    /// The scenario of that id.
    pub fn scenario(&self, id: &str) -> Option<&Rc<Scenario>> {
        self.scenarios.iter().find(|it| &*it.id == id)
    }

    /// Where a new log goes: to the disk where there is one.
    pub fn host(&self) -> &Host {
        self.disk.as_ref().map_or(&self.memory, |disk| &disk.host)
    }

    /// Where logs are kept.
    pub fn places(&self) -> Places {
        let disk = self.disk.as_ref().map(|disk| disk.host.clone());
        Places { disk, class: self.class.clone(), memory: self.memory.clone() }
    }

    /// Where a log lives.
    pub fn home(&self, log: &OpenLog) -> Home {
        match &self.class {
            Some(class) if class.is(log.host()) => Home::Class,
            _ if log.host().durable() => Home::Browser,
            _ => Home::Memory,
        }
    }

    /// A log is asked for: whoever asked before does not get one any more.
    pub fn next_turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    /// True where nobody has asked for a log since that turn.
    pub fn is_last(&self, turn: u64) -> bool {
        turn == self.turns
    }

    /// True where this log is the open one.
    pub fn is_open(&self, log: &OpenLog) -> bool {
        self.open.as_ref() == Some(log)
    }

    /// Notes which of these logs are the open scenario's.
    pub fn list(&mut self, logs: impl Iterator<Item = LogInfo>) {
        let scenario = self.open.as_ref().map(|open_log| open_log.info().scenario.clone());
        let own = |log: &LogInfo| {
            Some(&log.scenario) == scenario.as_ref()
                && log.deleted_at.is_none()
                && log.exercise.is_none()
        };
        self.own = Rc::new(logs.filter(own).collect());
    }
}

/// The times at which a scenario's story begins and ends, where those lie days apart.
pub fn days_of(scenario: &Scenario) -> Option<(u64, u64)> {
    let mut times = scenario.story.iter().map(|it| it.at).filter(|at| *at > 0);
    let first = times.next();
    first.zip(times.next_back()).filter(|(first, last)| last - first > DAY_MILLIS)
}

/// A scenario's title, with the days on which its story begins and ends.
fn dated(scenario: &Scenario) -> Rc<str> {
    match days_of(scenario) {
        Some((first, last)) => {
            format!("{} · {} to {}", scenario.title, written_day(first), written_day(last)).into()
        }
        None => scenario.title.clone(),
    }
}
