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
