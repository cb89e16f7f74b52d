//! Fills in the commands of any scenario as a person would. No scenario is named here.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use leftfold::es::{Act, Fact};
use leftfold::es::{Cents, CommandRecord, EventLog, Scenario, Stream};
use leftfold::lab::{FieldKind, Form, FormField, forms};
use serde_json::Value;

/// The texts to type into forms: the forms' defaults, the story's values, and a few oddities.
pub struct Pool {
    /// The forms, in the scenario's order.
    pub forms: Vec<Form>,
    /// Command type and field → the texts of the story.
    told: BTreeMap<(Rc<str>, String), BTreeSet<Rc<str>>>,
    /// Category → the ids that the story names.
    ids: BTreeMap<String, BTreeSet<Rc<str>>>,
}

impl Pool {
    /// The texts for a scenario's forms.
    pub fn of(scenario: &Scenario) -> Self {
        let mut pool = Self { forms: forms(scenario), told: BTreeMap::new(), ids: BTreeMap::new() };
        for act in scenario.story.iter().flat_map(|step| &step.acts) {
            let (Act::Send(CommandRecord { stream, kind, data })
            | Act::Append(Fact { stream, kind, data, .. })) = act;
            let ids = pool.ids.entry(stream.category().to_owned()).or_default();
            ids.insert(stream.id().clone());
            let data: BTreeMap<String, Value> =
                serde_json::from_str(data.get()).unwrap_or_default();
            let form = pool.forms.iter().find(|form| form.name == *kind);
            for field in form.into_iter().flat_map(|form| &form.fields) {
                if let Some(value) = data.get(&*field.name) {
                    let told = pool.told.entry((kind.clone(), field.name.to_string()));
                    told.or_default().insert(typed(&field.kind, value).into());
                }
            }
        }
        pool
    }

    /// The ids that a person might type.
    pub fn ids(&self, category: &str, log: &EventLog) -> Vec<Rc<str>> {
        let mut ids: Vec<Rc<str>> = vec!["1".into(), "2".into(), "new".into()];
        ids.extend(self.ids.get(category).into_iter().flatten().cloned());
        let streams = log.streams().map(|(stream, _)| stream);
        ids.extend(streams.filter(|it| it.category() == category).map(|it| it.id().clone()));
        ids
    }

    /// Fills in a form. For each field, `pick` chooses one of as many texts as it is given. None
    /// where the texts cannot be read, so that nothing would be sent.
    pub fn fill_in(
        &self,
        form: &Form,
        stream: Stream,
        log: &EventLog,
        mut pick: impl FnMut(usize) -> usize,
    ) -> Option<CommandRecord> {
        let mut typed = form.defaults();
        for field in &form.fields {
            let choices = self.choices(form, field, log);
            typed.insert(field.name.clone(), choices[pick(choices.len())].to_string());
        }
        let data = form.read(&typed).ok()?;
        Some(CommandRecord { stream, kind: form.name.clone(), data })
    }

    fn choices(&self, form: &Form, field: &FormField, log: &EventLog) -> Vec<Rc<str>> {
        let told = self.told.get(&(form.name.clone(), field.name.to_string()));
        let mut choices: Vec<Rc<str>> = told.into_iter().flatten().cloned().collect();
        let of = |texts: &[&str]| texts.iter().map(|text| Rc::from(*text)).collect();
        let more: Vec<Rc<str>> = match &field.kind {
            FieldKind::Text => of(&["", "apples", "Lola", "*a* <b> #x", "7"]),
            FieldKind::Number => of(&["0", "1", "-3", "1000000", "9223372036854775807"]),
            FieldKind::Money => of(&["0", "10", "80.00", "-5", "92233720368547758.07"]),
            FieldKind::Id(category) => self.ids(category, log),
            FieldKind::List => of(&["", "a, b", "a, a", "c"]),
            FieldKind::Flag => of(&["true", "false"]),
            FieldKind::Choice(choices) => choices.clone(),
        };
        choices.extend(more);
        choices.push(field.default.clone());
        choices
    }
}

/// A value of the story as a person would type it.
fn typed(kind: &FieldKind, value: &Value) -> String {
    match (kind, value) {
        (FieldKind::Money, Value::Number(cents)) => Cents(cents.as_i64().unwrap()).to_string(),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Array(list)) => {
            list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        (_, Value::Null) => String::new(),
        (_, other) => other.to_string(),
    }
}
