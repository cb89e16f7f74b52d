//! Specifications: given these events, when this command is sent, then these events are decided, or
//! it is refused. They are made from decisions that stand in a log, edited as JSON, and run on the
//! aggregates of a scenario.

use std::fmt;
use std::fmt::Write as _;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::journal::{JournalEntry, Outcome};
use super::world::World;
use es::{
    CommandRecord, Envelope, EventLog, FoldError, History, Origin, Proposal, Recorded, Refusal,
    Scenario, Stream, command_id,
};

/// What an aggregate has to decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The scenario's id.
    pub scenario: Rc<str>,
    /// The stream, which says which aggregate decides, and its id.
    pub stream: Stream,
    /// What has happened in that stream before.
    pub given: Vec<Message>,
    /// The command.
    pub when: Message,
    /// What comes of it.
    pub then: Then,
}

/// An event or a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Rc<str>,
    /// Its data; `{}` where it is left out.
    #[serde(default = "nothing")]
    pub data: Value,
}

fn nothing() -> Value {
    json!({})
}

/// What comes of a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Then {
    /// It is accepted, and these events are decided.
    Events(Vec<Message>),
    /// It is refused, for this reason.
    Refused(Rc<str>),
}

/// A specification that was run.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    /// What should come of the command.
    pub expected: Then,
    /// What came of it.
    pub came: Then,
}

/// The decisions that stand in a stretch of the log, from position `from` to position `to`, both
/// among them: commands that their aggregate has accepted or refused. A command without events
/// belongs to the event before it.
pub fn decisions(world: &World, from: u64, to: u64) -> impl Iterator<Item = &JournalEntry> {
    world.journal().iter().filter(move |it| {
        let decided = match it.outcome {
            Outcome::Accepted => it.envelope.origin == Origin::Command,
            Outcome::Rejected => true,
            _ => false,
        };
        let last = if it.events.is_empty() { it.after } else { it.events.end - 1 };
        decided && it.envelope.command.is_some() && (from..=to).contains(&last)
    })
}

impl Spec {
    /// The specification that a decision is: what its stream had from position `from` on, the
    /// command, and what came of it. None where the entry is no decision.
    pub fn of(world: &World, entry: &JournalEntry, from: u64) -> Option<Self> {
        let CommandRecord { stream, kind, data } = entry.envelope.command.as_ref()?;
        let data = serde_json::from_str(data.get()).ok()?;
        let log = world.log();
        let before = if entry.events.is_empty() { entry.after } else { entry.events.start - 1 };
        let then = match &entry.outcome {
            Outcome::Accepted if entry.events.is_empty() => Then::Events(Vec::new()),
            Outcome::Accepted => {
                let decided = log.events(entry.events.start, entry.events.end - 1);
                Then::Events(decided.map(Message::of).collect())
            }
            Outcome::Rejected => Then::Refused(entry.reason.clone()?),
            _ => return None,
        };
        let (mut given, history) = (Vec::new(), log.stream(stream));
        history.batches(0, history.len(), |events| {
            let here = events.iter().filter(|it| (from..=before).contains(&it.position()));
            given.extend(here.map(|it| Message::of(it)));
        });
        let scenario = world.scenario().id.clone();
        let when = Message { kind: kind.clone(), data };
        Some(Self { scenario, stream: stream.clone(), given, when, then })
    }

    /// Reads a specification.
    ///
    /// # Errors
    /// A sentence, with the place of the fault.
    pub fn read(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text)
            .map_err(|it| format!("line {}, column {}: this is no JSON", it.line(), it.column()))?;
        serde_json::from_value(value).map_err(|_| {
            "this is no specification: it has scenario, stream, given, when, and then".to_owned()
        })
    }

    /// Runs it on the scenario's aggregates.
    ///
    /// # Errors
    /// A sentence: it makes no sense there, so that nothing can be decided.
    pub fn run(&self, scenario: &Scenario) -> Result<Ran, String> {
        if *self.scenario != *scenario.id {
            return Err(format!("this belongs to the scenario {}", self.scenario));
        }
        let category = self.stream.category();
        let Some(aggregate) = scenario.aggregate_of(category) else {
            return Err(format!("{} has no streams called {category}", scenario.title));
        };
        let mut events = Vec::new();
        for (index, it) in self.given.iter().enumerate() {
            let draft =
                aggregate.read(&self.stream, &it.kind, aggregate.schema(), &it.data.to_string());
            if let es::Body::Unreadable(it) = &draft.body {
                return Err(format!("event {} of what is given: {}", index + 1, it.why));
            }
            events.push(draft);
        }
        let mut log = EventLog::default();
        let mut append = |name, events| {
            let from = log.head() + 1;
            let envelope = Envelope::first(command_id(name, 0), "".into(), 0);
            if let Ok(commit) = log.propose(Proposal { envelope, expected: None, events }) {
                log.learn(commit);
            }
            log.events(from, log.head()).cloned().collect::<Vec<Recorded>>()
        };
        let mut instance = aggregate.instance();
        let given = append("given", events);
        instance.evolve(&given.iter().collect::<Vec<_>>()).map_err(|it| unfoldable(&it))?;
        let data = to_raw_value(&self.when.data).map_err(|it| it.to_string())?;
        let command =
            CommandRecord { stream: self.stream.clone(), kind: self.when.kind.clone(), data };
        let came = match instance.decide(&command) {
            Ok(decided) => Then::Events(append("then", decided).iter().map(Message::of).collect()),
            Err(Refusal::Rejected(why)) => Then::Refused(why.into()),
            Err(other) => return Err(other.to_string()),
        };
        Ok(Ran { expected: self.then.clone(), came })
    }

    /// It as JSON, an event a line.
    pub fn json(&self) -> String {
        let list = |messages: &[Message]| match messages {
            [] => "[]".to_owned(),
            messages => {
                let lines: Vec<_> =
                    messages.iter().map(|it| format!("    {}", written(it))).collect();
                format!("[\n{}\n  ]", lines.join(",\n"))
            }
        };
        let then = match &self.then {
            Then::Events(events) => format!("{{ \"events\": {} }}", list(events)),
            Then::Refused(why) => format!("{{ \"refused\": {} }}", json!(why)),
        };
        format!(
            "{{\n  \"scenario\": {},\n  \"stream\": {},\n  \"given\": {},\n  \"when\": {},\n  \
             \"then\": {then}\n}}",
            json!(self.scenario),
            json!(self.stream),
            list(&self.given),
            written(&self.when),
        )
    }

    /// It as a test in Rust, which runs against this project: a file for `tests/`, or a part of one.
    pub fn rust(&self) -> String {
        let json = self.json();
        let mut marks = String::new();
        while json.contains(&format!("\"{marks}")) {
            marks.push('#');
        }
        let name = self.name();
        format!(
            "#[test]\nfn {name}() {{\n    let spec = leftfold::lab::Spec::read(\n        \
             r{marks}\"{json}\"{marks},\n    );\n    let spec = spec.unwrap();\n    \
             let mut all = leftfold::scenarios::all().into_iter();\n    \
             let scenario = all.find(|it| it.id == spec.scenario).unwrap();\n    \
             let ran = spec.run(&scenario).unwrap();\n    \
             assert!(ran.passed(), \"{{spec}}\\n\\n{{ran}}\");\n}}\n"
        )
    }

    /// It as a spec of a domain in JavaScript: an entry of its list, with a comma.
    pub fn js(&self) -> String {
        let message = |it: &Message| {
            let mut fields = vec![format!("type: {}", json!(it.kind))];
            let data = it.data.as_object().into_iter().flatten();
            fields.extend(data.map(|(name, value)| format!("{}: {value}", json!(name))));
            format!("{{ {} }}", fields.join(", "))
        };
        let list = |all: &[Message]| match all {
            [] => "[]".to_owned(),
            all => {
                let lines = all.iter().map(|it| format!("        {},\n", message(it)));
                format!("[\n{}      ]", lines.collect::<String>())
            }
        };
        let then = match &self.then {
            Then::Events(events) => format!("then: {}", list(events)),
            Then::Refused(why) => format!("refused: {}", json!(why)),
        };
        format!(
            "    {{\n      name: {},\n      aggregate: {},\n      id: {},\n      given: {},\n      \
             when: {},\n      {then},\n    }},\n",
            json!(self.title()),
            json!(self.stream.category()),
            json!(&**self.stream.id()),
            list(&self.given),
            message(&self.when),
        )
    }

    /// It in a line: `Withdraw to account-2: refused`.
    pub fn title(&self) -> String {
        let then = match &self.then {
            Then::Refused(_) => "refused".to_owned(),
            Then::Events(events) if events.is_empty() => "nothing happens".to_owned(),
            Then::Events(events) => {
                events.iter().map(|it| &*it.kind).collect::<Vec<_>>().join(", ")
            }
        };
        format!("{} to {}: {then}", self.when.kind, self.stream)
    }

    /// A name for it: what is asked, and what comes of it.
    fn name(&self) -> String {
        let mut name = String::new();
        snake(&mut name, &self.when.kind);
        match &self.then {
            Then::Refused(_) => name.push_str("_is_refused"),
            Then::Events(events) if events.is_empty() => name.push_str("_changes_nothing"),
            Then::Events(events) => {
                name.push_str("_gives");
                let mut last = None;
                for it in events.iter().filter(|it| last.replace(&it.kind) != Some(&it.kind)) {
                    name.push('_');
                    snake(&mut name, &it.kind);
                }
            }
        }
        name
    }
}

fn unfoldable(error: &FoldError) -> String {
    format!("what is given cannot be folded: {error}")
}

/// `AddToCart` as `add_to_cart`; what cannot stand in a name is left out.
fn snake(name: &mut String, kind: &str) {
    for it in kind.chars().filter(char::is_ascii_alphanumeric) {
        if it.is_ascii_uppercase() && name.ends_with(|last: char| last != '_') {
            name.push('_');
        }
        name.push(it.to_ascii_lowercase());
    }
}

fn written(message: &Message) -> String {
    format!("{{ \"type\": {}, \"data\": {} }}", json!(message.kind), message.data)
}

impl Message {
    fn of(event: &Recorded) -> Self {
        let data = serde_json::from_str(event.data().get()).unwrap_or_default();
        Self { kind: event.kind().clone(), data }
    }
}

impl Ran {
    /// True where what came of the command is what should.
    pub fn passed(&self) -> bool {
        self.expected == self.came
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.data)
    }
}

impl fmt::Display for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "  refused: {why}"),
            Self::Events(events) if events.is_empty() => f.write_str("  nothing happens"),
            Self::Events(events) => f.write_str(&indented(events)),
        }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, given, when, then, .. } = self;
        match &**given {
            [] => writeln!(f, "Given nothing in {stream}")?,
            given => writeln!(f, "Given in {stream}\n{}", indented(given))?,
        }
        write!(f, "When\n  {when}\nThen\n{then}")
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.passed() {
            return f.write_str("It comes out as it says.");
        }
        write!(f, "It comes out otherwise. Expected\n{}\nCame\n{}", self.expected, self.came)
    }
}

fn indented(messages: &[Message]) -> String {
    let mut text = String::new();
    for (index, it) in messages.iter().enumerate() {
        _ = write!(text, "{}  {it}", if index > 0 { "\n" } else { "" });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Session;

    fn told(scenario: &str) -> Session {
        let scenario = scenarios::all().into_iter().find(|it| &*it.id == scenario).unwrap();
        let mut session = Session::new(World::new(&scenario));
        session.play_story();
        session
    }

    /// The last decision of a stretch.
    fn spec(session: &Session, from: u64, to: u64) -> Spec {
        let world = session.world();
        Spec::of(world, decisions(world, from, to).last().unwrap(), from).unwrap()
    }

    #[test]
    fn a_stretch_is_what_was_given_what_was_asked_and_what_came_of_it() {
        let spec = spec(&told("cart"), 1, 4);
        let text = "Given in cart-1\n  AddedToCart {\"item\":\"apples\"}\n  AddedToCart \
                    {\"item\":\"pears\"}\n  AddedToCart {\"item\":\"pretzels\"}\nWhen\n  \
                    RemoveFromCart {\"item\":\"pretzels\"}\nThen\n  RemovedFromCart \
                    {\"item\":\"pretzels\"}";
        assert_eq!(spec.to_string(), text);
        let first = super::tests::spec(&told("cart"), 1, 1);
        assert!(first.to_string().starts_with("Given nothing in cart-1\nWhen"));
    }

    #[test]
    fn a_refusal_is_a_specification_as_well_and_other_streams_have_no_part_in_it() {
        let spec = spec(&told("cart"), 1, 5);
        assert_eq!(
            spec.then,
            Then::Refused("there are no pretzels in this cart to remove".into()),
            "it belongs to the event before it, which is of Bob's cart"
        );
        assert_eq!((spec.stream.as_str(), spec.given.len()), ("cart-1", 4));
    }

    #[test]
    fn several_events_one_or_none_may_come_of_a_command() {
        let session = told("teams");
        let world = session.world();
        let all = decisions(world, 1, session.head());
        let counts: Vec<_> = all
            .filter_map(|it| match Spec::of(world, it, 1)?.then {
                Then::Events(events) => Some(events.len()),
                Then::Refused(_) => None,
            })
            .collect();
        assert_eq!(counts, [1, 3, 1, 2, 0, 1, 1, 1]);
    }

    #[test]
    fn what_was_forced_or_appended_past_the_aggregate_is_no_decision() {
        let session = told("orders");
        let mut events = session.log().events(1, session.head());
        let forged = events.find(|it| it.origin() != Origin::Command).unwrap().position();
        let mut found = decisions(session.world(), forged, forged);
        assert!(found.all(|it| it.events.is_empty()));
    }

    #[test]
    fn what_comes_out_otherwise_is_said_side_by_side() {
        let session = told("cart");
        let spec = spec(&session, 1, 4);
        let ran = spec.run(session.scenario()).unwrap();
        assert!(ran.passed(), "{ran}");
        assert_eq!(ran.to_string(), "It comes out as it says.");
        let forgotten = Spec { given: Vec::new(), ..spec.clone() };
        let ran = forgotten.run(session.scenario()).unwrap();
        assert!(!ran.passed());
        let text = "It comes out otherwise. Expected\n  RemovedFromCart \
                    {\"item\":\"pretzels\"}\nCame\n  refused: there are no pretzels in this cart \
                    to remove";
        assert_eq!(ran.to_string(), text);
        let none = Spec { then: Then::Events(Vec::new()), ..spec };
        let ran = none.run(session.scenario()).unwrap();
        assert!(ran.to_string().contains("Expected\n  nothing happens\nCame\n  RemovedFromCart"));
    }

    #[test]
    fn what_makes_no_sense_is_said_in_a_sentence() {
        let session = told("cart");
        let spec = spec(&session, 1, 4);
        let run = |it: Spec| it.run(session.scenario()).unwrap_err();
        let other = Spec { scenario: "bank".into(), ..spec.clone() };
        assert_eq!(run(other), "this belongs to the scenario bank");
        let stream = Stream::new("account", "1");
        assert_eq!(
            run(Spec { stream, ..spec.clone() }),
            "Shopping cart has no streams called account"
        );
        let mut unknown = spec.clone();
        unknown.given[1].kind = "Added".into();
        assert!(run(unknown).starts_with("event 2 of what is given: "));
        let mut malformed = spec;
        malformed.when.data = json!({});
        assert!(run(malformed).contains("item"));
        let read = Spec::read("{\n  \"scenario\": \"cart\",\n  \"stream\": }").unwrap_err();
        assert_eq!(read, "line 3, column 13: this is no JSON");
        let read = Spec::read("{\"stream\": 1}").unwrap_err();
        assert!(read.starts_with("this is no specification"), "{read}");
    }

    #[test]
    fn what_is_written_is_read_again() {
        for id in ["cart", "bank", "teams"] {
            let session = told(id);
            let world = session.world();
            for entry in decisions(world, 1, session.head()) {
                let spec = Spec::of(world, entry, 1).unwrap();
                assert_eq!(Spec::read(&spec.json()).as_ref(), Ok(&spec));
                assert_eq!(Spec::read(&serde_json::to_string(&spec).unwrap()), Ok(spec));
            }
        }
    }

    #[test]
    fn a_rust_test_has_a_name_and_room_for_every_text() {
        let session = told("teams");
        let world = session.world();
        let three = decisions(world, 1, 4).nth(1).unwrap();
        let mut spec = Spec::of(world, three, 1).unwrap();
        assert_eq!(spec.name(), "add_players_gives_player_added");
        let three = "PlayerAdded, PlayerAdded, PlayerAdded";
        assert_eq!(spec.title(), format!("AddPlayers to team-1: {three}"));
        spec.then = Then::Events(Vec::new());
        assert_eq!(spec.name(), "add_players_changes_nothing");
        spec.then = Then::Refused("\"# is no name".into());
        assert_eq!(spec.name(), "add_players_is_refused");
        let text = spec.rust();
        assert!(text.starts_with("#[test]\nfn add_players_is_refused() {\n"));
        assert!(text.contains("r##\"{") && text.contains("}\"##,"), "{text}");
    }
}
