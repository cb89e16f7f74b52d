//! A class in numbers: how soon all see what the one who leads sees, and how long it takes to join a
//! long log, beside the same log in the browser's own storage. `cargo xtask bench browser`.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "what goes wrong ends the benchmark")]

#[expect(dead_code, reason = "a benchmark needs less of it than the tests do")]
#[path = "../tests/nats/mod.rs"]
mod nats;
#[expect(dead_code, reason = "a benchmark needs less of it than the tests do")]
#[path = "../tests/page/mod.rs"]
mod page;

use std::cell::Cell;
use std::rc::Rc;

use futures::StreamExt;
use leftfold::codec::segments_of;
use leftfold::es::{Envelope, StoredCommit, StoredEvent, Stream, command_id};
use leftfold::store::nats::Role;
use leftfold::store::{LogInfo, LogStore, SideRecords};
use nats::Servers;
use nats::address::Address;
use page::Page;
use serde_json::json;
use serde_json::value::to_raw_value;

/// How many follow, browsers and others.
const BROWSERS: usize = 4;
const OTHERS: usize = 26;
const LOOKS: usize = 60;
const EVENTS: u64 = 100_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        followers().await;
        joining().await;
    });
}

async fn member(servers: &Servers, role: &str, name: &str) -> (Page, Address) {
    let mut page = Page::unopened().await;
    page.resize(1280, 720).await;
    let host = [127, 0, 0, 1].into();
    let address = Address::of(host, page.site.address, servers.websockets()).await;
    page.address.clone_from(&address.text);
    page.visit(&format!("#/join/{role}-test")).await;
    page.ready().await;
    let field = page.find("[role=dialog] input").await;
    page.type_over(&field, name).await;
    page.click("Join").await;
    page.shows("Class", "here").await;
    (page, address)
}

/// Notes when a position was painted, for a page that follows.
const NOTE: &str = "
    window.painted = {};
    let last = -1;
    const look = async () => {
        const at = await leftfold.position();
        if (at !== last) {
            last = at;
            requestAnimationFrame(() => { painted[at] ??= performance.timeOrigin + performance.now(); });
        }
        requestAnimationFrame(look);
    };
    look();
    return 0";

fn percentile(mut times: Vec<f64>, percent: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() * percent / 100).copied().unwrap_or(f64::NAN)
}

/// From a seek of the one who leads to the paint of those who follow.
async fn followers() {
    let servers = Servers::start("bench-followers", 1).await;
    let (leader, _one) = member(&servers, "lead", "Ms Kim").await;
    leader.click("Begin with its story").await;
    leader.until("await leftfold.head() > 5").await;
    let add = "for (let n = 0; n < 80; n++) await leftfold.send('cart-9', { type: 'AddToCart', data: { item: 'tea' } }); return 0";
    leader.js(add).await;
    let mut pages = Vec::new();
    for number in 0..BROWSERS {
        let (page, address) = member(&servers, "act", &format!("browser {number}")).await;
        page.until("await leftfold.head() > 80").await;
        page.js(NOTE).await;
        pages.push((page, address));
    }
    let (bytes, heard) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    for _ in 0..OTHERS {
        let connection = servers.connect("watch").await;
        let (bytes, heard) = (bytes.clone(), heard.clone());
        tokio::task::spawn_local(async move {
            let mut looks = connection.subscribe("$KV.class.look");
            while let Some(look) = looks.next().await {
                bytes.set(bytes.get() + look.payload.len() + look.subject.len());
                heard.set(heard.get() + 1);
            }
        });
    }
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let asked = leader
        .js(&format!(
            "const asked = {{}};
             for (let n = 1; n <= {LOOKS}; n++) {{
                 asked[n] = performance.timeOrigin + performance.now();
                 await leftfold.seek(n);
                 await new Promise(done => setTimeout(done, 250));
             }}
             return asked"
        ))
        .await;
    let mut times = Vec::new();
    for (page, _) in &pages {
        let painted = page.js("painted").await;
        for number in 1..=LOOKS {
            let number = number.to_string();
            if let (Some(from), Some(to)) = (asked[&number].as_f64(), painted[&number].as_f64()) {
                times.push(to - from);
            }
        }
    }
    println!(
        "follow the leader, {BROWSERS} browsers and {OTHERS} others: {} of {} looks painted, p50 {:.0} ms, p95 {:.0} ms from the seek to the paint; {} bytes a look and follower",
        times.len(),
        LOOKS * BROWSERS,
        percentile(times.clone(), 50),
        percentile(times, 95),
        bytes.get() / heard.get().max(1)
    );
    leader.close().await;
    for (page, _) in pages {
        page.close().await;
    }
}

fn long_log() -> impl Iterator<Item = StoredCommit> {
    (1..=EVENTS).map(|number| StoredCommit {
        number,
        after: number - 1,
        envelope: Envelope::first(command_id("bench", number), "Zoë".into(), number),
        events: vec![StoredEvent {
            stream: Stream::new("cart", &(number % 100).to_string()),
            version: (number - 1) / 100 + 1,
            kind: "AddedToCart".into(),
            schema: 1,
            at: number,
            data: to_raw_value(&json!({ "item": "a thing that people buy" })).unwrap(),
            metadata: None,
        }],
    })
}

/// From the press to a log that can be used, and to one that is folded.
async fn joining() {
    let servers = Servers::start("bench-joining", 1).await;
    let keeper = servers.store(Role::Keep).await;
    let info = LogInfo {
        id: "long".to_owned(),
        scenario: "cart".to_owned(),
        title: "A long log".to_owned(),
        created_at: 1,
        ..LogInfo::default()
    };
    let none = SideRecords::new();
    keeper.import(&info, &mut segments_of(long_log()), &none).await.unwrap();
    let single = LogInfo { id: "single".to_owned(), title: "One by one".to_owned(), ..info };
    keeper.import(&single, &mut long_log().flat_map(|it| segments_of([it])), &none).await.unwrap();
    let (page, _address) = member(&servers, "act", "Zoë").await;
    let open = |log: &str| {
        format!(
            "const start = performance.now();
             await leftfold.open('cart', {{ log: '{log}' }});
             const usable = performance.now() - start;
             await leftfold.wait('Best sellers', {EVENTS});
             return [usable, performance.now() - start]"
        )
    };
    let report = |what: &str, times: serde_json::Value| {
        let [usable, folded] = [0, 1].map(|at| times[at].as_f64().unwrap_or(f64::NAN));
        println!(
            "{EVENTS} events {what}: usable after {usable:.0} ms, folded after {folded:.0} ms"
        );
    };
    report("of a class, as imported", page.js(&open("long")).await);
    page.click("Keep a copy").await;
    page.shows("Class", "Kept in this browser").await;
    report("of a class, one by one", page.js(&open("single")).await);
    page.click("Leave").await;
    page.until("!document.querySelector('[aria-label=Class]')").await;
    page.ready().await;
    // What was kept is the log that was opened last; another one is opened, so that it is read anew.
    let kept = "(await leftfold.logs()).find(it => it.forkedFrom?.[0] === 'long').id";
    let kept = page.js(kept).await;
    page.js("await leftfold.open('bank', { empty: true })").await;
    report("in the browser's own storage", page.js(&open(kept.as_str().unwrap_or_default())).await);
    page.close().await;
}
