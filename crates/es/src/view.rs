//! What a read model shows: one variant for each kind of store. Entries have keys, so that two
//! views can be compared entry by entry.

use std::cmp::Ordering;
use std::rc::Rc;

use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::Value;

use super::{Cents, Id, Map, Set};

/// What a projection shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum View {
    /// Rows and columns: an SQL table.
    Table(Table),
    /// Documents by key: a document store.
    Documents {
        /// Key → document.
        documents: Map<Rc<str>, Value>,
        /// The names of the fields that hold cents, or maps of them.
        #[serde(skip)]
        money: Set<Rc<str>>,
    },
    /// Rendered text by key: static files.
    Pages {
        /// Key → Markdown.
        pages: Map<Rc<str>, String>,
    },
    /// Named files of any kind: what a person, or another system, is given.
    Files {
        /// Name → file.
        files: Map<Rc<str>, File>,
    },
    /// Who is connected to whom: a graph database.
    Graph {
        /// Key → label.
        nodes: Map<Rc<str>, String>,
        /// Two keys, the smaller first → how often.
        #[serde(serialize_with = "edge_list")]
        edges: Map<(Rc<str>, Rc<str>), u64>,
    },
    /// Bars, one a name.
    Bars {
        /// What the length counts.
        unit: Rc<str>,
        /// True where lengths are cents.
        money: bool,
        /// The bars, in the order shown.
        bars: Vec<Bar>,
    },
    /// Lines over positions: a time series.
    Chart {
        /// What the height counts.
        unit: Rc<str>,
        /// True where heights are cents.
        money: bool,
        /// Series → position → height from there on.
        series: Map<Rc<str>, Map<u64, i64>>,
    },
    /// An inverted index: a search engine.
    Search {
        /// Key → the text that a hit shows.
        titles: Map<Rc<str>, String>,
        /// Word → the keys whose text has it.
        terms: Map<Rc<str>, Set<Rc<str>>>,
    },
}

impl View {
    /// A table from the names of its columns. Its rows are sorted by key.
    pub fn table(columns: &[&str], rows: impl IntoIterator<Item = Row>) -> Self {
        Table::new(columns, rows).into()
    }

    /// Documents by key.
    pub fn documents<D: Into<Document>>(documents: impl IntoIterator<Item = (Rc<str>, D)>) -> Self {
        let mut money = Set::new();
        let documents = documents.into_iter().map(|(key, document)| {
            let document = document.into();
            money.extend(document.money);
            (key, document.value)
        });
        let documents = documents.collect();
        Self::Documents { documents, money }
    }

    /// Files by name.
    pub fn files(files: impl IntoIterator<Item = (String, File)>) -> Self {
        Self::Files { files: files.into_iter().map(|(name, file)| (name.into(), file)).collect() }
    }

    /// Bars, the longest first. `money` is true where their lengths are cents.
    pub fn bars(unit: &str, money: bool, bars: impl IntoIterator<Item = Bar>) -> Self {
        let mut bars = bars.into_iter().collect();
        sort(&mut bars, |a: &Bar, b| b.value.cmp(&a.value).then_with(|| a.name.cmp(&b.name)));
        Self::Bars { unit: unit.into(), money, bars }
    }

    /// Which kind of store it stands for.
    pub fn store(&self) -> &'static str {
        match self {
            Self::Table(_) => "SQL table",
            Self::Documents { .. } => "document store",
            Self::Pages { .. } => "static files",
            Self::Files { .. } => "files",
            Self::Graph { .. } => "graph database",
            Self::Bars { .. } => "chart",
            Self::Chart { .. } => "time series",
            Self::Search { .. } => "search index",
        }
    }

    /// How many entries it has, of whatever kind they are.
    pub fn len(&self) -> usize {
        match self {
            Self::Table(table) => table.rows.len(),
            Self::Documents { documents, .. } => documents.len(),
            Self::Pages { pages } => pages.len(),
            Self::Files { files } => files.len(),
            Self::Graph { nodes, edges } => nodes.len() + edges.len(),
            Self::Bars { bars, .. } => bars.len(),
            Self::Chart { series, .. } => series.values().map(Map::len).sum(),
            Self::Search { terms, .. } => terms.values().map(Set::len).sum(),
        }
    }

    /// True where there is nothing to show.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Search { titles, .. } => titles.is_empty(),
            other => other.len() == 0,
        }
    }

    /// The names of the fields, or of the columns, that hold amounts of money.
    pub fn money(&self) -> Set<Rc<str>> {
        match self {
            Self::Documents { money, .. } => money.clone(),
            Self::Table(table) => {
                let cells = table.rows.iter().flat_map(|row| table.columns.iter().zip(&row.cells));
                let money = cells.filter(|(_, cell)| matches!(cell, Cell::Money(_)));
                money.map(|(column, _)| column.name.clone()).collect()
            }
            _ => Set::new(),
        }
    }
}

/// A file that a read model makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// What kind of file it is, as the web calls it: `text/csv`.
    pub media: &'static str,
    /// What it holds.
    pub text: String,
}

impl File {
    /// A file of that kind.
    pub fn new(media: &'static str, text: String) -> Self {
        Self { media, text }
    }
}

/// A document in the making. A field that holds [`Cents`] is known to be money.
#[derive(Clone, Debug)]
pub struct Document {
    value: Value,
    money: Set<Rc<str>>,
}

impl Document {
    /// A document without fields.
    pub fn new() -> Self {
        Value::Object(serde_json::Map::new()).into()
    }

    /// Adds a field.
    pub fn with(mut self, name: &str, value: impl Into<Cell>) -> Self {
        let value = value.into();
        if let Cell::Money(_) = value {
            self.money.insert(name.into());
        }
        self.add(name, serde_json::to_value(value).unwrap_or_default());
        self
    }

    /// Adds a field that is a document itself.
    pub fn with_document(mut self, name: &str, inner: Self) -> Self {
        self.money.extend(inner.money);
        self.add(name, inner.value);
        self
    }

    fn add(&mut self, name: &str, value: Value) {
        if let Value::Object(fields) = &mut self.value {
            fields.insert(name.to_owned(), value);
        }
    }
}

impl Default for Document {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Value> for Document {
    fn from(value: Value) -> Self {
        Self { value, money: Set::new() }
    }
}

/// A table's column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its heading, and its name in the console.
    pub name: Rc<str>,
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Self { name: name.into() }
    }
}

/// Rows and columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, sorted by key unless the projection has an order of its own.
    pub rows: Vec<Row>,
    /// A last line under the rows, where columns add up to something.
    pub totals: Option<Vec<Cell>>,
}

impl Table {
    /// A table from the names of its columns. Its rows are sorted by key.
    pub fn new(columns: &[&str], rows: impl IntoIterator<Item = Row>) -> Self {
        let mut table = Self::in_order(columns, rows);
        sort(&mut table.rows, |a, b| natural(&a.key, &b.key));
        table
    }

    /// A table from the names of its columns. Its rows stay in their order.
    pub fn in_order(columns: &[&str], rows: impl IntoIterator<Item = Row>) -> Self {
        let columns = columns.iter().copied().map(Column::from).collect();
        Self { columns, rows: rows.into_iter().collect(), totals: None }
    }

    /// The table with a last line.
    pub fn with_totals(self, cells: impl Into<Cells>) -> Self {
        Self { totals: Some(cells.into().0), ..self }
    }
}

impl From<Table> for View {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}

/// A row and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What identifies it.
    pub key: Rc<str>,
    /// A cell a column.
    pub cells: Vec<Cell>,
}

impl Row {
    /// A row from its key and cells, a cell a column: `Row::new(key, (name, balance))`.
    pub fn new(key: impl Into<Rc<str>>, cells: impl Into<Cells>) -> Self {
        Self { key: key.into(), cells: cells.into().0 }
    }

    /// A row whose key is also its first cell; these are the others.
    pub fn of(key: &Rc<str>, cells: impl Into<Cells>) -> Self {
        let mut cells = cells.into().0;
        cells.insert(0, key.into());
        Self { key: key.clone(), cells }
    }

    /// A row that two names identify together. Its key is both, with a slash between. Slashes in
    /// the first name are escaped as in a JSON pointer (RFC 6901), so that no other two names make
    /// the key.
    pub fn of_two(first: &str, second: &str, cells: impl Into<Cells>) -> Self {
        let first = first.replace('~', "~0").replace('/', "~1");
        Self::new(format!("{first}/{second}"), cells)
    }
}

/// A named bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Its name.
    pub name: Rc<str>,
    /// Its length.
    pub value: i64,
}

/// What a table's cell holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words.
    Text(Rc<str>),
    /// A count.
    Number(i64),
    /// An amount.
    Money(Cents),
    /// Yes or no.
    Flag(bool),
}

/// The cells of a row, made of a tuple of values, or of a list of cells.
pub struct Cells(Vec<Cell>);

impl<const N: usize> From<[Cell; N]> for Cells {
    fn from(cells: [Cell; N]) -> Self {
        Self(cells.into())
    }
}

impl From<Vec<Cell>> for Cells {
    fn from(cells: Vec<Cell>) -> Self {
        Self(cells)
    }
}

macro_rules! cells_of_tuples {
    ($($value:ident)*) => {
        impl<$($value: Into<Cell>),*> From<($($value,)*)> for Cells {
            #[expect(non_snake_case, reason = "a value is called as its type is")]
            fn from(($($value,)*): ($($value,)*)) -> Self {
                Self(vec![$($value.into()),*])
            }
        }
    };
}

cells_of_tuples!(A);
cells_of_tuples!(A B);
cells_of_tuples!(A B C);
cells_of_tuples!(A B C D);
cells_of_tuples!(A B C D E);
cells_of_tuples!(A B C D E F);
cells_of_tuples!(A B C D E F G);
cells_of_tuples!(A B C D E F G H);

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&Rc<str>> for Cell {
    fn from(text: &Rc<str>) -> Self {
        Self::Text(text.clone())
    }
}

impl<A> From<&Id<A>> for Cell {
    fn from(id: &Id<A>) -> Self {
        Self::Text(id.key().clone())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Cents> for Cell {
    fn from(amount: Cents) -> Self {
        Self::Money(amount)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Self::Empty, Into::into)
    }
}

impl<'a, T> From<&'a Option<T>> for Cell
where
    Cell: From<&'a T>,
{
    fn from(cell: &'a Option<T>) -> Self {
        cell.as_ref().into()
    }
}

// So that a value borrowed from a map can be a cell.
macro_rules! cells_of_references {
    ($($type:ty)*) => {$(
        impl From<&$type> for Cell {
            fn from(value: &$type) -> Self {
                (*value).into()
            }
        }
    )*};
}

cells_of_references!(u64 Cents bool);

impl Serialize for Table {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows: Vec<Named> =
            self.rows.iter().map(|row| Named(Some(&row.key), &self.columns, &row.cells)).collect();
        let names: Vec<&str> = self.columns.iter().map(|column| &*column.name).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("columns", &names)?;
        map.serialize_entry("rows", &rows)?;
        if let Some(totals) = &self.totals {
            map.serialize_entry("totals", &Named(None, &self.columns, totals))?;
        }
        map.end()
    }
}

/// A row as an object: its key, then each column by its name.
struct Named<'a>(Option<&'a str>, &'a [Column], &'a [Cell]);

impl Serialize for Named<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(key) = self.0 {
            map.serialize_entry("key", key)?;
        }
        for (column, cell) in self.1.iter().zip(self.2) {
            map.serialize_entry(&*column.name, cell)?;
        }
        map.end()
    }
}

fn edge_list<S: serde::Serializer>(
    edges: &Map<(Rc<str>, Rc<str>), u64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(edges.iter().map(|((a, b), weight)| (a, b, weight)))
}

/// Sorts, and keeps the order of equals. The standard library's sort is compiled anew for each type
/// and order, which makes the page larger; this one is compiled once.
pub fn sort<T>(items: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    let order = order(items.len(), &|a, b| compare(&items[a as usize], &items[b as usize]));
    let mut taken: Vec<Option<T>> = items.drain(..).map(Some).collect();
    items.extend(order.into_iter().filter_map(|at| taken[at as usize].take()));
}

fn order(len: usize, compare: &dyn Fn(u32, u32) -> Ordering) -> Vec<u32> {
    let mut order: Vec<u32> = (0..).take(len).collect();
    order.sort_by(|&a, &b| compare(a, b));
    order
}

/// Compares as a person would: `2` before `10`, `post-9` before `post-10`.
pub fn natural(left: &str, right: &str) -> Ordering {
    // In UTF-8, bytes stand in the order of their characters.
    let (mut a, mut b) = (left.as_bytes(), right.as_bytes());
    // Their common beginning decides nothing. A number that begins in it has to be compared whole.
    let mut from = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    while from > 0 && a[from - 1].is_ascii_digit() {
        from -= 1;
    }
    (a, b) = (&a[from..], &b[from..]);
    loop {
        let ([first, after @ ..], [second, rest @ ..]) = (a, b) else {
            return a.len().cmp(&b.len()).then_with(|| left.cmp(right));
        };
        if first.is_ascii_digit() && second.is_ascii_digit() {
            let (m, n);
            ((m, a), (n, b)) = (number(a), number(b));
            match m.len().cmp(&n.len()).then_with(|| m.cmp(n)) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        } else if first == second {
            (a, b) = (after, rest);
        } else {
            return first.cmp(second);
        }
    }
}

/// The digits at the beginning of a text, without leading zeros, and the text after them.
fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let digits = text.iter().take_while(|it| it.is_ascii_digit()).count();
    let zeros = text[..digits].iter().take_while(|it| **it == b'0').count();
    (&text[zeros..digits], &text[digits..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorting_keeps_the_order_of_equals() {
        let mut words = ["bee", "ant", "wasp", "cat", "to"].map(str::to_owned).to_vec();
        sort(&mut words, |a, b| a.len().cmp(&b.len()));
        assert_eq!(words, ["to", "bee", "ant", "cat", "wasp"]);
        sort(&mut words, Ord::cmp);
        assert_eq!(words, ["ant", "bee", "cat", "to", "wasp"]);
    }

    #[test]
    fn numbers_inside_names_sort_by_their_value() {
        let mut names = ["post-10", "post-9", "10", "2", "a", "02", "post-9b"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["02", "2", "10", "a", "post-9", "post-9b", "post-10"]);
        for (left, right) in [("a 9 b", "a 10 a"), ("é1é", "é1è"), ("x12", "x123"), ("1é", "1è")]
        {
            assert_eq!(natural(left, right), natural(right, left).reverse(), "{left} {right}");
            assert_eq!(natural(left, left), Ordering::Equal);
        }
        assert_eq!(natural("a 9 b", "a 10 a"), Ordering::Less);
        assert_eq!(natural("x12", "x123"), Ordering::Less);
        assert_eq!(natural("é1è", "é1é"), Ordering::Less);
    }

    #[test]
    fn two_names_make_a_key_that_no_other_two_make() {
        let key = |first, second| Row::of_two(first, second, Vec::new()).key;
        assert_eq!(&*key("red apples", "1"), "red apples/1");
        let names = ["", "a", "a/", "/a", "a/a", "~", "~1", "a~1", "/", "~0"];
        let pairs = || names.into_iter().flat_map(|a| names.into_iter().map(move |b| (a, b)));
        let keys: Set<Rc<str>> = pairs().map(|(first, second)| key(first, second)).collect();
        assert_eq!(keys.len(), pairs().count());
    }

    #[test]
    fn what_holds_cents_is_known_to_be_money_wherever_it_is_shown() {
        let money = |view: &View| view.money().iter().map(ToString::to_string).collect::<Vec<_>>();
        let inner = Document::new().with("sum", Cents(5)).with("parts", 2_u64);
        let bank = Document::new().with("left", Cents(5)).with_document("right", inner);
        let view = View::documents([("bank".into(), bank)]);
        assert_eq!(money(&view), ["left", "sum"]);
        assert_eq!(
            serde_json::to_string(&view).unwrap(),
            r#"{"kind":"documents","documents":{"bank":{"left":5,"right":{"parts":2,"sum":5}}}}"#
        );
        let rows = [Row::new("1", ("1", None::<Cents>)), Row::new("2", ("2", Some(Cents(5))))];
        assert_eq!(money(&View::table(&["account", "owed"], rows)), ["owed"]);
    }

    #[test]
    fn a_table_reads_as_rows_of_named_values() {
        let view = View::table(&["account", "balance"], [Row::new("1", ("1", Cents(40)))]);
        assert_eq!(
            serde_json::to_string(&view).unwrap(),
            r#"{"kind":"table","columns":["account","balance"],"rows":[{"key":"1","account":"1","balance":40}]}"#
        );
    }
}
