//! A row of the old table. It is overwritten: its state knows the last value, and nothing else.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{Aggregate, Cents, Listed, States, View};

// Events. They are the table's change log, which the application does not have. Their names and
// fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum RowEvent {
    RowInserted { owner: Rc<str>, balance: Cents },
    RowUpdated { balance: Cents },
}
use RowEvent::{RowInserted, RowUpdated};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::enum_variant_names, reason = "a command's name says what it is for")]
pub enum RowCommand {
    /// INSERT: the application adds a row.
    InsertRow {
        /// Whose account it is
        #[schemars(example = &"Lola")]
        owner: Rc<str>,
        /// What is on it
        #[schemars(example = 10_000)]
        balance: Cents,
    },
    /// UPDATE … SET balance = balance + …: the application moves money.
    AddToRow {
        /// How much is added; less than nothing takes it away
        #[schemars(example = 2_000)]
        amount: Cents,
    },
    /// UPDATE … SET balance = …: by hand, past everything else.
    UpdateRow {
        /// What is to stand there
        #[schemars(example = 5_000)]
        balance: Cents,
    },
}
use RowCommand::{AddToRow, InsertRow, UpdateRow};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum RowRejection {
    #[error("a row with this key is there already")]
    There,
    #[error("0 rows changed: no row has this key")]
    NotThere,
    #[error("say whose account it is")]
    Nobodys,
}

// Fold and decisions.

/// A row, once it was inserted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TableRow {
    pub owner: Rc<str>,
    pub balance: Cents,
}

impl Aggregate for TableRow {
    const NAME: &'static str = "row";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/slow-row.json"));
    type Command = RowCommand;
    type Event = RowEvent;
    type Rejection = RowRejection;

    fn decide(&self, command: RowCommand) -> Result<Vec<RowEvent>, RowRejection> {
        let there = !self.owner.is_empty();
        let update = |balance: Cents| {
            let changes = balance != self.balance;
            Ok(if changes { vec![RowUpdated { balance }] } else { Vec::new() })
        };
        match command {
            InsertRow { .. } if there => Err(RowRejection::There),
            InsertRow { owner, .. } if owner.is_empty() => Err(RowRejection::Nobodys),
            InsertRow { owner, balance } => Ok(vec![RowInserted { owner, balance }]),
            AddToRow { .. } | UpdateRow { .. } if !there => Err(RowRejection::NotThere),
            AddToRow { amount } => update(self.balance + amount),
            UpdateRow { balance } => update(balance),
        }
    }

    fn evolve(self, event: &RowEvent) -> Self {
        match event {
            RowInserted { owner, balance } => Self { owner: owner.clone(), balance: *balance },
            RowUpdated { balance } => Self { balance: *balance, ..self },
        }
    }
}

impl Listed for TableRow {
    const TITLE: &'static str = "Table accounts";
    const ABOUT: &'static str = "The old table: an update overwrites what was there.";

    fn list(rows: &States<Self>) -> View {
        rows.table(&["id", "owner", "balance"], |it| (&it.owner, it.balance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use es::given;

    fn inserted() -> RowEvent {
        RowInserted { owner: "Lola".into(), balance: Cents(100) }
    }

    #[test]
    fn an_update_overwrites_and_changes_nothing_where_the_value_stands_there() {
        let row = given::<TableRow>([inserted()])
            .when(AddToRow { amount: Cents(-40) })
            .then([RowUpdated { balance: Cents(60) }]);
        assert_eq!(row, TableRow { owner: "Lola".into(), balance: Cents(60) });
        given::<TableRow>([inserted()]).when(UpdateRow { balance: Cents(100) }).then([]);
    }

    #[test]
    fn a_row_is_inserted_once_and_updated_where_it_is() {
        let again = InsertRow { owner: "Bob".into(), balance: Cents(0) };
        given::<TableRow>([inserted()]).when(again).refused("a row with this key is there already");
        let nowhere = "0 rows changed: no row has this key";
        given::<TableRow>([]).when(UpdateRow { balance: Cents(1) }).refused(nowhere);
        given::<TableRow>([]).when(AddToRow { amount: Cents(1) }).refused(nowhere);
    }
}
