//! What came with an event from elsewhere, beside what a log says of each of its events.

use std::fmt;
use std::rc::Rc;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// The name under which data in base64 came with an event.
pub const DATA_BASE64: &str = "data_base64";

/// Attributes that came with an event, by their names: one JSON object, in the order in which they
/// came. They are kept as they are, and go out again with the event.
///
/// An attribute that is null is one that the event did not have, although a log writes it otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata(Box<str>);

impl Metadata {
    /// These attributes, each with its value as JSON text. None where there is none.
    pub fn of(attributes: &[(&str, &str)]) -> Option<Rc<Self>> {
        if attributes.is_empty() {
            return None;
        }
        let mut text = String::from("{");
        for (name, value) in attributes {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&Value::from(*name).to_string());
            text.push(':');
            text.push_str(value);
        }
        text.push('}');
        Some(Rc::new(Self(text.into())))
    }

    /// Attributes as [`text`](Self::text) has given them. The text is not looked at.
    pub fn stored(text: &str) -> Rc<Self> {
        Rc::new(Self(text.into()))
    }

    /// The JSON object.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The attributes in order. Where the text is damaged, there is none.
    pub fn attributes(&self) -> Vec<(String, &RawValue)> {
        serde_json::from_str(&self.0).map(|Attributes(all)| all).unwrap_or_default()
    }

    /// The attribute of this name, as JSON text.
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.attributes().into_iter().find(|it| it.0 == name).map(|it| it.1)
    }

    /// The attribute of this name, where it is a text.
    pub fn said(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// The same attributes, with one more in front of them.
    pub fn with(of: Option<&Self>, name: &str, value: &str) -> Option<Rc<Self>> {
        let others = of.map(Self::attributes).unwrap_or_default();
        let others = others.iter().map(|(name, value)| (&**name, value.get()));
        Self::of(&[(name, value)].into_iter().chain(others).collect::<Vec<_>>())
    }

    /// Why an event with these attributes cannot be read, where its data is no JSON: then the log
    /// holds the data as a text in base64.
    pub fn no_json(&self, data: &str) -> Option<String> {
        if !self.0.contains(DATA_BASE64) {
            return None;
        }
        let encoded = self.get(DATA_BASE64).filter(|it| it.get() == data)?;
        let digits = encoded.get().trim_matches('"').trim_end_matches('=').len();
        let kind = self.said("datacontenttype").map_or_else(String::new, |it| format!(" of {it}"));
        let bytes = digits * 3 / 4;
        let plural = if bytes == 1 { "" } else { "s" };
        Some(format!("its data is no JSON, but {bytes} byte{plural}{kind}"))
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        all.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(all.get().into()))
    }
}

/// The members of a JSON object, in order.
struct Attributes<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Attributes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = map.next_entry()? {
                    all.push(member);
                }
                Ok(all)
            }
        }

        deserializer.deserialize_map(Members).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_keep_their_order_and_their_text() {
        assert_eq!(Metadata::of(&[]), None);
        let metadata = Metadata::of(&[("z", "1.50"), ("a\"", "\"é\""), ("n", "null")]).unwrap();
        assert_eq!(metadata.text(), r#"{"z":1.50,"a\"":"é","n":null}"#);
        let all = metadata.attributes();
        let all: Vec<_> = all.iter().map(|(name, value)| (&**name, value.get())).collect();
        assert_eq!(all, [("z", "1.50"), ("a\"", "\"é\""), ("n", "null")]);
        let text = serde_json::to_string(&*metadata).unwrap();
        assert_eq!(serde_json::from_str::<Metadata>(&text).unwrap(), *metadata);
        let more = Metadata::with(Some(&metadata), "time", "\"then\"").unwrap();
        assert_eq!(more.said("time").as_deref(), Some("then"));
        assert!(more.text().starts_with(r#"{"time":"then","z":1.50,"#), "{}", more.text());
        assert!(Metadata::stored("{").attributes().is_empty());
    }
}
