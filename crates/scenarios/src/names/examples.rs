//! What happens in the tests of this domain.

use super::account::AccountCommand::{Rename, SignUp};
use super::account::AccountEvent::{Renamed, SignedUp};
use super::account::{AccountCommand, AccountEvent};
use super::name::NameCommand::{ConfirmName, ReleaseName, ReserveName};
use super::name::NameEvent::{NameConfirmed, NameReleased, NameReserved};
use super::name::{NameCommand, NameEvent};

pub fn sign_up(name: &str) -> AccountCommand {
    SignUp { name: name.into() }
}

pub fn rename(name: &str) -> AccountCommand {
    Rename { name: name.into() }
}

pub fn reserve(account: &str) -> NameCommand {
    ReserveName { account: account.into() }
}

pub fn confirm(account: &str) -> NameCommand {
    ConfirmName { account: account.into() }
}

pub fn release(account: &str, reservation: Option<u64>) -> NameCommand {
    ReleaseName { account: account.into(), reservation }
}

pub fn signed_up(name: &str) -> AccountEvent {
    SignedUp { name: name.into() }
}

pub fn renamed(name: &str) -> AccountEvent {
    Renamed { name: name.into() }
}

pub fn reserved(account: &str) -> NameEvent {
    NameReserved { account: account.into() }
}

pub fn confirmed(account: &str) -> NameEvent {
    NameConfirmed { account: account.into() }
}

pub fn released(account: &str) -> NameEvent {
    NameReleased { account: account.into() }
}
