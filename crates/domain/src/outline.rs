//! The outline in JavaScript of a scenario that has no twin: its commands and events, and an
//! `evolve` that puts the fields of events together. What is decided is for the person to write.

use es::Scenario;
use serde_json::Value;

/// A text that begins a domain with the commands and events of a scenario.
pub fn outline(scenario: &Scenario) -> String {
    let aggregates: Vec<String> = scenario
        .aggregates
        .iter()
        .map(|it| aggregate(&it.name(), it.schema(), &it.commands(), &it.events()))
        .collect();
    format!(
        "// This is an outline of “{title}”. It has the same commands and events, so it reads the\n\
         // same log. What a command decides, and what an event changes, is yours to write.\n\
         domain({{\n  title: {named},\n  about: {about},\n\n  aggregates: {{\n{aggregates}  }},\n\n  \
         projections: {{\n    \"What happened\": {{\n      about: \"How often each event happened.\",\n      \
         initial: {{}},\n      apply: (counts, event) => ({{\n        ...counts,\n        \
         [event.type]: (counts[event.type] ?? 0) + 1,\n      }}),\n      \
         view: (counts) => table([\"event\", \"times\"], Object.entries(counts)),\n    }},\n  }},\n}});\n",
        title = scenario.title,
        named = quoted(&format!("My {}", scenario.title)),
        about = quoted(&scenario.about),
        aggregates = aggregates.concat(),
    )
}

fn aggregate(name: &str, schema: u16, commands: &Value, events: &Value) -> String {
    let commands = variants(commands);
    let cases: Vec<String> = commands.iter().map(|it| case(it)).collect();
    let commands: Vec<String> = commands.iter().map(command).collect();
    let events: Vec<String> = variants(events).iter().map(event).collect();
    let schema = if schema > 1 { format!("      schema: {schema},\n") } else { String::new() };
    format!(
        "    {name}: {{\n      initial: {{}},\n{schema}      commands: {{\n{commands}      }},\n      \
         events: {{\n{events}      }},\n      decide(state, command) {{\n        \
         switch (command.type) {{\n{cases}        }}\n      }},\n      evolve(state, event) {{\n        \
         const {{ type, ...fields }} = event;\n        return {{ ...state, ...fields, last: type }};\n      \
         }},\n    }},\n",
        commands = commands.concat(),
        events = events.concat(),
        cases = cases.concat(),
    )
}

/// A command or an event: its name, what it is, and its fields.
struct Variant<'a> {
    name: &'a str,
    help: Option<&'a str>,
    fields: Vec<(&'a str, &'a Value, bool)>,
}

fn variants(schema: &Value) -> Vec<Variant<'_>> {
    let all = schema["oneOf"].as_array().into_iter().flatten();
    let read = all.filter_map(|it| {
        let (name, data) = it["properties"].as_object()?.iter().next()?;
        let required = data["required"].as_array();
        let is_required = |name: &str| required.is_some_and(|it| it.iter().any(|it| it == name));
        let fields = data["properties"].as_object().into_iter().flatten();
        Some(Variant {
            name,
            help: it["description"].as_str(),
            fields: fields.map(|(name, it)| (&**name, it, is_required(name))).collect(),
        })
    });
    read.collect()
}

fn command(it: &Variant) -> String {
    let help = it.help.map(|it| format!("help: {}, ", quoted(&it.replace('\n', " "))));
    let fields: Vec<String> = it.fields.iter().map(field).collect();
    let fields = if fields.is_empty() {
        String::new()
    } else {
        format!("fields: {{ {} }} ", fields.join(", "))
    };
    format!("        {}: {{ {}{fields}}},\n", it.name, help.unwrap_or_default())
}

fn event(it: &Variant) -> String {
    let fields: Vec<String> = it.fields.iter().map(field).collect();
    if fields.is_empty() {
        format!("        {}: {{}},\n", it.name)
    } else {
        format!("        {}: {{ {} }},\n", it.name, fields.join(", "))
    }
}

fn case(it: &Variant) -> String {
    let why = quoted(&format!("{} is not decided yet", it.name));
    format!("          case {}:\n            throw new Error({why});\n", quoted(it.name))
}

/// A field, by an example of what it holds.
fn field((name, schema, required): &(&str, &Value, bool)) -> String {
    let kind = match &schema["type"] {
        Value::Array(all) => all.iter().find_map(|it| it.as_str().filter(|it| *it != "null")),
        other => other.as_str(),
    };
    let example = schema["examples"].get(0).cloned().unwrap_or_else(|| match kind {
        Some("integer" | "number") => Value::from(0),
        Some("boolean") => Value::from(false),
        Some("array") => Value::from(Vec::<Value>::new()),
        Some("string") => Value::from(""),
        _ => Value::Null,
    });
    let help = schema["description"].as_str().map(|it| format!(", help: {}", quoted(it)));
    let help = help.unwrap_or_default();
    let optional = if *required { "" } else { ", optional: true" };
    let format = schema["format"].as_str().unwrap_or_default();
    match (format, format.strip_prefix("id-of-")) {
        ("cents", _) => format!("{name}: {{ money: {example}{help}{optional} }}"),
        (_, Some(category)) => {
            format!("{name}: {{ id: {}, example: {example}{help}{optional} }}", quoted(category))
        }
        _ if help.is_empty() && optional.is_empty() => format!("{name}: {example}"),
        _ => format!("{name}: {{ example: {example}{help}{optional} }}"),
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
