//! Shopping cart: the fold, one event at a time. The cart forgets the pretzels that were put
//! back; the events don't, and a read model that nobody planned finds them.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{Aggregate, Bar, Listed, Map, Projection, Recorded, Row, Scenario, States, Step, View};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    AddedToCart { item: Rc<str> },
    RemovedFromCart { item: Rc<str> },
    CartCheckedOut {},
}
use Event::{AddedToCart, CartCheckedOut, RemovedFromCart};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum Command {
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
use Command::{AddToCart, Checkout, RemoveFromCart};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    #[error("say which item")]
    Unnamed,
    #[error("there are no {0} in this cart to remove")]
    NotThere(Rc<str>),
    #[error("the cart is empty, so there is nothing to check out")]
    Empty,
}

// Fold and decisions.

/// A cart: each item with how many pieces of it there are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cart {
    pub items: Map<Rc<str>, u64>,
}

impl Aggregate for Cart {
    const NAME: &'static str = "cart";
    const SCHEMAS: Option<&'static str> = Some(include_str!("schemas/cart-cart.json"));
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            AddToCart { item } | RemoveFromCart { item } if item.trim().is_empty() => {
                Err(Rejection::Unnamed)
            }
            AddToCart { item } => Ok(vec![AddedToCart { item }]),
            RemoveFromCart { item } if !self.items.contains_key(&item) => {
                Err(Rejection::NotThere(item))
            }
            RemoveFromCart { item } => Ok(vec![RemovedFromCart { item }]),
            Checkout {} if self.items.is_empty() => Err(Rejection::Empty),
            Checkout {} => Ok(vec![CartCheckedOut {}]),
        }
    }

    fn evolve(mut self, event: &Event) -> Self {
        match event {
            AddedToCart { item } => *self.items.entry(item.clone()).or_default() += 1,
            RemovedFromCart { item } => match self.items.get_mut(item) {
                Some(pieces) if *pieces > 1 => *pieces -= 1,
                _ => _ = self.items.remove(item),
            },
            CartCheckedOut {} => self.items.clear(),
        }
        self
    }
}

// Read models.

impl Listed for Cart {
    const TITLE: &'static str = "Carts now";
    const ABOUT: &'static str = "Every cart and what is in it: the list a shop assistant sees.";

    fn list(carts: &States<Self>) -> View {
        carts.table(&["cart", "items", "pieces"], |cart| {
            let names = cart.items.iter().map(|(item, pieces)| match pieces {
                1 => item.to_string(),
                _ => format!("{pieces} {item}"),
            });
            (names.collect::<Vec<_>>().join(", "), cart.items.values().sum::<u64>())
        })
    }
}

/// What people put back: gone from every cart, kept by the events.
#[derive(Clone, Default)]
pub struct Considered(Map<(Rc<str>, Rc<str>), u64>);

impl Projection for Considered {
    const NAME: &'static str = "Considered but removed";
    const ABOUT: &'static str = "What was put back. No cart remembers it; the events do.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(RemovedFromCart { item }) = recorded.of::<Cart>() {
            *self.0.entry((item.clone(), recorded.key().clone())).or_default() += 1;
        }
    }

    fn view(&self) -> View {
        let rows =
            self.0.iter().map(|((item, cart), times)| Row::of_two(item, cart, (item, cart, times)));
        View::table(&["item", "cart", "times"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// What was bought most often.
#[derive(Clone, Default)]
pub struct BestSellers {
    carts: Map<Rc<str>, Cart>,
    sold: Map<Rc<str>, i64>,
}

impl Projection for BestSellers {
    const NAME: &'static str = "Best sellers";
    const ABOUT: &'static str = "Pieces sold of each item, counted when a cart is checked out.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Cart>() else { return };
        let cart = self.carts.entry(recorded.key().clone()).or_default();
        if *event == (CartCheckedOut {}) {
            for (item, pieces) in &cart.items {
                *self.sold.entry(item.clone()).or_default() += pieces.cast_signed();
            }
        }
        cart.evolve_in_place(event);
    }

    fn view(&self) -> View {
        let bars = self.sold.iter().map(|(name, &value)| Bar { name: name.clone(), value });
        View::bars("pieces sold", false, bars)
    }

    fn weight(&self) -> usize {
        self.carts.len() + self.sold.len()
    }
}

// The scenario and its story.

/// The shopping cart of the talk, and a second one beside it.
pub fn scenario() -> Scenario {
    Scenario::new("cart", "Shopping cart", "State is a fold, and forgets; events don't.")
        .aggregate::<Cart>()
        .projection::<States<Cart>>()
        .projection::<Considered>()
        .projection::<BestSellers>()
        .story(AUGUST_2017, story())
}

/// 24 August 2017, 18:00 UTC.
const AUGUST_2017: u64 = 1_503_597_600_000;

fn story() -> [Step; 12] {
    let alice = |say, command| Step::new::<Cart>(say, "1", &command);
    let bob = |say, command| Step::new::<Cart>(say, "2", &command).by("Bob");
    let add = |item: &str| AddToCart { item: item.into() };
    let remove = |item: &str| RemoveFromCart { item: item.into() };
    let folded = ["cart-1", "Log"];
    let refused = ["cart-1", "Journal"];
    let remembered = ["cart-1", "Carts now", "Considered but removed"];
    let paid = ["cart-1", "Log", "Best sellers"];
    let both_carts = ["cart-2", "Carts now"];
    let sold_or_put_back = ["cart-2", "Best sellers", "Considered but removed"];
    [
        alice("Alice starts with apples.", add("apples")).show(folded),
        alice("Pears go on top.", add("pears")).show(folded),
        alice("And pretzels, why not?", add("pretzels")).show(folded),
        alice("No pretzels after all. Which read model remembers them?", remove("pretzels"))
            .show(remembered),
        bob("Bob fills a cart of his own, beginning with pretzels.", add("pretzels"))
            .show(both_carts),
        alice("Alice puts the pretzels back again. They are gone.", remove("pretzels"))
            .show(refused),
        bob("Bob adds apples.", add("apples")).show(both_carts),
        alice("Alice pays. Her cart is empty, and its history isn't.", Checkout {}).show(paid),
        alice("She pays again. There is nothing to pay for.", Checkout {}).show(refused),
        bob("Bob puts the apples back.", remove("apples")).show(sold_or_put_back),
        bob("Bob pays for his pretzels.", Checkout {}).show(sold_or_put_back),
        alice("A cart that was checked out can be filled again.", add("coffee")).show(folded),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use es::{Past, given, past};

    fn add(item: &str) -> Command {
        AddToCart { item: item.into() }
    }

    fn remove(item: &str) -> Command {
        RemoveFromCart { item: item.into() }
    }

    fn added(item: &str) -> Event {
        AddedToCart { item: item.into() }
    }

    fn removed(item: &str) -> Event {
        RemovedFromCart { item: item.into() }
    }

    #[test]
    fn an_item_can_be_added_to_a_cart_that_nobody_has_used_before() {
        given::<Cart>([]).when(add("apples")).then([added("apples")]);
    }

    #[test]
    fn an_item_without_a_name_is_refused() {
        given::<Cart>([]).when(add(" ")).refused("say which item");
        given::<Cart>([]).when(remove("")).refused("say which item");
    }

    #[test]
    fn an_item_that_is_there_can_be_removed_as_often_as_it_was_added() {
        let twice = [added("apples"), added("apples"), removed("apples")];
        let left = given::<Cart>(twice).when(remove("apples")).then([removed("apples")]);
        assert_eq!(left, Cart::default());
    }

    #[test]
    fn an_item_that_is_not_there_cannot_be_removed() {
        let nothing = "there are no pretzels in this cart to remove";
        given::<Cart>([]).when(remove("pretzels")).refused(nothing);
        let put_back = [added("pretzels"), removed("pretzels")];
        given::<Cart>(put_back).when(remove("pretzels")).refused(nothing);
    }

    #[test]
    fn checking_out_empties_the_cart() {
        let cart = given::<Cart>([added("apples")]).when(Checkout {}).then([CartCheckedOut {}]);
        assert_eq!(cart, Cart::default());
    }

    #[test]
    fn an_empty_cart_cannot_be_checked_out() {
        let empty = "the cart is empty, so there is nothing to check out";
        given::<Cart>([]).when(Checkout {}).refused(empty);
        given::<Cart>([added("apples"), CartCheckedOut {}]).when(Checkout {}).refused(empty);
    }

    #[test]
    fn a_cart_that_was_checked_out_can_be_filled_again() {
        let paid = [added("apples"), CartCheckedOut {}];
        let cart = given::<Cart>(paid).when(add("pears")).then([added("pears")]);
        assert_eq!(cart.items, Map::from([("pears".into(), 1)]));
    }

    #[test]
    fn removing_what_was_never_there_changes_nothing() {
        given::<Cart>([removed("pretzels"), added("apples")])
            .is(&Cart { items: Map::from([("apples".into(), 1)]) });
    }

    /// Two carts, with pretzels put back from both.
    fn two() -> Past {
        past()
            .and::<Cart>("1", added("pears"))
            .and::<Cart>("1", added("pretzels"))
            .and::<Cart>("1", added("apples"))
            .and::<Cart>("1", added("pears"))
            .and::<Cart>("1", removed("pretzels"))
            .and::<Cart>("2", added("pretzels"))
            .and::<Cart>("2", removed("pretzels"))
            .and::<Cart>("2", added("pretzels"))
            .and::<Cart>("2", removed("pretzels"))
    }

    #[test]
    fn every_cart_shows_what_is_in_it_and_how_many_pieces() {
        assert_eq!(two().rows::<States<Cart>>(), ["1 | apples, 2 pears | 3", "2 |  | 0"]);
        let paid = two().and::<Cart>("1", CartCheckedOut {}).and::<Cart>("2", added("coffee"));
        assert_eq!(paid.rows::<States<Cart>>(), ["1 |  | 0", "2 | coffee | 1"]);
    }

    #[test]
    fn what_was_put_back_is_counted_and_survives_the_checkout() {
        let considered = ["pretzels | 1 | 1", "pretzels | 2 | 2"];
        assert_eq!(two().rows::<Considered>(), considered);
        let paid = two().and::<Cart>("1", CartCheckedOut {});
        assert_eq!(paid.rows::<Considered>(), considered);
    }

    #[test]
    fn only_what_is_paid_for_is_sold_and_the_best_seller_comes_first() {
        let bars = |told: &Past| told.shows::<BestSellers>()["bars"].take();
        let bar = |name: &str, value: i64| json!({ "name": name, "value": value });
        assert_eq!(bars(&two()), json!([]));
        let paid = two().and::<Cart>("1", CartCheckedOut {});
        assert_eq!(bars(&paid), json!([bar("pears", 2), bar("apples", 1)]));
        let again = paid
            .and::<Cart>("2", added("coffee"))
            .and::<Cart>("2", added("apples"))
            .and::<Cart>("2", CartCheckedOut {});
        let sold = [bar("apples", 2), bar("pears", 2), bar("coffee", 1)];
        assert_eq!(bars(&again), json!(sold));
    }
}
