// Shopping cart: the fold, one event at a time. The cart forgets the pretzels that were put back;
// the events don't, and a read model that nobody planned finds them.

// The value of a key, or another where there is none. It asks for the map's own keys, because every
// object also has a "constructor", and somebody may name an item so.
const get = (map, key, otherwise) => (Object.hasOwn(map, key) ? map[key] : otherwise);
const add = (map, key, pieces) => ({ ...map, [key]: get(map, key, 0) + pieces });
const without = (map, key) => {
  const { [key]: _, ...others } = map;
  return others;
};

const item = { example: "apples", help: "What it is" };
const isBlank = (text) => text.trim() === "";

const cart = {
  // Each item with how many pieces of it there are.
  initial: { items: {} },

  commands: {
    AddToCart: { help: "Puts one piece of an item into the cart.", fields: { item } },
    RemoveFromCart: { help: "Takes one piece of an item out again.", fields: { item } },
    Checkout: {
      help: "Buys what is in the cart. The cart is empty then, and can be filled again.",
    },
  },

  // Their names and fields are the stored format: add, never change.
  events: {
    AddedToCart: { item: "apples" },
    RemovedFromCart: { item: "apples" },
    CartCheckedOut: {},
  },

  decide({ items }, command) {
    const { type, item } = command;
    switch (type) {
      case "AddToCart":
        if (isBlank(item)) throw new Error("say which item");
        return [{ type: "AddedToCart", item }];
      case "RemoveFromCart":
        if (isBlank(item)) throw new Error("say which item");
        if (!Object.hasOwn(items, item)) {
          throw new Error(`there are no ${item} in this cart to remove`);
        }
        return [{ type: "RemovedFromCart", item }];
      case "Checkout":
        if (Object.keys(items).length === 0) {
          throw new Error("the cart is empty, so there is nothing to check out");
        }
        return [{ type: "CartCheckedOut" }];
    }
  },

  evolve({ items }, event) {
    switch (event.type) {
      case "AddedToCart":
        return { items: add(items, event.item, 1) };
      case "RemovedFromCart": {
        const isOneOfMany = get(items, event.item, 0) > 1;
        return { items: isOneOfMany ? add(items, event.item, -1) : without(items, event.item) };
      }
      case "CartCheckedOut":
        return { items: {} };
    }
  },
};

const cartsNow = {
  about: "Every cart and what is in it: the list a shop assistant sees.",
  initial: {},
  apply: (carts, event, { id }) => ({
    ...carts,
    [id]: cart.evolve(get(carts, id, cart.initial), event),
  }),
  view(carts) {
    const rows = Object.entries(carts).map(([id, { items }]) => {
      const names = Object.keys(items).sort();
      const list = names.map((name) => (items[name] === 1 ? name : `${items[name]} ${name}`));
      const pieces = names.reduce((sum, name) => sum + items[name], 0);
      return [id, list.join(", "), pieces];
    });
    return table(["cart", "items", "pieces"], rows);
  },
};

// A key of two names. Slashes in the first one are escaped, so that no other two names make it.
const keyOfTwo = (first, second) =>
  `${first.replaceAll("~", "~0").replaceAll("/", "~1")}/${second}`;

// What people put back: gone from every cart, kept by the events.
const considered = {
  about: "What was put back. No cart remembers it; the events do.",
  // Each item, with how often it was put back from each cart.
  initial: {},
  apply(items, { type, item }, { id }) {
    if (type !== "RemovedFromCart") return items;
    return { ...items, [item]: add(get(items, item, {}), id, 1) };
  },
  view(items) {
    const rows = Object.entries(items).flatMap(([item, carts]) =>
      Object.entries(carts).map(([cart, times]) => row(keyOfTwo(item, cart), [item, cart, times])),
    );
    return table(["item", "cart", "times"], rows);
  },
};

// What was bought most often.
const bestSellers = {
  about: "Pieces sold of each item, counted when a cart is checked out.",
  initial: { carts: {}, sold: {} },
  apply({ carts, sold }, event, { id }) {
    const before = get(carts, id, cart.initial);
    const bought = event.type === "CartCheckedOut" ? Object.entries(before.items) : [];
    return {
      carts: { ...carts, [id]: cart.evolve(before, event) },
      sold: bought.reduce((all, [item, pieces]) => add(all, item, pieces), sold),
    };
  },
  view: ({ sold }) => bars("pieces sold", sold),
};

// The story: the shopping cart of the talk, and a second one beside it.

const AUGUST_2017 = 1_503_597_600_000; // 24 August 2017, 18:00 UTC

const alice = (say, command, show) => step(say, "cart-1", command, { show });
const bob = (say, command, show) => step(say, "cart-2", command, { show, by: "Bob" });
const put = (item) => ({ type: "AddToCart", item });
const remove = (item) => ({ type: "RemoveFromCart", item });
const checkout = { type: "Checkout" };
const folded = ["cart-1", "Log"];
const refused = ["cart-1", "Journal"];
const remembered = ["cart-1", "Carts now", "Considered but removed"];
const paid = ["cart-1", "Log", "Best sellers"];
const bothCarts = ["cart-2", "Carts now"];
const soldOrPutBack = ["cart-2", "Best sellers", "Considered but removed"];

domain({
  title: "Shopping cart",
  about: "State is a fold, and forgets; events don't.",
  aggregates: { cart },
  projections: {
    "Carts now": cartsNow,
    "Considered but removed": considered,
    "Best sellers": bestSellers,
  },
  start: AUGUST_2017,
  story: [
    alice("Alice starts with apples.", put("apples"), folded),
    alice("Pears go on top.", put("pears"), folded),
    alice("And pretzels, why not?", put("pretzels"), folded),
    alice(
      "No pretzels after all. Which read model remembers them?",
      remove("pretzels"),
      remembered,
    ),
    bob("Bob fills a cart of his own, beginning with pretzels.", put("pretzels"), bothCarts),
    alice("Alice puts the pretzels back again. They are gone.", remove("pretzels"), refused),
    bob("Bob adds apples.", put("apples"), bothCarts),
    alice("Alice pays. Her cart is empty, and its history isn't.", checkout, paid),
    alice("She pays again. There is nothing to pay for.", checkout, refused),
    bob("Bob puts the apples back.", remove("apples"), soldOrPutBack),
    bob("Bob pays for his pretzels.", checkout, soldOrPutBack),
    alice("A cart that was checked out can be filled again.", put("coffee"), folded),
  ],
});
