//! The sheet that shares the open log: its link, what goes with it, and a file where no link is
//! long enough.

use web_sys::{FocusEvent, HtmlInputElement};
use yew::{Event, Html, MouseEvent, Properties, TargetCast, component, html};

use super::logs::about;
use super::parts::{button, sealed, tick, typed};
use super::popover::Popover;
use crate::codec::archive::Format;
use crate::store::LogInfo;
use crate::ui::model::logs_dialog;
use crate::ui::model::share::{Made, Msg, Shown};
use crate::ui::model::shell::use_shell;
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
                Some(Made::Link(_, events)) => format!("The link holds the whole log, {}. Whoever opens it gets a new log of their own.", counted(*events, "event")),
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
            <p role="status">{ &shown.said }</p>
            <div class="actions">
                if matches!(shown.made, Some(Made::TooLong(_))) {
                    { button("Download it as a file", file) }
                } else {
                    <button type="button" class="primary" disabled={link.is_none()} onclick={shell.on(|_: MouseEvent| Msg::Copy)}>{ "Copy" }</button>
                }
            </div>
        </>
    }
}
