//! What a person's read model shows.

use std::rc::Rc;

use es::{Bar, Cell, Cents, File, Map, Row, Set, Table, View, natural, sort};
use serde_json::Value;

use crate::shape::{list, text};

/// A view, as the bridge gives it.
pub(crate) fn view(value: &Value) -> View {
    let money = value["money"] == true;
    let unit: Rc<str> = text(&value["unit"]).into();
    match text(&value["view"]) {
        "table" => table(value),
        "bars" => {
            let bar = |(name, length): (&String, &Value)| Bar {
                name: name.as_str().into(),
                value: length.as_i64().unwrap_or_default(),
            };
            View::bars(&unit, money, fields(&value["values"]).map(bar))
        }
        "chart" => {
            // A name that is no position stands nowhere on the line.
            let point =
                |(at, height): (&String, &Value)| Some((at.parse().ok()?, height.as_i64()?));
            let line = |line: &Value| fields(line).filter_map(point).collect();
            let series =
                fields(&value["series"]).map(|(name, it)| (name.as_str().into(), line(it)));
            View::Chart { unit, money, series: series.collect() }
        }
        "graph" => graph(value),
        "pages" => View::Pages { pages: texts(&value["pages"]) },
        "files" => {
            let files = texts(&value["files"]).into_iter();
            View::files(files.map(|(name, text)| (name.to_string(), File::new(media(&name), text))))
        }
        _ => View::Documents {
            documents: fields(&value["documents"])
                .map(|(name, it)| (name.as_str().into(), it.clone()))
                .collect(),
            money: list(&value["money"]).map(|it| text(it).into()).collect::<Set<_>>(),
        },
    }
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn texts(value: &Value) -> Map<Rc<str>, String> {
    fields(value).map(|(name, it)| (name.as_str().into(), text(it).to_owned())).collect()
}

fn table(value: &Value) -> View {
    let columns: Vec<&str> = list(&value["columns"]).map(text).collect();
    let rows = list(&value["rows"]).map(|it| Row::new(text(&it["key"]), cells(&it["cells"])));
    let mut table = Table::in_order(&columns, rows);
    if value["ordered"] != true {
        sort(&mut table.rows, |a, b| natural(&a.key, &b.key));
    }
    let totals = value["totals"].is_array().then(|| cells(&value["totals"]));
    Table { totals, ..table }.into()
}

fn cells(value: &Value) -> Vec<Cell> {
    list(value).map(cell).collect()
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null | Value::Array(_) => Cell::Empty,
        Value::Bool(flag) => Cell::Flag(*flag),
        Value::String(text) => Cell::Text(text.as_str().into()),
        Value::Object(amount) => match amount.get("money").and_then(Value::as_i64) {
            Some(cents) => Cell::Money(Cents(cents)),
            None => Cell::Empty,
        },
        // Tables have no fractions of their own.
        Value::Number(number) => match number.as_i64() {
            Some(number) => Cell::Number(number),
            None => Cell::Text(number.to_string().into()),
        },
    }
}

fn graph(value: &Value) -> View {
    let mut edges: Map<(Rc<str>, Rc<str>), u64> = Map::new();
    for edge in list(&value["edges"]) {
        let (a, b): (Rc<str>, Rc<str>) = (text(&edge[0]).into(), text(&edge[1]).into());
        let pair = if a <= b { (a, b) } else { (b, a) };
        *edges.entry(pair).or_default() += edge[2].as_u64().unwrap_or(1);
    }
    View::Graph { nodes: texts(&value["nodes"]), edges }
}

fn media(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("csv") => "text/csv",
        Some("svg") => "image/svg+xml",
        Some("md") => "text/markdown",
        Some("json") => "application/json",
        _ => "text/plain",
    }
}

/// A page with one sentence: what is wrong with the view's code.
pub(crate) fn failed(why: &str) -> View {
    let pages = [("view".into(), format!("The code of `view` fails: {why}"))];
    View::Pages { pages: pages.into_iter().collect() }
}
