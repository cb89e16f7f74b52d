//! Random histories of any scenario, made of what its forms offer and its story tells: no
//! scenario is named here, so a new one is covered by being registered.

use std::any::Any;
use std::env;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use leftfold::es::{AnyRunner, StoredEvent};
use leftfold::es::{
    CommandRecord, Draft, EventLog, Expected, Origin, Recorded, Scenario, StoredCommit, Stream,
    View, command_id, read_event,
};
use leftfold::lab::{
    Answer, Ask, Bulk, CommandForm, Did, Effect, Keep, Kind, Session, Status, World,
};
use leftfold::scenarios::all as scenarios;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::pool::Pool;

/// How many random histories each law sees of each scenario. `PROPTEST_CASES` overrules it, and
/// `PROPTEST_RNG_SEED` asks for others.
const CASES: u32 = 16;

/// Holds a law against random histories of every scenario, each with something random beside it.
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

/// Holds a law against the told story of every scenario.
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

/// Something that is done.
#[derive(Clone, Debug)]
pub enum Op {
    /// The story's next step is told.
    Tell,
    /// A form is filled in and sent, sometimes with a belief about the stream.
    Send { form: Index, stream: Index, inputs: Vec<Index>, expected: Index, later: i64 },
    /// Events are appended a second time, in any order, past their aggregates.
    Copy { events: Vec<Index> },
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
    prop_oneof![8 => Just(Op::Tell), 12 => send, 1 => copy]
}

/// A running session, and everything that its store was given, in order.
pub struct Run {
    pub session: Session,
    /// JSON text, a line each.
    pub disk: Vec<String>,
    pub trace: Vec<Did>,
    pub bulks: Vec<Bulk>,
    pub now: u64,
    pool: Pool,
    told: usize,
    sent: u64,
}

/// What a store is given.
#[derive(Serialize, Deserialize)]
pub enum Write {
    Commit(StoredCommit),
    Keep(Keep),
}

impl Run {
    pub fn new(scenario: &Rc<Scenario>) -> Self {
        Self::of(Session::new(World::new(scenario)))
    }

    /// Goes on with a session.
    pub fn of(session: Session) -> Self {
        Self {
            pool: Pool::of(session.scenario()),
            now: session.scenario().story.first().map_or(0, |step| step.at),
            session,
            disk: Vec::new(),
            trace: Vec::new(),
            bulks: Vec::new(),
            told: 0,
            sent: 0,
        }
    }

    /// Opens what the first `writes` writes left behind, as after a killed browser.
    pub fn reopened(&self, writes: usize) -> Self {
        let mut run = Self::of(Session::new(open(self.session.scenario(), &self.disk[..writes])));
        run.disk = self.disk[..writes].to_vec();
        run.now = self.now;
        run
    }

    /// Runs until all is quiet, with a store that keeps everything; the steps that took.
    pub fn settle(&mut self) -> Vec<Did> {
        let before = self.trace.len();
        loop {
            if let Some(did) = self.session.step(self.now) {
                self.trace.push(did);
            } else if let Some(commit) = self.session.world().pending().map(StoredCommit::from) {
                self.disk.push(json(&Write::Commit(commit)));
                self.session.world_mut().answer(Answer::Stored);
            } else {
                return self.trace[before..].to_vec();
            }
            let keeps = self.session.world_mut().take_keeps();
            self.disk.extend(keeps.into_iter().map(|keep| json(&Write::Keep(keep))));
        }
    }

    /// Does something, and all that follows from it.
    pub fn play(&mut self, op: &Op) {
        match op {
            Op::Tell => {
                if let Some(step) = self.session.tell(self.told) {
                    self.told += 1;
                    self.now = step.at;
                }
            }
            Op::Send { form, stream, inputs, expected, later } => {
                self.now = self.now.saturating_add_signed(*later);
                let forms = &self.pool.forms;
                if forms.is_empty() {
                    return;
                }
                let form = form.get(forms);
                let ids = self.pool.ids(&form.aggregate, self.session.log());
                let id: &Rc<str> = stream.get(&ids);
                let stream = Stream::new(&form.aggregate, id);
                let Some(command) = self.fill_in(form, stream, inputs) else {
                    return;
                };
                let version = self.session.log().version(&command.stream);
                let expected = match expected.index(12) {
                    0 => Some(Expected::Exact(version)),
                    1 => Some(Expected::Exact(version.saturating_sub(1))),
                    2 => Some(Expected::Exact(version + 1)),
                    3 => Some(Expected::Exists),
                    4 => Some(Expected::Any),
                    _ => None,
                };
                self.send(command, expected);
            }
            Op::Copy { events } => {
                let events = events.iter().filter_map(|event| self.any_event(*event).map(copy));
                let events: Vec<Draft> = events.collect();
                let (id, actor) = (self.next_id(), "Mallory".into());
                let bulk = Bulk { id, actor, origin: Origin::Forced, events, react: true };
                self.bulks.push(bulk.clone());
                self.session.world_mut().submit_bulk(bulk);
            }
        }
        self.settle();
    }

    pub fn play_all(&mut self, ops: &[Op]) {
        for op in ops {
            self.play(op);
        }
    }

    /// Sends a command, and does nothing about it yet.
    pub fn send(&mut self, command: CommandRecord, expected: Option<Expected>) {
        let id = self.next_id();
        self.session.world_mut().submit(Ask { expected, ..Ask::new(id, "Trudy".into(), command) });
    }

    fn next_id(&mut self) -> Uuid {
        self.sent += 1;
        command_id("laws", self.sent)
    }

    /// The event of an index; none in an empty log.
    pub fn any_event(&self, index: Index) -> Option<&Recorded> {
        let head = usize::try_from(self.session.head()).unwrap();
        (head > 0).then(|| self.session.log().event(index.index(head) as u64 + 1)).flatten()
    }

    /// The position of an index, from 0 to the head.
    pub fn any_position(&self, index: Index) -> u64 {
        index.index(usize::try_from(self.session.head()).unwrap() + 1) as u64
    }

    /// The commits that the store was given.
    pub fn commits(&self) -> Vec<StoredCommit> {
        let writes = self.disk.iter().map(|line| serde_json::from_str(line).unwrap());
        let commit = |write| match write {
            Write::Commit(commit) => Some(commit),
            Write::Keep(_) => None,
        };
        writes.filter_map(commit).collect()
    }

    fn fill_in(
        &self,
        form: &CommandForm,
        stream: Stream,
        inputs: &[Index],
    ) -> Option<CommandRecord> {
        let mut inputs = inputs.iter().cycle();
        let pick = |choices| inputs.next().map_or(0, |index| index.index(choices));
        self.pool.fill_in(form, stream, self.session.log(), pick)
    }

    /// Commands as a person would send them, one a form.
    pub fn commands(&self, inputs: &[Index]) -> Vec<CommandRecord> {
        let log = self.session.log();
        let command = |form: &CommandForm| {
            let ids = self.pool.ids(&form.aggregate, log);
            let id: &Rc<str> = inputs[0].get(&ids);
            let stream = Stream::new(&form.aggregate, id);
            self.fill_in(form, stream, &inputs[1..])
        };
        self.pool.forms.iter().filter_map(command).collect()
    }

    /// A panic's sentence, with what was done before it.
    fn told_by(&self, panic: &(dyn Any + Send)) -> String {
        let sentence = panic.downcast_ref::<String>().cloned();
        let steps: Vec<String> = self.trace.iter().map(ToString::to_string).collect();
        format!("{}\nafter:\n{}\n", sentence.unwrap_or_default(), steps.join("\n"))
    }

    /// The names of everything that runs.
    pub fn names(&self) -> Vec<(Rc<str>, Kind)> {
        let all = self.session.world().subscriptions().iter();
        all.map(|it| (it.name().clone(), it.kind())).collect()
    }

    /// The log's streams.
    pub fn streams(&self) -> Vec<Stream> {
        self.session.log().streams().map(|(stream, _)| stream.clone()).collect()
    }

    /// Everything that the log says and that is folded from it at the playhead, a line each.
    pub fn portrait(&mut self) -> Vec<String> {
        let mut lines = written(self.session.log());
        for stream in self.streams() {
            let state = self.session.state(&stream);
            lines.push(state.map_or_else(String::new, |it| format!("{stream} {}", it.now)));
        }
        for (name, _) in self.names() {
            let panel = self.session.panel(&name).unwrap();
            lines.push(format!("{name} {} {}", panel.checkpoint, json(&panel.now)));
        }
        lines
    }

    /// What is beside the log, a line each: the journal, then the effects that were performed.
    pub fn records(&self) -> Vec<String> {
        let world = self.session.world();
        // The store keeps effects by their ids, and none that was held back.
        let performed = world.outbox().iter().filter(|it| is_performed(it));
        let mut effects: Vec<String> = performed.map(json).collect();
        effects.sort();
        world.journal().iter().map(json).chain(effects).collect()
    }
}

pub fn is_performed(effect: &Effect) -> bool {
    effect.status == Status::Performed
}

/// A world from JSON text.
pub fn open(scenario: &Rc<Scenario>, disk: &[String]) -> World {
    let (mut commits, mut keeps) = (Vec::new(), Vec::new());
    for line in disk {
        match serde_json::from_str(line).unwrap() {
            Write::Commit(commit) => commits.push(commit),
            Write::Keep(keep) => keeps.push(keep),
        }
    }
    World::open(scenario, commits, keeps).unwrap()
}

/// An event on its way into a log once more.
pub fn copy(event: &Recorded) -> Draft {
    Draft {
        stream: event.stream().clone(),
        kind: event.kind().clone(),
        schema: event.schema(),
        body: event.body().clone(),
        stored: event.stored().cloned().map(Rc::new),
        at: None,
    }
}

/// An event with every number and text of it replaced by an extreme one.
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

/// The log as it would be stored, with every event's place and id, a line each.
pub fn written(log: &EventLog) -> Vec<String> {
    let line = |event: &Recorded| {
        let (place, id) = (event.position(), event.id());
        format!("{place} {id} {} {}", json(&StoredEvent::from(event)), json(&**event.envelope()))
    };
    log.events(1, log.head()).map(line).collect()
}

/// The plain fold of the events up to `position`, in one version of the code.
pub fn folded(scenario: &Scenario, (name, code): (&str, u16), log: &EventLog, to: u64) -> View {
    let mut runner = fresh(scenario, name, code);
    log.events(1, to).for_each(|event| runner.apply(event));
    runner.view()
}

/// A fresh instance of a projection or process.
pub fn fresh(scenario: &Scenario, name: &str, code: u16) -> Box<dyn AnyRunner> {
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
