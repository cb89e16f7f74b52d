//! The event log in memory: append-only, one order for all, an index per stream.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Body, Commit, Envelope, Recorded, Stored, Stream};

/// Events per piece of the log: growing never copies what is there.
const CHUNK: usize = 1024;

/// What a writer believes of a stream: optimistic concurrency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The stream stands at this version; 0 where it does not exist.
    Exact(u64),
    /// The stream has at least one event.
    Exists,
    /// Nothing: append whatever is there.
    Any,
}

impl Expected {
    /// True where a stream at version `actual` is what was expected.
    pub fn holds(self, actual: u64) -> bool {
        match self {
            Self::Exact(version) => version == actual,
            Self::Exists => actual > 0,
            Self::Any => true,
        }
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(0) => f.write_str("no stream"),
            Self::Exact(version) => write!(f, "version {version}"),
            Self::Exists => f.write_str("a stream"),
            Self::Any => f.write_str("any version"),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum ExpectedText {
    Version(u64),
    Word(String),
}

impl Serialize for Expected {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Exact(version) => serializer.serialize_u64(*version),
            Self::Exists => serializer.serialize_str("exists"),
            Self::Any => serializer.serialize_str("any"),
        }
    }
}

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match ExpectedText::deserialize(deserializer) {
            Ok(ExpectedText::Version(version)) => Ok(Self::Exact(version)),
            Ok(ExpectedText::Word(word)) if word == "exists" => Ok(Self::Exists),
            Ok(ExpectedText::Word(word)) if word == "any" => Ok(Self::Any),
            _ => Err(serde::de::Error::custom(
                "an expected version is a number from 0, \"exists\" or \"any\"",
            )),
        }
    }
}

/// A stream was not where its writer believed it to be. Nothing was appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{stream} was expected at {expected} and is at version {actual}")]
pub struct WrongExpectedVersion {
    /// The stream.
    pub stream: Stream,
    /// What was expected.
    pub expected: Expected,
    /// The version found.
    pub actual: u64,
}

/// An event on its way into the log, without a place yet.
#[derive(Clone)]
pub struct Draft {
    /// Where it goes.
    pub stream: Stream,
    /// Its type.
    pub kind: Rc<str>,
    /// The schema of its data.
    pub schema: u16,
    /// What it says.
    pub body: Body,
    /// The older shape in which it is stored, where it is.
    pub stored: Option<Rc<Stored>>,
    /// When it happened, where that is not the envelope's time.
    pub at: Option<u64>,
}

/// What somebody wants appended, all or nothing.
pub struct Proposal {
    /// What its events share.
    pub envelope: Envelope,
    /// What is believed of a stream.
    pub expected: Option<(Stream, Expected)>,
    /// The events, in order.
    pub events: Vec<Draft>,
}

/// Events in a row, by place: the whole log, or one stream.
pub trait History {
    /// How many there are.
    fn len(&self) -> usize;

    /// True where there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `visit` for the events after place `from` up to and with place `to`.
    fn walk(&self, from: usize, to: usize, visit: impl FnMut(&Recorded));
}

/// The log. It only grows.
#[derive(Default)]
pub struct EventLog {
    chunks: Vec<Vec<Recorded>>,
    len: usize,
    streams: BTreeMap<Stream, Vec<u32>>,
    commands: HashMap<Uuid, Range<u32>, BuildHasherDefault<IdHasher>>,
    kinds: BTreeSet<Rc<str>>,
}

impl EventLog {
    /// The position of the last event; 0 where there is none.
    pub fn head(&self) -> u64 {
        self.len as u64
    }

    /// The version of a stream; 0 where it does not exist.
    pub fn version(&self, stream: &Stream) -> u64 {
        self.streams.get(stream).map_or(0, |places| places.len() as u64)
    }

    /// The version that a stream had at `position`.
    pub fn version_at(&self, stream: &Stream, position: u64) -> u64 {
        self.streams
            .get(stream)
            .map_or(0, |places| places.partition_point(|&place| u64::from(place) < position) as u64)
    }

    /// The streams, in order of their names, each with its version.
    pub fn streams(&self) -> impl Iterator<Item = (&Stream, u64)> {
        self.streams.iter().map(|(stream, places)| (stream, places.len() as u64))
    }

    /// The events' types so far.
    pub fn kinds(&self) -> impl Iterator<Item = &Rc<str>> {
        self.kinds.iter()
    }

    /// The event at a position.
    pub fn event(&self, position: u64) -> Option<&Recorded> {
        self.place(usize::try_from(position).ok()?.checked_sub(1)?)
    }

    /// The events at positions `from` to `to`, inclusive, as far as they exist.
    pub fn events(&self, from: u64, to: u64) -> impl Iterator<Item = &Recorded> {
        (from.max(1)..=to.min(self.head())).filter_map(|position| self.event(position))
    }

    /// One stream's events.
    pub fn stream<'a>(&'a self, stream: &Stream) -> StreamHistory<'a> {
        StreamHistory { log: self, places: self.streams.get(stream).map_or(&[], Vec::as_slice) }
    }

    /// The positions that a command's events have, if it was handled: an empty range where it
    /// produced nothing.
    pub fn handled(&self, command: Uuid) -> Option<Range<u64>> {
        self.commands.get(&command).map(|r| u64::from(r.start) + 1..u64::from(r.end) + 1)
    }

    /// Numbers a proposal's events, ready to be stored. Recorded-at is never before the head's.
    ///
    /// # Errors
    /// [`WrongExpectedVersion`] where a stream is not where the proposal believes it to be.
    pub fn propose(&self, proposal: Proposal) -> Result<Commit, WrongExpectedVersion> {
        if let Some((stream, expected)) = proposal.expected {
            let actual = self.version(&stream);
            if !expected.holds(actual) {
                return Err(WrongExpectedVersion { stream, expected, actual });
            }
        }
        let mut envelope = proposal.envelope;
        let mut at = self.event(self.head()).map_or(0, Recorded::at);
        envelope.at = envelope.at.max(at);
        let envelope = Rc::new(envelope);
        let mut versions: BTreeMap<Stream, u64> = BTreeMap::new();
        let mut last: Option<(Stream, u64)> = None;
        let after = self.head();
        let events =
            (after + 1..).zip(0..).zip(proposal.events).map(|((position, index), draft)| {
                let version = match &mut last {
                    Some((stream, version)) if *stream == draft.stream => {
                        *version += 1;
                        *version
                    }
                    _ => {
                        if let Some((stream, version)) = last.take() {
                            versions.insert(stream, version);
                        }
                        let before = versions.get(&draft.stream).copied();
                        let version = before.unwrap_or_else(|| self.version(&draft.stream)) + 1;
                        last = Some((draft.stream.clone(), version));
                        version
                    }
                };
                at = at.max(draft.at.unwrap_or(envelope.at));
                Recorded {
                    position,
                    version,
                    at,
                    stream: draft.stream,
                    kind: draft.kind,
                    schema: draft.schema,
                    index,
                    envelope: envelope.clone(),
                    body: draft.body,
                    stored: draft.stored,
                }
            });
        Ok(Commit { after, events: events.collect(), envelope })
    }

    /// Takes in a commit that is stored. False, and nothing taken in, where it does not follow
    /// the head.
    pub fn learn(&mut self, commit: Commit) -> bool {
        let Ok(first) = u32::try_from(self.len) else { return false };
        if commit.after != self.head() {
            return false;
        }
        for mut event in commit.events {
            if let Some(kind) = self.kinds.get(&event.kind) {
                event.kind = kind.clone();
            } else {
                self.kinds.insert(event.kind.clone());
            }
            let place = u32::try_from(self.len).unwrap_or(u32::MAX);
            if let Some(places) = self.streams.get_mut(&event.stream) {
                places.push(place);
            } else {
                self.streams.insert(event.stream.clone(), vec![place]);
            }
            match self.chunks.last_mut() {
                Some(chunk) if chunk.len() < CHUNK => chunk.push(event),
                _ => {
                    let mut chunk = Vec::with_capacity(if self.len == 0 { 16 } else { CHUNK });
                    chunk.push(event);
                    self.chunks.push(chunk);
                }
            }
            self.len += 1;
        }
        let last = u32::try_from(self.len).unwrap_or(u32::MAX);
        self.commands.insert(commit.envelope.command_id, first..last);
        true
    }

    fn place(&self, place: usize) -> Option<&Recorded> {
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)
    }
}

impl History for EventLog {
    fn len(&self) -> usize {
        self.len
    }

    fn walk(&self, from: usize, to: usize, mut visit: impl FnMut(&Recorded)) {
        let (mut from, to) = (from, to.min(self.len));
        while from < to {
            let start = from % CHUNK;
            let chunk = &self.chunks[from / CHUNK];
            let end = chunk.len().min(start + to - from);
            chunk[start..end].iter().for_each(&mut visit);
            from += end - start;
        }
    }
}

/// One stream of a log.
#[derive(Clone, Copy)]
pub struct StreamHistory<'a> {
    log: &'a EventLog,
    places: &'a [u32],
}

impl History for StreamHistory<'_> {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn walk(&self, from: usize, to: usize, mut visit: impl FnMut(&Recorded)) {
        for &place in self.places.get(from..to.min(self.places.len())).unwrap_or_default() {
            if let Some(event) = self.log.place(place as usize) {
                visit(event);
            }
        }
    }
}

/// Command ids are random or hashes already; their own last bits serve as the hash.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..piece.len()].copy_from_slice(piece);
            self.0 = self.0.rotate_left(29) ^ u64::from_le_bytes(word);
        }
    }

    fn write_usize(&mut self, _: usize) {}
}
