//! What every earlier page has kept in a browser is put into one, and opened in this page: each log
//! says what it said and is exported byte for byte, each link and archive becomes the log that it
//! was, and what was chosen is in force. `cargo xtask test` builds the page and runs this;
//! `tests/fixtures/README.md` says what the files are.

use leftfold::codec::Loss;
use serde_json::{Value, json};

use crate::kept::{
    Dump, FixtureSet, GoldenLog, StartPage, assert_same, exported_today, gunzip, missing, sets,
};
use crate::kept_page::{alerts, open, put_back, said, shown, start, undelete};
use crate::page::Page;
use crate::page::logs::{close, export, open_logs, says};

tests! {
    Browsers::Both => [everything_that_an_earlier_page_kept_opens_and_says_what_it_said],
}

async fn everything_that_an_earlier_page_kept_opens_and_says_what_it_said() {
    let page = Page::unopened().await;
    page.resize(1440, 900).await;
    for set in sets() {
        let (dumps, starts, logs) = (set.dumps(), set.starts(), set.logs());
        for (name, dump) in &dumps {
            let logs: Vec<_> = logs.iter().filter(|(_, it)| it.dump == *name).collect();
            begin(&page, name, dump, &starts[name]).await;
            for (name, golden) in &logs {
                opens(&page, name, golden).await;
            }
            // Nothing moves in the dialog while files are taken from it.
            open_logs(&page).await;
            for (turn, (name, golden)) in logs.iter().enumerate() {
                exports(&page, &set, name, golden, turn).await;
            }
            close(&page).await;
            for (name, golden) in &logs {
                if let Some(link) = set.file("links", &format!("{name}.txt")) {
                    arrives(&page, name, golden, dump, &String::from_utf8(link).unwrap()).await;
                }
            }
        }
        open_logs(&page).await;
        for file in ["bank-accounts.json", "posts-and-comments.ndjson.gz"] {
            if let Some(archive) = set.file("archives", file) {
                let (name, _) = file.split_once('.').unwrap();
                is_imported(&page, &logs[name], file, &archive).await;
            }
        }
    }
    page.close().await;
}

#[track_caller]
fn check(name: &str, golden: &Value, said: &Value) {
    if let Some(fault) = missing(golden, said, name) {
        panic!("{fault}");
    }
}

/// Puts a dump into the browser, and opens the page. What was chosen is in force, and what was
/// deleted can be had back.
async fn begin(page: &Page, name: &str, dump: &Dump, starts: &[StartPage]) {
    put_back(page, dump).await;
    for StartPage { address, shows } in starts {
        start(page, address).await;
        check(&format!("{name} at {address}"), shows, &shown(page).await);
    }
    for title in starts[0].shows["deleted"].as_array().unwrap() {
        undelete(page, title.as_str().unwrap()).await;
    }
    close(page).await;
}

async fn opens(page: &Page, name: &str, golden: &GoldenLog) {
    open(page, &golden.scenario, &golden.log).await;
    check(name, &golden.says, &said(page).await);
    let alerts = alerts(page).await;
    assert_eq!(alerts.contains("read-only"), !golden.losses.is_empty(), "{name}: {alerts}");
    for lost in &golden.losses {
        let loss = Loss::from(lost).to_string();
        assert!(alerts.contains(&loss), "{name}: {alerts} has no {loss}");
    }
}

/// Takes a log out of the dialog, which is open, as one kind of archive: another each turn.
async fn exports(page: &Page, set: &FixtureSet, name: &str, golden: &GoldenLog, turn: usize) {
    let file = |kind: &str, ending: &str| set.file(kind, &format!("{name}.{ending}"));
    let whole = [("Export", "ndjson"), ("Export .gz", "ndjson.gz"), ("Export JSON", "json")];
    let whole = whole.map(|(button, kind)| Some((button, kind, file("archives", kind)?)));
    // One that was interrupted has gone on.
    let kinds = match file("archives", "then.ndjson").or_else(|| file("salvaged", "ndjson")) {
        Some(lines) => vec![("Export", "ndjson", lines)],
        None => whole.into_iter().flatten().collect(),
    };
    let (button, kind, archive) = &kinds[turn % kinds.len()];
    let (button, file) = (format!("{button} {}", golden.title), format!("{name}.{kind}"));
    let (_, exported) = export(page, &button, &file).await;
    if *kind == "ndjson.gz" {
        // Browsers pack otherwise.
        let exported = events_alone(&gunzip(&exported));
        assert_same(&file, &exported, &exported_today(&gunzip(archive)));
    } else {
        assert_same(&file, &events_alone(&exported), &exported_today(archive));
    }
}

/// An archive without its side records, which older pages left out.
pub fn events_alone(archive: &[u8]) -> Vec<u8> {
    let archive = std::str::from_utf8(archive).unwrap();
    let events = archive.split_inclusive('\n').filter(|it| !it.contains("\"leftfold.beside."));
    // A comma no longer stands before another item of the batch.
    events.collect::<String>().replace(",\n]", "\n]").replace("[\n]", "[]").into_bytes()
}

/// Opens a log's link: a log of this browser's own, which says what the log did.
async fn arrives(page: &Page, name: &str, golden: &GoldenLog, dump: &Dump, link: &str) {
    let here = page.js("location.hash").await;
    page.js(&format!("location.hash = '#/share/{link}'; return 0")).await;
    page.until(&format!(
        "![{here}, '#/'].includes(location.hash) && !location.hash.includes('share')"
    ))
    .await;
    let title = "(await leftfold.logs()).find(it => location.hash.includes(`/${it.id}/`)).title";
    assert_eq!(page.js(title).await, json!(golden.title));
    let at_the_head = dump.log(&golden.log).end.is_some_and(|end| end.head == golden.position);
    let position = if at_the_head { &golden.says["head"] } else { &json!(golden.position) };
    assert_eq!(page.js("leftfold.position()").await, *position, "{name}");
    page.js("await leftfold.seek(await leftfold.head())").await;
    check(&format!("the link of {name}"), &golden.says, &said(page).await);
}

/// Makes a new log of an archive. The dialog is open.
async fn is_imported(page: &Page, golden: &GoldenLog, file: &str, archive: &[u8]) {
    let count = &golden.says["head"];
    page.choose(file, archive).await;
    page.shows("Logs", &format!("{file} holds {count} events, all in order.")).await;
    page.click("Into a new log").await;
    says(page, &format!("{count} events are a new log")).await;
    page.until(&format!("location.hash.startsWith('#/{}/')", golden.scenario)).await;
    check(file, &golden.says["events"], &said(page).await["events"]);
}
