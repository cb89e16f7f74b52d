//! The kernel: event sourcing in a dozen small pieces, in reading order.
//!
//! A [`Command`](Aggregate::Command) is *decided* by an [`Aggregate`]; what it decides is
//! recorded in the [`EventLog`]; everything else (states, read models, processes) is a
//! [`Fold`] over that log, and a [`Timeline`] can stop the fold anywhere.
//!
//! This room never reads a clock, never draws a random number and never does I/O: ids and
//! times are handed in. It knows no scenario and no page.

mod aggregate;
mod body;
mod check;
mod commit;
mod erased;
mod fold;
mod hash;
mod ids;
mod log;
mod map;
mod money;
mod process;
mod projection;
mod recorded;
mod scenario;
mod spec;
mod stream;
mod tagged;
mod timeline;
mod upcast;
mod view;

pub use aggregate::Aggregate;
pub use body::Body;
pub use check::{Check, Condition, Operand, Relation, Subject};
pub use commit::{
    Choice, CommandRecord, Commit, Envelope, Follows, Json, Origin, StoredCommit, StoredEvent,
    read_event,
};
pub use erased::{
    AnyAggregate, AnyEvent, AnyInstance, AnyProcess, AnyProjection, AnyRunner, Handler, Of, Reader,
    Refusal, sentence,
};
pub use fold::{Fold, Instance, Reading};
pub use hash::{IdSet, NameMap, NameSet};
pub use ids::{Id, command_id, event_id, reaction_id};
pub use log::{Draft, EventLog, Expected, History, Proposal, StreamHistory, WrongExpectedVersion};
pub use map::{Map, Set};
pub use money::Cents;
pub use process::{ProcessManager, Reaction};
pub use projection::Projection;
pub use recorded::Recorded;
pub use scenario::{Act, Fact, Scenario, Step};
pub use spec::{Given, Outcome, Past, given, past};
pub use stream::{BadStream, Stream};
pub use timeline::Timeline;
pub use upcast::{Stored, Unreadable};
pub use view::{Bar, Cell, Column, Row, Table, View, natural, sort};
