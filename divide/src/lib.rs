//! Divides the page's module in two: what the first minute needs, and what can come a moment later.
//!
//! Both modules share one memory and one table of functions, so nothing in the page's source has to
//! know of it. Which functions come later, their names say; see [`Rooms`]. What only such functions
//! call goes with them. Where the first module calls a function of the later one, a small function of
//! the same type stands in its place: it has the later module brought, should that not be there yet,
//! and calls on through the table.
//!
//! What walrus does not do, dividing, is written by hand here: binaryen's `wasm-split` divides by a
//! list of single functions and is in no registry that setup reaches, and `wasm_split_cli_support`
//! asks for an `async` function of its own at each way into the later module.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::{Context, Result, bail};
use walrus::{
    ConstExpr, Data, Element, ElementItems, ElementKind, Export, ExportItem, Function,
    FunctionBuilder, FunctionId, FunctionKind, Global, GlobalId, GlobalKind, Import,
    ImportedFunction, LocalFunction, Memory, MemoryId, Module, ModuleConfig, Table, TableId,
    ValType,
    ir::{self, Value, Visitor, dfs_in_order},
    passes::gc,
};

/// What is made for many types. The compiler makes one function of all that do the same, and its name
/// is that of any of them: so these stay, unless only later functions call them.
const SHARED: [&str; 7] = [
    "alloc::",
    "core::",
    "hashbrown::",
    "std::",
    "yew::callback::",
    "yew::functional::",
    "yew::html::component::scope::",
];
/// For the same reason a function with so few instructions stays.
const SHARED_AT_MOST: u64 = 24;

/// The paths of what comes later, and of what of that stays in the first module.
pub struct Rooms<'a> {
    later: Vec<&'a str>,
    stay: Vec<&'a str>,
}

impl<'a> Rooms<'a> {
    /// Reads a list with a path on each line. Behind `!` stands what stays; behind `#`, an explanation.
    pub fn read(list: &'a str) -> Self {
        let lines = list.lines().map(str::trim);
        let lines = lines.filter(|it| !it.is_empty() && !it.starts_with('#'));
        let (stay, later): (Vec<_>, Vec<_>) = lines.partition(|it| it.starts_with('!'));
        let stay = stay.into_iter().map(|it| it.trim_start_matches(['!', ' '])).collect();
        Self { later, stay }
    }

    /// True where a function with so many instructions comes later, by its name.
    pub fn hold(&self, name: &str, size: u64) -> bool {
        let name = without_hashes(name);
        size > SHARED_AT_MOST
            && !SHARED.iter().any(|it| name.trim_start_matches('<').starts_with(it))
            && self.later.iter().any(|it| mentions(&name, it))
            && !self.stay.iter().any(|it| mentions(&name, it))
    }
}

/// True where a path stands in a name as a whole.
fn mentions(name: &str, path: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|it: char| it == '_' || it.is_alphanumeric());
    name.match_indices(path).any(|(at, _)| ends(&name[at + path.len()..]))
}

/// A name without what stands in brackets: behind a crate's name that is its hash.
fn without_hashes(name: &str) -> String {
    let mut depth = 0_u32;
    name.chars()
        .filter(|it| {
            depth += u32::from(*it == '[');
            let outside = depth == 0;
            depth -= u32::from(*it == ']' && !outside);
            outside
        })
        .collect()
}

/// The two modules.
pub struct Parts {
    /// What the page begins with.
    pub first: Vec<u8>,
    /// What it fetches then. It takes what it needs from the exports of the first.
    pub later: Vec<u8>,
}

/// The module in which the later one looks for what it imports.
const FROM: &str = "first";
/// The name of the number that says whether the later module is there.
const HERE: &str = "here";
const NO_TABLE: &str = "the module has no table of functions";

/// Divides a module whose functions have names. `is_later` says by its name and the number of its
/// instructions whether a function comes later; `bring` is the name of an exported function without
/// arguments that brings the later module.
///
/// # Errors
///
/// When this is no module, or one without such a function or without a table of functions, and when
/// what brings the later module would come with it.
pub fn divide(wasm: &[u8], bring: &str, is_later: impl Fn(&str, u64) -> bool) -> Result<Parts> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false);
    let (mut first, mut later) = (config.parse(wasm)?, config.parse(wasm)?);
    let whole = Whole::of(&first);
    let bring = first.exports.get_func(bring)?;
    let moved = moved(&first, is_later);
    if !needed(&first, bring).is_disjoint(&moved) {
        bail!("what brings the later module would come with it");
    }
    let table = first.tables.main_function_table()?.context(NO_TABLE)?;
    let slots = slots(&mut first, table, &moved)?;
    let here = first.globals.add_local(ValType::I32, true, false, ConstExpr::Value(Value::I32(0)));

    // Parts of two builds never come together: the later one looks for this name.
    let build = format!("build {:016x}", hash(wasm));
    give_way(&mut first, &slots, table, here, bring)?;
    for (name, item) in take_over(&mut later, &whole, &slots, &moved, &build)? {
        first.exports.add(&name, item);
    }
    first.exports.add(HERE, here);
    first.exports.add(&build, here);
    gc::run(&mut first);
    Ok(Parts { first: first.emit_wasm(), later: later.emit_wasm() })
}

/// What comes later: what the names say, and what nothing else calls.
fn moved(module: &Module, is_later: impl Fn(&str, u64) -> bool) -> BTreeSet<FunctionId> {
    let mut callers: BTreeMap<FunctionId, BTreeSet<FunctionId>> = BTreeMap::new();
    for (id, function) in module.funcs.iter_local() {
        for called in called(function) {
            callers.entry(called).or_default().insert(id);
        }
    }
    let mut held: BTreeSet<FunctionId> = module.start.into_iter().collect();
    held.extend(module.exports.iter().filter_map(|it| match it.item {
        ExportItem::Function(id) => Some(id),
        _ => None,
    }));
    for element in module.elements.iter() {
        held.extend(functions(&element.items));
    }
    let mut moved: BTreeSet<FunctionId> = module
        .funcs
        .iter_local()
        .filter(|(id, function)| {
            let name = module.funcs.get(*id).name.as_deref();
            name.is_some_and(|name| is_later(name, function.size()))
        })
        .map(|(id, _)| id)
        .collect();
    loop {
        let more: Vec<FunctionId> = callers
            .iter()
            .filter(|(id, callers)| {
                !moved.contains(id)
                    && !held.contains(id)
                    && matches!(module.funcs.get(**id).kind, FunctionKind::Local(_))
                    && callers.iter().all(|it| it == *id || moved.contains(it))
            })
            .map(|(id, _)| *id)
            .collect();
        if more.is_empty() {
            return moved;
        }
        moved.extend(more);
    }
}

/// A function, and all that it calls.
fn needed(module: &Module, id: FunctionId) -> BTreeSet<FunctionId> {
    let mut needed = BTreeSet::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        if needed.insert(id)
            && let FunctionKind::Local(function) = &module.funcs.get(id).kind
        {
            open.extend(called(function));
        }
    }
    needed
}

/// The functions that a function names in its code.
fn called(function: &LocalFunction) -> BTreeSet<FunctionId> {
    struct Called(BTreeSet<FunctionId>);
    impl Visitor<'_> for Called {
        fn visit_function_id(&mut self, id: &FunctionId) {
            self.0.insert(*id);
        }
    }
    let mut called = Called(BTreeSet::new());
    dfs_in_order(&mut called, function, function.entry_block());
    called.0
}

fn functions(items: &ElementItems) -> Vec<FunctionId> {
    match items {
        ElementItems::Functions(ids) => ids.clone(),
        ElementItems::Expressions(_, items) => items
            .iter()
            .filter_map(|it| match it {
                ConstExpr::RefFunc(id) => Some(*id),
                _ => None,
            })
            .collect(),
    }
}

/// Where in the table of functions each function stands that comes later and that the first module
/// names; those that have no place get one at its end.
fn slots(
    first: &mut Module,
    table: TableId,
    moved: &BTreeSet<FunctionId>,
) -> Result<BTreeMap<FunctionId, Vec<u64>>> {
    let mut slots: BTreeMap<FunctionId, Vec<u64>> = BTreeMap::new();
    for element in first.elements.iter() {
        let ElementKind::Active { table: of, offset } = &element.kind else { continue };
        if *of != table {
            continue;
        }
        let ConstExpr::Value(Value::I32(offset)) = offset else {
            bail!("a part of the table of functions begins where only the engine knows");
        };
        for (at, id) in functions(&element.items).into_iter().enumerate() {
            if moved.contains(&id) {
                slots.entry(id).or_default().push(u64::try_from(*offset)? + at as u64);
            }
        }
    }
    let mut named: BTreeSet<FunctionId> = BTreeSet::new();
    for (id, function) in first.funcs.iter_local() {
        if !moved.contains(&id) {
            named.extend(called(function).intersection(moved));
        }
    }
    named.extend(first.exports.iter().filter_map(|it| match it.item {
        ExportItem::Function(id) if moved.contains(&id) => Some(id),
        _ => None,
    }));
    let table = first.tables.get_mut(table);
    for id in named {
        slots.entry(id).or_insert_with(|| {
            table.initial += 1;
            vec![table.initial - 1]
        });
    }
    table.maximum = table.maximum.map(|it| it.max(table.initial));
    Ok(slots)
}

/// Puts a function that calls on in the place of each that has gone.
fn give_way(
    first: &mut Module,
    slots: &BTreeMap<FunctionId, Vec<u64>>,
    table: TableId,
    here: GlobalId,
    bring: FunctionId,
) -> Result<()> {
    let mut ensure = FunctionBuilder::new(&mut first.types, &[], &[]);
    ensure.func_body().global_get(here).if_else(
        None,
        |_| {},
        |otherwise| {
            otherwise.call(bring);
        },
    );
    let ensure = ensure.finish(Vec::new(), &mut first.funcs);
    for (id, slots) in slots {
        let ty = first.funcs.get(*id).ty();
        let (params, results) = {
            let ty = first.types.get(ty);
            (ty.params().to_vec(), ty.results().to_vec())
        };
        let args: Vec<_> = params.iter().map(|it| first.locals.add(*it)).collect();
        let mut calling = FunctionBuilder::new(&mut first.types, &params, &results);
        let mut body = calling.func_body();
        body.call(ensure);
        for arg in &args {
            body.local_get(*arg);
        }
        body.i32_const(i32::try_from(slots[0])?).instr(ir::CallIndirect { ty, table });
        first.funcs.get_mut(*id).kind = FunctionKind::Local(calling.local_func(args));
    }
    Ok(())
}

/// What the module had before it was divided, in its order, which is the same in both copies of it.
struct Whole {
    functions: Vec<FunctionId>,
    memories: Vec<MemoryId>,
    tables: Vec<TableId>,
    globals: Vec<GlobalId>,
}

impl Whole {
    fn of(module: &Module) -> Self {
        Self {
            functions: module.funcs.iter().map(Function::id).collect(),
            memories: module.memories.iter().map(Memory::id).collect(),
            tables: module.tables.iter().map(Table::id).collect(),
            globals: module.globals.iter().map(Global::id).collect(),
        }
    }
}

/// Leaves in the later module only what has moved there. Gives what it takes from the first, with
/// the names under which it looks for it.
fn take_over(
    later: &mut Module,
    whole: &Whole,
    slots: &BTreeMap<FunctionId, Vec<u64>>,
    moved: &BTreeSet<FunctionId>,
    build: &str,
) -> Result<Vec<(String, ExportItem)>> {
    let table = later.tables.main_function_table()?.context(NO_TABLE)?;
    let own = Whole::of(later);
    later.start = None;
    for id in later.exports.iter().map(Export::id).collect::<Vec<_>>() {
        later.exports.delete(id);
    }
    for id in later.data.iter().map(Data::id).collect::<Vec<_>>() {
        later.data.delete(id);
    }
    for id in later.elements.iter().map(Element::id).collect::<Vec<_>>() {
        later.elements.delete(id);
    }
    for id in later.imports.iter().map(Import::id).collect::<Vec<_>>() {
        later.imports.delete(id);
    }

    // All else is the first module's. What turns out to be of no use goes again.
    let mut taken: Vec<(String, ExportItem)> = Vec::new();
    let mut take = |item: ExportItem| {
        taken.push((short(taken.len()), item));
        short(taken.len() - 1)
    };
    for (id, firsts) in own.memories.iter().zip(&whole.memories) {
        let import = later.imports.add(FROM, &take((*firsts).into()), *id);
        let memory = later.memories.get_mut(*id);
        memory.import = Some(import);
        memory.data_segments.clear();
    }
    for (id, firsts) in own.tables.iter().zip(&whole.tables) {
        let import = later.imports.add(FROM, &take((*firsts).into()), *id);
        let table = later.tables.get_mut(*id);
        table.import = Some(import);
        // The first module may have made it longer.
        table.maximum = None;
        table.elem_segments.clear();
    }
    for (id, firsts) in own.globals.iter().zip(&whole.globals) {
        let import = later.imports.add(FROM, &take((*firsts).into()), *id);
        later.globals.get_mut(*id).kind = GlobalKind::Import(import);
    }
    let mut places: BTreeMap<u64, FunctionId> = BTreeMap::new();
    for (id, firsts) in own.functions.iter().zip(&whole.functions) {
        if moved.contains(firsts) {
            places.extend(slots.get(firsts).into_iter().flatten().map(|slot| (*slot, *id)));
        } else {
            let ty = later.funcs.get(*id).ty();
            let import = later.imports.add(FROM, &take((*firsts).into()), *id);
            later.funcs.get_mut(*id).kind = FunctionKind::Import(ImportedFunction { import, ty });
        }
    }

    let mut places = places.into_iter().peekable();
    while let Some((start, id)) = places.next() {
        let mut row = vec![id];
        while let Some((_, id)) = places.next_if(|(at, _)| *at == start + row.len() as u64) {
            row.push(id);
        }
        let offset = ConstExpr::Value(Value::I32(i32::try_from(start)?));
        let kind = ElementKind::Active { table, offset };
        let element = later.elements.add(kind, ElementItems::Functions(row));
        later.tables.get_mut(table).elem_segments.insert(element);
    }
    gc::run(later);
    let used: BTreeSet<&str> = later.imports.iter().map(|it| it.name.as_str()).collect();
    taken.retain(|(name, _)| used.contains(name.as_str()));

    // Once its functions stand in the table, it says so.
    let (here, _) = later.add_import_global(FROM, build, ValType::I32, true, false);
    let mut start = FunctionBuilder::new(&mut later.types, &[], &[]);
    start.func_body().i32_const(1).global_set(here);
    later.start = Some(start.finish(Vec::new(), &mut later.funcs));
    Ok(taken)
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// A short name for each number.
fn short(mut number: usize) -> String {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut name = String::from("$");
    loop {
        name.push(char::from(DIGITS[number % DIGITS.len()]));
        number /= DIGITS.len();
        if number == 0 {
            return name;
        }
    }
}

#[cfg(test)]
mod tests {
    use wasmi::{Caller, Engine, Extern, Func, Linker, Memory, Store, Val};

    use super::*;

    /// A page that adds by a later function, doubles by another one through the table, and writes
    /// what came of it into memory. `$bring` is what asks for the later module.
    const PAGE: &str = r#"(module
        (import "page" "bring" (func $ask))
        (type $one (func (param i32) (result i32)))
        (table $functions 3 3 funcref)
        (elem (i32.const 1) $first $later::double)
        (memory (export "memory") 1)
        (data (i32.const 8) "kept")
        (global $calls (mut i32) (i32.const 0))
        (func $bring (export "bring") (call $ask))
        (func $first (type $one) (i32.sub (local.get 0) (i32.const 1)))
        (func $later::double (type $one)
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (i32.mul (call $later::help (local.get 0)) (i32.const 2)))
        (func $later::help (type $one) (call $helps_later (call $first (local.get 0))))
        (func $helps_later (type $one) (i32.add (local.get 0) (i32.const 1)))
        (func $later::add (export "add") (param i32 i64) (result i64)
            (i32.store (i32.const 0) (local.get 0))
            (i64.add (i64.extend_i32_u (local.get 0)) (local.get 1)))
        (func (export "run") (param i32) (result i64)
            (call $later::add
                (call_indirect (type $one) (local.get 0) (i32.const 2))
                (i64.load32_u (i32.const 8))))
        (func (export "calls") (result i32) (global.get $calls)))"#;

    fn is_later(name: &str, _: u64) -> bool {
        name.starts_with("later::")
    }

    /// The page's calls, in a store that knows how often the later module was brought.
    struct Page {
        store: Store<u32>,
        instance: wasmi::Instance,
    }

    impl Page {
        /// Starts a module. Where there is a later one, it is brought when it is asked for.
        fn start(first: &[u8], later: Option<Vec<u8>>) -> Self {
            let engine = Engine::default();
            let mut store = Store::new(&engine, 0);
            let bring = Func::wrap(&mut store, move |mut caller: Caller<'_, u32>| {
                *caller.data_mut() += 1;
                let module = wasmi::Module::new(caller.engine(), later.as_ref().unwrap()).unwrap();
                let mut linker = Linker::new(caller.engine());
                for import in module.imports() {
                    let of_first = caller.get_export(import.name()).unwrap();
                    linker.define(import.module(), import.name(), of_first).unwrap();
                }
                linker.instantiate_and_start(&mut caller, &module).unwrap();
            });
            let mut linker = Linker::new(&engine);
            linker.define("page", "bring", bring).unwrap();
            let module = wasmi::Module::new(&engine, first).unwrap();
            let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
            Self { store, instance }
        }

        fn call(&mut self, name: &str, arguments: &[Val], result: Val) -> i64 {
            let mut results = [result];
            let function = self.instance.get_func(&self.store, name).unwrap();
            function.call(&mut self.store, arguments, &mut results).unwrap();
            results[0].i64().unwrap_or_else(|| results[0].i32().unwrap().into())
        }

        fn memory(&self) -> Memory {
            let memory = self.instance.get_export(&self.store, "memory");
            memory.and_then(Extern::into_memory).unwrap()
        }

        /// All that can be seen of the page after some calls.
        fn story(&mut self) -> (Vec<i64>, Vec<u8>) {
            let answers = vec![
                self.call("run", &[Val::I32(20)], Val::I64(0)),
                self.call("add", &[Val::I32(3), Val::I64(4)], Val::I64(0)),
                self.call("run", &[Val::I32(-5)], Val::I64(0)),
                self.call("calls", &[], Val::I32(0)),
            ];
            (answers, self.memory().data(&self.store)[..16].to_vec())
        }
    }

    #[test]
    fn a_divided_page_does_what_the_whole_one_does_and_is_brought_the_rest_once() {
        let whole = wat::parse_str(PAGE).unwrap();
        let parts = divide(&whole, "bring", is_later).unwrap();
        let mut divided = Page::start(&parts.first, Some(parts.later));
        assert_eq!(divided.story(), Page::start(&whole, None).story());
        assert_eq!(*divided.store.data(), 1);
    }

    #[test]
    fn what_nobody_calls_but_later_functions_comes_with_them() {
        let module = Module::from_buffer(&wat::parse_str(PAGE).unwrap()).unwrap();
        let moved = moved(&module, is_later);
        let names: BTreeSet<_> =
            moved.iter().filter_map(|id| module.funcs.get(*id).name.as_deref()).collect();
        assert!(names.contains("helps_later"), "{names:?}");
        assert!(!names.contains("first") && !names.contains("bring"), "{names:?}");
    }

    #[test]
    fn parts_of_two_builds_do_not_come_together() {
        let one = divide(&wat::parse_str(PAGE).unwrap(), "bring", is_later).unwrap();
        let other = wat::parse_str(PAGE.replace("kept", "gone")).unwrap();
        let other = divide(&other, "bring", is_later).unwrap();
        let wanted = |wasm: &[u8]| {
            let module = Module::from_buffer(wasm).unwrap();
            let names: Vec<_> = module.imports.iter().map(|it| it.name.clone()).collect();
            names.into_iter().find(|it| it.starts_with("build ")).unwrap()
        };
        let has = |wasm: &[u8], name: &str| {
            Module::from_buffer(wasm).unwrap().exports.iter().any(|it| it.name == name)
        };
        assert!(has(&one.first, &wanted(&one.later)));
        assert!(!has(&one.first, &wanted(&other.later)));
    }

    #[test]
    fn what_brings_the_later_module_does_not_come_with_it() {
        let whole = wat::parse_str(PAGE).unwrap();
        let refused = divide(&whole, "bring", |name, size| name == "bring" || is_later(name, size));
        assert!(refused.is_err());
    }

    #[test]
    fn a_name_that_mentions_a_path_comes_later_unless_it_mentions_one_that_stays() {
        let rooms = Rooms::read("# Why.\nroom::lab\n! room::lab::menu\n\nroom::bank\n");
        assert!(rooms.hold("room[a1b2]::lab[1]::why", 30));
        assert!(rooms.hold("<es[7f]::Erased<room[a1b2]::bank::Bank> as es[7f]::Any>::apply", 30));
        assert!(!rooms.hold("room[a1b2]::lab::menu::{closure#0}", 30));
        assert!(!rooms.hold("room[a1b2]::laboratory", 30));
        assert!(!rooms.hold("room[a1b2]::lab[1]::why", 5));
        assert!(!rooms.hold("<alloc[3c]::vec::Vec<room[a1b2]::bank::Bank>>::push", 30));
    }
}
