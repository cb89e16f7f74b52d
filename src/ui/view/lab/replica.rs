//! A replica beside the read model that it is one of: how far it is, how fast it catches up, what
//! differs, and the press with which it takes over.

use std::rc::Rc;

use yew::{Html, MouseEvent, html};

use super::health::listed;
use crate::lab::{DiffLine, Panel, SubscriptionKind};
use crate::ui::model::lab::{AT_ONCE, PACES};
use crate::ui::model::shell::Shell;
use crate::ui::model::subscriptions::Msg;
use crate::ui::view::parts::{button_for, select};
use crate::ui::words::counted;

/// The buttons that bring up a replica, one for each version of the code.
pub fn replicate(shell: &Shell, it: &Panel) -> Html {
    if it.kind == SubscriptionKind::Process || it.beside.is_some() {
        return html! {};
    }
    let codes = &it.code.1;
    html! {
        <div class="actions">
            { for codes.iter().map(|&code| {
                let name = it.name.clone();
                let words = match codes.len() {
                    1 => "Bring up a replica".to_owned(),
                    _ => format!("Bring up a replica with version {code}"),
                };
                button_for(&words, &it.name, false, shell.on(move |_: MouseEvent| Msg::Replicate(name.clone(), code)))
            }) }
        </div>
    }
}

/// What a replica says of itself, below its head. `pace` is how many events a second it takes in.
pub fn replica(shell: &Shell, it: &Panel, pace: u64) -> Html {
    let Some((model, differences)) = &it.beside else { return html! {} };
    let name = &it.name;
    let press = |msg: fn(Rc<str>) -> Msg| {
        let name = name.clone();
        shell.on(move |_: MouseEvent| msg(name.clone()))
    };
    let set = {
        let name = name.clone();
        shell.on(move |pace: String| Msg::Pace(name.clone(), pace.parse().unwrap_or_default()))
    };
    let paces = PACES.iter().map(|pace| {
        let words = match *pace {
            0 => "nothing for now".to_owned(),
            AT_ONCE => "all at once".to_owned(),
            pace => format!("{} a second", counted(pace, "event")),
        };
        (pace.to_string(), words)
    });
    let behind = it.lag > 0;
    html! {
        <div class="note pad replica">
            <p>{ match it.lag {
                0 => format!("A replica of {model}. It has taken in all events. Whoever reads, reads {model}."),
                lag => format!("A replica of {model}, at #{}: {} to go. Whoever reads, reads {model}.", it.checkpoint, counted(lag, "event")),
            } }</p>
            if behind {
                <progress max={(it.checkpoint + it.lag).to_string()} value={it.checkpoint.to_string()} aria-label={format!("How far {name} is")} />
                <div class="field"><span>{ "It takes in" }</span>{ select("Pace of the replica", &pace.to_string(), paces, set) }</div>
            }
            <div class="actions">
                { button_for("Take over", name, false, press(Msg::TakeOver)) }
                { button_for("Drop", name, false, press(|name| Msg::Subscribe(name, false))) }
            </div>
            { for differences.iter().map(|lines| compared(shell, it.checkpoint, model, lines)) }
        </div>
    }
}

/// What differs between a replica and its read model at a position.
fn compared(shell: &Shell, at: u64, model: &str, lines: &[DiffLine]) -> Html {
    match lines.iter().filter(|it| it.now.is_some() || it.was.is_some()).count() {
        0 => html! { <p class="quiet">{ format!("At #{at}, the two are equal.") }</p> },
        count => html! {
            <>
                <p>{ format!("At #{at}, {} from {model}:", if count == 1 { "1 value differs".to_owned() } else { format!("{count} values differ") }) }</p>
                { listed(shell, lines, Some(model)) }
            </>
        },
    }
}
