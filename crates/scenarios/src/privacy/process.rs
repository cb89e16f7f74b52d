//! The process manager that has parcels sent.

use std::rc::Rc;

use serde_json::json;

use es::{Map, Personal, ProcessManager, Projection, Reaction, Recorded, Row, Set, View};

use super::person::Event::{AddressChanged, Ordered, PersonForgotten, PersonRegistered};
use super::person::Person;

/// Has each order sent to where its person lived at that time. What it asks for holds seals: only
/// whoever sends the parcel opens them.
#[derive(Clone, Default)]
pub struct Parcels(Map<Rc<str>, Addressee>);

/// What is known of a person, by the versions of the events that say it: they may come in any order.
#[derive(Clone, Default)]
struct Addressee {
    names: Map<u64, Personal>,
    addresses: Map<u64, Personal>,
    orders: Set<u64>,
}

/// The last of these that was said by a version.
fn last(said: &Map<u64, Personal>, version: u64) -> Option<&Personal> {
    said.iter().take_while(|(at, _)| **at <= version).last().map(|(_, it)| it)
}

impl Projection for Parcels {
    const NAME: &'static str = "Parcels";
    const ABOUT: &'static str = "Has each order sent to where the person lives at that time.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Person>() else { return };
        let (person, version) =
            (self.0.entry(recorded.key().clone()).or_default(), recorded.version());
        match event {
            PersonRegistered { name, address, .. } => {
                person.names.insert(version, name.clone());
                person.addresses.insert(version, address.clone());
            }
            AddressChanged { address } => _ = person.addresses.insert(version, address.clone()),
            Ordered { .. } => _ = person.orders.insert(version),
            PersonForgotten {} => {}
        }
    }

    fn view(&self) -> View {
        let rows = self.0.iter().map(|(key, person)| {
            let now = |said| last(said, u64::MAX).cloned().unwrap_or_default();
            let (name, address) = (now(&person.names), now(&person.addresses));
            Row::of(key, (&name, &address, person.orders.len()))
        });
        View::table(&["person", "name", "address", "parcels"], rows)
    }

    fn weight(&self) -> usize {
        self.0.values().map(|it| it.orders.len() + it.addresses.len()).sum()
    }
}

impl ProcessManager for Parcels {
    /// An instance is an order. Where the registration is late, the parcel has no address yet, and
    /// whoever sends it asks.
    fn react(&self, recorded: &Recorded) -> Vec<Reaction> {
        let Some(Ordered { item, .. }) = recorded.of::<Person>() else { return Vec::new() };
        let version = recorded.version();
        let person = self.0.get(recorded.key());
        let then = |said| last(said, version).cloned().unwrap_or_default();
        let (name, address) =
            person.map(|it| (then(&it.names), then(&it.addresses))).unwrap_or_default();
        let parcel = json!({ "to": format!("{name}, {address}"), "item": item });
        let instance = format!("{}/{version}", recorded.key());
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

    #[test]
    fn an_address_that_is_heard_of_late_belongs_to_its_own_time() {
        let told = past()
            .and::<Person>("1", registered("Lola", "4 Elm Street"))
            .and::<Person>("1", ordered("lamp", 3_500))
            .and::<Person>("1", moved("1 Oak Lane"));
        let mut parcels = Parcels::default();
        for position in [3, 1, 2] {
            parcels.apply(told.log().event(position).unwrap());
        }
        let asked = parcels.react(told.log().event(2).unwrap());
        let Reaction::Effect { data, .. } = &asked[0] else { panic!("{asked:?}") };
        assert_eq!(data["to"], "Lola, 4 Elm Street");
    }
}
