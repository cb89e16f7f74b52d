//! A cell of the Fold view: what an event changed, or at the playhead the whole state.

use std::rc::Rc;

use yew::{Html, Properties, component, html};

use crate::lab::clip::clip;
use crate::lab::{FoldCell, Folded};
use crate::ui::model::changes::{Change, Changes};
use crate::ui::model::playback::Shows;
use crate::ui::view::parts::show_all;
use crate::ui::view::views::{Tree, ViewBody, use_what_changed_in_view};

/// A cell that was folded, and its changes in words.
#[derive(PartialEq)]
pub struct Told {
    pub cell: FoldCell,
    pub changes: Changes,
}

#[derive(Properties)]
pub struct CellProps {
    pub told: Rc<Told>,
}

impl PartialEq for CellProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.told, &other.told)
    }
}

/// What the row's event changed.
#[component]
pub fn ChangedCell(props: &CellProps) -> Html {
    let changes = &props.told.changes;
    if changes.told.is_empty() {
        return html! { <span class="same" title="This event changes nothing here">{ "=" }</span> };
    }
    html! {
        <>
            <span class="changes" title={changes.sentence()}>
                { told_changes(changes) }
            </span>
            { all_changes(changes) }
        </>
    }
}

/// What was changed, one thing after the other.
pub fn told_changes(changes: &Changes) -> Html {
    html! {
        <>
            { for changes.told.iter().map(|change| html! { <span class="change">{ told(change) }</span> }) }
            if changes.more > 0 { <span class="quiet">{ format!("+{}", changes.more) }</span> }
        </>
    }
}

/// A button that shows all of what was changed, where a part of it is clipped.
pub fn all_changes(changes: &Changes) -> Html {
    if !changes.told.iter().any(Change::is_long) {
        return html! {};
    }
    show_all(html! {
        { for changes.told.iter().map(|change| html! { <p>{ parts(change, str::to_owned) }</p> }) }
    })
}

fn told(change: &Change) -> Html {
    // A text of several lines stands on one here.
    parts(change, |it| clip(&it.replace("\\n", " ")).into_owned())
}

fn parts(change: &Change, written: fn(&str) -> String) -> Html {
    html! {
        <>
            if !change.of.is_empty() { <span class="of">{ written(&change.of) }</span>{ " " } }
            if let Some(was) = &change.was { <del>{ written(was) }</del>{ " " } }
            if let Some(now) = &change.now { <ins>{ written(now) }</ins> }
        </>
    }
}

#[derive(Properties)]
pub struct WholeProps {
    pub name: Rc<str>,
    pub told: Rc<Told>,
    pub shows: Shows,
    /// The playhead moves on at once.
    pub passing: bool,
}

impl PartialEq for WholeProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.told, &other.told)
            && self.name == other.name
            && (self.shows, self.passing) == (other.shows, other.passing)
    }
}

/// The whole state at the playhead, with what its event changed marked.
#[component]
pub fn WholeCell(props: &WholeProps) -> Html {
    let place = yew::use_node_ref();
    // Of a long one, what changed is to be seen.
    use_what_changed_in_view(&place, props.passing);
    let FoldCell { was, now } = &props.told.cell;
    let (was, now) = match props.shows {
        Shows::Before => (was, was),
        Shows::Change => (was, now),
        Shows::After => (now, now),
    };
    let waits = (props.shows == Shows::Before).then_some("waits");
    let body = match (was, now) {
        (Folded::State(_, was), Folded::State(version, now)) => html! {
            <>
                if *version == 0 { <p class="quiet">{ "its initial state" }</p> }
                <Tree now={now.as_ref().clone()} was={was.as_ref().clone()} />
            </>
        },
        (Folded::View(was), Folded::View(now)) if now.is_empty() && was.is_empty() => {
            html! { <p class="quiet">{ "nothing" }</p> }
        }
        (Folded::View(was), Folded::View(now)) => {
            html! { <ViewBody name={props.name.clone()} now={now.clone()} was={was.clone()} /> }
        }
        _ => html! {},
    };
    html! { <div class={yew::classes!("full-state", waits)} ref={place}>{ body }</div> }
}
