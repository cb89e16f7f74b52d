//! The browsers that run the tests, each with its driver.
//!
//! On Debian the packaged browsers are installed. Elsewhere a person installs them.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    apt,
    shell::{Shell, answer, non_empty},
    tools,
};

/// Which browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Chromium,
    Firefox,
}

/// A browser and its driver, both there.
pub struct Browser {
    pub kind: Kind,
    pub program: PathBuf,
    pub driver: PathBuf,
}

impl Kind {
    /// The variables that say where the browser and its driver are.
    pub const fn variables(self) -> (&'static str, &'static str) {
        match self {
            Self::Chromium => ("CHROMIUM", "CHROMEDRIVER"),
            Self::Firefox => ("FIREFOX", "GECKODRIVER"),
        }
    }

    fn names(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Chromium => (
                &[
                    "chromium",
                    "chromium-browser",
                    "google-chrome",
                    "google-chrome-stable",
                    "chrome",
                ],
                &[
                    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
                    "/Applications/Chromium.app/Contents/MacOS/Chromium",
                ],
            ),
            Self::Firefox => {
                (&["firefox", "firefox-esr"], &["/Applications/Firefox.app/Contents/MacOS/firefox"])
            }
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Chromium => {
                "Install Chromium or Chrome and the chromedriver of the same version, so that \
                 both are on the path, or set CHROMIUM and CHROMEDRIVER to where they are. \
                 Only `test`, `bench` and `screenshots` need them."
            }
            Self::Firefox => {
                "Install Firefox and geckodriver, so that both are on the path, or set FIREFOX \
                 and GECKODRIVER to where they are. Only `test` needs them."
            }
        }
    }

    fn driver(self, shell: &Shell) -> Option<PathBuf> {
        let name = match self {
            Self::Chromium => "chromedriver",
            Self::Firefox => "geckodriver",
        };
        let ours = tools::bin(shell).join(name);
        non_empty(self.variables().1)
            .map(PathBuf::from)
            .or_else(|| shell.find(name))
            .or_else(|| ours.is_file().then_some(ours))
    }

    fn program(self, shell: &Shell) -> Option<PathBuf> {
        let (names, on_a_mac) = self.names();
        non_empty(self.variables().0)
            .map(PathBuf::from)
            .or_else(|| names.iter().find_map(|name| shell.find(name)))
            .or_else(|| on_a_mac.iter().map(PathBuf::from).find(|path| path.is_file()))
    }
}

pub fn ensure(shell: &Shell, kind: Kind) -> Result<Browser> {
    if let Some(browser) = find(shell, kind) {
        return Ok(browser);
    }
    println!("==> missing: {kind:?} or its driver, in which the page is tested");
    match kind {
        Kind::Chromium => apt::install(shell, &["chromium", "chromium-driver"], kind.advice())?,
        Kind::Firefox => {
            if kind.program(shell).is_none() {
                apt::install(shell, &["firefox-esr"], kind.advice())?;
            }
            if kind.driver(shell).is_none() {
                tools::install_geckodriver(shell)?;
            }
        }
    }
    find(shell, kind).context(kind.advice())
}

fn find(shell: &Shell, kind: Kind) -> Option<Browser> {
    Some(Browser { kind, program: kind.program(shell)?, driver: kind.driver(shell)? })
}

impl Browser {
    /// Writes what wasm-bindgen's test runner tells the driver, and returns the file's path.
    pub fn write_capabilities(&self, shell: &Shell) -> Result<PathBuf> {
        let (vendor, switches) = match self.kind {
            Kind::Chromium => ("goog:chromeOptions", chromium_switches(shell)),
            Kind::Firefox => ("moz:firefoxOptions", vec!["-headless"]),
        };
        let folder = shell.root.join("target");
        let file = folder.join(format!("{:?}.json", self.kind).to_lowercase());
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&file, capabilities(vendor, &self.program, &switches)))
            .with_context(|| format!("could not write {}", file.display()))?;
        Ok(file)
    }
}

fn chromium_switches(shell: &Shell) -> Vec<&'static str> {
    let mut switches = vec![
        "--headless",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Containers often give shared memory too little room.
        "--disable-dev-shm-usage",
    ];
    // Chromium refuses to run as root unless told so; the pages it opens are our own.
    if answer(shell.command("id").arg("-u")).as_deref() == Some("0") || env::var_os("CI").is_some()
    {
        switches.push("--no-sandbox");
    }
    switches
}

fn capabilities(vendor: &str, program: &Path, switches: &[&str]) -> String {
    let switches: Vec<String> = switches.iter().map(|switch| quoted(switch)).collect();
    format!(
        "{{ \"{vendor}\": {{ \"binary\": {}, \"args\": [{}] }} }}\n",
        quoted(&program.to_string_lossy()),
        switches.join(", ")
    )
}

/// A JSON string; paths have no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_quotes_stays_one_json_string() {
        assert_eq!(
            capabilities("goog:chromeOptions", Path::new(r#"C:\a "b""#), &["--headless"]),
            "{ \"goog:chromeOptions\": { \"binary\": \"C:\\\\a \\\"b\\\"\", \"args\": [\"--headless\"] } }\n"
        );
    }
}
