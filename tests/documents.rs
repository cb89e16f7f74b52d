//! What the documents say of the code is true: the functions that they name stand where they say.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::Path;

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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("ARCHITECTURE.md");
    let written = fs::read_to_string(&path).unwrap();
    let right = brought_up_to_date(&written, root);
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
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("index.html"));
    // A translator moves nodes that the page goes on to change: it would show wrong states.
    assert!(page.unwrap().contains(r#"<html lang="en" translate="no">"#));
}
