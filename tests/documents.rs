//! What the documents say of the code is true: the functions that they name stand where they say.
//! And what they link to is there.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The line, counted from 1, on which a file defines a function.
fn line_of(source: &str, function: &str) -> Option<usize> {
    let defines = |line: &str| {
        let Some((before, after)) = line.split_once(&format!("fn {function}")) else {
            return false;
        };
        let words = |it: &str| !it.contains("//") && !it.contains('"');
        words(before) && after.starts_with(['(', '<'])
    };
    Some(source.lines().position(defines)? + 1)
}

/// A document whose places, written `` `file:line` `function` ``, are brought up to date.
fn brought_up_to_date(document: &str, root: &Path) -> String {
    let mut lines = Vec::new();
    for line in document.lines() {
        let parts: Vec<&str> = line.split('`').collect();
        let place = parts.iter().enumerate().find_map(|(at, part)| {
            let (file, _) = part.rsplit_once(".rs:")?;
            Some((at, format!("{file}.rs"), *parts.get(at + 2)?))
        });
        let Some((at, file, function)) = place else {
            lines.push(line.to_owned());
            continue;
        };
        let source = fs::read_to_string(root.join(&file));
        let source = source.unwrap_or_else(|_| panic!("there is no {file}"));
        let number = line_of(&source, function);
        let number = number.unwrap_or_else(|| panic!("{file} has no function {function}"));
        let place = format!("{file}:{number}");
        let mut parts = parts;
        parts[at] = &place;
        lines.push(parts.join("`"));
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_way_of_a_command_names_functions_where_they_stand() {
    let path = root().join("ARCHITECTURE.md");
    let written = fs::read_to_string(&path).unwrap();
    let right = brought_up_to_date(&written, root());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, right).unwrap();
        return;
    }
    let wrong = written.lines().zip(right.lines()).find(|(written, right)| written != right);
    assert_eq!(wrong, None, "UPDATE_EXPECT=1 rewrites the lines");
}

#[test]
fn a_place_is_found_by_the_function_that_it_names() {
    let source =
        "// fn send()\nlet text = \"fn send(\";\n    pub async fn sender() {}\nfn send<T>() {}\n";
    assert_eq!(line_of(source, "send"), Some(4));
    assert_eq!(line_of(source, "sent"), None);
}

#[test]
fn the_page_says_its_language_and_is_not_translated_by_a_browser() {
    let page = fs::read_to_string(root().join("index.html"));
    // A translator moves nodes that the page goes on to change: it would show wrong states.
    assert!(page.unwrap().contains(r#"<html lang="en" translate="no">"#));
}

/// Adds the documents in a folder, however deep, without what is made or fetched.
fn collect(folder: &Path, documents: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let ours = !["dist", "node_modules", "target"].contains(&&*name);
            if ours && !name.starts_with('.') {
                collect(&path, documents);
            }
        } else if path.extension().is_some_and(|it| it == "md") {
            documents.push(path);
        }
    }
}

/// The lines of a document that are no code, each with its number, counted from 1.
fn prose(document: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    (1..).zip(document.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    })
}

/// What a document links to, images included: each with its line.
fn links(document: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    // Between two backticks there is code, which may begin on the line before.
    let mut in_code = false;
    for (number, line) in prose(document) {
        if line.is_empty() {
            in_code = false;
        }
        let mut text = String::new();
        for (at, part) in line.split('`').enumerate() {
            in_code ^= at > 0;
            // What is code stays a word, so that a link may be called by it.
            text += if in_code { "code" } else { part };
        }
        let targets = text.split("](").skip(1).filter_map(|it| it.split_once(')'));
        let targets = targets.map(|(target, _)| target);
        let defined = text.strip_prefix('[').and_then(|it| it.split_once("]: "));
        let targets = targets.chain(defined.map(|(_, target)| target));
        let targets = targets.filter_map(|it| it.split_whitespace().next());
        links.extend(targets.map(|it| (number, it.to_owned())));
    }
    links
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(document: &str) -> Vec<String> {
    let mut counts = BTreeMap::new();
    let headings = prose(document).filter(|(_, line)| line.starts_with('#'));
    headings
        .map(|(_, line)| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it));
            let anchor: String = kept.map(|it| if it == ' ' { '-' } else { it }).collect();
            let count: &mut usize = counts.entry(anchor.clone()).or_default();
            *count += 1;
            if *count == 1 { anchor } else { format!("{anchor}-{}", *count - 1) }
        })
        .collect()
}

/// What is wrong with a link of a document. None where it leads somewhere, or to another site.
fn fault(document: &Path, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(it, on)| (it, Some(on)));
    let path =
        if file.is_empty() { document.to_owned() } else { document.parent().unwrap().join(file) };
    // A file system may not tell capitals from small letters; a site does.
    let folder = path.parent().unwrap().read_dir().ok();
    let mut names = folder.into_iter().flatten().flatten().map(|it| it.file_name());
    let there = path.is_dir() || names.any(|it| Some(&*it) == path.file_name());
    let Some(anchor) = anchor.filter(|_| there) else {
        return (!there).then(|| format!("there is no {file}"));
    };
    let there = anchors(&fs::read_to_string(&path).unwrap()).iter().any(|it| it == anchor);
    (!there).then(|| format!("the document has no heading #{anchor}: {link}"))
}

#[test]
fn every_link_of_a_document_leads_to_a_file_and_a_heading_that_are_there() {
    let (mut documents, mut followed, mut faults) = (Vec::new(), 0, Vec::new());
    collect(root(), &mut documents);
    for path in documents {
        let name = path.strip_prefix(root()).unwrap().display();
        for (line, link) in links(&fs::read_to_string(&path).unwrap()) {
            followed += 1;
            let fault = fault(&path, &link);
            faults.extend(fault.map(|it| format!("{name}:{line}: {it}")));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(followed > 50, "only {followed} links were found");
}

#[test]
fn a_document_that_the_page_carries_links_only_to_what_the_page_carries() {
    let page = fs::read_to_string(root().join("index.html")).unwrap();
    let copied = page.split("href=\"docs/").skip(1).filter_map(|it| it.split_once('"'));
    let copied: Vec<&str> = copied.map(|(name, _)| name).collect();
    assert!(copied.len() > 2, "{copied:?}");
    for name in &copied {
        for (line, link) in links(&fs::read_to_string(root().join("docs").join(name)).unwrap()) {
            let file = link.split('#').next().unwrap();
            let carried = file.is_empty() || link.contains("://") || copied.contains(&file);
            assert!(carried, "docs/{name}:{line}: the page does not carry {file}");
        }
    }
}

#[test]
fn links_and_anchors_are_found_where_they_are() {
    let document = "# A `name`, and *more*\n[one](a.md#b \"c\") and ![two](d.png)\n\
                    [`three`](e.md), `[no](f.md)`\n```\n[no](g.md)\n# no\n```\n# A name and more\n\
                    `[no\n](h.md)` [four](i.md)\n\n[it]: j.md\n";
    let found = links(document).into_iter().map(|(line, link)| format!("{line} {link}"));
    let expected = ["2 a.md#b", "2 d.png", "3 e.md", "10 i.md", "12 j.md"];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(anchors(document), ["a-name-and-more", "a-name-and-more-1"]);
}

#[test]
fn the_frame_brings_the_policy_of_the_page() {
    let policy = |page: &str| {
        let text = std::fs::read_to_string(page).unwrap();
        let policy = text.split("Content-Security-Policy\" content=\"").nth(1).unwrap();
        policy.split('"').next().unwrap().to_owned()
    };
    // Only the page can be installed.
    assert_eq!(policy("index.html"), policy("embed.html") + "; manifest-src 'self'");
}
