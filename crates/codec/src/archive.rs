//! Exports a log, and imports it again: as CloudEvents 1.0, in NDJSON or in a JSON batch.
//!
//! Extension attributes hold everything that a commit says, so that an exported log is the same
//! after its import. Their names begin with `leftfold`, so that any other attribute is another
//! system's: it stays with its event, and goes out again. Events of another system need only what
//! CloudEvents require. `docs/archive.md` describes the format.
//!
//! An import is checked as a whole before any of it is used. Each fault is named with its line and
//! field.

mod check;
mod cloud;
mod time;

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use base64::Engine;
use memchr::memchr;
use serde_json::value::RawValue;
use uuid::Uuid;

pub use self::check::LATEST;
use self::cloud::{BASE64, BadAttribute, CloudEvent, Members, SOURCE, json_text, members};
pub use self::time::{instant, written};
use self::time::{is_written, millis, moment, time};

use super::{Segment, Segments, segments_of};
use es::{
    BadStream, CommandRecord, DATA_BASE64, Envelope, EventLog, Follows, IdSet, Json, Metadata,
    NameMap, NameSet, Origin, Recorded, Scenario, StoredCommit, StoredEvent, Stream, UNSTATED,
    event_id,
};
use foreign::{Decoded, Decoder, Mapped, NoJson, SAMPLES, contained};
pub use foreign::{Foreign, Mapping, Previewed};

/// The greatest size of an event, in bytes.
const EVENT_BYTES: usize = 1 << 20;
/// The greatest size of an object that holds all events of another tool, in bytes.
const CONTAINER_BYTES: usize = 64 << 20;
/// The greatest number of events in an import.
const EVENTS: u64 = 5_000_000;
/// The greatest size of an unpacked archive, in bytes. It has to fit into memory.
const BYTES: u64 = 1 << 30;
/// How deep an event's data may be nested.
const DEPTH: usize = 64;
/// How many faults are reported. After the last one, reading stops.
const FAULTS: usize = 100;

/// The event type that stands for a commit without an event. Other event types have no dot.
const NOTHING: &str = "leftfold.nothing-happened";
/// The event types of side records begin with this.
const BESIDE: &str = "leftfold.beside.";
/// The kind of record that holds what another system has added to a commit without an event, or to a
/// side record. It has no event of its own.
pub const ATTRIBUTES: &str = "attributes";
/// What the key of such a record begins with, where it is about a commit.
pub const OF_COMMIT: &str = "commit/";
/// The fault of an item that is not an event.
const NOT_AN_EVENT: &str = "this is not an event, which is a JSON object";

/// The format of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One CloudEvent a line.
    Lines,
    /// One JSON array of CloudEvents.
    Batch,
}

/// Writes an archive, commit by commit.
pub struct Export {
    format: Format,
    scenario: String,
    source: String,
    /// What another system has said of commits without an event, and of side records.
    attributes: NameMap<String, Rc<Metadata>>,
    begun: bool,
}

impl Export {
    /// Begins an archive of a log of the scenario with this id.
    pub fn new(format: Format, scenario: &str) -> Self {
        let source = format!("{SOURCE}{scenario}");
        let (scenario, attributes) = (scenario.to_owned(), NameMap::default());
        Self { format, scenario, source, attributes, begun: false }
    }

    /// Gives these attributes back as well, each with the key and data of its [`ATTRIBUTES`] record.
    pub fn with_attributes<'a>(
        mut self,
        attributes: impl Iterator<Item = (&'a String, &'a String)>,
    ) -> Self {
        let attributes = attributes.map(|(key, json)| (key.clone(), Metadata::stored(json)));
        self.attributes.extend(attributes);
        self
    }

    /// Appends a commit to `out`.
    pub fn commit(&mut self, commit: &StoredCommit, out: &mut Vec<u8>) {
        let it = &commit.envelope;
        let (committime, source) = (time(it.at), self.source.clone());
        let other = |id: Uuid| (id != it.command_id).then_some(id);
        let empty = |id: String| CloudEvent {
            specversion: "1.0".into(),
            id: id.into(),
            source: source.clone().into(),
            kind: NOTHING.into(),
            time: Some((&*committime).into()),
            command: Some(it.command_id),
            causation: other(it.causation_id),
            correlation: other(it.correlation_id),
            actor: Some((&*it.actor).into()),
            origin: Some(it.origin),
            ..CloudEvent::default()
        };
        // Attributes of the whole commit stand on its first event only.
        let first = |event: &mut CloudEvent<'_>| {
            if let Some(command) = &it.command {
                event.commandtype = Some(command.kind.to_string().into());
                event.commandto = Some(command.stream.as_str().to_owned().into());
                event.commanddata = Some(command.data.get().to_owned().into());
            }
            if let Some(follows) = &it.follows {
                event.follows = Some(follows.command);
                event.choice = Some(follows.choice);
            }
            event.unchangedsince = it.unchanged_since;
            event.unanswered = it.unanswered;
        };
        let mut written = Vec::with_capacity(commit.events.len());
        for ((index, position), event) in (0..).zip(commit.after + 1..).zip(&commit.events) {
            let mut cloud = CloudEvent {
                kind: (&*event.kind).into(),
                subject: Some(event.stream.as_str().into()),
                time: Some(if event.at == it.at {
                    (&*committime).into()
                } else {
                    time(event.at).into()
                }),
                data: Some(&event.data),
                position: Some(position),
                // 0 where nobody has said it yet.
                version: (event.version > 0).then_some(event.version),
                schema: (event.schema != UNSTATED).then_some(event.schema),
                ..empty(event_id(it.command_id, index).to_string())
            };
            if index == 0 {
                first(&mut cloud);
                if event.at != it.at {
                    cloud.committime = Some((&*committime).into());
                }
            }
            if let Some(metadata) = &event.metadata {
                give_back(&mut cloud, metadata, event.at, &self.scenario);
            }
            written.push(serde_json::to_vec(&cloud));
        }
        if written.is_empty() {
            let mut cloud = empty(it.command_id.to_string());
            first(&mut cloud);
            cloud.others = self.added(&of_commit(it.command_id));
            written.push(serde_json::to_vec(&cloud));
        }
        for text in written {
            self.write(text, out);
        }
    }

    /// Appends a side record to `out`: as an event of ours that no scenario reads. It belongs
    /// behind the commits.
    pub fn side_record(&mut self, side_record: &ArchivedRecord, out: &mut Vec<u8>) {
        let ArchivedRecord { kind, key, data } = side_record;
        let event = CloudEvent {
            specversion: "1.0".into(),
            id: format!("{kind}/{key}").into(),
            source: (&*self.source).into(),
            kind: format!("{BESIDE}{kind}").into(),
            subject: Some((&**key).into()),
            data: Some(data),
            others: self.added(&format!("{kind}/{key}")),
            ..CloudEvent::default()
        };
        self.write(serde_json::to_vec(&event), out);
    }

    /// The attributes that another system has added to an event that is not one of the log's.
    fn added(&self, key: &str) -> Members<'_> {
        let all = self.attributes.get(key).map(|it| it.attributes()).unwrap_or_default();
        Members(all.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    fn write(&mut self, text: serde_json::Result<Vec<u8>>, out: &mut Vec<u8>) {
        // Texts and numbers under fixed names can always be serialised.
        let Ok(text) = text else { return };
        match (self.format, std::mem::replace(&mut self.begun, true)) {
            (Format::Lines, _) => {}
            (Format::Batch, false) => out.extend(b"[\n"),
            (Format::Batch, true) => out.extend(b",\n"),
        }
        if self.format == Format::Lines {
            // Data that came in a batch may go over several lines.
            let several = memchr(b'\n', &text).is_some();
            out.extend(if several { one_line(&text) } else { text });
            out.push(b'\n');
        } else {
            out.extend(text);
        }
    }

    /// Appends the end of the archive to `out`.
    pub fn finish(self, out: &mut Vec<u8>) {
        match (self.format, self.begun) {
            (Format::Lines, _) => {}
            (Format::Batch, true) => out.extend(b"\n]\n"),
            (Format::Batch, false) => out.extend(b"[]\n"),
        }
    }
}

/// Writes an event as it came: with its own attributes, in place of those that this page gives it.
fn give_back<'a>(cloud: &mut CloudEvent<'a>, metadata: &'a Metadata, at: u64, scenario: &'a str) {
    let text = |value: &RawValue| serde_json::from_str::<Option<String>>(value.get());
    for (name, value) in metadata.attributes() {
        match (&*name, text(value)) {
            ("id", Ok(Some(id))) => {
                // This says as well that the id is not the page's.
                (cloud.id, cloud.scenario) = (id.into(), Some(scenario.into()));
            }
            ("source", Ok(Some(source))) => cloud.source = source.into(),
            ("subject", Ok(subject)) => {
                cloud.stream = std::mem::replace(&mut cloud.subject, subject.map(Into::into));
            }
            ("time", Ok(stated)) => {
                let same = stated.as_deref().and_then(millis) == Some(at.into());
                cloud.recorded = (!same).then(|| time(at).into());
                cloud.time = stated.map(Into::into);
            }
            ("data", _) => cloud.data = Some(value),
            (DATA_BASE64, Ok(encoded)) => {
                (cloud.data, cloud.data_base64) = (None, encoded.map(Into::into));
            }
            _ => cloud.others.0.push((name.into(), value)),
        }
    }
}

/// The time that an event says, where it is recorded under another one.
pub fn stated_time(event: &Recorded) -> Option<String> {
    stated_otherwise(event.metadata()?, event.at())
}

fn stated_otherwise(metadata: &Metadata, at: u64) -> Option<String> {
    let stated = metadata.said("time")?;
    (millis(&stated) != Some(at.into())).then_some(stated)
}

/// JSON without the space between its tokens.
fn one_line(json: &[u8]) -> Vec<u8> {
    let (mut in_text, mut escaped) = (false, false);
    let outside = |byte: &&u8| {
        match **byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ => {}
        }
        in_text || !byte.is_ascii_whitespace()
    };
    json.iter().filter(outside).copied().collect()
}

/// A fault in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFault {
    /// The line where the event begins, from 1.
    pub line: u64,
    /// The attribute. Empty where the fault concerns the whole event or archive.
    pub field: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for ArchiveFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.field {
            "" => write!(f, "line {}: {}", self.line, self.what),
            field => write!(f, "line {}, {field}: {}", self.line, self.what),
        }
    }
}

/// A record that is kept beside a log, in an archive. An archive does not know what it means.
#[derive(Clone, Debug)]
pub struct ArchivedRecord {
    /// What kind of record it is, in small letters.
    pub kind: String,
    /// Tells the record from all others of its kind.
    pub key: String,
    /// The record, as JSON.
    pub data: Box<RawValue>,
}

/// An archive that was read without a fault.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The id of the scenario whose log was exported. None for the archive of another system.
    pub scenario: Option<String>,
    /// The commits, in order.
    pub commits: Segments,
    /// How many events the commits hold.
    pub events: u64,
    /// The side records.
    pub side_records: Vec<ArchivedRecord>,
    /// How many events beside those were in the archive before: their source and id are known.
    pub known: u64,
    /// How many events say another time than the one under which they are recorded: an earlier one
    /// than the event before them, or one before 1970.
    pub moved: u64,
    /// How many events have no subject that names a stream.
    pub unnamed: u64,
    /// How many events hold data that is no JSON.
    pub no_json: u64,
    /// How many commits at the beginning have no time. They get the time in `first_time`, or the
    /// time of the import where no commit has one.
    untimed: u64,
    /// The first time in the archive, in milliseconds since 1970.
    first_time: Option<u64>,
    /// True where an event does not say its schema, or its version in its stream.
    unsettled: bool,
    /// The first stream that does not begin at version 1, and the version at which it begins.
    continued: Option<(Stream, u64)>,
}

/// The times of an event, in milliseconds since 1970.
struct Times {
    /// When it happened, as it says. None where it says nothing.
    stated: Option<i128>,
    /// True where it says when it happened, or when it was recorded.
    known: bool,
    /// When it was recorded.
    at: u64,
    /// When its commit was recorded.
    committed: u64,
}

/// A stream, as far as it was read.
struct StreamSoFar {
    stream: Stream,
    /// Its version, counted from 1 where no event has said its version.
    version: u64,
    /// True once an event has said its version.
    stated: bool,
}

/// What a file turned out to be.
#[derive(Debug)]
pub enum Outcome {
    /// An archive without a fault.
    Read(Imported),
    /// Events that are no CloudEvents. Somebody has to say what their fields mean.
    Foreign(Foreign),
    /// All faults, in order. Where reading stopped early, the last fault says so.
    Faulty(Vec<ArchiveFault>),
}

/// Reads an archive piece by piece, in either format. Each commit is turned into bytes as soon as
/// it is whole, so that a long archive does not take much room.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says where in the text the reader is")]
pub struct Import {
    decoder: Decoder,
    /// How events are read that are no CloudEvents.
    mapping: Option<Mapping>,
    /// The first events, where they are no CloudEvents and nobody has said how they are read.
    samples: Vec<String>,
    /// The line where the first of those began.
    sampled: u64,
    /// True where the events came in objects that hold several, and whether those are the actions of
    /// an export of Redux `DevTools`.
    contained: bool,
    bare: bool,
    /// How many events were read by the mapping.
    mapped: u64,
    format: Option<Format>,
    /// In a batch: true where its events stand one after the other, without brackets and commas.
    loose: bool,
    /// How many bytes were read.
    bytes: u64,
    /// The line that is being read, from 1.
    line: u64,
    /// The line where the current event began, from 1.
    began: u64,
    /// The beginning of an event whose end has not come yet.
    item: Vec<u8>,
    /// In a batch: how many brackets are open.
    depth: usize,
    /// In a batch: true inside a JSON string.
    in_text: bool,
    /// In a batch: true after a backslash.
    escaped: bool,
    /// In a batch: true after its last bracket.
    closed: bool,
    /// In a batch: true where a comma came after the last event.
    comma: bool,
    done: Imported,
    /// The last commit. More of its events may come.
    commit: Option<StoredCommit>,
    commits: u64,
    streams: NameMap<Stream, StreamSoFar>,
    /// Event types and actors. There are few, so each is stored once.
    names: NameSet<Rc<str>>,
    /// The ids of all commits.
    ids: IdSet,
    /// The ids of the current commit's events: of the first one, and of the others.
    first_id: String,
    other_ids: NameSet<String>,
    /// How many events the commits have that have more than one. None before somebody asks.
    long: Option<NameMap<Uuid, usize>>,
    /// A commit that is there again, and its events' ids.
    again: Option<(Uuid, NameSet<String>)>,
    position: u64,
    at: u64,
    faults: Vec<ArchiveFault>,
    /// How many faults were found beyond those that are reported.
    unreported: u64,
}

impl Import {
    /// An import of which nothing is read yet.
    pub fn new() -> Self {
        Self { line: 1, began: 1, ..Self::default() }
    }

    /// An import of events that are no CloudEvents.
    pub fn mapped(mapping: Mapping) -> Self {
        Self { mapping: Some(mapping), ..Self::new() }
    }

    /// How many events have been read.
    pub fn events(&self) -> u64 {
        self.done.events
    }

    /// True where reading on is of no use: there are too many faults or events, or somebody has to
    /// say first how they are read.
    pub fn hopeless(&self) -> bool {
        self.unreported > 0 || self.done.events > EVENTS || self.samples.len() == SAMPLES
    }

    /// Reads the next piece.
    pub fn feed(&mut self, piece: &[u8]) {
        match self.decoder.piece(piece) {
            Decoded::Same(None) => self.text(piece),
            Decoded::Same(Some(first)) => {
                self.text(&[first]);
                self.text(piece);
            }
            Decoded::Other(text) => self.text(&text),
            Decoded::Bad(text) => {
                self.text(&text);
                self.no_utf_16();
            }
        }
    }

    fn no_utf_16(&mut self) {
        self.began = self.line;
        self.fault("", "it is not text in UTF-16");
        // Everything that follows would be misread.
        self.unreported += 1;
    }

    /// Reads the next piece of the text in UTF-8.
    fn text(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        if self.bytes > BYTES && self.unreported == 0 {
            self.began = self.line;
            self.fault("", format_args!("the archive has more than {} MB", BYTES >> 20));
            self.unreported += 1;
        }
        // The whole piece is checked for UTF-8 at once, which is quicker than line by line.
        let text = match self.format {
            Some(Format::Batch) => "",
            _ => std::str::from_utf8(piece).unwrap_or_default(),
        };
        let mut bytes = piece;
        while !bytes.is_empty() && !self.hopeless() {
            match self.format {
                None => match bytes[0] {
                    b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf => {
                        self.line += u64::from(bytes[0] == b'\n');
                        bytes = &bytes[1..];
                    }
                    b'[' => {
                        self.format = Some(Format::Batch);
                        bytes = &bytes[1..];
                    }
                    // So each event begins in a JSON text sequence (RFC 7464).
                    0x1e => (self.format, self.loose) = (Some(Format::Batch), true),
                    _ => {
                        self.format = Some(Format::Lines);
                        self.began = self.line;
                    }
                },
                Some(Format::Lines) => {
                    let text = text.get(piece.len() - bytes.len()..).unwrap_or_default();
                    let Some(end) = self.quick(text).or_else(|| self.any(bytes)) else {
                        return self.add(bytes);
                    };
                    self.line += 1;
                    if !self.loose {
                        self.began = self.line;
                    }
                    bytes = &bytes[end + 1..];
                }
                Some(Format::Batch) => bytes = self.batch(bytes),
            }
        }
    }

    /// Reads a line that was exported here, and returns its length in bytes. The line ends where
    /// its event ends, so that nobody has to look for the end. None for any other line.
    fn quick(&mut self, text: &str) -> Option<usize> {
        if !self.item.is_empty() || self.mapping.is_some() {
            return None;
        }
        let (event, length) = CloudEvent::quick(text)?;
        let length = match text.as_bytes().get(length..)? {
            [b'\n', ..] => length,
            [b'\r', b'\n', ..] => length + 1,
            _ => return None,
        };
        if length > EVENT_BYTES {
            return None;
        }
        self.event(&event);
        Some(length)
    }

    /// Reads any line that ends in this piece, and returns its length in bytes.
    fn any(&mut self, bytes: &[u8]) -> Option<usize> {
        let end = memchr(b'\n', bytes)?;
        if !self.begun() && self.goes_on(&bytes[..end]) {
            // The first event stands on several lines.
            self.add(&bytes[..=end]);
            (self.format, self.loose) = (Some(Format::Batch), true);
        } else {
            self.last_of_item(&bytes[..end]);
        }
        Some(end)
    }

    /// True where an event does not end with this line. Then the reader stands inside it.
    fn goes_on(&mut self, line: &[u8]) -> bool {
        self.depth = 0;
        let (mut in_text, mut escaped) = (false, false);
        for byte in self.item.iter().chain(line) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_text => escaped = true,
                b'"' => in_text = !in_text,
                b'{' | b'[' if !in_text => self.depth += 1,
                b'}' | b']' if !in_text => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        self.depth > 0 && !in_text
    }

    /// True where the batch has an item before this one, even a faulty one.
    fn begun(&self) -> bool {
        let before = self.commits + self.done.known + self.mapped;
        let others = self.faults.len() + self.done.side_records.len() + self.samples.len();
        before + others as u64 > 0
    }

    /// Reads up to the end of an event or of the piece, and returns the rest.
    fn batch<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut from = 0;
        for (at, &byte) in bytes.iter().enumerate() {
            if byte == b'\n' {
                self.line += 1;
            }
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            if self.depth == 0 {
                from = at;
            }
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {}
                0x1e if self.depth == 0 && self.loose => {}
                b'{' if self.depth == 0 && !self.closed => {
                    if self.begun() && !self.comma && !self.loose {
                        self.fault("", "a comma is missing before this event");
                    }
                    self.began = self.line;
                    self.depth = 1;
                    self.comma = false;
                }
                b',' | b']' if self.depth == 0 && self.closes(byte) => {
                    (self.comma, self.closed) = (byte == b',', byte == b']');
                }
                _ if self.depth == 0 => {
                    self.began = self.line;
                    self.fault("", NOT_AN_EVENT);
                    // Everything that follows would be misread.
                    self.unreported += 1;
                    return &[];
                }
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.last_of_item(&bytes[from..=at]);
                        return &bytes[at + 1..];
                    }
                }
                _ => {}
            }
        }
        if self.depth > 0 {
            self.add(&bytes[from..]);
        }
        &[]
    }

    /// True where a comma or the last bracket of a batch may come.
    fn closes(&self, byte: u8) -> bool {
        !self.loose && !self.comma && !self.closed && (byte == b']' || self.begun())
    }

    fn add(&mut self, bytes: &[u8]) {
        // The rest of an event that is too long is not stored.
        if self.item.len() <= self.item_bytes() {
            self.item.extend(bytes);
        }
    }

    /// How long an item may be. The first one may hold all events.
    fn item_bytes(&self) -> usize {
        if self.contained || !self.begun() { CONTAINER_BYTES } else { EVENT_BYTES }
    }

    #[cold]
    #[inline(never)]
    fn fault(&mut self, field: &str, what: impl fmt::Display) {
        let fault =
            ArchiveFault { line: self.began, field: field.to_owned(), what: what.to_string() };
        if self.faults.len() < FAULTS { self.faults.push(fault) } else { self.unreported += 1 }
    }

    /// Reads an event whose last bytes have come. Mostly it has come in one piece.
    fn last_of_item(&mut self, bytes: &[u8]) {
        if self.item.is_empty() {
            return self.item(bytes);
        }
        self.add(bytes);
        let mut item = std::mem::take(&mut self.item);
        self.item(&item);
        item.clear();
        self.item = item;
    }

    fn item(&mut self, item: &[u8]) {
        // Of an event that is too long, only the beginning is here.
        if item.len() > EVENT_BYTES && item.len() > self.item_bytes() {
            return self.too_long();
        }
        match item.trim_ascii_start().first() {
            None => return,
            // Otherwise serde would read an event from an array.
            Some(b'[') => return self.fault("", NOT_AN_EVENT),
            Some(_) => {}
        }
        let Ok(text) = std::str::from_utf8(item) else {
            return self.fault("", "it is not text in UTF-8");
        };
        if self.mapping.is_some() {
            return match members(text) {
                Ok(_) => self.foreign(text),
                Err(bad) => self.bad(&bad),
            };
        }
        match CloudEvent::read(text) {
            Ok(_) if item.len() > EVENT_BYTES => self.too_long(),
            Ok(event) => self.event(&event),
            Err(bad) if bad.no_cloud_event() && (!self.begun() || !self.samples.is_empty()) => {
                self.foreign(text);
            }
            Err(_) if item.len() > EVENT_BYTES => self.too_long(),
            Err(bad) => self.bad(&bad),
        }
    }

    fn bad(&mut self, bad: &BadAttribute) {
        self.began += bad.lines;
        self.fault(&bad.field, &bad.what);
    }

    fn too_long(&mut self) {
        self.fault("", format_args!("the event has more than {EVENT_BYTES} bytes"));
    }

    /// Reads an object that is no CloudEvent: an event, or one that holds events.
    #[cold]
    #[inline(never)]
    fn foreign(&mut self, text: &str) {
        let text = text.trim();
        let Some(inside) = contained(text) else { return self.one_foreign(text) };
        let began = self.began;
        (self.contained, self.bare) = (true, inside.bare);
        for (lines, event) in inside.events {
            if self.hopeless() {
                break;
            }
            self.began = began + lines;
            self.one_foreign(&event);
        }
        self.began = began;
    }

    fn one_foreign(&mut self, text: &str) {
        if text.len() > EVENT_BYTES {
            return self.too_long();
        }
        let Some(mapping) = &self.mapping else {
            if self.samples.is_empty() {
                self.sampled = self.began;
            }
            return self.samples.push(text.to_owned());
        };
        self.mapped += 1;
        match Mapped::read(text, mapping, self.mapped, moment) {
            Ok(mapped) => self.event(&of_mapped(&mapped)),
            Err(bad) => self.fault(&bad.field, bad.what),
        }
    }

    fn event(&mut self, event: &CloudEvent<'_>) {
        self.required(event);
        let own = event.source.starts_with(SOURCE);
        if let Some(kind) = event.kind.strip_prefix(BESIDE).filter(|_| own) {
            return self.side_record(kind, event);
        }
        let Some(times) = self.times(event) else { return };
        if !self.begin_or_go_on(event, &times) {
            return;
        }
        if event.kind != NOTHING {
            self.add_event(event, &times);
        } else if let Some(commit) = &self.commit {
            let key = of_commit(commit.envelope.command_id);
            self.added(key, event);
        }
    }

    /// Keeps the attributes that another system has added to an event that is not one of the log's.
    fn added(&mut self, key: String, event: &CloudEvent<'_>) {
        let others = event.others.0.iter().map(|(name, value)| (&**name, value.get()));
        let Some(added) = Metadata::of(&others.collect::<Vec<_>>()) else { return };
        if too_deep(added.text().as_bytes(), DEPTH) {
            return self.fault("", format_args!("it is nested deeper than {DEPTH}"));
        }
        if let Ok(data) = RawValue::from_string(added.text().to_owned()) {
            let kind = ATTRIBUTES.to_owned();
            self.done.side_records.push(ArchivedRecord { kind, key, data });
        }
    }

    /// Checks what every event says of itself.
    fn required(&mut self, event: &CloudEvent<'_>) {
        if event.specversion != "1.0" {
            self.fault("specversion", format_args!("{} is not 1.0", event.specversion));
        }
        if event.id.is_empty() {
            self.fault("id", "it is empty");
        }
        if event.source.trim().is_empty() {
            self.fault("source", "it is empty");
        }
        let stated = event.scenario.as_deref().map(|it| (it, "leftfoldscenario"));
        let older = || Some((event.source.strip_prefix(SOURCE)?, "source"));
        if let Some((scenario, field)) = stated.or_else(older) {
            let known = self.done.scenario.get_or_insert_with(|| scenario.to_owned());
            if known != scenario {
                let known = known.clone();
                let what = format_args!("{scenario} is another scenario than {known} before it");
                self.fault(field, what);
            }
        }
    }

    fn times(&mut self, event: &CloudEvent<'_>) -> Option<Times> {
        let mut read_time = |field: &str, text: Option<&str>| match text.map(|it| (it, millis(it)))
        {
            Some((text, None)) => {
                self.fault(field, format_args!("{text} is not a date and time with a zone"));
                None
            }
            other => Some(other.and_then(|it| it.1)),
        };
        let stated = read_time("time", event.time.as_deref())?;
        let recorded = read_time("leftfoldrecorded", event.recorded.as_deref());
        let committed = read_time("leftfoldcommittime", event.committime.as_deref());
        let (recorded, committed) = (recorded?.or(stated), committed?);
        let at = recorded.map_or(self.at, |at| not_negative(at).max(self.at));
        let committed = committed.map_or(at, not_negative);
        Some(Times { stated, known: recorded.is_some(), at, committed })
    }

    /// Begins the commit of an event, unless it goes on with the one before. False where the event
    /// is known already, or at fault.
    fn begin_or_go_on(&mut self, event: &CloudEvent<'_>, times: &Times) -> bool {
        let empty = event.kind == NOTHING;
        // An event of another system is a commit of its own. Its id follows from the event's id.
        let command_id = event.command.unwrap_or_else(|| command_of(&event.source, &event.id));
        let goes_on = self.commit.as_ref().is_some_and(|it| {
            let same = event.command == Some(it.envelope.command_id);
            same && !it.events.is_empty() && !empty
        });
        if goes_on {
            if *event.id == *self.first_id || !self.other_ids.insert(event.id.to_string()) {
                self.done.known += 1;
                return false;
            }
        } else if !self.ids.insert(command_id) {
            if self.is_known(event, command_id) {
                self.done.known += u64::from(!empty);
                return false;
            }
            let field = if event.command.is_some() { "leftfoldcommand" } else { "id" };
            self.fault(field, "an earlier event has it already");
            return false;
        }
        // Commits before the first time happened by then.
        if times.known && self.done.first_time.is_none() {
            (self.done.first_time, self.done.untimed) = (Some(times.at), self.commits);
        }
        if !goes_on {
            let envelope = self.envelope(event, command_id, times.committed);
            let Some(envelope) = envelope else { return false };
            self.hand_on();
            self.commits += 1;
            let (number, after) = (self.commits, self.done.events);
            // Most commits have one event.
            let events = Vec::with_capacity(1);
            self.commit = Some(StoredCommit { number, after, envelope, events });
            self.first_id.clear();
            self.first_id.push_str(&event.id);
            self.other_ids.clear();
        }
        true
    }

    /// Adds an event to its commit.
    fn add_event(&mut self, event: &CloudEvent<'_>, times: &Times) {
        let (stated, at) = (times.stated, times.at);
        let Some(name) = self.stream_name(event) else { return };
        if event.kind.is_empty() {
            return self.fault("type", "it is empty");
        }
        let Some((stream, version)) = self.next_version(&name, event.version) else { return };
        self.done.moved += u64::from(stated.is_some_and(|stated| stated != i128::from(at)));
        self.at = at;
        if let Some(position) = event.position {
            let before = self.position;
            let order = self.mapping.as_ref().map_or("", Mapping::order);
            // Other systems may count from 0.
            if position < before || order.is_empty() && position == before {
                let what = format_args!("{position} does not come after {before}");
                let field = if order.is_empty() { "leftfoldposition" } else { order };
                self.fault(field, what);
            }
            self.position = position;
        }
        let Some((data, json)) = self.data(event) else { return };
        // The event around the data is a level as well.
        if too_deep(data.get().as_bytes(), DEPTH - 1) {
            return self.fault("data", format_args!("it is nested deeper than {DEPTH}"));
        }
        self.done.no_json += u64::from(!json);
        let plain = event.ours()
            && event.others.0.is_empty()
            && event.stream.is_none()
            && event.data.is_some_and(|it| it.get() != "null")
            && event.time.as_deref().is_some_and(|it| is_written(it, at));
        let moved = stated != Some(at.into());
        let metadata = if plain && !moved {
            None
        } else {
            let deep = |it: &&(_, &RawValue)| too_deep(it.1.get().as_bytes(), DEPTH - 1);
            if let Some((name, _)) = event.others.0.iter().find(deep) {
                return self.fault(name, format_args!("it is nested deeper than {DEPTH}"));
            }
            metadata(event, stream.as_str(), at)
        };
        let kind = self.name(&event.kind);
        self.done.events += 1;
        if self.done.events > EVENTS {
            self.fault("", format_args!("there are more than {EVENTS} events"));
        }
        if let Some(commit) = &mut self.commit {
            // Older exports left schema 1 out. Of another system's event nobody knows.
            let schema = event.schema.unwrap_or(if event.older() { 1 } else { UNSTATED });
            self.done.unsettled |= schema == UNSTATED || version == 0;
            commit.events.push(StoredEvent { stream, version, kind, schema, at, data, metadata });
        }
    }

    fn side_record(&mut self, kind: &str, event: &CloudEvent<'_>) {
        let (Some(key), Some(data)) = (event.subject.as_deref(), event.data) else {
            return self.fault("data", "a side record has a subject and data");
        };
        // A refused command's data is nested within its record.
        if too_deep(data.get().as_bytes(), DEPTH + 8) {
            return self.fault("data", format_args!("it is nested deeper than {DEPTH}"));
        }
        self.added(format!("{kind}/{key}"), event);
        let (kind, key, data) = (kind.to_owned(), key.to_owned(), data.to_owned());
        self.done.side_records.push(ArchivedRecord { kind, key, data });
    }

    /// True where an event of a commit that was read before is one of its events: the same one
    /// again.
    #[cold]
    #[inline(never)]
    fn is_known(&mut self, event: &CloudEvent<'_>, command: Uuid) -> bool {
        if command_of(&event.source, &event.id) == command || *event.id == command.to_string() {
            return true;
        }
        if *event.id == *event_id(command, 0).to_string() {
            return true;
        }
        let long = self.long.get_or_insert_with(|| {
            let all = self.done.commits.segments().iter().flat_map(Segment::commits);
            let long = all.filter(|it| it.events.len() > 1);
            long.map(|it| (it.envelope.command_id, it.events.len())).collect()
        });
        let count = long.get(&command).copied().unwrap_or_default();
        if self.again.as_ref().is_none_or(|(known, _)| *known != command) {
            let ids = (0..).take(count).map(|index| event_id(command, index).to_string());
            self.again = Some((command, ids.collect()));
        }
        self.again.as_ref().is_some_and(|(_, ids)| ids.contains(&*event.id))
    }

    /// The name of an event's stream. Where the subject of another system's event names none, the
    /// stream is named after the subject, or after the source where there is no subject.
    fn stream_name<'a>(&mut self, event: &'a CloudEvent<'_>) -> Option<Cow<'a, str>> {
        if let Some(name) = event.stream.as_deref() {
            return self.checked("leftfoldstream", name);
        }
        match event.subject.as_deref() {
            Some(subject) if event.ours() => self.checked("subject", subject),
            Some(subject) if Stream::is_named(subject) => Some(subject.into()),
            subject if event.ours() || event.source.starts_with(SOURCE) => {
                let Some(subject) = subject else {
                    let what = "the name of the stream is missing, such as cart-1";
                    self.fault("subject", what);
                    return None;
                };
                self.checked("subject", subject)
            }
            subject => {
                self.done.unnamed += 1;
                let named = subject.filter(|it| !it.trim().is_empty());
                let (category, id) =
                    named.map_or(("source", &*event.source), |subject| ("subject", subject));
                Some(format!("{category}-{id}").into())
            }
        }
    }

    fn checked<'a>(&mut self, field: &str, name: &'a str) -> Option<Cow<'a, str>> {
        if Stream::is_named(name) {
            return Some(name.into());
        }
        self.fault(field, BadStream(name.to_owned()));
        None
    }

    /// An event's stream, and its version there; 0 where nobody has said it yet.
    fn next_version(&mut self, name: &str, stated: Option<u64>) -> Option<(Stream, u64)> {
        let so_far = if let Some(so_far) = self.streams.get_mut(name) {
            so_far
        } else {
            let stream = Stream::parse(name).ok()?;
            let new = StreamSoFar { stream: stream.clone(), version: 0, stated: false };
            self.streams.entry(stream).or_insert(new)
        };
        let next = so_far.version.saturating_add(1);
        let Some(version) = stated else {
            so_far.version = next;
            return Some((so_far.stream.clone(), if so_far.stated { next } else { 0 }));
        };
        if version < next || so_far.stated && version != next {
            let what = format!("{version} is not {next}, the next one of {}", so_far.stream);
            self.fault("leftfoldversion", what);
            return None;
        }
        // This may be a later part of a log, in which streams go on.
        if version > next && self.done.continued.is_none() {
            self.done.continued = Some((so_far.stream.clone(), version - so_far.version));
        }
        (so_far.version, so_far.stated) = (version, true);
        Some((so_far.stream.clone(), version))
    }

    /// An event's data, and whether it is JSON. Other data is a text in base64.
    fn data(&mut self, event: &CloudEvent<'_>) -> Option<(Box<RawValue>, bool)> {
        let data = event.data.filter(|it| it.get() != "null");
        let Some(encoded) = event.data_base64.as_deref() else {
            return Some((data.map_or_else(empty_object, ToOwned::to_owned), true));
        };
        if data.is_some() {
            self.fault(DATA_BASE64, "there is data as well: an event has one of the two");
            return None;
        }
        let Ok(bytes) = BASE64.decode(encoded) else {
            self.fault(DATA_BASE64, "it is not base64");
            return None;
        };
        let json = String::from_utf8(bytes).ok().and_then(|it| RawValue::from_string(it).ok());
        let is_json = json.is_some();
        Some((json.unwrap_or_else(|| json_text(encoded)), is_json))
    }

    /// Hands the last commit on, which is whole. After a fault, no commit is needed any more.
    fn hand_on(&mut self) {
        let whole = self.commit.take().filter(|_| self.faults.is_empty());
        if let (Some(long), Some(commit)) = (&mut self.long, &whole)
            && commit.events.len() > 1
        {
            long.insert(commit.envelope.command_id, commit.events.len());
        }
        self.done.commits.extend(whole);
    }

    /// The shared copy of a text that occurs often.
    fn name(&mut self, text: &str) -> Rc<str> {
        if let Some(known) = self.names.get(text) {
            return known.clone();
        }
        let new: Rc<str> = text.into();
        self.names.insert(new.clone());
        new
    }

    fn envelope(&mut self, event: &CloudEvent<'_>, id: Uuid, at: u64) -> Option<Envelope> {
        let command = match (&event.commandtype, &event.commandto) {
            (None, None) => None,
            (Some(kind), Some(subject)) => {
                let stream = match Stream::parse(subject) {
                    Ok(stream) => stream,
                    Err(error) => {
                        self.fault("leftfoldcommandto", error);
                        return None;
                    }
                };
                let text = event.commanddata.as_deref().unwrap_or("{}");
                if too_deep(text.as_bytes(), DEPTH) {
                    self.fault(
                        "leftfoldcommanddata",
                        format_args!("it is nested deeper than {DEPTH}"),
                    );
                    return None;
                }
                match RawValue::from_string(text.to_owned()) {
                    Ok(data) => Some(CommandRecord { stream, kind: (&**kind).into(), data }),
                    Err(error) => {
                        self.fault("leftfoldcommanddata", NoJson::of(text, &error).what);
                        return None;
                    }
                }
            }
            (Some(_), None) => {
                self.fault(
                    "leftfoldcommandto",
                    "it is missing, although there is a leftfoldcommandtype",
                );
                return None;
            }
            (None, Some(_)) => {
                self.fault(
                    "leftfoldcommandtype",
                    "it is missing, although there is a leftfoldcommandto",
                );
                return None;
            }
        };
        let follows = match (event.follows, event.choice) {
            (Some(command), Some(choice)) => Some(Follows { command, choice }),
            (None, None) => None,
            _ => {
                self.fault("leftfoldfollows", "it and leftfoldchoice go together");
                return None;
            }
        };
        Some(Envelope {
            command_id: id,
            causation_id: event.causation.unwrap_or(id),
            correlation_id: event.correlation.unwrap_or(id),
            actor: self.name(event.actor.as_deref().unwrap_or(&event.source)),
            origin: event.origin.unwrap_or(Origin::Import),
            at,
            command,
            unanswered: event.unanswered,
            follows,
            unchanged_since: event.unchangedsince,
        })
    }

    /// Ends the import of an archive.
    ///
    /// # Errors
    /// All faults, in order. Where reading stopped early, the last fault says so.
    pub fn finish(self) -> Result<Imported, Vec<ArchiveFault>> {
        match self.outcome() {
            Outcome::Read(read) => Ok(read),
            Outcome::Faulty(faults) => Err(faults),
            Outcome::Foreign(Foreign { line, .. }) => {
                let (field, what) = ("specversion".to_owned(), "it is missing".to_owned());
                Err(vec![ArchiveFault { line, field, what }])
            }
        }
    }

    /// Ends the import of any file.
    pub fn outcome(mut self) -> Outcome {
        let (last, whole) = self.decoder.finish();
        self.text(last.as_slice());
        if !whole && !self.hopeless() {
            self.no_utf_16();
        }
        match self.format {
            // The end was not read, so it cannot be judged.
            _ if self.hopeless() => {}
            Some(Format::Lines) => self.last_of_item(&[]),
            Some(Format::Batch) if !self.closed && (!self.loose || self.depth > 0) => {
                self.began = self.line;
                self.fault("", "the archive breaks off");
            }
            Some(Format::Batch) => {}
            None => {
                self.began = self.line;
                self.fault("", "the archive is empty");
            }
        }
        self.hand_on();
        if self.done.first_time.is_none() {
            self.done.untimed = self.commits;
        }
        if self.faults.is_empty() {
            return if self.samples.is_empty() {
                Outcome::Read(self.done)
            } else {
                Outcome::Foreign(Foreign::of(self.samples, self.sampled, self.bare))
            };
        }
        if self.hopeless() {
            self.began = self.line;
            let fault = ArchiveFault {
                line: self.line,
                field: String::new(),
                what: "reading stopped here".to_owned(),
            };
            self.faults.push(fault);
        }
        Outcome::Faulty(self.faults)
    }
}

impl Imported {
    /// Commits that did not come in an archive, such as those in a link.
    ///
    /// # Errors
    /// A sentence: a command that comes twice, a version that does not follow the one before it,
    /// or a time that is impossible.
    pub fn of(commits: Vec<StoredCommit>) -> Result<Self, String> {
        check::check(&commits)?;
        let mut seen = NameSet::default();
        let all = || commits.iter().flat_map(|commit| &commit.events);
        let continued = all().find(|event| seen.insert(&event.stream) && event.version != 1);
        let continued = continued.map(|event| (event.stream.clone(), event.version));
        let (events, untimed, first_time) = (all().count() as u64, 0, None);
        let commits = commits.into_iter().collect();
        Ok(Self { commits, events, untimed, first_time, continued, ..Self::default() })
    }

    /// What somebody should know before the archive is used, in sentences.
    pub fn remarks(&self) -> Vec<String> {
        let events =
            |count: u64| if count == 1 { "1 event".to_owned() } else { format!("{count} events") };
        let all = [
            (
                self.known,
                ["is there twice: it is read once.", "are there twice: each is read once."],
            ),
            (
                self.moved,
                [
                    "says an earlier time than the one before it, or one before 1970: it is recorded \
                     after that one, and keeps what it says.",
                    "say an earlier time than the one before them, or one before 1970: they are \
                     recorded after that one, and keep what they say.",
                ],
            ),
            (
                self.unnamed,
                [
                    "has no subject that names a stream, such as cart-1: its stream is named after \
                     its subject or its source.",
                    "have no subject that names a stream, such as cart-1: their streams are named \
                     after their subjects or their sources.",
                ],
            ),
            (
                self.no_json,
                [
                    "holds data that is no JSON: it is kept byte for byte, and cannot be read.",
                    "hold data that is no JSON: it is kept byte for byte, and cannot be read.",
                ],
            ),
        ];
        let said = all.into_iter().filter(|(count, _)| *count > 0);
        said.map(|(count, [one, many])| {
            format!("{} {}", events(count), if count == 1 { one } else { many })
        })
        .collect()
    }

    /// True where there is no commit in it, and so no event.
    pub fn is_empty(&self) -> bool {
        self.commits.segments().is_empty()
    }

    /// The commits for a new log of `scenario`. `now` is the time of the import, in milliseconds
    /// since 1970.
    ///
    /// # Errors
    /// A sentence that names the first stream that does not begin at version 1.
    pub fn into_new(
        self,
        scenario: &Scenario,
        now: u64,
    ) -> Result<Box<dyn Iterator<Item = Segment> + '_>, String> {
        if let Some((stream, version)) = &self.continued {
            return Err(format!(
                "{stream} begins at version {version}: a new log has nothing before it"
            ));
        }
        if self.untimed == 0 && !self.unsettled {
            return Ok(Box::new(self.commits.into_segments()));
        }
        let mut versions: NameMap<Stream, u64> = NameMap::default();
        let numbered = self.settled(scenario, now).map(move |mut commit| {
            for event in &mut commit.events {
                let version = versions.entry(event.stream.clone()).or_default();
                *version += 1;
                event.version = *version;
            }
            commit
        });
        Ok(Box::new(segments_of(numbered)))
    }

    /// The commits, with what the archive does not say of them: times and schemas. Those without a
    /// time get the first time in the archive, or `now` where there is none. An event without a
    /// schema gets the one in which `scenario` can read it.
    fn settled(self, scenario: &Scenario, now: u64) -> impl Iterator<Item = StoredCommit> {
        let at = self.first_time.unwrap_or(now);
        self.commits.into_iter().map(move |mut commit| {
            if commit.number <= self.untimed {
                commit.envelope.at = commit.envelope.at.max(at);
                commit.events.iter_mut().for_each(|event| event.at = event.at.max(at));
            }
            for event in &mut commit.events {
                event.schema = event.fitting_schema(scenario);
            }
            commit
        })
    }

    /// The commits to append to a log of `scenario`. They are marked as imported, and no process
    /// reacts to them. An event that does not say its version is the next one of its stream. One
    /// that is earlier than the event before it is recorded with that, and keeps the time that it
    /// says. `now` is the time of the import, in milliseconds since 1970.
    ///
    /// # Errors
    /// A sentence: the first version that does not follow its stream's, or the first command that
    /// was handled before with fewer events.
    pub fn after(self, log: &EventLog, scenario: &Scenario, now: u64) -> Result<Placed, String> {
        let (mut number, mut after) = (log.commits(), log.head());
        let mut at = log.event(after).map_or(0, Recorded::at);
        let mut versions: NameMap<Stream, u64> = NameMap::default();
        let mut placed = Placed { known: self.known, ..Placed::default() };
        for mut commit in self.settled(scenario, now.max(at)) {
            let id = commit.envelope.command_id;
            let count = commit.events.len() as u64;
            if let Some(handled) = log.handled(id) {
                if count > handled.end - handled.start {
                    return Err(format!(
                        "the command {id} was handled in this log before, with fewer events"
                    ));
                }
                placed.known += count;
                continue;
            }
            number += 1;
            (commit.number, commit.after) = (number, after);
            after += count;
            commit.envelope.origin = Origin::Import;
            commit.envelope.unanswered = true;
            commit.envelope.at = commit.envelope.at.max(at);
            for event in &mut commit.events {
                let version = if let Some(version) = versions.get_mut(&event.stream) {
                    version
                } else {
                    let version = log.version(&event.stream);
                    versions.entry(event.stream.clone()).or_insert(version)
                };
                if event.version == 0 {
                    event.version = *version + 1;
                }
                if event.version != *version + 1 {
                    return Err(format!(
                        "{} is at version {version} here, and the archive goes on with version {}",
                        event.stream, event.version
                    ));
                }
                *version += 1;
                if event.at < at {
                    let stated = event.metadata.as_deref().and_then(|it| it.get("time"));
                    if stated.is_none() {
                        let said = json_text(&time(event.at));
                        event.metadata =
                            Metadata::with(event.metadata.as_deref(), "time", said.get());
                    }
                    event.at = at;
                }
                at = event.at;
                let stated = event.metadata.as_deref().and_then(|it| stated_otherwise(it, at));
                placed.moved += u64::from(stated.is_some());
            }
            placed.commits.push(commit);
        }
        Ok(placed)
    }
}

/// Commits that have their place in a log.
#[derive(Debug, Default)]
pub struct Placed {
    /// The commits, in order.
    pub commits: Vec<StoredCommit>,
    /// How many events of the archive are left out, because the log or the archive had them before.
    pub known: u64,
    /// How many events are recorded under a later time than they say.
    pub moved: u64,
}

/// How many events of these commits the scenario cannot read. Such events are stored as they are.
pub fn unreadable<D: Json>(
    commits: impl Iterator<Item = StoredCommit<D>>,
    scenario: &Scenario,
) -> u64 {
    let unreadable = |it: &StoredEvent<D>| u64::from(!it.readable(scenario));
    commits.map(|it| it.events.iter().map(unreadable).sum::<u64>()).sum()
}

/// The id of the commit that another system's event is: it follows from the event's source and id.
fn command_of(source: &str, id: &str) -> Uuid {
    // Where the id has such a sign itself, the two could be parted elsewhere.
    let space = if id.contains('#') { Uuid::NAMESPACE_OID } else { Uuid::NAMESPACE_URL };
    let name = if id.contains('#') {
        format!("{}#{source}#{id}", source.len())
    } else {
        format!("{source}#{id}")
    };
    Uuid::new_v5(&space, name.as_bytes())
}

/// A foreign event as a CloudEvent.
fn of_mapped<'a>(mapped: &'a Mapped<'_>) -> CloudEvent<'a> {
    let other = mapped.subject != mapped.stream && !mapped.subject.is_empty();
    let subject = if other { &mapped.subject } else { &mapped.stream };
    let others = mapped.others.iter().map(|(name, value)| ((&**name).into(), *value));
    CloudEvent {
        specversion: "1.0".into(),
        id: (&*mapped.id).into(),
        source: mapped.source.into(),
        kind: (&*mapped.kind).into(),
        subject: Some((&**subject).into()),
        stream: other.then(|| (&*mapped.stream).into()),
        time: mapped.time.as_deref().map(Into::into),
        data: Some(&mapped.data),
        others: Members(others.collect()),
        position: mapped.order,
        ..CloudEvent::default()
    }
}

/// Under which key a commit without an event has attributes.
fn of_commit(command: Uuid) -> String {
    format!("{OF_COMMIT}{command}")
}

/// A time before 1970 counts as the beginning of 1970.
fn not_negative(at: i128) -> u64 {
    u64::try_from(at.max(0)).unwrap_or(u64::MAX)
}

/// What an event says beyond what the log holds of it. `at` is when it is recorded.
#[cold]
#[inline(never)]
fn metadata(event: &CloudEvent<'_>, stream: &str, at: u64) -> Option<Rc<Metadata>> {
    let mut texts = Vec::new();
    let mut text = |name, text: Option<&str>| {
        texts.push((name, text.map_or_else(Box::default, json_text)));
    };
    if !event.ours() {
        text("id", Some(&event.id));
        text("source", Some(&event.source));
    }
    if event.subject.as_deref() != Some(stream) {
        text("subject", event.subject.as_deref());
    }
    let same =
        event.time.as_deref().is_some_and(|it| millis(it) == Some(at.into()) && is_written(it, at));
    if !same {
        text("time", event.time.as_deref());
    }
    match (event.data, &event.data_base64) {
        (_, Some(encoded)) => text(DATA_BASE64, Some(encoded)),
        (None, None) => text(DATA_BASE64, None),
        (Some(data), None) if data.get() == "null" => text("data", None),
        (Some(_), None) => {}
    }
    let texts = texts.iter().map(|(name, value)| (*name, value.get()));
    let others = event.others.0.iter().map(|(name, value)| (&**name, value.get()));
    Metadata::of(&texts.chain(others).collect::<Vec<_>>())
}

fn empty_object() -> Box<RawValue> {
    serde_json::value::to_raw_value(&serde_json::Map::new()).unwrap_or_default()
}

/// True where JSON is nested deeper than `most`. Reading stops there.
fn too_deep(json: &[u8], most: usize) -> bool {
    // Each bracket needs another one that closes it: a short text cannot be too deep.
    if json.len() <= 2 * most {
        return false;
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for &byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                if depth > most {
                    return true;
                }
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_that_does_not_fit_into_memory_is_not_read_to_its_end() {
        let told = |mut import: Import, text: &str| -> Vec<String> {
            import.feed(text.as_bytes());
            assert!(import.hopeless());
            import.finish().unwrap_err().iter().map(ToString::to_string).collect()
        };
        let mut import = Import::new();
        import.feed(b"{\"specversion\":");
        import.bytes = BYTES;
        assert_eq!(
            told(import, "\"1.0\""),
            ["line 1: the archive has more than 1024 MB", "line 1: reading stopped here"]
        );
        for text in [line(1, "{}") + "\n", format!("[{}]", line(1, "{}"))] {
            let mut import = Import::new();
            import.done.events = EVENTS;
            let told = told(import, &text);
            let [first, last] = &*told else { panic!("{told:?}") };
            assert_eq!(first, "line 1: there are more than 5000000 events");
            assert!(last.ends_with("reading stopped here"), "{last}");
        }
    }

    /// The faults of an archive, fed in pieces of any size.
    fn faults(text: &str) -> Vec<String> {
        let whole = read(text, text.len());
        for size in [1, 2, 7] {
            let pieces = read(text, size);
            assert_eq!(pieces.as_ref().err(), whole.as_ref().err(), "in pieces of {size}");
        }
        whole.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    fn read(text: &str, size: usize) -> Result<Imported, Vec<ArchiveFault>> {
        let mut import = Import::new();
        text.as_bytes().chunks(size.max(1)).for_each(|piece| import.feed(piece));
        import.finish()
    }

    /// A scenario that knows nothing.
    fn carts() -> Scenario {
        Scenario::new("cart", "Shopping cart", "")
    }

    /// A line of another system, with some attributes replaced.
    fn line(id: u64, others: &str) -> String {
        let mut event = serde_json::json!({
            "specversion": "1.0", "id": id.to_string(), "source": "/shop", "type": "AddedToCart",
            "subject": "cart-1", "time": "2017-08-24T18:00:00Z", "data": { "item": "pears" },
        });
        let others: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(others).unwrap();
        event.as_object_mut().unwrap().extend(others);
        event.to_string()
    }

    #[test]
    fn events_of_another_system_need_a_stream_and_nothing_else() {
        let text = format!("{}\n\n  {}\r\n", line(1, "{}"), line(2, r#"{"subject":"cart-2"}"#));
        assert_eq!(faults(&text), [""; 0]);
        let imported = read(&text, 5).unwrap();
        assert_eq!((imported.events, imported.scenario), (2, None));
        let commits: Vec<StoredCommit> = imported.commits.into_iter().collect();
        let [_, second] = &*commits else { panic!("{commits:?}") };
        assert_eq!((second.number, second.after), (2, 1));
        assert_eq!((&*second.envelope.actor, second.envelope.at), ("/shop", 1_503_597_600_000));
        assert_eq!(second.events[0].data.get(), r#"{"item":"pears"}"#);
        let batch = format!(" [ {} ,\n {}\n] \n", line(1, "{}"), line(2, "{}"));
        assert_eq!(faults(&batch), [""; 0]);
        assert_eq!(read(&batch, 3).unwrap().events, 2);
    }

    #[test]
    fn each_fault_is_named_with_its_line_and_field() {
        let table = [
            (r#"{"specversion":"0.3"}"#, "line 2, specversion: 0.3 is not 1.0"),
            (r#"{"id":""}"#, "line 2, id: it is empty"),
            (r#"{"source":""}"#, "line 2, source: it is empty"),
            (r#"{"id":null}"#, "line 2, id: it is missing"),
            (r#"{"source":7}"#, "line 2, source: 7 is not a text"),
            (r#"{"subject":["cart-1"]}"#, "line 2, subject: [\"cart-1\"] is not a text"),
            (
                r#"{"source":"leftfold:cart","subject":null}"#,
                "line 2, subject: the name of the stream is missing, such as cart-1",
            ),
            (
                r#"{"source":"leftfold:cart","subject":"cart"}"#,
                "line 2, subject: a stream is written category-id, such as cart-1; \"cart\" is not",
            ),
            (
                r#"{"leftfoldstream":"cart-"}"#,
                "line 2, leftfoldstream: a stream is written category-id, such as cart-1; \"cart-\" \
                 is not",
            ),
            (r#"{"type":""}"#, "line 2, type: it is empty"),
            (
                r#"{"time":"yesterday"}"#,
                "line 2, time: yesterday is not a date and time with a zone",
            ),
            (
                r#"{"leftfoldrecorded":"2017-08-24"}"#,
                "line 2, leftfoldrecorded: 2017-08-24 is not a date and time with a zone",
            ),
            (
                r#"{"data_base64":"e30="}"#,
                "line 2, data_base64: there is data as well: an event has one of the two",
            ),
            (r#"{"data":null,"data_base64":"%"}"#, "line 2, data_base64: it is not base64"),
            (
                r#"{"leftfoldversion":1}"#,
                "line 2, leftfoldversion: 1 is not 2, the next one of cart-1",
            ),
            (r#"{"leftfoldposition":0}"#, "line 2, leftfoldposition: 0 does not come after 0"),
            (
                r#"{"leftfoldcommandtype":"Add"}"#,
                "line 2, leftfoldcommandto: it is missing, although there is a leftfoldcommandtype",
            ),
            (
                r#"{"leftfoldcommandto":"cart-1"}"#,
                "line 2, leftfoldcommandtype: it is missing, although there is a leftfoldcommandto",
            ),
            (
                r#"{"leftfoldcommandtype":"Add","leftfoldcommandto":"cart-1","leftfoldcommanddata":"{"}"#,
                "line 2, leftfoldcommanddata: the end is found where a comma or } is expected",
            ),
            (
                r#"{"leftfoldchoice":"retry"}"#,
                "line 2, leftfoldfollows: it and leftfoldchoice go together",
            ),
            (
                r#"{"leftfoldschema":70000}"#,
                "line 2, leftfoldschema: 70000 is not a whole number from 0 to 65535",
            ),
            (
                r#"{"leftfoldorigin":"luck"}"#,
                "line 2, leftfoldorigin: \"luck\" is not one of \"command\", \"import\" and \"forced\"",
            ),
            (
                r#"{"source":"leftfold:cart","origin":"luck"}"#,
                "line 2, origin: \"luck\" is not one of \"command\", \"import\" and \"forced\"",
            ),
        ];
        for (others, fault) in table {
            let text = format!("{}\n{}\n", line(1, "{}"), line(2, others));
            assert_eq!(faults(&text), [fault]);
            let batch = format!("[{},\n{}]", line(1, "{}"), line(2, others));
            assert_eq!(faults(&batch), [fault]);
        }
    }

    #[test]
    fn up_to_a_hundred_faults_are_reported() {
        let bad: String = (1..=5).map(|id| line(id, r#"{"type":""}"#) + "\n").collect();
        assert_eq!(faults(&bad).len(), 5);
        let bad: String = (1..=200).map(|id| line(id, r#"{"type":""}"#) + "\n").collect();
        let told = faults(&bad);
        assert_eq!(told.len(), FAULTS + 1);
        assert_eq!(told[FAULTS], "line 102: reading stopped here");
    }

    #[test]
    fn a_text_that_is_no_archive_is_refused_with_a_reason() {
        let table = [
            ("", "line 1: the archive is empty"),
            (" \n ", "line 2: the archive is empty"),
            ("hello", "line 1: h is found where a value is expected"),
            ("{\"specversion\":\"1.0\"}", "line 1, id: it is missing"),
            ("{\"id\":\"1\",\"id\":\"2\"}", "line 1, id: it is there twice"),
            ("[", "line 1: the archive breaks off"),
            ("[{\"a\":", "line 1: the archive breaks off"),
            ("[1]", "line 1: this is not an event, which is a JSON object"),
            ("[]\n[]", "line 2: this is not an event, which is a JSON object"),
            ("\u{7f}", "line 1: a control character is found where a value is expected"),
        ];
        for (text, fault) in table {
            let told = faults(text);
            assert_eq!(told.first().map(String::as_str), Some(fault), "{text:?}");
        }
        assert_eq!(faults("[]"), [""; 0]);
        let array = line(1, "{}") + "\n[\"1.0\",\"2\",\"/shop\",\"AddedToCart\",\"cart-1\"]";
        let no_object = "line 2: this is not an event, which is a JSON object";
        assert_eq!(faults(&array), [no_object]);
        let no_comma = format!("[{} {}]", line(1, "{}"), line(2, "{}"));
        assert_eq!(faults(&no_comma), ["line 1: a comma is missing before this event"]);
        let mut import = Import::new();
        import.feed(b"{\"\xff\"}\n");
        assert_eq!(import.finish().unwrap_err()[0].to_string(), "line 1: it is not text in UTF-8");
    }

    #[test]
    fn in_ndjson_an_event_stands_on_one_line() {
        let ours = |data: &str| {
            format!(
                r#"{{"specversion":"1.0","id":"1","source":"/shop","type":"AddedToCart","subject":"cart-1","data":{data}}}"#
            ) + "\n"
        };
        assert_eq!(faults(&ours("{}")), [""; 0]);
        for data in ["\n{}", "{\n}", "[1,\n2]"] {
            let told = faults(&(ours("{}") + &ours(data).replace(r#""id":"1""#, r#""id":"2""#)));
            let [first, ..] = &*told else { panic!("{data:?} is read") };
            assert!(first.starts_with("line 2: the end is found where a"), "{first}");
            assert_eq!(faults(&format!("[{}]", ours(data))), [""; 0]);
        }
        let two = ours("{}") + &ours("{}").replace(r#""id":"1""#, r#""id":"2""#);
        for end in ["\n", "\r\n"] {
            let text = two.replace('\n', end);
            assert_eq!(faults(&text), [""; 0]);
            assert_eq!(read(&text, text.len()).unwrap().events, 2);
        }
    }

    #[test]
    fn events_stand_one_after_the_other_where_the_first_one_stands_on_several_lines() {
        let pretty = |id: u64, others: &str| {
            let event: serde_json::Value = serde_json::from_str(&line(id, others)).unwrap();
            format!("{event:#}\n")
        };
        let [one, two] = [pretty(1, "{}"), pretty(2, "{}")];
        for text in [
            one.clone(),
            format!("\n {one}{two}"),
            format!("{one}{}\n{two}", line(3, "{}")),
            format!("\u{1e}{one}\u{1e}{two}"),
            format!("\u{1e}{}\n\u{1e}{}\n", line(1, "{}"), line(2, "{}")),
        ] {
            assert_eq!(faults(&text), [""; 0], "{text}");
            let events = text.matches("specversion").count();
            assert_eq!(read(&text, 9).unwrap().events, events as u64);
        }
        let lines = one.lines().count() + 1;
        assert_eq!(
            faults(&format!("{one}{}", pretty(2, r#"{"type":""}"#))),
            [format!("line {lines}, type: it is empty")]
        );
        let broken = format!("line {}: the archive breaks off", lines - 2);
        assert_eq!(faults(&one[..one.len() - 3]), [broken]);
        let told = faults(&format!("{}]", one.trim_end()));
        assert!(told[0].ends_with(": this is not an event, which is a JSON object"), "{told:?}");
    }

    #[test]
    fn an_event_may_be_neither_too_long_nor_too_deep() {
        let long = format!(r#"{{"data":"{}"}}"#, "x".repeat(EVENT_BYTES));
        let text = line(1, &long);
        assert_eq!(faults(&text), ["line 1: the event has more than 1048576 bytes"]);
        let late = format!("{}\n{}{}\n", line(1, "{}"), " ".repeat(EVENT_BYTES + 1), line(2, "{}"));
        assert_eq!(faults(&late), ["line 2: the event has more than 1048576 bytes"]);
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let text = line(1, "{}").replace(r#"{"item":"pears"}"#, &deep(DEPTH - 1));
        assert_eq!(faults(&text), [""; 0]);
        let text = line(1, "{}").replace(r#"{"item":"pears"}"#, &deep(100_000));
        assert_eq!(faults(&text), ["line 1, data: it is nested deeper than 64"]);
    }

    #[test]
    fn a_later_part_of_a_log_is_imported_only_where_its_streams_go_on() {
        let text = line(1, r#"{"leftfoldversion":3}"#);
        let imported = read(&text, 9).unwrap();
        let late = "cart-1 begins at version 3: a new log has nothing before it";
        assert_eq!(imported.into_new(&carts(), 1).err().as_deref(), Some(late));
        assert_eq!(
            read(&text, 9).unwrap().after(&EventLog::default(), &carts(), 1).unwrap_err(),
            "cart-1 is at version 0 here, and the archive goes on with version 3"
        );
    }

    #[test]
    fn an_event_without_a_time_gets_the_next_one_or_the_time_of_the_import() {
        let without = |id: u64| line(id, r#"{"time":null}"#);
        let now = 1_600_000_000_000;
        let times = |commits: Vec<StoredCommit>| -> Vec<[u64; 2]> {
            commits.iter().map(|it| [it.envelope.at, it.events[0].at]).collect()
        };
        let new = |text: &str| {
            let carts = carts();
            let segments = read(text, 9).unwrap().into_new(&carts, now).unwrap();
            segments.flat_map(|it| it.commits().map(|it| it.owned()).collect::<Vec<_>>()).collect()
        };
        let none = format!("{}\n{}\n", without(1), without(2));
        assert_eq!(times(new(&none)), [[now; 2]; 2]);
        let log = EventLog::default();
        assert_eq!(
            times(read(&none, 9).unwrap().after(&log, &carts(), now).unwrap().commits),
            [[now; 2]; 2]
        );
        let some = format!("{}\n{}\n{}\n", without(1), line(2, "{}"), without(3));
        let then = 1_503_597_600_000;
        assert_eq!(times(new(&some)), [[then; 2]; 3]);
    }
}
