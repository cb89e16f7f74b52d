//! The browser that runs the tests: Chromium and the driver that remote-controls it.
//!
//! It never downloads a browser; on Debian it installs the packaged one.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    apt,
    shell::{Shell, answer, non_empty},
};

/// A browser and its driver, both there.
pub struct Browser {
    pub chromium: PathBuf,
    pub driver: PathBuf,
}

const ADVICE: &str = "Install Chromium or Chrome and the chromedriver of the same version, so that \
                      both are on the path, or set CHROMIUM and CHROMEDRIVER to where they are. \
                      Only `test` and `bench` need them.";

pub fn ensure(shell: &Shell) -> Result<Browser> {
    if let Some(browser) = find(shell) {
        return Ok(browser);
    }
    println!("==> missing: Chromium or chromedriver, in which the page is tested");
    apt::install(shell, &["chromium", "chromium-driver"], ADVICE)?;
    find(shell).context(ADVICE)
}

fn find(shell: &Shell) -> Option<Browser> {
    const NAMES: [&str; 5] =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    const ON_A_MAC: [&str; 2] = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ];
    let chromium = non_empty("CHROMIUM")
        .map(PathBuf::from)
        .or_else(|| NAMES.iter().find_map(|name| shell.find(name)))
        .or_else(|| ON_A_MAC.iter().map(PathBuf::from).find(|path| path.is_file()))?;
    let driver =
        non_empty("CHROMEDRIVER").map(PathBuf::from).or_else(|| shell.find("chromedriver"))?;
    Some(Browser { chromium, driver })
}

impl Browser {
    /// Writes what wasm-bindgen's test runner tells the driver, and returns the file's path.
    pub fn write_capabilities(&self, shell: &Shell) -> Result<PathBuf> {
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
        if answer(shell.command("id").arg("-u")).as_deref() == Some("0")
            || env::var_os("CI").is_some()
        {
            switches.push("--no-sandbox");
        }
        let folder = shell.root.join("target");
        let file = folder.join("webdriver.json");
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&file, capabilities(&self.chromium, &switches)))
            .with_context(|| format!("could not write {}", file.display()))?;
        Ok(file)
    }
}

fn capabilities(chromium: &Path, switches: &[&str]) -> String {
    let switches: Vec<String> = switches.iter().map(|switch| quoted(switch)).collect();
    format!(
        "{{ \"goog:chromeOptions\": {{ \"binary\": {}, \"args\": [{}] }} }}\n",
        quoted(&chromium.to_string_lossy()),
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
            capabilities(Path::new(r#"C:\a "b""#), &["--headless"]),
            "{ \"goog:chromeOptions\": { \"binary\": \"C:\\\\a \\\"b\\\"\", \"args\": [\"--headless\"] } }\n"
        );
    }
}
