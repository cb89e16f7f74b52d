//! What must hold for an exercise to be solved.

use std::fmt::{self, Display, Write as _};

use es::{Cents, Condition, Operand, Relation, Stream};
use futures::FutureExt;
use host::domain::SpecResult;
use host::{CodeState, OpenLog, Request, Response, When};
use lab::{Target, keyed};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Something that holds or does not, of a log and of a learner's answer. It is judged on the
/// running instances, at the head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// A condition holds for a subject.
    Holds {
        /// The subject. Where there is no such thing, the condition is asked of null.
        of: Subject,
        /// The condition.
        that: Condition,
    },
    /// So many entries of a subject fulfil a condition.
    Count {
        /// The subject: a list, or an object whose values are counted.
        of: Subject,
        /// Where in the subject the list is, as a JSON pointer.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        at: String,
        /// The condition.
        each: Condition,
        /// No fewer than this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u64>,
        /// No more than this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u64>,
    },
    /// All of these hold.
    All(Vec<Goal>),
    /// At least one of these holds.
    Any(Vec<Goal>),
    /// This does not hold.
    Not(Box<Goal>),
}

/// What a goal is asked of. Each is the JSON that the console gives, but for states and views:
/// those are what runs at the head, wherever the playhead is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A stream's state.
    State(Stream),
    /// What a projection or process shows. Rows, bars and edges are objects by their keys.
    View(String),
    /// A projection or process: how it runs.
    Subscription(String),
    /// The commands, oldest first.
    Journal,
    /// The side effects.
    Outbox,
    /// The events.
    Log,
    /// `{position, head}`.
    Playhead,
    /// The value of an expression over states and read models. Null until it was made ready.
    Watch(String),
    /// The log's own code: `{runs, specs, hold}`, whether it runs, how many specs it has, and whether
    /// all of them hold. Null where it has none.
    Code,
    /// What the learner has answered; null where nothing was.
    Answer,
}

impl Goal {
    /// True where it holds.
    pub fn holds(&self, log: &OpenLog, answer: &Value) -> bool {
        match self {
            Self::Holds { of, that } => that.holds(&of.look(log, answer)),
            Self::Count { of, at, each, min, max } => {
                let all = of.look(log, answer);
                let count = match all.pointer(at) {
                    Some(Value::Array(list)) => list.iter().filter(|it| each.holds(it)).count(),
                    Some(Value::Object(map)) => map.values().filter(|it| each.holds(it)).count(),
                    _ => 0,
                };
                let count = count as u64;
                min.is_none_or(|min| count >= min) && max.is_none_or(|max| count <= max)
            }
            Self::All(goals) => goals.iter().all(|it| it.holds(log, answer)),
            Self::Any(goals) => goals.iter().any(|it| it.holds(log, answer)),
            Self::Not(goal) => !goal.holds(log, answer),
        }
    }

    /// The subjects that it asks.
    pub fn subjects(&self) -> Vec<&Subject> {
        match self {
            Self::Holds { of, .. } | Self::Count { of, .. } => vec![of],
            Self::All(goals) | Self::Any(goals) => goals.iter().flat_map(Self::subjects).collect(),
            Self::Not(goal) => goal.subjects(),
        }
    }
}

impl Subject {
    /// A state or a view.
    pub fn of(target: &Target) -> Self {
        match target {
            Target::State(stream) => Self::State(stream.clone()),
            Target::View(name) => Self::View(name.to_string()),
        }
    }

    /// What it is now, as JSON; null where there is no such thing.
    pub fn look(&self, log: &OpenLog, answer: &Value) -> Value {
        match self {
            Self::State(stream) => {
                let mut viewpoint = log.viewpoint_mut();
                let head = viewpoint.head();
                viewpoint.state_at(stream, head).map(|(_, state)| state).unwrap_or_default()
            }
            Self::View(name) => {
                let session = log.session();
                let running = session.world().subscription(name);
                running.map(|it| keyed(&it.view())).unwrap_or_default()
            }
            Self::Subscription(name) => {
                let all = ask(log, Request::Subscriptions);
                let mut list = all.as_array().into_iter().flatten();
                list.find(|it| it["name"] == **name).cloned().unwrap_or_default()
            }
            Self::Journal => ask(log, Request::Journal),
            Self::Outbox => ask(log, Request::Outbox),
            Self::Log => {
                let head = log.session().head();
                ask(log, Request::Events { from: 1, to: head })
            }
            Self::Playhead => {
                let session = log.session();
                json!({ "position": session.position(), "head": session.head() })
            }
            Self::Watch(expression) => log.watched_now(expression).unwrap_or_default(),
            Self::Code => match log.own_code() {
                None => Value::Null,
                Some(code) => json!({
                    "runs": code.state == CodeState::Runs,
                    "specs": code.specs.len(),
                    "hold": !code.specs.is_empty() && code.specs.iter().all(SpecResult::holds),
                }),
            },
            Self::Answer => answer.clone(),
        }
    }
}

/// What an open log answers. It waits for nothing where it is only looked at.
fn ask(log: &OpenLog, request: Request) -> Value {
    let answered = log.ask(request).now_or_never();
    let response = answered.and_then(|it| it.result.ok());
    response.and_then(|it: Response| serde_json::to_value(it).ok()).unwrap_or_default()
}

/// Moves the playhead to the head, or to a position.
pub(crate) fn seek(log: &OpenLog, position: Option<u64>) {
    let to = position.unwrap_or(u64::MAX).min(log.session().head());
    ask(log, Request::Seek(When::Position(to)));
}

impl Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(stream) => Display::fmt(stream, f),
            Self::View(name) | Self::Subscription(name) => f.write_str(name),
            Self::Journal => f.write_str("the journal"),
            Self::Outbox => f.write_str("the outbox"),
            Self::Log => f.write_str("the log"),
            Self::Playhead => f.write_str("the slider"),
            Self::Watch(expression) => f.write_str(expression),
            Self::Code => f.write_str("the code"),
            Self::Answer => f.write_str("your answer"),
        }
    }
}

impl Subject {
    /// What its entries are called: one of them, and several.
    fn entries(&self) -> (&'static str, &'static str) {
        match self {
            Self::Journal => ("command", "commands"),
            Self::Outbox => ("side effect", "side effects"),
            Self::Log => ("event", "events"),
            _ => ("entry", "entries"),
        }
    }
}

impl Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words(&|_| false))
    }
}

impl Goal {
    /// What must hold, in words. `money` says of a field's name that it holds cents.
    pub fn words(&self, money: Money) -> String {
        match self {
            Self::Holds { of: of @ (Subject::Answer | Subject::Playhead), that } => {
                format!("{of} {}", words(that, money))
            }
            Self::Holds { of, that } => format!("{of}: {}", words(that, money)),
            Self::Count { of, each, min, max, .. } => {
                let commands = *of == Subject::Journal;
                let asked = if commands { asked(each, *min, *max, money) } else { None };
                asked.unwrap_or_else(|| counted(of, each, *min, *max, money))
            }
            Self::All(goals) => joined(goals, " and ", money),
            Self::Any(goals) => joined(goals, " or ", money),
            Self::Not(goal) => format!("it is not so that {}", goal.words(money)),
        }
    }
}

/// True for the name of a field that holds cents.
pub type Money<'a> = &'a dyn Fn(&str) -> bool;

fn joined(goals: &[Goal], between: &str, money: Money) -> String {
    goals.iter().map(|it| it.words(money)).collect::<Vec<_>>().join(between)
}

/// A number of entries in words.
fn counted(
    of: &Subject,
    each: &Condition,
    min: Option<u64>,
    max: Option<u64>,
    money: Money,
) -> String {
    let (one, several) = of.entries();
    let so_many = |number: u64| match number {
        1 => format!("one {one}"),
        number => format!("{number} {several}"),
    };
    let many = match (min, max) {
        (_, Some(0)) => format!("no {one}"),
        (Some(min), Some(max)) if min == max => so_many(max),
        (Some(min), Some(max)) => format!("{min} to {}", so_many(max)),
        (Some(min), None) => format!("at least {}", so_many(min)),
        (None, Some(max)) => format!("at most {}", so_many(max)),
        (None, None) => format!("any number of {several}"),
    };
    match each {
        Condition::All(list) if list.is_empty() => format!("{of} has {many}"),
        each => format!("{of} has {many} whose {}", words(each, money)),
    }
}

/// A number of commands as one would say it: what was asked for, and what came of it. None where
/// that does not say all of the condition.
fn asked(each: &Condition, min: Option<u64>, max: Option<u64>, money: Money) -> Option<String> {
    let list = match each {
        Condition::All(list) => list,
        one => std::slice::from_ref(one),
    };
    let (mut what, mut whom, mut data) = ("command", String::new(), Vec::new());
    let (mut came, mut why) = (None, String::new());
    for it in list {
        let Condition::Is(field, Relation::Equal, Operand::Value(value)) = it else { return None };
        match (&**field, value) {
            ("/command/type", Value::String(kind)) => what = kind,
            ("/stream", Value::String(stream)) => whom = format!(" to {stream}"),
            ("/outcome", Value::String(outcome)) => came = Some(came_of(outcome)?),
            ("/reason", Value::Null) => {}
            ("/reason", Value::String(reason)) => why = format!(": {reason}"),
            (field, value) => {
                let name = field.strip_prefix("/command/data/")?;
                data.push(format!("{} {}", part(name), shown(field, value, money)));
            }
        }
    }
    let came = came?;
    let data = if data.is_empty() { String::new() } else { format!(" ({})", data.join(", ")) };
    let a = if what.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
    match (min, max) {
        (None | Some(0), Some(0)) => Some(format!("no {what}{whom}{data} {came}{why}")),
        (Some(1), None) => Some(format!("{a} {what}{whom}{data} {came}{why}")),
        (Some(many), None) => {
            Some(format!("{a} {what}{whom}{data} {came} at least {many} times{why}"))
        }
        _ => None,
    }
}

/// What came of a command, by its outcome's name.
fn came_of(outcome: &str) -> Option<&'static str> {
    match outcome {
        "accepted" => Some("was accepted"),
        "repeated" => Some("was recognised as repeated"),
        "rejected" => Some("was refused"),
        "wrong_expected_version" => Some("met a conflict"),
        _ => None,
    }
}

/// A condition in words.
fn words(condition: &Condition, money: Money) -> String {
    let all = |list: &[Condition], between| {
        list.iter().map(|it| words(it, money)).collect::<Vec<_>>().join(between)
    };
    match condition {
        Condition::Is(field, relation, operand) => said(field, *relation, operand, false, money),
        Condition::All(list) => all(list, " and "),
        Condition::Any(list) => all(list, " or "),
        Condition::Not(inner) => match &**inner {
            Condition::Is(field, relation, operand) => said(field, *relation, operand, true, money),
            inner => format!("not: {}", words(inner, money)),
        },
    }
}

/// A comparison in words, or its opposite.
fn said(field: &str, relation: Relation, operand: &Operand, not: bool, money: Money) -> String {
    let mut said = String::new();
    for (index, name) in field.split('/').filter(|it| !it.is_empty()).enumerate() {
        let name = match name {
            "rows" if index == 0 => "row".to_owned(),
            "documents" if index == 0 => "document".to_owned(),
            "bars" if index == 0 => "bar".to_owned(),
            name => part(name),
        };
        _ = write!(said, "{name} ");
    }
    let is = match (relation, operand, not) {
        (Relation::Equal, Operand::Value(Value::Null), false) => return said + "is absent",
        (Relation::Equal, Operand::Value(Value::Null), true) => return said + "is there",
        (Relation::Equal, Operand::Value(Value::Bool(on)), _) => {
            return said + if *on == not { "is off" } else { "is on" };
        }
        (Relation::Equal, _, false) => "is",
        (Relation::Equal, _, true) => "is not",
        (Relation::Less, _, false) => "is less than",
        (Relation::Less, _, true) => "is at least",
        (Relation::AtMost, _, false) => "is at most",
        (Relation::AtMost, _, true) => "is more than",
    };
    let than = match operand {
        Operand::Value(Value::String(text)) => format!("“{text}”"),
        Operand::Value(value) => shown(field, value, money),
        Operand::Field(other) => other.trim_start_matches('/').replace('/', " "),
    };
    format!("{said}{is} {than}")
}

/// A part of a JSON pointer as a name.
fn part(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// A field's value: cents as an amount, also within a field that holds money.
fn shown(field: &str, value: &Value, money: Money) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => match value.as_i64() {
            Some(cents) if field.split('/').any(|it| money(&part(it))) => Cents(cents).to_string(),
            _ => value.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(goal: &str) -> String {
        serde_json::from_str::<Goal>(goal).unwrap().to_string()
    }

    #[test]
    fn a_goal_says_in_words_what_must_hold() {
        let of = |subject: &str, that: &str| {
            said(&format!(r#"{{"holds":{{"of":{subject},"that":{that}}}}}"#))
        };
        let cart = |that: &str| of(r#"{"state":"cart-1"}"#, that);
        let two = r#"{"is":["/items/pretzels","=",{"value":2}]}"#;
        assert_eq!(cart(two), "cart-1: items pretzels is 2");
        assert_eq!(cart(&format!(r#"{{"not":{two}}}"#)), "cart-1: items pretzels is not 2");
        let gone = r#"{"is":["/items/pretzels","=",{"value":null}]}"#;
        assert_eq!(cart(gone), "cart-1: items pretzels is absent");
        assert_eq!(cart(&format!(r#"{{"not":{gone}}}"#)), "cart-1: items pretzels is there");
        let row = |that: &str| of(r#"{"view":"Balances"}"#, that);
        let most = r#"{"is":["/rows/1/balance","<=",{"value":500}]}"#;
        assert_eq!(row(most), "Balances: row 1 balance is at most 500");
        assert_eq!(
            row(&format!(r#"{{"not":{most}}}"#)),
            "Balances: row 1 balance is more than 500"
        );
        let asleep = r#"{"all":[
            {"is":["/paused","=",{"value":true}]},
            {"not":{"is":["/lag","<",{"value":2}]}}]}"#;
        assert_eq!(
            of(r#"{"subscription":"Balances"}"#, asleep),
            "Balances: paused is on and lag is at least 2"
        );
        let eric = r#"{"is":["","=",{"value":"Eric"}]}"#;
        assert_eq!(of(r#""answer""#, eric), "your answer is “Eric”");
        let seventh = r#"{"is":["/position","=",{"value":7}]}"#;
        assert_eq!(of(r#""playhead""#, seventh), "the slider position is 7");
    }

    #[test]
    fn a_count_names_what_it_counts() {
        let count = |rest: &str| said(&format!(r#"{{"count":{{{rest}}}}}"#));
        let refused = r#""of":"journal","each":{"is":["/outcome","=",{"value":"rejected"}]}"#;
        assert_eq!(count(&format!(r#"{refused},"min":1"#)), "a command was refused");
        let again = r#""of":"outbox","each":{"not":{"is":["/repeat","=",{"value":null}]}}"#;
        assert_eq!(
            count(&format!(r#"{again},"max":0"#)),
            "the outbox has no side effect whose repeat is there"
        );
        let all = r#""of":"log","each":{"all":[]}"#;
        assert_eq!(count(&format!(r#"{all},"max":8"#)), "the log has at most 8 events");
        assert_eq!(count(&format!(r#"{all},"min":2,"max":2"#)), "the log has 2 events");
        assert_eq!(count(&format!(r#"{all},"min":2,"max":3"#)), "the log has 2 to 3 events");
        let either = format!(
            r#"{{"not":{{"any":[{{"count":{{{all},"min":1,"max":1}}}},
            {{"holds":{{"of":"answer","that":{{"is":["","=",{{"value":3}}]}}}}}}]}}}}"#
        );
        assert_eq!(said(&either), "it is not so that the log has one event or your answer is 3");
    }

    #[test]
    fn a_command_of_the_journal_is_said_as_one_would_say_it() {
        let count = |each: &str, rest: &str| {
            said(&format!(r#"{{"count":{{"of":"journal","each":{{"all":[{each}]}},{rest}}}}}"#))
        };
        let is =
            |field: &str, value: &str| format!(r#"{{"is":["{field}","=",{{"value":{value}}}]}}"#);
        let refused = is("/outcome", r#""rejected""#);
        let deposit = is("/command/type", r#""Deposit""#);
        let both = format!("{refused},{deposit}");
        let why = format!("{both},{}", is("/reason", r#""no such account""#));
        assert_eq!(count(&why, r#""min":1"#), "a Deposit was refused: no such account");
        assert_eq!(
            count(&why, r#""min":2"#),
            "a Deposit was refused at least 2 times: no such account"
        );
        assert_eq!(count(&both, r#""max":0"#), "no Deposit was refused");
        let add = ["accepted", "repeated", "wrong_expected_version"].map(|outcome| {
            let came = is("/outcome", &format!("\"{outcome}\""));
            let add = is("/command/type", r#""AddItem""#);
            let (item, whom) =
                (is("/command/data/item", r#""pears""#), is("/stream", r#""order-1""#));
            let none = is("/reason", "null");
            count(&format!("{came},{add},{item},{whom},{none}"), r#""min":1"#)
        });
        let said = [
            "an AddItem to order-1 (item pears) was accepted",
            "an AddItem to order-1 (item pears) was recognised as repeated",
            "an AddItem to order-1 (item pears) met a conflict",
        ];
        assert_eq!(add, said);
        // What cannot be said so is said field by field.
        let other = format!("{both},{}", is("/actor", r#""Bob""#));
        assert_eq!(
            count(&other, r#""min":1"#),
            "the journal has at least one command whose outcome is “rejected” \
             and command type is “Deposit” and actor is “Bob”"
        );
        assert_eq!(
            count(&deposit, r#""min":1"#),
            "the journal has at least one command whose command type is “Deposit”"
        );
        assert_eq!(
            count(&refused, r#""min":1,"max":1"#),
            "the journal has one command whose outcome is “rejected”"
        );
    }

    #[test]
    fn an_amount_in_cents_is_said_as_money() {
        let money = |name: &str| matches!(name, "balance" | "amount" | "items");
        let said = |goal: &str| serde_json::from_str::<Goal>(goal).unwrap().words(&money);
        let of = |subject: &str, that: &str| {
            said(&format!(r#"{{"holds":{{"of":{{{subject}}},"that":{that}}}}}"#))
        };
        let balance = r#"{"is":["/balance","=",{"value":11500}]}"#;
        assert_eq!(of(r#""state":"account-1""#, balance), "account-1: balance is 115.00");
        let row = r#"{"not":{"is":["/rows/1/balance","<",{"value":-50}]}}"#;
        assert_eq!(of(r#""view":"Balances""#, row), "Balances: row 1 balance is at least -0.50");
        let item = r#"{"is":["/items/keyboard","=",{"value":6000}]}"#;
        assert_eq!(of(r#""state":"order-1""#, item), "order-1: items keyboard is 60.00");
        let version = r#"{"is":["/version","=",{"value":3}]}"#;
        assert_eq!(of(r#""state":"account-1""#, version), "account-1: version is 3");
        let asked = r#"{"count":{"of":"journal","each":{"all":[
            {"is":["/command/data/amount","=",{"value":2000}]},
            {"is":["/command/type","=",{"value":"Withdraw"}]},
            {"is":["/outcome","=",{"value":"rejected"}]}]},"min":1}}"#;
        assert_eq!(said(asked), "a Withdraw (amount 20.00) was refused");
        let any = format!(r#"{{"not":{{"any":[{asked},{asked}]}}}}"#);
        assert!(said(&any).ends_with("refused or a Withdraw (amount 20.00) was refused"));
    }
}
