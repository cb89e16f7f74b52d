//! What happens in the tests of this domain.

use super::person::Event;
use super::person::Event::{ExerciseStarted, GoalReached, Predicted};

pub const EARN: &str = "Earn a refusal";

pub fn started(exercise: &str) -> Event {
    ExerciseStarted { exercise: exercise.into() }
}

pub fn reached(exercise: &str) -> Event {
    GoalReached { exercise: exercise.into() }
}

pub fn predicted(step: &str, guess: &str) -> Event {
    Predicted { step: step.into(), guess: guess.into() }
}
