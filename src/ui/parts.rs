//! The page's recurring parts, each written once: panels, menus, buttons, what was typed.

use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::{AttrValue, Callback, Event, Html, MouseEvent, TargetCast, html};

use super::icons::icon;
use super::lab::opened;
use super::shell::Shell;

/// What stands at the head of a panel.
pub struct Head<'a> {
    /// Its name, which is its accessible name as well.
    pub name: &'a str,
    /// Its colour among `EventStorming`'s.
    pub colour: &'static str,
    /// What kind of thing it is.
    pub what: &'a str,
    /// True for one of the page's landmarks.
    pub region: bool,
}

/// A panel that can be folded away. `aside` stands at the right of its head.
pub fn panel(shell: &Shell, head: &Head, aside: Html, body: Html) -> Html {
    let folded = shell.folded.contains(head.name);
    let fold = {
        let name = head.name.to_owned();
        shell.fold.reform(move |_: MouseEvent| name.clone())
    };
    html! {
        <section class={if folded { "panel folded" } else { "panel" }}
            role={if head.region { "region" } else { "group" }} aria-label={head.name.to_owned()}>
            <div class="head">
                <div class="title">
                    <h2><button type="button" class={format!("fold {}", head.colour)} onclick={fold} aria-expanded={if folded { "false" } else { "true" }}>
                        { head.name }
                    </button></h2>
                    if !head.what.is_empty() { <span class="quiet what">{ head.what }</span> }
                </div>
                <span class="spring" />
                { aside }
            </div>
            if !folded { { body } }
        </section>
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

/// A small rounded label.
pub fn chip(colour: &str, text: impl Into<AttrValue>) -> Html {
    html! { <span class={format!("chip {colour}")}>{ text.into() }</span> }
}

/// A button that opens a box below it. A press elsewhere, or Escape, closes it.
pub fn menu(show: Html, label: Option<String>, body: Html) -> Html {
    html! {
        <details class="menu" ontoggle={|event: Event| opened(&event)}>
            <summary aria-label={label.clone()} title={label}>{ show }</summary>
            <div class="sheet">{ body }</div>
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
pub fn tick(text: &'static str, on: bool, set: &Callback<bool>) -> Html {
    let set = set.reform(move |_: Event| !on);
    html! {
        <label class="inline tick"><input type="checkbox" checked={on} onchange={set} />{ text }</label>
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

/// A count and its noun.
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(count)) }
}

/// A number whose thousands are told apart.
pub fn grouped(number: u64) -> String {
    if number < 10_000 {
        return number.to_string();
    }
    let thousands = number / 1000;
    let rest = if thousands < 1000 { thousands.to_string() } else { grouped(thousands) };
    format!("{rest}\u{202f}{:03}", number % 1000)
}

/// Where nothing is: what would fill the place, and the way there.
pub fn empty(shell: &Shell, text: &str) -> Html {
    html! {
        <div class="empty">
            <p>{ text }</p>
            { button("Go to the commands", shell.to_commands.reform(|_| ())) }
        </div>
    }
}
