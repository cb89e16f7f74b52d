//! How fast the built page is, in headless Chromium: `cargo xtask bench browser`. Times of the
//! main thread are taken from the browser's own trace.

#![cfg(not(target_arch = "wasm32"))]

#[expect(dead_code, reason = "a benchmark needs less of it than the tests do")]
#[path = "../tests/page/mod.rs"]
mod page;

use page::Page;
use serde_json::{Value, json};

/// Appends batches of 10,000 events of about 100 bytes to 100 carts, in memory, and says how many
/// that was in a second.
const APPEND: &str = "
    await leftfold.open('cart', { empty: true, storage: 'memory' });
    const batch = n => Array.from({ length: 10000 }, (_, i) => ({
        stream: 'cart-' + (i % 100), type: i % 2 < 1 ? 'AddedToCart' : 'RemovedFromCart',
        data: { item: 'a thing that people buy, in a box with a long name, number ' + (i - i % 2) % 7 } }));
    let spent = 0;
    for (let n = 0; n < ROUNDS; n++) {
        const events = batch(n);
        const start = performance.now();
        await leftfold.append(events);
        spent += performance.now() - start;
    }
    return Math.round(ROUNDS * 10000 / spent * 1000);
";

/// A random run of a million events, and the meter over it: events, events a second, bytes an event,
/// the run's longest task, the meter's time and its longest task; times in milliseconds.
const RANDOM_RUN: &str = "
    await leftfold.open('cart', { empty: true });
    let tasks = [];
    const watch = new PerformanceObserver(list => tasks.push(...list.getEntries().map(it => it.duration)));
    watch.observe({ type: 'longtask' });
    const timed = async work => {
        tasks = [];
        const start = performance.now(), came = await work();
        const spent = performance.now() - start;
        await new Promise(done => setTimeout(done, 200));
        return [came, spent, Math.max(0, ...tasks)];
    };
    const [run, spent, longest] = await timed(() =>
        leftfold.randomRun({ events: 1000000, streams: 100, seed: 7 }));
    const [weight, weighing, longestWeighing] = await timed(() => leftfold.weigh());
    return { events: run.events, rate: Math.round(run.events / spent * 1000), longest,
        bytes: Math.round(weight.memory / weight.events), disk: weight.disk, weighing, longestWeighing };
";

/// Edits a domain of one's own over so many events, and says how long that takes until everything is
/// folded anew, and how long the longest tasks were.
const EDIT: &str = "
    const text = await (await fetch('twins/cart.js')).text();
    await leftfold.domain(text);
    for (let n = 0; n < EVENTS; n += 1000)
        await leftfold.append(Array.from({ length: 1000 }, (_, i) => ({
            stream: 'cart-' + (i % 100), type: i % 2 < 1 ? 'AddedToCart' : 'RemovedFromCart',
            data: { item: 'number ' + (i - i % 2) % 7 } })));
    const tasks = [], spent = [];
    new PerformanceObserver(list => tasks.push(...list.getEntries().map(it => it.duration)))
        .observe({ type: 'longtask' });
    for (let n = 0; n < ROUNDS; n++) {
        const edited = text.replace('add(items, event.item, 1)', `add(items, event.item, ${1 + n % 2})`);
        const start = performance.now();
        await leftfold.domain(edited);
        spent.push(performance.now() - start);
    }
    await new Promise(done => setTimeout(done, 200));
    const at = (list, share) => (list.sort((a, b) => a - b)[Math.floor((list.length - 1) * share)] ?? 0).toFixed(0);
    return `${at(spent, 0.5)} ms p50, ${at(spent, 0.95)} ms p95; ${tasks.length} tasks over 50 ms, the longest ${at(tasks, 1)} ms`;
";

/// Seeks to 200 random positions, each until it is painted.
const SEEK: &str = "
    const head = await leftfold.head(), spent = [];
    let seed = 7;
    for (let n = 0; n < 200; n++) {
        seed = (seed * 48271) % 2147483647;
        const start = performance.now();
        await leftfold.seek(seed % head);
        spent.push(performance.now() - start);
    }
    spent.sort((a, b) => a - b);
    return [spent[100], spent[198]].map(it => it.toFixed(1)).join(' ms p50, ') + ' ms p99';
";

/// Drags the playhead there and back, a little each frame.
const DRAG: &str = "
    const slider = document.querySelector('[role=slider][aria-label=Playhead]');
    const head = await leftfold.head(), frames = 240;
    performance.mark('bench-start');
    for (let n = 0; n <= frames; n++) {
        await new Promise(requestAnimationFrame);
        const share = 1 - Math.abs(1 - 2 * n / frames);
        slider.value = Math.round(head * (1 - share * 0.9));
        slider.dispatchEvent(new Event('input', { bubbles: true }));
    }
    await new Promise(requestAnimationFrame);
    performance.mark('bench-end');
    return document.querySelectorAll('[role=row]').length;
";

/// Clicks Send, and waits for the frame that shows what came of it.
const CLICK: &str = "
    await leftfold.seek(await leftfold.head());
    const send = [...document.querySelectorAll('button')].find(it => it.textContent.trim() === 'Send');
    const spent = [];
    for (let n = 0; n < 60; n++) {
        const start = performance.now();
        let end;
        const seen = new Promise(resolve => { end = leftfold.on('event', resolve); });
        send.click();
        await seen;
        end();
        await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
        spent.push(performance.now() - start);
    }
    spent.sort((a, b) => a - b);
    return [spent[30], spent[57]].map(it => it.toFixed(1)).join(' ms p50, ') + ' ms p95';
";

/// Replaces the log's visible rows, 10,000 rows at a time.
const JUMP: &str = "
    const place = document.querySelector('[role=grid].scroll, [role=grid] .scroll');
    performance.mark('bench-start');
    for (let n = 0; n < 60; n++) {
        place.scrollTop = (n * 10000 % 100000) * 32;
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
    }
    performance.mark('bench-end');
    return document.querySelectorAll('[role=row]').length;
";

/// When something was first painted, in milliseconds, and how much the layout moved after.
const LOAD: &str = "
    await new Promise(done => setTimeout(done, 500));
    const shifts = await new Promise(done => {
        let sum = 0;
        new PerformanceObserver(list => { for (const it of list.getEntries()) sum += it.value; })
            .observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => done(sum), 100);
    });
    return [performance.getEntriesByName('first-contentful-paint')[0].startTime, shifts];
";

const CATEGORIES: &str =
    "blink.user_timing,devtools.timeline,disabled-by-default-devtools.timeline";

/// What the page's main thread did between the two marks: the length of each task, in
/// milliseconds, frame by frame.
struct Work {
    frames: Vec<Vec<f64>>,
    /// What it was spent on, in milliseconds: script, styles, layout, paint.
    parts: [f64; 4],
}

/// The names under which the trace has each part.
const PARTS: [&str; 4] = ["FunctionCall", "UpdateLayoutTree", "Layout", "Paint"];

impl Work {
    /// Reads the driver's trace up to the end mark: it comes in pieces, and late.
    async fn traced(page: &Page) -> Self {
        let mut events: Vec<Value> = Vec::new();
        let mark =
            |events: &[Value], name: &str| events.iter().rfind(|it| it["name"] == name).cloned();
        for _ in 0..10 {
            let log = page.driver("se/log", json!({ "type": "performance" })).await;
            let log = log.as_array().into_iter().flatten();
            let entries = log.filter_map(|it| serde_json::from_str(it["message"].as_str()?).ok());
            let traced = entries
                .filter(|it: &Value| it["message"]["method"] == "Tracing.dataCollected")
                .map(|mut it| it["message"]["params"].take());
            events.extend(traced);
            if mark(&events, "bench-end").is_some() {
                break;
            }
            page.js("new Promise(done => setTimeout(done, 200))").await;
        }
        let (Some(start), Some(end)) = (mark(&events, "bench-start"), mark(&events, "bench-end"))
        else {
            return Self { frames: Vec::new(), parts: [0.0; 4] };
        };
        let micros = |it: &Value, field: &str| it[field].as_f64().unwrap_or_default();
        let within = |it: &&Value| {
            let (at, from, to) = (micros(it, "ts"), micros(&start, "ts"), micros(&end, "ts"));
            it["tid"] == start["tid"] && it["pid"] == start["pid"] && (from..to).contains(&at)
        };
        let parts = PARTS.map(|part| {
            let own = events.iter().filter(within).filter(|it| it["name"] == part);
            own.map(|it| micros(it, "dur") / 1000.0).sum()
        });
        let mut tasks: Vec<(f64, f64)> = events
            .iter()
            .filter(within)
            .filter(|it| it["name"] == "RunTask" && it["ph"] == "X")
            .map(|it| (micros(it, "ts"), micros(it, "dur") / 1000.0))
            .collect();
        tasks.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut begins: Vec<f64> = events
            .iter()
            .filter(within)
            .filter(|it| it["name"] == "FireAnimationFrame")
            .map(|it| micros(it, "ts"))
            .collect();
        begins.sort_by(f64::total_cmp);
        let mut frames: Vec<Vec<f64>> = Vec::new();
        for (at, millis) in tasks {
            // A frame's first task is the one in which animation frames are called.
            let next = begins.partition_point(|begin| *begin < at);
            if begins.get(next).is_some_and(|begin| *begin < at + millis * 1000.0) {
                frames.push(Vec::new());
            }
            if let Some(frame) = frames.last_mut() {
                frame.push(millis);
            }
        }
        Self { frames, parts }
    }

    fn sums(&self) -> Vec<f64> {
        let mut sums: Vec<f64> = self.frames.iter().map(|tasks| tasks.iter().sum()).collect();
        sums.sort_by(f64::total_cmp);
        sums
    }

    fn total(&self) -> f64 {
        self.sums().iter().sum()
    }

    fn longest(&self) -> f64 {
        self.frames.iter().flatten().copied().fold(0.0, f64::max)
    }
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_measured() {
    let page = Page::open().await;
    for rounds in [10, 100] {
        let rate = page.js(&APPEND.replace("ROUNDS", &rounds.to_string())).await;
        println!("leftfold.append, {rounds} batches of 10,000, in memory: {rate} events/s");
        let seek = page.js(SEEK).await;
        println!("leftfold.seek to the paint, {rounds}0,000 events: {seek}");
    }
    page.js(&APPEND.replace("ROUNDS", "10")).await;
    let click = page.js(CLICK).await;
    println!("from Send to the paint, 100,000 events: {click}");
    let run = page.js(RANDOM_RUN).await;
    println!("a random run of a million events, and what the meter takes: {run}");
    for (events, rounds) in [("1000", "20"), ("100000", "4")] {
        let page = Page::open().await;
        let edit = page.js(&EDIT.replace("EVENTS", events).replace("ROUNDS", rounds)).await;
        println!("an edit of one's own code over {events} events: {edit}");
        page.close().await;
    }
    page.close().await;

    // From here on the browser writes a trace.
    let page = Page::traced(CATEGORIES).await;
    page.js(&APPEND.replace("ROUNDS", "10")).await;
    let rows = page.js(DRAG).await;
    let work = Work::traced(&page).await;
    let sums = work.sums();
    println!(
        "dragging over 100,000 events: {:.1} ms p50, {:.1} ms p95 of main thread in each of {} frames, \
         longest task {:.1} ms, {rows} rows in the document",
        percentile(&sums, 50),
        percentile(&sums, 95),
        sums.len(),
        work.longest()
    );
    let frames = sums.iter().map(|_| 1.0).sum::<f64>().max(1.0);
    let per_frame = work.parts.map(|it| it / frames);
    println!(
        "  of it script {:.1} ms, styles {:.1} ms, layout {:.1} ms, paint {:.1} ms a frame; what \
         script waits for of styles and layout counts twice",
        per_frame[0], per_frame[1], per_frame[2], per_frame[3]
    );
    page.js(JUMP).await;
    let ours = Work::traced(&page).await.total();
    page.visit("benches/pages/vanilla.html").await;
    page.js(JUMP).await;
    let vanilla = Work::traced(&page).await.total();
    println!(
        "60 jumps of 10,000 rows in the log: {ours:.0} ms of main thread, {vanilla:.0} ms in a page \
         without a library, ratio {:.2}",
        ours / vanilla
    );
    page.close().await;

    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    let mut shifts = 0.0_f64;
    for _ in 0..5 {
        for (path, paints) in [("", &mut ours), ("bare/", &mut bare)] {
            let page = Page::unopened().await;
            page.visit(path).await;
            let load = page.js(LOAD).await;
            paints.push(load[0].as_f64().unwrap_or_default());
            if path.is_empty() {
                shifts = shifts.max(load[1].as_f64().unwrap_or_default());
            }
            page.close().await;
        }
    }
    ours.sort_by(f64::total_cmp);
    bare.sort_by(f64::total_cmp);
    println!(
        "first contentful paint: {:.0} ms, of a bare Yew page {:.0} ms, ratio {:.2}; layout shift \
         {shifts:.4}",
        ours[2],
        bare[2],
        ours[2] / bare[2]
    );
}

/// A line of 1.6 Mbit/s with 150 ms from here to there and back, and a processor slowed four times.
const BYTES_A_SECOND: f64 = 200_000.0;
const LATENCY_MILLIS: f64 = 150.0;
const SLOWER: u32 = 4;

/// When something was painted, when the page could be used, and how many bytes came until then. The
/// other pages can be used once they show something.
const ARRIVAL: &str = "
    const start = performance.now();
    while (!('leftfold' in window) && OURS) await new Promise(done => setTimeout(done, 5));
    if (OURS) await leftfold.ready;
    else while (!document.body.innerText.trim() && performance.now() - start < 5000)
        await new Promise(done => setTimeout(done, 5));
    const now = performance.now();
    const all = [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]
        .filter(it => it.startTime < now);
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    return [paint?.startTime ?? 0, now, all.reduce((sum, it) => sum + it.transferSize, 0)]
";

#[tokio::test(flavor = "multi_thread")]
async fn the_page_on_a_slow_line() {
    const PAGES: [(&str, &str, bool); 4] = [
        ("Leftfold, brotli", "compressed/", true),
        ("Leftfold, not compressed", "index.html", true),
        ("a bare Yew page, not compressed", "bare/", false),
        ("a page without a library, not compressed", "benches/pages/vanilla.html", false),
    ];
    println!(
        "on a line of 1.6 Mbit/s and 150 ms, with a processor slowed {SLOWER} times, median of 3:"
    );
    for (name, path, ours) in PAGES {
        let mut runs = Vec::new();
        for _ in 0..3 {
            let page = Page::unopened().await;
            let line = json!({
                "offline": false, "latency": LATENCY_MILLIS,
                "downloadThroughput": BYTES_A_SECOND, "uploadThroughput": BYTES_A_SECOND,
            });
            for (command, params) in [
                ("Network.enable", json!({})),
                ("Network.emulateNetworkConditions", line),
                ("Emulation.setCPUThrottlingRate", json!({ "rate": SLOWER })),
            ] {
                page.driver("goog/cdp/execute", json!({ "cmd": command, "params": params })).await;
            }
            page.visit(path).await;
            let came = page.js(&ARRIVAL.replace("OURS", &ours.to_string())).await;
            runs.push([0, 1, 2].map(|at| came[at].as_f64().unwrap_or_default()));
            page.close().await;
        }
        runs.sort_by(|a, b| a[1].total_cmp(&b[1]));
        let [paint, usable, bytes] = runs[1];
        let alone = bytes / BYTES_A_SECOND * 1000.0 + LATENCY_MILLIS;
        println!(
            "  {name}: painted after {paint:.0} ms, usable after {usable:.0} ms, {:.2} times what its \
             {:.0} kB alone need",
            usable / alone,
            bytes / 1000.0
        );
    }
}
