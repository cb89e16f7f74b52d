//! The page's recurring parts, each written once: panels, menus, buttons, what was typed.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, HtmlSelectElement, SubmitEvent};
use yew::{
    AttrValue, Callback, Event, Html, InputEvent, MouseEvent, Properties, TargetCast, classes,
    component, html,
};

use super::icons::icon;
use super::popover::Popover;
use super::terms::{Term, Word};
use crate::lab::clip::{clip, is_long};
use crate::ui::browser::popover;
use crate::ui::model::layout;
use crate::ui::model::shell::Shell;
use crate::ui::model::station::Station;
use crate::ui::words::Seals;

/// What stands at the head of a panel.
pub struct Head<'a> {
    /// Its name, which is its accessible name as well.
    pub name: &'a str,
    /// Its colour among `EventStorming`'s.
    pub colour: &'static str,
    /// What kind of thing it is, and the term that explains it.
    pub what: &'a str,
    pub term: Option<Word>,
    /// True for one of the page's landmarks.
    pub region: bool,
    /// True where it is one line unless somebody unfolds it.
    pub line: bool,
}

/// A panel that can be folded to its head. `aside` stands at the right of that.
pub fn panel(shell: &Shell, head: &Head, aside: Html, body: Html) -> Html {
    let line = head.line;
    let folded = shell.folds.is_folded(head.name, line);
    let fold = {
        let name = head.name.to_owned();
        shell.on(move |_: MouseEvent| layout::Msg::Fold { panel: name.clone(), line })
    };
    html! {
        <section class={classes!("panel", folded.then_some("folded"), line.then_some("line"))}
            role={if head.region { "region" } else { "group" }} aria-label={head.name.to_owned()}>
            <div class="head">
                <div class="title">
                    <h2><button type="button" class={format!("fold {}", head.colour)} onclick={fold} aria-expanded={if folded { "false" } else { "true" }}>
                        { clip(head.name).into_owned() }
                    </button></h2>
                    { what_is(head) }
                </div>
                <span class="spring" />
                { aside }
            </div>
            if !folded { { body } }
        </section>
    }
}

/// What kind of thing a panel shows.
fn what_is(head: &Head) -> Html {
    match head.term {
        Some(word) => {
            html! { <span class="quiet what"><Term {word} text={head.what.to_owned()} /></span> }
        }
        None if head.what.is_empty() => html! {},
        None => html! { <span class="quiet what">{ head.what }</span> },
    }
}

/// Where something in the log is sealed: what that means for whoever takes the log along.
pub fn sealed(seals: &Seals) -> Html {
    if seals.opener.is_none() {
        return html! {};
    }
    html! {
        <p class="note pad">{ "Names, addresses and other personal fields travel sealed. Their keys stay in this browser, so they cannot be read elsewhere. Everything else can." }</p>
    }
}

/// A button that shows an icon and is named by words.
pub fn icon_button(name: &'static str, label: String, press: Callback<MouseEvent>) -> Html {
    html! {
        <button type="button" class="plain" aria-label={label.clone()} title={label} onclick={press}>{ icon(name) }</button>
    }
}

/// A button with words on it.
pub fn button(text: impl Into<AttrValue>, press: Callback<MouseEvent>) -> Html {
    html! { <button type="button" onclick={press}>{ text.into() }</button> }
}

/// A small rounded label that explains itself at a press.
pub fn term_chip(colour: &str, word: Word, text: impl Into<AttrValue>) -> Html {
    html! { <Term {word} text={text.into()} class={format!("chip {colour}")} /> }
}

/// A small rounded label.
pub fn chip(colour: &str, text: impl Into<AttrValue>) -> Html {
    html! { <span class={format!("chip {colour}")}>{ text.into() }</span> }
}

/// A button that opens a box below it. A press elsewhere, or Escape, closes it.
pub fn menu(show: Html, label: Option<String>, body: Html) -> Html {
    html! {
        <details class="menu" ontoggle={|event: Event| toggled(&event)}>
            <summary aria-label={label.clone()} title={label}>{ show }</summary>
            <div class="sheet popover" popover="manual">{ body }</div>
        </details>
    }
}

/// A list to choose from: value, words.
pub fn select(
    label: &'static str,
    chosen: &str,
    entries: impl IntoIterator<Item = (String, String)>,
    change: Callback<String>,
) -> Html {
    let change = Callback::from(move |event: Event| {
        if let Some(value) = self::chosen(&event) {
            change.emit(value);
        }
    });
    html! {
        <select aria-label={label} onchange={change}>
            { for entries.into_iter().map(|(value, words)| {
                let selected = value == chosen;
                html! { <option {value} {selected}>{ words }</option> }
            }) }
        </select>
    }
}

/// A box to tick.
pub fn tick(text: impl Into<AttrValue>, on: bool, set: &Callback<bool>) -> Html {
    let set = set.reform(move |_: Event| !on);
    html! {
        <label class="inline tick"><input type="checkbox" checked={on} onchange={set} />{ text.into() }</label>
    }
}

/// What a select was set to.
pub fn chosen(event: &Event) -> Option<String> {
    let select = event.target()?.dyn_into::<HtmlSelectElement>().ok()?;
    Some(select.value())
}

/// What an input holds.
pub fn typed(event: &impl TargetCast) -> Option<String> {
    event.target_dyn_into::<HtmlInputElement>().map(|it| it.value())
}

/// Where nothing is: what would fill the place, and the way there.
pub fn empty(shell: &Shell, text: &str) -> Html {
    html! {
        <div class="empty">
            <p>{ text }</p>
            { button("Go to the commands", shell.on(|_: MouseEvent| layout::Msg::Forward(Station::Commands))) }
        </div>
    }
}

/// How wide a menu's sheet is, and one with the tools in two columns, in pixels.
const SHEET: f64 = 300.0;
const TOOLS: f64 = 600.0;
/// How wide one with tables is, in pixels.
const TABLES: f64 = 620.0;

/// A menu was opened or closed: its sheet lies above the whole page, so that no panel cuts it.
fn toggled(event: &Event) {
    let Some(menu) = event.target_dyn_into::<HtmlElement>() else { return };
    let find = |what| menu.query_selector(what).ok()??.dyn_into::<HtmlElement>().ok();
    if let (Some(summary), Some(sheet)) = (find("summary"), find(".sheet")) {
        let right = summary.get_bounding_client_rect().right();
        let width = match () {
            () if find(".tools").is_some() => TOOLS,
            () if find(".diary").is_some() => TABLES,
            () => SHEET,
        };
        popover::place_from(&sheet, &summary, right - width, width);
        popover::show(&sheet, menu.has_attribute("open"));
    }
}

/// A button whose accessible name goes on with whom it is for: "Pause" is "Pause Balances".
pub fn button_for(text: &str, whom: &str, off: bool, press: Callback<MouseEvent>) -> Html {
    html! { <button type="button" disabled={off} onclick={press}>{ text }{ whose(whom) }</button> }
}

/// How wide the box is in which clipped text is shown whole, in pixels.
const WHOLE_WIDTH: f64 = 480.0;

#[derive(Properties, PartialEq)]
pub struct LongProps {
    pub text: AttrValue,
}

/// Text that people wrote. A long one is clipped, and shown whole in a box of its own once somebody
/// asks for it: a browser takes seconds to lay out a word of 30,000 letters.
#[component]
pub fn Long(props: &LongProps) -> Html {
    if !is_long(&props.text) {
        return html! { { props.text.clone() } };
    }
    html! {
        <span class="clipped">
            { clip(&props.text).into_owned() }{ " " }{ show_all(html! { { props.text.clone() } }) }
        </span>
    }
}

/// A button that shows all of what is clipped beside it.
pub fn show_all(whole: Html) -> Html {
    html! {
        <Popover class="link" button="Show all" width={WHOLE_WIDTH}>
            <div class="whole-text" role="group" aria-label="The whole text" tabindex="0">{ whole }</div>
        </Popover>
    }
}

/// The part of a name that the eye needs not.
pub fn whose(whom: &str) -> Html {
    html! { <span class="unseen">{ format!(" {whom}") }</span> }
}

/// A box to tick, for one among several of the same.
pub fn tick_for(text: &str, whom: &str, on: bool, set: &Callback<bool>) -> Html {
    let set = set.reform(move |_: Event| !on);
    html! {
        <label class="inline tick">
            <input type="checkbox" checked={on} onchange={set} />{ text }{ whose(whom) }
        </label>
    }
}

#[derive(Properties, PartialEq)]
pub struct AmountProps {
    /// What the field holds.
    pub label: AttrValue,
    /// Whose, for the accessible names.
    #[prop_or_default]
    pub whom: Rc<str>,
    /// What the button says.
    pub button: &'static str,
    pub value: u64,
    /// Where it is an event's position: the last one.
    #[prop_or_default]
    pub last: Option<u64>,
    pub set: Callback<u64>,
    /// Why it could not be set.
    #[prop_or_default]
    pub fault: Option<Rc<str>>,
}

/// A whole number, and a button that does something with it.
#[component]
pub fn Amount(props: &AmountProps) -> Html {
    let place = yew::use_node_ref();
    let unread = yew::use_state(|| None::<Rc<str>>);
    // What is being typed stays, whatever else makes the page draw this anew.
    let typing = yew::use_state(|| None::<String>);
    let send = {
        let (place, unread, set) = (place.clone(), unread.clone(), props.set.clone());
        let (typing, last) = (typing.clone(), props.last);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let text = place.cast::<HtmlInputElement>().map(|it| it.value());
            let number = text.and_then(|it| it.trim().parse().ok());
            let number = number.ok_or_else(|| "type a whole number".to_owned());
            let number = number.and_then(|number| match last {
                Some(last) if number == 0 || number > last => {
                    Err(format!("there is no event {number}; positions go from 1 to {last}"))
                }
                _ => Ok(number),
            });
            unread.set(number.as_ref().err().map(|why| why.as_str().into()));
            if let Ok(number) = number {
                typing.set(None);
                set.emit(number);
            }
        })
    };
    let value = (*typing).clone().unwrap_or_else(|| props.value.to_string());
    let write = Callback::from(move |event: InputEvent| typing.set(typed(&event)));
    let fault = (*unread).clone().or_else(|| props.fault.clone());
    html! {
        <form class="amount" onsubmit={send} novalidate={true}>
            <label class="field"><span>{ &props.label }{ whose(&props.whom) }</span>
                <input ref={place} inputmode="numeric" autocomplete="off" {value} oninput={write} aria-invalid={fault.as_ref().map(|_| "true")} />
            </label>
            <button>{ props.button }{ whose(&props.whom) }</button>
            { refused(fault.as_deref()) }
        </form>
    }
}

/// Why something could not be done, beside where it was asked.
pub fn refused(why: Option<&str>) -> Html {
    match why {
        Some(why) => html! { <p class="fault" role="alert">{ why }</p> },
        None => html! {},
    }
}

/// The shape and colour of a type of event, by its number: five shapes in three colours.
pub fn mark(kind: usize) -> String {
    format!("mk k{} h{}", kind % 5, kind / 5 % 3)
}
