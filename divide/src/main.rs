//! Divides `leftfold_bg.wasm` in the page's folder and writes `leftfold_later.wasm` beside it. Trunk
//! calls this at each build of the page, with the folder in `TRUNK_STAGING_DIR`; by hand the folder
//! is the argument. A page that is built quickly, for development, stays in one piece.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use leftfold_divide::{Rooms, divide};

/// Which functions come later.
const LATER: &str = include_str!("../later.txt");
/// What the first module calls to have the later one brought. The page's `ui/browser/later.rs` has it.
const BRING: &str = "bringLater";

fn main() -> ExitCode {
    if env::var("TRUNK_PROFILE").is_ok_and(|it| it != "release") {
        return ExitCode::SUCCESS;
    }
    let folder = env::args_os().nth(1).or_else(|| env::var_os("TRUNK_STAGING_DIR"));
    let Some(folder) = folder else {
        eprintln!("say in which folder: leftfold-divide FOLDER");
        return ExitCode::FAILURE;
    };
    match write(&PathBuf::from(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the page's module could not be divided: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> Result<()> {
    let whole = folder.join("leftfold_bg.wasm");
    // The page that the benchmark compares with is another, and small.
    if !whole.exists() {
        return Ok(());
    }
    let wasm = fs::read(&whole).context("leftfold_bg.wasm cannot be read")?;
    let rooms = Rooms::read(LATER);
    let parts = divide(&wasm, BRING, |name, size| rooms.hold(name, size))?;
    fs::write(folder.join("leftfold_later.wasm"), parts.later)?;
    fs::write(whole, parts.first)?;
    Ok(())
}
