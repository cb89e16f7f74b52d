//! Finds what changed between two states or two views, matched by key.

use std::cmp::Ordering;

use serde_json::Value;

use es::{Cell, Map, Row, Set, Table, View, natural};

/// How a line or row differs from before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiffMark {
    /// It does not differ.
    #[default]
    Same,
    /// It is new.
    Added,
    /// It has another value.
    Changed,
    /// It is gone.
    Removed,
}

/// One line of a JSON value written as a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// The depth in the tree; 0 at the top.
    pub depth: usize,
    /// The key. Empty for an entry of a list.
    pub key: String,
    /// The value now. None for a branch, and for a line that is gone.
    pub now: Option<String>,
    /// The value before. None where it is the same, or was a branch.
    pub was: Option<String>,
    /// How the line differs.
    pub mark: DiffMark,
    /// Tells the line from all others: its JSON pointer, except inside lists.
    pub path: String,
}

impl DiffLine {
    /// The line's JSON pointer. For an entry of a list, and inside it, the list's pointer.
    pub fn pointer(&self) -> &str {
        self.path.split("/\u{0}").next().unwrap_or_default()
    }
}

/// A value as lines, marked against the value before. Lines that are gone stay in their places.
pub fn lines(was: &Value, now: &Value) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    branch(0, "", was, now, &mut lines);
    lines
}

/// The lines that differ.
pub fn changes(was: &Value, now: &Value) -> Vec<DiffLine> {
    let mut lines = lines(was, now);
    lines.retain(|line| line.mark != DiffMark::Same);
    lines
}

/// A view as JSON in which a pointer finds everything by its key: rows, bars and edges are objects.
pub fn keyed(view: &View) -> Value {
    let mut value = serde_json::to_value(view).unwrap_or_default();
    match view {
        View::Table(_) => rekey(&mut value["rows"], "key"),
        View::Bars { .. } => rekey(&mut value["bars"], "name"),
        View::Graph { edges, .. } => {
            let mut keyed = serde_json::Map::new();
            for ((a, b), times) in edges {
                keyed.insert(format!("{a} – {b}"), Value::from(*times));
            }
            value["edges"] = keyed.into();
        }
        View::Documents { .. }
        | View::Pages { .. }
        | View::Files { .. }
        | View::Chart { .. }
        | View::Search { .. } => {}
    }
    value
}

/// Turns a list of objects into one, by the field that identifies each.
fn rekey(list: &mut Value, by: &str) {
    let Value::Array(rows) = list.take() else { return };
    // `collect` would bring a sort along that is compiled anew for each iterator.
    let mut keyed = serde_json::Map::new();
    for row in rows {
        let Value::Object(mut row) = row else { continue };
        if let Some(key) = row.remove(by) {
            keyed.insert(text_of(key), row.into());
        }
    }
    *list = keyed.into();
}

fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn branch(depth: usize, path: &str, was: &Value, now: &Value, lines: &mut Vec<DiffLine>) {
    let (was, now) = (entries(was), entries(now));
    let keys = merged(&was, &now);
    let (was, now): (Map<_, _>, Map<_, _>) = (was.into_iter().collect(), now.into_iter().collect());
    for key in keys {
        let (before, after) = (was.get(&key).copied(), now.get(&key).copied());
        leaf(depth, &format!("{path}/{}", escape(&key)), key, before, after, lines);
    }
}

fn leaf(
    depth: usize,
    path: &str,
    key: String,
    was: Option<&Value>,
    now: Option<&Value>,
    lines: &mut Vec<DiffLine>,
) {
    let mark = match (was, now) {
        (None, _) => DiffMark::Added,
        (_, None) => DiffMark::Removed,
        (Some(was), Some(now)) if is_branch(was) || is_branch(now) || was == now => DiffMark::Same,
        _ => DiffMark::Changed,
    };
    let plain = |value: Option<&Value>| value.filter(|it| !is_branch(it)).map(text);
    let name = if key.starts_with('\u{0}') { String::new() } else { key };
    lines.push(DiffLine {
        depth,
        key: name,
        now: plain(now),
        was: if mark == DiffMark::Same { None } else { plain(was) },
        mark,
        path: path.to_owned(),
    });
    let nothing = Value::Null;
    if was.is_some_and(is_branch) || now.is_some_and(is_branch) {
        branch(depth + 1, path, was.unwrap_or(&nothing), now.unwrap_or(&nothing), lines);
    }
}

/// The entries of an object or list, with their keys. A list's entries are matched by their value,
/// not by their place: when the first of three is taken out, one is removed, and none is changed.
fn entries(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(list) => {
            let mut seen = Map::<String, usize>::new();
            let keyed = list.iter().map(|value| {
                let text = value.to_string();
                let times = seen.entry(text.clone()).or_default();
                *times += 1;
                (format!("\u{0}{text}{times}"), value)
            });
            keyed.collect()
        }
        _ => Vec::new(),
    }
}

/// The keys of both, each once: the present keys in their order, and each key that is gone after
/// the key that it followed.
fn merged(was: &[(String, &Value)], now: &[(String, &Value)]) -> Vec<String> {
    let present: Set<&str> = now.iter().map(|(key, _)| &**key).collect();
    let mut gone: Map<Option<&str>, Vec<&str>> = Map::new();
    let mut after = None;
    for (key, _) in was {
        if present.contains(&**key) {
            after = Some(&**key);
        } else {
            gone.entry(after).or_default().push(key);
        }
    }
    let mut keys: Vec<&str> = gone.remove(&None).unwrap_or_default();
    for (key, _) in now {
        keys.push(key);
        keys.extend(gone.remove(&Some(&**key)).unwrap_or_default());
    }
    keys.into_iter().map(str::to_owned).collect()
}

fn is_branch(value: &Value) -> bool {
    match value {
        Value::Object(map) => !serde_json::Map::is_empty(map),
        Value::Array(list) => !list.is_empty(),
        _ => false,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Object(_) => "{}".to_owned(),
        Value::Array(_) => "[]".to_owned(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A table's rows, marked against the rows before.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDiff {
    /// The present rows, and the rows that are gone, in their places.
    pub rows: Vec<RowMark>,
}

impl TableDiff {
    /// The first `limit` rows of a table in which nothing has changed.
    pub fn unchanged(table: &Table, limit: usize) -> Self {
        let rows = table.rows.iter().take(limit).map(|row| RowMark {
            row: row.clone(),
            mark: DiffMark::Same,
            was: vec![None; row.cells.len()],
        });
        Self { rows: rows.collect() }
    }
}

/// A row, and how it differs.
#[derive(Clone, Debug, PartialEq)]
pub struct RowMark {
    /// The row. Where it is gone, the row as it was.
    pub row: Row,
    /// How the row differs.
    pub mark: DiffMark,
    /// For each cell its value before. None where that is the same.
    pub was: Vec<Option<Cell>>,
}

/// Matches the rows of two tables by key.
pub fn rows(was: &Table, now: &Table) -> TableDiff {
    let before: Map<&str, &Row> = was.rows.iter().map(|row| (&*row.key, row)).collect();
    let present: Set<&str> = now.rows.iter().map(|row| &*row.key).collect();
    let mut rows: Vec<RowMark> = now
        .rows
        .iter()
        .map(|row| match before.get(&*row.key) {
            None => RowMark {
                row: row.clone(),
                mark: DiffMark::Added,
                was: vec![None; row.cells.len()],
            },
            Some(old) => {
                let before = old.cells.iter().map(Some).chain(std::iter::repeat(None));
                let cells = row.cells.iter().zip(before);
                let was: Vec<Option<Cell>> =
                    cells.map(|(now, was)| was.filter(|it| *it != now).cloned()).collect();
                let same = was.iter().all(Option::is_none);
                let mark = if same { DiffMark::Same } else { DiffMark::Changed };
                RowMark { row: row.clone(), mark, was }
            }
        })
        .collect();
    for row in was.rows.iter().filter(|row| !present.contains(&*row.key)) {
        let after = |other: &RowMark| natural(&other.row.key, &row.key) == Ordering::Less;
        let at = rows.partition_point(after);
        let gone =
            RowMark { row: row.clone(), mark: DiffMark::Removed, was: vec![None; row.cells.len()] };
        rows.insert(at, gone);
    }
    TableDiff { rows }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use es::Bar;

    #[test]
    fn of_a_table_in_which_nothing_changed_only_the_first_rows_are_looked_at() {
        let rows = (1..=20).map(|n: u64| Row::new(n.to_string(), [n.into()]));
        let View::Table(table) = View::table(&["n"], rows) else { return };
        let mut whole = super::rows(&table, &table).rows;
        whole.truncate(15);
        assert_eq!(TableDiff::unchanged(&table, 15).rows, whole);
    }

    fn written(was: &Value, now: &Value) -> Vec<String> {
        let line = |line: DiffLine| {
            let mark = match line.mark {
                DiffMark::Same => ' ',
                DiffMark::Added => '+',
                DiffMark::Changed => '~',
                DiffMark::Removed => '-',
            };
            let was = line.was.map(|was| format!(" (was {was})")).unwrap_or_default();
            let now = line.now.unwrap_or_default();
            format!("{mark}{}{}: {now}{was}", "  ".repeat(line.depth), line.key)
        };
        lines(was, now).into_iter().map(line).collect()
    }

    #[test]
    fn a_changed_field_shows_what_it_was() {
        let (was, now) =
            (json!({"balance": 120, "owner": "Lola"}), json!({"balance": 20, "owner": "Lola"}));
        assert_eq!(written(&was, &now), ["~balance: 20 (was 120)", " owner: \"Lola\""]);
    }

    #[test]
    fn taking_the_first_entry_of_a_list_removes_one_and_changes_none() {
        let (was, now) = (json!({"items": ["a", "b", "c"]}), json!({"items": ["b", "c"]}));
        assert_eq!(
            written(&was, &now),
            [" items: ", "-  :  (was \"a\")", "   : \"b\"", "   : \"c\""]
        );
    }

    #[test]
    fn what_is_new_or_gone_stays_in_its_place() {
        let (was, now) = (json!({"a": 1, "b": {"x": 1}, "c": 3}), json!({"a": 1, "c": 3, "d": {}}));
        assert_eq!(written(&was, &now), [" a: 1", "-b: ", "-  x:  (was 1)", " c: 3", "+d: {}"]);
    }

    #[test]
    fn an_entry_that_is_in_a_list_twice_goes_once() {
        assert_eq!(
            written(&json!(["a", "a", "b"]), &json!(["a", "b"])),
            [" : \"a\"", "-:  (was \"a\")", " : \"b\""]
        );
        assert_eq!(written(&json!(["a"]), &json!(["a", "a"])), [" : \"a\"", "+: \"a\""]);
    }

    #[test]
    fn what_is_gone_follows_what_it_followed() {
        let (was, now) = (json!(["a", "b", "c", "d"]), json!(["d", "e", "a"]));
        let marked = [" : \"d\"", "+: \"e\"", " : \"a\"", "-:  (was \"b\")", "-:  (was \"c\")"];
        assert_eq!(written(&was, &now), marked);
        assert_eq!(written(&json!(["a", "b"]), &json!([])), ["-:  (was \"a\")", "-:  (was \"b\")"]);
        assert_eq!(written(&json!([1, 2]), &json!([2, 3])), ["-:  (was 1)", " : 2", "+: 3"]);
    }

    #[test]
    fn a_value_that_opens_into_a_branch_or_closes_shows_what_is_in_it() {
        let (leaf, branch) = (json!({ "a": 1 }), json!({ "a": { "x": 1, "y": [2] } }));
        assert_eq!(written(&leaf, &branch), [" a: ", "+  x: 1", "+  y: ", "+    : 2"]);
        assert_eq!(
            written(&branch, &leaf),
            [" a: 1", "-  x:  (was 1)", "-  y: ", "-    :  (was 2)"]
        );
    }

    #[test]
    fn what_holds_nothing_is_written_as_nothing() {
        let now = json!({ "a": null, "b": {}, "c": [], "d": true });
        assert_eq!(written(&now, &now), [" a: none", " b: {}", " c: []", " d: true"]);
        let was = json!({ "a": 1, "b": [], "c": null, "d": false });
        assert_eq!(
            written(&was, &now),
            ["~a: none (was 1)", "~b: {} (was [])", "~c: [] (was none)", "~d: true (was false)"]
        );
        assert!(written(&json!({}), &json!(null)).is_empty());
    }

    #[test]
    fn an_entry_of_a_list_is_found_by_the_list_s_pointer() {
        let (was, now) = (json!({ "a": ["x"] }), json!({ "a": ["x", { "b": 1 }] }));
        let lines = changes(&was, &now);
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.pointer() == "/a"), "{lines:?}");
    }

    #[test]
    fn a_path_leads_back_to_its_value() {
        let now = json!({ "a/b": { "~1": 1 }, "~/": 2, "c": 3 });
        let lines = lines(&Value::Null, &now);
        let paths: Vec<&str> = lines.iter().map(|line| &*line.path).collect();
        assert_eq!(paths, ["/a~1b", "/a~1b/~01", "/c", "/~0~1"]);
        for line in lines.iter().filter(|line| line.now.is_some()) {
            assert_eq!(now.pointer(&line.path).map(text), line.now, "{}", line.path);
        }
    }

    #[test]
    fn changes_are_the_lines_that_differ_with_their_paths() {
        let (was, now) =
            (json!({ "a": { "x": 1, "y": 2 }, "b": 3 }), json!({ "a": { "x": 1 }, "b": 4 }));
        let changed: Vec<(String, DiffMark)> =
            changes(&was, &now).into_iter().map(|line| (line.path, line.mark)).collect();
        assert_eq!(
            changed,
            [("/a/y".to_owned(), DiffMark::Removed), ("/b".to_owned(), DiffMark::Changed)]
        );
        assert!(changes(&now, &now).is_empty());
    }

    #[test]
    fn rows_bars_and_edges_are_found_by_their_keys() {
        let columns = ["pieces"];
        let rows = [Row::new("a", [1_u64.into()]), Row::new("b", [2_u64.into()])];
        let table = keyed(&View::table(&columns, rows));
        assert_eq!(table["rows"], json!({ "a": { "pieces": 1 }, "b": { "pieces": 2 } }));
        let bars = vec![Bar { name: "pears".into(), value: 3 }];
        let bars = keyed(&View::Bars { unit: "pieces".into(), money: false, bars });
        assert_eq!(bars["bars"], json!({ "pears": { "value": 3 } }));
        let edges = [(("Ben".into(), "Eric".into()), 2)].into_iter().collect();
        let graph = keyed(&View::Graph { nodes: [].into_iter().collect(), edges });
        assert_eq!(graph["edges"], json!({ "Ben – Eric": 2 }));
    }

    #[test]
    fn rows_are_matched_by_key_and_a_row_that_is_gone_stays_in_its_place() {
        let columns = ["k", "n"];
        let table = |rows: &[(&str, u64)]| {
            let rows = rows.iter().map(|(k, n)| Row::new(*k, [(*k).into(), (*n).into()]));
            let View::Table(table) = View::table(&columns, rows) else { panic!("a table") };
            table
        };
        let diff =
            rows(&table(&[("1", 1), ("2", 2), ("3", 3)]), &table(&[("1", 1), ("3", 4), ("10", 9)]));
        let marks: Vec<(&str, DiffMark, bool)> = diff
            .rows
            .iter()
            .map(|row| (&*row.row.key, row.mark, row.was.iter().any(Option::is_some)))
            .collect();
        assert_eq!(
            marks,
            [
                ("1", DiffMark::Same, false),
                ("2", DiffMark::Removed, false),
                ("3", DiffMark::Changed, true),
                ("10", DiffMark::Added, false)
            ]
        );
    }

    #[test]
    fn a_row_shows_the_cells_that_were_others_whatever_their_number() {
        let row = |cells: &[u64]| {
            Row::new("1", cells.iter().map(|&cell| cell.into()).collect::<Vec<_>>())
        };
        let table = |rows| Table { columns: Vec::new(), rows, totals: None };
        let was = |before: &[u64], after: &[u64]| {
            let diff = rows(&table(vec![row(before)]), &table(vec![row(after)]));
            let RowMark { mark, was, .. } = diff.rows.into_iter().next().unwrap();
            (mark, was)
        };
        let number = |it: i64| Some(Cell::Number(it));
        assert_eq!(was(&[1, 2, 3], &[1, 5, 3]), (DiffMark::Changed, vec![None, number(2), None]));
        assert_eq!(was(&[1, 2, 3], &[1, 2]), (DiffMark::Same, vec![None; 2]));
        assert_eq!(was(&[1], &[1, 2, 3, 4]), (DiffMark::Same, vec![None; 4]));
        let added = rows(&table(vec![]), &table(vec![row(&[1, 2])])).rows;
        assert_eq!((added[0].mark, &added[0].was), (DiffMark::Added, &vec![None; 2]));
        let removed = rows(&table(vec![row(&[1, 2])]), &table(vec![])).rows;
        assert_eq!((removed[0].mark, &removed[0].was), (DiffMark::Removed, &vec![None; 2]));
    }
}
