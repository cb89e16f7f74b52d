// A worker that tries a domain over the events of a log, before the page believes in it.
import { interpreter } from "./engine.js";
import { Ended, Superseded, Trial } from "./try.js";

let ready = null;
let bridge = "";
const events = [];
let wanted = 0;

addEventListener("message", ({ data }) => {
  if (data.module) {
    bridge = data.bridge;
    ready = interpreter(data.module);
  } else if (data.feed !== undefined) {
    for (const it of JSON.parse(data.feed)) events.push(entry(it));
  } else {
    wanted = data.number;
    answer(data.number, data.run);
  }
});

// An event as a trial needs it: what the bridge is given, as text, and what the trial looks at.
const entry = ([type, data, about]) => ({
  text: JSON.stringify([{ ...data, type }, about]),
  type,
  category: about.category,
  stream: about.stream,
  id: about.id,
  position: about.position,
});

async function answer(number, text) {
  let engine = null;
  try {
    const { engine: start } = await ready;
    if (number !== wanted) return;
    engine = await start(bridge);
    let told = 0;
    let rested = performance.now();
    const rest = async (done, all) => {
      const now = performance.now();
      if (now - told > 100) {
        told = now;
        postMessage({ number, done, all });
      }
      // Whether another trial is wanted is heard between tasks only.
      if (now - rested > 40) {
        await nextTask();
        rested = performance.now();
      }
      if (number !== wanted) throw new Superseded();
    };
    const result = await new Trial(engine, events.slice(), rest).run(text);
    postMessage({ number, result: JSON.stringify(result) });
  } catch (error) {
    if (error instanceof Superseded) return;
    if (error instanceof Ended) {
      postMessage({ number, result: JSON.stringify({ ended: error.message, ...error.where }) });
    } else {
      postMessage({ number, broken: error.message });
    }
  } finally {
    engine?.close();
  }
}

// Timers would wait for milliseconds; a message to oneself comes at once.
const { port1, port2 } = new MessageChannel();
const nextTask = () =>
  new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(null);
  });
