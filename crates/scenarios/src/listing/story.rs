//! The story, told step by step.

use es::Step;

use super::aggregate::Command::{
    ApproveListing, DraftListing, ExpireListing, FlagListing, HideListing, PublishListing,
    RenewListing,
};
use super::aggregate::Listing;
use crate::shared::dates::DAY_MILLIS;

/// 1 August 2017, 09:00 UTC.
pub const AUGUST_2017: u64 = 1_501_578_000_000;

pub fn story() -> [Step; 11] {
    let alice = |say, listing, command| Step::new::<Listing>(say, listing, &command);
    let bob = |say, listing, command| Step::new::<Listing>(say, listing, &command).by("Bob");
    let draft = |title: &str| DraftListing { title: title.into() };
    let hide = |reason: &str| HideListing { reason: reason.into() };
    let flag = |reason: &str| FlagListing { reason: reason.into() };
    let month_later = AUGUST_2017 + 30 * DAY_MILLIS;
    let flags_and_trail = |listing| [listing, "Flags now", "Audit trail"];
    let moderated = |listing| [listing, "Moderation", "Audit trail"];
    let refused = |listing| [listing, "Journal"];
    [
        alice("Alice drafts a listing.", "1", draft("Bicycle, hardly used"))
            .show(flags_and_trail("listing-1")),
        alice("Alice publishes it. Nobody has approved it.", "1", PublishListing {})
            .show(refused("listing-1")),
        bob("Bob approves it, and Moderation publishes it.", "1", ApproveListing {})
            .show(moderated("listing-1")),
        alice("Alice drafts another one.", "2", draft("Piano, slightly out of tune"))
            .show(moderated("listing-2")),
        bob("Bob approves that, too.", "2", ApproveListing {}).show(moderated("listing-2")),
        alice("Alice renews it. It hasn't expired.", "2", RenewListing {})
            .show(refused("listing-2")),
        bob("A third one, by Bob.", "3", draft("Pretzels, half a bag"))
            .show(moderated("listing-3")),
        alice("Alice approves it.", "3", ApproveListing {}).show(moderated("listing-3")),
        bob("Eaten. Bob hides it.", "3", hide("There are none left."))
            .show(flags_and_trail("listing-3")),
        alice(
            "A complaint about the piano. Who does something?",
            "2",
            flag("It is a harpsichord."),
        )
        .show(moderated("listing-2")),
        alice("The bicycle's month is over. How does it look now?", "1", ExpireListing {})
            .at(month_later)
            .show(["Flags now", "Contradictions", "Audit trail"]),
    ]
}
