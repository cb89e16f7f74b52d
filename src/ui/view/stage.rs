//! The stage, for an audience: the story's sentence, the panels that it is about, and the slider.
//! Nothing else.

use std::rc::Rc;

use yew::{Html, MouseEvent, Properties, component, html};

use super::parts::{button, icon_button};
use crate::lab::clip::clip;
use crate::ui::model::commands;
use crate::ui::model::layout::Msg;
use crate::ui::model::saying::Caption;
use crate::ui::model::shell::use_shell;

/// In a story of more steps, the dots of its progress would be too small to tell apart.
const DOTS_AT_MOST: usize = 30;

#[derive(Properties, PartialEq)]
pub struct BarProps {
    /// The scenario's title.
    pub title: Rc<str>,
    /// How many steps the story has.
    pub steps: usize,
    /// How many of them were told.
    pub told: usize,
    /// The step that the playhead stands on, counted from 0.
    pub here: Option<usize>,
}

/// What is played, how far it has come, and the way out.
#[component]
pub fn StageBar(props: &BarProps) -> Html {
    let shell = use_shell();
    let press = |msg: fn() -> Msg| shell.on(move |_: MouseEvent| msg());
    let step = props.here.map_or(0, |it| it + 1);
    let dot = |at: usize| match () {
        () if props.here == Some(at) => "here",
        () if at < props.told => "told",
        () => "",
    };
    html! {
        <header class="bar stage-bar">
            <h1 class="brand">{ &*props.title }</h1>
            if props.steps > 0 {
                <span class="quiet">{ "Story " }<b>{ step }</b>{ format!(" of {}", props.steps) }</span>
            }
            <span class="spring" />
            if props.steps <= DOTS_AT_MOST {
                <span class="dots" aria-hidden="true">{ for (0..props.steps).map(|at| html! { <i class={dot(at)} /> }) }</span>
            }
            if props.told < props.steps {
                { button("Next", shell.on(|_: MouseEvent| commands::Msg::Tell)) }
            }
            { icon_button("theme", "Other theme".to_owned(), press(|| Msg::Theme)) }
            <button type="button" aria-pressed="true" title="Back to the whole page (p)" onclick={press(|| Msg::Present(false))}>{ "Present" }</button>
        </header>
    }
}

#[derive(Properties, PartialEq)]
pub struct SentenceProps {
    pub caption: Caption,
}

/// The sentence, large enough for the last row, and the keys that go on from it.
#[component]
pub fn Sentence(props: &SentenceProps) -> Html {
    let (say, refused) = match &props.caption {
        Caption::Story { say, refused } => (say.to_string(), refused.as_deref().map(clip)),
        Caption::Happened(text) => (clip(text).into_owned(), None),
    };
    html! {
        <section class="sentence" role="region" aria-label="Story">
            <p class="say">
                { say }
                if let Some(reason) = refused { { " " }<span class="refused">{ format!("Refused: {reason}.") }</span> }
            </p>
            <p class="hints quiet" aria-hidden="true">
                { for [("Space", "next"), ("c", "command"), ("t", "timeline")].map(|(key, what)| html! {
                    <span><kbd>{ key }</kbd>{ format!(" {what}") }</span>
                }) }
            </p>
        </section>
    }
}
