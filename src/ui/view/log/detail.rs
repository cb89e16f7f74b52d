//! The event at the playhead in detail: what it follows from, what followed, and its data.

use std::rc::Rc;

use serde_json::Value;
use uuid::Uuid;
use yew::{Callback, Html, MouseEvent, Properties, component, html};

use crate::codec::archive::stated_time;
use crate::es::{Metadata, Set};
use crate::host::OpenLog;
use crate::lab::clip::{clip, clip_value};
use crate::ui::browser::clock::written_time;
use crate::ui::model::playback;
use crate::ui::model::shell::Shell;
use crate::ui::view::lab::offers;
use crate::ui::view::parts::button;
use crate::ui::words::is_money;

#[derive(Properties, PartialEq)]
pub struct DetailProps {
    pub open_log: OpenLog,
    pub position: u64,
    /// As the log grows, an event may turn out to have caused more.
    pub head: u64,
    pub out: Rc<Set<u64>>,
    pub shell: Shell,
}

#[component]
pub fn Detail(props: &DetailProps) -> Html {
    let session = props.open_log.session();
    let Some(event) = session.log().event(props.position) else {
        return html! {
            <div class="detail"><p class="empty">{ "Before the first event: every state is its initial state." }</p></div>
        };
    };
    // Data is shown as it is stored, unlike everywhere else.
    let shape = |title: String, data: &Value| {
        let keys = data.as_object().into_iter().flat_map(|fields| fields.keys());
        let cents = keys.into_iter().any(|key| is_money(&props.shell.money, key));
        html! {
            <div>
                <h3>{ title }if cents { <span class="quiet">{ " · amounts in cents" }</span> }</h3>
                <Data data={data.clone()} />
            </div>
        }
    };
    let link = |position: u64, text: String| {
        html! {
            <button type="button" class="link" onclick={props.shell.on(move |_: MouseEvent| playback::Msg::Seek(position))}>{ text }</button>
        }
    };
    let cause = session.cause(event.position());
    let caused = session.caused_by(event.position());
    html! {
        <div class="detail">
            <div class="causes">
                <div>
                    <h3>{ "Caused by" }</h3>
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
            if let Some(unreadable) = event.unreadable() {
                <p class="fault">{ format!("This event cannot be read: {}. It stays in the log; its stream refuses commands, and read models skip it.", clip(&unreadable.why)) }</p>
            }
            if let Some(stated) = stated_time(event) {
                <p class="note">{ format!("It says another time: {stated}. It was recorded after the event before it.") }</p>
            }
            <div class="shapes">
                if let Some(stored) = event.stored() {
                    { shape(format!("As stored, schema {}: {}", stored.schema, clip(&stored.kind)), &stored.data) }
                }
                if let Some(metadata) = event.metadata() {
                    { shape("From elsewhere".to_owned(), &attributes(metadata)) }
                }
                { shape(format!("{}, schema {}", clip(event.kind()), event.schema()), &serde_json::from_str(event.data().get()).unwrap_or_default()) }
            </div>
            { offers(event.position(), props.head, &props.out, &props.shell) }
            <p class="ids mono">
                <span>{ written_time(event).0 }</span>
                { id("id", event.id()) }
                { id("command", event.command_id()) }
                if event.correlation_id() != event.command_id() { { id("correlation", event.correlation_id()) } }
            </p>
        </div>
    }
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
