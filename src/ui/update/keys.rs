//! Keys: left alone in fields, and on buttons where they press them.

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use super::layout::find;
use crate::ui::browser::{close_menus, popover};
use crate::ui::model::Model;
use crate::ui::model::message::Msg;
use crate::ui::model::{class, commands, fold_view, lab, layout, lessons, logs_dialog, playback};

/// A key was pressed. True where the page is to be drawn again at once.
pub fn key(model: &mut Model, event: &KeyboardEvent) -> bool {
    let Some(open_log) = model.open_log() else { return false };
    if event.default_prevented() || event.ctrl_key() || event.alt_key() || event.meta_key() {
        return false;
    }
    let key = event.key();
    if touches(&key) {
        model.link.send(class::Msg::Touched);
    }
    // The browser closes what lies above the page.
    if key == "Escape" && popover::any_open() {
        return false;
    }
    // What lies under a dialog is left alone.
    if model.layout.keys
        || model.logs_dialog.shown.open
        || model.lessons.shown
        || model.class.invitation.is_some()
    {
        if key == "Escape" && model.layout.keys {
            model.link.send(layout::Msg::Keys(false));
        } else if key == "Escape" && model.class.invitation.is_some() {
            model.link.send(class::Msg::Join(false));
        } else if key == "Escape" && model.lessons.shown {
            model.link.send(lessons::Msg::Show(false));
        } else if key == "Escape" {
            model.link.send(logs_dialog::Msg::Show(false));
        }
        return false;
    }
    if model.layout.blank {
        event.prevent_default();
        model.link.send(layout::Msg::Blank(false));
        return false;
    }
    let target = Target::of(event);
    if key == "Escape" {
        escape(model, event, &target);
        return false;
    }
    // A clicker has no other keys, wherever the focus is.
    let clicked =
        model.layout.present && target.tag != "TEXTAREA" && matches!(&*key, "PageUp" | "PageDown");
    if target.field && !clicked {
        return false;
    }
    // One press, however long.
    if event.repeat() && matches!(&*key, " " | "." | "?" | "p" | "f") {
        event.prevent_default();
        return false;
    }
    let panel = match &*key {
        "/" => Some(("Event log", Some("#filter"))),
        "c" => Some(("Commands", Some("#command"))),
        "j" => Some(("Journal", None)),
        _ => None,
    };
    if let Some((panel, field)) = panel.filter(|_| model.layout.letters && !model.layout.present) {
        event.prevent_default();
        find(model, &panel.into());
        model.layout.field = field;
        return true;
    }
    let (position, head) = (open_log.session().position(), open_log.session().head());
    if let Some(msg) = meaning(model, event, &target, position, head) {
        event.prevent_default();
        model.link.send(msg);
    }
    false
}

/// True where a key does something: who follows another lets go then.
fn touches(key: &str) -> bool {
    !matches!(key, "g" | "Shift" | "Tab" | "Escape" | "CapsLock" | "AltGraph" | "Fn")
}

/// Where a key was pressed.
struct Target {
    tag: String,
    /// True where it types: in a field that is no slider.
    field: bool,
}

impl Target {
    fn of(event: &KeyboardEvent) -> Self {
        let target = event.target().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        let tag = target.as_ref().map(|it| it.tag_name()).unwrap_or_default();
        let slider =
            target.as_ref().is_some_and(|it| it.get_attribute("type").as_deref() == Some("range"));
        let field = matches!(&*tag, "INPUT" | "SELECT" | "TEXTAREA") && !slider;
        Self { tag, field }
    }

    /// True where Space presses it.
    fn is_pressed_by_space(&self) -> bool {
        matches!(&*self.tag, "BUTTON" | "SUMMARY" | "A")
    }
}

/// Closes what is open, from the top: a menu, a tool, then the presentation.
fn escape(model: &Model, event: &KeyboardEvent, target: &Target) {
    if close_menus(None) {
        event.prevent_default();
    } else if model.lab.tool.is_some() {
        event.prevent_default();
        model.link.send(lab::Msg::Close);
    } else if model.layout.present && !target.field {
        model.link.send(layout::Msg::Present(false));
    }
}

/// What a key means that was pressed outside of any field.
fn meaning(
    model: &Model,
    event: &KeyboardEvent,
    target: &Target,
    position: u64,
    head: u64,
) -> Option<Msg> {
    let (present, letters) = (model.layout.present, model.layout.letters);
    let (shift, under_way) = (event.shift_key(), model.commands.under_way());
    let key = event.key();
    Some(match &*key {
        " " if under_way && shift => commands::Msg::Step(true).into(),
        " " if target.is_pressed_by_space() => return None,
        // One press too many does nothing, as long as the list of steps stands.
        " " if model.commands.stepping.is_some() => commands::Msg::Step(false).into(),
        " " if !present => playback::Msg::Play.into(),
        "ArrowLeft" if shift => playback::Msg::Seek(position.saturating_sub(10)).into(),
        "ArrowRight" if shift => playback::Msg::Seek((position + 10).min(head)).into(),
        "ArrowLeft" => playback::Msg::Back.into(),
        "ArrowRight" => playback::Msg::On.into(),
        " " | "PageDown" if present => playback::Msg::Click(true).into(),
        "PageUp" if present => playback::Msg::Click(false).into(),
        "Home" => playback::Msg::Seek(0).into(),
        "End" => playback::Msg::Seek(head).into(),
        "n" if letters && model.lessons.workshop.is_some() => {
            lessons::Msg::Teacher(!model.lessons.teacher).into()
        }
        "s" if letters && model.lessons.workshop.is_some() && model.lessons.attempt.is_some() => {
            lessons::Msg::Solve { wrong: false, reply: None }.into()
        }
        "." if present => layout::Msg::Blank(true).into(),
        "?" if letters => layout::Msg::Keys(true).into(),
        "c" if letters && present => layout::Msg::Form(!model.layout.form).into(),
        "t" if letters && present => layout::Msg::Lanes(!model.layout.lanes).into(),
        "t" if letters => layout::Msg::Low(!model.layout.low).into(),
        "g" if letters && model.class.joined.is_some() => class::Msg::Follow(true).into(),
        "f" if letters => fold_view::Msg::Show(!model.fold_view.shown).into(),
        "p" if letters => layout::Msg::Present(!present).into(),
        _ => return None,
    })
}
