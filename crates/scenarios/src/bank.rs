//! Accounts and customers: their streams interleave in one log, and read models join them.
//! The ledger is written in pen: a mistake is corrected by new entries, never erased.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use es::{
    Aggregate, Cell, Cents, Check, Id, Listed, Map, Projection, Recorded, Row, Scenario, States,
    Step, Stored, Table, View, field, not,
};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum CustomerEvent {
    CustomerRegistered { name: Rc<str> },
}
use CustomerEvent::CustomerRegistered;

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
pub enum CustomerCommand {
    /// Makes somebody a customer of the bank.
    RegisterCustomer {
        /// What the customer is called
        #[schemars(example = &"Lola Gheda")]
        name: Rc<str>,
    },
}
use CustomerCommand::RegisterCustomer;

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

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum CustomerRejection {
    #[error("say what the customer is called")]
    Unnamed,
    #[error("this customer is registered already")]
    RegisteredAlready,
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum AccountRejection {
    #[error("this account was opened already")]
    OpenedAlready,
    #[error("say whose account it is")]
    Nobodys,
    #[error("an account cannot start with {0}, which is less than nothing")]
    LessThanNothing(Cents),
    #[error("this account was never opened")]
    NeverOpened,
    #[error("this account is closed")]
    Closed,
    #[error("an amount must be more than 0.00")]
    NotPositive,
    #[error("{MOST} is the most that can be paid in at once")]
    TooMuch,
    #[error("only {available} is available, so {wanted} cannot be withdrawn")]
    Overdrawn { available: Cents, wanted: Cents },
    #[error("there is still {0} on this account; withdraw it before closing")]
    NotEmpty(Cents),
}

// Fold and decisions.

/// The most that an account takes in at once: sums of amounts stay exact.
const MOST: Cents = Cents(100_000_000);

/// A customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    pub name: Option<Rc<str>>,
}

impl Aggregate for Customer {
    const NAME: &'static str = "customer";
    const SCHEMAS: Option<&'static str> = Some(include_str!("schemas/bank-customer.json"));
    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type Rejection = CustomerRejection;

    fn decide(&self, command: CustomerCommand) -> Result<Vec<CustomerEvent>, CustomerRejection> {
        let RegisterCustomer { name } = command;
        if self.name.is_some() {
            return Err(CustomerRejection::RegisteredAlready);
        }
        if name.trim().is_empty() {
            return Err(CustomerRejection::Unnamed);
        }
        Ok(vec![CustomerRegistered { name }])
    }

    fn evolve(self, event: &CustomerEvent) -> Self {
        let CustomerRegistered { name } = event;
        Self { name: Some(name.clone()) }
    }
}

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
    const SCHEMAS: Option<&'static str> = Some(include_str!("schemas/bank-account.json"));
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;

    fn decide(&self, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountRejection> {
        use AccountRejection as No;
        match command {
            OpenAccount { .. } if self.status != Status::Unopened => Err(No::OpenedAlready),
            OpenAccount { customer, .. } if customer.is_empty() => Err(No::Nobodys),
            OpenAccount { initial_balance, .. } if initial_balance < Cents(0) => {
                Err(No::LessThanNothing(initial_balance))
            }
            OpenAccount { initial_balance, .. } if initial_balance > MOST => Err(No::TooMuch),
            OpenAccount { customer, initial_balance } => {
                Ok(vec![AccountOpened { customer, initial_balance }])
            }
            _ if self.status == Status::Unopened => Err(No::NeverOpened),
            _ if self.status == Status::Closed => Err(No::Closed),
            Deposit { amount } | Withdraw { amount } if amount <= Cents(0) => Err(No::NotPositive),
            Deposit { amount } if amount > MOST => Err(No::TooMuch),
            Deposit { amount } => Ok(vec![Deposited { amount }]),
            Withdraw { amount } if amount > self.balance => {
                Err(No::Overdrawn { available: self.balance, wanted: amount })
            }
            Withdraw { amount } => Ok(vec![Withdrew { amount }]),
            CloseAccount {} if self.balance != Cents(0) => Err(No::NotEmpty(self.balance)),
            CloseAccount {} => Ok(vec![AccountClosed {}]),
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
}

/// By how much an event changes its account's balance.
fn change(event: &AccountEvent) -> Cents {
    match event {
        AccountOpened { initial_balance, .. } => *initial_balance,
        Deposited { amount } => *amount,
        Withdrew { amount } => -*amount,
        AccountClosed {} => Cents(0),
    }
}

// Read models.

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
            // Nobody's account rolls up nowhere: a history may have lost its beginning.
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
    /// How often its event was entered before: whoever is told twice writes twice.
    before: usize,
    event: Rc<str>,
    account: Rc<str>,
    /// Into the account, or out of it where it is negative.
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
            // To the bank, cash is what it has, and an account is what it owes.
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

// The scenario and its story.

/// The two accounts of the talk, with its figures, and what became of them.
pub fn scenario() -> Scenario {
    Scenario::new("bank", "Bank accounts", "Streams interleave; read models join them.")
        .aggregate::<Customer>()
        .aggregate::<Account>()
        .projection::<States<Account>>()
        .projection::<CustomerRollUp>()
        .projection::<Ledger>()
        .projection::<BalanceOverTime>()
        .check(Check::each::<Account>(
            "No account is overdrawn.",
            not(field("/balance").is_less_than(0)),
        ))
        .story(AUGUST_2017, story())
}

/// 24 August 2017, 18:00 UTC.
const AUGUST_2017: u64 = 1_503_597_600_000;
/// 15 hours later.
const NEXT_MORNING: u64 = 1_503_651_600_000;

fn story() -> [Step; 15] {
    let register = |say, id, name: &str| {
        Step::new::<Customer>(say, id, &RegisterCustomer { name: name.into() })
    };
    let account = |say, id, command| Step::new::<Account>(say, id, &command);
    let open = |customer, cents| OpenAccount { customer, initial_balance: Cents(cents) };
    let deposit = |cents| Deposit { amount: Cents(cents) };
    let withdraw = |cents| Withdraw { amount: Cents(cents) };
    let old = json!({ "id": 1, "user_id": 1, "balance": 10_000 });
    [
        register("Lola becomes a customer.", "1", "Lola Gheda"),
        Step::imported::<Account>(
            "Her account comes from the old system, in the shape events had there.",
            "1",
            "AccountOpened",
            1,
            &old,
        ),
        account("She pays in 20.00.", "1", deposit(2_000)),
        register("Mattia becomes a customer too.", "2", "Mattia Gheda").by("Bob"),
        account("His account starts with 50.00.", "2", open("2".into(), 5_000)).by("Bob"),
        account("Lola takes out 80.00, and 40.00 remain.", "1", withdraw(8_000)),
        account("Mattia takes out 20.00, and 30.00 remain.", "2", withdraw(2_000)).by("Bob"),
        account("He asks for 80.00. Refused: there isn't so much.", "2", withdraw(8_000)).by("Bob"),
        account("Lola's 25.00 end up on Mattia's account: a slip.", "2", deposit(2_500)),
        account("Nothing is erased. A new entry takes them out again,", "2", withdraw(2_500))
            .at(NEXT_MORNING),
        account("and another puts them where they belong.", "1", deposit(2_500)),
        account("Mattia wants to close. Refused: 30.00 are left.", "2", CloseAccount {}).by("Bob"),
        account("He takes them out, and see what the roll-up calls him.", "2", withdraw(3_000))
            .by("Bob"),
        account("Now the account can be closed.", "2", CloseAccount {}).by("Bob"),
        account("A deposit comes too late. Refused: it is closed.", "2", deposit(1_000)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use es::{given, past};

    fn register(name: &str) -> CustomerCommand {
        RegisterCustomer { name: name.into() }
    }

    fn registered(name: &str) -> CustomerEvent {
        CustomerRegistered { name: name.into() }
    }

    fn open(customer: &str, cents: i64) -> AccountCommand {
        OpenAccount { customer: customer.into(), initial_balance: Cents(cents) }
    }

    fn deposit(cents: i64) -> AccountCommand {
        Deposit { amount: Cents(cents) }
    }

    fn withdraw(cents: i64) -> AccountCommand {
        Withdraw { amount: Cents(cents) }
    }

    fn opened(customer: &str, cents: i64) -> AccountEvent {
        AccountOpened { customer: customer.into(), initial_balance: Cents(cents) }
    }

    fn deposited(cents: i64) -> AccountEvent {
        Deposited { amount: Cents(cents) }
    }

    fn withdrew(cents: i64) -> AccountEvent {
        Withdrew { amount: Cents(cents) }
    }

    fn account(customer: &str, cents: i64, status: Status) -> Account {
        Account { customer: customer.into(), balance: Cents(cents), status }
    }

    #[test]
    fn a_customer_is_registered_once_and_by_name() {
        let lola = given::<Customer>([]).when(register("Lola")).then([registered("Lola")]);
        assert_eq!(lola, Customer { name: Some("Lola".into()) });
        given::<Customer>([]).when(register(" ")).refused("say what the customer is called");
        given::<Customer>([registered("Lola")])
            .when(register("Lola"))
            .refused("this customer is registered already");
    }

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

    /// The talk's five events, interleaved as they are there, and its two customers.
    fn talk() -> es::Past {
        past()
            .and::<Customer>("1", registered("Lola Gheda"))
            .and::<Account>("1", opened("1", 10_000))
            .and::<Account>("1", deposited(2_000))
            .and::<Customer>("2", registered("Mattia Gheda"))
            .and::<Account>("2", opened("2", 5_000))
            .and::<Account>("1", withdrew(8_000))
            .and::<Account>("2", withdrew(2_000))
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
