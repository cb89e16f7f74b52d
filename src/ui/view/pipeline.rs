//! How it all fits together, as a live drawing: the stations of a command and its events, how
//! much each has seen, and what is on its way between them.

use yew::{AttrValue, Html, MouseEvent, Properties, component, html};

use super::icons::icon;
use super::parts::Long;
use crate::ui::browser::fixed::drawn;
use crate::ui::model::layout;
use crate::ui::model::shell::use_shell;
use crate::ui::model::station::{Cargo, Pulse, Station};
use crate::ui::words::grouped;

const ALL: [Station; 7] = [
    Station::Commands,
    Station::Handler,
    Station::Store,
    Station::Projections,
    Station::Queries,
    Station::Processes,
    Station::Outbox,
];

impl Station {
    fn icon(self) -> &'static str {
        match self {
            Self::Commands => "command",
            Self::Handler => "handler",
            Self::Store => "event",
            Self::Projections => "table",
            Self::Queries => "query",
            Self::Processes => "process",
            Self::Outbox => "outbox",
        }
    }

    /// What it is for, in a sentence.
    fn about(self) -> &'static str {
        match self {
            Self::Commands => "What people and process managers ask for",
            Self::Handler => "Loads a stream, folds it into a state, and decides",
            Self::Store => "What happened, in order; events are only ever added",
            Self::Projections => "Read models, each a fold over the events",
            Self::Queries => "Ask a read model; never the events",
            Self::Processes => "React to events with further commands and side effects",
            Self::Outbox => "Side effects: what leaves the system",
        }
    }

    /// Where it stands: its left edge and width in percent of the drawing, its middle in pixels.
    fn place(self) -> (f64, f64, f64) {
        match self {
            Self::Commands => (2.0, 14.0, 33.0),
            Self::Handler => (22.0, 13.0, 33.0),
            Self::Store => (41.0, 14.0, 33.0),
            Self::Projections => (62.0, 16.5, 33.0),
            Self::Queries => (84.0, 14.0, 33.0),
            Self::Processes => (62.0, 16.5, 79.0),
            Self::Outbox => (84.0, 14.0, 79.0),
        }
    }
}

/// Projections, or processes, as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    pub count: usize,
    /// How many of them are behind the head.
    pub late: usize,
    /// One of them has crashed.
    pub crashed: bool,
}

impl Crowd {
    fn words(self) -> String {
        match self.late {
            _ if self.crashed => "crashed".to_owned(),
            0 => self.count.to_string(),
            _ if self.count == 1 => "late".to_owned(),
            late => format!("{late} late"),
        }
    }
}

#[derive(Properties, PartialEq)]
pub struct PipelineProps {
    /// How many commands were asked.
    pub commands: usize,
    pub position: u64,
    pub head: u64,
    pub projections: Crowd,
    pub processes: Crowd,
    /// Side effects performed.
    pub outbox: usize,
    /// True where the scenario has processes.
    pub reacts: bool,
    pub pulse: Option<Pulse>,
    /// Tells this pulse from the one before.
    pub pulses: u64,
    /// What the drawing's last line says, and whether that is about the station that is lit.
    pub caption: AttrValue,
    pub there: bool,
}

#[component]
pub fn Pipeline(props: &PipelineProps) -> Html {
    let now = props.pulse.as_ref().map(|it| it.at);
    let shell = use_shell();
    let count = |station| match station {
        Station::Commands => props.commands.to_string(),
        Station::Handler => "decide".to_owned(),
        Station::Store if props.head > 9_999 => grouped(props.position),
        Station::Store if props.position < props.head => {
            format!("{} / {}", props.position, props.head)
        }
        Station::Store => props.head.to_string(),
        Station::Projections => props.projections.words(),
        Station::Queries => "ask".to_owned(),
        Station::Processes => props.processes.words(),
        Station::Outbox => props.outbox.to_string(),
    };
    let line = |path: &'static str, aside: bool| {
        html! { <path d={path} class={if aside && !props.reacts { "off" } else { "" }} /> }
    };
    html! {
        <section class="pipeline" role="region" aria-label="Pipeline">
            <span class="side blue" aria-hidden="true">{ "Write side" }</span>
            <span class="side green" aria-hidden="true">{ "Read side" }</span>
            <div class="drawing">
                <svg viewBox="0 0 100 112" preserveAspectRatio="none" aria-hidden="true">
                    { line("M16 33H22", false) }
                    { line("M35 33H41", false) }
                    { line("M55 33H62", false) }
                    { line("M84 33H78.5", false) }
                    { line("M55 33C59 33 58 79 62 79", true) }
                    { line("M78.5 79H84", true) }
                    { line("M62 88C50 106 9 112 9 53", true) }
                </svg>
                { for ALL.map(|station| {
                    let (left, width, middle) = station.place();
                    let off = !props.reacts && matches!(station, Station::Processes | Station::Outbox);
                    let class = format!("station {} {}{}", station.colour(),
                        if now == Some(station) { "now" } else { "" }, if off { "off" } else { "" });
                    html! {
                        <button type="button" {class} style={format!("left:{}%;width:{}%;top:{}px", drawn(left), drawn(width), drawn(middle - 19.0))}
                            title={station.about()}
                            onclick={shell.on(move |_: MouseEvent| layout::Msg::Forward(station))}>
                            { icon(station.icon()) }
                            <span class="name">{ station.name() }</span>
                            if off { <span class="unseen">{ " none here" }</span> } else { <b>{ count(station) }</b> }
                        </button>
                    }
                }) }
                if let Some(pulse) = &props.pulse { { token(pulse, props.pulses) } }
            </div>
            <p class="caption">
                if let Some(station) = now.filter(|_| props.there) { <b class={station.colour()}>{ station.name() }</b> }
                <span><Long text={props.caption.clone()} /></span>
            </p>
        </section>
    }
}

/// What is on its way, from edge to edge.
fn token(pulse: &Pulse, number: u64) -> Html {
    let Some((from, cargo)) = pulse.from else { return html! {} };
    let ((a, wide, y0), (b, other, y1)) = (from.place(), pulse.at.place());
    // To the right, to the left, or all the way back to the commands.
    let (x0, x1, middle) = match pulse.at {
        Station::Commands => (a, b + other / 2.0, (40.0, 101.0)),
        _ if a < b => (a + wide, b, (f64::midpoint(a + wide, b), f64::midpoint(y0, y1))),
        _ => (a, b + other, (f64::midpoint(a, b + other), y0)),
    };
    let y1 = if pulse.at == Station::Commands { y1 + 20.0 } else { y1 };
    let (xm, ym) = middle;
    let class = match cargo {
        Cargo::Command => "token blue",
        Cargo::Event => "token orange",
        Cargo::Effect => "token pink",
    };
    let [x0, y0, xm, ym, x1, y1] = [x0, y0, xm, ym, x1, y1].map(drawn);
    let style = format!("--x0:{x0}%;--y0:{y0}px;--xm:{xm}%;--ym:{ym}px;--x1:{x1}%;--y1:{y1}px");
    html! { <i key={number} {class} {style} aria-hidden="true" /> }
}
