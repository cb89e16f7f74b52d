//! Specifications: a stretch of the log as given, when, then. It is edited, run and copied here.

use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlTextAreaElement, SubmitEvent};
use yew::{Callback, Html, InputEvent, MouseEvent, Properties, component, html};

use crate::lab::Spec;
use crate::ui::model::lab::{Msg, Specs, Written};
use crate::ui::model::making;
use crate::ui::model::shell::{Shell, use_shell};
use crate::ui::view::parts::{button, refused, select, typed};
use crate::ui::view::views::Tree;

#[derive(Properties, PartialEq)]
pub struct StretchProps {
    pub from: u64,
    pub to: u64,
    pub head: u64,
}

/// The form that says which stretch of the log it is about.
#[component]
pub fn Stretch(props: &StretchProps) -> Html {
    let places = [yew::use_node_ref(), yew::use_node_ref()];
    let fault = yew::use_state(|| None::<String>);
    // What was typed stays, whatever the page shows meanwhile.
    let typing = [yew::use_state(|| None::<String>), yew::use_state(|| None::<String>)];
    let send = {
        let (places, link, fault) = (places.clone(), use_shell().link, fault.clone());
        let (typing, head) = (typing.clone(), props.head);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let number = |at: usize| {
                let text = places[at].cast::<HtmlInputElement>()?.value();
                text.trim().parse::<u64>().ok()
            };
            let stretch = number(0).zip(number(1));
            let there = stretch.filter(|(from, to)| (1..=*to).contains(from) && *to <= head);
            let why = || format!("type two positions, the first one first, from 1 to {head}");
            fault.set(there.is_none().then(why));
            if let Some((from, to)) = there {
                for it in &typing {
                    it.set(None);
                }
                link.send(Msg::Stretch { from, to, chosen: None });
            }
        })
    };
    let entry = |at: usize, label: &'static str, value: u64| {
        let typing = typing[at].clone();
        let value = (*typing).clone().unwrap_or_else(|| value.to_string());
        let write = move |event: InputEvent| typing.set(typed(&event));
        html! {
            <label class="field"><span>{ label }</span>
                <input ref={places[at].clone()} inputmode="numeric" autocomplete="off" {value} oninput={write} />
            </label>
        }
    };
    html! {
        <form class="compare" onsubmit={send} novalidate={true}>
            { entry(0, "From position", props.from) }
            { entry(1, "to position", props.to) }
            <button>{ "Choose" }</button>
            { refused(fault.as_deref()) }
        </form>
    }
}

/// Those that are kept with the exercise that is open.
pub fn kept(kept: &[Spec], chosen: Option<usize>, shell: &Shell) -> Html {
    if kept.is_empty() {
        return html! {};
    }
    let offers = kept.iter().enumerate().map(|(number, it)| (number.to_string(), it.title()));
    let offers = [(String::new(), "one of those below".to_owned())].into_iter().chain(offers);
    let choose = shell.link.on_some(|number: String| Some(Msg::Kept(number.parse().ok()?)));
    let chosen = chosen.map(|it| it.to_string()).unwrap_or_default();
    html! {
        <label class="field"><span>{ "Kept with this exercise" }</span>
            { select("Kept with this exercise", &chosen, offers, choose) }
        </label>
    }
}

/// The decision that is chosen, as a specification. It can be kept with an exercise that is made.
pub fn specs(it: &Specs, making: bool, shell: &Shell) -> Html {
    let (from, to) = (it.from, it.to);
    let nothing = it.found.is_empty();
    if nothing && it.kept.is_none() {
        return html! { <p class="quiet">{ "No command was decided in this stretch. What was appended past an aggregate is no decision." }</p> };
    }
    let offers = it.found.iter().rev().map(|(number, words)| (number.to_string(), words.clone()));
    let choose = shell.link.on_some(move |number: String| {
        Some(Msg::Stretch { from, to, chosen: Some(number.parse().ok()?) })
    });
    let write = shell.link.on_some(|event: InputEvent| {
        let area = event.target()?.dyn_into::<HtmlTextAreaElement>().ok()?;
        Some(Msg::Specify(area.value()))
    });
    let copied = match it.copied {
        Some(true) => "Copied.",
        Some(false) => "The browser does not allow copying: select the JSON and copy it.",
        None => "",
    };
    let holds = match &it.ran {
        Some(Ok((spec, ran))) if making && ran.passed() => Some(spec.clone()),
        _ => None,
    };
    html! {
        <>
            if !nothing {
                <label class="field"><span>{ "The decision" }</span>
                    { select("The decision", &it.chosen.to_string(), offers, choose) }
                </label>
            }
            <label class="field"><span>{ "Given, when, then, as JSON" }</span>
                <textarea class="mono" rows="12" spellcheck="false" value={it.text.clone()} oninput={write} />
            </label>
            <p class="actions">
                <button type="button" class="primary" onclick={shell.on(|_: MouseEvent| Msg::RunSpec)}>{ "Run" }</button>
                { for Written::ALL.map(|(how, words)| button(words, shell.on(move |_: MouseEvent| Msg::CopySpec(how)))) }
                if let Some(spec) = holds {
                    { button("Keep it with the exercise", shell.on(move |_: MouseEvent| making::Msg::Keep(spec.clone()))) }
                }
                <span class="quiet" role="status">{ copied }</span>
            </p>
            { came(it) }
        </>
    }
}

/// What came of running it.
fn came(it: &Specs) -> Html {
    let value = |it| serde_json::to_value(it).unwrap_or_default();
    match &it.ran {
        None => html! { <p class="quiet" role="status">{ "It was edited: run it." }</p> },
        Some(Err(why)) => refused(Some(why)),
        Some(Ok((spec, ran))) => html! {
            <>
                if ran.passed() {
                    <p class="answer good" role="status">{ "It holds: the command comes out as it says." }</p>
                } else {
                    <p class="answer bad" role="status">{ "It does not hold. What came of the command, marked against what it says:" }</p>
                    <Tree now={value(&ran.came)} was={value(&ran.expected)} />
                }
                <pre tabindex="0" role="group" aria-label="In words">{ spec.to_string() }</pre>
            </>
        },
    }
}
