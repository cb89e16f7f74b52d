// The page's side of sw.js: what is kept here, a newer version, and the way back from one that does
// not start. It says what changes by the event `leftfold-offline`. boot.js loads it first, so that a
// change of version is noticed while the page is still on its way.
const { serviceWorker } = navigator;
const version = document.querySelector("meta[name=version]")?.content;
// While it is developed, the page has no version, and nothing is kept.
const keeps = !!serviceWorker && version !== "development";
const address = new URL("./sw.js", import.meta.url).href;

// How long the worker may say nothing, in milliseconds.
const PATIENCE = 30_000;

const state = {};
const tell = (changes) => {
  Object.assign(state, changes);
  dispatchEvent(new CustomEvent("leftfold-offline", { detail: JSON.stringify(state) }));
};

// The worker that answers for this page. That of a folder around it is another one's.
const ours = () => {
  const worker = keeps ? serviceWorker.controller : null;
  return worker?.scriptURL === address ? worker : null;
};

// Asks a worker. `on` hears how far it has come.
const ask = (worker, what, more = {}, on = () => {}) =>
  new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel();
    const end = (finish, result) => {
      clearTimeout(timer);
      port1.close();
      finish(result);
    };
    const late = () => end(reject, new Error("nothing comes any more"));
    let timer = setTimeout(late, PATIENCE);
    port1.onmessage = ({ data }) => {
      if (data.error) end(reject, new Error(data.error));
      else if (!data.on) end(resolve, data.answer);
      else {
        clearTimeout(timer);
        timer = setTimeout(late, PATIENCE);
        on(data.on);
      }
    };
    worker.postMessage({ ask: what, ...more }, [port2]);
  });

let registration;
let started = false;
let controlled = !!ours();
let taken = false;

if (keeps) {
  serviceWorker.addEventListener("controllerchange", () => {
    if (!ours()) return;
    taken ||= controlled;
    controlled = true;
    if (started) arrive().catch(() => {});
  });
}

// Says that the page has started, and hears what is kept.
const arrive = async () => {
  const kept = await ask(ours(), "started", { version });
  const waits = !!registration.waiting;
  // Two versions do not run on one log: where another one is used by now, it has taken over.
  const other = kept.version !== version && !waits && isFirstTime(kept.version);
  tell({
    ready: true,
    all: kept.all,
    back: !!kept.failed,
    newer: waits || kept.version !== version,
    taken: taken || other,
  });
};

// A page that comes back as another version than the one that is used must not come back for ever.
const isFirstTime = (used) => {
  const place = "leftfold/came-back-for";
  try {
    if (sessionStorage.getItem(place) === used) return false;
    sessionStorage.setItem(place, used);
    return true;
  } catch {
    return false;
  }
};

// Called once the page has started.
export const start = async (url) => {
  if (!keeps) return;
  started = true;
  registration = await serviceWorker.register(url, { updateViaCache: "none" });
  const look = () => {
    if (registration.waiting && controlled) tell({ newer: true });
  };
  const watch = () => registration.installing?.addEventListener("statechange", look);
  registration.addEventListener("updatefound", watch);
  watch();
  if (ours()) await arrive();
};

// Keeps everything for a time without a network.
const keep = async () => {
  tell({ keeping: { kept: 0, of: 0 }, fault: undefined });
  try {
    const kept = await ask(ours(), "keep", {}, (keeping) => tell({ keeping }));
    tell({ keeping: undefined, all: kept.all });
  } catch {
    tell({ keeping: undefined, fault: true });
  }
};

// Goes on with the newer version, or with the one that did not start before.
const take = async () => {
  if (registration?.waiting) registration.waiting.postMessage({ ask: "take" });
  else {
    if (state.back) await ask(ours(), "retry").catch(() => {});
    tell({ taken: true });
  }
};

globalThis.leftfoldOffline = { keep, take };

// Called where the page could not start. True where it is worth the while to load it again.
export const couldNotStart = async () => {
  const worker = ours();
  return !!worker && ask(worker, "failed", { version });
};
