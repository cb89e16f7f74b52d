//! A class that shares logs: who is here, whom this page follows, and what it tells the others.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::host::OpenLog;
use crate::store::LogInfo;
use crate::store::nats::Role;
use crate::ui::browser::class::{Heard, Look, Person, Place};

/// What happens in a class.
pub enum Msg {
    /// An address invites to a class, by its token.
    Asked(String),
    /// Join again after a reload.
    Again { token: String, name: String },
    /// What is typed as one's name.
    Name(String),
    /// Join under that name, or stay outside.
    Join(bool),
    /// There is a place in the class, or none.
    Joined(Result<Box<Place>, String>),
    /// The connection came, or went.
    Connection(bool),
    /// Where the one who leads looked last, as it was found on joining. None where nobody has led.
    Found(Option<Look>),
    /// The others told something.
    Heard(Heard),
    /// Once in a while: say that one is here.
    Beat,
    /// These logs are the class's. None where they cannot be read now.
    Rounds(Option<Vec<LogInfo>>),
    /// Open one of the class's logs.
    Open(String),
    /// Which scenario the next round is of.
    Scenario(String),
    /// Begin a round of that scenario: with its story, or with nothing in it.
    Begin(bool),
    /// A round was begun, or could not be.
    Began(Result<LogInfo, String>),
    /// Follow who leads, or let go.
    Follow(bool),
    /// Something on the page was touched.
    Touched,
    /// Have all follow, or not.
    Lead(bool),
    /// Which servers run.
    Servers(Vec<bool>),
    /// Kill a server, counted from 1, or start it again.
    Switch(u32, bool),
    /// A server was killed or started, or why it was not.
    Switched(Option<String>),
    /// Tell where this page looks, if that has changed.
    Look,
    /// Keep a copy of the open log as one of one's own.
    Keep,
    /// A copy was kept, or could not be.
    Kept(Result<LogInfo, String>),
    /// The log that the class writes about itself is open, or could not be opened.
    Diary(Option<OpenLog>),
    /// There is something new in it.
    Written,
    /// Leave the class.
    Leave,
}

/// The id of the log that a class writes about itself.
pub const DIARY: &str = "diary";

/// What a person does in a class.
pub enum Deed {
    Join,
    /// They begin an exercise, or begin it over.
    Start(String),
    /// They reach an exercise's goal.
    Reach(String),
    /// They say what will come of a step of the story.
    Predict {
        step: String,
        guess: String,
    },
    Leave,
}

impl Deed {
    /// It as a command of the scenario of classes: its type, and its data.
    pub fn command(&self) -> (&'static str, Value) {
        match self {
            Self::Join => ("Join", json!({})),
            Self::Start(exercise) => ("StartExercise", json!({ "exercise": exercise })),
            Self::Reach(exercise) => ("ReachGoal", json!({ "exercise": exercise })),
            Self::Predict { step, guess } => ("Predict", json!({ "step": step, "guess": guess })),
            Self::Leave => ("Leave", json!({})),
        }
    }
}

/// An invitation that somebody has before them.
#[derive(Clone, Default, PartialEq)]
pub struct Invitation {
    pub token: String,
    pub name: String,
    /// Why they could not join.
    pub fault: Option<String>,
    pub joining: bool,
}

/// A person, and when they were last heard of, in milliseconds since 1970.
#[derive(Clone, PartialEq)]
pub struct Present {
    pub person: Person,
    pub heard: u64,
}

/// A place in a class.
#[expect(clippy::struct_excessive_bools, reason = "each is switched on its own")]
pub struct Joined {
    pub place: Place,
    pub name: String,
    pub connected: bool,
    pub people: Vec<Present>,
    /// The class's logs.
    pub rounds: Rc<Vec<LogInfo>>,
    /// The log that the class writes about itself, and whether it is about to be opened.
    pub diary: Option<OpenLog>,
    pub opening_diary: bool,
    /// The step of the story of which this page asks what will come, because the one who leads does.
    pub asked: Option<usize>,
    /// Which servers keep the class's logs: true for one that runs. Empty where nobody says.
    pub servers: Vec<bool>,
    /// Which scenario the next round is of.
    pub scenario: String,
    /// True while a round begins.
    pub beginning: bool,
    /// True where this page goes where the one who leads looks.
    pub following: bool,
    /// True where this page tells the others where to look.
    pub leading: bool,
    /// Where the one who leads looked last.
    pub look: Option<Look>,
    /// The class's log that was open last, with its scenario.
    pub round: Option<(Rc<str>, String)>,
    /// The log that this page opens, because the one who leads looks there.
    pub going: Option<String>,
    /// The log in which this page has paused read models, because the one who leads has, and which.
    pub paused: Option<(String, Vec<String>)>,
    /// The exercise that this page has opened for that reason.
    pub exercise: Option<(String, usize)>,
    /// What this page told last, and whether it is about to tell again.
    pub told: Look,
    /// When that was, in milliseconds since 1970.
    pub told_at: u64,
    pub telling: bool,
    /// The log that was copied last with what came of that, and whether one is being made.
    pub kept: Option<(String, Result<LogInfo, String>)>,
    pub keeping: bool,
}

impl Joined {
    pub fn new(place: Place, name: String) -> Self {
        let leads = place.role >= Role::Lead;
        Self {
            place,
            name,
            connected: true,
            people: Vec::new(),
            rounds: Rc::default(),
            diary: None,
            opening_diary: false,
            asked: None,
            servers: Vec::new(),
            scenario: "cart".to_owned(),
            beginning: false,
            following: !leads,
            leading: false,
            look: None,
            round: None,
            going: None,
            paused: None,
            exercise: None,
            told: Look::default(),
            told_at: 0,
            telling: false,
            kept: None,
            keeping: false,
        }
    }

    /// True where this page may lead.
    pub fn leads(&self) -> bool {
        self.place.role >= Role::Lead
    }

    /// True where this page only looks on.
    pub fn looks_on(&self) -> bool {
        self.place.role < Role::Act
    }

    /// True where this log is one of the class's.
    pub fn has(&self, log: &str) -> bool {
        self.rounds.iter().any(|it| it.id == log)
    }
}

/// A class, or an invitation to one.
#[derive(Default)]
pub struct Class {
    pub invitation: Option<Invitation>,
    pub joined: Option<Joined>,
}
