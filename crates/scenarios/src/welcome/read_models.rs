//! What is shown of customers, their merges and their mail.

use std::rc::Rc;

use es::{Id, Map, Projection, Recorded, Row, View};

use super::customer::Event::{AccountsMerged, CustomerRegistered};
use super::customer::{Customer, address};

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
}
