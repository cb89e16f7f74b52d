//! What is shown of transfers and accounts.

use std::rc::Rc;

use es::{Cell, Cents, Id, Map, Projection, Recorded, Row, Table, View};

use super::events::AccountEvent::{
    AccountClosed, AccountOpened, DepositDeclined, Deposited, Refunded, WithdrawalDeclined,
    Withdrew,
};
use super::events::TransferEvent::{Completed, Failed, Requested};
use super::events::{Account, AccountEvent, Transfer, change, transfer_of};

/// Every transfer and how far it has come.
#[derive(Clone, Default)]
pub struct Transfers(Map<Rc<str>, Line>);

#[derive(Clone, Default)]
struct Line {
    from: Id<Account>,
    to: Id<Account>,
    amount: Cents,
    stage: Stage,
    reason: Option<Rc<str>>,
}

/// How far a transfer has come, in order. An event of an earlier stage that arrives late changes
/// nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Requested,
    WithdrawalDeclined,
    Withdrawn,
    DepositDeclined,
    Deposited,
    Refunded,
    Completed,
    Failed,
}

impl Projection for Transfers {
    const NAME: &'static str = "Transfers";
    const ABOUT: &'static str = "Every transfer, how far it has come, and why it went no further.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(event) = recorded.of::<Transfer>() {
            let line = self.0.entry(recorded.key().clone()).or_default();
            match event {
                Requested { from, to, amount } => {
                    (line.from, line.to, line.amount) = (from.clone(), to.clone(), *amount);
                }
                Completed {} => line.stage = Stage::Completed,
                Failed { reason } => {
                    line.stage = Stage::Failed;
                    line.reason = Some(reason.clone());
                }
            }
        }
        if let Some(event) = recorded.of::<Account>()
            && let Some(transfer) = transfer_of(event)
        {
            let stage = match event {
                WithdrawalDeclined { .. } => Stage::WithdrawalDeclined,
                Withdrew { .. } => Stage::Withdrawn,
                DepositDeclined { .. } => Stage::DepositDeclined,
                Deposited { .. } => Stage::Deposited,
                Refunded { .. } => Stage::Refunded,
                AccountOpened { .. } | AccountClosed {} => return,
            };
            let line = self.0.entry(transfer.key().clone()).or_default();
            line.stage = line.stage.max(stage);
        }
    }

    fn view(&self) -> View {
        let rows = self.0.iter().map(|(key, Line { from, to, amount, stage, reason })| {
            let status = match stage {
                Stage::Requested => "requested",
                Stage::WithdrawalDeclined => "withdrawal declined",
                Stage::Withdrawn => "withdrawn",
                Stage::DepositDeclined => "deposit declined",
                Stage::Deposited => "deposited",
                Stage::Refunded => "refunded",
                Stage::Completed => "completed",
                Stage::Failed => "failed",
            };
            Row::of(key, (from, to, amount, status, reason))
        });
        View::table(&["transfer", "from", "to", "amount", "status", "reason"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// Every account, and what is owed on the closed ones.
#[derive(Clone, Default)]
pub struct Accounts(Map<Rc<str>, Holding>);

#[derive(Clone, Default)]
struct Holding {
    name: Option<Rc<str>>,
    balance: Cents,
    closed: bool,
}

impl Projection for Accounts {
    const NAME: &'static str = "Accounts";
    const ABOUT: &'static str = "What each account holds; on a closed one, what is owed.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Account>() else { return };
        let holding = self.0.entry(recorded.key().clone()).or_default();
        holding.balance += change(event);
        match event {
            AccountOpened { name, .. } => holding.name = Some(name.clone()),
            AccountClosed {} => holding.closed = true,
            _ => {}
        }
    }

    fn view(&self) -> View {
        let rows = self.0.iter().map(|(key, Holding { name, balance, closed })| {
            let owed = (*closed && *balance != Cents(0)).then_some(*balance);
            let balance = (!*closed).then_some(*balance);
            let status = match (name, closed) {
                (_, true) => "closed",
                (Some(_), false) => "open",
                (None, false) => "never opened",
            };
            Row::of(key, (name, balance, owed, status))
        });
        View::table(&["account", "name", "balance", "owed", "status"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// What each transfer has taken from one account and brought to another, or back.
#[derive(Clone, Default)]
pub struct MoneyInFlight(Map<Rc<str>, Flight>);

#[derive(Clone, Default)]
pub struct Flight {
    pub withdrawn: Cents,
    pub deposited: Cents,
    pub refunded: Cents,
}

impl Flight {
    pub fn add(&mut self, event: &AccountEvent) {
        match event {
            Withdrew { amount, .. } => self.withdrawn += *amount,
            Deposited { amount, .. } => self.deposited += *amount,
            Refunded { amount, .. } => self.refunded += *amount,
            _ => {}
        }
    }
}

impl Projection for MoneyInFlight {
    const NAME: &'static str = "Money in flight";
    const ABOUT: &'static str = "What has left one account and has not reached another yet.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Account>() else { return };
        let Some(transfer) = transfer_of(event) else { return };
        self.0.entry(transfer.key().clone()).or_default().add(event);
    }

    fn view(&self) -> View {
        let cells = |title: Cell, flight: &Flight| {
            let Flight { withdrawn, deposited, refunded } = *flight;
            (title, withdrawn, deposited, refunded, withdrawn - deposited - refunded)
        };
        let rows =
            self.0.iter().map(|(key, flight)| Row::new(key.clone(), cells(key.into(), flight)));
        let mut total = Flight::default();
        for flight in self.0.values() {
            total.withdrawn += flight.withdrawn;
            total.deposited += flight.deposited;
            total.refunded += flight.refunded;
        }
        Table::new(&["transfer", "withdrawn", "deposited", "refunded", "in flight"], rows)
            .with_totals(cells("total".into(), &total))
            .into()
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfers::examples::{
        NEVER, deposit_declined, deposited, failed, opened, refunded, run, withdrawal_declined,
        withdrew,
    };
    use es::{Past, past};
    use serde_json::json;

    #[test]
    fn a_transfers_status_follows_it_to_the_end() {
        let status = |past: &Past| past.rows::<Transfers>().remove(0);
        let run = run();
        assert_eq!(status(&run), "1 | a | b | 0.80 | requested | ");
        let run = run.and::<Account>("a", withdrew(80, Some("1")));
        assert_eq!(status(&run), "1 | a | b | 0.80 | withdrawn | ");
        let run = run.and::<Account>("b", deposited(80, Some("1")));
        assert_eq!(status(&run), "1 | a | b | 0.80 | deposited | ");
        let run = run.and::<Transfer>("1", Completed {});
        assert_eq!(status(&run), "1 | a | b | 0.80 | completed | ");
        let late = run.and::<Account>("a", withdrew(80, Some("1")));
        assert_eq!(status(&late), "1 | a | b | 0.80 | completed | ");
    }

    #[test]
    fn a_transfers_status_says_where_and_why_it_failed() {
        let status = |past: &Past| past.rows::<Transfers>().remove(0);
        let declined = run().and::<Account>("a", withdrawal_declined("1", 80, "no"));
        assert_eq!(status(&declined), "1 | a | b | 0.80 | withdrawal declined | ");
        let declined = declined.and::<Transfer>("1", failed("no"));
        assert_eq!(status(&declined), "1 | a | b | 0.80 | failed | no");
        let declined = run().and::<Account>("b", deposit_declined("1", 80, "no"));
        assert_eq!(status(&declined), "1 | a | b | 0.80 | deposit declined | ");
        let refunded = declined.and::<Account>("a", refunded("1", 80));
        assert_eq!(status(&refunded), "1 | a | b | 0.80 | refunded | ");
    }

    #[test]
    fn what_moves_from_outside_is_no_transfer() {
        let outside =
            past().and::<Account>("a", opened(80)).and::<Account>("a", withdrew(80, None));
        assert!(outside.rows::<Transfers>().is_empty());
        assert!(outside.rows::<MoneyInFlight>().is_empty());
    }

    #[test]
    fn accounts_show_their_balance_while_open_and_what_they_owe_once_closed() {
        let accounts = past()
            .and::<Account>("1", opened(100))
            .and::<Account>("1", withdrew(30, Some("1")))
            .and::<Account>("2", opened(80))
            .and::<Account>("2", withdrew(80, Some("2")))
            .and::<Account>("2", AccountClosed {})
            .and::<Account>("3", deposit_declined("1", 30, NEVER));
        let others = ["1 | Lola | 0.70 |  | open", "3 |  | 0.00 |  | never opened"];
        assert_eq!(accounts.rows::<Accounts>(), [others[0], "2 | Lola |  |  | closed", others[1]]);
        let owing = accounts.and::<Account>("2", refunded("2", 80));
        assert_eq!(owing.rows::<Accounts>(), [others[0], "2 | Lola |  | 0.80 | closed", others[1]]);
    }

    #[test]
    fn money_is_in_flight_from_its_withdrawal_until_it_is_deposited_or_refunded() {
        let taken = || run().and::<Account>("a", withdrew(80, Some("1")));
        assert!(run().rows::<MoneyInFlight>().is_empty());
        assert_eq!(taken().rows::<MoneyInFlight>(), ["1 | 0.80 | 0.00 | 0.00 | 0.80"]);
        let arrived = taken().and::<Account>("b", deposited(80, Some("1")));
        assert_eq!(arrived.rows::<MoneyInFlight>(), ["1 | 0.80 | 0.80 | 0.00 | 0.00"]);
        let back = taken().and::<Account>("a", refunded("1", 80));
        assert_eq!(back.rows::<MoneyInFlight>(), ["1 | 0.80 | 0.00 | 0.80 | 0.00"]);
    }

    #[test]
    fn the_totals_of_all_flights_add_up() {
        let three = past()
            .and::<Account>("a", withdrew(80, Some("1")))
            .and::<Account>("b", deposited(80, Some("1")))
            .and::<Account>("a", withdrew(20, Some("2")))
            .and::<Account>("a", refunded("2", 20))
            .and::<Account>("a", withdrew(5, Some("3")));
        let totals = json!({
            "transfer": "total", "withdrawn": 105, "deposited": 80, "refunded": 20, "in flight": 5
        });
        assert_eq!(three.shows::<MoneyInFlight>()["totals"], totals);
    }
}
