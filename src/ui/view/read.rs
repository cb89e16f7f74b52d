//! The read side: aggregates' states, projections and processes at the playhead, and the outbox.

use std::rc::Rc;

use serde_json::Value;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{HtmlElement, HtmlInputElement, ResizeObserver};
use yew::{Event, Html, InputEvent, MouseEvent, NodeRef, Properties, TargetCast, component, html};

use super::icons::icon;
use super::lab::{differences, health_of, menu_of, replica, replicate, state_of, untaken};
use super::parts::{
    Head, Long, button, button_for, chip, chosen, empty, icon_button, menu, panel, term_chip,
};
use super::terms::Word;
use super::views::{Tree, ViewBody, settle, use_what_changed_in_view};
use crate::es::{Map, Set, Stream, View};
use crate::host::OpenLog;
use crate::lab::clip::clip;
use crate::lab::{Control, EffectStatus, Panel, StateView, SubscriptionKind};
use crate::ui::browser::clock::{written_day, written_millis};
use crate::ui::model::shell::{Shell, use_shell};
use crate::ui::model::subscriptions::{self, RefusedControl};
use crate::ui::model::summary::Missing;
use crate::ui::model::{fold_view, lab, layout, logs_dialog, playback};
use crate::ui::words::counted;

#[derive(Properties, PartialEq)]
pub struct ReadProps {
    /// The playhead is in the past.
    pub past: bool,
    /// It moves on at once.
    pub passing: bool,
    pub states: Vec<StateView>,
    pub panels: Vec<Rc<Panel>>,
    /// The names of those that are one line unless somebody unfolds them.
    pub lines: Rc<Set<Rc<str>>>,
    /// What the story's step is about. Nothing, once somebody goes on by themselves.
    pub stage: Rc<Vec<Rc<str>>>,
    /// Projections of the scenario that do not run.
    pub removed: Vec<Rc<str>>,
    /// All streams.
    pub streams: Rc<Vec<Stream>>,
    /// Process → how much its code would have sent that nobody has handled.
    pub missing: Rc<Map<Rc<str>, Missing>>,
    /// The streams whose states are kept in view.
    pub pinned: Rc<Vec<Stream>>,
    /// What could not be done to one of them.
    pub refused: Option<RefusedControl>,
    /// The replicas that catch up by themselves.
    pub paces: Rc<Map<Rc<str>, u64>>,
}

/// States stand beside the read models, or above them; each of the two scrolls by itself, so that
/// neither buries the other.
#[component]
pub fn ReadSide(props: &ReadProps) -> Html {
    let shell = use_shell();
    let (states, models) = (yew::use_node_ref(), yew::use_node_ref());
    yew::use_effect_with(props.stage.clone(), {
        let places = [states.clone(), models.clone()];
        // What another step is about stands first.
        move |_| {
            for place in places.iter().filter_map(NodeRef::cast::<HtmlElement>) {
                place.set_scroll_top(0);
            }
        }
    });
    let staged = !props.stage.is_empty();
    let picker = || {
        html! {
            if props.streams.len() > props.states.len() {
                <Picker streams={props.streams.clone()} shown={props.states.len()} />
            }
        }
    };
    html! {
        <section class={if staged { "readside staged" } else { "readside" }} role="region" aria-label="Read side">
            <div class="states-of" ref={states}>
                { for props.states.iter().map(|state| html! {
                    <State
                        key={state.stream.to_string()} state={state.clone()} pinned={props.pinned.contains(&state.stream)} passing={props.passing}
                        line={props.lines.contains(state.stream.as_str())}
                    />
                }) }
                if props.states.is_empty() && props.streams.is_empty() {
                    <div class="panel">{ empty(&shell, "No aggregate has an event here. Each one begins with its initial state, and its first event comes from a command.") }</div>
                }
                if !staged { { picker() } }
            </div>
            <div class="models" ref={models}>
                <>
                    { for props.panels.iter().map(|panel| html! {
                        <Reader
                            key={panel.name.to_string()} panel={panel.clone()} line={props.lines.contains(&panel.name)}
                            past={props.past} passing={props.passing} refused={props.refused.clone().filter(|it| it.name == panel.name)}
                            missing={props.missing.get(&panel.name).cloned().unwrap_or_default()}
                            pace={props.paces.get(&panel.name).copied().unwrap_or_default()}
                        />
                    }) }
                </>
                <>
                    { for props.removed.iter().map(|name| {
                        let add = { let name = name.clone(); shell.on(move |_: MouseEvent| subscriptions::Msg::Subscribe(name.clone(), true)) };
                        html! {
                            <section class="panel removed" role="group" aria-label={name.to_string()} key={name.to_string()}>
                                <div class="head">
                                    <h2 class="green">{ name.to_string() }</h2>
                                    <span class="quiet what">{ "not there; the log can fill it" }</span>
                                    <span class="spring" />
                                    <button type="button" onclick={add} aria-label={format!("Add {name}")}>{ "Add" }</button>
                                </div>
                            </section>
                        }
                    }) }
                </>
                if staged { { picker() } }
            </div>
        </section>
    }
}

/// How many streams are offered to pick from; more can be typed.
const STREAMS_OFFERED: usize = 300;

#[derive(Properties, PartialEq)]
struct PickerProps {
    streams: Rc<Vec<Stream>>,
    shown: usize,
}

/// Picks another stream's state to keep in view.
#[component]
fn Picker(props: &PickerProps) -> Html {
    let pick = {
        let streams = props.streams.clone();
        use_shell().link.on_some(move |event: InputEvent| {
            let input = event.target_dyn_into::<HtmlInputElement>()?;
            let stream =
                Stream::parse(input.value().trim()).ok().filter(|it| streams.contains(it))?;
            input.set_value("");
            Some(layout::Msg::Pin(stream, true))
        })
    };
    html! {
        <label class="picker">
            <span class="quiet">{ format!("{} of {} states shown", props.shown, props.streams.len()) }</span>
            <input list="streams" aria-label="Show the state of" placeholder="Show another: type or pick" autocomplete="off" oninput={pick} />
            <Offered streams={props.streams.clone()} />
        </label>
    }
}

#[derive(Properties, PartialEq)]
struct OfferedProps {
    streams: Rc<Vec<Stream>>,
}

/// What can be picked: those that are shown as well, so that it stays the same from event to event.
#[component]
fn Offered(props: &OfferedProps) -> Html {
    html! {
        <datalist id="streams">
            { for props.streams.iter().take(STREAMS_OFFERED).map(|it| html! { <option value={it.to_string()} /> }) }
        </datalist>
    }
}

#[derive(Properties, PartialEq)]
struct StateProps {
    state: StateView,
    passing: bool,
    pinned: bool,
    line: bool,
}

#[component]
fn State(props: &StateProps) -> Html {
    let state = &props.state;
    let name: Rc<str> = state.stream.as_str().into();
    let head = Head {
        name: &name,
        colour: "yellow",
        what: "aggregate",
        term: Some(Word::State),
        region: false,
        line: props.line,
    };
    let shell = use_shell();
    let pin = {
        let (stream, on) = (state.stream.clone(), !props.pinned);
        shell.on(move |_: MouseEvent| layout::Msg::Pin(stream.clone(), on))
    };
    let aside = html! {
        <>
            if props.pinned { <span class="pinned" title="It is kept in view">{ icon("pin") }<span class="unseen">{ "pinned" }</span></span> }
            { term_chip("yellow", Word::Version, format!("v {}", state.version)) }
            { menu(icon("more"), Some(format!("More about {name}")), html! {
                <>
                    <p>{ format!("The state of {name} after {}.", counted(state.version, "event")) }</p>
                    <div class="actions">
                        { looks(&shell, &name) }
                        { button_for(if props.pinned { "Unpin" } else { "Pin" }, &name, false, pin) }
                    </div>
                </>
            }) }
        </>
    };
    let body = html! { <Body passing={props.passing}><Tree now={state.now.clone()} was={state.was.clone()} /></Body> };
    panel(&shell, &head, aside, body)
}

/// The ways to look at a fold: row by row, by its causes, and at its source.
fn looks(shell: &Shell, name: &Rc<str>) -> Html {
    let (see, ask, code) = (name.clone(), name.to_string(), name.clone());
    html! {
        <>
            { button_for("See it fold", name, false, shell.on(move |_: MouseEvent| fold_view::Msg::See(see.clone()))) }
            { button_for("Why, and since when", name, false, shell.on(move |_: MouseEvent| lab::Msg::WhyOf(ask.clone(), None))) }
            { button_for("Code", name, false, shell.on(move |_: MouseEvent| lab::Msg::Code(code.clone()))) }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct BodyProps {
    passing: bool,
    children: Html,
}

/// What stands below a panel's head. A long one scrolls by itself, to what the event changed: once
/// it is drawn, and again where its neighbours give it another height.
#[component]
fn Body(props: &BodyProps) -> Html {
    let place = yew::use_node_ref();
    use_what_changed_in_view(&place, props.passing);
    yew::use_effect_with(props.passing, {
        let place = place.clone();
        move |&passing| {
            let watched = place.cast::<HtmlElement>().filter(|_| !passing);
            let resized = Closure::<dyn Fn()>::new(move || {
                if let Some(place) = place.cast::<HtmlElement>() {
                    settle(&place);
                }
            });
            // A browser without one scrolls no more than once.
            let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
            if let (Some(observer), Some(watched)) = (&observer, watched) {
                observer.observe(&watched);
            }
            move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                drop(resized);
            }
        }
    });
    html! { <div class="body" ref={place}>{ props.children.clone() }</div> }
}

#[derive(Properties, PartialEq)]
struct ReaderProps {
    panel: Rc<Panel>,
    past: bool,
    passing: bool,
    refused: Option<RefusedControl>,
    missing: Missing,
    pace: u64,
    line: bool,
}

#[component]
fn Reader(props: &ReaderProps) -> Html {
    let shell = use_shell();
    let it = &props.panel;
    let name = &it.name;
    let process = it.kind == SubscriptionKind::Process;
    let colour = if process { "lilac" } else { "green" };
    let what = if process { "process manager" } else { it.now.store() };
    let body = html! {
        <Body passing={props.passing}>
            { state_of(it) }
            if let Some(refused) = &props.refused {
                <p class="fault pad refusal" role="alert">{ &*refused.why }</p>
            }
            if it.crashed {
                <p class="fault pad">{ format!("It crashed, and goes on after #{} once it is resumed.", it.checkpoint) }</p>
            }
            { untaken(&shell, it) }
            { replica(&shell, it, props.pace) }
            { differences(&shell, it, props.past) }
            if it.skipped > 0 {
                <p class="fault pad">{ format!("Skipped {} that cannot be read.", counted(it.skipped, "event")) }</p>
            }
            if it.paused && it.lag > 0 && !it.crashed && it.beside.is_none() {
                <p class="note pad">{ format!("{} after #{}. It has not heard of {} yet, and will once it is resumed.", if props.past { "Now it is paused" } else { "Paused" }, it.checkpoint, counted(it.lag, "event")) }</p>
            }
            if props.missing.count > 0 {
                <div class="note pad">
                    { format!("This code would have sent {} more over the same history. ", props.missing.count) }
                    <details class="would">
                        <summary>{ "What it would have sent" }</summary>
                        <ol>{ for props.missing.first.iter().map(|it| html! { <li>{ it.clone() }</li> }) }</ol>
                        if props.missing.count > props.missing.first.len() {
                            <p class="quiet">{ format!("and {} more", props.missing.count - props.missing.first.len()) }</p>
                        }
                    </details>
                    { button("Send what is missing", { let name = name.clone(); shell.on(move |_: MouseEvent| subscriptions::Msg::SendMissing(name.clone())) }) }
                </div>
            }
            if it.held_back > 0 {
                <p class="note pad">{ format!("Replaying held back {}: what it did before, it does not do again.", counted(it.held_back, "reaction")) }</p>
            }
            if it.now.is_empty() && it.was.is_empty() {
                <p class="empty">{ it.about.to_string() }{ match it.shown {
                    0 if props.past => " At this point it had taken in no event.",
                    0 => " It has taken in no event yet.",
                    _ => " No event so far has put anything here.",
                } }</p>
            } else {
                <ViewBody name={name.clone()} now={it.now.clone()} was={it.was.clone()} />
            }
        </Body>
    };
    let term = Some(if process { Word::Process } else { Word::Projection });
    let head = Head { name, colour, what, term, region: false, line: props.line };
    panel(&shell, &head, tools(&shell, props, colour), body)
}

/// What can be done to a subscription, at the right of its head.
fn tools(shell: &Shell, props: &ReaderProps, colour: &'static str) -> Html {
    let it = &props.panel;
    let name = &it.name;
    let code = {
        let name = name.clone();
        shell.link.on_some(move |event: Event| {
            let code = chosen(&event)?.parse().ok()?;
            Some(subscriptions::Msg::Rebuild(name.clone(), code))
        })
    };
    let control = |control: Control| {
        let name = name.clone();
        shell.on(move |_: MouseEvent| subscriptions::Msg::Control(name.clone(), control))
    };
    let rebuild = {
        let (name, code) = (name.clone(), it.code.0);
        shell.on(move |_: MouseEvent| subscriptions::Msg::Rebuild(name.clone(), code))
    };
    let remove = {
        let name = name.clone();
        shell.on(move |_: MouseEvent| subscriptions::Msg::Subscribe(name.clone(), false))
    };
    let csv = {
        let name = name.clone();
        shell.on(move |_: MouseEvent| logs_dialog::Msg::Csv(name.clone()))
    };
    let now = if props.past { " now" } else { "" };
    let lag = match it.lag {
        0 => format!("⚑ {}{now}", it.checkpoint),
        lag => format!("⚑ {} · {lag} behind{now}", it.checkpoint),
    };
    let changed = props.line && !Rc::ptr_eq(&it.now, &it.was) && it.now != it.was;
    let more = html! {
        <>
            if it.code.1.len() > 1 {
                <label class="field"><span>{ "Its code" }</span>
                    <select aria-label={format!("Code version of {name}")} onchange={code}>
                        { for it.code.1.iter().map(|code| html! {
                            <option value={code.to_string()} selected={*code == it.code.0}>{ format!("version {code}") }</option>
                        }) }
                    </select>
                </label>
            }
            { replicate(shell, it) }
            <div class="actions">
                { looks(shell, name) }
                if it.kind == SubscriptionKind::Projection && it.beside.is_none() { { button_for("Remove", name, false, remove) } }
                if matches!(*it.now, View::Table(_)) { { button("Download as CSV", csv) } }
            </div>
        </>
    };
    html! {
        <>
            if changed { <em class="tag">{ "changed" }</em> }
            { health_of(it) }
            { term_chip(if it.lag > 0 { "red" } else { colour }, Word::Checkpoint, lag) }
            { icon_button(if it.paused { "play" } else { "pause" }, format!("{} {name}", if it.paused { "Resume" } else { "Pause" }), control(Control::Pause(!it.paused))) }
            if it.paused && it.lag > 0 { { icon_button("next", format!("Step {name}"), control(Control::Step)) } }
            { menu(icon("more"), Some(format!("More about {name}")), menu_of(shell, it, props.refused.as_ref(), rebuild, more)) }
        </>
    }
}

#[derive(Properties, PartialEq)]
pub struct OutboxProps {
    pub open_log: OpenLog,
    pub count: usize,
    pub performed: usize,
    /// How many of them belong to events after the playhead.
    pub later: usize,
    /// How many of those not for the first time.
    pub repeated: usize,
    /// The scenario has processes, which may ask for side effects.
    pub reacts: bool,
    /// A process's guard is off.
    pub unguarded: bool,
    /// How much the last replays would have sent.
    pub would: u64,
    /// It is one line unless somebody unfolds it.
    pub line: bool,
}

/// How many of the last side effects are listed.
const EFFECTS_SHOWN: usize = 50;

#[component]
pub fn Outbox(props: &OutboxProps) -> Html {
    let shell = use_shell();
    let session = props.open_log.session();
    let effects = session.world().outbox();
    let held_back = effects.len() - props.performed.min(effects.len());
    // Once effects lie days apart, a time alone tells nothing.
    let ends = [effects.first(), effects.last()];
    let [first, last] = ends.map(|it| it.map(|effect| written_day(effect.at)));
    let performed = |at: u64| {
        let time = written_millis(at).1;
        if first == last { time } else { format!("{} {time}", written_day(at)) }
    };
    let aside = html! {
        <>
            { chip("pink", format!("{} performed", props.performed)) }
            if props.repeated > 0 { { chip("red", format!("{} performed again", props.repeated)) } }
            if held_back > 0 { { chip("", format!("{held_back} held back")) } }
        </>
    };
    let body = html! {
        <>
            if props.unguarded {
                <p class="fault pad">{ "A guard is off: a replay performs its side effects again." }</p>
            }
            if props.would > 0 {
                <p class="note pad">{ format!("The last replay would have sent {} again, commands and side effects together. All were held back.", counted(props.would, "thing")) }</p>
            }
            if effects.is_empty() {
                <p class="empty">{ if props.reacts {
                    "No side effect is noted in this log. A letter or a payment that one asks for is noted here, and sent once, however often history is replayed. A file of events brings none of these notes along."
                } else {
                    "Nothing leaves this system: it has no process manager that could ask for it."
                } }</p>
            }
            <ul class="effects">
                { for effects.iter().rev().take(EFFECTS_SHOWN).map(|effect| {
                    let position = effect.position;
                    let data = match &effect.data {
                        Value::Object(map) => map.iter().map(|(key, value)| {
                            format!("{key} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                        }).collect::<Vec<_>>().join(" · "),
                        other => other.to_string(),
                    };
                    html! {
                        <li class={(position > session.position()).then_some("later")} key={format!("{}{:?}{}", effect.id, effect.status, effect.at)}>
                            <b class="pink">{ clip(&effect.kind).into_owned() }</b>{ " " }<Long text={shell.seals.open(&data).into_owned()} />{ " " }
                            <button type="button" class="link" onclick={shell.on(move |_: MouseEvent| playback::Msg::Seek(position))}>{ format!("← #{position}") }</button>
                            <span class="quiet">{ match effect.status {
                                EffectStatus::Performed if effect.repeat > 0 => format!(" performed again, now {} times, {}", effect.repeat + 1, performed(effect.at)),
                                EffectStatus::Performed => format!(" performed {}", performed(effect.at)),
                                EffectStatus::Suppressed => " held back: it was done before, under this id".to_owned(),
                            } }</span>
                        </li>
                    }
                }) }
            </ul>
        </>
    };
    panel(
        &shell,
        &Head {
            name: "Outbox",
            colour: "pink",
            what: "side effects",
            term: Some(Word::Outbox),
            region: true,
            line: props.line,
        },
        aside,
        html! { <div class="body">{ body }</div> },
    )
}
