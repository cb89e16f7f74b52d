//! What happens in the tests of this domain.

use es::{Past, past};

use super::aggregate::Command::{
    EngageBossMode, EnterOffice, LeaveOffice, OpenOffice, ReportPinballIncident,
};
use super::aggregate::Event::{
    BossModeEngaged, OfficeOpened, PersonEntered, PersonLeft, PinballRelatedIncidentHappened,
};
use super::aggregate::{Command, Event, Office, Status};
use super::story::august;

pub fn open(name: &str) -> Command {
    OpenOffice { name: name.into() }
}

pub fn enter(person: &str) -> Command {
    EnterOffice { person: person.into() }
}

pub fn leave(person: &str) -> Command {
    LeaveOffice { person: person.into() }
}

pub fn report(what: &str) -> Command {
    ReportPinballIncident { what: what.into() }
}

pub fn boss_mode(hero: &str) -> Command {
    EngageBossMode { hero: hero.into() }
}

pub fn opened() -> Event {
    OfficeOpened { name: "Unspace".into() }
}

pub fn entered(person: &str) -> Event {
    PersonEntered { person: person.into() }
}

pub fn left(person: &str) -> Event {
    PersonLeft { person: person.into() }
}

pub fn incident() -> Event {
    PinballRelatedIncidentHappened { what: "Multiball.".into() }
}

pub fn engaged(hero: &str) -> Event {
    BossModeEngaged { hero: hero.into() }
}

pub fn office(status: Status, inside: &[&str]) -> Office {
    let people_inside = inside.iter().map(|&person| person.into()).collect();
    Office { name: "Unspace".into(), status, people_inside }
}

/// The talk's Wednesday: Eric is inside, Alice has left, and multiball gets out of hand.
pub fn wednesday() -> Past {
    past()
        .at(august(13, 22, 0))
        .and::<Office>("1", opened())
        .and::<Office>("1", entered("Alice"))
        .and::<Office>("1", entered("Eric"))
        .and::<Office>("1", left("Alice"))
        .at(august(14, 16, 20))
        .and::<Office>("1", incident())
        .at(august(14, 16, 25))
        .and::<Office>("1", engaged("Eric"))
}
