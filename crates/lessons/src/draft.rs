//! An exercise in the making: what a teacher has written and recorded so far.

use es::{Condition, all, any, field};
use host::OpenLog;
use lab::Spec;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Aim, AnswerKind, Exercise, Goal, Move, Question, Subject, WrongMove, written};

/// What a teacher has written, as it was typed, and recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExerciseDraft {
    /// The scenario's id.
    pub scenario: String,
    /// The log that the exercise begins with, as the text of a link.
    pub log: Option<String>,
    /// Its title.
    pub title: String,
    /// The task.
    pub task: String,
    /// Hints, one a line.
    pub hints: String,
    /// What it meant, one a line.
    pub meaning: String,
    /// The panels that it is about.
    pub show: Vec<String>,
    /// What must hold, besides the answer.
    pub goals: Vec<Aim>,
    /// The question, and what an answer to it is. An empty question asks nothing.
    pub ask: String,
    /// True where an event is asked for, false for a number or a word.
    pub asks_event: bool,
    /// The right answer.
    pub right: String,
    /// A wrong answer, where there is one that is likely.
    pub wrong_answer: String,
    /// What the learner is told then.
    pub wrong_answer_say: String,
    /// Decisions as specifications, to be kept with it.
    pub specs: Vec<Spec>,
    /// The moves of the solution.
    pub solution: Vec<Move>,
    /// The moves that are likely to be tried first, and are wrong.
    pub wrong: Vec<Move>,
    /// By what they are recognised.
    pub wrong_when: Option<Goal>,
    /// What the learner is told then.
    pub wrong_say: String,
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

fn answer_is(text: &str) -> Goal {
    let that = field("").is(Question::read(text));
    Goal::Holds { of: Subject::Answer, that }
}

fn answering(text: &str) -> Move {
    Move(vec!["answer".into(), Question::read(text)])
}

impl ExerciseDraft {
    /// A draft that comes to an exercise again, to be changed.
    pub fn of(exercise: &Exercise) -> Self {
        let is_answer = |it: &Move| it.name() == "answer";
        let answer = |moves: &[Move]| {
            let last = moves.iter().rev().find(|it| is_answer(it));
            match last.and_then(|it| it.0.get(1)) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            }
        };
        let about_answer = |it: &Aim| it.goal.subjects().contains(&&Subject::Answer);
        let wrong_answer = exercise.wrong.iter().find(|it| it.moves.iter().any(is_answer));
        let wrong = exercise.wrong.iter().find(|it| !it.moves.iter().any(is_answer));
        let question = exercise.question.as_ref();
        Self {
            scenario: exercise.scenario.clone(),
            log: exercise.log.clone(),
            title: exercise.title.clone(),
            task: exercise.task.clone(),
            hints: exercise.hints.join("\n"),
            meaning: exercise.meaning.join("\n"),
            show: exercise.show.clone(),
            goals: exercise.goals.iter().filter(|it| !about_answer(it)).cloned().collect(),
            ask: question.map(|it| it.ask.clone()).unwrap_or_default(),
            asks_event: question.is_some_and(|it| it.answer == AnswerKind::Event),
            right: answer(&exercise.solution),
            wrong_answer: wrong_answer.map(|it| answer(&it.moves)).unwrap_or_default(),
            wrong_answer_say: wrong_answer.map(|it| it.say.clone()).unwrap_or_default(),
            solution: exercise.solution.iter().filter(|it| !is_answer(it)).cloned().collect(),
            wrong: wrong.map(|it| it.moves.clone()).unwrap_or_default(),
            wrong_when: wrong.map(|it| it.when.clone()),
            wrong_say: wrong.map(|it| it.say.clone()).unwrap_or_default(),
            specs: exercise.specs.clone(),
        }
    }

    /// The exercise that it comes to.
    pub fn exercise(&self) -> Exercise {
        let asks = !self.ask.trim().is_empty();
        let (mut goals, mut solution) = (self.goals.clone(), self.solution.clone());
        let mut wrong = Vec::new();
        if asks && !self.right.trim().is_empty() {
            let say = "The answer is right".to_owned();
            goals.push(Aim { say, goal: answer_is(&self.right) });
            solution.push(answering(&self.right));
        }
        if asks && !self.wrong_answer.trim().is_empty() {
            wrong.push(WrongMove {
                moves: vec![answering(&self.wrong_answer)],
                when: answer_is(&self.wrong_answer),
                say: self.wrong_answer_say.trim().to_owned(),
            });
        }
        if let Some(when) = self.wrong_when.clone() {
            let say = self.wrong_say.trim().to_owned();
            wrong.push(WrongMove { moves: self.wrong.clone(), when, say });
        }
        let answer = if self.asks_event { AnswerKind::Event } else { AnswerKind::Value };
        Exercise {
            title: self.title.trim().to_owned(),
            scenario: self.scenario.clone(),
            task: self.task.trim().to_owned(),
            log: self.log.clone(),
            show: self.show.clone(),
            goals,
            question: asks.then(|| Question { ask: self.ask.trim().to_owned(), answer }),
            hints: lines(&self.hints),
            specs: self.specs.clone(),
            par: Some(solution.len() as u64),
            solution,
            wrong,
            meaning: lines(&self.meaning),
            ..Exercise::default()
        }
    }

    /// Takes in the moves of the solution, as they were recorded.
    pub fn solved_by(&mut self, moves: &[Move]) {
        self.solution = written(moves);
    }

    /// Takes in wrong moves, as they were recorded in a log.
    pub fn failed_by(&mut self, moves: &[Move], log: &OpenLog) {
        self.wrong = written(moves);
        self.wrong_when = moves.last().and_then(|it| made(it, log));
    }
}

/// A goal that holds in a log in which this move was made last, and did not hold before. None for a
/// move that leaves no trace to recognise it by.
fn made(it: &Move, log: &OpenLog) -> Option<Goal> {
    let part = |index: usize| it.0.get(index);
    match it.name() {
        "send" | "again" | "next" => {
            let journal = Subject::Journal.look(log, &Value::Null);
            let last = journal.as_array()?.last()?;
            let mut each = vec![
                field("/stream").is(last["stream"].clone()),
                field("/command/type").is(last["command"]["type"].clone()),
                field("/outcome").is(last["outcome"].clone()),
            ];
            let data = last["command"]["data"].as_object().into_iter().flatten();
            let plain = data.filter(|(_, it)| !it.is_object() && !it.is_array());
            each.extend(plain.map(|(name, value)| {
                field(&format!("/command/data/{}", token(name))).is(value.clone())
            }));
            let each = all(each);
            let count = journal.as_array()?.iter().filter(|it| each.holds(it)).count();
            let (at, min) = (String::new(), Some(count as u64));
            Some(Goal::Count { of: Subject::Journal, at, each, min, max: None })
        }
        "subscription" => {
            let of = Subject::Subscription(part(1)?.as_str()?.to_owned());
            let now = of.look(log, &Value::Null);
            let names = part(2)?.as_object()?.keys().filter(|name| now.get(*name).is_some());
            let conditions: Vec<Condition> =
                names.map(|name| field(&format!("/{name}")).is(now[name].clone())).collect();
            let that = if conditions.is_empty() { any([]) } else { all(conditions) };
            Some(Goal::Holds { of, that })
        }
        _ => None,
    }
}

/// A name as a part of a JSON pointer.
fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Goal {
    /// That a field of a state or view is what it is now.
    pub fn as_now(of: Subject, pointer: &str, log: &OpenLog) -> Self {
        let value = of.look(log, &Value::Null).pointer(pointer).cloned().unwrap_or_default();
        Self::Holds { of, that: field(pointer).is(value) }
    }

    /// That a projection or process runs in a way: a field of how it runs has a value.
    pub fn runs(name: &str, what: &str, value: impl Into<Value>) -> Self {
        let that = field(what).is(value.into());
        Self::Holds { of: Subject::Subscription(name.to_owned()), that }
    }

    /// That the journal has as many commands with the last one's outcome, type and reason as it has
    /// now. None where there is no command.
    pub fn as_last_command(log: &OpenLog) -> Option<Self> {
        let journal = Subject::Journal.look(log, &Value::Null);
        let last = journal.as_array()?.last()?;
        let each = all(["/outcome", "/command/type", "/reason"]
            .map(|it| field(it).is(last.pointer(it).cloned().unwrap_or_default())));
        let count = journal.as_array()?.iter().filter(|it| each.holds(it)).count();
        let (at, min) = (String::new(), Some(count as u64));
        Some(Self::Count { of: Subject::Journal, at, each, min, max: None })
    }

    /// That the log has as many events as now, and no more.
    pub fn as_long_as_now(log: &OpenLog) -> Self {
        let (at, each, max) = (String::new(), all([]), Some(log.session().head()));
        Self::Count { of: Subject::Log, at, each, min: max, max }
    }
}
