//! The Fold view and the stage: rows are events, columns are what is folded from them.

use serde_json::{Value, json};

use crate::page::Page;

tests! {
    Browsers::Both => [
        each_event_stands_beside_what_it_makes_of_states_and_read_models,
        the_fold_of_a_long_log_draws_only_the_rows_in_view,
    ],
    Browsers::Chromium("what stands where is worked out in Rust and by the style sheet") => [
        every_step_of_every_story_stands_whole_on_the_stage,
        an_audience_sees_a_refusal_with_its_reason_and_the_form_and_the_lanes_when_asked_for,
    ],
    Browsers::Chromium("axe reads the document and its styles, which are the same everywhere") => [
        axe_finds_nothing_in_the_fold_view_and_on_the_stage,
    ],
}

const UP: char = '\u{e013}';
const RIGHT: char = '\u{e014}';
const DOWN: char = '\u{e015}';

/// The row of the playhead, as it is read out.
const HERE: &str =
    "document.querySelector('[role=grid][aria-label=Fold] [role=row][aria-selected=true]')";

async fn each_event_stands_beside_what_it_makes_of_states_and_read_models() {
    let page = Page::open().await;
    page.js("await leftfold.seek(4)").await;
    page.press(['f']).await;
    page.until(&format!("{HERE} !== null")).await;
    let columns = page
        .js("[...document.querySelectorAll('[aria-label=Fold] [role=columnheader]')]
            .map(it => it.getAttribute('aria-label') ?? it.textContent)")
        .await;
    assert_eq!(columns[0], "Event");
    assert!(columns.as_array().unwrap().contains(&json!("cart-1")), "{columns}");
    let here = page.js(&format!("{HERE}.getAttribute('aria-label')")).await;
    let here = here.as_str().unwrap();
    assert!(here.starts_with("position 4: RemovedFromCart on cart-1; "), "{here}");
    assert!(here.contains("cart-1 items · pretzels gone: 1"), "{here}");

    // Rows after the playhead are still to come, and nothing of them is folded.
    let future = "[...document.querySelectorAll('[aria-label=Fold] [role=row]')]
        .map(it => it.getAttribute('aria-label')).find(it => it?.startsWith('position 5:'))";
    let future = page.js(future).await;
    assert!(future.as_str().unwrap().ends_with("still to come"), "{future}");

    // Up and down go from row to row, left and right from column to column.
    page.press([UP]).await;
    page.until("await leftfold.position() === 3").await;
    page.press([DOWN, DOWN]).await;
    page.until("await leftfold.position() === 5").await;
    page.press([RIGHT]).await;
    let active =
        "document.querySelector('[aria-label=Fold]').getAttribute('aria-activedescendant')";
    page.until(&format!("{active} === 'fold-5-1'")).await;
    assert_eq!(page.js("leftfold.position()").await, json!(5), "the playhead stays");

    // What the rows show is what the console tells.
    let told = page.js("(await leftfold.fold(5, 1, ['cart-2']))[0].cells[0].state").await;
    assert_eq!(told, page.js("(await leftfold.state('cart-2')).state").await);

    page.press(['f']).await;
    page.until(&format!("{HERE} === null")).await;
    page.close().await;
}

async fn the_fold_of_a_long_log_draws_only_the_rows_in_view() {
    let page = Page::open().await;
    page.js("await leftfold.open('cart', { empty: true, storage: 'memory' });
         await leftfold.append(Array.from({ length: 5000 }, (_, n) =>
             ({ stream: `cart-${n % 7}`, type: 'AddedToCart', data: { item: `item ${n % 20}` } })));
         return 0")
        .await;
    page.press(['f']).await;
    for position in [5000, 2500, 17, 4999] {
        page.js(&format!("await leftfold.seek({position})")).await;
        page.until(&format!("{HERE}?.dataset.position === '{position}'")).await;
        let seen = page
            .js(&format!(
                "const here = {HERE}.getBoundingClientRect();
                 const grid = document.querySelector('[aria-label=Fold]').getBoundingClientRect();
                 const rows = document.querySelectorAll('[aria-label=Fold] [role=row]').length;
                 return [here.top >= grid.top && here.top < grid.bottom - 20, rows]"
            ))
            .await;
        assert_eq!(seen[0], json!(true), "row {position} is in view");
        assert!(seen[1].as_u64().unwrap() < 60, "{seen}");
    }
    page.close().await;
}

/// What does not stand whole on the stage at the story's step told last.
const FAULTS: &str = "
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const stage = await leftfold.stage(), faults = [];
    const inside = (it, what, slack = 1) => {
        const box = it?.getBoundingClientRect();
        if (!box || box.width === 0 || box.left < -slack || box.top < -slack
            || box.right > innerWidth + slack || box.bottom > innerHeight + slack)
            faults.push(`${what} is not in the window: ${JSON.stringify(box)}`);
    };
    const say = document.querySelector('.sentence .say');
    inside(say, 'the sentence');
    if (say.scrollWidth > say.clientWidth + 1) faults.push('the sentence is cut');
    if (!say.textContent.startsWith(stage.say)) faults.push(`it says ${say.textContent}`);
    const here = document.querySelector('[aria-label=Fold] [role=row][aria-selected=true]');
    const heads = [...document.querySelectorAll('[aria-label=Fold] [role=columnheader]')];
    for (const name of stage.panels) {
        if (name === 'Log') { inside(document.querySelector('[aria-label=Fold]'), name); continue; }
        if (['Journal', 'Outbox', 'Commands'].includes(name)) {
            inside(document.querySelector(`section[aria-label=${name}] h2`), name);
            continue;
        }
        const at = heads.findIndex(it => it.getAttribute('aria-label') === name);
        if (at < 0) { faults.push(`${name} is no column`); continue; }
        inside(heads[at], `${name}'s title`);
        const title = heads[at].querySelector('b');
        if (title.scrollWidth > title.clientWidth + 1) faults.push(`the title ${name} is cut`);
        const changed = here?.children[at].querySelector('ins, del, tr.added, tr.gone, .new');
        if (changed) {
            const box = changed.getBoundingClientRect();
            const cell = here.children[at].getBoundingClientRect();
            if (box.top < cell.top - 1 || box.top > innerHeight - 60)
                faults.push(`what changed in ${name} is not in view`);
        }
    }
    return faults;
";

async fn every_step_of_every_story_stands_whole_on_the_stage() {
    let page = Page::open().await;
    let scenarios = page.js("(await leftfold.scenarios()).map(it => it.id)").await;
    let (mut steps, mut faults) = (0, Vec::new());
    page.press(['p']).await;
    for (width, height) in [(1280, 720), (1024, 768)] {
        page.resize(width, height).await;
        for id in scenarios.as_array().unwrap() {
            page.js(&format!("await leftfold.open({id}, {{ empty: true, storage: 'memory' }})"))
                .await;
            while page.js("await leftfold.next()").await != Value::Null {
                steps += 1;
                let found = page.js(FAULTS).await;
                for fault in found.as_array().unwrap_or_else(|| panic!("{id}: {found}")) {
                    let step = page.js("(await leftfold.stage()).step").await;
                    faults.push(format!("{width}: {id} {step}: {fault}"));
                }
            }
        }
    }
    assert!(steps > 200, "{steps} steps were told");
    assert!(faults.is_empty(), "{} faults: {faults:#?}", faults.len());
    page.close().await;
}

async fn an_audience_sees_a_refusal_with_its_reason_and_the_form_and_the_lanes_when_asked_for() {
    let page = Page::open().await;
    page.press(['p']).await;
    page.js("await leftfold.open('cart', { empty: true, storage: 'memory' })").await;
    let refused = "(await leftfold.journal()).some(it => it.outcome === 'rejected')";
    while page.js(refused).await == json!(false) {
        page.press([' ']).await;
        page.until("true").await;
    }
    page.until("document.querySelector('.sentence').textContent.includes('Refused: ')").await;
    let shown =
        |name: &str| format!("document.querySelector('section[aria-label={name}]') !== null");
    page.until(&format!("!({})", shown("Pipeline"))).await;
    page.press(['c']).await;
    page.until(&shown("Commands")).await;
    page.client.execute("document.activeElement.blur()", vec![]).await.unwrap();
    page.press(['t']).await;
    page.until("document.querySelector('.lanes') !== null").await;
    page.press(['t', 'c']).await;
    page.until(&format!("!({})", shown("Commands"))).await;
    page.close().await;
}

async fn axe_finds_nothing_in_the_fold_view_and_on_the_stage() {
    let page = Page::open().await;
    for (id, position) in [("cart", 7), ("transfers", 20), ("bank", 5)] {
        page.js(&format!("await leftfold.open('{id}'); await leftfold.seek({position}); return 0"))
            .await;
        for theme in ["light", "dark"] {
            page.theme(theme).await;
            page.press(['f']).await;
            page.until(&format!("{HERE} !== null")).await;
            assert_eq!(page.barriers().await, Vec::<String>::new(), "fold {id} {theme}");
            page.press(['f', 'p']).await;
            page.until("document.querySelector('.sentence') !== null").await;
            assert_eq!(page.barriers().await, Vec::<String>::new(), "stage {id} {theme}");
            page.press(['p']).await;
            page.until("document.querySelector('.sentence') === null").await;
        }
    }
    page.close().await;
}
