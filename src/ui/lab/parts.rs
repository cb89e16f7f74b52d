//! Small parts that several of the lab's tools share.

use std::rc::Rc;

use web_sys::{HtmlInputElement, SubmitEvent};
use yew::{AttrValue, Callback, Event, Html, InputEvent, MouseEvent, Properties, component, html};

use crate::ui::parts::typed;

/// A button whose accessible name goes on with whom it is for: "Pause" is "Pause Balances".
pub fn button_for(text: &str, whom: &str, off: bool, press: Callback<MouseEvent>) -> Html {
    html! { <button type="button" disabled={off} onclick={press}>{ text }{ whose(whom) }</button> }
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
