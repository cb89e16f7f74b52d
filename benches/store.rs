//! How fast the stored log is, in headless Chromium, with Dexie doing the same work in the same
//! browser: `cargo xtask bench browser`. Times are the page's own; a task is told of where it
//! took 50 milliseconds or more, as the browser sees it.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a benchmark that is how to say what must hold")]

#[expect(dead_code, reason = "a benchmark needs less of it than the tests do")]
#[path = "../tests/page/mod.rs"]
mod page;

use std::path::Path;

use leftfold::codec::archive::{Export, Format};
use leftfold::es::{Envelope, StoredCommit, StoredEvent, Stream, command_id};
use page::Page;
use serde_json::Value;
use serde_json::value::RawValue;

const ARCHIVED: u64 = 100_000;
/// It is imported so often, in new browsers and then in one: the one in the middle counts.
const IMPORTS: usize = 5;

/// What every script here begins with: `rested` waits for the page to come to rest, and gives the
/// longest task until then, in milliseconds.
const COMMON: &str = "
    let longest = 0;
    new PerformanceObserver(list => {
        for (const it of list.getEntries()) longest = Math.max(longest, it.duration);
    }).observe({ type: 'longtask' });
    const rested = async () => {
        await new Promise(done => setTimeout(done, 400));
        return longest;
    };
    const item = n => 'a thing that people buy, in a box with a long name, number ' + (n - n % 2) % 7;
    const type = n => n % 2 < 1 ? 'AddedToCart' : 'RemovedFromCart';
";

/// Chooses the archive in the dialog, and has a new log made of it.
const IMPORT: &str = "
    const blob = await (await fetch('made/events.ndjson')).blob();
    const shows = seen => new Promise(done => {
        const look = () => seen() && (watch.disconnect(), done());
        const watch = new MutationObserver(look);
        watch.observe(document.body, { subtree: true, childList: true, characterData: true });
        look();
    });
    const button = words => [...document.querySelectorAll('button')].find(it => it.textContent === words);
    const input = () => document.querySelector('[aria-label=\"Import a file\"][type=file]');
    const said = () => document.querySelector('[role=dialog] [role=status]')?.textContent ?? '';
    document.querySelector('[aria-label=\"Manage logs\"]').click();
    await shows(input);
    const files = new DataTransfer();
    files.items.add(new File([blob], 'imported.ndjson'));
    input().files = files.files;
    const start = performance.now();
    input().dispatchEvent(new Event('change', { bubbles: true }));
    await shows(() => button('Into a new log') || said());
    const read = performance.now() - start;
    button('Into a new log').click();
    await shows(() => said().includes('new log'));
    const millis = performance.now() - start;
    await rested();
    button('Close').click();
    return { millis, read, longest: await rested(), log: location.hash.split('/')[2] };
";

const IMPORT_DEXIE: &str = "
    const file = await (await fetch('../../made/events.ndjson')).blob();
    await clear();
    const start = performance.now();
    await importLines(file);
    return { millis: performance.now() - start, longest: await rested() };
";

/// Appends batches of 10,000 events to 100 streams, to a new log where there is none yet.
const APPEND: &str = "
    if (START === 0) await leftfold.open('cart', { empty: true });
    let millis = 0;
    for (let n = START; n < END; n++) {
        const events = Array.from({ length: 10000 }, (_, i) =>
            ({ stream: 'cart-' + (i % 100), type: type(i), data: { item: item(i) } }));
        const start = performance.now();
        await leftfold.append(events);
        millis += performance.now() - start;
    }
    return { millis, longest: await rested(), log: location.hash.split('/')[2] };
";

const APPEND_DEXIE: &str = "
    if (START === 0) await clear();
    let millis = 0;
    for (let n = START; n < END; n++) {
        const events = Array.from({ length: 10000 }, (_, i) =>
            ({ leftfoldposition: n * 10000 + i + 1, subject: 'cart-' + (i % 100), type: type(i), data: { item: item(i) } }));
        const start = performance.now();
        await append(events);
        millis += performance.now() - start;
    }
    return { millis, longest: await rested() };
";

/// Opens a log, and then waits until its read models are folded.
const OPEN: &str = "
    await leftfold.open('cart', { storage: 'memory' });
    await rested();
    longest = 0;
    const start = performance.now();
    await leftfold.open('cart', { log: 'LOG' });
    const millis = performance.now() - start;
    const head = await leftfold.head();
    for (const it of await leftfold.subscriptions()) await leftfold.wait(it.name, head);
    return { millis, folded: performance.now() - start, longest: await rested() };
";

const OPEN_DEXIE: &str = "
    await rested();
    longest = 0;
    const start = performance.now();
    await open();
    return { millis: performance.now() - start, longest: await rested() };
";

/// Sends commands: each once the page rests, or one right after the other.
const SEND: &str = "
    if (START === 0) await leftfold.open('cart', { empty: true });
    const spent = [];
    for (let n = START; n < END; n++) {
        if (REST) await new Promise(done => setTimeout(done, 100));
        const start = performance.now();
        await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'pretzels' } });
        spent.push(performance.now() - start);
    }
    return spent;
";

const SEND_DEXIE: &str = "
    if (START === 0) await clear();
    const spent = [];
    for (let n = START; n < END; n++) {
        if (REST) await new Promise(done => setTimeout(done, 100));
        const event = { leftfoldposition: n + 1, subject: 'cart-1', type: 'AddedToCart', data: { item: 'pretzels' } };
        const start = performance.now();
        await send(event);
        spent.push(performance.now() - start);
    }
    return spent;
";

/// Writes an archive as the page exports them: commits of one event each, in 100 streams.
fn make_archive(file: &Path) {
    let mut export = Export::new(Format::Lines, "cart");
    let mut out = Vec::new();
    for after in 0..ARCHIVED {
        let at = 1_700_000_000_000 + after;
        let item = (after - after % 2) % 7;
        let data = format!(
            r#"{{"item":"a thing that people buy, in a box with a long name, number {item}"}}"#
        );
        let event = StoredEvent {
            stream: Stream::new("cart", &(after % 100).to_string()),
            version: after / 100 + 1,
            kind: if after % 2 == 0 { "AddedToCart" } else { "RemovedFromCart" }.into(),
            schema: 1,
            at,
            data: RawValue::from_string(data).unwrap(),
            metadata: None,
        };
        let envelope = Envelope::first(command_id("bench", after), "Alice".into(), at);
        let commit = StoredCommit { number: after + 1, after, envelope, events: vec![event] };
        export.commit(&commit, &mut out);
    }
    export.finish(&mut out);
    std::fs::write(file, out).unwrap();
}

/// One of the two that are compared.
struct Side {
    name: &'static str,
    path: &'static str,
    import: &'static str,
    append: &'static str,
    open: &'static str,
    send: &'static str,
}

/// What one side came to: figures by their names, in one order for both, and the longest tasks.
type Figures = Vec<(String, f64, f64)>;

impl Side {
    /// The page, in a browser that has never seen it.
    async fn opened(&self) -> Page {
        let page = Page::open().await;
        page.visit(self.path).await;
        if self.path.is_empty() {
            page.ready().await;
        }
        page
    }

    async fn measured(&self) -> Figures {
        let of = |it: &Value, field: &str| {
            it[field].as_f64().unwrap_or_else(|| panic!("{}: no {field} in {it}", self.name))
        };
        let part = |code: &str, from: u64, to: u64| {
            code.replace("START", &from.to_string()).replace("END", &to.to_string())
        };
        let mut figures = Figures::new();
        let mut note =
            |what: &str, value: f64, longest: f64| figures.push((what.to_owned(), value, longest));

        let rate = |events: f64, millis: f64| events / millis * 1000.0;
        let middle_of = |mut all: Vec<Value>| {
            all.sort_by(|a, b| of(a, "millis").total_cmp(&of(b, "millis")));
            let longest = all.iter().map(|it| of(it, "longest")).fold(0.0, f64::max);
            (all.swap_remove(all.len() / 2), longest)
        };
        // At first a browser has code that it made in a hurry; soon it has better one.
        let import = format!("{COMMON}{}", self.import);
        let (mut page, mut first) = (self.opened().await, Vec::new());
        for _ in 1..IMPORTS {
            first.push(page.js(&import).await);
            page.close().await;
            page = self.opened().await;
        }
        first.push(page.js(&import).await);
        let run = async |code: &str| page.js(&format!("{COMMON}{code}")).await;
        let mut later = Vec::new();
        for _ in 0..IMPORTS {
            later.push(run(self.import).await);
        }
        let mut imported = Value::Null;
        for (all, when) in [(first, "in a new browser"), (later, "once more")] {
            let longest;
            (imported, longest) = middle_of(all);
            let rate = rate(1e5, of(&imported, "millis"));
            note(&format!("importing 100,000 {when}, events/s"), rate, longest);
        }
        let opened = async |log: &Value, times: usize| {
            let mut all = Vec::new();
            for _ in 0..times {
                let log = log.as_str().unwrap_or_default();
                all.push(run(&self.open.replace("LOG", log)).await);
            }
            let (middle, longest) = middle_of(all);
            let folded = middle["folded"].as_f64();
            (of(&middle, "millis"), folded.unwrap_or(of(&middle, "millis")), longest)
        };
        let (millis, folded, longest) = opened(&imported["log"], 5).await;
        note("opening 100,000, ms", millis, longest);
        note("… and all read models folded, ms", folded, longest);

        let (mut millis, mut longest, mut log) = (0.0, 0.0_f64, Value::Null);
        for from in (0..100).step_by(10) {
            let appended = run(&part(self.append, from, from + 10)).await;
            millis += of(&appended, "millis");
            longest = longest.max(of(&appended, "longest"));
            log = appended["log"].clone();
        }
        note("appending 100 × 10,000, events/s", rate(1e6, millis), longest);
        let (millis, folded, longest) = opened(&log, 3).await;
        note("opening 1,000,000, ms", millis, longest);
        note("… and all read models folded, ms", folded, longest);

        for (rest, how) in [("true", "when the page rests"), ("false", "one after the other")] {
            let mut spent = Vec::new();
            for from in (0..400).step_by(100) {
                let code = part(self.send, from, from + 100).replace("REST", rest);
                let times = run(&code).await;
                spent.extend(times.as_array().into_iter().flatten().filter_map(Value::as_f64));
            }
            spent.sort_by(f64::total_cmp);
            assert_eq!(spent.len(), 400, "{}", self.name);
            for (percent, at) in [("p50", 200), ("p99", 396)] {
                note(&format!("a command stored, {how}, {percent} ms"), spent[at - 1], 0.0);
            }
        }
        page.close().await;
        figures
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stored_log_is_measured() {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/made");
    std::fs::create_dir_all(&made).unwrap();
    make_archive(&made.join("events.ndjson"));
    let dexie = std::env::var("DEXIE").expect("DEXIE says where dexie.min.js is");
    std::fs::copy(dexie, made.join("dexie.min.js")).unwrap();

    let sides = [
        Side { name: "Leftfold", path: "", import: IMPORT, append: APPEND, open: OPEN, send: SEND },
        Side {
            name: "Dexie",
            path: "benches/pages/dexie.html",
            import: IMPORT_DEXIE,
            append: APPEND_DEXIE,
            open: OPEN_DEXIE,
            send: SEND_DEXIE,
        },
    ];
    let [ours, theirs] = [sides[0].measured().await, sides[1].measured().await];

    println!("{:48} {:>10} {:>10} {:>7}   longest task", "", "Leftfold", "Dexie", "ratio");
    for ((what, our, our_longest), (_, their, their_longest)) in ours.iter().zip(&theirs) {
        let digits = usize::from(*our < 100.0);
        println!(
            "{what:48} {our:>10.digits$} {their:>10.digits$} {:>7.2}   {our_longest:.0} ms, {their_longest:.0} ms",
            our / their
        );
    }
}
