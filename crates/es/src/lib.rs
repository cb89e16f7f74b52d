//! The kernel: event sourcing in small pieces, in reading order.
//!
//! An [`Aggregate`] *decides* a [`Command`](Aggregate::Command). The [`EventLog`] records the
//! events that it decides on. Everything else (states, read models, processes) is a [`Fold`] over
//! that log, and a [`Timeline`] can stop the fold anywhere.
//!
//! This room never reads a clock, never draws a random number and never does I/O: ids and
//! times are handed in. It knows no scenario and no page.

mod upcast;
mod metadata;
mod aggregate;
mod stream;
mod ids;
mod tagged;
mod body;
mod envelope;
mod recorded;
mod map;
mod commit;
mod proposal;
mod hash;
mod log;
mod money;
mod view;
mod personal;
mod projection;
mod states;
mod process;
mod fold;
mod timeline;
mod erased;
mod hydrated;
mod subscriber;
mod check;
mod scenario;
mod stored;
mod spec;

pub use aggregate::Aggregate;
pub use body::{AnyEvent, AnyEvents, Body};
pub use check::{Check, Condition, Field, Operand, Relation, Subject, all, any, field, not};
pub use commit::Commit;
pub use envelope::{Choice, CommandRecord, Envelope, Follows, Origin};
pub use erased::{
    AnyAggregate, AnyInstance, AnyProcess, AnyProjection, AnyRunner, Of, Refusal, money_fields,
};
pub use fold::{Fold, FoldError, Instance, Runner};
pub use hash::{IdSet, NameMap, NameSet};
pub use hydrated::Hydrated;
pub use ids::{Id, command_id, event_id, reaction_id};
pub use log::{EventLog, History, StreamHistory};
pub use map::{Map, Set};
pub use metadata::{DATA_BASE64, Metadata};
pub use money::Cents;
pub use personal::{
    PERSONAL, Personal, SEAL_BEGINS, SEAL_ENDS, open_value, open_view, opened, seals,
};
pub use process::{ProcessManager, Reaction};
pub use projection::Projection;
pub use proposal::{Draft, Expected, Proposal, WrongExpectedVersion};
pub use recorded::Recorded;
pub use scenario::{Act, Fact, Scenario, Step};
pub use spec::{Given, Outcome, Past, given, past};
pub use states::{Listed, States};
pub use stored::{Json, StoredCommit, StoredEvent, UNSTATED, read_event};
pub use stream::{BadStream, Stream};
pub use subscriber::{Stopped, Subscriber};
pub use tagged::sentence;
pub use timeline::Timeline;
pub use upcast::{Lifting, Older, Stored, Unreadable};
pub use view::{Bar, Cell, Cells, Column, Document, File, Row, Table, View, natural, sort};
