// Runs inside the interpreter, before a person's code does. It takes the dangerous tools away,
// defines the words that the code is written in, and gives the host one function to call: JSON text
// in, JSON text out. States and events stay in here, and the host knows them by number.
(() => {
  const { parse, stringify } = JSON;
  const { freeze, keys, entries, fromEntries, getPrototypeOf } = Object;
  const { isArray } = Array;
  // The text of a function, as it was written. A function's own `toString` is not asked.
  const textOf = Function.prototype.call.bind(Function.prototype.toString);

  // What is said of the code. `path` says where in the code.
  class Mistake extends Error {}
  const mistake = (text) => {
    throw new Mistake(text);
  };
  const show = (value) => {
    if (typeof value === "function") return "a function";
    if (typeof value === "symbol" || typeof value === "bigint") return `a ${typeof value}`;
    if (value === undefined) return "nothing";
    const text = stringify(value) ?? "nothing";
    return text.length > 80 ? `${text.slice(0, 80)}…` : text;
  };
  const values = Object.values;
  const isObject = (value) => typeof value === "object" && value !== null && !isArray(value);

  // How deep data may be nested. QuickJS writes JSON by calls within calls.
  const DEEPEST = 200;
  // How many values each settled object holds.
  const counts = new WeakMap();
  // What was settled last, and the values in it.
  let last = { of: null, inside: [] };
  const count = (value) => (typeof value === "object" && value !== null ? counts.get(value) : 1);
  // Every value that goes out or stays is plain data, frozen to its depth. What was settled before is
  // not looked at again.
  const settle = (value, what, before = undefined, depth = 0) => {
    switch (typeof value) {
      case "string":
      case "boolean":
      case "undefined":
        return value;
      case "number":
        return Number.isFinite(value)
          ? value
          : mistake(`${what} holds ${value}, which JSON cannot say`);
      case "object":
        break;
      default:
        mistake(`${what} holds ${show(value)}: it must be plain data, as in JSON`);
    }
    if (value === null || counts.has(value)) return value;
    if (depth > DEEPEST) mistake(`${what} is nested more than ${DEEPEST} deep, or holds itself`);
    const kind = getPrototypeOf(value);
    if (typeof value.then === "function")
      mistake(`${what} is a promise: nothing can be waited for here`);
    if (!(isArray(value) || kind === objectPrototype || kind === null)) {
      const name = kind.constructor?.name || "an object of a class";
      mistake(
        `${what} holds one of the class ${name}: use plain objects and lists, which become JSON`,
      );
    }
    freeze(value);
    // Most of a state is what it was before: only what differs is looked at.
    const inside = values(value);
    const old = before === last.of ? last.inside : counts.has(before) ? values(before) : [];
    const shared = Math.min(old.length, inside.length);
    let held = old.length > 0 ? counts.get(before) : 0;
    for (let at = 0; at < shared; at += 1) {
      if (inside[at] === old[at]) continue;
      held += count(settle(inside[at], what, old[at], depth + 1)) - count(old[at]);
    }
    for (let at = shared; at < inside.length; at += 1)
      held += count(settle(inside[at], what, undefined, depth + 1));
    for (let at = shared; at < old.length; at += 1) held -= count(old[at]);
    if (depth === 0) last = { of: value, inside };
    counts.set(value, held);
    return value;
  };
  const objectPrototype = Object.prototype;
  // What was JSON a moment ago is plain.
  const seal = (value) => {
    freeze(value);
    for (const key of keys(value)) {
      const inner = value[key];
      if (typeof inner === "object" && inner !== null) seal(inner);
    }
  };

  // What a person's code consists of, by the host's numbers.
  let spec = null;
  const parts = [];
  const states = [undefined];
  const freeStates = [];
  const events = [undefined];
  const freeEvents = [];
  const put = (list, free, value) => {
    const at = free.pop() ?? list.length;
    list[at] = value;
    return at;
  };

  // The schema of a field, from an example of its value.
  const typeOf = (value) => {
    if (typeof value === "string") return "string";
    if (typeof value === "boolean") return "boolean";
    if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
    if (isArray(value)) return "array";
    return isObject(value) ? "object" : null;
  };
  const described = ["example", "help", "optional", "money", "id", "choices"];
  const fieldSchema = (given, path) => {
    const plain =
      !isObject(given) || !keys(given).length || keys(given).some((it) => !described.includes(it));
    const { money, id, choices, help, optional } = plain ? {} : given;
    let example = plain ? given : given.example;
    if (typeof money === "number") example = money;
    if (example === undefined && id) example = "1";
    if (example === undefined && choices) example = choices[0];
    const type = typeOf(example) ?? (optional ? "string" : null);
    const schema = {};
    if (type) schema.type = optional ? [type, "null"] : type;
    if (type === "array") schema.items = { type: typeOf(example[0]) ?? "string" };
    if (help) schema.description = help;
    if (example !== undefined && example !== null && !path.quiet) schema.examples = [example];
    if (money !== undefined && money !== false) schema.format = "cents";
    if (id) schema.format = `id-of-${id}`;
    if (choices) schema.enum = choices;
    return { schema, required: !optional };
  };
  const variant = (name, help, fields, path) => {
    if (!isObject(fields))
      mistake(`${path.text} is ${show(fields)}: it names the fields, each with an example`);
    const properties = {};
    const required = [];
    for (const [field, given] of entries(fields)) {
      if (field === "type")
        mistake(`${path.text} has a field “type”, which is the name of the type itself`);
      const read = fieldSchema(given, path);
      properties[field] = read.schema;
      if (read.required) required.push(field);
    }
    const data = { type: "object", properties, required };
    return {
      ...(help ? { description: help } : {}),
      properties: { [name]: data },
      required: [name],
    };
  };

  const must = (value, test, path, what) => {
    if (!test(value)) mistake(`${path} is ${show(value)}: ${what}`);
    return value;
  };
  const isText = (value) => typeof value === "string" && value.trim() !== "";
  const isFunction = (value) => typeof value === "function";
  const known = (given, names, path) => {
    for (const name of keys(given)) {
      if (!names.includes(name))
        mistake(`${path} has “${name}”, which means nothing here: it can have ${names.join(", ")}`);
    }
  };
  const named = (given, path) => {
    if (given === undefined) return [];
    must(given, isObject, path, "it holds each by its name");
    for (const name of keys(given)) must(name, isText, path, "a name is not empty");
    return entries(given);
  };

  const aggregate = ([name, it]) => {
    const path = `aggregates.${name}`;
    if (!/^[a-z][a-z0-9_]*$/.test(name))
      mistake(
        `${path}: its name begins streams, as in ${name}-1, and is made of small letters, digits and _`,
      );
    must(it, isObject, path, "it is an object with initial, commands, events, decide and evolve");
    known(
      it,
      [
        "initial",
        "commands",
        "events",
        "decide",
        "evolve",
        "schema",
        "upcast",
        "older",
        "id",
        "about",
      ],
      path,
    );
    if (it.initial === undefined)
      mistake(`${path}.initial is missing: it is the state before the first event`);
    must(
      it.decide,
      isFunction,
      `${path}.decide`,
      "it is a function: (state, command) gives a list of events",
    );
    must(
      it.evolve,
      isFunction,
      `${path}.evolve`,
      "it is a function: (state, event) gives the next state",
    );
    const commands = named(it.commands, `${path}.commands`).map(([command, given]) => {
      const at = `${path}.commands.${command}`;
      must(
        given,
        isObject,
        at,
        "it is an object with help and fields, both of which may be missing",
      );
      known(given, ["help", "fields"], at);
      return variant(command, given.help, given.fields ?? {}, { text: `${at}.fields` });
    });
    const types = named(it.events, `${path}.events`).map(([event, fields]) =>
      variant(event, null, fields, { text: `${path}.events.${event}`, quiet: true }),
    );
    if (it.schema !== undefined)
      must(
        it.schema,
        (n) => Number.isInteger(n) && n > 0 && n < 65536,
        `${path}.schema`,
        "it is a whole number from 1",
      );
    if (it.upcast !== undefined)
      must(
        it.upcast,
        isFunction,
        `${path}.upcast`,
        "it is a function: (stored) gives the event one schema later",
      );
    const initial = settle(it.initial, `${path}.initial`);
    const { decide, evolve, upcast, id } = it;
    const required = {};
    for (const { properties } of types)
      for (const [type, data] of entries(properties)) required[type] = data.required;
    parts.push({
      path,
      name,
      it,
      initial,
      types: keys(it.events ?? {}),
      commands: keys(it.commands ?? {}),
      required,
      functions: { decide, evolve, upcast, id },
    });
    return {
      name,
      part: parts.length - 1,
      schema: it.schema ?? 1,
      initial,
      commands: { oneOf: commands, title: "Command" },
      events: { oneOf: types, title: "Event" },
      upcasts: isFunction(it.upcast),
      older: it.older ?? [],
      ids: isFunction(it.id),
    };
  };

  const projection =
    (kind) =>
    ([name, it]) => {
      const path = `${kind}.${name}`;
      must(it, isObject, path, "it is an object with initial, apply and view");
      const more = kind === "processes" ? ["react", "waits"] : [];
      known(it, ["about", "initial", "apply", "view", "code", ...more], path);
      if (it.initial === undefined)
        mistake(`${path}.initial is missing: it is what is known before the first event`);
      must(
        it.apply,
        isFunction,
        `${path}.apply`,
        "it is a function: (state, event, about) gives the next state",
      );
      if (it.view !== undefined)
        must(it.view, isFunction, `${path}.view`, "it is a function: (state) gives what is shown");
      if (kind === "processes")
        must(
          it.react,
          isFunction,
          `${path}.react`,
          "it is a function: (state, event, about) gives a list of what is to be done",
        );
      const { apply, view, react } = it;
      parts.push({
        path,
        name,
        it,
        initial: settle(it.initial, `${path}.initial`),
        functions: { apply, view, react },
      });
      return { name, about: it.about ?? "", waits: it.waits === true, part: parts.length - 1 };
    };

  const condition = (given, path) => {
    if (isObject(given)) {
      const [word] = keys(given);
      if (word === "not") return { not: condition(given.not, path) };
      if (word === "all" || word === "any")
        return {
          [word]: must(given[word], isArray, path, "it is a list of conditions").map((it) =>
            condition(it, path),
          ),
        };
    }
    const what =
      'it is written ["/balance", ">=", 0]; the second may be =, !=, <, <=, > or >=, and the third a value or { field: "/other" }';
    must(given, (it) => isArray(it) && it.length === 3, path, what);
    const [left, relation, right] = given;
    must(left, (it) => it === "" || (typeof it === "string" && it[0] === "/"), path, what);
    const operand =
      isObject(right) && isText(right.field) ? { field: right.field } : { value: right };
    switch (relation) {
      case "=":
      case "<":
      case "<=":
        return { is: [left, relation, operand] };
      case "!=":
        return { not: { is: [left, "=", operand] } };
      case ">":
        return { not: { is: [left, "<=", operand] } };
      case ">=":
        return { not: { is: [left, "<", operand] } };
      default:
        return mistake(`${path} compares by ${show(relation)}: ${what}`);
    }
  };
  const check = (it, at) => {
    const path = `checks[${at}]`;
    must(it, isObject, path, "it is an object with name, each or view, and holds");
    known(it, ["name", "each", "view", "holds"], path);
    must(it.name, isText, `${path}.name`, "it says what should hold, in a sentence");
    const subject = it.each
      ? { each: it.each }
      : {
          view: must(
            it.view,
            isText,
            `${path}.view`,
            "a check is of each aggregate of a kind, or of a view",
          ),
        };
    return { name: it.name, subject, holds: condition(it.holds, `${path}.holds`) };
  };
  const apart = (message, path) => {
    must(
      message,
      (it) => isObject(it) && isText(it.type),
      path,
      'it is written { type: "Name", field: value }',
    );
    const { type, ...data } = message;
    return [type, stringify(data)];
  };
  const streamOf = (name, path) =>
    must(
      name,
      (it) => typeof it === "string" && /^[^-]+-./.test(it),
      path,
      "a stream is named like cart-1",
    );
  const told = (it, at) => {
    const path = `story[${at}]`;
    must(
      it,
      (it) => isObject(it) && isArray(it.acts),
      path,
      'it is written step("What happens.", "cart-1", { type: "AddToCart", item: "apples" })',
    );
    const acts = it.acts.map(({ stream, message, origin, schema }) => {
      streamOf(stream, path);
      const [type, data] = apart(message, path);
      const category = stream.slice(0, stream.indexOf("-"));
      const part = parts.find((part) => part.path === `aggregates.${category}`);
      if (!part) mistake(`${path} is about ${stream}: there is no aggregate ${category}`);
      // What comes from an old system may have types that are gone.
      if (!origin && !part.commands.includes(type)) {
        mistake(`${path} sends ${show(type)}, which ${category} does not name among its commands`);
      }
      return { stream, type, data, origin, schema };
    });
    return {
      say: String(it.say ?? ""),
      acts,
      by: it.by ?? "Alice",
      at: it.at ?? 0,
      show: it.show ?? [],
    };
  };
  const specOf = (it, at) => {
    const path = `specs[${at}]`;
    must(
      it,
      isObject,
      path,
      "it is an object with name, aggregate, given, when and then or refused",
    );
    known(it, ["name", "aggregate", "id", "given", "when", "then", "refused", "state"], path);
    must(it.name, isText, `${path}.name`, "it says what should be, in a sentence");
    const of = parts.findIndex((part) => part.path === `aggregates.${it.aggregate}`);
    if (of < 0) mistake(`${path}.aggregate is ${show(it.aggregate)}: there is no such aggregate`);
    const { types, commands } = parts[of];
    const unknown = [];
    const one = (message, among, where) => {
      const [type] = apart(message, where);
      if (!among.includes(type))
        unknown.push(`${where} has the type ${show(type)}, which ${it.aggregate} does not name`);
    };
    for (const [n, event] of (it.given ?? []).entries()) one(event, types, `${path}.given[${n}]`);
    if (it.when !== undefined) one(it.when, commands, `${path}.when`);
    for (const [n, event] of (it.then ?? []).entries()) one(event, types, `${path}.then[${n}]`);
    // A spec may be written first: until its types are there, it fails.
    return { ...it, of, unknown };
  };

  // The words that the code is written in.
  const words = {
    domain(given) {
      if (spec) mistake("domain(…) is called twice: one text is one domain");
      must(
        given,
        isObject,
        "what domain(…) is given",
        "it is one object: { title, aggregates, projections, … }",
      );
      known(
        given,
        [
          "title",
          "about",
          "aggregates",
          "projections",
          "processes",
          "checks",
          "story",
          "specs",
          "start",
        ],
        "the domain",
      );
      const title = must(given.title, isText, "title", "it is what the domain is called");
      const aggregates = named(given.aggregates, "aggregates").map(aggregate);
      if (!aggregates.length) mistake("aggregates is empty: at least one takes commands");
      const projections = named(given.projections, "projections").map(projection("projections"));
      const processes = named(given.processes, "processes").map(projection("processes"));
      const list = (name) => must(given[name] ?? [], isArray, name, "it is a list");
      const specs = list("specs").map(specOf);
      spec = {
        title,
        about: given.about ?? "",
        start: given.start ?? 1503597600000,
        aggregates,
        projections,
        processes,
        checks: list("checks").map(check),
        story: list("story").map(told),
        specs,
      };
    },
    // A time in milliseconds since 1970 as a day, 2017-08-24, and as a time of day, 18:00, in UTC.
    date: (at) => {
      const days = Math.floor(at / 86_400_000) + 719_468;
      const era = Math.floor(days / 146_097);
      const day = days - era * 146_097;
      const year = Math.floor(
        (day - Math.floor(day / 1_460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) /
          365,
      );
      const left = day - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
      const month = Math.floor((5 * left + 2) / 153);
      const two = (number) => String(number).padStart(2, "0");
      const years = year + era * 400 + (month >= 10 ? 1 : 0);
      return `${years}-${two(month < 10 ? month + 3 : month - 9)}-${two(left - Math.floor((153 * month + 2) / 5) + 1)}`;
    },
    time: (at) => {
      const minutes = Math.floor(at / 60_000) % 1_440;
      const two = (number) => String(number).padStart(2, "0");
      return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
    },
    watch(given) {
      watched = given;
    },
    writes(given) {
      writer = given;
    },
    // `and` holds more commands of the same moment, each with its stream.
    step: (say, stream, command, { and = [], ...more } = {}) => ({
      say,
      acts: [[stream, command], ...and].map(([stream, message]) => ({ stream, message })),
      ...more,
    }),
    // An event that comes past its aggregate: from an old system, in a shape of that time, or behind
    // its back.
    imported: (say, stream, event, { schema = 1, ...more } = {}) => ({
      say,
      acts: [{ stream, message: event, origin: "import", schema }],
      ...more,
    }),
    behind: (say, stream, event, { schema = 1, ...more } = {}) => ({
      say,
      acts: [{ stream, message: event, origin: "forced", schema }],
      ...more,
    }),
    money: (cents) => ({ money: cents }),
    table: (columns, rows, { totals, ordered = false } = {}) => ({
      view: "table",
      columns,
      rows,
      totals,
      ordered,
    }),
    row: (key, cells) => ({ key: String(key), cells }),
    documents: (all, { money = [] } = {}) => ({ view: "documents", documents: all, money }),
    bars: (unit, values, { money = false } = {}) => ({ view: "bars", unit, values, money }),
    chart: (unit, series, { money = false } = {}) => ({ view: "chart", unit, series, money }),
    graph: (nodes, edges) => ({ view: "graph", nodes, edges }),
    pages: (all) => ({ view: "pages", pages: all }),
    files: (all) => ({ view: "files", files: all }),
    command: (to, message, { instance, step, due } = {}) => ({
      does: "command",
      to,
      message,
      instance,
      step,
      due,
    }),
    effect: (kind, data, { instance, step } = {}) => ({
      does: "effect",
      kind,
      data,
      instance,
      step,
    }),
  };

  const cell = (value, path) => {
    if (value === undefined || value === null || typeof value === "string") return;
    if (isObject(value) && Number.isInteger(value.money)) return;
    const plain = (it) => typeof it === "boolean" || Number.isFinite(it);
    must(value, plain, path, "a cell is text, a number, yes or no, money(cents), or nothing");
  };
  const shown = (part, view) => {
    const path = `${part.path}.view`;
    must(
      view,
      (it) => isObject(it) && isText(it.view),
      path,
      "it gives what table(…), documents(…), bars(…), chart(…), graph(…), pages(…) or files(…) makes",
    );
    if (view.view !== "table") return settle({ ...view }, path);
    must(
      view.columns,
      (it) => isArray(it) && it.every(isText),
      path,
      "a table begins with the names of its columns",
    );
    const rows = must(view.rows, isArray, path, "a table's rows are a list").map((it) => {
      const { key, cells } = isArray(it) ? { key: String(it[0]), cells: it } : (it ?? {});
      must(cells, isArray, path, "a row is a list of cells, or row(key, cells)");
      if (cells.length !== view.columns.length)
        mistake(
          `${path}: a row has ${cells.length} cells, and the table ${view.columns.length} columns`,
        );
      for (const it of cells) cell(it, path);
      return { key, cells };
    });
    for (const it of view.totals ?? []) cell(it, path);
    return {
      view: "table",
      columns: view.columns,
      rows,
      totals: view.totals,
      ordered: view.ordered,
    };
  };
  const wanted = (part, it) => {
    const path = `${part.path}.react`;
    must(
      it,
      (it) => isObject(it) && isText(it.does),
      path,
      "it gives a list of what command(…) and effect(…) make",
    );
    const instance = String(it.instance ?? "");
    const step = String(it.step ?? "");
    if (!instance || !step)
      mistake(
        `${path}: ${it.does === "effect" ? "an effect" : "a command"} says its instance and its step, which together are done once: { instance: "1", step: "pay" }`,
      );
    if (it.does === "effect")
      return {
        instance,
        step,
        kind: must(it.kind, isText, path, "an effect has a kind, such as mail"),
        data: it.data ?? {},
      };
    const [kind, data] = apart(it.message, path);
    if (it.due !== undefined && it.due !== null)
      must(
        it.due,
        (at) => Number.isInteger(at) && at >= 0,
        path,
        "due is a time in milliseconds since 1970",
      );
    const to = must(
      it.to,
      (to) => typeof to === "string" && /^[^-]+-/.test(to),
      path,
      "a command is for a stream, such as cart-1",
    );
    return { instance, step, to, kind, data, due: it.due ?? undefined };
  };

  // A state that a call was given, an event, and what came of it.
  const pure = (part, name, act) => {
    try {
      return act();
    } catch (error) {
      if (
        error instanceof TypeError &&
        /read-only|not extensible|not configurable|could not delete|cannot delete|object is not/i.test(
          error.message ?? "",
        )
      ) {
        error.changed = `${part.path}.${name} changes what it was given: it must leave that as it is, and give something new, such as { ...state, field: value }`;
      }
      throw error;
    }
  };
  const stateOf = (part, handle) => (handle === 0 ? part.initial : states[handle]);
  const release = (list, free, numbers) => {
    for (const at of numbers ?? []) {
      list[at] = undefined;
      free.push(at);
    }
  };
  const decided = (part, result) => {
    if (result === undefined || result === null) return [];
    const path = `${part.path}.decide`;
    if (typeof result.then === "function")
      mistake(`${path} gives a promise: nothing can be waited for here`);
    return (isArray(result) ? result : [result]).map((event) => {
      const [type, data] = apart(settle(event, path), path);
      if (!part.types.includes(type))
        mistake(`${path} gives an event ${show(type)}, which ${part.path}.events does not name`);
      for (const field of part.required[type]) {
        if (event[field] === undefined)
          mistake(`${path} gives ${type} without its field “${field}”`);
      }
      return [type, data];
    });
  };
  const refusal = (error) =>
    typeof error === "string"
      ? error
      : error instanceof Error &&
          !(error instanceof Mistake) &&
          getPrototypeOf(error) === Error.prototype
        ? error.message
        : null;
  const decide = (part, state, id, command) => {
    try {
      return {
        events: decided(
          part,
          pure(part, "decide", () => part.it.decide(state, settle(command, "a command"), id)),
        ),
      };
    } catch (error) {
      const refused = refusal(error);
      if (refused === null) throw error;
      return { refused: refused || "refused without a reason" };
    }
  };
  const evolve = (part, state, event, about) => {
    const name = part.it.evolve ? "evolve" : "apply";
    // As everywhere, a state follows from what has happened, and not from when.
    const next = pure(part, name, () =>
      part.it[name](state, event, name === "apply" ? about : undefined),
    );
    if (next === undefined)
      mistake(
        `${part.path}.${name} gives nothing: it must give the next state, which may be the one it was given`,
      );
    return settle(next, `${part.path}.${name}`, state);
  };

  const calls = {
    describe: () => spec ?? mistake("the text does not call domain({ … }), so there is no domain"),
    // The domain with the texts of each part's functions. None of them is called. It is given as text,
    // in which the fields keep their order.
    sources: () => {
      const sources = parts.map(({ initial, functions }) => {
        const texts = entries(functions).filter(([, it]) => isFunction(it));
        return { initial, functions: fromEntries(texts.map(([name, it]) => [name, textOf(it)])) };
      });
      return stringify({ domain: calls.describe(), parts: sources });
    },
    free({ states: gone, events: read }) {
      release(states, freeStates, gone);
      release(events, freeEvents, read);
      return null;
    },
    // Each event is a number, or a list: what it says, and what is to be known about it.
    fold({ of, state, events: batch, keep }) {
      const part = parts[of];
      let current = stateOf(part, state);
      const read = [];
      let failed;
      let at = 0;
      for (; at < batch.length; at += 1) {
        let entry = batch[at];
        if (typeof entry === "number") entry = events[entry];
        else {
          seal(entry);
          if (keep) read.push(put(events, freeEvents, entry));
        }
        if (failed) continue;
        try {
          current = evolve(part, current, entry[0], entry[1]);
        } catch (error) {
          failed = { at, ...told_of(error), state: show(current) };
          if (!keep) break;
        }
      }
      const handle = current === stateOf(part, state) ? state : put(states, freeStates, current);
      return { state: handle, read, weight: part.it.evolve ? 1 : count(current), failed };
    },
    state: ({ of, state }) => stateOf(parts[of], state),
    revive: ({ state }) => put(states, freeStates, settle(state, "a state")),
    decide: ({ of, state, id, command }) =>
      decide(parts[of], stateOf(parts[of], state), id, command),
    view: ({ of, state }) => {
      const part = parts[of];
      const current = stateOf(part, state);
      if (part.it.view)
        return shown(
          part,
          pure(part, "view", () => part.it.view(current)),
        );
      if (!isObject(current)) return words.documents({ state: { value: current } });
      const many = entries(current).every(([, it]) => isObject(it));
      return words.documents(many ? current : { state: current });
    },
    react: ({ of, state, event }) => {
      const part = parts[of];
      const entry = typeof event === "number" ? events[event] : settle(event, "an event");
      const result =
        pure(part, "react", () => part.it.react(stateOf(part, state), entry[0], entry[1])) ?? [];
      return (isArray(result) ? result : [result]).filter(Boolean).map((it) => wanted(part, it));
    },
    upcast: ({ of, stored }) => {
      const part = parts[of];
      try {
        const lifted = part.it.upcast(stored);
        must(
          lifted,
          (it) =>
            isObject(it) && isText(it.type) && Number.isInteger(it.schema) && isObject(it.data),
          `${part.path}.upcast`,
          "it gives { type, schema, data }",
        );
        return { stored: { type: lifted.type, schema: lifted.schema, data: lifted.data } };
      } catch (error) {
        const why = refusal(error);
        if (why === null) throw error;
        return { why };
      }
    },
    id: ({ of, number }) => String(parts[of].it.id(number)),
    // One given/when/then: what came, as text, and whether it is what was expected.
    specs: () =>
      spec.specs.map((it) => {
        if (it.unknown.length)
          return { name: it.name, wrong: [], failed: { message: it.unknown.join("; ") } };
        const part = parts[it.of];
        const given = (it.given ?? []).map((event) => settle(event, "an event"));
        try {
          const before = given.reduce((state, event) => evolve(part, state, event), part.initial);
          const came =
            it.when === undefined ? { events: [] } : decide(part, before, it.id ?? "1", it.when);
          const wrong = [];
          if (it.refused !== undefined && came.refused !== it.refused)
            wrong.push(["refused", it.refused, came.refused ?? null]);
          if (it.then !== undefined) {
            const expected = it.then.map((event) => apart(event, "then"));
            const same =
              came.events &&
              same_data(
                came.events.map(([t, d]) => [t, parse(d)]),
                expected.map(([t, d]) => [t, parse(d)]),
              );
            if (!same)
              wrong.push([
                "then",
                expected.map(written),
                came.events ? came.events.map(written) : `refused: ${came.refused}`,
              ]);
          }
          if (it.state !== undefined) {
            const after = (came.events ?? []).reduce(
              (state, [type, data]) => evolve(part, state, settle({ type, ...parse(data) })),
              before,
            );
            if (!same_data(after, it.state)) wrong.push(["state", it.state, after]);
          }
          return { name: it.name, wrong };
        } catch (error) {
          return { name: it.name, wrong: [], failed: told_of(error) };
        }
      }),
    // The value of an expression at many positions: `states` and `views` are what it asks for.
    watch: ({ at }) =>
      at.map(({ states: all, views }) => {
        try {
          const value = watched(
            (name) => all[name] ?? null,
            (name) => views[name] ?? null,
          );
          return { value: settle(value, "the expression") ?? null };
        } catch (error) {
          return { failed: told_of(error).message };
        }
      }),
    // The domain in another language, by a script that writes it.
    write: ({ given }) => writer(given),
  };
  let watched = null;
  let writer = null;
  const written = ([type, data]) => ({ type, ...parse(data) });
  const same_data = (left, right) => {
    if (left === right) return true;
    if (typeof left !== "object" || typeof right !== "object" || !left || !right)
      return left === right;
    if (isArray(left) !== isArray(right)) return false;
    const names = keys(left).filter((it) => left[it] !== undefined);
    return (
      names.length === keys(right).filter((it) => right[it] !== undefined).length &&
      names.every((it) => same_data(left[it], right[it]))
    );
  };

  // What went wrong, and where in the text. The line is that of the innermost call in it.
  const told_of = (error) => {
    if (!(error instanceof Error)) return { message: `it throws ${show(error)}` };
    const place = /domain\.js:(\d+)(?::(\d+))?/.exec(error.stack ?? "");
    const endless = /stack overflow|call stack/i.test(error.message ?? "");
    const said =
      error.changed ??
      (endless
        ? "it calls itself without an end"
        : error instanceof Mistake
          ? error.message
          : `${error.name}: ${error.message}${rule(error.message ?? "")}`);
    return {
      message: said,
      line: place ? Number(place[1]) : undefined,
      column: place?.[2] ? Number(place[2]) : undefined,
    };
  };

  // Why what everybody knows is not here.
  const rule = (message) => {
    const [, name] = /^'?(\w+)'? is not defined/.exec(message) ?? [];
    switch (name) {
      case "Date":
        return ". There is no clock here: apply and react get about.at, and date(about.at) writes it";
      case "console":
        return ". There is no console here: watch an expression instead, under Lab → Watch";
      case "fetch":
      case "setTimeout":
      case "setInterval":
      case "document":
      case "window":
      case "localStorage":
        return ". Nothing outside can be reached from here";
      default:
        return "";
    }
  };

  // What is left of the language: what depends on its arguments alone.
  const kept = [
    ...[
      "Object",
      "Function",
      "Array",
      "String",
      "Number",
      "Boolean",
      "Symbol",
      "BigInt",
      "Math",
      "JSON",
    ],
    ...["Reflect", "Proxy", "RegExp", "Map", "Set", "WeakMap", "WeakSet", "Promise", "Iterator"],
    ...["Error", "AggregateError", "EvalError", "InternalError", "RangeError", "ReferenceError"],
    ...[
      "SyntaxError",
      "TypeError",
      "URIError",
      "ArrayBuffer",
      "DataView",
      "Int8Array",
      "Uint8Array",
    ],
    ...[
      "Uint8ClampedArray",
      "Int16Array",
      "Uint16Array",
      "Int32Array",
      "Uint32Array",
      "Float32Array",
    ],
    ...[
      "Float64Array",
      "BigInt64Array",
      "BigUint64Array",
      "parseInt",
      "parseFloat",
      "isNaN",
      "isFinite",
    ],
    ...["encodeURI", "encodeURIComponent", "decodeURI", "decodeURIComponent"],
    ...["NaN", "Infinity", "undefined", "globalThis"],
  ];
  const shut = () => {
    // No clock, no chance, no code from text: what is decided follows from what is given.
    for (const name of Reflect.ownKeys(globalThis))
      if (!kept.includes(name)) delete globalThis[name];
    Math.random = () =>
      mistake("there is no chance here: what is decided follows from what is given");
    for (const [name, word] of entries(words))
      Object.defineProperty(globalThis, name, { value: word });
    // Nothing can be left lying in what all code shares. An object may still have a field of its own
    // that is called as one of these is.
    const own = [
      "constructor",
      "toString",
      "toLocaleString",
      "valueOf",
      "name",
      "message",
      "toJSON",
    ];
    const seen = new Set();
    const lock = (it) => {
      if ((typeof it !== "object" && typeof it !== "function") || it === null || seen.has(it))
        return;
      seen.add(it);
      for (const key of Reflect.ownKeys(it)) {
        const property = Object.getOwnPropertyDescriptor(it, key);
        if (own.includes(key) && property.writable && property.configurable && it !== globalThis) {
          const value = property.value;
          Object.defineProperty(it, key, {
            get: () => value,
            set(other) {
              if (this === it) throw new TypeError(`${key} is read-only`);
              Object.defineProperty(this, key, {
                value: other,
                writable: true,
                enumerable: true,
                configurable: true,
              });
            },
          });
        }
        for (const inner of [property.value, property.get, property.set]) lock(inner);
      }
      lock(getPrototypeOf(it));
      freeze(it);
    };
    for (const key of Reflect.ownKeys(globalThis)) if (key !== "globalThis") lock(globalThis[key]);
    for (const it of [
      function* () {},
      async () => {},
      async function* () {},
      [][Symbol.iterator](),
      new Map().entries(),
      new Set().values(),
      ""[Symbol.iterator](),
      /a/,
      "".matchAll(/a/g),
    ])
      lock(getPrototypeOf(it));
    Object.preventExtensions(globalThis);
  };
  shut();

  return (text) => {
    try {
      const { call, ...given } = parse(text);
      const result = calls[call](given);
      return stringify({ ok: result });
    } catch (error) {
      return stringify({ error: told_of(error) });
    }
  };
})();
