//! The lab's tools: which one is open, and what each of them knows of the open log.

mod job;
mod race;
mod inquiry;
mod comparing;
mod imagining;
mod specs;

use std::cell::RefCell;
use std::rc::Rc;

use gloo::timers::callback::Interval;
use web_sys::HtmlElement;

pub use self::comparing::{Both, Compared, Heads, Pair, Wanted, pairs_of};
pub use self::imagining::Imagining;
pub use self::inquiry::{Inquiry, target};
pub use self::job::Job;
pub use self::race::{ACTORS, Race};
pub use self::specs::{Specs, Written};
use crate::es::{Condition, Map, Set, Stream};
use crate::host::Disturbance;
use crate::lab::{Comparison, JournalEntry, Loading, ShardBy, Target};
use crate::ui::excerpts::Excerpts;

/// A pace at which a replica takes in a whole log at once.
pub const AT_ONCE: u64 = 10_000_000;
/// The paces at which a replica can catch up, in events a second. 0 waits.
pub const PACES: [u64; 6] = [0, 1, 10, 100, 1_000, AT_ONCE];

/// A tool of the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Race,
    Why,
    WhatIf,
    Compare,
    Specs,
    Watch,
    Shards,
    Snapshots,
    Code,
}

impl Tool {
    pub const ALL: [Self; 9] = [
        Self::Race,
        Self::Why,
        Self::WhatIf,
        Self::Compare,
        Self::Specs,
        Self::Watch,
        Self::Shards,
        Self::Snapshots,
        Self::Code,
    ];

    /// Its name, and its drawer's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Race => "Race",
            Self::Why => "Why, and since when",
            Self::WhatIf => "What if",
            Self::Compare => "Compare",
            Self::Specs => "Specs",
            Self::Watch => "Watch",
            Self::Shards => "Shards",
            Self::Snapshots => "Snapshots",
            Self::Code => "Code",
        }
    }

    /// What it is good for, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Race => "Alice and Bob send on the same version",
            Self::Why => "the events that set a field, and the first after which something holds",
            Self::WhatIf => "leave an event out, or swap two, for the view only",
            Self::Compare => "two logs, or one at two positions, side by side",
            Self::Specs => "a decision as given, when, then: edit it, run it, copy it",
            Self::Watch => "the value of an expression, as a line through the whole log",
            Self::Shards => "streams divided among handlers that work side by side",
            Self::Snapshots => "what loading costs, and what saves it",
            Self::Code => "the source, and the arm that handled the event",
        }
    }
}

/// What can be asked of the lab.
#[derive(Clone, Debug)]
pub enum Msg {
    /// Open a tool.
    Open(Tool),
    /// Close what is open.
    Close,
    /// Set up a race with the form's command.
    Race,
    /// One of the two sends.
    Run(usize),
    /// Wait for a subscription after each command, or for nobody.
    Wait(Option<Rc<str>>),
    /// Ask why a field is what it is; the first field where none is named.
    Why(Target, Option<String>),
    /// Ask why a field of the panel of that name is what it is.
    WhyOf(String, Option<String>),
    /// Look for the first event after which a condition holds: by halves where it holds on once it
    /// holds, else one by one.
    Find { words: String, condition: Condition, monotonic: bool },
    /// Look no further.
    Cancel,
    /// Imagine that this event had not happened, too; or no longer.
    LeaveOut(u64),
    /// Imagine that these two had changed places.
    Swap(u64, u64),
    /// Imagine nothing.
    Truth,
    /// The logs' heads are known.
    Heads(Heads),
    /// Put two logs or positions side by side.
    Compare(Wanted),
    /// They are.
    Compared(Wanted, Result<Comparison, Rc<str>>),
    /// Look for the decisions in a stretch of the log, and choose one; the last one where none is
    /// named.
    Stretch { from: u64, to: u64, chosen: Option<usize> },
    /// Show a specification that is kept with the exercise.
    Kept(usize),
    /// A specification is edited.
    Specify(String),
    /// Run it.
    RunSpec,
    /// Copy it.
    CopySpec(Written),
    /// It was copied, or could not be.
    Copied(bool),
    /// Divide the events by this among so many handlers.
    Divide(ShardBy, usize),
    /// How commands load their streams.
    LoadBy(Loading),
    /// Show the source of a stream's aggregate, of a projection or of a process.
    Code(Rc<str>),
    /// A scenario's source was fetched.
    Fetched(Result<Excerpts, Rc<str>>),
    /// Damage a stream's snapshot, or make it an outdated one.
    Disturb(Stream, Disturbance),
}

/// The source that is shown.
pub struct Code {
    /// A stream, or the title of a projection or process.
    pub name: Rc<str>,
    /// The scenario's excerpts, or why there are none. None while they are fetched.
    pub excerpts: Option<Result<Excerpts, Rc<str>>>,
}

/// What the lab knows of the open log.
#[derive(Default)]
pub struct Lab {
    pub tool: Option<Tool>,
    /// What had the focus when the tool was opened.
    pub opener: Option<HtmlElement>,
    pub race: Option<Race>,
    /// Whom to wait for after a command.
    pub wait: Option<Rc<str>>,
    /// The position that the last command wrote.
    pub wrote: Option<u64>,
    pub inquiry: Option<Rc<RefCell<Inquiry>>>,
    pub imagined: Option<Rc<RefCell<Imagining>>>,
    /// Why something could not be imagined.
    pub unimagined: Option<String>,
    /// The heads of the logs that can be compared.
    pub heads: Heads,
    pub compared: Option<Result<Compared, Rc<str>>>,
    pub specs: Option<Specs>,
    pub code: Option<Code>,
    /// By what events are divided, and among how many handlers.
    pub shards: Option<(ShardBy, usize)>,
    /// How many events a second each replica takes in that catches up by itself, and what makes it
    /// do so.
    pub paces: Rc<Map<Rc<str>, u64>>,
    pub catching_up: Map<Rc<str>, Interval>,
}

impl Lab {
    /// The positions that are left out or moved, for the view only.
    pub fn out(&self) -> Rc<Set<u64>> {
        Rc::new(self.imagined.as_ref().map(|it| it.borrow().positions()).unwrap_or_default())
    }

    /// A command came to its end.
    pub fn sent(&mut self, entry: &JournalEntry) {
        if entry.events.start < entry.events.end {
            self.wrote = Some(entry.events.end - 1);
        }
        if let Some(race) = &mut self.race {
            race.sent(entry);
        }
    }
}
