//! What happens when something happens: each part's messages are handled in a module of its name.
//!
//! A handler changes the model, and answers whether the page is to be drawn again. What takes
//! longer is handed to the link, which says by a message what came of it.
//!
//! A handler that is marked `inline(never)` is one that the first minute does not call: on its own, it
//! can come in the later part of the module.

mod changes;
mod diary;
mod forking;
mod layout;
mod playback;
mod clock;
mod stepping;
mod predicting;
mod commands;
mod subscriptions;
mod fold_view;
mod own;
mod watching;
mod offline;
mod opening;
mod class;
mod together;
mod under_way;
mod logs_dialog;
mod share;
mod lab;
mod course;
mod lessons;
mod making;
mod console;
mod keys;

use super::model::Model;
use super::model::class::Msg as ClassMsg;
use super::model::message::Msg;
use super::model::playback::Msg as PlaybackMsg;

/// Something has happened. True where the page is to be drawn again.
pub fn update(model: &mut Model, msg: Msg) -> bool {
    let resting = matches!(msg, Msg::Playback(PlaybackMsg::Settled));
    let frame = matches!(msg, Msg::Playback(PlaybackMsg::Frame));
    let drawn = handle(model, msg);
    if drawn {
        model.console.stale = None;
        if model.class.joined.is_some() {
            class::keep_in_step(model);
        }
        if model.together().is_some() {
            together::count(model);
        }
        if let Some(open_log) = model.open_log() {
            if open_log.own_code().is_some() {
                own::look(model, &open_log);
            }
            if !frame && !model.watching.list.is_empty() {
                watching::look(model, &open_log);
            }
        }
        let passing = frame && model.playback.wanted.is_some();
        let look = !(frame && model.playback.behind);
        if model.follow(resting, passing, look) {
            lessons::reached(model);
        }
    }
    drawn
}

fn handle(model: &mut Model, msg: Msg) -> bool {
    match msg {
        // Every press says it, also where there is no class.
        Msg::Class(ClassMsg::Touched) if model.class.joined.is_none() => false,
        Msg::Class(msg) => class::update(model, msg),
        Msg::Clock(msg) => clock::update(model, msg),
        Msg::Commands(msg) => commands::update(model, msg),
        Msg::Console(msg) => console::update(model, msg),
        Msg::FoldView(msg) => fold_view::update(model, msg),
        Msg::Lab(msg) => lab::update(model, msg),
        Msg::Layout(msg) => layout::update(model, msg),
        Msg::Lessons(msg) => lessons::update(model, msg),
        Msg::Logs(msg) => opening::update(model, msg),
        Msg::LogsDialog(msg) => logs_dialog::update(model, msg),
        Msg::Making(msg) => making::update(model, msg),
        Msg::Offline(msg) => offline::update(model, msg),
        Msg::Own(msg) => own::update(model, msg),
        Msg::Playback(msg) => playback::update(model, msg),
        Msg::Predicting(msg) => predicting::update(model, msg),
        Msg::Share(msg) => share::update(model, msg),
        Msg::Subscriptions(msg) => subscriptions::update(model, msg),
        Msg::Together(msg) => together::update(model, msg),
        Msg::Watching(msg) => watching::update(model, msg),
        Msg::Key(event) => keys::key(model, &event),
        Msg::Dismiss => {
            model.saying.fault = None;
            true
        }
    }
}
