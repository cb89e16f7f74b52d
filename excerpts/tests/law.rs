//! What the page shows of a scenario's source is whole and true: everything that a scenario offers
//! has an excerpt, which stands so in its file, and every command and event has its arm.
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use leftfold_excerpts::{Excerpt, all};
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The names of an enum's variants, as its schema has them.
fn variants(schema: &Value) -> Vec<String> {
    let each = match schema["oneOf"].as_array() {
        Some(each) => each.clone(),
        None => vec![schema.clone()],
    };
    each.iter().map(|it| it["required"][0].as_str().unwrap().to_owned()).collect()
}

/// What has no arm in a function, or in what it goes on to.
fn without_an_arm(excerpt: &Excerpt, function: &str, variants: &[String]) -> Vec<String> {
    let has = |variant: &&String| {
        excerpt.arms.iter().any(|it| it.function == function && it.variant == **variant)
    };
    variants.iter().filter(|it| !has(it)).cloned().collect()
}

#[test]
fn everything_that_a_scenario_offers_has_an_excerpt() {
    let all = all(root()).unwrap();
    let shown = scenarios::all();
    let names = |it: &BTreeMap<String, Excerpt>| it.keys().cloned().collect::<BTreeSet<_>>();
    for scenario in &shown {
        let mut offers: BTreeSet<String> =
            scenario.aggregates.iter().map(|it| it.name().to_string()).collect();
        offers.extend(scenario.projections.iter().map(|it| it.name().to_string()));
        offers.extend(scenario.processes.iter().map(|it| it.name().to_string()));
        assert_eq!(all.get(&*scenario.id).map(names), Some(offers), "{}", scenario.id);
    }
    assert_eq!(all.len(), shown.len());
}

#[test]
fn every_command_has_an_arm_in_decide_and_every_event_in_evolve() {
    let all = all(root()).unwrap();
    let mut count = 0;
    for scenario in scenarios::all() {
        // An arm is told by its function and the variant's name alone.
        let mut names = BTreeSet::new();
        for aggregate in &scenario.aggregates {
            for name in
                variants(&aggregate.events()).into_iter().chain(variants(&aggregate.commands()))
            {
                assert!(names.insert(name.clone()), "{}: two are called {name}", scenario.id);
            }
        }
        for aggregate in &scenario.aggregates {
            let excerpt = &all[&*scenario.id][&*aggregate.name()];
            let pairs = [("decide", aggregate.commands()), ("evolve", aggregate.events())];
            for (function, schema) in pairs {
                let variants = variants(&schema);
                count += variants.len();
                let without = without_an_arm(excerpt, function, &variants);
                let whose = format!("{} {}", scenario.id, aggregate.name());
                assert!(without.is_empty(), "{whose}: {function} has no arm for {without:?}");
            }
        }
    }
    assert!(count > 80, "{count} variants");
}

#[test]
fn excerpts_stand_so_in_their_files_and_arms_name_what_they_handle() {
    for (scenario, excerpts) in all(root()).unwrap() {
        for (name, excerpt) in excerpts {
            let whose = format!("{scenario} {name}");
            let mut told = Vec::new();
            for piece in &excerpt.pieces {
                let file = fs::read_to_string(root().join(&piece.file)).unwrap();
                let lines: Vec<&str> = file.lines().skip(piece.line - 1).collect();
                let text: Vec<&str> = piece.text.lines().collect();
                assert_eq!(lines[..text.len()], text[..], "{whose}: {}", piece.file);
                told.push(piece.text.clone());
            }
            assert_eq!(excerpt.source, told.join("\n\n"), "{whose}");
            let mut pieces = excerpt.pieces.iter();
            assert!(pieces.any(|it| it.file == excerpt.file), "{whose}");
            let lines: Vec<&str> = excerpt.source.lines().collect();
            for it in &excerpt.functions {
                let text = lines[it.from - 1..it.to].join("\n");
                assert!(text.contains(&format!("fn {}(", it.name)), "{whose}: {text}");
                assert!(text.ends_with('}'), "{whose}: {text}");
            }
            for arm in &excerpt.arms {
                let text = lines[arm.from - 1..arm.to].join("\n");
                assert!(text.contains(&arm.variant), "{whose}, {}: {text}", arm.variant);
                let mut functions = excerpt.functions.iter();
                let inside = |from: usize, to: usize| from < arm.from && arm.to < to;
                assert!(
                    functions.any(|it| it.name == arm.function && inside(it.from, it.to)),
                    "{whose}: {arm:?}"
                );
            }
            let functions: Vec<&str> = excerpt.functions.iter().map(|it| &*it.name).collect();
            assert!(!functions.is_empty(), "{whose}");
        }
    }
}

/// The cart's, by its lines: what the page marks.
#[test]
fn the_arms_are_the_lines_that_a_reader_would_point_at() {
    let all = all(root()).unwrap();
    let marked = |name: &str, function: &str, variant: &str| {
        let excerpt = &all["cart"][name];
        let lines: Vec<&str> = excerpt.source.lines().collect();
        let arms = excerpt.arms.iter().filter(|it| it.function == function);
        let arms = arms.filter(|it| it.variant == variant);
        arms.map(|it| lines[it.from - 1..it.to].iter().map(|it| it.trim()).collect::<String>())
            .collect::<Vec<_>>()
    };
    let added = "AddedToCart { item } => *self.items.entry(item.clone()).or_default() += 1,";
    assert_eq!(marked("cart", "evolve", "AddedToCart"), [added]);
    assert_eq!(marked("Carts now", "evolve", "AddedToCart"), [added]);
    assert_eq!(marked("cart", "decide", "AddToCart").len(), 2);
    let put_back = marked("Considered but removed", "apply", "RemovedFromCart");
    assert!(put_back[0].starts_with("if let Some(RemovedFromCart { item })"), "{put_back:?}");
    let paid = marked("Best sellers", "apply", "CartCheckedOut");
    assert!(paid[0].starts_with("if *event == (CartCheckedOut {})"), "{paid:?}");
    assert_eq!(marked("Best sellers", "apply", "AddedToCart"), Vec::<String>::new());
}
