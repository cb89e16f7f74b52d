//! A running system: the world, which handles commands and delivers events, the playhead, which
//! travels through it, and everything that the page shows of both.
//!
//! All of it is pure and deterministic: this room never reads a clock, never draws a random number
//! and never does I/O. The world hands out what must be stored, and gets it back once it is stored.

pub mod json;
mod diff;
pub mod clip;
pub mod csv;
mod forms;
mod journal;
mod outbox;
mod snapshots;
mod deadlines;
mod subscription;
mod health;
mod world;
mod asides;
mod session;
mod address;
mod provenance;
mod compare;
mod whatif;
mod random;
mod specs;
mod shards;
mod watcher;
mod weight;
mod fold_rows;

pub use asides::{asides, deadlines_met, decided};
pub use compare::{Comparison, StatePair, ViewPair, compare_logs, compare_positions};
pub use deadlines::{Deadline, span};
pub use diff::{DiffLine, DiffMark, RowMark, TableDiff, changes, keyed, lines, rows};
pub use fold_rows::{FoldCell, FoldRow, Folded};
pub use forms::{FieldKind, Form, FormField, cents, event_forms, forms, label_of};
pub use health::Health;
pub use journal::{JournalEntry, Outcome};
pub use outbox::{Effect, EffectStatus};
pub use provenance::{Bisect, BisectResult, Cause, Probe, Target, Why};
pub use random::{RANDOM_EVENTS_AT_MOST, RandomPlan, RandomRun, RandomTally, Sealer, Seed};
pub use session::{FailedCheck, Opener, Panel, Session, SetAside, StateView, Viewpoint};
pub use shards::{HANDLERS_AT_MOST, Handler, Heaviest, Moves, ShardBy, Shards};
pub use snapshots::{Load, Loading, Meter, StateSnapshot};
pub use specs::{Message, Ran, Spec, Then, decisions};
pub use subscription::{
    Control, ControlError, DeadLetter, DeliveryFault, SetUp, Subscription, SubscriptionKind, Wait,
    instance_of, is_replica,
};
pub use watcher::{WatchedFolds, Watcher};
pub use weight::{HeaviestStream, SNAPSHOT_EVERY, Weighing, Weight};
pub use whatif::{Change, Consequence, Imagined, NoLongerAllowed, WhatIf};
pub use world::{
    BulkAppend, LogClock, MicroStep, Missing, SideRecord, StoreAnswer, Submission, World,
};
