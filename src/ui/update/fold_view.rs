//! The Fold view is shown, and gets other columns.

use crate::ui::model::Model;
use crate::ui::model::fold_view::Msg;
use crate::ui::model::layout::Side;

/// True where the page is to be drawn again.
pub fn update(model: &mut Model, msg: Msg) -> bool {
    let Some(open_log) = model.open_log() else { return false };
    match msg {
        Msg::Show(on) => model.fold_view.shown = on,
        Msg::See(name) => {
            model.fold_view.offer(&open_log, &model.summary.streams, &model.summary.stage);
            if !model.fold_view.columns().contains(&name) {
                model.fold_view.set_column(&name, true);
            }
            model.fold_view.shown = true;
        }
        Msg::Column(name, on) => model.fold_view.set_column(&name, on),
    }
    if model.fold_view.shown {
        model.layout.side = Side::Log;
        model.layout.field = Some("[role='grid'][aria-label='Fold']");
    }
    true
}
