//! A team: what is asked of it, and what happens to it. One command makes no event, one or many.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use es::{Aggregate, Older, Set, Stored};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    TeamRegistered { name: Rc<str> },
    PlayerAdded { player: Rc<str> },
    PlayerReleased { player: Rc<str> },
}
use Event::{PlayerAdded, PlayerReleased, TeamRegistered};

// Commands.

pub const NECKBEARDS: [&str; 3] = ["Ben", "Mattia", "Justin"];

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum Command {
    /// Registers a team, without players yet.
    RegisterTeam {
        /// What it is called
        #[schemars(example = &"The Neckbeards")]
        name: Rc<str>,
    },
    /// Adds players to a team. Whoever is in it already stays, and makes no event.
    AddPlayers {
        /// Who joins
        #[schemars(example = NECKBEARDS)]
        players: Vec<Rc<str>>,
    },
    /// Lets a player go.
    ReleasePlayer {
        /// Who leaves
        #[schemars(example = &"Justin")]
        player: Rc<str>,
    },
}
use Command::{AddPlayers, RegisterTeam, ReleasePlayer};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    #[error("a team needs a name")]
    Unnamed,
    #[error("this team is registered already, as {0}")]
    Registered(Rc<str>),
    #[error("there is no team here yet; register one first")]
    Unknown,
    #[error("name at least one player")]
    Nobody,
    #[error("every player needs a name")]
    Nameless,
    #[error("{0} is on the list twice")]
    Twice(Rc<str>),
    #[error("{player} isn't in {team}, so there is nobody to release")]
    NotThere { player: Rc<str>, team: Rc<str> },
}

// Fold and decisions.

/// A team, once it has a name, and who is in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Team {
    pub name: Option<Rc<str>>,
    pub players: Set<Rc<str>>,
}

impl Aggregate for Team {
    const NAME: &'static str = "team";
    const SCHEMA: u16 = 3;
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/teams-team.json"));
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match (command, &self.name) {
            (RegisterTeam { name }, _) if name.trim().is_empty() => Err(Rejection::Unnamed),
            (RegisterTeam { .. }, Some(name)) => Err(Rejection::Registered(name.clone())),
            (RegisterTeam { name }, None) => Ok(vec![TeamRegistered { name }]),
            (_, None) => Err(Rejection::Unknown),
            (AddPlayers { players }, _) => self.add(players),
            (ReleasePlayer { player }, Some(team)) if !self.players.contains(&player) => {
                Err(Rejection::NotThere { player, team: team.clone() })
            }
            (ReleasePlayer { player }, _) => Ok(vec![PlayerReleased { player }]),
        }
    }

    fn evolve(mut self, event: &Event) -> Self {
        match event {
            TeamRegistered { name } => self.name = Some(name.clone()),
            PlayerAdded { player } => _ = self.players.insert(player.clone()),
            PlayerReleased { player } => _ = self.players.remove(player),
        }
        self
    }

    /// Schema 1 called a team's name `title`, and had a player join. Schema 2 still wrote a
    /// player's first and last name by themselves. What is in today's shape already was written
    /// before anybody counted schemas.
    fn upcast(mut stored: Stored) -> Result<Stored, String> {
        let Some(fields) = stored.data.as_object_mut() else {
            return Err("it is no list of fields".to_owned());
        };
        match (stored.schema, stored.kind.as_str()) {
            (1, "TeamRegistered") => {
                if let Some(title) = fields.remove("title") {
                    fields.insert("name".to_owned(), title);
                }
            }
            (1, "PlayerJoined") => "PlayerAdded".clone_into(&mut stored.kind),
            (2, "PlayerAdded") if !fields.contains_key("player") => {
                let mut name = |part: &str| {
                    let name = fields.remove(part);
                    let name = name.as_ref().and_then(Value::as_str).map(str::to_owned);
                    name.ok_or_else(|| format!("it does not say the player's {part} name"))
                };
                let player = format!("{} {}", name("first")?, name("last")?);
                fields.insert("player".to_owned(), player.into());
            }
            _ => {}
        }
        stored.schema += 1;
        Ok(stored)
    }

    fn older() -> Vec<Older> {
        vec![
            Older::new(
                "A team's name was called title.",
                "TeamRegistered",
                1,
                json!({ "title": "The Oldies" }),
            ),
            Older::new(
                "Players joined, with a first and a last name.",
                "PlayerJoined",
                1,
                json!({ "first": "Mattia", "last": "Gheda" }),
            ),
            Older::new(
                "Names were still in two parts.",
                "PlayerAdded",
                2,
                json!({ "first": "Ben", "last": "Moss" }),
            ),
            Older::new(
                "The last name is missing. The second step cannot make a name of it.",
                "PlayerJoined",
                1,
                json!({ "first": "Justin" }),
            ),
        ]
    }
}

impl Team {
    fn add(&self, players: Vec<Rc<str>>) -> Result<Vec<Event>, Rejection> {
        if players.is_empty() {
            return Err(Rejection::Nobody);
        }
        let mut named = Set::new();
        for player in &players {
            if player.trim().is_empty() {
                return Err(Rejection::Nameless);
            }
            if !named.insert(player) {
                return Err(Rejection::Twice(player.clone()));
            }
        }
        let new = players.into_iter().filter(|player| !self.players.contains(player));
        Ok(new.map(|player| PlayerAdded { player }).collect())
    }
}

#[cfg(test)]
mod upcasting {
    use super::*;

    #[test]
    fn a_player_who_joined_with_two_names_is_added_with_one() {
        let stored = |kind: &str, schema, data| Stored { kind: kind.to_owned(), schema, data };
        let names = json!({ "first": "Mattia", "last": "Gheda" });
        let second = Team::upcast(stored("PlayerJoined", 1, names.clone())).unwrap();
        assert_eq!(second, stored("PlayerAdded", 2, names));
        let third = Team::upcast(second).unwrap();
        assert_eq!(third, stored("PlayerAdded", 3, json!({ "player": "Mattia Gheda" })));
        let nameless = Team::upcast(stored("PlayerAdded", 2, json!({ "first": "Justin" })));
        assert_eq!(nameless, Err("it does not say the player's last name".to_owned()));
    }

    #[test]
    fn what_had_todays_shape_before_schemas_were_counted_stays_as_it_is() {
        let data = json!({ "player": "Ben" });
        let mut stored = Stored { kind: "PlayerAdded".to_owned(), schema: 1, data };
        let was = stored.clone();
        for _ in 0..2 {
            stored = Team::upcast(stored).unwrap();
        }
        assert_eq!(stored, Stored { schema: 3, ..was });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::teams::examples::{add, added, register, registered, release, released};
    use es::given;

    #[test]
    fn a_team_is_registered_once() {
        let team = given::<Team>([]).when(register("The Neckbeards")).then([registered()]);
        assert_eq!(team, Team { name: Some("The Neckbeards".into()), players: Set::new() });
        let twice = "this team is registered already, as The Neckbeards";
        given::<Team>([registered()]).when(register("The Noodles")).refused(twice);
        given::<Team>([]).when(register(" ")).refused("a team needs a name");
    }

    #[test]
    fn a_team_that_nobody_registered_takes_and_releases_nobody() {
        let unknown = "there is no team here yet; register one first";
        given::<Team>([]).when(add(&["Ben"])).refused(unknown);
        given::<Team>([]).when(release("Ben")).refused(unknown);
    }

    #[test]
    fn every_player_on_the_list_makes_an_event() {
        let team = given::<Team>([registered()])
            .when(add(&["Ben", "Mattia"]))
            .then([added("Ben"), added("Mattia")]);
        assert_eq!(team.players, Set::from(["Ben".into(), "Mattia".into()]));
    }

    #[test]
    fn a_player_who_is_there_already_makes_no_event() {
        let ben = || given::<Team>([registered(), added("Ben")]);
        ben().when(add(&["Ben", "Mattia"])).then([added("Mattia")]);
        ben().when(add(&["Ben"])).then([]);
    }

    #[test]
    fn a_list_that_is_empty_or_names_somebody_twice_or_not_at_all_is_refused() {
        let team = || given::<Team>([registered()]);
        team().when(add(&[])).refused("name at least one player");
        team().when(add(&["Ben", " "])).refused("every player needs a name");
        team().when(add(&["Ben", "Eric", "Ben"])).refused("Ben is on the list twice");
    }

    #[test]
    fn only_a_player_of_the_team_can_be_released() {
        let ben = || given::<Team>([registered(), added("Ben")]);
        let team = ben().when(release("Ben")).then([released("Ben")]);
        given::<Team>([registered()]).is(&team);
        let not_there = "Eric isn't in The Neckbeards, so there is nobody to release";
        ben().when(release("Eric")).refused(not_there);
    }
}
