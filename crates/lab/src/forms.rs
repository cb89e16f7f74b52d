//! Forms for commands and events, made from their JSON schemas.

use std::rc::Rc;

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use es::{AnyAggregate, Map, Older, Scenario};

/// A command or an event that can be filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// The category of the streams that the form is for.
    pub aggregate: Rc<str>,
    /// The type of the command or event.
    pub name: Rc<str>,
    /// What a command does, in a sentence.
    pub help: Rc<str>,
    /// The fields, in order.
    pub fields: Vec<FormField>,
    /// True for an event: it is appended, and nobody decides on it.
    pub is_event: bool,
    /// The older schema under which an event is stored. None where it has today's shape.
    pub schema: Option<u16>,
}

/// A field to fill in.
#[derive(Clone, Debug, PartialEq)]
pub struct FormField {
    /// The field's name in the data.
    pub name: Rc<str>,
    /// What to fill in, in words.
    pub help: Rc<str>,
    /// How the text is read.
    pub kind: FieldKind,
    /// The text that the field holds at first.
    pub default: Rc<str>,
    /// False where the field may be left empty.
    pub required: bool,
}

/// How a field's text is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Text, as it stands.
    Text,
    /// A whole number.
    Number,
    /// An amount with up to two decimals, read into cents.
    Money,
    /// The id of an instance of this category.
    Id(Rc<str>),
    /// Several texts, separated by commas.
    List,
    /// Yes or no.
    Flag,
    /// One of these.
    Choice(Vec<Rc<str>>),
}

/// The forms of all commands of a scenario, in its order.
pub fn forms(scenario: &Scenario) -> Vec<Form> {
    forms_of(scenario, |aggregate| aggregate.commands(), false)
}

/// The forms of all events of a scenario, in its order. Those that older versions of its code wrote
/// come last.
pub fn event_forms(scenario: &Scenario) -> Vec<Form> {
    let mut forms = forms_of(scenario, |aggregate| aggregate.events(), true);
    for aggregate in &scenario.aggregates {
        forms.extend(aggregate.older().into_iter().map(|it| older(&aggregate.name(), it)));
    }
    forms
}

/// The form of an event in the shape in which it was stored.
fn older(aggregate: &Rc<str>, Older { about, stored }: Older) -> Form {
    let fields = stored.data.as_object().into_iter().flatten().map(|(name, value)| {
        let kind = if value.is_number() { FieldKind::Number } else { FieldKind::Text };
        let default = value.as_str().map_or_else(|| value.to_string(), str::to_owned).into();
        FormField { name: name.as_str().into(), help: "".into(), kind, default, required: true }
    });
    Form {
        aggregate: aggregate.clone(),
        name: stored.kind.as_str().into(),
        help: about,
        fields: fields.collect(),
        is_event: true,
        schema: Some(stored.schema),
    }
}

fn forms_of(
    scenario: &Scenario,
    schema: fn(&dyn AnyAggregate) -> Value,
    is_event: bool,
) -> Vec<Form> {
    let mut forms = Vec::new();
    for aggregate in &scenario.aggregates {
        let schema = schema(&**aggregate);
        let name = aggregate.name();
        let variants = schema["oneOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
        forms.extend(variants.iter().filter_map(|variant| form(&name, variant, is_event)));
    }
    forms
}

fn form(aggregate: &Rc<str>, variant: &Value, is_event: bool) -> Option<Form> {
    let (name, data) = variant["properties"].as_object()?.iter().next()?;
    let required: Vec<&str> =
        data["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = data["properties"].as_object().into_iter().flatten();
    let fields = fields.map(|(name, schema)| field(name, schema, required.contains(&&**name)));
    Some(Form {
        aggregate: aggregate.clone(),
        name: name.as_str().into(),
        help: variant["description"].as_str().unwrap_or_default().into(),
        fields: fields.collect(),
        is_event,
        schema: None,
    })
}

fn field(name: &str, schema: &Value, required: bool) -> FormField {
    let kind = kind(schema);
    let example = schema.get("default").or_else(|| schema["examples"].get(0));
    let default = example.map(|value| written(&kind, value)).unwrap_or_default();
    FormField {
        name: name.into(),
        help: schema["description"].as_str().unwrap_or_default().into(),
        kind,
        default: default.into(),
        required,
    }
}

fn kind(schema: &Value) -> FieldKind {
    // The schema of an optional field is a choice between its type and null.
    let inner = schema["anyOf"].as_array().into_iter().flatten();
    if let Some(inner) = inner.clone().find(|it| it["type"] != "null") {
        return kind(inner);
    }
    if let Some(choices) = schema["enum"].as_array() {
        return FieldKind::Choice(choices.iter().filter_map(Value::as_str).map(Rc::from).collect());
    }
    if let Some(format) = schema["format"].as_str() {
        if let Some(category) = format.strip_prefix("id-of-") {
            return FieldKind::Id(category.into());
        }
        if format == "cents" {
            return FieldKind::Money;
        }
    }
    let name = match &schema["type"] {
        Value::Array(types) => types.iter().find_map(|it| it.as_str().filter(|it| *it != "null")),
        other => other.as_str(),
    };
    match name {
        Some("integer") => FieldKind::Number,
        Some("boolean") => FieldKind::Flag,
        Some("array") => FieldKind::List,
        _ => FieldKind::Text,
    }
}

/// A value as a person would type it into the field.
fn written(kind: &FieldKind, value: &Value) -> String {
    match (kind, value) {
        (FieldKind::Money, value) => match value.as_i64() {
            Some(cents) => es::Cents(cents).to_string(),
            None => value.to_string(),
        },
        (_, Value::String(text)) => text.clone(),
        (_, Value::Array(list)) => {
            list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        (_, Value::Null) => String::new(),
        (_, other) => other.to_string(),
    }
}

impl Form {
    /// The text of each field for a command's data, by the field's name.
    pub fn filled(&self, data: &Value) -> Map<Rc<str>, String> {
        let mut inputs = self.defaults();
        for field in &self.fields {
            if let Some(value) = data.get(&*field.name) {
                inputs.insert(field.name.clone(), written(&field.kind, value));
            }
        }
        inputs
    }

    /// The text of each field at first, by the field's name.
    pub fn defaults(&self) -> Map<Rc<str>, String> {
        self.fields.iter().map(|field| (field.name.clone(), field.default.to_string())).collect()
    }

    /// Reads the inputs, by the fields' names, as JSON data.
    ///
    /// # Errors
    /// A sentence for each field that cannot be read, by the field's name.
    pub fn read(
        &self,
        inputs: &Map<Rc<str>, String>,
    ) -> Result<Box<RawValue>, Map<Rc<str>, String>> {
        let mut data = serde_json::Map::new();
        let mut faults = Map::new();
        for field in &self.fields {
            let text = inputs.get(&field.name).map_or("", |text| text.trim());
            match field.read(text) {
                Ok(Some(value)) => _ = data.insert(field.name.to_string(), value),
                Ok(None) => {}
                Err(fault) => _ = faults.insert(field.name.clone(), fault),
            }
        }
        match to_raw_value(&data) {
            Ok(data) if faults.is_empty() => Ok(data),
            _ => Err(faults),
        }
    }
}

/// A field's name as words: `initial_amount` becomes "Initial amount".
pub fn label_of(name: &str) -> String {
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

impl FormField {
    fn read(&self, text: &str) -> Result<Option<Value>, String> {
        if text.is_empty() && !self.required {
            return Ok(None);
        }
        let value = match &self.kind {
            FieldKind::Number => match text.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => return Err("type a whole number, such as 3".to_owned()),
            },
            FieldKind::Money => match cents(text) {
                Some(cents) => cents.into(),
                None => return Err("type an amount, such as 80.00".to_owned()),
            },
            FieldKind::Id(category) if text.is_empty() => {
                return Err(format!("name the {category}"));
            }
            FieldKind::List => text
                .split(',')
                .map(str::trim)
                .filter(|it| !it.is_empty())
                .collect::<Vec<_>>()
                .into(),
            FieldKind::Flag => (text == "true").into(),
            FieldKind::Choice(choices) if !choices.iter().any(|choice| &**choice == text) => {
                return Err(format!("choose one of {}", choices.join(", ")));
            }
            FieldKind::Id(_) | FieldKind::Choice(_) | FieldKind::Text => text.into(),
        };
        Ok(Some(value))
    }
}

/// Reads an amount such as `80`, `80.5` or `-80,50`, in cents. None where the text is no amount.
pub fn cents(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    let part = format!("{part:0<2}").parse::<i64>().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(part)?.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Session, World};

    #[test]
    fn amounts_are_read_into_cents_and_nothing_else_is() {
        let read = ["80", "80.5", "80,50", "-0.05"].map(cents);
        assert_eq!(read, [Some(8000), Some(8050), Some(8050), Some(-5)]);
        for text in ["", ".", "1.234", "eighty", "1e3", "- 1", "99999999999999999999", "1.-5"] {
            assert_eq!(cents(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_carts_commands_become_forms_that_work_at_once() {
        let cart = scenarios::all().remove(0);
        let forms = forms(&cart);
        let names: Vec<&str> = forms.iter().map(|form| &*form.name).collect();
        assert_eq!(names, ["AddToCart", "RemoveFromCart", "Checkout"]);
        let add = &forms[0];
        assert_eq!(&*add.help, "Puts one piece of an item into the cart.");
        assert_eq!(label_of(&add.fields[0].name), "Item");
        assert_eq!(add.read(&add.defaults()).unwrap().get(), r#"{"item":"apples"}"#);
        assert_eq!(forms[2].read(&forms[2].defaults()).unwrap().get(), "{}");
    }

    #[test]
    fn every_event_that_a_story_leads_to_has_a_form_that_knows_its_fields() {
        for scenario in scenarios::all() {
            let forms = event_forms(&scenario);
            let mut session = Session::new(World::new(&scenario));
            session.play_story();
            assert!(session.head() > 0);
            for event in session.log().events(1, session.head()) {
                let (category, kind) = (event.stream().category(), event.kind());
                let place = format!("{}: {category} {kind}", scenario.id);
                let of = |it: &&Form| &*it.aggregate == category && it.name == *kind;
                let form = forms.iter().find(of).unwrap_or_else(|| panic!("{place} has no form"));
                let data: Value = serde_json::from_str(event.data().get()).unwrap();
                let data = data.as_object().unwrap();
                let known = |name: &String| form.fields.iter().any(|it| *it.name == **name);
                assert!(data.keys().all(known), "{place}: {data:?} and {:?}", form.fields);
                let mut needed = form.fields.iter().filter(|it| it.required);
                assert!(needed.all(|it| data.contains_key(&*it.name)), "{place}: {data:?}");
            }
        }
    }

    #[test]
    fn an_events_fields_are_read_as_a_commands_are() {
        let bank = scenarios::all().into_iter().find(|it| &*it.id == "bank").unwrap();
        let forms = event_forms(&bank);
        let opened = forms.iter().find(|it| &*it.name == "AccountOpened").unwrap();
        let kinds: Vec<&FieldKind> = opened.fields.iter().map(|it| &it.kind).collect();
        assert_eq!(kinds, [&FieldKind::Id("customer".into()), &FieldKind::Money]);
        let inputs = [("customer", "1"), ("initial_balance", "80")];
        let inputs = inputs.map(|(name, text)| (Rc::from(name), text.to_owned())).into();
        assert_eq!(
            opened.read(&inputs).unwrap().get(),
            r#"{"customer":"1","initial_balance":8000}"#
        );
    }

    #[test]
    fn a_field_that_cannot_be_read_says_so_and_the_others_are_kept() {
        let field = |name: &str, kind| FormField {
            name: name.into(),
            help: "".into(),
            kind,
            default: "".into(),
            required: true,
        };
        let form = Form {
            aggregate: "account".into(),
            name: "Deposit".into(),
            help: "".into(),
            fields: vec![
                field("amount", FieldKind::Money),
                field("times", FieldKind::Number),
                field("to", FieldKind::Id("account".into())),
                field("names", FieldKind::List),
            ],
            is_event: false,
            schema: None,
        };
        let inputs = [("amount", "a lot"), ("times", "x"), ("to", ""), ("names", "a, b,,")];
        let inputs = inputs.map(|(name, text)| (Rc::from(name), text.to_owned())).into();
        let faults = form.read(&inputs).unwrap_err();
        let named: Vec<&str> = faults.keys().map(|name| &**name).collect();
        assert_eq!(named, ["amount", "times", "to"]);
        assert_eq!(faults["to"], "name the account");
    }
}
