//! Projections and processes are paused, rebuilt, disturbed, ended and started.

use std::rc::Rc;

use gloo::timers::callback::Interval;

use super::changes::changed;
use crate::host::{Count, Error, Request, SubscriptionChange};
use crate::lab::{Control, MicroStep, Subscription, instance_of};
use crate::ui::model::Model;
use crate::ui::model::subscriptions::{Msg, RefusedControl};

/// True where the page is to be drawn again.
pub fn update(model: &mut Model, msg: Msg) -> bool {
    match msg {
        Msg::Control(name, what) => control(model, &name, what),
        Msg::Controlled { open_log, name, control, answered } => {
            if model.logs.is_open(&open_log) {
                let refused = answered.result.as_ref().err();
                model.read_side.refused =
                    refused.map(|why| RefusedControl::new(&name, control, &why.to_string()));
                changed(model, &answered.trace);
                if answered.result.is_ok() {
                    tell(model, &name, control, &answered.trace);
                }
            }
        }
        Msg::Rebuild(name, code) => {
            ask(model, Request::Rebuild { name: name.to_string(), code: Some(code) });
        }
        Msg::Subscribe(name, on) => {
            let how = SubscriptionChange { running: Some(on), ..SubscriptionChange::default() };
            ask(model, Request::Subscription { name: name.to_string(), how });
        }
        Msg::Replicate(name, code) => {
            ask(model, Request::Replicate { name: name.to_string(), code: Some(code) });
        }
        Msg::TakeOver(name) => {
            let Some(open_log) = model.open_log() else { return true };
            let request = Request::TakeOver { name: name.to_string() };
            model.link.later(async move {
                let answered = open_log.ask(request).await;
                Msg::TookOver { open_log, name, answered }
            });
        }
        Msg::TookOver { open_log, name, answered } => {
            if model.logs.is_open(&open_log) {
                took_over(model, &name, answered.result.as_ref().err());
                changed(model, &answered.trace);
            }
        }
        Msg::Pace(name, pace) => set_pace(model, name, pace),
        Msg::CatchUp(name) => catch_up(model, &name),
        Msg::SendMissing(name) => ask(model, Request::SendMissing { name: name.to_string() }),
        Msg::Changed(trace) => changed(model, &trace),
    }
    true
}

/// Has something done to a subscription.
fn control(model: &Model, name: &Rc<str>, control: Control) {
    let (Some(open_log), name) = (model.open_log(), name.clone()) else { return };
    let request = Request::Subscription { name: name.to_string(), how: control.into() };
    model.link.later(async move {
        let answered = open_log.ask(request).await;
        Msg::Controlled { open_log, name, control, answered }
    });
}

/// Says what has come of an event that the code could not take in.
fn tell(model: &mut Model, name: &str, control: Control, trace: &[MicroStep]) {
    let fails = trace.iter().any(|it| matches!(it, MicroStep::SetAside { .. }));
    let waits = model.open_log().is_some_and(|open_log| {
        let session = open_log.session();
        let letters = session.world().subscription(name).map(Subscription::dead_letters);
        letters.is_some_and(|all| all.iter().any(|it| !it.skipped))
    });
    model.saying.happened(match control {
        Control::FailOn(None) if waits => {
            format!("The code of {name} is mended. What it set aside can be retried.")
        }
        Control::FailOn(None) => format!("The code of {name} is mended, and it goes on."),
        Control::Skip(position) => format!("{name} goes on without event {position}."),
        Control::Retry(position) if fails => {
            format!("Tried event {position} again: the code of {name} still fails on it.")
        }
        Control::Retry(position) => format!("{name} has taken in event {position} now."),
        _ => return,
    });
}

/// Says what has come of a replica's taking over.
fn took_over(model: &mut Model, name: &str, refused: Option<&Error>) {
    model.read_side.refused = refused.map(|why| RefusedControl {
        name: name.into(),
        of: "other",
        why: why.to_string().into(),
    });
    if let Some(why) = refused {
        model.saying.happened(format!("Not taken over: {why}."));
    } else {
        let first = instance_of(name).0;
        model.saying.happened(format!(
            "{first} is the new one now, without a moment in which nobody could read it. The one \
             before is {name}: it can take over again, or be dropped."
        ));
    }
}

/// A replica catches up by itself from now on, or waits.
fn set_pace(model: &mut Model, name: Rc<str>, pace: u64) {
    model.read_side.refused = None;
    let paces = Rc::make_mut(&mut model.lab.paces);
    model.lab.catching_up.remove(&name);
    if pace == 0 {
        paces.remove(&name);
        return;
    }
    paces.insert(name.clone(), pace);
    let link = model.link.clone();
    let again = name.clone();
    let ticks = Interval::new(tick_millis(pace), move || link.send(Msg::CatchUp(again.clone())));
    model.lab.catching_up.insert(name, ticks);
}

/// A slow pace goes event by event, a quick one ten times a second.
fn tick_millis(pace: u64) -> u32 {
    u32::try_from(1000 / pace.max(1)).unwrap_or(1000).max(100)
}

/// A replica takes in the events whose time has come. It is done once it has taken in all: from
/// then on it follows as any other does. One that has stopped before an event waits.
fn catch_up(model: &mut Model, name: &Rc<str>) {
    let pace = model.lab.paces.get(name).copied().unwrap_or_default();
    let left = model.open_log().and_then(|open_log| {
        let session = open_log.session();
        let it = session.world().subscription(name).filter(|it| it.stopped().is_none())?;
        Some(session.head() - it.checkpoint())
    });
    match left {
        Some(left) if left > 0 => {
            step(model, name, (pace * u64::from(tick_millis(pace)) / 1000).clamp(1, left));
        }
        _ => {
            set_pace(model, name.clone(), 0);
            if left.is_some() {
                control(model, name, Control::Pause(false));
            }
        }
    }
}

/// A subscription takes in up to so many events.
fn step(model: &Model, name: &str, events: u64) {
    let step = Some(Count::Number(events));
    let how = SubscriptionChange { step, ..SubscriptionChange::default() };
    ask(model, Request::Subscription { name: name.to_owned(), how });
}

/// Has something done to the running system, and shows what came of it.
pub fn ask(model: &Model, request: Request) {
    let Some(open_log) = model.open_log() else { return };
    model.link.later(async move { Msg::Changed(open_log.ask(request).await.trace) });
}
