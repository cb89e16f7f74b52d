//! Time that passes, and people who are forgotten, in a headless browser.

use crate::page::{Page, logs};
use serde_json::{Value, json};

tests! {
    Browsers::Both => [
        a_deadline_is_seen_ahead_of_the_head_and_met_when_the_clock_is_moved_by_keyboard,
        whoever_is_forgotten_is_nowhere_in_the_browser_or_in_what_leaves_it,
    ],
    Browsers::Chromium("browsers differ in none of this") => [
        the_clock_goes_on_from_the_story_survives_a_reload_and_goes_forward_only,
        a_deadline_is_hurried_and_the_past_shows_that_it_was_pending,
        two_tabs_share_a_clock_and_meet_a_deadline_once,
        a_real_deadline_wakes_the_page,
        what_was_forgotten_is_not_said_to_have_changed_nothing,
        an_amount_that_only_a_read_model_knows_is_written_as_money,
        what_is_personal_is_shown_open_and_said_to_be_sealed,
    ],
}

const CLOCK: &str = "document.querySelector(\"summary[aria-label^='Clock']\")";
const LAST: &str = "(await leftfold.events(await leftfold.head(), await leftfold.head()))[0]";

async fn open(path: &str) -> Page {
    let page = Page::unopened().await;
    page.goto(path).await;
    page
}

/// An order that is open at the end of the story, and its deadline.
async fn a_deadline_is_seen_ahead_of_the_head_and_met_when_the_clock_is_moved_by_keyboard() {
    let page = open("#/orders").await;
    let waits = page.js("(await leftfold.clock()).deadlines").await;
    assert_eq!(waits[0]["type"], "CancelUnsubmitted");
    let ahead =
        "document.querySelector(\"[aria-label='Timeline'] ol[aria-label='Deadlines']\").innerText";
    page.until(&format!("{ahead}.includes('CancelUnsubmitted in 1 day')")).await;
    let head = page.js("leftfold.head()").await;
    page.js(&format!("{CLOCK}.focus(); return 0")).await;
    page.press(['\u{e007}']).await;
    page.until(&format!("{CLOCK}.parentElement.open")).await;
    assert_eq!(page.barriers().await, [""; 0]);
    // +1 hour, then +1 day.
    page.press_tab(2).await;
    page.until("document.activeElement.textContent === '+1 day'").await;
    page.press(['\u{e007}']).await;
    page.until(&format!("await leftfold.head() === {head} + 1")).await;
    let last = page.js(LAST).await;
    assert_eq!((&last["type"], &last["at"]), (&json!("OrderCancelled"), &waits[0]["due"]));
    page.until(
        "document.querySelector('[role=status]').textContent.includes('It is accepted: OrderCancelled.')",
    )
    .await;
    page.until("(await leftfold.clock()).deadlines.length === 0").await;
    page.close().await;
}

async fn the_clock_goes_on_from_the_story_survives_a_reload_and_goes_forward_only() {
    let page = open("#/cart").await;
    let story = page.js(&format!("{LAST}.at")).await.as_u64().unwrap();
    let now = page.js("(await leftfold.clock()).now").await.as_u64().unwrap();
    assert!(now >= story && now < story + 600_000, "{story} {now}");
    page.js("await leftfold.clock({ to: '2017-12-24' }); return 0").await;
    page.reload().await;
    page.js(
        "await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'nuts' } }); return 0",
    )
    .await;
    let christmas = page.js("Date.parse('2017-12-24')").await.as_u64().unwrap();
    let at = page.js(&format!("{LAST}.at")).await.as_u64().unwrap();
    assert!(at >= christmas && at < christmas + 600_000, "{at}");
    let back =
        "await leftfold.clock({ to: '2017-01-01' }).catch(it => it.code + ': ' + it.message)";
    let said = page.js(&format!("return {back}")).await;
    let said = said.as_str().unwrap().to_owned();
    assert!(said.starts_with("out_of_range: a clock only goes forward, and here it is"), "{said}");
    // The same by hand: the refusal stands beside the field, and nothing is lost.
    page.js(&format!("{CLOCK}.click(); return 0")).await;
    let field = page.find("[aria-label='Move the clock to, UTC']").await;
    let typed = "const it = document.querySelector(\"[aria-label='Move the clock to, UTC']\");
        it.value = '2017-01-01T00:00'; it.dispatchEvent(new Event('change', { bubbles: true })); return 0";
    page.js(typed).await;
    page.until(
        "document.querySelector('.clock [role=alert]').textContent.includes('only goes forward')",
    )
    .await;
    assert!(field.prop("value").await.unwrap().unwrap().starts_with("2017-01-01"));
    // A log that somebody begins by hand has the real time.
    page.js("await leftfold.open('cart', { empty: true }); return 0").await;
    page.until("Math.abs((await leftfold.clock()).now - Date.now()) < 60000").await;
    page.js("await leftfold.clock({ advance: 3600000 }); return 0").await;
    page.reload().await;
    page.until("Math.abs((await leftfold.clock()).now - Date.now() - 3600000) < 60000").await;
    page.close().await;
}

async fn a_deadline_is_hurried_and_the_past_shows_that_it_was_pending() {
    let page = open("#/orders").await;
    let head = page.js("leftfold.head()").await.as_u64().unwrap();
    page.js(&format!("{CLOCK}.click(); return 0")).await;
    page.until("document.querySelector('.clock').closest('[popover]').matches(':popover-open')")
        .await;
    page.js("document.querySelector(\"[aria-label='Send now: CancelUnsubmitted on order-3']\").focus(); return 0").await;
    page.press(['\u{e007}']).await;
    page.until(&format!("await leftfold.head() === {head} + 1")).await;
    assert_eq!(page.js(&format!("{LAST}.type")).await, "OrderCancelled");
    let said = "document.querySelector('[role=status]').textContent";
    let words = "on order-3 was sent before its time. It is accepted: OrderCancelled.";
    page.until(&format!("{said}.includes('{words}')")).await;
    page.js(&format!("await leftfold.seek({head}); return 0")).await;
    let past = page.js("(await leftfold.clock()).deadlines.map(it => it.stream)").await;
    assert_eq!(past, json!(["order-3"]));
    page.js("await leftfold.seek(8); return 0").await;
    let past = page.js("(await leftfold.clock()).deadlines.map(it => it.stream)").await;
    assert_eq!(past, json!(["order-1", "order-2"]));
    // They were due on the day after, so the day is said.
    let flags =
        "document.querySelector(\"[aria-label='Timeline'] ol[aria-label='Deadlines']\").innerText";
    page.until(&format!("{flags}.includes('CancelUnsubmitted at 31 Aug')")).await;
    page.close().await;
}

async fn two_tabs_share_a_clock_and_meet_a_deadline_once() {
    let page = open("#/orders").await;
    let head = page.js("leftfold.head()").await.as_u64().unwrap();
    let first = page.client.window().await.unwrap();
    let address = page.js("location.hash").await.as_str().unwrap().to_owned();
    let second = page.client.new_window(true).await.unwrap().handle;
    page.client.switch_to_window(second).await.unwrap();
    page.goto(&address).await;
    // This tab only watches. What it moves, the other one acts on.
    page.js("await leftfold.clock({ advance: 2 * 86400000 }); return 0").await;
    page.until(&format!("await leftfold.head() === {head} + 1")).await;
    page.client.switch_to_window(first).await.unwrap();
    page.until(&format!("await leftfold.head() === {head} + 1")).await;
    let cancelled = "(await leftfold.events(1, await leftfold.head())).filter(it => it.type === 'OrderCancelled' && it.stream === 'order-3').length";
    assert_eq!(page.js(cancelled).await, json!(1));
    page.reload().await;
    assert_eq!(page.js(cancelled).await, json!(1));
    page.close().await;
}

async fn a_real_deadline_wakes_the_page() {
    let page = open("#/orders").await;
    let head = page.js("leftfold.head()").await.as_u64().unwrap();
    // One second before it is due.
    let before = "const [it] = (await leftfold.clock()).deadlines;
        await leftfold.clock({ to: it.due - 1000 }); return 0";
    page.js(before).await;
    page.until(&format!("await leftfold.head() === {head} + 1")).await;
    page.until(&format!("{LAST}.type === 'OrderCancelled'")).await;
    page.close().await;
}

async fn what_is_personal_is_shown_open_and_said_to_be_sealed() {
    let page = open("#/privacy").await;
    page.js("await leftfold.seek(2); return 0").await;
    let row = "document.querySelector(\"[aria-label='Event log'] [aria-selected=true]\").innerText";
    page.until(&format!("{row}.includes('Ben Moss')")).await;
    page.click("Share").await;
    let share = "document.querySelector(\"[role=dialog]\").innerText";
    page.until(&format!("{share}.includes('personal fields travel sealed')")).await;
    page.close().await;
}

async fn what_was_forgotten_is_not_said_to_have_changed_nothing() {
    let page = open("#/privacy").await;
    // Lola has moved, and was forgotten afterwards.
    page.js("await leftfold.seek(5); return 0").await;
    let detail = "document.querySelector('.detail').innerText";
    page.until(&format!("{detail}.includes('What it changed can no longer be read')")).await;
    let data = "[...document.querySelectorAll('.detail summary')]
        .find(it => it.innerText === 'Ids, times and data').click(); return 0";
    page.js(data).await;
    page.until(&format!("{detail}.includes('The seals are still here; the key is not.')")).await;
    // Ben has his key.
    page.js("await leftfold.seek(2); return 0").await;
    page.until(&format!("{detail}.includes(\"with the person's key\")")).await;
    page.close().await;
}

async fn an_amount_that_only_a_read_model_knows_is_written_as_money() {
    let page = open("#/books").await;
    let year = "document.querySelector(\"section[aria-label='The year']\").innerText";
    page.unfold("The year").await;
    page.until(&format!("{year}.includes('taken: 72.30')")).await;
    page.press(['f']).await;
    page.until("!!document.querySelector('.fold-row.here')").await;
    page.js("await leftfold.seek(3); return 0").await;
    page.until(
        "[...document.querySelectorAll('.fold-row .changes')].some(it => it.innerText.includes('24.00'))",
    )
    .await;
    page.close().await;
}

/// All that the browser keeps, as text: every value of every object store, and the local storage.
const STORED: &str = "await (async () => {
    const texts = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
    const read = (value) => {
        if (value instanceof Uint8Array) return new TextDecoder('utf-8').decode(value);
        if (value instanceof ArrayBuffer) return read(new Uint8Array(value));
        if (Array.isArray(value)) return value.map(read).join(' ');
        if (value && typeof value === 'object') return Object.values(value).map(read).join(' ');
        return String(value);
    };
    for (const { name } of await indexedDB.databases()) {
        const database = await new Promise((done, fail) => {
            const asked = indexedDB.open(name);
            asked.onsuccess = () => done(asked.result);
            asked.onerror = () => fail(asked.error);
        });
        for (const store of database.objectStoreNames) {
            texts.push(await new Promise((done) => {
                const asked = database.transaction(store).objectStore(store).getAll();
                asked.onsuccess = () => done(asked.result.map(read).join('\\n'));
            }));
        }
        database.close();
    }
    return texts.join('\\n');
})()";

async fn whoever_is_forgotten_is_nowhere_in_the_browser_or_in_what_leaves_it() {
    let page = open("#/privacy").await;
    page.js("await leftfold.open('privacy', { empty: true }); return 0").await;
    let send = |kind: &str, data: &Value| {
        format!("await leftfold.send('person-1', {{ type: '{kind}', data: {data} }}); return 0")
    };
    let data =
        json!({ "name": "Zoe Quill", "email": "quill@example.org", "address": "9 Reed Row" });
    page.js(&send("Register", &data)).await;
    page.js(&send("Order", &json!({ "item": "lantern", "amount": 100 }))).await;
    let words = ["Zoe Quill", "quill@example.org", "9 Reed Row"];
    let seen = "document.body.innerText";
    page.until(&format!("{seen}.includes('Zoe Quill')")).await;
    let address = page.js("location.hash").await.as_str().unwrap().to_owned();
    let first = page.client.window().await.unwrap();
    let second = page.client.new_window(true).await.unwrap().handle;
    page.client.switch_to_window(second.clone()).await.unwrap();
    page.goto(&address).await;
    page.until(&format!("{seen}.includes('Zoe Quill')")).await;
    page.client.switch_to_window(first).await.unwrap();

    page.js(&send("ForgetMe", &json!({}))).await;
    let answers = "JSON.stringify([await leftfold.events(1, await leftfold.head()), await leftfold.journal(), await leftfold.outbox(),
        await leftfold.state('person-1'), await leftfold.view('Mailing list'), await leftfold.view('What is still known'),
        await leftfold.view('Parcels'), await leftfold.fold(0, 4, ['person-1', 'What is still known'])])";
    for tab in 0..2 {
        if tab == 1 {
            page.client.switch_to_window(second.clone()).await.unwrap();
        }
        page.until("await leftfold.head() === 3").await;
        page.until(&format!("!{seen}.includes('Zoe Quill')")).await;
        for place in [seen, "document.documentElement.outerHTML", answers, STORED] {
            let text = page.js(&format!("return {place}")).await.as_str().unwrap().to_owned();
            assert!(text.contains("lantern"), "the search finds what is there");
            for word in words {
                assert!(!text.contains(word), "tab {tab}: {word} in {place}");
            }
        }
    }
    let link = logs::share(&page).await;
    page.goto(&link[link.find('#').unwrap()..]).await;
    page.until("await leftfold.head() === 3").await;
    let text = page.js(&format!("return {answers}")).await.as_str().unwrap().to_owned();
    assert!(text.contains("forgotten"), "the same browser knows that the key is gone");
    page.close().await;
}
