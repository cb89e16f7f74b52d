//! Draws the page for people to look at: every scenario, wide and narrow, light and dark, and the
//! states of a workshop. `cargo xtask screenshots` runs it. It checks nothing.

#![cfg(not(target_arch = "wasm32"))]

#[expect(dead_code, reason = "to draw takes less of it than to test")]
mod page;

use page::Page;

const SIZES: [(&str, u32, u32); 3] =
    [("wide", 1440, 900), ("medium", 1024, 768), ("narrow", 390, 844)];
const THEMES: [&str; 2] = ["light", "dark"];

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_in_every_size_and_theme() {
    let page = Page::open().await;
    let scenarios = page.js("leftfold.scenarios()").await;
    for scenario in scenarios.as_array().unwrap() {
        let id = scenario["id"].as_str().unwrap();
        page.js(&format!("await leftfold.open('{id}')")).await;
        drawn(&page, id).await;
    }
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_states_of_a_workshop() {
    let page = Page::open().await;
    drawn(&page, "first-visit").await;

    page.js("leftfold.open('transfers')").await;
    page.js("leftfold.seek(9)").await;
    drawn(&page, "past").await;

    page.js("leftfold.open('transfers', { empty: true })").await;
    drawn(&page, "empty").await;
    page.js("await leftfold.reset()").await;
    page.find("#command").await.select_by_label("RequestTransfer").await.unwrap();
    page.click("Step into").await;
    for _ in 0..4 {
        page.click("Next step").await;
    }
    drawn(&page, "stepping").await;
    page.click("Finish").await;

    page.js("await leftfold.open('bank', { empty: true })").await;
    let send = |what: &str| format!("await leftfold.send('account-1', {what}).catch(() => 0)");
    let customer = "{ type: 'RegisterCustomer', data: { name: 'Lola Gheda' } }";
    page.js(&format!("await leftfold.send('customer-1', {customer})")).await;
    page.js(&send("{ type: 'OpenAccount', data: { customer: '1', initial_balance: 5000 } }")).await;
    page.js(&send("{ type: 'Withdraw', data: { amount: 8000 } }")).await;
    drawn(&page, "rejected").await;
    page.js(&send("{ type: 'Deposit', data: { amount: 2000 } }")).await;
    page.js(&send("{ type: 'Withdraw', data: { amount: 3000 } }, { expectedVersion: 1 }")).await;
    drawn(&page, "conflict").await;

    page.js("await leftfold.reset()").await;
    for (name, tool) in [
        ("race", "Race"),
        ("why", "Why, and since when"),
        ("what-if", "What if"),
        ("compare", "Compare"),
        ("snapshots", "Snapshots"),
    ] {
        page.click_menu("Lab ▾", tool).await;
        drawn(&page, name).await;
        page.press(['\u{e00c}']).await;
    }
    page.find("[aria-label='More about Balances']").await.click().await.unwrap();
    drawn(&page, "subscription").await;
    page.press(['\u{e00c}']).await;
    page.click_menu("Log ▾", "All logs…").await;
    drawn(&page, "logs").await;
    page.press(['\u{e00c}']).await;

    page.js("await leftfold.open('cart', { empty: true, storage: 'memory' })").await;
    page.js("await leftfold.append(Array.from({ length: 500 }, (_, n) => ({
            stream: 'cart-' + (n * 7 % 40 + 1), type: 'AddedToCart',
            data: { item: 'a thing in a box with a long name, number ' + n % 9 } })))")
        .await;
    drawn(&page, "crowded").await;

    page.js("await leftfold.open('transfers')").await;
    page.resize(1440, 900).await;
    page.client.execute("document.activeElement.blur()", vec![]).await.unwrap();
    page.press(['p']).await;
    drawn(&page, "present").await;
    page.close().await;
}

async fn drawn(page: &Page, name: &str) {
    for (size, width, height) in SIZES {
        page.resize(width, height).await;
        for theme in THEMES {
            page.theme(theme).await;
            page.screenshot(&format!("{name}-{size}-{theme}")).await;
        }
    }
    page.resize(1440, 900).await;
    page.theme("light").await;
}
