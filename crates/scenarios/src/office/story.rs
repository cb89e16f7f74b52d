//! The story, told step by step.

use es::Step;

use super::aggregate::Command::{
    EngageBossMode, EnterOffice, LeaveOffice, OpenOffice, ReportPinballIncident,
};
use super::aggregate::Office;

/// A moment of August 2013, UTC.
pub fn august(day: u64, hour: u64, minute: u64) -> u64 {
    const AUGUST_2013: u64 = 1_375_315_200_000;
    AUGUST_2013 + (((day - 1) * 24 + hour) * 60 + minute) * 60_000
}

pub fn story() -> [Step; 13] {
    let alice = |say, at, command| Step::new::<Office>(say, "1", &command).at(at);
    let bob = |say, at, command| alice(say, at, command).by("Bob");
    let eric = |say, at, command| alice(say, at, command).by("Eric");
    let open = |name: &str| OpenOffice { name: name.into() };
    let enter = |person: &str| EnterOffice { person: person.into() };
    let leave = |person: &str| LeaveOffice { person: person.into() };
    let report = |what: &str| ReportPinballIncident { what: what.into() };
    let boss_mode = |hero: &str| EngageBossMode { hero: hero.into() };
    let coming_and_going = ["office-1", "Who is inside"];
    let refused = ["office-1", "Journal"];
    let reopened = ["office-1", "Status board", "Incident report"];
    [
        alice("12 August: Alice opens the office. Lounge mode.", august(12, 9, 0), open("Unspace"))
            .show(coming_and_going),
        alice("She is the first one in.", august(12, 9, 5), enter("Alice")).show(coming_and_going),
        bob("Bob comes in.", august(12, 10, 15), enter("Bob")).show(coming_and_going),
        alice("Alice calls it a day.", august(12, 18, 30), leave("Alice")).show(coming_and_going),
        alice("She leaves again. She isn't in.", august(12, 18, 31), leave("Alice")).show(refused),
        eric(
            "13 August: Eric comes in, for the pinball machine.",
            august(13, 11, 0),
            enter("Eric"),
        )
        .show(coming_and_going),
        bob("Bob tries boss mode. Nothing burns yet.", august(13, 14, 0), boss_mode("Bob"))
            .show(refused),
        bob("Bob goes home. Eric stays overnight.", august(13, 22, 0), leave("Bob"))
            .show(coming_and_going),
        eric(
            "14 August, 16:20: the incident.",
            august(14, 16, 20),
            report("Multiball got out of hand."),
        )
        .show(["office-1", "Incident report"]),
        alice("Alice wants to help, from outside.", august(14, 16, 24), boss_mode("Alice"))
            .show(refused),
        eric("Eric engages boss mode. Who is inside now?", august(14, 16, 25), boss_mode("Eric"))
            .show(["office-1", "Who is inside", "Incident report"]),
        bob("Bob wants his mug. See the status board.", august(14, 16, 40), enter("Bob")).show([
            "office-1",
            "Status board",
            "Journal",
        ]),
        alice("28 August: two weeks later it opens again.", august(28, 9, 0), open("Unspace"))
            .show(reopened),
    ]
}
