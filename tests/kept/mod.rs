//! Golden files of what earlier pages have stored. This module names and reads them, natively.
//! `tests/fixtures/README.md` says what each file is.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test that is how to say what must hold"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use leftfold::codec::record::{End, FrameReader};
use leftfold::codec::{CommitOrLoss, Loss};
use leftfold::es::StoredCommit;
use leftfold::host::decode_side_records;
use leftfold::lab::SideRecord;
use leftfold::store::{LogInfo, Shelf, SideRecords};
use miniz_oxide::inflate::decompress_to_vec;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The name of the page's database.
const DATABASE: &str = "leftfold";

/// The golden files of one version of the page: a folder of `tests/fixtures`.
pub struct FixtureSet(pub PathBuf);

/// All sets, in order of their names.
pub fn sets() -> Vec<FixtureSet> {
    let folders = files(&folder()).into_iter().filter(|it| it.is_dir());
    let sets: Vec<FixtureSet> = folders.map(FixtureSet).collect();
    assert!(!sets.is_empty(), "there are no fixtures");
    sets
}

/// The folder of all sets.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The files of a folder, in order of their names. Empty where there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|it| it.unwrap().path()).collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

impl FixtureSet {
    /// The names and contents of the files of one kind.
    pub fn files(&self, kind: &str) -> Vec<(String, Vec<u8>)> {
        let files = files(&self.0.join(kind)).into_iter();
        files.map(|path| (name_of(&path), fs::read(&path).unwrap())).collect()
    }

    /// The content of a file. None where there is no such file.
    pub fn file(&self, kind: &str, name: &str) -> Option<Vec<u8>> {
        fs::read(self.0.join(kind).join(name)).ok()
    }

    fn json<T: DeserializeOwned>(&self, kind: &str) -> BTreeMap<String, T> {
        let read = |(file, bytes): (String, Vec<u8>)| {
            let name = file.strip_suffix(".json").expect("a JSON file").to_owned();
            let value = serde_json::from_slice(&bytes);
            (name, value.unwrap_or_else(|error| panic!("{kind}/{file}: {error}")))
        };
        self.files(kind).into_iter().map(read).collect()
    }

    /// The dumps of browsers, by name.
    pub fn dumps(&self) -> BTreeMap<String, Dump> {
        self.json("stored")
    }

    /// What the page shows when it starts with a dump, at several addresses, by the dump's name.
    pub fn starts(&self) -> BTreeMap<String, Vec<StartPage>> {
        self.json("starts")
    }

    /// The logs in the dumps, by the name of their files.
    pub fn logs(&self) -> BTreeMap<String, GoldenLog> {
        self.json("logs")
    }

    /// A log's archive in NDJSON, unpacked. None where the set has none.
    pub fn lines(&self, name: &str) -> Option<Vec<u8>> {
        let plain = self.file("archives", &format!("{name}.ndjson"));
        let packed = || self.file("archives", &format!("{name}.ndjson.gz"));
        plain.or_else(|| packed().map(|it| gunzip(&it)))
    }
}

/// A dump of what a browser has stored of the page: all databases of its origin, and its local
/// storage.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dump {
    /// When the dump was taken, in milliseconds since 1970. The clock stands at this time when the
    /// dump is opened again.
    pub taken_at: u64,
    /// The browser that the dump was taken from.
    pub browser: String,
    pub databases: Vec<Database>,
    pub local_storage: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub name: String,
    pub version: u64,
    pub stores: Vec<ObjectStore>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectStore {
    pub name: String,
    pub key_path: Value,
    pub auto_increment: bool,
    pub indexes: Vec<Value>,
    /// Key and value. Bytes are `{"bytes": base64}`.
    pub records: Vec<(Value, Value)>,
}

/// A log in a dump, and what the page says of it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenLog {
    /// The name of the dump.
    pub dump: String,
    /// The log's id.
    pub log: String,
    pub scenario: String,
    pub title: String,
    /// The position of the playhead when the log was put into a link.
    pub position: u64,
    /// The parts that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<GoldenLoss>,
    /// What `window.leftfold` answers once the log is open.
    pub says: Value,
}

/// What the page shows when it starts with a dump.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartPage {
    /// The address that is opened.
    pub address: String,
    /// What the page shows there, by its kind.
    pub shows: Value,
}

/// A part of a log that is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenLoss {
    pub from: u64,
    pub to: u64,
    pub why: String,
}

impl From<&Loss> for GoldenLoss {
    fn from(loss: &Loss) -> Self {
        Self { from: loss.from, to: loss.to, why: loss.why.clone() }
    }
}

impl From<&GoldenLoss> for Loss {
    fn from(lost: &GoldenLoss) -> Self {
        Self { from: lost.from, to: lost.to, why: lost.why.clone() }
    }
}

/// A log in a dump, as the object stores hold it.
pub struct DumpedLog {
    pub info: LogInfo,
    /// The frames of each segment.
    pub segments: Vec<Vec<u8>>,
    /// The frame of each commit in the tail.
    pub tail: Vec<Vec<u8>>,
    /// The log's end, as it is stored. None where it cannot be read.
    pub end: Option<End>,
    /// How many commits are in segments.
    pub folded: u64,
    /// The size of all frames, in bytes.
    pub bytes: u64,
    /// The end that is noted beside the database.
    pub noted: Option<End>,
    pub records: SideRecords,
}

impl Dump {
    fn records(&self, store: &str) -> impl Iterator<Item = &(Value, Value)> {
        let database = self.databases.iter().find(|it| it.name == DATABASE).unwrap();
        database.stores.iter().filter(move |it| it.name == store).flat_map(|it| &it.records)
    }

    /// The descriptions of all logs.
    pub fn infos(&self) -> Vec<LogInfo> {
        let infos = self.records("logs");
        infos.map(|(_, text)| serde_json::from_str(text.as_str().unwrap()).unwrap()).collect()
    }

    /// The log of this id.
    pub fn log(&self, id: &str) -> DumpedLog {
        let info = self.infos().into_iter().find(|it| it.id == id).unwrap();
        let frames = |store| {
            let of_log = self.records(store).filter(|(key, _)| key[0] == id);
            of_log.map(|(_, value)| from_base64(value["bytes"].as_str().unwrap())).collect()
        };
        let head: Option<DumpedHead> = self
            .records("heads")
            .find(|(key, _)| key == id)
            .and_then(|(_, value)| serde_json::from_value(value.clone()).ok());
        let end = head.as_ref().map(|it| End {
            commits: it.commits,
            head: it.events,
            hash: u64::from_str_radix(&it.hash, 16).unwrap(),
        });
        let noted = self.local_storage.get(&format!("{DATABASE}/end/{id}")).map(|text| {
            let parts: Vec<&str> = text.split(' ').collect();
            End {
                commits: parts[0].parse().unwrap(),
                head: parts[1].parse().unwrap(),
                hash: u64::from_str_radix(parts[2], 16).unwrap(),
            }
        });
        let small = self.records("shelves").filter(|(key, _)| key[0] == id);
        let record = |(key, text): &(Value, Value)| {
            let on: Shelf = serde_json::from_value(key[1].clone()).unwrap();
            ((on, key[2].as_str().unwrap().to_owned()), text.as_str().unwrap().to_owned())
        };
        DumpedLog {
            info,
            segments: frames("segments"),
            tail: frames("tail"),
            end,
            folded: head.as_ref().map_or(0, |it| it.folded),
            bytes: head.as_ref().map_or(0, |it| it.bytes),
            noted,
            records: small.map(record).collect(),
        }
    }
}

/// A record of the object store `heads`, which is an array of these fields.
#[derive(Deserialize)]
struct DumpedHead {
    commits: u64,
    events: u64,
    /// The hash of the last frame, in hexadecimal digits.
    hash: String,
    folded: u64,
    bytes: u64,
}

/// A log that was read from a dump.
#[derive(Default)]
pub struct ReadLog {
    /// The commits up to the first loss.
    pub commits: Vec<StoredCommit>,
    /// The commits after the first loss.
    pub stranded: Vec<StoredCommit>,
    pub losses: Vec<Loss>,
    pub side_records: Vec<SideRecord>,
}

impl DumpedLog {
    /// Reads the frames as a store does when it opens a log.
    pub fn read(&self) -> ReadLog {
        let mut read =
            ReadLog { side_records: decode_side_records(&self.records), ..ReadLog::default() };
        let mut visit = |found: CommitOrLoss<'_>| match found {
            CommitOrLoss::Commit(commit) if read.losses.is_empty() => {
                read.commits.push(commit.owned());
            }
            CommitOrLoss::Commit(commit) => read.stranded.push(commit.owned()),
            CommitOrLoss::Lost(loss) => read.losses.push(loss),
        };
        let mut reader = FrameReader::new(self.noted);
        for record in self.segments.iter().chain(&self.tail) {
            reader.record(record, &mut visit);
        }
        reader.finish(self.end, &mut visit);
        if read.side_records.len() < self.records.len() && read.losses.is_empty() {
            let head = read.commits.last().map_or(0, |it| it.after + it.events.len() as u64);
            let why = "a record is damaged".to_owned();
            read.losses.push(Loss { from: head + 1, to: head, why });
        }
        read
    }
}

/// The first difference between a golden value and what the page says now. New fields are no
/// difference: fields are added, and none goes.
pub fn missing(golden: &Value, said: &Value, path: &str) -> Option<String> {
    match (golden, said) {
        (Value::Object(golden), Value::Object(said)) => golden.iter().find_map(|(key, value)| {
            let path = format!("{path}/{key}");
            match said.get(key) {
                // Older pages said that a pause ends with a reload. It goes on now.
                _ if key == "runsAgain" => None,
                Some(said) => missing(value, said, &path),
                None => Some(format!("{path} is gone; it was {value}")),
            }
        }),
        // A scenario may have gained read models since.
        (Value::Array(golden), Value::Array(said)) if path.ends_with("/subscriptions") => {
            golden.iter().find_map(|it| {
                let path = format!("{path}/{}", it["name"]);
                let now = said.iter().find(|now| now["name"] == it["name"]);
                now.map_or_else(|| Some(format!("{path} is gone")), |now| missing(it, now, &path))
            })
        }
        (Value::Array(golden), Value::Array(said)) if golden.len() == said.len() => {
            let mut pairs = golden.iter().zip(said).enumerate();
            pairs.find_map(|(at, (golden, said))| missing(golden, said, &format!("{path}/{at}")))
        }
        _ if golden == said => None,
        // What was stored under an older schema is read in the current one.
        (Value::Number(_), Value::Number(_)) if path.ends_with("/schema") => {
            (golden.as_u64() > said.as_u64()).then(|| format!("{path} was {golden}, is {said}"))
        }
        // Why an event cannot be read may be said more clearly.
        (Value::String(_), Value::String(_)) if path.ends_with("/unreadable") => None,
        _ => Some(format!("{path} was {golden}\nand is now {said}")),
    }
}

/// An archive as this page exports its log. The files may be older: then the page's own attributes
/// have no prefix, and schema 1 is left out.
pub fn exported_today(archive: &[u8]) -> Vec<u8> {
    let archive = std::str::from_utf8(archive).unwrap();
    archive.split_inclusive('\n').map(event_today).collect::<String>().into_bytes()
}

fn event_today(line: &str) -> String {
    const NAMES: [(&str, &str); 14] = [
        ("position", "position"),
        ("streamversion", "version"),
        ("schema", "schema"),
        ("commandid", "command"),
        ("causationid", "causation"),
        ("correlationid", "correlation"),
        ("actor", "actor"),
        ("origin", "origin"),
        ("committime", "committime"),
        ("commandtype", "commandtype"),
        ("commandsubject", "commandto"),
        ("commanddata", "commanddata"),
        ("followsid", "follows"),
        ("followschoice", "choice"),
    ];
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    let Ok(event) = serde_json::from_str::<Event<'_>>(line.trim_end().trim_end_matches(',')) else {
        // A bracket around a batch.
        return line.to_owned();
    };
    // The page's own attributes come after the data, or from the command's id on.
    let start = match event.data {
        Some(data) => data.get().as_ptr() as usize - line.as_ptr() as usize + data.get().len(),
        None => line.find(",\"commandid\":").unwrap_or(line.len()),
    };
    let (begin, own) = line.split_at(start);
    if own.starts_with(",\"leftfold") || own.is_empty() {
        return line.to_owned();
    }
    let mut own = own.replace(",\"unanswered\":", ",\"leftfoldunanswered\":");
    if event.data.is_some() && !own.contains(",\"schema\":") {
        own = own.replace(",\"commandid\":", ",\"schema\":1,\"commandid\":");
    }
    for (then, now) in NAMES {
        own = own.replace(&format!(",\"{then}\":"), &format!(",\"leftfold{now}\":"));
    }
    format!("{begin}{own}")
}

/// Asserts that two texts are the same. Compares them line by line, so that a failure is readable.
#[track_caller]
pub fn assert_same(name: &str, said: &[u8], golden: &[u8]) {
    let [said, golden] = [said, golden].map(|it| std::str::from_utf8(it).unwrap());
    for (number, (said, golden)) in said.lines().zip(golden.lines()).enumerate() {
        assert_eq!(said, golden, "{name}, line {}", number + 1);
    }
    assert_eq!(said.len(), golden.len(), "{name} has become longer or shorter");
}

/// Decodes base 64, in its standard letters or in those of a link.
pub fn from_base64(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => panic!("{} is no letter of base 64", char::from(letter)),
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

/// Unpacks what a browser's `CompressionStream` has packed: a header without a name, and the rest.
pub fn gunzip(bytes: &[u8]) -> Vec<u8> {
    assert_eq!(bytes[..4], [0x1f, 0x8b, 8, 0], "packed as browsers do");
    decompress_to_vec(&bytes[10..bytes.len() - 8]).unwrap()
}
