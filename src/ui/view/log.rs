//! The event log: a window of rows over a log of any length, and the selected event's detail.

mod detail;
mod kin;
mod rows;
mod search;

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent, ResizeObserver};
use yew::{
    Callback, Component, Context, Html, InputEvent, NodeRef, Properties, TargetCast, component,
    html,
};

use self::detail::Detail;
use self::kin::kin;
use self::rows::{Row, Rows};
use self::search::{Query, Search};
use super::icons::icon;
use super::parts::{Head, button, chip, menu, panel, select, tick, typed};
use super::terms::{Term, Word};
use crate::es::{Set, Stream};
use crate::host::OpenLog;
use crate::ui::browser::clock::breathe;
use crate::ui::browser::fixed::drawn;
use crate::ui::browser::{remember, remembered};
use crate::ui::model::shell::Shell;
use crate::ui::model::{commands, playback};
use crate::ui::words::{counted, grouped};

/// How tall a row is, in pixels, as the style sheet has it.
const ROW_HEIGHT: f64 = 32.0;
/// And where it has two lines.
const TWO_LINES_HEIGHT: f64 = 42.0;
/// In a log that is no wider, in pixels, an event's data stands under its type.
const TWO_LINES_UP_TO: i32 = 480;
const HEADER_HEIGHT: f64 = 28.0;
/// Browsers cannot lay out a taller element; a longer log is scrolled in proportion.
const TALLEST: f64 = 8_000_000.0;
const SPARE_ROWS: usize = 4;
/// How many neighbours of the playhead's row are in view with it.
const ROWS_BESIDE: f64 = 2.0;
/// How many rows are drawn at most, however tall the screen is.
const ROWS_AT_MOST: usize = 200;
/// How many rows are printed at most: a longer handout helps nobody.
const PRINTED_AT_MOST: usize = 2_000;
/// How long a stream's name is for which there is always room, at least and at most.
const NAME_LENGTHS: (usize, usize) = (9, 15);
/// How many streams are offered to choose from.
const STREAMS_LISTED: usize = 500;

/// The columns, and the terms that explain them.
const COLUMNS: [(&str, Option<Word>); 6] = [
    ("#", Some(Word::Position)),
    ("Stream", Some(Word::Stream)),
    ("v", Some(Word::Version)),
    ("Event", Some(Word::Event)),
    ("Data", None),
    ("At", None),
];

#[derive(Properties, PartialEq)]
pub struct LogProps {
    pub open_log: OpenLog,
    pub position: u64,
    /// The position whose event is shown in detail: the playhead's, or while that is dragged, the
    /// last at which it stood still.
    pub rest: u64,
    /// The playhead has come to rest.
    pub resting: bool,
    pub head: u64,
    /// The events' types, in order of their first event.
    pub kinds: Rc<Vec<Rc<str>>>,
    pub streams: Rc<Vec<Stream>>,
    /// True where all rows up to the playhead are to be in the document, for printing.
    pub whole: bool,
    pub shell: Shell,
    /// True where the story has a next step.
    pub story: bool,
    /// Events that are left out or moved, for the view only.
    pub out: Rc<Set<u64>>,
}

/// The rows that are drawn, by index, and how many would be in a long log.
#[derive(PartialEq, Eq)]
struct Window {
    first: usize,
    last: usize,
    shown: usize,
}

/// What the row that is brought into view follows from.
#[derive(PartialEq, Eq)]
struct Revealed {
    position: u64,
    head: u64,
    rows: usize,
    newest_first: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "each is true by itself")]
pub struct EventLogView {
    place: NodeRef,
    /// Tells when the place has another height, and which place that is.
    observer: Option<ResizeObserver>,
    watched: Option<HtmlElement>,
    _resized: Closure<dyn Fn()>,
    top: f64,
    height: f64,
    /// How tall a row is.
    row: f64,
    search: Search,
    /// The search goes on in a moment.
    searching: bool,
    /// Keep all rows, and mark those found.
    mark: bool,
    newest_first: bool,
    hide_data: bool,
    /// What the row followed from that was last brought into view.
    revealed: Option<Revealed>,
    /// How many rows are drawn on each side of those in view. None, while the playhead passes by
    /// and the next frame shows others.
    spare: usize,
    /// How far the rows' elements have been passed on from row to row.
    turn: usize,
    choose: Callback<Msg>,
}

pub enum Msg {
    /// The rows are scrolled, or have more or less room.
    Moved,
    /// Other rows are in view than were drawn.
    Looked,
    Text(String),
    Stream(String),
    Kind(String),
    Mark(bool),
    NewestFirst(bool),
    HideData(bool),
    /// To the event at a position.
    Go(u64),
    /// A key was pressed in the grid: up and down go from row to row.
    Key(KeyboardEvent),
    /// To the next event found, or the one before.
    Jump(bool),
    /// Look for nothing.
    Clear,
    /// Search on.
    Search,
}

impl Component for EventLogView {
    type Message = Msg;
    type Properties = LogProps;

    fn create(ctx: &Context<Self>) -> Self {
        let link = ctx.link().clone();
        let resized = Closure::<dyn Fn()>::new(move || link.send_message(Msg::Moved));
        Self {
            place: NodeRef::default(),
            // A browser without one shows the row after the next event.
            observer: ResizeObserver::new(resized.as_ref().unchecked_ref()).ok(),
            _resized: resized,
            watched: None,
            top: 0.0,
            height: 600.0,
            row: ROW_HEIGHT,
            search: Search::default(),
            searching: false,
            mark: false,
            newest_first: remembered("newest").is_some(),
            hide_data: remembered("no-data").is_some(),
            revealed: None,
            spare: SPARE_ROWS,
            turn: 0,
            choose: ctx.link().callback(|msg| msg),
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &LogProps) -> bool {
        let props = ctx.props();
        if props.open_log != old.open_log {
            let other =
                props.open_log.session().scenario().id != old.open_log.session().scenario().id;
            if other {
                self.search.query = Query::default();
            }
            self.find_anew(ctx);
        } else if props.head != old.head {
            self.find(ctx);
        }
        if props.resting {
            self.spare = SPARE_ROWS;
        }
        self.aim(props);
        true
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let props = ctx.props();
        match msg {
            Msg::Moved => return self.moved(props),
            Msg::Looked => return true,
            Msg::Text(text) => self.search.query.text = text,
            Msg::Stream(stream) => self.search.query.stream = stream,
            Msg::Kind(kind) => self.search.query.kind = kind,
            Msg::Clear => self.search.query = Query::default(),
            Msg::Mark(on) => self.mark = on,
            Msg::NewestFirst(on) => {
                self.newest_first = on;
                remember("newest", on.then_some("first"));
            }
            Msg::HideData(on) => {
                self.hide_data = on;
                remember("no-data", on.then_some("hidden"));
            }
            Msg::Go(position) => {
                seek(props, position);
                return false;
            }
            Msg::Key(event) => {
                let down = match &*event.key() {
                    "ArrowDown" => true,
                    "ArrowUp" => false,
                    _ => return false,
                };
                event.prevent_default();
                let (count, index) = (self.count(props), self.index(props));
                let next = match index {
                    // Before the first event the playhead is beyond the end at which that is.
                    _ if props.position == 0 && self.newest_first => count.saturating_sub(1),
                    _ if props.position == 0 => 0,
                    Some(index) if down => index + 1,
                    Some(index) => index.saturating_sub(1),
                    None => 0,
                };
                if next < count {
                    seek(props, self.position(next, count));
                }
                return false;
            }
            Msg::Jump(on) => {
                if let Some(to) = self.search.neighbour(props.position, on) {
                    seek(props, to);
                }
                return false;
            }
            Msg::Search => {
                self.searching = false;
                self.find(ctx);
                self.aim(props);
                return true;
            }
        }
        self.find_anew(ctx);
        self.aim(props);
        true
    }

    fn rendered(&mut self, ctx: &Context<Self>, _: bool) {
        let props = ctx.props();
        self.watch();
        let wanted = self.wanted(props);
        if self.revealed.as_ref() == Some(&wanted) || props.whole {
            return;
        }
        let Some(place) = self.place.cast::<HtmlElement>() else { return };
        // The first look at the layout is the one that costs: the document changed before it, and
        // does not again.
        let height = visible(&place);
        // Drawn once more, there is room to scroll to where the row belongs.
        let room = (self.height - height).abs() < 0.5;
        self.revealed = room.then_some(wanted);
        let top = self.index(props).map_or(self.top, |index| self.rest(index, props, height));
        #[expect(clippy::cast_possible_truncation, reason = "below TALLEST")]
        let pixels = top as i32;
        if place.scroll_top() != pixels {
            place.set_scroll_top(pixels);
        }
        if self.look(props, top, height, !props.resting) || !room {
            ctx.link().send_message(Msg::Looked);
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let head = Head {
            name: "Event log",
            colour: "orange",
            what: "",
            term: None,
            region: true,
            line: false,
        };
        let detail = html! {
            <Detail
                open_log={props.open_log.clone()} position={props.rest} head={props.head} out={props.out.clone()} kinds={props.kinds.clone()}
                shell={props.shell.clone()}
            />
        };
        let body = html! { <>{ self.grid(ctx) }{ detail }</> };
        panel(&props.shell, &head, self.tools(ctx), body)
    }

    fn destroy(&mut self, _: &Context<Self>) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
    }
}

impl EventLogView {
    fn tools(&self, ctx: &Context<Self>) -> Html {
        let (props, link) = (ctx.props(), ctx.link());
        let text = link.batch_callback(|event: InputEvent| typed(&event).map(Msg::Text));
        let jump = link.batch_callback(|event: KeyboardEvent| {
            let enter = event.key() == "Enter";
            if enter {
                event.prevent_default();
            }
            enter.then(|| Msg::Jump(!event.shift_key()))
        });
        let narrowed = self.search.query.is_narrow();
        let options = html! {
            <>
                <Only streams={props.streams.clone()} kinds={props.kinds.clone()} stream={self.search.query.stream.clone()} kind={self.search.query.kind.clone()} choose={self.choose.clone()} />
                { tick("Keep all rows, mark those found", self.mark, &link.callback(Msg::Mark)) }
                { tick("Newest first", self.newest_first, &link.callback(Msg::NewestFirst)) }
                { tick("Hide the data", self.hide_data, &link.callback(Msg::HideData)) }
                <p class="help">{ "Enter in the filter goes to the next event found, Shift Enter to the one before." }</p>
            </>
        };
        let count = match &self.search.found {
            Some(found) => {
                let first = if self.search.searched < props.head { "the first " } else { "" };
                format!(
                    "{} of {first}{}",
                    grouped(found.len() as u64),
                    grouped(self.search.searched)
                )
            }
            None => counted(props.head, "event"),
        };
        html! {
            <>
                <input id="filter" type="search" aria-label="Filter the log" placeholder="Filter: stream, type, text  /"
                    value={self.search.query.text.clone()} oninput={text} onkeydown={jump} />
                { menu(icon("more"), Some("Log options".to_owned()), options) }
                if narrowed { { button("All", link.callback(|_| Msg::Clear)) } }
                { chip("orange", count) }
            </>
        }
    }

    /// What is said where no row is: to a grid that is a row as well.
    fn nothing(&self, ctx: &Context<Self>, count: usize) -> Html {
        let (props, link) = (ctx.props(), ctx.link());
        let said = if props.head == 0 {
            html! {
                <>
                    <p>{ "No event yet. Send a command, and what happened is written here, one line a fact." }</p>
                    if props.story { { button("Play the story's next step", props.shell.on(|_: MouseEvent| commands::Msg::Tell)) } }
                </>
            }
        } else if count > 0 {
            return html! {};
        } else if self.search.searched < props.head {
            html! { <p>{ "Searching…" }</p> }
        } else {
            html! {
                <>
                    <p>{ "No event matches." }</p>
                    { button("Show all events", link.callback(|_| Msg::Clear)) }
                </>
            }
        };
        html! { <div role="row"><div class="empty" role="gridcell">{ said }</div></div> }
    }

    fn grid(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let count = self.count(props);
        let scale = self.scale(count, self.height);
        let mut total = self.end(count, self.height) + self.height.min(self.tall(count));
        let Window { mut first, mut last, shown } = self.window(props);
        // Where the log is scrolled in proportion, rows stand where the eye is, not to scale.
        let mut offset = if scale < 1.0 {
            (self.top - self.spare as f64 * self.row).max(0.0)
        } else {
            first as f64 * self.row
        };
        if props.whole {
            (first, offset) = (0, 0.0);
            last = count.min(PRINTED_AT_MOST);
            total = last as f64 * self.row;
        }
        let kin = kin(&props.open_log.session());
        let found = self.search.found.as_ref().filter(|_| self.mark);
        let rows = (first..last).map(|index| {
            let position = self.position(index, count);
            // A row that leaves the window lends its elements to one that enters it.
            let slot = (index + self.turn) % shown.max(last - first);
            let found = found.is_some_and(|found| found.binary_search(&position).is_ok());
            Row { index, slot, position, found }
        });
        let (rows, link) = (rows.collect::<Vec<_>>(), ctx.link());
        // Names that differ only in their ends are told apart by these.
        let longest = props.streams.iter().take(STREAMS_LISTED).map(|it| it.as_str().len()).max();
        let stream = longest.unwrap_or_default().clamp(NAME_LENGTHS.0, NAME_LENGTHS.1) * 8 + 4;
        let class = format!(
            "grid{}{}{}",
            if kin.is_empty() { "" } else { " kinship" },
            if self.hide_data { " no-data" } else { "" },
            if self.row > ROW_HEIGHT { " two-lines" } else { "" }
        );
        html! {
            <div {class} style={format!("--digits:{};--stream:{stream}px", props.head.max(10).ilog10() + 1)}>
                <div class="scroll" role="grid" tabindex="0" aria-label="Event log" aria-rowcount={(count + 1).to_string()} ref={self.place.clone()} onkeydown={link.callback(Msg::Key)} onclick={link.batch_callback(|event: MouseEvent| pressed(&event))} onscroll={link.callback(|_| Msg::Moved)}>
                    <div class="stay" role="rowgroup">
                        <div class="row top" role="row" aria-rowindex="1">
                            { for COLUMNS.map(|(name, word)| html! {
                                <span role="columnheader">{ match word {
                                    Some(word) => html! { <Term {word} text={name} /> },
                                    None => html! { { name } },
                                } }</span>
                            }) }
                        </div>
                    </div>
                    <div class="spacer" role="rowgroup" style={format!("height:{}px", drawn(total))}>
                        <div class="window" role="presentation" style={format!("transform:translateY({}px)", drawn(offset))}>
                            <Rows
                                open_log={props.open_log.clone()} position={props.position} kinds={props.kinds.clone()} {rows}
                                {kin} out={props.out.clone()} shell={props.shell.clone()}
                            />
                        </div>
                    </div>
                    { self.nothing(ctx, count) }
                </div>
            </div>
        }
    }

    /// Sees to it that the place is watched: another one is made where the panel is unfolded.
    fn watch(&mut self) {
        let Some(observer) = &self.observer else { return };
        let place = self.place.cast::<HtmlElement>();
        if place != self.watched {
            observer.disconnect();
            if let Some(place) = &place {
                observer.observe(place);
            }
            self.watched = place;
        }
    }

    /// The rows in view, and a few around them.
    fn window(&self, props: &LogProps) -> Window {
        let (count, spare) = (self.count(props), self.spare);
        let scale = self.scale(count, self.height);
        let first = index_at(self.top / (self.row * scale)).saturating_sub(spare).min(count);
        let shown = (index_at(self.height / self.row) + 2 * spare + 1).min(ROWS_AT_MOST);
        Window { first, last: (first + shown).min(count), shown }
    }

    /// The place was scrolled or has another height: a row of the playhead that was in view stays
    /// there. True where other rows have to be drawn.
    fn moved(&mut self, props: &LogProps) -> bool {
        let Some(place) = self.place.cast::<HtmlElement>() else { return false };
        let (top, height) = (f64::from(place.scroll_top()), visible(&place));
        // Scrolled places are told in whole pixels, those of an enlarged page are not.
        let near = |a: f64, b: f64| (a - b).abs() < 1.5;
        let seen = |index: usize| {
            let scale = self.scale(self.count(props), self.height);
            let (at, room) = (index as f64 * self.row, self.height - self.row);
            (self.top - 1.5..self.top + room * scale + 1.5).contains(&(at * scale))
        };
        let row = row_height(&place);
        let taller = !near(row, self.row);
        let room = taller || !near(height, self.height);
        let kept = room && self.index(props).is_some_and(seen);
        self.row = row;
        // Not where the playhead has brought it: somebody scrolls, and there is more to see.
        let more = self.spare == 0 && !near(top, self.top);
        if more {
            self.spare = SPARE_ROWS;
        }
        if kept {
            self.revealed = None;
        }
        self.look(props, top, height, false) || more || kept || taller
    }

    /// Takes note of what is in view, and whether the playhead only passes there. True where other
    /// rows have to be drawn.
    fn look(&mut self, props: &LogProps, top: f64, height: f64, passing: bool) -> bool {
        let before = (self.window(props), self.top);
        (self.top, self.height) = (top, height);
        let mut now = self.window(props);
        if now.first >= before.0.last || now.last <= before.0.first {
            self.spare = if passing { 0 } else { SPARE_ROWS };
            now = self.window(props);
            // No row stays in view: each element is where the next row goes already.
            let shown = now.shown;
            self.turn = (before.0.first + self.turn + shown - now.first % shown) % shown;
        }
        let scaled = self.scale(self.count(props), height) < 1.0;
        before.0 != now || (scaled && (before.1 - top).abs() > 0.5)
    }

    fn wanted(&self, props: &LogProps) -> Revealed {
        Revealed {
            position: props.position,
            head: props.head,
            rows: self.count(props),
            newest_first: self.newest_first,
        }
    }

    /// Goes to the row of the playhead before anything is drawn, so that its neighbours are drawn
    /// once, and the layout is not asked.
    fn aim(&mut self, props: &LogProps) {
        if self.revealed.as_ref() != Some(&self.wanted(props))
            && let Some(index) = self.index(props)
        {
            let top = self.rest(index, props, self.height);
            self.look(props, top, self.height, !props.resting);
        }
    }

    /// How far the log has to be scrolled for a row and its neighbours to be in view.
    fn bring(&self, index: usize, props: &LogProps, height: f64) -> f64 {
        let count = self.count(props);
        let scale = self.scale(count, height);
        let at = index as f64 * self.row * scale;
        let room = (height - self.row).max(self.row) * scale;
        let beside = (ROWS_BESIDE * self.row * scale).min(room / 2.0);
        if at < self.top + beside {
            (at - beside).max(0.0).ceil()
        } else if at > self.top + room - beside {
            (at - room + beside).clamp(0.0, self.end(count, height)).ceil()
        } else {
            self.top
        }
    }

    /// The same, and no row is cut at the top, unless the log is so long that rows are not to scale.
    fn rest(&self, index: usize, props: &LogProps, height: f64) -> f64 {
        let (top, count) = (self.bring(index, props, height), self.count(props));
        if self.scale(count, height) < 1.0 {
            return top;
        }
        let rows = (top / self.row).ceil().min(index as f64);
        (rows * self.row).min(self.end(count, height))
    }

    /// How tall so many rows are.
    fn tall(&self, count: usize) -> f64 {
        (count as f64 * self.row).min(TALLEST)
    }

    /// How far the log can be scrolled: so far that no row at the top is cut.
    fn end(&self, count: usize, height: f64) -> f64 {
        ((self.tall(count) - height) / self.row).ceil().max(0.0) * self.row
    }

    fn scale(&self, count: usize, height: f64) -> f64 {
        let whole = count as f64 * self.row;
        if whole > TALLEST { self.end(count, height) / (whole - height) } else { 1.0 }
    }

    /// The positions that are rows, where not all are.
    fn kept(&self) -> Option<&[u64]> {
        self.search.found.as_deref().filter(|_| !self.mark)
    }

    fn count(&self, props: &LogProps) -> usize {
        let all = if props.whole { props.position } else { props.head };
        match self.kept() {
            Some(found) => found.len(),
            None => usize::try_from(all).unwrap_or(usize::MAX),
        }
    }

    fn position(&self, index: usize, count: usize) -> u64 {
        let index = if self.newest_first { count - 1 - index } else { index };
        match self.kept() {
            Some(found) => found.get(index).copied().unwrap_or_default(),
            None => index as u64 + 1,
        }
    }

    /// The row that the playhead is at.
    fn index(&self, props: &LogProps) -> Option<usize> {
        let index = match self.kept() {
            Some(found) => found.binary_search(&props.position).ok()?,
            None => usize::try_from(props.position.saturating_sub(1)).ok()?,
        };
        Some(if self.newest_first { self.count(props).checked_sub(1 + index)? } else { index })
    }

    fn find_anew(&mut self, ctx: &Context<Self>) {
        self.search.begin_anew();
        self.find(ctx);
    }

    /// Searches what has been added since: of a long log a slice at a time.
    fn find(&mut self, ctx: &Context<Self>) {
        let props = ctx.props();
        let more = self.search.go_on(&props.open_log, props.head);
        if more && !std::mem::replace(&mut self.searching, true) {
            ctx.link().send_future(async {
                breathe().await;
                Msg::Search
            });
        }
    }
}

/// Moves the playhead.
fn seek(props: &LogProps, position: u64) {
    props.shell.link.send(playback::Msg::Seek(position));
}

/// The event whose row was pressed.
fn pressed(event: &MouseEvent) -> Option<Msg> {
    let place = event.target_dyn_into::<Element>()?;
    let row = place.closest("[data-position]").ok()??;
    Some(Msg::Go(row.get_attribute("data-position")?.parse().ok()?))
}

/// What is looked for, to choose from.
#[derive(Properties, PartialEq)]
struct OnlyProps {
    streams: Rc<Vec<Stream>>,
    kinds: Rc<Vec<Rc<str>>>,
    stream: String,
    kind: String,
    choose: Callback<Msg>,
}

#[component]
fn Only(props: &OnlyProps) -> Html {
    let all = |text: &str| std::iter::once((String::new(), text.to_owned()));
    let entry = |text: &str| (text.to_owned(), text.to_owned());
    let streams = props.streams.iter().take(STREAMS_LISTED).map(|it| entry(it.as_str()));
    let kinds = props.kinds.iter().map(|it| entry(it));
    let choose = &props.choose;
    html! {
        <>
            <label class="field"><span>{ "Stream" }</span>{ select("Only this stream", &props.stream, all("all streams").chain(streams), choose.reform(Msg::Stream)) }</label>
            <label class="field"><span>{ "Type" }</span>{ select("Only this type", &props.kind, all("all types").chain(kinds), choose.reform(Msg::Kind)) }</label>
        </>
    }
}

/// How tall a row is in a log of that width.
fn row_height(place: &HtmlElement) -> f64 {
    if place.offset_width() <= TWO_LINES_UP_TO { TWO_LINES_HEIGHT } else { ROW_HEIGHT }
}

/// The height in which rows are seen: all but the header's, which stays on top.
fn visible(place: &HtmlElement) -> f64 {
    f64::from(place.client_height()) - HEADER_HEIGHT
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates as meant")]
fn index_at(rows: f64) -> usize {
    rows.max(0.0) as usize
}
