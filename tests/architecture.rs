//! The laws of the rooms that Cargo cannot check. Cargo knows which room imports which. These laws
//! hold inside a room:
//!
//! - The core reads no clock, draws no unseeded random number, does no I/O, and keeps nothing in a
//!   random order.
//! - Scenarios never import each other. What several have in common is in `shared`.
//! - Modules are declared in reading order: a module names only siblings that its parent declares
//!   above it. Between a module and those inside it there is no circle either.
//!
//! The check is a pure function over a room's files, so that planted violations can show that it
//! fails. A path is resolved to the module that defines what it names, however it is written. Code
//! that is compiled for tests only does not count. The page, `src/`, is a room as well.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, Macro, PathArguments, UseTree, Visibility};

/// The rooms that are pure: no clock, no unseeded randomness, no I/O.
const CORE: [&str; 7] = ["es", "foreign", "codec", "scenarios", "lab", "host", "lessons"];

/// Names that the core must not use, wherever they stand in a path.
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

/// Paths that the core must not use, from their start.
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

/// The standard library's types that iterate in a random order unless their last argument is a
/// hasher, and the number of their arguments with it.
const UNORDERED: [(&str, usize); 2] = [("HashMap", 3), ("HashSet", 2)];

/// Functions that make such a type without a hasher.
const UNSEEDED: [&str; 3] = ["new", "with_capacity", "from"];

/// A room's sources, by their paths inside `src/`.
type Files = BTreeMap<String, String>;

/// A path that a source names.
#[derive(Debug)]
struct Named {
    path: Vec<String>,
    line: usize,
    /// True for a path that is only re-exported.
    handed_on: bool,
    /// True for a name that stands alone, which may be a variable.
    alone: bool,
    /// True for a hash map or set without a hasher of its own.
    unordered: bool,
}

/// A module: its declarations in order, its imports, and all paths that it names.
#[derive(Default)]
struct Module {
    path: Vec<String>,
    file: String,
    children: Vec<String>,
    imports: BTreeMap<String, Vec<String>>,
    named: Vec<Named>,
}

/// Reads a room's modules from its root on, each after the module that declares it.
struct Reader<'a> {
    files: &'a Files,
    modules: Vec<Module>,
    /// The module that is being read.
    here: usize,
}

impl Reader<'_> {
    fn file(&mut self, path: &str) {
        let source = self.files.get(path).unwrap_or_else(|| panic!("there is no {path}"));
        let file = syn::parse_file(source).unwrap_or_else(|error| panic!("{path}: {error}"));
        path.clone_into(&mut self.modules[self.here].file);
        self.visit_file(&file);
    }

    fn name(&mut self, path: Vec<String>, line: usize) -> &mut Named {
        let alone = path.len() == 1;
        let named = &mut self.modules[self.here].named;
        named.push(Named { path, line, handed_on: false, alone, unordered: false });
        named.last_mut().unwrap()
    }

    /// Reads a tree of imports, each with the name that it has here.
    fn imports(&mut self, tree: &UseTree, mut path: Vec<String>, handed_on: bool) {
        let (name, span) = match tree {
            UseTree::Path(it) => {
                path.push(it.ident.to_string());
                return self.imports(&it.tree, path, handed_on);
            }
            UseTree::Group(it) => {
                return it.items.iter().for_each(|it| self.imports(it, path.clone(), handed_on));
            }
            UseTree::Name(it) => {
                path.extend(Some(it.ident.to_string()).filter(|it| it != "self"));
                (path.last().cloned(), it.ident.span())
            }
            UseTree::Rename(it) => {
                path.extend(Some(it.ident.to_string()).filter(|it| it != "self"));
                (Some(it.rename.to_string()), it.rename.span())
            }
            UseTree::Glob(it) => (None, it.star_token.spans[0]),
        };
        let named = self.name(path.clone(), span.start().line);
        (named.handed_on, named.alone) = (handed_on, false);
        self.modules[self.here].imports.extend(name.map(|name| (name, path)));
    }

    /// Reads the paths among a macro's tokens.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let (mut path, mut line, mut after) = (Vec::new(), 0, String::new());
        while let Some(token) = tokens.next() {
            match &token {
                TokenTree::Ident(it) if after != "." => {
                    line = it.span().start().line;
                    path.push(it.to_string());
                }
                TokenTree::Group(it) => self.tokens(it.stream()),
                _ => {}
            }
            after = if after == ":" && token.to_string() == ":" {
                "::".into()
            } else {
                token.to_string()
            };
            let goes_on = after == "::" || tokens.peek().is_some_and(|it| it.to_string() == ":");
            if !goes_on && !path.is_empty() {
                self.name(std::mem::take(&mut path), line);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, it: &'ast ItemMod) {
        if it.attrs.iter().any(is_for_tests) {
            return;
        }
        let outside = self.here;
        let (name, parent) = (it.ident.to_string(), &mut self.modules[outside]);
        let file = parent.file.clone();
        parent.children.push(name.clone());
        let path = [&parent.path[..], &[name]].concat();
        self.here = self.modules.len();
        self.modules.push(Module { path: path.clone(), file, ..Module::default() });
        match &it.content {
            Some((_, items)) => items.iter().for_each(|it| self.visit_item(it)),
            None => self.file(&format!("{}.rs", path.join("/"))),
        }
        self.here = outside;
    }

    fn visit_item_use(&mut self, it: &'ast ItemUse) {
        let handed_on = !matches!(it.vis, Visibility::Inherited);
        self.imports(&it.tree, Vec::new(), handed_on);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter();
        let line = path.segments[0].ident.span().start().line;
        let unordered = segments.clone().any(|it| {
            let PathArguments::AngleBracketed(given) = &it.arguments else { return false };
            UNORDERED.iter().any(|(name, all)| it.ident == name && given.args.len() < *all)
        });
        self.name(segments.map(|it| it.ident.to_string()).collect(), line).unordered = unordered;
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        self.visit_path(&it.path);
        self.tokens(it.tokens.clone());
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

/// `#[cfg(test)]`, and `#[cfg(all(test, …))]`.
fn is_for_tests(attribute: &Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else { return false };
    let text = list.tokens.to_string().replace(' ', "");
    list.path.is_ident("cfg") && (text == "test" || text.starts_with("all(test,"))
}

/// A room: its modules, its root first.
struct Room<'a> {
    name: &'a str,
    modules: Vec<Module>,
}

impl<'a> Room<'a> {
    fn read(name: &'a str, files: &Files) -> Self {
        let mut reader = Reader { files, modules: vec![Module::default()], here: 0 };
        reader.file("lib.rs");
        Self { name, modules: reader.modules }
    }

    fn find(&self, path: &[String]) -> Option<usize> {
        self.modules.iter().position(|it| it.path == path)
    }

    /// Resolves a path in a module, from the room's root or from another crate's. Re-exported names
    /// are followed to their definition.
    fn resolve(&self, here: usize, path: &[String], alone: bool) -> Meaning {
        let module = &self.modules[here];
        let mut from = module.path.clone();
        let mut rest = path;
        match path[0].as_str() {
            "crate" => (from, rest) = (Vec::new(), &path[1..]),
            "self" | "super" => {
                while let [first, more @ ..] = rest
                    && (first == "self" || first == "super")
                {
                    if first == "super" {
                        from.pop();
                    }
                    rest = more;
                }
            }
            first if !alone && module.children.iter().any(|it| it == first) => {}
            first => {
                return match module.imports.get(first).filter(|it| it[0] != first) {
                    Some(import) => self.resolve(here, &[import, &path[1..]].concat(), false),
                    None => Meaning::Elsewhere(path.to_vec()),
                };
            }
        }
        let Some(mut at) = self.find(&from) else { return Meaning::Elsewhere(path.to_vec()) };
        for (place, part) in rest.iter().enumerate() {
            let module = &self.modules[at];
            let inside = [&module.path[..], std::slice::from_ref(part)].concat();
            match (self.find(&inside), module.imports.get(part)) {
                (Some(child), _) => at = child,
                (None, Some(import)) => {
                    return self.resolve(at, &[import, &rest[place + 1..]].concat(), false);
                }
                (None, None) => break,
            }
        }
        Meaning::Here(at)
    }

    /// The violations in the room, a sentence each. Of each kind, only the first in a file is
    /// named.
    fn violations(&self) -> Vec<String> {
        let mut found = BTreeMap::new();
        // Module → the modules that it needs.
        let mut needs = vec![BTreeSet::new(); self.modules.len()];
        for (here, module) in self.modules.iter().enumerate() {
            for named in &module.named {
                let mut blame = |why: String| {
                    let place = || (named.line, named.path.join("::"));
                    found.entry((module.file.clone(), why)).or_insert_with(place);
                };
                match self.resolve(here, &named.path, named.alone) {
                    Meaning::Elsewhere(path) => {
                        self.impurity(&path, named.unordered).map(str::to_owned).map(&mut blame);
                    }
                    Meaning::Here(there) if there == here || named.handed_on => {}
                    Meaning::Here(there) => {
                        needs[here].insert(there);
                        let (own, other) = (&module.path[..], &self.modules[there].path[..]);
                        if self.name == "scenarios" && strangers(own, other) {
                            blame("scenarios never import each other".to_owned());
                        }
                        self.disorder(own, other).map(blame);
                    }
                }
            }
        }
        let said =
            |((file, why), (line, path))| format!("{}/{file}:{line}: {path}: {why}", self.name);
        found.into_iter().map(said).chain(self.circle(&needs)).collect()
    }

    fn impurity(&self, path: &[String], unordered: bool) -> Option<&'static str> {
        if !CORE.contains(&self.name) {
            return None;
        }
        let begins =
            |it: &&&[&str]| path.len() >= it.len() && path.iter().zip(**it).all(|(a, b)| a == b);
        if path.iter().any(|it| IMPURE.contains(&it.as_str()))
            || IMPURE_PATHS.iter().any(|it| begins(&it))
        {
            return Some("the core reads no clock, draws no random number and does no I/O");
        }
        let is_made = path.windows(2).any(|it| {
            UNORDERED.iter().any(|(name, _)| it[0] == *name) && UNSEEDED.contains(&it[1].as_str())
        });
        (unordered || is_made).then_some("the core keeps nothing in a random order")
    }

    /// A module may name siblings that are declared above it, and what is inside those.
    fn disorder(&self, here: &[String], there: &[String]) -> Option<String> {
        let shared = here.iter().zip(there).take_while(|(a, b)| a == b).count();
        let (own, other) = (here.get(shared)?, there.get(shared)?);
        let parent = &self.modules[self.find(&here[..shared])?];
        let place = |name| parent.children.iter().position(|it| it == name);
        (place(other) > place(own)).then(|| format!("{other} is declared below {own}"))
    }

    /// The modules that need themselves, by way of others.
    fn circle(&self, needs: &[BTreeSet<usize>]) -> Option<String> {
        let mut left: BTreeSet<usize> = (0..needs.len()).collect();
        let ends = |it: usize, left: &BTreeSet<usize>| {
            needs[it].is_disjoint(left) || left.iter().all(|other| !needs[*other].contains(&it))
        };
        while let Some(free) = left.iter().copied().find(|it| ends(*it, &left)) {
            left.remove(&free);
        }
        let name = |it: usize| match &self.modules[it].path[..] {
            [] => "the root".to_owned(),
            path => path.join("::"),
        };
        let names: Vec<String> = left.into_iter().map(name).collect();
        (!names.is_empty()).then(|| format!("{}: a circle of {}", self.name, names.join(", ")))
    }
}

/// True where one domain must not name the other module. The registry may name all of them, and all
/// may name `shared`.
fn strangers(here: &[String], there: &[String]) -> bool {
    let is_shared = there.first().is_some_and(|it| it == "shared");
    !is_shared && here.first().is_some_and(|own| there.first() != Some(own))
}

/// The place of a definition.
enum Meaning {
    /// In this module of the room.
    Here(usize),
    /// Outside of the room. This is its whole path.
    Elsewhere(Vec<String>),
}

/// Asserts which violations are found in a room, by parts of their sentences.
#[track_caller]
fn check(room: &str, files: &[(&str, &str)], expected: &[&str]) {
    let sources = files.iter().map(|(path, source)| ((*path).to_owned(), (*source).to_owned()));
    let found = Room::read(room, &sources.collect()).violations();
    let same = found.len() == expected.len()
        && found.iter().zip(expected).all(|(it, part)| it.contains(part));
    assert!(same, "{room}:\n{files:#?}\nfound {found:#?}, expected {expected:#?}");
}

/// The sources below a folder.
fn sources(folder: &Path, inside: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{inside}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            sources(&path, &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_room_keeps_to_the_laws() {
    let rooms = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    let (mut found, mut names, mut modules) = (Vec::new(), Vec::new(), 0);
    let crates = fs::read_dir(rooms).unwrap().map(|room| {
        let room = room.unwrap();
        (room.file_name().into_string().unwrap(), room.path().join("src"))
    });
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (name, folder) in crates.chain([("page".to_owned(), page)]) {
        let mut files = Files::new();
        sources(&folder, "", &mut files);
        let room = Room::read(&name, &files);
        modules += room.modules.len();
        found.extend(room.violations());
        names.push(name);
    }
    assert!(CORE.iter().all(|it| names.iter().any(|name| name == it)), "{names:?}");
    assert!(modules > 60, "only {modules} modules were read");
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_core_reads_no_clock_draws_no_random_number_and_does_no_io() {
    for room in CORE {
        let core = |source: &str, expected: &[&str]| check(room, &[("lib.rs", source)], expected);
        let no = "the core reads no clock";
        core("use std::time::Instant;", &[no]);
        core("use std::{fmt, time::SystemTime};", &[no]);
        core("fn f() { let now = std::time::Instant::now(); }", &[no]);
        core("fn f() { let now = js_sys::Date::now(); }", &[no]);
        core("fn f() { web_sys::window(); }", &[no]);
        core("use gloo::storage::LocalStorage;", &[no]);
        core("fn f() { let id = Uuid::new_v4(); }", &[no]);
        core("fn f() { let id = uuid::Uuid::now_v7(); }", &[no]);
        core("fn f() { let text = std::fs::read_to_string(path); }", &[no]);
        core("use std::{net::TcpStream};", &[no]);
        core("use std::{thread};", &[no]);
        core("fn f() { let n: u8 = rand::random(); }", &[no]);
        core("fn f() { let mut rng = rand::rng(); }", &[no]);
        core("fn f() { let mut rng = SmallRng::from_os_rng(); }", &[no]);
        core("fn f() { println!(\"{x}\"); }", &[no]);
        core("fn f() { let all = vec![(1, [std::time::Instant::now()])]; }", &[no]);
        core("use std as all; fn f() { all::fs::read(path); }", &[no]);
        core("fn f() { let mut rng = SmallRng::seed_from_u64(seed); }", &[]);
        core("use std::collections::{BTreeMap, VecDeque};", &[]);
    }
    check("store", &[("lib.rs", "fn f() { let now = js_sys::Date::now(); }")], &[]);
}

#[test]
fn the_core_keeps_nothing_in_a_random_order() {
    let core = |source: &str, expected: &[&str]| check("lab", &[("lib.rs", source)], expected);
    let random = "random order";
    core("fn f() { let m = HashMap::new(); }", &[random]);
    core("fn f() { let m: M = std::collections::HashSet::with_capacity(3); }", &[random]);
    core("use std::collections::HashMap as M; fn f() { M::from([(1, 2)]); }", &[random]);
    core("struct A { all: HashMap<u8, u8> }", &[random]);
    core("fn f() { names.collect::<HashSet<_>>(); }", &[random]);
    core("struct A(HashMap<u8, u8, RandomState>);", &["the core reads no clock"]);
    core("type Ids = HashSet<Uuid, BuildHasherDefault<IdHasher>>;", &[]);
    core("type Names<K, V> = HashMap<K, V, BuildHasherDefault<NameHasher>>;", &[]);
    check("store", &[("lib.rs", "fn f() { let m = HashMap::new(); }")], &[]);
}

#[test]
fn scenarios_never_import_each_other() {
    let registry =
        "mod shared; mod cart; mod blog; pub fn all() { cart::scenario(); blog::scenario(); }";
    let blog = |source: &str, expected: &[&str]| {
        let cart = "pub struct Cart; pub fn scenario() {}";
        let part = "pub struct Part;";
        let parts = ("blog/parts.rs", part);
        check(
            "scenarios",
            &[
                ("lib.rs", registry),
                ("shared.rs", "pub struct Rule;"),
                ("cart.rs", cart),
                ("blog.rs", source),
                parts,
            ],
            expected,
        );
    };
    let never = "never import each other";
    blog("use super::cart::Cart;", &[never]);
    blog("use crate::cart;", &[never]);
    blog("use super::all;", &[never, "a circle of the root, blog"]);
    blog("mod inner { use super::super::cart; }", &[never]);
    blog("fn f() -> crate::cart::Cart { crate::cart::Cart }", &[never]);
    blog("fn f() { assert_eq!(crate::cart::Cart, cart); }", &[never]);
    blog("mod parts; use es::Aggregate; use self::parts::Part;", &[]);
    blog("use crate::shared::Rule;", &[]);
    let registry = "mod cart; mod shared;";
    let shared = "use super::cart::Cart;";
    let files = [("lib.rs", registry), ("cart.rs", "pub struct Cart;"), ("shared.rs", shared)];
    check("scenarios", &files, &[never]);
}

#[test]
fn a_module_names_only_what_is_declared_above_it_however_it_is_written() {
    let log = |source: &str, expected: &[&str]| {
        let root = "mod stream; mod log; mod scenario; pub use scenario::{Scenario, Step as Told};";
        let files = [
            ("lib.rs", root),
            ("stream.rs", "pub struct Stream;"),
            ("log.rs", source),
            ("scenario.rs", "pub mod story; pub use self::story::Step; pub struct Scenario;"),
            ("scenario/story.rs", "pub struct Step;"),
        ];
        check("es", &files, expected);
    };
    let below = "scenario is declared below log";
    log("use super::scenario::Scenario;", &[below]);
    log("use super::Scenario;", &[below]);
    log("use super::{stream::Stream, Scenario};", &[below]);
    log("use crate::Told;", &[below]);
    log("use crate::scenario as other;", &[below]);
    log("use crate::scenario::*;", &[below]);
    log("fn f(it: &super::Scenario) {}", &[below]);
    log("fn f() { vec![1, super::Scenario::new()]; }", &[below]);
    log("fn f() { assert!(matches!(it, Some(crate::scenario::story::Step))); }", &[below]);
    log("mod inner { use super::super::Scenario; }", &[below]);
    log("use super::stream::Stream; fn scenario() -> Stream { Stream }", &[]);
    log("fn f(scenario: u8) -> u8 { let story = scenario; story }", &[]);
    log("pub(crate) fn f() {} pub(super) fn g(&self) { self.scenario(); }", &[]);
    log("mod above { pub struct A; } mod below { use super::above::A; }", &[]);
    log("mod above { use super::below::B; } mod below { pub struct B; }", &["below above"]);
    check(
        "store",
        &[("lib.rs", "mod a; pub use a::A; pub struct B;"), ("a.rs", "use super::B;")],
        &[],
    );
}

#[test]
fn no_module_needs_itself_by_way_of_those_inside_it() {
    let world = |source: &str, expected: &[&str]| {
        let handle = "pub struct Handling; impl super::World { fn step() {} }";
        let files = [("lib.rs", "mod world;"), ("world.rs", source), ("world/handle.rs", handle)];
        check("lab", &files, expected);
    };
    let circle = "lab: a circle of world, world::handle";
    world("mod handle; use self::handle::Handling; pub struct World(Handling);", &[circle]);
    world("mod handle; pub struct World(handle::Handling);", &[circle]);
    world("mod handle; pub use handle::Handling; pub struct World(Handling);", &[circle]);
    world("mod handle; pub use handle::Handling; pub struct World;", &[]);
    world("mod handle; pub struct World;", &[]);
}

#[test]
fn comments_strings_and_tests_may_name_anything() {
    let lab = |source: &str, expected: &[&str]| check("lab", &[("lib.rs", source)], expected);
    let no = "the core reads no clock";
    lab("//! See `std::time::Instant`.\n// use std::fs;\n/* std::fs /* nested */ */", &[]);
    lab("const TEXT: &str = \"std::time::Instant \\\" Instant\"; const Q: char = '\"';", &[]);
    lab("const TEXT: &str = r#\"use std::fs; \" println!()\"#;", &[]);
    lab("/// Not [`std::time::Instant`].\n#[doc = \"Instant\"] fn f() {}", &[]);
    lab("#[cfg(test)]\nmod tests {\n  use std::time::Instant;\n  fn f() { {} }\n}", &[]);
    lab("#[cfg(test)] mod tests; use std::fs;", &["1: std::fs: the core"]);
    lab("#[cfg(test)] mod tests { fn f() {} }\nuse std::fs;", &["lib.rs:2"]);
    lab("#[cfg(all(test, unix))] mod tests { use std::fs; } use std::net;", &["std::net"]);
    lab("#[cfg(test)] #[cfg(unix)] mod tests { use std::fs; } use std::net;", &["std::net"]);
    lab("#[cfg(any(test, unix))] mod both { use std::fs; }", &[no]);
    lab("#[cfg(not(test))] mod real { use std::fs; }", &[no]);
}
