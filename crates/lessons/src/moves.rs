//! A move: what a learner does to a log, written as a call of the console.
//!
//! A move is a list: the call's name, and its arguments. `["send", "cart-1", {"type": "AddToCart",
//! "data": {"item": "pretzels"}}]` is one.

use std::fmt;

use host::calls::{Asked, CALLS, Moment, OfLessons, OfPage, Way, find};
use host::{Answered, ClockMove, OpenLog, Request, SubscriptionChange, When};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::goal::seek;

/// A call of the console, by its name, and its arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Move(pub Vec<Value>);

/// What came of a move.
pub enum Played {
    /// The log has answered. A refusal is an answer as well.
    Done(Answered),
    /// The learner has answered the exercise's question.
    Answer(Value),
}

impl Move {
    /// The call's name.
    pub fn name(&self) -> &str {
        self.0.first().and_then(Value::as_str).unwrap_or_default()
    }

    /// What is asked by it.
    ///
    /// # Errors
    /// A sentence: there is no such call, or an argument makes no sense.
    pub fn asked(&self) -> Result<Asked, String> {
        let name = self.name();
        let Way::Asks(read) = CALLS[find(name)?].way else {
            return Err(format!("{name} is no move"));
        };
        let arguments = self.0.iter().skip(1);
        let mut texts: Vec<_> =
            arguments.map(|it| (!it.is_null()).then(|| it.to_string())).collect();
        CALLS[find(name)?].read(read, &mut texts).map_err(|it| it.message)
    }

    /// The code of the log after this move, which gives its lines, or replaces a part. None for any
    /// other move.
    fn code(&self, log: &OpenLog) -> Option<String> {
        if self.name() != "domain" {
            return None;
        }
        let given = self.0.get(1)?;
        let part = |name: &str| given[name].as_str();
        if let (Some(old), Some(new)) = (part("replace"), part("with")) {
            return Some(log.own_code()?.text.replacen(old, new, 1));
        }
        let lines =
            given.as_array().map(|it| it.iter().filter_map(Value::as_str).collect::<Vec<_>>());
        given.as_str().map(str::to_owned).or_else(|| lines.map(|it| it.join("\n")))
    }

    /// Plays it on a log.
    ///
    /// # Errors
    /// A sentence: it is no move.
    pub async fn play(&self, log: &OpenLog) -> Result<Played, String> {
        if let Some(text) = self.code(log) {
            return Ok(Played::Done(log.ask(Request::Adopt { text }).await));
        }
        let request = match self.asked()? {
            Asked::OfLog(request) => request,
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clipped")]
            Asked::OfPage(OfPage::Seek(Moment::Position(at))) => {
                Request::Seek(When::Position(at.max(0.0) as u64))
            }
            Asked::OfPage(OfPage::Lessons(OfLessons::Answer(value))) => {
                return Ok(Played::Answer(value));
            }
            Asked::OfPage(_) => return Err(format!("{} is no move in a log", self.name())),
        };
        if matches!(request, Request::Send(_) | Request::Again { .. } | Request::Next) {
            // As on the page: who sends a command looks at the head.
            seek(log, None);
        }
        Ok(Played::Done(log.ask(request).await))
    }

    /// The move that a request is, where it is one that a learner makes.
    pub fn of(request: &Request) -> Option<Self> {
        let parts = match request {
            Request::Send(command) | Request::Submit(command) => {
                let text = command.data.as_ref().map_or("{}", |it| it.get());
                let data: Value = serde_json::from_str(text).unwrap_or_default();
                let mut how = serde_json::to_value(&command.how).unwrap_or_default();
                if let Value::Object(how) = &mut how {
                    how.retain(|_, it| !it.is_null() && *it != json!(false));
                }
                let mut parts = vec![
                    json!("send"),
                    command.stream.clone().into(),
                    json!({ "type": command.kind, "data": data }),
                ];
                if how.as_object().is_some_and(|it| !it.is_empty()) {
                    parts.push(how);
                }
                parts
            }
            Request::Again { command, choice, .. } => {
                vec![json!("again"), json!(command), json!(choice)]
            }
            Request::Next => vec![json!("next")],
            Request::Append { events, react, forced, .. } => {
                let events: Value = serde_json::from_str(&events.0).ok()?;
                let mut how = json!({ "react": react });
                if let Some(actor) = forced {
                    how["forced"] = json!(actor);
                }
                vec![json!("append"), events, how]
            }
            Request::Subscription { name, how } => {
                vec![json!("subscription"), name.clone().into(), change(how)]
            }
            // A rebuild with another version of the code is a change of that version.
            Request::Rebuild { name, code: Some(code) } => {
                vec![json!("subscription"), name.clone().into(), json!({ "code": code })]
            }
            Request::Rebuild { name, code: None } => vec![json!("rebuild"), name.clone().into()],
            Request::Replicate { name, .. } => vec![json!("replicate"), name.clone().into()],
            Request::TakeOver { name } => vec![json!("takeOver"), name.clone().into()],
            Request::SendMissing { name } => vec![json!("sendMissing"), name.clone().into()],
            Request::Clock(Some(how)) => vec![json!("clock"), clock(how)],
            Request::Adopt { text } => {
                vec![json!("domain"), json!(text.lines().collect::<Vec<_>>())]
            }
            _ => return None,
        };
        Some(Self(parts))
    }

    /// The id of the command that it sends, or sends again.
    fn command_id(&self) -> Option<&Value> {
        match self.name() {
            "send" => self.0.get(3)?.get("commandId"),
            _ => None,
        }
    }
}

/// How a clock is moved, as the console writes it. What is hurried has another id in another log, so
/// that the next deadline stands for it.
fn clock(how: &ClockMove) -> Value {
    match how {
        ClockMove::Advance(millis) => json!({ "advance": millis }),
        ClockMove::To(at) => json!({ "to": at }),
        ClockMove::Date(text) => json!({ "to": text }),
        ClockMove::Next | ClockMove::Hurry(_) => json!({ "next": true }),
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |index: usize| self.0.get(index).unwrap_or(&Value::Null);
        let text = |index: usize| shown(part(index));
        match self.name() {
            "send" => {
                let command = part(2);
                write!(f, "{} {}{}", shown(&command["type"]), text(1), fields(&command["data"]))
            }
            "again" => write!(f, "Send a command again ({})", text(2)),
            "next" => f.write_str("The story’s next step"),
            "append" => f.write_str("Append events"),
            "rebuild" => write!(f, "Rebuild {}", text(1)),
            "replicate" => write!(f, "Bring up a replica of {}", text(1)),
            "takeOver" => write!(f, "{} takes over", text(1)),
            "sendMissing" => write!(f, "Send what {} would have sent", text(1)),
            "clock" => f.write_str("Move the clock"),
            "domain" => match (part(1)["replace"].as_str(), part(1)["with"].as_str()) {
                (Some(old), Some(new)) => {
                    write!(f, "In the code, {} becomes {}", old.trim(), new.trim())
                }
                _ => f.write_str("Write the code"),
            },
            "answer" => write!(f, "Answer {}", text(1)),
            "seek" => write!(f, "Go to position {}", text(1)),
            "subscription" => match &part(2)["paused"] {
                Value::Bool(true) => write!(f, "Pause {}", text(1)),
                Value::Bool(false) => write!(f, "Resume {}", text(1)),
                _ => write!(f, "{}{}", text(1), fields(part(2))),
            },
            other => f.write_str(other),
        }
    }
}

/// A value without quotation marks.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The fields of an object in a line, with a colon before them.
fn fields(data: &Value) -> String {
    let fields = data.as_object().into_iter().flatten();
    let fields = fields.map(|(name, value)| format!("{} {}", name.replace('_', " "), shown(value)));
    let line = fields.collect::<Vec<_>>().join(", ");
    if line.is_empty() { line } else { format!(": {line}") }
}

fn change(how: &SubscriptionChange) -> Value {
    let mut how = serde_json::to_value(how).unwrap_or_default();
    // A fault that is disarmed is null, and everything else that is null was left out.
    if let Value::Object(how) = &mut how {
        how.retain(|name, it| !it.is_null() || name == "fault");
    }
    how
}

/// Moves as they are kept: a command's id stays only where a later move names it, since an id
/// takes more room in a link than all else.
pub fn written(moves: &[Move]) -> Vec<Move> {
    let named = |id: &Value| moves.iter().any(|it| it.name() == "again" && it.0.get(1) == Some(id));
    let keep = |it: &Move| {
        let mut it = it.clone();
        if it.command_id().is_some_and(|id| !named(id))
            && let Some(Value::Object(how)) = it.0.get_mut(3)
        {
            how.remove("commandId");
            // How it is decided otherwise stays: what the sender saw.
            if Map::is_empty(how) {
                it.0.truncate(3);
            }
        }
        it
    };
    moves.iter().map(keep).collect()
}
