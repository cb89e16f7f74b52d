//! The timeline: the playhead on its slider, the streams' lanes above it, a flag for each
//! subscription, bookmarks, and the buttons that step and play.

use std::rc::Rc;

use web_sys::HtmlElement;
use yew::{
    Callback, Event, Html, InputEvent, MouseEvent, Properties, classes, component, html,
    use_effect_with, use_node_ref,
};

use super::bookmarks::BookmarkList;
use super::clock::{ahead, clock, next_in_words};
use super::icons::icon;
use super::lab::DragFlag;
use super::parts::{button, icon_button, mark, menu, select, tick, typed};
use super::watching::Lines;
use crate::es::{Recorded, Stream, sort};
use crate::host::OpenLog;
use crate::lab::{Control, Panel, SubscriptionKind};
use crate::ui::browser::fixed::{Fixed, drawn};
use crate::ui::model::bookmarks::Bookmarks;
use crate::ui::model::clock::Face;
use crate::ui::model::layout::{self, Hint};
use crate::ui::model::shell::{Shell, use_shell};
use crate::ui::model::track::{Axis, Track, WIDTH};
use crate::ui::model::watching::Watch;
use crate::ui::model::{commands, playback, subscriptions};
use crate::ui::words::grouped;

/// The event at the playhead.
#[derive(Clone, Debug, PartialEq)]
pub struct Here {
    pub kind: Rc<str>,
    pub stream: Stream,
    pub at: u64,
    pub written: String,
    /// The amount of money that it is about.
    pub amount: Option<String>,
}

/// A subscription's place on the track.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    name: Rc<str>,
    checkpoint: u64,
    lag: u64,
    process: bool,
    paused: bool,
}

impl Flag {
    /// The flag of a projection or process.
    pub fn of(panel: &Panel) -> Self {
        Self {
            name: panel.name.clone(),
            checkpoint: panel.checkpoint,
            lag: panel.lag,
            process: panel.kind == SubscriptionKind::Process,
            paused: panel.paused,
        }
    }
}

#[derive(Properties, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is its own switch on the page")]
pub struct TimelineProps {
    pub position: u64,
    pub head: u64,
    pub here: Option<Here>,
    /// True where there is room for few lanes.
    pub present: bool,
    /// True where the Fold view needs that room.
    pub folding: bool,
    pub axis: Rc<Axis>,
    pub track: Rc<Track>,
    pub flags: Vec<Flag>,
    /// Where times are looked up.
    pub open_log: OpenLog,
    pub marks: Bookmarks,
    pub speed: f64,
    pub playing: bool,
    pub beats: bool,
    pub zoom: u64,
    pub hint: Hint,
    /// Beats of the event at the playhead are left.
    pub more: bool,
    /// The slider is all there is room for.
    pub one_line: bool,
    /// On the ordinary page, it is one line tall: its buttons and its slider.
    pub low: bool,
    /// The story goes over days: dates are what one travels by.
    pub dates: bool,
    pub face: Rc<Face>,
    /// Why the clock was not moved.
    pub unmoved: Option<Rc<str>>,
    /// What somebody watches.
    pub watched: Rc<Vec<Watch>>,
}

#[component]
pub fn Timeline(props: &TimelineProps) -> Html {
    let shell = use_shell();
    if props.one_line {
        return one_line(&shell, props);
    }
    if props.low {
        return html! {
            <section class="timeline low" role="region" aria-label="Timeline">{ controls(&shell, props) }</section>
        };
    }
    html! {
        <section class={classes!("timeline", (props.face.count > 0).then_some("waiting"))} role="region" aria-label="Timeline">
            { controls(&shell, props) }
            <Lanes track={props.track.clone()} veil={style(props, props.position)} here={lane_here(props)} room={(props.present, props.folding)} />
            { flags(&shell, props) }
            { slider(&shell, props) }
            <Lines list={props.watched.clone()} position={props.position} ends={(props.axis.from, props.axis.to)} share={share(props, props.position)} />
            if props.face.count > 0 { { ahead(&shell, &props.face) } }
        </section>
    }
}

/// On the stage: where the playhead is, the slider, and how many are at the head.
fn one_line(shell: &Shell, props: &TimelineProps) -> Html {
    let (late, ahead): (Vec<&Flag>, Vec<&Flag>) = props.flags.iter().partition(|flag| flag.lag > 0);
    let late = late.iter().map(|flag| format!("⚑ {}, {} behind", flag.name, flag.lag));
    let at_head = (!ahead.is_empty()).then(|| format!("⚑ {} at the head", ahead.len()));
    let next = next_in_words(&props.face).map(|it| format!("◷ {it}"));
    let flags: Vec<String> = late.chain(at_head).chain(next).collect();
    html! {
        <section class="timeline one-line" role="region" aria-label="Timeline">
            <p class="where">
                <b>{ format!("{} of {}", grouped(props.position), grouped(props.head)) }</b>
                if let Some(here) = &props.here {
                    <span class="quiet">{ format!("{} · {} · {}", here.kind, here.stream, here.written) }</span>
                }
            </p>
            { rail(shell, props) }
            <p class="quiet flags">{ flags.join(" · ") }</p>
        </section>
    }
}

const SPEEDS: [(f64, &str); 8] = [
    (0.1, "every 10 s"),
    (0.2, "every 5 s"),
    (0.334, "every 3 s"),
    (0.5, "0.5×"),
    (1.0, "1×"),
    (2.0, "2×"),
    (3.0, "3×"),
    (4.0, "4×"),
];

fn controls(shell: &Shell, props: &TimelineProps) -> Html {
    let (position, head) = (props.position, props.head);
    let step = |name: &'static str, label: &'static str, off: bool, press: Callback<MouseEvent>| {
        html! {
            <button type="button" class="step" aria-label={label} title={label} disabled={off} onclick={press}>{ icon(name) }</button>
        }
    };
    let press = |msg: fn() -> playback::Msg| shell.on(move |_: MouseEvent| msg());
    let seek = |to: u64| shell.on(move |_: MouseEvent| playback::Msg::Seek(to));
    let speed = shell.on(|it: String| {
        let speed = SPEEDS.iter().find(|(_, text)| **text == *it);
        playback::Msg::Speed(speed.map_or(1.0, |(speed, _)| *speed))
    });
    let near = |it: f64| (props.speed - it).abs() < 0.01;
    let speeds = SPEEDS.map(|(_, text)| (text.to_owned(), text.to_owned()));
    let at = SPEEDS.iter().find(|(it, _)| near(*it)).map(|(_, text)| *text);
    let pace =
        [("event", "by event"), ("beat", "by beat")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    let marked = props.marks.iter().any(|(it, _)| *it == position);
    let bookmark = {
        let here = props.here.as_ref();
        let name =
            here.map_or("The beginning".to_owned(), |it| format!("{} on {}", it.kind, it.stream));
        shell.on(move |_: MouseEvent| {
            layout::Msg::Bookmark(position, (!marked).then(|| name.clone()))
        })
    };
    html! {
        <div class="controls">
            <div class="transport">
                { step("first", "First event", position == 0, seek(0)) }
                { step("previous", "Previous event", position == 0, press(|| playback::Msg::Back)) }
                <button type="button" class="primary play" disabled={head == 0} onclick={press(|| playback::Msg::Play)}>
                    if props.playing { { icon("pause") }{ "Pause" } } else { { icon("play") }{ "Play" } }
                </button>
                { step("next", "Next event", position == head && !props.more, press(|| playback::Msg::On)) }
                { step("latest", "Latest event", position == head, seek(head)) }
                { select("Speed", at.unwrap_or("1×"), speeds, speed) }
                { select("Step and play", if props.beats { "beat" } else { "event" }, pace, shell.on(|it: String| playback::Msg::Beats(it == "beat"))) }
            </div>
            if props.low { { rail(shell, props) } }
            { place_of(shell, props) }
            if props.dates && !props.low {
                <label class="when"><span class="quiet">{ "Date" }</span>{ date_field(shell, props, "Date and time, UTC") }</label>
            }
            <div class="transport">
                <button type="button" class="mark" aria-pressed={marked.to_string()} onclick={bookmark} title="Keep this position under a name">
                    { icon("bookmark") }<span>{ "Bookmark" }</span>
                </button>
                { clock(shell, &props.face, props.unmoved.as_deref()) }
                { menu(html! { <>{ "View" }<span aria-hidden="true">{ " ▾" }</span></> }, None, view(shell, props)) }
            </div>
        </div>
    }
}

/// Where the playhead is. In the past it is unmistakable.
fn place_of(shell: &Shell, props: &TimelineProps) -> Html {
    let (position, head) = (props.position, props.head);
    html! {
        <p class="where">
            <b>{ format!("Position {} of {}", grouped(position), grouped(head)) }</b>
            <span>{ match &props.here {
                Some(here) => format!(" · {} on {}", here.kind, here.stream),
                None if head == 0 => " · nothing has happened yet".to_owned(),
                None => " · before the first event".to_owned(),
            } }</span>
            if let Some(here) = &props.here { <span class="date">{ format!(" · {}", here.written) }</span> }
            if position < head {
                <span class="ahead">{ format!(" · {} to come", grouped(head - position)) }</span>
                <span class="acts">
                    { button("Fork here", shell.on(|_: MouseEvent| commands::Msg::Fork(false))) }
                    { button("Return to now", shell.on(move |_: MouseEvent| playback::Msg::Seek(head))) }
                </span>
            }
        </p>
    }
}

/// A field for a date and a time. The playhead goes to what has happened by then.
fn date_field(shell: &Shell, props: &TimelineProps, label: &'static str) -> Html {
    let by_time = {
        let open_log = props.open_log.clone();
        shell.link.on_some(move |event: Event| {
            let at = typed(&event).and_then(|it| millis(&it))?;
            Some(playback::Msg::Seek(open_log.session().position_at(at)))
        })
    };
    html! {
        <input type="datetime-local" step="1" aria-label={label} value={props.here.as_ref().map(|it| written(it.at))} onchange={by_time} />
    }
}

/// The menu of how the timeline shows the log.
fn view(shell: &Shell, props: &TimelineProps) -> Html {
    let zoom = props.zoom;
    let zooms = [1, 4, 16, 64, 256, 1024].into_iter().filter(|it| *it == 1 || props.head / it >= 8);
    let zooms = zooms.map(|it| {
        let text = if it == 1 { "the whole log".to_owned() } else { format!("1/{it} of it") };
        (it.to_string(), text)
    });
    html! {
        <>
            <label class="field"><span>{ "Spans" }</span>
                { select("Timeline spans", &zoom.to_string(), zooms, shell.on(|it: String| layout::Msg::Zoom(it.parse().unwrap_or(1)))) }
            </label>
            { tick("Space events by time", props.axis.times.is_some(), &shell.on(layout::Msg::ByTime)) }
            if !props.present { { tick("On one line  (t)", props.low, &shell.on(layout::Msg::Low)) } }
            <label class="field"><span>{ "Go to a date and time, UTC" }</span>
                { date_field(shell, props, "Go to a date and time, UTC") }
            </label>
            <h3>{ "Bookmarks" }</h3>
            <BookmarkList marks={props.marks.clone()} />
        </>
    }
}

#[derive(Properties)]
struct LanesProps {
    track: Rc<Track>,
    /// Where the playhead is: what is to the right of it has not happened yet.
    veil: String,
    /// The lane of the event at the playhead.
    here: Option<usize>,
    /// What the room for lanes depends on.
    room: (bool, bool),
}

impl PartialEq for LanesProps {
    fn eq(&self, other: &Self) -> bool {
        let place = |it: &Self| (it.here, it.room);
        Rc::ptr_eq(&self.track, &other.track)
            && self.veil == other.veil
            && place(self) == place(other)
    }
}

/// In pixels, as the style sheet has it.
const LANE_HEIGHT: i32 = 14;
/// How many lanes are in view even where the page is small.
const LANES_IN_VIEW: usize = 3;

#[component]
fn Lanes(props: &LanesProps) -> Html {
    let (lanes, place) = (props.track.lanes.len(), use_node_ref());
    use_effect_with((props.here.unwrap_or_default(), lanes, props.room), {
        let place = place.clone();
        // Where not all lanes are in view, the playhead's is, with its neighbours.
        move |&(here, lanes, _)| {
            if lanes > LANES_IN_VIEW
                && let Some(place) = place.cast::<HtmlElement>()
            {
                let first = i32::try_from(here.saturating_sub(LANES_IN_VIEW / 2));
                place.set_scroll_top(first.unwrap_or_default() * LANE_HEIGHT);
            }
        }
    });
    html! {
        <div class="lanes" aria-hidden="true" ref={place}>
            <Drawing track={props.track.clone()} />
            if lanes > 0 { <span class="veil-track" style={props.veil.clone()}><i class="veil" /><i class="playhead" /></span> }
            if let Some(lane) = props.here {
                <span class="veil-track"><i class="here" style={format!("{};top:calc({lane} * {LANE_HEIGHT}px + {}px)", props.veil, LANE_HEIGHT / 2)} /></span>
            }
        </div>
    }
}

#[derive(Properties)]
struct DrawingProps {
    track: Rc<Track>,
}

impl PartialEq for DrawingProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.track, &other.track)
    }
}

/// The marks themselves, drawn again only as the log grows.
#[component]
fn Drawing(props: &DrawingProps) -> Html {
    let track = &props.track;
    html! {
        { for track.lanes.iter().map(|lane| html! {
            <div class="lane" key={lane.name.to_string()}>
                <span class="name" title={lane.name.to_string()}>{ lane.label(track.grouped) }</span>
                <svg class="track" viewBox={format!("0 0 {} 16", Fixed(WIDTH, 0))} preserveAspectRatio="none">
                    { for lane.marks.iter().map(|(kind, path)| html! {
                        <>
                            <path class={mark(*kind)} d={path.clone()} data-kind={kind.to_string()} />
                            if kind % 5 > 2 { <path class={format!("{} hole", mark(*kind))} d={path.clone()} data-kind={kind.to_string()} /> }
                        </>
                    }) }
                    if !lane.density.is_empty() { <path class="density" d={lane.density.clone()} /> }
                </svg>
            </div>
        }) }
    }
}

fn lane_here(props: &TimelineProps) -> Option<usize> {
    let stream = &props.here.as_ref()?.stream;
    let name = if props.track.grouped { stream.category() } else { stream.as_str() };
    props.track.lanes.iter().position(|lane| *lane.name == *name)
}

/// Where a position is, for the parts of the page that are drawn there.
fn style(props: &TimelineProps, position: u64) -> String {
    format!("--at:{}", Fixed(share(props, position), 5))
}

fn share(props: &TimelineProps, position: u64) -> f64 {
    let session = props.open_log.session();
    props.axis.share(position, session.log().event(position).map_or(0, Recorded::at))
}

fn drag_flag(
    shell: &Shell,
    props: &TimelineProps,
    flag: &Flag,
    text: String,
    how: &str,
    style: String,
) -> Html {
    let find = {
        let name = flag.name.clone();
        shell.on(move |()| layout::Msg::Find(name.clone()))
    };
    let rewind = {
        let name = flag.name.clone();
        shell.on(move |to| subscriptions::Msg::Control(name.clone(), Control::Rewind(to)))
    };
    let place = {
        let (axis, open_log) = (props.axis.clone(), props.open_log.clone());
        Callback::from(move |share| axis.position(share, |at| open_log.session().position_at(at)))
    };
    let class = format!("flag {}{how}", if flag.process { "lilac" } else { "green" });
    html! {
        <DragFlag key={flag.name.to_string()} name={flag.name.to_string()} {text} {class} {style} checkpoint={flag.checkpoint} {place} {find} {rewind} />
    }
}

/// Flags this near to each other, as a share of the track, have no room for their words.
const CROWDED: f64 = 0.14;

/// How flags stand at these places, which ascend: as what, and how many stand on the right. Where
/// they would cover each other, one at the edge has words, and the others are flags only.
fn stand(places: &[f64]) -> Vec<(&'static str, usize)> {
    let crowds = places.chunk_by(|a, b| b - a < CROWDED);
    let all = crowds.flat_map(|crowd| {
        let (last, left) = (crowd.len() - 1, crowd[0] > 0.7);
        (0..=last).map(move |nth| match nth {
            0 if left => (" left", last),
            _ if nth == last && !left => ("", 0),
            _ => (" pennant", last - nth),
        })
    });
    all.collect()
}

fn flags(shell: &Shell, props: &TimelineProps) -> Html {
    let (mut behind, ahead): (Vec<&Flag>, Vec<&Flag>) =
        props.flags.iter().partition(|flag| flag.lag > 0 || flag.paused);
    sort(&mut behind, |a, b| a.checkpoint.cmp(&b.checkpoint));
    let places: Vec<f64> = behind.iter().map(|it| share(props, it.checkpoint)).collect();
    html! {
        <div class={if behind.is_empty() { "lane flags" } else { "lane flags behind" }}>
            <span class="name">{ match ahead.len() {
                0 => html! {},
                count => html! { <span title={ahead.iter().map(|it| it.name.to_string()).collect::<Vec<_>>().join(", ")}>{ format!("⚑ {count} at the head") }</span> },
            } }</span>
            <span class="track">
                { for props.marks.iter().filter(|(it, _)| (props.axis.from..=props.axis.to).contains(it)).map(|(position, name)| {
                    let position = *position;
                    html! {
                        <button type="button" key={format!("bookmark {position}")} class="flag star" style={style(props, position)}
                            aria-label={format!("Bookmark {name}, position {position}")} title={name.to_string()} onclick={shell.on(move |_: MouseEvent| playback::Msg::Seek(position))}>
                            { icon("bookmark") }
                        </button>
                    }
                }) }
                { for behind.iter().zip(stand(&places)).map(|(flag, (how, nth))| {
                    let text = format!("{}, {}", flag.name, match flag.lag { 0 => "paused".to_owned(), lag => format!("{lag} behind") });
                    drag_flag(shell, props, flag, text, how, format!("{};--nth:{nth}", style(props, flag.checkpoint)))
                }) }
                { for ahead.iter().enumerate().filter(|_| props.head > 0 && props.axis.to == props.head).map(|(nth, flag)| {
                    let text = flag.name.to_string();
                    drag_flag(shell, props, flag, text, " pennant head", format!("{};--nth:{}", style(props, flag.checkpoint), ahead.len() - 1 - nth))
                }) }
            </span>
        </div>
    }
}

/// How many steps the slider has where places follow the time.
const STEPS: f64 = 10_000.0;

fn slider(shell: &Shell, props: &TimelineProps) -> Html {
    let (position, head) = (props.position, props.head);
    let rail = rail(shell, props);
    let whole = shell.on(|event: InputEvent| {
        let to = typed(&event).and_then(|it| it.parse().ok());
        playback::Msg::Want(to.unwrap_or_default())
    });
    html! {
        <>
            <div class="lane">
                <span class="name" aria-hidden="true">{ format!("{position} / {head}") }</span>
                { rail }
            </div>
            if props.zoom > 1 {
                <div class="lane">
                    <span class="name" aria-hidden="true">{ "whole log" }</span>
                    <input class="slider whole" type="range" aria-label="Overview of the whole log" min="0" max={head.to_string()} step="1"
                        value={position.to_string()} oninput={whole}
                        style={format!("--from:{}%;--to:{}%", Fixed(100.0 * props.axis.from as f64 / head.max(1) as f64, 3), Fixed(100.0 * props.axis.to as f64 / head.max(1) as f64, 3))} />
                </div>
            }
        </>
    }
}

/// The slider itself, and the hint on it.
fn rail(shell: &Shell, props: &TimelineProps) -> Html {
    let (position, head) = (props.position, props.head);
    let text = match &props.here {
        Some(here) => {
            let amount = here.amount.as_ref().map(|it| format!(" {it}")).unwrap_or_default();
            format!("position {position} of {head}: {}{amount} on {}", here.kind, here.stream)
        }
        None => format!("position 0 of {head}, before the first event"),
    };
    let drag = {
        let (open_log, axis) = (props.open_log.clone(), props.axis.clone());
        shell.link.on_some(move |event: InputEvent| {
            let value = typed(&event).and_then(|it| it.parse::<u64>().ok())?;
            let to = match axis.times {
                Some(_) => {
                    axis.position(value as f64 / STEPS, |at| open_log.session().position_at(at))
                }
                None => value,
            };
            Some(playback::Msg::Want(to))
        })
    };
    let share = share(props, position);
    let (min, max, value) = match props.axis.times {
        Some(_) => ("0".to_owned(), drawn(STEPS), drawn((share * STEPS).round())),
        // Of a long log, the drawing may be a little behind the head.
        None if props.zoom == 1 => ("0".to_owned(), head.to_string(), position.to_string()),
        None => (props.axis.from.to_string(), props.axis.to.to_string(), position.to_string()),
    };
    html! {
        <span class="rail">
            <input
                class="slider" type="range" role="slider" aria-label="Playhead" {min} {max} step="1"
                {value} aria-valuetext={text} oninput={drag} style={format!("--done:{}%", Fixed(100.0 * share, 3))}
            />
            if props.hint != Hint::Gone && !props.low {
                <span class={if props.hint == Hint::Taken { "hint taken" } else { "hint" }} role="note">
                    <span>{ "Drag me back: everything on this page goes back in time." }</span>
                    { icon_button("refused", "Close the hint".to_owned(), shell.on(|_: MouseEvent| layout::Msg::HideHint)) }
                </span>
            }
        </span>
    }
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
    // Browsers know no later date than that of the year 275,760.
    if date.get_time().is_nan() {
        return String::new();
    }
    let text = String::from(date.to_iso_string());
    text.get(..19).unwrap_or_default().to_owned()
}
