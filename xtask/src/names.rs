//! Finds the programs whose tests have a text in their names. It reads the sources, so that only those
//! programs are built.
//!
//! It reads function names only. A function that it finds may be no test, and it finds no test that
//! has no function's name, such as a documentation test.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The programs that may have such tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Programs {
    /// Packages with such a function in their own sources, and whether they are libraries.
    pub packages: BTreeSet<(String, bool)>,
    /// Packages and those programs of their `tests/` that have such a function.
    pub tests: BTreeSet<(String, String)>,
}

impl Programs {
    /// Looks through the sources of the workspace in that folder.
    pub fn with(name: &str, root: &Path) -> Result<Self> {
        // Somebody may write the name with its modules.
        let name = name.rsplit("::").next().unwrap_or(name);
        let mut found = Self::default();
        for folder in members(root)? {
            let package = package_name(&folder)?;
            let source = folder.join("src");
            if any_has(&files_below(&source)?, name)? {
                found.packages.insert((package.clone(), source.join("lib.rs").is_file()));
            }
            for (test, main) in tests(&folder.join("tests"))? {
                if any_has(&with_modules(main)?, name)? {
                    found.tests.insert((package.clone(), test));
                }
            }
        }
        Ok(found)
    }
}

/// The folders of the workspace's packages, the one at the top among them.
fn members(root: &Path) -> Result<Vec<PathBuf>> {
    let manifest = read(&root.join("Cargo.toml"))?;
    let list = manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']'));
    let (list, _) = list.context("Cargo.toml lists no members")?;
    let mut folders = vec![root.to_owned()];
    for member in list.split('"').skip(1).step_by(2) {
        if let Some(parent) = member.strip_suffix("/*") {
            folders.extend(entries(&root.join(parent))?.into_iter().filter(|it| it.is_dir()));
        } else {
            folders.push(root.join(member));
        }
    }
    Ok(folders)
}

fn package_name(folder: &Path) -> Result<String> {
    let manifest = read(&folder.join("Cargo.toml"))?;
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = \""));
    let name = name.and_then(|it| it.strip_suffix('"'));
    Ok(name.with_context(|| format!("{} has no name", folder.display()))?.to_owned())
}

/// The test programs in a folder, each with its main file.
fn tests(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let found = entries(folder)?.into_iter().filter_map(|path| {
        let name = path.file_stem()?.to_str()?.to_owned();
        let main = if path.is_dir() { path.join("main.rs") } else { path };
        (main.extension()? == "rs" && main.is_file()).then_some((name, main))
    });
    Ok(found.collect())
}

/// A program's files.
fn with_modules(main: PathBuf) -> Result<Vec<PathBuf>> {
    let mut files = vec![main];
    let mut next = 0;
    while let Some(file) = files.get(next) {
        let more = modules(file)?;
        files.extend(more);
        next += 1;
    }
    Ok(files)
}

/// The files of the modules that a file declares.
fn modules(file: &Path) -> Result<Vec<PathBuf>> {
    let folder = file.parent().context("a file lies in no folder")?;
    let stem = file.file_stem().unwrap_or_default();
    let declared = read(file)?;
    let declared = declared.lines().filter_map(|line| {
        let line = line.trim();
        line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?.strip_suffix(';')
    });
    let beside = declared.flat_map(|module| {
        let (file, folder_of) = (format!("{module}.rs"), Path::new(module).join("mod.rs"));
        [folder.join(&file), folder.join(folder_of), folder.join(stem).join(file)]
    });
    Ok(beside.filter(|it| it.is_file()).collect())
}

fn any_has(files: &[PathBuf], name: &str) -> Result<bool> {
    for file in files {
        let has = |line: &str| function(line).is_some_and(|it| it.contains(name));
        if read(file)?.lines().any(has) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The name of the function that begins in this line.
fn function(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let (before, rest) = line.split_once("fn ")?;
    let is_function = before.split_whitespace().all(|it| it.starts_with("pub") || it == "async");
    let end = rest.find(|it: char| !it.is_alphanumeric() && it != '_')?;
    is_function.then_some(&rest[..end])
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if folder.is_dir() {
        for path in entries(folder)? {
            if path.is_dir() {
                files.extend(files_below(&path)?);
            } else if path.extension().is_some_and(|it| it == "rs") {
                files.push(path);
            }
        }
    }
    Ok(files)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let told = || format!("could not read {}", folder.display());
    let entries = fs::read_dir(folder).with_context(told)?;
    let paths = entries.map(|it| it.map(|it| it.path())).collect::<std::io::Result<_>>();
    paths.with_context(told)
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str) -> Programs {
        Programs::with(name, Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap()
    }

    #[test]
    fn a_test_of_this_package_is_found_in_it_alone() {
        let found = with("a_test_of_this_package_is_found_in_it_alone");
        assert_eq!(found.packages, BTreeSet::from([("xtask".to_owned(), false)]));
        assert_eq!(found.tests, BTreeSet::new());
    }

    #[test]
    fn a_test_of_a_module_is_found_in_every_program_that_has_the_module() {
        // Defined in `conformance`: for memory natively, for IndexedDB in a browser.
        let found = with("idb_store::records_come_back_and_are_replaced_by_key");
        let programs: Vec<&str> = found.tests.iter().map(|(_, test)| &**test).collect();
        assert!(["browser", "store"].iter().all(|it| programs.contains(it)), "{programs:?}");
        assert_eq!(found, with("records_come_back_and_are_replaced_by_key"));
    }

    #[test]
    fn what_nobody_is_called_is_found_nowhere() {
        assert_eq!(with("no test is called so"), Programs::default());
    }

    #[test]
    fn functions_are_told_from_what_only_mentions_them() {
        assert_eq!(function("    pub(crate) async fn a_b<T>(it: T) {"), Some("a_b"));
        assert_eq!(function("// what the fn a does"), None);
        assert_eq!(function("let it: fn (u8) = a;"), None);
    }
}
