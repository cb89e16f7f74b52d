//! A whole system by chance: one seed gives one run, with its commands, actors, faults, pauses,
//! rebuilds, forks, rivals and kills; and what must hold whatever happens.
//!
//! Everything random is drawn from the seed, and nothing else is read: the same seed gives the
//! same log and the same steps, byte for byte, natively and in the browser.

pub mod invariants;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::rc::Rc;

use invariants::Broken;
use leftfold::es::{
    Choice, CommandRecord, Commit, Draft, Envelope, Expected, Origin, Scenario, StoredCommit,
    Stream, command_id,
};
use leftfold::es::{Proposal, StoredEvent};
use leftfold::lab::{Answer, Ask, Bulk, Control, Did, Fault, Keep, Kind, Loading, Session, World};
use leftfold::scenarios::all as scenarios;
use serde_json::Value;
use uuid::Uuid;

use crate::pool::Pool;

/// A bug that is planted, to see whether it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Nothing recognises an event that it was told of before.
    NoDeduplication,
    /// Processes react on replay.
    ReactOnReplay,
    /// The store does not compare versions.
    NoVersionCheck,
}

/// A command's category and type, and the names of the fields that are filled in.
type Shape = (String, Rc<str>, Vec<String>);

fn shape(command: &CommandRecord) -> Shape {
    let data: BTreeMap<String, Value> =
        serde_json::from_str(command.data.get()).unwrap_or_default();
    let fields = data.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name);
    (command.stream.category().to_owned(), command.kind.clone(), fields.collect())
}

impl Play {
    fn of(scenario: Rc<Scenario>) -> Self {
        let mut session = Session::new(World::new(&scenario));
        session.play_story();
        let processes: BTreeSet<Rc<str>> = scenario.processes.iter().map(|it| it.name()).collect();
        let journal = session.world().journal().iter().map(|entry| &entry.envelope);
        let sent = journal.filter(|it| processes.contains(&it.actor));
        let by_processes = sent.filter_map(|it| it.command.as_ref().map(shape)).collect();
        Self { pool: Pool::of(&scenario), scenario, by_processes }
    }
}

/// The registered scenarios, in order; seed `n` runs the one at `n` modulo their number.
pub fn all() -> Vec<Play> {
    scenarios().into_iter().map(Play::of).collect()
}

/// What a run leaves behind.
pub struct Outcome {
    /// The scenario's id.
    pub scenario: Rc<str>,
    /// What was broken, if anything was.
    pub broken: Option<Broken>,
    /// What was done, a line each: steps, and `# ` before what somebody outside did.
    pub trace: Vec<String>,
    /// A hash of the log and of every step.
    pub digest: u64,
}

/// A scenario, and what people do in it.
pub struct Play {
    scenario: Rc<Scenario>,
    pool: Pool,
    /// What its processes send in the story: category, command and fields.
    by_processes: BTreeSet<Shape>,
}

/// Runs a seed; with `told`, it says what was done.
pub fn run(all: &[Play], seed: u64, bug: Option<Bug>, told: bool) -> Outcome {
    let place = usize::try_from(seed % all.len() as u64).unwrap_or_default();
    let scenario = &all[place].scenario;
    let mut run = Run::new(&all[place], seed, bug, told);
    let broken = run.live().err();
    let log = run.session.log();
    for event in log.events(1, log.head()) {
        let line = serde_json::to_string(&(StoredEvent::from(event), &**event.envelope()));
        run.digest.line(&line.unwrap_or_default());
    }
    Outcome { scenario: scenario.id.clone(), broken, trace: run.trace, digest: run.digest.0 }
}

/// The digests of the first runs of each scenario, a line each.
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

/// What is stored, as a store keeps it.
#[derive(Clone, Default)]
pub struct Disk {
    pub commits: Vec<StoredCommit>,
    pub keeps: Vec<Keep>,
    head: u64,
    versions: BTreeMap<Stream, u64>,
}

impl Disk {
    /// Stores a commit, all or nothing, where it follows what is there.
    fn append(&mut self, commit: &Commit, checked: bool) -> Answer {
        for (stream, version) in commit.expects() {
            let actual = self.versions.get(&stream).copied().unwrap_or_default();
            if checked && actual != version {
                return Answer::Lost;
            }
        }
        if checked && commit.after != self.head {
            return Answer::Lost;
        }
        for event in &commit.events {
            self.versions.insert(event.stream().clone(), event.version());
        }
        self.head = commit.head();
        self.commits.push(StoredCommit::from(commit));
        Answer::Stored
    }
}

/// A running simulation.
pub struct Run<'a> {
    pub scenario: Rc<Scenario>,
    pub session: Session,
    pub disk: Disk,
    /// Those whose running instance may rightly differ from a clean fold: something was lost on
    /// its way to them, came twice without being recognised, or came in another order.
    pub off: BTreeSet<Rc<str>>,
    /// Processes that never heard of something, or in another order, or were not to react to it.
    pub deaf: BTreeSet<Rc<str>>,
    /// True where the store could not take a process's command: a reload sends it again.
    pub unsent: bool,
    /// Commands that were sent and are not in the journal yet.
    pub asked: BTreeSet<Uuid>,
    /// True where a person has sent what only a process sends: what it leads may then go astray.
    pub impersonated: bool,
    play: &'a Play,
    rng: fastrand::Rng,
    bug: Option<Bug>,
    now: u64,
    sent: u64,
    story: usize,
    /// What Alice and Bob hold of streams: the version that each has seen.
    held: BTreeMap<(&'static str, Stream), u64>,
    told: bool,
    trace: Vec<String>,
    digest: Digest,
}

type Held = Result<(), Broken>;

impl<'a> Run<'a> {
    fn new(play: &'a Play, seed: u64, bug: Option<Bug>, told: bool) -> Self {
        let scenario = &play.scenario;
        let mut run = Self {
            scenario: scenario.clone(),
            session: Session::new(World::new(scenario)),
            disk: Disk::default(),
            off: BTreeSet::new(),
            deaf: BTreeSet::new(),
            unsent: false,
            asked: BTreeSet::new(),
            impersonated: false,
            play,
            rng: fastrand::Rng::with_seed(seed),
            bug,
            now: scenario.story.first().map_or(0, |step| step.at),
            sent: 0,
            story: 0,
            held: BTreeMap::new(),
            told,
            trace: Vec::new(),
            digest: Digest::default(),
        };
        run.plant();
        run
    }

    /// A number below `limit`, the same on every machine.
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.rng.u64(..limit)).unwrap_or_default()
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn any_position(&mut self) -> u64 {
        let head = self.session.head();
        self.rng.u64(..=head)
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if self.told {
            self.trace.push(line());
        }
    }

    /// The planted bug, in whatever runs now.
    fn plant(&mut self) {
        let control = match self.bug {
            Some(Bug::NoDeduplication) => Control::Deduplicate(false),
            Some(Bug::ReactOnReplay) => Control::Guard(false),
            Some(Bug::NoVersionCheck) | None => return,
        };
        for name in self.names() {
            // A projection has no guard to switch off.
            let _ = self.session.world_mut().control(&name, control);
        }
    }

    fn names(&self) -> Vec<Rc<str>> {
        self.session.world().subscriptions().iter().map(|it| it.name().clone()).collect()
    }

    /// The whole of it.
    fn live(&mut self) -> Held {
        for _ in 0..6 + self.below(18) {
            self.act()?;
            invariants::after_every_act(self)?;
        }
        // Whoever is about to crash does so before that is put right.
        self.settle()?;
        self.calm();
        self.settle()?;
        invariants::once_all_is_quiet(self)?;
        invariants::of_what_is_stored(self)
    }

    /// Ends what keeps anybody behind.
    fn calm(&mut self) {
        for name in self.names() {
            for control in [Control::Fault(None), Control::Delay(0), Control::Pause(false)] {
                self.control(&name, control);
            }
        }
    }

    fn act(&mut self) -> Held {
        match self.below(40) {
            0..=7 => self.tell(),
            8..=19 => self.send(),
            20..=21 => self.send_again(),
            22 => self.append(),
            23..=24 => return self.some_steps(),
            25..=32 => self.disturb(),
            33 => self.rebuild(),
            34 => self.load_otherwise(),
            35..=36 => return invariants::scrubbing_never_reacts(self),
            37 => self.kill(),
            38 => return self.fork(),
            _ => self.time_passes(),
        }
        // Not always is everything done before the next thing happens.
        if self.one_in(3) { self.some_steps() } else { self.settle() }
    }

    fn time_passes(&mut self) {
        // Clocks are set back at times.
        let seconds = i64::try_from(self.below(150)).unwrap_or_default() - 60;
        self.now = self.now.saturating_add_signed(seconds * 1_000);
    }

    fn tell(&mut self) {
        if let Some(step) = self.session.tell(self.story) {
            self.note(|| format!("# the story: {}", step.say));
            self.story += 1;
            self.now = step.at;
        }
    }

    fn next_id(&mut self) -> Uuid {
        self.sent += 1;
        command_id("simulation", self.sent)
    }

    fn submit(&mut self, ask: Ask) {
        self.note(|| {
            let CommandRecord { stream, kind, data } = &ask.command;
            let (actor, expected, seen) = (&ask.actor, ask.expected, ask.seen);
            format!("# {actor} sends {kind} {data} to {stream}, expecting {expected:?} {seen:?}")
        });
        self.asked.insert(ask.id);
        self.session.world_mut().submit(ask);
    }

    fn any_command(&mut self) -> Option<CommandRecord> {
        let pool = &self.play.pool;
        let form = pool.forms.get(self.below(pool.forms.len()))?;
        let ids = pool.ids(&form.aggregate, self.session.log());
        let stream = Stream::new(&form.aggregate, &ids[self.below(ids.len())]);
        let rng = &mut self.rng;
        let pick = |choices: usize| {
            let limit = u64::try_from(choices).unwrap_or(u64::MAX).max(1);
            usize::try_from(rng.u64(..limit)).unwrap_or_default()
        };
        let command = pool.fill_in(form, stream, self.session.log(), pick)?;
        self.impersonated |= self.play.by_processes.contains(&shape(&command));
        Some(command)
    }

    fn send(&mut self) {
        let Some(command) = self.any_command() else { return };
        let actor = if self.one_in(2) { "Alice" } else { "Bob" };
        let version = self.session.log().version(&command.stream);
        let key = (actor, command.stream.clone());
        let id = self.next_id();
        let mut ask = Ask::new(id, actor.into(), command);
        ask.retry = self.one_in(6);
        ask.expected = match self.below(12) {
            // What they loaded a while ago, or load now and will think about.
            0..=2 => Some(Expected::Exact(*self.held.entry(key).or_insert(version))),
            3 => {
                self.held.insert(key, version);
                Some(Expected::Exact(version))
            }
            4 => Some(Expected::Exact(version + 1)),
            5 => Some(Expected::Exists),
            6 => {
                ask.seen = self.held.get(&key).copied();
                Some(Expected::Any)
            }
            _ => None,
        };
        self.submit(ask);
    }

    fn send_again(&mut self) {
        let journal = self.session.world().journal();
        let (len, id) = (journal.len(), self.next_id());
        let at = self.below(len);
        let choices = [Choice::Same, Choice::Same, Choice::Anew, Choice::Reload, Choice::Force];
        let choice = choices[self.below(choices.len())];
        let journal = self.session.world().journal();
        let command = journal.get(at).map(|entry| entry.envelope.command_id);
        let ask = command.and_then(|command| self.session.world().again(command, choice, id));
        if let Some(ask) = ask {
            self.submit(ask);
        }
    }

    /// Events are appended a second time, in any order, past their aggregates.
    fn append(&mut self) {
        let mut events = Vec::new();
        for _ in 0..=self.below(3) {
            let position = self.any_position();
            events.extend(self.session.log().event(position).map(|event| Draft {
                stream: event.stream().clone(),
                kind: event.kind().clone(),
                schema: event.schema(),
                body: event.body().clone(),
                stored: event.stored().cloned().map(Rc::new),
                at: None,
            }));
        }
        let (id, react) = (self.next_id(), !self.one_in(4));
        if !react {
            let processes = self.scenario.processes.iter().map(|it| it.name());
            self.deaf.extend(processes);
        }
        self.note(|| format!("# somebody appends {} events, react: {react}", events.len()));
        let bulk = Bulk { id, actor: "Mallory".into(), origin: Origin::Forced, events, react };
        self.session.world_mut().submit_bulk(bulk);
    }

    fn any_name(&mut self) -> Option<Rc<str>> {
        let names = self.names();
        names.get(self.below(names.len())).cloned()
    }

    fn control(&mut self, name: &Rc<str>, control: Control) {
        let done = self.session.world_mut().control(name, control);
        if done.is_ok() {
            self.note(|| format!("# {name}: {control:?}"));
            if matches!(control, Control::Rewind(_) | Control::Redeliver(_)) {
                self.off.remove(name);
            }
        }
    }

    fn disturb(&mut self) {
        // Processes have the most to lose.
        let processes = &self.scenario.processes;
        let process = processes.first().map(|it| it.name()).filter(|_| self.rng.bool());
        let Some(name) = process.or_else(|| self.any_name()) else { return };
        let control = match self.below(16) {
            0..=1 => Control::Pause(true),
            2..=3 => Control::Pause(false),
            4 => Control::Step,
            5 => Control::Delay(self.rng.u64(..4)),
            // Whoever plants a bug here thinks that deduplication is on.
            6 if self.bug != Some(Bug::NoDeduplication) => Control::Deduplicate(self.one_in(2)),
            7 => Control::Synchronous(self.one_in(2)),
            8 => Control::Rewind(self.any_position()),
            9 => Control::Redeliver(self.any_position()),
            _ => {
                let (fault, _) = Fault::ALL[self.below(Fault::ALL.len())];
                Control::Fault(Some(fault))
            }
        };
        self.control(&name, control);
    }

    fn rebuild(&mut self) {
        let Some(name) = self.any_name() else { return };
        let codes = self.session.world().codes(&name);
        let it = self.session.world().subscription(&name);
        let Some((kind, code)) = it.map(|it| (it.kind(), it.code())) else { return };
        // A process in another version has not asked for what that would have asked for.
        let code = match kind {
            Kind::Projection => codes[self.below(codes.len())],
            Kind::Process => code,
        };
        self.note(|| format!("# {name} is rebuilt in version {code}"));
        self.session.world_mut().rebuild(&name, code);
        self.off.remove(&name);
    }

    fn load_otherwise(&mut self) {
        let loading = match self.below(4) {
            0 => Loading::Memory,
            1 => Loading::Events,
            _ => Loading::Snapshots(self.rng.u64(1..5)),
        };
        self.session.world_mut().load_by(loading);
        let streams: Vec<Stream> =
            self.session.world().snapshots().map(|(stream, _)| stream.clone()).collect();
        for stream in streams {
            match self.below(4) {
                0 => _ = self.session.world_mut().damage_snapshot(&stream),
                1 => _ = self.session.world_mut().outdate_snapshot(&stream),
                _ => {}
            }
        }
    }

    /// The browser is killed and comes back to what is stored.
    fn kill(&mut self) {
        self.note(|| "# the browser is killed, and comes back".to_owned());
        let Disk { commits, keeps, .. } = self.disk.clone();
        if let Ok(world) = World::open(&self.scenario, commits, keeps) {
            self.session = Session::new(world);
        }
        self.off.clear();
        self.asked.clear();
        self.unsent = false;
        self.plant();
    }

    /// A new log with the past kept; the run goes on in one of the two.
    fn fork(&mut self) -> Held {
        let position = self.any_position();
        self.note(|| format!("# a fork from {position}"));
        let commits = self.session.commits(position);
        let keeps = self.session.world().kept_up_to(position);
        let mut world = World::new(&self.scenario);
        let mut disk = Disk { keeps: keeps.clone(), ..Disk::default() };
        for commit in commits {
            disk.append(&commit, true);
            world.learned(commit);
        }
        for keep in keeps {
            world.recall(keep);
        }
        let fork = Session::new(world);
        invariants::a_fork_shares_its_past(self.session.log(), fork.log(), position)?;
        if self.one_in(2) {
            return Ok(());
        }
        (self.session, self.disk) = (fork, disk);
        self.off.clear();
        self.asked.clear();
        self.unsent = false;
        self.plant();
        self.settle()
    }

    /// A few micro-steps, so that what comes next finds everything half done.
    fn some_steps(&mut self) -> Held {
        for _ in 0..self.below(12) {
            if !self.step()? {
                break;
            }
        }
        Ok(())
    }

    /// Runs until all is quiet.
    pub fn settle(&mut self) -> Held {
        let mut steps = 0_u32;
        while self.step()? {
            steps += 1;
            if steps > 20_000 {
                return Err(Broken::new("every_run_comes_to_rest", "it goes on and on"));
            }
        }
        Ok(())
    }

    /// One micro-step, with what the store has to do for it. False where all is quiet.
    fn step(&mut self) -> Result<bool, Broken> {
        let did = self.session.step(self.now);
        self.disk.keeps.extend(self.session.world_mut().take_keeps());
        if let Some(did) = did {
            self.did(&did)?;
            return Ok(true);
        }
        let Some(commit) = self.session.world().pending().cloned() else { return Ok(false) };
        let rival = if self.one_in(12) { self.rival(&commit) } else { None };
        let early = self.one_in(2) && self.bug != Some(Bug::NoVersionCheck);
        let answer = if self.one_in(40) {
            Answer::Failed("the disk is full".to_owned())
        } else {
            self.disk.append(&commit, self.bug != Some(Bug::NoVersionCheck))
        };
        self.note(|| format!("# the store says {answer:?}"));
        if let (true, Some(rival)) = (early, &rival) {
            self.learned(rival.clone());
        }
        self.session.world_mut().answer(answer);
        if let (false, Some(rival)) = (early, rival) {
            let did = self.session.step(self.now);
            did.iter().try_for_each(|did| self.did(did))?;
            self.learned(rival);
        }
        Ok(true)
    }

    fn learned(&mut self, commit: Commit) {
        self.note(|| format!("# another tab has written {:?}", commit.events));
        self.session.learned(commit);
    }

    /// Another tab writes to the same stream, and is first.
    fn rival(&mut self, commit: &Commit) -> Option<Commit> {
        let stream = commit.events.first()?.stream().clone();
        let mut command = self.any_command()?;
        if command.stream.category() != stream.category() {
            return None;
        }
        command.stream = stream;
        let log = self.session.log();
        let mut handler = self.scenario.aggregate_of(command.stream.category())?.handler();
        handler.load(&command.stream, log.version(&command.stream), log);
        let events = handler.decide(&command).ok().filter(|events| !events.is_empty())?;
        let id = self.next_id();
        let mut envelope = Envelope::first(id, "Carol".into(), self.now);
        envelope.command = Some(command);
        let proposal = Proposal { envelope, expected: None, events };
        let rival = self.session.log().propose(proposal).ok()?;
        self.disk.append(&rival, true);
        Some(rival)
    }

    /// Takes note of a step.
    fn did(&mut self, did: &Did) -> Held {
        self.note(|| did.to_string());
        self.digest.line(&serde_json::to_string(did).unwrap_or_default());
        match did {
            Did::Dropped { to, .. } => {
                self.off.insert(to.clone());
                self.deaf.insert(to.clone());
            }
            Did::Delivered { to, position, again, .. } => {
                let it = self.session.world().subscription(to);
                if it.is_some_and(|it| *position > it.checkpoint() + 1) {
                    // It overtakes another: not every read model comes to the same from that, and
                    // not every process passes through the same states.
                    self.off.insert(to.clone());
                    self.deaf.insert(to.clone());
                }
                if *again && self.bug != Some(Bug::NoDeduplication) {
                    self.off.insert(to.clone());
                }
            }
            Did::Failed { .. } => self.unsent = true,
            _ => {}
        }
        invariants::after_every_step(self, did)
    }
}
