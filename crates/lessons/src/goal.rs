//! What must hold for an exercise to be solved.

use std::fmt::{self, Display, Write as _};

use es::{Condition, Operand, Relation, Stream};
use futures::FutureExt;
use host::{OpenLog, Request, Response, When};
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
            Self::Playhead => f.write_str("the playhead"),
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
        match self {
            Self::Holds { of: of @ (Subject::Answer | Subject::Playhead), that } => {
                write!(f, "{of} {}", words(that))
            }
            Self::Holds { of, that } => write!(f, "{of}: {}", words(that)),
            Self::Count { of, each, min, max, .. } => {
                let (one, several) = of.entries();
                let so_many = |number: u64| match number {
                    1 => format!("one {one}"),
                    number => format!("{number} {several}"),
                };
                let many = match (*min, *max) {
                    (_, Some(0)) => format!("no {one}"),
                    (Some(min), Some(max)) if min == max => so_many(max),
                    (Some(min), Some(max)) => format!("{min} to {}", so_many(max)),
                    (Some(min), None) => format!("at least {}", so_many(min)),
                    (None, Some(max)) => format!("at most {}", so_many(max)),
                    (None, None) => format!("any number of {several}"),
                };
                write!(f, "{of} has {many}")?;
                match each {
                    Condition::All(list) if list.is_empty() => Ok(()),
                    each => write!(f, " whose {}", words(each)),
                }
            }
            Self::All(goals) => joined(f, goals, " and "),
            Self::Any(goals) => joined(f, goals, " or "),
            Self::Not(goal) => write!(f, "it is not so that {goal}"),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, goals: &[Goal], between: &str) -> fmt::Result {
    for (index, goal) in goals.iter().enumerate() {
        write!(f, "{}{goal}", if index > 0 { between } else { "" })?;
    }
    Ok(())
}

/// A condition in words.
fn words(condition: &Condition) -> String {
    match condition {
        Condition::Is(field, relation, operand) => said(field, *relation, operand, false),
        Condition::All(list) => list.iter().map(words).collect::<Vec<_>>().join(" and "),
        Condition::Any(list) => list.iter().map(words).collect::<Vec<_>>().join(" or "),
        Condition::Not(inner) => match &**inner {
            Condition::Is(field, relation, operand) => said(field, *relation, operand, true),
            inner => format!("not: {}", words(inner)),
        },
    }
}

/// A comparison in words, or its opposite.
fn said(field: &str, relation: Relation, operand: &Operand, not: bool) -> String {
    let mut said = String::new();
    for (index, part) in field.split('/').filter(|it| !it.is_empty()).enumerate() {
        let part = match part {
            "rows" if index == 0 => "row",
            "documents" if index == 0 => "document",
            "bars" if index == 0 => "bar",
            part => part,
        };
        _ = write!(said, "{} ", part.replace("~1", "/").replace("~0", "~"));
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
        Operand::Value(value) => value.to_string(),
        Operand::Field(other) => other.trim_start_matches('/').replace('/', " "),
    };
    format!("{said}{is} {than}")
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
        assert_eq!(of(r#""playhead""#, seventh), "the playhead position is 7");
    }

    #[test]
    fn a_count_names_what_it_counts() {
        let count = |rest: &str| said(&format!(r#"{{"count":{{{rest}}}}}"#));
        let refused = r#""of":"journal","each":{"is":["/outcome","=",{"value":"rejected"}]}"#;
        assert_eq!(
            count(&format!(r#"{refused},"min":1"#)),
            "the journal has at least one command whose outcome is “rejected”"
        );
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
}
