//! Properties that hold for all bytes. `fuzz/` searches for bytes that break one, and the tests try
//! its corpus again.

use leftfold::codec::Segment;
use leftfold::codec::archive::{Export, Foreign, Format, Import, Imported, Mapping, Outcome};
use leftfold::codec::record::{CommitOrLoss, FrameReader};
use leftfold::es::{EventLog, Scenario, StoredCommit};
use leftfold::store::link;

/// An archive is read alike in one piece and in many pieces, and also where nothing can be read the
/// quick way. Exported in either format and imported again, it is the same. A log that holds it has
/// nothing new to learn of it.
pub fn archive(bytes: &[u8], format: Format) {
    let whole = import(bytes, bytes.len().max(1));
    let mut others = vec![(import(bytes, 3), true)];
    // A batch need not have lines, and a text in UTF-16 is none any more behind a space.
    let wide = bytes.iter().take(2).any(|it| matches!(it, 0 | 0xfe | 0xff));
    if bytes.trim_ascii_start().first() != Some(&b'[') && !wide {
        let spaced: Vec<u8> =
            bytes.split_inclusive(|it| *it == b'\n').collect::<Vec<_>>().join(&b' ');
        others.push((import(&[b" ", &*spaced].concat(), bytes.len() + 1), false));
    }
    for (other, same) in others {
        match (&whole, other) {
            (Ok(whole), Ok(other)) => assert_eq!(texts(whole), texts(&other)),
            (Err(whole), Err(other)) if same => assert_eq!(*whole, other),
            // What is found there may be another space.
            (Err(whole), Err(other)) => assert_eq!(places(whole), places(&other)),
            (whole, other) => panic!("{whole:?} in one piece, {other:?} otherwise"),
        }
    }
    let Ok(imported) = whole else { return };
    let commits = commits(&imported);
    if commits.is_empty() {
        return;
    }
    for format in [format, Format::Lines] {
        let mut export = Export::new(format, imported.scenario.as_deref().unwrap_or("fuzz"));
        let mut archive = Vec::new();
        for commit in &commits {
            export.commit(commit, &mut archive);
        }
        export.finish(&mut archive);
        let again = import(&archive, 1000).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(texts(&again), texts(&imported));
    }
    let (scenario, mut log) = (Scenario::new("fuzz", "", ""), EventLog::default());
    let events = imported.events + imported.known;
    let Ok(placed) = imported.after(&log, &scenario, 0) else { return };
    let mut at = 0;
    for commit in placed.commits {
        assert!(commit.events.iter().all(|event| event.at >= std::mem::replace(&mut at, event.at)));
        assert!(log.learn(commit.read(&scenario)));
    }
    let again = import(bytes, bytes.len().max(1)).unwrap_or_default();
    let again = again.after(&log, &scenario, 0).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!((again.commits.len(), again.known), (0, events));
}

/// A file of any tool is read alike in pieces of any size and in each encoding, by the mapping that
/// is guessed as well as by any other. What its preview says is what is read. Exported and imported
/// again, it is the same.
pub fn foreign(bytes: &[u8]) {
    let found = outcome(bytes, Import::new(), 7);
    assert_eq!(
        format!("{found:?}"),
        format!("{:?}", outcome(bytes, Import::new(), bytes.len() + 1))
    );
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.starts_with('\u{feff}')
        && !bytes.iter().take(2).any(|it| *it == 0)
    {
        let marked = || std::iter::once(0xfeff).chain(text.encode_utf16());
        let mut others: Vec<Vec<u8>> = vec![
            marked().flat_map(u16::to_le_bytes).collect(),
            marked().flat_map(u16::to_be_bytes).collect(),
        ];
        if text.starts_with(|it: char| it.is_ascii()) {
            others.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
            others.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        }
        for other in others {
            let other = outcome(&other, Import::new(), 5);
            assert_eq!(format!("{found:?}"), format!("{other:?}"));
        }
    }
    let Outcome::Foreign(foreign) = found else { return };
    mapped(bytes, &foreign, foreign.guess.clone());
    // Whoever chooses other fields gets a fault at worst.
    for field in foreign.fields.iter().take(4) {
        let mut mapping = foreign.guess.clone();
        mapping.stream.clone_from(field);
        mapping.kind = foreign.fields.last().cloned().unwrap_or_default();
        mapping.data = String::new();
        mapped(bytes, &foreign, mapping);
    }
}

fn mapped(bytes: &[u8], foreign: &Foreign, mapping: Mapping) {
    let preview = foreign.preview(&mapping);
    let read = outcome(bytes, Import::mapped(mapping.clone()), 9);
    assert_eq!(format!("{read:?}"), format!("{:?}", outcome(bytes, Import::mapped(mapping), 1000)));
    let Outcome::Read(imported) = read else { return };
    let commits = commits(&imported);
    let told = preview.into_iter().map(|it| it.unwrap_or_else(|why| panic!("{why}")));
    // An event that is there twice is read once.
    if imported.known == 0 {
        for (told, commit) in told.zip(&commits) {
            let event = &commit.events[0];
            assert_eq!((&*told.kind, &*told.stream), (&*event.kind, event.stream.as_str()));
        }
    }
    let mut export = Export::new(Format::Lines, "any");
    let mut archive = Vec::new();
    for commit in &commits {
        export.commit(commit, &mut archive);
    }
    export.finish(&mut archive);
    if commits.is_empty() {
        return;
    }
    let again = import(&archive, 1000).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!(texts(&again), texts(&imported));
}

fn outcome(bytes: &[u8], mut import: Import, size: usize) -> Outcome {
    bytes.chunks(size).for_each(|piece| import.feed(piece));
    import.outcome()
}

fn import(bytes: &[u8], size: usize) -> Result<Imported, Vec<String>> {
    let mut import = Import::new();
    bytes.chunks(size).for_each(|piece| import.feed(piece));
    import.finish().map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

fn commits(imported: &Imported) -> Vec<StoredCommit> {
    imported.commits.segments().iter().flat_map(Segment::commits).map(|it| it.owned()).collect()
}

/// Where the faults are.
fn places(faults: &[String]) -> Vec<&str> {
    faults.iter().map(|it| it.split_once(':').map_or(&**it, |(place, _)| place)).collect()
}

/// The commits without space: data that came on several lines goes out on one.
fn texts(imported: &Imported) -> Vec<String> {
    let texts = commits(imported);
    let texts = texts.iter().map(|it| serde_json::to_string(it).unwrap_or_default());
    texts.map(|it| it.split_ascii_whitespace().collect()).collect()
}

/// A link that can be read gives a log whose link gives the same log.
pub fn links(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(shared) = link::read(text) else { return };
    // A log that somebody has compressed better may be too long for a link made here.
    let Ok(again) = link::write(&shared) else { return };
    let again = link::read(&again).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(format!("{again:?}"), format!("{shared:?}"));
}

/// A reader of frames returns commits in order.
pub fn frames(bytes: &[u8]) {
    let mut number = 0;
    let mut visit = |found: CommitOrLoss<'_>| {
        if let CommitOrLoss::Commit(commit) = found {
            assert!(commit.number > number);
            number = commit.number;
        }
    };
    let mut reader = FrameReader::new(None);
    reader.record(bytes, &mut visit);
    reader.finish(None, &mut visit);
}
