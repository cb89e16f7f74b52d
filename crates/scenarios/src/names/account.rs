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
}
use AccountEvent::SignedUp;

// Commands.

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub enum AccountCommand {
    /// Signs somebody up under a name. Whether another account has that name, this one cannot know.
    SignUp {
        /// What the account is called
        #[schemars(example = &"Lola")]
        name: Rc<str>,
    },
}
use AccountCommand::SignUp;

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum AccountRejection {
    #[error("this account has signed up already, as {0}")]
    SignedUpAlready(Rc<str>),
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
        match (command, &self.name) {
            (SignUp { .. }, Some(name)) => Err(AccountRejection::SignedUpAlready(name.clone())),
            (SignUp { name }, None) if name.trim().is_empty() => Err(AccountRejection::Unnamed),
            (SignUp { name }, None) => Ok(vec![SignedUp { name }]),
        }
    }

    fn evolve(mut self, event: &AccountEvent) -> Self {
        match event {
            SignedUp { name } => self.name = Some(name.clone()),
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::examples::{sign_up, signed_up};
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
}
