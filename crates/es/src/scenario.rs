//! A domain as a value: its aggregates, read models and processes, and a story to tell.

use std::rc::Rc;

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    Aggregate, AnyAggregate, AnyProcess, AnyProjection, Check, CommandRecord, Of, Origin,
    ProcessManager, Projection, Stream, tagged,
};

const MINUTE_MILLIS: u64 = 60_000;

/// A small system that can be run.
#[derive(Clone, Default)]
pub struct Scenario {
    /// Its name in addresses.
    pub id: Rc<str>,
    /// Its title.
    pub title: Rc<str>,
    /// What it teaches, in a sentence.
    pub about: Rc<str>,
    /// What takes commands.
    pub aggregates: Vec<Rc<dyn AnyAggregate>>,
    /// What is read. Several of one name are versions of one projection's code.
    pub projections: Vec<Rc<dyn AnyProjection>>,
    /// What reacts. Several of one name are versions of one process's code.
    pub processes: Vec<Rc<dyn AnyProcess>>,
    /// What should hold at every position.
    pub checks: Vec<Check>,
    /// A story, from the first command to the last.
    pub story: Vec<Step>,
}

/// A step of a story: a sentence, what is done, and what to look at.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happens, in a sentence.
    pub say: Rc<str>,
    /// Who does it.
    pub actor: Rc<str>,
    /// When, in milliseconds since 1970; 0 stands for a minute after the step before.
    pub at: u64,
    /// What is done, all of it before anything that follows from it.
    pub acts: Vec<Act>,
    /// The panels that the step is about, in the order in which one looks at them: first what
    /// changes, then what to compare it with. Each name is a stream (`cart-1`), the title of a
    /// projection or process (`Best sellers`), or one of the parts that every system has: `Log`,
    /// `Journal`, `Outbox` and `Commands`. Empty where the story doesn't say.
    pub show: Vec<Rc<str>>,
    /// The ids of its commands are derived from this. Without it, they are derived from the
    /// scenario's id and the step's number.
    pub key: Option<Rc<str>>,
}

/// One thing that is done in a story.
#[derive(Clone, Debug)]
pub enum Act {
    /// A command is sent.
    Send(CommandRecord),
    /// An event is appended past its aggregate.
    Append(Fact),
}

/// An event to append past its aggregate, as it would be stored.
#[derive(Clone, Debug)]
pub struct Fact {
    /// How it is marked.
    pub origin: Origin,
    /// Where it goes.
    pub stream: Stream,
    /// Its type.
    pub kind: Rc<str>,
    /// The schema of its data.
    pub schema: u16,
    /// Its data, as JSON text.
    pub data: Box<RawValue>,
}

impl Scenario {
    /// A scenario with nothing in it yet.
    pub fn new(id: &str, title: &str, about: &str) -> Self {
        Self { id: id.into(), title: title.into(), about: about.into(), ..Self::default() }
    }

    /// Adds an aggregate.
    pub fn aggregate<A: Aggregate>(mut self) -> Self {
        self.aggregates.push(Rc::new(Of::<A>::default()));
        self
    }

    /// Adds a projection.
    pub fn projection<P: Projection>(mut self) -> Self {
        self.projections.push(Rc::new(Of::<P>::default()));
        self
    }

    /// Adds a process manager.
    pub fn process<P: ProcessManager>(mut self) -> Self {
        self.processes.push(Rc::new(Of::<P>::default()));
        self
    }

    /// Adds something that should always hold.
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// Tells the story, which begins at `start`, in milliseconds since 1970.
    pub fn story(mut self, start: u64, steps: impl IntoIterator<Item = Step>) -> Self {
        let mut at = start;
        self.story = steps.into_iter().collect();
        for (index, step) in self.story.iter_mut().enumerate() {
            if step.at > 0 {
                at = step.at;
            } else if index > 0 {
                at += MINUTE_MILLIS;
            }
            step.at = at;
        }
        self
    }

    /// The aggregate whose streams are of `category`.
    pub fn aggregate_of(&self, category: &str) -> Option<&Rc<dyn AnyAggregate>> {
        self.aggregates.iter().find(|aggregate| aggregate.takes(category))
    }
}

impl Step {
    /// Alice sends a command to the `A` called `id`.
    pub fn new<A: Aggregate>(say: &str, id: &str, command: &A::Command) -> Self {
        Self::of(say, None).and::<A>(id, command)
    }

    /// Somebody writes an event behind the back of the `A` called `id`.
    pub fn behind<A: Aggregate>(say: &str, id: &str, event: &A::Event) -> Self {
        let (stream, schema) = (Stream::new(A::NAME, id), A::SCHEMA);
        let fact = tagged::split(event).ok().map(|(kind, data)| Fact {
            origin: Origin::Forced,
            stream,
            kind: kind.into(),
            schema,
            data,
        });
        Self::of(say, fact)
    }

    /// An event of the `A` called `id` is brought along from elsewhere, stored under `schema`.
    pub fn imported<A: Aggregate>(
        say: &str,
        id: &str,
        kind: &str,
        schema: u16,
        data: &Value,
    ) -> Self {
        let stream = Stream::new(A::NAME, id);
        let fact = to_raw_value(data).ok().map(|data| Fact {
            origin: Origin::Import,
            stream,
            kind: kind.into(),
            schema,
            data,
        });
        Self::of(say, fact)
    }

    /// Another command in the same moment, before anything follows from the first.
    pub fn and<A: Aggregate>(mut self, id: &str, command: &A::Command) -> Self {
        let sent = tagged::split(command).ok().map(|(kind, data)| CommandRecord {
            stream: Stream::new(A::NAME, id),
            kind: kind.into(),
            data,
        });
        self.acts.extend(sent.map(Act::Send));
        self
    }

    /// Somebody else does it.
    pub fn by(mut self, actor: &str) -> Self {
        self.actor = actor.into();
        self
    }

    /// It happens at this time, in milliseconds since 1970.
    pub fn at(mut self, millis: u64) -> Self {
        self.at = millis;
        self
    }

    /// It is about these panels; [`Step::show`] says how they are named, and in which order.
    pub fn show<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.show = names.into_iter().map(Rc::from).collect();
        self
    }

    fn of(say: &str, fact: Option<Fact>) -> Self {
        let acts = fact.map(Act::Append).into_iter().collect();
        Self { say: say.into(), actor: "Alice".into(), at: 0, acts, show: Vec::new(), key: None }
    }
}
