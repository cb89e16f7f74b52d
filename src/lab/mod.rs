//! A running system: the world that handles commands and delivers events, the playhead that
//! travels through it, and everything the page shows of both.
//!
//! All of it is pure and deterministic: this room never reads a clock, never draws a random
//! number and never does I/O. What must be stored is handed out, and what was stored is handed
//! back in.

mod diff;
mod forms;
mod journal;
mod outbox;
mod session;
mod snapshots;
mod subscription;
mod world;

pub use diff::{Line, Mark, RowMark, TableDiff, lines, rows};
pub use forms::{CommandForm, Field, FieldKind, forms};
pub use journal::{Entry, Outcome};
pub use outbox::{Effect, Status};
pub use session::{Panel, Session, StateView};
pub use snapshots::{Load, Loading, Meter, Snapshot};
pub use subscription::{Control, ControlError, Fault, Kind, Subscription, Wait};
pub use world::{Answer, Ask, Bulk, Did, Keep, World};

pub use crate::es::{
    Bar, Body, Cell, Cents, Choice, Column, CommandRecord, Commit, Draft, Envelope, EventLog, Expected,
    Follows,    Origin, Recorded, Refusal, Row, Scenario, Stored, StoredCommit, Stream, Table, Unreadable,
    View, command_id, natural, read_event,
};
pub use crate::scenarios::all as scenarios;
