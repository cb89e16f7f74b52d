//! A person in a class: what happens, what may be asked, and what is decided.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{Aggregate, Map};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    Joined {},
    ExerciseStarted { exercise: Rc<str> },
    GoalReached { exercise: Rc<str> },
    Predicted { step: Rc<str>, guess: Rc<str> },
    Left {},
}
use Event::{ExerciseStarted, GoalReached, Joined, Left, Predicted};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum Command {
    /// Joins the class. Whoever is here already stays, and makes no event.
    Join {},
    /// Begins an exercise, or begins it over.
    StartExercise {
        /// Which exercise
        #[schemars(example = &"Earn a refusal")]
        exercise: Rc<str>,
    },
    /// Reaches the goal of an exercise that was begun.
    ReachGoal {
        /// Which exercise
        #[schemars(example = &"Earn a refusal")]
        exercise: Rc<str>,
    },
    /// Says what will come of a step of a story, before it is told.
    Predict {
        /// Which step
        #[schemars(example = &"cart, step 4")]
        step: Rc<str>,
        /// What is expected to come of it
        #[schemars(example = &"refused")]
        guess: Rc<str>,
    },
    /// Leaves the class.
    Leave {},
}
use Command::{Join, Leave, Predict, ReachGoal, StartExercise};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    #[error("whoever does that joins the class first")]
    Outside,
    #[error("name the exercise")]
    NoExercise,
    #[error("“{0}” has not been begun")]
    NotBegun(Rc<str>),
    #[error("say which step, and what comes of it")]
    NoGuess,
}

// Fold and decisions.

/// A person: whether they are here, and how they stand with each exercise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    pub here: bool,
    /// Exercise → whether its goal was reached.
    pub exercises: Map<Rc<str>, bool>,
    /// The exercise that was begun last.
    pub at: Option<Rc<str>>,
}

impl Aggregate for Person {
    const NAME: &'static str = "person";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/class-person.json"));
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Join {} if self.here => Ok(vec![]),
            Join {} => Ok(vec![Joined {}]),
            Leave {} if !self.here => Ok(vec![]),
            Leave {} => Ok(vec![Left {}]),
            _ if !self.here => Err(Rejection::Outside),
            StartExercise { exercise } | ReachGoal { exercise } if exercise.trim().is_empty() => {
                Err(Rejection::NoExercise)
            }
            StartExercise { exercise } => Ok(vec![ExerciseStarted { exercise }]),
            ReachGoal { exercise } => match self.exercises.get(&exercise) {
                None => Err(Rejection::NotBegun(exercise)),
                Some(true) => Ok(vec![]),
                Some(false) => Ok(vec![GoalReached { exercise }]),
            },
            Predict { step, guess } if step.trim().is_empty() || guess.trim().is_empty() => {
                Err(Rejection::NoGuess)
            }
            Predict { step, guess } => Ok(vec![Predicted { step, guess }]),
        }
    }

    fn evolve(mut self, event: &Event) -> Self {
        match event {
            Joined {} => self.here = true,
            Left {} => self.here = false,
            ExerciseStarted { exercise } => {
                self.exercises.entry(exercise.clone()).or_default();
                self.at = Some(exercise.clone());
            }
            GoalReached { exercise } => _ = self.exercises.insert(exercise.clone(), true),
            Predicted { .. } => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::examples::{EARN, predicted, reached, started};
    use es::given;

    fn begin(exercise: &str) -> Command {
        StartExercise { exercise: exercise.into() }
    }

    fn reach(exercise: &str) -> Command {
        ReachGoal { exercise: exercise.into() }
    }

    fn predict(step: &str, guess: &str) -> Command {
        Predict { step: step.into(), guess: guess.into() }
    }

    #[test]
    fn a_person_joins_and_leaves_and_saying_it_twice_changes_nothing() {
        let zoe = given::<Person>([]).when(Join {}).then([Joined {}]);
        assert!(zoe.here);
        given::<Person>([Joined {}]).when(Join {}).then([]);
        let gone = given::<Person>([Joined {}]).when(Leave {}).then([Left {}]);
        assert!(!gone.here);
        given::<Person>([]).when(Leave {}).then([]);
        given::<Person>([Joined {}, Left {}]).when(Join {}).then([Joined {}]);
    }

    #[test]
    fn whoever_is_not_here_does_nothing() {
        for command in [begin(EARN), reach(EARN), predict("cart, step 1", "accepted")] {
            given::<Person>([]).when(command).refused("whoever does that joins the class first");
        }
    }

    #[test]
    fn an_exercise_is_begun_as_often_as_one_likes() {
        let zoe = given::<Person>([Joined {}]).when(begin(EARN)).then([started(EARN)]);
        assert_eq!((zoe.at.as_deref(), zoe.exercises.get(EARN)), (Some(EARN), Some(&false)));
        given::<Person>([Joined {}, started(EARN), reached(EARN)])
            .when(begin(EARN))
            .then([started(EARN)]);
        given::<Person>([Joined {}]).when(begin(" ")).refused("name the exercise");
    }

    #[test]
    fn a_goal_is_reached_once_and_only_of_what_was_begun() {
        let begun = || given::<Person>([Joined {}, started(EARN)]);
        let zoe = begun().when(reach(EARN)).then([reached(EARN)]);
        assert_eq!(zoe.exercises.get(EARN), Some(&true));
        begun().when(reach("Handled once")).refused("“Handled once” has not been begun");
        begun().when(reach("")).refused("name the exercise");
        given::<Person>([Joined {}, started(EARN), reached(EARN)]).when(reach(EARN)).then([]);
    }

    #[test]
    fn a_prediction_says_of_what_and_what_will_come() {
        let here = || given::<Person>([Joined {}]);
        let guess = predicted("cart, step 1", "accepted");
        here().when(predict("cart, step 1", "accepted")).then([guess]);
        here().when(predict("", "accepted")).refused("say which step, and what comes of it");
        here().when(predict("cart, step 1", " ")).refused("say which step, and what comes of it");
    }
}
