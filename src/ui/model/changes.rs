//! What an event changed in a state or a read model, in a few words.

use crate::es::{Cell, Cents, View};
use crate::lab::clip::{clip, is_long};
use crate::lab::{DiffMark, FoldCell, Folded, RowMark, rows};
use crate::ui::words::{MoneyFields, whole, whole_cell};

/// How many changes of one cell are told; the rest is counted.
pub const OF_A_CELL: usize = 3;

/// One thing that an event changed, in whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// What it is about.
    pub of: String,
    /// What was there before.
    pub was: Option<String>,
    /// What is there now.
    pub now: Option<String>,
}

/// What an event changed in one cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    pub told: Vec<Change>,
    /// How many more there are.
    pub more: usize,
}

impl Changes {
    /// What a row's event has changed in a cell, of which at most so many are told.
    pub fn of(cell: &FoldCell, money: &MoneyFields, at_most: usize) -> Self {
        if !cell.has_changed() {
            return Self::default();
        }
        let all = match (&cell.was, &cell.now) {
            (Folded::View(was), Folded::View(now)) => match (&**was, &**now) {
                (View::Table(was), View::Table(now)) => {
                    let columns: Vec<&str> = now.columns.iter().map(|it| &*it.name).collect();
                    rows(was, now).rows.iter().filter_map(|row| of_row(row, &columns)).collect()
                }
                _ => of_fields(cell, money),
            },
            _ => of_fields(cell, money),
        };
        let more = all.len().saturating_sub(at_most);
        Self { told: all.into_iter().take(at_most).collect(), more }
    }

    /// The same as a sentence's part.
    pub fn sentence(&self) -> String {
        if self.told.is_empty() {
            return "unchanged".to_owned();
        }
        let mut parts: Vec<String> = self.told.iter().map(Change::sentence).collect();
        if self.more > 0 {
            parts.push(format!("{} more", self.more));
        }
        parts.join(", ")
    }
}

impl Change {
    /// True where a part of it is clipped when it is shown.
    pub fn is_long(&self) -> bool {
        let both = [&self.was, &self.now].into_iter().flatten();
        is_long(&self.of) || both.into_iter().any(|it| is_long(it))
    }

    fn sentence(&self) -> String {
        let of = clip(&self.of);
        let text = match (self.was.as_deref().map(clip), self.now.as_deref().map(clip)) {
            (Some(was), Some(now)) => format!("{of} from {was} to {now}"),
            (None, Some(now)) => format!("{of} new: {now}"),
            (Some(was), None) => format!("{of} gone: {was}"),
            (None, None) => of.to_string(),
        };
        text.trim_start().to_owned()
    }
}

/// A table's row that is new, gone or has other cells.
fn of_row(row: &RowMark, columns: &[&str]) -> Option<Change> {
    let cells = || {
        let cells = row.row.cells.iter().filter(|cell| **cell != Cell::Empty);
        cells.map(whole_cell).collect::<Vec<_>>().join(" · ")
    };
    let key = row.row.key.to_string();
    match row.mark {
        DiffMark::Same => None,
        DiffMark::Added => {
            Some(Change { now: Some(format!("+ {}", cells())), ..Change::default() })
        }
        DiffMark::Removed => Some(Change { was: Some(cells()), ..Change::default() }),
        DiffMark::Changed => {
            let both = row.was.iter().zip(&row.row.cells).zip(columns);
            let mut changed =
                both.filter_map(|((was, now), column)| Some((was.as_ref()?, now, column)));
            let (was, now, column) = changed.next()?;
            let others = changed.count();
            let more = if others > 0 { format!(" +{others}") } else { String::new() };
            Some(Change {
                of: format!("{key} · {column}"),
                was: Some(whole_cell(was)),
                now: Some(format!("{}{more}", whole_cell(now))),
            })
        }
    }
}

/// The fields of a state or document that differ.
fn of_fields(cell: &FoldCell, money: &MoneyFields) -> Vec<Change> {
    let lines = cell.changes().into_iter();
    let lines = lines.filter(|line| line.now.is_some() || line.was.is_some());
    let changes = lines.map(|line| {
        let own = own_money(&cell.now, line.pointer());
        let told = |text: Option<String>| {
            let text = text?;
            let text = match text.parse() {
                Ok(cents) if own => Cents(cents).to_string(),
                _ => whole(money, &line.path, &text),
            };
            Some(text.trim_matches('"').to_owned())
        };
        Change {
            of: subject(line.pointer()),
            was: told(line.was.clone()),
            now: told(line.now.clone()),
        }
    });
    changes.collect()
}

/// True where a read model says itself that a field holds money.
fn own_money(folded: &Folded, pointer: &str) -> bool {
    let Folded::View(view) = folded else { return false };
    match &**view {
        View::Bars { money, .. } | View::Chart { money, .. } => *money,
        View::Documents { money, .. } => pointer.split('/').any(|key| money.contains(key)),
        _ => false,
    }
}

/// The last two keys of a pointer: enough to tell what changed.
fn subject(pointer: &str) -> String {
    let keys: Vec<String> = pointer
        .split('/')
        .skip(1)
        .map(|it| it.replace("~1", "/").replace("~0", "~"))
        .filter(|it| !matches!(&**it, "documents" | "pages" | "bars" | "rows" | "series" | "value"))
        .collect();
    keys[keys.len().saturating_sub(2)..].join(" · ")
}
