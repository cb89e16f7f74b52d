//! An account, as its events tell it.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{Aggregate, Cents, Listed, States, View};

use crate::shared::accounts::{AccountRejection, Standing};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum AccountEvent {
    AccountOpened { owner: Rc<str>, balance: Cents },
    PaidIn { amount: Cents },
    PaidOut { amount: Cents },
}
use AccountEvent::{AccountOpened, PaidIn, PaidOut};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum AccountCommand {
    /// Opens an account.
    OpenAccount {
        /// Whose it is
        #[schemars(example = &"Lola")]
        owner: Rc<str>,
        /// What is on it at first
        #[schemars(example = 10_000)]
        balance: Cents,
    },
    /// Pays money in.
    PayIn {
        /// How much
        #[schemars(example = 2_000)]
        amount: Cents,
    },
    /// Pays money out.
    PayOut {
        /// How much
        #[schemars(example = 2_000)]
        amount: Cents,
    },
}
use AccountCommand::{OpenAccount, PayIn, PayOut};

// Fold and decisions.

/// An account, once it has an owner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    pub owner: Rc<str>,
    pub balance: Cents,
}

impl Aggregate for Account {
    const NAME: &'static str = "account";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/slow-account.json"));
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;

    fn decide(&self, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountRejection> {
        let standing = Standing {
            opened: !self.owner.is_empty(),
            closed: false,
            balance: self.balance,
            limited: "paid in",
        };
        match command {
            OpenAccount { owner, balance } => {
                standing.open(!owner.is_empty(), balance)?;
                Ok(vec![AccountOpened { owner, balance }])
            }
            PayIn { amount } => {
                standing.deposit(amount)?;
                Ok(vec![PaidIn { amount }])
            }
            PayOut { amount } => {
                standing.withdraw(amount)?;
                Ok(vec![PaidOut { amount }])
            }
        }
    }

    fn evolve(mut self, event: &AccountEvent) -> Self {
        self.balance += change(event);
        match event {
            AccountOpened { owner, .. } => Self { owner: owner.clone(), ..self },
            PaidIn { .. } | PaidOut { .. } => self,
        }
    }
}

/// By how much an event changes its account's balance.
pub fn change(event: &AccountEvent) -> Cents {
    match event {
        AccountOpened { balance, .. } => *balance,
        PaidIn { amount } => *amount,
        PaidOut { amount } => -*amount,
    }
}

impl Listed for Account {
    const TITLE: &'static str = "Balances from events";
    const ABOUT: &'static str = "The same accounts, folded from what has happened.";

    fn list(accounts: &States<Self>) -> View {
        accounts.table(&["account", "owner", "balance"], |it| (&it.owner, it.balance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use es::given;

    #[test]
    fn money_moves_once_an_account_is_open_and_no_more_than_there_is() {
        let opened = AccountOpened { owner: "Lola".into(), balance: Cents(100) };
        given::<Account>([])
            .when(PayIn { amount: Cents(1) })
            .refused("this account was never opened");
        given::<Account>([opened.clone()])
            .when(PayOut { amount: Cents(200) })
            .refused("only 1.00 is available, so 2.00 cannot be withdrawn");
        let then = given::<Account>([opened.clone()])
            .when(PayIn { amount: Cents(50) })
            .then([PaidIn { amount: Cents(50) }]);
        assert_eq!(then.balance, Cents(150));
        let twice = OpenAccount { owner: "Bob".into(), balance: Cents(0) };
        given::<Account>([opened]).when(twice).refused("this account was opened already");
    }
}
