//! The journal: every command and what came of it. Refused is not lost.

use uuid::Uuid;
use yew::{Callback, Html, Properties, component, html};

use super::desk::Desk;
use super::icons::icon;
use super::parts::{Head, button, chip, empty, panel};
use super::shell::use_shell;
use crate::lab::{Choice, Entry, Outcome};

/// The newest entries are shown; older ones are a click away.
const SHOWN: usize = 60;

#[derive(Properties, PartialEq)]
pub struct JournalProps {
    pub desk: Desk,
    /// How many entries it has. A journal only grows.
    pub count: usize,
    pub refused: usize,
    pub seek: Callback<u64>,
    pub again: Callback<(Uuid, Choice)>,
}

#[component]
pub fn Journal(props: &JournalProps) -> Html {
    let shown = yew::use_state(|| SHOWN);
    let shell = use_shell();
    let session = props.desk.session();
    let entries = session.world().journal();
    let older = entries.len().saturating_sub(*shown);
    let show_more = {
        let shown = shown.clone();
        Callback::from(move |_| shown.set(*shown * 4))
    };
    let aside = if props.refused > 0 {
        chip("red", format!("{} refused", props.refused))
    } else {
        html! {}
    };
    let body = html! {
        <div class="entries">
            if entries.is_empty() {
                { empty(&shell, "Nothing was asked yet. Send a command: whether it is accepted or refused, it is noted here.") }
            }
            <ol>
                { for entries.iter().rev().take(*shown).map(|entry| line(entry, props)) }
            </ol>
            if older > 0 { { button(format!("Show older ones, {older} in all"), show_more) } }
        </div>
    };
    let head = Head { name: "Journal", colour: "blue", what: "", region: true };
    panel(&shell, &head, aside, body)
}

fn line(entry: &Entry, props: &JournalProps) -> Html {
    let Some(command) = &entry.envelope.command else { return html! {} };
    let reason = entry.reason.as_deref().unwrap_or("no reason was given");
    let (mark, class, what) = match &entry.outcome {
        Outcome::Accepted => ("accepted", "good", None),
        Outcome::Repeated => {
            ("repeated", "quiet", Some("Repeated: it was handled before.".to_owned()))
        }
        Outcome::WrongExpectedVersion { expected, actual } => (
            "conflict",
            "warn",
            Some(format!("Conflict: expected {expected}, found version {actual}.")),
        ),
        Outcome::NotStored => ("refused", "bad", Some(format!("Not stored: {reason}."))),
        _ => ("refused", "bad", Some(format!("Refused: {reason}."))),
    };
    let first = entry.events.start;
    let last = entry.events.end.saturating_sub(1);
    let id = entry.envelope.command_id;
    let (again, choice) =
        if class == "warn" { ("Retry", Choice::Retry) } else { ("Again", Choice::Anew) };
    html! {
        <li {class} key={format!("{} {} {}", entry.envelope.command_id, entry.after, entry.outcome.name())}>
            <span class="mark">{ icon(mark) }</span>
            <span class="what">
                <b>{ command.kind.to_string() }</b>{ " " }
                <span class="quiet">{ format!("{} · {}", command.stream, entry.envelope.actor) }</span>
                if let Some(what) = what {
                    <span class="why">{ what }</span>
                }
            </span>
            if last >= first {
                <button type="button" class="link" onclick={props.seek.reform(move |_| first)} title="Go to its first event">
                    { if last == first { format!("→ #{first}") } else { format!("→ #{first}–{last}") } }
                </button>
            } else if entry.outcome == Outcome::Accepted {
                <span class="quiet">{ "no event" }</span>
            } else if matches!(class, "bad" | "warn") {
                { button(again, props.again.reform(move |_| (id, choice))) }
            }
        </li>
    }
}
