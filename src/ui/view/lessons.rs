//! What there is to learn: lessons, workshops and scenarios, and how far somebody has come. And the
//! teacher's notes.

use std::rc::Rc;

use web_sys::{HtmlInputElement, HtmlTextAreaElement, SubmitEvent};
use yew::{Html, MouseEvent, Properties, component, html};

use super::icons::icon;
use super::offline::for_the_road;
use super::parts::button;
use crate::lessons::{Course, GlossaryTerm, LessonTitle, Note, Part, Workshop};
use crate::ui::browser::clock::now;
use crate::ui::browser::offline::Kept;
use crate::ui::model::lessons::{Key, Msg, Progress, Running, exercises_of};
use crate::ui::model::logs::{self, OpenMode};
use crate::ui::model::shell::{Shell, use_shell};
use crate::ui::words::counted;

/// A scenario, as it is offered.
#[derive(Clone, PartialEq)]
pub struct Offer {
    pub id: Rc<str>,
    pub title: Rc<str>,
    pub about: Rc<str>,
}

#[derive(Properties, PartialEq)]
pub struct LessonsProps {
    /// None while they are fetched.
    pub course: Option<Rc<Course>>,
    /// They could not be fetched.
    pub unreachable: bool,
    pub progress: Rc<Progress>,
    /// The exercise that is open.
    pub here: Option<Key>,
    pub scenarios: Vec<Offer>,
    pub workshop: Option<Running>,
    pub copied: Option<bool>,
    /// Somebody has asked to forget it all, and has not said it again.
    pub forgetting: bool,
    pub own: Option<Result<String, String>>,
    /// What is kept for a time without a network.
    pub kept: Kept,
}

#[derive(Properties, PartialEq)]
struct OwnProps {
    /// The lessons' ids.
    ids: Vec<String>,
    link: Option<Result<String, String>>,
}

/// Where a teacher makes a workshop: a part a line.
#[component]
fn Own(props: &OwnProps) -> Html {
    let shell = use_shell();
    let (title, lines) = (yew::use_node_ref(), yew::use_node_ref());
    let make = {
        let (title, lines) = (title.clone(), lines.clone());
        shell.on(move |event: SubmitEvent| {
            event.prevent_default();
            let title = title.cast::<HtmlInputElement>().map(|it| it.value());
            let lines = lines.cast::<HtmlTextAreaElement>().map(|it| it.value());
            Msg::Own(title.unwrap_or_default(), lines.unwrap_or_default())
        })
    };
    let sample = format!("{} 15", props.ids.first().map_or("", |it| it.as_str()));
    html! {
        <details>
            <summary>{ "A workshop of your own" }</summary>
            <form class="own" onsubmit={make} novalidate={true}>
                <label class="field"><span>{ "Its title" }</span><input ref={title} autocomplete="off" /></label>
                <label class="field"><span>{ "A part a line: a lesson’s id or the links of exercises, then the minutes" }</span>
                    <textarea ref={lines} rows="4" placeholder={sample} />
                </label>
                <p class="help">{ format!("The lessons’ ids: {}", props.ids.join(", ")) }</p>
                <div class="reply">
                    <button class="primary">{ "Make its link" }</button>
                    { match &props.link {
                        Some(Ok(link)) => html! { <input readonly={true} aria-label="Link of the workshop" value={link.clone()} /> },
                        Some(Err(why)) => html! { <span class="fault" role="alert">{ why.clone() }</span> },
                        None => html! {},
                    } }
                </div>
            </form>
        </details>
    }
}

/// The dialog.
#[component]
pub fn Lessons(props: &LessonsProps) -> Html {
    let shell = use_shell();
    let place = yew::use_node_ref();
    yew::use_effect_with(place.clone(), |place| {
        if let Some(button) = place.cast::<web_sys::HtmlElement>() {
            // Without the focus, the dialog can still be read and closed.
            let _ = button.focus();
        }
    });
    let press = |msg: fn() -> Msg| shell.on(move |_: MouseEvent| msg());
    html! {
        <div class="veil">
            <section class="keys lessons" role="dialog" aria-modal="true" aria-label="Lessons">
                <div class="top">
                    <h2>{ "Lessons" }</h2>
                    <button type="button" ref={place} onclick={press(|| Msg::Show(false))}>{ "Close" }</button>
                </div>
                { match &props.course {
                    Some(course) => html! {
                        <>
                            <div class="shelves">
                                { glossary(course, &shell) }
                                if !course.workshops.is_empty() {
                                    <details class="workshops">
                                        <summary>{ format!("For teachers: {}", counted(course.workshops.len() as u64, "workshop")) }</summary>
                                        <ul class="course">{ for course.workshops.iter().map(|it| workshop(it, course, props, &shell)) }</ul>
                                        <Own ids={course.lessons.iter().map(|it| it.id.clone()).collect::<Vec<_>>()} link={props.own.clone()} />
                                    </details>
                                }
                                { for_the_road(&props.kept, &shell) }
                            </div>
                            <ol class="course">{ for course.lessons.iter().map(|it| lesson(it, props, &shell)) }</ol>
                            { progress(props, &shell) }
                        </>
                    },
                    None if props.unreachable => html! {
                        <>
                            <p class="fault" role="alert">{ "The lessons could not be fetched: is there a network?" }</p>
                            <div class="shelves">{ for_the_road(&props.kept, &shell) }</div>
                        </>
                    },
                    None => html! { <p class="quiet" role="status">{ "Fetching the lessons…" }</p> },
                } }
                <h2>{ "Scenarios" }</h2>
                <p class="quiet">{ "Systems to play with, each with a story of its own. The first ones are the simplest." }</p>
                <ul class="course scenarios">{ for props.scenarios.iter().map(|it| scenario(it, &shell)) }</ul>
            </section>
        </div>
    }
}

/// A lesson: what one can do afterwards, and its exercises.
fn lesson(it: &LessonTitle, props: &LessonsProps, shell: &Shell) -> Html {
    let exercises = it.exercises.iter().enumerate().map(|(at, title)| {
        let key = Key::of_lesson(&it.id, at + 1);
        let (solved, here) = (props.progress.solved(&key), props.here.as_ref() == Some(&key));
        let state = match (solved, here) {
            (true, _) => "solved",
            (false, true) => "open now",
            (false, false) => "not solved yet",
        };
        let press = shell.on(move |_: MouseEvent| Msg::Open(key.clone(), None));
        html! {
            <li>
                <button type="button" class={if solved { "met" } else { "" }} aria-current={here.then_some("true")} onclick={press}>
                    { if solved { icon("accepted") } else { html! { <i class="open" aria-hidden="true" /> } } }
                    { title.clone() }<span class="unseen">{ format!(", {state}") }</span>
                </button>
            </li>
        }
    });
    html! {
        <li>
            <h3>{ it.title.clone() }</h3>
            <p class="quiet">{ it.can.clone() }</p>
            <ol class="exercises" aria-label={it.title.clone()}>{ for exercises }</ol>
        </li>
    }
}

/// How far somebody has come, and what can be done with that.
fn progress(props: &LessonsProps, shell: &Shell) -> Html {
    let press = |msg: fn() -> Msg| shell.on(move |_: MouseEvent| msg());
    let said = match props.copied {
        Some(true) => "Copied: hand it in.",
        Some(false) => "The browser does not allow copying: export it instead.",
        None => "",
    };
    html! {
        <div class="reply progress">
            <span class="quiet">{ props.progress.line() }</span>
            { button("Copy this line", press(|| Msg::Copy)) }
            { button("Export my progress", press(|| Msg::Export)) }
            if props.forgetting {
                <b>{ "All progress and all attempts?" }</b>
                { button("Forget them", press(|| Msg::Forget(true))) }
            } else {
                { button("Forget my progress", press(|| Msg::Forget(false))) }
            }
            <span role="status">{ said }</span>
        </div>
    }
}

/// The terms, each with where one meets it.
fn glossary(course: &Course, shell: &Shell) -> Html {
    if course.glossary.is_empty() {
        return html! {};
    }
    let entry = |it: &GlossaryTerm| {
        let lesson = course.lessons.iter().find(|lesson| lesson.id == it.lesson);
        let title = lesson.and_then(|lesson| lesson.exercises.get(it.exercise.saturating_sub(1)));
        let key = Key::of_lesson(&it.lesson, it.exercise);
        let press = shell.on(move |_: MouseEvent| Msg::Open(key.clone(), None));
        html! {
            <div>
                <dt>{ it.term.clone() }</dt>
                <dd>
                    { it.say.clone() }
                    <span class="quiet">
                        { format!(" Seen in: {}. Exercise: ", it.panel) }
                        if let Some(title) = title {
                            <button type="button" class="link" onclick={press}>{ title.clone() }</button>
                        }
                    </span>
                </dd>
            </div>
        }
    };
    html! {
        <details class="glossary">
            <summary>{ format!("Glossary: {}", counted(course.glossary.len() as u64, "term")) }</summary>
            <dl>{ for course.glossary.iter().map(entry) }</dl>
        </details>
    }
}

/// A workshop: its parts with their minutes.
fn workshop(it: &Workshop, course: &Course, props: &LessonsProps, shell: &Shell) -> Html {
    let minutes = it.minutes();
    let title = |id: &str| {
        let lesson = course.lessons.iter().find(|lesson| lesson.id == *id);
        lesson.map_or("Exercises".to_owned(), |lesson| lesson.title.clone())
    };
    let (id, running): (Rc<str>, _) =
        (it.id.as_str().into(), props.workshop.as_ref().is_some_and(|now| *now.id == *it.id));
    let print = {
        let (id, title) = (id.clone(), it.title.clone());
        let press = shell.on(move |_: MouseEvent| Msg::Handout(id.clone()));
        html! {
            <button type="button" onclick={press}>{ "A page to print" }<span class="unseen">{ format!(" for {title}") }</span></button>
        }
    };
    let go = shell.on(move |_: MouseEvent| Msg::Workshop(Some(id.clone())));
    html! {
        <li>
            <h3>{ it.title.clone() }<span class="quiet">{ format!(" · {}", counted(u64::from(minutes), "minute")) }</span></h3>
            if !it.about.is_empty() { <p>{ it.about.clone() }</p> }
            <p class="quiet">{ it.parts.iter().map(|part| format!("{} ({} min)", title(&part.lesson), part.minutes)).collect::<Vec<_>>().join(" · ") }</p>
            <div class="reply">
                <button type="button" onclick={go}>{ if running { "Go on" } else { "Begin" } }<span class="unseen">{ format!(" {}", it.title) }</span></button>
                if it.id != "own" { { print } }
                if it.id != "own" { <code>{ format!("#/workshop/{}", it.id) }</code> }
            </div>
        </li>
    }
}

fn scenario(it: &Offer, shell: &Shell) -> Html {
    let id = it.id.clone();
    let press = shell.on(move |_: MouseEvent| logs::Msg::Open(id.clone(), OpenMode::Last));
    html! {
        <li><button type="button" onclick={press}><b>{ it.title.to_string() }</b><span class="quiet">{ it.about.to_string() }</span></button></li>
    }
}

/// What is told of the workshop that is under way.
pub struct TeacherProps {
    pub course: Rc<Course>,
    pub workshop: Running,
    pub here: Option<Key>,
    /// What helps to teach the exercise that is open.
    pub note: Option<Note>,
}

/// The teacher's view: the clock, the notes of the part that it is time for, and the next three
/// things to do.
pub fn teacher(props: &TeacherProps, shell: &Shell) -> Html {
    let Some(workshop) = props.course.workshops.iter().find(|it| *it.id == *props.workshop.id)
    else {
        return html! {};
    };
    let gone = minutes_since(&props.workshop);
    let press = |msg: fn() -> Msg| shell.on(move |_: MouseEvent| msg());
    let mut end = 0;
    let parts: Vec<_> = workshop
        .parts
        .iter()
        .map(|part| {
            let from = end;
            end += part.minutes + part.pause;
            (from, part)
        })
        .collect();
    let time = parts.iter().rposition(|(from, _)| *from <= gone).unwrap_or_default();
    let all = exercises_of(&props.course, workshop);
    let at = props.here.as_ref().and_then(|here| all.iter().position(|it| it == here));
    let next: Vec<&Key> = all.iter().skip(at.map_or(0, |it| it + 1)).take(3).collect();
    // The notes are those of what is open. Where nothing of the workshop is, the clock says which.
    let open = props.here.as_ref().and_then(Key::lesson).and_then(|(id, number)| {
        parts.iter().position(|(_, part)| *part.lesson == *id && part.has(number))
    });
    let current = open.unwrap_or(time);
    let title_of = |key: &Key| {
        let Some((id, number)) = key.lesson() else { return key.kept().map(|it| it.title) };
        let lesson = props.course.lessons.iter().find(|it| *it.id == *id)?;
        lesson.exercises.get(number - 1).cloned()
    };
    html! {
        <section class="teacher panel" role="region" aria-label="Teacher">
            <div class="head">
                <h2>{ workshop.title.clone() }</h2>
                <span class="clock">{ format!("{gone} of {end} minutes{}", lateness(gone, end, parts.get(current).copied())) }</span>
                <span class="spring" />
                <button type="button" title="The solution, in a copy (s)" onclick={press(|| Msg::Solve { wrong: false, reply: None })}>{ "Show the solution" }</button>
                { button("End the workshop", press(|| Msg::Workshop(None))) }
                { button("Close", press(|| Msg::Teacher(false))) }
            </div>
            <ol class="parts">
                { for parts.iter().enumerate().map(|(index, (from, part))| {
                    let title = props.course.lessons.iter().find(|it| it.id == part.lesson);
                    html! {
                        <li aria-current={(index == current).then_some("step")}>
                            <b>{ title.map_or("Exercises".to_owned(), |it| it.title.clone()) }</b>
                            <span class="quiet">{ format!(" minute {from} to {}{}", from + part.minutes, if part.pause > 0 { format!(", then a break of {}", part.pause) } else { String::new() }) }</span>
                            if index == current && !part.notes.is_empty() {
                                <ul>{ for part.notes.iter().map(|note| html! { <li>{ note.clone() }</li> }) }</ul>
                            }
                        </li>
                    }
                }) }
            </ol>
            if let Some(note) = &props.note {
                <dl class="note">
                    { for [("Say", &note.say), ("Ask", &note.ask), ("Trouble", &note.trouble)].into_iter().filter(|(_, text)| !text.is_empty()).map(|(word, text)| html! {
                        <div><dt>{ word }</dt><dd>{ text.clone() }</dd></div>
                    }) }
                </dl>
            }
            if !next.is_empty() { <h3>{ "Next" }</h3> }
            <ol class="next">
                { for next.into_iter().map(|key| {
                    let go = key.clone();
                    html! { <li>{ button(title_of(key).unwrap_or_default(), shell.on(move |_: MouseEvent| Msg::Open(go.clone(), None))) }</li> }
                }) }
            </ol>
        </section>
    }
}

/// How far the clock is from the part that is open, in words. Nothing where it is within it.
fn lateness(gone: u32, end: u32, part: Option<(u32, &Part)>) -> String {
    let Some((from, part)) = part else { return String::new() };
    let over = gone.saturating_sub(from + part.minutes + part.pause);
    match from.saturating_sub(gone) {
        _ if gone > end => format!(" · {} over", gone - end),
        0 if over > 0 => format!(" · {over} behind"),
        0 => String::new(),
        ahead => format!(" · {ahead} ahead"),
    }
}

/// How many minutes a workshop has lasted.
pub fn minutes_since(workshop: &Running) -> u32 {
    u32::try_from(now().saturating_sub(workshop.since) / 60_000).unwrap_or(u32::MAX)
}
