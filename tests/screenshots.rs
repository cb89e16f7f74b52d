//! Draws the page for people to look at: every scenario, wide and narrow, light and dark, and the
//! states of a workshop. `cargo xtask screenshots` runs it. It checks nothing.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

#[expect(dead_code, reason = "to draw takes less of it than to test")]
mod page;

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use page::Page;
use png::{BitDepth, BlendOp, ColorType, Compression, Decoder, DisposeOp, Encoder};

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

/// The README's picture: the slider goes through the cart's log, and the fold with it. It is put into
/// `docs/leftfold.png` by hand.
#[tokio::test(flavor = "multi_thread")]
async fn the_moving_picture() {
    let page = Page::unopened().await;
    page.resize(960, 540).await;
    let show = "Story,Fold,cart-1,Considered%20but%20removed,Playhead";
    page.visit(&format!("embed.html#/cart?show={show}&theme=light")).await;
    page.until("typeof leftfold !== 'undefined' && await leftfold.head() > 0").await;
    let head = page.js("leftfold.head()").await.as_u64().unwrap();
    let mut frames = Vec::new();
    // Where a picture does not move, its first frame is all there is: the one with most to see.
    for position in (4..=head).chain((0..head).rev().step_by(2)).chain(0..4) {
        page.js(&format!(
            "await leftfold.seek({position}); document.activeElement.blur(); return 0"
        ))
        .await;
        frames.push(Frame::read(&page.client.screenshot().await.unwrap()));
    }
    page.close().await;
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    std::fs::create_dir_all(&place).unwrap();
    animate(&frames, File::create(place.join("leftfold.png")).unwrap());
}

/// A picture of rows of red, green and blue.
struct Frame {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

impl Frame {
    fn read(png: &[u8]) -> Self {
        let mut reader = Decoder::new(Cursor::new(png)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        let each = info.color_type.samples();
        let pixels = bytes[..info.buffer_size()].chunks_exact(each).map(|it| [it[0], it[1], it[2]]);
        Self { width: info.width as usize, height: info.height as usize, pixels: pixels.collect() }
    }

    /// The smallest part that holds all that differs: left, top, width and height.
    fn difference(&self, before: &Self) -> (usize, usize, usize, usize) {
        let (mut left, mut top, mut right, mut bottom) = (self.width, self.height, 0, 0);
        for (at, (new, old)) in self.pixels.iter().zip(&before.pixels).enumerate() {
            if new != old {
                let (x, y) = (at % self.width, at / self.width);
                (left, top) = (left.min(x), top.min(y));
                (right, bottom) = (right.max(x + 1), bottom.max(y + 1));
            }
        }
        if right == 0 { (0, 0, 1, 1) } else { (left, top, right - left, bottom - top) }
    }

    fn part(&self, (left, top, width, height): (usize, usize, usize, usize)) -> Vec<u8> {
        let rows = (top..top + height).map(|row| row * self.width + left);
        rows.flat_map(|start| self.pixels[start..start + width].as_flattened()).copied().collect()
    }
}

/// Writes the frames one after another, of each only what differs from the one before.
fn animate(frames: &[Frame], file: File) {
    let side = |pixels: usize| u32::try_from(pixels).unwrap();
    let first = &frames[0];
    let mut encoder = Encoder::new(file, side(first.width), side(first.height));
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::High);
    encoder.set_animated(side(frames.len()), 0).unwrap();
    encoder.set_blend_op(BlendOp::Source).unwrap();
    encoder.set_dispose_op(DisposeOp::None).unwrap();
    encoder.set_frame_delay(7, 10).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&first.part((0, 0, first.width, first.height))).unwrap();
    for pair in frames.windows(2) {
        let part = pair[1].difference(&pair[0]);
        let (left, top, width, height) = part;
        writer.reset_frame_position().unwrap();
        writer.set_frame_dimension(side(width), side(height)).unwrap();
        writer.set_frame_position(side(left), side(top)).unwrap();
        writer.write_image_data(&pair[1].part(part)).unwrap();
    }
    writer.finish().unwrap();
}
