//! The events of accounts and transfers, and the states that they fold into. Accounts and transfers
//! name each other, so both are in this file.

use std::fmt;
use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{Cents, Id, Map, Set};

// Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum AccountEvent {
    AccountOpened {
        name: Rc<str>,
        initial_balance: Cents,
    },
    Deposited {
        amount: Cents,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transfer: Option<Id<Transfer>>,
    },
    Withdrew {
        amount: Cents,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transfer: Option<Id<Transfer>>,
    },
    DepositDeclined {
        transfer: Id<Transfer>,
        amount: Cents,
        reason: Rc<str>,
    },
    WithdrawalDeclined {
        transfer: Id<Transfer>,
        amount: Cents,
        reason: Rc<str>,
    },
    Refunded {
        transfer: Id<Transfer>,
        amount: Cents,
    },
    AccountClosed {},
}
use AccountEvent::{
    AccountClosed, AccountOpened, DepositDeclined, Deposited, Refunded, WithdrawalDeclined,
    Withdrew,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum TransferEvent {
    Requested { from: Id<Account>, to: Id<Account>, amount: Cents },
    Completed {},
    Failed { reason: Rc<str> },
}

// The states that they fold into.

/// An account: what it holds, and how it has answered transfers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    pub name: Option<Rc<str>>,
    /// On a closed account: what is still owed.
    pub balance: Cents,
    pub closed: bool,
    /// The deposits that were accepted or declined.
    pub deposits: Set<Id<Transfer>>,
    /// The withdrawals that were accepted or declined, each with what can be refunded.
    pub withdrawals: Map<Id<Transfer>, Cents>,
}

/// A transfer: what was asked, and how it ended. The money itself moves on the accounts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Transfer {
    pub from: Id<Account>,
    pub to: Id<Account>,
    pub amount: Cents,
    pub status: Status,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    #[default]
    Unknown,
    Pending,
    Completed,
    Failed,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Failed => "failed",
        })
    }
}

// What read models and processes ask of an account's event.

/// By how much an event changes its account's balance.
pub fn change(event: &AccountEvent) -> Cents {
    match event {
        AccountOpened { initial_balance, .. } => *initial_balance,
        Deposited { amount, .. } | Refunded { amount, .. } => *amount,
        Withdrew { amount, .. } => -*amount,
        DepositDeclined { .. } | WithdrawalDeclined { .. } | AccountClosed {} => Cents(0),
    }
}

/// The transfer that an event of an account belongs to.
pub fn transfer_of(event: &AccountEvent) -> Option<&Id<Transfer>> {
    match event {
        Deposited { transfer, .. } | Withdrew { transfer, .. } => transfer.as_ref(),
        DepositDeclined { transfer, .. }
        | WithdrawalDeclined { transfer, .. }
        | Refunded { transfer, .. } => Some(transfer),
        AccountOpened { .. } | AccountClosed {} => None,
    }
}
