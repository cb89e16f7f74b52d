//! A person: what happens, what may be asked, and what is decided.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{Aggregate, Cents, Personal};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    PersonRegistered { name: Personal, email: Personal, address: Personal },
    Ordered { item: Rc<str>, amount: Cents },
    AddressChanged { address: Personal },
    PersonForgotten {},
}
use Event::{AddressChanged, Ordered, PersonForgotten, PersonRegistered};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum Command {
    /// Makes somebody a customer. What is personal is sealed before it is stored.
    Register {
        /// What the person is called; sealed
        #[schemars(example = &"Lola Gheda")]
        name: Personal,
        /// Where mail reaches the person; sealed
        #[schemars(example = &"lola@example.org")]
        email: Personal,
        /// Where parcels go; sealed
        #[schemars(example = &"4 Elm Street")]
        address: Personal,
    },
    /// Orders something. What is ordered says nothing of who it is, so it is not sealed.
    Order {
        /// What is ordered
        #[schemars(example = &"lamp")]
        item: Rc<str>,
        /// What it costs
        #[schemars(example = &Cents(3_500))]
        amount: Cents,
    },
    /// Has parcels go elsewhere from now on.
    ChangeAddress {
        /// Where parcels go; sealed
        #[schemars(example = &"1 Oak Lane")]
        address: Personal,
    },
    /// Forgets the person. The events stay; the key is destroyed, for every copy of the log in this
    /// browser, and for the past too.
    ForgetMe {},
}
use Command::{ChangeAddress, ForgetMe, Order, Register};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    #[error("this person is registered already")]
    RegisteredAlready,
    #[error("say what the person is called")]
    Unnamed,
    #[error("say where mail reaches the person")]
    NoEmail,
    #[error("say where parcels go")]
    NoAddress,
    #[error("this person was never registered")]
    NeverRegistered,
    #[error("this person was forgotten: the key to name and address is gone")]
    Forgotten,
    #[error("say which item")]
    NoItem,
    #[error("a price must be more than 0.00")]
    Free,
}

// Fold and decisions.

/// What is known of a person. It holds seals, and no text that anybody can read without the key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    pub name: Personal,
    pub email: Personal,
    pub address: Personal,
    pub orders: u64,
    pub spent: Cents,
    pub status: Status,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    #[default]
    Unknown,
    Registered,
    Forgotten,
}

impl Aggregate for Person {
    const NAME: &'static str = "person";
    const FORGETS: Option<&'static str> = Some("PersonForgotten");
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/privacy-person.json"));
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            _ if self.status == Status::Forgotten => Err(Rejection::Forgotten),
            Register { .. } if self.status == Status::Registered => {
                Err(Rejection::RegisteredAlready)
            }
            Register { name, .. } if name.is_empty() => Err(Rejection::Unnamed),
            Register { email, .. } if email.is_empty() => Err(Rejection::NoEmail),
            Register { address, .. } if address.is_empty() => Err(Rejection::NoAddress),
            Register { name, email, address } => {
                Ok(vec![PersonRegistered { name, email, address }])
            }
            _ if self.status == Status::Unknown => Err(Rejection::NeverRegistered),
            Order { item, .. } if item.trim().is_empty() => Err(Rejection::NoItem),
            Order { amount, .. } if amount <= Cents(0) => Err(Rejection::Free),
            Order { item, amount } => Ok(vec![Ordered { item, amount }]),
            ChangeAddress { address } if address.is_empty() => Err(Rejection::NoAddress),
            ChangeAddress { address } => Ok(vec![AddressChanged { address }]),
            ForgetMe {} => Ok(vec![PersonForgotten {}]),
        }
    }

    fn evolve(mut self, event: &Event) -> Self {
        match event {
            PersonRegistered { name, email, address } => {
                (self.name, self.email) = (name.clone(), email.clone());
                (self.address, self.status) = (address.clone(), Status::Registered);
            }
            Ordered { amount, .. } => {
                self.orders = self.orders.saturating_add(1);
                self.spent += *amount;
            }
            AddressChanged { address } => self.address = address.clone(),
            PersonForgotten {} => self.status = Status::Forgotten,
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::examples::{change, moved, order, ordered, register, registered};
    use es::given;

    #[test]
    fn a_person_registers_once_with_all_that_is_asked() {
        let lola = given::<Person>([])
            .when(register("Lola", "lola@example.org", "4 Elm Street"))
            .then([registered("Lola", "4 Elm Street")]);
        assert_eq!((lola.status, lola.name), (Status::Registered, "Lola".into()));
        let blanks = [
            (register(" ", "a@b", "c"), "say what the person is called"),
            (register("Lola", "", "c"), "say where mail reaches the person"),
            (register("Lola", "a@b", " "), "say where parcels go"),
        ];
        for (command, sentence) in blanks {
            given::<Person>([]).when(command).refused(sentence);
        }
        given::<Person>([registered("Lola", "4 Elm Street")])
            .when(register("Lola", "lola@example.org", "4 Elm Street"))
            .refused("this person is registered already");
    }

    #[test]
    fn a_registered_person_orders_and_moves() {
        let lola = || given::<Person>([registered("Lola", "4 Elm Street")]);
        let spent = lola().when(order("lamp", 3_500)).then([ordered("lamp", 3_500)]);
        assert_eq!((spent.orders, spent.spent), (1, Cents(3_500)));
        let there = lola().when(change("1 Oak Lane")).then([moved("1 Oak Lane")]);
        assert_eq!(there.address, "1 Oak Lane".into());
        lola().when(order(" ", 100)).refused("say which item");
        lola().when(order("lamp", 0)).refused("a price must be more than 0.00");
        lola().when(change("")).refused("say where parcels go");
    }

    #[test]
    fn whoever_never_registered_can_only_register() {
        for command in [order("lamp", 100), change("1 Oak Lane"), ForgetMe {}] {
            given::<Person>([]).when(command).refused("this person was never registered");
        }
    }

    #[test]
    fn a_person_is_forgotten_once_and_nothing_more_is_taken_from_then_on() {
        let known = [registered("Lola", "4 Elm Street"), ordered("lamp", 3_500)];
        let gone = given::<Person>(known.clone()).when(ForgetMe {}).then([PersonForgotten {}]);
        assert_eq!((gone.status, gone.spent), (Status::Forgotten, Cents(3_500)));
        let all = [
            order("lamp", 100),
            change("1 Oak Lane"),
            register("Lola", "lola@example.org", "4 Elm Street"),
            ForgetMe {},
        ];
        for command in all {
            let [registered, ordered] = known.clone();
            given::<Person>([registered, ordered, PersonForgotten {}])
                .when(command)
                .refused("this person was forgotten: the key to name and address is gone");
        }
    }
}
