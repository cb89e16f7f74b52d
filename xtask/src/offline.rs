//! Writes the worker that keeps the page for a time without a network: `sw.js` in the root of the
//! clone, behind a list of the files in `dist/` with a hash of each.
//!
//! It comes last, because every file must be as it is served.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::page::{collect, is_compressed};

/// What the page loads before anybody does anything, and the frame.
pub const FIRST: [&str; 9] = [
    "boot.js",
    // A frame on the same site must not wait for a version of its own.
    "embed.html",
    "icon.svg",
    "index.html",
    "leftfold.js",
    "leftfold_bg.wasm",
    "manifest.webmanifest",
    "offline.js",
    "style.css",
];
/// What it loads then, without being asked.
pub const LATER: [&str; 1] = ["leftfold_later.wasm"];
const WORKER: &str = "sw.js";
/// The pages, which say which version they are.
const PAGES: [&str; 2] = ["index.html", "embed.html"];

/// Writes the version into the pages of `dist`, and the worker beside them.
pub fn write(root: &Path, dist: &Path) -> Result<()> {
    let source = read(&root.join(WORKER))?;
    let mut files = hashes(dist)?;
    files.remove(WORKER);
    let version = version(&files, &source);
    let size = fs::metadata(dist.join("leftfold_bg.wasm")).map_or(0, |it| it.len());
    for page in PAGES {
        let path = dist.join(page);
        let stamped = stamp(&read(&path)?, &version, size);
        files.insert(page.to_owned(), integrity(stamped.as_bytes()));
        put(&path, &stamped)?;
    }
    put(&dist.join(WORKER), &worker(&version, &files, &source))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}

fn put(path: &Path, content: &str) -> Result<()> {
    fs::write(path, content).with_context(|| format!("could not write {}", path.display()))
}

/// The files of a folder by their paths, with `/` between folders, each with its hash.
fn hashes(dist: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = Vec::new();
    collect(dist, &mut files)
        .with_context(|| format!("could not read what was built in {}", dist.display()))?;
    files.retain(|it| !is_compressed(it));
    let hashed = files.iter().map(|file: &PathBuf| {
        let content =
            fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
        let parts = file.strip_prefix(dist).unwrap_or(file).iter();
        let path = parts.map(|it| it.to_string_lossy()).collect::<Vec<_>>().join("/");
        Ok((path, integrity(&content)))
    });
    hashed.collect()
}

/// A hash of a content, as `fetch` takes it in its option `integrity`.
fn integrity(content: &[u8]) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(content)))
}

/// Another version wherever a file or the worker differs.
fn version(files: &BTreeMap<String, String>, worker: &str) -> String {
    let mut hash = Sha256::new();
    for (path, integrity) in files {
        hash.update(format!("{path} {integrity}\n"));
    }
    hash.update(worker);
    hash.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        _ = write!(text, "{byte:02x}");
        text
    })
}

/// The page with its version, and with the size of what it waits for, in bytes.
fn stamp(page: &str, version: &str, size: u64) -> String {
    page.replacen(
        "name=\"version\" content=\"development\"",
        &format!("name=\"version\" content=\"{version}\""),
        1,
    )
    .replacen("name=\"size\" content=\"0\"", &format!("name=\"size\" content=\"{size}\""), 1)
}

/// The worker, behind what it keeps.
fn worker(version: &str, files: &BTreeMap<String, String>, source: &str) -> String {
    // Both parts of the module are kept at the first visit: one alone is of no use.
    let first: Vec<&str> = FIRST.into_iter().chain(LATER).collect();
    let build = json!({ "version": version, "first": first, "files": files });
    format!("self.build={build};\n{source}")
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    fn built(name: &str, style: &str) -> (PathBuf, String, String) {
        let root = env::temp_dir().join(format!("leftfold-offline-{}-{name}", std::process::id()));
        let dist = root.join("dist");
        fs::create_dir_all(dist.join("web")).unwrap();
        let page =
            "<meta name=\"version\" content=\"development\"><meta name=\"size\" content=\"0\">";
        for (file, content) in [
            ("index.html", page),
            ("embed.html", page),
            ("style.css", style),
            ("style.css.br", "small"),
            ("leftfold_bg.wasm", "four"),
            ("web/editor.js", ""),
        ] {
            fs::write(dist.join(file), content).unwrap();
        }
        fs::write(root.join(WORKER), "const { build } = self;\n").unwrap();
        write(&root, &dist).unwrap();
        let worker = fs::read_to_string(dist.join(WORKER)).unwrap();
        let index = fs::read_to_string(dist.join("index.html")).unwrap();
        (root, worker, index)
    }

    #[test]
    fn the_worker_knows_every_file_that_is_served_and_its_content() {
        let (root, worker, index) = built("files", "one");
        assert!(
            worker.contains(
                "\"web/editor.js\":\"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\""
            )
        );
        assert!(worker.contains(&format!("\"index.html\":\"{}\"", integrity(index.as_bytes()))));
        assert!(!worker.contains("style.css.br") && !worker.contains("\"sw.js\""));
        assert!(worker.ends_with("const { build } = self;\n"));
        assert!(index.contains("name=\"size\" content=\"4\"") && !index.contains("development"));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn another_content_is_another_version_and_the_same_is_the_same() {
        let of = |name, style| {
            let (root, worker, _) = built(name, style);
            fs::remove_dir_all(root).unwrap();
            worker.split(',').next().unwrap().to_owned()
        };
        assert_eq!(of("a", "one"), of("b", "one"));
        assert_ne!(of("a", "one"), of("b", "two"));
    }
}
