//! What runs the code: an interpreter of JavaScript that shares nothing with the page.

use serde_json::Value;

/// An interpreter with the bridge in it. It has no clock, no randomness, no network and no storage.
/// Its limits on steps, memory and calls within calls are the same at every run.
pub trait Engine {
    /// Runs a text as a script called `file`.
    ///
    /// # Errors
    /// [`Halt`] where it throws, or does not come to an end.
    fn evaluate(&self, text: &str, file: &str) -> Result<(), Halt>;

    /// Hands a text to the bridge's function, and gives its answer.
    ///
    /// # Errors
    /// [`Ended`] where it did not come to an end. The engine answers nothing from then on.
    fn call(&self, text: &str) -> Result<String, Ended>;
}

/// Why a script did not run to its end.
#[derive(Clone, Debug)]
pub enum Halt {
    /// It threw something.
    Thrown(Thrown),
    /// It was stopped.
    Ended(Ended),
}

/// What a script threw.
#[derive(Clone, Debug, Default)]
pub struct Thrown {
    /// The error's name: `SyntaxError`.
    pub name: String,
    /// What it says.
    pub message: String,
    /// Where it was thrown, as the interpreter writes it.
    pub stack: String,
}

impl Thrown {
    /// Reads one of JSON: `{name, message, stack}`.
    pub fn of(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Self { name: text("name"), message: text("message"), stack: text("stack") }
    }
}

/// Why the interpreter was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// It took too many steps.
    #[error("it does not come to an end, or takes too long, so it was stopped")]
    Time,
    /// It wanted too much memory.
    #[error("it takes more memory than it may have, so it was stopped")]
    Memory,
    /// Its calls were too deep.
    #[error("it calls itself without an end, so it was stopped")]
    Stack,
    /// The interpreter has failed.
    #[error("the interpreter failed, so it was stopped")]
    Broken,
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct Fault {
    /// What is wrong, in a sentence.
    pub message: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
}

impl Fault {
    /// A fault without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), line: None, column: None }
    }

    /// Reads one of JSON: `{message, line, column}`.
    pub fn of(value: &Value) -> Self {
        let number = |name: &str| value[name].as_u64().and_then(|it| u32::try_from(it).ok());
        let message = value["message"].as_str().unwrap_or_default().to_owned();
        Self { message, line: number("line"), column: number("column") }
    }

    /// What is wrong, with the line.
    pub fn sentence(&self) -> String {
        match self.line {
            Some(line) => format!("line {line}: {}", self.message),
            None => self.message.clone(),
        }
    }
}

impl From<Ended> for Fault {
    fn from(ended: Ended) -> Self {
        Self::new(ended.to_string())
    }
}

/// What stands before a person's text, so that what it declares is its own. It is on the text's
/// first line: line numbers stay.
const BEFORE: &str = "(() => {\"use strict\";";

/// Runs a person's text in a function of its own.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn run(engine: &dyn Engine, text: &str) -> Result<(), Fault> {
    let wrapped = format!("{BEFORE}{text}\n}})()");
    match engine.evaluate(&wrapped, FILE) {
        Ok(()) => Ok(()),
        Err(Halt::Ended(ended)) => Err(ended.into()),
        Err(Halt::Thrown(thrown)) => Err(placed(&thrown, text)),
    }
}

/// The name by which the interpreter knows the text.
const FILE: &str = "domain.js";

fn placed(thrown: &Thrown, text: &str) -> Fault {
    let place = thrown.stack.split(FILE).nth(1).unwrap_or_default();
    let mut numbers = place.split(|it: char| !it.is_ascii_digit()).filter(|it| !it.is_empty());
    let line = numbers.next().and_then(|it| it.parse::<u32>().ok());
    let column = numbers.next().and_then(|it| it.parse::<u32>().ok());
    // A bracket that is missing at the end is reported behind the last line.
    let lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX).max(1);
    let before = if line == Some(1) { u32::try_from(BEFORE.len()).unwrap_or(0) } else { 0 };
    let message = match thrown.name.as_str() {
        "" if thrown.message.is_empty() => "it throws something that is no error".to_owned(),
        "" | "Error" => thrown.message.clone(),
        name => format!("{name}: {}", thrown.message),
    };
    Fault {
        message,
        line: line.map(|it| it.min(lines)),
        column: column.map(|it| it.saturating_sub(before).max(1)),
    }
}
