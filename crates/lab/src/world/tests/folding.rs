//! The fold, row by row: beside each event, what it makes of states and read models.

use std::rc::Rc;

use super::*;
use crate::fold_rows::{FoldCell, Folded};
use crate::provenance::Target;

/// Door 1 is opened, door 2 is opened, door 1 is shut.
fn session() -> Session {
    let mut lab = TestWorld::new(&house());
    for (door, kind) in [("door-1", "Open"), ("door-2", "Open"), ("door-1", "Shut")] {
        lab.ask(door, kind);
    }
    lab.run();
    Session::new(lab.world)
}

fn state(door: &str) -> Target {
    Target::State(Stream::parse(door).unwrap())
}

fn doors() -> Target {
    Target::View("Doors".into())
}

#[test]
fn each_cell_is_the_fold_of_all_events_up_to_its_row() {
    let mut session = session();
    let columns = [state("door-1"), doors(), Target::View("Windows".into())];
    let rows = session.fold_rows(&columns, 0, 100, usize::MAX);
    assert_eq!(rows.iter().map(|it| it.position).collect::<Vec<_>>(), [0, 1, 2, 3]);
    for row in &rows {
        let (version, state) = session.state_at(&Stream::new("door", "1"), row.position).unwrap();
        let cell = |column: usize| row.cells[column].as_ref().unwrap();
        assert_eq!(cell(0).now, Folded::State(version, Rc::new(state)));
        let view = session.view_at("Doors", row.position).unwrap();
        assert_eq!(cell(1).now, Folded::View(view.into()));
        assert_eq!(row.cells[2], None, "there is no such read model");
    }
    for pair in rows.windows(2) {
        let cell = |row: usize| pair[row].cells[0].as_ref().unwrap();
        assert_eq!(cell(0).now, cell(1).was);
    }
}

#[test]
fn an_event_of_another_stream_leaves_a_state_unmarked() {
    let mut session = session();
    let rows = session.fold_rows(&[state("door-1"), doors()], 0, 3, usize::MAX);
    let changed = |column: usize| {
        let cells = rows.iter().map(|row| row.cells[column].as_ref().unwrap());
        cells.map(FoldCell::has_changed).collect::<Vec<_>>()
    };
    assert_eq!(changed(0), [false, true, false, true]);
    for row in &rows {
        for cell in row.cells.iter().flatten() {
            assert_eq!(cell.changes().is_empty(), !cell.has_changed());
        }
    }
}

#[test]
fn rows_next_to_each_other_are_folded_once_from_the_nearest_snapshot() {
    let mut lab = TestWorld::new(&house());
    for _ in 0..2_000 {
        lab.ask("door-1", "Slam");
    }
    lab.run();
    let mut session = Session::new(lab.world);
    let head = session.head();
    session.fold_rows(&[doors(), state("door-1")], head, head, usize::MAX);
    for from in [head - 900, 3, head / 2, 77] {
        let before = session.events_folded();
        session.fold_rows(&[doors(), state("door-1")], from, from + 29, usize::MAX);
        let folded = session.events_folded() - before;
        assert!(folded <= 2 * (64 + 31), "{folded} events were folded for 30 rows of two columns");
    }
}

#[test]
fn what_is_too_heavy_is_left_out() {
    let mut session = session();
    let rows = session.fold_rows(&[state("door-1"), doors()], 2, 3, 0);
    assert!(rows.iter().all(|row| row.cells[0].is_some() && row.cells[1].is_none()));
}
