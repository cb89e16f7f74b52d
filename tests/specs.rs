//! Specifications: those of all stories hold, and one that is written as a test in Rust runs.
//!
//! `tests/specs/stories.json` holds every decision of every story. `UPDATE_GOLDEN=1 cargo test --test
//! specs` writes it anew, and the sample in `tests/specs/`.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

#[path = "specs/sample.rs"]
mod sample;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use leftfold::es::Scenario;
use leftfold::lab::{Session, Spec, Then, World, decisions};
use leftfold::scenarios::all as scenarios;

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file)
}

/// A story, told to its end.
fn told(scenario: &std::rc::Rc<Scenario>) -> Session {
    let mut session = Session::new(World::new(scenario));
    session.play_story();
    session
}

/// Every decision of a story.
fn specs(session: &Session) -> Vec<Spec> {
    let world = session.world();
    let all = decisions(world, 0, session.head());
    all.map(|it| Spec::of(world, it, 1).unwrap()).collect()
}

/// A file is what is written here, or it is written anew where that is asked for.
fn is_file(file: &str, text: &str) {
    let path = path(file);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap();
    assert!(there == text, "{file} is outdated: UPDATE_GOLDEN=1 cargo test --test specs");
}

#[test]
fn the_golden_file_holds_every_decision_of_every_story() {
    let all: Vec<String> =
        scenarios().iter().flat_map(|it| specs(&told(it))).map(|it| it.json()).collect();
    is_file("specs/stories.json", &format!("[\n{}\n]\n", all.join(",\n")));
}

#[test]
fn every_specification_of_the_golden_file_holds() {
    let text = fs::read_to_string(path("specs/stories.json")).unwrap();
    let all: Vec<Spec> = serde_json::from_str(&text).unwrap();
    let scenarios = scenarios();
    for spec in &all {
        let scenario = scenarios.iter().find(|it| it.id == spec.scenario).unwrap();
        let ran = spec.run(scenario).unwrap();
        assert!(ran.passed(), "{spec}\n\n{ran}");
    }
    for it in &scenarios {
        let refused = |refused| {
            let mut of = all.iter().filter(|spec| spec.scenario == it.id);
            of.any(|spec| matches!(spec.then, Then::Refused(_)) == refused)
        };
        assert!(refused(true) && refused(false), "{} accepts and refuses", it.id);
    }
}

#[test]
fn a_specification_whose_past_is_left_out_comes_out_otherwise_or_says_why() {
    let mut otherwise = BTreeSet::new();
    for scenario in scenarios() {
        for spec in specs(&told(&scenario)).into_iter().filter(|it| !it.given.is_empty()) {
            let bare = Spec { given: Vec::new(), ..spec };
            if !bare.run(&scenario).unwrap().passed() {
                otherwise.insert(scenario.id.clone());
            }
        }
    }
    assert_eq!(otherwise.len(), scenarios().len(), "{otherwise:?}");
}

#[test]
fn a_specification_written_as_a_test_in_rust_is_part_of_these_tests() {
    let cart = scenarios().into_iter().find(|it| *it.id == *"cart").unwrap();
    let all = specs(&told(&cart));
    let refused = all.iter().find(|it| matches!(it.then, Then::Refused(_))).unwrap();
    is_file("specs/sample.rs", &refused.rust());
}
