//! Commits as bytes, each chained to the one before it, so that damage shows.
//!
//! A frame is the payload's length (4 bytes), the hash of the frame before (8), its own hash
//! (8, over the payload, seeded by the one before), and the payload; numbers are little-endian.
//! One hash is checksum and chain at once: a flipped bit breaks the frame's own, a frame that
//! is missing or another one breaks the next one's. A tail record is one frame, a segment is
//! many in a row. This module does no I/O and never panics, whatever the bytes are.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use serde_json::value::RawValue;
use twox_hash::XxHash64;
use uuid::Uuid;

use es::{
    Choice, CommandRecord, Envelope, Follows, NameMap, Origin, StoredCommit, StoredEvent, Stream,
};

const HEADER: usize = 20;
/// How a payload is written. Another way is another number.
const FORMAT: u8 = 1;

/// What else a payload holds: bits of its second byte, the highest for what may come.
const ORIGIN: u8 = 3;
const CAUSATION: u8 = 4;
const CORRELATION: u8 = 8;
const COMMAND: u8 = 16;
const UNANSWERED: u8 = 32;
const FOLLOWS: u8 = 64;

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
    /// It belongs to another history.
    #[error("it does not follow the one before")]
    Chain,
    /// It is gone.
    #[error("the record is missing")]
    Missing,
    /// It was acknowledged once, and something else is there now.
    #[error("it is not the one that was stored here")]
    Other,
    /// It is whole and makes no sense here.
    #[error("a newer version of this page wrote it")]
    Newer,
}

/// A piece of a log that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The position of the first event that is gone.
    pub from: u64,
    /// The position of the last one; before the first where no event is.
    pub to: u64,
    /// What is wrong there.
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

/// How far a log goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// How many commits there are.
    pub commits: u64,
    /// The position of the last event.
    pub head: u64,
    /// The hash of the last frame; 0 before the first.
    pub hash: u64,
}

/// Writes a commit after `end`, and moves the end behind it.
pub fn encode(commit: &StoredCommit, end: &mut End, out: &mut Vec<u8>) {
    let start = out.len();
    frame(commit, out);
    let hash = chain(&mut out[start..], end.hash);
    let head = commit.after + commit.events.len() as u64;
    *end = End { commits: commit.number, head, hash };
}

/// Writes a commit's frame, which is still to be chained.
pub(super) fn frame(commit: &StoredCommit, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; HEADER]);
    PayloadWriter { out, names: WrittenNames::default() }.commit(commit);
    let length = u32::try_from(out.len() - start - HEADER).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Chains frames to the one of that hash, and gives the last one's.
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

/// The commits of frames that were written a moment ago, chained or not.
pub(super) fn frames(mut bytes: &[u8]) -> impl Iterator<Item = StoredCommit<&str>> {
    let mut names = ReadNames::default();
    std::iter::from_fn(move || {
        let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
        let (payload, rest) = rest.split_at_checked(length(header))?;
        bytes = rest;
        read(payload, &mut names).ok()
    })
}

/// The payload's, in bytes.
fn length(header: &[u8; HEADER]) -> usize {
    let [a, b, c, d, ..] = *header;
    u32::from_le_bytes([a, b, c, d]) as usize
}

struct Frame<'a> {
    before: u64,
    hash: u64,
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Takes the next frame off `bytes`. After one of a wrong checksum the next can be tried.
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

/// What a reader comes upon.
#[derive(Debug)]
pub enum CommitOrLoss<'a> {
    /// The next commit.
    Commit(StoredCommit<&'a str>),
    /// A piece that is gone. What comes after it may still be read.
    Lost(Loss),
}

/// Reads a log's frames in order and notices whatever is missing, changed or out of place.
#[derive(Debug, Default)]
pub struct FrameReader {
    end: End,
    /// False until a frame has been read to which the next can be chained.
    chained: bool,
    why: Option<Damage>,
    known: Option<End>,
    damaged: bool,
    names: ReadNames,
}

impl FrameReader {
    /// A reader of a whole log. `known` is how far it went when it was last heard of.
    pub fn new(known: Option<End>) -> Self {
        Self { chained: true, known, ..Self::default() }
    }

    /// A reader of what follows the first `commits`, which end at position `head`.
    pub fn after(commits: u64, head: u64) -> Self {
        Self { end: End { commits, head, hash: 0 }, ..Self::default() }
    }

    /// How far it has read.
    pub fn end(&self) -> End {
        self.end
    }

    /// Reads a record: one frame or many.
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

    /// Says that everything was read, up to where the log should end.
    pub fn finish(&mut self, end: Option<End>, visit: &mut dyn FnMut(CommitOrLoss<'_>)) {
        for end in end.into_iter().chain(self.known) {
            if end.commits > self.end.commits {
                self.lost(end, Damage::Missing, visit);
            }
        }
        // Where nothing else is amiss, the record of the end itself may be.
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

/// The names that a payload has by now. Most have a handful, for which looking at each is quicker.
#[derive(Default)]
struct WrittenNames<'a> {
    few: [&'a str; FEW],
    count: usize,
    many: NameMap<&'a str, usize>,
}

const FEW: usize = 8;

impl<'a> WrittenNames<'a> {
    /// A name's number, from 1. None where it is a new one, which has the next number from now on.
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
        self.out.extend([FORMAT, flags]);
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
        self.number(commit.events.len() as u64);
        let mut before = it.at;
        for event in &commit.events {
            self.name(event.stream.as_str());
            self.name(&event.kind);
            self.number(event.version);
            self.number(event.schema.into());
            // Most are at the same time; one that is earlier wraps around and back.
            self.number(event.at.wrapping_sub(before));
            before = event.at;
            self.text(event.data.get());
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

    /// A text that comes again is written once; 0 stands before a new one.
    fn name(&mut self, it: &'a str) {
        if let Some(number) = self.names.number(it) {
            return self.number(number as u64);
        }
        self.number(0);
        self.text(it);
    }
}

/// Names that were read before: most come again and again.
#[derive(Debug, Default)]
struct ReadNames {
    known: Vec<ReadName>,
    places: NameMap<Rc<str>, usize>,
    /// The names of this payload, by their places, and of the one before it.
    here: Vec<usize>,
    before: Vec<usize>,
}

/// A text, and the stream of that name once somebody has asked.
#[derive(Debug)]
struct ReadName {
    text: Rc<str>,
    stream: Option<Stream>,
}

/// Past so many, names are forgotten: a log may have a million streams.
const NAMES: usize = 100_000;

impl ReadNames {
    /// The next payload has names of its own.
    fn begin(&mut self) {
        std::mem::swap(&mut self.here, &mut self.before);
        self.here.clear();
        if self.known.len() >= NAMES {
            *self = Self::default();
        }
    }

    /// The next name of this payload.
    fn add(&mut self, bytes: &[u8]) -> Option<usize> {
        let known = |place: usize| self.known.get(place).map(|it| it.text.as_bytes());
        // Often it is the one that the payload before had there.
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

/// What a whole payload says. One that cannot be understood was written by somebody else.
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
        if format != FORMAT || flags & 0x80 != 0 {
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
        let origin = match flags & ORIGIN {
            0 => Origin::Command,
            1 => Origin::Import,
            2 => Origin::Forced,
            _ => return None,
        };
        let unanswered = flags & UNANSWERED != 0;
        let count = usize::try_from(self.number()?).ok()?;
        // Each takes six bytes at least: whoever claims more is not believed.
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
            events.push(StoredEvent { stream, version, kind, schema, at: before, data });
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

    fn json(&mut self) -> Option<Box<RawValue>> {
        RawValue::from_string(self.text()?.to_owned()).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use es::command_id;

    /// Commits of all shapes, as frames, and the end of the log.
    fn log() -> (Vec<StoredCommit>, Vec<Vec<u8>>, End) {
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
                }
            });
            let events: Vec<_> = events.collect();
            let head = after + events.len() as u64;
            commits.push(StoredCommit { number, after, envelope, events });
            after = head;
        }
        let mut end = End::default();
        let frames = commits.iter().map(|commit| {
            let mut frame = Vec::new();
            encode(commit, &mut end, &mut frame);
            frame
        });
        (commits.clone(), frames.collect(), end)
    }

    fn json(words: &str) -> Box<RawValue> {
        serde_json::value::to_raw_value(&json!({ "words": words })).unwrap()
    }

    fn texts(commits: &[StoredCommit]) -> Vec<String> {
        commits.iter().map(|it| serde_json::to_string(it).unwrap()).collect()
    }

    /// The commits up to the first loss, the losses, and how many commits come after it.
    fn read(
        records: &[Vec<u8>],
        end: Option<End>,
        known: Option<End>,
    ) -> (Vec<String>, Vec<String>, usize) {
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
        (texts(&commits), losses, stranded)
    }

    #[test]
    fn what_was_written_is_read_one_by_one_or_in_one_piece() {
        let (commits, frames, end) = log();
        let expected = (texts(&commits), Vec::new(), 0);
        assert_eq!(read(&frames, Some(end), None), expected);
        assert_eq!(read(&[frames.concat()], Some(end), Some(end)), expected);
        let early = End { commits: 0, ..End::default() };
        assert_eq!(read(&frames, Some(end), Some(early)), expected);
        assert_eq!(read(&[], Some(early), None), (Vec::new(), Vec::new(), 0));
    }

    #[test]
    fn any_bit_that_flips_is_noticed_and_what_is_before_it_can_be_read() {
        let (commits, frames, end) = log();
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
            let (read, losses, _) = read(&[bytes], Some(end), None);
            let good = starts.iter().filter(|&&start| start <= bit / 8).count();
            assert_eq!(read, commits[..good], "bit {bit}");
            assert!(!losses.is_empty(), "bit {bit}");
        }
    }

    #[test]
    fn any_end_that_breaks_off_is_noticed() {
        let (_, frames, end) = log();
        let whole = frames.concat();
        for length in 0..whole.len() {
            let (_, losses, _) = read(&[whole[..length].to_vec()], Some(end), None);
            assert_eq!(losses.len(), 1, "{length} bytes");
        }
    }

    #[test]
    fn a_frame_that_is_gone_twice_there_or_out_of_order_is_noticed() {
        let (_, frames, end) = log();
        for n in 0..frames.len() {
            let mut fewer = frames.clone();
            fewer.remove(n);
            let (read_up_to, losses, after) = read(&fewer, Some(end), None);
            assert_eq!((read_up_to.len(), losses.len(), after), (n, 1, 4 - n), "without {n}");
        }
        let mut swapped = frames.clone();
        swapped.swap(1, 2);
        assert_eq!(read(&swapped, Some(end), None).1.len(), 1);
        let mut twice = frames.clone();
        twice.insert(2, frames[1].clone());
        assert_eq!(read(&twice, Some(end), None).1.len(), 0);
    }

    #[test]
    fn a_loss_says_which_events_it_is_about() {
        let (_, mut frames, end) = log();
        frames[2][30] ^= 1;
        let (.., losses, _) = read(&frames, Some(end), None);
        assert_eq!(losses, ["events 2 to 4 cannot be read: the checksum is wrong"]);
        frames.remove(3);
        let (.., losses, _) = read(&frames, Some(end), None);
        assert_eq!(losses, ["events 2 to 5 cannot be read: the checksum is wrong"]);
        let (_, mut frames, end) = log();
        frames.remove(1);
        let (.., losses, _) = read(&frames, Some(end), None);
        assert_eq!(losses, ["what is noted after event 1 cannot be read: the record is missing"]);
    }

    #[test]
    fn a_log_shorter_than_it_was_known_to_be_or_different_there_has_lost_something() {
        let (_, frames, end) = log();
        let mut shorter = End::default();
        let (commits, ..) = log();
        for commit in &commits[..3] {
            encode(commit, &mut shorter, &mut Vec::new());
        }
        let (.., losses, _) = read(&frames[..3], Some(shorter), Some(end));
        assert_eq!(losses, ["event 5 cannot be read: the record is missing"]);
        let other = End { hash: 1, ..shorter };
        let (.., losses, _) = read(&frames, Some(end), Some(other));
        assert_eq!(
            losses,
            ["events 2 to 4 cannot be read: it is not the one that was stored here"]
        );
        let (.., losses, _) = read(&frames, None, None);
        assert_eq!(losses, ["what is noted after event 5 cannot be read: the record is missing"]);
    }

    #[test]
    fn a_commit_of_another_history_is_noticed() {
        let (commits, frames, end) = log();
        let mut other = End { hash: 7, ..End::default() };
        let mut foreign = Vec::new();
        encode(&commits[3], &mut other, &mut foreign);
        let mut mixed = frames.clone();
        mixed[3] = foreign;
        let (.., losses, _) = read(&mixed, Some(end), None);
        assert_eq!(losses[0], "event 5 cannot be read: it does not follow the one before");
    }

    #[test]
    fn what_a_newer_page_wrote_is_called_that() {
        let (_, mut frames, end) = log();
        let payload = &mut frames[4][HEADER..];
        payload[0] = 9;
        let hash = XxHash64::oneshot(end_of(3), &frames[4][HEADER..]);
        frames[4][12..HEADER].copy_from_slice(&hash.to_le_bytes());
        let (.., losses, _) = read(&frames, Some(end), None);
        assert_eq!(
            losses,
            ["what is noted after event 5 cannot be read: a newer version of this page wrote it"]
        );
    }

    fn end_of(index: usize) -> u64 {
        let (commits, ..) = log();
        let mut end = End::default();
        for commit in &commits[..=index] {
            encode(commit, &mut end, &mut Vec::new());
        }
        end.hash
    }
}
