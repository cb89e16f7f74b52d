//! The log's clock is moved, and looked at as it goes.

use super::changes::{changed, changed_and_more};
use crate::host::{ClockMove, Request};
use crate::lab::{deadlines_met, decided};
use crate::ui::model::Model;
use crate::ui::model::clock::Msg;

/// True where the page is to be drawn again.
pub fn update(model: &mut Model, msg: Msg) -> bool {
    match msg {
        Msg::Move(how, words) => ask(model, how, words),
        Msg::Moved { open_log, words, hurried, answered } => {
            if model.logs.is_open(&open_log) {
                match &answered.result {
                    Ok(_) => {
                        model.log_time.refused = None;
                        let trace = &answered.trace;
                        let came = if hurried { decided(trace) } else { deadlines_met(trace) };
                        let came = came.unwrap_or_default();
                        model.saying.happened(format!("{words} {came}").trim_end());
                        changed_and_more(model, &answered.trace);
                    }
                    Err(why) => {
                        model.log_time.refused = Some(why.to_string().into());
                        changed(model, &answered.trace);
                    }
                }
            }
        }
        Msg::Tick => {
            let open_log = model.open_log();
            return open_log.is_some_and(|open_log| model.log_time.look(&open_log));
        }
    }
    true
}

fn ask(model: &mut Model, how: ClockMove, words: String) {
    let Some(open_log) = model.open_log() else { return };
    // What comes of it happens at the head.
    let head = open_log.session().head();
    open_log.viewpoint_mut().seek(head);
    model.log_time.refused = None;
    let hurried = matches!(how, ClockMove::Hurry(_));
    model.link.later(async move {
        let answered = open_log.ask(Request::Clock(Some(how))).await;
        Msg::Moved { open_log, words, hurried, answered }
    });
}
