// Writes a person's domain down as the beginning of a Rust file: the types, the story, the checks and
// the specifications are there, and the JavaScript of each function stands above its place. What is
// decided, and what an event changes, is for the person to write.
//
// It runs in an interpreter of its own, behind the bridge, and is fetched when it is asked for.

const { parse, stringify } = JSON;
const { entries, fromEntries, hasOwn, keys } = Object;
const { isArray } = Array;

// The longest line, as rustfmt has it.
const WIDTH = 100;

const isObject = (it) => typeof it === "object" && it !== null && !isArray(it);
const isText = (it) => typeof it === "string";
const isNumber = (it) => typeof it === "number";
const isFlag = (it) => typeof it === "boolean";
// What an `i64` can be, and what only a `u64` can be.
const isWhole = (it) => Number.isInteger(it) && Math.abs(it) < 2 ** 63;
const isLarge = (it) => Number.isInteger(it) && it >= 2 ** 63 && it < 2 ** 64;

const each = (all, write) => all.map((it) => write(it)).join("");
const words = (text) => new Set(text.match(/\S+/g));

// Names and texts, as Rust writes them.

// Words that cannot be names, unless `r#` stands before them.
const KEYWORDS = words(`
  abstract as async await become box break const continue do dyn else enum extern false final fn for
  gen if impl in let loop macro match mod move mut override priv pub ref return static struct trait
  true try type typeof unsafe unsized use virtual where while`);

// Words that cannot be names at all.
const NO_NAMES = words("crate self super");

// What a file's types cannot be called, because it imports these names or has them anyway.
const TAKEN = words(`
  Act Aggregate AsMut AsRef Box Cents Check Clone CommandRecord Copy Debug Default Deserialize
  DoubleEndedIterator Drop Eq Err ExactSizeIterator Extend Fact Fn FnMut FnOnce From FromIterator
  Future Id Into IntoFuture IntoIterator Iterator JsonSchema Map None Ok Older Option Ord Origin
  PartialEq PartialOrd ProcessManager Projection RawValue Rc Reaction Recorded Result Scenario Self
  Send Serialize Sized Some Step Stored Stream String Subject Sync ToOwned ToString TryFrom TryInto
  Unpin Value Vec View START Hash Error`);

// Gives names that stand in one place, each once: with the noun or a number behind it where it is not
// free any more.
const names = (taken = []) => {
  const all = new Set(taken);
  return (wanted, noun) => {
    let name = wanted;
    for (let at = 1; all.has(name); at += 1) name = wanted + (at === 1 ? noun : at);
    all.add(name);
    return name;
  };
};

// The letters and digits that a name keeps. Beyond ASCII, these are letters that Rust takes, and that
// Unicode writes in one way only.
const KNOWN =
  "\\dA-Za-z\\u00c0-\\u024f\\u0386-\\u052f\\u05d0-\\u05ea\\u0620-\\u064a\\u3041-\\u3096" +
  "\\u30a1-\\u30fa\\u30fc\\u4e00-\\u9fff\\uac00-\\ud7a3";
const BETWEEN = new RegExp(`(?:[^${KNOWN}]|[^\\p{Alphabetic}\\p{N}])+`, "gu");
const isLetter = (it) => /^\p{Alphabetic}/u.test(it);

// A letter as a large or a small one. As it is where that would make several of it.
const cased = (it, other) => ([...other].length === 1 ? other : it);

// The name of a type: `AddedToCart`.
const camel = (text, otherwise) => {
  const large = (it) => it.replace(/^./u, (first) => cased(first, first.toUpperCase()));
  const name = each(text.split(BETWEEN), large);
  return isLetter(name) ? name : otherwise + name;
};

// The name of a function or field: `initial_balance`.
const snake = (text, otherwise) => {
  const begins =
    /[\p{Lowercase}\p{N}](?=\p{Uppercase})|\p{Uppercase}(?=\p{Uppercase}\p{Lowercase})/gu;
  const apart = text.replace(BETWEEN, "_").replace(begins, "$&_");
  const name = each([...apart.replace(/^_|_$/g, "")], (it) => cased(it, it.toLowerCase()));
  if (!name) return otherwise;
  return isLetter(name) ? name : `${otherwise}_${name}`;
};

// A free name as it is written, also where it is a word of the language.
const small = (give, text, otherwise) => {
  const wanted = snake(text, otherwise);
  const name = give(NO_NAMES.has(wanted) ? `${wanted}_` : wanted, "2");
  return KEYWORDS.has(name) ? `r#${name}` : name;
};

// What cannot be seen, or changes how a line reads.
const HIDDEN = /(?! )[\p{C}\p{Z}\p{Grapheme_Extend}]/gu;
const SHORT = { "\0": "\\0", "\t": "\\t", "\n": "\\n", "\r": "\\r" };
const escaped = (text) =>
  text.replace(HIDDEN, (it) => SHORT[it] ?? `\\u{${it.codePointAt(0).toString(16)}}`);

// A text in quotation marks.
const quoted = (text) => `"${escaped(text.replace(/["\\]/g, "\\$&"))}"`;
// A text as it can stand in a comment, on one line.
const plain = (text) => escaped(text.replaceAll("\t", "    ")).trimEnd();
// The lines of a text, wherever it was written.
const lines = (text) => text.split(/\r*\n|[\r\u2028\u2029]/);

// A whole number as it is read best: `10_000`.
const whole = (it) => String(it).replace(/\B(?=(\d{3})+$)/g, "_");

const float = (it) => {
  const size = Math.abs(it);
  if (size >= 1e16 || (size > 0 && size < 1e-4)) return it.toExponential().replace("+", "");
  return Number.isInteger(it) ? `${it}.0` : String(it);
};

// A number where nothing else says how large it may be.
const sized = (it) => {
  if (isLarge(it)) return `${whole(it)}_u64`;
  if (!isWhole(it)) return float(it);
  return whole(it) + (it === (it | 0) ? "" : "_i64");
};

// JSON inside of `json!`. What is not seen in JSON is escaped as Rust does it.
const json = (it) => {
  if (isText(it)) return quoted(it);
  if (isNumber(it)) return sized(it);
  if (isArray(it)) return `[${it.map(json).join(", ")}]`;
  if (!isObject(it)) return String(it);
  const fields = keys(it).sort();
  const inside = fields.map((name) => `${quoted(name)}: ${json(it[name])}`).join(", ");
  return inside ? `{ ${inside} }` : "{}";
};

// Code, laid out about as rustfmt does it. `flat` is it on one line. `lay` gives it on lines that begin
// `indent` spaces from the left; `around` is how much of its first and last line is taken. What `hugs`
// may share its first and last line with the brackets around it.

// A text that is too long anyway is not counted.
const width = (text) => (text.length > 2 * WIDTH ? text.length : [...text].length);
const indented = (indent) => " ".repeat(indent);

const laid = (code, indent, around = 0) =>
  indent + around + width(code.flat) <= WIDTH ? code.flat : code.lay(indent, around);

const text = (flat) => ({ flat, lay: () => flat });
const says = (it) => text(quoted(it));

// What stands before something.
const before = (start, it) => ({
  flat: start + it.flat,
  hugs: start === "&" && it.hugs,
  lay: (indent, around) => start + laid(it, indent, around + width(start)),
});

// What opens a list, what is in it, and what closes it.
const group = (open, all, close) => {
  const space = close === "}" && all.length ? " " : "";
  return {
    flat: `${open}${space}${all.map((it) => it.flat).join(", ")}${space}${close}`,
    hugs: all.length > 0,
    lay(indent, around) {
      if (all.length === 1 && all[0].hugs) {
        return open + laid(all[0], indent, around + width(open) + close.length) + close;
      }
      const line = (it) => `${indented(indent + 4)}${laid(it, indent + 4, 1)},\n`;
      return `${open}\n${each(all, line)}${indented(indent)}${close}`;
    },
  };
};
const call = (name, given) => group(`${name}(`, given, ")");
const list = (all) => group("[", all, "]");

// A value, and the methods that are called on it.
const chain = (first, all) => ({
  flat: first.flat + each(all, (it) => it.flat),
  lay(indent, around) {
    const start = laid(first, indent, around);
    const inner = indent + (start.includes("\n") ? 0 : 4);
    return start + each(all, (it) => `\n${indented(inner)}${laid(it, inner, 1)}`);
  },
});

// What the file imports: each name that was written. Gives the first one of these.
let used = new Set();
const use = (...all) => {
  for (const name of all) used.add(name);
  return all[0];
};

// Data that does not fit a type.
class Misfit extends Error {}
const misfit = () => {
  throw new Misfit();
};
// Writes something that may fail. What it used until then is not imported.
const tried = (write, otherwise) => {
  const earlier = new Set(used);
  try {
    return write();
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    used = earlier;
    return otherwise();
  }
};

// Types: what fits, what Rust begins with, what it is called, and how a value is written.

const macro = (it) => `${use("json")}!(${json(it)})`;
const anything = (it) => text(it === null ? `${use("Value")}::Null` : macro(it));
const into = (it) => text(`${quoted(it)}.into()`);

const isGiven = (it) => it !== undefined;
const ANY = { fits: isGiven, first: "null", name: () => use("Value"), write: anything };
const TEXT = { fits: isText, first: '""', name: () => `${use("Rc")}<str>`, write: into };
const WHOLE = { fits: isWhole, first: "0", name: () => "i64", write: (it) => text(whole(it)) };
const NUMBER = { fits: isNumber, first: "0", name: () => "f64", write: (it) => text(float(it)) };
const FLAG = { fits: isFlag, first: "false", name: () => "bool", write: (it) => text(`${it}`) };
const CENTS = {
  ...WHOLE,
  name: () => use("Cents"),
  write: (it) => text(`${use("Cents")}(${whole(it)})`),
  saysFormat: true,
};
// The id of the aggregate whose type is called so.
const idType = (ident) => ({ ...TEXT, name: () => `${use("Id")}<${ident}>`, saysFormat: true });
const listType = (of) => ({
  fits: isArray,
  first: "[]",
  name: () => `Vec<${of.name()}>`,
  write(all) {
    const items = all.map((it) => written(of, it));
    return group("vec![", items, "]");
  },
});
const optionalType = (of) => ({
  optional: of,
  fits: () => true,
  name: () => `Option<${of.name()}>`,
  write: (it) => ((it ?? null) === null ? text("None") : call("Some", [written(of, it)])),
});
// A map of which only the keys are known.
const MAP = {
  fits: isObject,
  first: "{}",
  name: () => `${use("Map")}<${use("Rc")}<str>, ${use("Value")}>`,
  write(it) {
    const pair = (name) => call("", [into(name), anything(it[name])]);
    const all = keys(it).sort().map(pair);
    return all.length ? call(`${use("Map")}::from`, [list(all)]) : text(`${use("Map")}::new()`);
  },
};

const written = (of, it) => (of.fits(it) ? of.write(it) : misfit());

// The type of a list's items, by examples of them.
const byExamples = (items) =>
  [TEXT, WHOLE, NUMBER, FLAG].find((it) => items.length && items.every(it.fits)) ?? ANY;

// The type of a field, by its schema. `idents` is what the types of the aggregates are called.
const bySchema = ({ type, format = "", items }, idents) => {
  const simple = { string: TEXT, integer: WHOLE, number: NUMBER, boolean: FLAG };
  const kind = isArray(type) ? type[0] : type;
  const ident = idents.get(/^id-of-(.*)$/s.exec(format)?.[1]);
  if (kind === "string" && ident) return idType(ident);
  if (format === "cents" && (kind ?? "integer") === "integer") return CENTS;
  return kind === "array" ? listType(simple[items.type] ?? ANY) : (simple[kind] ?? ANY);
};

// A value with named fields, each of its type. They have to be all that it has.
const braced = (open, fields, value) => {
  if (!isObject(value)) misfit();
  if (!keys(value).every((name) => fields.some((it) => it.name === name))) misfit();
  const given = (name) => (hasOwn(value, name) ? value[name] : undefined);
  const field = ({ name, ident, of }) => before(`${ident}: `, written(of, given(name)));
  return group(`${open} {`, fields.map(field), "}");
};

// The type of a state, by the state before the first event. Where that is no object with fields, it
// wraps a value.
const stateType = (initial, ident, give) => {
  const type = { ident, initial, name: () => ident, fits: isGiven };
  if (!hasFields(initial)) {
    const whole = { of: partType(initial), initial };
    return { ...type, whole, write: (it) => call(ident, [written(whole.of, it)]) };
  }
  const giveField = names();
  const fields = entries(initial).map(([name, it]) => ({
    name,
    ident: small(giveField, name, "field"),
    of: partType(it, () => give(ident + camel(name, "Field"), "State"), give),
    initial: it,
  }));
  return { ...type, fields, write: (it) => braced(ident, fields, it) };
};
const partType = (initial, ident, give) => {
  if (hasFields(initial)) return stateType(initial, ident(), give);
  if (isObject(initial)) return MAP;
  return isArray(initial) ? listType(byExamples(initial)) : byExamples([initial]);
};
const hasFields = (it) => isObject(it) && keys(it).length > 0;

// Commands and events.

const variantsOf = ({ oneOf }, idents, noun) => {
  const give = names(["Self"]);
  return oneOf.map(({ description, properties }) => {
    const [[name, data]] = entries(properties);
    const giveField = names();
    const fields = entries(data.properties).map(([name, schema]) => {
      const of = bySchema(schema, idents);
      const ident = small(giveField, name, "field");
      return { name, ident, of: data.required.includes(name) ? of : optionalType(of), schema };
    });
    return { name, ident: give(camel(name, noun), noun), help: description, fields };
  });
};

const message = (owner, of, data) => braced(`${owner}::${of.ident}`, of.fields, data);

// The type of that name. Where the kernel takes text apart to find it, it finds no name that is escaped.
const found = (all, name) => all.find((it) => it.name === name) ?? misfit();
const foundPlain = (all, name) => (quoted(name) === `"${name}"` ? found(all, name) : misfit());

const attribute = (name, all) => {
  const given = all.filter(Boolean).join(", ");
  return given ? [`#[${name}(${given})]`] : [];
};

// What serde has to know of a name that Rust cannot write.
const renamed = (ident, name) => ident.replace(/^r#/, "") !== name && `rename = ${quoted(name)}`;

// A help text as a comment; where a comment would change it, as what `schemars` is told.
const help = (text) => {
  if (!isText(text) || !text) return [[], ""];
  const all = text.split("\n");
  const asItIs = text === text.trim() && text[0] !== "#" && all.every((it) => plain(it) === it);
  return asItIs
    ? [all.map((it) => `/// ${it}`.trimEnd()), ""]
    : [[], `description = ${quoted(text)}`];
};

const example = (it) => {
  if (isText(it)) return `&${quoted(it)}`;
  const simple = isFlag(it) || (isNumber(it) && !isLarge(it));
  return simple || (isArray(it) && it.length && it.every(isText)) ? json(it) : macro(it);
};

// The lines of a field: what stands above it, and itself.
const fieldLines = ({ name, ident, of, schema }) => {
  const [above, description] = help(schema.description);
  // Money and ids say their format themselves.
  const saysFormat = (of.optional ?? of).saysFormat;
  const extended = [
    schema.format && !saysFormat && `"format" = ${quoted(schema.format)}`,
    schema.enum && `"enum" = ${json(schema.enum)}`,
  ].filter(Boolean);
  const schemars = [
    description,
    schema.examples && `example = ${example(schema.examples[0])}`,
    extended.length && `extend(${extended.join(", ")})`,
  ];
  const left = of.optional && 'default, skip_serializing_if = "Option::is_none"';
  const serde = attribute("serde", [renamed(ident, name), left]);
  return [...above, ...attribute("schemars", schemars), ...serde, `${ident}: ${of.name()}`];
};

// An enum of commands or events.
const variantsEnum = (owner, variants) => {
  if (!variants.length) return `pub enum ${owner} {}\n`;
  const all = variants.map((it) => ({ ...it, fields: it.fields.map(fieldLines) }));
  const short = ({ ident, fields }) =>
    `    ${ident} {${fields.length ? ` ${fields.flat().join(", ")} ` : ""}},`;
  const isShort = (it) => it.fields.every((all) => all.length === 1) && width(short(it)) <= WIDTH;
  const areShort = all.every(isShort);
  const variant = (it) => {
    const [above, description] = help(it.help);
    above.push(...attribute("serde", [renamed(it.ident, it.name)]));
    above.push(...attribute("schemars", [description]));
    const head = each(above, (line) => `    ${line}\n`);
    if (areShort || !it.fields.length) return `${head}${short(it)}\n`;
    const fields = each(it.fields, (lines) => `        ${lines.join("\n        ")},\n`);
    return `${head}    ${it.ident} {\n${fields}    },\n`;
  };
  return `pub enum ${owner} {\n${each(all, variant)}}\n`;
};

// JavaScript as a comment that stands above what is to be written.
const javascript = (text, indent = "    ") => {
  if (text === undefined) return "";
  const all = lines(text).map(plain);
  const later = all.slice(1).filter(Boolean);
  const inner = Math.min(...later.map((it) => it.length - it.trimStart().length));
  const line = (it, at) => `${indent}${`// ${it.slice(at && inner)}`.trimEnd()}\n`;
  return all.map(line).join("");
};

// A text as a comment of that kind, on lines that are not too long.
const comment = (mark, text) => {
  const line = new RegExp(`[^ ].{0,${WIDTH - mark.length - 2}}(?= |$)|[^ ]+`, "gu");
  return each(lines(text), (paragraph) => {
    const all = plain(paragraph).replace(/ +/g, " ").match(line) ?? [""];
    return each(all, (it) => `${`${mark} ${it}`.trimEnd()}\n`);
  });
};

// Aggregates, projections and processes.

const constant = (name, value) => {
  const [head, text] = [`    const ${name}: &'static str =`, quoted(value)];
  // Where a line of its own is too short as well, the text stays where it is.
  const breaks = width(head) + width(text) + 2 > WIDTH && width(text) + 9 <= WIDTH;
  return `${head}${breaks ? "\n        " : " "}${text};\n`;
};

// The arm of a match that a variant has.
const arm = (owner, { ident, fields }, result) => {
  const pattern = `            ${owner}::${ident} ${fields.length ? "{ .. }" : "{}"} =>`;
  const flat = `${pattern} ${result.flat},`;
  return width(flat) <= WIDTH
    ? `${flat}\n`
    : `${pattern} {\n                ${laid(result, 16)}\n            }\n`;
};

// A match with these arms, or on a value that cannot be.
const matched = (value, itself, arms) =>
  arms ? `        match ${value} {\n${arms}        }\n` : `        match ${itself} {}\n`;

// A state's type, with those that are in it, and the state that it begins with. That of an aggregate
// is stored.
const structs = ({ ident, fields, whole }, stored) => {
  const visible = stored ? "pub " : "";
  const isDefault = (fields ?? [whole]).every(
    ({ of, initial }) => of.ident || stringify(initial) === of.first,
  );
  const derived = [
    ...["Clone", stored && "Debug", isDefault && "Default"],
    stored && "PartialEq, Serialize, Deserialize, JsonSchema",
  ];
  const field = (it) => {
    const above = stored ? attribute("serde", [renamed(it.ident, it.name)]) : [];
    return each([...above, `${visible}${it.ident}: ${it.of.name()},`], (line) => `    ${line}\n`);
  };
  const body = fields ? ` {\n${each(fields, field)}}` : `(${visible}${whole.of.name()});`;
  const inner = ({ name, of }) =>
    of.ident ? `\n${comment("///", `What \`${name}\` holds in it.`)}${structs(of, stored)}` : "";
  return `#[derive(${derived.filter(Boolean).join(", ")})]
pub struct ${ident}${body}
${isDefault ? "" : firstState(ident, fields, whole)}${each(fields ?? [], inner)}`;
};

// The state before the first event.
const firstState = (ident, fields, whole) => {
  const value = ({ of, initial }) =>
    of.ident ? text(`${of.ident}::default()`) : written(of, initial);
  const field = (it) => before(`${it.ident}: `, value(it));
  const first = fields ? group("Self {", fields.map(field), "}") : call("Self", [value(whole)]);
  return `
impl Default for ${ident} {
    fn default() -> Self {
        ${laid(first, 8)}
    }
}
`;
};

const aggregateOf = (it) => {
  use("Rc", "JsonSchema", "Serialize", "Deserialize");
  return `// The aggregate “${it.name}”.

/// What has happened. The names and fields are the stored format: add, never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
${variantsEnum(it.event, it.events)}
/// What may be asked.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
${variantsEnum(it.command, it.commands)}
/// Why a command is refused, in a sentence.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ${it.rejection} {
    #[error("{0}")]
    Refused(Rc<str>),
}

/// What the events of a stream such as \`${it.name}-1\` come to.
${structs(it.state, true)}
${implemented(it)}
`;
};

const implemented = (it) => {
  const { command, event, rejection, functions } = it;
  if (functions.upcast) use("Stored");
  const decided = each(it.commands, (of) => {
    const why = text(`${quoted(`${of.name} is not decided yet`)}.into()`);
    return arm(command, of, call("Err", [call(`${rejection}::Refused`, [why])]));
  });
  const evolved = each(it.events, (of) => arm(event, of, text("self")));
  const result = `Result<Vec<${event}>, ${rejection}> {`;
  const flat = `    fn decide(&self, command: ${command}) -> ${result}`;
  const broken = `    fn decide(\n        &self,\n        command: ${command},\n    ) -> ${result}`;
  return `impl ${use("Aggregate")} for ${it.state.ident} {
${constant("NAME", it.name)}${it.schema === 1 ? "" : `    const SCHEMA: u16 = ${it.schema};\n`}\
    type Command = ${command};
    type Event = ${event};
    type Rejection = ${rejection};

${javascript(functions.decide)}${width(flat) > WIDTH ? broken : flat}
${matched("command", "command", decided)}    }

${javascript(functions.evolve)}    fn evolve(self, event: &${event}) -> Self {
${matched("event", "*event", evolved)}    }
${method(functions.id, ID_OF)}${method(functions.upcast, UPCAST)}${older(it.older)}}
`;
};

const method = (source, code) => (source ? `\n${javascript(source)}${code}` : "");
const ID_OF = `\
    fn id_of(number: u64) -> String {
        number.to_string()
    }
`;
const UPCAST = `\
    fn upcast(stored: Stored) -> Result<Stored, String> {
        Ok(Stored { schema: stored.schema + 1, ..stored })
    }
`;
const older = (all) => {
  if (!all.length) return "";
  const one = ({ about, type, schema, data }) =>
    call(`${use("Older")}::new`, [says(about), says(type), text(`${schema}`), text(macro(data))]);
  return `
    fn older() -> Vec<Older> {
        ${laid(group("vec![", all.map(one), "]"), 8)}
    }
`;
};

const projectionOf = ({ name, about, functions, state }) => `\
${comment("///", about || name)}${structs(state, false)}
impl ${use("Projection")} for ${state.ident} {
${constant("NAME", name)}${constant("ABOUT", about)}
${javascript(functions.apply)}    fn apply(&mut self, _event: &${use("Recorded")}) {}

${javascript(functions.view)}    fn view(&self) -> ${use("View")} {
        View::documents::<${use("Value")}>([])
    }
}
`;

const processOf = (it) => `\
${projectionOf(it)}
impl ${use("ProcessManager")} for ${it.state.ident} {
${it.waits ? "    const WAITS: bool = true;\n\n" : ""}\
${javascript(it.functions.react)}    fn react(&self, _event: &Recorded) -> Vec<${use("Reaction")}> {
        Vec::new()
    }
}
`;

// The domain, with the names of its types.
const named = ({ id, domain, parts }) => {
  const give = names(TAKEN);
  const all = (told) => told.map((it) => ({ ...it, ...parts[it.part] }));
  const ident = ({ name }) => [name, give(camel(name, ""), "Aggregate")];
  const idents = new Map(domain.aggregates.map(ident));
  const aggregates = all(domain.aggregates).map((it) => ({
    ...it,
    command: give(`${camel(it.name, "")}Command`, "s"),
    event: give(`${camel(it.name, "")}Event`, "s"),
    rejection: give(`${camel(it.name, "")}Rejection`, "s"),
    state: stateType(it.initial, idents.get(it.name), give),
    commands: variantsOf(it.commands, idents, "Command"),
    events: variantsOf(it.events, idents, "Event"),
  }));
  const model = (noun) => (it) => {
    const ident = give(camel(it.name, noun), noun);
    return { ...it, state: stateType(it.initial, ident, give) };
  };
  const projections = all(domain.projections).map(model("Projection"));
  const processes = all(domain.processes).map(model("Process"));
  return { ...domain, id, aggregates, projections, processes };
};

// Checks and the story.

const checkOf = (domain, { name, subject, holds }) => {
  const models = [...domain.projections, ...domain.processes];
  const [how, variant, all] =
    "each" in subject ? ["each", "Each", domain.aggregates] : ["view", "View", models];
  const ident = all.find((it) => it.name === subject[how])?.state.ident;
  const check = use("Check");
  if (ident) return call(`${check}::${how}::<${ident}>`, [says(name), condition(holds)]);
  const fields = [
    text(`name: ${quoted(name)}.into()`),
    text(`subject: ${use("Subject")}::${variant}(${quoted(subject[how])}.into())`),
    before("holds: ", condition(holds)),
  ];
  return group(`${check} {`, fields, "}");
};

const RELATIONS = { "=": ".is", "<": ".is_less_than", "<=": ".is_at_most" };
const condition = ({ is, not, all, any }) => {
  if (not) return call(use("not"), [condition(not)]);
  if (all) return call(use("all"), [list(all.map(condition))]);
  if (any) return call(use("any"), [list(any.map(condition))]);
  const [pointer, relation, { field, value = null }] = is;
  const operand = () => {
    if (isText(field)) return call("field", [says(field)]);
    const simple = isText(value) || isFlag(value) || (isNumber(value) && !isLarge(value));
    return simple ? text(json(value)) : anything(value);
  };
  return chain(call(use("field"), [says(pointer)]), [call(RELATIONS[relation], [operand()])]);
};

// An act with its stream taken apart. None where that is no stream.
const ORIGINS = { command: "Command", import: "Import", forced: "Forced" };
const actOf = ({ stream, type, data, origin, schema = 1 }) => {
  const [, category, id] = /^([^-]+)-(.*\S.*)$/s.exec(stream) ?? [];
  return id && { category, id, type, data: parse(data), origin: ORIGINS[origin], schema };
};

const stepOf = (domain, { say, acts, by, at, show }) => {
  const all = acts.map(actOf).filter(Boolean);
  const untyped = () => [call(use("untyped", "Act"), [says(say), list(all.map(raw))])];
  const [first, ...more] = tried(() => typed(domain, say, all), untyped);
  if (by !== "Alice") more.push(call(".by", [says(by)]));
  if (at > 0) more.push(call(".at", [text(whole(at))]));
  if (show.length) more.push(call(".show", [list(show.map(says))]));
  return more.length ? chain(first, more) : first;
};

// A step in the types of its aggregates, and the acts after its first one.
const typed = (domain, say, [first, ...others]) => {
  if (!first) misfit();
  const of = found(domain.aggregates, first.category);
  const { type, data, schema } = first;
  const step = (how, given) =>
    call(`${use("Step")}::${how}::<${of.state.ident}>`, [says(say), says(first.id), ...given]);
  const begin = () => {
    if (!first.origin) return step("new", [commandOf(of, first)]);
    if (first.origin === "Import") {
      return step("imported", [says(type), text(`${schema}`), text(`&${macro(data)}`)]);
    }
    if (first.origin !== "Forced" || schema !== of.schema) misfit();
    return step("behind", [before("&", message(of.event, foundPlain(of.events, type), data))]);
  };
  const more = others.map((act) => {
    const of = found(domain.aggregates, act.category);
    return call(`.and::<${of.state.ident}>`, [says(act.id), commandOf(of, act)]);
  });
  return [begin(), ...more];
};

// A command of a story.
const commandOf = (of, { origin, type, data }) =>
  origin ? misfit() : before("&", message(of.command, foundPlain(of.commands, type), data));

// An act as it stands in the story.
const raw = ({ category, id, type, data, origin, schema }) => {
  use("Stream", "Value", "to_raw_value");
  const [stream, content] = [[category, id, type].map(says), text(`&${macro(data)}`)];
  if (!origin) return call(use("sent", "CommandRecord"), [...stream, content]);
  const from = text(`${use("Origin")}::${origin}`);
  return call(use("appended", "Fact"), [from, ...stream, text(`${schema}`), content]);
};

const scenario = (domain) => {
  const { id, title, about, story } = domain;
  const part = (kind) => (it) => text(`.${kind}::<${it.state.ident}>()`);
  const parts = [
    ...domain.aggregates.map(part("aggregate")),
    ...domain.projections.map(part("projection")),
    ...domain.processes.map(part("process")),
    ...domain.checks.map((it) => call(".check", [checkOf(domain, it)])),
  ];
  if (story.length) parts.push(text(".story(START, story())"));
  const begin = call(`${use("Scenario")}::new`, [id, title, about].map(says));
  return `// The scenario and its story.

${comment("///", `${title.replace(/\.+$/, "")}, as a scenario.`)}pub fn scenario() -> Scenario {
    ${laid(chain(begin, parts), 4)}
}
${story.length ? storyOf(domain) : ""}`;
};

const storyOf = (domain) => {
  const steps = list(domain.story.map((it) => stepOf(domain, it)));
  return `
/// When the story begins, in milliseconds since 1970.
const START: u64 = ${whole(domain.start)};

fn story() -> [${use("Step")}; ${domain.story.length}] {
    ${laid(steps, 4)}
}
${each(keys(HELPERS), (name) => (used.has(name) ? HELPERS[name] : ""))}`;
};

// What a story needs that has acts which are of no type.
const HELPERS = {
  untyped: `
/// A step whose acts are not of the types above.
fn untyped(say: &str, acts: impl IntoIterator<Item = Act>) -> Step {
    let acts = acts.into_iter().collect();
    Step { say: say.into(), actor: "Alice".into(), at: 0, acts, show: Vec::new(), key: None }
}
`,
  sent: `
fn sent(category: &str, id: &str, kind: &str, data: &Value) -> Act {
    let data = to_raw_value(data).unwrap_or_default();
    Act::Send(CommandRecord { stream: Stream::new(category, id), kind: kind.into(), data })
}
`,
  appended: `
fn appended(
    origin: Origin,
    category: &str,
    id: &str,
    kind: &str,
    schema: u16,
    data: &Value,
) -> Act {
    let (stream, data) = (Stream::new(category, id), to_raw_value(data).unwrap_or_default());
    Act::Append(Fact { origin, stream, kind: kind.into(), schema, data })
}
`,
};

// Specifications.

const inMod = (text) => text.replace(/^(?=.)/gm, "    ");

// A specification as a test. What it compares is missing where its data fits no type.
const specOf = (domain, spec, give) => {
  const name = small(give, spec.name, "it_holds");
  const statement = (code) => `        ${laid(code, 8, 1)};\n`;
  const misfits = () => {
    const byName = ([one], [other]) => (one < other ? -1 : 1);
    const sorted = (_, it) => (isObject(it) ? fromEntries(entries(it).sort(byName)) : it);
    const data = javascript(stringify(spec, sorted, 2), "        ");
    return `${data}        panic!("this does not fit the types above");\n`;
  };
  const body = tried(() => each(asserted(domain, spec), statement), misfits);
  return `${inMod(comment("//", spec.name))}    #[test]
    #[ignore = "decide is not written yet"]
    fn ${name}() {
${body}    }
`;
};

// The statements of such a test.
const asserted = (domain, spec) => {
  const of = found(domain.aggregates, spec.aggregate);
  const { ident } = of.state;
  use("super");
  const said = (owner, variants, it) => {
    if (!isObject(it)) misfit();
    const { type, ...data } = it;
    return message(owner, found(variants, type), data);
  };
  const events = (all) => {
    const given = isArray(all) ? all : [];
    return list(given.map((it) => said(of.event, of.events, it)));
  };
  const given = (...more) => {
    const first = call(`${use("given")}::<${ident}>`, [events(spec.given)]);
    return more.length ? chain(first, more) : first;
  };
  // An aggregate decides as the instance that the specification names.
  const sent = (name) => {
    const command = said(of.command, of.commands, spec.when);
    const { id = null } = spec;
    if (id === null) return call(name, [command]);
    return call(`${name}_as`, [says(isText(id) ? id : stringify(id)), command]);
  };
  const hasState = spec.state !== undefined;
  const state = () => written(of.state, spec.state);
  const isState = () => given(call(".is", [before("&", state())]));
  const equal = (name) => call("assert_eq!", [text(name), state()]);

  // Nothing is decided, so there is only the state to look at.
  if (spec.when === undefined) return [hasState ? isState() : given()];
  const all = [];
  if (isText(spec.refused)) all.push(given(sent(".when"), call(".refused", [says(spec.refused)])));
  if (isArray(spec.then)) {
    const decided = given(sent(".when"), call(".then", [events(spec.then)]));
    if (!hasState) return [...all, decided];
    return [...all, before("let state = ", decided), equal("state")];
  }
  // What was refused has changed nothing.
  if (all.length) return hasState ? [...all, isState()] : all;
  if (!hasState) return [given(sent(".when"))];
  const fold = call(".fold", [text(`${ident}::default()`), text(`${ident}::evolve`)]);
  const decided = chain(sent("before.decide"), [text(".unwrap_or_default()")]);
  return [
    before("let before = ", chain(events(spec.given), [text(".iter()"), fold])),
    before("let decided = ", decided),
    text(`let after = decided.iter().fold(before, ${ident}::evolve)`),
    equal("after"),
  ];
};

const testsOf = (domain) => {
  if (!domain.specs.length) return "";
  const outer = used;
  used = new Set();
  const give = names(["given"]);
  const all = domain.specs.map((it) => specOf(domain, it, give));
  const [outside, kernel] = imports([...used].filter((it) => !outer.has(it)));
  const above = used.has("super")
    ? `${outside && `${outside}\n`}use super::*;\n${kernel}\n`
    : outside;
  return `
#[cfg(test)]
mod tests {
${inMod(above)}${all.join("\n")}}
`;
};

// The whole file.

// Names that do not come from the kernel.
const NOT_OF_KERNEL = words(
  "Rc JsonSchema Serialize Deserialize to_raw_value Value json untyped sent appended super",
);

// The imports of these names: those from elsewhere, and those from the kernel.
const imports = (all) => {
  const lines = [
    ["Rc", "use std::rc::Rc;\n\n"],
    ["JsonSchema", "use schemars::JsonSchema;\nuse serde::{Deserialize, Serialize};\n"],
    ["to_raw_value", "use serde_json::value::to_raw_value;\n"],
  ];
  const outside = each(lines, ([name, line]) => (all.includes(name) ? line : ""));
  const data = ["Value", "json"].filter((it) => all.includes(it));
  const kernel = all.filter((it) => !NOT_OF_KERNEL.has(it)).sort();
  return [outside + importOf("serde_json", data), importOf("es", kernel)];
};

// An import of several names, filled as rustfmt does it.
const importOf = (root, all) => {
  if (all.length < 2) return each(all, (name) => `use ${root}::${name};\n`);
  const flat = `use ${root}::{${all.join(", ")}};\n`;
  return flat.length <= WIDTH
    ? flat
    : `use ${root}::{\n${comment("   ", `${all.join(", ")},`)}};\n`;
};

const titled = (title, all, write) =>
  all.length ? `// ${title}.\n\n${each(all, (it) => `${write(it)}\n`)}` : "";

// A domain as a Rust file. `sources` is what the bridge says of it: as text, in which the fields stand
// in the order in which they were written.
writes(({ id, sources }) => {
  const domain = named({ id, ...parse(sources) });
  const { title, about, aggregates, projections, processes } = domain;
  const body = [
    each(aggregates, aggregateOf),
    titled("Read models", projections, projectionOf),
    titled("Processes", processes, processOf),
    scenario(domain),
  ].join("");
  const [outside, kernel] = imports([...used]);
  return `${comment("//!", `${title}: ${about || "a domain of one's own."}`)}//!
//! This was made of a domain in JavaScript, whose functions stand in comments above what becomes of
//! them. The types are guessed from examples. What a command decides, what an event changes and what
//! is shown of it is still to be written.

${outside}
${kernel}
${body}${testsOf(domain)}`;
});
