//! Lessons: which there are, the exercise that is open, and how far somebody has come.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fold_view::Columns;
use crate::es::Map;
use crate::host::{FORK, OpenLog};
use crate::lab::json;
use crate::lessons::{Course, Exercise, Move, Note, Played, Verdict, Workshop, judge};
use crate::store::LogInfo;
use crate::ui::browser::{remember, remembered};
use crate::ui::console::Reply;

/// Ends the key of a log in which the page shows a solution.
const SOLUTION: &str = "#solution";
/// The key of a log in which moves are recorded for an exercise in the making.
pub const DRAFT: &str = "draft";
/// Begins the key of an exercise that came in a link.
const LINK: &str = "link/";

/// What happens to lessons.
pub enum Msg {
    /// Show the lessons and scenarios, or put them away.
    Show(bool),
    /// The list of lessons was fetched, or could not be.
    Listed(Option<Course>),
    /// Open an exercise as it was left; begin it where it was not begun.
    Open(Key, Option<Reply>),
    /// Begin an exercise anew. What was done before stays in its own log.
    Begin(Key),
    /// An exercise has begun in a log of its own, or could not.
    Begun(Result<Begun, String>, Option<Reply>),
    /// An exercise comes with code that nobody has seen here: it is shown first.
    Ask(Key, Rc<str>),
    /// Its code may run.
    Trust,
    /// This log was opened: it may be an attempt at an exercise.
    Arrived(OpenLog),
    /// The text of the exercise was found that the log is an attempt at.
    Known(Begun),
    /// Something could not be found, for this reason.
    Unknown(String),
    /// These are the logs that there are.
    Attempts(Vec<LogInfo>),
    /// What belongs to the workshop of this id was fetched.
    Course(Course, Rc<str>),
    /// Show the next hint.
    Hint,
    /// What is typed as an answer.
    Type(String),
    /// Answer the exercise's question.
    Answer(Value),
    /// Bring back the exercise from its beginning, and everything on the page to its place.
    Lost,
    /// Play the solution in a copy, or what is wrong.
    Solve { wrong: bool, reply: Option<Reply> },
    /// A move of the solution was played.
    Played(Box<Playing>),
    /// Back from the solution to one's own.
    Back,
    /// Put the solution beside one's own.
    Compare,
    /// Show in the Fold view what it meant.
    Look,
    /// Leave the exercise, for the scenario's own log.
    Leave,
    /// Forget what was solved, and remove all attempts: asked for, or said again.
    Forget(bool),
    /// Hand out the progress as a file.
    Export,
    /// Copy the progress as a line of text.
    Copy,
    /// It was copied, or not.
    Copied(bool),
    /// Begin a workshop, or end it.
    Workshop(Option<Rc<str>>),
    /// Hand out a page to print for the learners of a workshop.
    Handout(Rc<str>),
    /// Make a workshop of one's own, of a title and lines.
    Own(String, String),
    /// Show all panels, or only those that the exercise is about.
    Everything(bool),
    /// Show the teacher's notes, or put them away.
    Teacher(bool),
    /// Another minute may have passed.
    Tick,
}

/// Tells an exercise from all others: a lesson's id and a number, or `link/` and what its link comes
/// to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub Rc<str>);

/// A log that is an attempt at an exercise.
pub struct Begun {
    pub open_log: OpenLog,
    pub key: Key,
    pub exercise: Rc<Exercise>,
    pub lesson: Option<Rc<LessonPlace>>,
    /// True where it has begun just now.
    pub fresh: bool,
    /// The moves that are to be played there, and who waits for that.
    pub moves: Vec<Move>,
    pub reply: Option<Reply>,
}

/// A solution that is being played.
pub struct Playing {
    pub open_log: OpenLog,
    /// The move that was played, counted from 1, and how many there are.
    pub number: usize,
    pub of: usize,
    pub played: Result<Played, String>,
    pub reply: Option<Reply>,
}

/// Where an exercise stands in its lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonPlace {
    pub id: Rc<str>,
    pub title: Rc<str>,
    pub number: usize,
    /// The titles of all of the lesson's exercises.
    pub titles: Vec<String>,
    /// What helps to teach this one.
    pub note: Option<Note>,
}

/// The exercise that the open log is an attempt at.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    pub log: String,
    pub key: Key,
    pub exercise: Rc<Exercise>,
    pub lesson: Option<Rc<LessonPlace>>,
    pub verdict: Verdict,
    /// True where it was solved in this log, and is not any more.
    pub broken: bool,
    /// The moves that were made here since the log was opened.
    pub moves: usize,
    /// How many hints are shown.
    pub hints: usize,
    /// What was answered last; null where nothing was.
    pub answer: Value,
    /// What is typed as an answer.
    pub typed: String,
    /// What the log is to the exercise: only an attempt counts.
    pub part: Part,
    basis: Basis,
}

/// What a log is to an exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// An attempt at it.
    Attempt,
    /// A copy in which the page plays the solution.
    Solution,
    /// A fork of another of its logs.
    Fork,
}

/// What a verdict follows from.
#[derive(Clone, Debug, Default, PartialEq)]
struct Basis {
    head: u64,
    position: u64,
    journal: usize,
    outbox: usize,
    /// How often something was asked: a rebuild leaves no other trace.
    asked: usize,
    /// Each subscription's checkpoint, mark, and how it is set up, as text.
    subscriptions: Vec<String>,
    /// How often the code was another one.
    code: u64,
    answer: Value,
}

/// What is remembered of an exercise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub solved: bool,
    #[serde(skip_serializing_if = "is_zero")]
    pub hints: usize,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub answer: Value,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// How far somebody has come, by the exercises' keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Progress(pub Map<String, Remembered>);

/// A workshop that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub id: Rc<str>,
    /// When it has begun, in milliseconds since 1970.
    pub since: u64,
}

/// The lessons' part of the page.
#[expect(clippy::struct_excessive_bools, reason = "each is switched on its own")]
pub struct Lessons {
    /// The list of lessons and scenarios is open.
    pub shown: bool,
    /// The lessons that come with the page. None where they have not been fetched.
    pub course: Option<Rc<Course>>,
    /// The lessons could not be fetched.
    pub unreachable: bool,
    pub progress: Rc<Progress>,
    pub attempt: Option<Rc<Attempt>>,
    /// An exercise whose code nobody has seen here, and the code.
    pub asking: Option<(Key, Rc<str>)>,
    /// The attempts at the exercise that is open, oldest first, without the solutions.
    pub attempts: Rc<Vec<LogInfo>>,
    /// The log that was left for the solution.
    pub left: Option<String>,
    /// A log that is about to be opened: it stays as it is until then.
    pub held: Option<Begun>,
    pub workshop: Option<Running>,
    /// The teacher's notes are open.
    pub teacher: bool,
    /// Somebody has asked to forget the progress, and has not said it again.
    pub forgetting: bool,
    /// The exercise that was open last.
    pub last: Option<Key>,
    /// All panels are shown, not only those that the exercise is about.
    pub everything: bool,
    /// What came of copying the progress.
    pub copied: Option<bool>,
    /// The link of a workshop of one's own, or why there is none.
    pub own: Option<Result<String, String>>,
}

impl Default for Lessons {
    fn default() -> Self {
        let running = remembered("workshop").and_then(|it| {
            let (since, id) = it.split_once(' ')?;
            Some(Running { id: id.into(), since: since.parse().ok()? })
        });
        Self {
            shown: false,
            course: None,
            unreachable: false,
            progress: Rc::new(Progress::remembered()),
            asking: None,
            attempt: None,
            attempts: Rc::default(),
            left: None,
            held: None,
            workshop: running,
            teacher: false,
            forgetting: false,
            last: None,
            everything: false,
            copied: None,
            own: None,
        }
    }
}

impl Key {
    /// The key of a lesson's exercise, counted from 1.
    pub fn of_lesson(id: &str, number: usize) -> Self {
        Self(format!("{id}/{number}").into())
    }

    /// The key of an exercise that came in a link.
    pub fn of_link(text: &str) -> Self {
        Self(format!("{LINK}{}", crate::es::command_id(text, 0).simple()).into())
    }

    /// The key of the log in which its solution is shown.
    pub fn solution(&self) -> Self {
        Self(format!("{}{SOLUTION}", self.exercise().0).into())
    }

    /// The key of its exercise, where it is the key of a log beside the attempts.
    pub fn exercise(&self) -> Self {
        let key = self.0.strip_suffix(FORK).unwrap_or(&self.0);
        Self(key.strip_suffix(SOLUTION).unwrap_or(key).into())
    }

    /// What a log with this key is to its exercise.
    pub fn part(&self) -> Part {
        match () {
            () if self.0.ends_with(FORK) => Part::Fork,
            () if self.0.ends_with(SOLUTION) => Part::Solution,
            () => Part::Attempt,
        }
    }

    /// The lesson's id and the exercise's number; none for one that came in a link.
    pub fn lesson(&self) -> Option<(Rc<str>, usize)> {
        let key = self.exercise();
        let (id, number) = key.0.split_once('/').filter(|_| !key.0.starts_with(LINK))?;
        Some((id.into(), number.parse().ok()?))
    }

    /// Keeps the text of an exercise that came in a link.
    pub fn keep(&self, exercise: &Exercise) {
        let text = json::write(exercise);
        remember(&format!("exercise/{}", self.exercise().0), Some(&text));
    }

    /// The text that was kept.
    pub fn kept(&self) -> Option<Exercise> {
        let text = remembered(&format!("exercise/{}", self.exercise().0))?;
        Exercise::read(&text).ok()
    }
}

/// The keys of a workshop's exercises, in their order.
pub fn exercises_of(course: &Course, workshop: &Workshop) -> Vec<Key> {
    let mut keys = Vec::new();
    for part in &workshop.parts {
        if let Some(lesson) = course.lessons.iter().find(|it| it.id == part.lesson) {
            let numbers = (1..=lesson.exercises.len()).filter(|it| part.has(*it));
            keys.extend(numbers.map(|it| Key::of_lesson(&lesson.id, it)));
        }
        keys.extend(part.links.iter().map(|it| Key::of_link(it)));
    }
    keys
}

/// Where the link of the teacher's own workshop is kept.
const OWN: &str = "own-workshop";

/// The workshop that came in a link, where one did.
pub fn own_workshop() -> Option<Workshop> {
    Workshop::read(&remembered(OWN)?).ok()
}

/// Keeps a workshop that came in a link, with its exercises.
pub fn keep_workshop(text: &str, workshop: &Workshop) {
    remember(OWN, Some(text));
    for link in workshop.parts.iter().flat_map(|it| &it.links) {
        let shared = crate::store::link::read(link).ok();
        if let Some(exercise) = shared.and_then(|it| Exercise::of_shared(it).ok().flatten()) {
            Key::of_link(link).keep(&exercise);
        }
    }
}

impl Progress {
    fn remembered() -> Self {
        let text = remembered("lessons").unwrap_or_default();
        json::read(&text).unwrap_or_default()
    }

    /// What is remembered of an exercise.
    pub fn of(&self, key: &Key) -> Remembered {
        self.0.get(&*key.exercise().0).cloned().unwrap_or_default()
    }

    /// True where it was solved once.
    pub fn solved(&self, key: &Key) -> bool {
        self.0.get(&*key.exercise().0).is_some_and(|it| it.solved)
    }

    /// The line of text that says it all, to be handed in. An exercise that came in a link is called
    /// by its title.
    pub fn line(&self) -> String {
        let name = |key: &String| {
            let kept = key.starts_with(LINK).then(|| Key(key.as_str().into()).kept()).flatten();
            kept.map_or_else(|| key.clone(), |it| format!("“{}”", it.title))
        };
        let solved: Vec<String> =
            self.0.iter().filter(|(_, it)| it.solved).map(|(key, _)| name(key)).collect();
        match solved.len() {
            0 => "Leftfold: nothing solved yet".to_owned(),
            count => format!("Leftfold: {count} solved: {}", solved.join(", ")),
        }
    }
}

impl Attempt {
    /// An attempt in a log, as it is remembered.
    pub fn new(
        log: String,
        key: Key,
        exercise: Rc<Exercise>,
        lesson: Option<Rc<LessonPlace>>,
        progress: &Progress,
    ) -> Self {
        let part = key.part();
        let counts = part == Part::Attempt;
        let kept = if counts { progress.of(&key) } else { Remembered::default() };
        Self {
            log,
            exercise,
            lesson,
            verdict: Verdict::default(),
            broken: false,
            moves: 0,
            hints: kept.hints,
            answer: kept.answer,
            typed: String::new(),
            part,
            basis: Basis::default(),
            key,
        }
    }

    /// The panels that the exercise is about.
    pub fn panels(&self) -> Columns {
        Rc::new(self.exercise.show.iter().map(|it| it.as_str().into()).collect())
    }
}

impl Basis {
    fn of(log: &OpenLog, answer: &Value) -> Self {
        let session = log.session();
        let world = session.world();
        let subscriptions = world.subscriptions().iter().map(|it| {
            let set_up = json::write(&it.set_up());
            format!("{} {} {} {set_up}", it.name(), it.checkpoint(), it.crashed())
        });
        Self {
            head: session.head(),
            code: log.code_turn(),
            position: session.position(),
            journal: world.journal().len(),
            outbox: world.outbox().len(),
            asked: log.recorded().len(),
            subscriptions: subscriptions.collect(),
            answer: answer.clone(),
        }
    }
}

impl Lessons {
    /// True where an exercise is open, was left, or is about to be opened.
    pub fn under_way(&self) -> bool {
        self.attempt.is_some() || self.left.is_some() || self.held.is_some()
    }

    /// Judges the exercise that is open. True where it has been solved by that.
    pub fn judge(&mut self, log: &OpenLog) -> bool {
        let Some(attempt) = self.attempt.as_mut().filter(|it| it.log == log.id()) else {
            return false;
        };
        if attempt.part == Part::Fork {
            // What it lacks of the beginning might be the goal.
            return false;
        }
        let basis = Basis::of(log, &attempt.answer);
        if attempt.basis == basis {
            return false;
        }
        let attempt = Rc::make_mut(attempt);
        let verdict = judge(&attempt.exercise, log, &attempt.answer);
        attempt.basis = basis;
        attempt.moves = log.recorded().iter().filter_map(Move::of).count()
            + usize::from(!attempt.answer.is_null());
        let (was, is) = (attempt.verdict.solved(), verdict.solved());
        attempt.broken = !is && (was || attempt.broken);
        attempt.verdict = verdict;
        let solved = is && !was;
        if solved && attempt.part == Part::Attempt {
            self.note(|it| it.solved = true);
        }
        solved
    }

    /// Changes what is remembered of the exercise that is open.
    pub fn note(&mut self, change: impl Fn(&mut Remembered)) {
        let Some(attempt) = self.attempt.as_ref().filter(|it| it.part == Part::Attempt) else {
            return;
        };
        // Another tab may have gone on.
        let mut progress = Progress::remembered();
        let kept = progress.0.entry(attempt.key.exercise().0.to_string());
        change(kept.or_default());
        self.keep(progress);
    }

    /// An exercise begins anew: what was answered and hinted at is of before that.
    pub fn forget_answer(&mut self, key: &Key) {
        let mut progress = Progress::remembered();
        if let Some(kept) = progress.0.get_mut(&*key.exercise().0) {
            *kept = Remembered { solved: kept.solved, ..Remembered::default() };
            self.keep(progress);
        }
    }

    /// Remembers how far somebody has come.
    pub fn keep(&mut self, progress: Progress) {
        remember("lessons", Some(&json::write(&progress)));
        self.progress = Rc::new(progress);
    }

    /// Notes which of these logs are attempts at the exercise that is open.
    pub fn list(&mut self, logs: &[LogInfo]) {
        let Some(attempt) = &self.attempt else { return };
        let key = attempt.key.exercise();
        let own =
            |it: &&LogInfo| it.deleted_at.is_none() && it.exercise.as_deref() == Some(&*key.0);
        self.attempts = Rc::new(logs.iter().filter(own).cloned().collect());
    }

    /// True for a panel that is shown. An exercise shows those that it is about.
    pub fn shows(&self, panel: &str) -> bool {
        let attempt = self.attempt.as_ref().filter(|_| !self.everything);
        attempt.is_none_or(|it| {
            it.exercise.show.is_empty() || it.exercise.show.iter().any(|it| *it == *panel)
        })
    }

    /// Which of the lesson's exercises are solved.
    pub fn solved_in(&self, attempt: &Attempt) -> Rc<Vec<bool>> {
        let Some(lesson) = &attempt.lesson else { return Rc::default() };
        let keys = (1..=lesson.titles.len()).map(|it| Key::of_lesson(&lesson.id, it));
        Rc::new(keys.map(|it| self.progress.solved(&it)).collect())
    }

    /// The workshop that is under way, once it is known what belongs to it.
    pub fn running(&self) -> Option<(&Course, &Workshop)> {
        let (course, running) = (self.course.as_deref()?, self.workshop.as_ref()?);
        Some((course, course.workshops.iter().find(|it| *it.id == *running.id)?))
    }

    /// The exercise that comes next: in the workshop that is under way, else in the lesson, else in
    /// the lesson that follows.
    pub fn next(&self, attempt: &Attempt) -> Option<Key> {
        if let Some((course, workshop)) = self.running() {
            let all = exercises_of(course, workshop);
            let at = all.iter().position(|it| *it == attempt.key.exercise());
            return at.and_then(|it| all.get(it + 1)).cloned();
        }
        let lesson = attempt.lesson.as_ref()?;
        if lesson.number < lesson.titles.len() {
            return Some(Key::of_lesson(&lesson.id, lesson.number + 1));
        }
        let course = self.course.as_ref()?;
        let at = course.lessons.iter().position(|it| *it.id == *lesson.id)?;
        course.lessons.get(at + 1).map(|it| Key::of_lesson(&it.id, 1))
    }

    /// Remembers which workshop is under way.
    pub fn run(&mut self, workshop: Option<Running>) {
        let text = workshop.as_ref().map(|it| format!("{} {}", it.since, it.id));
        remember("workshop", text.as_deref());
        self.workshop = workshop;
    }
}
