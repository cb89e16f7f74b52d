//! The log's clock: what time it is there, how to move it, and what processes wait for.

use yew::{Event, Html, MouseEvent, html};

use super::icons::icon;
use super::parts::{menu, typed};
use crate::host::ClockMove;
use crate::lab::span;
use crate::ui::browser::clock::{written_day, written_millis};
use crate::ui::model::clock::{Face, MINUTE_MILLIS, Msg, Waiting};
use crate::ui::model::playback;
use crate::ui::model::shell::Shell;

const HOUR_MILLIS: u64 = 3_600_000;
const DAY_MILLIS: u64 = 24 * HOUR_MILLIS;
/// So many deadlines stand on the timeline.
const ON_THE_TIMELINE: usize = 3;

/// The menu of the clock. Its button shows the time.
pub fn clock(shell: &Shell, face: &Face, refused: Option<&str>) -> Html {
    let (_, time) = written_millis(face.now);
    let now = format!("{} {}", written_day(face.now), &time[..5]);
    let show = html! {
        <>
            { icon("clock") }
            <span class="now">{ now.clone() }</span>
            if face.count > 0 { { " " }<b class="count">{ face.count.to_string() }</b> }
        </>
    };
    let label = format!("Clock, {now} {}", waiting(face.count));
    menu(show, Some(label), body(shell, face, refused))
}

fn waiting(count: usize) -> String {
    match count {
        0 => "and no deadline".to_owned(),
        1 => "1 deadline".to_owned(),
        many => format!("{many} deadlines"),
    }
}

/// A time as a date, an hour and a minute.
fn written(at: u64) -> String {
    let (whole, _) = written_millis(at);
    whole.rsplit_once(':').map_or(whole.clone(), |(minutes, _)| minutes.to_owned())
}

fn body(shell: &Shell, face: &Face, refused: Option<&str>) -> Html {
    let press = |text: &'static str, how: fn() -> ClockMove, words: &'static str| {
        let words = if face.past {
            format!("{words}, after the latest event.")
        } else {
            format!("{words}.")
        };
        let press = shell.on(move |_: MouseEvent| Msg::Move(how(), words.clone()));
        html! { <button type="button" onclick={press}>{ text }</button> }
    };
    let to = shell.link.on_some(|event: Event| {
        let text = typed(&event).filter(|it| !it.is_empty())?;
        Some(Msg::Move(ClockMove::Date(text), "The clock was moved.".to_owned()))
    });
    let idle = face.deadlines.is_empty() || face.past;
    let next = shell.on(|_: MouseEvent| {
        Msg::Move(ClockMove::Next, "Time has passed, up to the next deadline.".to_owned())
    });
    html! {
        <div class="clock">
            <p>if face.past { { "At the latest event: " } }<b>{ written(face.now) }</b>{ " UTC" }</p>
            <p class="quiet">{ kind_of_time(face) }</p>
            <div class="acts">
                { press("+1 hour", || ClockMove::Advance(HOUR_MILLIS), "An hour has passed") }
                { press("+1 day", || ClockMove::Advance(DAY_MILLIS), "A day has passed") }
                <button type="button" disabled={idle} title={face.past.then_some("Return to the latest event first")} onclick={next}>{ "To the next deadline" }</button>
            </div>
            <label class="field"><span>{ "To a date and time, UTC" }</span>
                <input type="datetime-local" aria-label="Move the clock to, UTC" onchange={to} />
            </label>
            if let Some(why) = refused { <p class="error" role="alert">{ format!("Not moved: {why}.") }</p> }
            <h3>{ if face.past { "Waited for at this position" } else { "Deadlines" } }</h3>
            if face.deadlines.is_empty() {
                <p class="quiet">{ "No process waits for anything." }</p>
            } else {
                <p class="quiet">{ "A deadline is not taken back. When it comes, the stream decides whether anything is left to do." }</p>
            }
            <ul class="deadlines">
                { for face.deadlines.iter().map(|it| deadline(shell, face, it)) }
            </ul>
            if face.count > face.deadlines.len() {
                <p class="quiet">{ format!("And {} more.", face.count - face.deadlines.len()) }</p>
            }
        </div>
    }
}

fn kind_of_time(face: &Face) -> String {
    match (face.story, face.ahead) {
        (true, _) => "This log's clock began with its story, and runs on from there.".to_owned(),
        (false, 0) => "This log has the real time.".to_owned(),
        (false, ahead) => format!("{} ahead of the real time.", span(ahead)),
    }
}

/// A time without its day, where that is the playhead's own.
fn shortly(face: &Face, at: u64) -> String {
    if written_day(at) == written_day(face.at) {
        written_millis(at).1[..5].to_owned()
    } else {
        written(at)
    }
}

/// When something is due, seen from now.
fn when(face: &Face, it: &Waiting) -> String {
    // The clock shows whole minutes, so both ends are.
    match (it.deadline.due / MINUTE_MILLIS * MINUTE_MILLIS).saturating_sub(face.now) {
        _ if face.past => format!("at {}", shortly(face, it.deadline.due)),
        0 => "overdue".to_owned(),
        left => format!("in {}", span(left)),
    }
}

/// What is sent then, and to which stream.
fn what(it: &Waiting) -> String {
    format!("{} on {}", it.deadline.kind, it.deadline.stream)
}

fn deadline(shell: &Shell, face: &Face, it: &Waiting) -> Html {
    let (id, position) = (it.deadline.id, it.deadline.position);
    let what = what(it);
    let hurry = {
        let words = format!("{what} was sent before its time.");
        shell.on(move |_: MouseEvent| Msg::Move(ClockMove::Hurry(id), words.clone()))
    };
    let because = shell.on(move |_: MouseEvent| playback::Msg::Seek(position));
    html! {
        <li key={id.to_string()}>
            <span class="what"><b>{ what.clone() }</b><span class="quiet">{ format!("{} · {}", it.process, written(it.deadline.due)) }</span></span>
            if !face.past { <span class="quiet">{ when(face, it) }</span> }
            <button type="button" class="link" onclick={because} aria-label={format!("Go to event {position}, because of which {} waits", it.process)}>{ format!("#{position}") }</button>
            if !face.past { <button type="button" onclick={hurry} aria-label={format!("Send now: {what}")}>{ "Send now" }</button> }
        </li>
    }
}

/// On the timeline, to the right of the last event: what is still to come.
pub fn ahead(shell: &Shell, face: &Face) -> Html {
    html! {
        <ol class="to-come" aria-label="Deadlines">
            { for face.deadlines.iter().take(ON_THE_TIMELINE).map(|it| {
                let position = it.deadline.position;
                let title = format!("{}: {}, {}", it.process, what(it), written(it.deadline.due));
                html! {
                    <li key={it.deadline.id.to_string()}>
                        <button type="button" class="flag lilac" {title} onclick={shell.on(move |_: MouseEvent| playback::Msg::Seek(position))}>
                            { icon("clock") }<span>{ format!("{} {}", it.deadline.kind, when(face, it)) }</span>
                        </button>
                    </li>
                }
            }) }
            if face.count > ON_THE_TIMELINE { <li class="quiet">{ format!("and {} more", face.count - ON_THE_TIMELINE) }</li> }
        </ol>
    }
}

/// The next deadline in a few words. None where nothing is waited for.
pub fn next_in_words(face: &Face) -> Option<String> {
    let it = face.deadlines.first()?;
    Some(format!("{} {}", what(it), when(face, it)))
}
