//! Which log is open: addresses, the scenario's last log, a new one.

use std::rc::Rc;

use gloo::utils::document;
use yew::Context;

use super::{App, Msg, later, layout, scene};
use crate::es::Scenario;
use crate::host::{Alone, Answered, Host, OpenLog, Request};
use crate::lab::{Subscription, forms};
use crate::store::{IdbStore, LogInfo, MemoryStore, StoreError};
use crate::ui::address::Address;
use crate::ui::bookmarks;
use crate::ui::browser::{remember, remembered, remove};
use crate::ui::clock::{BrowserClock, BrowserIds};
use crate::ui::commands::Draft;
use crate::ui::console::Reply;
use crate::ui::lab::Lab;
use crate::ui::tabs::Tabs;

/// Which log of a scenario is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// The one that was opened last; where there is none, a new one with the story.
    Last,
    /// This one, with the playhead here.
    Log(String, Option<u64>),
    /// A new one with the story.
    Story,
    /// A new one with nothing in it.
    Empty,
    /// A new one that is only in memory, with the story or without.
    Memory(bool),
}

/// A log that was opened.
pub struct Opened {
    pub desk: OpenLog,
    /// All that are kept where it is.
    pub logs: Vec<LogInfo>,
    pub came: Came,
}

/// How a log comes to be opened.
pub enum Came {
    /// It was asked for.
    Asked,
    /// In the place of one that was asked for and is not there.
    Instead,
    /// By a fork after that event, with what came of the command that was sent there.
    Forked(u64, Option<Answered>),
}

/// Under this the log is remembered in which something does not run as usual.
pub(super) const ALTERED: &str = "altered";

impl App {
    pub(super) fn navigate(&mut self, ctx: &Context<Self>) -> bool {
        if self.shared(ctx) {
            return true;
        }
        let address = Address::here();
        let scenario: Rc<str> = address.scenario.as_deref().unwrap_or("cart").into();
        if let (Some(desk), Some(log)) = (&self.desk, &address.log)
            && desk.id() == *log
        {
            if let Some(position) = address.position {
                self.seek(position);
            }
            return true;
        }
        let how = address.log.map_or(How::Last, |log| How::Log(log, address.position));
        self.open(ctx, &scenario, how, None);
        true
    }

    pub(super) fn open(&mut self, ctx: &Context<Self>, id: &str, how: How, reply: Option<Reply>) {
        self.playing = None;
        let Some(scenario) = self.scenarios.iter().find(|it| &*it.id == id).cloned() else {
            let why = format!("There is no scenario called {id}.");
            match reply {
                Some(reply) => reply.reject("unknown_scenario", &why),
                None => self.fault = Some(why),
            }
            if self.desk.is_none() {
                let first = self.scenarios[0].id.clone();
                ctx.link().send_message(Msg::Open(first, How::Last));
            }
            return;
        };
        // An address that is about to be written is the old log's.
        self.settling = None;
        self.opening += 1;
        let turn = self.opening;
        let disk = self.disk.as_ref().map(|(host, _)| host.clone());
        let memory = self.memory.clone();
        // A command that is under way is not lost by it.
        let left = self.desk.clone().filter(|_| self.under_way());
        later(ctx.link(), async move {
            if let Some(left) = left {
                left.ask(Request::Finish).await;
            }
            let position = match &how {
                How::Log(_, position) => *position,
                _ => None,
            };
            let result = open(disk, memory, &scenario, how).await.map_err(|it| it.to_string());
            Msg::Opened(turn, result, position, reply)
        });
    }

    pub(super) fn opened(
        &mut self,
        ctx: &Context<Self>,
        turn: u64,
        result: Result<Opened, String>,
        position: Option<u64>,
        reply: Option<Reply>,
    ) -> bool {
        // Another log was asked for meanwhile.
        if turn != self.opening {
            if let Some(reply) = reply {
                reply.resolve(&());
            }
            return false;
        }
        let Opened { desk, logs, came } = match result {
            Ok(opened) => opened,
            Err(fault) => {
                let why = format!("The log could not be opened: {fault}.");
                match reply {
                    Some(reply) => reply.reject("storage", &why),
                    None if self.desk.is_some() => self.fault = Some(why),
                    // Without a log there is no page: rather one that is only in memory.
                    None => {
                        self.unkept = Some(fault);
                        let scenario = Address::here().scenario;
                        let scenario = scenario.as_deref().unwrap_or("cart");
                        self.open(ctx, scenario, How::Memory(true), None);
                    }
                }
                return true;
            }
        };
        let instead = matches!(came, Came::Instead);
        self.show(ctx, desk, if instead { None } else { position });
        if instead {
            self.also(
                "The log of this address is not in this browser: it was deleted, lived in memory \
                 only, or is kept in another one. “Share” makes links that carry their log."
                    .to_owned(),
            );
        }
        self.list_own(logs.into_iter());
        self.list_anew(ctx);
        if let Came::Forked(position, answered) = &came {
            self.forked(*position, answered.as_ref());
        }
        match reply {
            Some(reply) => reply.resolve(&()),
            None if matches!(came, Came::Forked(..)) => {}
            None => self.say_position(),
        }
        for reply in std::mem::take(&mut self.ready) {
            reply.resolve(&());
        }
        true
    }

    /// Says what is wrong beside what was already said to be, as both may come from one cause.
    pub(super) fn also(&mut self, why: String) {
        self.fault = Some(match self.fault.take() {
            Some(there) => format!("{there} {why}"),
            None => why,
        });
    }

    /// Notes which logs the scenario that is open has.
    pub(super) fn list_own(&mut self, logs: impl Iterator<Item = LogInfo>) {
        let scenario = self.desk.as_ref().map(|desk| desk.info().scenario.clone());
        let own =
            |log: &LogInfo| Some(&log.scenario) == scenario.as_ref() && log.deleted_at.is_none();
        self.logs = Rc::new(logs.filter(own).collect());
    }

    /// Puts a log on the page.
    pub(super) fn show(&mut self, ctx: &Context<Self>, desk: OpenLog, position: Option<u64>) {
        let new = self.desk.is_some();
        let altered = self.desk.as_ref().is_some_and(|old| {
            old.session().world().subscriptions().iter().any(Subscription::altered)
        });
        let scenario = desk.session().scenario().clone();
        let other = self.desk.as_ref().is_none_or(|old| old.session().scenario().id != scenario.id);
        if other {
            self.forms = Rc::new(forms(&scenario));
            self.draft = Rc::new(Draft::first(&self.forms));
            self.pinned = layout::pinned(&scenario.id);
        }
        // What was said of another log.
        Rc::make_mut(&mut self.draft).answer = None;
        if new {
            self.fault = None;
        }
        self.lab = Lab::default();
        (self.stepping, self.beat, self.pulse, self.told) = (None, None, None, None);
        (self.playing, self.wanted, self.behind) = (None, None, false);
        self.listeners.open(&desk);
        self.clear_hint();
        let reloaded = !new && remembered(ALTERED).is_some_and(|log| log == desk.id());
        if altered || reloaded {
            remember(ALTERED, None);
            let here = if altered {
                "in the other log runs as usual when you come back to it"
            } else {
                "here before the page was loaded again runs as usual"
            };
            self.told = Some(format!("What was paused, delayed or broken {here}."));
        }
        self.addressed = None;
        self.bookmarks = bookmarks::load(desk.id());
        self.shell.money = Rc::new(scene::money(&mut desk.viewpoint_mut(), &self.forms));
        // Whoever was at the head stays there, whatever its processes have done on opening.
        if let Some(position) = position.filter(|it| *it < desk.head_at_opening()) {
            desk.viewpoint_mut().seek(position);
        }
        let at = desk.session().position();
        // An entry of the history that led here is this one's already.
        let from = self.desk.as_ref().map(OpenLog::id);
        let new = new && Address::here().log.as_deref() == from;
        Address::write(&scenario.id, desk.id(), at, new);
        document().set_title(&format!("{} · Leftfold", scenario.title));
        let changed = ctx.link().callback(Msg::Changed);
        desk.on_change(move |trace| changed.emit(trace));
        wasm_bindgen_futures::spawn_local(desk.serve());
        self.desk = Some(desk);
        remove("#skeleton");
    }
}

/// Logs that are only in memory.
pub(super) fn in_memory() -> Host {
    let store = Rc::new(MemoryStore::default());
    Host::new(store, Rc::new(Alone), Rc::new(BrowserClock), Rc::new(BrowserIds))
}

/// Logs that are kept in the browser, and shared by its tabs.
pub(super) fn on_disk(store: &IdbStore) -> Host {
    let store = Rc::new(store.clone());
    Host::new(store, Rc::new(Tabs::default()), Rc::new(BrowserClock), Rc::new(BrowserIds))
}

/// Opens or makes a log, on disk where there is one.
async fn open(
    durable: Option<Host>,
    memory: Host,
    scenario: &Rc<Scenario>,
    how: How,
) -> Result<Opened, StoreError> {
    let mut host = match (&how, durable) {
        (How::Memory(_), _) | (_, None) => memory.clone(),
        (_, Some(host)) => host,
    };
    let mut logs = host.logs().await?;
    let own = |log: &&LogInfo| log.scenario == *scenario.id;
    let last = |logs: &[LogInfo]| logs.iter().filter(own).max_by_key(|it| it.opened_at).cloned();
    let mut came = Came::Asked;
    let wanted = match &how {
        How::Log(id, _) => {
            // A log that is only in memory can still be gone back to.
            if !logs.iter().any(|log| log.id == *id) {
                let others = memory.logs().await?;
                if others.iter().any(|log| log.id == *id) {
                    (host, logs) = (memory, others);
                }
            }
            let found = logs.iter().filter(own).find(|log| log.id == *id).cloned();
            if found.is_none() {
                came = Came::Instead;
            }
            found.or_else(|| last(&logs))
        }
        How::Last => last(&logs),
        _ => None,
    };
    let desk = if let Some(info) = wanted {
        host.open(scenario, info).await?
    } else {
        let story = !matches!(how, How::Empty | How::Memory(false));
        host.create(scenario, story).await?
    };
    // What is known of them now, without asking again.
    let info = desk.info();
    match logs.iter_mut().find(|log| log.id == info.id) {
        Some(log) => *log = info,
        None => logs.push(info),
    }
    Ok(Opened { desk, logs, came })
}
