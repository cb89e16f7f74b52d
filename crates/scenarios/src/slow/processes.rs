//! The application's old code, which keeps the table up to date, and the comparison of the two.

use std::rc::Rc;

use es::{Cell, Cents, Id, Map, ProcessManager, Projection, Reaction, Recorded, Row, Table, View};

use super::account::AccountEvent::AccountOpened;
use super::account::{Account, change};
use super::row::RowCommand::{AddToRow, InsertRow};
use super::row::RowEvent::{RowInserted, RowUpdated};
use super::row::TableRow;
use super::switch::Switch;
use super::switch::SwitchCommand::ReportRows;
use super::switch::SwitchEvent::WritesMoved;

/// The one switch.
pub const SWITCH: &str = "1";

/// The position of the event with which writes moved, once it is known. Events may come in any
/// order.
#[derive(Clone, Default)]
struct Moved(Option<u64>);

impl Moved {
    fn hear(&mut self, recorded: &Recorded) {
        if recorded.of::<Switch>() == Some(&WritesMoved {}) {
            let position = recorded.position();
            self.0 = Some(self.0.map_or(position, |it| it.min(position)));
        }
    }

    /// True for what happened while the table was still written.
    fn came_before(&self, recorded: &Recorded) -> bool {
        self.0.is_none_or(|it| recorded.position() < it)
    }
}

/// The application's old code: whatever happens to an account, it writes into the table.
#[derive(Clone, Default)]
pub struct OldApplication(Moved);

impl Projection for OldApplication {
    const NAME: &'static str = "Old application";
    const ABOUT: &'static str = "Still updates the table in place, until writes have moved.";

    fn apply(&mut self, recorded: &Recorded) {
        self.0.hear(recorded);
    }

    fn view(&self) -> View {
        let writes = if self.0.0.is_some() { "nothing any more" } else { "the table" };
        View::table(&["writes"], [Row::new("all", (writes,))])
    }
}

impl ProcessManager for OldApplication {
    fn react(&self, recorded: &Recorded) -> Vec<Reaction> {
        let written = recorded.of::<Account>().filter(|_| self.0.came_before(recorded));
        let Some(event) = written else { return Vec::new() };
        let key = recorded.key();
        let row = Id::<TableRow>::new(key.clone());
        let command = match event {
            AccountOpened { owner, balance } => {
                InsertRow { owner: owner.clone(), balance: *balance }
            }
            other => AddToRow { amount: change(other) },
        };
        let step = format!("write-{}", recorded.version());
        Reaction::command(key, &step, &row, &command).into_iter().collect()
    }
}

/// Compares each row with what is folded from events, and reports how many agree.
#[derive(Clone, Default)]
pub struct Comparison {
    /// Row → the version at which it was written last, and its balance there.
    rows: Map<Rc<str>, (u64, Cents)>,
    /// Account → version → by how much its balance changed there. Events may come in any order, and
    /// twice.
    accounts: Map<Rc<str>, Map<u64, Cents>>,
    moved: Moved,
}

impl Comparison {
    /// Row by row: the table's balance, the events' balance.
    fn pairs(&self) -> Map<Rc<str>, (Option<Cents>, Option<Cents>)> {
        let mut pairs: Map<Rc<str>, (Option<Cents>, Option<Cents>)> = Map::new();
        for (key, (_, balance)) in &self.rows {
            pairs.entry(key.clone()).or_default().0 = Some(*balance);
        }
        for (key, changes) in &self.accounts {
            let balance = changes.values().fold(Cents(0), |sum, change| sum + *change);
            pairs.entry(key.clone()).or_default().1 = Some(balance);
        }
        pairs
    }

    fn counts(&self) -> (u64, u64) {
        let pairs = self.pairs();
        let agree = pairs.iter().filter(|(_, (row, account))| row == account).count();
        (agree as u64, (pairs.len() - agree) as u64)
    }
}

impl Projection for Comparison {
    const NAME: &'static str = "Comparison";
    const ABOUT: &'static str = "Row by row: does the table say what the events say?";

    fn apply(&mut self, recorded: &Recorded) {
        self.moved.hear(recorded);
        let (key, version) = (recorded.key(), recorded.version());
        if let Some(RowInserted { balance, .. } | RowUpdated { balance }) =
            recorded.of::<TableRow>()
        {
            let last = self.rows.entry(key.clone()).or_default();
            if version > last.0 {
                *last = (version, *balance);
            }
        }
        if let Some(event) = recorded.of::<Account>() {
            self.accounts.entry(key.clone()).or_default().insert(version, change(event));
        }
    }

    fn view(&self) -> View {
        let rows = self.pairs().into_iter().map(|(key, (row, account))| {
            let agree = if row == account { "agree" } else { "differ" };
            Row::of(&key, (row, account, agree))
        });
        let rows: Vec<Row> = rows.collect();
        let (agree, differ) = self.counts();
        let total = match self.moved.0 {
            Some(_) => "no longer compared".to_owned(),
            None => format!("{agree} of {} agree", agree + differ),
        };
        Table::in_order(&["account", "table", "events", "they"], rows)
            .with_totals(("all", Cell::Empty, Cell::Empty, total))
            .into()
    }

    fn weight(&self) -> usize {
        self.rows.len() + self.accounts.values().map(Map::len).sum::<usize>()
    }
}

impl ProcessManager for Comparison {
    /// Only once the table was written: before that, it is behind by nature.
    fn react(&self, recorded: &Recorded) -> Vec<Reaction> {
        if recorded.of::<TableRow>().is_none() || !self.moved.came_before(recorded) {
            return Vec::new();
        }
        let (agree, differ) = self.counts();
        let step = format!("row-{}-{}", recorded.key(), recorded.version());
        let report = ReportRows { agree, differ, position: recorded.position() };
        let switch = Id::<Switch>::new(SWITCH);
        Reaction::command("rows", &step, &switch, &report).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use es::past;
    use serde_json::json;

    #[test]
    fn a_row_that_was_changed_by_hand_differs_until_somebody_takes_it_back() {
        let opened = AccountOpened { owner: "Lola".into(), balance: Cents(100) };
        let row = |balance| RowUpdated { balance: Cents(balance) };
        let inserted = RowInserted { owner: "Lola".into(), balance: Cents(100) };
        let agreed = past().and::<Account>("1", opened).and::<TableRow>("1", inserted);
        let they = |past: &es::Past| past.shows::<Comparison>()["totals"]["they"].clone();
        assert_eq!(they(&agreed), json!("1 of 1 agree"));
        let differs = agreed.and::<TableRow>("1", row(150));
        assert_eq!(they(&differs), json!("0 of 1 agree"));
        assert_eq!(they(&differs.and::<TableRow>("1", row(100))), json!("1 of 1 agree"));
    }
}
