//! What the lab's tools ask for, done.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::utils::document;
use wasm_bindgen::JsCast;

use super::commands::submit;
use super::subscriptions;
use crate::es::{Condition, Expected, Set, Stream};
use crate::host::{LogPlace, OpenLog, Request};
use crate::lab::{Change, Comparison, Spec, Submission, Target};
use crate::ui::browser::clock::new_id;
use crate::ui::browser::{close_menus, files, focus};
use crate::ui::excerpts::Excerpts;
use crate::ui::model::Model;
use crate::ui::model::lab::{
    ACTORS, Code, Compared, Imagining, Inquiry, Msg, Race, Specs, Tool, Wanted, Written, pairs_of,
    target,
};
use crate::ui::model::layout::Side;

/// True where the page is to be drawn again.
#[inline(never)]
pub fn update(model: &mut Model, msg: Msg) -> bool {
    let Some(open_log) = model.open_log() else { return false };
    match msg {
        Msg::Open(tool) => open(model, &open_log, tool),
        Msg::Close => close(model),
        Msg::Race => race(model, &open_log),
        Msg::Run(runner) => run(model, runner),
        Msg::Wait(name) => model.lab.wait = name,
        Msg::Why(target, pointer) => {
            model.lab.inquiry =
                Inquiry::new(&mut open_log.viewpoint_mut(), target, pointer).map(shared);
            show(model, Tool::Why);
        }
        Msg::WhyOf(panel, pointer) => {
            let target = target(&model.summary.streams, &panel);
            let inquiry = Inquiry::new(&mut open_log.viewpoint_mut(), target, pointer);
            if inquiry.is_some() {
                model.lab.inquiry = inquiry.map(shared);
                show(model, Tool::Why);
            }
        }
        Msg::Find { words, condition, monotonic } => {
            return find(model, &open_log, words, condition, monotonic);
        }
        Msg::Cancel => {
            if let Some(inquiry) = &model.lab.inquiry {
                inquiry.borrow_mut().cancel();
            }
        }
        Msg::LeaveOut(position) => leave_out(model, &open_log, position),
        Msg::Swap(a, b) => imagine(model, &open_log, Change::Swap(a, b)),
        Msg::Truth => {
            model.lab.imagined = None;
            if model.lab.tool == Some(Tool::WhatIf) {
                close(model);
            }
        }
        Msg::Heads(heads) => model.lab.heads = heads,
        Msg::Compare(wanted) => {
            model.link.later(async move {
                let result = compare(&open_log, &wanted).await.map_err(Into::into);
                Msg::Compared(wanted, result)
            });
            return false;
        }
        Msg::Compared(wanted, result) => compared(model, &open_log, &wanted, result),
        Msg::Stretch { from, to, chosen } => {
            let session = open_log.session();
            model.lab.specs = Some(Specs::of(session.world(), from, to, chosen));
        }
        Msg::Kept(number) => {
            let Some(attempt) = &model.lessons.attempt else { return false };
            let Some(spec) = attempt.exercise.specs.get(number) else { return false };
            let specs = model.lab.specs.get_or_insert_default();
            specs.show(number, spec, open_log.session().world());
        }
        Msg::Specify(text) => return specify(model, text),
        Msg::RunSpec => {
            if let Some(specs) = &mut model.lab.specs {
                specs.run(open_log.session().world());
            }
        }
        Msg::CopySpec(how) => copy(model, how),
        Msg::Copied(copied) => {
            if let Some(specs) = &mut model.lab.specs {
                specs.copied = Some(copied);
            }
        }
        Msg::Code(name) => code(model, &open_log, name),
        Msg::Fetched(result) => {
            if let Some(code) = &mut model.lab.code {
                code.excerpts = Some(result);
            }
        }
        Msg::Divide(by, count) => model.lab.shards = Some((by, count)),
        Msg::LoadBy(loading) => {
            subscriptions::ask(model, Request::Loading(Some(loading.into())));
        }
        Msg::Disturb(stream, how) => {
            subscriptions::ask(model, Request::Disturb { stream, how });
        }
    }
    true
}

fn open(model: &mut Model, open_log: &OpenLog, tool: Tool) {
    if tool == Tool::Why && model.lab.inquiry.is_none() {
        model.lab.inquiry = first(open_log, &model.summary.streams).map(shared);
    }
    if tool == Tool::Specs && model.lab.specs.is_none() {
        let session = open_log.session();
        let (head, here) = (session.head(), session.position());
        let to = if here > 0 { here } else { head };
        model.lab.specs = (head > 0).then(|| Specs::of(session.world(), 1, to, None));
    }
    if tool == Tool::Code {
        return code_of_here(model, open_log);
    }
    if tool == Tool::Compare {
        let host = open_log.host().clone();
        model.link.later(async move {
            // Where they are not told, whoever compares types a position.
            let extents = host.extents().await.unwrap_or_default();
            let heads = extents.into_iter().map(|(log, extent)| (log, extent.events));
            Msg::Heads(Rc::new(heads.collect()))
        });
    }
    if tool == Tool::Race {
        // Nobody has sent anything: the form may hold another command by now.
        model.lab.race.take_if(|it| it.is_untouched());
    }
    show(model, tool);
}

/// Shows the source of what is called `name`. It is fetched once for each log that is opened.
fn code(model: &mut Model, open_log: &OpenLog, name: Rc<str>) {
    let known = model.lab.code.take().and_then(|it| it.excerpts).filter(Result::is_ok);
    if known.is_none() && open_log.own_code().is_none() {
        let scenario = open_log.session().scenario().id.clone();
        model.link.later(async move { Msg::Fetched(Excerpts::fetch(scenario).await) });
    }
    model.lab.code = Some(Code { name, excerpts: known });
    show(model, Tool::Code);
}

/// The same, of the aggregate that the event at the playhead belongs to; before the first event, of
/// the one that the form addresses.
fn code_of_here(model: &mut Model, open_log: &OpenLog) {
    let stream = open_log.session().event().map(|it| it.stream().clone());
    if let Some(stream) = stream.or_else(|| model.commands.draft.stream(&model.commands.forms)) {
        code(model, open_log, stream.as_str().into());
    }
}

pub fn show(model: &mut Model, tool: Tool) {
    close_menus(None);
    if model.lab.tool.is_none() {
        let active = document().active_element();
        model.lab.opener = active.and_then(|it| it.dyn_into().ok());
    }
    model.lab.tool = Some(tool);
    if model.layout.side == Side::Read && tool == Tool::Race {
        model.layout.side = Side::Write;
    }
}

fn close(model: &mut Model) {
    model.lab.tool = None;
    match model.lab.opener.take().filter(|it| it.is_connected()) {
        // What cannot take the focus leaves it where it is.
        Some(opener) => _ = opener.focus(),
        None => focus("#command"),
    }
}

/// Sets up a race with the form's command.
fn race(model: &mut Model, open_log: &OpenLog) {
    let Some(ask) = model.commands.ask(new_id()) else { return };
    let version = open_log.session().log().version(&ask.command.stream);
    model.lab.race = Some(Race::new(ask.command, version, [new_id(), new_id()]));
    show(model, Tool::Race);
}

/// One of the two sends.
fn run(model: &mut Model, runner: usize) {
    let Some(race) = &model.lab.race else { return };
    let ask = Submission::new(race.ids[runner], ACTORS[runner].into(), race.command.clone());
    let ask = Submission { expected: Some(Expected::Exact(race.version)), ..ask };
    submit(model, Request::Send(ask.into()));
}

/// Looks for the first event after which a condition holds.
fn find(
    model: &Model,
    open_log: &OpenLog,
    words: String,
    condition: Condition,
    monotonic: bool,
) -> bool {
    let Some(inquiry) = &model.lab.inquiry else { return false };
    let mut inquiry = inquiry.borrow_mut();
    let mut viewpoint = open_log.viewpoint_mut();
    let here = viewpoint.position();
    viewpoint.seek(inquiry.position);
    let bisect = viewpoint.bisect(inquiry.target.clone(), condition, monotonic);
    inquiry.bisect = bisect.map(|it| (words, it));
    viewpoint.seek(here);
    true
}

/// Imagines that an event had not happened, too; or no longer.
fn leave_out(model: &mut Model, open_log: &OpenLog, position: u64) {
    let imagined = model.lab.imagined.take().map(|it| it.borrow().change.clone());
    let mut out = match imagined {
        Some(Change::LeaveOut(out)) => out,
        _ => Set::new(),
    };
    if !out.remove(&position) {
        out.insert(position);
    }
    imagine(model, open_log, Change::LeaveOut(out));
}

fn imagine(model: &mut Model, open_log: &OpenLog, change: Change) {
    if change == Change::LeaveOut(Set::new()) {
        model.lab.imagined = None;
        return;
    }
    match Imagining::new(&open_log.session(), change) {
        Ok(it) => (model.lab.imagined, model.lab.unimagined) = (Some(shared(it)), None),
        Err(why) => model.lab.unimagined = Some(why),
    }
    show(model, Tool::WhatIf);
}

/// A specification is edited. The field shows it already; what came of running it is over.
fn specify(model: &mut Model, text: String) -> bool {
    let Some(specs) = &mut model.lab.specs else { return false };
    specs.text = text;
    let over = specs.copied.take().is_some();
    specs.ran.take().is_some() || over
}

/// Copies the specification as it stands in the field.
fn copy(model: &mut Model, how: Written) {
    let Some(specs) = &mut model.lab.specs else { return };
    let text = match (how, Spec::read(&specs.text)) {
        (Written::Json, _) => specs.text.clone(),
        (Written::Text, Ok(spec)) => spec.to_string(),
        (Written::Rust, Ok(spec)) => spec.rust(),
        (_, Err(why)) => {
            specs.ran = Some(Err(why));
            return;
        }
    };
    model.link.later(async move { Msg::Copied(files::copy(&text).await) });
}

/// Two logs or positions stand side by side.
fn compared(
    model: &mut Model,
    open_log: &OpenLog,
    wanted: &Wanted,
    result: Result<Comparison, Rc<str>>,
) {
    let other = model.comparable().into_iter().find(|it| it.id == wanted.log);
    let other = match other {
        Some(it) if it.id != open_log.id() => it.title,
        _ => "This log".to_owned(),
    };
    model.lab.compared = Some(result.map(|it| Compared {
        titles: [format!("This log at #{}", wanted.here), format!("{other} at #{}", wanted.there)],
        shared: it.shared,
        pairs: pairs_of(it),
    }));
}

async fn compare(open_log: &OpenLog, wanted: &Wanted) -> Result<Comparison, String> {
    let there = LogPlace::At { log: Some(wanted.log.clone()), at: Some(wanted.there) };
    open_log.compare(LogPlace::Position(wanted.here), there).await.map_err(|it| it.message)
}

/// What to ask about where nothing was pressed: the selected event's state, or the first there is.
fn first(open_log: &OpenLog, streams: &[Stream]) -> Option<Inquiry> {
    let mut viewpoint = open_log.viewpoint_mut();
    let here = viewpoint.event().map(|it| it.stream().clone());
    let here = here.or_else(|| streams.first().cloned());
    let view = viewpoint.world().subscriptions().first().map(|it| Target::View(it.name().clone()));
    let target = here.map(Target::State).or(view)?;
    Inquiry::new(&mut viewpoint, target, None)
}

fn shared<T>(it: T) -> Rc<RefCell<T>> {
    Rc::new(RefCell::new(it))
}
