//! Tries the corpus again that fuzzing has found.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod fuzzed;

use std::fs;
use std::path::Path;

use leftfold::codec::archive::Format;

fn each(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap() {
        check(&fs::read(file.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "{target} has a corpus");
}

#[test]
fn archives_in_lines() {
    each("ndjson", |bytes| fuzzed::archive(bytes, Format::Lines));
}

#[test]
fn archives_in_batches() {
    each("cloudevents", |bytes| fuzzed::archive(bytes, Format::Batch));
}

#[test]
fn links() {
    each("links", fuzzed::links);
}

#[test]
fn frames() {
    each("frames", fuzzed::frames);
}

#[test]
fn files_of_other_tools() {
    each("foreign", fuzzed::foreign);
}

/// Tries changed inputs of a corpus, always the same ones. `FUZZ_INPUTS` says how many.
fn changed(target: &str, check: impl Fn(&[u8])) {
    let count: u64 = std::env::var("FUZZ_INPUTS").ok().map_or(20_000, |it| it.parse().unwrap());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    let corpus: Vec<Vec<u8>> = files.iter().map(|it| fs::read(it).unwrap()).collect();
    let mut random = fastrand::Rng::with_seed(21);
    let mut any = move |below: usize| random.usize(0..below.max(1));
    for _ in 0..count {
        let mut input = corpus[any(corpus.len())].clone();
        for _ in 0..=any(6) {
            let (from, to) = (any(input.len() + 1), any(input.len() + 1));
            let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 40));
            let other = &corpus[any(corpus.len())];
            let at = any(other.len() + 1);
            let part = &other[at..other.len().min(at + any(60))];
            match any(6) {
                0 => drop(input.splice(from..to, part.iter().copied())),
                1 => drop(input.drain(from..to)),
                2 => input.extend_from_within(from..to),
                3 => {
                    let token = TOKENS[any(TOKENS.len())];
                    drop(input.splice(from..to, token.bytes()));
                }
                4 if from < input.len() => input[from] = u8::try_from(any(256)).unwrap(),
                _ => input.truncate(to.max(input.len() / 2)),
            }
        }
        check(&input);
    }
}

/// What readers look for.
const TOKENS: [&str; 28] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "0",
    "-1",
    "1e9",
    "\n",
    "\\u0000",
    "\u{1e}",
    "\u{feff}",
    "\"type\":\"T\"",
    "\"data\":",
    "\"payload\":",
    "\"entries\":[",
    "\"actionsById\":{",
    "\"id\":\"1\"",
    "\"stream_id\":",
    "\"timestamp\":1522949460000",
    "\"specversion\":\"1.0\"",
    "\"seq_id\":1",
    "\"metadata\":{",
    "event.",
    "\"\"",
];

#[test]
fn changed_archives_in_lines() {
    changed("ndjson", |bytes| fuzzed::archive(bytes, Format::Lines));
}

#[test]
fn changed_archives_in_batches() {
    changed("cloudevents", |bytes| fuzzed::archive(bytes, Format::Batch));
}

#[test]
fn changed_files_of_other_tools() {
    changed("foreign", fuzzed::foreign);
}
