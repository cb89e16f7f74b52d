//! A log is opened: by an address, a choice, a link that carries it, or in the place of another.

use std::rc::Rc;

use gloo::utils::document;

use super::changes::say_position;
use super::{commands, diary, offline, own, playback};
use crate::codec::archive::Imported;
use crate::host::{Answered, Found, FoundLog, Made, OWN, OpenLog, Request};
use crate::lab::{RandomPlan, forms, json};
use crate::lessons::Exercise;
use crate::store::link;
use crate::store::{Durability, IdbStore, StoreError};
use crate::ui::browser::address::Address;
use crate::ui::browser::{close_menus, later, remember, remembered, remembered_here, remove};
use crate::ui::console::Reply;
use crate::ui::model::Model;
use crate::ui::model::commands as commands_part;
use crate::ui::model::fold_view::is_panel;
use crate::ui::model::lab::Lab;
use crate::ui::model::lessons::{self, Key};
use crate::ui::model::logs::{Arrival, Arrived, Lost, Msg, OpenMode, Opened, Opening};
use crate::ui::model::logs_dialog::ChanceRun;
use crate::ui::model::watching::Watching;
use crate::ui::model::{bookmarks, class, console, logs_dialog, subscriptions, summary};

/// The scenario that a first visit opens.
const FIRST: &str = "cart";

/// True where the page is to be drawn again.
pub fn update(model: &mut Model, msg: Msg) -> bool {
    match msg {
        Msg::Started(store) => started(model, store),
        Msg::Navigate => return navigate(model),
        Msg::Open(scenario, mode) => open(model, &scenario, mode, None),
        Msg::Opened(opening) => return opened(model, opening),
        Msg::Imported(Arrived { info, said, position, unsaid }) => {
            if !said.is_empty() {
                model.link.send(logs_dialog::Msg::Said(said));
            }
            match model.logs.open.clone().filter(|open_log| open_log.id() == info.id) {
                Some(open_log) if unsaid => ask_for_answers(model, open_log),
                Some(_) => {}
                None => {
                    model.logs.unsaid = unsaid.then(|| info.id.clone());
                    open(model, &info.scenario, OpenMode::Log(info.id, position), None);
                }
            }
        }
        Msg::Lost(Lost { logs, longest }) => model.saying.also_wrong(&format!(
            "The browser has lost {logs} of the logs that were kept here; the longest had \
             {longest} events."
        )),
        Msg::Fault(why) => {
            model.saying.fault = Some(why);
            if model.logs.open.is_none() {
                return navigate(model);
            }
        }
    }
    true
}

/// The browser's storage is open, or cannot be: now it is known where logs are kept.
fn started(model: &mut Model, store: Result<Option<IdbStore>, StoreError>) {
    match store {
        Ok(None) => {}
        Ok(Some(store)) => {
            let strict = remembered("strict").is_some();
            model.logs_dialog.shown.strict = strict;
            store.set_durability(if strict { Durability::Strict } else { Durability::Relaxed });
            look_for_losses(model, store.clone());
            model.logs.keep_in(store);
        }
        Err(fault) => model.logs.unkept = Some(fault.to_string()),
    }
    // Whoever was in a class before a reload is there before anything is opened.
    match remembered_here("class").zip(remembered_here("name")) {
        Some((token, name)) if Address::join().is_none() => {
            model.link.send(class::Msg::Again { token, name });
        }
        _ => model.link.send(Msg::Navigate),
    }
    for message in model.console.early.take().unwrap_or_default() {
        model.link.send(console::Msg::Called(message));
    }
}

/// Looks whether the browser has lost logs, and says so once.
fn look_for_losses(model: &Model, store: IdbStore) {
    let link = model.link.clone();
    wasm_bindgen_futures::spawn_local(async move {
        let Ok(missing) = store.missing().await else { return };
        let Some(longest) = missing.iter().map(|(_, head)| *head).max() else { return };
        for (log, _) in &missing {
            store.forget(log);
        }
        link.send(Msg::Lost(Lost { logs: missing.len(), longest }));
    });
}

/// True where nobody has been here with this browser. From now on somebody has.
fn is_first_visit() -> bool {
    let first = remembered("visited").is_none();
    remember("visited", Some("yes"));
    first
}

/// Goes where the address says.
pub fn navigate(model: &mut Model) -> bool {
    if let Some(token) = Address::join() {
        Address::clear();
        model.link.send(class::Msg::Asked(token));
        if model.logs.open.is_some() {
            return false;
        }
    }
    if let Some(text) = Address::shared() {
        return open_shared(model, &text);
    }
    if let Some((id, number)) = Address::lesson() {
        model.link.send(lessons::Msg::Open(Key::of_lesson(&id, number), None));
        return false;
    }
    if let Some(id) = Address::workshop() {
        model.link.send(lessons::Msg::Workshop(Some(id.into())));
        return false;
    }
    let address = Address::here();
    if let (Some(open_log), Some(log)) = (&model.logs.open, &address.log)
        && open_log.id() == *log
    {
        if let Some(position) = address.position {
            playback::seek(model, position);
        }
        return true;
    }
    let mode = match (address.log, address.position) {
        _ if model.embed.as_ref().is_some_and(|it| it.begins) => OpenMode::Empty,
        (Some(log), position) => OpenMode::Log(log, position),
        (None, Some(position)) => OpenMode::LastAt(position),
        (None, None) if address.scenario.is_none() && is_first_visit() => OpenMode::FirstVisit,
        (None, None) => OpenMode::Last,
    };
    open(model, address.scenario.as_deref().unwrap_or(FIRST), mode, None);
    true
}

/// Opens a scenario's log. Whoever waits for it is answered once it is open.
pub fn open(model: &mut Model, id: &str, mode: OpenMode, reply: Option<Reply>) {
    model.playback.playing = None;
    let Some(scenario) = model.logs.scenario(id).cloned() else {
        let why = format!("There is no scenario called {id}.");
        match reply {
            Some(reply) => reply.reject("unknown_scenario", &why),
            None => model.saying.fault = Some(why),
        }
        if model.logs.open.is_none() {
            model.link.send(Msg::Open(FIRST.into(), OpenMode::Last));
        }
        return;
    };
    // A new log of one's own domain goes on with the code that is open.
    let code = model.open_log().and_then(|it| it.own_code()).filter(|_| id == OWN);
    let story = match mode {
        OpenMode::Story => Some(true),
        OpenMode::Empty => Some(false),
        _ => None,
    };
    if let (Some(code), Some(story)) = (code, story) {
        return own::begin_again(model, code.text, story, reply);
    }
    // An address that is about to be written is the old log's.
    model.playback.settling = None;
    let turn = model.logs.next_turn();
    let (places, starting) = (model.logs.places(), model.logs.open.is_none());
    // A command that is under way in the log that is left goes on to its end.
    let left = model.open_log().filter(|_| model.commands.under_way());
    model.link.later(async move {
        // Only a first visit is sure to need nothing of the later part.
        let whole = match mode {
            OpenMode::FirstVisit => Ok(()),
            _ => later::come().await,
        };
        if whole.is_err() {
            let result = Err("a part of the page could not be fetched: is there a network?".into());
            return Msg::Opened(Opening { turn, result, unkept: None, position: None, reply });
        }
        if let Some(left) = left {
            left.ask(Request::Finish).await;
        }
        let position = match &mode {
            OpenMode::Log(_, position) => *position,
            OpenMode::LastAt(position) => Some(*position),
            _ => None,
        };
        // A page without a log comes to one, whatever the storage does.
        let found = if starting {
            places.start(&scenario, mode).await
        } else {
            places.open(&scenario, mode).await
        };
        let mut unkept = None;
        let result = found.map(|FoundLog { log, logs, found, unkept: why }| {
            unkept = why.map(|it| it.to_string());
            Opened { open_log: log, logs, arrival: Arrival::Found(found) }
        });
        let result = result.map_err(|it| it.to_string());
        Msg::Opened(Opening { turn, result, unkept, position, reply })
    });
}

fn opened(model: &mut Model, opening: Opening) -> bool {
    let Opening { turn, result, unkept, position, reply } = opening;
    if !model.logs.is_last(turn) {
        // Another log was asked for meanwhile.
        if let Some(reply) = reply {
            match result {
                Ok(opened) => reply.resolve(&opened.open_log.id()),
                Err(fault) => reply.reject("storage", &fault),
            }
        }
        return false;
    }
    let Opened { open_log, logs, arrival } = match result {
        Ok(opened) => opened,
        Err(fault) => {
            not_opened(model, &fault, reply);
            return true;
        }
    };
    model.logs.unkept = unkept.or(model.logs.unkept.take());
    let instead = matches!(arrival, Arrival::Found(Found::Instead));
    if model.logs.unsaid.take_if(|it| it == open_log.id()).is_some() {
        ask_for_answers(model, open_log.clone());
    }
    show(model, open_log, if instead { None } else { position });
    if instead {
        model.saying.also_wrong(
            "The log of this address is not in this browser: it was deleted, lived in memory \
             only, or is kept in another one. “Share” makes links that carry their log.",
        );
    }
    model.logs.list(logs.into_iter());
    if model.logs_dialog.shown.open {
        // The dialog's list is of before that.
        model.link.send(logs_dialog::Msg::List);
    }
    let id = model.logs.open.as_ref().map(|open_log| open_log.id().to_owned());
    match (reply, &arrival) {
        (reply, Arrival::Forked(after, answered)) => {
            forked(model, *after, answered.as_ref());
            if let Some(reply) = reply {
                reply.resolve(&id);
            }
        }
        (Some(reply), Arrival::ByChance(tally)) => reply.resolve(tally),
        (Some(reply), Arrival::Domain) => {
            let what = model.logs.open.as_ref().map(OpenLog::describe_code);
            reply.resolve(&what);
        }
        (Some(reply), _) => reply.resolve(&id),
        (None, Arrival::Found(Found::First)) => {
            // The story begins, and its first step is told.
            model.layout.welcome = true;
            model.link.send(commands_part::Msg::Tell);
        }
        (None, _) => say_position(model),
    }
    for reply in std::mem::take(&mut model.console.ready) {
        reply.resolve(&());
    }
    offline::give_way(model);
    true
}

/// Counts the events that nobody has answered, so that somebody can say what is to be done.
fn ask_for_answers(model: &Model, open_log: OpenLog) {
    model.link.later(async move {
        let events = open_log.unanswered().await;
        logs_dialog::Msg::Unanswered(open_log, events)
    });
}

/// A log could not be opened.
fn not_opened(model: &mut Model, fault: &str, reply: Option<Reply>) {
    let why = format!("The log could not be opened: {fault}.");
    match reply {
        Some(reply) => reply.reject("storage", &why),
        None => model.saying.fault = Some(why),
    }
}

/// The storage does not answer: goes on in memory with all that this tab has of the log.
pub fn go_on_in_memory(model: &mut Model, open_log: OpenLog) {
    model.logs.disk = None;
    model.logs.unkept = Some("the browser's storage does not answer".to_owned());
    let (turn, memory) = (model.logs.next_turn(), model.logs.memory.clone());
    let position = Some(open_log.session().position());
    model.link.later(async move {
        let scenario = open_log.session().scenario().clone();
        let copied = async {
            let info = open_log.copy_to(&memory).await?;
            let (logs, open_log) = (memory.logs().await?, memory.open(&scenario, info).await?);
            Ok::<_, StoreError>(Opened { open_log, logs, arrival: Arrival::Found(Found::Asked) })
        };
        let result = copied.await.map_err(|it| it.to_string());
        Msg::Opened(Opening { turn, result, unkept: None, position, reply: None })
    });
}

/// A fork is open: says so, and what came of the command that was sent in it.
fn forked(model: &mut Model, after: u64, answered: Option<&Answered>) {
    let mut came = String::new();
    if let Some(answered) = answered {
        commands::sent(model, answered);
        came.clone_from(&model.saying.aloud);
    }
    model.saying.happened(format!(
        "This is a new log, forked after event {after}; the other one stays. {came}"
    ));
}

/// Puts a log on the page.
fn show(model: &mut Model, open_log: OpenLog, position: Option<u64>) {
    let old = model.open_log();
    let scenario = open_log.session().scenario().clone();
    if old.as_ref().is_none_or(|old| !Rc::ptr_eq(old.session().scenario(), &scenario)) {
        model.commands.begin(forms(&scenario));
    }
    if old.as_ref().is_none_or(|old| old.session().scenario().id != scenario.id) {
        model.layout.restore_pins(&scenario.id);
        model.fold_view.leave();
        if let Some(embed) = &model.embed {
            let (known, unknown): (Vec<_>, Vec<_>) =
                embed.show.iter().cloned().partition(|it| is_panel(&scenario, it));
            model.layout.pinned = Rc::new(embed.streams());
            model.fold_view.show_in_frame(&known);
            if !unknown.is_empty() {
                model.saying.fault = Some(format!("No panel is called {}.", unknown.join(" or ")));
            }
        }
    }
    if old.is_some() {
        model.saying.fault = None;
    }
    // What was done and said in another log is over.
    close_menus(None);
    model.commands.leave();
    model.playback.stop();
    model.layout.clear_hint();
    model.read_side.refused = None;
    model.predicting.leave();
    model.lab = Lab::default();
    (model.saying.pulse, model.saying.caption) = (None, None);
    model.console.listeners.open(&open_log);
    if old.is_none() && !open_log.runs_processes() {
        // Another tab is Alice.
        model.commands.draft_mut().actor = "Bob".into();
    }
    own::arrive(model, &open_log);
    model.watching = Watching::load(open_log.id());
    model.layout.bookmarks = bookmarks::load(open_log.id());
    model.money = Rc::new(summary::money(&open_log.session()));
    // Whoever was at the head stays there, whatever its processes have done on opening.
    if let Some(position) = position.filter(|it| *it < open_log.head_at_opening()) {
        open_log.viewpoint_mut().seek(position);
    }
    let at = open_log.session().position();
    // An entry of the history that led here is this one's already.
    let from = old.as_ref().map(OpenLog::id);
    let new = old.is_some() && Address::here().log.as_deref() == from;
    Address::write(&scenario.id, open_log.id(), at, new);
    document().set_title(&format!("{} · Leftfold", scenario.title));
    let changed = model.link.on(subscriptions::Msg::Changed);
    open_log.on_change(move |trace| changed.emit(trace));
    wasm_bindgen_futures::spawn_local(open_log.serve());
    model.lessons.shown = false;
    model.lessons.attempt.take_if(|it| it.log != open_log.id());
    if open_log.info().exercise.is_some() || model.lessons.under_way() {
        model.link.send(lessons::Msg::Arrived(open_log.clone()));
    }
    model.logs.open = Some(open_log);
    diary::listen(model);
    remove("#skeleton");
}

/// An address carries a log: makes it one of this browser's own, and opens it.
fn open_shared(model: &mut Model, text: &str) -> bool {
    let shared = match link::read(text) {
        Ok(shared) => shared,
        Err(why) => return not_shared(model, format!("No log could be opened: {why}.")),
    };
    if shared.exercise.is_some() {
        return match Exercise::of_shared(shared) {
            Ok(Some(exercise)) => {
                let key = Key::of_link(text);
                key.keep(&exercise);
                Address::clear();
                model.link.send(lessons::Msg::Open(key, None));
                false
            }
            Ok(None) => not_shared(model, "This link carries no exercise.".to_owned()),
            Err(why) => not_shared(model, format!("The exercise cannot be read: {why}.")),
        };
    }
    let Some(scenario) = model.logs.scenario(&shared.scenario).cloned() else {
        return not_shared(model, format!("This page has no scenario {}.", shared.scenario));
    };
    let host = model.logs.host().clone();
    Address::clear();
    if let Some(seed) = &shared.seed {
        let Ok(plan) = json::read::<RandomPlan>(seed) else {
            return not_shared(model, "The run in this link cannot be read.".to_owned());
        };
        let position = Some(shared.position);
        model.link.send(logs_dialog::Msg::Chance(ChanceRun {
            scenario,
            title: shared.title,
            plan,
            position,
        }));
        return true;
    }
    model.link.later(async move {
        let (title, kept) = (shared.title, shared.records);
        let made = match Imported::of(shared.commits) {
            Ok(it) => host.import_new(&scenario, title, it, kept, &mut || ()).await,
            Err(why) => Err(why),
        };
        match made {
            Ok(Made { info, unsaid }) => {
                bookmarks::keep(&info.id, &shared.bookmarks);
                let said = String::new();
                Msg::Imported(Arrived { info, said, position: Some(shared.position), unsaid })
            }
            Err(why) => Msg::Fault(format!("The log in this link could not be kept: {why}.")),
        }
    });
    true
}

/// An address carries no log that can be read: whatever is open stays open.
fn not_shared(model: &mut Model, why: String) -> bool {
    model.saying.fault = Some(why);
    match &model.logs.open {
        Some(open_log) => {
            let session = open_log.session();
            Address::write(&session.scenario().id, open_log.id(), session.position(), false);
        }
        None => Address::clear(),
    }
    model.logs.open.is_some()
}
