//! Which log is opened, and from where: a page that starts comes to a log, whatever its storage
//! does.

use std::rc::Rc;

use es::Scenario;
use store::{LogInfo, StoreError, StoreFuture};

use crate::{Host, OpenLog};

/// Which log of a scenario is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// The one that was opened last; where there is none, a new one with the story.
    Last,
    /// The same, with the playhead at a position.
    LastAt(u64),
    /// The one of this id, with the playhead at a position.
    Log(String, Option<u64>),
    /// A new one with the story.
    Story,
    /// A new one with nothing in it.
    Empty,
    /// The one that was opened last; where there is none, a new one whose story has not begun.
    FirstVisit,
    /// A new one that is only in memory, with the story or without.
    Memory(bool),
}

/// A log that was found, or made.
pub struct FoundLog {
    /// The log.
    pub log: OpenLog,
    /// All logs that are kept where it is.
    pub logs: Vec<LogInfo>,
    /// Whether it is the one that was asked for.
    pub found: Found,
    /// Why it is in memory and not on the disk, where that was not asked for.
    pub unkept: Option<StoreError>,
}

/// Which log was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The one that was asked for.
    Asked,
    /// Another one: the one that was asked for is not there.
    Instead,
    /// The first one that anybody has opened here.
    First,
}

/// Where logs are kept: on a disk where there is one, and in memory.
#[derive(Clone)]
pub struct Places {
    /// The host that keeps logs.
    pub disk: Option<Host>,
    /// The host whose logs a class shares, where one was joined. They are found by their ids alone.
    pub class: Option<Host>,
    /// The host whose logs are gone with the page.
    pub memory: Host,
}

impl Places {
    /// Finds the log that is to be opened, or makes one, on disk where there is one.
    ///
    /// # Errors
    /// [`StoreError`] where the log could not be found, read or made.
    pub fn open<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        mode: OpenMode,
    ) -> StoreFuture<'a, FoundLog> {
        Box::pin(async move {
            let memory = &self.memory;
            let mut host = match (&mode, &self.disk) {
                (OpenMode::Memory(_), _) | (_, None) => memory,
                (_, Some(host)) => host,
            };
            let mut logs = host.logs().await?;
            let own = |log: &&LogInfo| log.scenario == *scenario.id;
            let last = |logs: &[LogInfo]| {
                let own = logs.iter().filter(own).filter(|it| it.exercise.is_none());
                own.max_by_key(|it| it.opened_at).cloned()
            };
            let mut came = Found::Asked;
            let wanted = match &mode {
                OpenMode::Log(id, _) => {
                    // A log of a class, or one that is only in memory, can still be gone back to.
                    for elsewhere in self.class.iter().chain([memory]) {
                        if logs.iter().any(|log| log.id == *id) {
                            break;
                        }
                        let others = elsewhere.logs().await?;
                        if others.iter().any(|log| log.id == *id) {
                            (host, logs) = (elsewhere, others);
                        }
                    }
                    let found = logs.iter().filter(own).find(|log| log.id == *id).cloned();
                    if found.is_none() {
                        came = Found::Instead;
                    }
                    found.or_else(|| last(&logs))
                }
                OpenMode::Last | OpenMode::LastAt(_) | OpenMode::FirstVisit => last(&logs),
                _ => None,
            };
            let log = if let Some(info) = wanted {
                host.open(scenario, info).await?
            } else {
                use OpenMode::{Empty, FirstVisit, Memory};
                if mode == FirstVisit {
                    came = Found::First;
                }
                let story = !matches!(mode, Empty | FirstVisit | Memory(false));
                host.create(scenario, story).await?
            };
            // What is known of the logs now, without asking again.
            let info = log.info();
            match logs.iter_mut().find(|log| log.id == info.id) {
                Some(log) => *log = info,
                None => logs.push(info),
            }
            Ok(FoundLog { log, logs, found: came, unkept: None })
        })
    }

    /// As [`open`](Self::open), for a page without a log: where the disk fails or does not answer,
    /// the log is one in memory.
    ///
    /// # Errors
    /// [`StoreError`] where not even memory can keep a log.
    pub fn start<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        mode: OpenMode,
    ) -> StoreFuture<'a, FoundLog> {
        Box::pin(async move {
            match self.open(scenario, mode.clone()).await {
                Ok(found) => Ok(found),
                Err(fault) => {
                    let in_memory = Self { disk: None, ..self.clone() };
                    let found = in_memory.open(scenario, mode).await?;
                    Ok(FoundLog { unkept: Some(fault), ..found })
                }
            }
        })
    }
}
