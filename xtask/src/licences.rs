//! Writes `licenses.html` into the page: all packages that the page is made of, with the texts of
//! their licences.
//!
//! cargo-about finds the crates that are compiled into the page, and their texts. npm's packages have
//! theirs in `web/node_modules`. `about.toml` lists the licences that are accepted; any other one ends
//! the build. `licenses.html` in the root of the clone is the frame around the list.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    page::{collect, dist, target},
    shell::{Output, Shell, answer},
};

const CONFIG: &str = "about.toml";
const FRAME: &str = "licenses.html";
const STYLE: &str = "licenses.css";
/// Where the list goes in the frame.
const PLACE: &str = "<!-- licences -->";
const LOCK: &str = "web/package-lock.json";
const OURS: &str = "LICENSE-MIT";

/// Writes `licenses.html` and its style sheet to `dist/`. They are made anew only if the crates, the
/// packages or the frame have changed.
pub fn write(shell: &Shell, output: &Output) -> Result<()> {
    let made = target(shell).join(FRAME);
    let note = target(shell).join("licenses.txt");
    let state = state(shell)?;
    if !(made.is_file() && fs::read_to_string(&note).is_ok_and(|noted| noted == state)) {
        let parts = parts(shell, output)?;
        put(&made, &framed(&read(&shell.root.join(FRAME))?, &list(&parts)?)?)?;
        put(&note, &state)?;
    }
    for (from, name) in [(made, FRAME), (shell.root.join(STYLE), STYLE)] {
        let to = dist(shell).join(name);
        fs::copy(&from, &to).with_context(|| format!("could not write {}", to.display()))?;
    }
    Ok(())
}

/// A hash of all that decides what the list says, and how.
fn state(shell: &Shell) -> Result<String> {
    let mut files = Vec::new();
    let crates = shell.root.join("crates");
    collect(&crates, &mut files)
        .with_context(|| format!("could not look through {}", crates.display()))?;
    files.retain(|file| file.ends_with("Cargo.toml"));
    files.sort();
    files.extend(
        ["Cargo.toml", "Cargo.lock", CONFIG, FRAME, LOCK, OURS].map(|file| shell.root.join(file)),
    );
    let mut hash = DefaultHasher::new();
    include_str!("licences.rs").hash(&mut hash);
    answer(shell.command("cargo-about").arg("--version")).hash(&mut hash);
    for file in files {
        (&file, read(&file)?).hash(&mut hash);
    }
    Ok(format!("{:016x}", hash.finish()))
}

/// A package under one licence.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    name: String,
    version: String,
    /// Where more about it is found.
    link: String,
    /// The short name of the licence, as SPDX has it.
    licence: String,
    /// The licence's full name.
    title: String,
    text: String,
    /// Who wrote it, if the package brings no text that would say so.
    authors: Vec<String>,
}

/// Everything that the page is made of.
fn parts(shell: &Shell, output: &Output) -> Result<Vec<Part>> {
    let found = target(shell).join("licenses.json");
    let mut about = shell.command("cargo-about");
    about.args(["generate", "--offline", "--locked", "--fail", "--format", "json"]);
    output.run(
        about.arg("--output-file").arg(&found),
        "A crate is under a licence that about.toml does not accept, or says none: see above. Do \
         without the crate, or accept the licence in about.toml and in deny.toml.",
    )?;
    let mut parts = crates(&read(&found)?)?;
    let accepted = read(&shell.root.join(CONFIG))?;
    let accepted = accepted_in(&accepted);
    for package in packages(&read(&shell.root.join(LOCK))?)? {
        parts.push(part(&shell.root.join("web"), package, &accepted)?);
    }
    parts.push(Part {
        name: "Leftfold".to_owned(),
        version: String::new(),
        link: "./".to_owned(),
        licence: "MIT".to_owned(),
        title: "MIT License".to_owned(),
        text: read(&shell.root.join(OURS))?,
        authors: Vec::new(),
    });
    Ok(parts)
}

/// The crates, from what cargo-about has found.
fn crates(found: &str) -> Result<Vec<Part>> {
    const ADVICE: &str = "cargo-about writes in another way: see crates() in xtask/src/licences.rs";
    let found: Value = serde_json::from_str(found).context(ADVICE)?;
    let mut parts = Vec::new();
    for licence in found["licenses"].as_array().context(ADVICE)? {
        for user in licence["used_by"].as_array().context(ADVICE)? {
            let package = &user["crate"];
            let name = string(package, "name").context(ADVICE)?;
            let authors =
                package["authors"].as_array().filter(|_| licence["source_path"].is_null());
            let authors = authors.into_iter().flatten().filter_map(Value::as_str);
            parts.push(Part {
                link: format!("https://crates.io/crates/{name}"),
                name,
                version: string(package, "version").context(ADVICE)?,
                licence: string(licence, "id").context(ADVICE)?,
                title: string(licence, "name").context(ADVICE)?,
                text: string(licence, "text").context(ADVICE)?,
                authors: authors.map(without_mail).collect(),
            });
        }
    }
    Ok(parts)
}

fn string(of: &Value, field: &str) -> Option<String> {
    of[field].as_str().map(str::to_owned)
}

/// A name without the address that Cargo.toml has behind it.
fn without_mail(author: &str) -> String {
    author.split(" <").next().unwrap_or(author).to_owned()
}

/// A package of npm's, as the lock file tells of it.
#[derive(Debug, PartialEq, Eq)]
struct Locked {
    folder: String,
    version: String,
    licence: String,
}

impl Locked {
    fn name(&self) -> &str {
        self.folder.rsplit("node_modules/").next().unwrap_or(&self.folder)
    }
}

/// The packages in npm's lock file, without those that only developers need.
fn packages(lock: &str) -> Result<Vec<Locked>> {
    let lock: Value = serde_json::from_str(lock)
        .context("web/package-lock.json cannot be read: run `npm install` in web/")?;
    let table = lock["packages"].as_object().into_iter().flatten();
    let others = table.filter(|(folder, package)| !folder.is_empty() && package["dev"] != true);
    Ok(others
        .map(|(folder, package)| Locked {
            folder: folder.clone(),
            version: string(package, "version").unwrap_or_default(),
            licence: string(package, "license").unwrap_or_default(),
        })
        .collect())
}

/// The package with its text, if its licence is accepted.
fn part(web: &Path, package: Locked, accepted: &[&str]) -> Result<Part> {
    let name = package.name().to_owned();
    if !accepted.contains(&package.licence.as_str()) {
        bail!(
            "the npm package {name} is under `{}`: do without it, or accept the licence in about.toml",
            package.licence
        );
    }
    let folder = web.join(&package.folder);
    let text = text_in(&folder).with_context(|| {
        format!("{} has no licence file: is web/node_modules complete?", folder.display())
    })?;
    Ok(Part {
        link: format!("https://www.npmjs.com/package/{name}"),
        name,
        version: package.version,
        title: package.licence.clone(),
        licence: package.licence,
        text: read(&text)?,
        authors: Vec::new(),
    })
}

/// The file with the licence's text.
fn text_in(folder: &Path) -> Option<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files.into_iter().find(|file| {
        let name = file.file_name().map(|it| it.to_string_lossy().to_uppercase());
        name.is_some_and(|it| ["LICENSE", "LICENCE", "COPYING"].iter().any(|at| it.starts_with(at)))
    })
}

/// The accepted licences, in about.toml.
fn accepted_in(config: &str) -> Vec<&str> {
    let list = config.lines().find_map(|line| line.strip_prefix("accepted = ["));
    list.map_or_else(Vec::new, |list| list.split('"').skip(1).step_by(2).collect())
}

/// The list as HTML: the licences, the most frequent first, each with its texts, and with each text the
/// packages that bring it.
fn list(parts: &[Part]) -> Result<String> {
    let mut licences: BTreeMap<&str, Vec<&Part>> = BTreeMap::new();
    for part in parts {
        licences.entry(&part.licence).or_default().push(part);
    }
    let mut licences: Vec<_> = licences.into_iter().collect();
    licences.sort_by_key(|(licence, parts)| (usize::MAX - parts.len(), *licence));

    let mut html = String::from("    <ul>\n");
    for (licence, parts) in &licences {
        let (id, title) = (escaped(licence), escaped(title(parts)));
        // A package may bring two texts of one licence.
        let count = parts.iter().map(|it| (&it.name, &it.version)).collect::<BTreeSet<_>>().len();
        writeln!(html, "      <li><a href=\"#{id}\">{title}</a>: {count}</li>")?;
    }
    html.push_str("    </ul>\n");
    for (licence, parts) in &licences {
        writeln!(html, "    <h2 id=\"{}\">{}</h2>", escaped(licence), escaped(title(parts)))?;
        for (text, parts) in by_text(parts) {
            section(&mut html, &text, &parts)?;
        }
    }
    Ok(html)
}

/// The licence's full name. The lock file of npm's packages has only the short one.
fn title<'a>(parts: &[&'a Part]) -> &'a str {
    let known = parts.iter().map(|part| part.title.as_str());
    known.max_by_key(|title| title.len()).unwrap_or_default()
}

/// The texts in the order of the first package that brings each. Texts that differ in white space only
/// are one.
fn by_text<'a>(parts: &[&'a Part]) -> Vec<(String, Vec<&'a Part>)> {
    let mut texts: BTreeMap<String, Vec<&Part>> = BTreeMap::new();
    for part in parts {
        let lines: Vec<&str> = part.text.lines().map(str::trim_end).collect();
        texts.entry(lines.join("\n").trim_matches('\n').to_owned()).or_default().push(part);
    }
    let mut texts: Vec<_> = texts.into_iter().collect();
    for (_, parts) in &mut texts {
        parts.sort_by_key(|part| (part.name.to_lowercase(), &part.version));
    }
    texts.sort_by_key(|(_, parts)| parts.first().map(|part| part.name.to_lowercase()));
    texts
}

fn section(html: &mut String, text: &str, parts: &[&Part]) -> Result<()> {
    let names: Vec<String> = parts.iter().map(|part| named(part)).collect();
    writeln!(html, "    <h3>{}</h3>", names.join(",\n    "))?;
    let authors: BTreeSet<&str> =
        parts.iter().flat_map(|part| &part.authors).map(String::as_str).collect();
    if !authors.is_empty() {
        let authors: Vec<&str> = authors.into_iter().collect();
        writeln!(
            html,
            "    <p>By {}. Published without the text; this is the standard one.</p>",
            escaped(&authors.join(", "))
        )?;
    }
    writeln!(html, "    <pre>{}</pre>", escaped(text))?;
    Ok(())
}

fn named(part: &Part) -> String {
    let (name, version) = (escaped(&part.name), escaped(&part.version));
    format!("<a href=\"{}\">{}</a>", escaped(&part.link), format!("{name} {version}").trim_end())
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

fn framed(frame: &str, list: &str) -> Result<String> {
    let (before, after) = frame.split_once(PLACE).with_context(|| {
        format!("{FRAME} does not say where the list goes: write `{PLACE}` there")
    })?;
    Ok(format!("{before}{}{}", list.trim_end(), after))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}

fn put(path: &Path, content: &str) -> Result<()> {
    fs::write(path, content).with_context(|| format!("could not write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, licence: &str, text: &str) -> Part {
        Part {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            link: format!("https://example.org/{name}"),
            licence: licence.to_owned(),
            title: licence.to_owned(),
            text: text.to_owned(),
            authors: Vec::new(),
        }
    }

    #[test]
    fn a_text_stands_once_below_all_packages_that_bring_it() {
        let parts =
            [part("b", "MIT", "free\n"), part("c", "MIT", "other"), part("a", "MIT", "free  ")];
        let list = list(&parts).unwrap();
        assert_eq!(list.matches("<pre>free</pre>").count(), 1);
        let at = |text: &str| list.find(text).unwrap();
        assert!(at(">a 1.0.0<") < at(">b 1.0.0<") && at(">b 1.0.0<") < at("<pre>free"));
        assert!(at("<pre>free") < at(">c 1.0.0<"));
    }

    #[test]
    fn the_most_frequent_licence_comes_first() {
        let parts = [part("a", "Apache-2.0", "x"), part("b", "MIT", "y"), part("c", "MIT", "z")];
        let list = list(&parts).unwrap();
        assert!(list.find("<h2 id=\"MIT\"").unwrap() < list.find("<h2 id=\"Apache-2.0\"").unwrap());
        assert!(list.contains("<a href=\"#MIT\">MIT</a>: 2"));
    }

    #[test]
    fn a_text_cannot_break_the_page() {
        let list = list(&[part("a", "MIT", "<owner> & \"friends\"</pre>")]).unwrap();
        assert!(list.contains("<pre>&lt;owner&gt; &amp; &quot;friends&quot;&lt;/pre&gt;</pre>"));
    }

    #[test]
    fn a_crate_without_a_text_is_told_with_its_authors() {
        let found = r#"{ "licenses": [
            { "id": "MIT", "name": "MIT License", "text": "standard", "source_path": null, "used_by": [
                { "crate": { "name": "yew", "version": "0.23.0", "authors": ["Denis <d@example.org>"] } }
            ] },
            { "id": "MIT", "name": "MIT License", "text": "own", "source_path": "LICENSE", "used_by": [
                { "crate": { "name": "slab", "version": "0.4.12", "authors": ["Carl"] } }
            ] }
        ] }"#;
        let crates = crates(found).unwrap();
        assert_eq!(crates[0].authors, ["Denis"]);
        assert!(crates[1].authors.is_empty());
        assert!(list(&crates).unwrap().contains("<p>By Denis. Published without the text"));
        assert!(super::crates("{}").is_err());
    }

    #[test]
    fn the_lock_file_tells_what_ships() {
        let lock = r#"{ "packages": {
            "": { "name": "web" },
            "node_modules/@a/b": { "version": "1.2.3", "license": "MIT" },
            "node_modules/c/node_modules/d": { "version": "2.0.0" },
            "node_modules/tool": { "version": "3.0.0", "license": "MIT", "dev": true }
        } }"#;
        let packages = packages(lock).unwrap();
        let names: Vec<&str> = packages.iter().map(Locked::name).collect();
        assert_eq!(names, ["@a/b", "d"]);
        assert_eq!((packages[0].version.as_str(), packages[0].licence.as_str()), ("1.2.3", "MIT"));
    }

    #[test]
    fn a_package_under_a_licence_that_is_not_accepted_is_refused() {
        let package = Locked {
            folder: "node_modules/a".to_owned(),
            version: "1.0.0".to_owned(),
            licence: "AGPL-3.0".to_owned(),
        };
        let accepted = accepted_in("# Which.\naccepted = [\"MIT\", \"Apache-2.0\"]\n");
        assert_eq!(accepted, ["MIT", "Apache-2.0"]);
        let refused = super::part(Path::new("web"), package, &accepted).unwrap_err().to_string();
        assert!(refused.contains("the npm package a is under `AGPL-3.0`"), "{refused}");
    }

    #[test]
    fn the_list_goes_where_the_frame_says() {
        assert_eq!(framed("a<!-- licences -->\nb", "list\n").unwrap(), "alist\nb");
        assert!(framed("a b", "list").is_err());
    }
}
