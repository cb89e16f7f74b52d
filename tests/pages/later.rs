//! The page's module comes in two parts: the first minute needs the first one alone, and what needs
//! the other waits for it, in a headless browser.

use serde_json::json;

use crate::page::Page;

tests! {
    Browsers::Both => [
        the_first_minute_needs_the_first_part_alone,
        what_needs_the_later_part_waits_for_it_in_its_order_and_says_so,
        a_later_part_that_cannot_be_fetched_is_asked_for_again,
        parts_of_two_builds_do_not_come_together_and_that_is_said,
        code_that_runs_too_early_has_the_later_part_brought_first,
    ],
}

const LEFT: char = '\u{e012}';
const END: char = '\u{e010}';

/// The number of the last event, as the slider knows it. The console waits for the later part.
const HEAD: &str = "Number(document.querySelector('[role=slider][aria-label=Playhead]').max)";
const AT: &str = "Number(document.querySelector('[role=slider][aria-label=Playhead]').value)";
/// What the page says of the later part.
const SAID: &str =
    "[...document.querySelectorAll('.notices [role=status]')].map(it => it.innerText).join()";

/// A first visit whose page has its first part only.
async fn first_visit(hook: &str) -> Page {
    let page = Page::unopened().await;
    page.resize(1440, 900).await;
    page.visit(&format!("?{hook}")).await;
    page.find("[role=grid]").await;
    page.until(&format!("{HEAD} === 1")).await;
    page
}

async fn next(page: &Page) {
    page.click_on("//button[starts-with(normalize-space(.), 'Next: ')]").await;
}

async fn the_first_minute_needs_the_first_part_alone() {
    let page = first_visit("later").await;
    for head in 2..=5 {
        next(&page).await;
        page.until(&format!("{HEAD} === {head}")).await;
    }
    // The way back, and the fold itself.
    page.press([LEFT, LEFT]).await;
    page.until(&format!("{AT} < {HEAD}")).await;
    page.press(['f']).await;
    page.find("[role=grid][aria-label=Fold]").await;
    page.press(['f']).await;
    page.until("!document.querySelector('[role=grid][aria-label=Fold]')").await;
    page.press([END]).await;
    page.until(&format!("{AT} === {HEAD}")).await;
    page.press(['p']).await;
    page.until("!!document.querySelector('.present')").await;
    // Space tells the next steps there. The first of them changes nothing.
    page.press([' ', ' ']).await;
    page.until(&format!("{HEAD} === 6")).await;
    page.press(['p']).await;
    // A command of one's own.
    page.until("!document.querySelector('.present')").await;
    let head = page.js(HEAD).await;
    page.click("Send").await;
    page.until(&format!("{HEAD} > {head}")).await;
    page.click("Skip to the end").await;
    page.until(&format!("{HEAD} > 9 && {AT} === {HEAD}")).await;
    assert_eq!(page.js("[window.asked, window.brought]").await, json!([1, false]));
    assert_eq!(page.js(SAID).await, "");
    page.close().await;
}

async fn what_needs_the_later_part_waits_for_it_in_its_order_and_says_so() {
    let page = first_visit("later").await;
    page.js("window.heads = []; leftfold.head().then(it => heads.push(it)); return 0").await;
    page.until(&format!("{SAID}.includes('The rest of the page is on its way')")).await;
    // What comes after it keeps its place.
    next(&page).await;
    page.click("Lessons").await;
    assert_eq!(page.js(HEAD).await, 1);
    page.js("goOn(); return 0").await;
    page.shows("Lessons", "Glossary").await;
    page.until(&format!("{HEAD} === 2")).await;
    assert_eq!(page.js("window.heads").await, json!([1]));
    assert_eq!(page.js(&format!("[{SAID}, window.brought]")).await, json!(["", false]));
    let offered = "document.querySelector(\"[aria-label='Scenario']\").options.length";
    assert_eq!(page.js(&format!("{offered} > 15")).await, true);
    page.close().await;
}

async fn a_later_part_that_cannot_be_fetched_is_asked_for_again() {
    let page = first_visit("refused").await;
    page.click("Lessons").await;
    page.until(&format!("{SAID}.includes('could not be fetched. Is there a network?')")).await;
    page.js("goOn(); return 0").await;
    page.shows("Lessons", "Glossary").await;
    assert_eq!(page.js(SAID).await, "");
    page.close().await;
}

async fn parts_of_two_builds_do_not_come_together_and_that_is_said() {
    let page = first_visit("other-build").await;
    page.click("Lessons").await;
    page.until(&format!("{SAID}.includes('A newer version of Leftfold is on the server.')")).await;
    // The first part goes on.
    page.press([LEFT]).await;
    assert_eq!(page.js("document.body.innerText.includes('Something went wrong')").await, false);
    page.close().await;
}

async fn code_that_runs_too_early_has_the_later_part_brought_first() {
    let page = first_visit("later").await;
    page.js("await tooEarly(); return 0").await;
    assert_eq!(page.js("window.brought").await, true);
    // It is the part that was missing, so nothing is left to wait for.
    page.js("goOn(); return 0").await;
    page.click("Lessons").await;
    page.shows("Lessons", "Glossary").await;
    page.close().await;
}
