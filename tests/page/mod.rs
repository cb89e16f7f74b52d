//! A browser that shows the built page, driven through roles, accessible names and the console.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test that is how to say what must hold"
)]
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tower_http::services::ServeDir;
use url::Url;

/// A browser that shows the page.
pub struct Page {
    pub client: Client,
    address: String,
    _driver: Child,
    profile: PathBuf,
}

fn setting(name: &str, otherwise: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

/// Chromium without a window, with a profile of its own.
fn chromium_as(profile: &Path, trace: &str) -> Value {
    json!({
        "goog:chromeOptions": {
            "binary": setting("BROWSER", "/usr/bin/chromium"),
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--hide-scrollbars",
                format!("--user-data-dir={}", profile.display()),
            ],
            "perfLoggingPrefs": {
                "enableNetwork": false, "enablePage": false,
                "traceCategories": trace,
            },
        },
        "goog:loggingPrefs": { "performance": "ALL" },
    })
}

/// A command of one driver's own.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (axum::http::Method, Option<String>) {
        (axum::http::Method::POST, Some(self.body.to_string()))
    }
}

/// Firefox without a window; its driver makes the profile.
fn firefox_as() -> Value {
    json!({
        "moz:firefoxOptions": {
            "binary": setting("BROWSER", "/usr/bin/firefox"),
            "args": ["-headless"],
            "prefs": { "ui.prefersReducedMotion": 1 },
        },
    })
}

impl Page {
    /// Opens the page in a browser that has never seen it.
    pub async fn open() -> Self {
        Self::sized(1440, 900).await
    }

    pub async fn sized(width: u32, height: u32) -> Self {
        let page = Self::unopened().await;
        page.resize(width, height).await;
        page.goto("").await;
        page
    }

    /// A browser in which nothing is open yet.
    pub async fn unopened() -> Self {
        Self::started("-*").await
    }

    /// The page in a browser that writes a trace of these categories.
    pub async fn traced(categories: &str) -> Self {
        let page = Self::started(categories).await;
        page.resize(1440, 900).await;
        page.goto("").await;
        page
    }

    async fn started(trace: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let dist = setting("LEFTFOLD_DIST", &root.join("dist").to_string_lossy());
        let files = axum::Router::new()
            .nest_service("/bare", ServeDir::new(root.join("target/bare")))
            .nest_service("/made", ServeDir::new(root.join("target/made")))
            .nest_service("/benches", ServeDir::new(root.join("benches")))
            .fallback_service(ServeDir::new(dist));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, files).await });

        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let profile = std::env::temp_dir().join(format!("leftfold-e2e-{port}"));
        let firefox = setting("BROWSER_KIND", "Chromium") == "Firefox";
        let driver = Command::new(setting("DRIVER", "chromedriver"))
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the driver starts");
        let capabilities = if firefox { firefox_as() } else { chromium_as(&profile, trace) };
        let Value::Object(capabilities) = capabilities else {
            panic!("capabilities are an object")
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let mut tries = 0;
        let client = loop {
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => break client,
                Err(error) if tries > 100 => panic!("the browser does not start: {error}"),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        Self { client, address, _driver: driver, profile }
    }

    /// Opens a file of the folder, and waits for nothing but its load.
    pub async fn visit(&self, path: &str) {
        self.client.goto(&format!("{}/{path}", self.address)).await.unwrap();
    }

    /// Asks the driver for something that only it has, such as `se/log`.
    pub async fn driver(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Vendor { path, body }).await.unwrap()
    }

    /// Gives the page a size in pixels. Firefox has no window narrower than 450.
    pub async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_rect(0, 0, width, height).await.unwrap();
        let inner = self.client.execute("return [innerWidth, innerHeight]", vec![]).await.unwrap();
        let missing = |at: usize, wanted: u32| {
            let there = u32::try_from(inner[at].as_u64().unwrap()).unwrap();
            wanted + wanted.saturating_sub(there)
        };
        self.client.set_window_rect(0, 0, missing(0, width), missing(1, height)).await.unwrap();
    }

    /// Chooses a theme, whatever the system's is.
    pub async fn theme(&self, theme: &str) {
        self.js(&format!("document.documentElement.dataset.theme = '{theme}'; return 0")).await;
    }

    pub async fn goto(&self, hash: &str) {
        self.visit(hash).await;
        self.ready().await;
    }

    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
        self.ready().await;
    }

    pub async fn ready(&self) {
        self.client
            .wait()
            .at_most(Duration::from_secs(20))
            .for_element(Locator::Css("[role=grid]"))
            .await
            .unwrap();
        self.js("await leftfold.ready").await;
    }

    /// What an expression in the page comes to; awaits inside are fine. An `Error` comes back as
    /// `{error, code, …}`.
    pub async fn js(&self, code: &str) -> Value {
        let script = format!(
            "const done = arguments[0];
             (async () => {{ {} }})().then(done, (e) => done({{ error: e.message, ...e }}));",
            if code.contains("return") { code.to_owned() } else { format!("return {code}") }
        );
        self.client.execute_async(&script, vec![]).await.unwrap()
    }

    pub async fn find(&self, selector: &str) -> Element {
        self.client
            .wait()
            .at_most(Duration::from_secs(5))
            .for_element(Locator::Css(selector))
            .await
            .unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    /// The text of a region or group, by its accessible name.
    pub async fn text(&self, name: &str) -> String {
        self.find(&format!("[aria-label='{name}']")).await.text().await.unwrap()
    }

    /// Waits until a region or group, by its accessible name, shows a text.
    pub async fn shows(&self, name: &str, text: &str) {
        self.until(&format!(
            "[...document.querySelectorAll('[aria-label]')].some(it =>
                it.getAttribute('aria-label') === {} && it.innerText.includes({}))",
            json!(name),
            json!(text)
        ))
        .await;
    }

    pub async fn click(&self, name: &str) {
        let named = format!("@aria-label='{name}' or normalize-space(.)='{name}'");
        self.click_on(&format!("//button[{named}]")).await;
    }

    /// Opens a menu by its words, and chooses from it.
    pub async fn click_menu(&self, menu: &str, choice: &str) {
        self.click_on(&format!("//summary[normalize-space(.)='{menu}']")).await;
        self.click_on(&format!("//button[normalize-space(.)='{choice}']")).await;
    }

    /// Clicks as soon as there is something to click: what was typed or sent a moment ago may
    /// not be drawn yet, or be drawn anew just now.
    async fn click_on(&self, xpath: &str) {
        let mut tries = 0;
        while let Err(error) = self.try_click(xpath).await {
            tries += 1;
            assert!(tries < 200, "{xpath}: {error}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    async fn try_click(&self, xpath: &str) -> Result<(), CmdError> {
        self.client.find(Locator::XPath(xpath)).await?.click().await
    }

    /// Presses keys one after another, wherever the focus is.
    pub async fn press(&self, keys: impl IntoIterator<Item = char>) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for key in keys {
            actions =
                actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        }
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Presses Shift+Tab.
    pub async fn press_back(&self) {
        let (shift, tab) = ('\u{e008}', '\u{e004}');
        let actions = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: shift })
            .then(KeyAction::Down { value: tab })
            .then(KeyAction::Up { value: tab })
            .then(KeyAction::Up { value: shift });
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Waits until a condition in the page holds.
    pub async fn until(&self, condition: &str) {
        for _ in 0..200 {
            if self.js(condition).await == Value::Bool(true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("never came true: {condition}");
    }

    pub async fn screenshot(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let png = self.client.screenshot().await.unwrap();
        std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }

    pub async fn close(self) {
        self.client.close().await.unwrap();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
