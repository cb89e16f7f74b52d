//! The logs dialog: every log that is kept here, what can be done with it, and how safe it is.

use std::rc::Rc;

use web_sys::{File, FocusEvent, HtmlInputElement};
use yew::{Callback, Event, Html, MouseEvent, Properties, TargetCast, component, html};

use super::clock::written_millis;
use super::files::Room;
use super::fixed::Fixed;
use super::parts::{button, counted, grouped, tick, typed};
use crate::codec::archive::{Format, Imported};
use crate::host::Trouble;
use crate::store::{Extent, LogInfo};

/// What is asked of the logs.
pub enum Act {
    /// Show the dialog, or close it.
    Show(bool),
    /// Look through the logs.
    List,
    /// The logs were looked through.
    Listed(Result<(Vec<Entry>, Option<Room>), String>),
    /// Open this one.
    Open(LogInfo),
    /// Call it otherwise.
    Rename(LogInfo, String),
    /// Make another one like it.
    Duplicate(LogInfo),
    /// Put it away, or have it back.
    Delete(LogInfo, bool),
    /// Hand it out as a file, compressed or not.
    Export(LogInfo, Format, bool),
    /// Read a file.
    Import(File),
    /// A file was read, and this is to be known of it; or it has these faults.
    Read(String, Result<Imported, Vec<String>>),
    /// Look through the next piece of what was read.
    Look,
    /// What was read is to become a new log, or to go after what is in the open one.
    Place(bool),
    /// How far something is.
    Progress(String),
    /// Something has come to its end.
    Said(String),
    /// Stop what is under way.
    Cancel,
    /// Wait for the disk with each command, or don't.
    Strict(bool),
    /// Ask the browser to throw nothing away.
    Persist,
    /// Rehearse a disaster: forget all read models, and fold them again.
    DropModels,
    /// Rehearse a disaster: make a log from a backup of this one, and compare.
    Restore,
    /// Try again to write.
    Retry,
    /// Save what this tab has as a new log, and go on there.
    GoOn,
    /// Put the open log in a link.
    Share,
    /// The link is made, and copied or not.
    Link(String, bool),
    /// The open log does not fit into a link: so it is said, and a file is offered.
    TooLong(String),
    /// Hand out a table.
    Csv(Rc<str>),
}

impl Act {
    /// True for what is done one after the other.
    pub fn takes_a_while(&self) -> bool {
        matches!(
            self,
            Self::Duplicate(_)
                | Self::Export(..)
                | Self::Import(_)
                | Self::Place(_)
                | Self::DropModels
                | Self::Restore
                | Self::GoOn
                | Self::Share
        )
    }
}

/// A log, and how much it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub info: LogInfo,
    pub extent: Extent,
    /// The scenario's title.
    pub scenario: String,
    /// What the log is called that it was forked from.
    pub from: String,
}

/// What the dialog shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    pub open: bool,
    pub entries: Rc<Vec<Entry>>,
    pub room: Option<Room>,
    pub strict: bool,
    /// What is under way, and whether it can be cancelled.
    pub busy: Option<(String, bool)>,
    /// What came of the last thing.
    pub said: String,
    pub faults: Vec<String>,
    /// What was read and waits for its place.
    pub ready: Option<String>,
    pub link: Option<String>,
    /// The open log does not fit into a link.
    pub too_long: bool,
}

#[derive(Properties, PartialEq)]
pub struct LogsProps {
    pub shown: Shown,
    /// The open log, and whether it is kept on the disk.
    pub log: String,
    pub durable: bool,
    pub act: Callback<Act>,
}

/// An amount of bytes, in words.
fn bytes(count: f64) -> String {
    match count {
        ..1e3 => format!("{} B", Fixed(count, 0)),
        ..1e6 => format!("{} kB", Fixed(count / 1e3, 0)),
        ..1e9 => format!("{} MB", Fixed(count / 1e6, 1)),
        _ => format!("{} GB", Fixed(count / 1e9, 1)),
    }
}

/// The dialog.
#[component]
pub fn Logs(props: &LogsProps) -> Html {
    let (shown, act) = (&props.shown, &props.act);
    let place = yew::use_node_ref();
    yew::use_effect_with(place.clone(), |place| {
        if let Some(button) = place.cast::<web_sys::HtmlElement>() {
            // Without the focus, the dialog can still be read and closed.
            let _ = button.focus();
        }
    });
    let close = act.reform(|_: MouseEvent| Act::Show(false));
    let file = {
        let act = act.clone();
        Callback::from(move |event: Event| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                act.emit(Act::Import(file));
            }
            // So that the same file can be chosen again.
            input.set_value("");
        })
    };
    // Who goes to a link wants to copy it.
    let all = |event: FocusEvent| {
        if let Some(field) = event.target_dyn_into::<HtmlInputElement>() {
            field.select();
        }
    };
    let busy = shown.busy.is_some();
    // One thing after the other.
    let start = |text: &'static str, what: fn() -> Act| {
        html! { <button type="button" disabled={busy} onclick={act.reform(move |_| what())}>{ text }</button> }
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
                <p class="quiet">{ if props.durable {
                    "Every log below is kept in this browser, on this device, and nowhere else. Export one to keep it safe."
                } else {
                    "These logs live in memory only: they are gone when the page closes. Export one to keep it."
                } }</p>
                <div class="row-of">
                    <label class="file">{ "Import a file " }
                        <input type="file" aria-label="Import a file" accept=".json,.ndjson,.jsonl,.gz" disabled={busy} onchange={file} />
                    </label>
                    { start("Share as a link", || Act::Share) }
                </div>
                if let Some(ready) = &shown.ready {
                    <p class="note pad">
                        { ready }
                        { " " }{ start("Into a new log", || Act::Place(false)) }
                        { " " }{ start("After the open log’s events", || Act::Place(true)) }
                    </p>
                }
                if let Some(link) = &shown.link {
                    <label class="field"><span>{ "Whoever opens this link gets a new log of their own" }</span>
                        <input readonly=true aria-label="Link" value={link.clone()} onfocus={all} />
                    </label>
                }
                if let Some((busy, cancels)) = &shown.busy {
                    <p class="note pad">
                        { busy }
                        if *cancels { { " " }{ button("Cancel", act.reform(|_| Act::Cancel)) } }
                    </p>
                }
                <p role="status" class="pad">{ &shown.said }</p>
                <>
                    { for deleted.map(|entry| {
                        let undo = act.reform({ let info = entry.info.clone(); move |_: MouseEvent| Act::Delete(info.clone(), false) });
                        html! {
                            <p key={entry.info.id.clone()} class="note pad">
                                { format!("“{}” is deleted, and goes for good a day later. ", entry.info.title) }
                                <button type="button" aria-label={format!("Undo the deletion of {}", entry.info.title)} onclick={undo}>{ "Undo" }</button>
                            </p>
                        }
                    }) }
                </>
                if shown.too_long && let Some(entry) = shown.entries.iter().find(|it| it.info.id == props.log) {
                    <p class="pad">{ button("Download it as a file", act.reform({
                        let info = entry.info.clone();
                        move |_| Act::Export(info.clone(), Format::Lines, true)
                    })) }</p>
                }
                if !shown.faults.is_empty() {
                    <ul aria-label="Faults">
                        { for shown.faults.iter().map(|fault| html! { <li class="fault">{ fault }</li> }) }
                    </ul>
                }
                <ul class="logs" aria-label="Kept logs">
                    { for kept.map(|entry| html! { <Item key={entry.info.id.clone()} entry={entry.clone()} here={entry.info.id == props.log} {busy} act={act.clone()} /> }) }
                </ul>
                <h3>{ "Safety" }</h3>
                if let Some(room) = &shown.room {
                    <p>
                        { format!("{} of {} are used. ", bytes(room.used), bytes(room.quota)) }
                        { if room.kept { "The browser has promised to throw nothing away." } else { "When the disk is nearly full, the browser may throw it all away." } }
                        if !room.kept { { " " }{ button("Ask it not to", act.reform(|_| Act::Persist)) } }
                    </p>
                }
                if props.durable {
                    { tick("Wait for the disk with every command", shown.strict, &act.reform(Act::Strict)) }
                    <p class="help">{ if shown.strict {
                        "A command counts as stored once it is on the disk. It survives a power cut."
                    } else {
                        "A command counts as stored once the browser and the system have it. It survives a crash of the browser; a power cut within seconds may undo it."
                    } }</p>
                }
                <h3>{ "Rehearse a disaster" }</h3>
                <p class="help">{ "So long as the events are stored, everything else can be had back." }</p>
                <div class="row-of">
                    { start("Drop all read models", || Act::DropModels) }
                    { start("Restore from backup", || Act::Restore) }
                </div>
            </section>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ItemProps {
    entry: Entry,
    here: bool,
    busy: bool,
    act: Callback<Act>,
}

#[component]
fn Item(props: &ItemProps) -> Html {
    let Entry { info, extent, scenario, .. } = &props.entry;
    let of = |make: fn(LogInfo) -> Act| {
        let info = info.clone();
        props.act.reform(move |_: MouseEvent| make(info.clone()))
    };
    let rename = {
        let (info, act) = (info.clone(), props.act.clone());
        Callback::from(move |event: Event| {
            let title = typed(&event).unwrap_or_default().trim().to_owned();
            if title.is_empty() {
                // A log is always called something.
                if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
                    input.set_value(&info.title);
                }
            } else if title != info.title {
                act.emit(Act::Rename(info.clone(), title));
            }
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
                if props.here { <b class="chip">{ "Open now" }</b> } else { { named("Open", "Open", of(Act::Open)) } }
                { named("Duplicate", "Duplicate", of(Act::Duplicate)) }
                { named("Export", "Export", of(|it| Act::Export(it, Format::Lines, false))) }
                { named("Export .gz", "Export .gz", of(|it| Act::Export(it, Format::Lines, true))) }
                { named("Export JSON", "Export JSON", of(|it| Act::Export(it, Format::Batch, false))) }
                { named("Delete", "Delete", of(|it| Act::Delete(it, true))) }
            </span>
        </li>
    }
}

/// What keeps the log from being written, and what can be done about it.
pub fn trouble(trouble: &Trouble, info: &LogInfo, act: &Callback<Act>) -> Html {
    let retry = matches!(trouble, Trouble::Full | Trouble::Unreachable(_) | Trouble::Silent);
    let go_on = match trouble {
        Trouble::Damaged(_) => Some("Go on in a new log"),
        Trouble::Evicted | Trouble::Unreachable(_) => Some("Save it again"),
        Trouble::Full | Trouble::Silent | Trouble::Elsewhere | Trouble::Deleted => None,
    };
    let back = {
        let info = info.clone();
        act.reform(move |_: MouseEvent| Act::Delete(info.clone(), false))
    };
    let export = {
        let info = info.clone();
        act.reform(move |_: MouseEvent| Act::Export(info.clone(), Format::Lines, false))
    };
    html! {
        <p class="notice bad" role="alert">
            { "This log is read-only for now. " }{ trouble.to_string() }
            if retry { { button("Try again", act.reform(|_| Act::Retry)) } }
            if *trouble == Trouble::Deleted { { button("Have it back", back) } }
            if let Some(words) = go_on { { button(words, act.reform(|_| Act::GoOn)) } }
            { button("Export it", export) }
        </p>
    }
}
