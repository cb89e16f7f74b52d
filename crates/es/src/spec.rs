//! Given these events, when this command is sent, then these events are decided: how decisions are
//! tested, in the types of their domain. Read models and processes are tested on a [`past`], which
//! is told event by event.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;
use uuid::Uuid;

use super::{
    Aggregate, Cell, Draft, Envelope, EventLog, History, ProcessManager, Projection, Proposal,
    Reaction, Recorded, Stream, View, command_id,
};

/// What has happened so far to one aggregate.
pub struct Given<A>(A);

/// What was decided.
pub struct Outcome<A: Aggregate> {
    before: A,
    decided: Result<Vec<A::Event>, A::Rejection>,
}

/// Starts a specification.
pub fn given<A: Aggregate>(history: impl IntoIterator<Item = A::Event>) -> Given<A> {
    Given(history.into_iter().fold(A::default(), |state, event| state.evolve(&event)))
}

impl<A: Aggregate> Given<A> {
    /// Sends a command.
    pub fn when(self, command: A::Command) -> Outcome<A> {
        Outcome { decided: self.0.decide(command), before: self.0 }
    }

    /// Sends a command to the instance called `id`.
    pub fn when_as(self, id: &str, command: A::Command) -> Outcome<A> {
        Outcome { decided: self.0.decide_as(id, command), before: self.0 }
    }

    /// Compares the state that the history folds into.
    ///
    /// # Panics
    /// Where the states differ.
    #[track_caller]
    pub fn is(self, state: &A) {
        assert_eq!(&self.0, state);
    }
}

impl<A: Aggregate> Outcome<A> {
    /// Accepted, with exactly these events. Returns the state after them.
    ///
    /// # Panics
    /// Where the command was refused, or other events were decided.
    #[track_caller]
    pub fn then(self, events: impl IntoIterator<Item = A::Event>) -> A {
        let expected: Vec<A::Event> = events.into_iter().collect();
        match self.decided {
            Ok(decided) => {
                assert_eq!(decided, expected);
                decided.iter().fold(self.before, A::evolve)
            }
            Err(refusal) => panic!("refused, because {refusal}; expected {expected:?}"),
        }
    }

    /// Refused, with this sentence.
    ///
    /// # Panics
    /// Where it was accepted, or refused for another reason.
    #[track_caller]
    pub fn refused(self, sentence: &str) {
        match self.decided {
            Ok(events) => panic!("accepted with {events:?}; expected a refusal: {sentence}"),
            Err(refusal) => assert_eq!(refusal.to_string(), sentence),
        }
    }
}

/// What has happened to any number of aggregates: a log for read models to fold.
#[derive(Default)]
pub struct Past {
    log: EventLog,
    actor: Option<Rc<str>>,
    at: u64,
    answers: Option<Uuid>,
}

/// Starts a past in which nothing has happened yet.
pub fn past() -> Past {
    Past::default()
}

impl Past {
    /// One more event, of the `A` called `id`. Alice's doing, unless somebody else is named.
    pub fn and<A: Aggregate>(mut self, id: &str, event: A::Event) -> Self {
        let command = command_id("past", self.log.head() + 1);
        let actor = self.actor.clone().unwrap_or_else(|| "Alice".into());
        let mut envelope = Envelope::first(command, actor, self.at);
        envelope.causation_id = self.answers.take().unwrap_or(command);
        let events = vec![Draft::of::<A>(Stream::new(A::NAME, id), event)];
        if let Ok(commit) = self.log.propose(Proposal { envelope, expected: None, events }) {
            self.log.learn(commit);
        }
        self
    }

    /// Somebody else acts, from here on.
    pub fn by(mut self, actor: &str) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// It is this time, in milliseconds since 1970, from here on.
    pub fn at(mut self, millis: u64) -> Self {
        self.at = millis;
        self
    }

    /// The next event's command answers the event at `position`.
    pub fn answering(mut self, position: u64) -> Self {
        self.answers = self.log.event(position).map(Recorded::id);
        self
    }

    /// The log.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// What `P` shows by now, as JSON.
    pub fn shows<P: Projection>(&self) -> Value {
        serde_json::to_value(self.view::<P>()).unwrap_or_default()
    }

    /// The rows of the table that `P` shows by now, a line each: `1 | apples | 2`.
    ///
    /// # Panics
    /// Where `P` shows something else.
    #[track_caller]
    pub fn rows<P: Projection>(&self) -> Vec<String> {
        let View::Table(table) = self.view::<P>() else { panic!("{} is no table", P::NAME) };
        table
            .rows
            .iter()
            .map(|row| row.cells.iter().map(text).collect::<Vec<_>>().join(" | "))
            .collect()
    }

    /// What `P` has asked for so far, each once: `1/welcome: mail {"to":"…"}`. What is due later ends
    /// in its time: ` at 86400000`.
    pub fn asked<P: ProcessManager>(&self) -> Vec<String> {
        let (mut process, mut seen, mut asked) = (P::default(), BTreeSet::new(), Vec::new());
        self.log.walk(0, self.log.len(), |event| {
            process.apply(event);
            let due = process.react(event).into_iter();
            asked.extend(due.filter(|it| seen.insert(it.id(P::NAME))).map(|it| match it {
                Reaction::Command { instance, step, stream, kind, data, due } => {
                    let at = due.map(|at| format!(" at {at}")).unwrap_or_default();
                    format!("{instance}/{step}: {kind} {data} to {stream}{at}")
                }
                Reaction::Effect { instance, step, kind, data } => {
                    format!("{instance}/{step}: {kind} {data}")
                }
            }));
        });
        asked
    }

    fn view<P: Projection>(&self) -> View {
        let mut model = P::default();
        self.log.walk(0, self.log.len(), |event| model.apply(event));
        model.view()
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Money(cents) => cents.to_string(),
        Cell::Flag(true) => "yes".to_owned(),
        Cell::Flag(false) => "no".to_owned(),
    }
}
