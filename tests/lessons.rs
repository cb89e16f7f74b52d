//! Laws over every exercise that comes with the page: it can be failed, it can be solved, and what
//! is likely to be tried first gets an answer of its own.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod surroundings;
#[expect(dead_code, reason = "each test uses what it needs of it")]
mod twin;
#[path = "twin/engines.rs"]
mod engines;

use std::collections::BTreeSet;
use std::fs;
use std::rc::Rc;

use leftfold::es::{Scenario, Stream};
use leftfold::host::calls::EXERCISE;
use leftfold::host::{OWN, Shape, own_scenario};
use leftfold::lab::{RandomPlan, RandomTally, Spec};
use leftfold::lessons::{
    Aim, AnswerKind, Course, Exercise, ExerciseDraft, Expected, Fault, Goal, Guess, Lesson, Move,
    Note, Place, Subject, Workshop, begin, check, judge, play,
};
use leftfold::store::link;
use serde_json::{Value, json};
use surroundings::{SimulatedBrowser, at_once};

const LESSONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lessons");

fn read(file: &str) -> String {
    fs::read_to_string(format!("{LESSONS}/{file}.json")).unwrap()
}

fn course() -> Course {
    serde_json::from_str(&read("course")).unwrap()
}

/// Every exercise, with the place where it stands.
fn exercises() -> Vec<(String, Exercise)> {
    let mut all = Vec::new();
    for title in course().lessons {
        let lesson: Lesson = serde_json::from_str(&read(&title.id)).unwrap();
        for (index, exercise) in lesson.exercises.into_iter().enumerate() {
            all.push((format!("{}/{}", title.id, index + 1), exercise));
        }
    }
    all
}

fn exercise_at(place: &str) -> Exercise {
    exercises().into_iter().find(|(at, _)| at == place).unwrap().1
}

fn scenario(id: &str) -> Option<Rc<Scenario>> {
    let own = (id == OWN).then(own_scenario);
    own.or_else(|| leftfold::scenarios::all().into_iter().find(|it| *it.id == *id))
}

/// What is wrong with an exercise.
fn tried(exercise: &Exercise) -> Result<(), Fault> {
    let unknown = || Fault::Scenario(exercise.scenario.clone());
    let scenario = scenario(&exercise.scenario).ok_or_else(unknown)?;
    let (host, _) = SimulatedBrowser::new().tab(1);
    let host = host.with_engines(Rc::new(engines::NativeEngines::default()));
    let exercise = exercise.clone();
    at_once(async move { check(&exercise, &scenario, &host).await })
}

#[test]
fn each_exercise_is_false_at_its_start_reached_by_its_solution_and_not_by_its_wrong_moves() {
    for (place, exercise) in exercises() {
        assert_eq!(tried(&exercise), Ok(()), "{place}");
    }
}

#[test]
fn each_exercise_has_a_task_to_read_aloud_hints_a_wrong_move_and_what_it_meant() {
    for (place, it) in exercises() {
        // A point within a number ends no sentence.
        let words = it.task.split_whitespace();
        let sentences = words.filter(|word| word.ends_with(['.', '?', '!'])).count();
        assert!((1..=3).contains(&sentences), "{place}: {sentences} sentences");
        assert!(!it.hints.is_empty(), "{place} has no hint");
        assert!(!it.wrong.is_empty(), "{place} has no wrong move");
        assert_eq!(it.meaning.len(), 3, "{place}: three lines say what it meant");
        assert!((1..=4).contains(&it.show.len()), "{place} shows {:?}", it.show);
        // Where the number would give the answer away, none is said.
        let par = it.par.is_none_or(|par| par == it.solution.len() as u64);
        assert!(par, "{place}: par is the solution's length");
        for aim in &it.goals {
            assert!(!aim.say.is_empty(), "{place}: a goal of its own says itself");
            let asks = aim.goal.subjects().contains(&&Subject::Answer);
            assert!(!asks || it.question.is_some(), "{place}: what is to be answered is asked");
        }
    }
}

/// All that an exercise says before it is solved, and after.
fn texts(it: &Exercise) -> Vec<String> {
    let mut texts = vec![it.title.clone(), it.task.clone()];
    texts.extend(it.goals.iter().map(|aim| aim.say.clone()));
    texts.extend(it.hints.iter().chain(&it.meaning).cloned());
    texts.extend(it.wrong.iter().map(|wrong| wrong.say.clone()));
    if let Some(question) = &it.question {
        texts.push(question.ask.clone());
        if let AnswerKind::Choice(choices) = &question.answer {
            texts.extend(choices.iter().map(ToString::to_string));
        }
    }
    texts
}

/// True where a text has these words. What begins with a capital is a name on the page.
fn speaks_of(text: &str, mark: &str) -> bool {
    let edge = |it: Option<char>| it.is_none_or(|it| !it.is_alphanumeric() && it != '-');
    text.match_indices(mark).any(|(at, _)| {
        edge(text[..at].chars().next_back()) && edge(text[at + mark.len()..].chars().next())
    })
}

#[test]
fn no_term_is_used_before_the_lesson_that_explains_it() {
    let course = course();
    let place = |id: &str| course.lessons.iter().position(|it| it.id == id).unwrap();
    let mut early = Vec::new();
    for (at, exercise) in exercises() {
        let here = place(at.split_once('/').unwrap().0);
        for entry in &course.glossary {
            for mark in entry.marks.iter().filter(|_| place(&entry.lesson) > here) {
                let said = texts(&exercise).into_iter().find(|text| speaks_of(text, mark));
                early.extend(said.map(|text| format!("{at}: {mark}: {text}")));
            }
        }
    }
    assert_eq!(early, [""; 0], "{early:#?}");
}

#[test]
fn the_glossary_names_lessons_exercises_and_what_the_page_says_of_its_words() {
    let course = course();
    assert!(course.glossary.len() >= 40, "{} terms", course.glossary.len());
    let words = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ui/view/terms.rs"));
    // What is written over several lines is one sentence.
    let words = words.unwrap().replace("\\\n", "");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut said = 0;
    for entry in &course.glossary {
        let lesson = course.lessons.iter().find(|it| it.id == entry.lesson);
        let lesson = lesson.unwrap_or_else(|| panic!("{} has no lesson", entry.term));
        assert!((1..=lesson.exercises.len()).contains(&entry.exercise), "{}", entry.term);
        assert!(!entry.panel.is_empty() && entry.say.ends_with('.'), "{}", entry.term);
        said += usize::from(words.contains(&entry.say));
    }
    // The page's own words open the same sentences.
    assert_eq!(said, 15, "the page explains its words otherwise than the glossary");
    let order = |it: &str| course.lessons.iter().position(|lesson| lesson.id == it);
    assert!(course.glossary.is_sorted_by_key(|it| order(&it.lesson)), "in the order of lessons");
}

#[test]
fn every_wrong_answer_gets_a_sentence() {
    for (place, exercise) in exercises() {
        let Some(question) = exercise.question.clone() else { continue };
        let scenario = scenario(&exercise.scenario).unwrap();
        let (host, _) = SimulatedBrowser::new().tab(1);
        let host = host.with_engines(Rc::new(engines::NativeEngines::default()));
        if let Some(code) = exercise.code() {
            host.trust(&code);
        }
        at_once(async move {
            let log = begin(&exercise, &scenario, &host, "mine").await.unwrap();
            let answers: Vec<Value> = match &question.answer {
                AnswerKind::Event => (0..=log.session().head()).map(Value::from).collect(),
                AnswerKind::Choice(choices) => choices.iter().map(|it| (**it).into()).collect(),
                AnswerKind::Value => vec![0.into(), "nothing".into()],
            };
            let right = play(&exercise.solution, &log).await.unwrap();
            assert!(judge(&exercise, &log, &right).solved(), "{place}: {right}");
            for answer in answers.into_iter().filter(|it| *it != right) {
                let verdict = judge(&exercise, &log, &answer);
                assert!(verdict.wrong.is_some(), "{place} has no sentence for {answer}");
            }
        });
    }
}

/// True where moves solve the exercise that stands there.
fn solved_by(place: &str, text: &str) -> bool {
    let (_, exercise) = exercises().into_iter().find(|it| it.0 == place).unwrap();
    let scenario = scenario(&exercise.scenario).unwrap();
    let (host, _) = SimulatedBrowser::new().tab(1);
    let moves = moves(text);
    at_once(async move {
        let log = begin(&exercise, &scenario, &host, "mine").await.unwrap();
        let answer = play(&moves, &log).await.unwrap();
        judge(&exercise, &log, &answer).solved()
    })
}

#[test]
fn an_exercise_is_not_solved_for_a_wrong_reason() {
    let by_hand = |data: &str| {
        let pay =
            json!({ "type": "Deposit", "data": serde_json::from_str::<Value>(data).unwrap() });
        format!(
            r#"[["send", "account-2", {pay}], ["send", "transfer-1", {{"type": "CompleteTransfer"}}]"#
        )
    };
    let (paid, said) =
        (by_hand(r#"{"amount": 3000}"#), by_hand(r#"{"amount": 3000, "transfer": "1"}"#));
    let resume = r#"["subscription", "Transfer process", {"paused": false}]"#;
    let transfer = "crash-and-compensate/1";
    assert!(!solved_by(transfer, &format!("{paid}]")));
    assert!(!solved_by(transfer, &format!("{paid}, {resume}]")));
    assert!(!solved_by(transfer, &format!("{said}]")));
    assert!(!solved_by(transfer, &format!("{said}, {resume}]")));

    let race = |amount: u64, choice: &str| {
        let withdraw = json!({ "type": "Withdraw", "data": { "amount": amount } });
        let id = "5b0b5b0b-0000-4000-8000-000000000007";
        format!(
            r#"["send", "account-2", {withdraw}, {{"expectedVersion": 2}}],
            ["send", "account-2", {withdraw}, {{"expectedVersion": 2, "commandId": "{id}"}}],
            ["again", "{id}", "{choice}"]"#
        )
    };
    let lost = "optimistic-concurrency/1";
    assert!(!solved_by(lost, &format!("[{}]", race(500, "retry"))));
    assert!(solved_by(lost, &format!("[{}]", race(2_000, "retry"))));
    let repaid = r#"["send", "account-2", {"type": "Deposit", "data": {"amount": 2000}}]"#;
    assert!(!solved_by(lost, &format!("[{}, {repaid}]", race(2_000, "force"))));

    let withdraw = r#"["send", "account-1", {"type": "Withdraw", "data": {"amount": 2000}}]"#;
    let deposit = r#"["send", "account-1", {"type": "Deposit", "data": {"amount": 2000}}]"#;
    let again =
        |how: &str| format!(r#"["again", "5b0b5b0b-0000-4000-8000-000000000008", "{how}"]"#);
    let (same, anew) = (again("same"), again("anew"));
    assert!(!solved_by("idempotent-handling/1", &format!("[{anew}, {withdraw}, {same}]")));

    let balances = |how: &str| format!(r#"["subscription", "Balances", {how}]"#);
    let (recognise, pause) =
        (balances(r#"{"deduplicate": true}"#), balances(r#"{"paused": true}"#));
    let healed = "rebuild/1";
    assert!(!solved_by(healed, &format!("[{withdraw}, {recognise}, {pause}, {deposit}]")));
    let drop = balances(r#"{"fault": "drop"}"#);
    assert!(!solved_by(healed, &format!("[{recognise}, {withdraw}, {drop}, {deposit}]")));
    let back = balances(r#"{"checkpoint": 2}"#);
    assert!(solved_by(healed, &format!("[{recognise}, {back}]")));
    let added =
        format!("{}, {}", balances(r#"{"running": false}"#), balances(r#"{"running": true}"#));
    assert!(solved_by(healed, &format!("[{added}, {recognise}]")));

    let roll_up = |how: &str| format!(r#"["subscription", "Customer roll-up", {how}]"#);
    let asleep = roll_up(r#"{"paused": true}"#);
    let (step, resume) = (balances(r#"{"step": true}"#), balances(r#"{"paused": false}"#));
    let lag = "late-and-consistent/1";
    assert!(!solved_by(lag, &format!("[{asleep}, {deposit}, {step}, {step}]")));
    let back = roll_up(r#"{"checkpoint": 1}"#);
    assert!(!solved_by(lag, &format!("[{resume}, {asleep}, {back}]")));
    assert!(solved_by(lag, &format!("[{resume}, {}, {deposit}]", roll_up(r#"{"delay": 1}"#))));

    let add = |item: &str| {
        format!(
            r#"["send", "order-1", {{"type": "AddItem", "data": {{"item": "{item}", "price": 6000}}}}]"#
        )
    };
    let refusal = "commands-and-events/1";
    assert!(!solved_by(refusal, &format!("[{}]", add("keyboard"))));
    let submit = r#"["send", "order-1", {"type": "SubmitOrder"}]"#;
    assert!(!solved_by(refusal, &format!("[{submit}, {}]", add("lamp"))));
    assert!(solved_by(refusal, &format!("[{}, {}]", add("keyboard"), add("lamp"))));

    let welcomer = |how: &str| format!(r#"["subscription", "Welcomer", {how}]"#);
    let (guard, half) = (welcomer(r#"{"guard": true}"#), welcomer(r#"{"checkpoint": 2}"#));
    assert!(!solved_by("side-effects/1", &format!("[{guard}, {half}]")));

    let comment =
        r#"["send", "post-1", {"type": "AddComment", "data": {"body": "Well actually..."}}]"#;
    let together = r#"["subscription", "/posts", {"synchronous": true}]"#;
    assert!(!solved_by("late-and-consistent/2", &format!("[{together}]")));
    assert!(!solved_by("late-and-consistent/2", &format!("[{comment}]")));
    assert!(solved_by("late-and-consistent/2", &format!("[{together}, {comment}]")));
}

#[test]
fn the_link_of_an_exercise_opens_to_the_same_exercise() {
    for (place, exercise) in exercises() {
        let shared = link::read(&exercise.link().unwrap()).unwrap();
        let arrived = Exercise::of_shared(shared).unwrap();
        assert_eq!(arrived.as_ref(), Some(&exercise), "{place}");
    }
}

#[test]
fn the_course_names_what_its_files_hold() {
    let course = course();
    let ids: BTreeSet<&str> = course.lessons.iter().map(|it| &*it.id).collect();
    assert_eq!(ids.len(), course.lessons.len(), "each lesson has an id of its own");
    for title in &course.lessons {
        let lesson: Lesson = serde_json::from_str(&read(&title.id)).unwrap();
        assert_eq!((&lesson.title, &lesson.can), (&title.title, &title.can), "{}", title.id);
        let titles: Vec<_> = lesson.exercises.iter().map(|it| it.title.clone()).collect();
        assert_eq!(titles, title.exercises, "{}", title.id);
        assert!(title.minutes > 0, "{} takes no time", title.id);
        assert_eq!(lesson.notes.len(), titles.len(), "{}: a note for each exercise", title.id);
        for Note { say, ask, trouble } in &lesson.notes {
            assert!([say, ask, trouble].iter().all(|it| !it.is_empty()), "{}", title.id);
        }
    }
    let files = fs::read_dir(LESSONS).unwrap().count();
    assert_eq!(files, course.lessons.len() + 1, "every file is a lesson of the course");
}

#[test]
fn the_workshops_are_made_of_lessons_and_have_a_time_and_a_note_for_each_part() {
    let course = course();
    let ids: BTreeSet<&str> = course.workshops.iter().map(|it| &*it.id).collect();
    assert_eq!(ids.len(), course.workshops.len(), "each workshop has an id of its own");
    assert!(course.workshops.len() >= 2);
    for workshop in &course.workshops {
        assert!(!workshop.about.is_empty(), "{}", workshop.id);
        for part in &workshop.parts {
            let place = format!("{}, {}", workshop.id, part.lesson);
            let lesson = course.lessons.iter().find(|it| it.id == part.lesson);
            let known = lesson.map(|it| it.exercises.len()).unwrap();
            assert!(part.exercises.iter().all(|it| (1..=known).contains(it)), "{place}");
            assert!((1..=known).any(|it| part.has(it)), "{place}");
            assert!(part.minutes > 0 && !part.notes.is_empty(), "{place}");
        }
    }
    let minutes = |id: &str| course.workshops.iter().find(|it| it.id == id).unwrap().minutes();
    assert_eq!((minutes("one-hour"), minutes("half-day"), minutes("fast-track")), (60, 220, 40));
}

#[test]
fn an_exercise_that_cannot_be_failed_or_solved_is_refused_with_the_reason() {
    let (_, good) = exercises().remove(0);
    let mut solved = good.clone();
    solved.start.extend(good.solution.clone());
    assert_eq!(tried(&solved), Err(Fault::HoldsAtStart));
    let mut answered = exercise_at("the-left-fold/1");
    answered.start.extend(answered.solution.clone());
    assert_eq!(tried(&answered), Ok(()), "an answer is given by the learner, never by the start");
    let same = Exercise { solution: good.wrong[0].moves.clone(), ..good.clone() };
    assert_eq!(tried(&same), Err(Fault::NotReached(good.goals[0].words())));
    let mut wrong = good.clone();
    wrong.wrong[0].moves.clone_from(&good.solution);
    assert_eq!(tried(&wrong), Err(Fault::ReachedByWrong));
    let mut unseen = good.clone();
    unseen.wrong[0].moves.clear();
    assert_eq!(tried(&unseen), Err(Fault::WrongNotFound));
    let mut scolding = good.clone();
    let unsolved = good.goals.iter().map(|it| it.goal.clone()).collect();
    scolding.wrong[0].when = Goal::Not(Box::new(Goal::All(unsolved)));
    assert_eq!(tried(&scolding), Err(Fault::Scolded(0, good.wrong[0].say.clone())));
    let spec = |then: &str| {
        let text = r#"{"scenario":"cart","stream":"cart-1","given":[],"when":{"type":"Checkout"},
            "then":{"refused":"WHY"}}"#;
        Spec::read(&text.replace("WHY", then)).unwrap()
    };
    let holds = spec("the cart is empty, so there is nothing to check out");
    assert_eq!(tried(&Exercise { specs: vec![holds.clone()], ..good.clone() }), Ok(()));
    let link = Exercise { specs: vec![holds.clone()], ..good.clone() }.link().unwrap();
    let arrived = Exercise::of_shared(link::read(&link).unwrap()).unwrap().unwrap();
    assert_eq!(arrived.specs, std::slice::from_ref(&holds));
    let two = Exercise { specs: vec![holds, spec("no")], ..good.clone() };
    assert!(matches!(tried(&two), Err(Fault::Spec(2, why)) if why.contains("is empty")));
    assert_eq!(
        tried(&Exercise { show: vec!["Nowhere".into()], ..good.clone() }),
        Err(Fault::Panel("Nowhere".into()))
    );
    assert_eq!(tried(&Exercise { task: " ".into(), ..good }), Err(Fault::Missing("task")));
}

#[test]
fn an_attempt_is_a_log_of_its_own_and_a_solved_goal_can_be_broken_again() {
    let (host, _) = SimulatedBrowser::new().tab(1);
    at_once(async move {
        let text = r#"{"title":"Pears","scenario":"cart","task":"Put pears into the cart.",
            "goals":[{"goal":{"holds":{"of":{"state":"cart-1"},
                "that":{"is":["/items/pears","=",{"value":1}]}}}}],
            "solution":[["send","cart-1",{"type":"AddToCart","data":{"item":"pears"}}]]}"#;
        let exercise = Exercise::read(text).unwrap();
        let scenario = scenario("cart").unwrap();
        let log = begin(&exercise, &scenario, &host, "mine").await.unwrap();
        assert_eq!(log.info().exercise.as_deref(), Some("mine"));
        let solved = || judge(&exercise, &log, &Value::Null).solved();
        assert!(!solved());
        play(&exercise.solution, &log).await.unwrap();
        assert!(solved());
        play(&exercise.solution, &log).await.unwrap();
        assert!(!solved(), "two pears are not one");
    });
}

/// The moves of texts.
fn moves(text: &str) -> Vec<Move> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_draft_becomes_an_exercise_by_doing_it() {
    let (host, _) = SimulatedBrowser::new().tab(1);
    at_once(async move {
        let scenario = scenario("cart").unwrap();
        let mut draft = ExerciseDraft {
            scenario: "cart".into(),
            title: "Put it back".into(),
            task: "Take the apples out.".into(),
            hints: "Look at the commands.\n\n  There is one that removes. \n".into(),
            meaning: "One.\nTwo.".into(),
            wrong_say: "That adds.".into(),
            ..ExerciseDraft::default()
        };
        let begun = Exercise {
            start: moves(
                r#"[["send", "cart-1", {"type": "AddToCart", "data": {"item": "apples"}}]]"#,
            ),
            ..draft.exercise()
        };
        let log = begin(&begun, &scenario, &host, "draft").await.unwrap();
        let shared = host.share(&log.info(), &scenario, 1, Vec::new()).await.unwrap();
        draft.log = Some(link::write(&shared).unwrap());
        assert_eq!(check(&draft.exercise(), &scenario, &host).await, Err(Fault::Missing("goal")));

        // The solution is recorded, and the goal is what is seen then.
        let copy = begin(&draft.exercise(), &scenario, &host, "draft").await.unwrap();
        copy.record();
        let remove = r#"[["send", "cart-1", {"type": "RemoveFromCart", "data": {"item": "apples"}},
            {"commandId": "67e55044-10b1-426f-9247-bb680e5fe0c8"}]]"#;
        play(&moves(remove), &copy).await.unwrap();
        let recorded: Vec<Move> = copy.recorded().iter().filter_map(Move::of).collect();
        draft.solved_by(&recorded);
        assert_eq!(draft.solution[0].0.len(), 3, "an id that nobody names is not kept");
        let goal =
            Goal::as_now(Subject::State(Stream::parse("cart-1").unwrap()), "/items/apples", &copy);
        draft.goals.push(Aim::of(goal));
        let last = Goal::as_last_command(&copy).unwrap();
        assert!(last.holds(&copy, &Value::Null));
        assert_eq!(check(&draft.exercise(), &scenario, &host).await, Ok(()));

        // So is what is wrong.
        let copy = begin(&draft.exercise(), &scenario, &host, "draft").await.unwrap();
        copy.record();
        play(&begun.start, &copy).await.unwrap();
        let recorded: Vec<Move> = copy.recorded().iter().filter_map(Move::of).collect();
        draft.failed_by(&recorded, &copy);
        assert_eq!(check(&draft.exercise(), &scenario, &host).await, Ok(()));
        assert_eq!(draft.exercise().hints.len(), 2);
    });
}

#[test]
fn a_recorded_pause_is_recognised_and_played_again() {
    let (host, _) = SimulatedBrowser::new().tab(1);
    at_once(async move {
        let scenario = scenario("cart").unwrap();
        let mut draft = ExerciseDraft { scenario: "cart".into(), ..ExerciseDraft::default() };
        let log = begin(&draft.exercise(), &scenario, &host, "draft").await.unwrap();
        log.record();
        let pause = moves(r#"[["subscription", "Carts now", {"paused": true}]]"#);
        play(&pause, &log).await.unwrap();
        let recorded: Vec<Move> = log.recorded().iter().filter_map(Move::of).collect();
        assert_eq!(recorded, pause);
        draft.failed_by(&recorded, &log);
        let when = draft.wrong_when.unwrap();
        assert!(when.holds(&log, &Value::Null));
        let resume = moves(r#"[["subscription", "Carts now", {"paused": false}]]"#);
        play(&resume, &log).await.unwrap();
        assert!(!when.holds(&log, &Value::Null));
    });
}

#[test]
fn a_guess_stands_beside_what_came_and_says_how_far_off_it_was() {
    let (host, _) = SimulatedBrowser::new().tab(1);
    at_once(async move {
        let scenario = scenario("cart").unwrap();
        let log = host.create(&scenario, false).await.unwrap();
        let add = r#"[["send", "cart-1", {"type": "AddToCart", "data": {"item": "apples"}}]]"#;
        play(&moves(add), &log).await.unwrap();
        let of = Subject::State(Stream::parse("cart-1").unwrap());
        let places = Place::within(&of, &log, 9);
        assert_eq!(places[0].words(), "cart-1: items apples");
        let guess = Guess {
            outcome: Some(Expected::Refused),
            events: Some(1),
            value: Some((places[0].clone(), Guess::value_of("5"))),
        };
        let before = log.session().head();
        play(&moves(add), &log).await.unwrap();
        let entry = log.session().world().journal().last().cloned();
        let came = guess.beside(&log, entry.as_ref(), before);
        let told: Vec<_> = came.iter().map(|it| (&*it.said, &*it.came, it.right, it.off)).collect();
        let expected = [
            ("refused", "accepted", false, None),
            ("1", "1", true, Some(0)),
            ("5", "2", false, Some(-3)),
        ];
        assert_eq!(told, expected);
        assert!(Guess::default().beside(&log, entry.as_ref(), before).is_empty());
    });
}

const DOCUMENT: &str = include_str!("../docs/lessons.md");

#[test]
fn every_example_of_the_document_is_read_and_its_exercise_can_be_solved() {
    let mut examples = DOCUMENT.split("```json\n").skip(1).map(|it| it.split("```").next());
    let exercise = Exercise::read(examples.next().unwrap().unwrap()).unwrap();
    assert_eq!(tried(&exercise), Ok(()));
    let workshop: Workshop = serde_json::from_str(examples.next().unwrap().unwrap()).unwrap();
    assert_eq!(workshop.minutes(), 20);
    let ids: Vec<String> = course().lessons.into_iter().map(|it| it.id).collect();
    assert!(workshop.parts.iter().all(|it| ids.contains(&it.lesson)));
    assert!(examples.next().is_none());
}

#[test]
fn the_document_has_a_line_for_every_field_of_an_exercise_and_no_other() {
    let table = DOCUMENT.split("## Every field").nth(1).unwrap().split("## Moves").next().unwrap();
    let named: Vec<&str> =
        table.split("\n| `").skip(1).map(|it| it.split('`').next().unwrap()).collect();
    let Shape::Object(fields) = &EXERCISE.shape else { panic!("an exercise is an object") };
    let mut fields: Vec<&str> = fields.iter().map(|it| it.name).collect();
    let mut sorted = named.clone();
    fields.sort_unstable();
    sorted.sort_unstable();
    assert_eq!(sorted, fields);
}

#[test]
fn a_workshop_of_a_teachers_own_is_written_in_lines_and_travels_in_a_link() {
    let course = course();
    let (_, exercise) = exercises().remove(0);
    let link = format!("https://example.org/#/share/{}", exercise.link().unwrap());
    let lines = format!("events-instead-of-state 15\n\n{link} 10\n");
    let workshop = Workshop::of_lines("Ours", &lines, &course).unwrap();
    assert_eq!(workshop.minutes(), 25);
    assert_eq!(workshop.parts[1].links.len(), 1);
    assert_eq!(Workshop::read(&workshop.link().unwrap()), Ok(workshop));
    for (lines, fault) in [
        ("rebuild", "Line 1: it ends with no number of minutes."),
        ("rebuild 5\nnothing 5", "Line 2: there is no lesson nothing;"),
        ("#/share/3.zzz 5", "Line 1: this link is damaged"),
        (" ", "A workshop has at least one part."),
    ] {
        let why = Workshop::of_lines("Ours", lines, &course).unwrap_err();
        assert!(why.starts_with(fault), "{lines}: {why}");
    }
}

#[test]
fn every_exercise_becomes_a_draft_again_and_the_draft_the_exercise() {
    for (place, exercise) in exercises() {
        let draft = ExerciseDraft::of(&exercise);
        let again = draft.exercise();
        assert_eq!(
            (&again.task, &again.hints, &again.meaning),
            (&exercise.task, &exercise.hints, &exercise.meaning),
            "{place}"
        );
        assert_eq!(again.goals.len(), exercise.goals.len(), "{place}");
        assert_eq!(again.question.is_some(), exercise.question.is_some(), "{place}");
        assert_eq!(ExerciseDraft::of(&again), draft, "{place}");
    }
}

#[test]
fn a_move_is_said_in_words() {
    let said: Vec<String> = moves(
        r#"[["send", "cart-1", {"type": "AddToCart", "data": {"item": "pears"}}, {"actor": "Bob"}],
            ["subscription", "Carts now", {"paused": true}],
            ["subscription", "Carts now", {"paused": false}],
            ["subscription", "Carts now", {"delay": 2}],
            ["rebuild", "Carts now"], ["answer", 3]]"#,
    )
    .iter()
    .map(ToString::to_string)
    .collect();
    let words = [
        "AddToCart cart-1: item pears",
        "Pause Carts now",
        "Resume Carts now",
        "Carts now: delay 2",
        "Rebuild Carts now",
        "Answer 3",
    ];
    assert_eq!(said, words);
}

#[test]
fn an_exercise_that_begins_with_a_run_by_chance_carries_its_seed_and_begins_with_its_events() {
    let (host, _) = SimulatedBrowser::new().tab(1);
    at_once(async move {
        let scenario = scenario("bank").unwrap();
        let plan = RandomPlan { at: 1_700_000_000_000, events: 60, streams: 4, seed: 2 };
        let (mut deaf, mut last) = (|_: RandomTally| (), || ());
        let title = "By chance".to_owned();
        let run = host.run_by_chance(&scenario, title, plan, &mut deaf, &mut last);
        let (info, tally) = run.await.unwrap();
        let shared = host.share(&info, &scenario, 0, Vec::new()).await.unwrap();
        assert!(shared.commits.is_empty() && shared.seed.is_some());
        let exercise = Exercise {
            scenario: "bank".into(),
            log: Some(link::write(&shared).unwrap()),
            ..Exercise::default()
        };
        let log = begin(&exercise, &scenario, &host, "mine").await.unwrap();
        assert_eq!(log.session().head(), tally.events);
        let there = link::read(&exercise.link().unwrap()).unwrap();
        assert!(there.seed.is_some(), "the exercise's own link carries the seed as well");
    });
}

/// A door in a person's own code, whose `evolve` forgets that it was opened.
fn door(goal: &Value) -> Exercise {
    let text = json!({
        "title": "A door",
        "scenario": "own",
        "task": "Write evolve so that the spec is green.",
        "code": [
            "domain({",
            "  title: \"Door\",",
            "  aggregates: {",
            "    door: {",
            "      initial: { open: false },",
            "      commands: { Open: {} },",
            "      events: { Opened: {} },",
            "      decide: () => [{ type: \"Opened\" }],",
            "      evolve: (state) => state,",
            "    },",
            "  },",
            "  specs: [{ name: \"It is open.\", aggregate: \"door\", given: [{ type: \"Opened\" }], state: { open: true } }],",
            "});",
        ],
        "start": [["send", "door-1", { "type": "Open" }]],
        "show": ["door-1", "Log"],
        "goals": [{ "say": "it is so", "goal": goal }],
        "hints": ["An event has happened: give a state that says so.", "Give { open: true }."],
        "solution": [["domain", { "replace": "(state) => state", "with": "() => ({ open: true })" }]],
        "wrong": [{
            "moves": [["domain", { "replace": "(state) => state", "with": "() => ({ open: 1 })" }]],
            "when": { "all": [
                { "holds": { "of": { "state": "door-1" }, "that": { "is": ["/open", "=", { "value": 1 }] } } },
            ] },
            "say": "The spec asks for true.",
        }],
        "meaning": ["A state is what its events make of it."],
    });
    Exercise::read(&text.to_string()).unwrap()
}

#[test]
fn an_exercise_may_ask_for_code_whose_specs_hold_and_for_the_value_of_an_expression() {
    let hold =
        json!({ "holds": { "of": "code", "that": { "is": ["/hold", "=", { "value": true }] } } });
    let watched = json!({ "holds": {
        "of": { "watch": "state(\"door-1\").open === true" },
        "that": { "is": ["", "=", { "value": true }] },
    } });
    for goal in [hold, watched] {
        assert_eq!(tried(&door(&goal)), Ok(()), "{goal}");
    }
    let nonsense = json!({ "holds": { "of": { "watch": "1 +" }, "that": { "all": [] } } });
    assert!(matches!(tried(&door(&nonsense)), Err(Fault::Start(_))));
}

#[test]
fn code_travels_in_the_link_of_an_exercise() {
    let hold =
        json!({ "holds": { "of": "code", "that": { "is": ["/hold", "=", { "value": true }] } } });
    let exercise = door(&hold);
    let shared = link::read(&exercise.link().unwrap()).unwrap();
    let there = Exercise::of_shared(shared).unwrap().unwrap();
    assert_eq!(there.code(), exercise.code());
}
