//! Reads and writes one CloudEvent as text.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::ops::Deref;

use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memchr;
use serde::de::value::Error;
use serde::de::{IntoDeserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use es::{Choice, NameSet, Origin};
use foreign::NoJson;

/// What the `source` of an event begins with whose attributes are the page's own, in older exports.
pub(super) const SOURCE: &str = "leftfold:";
/// What the names of the page's own attributes begin with.
pub(super) const PREFIX: &str = "leftfold";

/// Base64 as CloudEvents have it. Its end may be left open.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn json_text(text: &str) -> Box<RawValue> {
    serde_json::value::to_raw_value(text).unwrap_or_default()
}

/// A text, borrowed unless it has escapes. serde does this by itself only for required fields.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// A CloudEvent. The page's own attributes are extensions, named as CloudEvents require: in at most
/// twenty lower-case letters and digits.
#[derive(Default, Serialize)]
pub(super) struct CloudEvent<'a> {
    pub(super) specversion: Cow<'a, str>,
    pub(super) id: Cow<'a, str>,
    pub(super) source: Cow<'a, str>,
    #[serde(rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time: Option<Text<'a>>,
    /// An explicit null is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data_base64: Option<Text<'a>>,
    /// The scenario, where the id and the source are another system's.
    #[serde(rename = "leftfoldscenario", skip_serializing_if = "Option::is_none")]
    pub(super) scenario: Option<Text<'a>>,
    #[serde(rename = "leftfoldposition", skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<u64>,
    #[serde(rename = "leftfoldversion", skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<u64>,
    #[serde(rename = "leftfoldschema", skip_serializing_if = "Option::is_none")]
    pub(super) schema: Option<u16>,
    #[serde(rename = "leftfoldcommand", skip_serializing_if = "Option::is_none")]
    pub(super) command: Option<Uuid>,
    #[serde(rename = "leftfoldcausation", skip_serializing_if = "Option::is_none")]
    pub(super) causation: Option<Uuid>,
    #[serde(rename = "leftfoldcorrelation", skip_serializing_if = "Option::is_none")]
    pub(super) correlation: Option<Uuid>,
    #[serde(rename = "leftfoldactor", skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<Text<'a>>,
    #[serde(rename = "leftfoldorigin", skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Origin>,
    /// The stream, where the subject is another text.
    #[serde(rename = "leftfoldstream", skip_serializing_if = "Option::is_none")]
    pub(super) stream: Option<Text<'a>>,
    /// When it was recorded, where the time is another one.
    #[serde(rename = "leftfoldrecorded", skip_serializing_if = "Option::is_none")]
    pub(super) recorded: Option<Text<'a>>,
    #[serde(rename = "leftfoldcommittime", skip_serializing_if = "Option::is_none")]
    pub(super) committime: Option<Text<'a>>,
    #[serde(rename = "leftfoldcommandtype", skip_serializing_if = "Option::is_none")]
    pub(super) commandtype: Option<Text<'a>>,
    #[serde(rename = "leftfoldcommandto", skip_serializing_if = "Option::is_none")]
    pub(super) commandto: Option<Text<'a>>,
    #[serde(rename = "leftfoldcommanddata", skip_serializing_if = "Option::is_none")]
    pub(super) commanddata: Option<Text<'a>>,
    #[serde(rename = "leftfoldfollows", skip_serializing_if = "Option::is_none")]
    pub(super) follows: Option<Uuid>,
    #[serde(rename = "leftfoldchoice", skip_serializing_if = "Option::is_none")]
    pub(super) choice: Option<Choice>,
    #[serde(rename = "leftfoldunchangedsince", skip_serializing_if = "Option::is_none")]
    pub(super) unchangedsince: Option<u64>,
    #[serde(rename = "leftfoldunanswered", skip_serializing_if = "std::ops::Not::not")]
    pub(super) unanswered: bool,
    /// Every other attribute, in order.
    #[serde(flatten)]
    pub(super) others: Members<'a>,
    /// True where its attributes have the names of older exports.
    #[serde(skip)]
    pub(super) old_names: bool,
}

/// The members of a JSON object, in order.
#[derive(Default)]
pub(super) struct Members<'a>(pub(super) Vec<(Text<'a>, &'a RawValue)>);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.0 {
            map.serialize_entry(&**name, value)?;
        }
        map.end()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Vec<(Text<'de>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event, which is a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = map.next_entry()? {
                    all.push(member);
                }
                Ok(all)
            }
        }

        deserializer.deserialize_map(All).map(Self)
    }
}

/// An attribute that cannot be read.
#[derive(Debug)]
pub(super) struct BadAttribute {
    /// Its name. Empty where the whole text is no event.
    pub(super) field: String,
    /// What is wrong.
    pub(super) what: String,
    /// How many lines of the event are before it, as far as that is known.
    pub(super) lines: u64,
}

impl BadAttribute {
    pub(super) fn new(field: &str, what: impl Display) -> Self {
        Self { field: field.to_owned(), what: what.to_string(), lines: 0 }
    }

    /// Of an attribute that is not what is expected.
    pub(super) fn found(field: &str, found: &str, expected: &str) -> Self {
        let end = found.char_indices().nth(40).map_or(found.len(), |(at, _)| at);
        let more = if end < found.len() { "…" } else { "" };
        Self::new(field, format_args!("{}{more} is not {expected}", &found[..end]))
    }

    /// True where the text is an object, but no CloudEvent.
    pub(super) fn no_cloud_event(&self) -> bool {
        self.field == "specversion" && self.what == MISSING
    }
}

const MISSING: &str = "it is missing";

impl<'a> CloudEvent<'a> {
    /// Reads an event.
    ///
    /// # Errors
    /// Where the text is no JSON object, a required attribute is missing, or an attribute has
    /// another type or is there twice.
    pub(super) fn read(text: &'a str) -> Result<Self, BadAttribute> {
        match Self::quick(text) {
            Some((it, length)) if length == text.len() => Ok(it),
            _ => other(text),
        }
    }

    /// Reads an event that is written as [`Export`](super::Export) writes those of this page: in
    /// this order, without space between the tokens, and without other attributes. This takes less
    /// than half of serde's time. Returns the event's length in bytes as well, so that the caller
    /// need not know where the event ends. None for any other text, which serde then reads or
    /// refuses.
    pub(super) fn quick(text: &'a str) -> Option<(Self, usize)> {
        let mut quick = Quick { text, rest: text.as_bytes() };
        let it = quick.event()?;
        Some((it, quick.at()))
    }

    /// True where it was exported here and nobody has changed where it is from: then its id
    /// follows from its command's.
    pub(super) fn ours(&self) -> bool {
        self.command.is_some() && self.scenario.is_none() && self.source.starts_with(SOURCE)
    }

    /// True where an older version of this page has exported it.
    pub(super) fn older(&self) -> bool {
        self.old_names || self.command.is_none() && self.source.starts_with(SOURCE)
    }

    /// Takes an attribute of this page's own by its name without the prefix. False where there is
    /// no such attribute.
    fn own(&mut self, name: &str, field: &str, value: &'a RawValue) -> Result<bool, BadAttribute> {
        match name {
            "scenario" => self.scenario = text(field, value)?,
            "position" => self.position = read_as(field, value, "a whole number from 0")?,
            "version" => self.version = read_as(field, value, "a whole number from 0")?,
            "schema" => self.schema = read_as(field, value, "a whole number from 0 to 65535")?,
            "command" => self.command = read_as(field, value, "a UUID")?,
            "causation" => self.causation = read_as(field, value, "a UUID")?,
            "correlation" => self.correlation = read_as(field, value, "a UUID")?,
            "actor" => self.actor = text(field, value)?,
            "origin" => {
                let words = "one of \"command\", \"import\" and \"forced\"";
                self.origin = read_as(field, value, words)?;
            }
            "stream" => self.stream = text(field, value)?,
            "recorded" => self.recorded = text(field, value)?,
            "committime" => self.committime = text(field, value)?,
            "commandtype" => self.commandtype = text(field, value)?,
            "commandto" => self.commandto = text(field, value)?,
            "commanddata" => self.commanddata = text(field, value)?,
            "follows" => self.follows = read_as(field, value, "a UUID")?,
            "choice" => {
                let words = "one of \"reload\", \"retry\", \"force\", \"same\" and \"anew\"";
                self.choice = read_as(field, value, words)?;
            }
            "unchangedsince" => {
                self.unchangedsince = read_as(field, value, "a whole number from 0")?;
            }
            "unanswered" => {
                self.unanswered = read_as(field, value, "true or false")?.unwrap_or_default();
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The name that an attribute of an older export has now. None for any other attribute.
fn renamed(name: &str) -> Option<&str> {
    Some(match name {
        "streamversion" => "version",
        "commandid" => "command",
        "causationid" => "causation",
        "correlationid" => "correlation",
        "commandsubject" => "commandto",
        "followsid" => "follows",
        "followschoice" => "choice",
        "position" | "schema" | "actor" | "origin" | "committime" | "commandtype"
        | "commanddata" | "unanswered" => name,
        _ => return None,
    })
}

/// Reads an event with serde. This is a function of its own, so that browsers compile the quick
/// path sooner.
#[cold]
#[inline(never)]
fn other(whole: &str) -> Result<CloudEvent<'_>, BadAttribute> {
    let Members(members) = members(whole)?;
    let mut names = NameSet::default();
    if let Some((name, _)) = members.iter().find(|(name, _)| !names.insert(&**name)) {
        return Err(BadAttribute::new(name, "it is there twice"));
    }
    // Without it, nobody knows what the other attributes mean.
    if !names.contains("specversion") {
        return Err(BadAttribute::new("specversion", MISSING));
    }
    // Older exports have no prefix. Whoever adds attributes to a newer one is another system.
    let old_names = names.iter().all(|name| !name.starts_with(PREFIX))
        && members.iter().any(|(name, value)| {
            let source = || serde_json::from_str::<Text<'_>>(value.get());
            &**name == "source" && source().is_ok_and(|it| it.starts_with(SOURCE))
        });
    let mut it = CloudEvent { old_names, ..CloudEvent::default() };
    let (mut specversion, mut id, mut source, mut kind) = (None, None, None, None);
    for (name, value) in &members {
        let (field, value): (&str, &RawValue) = (name, value);
        match field {
            "specversion" => specversion = text(field, value)?,
            "id" => id = text(field, value)?,
            "source" => source = text(field, value)?,
            "type" => kind = text(field, value)?,
            "subject" => it.subject = text(field, value)?,
            "time" => it.time = text(field, value)?,
            "data" => it.data = Some(value),
            "data_base64" => it.data_base64 = text(field, value)?,
            _ => {
                let own = field.strip_prefix(PREFIX).or(renamed(field).filter(|_| old_names));
                let own = own.map_or(Ok(false), |own| it.own(own, field, value))?;
                // An attribute that is null is none.
                if !own && value.get() != "null" {
                    it.others.0.push((name.clone(), value));
                }
            }
        }
    }
    it.specversion = needed("specversion", specversion)?;
    it.id = needed("id", id)?;
    it.source = needed("source", source)?;
    it.kind = needed("type", kind)?;
    Ok(it)
}

/// The members of an object.
pub(super) fn members(text: &str) -> Result<Members<'_>, BadAttribute> {
    serde_json::from_str(text).map_err(|error| {
        let NoJson { lines, what } = NoJson::of(text, &error);
        BadAttribute { lines, ..BadAttribute::new("", what) }
    })
}

fn needed<'a>(field: &str, it: Option<Text<'a>>) -> Result<Cow<'a, str>, BadAttribute> {
    it.map(|Text(text)| text).ok_or_else(|| BadAttribute::new(field, MISSING))
}

/// The text that an attribute holds. None where it is null.
fn text<'a>(field: &str, value: &'a RawValue) -> Result<Option<Text<'a>>, BadAttribute> {
    read_as(field, value, "a text")
}

/// What an attribute holds. None where it is null.
fn read_as<'a, T: Deserialize<'a>>(
    field: &str,
    value: &'a RawValue,
    what: &str,
) -> Result<Option<T>, BadAttribute> {
    serde_json::from_str(value.get()).map_err(|_| BadAttribute::found(field, value.get(), what))
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
            data: self.maybe(br#","data":"#, Self::value)?,
            data_base64: None,
            scenario: None,
            position: self.maybe(br#","leftfoldposition":"#, Self::number)?,
            version: self.maybe(br#","leftfoldversion":"#, Self::number)?,
            schema: self
                .maybe(br#","leftfoldschema":"#, Self::number)?
                .map(u16::try_from)
                .transpose()
                .ok()?,
            command: self.maybe(br#","leftfoldcommand":"#, Self::id)?,
            causation: self.maybe(br#","leftfoldcausation":"#, Self::id)?,
            correlation: self.maybe(br#","leftfoldcorrelation":"#, Self::id)?,
            actor: self.maybe(br#","leftfoldactor":"#, Self::text)?,
            origin: self.maybe(br#","leftfoldorigin":"#, Self::word)?,
            stream: None,
            recorded: None,
            committime: None,
            commandtype: None,
            commandto: None,
            commanddata: None,
            follows: None,
            choice: None,
            unchangedsince: None,
            unanswered: false,
            others: Members::default(),
            old_names: false,
        };
        if self.skip(b"}") { Some(it) } else { self.more(it) }
    }

    /// Reads the attributes that few events have. This is a function of its own, so that browsers
    /// compile the rest sooner.
    #[cold]
    #[inline(never)]
    fn more(&mut self, mut it: CloudEvent<'a>) -> Option<CloudEvent<'a>> {
        it.committime = self.maybe(br#","leftfoldcommittime":"#, Self::text)?;
        it.commandtype = self.maybe(br#","leftfoldcommandtype":"#, Self::text)?;
        it.commandto = self.maybe(br#","leftfoldcommandto":"#, Self::text)?;
        it.commanddata = self.maybe(br#","leftfoldcommanddata":"#, Self::text)?;
        it.follows = self.maybe(br#","leftfoldfollows":"#, Self::id)?;
        it.choice = self.maybe(br#","leftfoldchoice":"#, Self::word)?;
        it.unchangedsince = self.maybe(br#","leftfoldunchangedsince":"#, Self::number)?;
        it.unanswered = self.maybe(br#","leftfoldunanswered":"#, Self::value)?.unwrap_or_default();
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

    /// An event as an export writes it, with all attributes that events of this page have.
    const OURS: &str = concat!(
        r#"{"specversion":"1.0","id":"8d2aab8c-beda-5865-9d83-5a2f8f6685b2","#,
        r#""source":"leftfold:cart","type":"AddedToCart","subject":"cart-1","#,
        r#""time":"2017-08-24T18:00:00.000Z","data":{"item":["pe\"ars",1,null]},"#,
        r#""leftfoldposition":12,"leftfoldversion":3,"#,
        r#""leftfoldschema":2,"leftfoldcommand":"8d2aab8c-beda-5865-9d83-5a2f8f6685b3","#,
        r#""leftfoldcausation":"8d2aab8c-beda-5865-9d83-5a2f8f6685b4","#,
        r#""leftfoldcorrelation":"8d2aab8c-beda-5865-9d83-5a2f8f6685b5","#,
        r#""leftfoldactor":"Zoë","leftfoldorigin":"command","#,
        r#""leftfoldcommittime":"2017-08-24T18:00:01.000Z","#,
        r#""leftfoldcommandtype":"AddToCart","leftfoldcommandto":"cart-1","#,
        r#""leftfoldcommanddata":"{\"item\":\"pears\"}","#,
        r#""leftfoldfollows":"8d2aab8c-beda-5865-9d83-5a2f8f6685b6","leftfoldchoice":"retry","#,
        r#""leftfoldunchangedsince":7,"#,
        r#""leftfoldunanswered":true}"#
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
            (Some(_), Err(error)) => panic!("serde says {error:?}, of {text}"),
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
