//! A whole log in the text of a link: compressed sections, in letters that a link may hold.
//!
//! The text begins with the version of the format, `3.`. The rest is URL-safe base64 without
//! padding. Uncompressed, it is a list of sections: a byte that says which one it is, its length in
//! four bytes (little-endian), and its content. No section needs to be there, and each comes at
//! most once. A reader skips what it does not know from 128 on, and refuses what it does not know
//! below: that link needs a newer page.
//!
//! | section | content |
//! |---|---|
//! | 1 | the scenario's id, UTF-8 |
//! | 2 | the log's title, UTF-8 |
//! | 3 | the log: frames of commits |
//! | 4 | the exercise that begins with the log: JSON |
//! | 5 | a workshop: JSON |
//! | 6 | what a log is made of by chance: JSON, `{at, events, streams, seed}` |
//! | 128 | set-ups: JSON, `[[["setups", name], text]]` |
//! | 129 | effects and refusals: JSON, in the same shape |
//! | 130 | bookmarks: JSON, `[[position, name]]` |
//! | 131 | the position of the playhead, eight bytes (little-endian) |
//!
//! Links of versions 1 and 2 can still be read. Whatever the text is, reading it never panics, and
//! never takes more room than a log that may be shared.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as LETTERS;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::{Shelf, SideRecords};
use codec::record::{CommitOrLoss, End, FrameReader, encode};
use es::{Set, StoredCommit};

const VERSION: &str = "3.";
const WITHOUT_SECTIONS: &str = "2.";
const WITHOUT_RECORDS: &str = "1.";
/// From this one on, a section that is not known is skipped.
const SKIPPED_FROM: u8 = 128;
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
#[derive(Clone, Debug, Default)]
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
    /// The log's bookmarks: positions and their names.
    pub bookmarks: Vec<(u64, String)>,
    /// The exercise that begins with the log, as JSON.
    pub exercise: Option<String>,
    /// A workshop, as JSON. A link that carries one carries no log.
    pub workshop: Option<String>,
    /// What the log is made of by chance, as JSON, in the place of the log.
    pub seed: Option<String>,
}

/// What a section of a link holds.
mod section {
    pub(super) const SCENARIO: u8 = 1;
    pub(super) const TITLE: u8 = 2;
    pub(super) const LOG: u8 = 3;
    pub(super) const EXERCISE: u8 = 4;
    pub(super) const WORKSHOP: u8 = 5;
    pub(super) const SEED: u8 = 6;
    pub(super) const SET_UPS: u8 = 128;
    pub(super) const RECORDS: u8 = 129;
    pub(super) const BOOKMARKS: u8 = 130;
    pub(super) const POSITION: u8 = 131;
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
    let mut add = |section: u8, content: &[u8]| {
        let length = u32::try_from(content.len()).map_err(|_| LinkError::TooLong)?;
        bytes.push(section);
        bytes.extend(length.to_le_bytes());
        bytes.extend(content);
        if bytes.len() > ROOM_BYTES { Err(LinkError::TooLong) } else { Ok(()) }
    };
    add(section::SCENARIO, shared.scenario.as_bytes())?;
    add(section::TITLE, shared.title.as_bytes())?;
    add(section::POSITION, &shared.position.to_le_bytes())?;
    for (section, text) in [
        (section::EXERCISE, &shared.exercise),
        (section::WORKSHOP, &shared.workshop),
        (section::SEED, &shared.seed),
    ] {
        if let Some(text) = text {
            add(section, text.as_bytes())?;
        }
    }
    let text = |it: serde_json::Result<Vec<u8>>| it.map_err(|_| LinkError::TooLong);
    let (set_ups, records): (Vec<_>, Vec<_>) =
        shared.records.iter().partition(|((shelf, _), _)| *shelf == Shelf::SetUps);
    for (section, records) in [(section::SET_UPS, set_ups), (section::RECORDS, records)] {
        if !records.is_empty() {
            add(section, &text(serde_json::to_vec(&records))?)?;
        }
    }
    if !shared.bookmarks.is_empty() {
        add(section::BOOKMARKS, &text(serde_json::to_vec(&shared.bookmarks))?)?;
    }
    let (mut end, mut frames) = (End::default(), Vec::new());
    for commit in &shared.commits {
        encode(commit, &mut end, &mut frames);
        if frames.len() > ROOM_BYTES {
            return Err(LinkError::TooLong);
        }
    }
    add(section::LOG, &frames)?;
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
    let version = text.split_inclusive('.').next().unwrap_or_default();
    let read = match version {
        VERSION => unpack,
        WITHOUT_SECTIONS => |bytes: &[u8]| older(bytes, true).ok_or(LinkError::Damaged),
        WITHOUT_RECORDS => |bytes: &[u8]| older(bytes, false).ok_or(LinkError::Damaged),
        _ => {
            let number = version.trim_end_matches('.').parse::<u32>();
            let newer = number.is_ok_and(|number| number > 3);
            return Err(if newer { LinkError::Newer } else { LinkError::Damaged });
        }
    };
    let letters = text.get(version.len()..).unwrap_or_default();
    let bytes = LETTERS.decode(letters).map_err(|_| LinkError::Damaged)?;
    let bytes = decompress_to_vec_zlib_with_limit(&bytes, ROOM_BYTES);
    let shared = read(&bytes.map_err(|_| LinkError::Damaged)?)?;
    // Whatever a link carries, it says for which scenario.
    if shared.scenario.is_empty() { Err(LinkError::Damaged) } else { Ok(shared) }
}

/// Reads the sections of a link.
fn unpack(mut bytes: &[u8]) -> Result<Shared, LinkError> {
    let mut shared = Shared { position: u64::MAX, ..Shared::default() };
    let mut seen = Set::new();
    while let Some((&section, rest)) = bytes.split_first() {
        let content = sized(rest).filter(|_| seen.insert(section));
        let (content, rest) = content.ok_or(LinkError::Damaged)?;
        bytes = rest;
        read_section(&mut shared, section, content)?;
    }
    Ok(shared)
}

/// Splits off what stands behind its length.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

fn read_section(shared: &mut Shared, section: u8, content: &[u8]) -> Result<(), LinkError> {
    let damaged = || LinkError::Damaged;
    let text = || str::from_utf8(content).map_err(|_| LinkError::Damaged);
    match section {
        section::SCENARIO => text()?.clone_into(&mut shared.scenario),
        section::TITLE => text()?.clone_into(&mut shared.title),
        section::EXERCISE => shared.exercise = Some(text()?.to_owned()),
        section::SEED => shared.seed = Some(text()?.to_owned()),
        section::WORKSHOP => shared.workshop = Some(text()?.to_owned()),
        section::LOG => shared.commits = commits(content).ok_or_else(damaged)?,
        section::SET_UPS | section::RECORDS => {
            shared.records.extend(records(content).ok_or_else(damaged)?);
        }
        section::BOOKMARKS => {
            shared.bookmarks = serde_json::from_slice(content).map_err(|_| LinkError::Damaged)?;
        }
        section::POSITION => {
            let position = content.try_into().map_err(|_| LinkError::Damaged)?;
            shared.position = u64::from_le_bytes(position);
        }
        SKIPPED_FROM.. => {}
        _ => return Err(LinkError::Newer),
    }
    Ok(())
}

fn records(text: &[u8]) -> Option<Vec<((Shelf, String), String)>> {
    serde_json::from_slice(text).ok()
}

/// Reads a link of version 2, or of version 1, which had no side records.
fn older(mut bytes: &[u8], recorded: bool) -> Option<Shared> {
    let mut text = || {
        let (&length, rest) = bytes.split_first()?;
        let (text, rest) = rest.split_at_checked(length.into())?;
        bytes = rest;
        String::from_utf8(text.to_vec()).ok()
    };
    let (scenario, title) = (text()?, text()?);
    let (position, mut frames) = bytes.split_first_chunk()?;
    let mut kept = SideRecords::new();
    if recorded {
        let (text, rest) = sized(frames)?;
        kept.extend(records(text)?);
        frames = rest;
    }
    let position = u64::from_le_bytes(*position);
    let (commits, bookmarks) = (commits(frames)?, Vec::new());
    Some(Shared {
        scenario,
        title,
        position,
        commits,
        records: kept,
        bookmarks,
        ..Shared::default()
    })
}

/// The commits in frames. None where one of them is lost.
fn commits(frames: &[u8]) -> Option<Vec<StoredCommit>> {
    let (mut commits, mut whole) = (Vec::new(), true);
    let mut visit = |found: CommitOrLoss<'_>| match found {
        CommitOrLoss::Commit(commit) => commits.push(commit.owned()),
        CommitOrLoss::Lost(_) => whole = false,
    };
    let mut reader = FrameReader::new(None);
    reader.record(frames, &mut visit);
    let end = reader.end();
    reader.finish(Some(end), &mut visit);
    whole.then_some(commits)
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
                metadata: None,
            }],
        });
        let (scenario, title) = ("notes".to_owned(), "Zoë’s notes".to_owned());
        let shelf = |n: u64| if n == 0 { Shelf::SetUps } else { Shelf::Effects };
        let record = |n: u64| ((shelf(n), format!("process {n}")), n.to_string());
        let records = (0..count % 3).map(record).collect();
        let bookmarks = (0..count % 4).map(|at| (at, format!("No. {at}"))).collect();
        Shared {
            scenario,
            title,
            position: 2,
            commits: commits.collect(),
            records,
            bookmarks,
            exercise: Some(r#"{"task":"…"}"#.to_owned()),
            workshop: Some("{}".to_owned()),
            seed: Some("{}".to_owned()),
        }
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

    /// The sections of a link: each with its content.
    fn sections(link: &str) -> Vec<(u8, Vec<u8>)> {
        let packed = LETTERS.decode(link.strip_prefix(VERSION).unwrap()).unwrap();
        let bytes = decompress_to_vec_zlib_with_limit(&packed, ROOM_BYTES).unwrap();
        let (mut bytes, mut sections) = (&*bytes, Vec::new());
        while let Some((section, rest)) = bytes.split_first() {
            let (content, rest) = sized(rest).unwrap();
            sections.push((*section, content.to_vec()));
            bytes = rest;
        }
        sections
    }

    fn link_of(version: &str, bytes: &[u8]) -> String {
        format!("{version}{}", LETTERS.encode(compress_to_vec_zlib(bytes, LEVEL)))
    }

    fn link_of_sections(sections: &[(u8, Vec<u8>)]) -> String {
        let mut bytes = Vec::new();
        for (section, content) in sections {
            bytes.push(*section);
            bytes.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
            bytes.extend(content);
        }
        link_of(VERSION, &bytes)
    }

    #[test]
    fn a_link_of_any_version_says_for_which_scenario() {
        for (version, more) in [(WITHOUT_RECORDS, &b""[..]), (WITHOUT_SECTIONS, b"\x02\0\0\0[]")] {
            // Neither scenario nor title, and a position.
            let bytes = [&[0; 10], more].concat();
            let text = LETTERS.encode(compress_to_vec_zlib(&bytes, LEVEL));
            let nameless = read(&format!("{version}{text}"));
            assert_eq!(nameless.map(|_| ()), Err(LinkError::Damaged), "{version}");
        }
    }

    #[test]
    fn links_of_earlier_versions_are_read() {
        let whole = Shared {
            bookmarks: Vec::new(),
            exercise: None,
            workshop: None,
            seed: None,
            ..shared(4)
        };
        let mut frames = Vec::new();
        let mut end = End::default();
        whole.commits.iter().for_each(|it| encode(it, &mut end, &mut frames));
        let mut begin = Vec::new();
        for text in [&whole.scenario, &whole.title] {
            begin.push(u8::try_from(text.len()).unwrap());
            begin.extend(text.as_bytes());
        }
        begin.extend(whole.position.to_le_bytes());
        let kept = serde_json::to_vec(&whole.records.iter().collect::<Vec<_>>()).unwrap();
        let length = u32::try_from(kept.len()).unwrap().to_le_bytes();
        let second = [&*begin, &length, &kept, &frames].concat();
        assert_eq!(written(&read(&link_of("2.", &second)).unwrap()), written(&whole));
        let first = Shared { records: SideRecords::new(), ..whole };
        let link = link_of("1.", &[begin, frames].concat());
        assert_eq!(written(&read(&link).unwrap()), written(&first));
    }

    #[test]
    fn no_section_but_the_scenario_is_needed_and_what_is_new_is_skipped_or_refused() {
        let all = sections(&write(&shared(5)).unwrap());
        assert_eq!(all.len(), 10, "{all:?}");
        for left_out in 0..all.len() {
            let mut some = all.clone();
            let (section, _) = some.remove(left_out);
            let read = read(&link_of_sections(&some));
            assert_eq!(read.is_ok(), section != section::SCENARIO, "{section}");
        }
        let with = |section: u8| {
            let mut more = all.clone();
            more.push((section, b"what nobody knows yet".to_vec()));
            read(&link_of_sections(&more)).map(|it| written(&it))
        };
        assert_eq!(with(200), Ok(written(&shared(5))));
        assert_eq!(with(9), Err(LinkError::Newer));
        assert_eq!(with(section::TITLE), Err(LinkError::Damaged), "it is there twice");
    }

    #[test]
    fn a_log_that_is_too_long_is_refused() {
        let link = write(&shared(400)).unwrap();
        assert!(link.len() <= LONGEST, "{}", link.len());
        assert_eq!(write(&shared(20_000)).unwrap_err(), LinkError::TooLong);
        let title = "x".repeat(300);
        assert_eq!(
            read(&write(&Shared { title: title.clone(), ..shared(0) }).unwrap()).unwrap().title,
            title
        );
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
        for text in [
            "", "1", "1.", "1.A", "1.AA", "1.é", "2.", "2.AA", "3.", "3.AA", "0.AA", "x.AA",
            "hello",
        ] {
            assert_eq!(read(text).map(|it| written(&it)), Err(LinkError::Damaged), "{text}");
        }
        for text in ["4.", "17.AAAA"] {
            assert_eq!(read(text).map(|it| written(&it)), Err(LinkError::Newer), "{text}");
        }
    }
}
