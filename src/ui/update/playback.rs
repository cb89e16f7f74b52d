//! The playhead is moved, by hand and by itself, event by event or beat by beat.

use gloo::render::request_animation_frame;
use gloo::timers::callback::Interval;

use super::changes;
use crate::host::OpenLog;
use crate::lab::SubscriptionKind;
use crate::ui::model::Model;
use crate::ui::model::commands;
use crate::ui::model::playback::{Beat, Msg, Taker};
use crate::ui::model::station::{Cargo, Station};

/// True where the page is to be drawn again.
pub fn update(model: &mut Model, msg: Msg) -> bool {
    match msg {
        Msg::Seek(position) => seek(model, position),
        Msg::Want(position) => {
            model.playback.wanted = Some(position);
            ask_for_frame(model);
            return false;
        }
        Msg::Frame => return frame(model),
        Msg::Play => play(model),
        Msg::Speed(speed) => {
            model.playback.speed = speed;
            if model.playback.playing.is_some() {
                go_by_itself(model);
            }
        }
        Msg::Tick => {
            if !go_on(model) {
                model.playback.playing = None;
            }
        }
        Msg::On => _ = go_on(model),
        Msg::Back => go_back(model),
        Msg::Click(on) => click(model, on),
        Msg::Beats(on) => {
            model.playback.beats = on;
            model.playback.beat = None;
        }
        Msg::Settled => changes::settled(model),
    }
    true
}

/// Moves the playhead.
pub fn seek(model: &mut Model, position: u64) {
    let Some(open_log) = model.open_log() else { return };
    // Whatever was wanted before is over.
    model.playback.wanted = None;
    let before = open_log.session().position();
    open_log.viewpoint_mut().seek(position);
    let after = open_log.session().position();
    model.playback.beat = None;
    if before == after {
        return;
    }
    model.saying.caption = None;
    model.console.listeners.seek(after);
    changes::say_position(model);
    changes::settle_soon(model);
    if after == before + 1 && model.commands.stepping.is_none() {
        model.saying.light(Station::Projections, Some((Station::Store, Cargo::Event)));
    } else {
        model.saying.pulse = None;
    }
    if after < before {
        model.layout.take_hint();
    }
}

/// Asks the browser to tell when it draws the next frame.
pub fn ask_for_frame(model: &mut Model) {
    if model.playback.frame.is_none() {
        let link = model.link.clone();
        let frame = request_animation_frame(move |_| link.send(Msg::Frame));
        model.playback.frame = Some(frame);
    }
}

/// A frame has time for the log or for the read side: they take turns.
fn frame(model: &mut Model) -> bool {
    model.playback.frame = None;
    if std::mem::take(&mut model.playback.behind) {
        if model.playback.wanted.is_some() {
            ask_for_frame(model);
        }
        return true;
    }
    if let Some(position) = model.playback.wanted.take() {
        seek(model, position);
        model.playback.behind = true;
        ask_for_frame(model);
        return true;
    }
    let due = model.console.is_due();
    if due == Some(false) {
        ask_for_frame(model);
    }
    due.unwrap_or_default()
}

fn play(model: &mut Model) {
    model.layout.clear_hint();
    if model.playback.playing.take().is_some() || model.commands.under_way() {
        return;
    }
    let Some(open_log) = model.open_log() else { return };
    let at_end = open_log.session().position() == open_log.session().head();
    if at_end && !model.playback.beats_left() {
        seek(model, 0);
    }
    go_by_itself(model);
}

/// The playhead goes on by itself from now on, at the speed that is chosen.
fn go_by_itself(model: &mut Model) {
    let link = model.link.clone();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "200 to 10,000")]
    let pause_millis = (1000.0 / model.playback.speed) as u32;
    model.playback.playing = Some(Interval::new(pause_millis, move || link.send(Msg::Tick)));
}

/// One event further, or one beat. False where nothing is left after that.
fn go_on(model: &mut Model) -> bool {
    let Some(open_log) = model.open_log() else { return false };
    let (position, head) = (open_log.session().position(), open_log.session().head());
    if let Some(taker) = model.playback.beat.as_mut().and_then(Beat::next) {
        let folds = taker.station == Station::Handler;
        let words = if folds { "folds the event into its state" } else { "takes in the event" };
        model.saying.light(taker.station, (!folds).then_some((Station::Store, Cargo::Event)));
        model.saying.happened(format!("{} {words}.", taker.name));
        return model.playback.beats_left() || position < head;
    }
    if position >= head {
        return false;
    }
    seek(model, position + 1);
    if model.playback.beats {
        model.saying.light(Station::Store, None);
        if let Some(event) = open_log.session().event() {
            let position = position + 1;
            model.saying.happened(format!("Event {position} is in the log: {}.", event.kind()));
        }
        model.playback.beat = Some(Beat::new(takers(&open_log)));
        return true;
    }
    position + 1 < head
}

fn go_back(model: &mut Model) {
    let Some(open_log) = model.open_log() else { return };
    let position = open_log.session().position();
    // Half of an event's beats are taken back first.
    if !model.playback.beat.take().is_some_and(|beat| beat.has_takers()) {
        seek(model, position.saturating_sub(1));
    }
}

/// Whom the event at the playhead changes, one after another: its aggregate, then each subscriber.
fn takers(open_log: &OpenLog) -> Vec<Taker> {
    let mut viewpoint = open_log.viewpoint_mut();
    let mut takers = Vec::new();
    if let Some(event) = viewpoint.event() {
        let name = event.stream().as_str().into();
        takers.push(Taker { name, station: Station::Handler });
    }
    let subscribers = viewpoint.world().subscriptions().iter();
    let subscribers = subscribers.map(|it| Taker {
        name: it.name().clone(),
        station: match it.kind() {
            SubscriptionKind::Process => Station::Processes,
            SubscriptionKind::Projection => Station::Projections,
        },
    });
    let subscribers: Vec<Taker> = subscribers.collect();
    let changes = |it: &Taker| viewpoint.panel(&it.name).is_some_and(|it| it.now != it.was);
    takers.extend(subscribers.into_iter().filter(changes));
    takers
}

/// A clicker's button: the next step, event or beat; at the head, the story's next step.
fn click(model: &mut Model, on: bool) {
    let Some(open_log) = model.open_log() else { return };
    let at_head = open_log.session().position() == open_log.session().head();
    match (on, model.commands.under_way()) {
        (true, true) => model.link.send(commands::Msg::Step(false)),
        (true, false)
            if at_head && !model.playback.beats_left() && model.lessons.attempt.is_none() =>
        {
            model.link.send(commands::Msg::Tell);
        }
        (true, false) => _ = go_on(model),
        (false, _) => go_back(model),
    }
}
