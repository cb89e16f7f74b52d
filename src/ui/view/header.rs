//! The bar at the top: which scenario and log, the story's next step, and the page's own things.

use std::rc::Rc;

use yew::{Callback, Event, Html, MouseEvent, Properties, component, html};

use super::parts::{button, icon_button, menu, select};
use super::share::Share;
use super::terms::Word;
use crate::host::OWN;
use crate::lab::clip::clip;
use crate::store::LogInfo;
use crate::ui::browser::close_menus;
use crate::ui::model::lab::{self, Tool};
use crate::ui::model::lessons::{self, Key, LessonPlace};
use crate::ui::model::logs::{self, OpenMode};
use crate::ui::model::share::Shown;
use crate::ui::model::shell::{Shell, use_shell};
use crate::ui::model::{commands, fold_view, layout, logs_dialog, making, own, predicting};

#[derive(Properties, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is its own switch on the page")]
pub struct HeaderProps {
    /// The scenarios' ids, and what they are called in the picker.
    pub scenarios: Rc<Vec<(Rc<str>, Rc<str>)>>,
    pub scenario: Rc<str>,
    /// The scenario's title.
    pub title: Rc<str>,
    pub about: Rc<str>,
    pub story: usize,
    pub next: Option<(usize, Rc<str>)>,
    pub logs: Rc<Vec<LogInfo>>,
    pub durable: bool,
    /// A command is being stepped through: the story waits.
    pub busy: bool,
    pub present: bool,
    /// The Fold view is shown.
    pub folding: bool,
    /// The sheet that shares, while it is open.
    pub share: Option<Shown>,
    /// What is known of the open log.
    pub info: LogInfo,
    /// The exercise that is open.
    pub lesson: Option<LessonHead>,
    /// There is an exercise in the making.
    pub making: bool,
    /// Before each step of the story, a prediction is asked for.
    pub predicts: bool,
}

/// What the header says of the exercise that is open.
#[derive(Clone, PartialEq)]
pub struct LessonHead {
    pub key: Key,
    pub title: String,
    pub lesson: Option<Rc<LessonPlace>>,
    /// The workshop that is under way, and its clock.
    pub workshop: Option<String>,
    /// All attempts at the exercise, oldest first.
    pub attempts: Rc<Vec<LogInfo>>,
}

#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let shell = use_shell();
    let open = {
        let id = props.scenario.clone();
        shell.on(move |log: String| logs::Msg::Open(id.clone(), OpenMode::Log(log, None)))
    };
    let fresh = |mode: OpenMode| {
        let id = props.scenario.clone();
        shell.on(move |_: MouseEvent| {
            close_menus(None);
            logs::Msg::Open(id.clone(), mode.clone())
        })
    };
    let dialog = |msg: fn() -> logs_dialog::Msg| shell.on(move |_: MouseEvent| msg());
    let scenario = shell.on(|id: String| logs::Msg::Open(id.into(), OpenMode::Last));
    let titles = props.scenarios.iter().map(|(id, title)| (id.to_string(), title.to_string()));
    let logs = props.logs.iter().enumerate();
    let logs =
        logs.map(|(at, info)| (info.id.clone(), format!("{}. {}", at + 1, clip(&info.title))));
    let (present, folding) = (props.present, props.folding);
    // A fork must not be taken for what it comes from.
    let named = props.logs.iter().find(|it| it.id == props.info.id).map(|it| it.title.clone());
    let scenario_title = &*props.title;
    // The picker says only that it is one's own.
    let own = (*props.scenario == *OWN).then(|| scenario_title.to_owned());
    let named = own.or_else(|| {
        let named = named.filter(|it| it != scenario_title)?;
        Some(named.strip_prefix(scenario_title).unwrap_or(&named).trim().to_owned())
    });
    let log = html! {
        <>
            <label class="field">
                <span>{ if props.durable { "Open log" } else { "Open log, in memory only" } }</span>
                { select("Log", &props.info.id, logs, open) }
            </label>
            { button("Start empty", fresh(OpenMode::Empty)) }
            { button("Reset to story", fresh(OpenMode::Story)) }
            <p class="help">{ "Both make a new log; the old one stays as it is." }</p>

            if props.scenario.as_ref() != OWN && props.lesson.is_none() { { button("Make it mine", shell.on(|_: MouseEvent| own::Msg::Mine)) } }
            { button("Make an exercise of this", shell.on(|_: MouseEvent| making::Msg::Begin)) }
            if props.making { { button("Go on making an exercise", shell.on(|_: MouseEvent| making::Msg::Show(true))) } }
            <button type="button" aria-label="Manage logs" onclick={dialog(|| logs_dialog::Msg::Show(true))}>{ "All logs…" }</button>
        </>
    };
    let tools = html! {
        <div class="tools">
        { for Tool::ALL.map(|tool| html! {
            <div class="tool">{ button(tool.name(), shell.on(move |_: MouseEvent| lab::Msg::Open(tool))) }<p class="help">{ tool.about() }</p></div>
        }) }
            if props.lesson.is_none() {
                <div class="tool">
                    { button("Behind its back", shell.on(|_: MouseEvent| {
                        close_menus(None);
                        commands::Msg::Behind(true)
                    })) }
                    <p class="help">{ "append any event past its aggregate: nobody decides on it" }</p>
                </div>
            }
        </div>
    };
    html! {
        <header class="bar">
            <h1 class="brand"><img src="icon.svg" alt="" width="20" height="20" />{ "Leftfold" }</h1>
            if let Some(lesson) = &props.lesson {
                { exercise(lesson, props, &shell) }
            } else {
                <span class="scenario" title={props.about.to_string()}>{ select("Scenario", &props.scenario, titles, scenario) }</span>
                if let Some(title) = named {
                    <span class="named" title={title.clone()}>{ clip(&title).into_owned() }</span>
                }
                { story(props, &shell, &fresh(OpenMode::Empty)) }
            }
            <span class="spring" />
            <button type="button" aria-label="Lessons" onclick={shell.on(|_: MouseEvent| lessons::Msg::Show(true))} title="Lessons with exercises, workshops, and all scenarios">
                { "Lessons" }
            </button>
            <Share shown={props.share.clone()} info={props.info.clone()} />
            { menu(html! { <>{ "Log" }<span aria-hidden="true">{ " ▾" }</span></> }, None, log) }
            { menu(html! { <>{ "Lab" }<span aria-hidden="true">{ " ▾" }</span></> }, None, tools) }
            <button type="button" aria-pressed={folding.to_string()} onclick={shell.on(move |_: MouseEvent| fold_view::Msg::Show(!folding))} title="Event by event, what each makes of states and read models (f)">
                { "Fold" }
            </button>
            <button type="button" aria-pressed={present.to_string()} onclick={shell.on(move |_: MouseEvent| layout::Msg::Present(!present))} title="Large type, for an audience (p)">
                { "Present" }
            </button>
            { icon_button("theme", "Other theme".to_owned(), shell.on(|_: MouseEvent| layout::Msg::Theme)) }
            <button type="button" class="plain" aria-label="Words and keys" title="Words and keys (?)" onclick={shell.on(|_: MouseEvent| layout::Msg::Keys(true))}>
                { "?" }
            </button>
        </header>
    }
}

/// The story: how far it is told, and its next step.
fn story(props: &HeaderProps, shell: &Shell, again: &Callback<MouseEvent>) -> Html {
    let told = props.next.as_ref().map_or(props.story, |(number, _)| *number);
    html! {
            <span class="story">
                    if props.story > 0 {
    <span class="quiet count">{ "Story " }<b>{ told }</b>{ format!(" of {}", props.story) }</span>
    }
                    if let Some((_, say)) = &props.next {
                        <button type="button" class="next" disabled={props.busy} onclick={shell.on(|_: MouseEvent| commands::Msg::Tell)} title={say.to_string()}>
                            { "Next: " }<i>{ say.to_string() }</i>
                        </button>
                        <button type="button" class="plain" aria-pressed={props.predicts.to_string()} onclick={{
                        let on = !props.predicts;
                        shell.on(move |_: MouseEvent| predicting::Msg::Ask(on))
                    }} title="Before each step, say what will come of it">{ "Predict" }</button>
                    <button type="button" class="plain skip" disabled={props.busy} onclick={shell.on(|_: MouseEvent| commands::Msg::TellAll)} title="Tell all steps that are left">
                            { "Skip to the end" }
                        </button>
                    } else if props.story > 0 {
                        <button type="button" disabled={props.busy} onclick={again.clone()} title="In a new log that is empty, step by step. This one stays as it is.">
                            { "Tell it again" }
                        </button>
                    }
                </span>
        }
}

/// In the place of the story: the exercise that is open, and the way out of it.
fn exercise(it: &LessonHead, props: &HeaderProps, shell: &Shell) -> Html {
    let go = shell.link.on_some(|number: String| {
        let (id, number) = number.rsplit_once('/')?;
        Some(lessons::Msg::Open(Key::of_lesson(id, number.parse().ok()?), None))
    });
    let scenario: Rc<str> = props.scenario.clone();
    let attempt =
        shell.on(move |log: String| logs::Msg::Open(scenario.clone(), OpenMode::Log(log, None)));
    let attempts = it.attempts.iter().enumerate();
    let attempts = attempts.map(|(at, info)| (info.id.clone(), format!("Attempt {}", at + 1)));
    html! {
        <span class="story">
            if let Some(lesson) = &it.lesson {
                { select("Exercise", &it.key.0, lesson.titles.iter().enumerate().map(|(at, title)| (format!("{}/{}", lesson.id, at + 1), format!("{}. {title}", at + 1))), go) }
                <span class="quiet lesson">{ lesson.title.to_string() }</span>
            } else {
                <span class="named">{ clip(&it.title).into_owned() }</span>
            }
            if it.attempts.len() > 1 { { select("Attempt", &props.info.id, attempts, attempt) } }
            if let Some(workshop) = &it.workshop {
                <span class="quiet workshop">{ workshop.clone() }</span>
                <button type="button" title="The teacher's notes (n)" onclick={shell.on(|_: MouseEvent| lessons::Msg::Teacher(true))}>{ "Notes" }</button>
            }
            <button type="button" onclick={shell.on(|_: MouseEvent| lessons::Msg::Lost)} title="To the start of this exercise. What you did stays in an attempt of its own.">{ "Lost?" }</button>
            <button type="button" class="plain" onclick={shell.on(|_: MouseEvent| lessons::Msg::Leave)}>{ "Leave" }</button>
        </span>
    }
}

#[derive(Properties, PartialEq)]
pub struct KeysProps {
    pub letters: bool,
}

const KEYS: [(&str, &str); 15] = [
    ("← →", "one event, or one beat, back or on"),
    ("Shift ← →", "ten events"),
    ("Home", "before the first event"),
    ("End", "to the latest, and follow the log"),
    ("Space", "play or pause; while stepping, the next step"),
    ("Shift Space", "while stepping, all that is left"),
    ("c", "to the command"),
    ("j", "to the journal"),
    ("/", "filter the log"),
    ("f", "the fold: event by event, what each makes of states and read models"),
    ("t", "the timeline: on one line, or with a lane for each stream"),
    ("p", "present: large type; PageDown goes on, PageUp back, . darkens the screen"),
    ("n s", "in a workshop: the teacher's notes, and the solution in a copy"),
    ("Esc", "closes a menu, and ends presenting"),
    ("?", "this list of words and keys"),
];

/// The words and the keys.
#[component]
pub fn Keys(props: &KeysProps) -> Html {
    let shell = use_shell();
    let close = shell.on(|_: MouseEvent| layout::Msg::Keys(false));
    let set = {
        let letters = props.letters;
        shell.on(move |_: Event| layout::Msg::Letters(!letters))
    };
    let place = yew::use_node_ref();
    yew::use_effect_with(place.clone(), |place| {
        if let Some(button) = place.cast::<web_sys::HtmlElement>() {
            // Without the focus, the list can still be read and closed.
            let _ = button.focus();
        }
    });
    html! {
        <div class="veil">
            <section class="keys" role="dialog" aria-modal="true" aria-label="Words and keys">
                <div class="top">
                    <h2>{ "In a few words" }</h2>
                    <button type="button" ref={place} onclick={close}>{ "Close" }</button>
                </div>
                <p>{ "Nothing is overwritten here. Every change is kept as an event, and whatever you see is worked out from the events: now, or as of any time before." }</p>
                <dl class="words">
                    { for Word::ALL.map(|word| html! {
                        <div><dt>{ word.name() }</dt><dd>{ word.about() }</dd></div>
                    }) }
                </dl>
                <h2>{ "Keys" }</h2>
                <dl>
                    { for KEYS.iter().map(|(key, what)| html! {
                        <div><dt><kbd>{ *key }</kbd></dt><dd>{ *what }</dd></div>
                    }) }
                </dl>
                <label class="inline">
                    <input type="checkbox" checked={props.letters} onchange={set} />
                    { "Single letters are keys" }
                </label>
                <p class="help">
                    { concat!("Leftfold ", env!("CARGO_PKG_VERSION"), ". ") }
                    <a href="licenses.html" target="_blank" rel="noopener">{ "What it is made of, and the licences" }</a>
                </p>
            </section>
        </div>
    }
}
