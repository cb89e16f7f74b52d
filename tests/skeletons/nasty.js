// A domain that makes everything as hard as it can for whoever writes it in another language.

const rude = "“\"\\'\n*/ \u202e{} {0} /// #[x] \t\u0000 日本語";

const match = {
  initial: {
    self: "",
    match: null,
    crate: false,
    type: 3,
    "odd name": "say \"hi\" \\ {}",
    oddName: 1.5,
    odd_name: -12_345_678,
    "": true,
    "3rd": [],
    largest: 9_007_199_254_740_991,
    words: ["a", "b\n"],
    counts: [1, 2],
    mixed: [1, "a", null, { b: [] }],
    nothing: {},
    inside: { deep: { deeper: { match: 1 } }, empty: {}, "ünï cödé": "é" },
  },
  schema: 3,
  commands: {
    Self: {},
    "do it!": { help: `Does it.\n\nIt says ${"`code`"}, "quotes" and */ too.`, fields: {} },
    doIt: { help: "# No title", fields: { match: "a", self: 1, crate: true, super: 1.5, Self: "b" } },
    DoIt: { help: " with spaces around ", fields: { "odd name": "x", oddName: "y", odd_name: "z" } },
    "3rd": { help: rude, fields: { "": { example: rude, help: rude } } },
    "größe ändern": { fields: { Größe: { money: 5 }, ß: { example: 9_007_199_254_740_991 } } },
    "日本": { help: "carriage\r\nreturn", fields: { "名前": "東京" } },
    "!": {},
    "?": {},
    'say "hi" \\': { fields: { it: "x" } },
    Everything: {
      help: "Has a field of each kind.\nAnd a second line.",
      fields: {
        match: { id: "match" },
        step: { id: "step", optional: true, help: "Which step" },
        elsewhere: { id: "else-where" },
        numbered: { id: "match", example: 5 },
        cost: { money: 1_234, optional: true },
        price: { money: true },
        rate: { money: 1.5 },
        size: { choices: ["small", "large \"\\"], help: "How large" },
        maybe: { choices: ["yes", "no"], optional: true },
        level: { choices: [1, 2] },
        note: { optional: true },
        flag: { optional: true, example: true },
        times: { optional: true, example: 3 },
        share: { optional: true, example: 0.25 },
        huge: 1e21,
        beyond: 9_223_372_036_854_775_808,
        words: { example: ["a", "b"], optional: true },
        counts: [1, 2],
        empty: [],
        lists: [[1], [2]],
        point: { x: 1, y: { z: "a" } },
        known: { example: { x: [1, null, "a"] }, help: "Where", optional: true },
        unknown: null,
      },
    },
  },
  events: {
    Done: { match: { id: "match" } },
    done: { type2: "a", help: "b", counts: [0.5] },
    Everything: {
      match: { id: "match", help: "Which “match”" },
      self: { optional: true, example: "x" },
      point: { x: 1 },
      cost: { money: 1, optional: true },
      size: { choices: ["small", "large"] },
      counts: [1],
    },
    Self: {},
  },
  decide(state, command) {
    // This comment ends: */ and goes on /* and on. \u202e is escaped, ‮ and this is not.
	if (command.type === "3rd") throw new Error(`no
    \\ "never"	`);
    return [{ type: "Done", match: "1" }];
  },
  evolve: (state, event) => state, upcast: (stored) => ({ ...stored, schema: stored.schema + 1 }),
  older: [
    { about: rude, type: "Done", schema: 1, data: { "odd \"name\"": [rude, 5e12, 1.5, null], n: 1 } },
    { about: "It has no match.", type: "Done", schema: 2, data: {} },
  ],
  id: (number) => `m${number}`,
};
// A function may hide what it is.
match.decide.toString = () => "nothing to see";

const nothing = { initial: {}, decide: () => [], evolve: (state) => state };

domain({
  title: rude,
  about: `It is ${rude} a long text that goes on and on, so that it does not fit on the line that it begins on.`,
  start: 0,
  aggregates: {
    match,
    step: { ...nothing, events: { Done: { to: { id: "step" } } }, commands: { Do: { fields: {} } } },
    map: { ...nothing, initial: [], events: { Done: {} } },
    vec: { ...nothing, initial: null, commands: { Ok: {}, None: { fields: { some: "a" } } } },
    event: { ...nothing, initial: 7, events: { EventEvent: {}, Event: {} } },
    match_event: { ...nothing, initial: "“text”" },
    a_b: { ...nothing, initial: { x: { y: 0 } } },
    ab: { ...nothing, initial: { x: { y: 1 }, a_b: { y: 0.5 } } },
  },
  projections: {
    Map: { about: rude, initial: {}, apply: (state) => state },
    "map!": { initial: 0, apply: (state) => state, view: () => documents({}) },
    "-": { about: "It has no name.", initial: null, apply: (state) => state },
    Match: { initial: { a: [], b: { c: "d" } }, apply: (state) => state },
    [rude]: { initial: [[1]], apply: Math.abs },
    Recorded: { initial: true, apply: (state) => state },
  },
  processes: {
    Match: { about: "Waits.", waits: true, initial: {}, apply: (state) => state, react: () => [] },
    "a b": { initial: { self: 1 }, apply: (state) => state, react: () => [] },
  },
  checks: [
    { name: rude, each: "match", holds: ["/a", ">=", 5_000_000_000] },
    { name: "2", each: "nobody", holds: { all: [["/a", "=", { field: "/b" }], { any: [] }, { not: ["/c", "<", 1.5] }] } },
    { name: "3", view: "a b", holds: ["", "=", null] },
    { name: "4", view: rude, holds: { any: [["/a", "!=", "x"], ["/a", "<=", -1], ["/a", "=", true], ["/a", "=", [1, "b"]], ["/a", ">", { field: "/b", more: "\"" }]] } },
    { name: "5", view: "nothing", holds: { all: [] } },
  ],
  story: [
    step(rude, `match-${"a \"b\"-c"}`, { type: "Self" }),
    step("Odd fields.", "match-1", { type: "doIt", match: rude, self: 2, crate: false, super: 2.5, Self: "" }, { by: rude, at: 5_000, show: [rude, "Log"] }),
    step("Everything.", "match-1", {
      type: "Everything", match: "1", elsewhere: "x", numbered: 1, price: 1, rate: 0.5, size: "small", level: 1,
      huge: 1, beyond: 2, counts: [3], empty: [], lists: [[1], "a"], point: { x: null }, unknown: { y: [] },
      note: "a note", words: ["z"], share: 0.5, flag: null,
    }),
    step("Its name is odd.", "match-1", { type: 'say "hi" \\', it: "y" }),
    step("A field is missing.", "match-1", { type: "doIt" }),
    step("A field is too much.", "step-1", { type: "Do", more: 1 }),
    step("Both at once.", "match-1", { type: "Self" }, { and: [["step-2", { type: "Do" }], ["match-2", { type: "!" }]] }),
    imported("From elsewhere.", "match-1", { type: "Done", "odd \"name\"": rude }, { schema: 2 }),
    behind("Behind its back.", "match-1", { type: "Done", match: "2" }, { schema: 3 }),
    behind("In an older shape.", "match-1", { type: "Done" }),
    behind("Which it does not know.", "step-1", { type: "Done", to: 5 }),
    { say: "Nothing is done.", acts: [] },
    { say: "To no stream.", acts: [{ stream: "step- ", message: { type: "Do" } }] },
    { say: "By itself.", acts: [{ stream: "step-1", message: { type: "Done", to: "1" }, origin: "command" }] },
  ],
  specs: [
    { name: "given", aggregate: "match", when: { type: "Self" }, then: [] },
    { name: "given", aggregate: "match", given: [{ type: "Done", match: rude }], when: { type: "!" }, refused: rude },
    { name: "match", aggregate: "match", given: [{ type: "Self" }], when: { type: "3rd", "": "" }, then: [{ type: "Done", match: "1" }, { type: "done", type2: "", help: "", counts: [1] }] },
    { name: "日本語", aggregate: "step", given: [{ type: "Done", to: "1" }], state: {} },
    { name: "!", aggregate: "a_b", state: { x: { y: 5 } } },
    { name: "It goes on.", aggregate: "ab", then: [] },
    { name: rude, aggregate: "match", when: { type: "doIt" }, then: [] },
    { name: "self", aggregate: "vec", when: { type: "None", some: "1" }, state: { a: rude } },
    { name: "By an id.", aggregate: "vec", id: "x\"y", when: { type: "Ok" }, then: [], state: null },
    { name: "A number.", aggregate: "event", given: [{ type: "Event" }], when: { type: "Nothing" }, refused: "no" },
    { name: "A list.", aggregate: "map", given: [{ type: "Done" }], state: [1, "a"] },
    { name: "Refused, and the same.", aggregate: "vec", when: { type: "Ok" }, refused: "no", state: [{}] },
    { name: "Nothing is said of it.", aggregate: "vec", when: { type: "Ok" } },
    { name: "A text.", aggregate: "match_event", state: rude },
  ],
});
