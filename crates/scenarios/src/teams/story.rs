//! The story, told step by step.

use std::rc::Rc;

use es::Step;

use super::team::Command::{AddPlayers, RegisterTeam, ReleasePlayer};
use super::team::{NECKBEARDS, Team};

/// 24 August 2017, 19:00 UTC.
pub const AUGUST_2017: u64 = 1_503_601_200_000;

pub fn story() -> [Step; 12] {
    let alice = |say, command| Step::new::<Team>(say, "1", &command);
    let bob = |say, command| Step::new::<Team>(say, "2", &command).by("Bob");
    let register = |name: &str| RegisterTeam { name: name.into() };
    let add = |players: &[&str]| AddPlayers { players: names(players) };
    let release = |player: &str| ReleasePlayer { player: player.into() };
    let events_of_a_command = ["Journal", "Log", "team-1"];
    let refused = |team| [team, "Journal"];
    let now_and_ever = |team| [team, "Roster", "Played together"];
    [
        alice("Alice registers a team.", register("The Neckbeards")).show(events_of_a_command),
        alice("Three players join: one command, three events.", add(&NECKBEARDS))
            .show(events_of_a_command),
        bob("Bob wants players before he has a team.", add(&["Lola"])).show(refused("team-2")),
        bob("So Bob registers his team.", register("The Noodles")).show(["team-2", "Team list"]),
        bob("Mattia plays for both teams.", add(&["Lola", "Mattia"])).show(now_and_ever("team-2")),
        alice("Ben and Mattia are there already: no event.", add(&["Ben", "Mattia"]))
            .show(events_of_a_command),
        alice("Ben is, Eric isn't: one event.", add(&["Ben", "Eric"])).show(events_of_a_command),
        alice("One name comes twice, so nobody joins.", add(&["Greg", "Greg"]))
            .show(events_of_a_command),
        alice("Justin leaves the Neckbeards.", release("Justin")).show(now_and_ever("team-1")),
        bob("And joins the Noodles. The graph remembers both.", add(&["Justin"]))
            .show(now_and_ever("team-2")),
        alice("Alice releases Justin again.", release("Justin")).show(refused("team-1")),
        alice("Alice registers her team a second time.", register("The Beards"))
            .show(refused("team-1")),
    ]
}

pub fn names(players: &[&str]) -> Vec<Rc<str>> {
    players.iter().map(|&player| player.into()).collect()
}
