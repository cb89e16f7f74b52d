//! What is shown of persons and of what they ordered.

use std::rc::Rc;

use es::{Bar, Cents, Listed, Map, Projection, Recorded, Row, States, View};

use super::person::Event::Ordered;
use super::person::{Person, Status};

/// Whom mail is sent to.
#[derive(Clone, Default)]
pub struct MailingList(States<Person>);

impl Projection for MailingList {
    const NAME: &'static str = "Mailing list";
    const ABOUT: &'static str = "Whom mail is sent to. Whoever was forgotten is not on it.";

    fn apply(&mut self, recorded: &Recorded) {
        self.0.apply(recorded);
    }

    fn view(&self) -> View {
        let known = self.0.iter().filter(|(_, it)| it.status == Status::Registered);
        let rows = known.map(|(key, it)| Row::of(key, (&it.name, &it.email, &it.address)));
        View::table(&["person", "name", "e-mail", "address"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// What each person has spent.
#[derive(Clone, Default)]
pub struct Revenue(Map<Rc<str>, (u64, Cents)>);

impl Projection for Revenue {
    const NAME: &'static str = "Revenue";
    const ABOUT: &'static str =
        "What each person has spent. Forgetting changes nothing: an id still ties orders together.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(Ordered { amount, .. }) = recorded.of::<Person>() {
            let (orders, spent) = self.0.entry(recorded.key().clone()).or_default();
            *orders += 1;
            *spent += *amount;
        }
    }

    fn view(&self) -> View {
        let rows = self.0.iter().map(|(key, (orders, spent))| Row::of(key, (orders, *spent)));
        View::table(&["person", "orders", "spent"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// What was sold.
#[derive(Clone, Default)]
pub struct RevenueByItem(Map<Rc<str>, Cents>);

impl Projection for RevenueByItem {
    const NAME: &'static str = "Revenue by item";
    const ABOUT: &'static str = "What each item has brought in, whoever ordered it.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(Ordered { item, amount }) = recorded.of::<Person>() {
            *self.0.entry(item.clone()).or_default() += *amount;
        }
    }

    fn view(&self) -> View {
        let bars = self.0.iter();
        let bars = bars.map(|(item, amount)| Bar { name: item.clone(), value: amount.0 });
        View::bars("revenue", true, bars)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

impl Listed for Person {
    const TITLE: &'static str = "What is still known";
    const ABOUT: &'static str = "All that is known of each person, one document each.";

    fn list(persons: &States<Self>) -> View {
        persons.documents()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::examples::{moved, ordered, registered};
    use crate::privacy::person::Event::PersonForgotten;
    use es::{Past, past};
    use serde_json::json;

    fn two() -> Past {
        past()
            .and::<Person>("1", registered("Lola", "4 Elm Street"))
            .and::<Person>("2", registered("Ben", "7 Ash Road"))
            .and::<Person>("1", ordered("lamp", 3_500))
            .and::<Person>("2", ordered("lamp", 3_500))
            .and::<Person>("1", moved("1 Oak Lane"))
    }

    #[test]
    fn the_mailing_list_has_everybody_who_was_not_forgotten() {
        assert_eq!(
            two().rows::<MailingList>(),
            ["1 | Lola | lola@example.org | 1 Oak Lane", "2 | Ben | ben@example.org | 7 Ash Road"]
        );
        let gone = two().and::<Person>("1", PersonForgotten {});
        assert_eq!(gone.rows::<MailingList>(), ["2 | Ben | ben@example.org | 7 Ash Road"]);
    }

    #[test]
    fn revenue_stays_what_it_was_when_somebody_is_forgotten() {
        let gone = two().and::<Person>("1", PersonForgotten {});
        for told in [two(), gone] {
            assert_eq!(told.rows::<Revenue>(), ["1 | 1 | 35.00", "2 | 1 | 35.00"]);
            assert_eq!(
                told.shows::<RevenueByItem>()["bars"],
                json!([{ "name": "lamp", "value": 7_000 }])
            );
        }
    }

    #[test]
    fn what_is_still_known_of_a_forgotten_person_is_what_was_ordered() {
        let gone = two().and::<Person>("1", PersonForgotten {});
        let known = &gone.shows::<States<Person>>()["documents"]["1"];
        assert_eq!((&known["orders"], &known["status"]), (&json!(1), &json!("forgotten")));
    }
}
