//! Shards: streams divided among handlers, which takes what and in which order, and what that gains.

use yew::{Html, Properties, component, html};

use crate::host::OpenLog;
use crate::lab::{HANDLERS_AT_MOST, Handler, ShardBy, Shards};
use crate::ui::model::lab::Msg;
use crate::ui::model::shell::{Shell, use_shell};
use crate::ui::view::parts::{Amount, select};
use crate::ui::words::{counted, grouped};

#[derive(Properties, PartialEq)]
pub struct DividedProps {
    pub open_log: OpenLog,
    pub head: u64,
    pub by: ShardBy,
    pub count: usize,
}

/// The schedule over the whole log. It is computed again where the log has grown.
#[component]
pub fn Divided(props: &DividedProps) -> Html {
    let log = props.open_log.clone();
    let of = (props.open_log.id().to_owned(), props.head, props.by, props.count);
    let it = yew::use_memo(of, |(_, head, by, count)| {
        Shards::new(log.session().log(), *head, *by, *count)
    });
    shards(&it, &use_shell())
}

/// The schedule, and what it is made of.
fn shards(it: &Shards, shell: &Shell) -> Html {
    let (by, count) = (it.by, it.handlers.len());
    let by_what = [("id", "by the stream’s id"), ("type", "by the event’s type")];
    let choose = shell.on(move |by: String| {
        Msg::Divide(if by == "type" { ShardBy::Type } else { ShardBy::Id }, count)
    });
    let set = shell.on(move |count: u64| {
        Msg::Divide(by, usize::try_from(count).unwrap_or(1).clamp(1, HANDLERS_AT_MOST))
    });
    let chosen = if by == ShardBy::Type { "type" } else { "id" };
    let entries = by_what.map(|(value, words)| (value.to_owned(), words.to_owned()));
    html! {
        <>
            <div class="compare">
                <label class="field"><span>{ "Events are divided" }</span>{ select("Divided by", chosen, entries, choose) }</label>
                <Amount label="Among so many handlers" button="Divide" value={count as u64} last={Some(HANDLERS_AT_MOST as u64)} {set} />
            </div>
            { sum(it) }
            <ol class="shards" aria-label="Handlers">
                { for it.handlers.iter().enumerate().map(|(at, handler)| share(at, handler, it)) }
            </ol>
            { moves(it) }
        </>
    }
}

/// What it gains, and what spoils it.
fn sum(it: &Shards) -> Html {
    let tenths = (10 * it.events).checked_div(it.turns).unwrap_or(10);
    let spoils = it.heaviest.as_ref().filter(|heaviest| {
        it.handlers.len() > 1 && 2 * heaviest.events * it.handlers.len() as u64 > 3 * it.events
    });
    html! {
        <>
            <p>{ format!(
                "One handler alone takes {} turns. {} side by side take {}: {}.{} times as quick.",
                grouped(it.events), counted(it.handlers.len() as u64, "handler"), grouped(it.turns), tenths / 10, tenths % 10,
            ) }</p>
            <p>{ if it.in_order {
                "Each stream has one handler, so its events are taken in their order. Between streams nobody keeps an order."
            } else {
                "A stream’s events go to several handlers, so nobody keeps their order: a deposit may be seen before its account is opened."
            } }</p>
            if let Some(heaviest) = spoils {
                <p class="fault">{ format!("{} has {} of {}: however many handlers there are, one of them takes all of these.", heaviest.name, grouped(heaviest.events), counted(it.events, "event")) }</p>
            }
        </>
    }
}

/// A handler's share, as a bar, and its events in the order in which it takes them.
fn share(at: usize, handler: &Handler, it: &Shards) -> Html {
    let part = (100 * handler.events).checked_div(it.turns).unwrap_or_default();
    let more = handler.events.saturating_sub(handler.first.len() as u64);
    html! {
        <li>
            <b>{ format!("Handler {}", at + 1) }</b>
            <span class="quiet">{ format!(" {}, {}", counted(handler.events, "event"), counted(handler.keys, if it.by == ShardBy::Id { "stream" } else { "type" })) }</span>
            <div class="load" aria-hidden="true"><i style={format!("width:{part}%")} /></div>
            <p class="quiet">{ handler.names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ") }</p>
            <p class="positions">
                { for handler.first.iter().map(|position| html! { <span>{ format!("#{position} ") }</span> }) }
                if more > 0 { { format!("and {} more", grouped(more)) } }
            </p>
        </li>
    }
}

/// What one handler more would move.
fn moves(it: &Shards) -> Html {
    let (moves, what) = (it.moves, if it.by == ShardBy::Id { "stream" } else { "type" });
    html! {
        <p>{ format!(
            "From {} to {} handlers, {} of {} get another handler, all of them the new one. By the hash modulo the count it would be {}.",
            it.handlers.len(), it.handlers.len() + 1, grouped(moves.keys), counted(moves.of, what), grouped(moves.by_modulo),
        ) }</p>
    }
}
