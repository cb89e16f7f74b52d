//! The list of lessons and workshops: it is fetched, a workshop begins, its clock goes on, and what
//! somebody has solved is taken along or forgotten.

use std::rc::Rc;

use gloo::timers::future::TimeoutFuture;
use serde_json::json;
use wasm_bindgen_futures::spawn_local;

use super::opening;
use crate::es::Map;
use crate::lab::json as json_text;
use crate::lessons::{Course, Lesson, Workshop, handout};
use crate::ui::browser::address::Address;
use crate::ui::browser::clock::now;
use crate::ui::browser::files::{Pieces, fetched};
use crate::ui::browser::{close_menus, focus};
use crate::ui::model::Model;
use crate::ui::model::lessons::{
    Msg, Progress, Running, exercises_of, keep_workshop, own_workshop,
};
use crate::ui::model::logs::OpenMode;

/// How long the clock of a workshop stands still, in milliseconds.
const TICK_MILLIS: u32 = 15_000;

pub fn show(model: &mut Model, on: bool) {
    close_menus(None);
    model.lessons.shown = on;
    (model.lessons.forgetting, model.lessons.copied) = (false, None);
    if on {
        fetch_course(model);
    } else {
        focus("button[aria-label='Lessons']");
    }
}

pub fn fetch_course(model: &Model) {
    if model.lessons.course.is_none() {
        model.link.later(async { Msg::Listed(course().await) });
    }
}

pub async fn course() -> Option<Course> {
    let mut course: Course = json_text::read(&fetched("lessons/course.json").await?).ok()?;
    course.workshops.extend(own_workshop());
    Some(course)
}

pub fn listed(model: &mut Model, course: Option<Course>) {
    model.lessons.unreachable = course.is_none();
    if let Some(course) = course {
        model.lessons.course = Some(Rc::new(course));
        if model.lessons.workshop.is_some() {
            tick(model);
        }
    }
}

/// Forgets what was solved, and removes every attempt.
pub fn forget(model: &mut Model) {
    model.lessons.keep(Progress::default());
    model.lessons.run(None);
    (model.lessons.forgetting, model.lessons.copied) = (false, None);
    let open = model.open_log();
    let in_exercise = open.as_ref().filter(|it| it.info().exercise.is_some());
    if let Some(open_log) = in_exercise {
        let scenario = open_log.session().scenario().id.clone();
        opening::open(model, &scenario, OpenMode::Last, None);
    }
    let host = model.logs.host().clone();
    // A log that is open is left before it is removed.
    drop(open);
    model.link.later(async move {
        let logs = host.all_logs().await.unwrap_or_default();
        for info in logs.iter().filter(|it| it.exercise.is_some()) {
            // What cannot be removed now is removed the next time.
            _ = host.remove(&info.id).await;
        }
        Msg::Attempts(Vec::new())
    });
}

pub fn export(model: &Model) {
    let pieces = Pieces::default();
    let file =
        json!({ "leftfold": "progress", "at": now(), "exercises": &*model.lessons.progress });
    pieces.push(file.to_string().as_bytes());
    let link = model.link.clone();
    spawn_local(async move {
        if let Err(why) = pieces.download("leftfold-progress.json", false).await {
            link.send(Msg::Unknown(why));
        }
    });
}

/// Hands out the page that the learners of a workshop get on paper.
pub fn hand_out(model: &Model, id: &str) {
    let Some(course) = model.lessons.course.clone() else { return };
    let Some(workshop) = course.workshops.iter().find(|it| it.id == *id).cloned() else { return };
    let link = model.link.clone();
    spawn_local(async move {
        let mut lessons = Map::new();
        for part in workshop.parts.iter().filter(|it| !it.lesson.is_empty()) {
            let text = fetched(&format!("lessons/{}.json", part.lesson)).await;
            let Some(lesson) = text.and_then(|it| json_text::read::<Lesson>(&it).ok()) else {
                let why = "the workshop’s lessons could not be fetched: is there a network?";
                return link.send(Msg::Unknown(why.into()));
            };
            lessons.insert(part.lesson.clone(), lesson);
        }
        let page = handout(&workshop, &course, &lessons, &Address::page());
        let pieces = Pieces::default();
        pieces.push(page.as_bytes());
        if let Err(why) = pieces.download(&format!("{}.html", workshop.id), false).await {
            link.send(Msg::Unknown(why));
        }
    });
}

/// Begins a workshop with its first exercise that is not solved, or ends it.
pub fn workshop(model: &mut Model, id: Option<Rc<str>>) {
    let Some(mut id) = id else { return model.lessons.run(None) };
    if id.contains('.') {
        // It came in the link.
        match Workshop::read(&id) {
            Ok(workshop) => {
                keep_workshop(&id, &workshop);
                model.lessons.course = None;
                id = workshop.id.into();
            }
            Err(why) => return model.link.send(Msg::Unknown(why)),
        }
    }
    let Some(course) = model.lessons.course.clone() else {
        // It begins once it is known what belongs to it.
        model.link.later(async move {
            match course().await {
                Some(course) => Msg::Course(course, id),
                None => {
                    Msg::Unknown("the workshop could not be fetched: is there a network?".into())
                }
            }
        });
        return;
    };
    let Some(workshop) = course.workshops.iter().find(|it| *it.id == *id) else {
        return model.link.send(Msg::Unknown(format!("there is no workshop {id}")));
    };
    let running = model.lessons.workshop.as_ref().filter(|it| it.id == id).cloned();
    let goes_on = running.is_some();
    model.lessons.run(Some(running.unwrap_or(Running { id, since: now() })));
    tick(model);
    let exercises = exercises_of(&course, workshop);
    let next = exercises.iter().find(|it| !model.lessons.progress.solved(it));
    // Who begins has perhaps rehearsed it: it begins with the first.
    if let Some(key) = next.filter(|_| goes_on).or(exercises.first()) {
        model.link.send(Msg::Open(key.clone(), None));
    }
}

/// The clock of a workshop goes on.
pub fn tick(model: &Model) {
    if model.lessons.workshop.is_some() {
        model.link.later(async {
            TimeoutFuture::new(TICK_MILLIS).await;
            Msg::Tick
        });
    }
}
