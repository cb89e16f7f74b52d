//! A name: what happens to it, what may be asked, and what is decided. Each name is one stream, so
//! that whoever wants it has to ask in one place.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{Aggregate, Id};

use super::account::Account;

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::enum_variant_names, reason = "an event is read by itself, so it says of what")]
pub enum NameEvent {
    NameReserved { account: Id<Account> },
    NameConfirmed { account: Id<Account> },
    NameReleased { account: Id<Account> },
}
use NameEvent::{NameConfirmed, NameReleased, NameReserved};

// Commands.

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::enum_variant_names, reason = "a command is read by itself, so it says of what")]
pub enum NameCommand {
    /// Reserves the name for an account, for a quarter of an hour.
    ReserveName {
        /// Whom it is for
        #[schemars(example = &"1")]
        account: Id<Account>,
    },
    /// Makes the name the account's own. A process sends this when the account signs up.
    ConfirmName {
        /// Whose it becomes
        #[schemars(example = &"1")]
        account: Id<Account>,
    },
    /// Ends an account's reservation. A process sends this when the time is over.
    ReleaseName {
        /// Whose reservation ends
        #[schemars(example = &"1")]
        account: Id<Account>,
        /// Which of its reservations: the version of the event. Empty stands for any
        reservation: Option<u64>,
    },
}
use NameCommand::{ConfirmName, ReleaseName, ReserveName};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum NameRejection {
    #[error("say which account")]
    Nobody,
    #[error("a name's stream is called after it in small letters, without blanks: name-{0}")]
    Elsewhere(Rc<str>),
    #[error("this name is reserved by account-{0}")]
    Reserved(Id<Account>),
    #[error("this name belongs to account-{0}")]
    Taken(Id<Account>),
    #[error("the reservation of this name by account-{0} has run out")]
    RunOut(Id<Account>),
    #[error("this name is not reserved by account-{0}")]
    NotReserved(Id<Account>),
}

// Fold and decisions.

/// A name, and whose it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Name {
    pub status: Status,
    /// Who reserved the name, or whose it is; after a release, whose it was.
    pub account: Id<Account>,
    /// The version of the event with which it was reserved last.
    pub reservation: u64,
    /// How many events there were.
    pub version: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    #[default]
    Free,
    Reserved,
    Confirmed,
}

impl Aggregate for Name {
    const NAME: &'static str = "name";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/names-name.json"));
    type Command = NameCommand;
    type Event = NameEvent;
    type Rejection = NameRejection;

    fn decide(&self, command: NameCommand) -> Result<Vec<NameEvent>, NameRejection> {
        use NameRejection as No;
        let holder = || self.account.clone();
        match command {
            ReserveName { account } | ConfirmName { account } | ReleaseName { account, .. }
                if account.is_empty() =>
            {
                Err(No::Nobody)
            }
            ReserveName { account } => match self.status {
                Status::Free => Ok(vec![NameReserved { account }]),
                // Whoever asks twice has it already.
                Status::Reserved if self.account == account => Ok(vec![]),
                Status::Reserved => Err(No::Reserved(holder())),
                Status::Confirmed => Err(No::Taken(holder())),
            },
            ConfirmName { account } => match self.status {
                Status::Reserved if self.account == account => Ok(vec![NameConfirmed { account }]),
                Status::Reserved => Err(No::Reserved(holder())),
                Status::Confirmed if self.account == account => Ok(vec![]),
                Status::Confirmed => Err(No::Taken(holder())),
                Status::Free if self.account == account => Err(No::RunOut(account)),
                Status::Free => Err(No::NotReserved(account)),
            },
            ReleaseName { account, reservation } if self.is_held(&account, reservation) => {
                Ok(vec![NameReleased { account }])
            }
            // A deadline that comes too late is no error: there is nothing left to do.
            ReleaseName { .. } => Ok(vec![]),
        }
    }

    /// One name has one stream, however it is written.
    fn decide_as(&self, id: &str, command: NameCommand) -> Result<Vec<NameEvent>, NameRejection> {
        let key = key(id);
        if *key == *id { self.decide(command) } else { Err(NameRejection::Elsewhere(key)) }
    }

    fn evolve(mut self, event: &NameEvent) -> Self {
        self.version = self.version.saturating_add(1);
        let (status, account) = match event {
            NameReserved { account } => {
                self.reservation = self.version;
                (Status::Reserved, account)
            }
            NameConfirmed { account } => (Status::Confirmed, account),
            NameReleased { account } => (Status::Free, account),
        };
        Self { status, account: account.clone(), ..self }
    }
}

impl Name {
    /// True while the account's reservation holds; where one is named, while that one does.
    fn is_held(&self, account: &Id<Account>, reservation: Option<u64>) -> bool {
        let this_one = reservation.is_none_or(|it| it == self.reservation);
        self.status == Status::Reserved && self.account == *account && this_one
    }
}

/// What a name's stream is called: the name in small letters, without blanks.
pub fn key(name: &str) -> Rc<str> {
    let key: String = name.split_whitespace().collect();
    key.to_lowercase().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::examples::{confirm, confirmed, release, released, reserve, reserved};
    use es::given;

    #[test]
    fn a_free_name_is_reserved_for_whoever_asks_first() {
        let name = given::<Name>([]).when(reserve("1")).then([reserved("1")]);
        let (status, account) = (Status::Reserved, "1".into());
        assert_eq!(name, Name { status, account, reservation: 1, version: 1 });
        given::<Name>([reserved("1")])
            .when(reserve("2"))
            .refused("this name is reserved by account-1");
        given::<Name>([reserved("1"), released("1")]).when(reserve("2")).then([reserved("2")]);
    }

    #[test]
    fn whoever_reserves_a_name_twice_has_it_already() {
        given::<Name>([reserved("1")]).when(reserve("1")).then([]);
        given::<Name>([reserved("1"), released("1")]).when(reserve("1")).then([reserved("1")]);
    }

    #[test]
    fn a_confirmed_name_is_reserved_by_nobody_any_more() {
        for account in ["1", "2"] {
            given::<Name>([reserved("1"), confirmed("1")])
                .when(reserve(account))
                .refused("this name belongs to account-1");
        }
    }

    #[test]
    fn whoever_holds_the_reservation_confirms_it_once() {
        let name = given::<Name>([reserved("1")]).when(confirm("1")).then([confirmed("1")]);
        assert_eq!(name.status, Status::Confirmed);
        given::<Name>([reserved("1"), confirmed("1")]).when(confirm("1")).then([]);
    }

    #[test]
    fn nobody_confirms_what_is_somebody_elses_or_nobodys() {
        let refused = |history: &[NameEvent], sentence: &str| {
            given::<Name>(history.to_vec()).when(confirm("2")).refused(sentence);
        };
        refused(&[], "this name is not reserved by account-2");
        refused(&[reserved("1")], "this name is reserved by account-1");
        refused(&[reserved("1"), confirmed("1")], "this name belongs to account-1");
        refused(&[reserved("1"), released("1")], "this name is not reserved by account-2");
    }

    #[test]
    fn a_reservation_that_has_run_out_is_not_confirmed() {
        given::<Name>([reserved("1"), released("1")])
            .when(confirm("1"))
            .refused("the reservation of this name by account-1 has run out");
        given::<Name>([reserved("1"), released("1"), reserved("2")])
            .when(confirm("1"))
            .refused("this name is reserved by account-2");
    }

    #[test]
    fn a_reservation_is_released_while_it_holds() {
        let name = given::<Name>([reserved("1")]).when(release("1", Some(1))).then([released("1")]);
        assert_eq!((name.status, name.account), (Status::Free, "1".into()));
        given::<Name>([reserved("1")]).when(release("1", None)).then([released("1")]);
    }

    #[test]
    fn releasing_what_is_confirmed_released_or_somebody_elses_changes_nothing() {
        for meanwhile in [
            vec![confirmed("1")],
            vec![released("1")],
            vec![released("1"), reserved("2")],
            vec![released("1"), reserved("2"), confirmed("2")],
        ] {
            let history = [reserved("1")].into_iter().chain(meanwhile);
            given::<Name>(history).when(release("1", Some(1))).then([]);
        }
        given::<Name>([]).when(release("1", None)).then([]);
    }

    #[test]
    fn the_deadline_of_an_earlier_reservation_leaves_a_later_one_alone() {
        let again = || given::<Name>([reserved("1"), released("1"), reserved("1")]);
        again().when(release("1", Some(1))).then([]);
        again().when(release("1", Some(3))).then([released("1")]);
    }

    #[test]
    fn every_command_says_for_which_account() {
        for command in [reserve(" "), confirm(""), release("", None)] {
            given::<Name>([reserved("1")]).when(command).refused("say which account");
        }
    }

    #[test]
    fn a_name_has_one_stream_however_it_is_written() {
        for id in ["Lola", "lo la", " LOLA "] {
            given::<Name>([]).when_as(id, reserve("1")).refused(
                "a name's stream is called after it in small letters, without blanks: name-lola",
            );
        }
        given::<Name>([]).when_as("lola", reserve("1")).then([reserved("1")]);
    }
}
