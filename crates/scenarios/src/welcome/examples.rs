//! What happens in the tests of this domain.

use serde_json::json;

use super::customer::Command::{MergeAccount, RegisterCustomer};
use super::customer::Event::{AccountsMerged, CustomerRegistered};
use super::customer::{Command, Event, address};

pub const LOLA: &str = "lola@example.org";

pub fn register(name: &str, email: &str) -> Command {
    RegisterCustomer { name: name.into(), email: email.into() }
}

pub fn merge(existing: &str) -> Command {
    MergeAccount { existing: existing.into() }
}

pub fn registered(name: &str, email: &str) -> Event {
    CustomerRegistered { name: name.into(), email: email.into() }
}

pub fn merged(existing: &str) -> Event {
    AccountsMerged { existing: existing.into() }
}

pub fn mail(name: &str, email: &str) -> String {
    let subject = format!("Welcome, {name}");
    let mail = json!({ "to": email, "subject": subject, "body": "Good to have you with us." });
    format!("{}/welcome: mail {mail}", address(email))
}

pub fn reminder(customer: &str, name: &str, email: &str) -> String {
    let subject = format!("{name}, do sign in");
    let mail = json!({ "to": email, "subject": subject, "body": "Your account is waiting." });
    format!("{customer}/mail: mail {mail}")
}
