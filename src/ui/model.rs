//! What the page is at one moment: its parts, each with what can happen to it. A part changes
//! nothing but itself; what concerns several of them is done in `update`.

pub mod changes;
pub mod station;
pub mod handled;
pub mod bookmarks;
pub mod layout;
pub mod playback;
pub mod clock;
pub mod commands;
pub mod subscriptions;
pub mod fold_view;
pub mod track;
pub mod summary;
pub mod read_side;
pub mod saying;
pub mod logs;
pub mod logs_dialog;
pub mod offline;
pub mod class;
pub mod together;
pub mod share;
pub mod lab;
pub mod lessons;
pub mod making;
pub mod own;
pub mod watching;
pub mod predicting;
pub mod console;
pub mod message;
pub mod shell;

use self::class::{Class, DIARY};
use self::clock::LogTime;
use self::commands::CommandForm;
use self::console::Console;
use self::fold_view::FoldView;
use self::lab::Lab;
use self::layout::Layout;
use self::lessons::Lessons;
use self::logs::Logs;
use self::logs_dialog::LogsDialog;
use self::making::Making;
use self::message::Link;
use self::offline::Offline;
use self::own::Own;
use self::playback::Playback;
use self::predicting::Predicting;
use self::read_side::ReadSide;
use self::saying::Saying;
use self::share::Share;
use self::shell::Shell;
use self::summary::Summary;
use self::together::Together;
use self::watching::Watching;
use crate::host::OpenLog;
use crate::store::LogInfo;
use crate::ui::browser::embed::Embed;
use crate::ui::words::{MoneyFields, Seals};

/// What opens the seals of a log.
pub fn seals(open_log: &OpenLog) -> Seals {
    Seals { opener: open_log.session().opener().cloned(), turn: open_log.seal_turn() }
}

/// How many steps the story of a log has. A class's diary has none: what stands in it happened.
pub fn steps(open_log: &OpenLog) -> usize {
    if open_log.id() == DIARY { 0 } else { open_log.session().scenario().story.len() }
}

/// The page at one moment.
pub struct Model {
    pub link: Link,
    /// What the page shows where it stands in a frame of somebody else's.
    pub embed: Option<Embed>,
    pub logs: Logs,
    pub logs_dialog: LogsDialog,
    pub share: Share,
    pub commands: CommandForm,
    pub playback: Playback,
    pub log_time: LogTime,
    pub read_side: ReadSide,
    pub fold_view: FoldView,
    pub summary: Summary,
    pub lab: Lab,
    pub lessons: Lessons,
    pub making: Making,
    pub offline: Offline,
    pub class: Class,
    pub together: Together,
    pub own: Own,
    pub watching: Watching,
    pub predicting: Predicting,
    pub layout: Layout,
    pub saying: Saying,
    pub console: Console,
    /// The names of the fields that hold cents.
    pub money: MoneyFields,
}

impl Model {
    /// The page before its first log is open.
    pub fn new(link: Link) -> Self {
        let embed = Embed::here();
        let mut layout = Layout::remembered();
        // The keys are those of the page around it.
        layout.letters &= embed.is_none();
        Self {
            link,
            embed,
            logs: Logs::new(),
            logs_dialog: LogsDialog::default(),
            share: Share::default(),
            commands: CommandForm::default(),
            playback: Playback::default(),
            log_time: LogTime::default(),
            read_side: ReadSide::default(),
            fold_view: FoldView::default(),
            summary: Summary::default(),
            lab: Lab::default(),
            lessons: Lessons::default(),
            making: Making::default(),
            offline: Offline::default(),
            class: Class::default(),
            together: Together::default(),
            own: Own::default(),
            watching: Watching::default(),
            predicting: Predicting::default(),
            layout,
            saying: Saying::default(),
            console: Console::default(),
            money: MoneyFields::default(),
        }
    }

    /// The later part of the page's module is here: what only that knows is taken in.
    pub fn complete(&mut self) {
        self.logs.complete();
        self.making.remember();
    }

    /// What all send at the same moment, in the exercise that is open.
    pub fn together(&self) -> Option<crate::lessons::Together> {
        let open = self.logs.open.as_ref()?;
        let attempt = self.lessons.attempt.as_deref().filter(|it| it.log == open.id())?;
        attempt.exercise.together.clone()
    }

    /// The log that is open.
    pub fn open_log(&self) -> Option<OpenLog> {
        self.logs.open.clone()
    }

    /// The logs that the open one can be compared with: the scenario's own, or the attempts at the
    /// exercise that is open.
    pub fn comparable(&self) -> Vec<LogInfo> {
        let Some(open_log) = self.logs.open.as_ref().filter(|_| self.lessons.attempt.is_some())
        else {
            return self.logs.own.to_vec();
        };
        let attempts = self.lessons.attempts.iter().enumerate();
        let mut all: Vec<LogInfo> = attempts
            .map(|(at, it)| LogInfo { title: format!("Attempt {}", at + 1), ..it.clone() })
            .collect();
        if !all.iter().any(|it| it.id == open_log.id()) {
            all.push(open_log.info());
        }
        all
    }

    /// What every panel shares.
    pub fn shell(&self) -> Shell {
        Shell {
            folds: self.layout.folds.clone(),
            money: self.money.clone(),
            seals: self.open_log().map(|it| seals(&it)).unwrap_or_default(),
            link: self.link.clone(),
        }
    }

    /// Follows the open log and the playhead. `resting` is true where the playhead has come to
    /// rest, `passing` where it moves on at once, and `look` where the read side is to follow. True
    /// where that has solved the exercise that is open.
    pub fn follow(&mut self, resting: bool, passing: bool, look: bool) -> bool {
        let Some(open_log) = self.open_log() else { return false };
        let about = self.lessons.attempt.as_ref().map(|it| it.panels());
        self.summary.refresh(&open_log, about, (self.layout.zoom, self.layout.by_time), resting);
        if steps(&open_log) == 0 {
            self.summary.next = None;
        }
        if self.fold_view.shown || self.layout.present {
            self.fold_view.offer(&open_log, &self.summary.streams, &self.summary.stage);
        }
        if look {
            let (layout, playback) = (&self.layout, &self.playback);
            self.read_side.look(&open_log, &self.summary, layout, playback, passing);
        }
        self.log_time.look(&open_log);
        let link = self.link.clone();
        self.log_time.start(move || link.send(clock::Msg::Tick));
        self.commands.address(&open_log);
        let solved = self.lessons.judge(&open_log);
        if solved {
            self.say_solved();
        }
        solved
    }

    /// Says that the exercise is solved, where it is.
    pub fn say_solved(&mut self) {
        let Some(attempt) = self.lessons.attempt.as_ref().filter(|it| it.verdict.solved()) else {
            return;
        };
        self.saying.aloud = format!("Solved. {}", attempt.exercise.meaning.join(" "));
    }
}
