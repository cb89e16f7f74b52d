//! An account: what happens, what may be asked, and what is decided. It knows nothing of other
//! accounts, and that is the trouble with names.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::Aggregate;

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum AccountEvent {
    SignedUp { name: Rc<str> },
    Renamed { name: Rc<str> },
}
use AccountEvent::{Renamed, SignedUp};

// Commands.

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub enum AccountCommand {
    /// Signs somebody up under a name. The account asks no other account: reserve the name first.
    SignUp {
        /// What the account is called
        #[schemars(example = &"Lola")]
        name: Rc<str>,
    },
    /// Has the account go by another name. This asks no other account either.
    Rename {
        /// What the account is called from now on
        #[schemars(example = &"Nina")]
        name: Rc<str>,
    },
}
use AccountCommand::{Rename, SignUp};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum AccountRejection {
    #[error("this account has signed up already, as {0}")]
    SignedUpAlready(Rc<str>),
    #[error("this account has not signed up yet")]
    NotSignedUp,
    #[error("say which name")]
    Unnamed,
}

// Fold and decisions.

/// An account, once it has a name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    pub name: Option<Rc<str>>,
}

impl Aggregate for Account {
    const NAME: &'static str = "account";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/names-account.json"));
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;

    fn decide(&self, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountRejection> {
        use AccountRejection as No;
        match (command, &self.name) {
            (SignUp { .. }, Some(name)) => Err(No::SignedUpAlready(name.clone())),
            (Rename { .. }, None) => Err(No::NotSignedUp),
            (SignUp { name } | Rename { name }, _) if name.trim().is_empty() => Err(No::Unnamed),
            (SignUp { name }, None) => Ok(vec![SignedUp { name }]),
            (Rename { name }, Some(now)) if name == *now => Ok(vec![]),
            (Rename { name }, Some(_)) => Ok(vec![Renamed { name }]),
        }
    }

    fn evolve(mut self, event: &AccountEvent) -> Self {
        match event {
            SignedUp { name } | Renamed { name } => self.name = Some(name.clone()),
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::examples::{rename, renamed, sign_up, signed_up};
    use es::given;

    #[test]
    fn an_account_signs_up_once_and_under_a_name() {
        let lola = given::<Account>([]).when(sign_up("Lola")).then([signed_up("Lola")]);
        assert_eq!(lola.name.as_deref(), Some("Lola"));
        given::<Account>([]).when(sign_up(" ")).refused("say which name");
        given::<Account>([signed_up("Lola")])
            .when(sign_up("Lola Gheda"))
            .refused("this account has signed up already, as Lola");
    }

    #[test]
    fn an_account_that_has_signed_up_takes_another_name() {
        let lola = || given::<Account>([signed_up("Lola")]);
        let nina = lola().when(rename("Nina")).then([renamed("Nina")]);
        assert_eq!(nina.name.as_deref(), Some("Nina"));
        lola().when(rename("Lola")).then([]);
        lola().when(rename(" ")).refused("say which name");
        given::<Account>([]).when(rename("Nina")).refused("this account has not signed up yet");
    }
}
