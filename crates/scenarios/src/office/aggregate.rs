//! An office: what happens there, what may be asked of it, and what it decides.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use es::{Aggregate, Older, Set, Stored};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    OfficeOpened { name: Rc<str> },
    PersonEntered { person: Rc<str> },
    PersonLeft { person: Rc<str> },
    PinballRelatedIncidentHappened { what: Rc<str> },
    BossModeEngaged { hero: Rc<str> },
}
use Event::{
    BossModeEngaged, OfficeOpened, PersonEntered, PersonLeft, PinballRelatedIncidentHappened,
};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum Command {
    /// Opens an office, in lounge mode. One that boss mode has been through can open again.
    OpenOffice {
        /// What it is called
        #[schemars(example = &"Unspace")]
        name: Rc<str>,
    },
    /// Somebody goes in.
    EnterOffice {
        /// Who it is
        #[schemars(example = &"Eric")]
        person: Rc<str>,
    },
    /// Somebody goes out.
    LeaveOffice {
        /// Who it is
        #[schemars(example = &"Eric")]
        person: Rc<str>,
    },
    /// Reports a pinball-related incident. The office is on fire then.
    ReportPinballIncident {
        /// What happened
        #[schemars(example = &"Multiball got out of hand.")]
        what: Rc<str>,
    },
    /// Engages boss mode against the fire. Everybody gets out, and it burns even more.
    EngageBossMode {
        /// Who saves the day
        #[schemars(example = &"Eric")]
        hero: Rc<str>,
    },
}
use Command::{EngageBossMode, EnterOffice, LeaveOffice, OpenOffice, ReportPinballIncident};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    #[error("an office needs a name")]
    Unnamed,
    #[error("say who it is")]
    Nobody,
    #[error("say what happened")]
    Nothing,
    #[error("this office hasn't opened yet")]
    Closed,
    #[error("{0} is open already")]
    Open(Rc<str>),
    #[error("{person} is in {office} already")]
    Inside { person: Rc<str>, office: Rc<str> },
    #[error("{person} isn't in {office}, so there is nobody to leave")]
    Outside { person: Rc<str>, office: Rc<str> },
    #[error("{0} is on fire already")]
    OnFire(Rc<str>),
    #[error("{0} is even more on fire; nobody goes in until it opens again")]
    Burning(Rc<str>),
    #[error("there has been no pinball-related incident in {0}, so boss mode stays off")]
    NoIncident(Rc<str>),
    #[error("{hero} isn't in {office}, and boss mode has to be engaged from inside")]
    NoHero { hero: Rc<str>, office: Rc<str> },
}

// Fold and decisions.

/// An office: how it is, and who is inside.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Office {
    pub name: Rc<str>,
    pub status: Status,
    pub people_inside: Set<Rc<str>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Status {
    #[default]
    #[serde(rename = "not open yet")]
    NotOpenYet,
    #[serde(rename = "lounge mode in effect")]
    LoungeModeInEffect,
    #[serde(rename = "literally on fire")]
    LiterallyOnFire,
    #[serde(rename = "even more on fire")]
    EvenMoreOnFire,
}
use Status::{EvenMoreOnFire, LiterallyOnFire, LoungeModeInEffect, NotOpenYet};

impl Aggregate for Office {
    const NAME: &'static str = "office";
    const SCHEMA: u16 = 2;
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/office-office.json"));
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        let office = || self.name.clone();
        match (command, self.status) {
            (OpenOffice { name }, _) if name.trim().is_empty() => Err(Rejection::Unnamed),
            (
                EnterOffice { person } | LeaveOffice { person } | EngageBossMode { hero: person },
                _,
            ) if person.trim().is_empty() => Err(Rejection::Nobody),
            (ReportPinballIncident { what }, _) if what.trim().is_empty() => {
                Err(Rejection::Nothing)
            }
            (OpenOffice { name }, NotOpenYet | EvenMoreOnFire) => Ok(vec![OfficeOpened { name }]),
            (OpenOffice { .. }, _) => Err(Rejection::Open(office())),
            (_, NotOpenYet) => Err(Rejection::Closed),
            (EnterOffice { .. }, EvenMoreOnFire) => Err(Rejection::Burning(office())),
            (EnterOffice { person }, _) if self.people_inside.contains(&person) => {
                Err(Rejection::Inside { person, office: office() })
            }
            (EnterOffice { person }, _) => Ok(vec![PersonEntered { person }]),
            (LeaveOffice { person }, _) if !self.people_inside.contains(&person) => {
                Err(Rejection::Outside { person, office: office() })
            }
            (LeaveOffice { person }, _) => Ok(vec![PersonLeft { person }]),
            (ReportPinballIncident { what }, LoungeModeInEffect) => {
                Ok(vec![PinballRelatedIncidentHappened { what }])
            }
            (ReportPinballIncident { .. }, _) => Err(Rejection::OnFire(office())),
            (EngageBossMode { .. }, LoungeModeInEffect) => Err(Rejection::NoIncident(office())),
            (EngageBossMode { hero }, _) if !self.people_inside.contains(&hero) => {
                Err(Rejection::NoHero { hero, office: office() })
            }
            (EngageBossMode { hero }, _) => Ok(vec![BossModeEngaged { hero }]),
        }
    }

    fn evolve(mut self, event: &Event) -> Self {
        match event {
            OfficeOpened { name } => {
                self.name = name.clone();
                self.status = LoungeModeInEffect;
            }
            PersonEntered { person } => _ = self.people_inside.insert(person.clone()),
            PersonLeft { person } => _ = self.people_inside.remove(person),
            PinballRelatedIncidentHappened { .. } => self.status = LiterallyOnFire,
            BossModeEngaged { .. } => {
                self.status = EvenMoreOnFire;
                self.people_inside.clear();
            }
        }
        self
    }

    /// Schema 1 noted that a badge was scanned at the door, and in which direction. What is in
    /// today's shape already was written before anybody counted schemas.
    fn upcast(stored: Stored) -> Result<Stored, String> {
        if stored.kind != "BadgeScanned" {
            return Ok(Stored { schema: 2, ..stored });
        }
        let kind = match stored.data["direction"].as_str() {
            Some("in") => "PersonEntered",
            Some("out") => "PersonLeft",
            _ => return Err("it does not say whether somebody went in or out".to_owned()),
        };
        let data = json!({ "person": stored.data["badge"] });
        Ok(Stored { kind: kind.to_owned(), schema: 2, data })
    }

    fn older() -> Vec<Older> {
        let scanned = |about, data| Older::new(about, "BadgeScanned", 1, data);
        vec![
            scanned(
                "The door noted each badge, and the way it went: one type of event became two.",
                json!({ "badge": "Eric", "direction": "in" }),
            ),
            scanned(
                "The door had lost the direction. Nobody can say what happened.",
                json!({ "badge": "Eric" }),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::examples::{
        boss_mode, engaged, enter, entered, incident, leave, left, office, open, opened, report,
    };
    use es::given;

    #[test]
    fn an_office_opens_in_lounge_mode_and_only_once() {
        let unspace = given::<Office>([]).when(open("Unspace")).then([opened()]);
        assert_eq!(unspace, office(LoungeModeInEffect, &[]));
        let twice = "Unspace is open already";
        given::<Office>([opened()]).when(open("Other")).refused(twice);
        given::<Office>([opened(), incident()]).when(open("Other")).refused(twice);
    }

    #[test]
    fn an_office_that_boss_mode_has_been_through_can_open_again() {
        let burnt = [opened(), entered("Eric"), incident(), engaged("Eric")];
        let unspace = given::<Office>(burnt).when(open("Unspace")).then([opened()]);
        assert_eq!(unspace, office(LoungeModeInEffect, &[]));
    }

    #[test]
    fn nothing_happens_in_an_office_that_has_not_opened() {
        let commands = [enter("Eric"), leave("Eric"), report("Multiball."), boss_mode("Eric")];
        for command in commands {
            given::<Office>([]).when(command).refused("this office hasn't opened yet");
        }
    }

    #[test]
    fn names_and_reports_have_to_say_something() {
        given::<Office>([]).when(open(" ")).refused("an office needs a name");
        for command in [enter(" "), leave(""), boss_mode(" ")] {
            given::<Office>([opened(), incident()]).when(command).refused("say who it is");
        }
        given::<Office>([opened()]).when(report(" ")).refused("say what happened");
    }

    #[test]
    fn somebody_goes_in_once() {
        let unspace = given::<Office>([opened()]).when(enter("Eric")).then([entered("Eric")]);
        assert_eq!(unspace, office(LoungeModeInEffect, &["Eric"]));
        let inside = [opened(), entered("Eric")];
        given::<Office>(inside).when(enter("Eric")).refused("Eric is in Unspace already");
    }

    #[test]
    fn a_hero_may_go_into_an_office_on_fire_but_nobody_goes_in_after_boss_mode() {
        given::<Office>([opened(), incident()]).when(enter("Eric")).then([entered("Eric")]);
        let burnt = [opened(), entered("Eric"), incident(), engaged("Eric")];
        let burning = "Unspace is even more on fire; nobody goes in until it opens again";
        given::<Office>(burnt).when(enter("Eric")).refused(burning);
    }

    #[test]
    fn only_who_is_inside_can_leave() {
        let inside = [opened(), entered("Eric")];
        let unspace = given::<Office>(inside).when(leave("Eric")).then([left("Eric")]);
        assert_eq!(unspace, office(LoungeModeInEffect, &[]));
        let outside = "Eric isn't in Unspace, so there is nobody to leave";
        given::<Office>([opened()]).when(leave("Eric")).refused(outside);
    }

    #[test]
    fn an_incident_sets_the_office_on_fire_once() {
        let inside = [opened(), entered("Eric")];
        let unspace = given::<Office>(inside).when(report("Multiball.")).then([incident()]);
        assert_eq!(unspace, office(LiterallyOnFire, &["Eric"]));
        let on_fire = "Unspace is on fire already";
        given::<Office>([opened(), incident()]).when(report("Tilt.")).refused(on_fire);
        let burnt = [opened(), entered("Eric"), incident(), engaged("Eric")];
        given::<Office>(burnt).when(report("Tilt.")).refused(on_fire);
    }

    #[test]
    fn boss_mode_empties_an_office_that_burns_even_more() {
        let burning = [opened(), entered("Eric"), entered("Bob"), incident()];
        let unspace = given::<Office>(burning).when(boss_mode("Eric")).then([engaged("Eric")]);
        assert_eq!(unspace, office(EvenMoreOnFire, &[]));
    }

    #[test]
    fn boss_mode_needs_an_incident_and_a_hero_inside() {
        let calm = "there has been no pinball-related incident in Unspace, so boss mode stays off";
        given::<Office>([opened(), entered("Eric")]).when(boss_mode("Eric")).refused(calm);
        let nobody = "Eric isn't in Unspace, and boss mode has to be engaged from inside";
        given::<Office>([opened(), incident()]).when(boss_mode("Eric")).refused(nobody);
    }
}
