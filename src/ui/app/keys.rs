//! Keys: left alone in fields, and on buttons where they press them.

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::Context;

use super::{App, Msg};
use crate::ui::browser::close_menus;
use crate::ui::lab;
use crate::ui::logs::Act;

impl App {
    pub(super) fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let Some(desk) = self.desk.clone() else { return false };
        if event.default_prevented() || event.ctrl_key() || event.alt_key() || event.meta_key() {
            return false;
        }
        let key = event.key();
        // What lies under a dialog is left alone.
        if self.keys_shown || self.keeping.shown.open {
            if key == "Escape" {
                let close =
                    if self.keys_shown { Msg::Keys(false) } else { Msg::Act(Act::Show(false)) };
                ctx.link().send_message(close);
            }
            return false;
        }
        if self.blank {
            event.prevent_default();
            ctx.link().send_message(Msg::Blank(false));
            return false;
        }
        let target = event.target().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        let tag = target.as_ref().map(|it| it.tag_name()).unwrap_or_default();
        let slider =
            target.as_ref().is_some_and(|it| it.get_attribute("type").as_deref() == Some("range"));
        let field = matches!(&*tag, "INPUT" | "SELECT" | "TEXTAREA") && !slider;
        if key == "Escape" {
            if close_menus(None) {
                event.prevent_default();
            } else if self.lab.tool.is_some() {
                event.prevent_default();
                ctx.link().send_message(Msg::Lab(lab::Msg::Close));
            } else if self.present && !field {
                ctx.link().send_message(Msg::Present(false));
            }
            return false;
        }
        // A clicker has no other keys, wherever the focus is.
        let clicked = self.present && tag != "TEXTAREA" && matches!(&*key, "PageUp" | "PageDown");
        if field && !clicked {
            return false;
        }
        // One press, however long.
        if event.repeat() && matches!(&*key, " " | "." | "?" | "p") {
            event.prevent_default();
            return false;
        }
        let (position, head) = (desk.session().position(), desk.session().head());
        let (shift, under_way) = (event.shift_key(), self.under_way());
        let pressed = matches!(&*tag, "BUTTON" | "SUMMARY" | "A");
        let message = match &*key {
            " " if under_way && shift => Msg::Step(true),
            " " if pressed => return false,
            // One press too many does nothing, as long as the list of steps stands.
            " " if self.stepping.is_some() => Msg::Step(false),
            " " => Msg::Play,
            "ArrowLeft" if shift => Msg::Seek(position.saturating_sub(10)),
            "ArrowRight" if shift => Msg::Seek((position + 10).min(head)),
            "ArrowLeft" => Msg::Back,
            "ArrowRight" => Msg::On,
            "PageDown" if self.present => Msg::Click(true),
            "PageUp" if self.present => Msg::Click(false),
            "Home" => Msg::Seek(0),
            "End" => Msg::Seek(head),
            "." if self.present => Msg::Blank(true),
            "?" if self.letters => Msg::Keys(true),
            "p" if self.letters => Msg::Present(!self.present),
            "/" if self.letters => return self.take_to(event, "Event log", Some("#filter")),
            "c" if self.letters => return self.take_to(event, "Commands", Some("#command")),
            "j" if self.letters => return self.take_to(event, "Journal", None),
            _ => return false,
        };
        event.prevent_default();
        ctx.link().send_message(message);
        false
    }

    /// To a panel, for a key that was pressed outside of any field: to that field of it, if any.
    fn take_to(&mut self, event: &KeyboardEvent, panel: &str, field: Option<&'static str>) -> bool {
        event.prevent_default();
        self.find(&panel.into());
        self.layout.field = field;
        true
    }
}
