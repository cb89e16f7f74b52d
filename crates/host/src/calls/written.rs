//! What is written from the table for people and editors: `leftfold.d.ts` and `help.txt`. Both
//! are served with the page, and a test compares them with the table.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{CALLS, CODES, Call, Way};
use crate::protocol::ErrorCode;
use crate::shapes::{Field, Named, Shape};

/// A shape as a type of TypeScript. Lines after the first are indented by this many spaces.
fn typed(shape: &Shape, indent: usize) -> String {
    let union = |all: Vec<String>| all.join(" | ");
    match shape {
        Shape::Json => "unknown".to_owned(),
        Shape::Text | Shape::Stream | Shape::Id => "string".to_owned(),
        Shape::Date => "string | Date".to_owned(),
        Shape::Whole(_) | Shape::Number => "number".to_owned(),
        Shape::Flag => "boolean".to_owned(),
        Shape::Null => "null".to_owned(),
        Shape::Words(words) => union(words.iter().map(|it| format!("{it:?}")).collect()),
        Shape::OrNull(shape) => format!("{} | null", typed(shape, indent)),
        Shape::OneOf(shapes) => union(shapes.iter().map(|it| typed(it, indent)).collect()),
        Shape::List(item) => match typed(item, indent) {
            item if item.contains(" | ") && !item.starts_with('{') => format!("({item})[]"),
            item => format!("{item}[]"),
        },
        Shape::Tuple(items) => {
            let items: Vec<_> = items.iter().map(|it| typed(it, indent)).collect();
            format!("[{}]", items.join(", "))
        }
        Shape::ByKey(value) => format!("Record<string, {}>", typed(value, indent)),
        Shape::Object(fields) | Shape::AtLeast(fields) => {
            object(&fields.iter().collect::<Vec<_>>(), indent)
        }
        Shape::Choice(fields) => union(fields.iter().map(|it| object(&[it], indent)).collect()),
        Shape::Named(named) => named.name.to_owned(),
        Shape::Unread(shape) => typed(shape, indent),
        Shape::Callback([]) => "() => void".to_owned(),
        Shape::Callback(each) => {
            let each = each.iter().map(|(_, it)| format!("({})", callback(it)));
            union(each.collect())
        }
    }
}

fn callback(shape: &Shape) -> String {
    format!("(it: {}) => void", typed(shape, 0))
}

fn object(fields: &[&Field], indent: usize) -> String {
    let mut text = "{\n".to_owned();
    for field in fields {
        let Field { name, shape, optional, about } = field;
        let (inner, mark) = (indent + 2, if *optional { "?" } else { "" });
        text += &comment(&[about], inner);
        let typed = typed(shape, inner);
        writeln!(text, "{:inner$}{name}{mark}: {typed};", "").unwrap();
    }
    text + &format!("{:indent$}}}", "")
}

/// Lines as a comment; nothing where there are none.
fn comment(lines: &[&str], indent: usize) -> String {
    match lines {
        [] | [""] => String::new(),
        [line] => format!("{:indent$}/** {line} */\n", ""),
        lines => {
            let lines =
                lines.iter().map(|it| format!("{:indent$} * {it}", "").trim_end().to_owned());
            let lines: Vec<_> = lines.collect();
            format!("{:indent$}/**\n{}\n{:indent$} */\n", "", lines.join("\n"), "")
        }
    }
}

fn declared(named: &Named, indent: usize) -> String {
    let about = comment(&[named.about], indent);
    let typed = typed(&named.shape, indent);
    match named.shape {
        Shape::Object(_) | Shape::AtLeast(_) => {
            format!("{about}{:indent$}interface {} {typed}\n", "", named.name)
        }
        _ => format!("{about}{:indent$}type {} = {typed};\n", "", named.name),
    }
}

/// All shapes with a name that a shape mentions, in their order.
fn named(shape: &Shape, found: &mut Vec<&'static Named>) {
    match shape {
        Shape::Named(it) if found.iter().all(|known| known.name != it.name) => {
            found.push(it);
            named(&it.shape, found);
        }
        Shape::List(it) | Shape::ByKey(it) | Shape::Unread(it) | Shape::OrNull(it) => {
            named(it, found);
        }
        Shape::Tuple(all) | Shape::OneOf(all) => all.iter().for_each(|it| named(it, found)),
        Shape::Object(fields) | Shape::AtLeast(fields) | Shape::Choice(fields) => {
            fields.iter().for_each(|it| named(&it.shape, found));
        }
        Shape::Callback(each) => each.iter().for_each(|(_, it)| named(it, found)),
        _ => {}
    }
}

/// How a call is declared: once for each word that a callback depends on.
fn signatures(call: &Call) -> Vec<String> {
    let gives = typed(call.gives, 4);
    match (&call.way, call.takes) {
        (Way::Promises(_), _) => vec![format!("readonly {}: Promise<{gives}>", call.name)],
        (Way::Listens(_), [what, Field { name, shape: Shape::Callback(each), .. }]) => each
            .iter()
            .map(|(word, it)| {
                let callback = callback(it);
                format!("{}({}: {word:?}, {name}: {callback}): {gives}", call.name, what.name)
            })
            .collect(),
        (_, takes) => {
            let takes: Vec<_> = takes.iter().map(argument).collect();
            vec![format!("{}({}): Promise<{gives}>", call.name, takes.join(", "))]
        }
    }
}

fn argument(field: &Field) -> String {
    let typed = typed(&field.shape, 4);
    if field.optional {
        format!("{}?: {typed} | null", field.name)
    } else {
        format!("{}: {typed}", field.name)
    }
}

fn codes(codes: &[ErrorCode]) -> String {
    let codes: Vec<_> = codes.iter().map(|it| format!("`{}`", it.name())).collect();
    codes.join(", ")
}

/// The types of all that can be called.
fn types() -> String {
    let mut text = "\
// The types of `window.leftfold`. They are written from the table of calls in
// crates/host/src/calls.rs: `UPDATE_EXPECT=1 cargo test -p leftfold-host written` does it.
//
// In a script, for an editor that knows TypeScript's types:
//
//     /// <reference path=\"leftfold.d.ts\" />

declare const leftfold: Leftfold.Calls;

interface Window {
  readonly leftfold: Leftfold.Calls;
}

declare namespace Leftfold {
  /**
   * The page by program. Calls return promises of plain JSON. One that fails rejects with a
   * {@link Failure}. Positions and versions start at 1; 0 is before the first.
   */
  interface Calls {
"
    .to_owned();
    let mut types = Vec::new();
    for call in CALLS {
        let takes: Vec<_> =
            call.takes.iter().map(|it| format!("@param {} {}", it.name, it.about)).collect();
        let throws = format!("@throws {}", codes(call.codes));
        let mut lines = vec![call.about];
        lines.extend(takes.iter().map(String::as_str));
        if !call.codes.is_empty() {
            lines.push(&throws);
        }
        lines.extend(["@example", call.example]);
        for signature in signatures(call) {
            text += &comment(&lines, 4);
            writeln!(text, "    {signature};").unwrap();
        }
        call.takes.iter().for_each(|it| named(&it.shape, &mut types));
        named(call.gives, &mut types);
    }
    text += "  }\n\n";
    let all: Vec<_> = CODES.iter().map(|(code, _)| format!("{:?}", code.name())).collect();
    let mut about = vec!["What kind of fault it is.".to_owned()];
    about.extend(CODES.iter().map(|(code, says)| format!("- `{}`: {says}", code.name())));
    text += &comment(&about.iter().map(String::as_str).collect::<Vec<_>>(), 2);
    writeln!(text, "  type ErrorCode = {};\n", all.join(" | ")).unwrap();
    text += "\
  /** Why a call failed. */
  interface Failure extends Error {
    code: ErrorCode;
    /** The version that was expected, where the code is `wrong_expected_version`. */
    expected?: number | \"exists\" | \"any\" | { category: number };
    /** The version that was found. */
    actual?: number;
  }
";
    for it in types {
        write!(text, "\n{}", declared(it, 2)).unwrap();
    }
    text + "}\n"
}

/// `send(stream, command, how?)`.
fn short(call: &Call) -> String {
    if let Way::Promises(_) = call.way {
        return call.name.to_owned();
    }
    let takes = call.takes.iter();
    let takes: Vec<_> =
        takes.map(|it| format!("{}{}", it.name, if it.optional { "?" } else { "" })).collect();
    format!("{}({})", call.name, takes.join(", "))
}

/// A field, and the fields inside it, each on lines of its own.
fn option(field: &Field, place: &str, known: &mut BTreeSet<&str>, text: &mut String) {
    let place = format!("{place}{}", field.name);
    let mark = if field.optional { "?" } else { "" };
    let mut shape = &field.shape;
    let mut new = true;
    loop {
        match shape {
            Shape::Named(named) => (new, shape) = (known.insert(named.name), &named.shape),
            Shape::Unread(it) => shape = it,
            _ => break,
        }
    }
    let (inside, joint): (&[Field], _) = match shape {
        Shape::Object(fields)
        | Shape::AtLeast(fields)
        | Shape::Choice(fields)
        | Shape::OneOf([.., Shape::Object(fields)]) => (fields, "."),
        Shape::List(Shape::Named(Named { shape: Shape::AtLeast(fields), .. })) => (fields, "[]."),
        _ => (&[], ""),
    };
    let kind = match shape {
        Shape::Object(_) | Shape::AtLeast(_) => String::new(),
        Shape::Choice(_) => "one of these".to_owned(),
        _ if inside.is_empty() => typed(&field.shape, 4),
        _ => shape.to_string(),
    };
    let head = format!("  {place}{mark}  {kind}");
    writeln!(text, "{}\n      {}", head.trim_end(), field.about).unwrap();
    if new {
        for field in inside {
            option(field, &format!("{place}{joint}"), known, text);
        }
    }
}

/// The documentation of all calls in one table, and then of each by itself. Two empty lines stand
/// between them, and nowhere else.
fn help() -> String {
    let mut text = "\
leftfold: the page by program. Calls return promises of plain JSON; one that fails
rejects with an Error that has a code. Positions and versions start at 1; 0 is before
the first. leftfold.help(\"send\") says more of one call. For editors there are types,
in leftfold.d.ts beside this page.
"
    .to_owned();
    let mut group = "";
    for call in CALLS {
        if call.group != group {
            group = call.group;
            writeln!(text, "\n{group}").unwrap();
        }
        writeln!(text, "  {:<38}{}", short(call), call.about).unwrap();
    }
    text += "\nCodes of failures\n";
    for (code, about) in CODES {
        writeln!(text, "  {:<38}{about}", code.name()).unwrap();
    }
    for call in CALLS {
        write!(text, "\n\n{}\n  {}\n", short(call), call.about).unwrap();
        if !call.takes.is_empty() {
            text += "\nTakes\n";
        }
        let mut known = BTreeSet::new();
        for field in call.takes {
            option(field, "", &mut known, &mut text);
        }
        let gives = match call.gives {
            Shape::Named(it) | Shape::List(Shape::Named(it)) => {
                format!("{}, which is\n{}", typed(call.gives, 2), declared(it, 2))
            }
            it => format!("{}\n", typed(it, 2)),
        };
        write!(text, "\nGives\n  {gives}\nExample\n  {}\n", call.example).unwrap();
        if !call.codes.is_empty() {
            writeln!(text, "\nFails with\n  {}", codes(call.codes)).unwrap();
        }
    }
    text
}

mod tests {
    use std::collections::BTreeSet;

    use std::fmt::Debug;

    use expect_test::expect_file;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;
    use crate::calls::Asked;
    use crate::calls::{OfPage, find};
    use crate::protocol::{Error, Imagine, LoadBy, LogPlace, Request, Sending, SubscriptionChange};

    /// `UPDATE_EXPECT=1` writes them anew.
    #[test]
    fn types_and_help_are_what_the_table_says() {
        let (types, help) = (types(), help());
        assert!(!types.contains("/**  */"), "everything says what it means");
        assert_eq!(help.split("\n\n\n").count(), CALLS.len() + 1);
        expect_file!["../../../../leftfold.d.ts"].assert_eq(&types);
        expect_file!["../../../../help.txt"].assert_eq(&help);
    }

    #[test]
    fn every_call_has_a_name_of_its_own_and_at_most_three_arguments_the_needed_ones_first() {
        let names: BTreeSet<_> = CALLS.iter().map(|it| it.name).collect();
        assert_eq!(names.len(), CALLS.len());
        for call in CALLS {
            assert!(call.takes.len() <= 3, "{}", call.name);
            assert!(call.takes.is_sorted_by_key(|it| it.optional), "{}", call.name);
        }
        assert_eq!(
            find("snd").err().as_deref(),
            Some("there is no leftfold.snd; did you mean leftfold.send?")
        );
    }

    fn call(name: &str) -> &'static Call {
        &CALLS[find(name).unwrap()]
    }

    /// What is asked, with these arguments.
    fn asked(call: &Call, arguments: &[Value]) -> Result<(), Error> {
        let mut texts: Vec<_> = arguments.iter().map(|it| Some(it.to_string())).collect();
        match call.way {
            Way::Asks(read) => call.read(read, &mut texts).map(|_| ()),
            Way::Listens(read) => call.read(read, &mut texts).map(|_| ()),
            Way::Promises(_) => Ok(()),
        }
    }

    #[test]
    fn every_example_is_read() {
        for call in CALLS.iter().filter(|it| matches!(it.way, Way::Asks(_))) {
            let text = call.example.strip_prefix("await leftfold.").unwrap();
            let text = text.strip_prefix(call.name).unwrap();
            let text = text.strip_prefix('(').and_then(|it| it.strip_suffix(')')).unwrap();
            let arguments: Vec<Value> = serde_json::from_str(&format!("[{text}]")).unwrap();
            asked(call, &arguments).unwrap_or_else(|why| panic!("{}: {why}", call.example));
        }
    }

    /// Values that a shape allows: with each field, each word, each alternative.
    fn values(shape: &Shape, depth: usize) -> Vec<Value> {
        let every = |fields: &[Field]| {
            let mut objects = vec![json!({})];
            for field in fields {
                for (index, value) in values(&field.shape, depth).into_iter().enumerate() {
                    if index == objects.len() {
                        objects.push(objects[0].clone());
                    }
                    objects[index][field.name] = value;
                }
            }
            let whole = objects[0].clone();
            let fill = |it: &Value| {
                let mut filled = whole.clone();
                filled.as_object_mut().unwrap().extend(it.as_object().unwrap().clone());
                filled
            };
            objects.iter().map(fill).collect::<Vec<_>>()
        };
        match shape {
            Shape::Json => vec![json!({ "any": 1 })],
            Shape::Text => vec![json!("send")],
            Shape::Stream => vec![json!("cart-1")],
            Shape::Date => vec![json!("2026-01-02")],
            Shape::Id => vec![json!("67e55044-10b1-426f-9247-bb680e5fe0c8")],
            Shape::Whole(most) => vec![json!(0), json!(most)],
            Shape::Number => vec![json!(1.5), json!(-1), json!(7)],
            Shape::Flag => vec![json!(true), json!(false)],
            Shape::Null | Shape::Callback(_) => vec![Value::Null],
            Shape::Words(words) => words.iter().map(|it| json!(it)).collect(),
            Shape::OrNull(it) => values(it, depth).into_iter().chain([Value::Null]).collect(),
            Shape::OneOf(all) => all.iter().flat_map(|it| values(it, depth)).collect(),
            Shape::List(it) => vec![json!([]), json!(values(it, depth))],
            Shape::Tuple(all) => vec![all.iter().map(|it| values(it, depth)[0].clone()).collect()],
            Shape::ByKey(it) => vec![json!({ "key": values(it, depth)[0] })],
            Shape::Object(fields) | Shape::AtLeast(fields) => every(fields),
            Shape::Choice(fields) => {
                let each = fields.iter().take(if depth > 2 { 1 } else { fields.len() });
                each.flat_map(|it| every(std::slice::from_ref(it))).collect()
            }
            Shape::Named(named) => values(&named.shape, depth + 1),
            Shape::Unread(it) => values(it, depth),
        }
    }

    /// All arguments that one of them allows, with the others as they may be.
    fn all_arguments(call: &Call) -> Vec<Vec<Value>> {
        let each: Vec<_> = call.takes.iter().map(|it| values(&it.shape, 0)).collect();
        let first: Vec<_> = each.iter().map(|it| it[0].clone()).collect();
        let mut all = vec![first.clone()];
        for (index, values) in each.into_iter().enumerate() {
            for value in values {
                let mut arguments = first.clone();
                arguments[index] = value;
                all.push(arguments);
            }
        }
        all
    }

    #[test]
    fn whatever_the_table_allows_is_read() {
        for call in CALLS {
            for arguments in all_arguments(call) {
                asked(call, &arguments)
                    .unwrap_or_else(|why| panic!("{} {arguments:?}: {why}", call.name));
            }
        }
    }

    /// Holds what is read of each value that an argument may be against what serde reads.
    fn as_serde<T: DeserializeOwned + Debug>(name: &str, index: usize, read: fn(&Value) -> T) {
        for value in values(&call(name).takes[index].shape, 0) {
            let serde: T = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(format!("{:?}", read(&value)), format!("{serde:?}"), "{name} {value}");
        }
    }

    /// The page reads options without serde; kept requests are read by it.
    #[test]
    fn options_are_read_as_serde_reads_them() {
        as_serde("send", 2, Sending::of);
        as_serde("subscription", 1, SubscriptionChange::of);
        as_serde("compare", 0, LogPlace::of);
        as_serde("loading", 0, LoadBy::of);
        as_serde("whatIf", 0, Imagine::of);
    }

    /// The value, with something wrong at each place in it, and the name of what is wrong.
    fn spoilt(value: &Value) -> Vec<(Value, String)> {
        let mut all = Vec::new();
        match value {
            Value::Object(object) => {
                for (name, inner) in object {
                    for (worse, wrong) in spoilt(inner) {
                        let mut another = value.clone();
                        another[name] = worse;
                        all.push((another, wrong));
                    }
                    let mut another = object.clone();
                    let inner = another.remove(name).unwrap();
                    let misspelt = format!("{name}X");
                    another.insert(misspelt.clone(), inner);
                    all.push((another.into(), misspelt));
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    for (worse, wrong) in spoilt(item) {
                        let mut another = value.clone();
                        another[index] = worse;
                        all.push((another, wrong));
                    }
                }
            }
            _ => {}
        }
        all
    }

    /// Words of serde, and names of types.
    const JARGON: [&str; 12] = [
        "invalid type",
        "invalid value",
        "missing field",
        "unknown",
        "variant",
        "struct",
        "enum",
        " line ",
        "u64",
        "u16",
        "i64",
        "untagged",
    ];

    fn plain(why: &Error) {
        assert!(JARGON.iter().all(|it| !why.message.contains(it)), "{why}");
    }

    #[test]
    fn a_misspelt_option_is_refused_by_its_name_in_every_call() {
        let mut count = 0;
        for call in CALLS {
            for arguments in all_arguments(call) {
                for (index, field) in call.takes.iter().enumerate() {
                    // What is appended may be anything that was recorded; data are the scenario's.
                    if matches!(field.shape, Shape::Unread(_)) {
                        continue;
                    }
                    for (worse, wrong) in spoilt(&arguments[index]) {
                        if wrong == "anyX" {
                            continue;
                        }
                        let mut arguments = arguments.clone();
                        arguments[index] = worse;
                        let why = asked(call, &arguments).unwrap_err();
                        plain(&why);
                        assert!(why.message.contains(&wrong), "{}: {why}", call.name);
                        assert!(why.message.contains("did you mean"), "{}: {why}", call.name);
                        count += 1;
                    }
                }
            }
        }
        assert!(count > 100, "{count}");
        let send = call("send");
        let typo = json!({ "expectedversion": 0 });
        let why = asked(send, &[json!("cart-1"), json!({ "type": "Checkout" }), typo]).unwrap_err();
        assert_eq!(
            why.message,
            "there is no how.expectedversion; did you mean how.expectedVersion?"
        );
    }

    #[test]
    fn whatever_is_wrong_is_told_in_plain_words_with_the_arguments_name() {
        let things = [
            json!(-1),
            json!(1.5),
            json!(1e300),
            json!("no"),
            json!(true),
            json!([]),
            json!([[1]]),
            json!({}),
            json!({ "is": 1 }),
            json!({ "is": ["/a", "!", {}] }),
            json!({ "state": "cart" }),
            json!({ "code": 65_536 }),
            json!({ "type": 1 }),
            json!({ "empty": null }),
        ];
        for call in CALLS {
            let good = all_arguments(call).remove(0);
            for (index, field) in call.takes.iter().enumerate() {
                for thing in &things {
                    let mut arguments = good.clone();
                    arguments[index] = thing.clone();
                    if let Err(why) = asked(call, &arguments) {
                        plain(&why);
                        assert_eq!(why.code, ErrorCode::Malformed);
                        let names = [field.name, "leftfold."];
                        assert!(names.iter().any(|it| why.message.contains(it)), "{why}");
                    }
                }
                if !field.optional && !matches!(field.shape, Shape::Callback(_)) {
                    let why = asked(call, &good[..index]).unwrap_err().message;
                    assert!(why.starts_with(&format!("{} is missing: ", field.name)), "{why}");
                }
            }
        }
    }

    #[test]
    fn long_texts_are_handed_on_as_they_are() {
        let append = call("append");
        let Way::Asks(read) = append.way else { panic!("a promise") };
        let text = "[ not looked at".to_owned();
        let Ok(Asked::OfLog(Request::Append { events, react: false, .. })) =
            append.read(read, &mut [Some(text.clone())])
        else {
            panic!("something else")
        };
        assert_eq!(events.0, text);
    }

    #[test]
    fn null_and_nothing_are_the_same_where_something_can_be_left_out() {
        for call in CALLS {
            let good = all_arguments(call).remove(0);
            for (index, _) in call.takes.iter().enumerate().filter(|(_, it)| it.optional) {
                let mut arguments = good[..=index].to_vec();
                arguments[index] = Value::Null;
                asked(call, &arguments).unwrap();
                asked(call, &good[..index]).unwrap();
            }
        }
        let Way::Asks(read) = call("help").way else { panic!("a promise") };
        let help = call("help").read(read, &mut []);
        assert!(matches!(help, Ok(Asked::OfPage(OfPage::Help(0)))));
        let part = super::help().split("\n\n\n").nth(find("send").unwrap() + 1).unwrap().to_owned();
        assert!(part.starts_with("send(stream, command, how?)"), "{part}");
    }
}
