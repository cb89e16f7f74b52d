// The books of a library. Events say what has happened to them, and all else follows from that.

/** @typedef {{ reader: string | null }} Book Who has it; null while it stands on its shelf. */

const book = {
  /** @type {Book} The state before the first event. */
  initial: { reader: null },

  // What may be asked, and what may happen. Every field has an example.
  commands: {
    Borrow: { help: "Takes the book home.", fields: { reader: { example: "Ada", help: "Who" } } },
    Return: { help: "Brings the book back." },
  },
  events: { Borrowed: { reader: "Ada" }, Returned: {} },

  // Answers a command with events, or refuses it. Nothing changes yet.
  decide(/** @type {Book} */ { reader }, command) {
    switch (command.type) {
      case "Borrow":
        if (reader !== null) throw new Error(`${reader} has this book`);
        return [{ type: "Borrowed", reader: command.reader }];
      case "Return":
        if (reader === null) throw new Error("this book is on its shelf");
        return [{ type: "Returned" }];
    }
  },

  // Gives the state after one more event. It refuses nothing: the event has happened.
  evolve(/** @type {Book} */ book, event) {
    switch (event.type) {
      case "Borrowed":
        return { ...book, reader: event.reader };
      case "Returned":
        return { ...book, reader: null };
    }
  },
};

// A book forgets who has read it. The events don't, and a read model can count them.
const popular = {
  about: "How often each book was borrowed.",
  initial: {},
  apply(times, event, about) {
    if (event.type !== "Borrowed") return times;
    return { ...times, [about.id]: (times[about.id] ?? 0) + 1 };
  },
  view: (times) => bars("times borrowed", times),
};

domain({
  title: "Library",
  about: "A book is borrowed and brought back.",
  aggregates: { book },
  projections: { "Popular books": popular },
  story: [
    step("Ada borrows Momo.", "book-momo", { type: "Borrow", reader: "Ada" }),
    step("Bob wants it too.", "book-momo", { type: "Borrow", reader: "Bob" }, { by: "Bob" }),
    step("Ada brings it back.", "book-momo", { type: "Return" }),
  ],
  // Examples of what has to be so. They are tried whenever the code changes.
  specs: [
    {
      name: "A book that is out cannot be borrowed.",
      aggregate: "book",
      given: [{ type: "Borrowed", reader: "Ada" }],
      when: { type: "Borrow", reader: "Bob" },
      refused: "Ada has this book",
    },
  ],
});
