//! What calls by program are answered with: the shapes of their results, for the documentation.

use crate::shapes::{Field, Named, Shape, WHOLE, optional, required};

const POSITION: Field = required("position", WHOLE, "The position of its event.");
const STREAM: Field = required("stream", Shape::Stream, "Its stream.");
const PROCESS: Field = required("process", Shape::Text, "The process.");
const TO: Field = required("to", Shape::Text, "The projection or process.");
const COMMAND: Field = required("command", Shape::Text, "The command's type.");
const AT: Field = required("at", WHOLE, "When, in milliseconds since 1970.");
const CAPTION: Field = required("caption", Shape::Text, "What happens, in plain words.");

pub static NOTHING: Shape = Shape::Null;

/// The id of a log.
pub static LOG_ID: Shape = Shape::Text;
pub static NUMBER: Shape = WHOLE;
pub static TEXT: Shape = Shape::Text;
pub static TALLY: Shape = Shape::Object(&[
    required("seed", WHOLE, "The seed."),
    required("accepted", WHOLE, "How many commands were accepted, those of processes included."),
    required("refused", WHOLE, "How many were refused."),
    required("events", WHOLE, "How many events there are."),
    required("stuck", Shape::Flag, "Whether hardly anything was accepted any more."),
]);
pub static DOMAIN: Shape = Shape::Object(&[
    required("id", Shape::Text, "The log's id."),
    required("version", WHOLE, "The number of the version that runs now."),
    required("aggregates", Shape::List(&Shape::Text), "The names of its aggregates."),
    required("projections", Shape::List(&Shape::Text), "The names of its read models."),
    required("processes", Shape::List(&Shape::Text), "The names of its processes."),
    required("changed", Shape::List(&Shape::Text), "What is shown otherwise at the playhead now."),
    required(
        "refused",
        Shape::List(&Shape::Object(&[
            required("position", WHOLE, "The position of the decision's first event."),
            required("stream", Shape::Text, "The stream."),
            required("command", Shape::Text, "The command's type."),
            required("reason", Shape::Text, "Why it would be refused."),
        ])),
        "The log's decisions that the code would not take again.",
    ),
]);
pub static WATCHED: Shape = Shape::Object(&[
    required("now", Shape::Json, "Its value at the playhead; null where it has none."),
    required("since", WHOLE, "The position from which on it has had that value."),
    required(
        "line",
        Shape::List(&Shape::Tuple(&[WHOLE, Shape::Json])),
        "Positions, each with the value there.",
    ),
    required("why", Shape::OrNull(&Shape::Text), "Why it has no value at the playhead."),
]);
pub static HINT: Shape = Shape::OrNull(&Shape::Text);
pub static LESSONS: Shape = Shape::List(&Shape::Object(&[
    required("id", Shape::Text, "Its id."),
    required("title", Shape::Text, "Its title."),
    required("exercises", WHOLE, "How many exercises it has."),
]));
pub static STANDING: Shape = Shape::OrNull(&Shape::Object(&[
    required("task", Shape::Text, "What is to be done."),
    required("met", Shape::Flag, "Whether all of the goal holds."),
    required("missing", Shape::List(&Shape::Text), "What does not hold yet, in words."),
    required("wrong", Shape::OrNull(&Shape::Text), "What is said of a wrong move that was made."),
]));

pub static SCENARIOS: Shape = Shape::List(&Shape::Object(&[
    required("id", Shape::Text, "Its id, for `open`."),
    required("title", Shape::Text, "Its title."),
]));

pub static EVENT: Named = Named {
    name: "RecordedEvent",
    about: "An event as it stands in the log.",
    shape: Shape::Object(&[
        required("position", WHOLE, "Its place in the log, from 1."),
        STREAM,
        required("version", WHOLE, "Its place in the stream, from 1."),
        required("id", Shape::Id, "Its id."),
        required("type", Shape::Text, "Its type, in the past tense."),
        required("schema", WHOLE, "The version of its schema."),
        required("data", Shape::Json, "Its data."),
        required("at", WHOLE, "When it was recorded, in milliseconds since 1970."),
        required("commandId", Shape::Id, "The command that it came of."),
        required("causationId", Shape::Id, "The message that the command answered."),
        required("correlationId", Shape::Id, "What all messages of one conversation share."),
        required("actor", Shape::Text, "Who sent the command."),
        required(
            "origin",
            Shape::Words(&["command", "import", "forced"]),
            "Whether an aggregate decided it, it was appended in bulk, or somebody went behind \
             the aggregate's back.",
        ),
        optional("unreadable", Shape::Text, "Why it cannot be read, where it cannot."),
        optional(
            "metadata",
            Shape::Json,
            "Attributes that came with it from elsewhere, by their names.",
        ),
    ]),
};

pub static EVENTS: Shape = Shape::List(&Shape::Named(&EVENT));

pub static SENT: Named = Named {
    name: "Sent",
    about: "What came of a command.",
    shape: Shape::Object(&[
        required(
            "outcome",
            Shape::Words(&["accepted", "repeated"]),
            "`repeated` where its id had been handled before: nothing is done again.",
        ),
        required(
            "events",
            Shape::List(&Shape::Named(&EVENT)),
            "The events of the command's own commit.",
        ),
    ]),
};

pub static SUBMITTED: Shape =
    Shape::Object(&[required("commandId", Shape::Id, "The command's id.")]);

const EXPECTED: Shape = Shape::OneOf(&[
    WHOLE,
    Shape::Words(&["exists", "any"]),
    Shape::Object(&[required(
        "category",
        WHOLE,
        "The position after which none of its category changes.",
    )]),
]);

macro_rules! step {
    ($name:literal, $($field:expr),+ $(,)?) => {
        Shape::Object(&[required("step", Shape::Words(&[$name]), ""), CAPTION, $($field),+])
    };
}

pub static STEP: Named = Named {
    name: "Step",
    about: "A micro-step, as it was performed.",
    shape: Shape::OneOf(&[
        step!("received", STREAM, COMMAND, required("actor", Shape::Text, "Who sent it.")),
        step!("repeated", COMMAND, required("events", WHOLE, "How many came of it then.")),
        step!(
            "loaded",
            STREAM,
            required("events", WHOLE, "How many there are."),
            optional("snapshot", WHOLE, "The version of the snapshot that was used."),
            optional("ignored", Shape::Text, "Why a snapshot was not used."),
        ),
        step!(
            "folded",
            STREAM,
            required("version", WHOLE, "The version that was reached."),
            required("folded", WHOLE, "How many events were folded."),
        ),
        step!(
            "decided",
            COMMAND,
            required("events", Shape::List(&Shape::Text), "The types of the events."),
        ),
        step!("rejected", COMMAND, required("reason", Shape::Text, "Why.")),
        step!(
            "appending",
            required("stream", Shape::OrNull(&Shape::Stream), "Where, unless in several streams."),
            required("expected", Shape::OrNull(&EXPECTED), "What is expected of the stream."),
            required("events", WHOLE, "How many."),
        ),
        step!(
            "appended",
            required("from", WHOLE, "The position of the first event."),
            required("to", WHOLE, "The position of the last one."),
            optional("told", Shape::List(&Shape::Text), "The synchronous projections."),
        ),
        step!(
            "conflicted",
            STREAM,
            required("expected", EXPECTED, "What was expected."),
            required("actual", WHOLE, "The version that was found."),
            required("retry", Shape::Flag, "Whether it is decided again."),
        ),
        step!("failed", required("reason", Shape::Text, "Why it could not be stored.")),
        step!(
            "delivered",
            TO,
            POSITION,
            optional("again", Shape::Flag, "Whether it was not the first time."),
            optional("heldBack", WHOLE, "How many reactions a replay held back."),
        ),
        step!("skipped", TO, POSITION),
        step!("dropped", TO, POSITION),
        step!("withheld", TO, POSITION),
        step!(
            "crashed",
            TO,
            POSITION,
            required("checkpoint", WHOLE, "After which position it goes on."),
            required("fault", Shape::Words(FAULTS), "Of what."),
        ),
        step!("stopped", TO, POSITION, required("why", Shape::Text, "Why.")),
        step!(
            "tried",
            TO,
            POSITION,
            required("attempt", WHOLE, "Which attempt failed."),
            required("of", WHOLE, "How many there are."),
        ),
        step!("setAside", TO, POSITION, required("why", Shape::Text, "Why.")),
        step!(
            "reacted",
            PROCESS,
            POSITION,
            required("asks", Shape::List(&Shape::Text), "What it asks for."),
            optional(
                "later",
                Shape::List(&Shape::Tuple(&[Shape::Text, WHOLE])),
                "The commands that are due later, each with how long it waits, in milliseconds.",
            ),
        ),
        step!(
            "due",
            PROCESS,
            POSITION,
            required("stream", Shape::Stream, "Whom the command is for."),
            required("command", Shape::Text, "The command's type."),
            required("due", WHOLE, "When it was due, in milliseconds since 1970."),
        ),
        step!("checkpointed", PROCESS, POSITION),
        step!(
            "performed",
            required("effect", Shape::Text, "The side effect's type."),
            PROCESS,
            POSITION,
            optional("repeat", WHOLE, "How many times it had been performed before."),
        ),
        step!("suppressed", PROCESS, POSITION),
    ]),
};

pub static STEPPED: Shape = Shape::OrNull(&Shape::Named(&STEP));

pub static TOLD: Shape = Shape::OrNull(&Shape::Object(&[
    required("number", WHOLE, "Which step, from 1."),
    required("say", Shape::Text, "What it says."),
]));

pub static APPENDED: Shape = Shape::Object(&[
    required("from", WHOLE, "The position of the first event."),
    required("to", WHOLE, "The position of the last one; less than `from` where there is none."),
]);

pub static STATE: Shape = Shape::Object(&[
    STREAM,
    required("version", WHOLE, "How many of its events are folded."),
    required("state", Shape::Json, "The state, as its type writes it."),
]);

pub static FOLDED: Shape = Shape::List(&Shape::Object(&[
    required("position", WHOLE, "The event's position; 0 is before the first one."),
    required("event", Shape::OrNull(&Shape::Named(&EVENT)), "The event."),
    required(
        "cells",
        Shape::List(&Shape::Object(&[
            required("name", Shape::Text, "The column's name."),
            required("state", Shape::Json, "The state or view after the event, found by keys."),
            DIFFERENCES_BY_EVENT,
        ])),
        "A cell for each column.",
    ),
]));

const DIFFERENCES_BY_EVENT: Field =
    required("changes", Shape::List(&DIFFERENCES_THERE), "What the event changed.");

pub static STAGE: Shape = Shape::OrNull(&Shape::Object(&[
    required("step", WHOLE, "Which step, from 1."),
    required("say", Shape::Text, "What it says."),
    required("panels", Shape::List(&Shape::Text), "The names of the panels that it is about."),
]));

const FROM_LINE: Field = required("from", WHOLE, "The first of its lines in `source`, from 1.");
const TO_LINE: Field = required("to", WHOLE, "The last of its lines.");

pub static CODE: Shape = Shape::Object(&[
    required("file", Shape::Text, "Where most of it stands in the repository."),
    required("language", Shape::Words(&["rust"]), "What it is written in."),
    required("source", Shape::Text, "What the type declares and does, with what that names."),
    required(
        "functions",
        Shape::List(&Shape::Object(&[
            required("name", Shape::Text, "Its name, such as `decide` or `apply`."),
            FROM_LINE,
            TO_LINE,
        ])),
        "The functions that handle commands or events.",
    ),
    required(
        "arms",
        Shape::List(&Shape::Object(&[
            required("variant", Shape::Text, "The type of command or event that it handles."),
            required("function", Shape::Text, "The function that it stands in."),
            FROM_LINE,
            TO_LINE,
        ])),
        "The patterns and comparisons that name a command or an event, each with what it leads to.",
    ),
]);

const NAME: Field = required("name", Shape::Text, "Its title.");
const CHECKPOINT: Field =
    required("checkpoint", WHOLE, "The position up to which it knows all events.");
const CELLS: Shape =
    Shape::ByKey(&Shape::OneOf(&[Shape::Text, Shape::Number, Shape::Flag, Shape::Null]));

macro_rules! view {
    ($kind:literal, $($field:expr),+ $(,)?) => {
        Shape::Object(&[
            required("kind", Shape::Words(&[$kind]), ""), NAME, CHECKPOINT, $($field),+
        ])
    };
}

pub static VIEW: Named = Named {
    name: "View",
    about: "What a projection or process shows.",
    shape: Shape::OneOf(&[
        view!(
            "table",
            required("columns", Shape::List(&Shape::Text), "The columns' names."),
            required("rows", Shape::List(&CELLS), "Each row's `key`, and its cells by column."),
            optional("totals", CELLS, "Totals by column. Amounts are in cents."),
        ),
        view!("documents", required("documents", Shape::ByKey(&Shape::Json), "Documents by key.")),
        view!("pages", required("pages", Shape::ByKey(&Shape::Text), "Markdown by key.")),
        view!(
            "files",
            required(
                "files",
                Shape::ByKey(&Shape::Object(&[
                    required("media", Shape::Text, "What kind of file: `text/csv`."),
                    required("text", Shape::Text, "What it holds."),
                ])),
                "Files by name.",
            ),
        ),
        view!(
            "graph",
            required("nodes", Shape::ByKey(&Shape::Text), "Labels by key."),
            required(
                "edges",
                Shape::List(&Shape::Tuple(&[Shape::Text, Shape::Text, WHOLE])),
                "Two keys, and how often they are connected.",
            ),
        ),
        view!(
            "bars",
            required("unit", Shape::Text, "What the length counts."),
            required("money", Shape::Flag, "Whether lengths are cents."),
            required(
                "bars",
                Shape::List(&Shape::Object(&[
                    required("name", Shape::Text, "Its name."),
                    required("value", Shape::Number, "Its length."),
                ])),
                "The bars, in the order shown.",
            ),
        ),
        view!(
            "chart",
            required("unit", Shape::Text, "What the height counts."),
            required("money", Shape::Flag, "Whether heights are cents."),
            required(
                "series",
                Shape::ByKey(&Shape::ByKey(&Shape::Number)),
                "Series, then position, then the height from there on.",
            ),
        ),
        view!(
            "search",
            required("titles", Shape::ByKey(&Shape::Text), "What a hit shows, by key."),
            required("terms", Shape::ByKey(&Shape::List(&Shape::Text)), "Keys by word."),
        ),
    ]),
};

/// Faults that can be armed.
pub const FAULTS: &[&str] =
    &["duplicate", "drop", "swap", "crash_before_checkpoint", "crash_after_effect"];

const HEALTH: Shape = Shape::Words(&["clean", "differs", "unjudged", "stopped"]);

pub static SUBSCRIPTION: Named = Named {
    name: "Subscription",
    about: "A projection or process that runs.",
    shape: Shape::Object(&[
        NAME,
        required("kind", Shape::Words(&["projection", "process"]), "Which of the two."),
        required("view", Shape::Text, "What kind of store it fills."),
        CHECKPOINT,
        required("lag", WHOLE, "How many events it is behind the head."),
        required("paused", Shape::Flag, "Whether it is paused."),
        required("delay", WHOLE, "How many events behind the head it is kept."),
        required("deduplicate", Shape::Flag, "Whether a second delivery is recognised."),
        required("synchronous", Shape::Flag, "Whether it is part of the command's commit."),
        required("guard", Shape::Flag, "Whether a replay reacts to nothing."),
        required("fault", Shape::OrNull(&Shape::Words(FAULTS)), "The fault that is armed."),
        required("crashed", Shape::Flag, "Whether it has crashed and was not resumed."),
        required(
            "stopped",
            Shape::OrNull(&Shape::Object(&[POSITION, required("why", Shape::Text, "Why.")])),
            "The event that it cannot take in.",
        ),
        required("failsOn", Shape::OrNull(&WHOLE), "The event on which its code fails."),
        required("lenient", Shape::Flag, "Whether it sets aside what it cannot take in."),
        required(
            "deadLetters",
            Shape::List(&Shape::Object(&[
                POSITION,
                required("why", Shape::Text, "Why."),
                optional("skipped", Shape::Flag, "Whether it goes on without it for good."),
            ])),
            "The events that it has set aside.",
        ),
        required("health", Shape::OrNull(&HEALTH), "Compared with a clean fold."),
        required("ahead", Shape::List(&WHOLE), "Positions after the checkpoint that it knows."),
        required("mark", WHOLE, "A process has reacted to everything up to this position."),
        required("unanswered", WHOLE, "How many of its commands are not handled yet."),
        required("heldBack", WHOLE, "How many reactions the last replay held back."),
        required("code", WHOLE, "The version of its code."),
    ]),
};

pub static SUBSCRIPTIONS: Shape = Shape::List(&Shape::Named(&SUBSCRIPTION));

pub static WAITED: Shape = Shape::Object(&[
    required("position", WHOLE, "The position that was waited for."),
    required("checkpoint", WHOLE, "Where the subscription is."),
    required("left", WHOLE, "How many events are still to come: 0."),
    required("heldBy", Shape::OrNull(&Shape::Text), "What keeps it from going on: null."),
]);

pub static DIFFERENCE: Named = Named {
    name: "Difference",
    about: "A field that differs.",
    shape: Shape::Object(&[
        required("path", Shape::Text, "Where, as a JSON pointer."),
        required("was", Shape::OrNull(&Shape::Text), "The value on the left, as it is written."),
        required("now", Shape::OrNull(&Shape::Text), "The value on the right, as it is written."),
        required(
            "mark",
            Shape::Words(&["same", "added", "changed", "removed"]),
            "How the right one differs from the left one.",
        ),
    ]),
};

static DIFFERENCES_THERE: Shape = Shape::Named(&DIFFERENCE);
const DIFFERENCES: Field =
    required("differences", Shape::List(&DIFFERENCES_THERE), "What differs.");

pub static HEALTH_OF: Shape = Shape::Object(&[
    required("health", HEALTH, "The running instance, compared with a clean fold."),
    DIFFERENCES,
]);

const CHOICES: &[&str] = &["reload", "retry", "force", "same", "anew"];

pub static ENTRY: Named = Named {
    name: "JournalEntry",
    about: "A command, and what came of it.",
    shape: Shape::Object(&[
        required("commandId", Shape::Id, "Its id."),
        required("stream", Shape::OrNull(&Shape::Stream), "Its stream; null for a bulk append."),
        required(
            "command",
            Shape::Object(&[
                required("type", Shape::OrNull(&Shape::Text), "Its type."),
                required("data", Shape::Json, "Its data."),
            ]),
            "What was asked.",
        ),
        required("actor", Shape::Text, "Who sent it."),
        AT,
        required(
            "outcome",
            Shape::Words(&[
                "accepted",
                "repeated",
                "rejected",
                "wrong_expected_version",
                "command_id_reused",
                "malformed",
                "unreadable",
                "storage",
            ]),
            "What came of it.",
        ),
        required("reason", Shape::OrNull(&Shape::Text), "Why it was not accepted."),
        required("events", Shape::List(&WHOLE), "The positions of its events."),
        required("follows", Shape::OrNull(&Shape::Id), "The id of the command that it repeats."),
        required("choice", Shape::OrNull(&Shape::Words(CHOICES)), "How it repeats it."),
    ]),
};

pub static JOURNAL: Shape = Shape::List(&Shape::Named(&ENTRY));

pub static EFFECT: Named = Named {
    name: "Effect",
    about: "A side effect that a process asked for.",
    shape: Shape::Object(&[
        required("id", Shape::Id, "Its id, which follows from process, instance and step."),
        PROCESS,
        required("instance", Shape::Text, "For which run of the process."),
        required("type", Shape::Text, "What kind of thing it is."),
        required("data", Shape::Json, "The particulars."),
        POSITION,
        AT,
        required("status", Shape::Words(&["performed", "suppressed"]), "What became of it."),
        optional("repeat", WHOLE, "How many times it had been performed before."),
    ]),
};

pub static OUTBOX: Shape = Shape::List(&Shape::Named(&EFFECT));

pub static LOADED: Shape = Shape::Object(&[
    required(
        "loading",
        Shape::OneOf(&[
            Shape::Words(&["memory", "events"]),
            Shape::Object(&[required("snapshots", WHOLE, "One every so many events.")]),
        ]),
        "How streams are loaded.",
    ),
    required(
        "meter",
        Shape::Object(&[
            required("loads", WHOLE, "How many times a stream was loaded."),
            required("folded", WHOLE, "How many events were folded for it."),
            required("of", WHOLE, "How many there were to fold."),
            required(
                "last",
                Shape::OrNull(&Shape::Object(&[
                    STREAM,
                    required("of", WHOLE, "How many events it has."),
                    required("folded", WHOLE, "How many of them were folded."),
                    required("snapshot", Shape::OrNull(&WHOLE), "The version of the snapshot."),
                    required(
                        "ignored",
                        Shape::OrNull(&Shape::Text),
                        "Why a snapshot was not used.",
                    ),
                ])),
                "The last load.",
            ),
        ]),
        "What loading has cost.",
    ),
    required(
        "snapshots",
        Shape::List(&Shape::Object(&[
            STREAM,
            required("version", WHOLE, "The version that it is of."),
            required("schema", WHOLE, "The schema of its events."),
        ])),
        "The snapshots that there are.",
    ),
]);

pub static IMAGINED: Shape = Shape::Object(&[
    required("truth", Shape::Json, "What is."),
    required("imagined", Shape::Json, "What would be."),
    DIFFERENCES,
    required(
        "noLongerAllowed",
        Shape::List(&Shape::Object(&[
            POSITION,
            STREAM,
            required("actor", Shape::Text, "Who had sent it."),
            COMMAND,
            required("reason", Shape::Text, "Why it would be refused."),
        ])),
        "Decisions that would be refused.",
    ),
    required(
        "cameOfIt",
        Shape::List(&Shape::Object(&[
            POSITION,
            STREAM,
            required("event", Shape::Text, "Its type."),
        ])),
        "Events that came of those left out.",
    ),
]);

pub static CAUSES: Shape = Shape::List(&Shape::Object(&[
    POSITION,
    STREAM,
    required("type", Shape::Text, "Its type."),
    required("was", Shape::Json, "The field before it; null where there was none."),
    required("now", Shape::Json, "The field after it; null where it was gone."),
]));

pub static FOUND: Shape = Shape::Object(&[
    required("position", Shape::OrNull(&WHOLE), "Since when it holds; null where it does not."),
    required(
        "probes",
        Shape::List(&Shape::Object(&[
            POSITION,
            required("holds", Shape::Flag, "Whether it holds there."),
        ])),
        "Where it was looked, in order: of a long search the first places, and the last.",
    ),
    required("looked", WHOLE, "How many positions were looked at."),
]);

pub static LOG: Named = Named {
    name: "LogInfo",
    about: "What is known of a log without opening it.",
    shape: Shape::Object(&[
        required("id", Shape::Text, "Its id, for `open`."),
        required("scenario", Shape::Text, "Its scenario's id."),
        required("title", Shape::Text, "What a person calls it."),
        required("createdAt", WHOLE, "When it was made, in milliseconds since 1970."),
        required("openedAt", WHOLE, "When it was last opened, in milliseconds since 1970."),
        required(
            "forkedFrom",
            Shape::OrNull(&Shape::Tuple(&[Shape::Text, WHOLE])),
            "The log that it was forked from, and the position up to which the two agree.",
        ),
        optional("deletedAt", WHOLE, "When it was deleted, in milliseconds since 1970."),
    ]),
};

pub static LOGS: Shape = Shape::List(&Shape::Named(&LOG));

pub static MISSING: Shape = Shape::List(&Shape::Object(&[
    required("position", WHOLE, "The position of the event that it would follow from."),
    required("stream", Shape::OrNull(&Shape::Text), "Whom a command is for; null for an effect."),
    required("type", Shape::Text, "The type of the command or side effect."),
    required("data", Shape::Json, "The particulars."),
]));

pub static WEIGHT: Shape = Shape::Object(&[
    required("events", WHOLE, "How many events there are."),
    required("memory", WHOLE, "What they take in memory, in bytes."),
    required("disk", Shape::OrNull(&WHOLE), "What they take on disk, in bytes; null if unknown."),
    required("streams", WHOLE, "How many streams there are."),
    required("states", WHOLE, "What the streams' states take as text, in bytes."),
    required("models", WHOLE, "How many read models and processes there are."),
    required("views", WHOLE, "What they show as text, in bytes."),
    required(
        "heaviest",
        Shape::OrNull(&Shape::Object(&[
            required("stream", Shape::Text, "The stream with the most events."),
            required("events", WHOLE, "How many are folded where it is loaded from the first."),
            required("bytes", WHOLE, "What these events take in memory, in bytes."),
            required("sinceSnapshot", WHOLE, "How many with a snapshot every 100 events."),
            required("snapshot", WHOLE, "What the snapshot takes as text, in bytes."),
        ])),
        "What loading the heaviest stream costs.",
    ),
]);

pub static CLOCK: Shape = Shape::Object(&[
    required("now", WHOLE, "What time it is in the log, in milliseconds since 1970."),
    required(
        "deadlines",
        Shape::List(&Shape::Object(&[
            required("id", Shape::Id, "The command's id."),
            required("process", Shape::Text, "The process that waits."),
            required("position", WHOLE, "The position of the event because of which it waits."),
            required("stream", Shape::Stream, "The stream that the command is for."),
            required("type", Shape::Text, "The command's type."),
            required("due", WHOLE, "When it is sent, in milliseconds since 1970."),
        ])),
        "What processes were waiting for at the playhead, by the time when it is due.",
    ),
]);

pub static SHARDS: Shape = Shape::Object(&[
    required("by", Shape::Words(&["id", "type"]), "By what events are divided."),
    required(
        "handlers",
        Shape::List(&Shape::Object(&[
            required("events", WHOLE, "How many events it takes."),
            required("keys", WHOLE, "How many streams, or types."),
            required("names", Shape::List(&Shape::Text), "Those with the most events."),
            required("first", Shape::List(&WHOLE), "The positions of its first events."),
        ])),
        "The handlers.",
    ),
    required("events", WHOLE, "How many events there are."),
    required("turns", WHOLE, "In how many turns all are done, one event a handler and turn."),
    required("inOrder", Shape::Flag, "Whether each stream's events stay in order."),
    required(
        "heaviest",
        Shape::OrNull(&Shape::Object(&[
            required("name", Shape::Text, "The stream, or type."),
            required("events", WHOLE, "How many events it has."),
        ])),
        "What weighs most on the busiest handler.",
    ),
    required(
        "moves",
        Shape::Object(&[
            required("keys", WHOLE, "How many streams or types one handler more would move."),
            required("of", WHOLE, "Out of so many."),
            required("byModulo", WHOLE, "How many it would move by the hash modulo the count."),
        ]),
        "What one handler more would move.",
    ),
]);

pub static COMPARISON: Shape = Shape::Object(&[
    required("shared", WHOLE, "The position up to which the two agree."),
    required(
        "states",
        Shape::List(&Shape::Object(&[
            STREAM,
            required("versions", Shape::Tuple(&[WHOLE, WHOLE]), "Left and right."),
            required("left", Shape::Json, "The state on the left."),
            required("right", Shape::Json, "The state on the right."),
            DIFFERENCES,
        ])),
        "Streams.",
    ),
    required("views", Shape::List(&Shape::Object(&[NAME, DIFFERENCES])), "Views."),
]);

/// What a listener is called with.
pub const HEARD: &[(&str, Shape)] =
    &[("event", Shape::Named(&EVENT)), ("seek", WHOLE), ("step", Shape::Named(&STEP))];
