//! The playhead: moved, played by event or by beat, told of, and written into the address.

use std::rc::Rc;

use gloo::timers::callback::{Interval, Timeout};
use yew::Context;

use super::open::ALTERED;
use super::{App, Msg};
use crate::lab::{Subscription, SubscriptionKind};
use crate::ui::address::Address;
use crate::ui::browser::{remember, remembered};
use crate::ui::pipeline::{Cargo, Pulse, Station};
use crate::ui::timeline::Hint;

impl App {
    pub(super) fn seek(&mut self, position: u64) {
        let Some(desk) = &self.desk else { return };
        // Whatever was wanted before is over.
        self.wanted = None;
        let before = desk.session().position();
        desk.viewpoint_mut().seek(position);
        let after = desk.session().position();
        self.beat = None;
        if before == after {
            return;
        }
        self.told = None;
        self.listeners.seek(after);
        self.say_position();
        self.settle_soon();
        if after == before + 1 && self.stepping.is_none() {
            self.pulse(Station::Projections, Some((Station::Store, Cargo::Event)));
        } else {
            self.pulse = None;
        }
        if self.hint == Hint::Shown && after < before {
            self.hint = Hint::Taken;
            remember("hint", Some("seen"));
        }
    }

    /// Something else happens than a drag: the taken hint's place is needed.
    pub(super) fn clear_hint(&mut self) {
        if self.hint == Hint::Taken {
            self.hint = Hint::Gone;
        }
    }

    /// Lights a station.
    pub(super) fn pulse(&mut self, at: Station, from: Option<(Station, Cargo)>) {
        self.pulses += 1;
        self.pulse = Some(Pulse { number: self.pulses, at, from });
    }

    /// The address follows the playhead: at once where it has rested for a while, else once it
    /// does, when checks are made as well. Browsers refuse addresses that change many times a second.
    pub(super) fn settle_soon(&mut self) {
        if self.settling.is_none() {
            self.follow();
        }
        let link = self.link.clone();
        self.settling = Some(Timeout::new(300, move || link.send_message(Msg::Settled)));
    }

    pub(super) fn settled(&mut self) {
        self.settling = None;
        self.follow();
    }

    fn follow(&self) {
        let Some(desk) = &self.desk else { return };
        let session = desk.session();
        let log = desk.id();
        Address::write(&session.scenario().id, log, session.position(), false);
        // What a reload would undo, so that it can be said then.
        let altered = session.world().subscriptions().iter().any(Subscription::altered);
        let noted = remembered(ALTERED).is_some_and(|it| it == *log);
        if altered != noted {
            remember(ALTERED, altered.then_some(log));
        }
    }

    pub(super) fn say_position(&mut self) {
        let Some(desk) = &self.desk else { return };
        let session = desk.session();
        self.said = match session.event() {
            Some(event) => {
                format!(
                    "Position {} of {}: {} on {}",
                    session.position(),
                    session.head(),
                    event.kind(),
                    event.stream()
                )
            }
            None => format!("Position 0 of {}, before the first event", session.head()),
        };
    }

    pub(super) fn play(&mut self, ctx: &Context<Self>) {
        self.clear_hint();
        if self.playing.take().is_some() || self.under_way() {
            return;
        }
        let Some(desk) = &self.desk else { return };
        let at_end = desk.session().position() == desk.session().head();
        if at_end && self.beat.as_ref().is_none_or(Beat::over) {
            self.seek(0);
        }
        self.go_by_itself(ctx);
    }

    /// The playhead goes on by itself from now on, at the speed that is chosen.
    pub(super) fn go_by_itself(&mut self, ctx: &Context<Self>) {
        let link = ctx.link().clone();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "200 to 10,000"
        )]
        let pause_millis = (1000.0 / self.speed) as u32;
        self.playing = Some(Interval::new(pause_millis, move || link.send_message(Msg::Tick)));
    }

    pub(super) fn tick(&mut self) {
        if !self.go_on() {
            self.playing = None;
        }
    }

    /// One event further, or one beat. False where nothing is left after that.
    pub(super) fn go_on(&mut self) -> bool {
        let Some(desk) = self.desk.clone() else { return false };
        let (position, head) = (desk.session().position(), desk.session().head());
        if let Some(beat) = &mut self.beat
            && let Some((name, station)) = beat.whom.get(beat.done).cloned()
        {
            beat.done += 1;
            let more = beat.done < beat.whom.len() || position < head;
            let folds = station == Station::Handler;
            self.pulse(station, (!folds).then_some((Station::Store, Cargo::Event)));
            let words = if folds { "folds the event into its state" } else { "takes in the event" };
            self.tell_of(format!("{name} {words}."));
            return more;
        }
        if position >= head {
            return false;
        }
        self.seek(position + 1);
        if self.beats {
            let beat = self.beat_here();
            self.pulse(Station::Store, None);
            if let Some(event) = desk.session().event() {
                self.tell_of(format!("Event {} is in the log: {}.", position + 1, event.kind()));
            }
            self.beat = Some(beat);
            return true;
        }
        position + 1 < head
    }

    pub(super) fn go_back(&mut self) {
        let Some(desk) = &self.desk else { return };
        let position = desk.session().position();
        // Half of an event's beats are taken back first.
        if self.beat.take().is_none_or(|beat| beat.whom.is_empty()) {
            self.seek(position.saturating_sub(1));
        }
    }

    /// What the last event changed stays marked, unless a command has come to nothing since.
    pub(super) fn marked(&mut self, on: bool) {
        if !on {
            self.beat = Some(Beat { done: 0, whom: Vec::new() });
        }
    }

    fn tell_of(&mut self, words: String) {
        self.said.clone_from(&words);
        self.told = Some(words);
    }

    /// Whom the event at the playhead changes, one after another: its aggregate, then each
    /// subscriber. Nobody has been told yet.
    fn beat_here(&self) -> Beat {
        let mut whom = Vec::new();
        if let Some(desk) = &self.desk {
            let mut session = desk.viewpoint_mut();
            if let Some(event) = session.event() {
                whom.push((event.stream().as_str().into(), Station::Handler));
            }
            let subscribers = session.world().subscriptions().iter();
            let names: Vec<_> = subscribers.map(|it| (it.name().clone(), it.kind())).collect();
            for (name, kind) in names {
                if session.panel(&name).is_some_and(|panel| panel.now != panel.was) {
                    let process = kind == SubscriptionKind::Process;
                    let station = if process { Station::Processes } else { Station::Projections };
                    whom.push((name, station));
                }
            }
        }
        Beat { done: 0, whom }
    }
}

/// How far the event at the playhead has come.
pub struct Beat {
    /// How many of them have taken it in.
    done: usize,
    /// Who takes it in, in order.
    whom: Vec<(Rc<str>, Station)>,
}

/// What a panel shows during a beat.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// What was before the event.
    Before,
    /// What the event changed.
    Change,
    /// What is now, the change not being marked any more.
    After,
}

impl Beat {
    /// True where everybody has taken it in.
    pub fn over(&self) -> bool {
        self.done >= self.whom.len()
    }

    /// What the panel of that name shows.
    pub fn shows(&self, name: &str) -> Shows {
        match self.whom.iter().position(|(it, _)| &**it == name) {
            Some(at) if at >= self.done => Shows::Before,
            Some(at) if at + 1 == self.done => Shows::Change,
            _ => Shows::After,
        }
    }
}
