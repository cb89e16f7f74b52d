//! What `docs/accessibility.md` promises, beside the keyboard paths and the runs of axe that stand with
//! each part of the page.

use serde_json::json;

use crate::page::Page;
use Browsers::Chromium;

const EMULATED: &str = "only Chromium's driver sets what a person prefers";
const ALIKE: &str = "browsers differ in none of this";

tests! {
    Chromium(EMULATED) => [
        nothing_moves_for_whoever_wants_no_motion,
        in_forced_colours_the_playhead_and_the_focus_are_seen,
    ],
    Chromium(ALIKE) => [
        nothing_is_cut_off_at_200_percent_nor_on_320_pixels,
        tab_reaches_everything_that_can_be_pressed_and_shows_where_it_is,
    ],
}

async fn prefers(page: &Page, what: &str, value: &str) {
    let features = json!([{ "name": what, "value": value }]);
    let params = json!({ "features": features });
    let command = json!({ "cmd": "Emulation.setEmulatedMedia", "params": params });
    page.driver("goog/cdp/execute", command).await;
}

async fn nothing_moves_for_whoever_wants_no_motion() {
    let page = Page::open().await;
    page.js(
        "window.moved = [];
         const look = () => {
             moved.push(...document.getAnimations().map(it => it.animationName ?? it.transitionProperty));
             requestAnimationFrame(look);
         };
         requestAnimationFrame(look);
         return 0",
    )
    .await;
    let all = async || {
        page.click("Step into").await;
        page.click("Next step").await;
        page.click("Next step").await;
        page.click("Finish").await;
        page.js("await leftfold.seek(2)").await;
        page.click("Fold").await;
        page.click("Present").await;
        page.press(['\u{e00c}']).await;
        page.click("Fold").await;
        page.js("await leftfold.seek(await leftfold.head()); return moved.splice(0)").await
    };
    let ordinarily = all().await;
    assert_ne!(ordinarily, json!([]), "motion shows where something went");
    // What began to move before the wish may come to its end.
    let still = "await Promise.allSettled(document.getAnimations().map(it => it.finished))";
    page.js(still).await;
    prefers(&page, "prefers-reduced-motion", "reduce").await;
    page.js(&format!("{still}; moved.length = 0; return 0")).await;
    assert_eq!(all().await, json!([]));
    page.close().await;
}

async fn in_forced_colours_the_playhead_and_the_focus_are_seen() {
    let page = Page::open().await;
    prefers(&page, "forced-colors", "active").await;
    page.js("await leftfold.seek(3)").await;
    // Backgrounds are the system's, so a line must say it.
    let lines = "const style = getComputedStyle(it);
        return ['outlineStyle', 'borderLeftStyle', 'borderBottomStyle'].some(side => style[side] !== 'none')";
    let row =
        format!("const it = document.querySelector('[role=grid] [aria-selected=true]'); {lines}");
    assert_eq!(page.js(&row).await, true);
    page.press_tab(1).await;
    let focus = "getComputedStyle(document.activeElement).outlineStyle !== 'none'";
    assert_eq!(page.js(focus).await, true);
    let pressed = format!("const it = document.querySelector('[aria-pressed]'); {lines}");
    assert_eq!(page.js(&pressed).await, true);
    assert_eq!(page.barriers().await, [""; 0]);
    page.close().await;
}

async fn nothing_is_cut_off_at_200_percent_nor_on_320_pixels() {
    let page = Page::sized(720, 450).await;
    for (width, height) in [(720, 450), (320, 640)] {
        // A window is never so narrow; a phone is.
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": size });
        page.driver("goog/cdp/execute", command).await;
        for shown in ["cart", "transfers", "office"] {
            page.js(&format!("await leftfold.open('{shown}'); return 0")).await;
            page.until(&format!("innerWidth === {width}")).await;
            let wide = page.js("document.documentElement.scrollWidth").await;
            assert!(wide.as_u64().unwrap() <= width, "{shown} is {wide} wide on {width}");
        }
    }
    page.close().await;
}

/// What can be pressed and is seen, each by its name; those that Tab has come to are marked.
const NOT_REACHED: &str = "
    const seen = it => it.checkVisibility() && it.getClientRects().length > 0 && !it.disabled;
    return [...document.querySelectorAll('button, a[href], input, select, textarea, summary, [tabindex=\"0\"]')]
        .filter(it => seen(it) && it.tabIndex >= 0 && !reached.has(it) && !it.closest('[role=grid]'))
        .map(it => it.getAttribute('aria-label') ?? it.innerText)";

async fn tab_reaches_everything_that_can_be_pressed_and_shows_where_it_is() {
    let page = Page::open().await;
    page.js(
        "window.reached = new Set(); window.hidden = []; document.activeElement.blur(); return 0",
    )
    .await;
    for _ in 0..120 {
        page.press_tab(1).await;
        page.js("const it = document.activeElement, style = getComputedStyle(it);
             reached.add(it);
             const marked = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
             if (it !== document.body && !marked) hidden.push(it.outerHTML.slice(0, 80));
             return 0")
            .await;
    }
    assert_eq!(page.js(NOT_REACHED).await, json!([]));
    assert_eq!(page.js("window.hidden").await, json!([]));
    page.close().await;
}
