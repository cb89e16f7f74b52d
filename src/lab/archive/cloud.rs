//! One CloudEvent as text.

use std::borrow::Cow;
use std::ops::Deref;

use serde::de::IntoDeserializer;
use serde::de::value::Error;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::es::{Choice, Origin};

/// A text, borrowed unless it has escapes: what serde does by itself only where it is not optional.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a, T: Into<Cow<'a, str>>> From<T> for Text<'a> {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A CloudEvent. Everything after `data` is an extension, under names as CloudEvents want them.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct CloudEvent<'a> {
    #[serde(borrow)]
    pub(super) specversion: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) source: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) time: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) datacontenttype: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) streamversion: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) schema: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) commandid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) causationid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) correlationid: Option<Uuid>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Origin>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) committime: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) commandtype: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) commandsubject: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) commanddata: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) followsid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) followschoice: Option<Choice>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unanswered: bool,
}

impl<'a> CloudEvent<'a> {
    /// Reads one.
    ///
    /// # Errors
    /// Where it is no JSON object with the attributes that there must be, or one of them is of
    /// another type.
    pub(super) fn read(text: &'a str) -> serde_json::Result<Self> {
        let mut it = Self::default();
        match (Plain { text, at: 0 }).event(&mut it) {
            Some(()) => Ok(it),
            None => other(text),
        }
    }
}

/// Apart from the way that most take, so that browsers soon have that one at full speed.
#[cold]
#[inline(never)]
fn other(text: &str) -> serde_json::Result<CloudEvent<'_>> {
    serde_json::from_str(text)
}

/// Reads an event that is written as [`Export`](super::Export) writes them, with nothing between
/// its tokens and nothing unknown, in less than half of the time. Whatever else it comes upon, it
/// gives up: that may be right or wrong, and serde knows which.
struct Plain<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Plain<'a> {
    fn event(mut self, it: &mut CloudEvent<'a>) -> Option<()> {
        self.skip(b'{')?;
        loop {
            let name = self.simple()?;
            self.skip(b':')?;
            // As bytes they are told apart by length and letter; texts would be compared one by one.
            match name.as_bytes() {
                b"specversion" => needed(&mut it.specversion, self.text()?),
                b"id" => needed(&mut it.id, self.text()?),
                b"source" => needed(&mut it.source, self.text()?),
                b"type" => needed(&mut it.kind, self.text()?),
                b"subject" => once(&mut it.subject, self.text()?),
                b"time" => once(&mut it.time, self.text()?),
                b"datacontenttype" => once(&mut it.datacontenttype, self.text()?),
                b"data" => once(&mut it.data, self.value::<Option<_>>()??),
                b"position" => once(&mut it.position, self.value()?),
                b"streamversion" => once(&mut it.streamversion, self.value()?),
                b"schema" => once(&mut it.schema, self.value()?),
                b"commandid" => once(&mut it.commandid, self.id()?),
                b"causationid" => once(&mut it.causationid, self.id()?),
                b"correlationid" => once(&mut it.correlationid, self.id()?),
                b"actor" => once(&mut it.actor, self.text()?),
                b"origin" => once(&mut it.origin, self.word()?),
                b"committime" => once(&mut it.committime, self.text()?),
                b"commandtype" => once(&mut it.commandtype, self.text()?),
                b"commandsubject" => once(&mut it.commandsubject, self.text()?),
                b"commanddata" => once(&mut it.commanddata, self.text()?),
                b"followsid" => once(&mut it.followsid, self.id()?),
                b"followschoice" => once(&mut it.followschoice, self.word()?),
                b"unanswered" => {
                    let before = std::mem::replace(&mut it.unanswered, self.value()?);
                    (!before && it.unanswered).then_some(())
                }
                _ => None,
            }?;
            if self.skip(b',').is_none() {
                break;
            }
        }
        self.skip(b'}')?;
        let whole = self.at == self.text.len();
        let needed = [&it.specversion, &it.id, &it.source, &it.kind];
        (whole && needed.iter().all(|text| !text.is_empty())).then_some(())
    }

    fn skip(&mut self, what: u8) -> Option<()> {
        let there = *self.text.as_bytes().get(self.at)? == what;
        there.then(|| self.at += 1)
    }

    /// A text without escapes.
    fn simple(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        self.skip(b'"')?;
        let rest = self.text.as_bytes().get(start..)?;
        let length = rest.iter().position(|&it| it == b'"' || it == b'\\' || it < b' ')?;
        self.at = start + length;
        self.skip(b'"')?;
        self.text.get(start..start + length)
    }

    fn text(&mut self) -> Option<Text<'a>> {
        let start = self.at;
        self.simple().map(Into::into).or_else(|| {
            self.at = start;
            self.value()
        })
    }

    fn id(&mut self) -> Option<Uuid> {
        Uuid::try_parse(self.simple()?).ok()
    }

    /// The name of a variant.
    fn word<T: Deserialize<'a>>(&mut self) -> Option<T> {
        T::deserialize(IntoDeserializer::<Error>::into_deserializer(self.simple()?)).ok()
    }

    fn value<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let rest = self.text.get(self.at..)?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter();
        let value = values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(value)
    }
}

/// An attribute that is there once.
fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

/// As [`once`].
fn needed<'a>(place: &mut Cow<'a, str>, Text(value): Text<'a>) -> Option<()> {
    std::mem::replace(place, value).is_empty().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As an export writes it, with everything that there may be.
    const OURS: &str = concat!(
        r#"{"specversion":"1.0","id":"8d2aab8c-beda-5865-9d83-5a2f8f6685b2","#,
        r#""source":"leftfold:cart","type":"AddedToCart","subject":"cart-1","#,
        r#""time":"2017-08-24T18:00:00.000Z","data":{"item":["pe\"ars",1,null]},"#,
        r#""position":12,"streamversion":3,"schema":2,"#,
        r#""commandid":"8d2aab8c-beda-5865-9d83-5a2f8f6685b3","#,
        r#""causationid":"8d2aab8c-beda-5865-9d83-5a2f8f6685b4","#,
        r#""correlationid":"8d2aab8c-beda-5865-9d83-5a2f8f6685b5","actor":"Zoë","#,
        r#""origin":"command","committime":"2017-08-24T18:00:01.000Z","#,
        r#""commandtype":"AddToCart","commandsubject":"cart-1","#,
        r#""commanddata":"{\"item\":\"pears\"}","#,
        r#""followsid":"8d2aab8c-beda-5865-9d83-5a2f8f6685b6","followschoice":"retry","#,
        r#""unanswered":true}"#
    );

    fn plain(text: &str) -> Option<CloudEvent<'_>> {
        let mut it = CloudEvent::default();
        Plain { text, at: 0 }.event(&mut it).map(|()| it)
    }

    fn written(event: &CloudEvent<'_>) -> String {
        serde_json::to_string(event).unwrap()
    }

    #[test]
    fn an_event_that_is_written_as_ours_are_is_read_the_quick_way() {
        assert_eq!(written(&plain(OURS).unwrap()), OURS);
        assert_eq!(written(&other(OURS).unwrap()), OURS);
    }

    #[test]
    fn the_quick_way_gives_what_serde_gives_or_gives_up() {
        let mut given_up = 0;
        let mut compare = |text: &str| match (plain(text), other(text)) {
            (Some(quick), Ok(slow)) => assert_eq!(written(&quick), written(&slow), "{text}"),
            (Some(_), Err(error)) => panic!("serde says {error}, of {text}"),
            (None, _) => given_up += 1,
        };
        let places: Vec<usize> = OURS.char_indices().map(|(at, _)| at).collect();
        for &at in &places {
            let (before, rest) = OURS.split_at(at);
            let mut others = rest.chars();
            others.next();
            compare(before);
            compare(&format!("{before}{}", others.as_str()));
            for new in ["\"", "\\", "{", "}", ",", ":", " ", "0", "-", "n", "\u{1}", "é"] {
                compare(&format!("{before}{new}{rest}"));
                compare(&format!("{before}{new}{}", others.as_str()));
            }
        }
        // Whole attributes that are missing, twice there, null, of another type, or in between.
        let attributes: Vec<&str> = OURS[1..OURS.len() - 1].split(",\"").collect();
        for (number, attribute) in attributes.iter().enumerate() {
            let name = attribute.split("\":").next().unwrap_or_default();
            for new in ["null", "7", "\"7\"", "true", "false", "1.5", "-1", "70000", "{}"] {
                let mut changed = attributes.clone();
                let new = format!("{name}\":{new}");
                changed[number] = &new;
                compare(&format!("{{{}}}", changed.join(",\"")));
                changed.push(attribute);
                compare(&format!("{{{}}}", changed.join(",\"")));
            }
        }
        assert!(given_up > 1_000, "only {given_up} were not as ours are");
    }
}
