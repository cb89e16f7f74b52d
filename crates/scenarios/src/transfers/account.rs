//! An account: what may be asked of it, and what it decides.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{Aggregate, Cents, Id};

use super::events::AccountEvent::{
    AccountClosed, AccountOpened, DepositDeclined, Deposited, Refunded, WithdrawalDeclined,
    Withdrew,
};
use super::events::{Account, AccountEvent, Transfer, change};
use crate::shared::accounts::{AccountRejection, Standing};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub enum AccountCommand {
    /// Opens an account for somebody, who may bring some money along.
    OpenAccount {
        /// Whose account it is
        #[schemars(example = &"Lola Gheda")]
        name: Rc<str>,
        /// How much is on it from the start
        #[schemars(example = 10_000)]
        initial_balance: Cents,
    },
    /// Pays money in, from outside or for a transfer. A transfer gets an event for an answer,
    /// also where the answer is no.
    Deposit {
        /// How much
        #[schemars(example = 2_000)]
        amount: Cents,
        /// For which transfer, if any
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transfer: Option<Id<Transfer>>,
    },
    /// Takes money out, to the outside or for a transfer. A transfer gets an event for an
    /// answer, also where the answer is no.
    Withdraw {
        /// How much
        #[schemars(example = 2_000)]
        amount: Cents,
        /// For which transfer, if any
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transfer: Option<Id<Transfer>>,
    },
    /// Gives back what was taken for a transfer: once, and also to a closed account.
    Refund {
        /// Which transfer failed
        #[schemars(example = &"3")]
        transfer: Id<Transfer>,
    },
    /// Closes an account for good. It has to be empty.
    CloseAccount {},
}
use AccountCommand::{CloseAccount, Deposit, OpenAccount, Refund, Withdraw};

impl Aggregate for Account {
    const NAME: &'static str = "account";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/transfers-account.json"));
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;

    fn decide(&self, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountRejection> {
        match command {
            OpenAccount { name, initial_balance } => {
                self.standing().open(!name.trim().is_empty(), initial_balance)?;
                Ok(vec![AccountOpened { name, initial_balance }])
            }

            // A transfer that has its answer already gets no second one.
            Deposit { transfer: Some(it), .. } if self.deposits.contains(&it) => Ok(vec![]),
            Withdraw { transfer: Some(it), .. } if self.withdrawals.contains_key(&it) => Ok(vec![]),

            // One rule, and two ways to refuse: a person gets a rejection, and a process gets an
            // event, because it has to react to the refusal.
            Deposit { amount, transfer } => match (self.standing().deposit(amount), transfer) {
                (Ok(()), transfer) => Ok(vec![Deposited { amount, transfer }]),
                (Err(no), None) => Err(no),
                (Err(no), Some(transfer)) => {
                    let reason = no.to_string().into();
                    Ok(vec![DepositDeclined { transfer, amount, reason }])
                }
            },
            Withdraw { amount, transfer } => match (self.withdraw(amount), transfer) {
                (Ok(()), transfer) => Ok(vec![Withdrew { amount, transfer }]),
                (Err(no), None) => Err(no),
                (Err(no), Some(transfer)) => {
                    let reason = no.to_string().into();
                    Ok(vec![WithdrawalDeclined { transfer, amount, reason }])
                }
            },

            Refund { transfer } => match self.withdrawals.get(&transfer) {
                Some(&amount) if amount > Cents(0) => Ok(vec![Refunded { transfer, amount }]),
                _ => Ok(vec![]),
            },

            CloseAccount {} => {
                self.standing().close()?;
                Ok(vec![AccountClosed {}])
            }
        }
    }

    fn evolve(mut self, event: &AccountEvent) -> Self {
        self.balance += change(event);
        match event {
            AccountOpened { name, .. } => self.name = Some(name.clone()),
            Deposited { transfer: Some(transfer), .. } | DepositDeclined { transfer, .. } => {
                self.deposits.insert(transfer.clone());
            }
            Withdrew { transfer: Some(transfer), amount } => {
                self.withdrawals.insert(transfer.clone(), *amount);
            }
            WithdrawalDeclined { transfer, .. } | Refunded { transfer, .. } => {
                self.withdrawals.insert(transfer.clone(), Cents(0));
            }
            AccountClosed {} => self.closed = true,
            Deposited { transfer: None, .. } | Withdrew { transfer: None, .. } => {}
        }
        self
    }
}

impl Account {
    fn standing(&self) -> Standing {
        let (opened, closed) = (self.name.is_some(), self.closed);
        Standing { opened, closed, balance: self.balance, limited: "moved" }
    }

    fn withdraw(&self, amount: Cents) -> Result<(), AccountRejection> {
        let standing = self.standing();
        // A refund may have reached a closed account; that money can be withdrawn.
        let closed = standing.closed && self.balance == Cents(0);
        Standing { closed, ..standing }.withdraw(amount)?;
        standing.limit(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::accounts::MOST;
    use crate::transfers::examples::{
        CLOSED, NEVER, NOT_POSITIVE, TOO_MUCH, deposit, deposit_declined, deposited, open, opened,
        refund, refunded, withdraw, withdrawal_declined, withdrew,
    };
    use es::given;

    // Accounts and people.

    #[test]
    fn an_account_is_opened_once_by_name_and_with_what_is_brought_along() {
        let account = given::<Account>([]).when(open("Lola", 10_000)).then([opened(10_000)]);
        assert_eq!((account.name, account.balance), (Some("Lola".into()), Cents(10_000)));
        given::<Account>([]).when(open("Lola", 0)).then([opened(0)]);
        given::<Account>([]).when(open("Lola", MOST.0)).then([opened(MOST.0)]);
        given::<Account>([]).when(open(" ", 0)).refused("say whose account it is");
        given::<Account>([opened(0)])
            .when(open("Lola", 0))
            .refused("this account was opened already");
        given::<Account>([])
            .when(open("Lola", -1))
            .refused("an account cannot start with -0.01, which is less than nothing");
        given::<Account>([]).when(open("Lola", MOST.0 + 1)).refused(TOO_MUCH);
    }

    #[test]
    fn money_comes_in_from_outside_and_goes_out_again() {
        let account =
            given::<Account>([opened(100)]).when(deposit(20, None)).then([deposited(20, None)]);
        assert_eq!(account.balance, Cents(120));
        assert_eq!(
            account,
            Account { name: Some("Lola".into()), balance: Cents(120), ..Account::default() }
        );
        let account = given::<Account>([opened(100), deposited(20, None)])
            .when(withdraw(120, None))
            .then([withdrew(120, None)]);
        assert_eq!(account, Account { name: Some("Lola".into()), ..Account::default() });
    }

    #[test]
    fn a_person_is_refused_what_an_account_cannot_do() {
        for (command, sentence) in [
            (deposit(0, None), NOT_POSITIVE),
            (deposit(MOST.0 + 1, None), TOO_MUCH),
            (withdraw(0, None), NOT_POSITIVE),
            (withdraw(101, None), "only 1.00 is available, so 1.01 cannot be withdrawn"),
        ] {
            given::<Account>([opened(100)]).when(command).refused(sentence);
        }
        for command in [deposit(1, None), withdraw(1, None), CloseAccount {}] {
            given::<Account>([]).when(command.clone()).refused(NEVER);
            given::<Account>([opened(0), AccountClosed {}]).when(command).refused(CLOSED);
        }
    }

    #[test]
    fn the_most_can_be_moved_at_once_and_not_a_cent_more() {
        let rich = [opened(MOST.0), deposited(1, None)];
        given::<Account>(rich.clone()).when(deposit(MOST.0, None)).then([deposited(MOST.0, None)]);
        given::<Account>(rich.clone()).when(withdraw(MOST.0, None)).then([withdrew(MOST.0, None)]);
        given::<Account>(rich).when(withdraw(MOST.0 + 1, None)).refused(TOO_MUCH);
    }

    #[test]
    fn an_account_is_closed_once_it_is_empty() {
        let account = given::<Account>([opened(0)]).when(CloseAccount {}).then([AccountClosed {}]);
        assert!(account.closed);
        given::<Account>([opened(3_000)])
            .when(CloseAccount {})
            .refused("there is still 30.00 on this account; withdraw it before closing");
    }

    // Accounts and transfers.

    #[test]
    fn a_transfer_takes_and_brings_money_as_a_person_does() {
        let account = given::<Account>([opened(100)])
            .when(withdraw(80, Some("1")))
            .then([withdrew(80, Some("1"))]);
        assert_eq!(account.balance, Cents(20));
        let account = given::<Account>([opened(100)])
            .when(deposit(80, Some("1")))
            .then([deposited(80, Some("1"))]);
        assert_eq!(account.balance, Cents(180));
    }

    #[test]
    fn a_transfer_is_told_no_by_an_event() {
        let closed = || [opened(0), AccountClosed {}];
        given::<Account>([]).when(deposit(80, Some("1"))).then([deposit_declined("1", 80, NEVER)]);
        given::<Account>(closed())
            .when(deposit(80, Some("1")))
            .then([deposit_declined("1", 80, CLOSED)]);
        given::<Account>([])
            .when(withdraw(80, Some("1")))
            .then([withdrawal_declined("1", 80, NEVER)]);
        given::<Account>(closed())
            .when(withdraw(80, Some("1")))
            .then([withdrawal_declined("1", 80, CLOSED)]);
        let reason = "only 0.50 is available, so 0.80 cannot be withdrawn";
        let account = given::<Account>([opened(50)])
            .when(withdraw(80, Some("1")))
            .then([withdrawal_declined("1", 80, reason)]);
        assert_eq!(account.balance, Cents(50));
    }

    #[test]
    fn a_transfer_that_asks_twice_is_answered_once() {
        for answer in [deposited(80, Some("1")), deposit_declined("1", 80, CLOSED)] {
            given::<Account>([opened(0), answer]).when(deposit(80, Some("1"))).then([]);
        }
        for answer in [withdrew(80, Some("1")), withdrawal_declined("1", 80, CLOSED)] {
            given::<Account>([opened(100), answer]).when(withdraw(80, Some("1"))).then([]);
        }
        let both = [opened(100), withdrew(80, Some("1")), deposited(80, Some("2"))];
        given::<Account>(both.clone()).when(deposit(1, Some("3"))).then([deposited(1, Some("3"))]);
        given::<Account>(both).when(withdraw(1, Some("3"))).then([withdrew(1, Some("3"))]);
    }

    #[test]
    fn a_refund_gives_back_what_was_taken_and_does_so_once() {
        let taken = [opened(100), withdrew(80, Some("1"))];
        let account = given::<Account>(taken.clone()).when(refund("1")).then([refunded("1", 80)]);
        assert_eq!(account.balance, Cents(100));
        let back = taken.into_iter().chain([refunded("1", 80)]);
        given::<Account>(back).when(refund("1")).then([]);
    }

    #[test]
    fn nothing_is_refunded_where_nothing_was_taken() {
        given::<Account>([opened(100)]).when(refund("1")).then([]);
        let declined = [opened(50), withdrawal_declined("1", 80, CLOSED)];
        given::<Account>(declined).when(refund("1")).then([]);
    }

    #[test]
    fn a_closed_account_takes_a_refund_and_pays_out_what_it_owes() {
        let closed = [opened(80), withdrew(80, Some("1")), AccountClosed {}];
        let account = given::<Account>(closed.clone()).when(refund("1")).then([refunded("1", 80)]);
        assert_eq!((account.balance, account.closed), (Cents(80), true));
        let owing = || closed.iter().cloned().chain([refunded("1", 80)]);
        given::<Account>(owing()).when(withdraw(80, None)).then([withdrew(80, None)]);
        given::<Account>(owing()).when(deposit(1, None)).refused(CLOSED);
        let paid = owing().chain([withdrew(80, None)]);
        given::<Account>(paid).when(withdraw(1, None)).refused(CLOSED);
    }
}
