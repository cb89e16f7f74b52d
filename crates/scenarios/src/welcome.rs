//! Welcoming customers: a process manager mails each new customer once, however often the past
//! is told again, and merges whoever registers twice under one e-mail address.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use es::{
    Aggregate, Id, Map, ProcessManager, Projection, Reaction, Recorded, Row, Scenario, Step, View,
};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    CustomerRegistered { name: Rc<str>, email: Rc<str> },
    AccountsMerged { existing: Id<Customer> },
}
use Event::{AccountsMerged, CustomerRegistered};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum Command {
    /// Makes somebody a customer.
    RegisterCustomer {
        /// What the customer is called
        #[schemars(example = &"Lola Gheda")]
        name: Rc<str>,
        /// Where mail reaches the customer
        #[schemars(example = &"lola@example.org")]
        email: Rc<str>,
    },
    /// Merges this customer into another one, who stays.
    MergeAccount {
        /// The customer who stays
        #[schemars(example = &"1")]
        existing: Id<Customer>,
    },
}
use Command::{MergeAccount, RegisterCustomer};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    #[error("this customer is registered already")]
    RegisteredAlready,
    #[error("say what the customer is called")]
    Unnamed,
    #[error("{0:?} is no e-mail address; one looks like lola@example.org")]
    NoAddress(Rc<str>),
    #[error("this customer was never registered")]
    NeverRegistered,
    #[error("say which customer stays")]
    Nobody,
    #[error("customer {0} cannot be merged with itself")]
    Oneself(Id<Customer>),
    #[error("this customer was merged already, into customer {0}")]
    MergedAlready(Id<Customer>),
}

// Fold and decisions.

/// A customer, and into whom the account was merged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    pub name: Option<Rc<str>>,
    pub email: Option<Rc<str>>,
    pub merged_into: Option<Id<Customer>>,
}

impl Aggregate for Customer {
    const NAME: &'static str = "customer";
    const SCHEMAS: Option<&'static str> = Some(include_str!("schemas/welcome-customer.json"));
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            RegisterCustomer { .. } if self.name.is_some() => Err(Rejection::RegisteredAlready),
            RegisterCustomer { name, .. } if name.trim().is_empty() => Err(Rejection::Unnamed),
            RegisterCustomer { email, .. } if !is_address(&email) => {
                Err(Rejection::NoAddress(email))
            }
            RegisterCustomer { name, email } => Ok(vec![CustomerRegistered { name, email }]),
            MergeAccount { .. } if self.name.is_none() => Err(Rejection::NeverRegistered),
            MergeAccount { existing } if existing.is_empty() => Err(Rejection::Nobody),
            MergeAccount { existing } => match &self.merged_into {
                Some(other) => Err(Rejection::MergedAlready(other.clone())),
                None => Ok(vec![AccountsMerged { existing }]),
            },
        }
    }

    fn decide_as(&self, id: &str, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            MergeAccount { existing } if &**existing.key() == id => {
                Err(Rejection::Oneself(existing))
            }
            command => self.decide(command),
        }
    }

    fn evolve(mut self, event: &Event) -> Self {
        match event {
            CustomerRegistered { name, email } => {
                (self.name, self.email) = (Some(name.clone()), Some(email.clone()));
            }
            AccountsMerged { existing } => self.merged_into = Some(existing.clone()),
        }
        self
    }
}

/// True for something on both sides of an @ and no blank between.
fn is_address(text: &str) -> bool {
    let sides = text.trim().split_once('@');
    sides.is_some_and(|(who, host)| !who.is_empty() && !host.is_empty())
        && !text.trim().contains(char::is_whitespace)
}

/// An address as it is compared: mail reaches LOLA@example.org and lola@example.org alike.
fn address(email: &str) -> Rc<str> {
    email.trim().to_lowercase().into()
}

// The process manager.

/// Mails each address once, and merges whoever registers with it again.
#[derive(Clone, Default)]
pub struct Welcomer {
    /// By address and position, so that the first to register is the first here.
    registered: Map<Rc<str>, Map<u64, Registered>>,
    merged: Map<Id<Customer>, Id<Customer>>,
}

#[derive(Clone)]
struct Registered {
    customer: Id<Customer>,
    name: Rc<str>,
    email: Rc<str>,
}

impl Welcomer {
    /// Who was first to register with an address.
    fn first(&self, address: &str) -> Option<&Registered> {
        self.registered.get(address)?.values().next()
    }

    /// Who registered with an address again, and is to be merged into `left`.
    fn again<'a>(
        &'a self,
        address: &str,
        left: &'a Id<Customer>,
    ) -> impl Iterator<Item = &'a Id<Customer>> {
        let all = self.registered.get(address).into_iter().flat_map(Map::values);
        all.skip(1).map(|it| &it.customer).filter(move |it| self.is_to_merge(it, left))
    }

    fn is_to_merge(&self, customer: &Id<Customer>, left: &Id<Customer>) -> bool {
        customer != left && !self.merged.contains_key(customer)
    }

    /// Who is left of a customer. Merges may run in a circle; once around is enough.
    fn left_of<'a>(&'a self, customer: &'a Id<Customer>) -> &'a Id<Customer> {
        let mut left = customer;
        for _ in 0..self.merged.len() {
            let Some(existing) = self.merged.get(left) else { break };
            left = existing;
        }
        left
    }
}

impl Projection for Welcomer {
    const NAME: &'static str = "Welcomer";
    const ABOUT: &'static str = "Which addresses are known, to whom, and who is to be merged.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Customer>() else { return };
        let customer = Id::new(recorded.key().clone());
        match event {
            CustomerRegistered { name, email } => {
                let registered = Registered { customer, name: name.clone(), email: email.clone() };
                let known = self.registered.entry(address(email)).or_default();
                known.insert(recorded.position(), registered);
            }
            AccountsMerged { existing } => _ = self.merged.insert(customer, existing.clone()),
        }
    }

    fn view(&self) -> View {
        let rows = self.registered.keys().filter_map(|key| {
            let first = self.first(key)?;
            let again = self.again(key, self.left_of(&first.customer));
            let again = again.map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Some(Row::of(key, (&first.customer, again)))
        });
        View::table(&["e-mail", "customer", "to merge"], rows)
    }

    fn weight(&self) -> usize {
        self.registered.len() + self.merged.len()
    }
}

impl ProcessManager for Welcomer {
    /// An instance is an address, not a customer: whoever registers again is no reason to mail.
    fn react(&self, recorded: &Recorded) -> Vec<Reaction> {
        let Some(CustomerRegistered { email, .. }) = recorded.of::<Customer>() else {
            return Vec::new();
        };
        let instance = address(email);
        let Some(first) = self.first(&instance) else { return Vec::new() };
        let left = self.left_of(&first.customer);
        let merge = |customer: &Id<Customer>| {
            let command = MergeAccount { existing: left.clone() };
            Reaction::command(&instance, &format!("merge {customer}"), customer, &command)
        };
        if first.customer.key() != recorded.key() {
            // The others were asked for as they came.
            let customer = Id::new(recorded.key().clone());
            let due = self.is_to_merge(&customer, left).then(|| merge(&customer));
            return due.flatten().into_iter().collect();
        }
        let mail = json!({
            "to": first.email,
            "subject": format!("Welcome, {}", first.name),
            "body": "Good to have you with us.",
        });
        let welcome = Reaction::effect(&instance, "welcome", "mail", mail);
        // Mostly there is nobody else yet. Where the first is heard of late, whoever was taken for
        // the first until now is to be merged as well.
        [welcome].into_iter().chain(self.again(&instance, left).filter_map(merge)).collect()
    }
}

// Read models.

/// The customers who are left, by their addresses.
#[derive(Clone, Default)]
pub struct CustomersByEmail {
    customers: Map<Rc<str>, (Rc<str>, Rc<str>)>,
    merged: Map<Rc<str>, Rc<str>>,
}

impl Projection for CustomersByEmail {
    const NAME: &'static str = "Customers by e-mail";
    const ABOUT: &'static str = "Who answers to which address, and who was merged into them.";

    fn apply(&mut self, recorded: &Recorded) {
        let customer = recorded.key().clone();
        match recorded.of::<Customer>() {
            Some(CustomerRegistered { name, email }) => {
                self.customers.insert(customer, (name.clone(), address(email)));
            }
            Some(AccountsMerged { existing }) => {
                self.merged.insert(customer, existing.key().clone());
            }
            None => {}
        }
    }

    fn view(&self) -> View {
        let mut absorbed: Map<&str, Vec<&str>> = Map::new();
        for (customer, existing) in &self.merged {
            absorbed.entry(existing).or_default().push(customer);
        }
        let left = self.customers.iter().filter(|(key, _)| !self.merged.contains_key(*key));
        let rows = left.map(|(key, (name, email))| {
            let also = absorbed.get(&**key).map(|others| others.join(", "));
            // Until they are merged, two customers share an address.
            Row::of_two(email, key, (email, key, name, also))
        });
        View::table(&["e-mail", "customer", "name", "merged in"], rows)
    }

    fn weight(&self) -> usize {
        self.customers.len() + self.merged.len()
    }
}

/// Every merge, and who asked for it.
#[derive(Clone, Default)]
pub struct Merges(Map<Rc<str>, (Id<Customer>, Rc<str>)>);

impl Projection for Merges {
    const NAME: &'static str = "Merges";
    const ABOUT: &'static str = "Who was merged into whom, and who asked: a person or the process.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(AccountsMerged { existing }) = recorded.of::<Customer>() {
            let merge = (existing.clone(), recorded.actor().clone());
            self.0.insert(recorded.key().clone(), merge);
        }
    }

    fn view(&self) -> View {
        let rows = self.0.iter().map(|(key, (existing, actor))| Row::of(key, (existing, actor)));
        View::table(&["customer", "merged into", "asked by"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// The mail that the events call for: one an address.
#[derive(Clone, Default)]
pub struct MailAskedFor(Map<Rc<str>, (Rc<str>, Rc<str>, u64)>);

impl Projection for MailAskedFor {
    const NAME: &'static str = "Mail asked for";
    const ABOUT: &'static str = "The mail that the events call for. The outbox has what was sent.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(CustomerRegistered { name, email }) = recorded.of::<Customer>() {
            let first = || (email.clone(), name.clone(), recorded.position());
            self.0.entry(address(email)).or_insert_with(first);
        }
    }

    fn view(&self) -> View {
        let rows = self.0.iter().map(|(key, (to, name, position))| {
            let subject = format!("Welcome, {name}");
            Row::new(key.clone(), (to, subject, position))
        });
        View::table(&["to", "subject", "entry"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

// The scenario and its story.

/// Customers, some of whom register twice.
pub fn scenario() -> Scenario {
    Scenario::new("welcome", "Welcoming customers", "Replaying history sends no mail again.")
        .aggregate::<Customer>()
        .projection::<CustomersByEmail>()
        .projection::<Merges>()
        .projection::<MailAskedFor>()
        .process::<Welcomer>()
        .story(AUGUST_2017, story())
}

/// 29 August 2017, 09:00 UTC.
const AUGUST_2017: u64 = 1_503_997_200_000;

fn story() -> [Step; 10] {
    let register = |say, id, name: &str, email: &str| {
        let (name, email) = (name.into(), email.into());
        Step::new::<Customer>(say, id, &RegisterCustomer { name, email })
    };
    let merge = |say, id, existing: &str| {
        Step::new::<Customer>(say, id, &MergeAccount { existing: existing.into() })
    };
    [
        register("Lola registers, and a mail goes out.", "1", "Lola Gheda", "lola@example.org"),
        register("So does Mattia.", "2", "Mattia Gheda", "mattia@example.org").by("Bob"),
        register(
            "Lola forgot that she had: no mail, but a merge.",
            "3",
            "L. Gheda",
            "LOLA@example.org",
        ),
        register("Without an address, nobody can be welcomed.", "4", "Ben Moss", "ben").by("Bob"),
        register("With one, it works.", "4", "Ben Moss", "ben@example.org").by("Bob"),
        register(
            "Registering a registered customer is refused.",
            "1",
            "Lola Gheda",
            "lola@example.com",
        ),
        register("Another address makes another customer.", "5", "Mattia G.", "gheda@example.org")
            .by("Bob"),
        merge("Alice knows better, and merges him with himself.", "5", "2"),
        merge("Once is enough. The second merge is refused.", "5", "2"),
        merge("Nobody can be merged with oneself.", "2", "2").by("Bob"),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;
    use es::{CommandRecord, Of, Past, Refusal, given, past, reaction_id};

    const LOLA: &str = "lola@example.org";

    fn register(name: &str, email: &str) -> Command {
        RegisterCustomer { name: name.into(), email: email.into() }
    }

    fn merge(existing: &str) -> Command {
        MergeAccount { existing: existing.into() }
    }

    fn registered(name: &str, email: &str) -> Event {
        CustomerRegistered { name: name.into(), email: email.into() }
    }

    fn merged(existing: &str) -> Event {
        AccountsMerged { existing: existing.into() }
    }

    fn mail(name: &str, email: &str) -> String {
        let subject = format!("Welcome, {name}");
        let mail = json!({ "to": email, "subject": subject, "body": "Good to have you with us." });
        format!("{}/welcome: mail {mail}", address(email))
    }

    #[test]
    fn a_customer_registers_once_with_a_name_and_an_address() {
        let lola = given::<Customer>([])
            .when_as("1", register("Lola", LOLA))
            .then([registered("Lola", LOLA)]);
        let (name, email) = (Some("Lola".into()), Some(LOLA.into()));
        assert_eq!(lola, Customer { name, email, merged_into: None });
        given::<Customer>([]).when(register(" ", LOLA)).refused("say what the customer is called");
        given::<Customer>([registered("Lola", LOLA)])
            .when(register("Lola", "lola@example.com"))
            .refused("this customer is registered already");
    }

    #[test]
    fn an_address_has_something_on_both_sides_of_its_at_sign_and_no_blanks() {
        for email in ["lola", "@example.org", "lola@", "lola g@example.org", ""] {
            let sentence =
                format!("{email:?} is no e-mail address; one looks like lola@example.org");
            given::<Customer>([]).when(register("Lola", email)).refused(&sentence);
        }
        let blanks = " lola@example.org ";
        given::<Customer>([]).when(register("Lola", blanks)).then([registered("Lola", blanks)]);
    }

    #[test]
    fn a_customer_is_merged_once_and_into_somebody_else() {
        let again = || given::<Customer>([registered("L.", LOLA)]);
        let state = again().when_as("3", merge("1")).then([merged("1")]);
        assert_eq!(state.merged_into, Some("1".into()));
        assert_eq!(state.name, Some("L.".into()));
        again().when_as("3", merge("3")).refused("customer 3 cannot be merged with itself");
        again().when_as("3", merge(" ")).refused("say which customer stays");
        given::<Customer>([registered("L.", LOLA), merged("1")])
            .when_as("3", merge("2"))
            .refused("this customer was merged already, into customer 1");
        given::<Customer>([])
            .when_as("3", merge("1"))
            .refused("this customer was never registered");
    }

    #[test]
    fn the_stream_that_a_command_is_sent_to_says_who_oneself_is() {
        let told = past()
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("3", registered("L.", LOLA));
        let decided = |id: &str| {
            let stream = Id::<Customer>::new(id).stream();
            let mut handler = Of::<Customer>::default().handler();
            handler.load(&stream, 1, told.log());
            let data = to_raw_value(&json!({ "existing": "1" })).unwrap();
            let kind = "MergeAccount".into();
            handler.decide(&CommandRecord { stream, kind, data }).map(|events| events.len())
        };
        let oneself = "customer 1 cannot be merged with itself".to_owned();
        assert_eq!(decided("1"), Err(Refusal::Rejected(oneself)));
        assert_eq!(decided("3"), Ok(1));
    }

    #[test]
    fn each_new_customer_is_welcomed_by_mail() {
        let two = past()
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("2", registered("Mattia", "mattia@example.org"));
        let mails = [mail("Lola", LOLA), mail("Mattia", "mattia@example.org")];
        assert_eq!(two.asked::<Welcomer>(), mails);
    }

    #[test]
    fn whoever_registers_again_is_merged_and_not_mailed() {
        let again = past()
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("3", registered("L.", " LOLA@example.org"));
        let merge = "lola@example.org/merge 3: MergeAccount {\"existing\":\"1\"} to customer-3";
        assert_eq!(again.asked::<Welcomer>(), [mail("Lola", LOLA), merge.to_owned()]);
        assert_eq!(again.rows::<Welcomer>(), ["lola@example.org | 1 | 3"]);
        let done = again.and::<Customer>("3", merged("1"));
        assert_eq!(done.rows::<Welcomer>(), ["lola@example.org | 1 | "]);
    }

    /// What the process asks for after each event, repeats and all.
    fn asks(told: &Past) -> Vec<usize> {
        let mut welcomer = Welcomer::default();
        let mut asks = Vec::new();
        for event in told.log().events(1, told.log().head()) {
            welcomer.apply(event);
            asks.push(welcomer.react(event).len());
        }
        asks
    }

    #[test]
    fn each_registration_asks_for_what_is_due_because_of_it_and_for_no_other_merge() {
        let many = ["1", "2", "3", "4", "5"];
        let told =
            many.iter().fold(past(), |past, id| past.and::<Customer>(id, registered("L.", LOLA)));
        assert_eq!(asks(&told), [1; 5]);
        assert_eq!(told.rows::<Welcomer>(), ["lola@example.org | 1 | 2, 3, 4, 5"]);
    }

    #[test]
    fn once_the_first_is_heard_of_everybody_else_is_to_be_merged() {
        let many = ["1", "2", "3"];
        let told =
            many.iter().fold(past(), |past, id| past.and::<Customer>(id, registered("L.", LOLA)));
        let mut welcomer = Welcomer::default();
        let mut ids = Vec::new();
        for position in [2, 3, 1] {
            let event = told.log().event(position).unwrap();
            welcomer.apply(event);
            ids.push(welcomer.react(event).iter().map(|it| it.id("Welcomer")).collect::<Vec<_>>());
        }
        let merge = |id: &str| reaction_id("Welcomer", LOLA, &format!("merge {id}"));
        let welcome = reaction_id("Welcomer", LOLA, "welcome");
        assert_eq!(ids, [vec![welcome], vec![merge("3")], vec![welcome, merge("2"), merge("3")]]);
    }

    #[test]
    fn a_merge_goes_to_whoever_is_left_of_the_first() {
        let moved = past()
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("2", registered("Lola", "lola@example.com"))
            .and::<Customer>("1", merged("2"))
            .and::<Customer>("3", registered("Lola", LOLA));
        let merge = "lola@example.org/merge 3: MergeAccount {\"existing\":\"2\"} to customer-3";
        assert_eq!(moved.asked::<Welcomer>().last().unwrap(), merge);
    }

    #[test]
    fn nobody_is_asked_to_merge_with_oneself_or_twice() {
        let the_other_way = past()
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("1", merged("3"))
            .and::<Customer>("3", registered("Lola", LOLA));
        assert_eq!(the_other_way.asked::<Welcomer>(), [mail("Lola", LOLA)]);
        let by_hand = past()
            .and::<Customer>("3", merged("1"))
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("3", registered("Lola", LOLA));
        assert_eq!(by_hand.asked::<Welcomer>(), [mail("Lola", LOLA)]);
    }

    #[test]
    fn a_circle_of_merges_is_followed_no_further_than_once_around() {
        let circle = past()
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("1", merged("2"))
            .and::<Customer>("2", merged("1"))
            .and::<Customer>("3", registered("Lola", LOLA));
        let merge = "lola@example.org/merge 3: MergeAccount {\"existing\":\"1\"} to customer-3";
        assert_eq!(circle.asked::<Welcomer>().last().unwrap(), merge);
    }

    #[test]
    fn the_first_to_register_stays_the_first_in_whatever_order_the_news_arrives() {
        let told = past()
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("3", registered("L.", LOLA));
        let (first, again) = (told.log().event(1).unwrap(), told.log().event(2).unwrap());
        let mut welcomer = Welcomer::default();
        welcomer.apply(again);
        let early = welcomer.react(again);
        welcomer.apply(first);
        let late = welcomer.react(first);
        let ids = |due: &[Reaction]| due.iter().map(|it| it.id("Welcomer")).collect::<Vec<_>>();
        assert_eq!((early.len(), late.len()), (1, 2));
        assert_eq!(ids(&early)[0], ids(&late)[0], "one address, one mail");
        assert!(
            matches!(&late[1], Reaction::Command { stream, .. } if stream.as_str() == "customer-3")
        );
    }

    #[test]
    fn customers_are_listed_by_address_until_they_are_merged() {
        let again = past()
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("2", registered("Ben", "ben@example.org"))
            .and::<Customer>("3", registered("L.", "LOLA@example.org"))
            .and::<Customer>("4", registered("Lo", LOLA));
        assert_eq!(
            again.rows::<CustomersByEmail>(),
            [
                "ben@example.org | 2 | Ben | ",
                "lola@example.org | 1 | Lola | ",
                "lola@example.org | 3 | L. | ",
                "lola@example.org | 4 | Lo | ",
            ]
        );
        let done = again.and::<Customer>("3", merged("1")).and::<Customer>("4", merged("1"));
        assert_eq!(
            done.rows::<CustomersByEmail>(),
            ["ben@example.org | 2 | Ben | ", "lola@example.org | 1 | Lola | 3, 4"]
        );
    }

    #[test]
    fn merges_say_who_asked_for_them() {
        let merges = past()
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("3", merged("1"))
            .by("Bob")
            .and::<Customer>("5", merged("2"));
        assert_eq!(merges.rows::<Merges>(), ["3 | 1 | Alice", "5 | 2 | Bob"]);
    }

    #[test]
    fn mail_is_asked_for_once_an_address() {
        let mails = past()
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("3", registered("L.", "LOLA@example.org"))
            .and::<Customer>("3", merged("1"))
            .and::<Customer>("2", registered("Ben", "ben@example.org"));
        assert_eq!(
            mails.rows::<MailAskedFor>(),
            ["ben@example.org | Welcome, Ben | 4", "lola@example.org | Welcome, Lola | 1"]
        );
    }
}
