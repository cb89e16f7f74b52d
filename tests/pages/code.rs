//! The code that did it: the source of a fold, with the arm that handled the event at the playhead.

use serde_json::json;

use crate::page::Page;

tests! {
    Browsers::Both => [
        the_arm_that_handled_the_event_is_marked_and_follows_the_playhead,
    ],
    Browsers::Chromium("what is marked is worked out in Rust; the test above fetches it in each browser") => [
        what_decides_and_folds_is_marked_while_a_command_is_stepped_into,
        a_read_model_that_names_no_event_is_marked_where_it_takes_it_in,
        code_that_cannot_be_fetched_is_said_to_be_so,
        the_source_of_everything_is_told_by_program,
    ],
    Browsers::Chromium("axe reads the document and its styles, which are the same everywhere") => [
        axe_finds_nothing_in_the_code,
    ],
}

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const ESCAPE: char = '\u{e00c}';
const LEFT: char = '\u{e012}';

/// The lines that are marked, as they are read: each with the words that say why, if any.
const MARKED: &str =
    "[...document.querySelectorAll('[role=dialog][aria-label=Code] li[aria-current=true]')]
    .map(it => it.textContent.trim())";

/// Opens the code of a panel by keyboard, from its menu.
async fn open_code(page: &Page, name: &str) {
    page.js(&format!("document.querySelector('[aria-label=\"More about {name}\"]').focus()")).await;
    page.press([ENTER]).await;
    page.until("document.querySelector('details[open] .sheet:popover-open') !== null").await;
    // Past “See it fold” and “Why”.
    page.press([TAB, TAB, TAB, ENTER]).await;
    page.until("document.querySelector('[role=region][aria-label^=\"Source of\"]') !== null").await;
}

/// Opens the code of a read model or a process by its menu.
async fn open_in_menu(page: &Page, name: &str) {
    page.click_on(&format!("//summary[@aria-label='More about {name}']")).await;
    page.click(&format!("Code {name}")).await;
}

async fn the_arm_that_handled_the_event_is_marked_and_follows_the_playhead() {
    let page = Page::open().await;
    page.js("await leftfold.seek(3)").await;
    open_code(&page, "cart-1").await;
    assert_eq!(page.js("document.activeElement.textContent").await, json!("Code"));
    assert_eq!(
        page.js(MARKED).await,
        json!(["AddedToCart { item } => *self.items.entry(item.clone()).or_default() += 1,\
             this arm handled AddedToCart"])
    );
    // The line stands in view, under the number that it has in its file.
    let place = page
        .js("const line = document.querySelector('[role=region][aria-label^=\"Source of\"] li[aria-current]');
             const box = line.getBoundingClientRect(), list = line.closest('[role=region]').getBoundingClientRect();
             const number = line.parentElement.start + [...line.parentElement.children].indexOf(line);
             return [box.top >= list.top && box.bottom <= list.bottom, number]")
        .await;
    let file = include_str!("../../crates/scenarios/src/cart.rs");
    let at = file.lines().position(|it| it.trim().starts_with("AddedToCart { item } => *self"));
    assert_eq!(place, json!([true, at.unwrap() + 1]));

    // The playhead moves, and the mark with it.
    page.js("await leftfold.seek(4)").await;
    page.until(&format!("{MARKED}[0]?.startsWith('RemovedFromCart')")).await;
    let marked = page.js(MARKED).await;
    assert_eq!(marked.as_array().unwrap().len(), 4, "{marked}");
    assert!(marked[0].as_str().unwrap().ends_with("this arm handled RemovedFromCart"), "{marked}");
    page.press([LEFT]).await;
    page.until(&format!("{MARKED}[0]?.startsWith('AddedToCart')")).await;
    page.js("await leftfold.seek(0)").await;
    page.until(&format!("{MARKED}.length === 0")).await;

    // Escape gives the focus back to where it came from.
    page.press([ESCAPE]).await;
    page.until("document.querySelector('[role=dialog][aria-label=Code]') === null").await;
    page.close().await;
}

async fn what_decides_and_folds_is_marked_while_a_command_is_stepped_into() {
    let page = Page::open().await;
    let source = page.js("(await leftfold.code('cart-1')).source").await;
    assert!(source.as_str().unwrap().contains("fn decide"), "{source}");
    open_code(&page, "cart-1").await;
    page.click("Step into").await;
    // Each step is looked at before the next one: what the drawer says, and what it marks.
    let looks = format!(
        "const said = document.querySelector('[role=dialog][aria-label=Code] p.handled').textContent;
         return `${{said}} ${{{MARKED}[0]}}`;"
    );
    let mut told = Vec::new();
    while page
        .js("[...document.querySelectorAll('button')].some(it => it.textContent === 'Next step')")
        .await
        == json!(true)
    {
        told.push(page.js(&looks).await.as_str().unwrap().to_owned());
        assert!(told.len() < 40, "{told:?}");
        let steps = "document.querySelectorAll('[aria-label=\"Steps so far\"] > li').length";
        let before = page.js(steps).await;
        page.click("Next step").await;
        page.until(&format!(
            "{steps} > {before} || !document.body.textContent.includes('Next step')"
        ))
        .await;
    }
    let has = |what: &str| told.iter().any(|it| it.starts_with(what));
    let arm = "AddToCart { item } | RemoveFromCart { item } if item.trim().is_empty() => {";
    let decided = format!("cart-1: AddToCart was handled by what is marked. {arm}");
    assert!(has(&decided), "{told:#?}");
    // What was folded before, and what was recorded then, are events of the same arm.
    for position in [10, 11] {
        let folded =
            format!("cart-1: #{position}, AddedToCart was handled by what is marked. Added");
        assert!(has(&folded), "{told:#?}");
    }
    page.close().await;
}

async fn a_read_model_that_names_no_event_is_marked_where_it_takes_it_in() {
    let page = Page::open().await;
    page.js("await leftfold.seek(3)").await;
    open_in_menu(&page, "Best sellers").await;
    page.until(&format!("{MARKED}.length > 1")).await;
    let marked = page.js(MARKED).await;
    let first = marked[0].as_str().unwrap();
    assert!(first.starts_with("fn apply(&mut self"), "{first}");
    assert!(first.ends_with("apply took in AddedToCart; no arm names it"), "{first}");

    // The list of an aggregate's states shows its evolve, and the kernel's apply.
    open_in_menu(&page, "Carts now").await;
    page.until(&format!("{MARKED}.some(it => it.startsWith('AddedToCart {{ item }} =>'))")).await;
    let files = page
        .js("[...document.querySelectorAll('[role=region][aria-label^=\"Source of\"] > p')].map(it => it.textContent)")
        .await;
    assert_eq!(
        files,
        json!([
            "crates/scenarios/src/cart.rs",
            "crates/es/src/states.rs",
            "crates/scenarios/src/cart.rs"
        ])
    );
    page.close().await;
}

async fn code_that_cannot_be_fetched_is_said_to_be_so() {
    let page = Page::open().await;
    page.js("window.fetch = () => Promise.reject(new TypeError('no network'))").await;
    let failed = page.js("await leftfold.code('cart-1').catch(it => [it.code, it.message])").await;
    let why = "The code could not be fetched: is there a network?";
    assert_eq!(failed, json!(["storage", why]));
    open_in_menu(&page, "cart-1").await;
    let said = "document.querySelector('[role=dialog][aria-label=Code] [role=alert]')?.textContent";
    page.until(&format!("{said} === '{why}'")).await;
    page.close().await;
}

async fn the_source_of_everything_is_told_by_program() {
    let page = Page::open().await;
    let ids = page.js("(await leftfold.scenarios()).map(it => it.id)").await;
    for id in ids.as_array().unwrap() {
        page.js(&format!("await leftfold.open({id}, {{ storage: 'memory' }})")).await;
        let faults = page
            .js("const all = await leftfold.subscriptions(), faults = [];
                 const streams = (await leftfold.events(1, await leftfold.head())).map(it => it.stream);
                 for (const name of [...all.map(it => it.name), ...new Set(streams)]) {
                     const { file, language, source, arms } = await leftfold.code(name);
                     const lines = source.split('\\n');
                     if (language !== 'rust' || !file.endsWith('.rs')) faults.push(name);
                     for (const { variant, from, to } of arms)
                         if (!lines.slice(from - 1, to).join('\\n').includes(variant)) faults.push(`${name} ${variant}`);
                 }
                 return faults;")
            .await;
        assert_eq!(faults, json!([]), "{id}");
    }
    let unknown = page.js("await leftfold.code('Carts then').catch(it => it.code)").await;
    assert_eq!(unknown, json!("unknown_projection"));
    page.close().await;
}

async fn axe_finds_nothing_in_the_code() {
    let page = Page::open().await;
    for theme in ["light", "dark"] {
        page.theme(theme).await;
        page.js("await leftfold.seek(4)").await;
        open_code(&page, "cart-1").await;
        page.until(&format!("{MARKED}.length === 4")).await;
        assert_eq!(page.barriers().await, Vec::<String>::new(), "{theme}");
        page.press([ESCAPE]).await;
        page.press(['f']).await;
        page.until("document.querySelector('[role=grid][aria-label=Fold]') !== null").await;
        page.js("document.querySelector('[aria-label=\"Code of cart-1\"]').click(); return 0")
            .await;
        page.until(&format!("{MARKED}.length === 4")).await;
        assert_eq!(page.barriers().await, Vec::<String>::new(), "beside the fold, {theme}");
        page.press([ESCAPE, 'f']).await;
        page.until("document.querySelector('[role=grid][aria-label=Fold]') === null").await;
    }
    page.close().await;
}
