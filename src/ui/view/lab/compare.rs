//! Two logs, or one log at two positions, side by side.

use std::rc::Rc;

use web_sys::{HtmlInputElement, HtmlSelectElement, SubmitEvent};
use yew::{Callback, Event, Html, InputEvent, Properties, component, html};

use super::side_by_side::side_by_side;
use crate::store::LogInfo;
use crate::ui::model::lab::{Compared, Heads, Msg, Wanted};
use crate::ui::model::shell::use_shell;
use crate::ui::view::parts::{chosen, refused, typed};

#[derive(Properties, PartialEq)]
pub struct CompareProps {
    pub logs: Vec<LogInfo>,
    pub log: String,
    pub position: u64,
    pub head: u64,
    pub heads: Heads,
}

/// The form that says what to compare.
#[component]
pub fn CompareForm(props: &CompareProps) -> Html {
    let places = [yew::use_node_ref(), yew::use_node_ref(), yew::use_node_ref()];
    let fault = yew::use_state(|| false);
    // What was typed stays, whatever the page shows meanwhile.
    let typing = [yew::use_state(|| None::<String>), yew::use_state(|| None::<String>)];
    let log = yew::use_state_eq(|| props.log.clone());
    let choose = {
        let (log, typing) = (log.clone(), typing[1].clone());
        Callback::from(move |event: Event| {
            if let Some(chosen) = chosen(&event) {
                log.set(chosen);
                // What was typed is a position in another log.
                typing.set(None);
            }
        })
    };
    let there = if *log == props.log { Some(props.head) } else { props.heads.get(&*log).copied() };
    let send = {
        let (places, link, fault) = (places.clone(), use_shell().link, fault.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let number = |at: usize| {
                let text = places[at].cast::<HtmlInputElement>()?.value();
                text.trim().parse::<u64>().ok()
            };
            let log = places[1].cast::<HtmlSelectElement>().map(|it| it.value());
            let wanted = number(0).zip(number(2)).zip(log);
            fault.set(wanted.is_none());
            if let Some(((here, there), log)) = wanted {
                link.send(Msg::Compare(Wanted { here, log, there }));
            }
        })
    };
    let entry = |at: usize, label: &'static str, value: Option<u64>| {
        let typing = typing[at / 2].clone();
        let value =
            (*typing).clone().unwrap_or_else(|| value.map(|it| it.to_string()).unwrap_or_default());
        let write = move |event: InputEvent| typing.set(typed(&event));
        html! {
            <label class="field"><span>{ label }</span>
                <input ref={places[at].clone()} inputmode="numeric" autocomplete="off" {value} oninput={write} />
            </label>
        }
    };
    let title = |at: usize, info: &LogInfo| {
        let this = if info.id == props.log { ", this log" } else { "" };
        format!("{}. {}{this}", at + 1, info.title)
    };
    html! {
        <form class="compare" onsubmit={send} novalidate={true}>
            { entry(0, "This log at position", Some(props.position.min(props.head.saturating_sub(1)))) }
            <label class="field"><span>{ "With" }</span>
                <select ref={places[1].clone()} onchange={choose}>
                    { for props.logs.iter().enumerate().map(|(at, info)| html! { <option value={info.id.clone()} selected={info.id == *log}>{ title(at, info) }</option> }) }
                </select>
            </label>
            { entry(2, "at position", there) }
            <button class="primary">{ "Compare" }</button>
            { refused(fault.then_some("type whole numbers; 0 is before the first event")) }
        </form>
    }
}

/// What came of it.
pub fn compared(result: Option<&Result<Compared, Rc<str>>>) -> Html {
    match result {
        None => html! {},
        Some(Err(why)) => refused(Some(why)),
        Some(Ok(it)) => html! {
            <>
                <p>{ format!("Both have the same events up to #{}.", it.shared) }</p>
                { side_by_side([&it.titles[0], &it.titles[1]], &it.pairs) }
            </>
        },
    }
}
