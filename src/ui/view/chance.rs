//! A run by chance: how many events, over how many streams, from which seed.

use std::rc::Rc;

use web_sys::{HtmlInputElement, SubmitEvent};
use yew::{Callback, Html, Properties, component, html};

use super::parts::refused;
use crate::es::Scenario;
use crate::lab::{RANDOM_EVENTS_AT_MOST, RandomPlan};
use crate::ui::browser::clock::now;
use crate::ui::model::logs_dialog::{ChanceRun, Msg};
use crate::ui::model::shell::use_shell;
use crate::ui::words::grouped;

/// The fewest events of a run.
const FEWEST: u64 = 10;
/// So many seeds are offered by the clock.
const SEEDS: u64 = 100_000;

#[derive(Properties)]
pub struct ChanceProps {
    pub scenario: Rc<Scenario>,
    pub busy: bool,
}

impl PartialEq for ChanceProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.scenario, &other.scenario) && self.busy == other.busy
    }
}

#[component]
pub fn Chance(props: &ChanceProps) -> Html {
    let link = use_shell().link;
    let places = [yew::use_node_ref(), yew::use_node_ref(), yew::use_node_ref()];
    let fault = yew::use_state(|| None::<String>);
    let seed = yew::use_state(|| now() % SEEDS);
    let run = {
        let (places, fault, scenario) = (places.clone(), fault.clone(), props.scenario.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let number = |at: usize| {
                let text = places[at].cast::<HtmlInputElement>()?.value();
                text.trim().parse::<u64>().ok()
            };
            let plan = number(0)
                .zip(number(1))
                .zip(number(2))
                .map(|((events, streams), seed)| RandomPlan { at: now(), events, streams, seed });
            let events = FEWEST..=RANDOM_EVENTS_AT_MOST;
            let plan = plan.filter(|it| events.contains(&it.events) && it.streams >= 1);
            let why = || {
                let most = grouped(RANDOM_EVENTS_AT_MOST);
                format!("type whole numbers: {FEWEST} to {most} events, 1 or more streams, a seed")
            };
            fault.set(plan.is_none().then(why));
            if let Some(plan) = plan {
                let title = format!("{} by chance, seed {}", scenario.title, plan.seed);
                let scenario = scenario.clone();
                link.send(Msg::Chance(ChanceRun { scenario, title, plan, position: None }));
            }
        })
    };
    let field = |at: usize, label: &'static str, value: u64| {
        html! {
            <label class="field"><span>{ label }</span>
                <input ref={places[at].clone()} inputmode="numeric" autocomplete="off" value={value.to_string()} />
            </label>
        }
    };
    html! {
        <details>
            <summary>{ "A random run" }</summary>
            <form class="compare" onsubmit={run} novalidate={true}>
                { field(0, "Events", 1_000) }
                { field(1, "Streams, 1 for one that has nearly all", 20) }
                { field(2, "Seed", *seed) }
                <button disabled={props.busy}>{ "Run by chance" }</button>
                { refused(fault.as_deref()) }
            </form>
            <p class="help">{ "Commands are filled in from their own types and sent; what the domain refuses is refused. The same seed gives the same log, and a link carries the seed." }</p>
        </details>
    }
}
