//! The code that did it: for each scenario, the source of its aggregates, read models and
//! processes, as it stands in the scenario's file, with the arms that handle each command and each
//! event. The page shows it; Trunk has it written at each build of the page.
//!
//! An [`Excerpt`] holds what a type declares, its `impl` blocks, and what these name in the same
//! file. What has an excerpt of its own, and the types of commands, events and rejections, are left
//! out. An aggregate's list of states, which the kernel keeps, is shown as what lists them, the
//! kernel's `apply`, and the aggregate's `evolve`.

mod arms;
mod highlight;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;
use std::rc::Rc;

use serde_json::{Value, json};
use syn::visit::{self, Visit};
use syn::{GenericArgument, ImplItem, Item, ItemImpl, PathArguments, Type};

use self::arms::{Lines, Variants, lines_of};
use self::highlight::Class;

/// The functions that handle commands and events.
const HANDLERS: [&str; 5] = ["decide", "decide_as", "evolve", "apply", "react"];

/// Where the kernel keeps the states of an aggregate's instances.
const STATES: &str = "crates/es/src/states.rs";

/// The source of an aggregate, a read model or a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// Where most of it stands, as a path in the repository.
    pub file: String,
    /// All pieces, with an empty line between two of them. Other lines are counted in this text,
    /// from 1.
    pub source: String,
    /// The pieces, in order.
    pub pieces: Vec<Piece>,
    /// The functions that handle something.
    pub functions: Vec<Function>,
    /// The arms that handle something, in order.
    pub arms: Vec<Arm>,
}

/// Lines that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The file.
    pub file: String,
    /// The first line's number in the file.
    pub line: usize,
    /// The lines.
    pub text: String,
}

/// A function that handles commands or events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its first line.
    pub from: usize,
    /// Its last line.
    pub to: usize,
}

/// What handles a command or an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// The command's or the event's type.
    pub variant: String,
    /// The function's name.
    pub function: String,
    /// Its first line.
    pub from: usize,
    /// Its last line.
    pub to: usize,
}

impl Excerpt {
    /// As the page reads it. Each line is a list of classes and texts by turns.
    pub fn to_json(&self) -> Value {
        let flat = |line: Vec<(&'static str, String)>| {
            line.into_iter().flat_map(|(class, text)| [class.to_owned(), text]).collect::<Value>()
        };
        let pieces = self.pieces.iter().map(|it| {
            let lines: Value = highlight::lines(&it.text).into_iter().map(flat).collect();
            json!({ "file": it.file, "line": it.line, "lines": lines })
        });
        let functions = self
            .functions
            .iter()
            .map(|Function { name, from, to }| json!({ "name": name, "from": from, "to": to }));
        let arms = self.arms.iter().map(|Arm { variant, function, from, to }| {
            json!({ "variant": variant, "function": function, "from": from, "to": to })
        });
        json!({
            "file": self.file,
            "language": "rust",
            "source": self.source,
            "functions": functions.collect::<Value>(),
            "arms": arms.collect::<Value>(),
            "pieces": pieces.collect::<Value>(),
        })
    }
}

/// The excerpts of all scenarios in the repository at `root`: by the scenario's id, then by the
/// aggregate's name or the title of a read model or process.
///
/// # Errors
/// A file cannot be read, it is no Rust, or something that a scenario names is not found.
pub fn all(root: &Path) -> io::Result<BTreeMap<String, BTreeMap<String, Excerpt>>> {
    let folder = "crates/scenarios/src";
    let states = Rc::new(Source::read(root, STATES)?);
    let shared = sources(root, &format!("{folder}/shared"))?;
    let mut all = BTreeMap::new();
    for source in sources(root, folder)? {
        let Some(offer) = Offer::of(&source) else { continue };
        let inside = source.path.trim_end_matches(".rs").to_owned();
        let mut files = vec![source];
        if root.join(&inside).is_dir() {
            files.extend(sources(root, &inside)?);
        }
        files.extend(shared.iter().cloned());
        files.push(states.clone());
        let scenario = Domain::new(files);
        let excerpts = scenario.excerpts(&offer)?;
        // Any events are folded by the kernel's own traits, erased: no arm names their types.
        if !excerpts.is_empty() {
            all.insert(offer.id.clone(), excerpts);
        }
    }
    Ok(all)
}

/// A file of Rust, without what is compiled for tests only.
struct Source {
    path: String,
    lines: Vec<String>,
    items: Vec<Item>,
}

impl Source {
    fn read(root: &Path, path: &str) -> io::Result<Self> {
        let text = fs::read_to_string(root.join(path))
            .map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))?;
        let file = syn::parse_file(&text).map_err(|error| amiss(format!("{path}: {error}")))?;
        Ok(Self {
            path: path.to_owned(),
            lines: text.lines().map(str::to_owned).collect(),
            items: file.items,
        })
    }

    fn text(&self, (from, to): Lines) -> String {
        self.lines[from - 1..to].join("\n")
    }
}

/// The files of Rust in a folder, by name.
fn sources(root: &Path, folder: &str) -> io::Result<Vec<Rc<Source>>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join(folder))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if Path::new(&name).extension().is_some_and(|it| it == "rs") {
            names.push(name);
        }
    }
    names.sort();
    let read = |name| Source::read(root, &format!("{folder}/{name}")).map(Rc::new);
    names.iter().map(read).collect()
}

fn amiss(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// What a scenario is made of, as its `scenario()` says.
#[derive(Default)]
struct Offer {
    id: String,
    /// What it is added by (`aggregate`, `projection`, `process`), and the type, without what it
    /// is generic over; for `States<Cart>` the type is `Cart` and it is listed.
    types: Vec<Offered>,
}

#[derive(Clone, PartialEq, Eq)]
struct Offered {
    method: String,
    name: String,
    listed: bool,
}

impl Offer {
    fn of(source: &Source) -> Option<Self> {
        let mut offer = Self::default();
        for item in &source.items {
            if let Item::Fn(it) = item
                && it.sig.ident == "scenario"
            {
                offer.visit_item_fn(it);
            }
        }
        (!offer.id.is_empty()).then_some(offer)
    }
}

impl<'ast> Visit<'ast> for Offer {
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(it) = &*call.func
            && it.path.segments.iter().map(|it| it.ident.to_string()).eq(["Scenario", "new"])
            && let Some(syn::Expr::Lit(id)) = call.args.first()
            && let syn::Lit::Str(id) = &id.lit
        {
            self.id = id.value();
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        // What was called before stands inside.
        visit::visit_expr_method_call(self, call);
        let method = call.method.to_string();
        if matches!(&*method, "aggregate" | "projection" | "process")
            && let Some(GenericArgument::Type(of)) =
                call.turbofish.as_ref().and_then(|it| it.args.first())
            && let Some((name, inner)) = names(of)
        {
            let listed = name == "States";
            let name = inner.filter(|_| listed).unwrap_or(name);
            let offered = Offered { method, name, listed };
            // Two versions of its code have one source.
            if !self.types.contains(&offered) {
                self.types.push(offered);
            }
        }
    }
}

/// A type's name, and that of what it is generic over.
fn names(of: &Type) -> Option<(String, Option<String>)> {
    let Type::Path(it) = of else { return None };
    let last = it.path.segments.last()?;
    let inner = match &last.arguments {
        PathArguments::AngleBracketed(it) => it.args.iter().find_map(|it| match it {
            GenericArgument::Type(of) => names(of).map(|it| it.0),
            _ => None,
        }),
        _ => None,
    };
    Some((last.ident.to_string(), inner))
}

fn name_of(of: &Type) -> Option<String> {
    names(of).map(|it| it.0)
}

/// The trait of an `impl`; empty where it has none.
fn trait_of(it: &ItemImpl) -> String {
    let path = it.trait_.as_ref().and_then(|(path, _)| path.segments.last());
    path.map(|it| it.ident.to_string()).unwrap_or_default()
}

/// The text of a constant.
fn constant(it: &ItemImpl, name: &str) -> Option<String> {
    it.items.iter().find_map(|item| match item {
        ImplItem::Const(it) if it.ident == name => match &it.expr {
            syn::Expr::Lit(it) => match &it.lit {
                syn::Lit::Str(it) => Some(it.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}

/// The name of an associated type.
fn associated(it: &ItemImpl, name: &str) -> Option<String> {
    it.items.iter().find_map(|item| match item {
        ImplItem::Type(it) if it.ident == name => name_of(&it.ty),
        _ => None,
    })
}

/// The name of an item that others may name.
fn named(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Struct(it) => &it.ident,
        Item::Enum(it) => &it.ident,
        Item::Type(it) => &it.ident,
        Item::Const(it) => &it.ident,
        Item::Fn(it) => &it.sig.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

/// The place of an item: the file's index, and its lines.
type Place = (usize, Lines);

/// Places in the order in which they are shown: those of one group as they stand in their files.
type Grouped = Vec<(usize, Place)>;

/// A scenario's files, those of what scenarios share, and the kernel's list of states.
struct Domain {
    files: Vec<Rc<Source>>,
    /// What stands in an excerpt only where it is its subject.
    apart: BTreeSet<String>,
}

impl Domain {
    fn new(files: Vec<Rc<Source>>) -> Self {
        let mut domain = Self { files, apart: BTreeSet::new() };
        let mut apart = BTreeSet::new();
        for (_, it) in domain.impls() {
            match &*trait_of(it) {
                "Aggregate" => apart.extend(
                    ["Command", "Event", "Rejection"]
                        .iter()
                        .filter_map(|name| associated(it, name)),
                ),
                "Projection" => {}
                _ => continue,
            }
            apart.extend(name_of(&it.self_ty));
        }
        domain.apart = apart;
        domain
    }

    fn impls(&self) -> impl Iterator<Item = (usize, &ItemImpl)> {
        self.files.iter().enumerate().flat_map(|(file, source)| {
            source.items.iter().filter_map(move |item| match item {
                Item::Impl(it) => Some((file, it)),
                _ => None,
            })
        })
    }

    /// The `impl` of a trait for a type.
    fn find(&self, of: &str, name: &str) -> io::Result<(usize, &ItemImpl)> {
        let mut all = self.impls();
        all.find(|(_, it)| trait_of(it) == of && name_of(&it.self_ty).is_some_and(|it| it == name))
            .ok_or_else(|| amiss(format!("{}: no impl {of} for {name}", self.files[0].path)))
    }

    fn excerpts(&self, offer: &Offer) -> io::Result<BTreeMap<String, Excerpt>> {
        let mut events = Variants::new();
        for it in offer.types.iter().filter(|it| it.method == "aggregate") {
            events.extend(self.variants(&it.name, "Event")?);
        }
        let mut all = BTreeMap::new();
        for Offered { method, name, listed } in &offer.types {
            let (title, excerpt) = match &**method {
                _ if *listed => self.list(name)?,
                "aggregate" => self.aggregate(name)?,
                _ => self.projection(name, &events)?,
            };
            all.insert(title, excerpt);
        }
        Ok(all)
    }

    /// The variants of an aggregate's events or commands.
    fn variants(&self, aggregate: &str, kind: &str) -> io::Result<Variants> {
        let (file, it) = self.find("Aggregate", aggregate)?;
        let missing = || amiss(format!("{}: {aggregate} has no {kind}", self.files[file].path));
        let name = associated(it, kind).ok_or_else(missing)?;
        // The aggregate's own file comes first: another's events may be called the same.
        let files = self.files[file..].iter().chain(&self.files);
        let mut items = files.flat_map(|it| &it.items);
        let found = items.find_map(|item| match item {
            Item::Enum(it) if it.ident == name => Some(it),
            _ => None,
        });
        let variants = found.ok_or_else(missing)?.variants.iter();
        Ok(variants.map(|it| (name.clone(), it.ident.to_string())).collect())
    }

    fn aggregate(&self, name: &str) -> io::Result<(String, Excerpt)> {
        let (file, it) = self.find("Aggregate", name)?;
        let (commands, events) = (self.variants(name, "Command")?, self.variants(name, "Event")?);
        let places = self.places(name, file, &["Aggregate"]);
        let handlers =
            handlers(
                file,
                it,
                |function| {
                    if function.starts_with("decide") { &commands } else { &events }
                },
            );
        self.excerpt(file, it, "NAME", &places, &handlers)
    }

    fn projection(&self, name: &str, events: &Variants) -> io::Result<(String, Excerpt)> {
        let (file, it) = self.find("Projection", name)?;
        let places = self.places(name, file, &["Projection", "ProcessManager"]);
        let mut found = handlers(file, it, |_| events);
        if let Ok((file, it)) = self.find("ProcessManager", name) {
            found.extend(handlers(file, it, |_| events));
        }
        self.excerpt(file, it, "NAME", &places, &found)
    }

    /// The list of an aggregate's states: what lists them, and what the kernel keeps them by.
    fn list(&self, name: &str) -> io::Result<(String, Excerpt)> {
        let (file, it) = self.find("Listed", name)?;
        let (home, aggregate) = self.find("Aggregate", name)?;
        let (kernel, states) = self.find("", "States")?;
        let events = self.variants(name, "Event")?;
        let mut found = handlers(kernel, states, |_| &events);
        found.extend(handlers(home, aggregate, |_| &events));
        found.retain(|it| matches!(&*it.name, "apply" | "evolve"));
        // What shows the states, what keeps them, and what makes them.
        let mut places = vec![(0, (file, lines_of(it)))];
        places.extend(found.iter().enumerate().map(|(index, it)| (index + 1, it.place)));
        self.excerpt(file, it, "TITLE", &places, &found)
    }

    /// Where a type is declared and implemented, and what that names in the same file.
    fn places(&self, name: &str, home: usize, traits: &[&str]) -> Grouped {
        let declares = |file: &usize| {
            let mut items = self.files[*file].items.iter();
            items.any(|it| matches!(it, Item::Struct(_)) && named(it).is_some_and(|it| it == name))
        };
        // Its own file comes first: another scenario's type may be called the same.
        let home_of_type = [home].into_iter().chain(0..self.files.len()).find(declares);
        let mut seen = BTreeSet::new();
        let mut all = Grouped::new();
        let mut waiting: Vec<(usize, String)> = [Some(home), home_of_type]
            .into_iter()
            .flatten()
            .map(|it| (it, name.to_owned()))
            .collect();
        while let Some((file, name)) = waiting.pop() {
            if !seen.insert((file, name.clone())) {
                continue;
            }
            for item in &self.files[file].items {
                let belongs = match item {
                    Item::Impl(it) => {
                        let of = trait_of(it);
                        (of.is_empty() || traits.contains(&&*of))
                            && name_of(&it.self_ty).is_some_and(|it| it == name)
                    }
                    item => named(item).is_some_and(|it| it == name),
                };
                if belongs {
                    // What a type declares comes first, wherever that is.
                    let group = usize::from(Some(file) != home_of_type);
                    all.push((group, (file, lines_of(item))));
                    let text = self.files[file].text(lines_of(item));
                    let words = highlight::tokens(&text).into_iter();
                    let words =
                        words.filter(|(class, _)| matches!(class, Class::Type | Class::Name));
                    let words = words.filter(|(_, word)| !self.apart.contains(*word));
                    waiting.extend(words.map(|(_, word)| (file, word.to_owned())));
                }
            }
        }
        all
    }

    /// The title that an `impl` names, and an excerpt of these places.
    fn excerpt(
        &self,
        home: usize,
        it: &ItemImpl,
        title: &str,
        places: &[(usize, Place)],
        handlers: &[Handler],
    ) -> io::Result<(String, Excerpt)> {
        let path = &self.files[home].path;
        let title =
            constant(it, title).ok_or_else(|| amiss(format!("{path}: {title} is no text here")))?;
        let mut places = places.to_vec();
        places.sort_unstable();
        places.dedup();
        // What only empty lines part stands together.
        let mut together = Grouped::new();
        for (group, (file, (from, to))) in places {
            match together.last_mut() {
                Some((before, (same, (_, end))))
                    if (*before, *same) == (group, file)
                        && (*end >= from
                            || self.files[file].lines[*end..from - 1]
                                .iter()
                                .all(String::is_empty)) =>
                {
                    *end = (*end).max(to);
                }
                _ => together.push((group, (file, (from, to)))),
            }
        }
        let mut excerpt = Excerpt { file: path.clone(), ..Excerpt::default() };
        let mut before = 0;
        for (_, (file, (from, to))) in together {
            let source = &self.files[file];
            if before > 0 {
                excerpt.source += "\n\n";
                before += 1;
            }
            let text = source.text((from, to));
            excerpt.source += &text;
            excerpt.pieces.push(Piece { file: source.path.clone(), line: from, text });
            let here = |(first, last): Lines| (first - from + before + 1, last - from + before + 1);
            for handler in handlers {
                let (at, lines) = handler.place;
                if at != file || lines.0 < from || lines.1 > to {
                    continue;
                }
                let function = &handler.name;
                let (from, to) = here(lines);
                excerpt.functions.push(Function { name: function.clone(), from, to });
                for (lines, variant) in &handler.arms {
                    let ((from, to), variant) = (here(*lines), variant.clone());
                    excerpt.arms.push(Arm { variant, function: function.clone(), from, to });
                }
            }
            before += to - from + 1;
        }
        excerpt.functions.sort_by_key(|it| it.from);
        excerpt.arms.sort_by_key(|it| (it.from, it.to));
        Ok((title, excerpt))
    }
}

/// A function that handles commands or events, in its file.
struct Handler {
    name: String,
    place: Place,
    arms: BTreeSet<(Lines, String)>,
}

fn handlers<'a>(
    file: usize,
    it: &ItemImpl,
    variants: impl Fn(&str) -> &'a Variants,
) -> Vec<Handler> {
    let functions = it.items.iter().filter_map(|item| match item {
        ImplItem::Fn(it) if HANDLERS.iter().any(|name| it.sig.ident == name) => Some(it),
        _ => None,
    });
    functions
        .map(|it| {
            let name = it.sig.ident.to_string();
            let arms = arms::arms(&it.block, variants(&name));
            Handler { name, place: (file, lines_of(it)), arms }
        })
        .collect()
}
