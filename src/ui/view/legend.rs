//! The legend: what shapes and colours stand for. It shows beside a mark while that is pointed at or
//! has the focus, and beside a station of the pipeline that has the focus.

use std::rc::Rc;

use gloo::events::EventListener;
use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent, MouseEvent};
use yew::{
    Html, NodeRef, Properties, UseStateHandle, component, html, use_effect_with, use_node_ref,
    use_state_eq,
};

use super::parts::mark;
use crate::lab::clip::clip;
use crate::ui::browser::popover::{place, place_from, show};

/// How many marks can be told apart: five shapes in three colours.
const MARKS: usize = 15;
/// How wide the legend is, in pixels.
const WIDTH: f64 = 330.0;

/// How far to the left of the pointer the legend begins, in pixels.
const LEFT: f64 = 12.0;

/// What each colour stands for.
const COLOURS: [(&str, &str); 7] = [
    ("blue", "commands"),
    ("orange", "events"),
    ("yellow", "states"),
    ("green", "read models"),
    ("lilac", "process managers"),
    ("pink", "side effects"),
    ("red", "trouble"),
];

#[derive(Properties, PartialEq)]
pub struct MarkProps {
    /// The number of the event's type.
    pub kind: usize,
}

/// A mark that can have the focus.
#[component]
pub fn LegendMark(props: &MarkProps) -> Html {
    let kind = props.kind;
    html! {
        <button type="button" class="plain marked" aria-label="What shapes and colours stand for" data-kind={kind.to_string()}><i class={mark(kind)} /></button>
    }
}

#[derive(Properties, PartialEq)]
pub struct LegendProps {
    /// The events' types, in order of their first event.
    pub kinds: Rc<Vec<Rc<str>>>,
}

/// What the legend is about.
#[derive(Clone, Debug, PartialEq)]
enum About {
    /// The mark of that type of events.
    Mark(usize),
    /// A station, in its own words.
    Station(String),
}

impl About {
    /// What an element is about that is pointed at, or has got the focus.
    fn of(target: &Element, focus: bool) -> Option<(Element, Self)> {
        if let Ok(Some(mark)) = target.closest("[data-kind]") {
            let kind = mark.get_attribute("data-kind")?.parse().ok()?;
            return Some((mark, Self::Mark(kind)));
        }
        let station = target.closest(".station:focus-visible").ok()?.filter(|_| focus)?;
        let words = station.get_attribute("title")?;
        Some((station, Self::Station(words)))
    }
}

/// The legend. There is one on the page.
#[component]
pub fn Legend(props: &LegendProps) -> Html {
    let (sheet, about) = (use_node_ref(), use_state_eq(|| None::<About>));
    use_effect_with(sheet.clone(), {
        let about = about.clone();
        move |sheet| {
            let listeners = listen(sheet, &about);
            move || drop(listeners)
        }
    });
    let body = match &*about {
        None => html! {},
        Some(About::Station(words)) => html! { <p>{ words }</p> },
        Some(About::Mark(kind)) => marks(*kind, &props.kinds),
    };
    html! {
        <div ref={sheet} class="popover legend-box" popover="manual" role="tooltip">{ body }</div>
    }
}

/// Follows the pointer and the focus. Escape hides the legend.
fn listen(sheet: &NodeRef, about: &UseStateHandle<Option<About>>) -> Vec<EventListener> {
    let look = |name: &'static str, focus: bool| {
        let (sheet, about) = (sheet.clone(), about.clone());
        EventListener::new(&document(), name, move |event: &Event| {
            let Some(sheet) = sheet.cast::<HtmlElement>() else { return };
            let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
            let Some(target) = target.filter(|it| !sheet.contains(Some(it))) else { return };
            let found = About::of(&target, focus);
            if let Some((beside, _)) = &found {
                // Marks of one type in a lane are one element.
                match event.dyn_ref::<MouseEvent>() {
                    Some(pointer) => {
                        place_from(&sheet, beside, f64::from(pointer.client_x()) - LEFT, WIDTH);
                    }
                    None => place(&sheet, beside, WIDTH),
                }
            }
            show(&sheet, found.is_some());
            about.set(found.map(|(_, about)| about));
        })
    };
    let escape = {
        let sheet = sheet.clone();
        EventListener::new(&document(), "keydown", move |event: &Event| {
            let escape = event.dyn_ref::<KeyboardEvent>().is_some_and(|it| it.key() == "Escape");
            if let Some(sheet) = sheet.cast::<HtmlElement>().filter(|_| escape) {
                show(&sheet, false);
            }
        })
    };
    vec![look("mouseover", false), look("focusin", true), escape]
}

/// What shapes and colours stand for, with the type pointed at first.
fn marks(here: usize, kinds: &[Rc<str>]) -> Html {
    let others = kinds.iter().enumerate().filter(|(kind, _)| *kind != here).take(MARKS - 1);
    let all = kinds.get(here).map(|it| (here, it)).into_iter().chain(others);
    let more = kinds.len().saturating_sub(MARKS);
    html! {
        <>
            <h3>{ "Shape and shade: the type of an event" }</h3>
            <ul class="kinds">
                { for all.map(|(kind, name)| html! {
                    <li class={if kind == here { "here" } else { "" }}><i class={mark(kind)} />{ clip(name).into_owned() }</li>
                }) }
            </ul>
            if more > 0 { <p class="quiet">{ format!("{more} further types share these marks.") }</p> }
            <h3>{ "Colour: what kind of thing it is" }</h3>
            <ul class="kinds">
                { for COLOURS.map(|(colour, what)| html! { <li class={colour}><i class="swatch" />{ what }</li> }) }
            </ul>
        </>
    }
}
