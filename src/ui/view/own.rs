//! A person's own code: the editor, and under it what came of the last edit.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;
use web_sys::{HtmlElement, MouseEvent};
use yew::{Callback, Html, InputEvent, Properties, component, html};

use super::parts::{button, menu, refused, select, typed};
use super::views::listed_change;
use crate::domain::{Fault, SpecResult};
use crate::host::{Adopted, CodeState, OpenLog, OwnCode};
use crate::ui::browser::clock::written_millis;
use crate::ui::browser::own_code::Editor as BrowserEditor;
use crate::ui::model::Model;
use crate::ui::model::own::{Failure, Impure, Msg, Own, Progress, Review};
use crate::ui::model::shell::{Shell, use_shell};
use crate::ui::words::counted;

/// So many panels that an edit changed, and decisions that it would not take again, are listed.
const LISTED: usize = 8;

/// The drawer's body for a log with code of its own.
pub fn own_code(model: &Model, open_log: &OpenLog, code: &OwnCode) -> Html {
    let (own, shell) = (&model.own, model.shell());
    let failed = own.failures.iter().map(|it| &it.fault);
    let faults = own.fault.iter().chain(running_fault(code)).chain(failed);
    let (from, to) = stretch(model, open_log);
    html! {
        <>
            <div class="code-head">
                { state(own, code, &shell) }
                { tools(code, (from, to), own.help.is_some(), &shell) }
            </div>
            <Editor log={open_log.id().to_owned()} text={own.text(open_log)} shown={own.shown} faults={faults.cloned().collect::<Vec<_>>()} />
            <div class="came" role="region" aria-label="What came of the edit" tabindex="0">
                { refused(own.held.as_deref()) }
                { own.fault.as_ref().or_else(|| running_fault(code)).map(fault).unwrap_or_default() }
                { for own.failures.iter().map(failure) }
                if own.unnamed > 0 {
                    <p class="fault">{ format!("{} of this log have a type that this text does not name, so nobody could read them. Name it among the events, or lift it with upcast.", counted(own.unnamed, "event")) }</p>
                }
                if own.draft.is_some() && (!own.failures.is_empty() || own.unnamed > 0) {
                    <p>
                        { "What ran before goes on running. " }
                        { button("Run it all the same", shell.on(|_: MouseEvent| Msg::Anyway)) }
                        <span class="quiet">{ " A stream is then unknown from such an event on, and a read model stops there." }</span>
                    </p>
                }
                { own.impure.as_ref().map(impure).unwrap_or_default() }
                // What is known of the text that runs says nothing of the draft.
                if own.draft.is_none() {
                    { refused(own.unread.as_deref()) }
                    { for stopped(open_log).iter().map(|it| html! { <p class="fault">{ it }</p> }) }
                    { specs(&code.specs) }
                    { own.adopted.as_ref().map(|it| adopted(it, &own.reviewed, &shell)).unwrap_or_default() }
                }
                if let Some(help) = &own.help { <pre class="help-text">{ &**help }</pre> }
            </div>
        </>
    }
}

fn running_fault(code: &OwnCode) -> Option<&Fault> {
    match &code.state {
        CodeState::Faulty(fault) => Some(fault),
        _ => None,
    }
}

/// The stretch whose decisions become specs: up to the playhead.
fn stretch(model: &Model, open_log: &OpenLog) -> (u64, u64) {
    // One that was chosen under Specs begins later than at the first event.
    let chosen = model.lab.specs.as_ref().map(|it| (it.from, it.to)).filter(|it| it.0 > 1);
    chosen.unwrap_or_else(|| (1, open_log.session().position()))
}

/// What runs, and what is under way.
fn state(own: &Own, code: &OwnCode, shell: &Shell) -> Html {
    let run = |text: &'static str| button(text, shell.on(|_: MouseEvent| Msg::Run));
    let stands = match (&own.progress, &code.state) {
        (Progress::Trying(done, all), _) if *all > 0 => {
            format!("Trying it on {done} of {}…", counted(*all, "event"))
        }
        (Progress::Trying(..), _) => "Trying it…".to_owned(),
        (Progress::Adopting, _) => "Folding everything anew…".to_owned(),
        (_, CodeState::Runs) if own.draft.is_some() => {
            format!("Version {} goes on running: this text does not.", code.version)
        }
        (_, CodeState::Runs) => format!("Version {} runs.", code.version),
        (_, CodeState::Unseen) => {
            "This code came with the log and does not run yet. Read it first. It can reach neither \
             the page nor the network nor other logs."
                .to_owned()
        }
        (_, CodeState::Stopped(why)) => {
            format!("This code does not run: {why}. Edit it, or let it run again.")
        }
        (_, CodeState::NoInterpreter(why)) => {
            format!("This code does not run: the interpreter is not there ({why}).")
        }
        (_, CodeState::Faulty(_)) => "This code does not run: it is no domain.".to_owned(),
    };
    html! {
        <p role="status">
            { stands }
            { match code.state {
                _ if own.progress != Progress::Rests => html! {},
                CodeState::Unseen => html! { <>{ " " }<button type="button" class="primary" onclick={shell.on(|_: MouseEvent| Msg::Run)}>{ "Run it" }</button></> },
                CodeState::Stopped(_) | CodeState::NoInterpreter(_) | CodeState::Faulty(_) => run("Run it again"),
                CodeState::Runs => html! {},
            } }
            if let Some(said) = &own.said { { " " }<span>{ said }</span> }
        </p>
    }
}

fn tools(code: &OwnCode, (first, last): (u64, u64), helped: bool, shell: &Shell) -> Html {
    let runs = code.state == CodeState::Runs;
    let version = |it: &crate::host::CodeVersion| {
        let title = format!("{}, {} {}", it.version, written_millis(it.at).0, size(&it.text));
        (it.version.to_string(), title)
    };
    let older: Vec<_> = code.versions.iter().rev().skip(1).map(version).collect();
    let back = shell.link.on_some(|it: String| Some(Msg::Back(it.parse().ok()?)));
    let beside = shell.on(|it: String| Msg::Beside(it.parse().ok()));
    let nothing = |text: &str| std::iter::once((String::new(), text.to_owned()));
    let compared = code.compared.map(|it| it.to_string()).unwrap_or_default();
    let versions = html! {
        <>
            if runs { { button("Keep this version", shell.on(|_: MouseEvent| Msg::Keep)) } }
            if older.is_empty() {
                <p class="help">{ "There is one version. The next edit after a command begins another." }</p>
            } else {
                <label class="field"><span>{ "Go back to" }</span>
                    { select("Go back to version", "", nothing("a version").chain(older.clone()), back) }
                </label>
                <label class="field"><span>{ "Compare with" }</span>
                    { select("Compare with version", &compared, nothing("none").chain(older), beside) }
                </label>
                <p class="help">{ "Its read models stand beside the new ones: choose the version of the code under ⋯." }</p>
            }
        </>
    };
    html! {
        <div class="code-tools">
            if runs && last > 0 {
                <button type="button" title={format!("What was decided between the events {first} and {last} becomes given, when, then")}
                    onclick={shell.on(move |_: MouseEvent| Msg::Specify(first, last))}>{ format!("Specs from #{first} to #{last}") }</button>
            }
            if code.state != CodeState::Unseen { { menu(html! { <>{ "Versions" }<span aria-hidden="true">{ " ▾" }</span></> }, None, versions) } }
            if runs {
                <button type="button" title="Download the domain as a scenario in Rust" onclick={shell.on(|_: MouseEvent| Msg::Rust)}>{ "Rust" }</button>
            }
            <button type="button" aria-pressed={helped.to_string()} onclick={shell.on(|_: MouseEvent| Msg::Help)}>{ "How it is written" }</button>
        </div>
    }
}

fn size(text: &str) -> String {
    format!("({})", counted(text.lines().count() as u64, "line"))
}

#[derive(Properties, PartialEq)]
struct EditorProps {
    log: String,
    text: Rc<str>,
    /// Grows whenever the text comes from elsewhere.
    shown: u64,
    /// What is wrong with the text. Without a line, a fault is marked in the first one.
    faults: Vec<Fault>,
}

/// The editor. Until it is fetched, and where it cannot be, a plain text field does its work.
#[component]
fn Editor(props: &EditorProps) -> Html {
    let host = yew::use_node_ref();
    let ready = yew::use_state(|| false);
    let editor = yew::use_mut_ref(|| None::<BrowserEditor>);
    let current = yew::use_mut_ref(String::new);
    let link = use_shell().link;
    if current.borrow().is_empty() {
        current.replace(props.text.to_string());
    }
    let write = {
        let (link, current) = (link.clone(), current.clone());
        Rc::new(move |text: String| {
            current.replace(text.clone());
            link.send(Msg::Typed(text));
        })
    };
    yew::use_effect_with((), {
        let (host, ready, editor, current) =
            (host.clone(), ready.clone(), editor.clone(), current.clone());
        let write = write.clone();
        move |()| {
            let gone = Rc::new(RefCell::new(false));
            let left = gone.clone();
            wasm_bindgen_futures::spawn_local(async move {
                let Some(place) = host.cast::<HtmlElement>() else { return };
                let text = current.borrow().clone();
                let change = move |text| write(text);
                let submit = move || link.send(Msg::Try);
                let mounted = BrowserEditor::mount(place, "Code", &text, change, submit).await;
                // Where it cannot be fetched, the plain field stays.
                if let Ok(mounted) = mounted
                    && !*gone.borrow()
                {
                    mounted.set(&current.borrow());
                    editor.replace(Some(mounted));
                    ready.set(true);
                }
            });
            move || _ = left.replace(true)
        }
    });
    yew::use_effect_with((props.log.clone(), props.shown), {
        let (editor, current, text) = (editor.clone(), current.clone(), props.text.clone());
        move |_| {
            current.replace(text.to_string());
            if let Some(editor) = &*editor.borrow() {
                editor.set(&text);
            }
        }
    });
    yew::use_effect_with((props.faults.clone(), *ready), {
        let editor = editor.clone();
        move |(faults, _)| {
            if let Some(editor) = &*editor.borrow() {
                editor.mark(faults);
            }
        }
    });
    let input = Callback::from(move |event: InputEvent| {
        if let Some(text) = typed(&event) {
            write(text);
        }
    });
    html! {
        <div class="editor">
            <div class="host" ref={host} />
            if !*ready {
                <textarea class="mono" aria-label="Code" spellcheck="false" value={current.borrow().clone()} oninput={input} />
            }
        </div>
    }
}

fn fault(fault: &Fault) -> Html {
    let place = fault.line.map(|line| match fault.column {
        Some(column) => format!("Line {line}, column {column}: "),
        None => format!("Line {line}: "),
    });
    html! { <p class="fault" role="alert">{ place.unwrap_or_default() }{ &fault.message }</p> }
}

fn failure(it: &Failure) -> Html {
    let line = it.fault.line.map(|line| format!(" in line {line}")).unwrap_or_default();
    html! {
        <p class="fault">
            { format!("{} fails{line}: {}.", it.place, it.fault.message) }
            if let Some(state) = &it.state { { " The state before it was " }<code>{ state }</code> }
        </p>
    }
}

fn impure(it: &Impure) -> Html {
    html! {
        <p class="fault">
            { format!("{} does not depend on its arguments alone: the same events were folded twice, and came out as ", it.place) }
            <code>{ &it.first }</code>{ " and then as " }<code>{ &it.second }</code>
            { ". Keep nothing outside of the state." }
        </p>
    }
}

/// The read models and processes that have stopped, each with the event and the reason.
fn stopped(open_log: &OpenLog) -> Vec<String> {
    let session = open_log.session();
    let all = session.world().subscriptions().iter();
    let stopped = all.filter_map(|it| Some((it.name(), it.stopped()?)));
    stopped
        .map(|(name, it)| format!("{name} stopped before #{}: {}.", it.position, it.why))
        .collect()
}

/// The specs, red ones first.
fn specs(all: &[SpecResult]) -> Html {
    if all.is_empty() {
        return html! {};
    }
    let green = all.iter().filter(|it| it.holds()).count();
    let (red, rest): (Vec<_>, Vec<_>) = all.iter().partition(|it| !it.holds());
    html! {
        <section aria-label="Specs">
            <h3>{ format!("Specs: {green} of {} hold", all.len()) }</h3>
            <ul class="specs">{ for red.into_iter().chain(rest).map(spec) }</ul>
        </section>
    }
}

fn spec(it: &SpecResult) -> Html {
    let holds = it.holds();
    html! {
        <li class={if holds { "green" } else { "red" }}>
            <b>{ if holds { "holds " } else { "fails " } }</b>{ &*it.name }
            if let Some(failed) = &it.failed { <p class="fault">{ failed.sentence() }</p> }
            { for it.wrong.iter().map(|wrong| html! {
                <div class="differs">
                    <p class="quiet">{ format!("{}, expected: ", wrong.part) }<code>{ told(&wrong.expected) }</code></p>
                    <p class="quiet">{ "came instead: " }<code>{ told(&wrong.came) }</code></p>
                </div>
            }) }
        </li>
    }
}

/// What was expected, or came: a sentence as it is, anything else as JSON.
fn told(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "no refusal".to_owned(),
        other => other.to_string(),
    }
}

/// What the last edit did.
fn adopted(it: &Adopted, reviewed: &Review, shell: &Shell) -> Html {
    html! {
        <>
            <section aria-label="What changed by the edit">
                <h3>{ "What changed by the edit" }</h3>
                if it.changed.is_empty() {
                    <p class="quiet">{ "Nothing that is shown at the playhead." }</p>
                }
                { for it.changed.iter().take(LISTED).map(|(name, lines)| html! {
                    <div class="differs" key={name.to_string()}>
                        <h4>{ &**name }</h4>
                        { listed_change(shell, lines) }
                    </div>
                }) }
                if it.changed.len() > LISTED {
                    <p class="quiet">{ format!("and {} more", counted((it.changed.len() - LISTED) as u64, "panel")) }</p>
                }
            </section>
            { refused_now(reviewed) }
        </>
    }
}

/// The decisions that the code would not take again.
fn refused_now(reviewed: &Review) -> Html {
    match reviewed {
        Review::TooLong => {
            html! { <p class="quiet">{ "This log is too long to take all its decisions again at every edit." }</p> }
        }
        Review::UnderWay => html! {},
        Review::Refused(all) if all.is_empty() => html! {},
        Review::Refused(all) => html! {
            <section aria-label="No longer allowed">
                <h3>{ format!("No longer allowed: {}", counted(all.len() as u64, "decision")) }</h3>
                <ul>{ for all.iter().take(LISTED).map(|it| html! {
                    <li>{ format!("#{}, {} to {}: {}", it.position, it.command, it.stream, it.reason) }</li>
                }) }</ul>
                <p class="quiet">{ "They are recorded, so they stay. The code would refuse them today." }</p>
            </section>
        },
    }
}
