//! The built page in a headless browser, driven through roles, accessible names and the console,
//! never through CSS classes. `cargo xtask test` builds the page, and runs this in Chromium and in
//! Firefox at once.
//!
//! Every test has an origin that nobody has used before, so it begins with nothing stored. Tests
//! take turns with a browser: to start one takes longer than most of them.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

#[path = "../kept/mod.rs"]
#[expect(dead_code, reason = "records are read natively")]
mod kept;
#[path = "../kept_page/mod.rs"]
#[expect(dead_code, reason = "nothing is taken out of the browser here")]
mod kept_page;
#[path = "../nats/mod.rs"]
#[expect(dead_code, reason = "lines are cut natively")]
mod nats;
#[path = "../page/mod.rs"]
#[expect(dead_code, reason = "the benchmarks need more of it")]
mod page;

/// Lists the tests of a file, by where they run. Who writes a test and does not list it is told
/// that nobody calls it.
macro_rules! tests {
    ($($browsers:expr => [$($test:ident),* $(,)?]),* $(,)?) => {
        use crate::{Browsers, Test};

        pub const TESTS: &[Test] = &[$($(
            Test {
                name: concat!(module_path!(), "::", stringify!($test)),
                browsers: $browsers,
                run: || Box::pin($test()),
            }
        ),*),*];
    };
}

mod access;
mod class;
mod code;
mod e2e;
mod embed;
mod everyday;
mod files;
mod fold;
mod lab;
mod later;
mod lessons;
mod offline;
mod own;
mod share;
mod panels;
mod stuck;
mod terms;
mod time;
#[path = "kept.rs"]
mod what_was_kept;

use std::pin::Pin;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Trial};

/// Where a test runs.
#[derive(Clone, Copy)]
pub enum Browsers {
    /// In both: it is about something that browsers do each in their own way.
    Both,
    /// In Chromium only, for this reason.
    Chromium(&'static str),
}

/// A test, as its file lists it.
pub struct Test {
    name: &'static str,
    browsers: Browsers,
    run: fn() -> Pin<Box<dyn Future<Output = ()>>>,
}

fn main() -> ExitCode {
    // Sessions with browsers outlive the tests that begin them.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let handle = runtime.handle();
    let all = [
        access::TESTS,
        class::TESTS,
        code::TESTS,
        e2e::TESTS,
        embed::TESTS,
        everyday::TESTS,
        files::TESTS,
        fold::TESTS,
        lab::TESTS,
        later::TESTS,
        lessons::TESTS,
        offline::TESTS,
        own::TESTS,
        share::TESTS,
        panels::TESTS,
        stuck::TESTS,
        terms::TESTS,
        time::TESTS,
        what_was_kept::TESTS,
    ];
    let all = all.into_iter().flatten();
    let trials = all.map(|test| {
        let (name, handle) = (test.name.trim_start_matches("pages::"), handle.clone());
        Trial::ignorable_test(name, move || {
            if let Browsers::Chromium(reason) = test.browsers
                && page::browser::is_firefox()
            {
                return Ok(Completion::ignored_with(reason));
            }
            handle.block_on((test.run)());
            Ok(Completion::Completed)
        })
    });
    let (arguments, trials) = (Arguments::from_args(), trials.collect());
    let _in_runtime = runtime.enter();
    page::browser::share(|| libtest_mimic::run(&arguments, trials)).exit_code()
}
