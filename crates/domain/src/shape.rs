//! What the bridge says of a domain, and how data is compared with it.

use std::rc::Rc;

use es::{Act, Check, CommandRecord, Condition, Fact, Map, Older, Operand, Origin, Relation, Step};
use es::{Stream, Subject};
use serde_json::Value;
use serde_json::value::RawValue;

/// An aggregate, as its text describes it.
pub(crate) struct AggregateShape {
    pub(crate) name: Rc<str>,
    pub(crate) part: usize,
    pub(crate) schema: u16,
    pub(crate) commands: Value,
    pub(crate) events: Value,
    pub(crate) upcasts: bool,
    pub(crate) ids: bool,
    pub(crate) older: Vec<Older>,
}

/// A read model or process, as its text describes it.
pub(crate) struct ProjectionShape {
    pub(crate) name: Rc<str>,
    pub(crate) about: Rc<str>,
    pub(crate) part: usize,
    pub(crate) waits: bool,
}

/// The entries of a list, or none.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text, or an empty one.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn part(value: &Value) -> usize {
    value["part"].as_u64().and_then(|it| it.try_into().ok()).unwrap_or_default()
}

fn schema(value: &Value) -> u16 {
    value["schema"].as_u64().and_then(|it| it.try_into().ok()).unwrap_or(1)
}

impl AggregateShape {
    pub(crate) fn of(value: &Value) -> Self {
        let older = list(&value["older"]).map(|it| {
            Older::new(text(&it["about"]), text(&it["type"]), schema(it), it["data"].clone())
        });
        Self {
            name: text(&value["name"]).into(),
            part: part(value),
            schema: schema(value),
            commands: value["commands"].clone(),
            events: value["events"].clone(),
            upcasts: value["upcasts"] == true,
            ids: value["ids"] == true,
            older: older.collect(),
        }
    }
}

impl ProjectionShape {
    pub(crate) fn of(value: &Value) -> Self {
        Self {
            name: text(&value["name"]).into(),
            about: text(&value["about"]).into(),
            part: part(value),
            waits: value["waits"] == true,
        }
    }
}

/// A check, as the bridge writes it.
pub(crate) fn check(value: &Value) -> Check {
    let subject = match value["subject"]["each"].as_str() {
        Some(category) => Subject::Each(category.into()),
        None => Subject::View(text(&value["subject"]["view"]).into()),
    };
    Check { name: text(&value["name"]).into(), subject, holds: condition(&value["holds"]) }
}

fn condition(value: &Value) -> Condition {
    let all = |value: &Value| list(value).map(condition).collect();
    if value["all"].is_array() {
        return Condition::All(all(&value["all"]));
    }
    if value["any"].is_array() {
        return Condition::Any(all(&value["any"]));
    }
    if value["not"].is_object() {
        return Condition::Not(condition(&value["not"]).into());
    }
    let is = &value["is"];
    let relation = match text(&is[1]) {
        "<" => Relation::Less,
        "<=" => Relation::AtMost,
        _ => Relation::Equal,
    };
    let operand = match is[2]["field"].as_str() {
        Some(field) => Operand::Field(field.to_owned()),
        None => Operand::Value(is[2]["value"].clone()),
    };
    Condition::Is(text(&is[0]).to_owned(), relation, operand)
}

/// A step of the story. It is known by what it says and does, so that it counts as told as long as
/// nobody changes it; in a log that was made of another scenario's, by that one's id and its number.
pub(crate) fn step((number, value): (usize, &Value), of: Option<&str>) -> Step {
    let key = match of {
        Some(scenario) => format!("{scenario}/{number}"),
        None => format!("own/{}", es::command_id(&value.to_string(), 0).simple()),
    };
    Step {
        key: Some(key.into()),
        say: text(&value["say"]).into(),
        actor: text(&value["by"]).into(),
        at: value["at"].as_u64().unwrap_or_default(),
        acts: list(&value["acts"]).filter_map(act).collect(),
        show: list(&value["show"]).map(|it| text(it).into()).collect(),
    }
}

fn act(value: &Value) -> Option<Act> {
    let stream = Stream::parse(text(&value["stream"])).ok()?;
    let data = RawValue::from_string(text(&value["data"]).to_owned()).ok()?;
    let kind: Rc<str> = text(&value["type"]).into();
    let origin = match text(&value["origin"]) {
        "import" => Origin::Import,
        "forced" => Origin::Forced,
        "command" => Origin::Command,
        _ => return Some(Act::Send(CommandRecord { stream, kind, data })),
    };
    Some(Act::Append(Fact { origin, stream, kind, schema: schema(value), data }))
}

/// The fields of each type of command or event.
pub(crate) struct Types(Map<Rc<str>, Vec<FieldShape>>);

struct FieldShape {
    name: Rc<str>,
    kinds: Vec<String>,
    required: bool,
}

impl Types {
    /// Reads them from a schema.
    pub(crate) fn of(schema: &Value) -> Self {
        let variants = schema["oneOf"].as_array().into_iter().flatten();
        let types = variants.filter_map(|variant| {
            let (name, data) = variant["properties"].as_object()?.iter().next()?;
            let required = data["required"].as_array();
            let fields = data["properties"].as_object().into_iter().flatten();
            let fields = fields.map(|(name, schema)| FieldShape {
                name: name.as_str().into(),
                kinds: kinds(&schema["type"]),
                required: required.is_some_and(|all| all.iter().any(|it| it == name)),
            });
            Some((Rc::from(name.as_str()), fields.collect()))
        });
        Self(types.collect())
    }

    /// Says what is wrong with the data of a type.
    pub(crate) fn fault(&self, kind: &str, data: &str) -> Option<String> {
        let Some(fields) = self.0.get(kind) else {
            let known: Vec<_> = self.0.keys().map(|it| &**it).collect();
            return Some(format!("there is no {kind}: one of {} is expected", known.join(", ")));
        };
        if fields.is_empty() {
            return None;
        }
        let Ok(Value::Object(given)) = serde_json::from_str(data) else {
            return Some("the data is not an object of named fields".to_owned());
        };
        fields.iter().find_map(|field| match given.get(&*field.name) {
            None | Some(Value::Null) if !field.required => None,
            None => Some(format!("{} is missing", field.name)),
            Some(_) if field.kinds.is_empty() => None,
            Some(value) if field.kinds.iter().any(|kind| is(kind, value)) => None,
            Some(value) => {
                let wanted = field.kinds.first().map_or("", |it| spoken(it));
                Some(format!("{} is expected to be {wanted}, not {value}", field.name))
            }
        })
    }
}

fn kinds(of: &Value) -> Vec<String> {
    let all = match of {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect::<Vec<_>>(),
    };
    all.into_iter().map(str::to_owned).collect()
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    }
}

fn spoken(kind: &str) -> &str {
    match kind {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        other => other,
    }
}
