//! The office: time travel by date. What was its status on 14 August 2013, and who was inside?

use std::rc::Rc;

use es::{Aggregate, Listed, Map, Projection, Recorded, Scenario, Set, States, Step, View};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    const SCHEMAS: Option<&'static str> = Some(include_str!("schemas/office-office.json"));
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
}

// Read models.

impl Listed for Office {
    const TITLE: &'static str = "Status board";
    const ABOUT: &'static str = "The board at the door: how it is in there, and who is inside.";

    fn list(offices: &States<Self>) -> View {
        offices.documents()
    }
}

/// How many people were inside, from position to position.
#[derive(Clone, Default)]
pub struct WhoIsInside(Map<Rc<str>, (Office, Map<u64, i64>)>);

impl Projection for WhoIsInside {
    const NAME: &'static str = "Who is inside";
    const ABOUT: &'static str = "How many people were inside, from event to event.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Office>() else { return };
        let (office, counts) = self.0.entry(recorded.key().clone()).or_default();
        office.evolve_in_place(event);
        let inside = i64::try_from(office.people_inside.len()).unwrap_or(i64::MAX);
        counts.insert(recorded.position(), inside);
    }

    fn view(&self) -> View {
        let series = self
            .0
            .iter()
            .map(|(key, (_, counts))| (format!("{}-{key}", Office::NAME).into(), counts.clone()));
        View::Chart { unit: "people inside".into(), money: false, series: series.collect() }
    }

    fn weight(&self) -> usize {
        self.0.values().map(|(_, counts)| 1 + counts.len()).sum()
    }
}

/// What happened in an office, for the insurance.
#[derive(Clone, Default)]
pub struct IncidentReport(Map<Rc<str>, (Office, Vec<Rc<str>>)>);

impl Projection for IncidentReport {
    const NAME: &'static str = "Incident report";
    const ABOUT: &'static str = "What happened and when, written down for the insurance.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Office>() else { return };
        let (office, entries) = self.0.entry(recorded.key().clone()).or_default();
        let (at, inside) = (|| moment(recorded.at()), || list(&office.people_inside));
        let entry = match event {
            PinballRelatedIncidentHappened { what } => {
                let (at, inside) = (at(), inside());
                Some(format!(
                    "## {at}\n\n**Pinball-related incident.** {what}\n\nInside: {inside}."
                ))
            }
            BossModeEngaged { hero } => {
                let (at, inside) = (at(), inside());
                Some(format!("On {at}, **{hero}** engaged boss mode. Got out: {inside}."))
            }
            OfficeOpened { .. } if !entries.is_empty() => {
                Some(format!("It opened again on {}.", at()))
            }
            OfficeOpened { .. } | PersonEntered { .. } | PersonLeft { .. } => None,
        };
        entries.extend(entry.map(Rc::from));
        office.evolve_in_place(event);
    }

    fn view(&self) -> View {
        let pages = self.0.iter().map(|(key, (office, entries))| {
            let body =
                if entries.is_empty() { "Nothing to report.".into() } else { entries.join("\n\n") };
            (key.clone(), format!("# {}\n\n{body}", office.name))
        });
        View::Pages { pages: pages.collect() }
    }

    fn weight(&self) -> usize {
        self.0.values().map(|(_, entries)| 1 + entries.len()).sum()
    }
}

fn list(people: &Set<Rc<str>>) -> String {
    if people.is_empty() {
        return "nobody".to_owned();
    }
    people.iter().map(|person| &**person).collect::<Vec<_>>().join(", ")
}

/// A time as a person would write it: `14 August 2013, 16:20 UTC`.
fn moment(millis: u64) -> String {
    let minutes = millis / 60_000;
    let (day, month, year) = date(minutes / 1440);
    format!("{day} {month} {year}, {:02}:{:02} UTC", minutes / 60 % 24, minutes % 60)
}

/// The date that is `days` after 1 January 1970. Years are counted from March, so that the
/// leap day comes last (the method is Howard Hinnant's).
fn date(days: u64) -> (u64, &'static str, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let name = usize::try_from(month).ok().and_then(|month| MONTHS_FROM_MARCH.get(month));
    (
        day - (153 * month + 2) / 5 + 1,
        name.copied().unwrap_or_default(),
        era * 400 + year + u64::from(month > 9),
    )
}

const MONTHS_FROM_MARCH: [&str; 12] = [
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
    "January",
    "February",
];

// The scenario and its story.

/// Unspace in August 2013, when it was literally on fire.
pub fn scenario() -> Scenario {
    Scenario::new("office", "The office", "Hydrate until a moment of August 2013, and see.")
        .aggregate::<Office>()
        .projection::<States<Office>>()
        .projection::<WhoIsInside>()
        .projection::<IncidentReport>()
        .story(august(12, 9, 0), story())
}

/// A moment of August 2013, UTC.
fn august(day: u64, hour: u64, minute: u64) -> u64 {
    const AUGUST_2013: u64 = 1_375_315_200_000;
    AUGUST_2013 + (((day - 1) * 24 + hour) * 60 + minute) * 60_000
}

fn story() -> [Step; 13] {
    let alice = |say, at, command| Step::new::<Office>(say, "1", &command).at(at);
    let bob = |say, at, command| alice(say, at, command).by("Bob");
    let eric = |say, at, command| alice(say, at, command).by("Eric");
    let open = |name: &str| OpenOffice { name: name.into() };
    let enter = |person: &str| EnterOffice { person: person.into() };
    let leave = |person: &str| LeaveOffice { person: person.into() };
    let report = |what: &str| ReportPinballIncident { what: what.into() };
    let boss_mode = |hero: &str| EngageBossMode { hero: hero.into() };
    [
        alice("Alice opens the office. Lounge mode.", august(12, 9, 0), open("Unspace")),
        alice("She is the first one in.", august(12, 9, 5), enter("Alice")),
        bob("Bob comes in.", august(12, 10, 15), enter("Bob")),
        alice("Alice calls it a day.", august(12, 18, 30), leave("Alice")),
        alice("Leaving twice is refused: she isn't in.", august(12, 18, 31), leave("Alice")),
        eric("Eric comes in, for the pinball machine.", august(13, 11, 0), enter("Eric")),
        bob(
            "Bob tries boss mode. Nothing burns yet: refused.",
            august(13, 14, 0),
            boss_mode("Bob"),
        ),
        bob("Bob goes home. Eric stays overnight.", august(13, 22, 0), leave("Bob")),
        eric("The incident.", august(14, 16, 20), report("Multiball got out of hand.")),
        alice(
            "Alice wants to help, from outside. Refused.",
            august(14, 16, 24),
            boss_mode("Alice"),
        ),
        eric("Eric engages boss mode. Who is inside now?", august(14, 16, 25), boss_mode("Eric")),
        bob("Bob wants his mug. Refused: see the status board.", august(14, 16, 40), enter("Bob")),
        alice("Two weeks later it opens again.", august(28, 9, 0), open("Unspace")),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use es::{Past, given, past};

    fn open(name: &str) -> Command {
        OpenOffice { name: name.into() }
    }

    fn enter(person: &str) -> Command {
        EnterOffice { person: person.into() }
    }

    fn leave(person: &str) -> Command {
        LeaveOffice { person: person.into() }
    }

    fn report(what: &str) -> Command {
        ReportPinballIncident { what: what.into() }
    }

    fn boss_mode(hero: &str) -> Command {
        EngageBossMode { hero: hero.into() }
    }

    fn opened() -> Event {
        OfficeOpened { name: "Unspace".into() }
    }

    fn entered(person: &str) -> Event {
        PersonEntered { person: person.into() }
    }

    fn left(person: &str) -> Event {
        PersonLeft { person: person.into() }
    }

    fn incident() -> Event {
        PinballRelatedIncidentHappened { what: "Multiball.".into() }
    }

    fn engaged(hero: &str) -> Event {
        BossModeEngaged { hero: hero.into() }
    }

    fn office(status: Status, inside: &[&str]) -> Office {
        let people_inside = inside.iter().map(|&person| person.into()).collect();
        Office { name: "Unspace".into(), status, people_inside }
    }

    /// The talk's Wednesday: Eric is inside, Alice has left, and multiball gets out of hand.
    fn wednesday() -> Past {
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

    #[test]
    fn the_board_says_how_it_is_and_who_is_inside() {
        let board = |told: &Past| told.shows::<States<Office>>()["documents"]["1"].clone();
        let burnt =
            json!({ "name": "Unspace", "status": "even more on fire", "people_inside": [] });
        assert_eq!(board(&wednesday()), burnt);
        let told = wednesday().and::<Office>("1", opened()).and::<Office>("1", entered("Bob"));
        let again = json!({
            "name": "Unspace",
            "status": "lounge mode in effect",
            "people_inside": ["Bob"],
        });
        assert_eq!(board(&told), again);
        let told = told.and::<Office>("1", incident());
        assert_eq!(board(&told)["status"], "literally on fire");
    }

    #[test]
    fn the_chart_counts_who_is_inside_after_each_event() {
        let told = wednesday().and::<Office>("2", opened());
        assert_eq!(
            told.shows::<WhoIsInside>()["series"],
            json!({
                "office-1": { "1": 0, "2": 1, "3": 2, "4": 1, "5": 1, "6": 0 },
                "office-2": { "7": 0 },
            })
        );
    }

    #[test]
    fn the_report_tells_what_happened_and_when() {
        let told = wednesday().and::<Office>("2", opened()).at(august(28, 9, 5));
        let told = told.and::<Office>("1", opened()).and::<Office>("1", incident());
        assert_eq!(
            told.shows::<IncidentReport>()["pages"],
            json!({
                "1": "# Unspace\n\n\
                    ## 14 August 2013, 16:20 UTC\n\n\
                    **Pinball-related incident.** Multiball.\n\n\
                    Inside: Eric.\n\n\
                    On 14 August 2013, 16:25 UTC, **Eric** engaged boss mode. Got out: Eric.\n\n\
                    It opened again on 28 August 2013, 09:05 UTC.\n\n\
                    ## 28 August 2013, 09:05 UTC\n\n\
                    **Pinball-related incident.** Multiball.\n\n\
                    Inside: nobody.",
                "2": "# Unspace\n\nNothing to report.",
            })
        );
    }

    #[test]
    fn days_since_1970_are_dates() {
        let dates = [
            (0, (1, "January", 1970)),
            (59, (1, "March", 1970)),
            (11_016, (29, "February", 2000)),
            (11_017, (1, "March", 2000)),
            (11_322, (31, "December", 2000)),
            (19_782, (29, "February", 2024)),
            (47_540, (28, "February", 2100)),
            (47_541, (1, "March", 2100)),
        ];
        for (days, expected) in dates {
            assert_eq!(date(days), expected);
        }
    }
}
