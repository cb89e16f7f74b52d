//! The event log: a window of rows over a log of any length, and the selected event's detail.

use std::rc::Rc;

use serde_json::Value;
use uuid::Uuid;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent, ResizeObserver};
use yew::{
    Callback, Component, Context, Html, InputEvent, NodeRef, Properties, TargetCast, component,
    html,
};

use super::browser::{remember, remembered};
use super::clock::written_time;
use super::clock::{breathe, slice};
use super::fixed::drawn;
use super::icons::icon;
use super::lab::offers;
use super::parts::{Head, button, chip, counted, grouped, menu, panel, select, tick, typed};
use super::shell::{Shell, is_money};
use super::timeline::mark;
use super::views::in_words;
use crate::es::{Origin, Recorded, Set, Stream};
use crate::host::OpenLog;
use crate::lab::Viewpoint;

const ROW_HEIGHT: f64 = 32.0;
const HEADER_HEIGHT: f64 = 28.0;
/// Browsers cannot lay out a taller element; a longer log is scrolled in proportion.
const TALLEST: f64 = 8_000_000.0;
const SPARE_ROWS: usize = 4;
/// So many of the neighbours of the playhead's row are in view with it.
const ROWS_BESIDE: f64 = 2.0;
/// However tall the screen is.
const ROWS_AT_MOST: usize = 200;
/// A handout that is longer is no handout.
const PRINTED_AT_MOST: usize = 2_000;
const STREAMS_LISTED: usize = 500;
/// So many events are searched between two looks at the clock.
const SEARCHED_AT_ONCE: u64 = 500;
/// So many causes and effects of one event are lit.
const KIN_AT_MOST: usize = 200;

#[derive(Properties, PartialEq)]
pub struct LogProps {
    pub desk: OpenLog,
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
    pub seek: Callback<u64>,
    pub tell: Callback<()>,
    /// Events that are left out or moved, for the view only.
    pub out: Rc<Set<u64>>,
}

/// What is looked for.
#[derive(Clone, Default, PartialEq, Eq)]
struct Query {
    text: String,
    stream: String,
    kind: String,
}

/// The rows that are drawn, by index, and how many would be in a long log.
#[derive(PartialEq, Eq)]
struct Window {
    first: usize,
    last: usize,
    shown: usize,
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
    query: Query,
    /// Keep all rows, and mark those found.
    mark: bool,
    newest_first: bool,
    hide_data: bool,
    /// The positions found, where something is looked for, how far the search has come, and
    /// whether it goes on in a moment.
    found: Option<Vec<u64>>,
    searched: u64,
    searching: bool,
    /// The position last brought into view.
    revealed: Option<(u64, u64, usize, bool)>,
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
            query: Query::default(),
            mark: false,
            newest_first: remembered("newest").is_some(),
            hide_data: remembered("no-data").is_some(),
            found: None,
            searched: 0,
            searching: false,
            revealed: None,
            spare: SPARE_ROWS,
            turn: 0,
            choose: ctx.link().callback(|msg| msg),
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &LogProps) -> bool {
        let props = ctx.props();
        if props.desk != old.desk {
            let other = props.desk.session().scenario().id != old.desk.session().scenario().id;
            if other {
                self.query = Query::default();
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
            Msg::Text(text) => self.query.text = text,
            Msg::Stream(stream) => self.query.stream = stream,
            Msg::Kind(kind) => self.query.kind = kind,
            Msg::Clear => self.query = Query::default(),
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
                props.seek.emit(position);
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
                    props.seek.emit(self.position(next, count));
                }
                return false;
            }
            Msg::Jump(on) => {
                let Some(found) = &self.found else { return false };
                let at = found.partition_point(|it| *it < props.position + u64::from(on));
                let to = if on {
                    found.get(at).or(found.first())
                } else {
                    at.checked_sub(1).and_then(|at| found.get(at)).or(found.last())
                };
                if let Some(to) = to {
                    props.seek.emit(*to);
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
        self.revealed = Some(wanted);
        // The first look at the layout is the one that costs: the document changed before it, and
        // does not again.
        let height = visible(&place);
        let top = self.index(props).map_or(self.top, |index| self.bring(index, props, height));
        #[expect(clippy::cast_possible_truncation, reason = "below TALLEST")]
        let pixels = top as i32;
        if place.scroll_top() != pixels {
            place.set_scroll_top(pixels);
        }
        if self.look(props, top, height, !props.resting) {
            ctx.link().send_message(Msg::Looked);
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let head = Head { name: "Event log", colour: "orange", what: "", region: true };
        let detail = html! {
            <Detail
                desk={props.desk.clone()} position={props.rest} head={props.head} out={props.out.clone()}
                shell={props.shell.clone()} seek={props.seek.clone()}
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
        let narrowed = !self.query.stream.is_empty() || !self.query.kind.is_empty();
        let options = html! {
            <>
                <Only streams={props.streams.clone()} kinds={props.kinds.clone()} stream={self.query.stream.clone()} kind={self.query.kind.clone()} choose={self.choose.clone()} />
                { tick("Keep all rows, mark those found", self.mark, &link.callback(Msg::Mark)) }
                { tick("Newest first", self.newest_first, &link.callback(Msg::NewestFirst)) }
                { tick("Hide the data", self.hide_data, &link.callback(Msg::HideData)) }
                <p class="help">{ "Enter in the filter goes to the next event found, Shift Enter to the one before." }</p>
            </>
        };
        let count = match &self.found {
            Some(found) => {
                let first = if self.searched < props.head { "the first " } else { "" };
                format!("{} of {first}{}", grouped(found.len() as u64), grouped(self.searched))
            }
            None => counted(props.head, "event"),
        };
        html! {
            <>
                <input id="filter" type="search" aria-label="Filter the log" placeholder="Filter: stream, type, text  /"
                    value={self.query.text.clone()} oninput={text} onkeydown={jump} />
                { menu(icon("more"), Some("Log options".to_owned()), options) }
                if narrowed { { button("All", link.callback(|_| Msg::Clear)) } }
                { chip("orange", count) }
            </>
        }
    }

    fn grid(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let count = self.count(props);
        let scale = scale(count, self.height);
        let mut total = tall(count);
        let Window { mut first, mut last, shown } = self.window(props);
        // Where the log is scrolled in proportion, rows stand where the eye is, not to scale.
        let mut offset = if scale < 1.0 {
            (self.top - self.spare as f64 * ROW_HEIGHT).max(0.0)
        } else {
            first as f64 * ROW_HEIGHT
        };
        if props.whole {
            (first, offset) = (0, 0.0);
            last = count.min(PRINTED_AT_MOST);
            total = last as f64 * ROW_HEIGHT;
        }
        let kin = kin(&props.desk.session());
        let found = self.found.as_ref().filter(|_| self.mark);
        let places = (first..last).map(|index| {
            let position = self.position(index, count);
            // A row that leaves the window lends its elements to one that enters it.
            let slot = (index + self.turn) % shown.max(last - first);
            let found = found.is_some_and(|found| found.binary_search(&position).is_ok());
            Place { index, slot, position, found }
        });
        let (places, link) = (places.collect::<Vec<_>>(), ctx.link());
        let class = format!(
            "grid{}{}",
            if kin.is_empty() { "" } else { " kinship" },
            if self.hide_data { " no-data" } else { "" }
        );
        html! {
            <div {class} style={format!("--digits:{}", props.head.max(10).ilog10() + 1)}>
                <div class="scroll" role="grid" tabindex="0" aria-label="Event log" aria-rowcount={(count + 1).to_string()} ref={self.place.clone()} onkeydown={link.callback(Msg::Key)} onclick={link.batch_callback(|event: MouseEvent| pressed(&event))} onscroll={link.callback(|_| Msg::Moved)}>
                    <div class="stay" role="rowgroup">
                        <div class="row top" role="row" aria-rowindex="1">
                            { for ["#", "Stream", "v", "Event", "Data", "At"].map(|name| html! {
                                <span role="columnheader">{ name }</span>
                            }) }
                        </div>
                    </div>
                    <div class="spacer" role="rowgroup" style={format!("height:{}px", drawn(total))}>
                        <div class="window" role="presentation" style={format!("transform:translateY({}px)", drawn(offset))}>
                            <Rows
                                desk={props.desk.clone()} position={props.position} kinds={props.kinds.clone()} {places}
                                {kin} out={props.out.clone()} shell={props.shell.clone()}
                            />
                        </div>
                    </div>
                    if props.head == 0 {
                        <div class="empty">
                            <p>{ "No event yet. Send a command, and what happened is written here, one line a fact." }</p>
                            if props.story { { button("Play the story's next step", props.tell.reform(|_| ())) } }
                        </div>
                    } else if count == 0 && self.searched < props.head {
                        <div class="empty"><p>{ "Searching…" }</p></div>
                    } else if count == 0 {
                        <div class="empty">
                            <p>{ "No event matches." }</p>
                            { button("Show all events", link.callback(|_| Msg::Clear)) }
                        </div>
                    }
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
        let scale = scale(count, self.height);
        let first = index_at(self.top / (ROW_HEIGHT * scale)).saturating_sub(spare).min(count);
        let shown = (index_at(self.height / ROW_HEIGHT) + 2 * spare + 1).min(ROWS_AT_MOST);
        Window { first, last: (first + shown).min(count), shown }
    }

    /// The place was scrolled or has another height: a row of the playhead that was in view stays
    /// there. True where other rows have to be drawn.
    fn moved(&mut self, props: &LogProps) -> bool {
        let Some(place) = self.place.cast::<HtmlElement>() else { return false };
        let (top, height) = (f64::from(place.scroll_top()), visible(&place));
        // Scrolled places are told in whole pixels, those of an enlarged page are not.
        let near = |a: f64, b: f64| (a - b).abs() < 1.5;
        let seen = |index| near(self.bring(index, props, self.height), self.top);
        let kept = !near(height, self.height) && self.index(props).is_some_and(seen);
        // Not where the playhead has brought it: somebody scrolls, and there is more to see.
        let more = self.spare == 0 && !near(top, self.top);
        if more {
            self.spare = SPARE_ROWS;
        }
        if kept {
            self.revealed = None;
        }
        self.look(props, top, height, false) || more || kept
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
        let scaled = scale(self.count(props), height) < 1.0;
        before.0 != now || (scaled && (before.1 - top).abs() > 0.5)
    }

    /// What the row that is brought into view follows from.
    fn wanted(&self, props: &LogProps) -> (u64, u64, usize, bool) {
        (props.position, props.head, self.count(props), self.newest_first)
    }

    /// Goes to the row of the playhead before anything is drawn, so that its neighbours are drawn
    /// once, and the layout is not asked.
    fn aim(&mut self, props: &LogProps) {
        if self.revealed.as_ref() != Some(&self.wanted(props))
            && let Some(index) = self.index(props)
        {
            let top = self.bring(index, props, self.height);
            self.look(props, top, self.height, !props.resting);
        }
    }

    /// How far the log has to be scrolled for a row and its neighbours to be in view.
    fn bring(&self, index: usize, props: &LogProps, height: f64) -> f64 {
        let scale = scale(self.count(props), height);
        let at = index as f64 * ROW_HEIGHT * scale;
        let room = (height - ROW_HEIGHT).max(ROW_HEIGHT) * scale;
        let beside = (ROWS_BESIDE * ROW_HEIGHT * scale).min(room / 2.0);
        let end = (tall(self.count(props)) - height).max(0.0);
        if at < self.top + beside {
            (at - beside).max(0.0).ceil()
        } else if at > self.top + room - beside {
            (at - room + beside).clamp(0.0, end).ceil()
        } else {
            self.top
        }
    }

    /// The positions that are rows, where not all are.
    fn kept(&self) -> Option<&[u64]> {
        self.found.as_deref().filter(|_| !self.mark)
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
        (self.found, self.searched) = (None, 0);
        self.find(ctx);
    }

    /// Searches what has been added since: of a long log a slice at a time.
    fn find(&mut self, ctx: &Context<Self>) {
        if self.query == Query::default() {
            return;
        }
        let (props, pace) = (ctx.props(), slice());
        let needle = self.query.text.trim().to_lowercase();
        let near = |text: &str| text.to_lowercase().contains(&needle);
        let (stream, kind) = (&self.query.stream, &self.query.kind);
        let session = props.desk.session();
        let found = self.found.get_or_insert_default();
        while self.searched < props.head && !pace.over() {
            let to = props.head.min(self.searched + SEARCHED_AT_ONCE);
            let events = session.log().events(self.searched + 1, to).filter(|event| {
                (stream.is_empty() || event.stream().as_str() == stream)
                    && (kind.is_empty() || **event.kind() == **kind)
                    && (needle.is_empty()
                        || near(event.stream().as_str())
                        || near(event.kind())
                        || near(event.data().get()))
            });
            found.extend(events.map(Recorded::position));
            self.searched = to;
        }
        if self.searched < props.head && !std::mem::replace(&mut self.searching, true) {
            ctx.link().send_future(async {
                breathe().await;
                Msg::Search
            });
        }
    }
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

/// Which event stands in which row.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    index: usize,
    /// The elements that show it.
    slot: usize,
    position: u64,
    /// It is marked as found.
    found: bool,
}

#[derive(Properties, PartialEq)]
struct RowsProps {
    desk: OpenLog,
    position: u64,
    kinds: Rc<Vec<Rc<str>>>,
    places: Vec<Place>,
    kin: Set<u64>,
    out: Rc<Set<u64>>,
    shell: Shell,
}

/// The rows, drawn again only where they show something else.
#[component]
fn Rows(props: &RowsProps) -> Html {
    let session = props.desk.session();
    let rows = props.places.iter().filter_map(|place| {
        let event = session.log().event(place.position)?;
        Some(row(event, place, props))
    });
    rows.collect()
}

fn row(event: &Recorded, place: &Place, props: &RowsProps) -> Html {
    let position = event.position();
    let selected = position == props.position;
    let mut class = "row".to_owned();
    class += match (selected, position > props.position) {
        (true, _) => " here",
        (_, true) => " future",
        _ => "",
    };
    if props.out.contains(&position) {
        class += " out";
    }
    if props.kin.contains(&position) {
        class += " kin";
    }
    if place.found {
        class += " found";
    }
    let name =
        format!("{position}: {} on {}, version {}", event.kind(), event.stream(), event.version());
    let kind = props.kinds.iter().position(|it| it == event.kind()).unwrap_or_default();
    let tag = |red: &'static str, text: &'static str| html! { <em class={red}>{ text }</em> };
    html! {
        <div
            {class} role="row" key={place.slot} aria-rowindex={(place.index + 2).to_string()} aria-label={name}
            aria-selected={if selected { "true" } else { "false" }} data-position={position.to_string()}
        >
            <span role="gridcell" class="number">{ position }</span>
            <span role="gridcell" class="mono">{ event.stream().as_str() }</span>
            <span role="gridcell" class="number">{ event.version() }</span>
            <span role="gridcell" class="kind">
                <i class={mark(kind)} />{ event.kind().to_string() }
            </span>
            <span role="gridcell" class="data">
                { match event.origin() {
                    Origin::Command => html! {},
                    Origin::Import => tag("tag", "import"),
                    Origin::Forced => tag("tag red", "forced"),
                } }
                if event.unreadable().is_some() { { tag("tag red", "unreadable") } }
                { in_words(event.data().get(), &props.shell) }
            </span>
            <span role="gridcell" class="mono quiet">{ written_time(event).1 }</span>
        </div>
    }
}

/// The event whose row was pressed.
fn pressed(event: &MouseEvent) -> Option<Msg> {
    let place = event.target_dyn_into::<Element>()?;
    let row = place.closest("[data-position]").ok()??;
    Some(Msg::Go(row.get_attribute("data-position")?.parse().ok()?))
}

/// What the event at the playhead follows from, and what follows from it, itself among them.
/// Nothing, where it stands alone.
fn kin(session: &Viewpoint) -> Set<u64> {
    if session.scenario().processes.is_empty() {
        return Set::default();
    }
    let here = session.position();
    let mut kin = Set::from([here]);
    let mut at = here;
    while let Some((cause, _)) = session.cause(at) {
        at = cause;
        if kin.len() >= KIN_AT_MOST || !kin.insert(cause) {
            break;
        }
    }
    let mut open = vec![here];
    while let Some(at) = open.pop() {
        for (effect, _) in session.caused_by(at) {
            if kin.len() < KIN_AT_MOST && kin.insert(effect) {
                open.push(effect);
            }
        }
    }
    if kin.len() > 1 { kin } else { Set::new() }
}

/// The height in which rows are seen: all but the header's, which stays on top.
fn visible(place: &HtmlElement) -> f64 {
    f64::from(place.client_height()) - HEADER_HEIGHT
}

/// How tall so many rows are.
fn tall(count: usize) -> f64 {
    (count as f64 * ROW_HEIGHT).min(TALLEST)
}

fn scale(count: usize, height: f64) -> f64 {
    let whole = count as f64 * ROW_HEIGHT;
    if whole > TALLEST { (TALLEST - height) / (whole - height) } else { 1.0 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates as meant")]
fn index_at(rows: f64) -> usize {
    rows.max(0.0) as usize
}

#[derive(Properties, PartialEq)]
struct DetailProps {
    desk: OpenLog,
    position: u64,
    /// As the log grows, an event may turn out to have caused more.
    head: u64,
    out: Rc<Set<u64>>,
    shell: Shell,
    seek: Callback<u64>,
}

#[component]
fn Detail(props: &DetailProps) -> Html {
    let session = props.desk.session();
    let Some(event) = session.log().event(props.position) else {
        return html! {
            <div class="detail"><p class="empty">{ "Before the first event: every state is its initial state." }</p></div>
        };
    };
    // Data is shown as it is stored, unlike everywhere else.
    let shape = |title: String, data: &Value| {
        let keys = data.as_object().into_iter().flat_map(|fields| fields.keys());
        let cents = keys.into_iter().any(|key| is_money(&props.shell.money, key));
        html! {
            <div>
                <h3>{ title }if cents { <span class="quiet">{ " · amounts in cents" }</span> }</h3>
                <pre tabindex="0">{ format!("{data:#}") }</pre>
            </div>
        }
    };
    let link = |position: u64, text: String| {
        html! {
            <button type="button" class="link" onclick={props.seek.reform(move |_| position)}>{ text }</button>
        }
    };
    let cause = session.cause(event.position());
    let caused = session.caused_by(event.position());
    html! {
        <div class="detail">
            <div class="causes">
                <div>
                    <h3>{ "Caused by" }</h3>
                    <p>
                        { event.command().map_or_else(
                            || html! { { format!("{} appended it past its aggregate", event.actor()) } },
                            |command| html! { <><b class="blue">{ command.kind.to_string() }</b>{ format!(" from {}", event.actor()) }</> },
                        ) }
                        if let Some((position, kind)) = cause {
                            { " ← " }{ link(position, format!("#{position} {kind}")) }
                        }
                    </p>
                </div>
                <div>
                    <h3>{ "Caused" }</h3>
                    <p>
                        if caused.is_empty() {
                            <span class="quiet">{ "nothing further" }</span>
                        }
                        { for caused.into_iter().map(|(position, kind)| html! { <>{ link(position, format!("#{position} {kind}")) }{ " " }</> }) }
                    </p>
                </div>
            </div>
            if let Some(unreadable) = event.unreadable() {
                <p class="fault">{ format!("This event cannot be read: {}. It stays in the log; its stream refuses commands, and read models skip it.", unreadable.why) }</p>
            }
            <div class="shapes">
                if let Some(stored) = event.stored() {
                    { shape(format!("As stored, schema {}: {}", stored.schema, stored.kind), &stored.data) }
                }
                { shape(format!("{}, schema {}", event.kind(), event.schema()), &serde_json::from_str(event.data().get()).unwrap_or_default()) }
            </div>
            { offers(event.position(), props.head, &props.out, &props.shell.lab) }
            <p class="ids mono">
                <span>{ written_time(event).0 }</span>
                { id("id", event.id()) }
                { id("command", event.command_id()) }
                if event.correlation_id() != event.command_id() { { id("correlation", event.correlation_id()) } }
            </p>
        </div>
    }
}

/// An id's first and last digits: enough to tell it from its neighbours.
fn id(name: &str, id: Uuid) -> Html {
    let text = id.simple().to_string();
    html! { <>{ " · " }<span>{ format!("{name} {}…{}", &text[..8], &text[28..]) }</span></> }
}
