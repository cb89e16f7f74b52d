//! Lessons, which are lists of exercises, and workshops, which are lists of lessons.

use serde::{Deserialize, Serialize};

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

/// A part of a workshop: a lesson, or some of its exercises.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The lesson's id.
    pub lesson: String,
    /// The numbers of its exercises that are done, from 1; all of them where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exercises: Vec<usize>,
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

impl Part {
    /// True where an exercise, numbered from 1, is part of it.
    pub fn has(&self, exercise: usize) -> bool {
        self.exercises.is_empty() || self.exercises.contains(&exercise)
    }
}
