//! What makes everyday work easy: forks that say what they are, new ids, dates, and a page that
//! fits a phone, in a headless browser.

use crate::page::Page;
use serde_json::json;

tests! {
    Browsers::Both => [
        a_fork_says_what_it_comes_from_and_is_compared_up_to_its_head,
        a_form_makes_an_id,
        a_second_tab_acts_as_bob,
        an_address_with_a_position_is_gone_to_on_a_first_visit,
        the_office_shows_its_dates_and_goes_to_any,
        the_timeline_is_one_line_tall_when_asked,
        a_phone_has_story_next_and_share_on_the_first_visit_and_cuts_no_sentence,
    ],
}

async fn a_fork_says_what_it_comes_from_and_is_compared_up_to_its_head() {
    let page = Page::open().await;
    let head = page.js("leftfold.head()").await;
    page.js("await leftfold.seek(2); return 0").await;
    page.click("Fork here").await;
    page.until("await leftfold.head() === 2").await;
    let logs = "[...document.querySelector(\"[aria-label='Log']\").options].map(it => it.text)";
    page.until(&format!("{logs}[1] === '2. Fork of log 1, after event 2'")).await;
    page.js("await leftfold.seek(1); return 0").await;
    page.click("Fork here").await;
    page.until(&format!("{logs}[2] === '3. Fork of log 2, after event 1'")).await;

    page.click_menu("Lab ▾", "Compare").await;
    let there = "[...document.querySelectorAll(\"[aria-label='Compare'] input\")][1].value";
    page.until(&format!("{there} === '1'")).await;
    let choose = "const logs = document.querySelector(\"[aria-label='Compare'] select\");
        logs.selectedIndex = 0;
        logs.dispatchEvent(new Event('change', { bubbles: true })); return 0";
    page.js(choose).await;
    page.until(&format!("{there} === '{head}'")).await;
    page.click_on("//*[@role='dialog']//button[.='Compare']").await;
    page.shows("Compare", "Both have the same events up to #0.").await;
    page.close().await;
}

async fn a_form_makes_an_id() {
    let page = Page::open().await;
    let field = "document.getElementById('target').value";
    page.click("New id for Cart").await;
    page.until(&format!("/^[0-9a-f]{{8}}-[0-9a-f]{{4}}-7[0-9a-f-]{{21}}$/.test({field})")).await;
    let first = page.js(field).await;
    page.click("New id for Cart").await;
    page.until(&format!("{field} !== {first}")).await;
    let id = page.js(field).await;
    page.click("Send").await;
    let sent = format!(
        "(await leftfold.events(1, await leftfold.head())).at(-1).stream === 'cart-' + {id}"
    );
    page.until(&sent).await;
    page.close().await;
}

async fn a_second_tab_acts_as_bob() {
    let page = Page::open().await;
    let actor = "document.querySelector(\"[aria-label='Acting as']\").value";
    assert_eq!(page.js(actor).await, "Alice");
    let tab = page.client.new_window(true).await.unwrap().handle;
    page.client.switch_to_window(tab).await.unwrap();
    page.goto("#/cart").await;
    assert_eq!(page.js(actor).await, "Bob");
    // Whatever a scenario has no part in, its place is there.
    page.find("[role=region][aria-label=Outbox]").await;
    page.close().await;
}

async fn an_address_with_a_position_is_gone_to_on_a_first_visit() {
    let page = Page::unopened().await;
    page.goto("#/cart/at/4").await;
    assert_eq!(page.js("leftfold.position()").await, json!(4));
    assert!(page.js("leftfold.head()").await.as_u64() > Some(4));
    let playhead = page.find("[aria-label=Playhead]").await;
    let said = playhead.attr("aria-valuetext").await.unwrap().unwrap();
    assert!(said.starts_with("position 4 of "), "{said}");
    page.js("await leftfold.open('bank'); await leftfold.seek(2); return 0").await;
    page.until(
        r"/ \d+\.\d\d on /.test(document.querySelector('[aria-label=Playhead]').ariaValueText)",
    )
    .await;
    page.close().await;
}

async fn the_office_shows_its_dates_and_goes_to_any() {
    let page = Page::open().await;
    page.js("await leftfold.open('office')").await;
    let picked = "document.querySelector('[aria-label=Scenario]').selectedOptions[0].text";
    assert_eq!(page.js(picked).await, "The office · 12 Aug to 28 Aug");
    let go = "const date = document.querySelector(\"[aria-label='Date and time, UTC']\");
        date.value = '2013-08-14T16:22';
        date.dispatchEvent(new Event('change', { bubbles: true })); return 0";
    page.js(go).await;
    page.until(
        "(await leftfold.events(await leftfold.position(), await leftfold.position()))[0]
        .type === 'PinballRelatedIncidentHappened'",
    )
    .await;
    // Elsewhere everything happens on one day.
    page.js("await leftfold.open('cart')").await;
    page.until("!document.querySelector(\"[aria-label='Date and time, UTC']\")").await;
    page.close().await;
}

async fn the_timeline_is_one_line_tall_when_asked() {
    let page = Page::open().await;
    let tall = "document.querySelector('[aria-label=Timeline]').getBoundingClientRect().height";
    assert!(page.js(tall).await.as_f64() > Some(70.0));
    page.press(['t']).await;
    page.until(&format!("{tall} < 56")).await;
    page.resize(390, 844).await;
    page.reload().await;
    page.until(&format!("{tall} < 56")).await;
    page.find("[aria-label=Playhead]").await;
    let found = page.barriers().await;
    assert!(found.is_empty(), "on one line: {found:#?}");
    page.press(['t']).await;
    page.until(&format!("{tall} > 70")).await;
    page.close().await;
}

async fn a_phone_has_story_next_and_share_on_the_first_visit_and_cuts_no_sentence() {
    let page = Page::unopened().await;
    page.resize(390, 844).await;
    page.goto("").await;
    page.until("await leftfold.head() === 1").await;
    let seen = "[...document.querySelectorAll('header button, header span')].filter(it => {
            const box = it.getBoundingClientRect();
            return box.width > 0 && box.right <= innerWidth && box.bottom <= innerHeight;
        }).map(it => it.textContent.trim()).join('|')";
    let seen = page.js(&format!("return {seen}")).await.as_str().unwrap().to_owned();
    for it in ["Story 1 of 12", "Next: ", "Share"] {
        assert!(seen.contains(it), "{it} in {seen}");
    }
    // Each sentence stands whole, and the panels below stay where they are.
    let cut = "[...document.querySelectorAll('[aria-label=Pipeline] > p, [aria-label=Pipeline] > p span')]
        .some(it => it.scrollWidth > it.clientWidth + 1 && getComputedStyle(it).display !== 'inline')";
    let top = "document.querySelector('main').getBoundingClientRect().top";
    let before = page.js(top).await;
    for scenario in ["cart", "transfers", "office"] {
        page.js(&format!("await leftfold.open('{scenario}', {{ empty: true }})")).await;
        while page.js("await leftfold.next()").await != json!(null) {
            assert_eq!(page.js(&format!("return {cut}")).await, json!(false), "{scenario}");
            assert_eq!(page.js(top).await, before, "{scenario}");
        }
    }
    page.close().await;
}
