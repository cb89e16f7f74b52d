// The least that is a domain. Give everything a name of your own.
domain({
  title: "My domain",
  aggregates: {
    thing: {
      initial: { last: null },
      commands: { DoIt: { fields: { what: "something" } } },
      events: { ItWasDone: { what: "something" } },
      decide: (_, command) => [{ type: "ItWasDone", what: command.what }],
      evolve: (state, event) => ({ ...state, last: event.what }),
    },
  },
});
