//! What is shown of customers, their merges and their mail.

use std::rc::Rc;

use es::{Id, Map, Projection, Recorded, Row, View};

use super::customer::Event::{AccountsMerged, CustomerRegistered, CustomerReminded, SignedIn};
use super::customer::{Customer, address};
use super::reminder;
use crate::shared::dates::minute;

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
            Some(SignedIn {} | CustomerReminded {}) | None => {}
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

/// The mail that the events call for: a welcome for each address, and reminders.
#[derive(Clone, Default)]
pub struct MailAskedFor {
    /// By address.
    welcomes: Map<Rc<str>, Mail>,
    /// By customer.
    names: Map<Rc<str>, (Rc<str>, Rc<str>)>,
    /// By customer.
    reminders: Map<Rc<str>, Mail>,
}

/// A mail: to whom, the subject, and the event that calls for it.
type Mail = (Rc<str>, Rc<str>, u64);

impl Projection for MailAskedFor {
    const NAME: &'static str = "Mail asked for";
    const ABOUT: &'static str = "The mail that the events call for. The outbox has what was sent.";

    fn apply(&mut self, recorded: &Recorded) {
        let (customer, position) = (recorded.key(), recorded.position());
        match recorded.of::<Customer>() {
            Some(CustomerRegistered { name, email }) => {
                let welcome = || (email.clone(), format!("Welcome, {name}").into(), position);
                self.welcomes.entry(address(email)).or_insert_with(welcome);
                self.names.insert(customer.clone(), (name.clone(), email.clone()));
            }
            Some(CustomerReminded {}) => {
                if let Some((name, email)) = self.names.get(customer) {
                    let mail = (email.clone(), reminder::subject(name).into(), position);
                    self.reminders.entry(customer.clone()).or_insert_with(|| mail);
                }
            }
            Some(AccountsMerged { .. } | SignedIn {}) | None => {}
        }
    }

    fn view(&self) -> View {
        let welcomes = self.welcomes.iter();
        let welcomes = welcomes
            .map(|(key, (to, subject, position))| Row::new(key.clone(), (to, subject, position)));
        let reminders = self.reminders.iter().map(|(key, (to, subject, position))| {
            Row::of_two(&address(to), key, (to, subject, position))
        });
        View::table(&["to", "subject", "entry"], welcomes.chain(reminders))
    }

    fn weight(&self) -> usize {
        self.welcomes.len() + self.names.len() + self.reminders.len()
    }
}

/// When customers signed in or were reminded.
#[derive(Clone, Default)]
pub struct LastSeen(Map<Rc<str>, Seen>);

#[derive(Clone, Default)]
struct Seen {
    name: Option<Rc<str>>,
    merged: bool,
    /// When the customer signed in last.
    signed_in: Option<u64>,
    reminded: Option<u64>,
}

impl Projection for LastSeen {
    const NAME: &'static str = "Last seen";
    const ABOUT: &'static str = "When each customer signed in last, and who had to be reminded.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Customer>() else { return };
        let seen = self.0.entry(recorded.key().clone()).or_default();
        match event {
            CustomerRegistered { name, .. } => seen.name = Some(name.clone()),
            AccountsMerged { .. } => seen.merged = true,
            SignedIn {} => seen.signed_in = Some(recorded.at()),
            CustomerReminded {} => seen.reminded = Some(recorded.at()),
        }
    }

    fn view(&self) -> View {
        let left = self.0.iter().filter(|(_, seen)| !seen.merged);
        let rows = left.map(|(key, seen)| {
            Row::of(key, (&seen.name, seen.signed_in.map(minute), seen.reminded.map(minute)))
        });
        View::table(&["customer", "name", "signed in", "reminded"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::welcome::examples::{LOLA, merged, registered};
    use es::past;

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

    #[test]
    fn a_reminder_is_one_more_mail() {
        let mails = past()
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("2", registered("Ben", "ben@example.org"))
            .and::<Customer>("1", CustomerReminded {})
            .and::<Customer>("1", CustomerReminded {})
            .and::<Customer>("9", CustomerReminded {});
        assert_eq!(
            mails.rows::<MailAskedFor>(),
            [
                "ben@example.org | Welcome, Ben | 2",
                "lola@example.org | Welcome, Lola | 1",
                "lola@example.org | Lola, do sign in | 3",
            ]
        );
    }

    #[test]
    fn whoever_signed_in_was_seen_and_whoever_was_merged_is_not_listed() {
        let seen = past()
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("2", registered("Ben", "ben@example.org"))
            .and::<Customer>("3", registered("L.", LOLA))
            .and::<Customer>("3", merged("1"))
            .at(60_000)
            .and::<Customer>("1", SignedIn {})
            .at(120_000)
            .and::<Customer>("1", SignedIn {})
            .and::<Customer>("2", CustomerReminded {});
        assert_eq!(
            seen.rows::<LastSeen>(),
            ["1 | Lola | 1970-01-01 00:02 | ", "2 | Ben |  | 1970-01-01 00:02"]
        );
    }
}
