//! The logs dialog is opened, lists logs, and has things done to them. What takes longer is done
//! in `under_way`.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::opening;
use super::under_way::{self, look_soon};
use crate::codec::archive::unreadable;
use crate::es::{Scenario, sort};
use crate::host::{OpenLog, Reader, Request};
use crate::lab::Weight;
use crate::store::{Durability, LogChange, LogInfo, StoreError};
use crate::ui::browser::clock::now;
use crate::ui::browser::files;
use crate::ui::browser::{close_menus, focus, remember};
use crate::ui::model::Model;
use crate::ui::model::logs::OpenMode;
use crate::ui::model::logs_dialog::{ListedLog, Listing, Mapped, Msg, Ready};
use crate::ui::model::subscriptions;
use crate::ui::words::counted;

/// How long a deleted log can be had back, in milliseconds: a day.
const DELETED_MILLIS: u64 = 24 * 60 * 60 * 1000;
/// How many faults of a file are shown.
const FAULTS_SHOWN: usize = 12;

/// True where the page is to be drawn again.
#[inline(never)]
pub fn update(model: &mut Model, msg: Msg) -> bool {
    let Some(open_log) = model.open_log() else { return false };
    if model.logs_dialog.shown.busy.is_some() && msg.takes_a_while() {
        // One thing after the other: the dialog shows what is under way.
        show(model, &open_log);
        return true;
    }
    match msg {
        Msg::Show(true) => show(model, &open_log),
        Msg::Show(false) => close(model),
        Msg::List => list(model),
        Msg::Listed(listed) => show_list(model, listed),
        Msg::Open(info) => {
            close(model);
            opening::open(model, &info.scenario, OpenMode::Log(info.id, None), None);
        }
        Msg::Rename(info, to) => {
            describe(model, &open_log, info.id, LogChange::Title { from: info.title, to });
        }
        Msg::Delete(info, deleted) => delete(model, &open_log, info, deleted),
        Msg::Duplicate(info) => under_way::duplicate(model, &open_log, info),
        Msg::Export(info, format, zip) => under_way::export(model, &open_log, info, format, zip),
        Msg::Import(file) => {
            model.logs_dialog.withdraw();
            under_way::read(model, file, None);
        }
        Msg::Foreign(file, foreign) => {
            model.logs_dialog.shown.foreign = Some(Rc::new(Mapped::new(file, foreign)));
            show(model, &open_log);
        }
        Msg::Map(part, field) => {
            let foreign = &mut model.logs_dialog.shown.foreign;
            *foreign = foreign.take().map(|it| Rc::new(it.with(part, field)));
        }
        Msg::ReadSo => {
            // It stays until the file was read without a fault.
            if let Some(it) = model.logs_dialog.shown.foreign.clone() {
                under_way::read(model, it.file.clone(), Some(it.mapping.clone()));
            }
        }
        Msg::For(id) => {
            let chosen = model.logs.scenario(&id).cloned();
            if let Some(ready) = &mut model.logs_dialog.ready {
                ready.chosen = chosen;
            }
            show(model, &open_log);
        }
        Msg::Read(name, Ok(archive)) if archive.is_empty() => {
            model.logs_dialog.withdraw();
            model.logs_dialog.shown.said =
                format!("{name} holds no events, so nothing is made of it.");
            show(model, &open_log);
        }
        Msg::Read(name, Ok(archive)) => {
            model.logs_dialog.withdraw();
            model.logs_dialog.ready =
                Some(Ready { name, archive, chosen: None, looked: 0, unreadable: 0 });
            // Whoever chose the file may have closed the dialog meanwhile.
            show(model, &open_log);
        }
        Msg::Read(name, Err(faults)) => {
            show_faults(model, &name, faults);
            show(model, &open_log);
        }
        Msg::Unanswered(of, events) => {
            if events == 0 || !model.logs.is_open(&of) {
                return false;
            }
            show(model, &open_log);
            model.logs_dialog.shown.unanswered = Some(events);
        }
        Msg::Answer(on) => answer(model, open_log, on),
        Msg::Look => return look(model, &open_log),
        Msg::Place(after) => place(model, &open_log, after),
        Msg::Progress(text) => {
            if let Some(busy) = &mut model.logs_dialog.shown.busy {
                busy.what = text;
            }
        }
        Msg::Said(text) => said(model, text),
        Msg::Cancel => model.logs_dialog.cancel = None,
        Msg::Over => model.logs_dialog.over(),
        Msg::Strict(on) => set_strict(model, on),
        Msg::Persist => model.link.later(persist()),
        Msg::Chance(run) => under_way::by_chance(model, run),
        Msg::DropModels => under_way::drop_models(model, open_log),
        Msg::Restore => under_way::restore(model, open_log),
        Msg::Retry => model.link.later(async move {
            open_log.ask(Request::Retry).await;
            subscriptions::Msg::Changed(Vec::new())
        }),
        Msg::SaveAgain => under_way::save_again(model, open_log),
        Msg::KeepWaiting => {
            model.logs.waiting = true;
            model.link.send(Msg::Retry);
        }
        Msg::GoOnInMemory => opening::go_on_in_memory(model, open_log),
        Msg::Weigh => under_way::weigh(model, open_log),
        Msg::Weighed(log, weight) => weighed(model, &log, weight),
        Msg::Csv(name) => under_way::csv(model, &open_log, &name),
        Msg::TakeFile(name, file) => under_way::take_file(model, &open_log, &name, file.as_deref()),
    }
    true
}

fn show(model: &mut Model, open_log: &OpenLog) {
    model.logs_dialog.shown.open = true;
    close_menus(None);
    list(model);
    // Another log may be open than when its archive was looked through.
    let scenario = open_log.session().scenario().clone();
    if let Some(mut ready) = model.logs_dialog.ready.take() {
        (ready.looked, ready.unreadable) = (0, 0);
        let reader = reader(model, &ready, &scenario);
        model.logs_dialog.shown.ready = Some(about(&ready, &reader, &scenario));
        model.logs_dialog.shown.reader = (!reader.sure).then(|| reader.scenario.id.clone());
        model.logs_dialog.ready = Some(ready);
        look_soon(model);
    }
}

fn close(model: &mut Model) {
    model.logs_dialog.close();
    focus("details:has([aria-label='Manage logs']) > summary");
}

fn weighed(model: &mut Model, log: &OpenLog, weight: Weight) {
    if model.logs.is_open(log) {
        model.logs_dialog.shown.weight = Some(Rc::new(weight));
    }
}

/// Says what came of something: in the dialog, in the sheet that shares, or on the page.
fn said(model: &mut Model, text: String) {
    if model.logs_dialog.shown.open {
        model.logs_dialog.shown.said = text;
        list(model);
    } else if let Some(shown) = &mut model.share.shown {
        shown.said = text;
    } else {
        model.saying.happened(text);
    }
}

/// Looks through the logs that are kept. One that was deleted a day ago goes for good.
fn list(model: &Model) {
    let Some(open_log) = &model.logs.open else { return };
    let host = open_log.host().clone();
    let titles = model.logs.titles.clone();
    model.link.later(async move {
        let room = files::room().await;
        let listed = async {
            let extents = host.extents().await?;
            let mut infos = host.all_logs().await?;
            sort(&mut infos, |a: &LogInfo, b| b.opened_at.cmp(&a.opened_at));
            Ok::<_, StoreError>((infos, extents))
        };
        let (infos, extents) = match listed.await {
            Ok(listed) => listed,
            Err(fault) => return Msg::Listed(Err(format!("{fault}."))),
        };
        let mut logs = Vec::new();
        let all = infos.clone();
        // Keys lie beside a class's logs, and are no log.
        for info in infos.into_iter().filter(|it| !it.scenario.is_empty()) {
            if info.deleted_at.is_some_and(|at| at + DELETED_MILLIS < now()) {
                // What cannot be removed now is tried again the next time.
                _ = host.remove(&info.id).await;
                continue;
            }
            let scenario = titles.iter().find(|(id, _)| **id == *info.scenario);
            let scenario = scenario.map_or_else(String::new, |(_, title)| title.to_string());
            let extent = extents.get(&info.id).copied().unwrap_or_default();
            let from = info.forked_from.as_ref();
            let from = all.iter().find(|it| from.is_some_and(|(log, _)| it.id == *log));
            let from = from.map_or("one that is gone".to_owned(), |it| format!("“{}”", it.title));
            logs.push(ListedLog { info, extent, scenario, from });
        }
        Msg::Listed(Ok(Listing { logs, room }))
    });
}

fn show_list(model: &mut Model, listed: Result<Listing, String>) {
    let shown = &mut model.logs_dialog.shown;
    match listed {
        Err(why) => shown.said = why,
        Ok(Listing { logs, room }) => {
            model.logs.list(logs.iter().map(|it| it.info.clone()));
            (shown.entries, shown.room) = (Rc::new(logs), room);
        }
    }
}

/// Changes what is known of a log, and lists them again.
fn describe(model: &Model, open_log: &OpenLog, log: String, change: LogChange) {
    let (open_log, link) = (open_log.clone(), model.link.clone());
    wasm_bindgen_futures::spawn_local(async move {
        match open_log.host().redescribe(&log, &change).await {
            Ok(_) if open_log.id() == log => _ = open_log.ask(Request::CatchUp).await,
            Ok(_) => {}
            Err(fault) => link.send(Msg::Said(format!("Not changed: {fault}."))),
        }
        link.send(Msg::List);
    });
}

/// Puts a log away, or has it back.
fn delete(model: &mut Model, open_log: &OpenLog, info: LogInfo, deleted: bool) {
    let shown = &mut model.logs_dialog.shown;
    shown.faults.clear();
    shown.said = format!("{} is {}.", info.title, if deleted { "deleted" } else { "back" });
    let open = info.id == open_log.id();
    let scenario = info.scenario.clone();
    let change = LogChange::Deleted { from: info.deleted_at, to: deleted.then(now) };
    describe(model, open_log, info.id, change);
    if open && deleted {
        opening::open(model, &scenario, OpenMode::Last, None);
    }
}

fn show_faults(model: &mut Model, name: &str, mut faults: Vec<String>) {
    let shown = &mut model.logs_dialog.shown;
    shown.said = match faults.len() {
        1 => format!("{name} has a fault, so nothing of it was imported."),
        count => format!("{name} has {count} faults, so nothing of it was imported."),
    };
    faults.truncate(FAULTS_SHOWN);
    shown.faults = faults;
}

/// The scenario whose log an archive is: the one that is chosen, or named, or guessed.
fn reader(model: &Model, ready: &Ready, open: &Rc<Scenario>) -> Reader {
    match &ready.chosen {
        Some(chosen) => Reader { scenario: chosen.clone(), sure: false },
        None => Reader::of(&ready.archive, open, &model.logs.scenarios),
    }
}

/// What is to be known before an archive is placed.
fn about(ready: &Ready, Reader { scenario, sure }: &Reader, open: &Rc<Scenario>) -> String {
    let events = match ready.archive.events {
        0 => "no events, but commands that led to none".to_owned(),
        count => counted(count, "event"),
    };
    let order = if ready.archive.moved > 0 { "" } else { ", all in order" };
    let (mut whose, mut who) = (String::new(), "This");
    if scenario.id != open.id {
        who = "That";
        if *sure {
            whose = format!(" It is a log of “{}”.", scenario.title);
        }
    }
    let unreadable = match ready.unreadable {
        0 => String::new(),
        1 => format!(" {who} scenario cannot read 1 of them: it is kept as it is."),
        count => {
            format!(" {who} scenario cannot read {count} of them: they are kept as they are.")
        }
    };
    let remarks = ready.archive.remarks();
    let remarks = remarks.iter().fold(String::new(), |said, remark| format!("{said} {remark}"));
    format!("{} holds {events}{order}.{whose}{remarks}{unreadable}", ready.name)
}

/// Looks through the next piece of what was read, while its reader thinks about where it goes.
fn look(model: &mut Model, open_log: &OpenLog) -> bool {
    let Some(mut ready) = model.logs_dialog.ready.take() else { return false };
    let scenario = open_log.session().scenario().clone();
    let piece = ready.archive.commits.segments().get(ready.looked);
    let over = piece.is_none();
    let reader = reader(model, &ready, &scenario);
    if let Some(piece) = piece {
        ready.unreadable += unreadable(piece.commits(), &reader.scenario);
        ready.looked += 1;
        look_soon(model);
    }
    let told = over && ready.unreadable > 0;
    if told {
        model.logs_dialog.shown.ready = Some(about(&ready, &reader, &scenario));
    }
    model.logs_dialog.ready = Some(ready);
    told
}

/// Puts what was read into a new log, or after the events of the open one.
fn place(model: &mut Model, open_log: &OpenLog, after: bool) {
    let Some(ready) = model.logs_dialog.ready.take() else { return };
    let scenario = reader(model, &ready, open_log.session().scenario()).scenario;
    model.logs_dialog.withdraw();
    if after {
        under_way::append(model, open_log.clone(), ready.archive);
    } else {
        under_way::import(model, open_log, scenario, ready);
    }
}

/// Has the open log's processes answer what nobody has answered, or leaves it.
fn answer(model: &mut Model, open_log: OpenLog, on: bool) {
    model.logs_dialog.shown.unanswered = None;
    if !on {
        return said(model, "They are left as they are: no process reacts to them.".to_owned());
    }
    model.link.later(async move {
        let names: Vec<String> = {
            let session = open_log.session();
            let processes = &session.scenario().processes;
            processes.iter().map(|it| it.name().to_string()).collect()
        };
        let mut trace = Vec::new();
        // Versions of a process's code have one name.
        let mut asked = BTreeSet::new();
        for name in names {
            if asked.insert(name.clone()) {
                trace.extend(open_log.ask(Request::SendMissing { name }).await.trace);
            }
        }
        subscriptions::Msg::Changed(trace)
    });
    said(model, "They are answered now.".to_owned());
}

/// Whether each command waits for the disk.
fn set_strict(model: &mut Model, on: bool) {
    model.logs_dialog.shown.strict = on;
    remember("strict", on.then_some("on"));
    if let Some(disk) = &model.logs.disk {
        disk.store.set_durability(if on { Durability::Strict } else { Durability::Relaxed });
    }
}

/// Asks the browser to throw nothing away.
async fn persist() -> Msg {
    Msg::Said(if files::persist().await {
        "The browser has promised to throw nothing away.".to_owned()
    } else {
        "The browser does not promise it. It may once this page is used more.".to_owned()
    })
}
