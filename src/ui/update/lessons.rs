//! Lessons are listed; exercises are begun, judged, solved before one's eyes, and left.

use std::rc::Rc;

use gloo::timers::future::TimeoutFuture;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;

use super::changes::changed;
use super::course::{self, course, fetch_course};
use super::{commands, diary, opening, playback};
use crate::es::{Scenario, Stream};
use crate::host::calls::OfLessons;
use crate::host::{Host, OpenLog};
use crate::lab::{forms, json as json_text};
use crate::lessons::{Exercise, Lesson, Move, Played, STAND_INS, Workshop, begin, check, prepare};
use crate::ui::browser::address::Address;
use crate::ui::browser::close_menus;
use crate::ui::browser::files::{self, fetched};
use crate::ui::console::Reply;
use crate::ui::model::Model;
use crate::ui::model::class::Deed;
use crate::ui::model::fold_view::{self, is_folded};
use crate::ui::model::layout::Side;
use crate::ui::model::lessons::{Attempt, Begun, DRAFT, Key, LessonPlace, Msg, Part, Playing};
use crate::ui::model::logs::{Home, OpenMode};
use crate::ui::model::{bookmarks, lab, logs};

/// How long one looks at a move of the solution before the next is played, in milliseconds.
const MOVE_MILLIS: u32 = 1_400;

/// True where the page is to be drawn again.
#[inline(never)]
pub fn update(model: &mut Model, msg: Msg) -> bool {
    match msg {
        Msg::Show(on) => course::show(model, on),
        Msg::Listed(course) => course::listed(model, course),
        Msg::Open(key, reply) => open(model, key, reply),
        Msg::Arrived(open_log) => arrived(model, &open_log),
        Msg::Begin(key) => start(model, key, Moves::None, None),
        Msg::Begun(Ok(it), reply) => begun(model, it, reply),
        Msg::Begun(Err(why), Some(reply)) => reply.reject("storage", &why),
        Msg::Begun(Err(why), None) | Msg::Unknown(why) => {
            model.saying.also_wrong(&format!("This is not there: {why}."));
            if model.logs.open.is_none() {
                Address::clear();
                model.link.send(logs::Msg::Navigate);
            }
        }
        Msg::Known(begun) => known(model, begun),
        Msg::Attempts(logs) => model.lessons.list(&logs),
        Msg::Course(course, id) => {
            course::listed(model, Some(course));
            course::workshop(model, Some(id));
        }
        Msg::Hint => _ = hint(model),
        Msg::Type(text) => {
            if let Some(attempt) = &mut model.lessons.attempt {
                Rc::make_mut(attempt).typed = text;
            }
        }
        Msg::Answer(value) => answer(model, value),
        Msg::Lost => lost(model),
        Msg::Solve { wrong, reply } => solve(model, wrong, reply),
        Msg::Played(playing) => played(model, *playing),
        Msg::Back => back(model),
        Msg::Compare => compare(model),
        Msg::Look => look(model),
        Msg::Leave => {
            let Some(open_log) = model.open_log() else { return false };
            let scenario = open_log.session().scenario().id.clone();
            model.lessons.run(None);
            // Whoever came from a class's log goes back to it.
            let round = model.class.joined.as_ref().and_then(|it| it.round.clone());
            let (scenario, mode) = match round {
                Some((scenario, log)) => (scenario, OpenMode::Log(log, None)),
                None => (scenario, OpenMode::Last),
            };
            opening::open(model, &scenario, mode, None);
        }
        Msg::Forget(false) => model.lessons.forgetting = true,
        Msg::Forget(true) => course::forget(model),
        Msg::Export => course::export(model),
        Msg::Copy => {
            let line = model.lessons.progress.line();
            model.link.later(async move { Msg::Copied(files::copy(&line).await) });
            return false;
        }
        Msg::Copied(copied) => model.lessons.copied = Some(copied),
        Msg::Workshop(id) => course::workshop(model, id),
        Msg::Handout(id) => {
            course::hand_out(model, &id);
            return false;
        }
        Msg::Own(title, lines) => {
            let Some(course) = model.lessons.course.clone() else { return false };
            let made = Workshop::of_lines(&title, &lines, &course);
            let link = made.and_then(|it| it.link().map_err(|why| format!("{why}.")));
            model.lessons.own = Some(link.map(|it| Address::of_workshop(&it)));
        }
        Msg::Everything(on) => model.lessons.everything = on,
        Msg::Ask(key, code) => {
            model.lessons.asking = Some((key, code));
            // What is asked stands on the page of a log.
            if model.logs.open.is_none() {
                model.link.send(logs::Msg::Navigate);
            }
        }
        Msg::Trust => {
            let Some((key, code)) = model.lessons.asking.take() else { return false };
            model.logs.host().trust(&code);
            open(model, key, None);
        }
        Msg::Teacher(on) => model.lessons.teacher = on,
        Msg::Tick => course::tick(model),
    }
    true
}

/// Opens the last attempt at an exercise, or begins it.
fn open(model: &mut Model, key: Key, reply: Option<Reply>) {
    close_menus(None);
    model.lessons.shown = false;
    let (hosts, scenarios) = (Hosts::of(model), model.logs.scenarios.clone());
    model.link.later(async move {
        if let Some(code) = unseen(&key, &hosts.own).await {
            return Msg::Ask(key, code);
        }
        Msg::Begun(begin_of(key, &hosts, &scenarios, true, Moves::None).await, reply)
    });
}

/// The code of an exercise that came in a link, where nobody has seen it here.
async fn unseen(key: &Key, host: &Host) -> Option<Rc<str>> {
    let (exercise, lesson) = text_of(key).await.ok()?;
    let code = exercise.code()?;
    if lesson.is_some() {
        // The page's own lessons.
        host.trust(&code);
    }
    (!host.trusts(&code)).then(|| code.into())
}

/// Which moves are played in a log, once it is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moves {
    None,
    Solution,
    Wrong,
}

/// Begins an exercise in a new log.
fn start(model: &Model, key: Key, moves: Moves, reply: Option<Reply>) {
    let (hosts, scenarios) = (Hosts::of(model), model.logs.scenarios.clone());
    model.link.later(async move {
        Msg::Begun(begin_of(key, &hosts, &scenarios, false, moves).await, reply)
    });
}

/// The text of an exercise, and where it stands in its lesson.
async fn text_of(key: &Key) -> Result<(Exercise, Option<Rc<LessonPlace>>), String> {
    let Some((id, number)) = key.lesson() else {
        let kept = key.kept();
        return kept.map(|it| (it, None)).ok_or_else(|| {
            "its text is not in this browser any more: open its link again".to_owned()
        });
    };
    let text = fetched(&format!("lessons/{id}.json")).await;
    let text = text.ok_or_else(|| {
        format!("there is no lesson {id}, or it could not be fetched: is there a network?")
    })?;
    let lesson: Lesson = json_text::read(&text)
        .map_err(|it| format!("the lesson {id} is damaged at line {}", it.line()))?;
    let titles: Vec<String> = lesson.exercises.iter().map(|it| it.title.clone()).collect();
    let count = titles.len();
    let note = number.checked_sub(1).and_then(|it| lesson.notes.get(it)).cloned();
    let place = LessonPlace { id, title: lesson.title.into(), number, titles, note };
    let exercise = number.checked_sub(1).and_then(|it| lesson.exercises.into_iter().nth(it));
    let missing = || format!("this lesson has {count} exercises, and none of number {number}");
    Ok((exercise.ok_or_else(missing)?, Some(Rc::new(place))))
}

/// Where logs of exercises are made.
struct Hosts {
    own: Host,
    /// Where this page leads a class: there one log is for all, if the exercise is one to do together.
    class: Option<Host>,
}

impl Hosts {
    fn of(model: &Model) -> Self {
        let leads = model.class.joined.as_ref().is_some_and(|it| it.leads() && it.leading);
        Self { own: model.logs.host().clone(), class: model.logs.class.clone().filter(|_| leads) }
    }
}

/// Opens the last attempt at an exercise where `again` says so and there is one, or begins one.
async fn begin_of(
    key: Key,
    hosts: &Hosts,
    scenarios: &[Rc<Scenario>],
    again: bool,
    moves: Moves,
) -> Result<Begun, String> {
    let (exercise, lesson) = text_of(&key).await?;
    let together = exercise.together.is_some() && key.part() == Part::Attempt;
    let host = hosts.class.as_ref().filter(|_| together).unwrap_or(&hosts.own);
    let found = if again {
        let logs = host.logs().await.unwrap_or_default();
        let own = logs.into_iter().filter(|it| it.exercise.as_deref() == Some(&*key.0));
        own.max_by_key(|it| it.opened_at.max(it.created_at))
    } else {
        None
    };
    let scenario = scenarios.iter().find(|it| *it.id == *exercise.scenario);
    let none = || format!("this page has no scenario {}", exercise.scenario);
    let scenario = scenario.ok_or_else(none)?;
    let fresh = found.is_none();
    let open_log = if let Some(info) = found {
        let open_log = host.open(scenario, info).await.map_err(|it| it.to_string())?;
        prepare(&exercise, &open_log).await?;
        open_log
    } else {
        let open_log = begin(&exercise, scenario, host, &key.0).await?;
        if let Ok(Some(shared)) = exercise.shared() {
            bookmarks::keep(open_log.id(), &shared.bookmarks);
        }
        open_log
    };
    let moves = match moves {
        Moves::None => Vec::new(),
        Moves::Solution => exercise.solution.clone(),
        Moves::Wrong => exercise.wrong.first().map(|it| it.moves.clone()).unwrap_or_default(),
    };
    Ok(Begun { open_log, key, exercise: exercise.into(), lesson, fresh, moves, reply: None })
}

/// An exercise has begun: its log is opened.
fn begun(model: &mut Model, mut begun: Begun, reply: Option<Reply>) {
    let scenario = begun.open_log.session().scenario().id.clone();
    let position = begun.open_log.session().position();
    let mode = OpenMode::Log(begun.open_log.id().to_owned(), Some(position));
    // Whoever waits for moves waits until they are played.
    let (now, later) = if begun.moves.is_empty() { (reply, None) } else { (None, reply) };
    begun.reply = later;
    model.lessons.held = Some(begun);
    opening::open(model, &scenario, mode, now);
}

/// A log was opened: where it is an attempt at an exercise, that is open as well.
fn arrived(model: &mut Model, open_log: &OpenLog) {
    if !model.logs.is_open(open_log) {
        return;
    }
    let info = open_log.info();
    let held = model.lessons.held.take().filter(|it| it.open_log == *open_log);
    let Some(key) = info.exercise.map(|it| Key(it.into())) else {
        model.lessons.attempt = None;
        model.lessons.left = None;
        return;
    };
    match key.part() {
        Part::Attempt => model.lessons.left = None,
        Part::Fork => {
            let from = info.forked_from.map(|(log, _)| log);
            model.lessons.left = model.lessons.left.take().or(from);
        }
        Part::Solution => {}
    }
    open_log.record();
    if *key.0 == *DRAFT {
        model.lessons.attempt = None;
        return;
    }
    if let Some(begun) = held {
        let moves = begun.moves.clone();
        let reply = begin_attempt(model, open_log, begun);
        return play(model, open_log.clone(), moves, reply);
    }
    model.lessons.attempt = None;
    let open_log = open_log.clone();
    model.link.later(async move {
        let known = async {
            let (exercise, lesson) = text_of(&key).await?;
            prepare(&exercise, &open_log).await?;
            Ok((Rc::new(exercise), lesson))
        };
        match known.await {
            Ok((exercise, lesson)) => Msg::Known(Begun {
                open_log,
                key,
                exercise,
                lesson,
                fresh: false,
                moves: Vec::new(),
                reply: None,
            }),
            Err(why) => Msg::Unknown(why),
        }
    });
}

fn begin_attempt(model: &mut Model, open_log: &OpenLog, begun: Begun) -> Option<Reply> {
    let Begun { key, exercise, lesson, fresh, reply, .. } = begun;
    let log = open_log.id().to_owned();
    let another = model.lessons.last.as_ref() != Some(&key.exercise());
    if fresh || another {
        // What another exercise has left behind would only mislead.
        model.fold_view.shown = false;
        model.lab.tool = None;
        model.commands.begin(forms(open_log.session().scenario()));
    }
    if let Some(together) = &exercise.together {
        let joined =
            model.class.joined.as_ref().filter(|_| model.logs.home(open_log) == Home::Class);
        let who = joined.map_or(STAND_INS[0], |it| it.name.as_str()).to_owned();
        if let Ok(stream) = Stream::parse(&together.stream_of(&who)) {
            let (forms, sent) = (model.commands.forms.clone(), &together.command);
            model.commands.draft_mut().fill(&forms, &sent.kind, &stream, &sent.data);
        }
    }
    model.lessons.last = Some(key.exercise());
    if fresh && key.part() == Part::Attempt {
        model.lessons.forget_answer(&key);
    }
    if (fresh || another) && key.part() == Part::Attempt {
        diary::note(model, &Deed::Start(exercise.title.clone()));
    }
    let attempt = Attempt::new(log, key, exercise, lesson, &model.lessons.progress);
    fetch_course(model);
    model.lessons.everything = false;
    model.saying.aloud = format!("Exercise: {}", attempt.exercise.task);
    model.lessons.attempt = Some(Rc::new(attempt));
    let host = open_log.host().clone();
    model.link.later(async move { Msg::Attempts(host.logs().await.unwrap_or_default()) });
    reply
}

/// Plays moves, one after the other. Where nobody waits by program, there is time to look.
fn play(model: &Model, open_log: OpenLog, moves: Vec<Move>, mut reply: Option<Reply>) {
    let (link, of) = (model.link.clone(), moves.len());
    let pause = if reply.is_some() { 0 } else { MOVE_MILLIS };
    spawn_local(async move {
        for (index, it) in moves.into_iter().enumerate() {
            TimeoutFuture::new(pause).await;
            let played = it.play(&open_log).await;
            let (number, open_log) = (index + 1, open_log.clone());
            let reply = if number == of { reply.take() } else { None };
            link.send(Msg::Played(Box::new(Playing { open_log, number, of, played, reply })));
        }
    });
}

fn played(model: &mut Model, playing: Playing) {
    let Playing { open_log, number, of, played, reply } = playing;
    if !model.logs.is_open(&open_log) {
        if let Some(reply) = reply {
            reply.reject("storage", "another log was opened meanwhile");
        }
        return;
    }
    let mut said = format!("Move {number} of {of}.");
    match played {
        Ok(Played::Done(answered)) if answered.entry().is_some() => {
            commands::sent(model, &answered);
        }
        Ok(Played::Done(answered)) => {
            if let Err(why) = &answered.result {
                said = format!("{said} {why}.");
            }
            changed(model, &answered.trace);
        }
        Ok(Played::Answer(value)) => {
            said = format!("{said} The answer is {}.", shown(&value));
            set_answer(model, value);
        }
        Err(why) => said = format!("{said} It could not be played: {why}."),
    }
    model.saying.more(&said);
    if let Some(reply) = reply {
        model.lessons.judge(&open_log);
        reply.resolve(&standing(model));
    }
}

/// An answer as it is written.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The text of the exercise is known: the log that is open is an attempt at it.
fn known(model: &mut Model, begun: Begun) {
    let open_log = begun.open_log.clone();
    if model.logs.is_open(&open_log) {
        begin_attempt(model, &open_log, begun);
    }
}

fn set_answer(model: &mut Model, value: Value) {
    let Some(attempt) = &mut model.lessons.attempt else { return };
    Rc::make_mut(attempt).answer = value.clone();
    model.lessons.note(move |it| it.answer = value.clone());
}

fn answer(model: &mut Model, value: Value) {
    set_answer(model, value);
    if let Some(open_log) = model.open_log() {
        if model.lessons.judge(&open_log) {
            reached(model);
        }
        model.say_solved();
    }
}

/// The goal of the exercise that is open was reached.
pub fn reached(model: &Model) {
    let attempt = model.lessons.attempt.as_ref().filter(|it| it.part == Part::Attempt);
    if let Some(title) = attempt.map(|it| it.exercise.title.clone()) {
        diary::note(model, &Deed::Reach(title));
    }
}

/// Shows the next hint, and returns it.
fn hint(model: &mut Model) -> Option<String> {
    let attempt = Rc::make_mut(model.lessons.attempt.as_mut()?);
    let hint = attempt.exercise.hints.get(attempt.hints)?.clone();
    attempt.hints += 1;
    let hints = attempt.hints;
    model.lessons.note(|it| it.hints = hints);
    model.saying.aloud = format!("Hint: {hint}");
    Some(hint)
}

/// Whoever is lost begins anew, with everything on the page at its place. What was done stays.
fn lost(model: &mut Model) {
    let Some(attempt) = &model.lessons.attempt else { return };
    let key = attempt.key.exercise();
    (model.layout.present, model.fold_view.shown) = (false, false);
    (model.layout.keys, model.layout.side) = (false, Side::Write);
    model.lab.tool = None;
    start(model, key, Moves::None, None);
}

fn solve(model: &mut Model, wrong: bool, reply: Option<Reply>) {
    let Some(attempt) = &model.lessons.attempt else {
        if let Some(reply) = reply {
            reply.reject("malformed", "no exercise is open");
        }
        return;
    };
    if attempt.part == Part::Attempt {
        model.lessons.left = Some(attempt.log.clone());
    }
    let moves = if wrong { Moves::Wrong } else { Moves::Solution };
    start(model, attempt.key.solution(), moves, reply);
}

/// Back from the solution to one's own log.
fn back(model: &mut Model) {
    let Some(attempt) = &model.lessons.attempt else { return };
    match &model.lessons.left {
        Some(log) => {
            let mode = OpenMode::Log(log.clone(), None);
            opening::open(model, &attempt.exercise.scenario.clone(), mode, None);
        }
        None => open(model, attempt.key.exercise(), None),
    }
}

/// Puts one's own log beside the solution's.
fn compare(model: &mut Model) {
    let (Some(open_log), Some(left)) = (model.open_log(), model.lessons.left.clone()) else {
        return;
    };
    let attempts = model.lessons.attempts.iter();
    let Some(own) = attempts.clone().find(|it| it.id == left) else { return };
    let host = open_log.host().clone();
    let (here, id) = (open_log.session().head(), own.id.clone());
    model.link.send(lab::Msg::Open(lab::Tool::Compare));
    model.link.later(async move {
        let extents = host.extents().await.unwrap_or_default();
        let there = extents.get(&*id).map_or(0, |it| it.events);
        lab::Msg::Compare(lab::Wanted { here, log: id, there })
    });
}

/// Shows in the Fold view what the exercise meant.
fn look(model: &mut Model) {
    let Some(attempt) = model.lessons.attempt.clone() else { return };
    for name in attempt.panels().iter().filter(|it| is_folded(it)) {
        model.link.send(fold_view::Msg::See(name.clone()));
    }
    model.link.send(fold_view::Msg::Show(true));
    if let Some(open_log) = model.open_log() {
        let head = open_log.session().head();
        playback::seek(model, attempt.exercise.look.unwrap_or(head).min(head));
    }
}

/// How the exercise that is open stands, as the console gives it.
fn standing(model: &Model) -> Value {
    let Some(attempt) = &model.lessons.attempt else { return Value::Null };
    let (exercise, verdict) = (&attempt.exercise, &attempt.verdict);
    let missing = exercise.goals.iter().zip(&verdict.met).filter(|(_, met)| !**met);
    json!({
        "task": exercise.task,
        "met": verdict.solved(),
        "missing": missing.map(|(aim, _)| aim.words_with(&|name: &str| model.money.contains(name))).collect::<Vec<_>>(),
        "wrong": verdict.wrong.map(|it| &exercise.wrong[it].say),
    })
}

/// What the console asks about lessons. True where the page is to be drawn again.
pub fn asked(model: &mut Model, asked: OfLessons, reply: Reply) -> bool {
    match asked {
        OfLessons::List => spawn_local(async move {
            match course().await {
                Some(course) => {
                    let lessons = course.lessons.iter().map(|it| {
                        json!({ "id": it.id, "title": it.title, "exercises": it.exercises.len() })
                    });
                    reply.resolve(&lessons.collect::<Vec<_>>());
                }
                None => reply.reject("storage", "the lessons could not be fetched"),
            }
        }),
        OfLessons::Open(id, number) => {
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            open(model, Key::of_lesson(&id, number), Some(reply));
        }
        OfLessons::Standing => reply.resolve(&standing(model)),
        OfLessons::Hint => reply.resolve(&hint(model)),
        OfLessons::Answer(value) if model.lessons.attempt.is_some() => {
            answer(model, value);
            reply.resolve(&standing(model));
        }
        OfLessons::Answer(_) => reply.reject("malformed", "no exercise is open"),
        OfLessons::Solve(wrong) => solve(model, wrong, Some(reply)),
        OfLessons::Make(value) => make(model, value, reply),
    }
    true
}

/// Makes an exercise that begins with the open log, and gives its link.
fn make(model: &Model, value: Value, reply: Reply) {
    let Some(open_log) = model.open_log() else { return reply.reject("storage", "no log is open") };
    let memory = model.logs.memory.clone();
    spawn_local(async move {
        match made(&open_log, &memory, value).await {
            Ok(link) => reply.resolve(&link),
            Err(why) => reply.reject("malformed", &why),
        }
    });
}

async fn made(open_log: &OpenLog, memory: &Host, value: Value) -> Result<String, String> {
    let mut exercise = Exercise::read(&value.to_string())?;
    let scenario = open_log.session().scenario().clone();
    exercise.scenario = scenario.id.to_string();
    if exercise.log.is_none() {
        exercise.log = Some(log_of(open_log).await?);
    }
    check(&exercise, &scenario, memory).await.map_err(|it| it.to_string())?;
    let link = exercise.link().map_err(|it| it.to_string())?;
    Ok(Address::of_shared(&link))
}

/// A log as an exercise begins with it.
pub async fn log_of(open_log: &OpenLog) -> Result<String, String> {
    let scenario = open_log.session().scenario().clone();
    let position = open_log.session().position();
    let marks = bookmarks::load(open_log.id());
    let marks = marks.iter().map(|(at, name)| (*at, name.to_string())).collect();
    let info = open_log.info();
    let shared = open_log.host().share(&info, &scenario, position, marks).await;
    let shared = shared.map_err(|it| it.to_string())?;
    // A file would not help: an exercise travels in a link.
    crate::store::link::write(&shared)
        .map_err(|_| "it is too long for a link, which holds about 500 events".to_owned())
}
