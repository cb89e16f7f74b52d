//! A transfer: what may be asked of it, and what it decides. The money itself moves on accounts.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{Aggregate, Cents, Id};

use super::events::TransferEvent::{Completed, Failed, Requested};
use super::events::{Account, Status, Transfer, TransferEvent};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::enum_variant_names, reason = "a command's name stands alone in the log")]
pub enum TransferCommand {
    /// Asks for money to be moved. The process manager takes it from there.
    RequestTransfer {
        /// The account that pays
        #[schemars(example = &"1")]
        from: Id<Account>,
        /// The account that is paid
        #[schemars(example = &"2")]
        to: Id<Account>,
        /// How much
        #[schemars(example = 3_000)]
        amount: Cents,
    },
    /// Says that the money has arrived.
    CompleteTransfer {},
    /// Says that the money stays, or is back, where it was.
    FailTransfer {
        /// Why
        #[schemars(example = &"this account is closed")]
        reason: Rc<str>,
    },
}
use TransferCommand::{CompleteTransfer, FailTransfer, RequestTransfer};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum TransferRejection {
    #[error("this transfer was requested already")]
    RequestedAlready,
    #[error("say from which account and to which")]
    NoAccount,
    #[error("a transfer takes two accounts, and {0} is one and the same")]
    SameAccount(Id<Account>),
    #[error("an amount must be more than 0.00")]
    NotPositive,
    #[error("this transfer was never requested")]
    NeverRequested,
    #[error("this transfer has {0} already")]
    Over(Status),
    #[error("say why")]
    NoReason,
}

impl Aggregate for Transfer {
    const NAME: &'static str = "transfer";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/transfers-transfer.json"));
    type Command = TransferCommand;
    type Event = TransferEvent;
    type Rejection = TransferRejection;

    fn decide(&self, command: TransferCommand) -> Result<Vec<TransferEvent>, TransferRejection> {
        use TransferRejection as No;
        match (command, self.status) {
            (RequestTransfer { from, to, .. }, Status::Unknown)
                if from.is_empty() || to.is_empty() =>
            {
                Err(No::NoAccount)
            }
            (RequestTransfer { from, to, .. }, Status::Unknown) if from == to => {
                Err(No::SameAccount(from))
            }
            (RequestTransfer { amount, .. }, Status::Unknown) if amount <= Cents(0) => {
                Err(No::NotPositive)
            }
            (RequestTransfer { from, to, amount }, Status::Unknown) => {
                Ok(vec![Requested { from, to, amount }])
            }
            (RequestTransfer { .. }, _) => Err(No::RequestedAlready),
            (_, Status::Unknown) => Err(No::NeverRequested),
            (_, Status::Completed | Status::Failed) => Err(No::Over(self.status)),
            (CompleteTransfer {}, Status::Pending) => Ok(vec![Completed {}]),
            (FailTransfer { reason }, Status::Pending) if reason.trim().is_empty() => {
                Err(No::NoReason)
            }
            (FailTransfer { reason }, Status::Pending) => Ok(vec![Failed { reason }]),
        }
    }

    fn evolve(self, event: &TransferEvent) -> Self {
        match event {
            Requested { from, to, amount } => Self {
                from: from.clone(),
                to: to.clone(),
                amount: *amount,
                status: Status::Pending,
            },
            Completed {} => Self { status: Status::Completed, ..self },
            Failed { .. } => Self { status: Status::Failed, ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfers::examples::{CLOSED, NOT_POSITIVE, fail, failed, request, requested};
    use es::given;

    #[test]
    fn a_transfer_is_requested_once_between_two_accounts() {
        let transfer =
            given::<Transfer>([]).when(request("1", "2", 80)).then([requested("1", "2", 80)]);
        let (from, to, amount) = ("1".into(), "2".into(), Cents(80));
        assert_eq!(transfer, Transfer { from, to, amount, status: Status::Pending });
        given::<Transfer>([requested("1", "2", 80)])
            .when(request("1", "2", 80))
            .refused("this transfer was requested already");
        given::<Transfer>([])
            .when(request("1", "1", 80))
            .refused("a transfer takes two accounts, and 1 is one and the same");
        for (from, to) in [("", "2"), ("1", " ")] {
            given::<Transfer>([])
                .when(request(from, to, 80))
                .refused("say from which account and to which");
        }
        for cents in [0, -1] {
            given::<Transfer>([]).when(request("1", "2", cents)).refused(NOT_POSITIVE);
        }
    }

    #[test]
    fn a_pending_transfer_completes_or_fails_for_a_reason() {
        let pending = || given::<Transfer>([requested("1", "2", 80)]);
        let completed = pending().when(CompleteTransfer {}).then([Completed {}]);
        assert_eq!((completed.amount, completed.status), (Cents(80), Status::Completed));
        let gone = pending().when(fail(CLOSED)).then([failed(CLOSED)]);
        assert_eq!((gone.amount, gone.status), (Cents(80), Status::Failed));
        pending().when(fail(" ")).refused("say why");
    }

    #[test]
    fn what_is_not_pending_neither_completes_nor_fails() {
        for command in [CompleteTransfer {}, fail(CLOSED)] {
            given::<Transfer>([])
                .when(command.clone())
                .refused("this transfer was never requested");
            given::<Transfer>([requested("1", "2", 80), Completed {}])
                .when(command.clone())
                .refused("this transfer has completed already");
            given::<Transfer>([requested("1", "2", 80), failed(CLOSED)])
                .when(command)
                .refused("this transfer has failed already");
        }
        assert_eq!(Status::Unknown.to_string(), "unknown");
        assert_eq!(Status::Pending.to_string(), "pending");
    }
}
