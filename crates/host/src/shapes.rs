//! What a JSON value may be. A value is checked against its shape before it is read, so that
//! whoever wrote it is told what is wrong in plain words; types for editors are written from the
//! same shapes.

use std::fmt::{self, Display};

use es::Stream;
use serde_json::Value;
use uuid::Uuid;

/// What a value may be.
pub enum Shape {
    /// Anything.
    Json,
    /// Text.
    Text,
    /// Text that names a stream, such as `cart-1`.
    Stream,
    /// Text that browsers read as a date; in JavaScript a `Date` as well.
    Date,
    /// Text that is a UUID.
    Id,
    /// A whole number from 0 to this one; to any where this is the largest.
    Whole(u32),
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// Nothing.
    Null,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A list of values that are all alike.
    List(&'static Shape),
    /// A list of so many values, each with a shape of its own.
    Tuple(&'static [Shape]),
    /// An object whose keys are data, and whose values are all alike.
    ByKey(&'static Shape),
    /// An object with these fields and no others.
    Object(&'static [Field]),
    /// An object with these fields; what else it has is of no interest.
    AtLeast(&'static [Field]),
    /// An object with exactly one of these fields.
    Choice(&'static [Field]),
    /// The same, or null.
    OrNull(&'static Shape),
    /// One of these.
    OneOf(&'static [Shape]),
    /// A shape that has a name of its own.
    Named(&'static Named),
    /// JSON that is handed on as text, and checked only where it is read: it may be long.
    Unread(&'static Shape),
    /// A function. Each word that the argument before it may be, with what it is called with then.
    Callback(&'static [(&'static str, Shape)]),
}

/// A field of an object, or an argument of a call.
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub shape: Shape,
    /// True where it can be left out.
    pub optional: bool,
    /// What it means, in a sentence.
    pub about: &'static str,
}

/// A shape with a name.
pub struct Named {
    /// The name of the type in TypeScript.
    pub name: &'static str,
    /// What it means, in a sentence.
    pub about: &'static str,
    /// The shape itself.
    pub shape: Shape,
}

/// A whole number from 0.
pub const WHOLE: Shape = Shape::Whole(u32::MAX);

/// A text for those who read the documentation. The page fetches the documentation only where
/// somebody asks for it, so that no text is compiled into the page.
pub const fn about(text: &'static str) -> &'static str {
    if cfg!(target_arch = "wasm32") { "" } else { text }
}

/// The shape of a result, which only the documentation needs.
pub const fn result(shape: &'static Shape) -> &'static Shape {
    if cfg!(target_arch = "wasm32") { &Shape::Json } else { shape }
}

/// What a callback is called with, which only the documentation needs.
pub const fn called_with(
    each: &'static [(&'static str, Shape)],
) -> &'static [(&'static str, Shape)] {
    if cfg!(target_arch = "wasm32") { &[] } else { each }
}

/// A field that has to be there.
pub const fn required(name: &'static str, shape: Shape, text: &'static str) -> Field {
    Field { name, shape, optional: false, about: about(text) }
}

/// A field that can be left out.
pub const fn optional(name: &'static str, shape: Shape, text: &'static str) -> Field {
    Field { name, shape, optional: true, about: about(text) }
}

impl Field {
    /// Checks a value, or that there is none. As an argument, null is as good as nothing.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn check(&self, value: Option<&Value>) -> Result<(), String> {
        match value {
            None | Some(Value::Null) if self.optional => Ok(()),
            Some(value) => self.shape.check(value, self.name),
            None => Err(self.missing(self.name)),
        }
    }

    fn missing(&self, place: &str) -> String {
        format!("{place} is missing: {} is expected", self.shape)
    }
}

impl Shape {
    /// Checks a value. `place` says where it stands, such as `how.retry`.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn check(&self, value: &Value, place: &str) -> Result<(), String> {
        let fits = match self {
            Self::Json => true,
            Self::Text | Self::Date => value.is_string(),
            Self::Stream => value.as_str().is_some_and(|it| Stream::parse(it).is_ok()),
            Self::Id => value.as_str().is_some_and(|it| Uuid::parse_str(it).is_ok()),
            Self::Whole(most) => {
                value.as_u64().is_some_and(|it| *most == u32::MAX || it <= u64::from(*most))
            }
            Self::Number => value.is_number(),
            Self::Flag => value.is_boolean(),
            Self::Null | Self::Callback(_) => value.is_null(),
            Self::Words(words) => value.as_str().is_some_and(|it| words.contains(&it)),
            Self::Named(named) => return named.shape.check(value, place),
            Self::Unread(shape) => return shape.check(value, place),
            Self::OrNull(shape) => {
                return if value.is_null() { Ok(()) } else { shape.check(value, place) };
            }
            Self::OneOf(shapes) => {
                if shapes.iter().any(|it| it.check(value, place).is_ok()) {
                    return Ok(());
                }
                // An object is compared with the object that it may be.
                let object = shapes.iter().find(|it| it.is_object() && value.is_object());
                return object
                    .map_or_else(|| self.mismatch(value, place), |it| it.check(value, place));
            }
            Self::List(_) | Self::Tuple(_) => return self.check_list(value, place),
            Self::ByKey(_) | Self::Object(_) | Self::AtLeast(_) | Self::Choice(_) => {
                return self.check_object(value, place);
            }
        };
        if fits { Ok(()) } else { self.mismatch(value, place) }
    }

    fn check_list(&self, value: &Value, place: &str) -> Result<(), String> {
        let Value::Array(items) = value else { return self.mismatch(value, place) };
        for (index, item) in items.iter().enumerate() {
            let shape = match self {
                Self::Tuple(shapes) if shapes.len() == items.len() => &shapes[index],
                Self::List(shape) => *shape,
                _ => break,
            };
            shape.check(item, &format!("{place}[{index}]"))?;
        }
        match self {
            Self::Tuple(shapes) if shapes.len() != items.len() => self.mismatch(value, place),
            _ => Ok(()),
        }
    }

    fn check_object(&self, value: &Value, place: &str) -> Result<(), String> {
        let Value::Object(object) = value else { return self.mismatch(value, place) };
        let fields = match self {
            Self::Choice(_) if object.len() != 1 => return self.mismatch(value, place),
            Self::Object(fields) | Self::AtLeast(fields) | Self::Choice(fields) => fields,
            Self::ByKey(shape) => {
                let mut values = object.iter();
                return values.try_for_each(|(key, it)| shape.check(it, &format!("{place}.{key}")));
            }
            _ => return Ok(()),
        };
        for (name, value) in object {
            let Some(field) = fields.iter().find(|it| it.name == name) else {
                if matches!(self, Self::AtLeast(_)) {
                    continue;
                }
                let known: Vec<_> = fields.iter().map(|it| it.name).collect();
                return Err(unknown(&format!("{place}."), name, &known));
            };
            field.shape.check(value, &format!("{place}.{name}"))?;
        }
        let needed = |it: &&Field| !it.optional && !object.contains_key(it.name);
        match fields.iter().find(needed) {
            Some(field) if !matches!(self, Self::Choice(_)) => {
                Err(field.missing(&format!("{place}.{}", field.name)))
            }
            _ => Ok(()),
        }
    }

    fn mismatch(&self, value: &Value, place: &str) -> Result<(), String> {
        let mut text = value.to_string();
        if let Some((end, _)) = text.char_indices().nth(60) {
            text.truncate(end);
            text.push('…');
        }
        Err(format!("{place}: {self} is expected, not {text}"))
    }

    fn is_object(&self) -> bool {
        matches!(self, Self::Object(_) | Self::AtLeast(_) | Self::Choice(_))
    }
}

/// What is expected, in words.
impl Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json => f.write_str("a value"),
            Self::Text => f.write_str("text"),
            Self::Stream => f.write_str("a stream, such as \"cart-1\","),
            Self::Date => f.write_str("a date"),
            Self::Id => f.write_str("a UUID"),
            Self::Whole(u32::MAX) => f.write_str("a whole number from 0"),
            Self::Whole(most) => write!(f, "a whole number from 0 to {most}"),
            Self::Number => f.write_str("a number"),
            Self::Flag => f.write_str("true or false"),
            Self::Null => f.write_str("null"),
            Self::Words(words) => alternatives(f, words, |f, it| write!(f, "{it:?}")),
            Self::List(_) => f.write_str("a list"),
            Self::Tuple(shapes) => write!(f, "a list of {}", shapes.len()),
            Self::ByKey(_) | Self::Object(_) | Self::AtLeast(_) => f.write_str("an object"),
            Self::Choice(fields) => {
                f.write_str("an object with ")?;
                alternatives(f, fields, |f, it| f.write_str(it.name))
            }
            Self::OrNull(shape) => write!(f, "{shape} or null"),
            Self::OneOf(shapes) => alternatives(f, shapes, |f, it| it.fmt(f)),
            Self::Named(named) => named.shape.fmt(f),
            Self::Unread(shape) => shape.fmt(f),
            Self::Callback(_) => f.write_str("a function"),
        }
    }
}

/// `a, b or c`.
fn alternatives<T>(
    f: &mut fmt::Formatter<'_>,
    all: &[T],
    one: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (index, it) in all.iter().enumerate() {
        f.write_str(match index {
            0 => "",
            _ if index + 1 == all.len() => " or ",
            _ => ", ",
        })?;
        one(f, it)?;
    }
    Ok(())
}

/// Says that there is no such name, and which one may have been meant. `place` stands before both.
pub fn unknown(place: &str, name: &str, known: &[&str]) -> String {
    match known.iter().map(|it| (distance(name, it), *it)).min() {
        Some((distance, near)) if distance <= 2 && distance < near.len() => {
            format!("there is no {place}{name}; did you mean {place}{near}?")
        }
        _ => format!("there is no {place}{name}; there are {}", known.join(", ")),
    }
}

/// How many letters have to be changed, put in or taken out; capital or small makes no difference.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(!x.eq_ignore_ascii_case(&y));
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MOVE: Shape = Shape::Object(&[
        required("to", WHOLE, "Where to."),
        optional("quickly", Shape::Flag, "Whether at once."),
    ]);
    const CHOICE: Shape = Shape::Choice(&[required("a", Shape::Id, ""), required("b", MOVE, "")]);
    static TREES: Named =
        Named { name: "Tree", about: "", shape: Shape::List(&Shape::Named(&TREES)) };

    fn fault(shape: &Shape, value: &Value) -> String {
        shape.check(value, "it").expect_err("something is wrong")
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_with_what_is_expected() {
        let either = Shape::OneOf(&[WHOLE, Shape::Words(&["any", "exists"]), MOVE]);
        let pair = Shape::Tuple(&[Shape::Text, WHOLE]);
        for (shape, value, said) in [
            (&MOVE, json!(1), "it: an object is expected, not 1"),
            (&MOVE, json!({}), "it.to is missing: a whole number from 0 is expected"),
            (&MOVE, json!({ "to": -1 }), "it.to: a whole number from 0 is expected, not -1"),
            (
                &MOVE,
                json!({ "to": 1, "Quikly": 1 }),
                "there is no it.Quikly; did you mean it.quickly?",
            ),
            (&MOVE, json!({ "at": 1 }), "there is no it.at; there are to, quickly"),
            (
                &MOVE,
                json!({ "to": 1, "quickly": null }),
                "it.quickly: true or false is expected, not null",
            ),
            (
                &either,
                json!("no"),
                "it: a whole number from 0, \"any\" or \"exists\" or an object is expected, not \"no\"",
            ),
            (&either, json!({ "to": "x" }), "it.to: a whole number from 0 is expected, not \"x\""),
            (&pair, json!(["x"]), "it: a list of 2 is expected, not [\"x\"]"),
            (&pair, json!(["x", "y"]), "it[1]: a whole number from 0 is expected, not \"y\""),
            (&CHOICE, json!({ "a": "1" }), "it.a: a UUID is expected, not \"1\""),
            (&CHOICE, json!({}), "it: an object with a or b is expected, not {}"),
            (
                &CHOICE,
                json!({ "b": { "to": 1.5 } }),
                "it.b.to: a whole number from 0 is expected, not 1.5",
            ),
            (&Shape::Whole(9), json!(10), "it: a whole number from 0 to 9 is expected, not 10"),
            (
                &Shape::Stream,
                json!("cart"),
                "it: a stream, such as \"cart-1\", is expected, not \"cart\"",
            ),
            (
                &Shape::ByKey(&Shape::Flag),
                json!({ "k": 0 }),
                "it.k: true or false is expected, not 0",
            ),
            (&TREES.shape, json!([[], [[1]]]), "it[1][0][0]: a list is expected, not 1"),
        ] {
            assert_eq!(fault(shape, &value), said);
        }
    }

    #[test]
    fn what_fits_is_taken() {
        for (shape, value) in [
            (&MOVE, json!({ "to": 3, "quickly": true })),
            (&Shape::OneOf(&[Shape::Null, MOVE]), Value::Null),
            (&Shape::Tuple(&[]), json!([])),
            (&TREES.shape, json!([[], [[]]])),
            (&Shape::Id, json!("67e55044-10b1-426f-9247-bb680e5fe0c8")),
            (&Shape::Json, json!({ "x": [1] })),
        ] {
            assert_eq!(shape.check(&value, "it"), Ok(()));
        }
    }

    #[test]
    fn a_long_value_is_cut_off_between_two_letters() {
        let said = fault(&WHOLE, &json!("ä".repeat(100)));
        assert_eq!(said.matches('ä').count(), 59, "{said}");
    }
}
