//! The story, told step by step.

use es::Step;

use super::person::Command::{Join, Leave, Predict, ReachGoal, StartExercise};
use super::person::{Command, Person};

/// 14 September 2017, 09:00 UTC.
pub const SEPTEMBER_2017: u64 = 1_505_379_600_000;

pub fn story() -> [Step; 14] {
    let person = |say, who: &str, command: Command| Step::new::<Person>(say, who, &command).by(who);
    let begin = |exercise: &str| StartExercise { exercise: exercise.into() };
    let reach = |exercise: &str| ReachGoal { exercise: exercise.into() };
    let predict = |guess: &str| Predict { step: "cart, step 4".into(), guess: guess.into() };
    let earn = "Earn a refusal";
    let here = |who| [who, "Who is where"];
    let hard = |who| [who, "What is hard", "Who is where"];
    let guessed = |who| [who, "Last prediction"];
    [
        person("Alice joins the class.", "Alice", Join {}).show(here("person-Alice")),
        person("So does Bob.", "Bob", Join {}).show(here("person-Bob")),
        person("Bob loads the page again. He is here already: no event.", "Bob", Join {})
            .show(["person-Bob", "Journal"]),
        person("Alice begins an exercise.", "Alice", begin(earn)).show(hard("person-Alice")),
        person("Bob says that he has solved it, and has not begun.", "Bob", reach(earn))
            .show(["person-Bob", "Journal"]),
        person("Now he begins it.", "Bob", begin(earn)).show(hard("person-Bob")),
        person("Alice begins it over.", "Alice", begin(earn)).show(hard("person-Alice")),
        person("Bob reaches the goal at his first try.", "Bob", reach(earn))
            .show(hard("person-Bob")),
        person("Alice reaches it at her second.", "Alice", reach(earn)).show(hard("person-Alice")),
        person("Bob expects that the next step is accepted.", "Bob", predict("accepted"))
            .show(guessed("person-Bob")),
        person("Alice expects that it is refused.", "Alice", predict("refused"))
            .show(guessed("person-Alice")),
        person("Carla wants to predict it, and is not in the class.", "Carla", predict("refused"))
            .show(["person-Carla", "Journal"]),
        person("Alice begins the next exercise.", "Alice", begin("Handled once"))
            .show(hard("person-Alice")),
        person("Bob leaves. What he did stays.", "Bob", Leave {}).show([
            "person-Bob",
            "Who is where",
            "What is hard",
        ]),
    ]
}
