//! Builds the page: Trunk puts it together, the licences and the worker that keeps it come beside it,
//! esbuild makes its scripts and its style sheets small, and Node.js compresses it and tells the sizes.
//!
//! Trunk.toml, Cargo.toml and index.html say how Trunk builds the page.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    licences, offline,
    shell::{Output, Shell, answer, non_empty, run, succeeds},
    toolchain::TARGET,
    web,
};

const ADVICE: &str = "The page does not build; the compiler's message is above.";

/// Makes sure that all crates of Cargo.lock are on this machine.
pub fn fetch(shell: &Shell) -> Result<()> {
    if succeeds(shell.command("cargo").args(["fetch", "--quiet", "--offline"])) {
        return Ok(());
    }
    println!("==> missing: crates that the page is built from; fetching them");
    run(
        shell.command("cargo").env_remove("CARGO_NET_OFFLINE").arg("fetch"),
        "Is there a network? Once the crates are fetched, none is needed.",
    )
}

/// Where the optimised page is.
pub fn dist(shell: &Shell) -> PathBuf {
    shell.root.join("dist")
}

/// Writes the optimised page to `dist/` and tells its size. If neither the sources nor `dist/` have
/// changed since the last build, `dist/` is left alone, because making it small takes half a minute.
pub fn build(shell: &Shell, output: &Output) -> Result<()> {
    web::build(shell, true, output)?;
    // The same command as Trunk's, so that Trunk finds everything compiled.
    let line = format!("build --release --target {TARGET} --bin leftfold");
    output.run(shell.command("cargo").args(line.split(' ')), ADVICE)?;
    let note = target(shell).join("page.txt");
    if let (Some(state), Ok(noted)) = (state(shell), fs::read_to_string(&note))
        && let Some((before, sizes)) = noted.split_once('\n')
        && before == state
    {
        return output.say(&format!("The page has not changed since it was built.\n\n{sizes}"));
    }
    output.run(trunk(shell).arg("--release"), ADVICE)?;
    licences::write(shell, output)?;
    output.run(&mut minify(shell)?, "The page's scripts or its style sheet have a mistake.")?;
    offline::write(&shell.root, &dist(shell))?;
    let sizes = sizes(shell)?;
    if let Some(state) = state(shell) {
        fs::write(&note, format!("{state}\n{sizes}"))
            .with_context(|| format!("could not write {}", note.display()))?;
    }
    output.say(&format!("\n{sizes}"))
}

/// A hash of the page's sources, the tools that build it and the files in `dist/`. `None` if one of
/// them is missing.
fn state(shell: &Shell) -> Option<String> {
    let index = fs::read_to_string(shell.root.join("index.html")).ok()?;
    let mentioned = index.split("href=\"").skip(1).filter_map(|it| it.split('"').next());
    let mut files: Vec<PathBuf> = mentioned
        .chain(["index.html", "sw.js", "Trunk.toml", "xtask/src/offline.rs"])
        .chain(["about.toml", "licenses.html", "licenses.css", "LICENSE-MIT"])
        .chain(["Cargo.lock", "web/package-lock.json"])
        .map(|it| shell.root.join(it))
        .filter(|it| it.is_file())
        .collect();
    files.push(target(shell).join(TARGET).join("release/leftfold.wasm"));
    let made = files.len();
    // What the page shows of the sources changes with a comment, too.
    for folder in ["crates/scenarios/src", "crates/es/src", "excerpts/src", "divide"] {
        collect(&shell.root.join(folder), &mut files).ok()?;
    }
    collect(&web::dist(shell), &mut files).ok()?;
    collect(&dist(shell), &mut files).ok()?;
    files[made..].sort();

    let mut hash = DefaultHasher::new();
    for tool in ["trunk", "wasm-bindgen", "wasm-opt", "esbuild"] {
        answer(shell.command(tool).arg("--version"))?.hash(&mut hash);
    }
    for file in files {
        (&file, fs::read(&file).ok()?).hash(&mut hash);
    }
    Some(format!("{:016x}", hash.finish()))
}

/// Cargo's target folder.
pub fn target(shell: &Shell) -> PathBuf {
    non_empty("CARGO_TARGET_DIR").map_or_else(|| shell.root.join("target"), PathBuf::from)
}

/// Writes the page to another folder, quickly and unoptimised.
pub fn build_for_development(shell: &Shell, folder: &Path) -> Result<()> {
    fetch(shell)?;
    web::ensure_libraries(shell)?;
    web::build(shell, false, &Output::Terminal)?;
    run(trunk(shell).arg("--dist").arg(folder), ADVICE)
}

/// Makes the scripts and the style sheet in `dist/` small, except those of `web/`, which are small,
/// and those of `twins/`, which people read. Trunk's own minifier cannot read the script that wasm-bindgen writes.
fn minify(shell: &Shell) -> Result<Command> {
    let folder = dist(shell);
    let mut files = Vec::new();
    collect(&folder, &mut files)
        .with_context(|| format!("could not read what was built in {}", folder.display()))?;
    files.retain(|file| file.extension().is_some_and(|it| it == "js" || it == "css"));
    files.retain(|file| !["web", "twins"].iter().any(|it| file.starts_with(folder.join(it))));
    let mut command = shell.command("esbuild");
    command
        .args(["--minify", "--charset=utf8", "--log-level=warning", "--allow-overwrite"])
        .arg(format!("--outdir={}", folder.display()))
        .arg(format!("--outbase={}", folder.display()))
        .args(files);
    Ok(command)
}

/// Builds the empty page that the benchmark compares with.
pub fn build_bare(shell: &Shell) -> Result<()> {
    let folder = shell.root.join("target/bare");
    run(
        trunk(shell).args(["--release", "--dist"]).arg(folder).arg("benches/pages/bare.html"),
        ADVICE,
    )
}

fn trunk(shell: &Shell) -> Command {
    let mut command = shell.command("trunk");
    // Trunk's own backtrace would push the compiler's message off the screen.
    command.args(["build", "--offline"]).env("RUST_BACKTRACE", "0");
    command
}

/// A table of the files in `dist/` and their sizes in bytes, raw and after brotli. It ends with the
/// sums of what is loaded at first, of what comes once that runs, and of what is loaded on demand.
fn sizes(shell: &Shell) -> Result<String> {
    let folder = dist(shell);
    let mut files = Vec::new();
    collect(&folder, &mut files)
        .with_context(|| format!("could not read what was built in {}", folder.display()))?;
    files.sort();
    let raw: Vec<u64> =
        files.iter().map(|file| Ok(fs::metadata(file)?.len())).collect::<Result<_>>()?;
    let names: Vec<_> =
        files.iter().map(|file| file.strip_prefix(&folder).unwrap_or(file)).collect();
    let compressed = compress(shell, &files);

    let mut rows = vec![format!("{:>9} {:>9}  (bytes)", "raw", "brotli")];
    let mut row = |raw: u64, compressed: Option<u64>, name: &str| {
        let compressed = compressed.map_or_else(|| "?".to_owned(), |size| size.to_string());
        rows.push(format!("{raw:>9} {compressed:>9}  {name}"));
    };
    for (index, (name, raw)) in names.iter().zip(&raw).enumerate() {
        row(*raw, compressed.as_ref().map(|sizes| sizes[index]), &name.to_string_lossy());
    }
    let when = |name: &Path| match name.to_str() {
        Some(name) if offline::FIRST.contains(&name) => "the first load",
        Some(name) if offline::LATER.contains(&name) => "a moment later",
        _ => "on demand",
    };
    for title in ["the first load", "a moment later", "on demand"] {
        let is_part = |at: &usize| when(names[*at]) == title;
        let sum = |sizes: &[u64]| (0..names.len()).filter(is_part).map(|at| sizes[at]).sum();
        row(sum(&raw), compressed.as_deref().map(sum), title);
    }
    Ok(rows.join("\n"))
}

/// Adds all files in a folder, however deep.
pub fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Writes a file compressed by brotli and one by gzip beside each of these, for hosts that send such
/// files as they are. Gives the sizes after brotli, in the files' order. `None` if there is no Node.js;
/// then there are no compressed files.
fn compress(shell: &Shell, files: &[PathBuf]) -> Option<Vec<u64>> {
    const SCRIPT: &str = "
        const { brotliCompressSync, gzipSync } = require('zlib');
        const { readFileSync, writeFileSync } = require('fs');
        for (const file of process.argv.slice(1)) {
            const content = readFileSync(file);
            const brotli = brotliCompressSync(content);
            writeFileSync(`${file}.br`, brotli);
            writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
            console.log(brotli.length);
        }";
    let mut node = shell.command("node");
    node.args(["-e", SCRIPT, "--"]).args(files);
    let told = answer(&mut node)?;
    let sizes = told.lines().map(|line| line.parse().ok()).collect::<Option<Vec<u64>>>()?;
    (sizes.len() == files.len()).then_some(sizes)
}

/// True for what [`compress`] has written.
pub fn is_compressed(file: &Path) -> bool {
    file.extension().is_some_and(|it| it == "br" || it == "gz")
}
