//! The serialised form of commands and events. serde writes their enums as `{"AddedToCart":{…}}`;
//! everything outside this file has a type and data, `"AddedToCart"` and `{…}`. This file takes the
//! first apart into the second, and puts it together again.
//!
//! The code that serde derives is compiled once for each type and each deserialiser. So there is
//! one deserialiser here, which gives a variant by its number, and fields in the order of their
//! type. With that of `serde_json` in its place, which `join` and `whole` could call, the page is
//! 19 kB larger after brotli. `cargo xtask build` prints its size.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::slice;

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer,
    MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::ser::{Impossible, SerializeStructVariant, Serializer};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};
use serde_json::value::RawValue;
use serde_json::{Error, Result};

/// The type's name and its data, as text.
///
/// # Errors
/// Where the value is not an enum of variants with named fields.
pub(super) fn split<T: Serialize>(value: &T) -> Result<(String, Box<RawValue>)> {
    parts(&serde_json::to_string(value)?)
}

fn parts(text: &str) -> Result<(String, Box<RawValue>)> {
    let inner = text.strip_prefix("{\"").and_then(|rest| rest.strip_suffix('}'));
    match inner.and_then(|inner| inner.split_once("\":")) {
        Some((kind, data)) => Ok((kind.to_owned(), RawValue::from_string(data.to_owned())?)),
        None => Err(shape()),
    }
}

/// The value that `kind` and `data` describe. Null data reads as `{}`.
///
/// # Errors
/// What is wrong with the data, or that no such type exists.
pub(super) fn join<T: DeserializeOwned>(kind: &str, data: &str) -> Result<T> {
    let fields = fields(data)?;
    T::deserialize(Tagged { kind, fields: &fields }).map_err(|error| fields.blame(&error))
}

fn fields(data: &str) -> Result<Fields<'_>> {
    match data.trim_start() {
        "" | "null" => Ok(Fields::of(Vec::new())),
        data if data.starts_with('{') => serde_json::from_str(data),
        _ => Err(Error::custom("the data is not an object of named fields")),
    }
}

/// The struct that a text describes.
///
/// # Errors
/// What is wrong with it.
pub(super) fn whole<T: DeserializeOwned>(text: &str) -> Result<T> {
    T::deserialize(Field { name: "", text: Some(text) })
}

/// What is wrong, in plain words, and without a place in a text that nobody sees. serde names types
/// of Rust, which mean nothing to whoever has written the JSON.
pub fn sentence(error: &Error) -> String {
    let text = error.to_string();
    let text = text.rfind(" at line ").map_or(&*text, |end| &text[..end]);
    if let Some(name) = between(text, "missing field `", "`") {
        return format!("{name} is missing");
    }
    let Some((fault, wanted)) = text.split_once(", expected ") else { return text.to_owned() };
    if let Some(name) = between(fault, "unknown variant `", "`") {
        return format!("there is no {name}: {} is expected", wanted.replace('`', ""));
    }
    let found = fault.strip_prefix("invalid type: ").or(fault.strip_prefix("invalid value: "));
    match found {
        Some(found) => format!("{} is expected, not {}", expected(wanted), value(found)),
        None => text.to_owned(),
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.strip_prefix(before)?.split(after).next()
}

/// What serde expects, in plain words.
fn expected(wanted: &str) -> &str {
    match wanted {
        "a string" | "a borrowed string" => "text",
        "a boolean" => "true or false",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        "unit" => "null",
        wanted if wanted.starts_with("tuple ") => "a list",
        wanted if wanted.starts_with("struct ") => "an object",
        wanted => wanted,
    }
}

/// A value that serde has found, as it is written in JSON.
fn value(found: &str) -> &str {
    match found {
        "sequence" => "a list",
        "map" => "an object",
        _ => {
            let kinds = ["integer `", "floating point `", "boolean `"];
            let bare = kinds.iter().find_map(|kind| between(found, kind, "`"));
            bare.or(found.strip_prefix("string ")).unwrap_or(found)
        }
    }
}

/// The type's name alone.
pub(super) fn kind<T: Serialize>(value: &T) -> &'static str {
    value.serialize(Name).unwrap_or_default()
}

fn shape() -> Error {
    Error::custom("commands and events are enums with named fields")
}

/// An object's fields, each as the JSON text that it has.
struct Fields<'a> {
    all: Vec<(Cow<'a, str>, &'a RawValue)>,
    /// The one that is being read.
    read: Cell<&'static str>,
}

impl<'a> Fields<'a> {
    fn of(all: Vec<(Cow<'a, str>, &'a RawValue)>) -> Self {
        Self { all, read: Cell::new("") }
    }

    /// The error, with the name of the field that could not be read.
    #[inline(never)]
    fn blame(&self, error: &Error) -> Error {
        let (name, why) = (self.read.get(), sentence(error));
        if name.is_empty() || why == format!("{name} is missing") {
            return Error::custom(why);
        }
        Error::custom(format!("{name}: {why}"))
    }
}

impl<'a> Deserialize<'a> for Fields<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Object;
        impl<'a> Visitor<'a> for Object {
            type Value = Fields<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of named fields")
            }

            fn visit_map<M: MapAccess<'a>>(
                self,
                mut map: M,
            ) -> std::result::Result<Fields<'a>, M::Error> {
                let mut fields = Vec::new();
                while let Some(Key(name)) = map.next_key()? {
                    fields.push((name, map.next_value()?));
                }
                Ok(Fields::of(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Borrowed unless it has escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads an enum of variants with named fields, and nothing else.
#[derive(Clone, Copy)]
struct Tagged<'a> {
    kind: &'a str,
    fields: &'a Fields<'a>,
}

impl<'a> Deserializer<'a> for Tagged<'a> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'a>>(self, _: V) -> Result<V::Value> {
        Err(shape())
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(Variant { number: number(self.kind, variants)?, fields: self.fields })
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct newtype_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

#[inline(never)]
fn number(kind: &str, variants: &'static [&'static str]) -> Result<u32> {
    let number = (0..).zip(variants).find(|(_, name)| **name == kind);
    number.map(|(number, _)| number).ok_or_else(|| Error::unknown_variant(kind, variants))
}

struct Variant<'a> {
    number: u32,
    fields: &'a Fields<'a>,
}

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = Error;
    type Variant = &'a Fields<'a>;

    fn variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<(S::Value, Self::Variant)> {
        let number: U32Deserializer<Error> = self.number.into_deserializer();
        Ok((seed.deserialize(number)?, self.fields))
    }
}

impl<'a> VariantAccess<'a> for &'a Fields<'a> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        Err(shape())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'a>>(self, _: S) -> Result<S::Value> {
        Err(shape())
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, _: V) -> Result<V::Value> {
        Err(shape())
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_seq(InOrder { names: names.iter(), fields: self })
    }
}

/// The fields of a variant or struct in the order in which its type has them.
struct InOrder<'f, 'a> {
    names: slice::Iter<'static, &'static str>,
    fields: &'f Fields<'a>,
}

impl<'a> SeqAccess<'a> for InOrder<'_, 'a> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let Some(field) = self.field() else { return Ok(None) };
        seed.deserialize(field).map(Some)
    }
}

impl<'a> InOrder<'_, 'a> {
    #[inline(never)]
    fn field(&mut self) -> Option<Field<'a>> {
        let name = *self.names.next()?;
        self.fields.read.set(name);
        let found = self.fields.all.iter().find(|(it, _)| *it == name);
        Some(Field { name, text: found.map(|(_, value)| value.get()) })
    }
}

/// A field's value as JSON text. None where the field is missing; only an `Option` may be.
struct Field<'a> {
    name: &'static str,
    text: Option<&'a str>,
}

impl<'a> Field<'a> {
    fn json(&self) -> Result<serde_json::Deserializer<serde_json::de::StrRead<'a>>> {
        let text = self.text.ok_or_else(|| Error::missing_field(self.name))?;
        Ok(serde_json::Deserializer::from_str(text))
    }
}

macro_rules! as_json {
    ($($method:ident($($name:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'a>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            self.json()?.$method($($name,)* visitor)
        }
    )*};
}

impl<'a> Deserializer<'a> for Field<'a> {
    type Error = Error;

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.text {
            None | Some("null") => visitor.visit_none(),
            Some(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let text = self.text.ok_or_else(|| Error::missing_field(self.name))?;
        let fields = fields(text)?;
        let read = visitor.visit_seq(InOrder { names: names.iter(), fields: &fields });
        read.map_err(|error| fields.blame(&error))
    }

    as_json! {
        deserialize_any() deserialize_bool()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str()
        deserialize_string() deserialize_bytes() deserialize_byte_buf() deserialize_unit()
        deserialize_unit_struct(name: &'static str) deserialize_newtype_struct(name: &'static str)
        deserialize_seq() deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize) deserialize_map()
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier() deserialize_ignored_any()
    }
}

/// Serialises a value into its variant's name, and nothing else.
struct Name;

/// The fields of a variant, which are ignored, and its name.
struct Named(&'static str);

impl SerializeStructVariant for Named {
    type Ok = &'static str;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, _: &T) -> Result<()> {
        Ok(())
    }

    fn end(self) -> Result<&'static str> {
        Ok(self.0)
    }
}

type Never = Impossible<&'static str, Error>;

macro_rules! no_name {
    ($($method:ident($($type:ty),*) -> $result:ty)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<$result> {
            Err(shape())
        }
    )*};
}

impl Serializer for Name {
    type Ok = &'static str;
    type Error = Error;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Named;

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Named> {
        Ok(Named(variant))
    }

    no_name! {
        serialize_bool(bool) -> Self::Ok
        serialize_i8(i8) -> Self::Ok
        serialize_i16(i16) -> Self::Ok
        serialize_i32(i32) -> Self::Ok
        serialize_i64(i64) -> Self::Ok
        serialize_u8(u8) -> Self::Ok
        serialize_u16(u16) -> Self::Ok
        serialize_u32(u32) -> Self::Ok
        serialize_u64(u64) -> Self::Ok
        serialize_f32(f32) -> Self::Ok
        serialize_f64(f64) -> Self::Ok
        serialize_char(char) -> Self::Ok
        serialize_str(&str) -> Self::Ok
        serialize_bytes(&[u8]) -> Self::Ok
        serialize_none() -> Self::Ok
        serialize_unit() -> Self::Ok
        serialize_unit_struct(&'static str) -> Self::Ok
        serialize_unit_variant(&'static str, u32, &'static str) -> Self::Ok
        serialize_seq(Option<usize>) -> Never
        serialize_tuple(usize) -> Never
        serialize_tuple_struct(&'static str, usize) -> Never
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never
        serialize_map(Option<usize>) -> Never
        serialize_struct(&'static str, usize) -> Never
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Self::Ok> {
        Err(shape())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<Self::Ok> {
        Err(shape())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Self::Ok> {
        Err(shape())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Said {
        Hello {
            name: String,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            times: Option<u8>,
            warmly: Option<bool>,
        },
        Bye {},
    }

    fn hello(name: &str) -> Said {
        Said::Hello { name: name.into(), times: None, warmly: Some(true) }
    }

    #[test]
    fn a_value_is_split_into_its_type_and_data_and_joined_again() {
        let hello = hello("\"}");
        let (name, data) = split(&hello).unwrap();
        assert_eq!((name.as_str(), data.get()), ("Hello", r#"{"name":"\"}","warmly":true}"#));
        assert_eq!(kind(&hello), "Hello");
        assert_eq!(join::<Said>(&name, data.get()).unwrap(), hello);
    }

    #[test]
    fn null_data_reads_as_an_empty_object() {
        assert_eq!(join::<Said>("Bye", "null").unwrap(), Said::Bye {});
        assert_eq!(split(&Said::Bye {}).unwrap().1.get(), "{}");
    }

    #[test]
    fn fields_may_come_in_any_order_with_others_between_and_escapes_in_their_names() {
        let text = r#"{ "more": [1, {}], "w\u0061rmly": true, "times": null, "name": "Ada" }"#;
        assert_eq!(join::<Said>("Hello", text).unwrap(), hello("Ada"));
    }

    #[test]
    fn a_struct_is_read_by_the_names_of_its_fields() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Outer {
            inner: Inner,
            other: Option<Inner>,
        }
        #[derive(Debug, PartialEq, Deserialize)]
        struct Inner {
            a: u8,
            b: Vec<String>,
        }
        let text = r#"{ "inner": { "b": ["x"], "a": 1 } }"#;
        let inner = Inner { a: 1, b: vec!["x".into()] };
        assert_eq!(whole::<Outer>(text).unwrap(), Outer { inner, other: None });
        assert!(whole::<Outer>("[]").is_err());
        assert!(whole::<Outer>(r#"{ "inner": null }"#).is_err());
        assert_eq!(whole::<Vec<u8>>("[1]").unwrap(), [1]);
    }

    #[test]
    fn what_is_wrong_with_the_data_is_said() {
        let why = |kind: &str, data: &str| sentence(&join::<Said>(kind, data).unwrap_err());
        assert_eq!(why("Hello", "{}"), "name is missing");
        assert_eq!(why("Hello", r#"{"name":5}"#), "name: text is expected, not 5");
        assert_eq!(why("Hello", r#"{"name":null}"#), "name: text is expected, not null");
        let often = |times: &str| why("Hello", &format!(r#"{{"name":"","times":{times}}}"#));
        assert_eq!(often("-1"), "times: a whole number from 0 to 255 is expected, not -1");
        assert_eq!(often("1.5"), "times: a whole number from 0 to 255 is expected, not 1.5");
        assert_eq!(often("\"x\""), "times: a whole number from 0 to 255 is expected, not \"x\"");
        assert_eq!(often("[]"), "times: a whole number from 0 to 255 is expected, not a list");
        assert_eq!(often("true"), "times: a whole number from 0 to 255 is expected, not true");
        let warmly = why("Hello", r#"{"name":"","warmly":{}}"#);
        assert_eq!(warmly, "warmly: true or false is expected, not an object");
        assert!(why("Bye", "[]").contains("not an object"));
        assert_eq!(why("Hi", "{}"), "there is no Hi: Hello or Bye is expected");
    }

    #[test]
    fn what_is_wrong_inside_a_field_is_said_with_its_whole_path() {
        #[derive(Debug, Deserialize)]
        enum Moved {
            To {
                #[expect(dead_code, reason = "only reading it matters")]
                place: Place,
            },
        }
        #[derive(Debug, Deserialize)]
        struct Place {
            #[expect(dead_code, reason = "only reading it matters")]
            street: String,
        }
        let why = |data| sentence(&join::<Moved>("To", data).unwrap_err());
        assert_eq!(why(r#"{"place":{}}"#), "place: street is missing");
        assert_eq!(
            why(r#"{"place":{"street":[]}}"#),
            "place: street: text is expected, not a list"
        );
    }

    #[test]
    fn what_is_no_enum_of_named_fields_is_neither_named_nor_read() {
        assert!(split(&1).is_err());
        assert_eq!(kind(&1), "");
        assert!(join::<u8>("1", "{}").is_err());
    }
}
