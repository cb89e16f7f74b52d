//! Lessons in a headless browser: an exercise is made, opened by its link, failed, hinted at and
//! solved; every exercise that comes with the page is solved by its own solution.

use crate::page::Page;
use serde_json::{Value, json};

tests! {
    Browsers::Both => [
        a_teacher_makes_an_exercise_by_keyboard_and_a_learner_fails_and_solves_it,
        every_exercise_fits_a_projector_and_is_solved_and_failed_in_copies_of_its_own,
        the_first_five_lessons_are_solved_by_keyboard_alone,
    ],
    Browsers::Chromium("messages and logs, which the other test covers in both") => [
        an_attempt_survives_a_reload_and_whoever_is_lost_loses_nothing,
        an_exercise_shows_the_panels_that_it_is_about_and_all_when_asked,
        every_exercise_is_as_wide_as_a_phone,
        a_right_answer_is_said_to_be_right_while_something_else_is_open,
        a_prediction_stands_beside_what_came,
        who_is_alone_has_three_send_at_once,
        a_workshop_opens_with_its_clock_and_the_teachers_notes,
        a_teachers_own_workshop_opens_by_its_link_where_nobody_knows_it,
        a_specification_that_is_kept_with_an_exercise_is_tried_by_a_learner,
        an_exercise_is_not_made_of_a_goal_that_holds_or_is_missed,
        nothing_of_lessons_is_a_barrier,
    ],
}

const ENTER: &str = "\u{e007}";

/// Presses Enter on a button, by its name.
async fn enter(page: &Page, name: &str) {
    let named = format!("@aria-label='{name}' or normalize-space(.)='{name}'");
    let place = format!("//*[self::button or self::summary][{named}][not(@disabled)]");
    page.until(&format!(
        "const it = document.evaluate({}, document, null, 9, null).singleNodeValue;
         it?.focus();
         return !!it && document.activeElement === it;",
        json!(place)
    ))
    .await;
    page.press(ENTER.chars()).await;
}

/// Types into a field, by its label.
async fn write(page: &Page, label: &str, text: &str) {
    let focus = format!(
        "[...document.querySelectorAll('label.field')]
            .find(it => it.innerText.trim() === {}).querySelector('input, textarea').focus()",
        json!(label)
    );
    page.js(&focus).await;
    page.press(text.chars()).await;
}

async fn standing(page: &Page) -> Value {
    page.js("await leftfold.exercise()").await
}

async fn a_teacher_makes_an_exercise_by_keyboard_and_a_learner_fails_and_solves_it() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart', { empty: true })").await;
    page.js("await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'apples' } })").await;
    enter(&page, "Log ▾").await;
    enter(&page, "Make an exercise of this").await;
    page.shows("Make an exercise", "There is no task yet.").await;
    write(&page, "Task, in one to three sentences", "Take the apples out of the cart.").await;
    page.shows("Make an exercise", "There is no goal yet.").await;

    enter(&page, "Record the solution").await;
    page.shows("Make an exercise", "0 moves so far.").await;
    page.js("await leftfold.send('cart-1', { type: 'RemoveFromCart', data: { item: 'apples' } })")
        .await;
    page.shows("Make an exercise", "1 move so far.").await;
    enter(&page, "Stop recording").await;
    page.find("[aria-label='Goal as things are now']").await;
    enter(&page, "Add").await;
    page.shows("Make an exercise", "It can be failed, and it can be solved.").await;

    enter(&page, "Record the wrong move").await;
    page.shows("Make an exercise", "0 moves so far.").await;
    page.js("await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'apples' } })").await;
    enter(&page, "Stop recording").await;
    page.shows("Make an exercise", "There is no answer to the wrong move yet.").await;
    write(&page, "What is said of it", "That puts more in.").await;
    write(&page, "Hints, one a line", "One command takes things out.").await;
    page.shows("Make an exercise", "It can be failed, and it can be solved.").await;
    enter(&page, "Copy the link").await;
    let field = page.find("[aria-label='Link of the exercise']").await;
    let link = field.prop("value").await.unwrap().unwrap();
    let link = link.split_once('#').unwrap().1.to_owned();
    page.close().await;

    // A learner's browser knows nothing of this.
    let page = Page::unopened().await;
    page.visit(&format!("/#{link}")).await;
    page.ready().await;
    page.shows("Exercise", "Take the apples out of the cart.").await;
    assert_eq!(standing(&page).await["met"], json!(false));
    page.js("await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'apples' } })").await;
    page.shows("Commands", "That puts more in.").await;
    enter(&page, "Hint 1").await;
    page.shows("Hints", "One command takes things out.").await;
    page.js("await leftfold.send('cart-1', { type: 'RemoveFromCart', data: { item: 'apples' } })")
        .await;
    page.shows("Exercise", "Solved.").await;
    assert_eq!(standing(&page).await["met"], json!(true));
    page.close().await;
}

/// How many lines the open exercise's task takes.
const LINES: &str = "
    const task = document.querySelector('.task h2');
    return task.offsetHeight / parseFloat(getComputedStyle(task).lineHeight);
";

async fn every_exercise_fits_a_projector_and_is_solved_and_failed_in_copies_of_its_own() {
    let page = Page::open().await;
    page.resize(1280, 720).await;
    page.click("Present").await;
    let lessons = page.js("await leftfold.lessons()").await;
    for lesson in lessons.as_array().unwrap() {
        for number in 1..=lesson["exercises"].as_u64().unwrap() {
            let (id, place) = (&lesson["id"], format!("{} {number}", lesson["id"]));
            page.js(&format!("await leftfold.lesson({id}, {number})")).await;
            assert_eq!(standing(&page).await["met"], json!(false), "{place} at its start");
            let lines = page.js(LINES).await.as_f64().unwrap();
            assert!(lines < 3.5, "the task of {place} has {lines} lines on a projector");
            let solved = page.js("await leftfold.solve()").await;
            assert_eq!(solved["met"], json!(true), "{place} by its solution: {solved}");
            let failed = page.js("await leftfold.solve({ wrong: true })").await;
            assert_eq!(failed["met"], json!(false), "{place} by its wrong move: {failed}");
            assert!(
                failed["wrong"].is_string(),
                "{place} says nothing of the wrong move: {failed}"
            );
        }
    }
    // What the page has played is nobody's progress.
    page.press(['p']).await;
    page.click("Lessons").await;
    page.shows("Lessons", "Leftfold: nothing solved yet").await;
    page.close().await;
}

const HOME: char = '\u{e011}';
const RIGHT: char = '\u{e014}';
const DOWN: char = '\u{e015}';
const END: char = '\u{e010}';
const BACKSPACE: char = '\u{e003}';

/// Puts the focus on a field of the commands' form, by its label.
async fn reach(page: &Page, label: &str) {
    page.until(&format!(
        "const named = it => it.textContent.trim().toLowerCase() === {};
         const label = [...document.querySelectorAll(\"[aria-label='Commands'] label\")].find(named);
         label?.control?.focus();
         return !!label && document.activeElement === label.control;",
        json!(label.to_lowercase())
    ))
    .await;
}

async fn blur(page: &Page) {
    page.js("document.activeElement.blur(); return 0").await;
}

/// Where a number or a word is answered.
const ANSWER: &str = "[aria-label='Your answer']";

async fn there(page: &Page, selector: &str) -> bool {
    page.js(&format!("!!document.querySelector(`{selector}`)")).await == json!(true)
}

/// Makes a move of a lesson as a learner does who has no mouse.
async fn make(page: &Page, number: u64, this: &Value) {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match this[0].as_str().unwrap() {
        "send" => {
            let before = page.js("(await leftfold.journal()).length").await;
            let (command, kind) = (&this[2], text(&this[2]["type"]));
            blur(page).await;
            page.press(['c']).await;
            page.until("document.activeElement.id === 'command'").await;
            let place = page
                .js(&format!(
                    "[...document.activeElement.options].findIndex(it => it.textContent === {})",
                    json!(kind)
                ))
                .await;
            page.press([HOME]).await;
            page.press(std::iter::repeat_n(
                DOWN,
                usize::try_from(place.as_u64().unwrap()).unwrap(),
            ))
            .await;
            page.until(&format!(
                "document.activeElement.selectedOptions[0].textContent === {}",
                json!(kind)
            ))
            .await;
            let (category, id) = this[1].as_str().unwrap().split_once('-').unwrap();
            let mut fields = vec![(category.to_owned(), id.to_owned())];
            for (name, value) in command["data"].as_object().into_iter().flatten() {
                let typed = match value.as_u64().filter(|_| matches!(&**name, "amount" | "price")) {
                    Some(cents) => format!("{}.{:02}", cents / 100, cents % 100),
                    None => text(value),
                };
                fields.push((name.clone(), typed));
            }
            for (label, typed) in fields {
                reach(page, &label).await;
                page.press([END]).await;
                page.press([BACKSPACE; 20]).await;
                page.press(typed.chars()).await;
            }
            page.press(ENTER.chars()).await;
            page.until(&format!("(await leftfold.journal()).length > {before}")).await;
        }
        "seek" => {
            blur(page).await;
            page.press([HOME]).await;
            page.until("await leftfold.position() === 0").await;
            let position = this[1].as_u64().unwrap();
            page.press(std::iter::repeat_n(RIGHT, usize::try_from(position).unwrap())).await;
            page.until(&format!("await leftfold.position() === {position}")).await;
        }
        "answer" if there(page, ".choices").await => enter(page, &text(&this[1])).await,
        "answer" if there(page, ANSWER).await => {
            page.js(&format!("document.querySelector(`{ANSWER}`).focus(); return 0")).await;
            page.press(text(&this[1]).chars()).await;
            page.press(ENTER.chars()).await;
        }
        "answer" => enter(page, "Answer with this event").await,
        other => panic!("exercise {number}: no keys are known for {other}"),
    }
}

async fn the_first_five_lessons_are_solved_by_keyboard_alone() {
    let page = Page::open().await;
    let ids = page.js("(await leftfold.lessons()).slice(0, 5).map(it => it.id)").await;
    for id in ids.as_array().unwrap() {
        let lesson =
            page.js(&format!("await (await fetch(`lessons/${{{id}}}.json`)).json()")).await;
        for (number, exercise) in (1..).zip(lesson["exercises"].as_array().unwrap()) {
            page.goto(&format!("#/lesson/{}/{number}", id.as_str().unwrap())).await;
            page.shows("Exercise", exercise["task"].as_str().unwrap()).await;
            for this in exercise["solution"].as_array().unwrap() {
                make(&page, number, this).await;
            }
            let met = page.holds("(await leftfold.exercise()).met").await;
            assert!(met, "{id} {number}: {}", standing(&page).await);
            page.shows("Exercise", exercise["meaning"][0].as_str().unwrap()).await;
        }
    }
    page.close().await;
}

/// An exercise in the open log: to add pears.
const PEARS: &str = r#"{
    title: "Pears", task: "Put pears into the cart.", hints: ["Try.", "Send it."],
    goals: [{ goal: { holds: { of: { state: "cart-1" },
        that: { is: ["/items/pears", "=", { value: 1 }] } } } }],
    solution: [["send", "cart-1", { type: "AddToCart", data: { item: "pears" } }]],
    meaning: ["One.", "Two.", "Three."],
}"#;

async fn an_attempt_survives_a_reload_and_whoever_is_lost_loses_nothing() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart', { empty: true })").await;
    let own = page.js("(await leftfold.logs()).map(it => it.id)").await;
    let link = page.js(&format!("await leftfold.makeExercise({PEARS})")).await;
    let link = link.as_str().unwrap().split_once('#').unwrap().1.to_owned();
    page.goto(&format!("#{link}")).await;
    page.shows("Exercise", "Put pears into the cart.").await;
    page.click("Hint 2").await;
    page.js("await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'figs' } })").await;
    let here = page.js("await leftfold.events(1, 1)").await;
    page.reload().await;
    page.shows("Exercise", "Put pears into the cart.").await;
    page.shows("Hints", "Try.").await;
    assert_eq!(page.js("await leftfold.events(1, 1)").await, here);

    page.click("Lost?").await;
    page.until("await leftfold.head() === 0").await;
    let attempt = page.find("[aria-label='Attempt']").await;
    attempt.select_by_label("Attempt 1").await.unwrap();
    page.until("await leftfold.head() === 1").await;
    page.js("await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'pears' } })").await;
    page.shows("Exercise", "Solved.").await;
    page.js("await leftfold.send('cart-1', { type: 'RemoveFromCart', data: { item: 'pears' } })")
        .await;
    page.shows("Exercise", "It was solved, and is not any more").await;
    // An attempt is nobody's own log.
    assert_eq!(page.js("(await leftfold.logs()).map(it => it.id)").await, own);
    page.click("Leave").await;
    page.until("!document.querySelector(\"[aria-label='Exercise']\")").await;
    page.close().await;
}

async fn an_exercise_shows_the_panels_that_it_is_about_and_all_when_asked() {
    let page = Page::open().await;
    page.js("await leftfold.lesson('events-instead-of-state', 1)").await;
    page.find("[role=group][aria-label='cart-1']").await;
    let other = "!!document.querySelector(\"[role=group][aria-label='Considered but removed']\")";
    assert_eq!(page.js(other).await, json!(false), "it would give the answer away");
    page.click("Show all panels").await;
    page.until(other).await;
    page.click("Show what the exercise is about").await;
    page.until(&format!("!({other})")).await;
    page.close().await;
}

async fn every_exercise_is_as_wide_as_a_phone() {
    let page = Page::sized(390, 844).await;
    let lessons = page.js("await leftfold.lessons()").await;
    for lesson in lessons.as_array().unwrap() {
        for number in 1..=lesson["exercises"].as_u64().unwrap() {
            let id = &lesson["id"];
            page.js(&format!("await leftfold.lesson({id}, {number})")).await;
            let wide = page
                .js("const task = document.querySelector('.exercise');
                     return [task.scrollWidth - task.clientWidth,
                         document.documentElement.scrollWidth - innerWidth]")
                .await;
            assert_eq!(wide, json!([0, 0]), "{id} {number} is wider");
        }
    }
    page.close().await;
}

async fn a_right_answer_is_said_to_be_right_while_something_else_is_open() {
    let page = Page::open().await;
    page.goto("#/lesson/idempotent-handling/2").await;
    enter(&page, "It came too soon after the other one").await;
    page.shows("Exercise", "Not yet.").await;
    // What an answer got is not repeated beside the commands.
    assert!(!page.text("Commands").await.contains("Not yet."));
    page.js("document.querySelectorAll('.choices button')[1].click(); return 0").await;
    page.shows("Exercise", "That is right. Still open: the missing deposit is in the log").await;
    assert!(!page.text("Exercise").await.contains("Not yet."));
    page.close().await;
}

async fn a_prediction_stands_beside_what_came() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart', { empty: true })").await;
    page.click("Predict").await;
    page.click_on("//button[starts-with(normalize-space(.), 'Next: ')]").await;
    page.shows("Prediction", "AddToCart cart-1: item apples. What will come of it?").await;
    assert_eq!(page.js("await leftfold.head()").await, json!(0));
    page.find("[aria-label='Outcome']").await.select_by_value("refused").await.unwrap();
    write(&page, "Events", "1").await;
    page.click("Predict, and see").await;
    page.shows("Prediction", "The command: you said refused, it is accepted").await;
    page.shows("Prediction", "Events: you said 1, it is 1").await;
    page.until("await leftfold.head() === 1").await;
    page.close().await;
}

async fn who_is_alone_has_three_send_at_once() {
    let page = Page::open().await;
    page.goto("#/lesson/all-at-once/1").await;
    page.shows("All at once", "Alice, Bob and Carla look. Then each sends").await;
    assert_eq!(page.barriers().await, [""; 0]);
    page.click("All at once").await;
    page.shows("All at once", "2 conflicts").await;
    page.until("(await leftfold.state('account-1')).state.balance === 29000").await;
    page.shows("Commands", "account-1 was expected at version 1 and is at version 2").await;
    page.click("Reload and decide again").await;
    page.shows("All at once", "1 sent again.").await;
    page.click("All at once").await;
    page.shows("Exercise", "Solved.").await;
    page.until("(await leftfold.state('account-1')).state.balance === 27000").await;
    // The form asks the store for as much, where that is ticked.
    page.goto("#/lesson/all-at-once/3").await;
    page.shows("All at once", "nothing of the whole category has changed").await;
    page.click_on("//label[contains(., 'Only if no account has changed')]/input").await;
    page.click("Send").await;
    page.until("await leftfold.head() === 2").await;
    let guarded = "(await leftfold.journal()).at(-1)";
    page.until(&format!("({guarded}).outcome === 'accepted'")).await;
    page.click("All at once").await;
    page.until("document.body.innerText.includes('this does not hold: nobody is called Lola')")
        .await;
    assert_eq!(page.js("await leftfold.head()").await, json!(2));
    page.close().await;
}

async fn a_workshop_opens_with_its_clock_and_the_teachers_notes() {
    let page = Page::open().await;
    page.goto("#/workshop/one-hour").await;
    page.find("[role=region][aria-label='Exercise']").await;
    page.click("Notes").await;
    page.shows("Teacher", "0 of").await;
    page.shows("Teacher", "Next").await;
    // Whoever is early has the notes of what is open, and reads how early that is.
    page.click("Read the state at an event").await;
    page.until(
        "document.querySelector('.teacher [aria-current] b').textContent === 'The left fold'",
    )
    .await;
    page.shows("Teacher", "11 ahead").await;
    // The solution is shown, and the workshop goes on from there.
    page.click("Show the solution").await;
    page.shows("Exercise", "This is how it is solved.").await;
    page.click("Next lesson").await;
    page.until(
        "document.querySelector('.teacher [aria-current] b').textContent === 'Commands and events'",
    )
    .await;
    page.click("End the workshop").await;
    page.until("!document.querySelector(\"[aria-label='Teacher']\")").await;
    page.close().await;
}

async fn a_teachers_own_workshop_opens_by_its_link_where_nobody_knows_it() {
    let page = Page::open().await;
    enter(&page, "Lessons").await;
    enter(&page, "For teachers: 4 workshops").await;
    enter(&page, "A workshop of your own").await;
    write(&page, "Its title", "Monday morning").await;
    let lines = "A part a line: a lesson’s id or the links of exercises, then the minutes";
    write(&page, lines, "streams 10\nno-such-lesson 5").await;
    enter(&page, "Make its link").await;
    page.shows("Lessons", "no-such-lesson").await;
    // What is wrong is mended where it was typed.
    page.js("document.querySelector('.own textarea').select(); return 0").await;
    page.press("streams 10\ncompensate 5".chars()).await;
    enter(&page, "Make its link").await;
    let field = page.find("[aria-label='Link of the workshop']").await;
    let link = field.prop("value").await.unwrap().unwrap();
    let link = link.split_once('#').unwrap().1.to_owned();
    page.close().await;

    let page = Page::unopened().await;
    page.visit(&format!("/#{link}")).await;
    page.ready().await;
    page.find("[role=region][aria-label='Exercise']").await;
    page.click("Notes").await;
    page.shows("Teacher", "Monday morning").await;
    let part = "document.querySelector('.teacher [aria-current] b').textContent";
    page.until(&format!("{part} === 'Streams and interleaving'")).await;
    // It is there after a reload, too.
    page.reload().await;
    page.find("[role=region][aria-label='Exercise']").await;
    page.close().await;
}

async fn a_specification_that_is_kept_with_an_exercise_is_tried_by_a_learner() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart', { empty: true })").await;
    let spec = r#"specs: [{ scenario: "cart", stream: "cart-1", given: [],
        when: { type: "RemoveFromCart", data: { item: "pears" } },
        then: { refused: "there are no pears in this cart to remove" } }]"#;
    let make = format!("await leftfold.makeExercise({{ ...{PEARS}, {spec} }})");
    let link = page.js(&make).await;
    let link = link.as_str().unwrap().split_once('#').unwrap().1.to_owned();
    page.close().await;

    let page = Page::unopened().await;
    page.visit(&format!("/#{link}")).await;
    page.ready().await;
    page.click_menu("Lab ▾", "Specs").await;
    let kept = page.find("[aria-label='Kept with this exercise']").await;
    kept.select_by_value("0").await.unwrap();
    page.shows("Specs", "there are no pears in this cart to remove").await;
    page.click("Run").await;
    page.shows("Specs", "It holds: the command comes out as it says.").await;
    page.close().await;
}

async fn an_exercise_is_not_made_of_a_goal_that_holds_or_is_missed() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart', { empty: true })").await;
    let make = async |change: &str| {
        page.js(&format!("await leftfold.makeExercise({{ ...{PEARS}, {change} }})")).await
    };
    let refused = make("solution: [['next']]").await;
    assert_eq!(refused["code"], "malformed");
    assert!(refused["error"].as_str().unwrap().contains("does not hold"), "{refused}");
    let refused = make("goals: [{ goal: { all: [] } }]").await;
    assert!(refused["error"].as_str().unwrap().contains("before anything was done"), "{refused}");
    let refused = make("gaols: []").await;
    assert!(refused["error"].as_str().unwrap().contains("gaols"), "{refused}");
    let refused = make("solution: [['fly']]").await;
    assert!(refused["error"].as_str().unwrap().contains("fly"), "{refused}");
    page.close().await;
}

async fn nothing_of_lessons_is_a_barrier() {
    let page = Page::sized(1440, 900).await;
    page.click("Lessons").await;
    page.find("[role=dialog][aria-label='Lessons'] ol button").await;
    assert_eq!(page.barriers().await, Vec::<String>::new());
    page.js("await leftfold.lesson((await leftfold.lessons())[0].id)").await;
    page.js("await leftfold.hint()").await;
    assert_eq!(page.barriers().await, Vec::<String>::new());
    page.js("await leftfold.solve()").await;
    assert_eq!(page.barriers().await, Vec::<String>::new());
    page.click("Leave").await;
    page.until("!document.querySelector(\"[aria-label='Exercise']\")").await;
    page.click_menu("Log ▾", "Make an exercise of this").await;
    page.shows("Make an exercise", "There is no").await;
    assert_eq!(page.barriers().await, Vec::<String>::new());
    page.close().await;
}
