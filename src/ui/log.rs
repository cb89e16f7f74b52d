//! The event log: a window of rows over a log of any length, and the selected event's detail.

use std::rc::Rc;

use serde_json::Value;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::{Callback, Component, Context, Html, InputEvent, NodeRef, Properties, html};

use super::desk::{Desk, written_time};
use crate::lab::{Origin, Recorded};

const ROW_HEIGHT: f64 = 32.0;
const HEADER_HEIGHT: f64 = 28.0;
/// Browsers cannot lay out a taller element; a longer log is scrolled in proportion.
const TALLEST: f64 = 8_000_000.0;
const SPARE_ROWS: usize = 8;

#[derive(Properties, PartialEq)]
pub struct LogProps {
    pub desk: Desk,
    pub position: u64,
    pub head: u64,
    pub filter: String,
    pub seek: Callback<u64>,
    pub set_filter: Callback<String>,
}

pub struct EventLogView {
    place: NodeRef,
    top: f64,
    height: f64,
    /// The positions that pass the filter, where there is one.
    found: Option<Rc<Vec<u64>>>,
    /// The position last brought into view.
    revealed: Option<(u64, u64, String)>,
}

pub enum Msg {
    Scrolled,
}

impl Component for EventLogView {
    type Message = Msg;
    type Properties = LogProps;

    fn create(ctx: &Context<Self>) -> Self {
        let found = find(ctx.props());
        Self { place: NodeRef::default(), top: 0.0, height: 600.0, found, revealed: None }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &LogProps) -> bool {
        let props = ctx.props();
        if props.filter != old.filter || props.head != old.head || props.desk != old.desk {
            self.found = find(props);
        }
        true
    }

    fn update(&mut self, _: &Context<Self>, _: Msg) -> bool {
        let Some(place) = self.place.cast::<HtmlElement>() else { return false };
        let (top, height) = (f64::from(place.scroll_top()), visible(&place));
        let moved = (self.top, self.height) != (top, height);
        (self.top, self.height) = (top, height);
        moved
    }

    fn rendered(&mut self, ctx: &Context<Self>, _: bool) {
        let props = ctx.props();
        let wanted = (props.position, props.head, props.filter.clone());
        if self.revealed.as_ref() == Some(&wanted) {
            return;
        }
        let Some(place) = self.place.cast::<HtmlElement>() else { return };
        self.height = visible(&place);
        self.revealed = Some(wanted);
        let Some(index) = self.index(props) else { return };
        let count = self.count(props);
        let scale = scale(count, self.height);
        let at = index as f64 * ROW_HEIGHT * scale;
        let room = (self.height - ROW_HEIGHT).max(ROW_HEIGHT);
        let top = f64::from(place.scroll_top());
        let target = if at < top {
            at
        } else if at > top + room {
            at - room
        } else {
            return;
        };
        #[expect(clippy::cast_possible_truncation, reason = "below TALLEST")]
        place.set_scroll_top(target.max(0.0) as i32);
        ctx.link().send_message(Msg::Scrolled);
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let count = self.count(props);
        let scale = scale(count, self.height);
        let total = count as f64 * ROW_HEIGHT * scale;
        let first = index_at(self.top / (ROW_HEIGHT * scale)).saturating_sub(SPARE_ROWS).min(count);
        let shown = index_at(self.height / ROW_HEIGHT) + 2 * SPARE_ROWS + 1;
        let last = (first + shown).min(count);
        // Where the log is scrolled in proportion, rows stand where the eye is, not to scale.
        let offset = if scale < 1.0 {
            (self.top - SPARE_ROWS as f64 * ROW_HEIGHT).max(0.0)
        } else {
            first as f64 * ROW_HEIGHT
        };
        let session = props.desk.session();
        let rows = (first..last).filter_map(|index| {
            let event = session.log().event(self.position(index))?;
            Some(row(event, index, props))
        });
        let rows: Html = rows.collect();
        let input = props.set_filter.reform(|event: InputEvent| {
            let input = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
            input.map(|it| it.value()).unwrap_or_default()
        });
        html! {
            <section class="panel log" role="region" aria-label="Event log">
                <div class="head">
                    <h2 class="orange">{ "Event log" }</h2>
                    <input id="filter" type="search" aria-label="Filter the log" placeholder="Filter: stream, type, text  /" value={props.filter.clone()} oninput={input} />
                    <span class="spring" />
                    <span class="chip orange">
                        { match &self.found {
                            Some(found) => format!("{} of {}", found.len(), props.head),
                            None => format!("{} {}", props.head, if props.head == 1 { "event" } else { "events" }),
                        } }
                    </span>
                </div>
                <div class="grid" role="grid" aria-label="Event log" aria-rowcount={(count + 1).to_string()}>
                    <div class="scroll" role="presentation" ref={self.place.clone()} onscroll={ctx.link().callback(|_| Msg::Scrolled)}>
                        <div class="stay" role="rowgroup">
                            <div class="row top" role="row" aria-rowindex="1">
                                { for ["#", "Stream", "v", "Event", "Data", "At"].map(|name| html! {
                                    <span role="columnheader">{ name }</span>
                                }) }
                            </div>
                        </div>
                        <div class="spacer" role="rowgroup" style={format!("height:{total}px")}>
                            <div class="window" role="presentation" style={format!("transform:translateY({offset}px)")}>
                                { rows }
                            </div>
                        </div>
                        if props.head == 0 {
                            <p class="empty">{ "No event yet. Send a command, and what happened is written here, one line a fact." }</p>
                        } else if count == 0 {
                            <p class="empty">{ "No event matches the filter." }</p>
                        }
                    </div>
                </div>
                { detail(props) }
            </section>
        }
    }
}

impl EventLogView {
    fn count(&self, props: &LogProps) -> usize {
        match &self.found {
            Some(found) => found.len(),
            None => usize::try_from(props.head).unwrap_or(usize::MAX),
        }
    }

    fn position(&self, index: usize) -> u64 {
        match &self.found {
            Some(found) => found.get(index).copied().unwrap_or_default(),
            None => index as u64 + 1,
        }
    }

    /// The row that the playhead is at.
    fn index(&self, props: &LogProps) -> Option<usize> {
        match &self.found {
            Some(found) => found.binary_search(&props.position).ok(),
            None => usize::try_from(props.position.saturating_sub(1)).ok(),
        }
    }
}

/// The height in which rows are seen: all but the header's, which stays on top.
fn visible(place: &HtmlElement) -> f64 {
    f64::from(place.client_height()) - HEADER_HEIGHT
}

fn scale(count: usize, height: f64) -> f64 {
    let whole = count as f64 * ROW_HEIGHT;
    if whole > TALLEST { (TALLEST - height) / (whole - height) } else { 1.0 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates as meant")]
fn index_at(rows: f64) -> usize {
    rows.max(0.0) as usize
}

fn find(props: &LogProps) -> Option<Rc<Vec<u64>>> {
    let needle = props.filter.trim().to_lowercase();
    if needle.is_empty() {
        return None;
    }
    let session = props.desk.session();
    let found = session.log().events(1, props.head).filter(|event| {
        let near = |text: &str| text.to_lowercase().contains(&needle);
        near(event.stream().as_str()) || near(event.kind()) || near(event.data().get())
    });
    Some(Rc::new(found.map(Recorded::position).collect()))
}

fn row(event: &Recorded, index: usize, props: &LogProps) -> Html {
    let position = event.position();
    let selected = position == props.position;
    let class = match (selected, position > props.position) {
        (true, _) => "row here",
        (_, true) => "row future",
        _ => "row",
    };
    let name =
        format!("{position}: {} on {}, version {}", event.kind(), event.stream(), event.version());
    html! {
        <div
            {class} role="row" key={position} aria-rowindex={(index + 2).to_string()} aria-label={name}
            aria-selected={if selected { "true" } else { "false" }} onclick={props.seek.reform(move |_| position)}
        >
            <span role="gridcell" class="number">{ position }</span>
            <span role="gridcell" class="mono">{ event.stream().as_str() }</span>
            <span role="gridcell" class="number">{ event.version() }</span>
            <span role="gridcell" class="kind">
                { event.kind().to_string() }
                { match event.origin() {
                    Origin::Command => html! {},
                    Origin::Import => html! { <em class="tag">{ "import" }</em> },
                    Origin::Forced => html! { <em class="tag red">{ "forced" }</em> },
                } }
                if event.unreadable().is_some() {
                    <em class="tag red">{ "unreadable" }</em>
                }
            </span>
            <span role="gridcell" class="data">{ summary(event) }</span>
            <span role="gridcell" class="mono quiet">{ written_time(event).1 }</span>
        </div>
    }
}

/// An event's data in a few words.
fn summary(event: &Recorded) -> String {
    let value: Value = serde_json::from_str(event.data().get()).unwrap_or_default();
    match value {
        Value::Object(map) => {
            let parts = map.iter().map(|(key, value)| match value {
                Value::String(text) => format!("{key} {text:?}"),
                other => format!("{key} {other}"),
            });
            parts.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn detail(props: &LogProps) -> Html {
    let session = props.desk.session();
    let Some(event) = session.event() else {
        return html! {
            <div class="detail"><p class="empty">{ "Before the first event: every state is its initial state." }</p></div>
        };
    };
    let pretty = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        serde_json::to_string_pretty(&value).unwrap_or_default()
    };
    let link = |position: u64, text: String| {
        html! {
            <button type="button" class="link" onclick={props.seek.reform(move |_| position)}>{ text }</button>
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
                            || html! { { format!("{} appended it past its aggregate", event.actor()) } },
                            |command| html! { <><b class="blue">{ command.kind.to_string() }</b>{ format!(" from {}", event.actor()) }</> },
                        ) }
                        if let Some((position, kind)) = cause {
                            { " ← " }{ link(position, format!("#{position} {kind}")) }
                        }
                    </p>
                </div>
                <div>
                    <h3>{ "Caused" }</h3>
                    <p>
                        if caused.is_empty() {
                            <span class="quiet">{ "nothing further" }</span>
                        }
                        { for caused.into_iter().map(|(position, kind)| html! { <>{ link(position, format!("#{position} {kind}")) }{ " " }</> }) }
                    </p>
                </div>
            </div>
            if let Some(unreadable) = event.unreadable() {
                <p class="fault">{ format!("This event cannot be read: {}. It stays in the log; its stream refuses commands, and read models skip it.", unreadable.why) }</p>
            }
            <div class="shapes">
                if let Some(stored) = event.stored() {
                    <div>
                        <h3>{ format!("As stored, schema {}: {}", stored.schema, stored.kind) }</h3>
                        <pre tabindex="0">{ pretty(&stored.data.to_string()) }</pre>
                    </div>
                }
                <div>
                    <h3>{ format!("{}, schema {}", event.kind(), event.schema()) }</h3>
                    <pre tabindex="0">{ pretty(event.data().get()) }</pre>
                </div>
            </div>
            <p class="ids mono">
                { format!("{} · id {} · command {} · correlation {}", written_time(event).0, short(&event.id()), short(&event.command_id()), short(&event.correlation_id())) }
            </p>
        </div>
    }
}

/// An id's first and last digits: enough to tell it from its neighbours.
fn short(id: &uuid::Uuid) -> String {
    let text = id.simple().to_string();
    format!("{}…{}", &text[..8], &text[28..])
}
