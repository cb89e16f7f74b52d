//! The command form: who asks whom for what, made from the commands' own types.

use std::rc::Rc;

use uuid::Uuid;
use web_sys::SubmitEvent;
use yew::{Callback, Event, Html, InputEvent, MouseEvent, Properties, component, html};

use super::parts::{Head, button, chosen, panel, typed};
use super::shell::use_shell;
use crate::es::{CommandRecord, Map, Set, Stream};
use crate::lab::{FieldKind, Form, FormField, Submission, Viewpoint, label_of};

/// What is being filled in. Nothing of it is lost when another command is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Which form.
    pub form: usize,
    /// Who asks.
    pub actor: Rc<str>,
    /// Category → the id that was put in.
    pub targets: Map<Rc<str>, String>,
    /// Whom the form is for where none was put in.
    pub addressee: Rc<str>,
    /// Form → field → what was put in.
    pub inputs: Map<usize, Map<Rc<str>, String>>,
    /// Field → what is wrong with it. The id's is under the empty name.
    pub faults: Map<Rc<str>, String>,
    /// What came of the last command, and whether it was accepted.
    pub answer: Option<(bool, String)>,
}

impl Draft {
    /// A draft that works at once.
    pub fn first(forms: &[Form]) -> Self {
        let inputs = forms.iter().map(Form::defaults).enumerate().collect();
        Self { actor: "Alice".into(), inputs, ..Self::default() }
    }

    /// The id that a form is for.
    fn target(&self, form: &Form) -> &str {
        self.targets.get(&form.aggregate).map_or(&*self.addressee, String::as_str)
    }

    /// Finds somebody who accepts the form as it stands.
    pub fn address(&mut self, forms: &[Form], session: &mut Viewpoint) {
        let nothing = Map::default();
        if let Some(form) = forms.get(self.form) {
            let inputs = self.inputs.get(&self.form).unwrap_or(&nothing);
            self.addressee = session.addressee(form, inputs);
        }
    }

    /// The stream that is addressed. None where none is named.
    pub fn stream(&self, forms: &[Form]) -> Option<Stream> {
        let form = forms.get(self.form)?;
        let id = self.target(form).trim();
        // Who types the stream's whole name means that stream.
        let id =
            id.strip_prefix(&*form.aggregate).and_then(|it| it.strip_prefix('-')).unwrap_or(id);
        (!id.is_empty()).then(|| Stream::new(&form.aggregate, id))
    }

    /// The command as it stands. None where something cannot be read; the faults say what.
    pub fn ask(&mut self, forms: &[Form], id: Uuid) -> Option<Submission> {
        let form = forms.get(self.form)?;
        self.faults.clear();
        self.answer = None;
        let stream = self.stream(forms);
        if stream.is_none() {
            self.faults.insert("".into(), format!("name the {}", form.aggregate));
        }
        let nothing = Map::new();
        let data = match form.read(self.inputs.get(&self.form).unwrap_or(&nothing)) {
            Ok(data) => data,
            Err(faults) => {
                self.faults.extend(faults);
                return None;
            }
        };
        let command = CommandRecord { stream: stream?, kind: form.name.clone(), data };
        Some(Submission::new(id, self.actor.clone(), command))
    }
}

/// What the form can do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Send, or step into.
    Now,
    /// Fork, and send there.
    Past,
    /// A command is being stepped through; all others wait.
    Stepping,
}

#[derive(Properties, PartialEq)]
pub struct CommandsProps {
    pub forms: Rc<Vec<Form>>,
    pub draft: Rc<Draft>,
    pub streams: Rc<Vec<Stream>>,
    pub mode: Mode,
    /// True where steps are listed.
    pub stepped: bool,
    pub edit: Callback<Draft>,
    pub send: Callback<()>,
    pub fork: Callback<bool>,
    pub step_into: Callback<()>,
    pub step: Callback<bool>,
    pub out: Callback<()>,
    /// What else belongs to sending.
    pub below: Html,
}

/// Forms with their places among all.
type Numbered<'a> = Vec<(usize, &'a Form)>;

/// So many ids of a category are offered; others can be typed.
const IDS_OFFERED: usize = 200;

#[component]
pub fn Commands(props: &CommandsProps) -> Html {
    let shell = use_shell();
    let draft = &props.draft;
    let Some(form) = props.forms.get(draft.form) else { return html! {} };
    let actor = edit_by(props, |draft, text| draft.actor = text.into());
    let command = edit_by(props, |draft, text| {
        draft.form = text.parse().unwrap_or_default();
        draft.faults.clear();
        draft.answer = None;
    });
    let send = {
        let (mode, send, fork) = (props.mode, props.send.clone(), props.fork.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            match mode {
                Mode::Now => send.emit(()),
                Mode::Past => fork.emit(true),
                Mode::Stepping => {}
            }
        })
    };
    let target = {
        let category = form.aggregate.clone();
        type_by(props, move |draft, text| {
            draft.targets.insert(category.clone(), text);
            draft.faults.remove("");
        })
    };
    let mut groups: Vec<(Rc<str>, Numbered)> = Vec::new();
    for (index, form) in props.forms.iter().enumerate() {
        match groups.last_mut() {
            Some((name, forms)) if *name == form.aggregate => forms.push((index, form)),
            _ => groups.push((form.aggregate.clone(), vec![(index, form)])),
        }
    }
    let categories: Set<&str> = props.streams.iter().map(Stream::category).collect();
    let aside = html! {
        <label class="inline">
            <span class="quiet">{ "as" }</span>
            <select aria-label="Acting as" onchange={actor}>
                { for ["Alice", "Bob"].map(|name| html! {
                    <option value={name} selected={*draft.actor == *name}>{ name }</option>
                }) }
            </select>
        </label>
    };
    let body = html! {
        <form onsubmit={send} novalidate={true} class={if props.mode == Mode::Stepping { "stepping" } else { "" }}>
            <label class="field">
                <span>{ "Command" }</span>
                <select id="command" aria-label="Command" onchange={command}>
                    { for groups.iter().map(|(name, forms)| html! {
                        <optgroup label={name.to_string()}>
                            { for forms.iter().map(|(index, form)| html! {
                                <option value={index.to_string()} selected={*index == draft.form}>{ form.name.to_string() }</option>
                            }) }
                        </optgroup>
                    }) }
                </select>
            </label>
            <p class="help">{ form.help.to_string() }</p>
            <div class="fields">
                { entry(
                    "target", &label_of(&form.aggregate),
                    draft.target(form),
                    Some(&form.aggregate), "text", None, draft.faults.get(""), target,
                ) }
                { for form.fields.iter().map(|field| input(props, field)) }
            </div>
            { actions(props) }
            if props.mode == Mode::Now { { props.below.clone() } }
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
    panel(&shell, &Head { name: "Commands", colour: "blue", what: "", region: true }, aside, body)
}

/// The buttons below the form. Each stays the same element whatever it is called, so that the
/// focus stays on it from the first step to the last.
fn actions(props: &CommandsProps) -> Html {
    let stepping = props.mode == Mode::Stepping;
    let first = if stepping { props.step.reform(|_: MouseEvent| true) } else { Callback::noop() };
    let second = if stepping {
        props.step.reform(|_: MouseEvent| false)
    } else {
        props.step_into.reform(|_: MouseEvent| ())
    };
    let (send, step) = match props.mode {
        Mode::Now => ("Send", "Step into"),
        Mode::Past => ("Fork here & send", "Step into"),
        Mode::Stepping => ("Finish", "Next step"),
    };
    html! {
        <>
            <div class="actions">
                <button type={if stepping { "button" } else { "submit" }} class={if stepping { "" } else { "primary" }} onclick={first}
                    title={stepping.then_some("Do all that is left (Shift Space)")}>{ send }</button>
                <button type="button" class={if stepping { "primary" } else { "" }} disabled={props.mode == Mode::Past} onclick={second}
                    title={if stepping { "Do one thing (Space)" } else { "Send it, and go through what happens one step at a time" }}>{ step }</button>
                if props.stepped && !stepping { { button("Close steps", props.out.reform(|_| ())) } }
            </div>
            if props.mode == Mode::Past {
                <p class="help">{ "A fork is a new log with this past; the old one stays. A real store has no such thing." }</p>
            } else if stepping {
                <p class="help waiting">{ "Other commands wait until this one is through. Space does the next step." }</p>
            } else if let Some((accepted, text)) = &props.draft.answer {
                <p class={if *accepted { "answer good" } else { "answer bad" }}>{ text }</p>
            }
        </>
    }
}

fn input(props: &CommandsProps, field: &FormField) -> Html {
    let draft = &props.draft;
    let value = draft.inputs.get(&draft.form).and_then(|inputs| inputs.get(&field.name));
    let value = value.map_or("", String::as_str);
    let put = {
        let name = field.name.clone();
        move |draft: &mut Draft, text: String| {
            draft.inputs.entry(draft.form).or_default().insert(name.clone(), text);
            draft.faults.remove(&name);
        }
    };
    let id = format!("field-{}", field.name);
    match &field.kind {
        FieldKind::Choice(choices) => html! {
            <label class="field" key={id}>
                <span>{ label_of(&field.name) }</span>
                <select onchange={edit_by(props, put)}>
                    { for choices.iter().map(|choice| html! {
                        <option value={choice.to_string()} selected={**choice == *value}>{ choice.to_string() }</option>
                    }) }
                </select>
            </label>
        },
        FieldKind::Flag => html! {
            <label class="field" key={id}>
                <span>{ label_of(&field.name) }</span>
                <select onchange={edit_by(props, put)}>
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
                type_by(props, put),
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

fn edit_by(
    props: &CommandsProps,
    change: impl Fn(&mut Draft, String) + 'static,
) -> Callback<Event> {
    let (edit, draft) = (props.edit.clone(), props.draft.clone());
    Callback::from(move |event: Event| {
        if let Some(text) = chosen(&event) {
            let mut draft = Draft::clone(&draft);
            change(&mut draft, text);
            edit.emit(draft);
        }
    })
}

fn type_by(
    props: &CommandsProps,
    change: impl Fn(&mut Draft, String) + 'static,
) -> Callback<InputEvent> {
    let (edit, draft) = (props.edit.clone(), props.draft.clone());
    Callback::from(move |event: InputEvent| {
        if let Some(text) = typed(&event) {
            let mut draft = Draft::clone(&draft);
            change(&mut draft, text);
            edit.emit(draft);
        }
    })
}
