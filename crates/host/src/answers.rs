//! The one door: every request to an open log, answered.

use std::borrow::Cow;
use std::rc::Rc;

use codec::archive::LATEST;
use es::{Body, Choice, Condition, Draft, NameSet, Origin, Reaction, Recorded, Stream};
use futures::future::LocalBoxFuture;
use lab::{
    BisectResult, BulkAppend, Comparison, Control, ControlError, DiffLine, DiffMark, FoldRow,
    Health, JournalEntry, Loading, MicroStep, Outcome, Shards, Submission, Subscription, Target,
    Weighing, Weight, WhatIf, changes, compare_logs, compare_positions, keyed,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use store::StoreError;
use uuid::Uuid;

use crate::OpenLog;
use crate::calls::{EVENTS, fault_of};
use crate::commands::{nothing, sent, unknown_stream};
use crate::protocol::{
    Answered, Command, Disturbance, Error, ErrorCode, EventJson, Imagine, LoadBy, LogPlace,
    Request, Response, Stepped, SubscriptionChange, When,
};

/// Events that are looked at before everybody else has a turn.
const LOOKED_AT: u64 = 2_000;
/// So many steps of a subscription are performed one by one. More are performed at once, because
/// nobody looks at each.
const STEPS_ONE_BY_ONE: u64 = 20;
/// How many events a subscription takes in before everybody else has a turn.
const EVENTS_AT_ONCE: u64 = 10_000;
/// How many rows of the fold are answered at once.
const ROWS_AT_MOST: u64 = 1_000;

type Result<T = Response> = std::result::Result<T, Error>;

impl From<StoreError> for Error {
    fn from(fault: StoreError) -> Self {
        Self::new(ErrorCode::Storage, fault.to_string())
    }
}

impl From<ControlError> for Error {
    fn from(error: ControlError) -> Self {
        let code = match error {
            ControlError::Unknown(_) => ErrorCode::UnknownProjection,
            ControlError::Refused(_) => ErrorCode::Malformed,
        };
        Self::new(code, error.to_string())
    }
}

fn unknown(name: &str) -> Error {
    ControlError::Unknown(name.to_owned()).into()
}

fn unknown_target(target: &Target) -> Error {
    match target {
        Target::State(stream) => unknown_stream(stream.as_str()),
        Target::View(name) => unknown(name),
    }
}

fn out_of_range(why: impl Into<String>) -> Error {
    Error::new(ErrorCode::OutOfRange, why)
}

impl OpenLog {
    /// Asks for something, and answers once it is done and stored.
    pub fn ask(&self, request: Request) -> LocalBoxFuture<'_, Answered> {
        if request.changes()
            && let Some(recorded) = &mut *self.0.recorded.borrow_mut()
        {
            recorded.push(request.clone());
        }
        Box::pin(async move {
            let mut trace = Vec::new();
            let result = self.answer(request, &mut trace).await;
            Answered { result, trace }
        })
    }

    async fn adopt_and_review(&self, text: &str) -> Result {
        let adopted = self.adopt(text).await?;
        let refused = self.review_rules().await.unwrap_or_default();
        Ok(Response::Json(adopted.json(self.id(), &refused)))
    }

    async fn watch_here(&self, expression: &str) -> Result {
        let watched = self.watch(expression).await?;
        Ok(Response::Json(watched.json(self.session().position())))
    }

    async fn answer(&self, request: Request, trace: &mut Vec<MicroStep>) -> Result {
        match request {
            Request::Send(command) => self.send(self.read(command).await?, trace).await,
            Request::Again { command, choice, id } => self.again(command, choice, id, trace).await,
            Request::Submit(command) => {
                let ask = self.read(command).await?;
                let command_id = ask.id;
                self.0.stepping.set(true);
                // Nobody waits for its outcome, and nobody else with its id must get that.
                self.submit(ask);
                Ok(Response::Submitted { command_id })
            }
            Request::Step => {
                let did = self.step().await;
                trace.extend(did.clone());
                Ok(did.map_or(Response::Nothing, |did| Response::Stepped(Stepped(did))))
            }
            Request::Finish => self.finish(trace).await,
            Request::Next => {
                let (told, done) = self.tell_next_step().await;
                *trace = done;
                Ok(told.map_or(Response::Nothing, Response::Told))
            }
            Request::Append { events, react, forced, id } => {
                let id = id.unwrap_or_else(|| self.host().ids.next());
                let events = self.seal_events(id, events.0).await?;
                self.append_text(&events, (react, forced), id, trace).await
            }
            Request::Subscription { name, how } => self.set_up(&name, &how, trace).await,
            Request::Rebuild { name, code } => self.rebuild(&name, code, trace).await,
            Request::Weigh => Ok(Response::Json(json!(self.weigh().await))),
            Request::Replicate { name, code } => self.replicate(&name, code, trace).await,
            Request::TakeOver { name } => self.take_over_name(&name, trace).await,
            Request::RebuildAll => {
                let (models, same) = self.drop_models().await;
                Ok(Response::Folded { models, same })
            }
            Request::Missing { name } => self.missing(&name).await,
            Request::SendMissing { name } => {
                let sent = self.session_mut().world_mut().send_missing(&name);
                self.go_on(trace).await;
                Ok(Response::Number(sent as u64))
            }
            Request::Loading(how) => self.loading(how),
            Request::Disturb { stream, how } => self.disturb(&stream, how),
            Request::Fork { position } => {
                if position > self.session().head() {
                    return Err(out_of_range("the log ends before that position"));
                }
                Ok(Response::Log(self.fork(position).await?))
            }
            Request::Adopt { text } => self.adopt_and_review(&text).await,
            Request::Watch { expression } => self.watch_here(&expression).await,
            Request::CatchUp => {
                self.catch_up().await;
                Ok(Response::Nothing)
            }
            Request::Retry => {
                self.retry().await;
                Ok(Response::Nothing)
            }
            Request::SaveAgain => Ok(Response::Log(self.save_again().await?)),
            Request::Clock(how) => self.clock(how, trace).await,
            Request::Seek(to) => self.seek(to),
            Request::Events { from, to } => self.events(from, to),
            Request::Head => Ok(Response::Number(self.session().head())),
            Request::Position => Ok(Response::Number(self.session().position())),
            Request::Fold { position, count, names } => self.fold(position, count, &names),
            Request::Stage => Ok(Response::Json(self.stage())),
            Request::State { stream } => self.state(&stream),
            Request::View { name } => self.view(&name),
            Request::Subscriptions => Ok(self.subscriptions()),
            Request::Health { name } => self.health(&name),
            Request::WhatIf { change, target, at } => self.what_if(change, &target, at).await,
            Request::Why { target, pointer } => self.why(target, &pointer).await,
            Request::Bisect { target, condition, monotonic } => {
                self.bisect(target, condition, monotonic).await
            }
            Request::Compare { left, right } => {
                Ok(Response::Json(comparison_out(&self.compare(left, right).await?)))
            }
            Request::Shards { by, count } => {
                let session = self.session();
                let shards = Shards::new(session.log(), session.position(), by, count);
                Ok(Response::Json(serde_json::to_value(shards).unwrap_or_default()))
            }
            Request::Journal => {
                let session = self.session();
                let journal = session.world().journal().iter();
                Ok(Response::List(journal.map(|it| entry_out(it, session.head())).collect()))
            }
            Request::Outbox => Ok(Response::List(values(self.session().world().outbox()))),
            Request::Logs => {
                let mut logs = self.host().logs().await?;
                let scenario = self.info().scenario;
                logs.retain(|log| log.scenario == scenario && log.exercise.is_none());
                Ok(Response::List(values(&logs)))
            }
        }
    }

    /// Reads a command, and seals what is personal in it.
    async fn read(&self, command: Command) -> Result<Submission> {
        let ask = self.host().read_command(command, &self.session())?;
        Ok(self.seal(ask).await?)
    }

    async fn send(&self, ask: Submission, trace: &mut Vec<MicroStep>) -> Result {
        let came = self.submit(ask);
        self.finish(trace).await?;
        let none = || Error::new(ErrorCode::Storage, "the command was not handled");
        sent(&self.session(), came.take().ok_or_else(none)?)
    }

    async fn again(
        &self,
        command: Uuid,
        choice: Choice,
        id: Option<Uuid>,
        trace: &mut Vec<MicroStep>,
    ) -> Result {
        let id = id.unwrap_or_else(|| self.host().ids.next());
        let again = self.session().world().resubmission(command, choice, id);
        let why = "the journal has no command of that id";
        let ask = again.ok_or_else(|| Error::new(ErrorCode::Malformed, why))?;
        self.send(ask, trace).await
    }

    /// Runs until all is quiet.
    async fn finish(&self, trace: &mut Vec<MicroStep>) -> Result {
        trace.extend(self.run().await);
        Ok(Response::Nothing)
    }

    /// Runs until all is quiet, unless somebody goes through a command step by step.
    pub(crate) async fn go_on(&self, trace: &mut Vec<MicroStep>) {
        if self.0.stepping.get() {
            self.keep_set_ups().await;
        } else {
            trace.extend(self.run().await);
        }
    }

    async fn set_up(
        &self,
        name: &str,
        how: &SubscriptionChange,
        trace: &mut Vec<MicroStep>,
    ) -> Result {
        self.change(name, how)?;
        self.go_on(trace).await;
        // There is never more to be stepped through.
        let most = 2 * self.session().head();
        let mut steps = how.steps().min(most);
        let mut slice = self.host().slice();
        while steps > STEPS_ONE_BY_ONE {
            let events = steps.min(EVENTS_AT_ONCE);
            let taken = self.session_mut().world_mut().take_in_at_once(name, events);
            if taken == 0 {
                break;
            }
            steps -= taken;
            self.keep_set_ups().await;
            slice.breathe().await;
        }
        for _ in 0..steps {
            let before = trace.len();
            self.session_mut().world_mut().control(name, Control::Step)?;
            self.go_on(trace).await;
            if trace.len() == before {
                break;
            }
        }
        Ok(Response::Nothing)
    }

    async fn rebuild(&self, name: &str, code: Option<u16>, trace: &mut Vec<MicroStep>) -> Result {
        let running = self.session().world().subscription(name).map(Subscription::code);
        let code = code.or(running).ok_or_else(|| unknown(name))?;
        if !self.session_mut().world_mut().rebuild(name, code) {
            return Err(unknown(name));
        }
        self.go_on(trace).await;
        Ok(Response::Nothing)
    }

    /// What the log weighs. On disk, as far as the store knows.
    pub async fn weigh(&self) -> Weight {
        let mut weighing = Weighing::new(self.session().log());
        let mut slice = self.host().slice();
        loop {
            let over = weighing.go_on(&self.session(), LOOKED_AT);
            if over {
                break;
            }
            slice.breathe().await;
        }
        let extents = self.host().extents().await.unwrap_or_default();
        let disk = extents.get(self.id()).map(|it| it.bytes).filter(|bytes| *bytes > 0);
        Weight { disk, ..weighing.into_weight() }
    }

    async fn replicate(&self, name: &str, code: Option<u16>, trace: &mut Vec<MicroStep>) -> Result {
        let running = self.session().world().subscription(name).map(Subscription::code);
        let code = code.or(running).ok_or_else(|| unknown(name))?;
        let replica = self.session_mut().world_mut().replicate(name, code)?;
        self.go_on(trace).await;
        Ok(Response::Json(json!(replica)))
    }

    async fn take_over_name(&self, replica: &str, trace: &mut Vec<MicroStep>) -> Result {
        self.session_mut().world_mut().take_over_name(replica)?;
        self.go_on(trace).await;
        Ok(Response::Nothing)
    }

    /// What a process's code would have sent, each with the position of its event.
    async fn missing(&self, process: &str) -> Result {
        let missing = self.session().world().look_for_missing(process);
        let mut missing = missing.ok_or_else(|| unknown(process))?;
        let mut slice = self.host().slice();
        loop {
            let over = self.session().world().look_on(&mut missing, LOOKED_AT);
            if over {
                break;
            }
            slice.breathe().await;
        }
        let found = missing.found().iter().map(|(position, reaction)| {
            let (kind, to, data) = match reaction {
                Reaction::Command { stream, kind, data, .. } => (kind, Some(stream), json!(data)),
                Reaction::Effect { kind, data, .. } => (kind, None, data.clone()),
            };
            json!({ "position": position, "stream": to, "type": kind, "data": data })
        });
        Ok(Response::Json(found.collect()))
    }

    fn disturb(&self, stream: &Stream, how: Disturbance) -> Result {
        let mut session = self.session_mut();
        let there = match how {
            Disturbance::Damage => session.world_mut().damage_snapshot(stream),
            Disturbance::Outdate => session.world_mut().outdate_snapshot(stream),
        };
        if there {
            return Ok(Response::Nothing);
        }
        Err(Error::new(ErrorCode::Malformed, format!("there is no snapshot of {stream}")))
    }

    fn loading(&self, how: Option<LoadBy>) -> Result {
        let mut session = self.session_mut();
        if let Some(how) = how {
            session.world_mut().load_by(match how {
                LoadBy::Memory(true) | LoadBy::Events(false) => Loading::Memory,
                LoadBy::Events(true) | LoadBy::Memory(false) => Loading::Events,
                LoadBy::Snapshots(0) => {
                    let why = "a snapshot is taken every 1 or more events";
                    return Err(Error::new(ErrorCode::Malformed, why));
                }
                LoadBy::Snapshots(every) => Loading::Snapshots(every),
            });
        }
        let world = session.world();
        let snapshots = world.snapshots().map(
            |(stream, it)| json!({ "stream": stream, "version": it.version, "schema": it.schema }),
        );
        Ok(Response::Json(json!({
            "loading": world.loading(),
            "meter": world.meter(),
            "snapshots": snapshots.collect::<Vec<_>>(),
        })))
    }

    /// Changes a subscription: all of it or nothing, as far as that is known before.
    fn change(&self, name: &str, how: &SubscriptionChange) -> Result<()> {
        let mut session = self.session_mut();
        let head = session.head();
        let world = session.world_mut();
        let refuse = |why: String| Err(Error::new(ErrorCode::Malformed, why));
        let versions = world.codes(name);
        if versions.is_empty() {
            return Err(unknown(name));
        }
        if let Some(code) = how.code.filter(|code| !versions.contains(code)) {
            return refuse(format!("{name} has no code {code}"));
        }
        let at = world.subscription(name).map_or(head, Subscription::checkpoint);
        if how.checkpoint.is_some_and(|to| to > at) {
            return refuse(format!("{name} is at {at}, and can only be moved back"));
        }
        match how.running {
            Some(true) => _ = world.subscribe(name),
            Some(false) => {
                world.unsubscribe(name);
                return Ok(());
            }
            None => {}
        }
        let known = world.subscription(name).is_some();
        if !known || how.code.is_some_and(|code| !world.rebuild(name, code)) {
            return Err(unknown(name));
        }
        how.controls().try_for_each(|control| world.control(name, control))?;
        Ok(())
    }

    async fn append_text(
        &self,
        text: &str,
        (react, forced): (bool, Option<Rc<str>>),
        id: Uuid,
        trace: &mut Vec<MicroStep>,
    ) -> Result {
        let rows: Vec<Row> = serde_json::from_str(text)
            .map_err(|_| Error::new(ErrorCode::Malformed, fault_of(&EVENTS, text)))?;
        let head = self.session().head();
        let events = self.drafts(rows).await?;
        if events.is_empty() {
            return Ok(Response::Appended { from: head + 1, to: head });
        }
        let (actor, origin) = match forced {
            Some(actor) => (actor, Origin::Forced),
            None => (self.host().actor.clone(), Origin::Import),
        };
        let bulk = BulkAppend { id, actor, origin, events, react };
        let (entry, done) = self.append(bulk).await;
        *trace = done;
        let done = |it: &JournalEntry| matches!(it.outcome, Outcome::Accepted | Outcome::Repeated);
        match entry {
            Some(it) if done(&it) => {
                Ok(Response::Appended { from: it.events.start, to: it.events.end - 1 })
            }
            Some(it) if it.outcome == Outcome::CommandIdReused => sent(&self.session(), it),
            _ => Err(Error::new(ErrorCode::Storage, "the events could not be stored")),
        }
    }

    async fn drafts(&self, rows: Vec<Row<'_>>) -> Result<Vec<Draft>> {
        let head = self.session().head();
        let mut last = self.session().log().event(head).map_or(0, Recorded::at);
        let now = self.now();
        let mut events: Vec<Draft> = Vec::with_capacity(rows.len());
        let scenario = self.session().scenario().clone();
        let (mut new, nothing) = (NameSet::<Stream>::default(), nothing());
        let mut kinds = NameSet::<Rc<str>>::default();
        let mut slice = self.host().slice();
        for (index, row) in rows.into_iter().enumerate() {
            let fault = |code, what: &str| {
                Err(Error::new(code, format!("event {} of {}: {what}", index + 1, row.stream)))
            };
            let at = row.at.unwrap_or(now).max(if row.at.is_some() { 0 } else { last });
            if at < last {
                return fault(ErrorCode::Malformed, "it is earlier than the one before it");
            }
            if at > LATEST {
                return fault(ErrorCode::Malformed, "it is later than the year 9999");
            }
            last = at;
            // Ten thousand events, and a few streams: each is read once.
            let known = self.session().log().named(&row.stream).cloned();
            let known = known.or_else(|| new.get(&*row.stream).cloned());
            let stream = match known.map_or_else(|| Stream::parse(&row.stream), Ok) {
                Ok(stream) => stream,
                Err(why) => return fault(ErrorCode::Malformed, &why.to_string()),
            };
            let Some(aggregate) = scenario.aggregate_of(stream.category()) else {
                return fault(ErrorCode::UnknownStream, "there is no such aggregate");
            };
            let kind = kinds.get(&*row.kind).cloned().unwrap_or_else(|| {
                let kind: Rc<str> = (&*row.kind).into();
                kinds.insert(kind.clone());
                kind
            });
            let data = row.data.unwrap_or(&nothing);
            let current = aggregate.schema();
            let older = row.schema.filter(|it| (1..current).contains(it));
            let schema = row.schema.unwrap_or(current);
            let draft = aggregate.read(&stream, &kind, schema, data.get());
            new.insert(stream);
            // An old shape that nobody can read is stored all the same, as it would have been then.
            if let Body::Unreadable(unreadable) = &draft.body
                && older.is_none()
            {
                return fault(ErrorCode::Malformed, &unreadable.why);
            }
            events.push(Draft { at: Some(at), ..draft });
            slice.breathe().await;
        }
        Ok(events)
    }

    async fn what_if(&self, change: Imagine, target: &Target, at: Option<u64>) -> Result {
        let (mut what_if, truth, imagined) = {
            let mut session = self.viewpoint_mut();
            let at = at.unwrap_or(session.position());
            let mut what_if = WhatIf::new(session.world(), &change.into()).map_err(out_of_range)?;
            let pair = match target {
                Target::State(stream) => session
                    .state_at(stream, at)
                    .map(|(_, truth)| truth)
                    .zip(what_if.state(session.world(), stream, at).map(|it| it.0)),
                Target::View(name) => session
                    .view_at(name, at)
                    .zip(what_if.view(session.world(), name, at))
                    .map(|(truth, imagined)| (keyed(&truth), keyed(&imagined.0))),
            };
            let (truth, imagined) = pair.ok_or_else(|| unknown_target(target))?;
            (what_if, truth, imagined)
        };
        loop {
            let over = what_if.advance(self.session().world(), 2_000);
            if over {
                break;
            }
            self.host().clock.sleep(0).await;
        }
        Ok(Response::Json(json!({
            "differences": lines_out(&changes(&truth, &imagined)),
            "truth": truth,
            "imagined": imagined,
            "noLongerAllowed": what_if.no_longer_allowed(),
            "cameOfIt": what_if.consequences(),
        })))
    }

    async fn why(&self, target: Target, pointer: &str) -> Result {
        let why = self.viewpoint_mut().why(target.clone(), pointer);
        let mut why = why.ok_or_else(|| unknown_target(&target))?;
        loop {
            let over = self.viewpoint_mut().advance_why(&mut why, LOOKED_AT);
            if over {
                return Ok(Response::Json(serde_json::to_value(why.causes()).unwrap_or_default()));
            }
            self.host().clock.sleep(0).await;
        }
    }

    async fn bisect(&self, target: Target, condition: Condition, monotonic: bool) -> Result {
        let bisect = self.viewpoint_mut().bisect(target.clone(), condition, monotonic);
        let mut bisect = bisect.ok_or_else(|| unknown_target(&target))?;
        let position = loop {
            let found = self.viewpoint_mut().advance_bisect(&mut bisect, LOOKED_AT);
            match found {
                BisectResult::NotYet => self.host().clock.sleep(0).await,
                BisectResult::At(position) => break Some(position),
                BisectResult::Nowhere => break None,
            }
        };
        let (probes, looked) = (bisect.probes(), bisect.progress().0);
        Ok(Response::Json(json!({ "position": position, "probes": probes, "looked": looked })))
    }

    /// What differs between two places, of this log or of others of its scenario.
    ///
    /// # Errors
    /// There is no such place, or a log cannot be read.
    pub fn compare(
        &self,
        left: LogPlace,
        right: LogPlace,
    ) -> LocalBoxFuture<'_, Result<Comparison>> {
        Box::pin(async move {
            let beyond = |at: Option<u64>, head| match at {
                Some(at) if at > head => {
                    Err(out_of_range(format!("{at} is beyond the head, {head}")))
                }
                _ => Ok(at.unwrap_or(head)),
            };
            let mut sides = [(None, None), (None, None)];
            for (side, slot) in [left, right].into_iter().zip(&mut sides) {
                let (log, at) = side.parts();
                if let Some(log) = log.filter(|log| *log != self.id()) {
                    let scenario = self.session().scenario().clone();
                    slot.0 = Some(self.host().look(&scenario, &log).await?);
                }
                slot.1 = at;
            }
            let mut here = self.viewpoint_mut();
            let head = here.head();
            let [(left, at), (right, to)] = &mut sides;
            match (left, right) {
                (None, None) => {
                    Ok(compare_positions(&mut here, beyond(*at, head)?, beyond(*to, head)?))
                }
                (Some(left), None) => {
                    let at = [beyond(*at, left.head())?, beyond(*to, head)?];
                    Ok(compare_logs([&mut *left, &mut *here], at))
                }
                (None, Some(right)) => {
                    let at = [beyond(*at, head)?, beyond(*to, right.head())?];
                    Ok(compare_logs([&mut *here, &mut *right], at))
                }
                (Some(left), Some(right)) => {
                    let at = [beyond(*at, left.head())?, beyond(*to, right.head())?];
                    Ok(compare_logs([&mut *left, &mut *right], at))
                }
            }
        })
    }

    fn seek(&self, to: When) -> Result {
        let mut session = self.viewpoint_mut();
        let head = session.head();
        let to = match to {
            When::Position(at) if at > head => {
                return Err(out_of_range(format!("{at} is no position from 0 to {head}")));
            }
            When::Position(at) => at,
            When::Time(at) => session.position_at(at),
        };
        session.seek(to);
        Ok(Response::Number(to))
    }

    fn events(&self, from: u64, to: u64) -> Result {
        let session = self.session();
        if from < 1 || to > session.head() {
            return Err(out_of_range(format!("positions go from 1 to {}", session.head())));
        }
        Ok(Response::Events(session.log().events(from, to).cloned().collect()))
    }

    /// The fold, row by row.
    fn fold(&self, position: u64, count: u64, names: &[String]) -> Result {
        let columns = names.iter().map(|name| self.column(name)).collect::<Result<Vec<_>>>()?;
        if count > ROWS_AT_MOST {
            let why = format!("at most {ROWS_AT_MOST} rows are folded at once");
            return Err(Error::new(ErrorCode::OutOfRange, why));
        }
        let mut viewpoint = self.viewpoint_mut();
        if position > viewpoint.head() {
            let why = "the log ends before that position";
            return Err(Error::new(ErrorCode::OutOfRange, why));
        }
        let to = (position + count).saturating_sub(1);
        let rows = if count == 0 {
            Vec::new()
        } else {
            viewpoint.fold_rows(&columns, position, to, usize::MAX)
        };
        let row = |row: &FoldRow| {
            let cells = names.iter().zip(&row.cells).filter_map(|(name, cell)| {
                let cell = cell.as_ref()?;
                Some(json!({
                    "name": name,
                    "state": cell.now.keyed(),
                    "changes": lines_out(&cell.changes()),
                }))
            });
            let cells: Vec<Value> = cells.collect();
            let event = viewpoint.log().event(row.position);
            let event =
                event.map(|event| serde_json::to_value(EventJson(event)).unwrap_or_default());
            json!({ "position": row.position, "event": event, "cells": cells })
        };
        Ok(Response::List(rows.iter().map(row).collect()))
    }

    /// What a name stands for: a stream, or a projection or process by its title.
    fn column(&self, name: &str) -> Result<Target> {
        if self.session().world().subscription(name).is_some() {
            return Ok(Target::View(name.into()));
        }
        let stream = Stream::parse(name).ok();
        let scenario = self.session().scenario().clone();
        let stream = stream.filter(|it| scenario.aggregate_of(it.category()).is_some());
        stream.map(Target::State).ok_or_else(|| unknown(name))
    }

    /// The panels of the story's step on which the playhead stands; null where there is none.
    fn stage(&self) -> Value {
        let session = self.session();
        let step = session.step_here();
        let told = step.and_then(|step| Some((step, session.scenario().story.get(step)?)));
        told.map_or(
            Value::Null,
            |(step, it)| json!({ "step": step + 1, "say": it.say, "panels": it.show }),
        )
    }

    fn state(&self, stream: &str) -> Result {
        let parsed = Stream::parse(stream).ok();
        let state = parsed.and_then(|stream| self.viewpoint_mut().state(&stream));
        let state = state.ok_or_else(|| unknown_stream(stream))?;
        Ok(Response::Json(json!({
            "stream": state.stream, "version": state.version, "state": state.now,
        })))
    }

    fn view(&self, name: &str) -> Result {
        let panel = self.viewpoint_mut().panel(name).ok_or_else(|| unknown(name))?;
        let mut view = serde_json::to_value(&panel.now).unwrap_or_default();
        if let Value::Object(view) = &mut view {
            view.insert("name".into(), (&*panel.name).into());
            view.insert("checkpoint".into(), panel.shown.into());
        }
        Ok(Response::Json(view))
    }

    fn subscriptions(&self) -> Response {
        let mut session = self.viewpoint_mut();
        let all = session.world().subscriptions().iter();
        let names: Vec<Rc<str>> = all.map(|it| it.name().clone()).collect();
        let health: Vec<_> = names.iter().map(|name| session.health(name)).collect();
        let all = session.world().subscriptions().iter().zip(health);
        let list = all.map(|(it, health)| subscription_out(it, session.head(), health));
        Response::List(list.collect())
    }

    fn health(&self, name: &str) -> Result {
        let mut session = self.viewpoint_mut();
        let health = session.health(name).ok_or_else(|| unknown(name))?;
        let running = session.world().subscription(name).map(Subscription::view);
        let lines = running.map(|it| health.differences(&it)).unwrap_or_default();
        Ok(Response::Json(json!({
            "health": health_out(&health), "differences": lines_out(&lines),
        })))
    }
}

fn values<T: Serialize>(list: &[T]) -> Vec<Value> {
    list.iter().map(|it| serde_json::to_value(it).unwrap_or_default()).collect()
}

/// An event to append, as it is asked for.
#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    stream: Cow<'a, str>,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
    /// The schema that it is stored under; the current one where it is left out.
    schema: Option<u16>,
    at: Option<u64>,
}

fn entry_out(entry: &JournalEntry, head: u64) -> Value {
    let command = entry.envelope.command.as_ref();
    let data: Value =
        command.and_then(|it| serde_json::from_str(it.data.get()).ok()).unwrap_or_default();
    let positions: Vec<u64> = entry.events.clone().filter(|it| *it <= head).collect();
    json!({
        "commandId": entry.envelope.command_id,
        "stream": command.map(|it| &it.stream),
        "command": { "type": command.map(|it| &it.kind), "data": data },
        "actor": entry.envelope.actor,
        "at": entry.envelope.at,
        "outcome": entry.outcome.name(),
        "reason": entry.reason,
        "events": positions,
        "follows": entry.envelope.follows.map(|it| it.command),
        "choice": entry.envelope.follows.map(|it| it.choice),
    })
}

fn subscription_out(it: &Subscription, head: u64, health: Option<Health>) -> Value {
    json!({
        "name": it.name(),
        "kind": it.kind(),
        "view": it.view().store(),
        "checkpoint": it.checkpoint(),
        "lag": head - it.checkpoint(),
        "paused": it.paused(),
        "delay": it.delay(),
        "deduplicate": it.deduplicates(),
        "synchronous": it.is_synchronous(),
        "guard": it.is_guarded(),
        "fault": it.fault(),
        "crashed": it.crashed(),
        "stopped": it.stopped(),
        "failsOn": it.fails_on(),
        "lenient": it.is_lenient(),
        "deadLetters": it.dead_letters(),
        "health": health.map(|it| health_out(&it)),
        "ahead": it.ahead().collect::<Vec<_>>(),
        "mark": it.mark(),
        "unanswered": it.unanswered(),
        "heldBack": it.held_back(),
        "code": it.code(),
    })
}

fn health_out(health: &Health) -> &'static str {
    match health {
        Health::Clean => "clean",
        Health::Differs(_) => "differs",
        Health::Unjudged => "unjudged",
        Health::Stopped(_) => "stopped",
    }
}

/// Lines that differ, each with its path and both values as they are written.
fn lines_out(lines: &[DiffLine]) -> Value {
    let line = |line: &DiffLine| {
        let mark = match line.mark {
            DiffMark::Same => "same",
            DiffMark::Added => "added",
            DiffMark::Changed => "changed",
            DiffMark::Removed => "removed",
        };
        json!({ "path": line.pointer(), "was": line.was, "now": line.now, "mark": mark })
    };
    lines.iter().map(line).collect()
}

fn comparison_out(it: &Comparison) -> Value {
    let states = it.states.iter().map(|it| {
        json!({
            "stream": it.stream,
            "versions": [it.versions.0, it.versions.1],
            "left": it.left,
            "right": it.right,
            "differences": lines_out(&changes(&it.left, &it.right)),
        })
    });
    let views = it
        .views
        .iter()
        .map(|it| json!({ "name": it.name, "differences": lines_out(&it.differences()) }));
    json!({
        "shared": it.shared,
        "states": states.collect::<Vec<_>>(),
        "views": views.collect::<Vec<_>>(),
    })
}
