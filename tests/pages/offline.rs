//! Without a network, and from one version to the next: what the browser has kept, and what happens
//! where a new version is broken.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fantoccini::wd::WindowHandle;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::page::Page;
use crate::page::site::{self, Site};
use Browsers::{Both, Chromium};

const ALIKE: &str = "browsers differ in none of this";

tests! {
    Chromium(ALIKE) => [
        the_page_works_from_any_folder_and_can_be_installed,
        where_no_worker_can_be_nothing_is_said_of_it,
        a_page_that_is_on_its_way_says_how_far_it_has_come,
    ],
    Both => [
        once_everything_is_kept_nothing_needs_a_network,
        what_is_not_kept_says_that_it_needs_a_network,
        an_update_waits_beside_two_tabs_and_both_take_it_at_a_press,
        an_update_comes_by_itself_once_all_tabs_are_closed,
        a_version_that_does_not_start_gives_its_place_to_the_one_before,
        a_version_of_which_nothing_is_heard_gives_its_place_to_the_one_before,
        a_version_that_is_not_whole_is_never_taken,
        an_accident_at_the_start_is_tried_once_more,
        tabs_that_come_back_all_at_once_say_nothing_against_a_version,
    ],
}

/// The browser has what the page needs to open.
const KEPT: &str = "!!navigator.serviceWorker.controller";

async fn kept() -> Page {
    let page = Page::open().await;
    page.until(KEPT).await;
    page
}

/// Loads the page again, as a person does. Firefox's driver would pass by what is kept.
async fn again(page: &Page) {
    page.js("window.here = true; setTimeout(() => location.reload()); return 0").await;
    page.until("window.here === undefined && document.readyState === 'complete'").await;
}

async fn reload(page: &Page) {
    again(page).await;
    page.ready().await;
}

async fn open_the_road(page: &Page) {
    page.click_on("//summary[normalize-space(.)='For the road']").await;
}

async fn once_everything_is_kept_nothing_needs_a_network() {
    let mut page = kept().await;
    page.click("Lessons").await;
    open_the_road(&page).await;
    page.shows("For the road", "works without a network already").await;
    page.click("Keep everything").await;
    page.shows("For the road", "Everything is kept").await;
    page.site.switch_off();

    reload(&page).await;
    let opened = page
        .js("const all = await leftfold.scenarios();
             for (const { id } of all) await leftfold.open(id);
             return all.length")
        .await;
    assert!(opened.as_u64().unwrap() > 10, "{opened}");
    // Links from elsewhere have something of their own behind a question mark.
    page.visit("?from=elsewhere#/bank").await;
    page.ready().await;
    assert_eq!(page.js("document.title").await, "Bank accounts · Leftfold");
    let lessons = "(await leftfold.lessons()).length > 30";
    assert_eq!(page.js(lessons).await, true);
    let exercises = page
        .js("for (const { id } of await leftfold.lessons()) {
                 await leftfold.lesson(id, 1);
                 if (!(await leftfold.exercise()).task) return id;
             }
             return ''")
        .await;
    assert_eq!(exercises, "");
    page.js("await leftfold.open('cart')").await;
    for tool in [
        "Race",
        "Why, and since when",
        "What if",
        "Compare",
        "Specs",
        "Watch",
        "Shards",
        "Snapshots",
    ] {
        page.click_menu("Lab ▾", tool).await;
        page.find(&format!("[role=dialog][aria-label='{tool}']")).await;
        page.press(['\u{e00c}']).await;
    }
    let code = page.js("(await leftfold.code('cart-1')).source.length > 100").await;
    assert_eq!(code, true);
    page.click_menu("Log ▾", "Make it mine").await;
    page.until("location.hash.startsWith('#/own/')").await;
    page.click_menu("Lab ▾", "Code").await;
    page.find("[role=dialog] .editor .host").await;
    page.until("[...document.querySelectorAll('[role=status]')].some(it => it.innerText.includes('Version 1 runs.'))").await;
    let answer =
        "(await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'pears' } })).outcome";
    assert_eq!(page.js(answer).await, "accepted");
    page.close().await;
}

async fn what_is_not_kept_says_that_it_needs_a_network() {
    let mut page = kept().await;
    // What somebody has asked for is kept from then on.
    let code = "(await leftfold.code('cart-1')).source?.length > 100";
    assert_eq!(page.js(code).await, true);
    page.site.switch_off();
    reload(&page).await;
    assert_eq!(page.js(code).await, true);
    page.js("await leftfold.open('bank')").await;
    assert_ne!(page.js(&code.replace("cart", "account")).await, true);
    page.click("Lessons").await;
    page.shows("Lessons", "could not be fetched: is there a network?").await;
    open_the_road(&page).await;
    page.click("Keep everything").await;
    page.shows("For the road", "Not everything could be kept").await;
    page.site.switch_on().await;
    page.click("Keep everything").await;
    page.shows("For the road", "Everything is kept").await;
    page.close().await;
}

/// The built page in a folder of its own, where a test can change it.
pub struct Build {
    pub folder: PathBuf,
}

impl Build {
    pub fn copied() -> Self {
        let name =
            format!("leftfold-build-{}-{:?}", std::process::id(), std::thread::current().id());
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        copy(&site::dist(), &folder);
        Self { folder }
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.join(file)).unwrap()
    }

    /// Another version, in which a file is another one. `whole` is false where the server has not got
    /// that file yet.
    fn publish(&self, version: &str, file: &str, change: impl Fn(&str) -> String, whole: bool) {
        let mut worker = self.read("sw.js");
        let index = self.read("index.html");
        let before = between(&index, "name=\"version\" content=\"", "\"").to_owned();
        let index = index.replace(&before, version);
        worker = worker.replacen(&before, version, 1);
        let mut written = vec![];
        if file == "index.html" {
            written.push((file, change(&index)));
        } else {
            written.extend([(file, change(&self.read(file))), ("index.html", index)]);
        }
        for (file, content) in written {
            let start = format!("\"{file}\":");
            let hash = between(worker.split_once(&start).unwrap().1, "\"", "\"").to_owned();
            let sum = BASE64_STANDARD.encode(Sha256::digest(content.as_bytes()));
            worker = worker.replacen(&hash, &format!("sha256-{sum}"), 1);
            if whole {
                std::fs::write(self.folder.join(file), content).unwrap();
            }
        }
        std::fs::write(self.folder.join("sw.js"), worker).unwrap();
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else if !target.extension().is_some_and(|it| it == "br" || it == "gz") {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

const VERSION: &str = "document.querySelector('meta[name=version]').content";

/// A page whose build can change, and that build.
async fn changeable() -> (Page, Build) {
    let build = Build::copied();
    let page = Page::of(Site::start(build.folder.clone()).await, None).await;
    page.resize(1440, 900).await;
    page.goto("#/cart").await;
    page.until(KEPT).await;
    (page, build)
}

async fn tabs(page: &Page) -> (WindowHandle, WindowHandle) {
    let here = page.client.window().await.unwrap();
    let there = page.client.new_window(true).await.unwrap().handle;
    page.client.switch_to_window(there.clone()).await.unwrap();
    page.goto("#/cart").await;
    (here, there)
}

/// Looks for another version, and waits until it is there or is given up.
async fn look_for_update(page: &Page) {
    page.js("const registration = await navigator.serviceWorker.ready;
         await registration.update();
         const coming = registration.installing;
         if (coming) await new Promise(done => {
             const look = () => coming.state !== 'installing' && done();
             coming.addEventListener('statechange', look);
             look();
         });
         return 0")
        .await;
}

fn titled(text: &str) -> impl Fn(&str) -> String {
    move |page| page.replacen("<title>", &format!("<title>{text} "), 1)
}

async fn an_update_waits_beside_two_tabs_and_both_take_it_at_a_press() {
    let (page, build) = changeable().await;
    let (here, there) = tabs(&page).await;
    let before = page.js(VERSION).await;
    let log = page.js("(await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'pears' } })).outcome").await;
    assert_eq!(log, "accepted");
    let head = page.js("leftfold.head()").await;
    build.publish("0123456789abcdef", "index.html", titled("New"), true);
    look_for_update(&page).await;

    page.shows("Version", "A newer version of Leftfold is here").await;
    reload(&page).await;
    assert_eq!(page.js(VERSION).await, before, "a reload takes no update while a tab is open");
    page.client.switch_to_window(here.clone()).await.unwrap();
    page.shows("Version", "A newer version of Leftfold is here").await;
    assert_eq!(page.barriers().await, Vec::<String>::new());

    page.click("Take it now").await;
    for tab in [here, there] {
        page.client.switch_to_window(tab).await.unwrap();
        page.until(&format!("{VERSION} === '0123456789abcdef'")).await;
        page.ready().await;
        assert_eq!(page.js("leftfold.head()").await, head);
        page.until("document.querySelector('[aria-label=Version]') === null").await;
    }
    page.close().await;
}

async fn an_update_comes_by_itself_once_all_tabs_are_closed() {
    let (page, build) = changeable().await;
    build.publish("0123456789abcdef", "index.html", titled("New"), true);
    look_for_update(&page).await;
    page.shows("Version", "A newer version of Leftfold is here").await;
    // Nothing of the site is open for a moment.
    page.client.goto("about:blank").await.unwrap();
    let came = async || {
        page.goto("#/cart").await;
        page.js(VERSION).await == "0123456789abcdef"
    };
    // A browser may take a moment to notice that the tab is gone.
    for _ in 0..50 {
        if came().await {
            return page.close().await;
        }
        page.client.goto("about:blank").await.unwrap();
    }
    panic!("the update never came");
}

/// Takes the next version, which comes to nothing, and expects the one before.
async fn falls_back(page: &Page, before: &serde_json::Value) {
    page.until(&format!("{VERSION} === {before}")).await;
    page.ready().await;
    page.shows("Version", "has not started in this browser").await;
    reload(page).await;
    assert_eq!(page.js(VERSION).await, *before);
    assert_eq!(page.js("(await leftfold.head()) > 0").await, true);
}

async fn a_version_that_does_not_start_gives_its_place_to_the_one_before() {
    let (page, build) = changeable().await;
    let before = page.js(VERSION).await;
    build.publish("0123456789abcdef", "leftfold.js", |it| format!("null.nothing;{it}"), true);
    look_for_update(&page).await;
    page.click("Take it now").await;
    falls_back(&page, &before).await;
    page.click("Try the newest again").await;
    falls_back(&page, &before).await;

    // A version that works is taken as ever.
    let whole = std::fs::read_to_string(site::dist().join("leftfold.js")).unwrap();
    build.publish("fedcba9876543210", "leftfold.js", move |_| whole.clone(), true);
    look_for_update(&page).await;
    page.click("Take it now").await;
    page.until(&format!("{VERSION} === 'fedcba9876543210'")).await;
    page.ready().await;
    page.until("document.querySelector('[aria-label=Version]') === null").await;
    page.close().await;
}

async fn a_version_of_which_nothing_is_heard_gives_its_place_to_the_one_before() {
    let (page, build) = changeable().await;
    let before = page.js(VERSION).await;
    build.publish("0123456789abcdef", "boot.js", |it| format!("this is no script {it}"), true);
    look_for_update(&page).await;
    page.click("Take it now").await;
    page.until(&format!("{VERSION} === '0123456789abcdef'")).await;
    // Somebody loads the page again and again.
    for _ in 0..10 {
        again(&page).await;
        if page.js(VERSION).await == before {
            break;
        }
    }
    falls_back(&page, &before).await;
    page.close().await;
}

async fn a_version_that_is_not_whole_is_never_taken() {
    let (page, build) = changeable().await;
    let before = page.js(VERSION).await;
    build.publish("0123456789abcdef", "style.css", |it| format!("{it}/* new */"), false);
    look_for_update(&page).await;
    assert_eq!(page.js("document.querySelector('[aria-label=Version]')").await, json!(null));
    reload(&page).await;
    assert_eq!(page.js(VERSION).await, before);
    page.close().await;
}

async fn the_page_works_from_any_folder_and_can_be_installed() {
    let mut page = Page::unopened().await;
    page.goto("compressed/#/cart").await;
    page.until(
        "navigator.serviceWorker.controller?.scriptURL.endsWith('/compressed/sw.js') === true",
    )
    .await;
    let command = json!({ "cmd": "Page.getInstallabilityErrors", "params": {} });
    let errors = page.driver("goog/cdp/execute", command).await;
    assert_eq!(errors["installabilityErrors"], json!([]));
    page.site.switch_off();
    reload(&page).await;
    assert_eq!(page.js("(await leftfold.head()) > 0").await, true);
    page.close().await;
}

async fn where_no_worker_can_be_nothing_is_said_of_it() {
    let page = Page::unopened().await;
    page.visit("?no-worker#/cart").await;
    page.ready().await;
    page.js("window.wrong = []; addEventListener('error', it => wrong.push(it.message)); return 0")
        .await;
    page.click("Lessons").await;
    page.shows("Lessons", "Glossary").await;
    let road = "document.querySelector('[aria-label=\"For the road\"]')";
    assert_eq!(page.js(road).await, json!(null));
    assert_eq!(page.js("window.wrong").await, json!([]));
    page.close().await;
}

async fn a_page_that_is_on_its_way_says_how_far_it_has_come() {
    let page = Page::unopened().await;
    page.visit("?half#/cart").await;
    page.until("/on its way: (49|50) %/.test(document.querySelector('[role=status]').innerText)")
        .await;
    page.js("goOn(); return 0").await;
    page.ready().await;
    assert_eq!(page.js("(await leftfold.head()) > 0").await, true);
    page.close().await;
}

async fn an_accident_at_the_start_is_tried_once_more() {
    let (page, build) = changeable().await;
    let once = "if (!sessionStorage.once) { sessionStorage.once = 1; null.nothing; }";
    build.publish("0123456789abcdef", "leftfold.js", |it| format!("{once}{it}"), true);
    look_for_update(&page).await;
    page.click("Take it now").await;
    page.until(&format!("{VERSION} === '0123456789abcdef' && !!sessionStorage.once")).await;
    page.ready().await;
    page.until("document.querySelector('[aria-label=Version]') === null").await;
    page.close().await;
}

async fn tabs_that_come_back_all_at_once_say_nothing_against_a_version() {
    let (page, build) = changeable().await;
    let mut all = vec![page.client.window().await.unwrap()];
    for _ in 0..7 {
        all.push(tabs(&page).await.1);
    }
    build.publish("0123456789abcdef", "index.html", titled("New"), true);
    look_for_update(&page).await;
    page.click("Take it now").await;
    for tab in all {
        page.client.switch_to_window(tab).await.unwrap();
        page.until(&format!("{VERSION} === '0123456789abcdef'")).await;
        page.ready().await;
        page.until("document.querySelector('[aria-label=Version]') === null").await;
    }
    page.close().await;
}
