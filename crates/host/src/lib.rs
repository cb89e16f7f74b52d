//! This room opens a log, stores what happens in it, keeps it in step with the other tabs, and
//! answers requests about it.
//!
//! A [`Host`] is given four things: a store, the log's peers, a clock and ids. It spawns nothing.
//! All background work is one future, [`OpenLog::serve`], which the page spawns and a simulation
//! polls. The host touches no browser and reads no clock of its own, so that tests drive the same
//! code as the page does.
//!
//! [`OpenLog::ask`] is the one door: a [`Request`] is the only way to change an open log or how it
//! runs. Files are an exception, because they come in pieces: they go in and out through [`Host`]
//! and [`OpenLog::extend`].
//!
//! What can be called by program is one table, [`calls::CALLS`].
//!
//! Asynchronous functions return boxed futures. Such a future is compiled once, here, and not again
//! in every crate that awaits it.

mod keys;
mod engines;
mod ports;
mod class;
mod personal;
mod own_code;
mod slices;
mod patience;
mod trouble;
mod side_records;
mod protocol;
mod shapes;
mod results;
pub mod calls;
mod commands;
mod looks;
mod open_log;
mod following;
mod clock;
mod sealing;
mod adopting;
mod watching;
mod logs;
mod starting;
mod answers;

pub use adopting::Adopted;
pub use class::ClassPeers;
pub use engines::{Engines, NoEngines};
pub use keys::{FORGOTTEN, Key, KeyRing, KeyState, MemoryKeys, NO_KEY, StoredKeys};
pub use logs::{Appended, Exported, FORK, Made, Reader, Restored};
pub use open_log::{OpenLog, OpenedLog, ViewpointMut};
pub use own_code::{CodeState, CodeVersion, OWN, OwnCode, code_among, first_version, own_scenario};
pub use ports::{Alone, Claim, ClaimLock, Clock, Host, Ids, Membership, Peers, Runner};
pub use protocol::{
    Answered, ClockMove, Command, Count, Disturbance, Error, ErrorCode, EventJson, FaultOrNone,
    Imagine, JsonText, LoadBy, LogPlace, Request, Response, Sending, Sent, Stepped,
    SubscriptionChange, Told, When,
};
pub use shapes::{Field, Named, Shape};
pub use side_records::{decode_side_records, with_ordinary_set_ups};
pub use slices::Slice;
pub use starting::{Found, FoundLog, OpenMode, Places};
pub use trouble::Trouble;
pub use watching::Watched;
pub use {codec, domain, es, lab, scenarios, store};
