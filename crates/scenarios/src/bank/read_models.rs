//! What is shown of accounts and customers.

use std::rc::Rc;

use es::{
    Aggregate, Cell, Cents, File, Listed, Map, Projection, Recorded, Row, States, Table, View,
};

use super::account::AccountEvent::AccountOpened;
use super::account::{Account, Status, change};
use crate::shared::customers::Customer;
use crate::shared::customers::CustomerEvent::CustomerRegistered;

impl Listed for Account {
    const TITLE: &'static str = "Balances";
    const ABOUT: &'static str = "Every account as it stands: the fold of each stream by itself.";

    fn list(accounts: &States<Self>) -> View {
        accounts.table(&["account", "customer", "balance", "status"], |account| {
            let status = match account.status {
                Status::Unopened => "never opened",
                Status::Open => "open",
                Status::Closed => "closed",
            };
            (&account.customer, account.balance, status)
        })
    }
}

/// Customers and what they own together, joined over two kinds of streams.
#[derive(Clone, Default)]
pub struct CustomerRollUp {
    customers: Map<Rc<str>, (Rc<str>, Cents)>,
    owners: Map<Rc<str>, Rc<str>>,
}

impl Projection for CustomerRollUp {
    const NAME: &'static str = "Customer roll-up";
    const ABOUT: &'static str = "Each customer with what is on all accounts, joined over streams.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(CustomerRegistered { name }) = recorded.of::<Customer>() {
            self.customers.entry(recorded.key().clone()).or_default().0 = name.clone();
        }
        if let Some(event) = recorded.of::<Account>() {
            if let AccountOpened { customer, .. } = event {
                self.owners.insert(recorded.key().clone(), customer.key().clone());
            }
            // An account without an owner counts for no customer: its opening event may be missing.
            if let Some(owner) = self.owners.get(recorded.key()) {
                self.customers.entry(owner.clone()).or_default().1 += change(event);
            }
        }
    }

    fn view(&self) -> View {
        let rows = self.customers.iter().map(|(key, (name, balance))| {
            let status = if *balance > Cents(0) { "Good dog" } else { "Broke" };
            Row::of(key, (name, balance, status))
        });
        View::table(&["customer", "name", "balance", "status"], rows)
    }

    fn weight(&self) -> usize {
        self.customers.len() + self.owners.len()
    }
}

/// The bank's books: each movement once as a debit and once as a credit.
#[derive(Clone, Default)]
pub struct Ledger {
    movements: Vec<Movement>,
    /// The last position that was entered.
    newest: u64,
}

#[derive(Clone)]
struct Movement {
    position: u64,
    /// How often its event was entered before. An event that is delivered twice is entered twice.
    before: usize,
    event: Rc<str>,
    account: Rc<str>,
    /// Positive where money goes into the account, negative where it goes out.
    amount: Cents,
}

impl Projection for Ledger {
    const NAME: &'static str = "Ledger";
    const ABOUT: &'static str = "Double entry: what one side gives the other gets, so both add up.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Account>() else { return };
        let amount = change(event);
        if amount != Cents(0) {
            let position = recorded.position();
            self.movements.push(Movement {
                position,
                before: self.entered(position),
                event: recorded.kind().clone(),
                account: recorded.key().clone(),
                amount,
            });
            self.newest = self.newest.max(position);
        }
    }

    fn view(&self) -> View {
        let mut rows = Vec::with_capacity(2 * self.movements.len());
        let (mut debits, mut credits) = (Cents(0), Cents(0));
        for Movement { position, before, event, account, amount } in &self.movements {
            // For the bank, cash is an asset, and an account is a debt.
            let account = format!("account {account}");
            let (debit, credit, amount) = if *amount > Cents(0) {
                ("cash".to_owned(), account, *amount)
            } else {
                (account, "cash".to_owned(), -*amount)
            };
            debits += amount;
            let key = format!("{position}/{before} debit");
            rows.push(Row::new(key, (position, event, debit, amount, Cell::Empty)));
            credits += amount;
            let key = format!("{position}/{before} credit");
            rows.push(Row::new(key, (position, event, credit, Cell::Empty, amount)));
        }
        let totals = (Cell::Empty, Cell::Empty, "total", debits, credits);
        Table::in_order(&["entry", "event", "account", "debit", "credit"], rows)
            .with_totals(totals)
            .into()
    }

    fn weight(&self) -> usize {
        self.movements.len()
    }
}

impl Ledger {
    fn entered(&self, position: u64) -> usize {
        if position > self.newest {
            return 0;
        }
        self.movements.iter().filter(|it| it.position == position).count()
    }
}

/// How each account's balance went up and down.
#[derive(Clone, Default)]
pub struct BalanceOverTime(Map<Rc<str>, Map<u64, i64>>);

impl Projection for BalanceOverTime {
    const NAME: &'static str = "Balance over time";
    const ABOUT: &'static str = "How each account went up and down. A balance alone has no past.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Account>() else { return };
        let heights = self.0.entry(recorded.key().clone()).or_default();
        let before = Cents(heights.last_key_value().map_or(0, |(_, &height)| height));
        heights.insert(recorded.position(), (before + change(event)).0);
    }

    fn view(&self) -> View {
        View::Chart { unit: "balance".into(), money: true, series: self.0.clone() }
    }

    fn weight(&self) -> usize {
        self.0.values().map(Map::len).sum()
    }
}

/// The statement of each account, as a file for any spreadsheet.
#[derive(Clone, Default)]
pub struct Statements(Map<Rc<str>, (Cents, Vec<String>)>);

impl Projection for Statements {
    const NAME: &'static str = "Statements";
    const ABOUT: &'static str =
        "Each account's movements as a CSV file, with the balance after each.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Account>() else { return };
        let (balance, lines) = self.0.entry(recorded.key().clone()).or_default();
        let amount = change(event);
        *balance += amount;
        lines.push(format!("{},{},{amount},{balance}\r\n", recorded.position(), recorded.kind()));
    }

    fn view(&self) -> View {
        let files = self.0.iter().map(|(key, (_, lines))| {
            let text = format!("entry,event,amount,balance\r\n{}", lines.concat());
            (format!("{}-{key}.csv", Account::NAME), File::new("text/csv", text))
        });
        View::files(files)
    }

    fn weight(&self) -> usize {
        self.0.values().map(|(_, lines)| 1 + lines.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::account::AccountEvent;
    use crate::bank::account::AccountEvent::AccountClosed;
    use crate::bank::examples::{deposited, opened, talk, withdrew};
    use crate::bank::scenario;
    use es::past;
    use serde_json::{Value, json};

    #[test]
    fn a_statement_has_a_line_for_each_event_and_the_balance_after_it() {
        let statement = talk().shows::<Statements>()["files"]["account-2.csv"].take();
        assert_eq!(statement["media"], "text/csv");
        let text = statement["text"].as_str().unwrap();
        assert!(text.starts_with("entry,event,amount,balance\r\n"), "{text}");
        assert!(text.trim_end().ends_with(",30.00"), "{text}");
    }

    #[test]
    fn balances_are_the_fold_of_each_stream() {
        assert_eq!(
            talk().rows::<States<Account>>(),
            ["1 | 1 | 40.00 | open", "2 | 2 | 30.00 | open"]
        );
        let emptied = talk().and::<Account>("2", withdrew(3_000));
        let closed =
            emptied.and::<Account>("2", AccountClosed {}).and::<Account>("3", deposited(1));
        assert_eq!(
            closed.rows::<States<Account>>(),
            ["1 | 1 | 40.00 | open", "2 | 2 | 0.00 | closed", "3 |  | 0.01 | never opened"]
        );
    }

    #[test]
    fn the_roll_up_adds_all_accounts_of_a_customer_and_judges_them() {
        let second = talk().and::<Account>("3", opened("1", 500));
        assert_eq!(
            second.and::<Account>("2", withdrew(3_000)).rows::<CustomerRollUp>(),
            ["1 | Lola Gheda | 45.00 | Good dog", "2 | Mattia Gheda | 0.00 | Broke"]
        );
    }

    #[test]
    fn the_roll_up_leaves_out_an_account_whose_opening_is_missing() {
        assert!(past().and::<Account>("9", deposited(100)).rows::<CustomerRollUp>().is_empty());
    }

    #[test]
    fn the_ledger_writes_each_movement_twice_and_its_columns_balance() {
        let entries = past()
            .and::<Account>("1", opened("1", 10_000))
            .and::<Account>("2", opened("2", 0))
            .and::<Account>("1", withdrew(8_000));
        assert_eq!(
            entries.rows::<Ledger>(),
            [
                "1 | AccountOpened | cash | 100.00 | ",
                "1 | AccountOpened | account 1 |  | 100.00",
                "3 | Withdrew | account 1 | 80.00 | ",
                "3 | Withdrew | cash |  | 80.00",
            ]
        );
        let view = entries.shows::<Ledger>();
        let keys: Vec<&Value> =
            view["rows"].as_array().unwrap().iter().map(|it| &it["key"]).collect();
        assert_eq!(keys, ["1/0 debit", "1/0 credit", "3/0 debit", "3/0 credit"]);
        let total = json!({
            "entry": null, "event": null, "account": "total", "debit": 18_000, "credit": 18_000
        });
        assert_eq!(view["totals"], total);
    }

    #[test]
    fn an_event_that_the_ledger_is_told_of_twice_is_entered_twice_under_keys_of_its_own() {
        let told = past().and::<Account>("1", opened("1", 100)).and::<Account>("1", deposited(20));
        let mut ledger = Ledger::default();
        for position in [2, 1, 2, 1] {
            ledger.apply(told.log().event(position).unwrap());
        }
        let View::Table(table) = ledger.view() else { panic!("a ledger is a table") };
        let debits = table.rows.iter().map(|row| &*row.key).filter(|key| key.ends_with("debit"));
        let debits: Vec<&str> = debits.collect();
        assert_eq!(debits, ["2/0 debit", "1/0 debit", "2/1 debit", "1/1 debit"]);
    }

    #[test]
    fn an_account_that_was_overdrawn_all_the_same_is_found_by_a_check() {
        let holds = |history: &[AccountEvent]| {
            let account = history.iter().fold(Account::default(), Account::evolve);
            let account = serde_json::to_value(account).unwrap();
            scenario().checks.iter().all(|check| check.holds.holds(&account))
        };
        assert!(holds(&[opened("1", 100)]));
        assert!(holds(&[opened("1", 100), withdrew(100)]));
        assert!(!holds(&[opened("1", 100), withdrew(100), withdrew(1)]));
    }

    #[test]
    fn the_balance_over_time_keeps_every_height_that_an_account_had() {
        assert_eq!(
            talk().shows::<BalanceOverTime>(),
            json!({
                "kind": "chart",
                "unit": "balance",
                "money": true,
                "series": {
                    "1": { "2": 10_000, "3": 12_000, "6": 4_000 },
                    "2": { "5": 5_000, "7": 3_000 },
                },
            })
        );
    }
}
