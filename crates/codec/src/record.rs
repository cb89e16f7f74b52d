//! Commits as bytes, each chained to the commit before it, so that damage shows.
//!
//! A frame consists of the payload's length (4 bytes), the hash of the frame before it (8 bytes),
//! its own hash (8 bytes), and the payload. Numbers are little-endian. The hash covers the payload
//! and is seeded with the hash of the frame before, so that it is checksum and chain at once: a
//! flipped bit breaks the frame's own hash, and a frame that is missing or replaced breaks the next
//! frame's. A tail record is one frame, and a segment is many frames in a row.
//!
//! This module does no I/O and never panics, whatever the bytes are.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use serde_json::value::RawValue;
use twox_hash::XxHash64;
use uuid::Uuid;

use es::{
    Choice, CommandRecord, Envelope, Follows, Metadata, NameMap, Origin, StoredCommit, StoredEvent,
    Stream,
};

/// The size of a frame's header, in bytes.
const HEADER: usize = 20;
/// The version of the payload's format.
const FORMAT: u8 = 1;

/// The bits of a payload's second byte say what else it holds. The highest bit says that one more
/// byte of bits follows.
const ORIGIN: u8 = 3;
const CAUSATION: u8 = 4;
const CORRELATION: u8 = 8;
const COMMAND: u8 = 16;
const UNANSWERED: u8 = 32;
const FOLLOWS: u8 = 64;
const MORE: u8 = 128;
/// The bits of the byte that may follow. The others are reserved.
const METADATA: u8 = 1;
const UNCHANGED_SINCE: u8 = 2;

const CHOICES: [Choice; 5] =
    [Choice::Reload, Choice::Retry, Choice::Force, Choice::Same, Choice::Anew];

/// Why a frame cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Bytes are missing.
    #[error("the record breaks off")]
    Short,
    /// Bytes have changed.
    #[error("the checksum is wrong")]
    Checksum,
    /// The frame belongs to another history.
    #[error("it does not follow the one before")]
    Chain,
    /// The frame is gone.
    #[error("the record is missing")]
    Missing,
    /// The log was known to have another frame here.
    #[error("it is not the one that was stored here")]
    Other,
    /// The frame is whole, but its format is unknown.
    #[error("a newer version of this page wrote it")]
    Newer,
}

/// A part of a log that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The position of the first event that is gone.
    pub from: u64,
    /// The position of the last event that is gone. It is less than `from` where only commits
    /// without an event are gone.
    pub to: u64,
    /// The reason, in words.
    pub why: String,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, why } = self;
        match from.cmp(to) {
            Ordering::Less => write!(f, "events {from} to {to} cannot be read: {why}"),
            Ordering::Equal => write!(f, "event {from} cannot be read: {why}"),
            Ordering::Greater => {
                write!(f, "what is noted after event {to} cannot be read: {why}")
            }
        }
    }
}

/// The end of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// How many commits there are.
    pub commits: u64,
    /// The position of the last event.
    pub head: u64,
    /// The hash of the last frame; 0 before the first.
    pub hash: u64,
}

/// Appends a commit's frame to `out`, chained to `end`, and moves the end behind the commit.
pub fn encode(commit: &StoredCommit, end: &mut End, out: &mut Vec<u8>) {
    let start = out.len();
    frame(commit, out);
    let hash = chain(&mut out[start..], end.hash);
    let head = commit.after + commit.events.len() as u64;
    *end = End { commits: commit.number, head, hash };
}

/// Appends a commit's frame to `out`. The frame is not chained yet.
pub(super) fn frame(commit: &StoredCommit, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; HEADER]);
    PayloadWriter { out, names: WrittenNames::default() }.commit(commit);
    let length = u32::try_from(out.len() - start - HEADER).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Chains frames to the frame whose hash is `hash`, and returns the last frame's hash.
pub(super) fn chain(mut frames: &mut [u8], mut hash: u64) -> u64 {
    while let Some((header, rest)) = frames.split_first_chunk_mut::<HEADER>() {
        let Some((payload, rest)) = rest.split_at_mut_checked(length(header)) else { break };
        header[4..12].copy_from_slice(&hash.to_le_bytes());
        hash = XxHash64::oneshot(hash, payload);
        header[12..].copy_from_slice(&hash.to_le_bytes());
        frames = rest;
    }
    hash
}

/// The commits of frames that were written in this run of the program, chained or not.
pub(super) fn frames(mut bytes: &[u8]) -> impl Iterator<Item = StoredCommit<&str>> {
    let mut names = ReadNames::default();
    std::iter::from_fn(move || {
        let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
        let (payload, rest) = rest.split_at_checked(length(header))?;
        bytes = rest;
        read(payload, &mut names).ok()
    })
}

/// The length of the payload, in bytes.
fn length(header: &[u8; HEADER]) -> usize {
    let [a, b, c, d, ..] = *header;
    u32::from_le_bytes([a, b, c, d]) as usize
}

/// A frame whose checksum is right.
struct Frame<'a> {
    /// The hash of the frame before it.
    before: u64,
    hash: u64,
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Takes the next frame off `bytes`. After a wrong checksum, the next frame can be tried.
    fn take(bytes: &mut &'a [u8]) -> Result<Self, Damage> {
        let whole = std::mem::take(bytes);
        let (header, rest) = whole.split_first_chunk::<HEADER>().ok_or(Damage::Short)?;
        let number = |at: usize| {
            let bytes = header[at..at + 8].try_into().unwrap_or_default();
            u64::from_le_bytes(bytes)
        };
        let (payload, rest) = rest.split_at_checked(length(header)).ok_or(Damage::Short)?;
        *bytes = rest;
        let (before, hash) = (number(4), number(12));
        if XxHash64::oneshot(before, payload) == hash {
            Ok(Self { before, hash, payload })
        } else {
            Err(Damage::Checksum)
        }
    }
}

/// The commits of frames that stand alone, such as those in a message: nothing is known of the frames
/// before them. None where a byte of them is wrong.
pub fn alone(mut bytes: &[u8]) -> Option<Vec<StoredCommit<&str>>> {
    let (mut names, mut commits) = (ReadNames::default(), Vec::new());
    while !bytes.is_empty() {
        let frame = Frame::take(&mut bytes).ok()?;
        commits.push(read(frame.payload, &mut names).ok()?);
    }
    Some(commits)
}

/// An item that a [`FrameReader`] comes upon.
#[derive(Debug)]
pub enum CommitOrLoss<'a> {
    /// The next commit.
    Commit(StoredCommit<&'a str>),
    /// A part that is gone. Commits after it may still be read.
    Lost(Loss),
}

/// Reads a log's frames in order, and notices frames that are missing, changed or out of place.
#[derive(Debug, Default)]
pub struct FrameReader {
    end: End,
    /// False while the hash of the frame before is unknown.
    chained: bool,
    /// The first damage that is not reported yet.
    why: Option<Damage>,
    /// Where the log was known to end.
    known: Option<End>,
    /// True once a loss was reported.
    damaged: bool,
    names: ReadNames,
}

impl FrameReader {
    /// A reader of a whole log. `known` is where the log was known to end.
    pub fn new(known: Option<End>) -> Self {
        Self { chained: true, known, ..Self::default() }
    }

    /// A reader of the commits after the first `commits`, which end at position `head`.
    pub fn after(commits: u64, head: u64) -> Self {
        Self { end: End { commits, head, hash: 0 }, ..Self::default() }
    }

    /// The end of what was read so far.
    pub fn end(&self) -> End {
        self.end
    }

    /// Reads a record of one or many frames. `visit` gets each commit and each loss, in order.
    pub fn record(&mut self, mut bytes: &[u8], visit: &mut dyn FnMut(CommitOrLoss<'_>)) {
        while !bytes.is_empty() {
            let frame = Frame::take(&mut bytes)
                .and_then(|it| Ok((read(it.payload, &mut self.names)?, it.before, it.hash)));
            match frame {
                Ok((commit, ..)) if commit.number <= self.end.commits => {}
                Ok((commit, before, hash)) => self.frame(commit, before, hash, visit),
                Err(why) => _ = self.why.get_or_insert(why),
            }
        }
    }

    fn frame(
        &mut self,
        commit: StoredCommit<&str>,
        before: u64,
        hash: u64,
        visit: &mut dyn FnMut(CommitOrLoss<'_>),
    ) {
        let head = commit.after + commit.events.len() as u64;
        let end = End { commits: commit.number, head, hash };
        if commit.number > self.end.commits + 1 || commit.after > self.end.head {
            let up_to = End { commits: commit.number - 1, head: commit.after, hash: before };
            self.lost(up_to, Damage::Missing, visit);
        } else if self.chained && before != self.end.hash || commit.after < self.end.head {
            return self.lost(end, Damage::Chain, visit);
        }
        if self.known.is_some_and(|it| it.commits == end.commits && it != end) {
            return self.lost(end, Damage::Other, visit);
        }
        self.end = end;
        self.chained = true;
        visit(CommitOrLoss::Commit(commit));
    }

    /// Ends the reading. `end` is where the log should end. `visit` gets the losses that show now.
    pub fn finish(&mut self, end: Option<End>, visit: &mut dyn FnMut(CommitOrLoss<'_>)) {
        for end in end.into_iter().chain(self.known) {
            if end.commits > self.end.commits {
                self.lost(end, Damage::Missing, visit);
            }
        }
        // Where no commit is missing, the record of the end itself may be wrong.
        let torn = self.chained && end != Some(self.end);
        if self.why.is_some() || torn && !self.damaged {
            self.lost(self.end, Damage::Missing, visit);
        }
    }

    fn lost(&mut self, up_to: End, why: Damage, visit: &mut dyn FnMut(CommitOrLoss<'_>)) {
        let why = self.why.take().unwrap_or(why);
        visit(CommitOrLoss::Lost(Loss {
            from: self.end.head + 1,
            to: up_to.head,
            why: why.to_string(),
        }));
        self.end = up_to;
        self.chained = true;
        self.damaged = true;
    }
}

struct PayloadWriter<'a> {
    out: &'a mut Vec<u8>,
    names: WrittenNames<'a>,
}

/// The names that were written into a payload. Most payloads have a handful of names, and then a
/// linear search is quicker than a hash map.
#[derive(Default)]
struct WrittenNames<'a> {
    few: [&'a str; FEW],
    count: usize,
    many: NameMap<&'a str, usize>,
}

const FEW: usize = 8;

impl<'a> WrittenNames<'a> {
    /// The number of a name, from 1. None where the name is new: it gets the next number.
    fn number(&mut self, name: &'a str) -> Option<usize> {
        let few = &self.few[..self.count.min(FEW)];
        let known = few.iter().position(|it| *it == name).map(|at| at + 1);
        let known = known.or_else(|| self.many.get(name).copied());
        if known.is_none() {
            if let Some(place) = self.few.get_mut(self.count) {
                *place = name;
            } else {
                self.many.insert(name, self.count + 1);
            }
            self.count += 1;
        }
        known
    }
}

impl<'a> PayloadWriter<'a> {
    fn commit(&mut self, commit: &'a StoredCommit) {
        let it = &commit.envelope;
        let when = |flag: u8, set: bool| if set { flag } else { 0 };
        let flags = match it.origin {
            Origin::Command => 0,
            Origin::Import => 1,
            Origin::Forced => 2,
        } | when(CAUSATION, it.causation_id != it.command_id)
            | when(CORRELATION, it.correlation_id != it.command_id)
            | when(COMMAND, it.command.is_some())
            | when(UNANSWERED, it.unanswered)
            | when(FOLLOWS, it.follows.is_some());
        // Few commits hold metadata, so that the others need no byte to say so.
        let metadata = commit.events.iter().any(|event| event.metadata.is_some());
        let more = when(METADATA, metadata) | when(UNCHANGED_SINCE, it.unchanged_since.is_some());
        self.out.extend([FORMAT, flags | when(MORE, more != 0)]);
        if more != 0 {
            self.out.push(more);
        }
        self.number(commit.number);
        self.number(commit.after);
        self.number(it.at);
        self.out.extend(it.command_id.as_bytes());
        if flags & CAUSATION != 0 {
            self.out.extend(it.causation_id.as_bytes());
        }
        if flags & CORRELATION != 0 {
            self.out.extend(it.correlation_id.as_bytes());
        }
        self.name(&it.actor);
        if let Some(command) = &it.command {
            self.name(command.stream.as_str());
            self.name(&command.kind);
            self.text(command.data.get());
        }
        if let Some(follows) = &it.follows {
            let choice = CHOICES.iter().position(|choice| *choice == follows.choice);
            self.number(choice.unwrap_or_default() as u64);
            self.out.extend(follows.command.as_bytes());
        }
        if let Some(position) = it.unchanged_since {
            self.number(position);
        }
        self.number(commit.events.len() as u64);
        let mut before = it.at;
        for event in &commit.events {
            self.name(event.stream.as_str());
            self.name(&event.kind);
            self.number(event.version);
            self.number(event.schema.into());
            // Most events have the same time. The difference to an earlier time wraps around.
            self.number(event.at.wrapping_sub(before));
            before = event.at;
            self.text(event.data.get());
            if metadata {
                self.text(event.metadata.as_deref().map_or("", Metadata::text));
            }
        }
    }

    fn number(&mut self, mut it: u64) {
        while it >= 0x80 {
            self.out.push((it & 0x7f) as u8 | 0x80);
            it >>= 7;
        }
        self.out.push((it & 0x7f) as u8);
    }

    fn text(&mut self, it: &str) {
        self.number(it.len() as u64);
        self.out.extend(it.as_bytes());
    }

    /// Writes a new name as 0 and its text, and a known one as its number.
    fn name(&mut self, it: &'a str) {
        if let Some(number) = self.names.number(it) {
            return self.number(number as u64);
        }
        self.number(0);
        self.text(it);
    }
}

/// The names that were read. Most of them occur again and again, so each is stored once.
#[derive(Debug, Default)]
struct ReadNames {
    known: Vec<ReadName>,
    places: NameMap<Rc<str>, usize>,
    /// The names of this payload, as places in `known`.
    here: Vec<usize>,
    /// The names of the payload before it, as places in `known`.
    before: Vec<usize>,
}

/// A name. Its stream is parsed when it is first needed.
#[derive(Debug)]
struct ReadName {
    text: Rc<str>,
    stream: Option<Stream>,
}

/// How many names are remembered before all are forgotten: a log may have a million streams.
const NAMES: usize = 100_000;

impl ReadNames {
    /// Begins the next payload, which numbers its names anew.
    fn begin(&mut self) {
        std::mem::swap(&mut self.here, &mut self.before);
        self.here.clear();
        if self.known.len() >= NAMES {
            *self = Self::default();
        }
    }

    /// Adds the next name of this payload, and returns its place in `known`.
    fn add(&mut self, bytes: &[u8]) -> Option<usize> {
        let known = |place: usize| self.known.get(place).map(|it| it.text.as_bytes());
        // Often the payload before had the same name there.
        let guess = self.before.get(self.here.len()).copied();
        let place = match guess.filter(|&place| known(place) == Some(bytes)) {
            Some(place) => place,
            None => self.place(std::str::from_utf8(bytes).ok()?),
        };
        self.here.push(place);
        Some(place)
    }

    fn place(&mut self, text: &str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let text: Rc<str> = text.into();
        self.places.insert(text.clone(), self.known.len());
        self.known.push(ReadName { text, stream: None });
        self.known.len() - 1
    }
}

/// Reads a payload. Its checksum is right: one that cannot be read was written by a newer version.
fn read<'a>(payload: &'a [u8], names: &mut ReadNames) -> Result<StoredCommit<&'a str>, Damage> {
    names.begin();
    Cursor { bytes: payload, names }.commit().ok_or(Damage::Newer)
}

struct Cursor<'a, 'n> {
    bytes: &'a [u8],
    names: &'n mut ReadNames,
}

impl<'a> Cursor<'a, '_> {
    fn commit(&mut self) -> Option<StoredCommit<&'a str>> {
        let [format, flags] = *self.take(2)? else { return None };
        let more = if flags & MORE != 0 { self.take(1)?[0] } else { 0 };
        if format != FORMAT || more & !(METADATA | UNCHANGED_SINCE) != 0 {
            return None;
        }
        let (number, after, at) = (self.number()?, self.number()?, self.number()?);
        let command_id = self.id()?;
        let mut id = |flag| if flags & flag != 0 { self.id() } else { Some(command_id) };
        let (causation_id, correlation_id) = (id(CAUSATION)?, id(CORRELATION)?);
        let actor = self.shared()?;
        let command = if flags & COMMAND != 0 {
            Some(CommandRecord {
                stream: self.named_stream()?,
                kind: self.shared()?,
                data: self.json()?,
            })
        } else {
            None
        };
        let follows = if flags & FOLLOWS != 0 {
            let choice = *CHOICES.get(usize::try_from(self.number()?).ok()?)?;
            Some(Follows { command: self.id()?, choice })
        } else {
            None
        };
        let unchanged_since = if more & UNCHANGED_SINCE != 0 { Some(self.number()?) } else { None };
        let origin = match flags & ORIGIN {
            0 => Origin::Command,
            1 => Origin::Import,
            2 => Origin::Forced,
            _ => return None,
        };
        let unanswered = flags & UNANSWERED != 0;
        let count = usize::try_from(self.number()?).ok()?;
        // An event takes at least six bytes. A greater count would only cost memory.
        if number == 0 || count > self.bytes.len() / 6 {
            return None;
        }
        let mut events = Vec::with_capacity(count);
        let mut before = at;
        for _ in 0..count {
            let (stream, kind) = (self.named_stream()?, self.shared()?);
            let (version, schema) = (self.number()?, self.number()?.try_into().ok()?);
            before = before.wrapping_add(self.number()?);
            let data = self.text()?;
            let metadata = if more & METADATA != 0 { self.metadata()? } else { None };
            events.push(StoredEvent { stream, version, kind, schema, at: before, data, metadata });
        }
        if !self.bytes.is_empty() {
            return None;
        }
        let envelope = Envelope {
            command_id,
            causation_id,
            correlation_id,
            actor,
            origin,
            at,
            command,
            unanswered,
            follows,
            unchanged_since,
        };
        Some(StoredCommit { number, after, envelope, events })
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut it = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            it |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(it);
            }
        }
        None
    }

    fn id(&mut self) -> Option<Uuid> {
        Uuid::from_slice(self.take(16)?).ok()
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    fn name(&mut self) -> Option<&mut ReadName> {
        let place = match usize::try_from(self.number()?).ok()? {
            0 => {
                let bytes = self.bytes()?;
                self.names.add(bytes)?
            }
            number => *self.names.here.get(number - 1)?,
        };
        self.names.known.get_mut(place)
    }

    fn shared(&mut self) -> Option<Rc<str>> {
        self.name().map(|name| name.text.clone())
    }

    fn named_stream(&mut self) -> Option<Stream> {
        let name = self.name()?;
        if name.stream.is_none() {
            name.stream = Stream::parse(&name.text).ok();
        }
        name.stream.clone()
    }

    /// The outer `None` says that there should be one, and cannot be read.
    #[cold]
    #[inline(never)]
    #[expect(clippy::option_option, reason = "metadata may be unreadable, or absent")]
    fn metadata(&mut self) -> Option<Option<Rc<Metadata>>> {
        let text = self.text()?;
        Some((!text.is_empty()).then(|| Metadata::stored(text)))
    }

    fn json(&mut self) -> Option<Box<RawValue>> {
        RawValue::from_string(self.text()?.to_owned()).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use es::command_id;

    /// A log with commits of all shapes.
    struct Log {
        commits: Vec<StoredCommit>,
        /// The frame of each commit.
        frames: Vec<Vec<u8>>,
        end: End,
    }

    fn log() -> Log {
        let mut commits = Vec::new();
        let mut after = 0;
        let mut version = 0;
        for (number, count) in (1..).zip([1, 0, 3, 1, 0]) {
            let mut envelope = Envelope::first(command_id("record", number), "Zoë".into(), 70);
            match number {
                2 => envelope.origin = Origin::Import,
                3 => envelope.correlation_id = command_id("record", 1),
                4 => envelope.causation_id = command_id("record", 2),
                _ => envelope.origin = Origin::Forced,
            }
            envelope.unanswered = number == 2;
            envelope.unchanged_since = (number >= 3).then(|| 300 * (number - 3));
            let follows = Follows { command: envelope.command_id, choice: Choice::Force };
            envelope.follows = (number == 3).then_some(follows);
            envelope.command = (number == 3).then(|| CommandRecord {
                stream: Stream::parse("note-1").unwrap(),
                kind: "Add".into(),
                data: json("🥨"),
            });
            let events = (0..count).map(|n| {
                version += 1;
                StoredEvent {
                    stream: Stream::parse("note-1").unwrap(),
                    version,
                    kind: ["Added", "Removed"][n % 2].into(),
                    schema: 2,
                    at: [60, 80, 70][n],
                    data: json("ä"),
                    metadata: (n == 2)
                        .then(|| Metadata::of(&[("traceparent", "\"00-ü\"")]))
                        .flatten(),
                }
            });
            let events: Vec<_> = events.collect();
            let head = after + events.len() as u64;
            commits.push(StoredCommit { number, after, envelope, events });
            after = head;
        }
        let mut end = End::default();
        let frame = |commit| {
            let mut frame = Vec::new();
            encode(commit, &mut end, &mut frame);
            frame
        };
        let frames = commits.iter().map(frame).collect();
        Log { commits, frames, end }
    }

    fn json(words: &str) -> Box<RawValue> {
        serde_json::value::to_raw_value(&json!({ "words": words })).unwrap()
    }

    fn texts(commits: &[StoredCommit]) -> Vec<String> {
        commits.iter().map(|it| serde_json::to_string(it).unwrap()).collect()
    }

    /// What a reader finds in a log.
    #[derive(Debug, Default, PartialEq)]
    struct ReadLog {
        /// The commits up to the first loss, as JSON.
        commits: Vec<String>,
        losses: Vec<String>,
        /// How many commits come after the first loss.
        stranded: usize,
    }

    fn read(records: &[Vec<u8>], end: Option<End>, known: Option<End>) -> ReadLog {
        let (mut commits, mut losses, mut stranded) = (Vec::new(), Vec::new(), 0);
        let mut visit = |found: CommitOrLoss<'_>| match found {
            CommitOrLoss::Commit(commit) if losses.is_empty() => commits.push(commit.owned()),
            CommitOrLoss::Commit(_) => stranded += 1,
            CommitOrLoss::Lost(loss) => losses.push(loss.to_string()),
        };
        let mut reader = FrameReader::new(known);
        for record in records {
            reader.record(record, &mut visit);
        }
        reader.finish(end, &mut visit);
        ReadLog { commits: texts(&commits), losses, stranded }
    }

    #[test]
    fn frames_are_read_one_by_one_or_in_one_piece() {
        let Log { commits, frames, end } = log();
        let expected = ReadLog { commits: texts(&commits), ..ReadLog::default() };
        assert_eq!(read(&frames, Some(end), None), expected);
        assert_eq!(read(&[frames.concat()], Some(end), Some(end)), expected);
        let early = End { commits: 0, ..End::default() };
        assert_eq!(read(&frames, Some(end), Some(early)), expected);
        assert_eq!(read(&[], Some(early), None), ReadLog::default());
    }

    #[test]
    fn any_flipped_bit_is_noticed_and_the_commits_before_it_can_be_read() {
        let Log { commits, frames, end } = log();
        let commits = texts(&commits);
        let starts: Vec<usize> = frames
            .iter()
            .scan(0, |at, frame| {
                *at += frame.len();
                Some(*at)
            })
            .collect();
        let whole = frames.concat();
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let found = read(&[bytes], Some(end), None);
            let good = starts.iter().filter(|&&start| start <= bit / 8).count();
            assert_eq!(found.commits, commits[..good], "bit {bit}");
            assert!(!found.losses.is_empty(), "bit {bit}");
        }
    }

    #[test]
    fn a_log_that_breaks_off_anywhere_is_noticed() {
        let Log { frames, end, .. } = log();
        let whole = frames.concat();
        for length in 0..whole.len() {
            let found = read(&[whole[..length].to_vec()], Some(end), None);
            assert_eq!(found.losses.len(), 1, "{length} bytes");
        }
    }

    #[test]
    fn a_missing_or_misplaced_frame_is_noticed_and_a_repeated_one_does_no_harm() {
        let Log { frames, end, .. } = log();
        for n in 0..frames.len() {
            let mut fewer = frames.clone();
            fewer.remove(n);
            let ReadLog { commits, losses, stranded } = read(&fewer, Some(end), None);
            assert_eq!((commits.len(), losses.len(), stranded), (n, 1, 4 - n), "without {n}");
        }
        let mut swapped = frames.clone();
        swapped.swap(1, 2);
        assert_eq!(read(&swapped, Some(end), None).losses.len(), 1);
        let mut twice = frames.clone();
        twice.insert(2, frames[1].clone());
        assert_eq!(read(&twice, Some(end), None).losses.len(), 0);
    }

    #[test]
    fn a_loss_names_the_events_that_are_gone() {
        let Log { mut frames, end, .. } = log();
        frames[2][30] ^= 1;
        let losses = read(&frames, Some(end), None).losses;
        assert_eq!(losses, ["events 2 to 4 cannot be read: the checksum is wrong"]);
        frames.remove(3);
        let losses = read(&frames, Some(end), None).losses;
        assert_eq!(losses, ["events 2 to 5 cannot be read: the checksum is wrong"]);
        let Log { mut frames, end, .. } = log();
        frames.remove(1);
        let losses = read(&frames, Some(end), None).losses;
        assert_eq!(losses, ["what is noted after event 1 cannot be read: the record is missing"]);
    }

    #[test]
    fn a_log_shorter_than_it_was_known_to_be_or_different_there_has_lost_something() {
        let Log { frames, end, .. } = log();
        let mut shorter = End::default();
        let Log { commits, .. } = log();
        for commit in &commits[..3] {
            encode(commit, &mut shorter, &mut Vec::new());
        }
        let losses = read(&frames[..3], Some(shorter), Some(end)).losses;
        assert_eq!(losses, ["event 5 cannot be read: the record is missing"]);
        let other = End { hash: 1, ..shorter };
        let losses = read(&frames, Some(end), Some(other)).losses;
        assert_eq!(
            losses,
            ["events 2 to 4 cannot be read: it is not the one that was stored here"]
        );
        let losses = read(&frames, None, None).losses;
        assert_eq!(losses, ["what is noted after event 5 cannot be read: the record is missing"]);
    }

    #[test]
    fn a_commit_of_another_history_is_noticed() {
        let Log { commits, frames, end } = log();
        let mut other = End { hash: 7, ..End::default() };
        let mut foreign = Vec::new();
        encode(&commits[3], &mut other, &mut foreign);
        let mut mixed = frames.clone();
        mixed[3] = foreign;
        let losses = read(&mixed, Some(end), None).losses;
        assert_eq!(losses[0], "event 5 cannot be read: it does not follow the one before");
    }

    #[test]
    fn a_frame_of_a_newer_version_is_recognised_as_such() {
        let Log { mut frames, end, .. } = log();
        let payload = &mut frames[4][HEADER..];
        payload[0] = 9;
        let hash = XxHash64::oneshot(end_of(3), &frames[4][HEADER..]);
        frames[4][12..HEADER].copy_from_slice(&hash.to_le_bytes());
        let losses = read(&frames, Some(end), None).losses;
        assert_eq!(
            losses,
            ["what is noted after event 5 cannot be read: a newer version of this page wrote it"]
        );
    }

    fn end_of(index: usize) -> u64 {
        let Log { commits, .. } = log();
        let mut end = End::default();
        for commit in &commits[..=index] {
            encode(commit, &mut end, &mut Vec::new());
        }
        end.hash
    }
}
