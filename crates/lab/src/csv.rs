//! Writes tables for spreadsheets.

use es::{Cell, Table};

/// A table as CSV (RFC 4180): a line of headings, then the rows, then the totals. Amounts have two
/// decimals. An apostrophe stands before text that a spreadsheet would take for a formula.
pub fn csv(table: &Table) -> String {
    let mut out = String::new();
    let headings = table.columns.iter().map(|it| it.name.to_string());
    line(&mut out, headings);
    let totals = table.totals.iter();
    for cells in table.rows.iter().map(|row| &row.cells).chain(totals) {
        line(&mut out, cells.iter().map(written));
    }
    out
}

fn line(out: &mut String, cells: impl Iterator<Item = String>) {
    for (number, cell) in cells.enumerate() {
        if number > 0 {
            out.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) || cell.trim() != cell {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&cell);
        }
    }
    out.push_str("\r\n");
}

fn written(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) if text.starts_with(['=', '+', '-', '@']) => format!("'{text}"),
        Cell::Text(text) => text.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Money(cents) => cents.to_string(),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use es::{Cents, Column, Row};

    #[test]
    fn a_table_is_written_as_spreadsheets_read_it() {
        let columns = ["Who", "What, then"].map(Column::from).into();
        let row = |key: &str, cells: [Cell; 2]| Row::new(key, cells);
        let table = Table {
            columns,
            rows: vec![
                row("1", ["Zoë \"Z\"".into(), Cell::Money(Cents(-1_205))]),
                row("2", ["two\nlines".into(), Cell::Flag(true)]),
                row("3", ["=1+1".into(), Cell::Number(-3)]),
                row("4", [" a".into(), Cell::Empty]),
            ],
            totals: Some(vec!["Sum".into(), Cell::Money(Cents(7))]),
        };
        assert_eq!(
            csv(&table),
            "Who,\"What, then\"\r\n\"Zoë \"\"Z\"\"\",-12.05\r\n\"two\nlines\",yes\r\n'=1+1,-3\r\n\
             \" a\",\r\nSum,0.07\r\n"
        );
    }
}
