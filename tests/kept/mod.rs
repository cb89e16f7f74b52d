//! What pages have kept, as golden files: how they are named and read, natively.
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

/// The name of the page's database.
const DATABASE: &str = "leftfold";

/// Everything that one version of the page has written: a folder of `tests/fixtures`.
pub struct Set(pub PathBuf);

/// Every set, in order of their names.
pub fn sets() -> Vec<Set> {
    let folders = files(&folder()).into_iter().filter(|it| it.is_dir());
    let sets: Vec<Set> = folders.map(Set).collect();
    assert!(!sets.is_empty(), "there are no fixtures");
    sets
}

/// Where the sets are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// What a folder holds, in order of the names; nothing where there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|it| it.unwrap().path()).collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

impl Set {
    /// The files of one kind, each with its name.
    pub fn files(&self, kind: &str) -> Vec<(String, Vec<u8>)> {
        let files = files(&self.0.join(kind)).into_iter();
        files.map(|path| (name_of(&path), fs::read(&path).unwrap())).collect()
    }

    /// One file, where it is there.
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

    /// What browsers kept, by name.
    pub fn dumps(&self) -> BTreeMap<String, Dump> {
        self.json("stored")
    }

    /// What the page shows of each of them when it begins, here and there, by the dump's name.
    pub fn starts(&self) -> BTreeMap<String, Vec<Start>> {
        self.json("starts")
    }

    /// What is known of each log that is kept in them, by the name that its files have.
    pub fn logs(&self) -> BTreeMap<String, Golden> {
        self.json("logs")
    }

    /// A log's archive of events one a line, unpacked. None where the set has none.
    pub fn lines(&self, name: &str) -> Option<Vec<u8>> {
        let plain = self.file("archives", &format!("{name}.ndjson"));
        let packed = || self.file("archives", &format!("{name}.ndjson.gz"));
        plain.or_else(|| packed().map(|it| gunzip(&it)))
    }
}

/// What a browser keeps of the page: all databases of its origin as they are, and its small
/// memories.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dump {
    /// When it was taken, in milliseconds since 1970. Time stands still when it is opened again.
    pub taken_at: u64,
    /// The browser that it was taken from.
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

/// What is known of a log, and what the page says of it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// The dump that it is kept in.
    pub dump: String,
    /// Its id.
    pub log: String,
    pub scenario: String,
    pub title: String,
    /// Where the playhead stood when it was put in a link.
    pub position: u64,
    /// What is gone of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Lost>,
    /// What `window.leftfold` says of it once it is open.
    pub says: Value,
}

/// What the page shows when it begins with a dump.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The address that is opened.
    pub address: String,
    /// What is found there, by what it is.
    pub shows: Value,
}

/// A piece of a log that is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lost {
    pub from: u64,
    pub to: u64,
    pub why: String,
}

impl From<&Loss> for Lost {
    fn from(loss: &Loss) -> Self {
        Self { from: loss.from, to: loss.to, why: loss.why.clone() }
    }
}

impl From<&Lost> for Loss {
    fn from(lost: &Lost) -> Self {
        Self { from: lost.from, to: lost.to, why: lost.why.clone() }
    }
}

/// A log as a dump holds it.
pub struct Stored {
    pub info: LogInfo,
    /// The records of its segments, and of its tail: frames.
    pub segments: Vec<Vec<u8>>,
    pub tail: Vec<Vec<u8>>,
    /// Where it ends, as its head says.
    pub end: Option<End>,
    /// How many commits are in segments, and how many bytes all of them take.
    pub folded: u64,
    pub bytes: u64,
    /// Where it ended when that was last noted beside the database.
    pub noted: Option<End>,
    pub records: SideRecords,
}

impl Dump {
    fn records(&self, store: &str) -> impl Iterator<Item = &(Value, Value)> {
        let database = self.databases.iter().find(|it| it.name == DATABASE).unwrap();
        database.stores.iter().filter(move |it| it.name == store).flat_map(|it| &it.records)
    }

    /// What is known of every log.
    pub fn infos(&self) -> Vec<LogInfo> {
        let infos = self.records("logs");
        infos.map(|(_, text)| serde_json::from_str(text.as_str().unwrap()).unwrap()).collect()
    }

    /// A log's records.
    pub fn log(&self, id: &str) -> Stored {
        let info = self.infos().into_iter().find(|it| it.id == id).unwrap();
        let frames = |store| {
            let of_log = self.records(store).filter(|(key, _)| key[0] == id);
            of_log.map(|(_, value)| from_base64(value["bytes"].as_str().unwrap())).collect()
        };
        // Commits, events, the last hash, commits in segments, bytes.
        let head: Option<(u64, u64, String, u64, u64)> = self
            .records("heads")
            .find(|(key, _)| key == id)
            .and_then(|(_, value)| serde_json::from_value(value.clone()).ok());
        let end = head.as_ref().map(|(commits, head, hash, ..)| End {
            commits: *commits,
            head: *head,
            hash: u64::from_str_radix(hash, 16).unwrap(),
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
        Stored {
            info,
            segments: frames("segments"),
            tail: frames("tail"),
            end,
            folded: head.as_ref().map_or(0, |it| it.3),
            bytes: head.as_ref().map_or(0, |it| it.4),
            noted,
            records: small.map(record).collect(),
        }
    }
}

/// A log's commits, as far as they can be read, and what is gone.
#[derive(Default)]
pub struct Read {
    /// Those up to the first loss.
    pub commits: Vec<StoredCommit>,
    /// Those after it.
    pub stranded: Vec<StoredCommit>,
    pub losses: Vec<Loss>,
    pub side_records: Vec<SideRecord>,
}

impl Stored {
    /// Reads the frames as a store does when it opens a log.
    pub fn read(&self) -> Read {
        let mut read = Read { side_records: decode_side_records(&self.records), ..Read::default() };
        let mut visit = |found: CommitOrLoss<'_>| match found {
            CommitOrLoss::Commit(commit) if read.losses.is_empty() => {
                read.commits.push(commit.owned())
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

/// The first place where something is no longer said as the golden file has it. More may be said:
/// fields come, and none goes.
pub fn missing(golden: &Value, said: &Value, path: &str) -> Option<String> {
    match (golden, said) {
        (Value::Object(golden), Value::Object(said)) => golden.iter().find_map(|(key, value)| {
            let path = format!("{path}/{key}");
            match said.get(key) {
                Some(said) => missing(value, said, &path),
                None => Some(format!("{path} is gone; it was {value}")),
            }
        }),
        (Value::Array(golden), Value::Array(said)) if golden.len() == said.len() => {
            let mut pairs = golden.iter().zip(said).enumerate();
            pairs.find_map(|(at, (golden, said))| missing(golden, said, &format!("{path}/{at}")))
        }
        _ if golden == said => None,
        _ => Some(format!("{path} was {golden}\nand is now {said}")),
    }
}

/// Asserts that two texts are the same, line by line, so that what differs can be read.
#[track_caller]
pub fn assert_same(name: &str, said: &[u8], golden: &[u8]) {
    let [said, golden] = [said, golden].map(|it| std::str::from_utf8(it).unwrap());
    for (number, (said, golden)) in said.lines().zip(golden.lines()).enumerate() {
        assert_eq!(said, golden, "{name}, line {}", number + 1);
    }
    assert_eq!(said.len(), golden.len(), "{name} has become longer or shorter");
}

/// What was written in base 64, in its own letters or in those that a link may hold.
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

/// What a browser's `CompressionStream` has packed: a header without a name, and the rest.
pub fn gunzip(bytes: &[u8]) -> Vec<u8> {
    assert_eq!(bytes[..4], [0x1f, 0x8b, 8, 0], "packed as browsers do");
    decompress_to_vec(&bytes[10..bytes.len() - 8]).unwrap()
}
