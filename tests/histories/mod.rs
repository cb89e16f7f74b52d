//! Random histories of any scenario, made from its forms and its story. No scenario is named here,
//! so a new one is covered once it is registered.

use std::any::Any;
use std::cell::Ref;
use std::env;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use crate::twin::with_twins as scenarios;
use leftfold::codec::archive::{Format, Import};
use leftfold::es::{
    AnyRunner, CommandRecord, Draft, EventLog, Expected, Recorded, Scenario, StoredCommit,
    StoredEvent, Stream, View, command_id, read_event,
};
use leftfold::host::{
    Answered, Clock, ClockMove, JsonText, OpenLog, Request, SubscriptionChange, ViewpointMut,
    decode_side_records,
};
use leftfold::lab::{
    Control, Effect, EffectStatus, Form, MicroStep, SideRecord, Submission, Subscription,
    SubscriptionKind, Viewpoint, instance_of,
};
use leftfold::store::{LogInfo, SideRecords};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::pool::Pool;
pub use crate::surroundings::StoredWrite;
use crate::surroundings::{KeptKeys, SimulatedBrowser, StoreHandle, at_once};

/// How many random histories of each scenario each law is checked against. `PROPTEST_CASES` sets
/// another number, and `PROPTEST_RNG_SEED` other histories.
const CASES: u32 = 16;

/// Checks a law against random histories of every scenario. `beside` draws another random value for
/// each history.
pub fn check<T: Debug>(beside: impl Strategy<Value = T> + Clone, law: impl Fn(&mut Run, T)) {
    for scenario in scenarios() {
        let mut config = Config { failure_persistence: None, ..Config::default() };
        if env::var_os("PROPTEST_CASES").is_none() {
            config.cases = CASES;
        }
        if env::var_os("PROPTEST_RNG_SEED").is_none() {
            config.rng_seed = RngSeed::Fixed(1);
        }
        let histories = (vec(op(), 0..24), beside.clone());
        let result = TestRunner::new(config).run(&histories, |(ops, beside)| {
            let mut run = Run::new(&scenario);
            let held = catch_unwind(AssertUnwindSafe(|| {
                run.play_all(&ops);
                law(&mut run, beside);
            }));
            held.map_err(|panic| TestCaseError::fail(run.told_by(&*panic)))
        });
        if let Err(error) = result {
            panic!("{}: {error}", scenario.id);
        }
    }
}

/// Checks a law against the story of every scenario.
pub fn check_stories(law: impl Fn(&mut Run)) {
    for scenario in scenarios() {
        println!("{}", scenario.id);
        let mut run = Run::new(&scenario);
        for _ in 0..scenario.story.len() {
            run.play(&Op::Tell);
        }
        law(&mut run);
    }
}

/// A step of a random history.
#[derive(Clone, Debug)]
pub enum Op {
    /// The story's next step is told.
    Tell,
    /// A form is filled in and sent, sometimes with an expected version.
    Send { form: Index, stream: Index, inputs: Vec<Index>, expected: Index, later: i64 },
    /// Events are appended a second time, in any order, past their aggregates.
    Copy { events: Vec<Index> },
    /// The log's clock is moved forward: by so many minutes, or to the next deadline.
    Wait { minutes: u64, next: bool },
}

pub fn op() -> impl Strategy<Value = Op> + Clone {
    let inputs = vec(any::<Index>(), 6);
    // Clocks are set back at times.
    let send = (any::<Index>(), any::<Index>(), inputs, any::<Index>(), -60_000..90_000_i64);
    let send = send.prop_map(|(form, stream, inputs, expected, later)| Op::Send {
        form,
        stream,
        inputs,
        expected,
        later,
    });
    let copy = vec(any::<Index>(), 1..5).prop_map(|events| Op::Copy { events });
    let wait = (1..6_000_u64, any::<bool>());
    let wait = wait.prop_map(|(minutes, next)| Op::Wait { minutes, next });
    prop_oneof![8 => Just(Op::Tell), 12 => send, 1 => copy, 2 => wait]
}

/// The commits and the side records that these writes have left.
fn split(writes: impl Iterator<Item = StoredWrite>) -> (Vec<StoredCommit>, SideRecords) {
    let (mut commits, mut records) = (Vec::new(), SideRecords::new());
    for write in writes {
        match write {
            StoredWrite::Commit(commit) => commits.push(commit),
            StoredWrite::Record { shelf, key, text } => _ = records.insert((shelf, key), text),
        }
    }
    (commits, records)
}

/// An open log that is driven by a host.
pub struct Run {
    pub log: OpenLog,
    pub trace: Vec<MicroStep>,
    /// The id and the events of each bulk append.
    pub bulks: Vec<(Uuid, JsonText)>,
    browser: SimulatedBrowser,
    handle: StoreHandle,
    /// The writes before this tab was opened.
    before: Vec<StoredWrite>,
    pool: Pool,
    sent: u64,
}

impl Run {
    pub fn new(scenario: &Rc<Scenario>) -> Self {
        Self::open(scenario, [], &[], 0, &KeptKeys::default())
    }

    /// Opens a stored log in another browser, which has these keys. `now` is the time, in milliseconds
    /// since 1970; 0 stands for the beginning of the scenario's story.
    pub fn open(
        scenario: &Rc<Scenario>,
        commits: impl IntoIterator<Item = StoredCommit>,
        side_records: &[SideRecord],
        now: u64,
        keys: &KeptKeys,
    ) -> Self {
        let browser = SimulatedBrowser::new();
        browser.keys.replace(keys.borrow().clone());
        let start = scenario.story.first().map_or(0, |step| step.at);
        browser.clock.set(if now > 0 { now } else { start });
        let info = browser.keep(scenario, commits, side_records);
        Self::at(browser, scenario, info)
    }

    /// Opens a log that a browser keeps.
    fn at(browser: SimulatedBrowser, scenario: &Rc<Scenario>, info: LogInfo) -> Self {
        let (host, handle) = browser.tab(1);
        let of = scenario.clone();
        let opened = at_once(async move { host.open_with(&of, info, None).await }).unwrap();
        Self {
            log: opened.log,
            trace: opened.trace,
            bulks: Vec::new(),
            browser,
            handle,
            before: Vec::new(),
            pool: Pool::of(scenario),
            sent: 0,
        }
    }

    /// Opens the log that the first `writes` writes have left, as after a killed browser.
    pub fn reopened(&self, writes: usize) -> Self {
        let left: Vec<StoredWrite> = self.writes().into_iter().take(writes).collect();
        let mut run = Self::of_writes(&self.scenario(), &left, self.now(), self.keys());
        run.before = left;
        run
    }

    /// Opens the log that these writes have left.
    pub fn of_writes(
        scenario: &Rc<Scenario>,
        writes: &[StoredWrite],
        now: u64,
        keys: &KeptKeys,
    ) -> Self {
        let (commits, records) = split(writes.iter().cloned());
        Self::open(scenario, commits, &decode_side_records(&records), now, keys)
    }

    /// The keys that its browser keeps.
    pub fn keys(&self) -> &KeptKeys {
        &self.browser.keys
    }

    /// Opens what arrives of the log once it was exported and imported. With `writes`, only as much
    /// of it has left the browser before as these first writes have stored.
    pub fn imported(&self, writes: Option<usize>, format: Format) -> Self {
        let (browser, scenario) = (self.browser.clone(), self.scenario());
        let mut info = self.log.info();
        if let Some(writes) = writes {
            let (commits, records) = split(self.writes().into_iter().take(writes));
            info = browser.keep(&scenario, commits, &decode_side_records(&records));
        }
        let ((host, _), of) = (browser.tab(2), scenario.clone());
        let made = at_once(async move {
            let mut bytes = Vec::new();
            let mut sink = |piece: Option<&[u8]>, _| bytes.extend_from_slice(piece.unwrap());
            host.export(&info, Some(&of), format, None, &mut sink).await.unwrap();
            if bytes.is_empty() {
                bytes.extend(b"[]");
            }
            let mut import = Import::new();
            bytes.chunks(500).for_each(|piece| import.feed(piece));
            let archive = import.finish().unwrap();
            let (title, beside) = (info.title, SideRecords::new());
            host.import_new(&of, title, archive, beside, &mut || ()).await.unwrap()
        });
        assert!(!made.unsaid, "an archive of ours says what is answered");
        let mut copy = Self::at(browser, &scenario, made.info);
        copy.sent = self.sent;
        copy
    }

    /// How all subscriptions are set up, how far they are, and how much they still wait for, each as
    /// a line.
    pub fn set_ups(&self) -> Vec<String> {
        let session = self.session();
        let all = session.world().subscriptions().iter();
        let line = |it: &Subscription| {
            let far = (it.checkpoint(), it.unanswered(), it.delay(), it.is_guarded());
            format!("{} {} {far:?}", it.name(), json(&it.set_up()))
        };
        all.map(line).collect()
    }

    pub fn now(&self) -> u64 {
        self.browser.clock.now()
    }

    pub fn scenario(&self) -> Rc<Scenario> {
        self.log.session().scenario().clone()
    }

    /// The viewpoint on the running system.
    pub fn session(&self) -> Ref<'_, Viewpoint> {
        self.log.session()
    }

    /// The viewpoint, whose playhead may move.
    pub fn viewpoint_mut(&self) -> ViewpointMut<'_> {
        self.log.viewpoint_mut()
    }

    /// Sends a request, and notes the micro-steps that it took.
    pub fn ask(&mut self, request: Request) -> Answered {
        let log = self.log.clone();
        let answered = at_once(async move { log.ask(request).await });
        self.trace.extend(answered.trace.clone());
        answered
    }

    /// Changes a projection or process.
    pub fn control(&mut self, name: &str, control: Control) {
        let request = Request::Subscription { name: name.to_owned(), how: control.into() };
        self.ask(request).result.unwrap();
    }

    /// Ends a projection, or starts it.
    pub fn running(&mut self, name: &str, running: bool) {
        let how = SubscriptionChange { running: Some(running), ..SubscriptionChange::default() };
        self.ask(Request::Subscription { name: name.to_owned(), how }).result.unwrap();
    }

    /// Runs until all is quiet. Returns the micro-steps.
    pub fn settle(&mut self) -> Vec<MicroStep> {
        self.ask(Request::Finish).trace
    }

    /// Plays a step, and runs until all is quiet.
    pub fn play(&mut self, op: &Op) {
        match op {
            Op::Tell => _ = self.ask(Request::Next),
            Op::Send { form, stream, inputs, expected, later } => {
                self.browser.clock.set(self.now().saturating_add_signed(*later));
                let Some((command, expected)) = self.filled_in(*form, *stream, inputs, *expected)
                else {
                    return;
                };
                self.send(command, expected);
            }
            Op::Copy { events } => {
                let rows = |event: &Recorded| {
                    let data: Value = serde_json::from_str(event.data().get()).unwrap();
                    json!({ "stream": event.stream(), "type": event.kind(), "data": data })
                };
                let rows: Vec<Value> = events
                    .iter()
                    .filter_map(|event| self.any_event(*event).map(|it| rows(&it)))
                    .collect();
                let events = JsonText(json(&rows));
                let id = self.next_id();
                if !rows.is_empty() {
                    self.bulks.push((id, events.clone()));
                }
                self.ask(Request::Append { events, react: true, forced: None, id: Some(id) });
            }
            Op::Wait { minutes, next } => {
                let by = ClockMove::Advance(minutes * 60_000);
                let how = if *next { ClockMove::Next } else { by };
                // Mostly nothing is waited for.
                _ = self.ask(Request::Clock(Some(how)));
            }
        }
        self.settle();
    }

    fn filled_in(
        &self,
        form: Index,
        stream: Index,
        inputs: &[Index],
        expected: Index,
    ) -> Option<(CommandRecord, Option<Expected>)> {
        if self.pool.forms.is_empty() {
            return None;
        }
        let form = form.get(&self.pool.forms);
        let ids = self.pool.ids(&form.aggregate, self.session().log());
        let id: &Rc<str> = stream.get(&ids);
        let command = self.fill_in(form, Stream::new(&form.aggregate, id), inputs)?;
        let version = self.session().log().version(&command.stream);
        let expected = match expected.index(12) {
            0 => Some(Expected::Exact(version)),
            1 => Some(Expected::Exact(version.saturating_sub(1))),
            2 => Some(Expected::Exact(version + 1)),
            3 => Some(Expected::Exists),
            4 => Some(Expected::Any),
            _ => None,
        };
        Some((command, expected))
    }

    pub fn play_all(&mut self, ops: &[Op]) {
        for op in ops {
            self.play(op);
        }
    }

    /// Queues a command without handling it.
    pub fn send(&mut self, command: CommandRecord, expected: Option<Expected>) {
        let id = self.next_id();
        let submission = Submission { expected, ..Submission::new(id, "Trudy".into(), command) };
        self.ask(Request::Submit(submission.into())).result.unwrap();
    }

    fn next_id(&mut self) -> Uuid {
        self.sent += 1;
        command_id("laws", self.sent)
    }

    /// The event that an index picks. None in an empty log.
    pub fn any_event(&self, index: Index) -> Option<Recorded> {
        let session = self.session();
        let head = usize::try_from(session.head()).unwrap();
        let position = (head > 0).then(|| index.index(head) as u64 + 1)?;
        session.log().event(position).cloned()
    }

    /// The position that an index picks, from 0 to the head.
    pub fn any_position(&self, index: Index) -> u64 {
        index.index(usize::try_from(self.session().head()).unwrap() + 1) as u64
    }

    /// All writes, in order.
    pub fn writes(&self) -> Vec<StoredWrite> {
        self.before.iter().cloned().chain(self.handle.written()).collect()
    }

    /// All writes, in order, each as a line of JSON text.
    pub fn disk(&self) -> Vec<String> {
        let line = |write: &StoredWrite| match write {
            StoredWrite::Commit(commit) => json(commit),
            StoredWrite::Record { shelf, key, text } => json(&(shelf, key, text)),
        };
        self.writes().iter().map(line).collect()
    }

    /// The commits among the writes.
    pub fn commits(&self) -> Vec<StoredCommit> {
        let commit = |write| match write {
            StoredWrite::Commit(commit) => Some(commit),
            StoredWrite::Record { .. } => None,
        };
        self.writes().into_iter().filter_map(commit).collect()
    }

    fn fill_in(&self, form: &Form, stream: Stream, inputs: &[Index]) -> Option<CommandRecord> {
        let mut inputs = inputs.iter().cycle();
        let pick = |choices| inputs.next().map_or(0, |index| index.index(choices));
        self.pool.fill_in(form, stream, self.session().log(), pick)
    }

    /// One command for each form, as a person would send it.
    pub fn commands(&self, inputs: &[Index]) -> Vec<CommandRecord> {
        let command = |form: &Form| {
            let ids = self.pool.ids(&form.aggregate, self.session().log());
            let id: &Rc<str> = inputs[0].get(&ids);
            let stream = Stream::new(&form.aggregate, id);
            self.fill_in(form, stream, &inputs[1..])
        };
        self.pool.forms.iter().filter_map(command).collect()
    }

    /// A panic's message, and the micro-steps before it.
    fn told_by(&self, panic: &(dyn Any + Send)) -> String {
        let sentence = panic.downcast_ref::<String>().cloned();
        let steps: Vec<String> = self.trace.iter().map(ToString::to_string).collect();
        format!("{}\nafter:\n{}\n", sentence.unwrap_or_default(), steps.join("\n"))
    }

    /// The names and kinds of all subscriptions.
    pub fn names(&self) -> Vec<(Rc<str>, SubscriptionKind)> {
        let session = self.session();
        let all = session.world().subscriptions().iter();
        all.map(|it| (it.name().clone(), it.kind())).collect()
    }

    /// The log's streams.
    pub fn streams(&self) -> Vec<Stream> {
        self.session().log().streams().map(|(stream, _)| stream.clone()).collect()
    }

    /// All events, and all states and views at the playhead, each as a line.
    pub fn portrait(&self) -> Vec<String> {
        let mut lines = written(self.session().log());
        for stream in self.streams() {
            let state = self.viewpoint_mut().state(&stream);
            lines.push(state.map_or_else(String::new, |it| format!("{stream} {}", it.now)));
        }
        for (name, _) in self.names() {
            let panel = self.viewpoint_mut().panel(&name).unwrap();
            lines.push(format!("{name} {} {}", panel.checkpoint, json(&panel.now)));
        }
        lines
    }

    /// The journal, and then the effects that were performed, each as a line.
    pub fn records(&self) -> Vec<String> {
        let session = self.session();
        let world = session.world();
        // The store sorts effects by their ids, and has none that was held back.
        let performed = world.outbox().iter().filter(|it| is_performed(it));
        let mut effects: Vec<String> = performed.map(json).collect();
        effects.sort();
        world.journal().iter().map(json).chain(effects).collect()
    }
}

pub fn is_performed(effect: &Effect) -> bool {
    effect.status == EffectStatus::Performed
}

/// A draft that appends an event a second time.
pub fn copy(event: &Recorded) -> Draft {
    Draft {
        stream: event.stream().clone(),
        kind: event.kind().clone(),
        schema: event.schema(),
        body: event.body().clone(),
        stored: event.stored().cloned().map(Rc::new),
        at: None,
        metadata: event.metadata().cloned(),
    }
}

/// A draft of an event in which every number or every text is an extreme one.
pub fn damaged(scenario: &Scenario, event: &Recorded, damage: Index) -> Draft {
    let extremes =
        [json!(i64::MAX), json!(i64::MIN), json!(u64::MAX), json!(0), json!(-1), json!("")];
    let stored = StoredEvent::from(event);
    let mut data: Value = serde_json::from_str(stored.data.get()).unwrap();
    replace(&mut data, damage.get(&extremes));
    let data = serde_json::value::to_raw_value(&data).unwrap();
    read_event(scenario, &stored.stream, &stored.kind, stored.schema, &data)
}

fn replace(value: &mut Value, by: &Value) {
    match value {
        Value::Number(_) if by.is_number() => *value = by.clone(),
        Value::String(_) if by.is_string() => *value = by.clone(),
        Value::Array(list) => list.iter_mut().for_each(|it| replace(it, by)),
        Value::Object(map) => map.values_mut().for_each(|it| replace(it, by)),
        _ => {}
    }
}

/// All events as they would be stored, each as a line with its position and id.
pub fn written(log: &EventLog) -> Vec<String> {
    let line = |event: &Recorded| {
        let (place, id) = (event.position(), event.id());
        format!("{place} {id} {} {}", json(&StoredEvent::from(event)), json(&**event.envelope()))
    };
    log.events(1, log.head()).map(line).collect()
}

/// Folds the events up to `to` without any shortcut, in one version of the code.
pub fn folded(scenario: &Scenario, (name, code): (&str, u16), log: &EventLog, to: u64) -> View {
    let mut runner = fresh(scenario, name, code);
    log.events(1, to).for_each(|event| runner.apply(&[event]).unwrap());
    runner.view()
}

/// A fresh instance of a projection or process.
pub fn fresh(scenario: &Scenario, name: &str, code: u16) -> Box<dyn AnyRunner> {
    let name = instance_of(name).0;
    let process = scenario.processes.iter().find(|it| &*it.name() == name && it.code() == code);
    let projections = &scenario.projections;
    let projection = projections.iter().find(|it| &*it.name() == name && it.code() == code);
    process.map(|it| it.manager()).or_else(|| projection.map(|it| it.runner())).unwrap()
}

pub fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}

/// Asserts that two lists of lines are the same bytes, and shows the first line that differs.
#[track_caller]
pub fn assert_same(what: &str, left: &[String], right: &[String]) {
    for (number, (left, right)) in left.iter().zip(right).enumerate() {
        assert_eq!(left, right, "{what}, line {number}");
    }
    assert_eq!(left.len(), right.len(), "{what}: {:?} {:?}", left.last(), right.last());
}
