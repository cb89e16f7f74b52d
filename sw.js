// Keeps the page in the browser, so that it opens without a network. It never touches a log.
//
// The build writes `self.build` before this: the version, the files that the page needs first, and
// a hash of each file's content. Files are kept by their hash, so that two versions share what they
// have in common, and a file that belongs to another version is never taken for one of this.
const { build } = self;
const scope = new URL("./", self.location).href;
const name = `leftfold ${scope}`;

// How often a new version may be opened without a sign that it has started, and fail to start.
const OPENED_AT_MOST = 5;
const FAILED_AT_MOST = 2;

// How often somebody who waits hears that this is still at work, in milliseconds.
const TICK = 5_000;

const place = (what) => new URL(`kept/${encodeURIComponent(what)}`, scope).href;

// What is used now: `use` is a build, `before` the one that it took the place of, until the new one
// has started. `opened` and `faults` say how often it was opened and failed until then. `failed` is the
// version that did not start; `all` is true where everything is to be kept.
let known;
const state = async () => {
  if (!known) {
    const noted = await (await caches.open(name)).match(place("state"));
    known = noted ? await noted.json() : { use: build, opened: 0, faults: 0 };
  }
  return known;
};
const note = async (changed) => {
  known = changed;
  await (await caches.open(name)).put(place("state"), new Response(JSON.stringify(changed)));
};

// Fetches a file of a build. The browser refuses it where its content is not the build's.
const load = async (path, integrity) => {
  const url = new URL(path === "index.html" ? "./" : path, scope);
  const by = (cache) => fetch(new Request(url, { cache, integrity }));
  // What the browser has loaded already is asked for once more where a server takes it for current
  // and it is not.
  const answer = await by("no-cache").catch(() => by("reload"));
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  // The body is there as it was before it was compressed. A page must not come from an answer that
  // was sent on from another address, so this is made anew.
  const headers = new Headers(answer.headers);
  for (const header of ["content-encoding", "content-length"]) headers.delete(header);
  return new Response(answer.body, { headers });
};

// Keeps those of the files that are not kept yet.
const keep = async (paths, files, tell = () => {}) => {
  const cache = await caches.open(name);
  const missing = [];
  for (const path of paths) {
    if (!(await cache.match(place(files[path])))) missing.push(path);
  }
  let kept = 0;
  await Promise.all(
    missing.map(async (path) => {
      await cache.put(place(files[path]), await load(path, files[path]));
      kept += 1;
      tell(kept, missing.length);
    }),
  );
};

// Lets go of what neither of the builds needs. A version that is about to come needs what it has kept.
const tidy = async (...builds) => {
  if (registration.installing || registration.waiting) return;
  const cache = await caches.open(name);
  const needed = new Set([place("state")]);
  for (const { files } of builds) for (const hash of Object.values(files)) needed.add(place(hash));
  for (const { url } of await cache.keys()) if (!needed.has(url)) await cache.delete(url);
};

// Goes back to the version before. False where there is none.
const goBack = async () => {
  const { use, before, all } = await state();
  if (!before) return false;
  await note({ use: before, failed: use.version, opened: 0, faults: 0, all });
  return true;
};

// Goes on with this worker's build. Its files may have got lost while it waited: then what runs stays.
const goOn = async () => {
  const { use, before, all } = await state();
  // One that has never started is no version to go back to.
  const last = before ?? use;
  try {
    await keep(build.first, build.files);
    await note({ use: build, before: last, opened: 0, faults: 0, all });
  } catch {
    await note({ use: last, failed: build.version, opened: 0, faults: 0, all });
  }
  await tidy(build, last);
};

addEventListener("install", (event) => {
  const install = async () => {
    const noted = await (await caches.open(name)).match(place("state"));
    const { all } = noted ? await noted.json() : {};
    await keep(all ? Object.keys(build.files) : build.first, build.files);
  };
  event.waitUntil(install());
});

addEventListener("activate", (event) => {
  const activate = async () => {
    const { use, all } = await state();
    if (use.version === build.version) await note({ use, opened: 0, faults: 0, all });
    else await goOn();
    await clients.claim();
  };
  event.waitUntil(activate());
});

// The path of a file of the page. A page is the same whatever its query is; links from elsewhere have
// one.
const pathOf = ({ method, mode, url }) => {
  if (method !== "GET" || !url.startsWith(scope)) return;
  const [path, query] = url.slice(scope.length).split("#")[0].split("?");
  return query === undefined || mode === "navigate" ? path || "index.html" : undefined;
};

// A new version that was opened several times and never started has a fault. Tabs that come back all
// at once say nothing of it, and neither do frames.
const countOpened = async () => {
  const now = await state();
  if (!now.before) return;
  const open = await clients.matchAll({ type: "window", includeUncontrolled: true });
  if (open.filter(({ url }) => url.startsWith(scope)).length > 1) return;
  if (now.opened >= OPENED_AT_MOST) await goBack();
  else await note({ ...now, opened: now.opened + 1 });
};

// The build that each page began with: all of its files are of that one. A worker that has been
// asleep does not know; then it is the one that is used now.
const began = new Map();

const answer = async (path, event) => {
  const { request, clientId, resultingClientId } = event;
  if (path === "index.html" && request.destination === "document") {
    await countOpened().catch(() => {});
  }
  const isNew = request.mode === "navigate";
  const use = (isNew ? undefined : began.get(clientId)) ?? (await state()).use;
  if (isNew) began.set(resultingClientId, use);
  const integrity = use.files[path];
  if (!integrity) return fetch(request);
  // Where nothing can be read or there is no room, the network does.
  const cache = await caches.open(name).catch(() => undefined);
  const kept = await cache?.match(place(integrity)).catch(() => undefined);
  if (kept) return kept;
  try {
    const loaded = await load(path, integrity);
    await cache?.put(place(integrity), loaded.clone()).catch(() => {});
    return loaded;
  } catch (error) {
    // Perhaps the server has another version meanwhile: then that one is to be announced.
    registration.update().catch(() => {});
    // A page that stands for itself may be of any version.
    if (isNew) return fetch(request);
    throw error;
  }
};

addEventListener("fetch", (event) => {
  const path = pathOf(event.request);
  if (path === undefined) return;
  // Without what is kept, the page is what the server has.
  const kept = state().then(
    () => answer(path, event),
    () => fetch(event.request),
  );
  event.respondWith(kept);
});

// True where every file is kept that is to be.
const isComplete = async ({ use, all }) => {
  if (!all) return false;
  const there = new Set((await (await caches.open(name)).keys()).map(({ url }) => url));
  return Object.values(use.files).every((integrity) => there.has(place(integrity)));
};

const asked = {
  // What is kept, and which version is used.
  state: async () => {
    const now = await state();
    return { version: now.use.version, failed: now.failed, all: await isComplete(now) };
  },
  // The page has started: the version before it is not needed any more.
  started: async ({ version }) => {
    const now = await state();
    if (now.before && now.use.version === version) {
      await note({ ...now, before: undefined, opened: 0, faults: 0 });
      await tidy(now.use);
    }
    return asked.state();
  },
  // The page could not start. What may be an accident is tried once more. True where it is worth the
  // while to load the page again.
  failed: async ({ version }) => {
    const now = await state();
    if (now.use.version !== version || !now.before) return false;
    const faults = now.faults + 1;
    if (faults >= FAILED_AT_MOST) return goBack();
    await note({ ...now, faults });
    return true;
  },
  // Somebody wants to try the version that did not start.
  retry: async () => {
    if ((await state()).use.version !== build.version) await goOn();
  },
  // Keeps everything, also of later versions.
  keep: async (_, tell) => {
    const { files } = (await state()).use;
    let far = { kept: 0, of: 0 };
    const tick = setInterval(() => tell(far), TICK);
    try {
      await keep(Object.keys(files), files, (kept, of) => {
        far = { kept, of };
        tell(far);
      });
    } finally {
      clearInterval(tick);
    }
    await note({ ...(await state()), all: true });
    return asked.state();
  },
  // Takes the place of the version that runs now.
  take: () => skipWaiting(),
};

addEventListener("message", (event) => {
  const [port] = event.ports;
  const { ask, ...more } = event.data;
  const reply = async () => {
    try {
      const answer = await asked[ask](more, (on) => port?.postMessage({ on }));
      port?.postMessage({ answer });
    } catch (error) {
      port?.postMessage({ error: error.message });
    }
  };
  event.waitUntil(reply());
});
