//! One CloudEvent as text.

use std::borrow::Cow;
use std::ops::Deref;

use memchr::memchr;
use serde::de::IntoDeserializer;
use serde::de::value::Error;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use es::{Choice, Origin};

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
        match Self::quick(text) {
            Some((it, length)) if length == text.len() => Ok(it),
            _ => other(text),
        }
    }

    /// Reads one that is written as [`Export`](super::Export) writes them: in this order, with
    /// nothing between its tokens and nothing unknown. That takes less than half of the time. Its
    /// end need not be known: its length is given as well. Whatever else it comes upon, it gives
    /// up: that may be right or wrong, and serde knows which.
    pub(super) fn quick(text: &'a str) -> Option<(Self, usize)> {
        let mut quick = Quick { text, rest: text.as_bytes() };
        let it = quick.event()?;
        Some((it, quick.at()))
    }
}

/// Apart from the way that most take, so that browsers soon have that one at full speed.
#[cold]
#[inline(never)]
fn other(text: &str) -> serde_json::Result<CloudEvent<'_>> {
    serde_json::from_str(text)
}

/// Takes a text apart that is as expected.
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

    /// What few events say, apart from what most do: browsers have less code sooner at full speed.
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

    /// How much has been read, in bytes.
    fn at(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    fn needed<const N: usize>(&mut self, name: &[u8; N]) -> Option<Cow<'a, str>> {
        if self.skip(name) { self.text().map(|Text(text)| text) } else { None }
    }

    /// What comes next, where it is this. Its length is known beforehand, for it to be compared
    /// at once.
    fn skip<const N: usize>(&mut self, what: &[u8; N]) -> bool {
        match self.rest.split_first_chunk() {
            Some((first, rest)) if first == what => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// An attribute of that name, where it comes next. None where it does and cannot be read.
    #[expect(clippy::option_option, reason = "read, or not there")]
    fn maybe<T, const N: usize>(
        &mut self,
        name: &[u8; N],
        read: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.skip(name) { read(self).map(Some) } else { Some(None) }
    }

    /// A text without escapes.
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

    /// A whole number of at most 18 digits.
    fn number(&mut self) -> Option<u64> {
        let rest = self.rest;
        let length = rest.iter().take_while(|it| it.is_ascii_digit()).count();
        // What makes something else of it gives up by itself: the next attribute is expected there.
        if length == 0 || length > 18 || (length > 1 && rest[0] == b'0') {
            return None;
        }
        self.rest = &rest[length..];
        Some(rest[..length].iter().fold(0, |number, it| 10 * number + u64::from(it - b'0')))
    }

    /// The name of a variant.
    fn word<T: Deserialize<'a>>(&mut self) -> Option<T> {
        T::deserialize(IntoDeserializer::<Error>::into_deserializer(self.simple()?)).ok()
    }

    /// Any value that is on this line: serde would go on in the next.
    fn value<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let (start, line) = (self.at(), memchr(b'\n', self.rest).unwrap_or(self.rest.len()));
        let line = self.text.get(start..start + line)?;
        let mut values = serde_json::Deserializer::from_str(line).into_iter();
        let value = values.next()?.ok()?;
        self.rest = self.rest.get(values.byte_offset()..)?;
        Some(value)
    }
}

/// How many bytes there are before what ends a text or has to be escaped in one: eight at a time.
/// (The tricks are from "Bit Twiddling Hacks" by Sean Eron Anderson: has a zero byte, has a byte
/// less than n. Above the first byte that is one they may be wrong.)
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

    fn quick(text: &str) -> Option<CloudEvent<'_>> {
        CloudEvent::quick(text).filter(|(_, length)| *length == text.len()).map(|(it, _)| it)
    }

    fn written(event: &CloudEvent<'_>) -> String {
        serde_json::to_string(event).unwrap()
    }

    #[test]
    fn an_event_that_is_written_as_ours_are_is_read_the_quick_way() {
        assert_eq!(written(&quick(OURS).unwrap()), OURS);
        assert_eq!(written(&other(OURS).unwrap()), OURS);
    }

    #[test]
    fn the_quick_way_gives_what_serde_gives_or_gives_up() {
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

    #[test]
    fn what_ends_a_text_is_found_wherever_it_is() {
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
