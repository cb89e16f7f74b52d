//! Watched expressions: they are looked at again whenever the log, the code or the list is another.

use crate::host::OpenLog;
use crate::ui::model::Model;
use crate::ui::model::watching::{Msg, Place};

/// True where the page is to be drawn again.
#[inline(never)]
pub fn update(model: &mut Model, msg: Msg) -> bool {
    let Some(open_log) = model.open_log() else { return false };
    match msg {
        Msg::Add(expression) => model.watching.add(open_log.id(), &expression),
        Msg::Drop(at) => model.watching.remove(open_log.id(), at),
        Msg::Looked(place, results) => {
            model.watching.looking = false;
            if place != model.watching.looked || place.is_elsewhere(&open_log) {
                return true;
            }
            model.watching.note(results);
        }
    }
    true
}

/// Looks at the expressions again, where that is due.
#[inline(never)]
pub fn look(model: &mut Model, open_log: &OpenLog) {
    let place = Place::of(open_log, model.watching.list.len());
    let watching = &mut model.watching;
    if watching.looking || watching.looked == place {
        return;
    }
    watching.looked = place.clone();
    watching.looking = true;
    let (list, open_log) = (watching.list.clone(), open_log.clone());
    model.link.later(async move {
        let mut results = Vec::new();
        for watch in list.iter() {
            results.push(open_log.watch(&watch.expression).await.map_err(|it| it.sentence()));
        }
        Msg::Looked(place, results)
    });
}
