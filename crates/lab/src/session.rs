//! One person's view of a world: the playhead, and how everything looks from there.

mod story;

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use serde_json::Value;

use super::deadlines::Deadline;
use super::diff::{DiffLine, changes, keyed};
use super::health::Health;
use super::journal::{JournalEntry, Outcome};
use super::subscription::{
    DeadLetter, DeliveryFault, Subscription, SubscriptionKind, instance_of, is_replica,
};
use super::world::{MicroStep, StoreAnswer, World};
use es::{
    CommandRecord, Commit, EventLog, Hydrated, Map, Recorded, Scenario, Stopped, Stream, Subject,
    Subscriber, Timeline, View,
};

/// The greatest distance between a cause and its consequences, in events.
const CAUSES_WITHIN: u64 = 10_000;

/// How many events that were set aside are shown one by one.
const SET_ASIDE_SHOWN: usize = 20;

/// A check that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCheck {
    /// What should hold, in words.
    pub check: Rc<str>,
    /// The projection or stream for which the check fails.
    pub of: Rc<str>,
}

impl fmt::Display for FailedCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.of, self.check)
    }
}

/// Opens what is sealed, for display. None where it is no seal of anybody's.
pub type Opener = Rc<dyn Fn(&str) -> Option<String>>;

/// A running world with a playhead. Whoever drives the world has its session. Whoever only looks at
/// it has its [`Viewpoint`].
pub struct Session(Viewpoint);

/// A playhead over a world's log, and everything as it looks from there. A viewpoint changes
/// nothing in the world.
pub struct Viewpoint {
    pub(super) world: World,
    pub(super) position: u64,
    pub(super) readers: Map<(Rc<str>, u16), Timeline<Subscriber>>,
    /// The reader of a projection that is folding the log for the first time.
    filling: Option<Filling>,
    /// Opens what is sealed. None where the scenario seals nothing.
    pub(super) opener: Option<Opener>,
    pub(super) states: Map<Stream, Timeline<Hydrated>>,
    /// Subscription → the last verdict on it.
    pub(super) judged: Map<Rc<str>, Judged>,
}

/// A subscription's health, as it was found.
pub(super) struct Judged {
    /// The subscription's revision then.
    revision: u64,
    /// Its checkpoint then.
    checkpoint: u64,
    health: Health,
}

/// A projection's reader in the making, by the projection's name and the version of its code.
struct Filling {
    key: (Rc<str>, u16),
    reader: Timeline<Subscriber>,
}

/// An aggregate's state at the playhead, beside what it was before the event there.
#[derive(Clone, Debug, PartialEq)]
pub struct StateView {
    /// The stream.
    pub stream: Stream,
    /// Its version at the playhead.
    pub version: u64,
    /// Its state there.
    pub now: Value,
    /// Its state before the event at the playhead.
    pub was: Value,
}

/// A projection or process at the playhead, beside what it was before the event there.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Panel {
    /// The title.
    pub name: Rc<str>,
    /// Its purpose, in words.
    pub about: Rc<str>,
    /// A projection, or a process.
    pub kind: SubscriptionKind,
    /// The version of its code that runs, and all versions.
    pub code: (u16, Vec<u16>),
    /// The position up to which `now` is folded.
    pub shown: u64,
    /// The position up to which all events were delivered.
    pub checkpoint: u64,
    /// How many events the checkpoint is behind the head.
    pub lag: u64,
    /// True where it takes in no events for now.
    pub paused: bool,
    /// True where it has crashed and was not resumed.
    pub crashed: bool,
    /// The event that it could not take in, and why. None where it has not stopped.
    pub stopped: Option<Stopped>,
    /// How many events it is kept behind the head.
    pub delay: u64,
    /// True where it recognises events that it has already taken in.
    pub deduplicate: bool,
    /// True where it takes in events within the command's own commit.
    pub synchronous: bool,
    /// True where the replay guard is on: a replay sends nothing.
    pub guard: bool,
    /// The fault that is armed.
    pub fault: Option<DeliveryFault>,
    /// The position of the event on which its code fails.
    pub fails_on: Option<u64>,
    /// True where it sets aside what it cannot take in, instead of stopping there.
    pub lenient: bool,
    /// What it has set aside and nobody has decided on: the first ones.
    pub set_aside: Vec<SetAside>,
    /// How many events it has set aside, and how many of them it goes on without for good.
    pub dead_letters: (usize, usize),
    /// Of a replica: the read model that it stands beside, and what differs between the two, both
    /// folded up to this one's checkpoint. In passing nobody looks for that.
    pub beside: Option<(Rc<str>, Option<Vec<DiffLine>>)>,
    /// Whether the running instance equals a clean fold up to its checkpoint.
    pub health: Health,
    /// The position up to which a process has reacted to all events.
    pub mark: u64,
    /// How many events it skipped because they cannot be read.
    pub skipped: u64,
    /// How many reactions the last replay held back.
    pub held_back: u64,
    /// The view.
    pub now: Rc<View>,
    /// The view before the event at the playhead.
    pub was: Rc<View>,
}

/// An event that a subscription has set aside, and what came after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its position.
    pub position: u64,
    /// Its type.
    pub kind: Rc<str>,
    /// Why it could not be taken in.
    pub why: Rc<str>,
    /// How many later events of its stream were taken in without it.
    pub later: u64,
}

impl Deref for Session {
    type Target = Viewpoint;

    fn deref(&self) -> &Viewpoint {
        &self.0
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Viewpoint {
        &mut self.0
    }
}

impl Session {
    /// A session at the head of a world.
    pub fn new(world: World) -> Self {
        let position = world.log().head();
        let (readers, states, judged) = Default::default();
        let (filling, opener) = (None, None);
        Self(Viewpoint { world, position, readers, filling, opener, states, judged })
    }

    /// From now on, what is sealed is shown as `opener` opens it.
    pub fn open_with(&mut self, opener: Opener) {
        self.0.opener = Some(opener);
    }

    /// Gives up the playhead, and returns the world.
    pub fn into_world(self) -> World {
        self.0.world
    }

    /// The world, to change it.
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.0.world
    }

    /// Folds a stored log, at most `events` events in one call. True once nothing is left to fold.
    /// Until then, [`step`](Self::step) must not be called.
    ///
    /// Each projection folds the log once, with its reader. The running instance goes on from
    /// there, and the reader keeps its snapshots.
    pub fn refill(&mut self, mut events: u64) -> bool {
        while let Some(key) = self.0.world.unfilled() {
            let begun = self.0.filling.take().filter(|it| it.key == key).map(|it| it.reader);
            let Some(mut reader) = begun.or_else(|| self.0.world.reader(&key.0, key.1)) else {
                break;
            };
            let folded = reader.fold_on(events, self.0.world.log());
            events -= folded;
            if events == 0 {
                // The next call finds out whether that was all.
                self.0.filling = Some(Filling { key, reader });
                return false;
            }
            self.0.world.fill(&key.0, reader.here().clone());
            self.0.readers.insert(key, reader);
        }
        self.0.world.refill(events)
    }

    /// Performs one micro-step. A playhead at the head stays there as the log grows.
    pub fn step(&mut self, now: u64) -> Option<MicroStep> {
        let following = self.0.position == self.head();
        let step = self.0.world.step(now);
        if following {
            self.0.position = self.head();
        }
        step
    }

    /// Runs until all is quiet. Every commit counts as stored at once.
    pub fn run(&mut self, now: u64) -> Vec<MicroStep> {
        let mut trace = Vec::new();
        loop {
            match self.step(now) {
                Some(step) => trace.push(step),
                None if self.0.world.pending().is_some() => {
                    self.0.world.answer(StoreAnswer::Stored);
                }
                None => return trace,
            }
        }
    }

    /// As [`Session::run`], where nobody looks at the micro-steps.
    pub fn run_quietly(&mut self, now: u64) {
        loop {
            match self.step(now) {
                Some(_) => {}
                None if self.0.world.pending().is_some() => {
                    self.0.world.answer(StoreAnswer::Stored);
                }
                None => return,
            }
        }
    }

    /// Takes in a commit that is stored already. A playhead at the head stays there. False where
    /// the commit does not follow the last one.
    pub fn learn(&mut self, commit: Commit) -> bool {
        let following = self.0.position == self.head();
        let learn = self.0.world.learn(commit);
        if following {
            self.0.position = self.head();
        }
        learn
    }
}

impl Viewpoint {
    /// The world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The scenario that runs.
    pub fn scenario(&self) -> &Rc<Scenario> {
        self.world.scenario()
    }

    /// The log.
    pub fn log(&self) -> &EventLog {
        self.world.log()
    }

    /// Where the playhead stands; 0 is before the first event.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The position of the last event.
    pub fn head(&self) -> u64 {
        self.world.log().head()
    }

    /// Moves the playhead, at most to the head.
    pub fn seek(&mut self, position: u64) {
        self.position = position.min(self.head());
    }

    /// When the last event happened, in milliseconds since 1970. 0 where there is none.
    pub fn last_time(&self) -> u64 {
        self.log().event(self.head()).map_or(0, Recorded::at)
    }

    /// What processes were waiting for at a position, by the time when it was due: each with the
    /// process's title.
    pub fn deadlines(&self, position: u64) -> Vec<(Rc<str>, Deadline)> {
        let subscriptions = self.world.subscriptions().iter();
        let of = |it: &Subscription| {
            let name = it.name().clone();
            let all = it.deadlines(position).into_iter().cloned();
            all.map(|deadline| (name.clone(), deadline)).collect::<Vec<_>>()
        };
        let mut all: Vec<_> = subscriptions.flat_map(of).collect();
        es::sort(&mut all, |a, b| (a.1.due, a.1.id).cmp(&(b.1.due, b.1.id)));
        all
    }

    /// A text with what is sealed in it as it is shown.
    pub fn opened<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.opener {
            Some(opener) => es::opened(text, &**opener),
            None => Cow::Borrowed(text),
        }
    }

    /// What opens seals. None where the scenario seals nothing.
    pub fn opener(&self) -> Option<&Opener> {
        self.opener.as_ref()
    }

    /// A JSON value with what is sealed in it as it is shown.
    pub fn opened_value(&self, mut value: Value) -> Value {
        if let Some(opener) = &self.opener {
            es::open_value(&mut value, &**opener);
        }
        value
    }

    /// A view with what is sealed in it as it is shown.
    pub fn opened_view(&self, view: View) -> View {
        opened_view(self.opener.as_ref(), view)
    }

    /// The last position recorded at or before a time, in milliseconds since 1970.
    pub fn position_at(&self, at: u64) -> u64 {
        let (mut low, mut high) = (0, self.head());
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            match self.log().event(middle) {
                Some(event) if event.at() <= at => low = middle,
                _ => high = middle - 1,
            }
        }
        low
    }

    /// The commits of a copy of the log up to `position`. A commit that reaches beyond the position
    /// is cut off there.
    pub fn commits(&self, position: u64) -> Vec<Commit> {
        let silent = |it: &&JournalEntry| {
            it.outcome == Outcome::Accepted && it.events.is_empty() && it.after <= position
        };
        let mut silent = self.world.journal().iter().filter(silent).peekable();
        let mut commits = Vec::new();
        for commit in self.some_commits(None, position, u64::MAX) {
            while let Some(entry) = silent.next_if(|it| it.after <= commit.after) {
                commits.push(without_event(entry));
            }
            commits.push(commit);
        }
        commits.extend(silent.map(without_event));
        for (number, commit) in (1..).zip(&mut commits) {
            commit.number = number;
        }
        commits
    }

    /// As [`commits`](Self::commits), the next ones `after` one of them: whole commits of at least
    /// so many events, where there are as many. Commits without an event are left out.
    pub fn some_commits(&self, after: Option<&Commit>, position: u64, events: u64) -> Vec<Commit> {
        let mut commits: Vec<Commit> = Vec::new();
        let (first, number) = after.map_or((1, 1), |it| (it.head() + 1, it.number + 1));
        let mut numbers = number..;
        for event in self.log().events(first, position) {
            match commits.last_mut() {
                Some(last) if last.envelope.command_id == event.command_id() => {
                    last.events.push(event.clone());
                }
                _ if event.position() - first >= events => break,
                _ => commits.push(Commit {
                    number: numbers.next().unwrap_or_default(),
                    after: event.position() - 1,
                    envelope: event.envelope().clone(),
                    events: vec![event.clone()],
                }),
            }
        }
        commits
    }

    /// The checks that fail at the playhead.
    pub fn failed_checks(&mut self) -> Vec<FailedCheck> {
        let scenario = self.scenario().clone();
        let mut broken = Vec::new();
        for check in &scenario.checks {
            match &check.subject {
                Subject::View(name) => {
                    // A read model that was ended has no view to check.
                    let Some(panel) = self.panel(name) else { continue };
                    let value = serde_json::to_value(panel.now).unwrap_or_default();
                    if !check.holds.holds(&value) {
                        broken.push(FailedCheck { check: check.name.clone(), of: name.clone() });
                    }
                }
                Subject::Each(category) => {
                    let streams = self.log().streams().map(|(stream, _)| stream.clone());
                    let streams: Vec<Stream> =
                        streams.filter(|stream| stream.category() == &**category).collect();
                    for stream in streams {
                        let state = self.state(&stream).filter(|state| state.version > 0);
                        if state.is_some_and(|state| !check.holds.holds(&state.now)) {
                            let of = stream.as_str().into();
                            broken.push(FailedCheck { check: check.name.clone(), of });
                        }
                    }
                }
            }
        }
        broken
    }

    /// The position and type of the event to which a process reacted with the event at `position`.
    pub fn cause(&self, position: u64) -> Option<(u64, Rc<str>)> {
        let event = self.log().event(position)?;
        if event.causation_id() == event.command_id() {
            return None;
        }
        // A cause is never far, because processes react within the same run.
        let from = position.saturating_sub(CAUSES_WITHIN);
        let cause = (from..position).rev().find_map(|position| {
            self.log().event(position).filter(|it| it.id() == event.causation_id())
        })?;
        Some((cause.position(), cause.kind().clone()))
    }

    /// The positions and types of the events with which processes reacted to the one at `position`.
    pub fn caused_by(&self, position: u64) -> Vec<(u64, Rc<str>)> {
        if self.scenario().processes.is_empty() {
            return Vec::new();
        }
        let Some(event) = self.log().event(position) else { return Vec::new() };
        let id = event.id();
        let near = self.log().events(position + 1, position + CAUSES_WITHIN);
        near.filter(|it| it.causation_id() == id)
            .map(|it| (it.position(), it.kind().clone()))
            .collect()
    }

    /// The event at the playhead.
    pub fn event(&self) -> Option<&Recorded> {
        self.log().event(self.position)
    }

    /// An aggregate's state at the playhead. Where the stream does not exist there, its initial
    /// state. None where the scenario has no such category.
    pub fn state(&mut self, stream: &Stream) -> Option<StateView> {
        let log = self.world.log();
        let handler = handler(&mut self.states, self.world.scenario(), stream)?;
        let version = log.version_at(stream, self.position);
        let before = log.version_at(stream, self.position.saturating_sub(1));
        handler.load(stream, before, log);
        let was = handler.state();
        handler.load(stream, version, log);
        let now = handler.state();
        let (now, was) = (self.opened_value(now), self.opened_value(was));
        Some(StateView { stream: stream.clone(), version, now, was })
    }

    /// A stream's version and state at a position. None where the scenario has no such category.
    pub fn state_at(&mut self, stream: &Stream, position: u64) -> Option<(u64, Value)> {
        let log = self.world.log();
        let version = log.version_at(stream, position);
        let handler = handler(&mut self.states, self.world.scenario(), stream)?;
        handler.load(stream, version, log);
        let state = handler.state();
        Some((version, self.opened_value(state)))
    }

    /// Why a command would be refused at the playhead. None where it would be accepted. The
    /// aggregate decides on trial, and nothing is changed.
    pub fn would_refuse(&mut self, command: &CommandRecord) -> Option<String> {
        let (log, stream) = (self.world.log(), &command.stream);
        let version = log.version_at(stream, self.position);
        let Some(handler) = handler(&mut self.states, self.world.scenario(), stream) else {
            return Some(format!("this scenario has no {}", stream.category()));
        };
        handler.load(stream, version, log);
        handler.decide(command).err().map(|refusal| refusal.to_string())
    }

    /// The view of a projection or process at a position, folded cleanly. None where nothing of
    /// that name runs.
    pub fn view_at(&mut self, name: &str, position: u64) -> Option<View> {
        let it = self.world.subscription(name)?;
        let view = reader(&mut self.readers, &self.world, it)?.view(position, self.world.log());
        Some(self.opened_view(view))
    }

    /// Compares a subscription's running instance with a clean fold up to its checkpoint. The
    /// verdict is remembered, so that a second call costs little. None where no projection or
    /// process of that name runs.
    pub fn health(&mut self, name: &str) -> Option<Health> {
        let it = self.world.subscription(name)?;
        if let Some(stopped) = it.stopped() {
            return Some(Health::Stopped(stopped.clone()));
        }
        if it.ahead().next().is_some() {
            return Some(Health::Unjudged);
        }
        let (revision, checkpoint) = (it.revision, it.checkpoint());
        if let Some(judged) = self.judged.get(name)
            && (judged.revision, judged.checkpoint) == (revision, checkpoint)
        {
            return Some(judged.health.clone());
        }
        let reader = reader(&mut self.readers, &self.world, it)?;
        let clean = reader.view(checkpoint, self.world.log());
        let same = clean == it.view();
        let health = if same { Health::Clean } else { Health::Differs(Box::new(clean)) };
        let judged = Judged { revision, checkpoint, health: health.clone() };
        self.judged.insert(it.name().clone(), judged);
        Some(health)
    }

    /// A projection or process at the playhead. At the head it shows the running instance. In the
    /// past it shows a clean fold up to the playhead or the checkpoint, whichever is earlier. None
    /// where nothing of that name runs.
    pub fn panel(&mut self, name: &str) -> Option<Panel> {
        self.panel_with(name, true)
    }

    /// As [`panel`](Self::panel), but quicker, for a playhead in motion: `was` equals `now`.
    pub fn panel_in_passing(&mut self, name: &str) -> Option<Panel> {
        self.panel_with(name, false)
    }

    /// A replica beside the read model of which it is one: what differs between the two, at the
    /// replica's checkpoint.
    fn beside(&mut self, name: &str, look: bool) -> Option<(Rc<str>, Option<Vec<DiffLine>>)> {
        let model: Rc<str> = is_replica(name).then(|| instance_of(name).0.into())?;
        let checkpoint = self.world.subscription(name)?.checkpoint();
        let first = look.then(|| self.view_at(&model, checkpoint)).flatten();
        let differences = first.and_then(|first| {
            Some(changes(&keyed(&first), &keyed(&self.view_at(name, checkpoint)?)))
        });
        Some((model, differences))
    }

    fn panel_with(&mut self, name: &str, before: bool) -> Option<Panel> {
        let health = self.health(name)?;
        let beside = self.beside(name, before);
        let (world, position) = (&self.world, self.position);
        let it = world.subscription(name)?;
        let (log, shown) = (world.log(), position.min(it.checkpoint()));
        let reader = reader(&mut self.readers, world, it)?;
        // The earlier view comes first, so that the reader only steps forward while time plays.
        let was =
            (before && shown == position).then(|| reader.view(position.saturating_sub(1), log));
        let now = if position == log.head() { it.view() } else { reader.view(shown, log) };
        let was = was.map(|it| Rc::new(opened_view(self.opener.as_ref(), it)));
        let now = Rc::new(opened_view(self.opener.as_ref(), now));
        // A subscriber behind the playhead has not seen the event there yet.
        let was = was.unwrap_or_else(|| now.clone());
        let health = match health {
            Health::Differs(clean) => {
                Health::Differs(Box::new(opened_view(self.opener.as_ref(), *clean)))
            }
            other => other,
        };
        Some(Panel {
            name: it.name().clone(),
            about: about(world.scenario(), it.name()),
            kind: it.kind(),
            code: (it.code(), world.codes(name)),
            shown,
            checkpoint: it.checkpoint(),
            lag: log.head().saturating_sub(it.checkpoint()),
            paused: it.paused(),
            crashed: it.crashed(),
            stopped: it.stopped().cloned(),
            delay: it.delay(),
            deduplicate: it.deduplicates(),
            synchronous: it.is_synchronous(),
            guard: it.is_guarded(),
            fault: it.fault(),
            fails_on: it.fails_on(),
            lenient: it.is_lenient(),
            set_aside: set_aside(it, log),
            dead_letters: (
                it.dead_letters().len(),
                it.dead_letters().iter().filter(|it| it.skipped).count(),
            ),
            beside,
            health,
            mark: it.mark(),
            skipped: it.skipped(),
            held_back: it.held_back(),
            now,
            was,
        })
    }
}

pub(super) fn opened_view(opener: Option<&Opener>, view: View) -> View {
    match opener {
        Some(opener) => es::open_view(view, &**opener),
        None => view,
    }
}

/// The first of the events that a subscription has set aside, and that nobody has decided on.
fn set_aside(it: &Subscription, log: &EventLog) -> Vec<SetAside> {
    let open = it.dead_letters().iter().filter(|it| !it.skipped).take(SET_ASIDE_SHOWN);
    let of = |letter: &DeadLetter| {
        let event = log.event(letter.position)?;
        let taken_in = log.version_at(event.stream(), it.checkpoint());
        Some(SetAside {
            position: letter.position,
            kind: event.kind().clone(),
            why: letter.why.clone(),
            later: taken_in.saturating_sub(log.version_at(event.stream(), letter.position)),
        })
    };
    open.filter_map(of).collect()
}

/// The commit of a command that was accepted and has no event.
fn without_event(entry: &JournalEntry) -> Commit {
    let envelope = entry.envelope.clone();
    Commit { number: 0, after: entry.after, envelope, events: Vec::new() }
}

/// The handler of a stream. It is made where there is none yet.
pub(super) fn handler<'a>(
    states: &'a mut Map<Stream, Timeline<Hydrated>>,
    scenario: &Scenario,
    stream: &Stream,
) -> Option<&'a mut Timeline<Hydrated>> {
    if !states.contains_key(stream) {
        let handler = scenario.aggregate_of(stream.category())?.timeline();
        states.insert(stream.clone(), handler);
    }
    states.get_mut(stream)
}

/// The reader of a subscription, with the version of its code that runs. It is made where there is
/// none yet.
pub(super) fn reader<'a>(
    readers: &'a mut Map<(Rc<str>, u16), Timeline<Subscriber>>,
    world: &World,
    it: &Subscription,
) -> Option<&'a mut Timeline<Subscriber>> {
    let key = (it.name().clone(), it.code());
    if !readers.contains_key(&key) {
        readers.insert(key.clone(), world.reader(&key.0, key.1)?);
    }
    readers.get_mut(&key)
}

fn about(scenario: &Scenario, name: &str) -> Rc<str> {
    let name = instance_of(name).0;
    let processes = scenario.processes.iter().map(|it| (it.name(), it.about()));
    let projections = scenario.projections.iter().map(|it| (it.name(), it.about()));
    projections
        .chain(processes)
        .find(|(it, _)| &**it == name)
        .map(|(_, about)| about)
        .unwrap_or_default()
}
