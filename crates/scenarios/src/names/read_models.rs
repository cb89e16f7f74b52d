//! What is shown of names and of those who want them.

use std::rc::Rc;

use es::{Aggregate, Bar, Cell, Map, Projection, Recorded, Row, Set, Table, View};

use super::account::Account;
use super::account::AccountEvent::{Renamed, SignedUp};
use super::name::NameEvent::{NameConfirmed, NameReleased, NameReserved};
use super::name::{Name, Status, key};
use crate::shared::dates::minute;

/// Every name that somebody has, or has reserved.
#[derive(Clone, Default)]
pub struct Names {
    names: Map<Rc<str>, Wanted>,
    /// Account → the key of the name it goes by.
    accounts: Map<Rc<str>, Rc<str>>,
}

/// A name, and the accounts that go by it.
#[derive(Clone, Default)]
struct Wanted {
    name: Name,
    called: Set<Rc<str>>,
}

impl Wanted {
    /// How many accounts have the name beside the one that may.
    fn too_many(&self) -> usize {
        let owner = self.name.account.key();
        let confirmed = self.name.status == Status::Confirmed && !self.called.contains(owner);
        (self.called.len() + usize::from(confirmed)).saturating_sub(1)
    }

    /// Every account that has the name or holds it. None where the name is free.
    fn accounts(&self) -> Option<String> {
        let mut accounts = self.called.clone();
        if self.name.status != Status::Free {
            accounts.insert(self.name.account.key().clone());
        }
        let accounts: Vec<&str> = accounts.iter().map(AsRef::as_ref).collect();
        (!accounts.is_empty()).then(|| accounts.join(", "))
    }
}

impl Projection for Names {
    const NAME: &'static str = "Names";
    const ABOUT: &'static str = "Who has which name. A name that is not listed looks free.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(SignedUp { name } | Renamed { name }) = recorded.of::<Account>() {
            let (account, name) = (recorded.key(), key(name));
            let before = self.accounts.insert(account.clone(), name.clone());
            if let Some(wanted) = before.and_then(|it| self.names.get_mut(&it)) {
                wanted.called.remove(account);
            }
            self.names.entry(name).or_default().called.insert(account.clone());
        }
        if let Some(event) = recorded.of::<Name>() {
            self.names.entry(recorded.key().clone()).or_default().name.evolve_in_place(event);
        }
    }

    fn view(&self) -> View {
        let rows = self.names.iter().filter_map(|(name, wanted)| {
            let state = match wanted.name.status {
                Status::Free => "signed up",
                Status::Reserved => "reserved",
                Status::Confirmed => "confirmed",
            };
            Some(Row::of(name, (wanted.accounts()?, state, wanted.too_many())))
        });
        let too_many: usize = self.names.values().map(Wanted::too_many).sum();
        Table::new(&["name", "accounts", "state", "too many"], rows)
            .with_totals(("all", Cell::Empty, Cell::Empty, too_many))
            .into()
    }

    fn weight(&self) -> usize {
        self.accounts.len() + self.names.values().map(|it| 1 + it.called.len()).sum::<usize>()
    }
}

/// Who did what with which name, in order.
#[derive(Clone, Default)]
pub struct WhoDidWhat(Map<u64, Deed>);

#[derive(Clone)]
struct Deed {
    at: u64,
    who: Rc<str>,
    what: Rc<str>,
    name: Rc<str>,
    account: Rc<str>,
}

impl Projection for WhoDidWhat {
    const NAME: &'static str = "Who did what";
    const ABOUT: &'static str =
        "Who did what with which name, in order. A refusal leaves no event.";

    fn apply(&mut self, recorded: &Recorded) {
        let (name, account) = match (recorded.of::<Account>(), recorded.of::<Name>()) {
            (Some(SignedUp { name } | Renamed { name }), _) => {
                (name.clone(), recorded.key().clone())
            }
            (
                _,
                Some(
                    NameReserved { account } | NameConfirmed { account } | NameReleased { account },
                ),
            ) => (recorded.key().clone(), account.key().clone()),
            (None, None) => return,
        };
        let (at, who, what) = (recorded.at(), recorded.actor().clone(), recorded.kind().clone());
        self.0.insert(recorded.position(), Deed { at, who, what, name, account });
    }

    fn view(&self) -> View {
        let rows = self.0.iter().map(|(position, deed)| {
            let Deed { at, who, what, name, account } = deed;
            Row::new(position.to_string(), (position, minute(*at), who, what, name, account))
        });
        View::table(&["entry", "when", "who", "what", "name", "account"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// What became of the reservations.
#[derive(Clone, Default)]
pub struct HowReservationsEnd {
    pending: Set<Rc<str>>,
    confirmed: i64,
    released: i64,
}

impl Projection for HowReservationsEnd {
    const NAME: &'static str = "How reservations end";
    const ABOUT: &'static str = "How many reservations were confirmed, how many released.";

    fn apply(&mut self, recorded: &Recorded) {
        let name = recorded.key();
        match recorded.of::<Name>() {
            Some(NameReserved { .. }) => _ = self.pending.insert(name.clone()),
            Some(NameConfirmed { .. }) => {
                self.confirmed += 1;
                self.pending.remove(name);
            }
            Some(NameReleased { .. }) => {
                self.released += 1;
                self.pending.remove(name);
            }
            None => {}
        }
    }

    fn view(&self) -> View {
        let pending = i64::try_from(self.pending.len()).unwrap_or(i64::MAX);
        let ends =
            [("confirmed", self.confirmed), ("released", self.released), ("pending", pending)];
        let some = ends.into_iter().filter(|(_, value)| *value > 0);
        View::bars(
            "reservations",
            false,
            some.map(|(name, value)| Bar { name: name.into(), value }),
        )
    }

    fn weight(&self) -> usize {
        2 + self.pending.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::examples::{confirmed, released, renamed, reserved, signed_up};
    use crate::names::scenario;
    use es::{Past, past};
    use serde_json::json;

    fn no_two_have_one_name(past: &Past) -> bool {
        scenario().checks[0].holds.holds(&past.shows::<Names>())
    }

    #[test]
    fn two_accounts_that_have_one_name_are_found_by_the_check() {
        assert!(no_two_have_one_name(&past()));
        let one = past().and::<Account>("1", signed_up("Lola"));
        assert_eq!(one.rows::<Names>(), ["lola | 1 | signed up | 0"]);
        assert!(no_two_have_one_name(&one));
        let two = one.and::<Account>("2", signed_up(" LO la"));
        assert_eq!(two.rows::<Names>(), ["lola | 1, 2 | signed up | 1"]);
        assert!(!no_two_have_one_name(&two));
    }

    #[test]
    fn whoever_takes_another_name_frees_the_one_before() {
        let two =
            past().and::<Account>("1", signed_up("Lola")).and::<Account>("2", signed_up("Lola"));
        let nina = two.and::<Account>("2", renamed("Nina"));
        let rows = ["lola | 1 | signed up | 0", "nina | 2 | signed up | 0"];
        assert_eq!(nina.rows::<Names>(), rows);
        assert!(no_two_have_one_name(&nina));
        let mia = nina.and::<Account>("2", renamed("Mia"));
        assert_eq!(mia.rows::<Names>()[1], "mia | 2 | signed up | 0");
    }

    #[test]
    fn a_name_is_listed_from_its_reservation_until_its_release() {
        let held = past().and::<Name>("lola", reserved("1"));
        assert_eq!(held.rows::<Names>(), ["lola | 1 | reserved | 0"]);
        assert!(held.and::<Name>("lola", released("1")).rows::<Names>().is_empty());
        let had = past()
            .and::<Name>("lola", reserved("1"))
            .and::<Account>("1", signed_up("Lola"))
            .and::<Name>("lola", confirmed("1"));
        assert_eq!(had.rows::<Names>(), ["lola | 1 | confirmed | 0"]);
        assert!(no_two_have_one_name(&had));
    }

    #[test]
    fn whoever_signs_up_under_a_name_that_was_confirmed_for_another_is_one_too_many() {
        let two = past()
            .and::<Name>("lola", reserved("1"))
            .and::<Name>("lola", confirmed("1"))
            .and::<Account>("2", signed_up("Lola"));
        assert_eq!(two.rows::<Names>(), ["lola | 1, 2 | confirmed | 1"]);
        assert!(!no_two_have_one_name(&two));
        let reserved_only =
            past().and::<Name>("lola", reserved("1")).and::<Account>("2", signed_up("Lola"));
        assert_eq!(reserved_only.rows::<Names>(), ["lola | 1, 2 | reserved | 0"]);
    }

    #[test]
    fn who_did_what_is_told_in_order() {
        let told = past()
            .at(60_000)
            .and::<Name>("lola", reserved("1"))
            .and::<Account>("1", signed_up("Lola"))
            .by("Registrar")
            .at(120_000)
            .and::<Name>("lola", confirmed("1"));
        assert_eq!(
            told.rows::<WhoDidWhat>(),
            [
                "1 | 1970-01-01 00:01 | Alice | NameReserved | lola | 1",
                "2 | 1970-01-01 00:01 | Alice | SignedUp | Lola | 1",
                "3 | 1970-01-01 00:02 | Registrar | NameConfirmed | lola | 1",
            ]
        );
    }

    #[test]
    fn reservations_are_pending_until_they_are_confirmed_or_released() {
        let told = past()
            .and::<Name>("lola", reserved("1"))
            .and::<Name>("lola", confirmed("1"))
            .and::<Name>("ben", reserved("2"))
            .and::<Name>("ben", released("2"))
            .and::<Name>("ben", reserved("3"))
            .and::<Name>("justin", reserved("4"));
        let bars = [("pending", 2), ("confirmed", 1), ("released", 1)];
        let bars = bars.map(|(name, value)| json!({ "name": name, "value": value }));
        assert_eq!(told.shows::<HowReservationsEnd>()["bars"], json!(bars));
        assert_eq!(past().shows::<HowReservationsEnd>()["bars"], json!([]));
    }
}
