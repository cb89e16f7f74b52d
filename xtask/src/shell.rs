//! Starts other programs in the project's folder, with the right environment, and says what to do when
//! they fail.
//!
//! A program's output is visible, except where [`answer`] asks the program a question.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// What all programs that this one starts have in common.
#[derive(Clone)]
pub struct Shell {
    /// The top folder of the project.
    pub root: PathBuf,
    /// Where everything we install is kept, for all clones of the project.
    pub cache: PathBuf,
    /// The rustup toolchain for children, `None` where the Rust on the path is meant.
    pub toolchain: Option<String>,
    path: OsString,
    library_path: Option<OsString>,
    variables: Vec<(&'static str, String)>,
}

impl Shell {
    pub fn new() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().context("xtask lies in no folder")?;
        if !root.join("Cargo.toml").is_file() {
            bail!(
                "the project has moved away from {}: run `cargo clean` and try again",
                root.display()
            );
        }
        let cache = non_empty("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| env::home_dir().map(|home| home.join(".cache")))
            .context("there is no home folder: set XDG_CACHE_HOME to a folder for installed tools")?
            .join("leftfold");
        Ok(Self {
            root: root.to_path_buf(),
            cache,
            // rustup's `cargo` tells which toolchain it chose for us.
            toolchain: env::var("RUSTUP_TOOLCHAIN").ok(),
            path: env::var_os("PATH").unwrap_or_default(),
            library_path: inherited_library_path(),
            variables: Vec::new(),
        })
    }

    /// The folders that children search for programs, in order.
    pub fn search_path(&self) -> Vec<PathBuf> {
        env::split_paths(&self.path).collect()
    }

    pub fn set_search_path(&mut self, folders: &[PathBuf]) -> Result<()> {
        self.path = env::join_paths(folders)
            .context("a folder that should be searched for programs has an unusable name")?;
        Ok(())
    }

    /// Sets an environment variable for all programs started from here on.
    pub fn set(&mut self, variable: &'static str, value: impl Into<String>) {
        self.variables.push((variable, value.into()));
    }

    /// A program in the project's folder, freed of what Cargo and rustup set for this tool itself.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).stdin(Stdio::null());
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(is_about_this_tool) {
                command.env_remove(name);
            }
        }
        if let Some(library_path) = &self.library_path {
            command.env("LD_LIBRARY_PATH", library_path);
        }
        if let Some(toolchain) = &self.toolchain {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        // Trunk takes the usual `NO_COLOR=1` for a mistake.
        if non_empty("NO_COLOR").is_some() {
            command.env("NO_COLOR", "true");
        }
        command.env("PATH", &self.path);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The first program of that name on the children's path.
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        let name = format!("{program}{}", env::consts::EXE_SUFFIX);
        self.search_path()
            .into_iter()
            .map(|folder| folder.join(&name))
            .find(|candidate| candidate.is_file())
    }
}

/// Where programs print to.
#[derive(Clone)]
pub enum Output {
    /// The terminal, line by line.
    Terminal,
    /// A file, which is shown when the stage is over, because others print at the same time.
    File(PathBuf),
}

impl Output {
    /// Runs a program; `advice` says what to do if it fails.
    pub fn run(&self, command: &mut Command, advice: &str) -> Result<()> {
        if let Self::File(path) = self {
            let file = opened(path)?;
            let both = file.try_clone().context("a file cannot be opened twice")?;
            command.stdout(both).stderr(file);
        }
        run(command, advice)
    }

    /// Prints a text of our own.
    pub fn say(&self, text: &str) -> Result<()> {
        match self {
            Self::Terminal => println!("{text}"),
            Self::File(path) => writeln!(opened(path)?, "{text}")
                .with_context(|| format!("could not write to {}", path.display()))?,
        }
        Ok(())
    }
}

fn opened(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("could not open {}", path.display()))
}

/// Runs a program with its output visible; `advice` says what to do if it fails.
pub fn run(command: &mut Command, advice: &str) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("could not start `{}`\n{advice}", line(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})\n{advice}", line(command));
    }
    Ok(())
}

/// What a program prints, trimmed, or `None` if it fails or does not exist.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Whether a program ends well, its output unseen.
pub fn succeeds(command: &mut Command) -> bool {
    answer(command).is_some()
}

/// The value of an environment variable that is set, and set to something.
pub fn non_empty(variable: &str) -> Option<OsString> {
    env::var_os(variable).filter(|value| !value.is_empty())
}

fn line(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Variables that `cargo run` and rustup set for the program they start. Left in place they would
/// turn a child's choice of compiler back to the one that compiled this tool.
fn is_about_this_tool(variable: &str) -> bool {
    const NAMES: [&str; 9] = [
        "CARGO",
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "LD_LIBRARY_PATH",
        "RUSTC",
        "RUSTDOC",
        "RUSTUP_TOOLCHAIN",
        "RUSTUP_TOOLCHAIN_SOURCE",
        "RUST_RECURSION_COUNT",
    ];
    const PREFIXES: [&str; 3] = ["CARGO_BIN_", "CARGO_MANIFEST_", "CARGO_PKG_"];
    NAMES.contains(&variable) || PREFIXES.iter().any(|start| variable.starts_with(start))
}

/// The library path without the folders that Cargo put in front of it: this tool's target folder
/// and the libraries of the compiler that built it.
fn inherited_library_path() -> Option<OsString> {
    let ours = env::current_exe().ok()?;
    let ours = ours.parent()?;
    let folders = env::var_os("LD_LIBRARY_PATH")?;
    let kept: Vec<PathBuf> = env::split_paths(&folders)
        .filter(|folder| !folder.starts_with(ours))
        .filter(|folder| !folder.components().any(|part| part.as_os_str() == "rustlib"))
        .filter(|folder| !folder.components().any(|part| part.as_os_str() == "toolchains"))
        .collect();
    if kept.is_empty() { None } else { env::join_paths(kept).ok() }
}
