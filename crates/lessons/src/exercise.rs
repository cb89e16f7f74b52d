//! An exercise as a value, and what may be wrong with one.

use std::fmt;

use host::calls::EXERCISE;
use host::code_among;
use lab::{Spec, json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::link::{self, LinkError, Shared};

use crate::{Goal, Money, Move, Together};

/// A task in a log, with a goal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exercise {
    /// Its title: what it is about, in a few words.
    pub title: String,
    /// The scenario's id.
    pub scenario: String,
    /// What is to be done, in one to three sentences.
    pub task: String,
    /// The log that it begins with, as the text of a link; an empty one where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// The lines of the code, where the scenario is one of a person's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<String>,
    /// What is done to that log before the learner sees it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub start: Vec<Move>,
    /// Where the playhead stands then; at the head where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// What everybody sends at the same moment. In a class such an exercise is one log for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub together: Option<Together>,
    /// The panels that it is about, by their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub show: Vec<String>,
    /// What must hold, all of it.
    pub goals: Vec<Aim>,
    /// What is asked, where an answer is part of the goal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// Hints, the gentlest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// How it is solved.
    pub solution: Vec<Move>,
    /// What is likely to be tried first, and is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wrong: Vec<WrongMove>,
    /// In how many moves it can be solved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub par: Option<u64>,
    /// Decisions as specifications, to be run and edited beside it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub specs: Vec<Spec>,
    /// What it meant, to be read once it is solved: about three lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub meaning: Vec<String>,
    /// The position at which the Fold view shows what it meant; the head where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look: Option<u64>,
}

/// A goal, and how it is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aim {
    /// What must hold, in words; those of the goal itself where it is left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub say: String,
    /// The goal.
    pub goal: Goal,
}

/// What a learner is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The question.
    pub ask: String,
    /// What an answer is.
    pub answer: AnswerKind,
}

/// What an answer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerKind {
    /// An event: the position at which the playhead stands.
    Event,
    /// A number, or a word.
    Value,
    /// One of these.
    Choice(Vec<String>),
}

/// What is likely to be tried first, and is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WrongMove {
    /// What is done.
    pub moves: Vec<Move>,
    /// What holds once it was done: by this it is recognised.
    pub when: Goal,
    /// What the learner is told.
    pub say: String,
}

/// What is wrong with an exercise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Something is missing, by its name.
    Missing(&'static str),
    /// There is no such scenario.
    Scenario(String),
    /// A panel that it names does not exist.
    Panel(String),
    /// The log that it begins with cannot be read, or a move cannot be made.
    Start(String),
    /// The goal holds from the beginning.
    HoldsAtStart,
    /// The solution does not reach this part of the goal.
    NotReached(String),
    /// The goal is reached by what is meant to be wrong.
    ReachedByWrong,
    /// What is meant to be wrong is not recognised once it was done.
    WrongNotFound,
    /// This is said of a wrong move although none was made: after so many moves of the solution.
    Scolded(usize, String),
    /// A specification of this number, from 1, makes no sense or does not hold.
    Spec(usize, String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(what) => write!(f, "There is no {what} yet."),
            Self::Scenario(id) => write!(f, "This page has no scenario {id}."),
            Self::Panel(name) => write!(f, "There is nothing called {name} to show."),
            Self::Start(why) => write!(f, "The exercise cannot begin: {why}."),
            Self::HoldsAtStart => f.write_str("The goal holds before anything was done."),
            Self::NotReached(aim) => {
                write!(f, "After the solution this does not hold: {aim}.")
            }
            Self::ReachedByWrong => f.write_str("The wrong move reaches the goal as well."),
            Self::WrongNotFound => {
                f.write_str("The wrong move is not recognised once it was made.")
            }
            Self::Spec(number, why) => write!(f, "Specification {number} does not hold. {why}"),
            Self::Scolded(0, say) => {
                write!(f, "The answer to the wrong move is given before anything was done: {say}")
            }
            Self::Scolded(moves, say) => write!(
                f,
                "The answer to the wrong move is given after move {moves} of the solution: {say}"
            ),
        }
    }
}

impl Aim {
    /// A goal that is said in its own words.
    pub fn of(goal: Goal) -> Self {
        Self { say: String::new(), goal }
    }

    /// What must hold, in words. Amounts are in cents.
    pub fn words(&self) -> String {
        self.words_with(&|_| false)
    }

    /// What must hold, in words. `money` says of a field's name that it holds cents.
    pub fn words_with(&self, money: Money) -> String {
        if self.say.is_empty() { self.goal.words(money) } else { self.say.clone() }
    }
}

impl Question {
    /// The answer that a text is: a number where it reads as one.
    pub fn read(text: &str) -> Value {
        let text = text.trim();
        match text.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => text.into(),
        }
    }
}

impl Exercise {
    /// An exercise, of the text of a lesson's file or of a link.
    ///
    /// # Errors
    /// A sentence.
    pub fn read(text: &str) -> Result<Self, String> {
        let no = |it: serde_json::Error| {
            format!("line {}, column {}: this is no exercise", it.line(), it.column())
        };
        let value: Value = serde_json::from_str(text).map_err(no)?;
        EXERCISE.shape.check(&value, "the exercise")?;
        serde_json::from_value(value).map_err(no)
    }

    /// The code that it begins with, where it has some of its own.
    pub fn code(&self) -> Option<String> {
        if !self.code.is_empty() {
            return Some(self.code.join("\n"));
        }
        let shared = self.shared().ok()??;
        code_among(&shared.records)
    }

    /// The log that it begins with, where it has one.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn shared(&self) -> Result<Option<Shared>, LinkError> {
        self.log.as_deref().map(link::read).transpose()
    }

    /// The text of a link that carries it, with the log that it begins with.
    ///
    /// # Errors
    /// [`LinkError::TooLong`].
    pub fn link(&self) -> Result<String, LinkError> {
        let mut shared = self.shared()?.unwrap_or_default();
        let rest = Self { log: None, ..self.clone() };
        shared.scenario.clone_from(&self.scenario);
        shared.exercise = Some(json::write(&rest));
        link::write(&shared)
    }

    /// The exercise that a link carries, where it carries one.
    ///
    /// # Errors
    /// A sentence.
    pub fn of_shared(mut shared: Shared) -> Result<Option<Self>, String> {
        let Some(text) = shared.exercise.take() else { return Ok(None) };
        let exercise = Self::read(&text)?;
        let bare = shared.commits.is_empty() && shared.records.is_empty() && shared.seed.is_none();
        let log = if bare { None } else { Some(link::write(&shared)) };
        let log = log.transpose().map_err(|it| it.to_string())?;
        Ok(Some(Self { scenario: shared.scenario, log, ..exercise }))
    }
}
