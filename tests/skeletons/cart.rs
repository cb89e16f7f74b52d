//! Shopping cart: State is a fold, and forgets; events don't.
//!
//! This was made of a domain in JavaScript, whose functions stand in comments above what becomes of
//! them. The types are guessed from examples. What a command decides, what an event changes and what
//! is shown of it is still to be written.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use es::{Aggregate, Map, Projection, Recorded, Scenario, Step, View};

// The aggregate “cart”.

/// What has happened. The names and fields are the stored format: add, never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum CartEvent {
    AddedToCart { item: Rc<str> },
    RemovedFromCart { item: Rc<str> },
    CartCheckedOut {},
}

/// What may be asked.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum CartCommand {
    /// Puts one piece of an item into the cart.
    AddToCart {
        /// What it is
        #[schemars(example = &"apples")]
        item: Rc<str>,
    },
    /// Takes one piece of an item out again.
    RemoveFromCart {
        /// What it is
        #[schemars(example = &"apples")]
        item: Rc<str>,
    },
    /// Buys what is in the cart. The cart is empty then, and can be filled again.
    Checkout {},
}

/// Why a command is refused, in a sentence.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum CartRejection {
    #[error("{0}")]
    Refused(Rc<str>),
}

/// What the events of a stream such as `cart-1` come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cart {
    pub items: Map<Rc<str>, Value>,
}

impl Aggregate for Cart {
    const NAME: &'static str = "cart";
    type Command = CartCommand;
    type Event = CartEvent;
    type Rejection = CartRejection;

    // decide({ items }, command) {
    //   const { type, item } = command;
    //   switch (type) {
    //     case "AddToCart":
    //       if (isBlank(item)) throw new Error("say which item");
    //       return [{ type: "AddedToCart", item }];
    //     case "RemoveFromCart":
    //       if (isBlank(item)) throw new Error("say which item");
    //       if (!Object.hasOwn(items, item)) {
    //         throw new Error(`there are no ${item} in this cart to remove`);
    //       }
    //       return [{ type: "RemovedFromCart", item }];
    //     case "Checkout":
    //       if (Object.keys(items).length === 0) {
    //         throw new Error("the cart is empty, so there is nothing to check out");
    //       }
    //       return [{ type: "CartCheckedOut" }];
    //   }
    // }
    fn decide(&self, command: CartCommand) -> Result<Vec<CartEvent>, CartRejection> {
        match command {
            CartCommand::AddToCart { .. } => {
                Err(CartRejection::Refused("AddToCart is not decided yet".into()))
            }
            CartCommand::RemoveFromCart { .. } => {
                Err(CartRejection::Refused("RemoveFromCart is not decided yet".into()))
            }
            CartCommand::Checkout {} => {
                Err(CartRejection::Refused("Checkout is not decided yet".into()))
            }
        }
    }

    // evolve({ items }, event) {
    //   switch (event.type) {
    //     case "AddedToCart":
    //       return { items: add(items, event.item, 1) };
    //     case "RemovedFromCart": {
    //       const isOneOfMany = get(items, event.item, 0) > 1;
    //       return { items: isOneOfMany ? add(items, event.item, -1) : without(items, event.item) };
    //     }
    //     case "CartCheckedOut":
    //       return { items: {} };
    //   }
    // }
    fn evolve(self, event: &CartEvent) -> Self {
        match event {
            CartEvent::AddedToCart { .. } => self,
            CartEvent::RemovedFromCart { .. } => self,
            CartEvent::CartCheckedOut {} => self,
        }
    }
}

// Read models.

/// Every cart and what is in it: the list a shop assistant sees.
#[derive(Clone, Default)]
pub struct CartsNow(Map<Rc<str>, Value>);

impl Projection for CartsNow {
    const NAME: &'static str = "Carts now";
    const ABOUT: &'static str = "Every cart and what is in it: the list a shop assistant sees.";

    // (carts, event, { id }) => ({
    //   ...carts,
    //   [id]: cart.evolve(get(carts, id, cart.initial), event),
    // })
    fn apply(&mut self, _event: &Recorded) {}

    // view(carts) {
    //   const rows = Object.entries(carts).map(([id, { items }]) => {
    //     const names = Object.keys(items).sort();
    //     const list = names.map((name) => (items[name] === 1 ? name : `${items[name]} ${name}`));
    //     const pieces = names.reduce((sum, name) => sum + items[name], 0);
    //     return [id, list.join(", "), pieces];
    //   });
    //   return table(["cart", "items", "pieces"], rows);
    // }
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

/// What was put back. No cart remembers it; the events do.
#[derive(Clone, Default)]
pub struct ConsideredButRemoved(Map<Rc<str>, Value>);

impl Projection for ConsideredButRemoved {
    const NAME: &'static str = "Considered but removed";
    const ABOUT: &'static str = "What was put back. No cart remembers it; the events do.";

    // apply(items, { type, item }, { id }) {
    //   if (type !== "RemovedFromCart") return items;
    //   return { ...items, [item]: add(get(items, item, {}), id, 1) };
    // }
    fn apply(&mut self, _event: &Recorded) {}

    // view(items) {
    //   const rows = Object.entries(items).flatMap(([item, carts]) =>
    //     Object.entries(carts).map(([cart, times]) => row(keyOfTwo(item, cart), [item, cart, times])),
    //   );
    //   return table(["item", "cart", "times"], rows);
    // }
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

/// Pieces sold of each item, counted when a cart is checked out.
#[derive(Clone, Default)]
pub struct BestSellers {
    carts: Map<Rc<str>, Value>,
    sold: Map<Rc<str>, Value>,
}

impl Projection for BestSellers {
    const NAME: &'static str = "Best sellers";
    const ABOUT: &'static str = "Pieces sold of each item, counted when a cart is checked out.";

    // apply({ carts, sold }, event, { id }) {
    //   const before = get(carts, id, cart.initial);
    //   const bought = event.type === "CartCheckedOut" ? Object.entries(before.items) : [];
    //   return {
    //     carts: { ...carts, [id]: cart.evolve(before, event) },
    //     sold: bought.reduce((all, [item, pieces]) => add(all, item, pieces), sold),
    //   };
    // }
    fn apply(&mut self, _event: &Recorded) {}

    // ({ sold }) => bars("pieces sold", sold)
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

// The scenario and its story.

/// Shopping cart, as a scenario.
pub fn scenario() -> Scenario {
    Scenario::new("cart", "Shopping cart", "State is a fold, and forgets; events don't.")
        .aggregate::<Cart>()
        .projection::<CartsNow>()
        .projection::<ConsideredButRemoved>()
        .projection::<BestSellers>()
        .story(START, story())
}

/// When the story begins, in milliseconds since 1970.
const START: u64 = 1_503_597_600_000;

fn story() -> [Step; 12] {
    [
        Step::new::<Cart>(
            "Alice starts with apples.",
            "1",
            &CartCommand::AddToCart { item: "apples".into() },
        )
        .show(["cart-1", "Log"]),
        Step::new::<Cart>(
            "Pears go on top.",
            "1",
            &CartCommand::AddToCart { item: "pears".into() },
        )
        .show(["cart-1", "Log"]),
        Step::new::<Cart>(
            "And pretzels, why not?",
            "1",
            &CartCommand::AddToCart { item: "pretzels".into() },
        )
        .show(["cart-1", "Log"]),
        Step::new::<Cart>(
            "No pretzels after all. Which read model remembers them?",
            "1",
            &CartCommand::RemoveFromCart { item: "pretzels".into() },
        )
        .show(["cart-1", "Carts now", "Considered but removed"]),
        Step::new::<Cart>(
            "Bob fills a cart of his own, beginning with pretzels.",
            "2",
            &CartCommand::AddToCart { item: "pretzels".into() },
        )
        .by("Bob")
        .show(["cart-2", "Carts now"]),
        Step::new::<Cart>(
            "Alice puts the pretzels back again. They are gone.",
            "1",
            &CartCommand::RemoveFromCart { item: "pretzels".into() },
        )
        .show(["cart-1", "Journal"]),
        Step::new::<Cart>(
            "Bob adds apples.",
            "2",
            &CartCommand::AddToCart { item: "apples".into() },
        )
        .by("Bob")
        .show(["cart-2", "Carts now"]),
        Step::new::<Cart>(
            "Alice pays. Her cart is empty, and its history isn't.",
            "1",
            &CartCommand::Checkout {},
        )
        .show(["cart-1", "Log", "Best sellers"]),
        Step::new::<Cart>(
            "She pays again. There is nothing to pay for.",
            "1",
            &CartCommand::Checkout {},
        )
        .show(["cart-1", "Journal"]),
        Step::new::<Cart>(
            "Bob puts the apples back.",
            "2",
            &CartCommand::RemoveFromCart { item: "apples".into() },
        )
        .by("Bob")
        .show(["cart-2", "Best sellers", "Considered but removed"]),
        Step::new::<Cart>("Bob pays for his pretzels.", "2", &CartCommand::Checkout {})
            .by("Bob")
            .show(["cart-2", "Best sellers", "Considered but removed"]),
        Step::new::<Cart>(
            "A cart that was checked out can be filled again.",
            "1",
            &CartCommand::AddToCart { item: "coffee".into() },
        )
        .show(["cart-1", "Log"]),
    ]
}
