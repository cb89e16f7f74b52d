//! What is watched: a line under the timeline for each expression, and the tool that lists them.

use std::fmt::Write;
use std::rc::Rc;

use serde_json::Value;
use web_sys::{HtmlInputElement, MouseEvent, SubmitEvent};
use yew::{Callback, Html, Properties, component, html};

use super::parts::{button, icon_button};
use crate::host::Watched;
use crate::lab::clip::clip_to;
use crate::ui::browser::fixed::Fixed;
use crate::ui::model::shell::use_shell;
use crate::ui::model::watching::{Msg, Watch};
use crate::ui::model::{Model, playback};

/// The height of a line, in the drawing's own units.
const HEIGHT: f64 = 20.0;
/// A value is shown with so many letters.
const LETTERS: usize = 40;

/// The tool that lists them.
pub fn tool(model: &Model, position: u64) -> Html {
    let stream =
        model.summary.streams.first().map_or("cart-1".to_owned(), |it| it.as_str().to_owned());
    let view =
        model.read_side.panels.first().map_or_else(|| "Carts now".into(), |it| it.name.clone());
    html! {
        <>
            <p>{ "Write an expression over states and read models. Its value is followed through the log, as a line under the timeline." }</p>
            <Add stream={stream} view={view} />
            <ul class="watched">{ for model.watching.list.iter().enumerate().map(|(at, it)| entry(model, at, it, position)) }</ul>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct AddProps {
    /// A stream and a read model that there are, as examples.
    stream: String,
    view: Rc<str>,
}

#[component]
fn Add(props: &AddProps) -> Html {
    let example = format!("state(\"{}\")", props.stream);
    let shown = format!("view(\"{}\")", props.view);
    let place = yew::use_node_ref();
    let add = {
        let (place, link) = (place.clone(), use_shell().link);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(input) = place.cast::<HtmlInputElement>() else { return };
            link.send(Msg::Add(input.value()));
            input.set_value("");
        })
    };
    html! {
        <form onsubmit={add} novalidate={true}>
            <label class="field"><span>{ "Expression" }</span>
                <input ref={place} class="mono" autocomplete="off" spellcheck="false" placeholder={example.clone()} />
            </label>
            <button class="primary">{ "Watch" }</button>
            <p class="help">
                <code>{ example }</code>{ " is a stream’s state. " }
                <code>{ shown }</code>{ " is what a read model shows, by the keys of its rows. The rest is JavaScript; a comparison such as " }
                <code>{ "< 0" }</code>{ " shows since when it holds." }
            </p>
        </form>
    }
}

fn entry(model: &Model, at: usize, it: &Watch, position: u64) -> Html {
    let shell = model.shell();
    let drop = shell.on(move |_: MouseEvent| Msg::Drop(at));
    html! {
        <li key={it.expression.to_string()}>
            <code>{ &*it.expression }</code>
            { icon_button("refused", format!("Watch {} no longer", it.expression), drop) }
            { match &it.came {
                None => html! { <p class="quiet" role="status">{ "Looking…" }</p> },
                Some(Err(why)) => html! { <p class="fault" role="alert">{ &**why }</p> },
                Some(Ok(watched)) => {
                    let since = watched.since;
                    html! {
                        <p>
                            { match watched.at(position) {
                                Some(Ok(value)) => html! { <b>{ written(value) }</b> },
                                Some(Err(why)) => html! { <span class="fault">{ &**why }</span> },
                                None => html! {},
                            } }
                            if since > 0 {
                                { " since " }
                                { button(format!("#{since}"), shell.on(move |_: MouseEvent| playback::Msg::Seek(since))) }
                            } else { { " from the beginning" } }
                        </p>
                    }
                }
            } }
        </li>
    }
}

#[derive(Properties, PartialEq)]
pub struct LinesProps {
    pub list: Rc<Vec<Watch>>,
    pub position: u64,
    /// The positions at both ends.
    pub ends: (u64, u64),
    /// Where the playhead stands, from 0 to 1.
    pub share: f64,
}

/// The lines under the timeline.
#[component]
pub fn Lines(props: &LinesProps) -> Html {
    if props.list.is_empty() {
        return html! {};
    }
    html! {
        <>{ for props.list.iter().map(|it| line(it, props)) }</>
    }
}

fn line(it: &Watch, props: &LinesProps) -> Html {
    let watched = it.came.as_ref().and_then(|it| it.as_ref().ok());
    let here = watched.and_then(|it| it.at(props.position));
    let value = match here {
        Some(Ok(value)) => written(value),
        None if it.came.is_none() => "…".to_owned(),
        Some(Err(_)) | None => "no value".to_owned(),
    };
    let label = format!("{}: {value}", it.expression);
    html! {
        <div class="lane watch-line" role="img" aria-label={label.clone()} title={label}>
            <span class="name"><b>{ &value }</b>{ " " }<code>{ &*it.expression }</code></span>
            <span class="plot">
                if let Some(watched) = watched { { plot(watched, props) } }
            </span>
        </div>
    }
}

/// The line itself: steps, as a value stays until an event changes it.
fn plot(watched: &Watched, props: &LinesProps) -> Html {
    let numbers: Vec<(u64, Option<f64>)> = watched
        .line
        .iter()
        .map(|(at, value)| (*at, value.as_ref().ok().and_then(height)))
        .collect();
    let known = || numbers.iter().filter_map(|it| it.1);
    let (low, high) = (known().fold(f64::MAX, f64::min), known().fold(f64::MIN, f64::max));
    if known().next().is_none() {
        return html! {};
    }
    let (from, to) = props.ends;
    let x = |at: u64| {
        let width = (to.saturating_sub(from)).max(1) as f64;
        1000.0 * ((at.clamp(from, to) - from) as f64 / width)
    };
    let y = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        HEIGHT - 2.0 - share * (HEIGHT - 4.0)
    };
    let mut path = String::new();
    let mut drawn = false;
    for (at, value) in numbers.iter().filter(|it| (from..=to).contains(&it.0)) {
        let (place, Some(value)) = (Fixed(x(*at), 1), *value) else {
            drawn = false;
            continue;
        };
        let height = Fixed(y(value), 1);
        // Writing to a text never fails.
        _ = if drawn {
            write!(path, "H{place}V{height}")
        } else {
            write!(path, "M{place} {height}")
        };
        drawn = true;
    }
    let here = watched.at(props.position).and_then(|it| it.as_ref().ok()).and_then(height);
    html! {
        <>
            <svg viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true"><path d={path} /></svg>
            if let Some(here) = here {
                <i class="point" style={format!("--at:{};top:{}px", Fixed(props.share, 5), Fixed(y(here), 1))} />
            }
        </>
    }
}

/// How high a value stands. Words stand nowhere.
fn height(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Array(list) => Some(list.len() as f64),
        Value::Object(fields) => Some(fields.len() as f64),
        Value::Null | Value::String(_) => None,
    }
}

fn written(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => "nothing".to_owned(),
        other => other.to_string(),
    };
    clip_to(&text, LETTERS).into_owned()
}
