//! All send at the same moment: in a class at a word of the one who leads, alone at a press.

use super::class;
use crate::host::Request;
use crate::lessons::STAND_INS;
use crate::ui::browser::clock::now;
use crate::ui::model::Model;
use crate::ui::model::commands as commands_part;
use crate::ui::model::logs::Home;
use crate::ui::model::together::{Met, Msg};

/// True where the page is to be drawn again.
#[inline(never)]
pub fn update(model: &mut Model, msg: Msg) -> bool {
    let Msg::Now = msg;
    let Some(open_log) = model.open_log() else { return false };
    if model.logs.home(&open_log) == Home::Class {
        class::all_now(model);
        return true;
    }
    let Some(together) = model.together() else { return false };
    let head = open_log.session().head();
    open_log.viewpoint_mut().seek(head);
    if !together.is_called_for(&open_log) {
        class::nobody_sends(model, &together);
        return true;
    }
    // All have seen the same before the first one sends.
    let all = STAND_INS.map(|who| together.command(who, &open_log, head));
    let link = model.link.clone();
    wasm_bindgen_futures::spawn_local(async move {
        for command in all {
            let answered = open_log.ask(Request::Send(command)).await;
            link.send(commands_part::Msg::Sent(open_log.clone(), answered));
        }
    });
    true
}

/// Counts what this page's own have met, and tells the others of the class.
#[inline(never)]
pub fn count(model: &mut Model) {
    let Some(open_log) = model.open_log() else { return };
    let counted = (open_log.id().to_owned(), open_log.session().world().journal().len());
    if model.together.counted == counted {
        return;
    }
    let joined = model.class.joined.as_ref().filter(|_| model.logs.home(&open_log) == Home::Class);
    let (who, name) =
        joined.map_or((String::new(), None), |it| (it.place.id.clone(), Some(it.name.clone())));
    let met = Met::of(&open_log, name.as_deref());
    let together = &mut model.together;
    let news = together.met != met || together.counted.0 != counted.0;
    (together.met, together.counted) = (met, counted);
    together.board.note(open_log.id(), &who, met, now());
    if news && name.is_some() {
        class::here(model);
    }
}
