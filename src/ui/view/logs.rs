//! The logs dialog: every log that is kept here, what can be done with it, and how safe it is.

use std::rc::Rc;

use web_sys::HtmlInputElement;
use yew::{Callback, Event, Html, MouseEvent, Properties, TargetCast, component, html};

use super::chance::Chance;
use super::parts::{button, sealed, select, tick, typed};
use super::weight::{Scales, bytes};
use crate::codec::archive::Format;
use crate::es::Scenario;
use crate::host::Trouble;
use crate::lab::clip::clip;
use crate::store::LogInfo;
use crate::ui::browser::clock::written_millis;
use crate::ui::model::logs::Home;
use crate::ui::model::logs_dialog::{Busy, ListedLog, Mapped, Msg, Part, Shown};
use crate::ui::model::shell::{Shell, use_shell};
use crate::ui::words::{counted, grouped};

#[derive(Properties)]
pub struct LogsProps {
    /// The open log's scenario.
    pub scenario: Rc<Scenario>,
    pub shown: Shown,
    /// The ids and titles of all scenarios.
    pub scenarios: Rc<Vec<(Rc<str>, Rc<str>)>>,
    /// The open log, and where it lives.
    pub log: String,
    pub home: Home,
    /// True where others need these logs, and this person must not delete them.
    pub needed: bool,
}

impl PartialEq for LogsProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.scenario, &other.scenario)
            && (&self.shown, &self.scenarios, &self.log, self.home)
                == (&other.shown, &other.scenarios, &other.log, other.home)
    }
}

/// The dialog.
#[component]
pub fn Logs(props: &LogsProps) -> Html {
    let (shown, shell) = (&props.shown, use_shell());
    let place = yew::use_node_ref();
    yew::use_effect_with(place.clone(), |place| {
        if let Some(button) = place.cast::<web_sys::HtmlElement>() {
            // Without the focus, the dialog can still be read and closed.
            let _ = button.focus();
        }
    });
    let press = |msg: fn() -> Msg| shell.on(move |_: MouseEvent| msg());
    let close = press(|| Msg::Show(false));
    let file = {
        shell.link.on_some(move |event: Event| {
            let input = event.target_dyn_into::<HtmlInputElement>()?;
            let file = input.files().and_then(|files| files.get(0));
            // So that the same file can be chosen again.
            input.set_value("");
            file.map(Msg::Import)
        })
    };
    let busy = shown.busy.is_some();
    // One thing after the other.
    let start = |text: &'static str, msg: fn() -> Msg| {
        html! { <button type="button" disabled={busy} onclick={press(msg)}>{ text }</button> }
    };
    let kept = shown.entries.iter().filter(|it| it.info.deleted_at.is_none());
    let deleted = shown.entries.iter().filter(|it| it.info.deleted_at.is_some());
    html! {
        <div class="veil">
            <section class="keys logs" role="dialog" aria-modal="true" aria-label="Logs">
                <div class="top">
                    <h2>{ "Logs" }</h2>
                    <button type="button" ref={place} onclick={close}>{ "Close" }</button>
                </div>
                <p class="quiet">{ match props.home {
                    Home::Browser => "Every log below is kept in this browser, on this device, and nowhere else. Export one to keep it safe.",
                    Home::Memory => "These logs live in memory only: they are gone when the page closes. Export one to keep it.",
                    Home::Class => "These logs are the class's, and its server keeps them. Export one, or press “Keep a copy” in the bar of the class, to have one of your own.",
                } }</p>
                { sealed(&shell.seals) }
                <div class="row-of">
                    <label class="file">{ "Import a file " }
                        <input type="file" aria-label="Import a file" accept=".json,.ndjson,.jsonl,.gz" disabled={busy} onchange={file} />
                    </label>
                    <a href="archive.md" target="_blank" rel="noopener">{ "What a file holds, and how to bring one’s own" }</a>
                </div>
                <Chance scenario={props.scenario.clone()} {busy} />
                <Scales weight={shown.weight.clone()} {busy} />
                if let Some(mapped) = &shown.foreign { { foreign(mapped, busy, &shell) } }
                if let Some(ready) = &shown.ready {
                    <p class="note pad">
                        { ready }
                        if let Some(id) = &shown.reader {
                            <label class="field">
                                <span>{ "The file does not say for which scenario it is" }</span>
                                { select("Scenario of the file", id, props.scenarios.iter().map(|(id, title)| (id.to_string(), title.to_string())), shell.on(Msg::For)) }
                            </label>
                        }
                        { " " }{ start("Into a new log", || Msg::Place(false)) }
                        { " " }{ start("After the open log’s events", || Msg::Place(true)) }
                    </p>
                }
                if let Some(events) = shown.unanswered {
                    <p class="note pad">
                        { format!(
                            "{} of this log {} a process for something, and nothing that came with it says whether that was done. ",
                            counted(events, "event"),
                            if events == 1 { "asks" } else { "ask" },
                        ) }
                        { start("Answer them", || Msg::Answer(true)) }
                        { " " }{ start("Leave them", || Msg::Answer(false)) }
                    </p>
                }
                if let Some(Busy { what, cancels }) = &shown.busy {
                    <p class="note pad">
                        { what }
                        if *cancels { { " " }{ button("Cancel", press(|| Msg::Cancel)) } }
                    </p>
                }
                <p role="status" class="pad">{ &shown.said }</p>
                <>
                    { for deleted.map(|entry| {
                        let undo = about(&shell, &entry.info, |info| Msg::Delete(info, false));
                        html! {
                            <p key={entry.info.id.clone()} class="note pad">
                                { format!("“{}” is deleted, and goes for good a day later. ", clip(&entry.info.title)) }
                                <button type="button" aria-label={format!("Undo the deletion of {}", entry.info.title)} onclick={undo}>{ "Undo" }</button>
                            </p>
                        }
                    }) }
                </>
                if !shown.faults.is_empty() {
                    <ul aria-label="Faults">
                        { for shown.faults.iter().map(|fault| html! { <li class="fault">{ fault }</li> }) }
                    </ul>
                }
                <ul class="logs" aria-label="Kept logs">
                    { for kept.map(|entry| html! { <Item key={entry.info.id.clone()} entry={entry.clone()} here={entry.info.id == props.log} {busy} needed={props.needed} /> }) }
                </ul>
                <h3>{ "Safety" }</h3>
                if let Some(room) = &shown.room {
                    <p>
                        { format!("{} of {} are used. ", bytes(room.used), bytes(room.quota)) }
                        { if room.kept { "The browser has promised to throw nothing away." } else { "When the disk is nearly full, the browser may throw it all away." } }
                        if !room.kept { { " " }{ button("Ask it not to", press(|| Msg::Persist)) } }
                    </p>
                }
                if props.home == Home::Browser {
                    { tick("Wait for the disk with every command", shown.strict, &shell.on(Msg::Strict)) }
                    <p class="help">{ if shown.strict {
                        "A command counts as stored once it is on the disk. It survives a power cut."
                    } else {
                        "A command counts as stored once the browser and the system have it. It survives a crash of the browser; a power cut within seconds may undo it."
                    } }</p>
                }
                <h3>{ "Rehearse a disaster" }</h3>
                <p class="help">{ "So long as the events are stored, everything else can be had back." }</p>
                <div class="row-of">
                    { start("Drop all read models", || Msg::DropModels) }
                    { start("Restore from backup", || Msg::Restore) }
                </div>
            </section>
        </div>
    }
}

/// A file whose events are no CloudEvents: which of their fields hold what.
fn foreign(mapped: &Mapped, busy: bool, shell: &Shell) -> Html {
    let Mapped { file, foreign, mapping, preview } = mapped;
    let name = file.name();
    let known = match foreign.tool {
        Some(tool) => format!("{} looks like an export of {tool}. ", clip(&name)),
        None => format!("{} holds JSON, but no CloudEvents. ", clip(&name)),
    };
    if let Some(lacks) = &foreign.lacks {
        return html! { <p class="note pad">{ known }{ format!("It cannot be read: {lacks}.") }</p> };
    }
    let field = |part: Part, what: &'static str, chosen: &str, fields: &[String], nothing: &str| {
        let nothing =
            (chosen.is_empty() || part != Part::Kind).then(|| (String::new(), nothing.to_owned()));
        let other = (!chosen.is_empty() && !fields.iter().any(|it| it == chosen))
            .then(|| (chosen.to_owned(), chosen.to_owned()));
        let fields = fields.iter().map(|it| (it.clone(), clip(it).into_owned()));
        let set = shell.on(move |field: String| Msg::Map(part, field));
        html! {
            <label class="field"><span>{ what }</span>
                { select(what, chosen, nothing.into_iter().chain(other).chain(fields), set) }
            </label>
        }
    };
    html! {
        <section class="mapping" aria-label="Fields of the file">
            <p>{ known }{ "Say which fields of its events hold what:" }</p>
            <div class="row-of">
                { field(Part::Kind, "Type", &mapping.kind, &foreign.texts, "choose a field") }
                { field(Part::Stream, "Stream", &mapping.stream, &foreign.texts, "all in one stream") }
                { field(Part::Data, "Data", &mapping.data, &foreign.fields, "the whole event") }
            </div>
            <div class="tablebox">
                <table aria-label="The first events">
                    <thead><tr>{ for ["Type", "Stream", "Data"].map(|it| html! { <th>{ it }</th> }) }</tr></thead>
                    <tbody>
                        { for preview.iter().map(|it| match it {
                            Ok(it) => html! { <tr>{ for [&it.kind, &it.stream, &it.data].map(|it| html! { <td>{ clip(it).into_owned() }</td> }) }</tr> },
                            Err(why) => html! { <tr><td colspan="3" class="fault">{ why }</td></tr> },
                        }) }
                    </tbody>
                </table>
            </div>
            <button type="button" disabled={busy || mapping.kind.is_empty()} onclick={shell.on(|_: MouseEvent| Msg::ReadSo)}>{ "Read it so" }</button>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct ItemProps {
    entry: ListedLog,
    here: bool,
    busy: bool,
    /// True where others need it.
    needed: bool,
}

#[component]
fn Item(props: &ItemProps) -> Html {
    let ListedLog { info, extent, scenario, .. } = &props.entry;
    let shell = use_shell();
    let of = |msg: fn(LogInfo) -> Msg| about(&shell, info, msg);
    let rename = {
        let info = info.clone();
        shell.link.on_some(move |event: Event| {
            let title = typed(&event).unwrap_or_default().trim().to_owned();
            if title.is_empty() {
                // A log is always called something.
                event.target_dyn_into::<HtmlInputElement>()?.set_value(&info.title);
            }
            let renamed = !title.is_empty() && title != info.title;
            renamed.then(|| Msg::Rename(info.clone(), title))
        })
    };
    let name = |what: &str| format!("{what} {}", info.title);
    let named = |what: &'static str, label: &'static str, press: Callback<MouseEvent>| {
        html! { <button type="button" aria-label={name(label)} disabled={props.busy} onclick={press}>{ what }</button> }
    };
    let forked = info.forked_from.as_ref();
    let details = format!(
        "{scenario} · {} · {}opened {}{}",
        counted(extent.events, "event"),
        if extent.bytes > 0 {
            format!("{} · ", bytes(extent.bytes as f64))
        } else {
            String::new()
        },
        written_millis(info.opened_at).0,
        forked
            .map(|(_, at)| format!(
                " · forked from {} after event {}",
                props.entry.from,
                grouped(*at)
            ))
            .unwrap_or_default(),
    );
    html! {
        <li class={if props.here { "here" } else { "" }}>
            <input aria-label={name("Title of")} value={info.title.clone()} maxlength="80" onchange={rename} />
            <span class="quiet">{ details }</span>
            <span class="row-of">
                if props.here { <b class="chip">{ "Open now" }</b> } else { { named("Open", "Open", of(Msg::Open)) } }
                { named("Duplicate", "Duplicate", of(Msg::Duplicate)) }
                { named("Export", "Export", of(|it| Msg::Export(it, Format::Lines, false))) }
                { named("Export .gz", "Export .gz", of(|it| Msg::Export(it, Format::Lines, true))) }
                { named("Export JSON", "Export JSON", of(|it| Msg::Export(it, Format::Batch, false))) }
                // In a class nobody deletes what the others need.
                if !props.needed { { named("Delete", "Delete", of(|it| Msg::Delete(it, true))) } }
            </span>
        </li>
    }
}

/// A callback that asks for something to be done with a log.
pub fn about(shell: &Shell, info: &LogInfo, msg: fn(LogInfo) -> Msg) -> Callback<MouseEvent> {
    let info = info.clone();
    shell.on(move |_| msg(info.clone()))
}

/// What keeps the log from being written, and what can be done about it.
pub fn trouble(trouble: &Trouble, info: &LogInfo, waiting: bool, shell: &Shell) -> Html {
    let unread = matches!(trouble, Trouble::Unread(_));
    let retry = unread || matches!(trouble, Trouble::Full | Trouble::Unreachable(_));
    let silent = matches!(trouble, Trouble::Slow | Trouble::Silent);
    let go_on = match trouble {
        Trouble::Damaged(_) => Some("Go on in a new log"),
        Trouble::Evicted | Trouble::Unreachable(_) => Some("Save it again"),
        Trouble::Full
        | Trouble::Unread(_)
        | Trouble::Slow
        | Trouble::Silent
        | Trouble::Elsewhere
        | Trouble::Deleted => None,
    };
    let press = |msg: fn() -> Msg| shell.on(move |_: MouseEvent| msg());
    let back = about(shell, info, |info| Msg::Delete(info, false));
    let export = about(shell, info, |info| Msg::Export(info, Format::Lines, false));
    html! {
        <p class={if silent && waiting { "notice" } else { "notice bad" }} role="alert">
            if silent && waiting {
                { "Waiting for the browser's storage. " }
            } else {
                if *trouble != Trouble::Slow && !unread { { "This log is read-only for now. " } }
                { trouble.to_string() }
            }
            if silent {
                if !waiting { { button("Keep waiting", press(|| Msg::KeepWaiting)) } }
                { button("Go on in memory", press(|| Msg::GoOnInMemory)) }
            }
            if retry { { button("Try again", press(|| Msg::Retry)) } }
            if *trouble == Trouble::Deleted { { button("Have it back", back) } }
            if let Some(words) = go_on { { button(words, press(|| Msg::SaveAgain)) } }
            { button("Export it", export) }
        </p>
    }
}
