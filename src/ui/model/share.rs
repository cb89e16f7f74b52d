//! The sheet that shares the open log as a link, in a frame of another page, or as a file where no
//! link is long enough.

use std::rc::Rc;

/// What happens to the sheet.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// It was opened, or closed.
    Show(bool),
    /// The link opens at this position.
    At(u64),
    /// Faults, pauses and bookmarks go with the log, or stay here.
    With(bool),
    /// The link that was asked for in this turn is made, or is not.
    Made(u64, Made),
    /// The frame shows these panels: their names, with commas between them.
    Panels(String),
    /// The frame has this theme. An empty one is that of the reader's system.
    Theme(String),
    /// Put the link, or what makes the frame, on the clipboard.
    Copy(What),
    /// The clipboard has it, or refuses it.
    Copied(What, bool),
}

/// What can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Link,
    Frame,
}

/// How the log stands in a frame of another page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// The names of panels, as they were typed.
    pub panels: String,
    pub theme: String,
    /// What is wrong with the names.
    pub fault: Option<String>,
}

/// What came of making a link.
#[derive(Clone, Debug, PartialEq)]
pub enum Made {
    /// The link, and how many events it holds.
    Link(Rc<str>, u64),
    /// The log is too long for a link.
    TooLong(Rc<str>),
    /// Why there is none.
    Failed(Rc<str>),
}

/// What the sheet shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Where the link opens.
    pub position: u64,
    /// The last position of the log.
    pub head: u64,
    /// Faults, pauses and bookmarks go with the log.
    pub with: bool,
    pub frame: Frame,
    /// None while the link is being made.
    pub made: Option<Made>,
    /// What came of the last thing.
    pub said: String,
    /// What that was about.
    pub of: What,
}

/// The sheet, while it is open.
#[derive(Default)]
pub struct Share {
    pub shown: Option<Shown>,
    /// How often a link was asked for. Only the last one counts.
    turns: u64,
}

impl Share {
    /// A link is asked for: whoever asked before does not get one any more.
    pub fn next_turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    /// Shows what came of making a link. False where another one was asked for meanwhile.
    pub fn show(&mut self, turn: u64, made: Made) -> bool {
        let shown = self.shown.as_mut().filter(|_| turn == self.turns);
        let Some(shown) = shown else { return false };
        shown.said = match &made {
            Made::Link(..) => String::new(),
            Made::TooLong(why) | Made::Failed(why) => why.to_string(),
        };
        shown.made = Some(made);
        true
    }
}
