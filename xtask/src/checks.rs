//! `cargo xtask test`, `bench` and `screenshots`: every check there is, in order of cost.
//!
//! It never filters what a test runner prints, and stops at the first failure.

use std::{process::Command, time::Instant};

use anyhow::{Context, Result};

use crate::{
    browser::{Browser, Kind},
    page,
    setup::{self, Needs, Ready},
    shell::{Shell, run},
    toolchain::TARGET,
};

/// Which benchmarks to run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bench {
    Native,
    Browser,
    Both,
}

/// What is done to the stored log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Torture {
    Kill,
    Tabs,
    Damage,
    Quota,
    All,
}

pub fn torture(shell: Shell, which: Torture) -> Result<()> {
    let Ready { shell, browsers } = setup::prepare(shell, Needs::PAGE_IN_BROWSER)?;
    heading("The optimised page");
    page::build(&shell)?;
    let test = match which {
        Torture::Kill => "killed",
        Torture::Tabs => "tabs",
        Torture::Damage => "damaged",
        Torture::Quota => "full_disk",
        Torture::All => "",
    };
    under_force(&shell, &browsers, &["--nocapture", test], "long")
}

/// Kills, damages and starves Chromium: the others cannot be told to.
fn under_force(
    shell: &Shell,
    browsers: &[Browser],
    arguments: &[&str],
    length: &str,
) -> Result<()> {
    for browser in browsers.iter().filter(|it| it.kind == Kind::Chromium) {
        heading("The stored log under force");
        run(
            driving(shell, browser, "test -p leftfold --test torture")
                .env("LEFTFOLD_TORTURE", length)
                .args(["--", "--test-threads=1"])
                .args(arguments),
            "At length, one by one: `cargo xtask torture kill`, `tabs`, `damage`, `quota`.",
        )?;
    }
    Ok(())
}

pub fn test(shell: Shell) -> Result<()> {
    let start = Instant::now();
    let Ready { shell, browsers } = setup::prepare(shell, Needs::TESTS)?;
    let cargo = |line: &str| cargo(&shell, line);

    heading("Format");
    run(&mut cargo("fmt --all --check"), "The sources are not formatted: run `cargo fmt --all`.")?;

    let lints = "Clippy has complaints: see above.";
    heading("Lints, native");
    run(&mut cargo("clippy --workspace --all-targets -- -D warnings"), lints)?;
    // Those that start a browser are not among all targets.
    run(&mut cargo("clippy -p leftfold --test * -- -D warnings"), lints)?;
    heading("Lints, WebAssembly");
    run(
        cargo("clippy -p leftfold --all-targets")
            .args(["--target", TARGET, "--", "-D", "warnings"]),
        lints,
    )?;

    let docs = "The documentation has mistakes: see above.";
    heading("Docs, native");
    run(
        cargo("doc --workspace --no-deps --document-private-items")
            .env("RUSTDOCFLAGS", "-D warnings"),
        docs,
    )?;
    heading("Docs, WebAssembly");
    run(
        cargo("doc -p leftfold --no-deps --document-private-items")
            .args(["--target", TARGET])
            .env("RUSTDOCFLAGS", "-D warnings"),
        docs,
    )?;

    heading("Tests, native");
    run(
        &mut cargo("test --workspace"),
        "To repeat one test alone: `cargo test <part of its name>`.",
    )?;

    for browser in &browsers {
        heading(&format!("Tests in headless {:?}", browser.kind));
        run(
            &mut in_browser(&shell, browser, "test -p leftfold --test browser")?,
            "If the browser did not start, its driver may be of another version than itself.",
        )?;
    }

    heading("The optimised page");
    page::build(&shell)?;

    for browser in &browsers {
        heading(&format!("The page, end to end, in {:?}", browser.kind));
        run(
            &mut driving(
                &shell,
                browser,
                "test -p leftfold --test e2e --test lab_page --test files_page",
            ),
            "To see the page yourself: `cargo xtask serve`.",
        )?;
    }
    under_force(&shell, &browsers, &[], "")?;

    let seconds = start.elapsed().as_secs();
    println!("\nAll is well, after {} min {} s.", seconds / 60, seconds % 60);
    Ok(())
}

pub fn bench(shell: Shell, which: Bench) -> Result<()> {
    let needs = if which == Bench::Native { Needs::NOTHING } else { Needs::BENCHES };
    let Ready { shell, browsers } = setup::prepare(shell, needs)?;
    if which != Bench::Browser {
        heading("Benchmarks, native");
        run(
            &mut cargo(&shell, "bench -p leftfold --bench kernel"),
            "The benchmark stopped: see above.",
        )?;
    }
    for browser in &browsers {
        heading("Benchmarks in headless Chromium");
        let line = "test --release -p leftfold --bench kernel_web";
        run(
            in_browser(&shell, browser, line)?.args(["--", "--nocapture"]),
            "The benchmark stopped: see above.",
        )?;
        heading("The optimised page");
        page::build(&shell)?;
        page::build_bare(&shell)?;
        heading("Benchmarks of the page");
        run(
            driving(&shell, browser, "test -p leftfold --test page").args(["--", "--nocapture"]),
            "The benchmark stopped: see above.",
        )?;
        heading("Benchmarks of the stored log, beside Dexie");
        run(
            driving(&shell, browser, "test -p leftfold --test store_web")
                .args(["--", "--nocapture"]),
            "The benchmark stopped: see above.",
        )?;
    }
    Ok(())
}

/// Draws every scenario, wide and narrow, light and dark, and the page's states, for a person to
/// look at.
pub fn screenshots(shell: Shell) -> Result<()> {
    let Ready { shell, browsers } = setup::prepare(shell, Needs::PAGE_IN_BROWSER)?;
    heading("The optimised page");
    page::build(&shell)?;
    for browser in &browsers {
        heading("Screenshots");
        run(
            &mut driving(&shell, browser, "test -p leftfold --test screenshots"),
            "To see the page yourself: `cargo xtask serve`.",
        )?;
    }
    println!("\nThey are in {}.", shell.root.join("target/screenshots").display());
    Ok(())
}

fn heading(title: &str) {
    println!("\n==> {title}");
}

fn cargo(shell: &Shell, line: &str) -> Command {
    let mut command = shell.command("cargo");
    command.args(line.split(' '));
    command
}

/// A program that drives the browser over the built page, told where both are.
fn driving(shell: &Shell, browser: &Browser, line: &str) -> Command {
    let mut command = cargo(shell, line);
    command
        .env("LEFTFOLD_DIST", page::dist(shell))
        .env("BROWSER_KIND", format!("{:?}", browser.kind))
        .env("BROWSER", &browser.program)
        .env("DRIVER", &browser.driver);
    command
}

/// Tests and benchmarks that are themselves WebAssembly, run by wasm-bindgen's runner.
fn in_browser(shell: &Shell, browser: &Browser, line: &str) -> Result<Command> {
    let runner = shell
        .find("wasm-bindgen-test-runner")
        .context("wasm-bindgen is there without its test runner: reinstall wasm-bindgen-cli")?;
    let mut command = cargo(shell, line);
    command
        .args(["--target", TARGET])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", browser.write_capabilities(shell)?)
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300");
    // The runner takes the first driver that it is told of.
    for driver in ["GECKODRIVER", "SAFARIDRIVER", "MSEDGEDRIVER", "CHROMEDRIVER"] {
        command.env_remove(format!("{driver}_REMOTE")).env_remove(driver);
    }
    command.env(browser.kind.variables().1, &browser.driver);
    Ok(command)
}
