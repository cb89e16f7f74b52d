//! A browser that shows the built page, driven through roles, accessible names and the console.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test that is how to say what must hold"
)]

pub mod browser;
pub mod site;

use std::path::PathBuf;
use std::time::Duration;

use browser::Browser;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use site::Site;
use tokio::time::Instant;
use url::Url;

pub mod logs;

/// A browser that shows the page from a fresh origin.
pub struct Page {
    pub client: Client,
    pub address: String,
    browser: Browser,
    pub site: Site,
}

/// A command that only one driver knows.
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

/// Scripts that run before the page where its address asks for them. They make a browser without
/// storage, one whose storage or locks never answer, one whose writes wait until `write` is called,
/// one whose disk turns out to be full at the end of a transaction, one without locks, as
/// where the page did not come over https, one without workers that keep a page, one on whose slow
/// line half of the page's code has come, one that counts the closures that WebAssembly has handed
/// out, and one whose clock stands still at a time that the session holds.
const BEFORE: [(&str, &str); 13] = [
    ("keeps-nothing", "Object.defineProperty(globalThis, 'indexedDB', { value: undefined });"),
    ("silent-storage", "IDBFactory.prototype.open = () => new EventTarget();"),
    ("silent-locks", "LockManager.prototype.request = () => new Promise(() => {});"),
    ("held", HELD),
    ("full", FULL),
    ("no-locks", "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });"),
    (
        "no-worker",
        "Object.defineProperty(Navigator.prototype, 'serviceWorker', { value: undefined });",
    ),
    ("half", HALF),
    ("later", LATER),
    ("refused", REFUSED),
    ("other-build", OTHER_BUILD),
    ("closures", CLOSURES),
    ("then", "const then = Number(sessionStorage.getItem('then')); Date.now = () => then;"),
];

/// From `hold` on, writes wait until `write` is called.
const HELD: &str = "
    const { transaction } = IDBDatabase.prototype;
    window.hold = () => {
        const written = new Promise(write => { window.write = write; });
        const { addEventListener } = EventTarget.prototype;
        const held = new WeakSet();
        IDBDatabase.prototype.transaction = function (...how) {
            const it = transaction.apply(this, how);
            if (how[1] === 'readwrite') held.add(it);
            return it;
        };
        for (const type of ['complete']) {
            const late = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, 'on' + type);
            Object.defineProperty(IDBTransaction.prototype, 'on' + type, {
                ...late,
                set(then) {
                    late.set.call(this, held.has(this) && then
                        ? event => written.then(() => then.call(this, event)) : then);
                },
            });
        }
        IDBTransaction.prototype.addEventListener = function (type, then, ...more) {
            const late = type === 'complete' && held.has(this);
            addEventListener.call(this, type,
                late ? event => written.then(() => then.call(this, event)) : then, ...more);
        };
    };
";

/// The later part of the page's module does not come until `goOn` is called. `asked` says how often it
/// was asked for, and `brought` whether the page stood still for it. `tooEarly` runs what needs it.
const LATER: &str = "
    const whole = window.fetch, { open } = XMLHttpRequest.prototype;
    const come = new Promise(goOn => { window.goOn = goOn; });
    window.asked = 0;
    window.fetch = async (...what) => {
        if (String(what[0]).endsWith('leftfold_later.wasm')) {
            window.asked += 1;
            await come;
        }
        return whole(...what);
    };
    window.brought = false;
    window.tooEarly = async () => (await import('/leftfold.js')).bringLater();
    XMLHttpRequest.prototype.open = function (...how) {
        window.brought = true;
        return open.apply(this, how);
    };
";

/// The later part of the page's module is refused until `goOn` is called. Five seconds take no time.
const REFUSED: &str = "
    const whole = window.fetch, wait = window.setTimeout;
    let refused = true;
    window.goOn = () => { refused = false; };
    window.fetch = async (...what) => {
        if (refused && String(what[0]).endsWith('leftfold_later.wasm')) throw new TypeError('no');
        return whole(...what);
    };
    window.setTimeout = (then, millis, ...more) =>
        wait(then, millis === 5000 ? 10 : millis, ...more);
";

/// The later part of the page's module is that of another build.
const OTHER_BUILD: &str = "
    const whole = window.fetch;
    window.fetch = async (...what) => {
        const answer = await whole(...what);
        if (!String(what[0]).endsWith('leftfold_later.wasm')) return answer;
        const bytes = new Uint8Array(await answer.arrayBuffer());
        const text = new TextDecoder('latin1').decode(bytes);
        const at = text.indexOf('build ') + 'build '.length;
        bytes[at] = bytes[at] === 48 ? 49 : 48;
        return new Response(bytes);
    };
";

/// Half of the page's code comes, and three seconds are gone. The rest comes once `goOn` is called.
const HALF: &str = "
    const whole = window.fetch, now = performance.now.bind(performance);
    const wanted = new Promise(goOn => { window.goOn = goOn; });
    performance.now = () => now() + 3000 * (window.late ?? 0);
    window.fetch = async (...what) => {
        const answer = await whole(...what);
        if (!String(what[0]).endsWith('.wasm')) return answer;
        const bytes = new Uint8Array(await answer.arrayBuffer());
        const half = bytes.length / 2;
        const body = new ReadableStream({
            async start(to) {
                to.enqueue(bytes.slice(0, half));
                window.late = 1;
                await wanted;
                to.enqueue(bytes.slice(half));
                to.close();
            },
        });
        return new Response(body, { headers: { 'content-type': 'application/wasm' } });
    };
";

/// Fills the disk until `makeRoom` is called. `refused` counts the writes that did not fit.
pub const FULL: &str = "
    const { commit } = IDBTransaction.prototype;
    const error = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, 'error');
    const full = new DOMException('', 'QuotaExceededError');
    window.refused = 0;
    IDBTransaction.prototype.commit = function () {
        this.abort();
        window.refused += 1;
    };
    Object.defineProperty(IDBTransaction.prototype, 'error', { get: () => full, configurable: true });
    window.makeRoom = () => {
        IDBTransaction.prototype.commit = commit;
        Object.defineProperty(IDBTransaction.prototype, 'error', error);
    };
";

/// `closures` holds those that were made and not freed: each is registered when it is made, to be
/// freed with the function, and taken off the list when it is freed before. One that is only left
/// to the collector of garbage counts as not freed.
const CLOSURES: &str = "
    window.closures = new Set();
    const { register, unregister } = FinalizationRegistry.prototype;
    FinalizationRegistry.prototype.register = function (target, held, token) {
        closures.add(held);
        return register.call(this, target, held, token);
    };
    FinalizationRegistry.prototype.unregister = function (token) {
        closures.delete(token);
        return unregister.call(this, token);
    };
";

/// A busy machine may take this long for what takes an idle one a moment.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long to wait before looking again.
const MOMENT: Duration = Duration::from_millis(20);

impl Page {
    /// Opens the page in a browser that has never seen it.
    pub async fn open() -> Self {
        Self::sized(1440, 900).await
    }

    pub async fn sized(width: u32, height: u32) -> Self {
        let page = Self::unopened().await;
        page.resize(width, height).await;
        page.goto("#/cart").await;
        page
    }

    /// A browser in which the page is not open yet.
    pub async fn unopened() -> Self {
        Self::started(None).await
    }

    /// The page in a browser that writes a trace of these categories.
    pub async fn traced(categories: &str) -> Self {
        let page = Self::started(Some(categories)).await;
        page.resize(1440, 900).await;
        page.goto("#/cart").await;
        page
    }

    async fn started(trace: Option<&str>) -> Self {
        Self::of(Site::start(site::dist()).await, trace).await
    }

    /// A browser in which nothing of this site is open yet.
    pub async fn of(site: Site, trace: Option<&str>) -> Self {
        let address = format!("http://{}", site.address);
        let browser = browser::take(trace).await;
        Self { client: browser.client.clone(), address, browser, site }
    }

    /// Opens a file of the site, and only waits until it is loaded.
    pub async fn visit(&self, path: &str) {
        self.client.goto(&format!("{}/{path}", self.address)).await.unwrap();
    }

    /// Sends a command that only this driver knows, such as `se/log`.
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

    /// Chooses a theme, whatever the system's theme is.
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
        self.find("[role=grid]").await;
        self.js("await leftfold.ready").await;
    }

    /// Evaluates an expression in the page, which may await. An `Error` comes back as
    /// `{error, code, …}`.
    pub async fn js(&self, code: &str) -> Value {
        self.client.execute_async(&script(&drawn(code)), vec![]).await.unwrap()
    }

    pub async fn find(&self, selector: &str) -> Element {
        self.client
            .wait()
            .at_most(PATIENCE)
            .every(MOMENT)
            .for_element(Locator::Css(selector))
            .await
            .unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    /// The text of a region or group, by its accessible name.
    pub async fn text(&self, name: &str) -> String {
        // The text is read once the page has drawn the latest news.
        self.js("!!document.body").await;
        self.find(&format!("[aria-label='{name}']")).await.text().await.unwrap()
    }

    /// Waits until a region or group, by its accessible name, shows a text.
    pub async fn shows(&self, name: &str, text: &str) {
        let all = format!(
            "[...document.querySelectorAll('[aria-label]')]
                .filter(it => it.getAttribute('aria-label') === {}).map(it => it.innerText)",
            json!(name)
        );
        let shown = self.holds(&format!("{all}.some(it => it.includes({}))", json!(text))).await;
        assert!(shown, "{name} never showed {text}, but {}", self.js(&all).await);
    }

    pub async fn click(&self, name: &str) {
        let named = format!("@aria-label='{name}' or normalize-space(.)='{name}'");
        self.click_on(&format!("//button[{named}]")).await;
    }

    /// Unfolds the panel of that name, if it is one line.
    pub async fn unfold(&self, name: &str) {
        let title = format!("section[aria-label=\\'{name}\\'] h2 button");
        self.js(&format!(
            "const it = document.querySelector('{title}');
             if (it.getAttribute('aria-expanded') === 'false') it.click();
             return 0"
        ))
        .await;
        self.until(&format!("document.querySelector('{title}').ariaExpanded === 'true'")).await;
    }

    /// Opens a menu by its words, and chooses from it.
    pub async fn click_menu(&self, menu: &str, choice: &str) {
        self.click_on(&format!("//summary[normalize-space(.)='{menu}']")).await;
        self.click_on(&format!("//button[normalize-space(.)='{choice}']")).await;
    }

    /// Clicks as soon as there is something to click: the page may still be drawing what was typed
    /// or sent a moment ago.
    pub async fn click_on(&self, xpath: &str) {
        let start = Instant::now();
        while let Err(error) = self.try_click(xpath).await {
            assert!(start.elapsed() < PATIENCE, "{xpath}: {error}");
            tokio::time::sleep(MOMENT).await;
        }
    }

    async fn try_click(&self, xpath: &str) -> Result<(), CmdError> {
        self.client.find(Locator::XPath(xpath)).await?.click().await
    }

    /// Types over the text of a field. The driver's `clear` would empty it without telling the
    /// page.
    pub async fn type_over(&self, field: &Element, text: &str) {
        let empty = "const [field] = arguments;
             field.focus();
             field.value = '';
             field.dispatchEvent(new InputEvent('input', { bubbles: true }));";
        self.client.execute(empty, vec![json!(field)]).await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses keys one after another in the focused element.
    pub async fn press(&self, keys: impl IntoIterator<Item = char>) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for key in keys {
            actions =
                actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        }
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Presses Tab `times` times. Where that is negative, presses Shift+Tab.
    pub async fn press_tab(&self, times: i64) {
        let (shift, tab) = ('\u{e008}', '\u{e004}');
        let mut keys = KeyActions::new("keyboard".to_owned());
        if times < 0 {
            keys = keys.then(KeyAction::Down { value: shift });
        }
        for _ in 0..times.abs() {
            keys = keys.then(KeyAction::Down { value: tab }).then(KeyAction::Up { value: tab });
        }
        if times < 0 {
            keys = keys.then(KeyAction::Up { value: shift });
        }
        self.client.perform_actions(keys).await.unwrap();
    }

    /// Waits until a condition in the page holds.
    pub async fn until(&self, condition: &str) {
        assert!(self.holds(condition).await, "never came true: {condition}");
    }

    /// Waits for a condition. False where it does not come true in a long time.
    pub async fn holds(&self, condition: &str) -> bool {
        // The page itself checks again and again, which is quicker than asking it each time.
        let look = script(&format!(
            "const holds = async () => {{ {} }}, end = performance.now() + {};
             for (;;) {{
                 if (await holds().catch(() => false) === true) return true;
                 if (performance.now() > end) return false;
                 await new Promise(done => setTimeout(done, {}));
             }}",
            drawn(condition),
            PATIENCE.as_millis(),
            MOMENT.as_millis() / 2
        ));
        let start = Instant::now();
        loop {
            // A page that is left meanwhile does not answer. The next page may.
            if let Ok(Value::Bool(holds)) = self.client.execute_async(&look, vec![]).await {
                return holds;
            }
            if start.elapsed() > PATIENCE {
                return false;
            }
            tokio::time::sleep(MOMENT).await;
        }
    }

    /// Waits for a whole download of this name, removes the file, and returns its content.
    pub async fn downloaded(&self, name: &str) -> Vec<u8> {
        if let Some(bytes) = self.downloaded_within(name, PATIENCE).await {
            return bytes;
        }
        let there = std::fs::read_dir(&self.browser.files).unwrap().collect::<Vec<_>>();
        panic!("{name} never came: {there:?}");
    }

    /// As [`downloaded`](Self::downloaded). None where it has not come in that time.
    pub async fn downloaded_within(&self, name: &str, time: Duration) -> Option<Vec<u8>> {
        let files = &self.browser.files;
        let (file, part) = (files.join(name), files.join(format!("{name}.part")));
        let start = Instant::now();
        while start.elapsed() < time {
            // Some browsers make an empty file first, and write into another one beside it.
            match std::fs::read(&file) {
                Ok(bytes) if !bytes.is_empty() && !part.exists() => {
                    std::fs::remove_file(&file).unwrap();
                    return Some(bytes);
                }
                _ => tokio::time::sleep(MOMENT).await,
            }
        }
        None
    }

    /// Chooses a file with this content in the page's file field.
    pub async fn choose(&self, name: &str, content: &[u8]) {
        let file = self.browser.files.join(name);
        std::fs::write(&file, content).unwrap();
        let field = self.find("input[type=file]:enabled").await;
        field.send_keys(&file.to_string_lossy()).await.unwrap();
    }

    /// Runs axe-core on the page as it stands. Returns its findings, each with its place.
    pub async fn barriers(&self) -> Vec<String> {
        if self.js("typeof axe").await == "undefined" {
            let axe = std::fs::read_to_string(std::env::var("AXE").unwrap()).unwrap();
            self.client.execute(&axe, vec![]).await.unwrap();
        }
        let found = self
            .js("const { violations } = await axe.run({ resultTypes: ['violations'] });
                 return violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.target + ': ' + n.failureSummary));")
            .await;
        found.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    pub async fn screenshot(&self, name: &str) {
        let mut folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        if browser::is_firefox() {
            folder.push("firefox");
        }
        std::fs::create_dir_all(&folder).unwrap();
        let png = self.client.screenshot().await.unwrap();
        std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }

    pub async fn close(self) {
        browser::give_back(self.browser).await;
    }
}

/// A script that evaluates code. Code that looks at the document runs after the next frame, when
/// the latest news is drawn. A hidden page has no frames.
fn drawn(code: &str) -> String {
    let drawn = if code.contains("document.") {
        "await new Promise(done => {
            setTimeout(done, 100);
            requestAnimationFrame(() => setTimeout(done));
        });"
    } else {
        ""
    };
    let value = if code.contains("return") { "" } else { "return " };
    format!("{drawn} {value}{code}")
}

/// A script for the driver. It ends once the code's value is known.
fn script(code: &str) -> String {
    format!(
        "const done = arguments[0];
         (async () => {{ {code} }})().then(done, (e) => done({{ error: e.message, ...e }}));"
    )
}
