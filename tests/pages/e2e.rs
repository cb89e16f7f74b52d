//! The page end to end, in a headless browser: driven through roles, accessible names and the
//! console, never through CSS classes. `cargo xtask test` builds the page and runs this.

use crate::page::Page;
use crate::page::logs::{close, share};
use serde_json::json;

tests! {
    Browsers::Both => [
        the_first_visit_tells_the_carts_story_from_its_beginning,
        an_address_shows_the_story_played_to_its_end_or_any_position_of_it,
        five_commands_by_form_and_keyboard_alone_then_back_in_time_and_a_reload,
        a_reload_right_after_a_step_or_a_command_comes_back_to_it,
        a_filter_over_a_long_log_is_answered_slice_by_slice_and_finds_all_of_it,
        sending_in_the_past_forks_and_leaves_the_original_whole,
        the_page_reports_no_violation_of_its_security_policy_and_no_error,
        the_row_of_the_playhead_stays_in_view_where_the_log_gets_less_room,
        what_an_event_says_can_be_read_in_its_row_on_a_phone_and_in_large_type,
        the_page_itself_never_scrolls_in_any_scenario_or_width,
        the_page_itself_never_scrolls_while_flags_say_how_far_they_are_behind,
        listeners_hear_of_a_command_before_whoever_sent_it_goes_on,
        back_leaves_what_an_address_led_to_and_a_broken_link_leaves_everything,
        keys_leave_alone_what_lies_under_a_dialog,
        what_does_not_hold_says_of_what_and_leads_there,
        nothing_moves_under_whoever_drags_for_the_first_time,
        both_themes_and_a_narrow_screen_are_drawn,
        the_timeline_of_many_streams_draws_what_can_be_seen_and_told_apart,
        a_log_is_renamed_copied_deleted_brought_back_and_opened_from_its_link,
        the_console_tells_what_can_be_called_and_what_was_misspelt,
        two_thousand_stored_commands_leave_no_closure_behind,
    ],
    Browsers::Chromium("what the console answers is worked out in Rust, wherever that runs") => [
        a_wrong_expected_version_appends_nothing_and_the_same_command_is_handled_once,
        a_bulk_append_is_all_or_nothing_and_sought_by_position_or_date,
        three_calls_for_the_storys_next_step_tell_three_steps,
        what_cannot_be_is_refused_by_the_console_and_nothing_is_changed,
        a_new_customer_gets_one_mail_however_often_history_is_replayed,
        no_money_is_made_or_lost_at_any_position_and_no_transfer_stays_pending,
    ],
    Browsers::Chromium("what is shown is worked out in Rust; the tests above see browsers show it") => [
        every_scenario_tells_its_story_and_takes_every_command_from_its_form,
        what_was_asked_and_sent_after_the_playhead_is_marked_as_not_yet_so,
        the_state_of_the_event_at_the_playhead_is_the_first_that_is_seen,
        the_past_is_told_in_the_words_of_the_story,
        what_came_to_nothing_leaves_no_change_marked,
        a_bookmark_is_taken_away_by_the_button_that_set_it,
        a_story_that_is_over_is_told_again_in_a_log_of_its_own,
        search_finds_a_word_of_a_comment_until_its_post_is_deleted,
        a_projection_that_is_removed_and_added_again_fills_itself_from_the_past,
    ],
    Browsers::Chromium("axe reads the document and its styles, which are the same everywhere") => [
        axe_finds_nothing_in_any_scenario_theme_or_width,
    ],
}

const ENTER: char = '\u{e007}';
const TAB: char = '\u{e004}';

async fn the_first_visit_tells_the_carts_story_from_its_beginning() {
    let page = Page::unopened().await;
    page.resize(1440, 900).await;
    page.goto("").await;
    page.until("await leftfold.head() === 1").await;
    assert_eq!(page.js("(await leftfold.stage()).step").await, json!(1));
    page.until("document.querySelector('.notices').textContent.includes('event sourcing')").await;
    page.click_on("//button[starts-with(normalize-space(.), 'Next: ')]").await;
    page.until("(await leftfold.stage()).step === 2").await;
    page.click("Skip to the end").await;
    page.until("(await leftfold.stage()).step === 12").await;
    let head = page.js("leftfold.head()").await;
    // Whoever comes back finds the log again.
    page.visit("").await;
    page.ready().await;
    assert_eq!(page.js("leftfold.head()").await, head);
    page.close().await;
}

async fn an_address_shows_the_story_played_to_its_end_or_any_position_of_it() {
    let page = Page::open().await;
    assert_eq!(page.js("leftfold.head()").await, page.js("leftfold.position()").await);
    let outcomes = page.js("(await leftfold.journal()).map(it => it.outcome)").await;
    assert!(outcomes.as_array().unwrap().contains(&json!("rejected")), "{outcomes}");
    page.unfold("Considered but removed").await;
    assert!(page.text("Considered but removed").await.contains("pretzels"));
    assert!(page.text("cart-1").await.contains("coffee"));
    page.screenshot("first-visit").await;
    page.js("location.hash = '#/cart/at/4'; return 0").await;
    page.until("await leftfold.position() === 4").await;
    page.close().await;
}

async fn five_commands_by_form_and_keyboard_alone_then_back_in_time_and_a_reload() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart', { empty: true })").await;
    assert_eq!(page.js("leftfold.head()").await, json!(0));

    // AddToCart three times: to the command, on to the item, and Enter.
    for (count, item) in [(1, "apples"), (2, "pears"), (3, "pretzels")] {
        page.press(['c']).await;
        page.press([TAB, TAB]).await;
        type_over(&page, item).await;
        page.press([ENTER]).await;
        page.until(&format!("await leftfold.head() === {count}")).await;
        page.client.execute("document.activeElement.blur()", vec![]).await.unwrap();
    }
    // A letter in a select goes to the entry that begins with it.
    page.press(['c', 'R', TAB, TAB]).await;
    type_over(&page, "pretzels").await;
    page.press([ENTER]).await;
    page.until("await leftfold.head() === 4").await;
    page.client.execute("document.activeElement.blur()", vec![]).await.unwrap();
    page.press(['c', 'C', TAB, ENTER]).await;
    page.until("await leftfold.head() === 5").await;
    page.client.execute("document.activeElement.blur()", vec![]).await.unwrap();

    let kinds = page.js("(await leftfold.events(1, 5)).map(it => it.type)").await;
    assert_eq!(
        kinds,
        json!(["AddedToCart", "AddedToCart", "AddedToCart", "RemovedFromCart", "CartCheckedOut"])
    );
    assert_eq!(page.js("(await leftfold.state('cart-1')).state").await, json!({ "items": {} }));
    assert!(page.text("Considered but removed").await.contains("pretzels"));
    assert!(page.text("Best sellers").await.contains("apples"));

    // Back to position 3, all of it as it was.
    let slider = page.find("[role=slider][aria-label=Playhead]").await;
    slider.send_keys("\u{e012}").await.unwrap();
    slider.send_keys("\u{e012}").await.unwrap();
    page.until("await leftfold.position() === 3").await;
    let at_3 = page.js("(await leftfold.state('cart-1')).state.items").await;
    assert_eq!(at_3, json!({ "apples": 1, "pears": 1, "pretzels": 1 }));
    assert!(!page.text("Considered but removed").await.contains("pretzels"));
    assert!(page.text("cart-1").await.contains("pretzels"));
    assert!(page.text("Timeline").await.contains("to come"));
    let valuetext = slider.attr("aria-valuetext").await.unwrap().unwrap();
    assert_eq!(valuetext, "position 3 of 5: AddedToCart on cart-1");
    page.screenshot("past").await;
    page.click("Return to now").await;
    page.until("await leftfold.position() === 5").await;

    // Something that isn't there: refused, with the reason beside it and in the journal.
    page.client.execute("document.activeElement.blur()", vec![]).await.unwrap();
    page.press(['c', 'R', TAB, TAB]).await;
    type_over(&page, "pretzels").await;
    page.press([ENTER]).await;
    page.until("(await leftfold.journal()).length === 6").await;
    assert_eq!(page.js("leftfold.head()").await, json!(5));
    let why = "there are no pretzels in this cart to remove";
    page.shows("Commands", why).await;
    page.shows("Journal", why).await;
    page.screenshot("rejected").await;

    let before =
        page.js("[await leftfold.events(1, 5), await leftfold.journal(), location.hash]").await;
    page.reload().await;
    let after =
        page.js("[await leftfold.events(1, 5), await leftfold.journal(), location.hash]").await;
    assert_eq!(before, after);
    page.close().await;
}

/// Replaces what the focused field holds.
async fn type_over(page: &Page, text: &str) {
    let field = page.client.active_element().await.unwrap();
    page.type_over(&field, text).await;
}

async fn a_reload_right_after_a_step_or_a_command_comes_back_to_it() {
    let page = Page::open().await;
    let item = "{ type: 'AddToCart', data: { item: 'apples' } }";
    page.js(&format!("await leftfold.send('cart-1', {item})")).await;
    page.reload().await;
    assert_eq!(page.js("leftfold.position()").await, page.js("leftfold.head()").await);
    page.js("await leftfold.seek(2)").await;
    page.reload().await;
    assert_eq!(page.js("leftfold.position()").await, 2);
    page.close().await;
}

async fn a_wrong_expected_version_appends_nothing_and_the_same_command_is_handled_once() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart', { empty: true })").await;
    let add = "{ type: 'AddToCart', data: { item: 'apples' } }";
    let sent =
        page.js(&format!("await leftfold.send('cart-1', {add}, {{ expectedVersion: 0 }})")).await;
    assert_eq!(sent["outcome"], "accepted");
    assert_eq!(sent["events"][0]["position"], 1);

    for expected in ["0", "7"] {
        let refused = page
            .js(&format!("await leftfold.send('cart-1', {add}, {{ expectedVersion: {expected} }})"))
            .await;
        assert_eq!(refused["code"], "wrong_expected_version", "{refused}");
        assert_eq!(refused["expected"].to_string(), expected);
        assert_eq!(refused["actual"], 1);
    }
    assert_eq!(page.js("leftfold.head()").await, json!(1));

    let id = "018f3a2e-7c1b-7d7e-9a6b-3f2a1c0b9d8e";
    let once = format!("await leftfold.send('cart-1', {add}, {{ commandId: '{id}' }})");
    assert_eq!(page.js(&once).await["outcome"], "accepted");
    let again = page.js(&once).await;
    assert_eq!(again["outcome"], "repeated");
    assert_eq!(again["events"][0]["position"], 2);
    assert_eq!(page.js("leftfold.head()").await, json!(2));

    let rejected = page
        .js("await leftfold.send('cart-1', { type: 'RemoveFromCart', data: { item: 'x' } })")
        .await;
    assert_eq!(rejected["code"], "rejected");
    let malformed =
        page.js("await leftfold.send('cart-1', { type: 'AddToCart', data: { item: 3 } })").await;
    assert_eq!(malformed["code"], "malformed");
    let unknown = page.js("await leftfold.send('train-1', { type: 'Depart' })").await;
    assert_eq!(unknown["code"], "unknown_stream");
    assert_eq!(page.js("await leftfold.events(1, 3)").await["code"], "out_of_range");
    assert_eq!(page.js("await leftfold.events(1, 0)").await, json!([]));
    page.close().await;
}

async fn a_bulk_append_is_all_or_nothing_and_sought_by_position_or_date() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart', { empty: true, storage: 'memory' })").await;
    let rows = "[1, 2, 3].map(n => ({ stream: 'cart-9', type: 'AddedToCart', data: { item: 'tea ' + n }, at: Date.UTC(2020, 0, n) }))";
    assert_eq!(
        page.js(&format!("await leftfold.append({rows})")).await,
        json!({ "from": 1, "to": 3 })
    );
    let bad = page.js(&format!("await leftfold.append([...{rows}.map(r => ({{ ...r, at: undefined }})), {{ stream: 'cart-9', type: 'Nonsense', data: {{}} }}])")).await;
    assert_eq!(bad["code"], "malformed");
    let early = page.js(&format!("await leftfold.append({rows})")).await;
    assert_eq!(early["code"], "malformed");
    assert_eq!(page.js("leftfold.head()").await, json!(3));
    page.js("await leftfold.seek(new Date('2020-01-02T12:00:00Z'))").await;
    assert_eq!(page.js("leftfold.position()").await, json!(2));
    assert_eq!(page.js("await leftfold.seek(9)").await["code"], "out_of_range");
    assert_eq!(page.js("(await leftfold.view('Carts now')).rows[0].pieces").await, json!(2));
    page.close().await;
}

async fn a_filter_over_a_long_log_is_answered_slice_by_slice_and_finds_all_of_it() {
    let page = Page::open().await;
    let fill = "await leftfold.open('cart', { empty: true, storage: 'memory' });
        const data = n => ({ item: n % 1000 ? 'a thing' : 'A Pear' });
        return leftfold.append(Array.from({ length: 200000 }, (_, n) => (
            { stream: 'cart-' + n % 7, type: 'AddedToCart', data: data(n) })))";
    page.js(fill).await;
    let watch = "const tools = document.querySelector('#filter').parentElement;
        window.told = [];
        new MutationObserver(() => told.push(tools.textContent))
            .observe(tools, { subtree: true, childList: true, characterData: true });
        return true";
    page.js(watch).await;
    page.press(['/']).await;
    page.press("pear".chars()).await;
    let tools = "document.querySelector('#filter').parentElement.textContent";
    page.until(&format!("/200 of 200.000/.test({tools})")).await;
    let parts = page.js("told.filter(it => it.includes('of the first')).length").await;
    assert!(parts.as_u64().unwrap() > 1, "{parts}");
    page.press([ENTER]).await;
    page.until("(await leftfold.position()) === 1").await;
    // From before the first event the next row is the first one's.
    page.js("document.querySelector('[role=grid]').focus(); return leftfold.seek(0)").await;
    page.press(['\u{e015}']).await;
    page.until("(await leftfold.position()) === 1").await;
    page.close().await;
}

/// How the timeline's lanes draw what they draw, each look once. Paths over the same points make one
/// mark. What a button holds is an icon.
const LOOKS: &str = "
    const marks = new Map();
    for (const path of document.querySelectorAll('[aria-label=Timeline] path')) {
        if (path.closest('button, summary')) continue;
        const { fill, stroke, strokeWidth, strokeLinecap } = getComputedStyle(path);
        const points = path.getAttribute('d');
        const look = `fill ${fill}, stroke ${stroke} ${strokeWidth} ${strokeLinecap}`;
        marks.set(points, [...marks.get(points) ?? [], look]);
    }
    return [...new Set([...marks.values()].map(it => it.join('; ')))].sort();";

/// The looks in the timeline's lanes, each of which can be seen.
async fn looks(page: &Page) -> Vec<String> {
    let looks: Vec<String> = serde_json::from_value(page.js(LOOKS).await).unwrap();
    for look in &looks {
        let unseen = ["stroke none", "stroke rgba(0, 0, 0, 0)", "stroke transparent"];
        assert!(!unseen.iter().any(|it| look.contains(it)), "{look}");
    }
    looks
}

async fn the_timeline_of_many_streams_draws_what_can_be_seen_and_told_apart() {
    let page = Page::open().await;
    // Forty-five streams of ten events, of five types.
    let fill = "await leftfold.open('transfers', { empty: true, storage: 'memory' });
        const declined = { transfer: '1', amount: 1, reason: 'closed' };
        const events = [
            { type: 'AccountOpened', data: { name: 'Lola', initial_balance: 10000 } },
            { type: 'Deposited', data: { amount: 1 } },
            { type: 'Withdrew', data: { amount: 1 } },
            { type: 'DepositDeclined', data: declined },
            { type: 'WithdrawalDeclined', data: declined },
        ];
        return leftfold.append(Array.from({ length: 450 }, (_, n) => (
            { stream: `account-${Math.floor(n / 10) + 1}`, ...events[n % 5] })))";
    page.js(fill).await;
    let marks = "document.querySelectorAll('[aria-label=Timeline] path:not(button *, summary *)')";

    // Of the whole log the timeline shows how dense events are.
    page.until(&format!("{marks}.length === 1")).await;
    let dense = looks(&page).await;
    assert_eq!(dense.len(), 1, "{dense:#?}");

    // Of a quarter it shows each event, by type.
    let quarter = "const spans = document.querySelector('[aria-label=\"Timeline spans\"]');
        spans.value = '4';
        spans.dispatchEvent(new Event('change', { bubbles: true }));
        return 0";
    page.js(quarter).await;
    page.until(&format!("{marks}.length > 1")).await;
    let each = looks(&page).await;
    assert_eq!(each.len(), 5, "{each:#?}");
    page.screenshot("timeline-of-many-streams").await;
    page.close().await;
}

async fn sending_in_the_past_forks_and_leaves_the_original_whole() {
    let page = Page::open().await;
    let (head, hash) = (page.js("leftfold.head()").await, page.js("location.hash").await);
    page.js("await leftfold.seek(2)").await;
    page.click("Fork here & send").await;
    page.until("await leftfold.head() === 3").await;
    assert_ne!(page.js("location.hash").await, hash);
    assert_eq!(page.js("(await leftfold.logs()).length").await, json!(2));
    page.client.back().await.unwrap();
    page.until(&format!("await leftfold.head() === {head}")).await;
    page.close().await;
}

async fn every_scenario_tells_its_story_and_takes_every_command_from_its_form() {
    let page = Page::open().await;
    let scenarios = page.js("leftfold.scenarios()").await;
    for scenario in scenarios.as_array().unwrap() {
        let id = scenario["id"].as_str().unwrap();
        page.goto(&format!("#/{id}")).await;
        page.until(&format!("location.hash.startsWith('#/{id}/')")).await;
        page.screenshot(&format!("{id}-wide-light")).await;
        let journal = page.js("leftfold.journal()").await;
        let outcomes: Vec<&str> =
            journal.as_array().unwrap().iter().map(|it| it["outcome"].as_str().unwrap()).collect();
        assert!(outcomes.contains(&"rejected"), "{id} has a refusal");
        for it in page.js("leftfold.subscriptions()").await.as_array().unwrap() {
            assert_eq!(it["lag"], 0, "{id}: {it}");
        }
        // Every command, as its form stands at first: accepted or refused, never malformed.
        let commands =
            page.js("[...document.querySelectorAll('#command option')].map(it => it.value)").await;
        for command in commands.as_array().unwrap() {
            let before = page.js("(await leftfold.journal()).length").await.as_u64().unwrap();
            let select = page.find("#command").await;
            select.select_by_value(command.as_str().unwrap()).await.unwrap();
            page.click("Send").await;
            page.until(&format!("(await leftfold.journal()).length > {before}")).await;
            let entry = page.js(&format!("(await leftfold.journal())[{before}]")).await;
            let outcome = entry["outcome"].as_str().unwrap();
            assert!(["accepted", "rejected"].contains(&outcome), "{id}: {entry}");
        }
    }
    page.close().await;
}

async fn the_page_reports_no_violation_of_its_security_policy_and_no_error() {
    let page = Page::open().await;
    page.js("window.addEventListener('securitypolicyviolation', e => (window.violations = window.violations || []).push(e.violatedDirective))").await;
    let hostile = "'<img src=x onerror=\"window.hit = 1\">'";
    page.js(&format!(
        "await leftfold.send('cart-1', {{ type: 'AddToCart', data: {{ item: {hostile} }} }})"
    ))
    .await;
    page.until("document.body.textContent.includes('onerror')").await;
    assert_eq!(
        page.js("[window.violations ?? null, window.hit ?? null]").await,
        json!([null, null])
    );
    page.close().await;
}

async fn axe_finds_nothing_in_any_scenario_theme_or_width() {
    let page = Page::open().await;
    let scenarios = page.js("leftfold.scenarios()").await;
    for scenario in scenarios.as_array().unwrap() {
        let id = scenario["id"].as_str().unwrap();
        page.js(&format!("await leftfold.open('{id}')")).await;
        for (width, height) in [(1440, 900), (390, 844)] {
            page.resize(width, height).await;
            for theme in ["light", "dark"] {
                page.theme(theme).await;
                let found = page.barriers().await;
                assert!(found.is_empty(), "{id}, {width} wide, {theme}: {found:#?}");
            }
        }
        page.resize(1440, 900).await;
        page.js("await leftfold.seek(1)").await;
        let found = page.barriers().await;
        assert!(found.is_empty(), "{id}, in the past: {found:#?}");
    }
    page.close().await;
}

/// True where the row of the playhead lies whole in what is seen of the log; the edges of pixels
/// are where each browser has them.
const ROW_IN_VIEW: &str = "document
        .querySelector('[role=grid] [aria-selected=true]')?.getBoundingClientRect().bottom
    <= document.querySelector('[role=grid]').getBoundingClientRect().bottom + 2";

async fn what_was_asked_and_sent_after_the_playhead_is_marked_as_not_yet_so() {
    let page = Page::open().await;
    page.js("await leftfold.open('welcome')").await;
    let later = |list: &str| format!("document.querySelectorAll('{list} li.later').length");
    let (asked, sent) = (later(".entries"), later(".effects"));
    page.until(&format!("{asked} === 0 && {sent} === 0")).await;
    page.js("await leftfold.seek(4)").await;
    let expected = "(await leftfold.outbox()).filter(it => it.position > 4).length";
    page.until(&format!("{asked} > 0 && {sent} > 0 && {sent} === {expected}")).await;
    page.js("await leftfold.seek(0)").await;
    page.until(&format!("{asked} === (await leftfold.journal()).length")).await;
    page.close().await;
}

async fn the_row_of_the_playhead_stays_in_view_where_the_log_gets_less_room() {
    let page = Page::open().await;
    page.js("await leftfold.open('orders')").await;
    page.until(ROW_IN_VIEW).await;
    for (width, height) in [(500, 844), (1440, 900)] {
        page.resize(width, height).await;
        page.until(ROW_IN_VIEW).await;
    }
    page.press(['p']).await;
    page.until("!!document.querySelector('button[aria-pressed=true]')").await;
    page.until(ROW_IN_VIEW).await;
    page.close().await;
}

async fn the_state_of_the_event_at_the_playhead_is_the_first_that_is_seen() {
    let page = Page::open().await;
    page.js("await leftfold.open('orders')").await;
    let head = page.js("leftfold.head()").await.as_u64().unwrap();
    // From where there are more states than are in view.
    for position in (3..=head).rev() {
        page.js(&format!("await leftfold.seek({position})")).await;
        page.until(&format!(
            "const [event] = await leftfold.events({position}, {position});
             return document.querySelector('.readside .panel').getAttribute('aria-label') === event.stream"
        ))
        .await;
    }
    page.close().await;
}

async fn what_an_event_says_can_be_read_in_its_row_on_a_phone_and_in_large_type() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart')").await;
    for (width, height, present) in [(450, 844, false), (1024, 768, true)] {
        page.resize(width, height).await;
        if present {
            page.press(['p']).await;
            page.until("!!document.querySelector('.page.present')").await;
        }
        page.until(
            "[...document.querySelectorAll('[data-position] .data')].every(it => it.scrollWidth <= it.clientWidth)",
        )
        .await;
    }
    page.close().await;
}

async fn the_page_itself_never_scrolls_in_any_scenario_or_width() {
    let page = Page::open().await;
    let scenarios = page.js("leftfold.scenarios()").await;
    for scenario in scenarios.as_array().unwrap() {
        let id = scenario["id"].as_str().unwrap();
        page.js(&format!("await leftfold.open('{id}')")).await;
        for (width, height) in [(1440, 900), (1024, 768), (500, 844)] {
            page.resize(width, height).await;
            let beyond = page
                .js("(({ scrollWidth, scrollHeight }) => [scrollWidth - innerWidth, scrollHeight - innerHeight])
                    (document.documentElement)")
                .await;
            assert_eq!(beyond, json!([0, 0]), "{id}, {width} wide");
        }
    }
    page.close().await;
}

/// How far the document is wider and higher than the window.
const BEYOND: &str = "
    const { scrollWidth, scrollHeight } = document.documentElement;
    return [scrollWidth - innerWidth, scrollHeight - innerHeight];";

async fn the_page_itself_never_scrolls_while_flags_say_how_far_they_are_behind() {
    let page = Page::open().await;
    for (width, height) in [(1024, 768), (1280, 720), (500, 844)] {
        page.resize(width, height).await;
        page.js("await leftfold.open('transfers')").await;
        page.js("await leftfold.submit('account-7', { type: 'OpenAccount', data: { name: 'Zoe', initial_balance: 1000 } })").await;
        for step in 0.. {
            let over = page.js("await leftfold.step()").await.is_null();
            assert_eq!(page.js(BEYOND).await, json!([0, 0]), "{width} wide, after {step} steps");
            if over {
                break;
            }
        }
    }
    page.resize(1024, 768).await;
    page.js("await leftfold.open('transfers')").await;
    page.click("Present").await;
    for position in [0, 5, 26] {
        page.js(&format!("await leftfold.seek({position})")).await;
        assert_eq!(page.js(BEYOND).await, json!([0, 0]), "presented at {position}");
    }
    page.close().await;
}

async fn the_past_is_told_in_the_words_of_the_story() {
    let page = Page::open().await;
    page.js("await leftfold.seek(1)").await;
    page.shows("Pipeline", "#1: Alice starts with apples.").await;
    // What no story tells is told by its name.
    page.js("await leftfold.send('cart-9', { type: 'AddToCart', data: { item: 'plums' } })").await;
    page.js("await leftfold.send('cart-9', { type: 'AddToCart', data: { item: 'plums' } })").await;
    page.js("await leftfold.seek(await leftfold.head() - 1)").await;
    page.shows("Pipeline", "AddedToCart on cart-9").await;
    page.close().await;
}

async fn what_came_to_nothing_leaves_no_change_marked() {
    let page = Page::open().await;
    let marks = "document.querySelectorAll('[aria-label=\"Read side\"] ins').length";
    assert_ne!(page.js(marks).await, json!(0), "the last event's changes are marked");
    page.press(['c', 'R', TAB, TAB]).await;
    type_over(&page, "pretzels").await;
    page.press([ENTER]).await;
    page.shows("Commands", "there are no pretzels in this cart to remove").await;
    page.until(&format!("{marks} === 0")).await;
    // Whoever comes back to the event sees what it changed.
    page.js("await leftfold.seek(3)").await;
    page.js("await leftfold.seek(await leftfold.head())").await;
    page.until(&format!("{marks} > 0")).await;
    page.close().await;
}

async fn a_bookmark_is_taken_away_by_the_button_that_set_it() {
    let page = Page::open().await;
    let pressed = "[...document.querySelectorAll('button')]
        .find(it => it.textContent.trim() === 'Bookmark').getAttribute('aria-pressed')";
    page.js("await leftfold.seek(4)").await;
    page.click("Bookmark").await;
    page.until(&format!("{pressed} === 'true'")).await;
    page.until("!!document.querySelector('button[aria-label^=\"Bookmark \"] path')").await;
    let fill =
        "getComputedStyle(document.querySelector('button[aria-label^=\"Bookmark \"] path')).fill";
    assert_ne!(page.js(fill).await, json!("none"), "its flag can be seen");
    page.click("Bookmark").await;
    page.until(&format!("{pressed} === 'false'")).await;
    page.close().await;
}

async fn listeners_hear_of_a_command_before_whoever_sent_it_goes_on() {
    let page = Page::open().await;
    let heard = page
        .js("
            await leftfold.open('cart', { empty: true });
            const events = [], steps = [], add = { type: 'AddToCart', data: { item: 'plums' } };
            const end = leftfold.on('event', it => events.push(it.position));
            leftfold.on('step', it => steps.push(it.caption));
            await leftfold.send('cart-1', { type: 'Checkout', data: {} }).catch(() => 0);
            await leftfold.send('cart-1', add);
            const after = [events.length, steps.length > 4];
            end();
            await leftfold.send('cart-1', add);
            const codes = [5, 'nope', 'event'].map(what => {
                try { leftfold.on(what, 5); return 'taken'; } catch (fault) { return fault.code; }
            });
            return [after, events, codes];")
        .await;
    let codes = ["malformed"; 3];
    assert_eq!(heard, json!([[1, true], [1], codes]));
    page.close().await;
}

async fn the_console_tells_what_can_be_called_and_what_was_misspelt() {
    let page = Page::open().await;
    let told = page
        .js("
            const printed = [];
            console.log = it => printed.push(it);
            const all = await leftfold.help(), send = await leftfold.help('send');
            const types = await fetch('leftfold.d.ts').then(it => it.text());
            const called = Object.keys(leftfold).filter(it => !all.includes('  ' + it));
            return [printed[0] === all && printed[1] === send, send.split('\\n')[0], called,
                types.includes('declare const leftfold')];")
        .await;
    assert_eq!(told, json!([true, "send(stream, command, how?)", [], true]));
    let misspelt = page
        .js("
            const why = call => call.then(() => 'taken', it => `${it.code}: ${it.message}`);
            const circle = {};
            circle.itself = circle;
            return [
                await why(leftfold.help('snd')),
                await why(leftfold.send('cart-1', { type: 'Checkout' }, { expectedversion: 0 })),
                await why(leftfold.send('cart-1', { type: 'AddToCart', data: { item: 3 } })),
                await why(leftfold.send('cart-1')),
                await why(leftfold.send('cart-1', { type: 'Checkout', data: circle })),
                await why(leftfold.seek(new Date(NaN))),
            ];")
        .await;
    let expected = [
        "malformed: there is no leftfold.snd; did you mean leftfold.send?",
        "malformed: there is no how.expectedversion; did you mean how.expectedVersion?",
        "malformed: item: text is expected, not 3",
        "malformed: command is missing: an object is expected",
        "malformed: command cannot be written as JSON",
        "malformed: place: a number or a date is expected, not null",
    ];
    assert_eq!(misspelt, json!(expected));
    page.close().await;
}

async fn two_thousand_stored_commands_leave_no_closure_behind() {
    let page = Page::unopened().await;
    page.goto("?closures").await;
    page.js("await leftfold.open('cart', { empty: true })").await;
    // In parts, so that no call takes longer than the driver waits, however slow the machine.
    let send = "
        for (let n = 0; n < 100; n++) {
            const add = { type: 'AddToCart', data: { item: 'figs' } };
            await leftfold.send('cart-' + n % 50, add);
        }
        return closures.size;";
    let before = page.js(send).await.as_i64().unwrap();
    let mut after = before;
    for _ in 0..20 {
        after = page.js(send).await.as_i64().unwrap();
    }
    let grown = after - before;
    // The page draws now and then, and keeps what it has drawn.
    assert!(grown < 100, "{grown} closures are left");
    page.close().await;
}

async fn three_calls_for_the_storys_next_step_tell_three_steps() {
    let page = Page::open().await;
    let told = page
        .js("
            await leftfold.open('cart', { empty: true });
            const told = await Promise.all([leftfold.next(), leftfold.next(), leftfold.next()]);
            return told.map(it => it.number);")
        .await;
    assert_eq!(told, json!([1, 2, 3]));
    page.close().await;
}

async fn back_leaves_what_an_address_led_to_and_a_broken_link_leaves_everything() {
    let page = Page::open().await;
    page.goto("#/bank").await;
    page.until("location.hash.startsWith('#/bank/')").await;
    page.js("history.back(); return 1").await;
    page.until("location.hash.startsWith('#/cart/') && document.title.startsWith('Shopping')")
        .await;
    let here = page.js("location.hash").await;
    page.goto("#/share/garbage").await;
    page.until("document.body.innerText.includes('No log could be opened')").await;
    assert_eq!(page.js("location.hash").await, here);
    page.close().await;
}

async fn what_cannot_be_is_refused_by_the_console_and_nothing_is_changed() {
    let page = Page::open().await;
    let codes = page
        .js("
            const code = call => call.then(() => 'taken', fault => fault.code);
            const late = { stream: 'cart-1', type: 'AddedToCart', data: { item: 'x' }, at: 9e15 };
            return [
                await code(leftfold.append([late])),
                await code(leftfold.compare(1, 999)),
                await code(leftfold.subscription('Carts now', { code: 99 })),
                await code(leftfold.subscription('Carts now', { paused: true, checkpoint: 9999 })),
                await code(leftfold.send('cart-1', { type: 'Checkout' }, { expectedVersion: NaN })),
                await code(leftfold.open('cart', { storage: 'floppy' })),
                (await leftfold.subscriptions()).some(it => it.paused),
                await leftfold.head(),
            ];")
        .await;
    let bad = "malformed";
    assert_eq!(codes, json!([bad, "out_of_range", bad, bad, bad, bad, false, 10]));
    page.close().await;
}

async fn keys_leave_alone_what_lies_under_a_dialog() {
    let page = Page::open().await;
    page.click_menu("Log ▾", "All logs…").await;
    page.find("[role=dialog]").await;
    page.press(['p', '\u{e012}', '\u{e011}', 'c']).await;
    assert_eq!(
        page.js("[await leftfold.position(), await leftfold.head()]").await,
        json!([10, 10])
    );
    assert_eq!(page.js("!!document.activeElement.closest('[role=dialog]')").await, json!(true));
    page.press(['\u{e00c}']).await;
    page.until("!document.querySelector('[role=dialog]')").await;
    page.close().await;
}

async fn a_story_that_is_over_is_told_again_in_a_log_of_its_own() {
    let page = Page::open().await;
    page.click("Tell it again").await;
    page.until("await leftfold.head() === 0").await;
    page.click_on("//button[starts-with(normalize-space(.), 'Next:')]").await;
    page.shows("Pipeline", "Alice starts with apples.").await;
    page.until("await leftfold.head() === 1").await;
    assert_eq!(page.js("(await leftfold.logs()).length").await, json!(2));
    page.close().await;
}

async fn what_does_not_hold_says_of_what_and_leads_there() {
    let page = Page::open().await;
    page.js("await leftfold.open('orders')").await;
    page.click("Show order-2").await;
    page.until("document.activeElement.closest('[aria-label=order-2]') !== null").await;
    page.close().await;
}

async fn nothing_moves_under_whoever_drags_for_the_first_time() {
    let page = Page::open().await;
    let top =
        "document.querySelector('[role=slider][aria-label=Playhead]').getBoundingClientRect().top";
    let hint =
        "document.querySelector('[role=note]').checkVisibility({ checkVisibilityCSS: true })";
    let before = page.js(top).await;
    assert_eq!(page.js(hint).await, json!(true));
    let slider = page.find("[role=slider][aria-label=Playhead]").await;
    slider.send_keys("\u{e012}").await.unwrap();
    page.until("await leftfold.position() === 9").await;
    assert_eq!(page.js(hint).await, json!(false));
    assert_eq!(page.js(top).await, before);
    page.close().await;
}

async fn both_themes_and_a_narrow_screen_are_drawn() {
    let page = Page::sized(390, 844).await;
    page.screenshot("cart-narrow-light").await;
    page.click("Other theme").await;
    page.screenshot("cart-narrow-dark").await;
    page.resize(1440, 900).await;
    page.screenshot("cart-wide-dark").await;
    assert_eq!(page.js("document.documentElement.dataset.theme").await, json!("dark"));
    page.close().await;
}

async fn a_new_customer_gets_one_mail_however_often_history_is_replayed() {
    let page = Page::open().await;
    page.js("await leftfold.open('welcome', { empty: true })").await;
    let register = |id: &str, email: &str| {
        format!(
            "await leftfold.send('customer-{id}', {{ type: 'RegisterCustomer', data: {{ name: 'Lola', email: '{email}' }} }})"
        )
    };
    page.js(&register("7", "lola@example.org")).await;
    page.js(&register("8", "mattia@example.org")).await;
    page.js(&register("9", "Lola@example.org")).await;
    let performed =
        "(await leftfold.outbox()).filter(it => it.status === 'performed').map(it => it.data.to)";
    let mails = json!(["lola@example.org", "mattia@example.org"]);
    assert_eq!(page.js(performed).await, mails);
    let merged = page.js("(await leftfold.events(1, await leftfold.head())).at(-1).type").await;
    assert_eq!(merged, "AccountsMerged");
    let head = page.js("leftfold.head()").await;
    page.js("for (let n = 0; n <= await leftfold.head(); n++) await leftfold.seek(n); return 0")
        .await;
    page.js("await leftfold.rebuild('Welcomer')").await;
    page.reload().await;
    page.js("await leftfold.rebuild('Welcomer')").await;
    assert_eq!(page.js(performed).await, mails);
    assert_eq!(page.js("leftfold.head()").await, head);
    assert!(page.text("Welcomer").await.contains("held back"));
    page.close().await;
}

async fn no_money_is_made_or_lost_at_any_position_and_no_transfer_stays_pending() {
    let page = Page::open().await;
    page.js("await leftfold.open('transfers')").await;
    let balanced = page
        .js("const seen = [];
             for (let n = 0; n <= await leftfold.head(); n++) {
                 await leftfold.seek(n);
                 const bank = (await leftfold.view('Conservation')).documents.bank;
                 if (bank && !bank.balanced) seen.push(n);
             }
             return seen;")
        .await;
    assert_eq!(balanced, json!([]));
    let status = page.js("(await leftfold.view('Transfers')).rows.map(it => it.status)").await;
    for status in status.as_array().unwrap() {
        assert!(["completed", "failed"].contains(&status.as_str().unwrap()), "{status}");
    }
    page.close().await;
}

async fn search_finds_a_word_of_a_comment_until_its_post_is_deleted() {
    let page = Page::open().await;
    page.js("await leftfold.open('blog', { empty: true })").await;
    let send = |what: &str| format!("await leftfold.send('post-1', {what})");
    page.js(&send("{ type: 'SubmitPost', data: { body: 'Semicolons', author: 'Ben' } }")).await;
    page.js(&send("{ type: 'AddComment', data: { body: 'Well, marzipan', author: 'Bob' } }")).await;
    let query = page.find("[aria-label='Query Word search']").await;
    query.send_keys("marzip").await.unwrap();
    assert!(page.text("Word search").await.contains("Semicolons"));
    assert_eq!(page.js("(await leftfold.view('/posts')).rows.length").await, json!(1));
    page.js(&send("{ type: 'DeletePost', data: {} }")).await;
    page.until("document.body.textContent.includes('No entry has these words')").await;
    assert_eq!(page.js("(await leftfold.view('/posts')).rows.length").await, json!(0));
    let documents = page.js("Object.keys((await leftfold.view('/posts/ID')).documents)").await;
    assert_eq!(documents, json!(["1"]));
    page.close().await;
}

async fn a_projection_that_is_removed_and_added_again_fills_itself_from_the_past() {
    let page = Page::open().await;
    let before = page.js("await leftfold.view('Best sellers')").await;
    page.click_on("//summary[@aria-label='More about Best sellers']").await;
    page.click("Remove Best sellers").await;
    page.until("(await leftfold.subscriptions()).every(it => it.name !== 'Best sellers')").await;
    page.click("Add Best sellers").await;
    page.until("(await leftfold.subscriptions()).some(it => it.name === 'Best sellers')").await;
    assert_eq!(page.js("await leftfold.view('Best sellers')").await, before);
    page.close().await;
}

async fn a_log_is_renamed_copied_deleted_brought_back_and_opened_from_its_link() {
    let page = Page::open().await;
    let events = "JSON.stringify(await leftfold.events(1, await leftfold.head()))";
    let before = page.js(events).await;
    page.click_menu("Log ▾", "All logs…").await;
    let titles = "[...document.querySelectorAll(\"[aria-label='Kept logs'] input\")].map(it => it.value).join()";
    page.until(&format!("{titles} === 'Shopping cart'")).await;

    let title = page.find("[aria-label='Title of Shopping cart']").await;
    page.type_over(&title, "Ours\u{e004}").await;
    page.until(&format!("{titles} === 'Ours'")).await;
    page.click("Duplicate Ours").await;
    page.until("document.querySelectorAll(\"[aria-label='Kept logs'] input\").length === 2").await;
    page.click("Delete Ours").await;
    page.until("document.querySelectorAll(\"[aria-label='Kept logs'] input\").length === 1").await;
    page.click("Undo the deletion of Ours").await;
    page.until("document.querySelectorAll(\"[aria-label='Kept logs'] input\").length === 2").await;
    let found = page.barriers().await;
    assert!(found.is_empty(), "in the dialog: {found:#?}");

    close(&page).await;
    let link = share(&page).await;
    let (_, hash) = link.split_once('#').unwrap();
    page.js(&format!("location.hash = '#{hash}'; return 0")).await;
    page.until("(await leftfold.logs()).length === 3").await;
    assert_eq!(page.js(events).await, before);
    page.close().await;
}
