//! Who imports whom: the rooms, each a folder of `src/` or a package, and what the core never does.
//!
//! The check is a pure function over a path and its source, so that planted violations show
//! that it can fail. It reads tokens, not text: comments, strings and test modules don't count,
//! and a path is resolved before it is judged, however it is written.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::Path;

/// Each room, and the rooms that it may import.
const ROOMS: [(&str, &[&str]); 7] = [
    ("es", &[]),
    ("codec", &["es"]),
    ("scenarios", &["es"]),
    ("lab", &["es", "scenarios"]),
    ("store", &["codec", "es"]),
    ("ui", &["codec", "lab", "store"]),
    ("main", &["ui"]),
];

/// The rooms that are packages, each with the name that the others know it by.
const PACKAGES: [(&str, &str); 2] = [("es", "leftfold_es"), ("codec", "leftfold_codec")];

/// The rooms that are pure: no clock, no unseeded randomness, no I/O.
const CORE: [&str; 4] = ["es", "codec", "scenarios", "lab"];

/// Names that have no business in the core, wherever they stand in a path.
const IMPURE: [&str; 30] = [
    "Instant",
    "SystemTime",
    "js_sys",
    "web_sys",
    "wasm_bindgen",
    "wasm_bindgen_futures",
    "gloo",
    "idb",
    "new_v1",
    "now_v1",
    "new_v4",
    "new_v6",
    "now_v6",
    "new_v7",
    "now_v7",
    "thread_rng",
    "from_entropy",
    "from_os_rng",
    "OsRng",
    "SysRng",
    "ThreadRng",
    "getrandom",
    "RandomState",
    "DefaultHasher",
    "print",
    "println",
    "eprint",
    "eprintln",
    "stdin",
    "stdout",
];

/// Paths that have no business in the core, from their start.
const IMPURE_PATHS: [&[&str]; 10] = [
    &["std", "time"],
    &["std", "fs"],
    &["std", "net"],
    &["std", "thread"],
    &["std", "env"],
    &["std", "process"],
    &["rand", "rng"],
    &["rand", "random"],
    &["fastrand", "seed"],
    &["fastrand", "get_seed"],
];

/// Paths that have no business in the core, at their end: these iterate in a random order.
const UNORDERED: [&[&str]; 4] = [
    &["HashMap", "new"],
    &["HashMap", "with_capacity"],
    &["HashSet", "new"],
    &["HashSet", "with_capacity"],
];

/// What is wrong with a source, one sentence each, in the order of the source.
fn violations(path: &str, source: &str) -> Vec<String> {
    let package = PACKAGES.iter().find(|(room, _)| path.starts_with(&format!("{room}/src/")));
    let inside = match package {
        Some(_) => &path.replacen("src/", "", 1),
        None => path.strip_prefix("src/").unwrap_or(path),
    };
    let module = module_of(inside);
    let room = module.first().map_or("", String::as_str);
    let all = tokens(source);
    let mut found = forbidden_attributes(&all);
    // The crate's root declares the rooms; it belongs to none.
    if inside == "lib.rs" {
        return found;
    }
    let is_package = |name: &str| PACKAGES.iter().any(|(room, _)| *room == name);
    let known = ROOMS.iter().find(|(name, _)| *name == room);
    let Some((_, may)) = known.filter(|_| is_package(room) == package.is_some()) else {
        found.push(format!("{path} is in no room"));
        return found;
    };
    let core = CORE.contains(&room);
    for Named { path: named, absolute, line } in paths(&without_tests(&all), &module) {
        let said = named.join("::");
        let mut blame = |why: &str| found.push(format!("line {line}: {said}: {why}"));
        let first = named.first().map_or("", String::as_str);
        if absolute {
            if named.is_empty() || first == "*" {
                blame("the crate's root belongs to no room");
            } else if first != room && !may.contains(&first) {
                blame(&format!("{room} imports {first}"));
            } else if room == first && room == "scenarios" && strangers(&named, &module) {
                blame("scenarios never import each other");
            }
            continue;
        }
        if first == "yew" && room != "ui" {
            blame("only ui names yew");
        }
        let is = |name: &str| named.iter().any(|it| it == name);
        if core && (IMPURE.iter().any(|name| is(name)) || begins(&named, &IMPURE_PATHS)) {
            blame("the core reads no clock, draws no random number and does no I/O");
        }
        if core && ends(&named, &UNORDERED) {
            blame("the core keeps nothing in a random order");
        }
    }
    found
}

/// Two files of one room; its `mod.rs` is a stranger to none.
fn strangers(path: &[String], module: &[String]) -> bool {
    module.len() > 1 && path.get(1) != module.get(1)
}

fn begins(path: &[String], any: &[&[&str]]) -> bool {
    any.iter().any(|it| path.len() >= it.len() && path.iter().zip(*it).all(|(a, b)| a == b))
}

fn ends(path: &[String], any: &[&[&str]]) -> bool {
    any.iter().any(|it| path.len() >= it.len() && path[path.len() - it.len()..] == **it)
}

/// `es/log.rs` is the module `es::log`; `lab/mod.rs` and `es/lib.rs` are `lab` and `es`.
fn module_of(inside: &str) -> Vec<String> {
    let mut parts: Vec<String> =
        inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod" || last == "lib") {
        parts.pop();
    }
    parts
}

/// A word, or one other character, and the line it stands on.
#[derive(Clone, Debug, PartialEq)]
struct Token {
    text: String,
    line: usize,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    }
}

/// A source's tokens, without comments, strings and characters.
fn tokens(source: &str) -> Vec<Token> {
    let text: Vec<char> = source.chars().collect();
    let at = |i: usize| text.get(i).copied().unwrap_or('\0');
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut i, mut line, mut found) = (0, 1, Vec::new());
    while i < text.len() {
        let start = i;
        let c = at(i);
        if c == '/' && at(i + 1) == '/' {
            while i < text.len() && at(i) != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(i), at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 || i >= text.len() {
                    break;
                }
            }
        } else if let Some((quote, hashes)) = raw_string(&at, i) {
            i = quote + 1;
            let closes = |i: usize| at(i) == '"' && (1..=hashes).all(|n| at(i + n) == '#');
            while i < text.len() && !closes(i) {
                i += 1;
            }
            i += 1 + hashes;
        } else if c == '"' {
            i += 1;
            while i < text.len() && at(i) != '"' {
                i += if at(i) == '\\' { 2 } else { 1 };
            }
            i += 1;
        } else if c == '\'' && (at(i + 1) == '\\' || at(i + 2) == '\'') {
            i += if at(i + 1) == '\\' { 3 } else { 2 };
            while i < text.len() && at(i) != '\'' {
                i += 1;
            }
            i += 1;
        } else if word(c) {
            while word(at(i)) {
                i += 1;
            }
            found.push(Token { text: text[start..i].iter().collect(), line });
        } else {
            i += 1;
            if !c.is_whitespace() {
                found.push(Token { text: c.to_string(), line });
            }
        }
        let end = i.min(text.len());
        line += text[start..end].iter().filter(|c| **c == '\n').count();
    }
    found
}

/// Where a raw string starts at `i`: the place of its quote, and how many hashes guard it.
fn raw_string(at: &impl Fn(usize) -> char, i: usize) -> Option<(usize, usize)> {
    let before = i.checked_sub(1).map_or(' ', at);
    if before.is_alphanumeric() || before == '_' {
        return None;
    }
    let r = if matches!(at(i), 'b' | 'c') { i + 1 } else { i };
    let mut quote = r + 1;
    while at(quote) == '#' {
        quote += 1;
    }
    (at(r) == 'r' && at(quote) == '"').then_some((quote, quote - r - 1))
}

fn matches(tokens: &[Token], texts: &[&str]) -> bool {
    tokens.len() >= texts.len() && tokens.iter().zip(texts).all(|(token, text)| token.text == *text)
}

/// The tokens without what is compiled for tests only.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let cfg = matches(&tokens[i..], &["#", "[", "cfg", "("]).then(|| &tokens[i + 4..]);
        let only = |cfg: &[Token]| {
            matches(cfg, &["test", ")"]) || matches(cfg, &["all", "(", "test", ","])
        };
        if cfg.is_some_and(only) {
            i = item_end(tokens, attribute_end(tokens, i));
        } else {
            kept.push(tokens[i].clone());
            i += 1;
        }
    }
    kept
}

/// The place after the attribute at `from`.
fn attribute_end(tokens: &[Token], from: usize) -> usize {
    let closes = tokens.iter().skip(from).position(|token| token.text == "]");
    closes.map_or(tokens.len(), |offset| from + offset + 1)
}

/// The place after the item at `from`: after its braces, or after its semicolon.
fn item_end(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate().skip(from) {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && token.text == "}" {
                    return i + 1;
                }
            }
            ";" if depth == 0 => return i + 1,
            _ => {}
        }
    }
    tokens.len()
}

fn forbidden_attributes(tokens: &[Token]) -> Vec<String> {
    let allows = tokens.windows(3).filter(|it| {
        matches!(it[0].text.as_str(), "[" | "," | "(") && matches(&it[1..], &["allow", "("])
    });
    allows.map(|it| format!("line {}: write #[expect(…)], not #[allow(…)]", it[1].line)).collect()
}

/// Words after which a path may begin with `::`.
const KEYWORDS: [&str; 15] = [
    "use", "as", "break", "dyn", "else", "for", "if", "impl", "in", "let", "match", "mut",
    "return", "where", "while",
];

/// A path that the source names. An absolute one is one of ours, and its first part is its room.
#[derive(Debug)]
struct Named {
    path: Vec<String>,
    absolute: bool,
    line: usize,
}

/// Every path of the tokens, groups taken apart, `crate`, `self` and `super` resolved.
fn paths(tokens: &[Token], module: &[String]) -> Vec<Named> {
    let mut found = Vec::new();
    // The modules written out in this file that are open, with the depth of their braces.
    let mut inline: Vec<(String, usize)> = Vec::new();
    let (mut depth, mut i) = (0_usize, 0);
    while i < tokens.len() {
        let Token { text, line } = &tokens[i];
        match text.as_str() {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                inline.retain(|(_, outside)| *outside < depth);
            }
            "mod" if tokens.get(i + 2).is_some_and(|it| it.text == "{") => {
                inline.push((tokens[i + 1].text.clone(), depth));
                i += 2;
                continue;
            }
            _ if tokens[i].is_word() && !KEYWORDS.contains(&text.as_str()) => {
                let mut written = Vec::new();
                i = tree(tokens, i, &[], &mut written);
                let mut here = module.to_vec();
                here.extend(inline.iter().map(|(name, _)| name.clone()));
                found.extend(written.into_iter().filter_map(|path| resolve(path, &here, *line)));
                continue;
            }
            _ => {}
        }
        i += 1;
    }
    found
}

/// Reads one path, or a whole tree of them in braces; returns the place after it.
fn tree(tokens: &[Token], mut i: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let is = |i: usize, text: &str| tokens.get(i).is_some_and(|it| it.text == text);
    let mut path = prefix.to_vec();
    loop {
        match tokens.get(i) {
            Some(token) if token.text == "{" => {
                i += 1;
                while i < tokens.len() && !is(i, "}") {
                    i = if is(i, ",") { i + 1 } else { tree(tokens, i, &path, found) };
                }
                return i + 1;
            }
            Some(token) if token.is_word() || token.text == "*" => path.push(token.text.clone()),
            // Something else after `::`, such as `<T>`, is read on its own.
            _ if path.len() > prefix.len() => break,
            _ => return i + 1,
        }
        i += 1;
        if !(is(i, ":") && is(i + 1, ":")) {
            break;
        }
        i += 2;
    }
    if is(i, "as") && path.len() == 1 {
        // `use crate as all` imports the root, as `crate::{self as all}` does.
        path.push("self".to_owned());
    }
    if is(i, "as") && !prefix.is_empty() {
        i += 2;
    }
    found.push(path);
    i
}

/// What a path means in the module `here`. None where it names nothing: `pub(crate)`, `self.x`.
fn resolve(path: Vec<String>, here: &[String], line: usize) -> Option<Named> {
    let first = path[0].as_str();
    // A package's root is its room.
    let package = PACKAGES.iter().find(|(room, name)| {
        *name == first || first == "crate" && here.first().is_some_and(|it| it == room)
    });
    let mut absolute = match (first, package) {
        ("crate" | "leftfold" | "super" | "self", _) if path.len() == 1 => return None,
        (_, Some((room, _))) => vec![(*room).to_owned()],
        ("crate" | "leftfold", None) => Vec::new(),
        ("super" | "self", None) => here.to_vec(),
        _ => return Some(Named { path, absolute: false, line }),
    };
    for part in &path {
        match part.as_str() {
            "super" => _ = absolute.pop(),
            "self" | "crate" | "leftfold" => {}
            part if package.is_some_and(|(_, name)| *name == part) => {}
            _ => absolute.push(part.clone()),
        }
    }
    Some(Named { path: absolute, absolute: true, line })
}

/// Asserts what is found in a source, by the parts of the sentences that matter.
#[track_caller]
fn check(path: &str, source: &str, expected: &[&str]) {
    let found = violations(path, source);
    let same = found.len() == expected.len()
        && found.iter().zip(expected).all(|(it, part)| it.contains(part));
    assert!(same, "{path}:\n{source}\nfound {found:#?}, expected {expected:#?}");
}

#[test]
fn every_source_keeps_to_its_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut files = 0;
    let mut folders: Vec<_> =
        ["codec/src", "es/src", "src"].iter().map(|it| root.join(it)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                let source = fs::read_to_string(&path).unwrap();
                found.extend(violations(&name, &source).into_iter().map(|it| (name.clone(), it)));
                files += 1;
            }
        }
    }
    found.sort();
    assert!(files > 20, "only {files} sources were read");
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_room_imports_what_it_may_and_no_more_however_it_is_written() {
    let lab = |source, expected: &[&str]| check("src/lab/world.rs", source, expected);
    lab("use crate::store::LogStore;", &["lab imports store"]);
    lab("use crate::{es::Stream, store::LogStore};", &["lab imports store"]);
    lab("use crate::{\n    es::{Id, Stream},\n    ui,\n};", &["lab imports ui"]);
    lab("fn f(store: &crate::store::MemoryStore) {}", &["lab imports store"]);
    lab("fn f() { let n = crate::ui::start(); }", &["lab imports ui"]);
    lab("use super::super::store;", &["lab imports store"]);
    lab("use super::{Session, super::store::MemoryStore};", &["lab imports store"]);
    lab("mod inner { use super::super::super::store::LogStore; }", &["lab imports store"]);
    lab("use leftfold::ui::App;", &["lab imports ui"]);
    lab("fn f() { if let ::leftfold::ui::App = a {} }", &["lab imports ui"]);
    lab("fn f() { while ::leftfold::ui::go() {} }", &["lab imports ui"]);
    lab("use leftfold_codec::Packed;", &["lab imports codec"]);
    lab("use leftfold_codec as bytes;", &["lab imports codec"]);
    lab("use leftfold_es::Stream;", &[]);
    check("src/lab/mod.rs", "use super::store;", &["lab imports store"]);
    check("src/lab/world/did.rs", "use super::super::super::store;", &["lab imports store"]);
}

#[test]
fn the_whole_crate_cannot_be_imported_to_get_around_the_rooms() {
    check("src/lab/world.rs", "use super::super as all;", &["no room"]);
    check("src/lab/world.rs", "use crate::*;", &["no room"]);
    check("src/lab/world.rs", "use crate::{self as all};", &["no room"]);
    check("src/lab/world.rs", "use crate as all;", &["no room"]);
    check("src/lab/world.rs", "use ::leftfold::{store};", &["lab imports store"]);
    check("src/ui/app.rs", "use leftfold::{self as all};", &["no room"]);
}

#[test]
fn the_core_reads_no_clock_draws_no_random_number_and_does_no_io() {
    for path in
        ["es/src/log.rs", "codec/src/record.rs", "src/scenarios/cart.rs", "src/lab/world.rs"]
    {
        let core = |source, expected: &[&str]| check(path, source, expected);
        let no = "the core reads no clock";
        core("use std::time::Instant;", &[no]);
        core("use std::{fmt, time::SystemTime};", &[no]);
        core("let now = std::time::Instant::now();", &[no]);
        core("let now = js_sys::Date::now();", &[no]);
        core("web_sys::window();", &[no]);
        core("use gloo::storage::LocalStorage;", &[no]);
        core("let id = Uuid::new_v4();", &[no]);
        core("let id = uuid::Uuid::now_v7();", &[no]);
        core("let text = std::fs::read_to_string(path);", &[no]);
        core("use std::{net::TcpStream, thread};", &[no, no]);
        core("let n: u8 = rand::random();", &[no]);
        core("let mut rng = rand::rng();", &[no]);
        core("let mut rng = SmallRng::from_os_rng();", &[no]);
        core("println!(\"{x}\");", &[no]);
        core("let m = HashMap::new();", &["random order"]);
        core("let m: M = std::collections::HashSet::with_capacity(3);", &["random order"]);
        core("let m: HashMap<u8, u8, RandomState>;", &[no]);
        core("let mut rng = SmallRng::seed_from_u64(seed);", &[]);
        core("use std::collections::{BTreeMap, VecDeque};", &[]);
    }
    check("src/ui/app.rs", "let now = js_sys::Date::now();", &[]);
    check("src/store/idb.rs", "let m = HashMap::new();", &[]);
}

#[test]
fn the_page_sees_neither_the_kernel_nor_the_scenarios() {
    let ui = |source, expected: &[&str]| check("src/ui/panels/table.rs", source, expected);
    ui("use crate::es::View;", &["ui imports es"]);
    ui("use leftfold::es::View;", &["ui imports es"]);
    ui("use leftfold_es::View;", &["ui imports es"]);
    ui("let all = crate::scenarios::all();", &["ui imports scenarios"]);
    ui("use super::super::super::es::View;", &["ui imports es"]);
    ui("use crate::{lab::View, es};", &["ui imports es"]);
    ui("use crate::lab::View;\nuse crate::store::LogStore;\nuse crate::ui::App;", &[]);
    ui("use yew::prelude::*;\nuse super::super::App;", &[]);
    ui("use crate::codec::archive::Export;", &[]);
    check("src/main.rs", "leftfold::ui::start();", &[]);
    check("src/main.rs", "leftfold::lab::scenarios();", &["main imports lab"]);
}

#[test]
fn the_other_rooms_keep_to_the_table_as_well() {
    check("src/scenarios/cart.rs", "use crate::lab::World;", &["scenarios imports lab"]);
    check("src/lab/world.rs", "use crate::store::LogStore;", &["lab imports store"]);
    check("src/lab/world.rs", "use crate::{es::Stream, scenarios};", &[]);
    check("src/store/idb.rs", "use crate::lab::World;", &["store imports lab"]);
    check("src/store/idb.rs", "use crate::es::Commit; use super::Kept;", &[]);
    check("codec/src/record.rs", "use leftfold_es::Stream; use crate::Packed;", &[]);
    check("es/src/lib.rs", "pub use log::EventLog; use crate::stream::Stream;", &[]);
    check("src/tools/mod.rs", "fn main() {}", &["is in no room"]);
    check("src/es/log.rs", "fn f() {}", &["is in no room"]);
}

#[test]
fn scenarios_never_import_each_other() {
    let blog = |source, expected: &[&str]| check("src/scenarios/blog.rs", source, expected);
    blog("use super::cart::Cart;", &["never import each other"]);
    blog("use crate::scenarios::cart;", &["never import each other"]);
    blog("use super::all;", &["never import each other"]);
    blog("mod parts { use super::Post; use super::super::cart; }", &["never import each other"]);
    blog("use crate::es::Aggregate; use self::parts::Post;", &[]);
    check("src/scenarios/listing/one.rs", "use super::two::Moderation;", &[]);
    check("src/scenarios/mod.rs", "mod cart; pub fn all() { cart::scenario(); }", &[]);
}

#[test]
fn yew_is_named_by_the_page_alone() {
    check("src/lab/forms.rs", "use yew::Html;", &["only ui names yew"]);
    check("src/store/idb.rs", "fn f() -> yew::Html { yew::html!() }", &["yew", "yew"]);
    check("src/main.rs", "yew::Renderer::<App>::new().render();", &["only ui names yew"]);
}

#[test]
fn lints_are_expected_never_allowed() {
    check("src/lib.rs", "#![allow(missing_docs)]", &["line 1"]);
    check("src/ui/app.rs", "\n#[allow(dead_code)]\nfn f() {}", &["line 2"]);
    check("src/ui/app.rs", "#[cfg_attr(test, allow(dead_code))] fn f() {}", &["line 1"]);
    check("src/ui/app.rs", "#[expect(dead_code, reason = \"…\")] fn f() {}", &[]);
    check("es/src/log.rs", "#[cfg(test)] mod tests { #[allow(dead_code)] fn f() {} }", &["line 1"]);
}

#[test]
fn comments_strings_and_tests_may_name_anything() {
    let lab = |source, expected: &[&str]| check("src/lab/world.rs", source, expected);
    lab(
        "//! See `crate::store::LogStore`.\n// use crate::store;\n/* crate::store /* nested */ yew */",
        &[],
    );
    lab("let text = \"crate::store::LogStore \\\" Instant\"; let q = '\"'; let l = 'a';", &[]);
    lab("let text = r#\"use crate::store; \" yew::html\"#;", &[]);
    lab("fn f<'a>(x: &'a str) -> &'a str { x } use crate::store;", &["lab imports store"]);
    lab("let c = '\\''; use crate::store;", &["lab imports store"]);
    lab("#[cfg(test)]\nmod tests {\n  use crate::store::LogStore;\n  fn f() { {} }\n}", &[]);
    lab("#[cfg(test)] mod tests { fn f() {} }\nuse crate::store;", &["line 2"]);
    lab("#[cfg(test)] use crate::ui; use crate::store;", &["lab imports store"]);
    lab("#[cfg(all(test, unix))] mod tests { use crate::store; } use yew::A;", &["yew"]);
    lab("#[cfg(test)] #[cfg(unix)] mod tests { use crate::store; } use yew::A;", &["yew"]);
    lab("#[cfg(any(test, unix))] use crate::store;", &["lab imports store"]);
    lab("#[cfg(not(test))] use crate::store;", &["lab imports store"]);
    lab("pub(crate) fn f() {} pub(super) fn g(&self) { self.store(); }", &[]);
}
