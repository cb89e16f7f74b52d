//! The page is kept for a time without a network, and gives its place to a newer version.

use gloo::utils::window;

use crate::host::OpenLog;
use crate::ui::browser::offline::{keep_everything, take_newer};
use crate::ui::model::Model;
use crate::ui::model::offline::Msg;

/// True where the page is to be drawn again.
pub fn update(model: &mut Model, msg: Msg) -> bool {
    match msg {
        Msg::Said(kept) => {
            let before = &model.offline.kept;
            if (kept.newer, kept.back, kept.taken) != (before.newer, before.back, before.taken) {
                model.offline.read = false;
            }
            model.offline.kept = kept;
            give_way(model);
        }
        Msg::Keep => keep_everything(),
        Msg::Take => take_newer(),
        Msg::PutAway => model.offline.read = true,
    }
    true
}

/// Where a newer version has taken over, it comes in the place of this one: two versions must not run on
/// one log. A log that is kept comes back; one that lives in memory only is left to its person.
pub fn give_way(model: &Model) {
    if model.offline.kept.taken && model.logs.open.as_ref().is_none_or(is_kept) {
        // A browser that refuses shows the notice.
        _ = window().location().reload();
    }
}

fn is_kept(open_log: &OpenLog) -> bool {
    open_log.host().durable()
}
