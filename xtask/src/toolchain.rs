//! Chooses the Rust that compiles everything: one that can make WebAssembly, found or put together.
//!
//! It never changes a toolchain except by adding the WebAssembly target, and never makes one the
//! default.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context, Result, bail};

use crate::{
    apt,
    shell::{Shell, answer, run, succeeds},
};

pub const TARGET: &str = "wasm32-unknown-unknown";

/// The oldest Rust that compiles the project.
const OLDEST: (u32, u32) = (1, 89);

/// rustup's name for the Rust that Debian packages.
const DEBIAN: &str = "leftfold-debian";

const BY_HAND: &str = "By hand, with a network: install rustup (https://rustup.rs), then run \
                       `rustup update stable` and `rustup target add wasm32-unknown-unknown`.";

/// Points the shell at a toolchain that compiles for WebAssembly. In this order: the active one
/// as it is, Debian's if it was set up before, the active one with the target added by rustup,
/// and Debian's, set up now. Where WebAssembly is not needed, nothing is added or set up.
pub fn choose(shell: &mut Shell, needs_wasm: bool) -> Result<()> {
    let active = version(shell);
    let recent = active.is_some_and(|version| version >= OLDEST);
    if recent && makes_wasm(shell) {
        return Ok(());
    }
    let rustup = shell.find("rustup").is_some();
    if rustup {
        let debian = with_debian_toolchain(shell);
        if is_usable(&debian) {
            *shell = debian;
            return Ok(());
        }
    }

    if recent && !needs_wasm {
        return Ok(());
    }

    println!("==> missing: a Rust that compiles for {TARGET}, which is what the page is made of");
    if rustup && recent {
        println!("    with rustup: adding the target to the active toolchain");
        let mut add = shell.command("rustup");
        add.args(["target", "add", TARGET]).env("RUST_BACKTRACE", "0");
        if let Some(toolchain) = &shell.toolchain {
            add.args(["--toolchain", toolchain]);
        }
        let added = add.status().is_ok_and(|status| status.success());
        if added && makes_wasm(shell) {
            return Ok(());
        }
        println!("    rustup could not give it to the Rust that is on the path");
    } else if let Some((major, minor)) = active.filter(|_| !recent) {
        println!(
            "    the active Rust is {major}.{minor}, and {}.{} or later is needed \
             (`rustup update stable` may bring it)",
            OLDEST.0, OLDEST.1
        );
    }
    if !apt::is_here(shell) {
        bail!("no Rust here compiles for {TARGET}.\n{BY_HAND}");
    }
    set_up_debian(shell, rustup)
}

/// The tools that check format and style; only the tests need them.
pub fn ensure_lints(shell: &Shell) -> Result<()> {
    let checks = [("rustfmt", "fmt"), ("clippy", "clippy")];
    let missing: Vec<&str> = checks
        .into_iter()
        .filter(|(_, command)| !succeeds(shell.command("cargo").args([command, "--version"])))
        .map(|(component, _)| component)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("==> missing: {}, which check the sources", missing.join(" and "));
    let Some(toolchain) = shell.toolchain.as_ref().filter(|name| *name != DEBIAN) else {
        return apt::install(
            shell,
            &["rust-web-clippy", "rustfmt-web"],
            "Install rustfmt and clippy for the Rust that is on the path.",
        );
    };
    let mut add = shell.command("rustup");
    add.args(["component", "add", "--toolchain", toolchain]).args(missing);
    run(&mut add, "Is there a network? Without these, `cargo xtask serve` still works.")
}

/// What the chosen toolchain calls itself.
pub fn describe(shell: &Shell) -> String {
    answer(shell.command("rustc").arg("--version")).unwrap_or_default()
}

fn version(shell: &Shell) -> Option<(u32, u32)> {
    parse_version(&answer(shell.command("rustc").arg("--version"))?)
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix("rustc ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn is_usable(shell: &Shell) -> bool {
    version(shell).is_some_and(|version| version >= OLDEST) && makes_wasm(shell)
}

/// Compiles and links an empty library. Merely looking for the standard library's files would
/// miss one that an upgraded compiler no longer reads, and a linker that is not there.
fn makes_wasm(shell: &Shell) -> bool {
    let product = env::temp_dir().join(format!("leftfold-probe-{}.wasm", process::id()));
    let mut probe = shell.command("rustc");
    probe
        .args(["--target", TARGET, "--crate-type", "cdylib", "--crate-name", "probe"])
        .arg("-o")
        .arg(&product)
        .arg("-");
    let works = succeeds(&mut probe);
    // A probe that failed has left nothing to remove.
    let _ = fs::remove_file(&product);
    works
}

fn with_debian_toolchain(shell: &Shell) -> Shell {
    let mut shell = shell.clone();
    shell.toolchain = Some(DEBIAN.to_owned());
    shell
}

/// Debian and its children package a current Rust for their browsers, with the sources of its
/// standard library but without the one for WebAssembly; that one is compiled here.
fn set_up_debian(shell: &mut Shell, rustup: bool) -> Result<()> {
    println!("==> Debian packages a complete Rust for its browsers: taking that one");
    let packages = [
        "rustc-web",
        "cargo-web",
        "rust-web-src",
        "rust-web-llvm",
        "rust-web-clippy",
        "rustfmt-web",
    ];
    // The linker's package is named after the version of LLVM, which is known for certain only
    // once the package lists are fresh.
    for _ in 0..2 {
        let linker = linker(shell);
        let all: Vec<&str> = packages.into_iter().chain(linker.as_deref()).collect();
        apt::install(shell, &all, BY_HAND)?;
    }
    if rustup {
        let mut link = shell.command("rustup");
        link.args(["toolchain", "link", DEBIAN, "/usr"]);
        run(&mut link, BY_HAND)?;
        *shell = with_debian_toolchain(shell);
    }
    if !makes_wasm(shell) {
        build_standard_library(shell)?;
    }
    if !is_usable(shell) {
        bail!("Debian's Rust is installed, yet it does not compile for {TARGET}.\n{BY_HAND}");
    }
    Ok(())
}

fn linker(shell: &Shell) -> Option<String> {
    let names = apt::dependencies(shell, "rust-web-llvm");
    let version = names.iter().find_map(|name| name.strip_prefix("llvm-"))?;
    Some(format!("lld-{version}"))
}

/// Compiles the standard library for WebAssembly and puts it where rustup would have put it.
fn build_standard_library(shell: &Shell) -> Result<()> {
    println!("==> compiling the standard library for {TARGET} from Debian's sources (a minute)");
    let home = answer(shell.command("rustc").args(["--print", "sysroot"]))
        .context("rustc does not say where it is installed")?;
    let home = Path::new(&home).join("lib/rustlib").join(TARGET).join("lib");
    let built = compile_standard_library(shell)?;
    let files: Vec<&str> = built.iter().filter_map(|path| path.to_str()).collect();
    let destination = home.to_str().context("the folder of rustc has an unusable name")?;

    // Whatever is there was of no use, and two versions of one library would be ambiguous.
    let old = rlibs(&home).unwrap_or_default();
    let old: Vec<&str> = old.iter().filter_map(|path| path.to_str()).collect();
    let remove = [&["rm", "-f"], old.as_slice()].concat();
    let copy = [&["install", "-D", "-m", "644", "-t", destination], files.as_slice()].concat();
    for words in [remove, copy] {
        let Some(mut command) = apt::as_root(shell, &words) else {
            let folder = built.first().and_then(|file| file.parent()).unwrap_or(&home);
            bail!(
                "putting it into place needs root, and `sudo` would ask for a password. Run this, \
                 then try again:\n\n    sudo install -D -m 644 -t {destination} {}/*.rlib\n",
                folder.display()
            );
        };
        run(&mut command, BY_HAND)?;
    }
    fs::remove_dir_all(shell.cache.join("std")).context("could not remove what was compiled")
}

/// Compiles the standard library in the cache folder and returns its parts.
fn compile_standard_library(shell: &Shell) -> Result<Vec<PathBuf>> {
    const MANIFEST: &str = "[package]\nname = \"empty\"\nedition = \"2021\"\n\n\
                            [profile.release]\npanic = \"abort\"\n\n[workspace]\n";
    let workshop = shell.cache.join("std");
    let source = workshop.join("src");
    fs::create_dir_all(&source)
        .and_then(|()| fs::write(source.join("lib.rs"), ""))
        .and_then(|()| fs::write(workshop.join("Cargo.toml"), MANIFEST))
        .with_context(|| format!("could not write to {}", workshop.display()))?;

    let mut build = shell.command("cargo");
    build
        .current_dir(&workshop)
        .args(["build", "--release", "--target", TARGET, "--target-dir", "target"])
        .args(["-Z", "build-std=std,panic_abort,test"])
        // Released compilers build their own standard library with this switch, too.
        .env("RUSTC_BOOTSTRAP", "1")
        // The standard library must carry its bitcode, or optimising across crates fails.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes -Zforce-unstable-if-unmarked")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    run(&mut build, &format!("Is there a network?\n{BY_HAND}"))?;

    let products = workshop.join("target").join(TARGET).join("release/deps");
    // The empty crate that was compiled along is no part of the library.
    for product in rlibs(&products)? {
        if product.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libempty")) {
            fs::remove_file(&product).context("could not remove the empty crate's library")?;
        }
    }
    rlibs(&products)
}

fn rlibs(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("no folder {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rlib") {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_whatever_the_channel() {
        assert_eq!(parse_version("rustc 1.96.0 (abc 2026-05-25)"), Some((1, 96)));
        assert_eq!(parse_version("rustc 1.98.0-nightly (abc 2026-05-25)"), Some((1, 98)));
        assert_eq!(parse_version("error: no toolchain"), None);
    }
}
