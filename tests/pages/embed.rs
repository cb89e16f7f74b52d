//! The page in frames of somebody else's page.

use serde_json::json;

use crate::offline::Build;
use crate::page::Page;
use crate::page::site::Site;
use Browsers::{Both, Chromium};

const ALIKE: &str = "browsers differ in none of this";

tests! {
    Both => [
        frames_of_four_kinds_stand_in_a_page_and_keep_nothing,
    ],
    Chromium(ALIKE) => [
        a_story_is_told_in_a_frame_from_its_beginning,
        the_sheet_that_shares_makes_a_frame_of_the_log,
        a_frame_that_is_to_keep_its_log_keeps_it,
    ],
}

/// What stands in each frame, and what must be seen there.
const KINDS: [(&str, &str); 4] = [
    ("/cart/at/6?show=Story,Fold,Playhead,cart-1,Considered%20but%20removed", "Bob adds apples."),
    ("/bank?show=Log,Balances,account-1,Playhead&theme=dark", "AccountClosed"),
    ("/cart?show=Commands,Journal,cart-1&begin&theme=light", "Puts one piece"),
    ("/transfers/at/7", "Completed"),
];

/// Frames in a page of another origin than theirs.
async fn framed(kinds: &[&str]) -> (Page, Build) {
    let build = Build::copied();
    let page = Page::of(Site::start(build.folder.clone()).await, None).await;
    let frames = kinds.iter().map(|kind| {
        let address = format!("http://127.0.0.1:{}/embed.html#{kind}", page.site.address.port());
        format!("<iframe src='{address}' title='A log' width='100%' height='480'></iframe>")
    });
    let frames: String = frames.collect();
    let host =
        format!("<!doctype html><html lang=en><title>A blog</title><input autofocus>{frames}");
    std::fs::write(build.folder.join("blog.html"), host).unwrap();
    page.resize(1000, 900).await;
    let blog = format!("http://localhost:{}/blog.html", page.site.address.port());
    page.client.goto(&blog).await.unwrap();
    (page, build)
}

async fn enter(page: &Page, frame: u16) {
    page.client.enter_frame(frame).await.unwrap();
    page.until("typeof leftfold !== 'undefined' && !document.querySelector('#skeleton')").await;
    page.js("await leftfold.ready").await;
}

const KEPT: &str = "return [(await indexedDB.databases()).length, Object.keys(localStorage).length,
    (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length]";

async fn frames_of_four_kinds_stand_in_a_page_and_keep_nothing() {
    let (page, _build) = framed(&KINDS.map(|(kind, _)| kind)).await;
    page.js("window.heard = 0; addEventListener('message', () => { heard += 1 }); return 0").await;
    for (frame, (kind, shown)) in (0..).zip(KINDS) {
        enter(&page, frame).await;
        page.until(&format!("document.body.innerText.includes({})", json!(shown))).await;
        let found = page.barriers().await;
        assert!(found.is_empty(), "{kind}: {found:#?}");
        assert_eq!(page.js(KEPT).await, json!([0, 0, 0, 0]), "{kind}");
        // It fits, and leaves the bar to the page around it.
        page.until("document.documentElement.scrollHeight <= innerHeight").await;
        assert_eq!(page.js("document.querySelector('[aria-label=Scenario]')").await, json!(null));
        let theme = page.js("document.documentElement.dataset.theme ?? ''").await;
        let asked = kind.split_once("theme=").map_or("", |(_, theme)| theme);
        assert_eq!(theme, asked, "{kind}");
        let whole = page.js("document.querySelector('a[target=_blank]').href").await;
        let (place, _) = kind.split_once('?').unwrap_or((kind, ""));
        assert!(whole.as_str().unwrap().ends_with(&format!("/#{place}")), "{whole}");
        page.client.enter_parent_frame().await.unwrap();
    }
    // Whoever reads the page is not taken away from where they are.
    assert_eq!(page.js("document.activeElement.tagName").await, "INPUT");
    assert_eq!(page.js("[scrollY, heard]").await, json!([0, 0]));
    page.close().await;
}

async fn a_story_is_told_in_a_frame_from_its_beginning() {
    let (page, _build) = framed(&["/cart?show=Story,Fold,Playhead&begin"]).await;
    enter(&page, 0).await;
    assert_eq!(page.js("leftfold.head()").await, 0);
    page.click("Next").await;
    page.until("await leftfold.head() === 1").await;
    page.until("document.body.innerText.includes('AddedToCart')").await;
    while page.js("await leftfold.next() !== null").await == true {}
    page.click("Tell it again").await;
    page.until("await leftfold.head() === 0").await;
    page.close().await;
}

async fn the_sheet_that_shares_makes_a_frame_of_the_log() {
    let page = Page::open().await;
    page.until("await leftfold.head() > 0").await;
    page.js("await leftfold.seek(4)").await;
    page.click("Share").await;
    page.until("document.querySelector('input[aria-label=Link]')?.value.length > 100").await;
    page.click_on("//summary[normalize-space(.)='In a page of yours']").await;
    let panels = page.find("input[aria-label=Panels]").await;
    page.type_over(&panels, "Story, Fold, Nobody").await;
    page.until(
        "document.querySelector('[role=alert]')?.innerText.includes('No panel is called Nobody')",
    )
    .await;
    page.type_over(&panels, "Story, Fold, cart-1, Carts now, Playhead").await;
    page.until("document.querySelector('[role=alert]') === null").await;
    assert_eq!(page.barriers().await, [""; 0]);
    let frame = page.js("document.querySelector('textarea[aria-label=Frame]').value").await;
    page.click("Copy the frame").await;
    page.until("/copied|copy it from/.test(document.body.innerText)").await;

    page.js(&format!(
        "location.href = {frame}.match(/src=\"([^\"]*)/)[1].replaceAll('&amp;', '&'); return 0"
    ))
    .await;
    page.until("!!document.querySelector('.page.embed') && typeof leftfold !== 'undefined'").await;
    page.js("await leftfold.ready").await;
    assert_eq!(page.js("leftfold.position()").await, 4);
    page.until("document.body.innerText.includes('Carts now')").await;
    page.close().await;
}

async fn a_frame_that_is_to_keep_its_log_keeps_it() {
    let (page, _build) = framed(&["/cart?show=Log&keep"]).await;
    enter(&page, 0).await;
    let kept = page.js("(await indexedDB.databases()).length").await;
    assert_eq!(kept, 1);
    page.close().await;
}
