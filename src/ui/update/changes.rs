//! What follows whenever the log has grown or the playhead has moved: listeners hear of it, and
//! the address follows.

use gloo::timers::callback::Timeout;

use crate::host::Trouble;
use crate::lab::{MicroStep, asides, deadlines_met};
use crate::ui::browser::address::Address;
use crate::ui::model::Model;
use crate::ui::model::playback::Msg;

/// How long the playhead rests before the address follows it, in milliseconds.
const REST_MILLIS: u32 = 300;

/// The log has changed, in these micro-steps. What stands out among them is said.
pub fn changed(model: &mut Model, trace: &[MicroStep]) {
    let sentences = [deadlines_met(trace), asides(trace)];
    let sentences: Vec<String> = sentences.into_iter().flatten().collect();
    if !sentences.is_empty() {
        model.saying.happened(sentences.join(" "));
    }
    changed_as_said(model, trace);
}

/// The log has changed, in these micro-steps, of which something was just said. What stands out
/// among them is added.
pub fn changed_and_more(model: &mut Model, trace: &[MicroStep]) {
    if let Some(aside) = asides(trace) {
        model.saying.more(&aside);
    }
    changed_as_said(model, trace);
}

/// The log has changed, in these micro-steps, each of which was said.
pub fn changed_as_said(model: &mut Model, trace: &[MicroStep]) {
    if let Some(open_log) = &model.logs.open {
        model.console.listeners.trace(trace, &open_log.session());
        let silent = matches!(open_log.trouble(), Some(Trouble::Slow | Trouble::Silent));
        model.logs.waiting &= silent;
    }
    settle_soon(model);
}

/// The address follows the playhead: at once where it has rested for a while, else once it does.
/// Browsers refuse addresses that change many times a second.
pub fn settle_soon(model: &mut Model) {
    if model.playback.settling.is_none() {
        follow(model);
    }
    let link = model.link.clone();
    let settled = move || link.send(Msg::Settled);
    model.playback.settling = Some(Timeout::new(REST_MILLIS, settled));
}

/// The playhead has rested for a while.
pub fn settled(model: &mut Model) {
    model.playback.settling = None;
    // What was read out of the playhead may be of before the log grew.
    if model.saying.aloud == model.saying.position {
        say_position(model);
    }
    follow(model);
}

fn follow(model: &Model) {
    let Some(open_log) = &model.logs.open else { return };
    let session = open_log.session();
    let log = open_log.id();
    Address::write(&session.scenario().id, log, session.position(), false);
}

/// Reads out where the playhead is.
pub fn say_position(model: &mut Model) {
    let Some(open_log) = &model.logs.open else { return };
    let session = open_log.session();
    let (position, head) = (session.position(), session.head());
    model.saying.aloud = match session.event() {
        Some(event) => {
            format!("Position {position} of {head}: {} on {}", event.kind(), event.stream())
        }
        None => format!("Position 0 of {head}, before the first event"),
    };
    model.saying.position.clone_from(&model.saying.aloud);
}
