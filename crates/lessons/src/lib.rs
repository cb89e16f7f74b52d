//! This room holds exercises: a log to begin with, a task, and a goal that is judged on the running
//! system. Lessons are lists of exercises, and workshops are lists of lessons.
//!
//! An exercise is a value: it is read from a lesson's file, travels in a link, and is made by any
//! teacher. Its solution is a list of moves, each of which is a call as the console knows it. The
//! room plays moves through the host's one door, and judges by what the host answers.
//!
//! It fetches nothing, draws nothing, and knows no browser.

mod goal;
mod moves;
mod together;
mod exercise;
mod attempt;
mod course;
mod handout;
mod draft;
mod guess;

pub use attempt::{Verdict, begin, check, judge, play, prepare};
pub use course::{Course, GlossaryTerm, Lesson, LessonTitle, Note, Part, Workshop};
pub use draft::ExerciseDraft;
pub use exercise::{Aim, AnswerKind, Exercise, Fault, Question, WrongMove};
pub use goal::{Goal, Money, Subject};
pub use guess::{Came, Expected, Guess, Place};
pub use handout::handout;
pub use moves::{Move, Played, written};
pub use together::{Premise, STAND_INS, Seen, Sent, Together};
