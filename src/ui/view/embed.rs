//! The page in a frame of somebody else's: the panels that its address names, and a way to the whole
//! page. Nothing else.

use std::rc::Rc;

use yew::{ContextProvider, Html, MouseEvent, html};

use super::page::{Playhead, command_form, event_log, fold, journal, outbox, sentence, timeline};
use super::parts::button;
use super::read::ReadSide;
use super::stage::Sentence;
use crate::host::{CodeState, OpenLog};
use crate::lab::instance_of;
use crate::ui::browser::embed::{Embed, of_the_whole_page};
use crate::ui::model::Model;
use crate::ui::model::commands;
use crate::ui::model::fold_view::is_folded;
use crate::ui::model::logs;
use crate::ui::model::logs::OpenMode;
use crate::ui::model::shell::Shell;

/// What stands in a frame. Before the log is open, embed.html's skeleton stands in its place.
pub fn embed(model: &Model) -> Html {
    let fault = || match &model.saying.fault {
        Some(fault) => html! { <p class="notice bad" role="alert">{ fault }</p> },
        None => html! {},
    };
    let (Some(open_log), Some(embed)) = (&model.logs.open, &model.embed) else { return fault() };
    let (playhead, shell) = (Playhead::of(model, open_log), model.shell());
    let class = if playhead.past() { "page embed past" } else { "page embed" };
    let title = open_log.session().scenario().title.clone();
    html! {
        <ContextProvider<Shell> context={shell.clone()}>
        <div {class}>
            <header class="unseen"><h1>{ title.to_string() }</h1></header>
            { fault() }
            if own_code_rests(open_log) || model.lessons.asking.is_some() {
                <p class="notice" role="status">{ "This comes with code of its own. A frame does not run it. Open the whole page to read it, and to let it run." }</p>
            }
            if embed.shows("Story") { { story(model, open_log, &playhead, &shell) } }
            <main class="columns">{ columns(model, open_log, &playhead, embed, &shell) }</main>
            if embed.shows("Playhead") { { timeline(model, open_log, &playhead) } }
            <footer class="whole-page">
                <a href={of_the_whole_page()} target="_blank" rel="noopener">{ format!("{title}, in Leftfold") }</a>
            </footer>
            <p class="unseen" role="status">{ &model.saying.aloud }</p>
        </div>
        </ContextProvider<Shell>>
    }
}

/// True where the log's own code would have to be read before it runs. A frame has no room for that.
fn own_code_rests(open_log: &OpenLog) -> bool {
    open_log.own_code().is_some_and(|it| it.state != CodeState::Runs)
}

/// The story's sentence, its next step, and a way to its beginning.
fn story(model: &Model, open_log: &OpenLog, playhead: &Playhead, shell: &Shell) -> Html {
    let id = open_log.session().scenario().id.clone();
    let again = shell.on(move |_: MouseEvent| logs::Msg::Open(id.clone(), OpenMode::Empty));
    html! {
        <div class="teller">
            <Sentence caption={sentence(model, open_log, playhead)} />
            if model.summary.next.is_some() {
                <button type="button" class="primary" onclick={shell.on(|_: MouseEvent| commands::Msg::Tell)}>{ "Next" }</button>
            } else if model.summary.in_story {
                { button("Tell it again", again) }
            }
        </div>
    }
}

/// The panels side by side. States and read models stand in one column, or are the Fold's columns.
fn columns(
    model: &Model,
    open_log: &OpenLog,
    playhead: &Playhead,
    embed: &Embed,
    shell: &Shell,
) -> Html {
    let mut read = !embed.shows("Fold");
    let column = |name: &Rc<str>| {
        let panel = match &**name {
            "Story" | "Playhead" => return html! {},
            "Commands" => command_form(model, open_log, playhead, shell),
            "Journal" => journal(model, open_log, playhead),
            "Log" => {
                let log = event_log(model, open_log, playhead, shell);
                return html! { <div class="column middle">{ log }</div> };
            }
            "Outbox" => outbox(model, open_log, playhead),
            "Fold" => return fold(model, open_log, playhead, shell),
            _ if !std::mem::take(&mut read) => return html! {},
            _ => {
                return html! { <div class="column read">{ read_side(model, playhead, embed) }</div> };
            }
        };
        html! { <div class="column">{ panel }</div> }
    };
    html! { { for embed.show.iter().map(column) } }
}

/// The states and read models that the frame names, in that order.
fn read_side(model: &Model, playhead: &Playhead, embed: &Embed) -> Html {
    let read_side = &model.read_side;
    let place = |name: &str| embed.show.iter().position(|it| is_folded(it) && **it == *name);
    let mut states: Vec<_> =
        read_side.states.iter().filter(|it| embed.shows(it.stream.as_str())).cloned().collect();
    states.sort_by_key(|it| place(it.stream.as_str()));
    let named = read_side.panels.iter().filter(|it| embed.shows(instance_of(&it.name).0));
    let mut panels: Vec<_> = named.cloned().collect();
    panels.sort_by_key(|it| place(instance_of(&it.name).0));
    html! {
        <ReadSide
            past={playhead.past()} refused={read_side.refused.clone()} {states} {panels} lines={Rc::default()} stage={Rc::default()}
            removed={Vec::new()} streams={model.summary.streams.clone()} missing={model.summary.missing.clone()} pinned={Rc::default()}
            passing={read_side.passing} paces={model.lab.paces.clone()}
        />
    }
}
