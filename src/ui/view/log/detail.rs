//! The event at the playhead in detail: what it changed, what it follows from and what followed.
//! Its ids, its time and its data fold away.

use std::rc::Rc;

use serde_json::Value;
use uuid::Uuid;
use web_sys::{Element, Event};
use yew::{Callback, Html, MouseEvent, Properties, TargetCast, component, html, use_state_eq};

use crate::codec::archive::stated_time;
use crate::es::{Lifting, Metadata, Recorded, Set};
use crate::host::{FORGOTTEN, OpenLog};
use crate::lab::Target;
use crate::lab::clip::{clip, clip_value};
use crate::ui::browser::clock::written_time;
use crate::ui::browser::{remember, remembered};
use crate::ui::model::changes::{Change, Changes};
use crate::ui::model::playback;
use crate::ui::model::shell::Shell;
use crate::ui::view::fold::{all_changes, told_changes};
use crate::ui::view::lab::offers;
use crate::ui::view::legend::LegendMark;
use crate::ui::view::parts::button;
use crate::ui::view::terms::{Term, Word};
use crate::ui::words::{Seals, is_money};

/// How many changes are told; the rest is counted.
const CHANGES_TOLD: usize = 6;

#[derive(Properties, PartialEq)]
pub struct DetailProps {
    pub open_log: OpenLog,
    pub position: u64,
    /// As the log grows, an event may turn out to have caused more.
    pub head: u64,
    pub out: Rc<Set<u64>>,
    /// The events' types, in order of their first event.
    pub kinds: Rc<Vec<Rc<str>>>,
    pub shell: Shell,
}

#[component]
pub fn Detail(props: &DetailProps) -> Html {
    let changes = changes(props);
    // Whoever has looked there once looks there again.
    let open = use_state_eq(|| remembered("stored").is_some());
    let toggled = {
        let open = open.clone();
        move |event: Event| {
            let details = event.target_dyn_into::<Element>();
            let on = details.is_some_and(|it| it.has_attribute("open"));
            remember("stored", on.then_some("open"));
            open.set(on);
        }
    };
    let session = props.open_log.session();
    let Some(event) = session.log().event(props.position) else {
        return html! {
            <div class="detail"><p class="empty">{ "Before the first event: every state is its initial state." }</p></div>
        };
    };
    let link = |position: u64, text: String| {
        html! {
            <button type="button" class="link" onclick={props.shell.on(move |_: MouseEvent| playback::Msg::Seek(position))}>{ text }</button>
        }
    };
    let cause = session.cause(event.position());
    let caused = session.caused_by(event.position());
    let kind = props.kinds.iter().position(|it| it == event.kind()).unwrap_or_default();
    html! {
        <div class="detail">
            <h3 class="lead">
                <LegendMark {kind} />
                <b class="orange">{ clip(event.kind()).into_owned() }</b>
                { format!(" {} {}", if event.unreadable().is_some() { "is on" } else { "changed" }, clip(event.stream().as_str())) }
                <span class="quiet">{ format!(", v {} → {}", event.version().saturating_sub(1), event.version()) }</span>
            </h3>
            if let Some(unreadable) = event.unreadable() {
                <p class="fault">{ format!("This event cannot be read: {}. It stays in the log; its stream refuses commands, and read models skip it.", clip(&unreadable.why)) }</p>
            } else {
                { changed(changes.as_ref(), is_forgotten(event, &props.shell.seals)) }
            }
            if let Some(stored) = event.stored() {
                <p class="quiet">{ format!("It is stored as {}, schema {}, and upcast whenever it is read.", clip(&stored.kind), stored.schema) }</p>
            }
            <div class="causes">
                <div>
                    <h3><Term word={Word::Cause} text="Caused by" /></h3>
                    <p>
                        { event.command().map_or_else(
                            || html! { { format!("{} appended it past its aggregate", clip(event.actor())) } },
                            |command| html! { <><b class="blue">{ clip(&command.kind).into_owned() }</b>{ format!(" from {}", clip(event.actor())) }</> },
                        ) }
                        if let Some((position, kind)) = cause {
                            { " ← " }{ link(position, format!("#{position} {}", clip(&kind))) }
                        }
                    </p>
                </div>
                <div>
                    <h3>{ "Caused" }</h3>
                    <p>
                        if caused.is_empty() {
                            <span class="quiet">{ "nothing further" }</span>
                        }
                        { for caused.into_iter().map(|(position, kind)| html! { <>{ link(position, format!("#{position} {}", clip(&kind))) }{ " " }</> }) }
                    </p>
                </div>
            </div>
            if let Some(stated) = stated_time(event) {
                <p class="note">{ format!("It says another time: {stated}. It was recorded after the event before it.") }</p>
            }
            { offers(event.position(), props.head, &props.out, &props.shell) }
            <details class="imagine" open={*open} ontoggle={toggled}>
                <summary>{ "Ids, times and data" }</summary>
                if *open { { stored(event, props) } }
            </details>
        </div>
    }
}

/// What the event has changed in its stream's state. None where that cannot be told.
fn changes(props: &DetailProps) -> Option<Changes> {
    let mut viewpoint = props.open_log.viewpoint_mut();
    let position = props.position;
    let stream = viewpoint.log().event(position)?.stream().clone();
    let rows = viewpoint.fold_rows(&[Target::State(stream)], position, position, usize::MAX);
    let cell = rows.into_iter().next()?.cells.into_iter().next()??;
    Some(Changes::of(&cell, &props.shell.money, CHANGES_TOLD))
}

/// True where the event holds something whose key was destroyed.
fn is_forgotten(event: &Recorded, seals: &Seals) -> bool {
    seals.open(event.data().get()).contains(FORGOTTEN)
}

/// It in words, before and after.
fn changed(changes: Option<&Changes>, forgotten: bool) -> Html {
    match changes {
        None => html! {},
        Some(changes) if changes.told.is_empty() && forgotten => {
            html! { <p class="quiet">{ "What it changed can no longer be read: the key was destroyed." }</p> }
        }
        Some(changes) if changes.told.is_empty() => {
            html! { <p class="quiet">{ "Its state is the same as before: the event changes nothing in it." }</p> }
        }
        Some(changes) => {
            let one = |change: &Change| {
                let change = Changes { told: vec![change.clone()], more: 0 };
                html! { <li>{ told_changes(&change) }{ all_changes(&change) }</li> }
            };
            html! {
                <ul class="changed" aria-label="What it changed">
                    { for changes.told.iter().map(one) }
                    if changes.more > 0 { <li class="quiet">{ format!("and {} more", changes.more) }</li> }
                </ul>
            }
        }
    }
}

/// What is stored of an event: its time, ids, and data.
/// What is to be said of an event that is sealed.
fn about_seals(event: &Recorded, seals: &Seals) -> Option<&'static str> {
    let data = event.data();
    let opened = seals.open(data.get());
    if opened == data.get() {
        None
    } else if opened.contains(FORGOTTEN) {
        Some("Personal fields are stored sealed. The seals are still here; the key is not.")
    } else {
        Some(
            "Personal fields are stored sealed. Everywhere else the page opens them with the person's key.",
        )
    }
}

fn stored(event: &Recorded, props: &DetailProps) -> Html {
    // Data is shown as it is stored, unlike everywhere else.
    let shape = |title: Html, data: &Value| {
        let keys = data.as_object().into_iter().flat_map(|fields| fields.keys());
        let cents = keys.into_iter().any(|key| is_money(&props.shell.money, key));
        html! {
            <div>
                <h3>{ title }if cents { <span class="quiet">{ " · amounts in cents" }</span> }</h3>
                <Data data={data.clone()} />
            </div>
        }
    };
    let lifting = lifting(event, &props.open_log);
    // The last shape of an event that can be read is the one that it has now.
    let fails = lifting.as_ref().is_some_and(|it| it.fails.is_some());
    let earlier = lifting.as_ref().map_or(0, |it| it.shapes.len() - usize::from(!fails));
    let schema =
        |schema: u16| html! { <Term word={Word::Schema} text={format!("schema {schema}")} /> };
    html! {
        <>
            <p class="ids mono">
                <span>{ written_time(event).0 }</span>
                { id("id", event.id()) }
                { id("command", event.command_id()) }
                if event.correlation_id() != event.command_id() { { id("correlation", event.correlation_id()) } }
            </p>
            if let Some(seals) = about_seals(event, &props.shell.seals) { <p class="quiet">{ seals }</p> }
            <div class="shapes">
                if let Some(lifting) = &lifting {
                    { for lifting.shapes.iter().take(earlier).enumerate().map(|(step, it)| {
                        let when = if step == 0 { "As stored" } else { "Upcast" };
                        shape(html! { <>{ format!("{when}, {}, ", clip(&it.kind)) }{ schema(it.schema) }</> }, &it.data)
                    }) }
                    if let Some(why) = &lifting.fails {
                        <p class="fault">{ format!("The step from schema {} fails: {}.", lifting.shapes.last().map_or(0, |it| it.schema), clip(why)) }</p>
                    }
                }
                if let Some(metadata) = event.metadata() {
                    { shape(html! { { "From elsewhere" } }, &attributes(metadata)) }
                }
                if event.unreadable().is_none() || lifting.is_none() {
                    { shape(html! { <>{ format!("{}, ", clip(event.kind())) }{ schema(event.schema()) }</> }, &serde_json::from_str(event.data().get()).unwrap_or_default()) }
                }
            </div>
        </>
    }
}

/// The way of an event that was stored under an older schema to the current one.
fn lifting(event: &Recorded, open_log: &OpenLog) -> Option<Lifting> {
    let stored = event.stored().or_else(|| event.unreadable().map(|it| &it.stored))?;
    let scenario = open_log.session().scenario().clone();
    Some(scenario.aggregate_of(event.stream().category())?.lifting(stored))
}

#[derive(Properties, PartialEq)]
struct DataProps {
    data: Value,
}

/// Data as it is stored. What is long in it is clipped until somebody asks for all of it.
#[component]
fn Data(props: &DataProps) -> Html {
    let all = yew::use_state(|| false);
    let Some(clipped) = clip_value(&props.data) else {
        return html! { <pre tabindex="0">{ format!("{:#}", props.data) }</pre> };
    };
    let (shown, toggle) = (*all, all.clone());
    let data = if shown { &props.data } else { &clipped };
    html! {
        <>
            <pre class="clipped" tabindex="0">{ format!("{data:#}") }</pre>
            { button(if shown { "Show less" } else { "Show all" }, Callback::from(move |_| toggle.set(!shown))) }
        </>
    }
}

/// The attributes that came with an event from elsewhere.
fn attributes(metadata: &Metadata) -> Value {
    let shown = metadata.attributes().into_iter().filter_map(|(name, value)| {
        let value: Value = serde_json::from_str(value.get()).ok()?;
        (!value.is_null()).then_some((name, value))
    });
    Value::Object(shown.collect())
}

/// An id's first and last digits: enough to tell it from its neighbours.
fn id(name: &str, id: Uuid) -> Html {
    let text = id.simple().to_string();
    html! { <>{ " · " }<span>{ format!("{name} {}…{}", &text[..8], &text[28..]) }</span></> }
}
