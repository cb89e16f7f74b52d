//! Tortures the stored log: the browser is killed, tabs race, files are damaged, the disk is full.
//! `cargo xtask torture` does this at length. Without `LEFTFOLD_TORTURE=long`, it is short.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test that is how to say what must hold"
)]

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tower_http::services::ServeDir;

fn setting(name: &str, otherwise: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

fn rounds(short: u64, long: u64) -> u64 {
    if setting("LEFTFOLD_TORTURE", "") == "long" { long } else { short }
}

/// A small, seeded random generator that is the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// The page, served from one origin until this is dropped, and what it has reported.
struct Site {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Site {
    async fn open() -> Self {
        let dist = setting("LEFTFOLD_DIST", concat!(env!("CARGO_MANIFEST_DIR"), "/dist"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hear = |State(heard): State<Arc<Mutex<Vec<String>>>>, body: String| async move {
            heard.lock().unwrap().push(body);
        };
        let pages = Router::new()
            .route("/heard", post(hear))
            .with_state(heard.clone())
            .fallback_service(ServeDir::new(dist));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, pages).await });
        Self { address, heard }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

/// A browser that can be killed.
struct Browser {
    chromium: Child,
    client: Client,
    _driver: Child,
}

fn profile(name: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("leftfold-torture-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn free_port() -> u16 {
    let socket: SocketAddr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    socket.port()
}

async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

impl Browser {
    async fn start(profile: &Path) -> Self {
        let _ = fs::remove_file(profile.join("DevToolsActivePort"));
        let _ = fs::remove_file(profile.join("SingletonLock"));
        let chromium = Command::new(setting("BROWSER", "/usr/bin/chromium"))
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--remote-debugging-port=0",
                &format!("--user-data-dir={}", profile.display()),
                "about:blank",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the browser starts");
        let mut port = String::new();
        for _ in 0..600 {
            let text = fs::read_to_string(profile.join("DevToolsActivePort")).unwrap_or_default();
            if let Some((first, _)) = text.split_once('\n') {
                first.clone_into(&mut port);
                break;
            }
            pause(50).await;
        }
        let driver_port = free_port();
        let driver = Command::new(setting("DRIVER", "chromedriver"))
            .arg(format!("--port={driver_port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver starts");
        let Value::Object(capabilities) = json!({
            "goog:chromeOptions": { "debuggerAddress": format!("127.0.0.1:{port}") },
            "timeouts": { "script": 240_000 },
        }) else {
            panic!("capabilities are an object")
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let mut tries = 0;
        let client = loop {
            match builder.connect(&format!("http://127.0.0.1:{driver_port}")).await {
                Ok(client) => break client,
                Err(error) if tries > 200 => panic!("the browser does not start: {error}"),
                Err(_) => tries += 1,
            }
            pause(100).await;
        };
        Self { chromium, client, _driver: driver }
    }

    /// Opens the page at an address. Returns its alerts once the log is open, or cannot be opened.
    async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
        self.ready().await;
    }

    async fn ready(&self) {
        for _ in 0..600 {
            let there = "return typeof window.leftfold === 'object' && !!document.querySelector('[role=grid],[role=alert]')";
            if self.client.execute(there, vec![]).await.ok() == Some(json!(true)) {
                return;
            }
            pause(50).await;
        }
        panic!("the page never came up");
    }

    async fn js(&self, code: &str) -> Value {
        let script = format!(
            "const done = arguments[0];
             (async () => {{ {code} }})().then(done, (e) => done({{ error: e.message, ...e }}));"
        );
        self.client.execute_async(&script, vec![]).await.unwrap()
    }

    async fn alerts(&self) -> String {
        let all = "return [...document.querySelectorAll('[role=alert]')].map(it => it.textContent).join('\\n')";
        self.js(all).await.as_str().unwrap_or_default().to_owned()
    }

    async fn kill(mut self) {
        self.chromium.kill().await.unwrap();
    }

    async fn close(mut self) {
        let _ = self.client.execute("window.close()", vec![]).await;
        let _ = self.cdp("Browser.close", json!({})).await;
        // A process that has not ended by then is killed.
        let _ = tokio::time::timeout(Duration::from_secs(10), self.chromium.wait()).await;
    }

    async fn cdp(&self, command: &str, parameters: Value) -> Option<Value> {
        let cdp = Cdp(json!({ "cmd": command, "params": parameters }));
        self.client.issue_cmd(cdp).await.ok()
    }
}

#[derive(Debug)]
struct Cdp(Value);

impl WebDriverCompatibleCommand for Cdp {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (axum::http::Method, Option<String>) {
        (axum::http::Method::POST, Some(self.0.to_string()))
    }
}

/// Checks the open log for gaps. Returns its head, a digest of its events, and its faults.
const AUDIT: &str = "
    await leftfold.ready;
    const head = await leftfold.head(), versions = {}, ids = new Set();
    const events = await leftfold.events(1, head);
    let digest = 0, wrong = [];
    for (const [index, it] of events.entries()) {
        if (it.position !== index + 1) wrong.push('position ' + it.position + ' at ' + (index + 1));
        versions[it.stream] = (versions[it.stream] ?? 0) + 1;
        if (it.version !== versions[it.stream]) wrong.push(it.stream + ' ' + it.version);
        if (ids.has(it.id)) wrong.push('twice: ' + it.id);
        ids.add(it.id);
        for (const letter of it.id + it.type + JSON.stringify(it.data)) digest = (digest * 31 + letter.charCodeAt(0)) | 0;
    }
    return { head, digest, wrong, events: EVENTS };
";

/// Sends commands and imports. Each is reported once it is acknowledged.
const WRITE: &str = "
    const tell = (text) => fetch('/heard', { method: 'POST', body: text });
    let n = await leftfold.head();
    for (;;) {
        n++;
        if (n % 37 === 0) {
            const events = Array.from({ length: 900 }, (_, i) => ({
                stream: 'cart-' + i % 7, type: 'AddedToCart', data: { item: 'a thing ' + i } }));
            const { from, to } = await leftfold.append(events);
            await tell(`${from} ${to}`);
        } else {
            const { events } = await leftfold.send('cart-' + n % 7, { type: 'AddToCart', data: { item: 'i' + n } });
            await tell(`${events[0].position} ${events[0].id}`);
        }
    }
";

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_acknowledged_survives_the_browser_being_killed() {
    let (site, profile, mut dice) = (Site::open().await, profile("kill"), Dice(0x5eed));
    let browser = Browser::start(&profile).await;
    browser.goto(&format!("{}/", site.address)).await;
    let start = "await leftfold.open('cart', { empty: true }); return location.hash";
    let log = browser.js(start).await.as_str().unwrap().rsplit_once("/at/").unwrap().0.to_owned();
    let url = format!("{}/{log}", site.address);
    pause(1_000).await;
    browser.close().await;

    let (mut acknowledged, mut imports) = (BTreeMap::<u64, String>::new(), 0);
    let rounds = rounds(3, 200);
    for round in 0..rounds {
        let browser = Browser::start(&profile).await;
        browser.goto(&url).await;
        let audit =
            AUDIT.replace("EVENTS", "Object.fromEntries(events.map(it => [it.position, it.id]))");
        let found = browser.js(&audit).await;
        assert_eq!(browser.alerts().await, "", "round {round}");
        assert_eq!(found["wrong"], json!([]), "round {round}");
        let head = found["head"].as_u64().unwrap();
        for (position, id) in &acknowledged {
            let there = found["events"][position.to_string()].as_str();
            assert!(there.is_some(), "round {round}: {position} of {head} is lost");
            assert!(
                id.is_empty() || there == Some(id),
                "round {round}: {position} is another event"
            );
        }
        let write = format!("(async () => {{ {WRITE} }})()");
        browser.client.execute(&write, vec![]).await.unwrap();
        pause(30 + dice.below(900)).await;
        browser.kill().await;
        for told in site.take() {
            let (position, rest) = told.split_once(' ').unwrap();
            let position: u64 = position.parse().unwrap();
            if let Ok(to) = rest.parse::<u64>() {
                imports += 1;
                acknowledged.extend((position..=to).map(|it| (it, String::new())));
            } else {
                acknowledged.insert(position, rest.to_owned());
            }
        }
    }
    assert!(acknowledged.len() as u64 > rounds, "{} acknowledged", acknowledged.len());
    println!(
        "killed {rounds} times: {} events acknowledged, {imports} imports among them, none lost",
        acknowledged.len()
    );
    let _ = fs::remove_dir_all(profile);
}

/// A torn record, as a killed browser leaves it: only its head, with checksum, length and kind.
const TORN: [u8; 7] = [0x12, 0x34, 0x56, 0x78, 100, 0, 1];

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_a_killed_browser_has_torn_costs_no_later_one() {
    let (site, profile) = (Site::open().await, profile("torn"));
    let browser = Browser::start(&profile).await;
    browser.goto(&format!("{}/", site.address)).await;
    let start = "await leftfold.open('cart', { empty: true }); return location.hash";
    let log = browser.js(start).await.as_str().unwrap().rsplit_once("/at/").unwrap().0.to_owned();
    let url = format!("{}/{log}", site.address);
    let send = "await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'x' } }); return await leftfold.head()";
    for head in 1..4_u64 {
        assert_eq!(browser.alerts().await, "");
        assert_eq!(browser.js(send).await, json!(head));
    }
    pause(300).await;
    browser.kill().await;
    let mut all = Vec::new();
    files(&profile.join("Default/IndexedDB"), &mut all);
    all.retain(|path| path.extension().is_some_and(|it| it == "log"));
    let [written] = &all[..] else { panic!("one file is written to: {all:?}") };
    let mut end = fs::OpenOptions::new().append(true).open(written).unwrap();
    std::io::Write::write_all(&mut end, &TORN).unwrap();
    for head in 4..7_u64 {
        let browser = Browser::start(&profile).await;
        browser.goto(&url).await;
        assert_eq!(browser.alerts().await, "");
        assert_eq!(browser.js(send).await, json!(head));
        pause(300).await;
        browser.kill().await;
    }
    let _ = fs::remove_dir_all(profile);
}

#[tokio::test(flavor = "multi_thread")]
async fn tabs_that_race_for_a_stream_have_one_winner_a_version_and_all_see_the_same() {
    let (site, profile) = (Site::open().await, profile("tabs"));
    let browser = Browser::start(&profile).await;
    browser.goto(&format!("{}/", site.address)).await;
    let start = "await leftfold.open('cart', { empty: true }); return location.hash";
    let log = browser.js(start).await.as_str().unwrap().rsplit_once("/at/").unwrap().0.to_owned();
    let url = format!("{}/{log}", site.address);
    let tabs = rounds(3, 8);
    let attempts = rounds(90, 2_000) / tabs;
    let mut windows = vec![browser.client.window().await.unwrap()];
    for _ in 1..tabs {
        let window = browser.client.new_window(true).await.unwrap().handle;
        browser.client.switch_to_window(window.clone()).await.unwrap();
        browser.goto(&url).await;
        windows.push(window);
    }
    let race = format!(
        "window.race = {{ won: [], lost: 0 }};
         window.over = (async () => {{
            for (let n = 0; n < {attempts}; n++) {{
                const version = await leftfold.head();
                const command = {{ type: 'AddToCart', data: {{ item: 'x' }} }};
                try {{
                    const {{ events }} = await leftfold.send('cart-1', command, {{ expectedVersion: version }});
                    race.won.push(events[0].version);
                }} catch (error) {{
                    if (error.code !== 'wrong_expected_version') throw error;
                    race.lost++;
                }}
            }}
         }})().catch(error => race.failed = String(error)); return 1"
    );
    for window in &windows {
        browser.client.switch_to_window(window.clone()).await.unwrap();
        browser.js(&race).await;
    }
    let (mut won, mut lost) = (Vec::new(), 0);
    for window in &windows {
        browser.client.switch_to_window(window.clone()).await.unwrap();
        let race = browser.js("await over; return race").await;
        assert_eq!(race["failed"], Value::Null);
        won.extend(race["won"].as_array().unwrap().iter().map(|it| it.as_u64().unwrap()));
        lost += race["lost"].as_u64().unwrap();
    }
    won.sort_unstable();
    let head = won.len() as u64;
    assert_eq!(won, (1..=head).collect::<Vec<_>>());
    assert_eq!(head + lost, tabs * attempts);
    let mut audits = Vec::new();
    for window in &windows {
        browser.client.switch_to_window(window.clone()).await.unwrap();
        let caught_up = format!(
            "while (await leftfold.head() < {head}) await new Promise(r => setTimeout(r, 20)); return 1"
        );
        browser.js(&caught_up).await;
        audits.push(
            browser
                .js(&AUDIT.replace("EVENTS", "(await leftfold.view('Best sellers')).bars"))
                .await,
        );
        assert_eq!(browser.alerts().await, "");
    }
    assert_eq!(audits[0]["head"], json!(head));
    assert!(audits.iter().all(|it| *it == audits[0]), "{audits:#?}");
    println!("{tabs} tabs, {} attempts: {head} won, {lost} told of a conflict", tabs * attempts);
    browser.close().await;
    let _ = fs::remove_dir_all(profile);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if fs::metadata(&path).unwrap().len() > 0 {
            found.push(path);
        }
    }
}

/// True where a file in the folder contains these bytes.
fn has(folder: &Path, bytes: &[u8]) -> bool {
    let mut all = Vec::new();
    files(folder, &mut all);
    let mut contents = all.iter().filter_map(|path| fs::read(path).ok());
    contents.any(|it| it.windows(bytes.len()).any(|part| part == bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_were_damaged_are_never_taken_for_a_log_in_order() {
    let (site, original, mut dice) = (Site::open().await, profile("damage"), Dice(0x00da_3a9e));
    let browser = Browser::start(&original).await;
    browser.goto(&format!("{}/", site.address)).await;
    let fill = "
        await leftfold.open('cart', { empty: true });
        for (let n = 0; n < 1200; n++) {
            await leftfold.send('cart-' + n % 7, { type: 'AddToCart', data: { item: 'i' + n } });
        }
        const events = Array.from({ length: 3000 }, (_, i) => ({
            stream: 'cart-' + i % 7, type: 'AddedToCart', data: { item: 'a thing ' + i } }));
        await leftfold.append(events);
        for (let n = 0; n < 100; n++) {
            await leftfold.send('cart-' + n % 7, { type: 'AddToCart', data: { item: 'i' + n } });
        }
        return location.hash";
    let log = browser.js(fill).await.as_str().unwrap().rsplit_once("/at/").unwrap().0.to_owned();
    let url = format!("{}/{log}", site.address);
    browser.goto(&url).await;
    let audit = AUDIT.replace("EVENTS", "0");
    let whole = browser.js(&audit).await;
    // The sentinel's note is written late, and reaches the disk seconds later.
    let note = "return localStorage.getItem('leftfold/end/' + location.hash.split('/')[2])";
    let (head, place) =
        (format!(" {} ", whole["head"]), original.join("Default/Local Storage/leveldb"));
    let mut tries = 0;
    loop {
        let note = browser.js(note).await;
        let note = note.as_str().unwrap_or_default();
        if note.contains(&head) && has(&place, note.as_bytes()) {
            break;
        }
        tries += 1;
        assert!(tries < 1_200, "the note {note} of{head}events never came to the disk");
        pause(50).await;
    }
    browser.close().await;

    let (mut reported, mut harmless, mut kinds) = (0, 0, BTreeMap::<String, u64>::new());
    let rounds = rounds(3, 60);
    for round in 0..rounds {
        let damaged = profile("damaged");
        copy(&original, &damaged);
        let mut all = Vec::new();
        files(&damaged.join("Default/IndexedDB"), &mut all);
        all.sort();
        let chosen = &all[usize::try_from(dice.below(all.len() as u64)).unwrap()];
        let mut bytes = fs::read(chosen).unwrap();
        let length = bytes.len() as u64;
        let how = match round % 3 {
            0 => {
                for _ in 0..16 {
                    let at = usize::try_from(dice.below(length)).unwrap();
                    bytes[at] ^= 1 << dice.below(8);
                }
                fs::write(chosen, &bytes).unwrap();
                "bits flipped"
            }
            1 => {
                bytes.truncate(usize::try_from(dice.below(length)).unwrap());
                fs::write(chosen, &bytes).unwrap();
                "cut off"
            }
            _ => {
                fs::remove_file(chosen).unwrap();
                "deleted"
            }
        };
        let browser = Browser::start(&damaged).await;
        browser.goto(&url).await;
        let found = browser.js(&audit).await;
        pause(300).await;
        let alerts = browser.alerts().await;
        let name = chosen.file_name().unwrap().to_string_lossy().into_owned();
        let told = format!("round {round}: {name} {how}: {found}, told: {alerts:?}");
        if alerts.is_empty() {
            assert_eq!(found, whole, "silent: {told}");
            harmless += 1;
        } else {
            reported += 1;
        }
        *kinds.entry(how.to_owned()).or_default() += 1;
        println!("{told}");
        browser.kill().await;
        let _ = fs::remove_dir_all(damaged);
    }
    println!(
        "{rounds} times damaged {kinds:?}: {reported} reported, {harmless} without a loss, none silent"
    );
    let _ = fs::remove_dir_all(original);
}

/// The room on the disk, in bytes, and the room that is made free once it is full.
const ROOM: u64 = 500_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_what_was_stored_before_stays() {
    let (site, profile) = (Site::open().await, profile("quota"));
    let browser = Browser::start(&profile).await;
    // This comes before the first write: a browser remembers the room for half a minute.
    let limit = async |bytes: u64| {
        let limit = json!({ "origin": site.address, "quotaSize": bytes });
        browser.cdp("Storage.overrideQuotaForOrigin", limit).await.unwrap();
    };
    limit(ROOM).await;
    browser.goto(&format!("{}/", site.address)).await;
    browser.js("await leftfold.open('cart', { empty: true }); return 1").await;
    for round in 0..rounds(1, 10) {
        let send = "await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'x' } }); return await leftfold.head()";
        let mut before = browser.js(send).await;
        let many = "const events = Array.from({ length: 2000 }, (_, i) => ({
                stream: 'cart-' + i % 7, type: 'AddedToCart', data: { item: crypto.randomUUID() } }));
            await leftfold.append(events); return 'stored'";
        let mut refused = json!("stored");
        for _ in 0..1_000 {
            refused = browser.js(many).await;
            if refused != json!("stored") {
                break;
            }
            before = browser.js("return await leftfold.head()").await;
        }
        assert_eq!(refused["code"], json!("storage"), "round {round}: {refused}");
        assert_eq!(browser.js("return await leftfold.head()").await, before);
        // The page draws the news a moment later.
        let mut alerts = browser.alerts().await;
        for _ in 0..200 {
            if alerts.contains("The storage is full") {
                break;
            }
            pause(20).await;
            alerts = browser.alerts().await;
        }
        assert!(alerts.contains("The storage is full"), "round {round}: {alerts}");
        let used = browser.js("return (await navigator.storage.estimate()).usage").await;
        limit(used.as_u64().unwrap() + ROOM).await;
        let over = "for (let n = 0; n < 300; n++) {
                const again = [...document.querySelectorAll('button')].find(it => it.textContent === 'Try again');
                if (!again) return true;
                again.click();
                await new Promise(r => setTimeout(r, 200));
            }";
        assert_eq!(browser.js(over).await, json!(true), "round {round}");
        let after = browser.js(send).await;
        assert_eq!(after.as_u64(), before.as_u64().map(|it| it + 1), "round {round}: {after}");
    }
    browser.close().await;
    let _ = fs::remove_dir_all(profile);
}
