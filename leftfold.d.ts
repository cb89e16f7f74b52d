// The types of `window.leftfold`. They are written from the table of calls in
// crates/host/src/calls.rs: `UPDATE_EXPECT=1 cargo test -p leftfold-host written` does it.
//
// In a script, for an editor that knows TypeScript's types:
//
//     /// <reference path="leftfold.d.ts" />

declare const leftfold: Leftfold.Calls;

interface Window {
  readonly leftfold: Leftfold.Calls;
}

declare namespace Leftfold {
  /**
   * The page by program. Calls return promises of plain JSON. One that fails rejects with a
   * {@link Failure}. Positions and versions start at 1; 0 is before the first.
   */
  interface Calls {
    /**
     * A promise, and no function: the page has opened its log.
     * @example
     * await leftfold.ready
     */
    readonly ready: Promise<null>;
    /**
     * Prints what can be called, or one call with its options and an example.
     * @param call The name of a call.
     * @throws `malformed`, `storage`
     * @example
     * await leftfold.help("send")
     */
    help(call?: string | null): Promise<string>;
    /**
     * The scenarios that there are.
     * @example
     * await leftfold.scenarios()
     */
    scenarios(): Promise<{
      /** Its id, for `open`. */
      id: string;
      /** Its title. */
      title: string;
    }[]>;
    /**
     * Opens a scenario's log: the one that was open last, unless `how` says more. Gives the log's id.
     * @param scenario The scenario's id.
     * @param how Which log.
     * @throws `malformed`, `unknown_scenario`, `storage`
     * @example
     * await leftfold.open("cart", { "empty": true, "storage": "memory" })
     */
    open(scenario: string, how?: {
      /** Whether a new log is begun, without a story. */
      empty?: boolean;
      /** Keeps a new log in memory only. */
      storage?: "memory" | null;
      /** The id of the log to open. */
      log?: string | null;
    } | null): Promise<string>;
    /**
     * The scenario's logs.
     * @throws `storage`
     * @example
     * await leftfold.logs()
     */
    logs(): Promise<LogInfo[]>;
    /**
     * Opens a new log that shares the past up to a position, and gives its id. This one stays.
     * @param position A position; 0 is before the first event.
     * @throws `malformed`, `out_of_range`, `storage`
     * @example
     * await leftfold.fork(2)
     */
    fork(position: number): Promise<string>;
    /**
     * Opens a new log with the scenario's story, and gives its id. This one stays.
     * @throws `storage`
     * @example
     * await leftfold.reset()
     */
    reset(): Promise<string>;
    /**
     * Makes a new log by chance and opens it: commands of the scenario, filled in from their own types. The same seed gives the same events.
     * @param plan What is run.
     * @throws `malformed`, `storage`
     * @example
     * await leftfold.randomRun({ "events": 100, "streams": 5, "seed": 7 })
     */
    randomRun(plan: {
      /** How many events, at least. */
      events: number;
      /** Over how many streams at once; 20 if left out. */
      streams?: number;
      /** The seed; 1 if left out. */
      seed?: number;
    }): Promise<{
      /** The seed. */
      seed: number;
      /** How many commands were accepted, those of processes included. */
      accepted: number;
      /** How many were refused. */
      refused: number;
      /** How many events there are. */
      events: number;
      /** Whether hardly anything was accepted any more. */
      stuck: boolean;
    }>;
    /**
     * Lets the log go on with code of your own, and folds everything anew. In a log of one of the page's scenarios, makes a new log with the code and opens it.
     * @param text The code: JavaScript that calls `domain({ … })`.
     * @throws `malformed`, `domain`, `storage`
     * @example
     * await leftfold.domain("domain({ title: 'Doors', aggregates: { door: { initial: {}, events: { Opened: {} }, commands: { Open: {} }, decide: () => [{ type: 'Opened' }], evolve: () => ({ open: true }) } } })")
     */
    domain(text: string): Promise<{
      /** The log's id. */
      id: string;
      /** The number of the version that runs now. */
      version: number;
      /** The names of its aggregates. */
      aggregates: string[];
      /** The names of its read models. */
      projections: string[];
      /** The names of its processes. */
      processes: string[];
      /** What is shown otherwise at the playhead now. */
      changed: string[];
      /** The log's decisions that the code would not take again. */
      refused: {
        /** The position of the decision's first event. */
        position: number;
        /** The stream. */
        stream: string;
        /** The command's type. */
        command: string;
        /** Why it would be refused. */
        reason: string;
      }[];
    }>;
    /**
     * Runs a command and all that follows from it. It is decided at the head, wherever the playhead is; a playhead in the past stays there.
     * @param stream The stream, such as `cart-1`.
     * @param command The command.
     * @param how How it is sent.
     * @throws `rejected`, `wrong_expected_version`, `command_id_reused`, `malformed`, `unknown_stream`, `unreadable`, `storage`
     * @example
     * await leftfold.send("cart-1", { "type": "AddToCart", "data": { "item": "apples" } }, { "expectedVersion": 0 })
     */
    send(stream: string, command: Command, how?: Sending | null): Promise<Sent>;
    /**
     * Sends a command of the journal once more.
     * @param commandId Its id.
     * @param choice After a conflict `reload`, `retry` or `force`; else `same`, under the same id, or `anew`.
     * @param newId Its new id; made up where it is left out.
     * @throws `rejected`, `wrong_expected_version`, `command_id_reused`, `malformed`, `unknown_stream`, `unreadable`, `storage`
     * @example
     * await leftfold.again("67e55044-10b1-426f-9247-bb680e5fe0c8", "anew")
     */
    again(commandId: string, choice: "reload" | "retry" | "force" | "same" | "anew", newId?: string | null): Promise<Sent>;
    /**
     * Queues a command, to go through it with `step()`.
     * @param stream The stream, such as `cart-1`.
     * @param command The command.
     * @param how How it is sent.
     * @throws `malformed`, `unknown_stream`
     * @example
     * await leftfold.submit("cart-1", { "type": "AddToCart", "data": { "item": "pears" } })
     */
    submit(stream: string, command: Command, how?: Sending | null): Promise<{
      /** The command's id. */
      commandId: string;
    }>;
    /**
     * Performs one micro-step and says what it was; null when all is quiet.
     * @example
     * await leftfold.step()
     */
    step(): Promise<Step | null>;
    /**
     * Tells the story's next step; null at its end.
     * @example
     * await leftfold.next()
     */
    next(): Promise<{
      /** Which step, from 1. */
      number: number;
      /** What it says. */
      say: string;
    } | null>;
    /**
     * Appends events past their aggregates, all of them or none.
     * @param events The events.
     * @param how What comes of it.
     * @throws `malformed`, `unknown_stream`, `storage`
     * @example
     * await leftfold.append([{ "stream": "cart-2", "type": "AddedToCart", "data": { "item": "figs" } }], { "react": true })
     */
    append(events: EventToAppend[], how?: {
      /** Whether processes react. */
      react?: boolean;
      /** Who goes behind the aggregates’ back: the events are marked so. */
      forced?: string;
    } | null): Promise<{
      /** The position of the first event. */
      from: number;
      /** The position of the last one; less than `from` where there is none. */
      to: number;
    }>;
    /**
     * What was asked, oldest first, and what came of it.
     * @example
     * await leftfold.journal()
     */
    journal(): Promise<JournalEntry[]>;
    /**
     * How commands' streams are loaded from now on; without it, only what loading has cost.
     * @param how How.
     * @throws `malformed`
     * @example
     * await leftfold.loading({ "snapshots": 100 })
     */
    loading(how?: {
      /** From the state that is kept in memory. */
      memory: boolean;
    } | {
      /** From all events. */
      events: boolean;
    } | {
      /** From a snapshot, one every so many events. */
      snapshots: number;
    } | null): Promise<{
      /** How streams are loaded. */
      loading: "memory" | "events" | {
        /** One every so many events. */
        snapshots: number;
      };
      /** What loading has cost. */
      meter: {
        /** How many times a stream was loaded. */
        loads: number;
        /** How many events were folded for it. */
        folded: number;
        /** How many there were to fold. */
        of: number;
        /** The last load. */
        last: {
          /** Its stream. */
          stream: string;
          /** How many events it has. */
          of: number;
          /** How many of them were folded. */
          folded: number;
          /** The version of the snapshot. */
          snapshot: number | null;
          /** Why a snapshot was not used. */
          ignored: string | null;
        } | null;
      };
      /** The snapshots that there are. */
      snapshots: {
        /** Its stream. */
        stream: string;
        /** The version that it is of. */
        version: number;
        /** The schema of its events. */
        schema: number;
      }[];
    }>;
    /**
     * Recorded events, the last one included.
     * @param from The first position; positions start at 1.
     * @param to The last position.
     * @throws `malformed`, `out_of_range`
     * @example
     * await leftfold.events(1, 2)
     */
    events(from: number, to: number): Promise<RecordedEvent[]>;
    /**
     * The position of the last event; 0 where there is none.
     * @example
     * await leftfold.head()
     */
    head(): Promise<number>;
    /**
     * Where the playhead stands.
     * @example
     * await leftfold.position()
     */
    position(): Promise<number>;
    /**
     * Moves the playhead, and answers once that is painted.
     * @param place A position, or a date: then the last event at or before it.
     * @throws `malformed`, `out_of_range`
     * @example
     * await leftfold.seek(1)
     */
    seek(place: number | string | Date): Promise<number>;
    /**
     * What time it is in the log, and what its processes were waiting for at the playhead. Moves the clock first where that is asked; it goes forward only.
     * @param how How the clock is moved.
     * @throws `malformed`, `out_of_range`
     * @example
     * await leftfold.clock({ "advance": 3600000 })
     */
    clock(how?: {
      /** Forward by so many milliseconds. */
      advance: number;
    } | {
      /** To a time in milliseconds since 1970, or to a date. */
      to: number | string | Date;
    } | {
      /** To the next deadline. */
      next: boolean;
    } | {
      /** Has the command of this id sent now. */
      hurry: string;
    } | null): Promise<{
      /** What time it is in the log, in milliseconds since 1970. */
      now: number;
      /** What processes were waiting for at the playhead, by the time when it is due. */
      deadlines: {
        /** The command's id. */
        id: string;
        /** The process that waits. */
        process: string;
        /** The position of the event because of which it waits. */
        position: number;
        /** The stream that the command is for. */
        stream: string;
        /** The command's type. */
        type: string;
        /** When it is sent, in milliseconds since 1970. */
        due: number;
      }[];
    }>;
    /**
     * The fold, row by row: beside each event, what it makes of states and views.
     * @param position The position of the first row; 0 is before all events.
     * @param count How many rows: at most 1000.
     * @param names The columns: streams, and titles of projections and processes.
     * @throws `malformed`, `unknown_projection`, `out_of_range`
     * @example
     * await leftfold.fold(1, 3, ["cart-1", "Carts now"])
     */
    fold(position: number, count: number, names: string[]): Promise<{
      /** The event's position; 0 is before the first one. */
      position: number;
      /** The event. */
      event: RecordedEvent | null;
      /** A cell for each column. */
      cells: {
        /** The column's name. */
        name: string;
        /** The state or view after the event, found by keys. */
        state: unknown;
        /** What the event changed. */
        changes: Difference[];
      }[];
    }[]>;
    /**
     * The panels that the story's step is about on which the playhead stands.
     * @example
     * await leftfold.stage()
     */
    stage(): Promise<{
      /** Which step, from 1. */
      step: number;
      /** What it says. */
      say: string;
      /** The names of the panels that it is about. */
      panels: string[];
    } | null>;
    /**
     * The source of a stream's aggregate, a projection or a process, in Rust.
     * @param name The stream, or the title.
     * @throws `malformed`, `unknown_projection`, `storage`
     * @example
     * await leftfold.code("cart-1")
     */
    code(name: string): Promise<{
      /** Where most of it stands in the repository. */
      file: string;
      /** What it is written in. */
      language: "rust";
      /** What the type declares and does, with what that names. */
      source: string;
      /** The functions that handle commands or events. */
      functions: {
        /** Its name, such as `decide` or `apply`. */
        name: string;
        /** The first of its lines in `source`, from 1. */
        from: number;
        /** The last of its lines. */
        to: number;
      }[];
      /** The patterns and comparisons that name a command or an event, each with what it leads to. */
      arms: {
        /** The type of command or event that it handles. */
        variant: string;
        /** The function that it stands in. */
        function: string;
        /** The first of its lines in `source`, from 1. */
        from: number;
        /** The last of its lines. */
        to: number;
      }[];
    }>;
    /**
     * A stream's state at the playhead.
     * @param stream The stream, such as `cart-1`.
     * @throws `malformed`, `unknown_stream`
     * @example
     * await leftfold.state("cart-1")
     */
    state(stream: string): Promise<{
      /** Its stream. */
      stream: string;
      /** How many of its events are folded. */
      version: number;
      /** The state, as its type writes it. */
      state: unknown;
    }>;
    /**
     * What a projection or process shows at the playhead.
     * @param name The title of a projection or process.
     * @throws `malformed`, `unknown_projection`
     * @example
     * await leftfold.view("Carts now")
     */
    view(name: string): Promise<View>;
    /**
     * Side effects, performed and held back.
     * @example
     * await leftfold.outbox()
     */
    outbox(): Promise<Effect[]>;
    /**
     * Calls a function with every event, move of the playhead, or micro-step. It returns, at once, a function that ends it.
     * @param what What is listened to.
     * @param callback What is called.
     * @throws `malformed`
     * @example
     * const end = leftfold.on("event", event => console.log(event.type))
     */
    on(what: "event", callback: (it: RecordedEvent) => void): () => void;
    /**
     * Calls a function with every event, move of the playhead, or micro-step. It returns, at once, a function that ends it.
     * @param what What is listened to.
     * @param callback What is called.
     * @throws `malformed`
     * @example
     * const end = leftfold.on("event", event => console.log(event.type))
     */
    on(what: "seek", callback: (it: number) => void): () => void;
    /**
     * Calls a function with every event, move of the playhead, or micro-step. It returns, at once, a function that ends it.
     * @param what What is listened to.
     * @param callback What is called.
     * @throws `malformed`
     * @example
     * const end = leftfold.on("event", event => console.log(event.type))
     */
    on(what: "step", callback: (it: Step) => void): () => void;
    /**
     * Every projection and process.
     * @example
     * await leftfold.subscriptions()
     */
    subscriptions(): Promise<Subscription[]>;
    /**
     * Changes a projection or process, and runs what is due.
     * @param name The title of a projection or process.
     * @param how What is changed.
     * @throws `malformed`, `unknown_projection`
     * @example
     * await leftfold.subscription("Carts now", { "paused": true, "step": 1 })
     */
    subscription(name: string, how?: SubscriptionChange | null): Promise<null>;
    /**
     * Folds a projection or process again, from the first event on.
     * @param name The title of a projection or process.
     * @throws `malformed`, `unknown_projection`
     * @example
     * await leftfold.rebuild("Carts now")
     */
    rebuild(name: string): Promise<null>;
    /**
     * Brings up a second instance of a projection, which has taken in nothing and is paused: a replica. Gives its name.
     * @param name The title of a projection or process.
     * @param code The version of its code.
     * @throws `malformed`, `unknown_projection`
     * @example
     * await leftfold.replicate("Carts now")
     */
    replicate(name: string, code?: number | null): Promise<string>;
    /**
     * A replica that has caught up takes over its projection's name. What had the name gets the replica's.
     * @param replica The replica's name.
     * @throws `malformed`, `unknown_projection`
     * @example
     * await leftfold.takeOver("Carts now · 2")
     */
    takeOver(replica: string): Promise<null>;
    /**
     * What a process’s code would have sent over the same history, and nobody has handled. Nothing is sent.
     * @param name The title of a projection or process.
     * @throws `malformed`, `unknown_projection`
     * @example
     * await leftfold.missing("Carts now")
     */
    missing(name: string): Promise<{
      /** The position of the event that it would follow from. */
      position: number;
      /** Whom a command is for; null for an effect. */
      stream: string | null;
      /** The type of the command or side effect. */
      type: string;
      /** The particulars. */
      data: unknown;
    }[]>;
    /**
     * Sends what `missing` lists. Gives how much that was.
     * @param name The title of a projection or process.
     * @throws `malformed`, `unknown_projection`
     * @example
     * await leftfold.sendMissing("Carts now")
     */
    sendMissing(name: string): Promise<number>;
    /**
     * Answers once a projection or process has reached a position.
     * @param name The title of a projection or process.
     * @param position A position; 0 is before the first event.
     * @throws `malformed`, `unknown_projection`
     * @example
     * await leftfold.wait("Carts now", 1)
     */
    wait(name: string, position: number): Promise<{
      /** The position that was waited for. */
      position: number;
      /** Where the subscription is. */
      checkpoint: number;
      /** How many events are still to come: 0. */
      left: number;
      /** What keeps it from going on: null. */
      heldBy: string | null;
    }>;
    /**
     * The running instance, compared with a clean fold.
     * @param name The title of a projection or process.
     * @throws `malformed`, `unknown_projection`
     * @example
     * await leftfold.health("Carts now")
     */
    health(name: string): Promise<{
      /** The running instance, compared with a clean fold. */
      health: "clean" | "differs" | "unjudged" | "stopped";
      /** What differs. */
      differences: Difference[];
    }>;
    /**
     * What would be without events, or with two of them swapped.
     * @param change What is imagined.
     * @param target What is looked at.
     * @param at Up to this position; the playhead's where it is left out.
     * @throws `malformed`, `unknown_stream`, `unknown_projection`, `out_of_range`
     * @example
     * await leftfold.whatIf({ "leaveOut": [1] }, { "view": "Carts now" }, 2)
     */
    whatIf(change: {
      /** The positions that are left out. */
      leaveOut: number[];
    } | {
      /** The positions to swap. */
      swap: [number, number];
    }, target: Target, at?: number | null): Promise<{
      /** What is. */
      truth: unknown;
      /** What would be. */
      imagined: unknown;
      /** What differs. */
      differences: Difference[];
      /** Decisions that would be refused. */
      noLongerAllowed: {
        /** The position of its event. */
        position: number;
        /** Its stream. */
        stream: string;
        /** Who had sent it. */
        actor: string;
        /** The command's type. */
        command: string;
        /** Why it would be refused. */
        reason: string;
      }[];
      /** Events that came of those left out. */
      cameOfIt: {
        /** The position of its event. */
        position: number;
        /** Its stream. */
        stream: string;
        /** Its type. */
        event: string;
      }[];
    }>;
    /**
     * The events that set a field, newest first.
     * @param target What is looked at.
     * @param pointer The field, as a JSON pointer.
     * @throws `malformed`, `unknown_stream`, `unknown_projection`
     * @example
     * await leftfold.why({ "state": "cart-1" }, "/items/apples")
     */
    why(target: Target, pointer: string): Promise<{
      /** The position of its event. */
      position: number;
      /** Its stream. */
      stream: string;
      /** Its type. */
      type: string;
      /** The field before it; null where there was none. */
      was: unknown;
      /** The field after it; null where it was gone. */
      now: unknown;
    }[]>;
    /**
     * Since when a condition holds.
     * @param target What is looked at.
     * @param condition The condition.
     * @param monotonic Whether it never ceases to hold once it does: that is found sooner.
     * @throws `malformed`, `unknown_stream`, `unknown_projection`
     * @example
     * await leftfold.bisect({ "state": "cart-1" }, { "not": { "is": ["/items/apples", "<", { "value": 1 }] } }, true)
     */
    bisect(target: Target, condition: Condition, monotonic?: boolean | null): Promise<{
      /** Since when it holds; null where it does not. */
      position: number | null;
      /** Where it was looked, in order: of a long search the first places, and the last. */
      probes: {
        /** The position of its event. */
        position: number;
        /** Whether it holds there. */
        holds: boolean;
      }[];
      /** How many positions were looked at. */
      looked: number;
    }>;
    /**
     * What differs between two places, in this log or in others of its scenario.
     * @param left The left one.
     * @param right The right one.
     * @throws `malformed`, `out_of_range`, `storage`
     * @example
     * await leftfold.compare(1, { "at": 2 })
     */
    compare(left: LogPlace, right: LogPlace): Promise<{
      /** The position up to which the two agree. */
      shared: number;
      /** Streams. */
      states: {
        /** Its stream. */
        stream: string;
        /** Left and right. */
        versions: [number, number];
        /** The state on the left. */
        left: unknown;
        /** The state on the right. */
        right: unknown;
        /** What differs. */
        differences: Difference[];
      }[];
      /** Views. */
      views: {
        /** Its title. */
        name: string;
        /** What differs. */
        differences: Difference[];
      }[];
    }>;
    /**
     * What the log weighs in memory and on disk, against the states and read models that are folded from it, and what loading its heaviest stream costs.
     * @example
     * await leftfold.weigh()
     */
    weigh(): Promise<{
      /** How many events there are. */
      events: number;
      /** What they take in memory, in bytes. */
      memory: number;
      /** What they take on disk, in bytes; null if unknown. */
      disk: number | null;
      /** How many streams there are. */
      streams: number;
      /** What the streams' states take as text, in bytes. */
      states: number;
      /** How many read models and processes there are. */
      models: number;
      /** What they show as text, in bytes. */
      views: number;
      /** What loading the heaviest stream costs. */
      heaviest: {
        /** The stream with the most events. */
        stream: string;
        /** How many are folded where it is loaded from the first. */
        events: number;
        /** What these events take in memory, in bytes. */
        bytes: number;
        /** How many with a snapshot every 100 events. */
        sinceSnapshot: number;
        /** What the snapshot takes as text, in bytes. */
        snapshot: number;
      } | null;
    }>;
    /**
     * How the events up to the playhead are divided among handlers that work side by side.
     * @param how How.
     * @throws `malformed`
     * @example
     * await leftfold.shards({ "by": "id", "count": 3 })
     */
    shards(how: {
      /** By the id of the stream, or by type. */
      by: "id" | "type";
      /** Among how many handlers. */
      count: number;
    }): Promise<{
      /** By what events are divided. */
      by: "id" | "type";
      /** The handlers. */
      handlers: {
        /** How many events it takes. */
        events: number;
        /** How many streams, or types. */
        keys: number;
        /** Those with the most events. */
        names: string[];
        /** The positions of its first events. */
        first: number[];
      }[];
      /** How many events there are. */
      events: number;
      /** In how many turns all are done, one event a handler and turn. */
      turns: number;
      /** Whether each stream's events stay in order. */
      inOrder: boolean;
      /** What weighs most on the busiest handler. */
      heaviest: {
        /** The stream, or type. */
        name: string;
        /** How many events it has. */
        events: number;
      } | null;
      /** What one handler more would move. */
      moves: {
        /** How many streams or types one handler more would move. */
        keys: number;
        /** Out of so many. */
        of: number;
        /** How many it would move by the hash modulo the count. */
        byModulo: number;
      };
    }>;
    /**
     * Follows an expression over states and read models through the log: `state("cart-1")`, `view("Carts now")`, and JavaScript around them.
     * @param expression The expression.
     * @throws `malformed`, `domain`
     * @example
     * await leftfold.watch("state(\"cart-1\").items.apples")
     */
    watch(expression: string): Promise<{
      /** Its value at the playhead; null where it has none. */
      now: unknown;
      /** The position from which on it has had that value. */
      since: number;
      /** Positions, each with the value there. */
      line: [number, unknown][];
      /** Why it has no value at the playhead. */
      why: string | null;
    }>;
    /**
     * The lessons that come with the page.
     * @throws `storage`
     * @example
     * await leftfold.lessons()
     */
    lessons(): Promise<{
      /** Its id. */
      id: string;
      /** Its title. */
      title: string;
      /** How many exercises it has. */
      exercises: number;
    }[]>;
    /**
     * Opens an exercise of a lesson, as it was left. Gives the log's id.
     * @param id The lesson's id.
     * @param number Which of its exercises; the first where it is left out.
     * @throws `malformed`, `out_of_range`, `storage`
     * @example
     * await leftfold.lesson("events-instead-of-state", 1)
     */
    lesson(id: string, number?: number | null): Promise<string>;
    /**
     * How the exercise that is open stands; null where none is.
     * @example
     * await leftfold.exercise()
     */
    exercise(): Promise<{
      /** What is to be done. */
      task: string;
      /** Whether all of the goal holds. */
      met: boolean;
      /** What does not hold yet, in words. */
      missing: string[];
      /** What is said of a wrong move that was made. */
      wrong: string | null;
    } | null>;
    /**
     * Shows the exercise's next hint and gives it; null where there is none left.
     * @example
     * await leftfold.hint()
     */
    hint(): Promise<string | null>;
    /**
     * Answers the exercise's question, and says how the exercise stands then.
     * @param value The answer: a position, a number, a word, or one of what is offered.
     * @throws `malformed`
     * @example
     * await leftfold.answer(3)
     */
    answer(value: unknown): Promise<{
      /** What is to be done. */
      task: string;
      /** Whether all of the goal holds. */
      met: boolean;
      /** What does not hold yet, in words. */
      missing: string[];
      /** What is said of a wrong move that was made. */
      wrong: string | null;
    } | null>;
    /**
     * Plays the exercise's solution in a copy, and says how that stands then. What was done before stays in its own log.
     * @param how Which moves.
     * @throws `malformed`, `storage`
     * @example
     * await leftfold.solve()
     */
    solve(how?: {
      /** Whether to play what is likely to be tried first, and is wrong. */
      wrong?: boolean;
    } | null): Promise<{
      /** What is to be done. */
      task: string;
      /** Whether all of the goal holds. */
      met: boolean;
      /** What does not hold yet, in words. */
      missing: string[];
      /** What is said of a wrong move that was made. */
      wrong: string | null;
    } | null>;
    /**
     * Makes an exercise that begins with the open log, tries it, and gives its link. It is refused where its goal holds at the start, is not reached by the solution, or is reached by the wrong move.
     * @param exercise The exercise.
     * @throws `malformed`, `storage`
     * @example
     * await leftfold.makeExercise({ "title": "Fill a cart", "task": "Put something into a cart.", "goals": [{ "goal": { "count": { "of": "log", "each": { "is": ["/type", "=", { "value": "AddedToCart" }] }, "min": 1 } } }], "solution": [["next"]] })
     */
    makeExercise(exercise: Exercise): Promise<string>;
  }

  /**
   * What kind of fault it is.
   * - `rejected`: The aggregate refused the command.
   * - `wrong_expected_version`: The stream was not at the version that was expected; see `expected` and `actual`.
   * - `command_id_reused`: The command's id belongs to another command, or to the same one on another stream.
   * - `malformed`: An argument, or a command's data, makes no sense.
   * - `unknown_stream`: The scenario has no such aggregate.
   * - `unknown_scenario`: There is no such scenario.
   * - `unknown_projection`: No projection or process has this title.
   * - `unreadable`: The stream holds an event that cannot be read.
   * - `out_of_range`: The log has no such position.
   * - `domain`: A person's own code has a fault; see `line`, `column` and `position`.
   * - `storage`: It could not be stored, or read.
   */
  type ErrorCode = "rejected" | "wrong_expected_version" | "command_id_reused" | "malformed" | "unknown_stream" | "unknown_scenario" | "unknown_projection" | "unreadable" | "out_of_range" | "domain" | "storage";

/** Why a call failed. */
  interface Failure extends Error {
    code: ErrorCode;
    /** The version that was expected, where the code is `wrong_expected_version`. */
    expected?: number | "exists" | "any" | { category: number };
    /** The version that was found. */
    actual?: number;
  }

  /** What is known of a log without opening it. */
  interface LogInfo {
    /** Its id, for `open`. */
    id: string;
    /** Its scenario's id. */
    scenario: string;
    /** What a person calls it. */
    title: string;
    /** When it was made, in milliseconds since 1970. */
    createdAt: number;
    /** When it was last opened, in milliseconds since 1970. */
    openedAt: number;
    /** The log that it was forked from, and the position up to which the two agree. */
    forkedFrom: [string, number] | null;
    /** When it was deleted, in milliseconds since 1970. */
    deletedAt?: number;
  }

  /** What is asked of a stream. */
  interface Command {
    /** Its type, in the imperative. */
    type: string;
    /** Its data; `{}` where it is left out. */
    data?: unknown;
    /** The schema that it is stored under; the current one where it is left out. */
    schema?: number | null;
  }

  /** How a command is sent. */
  interface Sending {
    /** What its sender believes of the stream. With a number the command is decided on the state at that version; 0 stands for no stream. A refusal there is a conflict where the stream has gone on since. */
    expectedVersion?: number | "exists" | "any";
    /** What its sender believes of all streams of the category: none has an event after this position. It guards a rule over all of them, in the place of `expectedVersion`. */
    expectedPosition?: number;
    /** The version that its sender saw: together with `"any"` it is decided there, and forced. */
    seenVersion?: number;
    /** Whether a conflict is answered by deciding again. */
    retry?: boolean;
    /** Its id; made up where it is left out. The same command with the same id is handled once. */
    commandId?: string | null;
    /** Who sends it. */
    actor?: string | null;
  }

  /** What came of a command. */
  interface Sent {
    /** `repeated` where its id had been handled before: nothing is done again. */
    outcome: "accepted" | "repeated";
    /** The events of the command's own commit. */
    events: RecordedEvent[];
  }

  /** An event as it stands in the log. */
  interface RecordedEvent {
    /** Its place in the log, from 1. */
    position: number;
    /** Its stream. */
    stream: string;
    /** Its place in the stream, from 1. */
    version: number;
    /** Its id. */
    id: string;
    /** Its type, in the past tense. */
    type: string;
    /** The version of its schema. */
    schema: number;
    /** Its data. */
    data: unknown;
    /** When it was recorded, in milliseconds since 1970. */
    at: number;
    /** The command that it came of. */
    commandId: string;
    /** The message that the command answered. */
    causationId: string;
    /** What all messages of one conversation share. */
    correlationId: string;
    /** Who sent the command. */
    actor: string;
    /** Whether an aggregate decided it, it was appended in bulk, or somebody went behind the aggregate's back. */
    origin: "command" | "import" | "forced";
    /** Why it cannot be read, where it cannot. */
    unreadable?: string;
    /** Attributes that came with it from elsewhere, by their names. */
    metadata?: unknown;
  }

  /** A micro-step, as it was performed. */
  type Step = {
    step: "received";
    /** What happens, in plain words. */
    caption: string;
    /** Its stream. */
    stream: string;
    /** The command's type. */
    command: string;
    /** Who sent it. */
    actor: string;
  } | {
    step: "repeated";
    /** What happens, in plain words. */
    caption: string;
    /** The command's type. */
    command: string;
    /** How many came of it then. */
    events: number;
  } | {
    step: "loaded";
    /** What happens, in plain words. */
    caption: string;
    /** Its stream. */
    stream: string;
    /** How many there are. */
    events: number;
    /** The version of the snapshot that was used. */
    snapshot?: number;
    /** Why a snapshot was not used. */
    ignored?: string;
  } | {
    step: "folded";
    /** What happens, in plain words. */
    caption: string;
    /** Its stream. */
    stream: string;
    /** The version that was reached. */
    version: number;
    /** How many events were folded. */
    folded: number;
  } | {
    step: "decided";
    /** What happens, in plain words. */
    caption: string;
    /** The command's type. */
    command: string;
    /** The types of the events. */
    events: string[];
  } | {
    step: "rejected";
    /** What happens, in plain words. */
    caption: string;
    /** The command's type. */
    command: string;
    /** Why. */
    reason: string;
  } | {
    step: "appending";
    /** What happens, in plain words. */
    caption: string;
    /** Where, unless in several streams. */
    stream: string | null;
    /** What is expected of the stream. */
    expected: number | "exists" | "any" | {
      /** The position after which none of its category changes. */
      category: number;
    } | null;
    /** How many. */
    events: number;
  } | {
    step: "appended";
    /** What happens, in plain words. */
    caption: string;
    /** The position of the first event. */
    from: number;
    /** The position of the last one. */
    to: number;
    /** The synchronous projections. */
    told?: string[];
  } | {
    step: "conflicted";
    /** What happens, in plain words. */
    caption: string;
    /** Its stream. */
    stream: string;
    /** What was expected. */
    expected: number | "exists" | "any" | {
      /** The position after which none of its category changes. */
      category: number;
    };
    /** The version that was found. */
    actual: number;
    /** Whether it is decided again. */
    retry: boolean;
  } | {
    step: "failed";
    /** What happens, in plain words. */
    caption: string;
    /** Why it could not be stored. */
    reason: string;
  } | {
    step: "delivered";
    /** What happens, in plain words. */
    caption: string;
    /** The projection or process. */
    to: string;
    /** The position of its event. */
    position: number;
    /** Whether it was not the first time. */
    again?: boolean;
    /** How many reactions a replay held back. */
    heldBack?: number;
  } | {
    step: "skipped";
    /** What happens, in plain words. */
    caption: string;
    /** The projection or process. */
    to: string;
    /** The position of its event. */
    position: number;
  } | {
    step: "dropped";
    /** What happens, in plain words. */
    caption: string;
    /** The projection or process. */
    to: string;
    /** The position of its event. */
    position: number;
  } | {
    step: "withheld";
    /** What happens, in plain words. */
    caption: string;
    /** The projection or process. */
    to: string;
    /** The position of its event. */
    position: number;
  } | {
    step: "crashed";
    /** What happens, in plain words. */
    caption: string;
    /** The projection or process. */
    to: string;
    /** The position of its event. */
    position: number;
    /** After which position it goes on. */
    checkpoint: number;
    /** Of what. */
    fault: "duplicate" | "drop" | "swap" | "crash_before_checkpoint" | "crash_after_effect";
  } | {
    step: "stopped";
    /** What happens, in plain words. */
    caption: string;
    /** The projection or process. */
    to: string;
    /** The position of its event. */
    position: number;
    /** Why. */
    why: string;
  } | {
    step: "tried";
    /** What happens, in plain words. */
    caption: string;
    /** The projection or process. */
    to: string;
    /** The position of its event. */
    position: number;
    /** Which attempt failed. */
    attempt: number;
    /** How many there are. */
    of: number;
  } | {
    step: "setAside";
    /** What happens, in plain words. */
    caption: string;
    /** The projection or process. */
    to: string;
    /** The position of its event. */
    position: number;
    /** Why. */
    why: string;
  } | {
    step: "reacted";
    /** What happens, in plain words. */
    caption: string;
    /** The process. */
    process: string;
    /** The position of its event. */
    position: number;
    /** What it asks for. */
    asks: string[];
    /** The commands that are due later, each with how long it waits, in milliseconds. */
    later?: [string, number][];
  } | {
    step: "due";
    /** What happens, in plain words. */
    caption: string;
    /** The process. */
    process: string;
    /** The position of its event. */
    position: number;
    /** Whom the command is for. */
    stream: string;
    /** The command's type. */
    command: string;
    /** When it was due, in milliseconds since 1970. */
    due: number;
  } | {
    step: "checkpointed";
    /** What happens, in plain words. */
    caption: string;
    /** The process. */
    process: string;
    /** The position of its event. */
    position: number;
  } | {
    step: "performed";
    /** What happens, in plain words. */
    caption: string;
    /** The side effect's type. */
    effect: string;
    /** The process. */
    process: string;
    /** The position of its event. */
    position: number;
    /** How many times it had been performed before. */
    repeat?: number;
  } | {
    step: "suppressed";
    /** What happens, in plain words. */
    caption: string;
    /** The process. */
    process: string;
    /** The position of its event. */
    position: number;
  };

  /** An event to append. What else it has is ignored, so that recorded events can be appended. */
  interface EventToAppend {
    /** The stream. */
    stream: string;
    /** Its type, in the past tense. */
    type: string;
    /** Its data; `{}` where it is left out. */
    data?: unknown;
    /** When it happened, in milliseconds since 1970, and no earlier than the one before; now where it is left out. */
    at?: number | null;
  }

  /** A command, and what came of it. */
  interface JournalEntry {
    /** Its id. */
    commandId: string;
    /** Its stream; null for a bulk append. */
    stream: string | null;
    /** What was asked. */
    command: {
      /** Its type. */
      type: string | null;
      /** Its data. */
      data: unknown;
    };
    /** Who sent it. */
    actor: string;
    /** When, in milliseconds since 1970. */
    at: number;
    /** What came of it. */
    outcome: "accepted" | "repeated" | "rejected" | "wrong_expected_version" | "command_id_reused" | "malformed" | "unreadable" | "storage";
    /** Why it was not accepted. */
    reason: string | null;
    /** The positions of its events. */
    events: number[];
    /** The id of the command that it repeats. */
    follows: string | null;
    /** How it repeats it. */
    choice: "reload" | "retry" | "force" | "same" | "anew" | null;
  }

  /** A field that differs. */
  interface Difference {
    /** Where, as a JSON pointer. */
    path: string;
    /** The value on the left, as it is written. */
    was: string | null;
    /** The value on the right, as it is written. */
    now: string | null;
    /** How the right one differs from the left one. */
    mark: "same" | "added" | "changed" | "removed";
  }

  /** What a projection or process shows. */
  type View = {
    kind: "table";
    /** Its title. */
    name: string;
    /** The position up to which it knows all events. */
    checkpoint: number;
    /** The columns' names. */
    columns: string[];
    /** Each row's `key`, and its cells by column. */
    rows: (Record<string, string | number | boolean | null>)[];
    /** Totals by column. Amounts are in cents. */
    totals?: Record<string, string | number | boolean | null>;
  } | {
    kind: "documents";
    /** Its title. */
    name: string;
    /** The position up to which it knows all events. */
    checkpoint: number;
    /** Documents by key. */
    documents: Record<string, unknown>;
  } | {
    kind: "pages";
    /** Its title. */
    name: string;
    /** The position up to which it knows all events. */
    checkpoint: number;
    /** Markdown by key. */
    pages: Record<string, string>;
  } | {
    kind: "files";
    /** Its title. */
    name: string;
    /** The position up to which it knows all events. */
    checkpoint: number;
    /** Files by name. */
    files: Record<string, {
      /** What kind of file: `text/csv`. */
      media: string;
      /** What it holds. */
      text: string;
    }>;
  } | {
    kind: "graph";
    /** Its title. */
    name: string;
    /** The position up to which it knows all events. */
    checkpoint: number;
    /** Labels by key. */
    nodes: Record<string, string>;
    /** Two keys, and how often they are connected. */
    edges: [string, string, number][];
  } | {
    kind: "bars";
    /** Its title. */
    name: string;
    /** The position up to which it knows all events. */
    checkpoint: number;
    /** What the length counts. */
    unit: string;
    /** Whether lengths are cents. */
    money: boolean;
    /** The bars, in the order shown. */
    bars: {
      /** Its name. */
      name: string;
      /** Its length. */
      value: number;
    }[];
  } | {
    kind: "chart";
    /** Its title. */
    name: string;
    /** The position up to which it knows all events. */
    checkpoint: number;
    /** What the height counts. */
    unit: string;
    /** Whether heights are cents. */
    money: boolean;
    /** Series, then position, then the height from there on. */
    series: Record<string, Record<string, number>>;
  } | {
    kind: "search";
    /** Its title. */
    name: string;
    /** The position up to which it knows all events. */
    checkpoint: number;
    /** What a hit shows, by key. */
    titles: Record<string, string>;
    /** Keys by word. */
    terms: Record<string, string[]>;
  };

  /** A side effect that a process asked for. */
  interface Effect {
    /** Its id, which follows from process, instance and step. */
    id: string;
    /** The process. */
    process: string;
    /** For which run of the process. */
    instance: string;
    /** What kind of thing it is. */
    type: string;
    /** The particulars. */
    data: unknown;
    /** The position of its event. */
    position: number;
    /** When, in milliseconds since 1970. */
    at: number;
    /** What became of it. */
    status: "performed" | "suppressed";
    /** How many times it had been performed before. */
    repeat?: number;
  }

  /** A projection or process that runs. */
  interface Subscription {
    /** Its title. */
    name: string;
    /** Which of the two. */
    kind: "projection" | "process";
    /** What kind of store it fills. */
    view: string;
    /** The position up to which it knows all events. */
    checkpoint: number;
    /** How many events it is behind the head. */
    lag: number;
    /** Whether it is paused. */
    paused: boolean;
    /** How many events behind the head it is kept. */
    delay: number;
    /** Whether a second delivery is recognised. */
    deduplicate: boolean;
    /** Whether it is part of the command's commit. */
    synchronous: boolean;
    /** Whether a replay reacts to nothing. */
    guard: boolean;
    /** The fault that is armed. */
    fault: "duplicate" | "drop" | "swap" | "crash_before_checkpoint" | "crash_after_effect" | null;
    /** Whether it has crashed and was not resumed. */
    crashed: boolean;
    /** The event that it cannot take in. */
    stopped: {
      /** The position of its event. */
      position: number;
      /** Why. */
      why: string;
    } | null;
    /** The event on which its code fails. */
    failsOn: number | null;
    /** Whether it sets aside what it cannot take in. */
    lenient: boolean;
    /** The events that it has set aside. */
    deadLetters: {
      /** The position of its event. */
      position: number;
      /** Why. */
      why: string;
      /** Whether it goes on without it for good. */
      skipped?: boolean;
    }[];
    /** Compared with a clean fold. */
    health: "clean" | "differs" | "unjudged" | "stopped" | null;
    /** Positions after the checkpoint that it knows. */
    ahead: number[];
    /** A process has reacted to everything up to this position. */
    mark: number;
    /** How many of its commands are not handled yet. */
    unanswered: number;
    /** How many reactions the last replay held back. */
    heldBack: number;
    /** The version of its code. */
    code: number;
  }

  /** What is changed about a projection or process. What is left out stays. */
  interface SubscriptionChange {
    /** Pauses it, or resumes it. */
    paused?: boolean | null;
    /** Keeps it so many events behind the head. */
    delay?: number | null;
    /** Whether an event that was taken in before is recognised. */
    deduplicate?: boolean | null;
    /** Whether events are applied within the command's own commit. */
    synchronous?: boolean | null;
    /** Whether a replay reacts to nothing. */
    guard?: boolean | null;
    /** Arms a fault; null disarms it. */
    fault?: "duplicate" | "drop" | "swap" | "crash_before_checkpoint" | "crash_after_effect" | null;
    /** Makes the code fail on the event at this position; null mends it. */
    failOn?: number | null;
    /** Whether it sets aside what it cannot take in, instead of stopping there. */
    lenient?: boolean | null;
    /** Has the event at this position taken in, which was set aside. */
    retry?: number | null;
    /** Goes on for good without the event at this position, which was set aside. */
    skip?: number | null;
    /** Moves the checkpoint back to this position. */
    checkpoint?: number | null;
    /** Moves a process's mark back to this position; `true` stands for 0. */
    redeliver?: number | boolean | null;
    /** Delivers one event although it is paused, or so many. */
    step?: number | boolean | null;
    /** The version of its code. */
    code?: number | null;
    /** Ends a projection, or starts it. */
    running?: boolean | null;
  }

  /** What is looked at. */
  type Target = {
    /** A stream's state. */
    state: string;
  } | {
    /** What a projection or process shows, by its title. */
    view: string;
  };

  /** A condition on JSON. Fields are JSON pointers; one that is not there is null. */
  type Condition = {
    /** A field, compared with something. */
    is: [string, "=" | "<" | "<=", {
      /** A value. */
      value: unknown;
    } | {
      /** Another field. */
      field: string;
    }];
  } | {
    /** All of them hold. */
    all: Condition[];
  } | {
    /** One of them holds. */
    any: Condition[];
  } | {
    /** It does not hold. */
    not: Condition;
  };

  /** A position in the open log, the head of a log by its id, or both. */
  type LogPlace = number | string | {
    /** The log's id; the open one's if left out. */
    log?: string | null;
    /** The position; the head's if left out. */
    at?: number | null;
  };

  /** A task in a log, with a goal. */
  interface Exercise {
    /** What it is about, in a few words. */
    title: string;
    /** The scenario's id; the open log's in a call. */
    scenario?: string;
    /** What is to be done, in one to three sentences. */
    task: string;
    /** The log it begins with, as a link's text. */
    log?: string | null;
    /** The lines of the code of one's own domain. */
    code?: string[];
    /** What is done to that log before. */
    start?: Move[];
    /** Where the playhead stands then. */
    at?: number | null;
    /** What everybody sends at the same moment. In a class it is one log for all. */
    together?: {
      /** A `*` in it stands for who sends. */
      stream: string;
      /** The command. */
      command: Command;
      /** What all have seen before: the stream's version, or all of its category. */
      seen?: "version" | "category";
      /** What each looks at before: where it does not hold, they send nothing. */
      when?: {
        /** In words, as a part of a sentence. */
        say: string;
        /** The goal. */
        goal: Goal;
      } | null;
    } | null;
    /** The panels that it is about. */
    show?: string[];
    /** What must hold, all of it. */
    goals: {
      /** What must hold, in words. */
      say?: string;
      /** The goal. */
      goal: Goal;
    }[];
    /** What is asked, where an answer is part of the goal. */
    question?: {
      /** The question. */
      ask: string;
      /** What an answer is. */
      answer: "event" | "value" | {
        /** One of these. */
        choice: string[];
      };
    } | null;
    /** Hints, the gentlest first. */
    hints?: string[];
    /** The moves that solve it. */
    solution: Move[];
    /** What is likely to be tried first, and is wrong. */
    wrong?: {
      /** What is done. */
      moves: Move[];
      /** By what it is recognised. */
      when: Goal;
      /** What the learner is told. */
      say: string;
    }[];
    /** In how many moves it can be solved. */
    par?: number | null;
    /** Decisions as specifications, to be run and edited beside it. */
    specs?: Spec[];
    /** What it meant, in about three lines. */
    meaning?: string[];
    /** Where the Fold view shows what it meant. */
    look?: number | null;
  }

  /** A call as a list: its name, and its arguments. */
  type Move = unknown[];

  /** What must hold for an exercise to be solved. */
  type Goal = {
    /** A condition holds. */
    holds: {
      /** Of what. */
      of: GoalSubject;
      /** The condition. */
      that: Condition;
    };
  } | {
    /** So many entries fulfil a condition. */
    count: {
      /** Of what. */
      of: GoalSubject;
      /** Where the list is in it, as a JSON pointer. */
      at?: string;
      /** Which entries are counted. */
      each: Condition;
      /** No fewer than this. */
      min?: number | null;
      /** No more than this. */
      max?: number | null;
    };
  } | {
    /** All of them hold. */
    all: Goal[];
  } | {
    /** One of them holds. */
    any: Goal[];
  } | {
    /** It does not hold. */
    not: Goal;
  };

  /** What a goal is asked of: states and views as they run at the head, all else as the console gives it. */
  type GoalSubject = "journal" | "outbox" | "log" | "playhead" | "code" | "answer" | {
    /** A stream's state. */
    state: string;
  } | {
    /** What a projection or process shows, by its title. */
    view: string;
  } | {
    /** How a projection or process runs. */
    subscription: string;
  } | {
    /** The value of an expression, as `watch` has it. */
    watch: string;
  };

  /** What an aggregate has to decide: given these events, when this is asked, then. */
  interface Spec {
    /** The scenario's id. */
    scenario: string;
    /** The stream that decides. */
    stream: string;
    /** Its events before. */
    given: Message[];
    /** The command. */
    when: Message;
    /** What comes of it. */
    then: {
      /** It is accepted. */
      events: Message[];
    } | {
      /** It is refused, for this reason. */
      refused: string;
    };
  }

  /** An event or a command. */
  interface Message {
    /** Its type. */
    type: string;
    /** Its data. */
    data?: unknown;
  }
}
