//! How did it get here? A listing that contradicts itself, the trail that leads to whoever did
//! it, and a process manager in two versions of its code: one with a bug, one without.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use es::{
    Aggregate, Id, Listed, Map, ProcessManager, Projection, Reaction, Recorded, Row, Scenario,
    States, Step, View,
};

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

/// A listing as the talk found it: a pile of flags. Each event sets the few that it is about,
/// and nobody makes sure that together they make sense.
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
    /// Somebody approved it at some time. That alone is asked before it is published.
    pub was_approved: bool,
}

impl Aggregate for Listing {
    const NAME: &'static str = "listing";
    const SCHEMAS: Option<&'static str> = Some(include_str!("schemas/listing-listing.json"));
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    /// Guards the order of events and nothing else. What is so already makes no event.
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

// The process manager.

/// Publishes what is approved. `CODE` 1 has a bug; 2 hasn't, and makes up for it.
#[derive(Clone, Default)]
pub struct Moderation<const CODE: u16>(Map<Rc<str>, Seen>);

/// Which version of a listing was the latest to say what, 0 for none. However often and in
/// whatever order the events arrive, this comes out the same.
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

    /// Version 1: approved once is approved for ever, so what expires is published again.
    fn due_in_version_1(self) -> Vec<(String, Command)> {
        let mut due = Vec::new();
        if self.approved > 0 && !self.is_published() {
            let since = self.approved.max(self.expired);
            due.push((format!("publish v{since}"), PublishListing {}));
        }
        due
    }

    /// Version 2: an approval ends when the listing expires. What version 1 published all the
    /// same expires again, and what is flagged is hidden, which version 1 never did.
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
    /// What should happen to a listing by now. Each step is named after the version that calls
    /// for it, so that what both versions of the code ask for has the same id in both.
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

// Read models.

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
    entries: Map<u64, Entry>,
    positions: Map<Uuid, u64>,
}

#[derive(Clone)]
struct Entry {
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
        let entry = Entry {
            listing: recorded.key().clone(),
            what: recorded.kind().clone(),
            who: recorded.actor().clone(),
            why,
        };
        self.entries.insert(recorded.position(), entry);
    }

    fn view(&self) -> View {
        let rows = self.entries.iter().map(|(position, entry)| {
            let Entry { listing, what, who, why } = entry;
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

/// What contradicts itself, and the position of the event that made it so.
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

// The scenario and its story.

/// The record of the talk, and how it got there.
pub fn scenario() -> Scenario {
    Scenario::new("listing", "How did it get here?", "The audit trail knows which event did it.")
        .aggregate::<Listing>()
        .process::<Moderation<1>>()
        .process::<Moderation<2>>()
        .projection::<States<Listing>>()
        .projection::<AuditTrail>()
        .projection::<Contradictions<1>>()
        .projection::<Contradictions<2>>()
        .story(AUGUST_2017, story())
}

/// 1 August 2017, 09:00 UTC.
const AUGUST_2017: u64 = 1_501_578_000_000;
const DAY_MILLIS: u64 = 86_400_000;

fn story() -> [Step; 11] {
    let alice = |say, listing, command| Step::new::<Listing>(say, listing, &command);
    let bob = |say, listing, command| Step::new::<Listing>(say, listing, &command).by("Bob");
    let draft = |title: &str| DraftListing { title: title.into() };
    let hide = |reason: &str| HideListing { reason: reason.into() };
    let flag = |reason: &str| FlagListing { reason: reason.into() };
    let month_later = AUGUST_2017 + 30 * DAY_MILLIS;
    [
        alice("Alice drafts a listing.", "1", draft("Bicycle, hardly used")),
        alice("Publishing it is refused: nobody has approved it.", "1", PublishListing {}),
        bob("Bob approves it, and Moderation publishes it.", "1", ApproveListing {}),
        alice("Alice drafts another one.", "2", draft("Piano, slightly out of tune")),
        bob("Bob approves that, too.", "2", ApproveListing {}),
        alice("Renewing it is refused: it hasn't expired.", "2", RenewListing {}),
        bob("A third one, by Bob.", "3", draft("Pretzels, half a bag")),
        alice("Alice approves it.", "3", ApproveListing {}),
        bob("Eaten. Bob hides it.", "3", hide("There are none left.")),
        alice(
            "A complaint about the piano. Who does something?",
            "2",
            flag("It is a harpsichord."),
        ),
        alice("The bicycle's month is over. How does it look now?", "1", ExpireListing {})
            .at(month_later),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use es::{Past, given, past};

    fn draft(title: &str) -> Command {
        DraftListing { title: title.into() }
    }

    fn hide(reason: &str) -> Command {
        HideListing { reason: reason.into() }
    }

    fn flag(reason: &str) -> Command {
        FlagListing { reason: reason.into() }
    }

    fn drafted() -> Event {
        ListingDrafted { title: "Bicycle".into() }
    }

    fn hidden() -> Event {
        ListingHidden { reason: "Sold.".into() }
    }

    fn flagged() -> Event {
        ListingFlagged { reason: "Mine!".into() }
    }

    fn bicycle() -> Listing {
        Listing { title: Some("Bicycle".into()), ..Listing::default() }
    }

    /// Approved and published: as it should be.
    fn healthy() -> Listing {
        Listing {
            active: true,
            visible: true,
            published: true,
            approved: true,
            was_approved: true,
            ..bicycle()
        }
    }

    const PUBLISHED: [Event; 2] = [ListingApproved {}, ListingPublished {}];

    fn published(then: impl IntoIterator<Item = Event>) -> Vec<Event> {
        [drafted()].into_iter().chain(PUBLISHED).chain(then).collect()
    }

    /// One listing's events, in order.
    fn told(events: impl IntoIterator<Item = Event>) -> Past {
        events.into_iter().fold(past(), |told, event| told.and::<Listing>("1", event))
    }

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
    fn moderation_comes_to_the_same_whatever_the_order_of_the_events() {
        let twice = [hidden(), ListingApproved {}, ListingExpired {}, ListingRenewed {}, flagged()];
        let told = told(published(twice));
        let (mut forth, mut back) = (Moderation::<2>::default(), Moderation::<2>::default());
        let events: Vec<&Recorded> = told.log().events(1, 8).collect();
        for (event, from_behind) in events.iter().zip(events.iter().rev()) {
            forth.apply(event);
            back.apply(from_behind);
        }
        assert_eq!(forth.0["1"].approved, 5);
        assert_eq!(forth.view(), back.view());
    }

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
