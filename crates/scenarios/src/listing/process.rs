//! The process manager that moderates listings, in two versions of its code.

use std::rc::Rc;

use es::{Id, Map, ProcessManager, Projection, Reaction, Recorded, Row, View};

use super::aggregate::Command::{ExpireListing, HideListing, PublishListing};
use super::aggregate::Event::{
    ListingApproved, ListingDrafted, ListingExpired, ListingFlagged, ListingHidden,
    ListingPublished, ListingRenewed,
};
use super::aggregate::{Command, Listing};

/// Publishes approved listings. `CODE` 1 has a bug. `CODE` 2 has none, and repairs what 1 has done.
#[derive(Clone, Default)]
pub struct Moderation<const CODE: u16>(Map<Rc<str>, Seen>);

/// The version at which each kind of event last happened to a listing; 0 where it never did.
/// Repeated events, and events in another order, lead to the same.
#[derive(Clone, Copy, Default)]
struct Seen {
    approved: u64,
    published: u64,
    hidden: u64,
    expired: u64,
    renewed: u64,
    flagged: u64,
}

impl Seen {
    fn is_published(self) -> bool {
        self.published > self.expired
    }

    fn is_approved(self) -> bool {
        self.approved > self.expired
    }

    fn is_expired(self) -> bool {
        self.expired > self.renewed
    }

    fn is_visible(self) -> bool {
        self.is_published() && self.is_approved() && self.approved > self.hidden
    }

    fn is_flagged(self) -> bool {
        self.flagged > self.approved
    }

    /// Version 1 takes an approval to last for ever, so it publishes an expired listing again.
    fn due_in_version_1(self) -> Vec<(String, Command)> {
        let mut due = Vec::new();
        if self.approved > 0 && !self.is_published() {
            let since = self.approved.max(self.expired);
            due.push((format!("publish v{since}"), PublishListing {}));
        }
        due
    }

    /// Version 2 takes an approval to end when the listing expires. It expires again what version 1
    /// published by mistake, and it hides flagged listings.
    fn due_in_version_2(self) -> Vec<(String, Command)> {
        let mut due = Vec::new();
        if self.is_approved() && !self.is_published() && !self.is_expired() {
            due.push((format!("publish v{}", self.approved), PublishListing {}));
        }
        if self.is_published() && self.is_expired() {
            due.push((format!("expire v{}", self.published), ExpireListing {}));
        }
        if self.is_flagged() && self.is_visible() {
            let reason = "It was flagged.".into();
            due.push((format!("hide v{}", self.flagged), HideListing { reason }));
        }
        due
    }
}

impl<const CODE: u16> Moderation<CODE> {
    /// What should happen to a listing now. A step's name holds the version of the event that calls
    /// for it, so that both versions of the code give the same step the same id.
    fn due(seen: Seen) -> Vec<(String, Command)> {
        if CODE == 1 { seen.due_in_version_1() } else { seen.due_in_version_2() }
    }
}

impl<const CODE: u16> Projection for Moderation<CODE> {
    const NAME: &'static str = "Moderation";
    const ABOUT: &'static str = "Publishes what is approved; has its own idea of what that is.";
    const CODE: u16 = CODE;

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Listing>() else { return };
        let seen = self.0.entry(recorded.key().clone()).or_default();
        let latest = match event {
            ListingDrafted { .. } => return,
            ListingApproved {} => &mut seen.approved,
            ListingPublished {} => &mut seen.published,
            ListingHidden { .. } => &mut seen.hidden,
            ListingExpired {} => &mut seen.expired,
            ListingRenewed {} => &mut seen.renewed,
            ListingFlagged { .. } => &mut seen.flagged,
        };
        *latest = recorded.version().max(*latest);
    }

    fn view(&self) -> View {
        let rows = self.0.iter().map(|(key, &seen)| {
            let steps: Vec<String> = Self::due(seen).into_iter().map(|(step, _)| step).collect();
            let (approved, published) = (seen.is_approved(), seen.is_published());
            let (expired, flagged) = (seen.is_expired(), seen.is_flagged());
            Row::of(key, (approved, published, expired, flagged, steps.join(", ")))
        });
        View::table(&["listing", "approved", "published", "expired", "flagged", "due"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

impl<const CODE: u16> ProcessManager for Moderation<CODE> {
    fn react(&self, recorded: &Recorded) -> Vec<Reaction> {
        let key = recorded.key();
        let Some(&seen) = self.0.get(key) else { return Vec::new() };
        let listing = Id::<Listing>::new(key.clone());
        let command =
            |(step, command): (String, Command)| Reaction::command(key, &step, &listing, &command);
        Self::due(seen).into_iter().filter_map(command).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::examples::{drafted, flagged, hidden, published, told};
    use crate::listing::read_models::AuditTrail;
    use es::past;

    #[test]
    fn both_versions_publish_what_is_approved_under_the_same_id() {
        let approved = told([drafted(), ListingApproved {}]);
        let publish = ["1/publish v2: PublishListing {} to listing-1"];
        assert_eq!(approved.asked::<Moderation<1>>(), publish);
        assert_eq!(approved.asked::<Moderation<2>>(), publish);
        let draft = told([drafted()]);
        assert!(draft.asked::<Moderation<1>>().is_empty());
        assert!(draft.asked::<Moderation<2>>().is_empty());
    }

    #[test]
    fn version_1_publishes_what_has_expired_and_version_2_does_not() {
        let expired = told(published([ListingExpired {}]));
        let again = "1/publish v4: PublishListing {} to listing-1";
        assert_eq!(expired.asked::<Moderation<1>>()[1..], [again]);
        assert!(expired.asked::<Moderation<2>>()[1..].is_empty());
    }

    #[test]
    fn version_2_makes_up_for_what_version_1_did() {
        let wrong = told(published([ListingExpired {}, ListingPublished {}]));
        let expire = "1/expire v5: ExpireListing {} to listing-1";
        assert_eq!(wrong.asked::<Moderation<2>>()[1..], [expire]);
        let renewed = wrong.and::<Listing>("1", ListingExpired {});
        let renewed = renewed.and::<Listing>("1", ListingRenewed {});
        assert_eq!(renewed.rows::<Moderation<2>>(), ["1 | no | no | no | no | "]);
    }

    #[test]
    fn version_2_waits_for_renewal_and_approval() {
        let renewed = published([ListingExpired {}, ListingRenewed {}]);
        assert!(told(renewed.clone()).asked::<Moderation<2>>()[1..].is_empty());
        let publish = "1/publish v6: PublishListing {} to listing-1";
        let approved = told(renewed).and::<Listing>("1", ListingApproved {});
        assert_eq!(approved.asked::<Moderation<2>>()[1..], [publish]);
        let unrenewed = told(published([ListingExpired {}, ListingApproved {}]));
        assert!(unrenewed.asked::<Moderation<2>>()[1..].is_empty());
    }

    #[test]
    fn only_version_2_hides_what_is_flagged_as_long_as_it_can_be_seen() {
        let flags = told(published([flagged()]));
        let hide = r#"1/hide v4: HideListing {"reason":"It was flagged."} to listing-1"#;
        assert_eq!(flags.asked::<Moderation<2>>()[1..], [hide]);
        assert!(flags.asked::<Moderation<1>>()[1..].is_empty());
        let by_hand = told(published([hidden(), flagged()]));
        assert!(by_hand.asked::<Moderation<2>>()[1..].is_empty());
        let ended = told(published([ListingExpired {}, ListingApproved {}, flagged()]));
        assert!(ended.asked::<Moderation<2>>()[1..].is_empty());
        let again = told(published([ListingExpired {}, ListingPublished {}, flagged()]));
        assert!(!again.asked::<Moderation<2>>().iter().any(|asked| asked.contains("hide")));
    }

    #[test]
    fn moderation_shows_what_it_believes_and_what_is_due() {
        let told = told(published([ListingExpired {}]));
        assert_eq!(told.rows::<Moderation<1>>(), ["1 | no | no | yes | no | publish v4"]);
        assert_eq!(told.rows::<Moderation<2>>(), ["1 | no | no | yes | no | "]);
        let told = told.and::<Listing>("1", ListingPublished {}).and::<Listing>("1", flagged());
        assert_eq!(told.rows::<Moderation<2>>(), ["1 | no | yes | yes | yes | expire v5"]);
        let behind_its_back = past().and::<Listing>("1", ListingPublished {});
        assert_eq!(behind_its_back.rows::<Moderation<2>>(), ["1 | no | yes | no | no | "]);
    }

    #[test]
    fn the_trail_leads_to_who_did_it_and_why() {
        let told = told([drafted()])
            .by("Bob")
            .and::<Listing>("1", ListingApproved {})
            .by("Moderation")
            .answering(2)
            .and::<Listing>("1", ListingPublished {})
            .by("Bob")
            .and::<Listing>("1", flagged())
            .and::<Listing>("1", hidden());
        let trail = [
            "1 | 1 | ListingDrafted | Alice | ",
            "2 | 1 | ListingApproved | Bob | ",
            "3 | 1 | ListingPublished | Moderation | because of #2",
            "4 | 1 | ListingFlagged | Bob | Mine!",
            "5 | 1 | ListingHidden | Bob | Sold.",
        ];
        assert_eq!(told.rows::<AuditTrail>(), trail);
    }
}
