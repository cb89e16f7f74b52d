//! The sheet that shares the open log: its link, what goes with it, a frame for another page, and a
//! file where no link is long enough.

use web_sys::{FocusEvent, HtmlInputElement};
use yew::{Event, Html, InputEvent, MouseEvent, Properties, TargetCast, component, html};

use super::logs::about;
use super::parts::{button, refused, sealed, select, tick, typed};
use super::popover::Popover;
use crate::codec::archive::Format;
use crate::host::OWN;
use crate::store::LogInfo;
use crate::ui::browser::embed::frame_of;
use crate::ui::model::logs_dialog;
use crate::ui::model::share::{Made, Msg, Shown, What};
use crate::ui::model::shell::{Shell, use_shell};
use crate::ui::words::{counted, grouped};

/// In pixels.
const WIDTH: f64 = 340.0;

#[derive(Properties, PartialEq)]
pub struct ShareProps {
    /// What the sheet shows, while it is open.
    pub shown: Option<Shown>,
    /// The open log.
    pub info: LogInfo,
}

/// The button, and its sheet.
#[component]
pub fn Share(props: &ShareProps) -> Html {
    let shell = use_shell();
    html! {
        <div class="share">
            <Popover button="Share" title="A link that holds the log" role={props.shown.as_ref().map(|_| "dialog")} name="Share" width={WIDTH} shown={shell.on(Msg::Show)}>
                if let Some(shown) = &props.shown { <Sheet shown={shown.clone()} info={props.info.clone()} /> }
            </Popover>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct SheetProps {
    shown: Shown,
    info: LogInfo,
}

#[component]
fn Sheet(props: &SheetProps) -> Html {
    let (shown, shell) = (&props.shown, use_shell());
    let fault = yew::use_state(|| false);
    let head = shown.head;
    let at = {
        let (link, fault) = (shell.link.clone(), fault.clone());
        move |event: Event| {
            let position = typed(&event).and_then(|it| it.trim().parse().ok());
            let position = position.filter(|it| *it <= head);
            fault.set(position.is_none());
            if let Some(position) = position {
                link.send(Msg::At(position));
            }
        }
    };
    // Who goes to a link wants to copy it.
    let all = |event: FocusEvent| {
        if let Some(field) = event.target_dyn_into::<HtmlInputElement>() {
            field.select();
        }
    };
    let link = match &shown.made {
        Some(Made::Link(link, _)) => Some(link.to_string()),
        _ => None,
    };
    let file =
        about(&shell, &props.info, |info| logs_dialog::Msg::Export(info, Format::Lines, true));
    html! {
        <>
            <h2>{ "Share" }</h2>
            <p class="help">{ match &shown.made {
                Some(Made::Link(_, events)) => {
                    let code = if props.info.scenario == OWN { ", and the code of its domain" } else { "" };
                    format!("The link holds the whole log, {}{code}. Whoever opens it gets a new log of their own.", counted(*events, "event"))
                },
                None => "The link is being made…".to_owned(),
                Some(Made::TooLong(_) | Made::Failed(_)) => "There is no link.".to_owned(),
            } }</p>
            if !matches!(shown.made, Some(Made::TooLong(_))) {
                <label class="field"><span>{ "Link" }</span>
                    <input readonly=true aria-label="Link" value={link.clone().unwrap_or_default()} onfocus={all} />
                </label>
                <label class="field"><span>{ format!("It opens at position, of {}", grouped(head)) }</span>
                    <input aria-label="Position" inputmode="numeric" autocomplete="off" value={shown.position.to_string()} onchange={at} aria-invalid={fault.then_some("true")} />
                </label>
                if *fault {
                    <p class="fault" role="alert">{ format!("type a whole number; positions go from 0 to {head}") }</p>
                }
                { tick("with faults, pauses and bookmarks", shown.with, &shell.on(Msg::With)) }
            }
            { sealed(&shell.seals) }
            if shown.of == What::Link { <p role="status">{ &shown.said }</p> }
            <div class="actions">
                if matches!(shown.made, Some(Made::TooLong(_))) {
                    { button("Download it as a file", file) }
                } else {
                    <button type="button" class="primary" disabled={link.is_none()} onclick={shell.on(|_: MouseEvent| Msg::Copy(What::Link))}>{ "Copy" }</button>
                }
            </div>
            if let Some(link) = &link { { framed(link, shown, &shell) } }
        </>
    }
}

/// What shows the log in another page: its panels, its theme, and the element to paste.
fn framed(link: &str, shown: &Shown, shell: &Shell) -> Html {
    let frame = &shown.frame;
    let panels = shell.link.on_some(|event: InputEvent| typed(&event).map(Msg::Panels));
    let themes = [("", "as the reader’s system has it"), ("light", "light"), ("dark", "dark")];
    let themes = themes.map(|(value, words)| (value.to_owned(), words.to_owned()));
    html! {
        <details class="framed">
            <summary>{ "In a page of yours" }</summary>
            <div>
            <p class="help">{ "A frame shows some panels of the log. It keeps nothing in the reader’s browser." }</p>
            <label class="field"><span>{ "Panels, with commas between them" }</span>
                <input aria-label="Panels" autocomplete="off" value={frame.panels.clone()} oninput={panels} aria-invalid={frame.fault.as_ref().map(|_| "true")} />
            </label>
            { refused(frame.fault.as_deref()) }
            <label class="field"><span>{ "Theme" }</span>
                { select("Theme of the frame", &frame.theme, themes, shell.on(Msg::Theme)) }
            </label>
            <label class="field"><span>{ "The frame, to paste" }</span>
                <textarea readonly=true rows="4" aria-label="Frame" value={frame_of(link, &frame.panels, &frame.theme)} />
            </label>
            <div class="actions">
                { button("Copy the frame", shell.on(|_: MouseEvent| Msg::Copy(What::Frame))) }
            </div>
            if shown.of == What::Frame { <p role="status">{ &shown.said }</p> }
            </div>
        </details>
    }
}
