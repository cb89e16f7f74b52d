//! An exercise in the making, which a teacher writes and records. It survives a reload.

use std::rc::Rc;

use crate::host::OpenLog;
use crate::lab::Spec;
use crate::lab::json;
use crate::lessons::{Aim, Exercise, ExerciseDraft};
use crate::ui::browser::{remember, remembered};

/// What happens to the draft.
pub enum Msg {
    /// Make an exercise that begins with the open log.
    Begin,
    /// The log was read that it begins with, or could not be.
    Taken { scenario: Rc<str>, title: String, log: Result<String, String> },
    /// Show the draft, or put it away for a while.
    Show(bool),
    /// A text was typed.
    Write(Text, String),
    /// Whether an event is asked for.
    AskEvent(bool),
    /// Whether a panel is shown.
    Panel(Rc<str>, bool),
    /// The next press on a value makes a goal of it, or does not.
    Pick(bool),
    /// A value was pressed: the panel's name, and the field as a JSON pointer.
    Picked(String, String),
    /// Take in a goal of this kind, as things are now.
    Goal(GoalKind),
    /// What a goal says.
    Say(usize, String),
    /// Take a goal out.
    Drop(usize),
    /// Keep a specification with the exercise.
    Keep(Spec),
    /// Take a specification out.
    DropSpec(usize),
    /// Record moves in a copy of the log.
    Record(Recording),
    /// The copy is there, or could not be made.
    Copied(Recording, Result<OpenLog, String>),
    /// Take in what was recorded.
    Stop,
    /// The draft was tried: this is what is wrong.
    Tried(u64, Option<String>),
    /// Open it as a learner does.
    Try,
    /// Make its link, and copy it.
    Link,
    /// The link is made, and copied or not; or it could not be.
    Linked(Result<(String, bool), String>),
    /// Hand it out as a file.
    File,
    /// Throw the draft away: asked for, or said again.
    Discard(bool),
}

/// A text of the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    Title,
    Task,
    Ask,
    Right,
    WrongAnswer,
    WrongAnswerSay,
    WrongSay,
    Hints,
    Meaning,
}

/// What is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    Solution,
    Wrong,
}

/// A goal that is made of how things are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GoalKind {
    /// The last command's outcome.
    LastCommand,
    /// No further event.
    NoEvent,
    /// A projection or process has caught up.
    CaughtUp(Rc<str>),
    /// It is paused, or not, as it is now.
    Paused(Rc<str>, bool),
    /// Its instance is what a clean fold gives.
    Clean(Rc<str>),
}

/// The draft, and what is going on with it.
#[derive(Default)]
pub struct Making {
    /// None where nobody is making an exercise.
    pub draft: Option<Rc<ExerciseDraft>>,
    pub shown: bool,
    pub picking: bool,
    /// What is being recorded, in which log.
    pub recording: Option<(Recording, String)>,
    /// What was recorded last: the page shows its end.
    pub ended: Option<Recording>,
    /// Somebody has asked to throw the draft away, and has not said it again.
    pub discarding: bool,
    /// What is wrong with the draft. None where nothing is.
    pub fault: Option<String>,
    pub link: Option<(String, bool)>,
    /// How often the draft was changed: only the last trial counts.
    pub turn: u64,
}

impl Making {
    /// Goes on with the draft that was there before a reload.
    pub fn remember(&mut self) {
        let kept = remembered("draft").and_then(|it| json::read(&it).ok());
        self.draft = kept.map(Rc::new);
    }
}

impl Text {
    /// The text in a draft.
    pub fn of(self, draft: &ExerciseDraft) -> &String {
        match self {
            Self::Title => &draft.title,
            Self::Task => &draft.task,
            Self::Ask => &draft.ask,
            Self::Right => &draft.right,
            Self::WrongAnswer => &draft.wrong_answer,
            Self::WrongAnswerSay => &draft.wrong_answer_say,
            Self::WrongSay => &draft.wrong_say,
            Self::Hints => &draft.hints,
            Self::Meaning => &draft.meaning,
        }
    }

    /// Writes it.
    pub fn write(self, draft: &mut ExerciseDraft, text: String) {
        match self {
            Self::Title => draft.title = text,
            Self::Task => draft.task = text,
            Self::Ask => draft.ask = text,
            Self::Right => draft.right = text,
            Self::WrongAnswer => draft.wrong_answer = text,
            Self::WrongAnswerSay => draft.wrong_answer_say = text,
            Self::WrongSay => draft.wrong_say = text,
            Self::Hints => draft.hints = text,
            Self::Meaning => draft.meaning = text,
        }
    }
}

impl Making {
    /// Changes the draft, and remembers it. A link that was made is of before that.
    pub fn change(&mut self, change: impl FnOnce(&mut ExerciseDraft)) {
        let Some(draft) = &mut self.draft else { return };
        change(Rc::make_mut(draft));
        remember("draft", Some(&json::write(&**draft)));
        self.link = None;
        self.turn += 1;
    }

    /// Takes in a goal.
    pub fn aim(&mut self, aim: Aim) {
        self.picking = false;
        self.change(|draft| {
            if !draft.goals.contains(&aim) {
                draft.goals.push(aim);
            }
        });
    }

    /// Throws the draft away.
    pub fn discard(&mut self) {
        remember("draft", None);
        *self = Self { draft: None, turn: self.turn + 1, ..Self::default() };
    }

    /// The exercise that the draft comes to.
    pub fn exercise(&self) -> Option<Exercise> {
        self.draft.as_ref().map(|it| it.exercise())
    }
}
