// Starts the page, and takes over should it ever fall. Kept in a file of its own, so that the
// security policy needs no inline script.
// The theme that was chosen, before anything is painted; the system's otherwise.
try {
  const theme = localStorage.getItem("leftfold/theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's theme serves.
}

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

let fallen = false;
const fall = (error) => {
  if (fallen || !(error instanceof WebAssembly.RuntimeError)) return;
  fallen = true;
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

import("./leftfold.js")
  .then(({ default: init }) => init({ module_or_path: "./leftfold_bg.wasm" }))
  .catch((error) => {
    const place = document.querySelector(".loading-text");
    if (!place) return;
    document.querySelector(".late")?.remove();
    place.textContent = globalThis.WebAssembly
      ? `Leftfold could not start: ${error.message}. Load the page again; if that does not help, leftfold.js or leftfold_bg.wasm is missing on the server.`
      : "Leftfold could not start: this browser has no WebAssembly, or it is switched off. A current browser is needed.";
  });
