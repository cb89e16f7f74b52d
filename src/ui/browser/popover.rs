//! Boxes that lie above the page, beside what they are about. A press elsewhere and Escape close
//! them, which the browser does by itself.

use gloo::utils::{document, window};
use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement};

/// Which boxes are open.
const OPEN: &str = ":popover-open";
/// How tall a box is at most, in pixels.
const TALLEST: f64 = 560.0;
/// How far a box stands from what it is about, and from the window's edge, in pixels.
const GAP: f64 = 4.0;
const EDGE: f64 = 8.0;

/// Ties a box to the button that opens and closes it.
pub fn tie(button: &HtmlElement, sheet: &HtmlElement) {
    // A browser that knows nothing of it shows no box.
    _ = Reflect::set(button, &"popoverTargetElement".into(), sheet);
}

/// True where a box is open.
pub fn is_open(sheet: &Element) -> bool {
    sheet.matches(OPEN).unwrap_or_default()
}

/// True where any box is open that Escape closes.
pub fn any_open() -> bool {
    document().query_selector("[popover=auto]:popover-open").is_ok_and(|it| it.is_some())
}

/// Shows a box, or hides it.
pub fn show(sheet: &HtmlElement, on: bool) {
    if on != is_open(sheet) {
        call(sheet, if on { "showPopover" } else { "hidePopover" });
    }
}

fn call(sheet: &HtmlElement, name: &str) {
    let method = Reflect::get(sheet, &name.into()).ok().and_then(|it| it.dyn_into().ok());
    // What cannot be shown is not needed to go on.
    _ = method.map(|method: Function| method.call0(sheet));
}

/// Gives a box a width in pixels, and its place: below an element, or above it where there is more
/// room. It is never wider than the window.
pub fn place(sheet: &HtmlElement, beside: &Element, width: f64) {
    place_from(sheet, beside, beside.get_bounding_client_rect().left(), width);
}

/// The same, with its left edge so far from the window's, in pixels.
pub fn place_from(sheet: &HtmlElement, beside: &Element, left: f64, width: f64) {
    let number = |it: Result<JsValue, JsValue>| it.ok().and_then(|it| it.as_f64());
    // Where the page is drawn larger, so is the box, and its place counts in its own pixels. A box
    // that is not shown yet does not know.
    let zoom = Reflect::get(beside, &"currentCSSZoom".into());
    let zoom = number(zoom).filter(|it| *it > 0.0).unwrap_or(1.0);
    let wide = number(window().inner_width()).unwrap_or_default() / zoom;
    let tall = number(window().inner_height()).unwrap_or_default() / zoom;
    let at = beside.get_bounding_client_rect();
    let (left, top, bottom) = (left / zoom, at.top() / zoom, at.bottom() / zoom);
    let width = width.min(wide - 2.0 * EDGE);
    let left = left.min(wide - width - EDGE).max(EDGE);
    let (side, distance, room) = if tall - bottom >= top {
        ("top", bottom + GAP, tall - bottom)
    } else {
        ("bottom", tall - top + GAP, top)
    };
    let room = (room - GAP - EDGE).min(TALLEST);
    let style = format!("width:{width}px;left:{left}px;{side}:{distance}px;max-height:{room}px");
    // Without a place, it is shown somewhere.
    _ = sheet.set_attribute("style", &style);
}
