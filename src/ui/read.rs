//! The read side: aggregates' states, projections and processes at the playhead, and the outbox.

use std::collections::BTreeMap;
use std::rc::Rc;

use yew::{Callback, Event, Html, Properties, component, html};

use super::desk::written_millis;
use super::header::chosen;
use super::icons::icon;
use super::views::{Tree, ViewBody};
use crate::lab::{Effect, Kind, Panel, StateView, Status, Stream};

#[derive(Properties, PartialEq)]
pub struct ReadProps {
    pub states: Vec<StateView>,
    pub panels: Vec<Panel>,
    /// Projections of the scenario that do not run.
    pub removed: Vec<Rc<str>>,
    /// The streams that exist at the playhead.
    pub streams: Vec<Stream>,
    /// Process → how much its code would have sent that nobody has handled.
    pub missing: BTreeMap<Rc<str>, usize>,
    pub past: bool,
    pub pick: Callback<Stream>,
    pub pause: Callback<(Rc<str>, bool)>,
    pub rebuild: Callback<(Rc<str>, u16)>,
    pub subscribe: Callback<(Rc<str>, bool)>,
    pub send_missing: Callback<Rc<str>>,
}

#[component]
pub fn ReadSide(props: &ReadProps) -> Html {
    let others: Vec<&Stream> = props
        .streams
        .iter()
        .filter(|it| !props.states.iter().any(|state| state.stream == **it))
        .collect();
    let pick = {
        let pick = props.pick.clone();
        Callback::from(move |event: Event| {
            if let Some(Ok(stream)) = chosen(&event).map(|it| Stream::parse(&it)) {
                pick.emit(stream);
            }
        })
    };
    html! {
        <section class="readside" role="region" aria-label="Read side">
            { for props.states.iter().map(|state| html! { <State key={state.stream.to_string()} state={state.clone()} /> }) }
            if props.states.is_empty() {
                <p class="empty panel">{ "No aggregate has an event yet: each one begins with its initial state." }</p>
            }
            if !others.is_empty() {
                <label class="inline other">
                    <span class="quiet">{ "Another state" }</span>
                    <select aria-label="Show the state of" onchange={pick}>
                        <option value="" selected={true}>{ format!("{} more", others.len()) }</option>
                        { for others.iter().take(500).map(|it| html! { <option value={it.to_string()}>{ it.as_str() }</option> }) }
                    </select>
                </label>
            }
            { for props.panels.iter().map(|panel| html! {
                <Reader
                    key={panel.name.to_string()} panel={panel.clone()}
                    missing={props.missing.get(&panel.name).copied().unwrap_or_default()}
                    pause={props.pause.clone()} rebuild={props.rebuild.clone()}
                    subscribe={props.subscribe.clone()} send_missing={props.send_missing.clone()}
                />
            }) }
            { for props.removed.iter().map(|name| {
                let add = props.subscribe.reform({ let name = name.clone(); move |_| (name.clone(), true) });
                html! {
                    <section class="panel removed" role="group" aria-label={name.to_string()} key={name.to_string()}>
                        <div class="head">
                            <h2 class="green">{ name.to_string() }</h2>
                            <span class="quiet">{ "removed; the log can fill it again" }</span>
                            <span class="spring" />
                            <button type="button" onclick={add} aria-label={format!("Add {name}")}>{ "Add" }</button>
                        </div>
                    </section>
                }
            }) }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct StateProps {
    state: StateView,
}

#[component]
fn State(props: &StateProps) -> Html {
    let state = &props.state;
    html! {
        <section class="panel" role="group" aria-label={state.stream.to_string()}>
            <div class="head">
                <h2 class="yellow">{ state.stream.as_str() }</h2>
                <span class="quiet">{ "aggregate" }</span>
                <span class="spring" />
                <span class="chip yellow">{ format!("v {}", state.version) }</span>
            </div>
            <Tree now={state.now.clone()} was={state.was.clone()} />
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct ReaderProps {
    panel: Panel,
    missing: usize,
    pause: Callback<(Rc<str>, bool)>,
    rebuild: Callback<(Rc<str>, u16)>,
    subscribe: Callback<(Rc<str>, bool)>,
    send_missing: Callback<Rc<str>>,
}

#[component]
fn Reader(props: &ReaderProps) -> Html {
    let panel = &props.panel;
    let name = &panel.name;
    let process = panel.kind == Kind::Process;
    let colour = if process { "lilac" } else { "green" };
    let what = if process { "process manager" } else { panel.now.store() };
    let pause = props.pause.reform({
        let (name, paused) = (name.clone(), panel.paused);
        move |_| (name.clone(), !paused)
    });
    let rebuild = props.rebuild.reform({
        let (name, code) = (name.clone(), panel.code.0);
        move |_| (name.clone(), code)
    });
    let remove = props.subscribe.reform({
        let name = name.clone();
        move |_| (name.clone(), false)
    });
    let code = {
        let (rebuild, name) = (props.rebuild.clone(), name.clone());
        Callback::from(move |event: Event| {
            if let Some(code) = chosen(&event).and_then(|it| it.parse().ok()) {
                rebuild.emit((name.clone(), code));
            }
        })
    };
    let send = props.send_missing.reform({
        let name = name.clone();
        move |_| name.clone()
    });
    html! {
        <section class="panel" role="group" aria-label={name.to_string()}>
            <div class="head">
                <h2 class={colour} title={panel.about.to_string()}>{ name.to_string() }</h2>
                <span class="quiet">{ what }</span>
                <span class="spring" />
                if panel.code.1.len() > 1 {
                    <select aria-label={format!("Code version of {name}")} onchange={code}>
                        { for panel.code.1.iter().map(|it| html! {
                            <option value={it.to_string()} selected={*it == panel.code.0}>{ format!("code {it}") }</option>
                        }) }
                    </select>
                }
                <span class={if panel.lag > 0 { "chip red".to_owned() } else { format!("chip {colour}") }} title="Its checkpoint: the position it has taken in">
                    { format!("⚑ {}", panel.checkpoint) }
                    if panel.lag > 0 { { format!(" · {} behind", panel.lag) } }
                </span>
                <button type="button" class="plain" aria-label={format!("{} {name}", if panel.paused { "Resume" } else { "Pause" })}
                    title={if panel.paused { "Resume" } else { "Pause" }} onclick={pause}>
                    { icon(if panel.paused { "play" } else { "pause" }) }
                </button>
                <button type="button" class="plain" aria-label={format!("Rebuild {name}")} title="Rebuild it from the first event" onclick={rebuild}>
                    { icon("rebuild") }
                </button>
                if !process {
                    <button type="button" class="plain" aria-label={format!("Remove {name}")} title="Remove it; it can be added again" onclick={remove}>{ "×" }</button>
                }
            </div>
            if panel.skipped > 0 {
                <p class="fault pad">{ format!("Skipped {} that cannot be read.", if panel.skipped == 1 { "1 event".to_owned() } else { format!("{} events", panel.skipped) }) }</p>
            }
            if props.missing > 0 {
                <p class="note pad">
                    { format!("This code would have sent {} more over the same history. ", props.missing) }
                    <button type="button" onclick={send}>{ "Send what is missing" }</button>
                </p>
            }
            if panel.held_back > 0 {
                <p class="note pad">{ format!("Replaying held back {}: what it did before, it does not do again.", if panel.held_back == 1 { "1 reaction".to_owned() } else { format!("{} reactions", panel.held_back) }) }</p>
            }
            if panel.now.is_empty() && panel.was.is_empty() {
                <p class="empty">{ panel.about.to_string() }{ " Nothing here yet." }</p>
            } else {
                <ViewBody name={name.clone()} now={panel.now.clone()} was={panel.was.clone()} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
pub struct OutboxProps {
    pub effects: Vec<Effect>,
    pub seek: Callback<u64>,
}

#[component]
pub fn Outbox(props: &OutboxProps) -> Html {
    let performed = props.effects.iter().filter(|it| it.status == Status::Performed).count();
    let held_back = props.effects.len() - performed;
    html! {
        <section class="panel" role="region" aria-label="Outbox">
            <div class="head">
                <h2 class="pink">{ "Outbox" }</h2>
                <span class="quiet">{ "side effects" }</span>
                <span class="spring" />
                <span class="chip pink">{ format!("{performed} performed") }</span>
                if held_back > 0 { <span class="chip">{ format!("{held_back} held back") }</span> }
            </div>
            if props.effects.is_empty() {
                <p class="empty">{ "No process has asked for a side effect." }</p>
            }
            <ul class="effects">
                { for props.effects.iter().rev().take(50).map(|effect| {
                    let position = effect.position;
                    let data = match &effect.data {
                        serde_json::Value::Object(map) => map.iter().map(|(key, value)| {
                            format!("{key} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                        }).collect::<Vec<_>>().join(" · "),
                        other => other.to_string(),
                    };
                    html! {
                        <li key={format!("{}{:?}{}", effect.id, effect.status, effect.at)}>
                            <b class="pink">{ effect.kind.to_string() }</b>{ " " }{ data }{ " " }
                            <button type="button" class="link" onclick={props.seek.reform(move |_| position)}>{ format!("← #{position}") }</button>
                            <span class="quiet">{ match effect.status {
                                Status::Performed => format!(" performed {}", written_millis(effect.at).1),
                                Status::Suppressed => " held back: it was done before".to_owned(),
                            } }</span>
                        </li>
                    }
                }) }
            </ul>
        </section>
    }
}
