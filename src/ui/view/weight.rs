//! What the open log weighs, against what is folded from it.

use std::rc::Rc;

use yew::{Html, MouseEvent, Properties, component, html};

use crate::lab::{HeaviestStream, SNAPSHOT_EVERY, Weight};
use crate::ui::browser::fixed::Fixed;
use crate::ui::model::logs_dialog::Msg;
use crate::ui::model::shell::use_shell;
use crate::ui::words::counted;

#[derive(Properties, PartialEq)]
pub struct ScalesProps {
    pub weight: Option<Rc<Weight>>,
    pub busy: bool,
}

#[component]
pub fn Scales(props: &ScalesProps) -> Html {
    let shell = use_shell();
    html! {
        <details>
            <summary>{ "What this log weighs" }</summary>
            if let Some(it) = &props.weight {
                <dl class="weight" aria-label="What this log weighs">
                    { line(&counted(it.events, "event"), &match it.disk {
                        Some(disk) => format!("about {} in memory, {} on disk", bytes(it.memory as f64), bytes(disk as f64)),
                        None => format!("about {} in memory", bytes(it.memory as f64)),
                    }) }
                    { line(&format!("The states of {}", counted(it.streams, "stream")), &bytes(it.states as f64)) }
                    { line(&counted(it.models, "read model"), &bytes(it.views as f64)) }
                    { for it.heaviest.iter().map(heaviest) }
                </dl>
                <p class="help">{ "States are small, because they forget. Read models may hold more than the log: each has what its readers need." }</p>
            }
            <p><button type="button" disabled={props.busy} onclick={shell.on(|_: MouseEvent| Msg::Weigh)}>
                { if props.weight.is_some() { "Weigh it again" } else { "Weigh it" } }
            </button></p>
        </details>
    }
}

/// What loading the heaviest stream costs, with snapshots and without.
fn heaviest(it: &HeaviestStream) -> Html {
    let without = format!("folds {}, {}", counted(it.events, "event"), bytes(it.bytes as f64));
    let with = match it.events / SNAPSHOT_EVERY {
        0 => format!("is the same: a snapshot is taken every {SNAPSHOT_EVERY} events"),
        _ => format!(
            "folds {}, and reads {}",
            counted(it.since_snapshot, "event"),
            bytes(it.snapshot as f64)
        ),
    };
    html! {
        <>
            { line(&format!("Loading {}, the longest stream", it.stream), &without) }
            { line("With a snapshot", &with) }
        </>
    }
}

fn line(what: &str, weighs: &str) -> Html {
    html! { <><dt>{ what.to_owned() }</dt><dd>{ weighs.to_owned() }</dd></> }
}

/// An amount of bytes, in words.
pub fn bytes(count: f64) -> String {
    match count {
        ..1e3 => format!("{} B", Fixed(count, 0)),
        ..1e6 => format!("{} kB", Fixed(count / 1e3, 0)),
        ..1e9 => format!("{} MB", Fixed(count / 1e6, 1)),
        _ => format!("{} GB", Fixed(count / 1e9, 1)),
    }
}
