// One trial: everything that a domain's text can do, over all events of a log.

// How many events one call folds.
const BATCH = 64;
// How many events at the end of the log each process reacts to.
const REACTIONS = 100;
// How many failures are told.
const FAILURES = 20;
// How much of a state is shown, in characters.
const SHOWN = 200;

const FILE = "domain.js";
const BEFORE = '(() => {"use strict";';
const AFTER = "\n})()";

// The interpreter has ended; the message says by what.
export class Ended extends Error {
  constructor(why, where) {
    super(why);
    this.where = where;
  }
}

// Another trial is wanted instead.
export class Superseded extends Error {}

// What the bridge answers instead of a result.
class Failure extends Error {
  constructor(told) {
    super(told.message);
    this.told = told;
  }
}

export class Trial {
  #engine;
  #all;
  #rest;
  #lines = 1;
  #failures = [];
  // The parts that have failed, by number: each failure is told once.
  #failed = new Set();
  // The states that nothing needs any more.
  #gone = [];
  // The first part that came to two states.
  #suspect = null;
  #work = 0;
  #done = 0;
  #where = {};

  // `rest` is awaited between calls, with how many of how many events are done.
  constructor(engine, events, rest) {
    this.#engine = engine;
    this.#all = events;
    this.#rest = rest;
  }

  async run(text) {
    this.#lines = text.split("\n").length;
    const thrown = this.#heard(this.#engine.evaluate(BEFORE + text + AFTER, FILE));
    if (thrown) return { error: this.#placed(JSON.parse(thrown)) };
    let domain;
    try {
      domain = this.#call({ call: "describe" });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { error: this.#corrected(error.told) };
    }
    const aggregates = domain.aggregates.map((it) => new Aggregate(it, this.#all));
    const known = aggregates.flatMap((it) => it.events).sort((a, b) => a - b);
    const events = known.map((at) => this.#all[at]);
    const processes = domain.processes.map((it) => ({ ...it, kind: "process" }));
    const projections = domain.projections;
    this.#work = events.length * (1 + projections.length + processes.length) || 1;

    for (const it of aggregates) {
      await this.#foldStreams(it);
      await this.#pause();
    }
    await this.#foldLog(projections, processes, events);
    // What the specs come to is told once the text runs. Here they only have to end.
    this.#attempt(SPECS, {}, { call: "specs" });
    const impure = this.#suspect && (await this.#find(this.#suspect));
    return {
      ok: { unknown: this.#all.length - events.length, failures: this.#failures, impure },
    };
  }

  // Folds each stream of an aggregate, and decides its commands at the beginning and at an end.
  async #foldStreams(aggregate) {
    let last = { state: 0, id: "1" };
    for (const ats of aggregate.streams.values()) {
      const events = ats.map((at) => this.#all[at]);
      let states = [0, 0];
      for (let from = 0; from < events.length; from += BATCH) {
        const batch = events.slice(from, from + BATCH);
        const read = [];
        states = this.#step(aggregate, states, batch, read);
        this.#call({ call: "free", events: read });
        await this.#pause(batch.length);
        if (this.#failed.has(aggregate.part)) return;
      }
      this.#compare(aggregate, events, states);
      this.#free(last.state);
      last = { state: states[0], id: events[0].id };
    }
    for (const command of aggregate.commands) {
      for (const { state, id } of last.state ? [{ state: 0, id: "1" }, last] : [last]) {
        this.#attempt(aggregate, { type: command.type }, { call: "decide", state, id, command });
      }
    }
  }

  // Folds the log by all projections and processes. An event is parsed for the first of them.
  async #foldLog(projections, processes, events) {
    const readers = [...projections, ...processes];
    const states = new Map(readers.map((it) => [it, [0, 0]]));
    const single = processes.length ? Math.max(0, events.length - REACTIONS) : events.length;
    for (let from = 0; from < events.length; ) {
      const size = from < single ? Math.min(BATCH, single - from) : 1;
      const batch = events.slice(from, from + size);
      const read = [];
      for (const reader of readers) {
        if (this.#failed.has(reader.part)) continue;
        states.set(reader, this.#step(reader, states.get(reader), batch, read));
        if (reader.kind === "process" && from >= single) {
          const request = { call: "react", state: states.get(reader)[0], event: read[0] };
          this.#attempt(reader, place(batch[0]), request);
        }
        await this.#pause(batch.length);
      }
      this.#call({ call: "free", events: read });
      from += size;
    }
    for (const reader of readers) {
      this.#attempt(reader, {}, { call: "view", state: states.get(reader)[0] });
      this.#compare(reader, events, states.get(reader));
      await this.#pause();
    }
  }

  // Folds a batch twice, each time onwards from where the same run was before: what is pure comes to
  // the same. `read` takes the numbers of the events, once they have been parsed.
  #step(part, states, batch, read) {
    return states.map((state) => {
      if (this.#failed.has(part.part)) return state;
      const next = this.#batch(part, state, batch, read);
      if (next !== state) this.#free(state);
      return next;
    });
  }

  #batch(part, state, batch, read) {
    this.#where = { part: part.name, position: batch[0].position };
    const parsed = read.length > 0;
    const events = parsed ? read : batch.map((it) => it.text);
    const folded = this.#call(
      `{"call":"fold","of":${part.part},"state":${state},"keep":${!parsed},"events":[${events}]}`,
    );
    read.push(...folded.read);
    if (folded.failed) {
      const { at, state: shown, ...told } = folded.failed;
      this.#fail(part, place(batch[at]), told, shown);
    }
    return folded.state;
  }

  // Whether two runs have come to the same. The first difference is looked into later.
  #compare(part, events, states) {
    if (this.#suspect || this.#failed.has(part.part)) return;
    const texts = states.map((it) => this.#state(part, it));
    if (texts[0] !== texts[1]) this.#suspect = { part, events, texts };
  }

  #state(part, state) {
    return JSON.stringify(this.#attempt(part, {}, { call: "state", state }) ?? null);
  }

  // Folds each batch twice from the same state, and then each event of the batch where that differs.
  async #find({ part, events, texts }) {
    let state = 0;
    for (let from = 0; from < events.length; from += BATCH) {
      const batch = events.slice(from, from + BATCH);
      const whole = await this.#twice(part, state, batch);
      if (whole.same) {
        if (whole.state !== state) this.#free(state);
        state = whole.state;
        continue;
      }
      for (const event of batch) {
        const one = await this.#twice(part, state, [event]);
        if (!one.same) return impurity(part, event, ...one.texts);
        state = one.state;
      }
      return impurity(part, batch[batch.length - 1], ...whole.texts);
    }
    // Two whole runs differ, and no two steps: something counts how often it was called, perhaps.
    return impurity(part, events[events.length - 1], ...texts);
  }

  async #twice(part, state, batch) {
    const read = [];
    const states = [0, 1].map(() => this.#batch(part, state, batch, read));
    const texts = states.map((it) => this.#state(part, it));
    this.#call({ call: "free", events: read });
    if (states[1] !== state) this.#free(states[1]);
    await this.#pause();
    return { state: states[0], texts, same: texts[0] === texts[1] };
  }

  // Forgets a state. The initial one, which is 0, stays.
  #free(state) {
    if (state) this.#gone.push(state);
    if (this.#gone.length < BATCH) return;
    this.#call({ call: "free", states: this.#gone });
    this.#gone = [];
  }

  // Asks a part for something. A part that has failed is asked no more.
  #attempt(part, where, request) {
    if (this.#failed.has(part.part)) return null;
    this.#where = { part: part.name, ...where };
    try {
      return this.#call({ ...request, of: part.part });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#fail(part, where, error.told, null);
      return null;
    }
  }

  #fail({ name, part }, where, told, state) {
    if (this.#failed.has(part)) return;
    this.#failed.add(part);
    if (this.#failures.length >= FAILURES) return;
    this.#failures.push({ part: name, ...where, ...this.#corrected(told), state });
  }

  async #pause(folded = 0) {
    this.#done = Math.min(this.#work, this.#done + folded);
    const all = this.#all.length;
    await this.#rest(Math.floor((all * this.#done) / this.#work), all);
  }

  #call(request) {
    return JSON.parse(this.#text(typeof request === "string" ? request : JSON.stringify(request)));
  }

  // What the bridge answers, as JSON.
  #text(request) {
    const answer = this.#heard(this.#engine.call(request));
    if (answer.startsWith(OK)) return answer.slice(OK.length, -1);
    if (answer === "{}") return "null";
    throw new Failure(JSON.parse(answer).error);
  }

  #heard(answer) {
    if (answer.startsWith("!")) throw new Ended(answer.slice(1), this.#where);
    return answer;
  }

  // Where in the text something was thrown that nothing caught.
  #placed({ name, message, stack }) {
    const [, line, column] = /domain\.js:(\d+)(?::(\d+))?/.exec(stack) ?? [];
    const said = name === "Error" || name === "" ? message : `${name}: ${message}`;
    return this.#corrected({
      message: said,
      line: line && Number(line),
      column: column && Number(column),
    });
  }

  // What stands before the text is on its first line, and what stands behind it on one more. QuickJS
  // counts lines and columns from 1, and columns in whole characters.
  #corrected({ message, line, column }) {
    if (!line) return { message, line: null, column: null };
    if (line > this.#lines) return { message: UNBALANCED, line: this.#lines, column: null };
    const shift = line === 1 ? BEFORE.length : 0;
    return { message, line, column: column ? Math.max(1, column - shift) : null };
  }
}

const OK = '{"ok":';
const UNBALANCED = "SyntaxError: the brackets do not match: one is missing, or one is too many";
const SPECS = { name: "specs", part: "specs" };
const place = ({ position, type }) => ({ position, type });

// One kind of stream, with its events in the log.
class Aggregate {
  constructor({ name, part, events, commands }, all) {
    this.name = name;
    this.part = part;
    const types = new Set(events.oneOf.flatMap((it) => Object.keys(it.properties)));
    this.commands = commands.oneOf.flatMap((it) => Object.entries(it.properties).map(example));
    this.streams = new Map();
    this.events = [];
    for (const [at, { category, stream, type }] of all.entries()) {
      if (category !== name || !types.has(type)) continue;
      this.events.push(at);
      const ats = this.streams.get(stream);
      if (ats) ats.push(at);
      else this.streams.set(stream, [at]);
    }
  }
}

// A command with the examples of its fields.
const example = ([type, { properties, required }]) => {
  const command = { type };
  for (const [field, schema] of Object.entries(properties)) {
    if (schema.examples) command[field] = schema.examples[0];
    else if (required.includes(field))
      command[field] = schema.enum?.[0] ?? PLAIN[schema.type] ?? "";
  }
  return command;
};
const PLAIN = { string: "", integer: 1, number: 1, boolean: true, array: [], object: {} };

const impurity = ({ name }, { position, type }, first, second) => {
  let same = 0;
  while (same < first.length && first[same] === second[same]) same += 1;
  const from = Math.max(0, Math.min(same, Math.max(first.length, second.length)) - SHOWN / 2);
  const shown = (text) => {
    const part = text.length > SHOWN ? text.slice(from, from + SHOWN) : text;
    return `${text.length > SHOWN && from ? "…" : ""}${part}${text.length > SHOWN && from + SHOWN < text.length ? "…" : ""}`;
  };
  return { part: name, position, type, first: shown(first), second: shown(second) };
};
