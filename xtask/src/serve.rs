//! `cargo xtask serve`: a file server for one page, on this machine only.
//!
//! It never serves anything outside the built page, and never rebuilds unless `--dev` was given.
//! Then the page it sends carries one more script, of its own origin as the page's security
//! policy demands, which reloads the tab after each rebuild.

use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{self, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail};

use crate::{
    page,
    setup::{self, Needs},
    shell::{Output, Shell, non_empty},
};

/// The script that reloads the tab, and the stream it listens to. The first message says which
/// build this is, so that a tab that slept through a restart notices, too.
const RELOAD_PATH: &str = "/-/reload.js";
const BUILDS_PATH: &str = "/-/builds";
const RELOAD_SCRIPT: &str = "\
let shown;
new EventSource('/-/builds').onmessage = ({ data }) => {
    if (shown !== undefined && shown !== data) location.reload();
    shown = data;
};
";
const NOT_BUILT: &str = "<!doctype html><head><title>Leftfold</title></head>\
                         <p>The page does not build yet: the terminal says why.</p>";

/// What is served.
struct Site {
    folder: PathBuf,
    /// Counts the builds while somebody develops; `None` when the page stays as it is.
    builds: Option<AtomicU32>,
}

pub fn serve(shell: Shell, port: u16, dev: bool) -> Result<()> {
    // Before the build, so that a port that is taken is known at once.
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(listener) => listener,
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "port {port} is taken by another program: stop that one, or choose another port, \
             as in `cargo xtask serve --port {}`",
            if port < u16::MAX { port + 1 } else { 8080 }
        ),
        Err(error) => return Err(error).context(format!("port {port} cannot be used")),
    };
    let address = format!("http://{}", listener.local_addr()?);
    let shell = setup::prepare(shell, Needs::PAGE)?.shell;

    let site = if dev {
        let folder = shell.root.join("target").join("serve-dev");
        let site = Arc::new(Site { folder, builds: Some(AtomicU32::new(0)) });
        let watched = Arc::clone(&site);
        let before = snapshot(&shell.root);
        rebuild(&shell, &site);
        thread::spawn(move || watch(&shell, &watched, before));
        site
    } else {
        page::build(&shell, &Output::Terminal)?;
        Arc::new(Site { folder: page::dist(&shell), builds: None })
    };

    println!("\n==> {address} (Ctrl+C stops it)");
    open_on_desktop(&address);
    for connection in listener.incoming().flatten() {
        let site = Arc::clone(&site);
        // A browser that hangs up early is nothing to report.
        thread::spawn(move || site.answer(&connection).ok());
    }
    Ok(())
}

fn open_on_desktop(address: &str) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else if non_empty("DISPLAY").is_some() || non_empty("WAYLAND_DISPLAY").is_some() {
        "xdg-open"
    } else {
        return;
    };
    let started = process::Command::new(opener)
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if started.is_err() {
        println!("    ({opener} is not there to open it)");
    }
}

/// Rebuilds whenever a source of the page has changed.
fn watch(shell: &Shell, site: &Site, mut before: Vec<(PathBuf, SystemTime)>) {
    loop {
        thread::sleep(Duration::from_millis(300));
        let now = snapshot(&shell.root);
        if now != before {
            before = now;
            println!("\n==> a change: building again");
            rebuild(shell, site);
        }
    }
}

fn rebuild(shell: &Shell, site: &Site) {
    match page::build_for_development(shell, &site.folder) {
        Ok(()) => {
            if let Some(builds) = &site.builds {
                builds.fetch_add(1, Ordering::Relaxed);
            }
        }
        Err(error) => eprintln!("{error:#}\nWaiting for the next change."),
    }
}

/// All files that the page may be built from, with their times of change.
fn snapshot(root: &Path) -> Vec<(PathBuf, SystemTime)> {
    fn visit(folder: &Path, top: bool, files: &mut Vec<(PathBuf, SystemTime)>) {
        const NO_SOURCES: [&str; 6] =
            ["benches", "dist", "node_modules", "target", "tests", "xtask"];
        // A file may vanish while we look: what cannot be read is simply not there.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') || top && NO_SOURCES.contains(&&*name) {
                continue;
            }
            let Ok(about) = entry.metadata() else {
                continue;
            };
            if about.is_dir() {
                visit(&entry.path(), false, files);
            } else if let Ok(changed) = about.modified() {
                files.push((entry.path(), changed));
            }
        }
    }
    let mut files = Vec::new();
    visit(root, true, &mut files);
    files.sort();
    files
}

impl Site {
    fn answer(&self, connection: &TcpStream) -> std::io::Result<()> {
        connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        // A request longer than this is none of a browser's that shows our page.
        let mut request = BufReader::new(connection.take(16 * 1024));
        let mut first = String::new();
        request.read_line(&mut first)?;
        let mut header = String::new();
        while request.read_line(&mut header)? > 2 {
            header.clear();
        }

        let mut words = first.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Ok(());
        };
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let head_only = method == "HEAD";
        if !head_only && method != "GET" {
            return send(connection, "405 Method Not Allowed", "text/plain", b"", false);
        }
        if let Some(builds) = &self.builds {
            if path == BUILDS_PATH {
                return announce(connection, builds);
            }
            if path == RELOAD_PATH {
                let script = RELOAD_SCRIPT.as_bytes();
                return send(connection, "200 OK", "text/javascript", script, head_only);
            }
        }
        let Some(file) = self.file(path) else {
            return send(connection, "404 Not Found", "text/plain", b"not found", head_only);
        };
        let kind = media_type(&file);
        match fs::read(&file) {
            Ok(content) if self.builds.is_some() && kind.starts_with("text/html") => {
                let content = with_reload_script(&String::from_utf8_lossy(&content));
                send(connection, "200 OK", kind, content.as_bytes(), head_only)
            }
            Ok(content) => send(connection, "200 OK", kind, &content, head_only),
            Err(_) if self.builds.is_some() && kind.starts_with("text/html") => {
                let content = with_reload_script(NOT_BUILT);
                send(connection, "503 Service Unavailable", kind, content.as_bytes(), head_only)
            }
            Err(_) => send(connection, "404 Not Found", "text/plain", b"not found", head_only),
        }
    }

    /// The file that a path names, if it lies within the site.
    fn file(&self, path: &str) -> Option<PathBuf> {
        let mut file = self.folder.clone();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if part == ".." || part.contains(['\\', ':', '%']) {
                return None;
            }
            file.push(part);
        }
        if path.ends_with('/') {
            file.push("index.html");
        }
        Some(file)
    }
}

/// Tells a tab which build there is, and each new one, until the tab goes away.
fn announce(mut connection: &TcpStream, builds: &AtomicU32) -> std::io::Result<()> {
    const PAUSE: Duration = Duration::from_millis(200);
    connection.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
          Connection: close\r\n\r\nretry: 500\n\n",
    )?;
    let mut told = None;
    for round in 0_u32.. {
        let build = builds.load(Ordering::Relaxed);
        if told != Some(build) {
            write!(connection, "data: {}-{build}\n\n", process::id())?;
            told = Some(build);
        } else if round % 50 == 0 {
            // A comment, only to learn whether the tab is still there.
            connection.write_all(b":\n\n")?;
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

fn send(
    mut connection: &TcpStream,
    status: &str,
    kind: &str,
    content: &[u8],
    head_only: bool,
) -> std::io::Result<()> {
    write!(
        connection,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        content.len()
    )?;
    if !head_only {
        connection.write_all(content)?;
    }
    connection.flush()
}

fn with_reload_script(page: &str) -> String {
    let script = format!("<script defer src=\"{RELOAD_PATH}\"></script></head>");
    page.replacen("</head>", &script, 1)
}

fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("ico") => "image/x-icon",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("json" | "map" | "webmanifest") => "application/json",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_site_are_served() {
        let site = Site { folder: PathBuf::from("/site"), builds: None };
        assert_eq!(site.file("/"), Some(PathBuf::from("/site/index.html")));
        assert_eq!(site.file("/a/b.js"), Some(PathBuf::from("/site/a/b.js")));
        assert_eq!(site.file("//etc/passwd"), Some(PathBuf::from("/site/etc/passwd")));
        assert_eq!(site.file("/../secret"), None);
        assert_eq!(site.file("/%2e%2e/secret"), None);
        assert_eq!(site.file("/..\\secret"), None);
    }

    #[test]
    fn the_reload_script_goes_into_the_head_once() {
        let page = with_reload_script("<html><head></head><body></head></body></html>");
        assert_eq!(page.matches(RELOAD_PATH).count(), 1);
        assert!(page.starts_with("<html><head><script defer"));
    }
}
