//! The timeline: the playhead on its slider, the streams' lanes above it, a flag for each
//! subscription, and the buttons that step and play.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::{Callback, Event, Html, InputEvent, Properties, component, html};

use super::header::chosen;
use super::icons::icon;
use crate::lab::Stream;

/// A stream's, or a category's, marks.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    name: Rc<str>,
    marks: Vec<(u64, Rc<str>)>,
}

impl Lane {
    /// A lane from its events: position, stream and type.
    pub fn of<'a>(name: &str, events: impl Iterator<Item = &'a (u64, Stream, Rc<str>)>) -> Self {
        let marks = events.map(|(position, _, kind)| (*position, kind.clone())).collect();
        Self { name: name.into(), marks }
    }
}

#[derive(Properties, PartialEq)]
pub struct TimelineProps {
    pub position: u64,
    pub head: u64,
    /// The event at the playhead: type, stream and time.
    pub caption: Option<(Rc<str>, Stream, String)>,
    pub lanes: Vec<Lane>,
    /// Subscription, checkpoint, and whether it is a process.
    pub flags: Vec<(Rc<str>, u64, bool)>,
    pub speed: f64,
    pub playing: bool,
    /// The time of the event at the playhead, in milliseconds since 1970.
    pub time: Option<u64>,
    pub want: Callback<u64>,
    pub seek: Callback<u64>,
    pub play: Callback<()>,
    pub set_speed: Callback<f64>,
    pub by_time: Callback<u64>,
}

#[component]
pub fn Timeline(props: &TimelineProps) -> Html {
    let (position, head) = (props.position, props.head);
    let go = |name: &'static str, label: &'static str, to: u64| {
        let seek = props.seek.reform(move |_| to);
        html! {
            <button type="button" aria-label={label} title={label} disabled={to == position} onclick={seek}>{ icon(name) }</button>
        }
    };
    let drag = props.want.reform(|event: InputEvent| {
        let input = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
        input.and_then(|it| it.value().parse().ok()).unwrap_or_default()
    });
    let speed = {
        let set = props.set_speed.clone();
        Callback::from(move |event: Event| {
            if let Some(speed) = chosen(&event).and_then(|it| it.parse().ok()) {
                set.emit(speed);
            }
        })
    };
    let by_time = {
        let by_time = props.by_time.clone();
        Callback::from(move |event: Event| {
            let input = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
            if let Some(at) = input.and_then(|it| millis(&it.value())) {
                by_time.emit(at);
            }
        })
    };
    let text = match &props.caption {
        Some((kind, stream, _)) => format!("position {position} of {head}: {kind} on {stream}"),
        None => format!("position 0 of {head}, before the first event"),
    };
    let behind: Vec<_> =
        props.flags.iter().filter(|(_, checkpoint, _)| *checkpoint < head).collect();
    html! {
        <section class="timeline" role="region" aria-label="Timeline">
            <div class="controls">
                { go("first", "First event", 0) }
                { go("previous", "Previous event", position.saturating_sub(1)) }
                <button type="button" class="primary" onclick={props.play.reform(|_| ())}>
                    if props.playing { { icon("pause") }{ "Pause" } } else { { icon("play") }{ "Play" } }
                </button>
                { go("next", "Next event", (position + 1).min(head)) }
                { go("latest", "Latest event", head) }
                <select aria-label="Speed" onchange={speed}>
                    { for [0.5, 1.0, 2.0, 4.0].map(|it| html! {
                        <option value={it.to_string()} selected={(props.speed - it).abs() < 0.01}>{ format!("{it}×") }</option>
                    }) }
                </select>
                <p class="where">
                    <b>{ format!("Position {position} of {head}") }</b>
                    { match &props.caption {
                        Some((kind, stream, time)) => html! { <span>{ format!(" · {kind} on {stream} · {time}") }</span> },
                        None => html! { <span>{ " · before the first event" }</span> },
                    } }
                    if position == head && head > 0 {
                        <span class="quiet">{ " · drag back to see it as it was" }</span>
                    }
                    if position < head {
                        <span>{ match head - position {
                            1 => " · event ".to_owned() + &head.to_string() + " hasn't happened yet",
                            _ => format!(" · events {} to {head} haven't happened yet", position + 1),
                        } }</span>
                        <button type="button" onclick={props.seek.reform(move |_| head)}>{ "Return to now" }</button>
                    }
                </p>
                <label class="inline">
                    <span class="quiet">{ "Go to" }</span>
                    <input type="datetime-local" step="1" aria-label="Go to a date and time, UTC" value={props.time.map(written)} onchange={by_time} />
                </label>
            </div>
            <div class="lanes" aria-hidden="true">
                { for props.lanes.iter().map(|lane| html! {
                    <div class="lane" key={lane.name.to_string()}>
                        <span class="name">{ lane.name.to_string() }</span>
                        <span class="track">
                            { for lane.marks.iter().map(|(at, kind)| html! {
                                <i key={*at} class={match (*at == position, *at > position) { (true, _) => "here", (_, true) => "future", _ => "" }}
                                    style={place(*at, head)} title={format!("#{at} {kind}")} />
                            }) }
                        </span>
                    </div>
                }) }
            </div>
            <div class="lane flags" aria-hidden="true">
                <span class="name" />
                <span class="track">
                    { for behind.iter().map(|(name, checkpoint, process)| html! {
                        <b key={name.to_string()} class={if *process { "lilac" } else { "green" }} style={place(*checkpoint, head)}>
                            { format!("⚑ {name}, {} behind", head - checkpoint) }
                        </b>
                    }) }
                </span>
            </div>
            <div class="lane">
                <span class="name" aria-hidden="true">{ format!("{position} / {head}") }</span>
                <input
                    class="slider" type="range" role="slider" aria-label="Playhead" min="0" max={head.to_string()} step="1"
                    value={position.to_string()} aria-valuetext={text} oninput={drag}
                    style={format!("--done:{}%", if head == 0 { 0.0 } else { 100.0 * position as f64 / head as f64 })}
                />
            </div>
        </section>
    }
}

/// Where a position is on the slider's track, whose thumb is 18 px wide.
fn place(position: u64, head: u64) -> String {
    let share = if head == 0 { 0.0 } else { position as f64 / head as f64 };
    format!("left:calc(9px + (100% - 18px) * {share:.5})")
}

/// Milliseconds since 1970 of what a date field holds, read as UTC.
fn millis(text: &str) -> Option<u64> {
    let time = js_sys::Date::parse(&format!("{text}Z"));
    let time = if time.is_nan() { js_sys::Date::parse(&format!("{text}:00Z")) } else { time };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
    (time >= 0.0).then_some(time as u64)
}

fn written(at: u64) -> String {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at as f64));
    let text = String::from(date.to_iso_string());
    text.get(..19).unwrap_or_default().to_owned()
}
