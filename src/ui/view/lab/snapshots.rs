//! What loading a stream costs, and snapshots, which make it cheaper and are never trusted blindly.

use yew::{Html, MouseEvent, html};

use crate::host::Disturbance;
use crate::lab::{Load, Loading, World};
use crate::ui::model::lab::Msg;
use crate::ui::model::shell::Shell;
use crate::ui::view::parts::{Amount, button_for, select};
use crate::ui::words::{counted, grouped};

/// How many snapshots are listed.
const SHOWN: usize = 50;
/// A snapshot is taken every so many events, unless told otherwise.
const EVERY: u64 = 10;

/// The drawer's body.
pub fn snapshots(world: &World, shell: &Shell) -> Html {
    let (loading, meter) = (world.loading(), world.meter());
    let chosen = match loading {
        Loading::Memory => "memory",
        Loading::Events => "events",
        Loading::Snapshots(_) => "snapshots",
    };
    let ways = [
        ("memory", "from the state kept in memory"),
        ("events", "from the first event, each time"),
        ("snapshots", "from the latest snapshot"),
    ];
    let set = shell.on(|way: String| {
        Msg::LoadBy(match &*way {
            "events" => Loading::Events,
            "snapshots" => Loading::Snapshots(EVERY),
            _ => Loading::Memory,
        })
    });
    let all = world.snapshots();
    let more = world.snapshots().count().saturating_sub(SHOWN);
    html! {
        <>
            <label class="field"><span>{ "Commands load their stream" }</span>
                { select("Commands load their stream", chosen, ways.map(|(a, b)| (a.to_owned(), b.to_owned())), set) }
            </label>
            if let Loading::Snapshots(every) = loading {
                <Amount label="A snapshot every so many events" button="Set" value={every} set={shell.on(|every: u64| Msg::LoadBy(Loading::Snapshots(every.max(1))))} />
            }
            <h3>{ "The meter" }</h3>
            <p class="meter" role="status">
                <b>{ format!("Folded {} of {}", grouped(meter.folded), counted(meter.of, "event")) }</b>
                <meter aria-label="Folded" max={meter.of.max(1).to_string()} value={meter.folded.to_string()} />
                <span class="quiet">{ format!("in {} since this was chosen", counted(meter.loads, "load")) }</span>
            </p>
            <p>{ meter.last.as_ref().map_or_else(|| "Send a command to see what loading its stream takes.".to_owned(), last) }</p>
            <h3>{ "Snapshots" }</h3>
            <ul class="causes-list" aria-label="Snapshots">
                { for all.take(SHOWN).map(|(stream, snapshot)| {
                    let disturb = |how: Disturbance| { let stream = stream.clone(); shell.on(move |_: MouseEvent| Msg::Disturb(stream.clone(), how)) };
                    html! {
                        <li key={stream.to_string()}>
                            <b class="mono">{ stream.as_str() }</b>{ format!(" at version {}, schema {} ", snapshot.version, snapshot.schema) }
                            <span class="actions">
                                { button_for("Damage", stream.as_str(), false, disturb(Disturbance::Damage)) }
                                { button_for("Outdate", stream.as_str(), false, disturb(Disturbance::Outdate)) }
                            </span>
                        </li>
                    }
                }) }
            </ul>
            if more > 0 { <p class="quiet">{ format!("and {more} more") }</p> }
            if world.snapshots().next().is_none() { <p class="quiet">{ "None yet. One is taken while a long enough stream is loaded." }</p> }
        </>
    }
}

/// What the last load took.
fn last(load: &Load) -> String {
    let from = match (&load.ignored, load.snapshot) {
        (Some(why), _) => format!(" Its snapshot was ignored: {why}."),
        (None, Some(version)) => format!(" It began at a snapshot of version {version}."),
        (None, None) => String::new(),
    };
    format!("{}: folded {} of {}.{from}", load.stream, load.folded, counted(load.of, "event"))
}
