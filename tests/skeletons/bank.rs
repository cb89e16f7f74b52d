//! Bank accounts: Streams interleave; read models join them.
//!
//! This was made of a domain in JavaScript, whose functions stand in comments above what becomes of
//! them. The types are guessed from examples. What a command decides, what an event changes and what
//! is shown of it is still to be written.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use es::{
    Aggregate, Cents, Check, Id, Map, Older, Projection, Recorded, Scenario, Step, Stored, View,
    field, not,
};

// The aggregate “customer”.

/// What has happened. The names and fields are the stored format: add, never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum CustomerEvent {
    CustomerRegistered { name: Rc<str> },
}

/// What may be asked.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum CustomerCommand {
    /// Makes somebody a customer. Others know customers by their ids.
    RegisterCustomer {
        /// What the customer is called
        #[schemars(example = &"Lola Gheda")]
        name: Rc<str>,
    },
}

/// Why a command is refused, in a sentence.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum CustomerRejection {
    #[error("{0}")]
    Refused(Rc<str>),
}

/// What the events of a stream such as `customer-1` come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    pub name: Value,
}

impl Aggregate for Customer {
    const NAME: &'static str = "customer";
    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type Rejection = CustomerRejection;

    // decide(customer, { name }) {
    //   if (customer.name !== null) throw new Error("this customer is registered already");
    //   if (isBlank(name)) throw new Error("say what the customer is called");
    //   return [{ type: "CustomerRegistered", name }];
    // }
    fn decide(&self, command: CustomerCommand) -> Result<Vec<CustomerEvent>, CustomerRejection> {
        match command {
            CustomerCommand::RegisterCustomer { .. } => {
                Err(CustomerRejection::Refused("RegisterCustomer is not decided yet".into()))
            }
        }
    }

    // (_, event) => ({ name: event.name })
    fn evolve(self, event: &CustomerEvent) -> Self {
        match event {
            CustomerEvent::CustomerRegistered { .. } => self,
        }
    }
}

// The aggregate “account”.

/// What has happened. The names and fields are the stored format: add, never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum AccountEvent {
    AccountOpened { customer: Id<Customer>, initial_balance: Cents },
    Deposited { amount: Cents },
    Withdrew { amount: Cents },
    AccountClosed {},
}

/// What may be asked.
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

/// Why a command is refused, in a sentence.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum AccountRejection {
    #[error("{0}")]
    Refused(Rc<str>),
}

/// What the events of a stream such as `account-1` come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    pub customer: Rc<str>,
    pub balance: i64,
    pub status: Rc<str>,
}

impl Default for Account {
    fn default() -> Self {
        Self { customer: "".into(), balance: 0, status: "unopened".into() }
    }
}

impl Aggregate for Account {
    const NAME: &'static str = "account";
    const SCHEMA: u16 = 2;
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;

    // decide(account, command) {
    //   switch (command.type) {
    //     case "OpenAccount": {
    //       const { customer, initial_balance } = command;
    //       refuseFor(whyNot.open(standing(account), !isBlank(customer), initial_balance));
    //       return [{ type: "AccountOpened", customer, initial_balance }];
    //     }
    //     case "Deposit":
    //       refuseFor(whyNot.deposit(standing(account), command.amount));
    //       return [{ type: "Deposited", amount: command.amount }];
    //     case "Withdraw":
    //       refuseFor(whyNot.withdraw(standing(account), command.amount));
    //       return [{ type: "Withdrew", amount: command.amount }];
    //     case "CloseAccount":
    //       refuseFor(whyNot.close(standing(account)));
    //       return [{ type: "AccountClosed" }];
    //   }
    // }
    fn decide(&self, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountRejection> {
        match command {
            AccountCommand::OpenAccount { .. } => {
                Err(AccountRejection::Refused("OpenAccount is not decided yet".into()))
            }
            AccountCommand::Deposit { .. } => {
                Err(AccountRejection::Refused("Deposit is not decided yet".into()))
            }
            AccountCommand::Withdraw { .. } => {
                Err(AccountRejection::Refused("Withdraw is not decided yet".into()))
            }
            AccountCommand::CloseAccount {} => {
                Err(AccountRejection::Refused("CloseAccount is not decided yet".into()))
            }
        }
    }

    // evolve(account, event) {
    //   const moved = { ...account, balance: account.balance + change(event) };
    //   switch (event.type) {
    //     case "AccountOpened":
    //       return { ...moved, customer: event.customer, status: "open" };
    //     case "AccountClosed":
    //       return { ...moved, status: "closed" };
    //     default:
    //       return moved;
    //   }
    // }
    fn evolve(self, event: &AccountEvent) -> Self {
        match event {
            AccountEvent::AccountOpened { .. } => self,
            AccountEvent::Deposited { .. } => self,
            AccountEvent::Withdrew { .. } => self,
            AccountEvent::AccountClosed {} => self,
        }
    }

    // upcast(stored) {
    //   if (stored.type !== "AccountOpened") return { ...stored, schema: 2 };
    //   const { user_id, balance } = stored.data;
    //   if (typeof user_id !== "number") {
    //     throw new Error("it does not say whose account was opened");
    //   }
    //   const data = { customer: String(user_id), initial_balance: balance ?? null };
    //   return { ...stored, schema: 2, data };
    // }
    fn upcast(stored: Stored) -> Result<Stored, String> {
        Ok(Stored { schema: stored.schema + 1, ..stored })
    }

    fn older() -> Vec<Older> {
        vec![
            Older::new(
                "Customers were numbered users.",
                "AccountOpened",
                1,
                json!({ "balance": 10_000, "id": 7, "user_id": 1 }),
            ),
            Older::new(
                "A bug left out whose account it is. It cannot be read.",
                "AccountOpened",
                1,
                json!({ "balance": 10_000, "id": 8 }),
            ),
        ]
    }
}

// Read models.

/// Every account as it stands: the fold of each stream by itself.
#[derive(Clone, Default)]
pub struct Balances(Map<Rc<str>, Value>);

impl Projection for Balances {
    const NAME: &'static str = "Balances";
    const ABOUT: &'static str = "Every account as it stands: the fold of each stream by itself.";

    // apply(accounts, event, about) {
    //   if (!isOfAccount(about)) return accounts;
    //   const before = get(accounts, about.id, account.initial);
    //   return { ...accounts, [about.id]: account.evolve(before, event) };
    // }
    fn apply(&mut self, _event: &Recorded) {}

    // view(accounts) {
    //   const called = { unopened: "never opened", open: "open", closed: "closed" };
    //   const rows = Object.entries(accounts).map(([id, { customer, balance, status }]) => [
    //     id,
    //     customer,
    //     money(balance),
    //     called[status],
    //   ]);
    //   return table(["account", "customer", "balance", "status"], rows);
    // }
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

/// Each customer with what is on all accounts, joined over streams.
#[derive(Clone, Default)]
pub struct CustomerRollUp {
    customers: Map<Rc<str>, Value>,
    owners: Map<Rc<str>, Value>,
}

impl Projection for CustomerRollUp {
    const NAME: &'static str = "Customer roll-up";
    const ABOUT: &'static str = "Each customer with what is on all accounts, joined over streams.";

    // apply(state, event, about) {
    //   const { customers, owners } = state;
    //   const nobody = { name: "", balance: 0 };
    //   if (!isOfAccount(about)) {
    //     const named = { ...get(customers, about.id, nobody), name: event.name };
    //     return { customers: { ...customers, [about.id]: named }, owners };
    //   }
    //   const owner = event.type === "AccountOpened" ? event.customer : get(owners, about.id, null);
    //   // An account without an owner counts for no customer: its opening event may be missing.
    //   if (owner === null) return state;
    //   const { name, balance } = get(customers, owner, nobody);
    //   const changed = { name, balance: balance + change(event) };
    //   return {
    //     customers: { ...customers, [owner]: changed },
    //     owners: get(owners, about.id, null) === owner ? owners : { ...owners, [about.id]: owner },
    //   };
    // }
    fn apply(&mut self, _event: &Recorded) {}

    // view({ customers }) {
    //   const rows = Object.entries(customers).map(([id, { name, balance }]) => [
    //     id,
    //     name,
    //     money(balance),
    //     balance > 0 ? "Good dog" : "Broke",
    //   ]);
    //   return table(["customer", "name", "balance", "status"], rows);
    // }
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

/// Double entry: what one side gives the other gets, so both add up.
#[derive(Clone, Default)]
pub struct Ledger {
    movements: LedgerMovements,
    newest: i64,
}

/// What `movements` holds in it.
#[derive(Clone, Default)]
pub struct LedgerMovements {
    pages: Vec<Value>,
    last: Vec<Value>,
}

impl Projection for Ledger {
    const NAME: &'static str = "Ledger";
    const ABOUT: &'static str = "Double entry: what one side gives the other gets, so both add up.";

    // apply(state, event, about) {
    //   const amount = isOfAccount(about) ? change(event) : 0;
    //   if (amount === 0) return state;
    //   const { movements, newest } = state;
    //   const { position, id } = about;
    //   // How often the event was entered before. One that is delivered twice is entered twice.
    //   const entered = () => entriesOf(movements).filter((it) => it.position === position).length;
    //   const before = position > newest ? 0 : entered();
    //   const movement = { position, before, event: event.type, account: id, amount };
    //   return { movements: append(movements, movement), newest: Math.max(newest, position) };
    // }
    fn apply(&mut self, _event: &Recorded) {}

    // view({ movements }) {
    //   const all = entriesOf(movements);
    //   const rows = all.flatMap(({ position, before, event, account, amount }) => {
    //     // For the bank, cash is an asset, and an account is a debt.
    //     const [debit, credit] =
    //       amount > 0 ? ["cash", `account ${account}`] : [`account ${account}`, "cash"];
    //     const moved = money(Math.abs(amount));
    //     return [
    //       row(`${position}/${before} debit`, [position, event, debit, moved, null]),
    //       row(`${position}/${before} credit`, [position, event, credit, null, moved]),
    //     ];
    //   });
    //   const sum = money(all.reduce((sum, { amount }) => sum + Math.abs(amount), 0));
    //   const totals = [null, null, "total", sum, sum];
    //   return table(["entry", "event", "account", "debit", "credit"], rows, { totals, ordered: true });
    // }
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

/// How each account went up and down. A balance alone has no past.
#[derive(Clone, Default)]
pub struct BalanceOverTime(Map<Rc<str>, Value>);

impl Projection for BalanceOverTime {
    const NAME: &'static str = "Balance over time";
    const ABOUT: &'static str = "How each account went up and down. A balance alone has no past.";

    // apply(lines, event, about) {
    //   if (!isOfAccount(about)) return lines;
    //   const { position, id } = about;
    //   const { points, last } = get(lines, id, {
    //     points: emptyList,
    //     last: { position: 0, height: 0 },
    //   });
    //   const point = { position, height: last.height + change(event) };
    //   // An event that arrives late is not the last one.
    //   const line = { points: append(points, point), last: position < last.position ? last : point };
    //   return { ...lines, [id]: line };
    // }
    fn apply(&mut self, _event: &Recorded) {}

    // view(lines) {
    //   const series = Object.entries(lines).map(([id, { points }]) => {
    //     const heights = entriesOf(points).map(({ position, height }) => [position, height]);
    //     return [id, Object.fromEntries(heights)];
    //   });
    //   return chart("balance", Object.fromEntries(series), { money: true });
    // }
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

/// Each account's movements as a CSV file, with the balance after each.
#[derive(Clone, Default)]
pub struct Statements(Map<Rc<str>, Value>);

impl Projection for Statements {
    const NAME: &'static str = "Statements";
    const ABOUT: &'static str =
        "Each account's movements as a CSV file, with the balance after each.";

    // apply(all, event, about) {
    //   if (!isOfAccount(about)) return all;
    //   const { balance, lines } = get(all, about.id, { balance: 0, lines: emptyList });
    //   const amount = change(event);
    //   const after = balance + amount;
    //   const line = `${about.position},${event.type},${shown(amount)},${shown(after)}\r\n`;
    //   return { ...all, [about.id]: { balance: after, lines: append(lines, line) } };
    // }
    fn apply(&mut self, _event: &Recorded) {}

    // view(all) {
    //   const texts = Object.entries(all).map(([id, { lines }]) => [
    //     `account-${id}.csv`,
    //     `entry,event,amount,balance\r\n${entriesOf(lines).join("")}`,
    //   ]);
    //   return files(Object.fromEntries(texts));
    // }
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

// The scenario and its story.

/// Bank accounts, as a scenario.
pub fn scenario() -> Scenario {
    Scenario::new("bank", "Bank accounts", "Streams interleave; read models join them.")
        .aggregate::<Customer>()
        .aggregate::<Account>()
        .projection::<Balances>()
        .projection::<CustomerRollUp>()
        .projection::<Ledger>()
        .projection::<BalanceOverTime>()
        .projection::<Statements>()
        .check(Check::each::<Account>(
            "No account is overdrawn.",
            not(field("/balance").is_less_than(0)),
        ))
        .story(START, story())
}

/// When the story begins, in milliseconds since 1970.
const START: u64 = 1_503_597_600_000;

fn story() -> [Step; 15] {
    [
        Step::new::<Customer>(
            "Lola becomes a customer.",
            "1",
            &CustomerCommand::RegisterCustomer { name: "Lola Gheda".into() },
        )
        .show(["customer-1", "Customer roll-up"]),
        Step::imported::<Account>(
            "Her account comes from the old system, in the shape events had there.",
            "1",
            "AccountOpened",
            1,
            &json!({ "balance": 10_000, "id": 1, "user_id": 1 }),
        )
        .show(["account-1", "Log"]),
        Step::new::<Account>(
            "She pays in 20.00.",
            "1",
            &AccountCommand::Deposit { amount: Cents(2_000) },
        )
        .show(["account-1", "Balances", "Balance over time"]),
        Step::new::<Customer>(
            "Mattia becomes a customer too.",
            "2",
            &CustomerCommand::RegisterCustomer { name: "Mattia Gheda".into() },
        )
        .by("Bob")
        .show(["customer-2", "Customer roll-up"]),
        Step::new::<Account>(
            "His account starts with 50.00.",
            "2",
            &AccountCommand::OpenAccount { customer: "2".into(), initial_balance: Cents(5_000) },
        )
        .by("Bob")
        .show(["account-2", "Customer roll-up"]),
        Step::new::<Account>(
            "Lola takes out 80.00, and 40.00 remain.",
            "1",
            &AccountCommand::Withdraw { amount: Cents(8_000) },
        )
        .show(["account-1", "Balances", "Balance over time"]),
        Step::new::<Account>(
            "Mattia takes out 20.00, and 30.00 remain.",
            "2",
            &AccountCommand::Withdraw { amount: Cents(2_000) },
        )
        .by("Bob")
        .show(["account-2", "Balances", "Balance over time"]),
        Step::new::<Account>(
            "He asks for 80.00. There isn't so much.",
            "2",
            &AccountCommand::Withdraw { amount: Cents(8_000) },
        )
        .by("Bob")
        .show(["account-2", "Journal"]),
        Step::new::<Account>(
            "Lola's 25.00 end up on Mattia's account: a slip.",
            "2",
            &AccountCommand::Deposit { amount: Cents(2_500) },
        )
        .show(["account-2", "account-1", "Ledger"]),
        Step::new::<Account>(
            "Nothing is erased. A new entry takes them out again,",
            "2",
            &AccountCommand::Withdraw { amount: Cents(2_500) },
        )
        .at(1_503_651_600_000)
        .show(["account-2", "account-1", "Ledger"]),
        Step::new::<Account>(
            "and another puts them where they belong.",
            "1",
            &AccountCommand::Deposit { amount: Cents(2_500) },
        )
        .show(["account-2", "account-1", "Ledger"]),
        Step::new::<Account>(
            "Mattia wants to close. 30.00 are left.",
            "2",
            &AccountCommand::CloseAccount {},
        )
        .by("Bob")
        .show(["account-2", "Journal"]),
        Step::new::<Account>(
            "He takes them out, and see what the roll-up calls him.",
            "2",
            &AccountCommand::Withdraw { amount: Cents(3_000) },
        )
        .by("Bob")
        .show(["account-2", "Customer roll-up"]),
        Step::new::<Account>(
            "Now the account can be closed.",
            "2",
            &AccountCommand::CloseAccount {},
        )
        .by("Bob")
        .show(["account-2", "Balances"]),
        Step::new::<Account>(
            "A deposit comes too late.",
            "2",
            &AccountCommand::Deposit { amount: Cents(1_000) },
        )
        .show(["account-2", "Journal"]),
    ]
}
