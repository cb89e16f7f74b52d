//! `cargo xtask serve`: the page over HTTP, on this machine only.
//!
//! The server answers as a good host does: compressed where the browser takes that, with the
//! headers below, and with `304 Not Modified` where the browser has the file already. With `--dev`
//! it builds the page again after each change, and adds one script to it that reloads the tab. The
//! script is a file of the page's own origin, because the page's security policy allows no other.

use std::{
    convert::Infallible,
    fs,
    io::ErrorKind,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{self, Stdio},
    thread,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail};
use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::{self, Next},
    response::{
        Html, IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures::{Stream, stream};
use tokio::sync::watch;
use tower_http::services::ServeDir;

use crate::{
    page,
    setup::{self, Needs},
    shell::{Output, Shell, non_empty},
};

/// What a host should send with each answer.
const HEADERS: [(&str, &str); 6] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("referrer-policy", "no-referrer"),
    // A cache must keep compressed and raw answers apart.
    ("vary", "accept-encoding"),
    ("x-content-type-options", "nosniff"),
];

/// The page's content security policy is a `<meta>` in index.html, where the one directive that forbids
/// other sites to frame the page has no effect. `EMBED` may be framed.
const FRAMED_BY_NOBODY: (&str, &str) = ("content-security-policy", "frame-ancestors 'none'");
const EMBED: &str = "/embed.html";

/// Almost all files keep their names from build to build, so browsers must ask whether theirs are
/// current. The scripts that esbuild names after their content never change.
const ASK: &str = "no-cache";
const NEVER_CHANGES: &str = "public, max-age=31536000, immutable";
const NAMED_AFTER_CONTENT: &str = "/web/chunk-";

/// The script that reloads the tab, and the stream that it listens to. The stream begins with the
/// current build, so that a tab also notices a build that came while it was not connected.
const RELOAD_PATH: &str = "/-/reload.js";
const BUILDS_PATH: &str = "/-/builds";
const RELOAD_SCRIPT: &str = "\
let shown;
new EventSource('/-/builds').onmessage = ({ data }) => {
    if (shown !== undefined && shown !== data) location.reload();
    shown = data;
};
";
/// In the place of the worker that keeps the optimised page. A browser that has that one, from the same
/// address, would go on showing the page that it keeps. This one lets go of everything.
const NO_WORKER_PATH: &str = "/sw.js";
const NO_WORKER: &str = "\
addEventListener('install', () => skipWaiting());
addEventListener('activate', event => event.waitUntil((async () => {
    for (const name of await caches.keys()) await caches.delete(name);
    await registration.unregister();
    for (const tab of await clients.matchAll()) tab.navigate(tab.url);
})()));
";
const NOT_BUILT: &str = "<!doctype html><head><title>Leftfold</title></head>\
                         <p>The page does not build yet: the terminal says why.</p>";

pub fn serve(shell: Shell, port: u16, dev: bool) -> Result<()> {
    // The port comes before the build, so that one that is taken shows at once.
    let listener = listen(Ipv4Addr::LOCALHOST, port, "serve")?;
    let address = format!("http://{}", listener.local_addr()?);
    let shell = setup::prepare(shell, Needs::PAGE)?.shell;

    let site = if dev {
        let folder = shell.root.join("target").join("serve-dev");
        let (builds, built) = watch::channel(0);
        let before = snapshot(&shell.root);
        rebuild(&shell, &folder, &builds);
        let site = in_development(folder.clone(), built);
        thread::spawn(move || watch(&shell, &folder, &builds, before));
        site
    } else {
        page::build(&shell, &Output::Terminal)?;
        finished(&page::dist(&shell))
    };

    println!("\n==> {address} (Ctrl+C stops it)");
    open_on_desktop(&address);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the server cannot be started")?;
    runtime.block_on(async {
        listener.set_nonblocking(true)?;
        axum::serve(tokio::net::TcpListener::from_std(listener)?, site).await
    })?;
    Ok(())
}

/// Takes a port for the command of that name, or says what to do when another program has it.
pub fn listen(host: Ipv4Addr, port: u16, command: &str) -> Result<TcpListener> {
    match TcpListener::bind((host, port)) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "port {port} is taken by another program: stop that one, or choose another port, \
             as in `cargo xtask {command} --port {}`",
            if port < u16::MAX { port + 1 } else { 8080 }
        ),
        Err(error) => Err(error).context(format!("port {port} cannot be used")),
    }
}

/// Serves the optimised page from a folder that has compressed files beside the page's own.
fn finished(folder: &Path) -> Router {
    with_headers(compressed(folder))
}

/// The same without the headers, for whoever adds addresses of its own.
pub fn compressed(folder: &Path) -> Router {
    Router::new().fallback_service(ServeDir::new(folder).precompressed_br().precompressed_gzip())
}

/// Serves the last build of the page, with the script that reloads it. Nothing is compressed, because
/// that would take longer than it saves.
fn in_development(folder: PathBuf, builds: watch::Receiver<u32>) -> Router {
    let files = ServeDir::new(&folder);
    let index = move || {
        let index = fs::read_to_string(folder.join("index.html"));
        async move {
            let Ok(index) = index else {
                let page = Html(with_reload_script(NOT_BUILT));
                return (StatusCode::SERVICE_UNAVAILABLE, page).into_response();
            };
            Html(with_reload_script(&index)).into_response()
        }
    };
    let script = |text: &'static str| async move { ([("content-type", "text/javascript")], text) };
    let announce = move || {
        let builds = announcements(builds.clone());
        async move { Sse::new(builds).keep_alive(KeepAlive::default()) }
    };
    with_headers(
        Router::new()
            .route("/", get(index.clone()))
            .route("/index.html", get(index))
            .route(RELOAD_PATH, get(move || script(RELOAD_SCRIPT)))
            .route(NO_WORKER_PATH, get(move || script(NO_WORKER)))
            .route(BUILDS_PATH, get(announce))
            .fallback_service(files),
    )
}

/// Adds the headers that a host should send.
pub fn with_headers(site: Router) -> Router {
    site.layer(middleware::from_fn(async |request: Request, next: Next| {
        let path = request.uri().path().to_owned();
        let mut response = next.run(request).await;
        let lasts = path.starts_with(NAMED_AFTER_CONTENT) && response.status().is_success();
        let cache = ("cache-control", if lasts { NEVER_CHANGES } else { ASK });
        let framed = (path != EMBED).then_some(FRAMED_BY_NOBODY);
        for (name, value) in HEADERS.into_iter().chain([cache]).chain(framed) {
            let headers = response.headers_mut();
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        response
    }))
}

/// The current build, and then each new one.
fn announcements(
    builds: watch::Receiver<u32>,
) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    stream::unfold((builds, true), async |(mut builds, first)| {
        if !first {
            builds.changed().await.ok()?;
        }
        let build = *builds.borrow_and_update();
        let event = Event::default()
            .retry(Duration::from_millis(500))
            .data(format!("{}-{build}", process::id()));
        Some((Ok(event), (builds, false)))
    })
}

fn with_reload_script(page: &str) -> String {
    let script = format!("<script defer src=\"{RELOAD_PATH}\"></script></head>");
    page.replacen("</head>", &script, 1)
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
fn watch(
    shell: &Shell,
    folder: &Path,
    builds: &watch::Sender<u32>,
    mut before: Vec<(PathBuf, SystemTime)>,
) {
    loop {
        thread::sleep(Duration::from_millis(300));
        let now = snapshot(&shell.root);
        if now != before {
            before = now;
            println!("\n==> a change: building again");
            rebuild(shell, folder, builds);
        }
    }
}

fn rebuild(shell: &Shell, folder: &Path, builds: &watch::Sender<u32>) {
    match page::build_for_development(shell, folder) {
        Ok(()) => builds.send_modify(|build| *build += 1),
        Err(error) => eprintln!("{error:#}\nWaiting for the next change."),
    }
}

/// All files that the page may be built from, with their times of change.
fn snapshot(root: &Path) -> Vec<(PathBuf, SystemTime)> {
    fn visit(folder: &Path, top: bool, files: &mut Vec<(PathBuf, SystemTime)>) {
        const MADE: [&str; 2] = ["dist", "node_modules"];
        const NO_SOURCES: [&str; 5] = ["benches", "class-data", "target", "tests", "xtask"];
        // A file may vanish meanwhile; then it counts as not there.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.')
                || MADE.contains(&&*name)
                || top && NO_SOURCES.contains(&&*name)
            {
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

#[cfg(test)]
mod tests {
    use std::env;

    use axum::body::{Body, to_bytes};
    use axum::response::Response;
    use futures::StreamExt;
    use tower::ServiceExt;

    use super::*;

    /// A folder with a page, a style sheet and its compressed copies. A secret lies beside the folder.
    fn files(name: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("leftfold-serve-{}-{name}", process::id()));
        let site = folder.join("site");
        fs::create_dir_all(&site).unwrap();
        fs::write(folder.join("secret"), "secret").unwrap();
        for page in ["index.html", "embed.html"] {
            fs::write(site.join(page), "<html><head></head><body></head></body>").unwrap();
        }
        fs::create_dir_all(site.join("web")).unwrap();
        fs::write(site.join("web/chunk-4711.js"), "").unwrap();
        for (file, content) in
            [("style.css", "as it is"), ("style.css.br", "br"), ("style.css.gz", "gz")]
        {
            fs::write(site.join(file), content).unwrap();
        }
        site
    }

    async fn ask(site: &Router, path: &str, accepted: &str) -> (Response<()>, String) {
        let request = Request::get(path).header("accept-encoding", accepted);
        let answer = site.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, 10_000).await.unwrap();
        (Response::from_parts(head, ()), String::from_utf8(body.to_vec()).unwrap())
    }

    fn wait<T>(answer: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(answer)
    }

    #[test]
    fn files_of_the_site_are_served_compressed_and_no_others() {
        let folder = files("finished");
        let site = finished(&folder);
        wait(async {
            for (accepted, content) in [("gzip, br", "br"), ("gzip", "gz"), ("", "as it is")] {
                let (head, body) = ask(&site, "/style.css", accepted).await;
                assert_eq!((head.status(), &*body), (StatusCode::OK, content), "{accepted}");
                assert_eq!(head.headers()["content-type"], "text/css");
            }
            for path in ["/", "/index.html"] {
                let (head, body) = ask(&site, path, "").await;
                assert_eq!(head.headers()["content-type"], "text/html", "{path}");
                assert!(body.starts_with("<html>"), "{path}: {body}");
                for (name, value) in HEADERS.into_iter().chain([FRAMED_BY_NOBODY]) {
                    assert_eq!(head.headers()[name], value, "{path}");
                }
                assert_eq!(head.headers()["cache-control"], ASK, "{path}");
            }
            let (head, _) = ask(&site, "/embed.html", "").await;
            assert!(!head.headers().contains_key(FRAMED_BY_NOBODY.0));
            let (head, _) = ask(&site, "/web/chunk-4711.js", "").await;
            assert_eq!(head.headers()["cache-control"], NEVER_CHANGES);
            let (head, _) = ask(&site, "/web/chunk-none.js", "").await;
            assert_eq!(head.headers()["cache-control"], ASK);
            for path in
                ["/../secret", "/%2e%2e/secret", "/..%2fsecret", "/..\\secret", "//etc/hosts"]
            {
                let (head, body) = ask(&site, path, "").await;
                assert_eq!(head.status(), StatusCode::NOT_FOUND, "{path}: {body}");
            }
        });
        fs::remove_dir_all(folder.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_page_in_development_reloads_itself_even_before_it_was_built() {
        let folder = files("development");
        let (_sender, builds) = watch::channel(7);
        let site = in_development(folder.clone(), builds);
        wait(async {
            for path in ["/", "/index.html"] {
                let (head, body) = ask(&site, path, "br").await;
                assert_eq!(head.status(), StatusCode::OK);
                assert_eq!(head.headers()["x-content-type-options"], "nosniff");
                assert_eq!(body.matches(RELOAD_PATH).count(), 1);
                assert!(body.starts_with("<html><head><script defer"));
            }
            let (head, body) = ask(&site, RELOAD_PATH, "").await;
            assert_eq!(head.headers()["content-type"], "text/javascript");
            assert_eq!(body, RELOAD_SCRIPT);
            assert_eq!(ask(&site, "/style.css", "br").await.1, "as it is");
            assert_eq!(ask(&site, NO_WORKER_PATH, "").await.1, NO_WORKER);

            fs::remove_file(folder.join("index.html")).unwrap();
            let (head, body) = ask(&site, "/", "").await;
            assert_eq!(head.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(body.contains(RELOAD_PATH));
        });
        fs::remove_dir_all(folder.parent().unwrap()).unwrap();
    }

    #[test]
    fn each_build_is_announced_and_the_first_one_at_once() {
        let (sender, builds) = watch::channel(1);
        let folder = files("builds");
        let site = in_development(folder.clone(), builds);
        wait(async {
            let request = Request::get(BUILDS_PATH).body(Body::empty()).unwrap();
            let answer = site.oneshot(request).await.unwrap();
            assert_eq!(answer.headers()["content-type"], "text/event-stream");
            let mut told = answer.into_body().into_data_stream();
            for build in [1, 2] {
                let part = told.next().await.unwrap().unwrap();
                let part = str::from_utf8(&part).unwrap();
                assert!(part.contains(&format!("data: {}-{build}\n", process::id())), "{part}");
                sender.send_modify(|build| *build += 1);
            }
        });
        fs::remove_dir_all(folder.parent().unwrap()).unwrap();
    }
}
