//! What people see, and what the table no longer knows.

use std::rc::Rc;

use es::{Cents, Map, Projection, Recorded, Row, States, View};

use super::account::Account;
use super::row::RowEvent::{RowInserted, RowUpdated};
use super::row::TableRow;
use super::switch::SwitchEvent::ReadsMoved;
use super::switch::{Place, Switch};

/// What people are shown: the table, or what is folded from events.
#[derive(Clone, Default)]
pub struct WhatPeopleRead {
    rows: States<TableRow>,
    accounts: States<Account>,
    reads: Place,
}

impl Projection for WhatPeopleRead {
    const NAME: &'static str = "What people read";
    const ABOUT: &'static str = "Each account as people see it, and where that comes from.";

    fn apply(&mut self, recorded: &Recorded) {
        self.rows.apply(recorded);
        self.accounts.apply(recorded);
        if let Some(ReadsMoved { to }) = recorded.of::<Switch>() {
            self.reads = *to;
        }
    }

    fn view(&self) -> View {
        let columns = ["account", "owner", "balance", "read from"];
        match self.reads {
            Place::Table => self.rows.table(&columns, |it| (&it.owner, it.balance, "the table")),
            Place::Events => self.accounts.table(&columns, |it| (&it.owner, it.balance, "events")),
        }
    }

    fn weight(&self) -> usize {
        self.rows.len() + self.accounts.len()
    }
}

/// Every value that an update has overwritten.
#[derive(Clone, Default)]
pub struct Forgotten {
    now: Map<Rc<str>, Cents>,
    overwritten: Vec<Overwritten>,
}

#[derive(Clone)]
struct Overwritten {
    row: Rc<str>,
    /// Which update of the row it was.
    version: u64,
    was: Cents,
    is: Cents,
}

impl Projection for Forgotten {
    const NAME: &'static str = "What the table forgot";
    const ABOUT: &'static str = "Every balance that an update has overwritten. The table has none.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<TableRow>() else { return };
        let (RowInserted { balance: is, .. } | RowUpdated { balance: is }) = event;
        if let Some(was) = self.now.insert(recorded.key().clone(), *is) {
            let (row, version) = (recorded.key().clone(), recorded.version());
            self.overwritten.push(Overwritten { row, version, was, is: *is });
        }
    }

    fn view(&self) -> View {
        let rows = self.overwritten.iter().enumerate().map(|(at, it)| {
            let key = format!("{} {} {at}", it.row, it.version);
            Row::new(key, (&it.row, it.was, it.is))
        });
        View::table(&["row", "was", "became"], rows)
    }

    fn weight(&self) -> usize {
        self.now.len() + self.overwritten.len()
    }
}
