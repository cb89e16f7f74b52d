//! The page and its lab in a headless browser, by keyboard alone: the first minutes of a workshop,
//! and then things are broken by hand, and hold. `cargo xtask test` builds the page and runs this.

use crate::page::Page;
use serde_json::{Value, json};

tests! {
    Browsers::Both => [
        a_process_in_its_second_version_shows_what_is_missing_and_sends_it_when_asked,
        the_first_ten_minutes_of_a_workshop_need_no_mouse,
        the_focus_stays_where_it_is_while_the_log_gains_its_first_streams,
        what_is_paused_is_paused_after_a_reload_and_when_one_comes_back_to_its_log,
        a_field_says_which_events_set_it_and_since_when_a_condition_holds,
        what_was_typed_into_the_labs_tools_stays_with_what_is_wrong_beside_it,
        the_focus_goes_on_where_the_button_that_had_it_is_gone,
        one_press_too_many_after_the_last_step_moves_nothing,
    ],
    Browsers::Chromium("what the lab does is worked out in Rust; the tests above use it in each browser") => [
        a_transfer_is_stepped_into_and_every_micro_step_is_read,
        two_race_on_one_version_and_the_second_one_decides_again,
        the_race_works_in_every_scenario_and_force_breaks_what_it_can,
        a_paused_projection_lags_and_is_stepped_to_the_head,
        a_duplicate_without_deduplication_is_red_until_the_projection_is_rebuilt,
        a_transfer_process_that_crashes_midway_completes_once_it_is_resumed,
        the_same_through_the_console,
        what_if_shows_another_truth_and_the_decisions_that_fall_with_it,
        what_if_is_asked_of_the_event_at_the_playhead_where_it_is_opened,
        two_positions_and_two_logs_are_put_side_by_side,
        a_decision_is_a_specification_that_holds_until_it_is_edited,
        a_conflict_is_no_refusal_and_is_settled_once,
        what_is_sent_into_a_fork_comes_before_what_its_processes_go_on_with,
        what_is_said_of_a_command_is_true_of_the_log_that_is_shown,
        a_damaged_snapshot_is_recognised_and_the_events_are_folded_instead,
        a_flag_is_moved_back_by_its_menu_and_what_cannot_be_done_is_said_there,
        an_event_goes_behind_its_aggregates_back_and_the_check_that_breaks_leads_to_it,
        streams_are_divided_among_handlers_by_page_and_by_program,
        a_run_by_chance_is_a_log_of_its_own_and_its_link_makes_it_anew,
        an_event_that_fails_is_set_aside_and_retried_once_the_code_is_mended,
        a_strict_read_model_stands_still_before_an_event_that_fails,
        a_replica_catches_up_is_compared_and_takes_over,
        an_event_as_it_was_stored_years_ago_is_read_step_by_step,
        files_are_shown_marked_and_taken_one_by_one_or_all_together,
        a_service_that_fails_keeps_its_checkpoint_and_catches_up,
        a_log_is_weighed_against_what_is_folded_from_it,
        reads_move_from_the_table_to_events_once_both_agree_and_then_writes_do,
    ],
    Browsers::Chromium("what stands where is worked out by the style sheet") => [
        every_tool_stands_among_the_columns_and_covers_nothing,
    ],
    Browsers::Chromium("axe reads the document and its styles, which are the same everywhere") => [
        axe_finds_nothing_in_the_labs_tools,
    ],
}

const ENTER: char = '\u{e007}';
const TAB: char = '\u{e004}';
const ESCAPE: char = '\u{e00c}';
const SPACE: char = ' ';
const LEFT: char = '\u{e012}';
const RIGHT: char = '\u{e014}';
const HOME: char = '\u{e011}';
const END: char = '\u{e010}';
const PAGE_UP: char = '\u{e00e}';
const PAGE_DOWN: char = '\u{e00f}';
const DOWN: char = '\u{e015}';
const UP: char = '\u{e013}';

/// The accessible name of an element.
const NAME: &str = "
    const nameOf = it => {
        const label = it.labels?.[0];
        const text = label && it.type !== 'checkbox' ? label.firstElementChild ?? label : label ?? it;
        return (it.getAttribute('aria-label') ?? text.textContent).replace(/\\s+/g, ' ').trim();
    };";

async fn focused(page: &Page) -> Value {
    page.js(&format!("{NAME} return nameOf(document.activeElement)")).await
}

/// What has the focus, and how often Tab is to be pressed, about, until an element of the wanted
/// name has it; less than zero where Shift+Tab is the way. Browsers differ in where Tab goes at the
/// page's end, so nobody goes there; from nowhere, the way begins at the top.
const WAY: &str = "
    if (document.activeElement === document.body) {
        const top = document.querySelector('h1');
        top.tabIndex = -1;
        top.focus();
    }
    const here = document.activeElement;
    const stops = [...document.querySelectorAll('button, input, select, summary, [tabindex]')]
        .filter(it => it.tabIndex >= 0 && !it.disabled && it.checkVisibility());
    const at = side => it => here.compareDocumentPosition(it) & side;
    const wanted = it => nameOf(it) === WANTED;
    const after = stops.filter(at(Node.DOCUMENT_POSITION_FOLLOWING)).findIndex(wanted);
    const before = stops.filter(at(Node.DOCUMENT_POSITION_PRECEDING)).reverse().findIndex(wanted);
    return [nameOf(here), after >= 0 ? after + 1 : before >= 0 ? -before - 1 : 1];";

/// Goes to an element by pressing Tab, or Shift+Tab where that is the way, as far as it takes.
async fn reach(page: &Page, name: &str) {
    let look = format!("{NAME}{}", WAY.replace("WANTED", &json!(name).to_string()));
    let mut found = page.js(&look).await;
    let mut passed = Vec::new();
    for _ in 0..100 {
        let way = found[1].as_i64().unwrap();
        // What lies between may be no stop, or more than one: the last steps are taken singly.
        let steps = (way.abs() - 4).max(1);
        page.press_tab(way.signum() * steps).await;
        found = page.client.execute(&look, vec![]).await.unwrap();
        if found[0] == name {
            return;
        }
        passed.push(found[0].to_string().chars().take(60).collect::<String>());
    }
    panic!("Tab never comes to {name}, only to {passed:#?}");
}

async fn press_on(page: &Page, name: &str) {
    reach(page, name).await;
    page.press([ENTER]).await;
}

/// The text of a panel, what only a screen reader reads among it.
async fn all_text(page: &Page, name: &str) -> String {
    let text =
        page.js(&format!("document.querySelector(`[aria-label='{name}']`).textContent")).await;
    text.as_str().unwrap().to_owned()
}

async fn until_text(page: &Page, name: &str, text: &str) {
    page.until(&format!(
        "document.querySelector(`[aria-label='{name}']`)?.textContent.includes(`{text}`)"
    ))
    .await;
}

async fn blur(page: &Page) {
    page.client.execute("document.activeElement.blur()", vec![]).await.unwrap();
}

/// Chooses a command by its first letters.
async fn choose(page: &Page, letters: &str) {
    blur(page).await;
    page.press(['c']).await;
    page.until("document.activeElement.id === 'command'").await;
    page.press(letters.chars()).await;
    page.until(&format!(
        "document.activeElement.selectedOptions[0].textContent.startsWith('{letters}')"
    ))
    .await;
}

/// Chooses a command by its first letters, and sends it with Enter from its first field.
async fn send(page: &Page, letters: &str) {
    let before = page.js("(await leftfold.journal()).length").await;
    choose(page, letters).await;
    page.press([TAB, ENTER]).await;
    page.until(&format!("(await leftfold.journal()).length > {before}")).await;
}

async fn an_account(page: &Page, scenario: &str) {
    page.js(&format!("await leftfold.open('{scenario}', {{ empty: true }})")).await;
    let data = if scenario == "bank" {
        "{ customer: '1', initial_balance: 10000 }"
    } else {
        "{ name: 'Lola', initial_balance: 10000 }"
    };
    if scenario == "bank" {
        page.js("await leftfold.send('customer-1', { type: 'RegisterCustomer', data: { name: 'Lola' } })").await;
    }
    for id in ["1", "2"] {
        let sent = page
            .js(&format!(
                "await leftfold.send('account-{id}', {{ type: 'OpenAccount', data: {data} }})"
            ))
            .await;
        assert_eq!(sent["outcome"], "accepted", "{sent}");
    }
}

async fn the_first_ten_minutes_of_a_workshop_need_no_mouse() {
    let page = Page::open().await;
    let head = page.js("leftfold.head()").await.as_u64().unwrap();
    let position = |at: u64| format!("await leftfold.position() === {at}");
    let said = |text: &str| {
        format!(
            "[...document.querySelectorAll('[role=status]')].some(it => it.textContent.includes('{text}'))"
        )
    };

    // Back and on through time; every place is said.
    blur(&page).await;
    page.press([LEFT, LEFT, LEFT]).await;
    page.until(&position(head - 3)).await;
    page.until(&said(&format!("Position {} of {head}", head - 3))).await;
    page.press([RIGHT]).await;
    page.until(&position(head - 2)).await;
    page.press([HOME]).await;
    page.until(&position(0)).await;
    page.press([SPACE]).await;
    page.until("await leftfold.position() >= 1").await;
    page.press([SPACE]).await;
    page.press([END]).await;
    page.until(&position(head)).await;

    // A command that is accepted, and one that is refused; both are said and stand in the journal.
    send(&page, "Add").await;
    page.until(&said("AddToCart accepted: 1 event")).await;
    let head = head + 1;
    page.until(&position(head)).await;
    choose(&page, "Check").await;
    page.press([TAB, '7', ENTER]).await;
    page.until(&said("Checkout refused")).await;
    page.shows("Commands", "empty").await;
    page.shows("Journal", "empty").await;
    blur(&page).await;
    page.press(['j']).await;
    page.until("document.activeElement.closest(\"[aria-label='Journal']\") !== null").await;

    // The log, filtered and whole again.
    page.press(['/']).await;
    page.press("Removed".chars()).await;
    let rows = "Number(document.querySelector('[role=grid]').ariaRowCount ?? document.querySelector('[role=grid]').getAttribute('aria-rowcount'))";
    page.until(&format!("{rows} === 3")).await;
    page.press(std::iter::repeat_n('\u{e003}', "Removed".len())).await;
    page.until(&format!("{rows} === {}", head + 1)).await;

    // Sending in the past forks; the original stays.
    blur(&page).await;
    page.press([LEFT, LEFT]).await;
    page.until(&position(head - 2)).await;
    choose(&page, "Add").await;
    press_on(&page, "Fork here & send").await;
    page.until("(await leftfold.logs()).length === 2").await;
    page.until(&position(head - 1)).await;

    // The keys, read and put away, and the focus where it was opened from.
    blur(&page).await;
    page.press(['?']).await;
    page.until("document.querySelector(\"[role=dialog][aria-label='Words and keys']\") !== null")
        .await;
    page.press([ESCAPE]).await;
    page.until("document.querySelector('[role=dialog]') === null").await;
    assert_eq!(focused(&page).await, "Words and keys");

    // Another system, presented with a clicker.
    reach(&page, "Scenario").await;
    page.press(['M']).await;
    page.until("location.hash.startsWith('#/transfers/')").await;
    page.until("await leftfold.head() > 20").await;
    let head = page.js("leftfold.head()").await.as_u64().unwrap();
    blur(&page).await;
    page.press(['p']).await;
    let presenting = "[...document.querySelectorAll('[aria-pressed=true]')].some(it => it.textContent === 'Present')";
    page.until(presenting).await;
    page.press([PAGE_UP]).await;
    page.until(&position(head - 1)).await;
    page.press([PAGE_DOWN]).await;
    page.until(&position(head)).await;
    page.press([ESCAPE]).await;
    page.until(&format!("!{presenting}")).await;
    page.close().await;
}

async fn a_transfer_is_stepped_into_and_every_micro_step_is_read() {
    let page = Page::open().await;
    an_account(&page, "transfers").await;
    let head = page.js("leftfold.head()").await.as_u64().unwrap();
    let asked = page.js("(await leftfold.journal()).length").await.as_u64().unwrap();
    choose(&page, "Req").await;
    press_on(&page, "Step into").await;
    for _ in 0..400 {
        if page.js("document.querySelector(\"[aria-label='Steps']\").textContent.includes('all is quiet')").await
            == true
        {
            break;
        }
        page.press([SPACE]).await;
    }
    let steps = page
        .js("[...document.querySelectorAll(\"[aria-label='Steps so far'] li\")].map(it => it.textContent)")
        .await;
    let steps: Vec<&str> =
        steps.as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    let mut from = 0;
    for expected in [
        "Alice sends RequestTransfer to transfer-1",
        "Loads transfer-1: 0 events",
        "Nothing to fold: the initial state",
        "Accepts RequestTransfer: Requested",
        "Asks the store to append 1 event to transfer-1",
        &format!("Stored at position {}", head + 1),
        &format!("Accounts takes in event {}", head + 1),
        &format!("Transfer process takes in event {}", head + 1),
        "Transfer process asks for Withdraw",
        "sends Withdraw to account-1",
        "Folds 1 event: balance 100.00",
        "Accepts Withdraw: Withdrew",
        "Transfer process asks for Deposit",
        "Accepts Deposit: Deposited",
        "Transfer process asks for CompleteTransfer",
        "Accepts CompleteTransfer: Completed",
        &format!("Transfer process takes in event {}", head + 4),
    ] {
        let at = steps[from..].iter().position(|it| it.contains(expected));
        from += 1 + at.unwrap_or_else(|| panic!("no step {expected:?} after {from}: {steps:#?}"));
    }
    // One press too many does not send the command once more.
    page.press([SPACE, SPACE]).await;
    assert_eq!(page.js("(await leftfold.journal()).length").await, json!(asked + 4));
    assert_eq!(page.js("leftfold.head()").await, json!(head + 4));
    page.close().await;
}

async fn two_race_on_one_version_and_the_second_one_decides_again() {
    let page = Page::open().await;
    an_account(&page, "bank").await;
    choose(&page, "Dep").await;
    press_on(&page, "Race").await;
    until_text(&page, "Race", "both see version 1").await;
    press_on(&page, "Alice sends Deposit").await;
    until_text(&page, "Race", "Accepted").await;
    press_on(&page, "Bob sends Deposit").await;
    until_text(&page, "Race", "Conflict: account-1 was expected at").await;
    let last = page.js("(await leftfold.journal()).at(-1)").await;
    assert_eq!(last["outcome"], "wrong_expected_version", "{last}");
    until_text(
        &page,
        "Journal",
        "Conflict: account-1 was expected at version 1 and is at version 2",
    )
    .await;
    // It is the store that refuses a version.
    until_text(&page, "Pipeline", "Event storeBob’s Deposit met a conflict").await;
    // The ways on stand under what is said of it.
    until_text(&page, "Commands", "Reload and decide again").await;
    press_on(&page, "Reload and decide again").await;
    until_text(&page, "Journal", "Bob reloaded and decided again.").await;
    page.press([ESCAPE]).await;
    let last = page.js("(await leftfold.journal()).at(-1)").await;
    assert_eq!((&last["outcome"], &last["actor"]), (&json!("accepted"), &json!("Bob")));

    // The same command again: recognised by its id, or handled anew.
    let head = page.js("leftfold.head()").await.as_u64().unwrap();
    blur(&page).await;
    page.press(['j']).await;
    press_on(&page, "Send again: Deposit of Bob").await;
    press_on(&page, "Send again, same id Deposit of Bob").await;
    until_text(&page, "Journal", "Repeated: it was handled before.").await;
    assert_eq!(page.js("leftfold.head()").await, json!(head));
    blur(&page).await;
    page.press(['j']).await;
    press_on(&page, "Send again: Deposit of Bob").await;
    press_on(&page, "Send again, new id Deposit of Bob").await;
    page.until(&format!("await leftfold.head() === {}", head + 1)).await;
    page.close().await;
}

async fn the_focus_stays_where_it_is_while_the_log_gains_its_first_streams() {
    let page = Page::open().await;
    page.js("await leftfold.open('bank', { empty: true })").await;
    page.press(['c']).await;
    page.until("document.activeElement.id === 'command'").await;
    page.js(
        "await leftfold.send('customer-1', { type: 'RegisterCustomer', data: { name: 'Lola' } })",
    )
    .await;
    page.until("!!document.querySelector('#ids-customer')").await;
    assert_eq!(page.js("document.activeElement.id").await, "command");

    let open = "{ type: 'OpenAccount', data: { customer: '1', initial_balance: 10000 } }";
    page.js(&format!("await leftfold.send('account-1', {open})")).await;
    page.until("!!document.querySelector(\"section[aria-label='account-1']\")").await;
    page.js("document.querySelector(\"section[aria-label='account-1'] button\").focus(); return 0")
        .await;
    page.js(
        "await leftfold.send('customer-2', { type: 'RegisterCustomer', data: { name: 'Ada' } })",
    )
    .await;
    page.until("!!document.querySelector(\"section[aria-label='customer-2']\")").await;
    let place = "document.activeElement.closest('section')?.getAttribute('aria-label')";
    assert_eq!(page.js(place).await, "account-1");
    page.close().await;
}

async fn the_race_works_in_every_scenario_and_force_breaks_what_it_can() {
    let page = Page::open().await;
    for (scenario, letters) in [("cart", "Add"), ("bank", "With")] {
        if scenario == "bank" {
            an_account(&page, scenario).await;
        } else {
            page.js("await leftfold.open('cart', { empty: true })").await;
        }
        choose(&page, letters).await;
        press_on(&page, "Race").await;
        assert_eq!(focused(&page).await, "Race", "the drawer has the focus");
        let command = if scenario == "cart" { "AddToCart" } else { "Withdraw" };
        press_on(&page, &format!("Alice sends {command}")).await;
        until_text(&page, "Race", "Accepted").await;
        press_on(&page, &format!("Bob sends {command}")).await;
        until_text(&page, "Race", "-1 was expected at").await;
        press_on(&page, "Force (any version)").await;
        until_text(&page, "Race", "Bob forced it, at any version.").await;
        page.screenshot(&format!("race-{scenario}")).await;
        page.press([ESCAPE]).await;
        page.until("!document.querySelector(\"[role=dialog]\")").await;
    }
    let state = page.js("leftfold.state('account-1')").await;
    assert_eq!(state["state"]["balance"], json!(-6000), "{state}");
    page.close().await;
}

async fn a_paused_projection_lags_and_is_stepped_to_the_head() {
    let page = Page::open().await;
    an_account(&page, "bank").await;
    press_on(&page, "Pause Balances").await;
    for _ in 0..3 {
        send(&page, "Dep").await;
    }
    until_text(&page, "Balances", "3 behind").await;
    assert!(all_text(&page, "Timeline").await.contains("Balances, 3 behind"));
    blur(&page).await;
    // Read your own write: the wait says what holds it up.
    reach(&page, "Wait until it can be read in").await;
    page.press(['B']).await;
    until_text(&page, "Commands", "it is paused").await;
    blur(&page).await;
    for left in [2, 1] {
        press_on(&page, "Step Balances").await;
        until_text(&page, "Balances", &format!("{left} behind")).await;
        blur(&page).await;
    }
    press_on(&page, "Step Balances").await;
    page.until(
        "!document.querySelector(`[aria-label='Balances']`).textContent.includes('1 behind')",
    )
    .await;
    until_text(&page, "Commands", "can be read there").await;
    let it = page.js("(await leftfold.subscriptions()).find(it => it.name === 'Balances')").await;
    assert_eq!((&it["lag"], &it["paused"]), (&json!(0), &json!(true)), "{it}");
    page.close().await;
}

async fn what_is_paused_is_paused_after_a_reload_and_when_one_comes_back_to_its_log() {
    const PAUSED: &str =
        "(await leftfold.subscriptions()).filter(it => it.paused).map(it => it.name)";
    let page = Page::open().await;
    an_account(&page, "bank").await;
    page.js("await leftfold.subscription('Balances', { paused: true })").await;
    page.js("await leftfold.open('cart')").await;
    assert_eq!(page.js(PAUSED).await, json!([]));
    page.js("await leftfold.open('bank')").await;
    assert_eq!(page.js(PAUSED).await, json!(["Balances"]));
    page.reload().await;
    assert_eq!(page.js(PAUSED).await, json!(["Balances"]));
    page.close().await;
}

async fn a_duplicate_without_deduplication_is_red_until_the_projection_is_rebuilt() {
    let page = Page::open().await;
    an_account(&page, "bank").await;
    until_text(&page, "Balances", "equals a clean fold").await;
    press_on(&page, "More about Balances").await;
    reach(&page, "Fault, once Balances").await;
    page.press(['D', 'e']).await;
    until_text(&page, "Balances", "fault set").await;
    reach(&page, "Skip events that it has taken in before Balances").await;
    page.press([SPACE]).await;
    until_text(&page, "Balances", "deduplication off").await;
    page.press([ESCAPE]).await;
    send(&page, "Dep").await;
    until_text(&page, "Balances", "differs from a clean fold").await;
    let text = all_text(&page, "Balances").await;
    assert!(text.contains("is 140.00, should be 120.00"), "{text}");
    page.screenshot("differs").await;
    blur(&page).await;
    press_on(&page, "More about Balances").await;
    press_on(&page, "Rebuild Balances").await;
    until_text(&page, "Balances", "equals a clean fold").await;
    assert!(!all_text(&page, "Balances").await.contains("differs"));
    page.close().await;
}

/// Every command was handled once: no id was accepted twice, and no money moved twice.
async fn handled_once(page: &Page) {
    let twice = page
        .js("const ids = (await leftfold.journal()).filter(it => it.outcome === 'accepted').map(it => it.commandId);
             return ids.filter((it, at) => ids.indexOf(it) !== at);")
        .await;
    assert_eq!(twice, json!([]));
    let kinds =
        page.js("(await leftfold.events(1, await leftfold.head())).map(it => it.type)").await;
    for kind in ["Withdrew", "Deposited", "Completed"] {
        let count = kinds.as_array().unwrap().iter().filter(|it| **it == kind).count();
        assert_eq!(count, 1, "{kind}: {kinds}");
    }
}

async fn a_transfer_process_that_crashes_midway_completes_once_it_is_resumed() {
    let page = Page::open().await;
    an_account(&page, "transfers").await;
    press_on(&page, "More about Transfer process").await;
    reach(&page, "Fault, once Transfer process").await;
    page.press("Crash a".chars()).await;
    page.press([ESCAPE]).await;
    send(&page, "Req").await;
    until_text(&page, "Transfer process", "It crashed").await;
    let status = "(await leftfold.view('Transfers')).rows[0].status";
    assert_ne!(page.js(status).await, "completed");
    page.screenshot("crashed").await;
    blur(&page).await;
    press_on(&page, "Resume Transfer process").await;
    page.until(&format!("{status} === 'completed'")).await;
    handled_once(&page).await;
    page.close().await;
}

async fn the_same_through_the_console() {
    let page = Page::open().await;
    // Step into a transfer.
    an_account(&page, "transfers").await;
    page.js("await leftfold.submit('transfer-1', { type: 'RequestTransfer', data: { from: '1', to: '2', amount: 3000 } })").await;
    let steps = page
        .js("const steps = []; for (let did; did = await leftfold.step();) steps.push(did.step); return steps;")
        .await;
    let steps: Vec<&str> =
        steps.as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    for step in
        ["received", "loaded", "folded", "decided", "appending", "appended", "delivered", "reacted"]
    {
        assert!(steps.contains(&step), "{step}: {steps:?}");
    }
    handled_once(&page).await;

    // Crash the process, and resume it.
    an_account(&page, "transfers").await;
    page.js("await leftfold.subscription('Transfer process', { fault: 'crash_after_effect' })")
        .await;
    page.js("await leftfold.send('transfer-1', { type: 'RequestTransfer', data: { from: '1', to: '2', amount: 3000 } })").await;
    let status = "(await leftfold.view('Transfers')).rows[0].status";
    assert_ne!(page.js(status).await, "completed");
    page.js("await leftfold.subscription('Transfer process', { paused: false })").await;
    assert_eq!(page.js(status).await, "completed");
    handled_once(&page).await;
    assert_eq!(page.js("leftfold.outbox()").await, json!([]));

    // Two actors, lag, a duplicate.
    an_account(&page, "bank").await;
    let deposit = |options: &str| {
        format!(
            "await leftfold.send('account-1', {{ type: 'Deposit', data: {{ amount: 2000 }} }}, {options})"
        )
    };
    page.js(&deposit("{ expectedVersion: 1, actor: 'Alice' }")).await;
    let lost = page.js(&deposit("{ expectedVersion: 1, actor: 'Bob' }")).await;
    assert_eq!((&lost["expected"], &lost["actual"]), (&json!(1), &json!(2)), "{lost}");
    page.js("await leftfold.subscription('Balances', { paused: true })").await;
    for _ in 0..3 {
        page.js(&deposit("{}")).await;
    }
    let lag = "(await leftfold.subscriptions()).find(it => it.name === 'Balances').lag";
    for left in [3, 2, 1] {
        assert_eq!(page.js(lag).await, json!(left));
        page.js("await leftfold.subscription('Balances', { step: true })").await;
    }
    assert_eq!(page.js(lag).await, json!(0));
    page.js("await leftfold.subscription('Balances', { paused: false, deduplicate: false, fault: 'duplicate' })").await;
    page.js(&deposit("{}")).await;
    let balance = "(await leftfold.view('Balances')).rows[0].balance";
    assert_eq!(page.js(balance).await, json!(22_000));
    page.js("await leftfold.rebuild('Balances')").await;
    assert_eq!(page.js(balance).await, json!(20_000));
    page.close().await;
}

async fn a_field_says_which_events_set_it_and_since_when_a_condition_holds() {
    let page = Page::open().await;
    an_account(&page, "bank").await;
    send(&page, "Dep").await;
    send(&page, "With").await;
    // From a cell, by keyboard: to the rows, down to the balance, Enter.
    blur(&page).await;
    page.js("document.querySelector(`[aria-label='Balances'] .tablebox`).focus()").await;
    page.press([DOWN, DOWN, DOWN, ENTER]).await;
    until_text(&page, "Why, and since when", "100.00 120.00").await;
    until_text(&page, "Why, and since when", "120.00 40.00").await;
    let causes = page
        .js("[...document.querySelectorAll(\"ol[aria-label='Set by'] button\")].map(it => it.textContent)")
        .await;
    assert_eq!(causes, json!(["#5 Withdrew", "#4 Deposited", "#2 AccountOpened"]));
    press_on(&page, "#4 Deposited").await;
    page.until("await leftfold.position() === 4").await;
    reach(&page, "Relation").await;
    page.press("is at m".chars()).await;
    page.press([TAB]).await;
    page.press("100".chars()).await;
    page.press([ENTER]).await;
    until_text(&page, "Why, and since when", "first after #2 AccountOpened").await;
    press_on(&page, "And …").await;
    reach(&page, "And").await;
    page.press("rows · 2 · a".chars()).await;
    page.press([TAB, TAB]).await;
    page.press(['2', ENTER]).await;
    until_text(
        &page,
        "Why, and since when",
        "balance is at most 100 and rows · 2 · account is 2: first after #3",
    )
    .await;
    page.screenshot("why").await;
    page.press([ESCAPE]).await;
    page.until("!document.querySelector('[role=dialog]')").await;
    let back = page.js("document.activeElement.tagName").await;
    assert_eq!(back, "TD", "the focus is back where it was");
    page.close().await;
}

async fn what_if_shows_another_truth_and_the_decisions_that_fall_with_it() {
    let page = Page::open().await;
    an_account(&page, "bank").await;
    send(&page, "Dep").await;
    send(&page, "With").await;
    let truth = page.js("leftfold.state('account-1')").await;
    page.js("await leftfold.seek(2)").await;
    blur(&page).await;
    press_on(&page, "What if …").await;
    press_on(&page, "Leave it out").await;
    until_text(&page, "What if", "What if #2 had not happened?").await;
    page.js("await leftfold.seek(5)").await;
    until_text(&page, "No longer allowed", "#4 Deposit").await;
    until_text(&page, "No longer allowed", "#5 Withdraw").await;
    assert!(page.text("account-1").await.contains("40.00"));
    page.screenshot("what-if").await;
    assert_eq!(page.js("leftfold.state('account-1')").await, truth);
    press_on(&page, "Back to the truth").await;
    page.until("!document.body.textContent.includes('Not the truth')").await;
    page.close().await;
}

async fn what_if_is_asked_of_the_event_at_the_playhead_where_it_is_opened() {
    let page = Page::open().await;
    page.js("await leftfold.seek(3)").await;
    tool(&page, "What if").await;
    page.click_on("//*[@role='dialog']//button[normalize-space(.)='Leave it out']").await;
    page.until("document.body.innerText.includes('What if #3 had not happened?')").await;
    page.close().await;
}

async fn two_positions_and_two_logs_are_put_side_by_side() {
    let page = Page::open().await;
    an_account(&page, "bank").await;
    send(&page, "Dep").await;
    tool(&page, "Compare").await;
    press_on(&page, "Compare").await;
    until_text(&page, "Compare", "Both have the same events up to #3").await;
    until_text(&page, "Compare", "100.00 120.00").await;
    page.press([ESCAPE]).await;
    page.js("await leftfold.fork(3)").await;
    send(&page, "With").await;
    tool(&page, "Compare").await;
    reach(&page, "With").await;
    page.press([UP]).await;
    let other = page.js("document.activeElement.selectedOptions[0].textContent").await;
    assert!(!other.as_str().unwrap().contains("this log"), "{other}");
    press_on(&page, "Compare").await;
    until_text(&page, "Compare", "Both have the same events up to #3").await;
    page.screenshot("compare").await;
    page.close().await;
}

/// Replaces a part of the text that is edited in the tool.
async fn edit(page: &Page, part: &str, by: &str) {
    page.js(&format!(
        "(field => {{
            field.value = field.value.replace('{part}', '{by}');
            field.dispatchEvent(new InputEvent('input', {{ bubbles: true }}));
        }})(document.querySelector('[role=dialog] textarea'))"
    ))
    .await;
}

async fn a_decision_is_a_specification_that_holds_until_it_is_edited() {
    let page = Page::open().await;
    an_account(&page, "bank").await;
    page.js("await leftfold.send('account-1', { type: 'Withdraw', data: { amount: 99900 } })
            .catch(it => it.code)")
        .await;
    tool(&page, "Specs").await;
    until_text(&page, "Specs", "It holds: the command comes out as it says.").await;
    until_text(&page, "Specs", "Given in account-1").await;
    until_text(&page, "Specs", "refused: only 100.00 is available").await;
    page.screenshot("specs").await;

    // Half of what is asked can be had.
    edit(&page, "99900", "5000").await;
    until_text(&page, "Specs", "It was edited: run it.").await;
    press_on(&page, "Run").await;
    until_text(&page, "Specs", "It does not hold.").await;
    until_text(&page, "Specs", "Withdrew").await;

    edit(&page, "5000", "-").await;
    press_on(&page, "Copy as a Rust test").await;
    until_text(&page, "Specs", "line ").await;

    // Another stretch, another decision.
    reach(&page, "to position").await;
    let field = page.client.active_element().await.unwrap();
    page.type_over(&field, "9").await;
    page.press([ENTER]).await;
    until_text(&page, "Specs", "type two positions").await;
    let field = page.client.active_element().await.unwrap();
    page.type_over(&field, "1").await;
    page.press([ENTER]).await;
    until_text(&page, "Specs", "Given nothing in customer-1").await;

    // A teacher keeps it with an exercise.
    page.press([ESCAPE]).await;
    press_on(&page, "Log ▾").await;
    press_on(&page, "Make an exercise of this").await;
    tool(&page, "Specs").await;
    press_on(&page, "Keep it with the exercise").await;
    let kept = "RegisterCustomer to customer-1: CustomerRegistered";
    until_text(&page, "Specifications", kept).await;
    press_on(&page, "Remove specification 1").await;
    page.until(&format!("!document.body.textContent.includes('{kept}')")).await;
    page.close().await;
}

async fn what_was_typed_into_the_labs_tools_stays_with_what_is_wrong_beside_it() {
    let page = Page::open().await;
    an_account(&page, "bank").await;
    send(&page, "Dep").await;
    tool(&page, "Compare").await;
    reach(&page, "This log at position").await;
    let field = page.client.active_element().await.unwrap();
    page.type_over(&field, "1").await;
    page.press([ENTER]).await;
    until_text(&page, "Compare", "This log at #1").await;
    let value = "[...document.querySelectorAll('[role=dialog] input')].map(it => it.value)";
    assert_eq!(page.js(value).await, json!(["1", "4"]));
    page.press([ESCAPE]).await;

    press_on(&page, "What if …").await;
    reach(&page, "Swap it with event").await;
    let field = page.client.active_element().await.unwrap();
    page.type_over(&field, "99").await;
    page.press([ENTER]).await;
    until_text(&page, "Event log", "there is no event 99; positions go from 1 to 4").await;
    assert_eq!(page.js("document.activeElement.value").await, "99");
    assert_eq!(page.js("!document.querySelector('[role=dialog]')").await, json!(true));
    page.close().await;
}

async fn the_focus_goes_on_where_the_button_that_had_it_is_gone() {
    let page = Page::open().await;
    let inside = "!!document.activeElement.closest('[role=dialog]')";
    page.js("await leftfold.seek(5)").await;
    press_on(&page, "Return to now").await;
    page.until("document.activeElement.getAttribute('aria-label') === 'Playhead'").await;
    tool(&page, "Race").await;
    for name in ["Race", "Alice sends AddToCart", "Bob sends AddToCart"] {
        press_on(&page, name).await;
        page.until(inside).await;
    }
    page.press([ESCAPE]).await;
    blur(&page).await;
    press_on(&page, "Log ▾").await;
    press_on(&page, "Manage logs").await;
    press_on(&page, "Duplicate Shopping cart").await;
    page.until("!!document.querySelector(`[aria-label='Duplicate Shopping cart copy']`)").await;
    page.until(inside).await;
    press_on(&page, "Delete Shopping cart copy").await;
    page.until("document.body.innerText.includes('goes for good a day later')").await;
    page.until(inside).await;
    page.press([ESCAPE]).await;
    page.until("!document.querySelector('[role=dialog]')").await;
    assert_eq!(focused(&page).await, "Log ▾");
    page.close().await;
}

async fn one_press_too_many_after_the_last_step_moves_nothing() {
    let page = Page::open().await;
    let head = page.js("leftfold.head()").await.as_u64().unwrap() + 1;
    page.click("Step into").await;
    blur(&page).await;
    for _ in 0..40 {
        page.press([' ']).await;
        if page.js("!document.querySelector('form.stepping')").await == true {
            break;
        }
    }
    page.until(&format!("await leftfold.head() === {head}")).await;
    page.press([' ', ' ']).await;
    page.press(['/']).await;
    assert_eq!(page.js("leftfold.position()").await, json!(head));
    page.close().await;
}

async fn a_conflict_is_no_refusal_and_is_settled_once() {
    let page = Page::open().await;
    an_account(&page, "bank").await;
    page.js("leftfold.send('account-1', { type: 'Deposit', data: { amount: 5 } }, \
         { expectedVersion: 7 }).catch(it => it.code)")
        .await;
    page.shows("Journal", "1 conflict").await;
    assert!(!page.text("Journal").await.contains("refused"));
    page.click("Force (any version)").await;
    page.shows("Journal", "forced it, at any version").await;
    assert!(!page.text("Journal").await.contains("Force (any version)"));
    page.close().await;
}

async fn what_is_sent_into_a_fork_comes_before_what_its_processes_go_on_with() {
    let page = Page::open().await;
    page.js("await leftfold.open('transfers')").await;
    let in_flight = page
        .js("const all = await leftfold.events(1, await leftfold.head()); \
             const it = all.find(it => it.type === 'Withdrew' && it.data.transfer); \
             await leftfold.seek(it.position); return it.position")
        .await
        .as_u64()
        .unwrap();
    choose(&page, "OpenA").await;
    let target = page.find("#target").await;
    page.type_over(&target, "9").await;
    page.click("Fork here & send").await;
    page.until("(await leftfold.logs()).length === 2").await;
    page.until(&format!("await leftfold.head() === {}", in_flight + 3)).await;
    let next = in_flight + 1;
    let first = page.js(&format!("(await leftfold.events({next}, {next}))[0]")).await;
    assert_eq!((&first["type"], &first["actor"]), (&json!("AccountOpened"), &json!("Alice")));
    let repeated = "(await leftfold.journal()).filter(it => it.outcome === 'repeated').length";
    assert_eq!(page.js(repeated).await, json!(0));
    page.close().await;
}

async fn what_is_said_of_a_command_is_true_of_the_log_that_is_shown() {
    let page = Page::open().await;
    page.js("await leftfold.open('bank')").await;
    // One step forward lights the projections; a refusal is the handler's.
    page.js("await leftfold.seek(await leftfold.head() - 1)").await;
    press_on(&page, "Next event").await;
    let head = page.js("leftfold.head()").await;
    let target = page.find("#target").await;
    choose(&page, "CloseA").await;
    page.type_over(&target, "account-1").await;
    page.press([ENTER]).await;
    page.until("document.querySelector('#target').form.innerText.includes('refused')").await;
    until_text(&page, "Pipeline", "HandlerCloseAccount refused").await;
    assert_eq!(page.js("leftfold.head()").await, head);
    let last = "(await leftfold.journal()).at(-1).stream";
    assert_eq!(page.js(last).await, "account-1");

    // What would be refused in the past makes no fork.
    page.js("await leftfold.seek(0)").await;
    page.click("Fork here & send").await;
    until_text(&page, "Pipeline", "CloseAccount refused").await;
    until_text(&page, "Pipeline", "Nothing was forked").await;
    assert_eq!(page.js("leftfold.head()").await, head);

    // In a fork, what came of the command is said beside that there is a fork.
    page.js("await leftfold.seek(4)").await;
    blur(&page).await;
    page.press(['c', UP, UP]).await;
    page.until("document.activeElement.selectedOptions[0].textContent === 'Deposit'").await;
    page.press([TAB, ENTER]).await;
    until_text(&page, "Pipeline", "a new log, forked after event 4").await;
    until_text(&page, "Pipeline", "Deposit").await;
    until_text(&page, "Journal", "amount ").await;
    press_on(&page, "Log ▾").await;
    press_on(&page, "Reset to story").await;
    page.until(&format!("await leftfold.head() === {head}")).await;
    let answers = "document.querySelectorAll('form .answer').length";
    assert_eq!(page.js(answers).await, json!(0));

    // An address of a log that is not here says so, and makes none.
    let logs = page.js("(await leftfold.logs()).length").await;
    page.goto("#/bank/elsewhere/at/3").await;
    page.until("[...document.querySelectorAll('[role=alert]')].some(it => it.innerText.includes('The log of this address is not in this browser'))").await;
    assert_eq!(page.js("(await leftfold.logs()).length").await, logs);
    page.close().await;
}

/// Opens a tool from the menu.
async fn tool(page: &Page, name: &str) {
    blur(page).await;
    press_on(page, "Lab ▾").await;
    press_on(page, name).await;
    page.until("!!document.querySelector('[role=dialog]')").await;
}

async fn a_damaged_snapshot_is_recognised_and_the_events_are_folded_instead() {
    let page = Page::open().await;
    an_account(&page, "bank").await;
    tool(&page, "Snapshots").await;
    reach(&page, "Commands load their stream").await;
    page.press("from the l".chars()).await;
    reach(&page, "A snapshot every so many events").await;
    let field = page.client.active_element().await.unwrap();
    page.type_over(&field, "2").await;
    // What is typed stays while something else draws the page anew.
    page.js("leftfold.seek(1)").await;
    page.js("await leftfold.seek(await leftfold.head())").await;
    page.press([ENTER]).await;
    for _ in 0..3 {
        send(&page, "Dep").await;
    }
    until_text(&page, "Snapshots", "It began at a snapshot of version 2").await;
    press_on(&page, "Damage account-1").await;
    send(&page, "Dep").await;
    until_text(&page, "Snapshots", "Its snapshot was ignored: it is damaged").await;
    press_on(&page, "Outdate account-1").await;
    send(&page, "Dep").await;
    until_text(&page, "Snapshots", "it is outdated").await;
    page.close().await;
}

async fn a_flag_is_moved_back_by_its_menu_and_what_cannot_be_done_is_said_there() {
    let page = Page::open().await;
    an_account(&page, "bank").await;
    press_on(&page, "Pause Balances").await;
    press_on(&page, "More about Balances").await;
    reach(&page, "Back to position Balances").await;
    let field = page.client.active_element().await.unwrap();
    for (text, answer) in [("9", "can only be moved back"), ("x", "type a whole number")] {
        page.type_over(&field, text).await;
        page.press([ENTER]).await;
        until_text(&page, "Balances", answer).await;
    }
    page.type_over(&field, "1").await;
    page.press([ENTER]).await;
    until_text(&page, "Balances", "2 behind").await;
    page.close().await;
}

async fn an_event_that_fails_is_set_aside_and_retried_once_the_code_is_mended() {
    let page = Page::open().await;
    an_account(&page, "bank").await;
    press_on(&page, "More about Balances").await;
    reach(&page, "Set aside what it cannot take in, and go on Balances").await;
    page.press([SPACE]).await;
    until_text(&page, "Balances", "sets aside what it cannot take in").await;
    reach(&page, "Fail on event Balances").await;
    let field = page.client.active_element().await.unwrap();
    page.type_over(&field, "4").await;
    page.press([ENTER, ESCAPE]).await;
    until_text(&page, "Balances", "its code fails on #4").await;
    send(&page, "Dep").await;
    until_text(&page, "Balances", "It has set aside 1 event").await;
    send(&page, "Dep").await;
    until_text(&page, "Balances", "1 later event of its stream was taken in before it").await;
    assert_eq!(page.barriers().await, Vec::<String>::new());
    page.screenshot("dead-letters").await;
    blur(&page).await;
    press_on(&page, "Retry #4 in Balances").await;
    until_text(&page, "Balances", "its code fails on this event").await;
    press_on(&page, "Mend its code Balances").await;
    page.until(
        "!document.querySelector(`[aria-label='Balances']`).textContent.includes('fails on #4')",
    )
    .await;
    page.reload().await;
    until_text(&page, "Balances", "It has set aside 1 event").await;
    press_on(&page, "Retry #4 in Balances").await;
    until_text(&page, "Balances", "equals a clean fold").await;
    // The same by program, and skipped.
    let how = "{ lenient: true, failOn: 1 }";
    page.js(&format!("await leftfold.subscription('Ledger', {how})")).await;
    let letters = "(await leftfold.subscriptions()).find(it => it.name === 'Ledger').deadLetters";
    assert_eq!(page.js(&format!("({letters})[0].position")).await, json!(1));
    page.js("await leftfold.subscription('Ledger', { failOn: null, skip: 1 })").await;
    assert_eq!(page.js(&format!("({letters})[0].skipped")).await, json!(true));
    until_text(&page, "Ledger", "1 event was skipped").await;
    page.close().await;
}

async fn a_strict_read_model_stands_still_before_an_event_that_fails() {
    let page = Page::open().await;
    an_account(&page, "bank").await;
    page.js("await leftfold.subscription('Balances', { failOn: 2 })").await;
    until_text(&page, "Balances", "It stopped before #2").await;
    until_text(&page, "Balances", "2 events are waiting").await;
    press_on(&page, "Mend its code Balances").await;
    until_text(&page, "Balances", "equals a clean fold").await;
    page.js("await leftfold.subscription('Balances', { failOn: 2 })").await;
    press_on(&page, "Set it aside Balances").await;
    until_text(&page, "Balances", "It has set aside 1 event").await;
    page.close().await;
}

async fn a_replica_catches_up_is_compared_and_takes_over() {
    let page = Page::open().await;
    page.js("await leftfold.open('listing')").await;
    let head = page.js("await leftfold.head()").await;
    let models = page.js("(await leftfold.subscriptions()).map(it => it.name)").await;
    let model = "Contradictions".to_owned();
    let (replica, old) = (format!("{model} · 2"), page.text(&model).await);
    press_on(&page, &format!("More about {model}")).await;
    press_on(&page, &format!("Bring up a replica with version 2 {model}")).await;
    page.press([ESCAPE]).await;
    until_text(&page, &replica, &format!("{head} events to go")).await;
    press_on(&page, &format!("Take over {replica}")).await;
    until_text(&page, &replica, "whoever reads would see less than before").await;
    assert_eq!(page.text(&model).await, old, "nothing has happened to it");
    assert_eq!(page.barriers().await, Vec::<String>::new());
    page.screenshot("replica").await;
    reach(&page, "Pace of the replica").await;
    page.press(['a']).await;
    until_text(&page, &replica, "It has taken in all events").await;
    press_on(&page, &format!("Take over {replica}")).await;
    let said = format!(
        "document.querySelector(`[role=status]`).textContent.includes(`{model} is the new one now`)"
    );
    page.until(&said).await;
    page.reload().await;
    press_on(&page, &format!("Drop {replica}")).await;
    page.until(&format!("!document.querySelector(`[aria-label='{replica}']`)")).await;
    page.reload().await;
    let now = page.js("(await leftfold.subscriptions()).map(it => it.name)").await;
    assert_eq!(now, models);
    // The same by program.
    let name = json!(model);
    assert_eq!(page.js(&format!("await leftfold.replicate({name})")).await, json!(replica));
    let name = json!(replica);
    page.js(&format!("await leftfold.subscription({name}, {{ step: 1000 }})")).await;
    page.js(&format!("await leftfold.takeOver({name})")).await;
    page.close().await;
}

async fn an_event_as_it_was_stored_years_ago_is_read_step_by_step() {
    let page = Page::open().await;
    page.js("await leftfold.open('teams', { empty: true })").await;
    page.js("await leftfold.send('team-1', { type: 'RegisterTeam', data: { name: 'Oldies' } })")
        .await;
    press_on(&page, "Lab ▾").await;
    press_on(&page, "Behind its back").await;
    let group = "document.querySelector('#command optgroup:last-child')";
    page.until(&format!("{group}.label === 'team as it was stored in 2015'")).await;
    choose(&page, "PlayerJoined").await;
    page.shows("Commands", "Players joined, with a first and a last name.").await;
    press_on(&page, "Append behind its back").await;
    page.shows("Commands", "PlayerJoined was appended").await;
    page.shows("Event log", "Mattia Gheda").await;
    press_on(&page, "Ids, times and data").await;
    for part in ["As stored, PlayerJoined", "Upcast, PlayerAdded", "schema 2", "schema 3"] {
        page.shows("Event log", part).await;
    }
    assert_eq!(page.barriers().await, Vec::<String>::new());
    page.screenshot("upcast").await;
    // By program, and where a step fails.
    let old = "[{ stream: 'team-1', type: 'PlayerJoined', schema: 1, data: { first: 'Justin' } }]";
    page.js(&format!("await leftfold.append({old})")).await;
    page.js("await leftfold.seek(3)").await;
    page.shows("Event log", "The step from schema 2 fails: it does not say the player's last name")
        .await;
    page.shows("Event log", "As stored, PlayerJoined").await;
    page.close().await;
}

async fn files_are_shown_marked_and_taken_one_by_one_or_all_together() {
    let page = Page::open().await;
    page.js("await leftfold.open('blog')").await;
    page.unfold("Static site").await;
    page.shows("Static site", "posts/1.html").await;
    press_on(&page, "Download posts/1.html").await;
    let post = String::from_utf8(page.downloaded("1.html").await).unwrap();
    assert!(post.starts_with("<!DOCTYPE html>") && post.contains("<blockquote>"), "{post}");
    press_on(&page, "Download all as a zip Static site").await;
    let archive = page.downloaded("static-site.zip").await;
    assert!(archive.starts_with(b"PK\x03\x04"));
    let files = page.js("(await leftfold.view('Static site')).files").await;
    for file in files.as_object().unwrap().keys() {
        assert!(archive.windows(file.len()).any(|it| it == file.as_bytes()), "{file}");
    }
    assert_eq!(page.barriers().await, Vec::<String>::new());
    // A badge is drawn; the others are texts of their kinds.
    page.js("await leftfold.open('teams')").await;
    page.unfold("Badges").await;
    page.until("document.querySelector('img.file')?.naturalWidth > 0").await;
    page.screenshot("files").await;
    for (scenario, view, media) in [
        ("office", "Calendar", "text/calendar"),
        ("bank", "Statements", "text/csv"),
        ("teams", "Badges", "image/svg+xml"),
    ] {
        page.js(&format!("await leftfold.open('{scenario}')")).await;
        let files = format!("Object.values((await leftfold.view('{view}')).files)");
        let kinds = page.js(&format!("[...new Set({files}.map(it => it.media))]")).await;
        assert_eq!(kinds, json!([media]));
    }
    page.close().await;
}

async fn a_service_that_fails_keeps_its_checkpoint_and_catches_up() {
    let page = Page::open().await;
    page.js("await leftfold.open('orders', { empty: true })").await;
    page.js("await leftfold.next()").await;
    let place = "{ type: 'PlaceOrder', data: { customer: '1', maximum: 500 } }";
    page.js(&format!("await leftfold.send('order-7', {place})")).await;
    let head = page.js("await leftfold.head()").await.as_u64().unwrap();
    press_on(&page, "More about Metrics").await;
    reach(&page, "Fail on event Metrics").await;
    let field = page.client.active_element().await.unwrap();
    page.type_over(&field, &(head + 1).to_string()).await;
    page.press([ENTER, ESCAPE]).await;
    for id in [8, 9] {
        page.js(&format!("await leftfold.send('order-{id}', {place})")).await;
    }
    until_text(&page, "Metrics", &format!("It stopped before #{}", head + 1)).await;
    let metrics = "(await leftfold.subscriptions()).find(it => it.name === 'Metrics').checkpoint";
    assert_eq!(page.js(metrics).await, json!(head));
    press_on(&page, "Mend its code Metrics").await;
    until_text(&page, "Metrics", "equals a clean fold").await;
    assert_eq!(page.js(metrics).await, json!(head + 2));
    page.shows("Metrics", "orders_placed_total").await;
    page.close().await;
}

async fn a_log_is_weighed_against_what_is_folded_from_it() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart')").await;
    page.js("await leftfold.randomRun({ events: 300, streams: 1, seed: 5 })").await;
    let weight = page.js("return await leftfold.weigh()").await;
    let heaviest = &weight["heaviest"];
    assert!(heaviest["events"].as_u64().unwrap() > 200, "{weight}");
    assert!(heaviest["sinceSnapshot"].as_u64().unwrap() < 100, "{weight}");
    assert!(weight["memory"].as_u64() > weight["states"].as_u64(), "{weight}");
    press_on(&page, "Log ▾").await;
    press_on(&page, "Manage logs").await;
    press_on(&page, "What this log weighs").await;
    press_on(&page, "Weigh it").await;
    page.shows("Logs", "the longest stream").await;
    page.shows("Logs", "With a snapshot").await;
    assert_eq!(page.barriers().await, Vec::<String>::new());
    page.screenshot("weight").await;
    page.close().await;
}

async fn reads_move_from_the_table_to_events_once_both_agree_and_then_writes_do() {
    let page = Page::open().await;
    page.js("await leftfold.open('slow', { empty: true, storage: 'memory' })").await;
    send(&page, "Open").await;
    until_text(&page, "Table accounts", "100.00").await;
    until_text(&page, "Comparison", "1 of 1 agree").await;
    // The table is written by hand, past everything else.
    reach(&page, "Command").await;
    choose(&page, "UpdateRow").await;
    press_on(&page, "Send").await;
    until_text(&page, "Comparison", "0 of 1 agree").await;
    until_text(&page, "What the table forgot", "100.00").await;
    until_text(&page, "Balances from events", "100.00").await;
    let reads = "await leftfold.send('switch-1', { type: 'MoveReads', data: { to: 'events' } })";
    let refused = page.js(reads).await;
    assert_eq!(refused["error"], "1 row differs still; find out why first", "{refused}");
    let back = "await leftfold.send('row-1', { type: 'UpdateRow', data: { balance: 10000 } })";
    page.js(back).await;
    until_text(&page, "Comparison", "1 of 1 agree").await;
    assert_eq!(page.js(reads).await["outcome"], "accepted");
    until_text(&page, "What people read", "events").await;
    page.js("await leftfold.send('switch-1', { type: 'MoveWrites', data: {} })").await;
    page.js("await leftfold.send('account-1', { type: 'PayIn', data: { amount: 500 } })").await;
    until_text(&page, "What people read", "105.00").await;
    assert!(!all_text(&page, "Table accounts").await.contains("105.00"), "it is not written");
    page.close().await;
}

async fn every_tool_stands_among_the_columns_and_covers_nothing() {
    let page = Page::open().await;
    page.js("await leftfold.open('transfers')").await;
    for (width, height) in [(1800, 900), (1440, 900), (1280, 720), (1024, 768), (500, 844)] {
        page.resize(width, height).await;
        for name in
            ["Race", "Why, and since when", "What if", "Compare", "Specs", "Snapshots", "Code"]
        {
            page.js(&format!("[...document.querySelectorAll('header button')].find(it => it.textContent === '{name}').click()")).await;
            page.until(&format!("!!document.querySelector(`[role=dialog][aria-label='{name}']`)"))
                .await;
            let faults = page
                .js("const box = it => it.getBoundingClientRect(), faults = [];
                     const tool = box(document.querySelector('[role=dialog]'));
                     const columns = [...document.querySelectorAll('main > .column')].filter(it => box(it).width > 0);
                     for (const it of [...columns, document.querySelector('.timeline'), document.querySelector('header')]) {
                         const its = box(it);
                         if (its.left < tool.right - 1 && its.right > tool.left + 1 && its.top < tool.bottom - 1 && its.bottom > tool.top + 1)
                             faults.push(`it covers ${it.className}`);
                         if (its.width < 180) faults.push(`${it.className} has no room`);
                     }
                     if (tool.left < 0 || tool.right > innerWidth || tool.bottom > innerHeight || tool.width < 240 || tool.height < 80)
                         faults.push(`it stands at ${JSON.stringify(tool)}`);
                     if (columns.length < (innerWidth > 900 ? 2 : 1)) faults.push('it stands alone');
                     return faults")
                .await;
            assert_eq!(faults, json!([]), "{name}, {width} wide");
        }
        page.press([ESCAPE]).await;
    }
    page.close().await;
}

async fn axe_finds_nothing_in_the_labs_tools() {
    let page = Page::open().await;
    for (width, height) in [(1440, 900), (390, 844)] {
        page.resize(width, height).await;
        for theme in ["light", "dark"] {
            page.theme(theme).await;
            for name in ["Race", "Why, and since when", "What if", "Compare", "Specs", "Snapshots"]
            {
                page.js(&format!("[...document.querySelectorAll('header button')].find(it => it.textContent === '{name}').click()")).await;
                page.until(&format!(
                    "!!document.querySelector(`[role=dialog][aria-label='{name}']`)"
                ))
                .await;
                let found = page.barriers().await;
                assert!(found.is_empty(), "{name}, {width} wide, {theme}: {found:#?}");
            }
        }
    }
    page.close().await;
}

async fn an_event_goes_behind_its_aggregates_back_and_the_check_that_breaks_leads_to_it() {
    let page = Page::open().await;
    page.js("await leftfold.open('bank')").await;
    press_on(&page, "Lab ▾").await;
    press_on(&page, "Behind its back").await;
    choose(&page, "Withdrew").await;
    page.shows("Commands", "nobody decides on it").await;
    reach(&page, "Amount").await;
    let amount = page.client.active_element().await.unwrap();
    page.type_over(&amount, "99999").await;
    press_on(&page, "Append behind its back").await;
    page.shows("Commands", "Withdrew was appended. Nobody has decided on it.").await;
    let last = "(await leftfold.events(await leftfold.head(), await leftfold.head()))[0]";
    assert_eq!(page.js(&format!("({last}).origin")).await, json!("forced"));
    page.until("[...document.querySelectorAll('[role=alert]')].some(it => it.innerText.includes('This should always hold, and does not'))").await;
    page.click_on("//button[starts-with(normalize-space(.), 'Show account-')]").await;
    page.close().await;
}

async fn streams_are_divided_among_handlers_by_page_and_by_program() {
    let page = Page::open().await;
    page.js("await leftfold.open('bank')").await;
    let shards = page.js("await leftfold.shards({ by: 'id', count: 3 })").await;
    let events: u64 = shards["handlers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["events"].as_u64().unwrap())
        .sum();
    assert_eq!(json!(events), page.js("await leftfold.head()").await);
    press_on(&page, "Lab ▾").await;
    press_on(&page, "Shards").await;
    page.shows("Shards", "3 handlers side by side take").await;
    page.shows("Shards", "all of them the new one").await;
    reach(&page, "Divided by").await;
    page.press("by the event".chars()).await;
    page.shows("Shards", "nobody keeps their order").await;
    assert_eq!(page.barriers().await, Vec::<String>::new());
    page.close().await;
}

async fn a_run_by_chance_is_a_log_of_its_own_and_its_link_makes_it_anew() {
    let page = Page::open().await;
    page.js("await leftfold.open('transfers')").await;
    let tally = page.js("await leftfold.randomRun({ events: 150, streams: 5, seed: 9 })").await;
    assert_eq!((&tally["seed"], &tally["stuck"]), (&json!(9), &json!(false)), "{tally}");
    let made = page.js("await leftfold.head()").await;
    assert_eq!(made, tally["events"]);
    let events = "JSON.stringify((await leftfold.events(1, await leftfold.head())).map(it => [it.stream, it.type, it.data]))";
    let before = page.js(events).await;
    let again = page.js("await leftfold.randomRun({ events: 150, streams: 5, seed: 9 })").await;
    assert_eq!(again, tally);
    assert_eq!(page.js(events).await, before);

    // By the page, and cancelled in the middle: nothing is half done.
    let logs = page.js("(await leftfold.logs()).length").await;
    press_on(&page, "Log ▾").await;
    press_on(&page, "Manage logs").await;
    press_on(&page, "A random run").await;
    reach(&page, "Events").await;
    let field = page.client.active_element().await.unwrap();
    page.type_over(&field, "900000").await;
    press_on(&page, "Run by chance").await;
    page.shows("Logs", "By chance… ").await;
    // The line beside it changes all the time, so that a click by the driver may come too late.
    page.js(
        "[...document.querySelectorAll('button')].find(it => it.innerText === 'Cancel').click()",
    )
    .await;
    page.shows("Logs", "Cancelled: nothing was changed.").await;
    assert_eq!(page.js("(await leftfold.logs()).length").await, logs);
    page.type_over(&field, "nine").await;
    page.click("Run by chance").await;
    page.shows("Logs", "type whole numbers").await;
    page.close().await;
}

async fn a_process_in_its_second_version_shows_what_is_missing_and_sends_it_when_asked() {
    let page = Page::open().await;
    page.goto("#/listing").await;
    page.until("location.hash.startsWith('#/listing/')").await;
    let head = page.js("leftfold.head()").await;
    assert!(page.text("Contradictions").await.contains("expired, yet published"));
    press_on(&page, "More about Moderation").await;
    reach(&page, "Code version of Moderation").await;
    page.press([DOWN]).await;
    page.until("document.body.textContent.includes('more over the same history')").await;
    assert_eq!(page.js("leftfold.head()").await, head);
    // It is listed before it is sent, on the page and to programs.
    let missing = page.js("await leftfold.missing('Moderation')").await;
    let first = &missing[0];
    assert!(first["stream"].as_str().unwrap().starts_with("listing-"), "{missing}");
    press_on(&page, "What it would have sent").await;
    let listed = page.text("Moderation").await;
    assert!(listed.contains(first["type"].as_str().unwrap()), "{listed}");
    assert!(listed.contains(&format!("#{}", first["position"])), "{listed}");
    press_on(&page, "Send what is missing").await;
    page.until(&format!("await leftfold.head() > {head}")).await;
    page.until("!document.body.textContent.includes('more over the same history')").await;
    let left = page.js("JSON.stringify((await leftfold.view('Contradictions')).rows)").await;
    assert!(!left.as_str().unwrap().contains("expired, yet published"), "{left}");
    assert_eq!(page.js("await leftfold.missing('Moderation')").await, json!([]));
    page.close().await;
}
