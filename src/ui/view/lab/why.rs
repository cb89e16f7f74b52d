//! Why is it so, and since when: the events that set a field, and the first one after which a
//! condition holds.

use std::rc::Rc;

use serde_json::Value;
use web_sys::SubmitEvent;
use yew::{Callback, Html, InputEvent, MouseEvent, Properties, component, html};

use crate::es::{Condition, Operand, Relation, Stream};
use crate::lab::{BisectResult, Target, Viewpoint, cents};
use crate::ui::model::lab::{Inquiry, Msg, target};
use crate::ui::model::playback;
use crate::ui::model::shell::{Shell, use_shell};
use crate::ui::view::parts::{Long, button, refused, select, tick, typed};
use crate::ui::words::{MoneyFields, counted, grouped, is_money, plain, whole};

/// How many states are offered; others are a press on their panel away.
const STATES: usize = 200;
/// How many causes are listed.
const CAUSES: usize = 200;

/// A pointer as people read it.
fn written(pointer: &str) -> String {
    let parts = pointer.trim_start_matches('/').split('/');
    parts.map(|it| it.replace("~1", "/").replace("~0", "~")).collect::<Vec<_>>().join(" · ")
}

fn named(target: &Target) -> String {
    match target {
        Target::State(stream) => stream.to_string(),
        Target::View(name) => name.to_string(),
    }
}

fn value(shell: &Shell, pointer: &str, value: Option<&Value>) -> Html {
    let text = match value {
        None => "nothing".to_owned(),
        Some(value) => whole(&shell.money, pointer, &value.to_string()),
    };
    html! { <Long {text} /> }
}

/// The drawer's body.
pub fn why(shell: &Shell, session: &Viewpoint, it: &Inquiry, streams: &[Stream]) -> Html {
    let chosen = named(&it.target);
    let views = session.world().subscriptions().iter().map(|it| it.name().to_string());
    let states =
        streams.iter().filter(|it| it.as_str() != chosen).take(STATES).map(Stream::to_string);
    let mut targets: Vec<String> = states.chain(views).collect();
    if !targets.contains(&chosen) {
        targets.insert(0, chosen.clone());
    }
    let all: Rc<[Stream]> = streams.into();
    let ask = shell.on(move |name: String| Msg::Why(target(&all, &name), None));
    let pick = {
        let target = it.target.clone();
        shell.on(move |pointer: String| Msg::Why(target.clone(), Some(pointer)))
    };
    let pairs = |names: Vec<String>| names.into_iter().map(|it| (it.clone(), it));
    let fields = it.fields.iter().map(|(path, now)| {
        (path.clone(), format!("{}: {}", written(path), plain(&shell.money, path, now)))
    });
    let again = {
        let (target, pointer) = (it.target.clone(), it.pointer.clone());
        shell.on(move |_: MouseEvent| Msg::Why(target.clone(), Some(pointer.clone())))
    };
    let moved = session.position() != it.position;
    html! {
        <>
            <label class="field"><span>{ "Of" }</span>{ select("Of", &chosen, pairs(targets), ask) }</label>
            <label class="field"><span>{ "Field" }</span>{ select("Field", &it.pointer, fields, pick) }</label>
            if moved { <p>{ button(format!("Ask again at #{}", session.position()), again) }</p> }
            <h3>{ format!("Set by, newest first, up to #{}", it.position) }</h3>
            { causes(shell, it) }
            <h3>{ "The first event after which …" }</h3>
            <Find key={it.pointer.clone()} pointer={it.pointer.clone()} fields={it.fields.clone()} money={shell.money.clone()} />
            { found(shell, session, it) }
        </>
    }
}

fn to(shell: &Shell, position: u64, text: String) -> Html {
    html! { <button type="button" class="link" onclick={shell.on(move |_: MouseEvent| playback::Msg::Seek(position))}>{ text }</button> }
}

fn progress(shell: &Shell, (done, of): (u64, u64)) -> Html {
    html! {
        <p class="quiet inline">
            <progress max={of.to_string()} value={done.to_string()} aria-label="Looked at" />
            { format!("{} of {}", grouped(done), grouped(of)) }
            { button("Cancel", shell.on(|_: MouseEvent| Msg::Cancel)) }
        </p>
    }
}

fn causes(shell: &Shell, it: &Inquiry) -> Html {
    let Some(why) = &it.why else { return html! { <p class="quiet">{ "Cancelled." }</p> } };
    let all = why.causes();
    html! {
        <>
            <ol class="causes-list" aria-label="Set by">
                { for all.iter().take(CAUSES).map(|cause| html! {
                    <li key={cause.position}>
                        { to(shell, cause.position, format!("#{} {}", cause.position, cause.kind)) }
                        <span class="quiet">{ format!(" {}", cause.stream) }</span>
                        <br /><del>{ value(shell, &it.pointer, cause.was.as_ref()) }</del>{ " " }
                        <ins>{ value(shell, &it.pointer, cause.now.as_ref()) }</ins>
                    </li>
                }) }
            </ol>
            if all.len() > CAUSES { <p class="quiet">{ format!("and {} more", all.len() - CAUSES) }</p> }
            if !why.is_over() { { progress(shell, why.progress()) } }
            else if all.is_empty() { <p class="quiet">{ "No event has set it: it is as it was at the beginning." }</p> }
        </>
    }
}

fn found(shell: &Shell, session: &Viewpoint, it: &Inquiry) -> Html {
    let Some((asked, bisect)) = &it.bisect else { return html! {} };
    let event = |position: u64| match session.log().event(position) {
        Some(event) => format!("#{position} {} on {}", event.kind(), event.stream()),
        None => "#0, before the first event".to_owned(),
    };
    let probes = bisect.probes();
    html! {
        <div class="found">
            <p role="status">{ match bisect.found() {
                BisectResult::NotYet => html! { { format!("Looking for: {asked}") } },
                BisectResult::Nowhere => html! { { format!("Nowhere up to #{}: {asked}", it.position) } },
                BisectResult::At(position) => html! { <>{ format!("{asked}: first after ") }{ to(shell, position, event(position)) }</> },
            } }</p>
            if bisect.found() == BisectResult::NotYet { { progress(shell, bisect.progress()) } }
            <details>
                <summary>{ counted(bisect.progress().0, "look") }</summary>
                <ol class="probes">
                    { for probes.iter().map(|probe| html! {
                        <li key={probe.position}>{ to(shell, probe.position, format!("after #{}", probe.position)) }{ if probe.holds { "it holds" } else { "not yet" } }</li>
                    }) }
                </ol>
            </details>
        </div>
    }
}

const RELATIONS: [(&str, &str); 6] = [
    ("=", "is"),
    ("!", "is not"),
    ("<", "is less than"),
    ("<=", "is at most"),
    (">", "is more than"),
    (">=", "is at least"),
];

fn condition(pointer: &str, relation: &str, value: Value) -> Condition {
    let is = |relation, value| Condition::Is(pointer.to_owned(), relation, Operand::Value(value));
    // What is not there is neither less nor more.
    let there = || Condition::Not(Box::new(is(Relation::Equal, Value::Null)));
    let not = |it| Condition::All(vec![Condition::Not(Box::new(it)), there()]);
    match relation {
        "!" => Condition::Not(Box::new(is(Relation::Equal, value))),
        "<" => is(Relation::Less, value),
        "<=" => is(Relation::AtMost, value),
        ">" => not(is(Relation::AtMost, value)),
        ">=" => not(is(Relation::Less, value)),
        _ => is(Relation::Equal, value),
    }
}

/// A value as it was typed: cents where the field holds money, text where it holds text, else
/// JSON, else text.
///
/// # Errors
/// What to type instead.
fn read(text: &str, money: bool, now: Option<&str>) -> Result<Value, &'static str> {
    let text = text.trim();
    if now.is_some_and(|it| it.starts_with('"')) {
        return Ok(text.trim_matches('"').into());
    }
    if money {
        return cents(text).map(Value::from).ok_or("type an amount, such as 80.00");
    }
    if text.is_empty() {
        return Err("type a value");
    }
    Ok(serde_json::from_str(text).unwrap_or_else(|_| text.into()))
}

/// One of the conditions to look for, as it was typed.
#[derive(Clone, PartialEq)]
struct Clause {
    pointer: String,
    relation: String,
    text: String,
}

impl Clause {
    fn new(pointer: &str) -> Self {
        Self { pointer: pointer.to_owned(), relation: "=".to_owned(), text: String::new() }
    }

    fn words(&self) -> String {
        let words = RELATIONS.iter().find(|(it, _)| **it == *self.relation).map_or("is", |it| it.1);
        format!("{} {words} {}", written(&self.pointer), self.text.trim())
    }
}

enum Edit {
    Field(usize, String),
    Relation(usize, String),
    Value(usize, String),
    More(String),
    Fewer,
}

#[derive(Clone, Properties, PartialEq)]
struct FindProps {
    pointer: String,
    fields: Rc<[(String, String)]>,
    money: MoneyFields,
}

/// The conditions to look for; all of them are to hold at once.
#[component]
fn Find(props: &FindProps) -> Html {
    let clauses = yew::use_state(|| vec![Clause::new(&props.pointer)]);
    let monotonic = yew::use_state(|| false);
    // Which clause says nothing, and what to type.
    let fault = yew::use_state(|| None::<(usize, &'static str)>);
    let link = use_shell().link;
    let send = {
        let (props, clauses, fault) = (props.clone(), clauses.clone(), fault.clone());
        let monotonic = *monotonic;
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let (mut asked, mut all) = (Vec::new(), Vec::new());
            for (at, it) in clauses.iter().enumerate() {
                let now = props.fields.iter().find(|(path, _)| *path == it.pointer);
                let now = now.map(|(_, now)| now.as_str());
                match read(&it.text, is_money(&props.money, &it.pointer), now) {
                    Ok(value) => all.push(condition(&it.pointer, &it.relation, value)),
                    Err(why) => return fault.set(Some((at, why))),
                }
                asked.push(it.words());
            }
            fault.set(None);
            let (words, condition) = (asked.join(" and "), Condition::All(all));
            link.send(Msg::Find { words, condition, monotonic });
        })
    };
    let edit = {
        let clauses = clauses.clone();
        Callback::from(move |edit: Edit| {
            let mut all = (*clauses).clone();
            match edit {
                Edit::Field(at, pointer) => all[at].pointer = pointer,
                Edit::Relation(at, relation) => all[at].relation = relation,
                Edit::Value(at, text) => all[at].text = text,
                Edit::More(pointer) => all.push(Clause::new(&pointer)),
                Edit::Fewer => _ = all.pop(),
            }
            clauses.set(all);
        })
    };
    let next = props.fields.iter().find(|(path, _)| clauses.iter().all(|it| it.pointer != *path));
    let halves = {
        let monotonic = monotonic.clone();
        Callback::from(move |on| monotonic.set(on))
    };
    html! {
        <form class="find" onsubmit={send} novalidate={true}>
            <>
                { for clauses.iter().enumerate().map(|(at, it)| {
                    let relations = RELATIONS.map(|(a, b)| (a.to_owned(), b.to_owned()));
                    let fields = props.fields.iter().map(|(path, _)| (path.clone(), written(path)));
                    let value = edit.reform(move |event: InputEvent| Edit::Value(at, typed(&event).unwrap_or_default()));
                    let wrong = (*fault).filter(|(which, _)| *which == at);
                    html! {
                        <div class="clause" key={at} role="group" aria-label={format!("Condition {}", at + 1)}>
                            if at == 0 {
                                <span>{ written(&it.pointer) }</span>
                            } else {
                                { select("And", &it.pointer, fields, edit.reform(move |path| Edit::Field(at, path))) }
                            }
                            { select("Relation", &it.relation, relations, edit.reform(move |it| Edit::Relation(at, it))) }
                            <input aria-label="Value" autocomplete="off" value={it.text.clone()} oninput={value} aria-invalid={wrong.map(|_| "true")} />
                            { refused(wrong.map(|(_, why)| why)) }
                        </div>
                    }
                }) }
            </>
            <p class="inline">
                <button>{ "Find" }</button>
                if let Some((path, _)) = next {
                    { button("And …", edit.reform({ let path = path.clone(); move |_| Edit::More(path.clone()) })) }
                }
                if clauses.len() > 1 { { button("Fewer", edit.reform(|_| Edit::Fewer)) } }
            </p>
            { tick("Once it holds, it holds on: look by halves", *monotonic, &halves) }
        </form>
    }
}
