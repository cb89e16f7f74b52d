//! The focus, the menus that are open, and what is in view.

use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, Node, ScrollIntoViewOptions, ScrollLogicalPosition};

/// Moves the focus to the first element that the selector names.
pub fn focus(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    // What lies in a closed menu is behind its button.
    let closed = |it: &Element| it.closest("details:not([open])").ok().flatten();
    let found = found.map(|it| {
        let button = closed(&it).and_then(|menu| menu.query_selector("summary").ok().flatten());
        button.unwrap_or(it)
    });
    if let Some(element) = found.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}

/// What has the focus, and the dialogs and panels that it lies in, from the inside out.
#[derive(Default)]
pub struct FocusHeld {
    element: Option<Element>,
    within: Vec<Element>,
}

impl FocusHeld {
    /// The focus has moved.
    pub fn moved(&mut self, event: &Event) {
        self.element = event.target().and_then(|it| it.dyn_into().ok());
        self.within.clear();
        let mut inner = self.element.clone();
        while let Some(place) = inner.and_then(|it| it.closest("section").ok().flatten()) {
            inner = place.parent_element();
            self.within.push(place);
        }
    }

    /// Where what had the focus is gone or can no longer be pressed: what comes next, so that
    /// nobody who works by keyboard begins at the page's top again.
    pub fn next(&self) -> Option<HtmlElement> {
        let element = self.element.as_ref()?;
        let off = element.matches(":disabled").unwrap_or_default();
        if element.is_connected() && !off {
            return None;
        }
        let active = document().active_element();
        if active.is_some_and(|it| it != *element && it.tag_name() != "BODY") {
            return None;
        }
        let place = self.within.iter().find(|it| it.is_connected())?;
        let all = place.query_selector_all(
            "button:not(:disabled), input:not(:disabled), select:not(:disabled), summary, [tabindex]",
        );
        let all = all.ok()?;
        let all = || (0..all.length()).filter_map(|at| all.item(at));
        let after = |it: &Node| {
            let order = element.compare_document_position(it);
            off && order & Node::DOCUMENT_POSITION_FOLLOWING > 0
        };
        let home = || place.query_selector("[role=slider], h2[tabindex]").ok().flatten();
        let next = all().find(after).or_else(|| home().map(Into::into)).or_else(|| all().next());
        next?.dyn_into().ok()
    }
}

/// Takes an element away.
pub fn remove(selector: &str) {
    if let Ok(Some(element)) = document().query_selector(selector) {
        element.remove();
    }
}

/// Closes the menus that are open, but for the one that `inside` lies in. True where one was.
pub fn close_menus(inside: Option<&Node>) -> bool {
    let mut closed = false;
    let Ok(menus) = document().query_selector_all("details.menu[open]") else { return false };
    for menu in (0..menus.length()).filter_map(|index| menus.item(index)) {
        if inside.is_some_and(|place| menu.contains(Some(place))) {
            continue;
        }
        let Ok(menu) = menu.dyn_into::<Element>() else { continue };
        // The attribute of an open one can be taken away.
        let _ = menu.remove_attribute("open");
        closed = true;
        if inside.is_none()
            && let Ok(Some(summary)) = menu.query_selector("summary")
            && let Ok(summary) = summary.dyn_into::<HtmlElement>()
        {
            // What cannot take the focus leaves it where it is.
            let _ = summary.focus();
        }
    }
    closed
}

/// Scrolls as little as will bring an element into view.
fn reveal(element: &Element) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// True where the focus is on a button.
pub fn on_button() -> bool {
    document().active_element().is_some_and(|it| it.tag_name() == "BUTTON")
}

/// What selects the panel of that name.
fn panel(name: &str) -> String {
    let name = name.replace('\\', "\\\\").replace('\'', "\\'");
    format!("section[aria-label='{name}']")
}

/// True where a part of the panel of that name, below its head, can be seen where it is scrolled. To be
/// asked where the page is laid out already: else that would be done for the answer.
pub fn in_view(name: &str) -> bool {
    let Ok(Some(panel)) = document().query_selector(&panel(name)) else { return false };
    let place = panel.closest(".states-of, .models, .sent, .column");
    let (Ok(Some(column)), Some(head)) = (place, panel.first_element_child()) else {
        return false;
    };
    let column = column.get_bounding_client_rect();
    panel.get_bounding_client_rect().bottom() > column.top()
        && head.get_bounding_client_rect().bottom() < column.bottom()
}

/// Scrolls the panel of that name into view, and moves the focus to its head.
pub fn bring(name: &str) {
    let selector = panel(name);
    let Ok(Some(panel)) = document().query_selector(&selector) else { return };
    reveal(&panel);
    focus(&format!("{selector} button"));
}

/// True where a place is within an element that a selector names.
pub fn is_within(place: Option<&Node>, selector: &str) -> bool {
    let element =
        place.and_then(|it| it.dyn_ref::<Element>().cloned().or_else(|| it.parent_element()));
    element.is_some_and(|it| it.closest(selector).is_ok_and(|it| it.is_some()))
}
