//! Which field was pressed: of a state's or document's tree, a table's row, or a bar.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlTableCellElement, KeyboardEvent};
use yew::TargetCast;

use crate::ui::view::views::escaped;

/// The fields that can be pressed.
const FIELDS: &str = "[data-path], tbody td";

/// The panel's name and the field's JSON pointer, where a field was pressed.
pub fn field_of(event: &Event) -> Option<(String, String)> {
    let field = event.target_dyn_into::<Element>()?.closest(FIELDS).ok()??;
    let panel = field.closest("section[aria-label]").ok()??.get_attribute("aria-label")?;
    let pointer = if let Some(path) = field.get_attribute("data-path") {
        let within = field.closest("[data-within]").ok()?;
        let within = within.and_then(|it| it.get_attribute("data-within")).unwrap_or_default();
        format!("{within}{path}")
    } else {
        let row = field.closest("tr").ok()??.get_attribute("data-key")?;
        let column = field.dyn_ref::<HtmlTableCellElement>()?.cell_index();
        let heads = field.closest("table").ok()??.query_selector_all("th").ok()?;
        let name = heads.get(u32::try_from(column).ok()?)?.text_content()?;
        format!("/rows/{}/{}", escaped(&row), escaped(&name))
    };
    Some((panel, pointer))
}

/// Up and down go from field to field; true where they did.
pub fn walk(event: &KeyboardEvent) -> bool {
    let step = match &*event.key() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        _ => return false,
    };
    let Some(at) = event.target_dyn_into::<Element>() else { return false };
    let Ok(Some(list)) = at.closest(".tree, .tablebox, .bars") else { return false };
    let Ok(fields) = list.query_selector_all(FIELDS) else { return false };
    let count = i64::from(fields.length());
    let here = (0..count).find(|it| {
        u32::try_from(*it)
            .ok()
            .and_then(|it| fields.get(it))
            .is_some_and(|it| at.is_same_node(Some(&it)))
    });
    let next = here.map_or(if step > 0 { 0 } else { count - 1 }, |it| it + step);
    let next = u32::try_from(next).ok().and_then(|it| fields.get(it));
    if let Some(field) = next.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        event.prevent_default();
        // One that cannot take the focus leaves it where it is.
        let _ = field.focus();
    }
    true
}
