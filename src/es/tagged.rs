//! The serialised form of commands and events, a type and its data, taken apart and put
//! together. serde writes their enums as `{"AddedToCart":{…}}`, which costs half the code of
//! its other forms; everything outside this file sees `type` and `data`.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::Error;
use serde_json::value::RawValue;

/// The type's name and its data, as text.
///
/// # Errors
/// Where the value is not an enum of variants with named fields.
pub(super) fn split<T: Serialize>(value: &T) -> serde_json::Result<(String, Box<RawValue>)> {
    parts(&serde_json::to_string(value)?)
}

fn parts(text: &str) -> serde_json::Result<(String, Box<RawValue>)> {
    let inner = text.strip_prefix("{\"").and_then(|rest| rest.strip_suffix('}'));
    match inner.and_then(|inner| inner.split_once("\":")) {
        Some((kind, data)) => Ok((kind.to_owned(), RawValue::from_string(data.to_owned())?)),
        None => Err(serde_json::Error::custom("commands and events are enums with named fields")),
    }
}

/// The value that `kind` and `data` describe. Null data reads as `{}`.
///
/// # Errors
/// What is wrong with the data, or that no such type exists.
pub(super) fn join<T: DeserializeOwned>(kind: &str, data: &str) -> serde_json::Result<T> {
    serde_json::from_str(&joined(kind, data)?)
}

fn joined(kind: &str, data: &str) -> serde_json::Result<String> {
    let data = match data.trim_start() {
        "" | "null" => "{}",
        data if data.starts_with('{') => data,
        _ => return Err(serde_json::Error::custom("the data is not an object of named fields")),
    };
    let mut text = String::with_capacity(kind.len() + data.len() + 8);
    text.push('{');
    text.push_str(&serde_json::to_string(kind)?);
    text.push(':');
    text.push_str(data);
    text.push('}');
    Ok(text)
}

/// The type's name alone.
pub(super) fn kind<T: Serialize>(value: &T) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    let name = text.strip_prefix("{\"").and_then(|rest| rest.split_once('"'));
    name.map(|(kind, _)| kind.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    enum Said {
        Hello { name: String },
        Bye {},
    }

    #[test]
    fn a_value_is_split_into_its_type_and_data_and_joined_again() {
        let hello = Said::Hello { name: "\"}".into() };
        let (name, data) = split(&hello).unwrap();
        assert_eq!((name.as_str(), data.get()), ("Hello", r#"{"name":"\"}"}"#));
        assert_eq!(kind(&hello), "Hello");
        assert_eq!(join::<Said>(&name, data.get()).unwrap(), hello);
    }

    #[test]
    fn null_data_reads_as_an_empty_object() {
        assert_eq!(join::<Said>("Bye", "null").unwrap(), Said::Bye {});
        assert_eq!(split(&Said::Bye {}).unwrap().1.get(), "{}");
    }
}
