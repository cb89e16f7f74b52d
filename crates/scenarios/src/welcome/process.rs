//! The process manager that welcomes customers and merges those who register twice.

use std::rc::Rc;

use serde_json::json;

use es::{Id, Map, ProcessManager, Projection, Reaction, Recorded, Row, View};

use super::customer::Command::MergeAccount;
use super::customer::Event::{AccountsMerged, CustomerRegistered, CustomerReminded, SignedIn};
use super::customer::{Customer, address};

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

    /// The customer into whom this one is merged in the end. Merges may form a circle, so the
    /// search follows no more merges than there are.
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
            SignedIn {} | CustomerReminded {} => {}
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
    /// An instance is an address, not a customer, so that a second registration sends no second
    /// mail.
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
            // Merges of the other customers were asked for when those registered.
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
        // Mostly this customer is the only one. Where the event of the first arrives late, the
        // others have registered before, and one of them was taken for the first. All are merged.
        [welcome].into_iter().chain(self.again(&instance, left).filter_map(merge)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::welcome::examples::{LOLA, mail, merged, registered};
    use es::{past, reaction_id};

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
    fn asks(told: &es::Past) -> Vec<usize> {
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
}
