//! Reads and writes one CloudEvent as text.

use std::borrow::Cow;
use std::ops::Deref;

use memchr::memchr;
use serde::de::IntoDeserializer;
use serde::de::value::Error;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use es::{Choice, Origin};

/// A text, borrowed unless it has escapes. serde does this by itself only for required fields.
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

/// A CloudEvent. The attributes after `data` are extensions, named as CloudEvents require.
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
    /// An event of this id and source that says nothing else.
    pub(super) fn new(id: Cow<'a, str>, source: Cow<'a, str>) -> Self {
        Self {
            specversion: "1.0".into(),
            id,
            source,
            kind: "".into(),
            subject: None,
            time: None,
            datacontenttype: None,
            data: None,
            position: None,
            streamversion: None,
            schema: None,
            commandid: None,
            causationid: None,
            correlationid: None,
            actor: None,
            origin: None,
            committime: None,
            commandtype: None,
            commandsubject: None,
            commanddata: None,
            followsid: None,
            followschoice: None,
            unanswered: false,
        }
    }

    /// Reads an event.
    ///
    /// # Errors
    /// Where the text is no JSON object, a required attribute is missing, or an attribute has
    /// another type.
    pub(super) fn read(text: &'a str) -> serde_json::Result<Self> {
        match Self::quick(text) {
            Some((it, length)) if length == text.len() => Ok(it),
            _ => other(text),
        }
    }

    /// Reads an event that is written as [`Export`](super::Export) writes them: in this order,
    /// without space between the tokens, and without unknown attributes. This takes less than half
    /// of serde's time. Returns the event's length in bytes as well, so that the caller need not
    /// know where the event ends. None for any other text, which serde then reads or refuses.
    pub(super) fn quick(text: &'a str) -> Option<(Self, usize)> {
        let mut quick = Quick { text, rest: text.as_bytes() };
        let it = quick.event()?;
        Some((it, quick.at()))
    }
}

/// Reads an event with serde. This is a function of its own, so that browsers compile the quick
/// path sooner.
#[cold]
#[inline(never)]
fn other(text: &str) -> serde_json::Result<CloudEvent<'_>> {
    serde_json::from_str(text)
}

/// Takes apart a text that is written as expected.
struct Quick<'a> {
    text: &'a str,
    rest: &'a [u8],
}

impl<'a> Quick<'a> {
    fn event(&mut self) -> Option<CloudEvent<'a>> {
        let it = CloudEvent {
            specversion: self.needed(br#"{"specversion":"#)?,
            id: self.needed(br#","id":"#)?,
            source: self.needed(br#","source":"#)?,
            kind: self.needed(br#","type":"#)?,
            subject: self.maybe(br#","subject":"#, Self::text)?,
            time: self.maybe(br#","time":"#, Self::text)?,
            datacontenttype: self.maybe(br#","datacontenttype":"#, Self::text)?,
            data: self.maybe(br#","data":"#, Self::value::<Option<_>>)?.flatten(),
            position: self.maybe(br#","position":"#, Self::number)?,
            streamversion: self.maybe(br#","streamversion":"#, Self::number)?,
            schema: self.maybe(br#","schema":"#, Self::value)?,
            commandid: self.maybe(br#","commandid":"#, Self::id)?,
            causationid: self.maybe(br#","causationid":"#, Self::id)?,
            correlationid: self.maybe(br#","correlationid":"#, Self::id)?,
            actor: self.maybe(br#","actor":"#, Self::text)?,
            origin: self.maybe(br#","origin":"#, Self::word)?,
            committime: None,
            commandtype: None,
            commandsubject: None,
            commanddata: None,
            followsid: None,
            followschoice: None,
            unanswered: false,
        };
        if self.skip(b"}") { Some(it) } else { self.more(it) }
    }

    /// Reads the attributes that few events have. This is a function of its own, so that browsers
    /// compile the rest sooner.
    #[cold]
    #[inline(never)]
    fn more(&mut self, mut it: CloudEvent<'a>) -> Option<CloudEvent<'a>> {
        it.committime = self.maybe(br#","committime":"#, Self::text)?;
        it.commandtype = self.maybe(br#","commandtype":"#, Self::text)?;
        it.commandsubject = self.maybe(br#","commandsubject":"#, Self::text)?;
        it.commanddata = self.maybe(br#","commanddata":"#, Self::text)?;
        it.followsid = self.maybe(br#","followsid":"#, Self::id)?;
        it.followschoice = self.maybe(br#","followschoice":"#, Self::word)?;
        it.unanswered = self.maybe(br#","unanswered":"#, Self::value)?.unwrap_or_default();
        self.skip(b"}").then_some(it)
    }

    /// How many bytes were read.
    fn at(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    fn needed<const N: usize>(&mut self, name: &[u8; N]) -> Option<Cow<'a, str>> {
        if self.skip(name) { self.text().map(|Text(text)| text) } else { None }
    }

    /// Skips `what` where it comes next. Its length is part of its type, so that all bytes are
    /// compared at once.
    fn skip<const N: usize>(&mut self, what: &[u8; N]) -> bool {
        match self.rest.split_first_chunk() {
            Some((first, rest)) if first == what => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Reads an attribute where its name comes next. The outer `None` says that the attribute
    /// cannot be read, the inner one that there is none.
    #[expect(clippy::option_option, reason = "an attribute may be unreadable, or absent")]
    fn maybe<T, const N: usize>(
        &mut self,
        name: &[u8; N],
        read: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.skip(name) { read(self).map(Some) } else { Some(None) }
    }

    /// Reads a text without escapes.
    fn simple(&mut self) -> Option<&'a str> {
        self.skip(b"\"").then_some(())?;
        let start = self.at();
        let length = plain(self.rest);
        self.rest = &self.rest[length..];
        self.skip(b"\"").then_some(())?;
        self.text.get(start..start + length)
    }

    fn text(&mut self) -> Option<Text<'a>> {
        let start = self.rest;
        self.simple().map(Into::into).or_else(|| {
            self.rest = start;
            self.value()
        })
    }

    fn id(&mut self) -> Option<Uuid> {
        Uuid::try_parse(self.simple()?).ok()
    }

    /// Reads a whole number of at most 18 digits.
    fn number(&mut self) -> Option<u64> {
        let rest = self.rest;
        let length = rest.iter().take_while(|it| it.is_ascii_digit()).count();
        // A fraction or an exponent is refused later: it is no next attribute.
        if length == 0 || length > 18 || (length > 1 && rest[0] == b'0') {
            return None;
        }
        self.rest = &rest[length..];
        Some(rest[..length].iter().fold(0, |number, it| 10 * number + u64::from(it - b'0')))
    }

    /// Reads the name of a variant.
    fn word<T: Deserialize<'a>>(&mut self) -> Option<T> {
        T::deserialize(IntoDeserializer::<Error>::into_deserializer(self.simple()?)).ok()
    }

    /// Reads any value on this line. Without the limit, serde would go on in the next line.
    fn value<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let (start, line) = (self.at(), memchr(b'\n', self.rest).unwrap_or(self.rest.len()));
        let line = self.text.get(start..start + line)?;
        let mut values = serde_json::Deserializer::from_str(line).into_iter();
        let value = values.next()?.ok()?;
        self.rest = self.rest.get(values.byte_offset()..)?;
        Some(value)
    }
}

/// The number of bytes before the first byte that ends a text or has to be escaped in it. Eight
/// bytes are compared at a time. (The tests for a zero byte and for a byte less than n are from
/// "Bit Twiddling Hacks" by Sean Eron Anderson. They may be wrong above the first such byte.)
fn plain(bytes: &[u8]) -> usize {
    const EACH: u64 = u64::MAX / 0xff;
    let (words, last) = bytes.as_chunks();
    for (at, word) in (0..).step_by(8).zip(words) {
        let word = u64::from_le_bytes(*word);
        let less = |word: u64, than: u8| word.wrapping_sub(EACH * u64::from(than)) & !word;
        let is = |byte: u8| less(word ^ (EACH * u64::from(byte)), 1);
        let ends = (is(b'"') | is(b'\\') | less(word, b' ')) & (EACH << 7);
        if ends != 0 {
            return at + ends.trailing_zeros() as usize / 8;
        }
    }
    let ends = |&it: &u8| it == b'"' || it == b'\\' || it < b' ';
    bytes.len() - last.len() + last.iter().position(ends).unwrap_or(last.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event as an export writes it, with all attributes.
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

    fn quick(text: &str) -> Option<CloudEvent<'_>> {
        CloudEvent::quick(text).filter(|(_, length)| *length == text.len()).map(|(it, _)| it)
    }

    fn written(event: &CloudEvent<'_>) -> String {
        serde_json::to_string(event).unwrap()
    }

    #[test]
    fn an_exported_event_is_read_the_quick_way() {
        assert_eq!(written(&quick(OURS).unwrap()), OURS);
        assert_eq!(written(&other(OURS).unwrap()), OURS);
    }

    #[test]
    fn the_quick_way_reads_what_serde_reads_or_gives_up() {
        let mut given_up = 0;
        let mut compare = |text: &str| match (quick(text), other(text)) {
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
        // Attributes that are null, of another type, or there twice.
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
        assert!(given_up > 1_000, "only {given_up} texts were given up");
    }

    #[test]
    fn the_end_of_a_text_is_found_at_any_place() {
        let ends = |byte: u8| byte == b'"' || byte == b'\\' || byte < b' ';
        for filler in [b' ', b'!', b'#', b'[', b']', b'a', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
            for length in 0..=20 {
                let text = vec![filler; length];
                assert_eq!(plain(&text), length);
                for (at, byte) in (0..length).flat_map(|at| (0..=0xff).map(move |it| (at, it))) {
                    let mut text = text.clone();
                    text[at] = byte;
                    assert_eq!(plain(&text), if ends(byte) { at } else { length }, "{text:?}");
                }
            }
        }
    }
}
