//! A listing: what happens to it, what may be asked of it, and what it decides.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::Aggregate;

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::enum_variant_names, reason = "an event's name says whose it is, in any log")]
pub enum Event {
    ListingDrafted { title: Rc<str> },
    ListingApproved {},
    ListingPublished {},
    ListingHidden { reason: Rc<str> },
    ListingExpired {},
    ListingRenewed {},
    ListingFlagged { reason: Rc<str> },
}
use Event::{
    ListingApproved, ListingDrafted, ListingExpired, ListingFlagged, ListingHidden,
    ListingPublished, ListingRenewed,
};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::enum_variant_names, reason = "a command's name says what it is for")]
pub enum Command {
    /// Drafts a listing, which nobody sees yet.
    DraftListing {
        /// What is on offer
        #[schemars(example = &"Bicycle, hardly used")]
        title: Rc<str>,
    },
    /// Approves a listing. Moderation publishes it then.
    ApproveListing {},
    /// Publishes a listing that was approved.
    PublishListing {},
    /// Hides a published listing until it is approved again.
    HideListing {
        /// Why
        #[schemars(example = &"It is under review.")]
        reason: Rc<str>,
    },
    /// Ends a listing's time, and its approval with it.
    ExpireListing {},
    /// Gives an expired listing more time. It needs approval again.
    RenewListing {},
    /// Complains about a published listing.
    FlagListing {
        /// Why
        #[schemars(example = &"This is my bicycle!")]
        reason: Rc<str>,
    },
}
use Command::{
    ApproveListing, DraftListing, ExpireListing, FlagListing, HideListing, PublishListing,
    RenewListing,
};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    #[error("a listing needs a title")]
    Untitled,
    #[error("say why")]
    NoReason,
    #[error("there is no listing here yet; draft one first")]
    Unknown,
    #[error("this listing is drafted already: {0}")]
    Drafted(Rc<str>),
    #[error("nobody has approved “{0}” yet, so it cannot be published")]
    NotApproved(Rc<str>),
    #[error("“{title}” isn't published, so it cannot {deed}")]
    NotPublished { title: Rc<str>, deed: &'static str },
    #[error("“{0}” hasn't expired, so there is nothing to renew")]
    NotExpired(Rc<str>),
}

// Fold and decisions.

/// A listing as the talk found it: a pile of flags. Each event sets some of them, and no code makes
/// sure that they agree with each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "that is what this scenario is about")]
pub struct Listing {
    pub title: Option<Rc<str>>,
    pub expired: bool,
    pub active: bool,
    pub visible: bool,
    pub published: bool,
    pub approved: bool,
    pub flagged: bool,
    /// It was approved at some time. Publishing asks for this flag, not for `approved`.
    pub was_approved: bool,
}

impl Aggregate for Listing {
    const NAME: &'static str = "listing";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/listing-listing.json"));
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    /// Guards only the order of events. A command that would change nothing makes no event.
    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match &command {
            DraftListing { title } if title.trim().is_empty() => return Err(Rejection::Untitled),
            HideListing { reason } | FlagListing { reason } if reason.trim().is_empty() => {
                return Err(Rejection::NoReason);
            }
            _ => {}
        }
        let Some(title) = &self.title else {
            return match command {
                DraftListing { title } => Ok(vec![ListingDrafted { title }]),
                _ => Err(Rejection::Unknown),
            };
        };
        let unpublished = |deed| Err(Rejection::NotPublished { title: title.clone(), deed });
        match command {
            DraftListing { .. } => Err(Rejection::Drafted(title.clone())),
            ApproveListing {} if self.approved && self.visible && !self.flagged => Ok(vec![]),
            ApproveListing {} => Ok(vec![ListingApproved {}]),
            PublishListing {} if !self.was_approved => Err(Rejection::NotApproved(title.clone())),
            PublishListing {} if self.published => Ok(vec![]),
            PublishListing {} => Ok(vec![ListingPublished {}]),
            HideListing { .. } if !self.published => unpublished("be hidden"),
            HideListing { .. } if !self.visible => Ok(vec![]),
            HideListing { reason } => Ok(vec![ListingHidden { reason }]),
            ExpireListing {} if self.published => Ok(vec![ListingExpired {}]),
            ExpireListing {} if self.expired => Ok(vec![]),
            ExpireListing {} => unpublished("expire"),
            RenewListing {} if self.expired => Ok(vec![ListingRenewed {}]),
            RenewListing {} => Err(Rejection::NotExpired(title.clone())),
            FlagListing { .. } if !self.published => unpublished("be flagged"),
            FlagListing { reason } => Ok(vec![ListingFlagged { reason }]),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match event {
            ListingDrafted { title } => Self { title: Some(title.clone()), ..self },
            ListingApproved {} => Self {
                approved: true,
                was_approved: true,
                visible: true,
                flagged: false,
                active: self.published,
                ..self
            },
            ListingPublished {} => Self { published: true, active: true, ..self },
            ListingHidden { .. } => Self { visible: false, active: false, ..self },
            ListingExpired {} => Self {
                expired: true,
                active: false,
                visible: false,
                published: false,
                approved: false,
                ..self
            },
            ListingRenewed {} => Self { expired: false, ..self },
            ListingFlagged { .. } => Self { flagged: true, ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::examples::{
        bicycle, draft, drafted, flag, flagged, healthy, hidden, hide, published,
    };
    use es::given;

    #[test]
    fn a_listing_is_drafted_once() {
        let listing = given::<Listing>([]).when(draft("Bicycle")).then([drafted()]);
        assert_eq!(listing, bicycle());
        let twice = "this listing is drafted already: Bicycle";
        given::<Listing>([drafted()]).when(draft("Piano")).refused(twice);
        given::<Listing>([]).when(draft(" ")).refused("a listing needs a title");
    }

    #[test]
    fn nothing_can_be_done_to_a_listing_that_nobody_drafted() {
        let commands = [
            ApproveListing {},
            PublishListing {},
            hide("Sold."),
            ExpireListing {},
            RenewListing {},
            flag("Mine!"),
        ];
        for command in commands {
            let unknown = "there is no listing here yet; draft one first";
            given::<Listing>([]).when(command).refused(unknown);
        }
    }

    #[test]
    fn hiding_and_flagging_need_a_reason() {
        given::<Listing>(published([])).when(hide(" ")).refused("say why");
        given::<Listing>(published([])).when(flag("")).refused("say why");
    }

    #[test]
    fn an_approved_listing_may_be_published_and_is_visible_then() {
        let approved =
            given::<Listing>([drafted()]).when(ApproveListing {}).then([ListingApproved {}]);
        let visible = Listing { visible: true, approved: true, was_approved: true, ..bicycle() };
        assert_eq!(approved, visible);
        let history = [drafted(), ListingApproved {}];
        let listing = given::<Listing>(history).when(PublishListing {}).then([ListingPublished {}]);
        assert_eq!(listing, healthy());
    }

    #[test]
    fn a_listing_that_nobody_approved_cannot_be_published() {
        let refusal = "nobody has approved “Bicycle” yet, so it cannot be published";
        given::<Listing>([drafted()]).when(PublishListing {}).refused(refusal);
    }

    #[test]
    fn what_is_so_already_makes_no_event() {
        given::<Listing>(published([])).when(ApproveListing {}).then([]);
        given::<Listing>(published([])).when(PublishListing {}).then([]);
        given::<Listing>(published([hidden()])).when(hide("Sold.")).then([]);
        given::<Listing>(published([ListingExpired {}])).when(ExpireListing {}).then([]);
    }

    #[test]
    fn a_hidden_or_flagged_listing_is_put_right_by_approving_it_again() {
        let history = published([]);
        let listing = given::<Listing>(history).when(hide("Sold.")).then([hidden()]);
        assert_eq!(listing, Listing { visible: false, active: false, ..healthy() });
        let listing = given::<Listing>(published([])).when(flag("Mine!")).then([flagged()]);
        assert_eq!(listing, Listing { flagged: true, ..healthy() });
        for history in [published([hidden()]), published([flagged()])] {
            let again =
                given::<Listing>(history).when(ApproveListing {}).then([ListingApproved {}]);
            assert_eq!(again, healthy());
        }
        let expired = published([ListingExpired {}]);
        let again = given::<Listing>(expired).when(ApproveListing {}).then([ListingApproved {}]);
        let listing = Listing { expired: true, active: false, published: false, ..healthy() };
        assert_eq!(again, listing);
    }

    #[test]
    fn what_is_not_published_cannot_be_hidden_flagged_or_expire() {
        let refusal = |deed| format!("“Bicycle” isn't published, so it cannot {deed}");
        let draft = || given::<Listing>([drafted()]);
        draft().when(hide("Sold.")).refused(&refusal("be hidden"));
        draft().when(flag("Mine!")).refused(&refusal("be flagged"));
        draft().when(ExpireListing {}).refused(&refusal("expire"));
    }

    #[test]
    fn an_expired_listing_can_be_renewed_and_needs_approval_again() {
        let listing =
            given::<Listing>(published([])).when(ExpireListing {}).then([ListingExpired {}]);
        assert_eq!(listing, Listing { expired: true, was_approved: true, ..bicycle() });
        let expired = published([ListingExpired {}]);
        let listing = given::<Listing>(expired).when(RenewListing {}).then([ListingRenewed {}]);
        assert_eq!(listing, Listing { was_approved: true, ..bicycle() });
    }

    #[test]
    fn what_has_not_expired_cannot_be_renewed() {
        let refusal = "“Bicycle” hasn't expired, so there is nothing to renew";
        given::<Listing>(published([])).when(RenewListing {}).refused(refusal);
    }

    #[test]
    fn publishing_what_expired_is_in_order_and_makes_the_record_of_the_talk() {
        let expired = || published([ListingExpired {}]);
        let listing =
            given::<Listing>(expired()).when(PublishListing {}).then([ListingPublished {}]);
        let record = Listing {
            expired: true,
            active: true,
            visible: false,
            published: true,
            approved: false,
            was_approved: true,
            ..bicycle()
        };
        assert_eq!(listing, record);
        let history = expired().into_iter().chain([ListingPublished {}]);
        let listing = given::<Listing>(history).when(ExpireListing {}).then([ListingExpired {}]);
        assert_eq!(listing, Listing { expired: true, was_approved: true, ..bicycle() });
    }
}
