//! Where a tool opens: among the columns, beside what it is about. Escape closes it.

use std::cell::RefCell;
use std::rc::Rc;

use yew::{Callback, Html, MouseEvent, Properties, component, html};

use super::code::code;
use super::compare::{CompareForm, compared};
use super::race::race;
use super::shards::Divided;
use super::snapshots::snapshots;
use super::specs::{Stretch, kept, specs};
use super::whatif::{no_what_if, what_if};
use super::why::why;
use super::worker::Worker;
use crate::host::OpenLog;
use crate::lab::ShardBy;
use crate::ui::model::Model;
use crate::ui::model::lab::{Job, Msg, Tool};
use crate::ui::model::shell::use_shell;
use crate::ui::view::parts::icon_button;
use crate::ui::view::watching;

/// The tool that is open.
pub fn drawer(tool: Tool, model: &Model, open_log: &OpenLog) -> Html {
    let (lab, shell) = (&model.lab, model.shell());
    let session = open_log.session();
    let body = match tool {
        Tool::Race => race(lab.race.as_ref(), model.commands.under_way(), &shell),
        Tool::Why => match &lab.inquiry {
            None => {
                html! { <p>{ "There is nothing to ask about yet: no state and no read model." }</p> }
            }
            Some(inquiry) => {
                let job: Rc<RefCell<dyn Job>> = inquiry.clone();
                let (it, from) = (inquiry.clone(), open_log.clone());
                let streams = model.summary.streams.clone();
                let draw = move |()| why(&shell, &from.session(), &it.borrow(), &streams);
                html! { <Worker open_log={open_log.clone()} {job} draw={Callback::from(draw)} /> }
            }
        },
        Tool::WhatIf => match &lab.imagined {
            None => no_what_if(&session, lab.unimagined.as_deref(), &shell),
            Some(imagined) => {
                let job: Rc<RefCell<dyn Job>> = imagined.clone();
                let (it, fault) = (imagined.clone(), lab.unimagined.clone());
                let draw = move |()| what_if(&it.borrow(), fault.as_deref(), &shell);
                html! { <Worker open_log={open_log.clone()} {job} draw={Callback::from(draw)} /> }
            }
        },
        Tool::Compare => {
            html! {
                <>
                    <CompareForm logs={model.comparable()} log={open_log.id().to_owned()} position={session.position()} head={session.head()} heads={lab.heads.clone()} />
                    { compared(lab.compared.as_ref()) }
                </>
            }
        }
        Tool::Specs => {
            let attempt = model.lessons.attempt.as_ref();
            let with = attempt.map(|it| &*it.exercise.specs).unwrap_or_default();
            let making = model.making.draft.is_some();
            let known = lab.specs.as_ref();
            html! {
                <>
                    { kept(with, known.and_then(|it| it.kept), &shell) }
                    { match known {
                        None => html! { <p>{ "There is no event yet, so nothing was decided." }</p> },
                        Some(it) => html! {
                            <>
                                <Stretch from={it.from} to={it.to} head={session.head()} />
                                { specs(it, making, &shell) }
                            </>
                        },
                    } }
                </>
            }
        }
        Tool::Watch => watching::tool(model, session.position()),
        Tool::Shards => {
            let (by, count) = lab.shards.unwrap_or((ShardBy::Id, 3));
            html! { <Divided open_log={open_log.clone()} head={session.head()} {by} {count} /> }
        }
        Tool::Snapshots => snapshots(session.world(), &shell),
        Tool::Code => code(model, open_log),
    };
    html! { <Drawer key={tool.name()} {tool}>{ body }</Drawer> }
}

impl Tool {
    /// Its classes: which side it is least about, and whether it needs much room. It stands before
    /// that side, and in its place where there is no room for both.
    fn class(self) -> &'static str {
        match self {
            Self::Race | Self::Shards | Self::Snapshots | Self::Watch => "lab panel for-read",
            Self::Why => "lab panel for-write",
            Self::WhatIf | Self::Compare => "lab panel wide for-write",
            Self::Specs => "lab panel wide for-read",
            Self::Code => "lab panel wide for-log code",
        }
    }
}

#[derive(Properties, PartialEq)]
struct DrawerProps {
    tool: Tool,
    children: Html,
}

/// A tool's drawer. It takes the focus when it opens.
#[component]
fn Drawer(props: &DrawerProps) -> Html {
    let place = yew::use_node_ref();
    yew::use_effect_with(props.tool, {
        let place = place.clone();
        move |_| {
            if let Some(head) = place.cast::<web_sys::HtmlElement>() {
                // Without the focus, the tool can still be read and closed.
                let _ = head.focus();
            }
        }
    });
    let close = use_shell().on(|_: MouseEvent| Msg::Close);
    let name = props.tool.name();
    html! {
        <section class={props.tool.class()} role="dialog" aria-label={name}>
            <div class="head">
                <h2 ref={place} tabindex="-1">{ name }</h2>
                <span class="spring" />
                { icon_button("refused", format!("Close {name}"), close) }
            </div>
            <div class="body">{ props.children.clone() }</div>
        </section>
    }
}
