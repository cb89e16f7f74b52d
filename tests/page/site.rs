//! The built page on a web server of its own, which can be switched off.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::response::Html;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tower_http::services::ServeDir;

use super::BEFORE;
use super::browser::setting;

/// A server of the page.
pub struct Site {
    pub address: SocketAddr,
    folder: PathBuf,
    /// All connections end with it. None while the site is switched off.
    serving: Option<Runtime>,
}

/// Listens at a port that this program has not listened at before. The system hands ports out
/// again, and browsers that tests share still know what they kept for the page that was there.
pub async fn listen_anew(host: IpAddr) -> TcpListener {
    static USED: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = TcpListener::bind((host, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        if USED.lock().unwrap_or_else(PoisonError::into_inner).insert(port) {
            return listener;
        }
    }
}

/// The folder of the built page.
pub fn dist() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    setting("LEFTFOLD_DIST", &root.join("dist").to_string_lossy()).into()
}

impl Site {
    /// Serves a folder at an address that nobody has used before.
    pub async fn start(folder: PathBuf) -> Self {
        let mut site = Self { address: ([127, 0, 0, 1], 0).into(), folder, serving: None };
        site.switch_on().await;
        site
    }

    /// Serves again, at the same address.
    pub async fn switch_on(&mut self) {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (address, site) = (self.address, router(self.folder.clone()));
        let listening = runtime.spawn(async move {
            let listener = match address.port() {
                0 => listen_anew(address.ip()).await,
                _ => TcpListener::bind(address).await.unwrap(),
            };
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move { axum::serve(listener, site).await });
            address
        });
        self.address = listening.await.unwrap();
        self.serving = Some(runtime);
    }

    /// There is no network any more.
    pub fn switch_off(&mut self) {
        if let Some(runtime) = self.serving.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.switch_off();
    }
}

fn router(dist: PathBuf) -> Router {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let index = dist.join("index.html");
    // The worker would answer for a page that a test has something done to before.
    let hooked = Arc::new(AtomicBool::new(false));
    let (worker, without) = (dist.join("sw.js"), hooked.clone());
    let worker = move || async move {
        let there = std::fs::read(worker).ok().filter(|_| !without.load(Ordering::Relaxed));
        let found = there.is_some();
        let status = if found { StatusCode::OK } else { StatusCode::NOT_FOUND };
        (status, [("content-type", "text/javascript")], there.unwrap_or_default())
    };
    let index = move |uri: Uri| async move {
        let index = std::fs::read_to_string(index).unwrap();
        let hook = uri.query().filter(|it| BEFORE.iter().any(|(name, _)| name == it));
        hooked.fetch_or(hook.is_some(), Ordering::Relaxed);
        let before = hook.map(|it| format!("<head><script src=\"before/{it}\"></script>"));
        Html(index.replace("<head>", before.as_deref().unwrap_or("<head>")))
    };
    let script = |uri: Uri| async move {
        let script = BEFORE.iter().find(|(name, _)| uri.path().ends_with(name));
        ([("content-type", "text/javascript")], script.map_or("", |(_, script)| script))
    };
    Router::new()
        .route("/", get(index))
        .route("/sw.js", get(worker))
        .route("/before/{script}", get(script))
        .route("/nothing", get(|| async { Html("") }))
        .nest_service("/compressed", ServeDir::new(&dist).precompressed_br())
        .nest_service("/bare", ServeDir::new(root.join("target/bare")))
        .nest_service("/made", ServeDir::new(root.join("target/made")))
        .nest_service("/benches", ServeDir::new(root.join("benches")))
        .fallback_service(ServeDir::new(dist))
}
