//! What happens in the tests of this domain.

use es::{Past, past};

use super::story::names;
use super::team::Command::{AddPlayers, RegisterTeam, ReleasePlayer};
use super::team::Event::{PlayerAdded, PlayerReleased, TeamRegistered};
use super::team::{Command, Event, Team};

pub fn register(name: &str) -> Command {
    RegisterTeam { name: name.into() }
}

pub fn add(players: &[&str]) -> Command {
    AddPlayers { players: names(players) }
}

pub fn release(player: &str) -> Command {
    ReleasePlayer { player: player.into() }
}

pub fn registered() -> Event {
    TeamRegistered { name: "The Neckbeards".into() }
}

pub fn added(player: &str) -> Event {
    PlayerAdded { player: player.into() }
}

pub fn released(player: &str) -> Event {
    PlayerReleased { player: player.into() }
}

/// Justin has left the Neckbeards for the Noodles, where Mattia plays as well.
pub fn two_teams() -> Past {
    past()
        .and::<Team>("1", registered())
        .and::<Team>("1", added("Mattia"))
        .and::<Team>("1", added("Ben"))
        .and::<Team>("1", added("Justin"))
        .and::<Team>("1", released("Justin"))
        .and::<Team>("2", TeamRegistered { name: "The Noodles".into() })
        .and::<Team>("2", added("Mattia"))
        .and::<Team>("2", added("Justin"))
}
