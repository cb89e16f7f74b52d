//! A prediction: before a step of the story is told, somebody says what will come of it.

use std::rc::Rc;

use crate::host::OpenLog;
use crate::lab::JournalEntry;
use crate::lessons::{Came, Expected, Guess, Place, Subject};

/// How many fields of one panel are offered.
const FIELDS_AT_MOST: usize = 12;

/// What happens to predictions.
pub enum Msg {
    /// Ask before each step, or do not.
    Ask(bool),
    /// What is expected of the command, of the number of events, and of a value.
    Outcome(String),
    Events(String),
    Place(String),
    Value(String),
    /// That is the guess: tell the step.
    Guess,
    /// Put what came away.
    Close,
}

/// A guess as it is typed, and what came of the last one.
#[derive(Clone, Default, PartialEq)]
pub struct Predicting {
    /// Asked before each step.
    pub on: bool,
    /// The form is open: the step waits.
    pub open: bool,
    pub outcome: String,
    pub events: String,
    /// The fields that can be guessed, and which one is.
    pub places: Vec<Place>,
    pub place: Option<usize>,
    pub value: String,
    /// The next step is told without asking once more.
    ready: bool,
    /// The guess that was made, and the head before the step.
    guess: Option<(Guess, u64)>,
    /// What came of the last guess.
    pub came: Vec<Came>,
    /// The step that was told last, counted from 0, and the journal entry of what came of it, as JSON
    /// text.
    pub last: Option<(usize, Rc<str>)>,
}

impl Predicting {
    /// Opens the form for the next step, with the fields of these states and views.
    pub fn begin(&mut self, log: &OpenLog, panels: impl Iterator<Item = Subject>) {
        let places = panels.flat_map(|it| Place::within(&it, log, FIELDS_AT_MOST)).collect();
        *self = Self { on: true, open: true, places, ..Self::default() };
    }

    /// Another log is open: what was guessed in this one is over.
    pub fn leave(&mut self) {
        *self = Self { on: self.on, ..Self::default() };
    }

    /// True where a guess is made for the next step, or was left empty.
    pub fn is_made(&self) -> bool {
        self.ready
    }

    /// The guess is made: the step can be told.
    pub fn made(&mut self, log: &OpenLog) -> Guess {
        let outcome = Expected::ALL.into_iter().find(|it| it.word() == self.outcome);
        let place = self.place.and_then(|it| self.places.get(it)).cloned();
        let value = place.filter(|_| !self.value.trim().is_empty());
        let guess = Guess {
            outcome,
            events: self.events.trim().parse().ok(),
            value: value.map(|place| (place, Guess::value_of(&self.value))),
        };
        (self.open, self.ready) = (false, true);
        let head = log.session().head();
        self.guess = (!guess.is_empty()).then(|| (guess.clone(), head));
        guess
    }

    /// The step was told: notes what came.
    pub fn told(&mut self, log: &OpenLog, entry: Option<&JournalEntry>) {
        self.ready = false;
        if let Some((guess, head)) = self.guess.take() {
            self.came = guess.beside(log, entry, head);
        }
    }
}
