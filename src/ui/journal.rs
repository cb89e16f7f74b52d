//! The journal: every command and what came of it. Refused is not lost.

use yew::{Callback, Html, Properties, component, html};

use super::icons::icon;
use crate::lab::{Entry, Outcome};

/// The newest entries are shown; older ones are a click away.
const SHOWN: usize = 60;

#[derive(Properties)]
pub struct JournalProps {
    pub entries: Vec<Entry>,
    pub seek: Callback<u64>,
}

impl PartialEq for JournalProps {
    /// A journal only grows.
    fn eq(&self, other: &Self) -> bool {
        let last = |entries: &[Entry]| entries.last().map(|it| (it.envelope.command_id, it.after));
        self.entries.len() == other.entries.len() && last(&self.entries) == last(&other.entries)
    }
}

#[component]
pub fn Journal(props: &JournalProps) -> Html {
    let all = yew::use_state(|| false);
    let entries = &props.entries;
    let refused = entries
        .iter()
        .filter(|it| !matches!(it.outcome, Outcome::Accepted | Outcome::Repeated))
        .count();
    let shown = if *all { entries.len() } else { SHOWN };
    let older = entries.len().saturating_sub(shown);
    let show_all = Callback::from(move |_| all.set(true));
    html! {
        <section class="panel journal" role="region" aria-label="Journal" id="journal" tabindex="-1">
            <div class="head">
                <h2 class="blue">{ "Journal" }</h2>
                <span class="spring" />
                if refused > 0 {
                    <span class="chip red">{ format!("{refused} refused") }</span>
                }
            </div>
            if entries.is_empty() {
                <p class="empty">{ "Nothing was asked yet. Send a command: whether it is accepted or refused, it is noted here." }</p>
            }
            <ol class="entries">
                { for entries.iter().rev().take(shown).map(|entry| line(entry, &props.seek)) }
            </ol>
            if older > 0 {
                <button type="button" class="more" onclick={show_all}>{ format!("Show {older} older") }</button>
            }
        </section>
    }
}

fn line(entry: &Entry, seek: &Callback<u64>) -> Html {
    let Some(command) = &entry.envelope.command else { return html! {} };
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
        _ => (
            "refused",
            "bad",
            Some(format!("Refused: {}.", entry.reason.as_deref().unwrap_or("no reason was given"))),
        ),
    };
    let count = entry.events.end - entry.events.start;
    let first = entry.events.start;
    let go = seek.reform(move |_| first);
    html! {
        <li class={class} key={format!("{} {} {}", entry.envelope.command_id, entry.after, entry.outcome.name())}>
            <span class="mark">{ icon(mark) }</span>
            <span class="what">
                <b>{ command.kind.to_string() }</b>{ " " }
                <span class="quiet">{ format!("{} · {}", command.stream, entry.envelope.actor) }</span>
                if let Some(what) = what {
                    <span class="why">{ what }</span>
                }
            </span>
            if count > 0 {
                <button type="button" class="link" onclick={go} title="Go to its first event">
                    { if count == 1 { format!("→ #{first}") } else { format!("→ #{first}–{}", entry.events.end - 1) } }
                </button>
            } else if entry.outcome == Outcome::Accepted {
                <span class="quiet">{ "no event" }</span>
            }
        </li>
    }
}
