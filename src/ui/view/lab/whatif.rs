//! What if it had not happened, or in another order: beside the truth, and never taken for it.

use yew::{Html, MouseEvent, html};

use super::side_by_side::side_by_side;
use crate::es::Set;
use crate::lab::Viewpoint;
use crate::lab::clip::clip;
use crate::ui::model::lab::{Imagining, Msg, Tool};
use crate::ui::model::playback;
use crate::ui::model::shell::Shell;
use crate::ui::view::parts::{Amount, Long, button, refused};
use crate::ui::words::{counted, grouped};

/// How many decisions are listed.
const SHOWN: usize = 100;

/// What stands above everything as long as something is imagined.
pub fn banner(imagined: &Imagining, shell: &Shell) -> Html {
    html! {
        <p class="notice whatif">
            <b>{ "Not the truth." }</b>{ format!(" {} Commands still go to the log as it is. ", imagined.words()) }
            { button("See it", shell.on(|_: MouseEvent| Msg::Open(Tool::WhatIf))) }
            { button("Back to the truth", shell.on(|_: MouseEvent| Msg::Truth)) }
        </p>
    }
}

/// What can be imagined about an event, for its detail.
pub fn offers(position: u64, head: u64, out: &Set<u64>, shell: &Shell) -> Html {
    let words = if out.contains(&position) { "Put it back" } else { "Leave it out" };
    html! {
        <details class="imagine">
            <summary>{ "What if …" }</summary>
            { ways(position, head, words, shell) }
        </details>
    }
}

fn ways(position: u64, head: u64, words: &'static str, shell: &Shell) -> Html {
    html! {
        <div class="actions">
            { button(words, shell.on(move |_: MouseEvent| Msg::LeaveOut(position))) }
            <Amount label="Swap it with event" button="Swap" value={position.saturating_sub(1).max(1)} last={head} set={shell.on(move |other| Msg::Swap(position, other))} />
        </div>
    }
}

/// The drawer's body where nothing is imagined.
pub fn no_what_if(session: &Viewpoint, fault: Option<&str>, shell: &Shell) -> Html {
    html! {
        <>
            { refused(fault) }
            if let Some(event) = session.event() {
                <p>{ format!("What if event #{}, {} on {}, had not happened, or at another time?", event.position(), event.kind(), event.stream()) }</p>
                <div class="imagine">{ ways(event.position(), session.head(), "Leave it out", shell) }</div>
            }
            <p class="quiet">{ "Choose an event in the log: this is about the one at the playhead." }</p>
            <p class="quiet">{ "Nothing is ever taken out of the log. This only folds it another way, for you to look at." }</p>
        </>
    }
}

/// A place in the log, what happened there, and more about it.
fn entry(shell: &Shell, position: u64, what: &str, about: &str, more: Html) -> Html {
    html! {
        <li key={position}>
            <button type="button" class="link" onclick={shell.on(move |_: MouseEvent| playback::Msg::Seek(position))}>{ format!("#{position} {what}") }</button>
            <span class="quiet">{ format!(" {about}") }</span>
            { more }
        </li>
    }
}

/// The drawer's body.
pub fn what_if(it: &Imagining, fault: Option<&str>, shell: &Shell) -> Html {
    let found = it.what_if.no_longer_allowed();
    let came = it.what_if.consequences();
    let (done, of) = it.what_if.progress();
    html! {
        <>
            { refused(fault) }
            <p class="note pad">{ it.words() }{ format!(" States and read models at #{}, beside the truth.", it.at.0) }</p>
            { side_by_side(["The truth", "What if"], &it.pairs) }
            if !it.left.is_empty() { <p class="quiet" role="status">{ format!("Folding: {} still to come.", counted(it.left.len() as u64, "view")) }</p> }
            <h3>{ "Decisions that would no longer have been allowed" }</h3>
            <ol class="causes-list" aria-label="No longer allowed">
                { for found.iter().take(SHOWN).map(|it| {
                    let about = format!("{} · {}", clip(it.stream.as_str()), clip(&it.actor));
                    let why = html! { <><br /><span class="fault"><Long text={it.reason.clone()} /></span></> };
                    entry(shell, it.position, &it.command, &about, why)
                }) }
            </ol>
            if found.len() > SHOWN { <p class="quiet">{ format!("and {} more", found.len() - SHOWN) }</p> }
            if !it.what_if.is_over() {
                <p class="quiet inline"><progress max={of.to_string()} value={done.to_string()} aria-label="Decided again" />{ format!("{} of {}", grouped(done), grouped(of)) }</p>
            } else if found.is_empty() {
                <p class="quiet">{ "None: whatever was decided later in these streams would be allowed all the same." }</p>
            }
            <>
                if !came.is_empty() {
                    <h3>{ "Events that came of it" }</h3>
                    <p class="help">{ "They are folded all the same. But without their cause, nobody would have asked for them." }</p>
                    <ol class="causes-list" aria-label="Came of it">
                        { for came.iter().take(SHOWN).map(|it| {
                            entry(shell, it.position, &it.event, it.stream.as_str(), html! {})
                        }) }
                    </ol>
                    if came.len() > SHOWN { <p class="quiet">{ format!("and {} more", came.len() - SHOWN) }</p> }
                }
            </>
            <p>{ button("Back to the truth", shell.on(|_: MouseEvent| Msg::Truth)) }</p>
        </>
    }
}
