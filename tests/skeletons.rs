//! A person's domain as the beginning of a Rust file: it compiles, and it is the same domain.
//!
//! `UPDATE_EXPECT=1 cargo test --test skeletons` writes the files in `tests/skeletons/` anew. They are
//! compiled here. In place of one that does not compile, first write
//! `pub fn scenario() -> es::Scenario { es::Scenario::default() }`.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

// The files ask for `es`, which is this crate here.
extern crate self as es;
pub use leftfold::es::*;

#[expect(
    dead_code,
    clippy::enum_variant_names,
    clippy::large_enum_variant,
    clippy::match_same_arms,
    clippy::struct_field_names,
    clippy::too_many_lines,
    clippy::upper_case_acronyms,
    reason = "much is still to be written in these files, and the names in them are people's own"
)]
mod skeletons {
    #[rustfmt::skip]
    pub mod bank;
    #[rustfmt::skip]
    pub mod cart;
    #[rustfmt::skip]
    pub mod nasty;
    #[rustfmt::skip]
    pub mod start;
    #[rustfmt::skip]
    pub mod transfers;
}

use std::rc::Rc;

use expect_test::expect_file;
use leftfold::domain::{NativeEngine, OwnDomain};
use leftfold::lab::{Session, World, event_forms, forms};
use serde_json::Value;
use skeletons::{bank, cart, nasty, start, transfers};

/// A domain's name, its text, and the scenario that its Rust file makes.
type Both = (&'static str, &'static str, fn() -> Scenario);

const ALL: [Both; 5] = [
    ("start", include_str!("../crates/domain/twins/start.js"), start::scenario),
    ("cart", include_str!("../crates/domain/twins/cart.js"), cart::scenario),
    ("bank", include_str!("../crates/domain/twins/bank.js"), bank::scenario),
    ("transfers", include_str!("../crates/domain/twins/transfers.js"), transfers::scenario),
    ("nasty", include_str!("skeletons/nasty.js"), nasty::scenario),
];

/// What writes a domain down, in the interpreter.
const WRITER: &str = include_str!("../crates/domain/src/skeleton.js");

fn domain(name: &str, text: &str) -> OwnDomain {
    let engine = Box::new(NativeEngine::new().unwrap());
    match OwnDomain::new(engine, name, text, 1) {
        Ok(domain) => domain,
        Err(fault) => panic!("{name}: {fault}"),
    }
}

#[test]
fn the_files_are_what_is_written_of_their_domains() {
    for (name, text, _) in ALL {
        let engine = Box::new(NativeEngine::new().unwrap());
        let rust = domain(name, text).rust(engine, WRITER).unwrap();
        expect_file![format!("{}/tests/skeletons/{name}.rs", env!("CARGO_MANIFEST_DIR"))]
            .assert_eq(&rust);
    }
}

#[test]
fn a_file_makes_the_same_forms_models_checks_and_first_states() {
    for (name, text, rust) in ALL {
        let (rust, own) = (rust(), domain(name, text).scenario);
        let named = |it: &Scenario| [it.id.clone(), it.title.clone(), it.about.clone()];
        assert_eq!(named(&rust), named(&own));
        assert_eq!(forms(&rust), forms(&own), "{name}");
        assert_eq!(event_forms(&rust), event_forms(&own), "{name}");
        assert_eq!(rust.checks, own.checks, "{name}");
        let models = |it: &Scenario| -> Vec<_> {
            it.projections.iter().map(|it| (it.name(), it.about())).collect()
        };
        assert_eq!(models(&rust), models(&own), "{name}");
        let processes = |it: &Scenario| -> Vec<_> {
            it.processes.iter().map(|it| (it.name(), it.about(), it.waits())).collect()
        };
        assert_eq!(processes(&rust), processes(&own), "{name}");
        let states = |it: &Scenario| -> Vec<_> {
            let state = |it: &Rc<dyn AnyAggregate>| it.instance().state();
            it.aggregates.iter().map(|it| (it.name(), it.schema(), state(it))).collect()
        };
        assert_eq!(states(&rust), states(&own), "{name}");
    }
}

#[test]
fn a_file_tells_the_same_story() {
    for (name, text, rust) in ALL {
        let (rust, own) = (rust(), domain(name, text).scenario);
        assert_eq!(rust.story.len(), own.story.len(), "{name}");
        for (rust, own) in rust.story.iter().zip(&own.story) {
            let told = |it: &Step| format!("{:?}", (&it.say, &it.actor, it.at, &it.show));
            assert_eq!(told(rust), told(own), "{name}");
            let acts = |it: &Step| it.acts.iter().map(act).collect::<Vec<_>>();
            assert_eq!(acts(rust), acts(own), "{name}: {}", own.say);
        }
    }
}

/// What is done, as text. A field that is null is left out.
fn act(act: &Act) -> String {
    let (stream, kind, data, past) = match act {
        Act::Send(it) => (&it.stream, &it.kind, &it.data, None),
        Act::Append(it) => (&it.stream, &it.kind, &it.data, Some((it.origin, it.schema))),
    };
    let mut data: Value = serde_json::from_str(data.get()).unwrap();
    data.as_object_mut().unwrap().retain(|_, it| !it.is_null());
    format!("{stream} {kind:?} {past:?} {data}")
}

#[test]
fn a_file_runs_and_refuses_what_is_not_decided_yet() {
    for (name, _, rust) in ALL {
        let mut session = Session::new(World::new(&Rc::new(rust())));
        session.play_story();
        let (mut refused, mut journal) = (0, session.world().journal().iter());
        assert!(journal.len() > 0, "{name}");
        for entry in &mut journal {
            let reason = entry.reason.as_deref().unwrap_or_default();
            refused += usize::from(reason.ends_with(" is not decided yet"));
        }
        assert!(refused > 2, "{name}: {refused}");
    }
}
