//! The panels of the ordinary page: what of them stands in the window, and that nothing is cut.

use serde_json::{Value, json};

use crate::page::Page;

tests! {
    Browsers::Both => [
        the_state_touched_last_is_open_and_the_others_are_lines,
        a_panel_stays_as_somebody_has_folded_or_unfolded_it,
        no_title_is_cut_and_every_menu_is_whole,
        no_row_is_cut_at_the_top_of_the_log,
        what_scrolls_in_a_panel_takes_the_focus_where_nothing_in_it_does,
    ],
    Browsers::Chromium("what stands where is worked out in Rust and by the style sheet") => [
        every_step_of_every_story_is_seen_on_the_ordinary_page,
        nothing_moves_where_a_sentence_takes_more_lines,
    ],
}

const SIZES: [(u32, u32); 3] = [(1440, 900), (1280, 720), (500, 844)];

/// What of the panels that the story's step told last is about does not stand in the window of the
/// ordinary page: its title, or what changed in it.
const UNSEEN: &str = "
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const stage = await leftfold.stage(), faults = [];
    const inside = (it, what) => {
        const box = it?.getBoundingClientRect();
        if (!box || box.width === 0) { faults.push(`${what} is not there`); return; }
        const high = Math.min(box.height, 14), seen = { top: 0, bottom: innerHeight };
        for (let around = it.parentElement; around; around = around.parentElement) {
            if (getComputedStyle(around).overflowY === 'visible') continue;
            const edge = around.getBoundingClientRect();
            seen.top = Math.max(seen.top, edge.top);
            seen.bottom = Math.min(seen.bottom, edge.bottom);
        }
        if (box.top < seen.top - 1 || box.top + high > seen.bottom + 1)
            faults.push(`${what} is not in view: ${box.top} to ${box.bottom} in ${seen.top} to ${seen.bottom}`);
    };
    const panel = name => document.querySelector(`section[aria-label='${name}']`);
    const regions = { Log: 'Event log', Journal: 'Journal', Outbox: 'Outbox', Commands: 'Commands' };
    for (const name of stage.panels) {
        const it = panel(regions[name] ?? name), title = it?.querySelector('h2');
        inside(title, `${name}'s title`);
        if (!title) continue;
        const word = title.querySelector('button');
        if (word.scrollWidth > word.clientWidth + 1 || word.scrollHeight > word.clientHeight + 1)
            faults.push(`the title ${name} is cut`);
        if (word.getAttribute('aria-expanded') !== 'true') faults.push(`${name} is folded`);
        if (name === 'Log' && await leftfold.position() > 0)
            inside(it.querySelector('[aria-selected=true]'), 'the row at the playhead');
        const changed = name in regions
            ? it.querySelector('.entries > li, .effects > li')
            : it.querySelector('ins, del, tr.added, tr.gone, .new, em.tag');
        if (changed) inside(changed, `what changed in ${name}`);
    }
    return faults;
";

async fn every_step_of_every_story_is_seen_on_the_ordinary_page() {
    let page = Page::open().await;
    let scenarios = page.js("(await leftfold.scenarios()).map(it => it.id)").await;
    let (mut steps, mut faults) = (0, Vec::new());
    page.resize(1440, 900).await;
    for id in scenarios.as_array().unwrap() {
        page.js(&format!("await leftfold.open({id}, {{ empty: true, storage: 'memory' }})")).await;
        while page.js("await leftfold.next()").await != Value::Null {
            steps += 1;
            let found = page.js(UNSEEN).await;
            for fault in found.as_array().unwrap_or_else(|| panic!("{id}: {found}")) {
                let step = page.js("(await leftfold.stage()).step").await;
                faults.push(format!("{id} {step}: {fault}"));
            }
        }
    }
    assert!(steps > 100, "{steps} steps were told");
    assert!(faults.is_empty(), "{} faults: {faults:#?}", faults.len());
    page.close().await;
}

/// The panels that are one line, and those that are open.
const FOLDED: &str = "
    const named = open => [...document.querySelectorAll('.column.read section[aria-label]')]
        .filter(it => it.querySelector('h2 button')?.ariaExpanded === open)
        .map(it => it.getAttribute('aria-label'));
    return [named('false'), named('true')]";

async fn the_state_touched_last_is_open_and_the_others_are_lines() {
    let page = Page::open().await;
    page.js("await leftfold.open('bank', { empty: true, storage: 'memory' })").await;
    for account in 1..=3 {
        let data = "{ type: 'OpenAccount', data: { customer: '1', initial_balance: 500 } }";
        page.js(&format!("await leftfold.send('account-{account}', {data})")).await;
    }
    let views = page.js("(await leftfold.subscriptions()).map(it => it.name)").await;
    for position in [3, 1, 2] {
        page.js(&format!("await leftfold.seek({position})")).await;
        let both = page.js(FOLDED).await;
        let (folded, open) = (&both[0], &both[1]);
        for other in 1..position {
            assert!(folded.to_string().contains(&format!("account-{other}")), "{position}: {both}");
            let head = page.text(&format!("account-{other}")).await;
            assert!(head.contains("v 1") && !head.contains("balance"), "{head}");
        }
        assert!(open.to_string().contains(&format!("account-{position}")), "{position}: {both}");
        // Nobody tells a story here: all read models are open.
        for view in views.as_array().unwrap() {
            assert!(open.as_array().unwrap().contains(view), "{view}: {both}");
        }
    }
    for (width, height) in SIZES {
        page.resize(width, height).await;
        page.js("[...document.querySelectorAll('.tabs button')].at(-1).click(); return 0").await;
        let first = views[0].as_str().unwrap();
        page.until(&format!(
            "const box = document.querySelector(`section[aria-label='{first}'] h2`).getBoundingClientRect();
             return box.width > 0 && box.top > 0 && box.bottom < innerHeight"
        ))
        .await;
    }
    page.close().await;
}

async fn what_scrolls_in_a_panel_takes_the_focus_where_nothing_in_it_does() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart', { empty: true, storage: 'memory' })").await;
    // Nothing is in it yet but a sentence.
    let body = "document.querySelector(`section[aria-label='Considered but removed'] .body`)";
    page.until(&format!("{body}.innerText.includes('taken in no event')")).await;
    page.until(&format!("!{body}.hasAttribute('tabindex')")).await;
    page.js(&format!("{body}.style.maxHeight = '12px'; return 0")).await;
    page.until(&format!("{body}.scrollHeight > {body}.clientHeight && {body}.tabIndex === 0"))
        .await;
    assert_eq!(page.barriers().await, Vec::<String>::new());
    page.js(&format!("{body}.style.maxHeight = ''; return 0")).await;
    page.until(&format!("!{body}.hasAttribute('tabindex')")).await;
    page.close().await;
}

async fn a_panel_stays_as_somebody_has_folded_or_unfolded_it() {
    let page = Page::open().await;
    page.js("await leftfold.open('blog', { empty: true, storage: 'memory' })").await;
    page.js("await leftfold.next()").await;
    let both = page.js(FOLDED).await;
    assert!(both[0].to_string().contains("Word search"), "{both}");
    page.unfold("Word search").await;
    page.js("document.querySelector(`section[aria-label='/posts'] h2 button`).click(); return 0")
        .await;
    page.js("await leftfold.next()").await;
    let both = page.js(FOLDED).await;
    assert!(both[1].to_string().contains("Word search"), "{both}");
    assert!(both[0].to_string().contains("/posts\""), "{both}");
    // Folded again, it follows the story.
    page.js(
        "document.querySelector(`section[aria-label='Word search'] h2 button`).click(); return 0",
    )
    .await;
    page.until("document.querySelector(`section[aria-label='Word search'].folded`) !== null").await;
    assert_eq!(page.js("localStorage.getItem('leftfold/unfolded')").await, Value::Null);
    page.close().await;
}

async fn no_title_is_cut_and_every_menu_is_whole() {
    let page = Page::open().await;
    for id in ["transfers", "listing"] {
        page.js(&format!("await leftfold.open('{id}')")).await;
        for (width, height) in SIZES {
            page.resize(width, height).await;
            page.js("[...document.querySelectorAll('.tabs button')].at(-1).click(); return 0")
                .await;
            let faults = page
                .js("const faults = [], menus = document.querySelectorAll('.column.read .head > details');
                     for (const title of document.querySelectorAll('.column.read h2 button')) {
                         if (title.scrollWidth > title.clientWidth + 1 || title.getBoundingClientRect().width < 30)
                             faults.push(`${title.textContent} is cut`);
                     }
                     for (const menu of menus) {
                         menu.open = true;
                         await new Promise(done => setTimeout(done, 150));
                         const sheet = menu.querySelector('.sheet'), box = sheet.getBoundingClientRect();
                         const name = menu.querySelector('summary').ariaLabel;
                         const on = document.elementFromPoint(box.left + 20, box.bottom - 3);
                         if (box.width < 100 || box.left < 0 || box.top < 0 || box.right > innerWidth
                             || box.bottom > innerHeight || !sheet.contains(on))
                             faults.push(`${name} is cut: ${JSON.stringify(box)}`);
                         menu.open = false;
                         await new Promise(done => setTimeout(done, 50));
                     }
                     if (menus.length < 3) faults.push('there are no menus');
                     return faults")
                .await;
            assert_eq!(faults, json!([]), "{id}, {width} wide");
        }
    }
    page.close().await;
}

async fn no_row_is_cut_at_the_top_of_the_log() {
    let page = Page::open().await;
    page.js("await leftfold.open('transfers')").await;
    let head = page.js("leftfold.head()").await.as_u64().unwrap();
    for (width, height) in SIZES {
        page.resize(width, height).await;
        page.js("[...document.querySelectorAll('.tabs button')].at(-2).click(); return 0").await;
        for position in [head, 1, head / 2, head - 1, head] {
            page.js(&format!("await leftfold.seek({position})")).await;
            let cut = page.js(
                "const grid = document.querySelector('[role=grid][aria-label=\"Event log\"]');
                 const top = grid.querySelector('[role=row]').getBoundingClientRect().bottom;
                 const rows = [...grid.querySelectorAll('[data-position]')].map(it => it.getBoundingClientRect());
                 const here = grid.querySelector('[aria-selected=true]')?.getBoundingClientRect();
                 const cut = [...grid.querySelectorAll('[data-position] > *')].filter(it => it.scrollHeight > it.clientHeight + 2);
                 return [here?.top >= top - 2 && here.bottom < grid.getBoundingClientRect().bottom + 2, cut.length,
                     rows.filter(it => it.bottom > top + 2 && it.top < top - 2).length]",
            )
            .await;
            assert_eq!(cut, json!([true, 0, 0]), "{width} wide, at {position}");
        }
    }
    page.close().await;
}

async fn nothing_moves_where_a_sentence_takes_more_lines() {
    let page = Page::open().await;
    for (width, height) in [(500, 844), (1024, 768)] {
        page.resize(width, height).await;
        for present in [false, true] {
            if present {
                page.press(['p']).await;
            }
            let mut tops = Vec::new();
            for id in ["cart", "bank"] {
                page.js(&format!(
                    "await leftfold.open('{id}', {{ empty: true, storage: 'memory' }})"
                ))
                .await;
                // The story's last step takes away the button for the next one.
                for _ in 0..10 {
                    page.js("await leftfold.next()").await;
                    tops.push(
                        page.js("document.querySelector('main').getBoundingClientRect().top").await,
                    );
                }
            }
            tops.dedup();
            assert_eq!(tops.len(), 1, "{width} wide, presenting: {present}: {tops:?}");
            if present {
                page.press(['p']).await;
            }
        }
    }
    page.close().await;
}
