//! What somebody predicts of the story's next step.

use crate::lessons::{Came, Subject};
use crate::ui::model::fold_view::is_folded;
use crate::ui::model::lab::target;
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
            model.predicting.made(&open_log);
            model.link.send(commands::Msg::Tell);
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
    let (session, next) = (open_log.session(), model.summary.next);
    let step = next.and_then(|it| session.scenario().story.get(it));
    let panels: Vec<Subject> = step
        .into_iter()
        .flat_map(|it| it.show.iter())
        .filter(|it| is_folded(it))
        .map(|name| Subject::of(&target(&model.summary.streams, name)))
        .collect();
    drop(session);
    model.predicting.begin(&open_log, panels.into_iter());
    true
}

/// What came of a guess, in a sentence.
pub fn sentence(came: &[Came]) -> String {
    let right = came.iter().filter(|it| it.right).count();
    match (right, came.len()) {
        (_, 0) => String::new(),
        (right, all) if right == all => "You predicted it.".to_owned(),
        (right, all) => format!("You predicted {right} of {all}."),
    }
}
