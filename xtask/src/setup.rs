//! Makes sure that a command has what it needs before it starts.
//!
//! Nothing is installed that the command can do without.

use anyhow::Result;

use crate::{
    browser::{self, Browser, Kind},
    nats, page,
    shell::Shell,
    toolchain,
    tools::{self, Library, Purpose},
    web,
};

/// What a command needs besides Rust and the crates.
#[derive(Clone, Copy)]
pub struct Needs {
    /// A Rust that compiles for WebAssembly, Trunk and what it calls, and the libraries of `web/`.
    pub page: bool,
    /// Browsers and their drivers.
    pub browsers: &'static [Kind],
    /// Libraries that are loaded into a page.
    pub libraries: &'static [Library],
    /// rustfmt, clippy, Biome and actionlint.
    pub lints: bool,
    /// The server of a class. Children find it in `NATS_SERVER`.
    pub nats: bool,
}

impl Needs {
    pub const NOTHING: Self =
        Self { page: false, browsers: &[], libraries: &[], lints: false, nats: false };
    pub const CHECK: Self = Self { lints: true, ..Self::NOTHING };
    pub const PAGE: Self = Self { page: true, ..Self::NOTHING };
    pub const PAGE_IN_BROWSER: Self = Self { browsers: &[Kind::Chromium], ..Self::PAGE };
    pub const CLASS: Self = Self { nats: true, ..Self::PAGE_IN_BROWSER };
    pub const BENCHES: Self = Self { libraries: &[Library::Dexie], ..Self::CLASS };
    pub const TESTS: Self = Self {
        page: true,
        browsers: &[Kind::Chromium, Kind::Firefox],
        libraries: &[Library::Axe],
        lints: true,
        nats: true,
    };
    pub const EVERYTHING: Self = Self { libraries: &[Library::Axe, Library::Dexie], ..Self::TESTS };
}

/// Everything found or installed.
pub struct Ready {
    pub shell: Shell,
    /// In the order in which they were asked for.
    pub browsers: Vec<Browser>,
}

pub fn prepare(mut shell: Shell, needs: Needs) -> Result<Ready> {
    // The cheap checks come first, so that a failure shows before long downloads.
    toolchain::choose(&mut shell, needs.page)?;
    if needs.lints {
        toolchain::ensure_lints(&shell)?;
    }
    let browsers = needs.browsers.iter().map(|kind| browser::ensure(&shell, *kind));
    let browsers = browsers.collect::<Result<Vec<_>>>()?;
    page::fetch(&shell)?;
    if needs.page || needs.lints {
        tools::ensure(&mut shell, Purpose { page: needs.page, lints: needs.lints })?;
    }
    if needs.page {
        web::ensure_libraries(&shell)?;
    }
    for library in needs.libraries {
        tools::ensure_library(&mut shell, *library)?;
    }
    if needs.nats {
        let server = nats::ensure(&shell)?;
        shell.set("NATS_SERVER", server.to_string_lossy());
    }
    // From here on Cargo must not download anything.
    shell.set("CARGO_NET_OFFLINE", "true");
    println!("==> {}", toolchain::describe(&shell));
    Ok(Ready { shell, browsers })
}
