//! What is done to projections and processes.

use std::rc::Rc;

use crate::host::{Answered, OpenLog};
use crate::lab::{Control, MicroStep};

/// What is done to a subscription, by its name.
pub enum Msg {
    /// Pause it, have it do one thing, arm a fault: all that a control can do.
    Control(Rc<str>, Control),
    /// The control did that, or was refused.
    Controlled { open_log: OpenLog, name: Rc<str>, control: Control, answered: Answered },
    /// Rebuild it, in a version of its code.
    Rebuild(Rc<str>, u16),
    /// Start a projection again, or end it.
    Subscribe(Rc<str>, bool),
    /// Bring up a replica of a projection, in a version of its code.
    Replicate(Rc<str>, u16),
    /// A replica takes over its projection's name.
    TakeOver(Rc<str>),
    /// It did, or was refused.
    TookOver { open_log: OpenLog, name: Rc<str>, answered: Answered },
    /// A replica takes in so many events a second.
    Pace(Rc<str>, u64),
    /// A replica's time to take in some events has come.
    CatchUp(Rc<str>),
    /// Send what a process's code would have sent and nobody has handled.
    SendMissing(Rc<str>),
    /// The log has changed, in these micro-steps: tell it, and show it.
    Changed(Vec<MicroStep>),
}

/// A control that was refused, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedControl {
    pub name: Rc<str>,
    /// Beside which control the reason is shown.
    pub of: &'static str,
    pub why: Rc<str>,
}

impl RefusedControl {
    /// A control of the subscription of that name was refused.
    pub fn new(name: &str, control: Control, why: &str) -> Self {
        let of = match control {
            Control::Delay(_) => "delay",
            Control::Rewind(_) => "rewind",
            Control::Redeliver(_) => "redeliver",
            Control::Fault(_) => "fault",
            Control::FailOn(_) => "fails",
            _ => "other",
        };
        Self { name: name.into(), of, why: why.into() }
    }
}
