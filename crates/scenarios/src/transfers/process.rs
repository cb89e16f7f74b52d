//! The process manager, which leads money from one account to the other, or back.

use std::rc::Rc;

use es::{Cents, Id, Map, ProcessManager, Projection, Reaction, Recorded, Row, Set, View};

use super::account::AccountCommand::{Deposit, Refund, Withdraw};
use super::events::AccountEvent::{
    AccountClosed, AccountOpened, DepositDeclined, Deposited, Refunded, WithdrawalDeclined,
    Withdrew,
};
use super::events::TransferEvent::{Completed, Failed, Requested};
use super::events::{Account, Transfer, transfer_of};
use super::transfer::TransferCommand::{CompleteTransfer, FailTransfer};

/// Leads each transfer from one account to the other, or back.
#[derive(Clone, Default)]
pub struct TransferProcess(Map<Rc<str>, Run>);

/// What is known of one transfer: the request, the accounts' answers, and whether it is over. The
/// order in which the events arrived makes no difference.
#[derive(Clone, Default)]
struct Run {
    request: Option<Request>,
    withdrawals: Map<Rc<str>, Answer>,
    deposits: Map<Rc<str>, Answer>,
    refunds: Set<Rc<str>>,
    completed: bool,
    failed: bool,
}

#[derive(Clone)]
struct Request {
    from: Id<Account>,
    to: Id<Account>,
    amount: Cents,
}

/// An account's answer; where it declined, the reason.
type Answer = Result<(), Rc<str>>;

/// What is to be done next.
enum Due {
    Withdraw,
    Deposit,
    /// A refund instead of the deposit, because the transfer has failed meanwhile.
    Return,
    /// A refund after a deposit that was declined.
    Refund,
    Complete,
    Fail(Rc<str>),
}

impl Run {
    /// The step that is due, and the request that it serves. It depends on all that is known, not
    /// on the latest event. A step may be asked for again while its answer is under way.
    fn due(&self) -> Option<(Due, &Request)> {
        let request = self.request.as_ref()?;
        let withdrawal = self.withdrawals.get(request.from.key());
        let deposit = self.deposits.get(request.to.key());
        let refunded = self.refunds.contains(request.from.key());
        let due = match (withdrawal, deposit) {
            (None, _) => Due::Withdraw,
            (Some(Ok(())), Some(Ok(()))) => Due::Complete,
            // The money is back. The event that says why has not arrived yet.
            (Some(Ok(())), None) if refunded => return None,
            (Some(Ok(())), None) if self.failed => Due::Return,
            (Some(Ok(())), None) => Due::Deposit,
            (Some(Ok(())), Some(Err(_))) if !refunded => Due::Refund,
            (Some(Err(why)), _) | (_, Some(Err(why))) => Due::Fail(why.clone()),
        };
        // A person may have ended the transfer. Money that was withdrawn still has to arrive.
        let still_due = match due {
            Due::Withdraw => !self.failed,
            Due::Deposit | Due::Return | Due::Refund => true,
            Due::Complete | Due::Fail(_) => !self.completed && !self.failed,
        };
        still_due.then_some((due, request))
    }
}

impl Projection for TransferProcess {
    const NAME: &'static str = "Transfer process";
    const ABOUT: &'static str = "The transfers under way, and what the process waits for.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(event) = recorded.of::<Transfer>() {
            let run = self.0.entry(recorded.key().clone()).or_default();
            match event {
                Requested { from, to, amount } => {
                    let (from, to, amount) = (from.clone(), to.clone(), *amount);
                    run.request = Some(Request { from, to, amount });
                }
                Completed {} => run.completed = true,
                Failed { .. } => run.failed = true,
            }
        }
        if let Some(event) = recorded.of::<Account>()
            && let Some(transfer) = transfer_of(event)
        {
            let run = self.0.entry(transfer.key().clone()).or_default();
            let account = recorded.key().clone();
            match event {
                Withdrew { .. } => _ = run.withdrawals.insert(account, Ok(())),
                WithdrawalDeclined { reason, .. } => {
                    run.withdrawals.insert(account, Err(reason.clone()));
                }
                Deposited { .. } => _ = run.deposits.insert(account, Ok(())),
                DepositDeclined { reason, .. } => {
                    run.deposits.insert(account, Err(reason.clone()));
                }
                Refunded { .. } => _ = run.refunds.insert(account),
                AccountOpened { .. } | AccountClosed {} => {}
            }
        }
    }

    fn view(&self) -> View {
        let rows = self.0.iter().filter_map(|(key, run)| {
            let (due, Request { from, to, amount }) = run.due()?;
            let next = match due {
                Due::Withdraw => format!("withdraw from {from}"),
                Due::Deposit => format!("deposit to {to}"),
                Due::Return | Due::Refund => format!("refund to {from}"),
                Due::Complete => "complete".to_owned(),
                Due::Fail(_) => "fail".to_owned(),
            };
            Some(Row::of(key, (from, to, amount, next)))
        });
        View::table(&["transfer", "from", "to", "amount", "next"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

impl ProcessManager for TransferProcess {
    fn react(&self, recorded: &Recorded) -> Vec<Reaction> {
        let transfer = match recorded.of::<Account>() {
            Some(event) => transfer_of(event).map(Id::key),
            None => Some(recorded.key()),
        };
        let step = transfer.and_then(|key| self.step(key));
        step.into_iter().collect()
    }
}

impl TransferProcess {
    fn step(&self, key: &Rc<str>) -> Option<Reaction> {
        let (due, Request { from, to, amount }) = self.0.get(key)?.due()?;
        let (id, amount) = (Id::<Transfer>::new(key.clone()), *amount);
        let transfer = Some(id.clone());
        match due {
            Due::Withdraw => {
                Reaction::command(key, "withdraw", from, &Withdraw { amount, transfer })
            }
            Due::Deposit => Reaction::command(key, "deposit", to, &Deposit { amount, transfer }),
            // The deposit and this refund are one step with one id, and an id is handled once. So a
            // deposit that was asked for before the failure was known, and this, never both happen.
            Due::Return => Reaction::command(key, "deposit", from, &Refund { transfer: id }),
            Due::Refund => Reaction::command(key, "refund", from, &Refund { transfer: id }),
            Due::Complete => Reaction::command(key, "complete", &id, &CompleteTransfer {}),
            Due::Fail(reason) => Reaction::command(key, "fail", &id, &FailTransfer { reason }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfers::examples::{
        deposit_declined, deposited, failed, opened, refunded, requested, run, withdrawal_declined,
        withdrew,
    };
    use es::past;

    const WITHDRAW: &str = r#"1/withdraw: Withdraw {"amount":80,"transfer":"1"} to account-a"#;
    const DEPOSIT: &str = r#"1/deposit: Deposit {"amount":80,"transfer":"1"} to account-b"#;
    const REFUND: &str = r#"1/refund: Refund {"transfer":"1"} to account-a"#;
    const RETURN: &str = r#"1/deposit: Refund {"transfer":"1"} to account-a"#;
    const COMPLETE: &str = "1/complete: CompleteTransfer {} to transfer-1";
    const FAIL: &str = r#"1/fail: FailTransfer {"reason":"no"} to transfer-1"#;

    #[test]
    fn the_process_leads_money_from_one_account_to_the_other() {
        let run = run();
        assert_eq!(run.asked::<TransferProcess>(), [WITHDRAW]);
        assert_eq!(run.rows::<TransferProcess>(), ["1 | a | b | 0.80 | withdraw from a"]);
        let run = run.and::<Account>("a", withdrew(80, Some("1")));
        assert_eq!(run.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT]);
        assert_eq!(run.rows::<TransferProcess>(), ["1 | a | b | 0.80 | deposit to b"]);
        let run = run.and::<Account>("b", deposited(80, Some("1")));
        assert_eq!(run.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT, COMPLETE]);
        assert_eq!(run.rows::<TransferProcess>(), ["1 | a | b | 0.80 | complete"]);
        let run = run.and::<Transfer>("1", Completed {});
        assert_eq!(run.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT, COMPLETE]);
        assert!(run.rows::<TransferProcess>().is_empty());
    }

    #[test]
    fn the_process_fails_a_transfer_whose_withdrawal_is_declined() {
        let run = run().and::<Account>("a", withdrawal_declined("1", 80, "no"));
        assert_eq!(run.asked::<TransferProcess>(), [WITHDRAW, FAIL]);
        assert_eq!(run.rows::<TransferProcess>(), ["1 | a | b | 0.80 | fail"]);
        assert!(run.and::<Transfer>("1", failed("no")).rows::<TransferProcess>().is_empty());
    }

    #[test]
    fn the_process_refunds_before_it_fails_a_transfer_whose_deposit_is_declined() {
        let run = run()
            .and::<Account>("a", withdrew(80, Some("1")))
            .and::<Account>("b", deposit_declined("1", 80, "no"));
        assert_eq!(run.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT, REFUND]);
        assert_eq!(run.rows::<TransferProcess>(), ["1 | a | b | 0.80 | refund to a"]);
        let run = run.and::<Account>("a", refunded("1", 80));
        assert_eq!(run.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT, REFUND, FAIL]);
        assert_eq!(run.rows::<TransferProcess>(), ["1 | a | b | 0.80 | fail"]);
    }

    #[test]
    fn the_process_brings_money_to_an_end_also_where_somebody_else_ended_the_transfer() {
        let ended = run().and::<Transfer>("1", Completed {});
        assert_eq!(ended.asked::<TransferProcess>(), [WITHDRAW]);
        let ended = ended.and::<Account>("a", withdrew(80, Some("1")));
        assert_eq!(ended.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT]);
        let ended = ended.and::<Account>("b", deposit_declined("1", 80, "no"));
        assert_eq!(ended.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT, REFUND]);
        let ended = ended.and::<Account>("a", refunded("1", 80));
        assert_eq!(ended.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT, REFUND]);
    }

    #[test]
    fn the_process_leads_a_transfer_that_somebody_completed_too_early_to_its_end() {
        let early = past().and::<Transfer>("1", Completed {});
        assert!(early.asked::<TransferProcess>().is_empty());
        let early = early.and::<Transfer>("1", requested("a", "b", 80));
        assert_eq!(early.asked::<TransferProcess>(), [WITHDRAW]);
        let arrived = early
            .and::<Account>("a", withdrew(80, Some("1")))
            .and::<Account>("b", deposited(80, Some("1")));
        assert_eq!(arrived.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT]);
        assert!(arrived.rows::<TransferProcess>().is_empty());
    }

    #[test]
    fn nothing_is_withdrawn_for_a_transfer_that_is_known_to_have_failed() {
        let known = past()
            .and::<Transfer>("1", failed("a change of mind"))
            .and::<Transfer>("1", requested("a", "b", 80));
        assert!(known.asked::<TransferProcess>().is_empty());
        assert!(known.rows::<TransferProcess>().is_empty());
    }

    #[test]
    fn what_is_withdrawn_for_a_transfer_that_has_failed_goes_back_and_never_on() {
        let gone = run().and::<Transfer>("1", failed("a change of mind"));
        assert_eq!(gone.asked::<TransferProcess>(), [WITHDRAW]);
        assert!(gone.rows::<TransferProcess>().is_empty());
        let gone = gone.and::<Account>("a", withdrew(80, Some("1")));
        assert_eq!(gone.asked::<TransferProcess>(), [WITHDRAW, RETURN]);
        assert_eq!(gone.rows::<TransferProcess>(), ["1 | a | b | 0.80 | refund to a"]);
        let back = gone.and::<Account>("a", refunded("1", 80));
        assert_eq!(back.asked::<TransferProcess>(), [WITHDRAW, RETURN]);
        assert!(back.rows::<TransferProcess>().is_empty());
        let declined = run()
            .and::<Transfer>("1", failed("a change of mind"))
            .and::<Account>("a", withdrawal_declined("1", 80, "no"));
        assert_eq!(declined.asked::<TransferProcess>(), [WITHDRAW]);
    }

    #[test]
    fn a_deposit_that_was_asked_for_before_the_failure_is_waited_for() {
        let asked = || {
            run()
                .and::<Account>("a", withdrew(80, Some("1")))
                .and::<Transfer>("1", failed("a change of mind"))
        };
        assert_eq!(asked().asked::<TransferProcess>(), [WITHDRAW, DEPOSIT]);
        let arrived = asked().and::<Account>("b", deposited(80, Some("1")));
        assert_eq!(arrived.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT]);
        let declined = asked().and::<Account>("b", deposit_declined("1", 80, "no"));
        assert_eq!(declined.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT, REFUND]);
        let back = declined.and::<Account>("a", refunded("1", 80));
        assert_eq!(back.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT, REFUND]);
        assert!(back.rows::<TransferProcess>().is_empty());
    }

    #[test]
    fn what_is_back_already_is_not_sent_on() {
        let back = past()
            .and::<Account>("a", withdrew(80, Some("1")))
            .and::<Account>("a", refunded("1", 80))
            .and::<Transfer>("1", requested("a", "b", 80));
        assert!(back.asked::<TransferProcess>().is_empty());
        let heard = back.and::<Account>("b", deposit_declined("1", 80, "no"));
        assert_eq!(heard.asked::<TransferProcess>(), [FAIL]);
    }

    #[test]
    fn the_process_listens_to_the_two_accounts_of_the_transfer() {
        let others = run()
            .and::<Account>("b", withdrew(80, Some("1")))
            .and::<Account>("c", withdrawal_declined("1", 80, "no"))
            .and::<Account>("a", deposit_declined("1", 80, "no"));
        assert_eq!(others.asked::<TransferProcess>(), [WITHDRAW]);
        let others = others
            .and::<Account>("a", withdrew(80, Some("1")))
            .and::<Account>("c", deposited(80, Some("1")));
        assert_eq!(others.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT]);
        let others = others
            .and::<Account>("b", deposit_declined("1", 80, "no"))
            .and::<Account>("b", refunded("1", 80));
        assert_eq!(others.asked::<TransferProcess>(), [WITHDRAW, DEPOSIT, REFUND]);
    }

    #[test]
    fn the_process_takes_no_notice_of_what_comes_from_outside() {
        let outside = run()
            .and::<Account>("a", opened(80))
            .and::<Account>("a", withdrew(80, None))
            .and::<Account>("b", deposited(80, None))
            .and::<Account>("a", AccountClosed {});
        assert_eq!(outside.asked::<TransferProcess>(), [WITHDRAW]);
    }
}
