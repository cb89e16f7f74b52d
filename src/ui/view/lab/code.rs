//! The source of a fold, with what of it handled the event at the playhead.

use std::rc::Rc;

use serde_json::Value;
use web_sys::HtmlElement;
use yew::{Html, MouseEvent, NodeRef, Properties, classes, component, html};

use crate::host::OpenLog;
use crate::ui::excerpts::Excerpts;
use crate::ui::model::handled::{Handled, Mark};
use crate::ui::model::{Model, own};
use crate::ui::view::own::own_code;
use crate::ui::view::parts::button;

/// The drawer's body.
pub fn code(model: &Model, open_log: &OpenLog) -> Html {
    if let Some(own) = open_log.own_code() {
        return own_code(model, open_log, &own);
    }
    html! {
        <>
            <p>
                { button("Make it mine", model.link.on(|_: MouseEvent| own::Msg::Mine)) }
                <span class="quiet">{ " forks this log, and opens its code in JavaScript: change the rules and go on." }</span>
            </p>
            { source(model, open_log) }
        </>
    }
}

fn source(model: &Model, open_log: &OpenLog) -> Html {
    let Some(code) = &model.lab.code else {
        return html! { <p>{ "There is no event yet, so there is no code that handled it." }</p> };
    };
    let name = &code.name;
    let excerpts = match &code.excerpts {
        None => return html! { <p class="quiet" role="status">{ "Fetching the source…" }</p> },
        Some(Err(why)) => return html! { <p class="fault" role="alert">{ &**why }</p> },
        Some(Ok(excerpts)) => excerpts,
    };
    let Some(excerpt) = excerpts.of(name) else {
        return html! { <p>{ format!("{name} has no source in this scenario.") }</p> };
    };
    let stepping = model.commands.stepping.as_ref().filter(|it| !it.over);
    let handled = stepping.and_then(|it| it.handled.clone()).or_else(|| Handled::here(open_log));
    let marks = handled.as_ref().map(|it| it.marks(excerpt)).unwrap_or_default();
    html! {
        <>
            <p class="handled"><b>{ &**name }</b>{ ": " }{ told(handled.as_ref(), &marks) }</p>
            <Source excerpts={excerpts.clone()} name={name.clone()} {marks} />
        </>
    }
}

/// What was handled, in a sentence.
fn told(handled: Option<&Handled>, marks: &[Mark]) -> String {
    let what = match handled {
        None => return "before the first event, nothing was handled.".to_owned(),
        Some(Handled::Command { kind }) => kind.to_string(),
        Some(Handled::Event { position, kind }) => format!("#{position}, {kind}"),
    };
    match marks {
        [] => format!("nothing in it handles {what}."),
        _ => format!("{what} was handled by what is marked."),
    }
}

#[derive(Properties, PartialEq)]
struct SourceProps {
    excerpts: Excerpts,
    name: Rc<str>,
    marks: Vec<Mark>,
}

/// The lines. It is drawn anew only where other ones are marked.
#[component]
fn Source(props: &SourceProps) -> Html {
    let place = yew::use_node_ref();
    yew::use_effect_with((props.name.clone(), props.marks.clone()), {
        let place = place.clone();
        move |_| to_mark(&place)
    });
    let pieces = props.excerpts.of(&props.name).and_then(|it| it["pieces"].as_array());
    let mut before = 0;
    let pieces = pieces.into_iter().flatten().map(|piece| {
        let lines = piece["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
        let first = before + 1;
        before += lines.len() as u64 + 1;
        html! {
            <>
                <p class="quiet mono">{ piece["file"].as_str() }</p>
                <ol start={piece["line"].to_string()}>
                    { for (first..).zip(lines).map(|(number, line)| drawn(number, line, &props.marks)) }
                </ol>
            </>
        }
    });
    html! {
        <div class="source" role="region" aria-label={format!("Source of {}", props.name)} tabindex="0" ref={place.clone()}>
            { for pieces }
        </div>
    }
}

/// A line: classes and texts by turns. What is marked begins with words that say why.
fn drawn(number: u64, line: &Value, marks: &[Mark]) -> Html {
    let marked = marks.iter().any(|it| (it.from..=it.to).contains(&number));
    let words = marks.iter().find(|it| it.from == number).map(|it| &*it.words);
    let parts = line.as_array().map(Vec::as_slice).unwrap_or_default();
    let begin = parts.get(1).and_then(Value::as_str).unwrap_or_default();
    let deep = begin.len() - begin.trim_start().len();
    let parts = parts.chunks_exact(2);
    html! {
        <li class={classes!(marked.then_some("marked"))} aria-current={marked.then_some("true")} style={format!("--deep:{deep}ch")}>
            <code>{ for parts.map(|it| match (it[0].as_str(), it[1].as_str()) {
                (Some(""), Some(text)) => html! { { text } },
                (class, text) => html! { <span class={class.map(str::to_owned)}>{ text }</span> },
            }) }</code>
            if let Some(words) = words { <span class="why">{ words }</span> }
        </li>
    }
}

/// Scrolls to the first line that is marked, unless it is in view.
fn to_mark(place: &NodeRef) {
    let Some(place) = place.cast::<HtmlElement>() else { return };
    let Ok(Some(mark)) = place.query_selector("[aria-current]") else { return };
    let (seen, mark) = (place.get_bounding_client_rect(), mark.get_bounding_client_rect());
    if mark.top() < seen.top() || mark.bottom() > seen.bottom() {
        let to = mark.top() - seen.top() - seen.height() / 3.0;
        #[expect(clippy::cast_possible_truncation, reason = "pixels")]
        place.set_scroll_top(place.scroll_top() + to as i32);
    }
}
