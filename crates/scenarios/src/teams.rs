//! Teams: one command makes no event, one or many. The same events make a table of who plays where,
//! and a graph of who has ever played with whom.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use es::{
    Aggregate, File, Listed, Map, Older, Projection, Recorded, Row, Scenario, Set, States, Step,
    Stored, View,
};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    TeamRegistered { name: Rc<str> },
    PlayerAdded { player: Rc<str> },
    PlayerReleased { player: Rc<str> },
}
use Event::{PlayerAdded, PlayerReleased, TeamRegistered};

// Commands.

const NECKBEARDS: [&str; 3] = ["Ben", "Mattia", "Justin"];

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
    const SCHEMAS: Option<&'static str> = Some(include_str!("schemas/teams-team.json"));
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

// Read models.

impl Listed for Team {
    const TITLE: &'static str = "Team list";
    const ABOUT: &'static str = "Every team and how many are in it.";

    fn list(teams: &States<Self>) -> View {
        teams.table(&["team", "name", "players"], |team| (&team.name, team.players.len()))
    }
}

/// Who plays where.
#[derive(Clone, Default)]
pub struct Roster(States<Team>);

impl Projection for Roster {
    const NAME: &'static str = "Roster";
    const ABOUT: &'static str = "Who plays for which team today. Released players are gone.";

    fn apply(&mut self, recorded: &Recorded) {
        self.0.apply(recorded);
    }

    fn view(&self) -> View {
        let rows = self.0.iter().flat_map(|(key, team)| {
            team.players.iter().map(move |player| Row::of_two(key, player, (player, &team.name)))
        });
        View::table(&["player", "team"], rows)
    }

    fn weight(&self) -> usize {
        self.0.iter().map(|(_, team)| 1 + team.players.len()).sum()
    }
}

/// Who was ever in a team with whom, and how often one joined the other.
#[derive(Clone, Default)]
pub struct PlayedTogether {
    teams: Map<Rc<str>, Set<Rc<str>>>,
    met: Map<(Rc<str>, Rc<str>), u64>,
    players: Set<Rc<str>>,
}

impl Projection for PlayedTogether {
    const NAME: &'static str = "Played together";
    const ABOUT: &'static str = "Who has ever played with whom, also in teams they have left.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Team>() else { return };
        let team = self.teams.entry(recorded.key().clone()).or_default();
        match event {
            PlayerAdded { player } if team.insert(player.clone()) => {
                self.players.insert(player.clone());
                for mate in team.iter().filter(|&mate| mate != player) {
                    let pair = (player.min(mate).clone(), player.max(mate).clone());
                    *self.met.entry(pair).or_default() += 1;
                }
            }
            PlayerReleased { player } => _ = team.remove(player),
            PlayerAdded { .. } | TeamRegistered { .. } => {}
        }
    }

    fn view(&self) -> View {
        let nodes = self.players.iter().map(|player| (player.clone(), player.to_string()));
        View::Graph { nodes: nodes.collect(), edges: self.met.clone() }
    }

    fn weight(&self) -> usize {
        self.players.len() + self.met.len()
    }
}

/// A badge for each team, to hang on a wall.
#[derive(Clone, Default)]
pub struct Badges(States<Team>);

impl Projection for Badges {
    const NAME: &'static str = "Badges";
    const ABOUT: &'static str = "Each team's badge, as a drawing: its name, and who plays for it.";

    fn apply(&mut self, recorded: &Recorded) {
        self.0.apply(recorded);
    }

    fn view(&self) -> View {
        let files = self.0.iter().map(|(key, team)| {
            (format!("{}-{key}.svg", Team::NAME), File::new("image/svg+xml", team.badge()))
        });
        View::files(files)
    }

    fn weight(&self) -> usize {
        self.0.iter().map(|(_, team)| 1 + team.players.len()).sum()
    }
}

/// How many players a badge names; the rest is counted.
const ON_A_BADGE: usize = 6;

impl Team {
    fn badge(&self) -> String {
        let name = escaped(self.name.as_deref().unwrap_or("A team without a name"));
        let mut lines: Vec<String> =
            self.players.iter().take(ON_A_BADGE).map(|player| escaped(player)).collect();
        match self.players.len() {
            0 => lines.push("nobody yet".to_owned()),
            count if count > ON_A_BADGE => lines.push(format!("and {} more", count - ON_A_BADGE)),
            _ => {}
        }
        let height = 70 + 20 * lines.len();
        let players = lines.iter().enumerate().map(|(at, line)| {
            format!("<text x=\"120\" y=\"{}\" font-size=\"14\">{line}</text>", 68 + 20 * at)
        });
        let players: String = players.collect();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 240 {height}\" \
             font-family=\"sans-serif\" text-anchor=\"middle\" fill=\"#fff\">\
             <rect width=\"240\" height=\"{height}\" rx=\"16\" fill=\"#1857c0\"/>\
             <text x=\"120\" y=\"36\" font-size=\"18\" font-weight=\"bold\">{name}</text>{players}</svg>"
        )
    }
}

/// A text as a drawing has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

// The scenario and its story.

/// The two teams of the talk, and players who change sides.
pub fn scenario() -> Scenario {
    Scenario::new("teams", "Teams", "One command makes no event, one or many.")
        .aggregate::<Team>()
        .projection::<States<Team>>()
        .projection::<Roster>()
        .projection::<PlayedTogether>()
        .projection::<Badges>()
        .story(AUGUST_2017, story())
}

/// 24 August 2017, 19:00 UTC.
const AUGUST_2017: u64 = 1_503_601_200_000;

fn story() -> [Step; 12] {
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

fn names(players: &[&str]) -> Vec<Rc<str>> {
    players.iter().map(|&player| player.into()).collect()
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
    use serde_json::json;

    use super::*;
    use es::{Past, given, past};

    fn add(players: &[&str]) -> Command {
        AddPlayers { players: names(players) }
    }

    fn release(player: &str) -> Command {
        ReleasePlayer { player: player.into() }
    }

    fn registered() -> Event {
        TeamRegistered { name: "The Neckbeards".into() }
    }

    fn added(player: &str) -> Event {
        PlayerAdded { player: player.into() }
    }

    fn released(player: &str) -> Event {
        PlayerReleased { player: player.into() }
    }

    /// Justin has left the Neckbeards for the Noodles, where Mattia plays as well.
    fn two_teams() -> Past {
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

    #[test]
    fn a_team_is_registered_once() {
        let register = |name: &str| RegisterTeam { name: name.into() };
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

    #[test]
    fn the_list_counts_who_is_in_a_team() {
        assert_eq!(
            two_teams().rows::<States<Team>>(),
            ["1 | The Neckbeards | 2", "2 | The Noodles | 2"]
        );
    }

    #[test]
    fn the_roster_names_who_is_in_a_team() {
        let roster = [
            "Ben | The Neckbeards",
            "Mattia | The Neckbeards",
            "Justin | The Noodles",
            "Mattia | The Noodles",
        ];
        assert_eq!(two_teams().rows::<Roster>(), roster);
    }

    #[test]
    fn the_graph_remembers_players_who_left() {
        let graph = two_teams().shows::<PlayedTogether>();
        let everybody = json!({ "Ben": "Ben", "Justin": "Justin", "Mattia": "Mattia" });
        let met = json!([["Ben", "Justin", 1], ["Ben", "Mattia", 1], ["Justin", "Mattia", 2]]);
        assert_eq!(graph, json!({ "kind": "graph", "nodes": everybody, "edges": met }));
    }

    #[test]
    fn who_is_added_to_the_same_team_twice_has_not_met_anybody_anew() {
        let twice = two_teams().and::<Team>("2", added("Justin"));
        assert_eq!(twice.shows::<PlayedTogether>(), two_teams().shows::<PlayedTogether>());
    }

    #[test]
    fn who_left_before_another_came_has_not_played_with_them() {
        let told = past()
            .and::<Team>("1", added("Ben"))
            .and::<Team>("1", released("Ben"))
            .and::<Team>("1", added("Eric"));
        assert_eq!(told.shows::<PlayedTogether>()["edges"], json!([]));
    }
}
