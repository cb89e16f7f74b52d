//! The command form: who asks whom for what, made from the commands' own types.

use std::rc::Rc;

use web_sys::SubmitEvent;
use yew::{Callback, Event, Html, InputEvent, MouseEvent, Properties, component, html};

use super::outcomes::choices;
use super::parts::{Head, Long, button, chosen, panel, typed};
use super::terms::{Term, Word};
use crate::es::{Set, Stream};
use crate::lab::{FieldKind, Form, FormField, label_of};
use crate::ui::model::commands::{Answer, CommandDraft, FormMode, Msg};
use crate::ui::model::logs_dialog;
use crate::ui::model::shell::{Shell, use_shell};

#[derive(Properties, PartialEq)]
pub struct CommandsProps {
    pub forms: Rc<Vec<Form>>,
    pub draft: Rc<CommandDraft>,
    pub streams: Rc<Vec<Stream>>,
    pub mode: FormMode,
    /// True where steps are listed.
    pub stepped: bool,
    /// What else belongs to sending.
    pub below: Html,
}

/// Forms with their places among all.
type Numbered<'a> = Vec<(usize, &'a Form)>;

/// How many ids of a category are offered; others can be typed.
const IDS_OFFERED: usize = 200;

#[component]
pub fn Commands(props: &CommandsProps) -> Html {
    let shell = use_shell();
    let draft = &props.draft;
    let head =
        Head { name: "Commands", colour: "blue", what: "", term: None, region: true, line: false };
    let Some(form) = props.forms.get(draft.form) else {
        let more = shell.on(|_: MouseEvent| logs_dialog::Msg::Show(true));
        let body = html! {
            <div class="empty">
                <p>{ "Nothing can be sent here: these events come from elsewhere." }</p>
                { button("Bring in more events", more) }
            </div>
        };
        return panel(&shell, &head, Html::default(), body);
    };
    let actor = edit_by(&shell, props, |draft, text| draft.actor = text.into());
    let command = edit_by(&shell, props, |draft, text| {
        draft.form = text.parse().unwrap_or_default();
        draft.faults.clear();
        draft.answer = None;
    });
    let send = {
        let (mode, link, is_event) = (props.mode, shell.link.clone(), form.is_event);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            match mode {
                FormMode::Past if !is_event => link.send(Msg::Fork(true)),
                FormMode::Now | FormMode::Past => link.send(Msg::Send),
                FormMode::Stepping => {}
            }
        })
    };
    let target = {
        let category = form.aggregate.clone();
        type_by(&shell, props, move |draft, text| {
            draft.targets.insert(category.clone(), text);
            draft.faults.remove("");
        })
    };
    let mut groups: Vec<(String, Numbered)> = Vec::new();
    for (index, form) in props.forms.iter().enumerate() {
        let group = match form.schema {
            Some(_) => format!("{} as it was stored in 2015", form.aggregate),
            None => form.aggregate.to_string(),
        };
        match groups.last_mut() {
            Some((name, forms)) if *name == group => forms.push((index, form)),
            _ => groups.push((group, vec![(index, form)])),
        }
    }
    let categories: Set<&str> = props.streams.iter().map(Stream::category).collect();
    // In a class, everybody is themselves.
    let mut actors: Vec<Rc<str>> = vec!["Alice".into(), "Bob".into()];
    if !actors.contains(&draft.actor) {
        actors = vec![draft.actor.clone()];
    }
    let aside = html! {
        <label class="inline">
            <span class="quiet">{ "as" }</span>
            <select aria-label="Acting as" onchange={actor}>
                { for actors.iter().map(|name| html! {
                    <option value={name.to_string()} selected={draft.actor == *name}>{ &**name }</option>
                }) }
            </select>
        </label>
    };
    let body = html! {
        <form onsubmit={send} novalidate={true} class={if props.mode == FormMode::Stepping { "stepping" } else { "" }}>
            <div class="field">
                if form.is_event { <Term word={Word::Event} /> } else { <Term word={Word::Command} /> }
                <select id="command" aria-label={if form.is_event { "Event" } else { "Command" }} onchange={command}>
                    { for groups.iter().map(|(name, forms)| html! {
                        <optgroup label={name.clone()}>
                            { for forms.iter().map(|(index, form)| html! {
                                <option value={index.to_string()} selected={*index == draft.form}>{ form.schema.map_or_else(|| form.name.to_string(), |schema| format!("{}, schema {schema}: {}", form.name, form.help)) }</option>
                            }) }
                        </optgroup>
                    }) }
                </select>
            </div>
            <p class="help">{ if form.is_event {
                format!("{} It is appended past its aggregate, marked as forced: nobody decides on it.", form.help)
            } else {
                form.help.to_string()
            } }</p>
            <div class="fields">
                { entry(
                    "target", &label_of(&form.aggregate),
                    draft.target(form),
                    Some(&form.aggregate), "text", None, draft.faults.get(""), target,
                ) }
                { for form.fields.iter().map(|field| input(&shell, props, field)) }
            </div>
            { new_ids(&shell, form) }
            { actions(&shell, props, form.is_event) }
            if props.mode == FormMode::Now { { if form.is_event {
                html! { { button("Back to commands", shell.on(|_: MouseEvent| Msg::Behind(false))) } }
            } else {
                props.below.clone()
            } } }
            <>
                { for categories.iter().map(|category| html! {
                    <datalist id={format!("ids-{category}")}>
                        { for props.streams.iter().filter(|it| it.category() == *category).take(IDS_OFFERED).map(|stream| html! {
                            <option value={stream.id().to_string()} />
                        }) }
                    </datalist>
                }) }
            </>
        </form>
    };
    panel(&shell, &head, aside, body)
}

/// The buttons that make a new id, for each field that holds one. They come after all fields, so
/// that Tab goes from field to field.
fn new_ids(shell: &Shell, form: &Form) -> Html {
    let fields = form.fields.iter().filter(|it| matches!(it.kind, FieldKind::Id(_)));
    let names = fields.map(|it| (it.name.clone(), label_of(&it.name)));
    let all = std::iter::once(("".into(), label_of(&form.aggregate))).chain(names);
    html! {
        <p class="help new-ids">
            { "New id for" }
            { for all.map(|(field, label): (Rc<str>, String)| {
                let press = shell.on(move |_: MouseEvent| Msg::NewId(field.clone()));
                html! { <button type="button" class="link" aria-label={format!("New id for {label}")} onclick={press}>{ label }</button> }
            }) }
        </p>
    }
}

/// The buttons below the form. Each stays the same element whatever it is called, so that the
/// focus stays on it from the first step to the last.
fn actions(shell: &Shell, props: &CommandsProps, is_event: bool) -> Html {
    let stepping = props.mode == FormMode::Stepping;
    let finish = if stepping { on(shell, || Msg::Step(true)) } else { Callback::noop() };
    let next = on(shell, if stepping { || Msg::Step(false) } else { || Msg::StepInto });
    let (send, step) = match props.mode {
        FormMode::Now | FormMode::Past if is_event => ("Append behind its back", "Step into"),
        FormMode::Now => ("Send", "Step into"),
        FormMode::Past => ("Fork here & send", "Step into"),
        FormMode::Stepping => ("Finish", "Next step"),
    };
    html! {
        <>
            <div class="actions">
                <button type={if stepping { "button" } else { "submit" }} class={if stepping { "" } else { "primary" }} onclick={finish}
                    title={stepping.then_some("Do all that is left (Shift Space)")}>{ send }</button>
                <button type="button" class={if stepping { "primary" } else { "" }} disabled={props.mode == FormMode::Past || is_event && !stepping} onclick={next}
                    title={if stepping { "Do one thing (Space)" } else { "Send it, and go through what happens one step at a time" }}>{ step }</button>
                if props.stepped && !stepping { { button("Close steps", on(shell, || Msg::StepOut)) } }
            </div>
            if props.mode == FormMode::Past && !is_event {
                <p class="help">{ "A fork is a new log with this past; the old one stays. A real store has no such thing." }</p>
            } else if stepping {
                <p class="help waiting">{ "Other commands wait until this one is through. Space does the next step." }</p>
            } else if let Some(Answer { accepted, text, conflict }) = &props.draft.answer {
                <p class={if *accepted { "answer good" } else { "answer bad" }}><Long text={text.clone()} /></p>
                if let Some(command) = conflict { { choices(*command, stepping, shell) } }
            }
        </>
    }
}

fn input(shell: &Shell, props: &CommandsProps, field: &FormField) -> Html {
    let draft = &props.draft;
    let value = draft.inputs.get(&draft.form).and_then(|inputs| inputs.get(&field.name));
    let value = value.map_or("", String::as_str);
    let put = {
        let name = field.name.clone();
        move |draft: &mut CommandDraft, text: String| {
            draft.inputs.entry(draft.form).or_default().insert(name.clone(), text);
            draft.faults.remove(&name);
        }
    };
    let id = format!("field-{}", field.name);
    match &field.kind {
        FieldKind::Choice(choices) => html! {
            <label class="field" key={id}>
                <span>{ label_of(&field.name) }</span>
                <select onchange={edit_by(shell, props, put)}>
                    { for choices.iter().map(|choice| html! {
                        <option value={choice.to_string()} selected={**choice == *value}>{ choice.to_string() }</option>
                    }) }
                </select>
            </label>
        },
        FieldKind::Flag => html! {
            <label class="field" key={id}>
                <span>{ label_of(&field.name) }</span>
                <select onchange={edit_by(shell, props, put)}>
                    <option value="true" selected={value == "true"}>{ "yes" }</option>
                    <option value="false" selected={value != "true"}>{ "no" }</option>
                </select>
            </label>
        },
        kind => {
            let category = if let FieldKind::Id(category) = kind { Some(category) } else { None };
            let mode = match kind {
                FieldKind::Number => "numeric",
                FieldKind::Money => "decimal",
                _ => "text",
            };
            let fault = draft.faults.get(&field.name);
            let help = Some(&*field.help);
            entry(
                &id,
                &label_of(&field.name),
                value,
                category,
                mode,
                help,
                fault,
                type_by(shell, props, put),
            )
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one field's every aspect, used in two places")]
fn entry(
    id: &str,
    label: &str,
    value: &str,
    category: Option<&Rc<str>>,
    mode: &'static str,
    help: Option<&str>,
    fault: Option<&String>,
    put: Callback<InputEvent>,
) -> Html {
    let said = fault.map(|_| format!("{id}-fault"));
    html! {
        <div class="field" key={id.to_owned()}>
            <label for={id.to_owned()}>{ label }</label>
            <input
                id={id.to_owned()} value={value.to_owned()} oninput={put} autocomplete="off" inputmode={mode}
                list={category.map(|it| format!("ids-{it}"))} title={help.map(str::to_owned)}
                aria-invalid={fault.map(|_| "true")} aria-describedby={said.clone()}
            />
            if let Some(fault) = fault {
                <p class="fault" id={said}>{ fault }</p>
            }
        </div>
    }
}

/// A callback that says `msg`, whatever was pressed.
fn on(shell: &Shell, msg: fn() -> Msg) -> Callback<MouseEvent> {
    shell.on(move |_| msg())
}

fn edit_by(
    shell: &Shell,
    props: &CommandsProps,
    change: impl Fn(&mut CommandDraft, String) + 'static,
) -> Callback<Event> {
    let (link, draft) = (shell.link.clone(), props.draft.clone());
    Callback::from(move |event: Event| {
        if let Some(text) = chosen(&event) {
            let mut draft = CommandDraft::clone(&draft);
            change(&mut draft, text);
            link.send(Msg::Edit(draft));
        }
    })
}

fn type_by(
    shell: &Shell,
    props: &CommandsProps,
    change: impl Fn(&mut CommandDraft, String) + 'static,
) -> Callback<InputEvent> {
    let (link, draft) = (shell.link.clone(), props.draft.clone());
    Callback::from(move |event: InputEvent| {
        if let Some(text) = typed(&event) {
            let mut draft = CommandDraft::clone(&draft);
            change(&mut draft, text);
            link.send(Msg::Edit(draft));
        }
    })
}
