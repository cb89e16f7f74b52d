//! An account: what happens to it, what may be asked of it, and what it decides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use es::{Aggregate, Cents, Id, Older, Stored};

use crate::shared::accounts::{AccountRejection, Standing};
use crate::shared::customers::Customer;

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum AccountEvent {
    AccountOpened { customer: Id<Customer>, initial_balance: Cents },
    Deposited { amount: Cents },
    Withdrew { amount: Cents },
    AccountClosed {},
}
use AccountEvent::{AccountClosed, AccountOpened, Deposited, Withdrew};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum AccountCommand {
    /// Opens an account for a customer, who may bring some money along.
    OpenAccount {
        /// Whose account it is
        #[schemars(example = &"1")]
        customer: Id<Customer>,
        /// How much is on it from the start
        #[schemars(example = 10_000)]
        initial_balance: Cents,
    },
    /// Pays money in.
    Deposit {
        /// How much
        #[schemars(example = 2_000)]
        amount: Cents,
    },
    /// Takes money out, as far as there is any.
    Withdraw {
        /// How much
        #[schemars(example = 8_000)]
        amount: Cents,
    },
    /// Closes an account for good. It has to be empty.
    CloseAccount {},
}
use AccountCommand::{CloseAccount, Deposit, OpenAccount, Withdraw};

// Fold and decisions.

/// An account: what it holds, and whether it may be used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    pub customer: Id<Customer>,
    pub balance: Cents,
    pub status: Status,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    #[default]
    Unopened,
    Open,
    Closed,
}

impl Aggregate for Account {
    const NAME: &'static str = "account";
    const SCHEMA: u16 = 2;
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/bank-account.json"));
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;

    fn decide(&self, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountRejection> {
        let standing = self.standing();
        match command {
            OpenAccount { customer, initial_balance } => {
                standing.open(!customer.is_empty(), initial_balance)?;
                Ok(vec![AccountOpened { customer, initial_balance }])
            }
            Deposit { amount } => {
                standing.deposit(amount)?;
                Ok(vec![Deposited { amount }])
            }
            Withdraw { amount } => {
                standing.withdraw(amount)?;
                Ok(vec![Withdrew { amount }])
            }
            CloseAccount {} => {
                standing.close()?;
                Ok(vec![AccountClosed {}])
            }
        }
    }

    fn evolve(mut self, event: &AccountEvent) -> Self {
        self.balance += change(event);
        match event {
            AccountOpened { customer, .. } => {
                Self { customer: customer.clone(), status: Status::Open, ..self }
            }
            Deposited { .. } | Withdrew { .. } => self,
            AccountClosed {} => Self { status: Status::Closed, ..self },
        }
    }

    /// Schema 1 wrote the account's own number into the event, and its customer's as `user_id`.
    fn upcast(mut stored: Stored) -> Result<Stored, String> {
        if stored.kind == "AccountOpened" {
            let Value::Number(user) = &stored.data["user_id"] else {
                return Err("it does not say whose account was opened".to_owned());
            };
            stored.data =
                json!({ "customer": user.to_string(), "initial_balance": stored.data["balance"] });
        }
        Ok(Stored { schema: Self::SCHEMA, ..stored })
    }

    fn older() -> Vec<Older> {
        vec![
            Older::new(
                "Customers were numbered users.",
                "AccountOpened",
                1,
                json!({ "id": 7, "user_id": 1, "balance": 10_000 }),
            ),
            Older::new(
                "A bug left out whose account it is. It cannot be read.",
                "AccountOpened",
                1,
                json!({ "id": 8, "balance": 10_000 }),
            ),
        ]
    }
}

impl Account {
    fn standing(&self) -> Standing {
        Standing {
            opened: self.status != Status::Unopened,
            closed: self.status == Status::Closed,
            balance: self.balance,
            limited: "paid in",
        }
    }
}

/// By how much an event changes its account's balance.
pub fn change(event: &AccountEvent) -> Cents {
    match event {
        AccountOpened { initial_balance, .. } => *initial_balance,
        Deposited { amount } => *amount,
        Withdrew { amount } => -*amount,
        AccountClosed {} => Cents(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::examples::{account, deposit, deposited, open, opened, withdraw, withdrew};
    use crate::shared::accounts::MOST;
    use es::given;
    use serde_json::json;

    #[test]
    fn an_account_is_opened_for_a_customer_with_what_is_brought_along() {
        let state = given::<Account>([]).when(open("1", 10_000)).then([opened("1", 10_000)]);
        assert_eq!(state, account("1", 10_000, Status::Open));
        given::<Account>([]).when(open("1", 0)).then([opened("1", 0)]);
    }

    #[test]
    fn an_account_of_nobody_or_with_less_than_nothing_is_refused() {
        given::<Account>([]).when(open(" ", 100)).refused("say whose account it is");
        given::<Account>([])
            .when(open("1", -100))
            .refused("an account cannot start with -1.00, which is less than nothing");
    }

    #[test]
    fn an_account_cannot_be_opened_twice_not_even_after_it_was_closed() {
        let twice = "this account was opened already";
        given::<Account>([opened("1", 0)]).when(open("1", 100)).refused(twice);
        given::<Account>([opened("1", 0), AccountClosed {}]).when(open("1", 100)).refused(twice);
    }

    #[test]
    fn deposits_and_withdrawals_move_the_balance() {
        let state =
            given::<Account>([opened("1", 10_000)]).when(deposit(2_000)).then([deposited(2_000)]);
        assert_eq!(state, account("1", 12_000, Status::Open));
        let state = given::<Account>([opened("1", 10_000), deposited(2_000)])
            .when(withdraw(8_000))
            .then([withdrew(8_000)]);
        assert_eq!(state, account("1", 4_000, Status::Open));
    }

    #[test]
    fn all_that_is_there_can_be_withdrawn_and_not_a_cent_more() {
        given::<Account>([opened("1", 4_000)]).when(withdraw(4_000)).then([withdrew(4_000)]);
        given::<Account>([opened("1", 4_000)])
            .when(withdraw(4_001))
            .refused("only 40.00 is available, so 40.01 cannot be withdrawn");
    }

    #[test]
    fn an_amount_of_nothing_or_less_is_refused() {
        for command in [deposit(0), deposit(-1), withdraw(0), withdraw(-1)] {
            given::<Account>([opened("1", 100)])
                .when(command)
                .refused("an amount must be more than 0.00");
        }
        given::<Account>([opened("1", 100)]).when(deposit(1)).then([deposited(1)]);
    }

    #[test]
    fn the_most_can_be_paid_in_at_once_and_not_a_cent_more() {
        let too_much = "1000000.00 is the most that can be paid in at once";
        given::<Account>([]).when(open("1", MOST.0)).then([opened("1", MOST.0)]);
        given::<Account>([]).when(open("1", MOST.0 + 1)).refused(too_much);
        let opened = || given::<Account>([opened("1", 0)]);
        opened().when(deposit(MOST.0)).then([deposited(MOST.0)]);
        opened().when(deposit(MOST.0 + 1)).refused(too_much);
    }

    #[test]
    fn an_account_that_was_never_opened_does_nothing() {
        for command in [deposit(1), withdraw(1), CloseAccount {}] {
            given::<Account>([]).when(command).refused("this account was never opened");
        }
    }

    #[test]
    fn an_empty_account_can_be_closed_and_does_nothing_from_then_on() {
        let emptied = [opened("1", 100), withdrew(100)];
        let state =
            given::<Account>(emptied.clone()).when(CloseAccount {}).then([AccountClosed {}]);
        assert_eq!(state, account("1", 0, Status::Closed));
        for command in [deposit(1), withdraw(1), CloseAccount {}] {
            given::<Account>(emptied.iter().cloned().chain([AccountClosed {}]))
                .when(command)
                .refused("this account is closed");
        }
    }

    #[test]
    fn an_account_with_money_on_it_cannot_be_closed() {
        given::<Account>([opened("1", 3_000)])
            .when(CloseAccount {})
            .refused("there is still 30.00 on this account; withdraw it before closing");
    }

    #[test]
    fn a_history_without_its_beginning_still_folds() {
        given::<Account>([deposited(100), withdrew(300), AccountClosed {}]).is(&account(
            "",
            -200,
            Status::Closed,
        ));
    }

    #[test]
    fn schema_1_named_the_user_by_number_and_the_initial_balance_otherwise() {
        let stored = |schema, data| Stored { kind: "AccountOpened".to_owned(), schema, data };
        let old = stored(1, json!({ "id": 7, "user_id": 3, "balance": 10_000 }));
        let current = stored(2, json!({ "customer": "3", "initial_balance": 10_000 }));
        assert_eq!(Account::upcast(old), Ok(current));
        let nobodys = "it does not say whose account was opened".to_owned();
        assert_eq!(Account::upcast(stored(1, json!({ "balance": 10_000 }))), Err(nobodys));
    }

    #[test]
    fn schema_1_wrote_all_other_events_as_they_are_written_now() {
        let stored = |schema| {
            let data = json!({ "amount": 2_000 });
            Stored { kind: "Deposited".to_owned(), schema, data }
        };
        assert_eq!(Account::upcast(stored(1)), Ok(stored(2)));
    }
}
