//! Money transfers: A process manager spans two aggregates.
//!
//! This was made of a domain in JavaScript, whose functions stand in comments above what becomes of
//! them. The types are guessed from examples. What a command decides, what an event changes and what
//! is shown of it is still to be written.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use es::{
    Aggregate, Cents, Check, Id, Map, ProcessManager, Projection, Reaction, Recorded, Scenario,
    Step, View, field,
};

// The aggregate “account”.

/// What has happened. The names and fields are the stored format: add, never change.
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

/// What may be asked.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
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

/// Why a command is refused, in a sentence.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum AccountRejection {
    #[error("{0}")]
    Refused(Rc<str>),
}

/// What the events of a stream such as `account-1` come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    pub name: Value,
    pub balance: i64,
    pub closed: bool,
    pub deposits: Vec<Value>,
    pub withdrawals: Map<Rc<str>, Value>,
}

impl Aggregate for Account {
    const NAME: &'static str = "account";
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;

    // decide(account, command) {
    //   const { amount } = command;
    //   const transfer = transferOf(command);
    //   switch (command.type) {
    //     case "OpenAccount": {
    //       const { name, initial_balance } = command;
    //       refuseFor(whyNot.open(standing(account), !isBlank(name), initial_balance));
    //       return [{ type: "AccountOpened", name, initial_balance }];
    //     }
    //     // A transfer that has its answer already gets no second one.
    //     case "Deposit": {
    //       if (account.deposits.includes(transfer)) return [];
    //       const reason = whyNot.deposit(standing(account), amount);
    //       return answer(reason, { amount, transfer }, "Deposited", "DepositDeclined");
    //     }
    //     case "Withdraw": {
    //       if (transfer !== null && Object.hasOwn(account.withdrawals, transfer)) return [];
    //       const reason = whyNotWithdraw(account, amount);
    //       return answer(reason, { amount, transfer }, "Withdrew", "WithdrawalDeclined");
    //     }
    //     case "Refund": {
    //       const taken = get(account.withdrawals, transfer, 0);
    //       return taken > 0 ? [{ type: "Refunded", transfer, amount: taken }] : [];
    //     }
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
            AccountCommand::Refund { .. } => {
                Err(AccountRejection::Refused("Refund is not decided yet".into()))
            }
            AccountCommand::CloseAccount {} => {
                Err(AccountRejection::Refused("CloseAccount is not decided yet".into()))
            }
        }
    }

    // evolve(account, event) {
    //   const transfer = transferOf(event);
    //   const moved = { ...account, balance: account.balance + change(event) };
    //   const answered = (withdrawals) => ({
    //     ...moved,
    //     withdrawals: { ...moved.withdrawals, ...withdrawals },
    //   });
    //   switch (event.type) {
    //     case "AccountOpened":
    //       return { ...moved, name: event.name };
    //     case "Deposited":
    //     case "DepositDeclined":
    //       return transfer === null
    //         ? moved
    //         : { ...moved, deposits: withOne(moved.deposits, transfer) };
    //     case "Withdrew":
    //       return transfer === null ? moved : answered({ [transfer]: event.amount });
    //     case "WithdrawalDeclined":
    //     case "Refunded":
    //       return answered({ [transfer]: 0 });
    //     case "AccountClosed":
    //       return { ...moved, closed: true };
    //     default:
    //       return account;
    //   }
    // }
    fn evolve(self, event: &AccountEvent) -> Self {
        match event {
            AccountEvent::AccountOpened { .. } => self,
            AccountEvent::Deposited { .. } => self,
            AccountEvent::Withdrew { .. } => self,
            AccountEvent::DepositDeclined { .. } => self,
            AccountEvent::WithdrawalDeclined { .. } => self,
            AccountEvent::Refunded { .. } => self,
            AccountEvent::AccountClosed {} => self,
        }
    }
}

// The aggregate “transfer”.

/// What has happened. The names and fields are the stored format: add, never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum TransferEvent {
    Requested { from: Id<Account>, to: Id<Account>, amount: Cents },
    Completed {},
    Failed { reason: Rc<str> },
}

/// What may be asked.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
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

/// Why a command is refused, in a sentence.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum TransferRejection {
    #[error("{0}")]
    Refused(Rc<str>),
}

/// What the events of a stream such as `transfer-1` come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Transfer {
    pub from: Rc<str>,
    pub to: Rc<str>,
    pub amount: i64,
    pub status: Rc<str>,
}

impl Default for Transfer {
    fn default() -> Self {
        Self { from: "".into(), to: "".into(), amount: 0, status: "unknown".into() }
    }
}

impl Aggregate for Transfer {
    const NAME: &'static str = "transfer";
    type Command = TransferCommand;
    type Event = TransferEvent;
    type Rejection = TransferRejection;

    // decide({ status }, command) {
    //   if (command.type === "RequestTransfer") {
    //     const { from, to, amount } = command;
    //     if (status !== "unknown") throw new Error("this transfer was requested already");
    //     if (isBlank(from) || isBlank(to)) throw new Error("say from which account and to which");
    //     if (from === to) {
    //       throw new Error(`a transfer takes two accounts, and ${from} is one and the same`);
    //     }
    //     if (amount <= 0) throw new Error("an amount must be more than 0.00");
    //     return [{ type: "Requested", from, to, amount }];
    //   }
    //   if (status === "unknown") throw new Error("this transfer was never requested");
    //   if (status !== "pending") throw new Error(`this transfer has ${status} already`);
    //   if (command.type === "CompleteTransfer") return [{ type: "Completed" }];
    //   if (isBlank(command.reason)) throw new Error("say why");
    //   return [{ type: "Failed", reason: command.reason }];
    // }
    fn decide(&self, command: TransferCommand) -> Result<Vec<TransferEvent>, TransferRejection> {
        match command {
            TransferCommand::RequestTransfer { .. } => {
                Err(TransferRejection::Refused("RequestTransfer is not decided yet".into()))
            }
            TransferCommand::CompleteTransfer {} => {
                Err(TransferRejection::Refused("CompleteTransfer is not decided yet".into()))
            }
            TransferCommand::FailTransfer { .. } => {
                Err(TransferRejection::Refused("FailTransfer is not decided yet".into()))
            }
        }
    }

    // evolve(transfer, event) {
    //   switch (event.type) {
    //     case "Requested": {
    //       const { from, to, amount } = event;
    //       return { from, to, amount, status: "pending" };
    //     }
    //     case "Completed":
    //       return { ...transfer, status: "completed" };
    //     case "Failed":
    //       return { ...transfer, status: "failed" };
    //     default:
    //       return transfer;
    //   }
    // }
    fn evolve(self, event: &TransferEvent) -> Self {
        match event {
            TransferEvent::Requested { .. } => self,
            TransferEvent::Completed {} => self,
            TransferEvent::Failed { .. } => self,
        }
    }
}

// Read models.

/// Every transfer, how far it has come, and why it went no further.
#[derive(Clone, Default)]
pub struct Transfers(Map<Rc<str>, Value>);

impl Projection for Transfers {
    const NAME: &'static str = "Transfers";
    const ABOUT: &'static str = "Every transfer, how far it has come, and why it went no further.";

    // apply(lines, event, about) {
    //   const id = isOfAccount(about) ? transferOf(event) : about.id;
    //   if (id === null) return lines;
    //   const line = get(lines, id, { from: "", to: "", amount: 0, stage: "requested", reason: null });
    //   switch (event.type) {
    //     case "Requested": {
    //       const { from, to, amount } = event;
    //       return put(lines, id, { ...line, from, to, amount });
    //     }
    //     case "Completed":
    //       return put(lines, id, { ...line, stage: "completed" });
    //     case "Failed":
    //       return put(lines, id, { ...line, stage: "failed", reason: event.reason });
    //     default:
    //       return put(lines, id, { ...line, stage: furthest(line.stage, STAGE_OF[event.type]) });
    //   }
    // }
    fn apply(&mut self, _event: &Recorded) {}

    // view(lines) {
    //   const rows = Object.entries(lines).map(([id, { from, to, amount, stage, reason }]) => [
    //     id,
    //     from,
    //     to,
    //     money(amount),
    //     stage,
    //     reason,
    //   ]);
    //   return table(["transfer", "from", "to", "amount", "status", "reason"], rows);
    // }
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

/// What each account holds; on a closed one, what is owed.
#[derive(Clone, Default)]
pub struct Accounts(Map<Rc<str>, Value>);

impl Projection for Accounts {
    const NAME: &'static str = "Accounts";
    const ABOUT: &'static str = "What each account holds; on a closed one, what is owed.";

    // apply(holdings, event, about) {
    //   if (!isOfAccount(about)) return holdings;
    //   const { name, balance, closed } = get(holdings, about.id, account.initial);
    //   return put(holdings, about.id, {
    //     name: event.type === "AccountOpened" ? event.name : name,
    //     balance: balance + change(event),
    //     closed: closed || event.type === "AccountClosed",
    //   });
    // }
    fn apply(&mut self, _event: &Recorded) {}

    // view(holdings) {
    //   const rows = Object.entries(holdings).map(([id, { name, balance, closed }]) => {
    //     if (closed) return [id, name, null, balance === 0 ? null : money(balance), "closed"];
    //     return [id, name, money(balance), null, name === null ? "never opened" : "open"];
    //   });
    //   return table(["account", "name", "balance", "owed", "status"], rows);
    // }
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

/// What has left one account and has not reached another yet.
#[derive(Clone, Default)]
pub struct MoneyInFlight(Map<Rc<str>, Value>);

impl Projection for MoneyInFlight {
    const NAME: &'static str = "Money in flight";
    const ABOUT: &'static str = "What has left one account and has not reached another yet.";

    // apply(flights, event, about) {
    //   const id = isOfAccount(about) ? transferOf(event) : null;
    //   return id === null ? flights : put(flights, id, flown(get(flights, id, grounded), event));
    // }
    fn apply(&mut self, _event: &Recorded) {}

    // view(flights) {
    //   const cells = (title, { withdrawn, deposited, refunded }) => {
    //     const inFlight = withdrawn - deposited - refunded;
    //     return [title, money(withdrawn), money(deposited), money(refunded), money(inFlight)];
    //   };
    //   const sum = (name) => Object.values(flights).reduce((sum, flight) => sum + flight[name], 0);
    //   const total = {
    //     withdrawn: sum("withdrawn"),
    //     deposited: sum("deposited"),
    //     refunded: sum("refunded"),
    //   };
    //   return table(
    //     ["transfer", "withdrawn", "deposited", "refunded", "in flight"],
    //     Object.entries(flights).map(([id, flight]) => cells(id, flight)),
    //     { totals: cells("total", total) },
    //   );
    // }
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

/// Balances and money in flight equal what came in less what left.
#[derive(Clone, Default)]
pub struct Conservation {
    balances: i64,
    opened: i64,
    deposited: i64,
    withdrawn: i64,
    journeys: Map<Rc<str>, Value>,
}

impl Projection for Conservation {
    const NAME: &'static str = "Conservation";
    const ABOUT: &'static str = "Balances and money in flight equal what came in less what left.";

    // apply(bank, event, about) {
    //   const id = isOfAccount(about) ? transferOf(event) : about.id;
    //   const moved = { ...bank, balances: bank.balances + change(event) };
    //   if (id !== null) {
    //     const journey = get(bank.journeys, id, unstarted);
    //     return { ...moved, journeys: put(bank.journeys, id, travelled(journey, event)) };
    //   }
    //   switch (event.type) {
    //     case "AccountOpened":
    //       return { ...moved, opened: bank.opened + event.initial_balance };
    //     case "Deposited":
    //       return { ...moved, deposited: bank.deposited + event.amount };
    //     case "Withdrew":
    //       return { ...moved, withdrawn: bank.withdrawn + event.amount };
    //     default:
    //       return bank;
    //   }
    // }
    fn apply(&mut self, _event: &Recorded) {}

    // view({ balances, opened, deposited, withdrawn, journeys }) {
    //   const all = Object.values(journeys);
    //   const sum = (amountOf) => all.reduce((sum, journey) => sum + amountOf(journey), 0);
    //   const left = { balances, inFlight: sum(inFlight), sum: balances + sum(inFlight) };
    //   const right = { opened, deposited, withdrawn, sum: opened + deposited - withdrawn };
    //   const bank = {
    //     left,
    //     right,
    //     balanced: left.sum === right.sum,
    //     fromNowhere: sum(neverLeft),
    //     endedOtherwise: all.filter(endedOtherwise).length,
    //   };
    //   return documents(
    //     { bank },
    //     { money: [...Object.keys(left), ...Object.keys(right), "fromNowhere"] },
    //   );
    // }
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

// Processes.

/// The transfers under way, and what the process waits for.
#[derive(Clone, Default)]
pub struct TransferProcess(Map<Rc<str>, Value>);

impl Projection for TransferProcess {
    const NAME: &'static str = "Transfer process";
    const ABOUT: &'static str = "The transfers under way, and what the process waits for.";

    // apply(runs, event, about) {
    //   const id = isOfAccount(about) ? transferOf(event) : about.id;
    //   if (id === null) return runs;
    //   const run = get(runs, id, unheard);
    //   const knowing = (news) => put(runs, id, { ...run, ...news });
    //   const withdrawals = (answer) => ({ withdrawals: { ...run.withdrawals, [about.id]: answer } });
    //   const deposits = (answer) => ({ deposits: { ...run.deposits, [about.id]: answer } });
    //   switch (event.type) {
    //     case "Requested": {
    //       const { from, to, amount } = event;
    //       return knowing({ request: { from, to, amount } });
    //     }
    //     case "Completed":
    //       return knowing({ completed: true });
    //     case "Failed":
    //       return knowing({ failed: true });
    //     case "Withdrew":
    //       return knowing(withdrawals(YES));
    //     case "WithdrawalDeclined":
    //       return knowing(withdrawals(no(event.reason)));
    //     case "Deposited":
    //       return knowing(deposits(YES));
    //     case "DepositDeclined":
    //       return knowing(deposits(no(event.reason)));
    //     case "Refunded":
    //       return knowing({ refunds: { ...run.refunds, [about.id]: true } });
    //     default:
    //       return runs;
    //   }
    // }
    fn apply(&mut self, _event: &Recorded) {}

    // view(runs) {
    //   const rows = Object.entries(runs).flatMap(([id, run]) => {
    //     const next = due(run);
    //     if (next === null) return [];
    //     const { from, to, amount } = run.request;
    //     const said = {
    //       withdraw: `withdraw from ${from}`,
    //       deposit: `deposit to ${to}`,
    //       return: `refund to ${from}`,
    //       refund: `refund to ${from}`,
    //       complete: "complete",
    //       fail: "fail",
    //     };
    //     return [[id, from, to, money(amount), said[next.step]]];
    //   });
    //   return table(["transfer", "from", "to", "amount", "next"], rows);
    // }
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

impl ProcessManager for TransferProcess {
    // react(runs, event, about) {
    //   const id = isOfAccount(about) ? transferOf(event) : about.id;
    //   const run = id === null ? unheard : get(runs, id, unheard);
    //   const next = due(run);
    //   if (next === null) return [];
    //   const { from, to, amount } = run.request;
    //   const [payer, payee, itself] = [`account-${from}`, `account-${to}`, `transfer-${id}`];
    //   const ask = (step, stream, message) => [command(stream, message, { instance: id, step })];
    //   switch (next.step) {
    //     case "withdraw":
    //       return ask("withdraw", payer, { type: "Withdraw", amount, transfer: id });
    //     case "deposit":
    //       return ask("deposit", payee, { type: "Deposit", amount, transfer: id });
    //     // The deposit and this refund are one step, and a step is done once. So a deposit that was
    //     // asked for before the failure was known, and this, never both happen.
    //     case "return":
    //       return ask("deposit", payer, { type: "Refund", transfer: id });
    //     case "refund":
    //       return ask("refund", payer, { type: "Refund", transfer: id });
    //     case "complete":
    //       return ask("complete", itself, { type: "CompleteTransfer" });
    //     case "fail":
    //       return ask("fail", itself, { type: "FailTransfer", reason: next.reason });
    //   }
    // }
    fn react(&self, _event: &Recorded) -> Vec<Reaction> {
        Vec::new()
    }
}

// The scenario and its story.

/// Money transfers, as a scenario.
pub fn scenario() -> Scenario {
    Scenario::new("transfers", "Money transfers", "A process manager spans two aggregates.")
        .aggregate::<Account>()
        .aggregate::<Transfer>()
        .projection::<Transfers>()
        .projection::<Accounts>()
        .projection::<MoneyInFlight>()
        .projection::<Conservation>()
        .process::<TransferProcess>()
        .check(Check::view::<Conservation>(
            "No money is made or lost.",
            field("/documents/bank/balanced").is(true),
        ))
        .check(Check::view::<Conservation>(
            "Nothing arrives that has not left somewhere.",
            field("/documents/bank/fromNowhere").is(0),
        ))
        .check(Check::view::<Conservation>(
            "A transfer ends as its money does.",
            field("/documents/bank/endedOtherwise").is(0),
        ))
        .story(START, story())
}

/// When the story begins, in milliseconds since 1970.
const START: u64 = 1_503_910_800_000;

fn story() -> [Step; 12] {
    [
        Step::new::<Account>(
            "Lola opens an account with 100.00.",
            "1",
            &AccountCommand::OpenAccount {
                name: "Lola Gheda".into(),
                initial_balance: Cents(10_000),
            },
        )
        .show(["account-1", "Accounts"]),
        Step::new::<Account>(
            "Mattia opens one with 50.00.",
            "2",
            &AccountCommand::OpenAccount {
                name: "Mattia Gheda".into(),
                initial_balance: Cents(5_000),
            },
        )
        .by("Bob")
        .show(["account-2", "Accounts"]),
        Step::new::<Account>(
            "And an empty one for his savings.",
            "3",
            &AccountCommand::OpenAccount {
                name: "Mattia's savings".into(),
                initial_balance: Cents(0),
            },
        )
        .by("Bob")
        .show(["account-3", "Accounts"]),
        Step::new::<Transfer>(
            "Lola sends 30.00 to Mattia, and they arrive.",
            "1",
            &TransferCommand::RequestTransfer {
                from: "1".into(),
                to: "2".into(),
                amount: Cents(3_000),
            },
        )
        .show(["Transfers", "Accounts", "Transfer process"]),
        Step::new::<Transfer>(
            "Mattia sends money to the account it comes from.",
            "2",
            &TransferCommand::RequestTransfer {
                from: "2".into(),
                to: "2".into(),
                amount: Cents(1_000),
            },
        )
        .by("Bob")
        .show(["transfer-2", "Journal"]),
        Step::new::<Transfer>(
            "80.01 are more than Mattia has. It fails.",
            "2",
            &TransferCommand::RequestTransfer {
                from: "2".into(),
                to: "1".into(),
                amount: Cents(8_001),
            },
        )
        .by("Bob")
        .show(["Transfers", "Accounts", "Transfer process"]),
        Step::new::<Transfer>(
            "Savings close as 20.00 are on the way: refund.",
            "3",
            &TransferCommand::RequestTransfer {
                from: "1".into(),
                to: "3".into(),
                amount: Cents(2_000),
            },
        )
        .and::<Account>("3", &AccountCommand::CloseAccount {})
        .show(["Money in flight", "Accounts", "Transfer process"]),
        Step::new::<Account>(
            "Lola withdraws 90.00. 70.00 are there.",
            "1",
            &AccountCommand::Withdraw { amount: Cents(9_000), transfer: None },
        )
        .show(["account-1", "Journal"]),
        Step::new::<Account>(
            "She takes out 10.00.",
            "1",
            &AccountCommand::Withdraw { amount: Cents(1_000), transfer: None },
        )
        .show(["account-1", "Accounts", "Conservation"]),
        Step::new::<Transfer>(
            "What has completed cannot fail any more.",
            "1",
            &TransferCommand::FailTransfer { reason: "a change of mind".into() },
        )
        .show(["transfer-1", "Journal"]),
        Step::new::<Transfer>(
            "To an account that isn't there: refund again.",
            "4",
            &TransferCommand::RequestTransfer {
                from: "2".into(),
                to: "9".into(),
                amount: Cents(500),
            },
        )
        .by("Bob")
        .show(["Money in flight", "Accounts", "Transfer process"]),
        Step::new::<Transfer>(
            "Mattia sends 15.00 back.",
            "5",
            &TransferCommand::RequestTransfer {
                from: "2".into(),
                to: "1".into(),
                amount: Cents(1_500),
            },
        )
        .by("Bob")
        .show(["Transfers", "Accounts", "Transfer process"]),
    ]
}
