//! The bar at the top: which scenario and log, the story's next step, and the page's own things.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::{Callback, Event, Html, Properties, component, html};

use super::app::How;
use super::icons::icon;
use crate::store::LogInfo;

#[derive(Properties, PartialEq)]
pub struct HeaderProps {
    pub scenarios: Vec<(Rc<str>, Rc<str>)>,
    pub scenario: Rc<str>,
    pub about: Rc<str>,
    pub story: usize,
    pub next: Option<(usize, Rc<str>)>,
    pub logs: Vec<LogInfo>,
    pub log: String,
    pub durable: bool,
    pub open: Callback<(Rc<str>, How)>,
    pub tell: Callback<()>,
    pub theme: Callback<()>,
    pub keys: Callback<()>,
}

/// What a select was set to.
pub fn chosen(event: &Event) -> Option<String> {
    let select = event.target()?.dyn_into::<HtmlSelectElement>().ok()?;
    Some(select.value())
}

#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let open = props.open.clone();
    let scenario = {
        let open = open.clone();
        Callback::from(move |event: Event| {
            if let Some(id) = chosen(&event) {
                open.emit((id.into(), How::Last));
            }
        })
    };
    let log = {
        let (open, id) = (open.clone(), props.scenario.clone());
        Callback::from(move |event: Event| {
            if let Some(log) = chosen(&event) {
                open.emit((id.clone(), How::Log(log, None)));
            }
        })
    };
    let fresh = |how: How| {
        let (open, id) = (open.clone(), props.scenario.clone());
        Callback::from(move |_| open.emit((id.clone(), how.clone())))
    };
    let tell = props.tell.reform(|_| ());
    let told = props.next.as_ref().map_or(props.story, |(number, _)| *number);
    html! {
        <header class="bar">
            <span class="brand"><img src="icon.svg" alt="" width="20" height="20" />{ "Leftfold" }</span>
            <label class="inline">
                <span class="unseen">{ "Scenario" }</span>
                <select aria-label="Scenario" onchange={scenario} title={props.about.to_string()}>
                    { for props.scenarios.iter().map(|(id, title)| html! {
                        <option value={id.to_string()} selected={*id == props.scenario}>{ title.to_string() }</option>
                    }) }
                </select>
            </label>
            <span class="story">
                <span class="quiet">{ "Story " }<b>{ told }</b>{ format!(" of {}", props.story) }</span>
                if let Some((_, say)) = &props.next {
                    <button type="button" class="next" onclick={tell} title={say.to_string()}>
                        { "Next: " }<i>{ say.to_string() }</i>
                    </button>
                }
            </span>
            <span class="spring" />
            <label class="inline">
                <span class="quiet">{ if props.durable { "Log" } else { "Log, in memory" } }</span>
                <select aria-label="Log" onchange={log}>
                    { for props.logs.iter().enumerate().map(|(number, info)| html! {
                        <option value={info.id.clone()} selected={info.id == props.log}>
                            { format!("{}. {}", number + 1, info.title) }
                        </option>
                    }) }
                </select>
            </label>
            <button type="button" onclick={fresh(How::Empty)}>{ "Start empty" }</button>
            <button type="button" onclick={fresh(How::Story)}>{ "Reset to story" }</button>
            <button type="button" class="plain" aria-label="Other theme" onclick={props.theme.reform(|_| ())}>
                { icon("theme") }
            </button>
            <button type="button" class="plain" aria-label="Keyboard shortcuts" onclick={props.keys.reform(|_| ())}>
                { "?" }
            </button>
        </header>
    }
}

#[derive(Properties, PartialEq)]
pub struct KeysProps {
    pub letters: bool,
    pub set: Callback<bool>,
    pub close: Callback<()>,
}

const KEYS: [(&str, &str); 9] = [
    ("← →", "one event back or on"),
    ("Shift ← →", "ten events"),
    ("Home", "before the first event"),
    ("End", "to the latest, and follow the log"),
    ("Space", "play or pause"),
    ("c", "to the command"),
    ("j", "to the journal"),
    ("/", "filter the log"),
    ("?", "this list"),
];

/// The list of keys.
#[component]
pub fn Keys(props: &KeysProps) -> Html {
    let close = props.close.reform(|_| ());
    let set = props.set.reform({
        let letters = props.letters;
        move |_: Event| !letters
    });
    let place = yew::use_node_ref();
    yew::use_effect_with(place.clone(), |place| {
        if let Some(button) = place.cast::<web_sys::HtmlElement>() {
            // Without the focus, the list can still be read and closed.
            let _ = button.focus();
        }
    });
    html! {
        <div class="veil">
            <section class="keys" role="dialog" aria-modal="true" aria-label="Keys">
                <h2>{ "Keys" }</h2>
                <dl>
                    { for KEYS.iter().map(|(key, what)| html! {
                        <div><dt><kbd>{ *key }</kbd></dt><dd>{ *what }</dd></div>
                    }) }
                </dl>
                <label class="inline">
                    <input type="checkbox" checked={props.letters} onchange={set} />
                    { "Single letters are keys" }
                </label>
                <button type="button" ref={place} onclick={close}>{ "Close" }</button>
            </section>
        </div>
    }
}
