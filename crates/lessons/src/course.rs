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
    /// Its parts, in their order.
    pub parts: Vec<Part>,
}

/// A part of a workshop: a lesson, or a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The lesson's id.
    pub lesson: String,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// What the teacher is reminded of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
