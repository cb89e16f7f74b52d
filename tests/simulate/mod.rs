//! Simulates whole systems at random. A seed determines a run with its commands, actors, faults,
//! pauses, rebuilds, forks, tabs and kills. The invariants must hold whatever happens. The host
//! itself runs, over tabs that share a store in memory.
//!
//! Everything random is drawn from the seed, so the same seed gives the same log and the same
//! steps, byte for byte, natively and in the browser.

pub mod invariants;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::rc::Rc;

use invariants::BrokenInvariant;
use leftfold::es::{
    Choice, CommandRecord, Expected, Origin, Recorded, Scenario, StoredCommit, StoredEvent, Stream,
    command_id,
};
use leftfold::host::{
    Answered, ClockMove, Command, Count, Disturbance, Host, JsonText, LoadBy, OpenLog, Request,
    Response, Sending, SubscriptionChange,
};
use leftfold::lab::{
    Control, DeliveryFault, MicroStep, RandomPlan, RandomRun, Session, Subscription,
    SubscriptionKind, World, instance_of, is_replica,
};
use leftfold::scenarios::all as scenarios;
use leftfold::store::LogInfo;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::pool::Pool;
use crate::surroundings::{Fate, SimulatedBrowser, StoreBug, StoreHandle, Task, go_on};

/// A bug that a test plants, to see whether the simulation finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Nobody recognises an event that was delivered before.
    NoDeduplication,
    /// Processes react on replay.
    ReactOnReplay,
    /// The store does not compare versions.
    NoVersionCheck,
    /// A tab that takes over does not learn what was done before.
    ReactsTwice,
    /// A write that failed is shown as stored.
    ShowsWhatFailed,
    /// Nothing makes up for a lost message.
    NeverCatchesUp,
    /// A store that never answers is waited for without end.
    WaitsForEver,
}

/// The kind of a command, without its values.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct CommandShape {
    category: String,
    kind: Rc<str>,
    /// The names of the fields that are filled in.
    fields: Vec<String>,
}

fn shape(command: &CommandRecord) -> CommandShape {
    let data: BTreeMap<String, Value> =
        serde_json::from_str(command.data.get()).unwrap_or_default();
    let fields = data.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name);
    CommandShape {
        category: command.stream.category().to_owned(),
        kind: command.kind.clone(),
        fields: fields.collect(),
    }
}

impl Play {
    fn of(scenario: Rc<Scenario>) -> Self {
        let mut session = Session::new(World::new(&scenario));
        session.play_story();
        let log = session.log();
        let forced = log.events(1, log.head()).any(|it| it.origin() == Origin::Forced);
        let head = if forced { 0 } else { log.head() };
        let mut broken_by_story = BTreeSet::new();
        for position in 1..=head {
            session.seek(position);
            broken_by_story.extend(session.failed_checks().into_iter().map(|it| it.check));
        }
        let processes: BTreeSet<Rc<str>> = scenario.processes.iter().map(|it| it.name()).collect();
        let journal = session.world().journal().iter().map(|entry| &entry.envelope);
        let sent = journal.filter(|it| processes.contains(&it.actor));
        let by_processes = sent.filter_map(|it| it.command.as_ref().map(shape)).collect();
        Self { pool: Pool::of(&scenario), scenario, by_processes, broken_by_story }
    }
}

/// The registered scenarios, in order. Seed `n` runs the scenario at `n` modulo their number.
pub fn all() -> Vec<Play> {
    scenarios().into_iter().map(Play::of).collect()
}

/// The result of a run.
pub struct RunOutcome {
    /// The scenario's id.
    pub scenario: Rc<str>,
    /// The invariant that was broken. None where all held.
    pub broken: Option<BrokenInvariant>,
    /// What was done, a line each. A line with `# ` is an act from outside, any other a micro-step.
    pub trace: Vec<String>,
    /// A hash of the log and of all micro-steps.
    pub digest: u64,
}

/// A scenario, and the commands that people may send in it.
pub struct Play {
    scenario: Rc<Scenario>,
    pool: Pool,
    /// The commands that its processes send in the story.
    by_processes: BTreeSet<CommandShape>,
    /// The checks that the story breaks, although nobody goes behind an aggregate's back.
    broken_by_story: BTreeSet<Rc<str>>,
}

/// Runs a seed. With `told`, the result has a trace.
pub fn run(all: &[Play], seed: u64, bug: Option<Bug>, told: bool) -> RunOutcome {
    let place = usize::try_from(seed % all.len() as u64).unwrap_or_default();
    let scenario = &all[place].scenario;
    let mut run = Run::new(&all[place], seed, bug, told);
    let broken = run.live().err();
    if let Some(tab) = run.tabs.first() {
        let session = tab.log.session();
        for event in session.log().events(1, session.head()) {
            let line = serde_json::to_string(&(StoredEvent::from(event), &**event.envelope()));
            run.digest.line(&line.unwrap_or_default());
        }
    }
    RunOutcome { scenario: scenario.id.clone(), broken, trace: run.trace, digest: run.digest.0 }
}

/// A digest of a random run of each scenario as it is stored, a line each.
pub fn random_digests() -> String {
    let mut lines = String::new();
    for scenario in scenarios() {
        let mut digest = Digest::default();
        for (streams, seed) in [(7, 9), (1, 4)] {
            let plan = RandomPlan { at: 1_700_000_000_000, events: 200, streams, seed };
            let mut run = RandomRun::new(&scenario, plan);
            while !run.advance(50) {}
            let session = run.into_session();
            for commit in session.commits(session.head()).iter().map(StoredCommit::from) {
                digest.line(&serde_json::to_string(&commit).unwrap_or_default());
            }
        }
        let _ = writeln!(lines, "{} {:016x}", scenario.id, digest.0);
    }
    lines
}

/// A digest of each scenario's story and of its fold, a line each: the log as it is stored, and at
/// every position all states and read models. Nothing is sealed where no host is.
pub fn story_digests() -> String {
    let mut lines = String::new();
    for scenario in scenarios() {
        let mut session = Session::new(World::new(&scenario));
        session.play_story();
        let mut digest = Digest::default();
        for commit in session.commits(session.head()).iter().map(StoredCommit::from) {
            digest.line(&serde_json::to_string(&commit).unwrap_or_default());
        }
        let streams: Vec<Stream> = session.log().streams().map(|(it, _)| it.clone()).collect();
        let names: Vec<Rc<str>> =
            session.world().subscriptions().iter().map(|it| it.name().clone()).collect();
        for position in 0..=session.head() {
            session.seek(position);
            for stream in &streams {
                let now = session.state(stream).map(|it| it.now.to_string());
                digest.line(&now.unwrap_or_default());
            }
            for name in &names {
                let now = session.panel(name).map(|it| it.now);
                digest.line(&serde_json::to_string(&now).unwrap_or_default());
            }
        }
        let _ = writeln!(lines, "{} {:016x}", scenario.id, digest.0);
    }
    lines
}

/// A digest of the first `runs` runs of each scenario, a line each.
pub fn digests(runs: u64) -> String {
    let all = all();
    let mut lines = String::new();
    for place in 0..all.len() as u64 {
        let mut digest = Digest::default();
        for number in 0..runs {
            let outcome = run(&all, place + number * all.len() as u64, None, false);
            digest.line(&format!("{:016x}", outcome.digest));
        }
        let scenario = &all[usize::try_from(place).unwrap_or_default()].scenario.id;
        let _ = writeln!(lines, "{scenario} {:016x}", digest.0);
    }
    lines
}

/// Fowler, Noll and Vo's hash, variant 1a.
struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    fn line(&mut self, text: &str) {
        for byte in text.bytes().chain([b'\n']) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// The answer to a request, once there is one.
type AnswerSlot = Rc<RefCell<Option<Answered>>>;

/// A request that a tab has not answered yet.
struct PendingRequest {
    task: Vec<Task>,
    answer: AnswerSlot,
}

/// A tab that has the log open.
pub struct Tab {
    number: usize,
    pub log: OpenLog,
    handle: StoreHandle,
    /// The tab's background work.
    serve: Vec<Task>,
    asked: Vec<PendingRequest>,
    /// Micro-steps that nobody asked for.
    heard: Rc<RefCell<Vec<MicroStep>>>,
    asleep: bool,
    /// The subscriptions whose running instance may differ from a clean fold: an event was lost,
    /// was delivered twice without being recognised, or came in another order.
    pub may_differ: BTreeSet<Rc<str>>,
}

/// A tab without an open log.
struct NewTab {
    host: Host,
    handle: StoreHandle,
    number: usize,
}

impl Tab {
    /// The ids of side effects that this tab stored as performed although they were already.
    pub fn performed_twice(&self) -> Vec<String> {
        self.handle.performed_twice()
    }
}

/// A running simulation.
pub struct Run<'a> {
    pub scenario: Rc<Scenario>,
    pub tabs: Vec<Tab>,
    pub browser: SimulatedBrowser,
    /// The log that is open.
    pub info: LogInfo,
    /// The processes that missed an event, got events in another order, or were not to react.
    pub missed: BTreeSet<Rc<str>>,
    /// True where a process's command could not be stored. A reload sends it again.
    pub unsent: bool,
    /// The ids of the events that were reported as stored.
    pub acknowledged: BTreeSet<Uuid>,
    /// True where a person has sent a command that only processes send. Checks may fail then.
    pub impersonated: bool,
    /// The commands that were sent before their deadlines.
    pub hurried: BTreeSet<Uuid>,
    play: &'a Play,
    rng: fastrand::Rng,
    bug: Option<Bug>,
    numbers: usize,
    sent: u64,
    /// Actor and stream → the version that the actor has seen.
    held: BTreeMap<(&'static str, String), u64>,
    told: bool,
    trace: Vec<String>,
    digest: Digest,
}

/// `Ok` where all invariants hold so far.
type Verdict = Result<(), BrokenInvariant>;

/// The time after which a host gives up on a silent store, in milliseconds.
const PATIENCE_MILLIS: u64 = 10_000;

impl<'a> Run<'a> {
    fn new(play: &'a Play, seed: u64, bug: Option<Bug>, told: bool) -> Self {
        let scenario = &play.scenario;
        let browser = SimulatedBrowser::new();
        browser.clock.set(scenario.story.first().map_or(0, |step| step.at));
        browser.clock.stuck.set(bug == Some(Bug::WaitsForEver));
        Self {
            scenario: scenario.clone(),
            tabs: Vec::new(),
            browser,
            info: LogInfo::default(),
            missed: BTreeSet::new(),
            unsent: false,
            acknowledged: BTreeSet::new(),
            impersonated: false,
            hurried: BTreeSet::new(),
            play,
            rng: fastrand::Rng::with_seed(seed),
            bug,
            numbers: 0,
            sent: 0,
            held: BTreeMap::new(),
            told,
            trace: Vec::new(),
            digest: Digest::default(),
        }
    }

    /// A number below `limit`, the same on every machine.
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.rng.u64(..limit)).unwrap_or_default()
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// Any position that a tab knows.
    pub fn any_position(&mut self, tab: usize) -> u64 {
        let head = self.tabs[tab].log.session().head();
        self.rng.u64(..=head)
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if self.told {
            self.trace.push(line());
        }
    }

    /// Plants the bug in a tab that was opened.
    fn plant(&mut self, tab: usize) {
        let control = match self.bug {
            Some(Bug::NoDeduplication) => Control::Deduplicate(false),
            Some(Bug::ReactOnReplay) => Control::Guard(false),
            _ => return,
        };
        for name in self.names(tab) {
            // Refusals are fine: a projection has no guard, and a watching tab changes nothing.
            let _: Option<Answered> = self.ask(tab, change(&name, control.into()));
        }
    }

    /// The names of a tab's subscriptions.
    pub fn names(&self, tab: usize) -> Vec<Rc<str>> {
        let session = self.tabs[tab].log.session();
        session.world().subscriptions().iter().map(|it| it.name().clone()).collect()
    }

    /// Runs from the first tab to the last invariant.
    fn live(&mut self) -> Verdict {
        let NewTab { host, handle, number } = self.tab();
        let scenario = self.scenario.clone();
        let created = finished(async move { host.create(&scenario, false).await });
        let Some(Ok(log)) = created else { return Err(never("a log is made")) };
        self.info = log.info();
        self.add_tab(number, handle, log);
        if self.one_in(2) {
            self.open()?;
        }
        for _ in 0..6 + self.below(18) {
            self.act()?;
            invariants::after_every_act(self)?;
        }
        self.note_what_may_differ();
        // Pending crashes happen before everything is put right.
        self.settle()?;
        self.calm()?;
        self.settle()?;
        invariants::once_all_is_quiet(self)?;
        invariants::of_what_is_stored(self)
    }

    /// A new tab without an open log.
    fn tab(&mut self) -> NewTab {
        self.numbers += 1;
        let (host, handle) = self.browser.tab(self.numbers);
        match self.bug {
            Some(Bug::NoVersionCheck) => handle.plant(StoreBug::NoVersionCheck),
            Some(Bug::ShowsWhatFailed) => handle.plant(StoreBug::SaysStored),
            Some(Bug::ReactsTwice) => handle.plant(StoreBug::ForgetsRecords),
            _ => {}
        }
        NewTab { host, handle, number: self.numbers }
    }

    /// Adds a tab that has the log open.
    fn add_tab(&mut self, number: usize, handle: StoreHandle, log: OpenLog) {
        let heard = Rc::<RefCell<Vec<MicroStep>>>::default();
        let done = heard.clone();
        log.on_change(move |trace| done.borrow_mut().extend(trace));
        let serve: Vec<Task> = vec![Box::pin(log.serve())];
        let (asked, asleep, may_differ) = (Vec::new(), false, BTreeSet::new());
        self.tabs.push(Tab { number, log, handle, serve, asked, heard, asleep, may_differ });
        self.plant(self.tabs.len() - 1);
        self.note_what_may_differ();
    }

    /// Names what begins with a fault, or without deduplication, in a tab that opens the log.
    fn begin_unsound(&self) -> BTreeSet<Rc<str>> {
        let (host, _) = self.browser.tab(0);
        let (scenario, log) = (self.scenario.clone(), self.info.id.clone());
        let looked = finished(async move { host.look(&scenario, &log).await });
        let Some(Ok(session)) = looked else {
            return BTreeSet::new();
        };
        let all = session.world().subscriptions().iter();
        all.filter(|it| self.stumbles(it)).map(|it| it.name().clone()).collect()
    }

    fn open(&mut self) -> Verdict {
        let NewTab { host, handle, number } = self.tab();
        let (scenario, info) = (self.scenario.clone(), self.info.clone());
        let unsound = self.begin_unsound();
        let opened = finished(async move { host.open(&scenario, info).await });
        let Some(Ok(log)) = opened else { return Err(never("a log is opened")) };
        if let Some(trouble) = log.trouble() {
            return Err(BrokenInvariant::new(
                "what_was_stored_is_opened_whole",
                trouble.to_string(),
            ));
        }
        self.note(|| format!("# tab {number} opens the log"));
        self.add_tab(number, handle, log);
        if let Some(tab) = self.tabs.last_mut() {
            tab.may_differ.extend(unsound);
        }
        Ok(())
    }

    /// Ends all faults, delays and pauses.
    fn calm(&mut self) -> Verdict {
        for tab in 0..self.tabs.len() {
            self.tabs[tab].handle.calm();
            self.wake(tab);
        }
        self.look_at_every_tab();
        self.settle()?;
        for tab in 0..self.tabs.len() {
            let _: Option<Answered> = self.ask(tab, Request::Retry);
            for name in self.names(tab) {
                let calm = [
                    Control::Fault(None),
                    Control::FailOn(None),
                    Control::Delay(0),
                    Control::Pause(false),
                ];
                for control in calm {
                    self.control(tab, &name, control);
                }
            }
        }
        self.settle()?;
        // What was set aside is taken in, now that nothing fails any more.
        for tab in 0..self.tabs.len() {
            for name in self.names(tab) {
                for position in self.set_aside(tab, &name) {
                    self.control(tab, &name, Control::Retry(position));
                    self.settle()?;
                }
            }
        }
        self.look_at_every_tab();
        Ok(())
    }

    /// Every tab looks for news, which makes up for lost messages.
    fn look_at_every_tab(&self) {
        if self.bug != Some(Bug::NeverCatchesUp) {
            self.browser.bus.look();
        }
    }

    fn any_tab(&mut self) -> usize {
        let awake: Vec<usize> =
            (0..self.tabs.len()).filter(|&tab| !self.tabs[tab].asleep).collect();
        // There is always a tab that is awake.
        awake[self.below(awake.len())]
    }

    /// True where a subscription may miss an event or take one in twice, and no planted bug is to
    /// blame.
    fn stumbles(&self, it: &Subscription) -> bool {
        let fails = it.fails_on().is_some() || !it.dead_letters().is_empty();
        let twice = !it.deduplicates() && self.bug != Some(Bug::NoDeduplication);
        it.fault().is_some() || fails || twice
    }

    /// How a subscription is set up survives its tab, so another tab may go on with a fault.
    fn note_what_may_differ(&mut self) {
        for tab in 0..self.tabs.len() {
            for name in self.names(tab) {
                let stumbles = {
                    let session = self.tabs[tab].log.session();
                    session.world().subscription(&name).is_some_and(|it| self.stumbles(it))
                };
                if stumbles {
                    self.tabs[tab].may_differ.insert(name);
                }
            }
        }
    }

    fn act(&mut self) -> Verdict {
        self.note_what_may_differ();
        let tab = self.any_tab();
        match self.below(55) {
            51..=54 => self.move_clock(tab),
            48..=50 => self.replicate(tab)?,
            0..=7 => self.tell(tab),
            8..=19 => self.send(tab),
            20..=21 => self.send_again(tab),
            22 => self.append(tab),
            23..=24 => self.some_steps(tab),
            25..=32 => self.disturb(tab),
            33 => self.rebuild(tab),
            34 => self.load_otherwise(tab),
            35..=36 => return invariants::scrubbing_never_reacts(self, tab),
            37 => return self.kill(tab),
            38 => return self.fork(tab),
            39..=41 => self.misfortune(tab),
            42..=43 => self.sleep_or_wake(),
            44 => {
                if self.tabs.len() < 3 {
                    return self.open();
                }
            }
            45..=46 => self.messages(),
            _ => self.time_passes(),
        }
        // The next act may come before everything is done.
        match self.below(6) {
            0 => self.some_steps(tab),
            1 => self.go_on(),
            _ => return self.settle(),
        }
        self.look_at_what_was_done()
    }

    fn time_passes(&mut self) {
        // Clocks are set back at times.
        let seconds = i64::try_from(self.below(150)).unwrap_or_default() - 60;
        let now = leftfold::host::Clock::now(&*self.browser.clock);
        self.browser.clock.set(now.saturating_add_signed(seconds * 1_000));
    }

    /// Somebody moves the log's clock, or hurries something. Or time passes by itself, and an alarm
    /// may go off.
    fn move_clock(&mut self, tab: usize) {
        let how = match self.below(4) {
            0 => ClockMove::Advance(self.rng.u64(..4 * 86_400) * 1_000),
            1 => ClockMove::Next,
            2 => {
                let pending = {
                    let session = self.tabs[tab].log.session();
                    session.deadlines(session.head())
                };
                let Some((_, it)) = pending.get(self.below(pending.len())) else { return };
                self.hurried.insert(it.id);
                ClockMove::Hurry(it.id)
            }
            _ => {
                self.note(|| "# a day passes".to_owned());
                return self.browser.clock.pass(86_400_000);
            }
        };
        self.note(|| format!("# the clock: {how:?}"));
        let _: Option<Answered> = self.ask(tab, Request::Clock(Some(how)));
    }

    /// True where the story itself breaks a check.
    pub fn story_breaks(&self, check: &str) -> bool {
        self.play.broken_by_story.contains(check)
    }

    /// Gives the next calls of a tab's store random fates.
    fn misfortune(&mut self, tab: usize) {
        let fates: Vec<Fate> = (0..=self.below(6))
            .map(|_| match self.below(12) {
                0..=3 => Fate::Late,
                4..=5 => Fate::Fails,
                6..=7 => Fate::FailsAfter,
                8 => Fate::Never,
                9 => Fate::NeverTold,
                10 => Fate::Closes,
                _ => Fate::Done,
            })
            .collect();
        self.note(|| format!("# of the next calls come {fates:?}"));
        self.unsent |= fates.iter().any(|fate| !matches!(fate, Fate::Late | Fate::Done));
        self.tabs[tab].handle.foretell(fates);
    }

    fn sleep_or_wake(&mut self) {
        let tab = self.below(self.tabs.len());
        if self.tabs[tab].asleep {
            self.wake(tab);
        } else if self.tabs.iter().filter(|it| !it.asleep).count() > 1 {
            let number = self.tabs[tab].number;
            self.note(|| format!("# tab {number} falls asleep"));
            self.tabs[tab].asleep = true;
            self.browser.bus.asleep.borrow_mut().insert(number);
        }
        self.browser.bus.grant_what_is_free();
    }

    fn wake(&mut self, tab: usize) {
        let number = self.tabs[tab].number;
        if std::mem::take(&mut self.tabs[tab].asleep) {
            self.note(|| format!("# tab {number} wakes up"));
            self.browser.bus.asleep.borrow_mut().remove(&number);
        }
    }

    /// Delivers messages between tabs. Some are lost, doubled, or late.
    fn messages(&mut self) {
        let sent = self.browser.bus.sent.take();
        for (log, tab) in sent {
            match self.below(4) {
                0 => {}
                1 => {
                    self.browser.bus.deliver(&log, tab);
                    self.browser.bus.deliver(&log, tab);
                }
                2 => self.browser.bus.sent.borrow_mut().push((log, tab)),
                _ => self.browser.bus.deliver(&log, tab),
            }
        }
    }

    /// Sends a request to a tab. None where the answer has to wait for the store.
    fn ask(&mut self, tab: usize, request: Request) -> Option<Answered> {
        let answer = AnswerSlot::default();
        let (slot, log) = (answer.clone(), self.tabs[tab].log.clone());
        let task: Vec<Task> = vec![Box::pin(async move {
            let answered = log.ask(request).await;
            slot.replace(Some(answered));
        })];
        let mut asked = PendingRequest { task, answer: answer.clone() };
        go_on(&mut asked.task);
        let answered = answer.take();
        if let Some(answered) = &answered {
            self.answered(tab, answered);
        } else {
            self.tabs[tab].asked.push(asked);
        }
        answered
    }

    /// Takes note of an answer.
    fn answered(&mut self, tab: usize, answered: &Answered) {
        if let Ok(Response::Sent(sent)) = &answered.result {
            self.acknowledged.extend(sent.events.iter().map(Recorded::id));
        }
        let trace = answered.trace.clone();
        self.note_steps(tab, &trace);
    }

    /// Lets all tabs that are awake go on.
    fn go_on(&mut self) {
        self.browser.bus.grant_what_is_free();
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].asleep {
                continue;
            }
            go_on(&mut self.tabs[tab].serve);
            let mut over = Vec::new();
            for asked in &mut self.tabs[tab].asked {
                go_on(&mut asked.task);
                over.extend(asked.answer.take());
            }
            self.tabs[tab].asked.retain(|it| !it.task.is_empty());
            for answered in over {
                self.answered(tab, &answered);
            }
            let heard = self.tabs[tab].heard.take();
            self.note_steps(tab, &heard);
        }
    }

    fn tell(&mut self, tab: usize) {
        self.note(|| "# the story goes on".to_owned());
        let _: Option<Answered> = self.ask(tab, Request::Next);
    }

    fn next_id(&mut self) -> Uuid {
        self.sent += 1;
        command_id("simulation", self.sent)
    }

    fn any_command(&mut self, tab: usize) -> Option<CommandRecord> {
        let pool = &self.play.pool;
        let form = pool.forms.get(self.below(pool.forms.len()))?;
        let log = self.tabs[tab].log.clone();
        let session = log.session();
        let ids = pool.ids(&form.aggregate, session.log());
        let stream = Stream::new(&form.aggregate, &ids[self.below(ids.len())]);
        let rng = &mut self.rng;
        let pick = |choices: usize| {
            let limit = u64::try_from(choices).unwrap_or(u64::MAX).max(1);
            usize::try_from(rng.u64(..limit)).unwrap_or_default()
        };
        let command = pool.fill_in(form, stream, session.log(), pick)?;
        self.impersonated |= self.play.by_processes.contains(&shape(&command));
        Some(command)
    }

    fn send(&mut self, tab: usize) {
        let Some(command) = self.any_command(tab) else { return };
        let actor = if self.one_in(2) { "Alice" } else { "Bob" };
        let version = self.tabs[tab].log.session().log().version(&command.stream);
        let key = (actor, command.stream.to_string());
        let mut how = Sending {
            command_id: Some(self.next_id().to_string()),
            actor: Some(actor.to_owned()),
            retry: self.one_in(6),
            ..Sending::default()
        };
        how.expected_version = match self.below(12) {
            // The version that the actor saw a while ago, or sees now.
            0..=2 => Some(Expected::Exact(*self.held.entry(key).or_insert(version))),
            3 => {
                self.held.insert(key, version);
                Some(Expected::Exact(version))
            }
            4 => Some(Expected::Exact(version + 1)),
            5 => Some(Expected::Exists),
            6 => {
                how.seen_version = self.held.get(&key).copied();
                Some(Expected::Any)
            }
            _ => None,
        };
        let CommandRecord { stream, kind, data } = command;
        let (stream, kind, data) = (stream.to_string(), kind.to_string(), Some(data));
        let command = Command { stream, kind, data, how };
        self.note(|| format!("# {command:?}"));
        let request =
            if self.one_in(4) { Request::Submit(command) } else { Request::Send(command) };
        let _: Option<Answered> = self.ask(tab, request);
    }

    fn send_again(&mut self, tab: usize) {
        let count = self.tabs[tab].log.session().world().journal().len();
        let (at, id) = (self.below(count), self.next_id());
        let choices = [Choice::Same, Choice::Same, Choice::Anew, Choice::Reload, Choice::Force];
        let choice = choices[self.below(choices.len())];
        let log = self.tabs[tab].log.clone();
        let command = log.session().world().journal().get(at).map(|it| it.envelope.command_id);
        if let Some(command) = command {
            self.note(|| format!("# {command} is sent again: {choice:?}"));
            let id = Some(id);
            let _: Option<Answered> = self.ask(tab, Request::Again { command, choice, id });
        }
    }

    /// Events are appended a second time, in any order, past their aggregates.
    fn append(&mut self, tab: usize) {
        let mut events = Vec::new();
        for _ in 0..=self.below(3) {
            let position = self.any_position(tab);
            let log = self.tabs[tab].log.clone();
            let session = log.session();
            // An unreadable event cannot be appended again.
            let event = session.log().event(position).filter(|it| it.unreadable().is_none());
            events.extend(event.map(|it| {
                let data: Value = serde_json::from_str(it.data().get()).unwrap_or_default();
                json!({ "stream": it.stream(), "type": it.kind(), "data": data })
            }));
        }
        let react = !self.one_in(4);
        if !react {
            let processes = self.scenario.processes.iter().map(|it| it.name());
            self.missed.extend(processes);
        }
        self.note(|| format!("# somebody appends {} events, react: {react}", events.len()));
        let events = JsonText(Value::from(events).to_string());
        let _: Option<Answered> =
            self.ask(tab, Request::Append { events, react, forced: None, id: None });
    }

    fn any_name(&mut self, tab: usize) -> Option<Rc<str>> {
        let names = self.names(tab);
        names.get(self.below(names.len())).cloned()
    }

    fn control(&mut self, tab: usize, name: &Rc<str>, control: Control) {
        self.note(|| format!("# {name}: {control:?}"));
        match control {
            Control::Fault(Some(DeliveryFault::Drop | DeliveryFault::Swap)) => {
                self.tabs[tab].may_differ.insert(name.clone());
                self.missed.insert(name.clone());
            }
            Control::FailOn(Some(_)) | Control::Retry(_) | Control::Skip(_) => {
                // Whatever is taken in late, or never, may lead to other reactions.
                self.tabs[tab].may_differ.insert(name.clone());
                self.missed.insert(name.clone());
            }
            Control::Deduplicate(false) => _ = self.tabs[tab].may_differ.insert(name.clone()),
            _ => {}
        }
        let replays = matches!(control, Control::Rewind(_) | Control::Redeliver(_));
        // A subscription that folds anew has missed nothing, unless a fault is still armed.
        let sound = self.is_sound(tab, name);
        let answered = self.ask(tab, change(name, control.into()));
        if answered.is_some_and(|it| it.result.is_ok()) && replays && sound {
            self.tabs[tab].may_differ.remove(name);
        }
    }

    fn is_sound(&self, tab: usize, name: &str) -> bool {
        let session = self.tabs[tab].log.session();
        let sound = |it: &Subscription| {
            let fails = it.fails_on().is_some() || !it.dead_letters().is_empty();
            it.fault().is_none() && it.deduplicates() && !fails
        };
        session.world().subscription(name).is_some_and(sound)
    }

    fn disturb(&mut self, tab: usize) {
        // Processes are disturbed more often than projections.
        let processes = &self.scenario.processes;
        let process = processes.first().map(|it| it.name()).filter(|_| self.rng.bool());
        let Some(name) = process.or_else(|| self.any_name(tab)) else { return };
        let control = match self.below(20) {
            16 => Control::FailOn(Some(self.any_position(tab) + 1)),
            17 => Control::Lenient(!self.one_in(4)),
            18 => {
                let letters = self.set_aside(tab, &name);
                let Some(&position) = letters.get(self.below(letters.len())) else { return };
                if self.one_in(3) { Control::Skip(position) } else { Control::Retry(position) }
            }
            0..=1 => Control::Pause(true),
            2..=3 => Control::Pause(false),
            4 => Control::Step,
            5 => Control::Delay(self.rng.u64(..4)),
            // With this planted bug, deduplication stays off.
            6 if self.bug != Some(Bug::NoDeduplication) => Control::Deduplicate(self.one_in(2)),
            7 => Control::Synchronous(self.one_in(2)),
            8 => Control::Rewind(self.any_position(tab)),
            9 => Control::Redeliver(self.any_position(tab)),
            _ => {
                let (fault, _) = DeliveryFault::ALL[self.below(DeliveryFault::ALL.len())];
                Control::Fault(Some(fault))
            }
        };
        self.control(tab, &name, control);
    }

    fn rebuild(&mut self, tab: usize) {
        let Some(name) = self.any_name(tab) else { return };
        let log = self.tabs[tab].log.clone();
        let codes = log.session().world().codes(&name);
        let running = log.session().world().subscription(&name).map(|it| (it.kind(), it.code()));
        let Some((kind, code)) = running else { return };
        // A process stays in its version, because another one would have reacted otherwise.
        let code = match kind {
            SubscriptionKind::Projection => codes[self.below(codes.len())],
            SubscriptionKind::Process => code,
        };
        self.note(|| format!("# {name} is rebuilt in version {code}"));
        let request = Request::Rebuild { name: name.to_string(), code: Some(code) };
        let sound = self.is_sound(tab, &name);
        if self.ask(tab, request).is_some() && sound {
            self.tabs[tab].may_differ.remove(&name);
        }
    }

    /// The positions that a subscription has set aside, and that nobody has decided on.
    fn set_aside(&self, tab: usize, name: &str) -> Vec<u64> {
        let session = self.tabs[tab].log.session();
        let letters = session.world().subscription(name).map(Subscription::dead_letters);
        let open = letters.into_iter().flatten().filter(|it| !it.skipped);
        open.map(|it| it.position).collect()
    }

    /// A replica is brought up, catches up a little, takes over, or is dropped.
    fn replicate(&mut self, tab: usize) -> Verdict {
        let Some(name) = self.any_name(tab) else { return Ok(()) };
        if !is_replica(&name) {
            self.note(|| format!("# a replica of {name}"));
            let code = None;
            let _: Option<Answered> =
                self.ask(tab, Request::Replicate { name: name.to_string(), code });
            return Ok(());
        }
        match self.below(4) {
            0 => {
                let steps = Some(Count::Number(self.rng.u64(..40)));
                self.note(|| format!("# {name} catches up: {steps:?}"));
                let how = SubscriptionChange { step: steps, ..SubscriptionChange::default() };
                let _: Option<Answered> = self.ask(tab, change(&name, how));
            }
            1 => {
                self.note(|| format!("# {name} is dropped"));
                let running = Some(false);
                let how = SubscriptionChange { running, ..SubscriptionChange::default() };
                let _: Option<Answered> = self.ask(tab, change(&name, how));
                self.tabs[tab].may_differ.remove(&name);
            }
            _ => return self.take_over(tab, &name),
        }
        Ok(())
    }

    fn take_over(&mut self, tab: usize, replica: &Rc<str>) -> Verdict {
        let model: Rc<str> = instance_of(replica).0.into();
        let checkpoint = |run: &Self| {
            let session = run.tabs[tab].log.session();
            session.world().subscription(&model).map(Subscription::checkpoint)
        };
        let before = checkpoint(self);
        self.note(|| format!("# {replica} takes over"));
        let asked = self.ask(tab, Request::TakeOver { name: replica.to_string() });
        if asked.is_some_and(|it| it.result.is_ok()) {
            let differ = &mut self.tabs[tab].may_differ;
            if differ.contains(replica) || differ.contains(&model) {
                differ.extend([replica.clone(), model.clone()]);
            }
        }
        invariants::whoever_reads_sees_no_less(&model, before, checkpoint(self))
    }

    fn load_otherwise(&mut self, tab: usize) {
        let loading = match self.below(4) {
            0 => LoadBy::Memory(true),
            1 => LoadBy::Events(true),
            _ => LoadBy::Snapshots(self.rng.u64(1..5)),
        };
        let _: Option<Answered> = self.ask(tab, Request::Loading(Some(loading)));
        let log = self.tabs[tab].log.clone();
        let streams: Vec<Stream> =
            log.session().world().snapshots().map(|(stream, _)| stream.clone()).collect();
        for stream in streams {
            let how = match self.below(4) {
                0 => Disturbance::Damage,
                1 => Disturbance::Outdate,
                _ => continue,
            };
            let _: Option<Answered> = self.ask(tab, Request::Disturb { stream, how });
        }
    }

    /// Kills a tab. Where no other is awake, a new tab opens the log.
    fn kill(&mut self, tab: usize) -> Verdict {
        let killed = self.tabs.remove(tab);
        self.note(|| format!("# tab {} is killed", killed.number));
        self.browser.bus.asleep.borrow_mut().remove(&killed.number);
        let awake = self.tabs.iter().any(|it| !it.asleep);
        drop(killed);
        if awake { self.settle() } else { self.open() }
    }

    /// Forks the log. The run goes on in one of the two logs.
    fn fork(&mut self, tab: usize) -> Verdict {
        // The comparison below needs a log that can be read to its end.
        self.tabs[tab].handle.calm();
        self.settle()?;
        let position = self.any_position(tab);
        self.note(|| format!("# a fork from {position}"));
        let Some(answered) = self.ask(tab, Request::Fork { position }) else {
            return Err(never("a fork"));
        };
        let Ok(Response::Log(info)) = answered.result else { return Ok(()) };
        let old: Vec<_> = {
            let session = self.tabs[tab].log.session();
            session.log().events(1, position).cloned().collect()
        };
        let before = std::mem::replace(&mut self.info, info);
        let others = std::mem::take(&mut self.tabs);
        self.open()?;
        {
            let session = self.tabs[0].log.session();
            invariants::a_fork_shares_its_past(&old, session.log(), position)?;
        }
        if self.one_in(2) {
            self.tabs = others;
            self.info = before;
            return Ok(());
        }
        let kept: BTreeSet<Uuid> = old.iter().map(Recorded::id).collect();
        self.acknowledged.retain(|id| kept.contains(id));
        self.settle()
    }

    /// Performs a few micro-steps, so that the next act finds everything half done.
    fn some_steps(&mut self, tab: usize) {
        for _ in 0..self.below(12) {
            let answered = self.ask(tab, Request::Step);
            let step = answered.and_then(|it| it.result.ok());
            if !matches!(step, Some(Response::Stepped(_))) {
                break;
            }
        }
    }

    /// Runs until all is quiet: late calls are carried out, and silent ones are given up.
    pub fn settle(&mut self) -> Verdict {
        for round in 0..200 {
            self.messages();
            self.go_on();
            for tab in 0..self.tabs.len() {
                // A command that was stepped through is finished.
                if !self.tabs[tab].asleep && self.tabs[tab].asked.is_empty() {
                    let _: Option<Answered> = self.ask(tab, Request::Finish);
                }
            }
            let mut open = false;
            for tab in self.tabs.iter().filter(|it| !it.asleep) {
                open |= tab.handle.release() || !tab.asked.is_empty();
            }
            open |= !self.browser.bus.sent.borrow().is_empty();
            if !open {
                self.go_on();
                return self.look_at_what_was_done();
            }
            if round > 2 {
                self.browser.clock.pass(PATIENCE_MILLIS);
            }
        }
        Err(never("what was asked"))
    }

    fn look_at_what_was_done(&mut self) -> Verdict {
        invariants::after_every_step(self)
    }

    /// Notes micro-steps.
    fn note_steps(&mut self, tab: usize, trace: &[MicroStep]) {
        for step in trace {
            let number = self.tabs[tab].number;
            self.note(|| format!("{number}: {step}"));
            self.digest.line(&serde_json::to_string(step).unwrap_or_default());
            match step {
                MicroStep::Dropped { to, .. } | MicroStep::Withheld { to, .. } => {
                    // In another order, a read model may end up otherwise, and a process may pass
                    // through other states.
                    self.tabs[tab].may_differ.insert(to.clone());
                    self.missed.insert(to.clone());
                }
                MicroStep::Delivered { to, again: true, .. }
                    if self.bug != Some(Bug::NoDeduplication) =>
                {
                    self.tabs[tab].may_differ.insert(to.clone());
                }
                MicroStep::Failed { .. } => self.unsent = true,
                _ => {}
            }
        }
    }
}

fn never(what: &str) -> BrokenInvariant {
    BrokenInvariant::new("everything_ends", format!("{what} never comes to an end"))
}

fn change(name: &str, how: SubscriptionChange) -> Request {
    Request::Subscription { name: name.to_owned(), how }
}

/// Runs a future. None where it waits for somebody outside.
fn finished<T: 'static>(future: impl Future<Output = T> + 'static) -> Option<T> {
    let answer = Rc::new(RefCell::new(None));
    let slot = answer.clone();
    let mut tasks: Vec<Task> = vec![Box::pin(async move {
        let it = future.await;
        slot.replace(Some(it));
    })];
    go_on(&mut tasks);
    answer.take()
}
