//! Lessons, which are lists of exercises, and workshops, which are lists of lessons.

use lab::json;
use serde::{Deserialize, Serialize};
use store::link::{self, LinkError, Shared};

use crate::Exercise;

/// A lesson: a few exercises about one thing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lesson {
    /// Its title.
    pub title: String,
    /// What one can do afterwards, in a sentence.
    pub can: String,
    /// Its exercises, in their order.
    pub exercises: Vec<Exercise>,
    /// What helps to teach them: one for each exercise, or none at all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// What helps to teach an exercise. Learners do not see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What to say before.
    pub say: String,
    /// What to ask, while they work or after.
    pub ask: String,
    /// What usually goes wrong.
    pub trouble: String,
}

/// The lessons and workshops that come with the page, without their exercises.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Course {
    /// The lessons, in the order in which one does them.
    pub lessons: Vec<LessonTitle>,
    /// The workshops.
    pub workshops: Vec<Workshop>,
    /// The terms, in the order in which the lessons explain them.
    pub glossary: Vec<GlossaryTerm>,
}

/// A term of the glossary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlossaryTerm {
    /// The term.
    pub term: String,
    /// What it means, in a sentence or two.
    pub say: String,
    /// The id of the lesson that explains it.
    pub lesson: String,
    /// The number of the exercise in which one meets it, from 1.
    pub exercise: usize,
    /// Where on the page one sees it.
    pub panel: String,
    /// Words by which a text that speaks of it is known. None is used before the lesson.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
}

/// What is known of a lesson before it is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonTitle {
    /// Its id, which is part of its address and the name of its file.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What one can do afterwards, in a sentence.
    pub can: String,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// The titles of its exercises.
    pub exercises: Vec<String>,
}

/// A sequence of lessons with timings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workshop {
    /// Its id, which is part of its address.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it is and for whom, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// Its parts, in their order.
    pub parts: Vec<Part>,
}

/// A part of a workshop: a lesson or some of its exercises, or exercises of a teacher's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The lesson's id; empty where the part is made of links.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lesson: String,
    /// The numbers of its exercises that are done, from 1; all of them where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exercises: Vec<usize>,
    /// Exercises of a teacher's own, each as the text of its link.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// How long the break after it is, in minutes.
    #[serde(default, skip_serializing_if = "is_none")]
    pub pause: u32,
    /// What the teacher is reminded of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "that is how serde asks")]
fn is_none(minutes: &u32) -> bool {
    *minutes == 0
}

impl Workshop {
    /// How long it takes with its breaks, in minutes.
    pub fn minutes(&self) -> u32 {
        self.parts.iter().map(|it| it.minutes + it.pause).sum()
    }
}

/// Where the text of an exercise's link begins in an address.
const SHARE: &str = "#/share/";

impl Workshop {
    /// A workshop of a teacher's own, as it is written: a part a line, which is a lesson's id or the
    /// links of exercises, and the minutes that it takes at the end.
    ///
    /// # Errors
    /// A sentence that names the line.
    pub fn of_lines(title: &str, lines: &str, course: &Course) -> Result<Self, String> {
        let mut parts = Vec::new();
        for (number, line) in (1..).zip(lines.lines()).filter(|(_, it)| !it.trim().is_empty()) {
            let fault = |what: String| Err(format!("Line {number}: {what}."));
            let (what, minutes) = line.trim().rsplit_once(' ').unwrap_or((line.trim(), ""));
            let Ok(minutes) = minutes.parse::<u32>() else {
                return fault("it ends with no number of minutes".to_owned());
            };
            let mut part = Part { minutes, ..Part::default() };
            for word in what.split_whitespace() {
                if let Some((_, text)) = word.split_once(SHARE) {
                    let shared =
                        link::read(text).map_err(|why| format!("Line {number}: {why}."))?;
                    if shared.exercise.is_none() {
                        return fault("that link carries no exercise".to_owned());
                    }
                    part.links.push(text.to_owned());
                } else if course.lessons.iter().any(|it| it.id == word) && part.lesson.is_empty() {
                    word.clone_into(&mut part.lesson);
                } else {
                    let ids = course.lessons.iter().map(|it| &*it.id).collect::<Vec<_>>();
                    let ids = ids.join(", ");
                    return fault(format!("there is no lesson {word}; there are {ids}"));
                }
            }
            parts.push(part);
        }
        match (parts.is_empty(), title.trim()) {
            (true, _) => Err("A workshop has at least one part.".to_owned()),
            (_, "") => Err("The workshop has no title yet.".to_owned()),
            (false, title) => {
                let id = "own".to_owned();
                Ok(Self { id, title: title.to_owned(), about: String::new(), parts })
            }
        }
    }

    /// The text of a link that carries it.
    ///
    /// # Errors
    /// [`LinkError::TooLong`].
    pub fn link(&self) -> Result<String, LinkError> {
        let text = json::write(self);
        let scenario = "workshop".to_owned();
        link::write(&Shared { scenario, workshop: Some(text), ..Shared::default() })
    }

    /// The workshop that a link carries.
    ///
    /// # Errors
    /// A sentence.
    pub fn read(text: &str) -> Result<Self, String> {
        let shared = link::read(text).map_err(|it| it.to_string())?;
        let text = shared.workshop.ok_or("this link carries no workshop")?;
        json::read(&text).map_err(|_| "the workshop cannot be read".to_owned())
    }
}

impl Part {
    /// True where an exercise, numbered from 1, is part of it.
    pub fn has(&self, exercise: usize) -> bool {
        self.exercises.is_empty() || self.exercises.contains(&exercise)
    }
}
