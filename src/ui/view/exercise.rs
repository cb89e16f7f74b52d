//! The exercise that is open: its task on top, what must hold, and what helps.

use std::rc::Rc;

use serde_json::Value;
use uuid::Uuid;
use web_sys::{InputEvent, SubmitEvent};
use yew::{Html, MouseEvent, html};

use super::icons::icon;
use super::parts::{Long, button, typed};
use super::together::{Sender, together};
use crate::lessons::{AnswerKind, Goal, Question, Subject};
use crate::ui::model::lessons::{Attempt, Key, Msg, Part};
use crate::ui::model::making;
use crate::ui::model::shell::Shell;
use crate::ui::model::together::Board;
use crate::ui::words::{MoneyFields, counted};

/// What is told of the exercise that is open.
pub struct ExerciseProps {
    pub attempt: Rc<Attempt>,
    /// Which of the lesson's exercises are solved.
    pub solved: Rc<Vec<bool>>,
    /// The exercise that comes next in the lesson or workshop.
    pub next: Option<Key>,
    /// The event at the playhead, with its position: what an answer may be.
    pub here: Option<(u64, Rc<str>)>,
    /// True where the exercise is part of a workshop that is under way.
    pub workshop: bool,
    /// True where there is a log of one's own to go back to.
    pub left: bool,
    /// True where an exercise is in the making: this may be a trial of it.
    pub making: bool,
    /// Who has all send at once, and what came of it, where all do it together.
    pub together: Option<(Sender, Board)>,
    /// The conflict that was met last, if there is something to choose.
    pub conflict: Option<(Uuid, String)>,
}

/// The task, and everything about it.
pub fn exercise(props: &ExerciseProps, shell: &Shell) -> Html {
    let (it, attempt) = (&props.attempt.exercise, &props.attempt);
    let solved = attempt.verdict.solved();
    let class = if solved { "exercise solved" } else { "exercise" };
    html! {
        <section {class} role="region" aria-label="Exercise">
            <div class="task">
                <div class="top">
                    { place(props) }
                    { acts(props, shell) }
                </div>
                <h2><Long text={it.task.clone()} /></h2>
                { aims(attempt, &shell.money) }
                if let (Some(of), Some((sender, board))) = (&it.together, &props.together) { { together(of, (sender, board, props.conflict.as_ref()), shell) } }
                if let Some(question) = it.question.as_ref().filter(|_| !solved) { { asked(props, question, shell) } }
                if !solved {
                    <div class="helps">
                        { reply(attempt, true, &shell.money) }
                        if attempt.hints > 0 {
                            <ol class="hints" aria-label="Hints">
                                { for it.hints.iter().take(attempt.hints).map(|hint| html! { <li><Long text={hint.clone()} /></li> }) }
                            </ol>
                        }
                    </div>
                }
                if solved { { meaning(props, shell) } }
                if attempt.broken {
                    <p class="fault" role="status">{ "It was solved, and is not any more: something that must hold was undone." }</p>
                }
            </div>
        </section>
    }
}

/// Where the exercise stands in its lesson, and in how many moves it can be solved.
fn place(props: &ExerciseProps) -> Html {
    let attempt = &props.attempt;
    let place = attempt.lesson.as_ref().map(|lesson| {
        let dot = |at: usize| match () {
            () if at + 1 == lesson.number => "here",
            () if props.solved.get(at) == Some(&true) => "told",
            () => "",
        };
        html! {
            <>
                <span class="dots" aria-hidden="true">{ for (0..lesson.titles.len()).map(|at| html! { <i class={dot(at)} /> }) }</span>
                { format!("Exercise {} of {} · ", lesson.number, lesson.titles.len()) }
            </>
        }
    });
    let (par, solved) = (attempt.exercise.par, attempt.verdict.solved());
    let moves = match (par, attempt.moves) {
        (Some(par), 0) => format!("in {}", counted(par, "move")),
        (Some(_), made) if solved => format!("you made {}", counted(made as u64, "move")),
        (Some(par), made) => format!("in {} · you made {made}", counted(par, "move")),
        (None, 0) => "try it, nothing breaks".to_owned(),
        (None, made) => format!("you made {}", counted(made as u64, "move")),
    };
    html! {
        <p class="place quiet">
            { place }
            { match attempt.part {
                Part::Solution => html! { <b>{ "This is the solution, in a copy. Yours stays as it is." }</b> },
                Part::Fork => html! { <b>{ "This is a fork: a log of its own. What counts is what you do in yours." }</b> },
                Part::Attempt => html! { { moves } },
            } }
        </p>
    }
}

/// What must hold, ticked where it does.
fn aims(attempt: &Attempt, money: &MoneyFields) -> Html {
    let aims = attempt.exercise.goals.iter().enumerate().map(|(at, aim)| {
        let met = attempt.verdict.met.get(at) == Some(&true);
        let words = aim.words_with(&|name: &str| money.contains(name));
        html! {
            <li class={if met { "met" } else { "" }}>
                { if met { icon("accepted") } else { html! { <i class="open" aria-hidden="true" /> } } }
                <span class="unseen">{ if met { "holds: " } else { "does not hold yet: " } }</span>
                { words }
            </li>
        }
    });
    html! { <ul class="aims" aria-label="What must hold">{ for aims }</ul> }
}

/// The question, and where it is answered.
fn asked(props: &ExerciseProps, question: &Question, shell: &Shell) -> Html {
    let attempt = &props.attempt;
    let given = match &attempt.answer {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let form = match &question.answer {
        AnswerKind::Event => {
            let (position, name) = match &props.here {
                Some((position, kind)) => (*position, format!("#{position} {kind}")),
                None => (0, "none yet: go to an event".to_owned()),
            };
            let press = shell.on(move |_: MouseEvent| Msg::Answer(position.into()));
            html! {
                <>
                    <button type="button" class="primary" disabled={props.here.is_none()} onclick={press}>{ "Answer with this event" }</button>
                    <span class="quiet">{ name }</span>
                </>
            }
        }
        AnswerKind::Value => {
            let typed_so_far = attempt.typed.clone();
            let write = shell.link.on_some(|event: InputEvent| typed(&event).map(Msg::Type));
            let send = {
                let text = typed_so_far.clone();
                shell.on(move |event: SubmitEvent| {
                    event.prevent_default();
                    let empty = text.trim().is_empty();
                    Msg::Answer(if empty { Value::Null } else { Question::read(&text) })
                })
            };
            html! {
                <form class="amount" onsubmit={send} novalidate={true}>
                    <input aria-label="Your answer" autocomplete="off" value={typed_so_far} oninput={write} />
                    <button class="primary">{ "Answer" }</button>
                </form>
            }
        }
        AnswerKind::Choice(choices) => html! {
            <span class="choices" role="group" aria-label="Answers">
                { for choices.iter().map(|choice| {
                    let value = choice.clone();
                    let pressed = attempt.answer == **choice;
                    html! {
                        <button type="button" aria-pressed={pressed.to_string()} onclick={shell.on(move |_: MouseEvent| Msg::Answer(value.clone().into()))}>{ choice.clone() }</button>
                    }
                }) }
            </span>
        },
    };
    html! {
        <div class="question">
            <p>{ question.ask.clone() }</p>
            <div class="reply">
                { form }
                if let Some(given) = given { <span class="quiet given">{ format!("You answered {given}.") }</span> }
            </div>
        </div>
    }
}

/// What is said of what was done: of a wrong move beside the commands and in the exercise, of an
/// answer in the exercise alone. There, `alerts` is true.
pub fn reply(attempt: &Attempt, alerts: bool, money: &MoneyFields) -> Html {
    let is_answer = |goal: &Goal| goal.subjects().contains(&&Subject::Answer);
    let not_yet = |say: String| {
        html! { <p class="wrong" role={alerts.then_some("alert")}><b>{ "Not yet." }</b>{ " " }<Long text={say} /></p> }
    };
    match attempt.verdict.wrong.and_then(|it| attempt.exercise.wrong.get(it)) {
        Some(wrong) if alerts || !is_answer(&wrong.when) => return not_yet(wrong.say.clone()),
        None if alerts && attempt.exercise.question.is_some() && !attempt.answer.is_null() => {}
        _ => return html! {},
    }
    let aims = attempt.exercise.goals.iter().zip(&attempt.verdict.met);
    let mut open = aims.filter(|(_, met)| !**met).map(|(aim, _)| aim).peekable();
    let Some(first) = open.peek().copied() else { return html! {} };
    if open.any(|aim| is_answer(&aim.goal)) {
        return not_yet("That is not what is asked for.".to_owned());
    }
    let still = first.words_with(&|name: &str| money.contains(name));
    html! { <p class="right" role="status"><b>{ "That is right." }</b>{ " Still open: " }<Long text={still} />{ "." }</p> }
}

/// What it meant, once it is solved.
fn meaning(props: &ExerciseProps, shell: &Shell) -> Html {
    let look = shell.on(|_: MouseEvent| Msg::Look);
    html! {
        <div class="meaning">
            <p><b>{ if props.attempt.part == Part::Solution { "This is how it is solved." } else { "Solved." } }</b></p>
            { for props.attempt.exercise.meaning.iter().map(|line| html! { <p><Long text={line.clone()} /></p> }) }
            <div class="reply">
                { button("See it fold", look) }
                // In a workshop one shows the solution and goes on.
                if props.attempt.part == Part::Attempt || props.workshop { { onward(props, shell) } }
            </div>
        </div>
    }
}

/// The way on from an exercise that is solved.
fn onward(props: &ExerciseProps, shell: &Shell) -> Html {
    let Some(next) = props.next.clone() else {
        return html! {
            <>
                <b>{ if props.workshop { "That was the workshop." } else { "That was the last one." } }</b>
                { button("Back to the lessons", shell.on(|_: MouseEvent| Msg::Show(true))) }
            </>
        };
    };
    let here = props.attempt.key.lesson();
    let other = here.map(|(id, _)| id) != next.lesson().map(|(id, _)| id);
    let text = if other { "Next lesson" } else { "Next exercise" };
    html! {
        <>
            if other && !props.workshop { <b>{ "This lesson is done." }</b> }
            <button type="button" class="primary" onclick={shell.on(move |_: MouseEvent| Msg::Open(next.clone(), None))}>{ text }</button>
        </>
    }
}

/// What helps, always in one place.
fn acts(props: &ExerciseProps, shell: &Shell) -> Html {
    let attempt = &props.attempt;
    let key = attempt.key.exercise();
    let press = |msg: fn() -> Msg| shell.on(move |_: MouseEvent| msg());
    if attempt.part != Part::Attempt {
        return html! {
            <div class="aids">
                <button type="button" class="primary" onclick={press(|| Msg::Back)}>{ "Back to mine" }</button>
                if props.left { { button("Compare with mine", press(|| Msg::Compare)) } }
            </div>
        };
    }
    let left = attempt.exercise.hints.len().saturating_sub(attempt.hints);
    html! {
        <div class="aids">
            <button type="button" disabled={left == 0} onclick={press(|| Msg::Hint)} title="One at a time, the gentlest first">
                { "Hint" }<span class="quiet">{ format!(" {left}") }</span>
            </button>
            { button("Show me", press(|| Msg::Solve { wrong: false, reply: None })) }
            if props.making {
                { button("Back to making", shell.on(|_: MouseEvent| making::Msg::Show(true))) }
            }
            { button("Start over", shell.on(move |_: MouseEvent| Msg::Begin(key.clone()))) }
        </div>
    }
}
