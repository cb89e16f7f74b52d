//! A domain of one's own, in a headless browser: made of a scenario, edited, stopped, shared.

use crate::page::{Page, logs};

tests! {
    Browsers::Both => [
        a_scenario_is_made_ones_own_and_edited_by_keyboard_and_everything_follows,
        code_that_loops_is_not_adopted_and_what_loops_later_is_stopped_once_and_not_after_a_reload,
        none_of_the_hostile_code_reaches_out_or_blocks_the_page_for_long,
    ],
    Browsers::Chromium("browsers differ in none of this") => [
        an_error_is_marked_and_the_code_before_goes_on_running,
        code_that_came_with_a_link_is_shown_and_does_not_run_before_somebody_lets_it,
        code_of_an_exercise_that_came_with_a_link_is_asked_for_in_a_new_tab,
        what_is_kept_outside_of_the_state_and_what_changes_its_arguments_is_said,
        versions_are_kept_gone_back_to_and_compared,
        specs_come_from_the_log_and_are_run_at_every_edit,
        an_expression_is_watched_through_the_log_and_after_a_reload,
        a_domain_is_installed_by_program_and_its_faults_have_a_place,
        a_domain_of_ones_own_begins_with_a_small_one_and_is_downloaded_in_rust,
    ],
}

/// What the editor holds the text in.
const CONTENT: &str = "document.querySelector(\"[role='dialog'] .editor .host\").shadowRoot.querySelector(\"[role='textbox']\")";
/// The editor's whole text. It draws only what is in view.
const TEXT: &str = "(it => (it.cmTile?.view ?? it.cmView.view).state.doc.toString())(document.querySelector(\"[role='dialog'] .editor .host\").shadowRoot.querySelector(\"[role='textbox']\"))";
const CAME: &str = "document.querySelector(\"[aria-label='What came of the edit']\").innerText";
const STATUS: &str = "document.querySelector(\"[role='dialog'] [role='status']\").innerText";

const DOOR: &str = "domain({ title: 'Door', aggregates: { door: { initial: { open: false }, \
    commands: { Open: {}, Shut: {} }, events: { Opened: {}, WasShut: {} }, \
    decide(state, command) { BODY }, \
    evolve: (state, event) => ({ open: event.type === 'Opened' }) } } })";
const DECIDES: &str = "return [{ type: command.type === 'Open' ? 'Opened' : 'WasShut' }];";

fn door(body: &str) -> String {
    DOOR.replace("BODY", body)
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// The cart's story, made one's own, with its code open.
async fn mine() -> Page {
    let page = Page::open().await;
    page.until("await leftfold.head() > 0").await;
    page.click_menu("Log ▾", "Make it mine").await;
    page.until("location.hash.startsWith('#/own/')").await;
    page.click_menu("Lab ▾", "Code").await;
    page.until(&format!("{STATUS}.includes('Version 1 runs.')")).await;
    page.until(&format!("{CONTENT}.textContent.length > 0")).await;
    page
}

/// Replaces a part of the text, as whoever types it there.
async fn edit(page: &Page, old: &str, new: &str) {
    let (old, new) = (quoted(old), quoted(new));
    let script = format!(
        "const view = ({CONTENT}).cmTile?.view ?? ({CONTENT}).cmView.view; const text = view.state.doc.toString(); \
         const from = text.indexOf({old}); if (from < 0) throw new Error('it is not there'); \
         view.dispatch({{ changes: {{ from, to: from + {old}.length, insert: {new} }} }}); return 0"
    );
    page.js(&script).await;
}

async fn a_scenario_is_made_ones_own_and_edited_by_keyboard_and_everything_follows() {
    let page = mine().await;
    assert_eq!(page.barriers().await, [""; 0]);
    let head = page.js("leftfold.head()").await;
    // Into the editor by its focus, to the end of the text, and one more comment.
    page.js(&format!("({CONTENT}).focus(); return 0")).await;
    page.press(['\u{e009}', '\u{e010}', '\u{e009}']).await;
    page.press("// mine".chars()).await;
    page.until(&format!("{STATUS}.includes('Version 2 runs.')")).await;
    page.until(&format!("{CAME}.includes('Nothing that is shown at the playhead.')")).await;
    // Tab leaves the editor.
    page.press(['\u{e004}']).await;
    page.until("!document.activeElement.shadowRoot").await;
    edit(&page, "add(items, event.item, 1)", "add(items, event.item, 2)").await;
    page.until(&format!("{CAME}.includes('items · coffee')")).await;
    assert_eq!(page.js("(await leftfold.state('cart-1')).state.items.coffee").await, 2);
    assert_eq!(page.js("leftfold.head()").await, head, "what was recorded stays");
    page.unfold("Carts now").await;
    page.shows("Carts now", "2 coffee").await;
    // It goes on under the new rules, and time travel works as everywhere.
    page.js(
        "await leftfold.send('cart-9', { type: 'AddToCart', data: { item: 'figs' } }); return 0",
    )
    .await;
    assert_eq!(page.js("(await leftfold.state('cart-9')).state.items.figs").await, 2);
    page.js("await leftfold.seek(1); return 0").await;
    assert_eq!(page.js("(await leftfold.state('cart-1')).state.items").await["apples"], 2);
    page.close().await;
}

async fn an_error_is_marked_and_the_code_before_goes_on_running() {
    let page = mine().await;
    edit(&page, "add(items, event.item, 1)", "add(items, evnt.item, 1)").await;
    page.until(&format!(
        "{CAME}.includes(\"'evnt' is not defined\") || {CAME}.includes('evnt is not defined')"
    ))
    .await;
    let came = page.js(CAME).await;
    let came = came.as_str().unwrap();
    assert!(came.contains("#1, AddedToCart") && came.contains("The state before it was"), "{came}");
    page.until(&format!("{STATUS}.includes('Version 1 goes on running')")).await;
    assert_eq!(page.js("(await leftfold.state('cart-1')).state.items.coffee").await, 1);
    // A reload keeps what was typed, and what ran.
    page.reload().await;
    page.click_menu("Lab ▾", "Code").await;
    page.until(&format!("{TEXT}.includes('evnt')")).await;
    edit(&page, "evnt", "event").await;
    page.until(&format!("{STATUS}.includes('runs.')")).await;
    // What is no JavaScript has a line.
    edit(&page, "domain({", "domain({{").await;
    page.until(&format!("{CAME}.includes('SyntaxError') && /Line \\d+/.test({CAME})")).await;
    page.close().await;
}

async fn code_that_loops_is_not_adopted_and_what_loops_later_is_stopped_once_and_not_after_a_reload()
 {
    let page = mine().await;
    edit(&page, "decide({ items }, command) {", "decide({ items }, command) {\n    for (;;);")
        .await;
    page.until(&format!("{CAME}.includes('does not come to an end')")).await;
    page.until(&format!("{STATUS}.includes('Version 1 goes on running')")).await;
    edit(&page, "for (;;);", "while (command.item === 'figs');").await;
    page.until(&format!("{STATUS}.includes('Version 2 runs.')")).await;
    let why = page
        .js("return leftfold.send('cart-9', { type: 'AddToCart', data: { item: 'figs' } }).catch(it => it.message)")
        .await;
    assert!(why.as_str().unwrap().contains("does not come to an end"), "{why}");
    page.until(&format!("{STATUS}.includes('This code does not run')")).await;
    page.reload().await;
    // It is not run again: the code is shown, and the events are.
    page.until(&format!("{STATUS}.includes('This code does not run')")).await;
    assert!(page.js("leftfold.head()").await.as_u64().unwrap() > 0);
    page.shows("Streams", "cart-1").await;
    page.until(&format!("{TEXT}.includes('figs')")).await;
    edit(&page, "while (command.item === 'figs');", "").await;
    page.until(&format!("{STATUS}.includes('runs.')")).await;
    page.js(
        "await leftfold.send('cart-9', { type: 'AddToCart', data: { item: 'figs' } }); return 0",
    )
    .await;
    page.close().await;
}

async fn code_that_came_with_a_link_is_shown_and_does_not_run_before_somebody_lets_it() {
    let page = mine().await;
    edit(&page, "title: \"Shopping cart\"", "title: \"A shop of mine\"").await;
    page.until(&format!("{STATUS}.includes('Version 2 runs.')")).await;
    let link = logs::share(&page).await;
    page.close().await;
    let elsewhere = Page::unopened().await;
    elsewhere.visit(&format!("#{}", link.split_once('#').map_or("", |it| it.1))).await;
    elsewhere.until(&format!("{STATUS}.includes('does not run yet')")).await;
    assert_eq!(elsewhere.js("document.title").await, "Your own domain · Leftfold");
    elsewhere.until(&format!("{TEXT}.includes('A shop of mine')")).await;
    elsewhere.click("Run it").await;
    elsewhere.until("document.title === 'A shop of mine · Leftfold'").await;
    assert_eq!(elsewhere.js("(await leftfold.state('cart-1')).state.items.coffee").await, 1);
    elsewhere.close().await;
}

async fn code_of_an_exercise_that_came_with_a_link_is_asked_for_in_a_new_tab() {
    let page = mine().await;
    let exercise = "{ title: 'Coffee', task: 'Put coffee into the cart.',
        goals: [{ goal: { count: { of: 'log', each: { is: ['/data/item', '=', { value: 'cocoa' }] }, min: 1 } } }],
        solution: [['send', 'cart-1', { type: 'AddToCart', data: { item: 'cocoa' } }]] }";
    let link = page.js(&format!("await leftfold.makeExercise({exercise})")).await;
    let link = link.as_str().unwrap_or_else(|| panic!("{link}"));
    let elsewhere = Page::unopened().await;
    elsewhere.visit(&format!("#{}", link.split_once('#').unwrap().1)).await;
    // A page stands around what is asked, and it is ready.
    elsewhere.ready().await;
    elsewhere.shows("Code of an exercise", "comes with code of its own").await;
    elsewhere.click("Run it").await;
    elsewhere.until("(await leftfold.exercise())?.task === 'Put coffee into the cart.'").await;
    elsewhere.close().await;
    page.close().await;
}

async fn what_is_kept_outside_of_the_state_and_what_changes_its_arguments_is_said() {
    let page = mine().await;
    edit(&page, "const cart = {", "let count = 0;\nconst cart = {").await;
    edit(
        &page,
        "return { items: add(items, event.item, 1) };",
        "count += 1;\n        return { items: add(items, event.item, count) };",
    )
    .await;
    page.until(&format!("{CAME}.includes('does not depend on its arguments alone')")).await;
    edit(
        &page,
        "return { items: add(items, event.item, count) };",
        "items[event.item] = 1;\n        return { items };",
    )
    .await;
    page.until(&format!("{CAME}.includes('changes what it was given')")).await;
    page.close().await;
}

async fn versions_are_kept_gone_back_to_and_compared() {
    let page = mine().await;
    page.click_menu("Versions ▾", "Keep this version").await;
    edit(&page, "add(items, event.item, 1)", "add(items, event.item, 2)").await;
    page.until(&format!("{CAME}.includes('items · coffee')")).await;
    page.js(
        "const it = document.querySelector(\"[aria-label='Compare with version']\"); it.value = '1'; \
         it.dispatchEvent(new Event('change', { bubbles: true })); return 0",
    )
    .await;
    page.until("(await leftfold.subscriptions()).length > 0 && document.querySelector(\"[aria-label='Compare with version']\").value === '1'").await;
    page.until(&format!("{STATUS}.includes('runs.')")).await;
    page.js("await leftfold.subscription('Carts now', { code: 1 }); return 0").await;
    page.unfold("Carts now").await;
    page.shows("Carts now", "coffee").await;
    page.js(
        "const it = document.querySelector(\"[aria-label='Go back to version']\"); it.value = '1'; \
         it.dispatchEvent(new Event('change', { bubbles: true })); return 0",
    )
    .await;
    page.until("(await leftfold.state('cart-1')).state.items.coffee === 1").await;
    page.close().await;
}

async fn specs_come_from_the_log_and_are_run_at_every_edit() {
    let page = mine().await;
    let head = page.js("leftfold.head()").await;
    page.click(&format!("Specs from #1 to #{head}")).await;
    page.until(&format!("/Specs: (\\d+) of \\1 hold/.test({CAME})")).await;
    // A rule that is changed makes one red, with what came instead.
    edit(&page, "there are no ${item} in this cart", "no ${item} here").await;
    page.until(&format!("{CAME}.includes('fails ') && {CAME}.includes('came instead: no ')")).await;
    page.close().await;
}

async fn an_expression_is_watched_through_the_log_and_after_a_reload() {
    let page = Page::open().await;
    page.js("await leftfold.seek(0); return 0").await;
    page.click_menu("Lab ▾", "Watch").await;
    let field = page.find("[role='dialog'] input").await;
    page.type_over(&field, "state(\"cart-1\").items.apples").await;
    page.press(['\u{e007}']).await;
    let line = "document.querySelector(\"[role='img'][aria-label^='state(']\")";
    page.until(&format!("{line}?.ariaLabel.endsWith('nothing')")).await;
    page.js("await leftfold.seek(1); return 0").await;
    page.until(&format!("{line}.ariaLabel.endsWith(': 1')")).await;
    assert_eq!(page.barriers().await, [""; 0]);
    page.reload().await;
    page.until(&format!("{line}?.ariaLabel.includes('apples')")).await;
    // What cannot be read says so.
    page.click_menu("Lab ▾", "Watch").await;
    let field = page.find("[role='dialog'] input").await;
    page.type_over(&field, "state(\"shop-1\")").await;
    page.press(['\u{e007}']).await;
    page.until("document.querySelector(\"[role='dialog']\").innerText.includes('there is no stream shop-1')").await;
    page.close().await;
}

async fn a_domain_is_installed_by_program_and_its_faults_have_a_place() {
    let page = Page::open().await;
    let made = page.js(&format!("return leftfold.domain({})", quoted(&door(DECIDES)))).await;
    assert_eq!(made["aggregates"], serde_json::json!(["door"]), "{made}");
    page.js("await leftfold.send('door-1', { type: 'Open' }); return 0").await;
    assert_eq!(page.js("(await leftfold.state('door-1')).state.open").await, true);
    let broken = quoted("domain({\n  title: 'Door',\n  aggregates: }\n");
    let fault = page
        .js(&format!(
            "return leftfold.domain({broken}).catch(it => [it.code, it.line, it.message])"
        ))
        .await;
    assert_eq!((&fault[0], &fault[1]), (&"domain".into(), &3.into()), "{fault}");
    let seen = page.js("(await leftfold.watch('state(\"door-1\").open')).now").await;
    assert_eq!(seen, true);
    page.close().await;
}

async fn a_domain_of_ones_own_begins_with_a_small_one_and_is_downloaded_in_rust() {
    let page = Page::unopened().await;
    page.goto("#/own").await;
    page.until("document.title === 'Library · Leftfold'").await;
    page.until("(await leftfold.view('Popular books')).bars[0].name === 'momo'").await;
    page.click_menu("Lab ▾", "Code").await;
    page.until(&format!("{CAME}.includes('Specs: 1 of 1 hold')")).await;
    page.click("Rust").await;
    let rust = String::from_utf8(page.downloaded("domain.rs").await).unwrap();
    assert!(rust.contains("pub fn scenario() -> Scenario"), "{rust}");
    page.close().await;
}

async fn none_of_the_hostile_code_reaches_out_or_blocks_the_page_for_long() {
    let page = Page::open().await;
    let corpus = include_str!("../hostile/corpus.txt");
    for piece in corpus.split("#### ").filter(|it| !it.trim().is_empty()) {
        let (name, code) = piece.split_once('\n').unwrap();
        let text = quoted(&door(code));
        let script = format!(
            "const before = performance.now(); \
             const made = await leftfold.domain({text}).then(() => null, it => it.message); \
             const sent = made ?? await leftfold.send('door-1', {{ type: 'Open' }}).then(it => it.events.length, it => it.message); \
             return [sent, performance.now() - before]"
        );
        let came = page.js(&script).await;
        match came[0].as_str() {
            Some(why) => assert!(why.len() > 8, "{name}: {why}"),
            None => assert_eq!(came[0], 0, "{name}: it decided"),
        }
        eprintln!("{name}: {} ms, {}", came[1], came[0]);
    }
    page.close().await;
}
