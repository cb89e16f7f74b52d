// The connection to a class's server: the client of NATS, as narrow as the store in Rust needs it.
//
// It keeps nothing for later: without a connection it sends nothing, so that no command is stored
// behind anybody's back once there is one again.

import {
  createInbox,
  NoRespondersError,
  headers as newHeaders,
  RequestError,
  wsconnect,
} from "@nats-io/nats-core";

/// How long somebody waits for an answer, and for a lost connection to come back, in milliseconds.
const PATIENCE = 4000;
const RECONNECTION = 2000;

/// Connects. Rejects with `refused` where the server does not let one in, else with `unreachable`.
export async function connect(url, user, password, changed) {
  let client;
  try {
    client = await wsconnect({
      servers: [url],
      user,
      pass: password,
      noEcho: true,
      ignoreClusterUpdates: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      reconnectJitter: 500,
      pingInterval: 10_000,
      maxPingOut: 2,
      timeout: PATIENCE,
    });
  } catch (fault) {
    throw /authori[sz]ation/i.test(String(fault)) ? "refused" : "unreachable";
  }
  const connection = new Connection(client);
  connection.watch(changed);
  return connection;
}

/// Which servers keep the class's logs, in their order: true for one that runs. Empty where the page's
/// server does not say.
export async function servers() {
  try {
    const said = await fetch("-/class");
    return said.ok ? (await said.json()).alive : [];
  } catch {
    return [];
  }
}

/// Kills a server, or starts it again. Gives a sentence where that was not done.
export async function switchServer(number, on, token) {
  const what = on ? "start" : "kill";
  try {
    const headers = { authorization: `Bearer ${token}` };
    const said = await fetch(`-/class/${what}?node=${number}`, { method: "POST", headers });
    return said.ok ? "" : await said.text();
  } catch {
    return "The page's server cannot be reached.";
  }
}

class Connection {
  constructor(client) {
    this.client = client;
    this.open = true;
    /// Whom to tell when the connection comes or goes.
    this.told = new Set();
  }

  async watch(changed) {
    const opens = { disconnect: false, reconnect: true, close: false };
    for await (const { type } of this.client.status()) {
      if (!(type in opens)) continue;
      this.open = opens[type];
      changed(this.open);
      for (const tell of [...this.told]) tell(this.open);
    }
  }

  connected() {
    return this.open && !this.client.isClosed();
  }

  /// Waits until `which` is told, for so many milliseconds at most.
  change(which, millis) {
    let tell;
    let timer;
    const change = new Promise((resolve) => {
      tell = (open) => open === which && resolve(true);
      this.told.add(tell);
      timer = millis && setTimeout(resolve, millis, false);
    });
    const end = () => {
      clearTimeout(timer);
      this.told.delete(tell);
    };
    return { change, end };
  }

  /// Waits a moment for a connection that was lost.
  async reconnected() {
    if (!this.connected()) {
      const { change, end } = this.change(true, RECONNECTION);
      await change;
      end();
    }
    if (!this.connected()) throw "not sent";
  }

  /// An answer, for as long as the connection lasts.
  async unlessCut(answer) {
    const { change, end } = this.change(false);
    const cut = change.then(() => Promise.reject("lost"));
    try {
      return await Promise.race([answer, cut]);
    } finally {
      end();
    }
  }

  async request(subject, words, payload) {
    await this.reconnected();
    const headers = headersOf(words);
    try {
      const answer = this.client.request(subject, payload, { timeout: PATIENCE, headers });
      return message(await this.unlessCut(answer));
    } catch (fault) {
      throw isNobody(fault) ? "nobody" : "lost";
    }
  }

  async requestAll(subject, payload) {
    await this.reconnected();
    const answers = [];
    let subscription;
    let timer;
    const all = new Promise((resolve, reject) => {
      const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(reject, PATIENCE, "lost");
      };
      const reply = createInbox();
      const callback = (fault, answer) => {
        const it = fault ? undefined : message(answer);
        if (!it) return reject("lost");
        if (it.status) return it.status === 503 ? reject("nobody") : resolve(answers);
        answers.push(it);
        wait();
      };
      subscription = this.client.subscribe(reply, { callback });
      wait();
      this.client.publish(subject, payload, { reply });
    });
    try {
      return await this.unlessCut(all);
    } finally {
      clearTimeout(timer);
      subscription.unsubscribe();
    }
  }

  publish(subject, payload) {
    if (this.connected()) this.client.publish(subject, payload);
  }

  subscribe(subject, heard) {
    const subscription = this.client.subscribe(subject, {
      callback: (fault, it) => fault || heard(message(it)),
    });
    const tell = (open) => open && heard(AGAIN);
    this.told.add(tell);
    return () => {
      this.told.delete(tell);
      subscription.unsubscribe();
    };
  }

  close() {
    return this.client.close();
  }
}

/// Says that there is a connection again: something may have been missed.
const AGAIN = { subject: "", sequence: 0, status: 0, payload: new Uint8Array() };

function headersOf(words) {
  if (!words.length) return undefined;
  const headers = newHeaders();
  for (let at = 0; at < words.length; at += 2) headers.set(words[at], words[at + 1]);
  return headers;
}

function isNobody(fault) {
  if (fault instanceof RequestError) return fault.isNoResponders();
  return fault instanceof NoRespondersError;
}

function message({ subject, headers, data: payload }) {
  // Out of a stream comes what was published before.
  return {
    subject: headers?.get("Nats-Subject") || subject,
    sequence: Number(headers?.get("Nats-Sequence") ?? 0),
    status: headers?.code ?? 0,
    payload,
  };
}
