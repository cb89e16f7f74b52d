//! What somebody expects of the next step, and how close that was.

use host::OpenLog;
use lab::{JournalEntry, Outcome};
use serde_json::Value;

use crate::{Question, Subject};

/// What is expected of a step. What is left out was not asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guess {
    /// Whether its command is accepted, refused, or meets a conflict.
    pub outcome: Option<Expected>,
    /// How many events are recorded, all that follows from it included.
    pub events: Option<u64>,
    /// A value of a state or view, after the step.
    pub value: Option<(Place, Value)>,
}

/// What comes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is accepted.
    Accepted,
    /// It is refused.
    Refused,
    /// It meets a conflict.
    Conflict,
}

/// A field of a state or view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The state or view.
    pub of: Subject,
    /// The field, as a JSON pointer.
    pub pointer: String,
}

/// What was expected beside what came.
#[derive(Clone, Debug, PartialEq)]
pub struct Came {
    /// What was asked, in words.
    pub what: String,
    /// What was expected.
    pub said: String,
    /// What came.
    pub came: String,
    /// True where they are the same.
    pub right: bool,
    /// How far off a number was.
    pub off: Option<i64>,
}

impl Guess {
    /// It in words.
    pub fn words(&self) -> String {
        let mut parts: Vec<String> = self.outcome.iter().map(|it| it.word().to_owned()).collect();
        parts.extend(self.events.map(|it| match it {
            1 => "1 event".to_owned(),
            events => format!("{events} events"),
        }));
        parts.extend(
            self.value
                .iter()
                .map(|(place, value)| format!("{} is {}", place.words(), shown(value))),
        );
        parts.join(", ")
    }
}

impl Expected {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Refused, Self::Conflict];

    /// It in a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Conflict => "conflict",
        }
    }

    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Accepted | Outcome::Repeated => Self::Accepted,
            Outcome::WrongExpectedVersion { .. } => Self::Conflict,
            _ => Self::Refused,
        }
    }
}

impl Place {
    /// What stands there now.
    pub fn now(&self, log: &OpenLog) -> Value {
        let value = self.of.look(log, &Value::Null);
        value.pointer(&self.pointer).cloned().unwrap_or_default()
    }

    /// It in words.
    pub fn words(&self) -> String {
        let field = self.pointer.trim_start_matches('/').replace('/', " ");
        format!("{}: {}", self.of, field.replace("~1", "/").replace("~0", "~"))
    }

    /// The fields of a state or view that hold a number, a word, or true or false, as many as `most`.
    pub fn within(of: &Subject, log: &OpenLog, most: usize) -> Vec<Self> {
        let mut found = Vec::new();
        leaves(&of.look(log, &Value::Null), String::new(), &mut found, most);
        // What a view is called is no part of what it shows.
        let depth = if matches!(of, Subject::View(_)) { 2 } else { 1 };
        found.retain(|it| it.matches('/').count() >= depth);
        found.into_iter().map(|pointer| Self { of: of.clone(), pointer }).collect()
    }
}

fn leaves(value: &Value, pointer: String, found: &mut Vec<String>, most: usize) {
    if found.len() >= most {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let token = name.replace('~', "~0").replace('/', "~1");
                leaves(inner, format!("{pointer}/{token}"), found, most);
            }
        }
        Value::Array(_) => {}
        _ => found.push(pointer),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Guess {
    /// True where nothing was expected.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The value that a text is.
    pub fn value_of(text: &str) -> Value {
        Question::read(text)
    }

    /// It beside what came: the entry of the step's command, and the head before it.
    pub fn beside(&self, log: &OpenLog, entry: Option<&JournalEntry>, before: u64) -> Vec<Came> {
        let mut all = Vec::new();
        if let (Some(said), Some(entry)) = (self.outcome, entry) {
            let came = Expected::of(&entry.outcome);
            all.push(Came {
                what: "The command".to_owned(),
                said: said.word().to_owned(),
                came: came.word().to_owned(),
                right: said == came,
                off: None,
            });
        }
        if let Some(said) = self.events {
            let came = log.session().head() - before;
            all.push(Came {
                what: "Events".to_owned(),
                said: said.to_string(),
                came: came.to_string(),
                right: said == came,
                off: i64::try_from(came).ok().zip(i64::try_from(said).ok()).map(|(a, b)| a - b),
            });
        }
        if let Some((place, said)) = &self.value {
            let came = place.now(log);
            all.push(Came {
                what: place.words(),
                said: shown(said),
                came: shown(&came),
                right: *said == came,
                off: came.as_i64().zip(said.as_i64()).map(|(came, said)| came - said),
            });
        }
        all
    }
}
