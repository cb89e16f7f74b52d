//! Makes a set of fixtures: golden files of everything that today's page writes, in all the states
//! that a log can be in. `tests/fixtures/README.md` says what they are. A set is made once for each
//! version of the stored format, and never edited: a name that is taken is refused.
//!
//! ```sh
//! cargo xtask build
//! LEFTFOLD_FIXTURES=layout-3 cargo test --test make_fixtures
//! ```
//!
//! `BROWSER` and `DRIVER` name Chromium and its driver where they are not in their usual places.
//! `LEFTFOLD_DIST` names the folder of the built page.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "where something is not as expected, it must stop")]

#[expect(dead_code, reason = "to make them takes less of it than to read them")]
mod kept;
mod kept_page;
#[expect(dead_code, reason = "the page is only told what to keep")]
mod page;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use kept::{GoldenLog, GoldenLoss, StartPage};
use kept_page::{alerts, open, put_back, said, shown, start, take, undelete};
use page::Page;
use page::logs::{close, export, open_logs, says, share};
use serde::Serialize;
use serde_json::{Value, json};

/// A kind of archive: the beginning of the dialog's button, and the ending of the file.
type ArchiveKind = (&'static str, &'static str);
const LINES: ArchiveKind = ("Export", "ndjson");
const PACKED: ArchiveKind = ("Export .gz", "ndjson.gz");
const BATCH: ArchiveKind = ("Export JSON", "json");

/// The beginning of all scripts: a function that returns a command's outcome, or its error's code.
const SEND: &str = "
    const empty = scenario => leftfold.open(scenario, { empty: true });
    const came = asked => asked.then(it => it.outcome, error => error.code);
    const send = (to, type, data = {}, how) => came(leftfold.send(to, { type, data }, how));
    const subscription = async name => (await leftfold.subscriptions()).find(it => it.name === name);";

/// Odd logs: title, script, and the script's result.
const ODD: [(&str, &str, &str); 8] = [
    (
        "Conflicts, “forced” & more",
        "await empty('bank');
         const last = async () => (await leftfold.journal()).at(-1).commandId;
         const all = [
             await send('customer-1', 'RegisterCustomer', { name: 'Zoë' }),
             await send('account-1', 'OpenAccount', { customer: '1', initial_balance: 10000 }),
             await send('account-1', 'Deposit', { amount: 500 }, { expectedVersion: 1, actor: 'Alice' }),
         ];
         for (const choice of ['force', 'reload', 'retry']) {
             all.push(await send('account-1', 'Withdraw', { amount: 100 }, { expectedVersion: 1, actor: 'Bob' }));
             all.push(await came(leftfold.again(await last(), choice)));
         }
         for (const choice of ['same', 'anew']) all.push(await came(leftfold.again(await last(), choice)));
         all.push(await send('account-1', 'Withdraw', { amount: 999999 }));
         all.push(await send('account-1', 'Nonsense'));
         all.push(await send('account-1', 'Deposit', { amount: 1 }, { expectedVersion: 'any', seenVersion: 1 }));
         return all",
        r#"["accepted","accepted","accepted","wrong_expected_version","accepted",
            "wrong_expected_version","accepted","wrong_expected_version","accepted","repeated",
            "accepted","rejected","malformed","accepted"]"#,
    ),
    (
        "Appended past the aggregates",
        "await empty('welcome');
         const registered = (number, name, at) => ({
             stream: `customer-${number}`, type: 'CustomerRegistered',
             data: { name, email: `${name}@example.org` }, at,
         });
         const then = 1503597600000;
         return [
             await leftfold.append([registered(1, 'ada', then), registered(2, 'ben', then + 1000)]),
             await leftfold.append([registered(3, 'cleo'), registered(4, 'ada')], { react: true }),
             (await leftfold.outbox()).length,
             (await leftfold.events(5, 5))[0].type,
         ]",
        r#"[{"from":1,"to":2},{"from":3,"to":4},1,"AccountsMerged"]"#,
    ),
    (
        "Moderation in its second version",
        "await empty('listing');
         await leftfold.subscription('Moderation', { code: 2 });
         return [
             await send('listing-1', 'DraftListing', { title: 'a lamp' }),
             await send('listing-1', 'ApproveListing'),
             await send('listing-1', 'ExpireListing'),
             (await leftfold.events(4, await leftfold.head())).map(it => it.type),
         ]",
        r#"["accepted","accepted","accepted",["ListingExpired"]]"#,
    ),
    ("The original", "await leftfold.open('transfers'); return await leftfold.seek(9)", "9"),
    ("A fork", "await leftfold.fork(9); return await leftfold.head()", "10"),
    (
        "Crashed in a transfer",
        "await empty('transfers');
         for (const [number, name] of [[1, 'Lola'], [2, 'Mattia']]) {
             await send(`account-${number}`, 'OpenAccount', { name, initial_balance: 10000 });
         }
         const transfer = number =>
             send(`transfer-${number}`, 'RequestTransfer', { from: '1', to: '2', amount: 3000 });
         const all = [await send('account-1', 'Withdraw', { amount: 999999 }), await transfer(1)];
         await leftfold.subscription('Transfer process', { fault: 'crash_after_effect' });
         all.push(await transfer(2));
         const { crashed, mark } = await subscription('Transfer process');
         return [...all, crashed, mark, await leftfold.head()]",
        r#"["rejected","accepted","accepted",true,6,8]"#,
    ),
    (
        "Crashed after a mail",
        "await empty('welcome');
         const register = (number, name) =>
             send(`customer-${number}`, 'RegisterCustomer', { name, email: `${name}@example.org` });
         const all = [await register(1, 'ada'), await register(1, 'ada')];
         await leftfold.subscription('Welcomer', { fault: 'crash_after_effect' });
         all.push(await register(2, 'ben'));
         const { crashed, mark } = await subscription('Welcomer');
         return [...all, crashed, mark, (await leftfold.outbox()).length]",
        r#"["accepted","rejected","accepted",true,1,2]"#,
    ),
    (
        "A mail that was sent twice",
        "await empty('welcome');
         await send('customer-1', 'RegisterCustomer', { name: 'Ada', email: 'ada@example.org' });
         await leftfold.subscription('Welcomer', { guard: false, redeliver: true });
         return (await leftfold.outbox()).map(it => it.repeat ?? 0)",
        "[0,1]",
    ),
];

/// The last odd log. The page is closed while it is open, and must remember its settings.
const PAUSED: &str = "
    await empty('transfers');
    for (const [number, name] of [[1, 'Lola'], [2, 'Mattia']]) {
        await send(`account-${number}`, 'OpenAccount', { name, initial_balance: 10000 });
    }
    const transfer = number =>
        send(`transfer-${number}`, 'RequestTransfer', { from: '1', to: '2', amount: 3000 });
    const all = [await transfer(1)];
    await leftfold.subscription('Transfer process', { paused: true });
    await leftfold.subscription('Transfers', { paused: true });
    all.push(await transfer(2));
    const { paused, mark } = await subscription('Transfer process');
    return [...all, paused, mark, await leftfold.head()]";

/// How many commits become a segment, and how many more are left in the tail.
const FOLDED: u64 = 1_024;
const MORE: u64 = 6;

/// Waits until the open log's tail has been folded into a segment.
const FOLD: &str = "
    const log = location.hash.split('/')[2];
    const folded = () => new Promise((done, failed) => {
        const opening = indexedDB.open('leftfold');
        opening.onerror = failed;
        opening.onsuccess = () => {
            const asked = opening.result.transaction('heads').objectStore('heads').get(log);
            asked.onsuccess = () => { opening.result.close(); done(asked.result[3]); };
        };
    });
    while (await folded() === 0) await new Promise(done => setTimeout(done, 20));
    return await folded()";

/// Damaged logs: title, the script that makes the log, and the script that damages its records.
const DAMAGED: [(&str, &str, &str); 6] = [
    ("A flipped byte in the tail", "await add(5)", "flip('tail', 3)"),
    (
        "A flipped byte in a segment",
        "const copy = (await leftfold.logs()).find(it => it.title.endsWith(' copy')).id;
         await leftfold.open('cart', { log: copy });
         for (const item of ['figs', 'dates']) await send('cart-9', 'AddToCart', { item })",
        "flip('segments')",
    ),
    ("A record that is missing", "await add(5)", "all.tail.delete([log, 3])"),
    (
        "An end that is missing",
        "await add(4);
         window.earlier = await head();
         await send('cart-1', 'AddToCart', { item: 'the last one' })",
        "all.tail.delete([log, 5]); all.heads.put(earlier, log)",
    ),
    ("A head that is missing", "await add(3)", "all.heads.delete(log)"),
    (
        "A small record that is damaged",
        "await leftfold.open('welcome')",
        "all.shelves.openCursor(IDBKeyRange.lowerBound([log, 'effects'])).onsuccess =
            ({ target }) => target.result.update('{')",
    ),
];

/// The beginning of the scripts for damaged logs.
const ADD: &str = "
    const add = async count => {
        await empty('cart');
        for (let number = 1; number <= count; number++) {
            await send('cart-1', 'AddToCart', { item: `thing ${number}` });
        }
    };
    const head = () => new Promise((done, failed) => {
        const log = location.hash.split('/')[2], opening = indexedDB.open('leftfold');
        opening.onerror = failed;
        opening.onsuccess = () => {
            const asked = opening.result.transaction('heads').objectStore('heads').get(log);
            asked.onsuccess = () => { opening.result.close(); done(asked.result); };
        };
    });";

#[tokio::test(flavor = "multi_thread")]
async fn a_set_of_fixtures_is_made() {
    let set = std::env::var("LEFTFOLD_FIXTURES").expect("LEFTFOLD_FIXTURES says what it is called");
    let folder = kept::folder().join(set);
    assert!(!folder.exists(), "{} is there: fixtures are never edited", folder.display());
    stories(&folder).await;
    odd(&folder).await;
    damaged(&folder).await;
}

/// Every scenario with its story, as after a first visit.
async fn stories(folder: &Path) {
    let mut maker = Maker::new(folder, "stories").await;
    for scenario in maker.page.js("leftfold.scenarios()").await.as_array().unwrap() {
        maker.js(&format!("await leftfold.open({}); return 0", scenario["id"])).await;
        maker.keep(None, &[LINES, PACKED, BATCH], true).await;
    }
    maker.finish(&[""]).await;
}

/// The other states of a log, and everything that can be chosen on the page.
async fn odd(folder: &Path) {
    let mut maker = Maker::new(folder, "odd").await;
    maker.duplicate("Shopping cart").await;
    maker.page.click("Open Shopping cart copy").await;
    maker.page.until("!document.querySelector('[role=dialog]')").await;
    maker.keep(Some("Put away"), &[LINES], true).await;
    let here = maker.page.js("location.hash").await;
    open_logs(&maker.page).await;
    maker.page.click("Delete Put away").await;
    maker.page.until(&format!("location.hash !== {here}")).await;
    close(&maker.page).await;

    maker.js("await empty('cart'); return 0").await;
    maker.keep(Some("Nothing yet"), &[BATCH], true).await;
    let opened = json!({ "customer": "1", "initial_balance": 1_000 });
    maker
        .import(&[
            ("AccountOpened", 2, opened.clone()),
            ("InterestPaid", 2, json!({ "rate": [1, null, "x"] })),
            ("AccountOpened", 1, json!({ "balance": 10_000 })),
            ("Deposited", 2, json!({ "amount": 500 })),
        ])
        .await;
    let refused = "return [
        await send('account-1', 'Deposit', { amount: 1 }),
        await send('customer-1', 'RegisterCustomer', { name: 'Zoë' }),
    ]";
    assert_eq!(maker.js(refused).await, json!(["unreadable", "accepted"]));
    maker.keep(Some("Unreadable events"), &[LINES], true).await;
    let noted = json!({ "amount": 500, "note": "ripe" });
    maker.import(&[("AccountOpened", 2, opened), ("Deposited", 2, noted)]).await;
    maker.keep(Some("More than the scenario knows"), &[LINES], true).await;
    for (title, script, expected) in ODD {
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(maker.js(script).await, expected, "{title}");
        maker.keep(Some(title), &[LINES], true).await;
    }
    maker.fill_a_long_log().await;
    maker.choose_everything().await;
    maker.keep(Some("A long log"), &[PACKED], false).await;
    maker.page.js("await leftfold.seek(3)").await;
    maker.page.until("location.hash.endsWith('/at/3')").await;
    let chosen = maker.page.js("location.hash").await;

    assert_eq!(maker.js(PAUSED).await, json!(["accepted", "accepted", true, 6, 7]));
    maker.keep(Some("A paused process"), &[LINES], true).await;
    let paused = maker.page.js("location.hash").await;
    maker.finish(&[&paused, &chosen].map(|it| it.as_str().unwrap())).await;
}

/// Logs that the browser's storage has damaged.
async fn damaged(folder: &Path) {
    let mut maker = Maker::new(folder, "damaged").await;
    maker.duplicate("Shopping cart").await;
    close(&maker.page).await;
    let mut damage = String::new();
    for (title, script, change) in DAMAGED {
        maker.js(&format!("{ADD} {script}; return 0")).await;
        maker.keep(Some(title), &[], false).await;
        let log = &maker.made.last().unwrap().golden.log;
        writeln!(damage, "log = '{log}'; {change};").unwrap();
    }
    let earlier = maker.page.js("window.earlier").await;
    maker.js(&format!("{ADD} await add(1); return 0")).await;
    let gone = maker.page.js("location.hash.split('/')[2]").await;

    maker.page.visit("nothing").await;
    let spoilt = maker
        .page
        .js(&format!(
            "return new Promise((done, failed) => {{
                const opening = indexedDB.open('leftfold');
                opening.onerror = failed;
                opening.onsuccess = () => {{
                    const names = [...opening.result.objectStoreNames];
                    const writing = opening.result.transaction(names, 'readwrite');
                    const all = Object.fromEntries(names.map(it => [it, writing.objectStore(it)]));
                    writing.oncomplete = () => {{ opening.result.close(); done(0); }};
                    writing.onabort = failed;
                    const earlier = {earlier}, gone = {gone};
                    let log;
                    const within = (log, at = 0) => IDBKeyRange.bound([log, at], [log, []]);
                    const flip = (store, at) => {{
                        all[store].openCursor(within(log, at)).onsuccess = ({{ target }}) => {{
                            const bytes = target.result.value;
                            bytes[bytes.length >> 1] ^= 16;
                            target.result.update(bytes);
                        }};
                    }};
                    {damage}
                    for (const name of ['tail', 'segments', 'shelves']) all[name].delete(within(gone));
                    for (const name of ['logs', 'heads']) all[name].delete(gone);
                }};
            }})"
        ))
        .await;
    assert_eq!(spoilt, json!(0));
    maker.finish(&[""]).await;
}

/// A log that was made, before the dump that will hold it is taken.
struct Made {
    /// The name of the log's files.
    name: String,
    /// The golden file of the log.
    golden: GoldenLog,
    /// The log's archive in NDJSON.
    lines: Vec<u8>,
}

struct Maker {
    page: Page,
    folder: PathBuf,
    dump: &'static str,
    made: Vec<Made>,
}

impl Maker {
    async fn new(folder: &Path, dump: &'static str) -> Self {
        Self { page: Page::open().await, folder: folder.to_owned(), dump, made: Vec::new() }
    }

    async fn js(&self, script: &str) -> Value {
        self.page.js(&format!("{SEND} {script}")).await
    }

    /// Duplicates the log of this title. The dialog is open afterwards.
    async fn duplicate(&self, title: &str) {
        open_logs(&self.page).await;
        self.page.click(&format!("Duplicate {title}")).await;
        says(&self.page, &format!("{title} copy is a new log.")).await;
        self.page.find(&format!("[aria-label='Open {title} copy']")).await;
    }

    /// Stores the open log under a title, as archives of these kinds and as a link.
    async fn keep(&mut self, title: Option<&str>, kinds: &[ArchiveKind], link: bool) {
        let page = &self.page;
        open_logs(page).await;
        let here = "document.querySelector(\"[aria-label='Kept logs'] .here input\").value";
        if let Some(title) = title {
            let field = page.find("[aria-label='Kept logs'] .here input").await;
            page.type_over(&field, &format!("{title}\u{e004}")).await;
            // The buttons have the new title once it is stored.
            page.find(&format!("[aria-label='Export {title}']")).await;
        }
        let title = page.js(here).await.as_str().unwrap().to_owned();
        let (name, mut lines) = (named(&title), Vec::new());
        for (button, ending) in kinds {
            let file = format!("{name}.{ending}");
            let (_, bytes) = export(page, &format!("{button} {title}"), &file).await;
            self.write("archives", &file, &bytes);
            match *ending {
                "ndjson" => lines = bytes,
                "ndjson.gz" => lines = kept::gunzip(&bytes),
                _ => {}
            }
        }
        close(page).await;
        if link {
            let link = share(page).await;
            let (_, text) = link.split_once("#/share/").unwrap();
            self.write("links", &format!("{name}.txt"), text.as_bytes());
        }
        let place = page.js("location.hash.split('/').slice(1, 3)").await;
        let [scenario, log] = [&place[0], &place[1]].map(|it| it.as_str().unwrap().to_owned());
        let position = page.js("leftfold.position()").await.as_u64().unwrap();
        let (dump, says) = (self.dump.to_owned(), said(page).await);
        let golden = GoldenLog { dump, log, scenario, title, position, losses: Vec::new(), says };
        self.made.push(Made { name, golden, lines });
    }

    /// Makes a log from an account's events: type, schema, data.
    async fn import(&self, events: &[(&str, u64, Value)]) {
        self.js("await empty('bank'); return 0").await;
        let mut archive = String::new();
        for (number, (kind, schema, data)) in events.iter().enumerate() {
            let event = json!({
                "specversion": "1.0", "id": format!("it-{number}"), "source": "/elsewhere",
                "type": kind, "subject": "account-1", "schema": schema, "data": data,
                "time": format!("2017-08-24T18:00:0{number}Z"),
            });
            writeln!(archive, "{event}").unwrap();
        }
        open_logs(&self.page).await;
        self.page.choose("elsewhere.ndjson", archive.as_bytes()).await;
        self.page.click("After the open log’s events").await;
        says(&self.page, &format!("{} events were appended", events.len())).await;
        close(&self.page).await;
    }

    /// Makes a log in which most commits are in a segment, and some in the tail.
    async fn fill_a_long_log(&self) {
        self.js("await empty('cart'); return 0").await;
        let add = |from: u64, to: u64| {
            format!(
                "for (let number = {from}; number < {to}; number++) {{
                     const item = ['apples', 'pears', 'plums'][number % 3];
                     await send(`cart-${{number % 6 + 1}}`, 'AddToCart', {{ item }});
                 }}
                 return await leftfold.head()"
            )
        };
        for part in 0..4 {
            let (from, to) = (part * FOLDED / 4, (part + 1) * FOLDED / 4);
            assert_eq!(self.js(&add(from, to)).await, json!(to));
        }
        assert_eq!(self.js(FOLD).await, json!(FOLDED));
        let all = FOLDED + MORE;
        assert_eq!(self.js(&add(FOLDED, all)).await, json!(all));
    }

    /// Changes every setting that the page remembers.
    async fn choose_everything(&self) {
        let page = &self.page;
        page.click("Other theme").await;
        for panel in ["Journal", "Best sellers"] {
            page.click_on(&format!("//section[@aria-label='{panel}']//h2/button")).await;
        }
        page.js("await leftfold.seek(3)").await;
        page.click("Bookmark").await;
        page.click("Pin cart-3").await;
        page.js("await leftfold.seek(1000)").await;
        page.click("Bookmark").await;
        page.click("Pin cart-4").await;
        page.click_on("//summary[normalize-space(.)='View ▾']").await;
        let name = page.find("[aria-label='Name of bookmark 3']").await;
        page.type_over(&name, "The “third”: plums, 1 2").await;
        page.click_on("//label[normalize-space(.)='Space events by time']/input").await;
        page.click_on("//summary[@aria-label='Log options']").await;
        page.click_on("//label[normalize-space(.)='Newest first']/input").await;
        page.click_on("//label[normalize-space(.)='Hide the data']/input").await;
        page.js("await leftfold.seek(await leftfold.head())").await;
        page.click("Words and keys").await;
        page.click_on("//label[normalize-space(.)='Single letters are keys']/input").await;
        close(page).await;
        open_logs(page).await;
        page.click_on("//label[contains(., 'Wait for the disk')]/input").await;
        page.shows("Logs", "It survives a power cut.").await;
        close(page).await;
    }

    /// Takes the dump, opens it again as the tests do, and writes the golden files: what the page
    /// shows when it starts at these addresses, and what it says of each log.
    async fn finish(self, addresses: &[&str]) {
        let page = &self.page;
        // Some settings are stored a moment later.
        page.js("!!document.body").await;
        let dump = take(page).await;
        self.write_json("stored", self.dump, &dump);
        put_back(page, &dump).await;
        let mut starts = Vec::new();
        for address in addresses {
            start(page, address).await;
            let shows = shown(page).await;
            println!("{}: {shows}", self.dump);
            starts.push(StartPage { address: (*address).to_owned(), shows });
        }
        self.write_json("starts", self.dump, &starts);
        for title in &starts[0].shows["deleted"].as_array().unwrap().clone() {
            undelete(page, title.as_str().unwrap()).await;
        }
        close(page).await;

        for Made { name, golden, .. } in &self.made {
            open(page, &golden.scenario, &golden.log).await;
            let (says, told) = (said(page).await, alerts(page).await);
            let losses = dump.log(&golden.log).read().losses;
            for loss in &losses {
                println!("{name}: {loss}");
                assert!(told.contains(&loss.to_string()), "{name}: {told} has no {loss}");
            }
            let losses = losses.iter().map(GoldenLoss::from).collect();
            self.write_json("logs", name, &GoldenLog { losses, says, ..golden.clone() });
        }
        // The dialog must not move while files are taken from it.
        open_logs(page).await;
        for Made { name, golden, lines } in &self.made {
            let (button, file) = (format!("Export {}", golden.title), format!("{name}.ndjson"));
            if self.dump == "damaged" {
                let (_, left) = export(page, &button, &file).await;
                self.write("salvaged", &file, &left);
            } else if !lines.is_empty() {
                let (_, again) = export(page, &button, &file).await;
                assert!(again.starts_with(lines), "{name} has become another one");
                if again != *lines {
                    println!("{name} goes on where it was");
                    self.write("archives", &format!("{name}.then.ndjson"), &again);
                }
            }
        }
        self.page.close().await;
    }

    fn write(&self, kind: &str, file: &str, bytes: &[u8]) {
        let folder = self.folder.join(kind);
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(file);
        assert!(!path.exists(), "{} is there already", path.display());
        fs::write(path, bytes).unwrap();
    }

    fn write_json(&self, kind: &str, name: &str, value: &impl Serialize) {
        let mut text = String::new();
        write_value(&serde_json::to_value(value).unwrap(), 0, &mut text);
        text.push('\n');
        self.write(kind, &format!("{name}.json"), text.as_bytes());
    }
}

/// The name of a log's files: the letters and digits of its title.
fn named(title: &str) -> String {
    let words = title.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

/// Writes short JSON on one line, and the parts of long JSON on lines of their own.
fn write_value(value: &Value, depth: usize, text: &mut String) {
    let line = value.to_string();
    let parts: Vec<(String, &Value)> = match value {
        _ if line.len() <= 500 => Vec::new(),
        Value::Array(items) => items.iter().map(|it| (String::new(), it)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(k, it)| (json!(k).to_string() + ":", it)).collect()
        }
        _ => Vec::new(),
    };
    if parts.is_empty() {
        return text.push_str(&line);
    }
    let (first, last) = (&line[..1], &line[line.len() - 1..]);
    text.push_str(first);
    for (number, (name, part)) in parts.into_iter().enumerate() {
        text.push_str(if number == 0 { "\n" } else { ",\n" });
        text.push_str(&" ".repeat(depth + 1));
        text.push_str(&name);
        write_value(part, depth + 1, text);
    }
    text.push('\n');
    text.push_str(&" ".repeat(depth));
    text.push_str(last);
}
