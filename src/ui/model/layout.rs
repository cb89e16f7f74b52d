//! What stands where: folded panels, the side that a narrow screen shows, pinned states,
//! bookmarks and the timeline's stretch. Most of it is remembered in this browser.

use std::rc::Rc;

use super::bookmarks::Bookmarks;
use super::station::Station;
use crate::es::{Set, Stream};
use crate::ui::browser::{remember, remembered};

/// What changes the layout.
pub enum Msg {
    /// Fold a panel to its one line, or unfold it. `line` is true where it is one line unless
    /// somebody unfolds it.
    Fold { panel: String, line: bool },
    /// Show this side on a narrow screen.
    Show(Side),
    /// Bring a station's panel forward.
    Forward(Station),
    /// Bring the panel of that name forward.
    Find(Rc<str>),
    /// Keep a stream's state in view, or don't.
    Pin(Stream, bool),
    /// Name a position, or take its bookmark away.
    Bookmark(u64, Option<String>),
    /// How much of the log the timeline spans: one part in so many.
    Zoom(u64),
    /// Whether places on the timeline follow the time.
    ByTime(bool),
    /// Large type for an audience, or not.
    Present(bool),
    /// On the stage: the command form, or not.
    Form(bool),
    /// On the stage: the streams' lanes and the timeline's buttons, or not.
    Lanes(bool),
    /// On the ordinary page: the timeline on one line, or with all that it shows.
    Low(bool),
    /// A dark screen, or not.
    Blank(bool),
    /// The page is about to be printed, or was.
    Print(bool),
    /// Put the hint away.
    HideHint,
    /// Put the welcome away.
    HideWelcome,
    /// Change to the other theme.
    Theme,
    /// Show or hide the list of words and keys.
    Keys(bool),
    /// Switch single-letter keys on or off.
    Letters(bool),
}

/// The three columns of a wide screen, of which a narrow one shows one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Write,
    Log,
    Read,
}

impl Side {
    pub const ALL: [Self; 3] = [Self::Write, Self::Log, Self::Read];

    pub fn name(self) -> &'static str {
        match self {
            Self::Write => "Write",
            Self::Log => "Log",
            Self::Read => "Read",
        }
    }

    /// The side on which the panel of that name stands.
    pub fn of(panel: &str) -> Self {
        match panel {
            "Commands" | "Journal" | "Steps" => Self::Write,
            "Event log" => Self::Log,
            _ => Self::Read,
        }
    }
}

/// The hint below the slider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    Shown,
    /// It was taken: it is not shown any more, but its place is kept, so that nothing moves under
    /// whoever drags.
    Taken,
    Gone,
}

/// The panels that somebody has folded to one line, or unfolded, against what they would be by
/// themselves.
#[derive(Clone, Default)]
pub struct Folds {
    folded: Set<String>,
    unfolded: Set<String>,
}

impl Folds {
    fn remembered() -> Self {
        let names = |what| {
            let names = remembered(what).unwrap_or_default();
            names.lines().map(str::to_owned).collect()
        };
        Self { folded: names("folded"), unfolded: names("unfolded") }
    }

    /// True where a panel is one line. `line` is true where it is one unless somebody unfolds it.
    pub fn is_folded(&self, panel: &str, line: bool) -> bool {
        if line { !self.unfolded.contains(panel) } else { self.folded.contains(panel) }
    }
}

/// How the page is laid out.
#[expect(clippy::struct_excessive_bools, reason = "each is switched on its own")]
pub struct Layout {
    pub side: Side,
    /// The panels that somebody has folded or unfolded.
    pub folds: Rc<Folds>,
    /// The streams whose states stay in view.
    pub pinned: Rc<Vec<Stream>>,
    pub bookmarks: Bookmarks,
    /// The timeline spans one part in so many.
    pub zoom: u64,
    /// Places on the timeline follow the time.
    pub by_time: bool,
    /// Large type, for an audience.
    pub present: bool,
    /// On the stage, the command form is shown.
    pub form: bool,
    /// On the stage, the streams' lanes and the timeline's buttons are shown.
    pub lanes: bool,
    /// On the ordinary page, the timeline is one line tall.
    pub low: bool,
    /// The screen is dark for a while.
    pub blank: bool,
    /// All rows are in the document, to be printed.
    pub printing: bool,
    pub hint: Hint,
    /// Somebody is here for the first time: a sentence says what the page is for.
    pub welcome: bool,
    /// The list of words and keys is open.
    pub keys: bool,
    /// Single letters are keys.
    pub letters: bool,
    /// A panel to bring forward once it is drawn.
    pub brought: Option<Rc<str>>,
    /// A field to focus once it is drawn.
    pub field: Option<&'static str>,
}

impl Layout {
    /// The layout that this browser remembers.
    pub fn remembered() -> Self {
        Self {
            side: Side::Log,
            folds: Rc::new(Folds::remembered()),
            pinned: Rc::default(),
            bookmarks: Bookmarks::default(),
            zoom: 1,
            by_time: remembered("by-time").is_some(),
            present: false,
            form: false,
            lanes: false,
            low: remembered("low").is_some(),
            blank: false,
            printing: false,
            hint: remembered("hint").map_or(Hint::Shown, |_| Hint::Gone),
            welcome: false,
            keys: false,
            letters: remembered("letters").is_none(),
            brought: None,
            field: None,
        }
    }

    /// Folds a panel to its one line, or unfolds it. `line` is true where it is one line unless
    /// somebody unfolds it.
    pub fn fold(&mut self, panel: &str, line: bool, folded: bool) {
        let folds = Rc::make_mut(&mut self.folds);
        folds.folded.remove(panel);
        folds.unfolded.remove(panel);
        // What stands as it would by itself needs no memory, and follows the story again.
        match (line, folded) {
            (false, true) => _ = folds.folded.insert(panel.to_owned()),
            (true, false) => _ = folds.unfolded.insert(panel.to_owned()),
            _ => {}
        }
        for (what, names) in [("folded", &folds.folded), ("unfolded", &folds.unfolded)] {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            remember(what, (!names.is_empty()).then(|| names.join("\n")).as_deref());
        }
    }

    /// Remembers which streams of a scenario are pinned.
    pub fn pin(&mut self, scenario: &str, stream: &Stream, on: bool) {
        let pinned = Rc::make_mut(&mut self.pinned);
        pinned.retain(|it| it != stream);
        if on {
            pinned.push(stream.clone());
        }
        let names: Vec<&str> = pinned.iter().map(Stream::as_str).collect();
        let names = (!names.is_empty()).then(|| names.join("\n"));
        remember(&format!("pinned/{scenario}"), names.as_deref());
    }

    /// Another scenario is open: its own streams are pinned.
    pub fn restore_pins(&mut self, scenario: &str) {
        let text = remembered(&format!("pinned/{scenario}")).unwrap_or_default();
        self.pinned = Rc::new(text.lines().filter_map(|it| Stream::parse(it).ok()).collect());
    }

    /// The playhead went back: whoever did that needs the hint no more.
    pub fn take_hint(&mut self) {
        if self.hint == Hint::Shown {
            self.hint = Hint::Taken;
            remember("hint", Some("seen"));
        }
    }

    /// Something else happens than a drag: the taken hint's place is needed.
    pub fn clear_hint(&mut self) {
        if self.hint == Hint::Taken {
            self.hint = Hint::Gone;
        }
    }
}
