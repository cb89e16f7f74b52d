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

impl Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds { of: Subject::Answer, that } => write!(f, "your answer{}", words(that)),
            Self::Holds { of, that } => write!(f, "{of}:{}", words(that)),
            Self::Count { of, each, min, max, .. } => {
                let many = match (min, max) {
                    (Some(min), Some(max)) if min == max => format!("{min}"),
                    (Some(min), Some(max)) => format!("{min} to {max}"),
                    (Some(min), None) => format!("{min} or more"),
                    (None, Some(0)) => "no".to_owned(),
                    (None, Some(max)) => format!("at most {max}"),
                    (None, None) => "any number of".to_owned(),
                };
                let one = (*min, *max) == (Some(1), Some(1));
                let entries = if one { "entry" } else { "entries" };
                write!(f, "{of} has {many} {entries} with{}", words(each))
            }
            Self::All(goals) => joined(f, goals, " and "),
            Self::Any(goals) => joined(f, goals, " or "),
            Self::Not(goal) => write!(f, "not: {goal}"),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, goals: &[Goal], between: &str) -> fmt::Result {
    for (index, goal) in goals.iter().enumerate() {
        write!(f, "{}{goal}", if index > 0 { between } else { "" })?;
    }
    Ok(())
}

/// A condition in words, with a space before them.
fn words(condition: &Condition) -> String {
    match condition {
        Condition::Is(field, relation, operand) => {
            let mut said = String::new();
            for part in field.split('/').filter(|it| !it.is_empty()) {
                _ = write!(said, " {}", part.replace("~1", "/").replace("~0", "~"));
            }
            let relation = match relation {
                Relation::Equal => "is",
                Relation::Less => "is less than",
                Relation::AtMost => "is at most",
            };
            let than = match operand {
                Operand::Value(Value::String(text)) => format!("“{text}”"),
                Operand::Value(Value::Null) => "absent".to_owned(),
                Operand::Value(value) => value.to_string(),
                Operand::Field(other) => other.trim_start_matches('/').replace('/', " "),
            };
            format!("{said} {relation} {than}")
        }
        Condition::All(list) => list.iter().map(words).collect::<Vec<_>>().join(" and"),
        Condition::Any(list) => list.iter().map(words).collect::<Vec<_>>().join(" or"),
        Condition::Not(inner) => match &**inner {
            Condition::Is(field, Relation::Equal, Operand::Value(Value::Null)) => {
                let name = field.split('/').filter(|it| !it.is_empty()).collect::<Vec<_>>();
                format!(" {} is there", name.join(" "))
            }
            inner => format!(" not{}", words(inner)),
        },
    }
}
