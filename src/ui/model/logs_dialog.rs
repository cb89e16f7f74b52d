//! The logs dialog: what is asked of it, what it shows, and what is under way in it.

use std::cell::Cell;
use std::rc::Rc;

use futures::channel::oneshot;
use web_sys::File;

use crate::codec::archive::{Foreign, Format, Imported, Mapping, Previewed};
use crate::es::Scenario;
use crate::host::OpenLog;
use crate::lab::{RandomPlan, Weight};
use crate::store::{Extent, LogInfo};
use crate::ui::browser::files::Room;

/// What is asked of the logs.
pub enum Msg {
    /// Show the dialog, or close it.
    Show(bool),
    /// Look through the logs.
    List,
    /// The logs were looked through.
    Listed(Result<Listing, String>),
    /// Open this one.
    Open(LogInfo),
    /// Call it otherwise.
    Rename(LogInfo, String),
    /// Make another one like it.
    Duplicate(LogInfo),
    /// Put it away, or have it back.
    Delete(LogInfo, bool),
    /// Hand it out as a file, compressed or not.
    Export(LogInfo, Format, bool),
    /// Read a file.
    Import(File),
    /// A file of this name was read, or has these faults.
    Read(String, Result<Imported, Vec<String>>),
    /// A file was read whose events are no CloudEvents.
    Foreign(File, Foreign),
    /// This field of the file's events holds that.
    Map(Part, String),
    /// Read the file as it was mapped.
    ReadSo,
    /// What was read is for the scenario of this id.
    For(String),
    /// How many events of this log ask its processes for something while nothing says what they
    /// have done about them.
    Unanswered(OpenLog, u64),
    /// Answer those events, or leave them.
    Answer(bool),
    /// Look through the next piece of what was read.
    Look,
    /// Put what was read into a new log, or after what is in the open one.
    Place(bool),
    /// How far what is under way has come.
    Progress(String),
    /// Something has come to its end, and this is to be said of it.
    Said(String),
    /// Stop what is under way.
    Cancel,
    /// Wait for the disk with each command, or don't.
    Strict(bool),
    /// Ask the browser to throw nothing away.
    Persist,
    /// Rehearse a disaster: forget all read models, and fold them again.
    DropModels,
    /// Rehearse a disaster: make a log from a backup of this one, and compare.
    Restore,
    /// Try again to write.
    Retry,
    /// Save what this tab has as a new log, and go on there.
    SaveAgain,
    /// The storage may take as long as it does.
    KeepWaiting,
    /// Go on with what this tab has, in memory.
    GoOnInMemory,
    /// Make a log by chance.
    Chance(ChanceRun),
    /// Weigh the open log.
    Weigh,
    /// It weighs this much.
    Weighed(OpenLog, Weight),
    /// Hand out the table of the read model of that name.
    Csv(Rc<str>),
    /// Export a file of a read model, or all of them as one archive.
    TakeFile(Rc<str>, Option<Rc<str>>),
    /// What took a while is over.
    Over,
}

/// A log that is made by chance.
#[derive(Clone)]
pub struct ChanceRun {
    pub scenario: Rc<Scenario>,
    pub title: String,
    pub plan: RandomPlan,
    /// Where the playhead is to be.
    pub position: Option<u64>,
}

impl Msg {
    /// True for what is done one after the other.
    pub fn takes_a_while(&self) -> bool {
        matches!(
            self,
            Self::Duplicate(_)
                | Self::Chance(_)
                | Self::Export(..)
                | Self::Import(_)
                | Self::ReadSo
                | Self::Place(_)
                | Self::DropModels
                | Self::Weigh
                | Self::Restore
                | Self::SaveAgain
        )
    }
}

/// What a field of a foreign event holds.
#[derive(Clone, Copy, PartialEq)]
pub enum Part {
    Kind,
    Stream,
    Data,
}

/// A log, and how much it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedLog {
    pub info: LogInfo,
    pub extent: Extent,
    /// The scenario's title.
    pub scenario: String,
    /// What the log is called that it was forked from.
    pub from: String,
}

/// All logs that are kept, and the room for them.
pub struct Listing {
    pub logs: Vec<ListedLog>,
    pub room: Option<Room>,
}

/// What is under way, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Busy {
    pub what: String,
    /// True where it can still be cancelled.
    pub cancels: bool,
}

/// What the dialog shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    pub open: bool,
    pub entries: Rc<Vec<ListedLog>>,
    pub room: Option<Room>,
    pub strict: bool,
    /// What is under way.
    pub busy: Option<Busy>,
    /// What came of the last thing.
    pub said: String,
    pub faults: Vec<String>,
    /// What was read and waits for its place.
    pub ready: Option<String>,
    /// The id of the scenario that it is for, where the file does not say.
    pub reader: Option<Rc<str>>,
    /// What was read and waits for somebody to say what its fields hold.
    pub foreign: Option<Rc<Mapped>>,
    /// How many events of the open log are unanswered, as far as anybody knows.
    pub unanswered: Option<u64>,
    /// What the open log weighs.
    pub weight: Option<Rc<Weight>>,
}

/// A file whose events are no CloudEvents, and how they are read.
#[derive(Clone)]
pub struct Mapped {
    pub file: File,
    pub foreign: Foreign,
    pub mapping: Mapping,
    /// What the first events will be.
    pub preview: Vec<Result<Previewed, String>>,
}

impl PartialEq for Mapped {
    // All else follows from these two.
    fn eq(&self, other: &Self) -> bool {
        self.mapping == other.mapping && self.file == other.file
    }
}

impl std::fmt::Debug for Mapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file.name())
    }
}

impl Mapped {
    /// A file as it is guessed.
    pub fn new(file: File, foreign: Foreign) -> Self {
        let mapping = foreign.guess.clone();
        let preview = foreign.preview(&mapping);
        Self { file, foreign, mapping, preview }
    }

    /// The same file, with another field for a part.
    pub fn with(&self, part: Part, field: String) -> Self {
        let mut it = self.clone();
        match part {
            Part::Kind => it.mapping.kind = field,
            Part::Stream => it.mapping.stream = field,
            Part::Data => it.mapping.data = field,
        }
        it.preview = it.foreign.preview(&it.mapping);
        it
    }
}

/// Whether what is under way has gone so far that cancelling would not undo it.
#[derive(Clone, Default)]
pub struct PointOfNoReturn(Rc<Cell<bool>>);

impl PointOfNoReturn {
    /// From now on it goes through to its end.
    pub fn pass(&self) {
        self.0.set(true);
    }

    pub fn is_passed(&self) -> bool {
        self.0.get()
    }
}

/// An archive that was read and waits for its place.
pub struct Ready {
    pub name: String,
    pub archive: Imported,
    /// For which scenario somebody says it is.
    pub chosen: Option<Rc<Scenario>>,
    /// How many of its pieces were looked through.
    pub looked: usize,
    /// How many of the events in those its scenario cannot read.
    pub unreadable: u64,
}

/// The logs dialog, and what goes on around the logs.
#[derive(Default)]
pub struct LogsDialog {
    pub shown: Shown,
    /// Cancels what is under way.
    pub cancel: Option<oneshot::Sender<()>>,
    pub ready: Option<Ready>,
    /// The browser was asked to throw nothing away.
    pub asked_to_persist: bool,
}

impl LogsDialog {
    /// What took a while is over.
    pub fn over(&mut self) {
        (self.shown.busy, self.cancel) = (None, None);
    }

    /// Something begins that takes a while. What was said of the thing before is over.
    pub fn begin(&mut self, what: &str, cancels: bool) -> oneshot::Receiver<()> {
        let (sender, cancelled) = oneshot::channel();
        let shown = &mut self.shown;
        shown.busy = Some(Busy { what: what.to_owned(), cancels });
        shown.said.clear();
        shown.faults.clear();
        self.cancel = Some(sender);
        cancelled
    }

    /// What was read is offered no longer.
    pub fn withdraw(&mut self) {
        (self.ready, self.shown.ready) = (None, None);
        (self.shown.reader, self.shown.foreign) = (None, None);
    }

    /// The dialog is closed. What is under way goes on.
    pub fn close(&mut self) {
        let (strict, busy) = (self.shown.strict, self.shown.busy.take());
        self.shown = Shown { strict, busy, ..Shown::default() };
        self.ready = None;
    }
}
