//! Where people read, and where the application writes. Reads move once the table and the events
//! agree; writes move after reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::Aggregate;

/// Where something is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    #[default]
    Table,
    Events,
}

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum SwitchEvent {
    RowsCompared { agree: u64, differ: u64, position: u64 },
    ReadsMoved { to: Place },
    WritesMoved {},
}
use SwitchEvent::{ReadsMoved, RowsCompared, WritesMoved};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum SwitchCommand {
    /// Notes how many rows agree with the events. The comparison reports it by itself.
    ReportRows {
        /// How many agree
        #[schemars(example = 2)]
        agree: u64,
        /// How many differ
        #[schemars(example = 0)]
        differ: u64,
        /// Up to which position of the log they were compared
        #[schemars(example = 1)]
        position: u64,
    },
    /// Has people read what is folded from events, or the table again.
    MoveReads {
        /// From where they read
        #[schemars(example = &"events")]
        to: Place,
    },
    /// Ends the updates of the table: from now on, only events are written.
    MoveWrites {},
}
use SwitchCommand::{MoveReads, MoveWrites, ReportRows};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum SwitchRejection {
    #[error("nobody has compared the two yet")]
    NotCompared,
    #[error("{0} {rows} still; find out why first", rows = if *.0 == 1 { "row differs" } else { "rows differ" })]
    Differ(u64),
    #[error("people still read the table; move reads first")]
    TableIsRead,
    #[error("the table is not written any more, so it must not be read")]
    TableIsStale,
    #[error("writes have moved already")]
    Moved,
}

// Fold and decisions.

/// How far the application has come on its way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Switch {
    /// How many rows agreed with the events when they were last compared.
    pub agree: u64,
    /// How many differed.
    pub differ: u64,
    /// Up to which position they were compared. What is reported later of less is out of date.
    pub position: u64,
    /// From where people read.
    pub reads: Place,
    /// Where the application writes: the table and events, or events alone.
    pub writes: Place,
}

impl Aggregate for Switch {
    const NAME: &'static str = "switch";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/slow-switch.json"));
    type Command = SwitchCommand;
    type Event = SwitchEvent;
    type Rejection = SwitchRejection;

    fn decide(&self, command: SwitchCommand) -> Result<Vec<SwitchEvent>, SwitchRejection> {
        match command {
            ReportRows { position, .. } if position <= self.position => Ok(vec![]),
            ReportRows { agree, differ, .. } if (agree, differ) == (self.agree, self.differ) => {
                Ok(vec![])
            }
            ReportRows { agree, differ, position } => {
                Ok(vec![RowsCompared { agree, differ, position }])
            }
            MoveReads { to } if to == self.reads => Ok(vec![]),
            MoveReads { to: Place::Table } if self.writes == Place::Events => {
                Err(SwitchRejection::TableIsStale)
            }
            MoveReads { to: Place::Events } if self.differ > 0 => {
                Err(SwitchRejection::Differ(self.differ))
            }
            MoveReads { to: Place::Events } if self.agree == 0 => Err(SwitchRejection::NotCompared),
            MoveReads { to } => Ok(vec![ReadsMoved { to }]),
            MoveWrites {} if self.writes == Place::Events => Err(SwitchRejection::Moved),
            MoveWrites {} if self.reads == Place::Table => Err(SwitchRejection::TableIsRead),
            MoveWrites {} => Ok(vec![WritesMoved {}]),
        }
    }

    fn evolve(self, event: &SwitchEvent) -> Self {
        match event {
            RowsCompared { position, .. } if *position <= self.position => self,
            RowsCompared { agree, differ, position } => {
                Self { agree: *agree, differ: *differ, position: *position, ..self }
            }
            ReadsMoved { to } => Self { reads: *to, ..self },
            WritesMoved {} => Self { writes: Place::Events, ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use es::given;

    const READ_EVENTS: SwitchCommand = MoveReads { to: Place::Events };

    fn compared(agree: u64, differ: u64) -> SwitchEvent {
        RowsCompared { agree, differ, position: 10 * agree }
    }

    #[test]
    fn reads_move_once_all_rows_agree() {
        given::<Switch>([]).when(READ_EVENTS).refused("nobody has compared the two yet");
        let differ = "1 row differs still; find out why first";
        given::<Switch>([compared(2, 1)]).when(READ_EVENTS).refused(differ);
        let moved = ReadsMoved { to: Place::Events };
        given::<Switch>([compared(2, 1), compared(3, 0)]).when(READ_EVENTS).then([moved.clone()]);
        given::<Switch>([compared(3, 0), moved]).when(READ_EVENTS).then([]);
    }

    #[test]
    fn writes_move_after_reads_and_the_table_is_not_read_any_more() {
        let read = [compared(3, 0), ReadsMoved { to: Place::Events }];
        let first = "people still read the table; move reads first";
        given::<Switch>([compared(3, 0)]).when(MoveWrites {}).refused(first);
        given::<Switch>(read.clone()).when(MoveWrites {}).then([WritesMoved {}]);
        let back = MoveReads { to: Place::Table };
        given::<Switch>(read.clone()).when(back).then([ReadsMoved { to: Place::Table }]);
        let [compared, moved] = read;
        let all = [compared, moved, WritesMoved {}];
        let stale = "the table is not written any more, so it must not be read";
        given::<Switch>(all.clone()).when(MoveReads { to: Place::Table }).refused(stale);
        given::<Switch>(all).when(MoveWrites {}).refused("writes have moved already");
    }

    #[test]
    fn what_is_known_or_out_of_date_is_not_noted() {
        given::<Switch>([compared(2, 0)])
            .when(ReportRows { agree: 2, differ: 0, position: 21 })
            .then([]);
        let late = ReportRows { agree: 1, differ: 1, position: 6 };
        given::<Switch>([compared(2, 0)]).when(late).then([]);
    }
}
