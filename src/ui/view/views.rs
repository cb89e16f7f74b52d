//! Views as people expect them: tables as tables, documents as trees, pages as rendered text,
//! graphs and charts as drawings, a search index with a box to search it. What the event at the
//! playhead changed is marked, old beside new.

use std::cell::RefCell;
use std::f64::consts::TAU;
use std::fmt::Write;
use std::rc::Rc;

use js_sys::Math;
use serde_json::Value;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::{
    Callback, Html, InputEvent, MouseEvent, NodeRef, Properties, component, hook, html, use_effect,
};

use super::markdown::markdown;
use super::parts::{Long, button, button_for};
use crate::es::{Bar, Cell, Cents, File, Map, Set, Table, View, natural, sort};
use crate::lab::clip::{clip, clip_to, clip_words};
use crate::lab::{DiffLine, DiffMark, RowMark, TableDiff, lines, rows};
use crate::ui::browser::fixed::{Fixed, drawn};
use crate::ui::model::logs_dialog;
use crate::ui::model::shell::{Shell, use_shell};
use crate::ui::words::{MoneyFields, counted, is_money, plain, whole, written};

/// How many rows of a table are shown; the rest is counted.
const ROWS_SHOWN: usize = 200;
/// How many changes of an edit are listed.
const CHANGES_SHOWN: usize = 12;
/// How many of them are shown at first: more are never read, and each costs.
const ROWS_AT_FIRST: usize = 15;

/// What an event has changed.
const MARKED: &str = "ins, del, tr.added, tr.gone, .new, details:is(.added, .changed, .gone)";
/// What takes the focus.
const STOPS: &str = "button, a[href], input, select, summary, [tabindex]";
/// What is a line of a view.
const LINES: &str = "tr, [data-path], summary";

#[derive(Properties, PartialEq)]
pub struct ViewProps {
    pub name: Rc<str>,
    pub now: Rc<View>,
    pub was: Rc<View>,
}

#[component]
pub fn ViewBody(props: &ViewProps) -> Html {
    match (&*props.now, &*props.was) {
        (View::Table(_), View::Table(_)) => {
            html! { <Rows now={props.now.clone()} was={props.was.clone()} /> }
        }
        (View::Documents { documents: now, money }, View::Documents { documents: was, .. }) => {
            let money: MoneyFields = Rc::new(money.clone());
            html! {
                { for either(now.keys(), was.keys()).into_iter().map(|key| html! {
                    <div class="document" key={key.to_string()} data-within={format!("/documents/{}", escaped(key))}>
                        <h3><Long text={key.clone()} /></h3>
                        <Tree now={now.get(key).cloned().unwrap_or_default()} was={was.get(key).cloned().unwrap_or_default()} money={money.clone()} />
                    </div>
                }) }
            }
        }
        (View::Pages { pages: now }, View::Pages { pages: was }) => {
            html! { <Pages now={now.clone()} was={was.clone()} /> }
        }
        (View::Files { files: now }, View::Files { files: was }) => {
            html! { <Files name={props.name.clone()} now={now.clone()} was={was.clone()} /> }
        }
        (View::Graph { nodes, edges }, View::Graph { nodes: old, edges: links }) => {
            graph(&props.name, nodes, edges, old, links)
        }
        (View::Bars { unit, money, bars: now }, View::Bars { bars: was, .. }) => {
            bars(unit, *money, now, was)
        }
        (View::Chart { unit, money, series }, _) => chart(&props.name, unit, *money, series),
        (View::Search { titles, terms }, _) => {
            html! { <Search name={props.name.clone()} titles={titles.clone()} terms={terms.clone()} /> }
        }
        _ => html! {},
    }
}

/// Has what changed in a box in view whenever the box is drawn. Where the playhead is `passing`, it
/// waits: to measure boxes in each frame of a drag would lay the page out several times a frame.
#[hook]
pub fn use_what_changed_in_view(place: &NodeRef, passing: bool) {
    let place = place.clone();
    use_effect(move || {
        if let Some(place) = place.cast::<HtmlElement>().filter(|_| !passing) {
            settle(&place);
        }
    });
}

/// A box has its content and its height: what changed in it is in view, and keys can scroll it.
///
/// That is seen to once everything is drawn, for all boxes at once: to measure one after another was
/// changed lays the page out anew each time.
pub fn settle(place: &HtmlElement) {
    let first = UNSETTLED.with_borrow_mut(|all| {
        all.push(place.clone());
        all.len() == 1
    });
    if first {
        wasm_bindgen_futures::spawn_local(async {
            let places = UNSETTLED.take();
            let measured: Vec<_> = places.iter().map(Measured::of).collect();
            for (place, measured) in places.iter().zip(measured) {
                measured.apply(place);
            }
        });
    }
}

thread_local! {
    static UNSETTLED: RefCell<Vec<HtmlElement>> = const { RefCell::new(Vec::new()) };
}

/// What is to be done with a box.
struct Measured {
    /// How far it is scrolled, in pixels. None where it stays as it is.
    to: Option<f64>,
    height: i32,
    /// Keys scroll it.
    scrolls: bool,
}

impl Measured {
    fn of(place: &HtmlElement) -> Self {
        // A box that holds something to focus is scrolled from there.
        let holds = place.query_selector(STOPS).ok().flatten().is_some();
        let height = place.client_height();
        let scrolls = !holds && place.scroll_height() > height + 1;
        Self { to: scrolled_to(place), height, scrolls }
    }

    fn apply(&self, place: &HtmlElement) {
        if let Some(to) = self.to {
            // Near its end a box can be scrolled a little further than its content goes.
            let style = format!("--end:{}px", Fixed(to + f64::from(self.height), 0));
            // An attribute of an element can always be set.
            let _ = place.set_attribute("style", &style);
            #[expect(clippy::cast_possible_truncation, reason = "is a place in a box")]
            place.set_scroll_top(to as i32);
        }
        // An attribute of an element can always be set, and one that is not there be removed.
        _ = match (self.scrolls, place.has_attribute("tabindex")) {
            (true, false) => place.set_attribute("tabindex", "0"),
            (false, true) => place.remove_attribute("tabindex"),
            _ => Ok(()),
        };
    }
}

/// How far a box, and nothing around it, is scrolled to show the first line in it that is marked. None
/// where that is in view. The line stands at the foot of the box, as far as that is possible without
/// cutting the line at the top.
fn scrolled_to(place: &HtmlElement) -> Option<f64> {
    let find = |what| place.query_selector(what).ok().flatten();
    let mark = find(MARKED)?;
    let line = mark.closest(LINES).ok().flatten().unwrap_or(mark);
    let (seen, at) = (place.get_bounding_client_rect(), line.get_bounding_client_rect());
    // In a panel, the names of columns stay on top.
    let names = find(".body thead").map_or(0.0, |it| it.get_bounding_client_rect().height());
    let top = seen.top() + names;
    if at.top() > top - 1.0 && at.bottom() < seen.bottom() + 1.0 {
        return None;
    }
    let (mut first, mut before) = (at.top(), line.previous_element_sibling());
    while let Some(it) = before {
        let its = it.get_bounding_client_rect().top();
        if at.bottom() - its > seen.bottom() - top {
            break;
        }
        (first, before) = (its, it.previous_element_sibling());
    }
    // Enlarged as the stage is, a box is scrolled in larger pixels than it is measured in.
    let zoom = seen.height() / f64::from(place.offset_height().max(1));
    Some(f64::from(place.scroll_top()) + (first - top) / zoom)
}

/// The keys of now and before, each once.
fn either<'a>(
    now: impl Iterator<Item = &'a Rc<str>>,
    was: impl Iterator<Item = &'a Rc<str>>,
) -> Vec<&'a Rc<str>> {
    let keys: Set<&Rc<str>> = now.chain(was).collect();
    let mut keys: Vec<&Rc<str>> = keys.into_iter().collect();
    sort(&mut keys, |a, b| natural(a, b));
    keys
}

/// How something differs from what was there.
fn differs<T: PartialEq>(was: Option<&T>, now: Option<&T>) -> DiffMark {
    match (was, now) {
        (None, _) => DiffMark::Added,
        (_, None) => DiffMark::Removed,
        (Some(was), Some(now)) if was != now => DiffMark::Changed,
        _ => DiffMark::Same,
    }
}

fn mark(mark: DiffMark) -> (&'static str, &'static str) {
    match mark {
        DiffMark::Same => ("", ""),
        DiffMark::Added => ("added", "new"),
        DiffMark::Changed => ("changed", "changed"),
        DiffMark::Removed => ("gone", "gone"),
    }
}

/// A table's cell as it is shown: a long text can be shown whole.
fn drawn_cell(cell: &Cell) -> Html {
    match cell {
        Cell::Text(text) => html! { <Long text={text.clone()} /> },
        other => html! { { written(other) } },
    }
}

/// How a cell is set; an empty one as the others of its column are.
fn side(cell: &Cell, column: &'static str) -> &'static str {
    match cell {
        Cell::Number(_) | Cell::Money(_) => "number",
        Cell::Flag(true) => "truth on",
        Cell::Flag(false) => "truth",
        Cell::Empty => column,
        Cell::Text(_) => "",
    }
}

/// How each column is set: as its first cell with something in it.
fn sides(table: &Table) -> Vec<&'static str> {
    let of = |index: usize| {
        let cells = table.rows.iter().take(ROWS_SHOWN).filter_map(|row| row.cells.get(index));
        let number = cells.clone().find(|cell| **cell != Cell::Empty);
        if number.is_some_and(|it| side(it, "") == "number") { "number" } else { "" }
    };
    (0..table.columns.len()).map(of).collect()
}

#[derive(Properties, PartialEq)]
struct RowsProps {
    now: Rc<View>,
    was: Rc<View>,
}

/// A table: its first rows, and all that the event at the playhead has changed.
#[component]
fn Rows(props: &RowsProps) -> Html {
    let all = yew::use_state(|| false);
    let (View::Table(now), View::Table(was)) = (&*props.now, &*props.was) else { return html! {} };
    let limit = if *all { ROWS_SHOWN } else { ROWS_AT_FIRST };
    // Of the very same, only what is seen is looked at.
    let same = Rc::ptr_eq(&props.now, &props.was);
    let diff = if same { TableDiff::unchanged(now, limit) } else { rows(was, now) };
    let count = if same { now.rows.len() } else { diff.rows.len() };
    let shown = diff
        .rows
        .iter()
        .enumerate()
        .filter(|(index, row)| *index < limit || row.mark != DiffMark::Same);
    let shown: Vec<_> = shown.map(|(_, row)| row).take(ROWS_SHOWN).collect();
    let hidden = count - shown.len();
    let sides = sides(now);
    html! {
        <div class="tablebox" tabindex="0" role="group" aria-label="Rows">
        <table>
            <thead><tr>
                { for now.columns.iter().zip(&sides).map(|(column, side)| html! {
                    <th scope="col" class={*side}>{ &*column.name }</th>
                }) }
            </tr></thead>
            <tbody>{ for shown.into_iter().map(|it| row(it, &sides)) }</tbody>
            if let Some(totals) = &now.totals {
                <tfoot><tr>
                    { for totals.iter().zip(&sides).map(|(cell, column)| html! {
                        <td class={side(cell, column)}>if *cell != Cell::Empty { { drawn_cell(cell) } }</td>
                    }) }
                </tr></tfoot>
            }
        </table>
        if hidden > 0 {
            <p class="quiet pad">
                { format!("and {hidden} more rows ") }
                if !*all { { button("Show more", Callback::from(move |_| all.set(true))) } }
            </p>
        }
        </div>
    }
}

fn row(row: &RowMark, sides: &[&'static str]) -> Html {
    html! {
        <tr key={row.row.key.to_string()} data-key={row.row.key.to_string()} class={mark(row.mark).0}>
            { for row.row.cells.iter().zip(&row.was).zip(sides).enumerate().map(|(index, ((cell, was), column))| html! {
                <td class={side(cell, column)} tabindex="-1">
                    if let Some(was) = was {
                        <del>{ drawn_cell(was) }</del>{ " " }<ins>{ drawn_cell(cell) }</ins>
                    } else if index == 0 && matches!(row.mark, DiffMark::Added | DiffMark::Removed) {
                        <span>{ drawn_cell(cell) }</span>{ " " }<em class="tag">{ mark(row.mark).1 }</em>
                    } else {
                        { drawn_cell(cell) }
                    }
                </td>
            }) }
        </tr>
    }
}

#[derive(Properties, PartialEq)]
pub struct TreeProps {
    pub now: Value,
    pub was: Value,
    /// Fields that hold money, beside those of the scenario's types.
    #[prop_or_default]
    pub money: MoneyFields,
}

/// A JSON value as a tree.
#[component]
pub fn Tree(props: &TreeProps) -> Html {
    let shell = use_shell();
    let lines = lines(&props.was, &props.now);
    if lines.is_empty() {
        return html! { <p class="tree mono"><span class="quiet">{ "empty" }</span></p> };
    }
    let plain = |line: &DiffLine, text: &str| {
        let own = is_money(&props.money, &line.path);
        let text = whole(if own { &props.money } else { &shell.money }, &line.path, text);
        html! { <Long {text} /> }
    };
    html! {
        <div class="tree mono" tabindex="0" role="group" aria-label="Fields">
            { for lines.iter().take(ROWS_SHOWN).map(|line| html! {
                <div class={mark(line.mark).0} key={line.path.clone()} tabindex="-1" data-path={line.pointer().to_owned()} style={format!("padding-left:{}ch", 2 * line.depth)}>
                    if !line.key.is_empty() { <span class="key">{ format!("{}:", clip(&line.key)) }</span>{ " " } }
                    if let Some(was) = &line.was { <del>{ plain(line, was) }</del>{ " " } }
                    if let Some(now) = &line.now {
                        if line.mark == DiffMark::Same { <span>{ plain(line, now) }</span> } else { <ins>{ plain(line, now) }</ins> }
                        if now == "{}" || now == "[]" { <span class="quiet">{ " empty" }</span> }
                    }
                    if line.mark == DiffMark::Removed { { " " }<em class="tag">{ "gone" }</em> }
                </div>
            }) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PagesProps {
    now: Map<Rc<str>, String>,
    was: Map<Rc<str>, String>,
}

#[component]
fn Pages(props: &PagesProps) -> Html {
    let keys = either(props.now.keys(), props.was.keys());
    html! {
        <div class="pages">
            { for keys.into_iter().map(|key| {
                let (now, was) = (props.now.get(key), props.was.get(key));
                let how = differs(was, now);
                html! {
                    <details class={mark(how).0} key={key.to_string()} open={true}>
                        <summary>
                            { format!("{}.html", clip(key)) }
                            if how != DiffMark::Same { { " " }<em class="tag">{ mark(how).1 }</em> }
                        </summary>
                        <Page text={now.or(was).cloned().unwrap_or_default()} />
                    </details>
                }
            }) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct FilesProps {
    name: Rc<str>,
    now: Map<Rc<str>, File>,
    was: Map<Rc<str>, File>,
}

/// Files that can be taken one by one, or all together.
#[component]
fn Files(props: &FilesProps) -> Html {
    let shell = use_shell();
    let keys = either(props.now.keys(), props.was.keys());
    let more = keys.len().saturating_sub(ROWS_AT_FIRST);
    let take = |file: Option<Rc<str>>| {
        let name = props.name.clone();
        shell.on(move |_: MouseEvent| logs_dialog::Msg::TakeFile(name.clone(), file.clone()))
    };
    html! {
        <div class="pages">
            { for keys.into_iter().take(ROWS_AT_FIRST).map(|key| {
                let (now, was) = (props.now.get(key), props.was.get(key));
                let how = differs(was, now);
                html! {
                    <details class={mark(how).0} key={key.to_string()} open={true}>
                        <summary>
                            { clip(key).into_owned() }
                            if how != DiffMark::Same { { " " }<em class="tag">{ mark(how).1 }</em> }
                        </summary>
                        if let Some(file) = now.or(was) { { file_body(key, file, was) } }
                        if now.is_some() { <div class="actions">{ button_for("Download", key, false, take(Some(key.clone()))) }</div> }
                    </details>
                }
            }) }
            if more > 0 { <p class="quiet pad">{ format!("and {more} more, in the archive") }</p> }
            if props.now.len() > 1 { <div class="actions pad">{ button_for("Download all as a zip", &props.name, false, take(None)) }</div> }
        </div>
    }
}

/// What a file holds. What is new in it is marked, line by line.
fn file_body(name: &str, file: &File, was: Option<&File>) -> Html {
    if file.media.starts_with("image/") {
        let content = js_sys::encode_uri_component(&file.text);
        let source = format!("data:{};charset=utf-8,{content}", file.media);
        return html! { <img class="file" src={source} alt={format!("{name}, as it is drawn")} /> };
    }
    let before: Set<&str> = was.into_iter().flat_map(|it| it.text.lines()).collect();
    let text = clip_words(&file.text, PAGE);
    html! {
        <pre class="file" tabindex="0" aria-label={format!("What {name} holds, {}", file.media)}>
            { for text.lines().map(|line| {
                if was.is_some() && !before.contains(line) && !line.is_empty() {
                    html! { <><ins>{ line.to_owned() }</ins>{ "\n" }</> }
                } else {
                    html! { { format!("{line}\n") } }
                }
            }) }
        </pre>
    }
}

/// How many letters of a page are rendered at first.
const PAGE: usize = 4_000;
/// How many letters a node's label has in a drawing.
const LABEL: usize = 40;

#[derive(Properties, PartialEq)]
struct PageProps {
    text: String,
}

/// A page as it is rendered. The source of a long one is a press away, in a box of its own.
#[component]
fn Page(props: &PageProps) -> Html {
    let clipped = clip_words(&props.text, PAGE);
    html! {
        <div class="rendered">
            { markdown(&clipped) }
            if *clipped != *props.text { <p><Long text={props.text.clone()} /></p> }
        </div>
    }
}

fn bars(unit: &str, money: bool, now: &[Bar], was: &[Bar]) -> Html {
    let label = |value: i64| if money { Cents(value).to_string() } else { value.to_string() };
    let most = now.iter().map(|bar| bar.value.unsigned_abs()).max().unwrap_or(1).max(1);
    html! {
        <div class="bars">
            <>
                { for now.iter().take(ROWS_SHOWN).map(|bar| {
                    let before = was.iter().find(|it| it.name == bar.name).map(|it| it.value);
                    let share = 100.0 * bar.value.unsigned_abs() as f64 / most as f64;
                    let changed = before != Some(bar.value);
                    html! {
                        <div class={if changed { "bar-row changed" } else { "bar-row" }} key={bar.name.to_string()} tabindex="-1" data-path={format!("/bars/{}/value", escaped(&bar.name))}>
                            <span class="name"><Long text={bar.name.clone()} /></span>
                            <span class="track"><i style={format!("width:{}%", Fixed(share, 1))} /></span>
                            <span class="number">
                                if let (true, Some(before)) = (changed, before) { <del>{ label(before) }</del>{ " " } }
                                if changed { <ins>{ label(bar.value) }</ins> } else { { label(bar.value) } }
                            </span>
                        </div>
                    }
                }) }
            </>
            <p class="quiet">{ unit }</p>
        </div>
    }
}

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 140.0;
const LEFT: f64 = 44.0;
const BOTTOM: f64 = 20.0;

/// Lines that hold their height until the next point.
fn chart(name: &str, unit: &str, money: bool, series: &Map<Rc<str>, Map<u64, i64>>) -> Html {
    let points = || series.values().flatten();
    let last = points().map(|(at, _)| *at).max().unwrap_or(1).max(1);
    let top = points().map(|(_, y)| *y).max().unwrap_or(0).max(1);
    let low = points().map(|(_, y)| *y).min().unwrap_or(0).min(0);
    let x = |at: u64| LEFT + (WIDTH - LEFT - 8.0) * at as f64 / last as f64;
    let y = |value: i64| 8.0 + (HEIGHT - BOTTOM - 8.0) * (top - value) as f64 / (top - low) as f64;
    let label = |value: i64| if money { Cents(value).to_string() } else { value.to_string() };
    let said: Vec<String> = series
        .iter()
        .filter_map(|(name, points)| {
            Some(format!("{} {}", clip(name), label(*points.last_key_value()?.1)))
        })
        .collect();
    html! {
        <div class="chart">
            <svg viewBox={format!("0 0 {} {}", Fixed(WIDTH, 0), Fixed(HEIGHT, 0))} role="img" aria-label={format!("{name}, {unit} by position: {}", said.join(", "))}>
                { for [low, top].map(|value| html! {
                    <g>
                        <line class="axis" x1={drawn(LEFT)} x2={drawn(WIDTH - 8.0)} y1={drawn(y(value))} y2={drawn(y(value))} />
                        <text x={drawn(LEFT - 6.0)} y={drawn(y(value) + 4.0)} text-anchor="end">{ label(value) }</text>
                    </g>
                }) }
                <text x={drawn(LEFT)} y={drawn(HEIGHT - 4.0)}>{ "0" }</text>
                <text x={drawn(WIDTH - 8.0)} y={drawn(HEIGHT - 4.0)} text-anchor="end">{ format!("position {last}") }</text>
                { for series.iter().enumerate().map(|(index, (name, points))| {
                    let mut path = String::new();
                    for (at, value) in points {
                        if path.is_empty() {
                            path = format!("M{} {}", Fixed(x(*at), 1), Fixed(y(*value), 1));
                        } else {
                            _ = write!(path, "H{}V{}", Fixed(x(*at), 1), Fixed(y(*value), 1));
                        }
                    }
                    _ = write!(path, "H{}", Fixed(x(last), 1));
                    html! { <path key={name.to_string()} class={format!("line s{}", index % 6)} d={path} /> }
                }) }
            </svg>
            <p class="legend">
                { for series.iter().enumerate().map(|(index, (name, points))| html! {
                    <span key={name.to_string()}><i class={format!("s{}", index % 6)} />{ format!("{} {}", clip(name), points.last_key_value().map(|(_, it)| label(*it)).unwrap_or_default()) }</span>
                }) }
                <span class="quiet">{ unit }</span>
            </p>
        </div>
    }
}

type Edges = Map<(Rc<str>, Rc<str>), u64>;

/// Nodes on a circle, in the order of their names.
fn graph(
    name: &str,
    nodes: &Map<Rc<str>, String>,
    edges: &Edges,
    old: &Map<Rc<str>, String>,
    links: &Edges,
) -> Html {
    let count = nodes.len().max(1) as f64;
    let place = |key: &Rc<str>| {
        let index = nodes.keys().position(|it| it == key).unwrap_or_default() as f64;
        let angle = TAU * index / count - TAU / 4.0;
        (200.0 + 120.0 * Math::cos(angle), 110.0 + 82.0 * Math::sin(angle))
    };
    let said: Vec<String> = edges
        .keys()
        .map(|(a, b)| format!("{} with {}", clip(label(nodes, a)), clip(label(nodes, b))))
        .collect();
    html! {
        <div class="chart">
            <svg viewBox="0 0 400 224" role="img" aria-label={format!("{name}: {}", said.join(", "))}>
                { for edges.iter().filter(|((a, b), _)| nodes.contains_key(a) && nodes.contains_key(b)).map(|(ends, weight)| {
                    let ((x1, y1), (x2, y2)) = (place(&ends.0), place(&ends.1));
                    let class = if links.get(ends) == Some(weight) { "edge" } else { "edge new" };
                    html! { <line key={format!("{} {}", ends.0, ends.1)} {class} x1={drawn(x1)} y1={drawn(y1)} x2={drawn(x2)} y2={drawn(y2)} /> }
                }) }
                { for nodes.iter().map(|(key, text)| {
                    let (x, y) = place(key);
                    let class = if old.contains_key(key) { "node" } else { "node new" };
                    let (dx, anchor) = if x < 190.0 { (-10.0, "end") } else if x > 210.0 { (10.0, "start") } else { (0.0, "middle") };
                    let dy = if anchor == "middle" { if y < 110.0 { -10.0 } else { 20.0 } } else { 4.0 };
                    html! {
                        <g key={key.to_string()} {class}>
                            <circle cx={drawn(x)} cy={drawn(y)} r="6" />
                            <text x={drawn(x + dx)} y={drawn(y + dy)} text-anchor={anchor}>{ clip_to(text, LABEL).into_owned() }</text>
                        </g>
                    }
                }) }
            </svg>
        </div>
    }
}

fn label<'a>(nodes: &'a Map<Rc<str>, String>, key: &'a Rc<str>) -> &'a str {
    nodes.get(key).map_or(key, String::as_str)
}

#[derive(Properties, PartialEq)]
struct SearchProps {
    name: Rc<str>,
    titles: Map<Rc<str>, String>,
    terms: Map<Rc<str>, Set<Rc<str>>>,
}

#[component]
fn Search(props: &SearchProps) -> Html {
    let query = yew::use_state(String::new);
    let words: Vec<String> = query
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let mut hits: Option<Set<Rc<str>>> = None;
    for word in &words {
        let next = props.terms.iter().filter(|(term, _)| term.starts_with(&**word));
        let found: Set<Rc<str>> = next.flat_map(|(_, keys)| keys.iter().cloned()).collect();
        hits = Some(hits.map_or(found.clone(), |before| {
            before.into_iter().filter(|it| found.contains(it)).collect()
        }));
    }
    let input = {
        let query = query.clone();
        Callback::from(move |event: InputEvent| {
            if let Some(input) =
                event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok())
            {
                query.set(input.value());
            }
        })
    };
    let id = format!("search-{}", props.name);
    html! {
        <div class="search pad">
            <label class="field" for={id.clone()}><span class="quiet">{ format!("{} words, {} entries", props.terms.len(), props.titles.len()) }</span></label>
            <input {id} type="search" placeholder="Search the index" aria-label={format!("Query {}", props.name)} value={(*query).clone()} oninput={input} />
            <ul aria-live="polite">
                if let Some(hits) = hits {
                    if hits.is_empty() { <li class="quiet">{ "No entry has these words." }</li> }
                    { for hits.iter().take(ROWS_SHOWN).map(|key| html! {
                        <li key={key.to_string()}><b>{ clip(key).into_owned() }</b>{ " " }<Long text={props.titles.get(key).cloned().unwrap_or_default()} /></li>
                    }) }
                } else {
                    { for props.titles.iter().take(20).map(|(key, title)| html! {
                        <li key={key.to_string()} class="quiet"><b>{ clip(key).into_owned() }</b>{ " " }<Long text={title.clone()} /></li>
                    }) }
                }
            </ul>
        </div>
    }
}

/// A key as a part of a JSON pointer.
pub fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// What an edit of the code changed, one value a line.
pub fn listed_change(shell: &Shell, lines: &[DiffLine]) -> Html {
    let leaves = || lines.iter().filter(|line| line.now.is_some() || line.was.is_some());
    let hidden = leaves().count().saturating_sub(CHANGES_SHOWN);
    html! {
        <>
            <ul class="mono" aria-label="Changes">
                { for leaves().take(CHANGES_SHOWN).map(|line| {
                    let value = |text: &String| plain(&shell.money, &line.path, text);
                    html! {
                        <li key={line.path.clone()}>
                            <span class="key">{ spoken(line) }</span>{ " " }
                            if let Some(was) = &line.was { <del>{ value(was) }</del>{ " " } }
                            if let Some(now) = &line.now { <ins>{ value(now) }</ins> }
                        </li>
                    }
                }) }
            </ul>
            if hidden > 0 { <p class="quiet">{ format!("and {} more", counted(hidden as u64, "change")) }</p> }
        </>
    }
}

/// Where a value stands, in words.
pub fn spoken(line: &DiffLine) -> String {
    let path = line.pointer().trim_start_matches('/').replace('/', " · ");
    path.replace("~1", "/").replace("~0", "~")
}
