//! What a command needs, made sure of before it starts.
//!
//! It never installs what the command at hand can do without.

use anyhow::Result;

use crate::{
    browser::{self, Browser},
    page,
    shell::Shell,
    toolchain, tools,
};

/// What a command needs besides Rust and the crates.
#[derive(Clone, Copy)]
pub struct Needs {
    /// Trunk and what it calls.
    pub page: bool,
    /// Chromium and its driver.
    pub browser: bool,
    /// rustfmt and clippy.
    pub lints: bool,
}

impl Needs {
    pub const NOTHING: Self = Self { page: false, browser: false, lints: false };
    pub const PAGE: Self = Self { page: true, ..Self::NOTHING };
    pub const PAGE_IN_BROWSER: Self = Self { browser: true, ..Self::PAGE };
    pub const EVERYTHING: Self = Self { page: true, browser: true, lints: true };
}

/// Everything found or installed.
pub struct Ready {
    pub shell: Shell,
    pub browser: Option<Browser>,
}

pub fn prepare(mut shell: Shell, needs: Needs) -> Result<Ready> {
    // In the order of cost, so that what cannot work is known before long downloads.
    toolchain::choose(&mut shell)?;
    if needs.lints {
        toolchain::ensure_lints(&shell)?;
    }
    let browser = if needs.browser { Some(browser::ensure(&shell)?) } else { None };
    page::fetch(&shell)?;
    if needs.page {
        tools::ensure(&mut shell)?;
    }
    // From here on nothing is downloaded: what runs is what was made sure of.
    shell.set("CARGO_NET_OFFLINE", "true");
    println!("==> {}", toolchain::describe(&shell));
    Ok(Ready { shell, browser })
}
