//! How fast the built page is, in headless Chromium: `cargo xtask bench browser`.

#[cfg(not(target_arch = "wasm32"))]
#[expect(dead_code, reason = "a benchmark needs less of it than the tests do")]
#[path = "../tests/page/mod.rs"]
mod page;

/// Appends 100 batches of 10,000 events of about 100 bytes to 100 carts, in memory, and says how
/// many that was in a second and what the page's heap holds for each.
#[cfg(not(target_arch = "wasm32"))]
const APPEND: &str = "
    await leftfold.open('cart', { empty: true, storage: 'memory' });
    const heap = () => performance.memory ? performance.memory.usedJSHeapSize : 0;
    const batch = n => Array.from({ length: 10000 }, (_, i) => ({
        stream: 'cart-' + (i % 100), type: i % 2 < 1 ? 'AddedToCart' : 'RemovedFromCart',
        data: { item: 'a thing that people buy, in a box with a long name, number ' + (i - i % 2) % 7 } }));
    let spent = 0;
    for (let n = 0; n < ROUNDS; n++) {
        const events = batch(n);
        const start = performance.now();
        await leftfold.append(events);
        spent += performance.now() - start;
    }
    return Math.round(ROUNDS * 10000 / spent * 1000);
";

/// Seeks to 200 random positions, each until it is painted.
#[cfg(not(target_arch = "wasm32"))]
const SEEK: &str = "
    const head = await leftfold.head(), spent = [];
    let seed = 7;
    for (let n = 0; n < 200; n++) {
        seed = (seed * 48271) % 2147483647;
        const start = performance.now();
        await leftfold.seek(seed % head);
        spent.push(performance.now() - start);
    }
    spent.sort((a, b) => a - b);
    return spent[100].toFixed(1) + ' ms p50, ' + spent[198].toFixed(1) + ' ms p99';
";

#[cfg(not(target_arch = "wasm32"))]
#[tokio::main]
async fn main() {
    let page = page::Page::open().await;
    for rounds in [10, 100] {
        let rate = page.js(&APPEND.replace("ROUNDS", &rounds.to_string())).await;
        println!("leftfold.append, {rounds} batches of 10,000, in memory: {rate} events/s");
        let seek = page.js(SEEK).await;
        println!("leftfold.seek to the paint, {rounds}0,000 events: {seek}");
    }
    page.close().await;
}

#[cfg(target_arch = "wasm32")]
fn main() {}
