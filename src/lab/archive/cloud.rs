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
#[derive(Serialize, Deserialize)]
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
        match (Plain { text, at: 0 }).event() {
            Some(it) => Ok(it),
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

/// Reads an event that is written as [`Export`](super::Export) writes them: in this order, with
/// nothing between its tokens and nothing unknown. That takes less than half of the time. Whatever
/// else it comes upon, it gives up: that may be right or wrong, and serde knows which.
struct Plain<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Plain<'a> {
    fn event(mut self) -> Option<CloudEvent<'a>> {
        let it = CloudEvent {
            specversion: self.needed(r#"{"specversion":"#)?,
            id: self.needed(r#","id":"#)?,
            source: self.needed(r#","source":"#)?,
            kind: self.needed(r#","type":"#)?,
            subject: self.maybe(r#","subject":"#, Self::text)?,
            time: self.maybe(r#","time":"#, Self::text)?,
            datacontenttype: self.maybe(r#","datacontenttype":"#, Self::text)?,
            data: self.maybe(r#","data":"#, Self::value::<Option<_>>)?.flatten(),
            position: self.maybe(r#","position":"#, Self::number)?,
            streamversion: self.maybe(r#","streamversion":"#, Self::number)?,
            schema: self.maybe(r#","schema":"#, Self::value)?,
            commandid: self.maybe(r#","commandid":"#, Self::id)?,
            causationid: self.maybe(r#","causationid":"#, Self::id)?,
            correlationid: self.maybe(r#","correlationid":"#, Self::id)?,
            actor: self.maybe(r#","actor":"#, Self::text)?,
            origin: self.maybe(r#","origin":"#, Self::word)?,
            committime: self.maybe(r#","committime":"#, Self::text)?,
            commandtype: self.maybe(r#","commandtype":"#, Self::text)?,
            commandsubject: self.maybe(r#","commandsubject":"#, Self::text)?,
            commanddata: self.maybe(r#","commanddata":"#, Self::text)?,
            followsid: self.maybe(r#","followsid":"#, Self::id)?,
            followschoice: self.maybe(r#","followschoice":"#, Self::word)?,
            unanswered: self.maybe(r#","unanswered":"#, Self::value)?.unwrap_or_default(),
        };
        (self.skip("}") && self.at == self.text.len()).then_some(it)
    }

    fn needed(&mut self, name: &str) -> Option<Cow<'a, str>> {
        if self.skip(name) { self.text().map(|Text(text)| text) } else { None }
    }

    /// What comes next, where it is this.
    fn skip(&mut self, what: &str) -> bool {
        let there = self.text.as_bytes()[self.at..].starts_with(what.as_bytes());
        if there {
            self.at += what.len();
        }
        there
    }

    /// An attribute of that name, where it comes next. None where it does and cannot be read.
    #[expect(clippy::option_option, reason = "read, or not there")]
    fn maybe<T>(&mut self, name: &str, read: fn(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.skip(name) { read(self).map(Some) } else { Some(None) }
    }

    /// A text without escapes.
    fn simple(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        self.skip("\"").then_some(())?;
        let ends = |&it: &u8| it == b'"' || it == b'\\' || it < b' ';
        let length = self.text.as_bytes()[start..].iter().position(ends)?;
        self.at = start + length;
        self.skip("\"").then_some(())?;
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

    /// A whole number of at most 18 digits.
    fn number(&mut self) -> Option<u64> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().take_while(|it| it.is_ascii_digit()).count();
        // What makes something else of it gives up by itself: the next attribute is expected there.
        if length == 0 || length > 18 || (length > 1 && rest[0] == b'0') {
            return None;
        }
        self.at += length;
        Some(rest[..length].iter().fold(0, |number, it| 10 * number + u64::from(it - b'0')))
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
        Plain { text, at: 0 }.event()
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
