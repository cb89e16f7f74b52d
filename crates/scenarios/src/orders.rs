//! Orders within budget: an order is the root of its items, guards its maximum, and is the
//! transaction's boundary. Whoever goes behind its back breaks it, and a check shows it.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{
    Aggregate, Bar, Cents, Check, Id, Listed, Map, Projection, Recorded, Row, Scenario, States,
    Step, View, all, field, not,
};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum CustomerEvent {
    CustomerRegistered { name: Rc<str> },
}
use CustomerEvent::CustomerRegistered;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum OrderEvent {
    OrderPlaced { customer: Id<Customer>, maximum: Cents },
    ItemAdded { item: Rc<str>, price: Cents },
    ItemRemoved { item: Rc<str> },
    OrderSubmitted {},
}
use OrderEvent::{ItemAdded, ItemRemoved, OrderPlaced, OrderSubmitted};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum CustomerCommand {
    /// Makes somebody a customer. Orders know customers by their ids, and nothing else of them.
    RegisterCustomer {
        /// What the customer is called
        #[schemars(example = &"Lola Gheda")]
        name: Rc<str>,
    },
}
use CustomerCommand::RegisterCustomer;

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub enum OrderCommand {
    /// Begins an order that may cost so much and no more.
    PlaceOrder {
        /// Who orders
        #[schemars(example = &"1")]
        customer: Id<Customer>,
        /// What it may cost at most
        #[schemars(example = 10_000)]
        maximum: Cents,
    },
    /// Adds an item, if the budget allows it.
    AddItem {
        /// What it is
        #[schemars(example = &"keyboard")]
        item: Rc<str>,
        /// What it costs
        #[schemars(example = 6_000)]
        price: Cents,
    },
    /// Removes an item.
    RemoveItem {
        /// What it is
        #[schemars(example = &"keyboard")]
        item: Rc<str>,
    },
    /// Submits the order. It cannot be changed any more.
    SubmitOrder {},
}
use OrderCommand::{AddItem, PlaceOrder, RemoveItem, SubmitOrder};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum CustomerRejection {
    #[error("say what the customer is called")]
    Unnamed,
    #[error("this customer is registered already")]
    RegisteredAlready,
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum OrderRejection {
    #[error("this order was placed already")]
    PlacedAlready,
    #[error("say who orders")]
    Nobodys,
    #[error("a budget must be more than 0.00")]
    NoBudget,
    #[error("this order was never placed")]
    NeverPlaced,
    #[error("this order is submitted and cannot be changed any more")]
    SubmittedAlready,
    #[error("say which item")]
    Unnamed,
    #[error("a price must be more than 0.00")]
    Free,
    #[error("there is {0} in this order already")]
    ThereAlready(Rc<str>),
    #[error("{item} at {price} would bring the order to {total}; its budget is {maximum}")]
    OverBudget { item: Rc<str>, price: Cents, total: Cents, maximum: Cents },
    #[error("there is no {0} in this order to remove")]
    NotThere(Rc<str>),
    #[error("the order is empty, so there is nothing to submit")]
    Empty,
}

// Fold and decisions.

/// A customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    pub name: Option<Rc<str>>,
}

impl Aggregate for Customer {
    const NAME: &'static str = "customer";
    const SCHEMAS: Option<&'static str> = Some(include_str!("schemas/orders-customer.json"));
    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type Rejection = CustomerRejection;

    fn decide(&self, command: CustomerCommand) -> Result<Vec<CustomerEvent>, CustomerRejection> {
        let RegisterCustomer { name } = command;
        if self.name.is_some() {
            return Err(CustomerRejection::RegisteredAlready);
        }
        if name.trim().is_empty() {
            return Err(CustomerRejection::Unnamed);
        }
        Ok(vec![CustomerRegistered { name }])
    }

    fn evolve(self, event: &CustomerEvent) -> Self {
        let CustomerRegistered { name } = event;
        Self { name: Some(name.clone()) }
    }
}

/// An order and its items, each with its price.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    pub customer: Id<Customer>,
    pub maximum: Cents,
    pub items: Map<Rc<str>, Cents>,
    pub total: Cents,
    pub status: Status,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    #[default]
    Unplaced,
    Open,
    Submitted,
}

impl Aggregate for Order {
    const NAME: &'static str = "order";
    const SCHEMAS: Option<&'static str> = Some(include_str!("schemas/orders-order.json"));
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Rejection = OrderRejection;

    fn decide(&self, command: OrderCommand) -> Result<Vec<OrderEvent>, OrderRejection> {
        use OrderRejection as No;
        match command {
            PlaceOrder { .. } if self.status != Status::Unplaced => Err(No::PlacedAlready),
            PlaceOrder { customer, .. } if customer.is_empty() => Err(No::Nobodys),
            PlaceOrder { maximum, .. } if maximum <= Cents(0) => Err(No::NoBudget),
            PlaceOrder { customer, maximum } => Ok(vec![OrderPlaced { customer, maximum }]),
            _ if self.status == Status::Unplaced => Err(No::NeverPlaced),
            _ if self.status == Status::Submitted => Err(No::SubmittedAlready),
            AddItem { item, .. } | RemoveItem { item } if item.trim().is_empty() => {
                Err(No::Unnamed)
            }
            AddItem { price, .. } if price <= Cents(0) => Err(No::Free),
            AddItem { item, .. } if self.items.contains_key(&item) => Err(No::ThereAlready(item)),
            AddItem { item, price } if price > self.maximum - self.total => {
                let (total, maximum) = (self.total + price, self.maximum);
                Err(No::OverBudget { item, price, total, maximum })
            }
            AddItem { item, price } => Ok(vec![ItemAdded { item, price }]),
            RemoveItem { item } if !self.items.contains_key(&item) => Err(No::NotThere(item)),
            RemoveItem { item } => Ok(vec![ItemRemoved { item }]),
            SubmitOrder {} if self.items.is_empty() => Err(No::Empty),
            SubmitOrder {} => Ok(vec![OrderSubmitted {}]),
        }
    }

    fn evolve(mut self, event: &OrderEvent) -> Self {
        match event {
            OrderPlaced { customer, maximum } => {
                (self.customer, self.maximum) = (customer.clone(), *maximum);
                self.status = Status::Open;
            }
            ItemAdded { item, price } => {
                let before = self.items.insert(item.clone(), *price);
                self.total += *price - before.unwrap_or_default();
            }
            ItemRemoved { item } => {
                self.total -= self.items.remove(item).unwrap_or_default();
            }
            OrderSubmitted {} => self.status = Status::Submitted,
        }
        self
    }
}

// Read models.

/// What customers are called, by their ids.
#[derive(Clone, Default)]
struct Names(Map<Rc<str>, Rc<str>>);

impl Names {
    fn apply(&mut self, recorded: &Recorded) {
        if let Some(CustomerRegistered { name }) = recorded.of::<Customer>() {
            self.0.insert(recorded.key().clone(), name.clone());
        }
    }

    fn of(&self, customer: &Id<Customer>) -> Option<&Rc<str>> {
        self.0.get(customer.key())
    }
}

/// The orders that can still change.
#[derive(Clone, Default)]
pub struct OpenOrders {
    orders: States<Order>,
    names: Names,
}

impl Projection for OpenOrders {
    const NAME: &'static str = "Open orders";
    const ABOUT: &'static str = "The orders that can still change, and what their budgets leave.";

    fn apply(&mut self, recorded: &Recorded) {
        self.names.apply(recorded);
        self.orders.apply(recorded);
    }

    fn view(&self) -> View {
        let open = self.orders.iter().filter(|(_, order)| order.status == Status::Open);
        let rows = open.map(|(key, order)| {
            let customer = self.names.of(&order.customer).or(Some(order.customer.key()));
            let (total, maximum) = (order.total, order.maximum);
            Row::of(key, (customer, order.items.len(), total, maximum, maximum - total))
        });
        View::table(&["order", "customer", "items", "total", "maximum", "left"], rows)
    }

    fn weight(&self) -> usize {
        self.orders.len() + self.names.0.len()
    }
}

impl Listed for Order {
    const TITLE: &'static str = "Items by order";
    const ABOUT: &'static str = "Each order as one document, with the items that belong to it.";

    fn list(orders: &States<Self>) -> View {
        orders.documents()
    }
}

/// What each customer has spent on the orders that were submitted.
#[derive(Clone, Default)]
pub struct SpendingPerCustomer {
    orders: States<Order>,
    names: Names,
    spent: Map<Id<Customer>, Cents>,
}

impl Projection for SpendingPerCustomer {
    const NAME: &'static str = "Spending per customer";
    const ABOUT: &'static str = "What each customer's submitted orders cost together.";

    fn apply(&mut self, recorded: &Recorded) {
        self.names.apply(recorded);
        self.orders.apply(recorded);
        if recorded.of::<Order>() == Some(&OrderSubmitted {})
            && let Some(order) = self.orders.remove(recorded.key())
        {
            *self.spent.entry(order.customer).or_default() += order.total;
        }
    }

    fn view(&self) -> View {
        let bars = self.spent.iter().map(|(customer, spent)| {
            // Two customers may have one name; their ids keep their bars apart.
            let name = match self.names.of(customer) {
                Some(name) => format!("{customer} {name}").into(),
                None => customer.key().clone(),
            };
            Bar { name, value: spent.0 }
        });
        View::bars("spent", true, bars)
    }

    fn weight(&self) -> usize {
        self.orders.len() + self.names.0.len() + self.spent.len()
    }
}

// The scenario and its story.

/// Two customers with their budgets, and somebody who reaches past an order.
pub fn scenario() -> Scenario {
    let within_budget = field("/total").is_at_most(field("/maximum"));
    let is_submitted = field("/status").is("submitted");
    let is_empty = field("/items").is(serde_json::Map::new());
    let has_items = not(all([is_submitted, is_empty]));
    Scenario::new("orders", "Orders within budget", "An aggregate guards its invariants.")
        .aggregate::<Customer>()
        .aggregate::<Order>()
        .projection::<OpenOrders>()
        .projection::<States<Order>>()
        .projection::<SpendingPerCustomer>()
        .check(Check::each::<Order>("An order stays within its budget.", within_budget))
        .check(Check::each::<Order>("A submitted order has items.", has_items))
        .story(AUGUST_2017, story())
}

/// 30 August 2017, 09:00 UTC.
const AUGUST_2017: u64 = 1_504_083_600_000;

fn story() -> [Step; 15] {
    let register = |say, id, name: &str| {
        Step::new::<Customer>(say, id, &RegisterCustomer { name: name.into() })
    };
    let alice = |say, command| Step::new::<Order>(say, "1", &command);
    let bob = |say, command| Step::new::<Order>(say, "2", &command).by("Bob");
    let place =
        |customer: &str, cents| PlaceOrder { customer: customer.into(), maximum: Cents(cents) };
    let add = |item: &str, cents| AddItem { item: item.into(), price: Cents(cents) };
    let remove = |item: &str| RemoveItem { item: item.into() };
    let forged = ItemAdded { item: "espresso machine".into(), price: Cents(40_000) };
    [
        register("Lola becomes a customer.", "1", "Lola Gheda"),
        register("So does Mattia.", "2", "Mattia Gheda").by("Bob"),
        alice("Alice orders for Lola, who has 100.00 to spend.", place("1", 10_000)),
        alice("A keyboard for 60.00 fits.", add("keyboard", 6_000)),
        alice("So does a mouse for 30.00.", add("mouse", 3_000)),
        alice("A lamp for 35.00 doesn't. Refused: it would be 125.00.", add("lamp", 3_500)),
        alice("Without the mouse there is room,", remove("mouse")),
        alice("and the lamp fits.", add("lamp", 3_500)),
        bob("Bob orders for Mattia, up to 50.00.", place("2", 5_000)),
        bob("An empty order cannot be submitted.", SubmitOrder {}),
        bob("He adds coffee.", add("coffee", 1_500)),
        alice("Alice submits. Lola's order is settled.", SubmitOrder {}),
        alice("Too late for a change: it is refused.", remove("lamp")),
        Step::behind::<Order>(
            "Somebody goes behind the order's back. A check fails.",
            "2",
            &forged,
        )
        .by("Bob"),
        bob("Past its maximum, the order takes nothing more.", add("milk", 100)),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use serde_json::Value;

    use super::*;
    use es::{Past, given, past};

    fn place(customer: &str, cents: i64) -> OrderCommand {
        PlaceOrder { customer: customer.into(), maximum: Cents(cents) }
    }

    fn add(item: &str, cents: i64) -> OrderCommand {
        AddItem { item: item.into(), price: Cents(cents) }
    }

    fn remove(item: &str) -> OrderCommand {
        RemoveItem { item: item.into() }
    }

    fn registered(name: &str) -> CustomerEvent {
        CustomerRegistered { name: name.into() }
    }

    fn placed(customer: &str, cents: i64) -> OrderEvent {
        OrderPlaced { customer: customer.into(), maximum: Cents(cents) }
    }

    fn added(item: &str, cents: i64) -> OrderEvent {
        ItemAdded { item: item.into(), price: Cents(cents) }
    }

    fn removed(item: &str) -> OrderEvent {
        ItemRemoved { item: item.into() }
    }

    #[test]
    fn a_customer_is_registered_once_and_by_name() {
        let register = |name: &str| RegisterCustomer { name: name.into() };
        let lola = given::<Customer>([]).when(register("Lola")).then([registered("Lola")]);
        assert_eq!(lola, Customer { name: Some("Lola".into()) });
        given::<Customer>([]).when(register(" ")).refused("say what the customer is called");
        given::<Customer>([registered("Lola")])
            .when(register("Lola"))
            .refused("this customer is registered already");
    }

    #[test]
    fn an_order_is_placed_once_for_somebody_and_with_a_budget() {
        let order = given::<Order>([]).when(place("1", 100)).then([placed("1", 100)]);
        let (customer, maximum, status) = ("1".into(), Cents(100), Status::Open);
        assert_eq!(order, Order { customer, maximum, status, ..Order::default() });
        given::<Order>([]).when(place("1", 1)).then([placed("1", 1)]);
        given::<Order>([]).when(place(" ", 100)).refused("say who orders");
        for cents in [0, -1] {
            given::<Order>([]).when(place("1", cents)).refused("a budget must be more than 0.00");
        }
        given::<Order>([placed("1", 100)])
            .when(place("1", 100))
            .refused("this order was placed already");
    }

    #[test]
    fn items_are_added_up_to_the_budget_and_not_a_cent_beyond() {
        let begun = || given::<Order>([placed("1", 100), added("keyboard", 60)]);
        let order = begun().when(add("lamp", 40)).then([added("lamp", 40)]);
        assert_eq!(order.total, Cents(100));
        assert_eq!(
            order.items,
            Map::from([("keyboard".into(), Cents(60)), ("lamp".into(), Cents(40))])
        );
        begun()
            .when(add("lamp", 41))
            .refused("lamp at 0.41 would bring the order to 1.01; its budget is 1.00");
    }

    #[test]
    fn an_item_without_a_name_or_a_price_or_for_the_second_time_is_refused() {
        let begun = || given::<Order>([placed("1", 100), added("keyboard", 60)]);
        begun().when(add(" ", 10)).refused("say which item");
        begun().when(remove("")).refused("say which item");
        for cents in [0, -1] {
            begun().when(add("lamp", cents)).refused("a price must be more than 0.00");
        }
        begun().when(add("lamp", 1)).then([added("lamp", 1)]);
        begun().when(add("keyboard", 10)).refused("there is keyboard in this order already");
    }

    #[test]
    fn removing_an_item_makes_room_for_another() {
        let begun = || given::<Order>([placed("1", 100), added("keyboard", 60)]);
        let order = begun().when(remove("keyboard")).then([removed("keyboard")]);
        assert_eq!((order.total, order.items), (Cents(0), Map::new()));
        given::<Order>([placed("1", 100), added("keyboard", 60), removed("keyboard")])
            .when(add("screen", 100))
            .then([added("screen", 100)]);
        begun().when(remove("lamp")).refused("there is no lamp in this order to remove");
    }

    #[test]
    fn an_order_with_items_can_be_submitted_and_an_empty_one_cannot() {
        let order = given::<Order>([placed("1", 100), added("keyboard", 60)])
            .when(SubmitOrder {})
            .then([OrderSubmitted {}]);
        assert_eq!((order.total, order.status), (Cents(60), Status::Submitted));
        given::<Order>([placed("1", 100)])
            .when(SubmitOrder {})
            .refused("the order is empty, so there is nothing to submit");
    }

    #[test]
    fn an_order_that_is_not_open_cannot_be_changed() {
        for command in [add("lamp", 10), remove("keyboard"), SubmitOrder {}] {
            given::<Order>([]).when(command.clone()).refused("this order was never placed");
            given::<Order>([placed("1", 100), added("keyboard", 60), OrderSubmitted {}])
                .when(command)
                .refused("this order is submitted and cannot be changed any more");
        }
    }

    #[test]
    fn the_total_stays_that_of_the_items_in_a_history_that_repeats_itself() {
        let twice = [added("a", 10), added("b", 5), added("a", 20), removed("b"), removed("b")];
        let items = Map::from([("a".into(), Cents(20))]);
        given::<Order>(twice).is(&Order { items, total: Cents(20), ..Order::default() });
    }

    /// Two customers; an order of each, the second submitted.
    fn two() -> Past {
        past()
            .and::<Customer>("1", registered("Lola"))
            .and::<Order>("1", placed("1", 100))
            .and::<Order>("1", added("keyboard", 60))
            .and::<Order>("2", placed("2", 50))
            .and::<Order>("2", added("coffee", 15))
            .and::<Order>("2", added("milk", 5))
            .and::<Order>("2", OrderSubmitted {})
    }

    #[test]
    fn open_orders_show_what_their_budgets_leave_until_they_are_submitted() {
        assert_eq!(two().rows::<OpenOrders>(), ["1 | Lola | 1 | 0.60 | 1.00 | 0.40"]);
        let third = two().and::<Order>("3", placed("2", 50));
        let rows = ["1 | Lola | 1 | 0.60 | 1.00 | 0.40", "3 | 2 | 0 | 0.00 | 0.50 | 0.50"];
        assert_eq!(third.rows::<OpenOrders>(), rows);
    }

    #[test]
    fn an_order_is_a_document_with_its_items() {
        let order = json!({
            "customer": "2",
            "maximum": 50,
            "items": { "coffee": 15, "milk": 5 },
            "total": 20,
            "status": "submitted",
        });
        let documents = two().shows::<States<Order>>()["documents"].take();
        assert_eq!(documents["2"], order);
        assert_eq!(documents["1"]["status"], "open");
    }

    #[test]
    fn spending_counts_submitted_orders_and_the_biggest_comes_first() {
        let again = two()
            .and::<Customer>("2", registered("Mattia"))
            .and::<Order>("3", placed("2", 50))
            .and::<Order>("3", added("tea", 10))
            .and::<Order>("3", OrderSubmitted {})
            .and::<Order>("4", placed("9", 50))
            .and::<Order>("4", added("tea", 50))
            .and::<Order>("4", OrderSubmitted {})
            .and::<Order>("5", placed("8", 30))
            .and::<Order>("5", added("tea", 30))
            .and::<Order>("5", OrderSubmitted {});
        let bars = [("9", 50), ("2 Mattia", 30), ("8", 30)];
        let bars = bars.map(|(name, value)| json!({ "name": name, "value": value }));
        let chart = json!({ "kind": "bars", "unit": "spent", "money": true, "bars": bars });
        assert_eq!(again.shows::<SpendingPerCustomer>(), chart);
    }

    #[test]
    fn whoever_goes_behind_the_orders_back_is_found_by_a_check() {
        let checks = scenario().checks;
        let hold = |history: &[OrderEvent]| -> Vec<bool> {
            let order = history.iter().fold(Order::default(), Order::evolve);
            let order: Value = serde_json::to_value(order).unwrap();
            checks.iter().map(|check| check.holds.holds(&order)).collect()
        };
        assert_eq!(hold(&[]), [true, true]);
        assert_eq!(hold(&[placed("1", 100), added("keyboard", 100)]), [true, true]);
        assert_eq!(hold(&[placed("1", 100), added("keyboard", 101)]), [false, true]);
        let submitted = [placed("1", 100), added("keyboard", 60), OrderSubmitted {}];
        assert_eq!(hold(&submitted), [true, true]);
        let emptied = [placed("1", 100), OrderSubmitted {}];
        assert_eq!(hold(&emptied), [true, false]);
    }
}
