//! The race: two actors have seen the same version, and both send on it.

use yew::{Html, MouseEvent, html};

use crate::lab::{JournalEntry, Outcome};
use crate::ui::model::commands::{self, CommandDraft, CommandForm};
use crate::ui::model::lab::{ACTORS, Msg, Race};
use crate::ui::model::shell::Shell;
use crate::ui::view::outcomes::{choices, chosen_by, told};
use crate::ui::view::parts::{button, button_for, tick};

/// Below the form: the race with the command that it holds, and what the store is to compare
/// beside its stream's version.
pub fn race_button(form: &CommandForm, shell: &Shell) -> Html {
    let category = form.forms.get(form.draft.form).map(|it| it.aggregate.clone());
    let guard = category.map(|category| {
        let draft = form.draft.clone();
        let set = shell.on(move |on: bool| {
            commands::Msg::Edit(CommandDraft { guards: on, ..CommandDraft::clone(&draft) })
        });
        tick(format!("Only if no {category} has changed"), form.draft.guards, &set)
    });
    html! {
        <p class="actions race">
            <button type="button" title="Alice and Bob look, and both send this command" onclick={shell.on(|_: MouseEvent| Msg::Race)}>{ "Race" }</button>
            <span class="quiet">{ "two send it at once" }</span>
            { guard }
        </p>
    }
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
pub fn race(race: Option<&Race>, off: bool, shell: &Shell) -> Html {
    let Some(race) = race else {
        return html! {
            <>
                <p>{ "Two people look at the same thing, and both act on what they saw. The first one wins. The second one's command was decided on a state that is no longer true." }</p>
                <p class="quiet">{ "Both send the command that the form holds." }</p>
                { button("Race", shell.on(|_: MouseEvent| Msg::Race)) }
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
                    { button_for(&format!("{actor} sends {kind}"), "", off || race.came[runner].is_some(), shell.on(move |_: MouseEvent| Msg::Run(runner))) }
                    { for race.came[runner].iter().map(line) }
                </div>
            }) }
            if let Some(entry) = conflict {
                if race.after.is_empty() {
                    <p>{ format!("Nothing was appended. {} chooses:", entry.envelope.actor) }</p>
                    { choices(entry.envelope.command_id, off, shell) }
                }
                { for race.after.iter().map(line) }
                <p class="quiet">{ "A version guards one stream. Commands on two streams never meet in a conflict." }</p>
            } else if both {
                <p class="quiet">{ "There was no conflict: one of the two appended nothing. Put something else into the form, and race again." }</p>
            }
            if both || race.is_untouched() { { button("Race again", shell.on(|_: MouseEvent| Msg::Race)) } }
        </>
    }
}
