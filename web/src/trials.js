// The page's side of trials. A trial may take as long as it likes and may never end, so it runs in a
// worker, which is ended when its time is over.

const SUPERSEDED = JSON.stringify({ superseded: true });
const LATE = JSON.stringify({ ended: "time" });

// The trials of one open log.
export class Trials {
  #url;
  #module;
  #bridge;
  // What was fed, for a worker that has to begin again.
  #texts = [];
  #worker = null;
  // The trial that runs: its number, and how it ends.
  #running = null;
  #number = 0;

  // `url` is the address of trial.js, as a TrustedScriptURL where the page demands that.
  constructor(url, module, bridge) {
    this.#url = url;
    this.#module = module;
    this.#bridge = bridge;
  }

  // Takes the events that come next in the log, as JSON:
  // [[type, data, { stream, category, id, position, version, at, actor }], …].
  feed(text) {
    this.#texts.push(text);
    this.#worker?.postMessage({ feed: text });
  }

  // Tries a domain over all events. Gives a promise of JSON.
  run(text, millis, progress) {
    this.#conclude(SUPERSEDED);
    const number = ++this.#number;
    return new Promise((resolve, reject) => {
      const late = () => {
        this.#stop();
        this.#conclude(LATE);
      };
      const timer = setTimeout(late, millis);
      this.#running = { number, progress, timer, resolve, reject };
      try {
        this.#start().postMessage({ run: text, number });
      } catch (error) {
        this.#fail(error.message);
      }
    });
  }

  close() {
    this.#stop();
    this.#conclude(SUPERSEDED);
    this.#texts = [];
  }

  #start() {
    if (this.#worker) return this.#worker;
    const worker = new Worker(this.#url, { type: "module" });
    worker.onmessage = ({ data }) => this.#hear(data);
    worker.onmessageerror = () => this.#fail("the browser cannot pass the interpreter on");
    // A script that is not there is an event without a message.
    worker.onerror = (event) => this.#fail(event.message || "its script cannot be loaded");
    worker.postMessage({ module: this.#module, bridge: this.#bridge });
    for (const text of this.#texts) worker.postMessage({ feed: text });
    this.#worker = worker;
    return worker;
  }

  #stop() {
    this.#worker?.terminate();
    this.#worker = null;
  }

  #hear({ number, done, all, result, broken }) {
    // What an earlier trial still says does not matter any more.
    if (number !== this.#running?.number) return;
    if (broken) this.#fail(broken);
    else if (result) this.#conclude(result);
    else this.#running.progress?.(done, all);
  }

  #conclude(result) {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    clearTimeout(running.timer);
    running.resolve(result);
  }

  #fail(why) {
    this.#stop();
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    clearTimeout(running.timer);
    running.reject(new Error(`The trial could not be started: ${why.replace(/\.+$/, "")}.`));
  }
}
