//! What happens in the tests of this domain.

use es::Cents;

use super::person::Command::{ChangeAddress, Order, Register};
use super::person::Event::{AddressChanged, Ordered, PersonRegistered};
use super::person::{Command, Event};

pub fn register(name: &str, email: &str, address: &str) -> Command {
    Register { name: name.into(), email: email.into(), address: address.into() }
}

pub fn order(item: &str, cents: i64) -> Command {
    Order { item: item.into(), amount: Cents(cents) }
}

pub fn change(address: &str) -> Command {
    ChangeAddress { address: address.into() }
}

pub fn registered(name: &str, address: &str) -> Event {
    let email = format!("{}@example.org", name.to_lowercase());
    PersonRegistered { name: name.into(), email: email.as_str().into(), address: address.into() }
}

pub fn ordered(item: &str, cents: i64) -> Event {
    Ordered { item: item.into(), amount: Cents(cents) }
}

pub fn moved(address: &str) -> Event {
    AddressChanged { address: address.into() }
}
