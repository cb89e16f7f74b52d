//! Step into: the micro-steps that a command has taken so far, in plain words.

use std::rc::Rc;

use yew::{Html, Properties, component, html};

use super::fold::{all_changes, told_changes};
use super::parts::{Head, Long, chip, panel};
use super::terms::{Term, Word};
use crate::ui::model::shell::use_shell;
use crate::ui::model::station::Performed;

/// How many of the last steps are listed.
const SHOWN: usize = 200;

#[derive(Properties)]
pub struct StepsProps {
    pub steps: Rc<Vec<Performed>>,
    pub over: bool,
}

impl PartialEq for StepsProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.steps, &other.steps) && self.over == other.over
    }
}

#[component]
pub fn Steps(props: &StepsProps) -> Html {
    let place = yew::use_node_ref();
    yew::use_effect_with(props.steps.len(), {
        let place = place.clone();
        move |_| {
            if let Some(list) = place.cast::<web_sys::Element>() {
                list.set_scroll_top(list.scroll_height());
            }
        }
    });
    let first = props.steps.len().saturating_sub(SHOWN);
    let head = Head {
        name: "Steps",
        colour: "blue",
        what: "one at a time",
        term: None,
        region: false,
        line: false,
    };
    let state = if props.over { "all is quiet" } else { "under way" };
    // The first fold explains what that is.
    let explained = props.steps.iter().position(|it| !it.folds.is_empty());
    let body = html! {
        <ol class="steps" ref={place} tabindex="0" aria-label="Steps so far" start={(first + 1).to_string()}>
            { for props.steps.iter().enumerate().skip(first).map(|(index, step)| html! {
                <li key={index} class={if step.good { "" } else { "bad" }} aria-current={(index + 1 == props.steps.len()).then_some("step")}>
                    <b class={step.at.colour()}>{ step.at.name() }</b>{ " " }<Long text={step.words.clone()} />
                    if explained == Some(index) { { " " }<Term word={Word::Fold} text="What is a fold?" /> }
                    if !step.folds.is_empty() { { folds(step) } }
                </li>
            }) }
        </ol>
    };
    panel(&use_shell(), &head, chip(if props.over { "" } else { "blue" }, state), body)
}

/// The events that a step folds light up one after the other, each with what it changes.
fn folds(step: &Performed) -> Html {
    html! {
        <ol class="folded-events">
            { for step.folds.iter().enumerate().map(|(nth, event)| html! {
                <li key={event.position} style={format!("--nth:{nth}")}>
                    <span class="number">{ format!("#{}", event.position) }</span>{ " " }
                    <b class="orange">{ &*event.kind }</b>{ " " }
                    <span class="changes">{ told_changes(&event.changes) }</span>{ all_changes(&event.changes) }
                </li>
            }) }
        </ol>
    }
}
