//! What is shown of a class to the one who teaches it.

use std::cmp::Reverse;
use std::rc::Rc;

use es::{Aggregate, Bar, Map, Projection, Recorded, Row, View};

use super::person::Event::{ExerciseStarted, GoalReached, Joined, Left, Predicted};
use super::person::Person;
use crate::shared::dates::minute;

/// Who is in which exercise, and since when.
#[derive(Clone, Default)]
pub struct WhoIsWhere(Map<Rc<str>, Place>);

#[derive(Clone, Default)]
struct Place {
    person: Person,
    /// When something happened last, in milliseconds since 1970.
    at: u64,
}

impl Projection for WhoIsWhere {
    const NAME: &'static str = "Who is where";
    const ABOUT: &'static str =
        "Who is in which exercise, since when, and how many they have solved.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Person>() else { return };
        let place = self.0.entry(recorded.key().clone()).or_default();
        place.person.evolve_in_place(event);
        place.at = recorded.at();
    }

    fn view(&self) -> View {
        let rows = self.0.iter().map(|(name, Place { person, at })| {
            let place = match &person.at {
                _ if !person.here => "left".to_owned(),
                None => "here".to_owned(),
                Some(exercise) if person.exercises.get(exercise) == Some(&true) => {
                    format!("{exercise}: solved")
                }
                Some(exercise) => exercise.to_string(),
            };
            let solved = person.exercises.values().filter(|it| **it).count();
            Row::of(name, (place, minute(*at), solved))
        });
        View::table(&["who", "where", "since", "solved"], rows)
    }

    fn weight(&self) -> usize {
        self.0.values().map(|it| 1 + it.person.exercises.len()).sum()
    }
}

/// How often each exercise was begun before it was solved.
#[derive(Clone, Default)]
pub struct WhatIsHard(Map<Rc<str>, Map<Rc<str>, Tries>>);

/// What somebody has tried of an exercise.
#[derive(Clone, Copy, Default)]
struct Tries {
    /// How often it was begun, up to the first time that it was solved.
    begun: usize,
    solved: bool,
}

impl Projection for WhatIsHard {
    const NAME: &'static str = "What is hard";
    const ABOUT: &'static str =
        "How often an exercise is begun before it is solved. The hardest is on top.";

    fn apply(&mut self, recorded: &Recorded) {
        let who = recorded.key();
        match recorded.of::<Person>() {
            Some(ExerciseStarted { exercise }) => {
                let tries = self.0.entry(exercise.clone()).or_default();
                let tries = tries.entry(who.clone()).or_default();
                tries.begun += usize::from(!tries.solved);
            }
            Some(GoalReached { exercise }) => {
                let tries = self.0.entry(exercise.clone()).or_default();
                tries.entry(who.clone()).or_default().solved = true;
            }
            Some(Joined {} | Left {} | Predicted { .. }) | None => {}
        }
    }

    fn view(&self) -> View {
        let mut exercises: Vec<_> = self
            .0
            .iter()
            .map(|(exercise, people)| {
                let solved = || people.values().filter(|it| it.solved);
                let attempts: usize = solved().map(|it| it.begun).sum();
                // In tenths.
                let each = (10 * attempts).checked_div(solved().count());
                (exercise, people.len(), solved().count(), each)
            })
            .collect();
        let hard = |it: &(&Rc<str>, usize, usize, Option<usize>)| {
            Reverse((it.1 - it.2, it.3.unwrap_or(usize::MAX)))
        };
        es::sort(&mut exercises, |a: &_, b| hard(a).cmp(&hard(b)));
        let rows = exercises.into_iter().map(|(exercise, people, solved, each)| {
            let each = each.map_or("none yet".to_owned(), |it| format!("{}.{}", it / 10, it % 10));
            Row::of(exercise, (people, solved, each))
        });
        es::Table::in_order(&["exercise", "begun by", "solved by", "tries each"], rows).into()
    }

    fn weight(&self) -> usize {
        self.0.values().map(|it| 1 + it.len()).sum()
    }
}

/// What the class said would come of the step that was predicted last.
#[derive(Clone, Default)]
pub struct LastPrediction {
    step: Option<Rc<str>>,
    /// Person → what they guessed.
    guesses: Map<Rc<str>, Rc<str>>,
}

impl Projection for LastPrediction {
    const NAME: &'static str = "Last prediction";
    const ABOUT: &'static str = "How many expected what of the step that was predicted last.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(Predicted { step, guess }) = recorded.of::<Person>() else { return };
        if self.step.as_ref() != Some(step) {
            *self = Self { step: Some(step.clone()), guesses: Map::default() };
        }
        self.guesses.insert(recorded.key().clone(), guess.clone());
    }

    fn view(&self) -> View {
        let mut counts: Map<&Rc<str>, i64> = Map::default();
        for guess in self.guesses.values() {
            *counts.entry(guess).or_default() += 1;
        }
        let bars = counts.iter().map(|(name, value)| Bar { name: (*name).clone(), value: *value });
        View::bars("people", false, bars)
    }

    fn weight(&self) -> usize {
        self.guesses.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::examples::{EARN, predicted, reached, started};
    use es::past;
    use serde_json::json;

    #[test]
    fn who_is_where_says_what_each_does_now() {
        let told = past()
            .at(60_000)
            .and::<Person>("Zoë", Joined {})
            .and::<Person>("Ben", Joined {})
            .at(120_000)
            .and::<Person>("Zoë", started(EARN))
            .and::<Person>("Ben", started(EARN))
            .and::<Person>("Ben", reached(EARN));
        let rows = [
            "Ben | Earn a refusal: solved | 1970-01-01 00:02 | 1",
            "Zoë | Earn a refusal | 1970-01-01 00:02 | 0",
        ];
        assert_eq!(told.rows::<WhoIsWhere>(), rows);
        let gone = told.at(180_000).and::<Person>("Ben", Left {}).and::<Person>("Mia", Joined {});
        let rows = gone.rows::<WhoIsWhere>();
        assert_eq!(rows[0], "Ben | left | 1970-01-01 00:03 | 1");
        assert_eq!(rows[1], "Mia | here | 1970-01-01 00:03 | 0");
    }

    #[test]
    fn the_hardest_exercise_is_on_top() {
        let told = past()
            .and::<Person>("Zoë", started("Easy"))
            .and::<Person>("Zoë", reached("Easy"))
            .and::<Person>("Zoë", started(EARN))
            .and::<Person>("Zoë", started(EARN))
            .and::<Person>("Zoë", reached(EARN))
            .and::<Person>("Zoë", started(EARN))
            .and::<Person>("Ben", started(EARN))
            .and::<Person>("Ben", reached(EARN))
            .and::<Person>("Ben", started("Open"));
        let rows =
            ["Open | 1 | 0 | none yet", "Earn a refusal | 2 | 2 | 1.5", "Easy | 1 | 1 | 1.0"];
        assert_eq!(told.rows::<WhatIsHard>(), rows);
    }

    #[test]
    fn the_last_prediction_counts_each_person_once() {
        let told = past()
            .and::<Person>("Zoë", predicted("step 1", "refused"))
            .and::<Person>("Zoë", predicted("step 2", "accepted"))
            .and::<Person>("Ben", predicted("step 2", "accepted"))
            .and::<Person>("Mia", predicted("step 2", "accepted"))
            .and::<Person>("Mia", predicted("step 2", "refused"));
        let bars = [("accepted", 2), ("refused", 1)];
        let bars = bars.map(|(name, value)| json!({ "name": name, "value": value }));
        assert_eq!(told.shows::<LastPrediction>()["bars"], json!(bars));
    }
}
