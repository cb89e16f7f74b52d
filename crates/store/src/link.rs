//! A whole log in the text of a link: compressed frames, in letters that a link may hold.
//!
//! The text begins with the version of the format: `2.`, or `1.` for the format without side
//! records. The rest is URL-safe base64 without padding. Whatever the text is, reading it never
//! panics, and never takes more room than a log that may be shared.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as LETTERS;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::{Shelf, SideRecords};
use codec::record::{CommitOrLoss, End, FrameReader, encode};
use es::StoredCommit;

const VERSION: &str = "2.";
const WITHOUT_RECORDS: &str = "1.";
/// The greatest length of a link, in letters. Some browsers, mail programs and chats cut longer
/// links.
const LONGEST: usize = 32_000;
/// The greatest size of the uncompressed log, in bytes.
const ROOM_BYTES: usize = 16 << 20;
/// The greatest number of commits in a link. Each commit has an id of sixteen bytes, which cannot
/// be compressed.
pub const COMMITS_AT_MOST: usize = LONGEST / 16;
const LEVEL: u8 = 10;

/// A log that travels in a link.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The scenario's id.
    pub scenario: String,
    /// The log's title.
    pub title: String,
    /// The position of the sender's playhead.
    pub position: u64,
    /// The commits.
    pub commits: Vec<StoredCommit>,
    /// The side records.
    pub records: SideRecords,
}

/// Why a link cannot be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The log is too long for a link.
    #[error("this log is too long for a link: take it along as a file")]
    TooLong,
    /// The link was made by a newer version of the page.
    #[error("this link was made by a newer version of this page: reload it, and try again")]
    Newer,
    /// The link was cut off or changed on its way.
    #[error("this link is damaged: ask for it again, and mind that it is copied whole")]
    Damaged,
}

/// Writes a log as the text of a link.
///
/// # Errors
/// [`LinkError::TooLong`].
pub fn write(shared: &Shared) -> Result<String, LinkError> {
    if shared.commits.len() > COMMITS_AT_MOST {
        return Err(LinkError::TooLong);
    }
    let mut bytes = Vec::new();
    for text in [&shared.scenario, &shared.title] {
        let text = text.as_bytes();
        let length = u8::try_from(text.len()).map_err(|_| LinkError::TooLong)?;
        bytes.push(length);
        bytes.extend(text);
    }
    bytes.extend(shared.position.to_le_bytes());
    let records: Vec<_> = shared.records.iter().collect();
    let records = serde_json::to_vec(&records).map_err(|_| LinkError::TooLong)?;
    let length = u32::try_from(records.len()).map_err(|_| LinkError::TooLong)?;
    bytes.extend(length.to_le_bytes());
    bytes.extend(records);
    let mut end = End::default();
    for commit in &shared.commits {
        encode(commit, &mut end, &mut bytes);
        if bytes.len() > ROOM_BYTES {
            return Err(LinkError::TooLong);
        }
    }
    let text = LETTERS.encode(compress_to_vec_zlib(&bytes, LEVEL));
    if text.len() + VERSION.len() > LONGEST {
        return Err(LinkError::TooLong);
    }
    Ok(format!("{VERSION}{text}"))
}

/// Reads the text of a link.
///
/// # Errors
/// [`LinkError::Newer`], [`LinkError::Damaged`].
pub fn read(text: &str) -> Result<Shared, LinkError> {
    let (letters, recorded) = match (text.strip_prefix(VERSION), text.strip_prefix(WITHOUT_RECORDS))
    {
        (Some(letters), _) => (letters, true),
        (_, Some(letters)) => (letters, false),
        _ => {
            let number = text.split('.').next().unwrap_or_default();
            let newer = number.parse::<u32>().is_ok_and(|number| number > 2);
            return Err(if newer { LinkError::Newer } else { LinkError::Damaged });
        }
    };
    let bytes = LETTERS.decode(letters).map_err(|_| LinkError::Damaged)?;
    let bytes = decompress_to_vec_zlib_with_limit(&bytes, ROOM_BYTES);
    unpack(&bytes.map_err(|_| LinkError::Damaged)?, recorded).ok_or(LinkError::Damaged)
}

fn unpack(mut bytes: &[u8], recorded: bool) -> Option<Shared> {
    let mut text = || {
        let (&length, rest) = bytes.split_first()?;
        let (text, rest) = rest.split_at_checked(length.into())?;
        bytes = rest;
        String::from_utf8(text.to_vec()).ok()
    };
    let (scenario, title) = (text()?, text()?);
    let (position, mut frames) = bytes.split_first_chunk()?;
    let mut records = SideRecords::new();
    if recorded {
        let (length, rest) = frames.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (text, rest) = rest.split_at_checked(length)?;
        let text = str::from_utf8(text).ok()?;
        records.extend(serde_json::from_str::<Vec<((Shelf, String), String)>>(text).ok()?);
        frames = rest;
    }
    let (mut commits, mut whole) = (Vec::new(), true);
    let mut visit = |found: CommitOrLoss<'_>| match found {
        CommitOrLoss::Commit(commit) => commits.push(commit.owned()),
        CommitOrLoss::Lost(_) => whole = false,
    };
    let mut reader = FrameReader::new(None);
    reader.record(frames, &mut visit);
    let end = reader.end();
    reader.finish(Some(end), &mut visit);
    let position = u64::from_le_bytes(*position);
    whole.then_some(Shared { scenario, title, position, commits, records })
}

#[cfg(test)]
mod tests {
    use super::*;
    use es::{Envelope, StoredEvent, Stream, command_id};

    fn shared(count: u64) -> Shared {
        let commits = (1..=count).map(|number| StoredCommit {
            number,
            after: number - 1,
            envelope: Envelope::first(command_id("link", number), "Zoë".into(), number),
            events: vec![StoredEvent {
                stream: Stream::parse("note-1").unwrap(),
                version: number,
                kind: "Added".into(),
                schema: 1,
                at: number,
                data: serde_json::value::to_raw_value(&number).unwrap(),
            }],
        });
        let (scenario, title) = ("notes".to_owned(), "Zoë’s notes".to_owned());
        let record = |n: u64| ((Shelf::Marks, format!("process {n}")), n.to_string());
        let records = (0..count % 3).map(record).collect();
        Shared { scenario, title, position: 2, commits: commits.collect(), records }
    }

    fn written(shared: &Shared) -> String {
        format!("{shared:?}")
    }

    #[test]
    fn a_shared_log_arrives_unchanged() {
        for count in [0, 1, 2, 3, 100] {
            let shared = shared(count);
            let link = write(&shared).unwrap();
            let allowed = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
            assert!(link.bytes().all(allowed), "{link}");
            assert_eq!(written(&read(&link).unwrap()), written(&shared));
        }
    }

    #[test]
    fn a_link_of_version_1_is_read_without_side_records() {
        let whole = Shared { records: SideRecords::new(), ..shared(3) };
        let packed = LETTERS.decode(write(&whole).unwrap().strip_prefix(VERSION).unwrap()).unwrap();
        let packed = decompress_to_vec_zlib_with_limit(&packed, ROOM_BYTES).unwrap();
        let at = 2 + whole.scenario.len() + whole.title.len() + 8;
        // Without the length and the text of no records.
        let older = [&packed[..at], &packed[at + 4 + 2..]].concat();
        let older = LETTERS.encode(compress_to_vec_zlib(&older, LEVEL));
        assert_eq!(written(&read(&format!("1.{older}")).unwrap()), written(&whole));
    }

    #[test]
    fn a_log_that_is_too_long_is_refused() {
        let link = write(&shared(400)).unwrap();
        assert!(link.len() <= LONGEST, "{}", link.len());
        assert_eq!(write(&shared(20_000)).unwrap_err(), LinkError::TooLong);
        let title = "x".repeat(300);
        assert_eq!(write(&Shared { title, ..shared(0) }).unwrap_err(), LinkError::TooLong);
    }

    #[test]
    fn a_link_that_lacks_or_changes_a_letter_is_damaged() {
        let link = write(&shared(5)).unwrap();
        for at in 2..link.len() {
            let cut = &link[..at];
            assert_eq!(read(cut).map(|it| written(&it)), Err(LinkError::Damaged), "cut at {at}");
            let other = if &link[at..=at] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &link[..at], &link[at + 1..]);
            if let Ok(read) = read(&changed) {
                // Some bits have no meaning.
                assert_eq!(written(&read), written(&shared(5)), "changed at {at}");
            }
        }
        for text in ["", "1", "1.", "1.A", "1.AA", "1.é", "2.", "2.AA", "0.AA", "x.AA", "hello"] {
            assert_eq!(read(text).map(|it| written(&it)), Err(LinkError::Damaged), "{text}");
        }
        for text in ["3.", "17.AAAA"] {
            assert_eq!(read(text).map(|it| written(&it)), Err(LinkError::Newer), "{text}");
        }
    }
}
