//! Ten thousand simulated systems over all scenarios. `simulate` runs them and checks the
//! invariants. A run that breaks one is named by its seed:
//!
//! `LEFTFOLD_SEED=7 cargo test --test simulation -- --nocapture` shows that run step by step, and
//! `LEFTFOLD_RUNS=1000000 cargo test --test simulation` runs more.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod pool;
mod simulate;
mod surroundings;

use std::env;
use std::thread;

use expect_test::expect_file;
use simulate::{Bug, RunOutcome, all, digests, random_digests, run, story_digests};

/// The number of runs, unless `LEFTFOLD_RUNS` gives another one.
const RUNS: u64 = 10_000;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap())
}

/// The first of these seeds whose run breaks an invariant, or the one of this name, and that run's
/// result.
fn first_broken(
    seeds: std::ops::Range<u64>,
    bug: Option<Bug>,
    name: Option<&str>,
) -> Option<(u64, RunOutcome)> {
    let threads = thread::available_parallelism().map_or(1, |it| it.get() as u64);
    let look = |first: u64| {
        let all = all();
        let mine = (seeds.start + first..seeds.end).step_by(usize::try_from(threads).unwrap());
        let breaks = |seed| {
            let broken = run(&all, seed, bug, false).broken;
            broken.is_some_and(|it| name.is_none_or(|name| it.name == name))
        };
        mine.into_iter().find(|&seed| breaks(seed))
    };
    let found = thread::scope(|scope| {
        let look = &look;
        let handles: Vec<_> = (0..threads).map(|first| scope.spawn(move || look(first))).collect();
        handles.into_iter().filter_map(|handle| handle.join().unwrap()).min()
    });
    found.map(|seed| (seed, run(&all(), seed, bug, true)))
}

#[test]
fn whatever_happens_every_invariant_holds() {
    if let Some(seed) = number("LEFTFOLD_SEED") {
        let outcome = run(&all(), seed, None, true);
        println!("{}:\n{}", outcome.scenario, outcome.trace.join("\n"));
        assert_eq!(outcome.broken, None);
        return;
    }
    let runs = number("LEFTFOLD_RUNS").unwrap_or(RUNS);
    if let Some((seed, outcome)) = first_broken(0..runs, None, None) {
        panic!(
            "{}\n{}: {}\nagain: LEFTFOLD_SEED={seed} cargo test --test simulation -- --nocapture",
            outcome.trace.join("\n"),
            outcome.scenario,
            outcome.broken.unwrap()
        );
    }
}

#[test]
fn planted_bugs_are_found() {
    let table = [
        (Bug::NoDeduplication, "whoever_missed_nothing_equals_a_clean_fold"),
        (Bug::ReactOnReplay, "effects_are_performed_once"),
        (Bug::NoVersionCheck, "versions_are_places_in_streams"),
        (Bug::ReactsTwice, "effects_are_performed_once"),
        (Bug::ShowsWhatFailed, "what_is_shown_is_stored"),
        (Bug::NeverCatchesUp, "every_tab_knows_the_same"),
        (Bug::WaitsForEver, "everything_ends"),
    ];
    for (bug, invariant) in table {
        // A bug may break another invariant first.
        assert!(first_broken(0..RUNS, Some(bug), Some(invariant)).is_some(), "{bug:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_log_and_steps() {
    // The same file is compared with in the browser.
    expect_file!["simulate/digests.txt"].assert_eq(&digests(20));
}

#[test]
fn a_story_and_its_fold_are_the_same_bytes_in_every_scenario() {
    // The same file is compared with in the browser.
    expect_file!["simulate/stories.txt"].assert_eq(&story_digests());
}

#[test]
fn a_random_run_is_the_same_bytes_in_every_scenario() {
    // The same file is compared with in the browser.
    expect_file!["simulate/random.txt"].assert_eq(&random_digests());
}
