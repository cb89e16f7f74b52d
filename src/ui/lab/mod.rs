//! The lab's place on the page: what can be done to subscriptions, races, and the tools that look
//! without changing. Nothing of it is seen until it is asked for.
//!
//! It draws, and says what was asked; the page's owner does it.

mod compare;
mod control;
mod drawer;
mod flag;
mod health;
mod parts;
mod pick;
mod race;
mod sides;
mod snapshots;
mod wait;
mod whatif;
mod why;
mod worker;

use std::cell::RefCell;
use std::rc::Rc;

pub use self::compare::{CompareForm, Compared, Wanted, compared};
pub use self::control::{Refused, menu_of, opened, state_of};
pub use self::drawer::{Drawer, Tool};
pub use self::flag::DragFlag;
pub use self::health::{differences, health_of};
pub use self::parts::button_for;
pub use self::pick::{escaped, field_of, walk};
pub use self::race::{ACTORS, Held, Race, actors, choices, chosen_by, race};
pub use self::sides::pairs_of;
pub use self::snapshots::snapshots;
pub use self::wait::wait;
pub use self::whatif::{Imagining, banner, no_what_if, offers, what_if};
pub use self::why::{Inquiry, target, why};
pub use self::worker::{Job, Worker};
use crate::es::{Condition, Set, Stream};
use crate::lab::{Comparison, JournalEntry, Loading, Target};

/// What can be asked of the lab.
#[derive(Clone, Debug)]
pub enum Msg {
    /// Open a tool.
    Open(Tool),
    /// Close what is open.
    Close,
    /// An actor looks at the form's stream and holds its version, or lets it go.
    Hold(Rc<str>, bool),
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
    /// Look for the first event after which a condition, in words and as it is, holds; by halves or
    /// one by one.
    Find(String, Condition, bool),
    /// Look no further.
    Cancel,
    /// Imagine that this event had not happened, too; or no longer.
    LeaveOut(u64),
    /// Imagine that these two had changed places.
    Swap(u64, u64),
    /// Imagine nothing.
    Truth,
    /// Put two logs or positions side by side.
    Compare(Wanted),
    /// They are.
    Compared(Wanted, Result<Comparison, Rc<str>>),
    /// How commands load their streams.
    LoadBy(Loading),
    /// Damage a snapshot, or make it an outdated one.
    Spoil(Stream, bool),
}

/// What the lab knows of the open log.
#[derive(Default)]
pub struct Lab {
    /// What could not be done to a subscription, until something else is done.
    pub refused: Option<Refused>,
    pub tool: Option<Tool>,
    pub held: Held,
    pub race: Option<Race>,
    /// Whom to wait for after a command.
    pub wait: Option<Rc<str>>,
    /// The position that the last command wrote.
    pub wrote: Option<u64>,
    pub inquiry: Option<Rc<RefCell<Inquiry>>>,
    pub imagined: Option<Rc<RefCell<Imagining>>>,
    /// Why something could not be imagined.
    pub unimagined: Option<String>,
    pub compared: Option<Result<Compared, Rc<str>>>,
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
