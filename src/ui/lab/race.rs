//! Two actors: what each of them has seen, the race in which both send on it, and what to do about
//! a conflict.

use std::rc::Rc;

use uuid::Uuid;
use yew::{Callback, Html, html};

use super::Msg;
use super::parts::button_for;
use crate::es::{Choice, CommandRecord, Map, Stream};
use crate::lab::{JournalEntry, Outcome};
use crate::ui::journal::told;
use crate::ui::parts::button;

/// Who may ask.
pub const ACTORS: [&str; 2] = ["Alice", "Bob"];

/// What an actor has seen and will send on: a stream and its version.
pub type Held = Map<Rc<str>, (Stream, u64)>;

/// Two actors who saw the same version, and send the same command.
pub struct Race {
    pub command: CommandRecord,
    pub version: u64,
    pub ids: [Uuid; 2],
    /// What came of each one's command.
    came: [Option<JournalEntry>; 2],
    /// What was done about the conflict, and what came of it.
    after: Vec<JournalEntry>,
}

impl Race {
    /// Both have seen `version`, and nobody has sent anything.
    pub fn new(command: CommandRecord, version: u64, ids: [Uuid; 2]) -> Self {
        Self { command, version, ids, came: [None, None], after: Vec::new() }
    }

    /// True where nobody has sent anything yet.
    pub fn is_untouched(&self) -> bool {
        self.came.iter().all(Option::is_none)
    }

    /// A command came to its end; perhaps it was one of these.
    pub fn sent(&mut self, entry: &JournalEntry) {
        let id = entry.envelope.command_id;
        let follows = entry.envelope.follows.map(|it| it.command);
        if let Some(runner) = self.ids.iter().position(|it| *it == id) {
            self.came[runner] = Some(entry.clone());
        } else if follows.is_some_and(|it| self.ids.contains(&it)) {
            self.after.push(entry.clone());
        }
    }
}

/// Below the form: what each actor holds.
pub fn actors(held: &Held, stream: Option<&Stream>, off: bool, act: &Callback<Msg>) -> Html {
    let row = |actor: &'static str| match held.get(actor) {
        Some((stream, version)) => html! {
            <p class="actions">{ format!("{actor} holds {stream} at version {version}. ") }
                { button_for("Let go", &format!("of {stream} as {actor}"), off, act.reform(move |_| Msg::Hold(actor.into(), false))) }
            </p>
        },
        None => html! {
            <p class="actions">{ button(
                stream.map_or_else(|| format!("{actor} looks"), |it| format!("{actor} looks at {it}")),
                act.reform(move |_| Msg::Hold(actor.into(), true)),
            ) }</p>
        },
    };
    html! {
        <details class="actors">
            <summary>{ "Two actors" }</summary>
            <p class="help">{ "Whoever looks at a stream holds its version, and sends on that. If somebody else was first by then, that is a conflict." }</p>
            { for ACTORS.map(row) }
            <p class="actions">{ button("Race", act.reform(|_| Msg::Race)) }<span class="quiet">{ "Both look, both send this command." }</span></p>
        </details>
    }
}

/// The ways on after a conflict.
pub fn choices(id: Uuid, off: bool, again: &Callback<(Uuid, Choice)>) -> Html {
    let way = |text: &'static str, title: &'static str, choice: Choice| {
        let press = again.reform(move |_: yew::MouseEvent| (id, choice));
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
    let actor = &entry.envelope.actor;
    Some(match entry.envelope.follows?.choice {
        Choice::Reload => format!("{actor} reloaded and decided again."),
        Choice::Retry => format!("{actor} had it retried automatically."),
        Choice::Force => format!("{actor} forced it, at any version."),
        Choice::Same => format!("{actor} sent it again, with the same id."),
        Choice::Anew => format!("{actor} sent it again, with a new id."),
    })
}

fn line(entry: &JournalEntry) -> Html {
    let (_, class, what) = told(entry);
    let (first, last) = (entry.events.start, entry.events.end.saturating_sub(1));
    let what = what.unwrap_or_else(|| match () {
        () if last < first => "Accepted, and nothing had to happen.".to_owned(),
        () if last == first => format!("Accepted: it is event #{first}."),
        () => format!("Accepted: events #{first} to #{last}."),
    });
    html! {
        <p class={format!("answer {class}")}>
            if let Some(by) = chosen_by(entry) { { by }{ " " } }
            { what }
        </p>
    }
}

/// The race itself.
pub fn race(
    race: Option<&Race>,
    off: bool,
    act: &Callback<Msg>,
    again: &Callback<(Uuid, Choice)>,
) -> Html {
    let Some(race) = race else {
        return html! {
            <>
                <p>{ "Two people look at the same thing, and both act on what they saw. The first one wins. The second one's command was decided on a state that is no longer true." }</p>
                <p class="quiet">{ "Both send the command that the form holds." }</p>
                { button("Race", act.reform(|_| Msg::Race)) }
            </>
        };
    };
    let (kind, stream, version) = (&race.command.kind, &race.command.stream, race.version);
    let conflicted =
        |it: &&JournalEntry| matches!(it.outcome, Outcome::WrongExpectedVersion { .. });
    let conflict = race.came.iter().flatten().find(conflicted);
    let both = race.came.iter().all(Option::is_some);
    html! {
        <>
            <p>{ format!("Alice and Bob both look at {stream}, and both see version {version}. Each wants {kind}.") }</p>
            { for ACTORS.iter().enumerate().map(|(runner, actor)| html! {
                <div class="runner">
                    { button_for(&format!("{actor} sends {kind}"), "", off || race.came[runner].is_some(), act.reform(move |_| Msg::Run(runner))) }
                    { for race.came[runner].iter().map(line) }
                </div>
            }) }
            if let Some(entry) = conflict {
                if race.after.is_empty() {
                    <p>{ format!("Nothing was appended. {} chooses:", entry.envelope.actor) }</p>
                    { choices(entry.envelope.command_id, off, again) }
                }
                { for race.after.iter().map(line) }
            } else if both {
                <p class="quiet">{ "There was no conflict: one of the two appended nothing. Put something else into the form, and race again." }</p>
            }
            if both || race.is_untouched() { { button("Race again", act.reform(|_| Msg::Race)) } }
        </>
    }
}
