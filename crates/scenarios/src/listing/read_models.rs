//! What is shown of listings.

use std::rc::Rc;

use uuid::Uuid;

use es::{Aggregate, Listed, Map, Projection, Recorded, Row, States, View};

use super::aggregate::Event::{ListingFlagged, ListingHidden};
use super::aggregate::Listing;

impl Listed for Listing {
    const TITLE: &'static str = "Flags now";
    const ABOUT: &'static str = "The record as a database would have it. How did it get here?";

    fn list(listings: &States<Self>) -> View {
        let columns = [
            "listing",
            "title",
            "expired",
            "active",
            "visible",
            "published",
            "approved",
            "flagged",
        ];
        listings.table(&columns, |listing| {
            let Self { expired, active, visible, published, approved, flagged, .. } = *listing;
            (&listing.title, expired, active, visible, published, approved, flagged)
        })
    }
}

/// Who did what to which listing, and why.
#[derive(Clone, Default)]
pub struct AuditTrail {
    entries: Map<u64, AuditEntry>,
    positions: Map<Uuid, u64>,
}

#[derive(Clone)]
struct AuditEntry {
    listing: Rc<str>,
    what: Rc<str>,
    who: Rc<str>,
    why: Option<Rc<str>>,
}

impl Projection for AuditTrail {
    const NAME: &'static str = "Audit trail";
    const ABOUT: &'static str = "Who did what to which listing, and why: it answers.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Listing>() else { return };
        self.positions.insert(recorded.id(), recorded.position());
        let why = match event {
            ListingHidden { reason } | ListingFlagged { reason } => Some(reason.clone()),
            _ => {
                let cause = self.positions.get(&recorded.causation_id());
                cause.map(|position| format!("because of #{position}").into())
            }
        };
        let entry = AuditEntry {
            listing: recorded.key().clone(),
            what: recorded.kind().clone(),
            who: recorded.actor().clone(),
            why,
        };
        self.entries.insert(recorded.position(), entry);
    }

    fn view(&self) -> View {
        let rows = self.entries.iter().map(|(position, entry)| {
            let AuditEntry { listing, what, who, why } = entry;
            Row::new(position.to_string(), (position, listing, what, who, why))
        });
        View::table(&["position", "listing", "what", "who", "why"], rows)
    }

    fn weight(&self) -> usize {
        self.entries.len()
    }
}

/// Flags that don't go together, and since when. `CODE` 1 doesn't look at complaints.
#[derive(Clone, Default)]
pub struct Contradictions<const CODE: u16>(Map<Rc<str>, (Listing, Since)>);

/// Contradictions, each with the position of the event that caused it.
type Since = Map<&'static str, u64>;

fn contradictions(listing: &Listing, code: u16) -> impl Iterator<Item = &'static str> {
    let Listing { expired, active, visible, published, approved, flagged, .. } = *listing;
    let found = [
        (expired && published, "expired, yet published"),
        (active && !visible, "active, yet invisible"),
        (published && !approved, "published, yet not approved"),
        (code > 1 && flagged && visible, "flagged, yet visible"),
    ];
    found.into_iter().filter_map(|(holds, what)| holds.then_some(what))
}

impl<const CODE: u16> Projection for Contradictions<CODE> {
    const NAME: &'static str = "Contradictions";
    const ABOUT: &'static str = "Flags that don't go together, and the event that made it so.";
    const CODE: u16 = CODE;

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Listing>() else { return };
        let (listing, since) = self.0.entry(recorded.key().clone()).or_default();
        listing.evolve_in_place(event);
        let before = std::mem::take(since);
        *since = contradictions(listing, CODE)
            .map(|what| (what, before.get(what).copied().unwrap_or(recorded.position())))
            .collect();
    }

    fn view(&self) -> View {
        let rows = self.0.iter().flat_map(|(key, (listing, since))| {
            since.iter().map(move |(&what, position)| {
                Row::of_two(key, what, (key, &listing.title, what, position))
            })
        });
        View::table(&["listing", "title", "contradiction", "since position"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::aggregate::Event::{ListingExpired, ListingPublished};
    use crate::listing::examples::{flagged, hidden, published, told};

    #[test]
    fn the_record_shows_every_flag() {
        let wrong = told(published([ListingExpired {}, ListingPublished {}]));
        let record = ["1 | Bicycle | yes | yes | no | yes | no | no"];
        assert_eq!(wrong.rows::<States<Listing>>(), record);
        let flags = told(published([flagged()]));
        assert_eq!(
            flags.rows::<States<Listing>>(),
            ["1 | Bicycle | no | yes | yes | yes | yes | yes"]
        );
    }

    #[test]
    fn a_contradiction_names_the_event_that_made_it_and_ends_when_it_is_resolved() {
        let healthy = told(published([hidden()]));
        assert!(healthy.rows::<Contradictions<2>>().is_empty());
        let wrong = told(published([ListingExpired {}, ListingPublished {}, flagged()]));
        let found = [
            "1 | Bicycle | active, yet invisible | 5",
            "1 | Bicycle | expired, yet published | 5",
            "1 | Bicycle | published, yet not approved | 5",
        ];
        assert_eq!(wrong.rows::<Contradictions<1>>(), found);
        assert_eq!(wrong.rows::<Contradictions<2>>(), found);
        let resolved = wrong.and::<Listing>("1", ListingExpired {});
        assert!(resolved.rows::<Contradictions<1>>().is_empty());
    }

    #[test]
    fn version_2_of_the_contradictions_looks_at_complaints() {
        let flags = told(published([flagged()]));
        assert!(flags.rows::<Contradictions<1>>().is_empty());
        let found = ["1 | Bicycle | flagged, yet visible | 4"];
        assert_eq!(flags.rows::<Contradictions<2>>(), found);
    }
}
