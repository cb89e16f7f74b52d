//! The playhead: moved, played, told of, and written into the address.

use gloo::timers::callback::{Interval, Timeout};
use yew::Context;

use super::{App, Msg};
use crate::ui::address::Address;

impl App {
    pub(super) fn seek(&mut self, position: u64) {
        let Some(desk) = &self.desk else { return };
        let before = desk.session().position();
        desk.session_mut().seek(position);
        let after = desk.session().position();
        if before != after {
            self.listeners.seek(after);
            self.say_position();
            self.write_address_soon();
        }
    }

    pub(super) fn write_address_soon(&mut self) {
        let Some(desk) = self.desk.clone() else { return };
        // Browsers refuse addresses that change many times a second.
        self.address = Some(Timeout::new(300, move || {
            let session = desk.session();
            Address::write(&session.scenario().id, &desk.info().id, session.position(), false);
        }));
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
        if self.playing.take().is_some() {
            return;
        }
        let Some(desk) = &self.desk else { return };
        let at_end = desk.session().position() == desk.session().head();
        if at_end {
            self.seek(0);
        }
        let link = ctx.link().clone();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "200 to 2,000")]
        let pause_millis = (1000.0 / self.speed) as u32;
        self.playing = Some(Interval::new(pause_millis, move || link.send_message(Msg::Tick)));
    }

    pub(super) fn tick(&mut self) {
        let Some(desk) = &self.desk else { return };
        let (position, head) = (desk.session().position(), desk.session().head());
        self.seek(position + 1);
        if position + 1 >= head {
            self.playing = None;
        }
    }
}
