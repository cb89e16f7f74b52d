//! What came of a command, in words, and the ways on after a conflict.

use uuid::Uuid;
use yew::{Html, MouseEvent, html};

use crate::es::Choice;
use crate::lab::clip::clip;
use crate::lab::{JournalEntry, Outcome};
use crate::ui::model::commands;
use crate::ui::model::shell::Shell;

/// How an entry is marked, and what came of it where it was not simply accepted.
pub fn told(entry: &JournalEntry) -> (&'static str, &'static str, Option<String>) {
    let reason = entry.reason.as_deref().unwrap_or("no reason was given");
    match &entry.outcome {
        Outcome::Accepted => ("accepted", "good", None),
        Outcome::Repeated => {
            ("repeated", "quiet", Some("Repeated: it was handled before.".to_owned()))
        }
        Outcome::WrongExpectedVersion { .. } => {
            ("conflict", "warn", Some(format!("Conflict: {reason}.")))
        }
        Outcome::NotStored => ("refused", "bad", Some(format!("Not stored: {reason}."))),
        _ => ("refused", "bad", Some(format!("Refused: {reason}."))),
    }
}

/// The ways on after a conflict.
pub fn choices(id: Uuid, off: bool, shell: &Shell) -> Html {
    let way = |text: &'static str, title: &'static str, choice: Choice| {
        let press = shell.on(move |_: MouseEvent| commands::Msg::Again(id, choice));
        html! { <button type="button" disabled={off} {title} onclick={press}>{ text }</button> }
    };
    html! {
        <div class="actions">
            { way("Reload and decide again", "On the latest state; a further conflict is asked about again", Choice::Reload) }
            { way("Retry automatically", "On the latest state; further conflicts are retried without asking", Choice::Retry) }
            { way("Force (any version)", "Appended as it was decided, whatever has happened since", Choice::Force) }
        </div>
    }
}

/// Who chose what, where a command repeats another.
pub fn chosen_by(entry: &JournalEntry) -> Option<String> {
    let actor = clip(&entry.envelope.actor);
    Some(match entry.envelope.follows?.choice {
        Choice::Reload => format!("{actor} reloaded and decided again."),
        Choice::Retry => format!("{actor} had it retried automatically."),
        Choice::Force => format!("{actor} forced it, at any version."),
        Choice::Same => format!("{actor} sent it again, with the same id."),
        Choice::Anew => format!("{actor} sent it again, with a new id."),
    })
}
