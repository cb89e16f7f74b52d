// Accounts and customers: their streams interleave in one log, and read models join them.
// The ledger is written in pen: a mistake is corrected by new entries, never erased.

// The value of a key, or another where there is none. It asks for the map's own keys, because every
// object also has a "constructor", and somebody may call an account so.
const get = (map, key, otherwise) => (Object.hasOwn(map, key) ? map[key] : otherwise);

// A list that grows without end lies on pages. A new entry copies the last page and the list of
// pages, and not every entry before it.
const PAGE = 64;
const emptyList = { pages: [], last: [] };
const append = ({ pages, last }, entry) =>
  last.length < PAGE
    ? { pages, last: [...last, entry] }
    : { pages: [...pages, last], last: [entry] };
const entriesOf = ({ pages, last }) => [...pages.flat(), ...last];

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
    amount > MOST ? `${shown(MOST)} is the most that can be paid in at once` : null,
  overdraw: ({ balance }, amount) =>
    amount > balance
      ? `only ${shown(balance)} is available, so ${shown(amount)} cannot be withdrawn`
      : null,
  lose: ({ balance }) =>
    balance === 0
      ? null
      : `there is still ${shown(balance)} on this account; withdraw it before closing`,
};

const customer = {
  initial: { name: null },

  commands: {
    RegisterCustomer: {
      help: "Makes somebody a customer. Others know customers by their ids.",
      fields: { name: { example: "Lola Gheda", help: "What the customer is called" } },
    },
  },

  // Their names and fields are the stored format: add, never change.
  events: { CustomerRegistered: { name: "Lola Gheda" } },

  decide(customer, { name }) {
    if (customer.name !== null) throw new Error("this customer is registered already");
    if (isBlank(name)) throw new Error("say what the customer is called");
    return [{ type: "CustomerRegistered", name }];
  },

  evolve: (_, event) => ({ name: event.name }),
};

const standing = ({ status, balance }) => ({
  opened: status !== "unopened",
  closed: status === "closed",
  balance,
});

// By how much an event changes its account's balance.
const change = (event) => {
  switch (event.type) {
    case "AccountOpened":
      return event.initial_balance;
    case "Deposited":
      return event.amount;
    case "Withdrew":
      return -event.amount;
    default:
      return 0;
  }
};

const account = {
  // What it holds, and whether it may be used.
  initial: { customer: "", balance: 0, status: "unopened" },

  commands: {
    OpenAccount: {
      help: "Opens an account for a customer, who may bring some money along.",
      fields: {
        customer: { id: "customer", example: "1", help: "Whose account it is" },
        initial_balance: { money: 10_000, help: "How much is on it from the start" },
      },
    },
    Deposit: { help: "Pays money in.", fields: { amount: { money: 2_000, help: "How much" } } },
    Withdraw: {
      help: "Takes money out, as far as there is any.",
      fields: { amount: { money: 8_000, help: "How much" } },
    },
    CloseAccount: { help: "Closes an account for good. It has to be empty." },
  },

  // Their names and fields are the stored format: add, never change.
  events: {
    AccountOpened: { customer: { id: "customer" }, initial_balance: { money: 10_000 } },
    Deposited: { amount: { money: 2_000 } },
    Withdrew: { amount: { money: 8_000 } },
    AccountClosed: {},
  },

  decide(account, command) {
    switch (command.type) {
      case "OpenAccount": {
        const { customer, initial_balance } = command;
        refuseFor(whyNot.open(standing(account), !isBlank(customer), initial_balance));
        return [{ type: "AccountOpened", customer, initial_balance }];
      }
      case "Deposit":
        refuseFor(whyNot.deposit(standing(account), command.amount));
        return [{ type: "Deposited", amount: command.amount }];
      case "Withdraw":
        refuseFor(whyNot.withdraw(standing(account), command.amount));
        return [{ type: "Withdrew", amount: command.amount }];
      case "CloseAccount":
        refuseFor(whyNot.close(standing(account)));
        return [{ type: "AccountClosed" }];
    }
  },

  evolve(account, event) {
    const moved = { ...account, balance: account.balance + change(event) };
    switch (event.type) {
      case "AccountOpened":
        return { ...moved, customer: event.customer, status: "open" };
      case "AccountClosed":
        return { ...moved, status: "closed" };
      default:
        return moved;
    }
  },

  // Schema 1 wrote the account's own number into the event, and its customer's as `user_id`.
  schema: 2,
  upcast(stored) {
    if (stored.type !== "AccountOpened") return { ...stored, schema: 2 };
    const { user_id, balance } = stored.data;
    if (typeof user_id !== "number") {
      throw new Error("it does not say whose account was opened");
    }
    const data = { customer: String(user_id), initial_balance: balance ?? null };
    return { ...stored, schema: 2, data };
  },
  older: [
    {
      about: "Customers were numbered users.",
      type: "AccountOpened",
      schema: 1,
      data: { id: 7, user_id: 1, balance: 10_000 },
    },
    {
      about: "A bug left out whose account it is. It cannot be read.",
      type: "AccountOpened",
      schema: 1,
      data: { id: 8, balance: 10_000 },
    },
  ],
};

const isOfAccount = (about) => about.category === "account";

const balances = {
  about: "Every account as it stands: the fold of each stream by itself.",
  initial: {},
  apply(accounts, event, about) {
    if (!isOfAccount(about)) return accounts;
    const before = get(accounts, about.id, account.initial);
    return { ...accounts, [about.id]: account.evolve(before, event) };
  },
  view(accounts) {
    const called = { unopened: "never opened", open: "open", closed: "closed" };
    const rows = Object.entries(accounts).map(([id, { customer, balance, status }]) => [
      id,
      customer,
      money(balance),
      called[status],
    ]);
    return table(["account", "customer", "balance", "status"], rows);
  },
};

// Customers and what they own together, joined over two kinds of streams.
const customerRollUp = {
  about: "Each customer with what is on all accounts, joined over streams.",
  initial: { customers: {}, owners: {} },
  apply(state, event, about) {
    const { customers, owners } = state;
    const nobody = { name: "", balance: 0 };
    if (!isOfAccount(about)) {
      const named = { ...get(customers, about.id, nobody), name: event.name };
      return { customers: { ...customers, [about.id]: named }, owners };
    }
    const owner = event.type === "AccountOpened" ? event.customer : get(owners, about.id, null);
    // An account without an owner counts for no customer: its opening event may be missing.
    if (owner === null) return state;
    const { name, balance } = get(customers, owner, nobody);
    const changed = { name, balance: balance + change(event) };
    return {
      customers: { ...customers, [owner]: changed },
      owners: get(owners, about.id, null) === owner ? owners : { ...owners, [about.id]: owner },
    };
  },
  view({ customers }) {
    const rows = Object.entries(customers).map(([id, { name, balance }]) => [
      id,
      name,
      money(balance),
      balance > 0 ? "Good dog" : "Broke",
    ]);
    return table(["customer", "name", "balance", "status"], rows);
  },
};

// The bank's books: each movement once as a debit and once as a credit.
const ledger = {
  about: "Double entry: what one side gives the other gets, so both add up.",
  // `newest` is the last position that was entered.
  initial: { movements: emptyList, newest: 0 },
  apply(state, event, about) {
    const amount = isOfAccount(about) ? change(event) : 0;
    if (amount === 0) return state;
    const { movements, newest } = state;
    const { position, id } = about;
    // How often the event was entered before. One that is delivered twice is entered twice.
    const entered = () => entriesOf(movements).filter((it) => it.position === position).length;
    const before = position > newest ? 0 : entered();
    const movement = { position, before, event: event.type, account: id, amount };
    return { movements: append(movements, movement), newest: Math.max(newest, position) };
  },
  view({ movements }) {
    const all = entriesOf(movements);
    const rows = all.flatMap(({ position, before, event, account, amount }) => {
      // For the bank, cash is an asset, and an account is a debt.
      const [debit, credit] =
        amount > 0 ? ["cash", `account ${account}`] : [`account ${account}`, "cash"];
      const moved = money(Math.abs(amount));
      return [
        row(`${position}/${before} debit`, [position, event, debit, moved, null]),
        row(`${position}/${before} credit`, [position, event, credit, null, moved]),
      ];
    });
    const sum = money(all.reduce((sum, { amount }) => sum + Math.abs(amount), 0));
    const totals = [null, null, "total", sum, sum];
    return table(["entry", "event", "account", "debit", "credit"], rows, { totals, ordered: true });
  },
};

// How each account's balance went up and down.
const balanceOverTime = {
  about: "How each account went up and down. A balance alone has no past.",
  initial: {},
  apply(lines, event, about) {
    if (!isOfAccount(about)) return lines;
    const { position, id } = about;
    const { points, last } = get(lines, id, {
      points: emptyList,
      last: { position: 0, height: 0 },
    });
    const point = { position, height: last.height + change(event) };
    // An event that arrives late is not the last one.
    const line = { points: append(points, point), last: position < last.position ? last : point };
    return { ...lines, [id]: line };
  },
  view(lines) {
    const series = Object.entries(lines).map(([id, { points }]) => {
      const heights = entriesOf(points).map(({ position, height }) => [position, height]);
      return [id, Object.fromEntries(heights)];
    });
    return chart("balance", Object.fromEntries(series), { money: true });
  },
};

// The statement of each account, as a file for any spreadsheet.
const statements = {
  about: "Each account's movements as a CSV file, with the balance after each.",
  initial: {},
  apply(all, event, about) {
    if (!isOfAccount(about)) return all;
    const { balance, lines } = get(all, about.id, { balance: 0, lines: emptyList });
    const amount = change(event);
    const after = balance + amount;
    const line = `${about.position},${event.type},${shown(amount)},${shown(after)}\r\n`;
    return { ...all, [about.id]: { balance: after, lines: append(lines, line) } };
  },
  view(all) {
    const texts = Object.entries(all).map(([id, { lines }]) => [
      `account-${id}.csv`,
      `entry,event,amount,balance\r\n${entriesOf(lines).join("")}`,
    ]);
    return files(Object.fromEntries(texts));
  },
};

// The story: the two accounts of the talk, with its figures, and what became of them.

const AUGUST_2017 = 1_503_597_600_000; // 24 August 2017, 18:00 UTC
const NEXT_MORNING = 1_503_651_600_000; // 15 hours later

const register = (name) => ({ type: "RegisterCustomer", name });
const open = (customer, initial_balance) => ({ type: "OpenAccount", customer, initial_balance });
const deposit = (amount) => ({ type: "Deposit", amount });
const withdraw = (amount) => ({ type: "Withdraw", amount });
const close = { type: "CloseAccount" };

const by = "Bob";
const rolledUp = (stream) => [stream, "Customer roll-up"];
const upAndDown = (stream) => [stream, "Balances", "Balance over time"];
const corrected = ["account-2", "account-1", "Ledger"];
const refused = ["account-2", "Journal"];

domain({
  title: "Bank accounts",
  about: "Streams interleave; read models join them.",
  aggregates: { customer, account },
  projections: {
    Balances: balances,
    "Customer roll-up": customerRollUp,
    Ledger: ledger,
    "Balance over time": balanceOverTime,
    Statements: statements,
  },
  checks: [{ name: "No account is overdrawn.", each: "account", holds: ["/balance", ">=", 0] }],
  start: AUGUST_2017,
  story: [
    step("Lola becomes a customer.", "customer-1", register("Lola Gheda"), {
      show: rolledUp("customer-1"),
    }),
    imported(
      "Her account comes from the old system, in the shape events had there.",
      "account-1",
      { type: "AccountOpened", id: 1, user_id: 1, balance: 10_000 },
      { schema: 1, show: ["account-1", "Log"] },
    ),
    step("She pays in 20.00.", "account-1", deposit(2_000), { show: upAndDown("account-1") }),
    step("Mattia becomes a customer too.", "customer-2", register("Mattia Gheda"), {
      by,
      show: rolledUp("customer-2"),
    }),
    step("His account starts with 50.00.", "account-2", open("2", 5_000), {
      by,
      show: rolledUp("account-2"),
    }),
    step("Lola takes out 80.00, and 40.00 remain.", "account-1", withdraw(8_000), {
      show: upAndDown("account-1"),
    }),
    step("Mattia takes out 20.00, and 30.00 remain.", "account-2", withdraw(2_000), {
      by,
      show: upAndDown("account-2"),
    }),
    step("He asks for 80.00. There isn't so much.", "account-2", withdraw(8_000), {
      by,
      show: refused,
    }),
    step("Lola's 25.00 end up on Mattia's account: a slip.", "account-2", deposit(2_500), {
      show: corrected,
    }),
    step("Nothing is erased. A new entry takes them out again,", "account-2", withdraw(2_500), {
      at: NEXT_MORNING,
      show: corrected,
    }),
    step("and another puts them where they belong.", "account-1", deposit(2_500), {
      show: corrected,
    }),
    step("Mattia wants to close. 30.00 are left.", "account-2", close, { by, show: refused }),
    step("He takes them out, and see what the roll-up calls him.", "account-2", withdraw(3_000), {
      by,
      show: rolledUp("account-2"),
    }),
    step("Now the account can be closed.", "account-2", close, {
      by,
      show: ["account-2", "Balances"],
    }),
    step("A deposit comes too late.", "account-2", deposit(1_000), { show: refused }),
  ],
});
