//! What somebody predicts of the story's next step.

use super::diary;
use crate::host::OpenLog;
use crate::lab::JournalEntry;
use crate::lessons::{Came, Guess, Subject};
use crate::ui::model::class::Deed;
use crate::ui::model::fold_view::is_folded;
use crate::ui::model::lab::target;
use crate::ui::model::logs::Home;
use crate::ui::model::predicting::{Msg, Predicting};
use crate::ui::model::{Model, commands};

/// True where the page is to be drawn again.
pub fn update(model: &mut Model, msg: Msg) -> bool {
    let predicting = &mut model.predicting;
    match msg {
        Msg::Ask(on) => {
            *predicting = Predicting::default();
            predicting.on = on;
        }
        Msg::Outcome(word) => predicting.outcome = word,
        Msg::Events(text) => predicting.events = text,
        Msg::Place(index) => predicting.place = index.parse().ok(),
        Msg::Value(text) => predicting.value = text,
        Msg::Guess => {
            let Some(open_log) = model.open_log() else { return false };
            let guess = model.predicting.made(&open_log);
            note(model, &open_log, &guess);
            let leader = waits_for(model, &open_log);
            match leader {
                Some(name) => model.saying.happened(format!(
                    "You predict: {}. {name} tells the step.",
                    if guess.is_empty() { "nothing".to_owned() } else { guess.words() }
                )),
                None => model.link.send(commands::Msg::Tell),
            }
        }
        Msg::Close => predicting.came.clear(),
    }
    true
}

/// Asks for a prediction before the next step is told. True where the step has to wait for it.
pub fn asks(model: &mut Model) -> bool {
    if !model.predicting.on || model.predicting.is_made() {
        return false;
    }
    let Some(open_log) = model.open_log() else { return false };
    ask(model, &open_log);
    true
}

/// Opens the form for the story's next step.
pub fn ask(model: &mut Model, open_log: &OpenLog) {
    let (session, next) = (open_log.session(), model.summary.next);
    let step = next.and_then(|it| session.scenario().story.get(it));
    let panels: Vec<Subject> = step
        .into_iter()
        .flat_map(|it| it.show.iter())
        .filter(|it| is_folded(it))
        .map(|name| Subject::of(&target(&model.summary.streams, name)))
        .collect();
    drop(session);
    model.predicting.begin(open_log, panels.into_iter());
}

/// The one who tells the story in a class, where that is not this page's person.
fn waits_for(model: &Model, open_log: &OpenLog) -> Option<String> {
    let joined = model.class.joined.as_ref().filter(|it| it.asked.is_some())?;
    let shared = model.logs.home(open_log) == Home::Class;
    joined.look.as_ref().filter(|_| shared && !joined.leading).map(|it| it.name.clone())
}

/// Notes a guess in the class's diary.
fn note(model: &Model, open_log: &OpenLog, guess: &Guess) {
    if let Some(next) = model.summary.next.filter(|_| !guess.is_empty()) {
        let step = format!("{}, step {}", open_log.session().scenario().title, next + 1);
        diary::note(model, &Deed::Predict { step, guess: guess.words() });
    }
}

/// A step was told: says how close the guess was.
pub fn told(model: &mut Model, open_log: &OpenLog, entry: Option<&JournalEntry>) {
    model.predicting.told(open_log, entry);
    let sentence = sentence(&model.predicting.came);
    if !sentence.is_empty() {
        model.saying.more(&sentence);
    }
}

/// What came of a guess, in a sentence.
fn sentence(came: &[Came]) -> String {
    let right = came.iter().filter(|it| it.right).count();
    match (right, came.len()) {
        (_, 0) => String::new(),
        (right, all) if right == all => "You predicted it.".to_owned(),
        (right, all) => format!("You predicted {right} of {all}."),
    }
}
