//! A person's own code: what stands in the editor, what came of the last edit, and what runs.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use serde_json::Value;

use crate::domain::Fault;
use crate::es::Scenario;
use crate::host::{Adopted, OpenLog};
use crate::lab::NoLongerAllowed;
use crate::store::LogInfo;
use crate::ui::browser::own_code::Trials;

/// How long nobody types before an edit is tried, in milliseconds.
pub const REST_MILLIS: u32 = 400;

/// What happens to the code.
pub enum Msg {
    /// Somebody has typed.
    Typed(String),
    /// Try what stands in the editor now.
    Try,
    /// A trial has come so far.
    Tried(u64, u64),
    /// What came of a trial.
    Trial(u64, Result<String, String>),
    /// What came of adopting a text.
    Adopted(u64, Result<Adopted, Fault>),
    /// The worker is there.
    Worker(Rc<Trials>),
    /// Let code run that came from elsewhere, or that was stopped.
    Run,
    /// Adopt what was tried, although it fails on some events.
    Anyway,
    /// Make the open log one's own: fetch a text, and fork.
    Mine,
    /// The fork is made.
    Made(Result<LogInfo, String>),
    /// Keep the version that runs.
    Keep,
    /// It is kept.
    Kept(Result<u16, Fault>),
    /// Take the text of this version up again.
    Back(u16),
    /// Put the read models of this version beside those that run, or take them away.
    Beside(Option<u16>),
    /// Write specs of these positions into the code.
    Specify(u64, u64),
    /// Download the domain as a scenario in Rust.
    Rust,
    /// The decisions that the code would not take again; none where the log is too long.
    Reviewed(u64, Option<Vec<NoLongerAllowed>>),
    /// Show how a domain is written, or put that away.
    Help,
    /// It was fetched, or could not be.
    Helped(Result<String, String>),
    /// Something was done, in words.
    Said(String),
    /// The code was stopped while it ran, and is suspended.
    Suspended,
}

/// What came of a trial: one of these.
pub struct Trial {
    /// It ran over all events.
    pub ran: Option<Ran>,
    /// The text is no domain.
    pub fault: Option<Fault>,
    /// It did not come to an end. The sentence says what did not, and where.
    pub ended: Option<String>,
}

/// What a trial has found.
pub struct Ran {
    /// How many events have a type that the text does not name.
    pub unnamed: u64,
    pub failures: Vec<Failure>,
    pub impure: Option<Impure>,
}

/// An event that the code cannot fold, or a command that it cannot decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Where: `cart at #3, AddedToCart`.
    pub place: String,
    pub fault: Fault,
    pub state: Option<String>,
}

/// An event for which the code gives two different states.
#[derive(Clone, Debug, PartialEq)]
pub struct Impure {
    /// Where.
    pub place: String,
    pub first: String,
    pub second: String,
}

impl Trial {
    /// Reads what the worker says. None where it is no JSON.
    pub fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let (ok, error) = (&value["ok"], &value["error"]);
        let failures = ok["failures"].as_array().into_iter().flatten().map(|it| Failure {
            place: place(it),
            fault: Fault::of(it),
            state: it["state"].as_str().map(str::to_owned),
        });
        let impure = &ok["impure"];
        let impure = impure.is_object().then(|| Impure {
            place: place(impure),
            first: impure["first"].to_string(),
            second: impure["second"].to_string(),
        });
        let unnamed = ok["unknown"].as_u64().unwrap_or_default();
        let ran = ok.is_object().then(|| Ran { unnamed, failures: failures.collect(), impure });
        let fault = error.is_object().then(|| Fault::of(error));
        let ended = value["ended"].as_str().map(|it| never_ends(it, &value));
        Some(Self { ran, fault, ended })
    }
}

/// The part of the code and the event that an entry names.
fn place(value: &Value) -> String {
    let part = value["part"].as_str().unwrap_or("It");
    match (value["position"].as_u64(), value["type"].as_str()) {
        (Some(position), Some(kind)) => format!("{part} at #{position}, {kind},"),
        (Some(position), None) => format!("{part} at #{position}"),
        (None, Some(kind)) => format!("{part} for {kind}"),
        (None, None) => part.to_owned(),
    }
}

/// Why a text is not adopted that did not come to an end, in a sentence.
fn never_ends(ended: &str, value: &Value) -> String {
    let what = match ended {
        "memory" => "takes more memory than it may have",
        "stack" => "calls itself without an end",
        "broken" => "has broken the interpreter",
        _ => "does not come to an end, or takes longer than half a second",
    };
    let part = value["part"].as_str().unwrap_or("It");
    let from = value["position"].as_u64().map(|it| format!(" from event {it} on"));
    format!("{part} {what}{}. What ran before goes on running.", from.unwrap_or_default())
}

/// How far an edit has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Progress {
    /// Nothing is under way.
    #[default]
    Rests,
    /// It is tried: so many events of so many.
    Trying(u64, u64),
    /// It is adopted, and everything is folded anew.
    Adopting,
}

/// The log's decisions, taken again by the code that runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Review {
    /// They are being taken.
    #[default]
    UnderWay,
    /// There are too many.
    TooLong,
    /// These would be refused.
    Refused(Vec<NoLongerAllowed>),
}

/// The code's part of the page.
#[derive(Default)]
pub struct Own {
    /// What stands in the editor, where that is not what runs.
    pub draft: Option<Rc<str>>,
    /// Grows whenever the editor is to show another text than somebody has typed.
    pub shown: u64,
    pub progress: Progress,
    /// What is wrong with the draft.
    pub fault: Option<Fault>,
    /// Why the draft was not adopted, where that is no fault of one line.
    pub held: Option<String>,
    pub failures: Rc<Vec<Failure>>,
    pub impure: Option<Impure>,
    /// How many events of the log the draft does not name, which what runs does.
    pub unnamed: u64,
    /// True while the text waits for the end of a command that is stepped through.
    pub waits: bool,
    /// The first event that the code cannot read, in a sentence.
    pub unread: Option<String>,
    /// How a domain is written.
    pub help: Option<Rc<str>>,
    /// What came of the last edit.
    pub adopted: Option<Rc<Adopted>>,
    pub reviewed: Review,
    /// What was done, in words.
    pub said: Option<String>,
    /// Counts edits: only the last one matters.
    turn: u64,
    /// Waits until nobody types.
    pub rest: Option<Timeout>,
    pub worker: Option<Rc<Trials>>,
    /// Up to which position the worker has the log's events.
    pub fed: u64,
    /// The scenario of which the page has made its forms.
    pub formed: Option<Rc<Scenario>>,
    /// True while the code is being suspended.
    pub suspending: bool,
}

impl Own {
    /// Another edit begins.
    pub fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    /// True where nothing was edited since that turn.
    pub fn is_last(&self, turn: u64) -> bool {
        self.turn == turn
    }

    /// What stands in the editor.
    pub fn text(&self, open_log: &OpenLog) -> Rc<str> {
        let runs = || open_log.own_code().map_or_else(|| "".into(), |it| it.text);
        self.draft.clone().unwrap_or_else(runs)
    }

    /// Shows another text in the editor.
    pub fn show(&mut self, text: Rc<str>) {
        self.draft = Some(text);
        self.shown += 1;
    }
}

/// The name under which a draft that does not run is remembered.
pub fn draft_of(log: &str) -> String {
    format!("draft/{log}")
}
