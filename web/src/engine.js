// Runs a person's JavaScript in QuickJS, an interpreter that is itself WebAssembly: what is in there
// reaches nothing of the page, and both its time and its memory are bounded.
//
// The library's usual wrapper, quickjs-emscripten-core, is left out: it writes to memory without
// looking whether it could be had. What is called here is what it calls.

import start from "@jitl/quickjs-wasmfile-release-sync/emscripten-module";
import { QuickJSFFI } from "@jitl/quickjs-wasmfile-release-sync/ffi";

const MEGABYTE = 2 ** 20;

// How much memory an engine has, in all. A page of WebAssembly memory has 64 kB.
const MEMORY = (256 * MEGABYTE) / 65_536;
// What QuickJS itself begins with.
const FIRST_MEMORY = (16 * MEGABYTE) / 65_536;
// How deep calls may nest, in bytes of QuickJS's own stack: some 460 calls of plain functions. The
// browser's stack must last longer, so that endless recursion is an error inside and not one of the
// page's; a worker's stack in Chromium is the smallest, and is full after some 110 kB of QuickJS's.
const STACK = 80 * 1024;
// How many steps one call may take, in turns of 10,000. A step is a turn of any loop in QuickJS, be
// it the one that carries out instructions or the one that looks through a list: `xtask` builds a
// counter into each (see xtask/src/web.rs). Steps are counted instead of time, so that the same code
// ends at the same place on every machine. So many take a quarter of a second, and almost a whole
// one before the browser has optimised the interpreter.
const TURNS = 8_000;

const STRICT = 1 << 3;

// What is thrown out of the interpreter when it has to end. It unwinds everything that runs in
// there, so no code can catch it.
class Ended extends Error {}

let compiled = null;

// Fetches and compiles the interpreter, once. After a failure it can be tried again.
export function load(base) {
  compiled ??= compile(`${base}quickjs.wasm`).catch((error) => {
    compiled = null;
    throw error;
  });
  return compiled;
}

async function compile(url) {
  let response;
  try {
    response = await fetch(url);
  } catch {
    throw new Error(`The interpreter could not be loaded: ${url} cannot be reached.`);
  }
  if (!response.ok) {
    throw new Error(
      `The interpreter could not be loaded: the server answers ${response.status} for ${url}.`,
    );
  }
  try {
    // A server may give the file another type, which only the slower way takes.
    if (WebAssembly.compileStreaming) {
      const spare = response.clone();
      return await WebAssembly.compileStreaming(response).catch(async () =>
        WebAssembly.compile(await spare.arrayBuffer()),
      );
    }
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    throw new Error(`The interpreter could not be loaded: ${url} is damaged (${error.message}).`);
  }
}

// Gives what makes engines out of the compiled interpreter.
export async function interpreter(module) {
  return { engine: (bridge) => Engine.start(module, bridge) };
}

// One interpreter with memory of its own. When it has ended, each further call says at once why.
class Engine {
  #why = null;
  #turns = 0;
  #full = false;
  #memory;
  #ffi;
  #context;
  #undefined;
  #tell;
  #bridge;

  static async start(module, bridge) {
    const engine = new Engine();
    try {
      await engine.#boot(module);
      engine.#tell = engine.#value(TELL, "interpreter.js");
      engine.#bridge = engine.#value(bridge, "bridge.js");
    } catch (error) {
      throw new Error(`The interpreter could not be started: ${error.message}`);
    }
    return engine;
  }

  async #boot(module) {
    this.#memory = new WebAssembly.Memory({ initial: FIRST_MEMORY, maximum: MEMORY });
    const grow = this.#memory.grow.bind(this.#memory);
    this.#memory.grow = (pages) => {
      // QuickJS asks for less and less before it gives up.
      this.#full = true;
      const before = grow(pages);
      this.#full = false;
      return before;
    };
    const instance = await new Promise((resolve, reject) => {
      start({
        wasmMemory: this.#memory,
        instantiateWasm: (imports, done) => {
          WebAssembly.instantiate(module, this.#watched(imports)).then(done, reject);
        },
      }).then(resolve, reject);
    });
    instance.callbacks = {};
    this.#ffi = new QuickJSFFI(instance);
    const runtime = this.#ffi.QTS_NewRuntime();
    this.#ffi.QTS_RuntimeSetMaxStackSize(runtime, STACK);
    this.#context = this.#ffi.QTS_NewContext(runtime, 0);
    this.#undefined = this.#ffi.QTS_GetUndefined();
  }

  // Whatever QuickJS asks of its host, it does not go on once its memory is full.
  #watched(imports) {
    const watched = { leftfold: { turn: () => this.#turn() } };
    for (const [space, names] of Object.entries(imports)) {
      watched[space] = {};
      for (const [name, it] of Object.entries(names)) {
        watched[space][name] =
          typeof it !== "function"
            ? it
            : (...given) => {
                const result = it(...given);
                if (this.#full) this.#end("!memory");
                return result;
              };
      }
    }
    return watched;
  }

  #turn() {
    this.#turns += 1;
    if (this.#turns > TURNS) this.#end("!time");
  }

  #end(why) {
    this.#why = why;
    throw new Ended(why);
  }

  // Evaluates a text as a script. Gives "" or what was thrown, as JSON.
  evaluate(text, file) {
    return this.#guard(() => {
      const result = this.#run(text, file);
      const thrown = this.#thrown(result);
      this.#free(result);
      return thrown ?? "";
    });
  }

  // Calls the bridge with one string, and gives its string.
  call(text) {
    return this.#guard(() => {
      const argument = this.#string(text);
      const result = this.#invoke(this.#bridge, argument);
      this.#free(argument);
      // The bridge catches everything; what it cannot catch has no place to be told.
      if (this.#thrown(result) !== null) this.#end("!broken");
      const answer = this.#text(result);
      this.#free(result);
      return answer;
    });
  }

  // Gives the memory back.
  close() {
    this.#why ??= "!broken";
    this.#letGo();
  }

  #letGo() {
    this.#memory = null;
    this.#ffi = null;
  }

  #guard(act) {
    if (this.#why) return this.#why;
    this.#turns = 0;
    try {
      return act();
    } catch (error) {
      this.#why ??= isTooDeep(error) ? "!stack" : "!broken";
      this.#letGo();
      return this.#why;
    }
  }

  #value(text, file) {
    const result = this.#run(text, file);
    const thrown = this.#thrown(result);
    if (thrown !== null) throw new Error(`${file}: ${thrown}`);
    return result;
  }

  #run(text, file) {
    const [at, length] = this.#put(text);
    const result = this.#ffi.QTS_Eval(this.#context, at, length, file, 0, STRICT);
    this.#ffi.module._free(at);
    return this.#checked(result);
  }

  #invoke(callee, argument) {
    const { module } = this.#ffi;
    const list = this.#checked(module._malloc(4));
    new DataView(this.#memory.buffer).setUint32(list, argument, true);
    const result = this.#ffi.QTS_Call(this.#context, callee, this.#undefined, 1, list);
    module._free(list);
    return this.#checked(result);
  }

  // What a result threw, as JSON; null if it is a value.
  #thrown(result) {
    const error = this.#ffi.QTS_ResolveException(this.#context, result);
    if (!error) return null;
    if (!this.#tell) return "an error";
    const told = this.#invoke(this.#tell, error);
    this.#free(error);
    const text = this.#text(told);
    this.#free(told);
    return text;
  }

  // Text goes in and out as UTF-8 that ends in a zero.
  #put(text) {
    const bytes = encoder.encode(text);
    const at = this.#checked(this.#ffi.module._malloc(bytes.length + 1));
    const memory = new Uint8Array(this.#memory.buffer);
    memory.set(bytes, at);
    memory[at + bytes.length] = 0;
    return [at, bytes.length];
  }

  #string(text) {
    const [at] = this.#put(text);
    const string = this.#ffi.QTS_NewString(this.#context, at);
    this.#ffi.module._free(at);
    return this.#checked(string);
  }

  #text(value) {
    const at = this.#checked(this.#ffi.QTS_GetString(this.#context, value));
    const memory = new Uint8Array(this.#memory.buffer);
    const text = decoder.decode(memory.subarray(at, memory.indexOf(0, at)));
    this.#ffi.QTS_FreeCString(this.#context, at);
    return text;
  }

  #free(value) {
    this.#ffi.QTS_FreeValuePointer(this.#context, value);
  }

  #checked(address) {
    return address || this.#end("!memory");
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

// Evaluated before all else, so that no code can change what it uses.
const TELL = `(() => {
  const { stringify } = JSON;
  const text = String;
  const part = (error, name) => {
    try {
      return text(error[name] ?? "");
    } catch {
      return "";
    }
  };
  const thing = (error) => {
    try {
      return text(error);
    } catch {
      return "something that cannot be told";
    }
  };
  return (error) => {
    const [name, message, stack] =
      typeof error === "object" && error !== null
        ? [part(error, "name"), part(error, "message"), part(error, "stack")]
        : ["", thing(error), ""];
    return stringify({ name, message, stack });
  };
})()`;

// The browser's own stack was too small. Chromium and Safari name the error so, Firefox otherwise.
const isTooDeep = (error) =>
  error instanceof RangeError || /recursion|call stack/i.test(error?.message ?? "");
