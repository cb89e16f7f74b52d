//! Nothing stuck, and nothing said that is not so, in a headless browser: a storage that does not
//! answer, text that is too long, and captions that are behind. `cargo xtask test` builds the page
//! and runs this.

use crate::page::Page;
use serde_json::json;

tests! {
    Browsers::Both => [
        where_storage_or_locks_never_answer_the_page_works_and_says_what_is_missing,
        a_write_that_does_not_end_is_said_and_the_log_goes_on_in_memory,
        a_command_resolves_after_all_that_follows_although_its_log_was_opened_again,
        a_comment_of_thirty_thousand_letters_is_clipped_and_shown_whole_in_a_box,
        what_is_said_is_what_has_happened,
        whatever_opens_a_log_gives_its_id_and_a_command_in_the_past_is_said,
    ],
}

const NOTICES: &str = "[...document.querySelectorAll('.notices')].map(it => it.innerText).join()";

async fn where_storage_or_locks_never_answer_the_page_works_and_says_what_is_missing() {
    for (before, said) in [
        ("?silent-storage", "the storage does not answer"),
        ("?silent-locks", "does not say whether another tab runs this log's processes"),
    ] {
        let page = Page::unopened().await;
        page.goto(before).await;
        assert!(page.holds(&format!("{NOTICES}.includes({})", json!(said))).await, "{before}");
        let add = "await leftfold.send('cart-9', { type: 'AddToCart', data: { item: 'tea' } })";
        assert_eq!(page.js(add).await["outcome"], "accepted");
        page.close().await;
    }
}

async fn a_write_that_does_not_end_is_said_and_the_log_goes_on_in_memory() {
    let page = Page::unopened().await;
    page.goto("?held").await;
    page.js("await leftfold.open('cart', { empty: true })").await;
    let add = "leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'tea' } })";
    page.js(&format!("await {add}")).await;
    page.js(&format!(
        "hold(); window.came = []; {add}.then(it => came.push(it.outcome)); return 0"
    ))
    .await;
    assert!(page.holds(&format!("{NOTICES}.includes('has not answered for a while')")).await);
    page.click("Keep waiting").await;
    assert!(page.holds(&format!("{NOTICES}.includes('Waiting for the browser')")).await);
    page.click("Go on in memory").await;
    assert!(page.holds(&format!("{NOTICES}.includes('lives in memory only')")).await);
    assert_eq!(page.js("await leftfold.head()").await, json!(1));
    assert_eq!(page.js(&format!("await {add}")).await["outcome"], "accepted");
    assert_eq!(page.js("await leftfold.head()").await, json!(2));
    page.close().await;
}

async fn a_command_resolves_after_all_that_follows_although_its_log_was_opened_again() {
    let page = Page::open().await;
    page.js("await leftfold.open('transfers')").await;
    let request = "{ type: 'RequestTransfer', data: { from: '1', to: '2', amount: 1 } }";
    for (number, again) in [
        "await leftfold.open('transfers')",
        "await leftfold.open('cart'); await leftfold.open('transfers')",
    ]
    .into_iter()
    .enumerate()
    {
        for turn in 0..3 {
            let stream = format!("transfer-again-{number}-{turn}");
            page.js(&format!("{again}; await leftfold.send('{stream}', {request}); return 0"))
                .await;
            let state = page.js(&format!("await leftfold.state('{stream}')")).await;
            assert_eq!(state["state"]["status"], "completed", "{state}");
        }
    }
    page.close().await;
}

async fn a_comment_of_thirty_thousand_letters_is_clipped_and_shown_whole_in_a_box() {
    let page = Page::open().await;
    page.js("await leftfold.open('blog', { empty: true })").await;
    page.js(
        "const post = (type, data) => leftfold.send('post-1', { type, data });
         await post('SubmitPost', { body: 'Hello', author: 'Zoë' });
         await post('AddComment', { body: 'x'.repeat(30000) });
         await post('DeletePost');
         await post('SubmitPost', { body: 'y'.repeat(30000), author: 'Zoë' }).catch(() => 0); return 0",
    )
    .await;
    // The longest text in one piece.
    let longest = "((texts, longest) => {
        while (texts.nextNode()) longest = Math.max(longest, texts.currentNode.length);
        return longest;
    })(document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), 0)";
    for position in [2, 1, 3] {
        page.js(&format!("await leftfold.seek({position})")).await;
        let longest = page.js(&format!("return {longest}")).await.as_u64().unwrap();
        assert!(longest < 1_000, "{longest} letters in one piece at {position}");
    }
    page.js("await leftfold.seek(2)").await;
    page.click("Show all").await;
    assert!(page.holds(&format!("return {longest} >= 30000")).await);
    page.close().await;
}

async fn what_is_said_is_what_has_happened() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart', { empty: true })").await;
    let add = "leftfold.send('cart-1', { type: 'AddToCart', data: { item: 'tea' } })";
    page.js(&format!("for (let n = 0; n < 10; n += 1) await {add}; return 0")).await;
    page.js("await leftfold.seek(9); await leftfold.seek(10); return 0").await;
    let aloud = "[...document.querySelectorAll('[aria-live], [role=status]')]
        .map(it => it.textContent).join()";
    assert!(page.holds(&format!("{aloud}.includes('Position 10 of 10')")).await);
    page.js(&format!("for (let n = 0; n < 56; n += 1) await {add}; return 0")).await;
    assert!(page.holds(&format!("{aloud}.includes('Position 66 of 66')")).await);
    assert!(page.holds(&format!("!{aloud}.includes('Position 10 of 10')")).await);

    // A replay without its guard, and with it.
    page.js("await leftfold.open('welcome')").await;
    let process =
        page.js("(await leftfold.subscriptions()).find(it => it.kind === 'process').name").await;
    let rebuild = format!("await leftfold.subscription({process}, {{ redeliver: true }});");
    page.js(&format!(
        "await leftfold.subscription({process}, {{ guard: false }}); {rebuild} return 0"
    ))
    .await;
    assert!(
        page.holds("document.body.innerText.includes('Performed once more, with no guard')").await
    );

    // A call by program in the middle of stepping.
    page.js("await leftfold.open('cart', { empty: true })").await;
    page.click("Step into").await;
    page.js(&format!("await {add}")).await;
    assert!(page.holds("document.body.innerText.includes('all is quiet')").await);
    page.close().await;
}

async fn whatever_opens_a_log_gives_its_id_and_a_command_in_the_past_is_said() {
    let page = Page::open().await;
    for code in ["open('cart')", "open('cart', { empty: true })", "reset()", "fork(2)"] {
        let id = page.js(&format!("await leftfold.{code}")).await;
        let open = page.js("location.hash.split('/')[2]").await;
        assert_eq!(id, open, "{code}");
    }
    page.js("await leftfold.reset(); await leftfold.seek(1); return 0").await;
    page.js("await leftfold.send('cart-7', { type: 'AddToCart', data: { item: 'tea' } })").await;
    assert!(page.holds("document.body.innerText.includes('The playhead stays at #1.')").await);
    page.close().await;
}
