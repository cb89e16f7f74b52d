//! Takes everything that a browser has stored of the page out of it, puts it back, and looks at it
//! through the page.

#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

use serde_json::{Value, json};

use crate::kept::Dump;
use crate::page::Page;
use crate::page::logs::{close, open_logs};

/// All databases of the origin and its local storage, as JSON. Fails where JSON cannot hold a
/// value.
const TAKE: &str = "
    const asked = request => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const written = it => {
        if (it === null || ['string', 'boolean'].includes(typeof it) || Number.isFinite(it)) return it;
        if (Array.isArray(it)) return it.map(written);
        if (it instanceof Uint8Array) {
            return { bytes: btoa(Array.from(it, byte => String.fromCharCode(byte)).join('')) };
        }
        throw new Error(`a ${Object.prototype.toString.call(it)} is kept there`);
    };
    const databases = [];
    for (const { name, version } of await indexedDB.databases()) {
        const database = await asked(indexedDB.open(name, version));
        const names = [...database.objectStoreNames];
        const reading = database.transaction(names);
        const stores = [];
        for (const name of names) {
            const store = reading.objectStore(name);
            const [keys, values] = await Promise.all([asked(store.getAllKeys()), asked(store.getAll())]);
            const indexes = [...store.indexNames].map(it => store.index(it)).map(
                ({ name, keyPath, unique, multiEntry }) => ({ name, keyPath, unique, multiEntry }));
            const { keyPath, autoIncrement } = store;
            const records = keys.map((key, at) => [written(key), written(values[at])]);
            stores.push({ name, keyPath, autoIncrement, indexes, records });
        }
        database.close();
        databases.push({ name, version, stores });
    }
    return {
        takenAt: Date.now(), browser: navigator.userAgent, databases, localStorage: { ...localStorage },
    }";

/// Empties the origin, and puts a dump into it.
const PUT_BACK: &str = "
    const [dump, done] = arguments;
    const asked = request => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const read = it => {
        if (Array.isArray(it)) return it.map(read);
        return it?.bytes === undefined ? it : Uint8Array.from(atob(it.bytes), it => it.charCodeAt(0));
    };
    (async () => {
        for (const { name } of await indexedDB.databases()) await asked(indexedDB.deleteDatabase(name));
        localStorage.clear();
        for (const { name, version, stores } of dump.databases) {
            const opening = indexedDB.open(name, version);
            opening.onupgradeneeded = () => {
                for (const { name, keyPath, autoIncrement, indexes } of stores) {
                    const store = opening.result.createObjectStore(name, { keyPath, autoIncrement });
                    for (const { name, keyPath, ...how } of indexes) store.createIndex(name, keyPath, how);
                }
            };
            const database = await asked(opening);
            const writing = database.transaction(stores.map(it => it.name), 'readwrite');
            for (const { name, keyPath, records } of stores) {
                const store = writing.objectStore(name);
                for (const [key, value] of records) {
                    store.put(read(value), ...(keyPath === null ? [read(key)] : []));
                }
            }
            await new Promise((resolve, reject) => {
                writing.oncomplete = resolve;
                writing.onabort = () => reject(writing.error);
            });
            database.close();
        }
        for (const [key, value] of Object.entries(dump.localStorage)) localStorage.setItem(key, value);
        sessionStorage.setItem('then', dump.takenAt);
    })().then(() => done(null), error => done(`${error}`))";

/// The answers of `window.leftfold` about the open log. A long list is its length and both ends.
const SAYS: &str = "
    const short = list => list.length <= 100 ? list
        : { count: list.length, first: list.slice(0, 3), last: list.slice(-3) };
    const head = await leftfold.head();
    const subscriptions = await leftfold.subscriptions();
    const views = {};
    for (const { name } of subscriptions) views[name] = await leftfold.view(name);
    return {
        head,
        events: short(await leftfold.events(1, head)),
        journal: short(await leftfold.journal()),
        outbox: short(await leftfold.outbox()),
        subscriptions,
        views,
    }";

/// The settings that are in force on the page: `SHOWN` on the page itself, `LETTERS` in the list of
/// keys, `KEPT` in the logs dialog.
const SHOWN: &str = "
    const all = (selector, say) => [...document.querySelectorAll(selector)].map(say);
    const ticked = words => [...document.querySelectorAll('label')]
        .find(it => it.textContent.trim() === words).querySelector('input').checked;
    const alerts = all('[role=alert]', it => it.innerText).join();
    return {
        theme: document.documentElement.dataset.theme ?? null,
        // But for what is one line unless somebody unfolds it.
        folded: all('.panel:not(.line) > .head h2 button[aria-expanded=false]', it => it.textContent.trim()),
        newestFirst: ticked('Newest first'),
        hideData: ticked('Hide the data'),
        byTime: ticked('Space events by time'),
        hint: !!document.querySelector('[aria-label=\"Close the hint\"]'),
        bookmarks: all('[aria-label^=\"Name of bookmark \"]',
            it => [Number(it.ariaLabel.split(' ').pop()), it.value]),
        pinned: all('button', it => it.textContent).filter(it => it.startsWith('Unpin '))
            .map(it => it.split(' ').pop()),
        lost: Number(alerts.match(/has lost (\\d+)/)?.[1] ?? 0),
    }";
const LETTERS: &str = "document.querySelector('[role=dialog] input[type=checkbox]').checked";
const KEPT: &str = "
    const undo = 'Undo the deletion of ';
    return {
        strict: document.querySelector('[role=dialog] input[type=checkbox]').checked,
        kept: [...document.querySelectorAll('[aria-label=\"Kept logs\"] input')].map(it => it.value).sort(),
        deleted: [...document.querySelectorAll(`button[aria-label^=\"${undo}\"]`)]
            .map(it => it.ariaLabel.slice(undo.length)),
    }";

/// Takes a dump out of the browser. The page is closed then.
pub async fn take(page: &Page) -> Dump {
    page.visit("nothing").await;
    serde_json::from_value(page.js(TAKE).await).unwrap()
}

/// Replaces everything in the browser by a dump. The page is closed then.
pub async fn put_back(page: &Page, dump: &Dump) {
    page.visit("nothing").await;
    let failed = page.client.execute_async(PUT_BACK, vec![json!(dump)]).await.unwrap();
    assert_eq!(failed, Value::Null);
}

/// Opens the page at an address. The clock stands at the time when the dump was taken.
pub async fn start(page: &Page, address: &str) {
    page.visit("nothing").await;
    page.goto(&format!("?then{address}")).await;
}

/// The answers of `window.leftfold` about the open log.
pub async fn said(page: &Page) -> Value {
    page.js(SAYS).await
}

/// Opens a stored log, unless it is open already.
pub async fn open(page: &Page, scenario: &str, log: &str) {
    if page.js(&format!("location.hash.includes('/{log}/')")).await != json!(true) {
        let call = format!("await leftfold.open('{scenario}', {{ log: '{log}' }})");
        assert_eq!(page.js(&call).await, log);
        assert_eq!(page.js(&format!("location.hash.includes('/{log}/')")).await, json!(true));
    }
}

/// The settings that are in force on the page. The logs dialog is open afterwards.
pub async fn shown(page: &Page) -> Value {
    let mut shown = page.js(SHOWN).await;
    page.click("Words and keys").await;
    page.until("!!document.querySelector('[role=dialog]')").await;
    shown["letters"] = page.js(LETTERS).await;
    close(page).await;
    open_logs(page).await;
    let kept = page.js(KEPT).await;
    shown.as_object_mut().unwrap().extend(kept.as_object().unwrap().clone());
    shown
}

/// The page's alerts.
pub async fn alerts(page: &Page) -> String {
    let all = "[...document.querySelectorAll('[role=alert]')].map(it => it.innerText).join('\\n')";
    page.js(all).await.as_str().unwrap().to_owned()
}

/// Brings a deleted log back. The logs dialog is open.
pub async fn undelete(page: &Page, title: &str) {
    page.click(&format!("Undo the deletion of {title}")).await;
    page.find(&format!("[aria-label='Export {title}']")).await;
}
