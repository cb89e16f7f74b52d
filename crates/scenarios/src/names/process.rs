//! The process manager that confirms reservations, and lets them run out.

use std::rc::Rc;

use es::{Id, Map, ProcessManager, Projection, Reaction, Recorded, Row, View};

use super::account::Account;
use super::account::AccountEvent::{Renamed, SignedUp};
use super::name::NameCommand::{ConfirmName, ReleaseName};
use super::name::NameEvent::{NameConfirmed, NameReleased, NameReserved};
use super::name::{Name, key};
use crate::shared::dates::minute;

const QUARTER_MILLIS: u64 = 15 * 60_000;

/// Confirms a name when the account that has reserved it goes by it, and sets each reservation a
/// deadline.
///
/// The order in which the events arrived makes no difference to what it knows.
#[derive(Clone, Default)]
pub struct Registrar {
    names: Map<Rc<str>, Known>,
    /// Account → the version of the event that named it last, and the name's key.
    accounts: Map<Id<Account>, (u64, Rc<str>)>,
}

/// What is known of a name.
#[derive(Clone, Default)]
struct Known {
    /// Account → the version of its last reservation.
    reservations: Map<Id<Account>, u64>,
    /// The latest event's version, and who waits for which deadline since then.
    latest: (u64, Option<(Id<Account>, u64)>),
}

fn deadline(reserved: &Recorded) -> u64 {
    reserved.at().saturating_add(QUARTER_MILLIS)
}

impl Projection for Registrar {
    const NAME: &'static str = "Registrar";
    const ABOUT: &'static str = "Which names are reserved, for whom, and until when.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(SignedUp { name } | Renamed { name }) = recorded.of::<Account>() {
            let called = self.accounts.entry(Id::new(recorded.key().clone())).or_default();
            if recorded.version() > called.0 {
                *called = (recorded.version(), key(name));
            }
        }
        let Some(event) = recorded.of::<Name>() else { return };
        let known = self.names.entry(recorded.key().clone()).or_default();
        let version = recorded.version();
        let waiting = match event {
            NameReserved { account } => {
                let last = known.reservations.entry(account.clone()).or_default();
                *last = version.max(*last);
                Some((account.clone(), deadline(recorded)))
            }
            NameConfirmed { .. } | NameReleased { .. } => None,
        };
        if version > known.latest.0 {
            known.latest = (version, waiting);
        }
    }

    fn view(&self) -> View {
        let rows = self.names.iter().filter_map(|(name, known)| {
            let (account, until) = known.latest.1.as_ref()?;
            Some(Row::of(name, (account, minute(*until))))
        });
        View::table(&["name", "reserved by", "until"], rows)
    }

    fn weight(&self) -> usize {
        let each = |it: &Known| 1 + it.reservations.len();
        self.accounts.len() + self.names.values().map(each).sum::<usize>()
    }
}

impl ProcessManager for Registrar {
    const WAITS: bool = true;

    /// The name decides whether its reservation still holds, so the process need not know. Each
    /// step carries the version of the reservation: a later one is confirmed, and runs out, by
    /// itself.
    fn react(&self, recorded: &Recorded) -> Vec<Reaction> {
        if let Some(SignedUp { name } | Renamed { name }) = recorded.of::<Account>() {
            let (name, account) = (key(name), Id::new(recorded.key().clone()));
            let known = self.names.get(&name);
            let version = known.and_then(|known| known.reservations.get(&account));
            let confirm = version.and_then(|version| confirm(&name, &account, *version));
            return confirm.into_iter().collect();
        }
        let Some(NameReserved { account }) = recorded.of::<Name>() else { return Vec::new() };
        let (name, version) = (recorded.key(), recorded.version());
        // The account may go by the name already. Its event may also have arrived first.
        let goes_by_it = self.accounts.get(account).is_some_and(|(_, called)| called == name);
        let confirm = goes_by_it.then(|| confirm(name, account, version)).flatten();
        let release = ReleaseName { account: account.clone(), reservation: Some(version) };
        let step = format!("release-{version}");
        let release = Reaction::command(name, &step, &Id::<Name>::new(name.clone()), &release);
        let release = release.map(|it| it.due(deadline(recorded)));
        confirm.into_iter().chain(release).collect()
    }
}

fn confirm(name: &Rc<str>, account: &Id<Account>, version: u64) -> Option<Reaction> {
    let command = ConfirmName { account: account.clone() };
    let step = format!("confirm-{version}");
    Reaction::command(name, &step, &Id::<Name>::new(name.clone()), &command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::examples::{confirmed, released, renamed, reserved, signed_up};
    use es::{Past, Set, past};

    /// 4 September 2017, 09:00 UTC.
    const MORNING: u64 = 1_504_515_600_000;

    fn begun() -> Past {
        past().at(MORNING).and::<Name>("lola", reserved("1"))
    }

    fn release(version: u64, account: &str, at: u64) -> String {
        format!(
            "lola/release-{version}: ReleaseName {{\"account\":\"{account}\",\"reservation\":{version}}} to name-lola at {at}"
        )
    }

    fn confirm(version: u64, account: &str) -> String {
        format!("lola/confirm-{version}: ConfirmName {{\"account\":\"{account}\"}} to name-lola")
    }

    #[test]
    fn a_reservation_gets_a_quarter_of_an_hour() {
        let begun = begun();
        assert_eq!(begun.asked::<Registrar>(), [release(1, "1", MORNING + 900_000)]);
        assert_eq!(begun.rows::<Registrar>(), ["lola | 1 | 2017-09-04 09:15"]);
        for end in [confirmed("1"), released("1")] {
            let over = self::begun().and::<Name>("lola", end);
            assert_eq!(over.asked::<Registrar>().len(), 1);
            assert!(over.rows::<Registrar>().is_empty());
        }
    }

    #[test]
    fn the_name_is_confirmed_when_the_account_that_has_reserved_it_signs_up() {
        let done = begun().and::<Account>("1", signed_up(" LO la"));
        let asked = [release(1, "1", MORNING + 900_000), confirm(1, "1")];
        assert_eq!(done.asked::<Registrar>(), asked);
    }

    #[test]
    fn whoever_signs_up_without_a_reservation_or_under_another_name_confirms_nothing() {
        let others = begun()
            .and::<Account>("2", signed_up("Lola"))
            .and::<Account>("1", signed_up("Mattia"))
            .and::<Account>("3", signed_up(""));
        assert_eq!(others.asked::<Registrar>(), [release(1, "1", MORNING + 900_000)]);
    }

    #[test]
    fn an_account_that_has_signed_up_confirms_its_reservation_at_once() {
        let late = past()
            .at(MORNING)
            .and::<Account>("1", signed_up("Lola"))
            .and::<Name>("lola", reserved("1"));
        let asked = [confirm(1, "1"), release(1, "1", MORNING + 900_000)];
        assert_eq!(late.asked::<Registrar>(), asked);
    }

    #[test]
    fn the_last_name_of_an_account_is_the_one_that_is_confirmed() {
        let went_by_two = || {
            let ben = past().at(MORNING).and::<Account>("1", signed_up("Ben"));
            ben.and::<Account>("1", renamed("Lola"))
        };
        let now = went_by_two().and::<Name>("lola", reserved("1"));
        let asked = [confirm(1, "1"), release(1, "1", MORNING + 900_000)];
        assert_eq!(now.asked::<Registrar>(), asked);
        let before = went_by_two().and::<Name>("ben", reserved("1"));
        assert_eq!(before.asked::<Registrar>().len(), 1, "it goes by another name now");
        let later = begun().and::<Account>("1", signed_up("Ben"));
        let later = later.and::<Account>("1", renamed("Lola"));
        assert_eq!(later.asked::<Registrar>().last().unwrap(), &confirm(1, "1"));
    }

    #[test]
    fn a_second_reservation_by_the_same_account_has_a_deadline_of_its_own() {
        let again = begun()
            .and::<Name>("lola", released("1"))
            .at(MORNING + 60_000)
            .and::<Name>("lola", reserved("1"));
        let both = [release(1, "1", MORNING + 900_000), release(3, "1", MORNING + 960_000)];
        assert_eq!(again.asked::<Registrar>(), both);
        assert_eq!(again.rows::<Registrar>(), ["lola | 1 | 2017-09-04 09:16"]);
        let confirms = again.and::<Account>("1", signed_up("Lola"));
        assert_eq!(confirms.asked::<Registrar>().last().unwrap(), &confirm(3, "1"));
    }

    #[test]
    fn events_in_another_order_and_twice_lead_to_the_same_steps_and_the_same_view() {
        let told =
            begun().and::<Account>("1", signed_up("Lola")).and::<Name>("lola", confirmed("1"));
        let asks = |positions: &[u64]| {
            let mut registrar = Registrar::default();
            let mut ids = Set::new();
            for position in positions {
                let event = told.log().event(*position).unwrap();
                registrar.apply(event);
                for reaction in registrar.react(event) {
                    ids.insert((reaction.id("Registrar"), reaction.deadline()));
                }
            }
            assert!(registrar.view().is_empty());
            ids
        };
        let expected = asks(&[1, 2, 3]);
        assert_eq!(expected.len(), 2);
        for order in [[2, 1, 3], [3, 2, 1], [3, 1, 2], [2, 3, 1], [1, 3, 2]] {
            assert_eq!(asks(&order), expected, "{order:?}");
            assert_eq!(asks(&[order, order].concat()), expected, "{order:?} twice");
        }
    }

    #[test]
    fn a_deadline_never_overflows() {
        let late = past().at(u64::MAX).and::<Name>("lola", reserved("1"));
        assert_eq!(late.asked::<Registrar>(), [release(1, "1", u64::MAX)]);
    }
}
