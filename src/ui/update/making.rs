//! A teacher makes an exercise: what was set up becomes its beginning, what is done its solution,
//! and what is seen its goal.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::lessons::log_of;
use super::opening;
use crate::lessons::{Aim, ExerciseDraft, Goal, Move, Subject, begin, check};
use crate::ui::browser::address::Address;
use crate::ui::browser::close_menus;
use crate::ui::browser::files::{self, Pieces};
use crate::ui::model::Model;
use crate::ui::model::lab::target;
use crate::ui::model::lessons::{self, DRAFT, Key};
use crate::ui::model::logs::OpenMode;
use crate::ui::model::making::{GoalKind, Msg, Recording};

/// True where the page is to be drawn again.
#[inline(never)]
pub fn update(model: &mut Model, msg: Msg) -> bool {
    let turn = model.making.turn;
    match msg {
        Msg::Begin => begin_draft(model),
        Msg::Taken { scenario, title, log } => taken(model, &scenario, title, log),
        Msg::Show(on) => {
            close_menus(None);
            model.making.shown = on && model.making.draft.is_some();
            model.making.turn += 1;
        }
        Msg::Write(text, typed) => model.making.change(|draft| text.write(draft, typed)),
        Msg::AskEvent(on) => model.making.change(|draft| draft.asks_event = on),
        Msg::Panel(name, on) => model.making.change(|draft| {
            draft.show.retain(|it| **it != *name);
            if on {
                draft.show.push(name.to_string());
            }
        }),
        Msg::Pick(on) => model.making.picking = on,
        Msg::Picked(panel, pointer) => picked(model, &panel, &pointer),
        Msg::Goal(kind) => goal(model, &kind),
        Msg::Say(index, text) => model.making.change(|draft| {
            if let Some(aim) = draft.goals.get_mut(index) {
                aim.say = text;
            }
        }),
        Msg::Drop(index) => model.making.change(|draft| _ = draft.goals.remove(index)),
        Msg::Keep(spec) => model.making.change(|draft| draft.specs.push(spec)),
        Msg::DropSpec(index) => model.making.change(|draft| _ = draft.specs.remove(index)),
        Msg::Record(what) => record(model, what),
        Msg::Copied(what, Ok(open_log)) => {
            let id = open_log.id().to_owned();
            model.making.recording = Some((what, id.clone()));
            let scenario = open_log.session().scenario().id.clone();
            opening::open(model, &scenario, OpenMode::Log(id, None), None);
        }
        Msg::Copied(_, Err(why)) => {
            model.making.fault = Some(format!("Nothing is recorded: {why}."));
        }
        Msg::Stop => stop(model),
        Msg::Tried(of, fault) if of == turn => model.making.fault = fault,
        Msg::Tried(..) => return false,
        Msg::Try => {
            let Some(exercise) = model.making.exercise() else { return false };
            if let Ok(text) = exercise.link() {
                let key = Key::of_link(&text);
                key.keep(&exercise);
                model.making.shown = false;
                model.link.send(lessons::Msg::Open(key, None));
            }
        }
        Msg::Link => link(model),
        Msg::Linked(Ok(link)) => model.making.link = Some(link),
        Msg::Linked(Err(why)) => model.making.fault = Some(format!("There is no link: {why}.")),
        Msg::File => file(model),
        Msg::Discard(false) => model.making.discarding = true,
        Msg::Discard(true) => discard(model),
    }
    if model.making.turn != turn && model.making.shown {
        test(model);
    }
    true
}

fn begin_draft(model: &mut Model) {
    close_menus(None);
    let Some(open_log) = model.open_log() else { return };
    model.making.discarding = false;
    if model.making.draft.is_some() {
        // The one that was begun is not thrown away in passing.
        model.making.shown = true;
        model.making.turn += 1;
        model.saying.happened(
            "This is the exercise that was begun before. Discard it to begin another one.",
        );
        return;
    }
    if let Some(attempt) = &model.lessons.attempt {
        let draft = ExerciseDraft::of(&attempt.exercise);
        model.making.draft = Some(Rc::new(draft));
        model.making.shown = true;
        return model.making.change(|_| ());
    }
    model.link.later(async move {
        let scenario = open_log.session().scenario().id.clone();
        let title = open_log.info().title;
        Msg::Taken { scenario, title, log: log_of(&open_log).await }
    });
}

fn taken(model: &mut Model, scenario: &str, title: String, log: Result<String, String>) {
    match log {
        Ok(log) => {
            model.making.discard();
            let (scenario, log) = (scenario.to_string(), Some(log));
            let show = model.summary.stage.iter().map(ToString::to_string).collect();
            model.making.draft = Some(Rc::new(ExerciseDraft {
                scenario,
                log,
                title,
                show,
                ..ExerciseDraft::default()
            }));
            model.making.shown = true;
            model.making.change(|_| ());
        }
        Err(why) => {
            model.saying.fault = Some(format!("No exercise can begin with this log: {why}."));
        }
    }
}

/// A value was pressed: that it is what it is now becomes a goal.
fn picked(model: &mut Model, panel: &str, pointer: &str) {
    let Some(open_log) = model.open_log() else { return };
    let of = Subject::of(&target(&model.summary.streams, panel));
    model.making.aim(Aim::of(Goal::as_now(of, pointer, &open_log)));
}

fn goal(model: &mut Model, kind: &GoalKind) {
    let Some(open_log) = model.open_log() else { return };
    let said = |say: String, goal: Goal| Some(Aim { say, goal });
    let aim = match kind {
        GoalKind::LastCommand => Goal::as_last_command(&open_log).map(Aim::of),
        GoalKind::NoEvent => {
            said("No event was added beyond these".into(), Goal::as_long_as_now(&open_log))
        }
        GoalKind::CaughtUp(name) => {
            said(format!("{name} has caught up"), Goal::runs(name, "/lag", 0))
        }
        GoalKind::Paused(name, true) => {
            said(format!("{name} is paused"), Goal::runs(name, "/paused", true))
        }
        GoalKind::Paused(name, false) => {
            said(format!("{name} is not paused"), Goal::runs(name, "/paused", false))
        }
        GoalKind::Clean(name) => said(
            format!("{name} shows what a clean fold shows"),
            Goal::runs(name, "/health", "clean"),
        ),
    };
    if let Some(aim) = aim {
        model.making.aim(aim);
    }
}

/// Opens a copy of the log that the exercise begins with, to record moves there.
fn record(model: &mut Model, what: Recording) {
    let Some(exercise) = model.making.exercise() else { return };
    let Some(scenario) = model.logs.scenario(&exercise.scenario).cloned() else { return };
    let host = model.logs.host().clone();
    let open = model.open_log().map(|it| it.id().to_owned());
    model.link.later(async move {
        for info in host.logs().await.unwrap_or_default() {
            // Copies of before are of no use; the one that is looked at goes the next time.
            if info.exercise.as_deref() == Some(DRAFT) && Some(&info.id) != open.as_ref() {
                _ = host.remove(&info.id).await;
            }
        }
        Msg::Copied(what, begin(&exercise, &scenario, &host, DRAFT).await)
    });
}

/// Throws the draft away. A copy in which moves were recorded is left.
fn discard(model: &mut Model) {
    model.making.discard();
    let Some(open_log) = model.open_log() else { return };
    if open_log.info().exercise.as_deref() == Some(DRAFT) {
        let scenario = open_log.session().scenario().id.clone();
        opening::open(model, &scenario, OpenMode::Last, None);
    }
}

/// Takes in what was recorded.
fn stop(model: &mut Model) {
    let recording = model.making.recording.take();
    let Some(open_log) = model.open_log() else { return };
    let Some((what, _)) = recording.filter(|(_, log)| *log == open_log.id()) else { return };
    model.making.ended = Some(what);
    let moves: Vec<Move> = open_log.recorded().iter().filter_map(Move::of).collect();
    model.making.change(|draft| match what {
        Recording::Solution => draft.solved_by(&moves),
        Recording::Wrong => draft.failed_by(&moves, &open_log),
    });
}

/// Tries the draft, in memory: what is still missing, and what is wrong.
fn test(model: &mut Model) {
    let Some(exercise) = model.making.exercise() else { return };
    let Some(scenario) = model.logs.scenario(&exercise.scenario).cloned() else { return };
    let (memory, turn) = (model.logs.memory.clone(), model.making.turn);
    model.link.later(async move {
        let fault = check(&exercise, &scenario, &memory).await.err();
        Msg::Tried(turn, fault.map(|it| it.to_string()))
    });
}

fn link(model: &Model) {
    let Some(exercise) = model.making.exercise() else { return };
    model.link.later(async move {
        match exercise.link() {
            Ok(text) => {
                let link = Address::of_shared(&text);
                // Where the clipboard is closed to us, the link can be copied from its field.
                let copied = files::copy(&link).await;
                Msg::Linked(Ok((link, copied)))
            }
            Err(why) => Msg::Linked(Err(why.to_string())),
        }
    });
}

/// Hands the exercise out as a lesson's file, to which others can be added by hand.
fn file(model: &Model) {
    let Some(exercise) = model.making.exercise() else { return };
    let link = model.link.clone();
    let lesson = crate::lessons::Lesson {
        title: exercise.title.clone(),
        can: String::new(),
        notes: Vec::new(),
        exercises: vec![exercise],
    };
    spawn_local(async move {
        let pieces = Pieces::default();
        let text = serde_json::to_value(&lesson).map(|it| format!("{it:#}")).unwrap_or_default();
        pieces.push(text.as_bytes());
        if let Err(why) = pieces.download("lesson.json", false).await {
            link.send(Msg::Linked(Err(why)));
        }
    });
}
