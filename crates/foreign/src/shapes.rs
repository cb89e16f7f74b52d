//! Events that are no CloudEvents: which tool has exported them, and which of their fields hold
//! what.
//!
//! The shapes are those that the tools themselves write or store:
//!
//! - `KurrentDB` (`EventStoreDB`): entries of a feed over HTTP with `?embed=body` (`RichEntryElement` in
//!   `EventStore.Transport.Http/Atom/AtomElements.cs`) or with `?embed=content`, newest first; what
//!   its clients return (`ResolvedEvent` and `RecordedEvent` of the Node and .NET clients); what is
//!   posted to it (`application/vnd.eventstore.events+json`).
//! - Marten: rows of `mt_events` (`Marten/Events/Schema/EventsTable.cs`), and `IEvent` as JSON.
//! - Axon: rows of `domain_event_entry` (`DomainEventEntry` of the Framework), and events as Axon
//!   Server has them (`event.proto`).
//! - Emmett: recorded messages (`emmett/src/typing/message.ts`), and rows of `emt_messages`
//!   (`emmett-postgresql/src/eventStore/schema/tables.ts`).
//! - Redux `DevTools`: the lifted state that *Export* writes, or the same as a text in `payload`
//!   (`redux-devtools-app-core/src/middlewares/exportState.ts`).
//!
//! Names of fields are compared without case and underscores, since one tool's rows, .NET objects
//! and JSON differ in nothing else.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::value::RawValue;
use uuid::Uuid;

use es::Stream;

/// Base64, whose end may be left open.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How many events are looked at before anybody says what their fields mean.
pub const SAMPLES: usize = 5;
/// How deep fields are looked for.
const LEVELS: usize = 3;
/// How many fields are offered.
const FIELDS: usize = 60;
/// How much of an event's data is shown, in characters.
const SHOWN: usize = 120;

/// What an export of a tool looks like. Fields are paths, `event.type`; of several that are parted by
/// `|`, the first counts that is there. An empty path names nothing.
struct Shape {
    /// The tool's name.
    tool: &'static str,
    /// The `source` of its events.
    source: &'static str,
    /// The fields that tell it from other shapes.
    has: &'static [&'static str],
    kind: &'static str,
    /// Where it is empty, all events are in one stream.
    stream: &'static str,
    /// Where it is empty, the whole event is its data.
    data: &'static str,
    id: &'static str,
    time: &'static str,
    /// A number that grows from event to event.
    order: &'static str,
    /// The category of the streams.
    category: &'static str,
    /// Why it cannot be read. Empty where it can.
    lacks: &'static str,
}

/// A shape of which nothing is known.
const UNKNOWN: Shape = Shape {
    tool: "",
    source: "elsewhere",
    has: &[],
    kind: "",
    stream: "",
    data: "",
    id: "",
    time: "",
    order: "",
    category: "",
    lacks: "",
};
const KURRENT: Shape = Shape { tool: "KurrentDB (EventStoreDB)", source: "kurrentdb", ..UNKNOWN };
const MARTEN: Shape = Shape {
    tool: "Marten",
    source: "marten",
    id: "id",
    data: "data",
    time: "timestamp",
    ..UNKNOWN
};
const AXON: Shape = Shape {
    tool: "Axon",
    source: "axon",
    stream: "aggregateIdentifier",
    id: "eventIdentifier|messageIdentifier|identifier",
    time: "timeStamp",
    order: "globalIndex|token",
    category: "aggregateType|type",
    ..UNKNOWN
};
const EMMETT: Shape = Shape { tool: "Emmett", source: "emmett", ..UNKNOWN };
const REDUX: Shape = Shape { tool: "Redux DevTools", source: "redux-devtools", ..UNKNOWN };

/// The first that fits counts.
const SHAPES: [Shape; 14] = [
    Shape {
        has: &["eventId", "eventType", "positionStreamId"],
        kind: "eventType",
        stream: "streamId",
        data: "data",
        id: "eventId",
        time: "updated",
        ..KURRENT
    },
    Shape {
        has: &["content.eventType", "content.eventStreamId"],
        kind: "content.eventType",
        stream: "content.eventStreamId",
        data: "content.data",
        id: "content.eventId",
        time: "updated",
        ..KURRENT
    },
    Shape {
        has: &["title", "summary", "updated", "links"],
        lacks: "its entries hold no data: read the feed with ?embed=body",
        ..KURRENT
    },
    Shape {
        has: &["event.streamId|event.eventStreamId", "event.eventType|event.type"],
        kind: "event.eventType|event.type",
        stream: "event.streamId|event.eventStreamId",
        data: "event.data",
        id: "event.id|event.eventId",
        time: "event.created",
        ..KURRENT
    },
    Shape {
        has: &["streamId|eventStreamId", "eventType|type", "revision|eventNumber"],
        kind: "eventType|type",
        stream: "streamId|eventStreamId",
        data: "data",
        id: "id|eventId",
        time: "created",
        ..KURRENT
    },
    Shape {
        has: &["eventId", "eventType", "data"],
        kind: "eventType",
        stream: "streamId",
        data: "data",
        id: "eventId",
        ..KURRENT
    },
    Shape {
        has: &["seq_id", "stream_id", "type", "data"],
        kind: "type",
        stream: "stream_id",
        order: "seq_id",
        ..MARTEN
    },
    Shape {
        has: &["eventTypeName", "streamKey|streamId", "sequence", "data"],
        kind: "eventTypeName",
        stream: "streamKey|streamId",
        order: "sequence",
        ..MARTEN
    },
    Shape {
        has: &["aggregateIdentifier", "payload.type"],
        kind: "payload.type",
        data: "payload.data",
        ..AXON
    },
    Shape {
        has: &["aggregateIdentifier", "payloadType"],
        kind: "payloadType",
        data: "payloadData|payload",
        ..AXON
    },
    Shape {
        has: &["type", "metadata.streamName", "metadata.messageId"],
        kind: "type",
        stream: "metadata.streamName",
        data: "data",
        id: "metadata.messageId",
        order: "metadata.globalPosition",
        ..EMMETT
    },
    Shape {
        has: &["message_type", "message_data", "stream_id"],
        kind: "message_type",
        stream: "stream_id",
        data: "message_data",
        id: "message_id",
        time: "created",
        order: "global_position",
        ..EMMETT
    },
    Shape {
        has: &["action.type", "timestamp"],
        kind: "action.type",
        data: "action",
        time: "timestamp",
        ..REDUX
    },
    // An action by itself: only an export's list of actions is known to hold them. No event has a
    // field of that name.
    Shape { has: &["\0"], kind: "type", ..REDUX },
];

/// Names that a type often has, and so on. The first ones are likeliest.
const KINDS: [&str; 9] =
    ["type", "eventType", "eventName", "messageType", "@type", "$type", "name", "event", "kind"];
const STREAMS: [&str; 11] = [
    "stream",
    "streamId",
    "streamName",
    "aggregateId",
    "aggregateIdentifier",
    "entityId",
    "subject",
    "partitionKey",
    "orderingKey",
    "key",
    "sourceId",
];
const DATA: [&str; 7] = ["data", "payload", "eventData", "body", "content", "message", "value"];
const IDS: [&str; 3] = ["eventId", "messageId", "uuid"];
const TIMES: [&str; 9] = [
    "time",
    "timestamp",
    "occurredAt",
    "occurredOn",
    "createdAt",
    "created",
    "recordedAt",
    "date",
    "at",
];

/// Which fields of a file's events hold what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The field that holds the type.
    pub kind: String,
    /// The field that names the stream. Where it is empty, all events are in one stream.
    pub stream: String,
    /// The field that holds the data. Where it is empty, it is the whole event.
    pub data: String,
    /// The fields that hold an id and a time.
    id: String,
    time: String,
    /// The shape that the events have, by its place.
    shape: Option<usize>,
}

/// Events that are no CloudEvents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The tool whose exports look so.
    pub tool: Option<&'static str>,
    /// What is missing, where such a file cannot be read.
    pub lacks: Option<String>,
    /// The fields that hold a text or a number. A type or a stream can be read from them.
    pub texts: Vec<String>,
    /// All fields.
    pub fields: Vec<String>,
    /// What the fields seem to hold.
    pub guess: Mapping,
    /// The line where the first event begins, from 1.
    pub line: u64,
    /// The first events.
    samples: Vec<String>,
}

/// What a foreign event will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previewed {
    /// Its type.
    pub kind: String,
    /// Its stream.
    pub stream: String,
    /// Its data, as JSON; the beginning of it where it is long.
    pub data: String,
}

impl Foreign {
    /// What is known of a file by its first events. `bare` is true where they are actions of an
    /// export of Redux `DevTools`.
    #[inline(never)]
    pub fn of(samples: Vec<String>, line: u64, bare: bool) -> Self {
        let mut fields = Vec::new();
        for sample in &samples {
            collect(sample, "", LEVELS, &mut fields);
        }
        let shape = samples.first().and_then(|first| shape_of(first, bare));
        let mut guess = Mapping { shape, ..Mapping::default() };
        let (mut tool, mut lacks) = (None, None);
        if let Some(shape) = guess.shape() {
            tool = Some(shape.tool);
            lacks = (!shape.lacks.is_empty()).then(|| shape.lacks.to_owned());
            let first = samples.first().map_or("", |it| &**it);
            let of = |path: &str| first_of(first, path, &fields);
            guess.kind = of(shape.kind);
            guess.stream = of(shape.stream);
            guess.data = of(shape.data);
            guess.id = shape.id.to_owned();
            guess.time = shape.time.to_owned();
        } else {
            let of = |names: &[&str], texts: bool| likely(names, &fields, texts);
            guess.kind = of(&KINDS, true);
            guess.stream = of(&STREAMS, true);
            guess.data = of(&DATA, false);
            guess.id = of(&IDS, true);
            guess.time = of(&TIMES, true);
        }
        let texts = fields.iter().filter(|it| it.1).map(|it| it.0.clone()).collect();
        let fields: Vec<String> = fields.into_iter().map(|it| it.0).collect();
        if fields.is_empty() {
            lacks = Some("its events have no fields".to_owned());
        }
        Self { tool, lacks, texts, fields, guess, line, samples }
    }

    /// What the first events will be, or why one of them cannot be read: the field, what is found,
    /// and what is expected.
    pub fn preview(&self, mapping: &Mapping) -> Vec<Result<Previewed, String>> {
        let read = |(at, text): (u64, &String)| match Mapped::read(text, mapping, at, |_| None) {
            Ok(it) => {
                let data = it.data.get();
                let end = data.char_indices().nth(SHOWN).map_or(data.len(), |(at, _)| at);
                let more = if end < data.len() { "…" } else { "" };
                Ok(Previewed {
                    kind: it.kind,
                    stream: it.stream,
                    data: format!("{}{more}", &data[..end]),
                })
            }
            Err(bad) => Err(format!("{}: {}", bad.field, bad.what)),
        };
        (1..).zip(&self.samples).map(read).collect()
    }
}

impl Mapping {
    fn shape(&self) -> Option<&'static Shape> {
        SHAPES.get(self.shape?)
    }

    /// The field whose numbers grow from event to event.
    pub fn order(&self) -> &'static str {
        self.shape().map_or("", |it| it.order)
    }
}

/// True where two names differ in case and underscores at most.
fn same(a: &str, b: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(|it| *it != b'_').map(|it| it.to_ascii_lowercase())
    }
    letters(a).eq(letters(b))
}

/// The parts of an object or a list, which are parted by commas. The text is known to be JSON, so
/// nothing is checked again.
fn parts(json: &str) -> Vec<&str> {
    let (mut all, mut from, mut depth, mut in_text, mut escaped) = (Vec::new(), 0, 0, false, false);
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => {
                depth += 1;
                if depth == 1 {
                    from = at + 1;
                }
            }
            b',' | b'}' | b']' => {
                if depth == 1 {
                    let part = json.get(from..at).unwrap_or_default().trim();
                    if !part.is_empty() {
                        all.push(part);
                    }
                    from = at + 1;
                }
                depth -= i32::from(byte != b',');
            }
            _ => {}
        }
    }
    all
}

/// The members of an object: each with its name and its value. None of any other JSON.
fn members(json: &str) -> Vec<(Cow<'_, str>, &str)> {
    if !json.starts_with('{') {
        return Vec::new();
    }
    let member = |part| {
        let part: &str = part;
        let mut escaped = false;
        let end = part.bytes().skip(1).position(|byte| {
            let end = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            end
        })? + 1;
        let (name, value) = (part.get(1..end)?, part.get(end + 1..)?);
        let name =
            if name.contains('\\') { unquoted(&part[..=end])?.into() } else { Cow::from(name) };
        Some((name, value.trim_start().strip_prefix(':')?.trim_start()))
    };
    parts(json).into_iter().filter_map(member).collect()
}

/// The field of one of those paths, unless it is null.
fn find<'a>(json: &'a str, paths: &str) -> Option<&'a str> {
    paths.split('|').find_map(|path| along(json, path))
}

/// The field of a path. A name may have a dot in it, so every dot may be where the first name ends. Each
/// step goes into a field that is there, so that no part of the text is looked at twice.
fn along<'a>(json: &'a str, path: &str) -> Option<&'a str> {
    let all = members(json);
    let own = |name: &str| {
        let exact = all.iter().find(|it| it.0 == name);
        exact.or_else(|| all.iter().find(|it| same(&it.0, name))).map(|it| it.1)
    };
    if let Some(value) = own(path) {
        return (value != "null").then_some(value);
    }
    path.match_indices('.').find_map(|(at, _)| along(own(&path[..at])?, &path[at + 1..]))
}

/// Adds the fields of an object, each with whether it holds a text or a number.
fn collect(json: &str, before: &str, levels: usize, fields: &mut Vec<(String, bool)>) {
    for (name, value) in members(json) {
        if fields.len() == FIELDS {
            return;
        }
        let path = format!("{before}{name}");
        let inner = format!("{path}.");
        if !fields.iter().any(|it| it.0 == path) {
            fields.push((path, is_text(value)));
        }
        if levels > 1 {
            collect(value, &inner, levels - 1, fields);
        }
    }
}

/// True where it holds a text or a number.
fn is_text(json: &str) -> bool {
    matches!(json.as_bytes().first(), Some(b'"' | b'-' | b'0'..=b'9'))
}

/// The likeliest field for something that often has one of these names. Outer ones come first.
fn likely(names: &[&str], fields: &[(String, bool)], texts: bool) -> String {
    let fits = |depth: usize, name: &str| {
        fields.iter().find(|(path, text)| {
            let last = path.rsplit('.').next().unwrap_or_default();
            path.matches('.').count() == depth && same(last, name) && (*text || !texts)
        })
    };
    let found = (0..LEVELS).find_map(|depth| names.iter().find_map(|name| fits(depth, name)));
    found.map(|it| it.0.clone()).unwrap_or_default()
}

/// The field that a shape's path names in an event, as the event writes it.
fn first_of(event: &str, path: &str, fields: &[(String, bool)]) -> String {
    let there = path.split('|').find(|it| find(event, it).is_some()).unwrap_or_default();
    let written = fields.iter().find(|it| same(&it.0, there));
    written.map_or_else(|| there.to_owned(), |it| it.0.clone())
}

fn shape_of(event: &str, bare: bool) -> Option<usize> {
    if bare {
        return Some(SHAPES.len() - 1);
    }
    SHAPES.iter().position(|shape| shape.has.iter().all(|path| find(event, path).is_some()))
}

/// The events that an object holds which is none itself.
pub struct Contained {
    /// Each with how many lines of the object are before it.
    pub events: Vec<(u64, String)>,
    /// True where they are actions of an export of Redux `DevTools`.
    pub bare: bool,
}

/// The lists in which tools return events.
const LISTS: &str = "entries|events|messages|records|rows|value";

/// The events in an object that holds a list of them. None for any other object.
#[inline(never)]
pub fn contained(text: &str) -> Option<Contained> {
    if let Some(actions) = find(text, "actionsById") {
        let actions = members(actions).into_iter().map(|it| it.1).collect();
        return Some(Contained { events: with_lines(text, actions), bare: false });
    }
    if let Some(payload) = find(text, "payload")
        && members(text).iter().all(|it| it.0 == "payload" || it.0 == "preloadedState")
        && let Some(inner) = unquoted(payload).filter(|it| is_json(it))
    {
        let inner = inner.trim();
        let bare = inner.starts_with('[');
        let mut events =
            if bare { with_lines(inner, parts(inner)) } else { contained(inner)?.events };
        // The text stands on one line of the file.
        let line = with_lines(text, vec![payload]).first().map_or(0, |it| it.0);
        for it in &mut events {
            it.0 = line;
        }
        return Some(Contained { events, bare });
    }
    if find(text, "type|eventType").is_some_and(|it| it.starts_with('"')) {
        return None;
    }
    let list = find(text, LISTS).filter(|it| it.starts_with('['))?;
    let mut events = parts(list);
    // A feed has the newest event first.
    let number =
        |it: &&str| find(it, "positionEventNumber|content.eventNumber")?.parse::<u64>().ok();
    if let (Some(first), Some(last)) =
        (events.first().and_then(number), events.last().and_then(number))
        && first > last
    {
        events.reverse();
    }
    Some(Contained { events: with_lines(text, events), bare: false })
}

/// Parts of a text, each with how many lines of the text are before it.
fn with_lines(text: &str, parts: Vec<&str>) -> Vec<(u64, String)> {
    let part = |part: &str| {
        let at = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        let lines = text.bytes().take(at).filter(|it| *it == b'\n').count();
        (lines as u64, part.to_owned())
    };
    parts.into_iter().map(part).collect()
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// A foreign event, read by a mapping.
pub struct Mapped<'a> {
    /// Tells the event from all others of its source.
    pub id: String,
    /// The tool, in small letters.
    pub source: &'static str,
    /// The type.
    pub kind: String,
    /// The stream as the event names it. Empty where it names none.
    pub subject: String,
    /// The stream: a category and an id.
    pub stream: String,
    /// When it happened, as far as it says.
    pub time: Option<String>,
    /// The data.
    pub data: Box<RawValue>,
    /// Every field that is none of these, with a name that CloudEvents allow.
    pub others: Vec<(String, &'a RawValue)>,
    /// How far the event is in its system, as far as it says.
    pub order: Option<u64>,
}

/// A field that cannot be read.
#[derive(Debug)]
pub struct Fault {
    /// Its path.
    pub field: String,
    /// What is found, and what is expected.
    pub what: String,
}

impl Fault {
    fn new(field: &str, what: &str) -> Self {
        Self { field: field.to_owned(), what: what.to_owned() }
    }
}

impl<'a> Mapped<'a> {
    /// Reads an event, which is known to be JSON. `number` is its place in the file, from 1. `moment`
    /// reads a time; it returns None where the text is none.
    ///
    /// # Errors
    /// The first field that cannot be read.
    #[inline(never)]
    pub fn read(
        text: &'a str,
        mapping: &Mapping,
        number: u64,
        moment: fn(&str) -> Option<String>,
    ) -> Result<Self, Fault> {
        let shape = mapping.shape().unwrap_or(&UNKNOWN);
        let text = text.trim();
        let mut used = Vec::new();
        let mut take = |path: &str| {
            let found = if path.is_empty() { None } else { find(text, path) };
            used.extend(found);
            found
        };
        if mapping.kind.is_empty() {
            return Err(Fault::new("type", "choose the field that holds it"));
        }
        let whole = needed(take(&mapping.kind), &mapping.kind, "a text")?;
        let mut kind = as_text(whole).unwrap_or_default();
        let own = shape.stream.split('|').any(|it| same(it, &mapping.stream));
        let category = if own { take(shape.category).and_then(as_text) } else { None };
        let (mut subject, mut stream) = (String::new(), String::from("events-all"));
        if !mapping.stream.is_empty() {
            let found = needed(take(&mapping.stream), &mapping.stream, "a text or a number")?;
            subject = as_text(found).unwrap_or_default();
            stream = stream_name(&subject, category.as_deref().map(last_name));
        } else if shape.source == REDUX.source {
            stream = String::from("redux-store");
        }
        let id = take(&mapping.id).and_then(as_text).filter(|it| !it.is_empty());
        // The same beginning of a file has the same ids, and two files have none in common.
        let id = id.unwrap_or_else(|| {
            Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{number} {text}").as_bytes()).to_string()
        });
        let order = take(shape.order).and_then(as_text).and_then(|it| it.parse().ok());
        // What else it says stays with it, and so does what is read otherwise than it is written.
        let time = take(&mapping.time).and_then(as_text);
        let moment = time.as_deref().and_then(moment);
        if moment != time {
            let time = find(text, &mapping.time);
            used.retain(|it| Some(it.as_ptr()) != time.map(str::as_ptr));
        }
        if shape.source == AXON.source && last_name(&kind) != kind {
            used.retain(|it| it.as_ptr() != whole.as_ptr());
            kind = kind.split_off(kind.len() - last_name(&kind).len());
        }
        let mut others = Vec::new();
        let data = if mapping.data.is_empty() {
            without(text, &used)
        } else {
            let value = find(text, &mapping.data);
            let data = value.map_or_else(|| raw("{}".to_owned()), |it| decoded(it, &used));
            used.extend(value);
            rest(text, &used, &mut others);
            data
        };
        Ok(Self {
            id,
            source: shape.source,
            kind,
            subject,
            stream,
            time: moment,
            data,
            others,
            order,
        })
    }
}

/// A field that has to hold a text or a number. `expected` says which.
fn needed<'a>(found: Option<&'a str>, field: &str, expected: &str) -> Result<&'a str, Fault> {
    let Some(found) = found else { return Err(Fault::new(field, "it is missing")) };
    let empty = || as_text(found).is_none_or(|it| it.trim().is_empty());
    if empty() { Err(wrong(field, found, expected)) } else { Ok(found) }
}

fn wrong(field: &str, found: &str, expected: &str) -> Fault {
    let end = found.char_indices().nth(40).map_or(found.len(), |(at, _)| at);
    let more = if end < found.len() { "…" } else { "" };
    Fault { field: field.to_owned(), what: format!("{}{more} is not {expected}", &found[..end]) }
}

/// The text that JSON writes.
fn unquoted(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

fn json_text(text: &str) -> Box<RawValue> {
    raw(serde_json::Value::from(text).to_string())
}

/// A text, or a number as a text.
fn as_text(json: &str) -> Option<String> {
    if json.starts_with('"') { unquoted(json) } else { is_text(json).then(|| json.to_owned()) }
}

/// A class without its package: `Placed` in `shop.orders.Placed`.
fn last_name(class: &str) -> &str {
    let last = class.rsplit(['.', '$']).next().unwrap_or_default();
    if last.is_empty() { class } else { last }
}

/// The name of a stream: a category and an id.
fn stream_name(text: &str, category: Option<&str>) -> String {
    let category = category.filter(|it| !it.is_empty() && !it.contains('-'));
    if let Some(category) = category {
        return match text.strip_prefix(category) {
            Some(rest) if rest.starts_with('-') => text.to_owned(),
            _ => format!("{category}-{text}"),
        };
    }
    if Uuid::try_parse(text).is_err() {
        // Emmett writes a colon.
        if let Some((category, id)) = text.split_once(':')
            && !category.is_empty()
            && !category.contains('-')
            && !id.trim().is_empty()
        {
            return format!("{category}-{id}");
        }
        if Stream::is_named(text) {
            return text.to_owned();
        }
    }
    format!("stream-{text}")
}

fn raw(json: String) -> Box<RawValue> {
    RawValue::from_string(json).unwrap_or_default()
}

/// Data as JSON: tools write it as it is, as a text, or as bytes in base64. Fields that are read for
/// something else are left out of it.
fn decoded(json: &str, used: &[&str]) -> Box<RawValue> {
    if !json.starts_with('"') {
        return without(json, used);
    }
    let text = unquoted(json).unwrap_or_default();
    let object = |it: &String| it.trim_start().starts_with(['{', '[']) && is_json(it);
    let bytes = || String::from_utf8(BASE64.decode(&text).ok()?).ok().filter(object);
    if object(&text) {
        return raw(text);
    }
    bytes().map_or_else(|| json_text(&text), raw)
}

/// JSON; an object without those of its members that are used.
fn without(json: &str, used: &[&str]) -> Box<RawValue> {
    let is_used = |value: &str| used.iter().any(|it| it.as_ptr() == value.as_ptr());
    let all = members(json);
    if !all.iter().any(|it| is_used(it.1)) {
        return raw(json.to_owned());
    }
    let mut text = String::from("{");
    for (name, value) in all.iter().filter(|it| !is_used(it.1)) {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(json_text(name).get());
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    raw(text)
}

/// Collects the members that nobody has used, also those beside used ones within an object.
fn rest<'a>(json: &'a str, used: &[&str], out: &mut Vec<(String, &'a RawValue)>) {
    for (name, value) in members(json) {
        let range = value.as_bytes().as_ptr_range();
        let mut within = used.iter().filter(|it| range.contains(&it.as_ptr())).peekable();
        if within.peek().is_some() {
            if within.all(|it| it.as_ptr() != value.as_ptr()) {
                rest(value, used, out);
            }
            continue;
        }
        let Ok(value) = serde_json::from_str::<&RawValue>(value) else { continue };
        if value.get() == "null" {
            continue;
        }
        // As CloudEvents require.
        let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
        let mut name: String = letters.map(|it| char::from(it.to_ascii_lowercase())).collect();
        while name.is_empty() || is_taken(&name) || out.iter().any(|it| it.0 == name) {
            name.insert_str(0, "their");
        }
        out.push((name, value));
    }
}

/// True for names that mean something already.
fn is_taken(name: &str) -> bool {
    let known = ["specversion", "id", "source", "type", "subject", "time", "data"];
    known.contains(&name) || name.starts_with("leftfold")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text that is taken for a time as it is.
    const STATED: fn(&str) -> Option<String> = |text| Some(text.to_owned());

    fn foreign(samples: &[&str]) -> Foreign {
        Foreign::of(samples.iter().map(|it| (*it).to_owned()).collect(), 1, false)
    }

    /// What the first event is by the guess: its type, stream and data, and its time and id.
    fn read(text: &str) -> (&'static str, [String; 3], Option<String>, String) {
        let it = foreign(&[text]);
        let mapped =
            Mapped::read(text, &it.guess, 1, STATED).unwrap_or_else(|bad| panic!("{bad:?}"));
        let told = [mapped.kind, mapped.stream, mapped.data.get().to_owned()];
        (it.tool.unwrap_or_default(), told, mapped.time, mapped.id)
    }

    #[test]
    fn each_tools_events_are_recognised_with_their_ids_and_times() {
        let data = r#"{"item":"pears"}"#;
        let written = serde_json::to_string(data).unwrap();
        let base64 = "\"eyJpdGVtIjoicGVhcnMifQ==\"";
        let uuid = "8d2aab8c-beda-5865-9d83-5a2f8f6685b2";
        let kurrent = "KurrentDB (EventStoreDB)";
        let table = [
            (
                format!(
                    r#"{{"eventId":"7","eventType":"Added","eventNumber":3,"data":{written},
                    "metaData":"","streamId":"cart-1","isJson":true,"positionEventNumber":3,
                    "positionStreamId":"cart-1","title":"3@cart-1","updated":"2017-08-24T18:00:00.5Z"}}"#
                ),
                (kurrent, "cart-1", "2017-08-24T18:00:00.5Z"),
            ),
            (
                format!(
                    r#"{{"title":"3@cart-1","updated":"2017-08-24T18:00:00.5Z","content":{{
                    "eventStreamId":"cart-1","eventNumber":3,"eventType":"Added","eventId":"7","data":{data},
                    "metadata":""}}}}"#
                ),
                (kurrent, "cart-1", "2017-08-24T18:00:00.5Z"),
            ),
            (
                format!(
                    r#"{{"event":{{"streamId":"cart-1","id":"7","isJson":true,"type":"Added",
                    "revision":"3","created":1503597600500,"data":{data},"metadata":{{}}}},
                    "commitPosition":"88"}}"#
                ),
                (kurrent, "cart-1", "1503597600500"),
            ),
            (
                format!(
                    r#"{{"EventStreamId":"cart-1","EventId":"7","EventNumber":3,"EventType":"Added",
                    "Data":{base64},"Metadata":"","Created":"2017-08-24T18:00:00.5"}}"#
                ),
                (kurrent, "cart-1", "2017-08-24T18:00:00.5"),
            ),
            (
                format!(
                    r#"{{"seq_id":9,"id":"7","stream_id":"{uuid}","version":1,"data":{data},
                    "type":"Added","timestamp":"2017-08-24 18:00:00.5+00","tenant_id":"*DEFAULT*",
                    "mt_dotnet_type":"Shop.Added, Shop","is_archived":false}}"#
                ),
                (
                    "Marten",
                    "stream-8d2aab8c-beda-5865-9d83-5a2f8f6685b2",
                    "2017-08-24 18:00:00.5+00",
                ),
            ),
            (
                format!(
                    r#"{{"Id":"7","Version":1,"Sequence":9,"Data":{data},"StreamId":"{uuid}",
                    "StreamKey":null,"EventTypeName":"Added","Timestamp":"2017-08-24T18:00:00.5Z"}}"#
                ),
                ("Marten", "stream-8d2aab8c-beda-5865-9d83-5a2f8f6685b2", "2017-08-24T18:00:00.5Z"),
            ),
            (
                format!(
                    r#"{{"global_index":1,"event_identifier":"7","meta_data":"{{}}","payload":{written},
                    "payload_revision":null,"payload_type":"com.shop.Added","time_stamp":"2017-08-24T18:00:00.5Z",
                    "aggregate_identifier":"{uuid}","sequence_number":0,"type":"Cart"}}"#
                ),
                ("Axon", "Cart-8d2aab8c-beda-5865-9d83-5a2f8f6685b2", "2017-08-24T18:00:00.5Z"),
            ),
            (
                format!(
                    r#"{{"messageIdentifier":"7","aggregateIdentifier":"1","aggregateSequenceNumber":"0",
                    "aggregateType":"Cart","timestamp":"1503597600500",
                    "payload":{{"type":"com.shop.Added","data":{base64}}}}}"#
                ),
                ("Axon", "Cart-1", "1503597600500"),
            ),
            (
                format!(
                    r#"{{"kind":"Event","type":"Added","data":{data},"metadata":{{"streamName":"cart:1",
                    "messageId":"7","streamPosition":"1","globalPosition":"5"}}}}"#
                ),
                ("Emmett", "cart-1", ""),
            ),
            (
                format!(
                    r#"{{"stream_id":"cart:1","stream_position":1,"message_kind":"E","message_data":{data},
                    "message_metadata":{{}},"message_type":"Added","message_id":"7","global_position":5,
                    "created":"2017-08-24T18:00:00.5+00:00"}}"#
                ),
                ("Emmett", "cart-1", "2017-08-24T18:00:00.5+00:00"),
            ),
        ];
        for (text, (tool, stream, at)) in table {
            let (found, told, time, id) = read(&text);
            assert_eq!((found, &*id), (tool, "7"), "{text}");
            assert_eq!(told, ["Added", stream, data].map(str::to_owned), "{text}");
            assert_eq!(time.unwrap_or_default(), at, "{text}");
        }
    }

    #[test]
    fn what_else_an_event_says_is_kept_under_names_of_its_own() {
        let text = r#"{"type":"Added","data":{},"id":5,"kind":"Event","Some_Name":true,"some-name":1,
            "metadata":{"streamName":"cart-1","messageId":"7","userId":"u"},"nothing":null}"#;
        let guess = foreign(&[text]).guess;
        let mapped = Mapped::read(text, &guess, 1, STATED).unwrap_or_else(|bad| panic!("{bad:?}"));
        let others: Vec<_> = mapped.others.iter().map(|(name, it)| (&**name, it.get())).collect();
        let expected = [
            ("theirid", "5"),
            ("kind", "\"Event\""),
            ("somename", "true"),
            ("theirsomename", "1"),
            ("userid", "\"u\""),
        ];
        assert_eq!(others, expected);
    }

    #[test]
    fn a_mapping_of_three_fields_is_guessed_where_nobody_knows_the_tool() {
        let text = r#"{"eventName":"Added","aggregateId":1,"payload":{"item":"pears"},"createdAt":
            "2017-08-24T18:00:00Z"}"#;
        let it = foreign(&[text]);
        assert_eq!(it.tool, None);
        let Mapping { kind, stream, data, .. } = &it.guess;
        assert_eq!([kind, stream, data], ["eventName", "aggregateId", "payload"]);
        let (_, told, time, _) = read(text);
        assert_eq!(told, ["Added", "stream-1", r#"{"item":"pears"}"#]);
        assert_eq!(time.as_deref(), Some("2017-08-24T18:00:00Z"));
        // Without data, the whole event is its data, less what is read for something else.
        let (_, told, ..) = read(r#"{"type":"Added","item":"pears","cart":{"stream":"cart-1"}}"#);
        assert_eq!(told, ["Added", "cart-1", r#"{"item":"pears","cart":{"stream":"cart-1"}}"#]);
        let (_, told, ..) = read(r#"{"type":"Added","item":"pears"}"#);
        assert_eq!(told, ["Added", "events-all", r#"{"item":"pears"}"#]);
    }

    #[test]
    fn a_preview_says_of_each_event_what_is_missing() {
        let it = foreign(&[
            r#"{"type":"Added","stream":"cart-1","data":1}"#,
            r#"{"stream":"cart-1"}"#,
            r#"{"type":"Added","stream":{"a":1}}"#,
            r#"{"type":["a"],"stream":"cart-1"}"#,
        ]);
        let told: Vec<String> = it.preview(&it.guess).into_iter().filter_map(Result::err).collect();
        let expected = [
            "type: it is missing",
            "stream: {\"a\":1} is not a text or a number",
            "type: [\"a\"] is not a text",
        ];
        assert_eq!(told, expected);
        let unsure = foreign(&[r#"{"what":7}"#]);
        assert_eq!(
            unsure.preview(&unsure.guess),
            [Err("type: choose the field that holds it".to_owned())]
        );
        assert_eq!(unsure.texts, ["what"]);
        let feed =
            r#"{"title":"3@cart-1","summary":"Added","updated":"2017-08-24T18:00:00Z","links":[]}"#;
        let why = "its entries hold no data: read the feed with ?embed=body";
        assert_eq!(foreign(&[feed]).lacks.as_deref(), Some(why));
    }

    #[test]
    fn the_events_in_an_object_are_found_with_their_lines_and_in_order() {
        let found = |text: &str| {
            contained(text).map(|it| {
                let told = it.events.iter().map(|(line, text)| format!("{line} {text}"));
                (told.collect::<Vec<_>>(), it.bare)
            })
        };
        let feed = "{\"title\":\"x\",\n\"entries\":[\n{\"positionEventNumber\":1},\n{\"positionEventNumber\":0}]}";
        let entries = [r#"3 {"positionEventNumber":0}"#, r#"2 {"positionEventNumber":1}"#];
        assert_eq!(found(feed), Some((entries.map(str::to_owned).to_vec(), false)));
        let actions = r#"{"actionsById":{"0":{"a":0},"1":{"a":1}},"computedStates":[]}"#;
        let all = vec![r#"0 {"a":0}"#.to_owned(), r#"0 {"a":1}"#.to_owned()];
        assert_eq!(found(actions), Some((all.clone(), false)));
        let text = serde_json::to_string(actions).unwrap();
        assert_eq!(found(&format!(r#"{{"payload":{text}}}"#)), Some((all.clone(), false)));
        let text = serde_json::to_string(r#"[{"a":0},{"a":1}]"#).unwrap();
        let payload = format!(r#"{{"payload":{text},"preloadedState":"{{}}"}}"#);
        assert_eq!(found(&payload), Some((all, true)));
        for event in [
            r#"{"type":"Ordered","events":[{"a":1}]}"#,
            r#"{"payload":"text","type":"Added"}"#,
            r#"{"payload":"text"}"#,
            r#"{"a":[1]}"#,
            "7",
        ] {
            assert_eq!(found(event), None, "{event}");
        }
    }
}
