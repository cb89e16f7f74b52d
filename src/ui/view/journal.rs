//! The journal: every command and what came of it. Refused is not lost.

use uuid::Uuid;
use yew::{Callback, Html, MouseEvent, Properties, UseStateHandle, classes, component, html};

use super::icons::icon;
use super::outcomes::{choices, chosen_by, told};
use super::parts::{Head, Long, button, button_for, chip, empty, panel, term_chip};
use super::terms::Word;
use crate::es::{Choice, Set};
use crate::host::OpenLog;
use crate::lab::clip::clip;
use crate::lab::{JournalEntry, Outcome};
use crate::ui::model::shell::{Shell, use_shell};
use crate::ui::model::{commands, playback};
use crate::ui::words::counted;

/// The newest entries are shown; older ones are a click away.
const SHOWN: usize = 60;

/// The entry whose further buttons are shown: its command and outcome.
type Opened = (Uuid, &'static str);

#[derive(Properties, PartialEq)]
pub struct JournalProps {
    pub open_log: OpenLog,
    /// How many entries it has. A journal only grows.
    pub count: usize,
    pub refused: usize,
    pub conflicts: usize,
    /// How many of its last entries come after the playhead.
    pub later: usize,
    /// A command is being stepped through: others wait.
    pub busy: bool,
}

#[component]
pub fn Journal(props: &JournalProps) -> Html {
    let shown = yew::use_state(|| SHOWN);
    let open = yew::use_state(|| None::<Opened>);
    let shell = use_shell();
    let session = props.open_log.session();
    let entries = session.world().journal();
    let older = entries.len().saturating_sub(*shown);
    let show_more = {
        let shown = shown.clone();
        Callback::from(move |_| shown.set(*shown * 4))
    };
    let aside = html! {
        <>
            if props.refused > 0 { { chip("red", format!("{} refused", props.refused)) } }
            if props.conflicts > 0 { { term_chip("yellow", Word::Conflict, counted(props.conflicts as u64, "conflict")) } }
        </>
    };
    // What somebody has chosen about a conflict comes after it, so it is among those shown.
    let newest = || entries.iter().rev().take(*shown);
    let settled: Set<Uuid> =
        newest().filter_map(|it| it.envelope.follows).map(|it| it.command).collect();
    let body = html! {
        <div class="entries">
            if entries.is_empty() {
                { empty(&shell, "Nothing was asked yet. Send a command: whether it is accepted or refused, it is noted here.") }
            }
            <ol>
                { for newest().enumerate().map(|(number, entry)| {
                    let open_still = !settled.contains(&entry.envelope.command_id);
                    line(entry, (number < props.later, open_still), props, &shell, &open)
                }) }
            </ol>
            if older > 0 { { button(format!("Show older ones, {older} in all"), show_more) } }
        </div>
    };
    let head = Head {
        name: "Journal",
        colour: "blue",
        what: "what came of each",
        term: Some(Word::Journal),
        region: true,
        line: false,
    };
    panel(&shell, &head, aside, body)
}

fn line(
    entry: &JournalEntry,
    (later, open_still): (bool, bool),
    props: &JournalProps,
    shell: &Shell,
    open: &UseStateHandle<Option<Opened>>,
) -> Html {
    let Some(command) = &entry.envelope.command else { return html! {} };
    let (mark, class, what) = told(entry);
    let first = entry.events.start;
    let last = entry.events.end.saturating_sub(1);
    let id = entry.envelope.command_id;
    let conflict = class == "warn" && open_still;
    let number = (id, entry.outcome.name());
    let shown = **open == Some(number);
    let toggle = {
        let open = open.clone();
        Callback::from(move |_| open.set((!shown).then_some(number)))
    };
    let again = |choice| shell.on(move |_: MouseEvent| commands::Msg::Again(id, choice));
    let asked = shell.in_words(command.data.get());
    let whom = format!("{} of {}", clip(&command.kind), clip(&entry.envelope.actor));
    html! {
        <li class={classes!(class, later.then_some("later"))} key={format!("{} {} {} {}", entry.envelope.command_id, entry.commits, entry.after, entry.outcome.name())}>
            <span class="mark">{ icon(mark) }</span>
            <span class="what">
                <b>{ clip(&command.kind).into_owned() }</b>{ " " }
                <span class="quiet"><span class="whole">{ clip(command.stream.as_str()).into_owned() }</span>{ " " }<span class="whole">{ format!("by {}", clip(&entry.envelope.actor)) }</span>
                    if last < first && entry.outcome == Outcome::Accepted { { " " }<span class="whole">{ "· no event" }</span> }
                </span>
                if !asked.is_empty() { <span class="asked" title={asked.clone()}>{ &asked }</span> }
                if let Some(by) = chosen_by(entry) {
                    <span class="by">{ by }</span>
                }
                if let Some(what) = what {
                    <span class="why"><Long text={what} /></span>
                }
                if conflict { { choices(id, props.busy, shell) } }
                if shown {
                    <span class="actions">
                        { button_for("Send again, same id", &whom, props.busy, again(Choice::Same)) }
                        { button_for("Send again, new id", &whom, props.busy, again(Choice::Anew)) }
                    </span>
                }
            </span>
            <span class="acts">
                if last >= first {
                    <button type="button" class="link" onclick={shell.on(move |_: MouseEvent| playback::Msg::Seek(first))} title="Go to its first event">
                        { if last == first { format!("→ #{first}") } else { format!("→ #{first}–{last}") } }
                    </button>
                }
                // What used another command's id cannot be told from that one by its id.
                if entry.outcome != Outcome::CommandIdReused {
                    <button type="button" class="plain" aria-expanded={shown.to_string()} aria-label={format!("Send again: {whom}")} title="Send again" onclick={toggle}>{ icon("repeated") }</button>
                }
            </span>
        </li>
    }
}
