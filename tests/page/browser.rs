//! Headless browsers, each with the driver that remote-controls it.
//!
//! Tests that only need a fresh origin take turns with a browser: see [`share`]. Other tests get a
//! browser of their own, which ends with them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub fn setting(name: &str, otherwise: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

/// Headless Chromium with its own profile. It writes a trace only where one is wanted, because even
/// an empty trace costs a tenth of its speed.
fn chromium_as(profile: &Path, files: &Path, trace: Option<&str>) -> Value {
    let mut asked = json!({
        "goog:chromeOptions": {
            "binary": setting("BROWSER", "/usr/bin/chromium"),
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--hide-scrollbars",
                format!("--user-data-dir={}", profile.display()),
            ],
            "prefs": { "download.default_directory": files },
        },
    });
    if let Some(categories) = trace {
        asked["goog:chromeOptions"]["perfLoggingPrefs"] =
            json!({ "enableNetwork": false, "enablePage": false, "traceCategories": categories });
        asked["goog:loggingPrefs"] = json!({ "performance": "ALL" });
    }
    asked
}

/// Headless Firefox. Its driver makes the profile.
fn firefox_as(files: &Path) -> Value {
    json!({
        "moz:firefoxOptions": {
            "binary": setting("BROWSER", "/usr/bin/firefox"),
            "args": ["-headless"],
            "prefs": {
                "ui.prefersReducedMotion": 1,
                "browser.download.folderList": 2,
                "browser.download.dir": files,
                // Downloads begin at once, and Firefox neither asks nor shows them.
                "browser.download.always_ask_before_handling_new_types": false,
                "browser.download.alwaysOpenPanel": false,
                "browser.download.manager.addToRecentDocs": false,
            },
        },
    })
}

/// The browser that this program drives.
pub fn is_firefox() -> bool {
    setting("BROWSER_KIND", "Chromium") == "Firefox"
}

/// A driver that is ready.
pub struct Driver {
    _child: Child,
    pub address: SocketAddr,
}

impl Driver {
    pub async fn start() -> Self {
        let mut child = Command::new(setting("DRIVER", "chromedriver"))
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the driver starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The driver says where it listens as soon as it is ready.
        let port = loop {
            let line = lines.next_line().await.unwrap().expect("the driver says where it listens");
            if line.contains("started successfully") || line.contains("Listening on") {
                let digits = line.trim_end_matches('.').rsplit(|it: char| !it.is_ascii_digit());
                break digits.into_iter().next().and_then(|it| it.parse().ok()).expect("a port");
            }
        };
        // Its output must be read, because a full pipe would block it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { _child: child, address: SocketAddr::from(([127, 0, 0, 1], port)) }
    }

    /// Begins a session with these capabilities.
    pub async fn connect(&self, capabilities: Value) -> Client {
        let Value::Object(capabilities) = capabilities else {
            panic!("capabilities are an object")
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        builder.connect(&format!("http://{}", self.address)).await.expect("the browser starts")
    }
}

/// A browser, and the folder of its files.
pub struct Browser {
    pub client: Client,
    driver: Driver,
    session: String,
    profile: PathBuf,
    /// The folder for downloads, and for files that a test chooses.
    pub files: PathBuf,
    /// The window that keeps the browser alive while tests open and close theirs.
    first: WindowHandle,
}

impl Browser {
    async fn start(trace: Option<&str>) -> Self {
        let driver = Driver::start().await;
        let name = format!("leftfold-page-{}", driver.address.port());
        let profile = std::env::temp_dir().join(&name);
        let files = std::env::temp_dir().join(name + "-files");
        std::fs::create_dir_all(&files).unwrap();
        let capabilities =
            if is_firefox() { firefox_as(&files) } else { chromium_as(&profile, &files, trace) };
        let client = driver.connect(capabilities).await;
        let session = client.session_id().await.unwrap().unwrap_or_default();
        let first = client.window().await.unwrap();
        Self { client, driver, session, profile, files, first }
    }
}

/// However a test ends, its browser ends with it. A browser that is left behind would slow all
/// later tests down.
impl Drop for Browser {
    fn drop(&mut self) {
        let (session, address) = (&self.session, self.driver.address);
        let end = format!(
            "DELETE /session/{session} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        );
        // A driver that does not answer has no browser any more.
        if let Ok(mut stream) = TcpStream::connect(address) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = stream.write_all(end.as_bytes());
            let _ = stream.read(&mut [0; 64]);
        }
        let _ = std::fs::remove_dir_all(&self.profile);
        let _ = std::fs::remove_dir_all(&self.files);
    }
}

/// The browsers that wait for their next test. None where browsers are not shared.
static SHARED: Mutex<Option<Vec<Browser>>> = Mutex::new(None);

fn shared<T>(look: impl FnOnce(&mut Option<Vec<Browser>>) -> T) -> T {
    look(&mut SHARED.lock().unwrap_or_else(PoisonError::into_inner))
}

/// While `during` runs, each test takes over the browser of a test that is done. Then all browsers
/// end. There are as many browsers as there are tests at the same time.
pub fn share<T>(during: impl FnOnce() -> T) -> T {
    shared(|all| *all = Some(Vec::new()));
    let result = during();
    shared(Option::take);
    result
}

/// A browser with an empty window. A browser that writes a trace is not shared.
pub async fn take(trace: Option<&str>) -> Browser {
    if trace.is_some() || shared(|all| all.is_none()) {
        return Browser::start(trace).await;
    }
    let idle = shared(|all| all.as_mut().and_then(Vec::pop));
    let browser = match idle {
        Some(browser) => browser,
        None => Browser::start(None).await,
    };
    for file in std::fs::read_dir(&browser.files).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    let window = browser.client.new_window(true).await.unwrap().handle;
    browser.client.switch_to_window(window).await.unwrap();
    browser
}

/// Hands a browser to the next test. Where none comes, the browser ends. The browser of a failed
/// test is not handed on, because its state is unknown.
pub async fn give_back(browser: Browser) {
    if shared(|all| all.is_some()) {
        for window in browser.client.windows().await.unwrap() {
            if window != browser.first {
                browser.client.switch_to_window(window).await.unwrap();
                browser.client.close_window().await.unwrap();
            }
        }
        browser.client.switch_to_window(browser.first.clone()).await.unwrap();
    }
    let left = shared(|all| match all {
        Some(all) => {
            all.push(browser);
            None
        }
        None => Some(browser),
    });
    drop(left);
}
