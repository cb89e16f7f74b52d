//! A log goes on with another text of its own code: an edit is adopted, compared with, or stopped.

use std::rc::Rc;

use domain::Fault;
use es::{Map, Scenario, View};
use futures::future::LocalBoxFuture;
use lab::{
    DiffLine, NoLongerAllowed, Session, SetUp, SideRecord, SubscriptionKind, WhatIf, changes, keyed,
};
use serde_json::{Value, json};
use store::{LogInfo, Shelf, SideRecords, StoreError};

use crate::own_code::{
    CodeRecord, first_version, first_version_of, key_of, own_scenario, records_of,
};
use crate::{CodeState, Host, OpenLog, OwnCode, Request, Trouble};

/// So many events are reviewed between two looks at the clock.
const REVIEWED_EVENTS: usize = 200;
/// In a longer log, decisions are not taken again at every edit.
const REVIEWED_AT_MOST: u64 = 20_000;
/// A view of more entries is not compared before and after an edit.
const COMPARED_ENTRIES: usize = 5_000;
/// The states of so many streams are compared before and after an edit: the ones that changed last.
const COMPARED_STREAMS: usize = 50;

/// What came of an edit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adopted {
    /// The number of the version that runs now.
    pub version: u16,
    /// The names of its aggregates, read models and processes.
    pub aggregates: Vec<Rc<str>>,
    /// The names of its read models.
    pub projections: Vec<Rc<str>>,
    /// The names of its processes.
    pub processes: Vec<Rc<str>>,
    /// What differs at the playhead: each with a stream, or the title of a read model or process.
    pub changed: Vec<(Rc<str>, Vec<DiffLine>)>,
}

impl Adopted {
    /// What came of it, for the console.
    pub(crate) fn json(&self, log: &str, refused: &[NoLongerAllowed]) -> Value {
        let refused = refused.iter().map(|it| {
            json!({
                "position": it.position, "stream": it.stream, "command": it.command,
                "reason": it.reason,
            })
        });
        json!({
            "id": log,
            "version": self.version,
            "aggregates": self.aggregates,
            "projections": self.projections,
            "processes": self.processes,
            "changed": self.changed.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "refused": refused.collect::<Vec<_>>(),
        })
    }
}

impl Host {
    /// Makes a new log for a text, with its story or without.
    ///
    /// # Errors
    /// [`StoreError`] where it could not be stored.
    pub fn create_own<'a>(&'a self, text: &'a str, story: bool) -> store::StoreFuture<'a, OpenLog> {
        Box::pin(async move {
            // A text that is no domain begins a log all the same, so that it can be mended.
            let scenario = self.scenario_of_code(text).await.unwrap_or_else(|_| own_scenario());
            let info = self.new_log(&own_scenario(), scenario.title.to_string(), None);
            let records: SideRecords =
                [first_version(text, self.clock.now())].into_iter().collect();
            self.add(&info).await?;
            for ((shelf, key), text) in &records {
                self.put(&info.id, *shelf, key, text).await?;
            }
            self.begin(&own_scenario(), info, story).await
        })
    }
}

/// What is shown at the playhead, before an edit or after it.
struct Shown(Map<Rc<str>, Value>);

impl Shown {
    fn of(log: &OpenLog) -> Self {
        let mut session = log.viewpoint_mut();
        let position = session.position();
        let mut all = Map::new();
        // A large read model is left out: making its view would take longer than the rest.
        let running = session.world().subscriptions().iter();
        let small = running.filter(|it| it.weight() <= COMPARED_ENTRIES);
        let names: Vec<Rc<str>> = small.map(|it| it.name().clone()).collect();
        for name in names {
            let view: Option<View> = session.view_at(&name, position);
            if let Some(view) = view.filter(|it| it.len() <= COMPARED_ENTRIES) {
                all.insert(name, keyed(&view));
            }
        }
        let mut streams = Vec::new();
        for at in (1..=position).rev().take(4 * COMPARED_STREAMS) {
            let Some(event) = session.log().event(at) else { break };
            if !streams.contains(event.stream()) {
                streams.push(event.stream().clone());
            }
            if streams.len() == COMPARED_STREAMS {
                break;
            }
        }
        for stream in streams {
            if let Some(state) = session.state(&stream) {
                all.insert(stream.as_str().into(), state.now);
            }
        }
        Self(all)
    }

    /// What differs now.
    fn changed(&self, now: &Self) -> Vec<(Rc<str>, Vec<DiffLine>)> {
        let both = now.0.iter().filter_map(|(name, now)| Some((name, self.0.get(name)?, now)));
        let changed = both.filter(|(_, was, now)| was != now);
        changed.map(|(name, was, now)| (name.clone(), changes(was, now))).collect()
    }
}

impl OpenLog {
    /// The log's own code. None where its scenario is one of the page's.
    pub fn own_code(&self) -> Option<OwnCode> {
        self.0.own.borrow().clone()
    }

    /// What the log's code consists of, for the console.
    pub fn describe_code(&self) -> Value {
        let code = self.own_code();
        self.outline_of(code.map_or(0, |it| it.version)).json(self.id(), &[])
    }

    /// The parts of the code that runs.
    fn outline_of(&self, version: u16) -> Adopted {
        let session = self.session();
        let names = |kind| {
            let all = session.world().subscriptions().iter().filter(|it| it.kind() == kind);
            all.map(|it| it.name().clone()).collect::<Vec<_>>()
        };
        Adopted {
            version,
            aggregates: session.scenario().aggregates.iter().map(|it| it.name()).collect(),
            projections: names(SubscriptionKind::Projection),
            processes: names(SubscriptionKind::Process),
            changed: Vec::new(),
        }
    }

    /// A number that grows whenever the log goes on with other code.
    pub fn code_turn(&self) -> u64 {
        self.0.code_turn.get()
    }

    /// Why the code was stopped while it ran. None as long as it runs.
    pub fn code_ended(&self) -> Option<domain::Ended> {
        self.0.own.borrow().as_ref()?.domain.as_ref()?.ended()
    }

    /// The log goes on with another text. What was recorded stays; all that is folded from it is
    /// folded anew. Whoever wrote the text has seen it, so it runs.
    ///
    /// # Errors
    /// What is wrong with the text, or why it cannot be stored. The code that ran goes on running.
    pub fn adopt<'a>(&'a self, text: &'a str) -> LocalBoxFuture<'a, Result<Adopted, Fault>> {
        Box::pin(async move {
            let head = self.session().head();
            let mut records = self.code_records().await?;
            let at = self.0.host.clock.now();
            let of = records.last().and_then(|it| it.1.of.clone());
            let text_now = text.to_owned();
            let record = CodeRecord { text: text_now, at, head, unseen: false, stopped: None, of };
            match records.last_mut() {
                // As long as nothing was decided with it, a version is still being written.
                Some((_, last)) if last.head == head || last.text == text => {
                    let head = last.head;
                    *last = CodeRecord { head, ..record };
                }
                Some((version, _)) => {
                    let version = *version;
                    records.push((version.saturating_add(1), record));
                }
                None => records.push((1, record)),
            }
            let compared = self.own_code().and_then(|it| it.compared);
            let before = self.code_records().await?;
            let adopted = self.go_on_with(records, compared).await?;
            let Some(ended) = self.code_ended() else {
                self.record_edit(text);
                return Ok(adopted);
            };
            // It did not come to an end: what ran before runs again.
            let newest = before.last().map(|(_, it)| it.clone());
            let mut back = self.code_records().await?;
            if let (Some((_, last)), Some(newest)) = (back.last_mut(), newest) {
                *last = newest;
            }
            self.go_on_with(back, compared).await?;
            Err(ended.into())
        })
    }

    /// Keeps the newest version of the code as it is: the next edit begins another one.
    ///
    /// # Errors
    /// Why it cannot be stored.
    pub async fn keep_version(&self) -> Result<u16, Fault> {
        let mut records = self.code_records().await?;
        let Some((version, last)) = records.last().cloned() else {
            return Err(Fault::new("this log has no code of its own"));
        };
        let (head, at) = (self.session().head(), self.0.host.clock.now());
        records.push((version.saturating_add(1), CodeRecord { at, head, ..last }));
        let compared = self.own_code().and_then(|it| it.compared);
        self.go_on_with(records, compared).await?;
        Ok(version)
    }

    /// Puts the read models of another version beside the newest one's, or takes them away.
    ///
    /// # Errors
    /// Why that version does not run.
    pub async fn compare_versions(&self, with: Option<u16>) -> Result<Adopted, Fault> {
        let records = self.code_records().await?;
        self.go_on_with(records, with).await
    }

    /// Stores why the code was stopped, so that it does not run again by itself, and shows the
    /// events as they are.
    pub async fn suspend_code(&self, why: &str) {
        let Ok(mut records) = self.code_records().await else { return };
        if let Some((_, last)) = records.last_mut() {
            last.stopped = Some(why.to_owned());
        }
        // Where this cannot be stored, the code is tried again after a reload, and stopped again.
        _ = self.go_on_with(records, None).await;
    }

    /// Records an edit, where somebody records what is done. Of edits in a row the last one counts.
    fn record_edit(&self, text: &str) {
        if let Some(recorded) = &mut *self.0.recorded.borrow_mut() {
            recorded.pop_if(|it| matches!(it, Request::Adopt { .. }));
            recorded.push(Request::Adopt { text: text.to_owned() });
        }
    }

    async fn code_records(&self) -> Result<Vec<(u16, CodeRecord)>, Fault> {
        if self.own_code().is_none() {
            return Err(Fault::new("this log has no code of its own: take “Make it mine” first"));
        }
        let records = self.records().await.map_err(|it| Fault::new(it.to_string()))?;
        Ok(records_of(&records))
    }

    /// Loads the newest of these versions, stores what is new of them, and folds everything anew.
    async fn go_on_with(
        &self,
        records: Vec<(u16, CodeRecord)>,
        compared: Option<u16>,
    ) -> Result<Adopted, Fault> {
        let inner = &self.0;
        let runs = records.last().is_some_and(|(_, it)| it.stopped.is_none() && !it.unseen);
        let (scenario, code) = inner.host.load_code(&records, compared).await;
        match &code.state {
            CodeState::Faulty(fault) => return Err(fault.clone()),
            CodeState::NoInterpreter(why) => {
                return Err(Fault::new(format!("the interpreter is not there: {why}")));
            }
            _ => {}
        }
        let adopted = {
            let _turn = inner.gate.lock().await;
            if inner.stepping.get() {
                return Err(Fault::new("a command is being stepped through: finish it first"));
            }
            if let Some(trouble) = self.trouble().filter(|it| *it != Trouble::Slow) {
                return Err(Fault::new(trouble.to_string()));
            }
            self.learn().await;
            let unstored = |it: StoreError| Fault::new(it.to_string());
            let known = records_of(&self.records().await.map_err(unstored)?);
            for (version, record) in &records {
                if !known.iter().any(|it| it == &(*version, record.clone())) {
                    let text = record.write();
                    let key = key_of(*version);
                    let put = inner.host.put(&inner.id, Shelf::Code, &key, &text);
                    put.await.map_err(unstored)?;
                }
            }
            let before = runs.then(|| Shown::of(self));
            self.replace_world(&scenario, code).await.map_err(unstored)?;
            self.refill_in_turn().await;
            let changed = before.map(|it| it.changed(&Shown::of(self))).unwrap_or_default();
            let version = records.last().map_or(0, |it| it.0);
            Adopted { changed, ..self.outline_of(version) }
        };
        self.announce();
        let trace = self.run().await;
        self.notify(trace);
        Ok(adopted)
    }

    /// Reads the log anew under another scenario. The playhead stays.
    async fn replace_world(
        &self,
        scenario: &Rc<Scenario>,
        code: OwnCode,
    ) -> Result<(), StoreError> {
        let inner = &self.0;
        let mut world = inner.host.read_log(scenario, &inner.id).await?.world;
        let (position, following, watching) = {
            let session = self.session();
            let position = session.position();
            (position, position == session.head(), inner.claim.borrow().is_none())
        };
        let head = world.log().head();
        let stored = inner.host.records(&inner.id).await?;
        // A process that is new to the log reacts to what happens from now on.
        for process in &scenario.processes {
            let name = process.name();
            if !stored.contains_key(&(Shelf::SetUps, name.to_string())) {
                let set_up = SetUp { deadlines_after: head, ..SetUp::answered(head) };
                let record = SideRecord::SetUp(name, set_up);
                let encoded = inner.host.encode_side_record(&record);
                inner.host.put(&inner.id, encoded.shelf, &encoded.key, &encoded.text).await?;
                world.take_in_side_record(record);
            }
        }
        if watching {
            world.watch();
        }
        let mut session = Session::new(world);
        session.seek(if following { head } else { position });
        *self.session_mut() = session;
        inner.own.replace(Some(code));
        inner.code_turn.set(inner.code_turn.get() + 1);
        inner.story.set(None);
        Ok(())
    }

    /// The decisions of the log that the code which runs now would not take again. None where the log
    /// is too long to look at that after every edit.
    pub async fn review_rules(&self) -> Option<Vec<NoLongerAllowed>> {
        if self.session().head() > REVIEWED_AT_MOST {
            return None;
        }
        let mut what_if = WhatIf::of_rules(self.session().world());
        let mut slice = self.0.host.slice();
        while !what_if.advance(self.session().world(), REVIEWED_EVENTS) {
            slice.breathe().await;
        }
        Some(what_if.no_longer_allowed().to_vec())
    }

    /// True where another tab runs other code than this one.
    pub(crate) async fn follow_code(&self) -> bool {
        let Some(mine) = self.own_code() else { return false };
        let Ok(records) = self.records().await else { return false };
        let records = records_of(&records);
        let Some((version, last)) = records.last() else { return false };
        let stopped = matches!(mine.state, CodeState::Stopped(_));
        let unseen = mine.state == CodeState::Unseen;
        let same = (*version, last.text.as_str()) == (mine.version, &*mine.text)
            && (last.stopped.is_some(), last.unseen) == (stopped, unseen);
        if same {
            return false;
        }
        let (scenario, code) = self.0.host.load_code(&records, mine.compared).await;
        if self.replace_world(&scenario, code).await.is_err() {
            return false;
        }
        self.refill_in_turn().await;
        true
    }

    /// Makes a new log of this one with code of its own, which shares all of its past. It can be
    /// gone on with under one's own rules.
    ///
    /// # Errors
    /// [`StoreError`] where it could not be stored.
    pub fn make_mine<'a>(&'a self, text: &'a str) -> store::StoreFuture<'a, LogInfo> {
        Box::pin(async move {
            let host = &self.0.host;
            let title = self.session().scenario().title.clone();
            let head = self.session().head();
            let of = self.session().scenario().id.clone();
            let (key, record) = first_version_of(text, host.clock.now(), Some(&*of));
            let more: SideRecords = [(key, record)].into_iter().collect();
            host.trust(text);
            self.fork_as(host, &own_scenario(), format!("Mine, of {title}"), head, more).await
        })
    }
}
