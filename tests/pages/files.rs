//! Files in and out of the page, and storage that fails it, in a headless browser: everything that
//! a person clicks to take a log elsewhere, bring one in, or get one back. `cargo xtask test`
//! builds the page and runs this.

use std::fmt::Write;

use crate::page::logs::{export, open_logs, says, share};
use crate::page::{FULL, Page};
use crate::what_was_kept::events_alone;
use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};

tests! {
    Browsers::Both => [
        a_log_goes_out_as_every_kind_of_file_and_comes_back_the_same,
        an_archive_of_another_scenario_says_so_and_becomes_a_log_of_its_own,
        a_file_of_another_tool_is_mapped_and_looked_at_as_any_events,
        an_archive_goes_after_the_open_logs_events_where_its_versions_go_on,
        an_archive_with_faults_names_line_and_field_of_each_and_changes_nothing,
        a_new_file_takes_the_place_of_the_one_before_and_no_events_are_made_nothing_of,
        what_another_system_says_of_an_event_is_shown_in_its_detail,
        an_import_that_is_cancelled_in_the_middle_leaves_nothing,
        a_table_is_downloaded_as_it_is_shown,
        how_sure_a_command_is_and_how_much_room_there_is_is_said_and_chosen,
        a_log_that_fits_no_link_is_offered_as_a_file,
        a_link_brings_what_was_refused_and_what_has_left_the_system_as_well,
        a_disaster_is_rehearsed_and_what_was_rebuilt_and_how_fast_is_said,
        what_this_scenario_cannot_read_is_kept_and_counted_and_the_fold_goes_on,
        where_the_browser_keeps_nothing_the_page_says_so_and_a_log_can_be_exported,
        a_full_disk_stores_nothing_says_so_and_is_tried_again,
        where_the_disk_is_full_from_the_start_there_is_a_log_in_memory,
        a_connection_that_is_closed_under_the_page_is_opened_again_when_asked,
        a_log_that_another_tab_deletes_takes_nothing_until_it_is_back,
        a_race_that_is_lost_between_two_steps_is_a_conflict_and_no_loss,
        where_tabs_cannot_lock_a_reload_goes_on_and_a_second_tab_waits_its_turn,
        what_a_scenario_does_not_know_of_an_event_is_kept_in_forks_and_restored,
        an_answer_to_something_else_does_not_cancel_what_is_under_way,
        a_log_that_is_thrown_away_while_it_is_open_is_saved_again_from_memory,
        a_database_of_another_version_of_the_page_is_left_alone_and_said,
        a_damaged_record_is_named_and_what_is_left_is_used_and_exported,
        damage_beside_the_events_keeps_no_log_from_being_opened,
        a_tab_that_watches_has_no_process_react_once_more_and_says_where,
        a_page_that_has_fallen_still_hands_out_everything,
    ],
}

/// The open log's events, as the console hands them out.
const EVENTS: &str = "JSON.stringify(await leftfold.events(1, await leftfold.head()))";
const ADD: &str = "await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'apples' } })";

/// The page with the logs dialog open and its logs listed.
async fn logs() -> Page {
    let page = Page::open().await;
    open_logs(&page).await;
    page
}

/// Waits until something alerts to this.
async fn alerts(page: &Page, text: &str) {
    let all = "[...document.querySelectorAll('[role=alert]')].map(it => it.innerText)";
    let told = page.holds(&format!("{all}.some(it => it.includes({}))", json!(text))).await;
    assert!(told, "nothing alerts to {text}, but {}", page.js(all).await);
}

async fn no_alert(page: &Page) {
    let all = "[...document.querySelectorAll('[role=alert]')].map(it => it.innerText)";
    assert_eq!(page.js(all).await, json!([]));
}

/// Lines of an archive of another system: carts' events with some attributes replaced.
fn lines(events: &[Value]) -> Vec<u8> {
    let mut text = String::new();
    for (number, others) in events.iter().enumerate() {
        let mut event = json!({
            "specversion": "1.0", "id": format!("it-{number}"), "source": "/shop",
            "type": "AddedToCart", "subject": "cart-1", "data": { "item": "pears" },
        });
        event.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        writeln!(text, "{event}").unwrap();
    }
    text.into_bytes()
}

async fn a_log_goes_out_as_every_kind_of_file_and_comes_back_the_same() {
    let page = logs().await;
    let before = page.js(EVENTS).await;
    let count = page.js("leftfold.head()").await.as_u64().unwrap();
    let mut files = Vec::new();
    for (button, name) in [
        ("Export Shopping cart", "shopping-cart.ndjson"),
        ("Export .gz Shopping cart", "shopping-cart.ndjson.gz"),
        ("Export JSON Shopping cart", "shopping-cart.json"),
    ] {
        let (said, file) = export(&page, button, name).await;
        assert!(said.contains(&format!("{name} holds all {count} events.")), "{said}");
        files.push((name, file));
    }
    let texts = [&files[0].1, &files[2].1].map(|it| std::str::from_utf8(it).unwrap());
    let events: Vec<Value> = texts[0].lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let batch: Vec<Value> = serde_json::from_str(texts[1]).unwrap();
    assert_eq!(events, batch);
    let told: Vec<&Value> = events.iter().filter(|it| it["leftfoldposition"].is_u64()).collect();
    assert_eq!(told.len() as u64, count);
    for (position, event) in (1..).zip(told) {
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["source"], "leftfold:cart");
        assert_eq!(event["leftfoldposition"], json!(position));
    }
    assert_eq!(files[1].1[..2], [0x1f, 0x8b]);
    assert!(files[1].1.len() * 2 < files[0].1.len());

    for (number, (name, content)) in (2..).zip(files) {
        page.choose(name, &content).await;
        page.shows("Logs", &format!("{name} holds {count} events, all in order.")).await;
        page.click("Into a new log").await;
        says(&page, &format!("{count} events are a new log")).await;
        page.until(&format!("(await leftfold.logs()).length === {number}")).await;
        page.until("document.querySelectorAll(\"[aria-label='Kept logs'] li.here\").length === 1")
            .await;
        page.until(&format!("{EVENTS} === {before}")).await;
    }
    let log = page.js("location.hash").await;
    page.click("Open Shopping cart").await;
    page.until(&format!("location.hash !== {log} && !document.querySelector('[role=dialog]')"))
        .await;
    page.close().await;
}

async fn an_archive_of_another_scenario_says_so_and_becomes_a_log_of_its_own() {
    let page = Page::open().await;
    page.js("await leftfold.open('bank')").await;
    open_logs(&page).await;
    let (said, file) = export(&page, "Export Bank accounts", "bank-accounts.ndjson").await;
    assert!(said.contains("bank-accounts.ndjson holds all"), "{said}");
    let before = page.js(EVENTS).await;
    page.js("await leftfold.open('cart', { empty: true })").await;
    page.choose("theirs.ndjson", &file).await;
    page.shows("Logs", "all in order. It is a log of “Bank accounts”.").await;
    assert_eq!(page.js("document.body.innerText.includes('cannot read')").await, json!(false));
    page.click("Into a new log").await;
    page.until("document.title === 'Bank accounts · Leftfold'").await;
    page.until(&format!("{EVENTS} === {before}")).await;

    // What nobody could read is told of before it is placed.
    let file = String::from_utf8(events_alone(&file)).unwrap();
    let file = file.replacen("leftfold:bank", "elsewhere", 1_000);
    page.js("await leftfold.open('cart', { empty: true })").await;
    page.choose("nobodys.ndjson", file.as_bytes()).await;
    page.shows("Logs", "The file does not say for which scenario it is").await;
    let of = "document.querySelector(\"[aria-label='Scenario of the file']\").value";
    assert_eq!(page.js(of).await, json!("bank"));
    choose_in(&page, "Scenario of the file", "cart").await;
    page.shows("Logs", "This scenario cannot read 12 of them: they are kept as they are.").await;
    page.close().await;
}

/// Chooses an entry of the list of this name.
async fn choose_in(page: &Page, list: &str, value: &str) {
    let list = page.find(&format!("[aria-label='{list}']")).await;
    list.select_by_value(value).await.unwrap();
}

async fn a_file_of_another_tool_is_mapped_and_looked_at_as_any_events() {
    let page = logs().await;
    let rows = |kind: &str| {
        let row = |number: u64| {
            json!({
                "seq_id": number, "id": format!("e-{number}"), "stream_id": "order-1",
                "version": number, "type": kind, "data": { "total": 100 * number },
                "mt_dotnet_type": "Shop.Placed, Shop", "timestamp": "2018-04-05T17:31:00+00:00",
            })
        };
        format!("{}\n{}\n", row(1), row(2)).into_bytes()
    };
    page.choose("orders.json", &rows("placed")).await;
    page.shows("Logs", "orders.json looks like an export of Marten.").await;
    page.shows("The first events", "order-1").await;
    let chosen = "['Type', 'Stream', 'Data'].map(it => \
        document.querySelector(`[aria-label='Fields of the file'] [aria-label='${it}']`).value)";
    assert_eq!(page.js(chosen).await, json!(["type", "stream_id", "data"]));
    choose_in(&page, "Stream", "mt_dotnet_type").await;
    page.shows("The first events", "stream-Shop.Placed, Shop").await;
    choose_in(&page, "Stream", "stream_id").await;
    assert_eq!(page.barriers().await, Vec::<String>::new());
    page.click("Read it so").await;
    // No scenario knows orders like these.
    page.shows("Logs", "orders.json holds 2 events, all in order.").await;
    let of = "document.querySelector(\"[aria-label='Scenario of the file']\").value";
    assert_eq!(page.js(of).await, json!("any"));
    page.click("Into a new log").await;
    says(&page, "2 events are a new log").await;
    page.click("Close").await;
    page.until("document.title === 'Any events · Leftfold'").await;
    page.shows("order-1", "200").await;
    page.shows("Streams", "placed").await;
    page.shows("Commands", "Nothing can be sent here: these events come from elsewhere.").await;
    page.js("await leftfold.seek(1)").await;
    page.shows("order-1", "100").await;
    page.close().await;
}

async fn an_archive_goes_after_the_open_logs_events_where_its_versions_go_on() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart', { empty: true })").await;
    page.js(ADD).await;
    open_logs(&page).await;
    let file = lines(&[json!({ "leftfoldversion": 2 }), json!({ "leftfoldversion": 3 })]);
    let place = async |name: &str, content: &[u8]| {
        page.choose(name, content).await;
        page.shows("Logs", &format!("{name} holds")).await;
        page.click("After the open log’s events").await;
    };
    let title = page.find("[aria-label='Title of Shopping cart']").await;
    page.type_over(&title, "Ours\u{e004}").await;
    page.until("!!document.querySelector(\"[aria-label='Delete Ours']\")").await;
    let began = page.js("Date.now()").await;
    place("more.ndjson", &file).await;
    says(&page, "2 events were appended, at positions 2 to 3.").await;
    assert_eq!(
        page.js("(await leftfold.events(2, 3)).map(it => [it.stream, it.version, it.data.item])")
            .await,
        json!([["cart-1", 2, "pears"], ["cart-1", 3, "pears"]])
    );
    // They say no time of their own, so they happened when they were imported.
    let times = format!("(await leftfold.events(2, 3)).every(it => it.at >= {began})");
    assert_eq!(page.js(&times).await, json!(true));
    page.shows("cart-1", "pears").await;
    let titles = page.js("(await leftfold.logs()).map(it => it.title).sort()").await;
    assert_eq!(titles, json!(["Ours", "Shopping cart"]));

    let before = page.js(EVENTS).await;
    place("again.ndjson", &file).await;
    says(&page, "No event was appended. 2 events were known here already.").await;
    let id = |version: u64| json!({ "id": "another", "leftfoldversion": version });
    place("late.ndjson", &lines(&[id(9)])).await;
    says(&page, "cart-1 is at version 3 here, and the archive goes on with version 9").await;
    page.choose("late.ndjson", &lines(&[id(9)])).await;
    page.shows("Logs", "late.ndjson holds").await;
    page.click("Into a new log").await;
    says(&page, "cart-1 begins at version 9: a new log has nothing before it").await;
    assert_eq!(page.js(EVENTS).await, before);
    assert_eq!(page.js("(await leftfold.logs()).length").await, json!(2));
    page.close().await;
}

async fn an_archive_with_faults_names_line_and_field_of_each_and_changes_nothing() {
    let page = logs().await;
    let before = page.js(EVENTS).await;
    let faulty = lines(&[
        json!({}),
        json!({ "type": "" }),
        json!({ "subject": ["cart"] }),
        json!({ "time": "yesterday" }),
        json!({ "id": "" }),
    ]);
    page.choose("faulty.ndjson", &faulty).await;
    says(&page, "faulty.ndjson has 4 faults, so nothing of it was imported.").await;
    let told =
        "[...document.querySelectorAll(\"[aria-label='Faults'] li\")].map(it => it.innerText)";
    assert_eq!(
        page.js(told).await,
        json!([
            "line 2, type: it is empty",
            "line 3, subject: [\"cart\"] is not a text",
            "line 4, time: yesterday is not a date and time with a zone",
            "line 5, id: it is empty",
        ])
    );
    for (name, content, told) in [
        (
            "deep.json",
            format!("[{}]", "[".repeat(200)),
            "line 1: this is not an event, which is a JSON object",
        ),
        ("half.json", "[".to_owned(), "line 1: the archive breaks off"),
        (
            "no.gz",
            "\u{1f}\u{fffd}".to_owned(),
            "line 1: a control character is found where a value is expected",
        ),
    ] {
        page.choose(name, content.as_bytes()).await;
        says(&page, &format!("{name} has ")).await;
        page.shows("Faults", told).await;
    }
    page.choose("torn.gz", &[0x1f, 0x8b, 8, 0]).await;
    page.shows("Faults", "torn.gz cannot be read").await;
    assert_eq!(page.js(EVENTS).await, before);
    assert_eq!(page.js("(await leftfold.logs()).length").await, json!(1));
    page.close().await;
}

async fn a_new_file_takes_the_place_of_the_one_before_and_no_events_are_made_nothing_of() {
    let page = logs().await;
    let offered = "document.body.innerText.includes('Into a new log')";
    page.choose("good.ndjson", &lines(&[json!({})])).await;
    page.shows("Logs", "good.ndjson holds 1 event, all in order.").await;
    page.choose("bad.ndjson", b"hello").await;
    says(&page, "bad.ndjson has a fault, so nothing of it was imported.").await;
    assert_eq!(page.js(offered).await, json!(false));
    page.choose("good.ndjson", &lines(&[json!({})])).await;
    page.shows("Logs", "good.ndjson holds").await;
    page.choose("none.json", b"[]").await;
    says(&page, "none.json holds no events, so nothing is made of it.").await;
    assert_eq!(page.js(offered).await, json!(false));
    page.choose("one.ndjson", &lines(&[json!({ "time": "1969-01-01T00:00:00Z" })])).await;
    page.shows("Logs", "one.ndjson holds 1 event. 1 event says an earlier time").await;
    page.click("Into a new log").await;
    says(&page, "1 event is a new log").await;
    page.close().await;
}

async fn what_another_system_says_of_an_event_is_shown_in_its_detail() {
    let page = logs().await;
    let traced = json!({ "traceparent": "00-4bf92f35", "time": "1969-01-01T00:00:00Z" });
    page.choose("theirs.ndjson", &lines(&[traced])).await;
    page.click("Into a new log").await;
    says(&page, "1 event is a new log").await;
    page.click("Close").await;
    page.click_on("//summary[normalize-space(.)='Ids, times and data']").await;
    for text in [
        "From elsewhere",
        "traceparent",
        "00-4bf92f35",
        "it-0",
        "/shop",
        "It says another time: 1969-01-01T00:00:00Z",
    ] {
        let shown =
            format!("document.querySelector('.detail').textContent.includes({})", json!(text));
        page.until(&shown).await;
    }
    page.close().await;
}

async fn an_import_that_is_cancelled_in_the_middle_leaves_nothing() {
    let page = logs().await;
    let before = page.js(EVENTS).await;
    let events: Vec<Value> =
        (0..60_000).map(|n| json!({ "subject": format!("cart-{}", 100 + n % 50) })).collect();
    let file = lines(&events);
    // As soon as there is a button to cancel with.
    let cancel = "new Promise(done => {
        const press = () => {
            const all = [...document.querySelectorAll('[role=dialog] button')];
            const cancel = all.find(it => it.innerText === 'Cancel');
            if (cancel) { cancel.click(); done(true); } else setTimeout(press);
        };
        START
        press();
    })";
    let start = |name: &str| {
        let press = format!(
            "[...document.querySelectorAll('button')].find(it => it.innerText === '{name}').click();"
        );
        cancel.replace("START", &press)
    };
    page.js(&format!("window.cancelled = {}; return 0", cancel.replace("START", ""))).await;
    page.choose("many.ndjson", &file).await;
    page.js("await window.cancelled").await;
    says(&page, "Cancelled: nothing was changed.").await;
    assert_eq!(page.js("document.body.innerText.includes('all in order')").await, json!(false));

    for button in ["Into a new log", "After the open log’s events"] {
        page.choose("many.ndjson", &file).await;
        page.shows("Logs", "many.ndjson holds").await;
        page.js(&format!("await {}", start(button))).await;
        says(&page, "Cancelled: nothing was changed.").await;
        assert_eq!(page.js("(await leftfold.logs()).length").await, json!(1));
        assert_eq!(page.js(EVENTS).await, before);
    }
    page.reload().await;
    assert_eq!(page.js(EVENTS).await, before);
    no_alert(&page).await;
    page.close().await;
}

async fn a_table_is_downloaded_as_it_is_shown() {
    let page = Page::open().await;
    page.js("await leftfold.open('bank')").await;
    let name = "Balances";
    page.unfold(name).await;
    // What the last event has changed is shown as it was, too.
    let shown = page
        .js(&format!(
            "const now = cell => [...cell.childNodes].filter(it => it.nodeName !== 'DEL')
                .map(it => it.textContent).join('').replace('–', '').trim();
             return [...document.querySelectorAll(\"[aria-label='{name}'] table tr\")]
                .map(row => [...row.cells].map(now).join())"
        ))
        .await;
    page.click_on(&format!("//summary[@aria-label='More about {name}']")).await;
    let button = format!("//section[@aria-label='{name}']//button[.='Download as CSV']");
    page.click_on(&button).await;
    let file = String::from_utf8(page.downloaded("balances.csv").await).unwrap();
    assert_eq!(json!(file.lines().collect::<Vec<_>>()), shown);
    assert!(shown.as_array().unwrap().len() > 2, "{shown}");
    page.shows("Pipeline", "balances.csv holds the table.").await;
    page.close().await;
}

async fn how_sure_a_command_is_and_how_much_room_there_is_is_said_and_chosen() {
    let page = Page::open().await;
    page.js("window.asked = 0;
         navigator.storage.persist = async () => { window.asked++; return true; };
         const { transaction } = IDBDatabase.prototype;
         window.sure = [];
         IDBDatabase.prototype.transaction = function (stores, mode, options) {
            if (mode === 'readwrite' && stores.includes('tail')) sure.push(options.durability);
            return transaction.call(this, stores, mode, options);
         };
         return 0")
        .await;
    // Worth keeping from the first command of a person's own on: asked for once.
    assert_eq!(page.js("window.asked").await, json!(0));
    for count in 1..=2 {
        page.click("Send").await;
        page.until(&format!("sure.length === {count}")).await;
    }
    page.until("window.asked === 1").await;
    assert_eq!(page.js("sure").await, json!(["relaxed", "relaxed"]));

    open_logs(&page).await;
    let room = "/^[0-9.]+ k?[MG]?B of [0-9.]+ [kMG]B are used\\./m";
    page.until(&format!("{room}.test(document.querySelector('[role=dialog]').innerText)")).await;
    page.click("Ask it not to").await;
    says(&page, "The browser has promised to throw nothing away.").await;
    assert_eq!(page.js("window.asked").await, json!(2));

    page.shows("Logs", "a power cut within seconds may undo it").await;
    page.click_on("//label[contains(., 'Wait for the disk')]/input").await;
    page.shows("Logs", "It survives a power cut.").await;
    page.js(ADD).await;
    assert_eq!(page.js("sure").await, json!(["relaxed", "relaxed", "strict"]));
    page.reload().await;
    open_logs(&page).await;
    page.shows("Logs", "It survives a power cut.").await;
    let ticked = page.js("document.querySelector('[role=dialog] input[type=checkbox]').checked");
    assert_eq!(ticked.await, json!(true));
    page.close().await;
}

async fn a_log_that_fits_no_link_is_offered_as_a_file() {
    let page = Page::open().await;
    page.js("await leftfold.append(Array.from({ length: 3000 }, (_, n) => ({
            stream: 'cart-9', type: 'AddedToCart', data: { item: crypto.randomUUID() } })))")
        .await;
    let count = page.js("leftfold.head()").await;
    page.click("Share").await;
    says(&page, "this log is too long for a link: take it along as a file.").await;
    let name = "shopping-cart.ndjson.gz";
    let (said, file) = export(&page, "Download it as a file", name).await;
    assert!(said.contains(&format!("{name} holds all {count} events.")), "{said}");
    assert_eq!(file[..2], [0x1f, 0x8b]);
    page.close().await;
}

async fn a_link_brings_what_was_refused_and_what_has_left_the_system_as_well() {
    let page = Page::open().await;
    page.js("await leftfold.open('welcome')").await;
    let outcomes = "(await leftfold.journal()).map(it => it.outcome)";
    let outbox = "(await leftfold.outbox()).map(it => [it.id, it.status])";
    let (before, sent) = (page.js(outcomes).await, page.js(outbox).await);
    assert!(before.as_array().unwrap().contains(&json!("rejected")), "{before}");
    assert!(!sent.as_array().unwrap().is_empty());
    let link = share(&page).await;
    let here = page.js("location.hash").await;
    page.js(&format!("location.href = '{link}'; return 0")).await;
    page.until(&format!("location.hash !== {here} && !location.hash.includes('share')")).await;
    page.until(&format!("JSON.stringify({outcomes}) === JSON.stringify({before})")).await;
    assert_eq!(page.js(outbox).await, sent);
    page.close().await;
}

async fn a_disaster_is_rehearsed_and_what_was_rebuilt_and_how_fast_is_said() {
    let page = logs().await;
    let (before, count) = (page.js(EVENTS).await, page.js("leftfold.head()").await);
    let view = page.js("await leftfold.view('Best sellers')").await;
    page.click("Drop all read models").await;
    let said = says(&page, "read models were dropped").await;
    let told = format!(
        "/^[0-9]+ read models were dropped, and folded again from {count} events in [0-9.]+ ms\\. \
         Each shows what it showed before\\.$/"
    );
    assert_eq!(page.js(&format!("{told}.test({})", json!(said))).await, json!(true), "{said}");
    assert_eq!(page.js("await leftfold.view('Best sellers')").await, view);

    page.click("Restore from backup").await;
    let said = says(&page, "A backup of").await;
    let told = format!(
        "/^A backup of {count} events \\([0-9]+ kB\\) became this new log in [0-9]+ ms\\. \
         Every read model shows what it showed\\. \
         What was refused came along, and so did what processes still owe\\.$/"
    );
    assert_eq!(page.js(&format!("{told}.test({})", json!(said))).await, json!(true), "{said}");
    page.until("(await leftfold.logs()).length === 2").await;
    page.until("document.querySelector(\"[aria-label='Kept logs'] li.here input\")?.value === 'Shopping cart restored'").await;
    assert_eq!(page.js(EVENTS).await, before);
    page.close().await;
}

async fn what_this_scenario_cannot_read_is_kept_and_counted_and_the_fold_goes_on() {
    let page = Page::open().await;
    page.js("await leftfold.open('bank', { empty: true })").await;
    open_logs(&page).await;
    let account = |schema: u64, more: Value| {
        let mut event =
            json!({ "subject": "account-1", "type": "AccountOpened", "schema": schema });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let file = lines(&[
        account(2, json!({ "data": { "customer": "1", "initial_balance": 0 } })),
        account(2, json!({ "type": "InterestPaid" })),
        account(1, json!({ "data": { "balance": 10_000 } })),
        account(2, json!({ "type": "Deposited", "data": { "amount": 500 } })),
    ]);
    page.choose("odd.ndjson", &file).await;
    page.shows("Logs", "This scenario cannot read 2 of them: they are kept as they are.").await;
    page.click("After the open log’s events").await;
    says(&page, "4 events were appended").await;
    page.click("Close").await;
    page.shows("Balances", "Skipped 2 events that cannot be read.").await;
    page.shows("Balances", "5.00").await;
    let kinds = "(await leftfold.events(1, 4)).map(it => it.type)";
    assert_eq!(
        page.js(kinds).await,
        json!(["AccountOpened", "InterestPaid", "AccountOpened", "Deposited"])
    );
    page.shows("Event log", "InterestPaid").await;
    page.close().await;
}

async fn where_the_browser_keeps_nothing_the_page_says_so_and_a_log_can_be_exported() {
    let page = Page::unopened().await;
    page.resize(1440, 900).await;
    page.goto("?keeps-nothing").await;
    alerts(&page, "This log lives in memory only and is gone when the page closes").await;
    alerts(&page, "it offers none to this page; in a private window that is usual").await;
    let count = page.js("leftfold.head()").await.as_u64().unwrap() + 1;
    page.js(ADD).await;
    open_logs(&page).await;
    page.shows("Logs", "These logs live in memory only").await;
    let (said, file) = export(&page, "Export Shopping cart", "shopping-cart.ndjson").await;
    let held = format!("shopping-cart.ndjson holds all {count} events.");
    assert!(said.contains(&held), "{said}");
    page.choose("back.ndjson", &file).await;
    page.click("Into a new log").await;
    says(&page, &format!("{count} events are a new log")).await;
    page.until(&format!("await leftfold.head() === {count}")).await;
    page.close().await;
}

async fn a_full_disk_stores_nothing_says_so_and_is_tried_again() {
    let page = Page::open().await;
    let (before, count) = (page.js(EVENTS).await, page.js("leftfold.head()").await);
    page.js(&format!("{FULL} return 0")).await;
    page.click("Send").await;
    alerts(
        &page,
        "This log is read-only for now. The storage is full: the last change was not stored.",
    )
    .await;
    page.shows("Journal", "Not stored: the storage is full").await;
    assert_eq!(page.js(EVENTS).await, before);
    page.click("Export it").await;
    page.shows("Pipeline", &format!("shopping-cart.ndjson holds all {count} events.")).await;
    let file = String::from_utf8(page.downloaded("shopping-cart.ndjson").await).unwrap();
    assert_eq!(file.matches("\"leftfoldposition\":").count() as u64, count.as_u64().unwrap());
    page.js("window.refused = 0; return 0").await;
    page.click("Try again").await;
    // Until it was tried, what is shown is what was shown before.
    page.until("window.refused > 0").await;
    alerts(&page, "The storage is full").await;
    page.js("makeRoom(); return 0").await;
    page.click("Try again").await;
    page.until("!document.body.innerText.includes('read-only for now')").await;
    no_alert(&page).await;
    page.click("Send").await;
    page.until(&format!("await leftfold.head() === {count} + 1")).await;
    let after = page.js(EVENTS).await;
    page.reload().await;
    assert_eq!(page.js(EVENTS).await, after);
    no_alert(&page).await;
    page.close().await;
}

async fn where_the_disk_is_full_from_the_start_there_is_a_log_in_memory() {
    let page = Page::unopened().await;
    page.resize(1440, 900).await;
    page.goto("?full").await;
    alerts(&page, "This log lives in memory only").await;
    alerts(&page, "the storage is full").await;
    page.js(ADD).await;
    page.js("makeRoom(); return 0").await;
    page.js("await leftfold.open('cart')").await;
    no_alert(&page).await;
    page.close().await;
}

/// Notes the connection that the page has to its database, once it has used it.
const CONNECTION: &str = "
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (...all) {
        window.connection = this;
        return transaction.apply(this, all);
    };
    return 0";

async fn a_connection_that_is_closed_under_the_page_is_opened_again_when_asked() {
    let page = Page::open().await;
    page.js(CONNECTION).await;
    let mut head = page.js("leftfold.head()").await.as_u64().unwrap();
    // Some browsers tell that they close a connection, others don't.
    for told in [true, false] {
        page.js(ADD).await;
        head += 1;
        page.until("!!window.connection").await;
        page.js(&format!(
            "connection.close();
             if ({told}) connection.dispatchEvent(new Event('close'));
             return 0"
        ))
        .await;
        let refused = page.js(ADD).await;
        assert_eq!(refused["code"], "storage", "{refused}");
        alerts(&page, "The last change was not stored: the browser has closed it.").await;
        assert_eq!(page.js("leftfold.head()").await, json!(head));
        page.click("Try again").await;
        page.until("!document.body.innerText.includes('read-only for now')").await;
    }
    page.js(ADD).await;
    let after = page.js(EVENTS).await;
    page.reload().await;
    assert_eq!(page.js(EVENTS).await, after);
    assert_eq!(page.js("leftfold.head()").await, json!(head + 1));
    page.close().await;
}

/// Opens another window on the same storage, and does something there.
async fn elsewhere(page: &Page, code: &str) -> WindowHandle {
    let here = page.client.window().await.unwrap();
    let there = page.client.new_window(true).await.unwrap().handle;
    page.client.switch_to_window(there.clone()).await.unwrap();
    page.visit("nothing").await;
    assert_eq!(page.js(code).await, json!(0));
    page.client.switch_to_window(here).await.unwrap();
    there
}

async fn a_log_that_another_tab_deletes_takes_nothing_until_it_is_back() {
    let page = Page::open().await;
    page.js(ADD).await;
    let address = page.js("location.hash").await.as_str().unwrap().to_owned();
    let before = page.js(EVENTS).await;
    let here = page.client.window().await.unwrap();
    let there = page.client.new_window(true).await.unwrap().handle;
    page.client.switch_to_window(there).await.unwrap();
    page.goto(&address).await;
    open_logs(&page).await;
    page.click("Delete Shopping cart").await;
    page.until(&format!("location.hash !== '{address}'")).await;

    page.client.switch_to_window(here).await.unwrap();
    alerts(&page, "This log was deleted in another tab, and goes for good a day later").await;
    assert_eq!(page.js(ADD).await["code"], "storage");
    assert_eq!(page.js(EVENTS).await, before);
    page.click("Have it back").await;
    page.until("!document.querySelector('[role=alert]')").await;
    page.js(ADD).await;
    let after = page.js(EVENTS).await;
    assert_ne!(after, before);
    page.reload().await;
    assert_eq!(page.js(EVENTS).await, after);
    no_alert(&page).await;
    page.close().await;
}

async fn a_race_that_is_lost_between_two_steps_is_a_conflict_and_no_loss() {
    let page = Page::open().await;
    let head = page.js("leftfold.head()").await.as_u64().unwrap();
    page.js("await leftfold.submit('cart-1', { type: 'AddToCart', data: { item: 'late' } })").await;
    let step = "let did; do did = await leftfold.step(); while (did.step !== 'appending'); return did.step";
    assert_eq!(page.js(step).await, "appending");
    let address = page.js("location.hash").await.as_str().unwrap().to_owned();
    let here = page.client.window().await.unwrap();
    let there = page.client.new_window(true).await.unwrap().handle;
    page.client.switch_to_window(there).await.unwrap();
    page.goto(&address).await;
    page.js("await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'first' } })").await;
    page.client.switch_to_window(here).await.unwrap();
    page.until(&format!("await leftfold.head() === {}", head + 1)).await;
    page.js("while (await leftfold.step()); return 0").await;
    no_alert(&page).await;
    let outcome = "(await leftfold.journal()).at(-1).outcome";
    assert_eq!(page.js(outcome).await, "wrong_expected_version");
    page.js("await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'again' } })").await;
    let items =
        format!("(await leftfold.events({}, {})).map(it => it.data.item)", head + 1, head + 2);
    assert_eq!(page.js(&items).await, json!(["first", "again"]));
    page.close().await;
}

async fn where_tabs_cannot_lock_a_reload_goes_on_and_a_second_tab_waits_its_turn() {
    let page = Page::unopened().await;
    page.resize(1440, 900).await;
    page.goto("?no-locks").await;
    page.js(ADD).await;
    page.reload().await;
    no_alert(&page).await;
    page.js(ADD).await;
    let (before, address) = (page.js(EVENTS).await, page.js("location.hash").await);
    let here = page.client.window().await.unwrap();
    let there = page.client.new_window(true).await.unwrap().handle;
    page.client.switch_to_window(there.clone()).await.unwrap();
    page.goto(&format!("?no-locks{}", address.as_str().unwrap())).await;
    alerts(&page, "Another tab writes this log").await;
    assert_eq!(page.js(ADD).await["code"], "storage");
    page.client.switch_to_window(here).await.unwrap();
    page.client.close_window().await.unwrap();
    page.client.switch_to_window(there).await.unwrap();
    page.until("!document.querySelector('[role=alert]')").await;
    assert_eq!(page.js(EVENTS).await, before);
    page.js(ADD).await;
    let after = page.js(EVENTS).await;
    assert_ne!(after, before);
    page.reload().await;
    assert_eq!(page.js(EVENTS).await, after);
    page.close().await;
}

async fn what_a_scenario_does_not_know_of_an_event_is_kept_in_forks_and_restored() {
    let page = Page::open().await;
    let file = lines(&[json!({ "data": { "item": "pears", "note": "ripe" } }), json!({})]);
    open_logs(&page).await;
    page.choose("noted.2.ndjson", &file).await;
    page.click("Into a new log").await;
    says(&page, "2 events are a new log").await;
    let all_of = async |title: &str, name: &str| {
        let (said, file) = export(&page, &format!("Export {title}"), name).await;
        assert!(said.contains("holds all 2 events"), "{said}");
        String::from_utf8(file).unwrap()
    };
    all_of("noted.2", "noted-2.ndjson").await;
    page.click("Restore from backup").await;
    says(&page, "Every read model shows what it showed.").await;
    let restored = all_of("noted.2 restored", "noted-2-restored.ndjson").await;
    assert!(restored.contains(r#""note":"ripe""#), "{restored}");
    page.click("Close").await;
    page.js("await leftfold.seek(1)").await;
    page.click("Fork here & send").await;
    page.until("(await leftfold.logs()).length === 4").await;
    open_logs(&page).await;
    let fork = all_of("Fork of log 3, after event 1", "fork-of-log-3-after-event-1.ndjson").await;
    assert!(fork.contains(r#""note":"ripe""#), "{fork}");
    page.close().await;
}

async fn an_answer_to_something_else_does_not_cancel_what_is_under_way() {
    let page = Page::open().await;
    page.js("navigator.storage.persisted = async () => false;
         navigator.storage.persist = async () => false;
         return 0")
        .await;
    open_logs(&page).await;
    let events: Vec<Value> =
        (0..60_000).map(|n| json!({ "subject": format!("cart-{}", 100 + n % 50) })).collect();
    let press = "window.pressed = new Promise(done => {
        const press = () => {
            const all = [...document.querySelectorAll('[role=dialog] button')];
            const ask = all.find(it => it.innerText === 'Ask it not to');
            const busy = all.some(it => it.innerText === 'Cancel');
            if (ask && busy) { ask.click(); done(true); } else setTimeout(press);
        };
        press();
    }); return 0";
    page.js(press).await;
    page.choose("many.ndjson", &lines(&events)).await;
    page.js("await window.pressed").await;
    page.shows("Logs", "many.ndjson holds").await;
    page.close().await;
}

async fn a_log_that_is_thrown_away_while_it_is_open_is_saved_again_from_memory() {
    let page = Page::open().await;
    page.js(ADD).await;
    let (before, log) = (page.js(EVENTS).await, page.js("location.hash").await);
    // Hangs where the page does not let go of it.
    elsewhere(
        &page,
        "return new Promise((done, failed) => {
            const gone = indexedDB.deleteDatabase('leftfold');
            gone.onsuccess = () => done(0);
            gone.onerror = failed;
        })",
    )
    .await;
    let refused = page.js(ADD).await;
    assert_eq!(refused["code"], "storage", "{refused}");
    alerts(&page, "everything in it was deleted from elsewhere. Nothing is lost in this tab.")
        .await;
    page.click("Try again").await;
    alerts(&page, "The browser has thrown this log away, or part of it.").await;
    page.click("Export it").await;
    let file = page.downloaded("shopping-cart.ndjson").await;
    assert!(!file.is_empty());
    page.click("Save it again").await;
    page.until(&format!("location.hash !== {log}")).await;
    page.until("!document.body.innerText.includes('read-only for now')").await;
    assert_eq!(page.js(EVENTS).await, before);
    page.js(ADD).await;
    let after = page.js(EVENTS).await;
    page.reload().await;
    assert_eq!(page.js(EVENTS).await, after);
    // What is gone and was saved again under another name is still gone.
    alerts(&page, "The browser has lost 1 of the logs that were kept here").await;
    page.close().await;
}

async fn a_database_of_another_version_of_the_page_is_left_alone_and_said() {
    let page = Page::unopened().await;
    page.resize(1440, 900).await;
    page.visit("nothing").await;
    let hold = |version: u32, close: &str| {
        format!(
            "return new Promise((done, failed) => {{
                const opening = indexedDB.open('leftfold', {version});
                opening.onupgradeneeded = () => ['logs', 'tail', 'heads', 'shelves', 'of {version}']
                    .filter(it => !opening.result.objectStoreNames.contains(it))
                    .forEach(it => opening.result.createObjectStore(it));
                opening.onsuccess = () => {{ {close}; done(0); }};
                opening.onerror = failed;
            }})"
        )
    };
    let older = elsewhere(&page, &hold(1, "window.held = opening.result")).await;
    page.goto("").await;
    alerts(&page, "another tab holds it with an older version of this page; close that tab and reload this one").await;
    page.js(ADD).await;
    let here = page.client.window().await.unwrap();
    page.client.switch_to_window(older).await.unwrap();
    page.client.close_window().await.unwrap();
    page.client.switch_to_window(here).await.unwrap();
    page.reload().await;
    // What lived in memory is gone, and that is said.
    alerts(&page, "The log of this address is not in this browser").await;
    page.click("Close").await;
    no_alert(&page).await;
    page.js(ADD).await;

    // A newer one comes: this page lets go, and touches nothing of it.
    page.js(CONNECTION).await;
    elsewhere(&page, &hold(99, "opening.result.close()")).await;
    let refused = page.js(ADD).await;
    assert_eq!(refused["code"], "storage", "{refused}");
    alerts(&page, "another tab has changed its layout; reload this page").await;
    page.click("Try again").await;
    alerts(&page, "a newer version of this page has changed its layout; reload this page").await;
    page.reload().await;
    alerts(&page, "a newer version of this page has changed its layout; reload this page").await;
    alerts(&page, "This log lives in memory only").await;
    let left = "return new Promise(done => {
        const opening = indexedDB.open('leftfold');
        opening.onsuccess = () => done([opening.result.version, opening.result.objectStoreNames.contains('of 99')]);
    })";
    assert_eq!(page.js(left).await, json!([99, true]));
    page.close().await;
}

/// Changes records behind the page's back.
async fn spoil(page: &Page, change: &str) {
    let code = format!(
        "const log = location.hash.split('/')[2];
         return new Promise((done, failed) => {{
            const opening = indexedDB.open('leftfold');
            opening.onsuccess = () => {{
                const all = [...opening.result.objectStoreNames];
                const change = opening.result.transaction(all, 'readwrite');
                {change};
                change.oncomplete = () => {{ opening.result.close(); done(0); }};
                change.onerror = failed;
            }};
         }})"
    );
    assert_eq!(page.js(&code).await, json!(0));
}

async fn a_damaged_record_is_named_and_what_is_left_is_used_and_exported() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart', { empty: true })").await;
    for _ in 0..4 {
        page.js(ADD).await;
    }
    page.until("location.hash.endsWith('/at/4')").await;
    spoil(&page, "change.objectStore('tail').put('garbage', [log, 3])").await;
    page.reload().await;
    alerts(&page, "Part of this log is damaged: event 3 cannot be read: the record is missing.")
        .await;
    assert_eq!(page.js("leftfold.head()").await, json!(2));
    page.shows("cart-1", "2").await;
    let refused = page.js(ADD).await;
    assert_eq!(refused["code"], "storage", "{refused}");
    page.click("Export it").await;
    page.shows("Pipeline", "shopping-cart.ndjson holds the 3 events that can be read.").await;
    let file = String::from_utf8(page.downloaded("shopping-cart.ndjson").await).unwrap();
    assert_eq!(file.matches("\"leftfoldposition\":").count(), 3);
    assert!(file.contains("\"leftfoldposition\":4"), "{file}");
    page.click("Go on in a new log").await;
    page.until("!document.querySelector('[role=alert]')").await;
    page.js(ADD).await;
    assert_eq!(page.js("leftfold.head()").await, json!(3));
    page.close().await;
}

async fn damage_beside_the_events_keeps_no_log_from_being_opened() {
    let page = Page::open().await;
    page.js("await leftfold.open('welcome')").await;
    let before = page.js(EVENTS).await;
    page.until("leftfold.head().then(head => location.hash.endsWith(`/at/${head}`))").await;
    for (change, told) in [
        ("change.objectStore('heads').put('garbage', log)", "the record is missing"),
        ("change.objectStore('shelves').put(7, [log, 'marks', 'Welcomer'])", "a record is damaged"),
        ("change.objectStore('shelves').put('{', [log, 'effects', 'x'])", "a record is damaged"),
    ] {
        spoil(&page, change).await;
        page.reload().await;
        alerts(&page, "Part of this log is damaged: what is noted after event ").await;
        alerts(&page, told).await;
        assert_eq!(page.js(EVENTS).await, before);
        page.click("Go on in a new log").await;
        page.until("!document.querySelector('[role=alert]')").await;
        assert_eq!(page.js(EVENTS).await, before);
    }
    // A log whose description is gone is passed over.
    spoil(&page, "change.objectStore('logs').put('garbage', log)").await;
    page.reload().await;
    page.js(EVENTS).await;
    page.close().await;
}

async fn a_tab_that_watches_has_no_process_react_once_more_and_says_where() {
    let page = Page::open().await;
    page.js("await leftfold.open('welcome')").await;
    let address = page.js("location.hash").await;
    let mails = page.js("(await leftfold.outbox()).length").await;
    let there = page.client.new_window(true).await.unwrap().handle;
    page.client.switch_to_window(there).await.unwrap();
    page.goto(address.as_str().unwrap()).await;
    page.until("document.body.innerText.includes('the other one runs its processes')").await;
    page.click_on("//summary[@aria-label='More about Welcomer']").await;
    page.click("Redeliver Welcomer").await;
    alerts(&page, "another tab runs Welcomer, and would not hear of it: do that there").await;
    assert_eq!(page.js("(await leftfold.outbox()).length").await, mails);
    page.close().await;
}

async fn a_page_that_has_fallen_still_hands_out_everything() {
    let page = Page::open().await;
    let (head, log) = (page.js("leftfold.head()").await, page.js("location.hash").await);
    page.js("const error = new window.WebAssembly.RuntimeError('unreachable');
         window.dispatchEvent(new window.ErrorEvent('error', { error }));
         return 0")
        .await;
    page.click("Download everything as JSON").await;
    page.until("document.body.innerText.includes('Downloaded as leftfold.json.')").await;
    let all: Value = serde_json::from_slice(&page.downloaded("leftfold.json").await).unwrap();
    assert_eq!(all["open"].as_array().map(Vec::len).map(|it| json!(it)), Some(head.clone()));
    let log = log.as_str().unwrap().split('/').nth(2).unwrap();
    assert_eq!(all["stored"]["logs"][0][0], log);
    assert!(!all["stored"]["tail"].as_array().unwrap().is_empty());
    page.click("Reload").await;
    page.until("typeof window.leftfold === 'object' && !document.querySelector('main.trouble')")
        .await;
    page.ready().await;
    assert_eq!(page.js("leftfold.head()").await, head);
    page.close().await;
}
