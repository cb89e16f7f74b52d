//! Where a teacher makes an exercise: one thing after the other, and what is still missing.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlTextAreaElement, InputEvent};
use yew::{Callback, Html, MouseEvent, Properties, TargetCast, component, html};

use super::parts::{button, select, tick};
use crate::es::Stream;
use crate::lessons::{ExerciseDraft, Move};
use crate::ui::model::making::{GoalKind, Msg, Recording, Text};
use crate::ui::model::shell::{Shell, use_shell};
use crate::ui::words::counted;

/// The parts of every system that can be shown.
const PARTS: [&str; 3] = ["Log", "Journal", "Outbox"];

/// What is told of the exercise in the making.
pub struct MakingProps {
    pub draft: Rc<ExerciseDraft>,
    pub picking: bool,
    /// Somebody has asked to throw it away.
    pub discarding: bool,
    /// What was recorded last: the page shows its end.
    pub ended: Option<Recording>,
    /// What is being recorded, and how many moves were made so far.
    pub recording: Option<(Recording, usize)>,
    pub fault: Option<String>,
    pub link: Option<(String, bool)>,
    pub streams: Rc<Vec<Stream>>,
    /// The titles of projections and processes.
    pub titles: Rc<Vec<Rc<str>>>,
}

/// The form, or what is said while moves are recorded.
pub fn making(props: &MakingProps, shell: &Shell) -> Html {
    let press = |msg: fn() -> Msg| shell.on(move |_: MouseEvent| msg());
    html! {
        <section class="making panel" role="region" aria-label="Make an exercise">
            <div class="head">
                <h2>{ "Make an exercise" }</h2>
                <span class="spring" />
                if props.discarding {
                    <b>{ "For good?" }</b>
                    { button("Discard it", press(|| Msg::Discard(true))) }
                } else {
                    { button("Discard", press(|| Msg::Discard(false))) }
                }
                { button("Hide", press(|| Msg::Show(false))) }
            </div>
            if let Some((what, moves)) = props.recording {
                { recording(what, moves, shell) }
            } else {
                <div class="steps">
                    <fieldset>
                        <legend>{ "1. The task" }</legend>
                        { line("Title", Text::Title, &props.draft, shell) }
                        { area("Task, in one to three sentences", Text::Task, &props.draft, shell) }
                        { shows(props, shell) }
                    </fieldset>
                    <fieldset>
                        <legend>{ "2. The solution" }</legend>
                        { recorded("solution", &props.draft.solution, Recording::Solution, shell) }
                        <details open={!props.draft.ask.is_empty()}>
                            <summary>{ "Ask a question as well" }</summary>
                            { line("Question", Text::Ask, &props.draft, shell) }
                            { tick("The answer is an event", props.draft.asks_event, &shell.link.on(Msg::AskEvent)) }
                            { line(if props.draft.asks_event { "Its position" } else { "The right answer" }, Text::Right, &props.draft, shell) }
                            { line("A likely wrong answer", Text::WrongAnswer, &props.draft, shell) }
                            { line("What is said of that", Text::WrongAnswerSay, &props.draft, shell) }
                        </details>
                    </fieldset>
                    <fieldset>
                        <legend>{ "3. What must hold" }</legend>
                        { goals(props, shell) }
                    </fieldset>
                    <fieldset>
                        <legend>{ "4. What helps" }</legend>
                        { recorded("wrong move", &props.draft.wrong, Recording::Wrong, shell) }
                        { area("What is said of it", Text::WrongSay, &props.draft, shell) }
                        { area("Hints, one a line", Text::Hints, &props.draft, shell) }
                        { area("What it meant, in three lines", Text::Meaning, &props.draft, shell) }
                        { specs(props, shell) }
                    </fieldset>
                </div>
                { end(props, shell) }
            }
        </section>
    }
}

/// What is said while moves are recorded.
fn recording(what: Recording, moves: usize, shell: &Shell) -> Html {
    let text = match what {
        Recording::Solution => "Do now what solves the exercise. This is a copy: nothing is lost.",
        Recording::Wrong => "Do now what people are likely to try first, and is wrong.",
    };
    html! {
        <div class="reply">
            <b>{ text }</b>
            <span role="status">{ format!("{} so far.", counted(moves as u64, "move")) }</span>
            <button type="button" class="primary" onclick={shell.on(|_: MouseEvent| Msg::Stop)}>{ "Stop recording" }</button>
        </div>
    }
}

fn line(label: &'static str, text: Text, draft: &ExerciseDraft, shell: &Shell) -> Html {
    let write = shell.link.on_some(move |event: InputEvent| {
        let input = event.target_dyn_into::<HtmlInputElement>()?;
        Some(Msg::Write(text, input.value()))
    });
    html! {
        <label class="field"><span>{ label }</span>
            <input autocomplete="off" value={text.of(draft).clone()} oninput={write} />
        </label>
    }
}

fn area(label: &'static str, text: Text, draft: &ExerciseDraft, shell: &Shell) -> Html {
    let write = shell.link.on_some(move |event: InputEvent| {
        let area = event.target()?.dyn_into::<HtmlTextAreaElement>().ok()?;
        Some(Msg::Write(text, area.value()))
    });
    html! {
        <label class="field"><span>{ label }</span>
            <textarea rows="2" value={text.of(draft).clone()} oninput={write} />
        </label>
    }
}

/// The panels that the exercise is about.
fn shows(props: &MakingProps, shell: &Shell) -> Html {
    let streams = props.streams.iter().take(12).map(|it| Rc::<str>::from(it.as_str()));
    let parts = PARTS.iter().map(|it| Rc::<str>::from(*it));
    let all = streams.chain(props.titles.iter().cloned()).chain(parts);
    html! {
        <details>
            <summary>{ format!("Shows {}", if props.draft.show.is_empty() { "all panels".to_owned() } else { props.draft.show.join(", ") }) }</summary>
            <div class="ticks">
                { for all.map(|name| {
                    let on = props.draft.show.iter().any(|it| **it == *name);
                    let of = name.clone();
                    tick(name.to_string(), on, &shell.link.on(move |on| Msg::Panel(of.clone(), on)))
                }) }
            </div>
        </details>
    }
}

/// What was recorded, in words, and a button that records it anew.
fn recorded(what: &'static str, moves: &[Move], as_what: Recording, shell: &Shell) -> Html {
    let again = if moves.is_empty() { "Record the" } else { "Record again the" };
    html! {
        <>
            <ol class="moves" aria-label={format!("Moves of the {what}")}>
                { for moves.iter().map(|it| html! { <li>{ it.to_string() }</li> }) }
            </ol>
            { button(format!("{again} {what}"), shell.on(move |_: MouseEvent| Msg::Record(as_what))) }
        </>
    }
}

fn goals(props: &MakingProps, shell: &Shell) -> Html {
    let pick = props.picking;
    let mut entries = vec![
        ("last".to_owned(), "the last command's outcome".to_owned()),
        ("none".to_owned(), "no further event".to_owned()),
    ];
    for (index, title) in props.titles.iter().enumerate() {
        for (kind, what) in [
            ("caught", "has caught up"),
            ("paused", "is paused"),
            ("runs", "is not paused"),
            ("clean", "is clean"),
        ] {
            entries.push((format!("{kind} {index}"), format!("{title} {what}")));
        }
    }
    html! {
        <>
            <ul class="moves" aria-label="Goals">
                { for props.draft.goals.iter().enumerate().map(|(index, aim)| {
                    let write = shell.link.on_some(move |event: InputEvent| {
                        let input = event.target_dyn_into::<HtmlInputElement>()?;
                        Some(Msg::Say(index, input.value()))
                    });
                    html! {
                        <li class="reply">
                            <input aria-label={format!("Goal {} in words", index + 1)} placeholder={aim.goal.words(&|name: &str| shell.money.contains(name))} value={aim.say.clone()} oninput={write} />
                            <button type="button" class="plain" aria-label={format!("Remove goal {}", index + 1)} onclick={shell.on(move |_: MouseEvent| Msg::Drop(index))}>{ "✕" }</button>
                        </li>
                    }
                }) }
            </ul>
            if props.ended == Some(Recording::Wrong) {
                <p class="help">{ "The page shows the end of the wrong move. Record the solution again to choose here what must hold." }</p>
            } else {
            <div class="reply">
                <button type="button" aria-pressed={pick.to_string()} onclick={shell.on(move |_: MouseEvent| Msg::Pick(!pick))}>
                    { if pick { "Now press the value…" } else { "Press a value that must hold" } }
                </button>
                <Chooser {entries} titles={props.titles.clone()} />
            </div>
            <p class="help">{ "After the solution was recorded, the page shows its end: press what must be so." }</p>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct ChooserProps {
    /// What can be chosen, and its words.
    entries: Vec<(String, String)>,
    titles: Rc<Vec<Rc<str>>>,
}

/// Goals that are made of how things are now.
#[component]
fn Chooser(props: &ChooserProps) -> Html {
    let link = use_shell().link;
    let chosen = yew::use_state(|| "last".to_owned());
    let choose = {
        let chosen = chosen.clone();
        Callback::from(move |kind: String| chosen.set(kind))
    };
    let add = {
        let (chosen, titles) = (chosen.clone(), props.titles.clone());
        link.on_some(move |_: MouseEvent| kind_of(&chosen, &titles).map(Msg::Goal))
    };
    html! {
        <>
            { select("Goal as things are now", &chosen, props.entries.clone(), choose) }
            { button("Add", add) }
        </>
    }
}

fn kind_of(chosen: &str, titles: &[Rc<str>]) -> Option<GoalKind> {
    let (kind, index) = chosen.split_once(' ').unwrap_or((chosen, ""));
    let title = || titles.get(index.parse::<usize>().ok()?).cloned();
    Some(match kind {
        "last" => GoalKind::LastCommand,
        "none" => GoalKind::NoEvent,
        "caught" => GoalKind::CaughtUp(title()?),
        "paused" => GoalKind::Paused(title()?, true),
        "runs" => GoalKind::Paused(title()?, false),
        "clean" => GoalKind::Clean(title()?),
        _ => return None,
    })
}

/// The specifications that are kept with the exercise.
fn specs(props: &MakingProps, shell: &Shell) -> Html {
    html! {
        <ul class="moves" aria-label="Specifications">
            { for props.draft.specs.iter().enumerate().map(|(index, spec)| html! {
                <li class="reply">
                    <code>{ spec.title() }</code>
                    <button type="button" class="plain" aria-label={format!("Remove specification {}", index + 1)} onclick={shell.on(move |_: MouseEvent| Msg::DropSpec(index))}>{ "✕" }</button>
                </li>
            }) }
        </ul>
    }
}

/// What is still missing; else what can be done with the exercise.
fn end(props: &MakingProps, shell: &Shell) -> Html {
    let press = |msg: fn() -> Msg| shell.on(move |_: MouseEvent| msg());
    let off = props.fault.is_some();
    html! {
        <div class="reply end">
            <span role="status" class={if off { "fault" } else { "good" }}>
                { props.fault.clone().unwrap_or_else(|| "It can be failed, and it can be solved.".to_owned()) }
            </span>
            <span class="spring" />
            <button type="button" disabled={off} onclick={press(|| Msg::Try)}>{ "Try it as a learner" }</button>
            <button type="button" disabled={off} onclick={press(|| Msg::File)}>{ "Save as a file" }</button>
            <button type="button" class="primary" disabled={off} onclick={press(|| Msg::Link)}>{ "Copy the link" }</button>
            if let Some((link, copied)) = &props.link {
                <input readonly={true} aria-label="Link of the exercise" value={link.clone()} />
                <span role="status">{ if *copied { "Copied." } else { "Copy it from here." } }</span>
            }
        </div>
    }
}
