//! A customer: what happens, what may be asked, and what is decided.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{Aggregate, Id};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    CustomerRegistered { name: Rc<str>, email: Rc<str> },
    AccountsMerged { existing: Id<Customer> },
    SignedIn {},
    CustomerReminded {},
}
use Event::{AccountsMerged, CustomerRegistered, CustomerReminded, SignedIn};

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
    /// Signs the customer in.
    SignIn {},
    /// Reminds the customer, unless the customer has signed in. A process sends this three days
    /// after somebody registered.
    RemindCustomer {},
}
use Command::{MergeAccount, RegisterCustomer, RemindCustomer, SignIn};

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

/// A customer, into whom the account was merged, and whether anybody was seen there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    pub name: Option<Rc<str>>,
    pub email: Option<Rc<str>>,
    pub merged_into: Option<Id<Customer>>,
    pub signed_in: bool,
    pub reminded: bool,
}

impl Aggregate for Customer {
    const NAME: &'static str = "customer";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/welcome-customer.json"));
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
            MergeAccount { .. } | SignIn {} | RemindCustomer {} if self.name.is_none() => {
                Err(Rejection::NeverRegistered)
            }
            MergeAccount { existing } if existing.is_empty() => Err(Rejection::Nobody),
            MergeAccount { existing } => match &self.merged_into {
                Some(other) => Err(Rejection::MergedAlready(other.clone())),
                None => Ok(vec![AccountsMerged { existing }]),
            },
            SignIn {} => match &self.merged_into {
                Some(other) => Err(Rejection::MergedAlready(other.clone())),
                None => Ok(vec![SignedIn {}]),
            },
            // A deadline that comes too late is no error: there is nothing left to do.
            RemindCustomer {} if self.signed_in || self.reminded || self.merged_into.is_some() => {
                Ok(vec![])
            }
            RemindCustomer {} => Ok(vec![CustomerReminded {}]),
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
            SignedIn {} => self.signed_in = true,
            CustomerReminded {} => self.reminded = true,
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

/// An address in the form that is compared: LOLA@example.org and lola@example.org are the same.
pub fn address(email: &str) -> Rc<str> {
    email.trim().to_lowercase().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::welcome::examples::{LOLA, merge, merged, register, registered};
    use es::{CommandRecord, Of, Refusal, given, past};
    use serde_json::json;
    use serde_json::value::to_raw_value;

    #[test]
    fn a_customer_registers_once_with_a_name_and_an_address() {
        let lola = given::<Customer>([])
            .when_as("1", register("Lola", LOLA))
            .then([registered("Lola", LOLA)]);
        let (name, email) = (Some("Lola".into()), Some(LOLA.into()));
        assert_eq!(lola, Customer { name, email, ..Customer::default() });
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
    fn a_customer_signs_in_any_number_of_times_until_merged_into_somebody_else() {
        let lola =
            given::<Customer>([registered("Lola", LOLA)]).when(SignIn {}).then([SignedIn {}]);
        assert!(lola.signed_in);
        given::<Customer>([registered("Lola", LOLA), SignedIn {}])
            .when(SignIn {})
            .then([SignedIn {}]);
        given::<Customer>([]).when(SignIn {}).refused("this customer was never registered");
        given::<Customer>([registered("L.", LOLA), merged("1")])
            .when(SignIn {})
            .refused("this customer was merged already, into customer 1");
    }

    #[test]
    fn a_customer_who_was_not_seen_is_reminded_once() {
        let lola = given::<Customer>([registered("Lola", LOLA)])
            .when(RemindCustomer {})
            .then([CustomerReminded {}]);
        assert!(lola.reminded);
        for meanwhile in [SignedIn {}, merged("1"), CustomerReminded {}] {
            given::<Customer>([registered("Lola", LOLA), meanwhile])
                .when(RemindCustomer {})
                .then([]);
        }
        given::<Customer>([]).when(RemindCustomer {}).refused("this customer was never registered");
    }

    #[test]
    fn the_stream_that_a_command_is_sent_to_says_who_oneself_is() {
        let told = past()
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("3", registered("L.", LOLA));
        let decided = |id: &str| {
            let stream = Id::<Customer>::new(id).stream();
            let mut timeline = Of::<Customer>::default().timeline();
            timeline.load(&stream, 1, told.log());
            let data = to_raw_value(&json!({ "existing": "1" })).unwrap();
            let kind = "MergeAccount".into();
            timeline.decide(&CommandRecord { stream, kind, data }).map(|events| events.len())
        };
        let oneself = "customer 1 cannot be merged with itself".to_owned();
        assert_eq!(decided("1"), Err(Refusal::Rejected(oneself)));
        assert_eq!(decided("3"), Ok(1));
    }
}
