//! Where somebody predicts the story's next step, and sees how close that was.

use web_sys::{InputEvent, SubmitEvent};
use yew::{Html, MouseEvent, html};

use super::icons::icon;
use super::parts::{button, select, typed};
use crate::lessons::{Came, Expected};
use crate::ui::model::predicting::{Msg, Predicting};
use crate::ui::model::shell::Shell;

/// The form, or what came of the last guess. `say` is what is sent next.
pub fn prediction(it: &Predicting, say: &str, shell: &Shell) -> Html {
    if !it.open {
        return html! {
            <section class="prediction" role="region" aria-label="Prediction">
                <ul class="aims">{ for it.came.iter().map(line) }</ul>
                <span class="spring" />
                { button("Close", shell.on(|_: MouseEvent| Msg::Close)) }
            </section>
        };
    }
    let guess = shell.on(|event: SubmitEvent| {
        event.prevent_default();
        Msg::Guess
    });
    let text = |label: &'static str, value: &str, msg: fn(String) -> Msg| {
        let write = shell.link.on_some(move |event: InputEvent| typed(&event).map(msg));
        html! { <label class="field"><span>{ label }</span><input autocomplete="off" value={value.to_owned()} oninput={write} /></label> }
    };
    let outcomes = [(String::new(), "I don’t know".to_owned())]
        .into_iter()
        .chain(Expected::ALL.map(|it| (it.word().to_owned(), it.word().to_owned())));
    let places = it.places.iter().enumerate().map(|(at, place)| (at.to_string(), place.words()));
    let places = [(String::new(), "no value".to_owned())].into_iter().chain(places);
    let place = it.place.map(|it| it.to_string()).unwrap_or_default();
    html! {
        <section class="prediction" role="region" aria-label="Prediction">
            <form class="reply" onsubmit={guess} novalidate={true}>
                <p>{ "Next is sent: " }<b>{ say }</b>{ ". What will come of it?" }</p>
                <label class="field"><span>{ "The command is" }</span>{ select("Outcome", &it.outcome, outcomes, shell.link.on(Msg::Outcome)) }</label>
                { text("Events", &it.events, Msg::Events) }
                if !it.places.is_empty() {
                    <label class="field"><span>{ "Then this value" }</span>{ select("Value of", &place, places, shell.link.on(Msg::Place)) }</label>
                    if it.place.is_some() { { text("will be", &it.value, Msg::Value) } }
                }
                <button class="primary">{ "Predict, and see" }</button>
            </form>
        </section>
    }
}

/// What was said beside what came.
fn line(it: &Came) -> Html {
    let off = it.off.filter(|off| *off != 0).map(|off| format!(", {} off", off.abs()));
    html! {
        <li class={if it.right { "met" } else { "missed" }}>
            { icon(if it.right { "accepted" } else { "refused" }) }
            { format!("{}: you said {}, it is {}{}", it.what, it.said, it.came, off.unwrap_or_default()) }
        </li>
    }
}
