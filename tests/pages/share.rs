//! The sheet that shares the open log, in a headless browser.

use crate::page::Page;
use crate::page::logs::{LINK, link};
use serde_json::json;

tests! {
    Browsers::Both => [
        a_link_opens_where_it_is_told_to_and_leaves_faults_and_bookmarks_behind_when_told_to,
        the_sheet_is_closed_by_escape_and_by_a_press_elsewhere_and_opened_by_keyboard,
    ],
}

/// The open sheet.
const SHEET: &str = "[role=dialog][aria-label=Share]:popover-open";

async fn a_link_opens_where_it_is_told_to_and_leaves_faults_and_bookmarks_behind_when_told_to() {
    let page = Page::open().await;
    let head = page.js("leftfold.head()").await;
    let name = page.js("(await leftfold.subscriptions())[0].name").await;
    let name = name.as_str().unwrap();
    page.js(&format!("await leftfold.subscription('{name}', {{ paused: true }})")).await;
    page.js("await leftfold.seek(3)").await;
    page.click("Bookmark").await;
    page.click("Share").await;
    let whole = link(&page).await;
    // Nothing of the logs that can be deleted stands here.
    let said = page.find(SHEET).await.text().await.unwrap();
    assert!(said.contains(&format!("the whole log, {head} events")), "{said}");
    assert!(!said.contains("Delete"), "{said}");
    let found = page.barriers().await;
    assert!(found.is_empty(), "in the sheet: {found:#?}");
    page.screenshot("share").await;

    let position = page.find(&format!("{SHEET} input[aria-label=Position]")).await;
    assert_eq!(position.prop("value").await.unwrap().unwrap(), "3");
    page.type_over(&position, "99\u{e004}").await;
    page.until("document.querySelector('[role=alert]')?.textContent.includes('positions go from')")
        .await;
    page.type_over(&position, "5\u{e004}").await;
    page.until(&format!("{LINK}.value !== '' && {LINK}.value !== {}", json!(whole))).await;
    let at_five = link(&page).await;
    page.find(&format!("{SHEET} input[type=checkbox]")).await.click().await.unwrap();
    page.until(&format!("{LINK}.value !== '' && {LINK}.value !== {}", json!(at_five))).await;
    let alone = link(&page).await;
    page.click("Copy").await;
    let said = format!("document.querySelector('{SHEET} [role=status]').textContent");
    page.until(&format!("/copied|copy it from/.test({said})")).await;

    let paused =
        format!("(await leftfold.subscriptions()).find(it => it.name === '{name}').paused");
    let marks = "document.querySelectorAll(\"[aria-label^='Bookmark ']\").length";
    for (link, is_paused, bookmarks) in [(at_five, true, 1), (alone, false, 0)] {
        let here = page.js("location.hash").await;
        page.js(&format!("location.href = '{link}'; return 0")).await;
        // The address of the log that is new, and not of the one before.
        page.until(&format!("location.hash !== {here} && location.hash.endsWith('/at/5')")).await;
        assert_eq!(page.js(&paused).await, json!(is_paused));
        page.until(&format!("{marks} === {bookmarks}")).await;
    }
    page.close().await;
}

async fn the_sheet_is_closed_by_escape_and_by_a_press_elsewhere_and_opened_by_keyboard() {
    let page = Page::open().await;
    page.click("Share").await;
    link(&page).await;
    page.press(['\u{e00c}']).await;
    page.until(&format!("!document.querySelector('{SHEET}')")).await;
    // Whoever works by keyboard is where he was, and opens it again.
    page.until("document.activeElement.textContent === 'Share'").await;
    page.press(['\u{e007}']).await;
    page.find(SHEET).await;
    page.find("h1").await.click().await.unwrap();
    page.until(&format!("!document.querySelector('{SHEET}')")).await;
    page.close().await;
}
