//! The process manager that has parcels sent.

use serde_json::json;

use es::{ProcessManager, Projection, Reaction, Recorded, Row, States, View};

use super::person::Event::Ordered;
use super::person::Person;

/// Has each order sent to where its person lived at that time. What it asks for holds seals: only
/// whoever sends the parcel opens them.
#[derive(Clone, Default)]
pub struct Parcels {
    persons: States<Person>,
}

impl Projection for Parcels {
    const NAME: &'static str = "Parcels";
    const ABOUT: &'static str = "Has each order sent, and knows where to.";

    fn apply(&mut self, recorded: &Recorded) {
        self.persons.apply(recorded);
    }

    fn view(&self) -> View {
        let rows = self
            .persons
            .iter()
            .map(|(key, person)| Row::of(key, (&person.name, &person.address, person.orders)));
        View::table(&["person", "name", "address", "parcels"], rows)
    }

    fn weight(&self) -> usize {
        self.persons.len()
    }
}

impl ProcessManager for Parcels {
    /// An instance is an order. Where the registration is late, the parcel has no address yet, and
    /// whoever sends it asks.
    fn react(&self, recorded: &Recorded) -> Vec<Reaction> {
        let Some(Ordered { item, .. }) = recorded.of::<Person>() else { return Vec::new() };
        let person = self.persons.iter().find(|(key, _)| *key == recorded.key());
        let person = person.map(|(_, it)| it.clone()).unwrap_or_default();
        let parcel = json!({
            "to": format!("{}, {}", person.name, person.address),
            "item": item,
        });
        let instance = format!("{}/{}", recorded.key(), recorded.version());
        vec![Reaction::effect(&instance, "send", "parcel", parcel)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::examples::{moved, ordered, registered};
    use es::past;

    #[test]
    fn each_order_goes_to_where_the_person_lives_then() {
        let told = past()
            .and::<Person>("1", registered("Lola", "4 Elm Street"))
            .and::<Person>("1", ordered("lamp", 3_500))
            .and::<Person>("1", moved("1 Oak Lane"))
            .and::<Person>("1", ordered("desk", 9_000));
        assert_eq!(
            told.asked::<Parcels>(),
            [
                r#"1/2/send: parcel {"item":"lamp","to":"Lola, 4 Elm Street"}"#,
                r#"1/4/send: parcel {"item":"desk","to":"Lola, 1 Oak Lane"}"#,
            ]
        );
        assert_eq!(told.rows::<Parcels>(), ["1 | Lola | 1 Oak Lane | 2"]);
    }
}
