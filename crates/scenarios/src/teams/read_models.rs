//! What is shown of teams.

use std::rc::Rc;

use es::{Aggregate, File, Listed, Map, Projection, Recorded, Row, Set, States, View};

use super::team::Event::{PlayerAdded, PlayerReleased, TeamRegistered};
use super::team::Team;

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::teams::examples::{added, released, two_teams};
    use es::past;

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
