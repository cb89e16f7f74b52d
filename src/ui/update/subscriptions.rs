//! Projections and processes are paused, rebuilt, disturbed, ended and started.

use super::changes::changed;
use crate::host::{Request, SubscriptionChange};
use crate::ui::model::Model;
use crate::ui::model::subscriptions::{Msg, RefusedControl};

/// True where the page is to be drawn again.
pub fn update(model: &mut Model, msg: Msg) -> bool {
    match msg {
        Msg::Control(name, control) => {
            let Some(open_log) = model.open_log() else { return true };
            let request = Request::Subscription { name: name.to_string(), how: control.into() };
            model.link.later(async move {
                let answered = open_log.ask(request).await;
                Msg::Controlled { open_log, name, control, answered }
            });
        }
        Msg::Controlled { open_log, name, control, answered } => {
            if model.logs.is_open(&open_log) {
                let refused = answered.result.as_ref().err();
                model.read_side.refused =
                    refused.map(|why| RefusedControl::new(&name, control, &why.to_string()));
                changed(model, &answered.trace);
            }
        }
        Msg::Rebuild(name, code) => {
            ask(model, Request::Rebuild { name: name.to_string(), code: Some(code) });
        }
        Msg::Subscribe(name, on) => {
            let how = SubscriptionChange { running: Some(on), ..SubscriptionChange::default() };
            ask(model, Request::Subscription { name: name.to_string(), how });
        }
        Msg::SendMissing(name) => ask(model, Request::SendMissing { name: name.to_string() }),
        Msg::Changed(trace) => changed(model, &trace),
    }
    true
}

/// Has something done to the running system, and shows what came of it.
pub fn ask(model: &Model, request: Request) {
    let Some(open_log) = model.open_log() else { return };
    model.link.later(async move { Msg::Changed(open_log.ask(request).await.trace) });
}
