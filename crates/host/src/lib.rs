//! An open log, driven: opened, stored, kept in step with its other tabs, and asked.
//!
//! A [`Host`] is given four things: a store, the log's peers, a clock and ids. It spawns nothing:
//! what has to go on beside the caller is one future, [`OpenLog::serve`], which the page spawns
//! and a simulation polls. It touches no browser and reads no clock of its own, so that tests
//! drive the same code as the page does.
//!
//! [`OpenLog::ask`] is the one door: a [`Request`] is the only way in which anybody changes an
//! open log or how it runs. What is made of files goes in and out through [`Host`] and
//! [`OpenLog::extend`], as it comes in pieces.
//!
//! What takes its time comes as a future in a box: it is compiled here, and not once more in every
//! crate that awaits it.

mod ports;
mod slices;
mod patience;
mod trouble;
mod side_records;
mod protocol;
mod commands;
mod open_log;
mod following;
mod logs;
mod answers;

pub use logs::{Exported, Restored};
pub use open_log::{OpenLog, OpenedLog, ViewpointMut};
pub use ports::{Alone, Claim, ClaimLock, Clock, Host, Ids, Membership, Peers, Runner};
pub use protocol::{
    Answered, Command, Count, Disturbance, Error, ErrorCode, EventJson, FaultOrNone, How, Imagine,
    JsonText, LoadBy, Place, Request, Response, Sent, Stepped, SubscriptionChange, Told, When,
};
pub use side_records::decode_side_records;
pub use slices::Slice;
pub use trouble::Trouble;
pub use {codec, es, lab, scenarios, store};
