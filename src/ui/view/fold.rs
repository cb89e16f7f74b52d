//! The Fold view: rows are events, columns are folds, and each cell is the state after its row's
//! event. It is what event sourcing comes down to, and follows the same playhead as everything.
//!
//! Only the rows in view are folded, and none after the playhead: those are still to come.

mod cell;

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent, ResizeObserver};
use yew::{Component, Context, Html, NodeRef, Properties, TargetCast, classes, html};

use self::cell::{ChangedCell, Told, WholeCell};
pub use self::cell::{all_changes, told_changes};
use super::parts::{button, icon_button, menu, show_all, tick};
use super::terms::{Term, Word};
use crate::es::{Recorded, Stream};
use crate::host::OpenLog;
use crate::lab::clip::is_long;
use crate::lab::{Subscription, SubscriptionKind, Target};
use crate::ui::browser::fixed::drawn;
use crate::ui::model::changes::{Changes, OF_A_CELL};
use crate::ui::model::fold_view::Msg as FoldMsg;
use crate::ui::model::lab::{self, target};
use crate::ui::model::playback::{self, Shows};
use crate::ui::model::shell::Shell;
use crate::ui::words::counted;

/// In pixels, as the style sheet has it.
const ROW_HEIGHT: f64 = 38.0;
/// Browsers cannot lay out a taller element; a longer log is scrolled in proportion.
const TALLEST: f64 = 8_000_000.0;
/// How many rows are drawn above and below those in view.
const SPARE_ROWS: u64 = 2;
/// How many rows are drawn at most, however tall the screen is.
const ROWS_AT_MOST: u64 = 80;
/// How many rows are printed at most.
const PRINTED_AT_MOST: u64 = 300;
/// The playhead's row stands this far down, as a share of the height, while there is room.
const HERE_AT: f64 = 0.42;
/// A read model of more rows is folded only while the playhead rests.
const HEAVIEST_IN_PASSING: usize = 10_000;
/// How many rows are remembered.
const REMEMBERED: usize = 400;
/// How many streams are offered as columns.
const STREAMS_OFFERED: usize = 40;

#[derive(Properties, PartialEq)]
pub struct FoldProps {
    pub open_log: OpenLog,
    pub position: u64,
    pub head: u64,
    /// The names of the columns.
    pub columns: Rc<Vec<Rc<str>>>,
    /// What each column shows at the playhead during a beat.
    pub shows: Vec<Shows>,
    pub streams: Rc<Vec<Stream>>,
    /// The playhead has come to rest.
    pub resting: bool,
    /// It moves on at once.
    pub passing: bool,
    /// True where all rows up to the playhead are to be in the document, for printing.
    pub whole: bool,
    pub shell: Shell,
}

/// The cells of rows that were folded, and what they are of.
#[derive(Default)]
struct Memory {
    columns: Rc<Vec<Rc<str>>>,
    /// The version of code of each column.
    codes: Vec<u16>,
    rows: Vec<Remembered>,
}

/// The cells of a row. None where there is no such state or read model, or it was too heavy.
type Cells = Rc<[Option<Rc<Told>>]>;

/// A row that was folded.
struct Remembered {
    position: u64,
    cells: Cells,
}

impl Memory {
    fn cells(&self, position: u64) -> Option<&Cells> {
        self.rows.iter().find(|it| it.position == position).map(|it| &it.cells)
    }
}

pub struct FoldGrid {
    place: NodeRef,
    here: NodeRef,
    observer: Option<ResizeObserver>,
    _resized: Closure<dyn Fn()>,
    top: f64,
    height: f64,
    /// How tall the playhead's row is.
    tall: f64,
    /// The playhead's position that was brought into view.
    aimed: Option<u64>,
    /// The column that the keyboard is in; 0 is the event's.
    column: usize,
    memory: RefCell<Memory>,
}

pub enum Msg {
    /// The rows are scrolled, or have more or less room.
    Moved,
    /// The playhead's row has another height than was drawn, or there is another room for all.
    Measured,
    /// A key was pressed in the grid.
    Key(KeyboardEvent),
    /// A row was pressed.
    Go(u64),
}

impl Component for FoldGrid {
    type Message = Msg;
    type Properties = FoldProps;

    fn create(ctx: &Context<Self>) -> Self {
        let link = ctx.link().clone();
        let resized = Closure::<dyn Fn()>::new(move || link.send_message(Msg::Moved));
        Self {
            place: NodeRef::default(),
            here: NodeRef::default(),
            observer: ResizeObserver::new(resized.as_ref().unchecked_ref()).ok(),
            _resized: resized,
            top: 0.0,
            height: 600.0,
            tall: ROW_HEIGHT,
            aimed: None,
            column: 0,
            memory: RefCell::default(),
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &FoldProps) -> bool {
        let props = ctx.props();
        if props.open_log != old.open_log {
            self.memory = RefCell::default();
        }
        if props.open_log != old.open_log || props.columns != old.columns {
            self.aimed = None;
            self.column = self.column.min(props.columns.len());
        }
        // Its neighbours are drawn at once where it will stand, so that the layout is not asked.
        if self.aimed != Some(props.position) {
            self.top = self.aim(props);
        }
        true
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let props = ctx.props();
        match msg {
            Msg::Moved => {
                let Some(place) = self.place.cast::<HtmlElement>() else { return false };
                let (top, height) = (f64::from(place.scroll_top()), visible(&place));
                let moved = (self.top - top).abs() > 0.5 || (self.height - height).abs() > 0.5;
                (self.top, self.height) = (top, height);
                moved
            }
            Msg::Measured => true,
            Msg::Go(position) => {
                props.shell.link.send(playback::Msg::Seek(position));
                false
            }
            Msg::Key(event) => self.key(props, &event),
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        html! {
            <section class="panel fold-view" role="region" aria-label="Fold view">
                { head(props) }
                { self.grid(ctx) }
            </section>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        let props = ctx.props();
        let Some(place) = self.place.cast::<HtmlElement>() else { return };
        if first && let Some(observer) = &self.observer {
            observer.observe(&place);
        }
        if props.whole {
            return;
        }
        let tall = self.here.cast::<HtmlElement>().map(|it| f64::from(it.offset_height()));
        let (tall, height) = (tall.unwrap_or(ROW_HEIGHT).max(ROW_HEIGHT), visible(&place));
        let changed = (self.tall - tall).abs() > 0.5 || (self.height - height).abs() > 0.5;
        if changed {
            // Drawn once more, there is room to scroll to where the row belongs.
            (self.tall, self.height, self.aimed) = (tall, height, None);
            self.top = self.aim(props);
            ctx.link().send_message(Msg::Measured);
        } else if self.aimed != Some(props.position) {
            self.aimed = Some(props.position);
            let top = self.aim(props);
            let drawn_at = std::mem::replace(&mut self.top, top);
            if (drawn_at - self.top).abs() > 0.5 {
                ctx.link().send_message(Msg::Measured);
            }
            #[expect(clippy::cast_possible_truncation, reason = "below TALLEST")]
            place.set_scroll_top(self.top as i32);
        }
    }

    fn destroy(&mut self, _: &Context<Self>) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
    }
}

impl FoldGrid {
    /// How far the view has to be scrolled for the playhead's row to stand where it belongs.
    fn aim(&self, props: &FoldProps) -> f64 {
        let above = (self.height * HERE_AT).min((self.height - self.tall).max(ROW_HEIGHT));
        let rows = (props.position as f64 - above / ROW_HEIGHT).ceil().max(0.0);
        (rows * ROW_HEIGHT * self.scale(props)).min(self.end(props))
    }

    /// How far the view can be scrolled: so far that no row at the top is cut.
    fn end(&self, props: &FoldProps) -> f64 {
        let whole = (props.head as f64 * ROW_HEIGHT + self.tall).min(TALLEST);
        ((whole - self.height) / ROW_HEIGHT).ceil().max(0.0) * ROW_HEIGHT
    }

    fn whole_height(&self, props: &FoldProps) -> f64 {
        let whole = (props.head as f64 * ROW_HEIGHT + self.tall).min(TALLEST);
        whole.max(if self.end(props) > 0.0 { self.end(props) + self.height } else { 0.0 })
    }

    fn scale(&self, props: &FoldProps) -> f64 {
        let whole = props.head as f64 * ROW_HEIGHT + self.tall;
        if whole > TALLEST { (TALLEST - self.height) / (whole - self.height) } else { 1.0 }
    }

    /// The first and the last position that are drawn, and how far down the first one stands.
    fn window(&self, props: &FoldProps) -> (u64, u64, f64) {
        if props.whole {
            let last = props.position.min(PRINTED_AT_MOST);
            return (0, last, 0.0);
        }
        let scale = self.scale(props);
        let eye = self.top / scale;
        let (here, more) = (props.position as f64 * ROW_HEIGHT, self.tall - ROW_HEIGHT);
        let at = if eye <= here { eye } else { (eye - more).max(here) };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "is a row")]
        let (eye_row, rows) =
            ((at / ROW_HEIGHT) as u64, (self.height / ROW_HEIGHT).ceil().max(1.0) as u64);
        let first = eye_row.saturating_sub(SPARE_ROWS);
        let last = (eye_row + rows + SPARE_ROWS).min(props.head).min(first + ROWS_AT_MOST);
        let stands = first as f64 * ROW_HEIGHT + if first > props.position { more } else { 0.0 };
        // In a long log rows stand where the eye is, not to scale.
        (first, last, stands - eye + self.top)
    }

    /// Folds those of the rows that are drawn which are not remembered.
    fn fold(&self, props: &FoldProps, first: u64, last: u64) {
        let last = last.min(props.position);
        let mut viewpoint = props.open_log.viewpoint_mut();
        let targets: Vec<Target> =
            props.columns.iter().map(|it| target(&props.streams, it)).collect();
        let code =
            |name: &Rc<str>| viewpoint.world().subscription(name).map_or(0, Subscription::code);
        let codes: Vec<u16> = props.columns.iter().map(code).collect();
        let mut memory = self.memory.borrow_mut();
        if memory.columns != props.columns || memory.codes != codes {
            *memory = Memory { columns: props.columns.clone(), codes, rows: Vec::new() };
        }
        if memory.rows.len() > REMEMBERED {
            memory.rows.retain(|it| (first..=last).contains(&it.position));
        }
        // What was too heavy in passing is folded at rest.
        if props.resting {
            memory.rows.retain(|it| it.cells.iter().all(Option::is_some));
        }
        let heaviest = if props.resting { usize::MAX } else { HEAVIEST_IN_PASSING };
        let missing: Vec<u64> = (first..=last).filter(|it| memory.cells(*it).is_none()).collect();
        for run in missing.chunk_by(|a, b| a + 1 == *b) {
            for row in viewpoint.fold_rows(&targets, run[0], run[run.len() - 1], heaviest) {
                let cells = row.cells.into_iter().map(|cell| {
                    let cell = cell?;
                    let changes = Changes::of(&cell, &props.shell.money, OF_A_CELL);
                    Some(Rc::new(Told { cell, changes }))
                });
                memory.rows.push(Remembered { position: row.position, cells: cells.collect() });
            }
        }
    }

    /// Up and down move the playhead, left and right go from column to column.
    fn key(&mut self, props: &FoldProps, event: &KeyboardEvent) -> bool {
        if event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key() {
            return false;
        }
        let to = match &*event.key() {
            "ArrowUp" => props.position.saturating_sub(1),
            "ArrowDown" => (props.position + 1).min(props.head),
            "ArrowLeft" if self.column > 0 => {
                self.column -= 1;
                props.position
            }
            "ArrowRight" if self.column < props.columns.len() => {
                self.column += 1;
                props.position
            }
            _ => return false,
        };
        event.prevent_default();
        props.shell.link.send(playback::Msg::Seek(to));
        true
    }

    fn grid(&self, ctx: &Context<Self>) -> Html {
        let (props, link) = (ctx.props(), ctx.link());
        let (first, last, stands) = self.window(props);
        self.fold(props, first, last);
        let memory = self.memory.borrow();
        let total = if props.whole {
            "auto".to_owned()
        } else {
            format!("{}px", drawn(self.whole_height(props)))
        };
        let session = props.open_log.session();
        let rows = (first..=last).map(|position| {
            let event = session.log().event(position);
            self.row(props, position, event, memory.cells(position))
        });
        let active = (first..=last).contains(&props.position);
        let active = active.then(|| format!("fold-{}-{}", props.position, self.column));
        html! {
            <div class="fold-scroll" role="grid" tabindex="0" aria-label="Fold" ref={self.place.clone()}
                aria-rowcount={(props.head + 2).to_string()} aria-colcount={(props.columns.len() + 1).to_string()}
                aria-activedescendant={active} style={format!("--columns:{}", props.columns.len())}
                onkeydown={link.callback(Msg::Key)} onscroll={link.callback(|_| Msg::Moved)}
                onclick={link.batch_callback(|event: MouseEvent| pressed(&event))}>
                <div role="rowgroup" class="stay">
                    <div class="fold-row top" role="row" aria-rowindex="1">
                        <span role="columnheader" class="orange" aria-label="Event"><Term word={Word::Event} /></span>
                        { for props.columns.iter().map(|name| column_head(props, name)) }
                    </div>
                </div>
                <div role="rowgroup" class="spacer" style={format!("height:{total}")}>
                    <div class="window" role="presentation" style={format!("transform:translateY({}px)", drawn(stands))}>
                        { for rows }
                    </div>
                </div>
            </div>
        }
    }

    fn row(
        &self,
        props: &FoldProps,
        position: u64,
        event: Option<&Recorded>,
        cells: Option<&Cells>,
    ) -> Html {
        let (here, future) = (position == props.position, position > props.position);
        let id = |column: usize| format!("fold-{position}-{column}");
        let focused = |column: usize| (here && column == self.column).then_some("focused");
        let label = sentence(props, position, event, cells);
        let cell = |index: usize, name: &Rc<str>| {
            let told = cells.and_then(|it| it.get(index)?.clone());
            let body = match told {
                _ if future => html! {},
                None => html! { <span class="quiet">{ "…" }</span> },
                Some(told) if here => {
                    let shows = props.shows.get(index).copied().unwrap_or(Shows::Change);
                    html! { <WholeCell name={name.clone()} {told} {shows} passing={props.passing} /> }
                }
                Some(told) => html! { <ChangedCell {told} /> },
            };
            html! {
                <div role="gridcell" class={classes!("cell", focused(index + 1))} key={name.to_string()} id={id(index + 1)}>{ body }</div>
            }
        };
        let reference = if here { self.here.clone() } else { NodeRef::default() };
        html! {
            <div class={classes!("fold-row", here.then_some("here"), future.then_some("future"))} role="row" ref={reference}
                key={position} aria-rowindex={(position + 2).to_string()} aria-label={label}
                aria-selected={here.to_string()} data-position={position.to_string()}>
                <div role="gridcell" class={classes!("cell", "event", focused(0))} id={id(0)}>
                    <span class="number">{ position }</span>
                    { match event {
                        Some(event) => html! {
                            <>
                            <span class="what">
                                <b>{ event.kind().to_string() }</b>{ " " }
                                <span class="quiet">{ event.stream().as_str() }{ data(event, &props.shell) }</span>
                            </span>
                            if is_long(event.data().get()) { { show_all(html! { { props.shell.seals.open(event.data().get()).into_owned() } }) } }
                            </>
                        },
                        None => html! { <span class="what quiet">{ "before the first event" }</span> },
                    } }
                </div>
                { for props.columns.iter().enumerate().map(|(index, name)| cell(index, name)) }
            </div>
        }
    }
}

/// An event's data in a few words, after its stream.
fn data(event: &Recorded, shell: &Shell) -> String {
    match shell.in_words(event.data().get()) {
        words if words.is_empty() => words,
        words => format!(" · {words}"),
    }
}

/// A row as a sentence, for whoever hears it read out.
fn sentence(
    props: &FoldProps,
    position: u64,
    event: Option<&Recorded>,
    cells: Option<&Cells>,
) -> String {
    let event = event.map_or("before the first event".to_owned(), |it| {
        format!("{} on {}", it.kind(), it.stream())
    });
    if position > props.position {
        return format!("position {position}: {event}, still to come");
    }
    let cells = cells.map(|it| it.iter()).into_iter().flatten();
    let told =
        props.columns.iter().zip(cells).filter_map(|(name, told)| {
            Some(format!("; {name} {}", told.as_ref()?.changes.sentence()))
        });
    format!("position {position}: {event}{}", told.collect::<String>())
}

/// The row that was pressed, unless something in it was that is pressed for itself.
fn pressed(event: &MouseEvent) -> Option<Msg> {
    let place = event.target_dyn_into::<Element>()?;
    if place.closest("button, input, a").ok()?.is_some() {
        return None;
    }
    let row = place.closest("[data-position]").ok()??;
    Some(Msg::Go(row.get_attribute("data-position")?.parse().ok()?))
}

/// What kind of thing a column is: its colour, and a word.
fn kind_of(props: &FoldProps, name: &str) -> (&'static str, &'static str) {
    let session = props.open_log.session();
    match session.world().subscription(name) {
        None => ("yellow", "state"),
        Some(it) if it.kind() == SubscriptionKind::Process => ("lilac", "process"),
        Some(_) => ("green", "read model"),
    }
}

fn column_head(props: &FoldProps, name: &Rc<str>) -> Html {
    let (colour, what) = kind_of(props, name);
    let word = match colour {
        "yellow" => Word::State,
        "lilac" => Word::Process,
        _ => Word::Projection,
    };
    let leave = {
        let name = name.clone();
        props.shell.on(move |_: MouseEvent| FoldMsg::Column(name.clone(), false))
    };
    let code = {
        let name = name.clone();
        props.shell.on(move |_: MouseEvent| lab::Msg::Code(name.clone()))
    };
    html! {
        <span role="columnheader" class={colour} aria-label={name.to_string()} key={name.to_string()}>
            <b>{ name.to_string() }</b><span class="quiet what"><Term {word} text={what} /></span>
            { icon_button("code", format!("Code of {name}"), code) }
            { icon_button("refused", format!("Leave out {name}"), leave) }
        </span>
    }
}

fn head(props: &FoldProps) -> Html {
    let shell = &props.shell;
    let session = props.open_log.session();
    let column = |name: Rc<str>, kind: &'static str| {
        let on = props.columns.contains(&name);
        let set = shell.on({
            let name = name.clone();
            move |on| FoldMsg::Column(name.clone(), on)
        });
        html! { <div key={name.to_string()}>{ tick(format!("{name}, {kind}"), on, &set) }</div> }
    };
    let streams = props.streams.iter().take(STREAMS_OFFERED);
    let columns = html! {
        <>
            { for session.world().subscriptions().iter().map(|it| column(it.name().clone(), kind_of(props, it.name()).1)) }
            { for streams.map(|it| column(it.as_str().into(), "state")) }
            if props.streams.len() > STREAMS_OFFERED {
                <p class="help">{ "Of further streams: press “See it fold” on their state." }</p>
            }
        </>
    };
    html! {
        <div class="head">
            <div class="title"><h2 class="orange">{ "Fold" }</h2>
                <span class="quiet what"><Term word={Word::Fold} text="each column is folded from the events above" /></span>
            </div>
            <span class="spring" />
            <span class="quiet">{ counted(props.columns.len() as u64, "column") }</span>
            { menu(html! { <>{ "Columns" }<span aria-hidden="true">{ " ▾" }</span></> }, None, columns) }
            { button("Close", shell.on(|_: MouseEvent| FoldMsg::Show(false))) }
        </div>
    }
}

/// The height in which rows are seen: all but the header's, which stays on top.
fn visible(place: &HtmlElement) -> f64 {
    f64::from(place.client_height()) - ROW_HEIGHT
}
