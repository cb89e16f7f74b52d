//! What the console asks of the page. What it asks of the open log, the host answers.

use super::changes::changed_and_more;
use super::forking::fork;
use super::opening::open;
use super::playback::{ask_for_frame, seek};
use super::stepping;
use super::{lessons, own};
use crate::host::calls::{Asked, Moment, OfPage};
use crate::host::{Answered, OpenLog, Request};
use crate::lab::{MicroStep, RandomPlan, asides};
use crate::store::StoreError;
use crate::ui::browser::clock::now;
use crate::ui::browser::fixed::Fixed;
use crate::ui::console::{self, KeptAnswer, Message, Reply};
use crate::ui::model::console::{Msg, is_for_page};
use crate::ui::model::logs::{self, Arrival, OpenMode, Opened, Opening};
use crate::ui::model::{Model, seals};
use crate::ui::words::counted;

/// True where the page is to be drawn again.
pub fn update(model: &mut Model, msg: Msg) -> bool {
    match msg {
        Msg::Called(message) => called(model, message),
        Msg::Answered { open_log, trace, answer } => {
            model.console.answering -= 1;
            answered(model, &open_log, &trace, &answer)
        }
    }
}

fn answered(
    model: &mut Model,
    open_log: &OpenLog,
    trace: &[MicroStep],
    answer: &KeptAnswer,
) -> bool {
    // Listeners hear of it before whoever asked goes on.
    let here = model.logs.is_open(open_log);
    if here {
        if model.commands.under_way() && (!trace.is_empty() || !open_log.is_stepping()) {
            // What was done by program is part of what is being stepped through.
            stepping::stepped(model, open_log, trace, !open_log.is_stepping());
        } else {
            say_what_came(model, open_log, trace);
            changed_and_more(model, trace);
        }
    }
    answer.give();
    if here && !gloo::utils::document().hidden() {
        model.console.grow_stale();
        ask_for_frame(model);
        return false;
    }
    here
}

/// Says that events were added at the head where the playhead is in the past: nobody would see it.
fn say_what_came(model: &mut Model, open_log: &OpenLog, trace: &[MicroStep]) {
    let session = open_log.session();
    let (position, head) = (session.position(), session.head());
    let added = trace.iter().map(|it| match it {
        MicroStep::Appended { from, to, .. } => (to + 1).saturating_sub(*from),
        _ => 0,
    });
    let added: u64 = added.sum();
    if added > 0 && position < head {
        model.saying.happened(format!(
            "{} came by program, up to #{head}. The playhead stays at #{position}.",
            counted(added, "event")
        ));
    } else if asides(trace).is_some() {
        // What stands out is said by itself.
        model.saying.caption = None;
    }
}

fn called(model: &mut Model, message: Message) -> bool {
    let waits = !is_for_page(&message);
    if let Some(early) = model.console.early.as_mut().filter(|_| waits) {
        early.push(message);
        return false;
    }
    match message {
        Message::On(number, hears, callback) => {
            model.console.listeners.add(number, hears, callback);
        }
        Message::Off(number) => model.console.listeners.remove(number),
        Message::Asked(Asked::OfPage(asked), reply) => return of_page(model, asked, reply),
        Message::Asked(Asked::OfLog(request), reply) => {
            if let Some((open_log, reply)) = open_log_for(model, reply) {
                of_log(model, open_log, request, reply);
            }
        }
    }
    false
}

/// The open log, for whoever waits. Where none is open, that is the answer.
fn open_log_for(model: &Model, reply: Reply) -> Option<(OpenLog, Reply)> {
    if let Some(open_log) = model.open_log() {
        return Some((open_log, reply));
    }
    reply.reject("storage", "no log is open yet");
    None
}

fn of_page(model: &mut Model, asked: OfPage, reply: Reply) -> bool {
    match asked {
        OfPage::Ready if model.logs.open.is_none() => model.console.ready.push(reply),
        OfPage::Ready => reply.resolve(&()),
        OfPage::Help(part) => {
            wasm_bindgen_futures::spawn_local(async move { console::help(part, &reply).await });
        }
        OfPage::Scenarios => {
            // The one for any events has nothing to tell.
            let scenarios = model.logs.scenarios.iter().filter(|it| !it.story.is_empty());
            let list = scenarios.map(|it| serde_json::json!({ "id": it.id, "title": it.title }));
            reply.resolve(&list.collect::<Vec<_>>());
        }
        OfPage::Open(id, opening) => {
            let mode = match (opening.memory, opening.empty, opening.log) {
                (_, _, Some(log)) => OpenMode::Log(log, None),
                (true, empty, _) => OpenMode::Memory(!empty),
                (false, true, _) => OpenMode::Empty,
                (false, false, _) => OpenMode::Last,
            };
            open(model, &id, mode, Some(reply));
            return true;
        }
        OfPage::Lessons(asked) => return lessons::asked(model, asked, reply),
        asked => {
            if let Some((open_log, reply)) = open_log_for(model, reply) {
                return of_open_log(model, open_log, asked, reply);
            }
        }
    }
    false
}

/// What is asked of the page, and of the log that it shows.
fn of_open_log(model: &mut Model, open_log: OpenLog, asked: OfPage, reply: Reply) -> bool {
    let head = open_log.session().head();
    match asked {
        OfPage::Seek(moment) => match position_of(&moment, &open_log) {
            Ok(to) => {
                seek(model, to);
                model.console.painted.push((to, reply));
                return true;
            }
            Err(why) => reply.reject("out_of_range", &why),
        },
        OfPage::Wait(name, position) => {
            model.console.listeners.wait(open_log, name, position, reply);
        }
        OfPage::RandomRun { events, streams, seed } => {
            let plan = RandomPlan { at: now(), events, streams, seed };
            run_by_chance(model, &open_log, plan, reply);
        }
        OfPage::Reset => {
            let id = open_log.session().scenario().id.clone();
            let durable = open_log.host().durable();
            let mode = if durable { OpenMode::Story } else { OpenMode::Memory(true) };
            open(model, &id, mode, Some(reply));
            return true;
        }
        OfPage::Domain(text) if open_log.own_code().is_some() => {
            of_log(model, open_log, Request::Adopt { text }, reply);
        }
        OfPage::Domain(text) => own::begin(model, text, reply),
        OfPage::Code(_) if open_log.own_code().is_some() => {
            let why = "this log has code of its own: it stands in the Code tool";
            reply.reject("unknown_projection", why);
        }
        OfPage::Code(name) => {
            let scenario = open_log.session().scenario().id.clone();
            wasm_bindgen_futures::spawn_local(async move {
                console::code(scenario, &name, &reply).await;
            });
        }
        OfPage::Fork(position) if position > head => {
            reply.reject("out_of_range", "the log ends before that position");
        }
        OfPage::Fork(position) => fork(model, open_log, position, None, Some(reply)),
        OfPage::Ready
        | OfPage::Help(_)
        | OfPage::Scenarios
        | OfPage::Open(..)
        | OfPage::Lessons(_) => {}
    }
    false
}

/// Makes a new log by chance, and opens it.
fn run_by_chance(model: &mut Model, open_log: &OpenLog, plan: RandomPlan, reply: Reply) {
    let (host, turn) = (open_log.host().clone(), model.logs.next_turn());
    let scenario = open_log.session().scenario().clone();
    model.link.later(async move {
        let title = format!("{} by chance, seed {}", scenario.title, plan.seed);
        let made = async {
            let run = host.run_by_chance(&scenario, title, plan, &mut |_| (), &mut || ()).await;
            let (info, tally) = run?;
            let (open_log, logs) = (host.open(&scenario, info).await?, host.logs().await?);
            Ok::<_, StoreError>(Opened { open_log, logs, arrival: Arrival::ByChance(tally) })
        };
        let result = made.await.map_err(|it| it.to_string());
        logs::Msg::Opened(Opening {
            turn,
            result,
            unkept: None,
            position: None,
            reply: Some(reply),
        })
    });
}

fn of_log(model: &mut Model, open_log: OpenLog, request: Request, reply: Reply) {
    let changes = request.changes();
    model.console.answering += usize::from(changes);
    let link = model.link.clone();
    wasm_bindgen_futures::spawn_local(async move {
        let Answered { result, trace } = open_log.ask(request).await;
        // What follows from it may be another tab's to do.
        if trace.iter().any(|it| matches!(it, MicroStep::Appended { .. }))
            && !open_log.is_stepping()
        {
            open_log.settle().await;
        }
        if changes {
            let (reply, answer) = reply.later();
            console::give(&result, &reply, &seals(&open_log));
            link.send(Msg::Answered { open_log, trace, answer });
        } else {
            console::give(&result, &reply, &seals(&open_log));
        }
    });
}

/// The position in a log that is meant.
fn position_of(moment: &Moment, open_log: &OpenLog) -> Result<u64, String> {
    let session = open_log.session();
    let head = session.head();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
    match moment {
        Moment::Position(at) if *at >= 0.0 && at.fract() == 0.0 && *at <= head as f64 => {
            Ok(*at as u64)
        }
        Moment::Position(at) => Err(format!("{} is no position from 0 to {head}", Fixed(*at, 3))),
        Moment::Date(date) => match js_sys::Date::parse(date) {
            time if time.is_finite() => Ok(session.position_at(time.max(0.0) as u64)),
            _ => Err(format!("{date:?} is no date")),
        },
    }
}
