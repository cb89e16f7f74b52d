//! What happens in the tests of this domain.

use es::{Past, past};

use super::aggregate::Command::{DraftListing, FlagListing, HideListing};
use super::aggregate::Event::{
    ListingApproved, ListingDrafted, ListingFlagged, ListingHidden, ListingPublished,
};
use super::aggregate::{Command, Event, Listing};

pub fn draft(title: &str) -> Command {
    DraftListing { title: title.into() }
}

pub fn hide(reason: &str) -> Command {
    HideListing { reason: reason.into() }
}

pub fn flag(reason: &str) -> Command {
    FlagListing { reason: reason.into() }
}

pub fn drafted() -> Event {
    ListingDrafted { title: "Bicycle".into() }
}

pub fn hidden() -> Event {
    ListingHidden { reason: "Sold.".into() }
}

pub fn flagged() -> Event {
    ListingFlagged { reason: "Mine!".into() }
}

pub fn bicycle() -> Listing {
    Listing { title: Some("Bicycle".into()), ..Listing::default() }
}

/// Approved and published: as it should be.
pub fn healthy() -> Listing {
    Listing {
        active: true,
        visible: true,
        published: true,
        approved: true,
        was_approved: true,
        ..bicycle()
    }
}

pub const PUBLISHED: [Event; 2] = [ListingApproved {}, ListingPublished {}];

pub fn published(then: impl IntoIterator<Item = Event>) -> Vec<Event> {
    [drafted()].into_iter().chain(PUBLISHED).chain(then).collect()
}

/// One listing's events, in order.
pub fn told(events: impl IntoIterator<Item = Event>) -> Past {
    events.into_iter().fold(past(), |told, event| told.and::<Listing>("1", event))
}
