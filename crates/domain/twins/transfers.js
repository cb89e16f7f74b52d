// Money transfers: no transaction spans two accounts, so a process leads the money from one to the
// other, and brings it back where the second half fails.

// The value of a key, or another where there is none. It asks for the map's own keys, because every
// object also has a "constructor", and somebody may call an account so.
const get = (map, key, otherwise) => (Object.hasOwn(map, key) ? map[key] : otherwise);

const put = (map, key, value) => ({ ...map, [key]: value });

const isBlank = (text) => text.trim() === "";
const refuseFor = (reason) => {
  if (reason) throw new Error(reason);
};

// An amount as text: 8000 cents are 80.00.
const shown = (cents) => {
  const size = Math.abs(cents);
  const rest = size % 100;
  return `${cents < 0 ? "-" : ""}${(size - rest) / 100}.${String(rest).padStart(2, "0")}`;
};

// The most that an account takes in at once. The limit keeps sums of amounts exact.
const MOST = 100_000_000;

// The rules that every account follows. Each gives the reason against it, or null. What they need
// to know of an account is { opened, closed, balance }.
const whyNot = {
  // It is opened once, for somebody, and with an amount that is not negative.
  open({ opened }, hasOwner, amount) {
    if (opened) return "this account was opened already";
    if (!hasOwner) return "say whose account it is";
    if (amount < 0) {
      return `an account cannot start with ${shown(amount)}, which is less than nothing`;
    }
    return whyNot.limit(amount);
  },
  // It takes in a positive amount while it is open.
  deposit: (account, amount) => whyNot.move(account, amount) ?? whyNot.limit(amount),
  // It gives out a positive amount while it is open, and no more than it holds.
  withdraw: (account, amount) => whyNot.move(account, amount) ?? whyNot.overdraw(account, amount),
  // It is closed once, and empty.
  close: (account) => whyNot.use(account) ?? whyNot.lose(account),

  use({ opened, closed }) {
    if (!opened) return "this account was never opened";
    return closed ? "this account is closed" : null;
  },
  move(account, amount) {
    return whyNot.use(account) ?? (amount > 0 ? null : "an amount must be more than 0.00");
  },
  limit: (amount) =>
    amount > MOST ? `${shown(MOST)} is the most that can be moved at once` : null,
  overdraw: ({ balance }, amount) =>
    amount > balance
      ? `only ${shown(balance)} is available, so ${shown(amount)} cannot be withdrawn`
      : null,
  lose: ({ balance }) =>
    balance === 0
      ? null
      : `there is still ${shown(balance)} on this account; withdraw it before closing`,
};

// The transfer that a command or an event of an account belongs to, or null.
const transferOf = (message) => message.transfer ?? null;

// By how much an event changes its account's balance.
const change = (event) => {
  switch (event.type) {
    case "AccountOpened":
      return event.initial_balance;
    case "Deposited":
    case "Refunded":
      return event.amount;
    case "Withdrew":
      return -event.amount;
    default:
      return 0;
  }
};

// An account: what may be asked of it, and what it decides.

const standing = ({ name, closed, balance }) => ({ opened: name !== null, closed, balance });

const whyNotWithdraw = (account, amount) => {
  // A refund may have reached a closed account; that money can be withdrawn.
  const closed = account.closed && account.balance === 0;
  return whyNot.withdraw({ ...standing(account), closed }, amount) ?? whyNot.limit(amount);
};

// One rule, and two ways to refuse: a person gets a refusal, and a process gets an event, because
// it has to react to it.
const answer = (reason, { amount, transfer }, accepted, declined) => {
  if (transfer === null) {
    refuseFor(reason);
    return [{ type: accepted, amount }];
  }
  if (reason) return [{ type: declined, transfer, amount, reason }];
  return [{ type: accepted, amount, transfer }];
};

// A list without doubles, in order.
const withOne = (all, one) => [
  ...all.filter((it) => it < one),
  one,
  ...all.filter((it) => it > one),
];

const forWhich = {
  id: "transfer",
  optional: true,
  example: null,
  help: "For which transfer, if any",
};
const account = {
  // What it holds, and how it has answered transfers.
  initial: {
    name: null,
    // On a closed account: what is still owed.
    balance: 0,
    closed: false,
    // The deposits that were accepted or declined.
    deposits: [],
    // The withdrawals that were accepted or declined, each with what can be refunded.
    withdrawals: {},
  },

  commands: {
    OpenAccount: {
      help: "Opens an account for somebody, who may bring some money along.",
      fields: {
        name: { example: "Lola Gheda", help: "Whose account it is" },
        initial_balance: { money: 10_000, help: "How much is on it from the start" },
      },
    },
    Deposit: {
      help:
        "Pays money in, from outside or for a transfer. A transfer gets an event for an answer,\n" +
        "also where the answer is no.",
      fields: { amount: { money: 2_000, help: "How much" }, transfer: forWhich },
    },
    Withdraw: {
      help:
        "Takes money out, to the outside or for a transfer. A transfer gets an event for an\n" +
        "answer, also where the answer is no.",
      fields: { amount: { money: 2_000, help: "How much" }, transfer: forWhich },
    },
    Refund: {
      help: "Gives back what was taken for a transfer: once, and also to a closed account.",
      fields: { transfer: { id: "transfer", example: "3", help: "Which transfer failed" } },
    },
    CloseAccount: { help: "Closes an account for good. It has to be empty." },
  },

  // Their names and fields are the stored format: add, never change.
  events: {
    AccountOpened: { name: "Lola Gheda", initial_balance: { money: 10_000 } },
    Deposited: {
      amount: { money: 2_000 },
      transfer: { id: "transfer", optional: true, example: null },
    },
    Withdrew: {
      amount: { money: 2_000 },
      transfer: { id: "transfer", optional: true, example: null },
    },
    DepositDeclined: {
      transfer: { id: "transfer" },
      amount: { money: 2_000 },
      reason: "this account is closed",
    },
    WithdrawalDeclined: {
      transfer: { id: "transfer" },
      amount: { money: 2_000 },
      reason: "this account is closed",
    },
    Refunded: { transfer: { id: "transfer" }, amount: { money: 2_000 } },
    AccountClosed: {},
  },

  decide(account, command) {
    const { amount } = command;
    const transfer = transferOf(command);
    switch (command.type) {
      case "OpenAccount": {
        const { name, initial_balance } = command;
        refuseFor(whyNot.open(standing(account), !isBlank(name), initial_balance));
        return [{ type: "AccountOpened", name, initial_balance }];
      }
      // A transfer that has its answer already gets no second one.
      case "Deposit": {
        if (account.deposits.includes(transfer)) return [];
        const reason = whyNot.deposit(standing(account), amount);
        return answer(reason, { amount, transfer }, "Deposited", "DepositDeclined");
      }
      case "Withdraw": {
        if (transfer !== null && Object.hasOwn(account.withdrawals, transfer)) return [];
        const reason = whyNotWithdraw(account, amount);
        return answer(reason, { amount, transfer }, "Withdrew", "WithdrawalDeclined");
      }
      case "Refund": {
        const taken = get(account.withdrawals, transfer, 0);
        return taken > 0 ? [{ type: "Refunded", transfer, amount: taken }] : [];
      }
      case "CloseAccount":
        refuseFor(whyNot.close(standing(account)));
        return [{ type: "AccountClosed" }];
    }
  },

  evolve(account, event) {
    const transfer = transferOf(event);
    const moved = { ...account, balance: account.balance + change(event) };
    const answered = (withdrawals) => ({
      ...moved,
      withdrawals: { ...moved.withdrawals, ...withdrawals },
    });
    switch (event.type) {
      case "AccountOpened":
        return { ...moved, name: event.name };
      case "Deposited":
      case "DepositDeclined":
        return transfer === null
          ? moved
          : { ...moved, deposits: withOne(moved.deposits, transfer) };
      case "Withdrew":
        return transfer === null ? moved : answered({ [transfer]: event.amount });
      case "WithdrawalDeclined":
      case "Refunded":
        return answered({ [transfer]: 0 });
      case "AccountClosed":
        return { ...moved, closed: true };
      default:
        return account;
    }
  },
};

// A transfer: what may be asked of it, and what it decides. The money itself moves on accounts.

const transfer = {
  // What was asked, and how it ended: its status is unknown, pending, completed or failed.
  initial: { from: "", to: "", amount: 0, status: "unknown" },

  commands: {
    RequestTransfer: {
      help: "Asks for money to be moved. The process manager takes it from there.",
      fields: {
        from: { id: "account", example: "1", help: "The account that pays" },
        to: { id: "account", example: "2", help: "The account that is paid" },
        amount: { money: 3_000, help: "How much" },
      },
    },
    CompleteTransfer: { help: "Says that the money has arrived." },
    FailTransfer: {
      help: "Says that the money stays, or is back, where it was.",
      fields: { reason: { example: "this account is closed", help: "Why" } },
    },
  },

  // Their names and fields are the stored format: add, never change.
  events: {
    Requested: {
      from: { id: "account", example: "1" },
      to: { id: "account", example: "2" },
      amount: { money: 3_000 },
    },
    Completed: {},
    Failed: { reason: "this account is closed" },
  },

  decide({ status }, command) {
    if (command.type === "RequestTransfer") {
      const { from, to, amount } = command;
      if (status !== "unknown") throw new Error("this transfer was requested already");
      if (isBlank(from) || isBlank(to)) throw new Error("say from which account and to which");
      if (from === to) {
        throw new Error(`a transfer takes two accounts, and ${from} is one and the same`);
      }
      if (amount <= 0) throw new Error("an amount must be more than 0.00");
      return [{ type: "Requested", from, to, amount }];
    }
    if (status === "unknown") throw new Error("this transfer was never requested");
    if (status !== "pending") throw new Error(`this transfer has ${status} already`);
    if (command.type === "CompleteTransfer") return [{ type: "Completed" }];
    if (isBlank(command.reason)) throw new Error("say why");
    return [{ type: "Failed", reason: command.reason }];
  },

  evolve(transfer, event) {
    switch (event.type) {
      case "Requested": {
        const { from, to, amount } = event;
        return { from, to, amount, status: "pending" };
      }
      case "Completed":
        return { ...transfer, status: "completed" };
      case "Failed":
        return { ...transfer, status: "failed" };
      default:
        return transfer;
    }
  },
};

// What is shown of transfers and accounts.

const isOfAccount = (about) => about.category === "account";

// How far a transfer can come, in order. An account's event of an earlier stage that arrives late
// changes nothing.
const STAGES = [
  "requested",
  "withdrawal declined",
  "withdrawn",
  "deposit declined",
  "deposited",
  "refunded",
  "completed",
  "failed",
];
const STAGE_OF = {
  WithdrawalDeclined: "withdrawal declined",
  Withdrew: "withdrawn",
  DepositDeclined: "deposit declined",
  Deposited: "deposited",
  Refunded: "refunded",
};
const furthest = (one, other) => (STAGES.indexOf(one) > STAGES.indexOf(other) ? one : other);

// Every transfer and how far it has come.
const transfers = {
  about: "Every transfer, how far it has come, and why it went no further.",
  initial: {},
  apply(lines, event, about) {
    const id = isOfAccount(about) ? transferOf(event) : about.id;
    if (id === null) return lines;
    const line = get(lines, id, { from: "", to: "", amount: 0, stage: "requested", reason: null });
    switch (event.type) {
      case "Requested": {
        const { from, to, amount } = event;
        return put(lines, id, { ...line, from, to, amount });
      }
      case "Completed":
        return put(lines, id, { ...line, stage: "completed" });
      case "Failed":
        return put(lines, id, { ...line, stage: "failed", reason: event.reason });
      default:
        return put(lines, id, { ...line, stage: furthest(line.stage, STAGE_OF[event.type]) });
    }
  },
  view(lines) {
    const rows = Object.entries(lines).map(([id, { from, to, amount, stage, reason }]) => [
      id,
      from,
      to,
      money(amount),
      stage,
      reason,
    ]);
    return table(["transfer", "from", "to", "amount", "status", "reason"], rows);
  },
};

// Every account, and what is owed on the closed ones.
const accounts = {
  about: "What each account holds; on a closed one, what is owed.",
  initial: {},
  apply(holdings, event, about) {
    if (!isOfAccount(about)) return holdings;
    const { name, balance, closed } = get(holdings, about.id, account.initial);
    return put(holdings, about.id, {
      name: event.type === "AccountOpened" ? event.name : name,
      balance: balance + change(event),
      closed: closed || event.type === "AccountClosed",
    });
  },
  view(holdings) {
    const rows = Object.entries(holdings).map(([id, { name, balance, closed }]) => {
      if (closed) return [id, name, null, balance === 0 ? null : money(balance), "closed"];
      return [id, name, money(balance), null, name === null ? "never opened" : "open"];
    });
    return table(["account", "name", "balance", "owed", "status"], rows);
  },
};

// What a transfer has taken from one account and brought to another, or back.
const grounded = { withdrawn: 0, deposited: 0, refunded: 0 };
const flown = (flight, { type, amount }) => {
  const { withdrawn, deposited, refunded } = flight;
  switch (type) {
    case "Withdrew":
      return { ...flight, withdrawn: withdrawn + amount };
    case "Deposited":
      return { ...flight, deposited: deposited + amount };
    case "Refunded":
      return { ...flight, refunded: refunded + amount };
    default:
      return flight;
  }
};

const moneyInFlight = {
  about: "What has left one account and has not reached another yet.",
  initial: {},
  apply(flights, event, about) {
    const id = isOfAccount(about) ? transferOf(event) : null;
    return id === null ? flights : put(flights, id, flown(get(flights, id, grounded), event));
  },
  view(flights) {
    const cells = (title, { withdrawn, deposited, refunded }) => {
      const inFlight = withdrawn - deposited - refunded;
      return [title, money(withdrawn), money(deposited), money(refunded), money(inFlight)];
    };
    const sum = (name) => Object.values(flights).reduce((sum, flight) => sum + flight[name], 0);
    const total = {
      withdrawn: sum("withdrawn"),
      deposited: sum("deposited"),
      refunded: sum("refunded"),
    };
    return table(
      ["transfer", "withdrawn", "deposited", "refunded", "in flight"],
      Object.entries(flights).map(([id, flight]) => cells(id, flight)),
      { totals: cells("total", total) },
    );
  },
};

// What a transfer should move, what accounts have moved for it, and how it has ended.
const unstarted = { requested: 0, flight: grounded, completed: false, failed: false };
const travelled = (journey, event) => {
  switch (event.type) {
    case "Requested":
      return { ...journey, requested: event.amount };
    case "Completed":
      return { ...journey, completed: true };
    case "Failed":
      return { ...journey, failed: true };
    default:
      return { ...journey, flight: flown(journey.flight, event) };
  }
};

// What is under way: the requested amount, from the withdrawal until a deposit or refund. It is not
// computed from the accounts' movements, because then no wrong movement would show.
const inFlight = ({ requested, flight: { withdrawn, deposited, refunded } }) =>
  withdrawn !== 0 && deposited + refunded === 0 ? requested : 0;

// How much more has arrived than was withdrawn.
const neverLeft = ({ flight: { withdrawn, deposited, refunded } }) =>
  Math.max(deposited + refunded - withdrawn, 0);

// True where the transfer completed without its money, or failed although its money arrived.
const endedOtherwise = ({ completed, failed, flight }) => {
  const arrived = flight.deposited !== 0;
  return (completed && !arrived) || (failed && arrived);
};

// The sum of everything: no step of any transfer makes money or loses it.
const conservation = {
  about: "Balances and money in flight equal what came in less what left.",
  initial: { balances: 0, opened: 0, deposited: 0, withdrawn: 0, journeys: {} },
  apply(bank, event, about) {
    const id = isOfAccount(about) ? transferOf(event) : about.id;
    const moved = { ...bank, balances: bank.balances + change(event) };
    if (id !== null) {
      const journey = get(bank.journeys, id, unstarted);
      return { ...moved, journeys: put(bank.journeys, id, travelled(journey, event)) };
    }
    switch (event.type) {
      case "AccountOpened":
        return { ...moved, opened: bank.opened + event.initial_balance };
      case "Deposited":
        return { ...moved, deposited: bank.deposited + event.amount };
      case "Withdrew":
        return { ...moved, withdrawn: bank.withdrawn + event.amount };
      default:
        return bank;
    }
  },
  view({ balances, opened, deposited, withdrawn, journeys }) {
    const all = Object.values(journeys);
    const sum = (amountOf) => all.reduce((sum, journey) => sum + amountOf(journey), 0);
    const left = { balances, inFlight: sum(inFlight), sum: balances + sum(inFlight) };
    const right = { opened, deposited, withdrawn, sum: opened + deposited - withdrawn };
    const bank = {
      left,
      right,
      balanced: left.sum === right.sum,
      fromNowhere: sum(neverLeft),
      endedOtherwise: all.filter(endedOtherwise).length,
    };
    return documents(
      { bank },
      { money: [...Object.keys(left), ...Object.keys(right), "fromNowhere"] },
    );
  },
};

// The process, which leads money from one account to the other, or back.

// What is known of one transfer: the request, the accounts' answers by their ids, and whether it is
// over. The order in which the events arrived makes no difference.
const unheard = {
  request: null,
  withdrawals: {},
  deposits: {},
  refunds: {},
  completed: false,
  failed: false,
};
const YES = { yes: true };
const no = (reason) => ({ yes: false, reason });

// What is to be done next, or null. It depends on all that is known, not on the latest event. A
// step may be asked for again while its answer is under way.
const due = (run) => {
  const { request, completed, failed } = run;
  if (request === null) return null;
  const withdrawal = get(run.withdrawals, request.from, null);
  const deposit = get(run.deposits, request.to, null);
  const refunded = Object.hasOwn(run.refunds, request.from);
  // A person may have ended the transfer. Money that was withdrawn still has to arrive.
  const isOver = completed || failed;

  if (withdrawal === null) return failed ? null : { step: "withdraw" };
  if (!withdrawal.yes) return isOver ? null : { step: "fail", reason: withdrawal.reason };
  if (deposit === null) {
    // The money is back. The event that says why has not arrived yet.
    if (refunded) return null;
    return failed ? { step: "return" } : { step: "deposit" };
  }
  if (deposit.yes) return isOver ? null : { step: "complete" };
  if (!refunded) return { step: "refund" };
  return isOver ? null : { step: "fail", reason: deposit.reason };
};

const transferProcess = {
  about: "The transfers under way, and what the process waits for.",
  initial: {},
  apply(runs, event, about) {
    const id = isOfAccount(about) ? transferOf(event) : about.id;
    if (id === null) return runs;
    const run = get(runs, id, unheard);
    const knowing = (news) => put(runs, id, { ...run, ...news });
    const withdrawals = (answer) => ({ withdrawals: { ...run.withdrawals, [about.id]: answer } });
    const deposits = (answer) => ({ deposits: { ...run.deposits, [about.id]: answer } });
    switch (event.type) {
      case "Requested": {
        const { from, to, amount } = event;
        return knowing({ request: { from, to, amount } });
      }
      case "Completed":
        return knowing({ completed: true });
      case "Failed":
        return knowing({ failed: true });
      case "Withdrew":
        return knowing(withdrawals(YES));
      case "WithdrawalDeclined":
        return knowing(withdrawals(no(event.reason)));
      case "Deposited":
        return knowing(deposits(YES));
      case "DepositDeclined":
        return knowing(deposits(no(event.reason)));
      case "Refunded":
        return knowing({ refunds: { ...run.refunds, [about.id]: true } });
      default:
        return runs;
    }
  },
  view(runs) {
    const rows = Object.entries(runs).flatMap(([id, run]) => {
      const next = due(run);
      if (next === null) return [];
      const { from, to, amount } = run.request;
      const said = {
        withdraw: `withdraw from ${from}`,
        deposit: `deposit to ${to}`,
        return: `refund to ${from}`,
        refund: `refund to ${from}`,
        complete: "complete",
        fail: "fail",
      };
      return [[id, from, to, money(amount), said[next.step]]];
    });
    return table(["transfer", "from", "to", "amount", "next"], rows);
  },
  react(runs, event, about) {
    const id = isOfAccount(about) ? transferOf(event) : about.id;
    const run = id === null ? unheard : get(runs, id, unheard);
    const next = due(run);
    if (next === null) return [];
    const { from, to, amount } = run.request;
    const [payer, payee, itself] = [`account-${from}`, `account-${to}`, `transfer-${id}`];
    const ask = (step, stream, message) => [command(stream, message, { instance: id, step })];
    switch (next.step) {
      case "withdraw":
        return ask("withdraw", payer, { type: "Withdraw", amount, transfer: id });
      case "deposit":
        return ask("deposit", payee, { type: "Deposit", amount, transfer: id });
      // The deposit and this refund are one step, and a step is done once. So a deposit that was
      // asked for before the failure was known, and this, never both happen.
      case "return":
        return ask("deposit", payer, { type: "Refund", transfer: id });
      case "refund":
        return ask("refund", payer, { type: "Refund", transfer: id });
      case "complete":
        return ask("complete", itself, { type: "CompleteTransfer" });
      case "fail":
        return ask("fail", itself, { type: "FailTransfer", reason: next.reason });
    }
  },
};

// The story.

const AUGUST_2017 = 1_503_910_800_000; // 28 August 2017, 09:00 UTC

const open = (name, initial_balance) => ({ type: "OpenAccount", name, initial_balance });
const withdraw = (amount) => ({ type: "Withdraw", amount });
const move = (from, to, amount) => ({ type: "RequestTransfer", from, to, amount });
const fail = (reason) => ({ type: "FailTransfer", reason });

const by = "Bob";
const opened = (stream) => [stream, "Accounts"];
const sent = ["Transfers", "Accounts", "Transfer process"];
const refunded = ["Money in flight", "Accounts", "Transfer process"];
const balanced = ["account-1", "Accounts", "Conservation"];
const refused = (stream) => [stream, "Journal"];

domain({
  title: "Money transfers",
  about: "A process manager spans two aggregates.",
  aggregates: { account, transfer },
  projections: {
    Transfers: transfers,
    Accounts: accounts,
    "Money in flight": moneyInFlight,
    Conservation: conservation,
  },
  processes: { "Transfer process": transferProcess },
  checks: [
    {
      name: "No money is made or lost.",
      view: "Conservation",
      holds: ["/documents/bank/balanced", "=", true],
    },
    {
      name: "Nothing arrives that has not left somewhere.",
      view: "Conservation",
      holds: ["/documents/bank/fromNowhere", "=", 0],
    },
    {
      name: "A transfer ends as its money does.",
      view: "Conservation",
      holds: ["/documents/bank/endedOtherwise", "=", 0],
    },
  ],
  start: AUGUST_2017,
  story: [
    step("Lola opens an account with 100.00.", "account-1", open("Lola Gheda", 10_000), {
      show: opened("account-1"),
    }),
    step("Mattia opens one with 50.00.", "account-2", open("Mattia Gheda", 5_000), {
      by,
      show: opened("account-2"),
    }),
    step("And an empty one for his savings.", "account-3", open("Mattia's savings", 0), {
      by,
      show: opened("account-3"),
    }),
    step("Lola sends 30.00 to Mattia, and they arrive.", "transfer-1", move("1", "2", 3_000), {
      show: sent,
    }),
    step("Mattia sends money to the account it comes from.", "transfer-2", move("2", "2", 1_000), {
      by,
      show: refused("transfer-2"),
    }),
    step("80.01 are more than Mattia has. It fails.", "transfer-2", move("2", "1", 8_001), {
      by,
      show: sent,
    }),
    step("Savings close as 20.00 are on the way: refund.", "transfer-3", move("1", "3", 2_000), {
      and: [["account-3", { type: "CloseAccount" }]],
      show: refunded,
    }),
    step("Lola withdraws 90.00. 70.00 are there.", "account-1", withdraw(9_000), {
      show: refused("account-1"),
    }),
    step("She takes out 10.00.", "account-1", withdraw(1_000), { show: balanced }),
    step("What has completed cannot fail any more.", "transfer-1", fail("a change of mind"), {
      show: refused("transfer-1"),
    }),
    step("To an account that isn't there: refund again.", "transfer-4", move("2", "9", 500), {
      by,
      show: refunded,
    }),
    step("Mattia sends 15.00 back.", "transfer-5", move("2", "1", 1_500), { by, show: sent }),
  ],
});
