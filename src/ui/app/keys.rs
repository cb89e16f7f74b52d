//! Keys: left alone in fields, and on buttons where they press them.

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::Context;

use super::{App, Msg};
use crate::ui::browser::focus;

impl App {
    pub(super) fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let Some(desk) = self.desk.clone() else { return false };
        if event.default_prevented() || event.ctrl_key() || event.alt_key() || event.meta_key() {
            return false;
        }
        let key = event.key();
        if self.keys_shown {
            if key == "Escape" {
                ctx.link().send_message(Msg::Keys(false));
            }
            return false;
        }
        let target = event.target().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        let tag = target.as_ref().map(|it| it.tag_name()).unwrap_or_default();
        let slider =
            target.as_ref().is_some_and(|it| it.get_attribute("type").as_deref() == Some("range"));
        if matches!(&*tag, "INPUT" | "SELECT" | "TEXTAREA") && !slider {
            return false;
        }
        let (position, head) = (desk.session().position(), desk.session().head());
        let step = if event.shift_key() { 10 } else { 1 };
        let message = match &*key {
            "ArrowLeft" => Msg::Seek(position.saturating_sub(step)),
            "ArrowRight" => Msg::Seek((position + step).min(head)),
            "Home" => Msg::Seek(0),
            "End" => Msg::Seek(head),
            " " if tag == "BUTTON" || tag == "SUMMARY" || tag == "A" => return false,
            " " => Msg::Play,
            "?" if self.letters => Msg::Keys(true),
            "/" if self.letters => return take_to(event, "#filter"),
            "c" if self.letters => return take_to(event, "#command"),
            "j" if self.letters => return take_to(event, "#journal"),
            _ => return false,
        };
        event.prevent_default();
        ctx.link().send_message(message);
        false
    }
}

/// Moves the focus, for a key that was pressed outside of any field.
fn take_to(event: &KeyboardEvent, selector: &str) -> bool {
    event.prevent_default();
    focus(selector);
    false
}
