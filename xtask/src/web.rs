//! Builds what the page loads on demand, from `web/` into `web/dist/`: the JavaScript interpreter, what
//! runs in it, the worker in which a domain is tried, and the editor.
//!
//! npm installs the libraries, exactly as `web/package-lock.json` names them. esbuild puts them and
//! our scripts together, and binaryen builds a counter of steps into the interpreter. Trunk copies
//! the result into the page.

use std::{
    fmt::Write,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    page::{collect, target},
    shell::{Output, Shell, answer, run},
};

/// What the page may ask for by name. esbuild adds files for what these share.
const ENTRIES: [&str; 3] = ["src/interpreter.js", "src/trial.js", "src/editor.js"];
/// What shares nothing with the others, and is one file.
const ALONE: &str = "src/class.js";
/// What runs inside the interpreter, each as the plain script that it is.
const INSIDE: [&str; 2] = ["crates/domain/src/bridge.js", "crates/domain/src/skeleton.js"];
/// The oldest browsers that know all of the page's style sheet: its colours are by `light-dark()`.
const BROWSERS: &str = "--target=chrome123,firefox120,safari17.5";
const QUICKJS: &str =
    "node_modules/@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm";

/// Makes sure that the libraries of the lock file are there, and no others.
pub fn ensure_libraries(shell: &Shell) -> Result<()> {
    let web = web(shell);
    let lock = web.join("package-lock.json");
    let locked = fs::read(&lock).with_context(|| format!("could not read {}", lock.display()))?;
    // npm empties the folder before it begins, so what is noted in there was installed to the end.
    let note = web.join("node_modules/.leftfold-lock.json");
    if fs::read(&note).is_ok_and(|noted| noted == locked) {
        return Ok(());
    }
    let wanted =
        fs::read_to_string(web.join("package.json")).context("could not read web/package.json")?;
    println!(
        "==> missing: {}, of which the interpreter, the editor and the connection to a class are made",
        dependencies(&wanted).join(", ")
    );
    println!("    with npm, into {}", web.join("node_modules").display());
    let mut npm = shell.command(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    run(
        npm.current_dir(&web),
        "Is there a network? Once the libraries are there, none is needed.\n\
         By hand: install Node.js with npm and try again.",
    )?;
    fs::write(&note, locked).with_context(|| format!("could not write {}", note.display()))
}

/// Bundles everything into `web/dist/`, unless nothing has changed since the last time.
pub fn build(shell: &Shell, release: bool, output: &Output) -> Result<()> {
    let note = target(shell).join("web.txt");
    if let (Some(state), Ok(noted)) = (state(shell, release), fs::read_to_string(&note))
        && noted == state
    {
        return Ok(());
    }
    let (web, dist) = (web(shell), dist(shell));
    // The shared files have other names after a change, and nobody would delete the earlier ones.
    if dist.is_dir() {
        fs::remove_dir_all(&dist).with_context(|| format!("could not empty {}", dist.display()))?;
    }
    let esbuild = || {
        let mut esbuild = shell.command("esbuild");
        esbuild.current_dir(&web).args(["--outdir=dist", BROWSERS, "--charset=utf8"]);
        esbuild.arg("--log-level=warning").args(release.then_some("--minify"));
        esbuild
    };
    output.run(
        esbuild().args(ENTRIES).args(["--bundle", "--format=esm", "--splitting"]),
        "A script in web/src/ has a mistake.",
    )?;
    output.run(
        esbuild().args([ALONE, "--bundle", "--format=esm"]),
        "A script in web/src/ has a mistake.",
    )?;
    // They get no format: in a module, the value of the bridge's one expression would be lost.
    output.run(
        esbuild().args(INSIDE.map(|file| shell.root.join(file))),
        "A script in crates/domain/src/ has a mistake.",
    )?;
    let interpreter = dist.join("quickjs.wasm");
    fs::copy(counting(shell, output)?, &interpreter)
        .with_context(|| format!("could not write {}", interpreter.display()))?;
    if let Some(state) = state(shell, release) {
        fs::write(&note, state).with_context(|| format!("could not write {}", note.display()))?;
    }
    Ok(())
}

/// Where the bundles are.
pub fn dist(shell: &Shell) -> PathBuf {
    web(shell).join("dist")
}

fn web(shell: &Shell) -> PathBuf {
    shell.root.join("web")
}

/// A hash of the sources, the libraries, the tools and what was built. `None` if one of them is
/// missing.
fn state(shell: &Shell, release: bool) -> Option<String> {
    let web = web(shell);
    let mut files = vec![web.join("package-lock.json"), web.join(QUICKJS)];
    files.extend(INSIDE.map(|file| shell.root.join(file)));
    let kept = files.len();
    collect(&web.join("src"), &mut files).ok()?;
    collect(&dist(shell), &mut files).ok()?;
    files[kept..].sort();

    let mut hash = DefaultHasher::new();
    (release, BROWSERS, STEPS, EACH_LOOP).hash(&mut hash);
    for tool in ["esbuild", "wasm-opt"] {
        answer(shell.command(tool).arg("--version"))?.hash(&mut hash);
    }
    for file in files {
        (&file, fs::read(&file).ok()?).hash(&mut hash);
    }
    Some(format!("{:016x}", hash.finish()))
}

/// The names and versions in the table `dependencies` of a package.json.
fn dependencies(package: &str) -> Vec<String> {
    let table = package.split_once("\"dependencies\": {").map_or("", |(_, after)| after);
    let table = table.split_once('}').map_or("", |(inside, _)| inside);
    let quoted: Vec<&str> = table.split('"').skip(1).step_by(2).collect();
    quoted.chunks_exact(2).map(|pair| pair.join(" ")).collect()
}

/// Counts down at each turn of a loop.
const EACH_LOOP: &str = "(global.set $steps_left \
                         (i32.sub (global.get $steps_left) (i32.const 1)))\n\
                         (if (i32.lt_s (global.get $steps_left) (i32.const 0)) \
                         (then (call $steps_over)))";
/// What counts. After 10,000 steps the host is asked, which answers or ends it all. Copying and
/// filling memory counts as one step for each 64 bytes, because that takes about as long.
const STEPS: &str = "
(global $steps_left (mut i32) (i32.const 10000))
(func $steps_over
  (global.set $steps_left (i32.add (global.get $steps_left) (i32.const 10000)))
  (call $turn))
(func $steps_pay (param $bytes i32)
  (global.set $steps_left
    (i32.sub (global.get $steps_left) (i32.shr_u (local.get $bytes) (i32.const 6))))
  (if (i32.lt_s (global.get $steps_left) (i32.const 0)) (then (call $steps_over))))
(func $steps_copy (param i32 i32 i32)
  (call $steps_pay (local.get 2))
  (memory.copy (local.get 0) (local.get 1) (local.get 2)))
(func $steps_fill (param i32 i32 i32)
  (call $steps_pay (local.get 2))
  (memory.fill (local.get 0) (local.get 1) (local.get 2)))
)
";

/// The interpreter, with a counter in each of its loops. By itself it asks whether to go on in the
/// loops of a script only: it looks through a list of four thousand million holes without asking.
fn counting(shell: &Shell, output: &Output) -> Result<PathBuf> {
    let folder = target(shell).join("web");
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let made = folder.join("quickjs.wasm");
    let note = folder.join("quickjs.txt");
    let original = web(shell).join(QUICKJS);
    let mut hash = DefaultHasher::new();
    let content =
        fs::read(&original).with_context(|| format!("could not read {}", original.display()))?;
    let assembler = answer(shell.command("wasm-as").arg("--version"))
        .context("wasm-opt is there without wasm-as: reinstall binaryen")?;
    (content, assembler, STEPS, EACH_LOOP).hash(&mut hash);
    let state = format!("{:016x}", hash.finish());
    if made.is_file() && fs::read_to_string(&note).is_ok_and(|noted| noted == state) {
        return Ok(made);
    }
    let text = folder.join("quickjs.wat");
    let advice = "The interpreter cannot be made to count its steps.";
    output.run(shell.command("wasm-dis").arg(&original).arg("-o").arg(&text), advice)?;
    rewrite(&text).context(advice)?;
    output.run(
        shell
            .command("wasm-as")
            .args(["--enable-bulk-memory", "--enable-nontrapping-float-to-int"])
            .arg(&text)
            .arg("-o")
            .arg(&made),
        advice,
    )?;
    fs::write(&note, state).with_context(|| format!("could not write {}", note.display()))?;
    Ok(made)
}

fn rewrite(file: &Path) -> Result<()> {
    let text =
        fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    let text = with_counter(&text)?;
    fs::write(file, text).with_context(|| format!("could not write {}", file.display()))
}

/// A module with the counter in it, from the module's text as wasm-dis writes it: one instruction
/// begins on each line.
fn with_counter(text: &str) -> Result<String> {
    let body = text.trim_end().strip_suffix(')').context("wasm-dis wrote no module")?;
    let mut counting = String::with_capacity(text.len() + text.len() / 4);
    let (mut loops, mut imports) = (0, 0);
    for line in body.lines() {
        let code = line.trim_start();
        // An import of the host's comes first, because imports stand before everything else.
        if code.starts_with("(import ") {
            if imports == 0 {
                counting.push_str("(import \"leftfold\" \"turn\" (func $turn))\n");
            }
            imports += 1;
        }
        match code {
            "(memory.copy" => counting.push_str("(call $steps_copy"),
            "(memory.fill" => counting.push_str("(call $steps_fill"),
            _ if code.starts_with("(memory.copy") || code.starts_with("(memory.fill") => {
                bail!("wasm-dis writes this in another way: {code}")
            }
            _ => counting.push_str(line),
        }
        counting.push('\n');
        if code.starts_with("(loop") {
            writeln!(counting, "{EACH_LOOP}")?;
            loops += 1;
        }
    }
    ensure!(imports > 0 && loops > 0, "the module has {imports} imports and {loops} loops");
    counting.push_str(STEPS);
    Ok(counting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_loop_and_each_bulk_operation_counts() {
        let text = "(module\n (import \"a\" \"b\" (func $b))\n (import \"a\" \"c\" (func $c))\n \
                    (func $f\n  (loop $label\n   (memory.copy\n    (local.get $0)\n   )\n  )\n \
                    )\n)\n";
        let counting = with_counter(text).unwrap();
        let lines: Vec<&str> = counting.lines().map(str::trim).collect();
        assert_eq!(lines[1], "(import \"leftfold\" \"turn\" (func $turn))");
        let at = lines.iter().position(|it| *it == "(loop $label").unwrap();
        assert!(lines[at + 1].starts_with("(global.set $steps_left"));
        assert_eq!(lines[at + 3], "(call $steps_copy");
        let parentheses = |c| counting.matches(c).count();
        assert_eq!(parentheses('('), parentheses(')'));
    }

    #[test]
    fn a_module_that_is_written_in_another_way_is_refused() {
        for text in [
            "",
            "(module\n (func $f\n  (loop $label\n  )\n )\n)",
            "(module\n (import \"a\" \"b\" (func $b))\n)",
            "(module\n (import \"a\" \"b\" (func $b))\n (func $f\n  (loop $l\n   (memory.copy 0 1\n  ))\n )\n)",
        ] {
            assert!(with_counter(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_libraries_are_named_with_their_versions() {
        let package = "{\n  \"name\": \"web\",\n  \"dependencies\": {\n    \"@a/b\": \"1.2.3\",\n    \
                       \"c\": \"4.5.6\"\n  }\n}\n";
        assert_eq!(dependencies(package), ["@a/b 1.2.3", "c 4.5.6"]);
        assert!(dependencies("{}").is_empty());
    }
}
