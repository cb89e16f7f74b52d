//! Terms, marks and events explain themselves where they stand, in a headless browser.

use crate::page::Page;
use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use serde_json::json;

tests! {
    Browsers::Both => [
        every_term_is_explained_beside_it_and_covers_nothing_else,
        fold_is_explained_where_it_first_appears,
        a_mark_that_is_pointed_at_or_has_the_focus_says_what_shapes_and_colours_stand_for,
        an_event_leads_with_what_it_changed_and_its_ids_times_and_data_fold_away,
        clipped_text_is_shown_whole_in_the_fold_view_and_in_the_why_drawer,
    ],
}

const ESCAPE: char = '\u{e00c}';

/// The explanation that is open.
const OPEN: &str = "document.querySelector('[role=tooltip]:popover-open')";

/// Points at the left end of an element. Of a drawing, that is where its path begins.
async fn point_at(page: &Page, selector: &str) {
    let place = format!(
        "const it = document.querySelector(\"{selector}\");
         const box = (it.ownerSVGElement ?? it).getBoundingClientRect();
         const [, begins] = it.getAttribute('d')?.match(/M([\\d.]+)/) ?? [0, 4000 / box.width];
         return [box.left + box.width * begins / 1000, box.top + box.height / 2].map(Math.round)"
    );
    let place = page.js(&place).await;
    let at = |nth: usize| place[nth].as_f64().unwrap();
    let there = PointerAction::MoveTo { duration: None, x: at(0), y: at(1) };
    page.client.perform_actions(MouseActions::new("mouse".to_owned()).then(there)).await.unwrap();
}

/// Presses a term, and waits for its explanation.
async fn explained(page: &Page, term: &str) -> String {
    // What comes into view is laid out, and may move what is beside it.
    let bring = "const [name] = arguments;
        const all = [...document.querySelectorAll('button')];
        const seen = it => it.textContent === name && it.checkVisibility();
        all.find(seen)?.scrollIntoView({ block: 'nearest' });";
    page.client.execute(bring, vec![json!(term)]).await.unwrap();
    page.js("await new Promise(then => requestAnimationFrame(() => requestAnimationFrame(then)))")
        .await;
    // A panel that is one line hides its terms: the first one that is seen is pressed.
    let picked = page
        .js(&format!(
            "document.querySelectorAll('[data-pressed]').forEach(it => delete it.dataset.pressed);
         const it = [...document.querySelectorAll('button')]
            .find(it => it.textContent === {} && it.checkVisibility());
         it.dataset.pressed = '';
         return 0",
            json!(term)
        ))
        .await;
    assert_eq!(picked, json!(0), "{term} is not seen anywhere");
    page.find("[data-pressed]").await.click().await.unwrap();
    page.until(&format!("{OPEN}?.innerText.length > 20")).await;
    let said = page.js(&format!("{OPEN}.innerText")).await.as_str().unwrap().to_owned();
    // It stands in the window, right beside the term, and nothing that is modal lies over the page.
    let beside = format!(
        "const box = {OPEN}.getBoundingClientRect();
         const term = document.activeElement.getBoundingClientRect();
         const near = Math.min(Math.abs(box.top - term.bottom), Math.abs(term.top - box.bottom));
         return [near < 8, box.left >= 0, box.right <= innerWidth, box.top >= 0,
             box.bottom <= innerHeight, !document.querySelector('[aria-modal]')]"
    );
    assert_eq!(page.js(&beside).await, json!([true, true, true, true, true, true]), "{term}");
    page.press([ESCAPE]).await;
    page.until(&format!("!{OPEN}")).await;
    said
}

async fn every_term_is_explained_beside_it_and_covers_nothing_else() {
    let page = Page::open().await;
    page.js("await leftfold.open('transfers')").await;
    let folded =
        "document.querySelectorAll(\"[aria-label='Read side'] h2 [aria-expanded='false']\")";
    page.js(&format!("{folded}.forEach(it => it.click()); return 0")).await;
    page.until(&format!("{folded}.length === 0")).await;
    page.unfold("Outbox").await;
    let terms = [
        ("Command", "may be refused"),
        ("what came of each", "what came of it"),
        ("#", "whole log"),
        ("Stream", "events of one thing"),
        ("Event", "never changed"),
        ("Caused by", "command"),
        ("aggregate", "fold into"),
        ("SQL table", "read model"),
        ("process manager", "further commands"),
        ("side effects", "what was sent"),
        ("⚑ 26", "taken in"),
    ];
    for (term, meaning) in terms {
        let said = explained(&page, term).await;
        assert!(said.contains(meaning), "{term}: {said}");
    }
    // A press elsewhere closes it as well, and on the stage it stands beside its term, too.
    page.click("Stream").await;
    page.until(&format!("!!{OPEN}")).await;
    page.find("h1").await.click().await.unwrap();
    page.until(&format!("!{OPEN}")).await;
    page.press(['p']).await;
    assert!(explained(&page, "read model").await.contains("for reading"));
    page.close().await;
}

async fn fold_is_explained_where_it_first_appears() {
    let page = Page::unopened().await;
    page.resize(1440, 900).await;
    page.goto("").await;
    assert!(explained(&page, "folded").await.contains("one after the other"));
    let found = page.barriers().await;
    assert!(found.is_empty(), "on the first visit: {found:#?}");
    page.click("Step into").await;
    for _ in 0..3 {
        page.click("Next step").await;
    }
    assert!(explained(&page, "What is a fold?").await.contains("one after the other"));
    page.click("Finish").await;
    page.click("Fold").await;
    let head = "each column is folded from the events above";
    assert!(explained(&page, head).await.contains("one after the other"));
    page.close().await;
}

async fn a_mark_that_is_pointed_at_or_has_the_focus_says_what_shapes_and_colours_stand_for() {
    let page = Page::open().await;
    page.js("await leftfold.open('transfers'); await leftfold.seek(8); return 0").await;
    let legend = format!("({OPEN}?.innerText ?? '')");
    let holds = format!("{legend}.includes('Requested') && {legend}.includes('read models')");
    let row = "[aria-label='Event log'] [aria-selected=true] [data-kind]";
    let lane = "[aria-label=Timeline] [data-kind]";
    for mark in [row, lane] {
        point_at(&page, mark).await;
        page.until(&holds).await;
        point_at(&page, "h1").await;
        page.until(&format!("!{OPEN}")).await;
    }
    let mark = page.find("[aria-label='What shapes and colours stand for']").await;
    page.client.execute("arguments[0].focus()", vec![json!(mark)]).await.unwrap();
    page.until(&holds).await;
    let found = page.barriers().await;
    assert!(found.is_empty(), "with the legend: {found:#?}");
    page.screenshot("legend").await;
    page.press([ESCAPE]).await;
    page.until(&format!("!{OPEN}")).await;
    page.close().await;
}

async fn an_event_leads_with_what_it_changed_and_its_ids_times_and_data_fold_away() {
    let page = Page::open().await;
    page.js("await leftfold.open('transfers')").await;
    page.shows("What it changed", "pending").await;
    page.shows("What it changed", "completed").await;
    page.shows("Event log", "Completed changed transfer-5, v 1 → 2").await;
    assert!(!page.text("Event log").await.contains("correlation"));
    // Rows that follow from the same command say so.
    page.shows("Event log", "same cause").await;
    page.click_on("//summary[normalize-space(.)='Ids, times and data']").await;
    page.shows("Event log", "correlation").await;
    // Whoever has looked there looks there again.
    page.js("await leftfold.seek(1); return 0").await;
    page.shows("Event log", "AccountOpened, schema").await;
    page.reload().await;
    page.shows("Event log", "AccountOpened, schema").await;
    page.close().await;
}

async fn clipped_text_is_shown_whole_in_the_fold_view_and_in_the_why_drawer() {
    let page = Page::open().await;
    page.js("await leftfold.open('blog', { empty: true });
         const post = (type, data) => leftfold.send('post-1', { type, data });
         await post('SubmitPost', { body: 'Hello', author: 'Zoë' });
         await post('AddComment', { body: 'x'.repeat(3000) });
         await post('DeletePost'); return 0")
        .await;
    let whole = "[...document.querySelectorAll(\"[aria-label='The whole text']\")]
        .some(it => it.innerText.includes('x'.repeat(3000)))";
    page.press(['f']).await;
    page.find("[role=grid][aria-label=Fold]").await;
    for column in ["/posts/ID", ""] {
        // In the cell of a read model, and in the event's.
        let at = if column.is_empty() { 1 } else { 4 };
        page.click_on(&format!(
            "//*[@role='row'][starts-with(@aria-label, 'position 2')]/*[{at}]//button[.='Show all']"
        ))
        .await;
        page.until(whole).await;
        page.press([ESCAPE]).await;
        page.until(&format!("!({whole})")).await;
    }
    page.press(['f']).await;
    page.js("await leftfold.seek(2); return 0").await;
    page.click_on("//*[@aria-label='/posts/ID']//*[contains(text(), 'xxx')]").await;
    page.click_on("//*[@aria-label='Set by']//button[.='Show all']").await;
    page.until(whole).await;
    page.close().await;
}
