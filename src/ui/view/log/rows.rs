//! The rows of the log that are in view: one event each.

use std::rc::Rc;

use yew::{Html, Properties, component, html};

use crate::es::{Origin, Recorded, Set};
use crate::host::OpenLog;
use crate::lab::clip::clip;
use crate::ui::browser::clock::written_time;
use crate::ui::model::shell::Shell;
use crate::ui::view::parts::mark;

/// Which event stands in which row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub index: usize,
    /// The elements that show it.
    pub slot: usize,
    pub position: u64,
    /// It is marked as found.
    pub found: bool,
}

#[derive(Properties, PartialEq)]
pub struct RowsProps {
    pub open_log: OpenLog,
    pub position: u64,
    pub kinds: Rc<Vec<Rc<str>>>,
    pub rows: Vec<Row>,
    pub kin: Set<u64>,
    pub out: Rc<Set<u64>>,
    pub shell: Shell,
}

/// The rows, drawn again only where they show something else.
#[component]
pub fn Rows(props: &RowsProps) -> Html {
    let session = props.open_log.session();
    let rows = props.rows.iter().filter_map(|it| {
        let event = session.log().event(it.position)?;
        Some(row(event, it, props))
    });
    rows.collect()
}

fn row(event: &Recorded, at: &Row, props: &RowsProps) -> Html {
    let position = event.position();
    let selected = position == props.position;
    let mut class = "row".to_owned();
    class += match (selected, position > props.position) {
        (true, _) => " here",
        (_, true) => " future",
        _ => "",
    };
    if props.out.contains(&position) {
        class += " out";
    }
    let kin = props.kin.contains(&position);
    if kin {
        class += " kin";
    }
    if at.found {
        class += " found";
    }
    let (of, stream) = (clip(event.kind()), clip(event.stream().as_str()));
    let name = format!("{position}: {of} on {stream}, version {}", event.version());
    let kind = props.kinds.iter().position(|it| it == event.kind()).unwrap_or_default();
    let tag = |red: &'static str, text: &'static str| html! { <em class={red}>{ text }</em> };
    html! {
        <div
            {class} role="row" key={at.slot} aria-rowindex={(at.index + 2).to_string()} aria-label={name}
            aria-selected={if selected { "true" } else { "false" }} data-position={position.to_string()}
        >
            <span role="gridcell" class="number">{ position }</span>
            <span role="gridcell" class="mono">{ stream.into_owned() }</span>
            <span role="gridcell" class="number">{ event.version() }</span>
            <span role="gridcell" class="kind">
                <i class={mark(kind)} data-kind={kind.to_string()} />{ of.into_owned() }
            </span>
            <span role="gridcell" class="data">
                { match event.origin() {
                    Origin::Command => html! {},
                    Origin::Import => tag("tag", "import"),
                    Origin::Forced => tag("tag red", "forced"),
                } }
                if kin && !selected { { tag("tag kindred", "same cause") } }
                if event.unreadable().is_some() { { tag("tag red", "unreadable") } }
                { props.shell.in_words(event.data().get()) }
            </span>
            <span role="gridcell" class="mono quiet">{ written_time(event).1 }</span>
        </div>
    }
}
