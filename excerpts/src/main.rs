//! Writes `code/cart.json` and its like into the page's folder. Trunk calls this at each build of
//! the page, with the folder in `TRUNK_STAGING_DIR`; by hand the folder is the argument.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder = env::args_os().nth(1).or_else(|| env::var_os("TRUNK_STAGING_DIR"));
    let Some(folder) = folder else {
        eprintln!("say into which folder: leftfold-excerpts FOLDER");
        return ExitCode::FAILURE;
    };
    match write(&PathBuf::from(folder).join("code")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the scenarios' source could not be written for the page: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let all = leftfold_excerpts::all(&root)?;
    fs::create_dir_all(folder)?;
    for (scenario, excerpts) in all {
        let excerpts: serde_json::Map<_, _> =
            excerpts.iter().map(|(name, it)| (name.clone(), it.to_json())).collect();
        let text = serde_json::Value::from(excerpts).to_string();
        fs::write(folder.join(format!("{scenario}.json")), text)?;
    }
    Ok(())
}
