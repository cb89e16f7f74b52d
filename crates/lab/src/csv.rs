//! Writes tables for spreadsheets.
//!
//! A spreadsheet takes text that begins like a formula for one, and runs it. Some split lines at
//! semicolons as well, so that a formula may also stand after one, or at the begin of a line within
//! the text.

use es::{Cell, Table};

/// A table as CSV (RFC 4180): a line of headings, then the rows, then the totals. Amounts have two
/// decimals. An apostrophe stands before each place where a spreadsheet would begin a formula.
pub fn csv(table: &Table) -> String {
    let mut out = String::new();
    let headings = table.columns.iter().map(|it| harmless(&it.name));
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
        if cell.contains([',', ';', '"', '\n', '\r', '\t']) || cell.trim() != cell {
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
        Cell::Text(text) => harmless(text),
        Cell::Number(number) => number.to_string(),
        Cell::Money(cents) => cents.to_string(),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
    }
}

/// Text in which nothing is a formula.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // True where a spreadsheet may begin a cell: spaces before a formula do not stop it.
    let mut begins = true;
    for letter in text.chars() {
        // Wide letters are read like the narrow ones.
        let formula = matches!(letter, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
        let control = matches!(letter, '\t' | '\r');
        if begins && (formula || (control && out.trim().is_empty())) {
            out.push('\'');
            begins = false;
        }
        out.push(letter);
        begins = match letter {
            ';' | ',' | '"' | '\t' | '\r' | '\n' => true,
            other => begins && other.is_whitespace(),
        };
    }
    out
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

    #[test]
    fn nothing_that_a_person_wrote_is_run_by_a_spreadsheet() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@sum(a1)", "'@sum(a1)"),
            ("＝1+1", "'＝1+1"),
            ("  =1", "\"  '=1\""),
            ("\t=1", "\"'\t'=1\""),
            ("\r=1", "\"'\r'=1\""),
            ("\tone", "\"'\tone\""),
            ("one;=1", "\"one;'=1\""),
            ("one; @x", "\"one; '@x\""),
            ("one,=1", "\"one,'=1\""),
            ("one\n=1", "\"one\n'=1\""),
            ("one\t-1", "\"one\t'-1\""),
            ("one\";=1", "\"one\"\";'=1\""),
            ("a=b, c-d; 1+1", "\"a=b, c-d; 1+1\""),
            ("well-known", "well-known"),
            ("", ""),
        ] {
            let table = Table {
                columns: [Column::from(text)].into(),
                rows: vec![Row::new("1", [text.into()])],
                totals: Some(vec![text.into()]),
            };
            let line = format!("{written}\r\n");
            assert_eq!(csv(&table), line.repeat(3), "{text:?}");
        }
    }
}
