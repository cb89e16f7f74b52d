// Starts the page, and takes over should it ever fall. Kept in a file of its own, so that the
// security policy needs no inline script.
// The theme that was chosen, before anything is painted; the system's otherwise. In a frame, its
// address says which.
const embedded = "embed" in document.documentElement.dataset;
const asked = new URLSearchParams(embedded ? location.hash.split("?")[1] : "");
try {
  const theme = embedded ? asked.get("theme") : localStorage.getItem("leftfold/theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's theme serves.
}

// What not everybody needs is fetched when it is asked for. Of workers, only our own may run.
const workers = {
  trial: new URL("./web/trial.js", import.meta.url).href,
  sw: new URL("./sw.js", import.meta.url).href,
};
const policy = globalThis.trustedTypes?.createPolicy("leftfold", {
  createScriptURL: (url) => {
    if (Object.values(workers).includes(url)) return url;
    throw new TypeError(`${url} is none of the page's own workers`);
  },
});
globalThis.leftfoldPart = (name) => import(`./web/${name}.js`);
globalThis.leftfoldWorker = (name) => policy?.createScriptURL(workers[name]) ?? workers[name];

// The later part of the page's module: `divide/` makes it of what the first minute does not need. It
// works on the first part's memory, and both must come of one build, or the browser refuses it.
const LATER = "./leftfold_later.wasm";
let coming;
const isWhole = (first) => first.here?.value ?? true;
globalThis.leftfoldLater = (first) => {
  const bring = async () => {
    if (isWhole(first)) return;
    const answer = await fetch(LATER, { priority: "low" });
    if (!answer.ok) throw new Error(`${LATER} answers ${answer.status}`);
    const module = await WebAssembly.compile(await answer.arrayBuffer());
    if (!isWhole(first)) await WebAssembly.instantiate(module, { first });
  };
  coming ??= bring().catch((error) => {
    coming = undefined;
    throw error;
  });
  return coming;
};
globalThis.leftfoldLaterNow = (first) => {
  const asking = new XMLHttpRequest();
  asking.open("GET", LATER, false);
  // Bytes as letters: nothing else may be waited for like this.
  asking.overrideMimeType("text/plain; charset=x-user-defined");
  try {
    asking.send();
    const bytes = Uint8Array.from(asking.responseText, (letter) => letter.charCodeAt(0));
    new WebAssembly.Instance(new WebAssembly.Module(bytes), { first });
  } catch (error) {
    throw new WebAssembly.RuntimeError(`A part of the page could not be fetched: ${error.message}`);
  }
};

const make = (name, content, more = {}) => {
  const element = Object.assign(document.createElement(name), more);
  element.append(...[content].flat());
  return element;
};

// Everything that this browser keeps, as it is kept.
const kept = () =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open("leftfold");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const stores = [...opening.result.objectStoreNames];
      const all = {};
      if (!stores.length) resolve(all);
      const reading = opening.result.transaction(stores);
      for (const store of stores) {
        const entries = [];
        all[store] = entries;
        reading.objectStore(store).openCursor().onsuccess = ({ target: { result: at } }) => {
          if (!at) return;
          entries.push([at.key, at.value]);
          at.continue();
        };
      }
      reading.oncomplete = () => resolve(all);
      reading.onerror = () => reject(reading.error);
    };
  });

// What the page still holds of the open log.
const open = async () => leftfold.events(1, await leftfold.head());

// Neither the browser's storage nor the page has to answer.
const inTime = (answer) =>
  Promise.race([answer, new Promise((_, reject) => setTimeout(reject, 4000))]);

const download = async (status) => {
  status.textContent = "Reading…";
  const [stored, events] = await Promise.allSettled([inTime(kept()), inTime(open())]);
  const all = { stored: stored.value ?? null, open: events.value ?? null };
  if (!all.stored && !all.open) {
    status.textContent =
      "Nothing could be read. Reload the page: a log that is stored is still there.";
    return;
  }
  const href = URL.createObjectURL(new Blob([JSON.stringify(all)], { type: "application/json" }));
  make("a", "", { href, download: "leftfold.json" }).click();
  status.textContent = "Downloaded as leftfold.json.";
};

// A version that does not start gives its place to the one before, where this browser has that. A
// frame has no say in it.
const offline = embedded ? undefined : import("./offline.js").catch(() => undefined);
let started = false;
const comesBack = async () => {
  if (started) return false;
  try {
    const { couldNotStart } = await offline;
    if (!(await couldNotStart())) return false;
  } catch {
    // There is no other version: what went wrong is said here.
    return false;
  }
  location.reload();
  return true;
};
// A frame that keeps its log gives way to a newer version as tabs do.
try {
  const { serviceWorker } = navigator;
  if (asked.has("keep")) {
    let controlled = !!serviceWorker?.controller;
    serviceWorker?.addEventListener("controllerchange", () => {
      if (controlled) location.reload();
      controlled = true;
    });
  }
} catch {
  // A frame that may keep nothing has no workers, either.
}

let fallen = false;
const fall = async (error) => {
  if (fallen || !(error instanceof WebAssembly.RuntimeError)) return;
  fallen = true;
  if (await comesBack()) return;
  const details = `${document.documentElement.dataset.panic ?? error.message}\n\n${error.stack ?? ""}\n${navigator.userAgent}`;
  const status = make("p", "", { role: "status" });
  const text = make("textarea", details, { readOnly: true, ariaLabel: "Details" });
  const page = make(
    "main",
    [
      make("h1", "Something went wrong. Your log is safe."),
      make(
        "p",
        "The page has met an error of its own and stopped. Every event that was stored is still stored; nothing is ever changed or deleted. Reload to go on where you were.",
      ),
      make("div", [
        make("button", "Reload", { className: "primary", onclick: () => location.reload() }),
        make("button", "Download everything as JSON", { onclick: () => download(status) }),
        make("button", "Copy the details", {
          onclick: () => {
            text.select();
            navigator.clipboard?.writeText(details);
          },
        }),
      ]),
      status,
      text,
    ],
    { className: "trouble" },
  );
  document.body.replaceChildren(page);
  page.querySelector("button").focus();
};
addEventListener("error", (event) => fall(event.error));
addEventListener("unhandledrejection", (event) => fall(event.reason));

// Says how far the page has come, where it takes long, and where nothing comes any more.
const place = document.querySelector(".loading-text");
const size = Number(document.querySelector("meta[name=size]")?.content);
const SAID_AFTER = 2_000;
const STALLED_AFTER = 10_000;
const count = async (body) => {
  const begun = performance.now();
  let [came, last] = [0, begun];
  const look = setInterval(() => {
    const now = performance.now();
    if (!place.isConnected) clearInterval(look);
    else if (now - last > STALLED_AFTER) {
      place.textContent = "Nothing comes any more. Is there a network? Load the page again.";
    } else if (now - begun > SAID_AFTER) {
      document.querySelector(".late")?.remove();
      const percent = Math.min(99, Math.floor((came / size) * 100));
      place.textContent = `Leftfold is on its way: ${percent} %.`;
    }
  }, 250);
  try {
    const reader = body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      came += part.value.length;
      last = performance.now();
    }
  } finally {
    clearInterval(look);
  }
};
const fetched = async () => {
  const answer = await fetch("./leftfold_bg.wasm");
  // A copy is counted, so that the browser knows the answer itself when it sees it again.
  if (place && size && answer.ok && answer.body) count(answer.clone().body).catch(() => {});
  return answer;
};

Promise.all([import("./leftfold.js"), fetched()])
  .then(([{ default: init }, answer]) => init({ module_or_path: answer }))
  .then(() => leftfold.ready)
  .then(async () => {
    started = true;
    await (await offline)?.start(policy?.createScriptURL(workers.sw) ?? workers.sw);
  })
  .catch(async (error) => {
    if (started || (await comesBack())) return;
    if (!place) return;
    document.querySelector(".late")?.remove();
    place.textContent = globalThis.WebAssembly
      ? `Leftfold could not start: ${error.message}. Load the page again; if that does not help, leftfold.js or leftfold_bg.wasm is missing on the server.`
      : "Leftfold could not start: this browser has no WebAssembly, or it is switched off. A current browser is needed.";
  });
