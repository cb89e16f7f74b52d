// What the page calls: the interpreter itself, and trials in a worker.
import { Trials } from "./trials.js";

export { interpreter, load } from "./engine.js";
export { Trials };

// WebAssembly calls functions more easily than it makes objects.
export const trials = (url, module, bridge) => new Trials(url, module, bridge);
