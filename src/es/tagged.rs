//! The serialised form of commands and events, `{"type": …, "data": …}`, taken apart and put
//! together. Their enums carry `#[serde(tag = "type", content = "data")]`.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

#[derive(serde::Deserialize)]
struct Tagged<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// The type's name and its data, as text.
///
/// # Errors
/// Where the value is not an enum written as `{"type", "data"}`.
pub(super) fn split<T: Serialize>(value: &T) -> serde_json::Result<(String, Box<RawValue>)> {
    let text = serde_json::to_string(value)?;
    let tagged: Tagged = serde_json::from_str(&text)?;
    let data = match tagged.data {
        Some(data) => data.to_owned(),
        None => RawValue::from_string("{}".to_owned())?,
    };
    Ok((tagged.kind, data))
}

/// The value that `kind` and `data` describe. Null data reads as `{}`.
///
/// # Errors
/// What is wrong with the data, or that no such type exists.
pub(super) fn join<T: DeserializeOwned>(kind: &str, data: &str) -> serde_json::Result<T> {
    let data = if data.is_empty() || data == "null" { "{}" } else { data };
    let mut text = String::with_capacity(kind.len() + data.len() + 24);
    text.push_str("{\"type\":");
    if kind.bytes().all(|b| b.is_ascii_alphanumeric()) {
        text.push('"');
        text.push_str(kind);
        text.push('"');
    } else {
        text.push_str(&serde_json::to_string(kind)?);
    }
    text.push_str(",\"data\":");
    text.push_str(data);
    text.push('}');
    serde_json::from_str(&text)
}

/// The type's name alone, without writing the data: the writer stops at the tag's end.
pub(super) fn kind<T: Serialize>(value: &T) -> String {
    let mut tag = TagWriter::default();
    // It ends in an error by design: everything after the tag is refused.
    let _ = serde_json::to_writer(&mut tag, value);
    String::from_utf8_lossy(&tag.bytes[tag.bytes.len().min(PREFIX.len())..]).into_owned()
}

const PREFIX: &[u8] = b"{\"type\":\"";

#[derive(Default)]
struct TagWriter {
    bytes: Vec<u8>,
}

impl io::Write for TagWriter {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        for &byte in piece {
            if self.bytes.len() >= PREFIX.len() && byte == b'"' {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.bytes.push(byte);
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    #[serde(tag = "type", content = "data")]
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
