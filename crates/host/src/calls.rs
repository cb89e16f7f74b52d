//! What can be called by program: the one table from which `window.leftfold`, its `help()` and
//! its types for editors derive. **A new call is one entry here**, and its handler.
//!
//! Arguments come as JSON texts, each as `JSON.stringify` writes it; one that is left out has
//! none. They are checked against the entry's shapes before they are read.

use es::{Choice, Condition};
use lab::{ShardBy, Target};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::protocol::{
    ClockMove, Command, Error, ErrorCode, Imagine, JsonText, LoadBy, LogPlace, Request, Sending,
    SubscriptionChange, text_of,
};
use crate::results::{self, FAULTS};
use crate::shapes::{
    Field, Named, Shape, WHOLE, about, called_with, optional, required, result, unknown,
};

#[cfg(test)]
mod written;

/// A call by program.
pub struct Call {
    /// Its name.
    pub name: &'static str,
    /// What it belongs to.
    pub group: &'static str,
    /// What it does, in a sentence or two.
    pub about: &'static str,
    /// What it takes, in order: at most three.
    pub takes: &'static [Field],
    /// What it answers with.
    pub gives: &'static Shape,
    /// How it is called: JavaScript, of which the arguments are JSON.
    pub example: &'static str,
    /// Codes of its failures.
    pub codes: &'static [ErrorCode],
    /// How it is called, and what is asked by it.
    pub way: Way,
}

/// How something is called.
pub enum Way {
    /// A function that answers with a promise.
    Asks(fn(&mut Arguments) -> Result<Asked, String>),
    /// A promise that is there from the beginning.
    Promises(OfPage),
    /// A function that takes a callback last. It gives a function that ends it, both at once.
    Listens(fn(&mut Arguments) -> Result<Hears, String>),
}

/// What is asked by a call.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Something of the open log.
    OfLog(Request),
    /// Something of the page.
    OfPage(OfPage),
}

/// What is asked of the page, which has a part in all of this.
#[derive(Clone, Debug)]
pub enum OfPage {
    /// Waits until a log is open.
    Ready,
    /// Shows a part of `help.txt`: 0 has all calls, and 1 is the first of them by itself.
    Help(usize),
    /// Lists the scenarios.
    Scenarios,
    /// Opens a log of a scenario.
    Open(String, Opening),
    /// Gives the source of a stream's aggregate, of a projection or of a process.
    Code(String),
    /// Moves the playhead, and waits until that is painted.
    Seek(Moment),
    /// Waits until a projection or process has reached a position.
    Wait(String, u64),
    /// Makes a new log that shares the past up to a position, and opens it.
    Fork(u64),
    /// Makes a new log of the open log's scenario by chance, and opens it: so many events, over so
    /// many streams, from a seed.
    RandomRun {
        /// How many events, at least.
        events: u64,
        /// Over how many streams at once.
        streams: u64,
        /// The seed.
        seed: u64,
    },
    /// Makes a new log with the scenario's story, and opens it.
    Reset,
    /// Lets the open log go on with a person's own code; in a log of one of the page's scenarios,
    /// makes a new log with it and opens it.
    Domain(String),
    /// Something about lessons and their exercises.
    Lessons(OfLessons),
}

/// What is asked about lessons and their exercises.
#[derive(Clone, Debug)]
pub enum OfLessons {
    /// Lists the lessons.
    List,
    /// Opens an exercise of a lesson, counted from 1.
    Open(String, u64),
    /// Says how the exercise that is open stands.
    Standing,
    /// Gives the next hint.
    Hint,
    /// Answers the exercise's question.
    Answer(Value),
    /// Plays the solution in a copy, or what is likely to be tried first and is wrong.
    Solve(bool),
    /// Makes an exercise that begins with the open log.
    Make(Value),
}

/// Which of a scenario's logs is opened.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// True for a new one without a story.
    pub empty: bool,
    /// True for one that is kept in memory only, and gone with the page.
    pub memory: bool,
    /// The id of one that is there.
    pub log: Option<String>,
}

impl Opening {
    fn of(how: &Value) -> Self {
        Self {
            empty: how["empty"] == true,
            memory: how["storage"] == "memory",
            log: text_of(how, "log"),
        }
    }
}

/// Where to move the playhead.
#[derive(Clone, Debug, PartialEq)]
pub enum Moment {
    /// To a position.
    Position(f64),
    /// To the last event at or before a date, which is text as browsers read it.
    Date(String),
}

/// What can be listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hears {
    /// Every event that is recorded.
    Event,
    /// Every move of the playhead.
    Seek,
    /// Every micro-step.
    Step,
}

/// What a call is given, once that is found to be right. Nothing and null are the same.
pub struct Arguments<'a> {
    takes: &'static [Field],
    texts: &'a mut [Option<String>],
    values: Vec<Value>,
}

impl Arguments<'_> {
    fn value(&self, index: usize) -> &Value {
        self.values.get(index).unwrap_or(&Value::Null)
    }

    fn text(&self, index: usize) -> String {
        self.value(index).as_str().unwrap_or_default().to_owned()
    }

    fn whole(&self, index: usize) -> u64 {
        self.value(index).as_u64().unwrap_or_default()
    }

    /// The JSON text of an argument that is not looked at.
    fn unread(&mut self, index: usize) -> JsonText {
        let text = self.texts.get_mut(index).and_then(Option::take);
        JsonText(text.unwrap_or_default())
    }

    /// What serde makes of an argument.
    fn read<T: for<'de> Deserialize<'de>>(&self, index: usize) -> Result<T, String> {
        T::deserialize(self.value(index)).map_err(|_| self.fault(index))
    }

    // The shapes say what is wrong before this can happen.
    #[inline(never)]
    fn fault(&self, index: usize) -> String {
        let field = &self.takes[index];
        format!("{} cannot be read: {} is expected", field.name, field.shape)
    }

    fn command(&self) -> Result<Command, String> {
        let text = self.texts.get(1).and_then(Option::as_deref).unwrap_or_default();
        // As it was written: a log keeps the data in that order.
        let CommandText { kind, data } = serde_json::from_str(text).map_err(|_| self.fault(1))?;
        Ok(Command { stream: self.text(0), kind, data, how: Sending::of(self.value(2)) })
    }
}

#[derive(Deserialize)]
struct CommandText {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Option<Box<RawValue>>,
}

impl Call {
    /// Reads what is asked, or listened to, by `read`, once the arguments are found to be right.
    ///
    /// # Errors
    /// What is wrong with an argument, as `malformed`.
    pub fn read<T>(
        &self,
        read: fn(&mut Arguments) -> Result<T, String>,
        texts: &mut [Option<String>],
    ) -> Result<T, Error> {
        let values = self.check(texts);
        let read =
            values.and_then(|values| read(&mut Arguments { takes: self.takes, texts, values }));
        read.map_err(|why| Error::new(ErrorCode::Malformed, why))
    }

    fn check(&self, texts: &[Option<String>]) -> Result<Vec<Value>, String> {
        let mut values = Vec::with_capacity(self.takes.len());
        for (index, field) in self.takes.iter().enumerate() {
            let text = texts.get(index).and_then(Option::as_deref);
            let value = match (text, &field.shape) {
                (Some(_), Shape::Unread(_)) | (None, Shape::Callback(_)) => Value::Null,
                (Some(text), _) => {
                    let value = serde_json::from_str(text)
                        .map_err(|_| format!("{} is nested too deeply", field.name))?;
                    field.check(Some(&value))?;
                    value
                }
                (None, _) => field.check(None).map(|()| Value::Null)?,
            };
            values.push(value);
        }
        Ok(values)
    }
}

/// What is wrong with a text that was handed on unread, where it cannot be read.
pub(crate) fn fault_of(field: &Field, text: &str) -> String {
    let fault = match serde_json::from_str(text) {
        Ok(value) => field.check(Some(&value)).err(),
        Err(_) => Some(format!("{} is no JSON, or is nested too deeply", field.name)),
    };
    fault.unwrap_or_else(|| format!("{} cannot be read", field.name))
}

/// Where the call of this name stands in the table.
///
/// # Errors
/// That there is none, and which may have been meant.
pub fn find(name: &str) -> Result<usize, String> {
    CALLS.iter().position(|it| it.name == name).ok_or_else(|| {
        let known: Vec<_> = CALLS.iter().map(|it| it.name).collect();
        unknown("leftfold.", name, &known)
    })
}

/// What the codes of failures mean.
pub const CODES: [(ErrorCode, &str); 11] = [
    (ErrorCode::Rejected, about("The aggregate refused the command.")),
    (
        ErrorCode::WrongExpectedVersion,
        about("The stream was not at the version that was expected; see `expected` and `actual`."),
    ),
    (
        ErrorCode::CommandIdReused,
        about("The command's id belongs to another command, or to the same one on another stream."),
    ),
    (ErrorCode::Malformed, about("An argument, or a command's data, makes no sense.")),
    (ErrorCode::UnknownStream, about("The scenario has no such aggregate.")),
    (ErrorCode::UnknownScenario, about("There is no such scenario.")),
    (ErrorCode::UnknownProjection, about("No projection or process has this title.")),
    (ErrorCode::Unreadable, about("The stream holds an event that cannot be read.")),
    (ErrorCode::OutOfRange, about("The log has no such position.")),
    (
        ErrorCode::Domain,
        about("A person's own code has a fault; see `line`, `column` and `position`."),
    ),
    (ErrorCode::Storage, about("It could not be stored, or read.")),
];

const NAME: Field = required("name", Shape::Text, "The title of a projection or process.");
const POSITION: Field = required("position", WHOLE, "A position; 0 is before the first event.");
const STREAM: Field = required("stream", Shape::Text, "The stream, such as `cart-1`.");

static COMMAND: Named = Named {
    name: "Command",
    about: about("What is asked of a stream."),
    shape: Shape::Object(&[
        required("type", Shape::Text, "Its type, in the imperative."),
        optional("data", Shape::Json, "Its data; `{}` where it is left out."),
        optional(
            "schema",
            Shape::OrNull(&Shape::Whole(65_535)),
            "The schema that it is stored under; the current one where it is left out.",
        ),
    ]),
};

static SENDING: Named = Named {
    name: "Sending",
    about: about("How a command is sent."),
    shape: Shape::Object(&[
        optional(
            "expectedVersion",
            Shape::OneOf(&[WHOLE, Shape::Words(&["exists", "any"])]),
            "What its sender believes of the stream. With a number the command is decided on the \
             state at that version; 0 stands for no stream. A refusal there is a conflict where the \
             stream has gone on since.",
        ),
        optional(
            "expectedPosition",
            WHOLE,
            "What its sender believes of all streams of the category: none has an event after this \
             position. It guards a rule over all of them, in the place of `expectedVersion`.",
        ),
        optional(
            "seenVersion",
            WHOLE,
            "The version that its sender saw: together with `\"any\"` it is decided there, and \
             forced.",
        ),
        optional("retry", Shape::Flag, "Whether a conflict is answered by deciding again."),
        optional(
            "commandId",
            Shape::OrNull(&Shape::Id),
            "Its id; made up where it is left out. The same command with the same id is handled \
             once.",
        ),
        optional("actor", Shape::OrNull(&Shape::Text), "Who sends it."),
    ]),
};

static TARGET: Named = Named {
    name: "Target",
    about: about("What is looked at."),
    shape: Shape::Choice(&[
        required("state", Shape::Stream, "A stream's state."),
        required("view", Shape::Text, "What a projection or process shows, by its title."),
    ]),
};

static CONDITION: Named = Named {
    name: "Condition",
    about: about("A condition on JSON. Fields are JSON pointers; one that is not there is null."),
    shape: Shape::Choice(&[
        required(
            "is",
            Shape::Tuple(&[
                Shape::Text,
                Shape::Words(&["=", "<", "<="]),
                Shape::Choice(&[
                    required("value", Shape::Json, "A value."),
                    required("field", Shape::Text, "Another field."),
                ]),
            ]),
            "A field, compared with something.",
        ),
        required("all", Shape::List(&Shape::Named(&CONDITION)), "All of them hold."),
        required("any", Shape::List(&Shape::Named(&CONDITION)), "One of them holds."),
        required("not", Shape::Named(&CONDITION), "It does not hold."),
    ]),
};

static SUBJECT: Named = Named {
    name: "GoalSubject",
    about: about(
        "What a goal is asked of: states and views as they run at the head, all else as the \
         console gives it.",
    ),
    shape: Shape::OneOf(&[
        Shape::Words(&["journal", "outbox", "log", "playhead", "code", "answer"]),
        Shape::Choice(&[
            required("state", Shape::Stream, "A stream's state."),
            required("view", Shape::Text, "What a projection or process shows, by its title."),
            required("subscription", Shape::Text, "How a projection or process runs."),
            required("watch", Shape::Text, "The value of an expression, as `watch` has it."),
        ]),
    ]),
};

static GOAL: Named = Named {
    name: "Goal",
    about: about("What must hold for an exercise to be solved."),
    shape: Shape::Choice(&[
        required(
            "holds",
            Shape::Object(&[
                required("of", Shape::Named(&SUBJECT), "Of what."),
                required("that", Shape::Named(&CONDITION), "The condition."),
            ]),
            "A condition holds.",
        ),
        required(
            "count",
            Shape::Object(&[
                required("of", Shape::Named(&SUBJECT), "Of what."),
                optional("at", Shape::Text, "Where the list is in it, as a JSON pointer."),
                required("each", Shape::Named(&CONDITION), "Which entries are counted."),
                optional("min", Shape::OrNull(&WHOLE), "No fewer than this."),
                optional("max", Shape::OrNull(&WHOLE), "No more than this."),
            ]),
            "So many entries fulfil a condition.",
        ),
        required("all", Shape::List(&Shape::Named(&GOAL)), "All of them hold."),
        required("any", Shape::List(&Shape::Named(&GOAL)), "One of them holds."),
        required("not", Shape::Named(&GOAL), "It does not hold."),
    ]),
};

static MOVE: Named = Named {
    name: "Move",
    about: about("A call as a list: its name, and its arguments."),
    shape: Shape::List(&Shape::Json),
};

const MOVES: Shape = Shape::List(&Shape::Named(&MOVE));

static MESSAGE: Named = Named {
    name: "Message",
    about: about("An event or a command."),
    shape: Shape::Object(&[
        required("type", Shape::Text, "Its type."),
        optional("data", Shape::Json, "Its data."),
    ]),
};

static SPEC: Named = Named {
    name: "Spec",
    about: about("What an aggregate has to decide: given these events, when this is asked, then."),
    shape: Shape::Object(&[
        required("scenario", Shape::Text, "The scenario's id."),
        required("stream", Shape::Stream, "The stream that decides."),
        required("given", Shape::List(&Shape::Named(&MESSAGE)), "Its events before."),
        required("when", Shape::Named(&MESSAGE), "The command."),
        required(
            "then",
            Shape::Choice(&[
                required("events", Shape::List(&Shape::Named(&MESSAGE)), "It is accepted."),
                required("refused", Shape::Text, "It is refused, for this reason."),
            ]),
            "What comes of it.",
        ),
    ]),
};

/// An exercise, as a lesson's file and a link have it.
pub static EXERCISE: Named = Named {
    name: "Exercise",
    about: about("A task in a log, with a goal."),
    shape: Shape::Object(&[
        required("title", Shape::Text, "What it is about, in a few words."),
        optional("scenario", Shape::Text, "The scenario's id; the open log's in a call."),
        required("task", Shape::Text, "What is to be done, in one to three sentences."),
        optional("log", Shape::OrNull(&Shape::Text), "The log it begins with, as a link's text."),
        optional("code", Shape::List(&Shape::Text), "The lines of the code of one's own domain."),
        optional("start", MOVES, "What is done to that log before."),
        optional("at", Shape::OrNull(&WHOLE), "Where the playhead stands then."),
        optional(
            "together",
            Shape::OrNull(&Shape::Object(&[
                required("stream", Shape::Text, "A `*` in it stands for who sends."),
                required("command", Shape::Named(&COMMAND), "The command."),
                optional(
                    "seen",
                    Shape::Words(&["version", "category"]),
                    "What all have seen before: the stream's version, or all of its category.",
                ),
                optional(
                    "when",
                    Shape::OrNull(&Shape::Object(&[
                        required("say", Shape::Text, "In words, as a part of a sentence."),
                        required("goal", Shape::Named(&GOAL), "The goal."),
                    ])),
                    "What each looks at before: where it does not hold, they send nothing.",
                ),
            ])),
            "What everybody sends at the same moment. In a class it is one log for all.",
        ),
        optional("show", Shape::List(&Shape::Text), "The panels that it is about."),
        required(
            "goals",
            Shape::List(&Shape::Object(&[
                optional("say", Shape::Text, "What must hold, in words."),
                required("goal", Shape::Named(&GOAL), "The goal."),
            ])),
            "What must hold, all of it.",
        ),
        optional(
            "question",
            Shape::OrNull(&Shape::Object(&[
                required("ask", Shape::Text, "The question."),
                required(
                    "answer",
                    Shape::OneOf(&[
                        Shape::Words(&["event", "value"]),
                        Shape::Choice(&[required(
                            "choice",
                            Shape::List(&Shape::Text),
                            "One of these.",
                        )]),
                    ]),
                    "What an answer is.",
                ),
            ])),
            "What is asked, where an answer is part of the goal.",
        ),
        optional("hints", Shape::List(&Shape::Text), "Hints, the gentlest first."),
        required("solution", MOVES, "The moves that solve it."),
        optional(
            "wrong",
            Shape::List(&Shape::Object(&[
                required("moves", MOVES, "What is done."),
                required("when", Shape::Named(&GOAL), "By what it is recognised."),
                required("say", Shape::Text, "What the learner is told."),
            ])),
            "What is likely to be tried first, and is wrong.",
        ),
        optional("par", Shape::OrNull(&WHOLE), "In how many moves it can be solved."),
        optional(
            "specs",
            Shape::List(&Shape::Named(&SPEC)),
            "Decisions as specifications, to be run and edited beside it.",
        ),
        optional("meaning", Shape::List(&Shape::Text), "What it meant, in about three lines."),
        optional("look", Shape::OrNull(&WHOLE), "Where the Fold view shows what it meant."),
    ]),
};

static LOG_PLACE: Named = Named {
    name: "LogPlace",
    about: about("A position in the open log, the head of a log by its id, or both."),
    shape: Shape::OneOf(&[
        WHOLE,
        Shape::Text,
        Shape::Object(&[
            optional(
                "log",
                Shape::OrNull(&Shape::Text),
                "The log's id; the open one's if left out.",
            ),
            optional("at", Shape::OrNull(&WHOLE), "The position; the head's if left out."),
        ]),
    ]),
};

static CHANGE: Named = Named {
    name: "SubscriptionChange",
    about: about("What is changed about a projection or process. What is left out stays."),
    shape: Shape::Object(&[
        optional("paused", Shape::OrNull(&Shape::Flag), "Pauses it, or resumes it."),
        optional("delay", Shape::OrNull(&WHOLE), "Keeps it so many events behind the head."),
        optional(
            "deduplicate",
            Shape::OrNull(&Shape::Flag),
            "Whether an event that was taken in before is recognised.",
        ),
        optional(
            "synchronous",
            Shape::OrNull(&Shape::Flag),
            "Whether events are applied within the command's own commit.",
        ),
        optional("guard", Shape::OrNull(&Shape::Flag), "Whether a replay reacts to nothing."),
        optional("fault", Shape::OrNull(&Shape::Words(FAULTS)), "Arms a fault; null disarms it."),
        optional(
            "failOn",
            Shape::OrNull(&WHOLE),
            "Makes the code fail on the event at this position; null mends it.",
        ),
        optional(
            "lenient",
            Shape::OrNull(&Shape::Flag),
            "Whether it sets aside what it cannot take in, instead of stopping there.",
        ),
        optional(
            "retry",
            Shape::OrNull(&WHOLE),
            "Has the event at this position taken in, which was set aside.",
        ),
        optional(
            "skip",
            Shape::OrNull(&WHOLE),
            "Goes on for good without the event at this position, which was set aside.",
        ),
        optional(
            "checkpoint",
            Shape::OrNull(&WHOLE),
            "Moves the checkpoint back to this position.",
        ),
        optional(
            "redeliver",
            Shape::OrNull(&Shape::OneOf(&[WHOLE, Shape::Flag])),
            "Moves a process's mark back to this position; `true` stands for 0.",
        ),
        optional(
            "step",
            Shape::OrNull(&Shape::OneOf(&[WHOLE, Shape::Flag])),
            "Delivers one event although it is paused, or so many.",
        ),
        optional("code", Shape::OrNull(&Shape::Whole(65_535)), "The version of its code."),
        optional("running", Shape::OrNull(&Shape::Flag), "Ends a projection, or starts it."),
    ]),
};

static ROW: Named = Named {
    name: "EventToAppend",
    about: about(
        "An event to append. What else it has is ignored, so that recorded events can be appended.",
    ),
    shape: Shape::AtLeast(&[
        required("stream", Shape::Text, "The stream."),
        required("type", Shape::Text, "Its type, in the past tense."),
        optional("data", Shape::Json, "Its data; `{}` where it is left out."),
        optional(
            "at",
            Shape::OrNull(&WHOLE),
            "When it happened, in milliseconds since 1970, and no earlier than the one before; \
             now where it is left out.",
        ),
    ]),
};
static ROWS: Shape = Shape::List(&Shape::Named(&ROW));

/// Events to append, which are checked where they are read.
pub(crate) const EVENTS: Field = required("events", Shape::Unread(&ROWS), "The events.");

const RUNS: &[ErrorCode] = &[
    ErrorCode::Rejected,
    ErrorCode::WrongExpectedVersion,
    ErrorCode::CommandIdReused,
    ErrorCode::Malformed,
    ErrorCode::UnknownStream,
    ErrorCode::Unreadable,
    ErrorCode::Storage,
];
const OF_NAME: &[ErrorCode] = &[ErrorCode::Malformed, ErrorCode::UnknownProjection];
const OF_TARGET: &[ErrorCode] =
    &[ErrorCode::Malformed, ErrorCode::UnknownStream, ErrorCode::UnknownProjection];
const OF_PLACE: &[ErrorCode] = &[ErrorCode::Malformed, ErrorCode::OutOfRange];

const LESSONS: &str = about("Lessons");
const LOGS: &str = about("Logs");
const COMMANDS: &str = about("Commands");
const LOOKING: &str = about("Looking");
const READING: &str = about("Projections and processes");
const ASKING: &str = about("Asking about the past");

#[expect(clippy::unnecessary_wraps, reason = "each call may be refused before it is one")]
const fn asks(request: Request) -> Result<Asked, String> {
    Ok(Asked::OfLog(request))
}

#[expect(clippy::unnecessary_wraps, reason = "each call may be refused before it is one")]
const fn page(asked: OfPage) -> Result<Asked, String> {
    Ok(Asked::OfPage(asked))
}

#[expect(clippy::unnecessary_wraps, reason = "each call may be refused before it is one")]
const fn lessons(asked: OfLessons) -> Result<Asked, String> {
    Ok(Asked::OfPage(OfPage::Lessons(asked)))
}

/// Every call, in the order in which `help()` lists them.
pub static CALLS: &[Call] = &[
    Call {
        name: "ready",
        group: LOGS,
        about: about("A promise, and no function: the page has opened its log."),
        takes: &[],
        gives: result(&results::NOTHING),
        example: about("await leftfold.ready"),
        codes: &[],
        way: Way::Promises(OfPage::Ready),
    },
    Call {
        name: "help",
        group: LOGS,
        about: about("Prints what can be called, or one call with its options and an example."),
        takes: &[optional("call", Shape::Text, "The name of a call.")],
        gives: result(&results::TEXT),
        example: about(r#"await leftfold.help("send")"#),
        codes: &[ErrorCode::Malformed, ErrorCode::Storage],
        way: Way::Asks(|it| {
            let name = it.value(0).as_str();
            page(OfPage::Help(name.map_or(Ok(0), |it| find(it).map(|index| index + 1))?))
        }),
    },
    Call {
        name: "scenarios",
        group: LOGS,
        about: about("The scenarios that there are."),
        takes: &[],
        gives: result(&results::SCENARIOS),
        example: about("await leftfold.scenarios()"),
        codes: &[],
        way: Way::Asks(|_| page(OfPage::Scenarios)),
    },
    Call {
        name: "open",
        group: LOGS,
        about: about(
            "Opens a scenario's log: the one that was open last, unless `how` says more. Gives the \
             log's id.",
        ),
        takes: &[
            required("scenario", Shape::Text, "The scenario's id."),
            optional(
                "how",
                Shape::Object(&[
                    optional("empty", Shape::Flag, "Whether a new log is begun, without a story."),
                    optional(
                        "storage",
                        Shape::OrNull(&Shape::Words(&["memory"])),
                        "Keeps a new log in memory only.",
                    ),
                    optional("log", Shape::OrNull(&Shape::Text), "The id of the log to open."),
                ]),
                "Which log.",
            ),
        ],
        gives: result(&results::LOG_ID),
        example: about(r#"await leftfold.open("cart", { "empty": true, "storage": "memory" })"#),
        codes: &[ErrorCode::Malformed, ErrorCode::UnknownScenario, ErrorCode::Storage],
        way: Way::Asks(|it| page(OfPage::Open(it.text(0), Opening::of(it.value(1))))),
    },
    Call {
        name: "logs",
        group: LOGS,
        about: about("The scenario's logs."),
        takes: &[],
        gives: result(&results::LOGS),
        example: about("await leftfold.logs()"),
        codes: &[ErrorCode::Storage],
        way: Way::Asks(|_| asks(Request::Logs)),
    },
    Call {
        name: "fork",
        group: LOGS,
        about: about(
            "Opens a new log that shares the past up to a position, and gives its id. This one stays.",
        ),
        takes: &[POSITION],
        gives: result(&results::LOG_ID),
        example: about("await leftfold.fork(2)"),
        codes: &[ErrorCode::Malformed, ErrorCode::OutOfRange, ErrorCode::Storage],
        way: Way::Asks(|it| page(OfPage::Fork(it.whole(0)))),
    },
    Call {
        name: "reset",
        group: LOGS,
        about: about(
            "Opens a new log with the scenario's story, and gives its id. This one stays.",
        ),
        takes: &[],
        gives: result(&results::LOG_ID),
        example: about("await leftfold.reset()"),
        codes: &[ErrorCode::Storage],
        way: Way::Asks(|_| page(OfPage::Reset)),
    },
    Call {
        name: "randomRun",
        group: LOGS,
        about: about(
            "Makes a new log by chance and opens it: commands of the scenario, filled in from their \
             own types. The same seed gives the same events.",
        ),
        takes: &[required(
            "plan",
            Shape::Object(&[
                required("events", Shape::Whole(1_000_000), "How many events, at least."),
                optional("streams", WHOLE, "Over how many streams at once; 20 if left out."),
                optional("seed", WHOLE, "The seed; 1 if left out."),
            ]),
            "What is run.",
        )],
        gives: result(&results::TALLY),
        example: about(r#"await leftfold.randomRun({ "events": 100, "streams": 5, "seed": 7 })"#),
        codes: &[ErrorCode::Malformed, ErrorCode::Storage],
        way: Way::Asks(|it| {
            let whole = |name: &str, else_: u64| it.value(0)[name].as_u64().unwrap_or(else_);
            let (events, streams) = (whole("events", 0), whole("streams", 20).max(1));
            page(OfPage::RandomRun { events, streams, seed: whole("seed", 1) })
        }),
    },
    Call {
        name: "domain",
        group: LOGS,
        about: about(
            "Lets the log go on with code of your own, and folds everything anew. In a log of one of \
             the page's scenarios, makes a new log with the code and opens it.",
        ),
        takes: &[required("text", Shape::Text, "The code: JavaScript that calls `domain({ … })`.")],
        gives: result(&results::DOMAIN),
        example: about(
            r#"await leftfold.domain("domain({ title: 'Doors', aggregates: { door: { initial: {}, events: { Opened: {} }, commands: { Open: {} }, decide: () => [{ type: 'Opened' }], evolve: () => ({ open: true }) } } })")"#,
        ),
        codes: &[ErrorCode::Malformed, ErrorCode::Domain, ErrorCode::Storage],
        way: Way::Asks(|it| page(OfPage::Domain(it.text(0)))),
    },
    Call {
        name: "send",
        group: COMMANDS,
        about: about(
            "Runs a command and all that follows from it. It is decided at the head, wherever the \
             playhead is; a playhead in the past stays there.",
        ),
        takes: &[
            STREAM,
            required("command", Shape::Named(&COMMAND), "The command."),
            optional("how", Shape::Named(&SENDING), "How it is sent."),
        ],
        gives: result(&Shape::Named(&results::SENT)),
        example: about(
            r#"await leftfold.send("cart-1", { "type": "AddToCart", "data": { "item": "apples" } }, { "expectedVersion": 0 })"#,
        ),
        codes: RUNS,
        way: Way::Asks(|it| asks(Request::Send(it.command()?))),
    },
    Call {
        name: "again",
        group: COMMANDS,
        about: about("Sends a command of the journal once more."),
        takes: &[
            required("commandId", Shape::Id, "Its id."),
            required(
                "choice",
                Shape::Words(&["reload", "retry", "force", "same", "anew"]),
                "After a conflict `reload`, `retry` or `force`; else `same`, under the same id, \
                 or `anew`.",
            ),
            optional("newId", Shape::Id, "Its new id; made up where it is left out."),
        ],
        gives: result(&Shape::Named(&results::SENT)),
        example: about(r#"await leftfold.again("67e55044-10b1-426f-9247-bb680e5fe0c8", "anew")"#),
        codes: RUNS,
        way: Way::Asks(|it| {
            let (command, choice) = (it.read(0)?, it.read::<Choice>(1)?);
            asks(Request::Again { command, choice, id: it.read(2)? })
        }),
    },
    Call {
        name: "submit",
        group: COMMANDS,
        about: about("Queues a command, to go through it with `step()`."),
        takes: &[
            STREAM,
            required("command", Shape::Named(&COMMAND), "The command."),
            optional("how", Shape::Named(&SENDING), "How it is sent."),
        ],
        gives: result(&results::SUBMITTED),
        example: about(
            r#"await leftfold.submit("cart-1", { "type": "AddToCart", "data": { "item": "pears" } })"#,
        ),
        codes: &[ErrorCode::Malformed, ErrorCode::UnknownStream],
        way: Way::Asks(|it| asks(Request::Submit(it.command()?))),
    },
    Call {
        name: "step",
        group: COMMANDS,
        about: about("Performs one micro-step and says what it was; null when all is quiet."),
        takes: &[],
        gives: result(&results::STEPPED),
        example: about("await leftfold.step()"),
        codes: &[],
        way: Way::Asks(|_| asks(Request::Step)),
    },
    Call {
        name: "next",
        group: COMMANDS,
        about: about("Tells the story's next step; null at its end."),
        takes: &[],
        gives: result(&results::TOLD),
        example: about("await leftfold.next()"),
        codes: &[],
        way: Way::Asks(|_| asks(Request::Next)),
    },
    Call {
        name: "append",
        group: COMMANDS,
        about: about("Appends events past their aggregates, all of them or none."),
        takes: &[
            EVENTS,
            optional(
                "how",
                Shape::Object(&[
                    optional("react", Shape::Flag, "Whether processes react."),
                    optional(
                        "forced",
                        Shape::Text,
                        "Who goes behind the aggregates’ back: the events are marked so.",
                    ),
                ]),
                "What comes of it.",
            ),
        ],
        gives: result(&results::APPENDED),
        example: about(
            r#"await leftfold.append([{ "stream": "cart-2", "type": "AddedToCart", "data": { "item": "figs" } }], { "react": true })"#,
        ),
        codes: &[ErrorCode::Malformed, ErrorCode::UnknownStream, ErrorCode::Storage],
        way: Way::Asks(|it| {
            let react = it.value(1)["react"] == true;
            let forced = text_of(it.value(1), "forced").map(Into::into);
            asks(Request::Append { events: it.unread(0), react, forced, id: None })
        }),
    },
    Call {
        name: "journal",
        group: COMMANDS,
        about: about("What was asked, oldest first, and what came of it."),
        takes: &[],
        gives: result(&results::JOURNAL),
        example: about("await leftfold.journal()"),
        codes: &[],
        way: Way::Asks(|_| asks(Request::Journal)),
    },
    Call {
        name: "loading",
        group: COMMANDS,
        about: about(
            "How commands' streams are loaded from now on; without it, only what loading has cost.",
        ),
        takes: &[optional(
            "how",
            Shape::Choice(&[
                required("memory", Shape::Flag, "From the state that is kept in memory."),
                required("events", Shape::Flag, "From all events."),
                required("snapshots", WHOLE, "From a snapshot, one every so many events."),
            ]),
            "How.",
        )],
        gives: result(&results::LOADED),
        example: about(r#"await leftfold.loading({ "snapshots": 100 })"#),
        codes: &[ErrorCode::Malformed],
        way: Way::Asks(|it| asks(Request::Loading(LoadBy::of(it.value(0))))),
    },
    Call {
        name: "events",
        group: LOOKING,
        about: about("Recorded events, the last one included."),
        takes: &[
            required("from", WHOLE, "The first position; positions start at 1."),
            required("to", WHOLE, "The last position."),
        ],
        gives: result(&results::EVENTS),
        example: about("await leftfold.events(1, 2)"),
        codes: OF_PLACE,
        way: Way::Asks(|it| asks(Request::Events { from: it.whole(0), to: it.whole(1) })),
    },
    Call {
        name: "head",
        group: LOOKING,
        about: about("The position of the last event; 0 where there is none."),
        takes: &[],
        gives: result(&results::NUMBER),
        example: about("await leftfold.head()"),
        codes: &[],
        way: Way::Asks(|_| asks(Request::Head)),
    },
    Call {
        name: "position",
        group: LOOKING,
        about: about("Where the playhead stands."),
        takes: &[],
        gives: result(&results::NUMBER),
        example: about("await leftfold.position()"),
        codes: &[],
        way: Way::Asks(|_| asks(Request::Position)),
    },
    Call {
        name: "seek",
        group: LOOKING,
        about: about("Moves the playhead, and answers once that is painted."),
        takes: &[required(
            "place",
            Shape::OneOf(&[Shape::Number, Shape::Date]),
            "A position, or a date: then the last event at or before it.",
        )],
        gives: result(&results::NUMBER),
        example: about("await leftfold.seek(1)"),
        codes: OF_PLACE,
        way: Way::Asks(|it| {
            let date = || Moment::Date(it.text(0));
            page(OfPage::Seek(it.value(0).as_f64().map_or_else(date, Moment::Position)))
        }),
    },
    Call {
        name: "clock",
        group: LOOKING,
        about: about(
            "What time it is in the log, and what its processes were waiting for at the playhead. \
             Moves the clock first where that is asked; it goes forward only.",
        ),
        takes: &[optional(
            "how",
            Shape::Choice(&[
                required("advance", WHOLE, "Forward by so many milliseconds."),
                required(
                    "to",
                    Shape::OneOf(&[WHOLE, Shape::Date]),
                    "To a time in milliseconds since 1970, or to a date.",
                ),
                required("next", Shape::Flag, "To the next deadline."),
                required("hurry", Shape::Id, "Has the command of this id sent now."),
            ]),
            "How the clock is moved.",
        )],
        gives: result(&results::CLOCK),
        example: about(r#"await leftfold.clock({ "advance": 3600000 })"#),
        codes: OF_PLACE,
        way: Way::Asks(|it| {
            let how = it.value(0);
            let date = |to: &Value| to.as_str().map(|it| ClockMove::Date(it.to_owned()));
            let to = |to: &Value| to.as_u64().map(ClockMove::To).or_else(|| date(to));
            let id = how["hurry"].as_str().and_then(|it| it.parse().ok());
            let next = (how["next"] == true).then_some(ClockMove::Next);
            let advance = how["advance"].as_u64().map(ClockMove::Advance);
            let how = advance.or_else(|| to(&how["to"])).or(next);
            asks(Request::Clock(how.or_else(|| id.map(ClockMove::Hurry))))
        }),
    },
    Call {
        name: "fold",
        group: LOOKING,
        about: about("The fold, row by row: beside each event, what it makes of states and views."),
        takes: &[
            required("position", WHOLE, "The position of the first row; 0 is before all events."),
            required("count", WHOLE, "How many rows: at most 1000."),
            required(
                "names",
                Shape::List(&Shape::Text),
                "The columns: streams, and titles of projections and processes.",
            ),
        ],
        gives: result(&results::FOLDED),
        example: about(r#"await leftfold.fold(1, 3, ["cart-1", "Carts now"])"#),
        codes: &[ErrorCode::Malformed, ErrorCode::UnknownProjection, ErrorCode::OutOfRange],
        way: Way::Asks(|it| {
            let (position, count) = (it.whole(0), it.whole(1));
            asks(Request::Fold { position, count, names: it.read(2)? })
        }),
    },
    Call {
        name: "stage",
        group: LOOKING,
        about: about("The panels that the story's step is about on which the playhead stands."),
        takes: &[],
        gives: result(&results::STAGE),
        example: about("await leftfold.stage()"),
        codes: &[],
        way: Way::Asks(|_| asks(Request::Stage)),
    },
    Call {
        name: "code",
        group: LOOKING,
        about: about("The source of a stream's aggregate, a projection or a process, in Rust."),
        takes: &[required("name", Shape::Text, "The stream, or the title.")],
        gives: result(&results::CODE),
        example: about(r#"await leftfold.code("cart-1")"#),
        codes: &[ErrorCode::Malformed, ErrorCode::UnknownProjection, ErrorCode::Storage],
        way: Way::Asks(|it| page(OfPage::Code(it.text(0)))),
    },
    Call {
        name: "state",
        group: LOOKING,
        about: about("A stream's state at the playhead."),
        takes: &[STREAM],
        gives: result(&results::STATE),
        example: about(r#"await leftfold.state("cart-1")"#),
        codes: &[ErrorCode::Malformed, ErrorCode::UnknownStream],
        way: Way::Asks(|it| asks(Request::State { stream: it.text(0) })),
    },
    Call {
        name: "view",
        group: LOOKING,
        about: about("What a projection or process shows at the playhead."),
        takes: &[NAME],
        gives: result(&Shape::Named(&results::VIEW)),
        example: about(r#"await leftfold.view("Carts now")"#),
        codes: OF_NAME,
        way: Way::Asks(|it| asks(Request::View { name: it.text(0) })),
    },
    Call {
        name: "outbox",
        group: LOOKING,
        about: about("Side effects, performed and held back."),
        takes: &[],
        gives: result(&results::OUTBOX),
        example: about("await leftfold.outbox()"),
        codes: &[],
        way: Way::Asks(|_| asks(Request::Outbox)),
    },
    Call {
        name: "on",
        group: LOOKING,
        about: about(
            "Calls a function with every event, move of the playhead, or micro-step. It returns, \
             at once, a function that ends it.",
        ),
        takes: &[
            required("what", Shape::Words(&["event", "seek", "step"]), "What is listened to."),
            required("callback", Shape::Callback(called_with(results::HEARD)), "What is called."),
        ],
        gives: result(&Shape::Callback(&[])),
        example: about(r#"const end = leftfold.on("event", event => console.log(event.type))"#),
        codes: &[ErrorCode::Malformed],
        way: Way::Listens(|it| {
            Ok(match it.value(0).as_str() {
                Some("event") => Hears::Event,
                Some("seek") => Hears::Seek,
                _ => Hears::Step,
            })
        }),
    },
    Call {
        name: "subscriptions",
        group: READING,
        about: about("Every projection and process."),
        takes: &[],
        gives: result(&results::SUBSCRIPTIONS),
        example: about("await leftfold.subscriptions()"),
        codes: &[],
        way: Way::Asks(|_| asks(Request::Subscriptions)),
    },
    Call {
        name: "subscription",
        group: READING,
        about: about("Changes a projection or process, and runs what is due."),
        takes: &[NAME, optional("how", Shape::Named(&CHANGE), "What is changed.")],
        gives: result(&results::NOTHING),
        example: about(
            r#"await leftfold.subscription("Carts now", { "paused": true, "step": 1 })"#,
        ),
        codes: OF_NAME,
        way: Way::Asks(|it| {
            let (name, how) = (it.text(0), SubscriptionChange::of(it.value(1)));
            asks(Request::Subscription { name, how })
        }),
    },
    Call {
        name: "rebuild",
        group: READING,
        about: about("Folds a projection or process again, from the first event on."),
        takes: &[NAME],
        gives: result(&results::NOTHING),
        example: about(r#"await leftfold.rebuild("Carts now")"#),
        codes: OF_NAME,
        way: Way::Asks(|it| asks(Request::Rebuild { name: it.text(0), code: None })),
    },
    Call {
        name: "replicate",
        group: READING,
        about: about(
            "Brings up a second instance of a projection, which has taken in nothing and is paused: \
             a replica. Gives its name.",
        ),
        takes: &[NAME, optional("code", Shape::Whole(65_535), "The version of its code.")],
        gives: result(&Shape::Text),
        example: about(r#"await leftfold.replicate("Carts now")"#),
        codes: OF_NAME,
        way: Way::Asks(|it| {
            let code = it.value(1).as_u64().and_then(|it| it.try_into().ok());
            asks(Request::Replicate { name: it.text(0), code })
        }),
    },
    Call {
        name: "takeOver",
        group: READING,
        about: about(
            "A replica that has caught up takes over its projection's name. What had the name gets \
             the replica's.",
        ),
        takes: &[required("replica", Shape::Text, "The replica's name.")],
        gives: result(&results::NOTHING),
        example: about(r#"await leftfold.takeOver("Carts now · 2")"#),
        codes: OF_NAME,
        way: Way::Asks(|it| asks(Request::TakeOver { name: it.text(0) })),
    },
    Call {
        name: "missing",
        group: READING,
        about: about(
            "What a process’s code would have sent over the same history, and nobody has handled. \
             Nothing is sent.",
        ),
        takes: &[NAME],
        gives: result(&results::MISSING),
        example: about(r#"await leftfold.missing("Carts now")"#),
        codes: OF_NAME,
        way: Way::Asks(|it| asks(Request::Missing { name: it.text(0) })),
    },
    Call {
        name: "sendMissing",
        group: READING,
        about: about("Sends what `missing` lists. Gives how much that was."),
        takes: &[NAME],
        gives: result(&WHOLE),
        example: about(r#"await leftfold.sendMissing("Carts now")"#),
        codes: OF_NAME,
        way: Way::Asks(|it| asks(Request::SendMissing { name: it.text(0) })),
    },
    Call {
        name: "wait",
        group: READING,
        about: about("Answers once a projection or process has reached a position."),
        takes: &[NAME, POSITION],
        gives: result(&results::WAITED),
        example: about(r#"await leftfold.wait("Carts now", 1)"#),
        codes: OF_NAME,
        way: Way::Asks(|it| page(OfPage::Wait(it.text(0), it.whole(1)))),
    },
    Call {
        name: "health",
        group: READING,
        about: about("The running instance, compared with a clean fold."),
        takes: &[NAME],
        gives: result(&results::HEALTH_OF),
        example: about(r#"await leftfold.health("Carts now")"#),
        codes: OF_NAME,
        way: Way::Asks(|it| asks(Request::Health { name: it.text(0) })),
    },
    Call {
        name: "whatIf",
        group: ASKING,
        about: about("What would be without events, or with two of them swapped."),
        takes: &[
            required(
                "change",
                Shape::Choice(&[
                    required("leaveOut", Shape::List(&WHOLE), "The positions that are left out."),
                    required("swap", Shape::Tuple(&[WHOLE, WHOLE]), "The positions to swap."),
                ]),
                "What is imagined.",
            ),
            required("target", Shape::Named(&TARGET), "What is looked at."),
            optional("at", WHOLE, "Up to this position; the playhead's where it is left out."),
        ],
        gives: result(&results::IMAGINED),
        example: about(r#"await leftfold.whatIf({ "leaveOut": [1] }, { "view": "Carts now" }, 2)"#),
        codes: &[
            ErrorCode::Malformed,
            ErrorCode::UnknownStream,
            ErrorCode::UnknownProjection,
            ErrorCode::OutOfRange,
        ],
        way: Way::Asks(|it| {
            let (change, target) = (Imagine::of(it.value(0)), it.read(1)?);
            asks(Request::WhatIf { change, target, at: it.value(2).as_u64() })
        }),
    },
    Call {
        name: "why",
        group: ASKING,
        about: about("The events that set a field, newest first."),
        takes: &[
            required("target", Shape::Named(&TARGET), "What is looked at."),
            required("pointer", Shape::Text, "The field, as a JSON pointer."),
        ],
        gives: result(&results::CAUSES),
        example: about(r#"await leftfold.why({ "state": "cart-1" }, "/items/apples")"#),
        codes: OF_TARGET,
        way: Way::Asks(|it| {
            let (target, pointer) = (it.read::<Target>(0)?, it.text(1));
            asks(Request::Why { target, pointer })
        }),
    },
    Call {
        name: "bisect",
        group: ASKING,
        about: about("Since when a condition holds."),
        takes: &[
            required("target", Shape::Named(&TARGET), "What is looked at."),
            required("condition", Shape::Named(&CONDITION), "The condition."),
            optional(
                "monotonic",
                Shape::Flag,
                "Whether it never ceases to hold once it does: that is found sooner.",
            ),
        ],
        gives: result(&results::FOUND),
        example: about(
            r#"await leftfold.bisect({ "state": "cart-1" }, { "not": { "is": ["/items/apples", "<", { "value": 1 }] } }, true)"#,
        ),
        codes: OF_TARGET,
        way: Way::Asks(|it| {
            let (target, condition) = (it.read(0)?, it.read::<Condition>(1)?);
            asks(Request::Bisect { target, condition, monotonic: *it.value(2) == true })
        }),
    },
    Call {
        name: "compare",
        group: ASKING,
        about: about("What differs between two places, in this log or in others of its scenario."),
        takes: &[
            required("left", Shape::Named(&LOG_PLACE), "The left one."),
            required("right", Shape::Named(&LOG_PLACE), "The right one."),
        ],
        gives: result(&results::COMPARISON),
        example: about(r#"await leftfold.compare(1, { "at": 2 })"#),
        codes: &[ErrorCode::Malformed, ErrorCode::OutOfRange, ErrorCode::Storage],
        way: Way::Asks(|it| {
            let (left, right) = (LogPlace::of(it.value(0)), LogPlace::of(it.value(1)));
            asks(Request::Compare { left, right })
        }),
    },
    Call {
        name: "weigh",
        group: ASKING,
        about: about(
            "What the log weighs in memory and on disk, against the states and read models that are \
             folded from it, and what loading its heaviest stream costs.",
        ),
        takes: &[],
        gives: result(&results::WEIGHT),
        example: about("await leftfold.weigh()"),
        codes: &[],
        way: Way::Asks(|_| asks(Request::Weigh)),
    },
    Call {
        name: "shards",
        group: ASKING,
        about: about(
            "How the events up to the playhead are divided among handlers that work side by side.",
        ),
        takes: &[required(
            "how",
            Shape::Object(&[
                required(
                    "by",
                    Shape::Words(&["id", "type"]),
                    "By the id of the stream, or by type.",
                ),
                required("count", Shape::Whole(64), "Among how many handlers."),
            ]),
            "How.",
        )],
        gives: result(&results::SHARDS),
        example: about(r#"await leftfold.shards({ "by": "id", "count": 3 })"#),
        codes: &[ErrorCode::Malformed],
        way: Way::Asks(|it| {
            let how = it.value(0);
            let by = if how["by"] == "type" { ShardBy::Type } else { ShardBy::Id };
            let count = how["count"].as_u64().and_then(|it| it.try_into().ok()).unwrap_or(1);
            asks(Request::Shards { by, count })
        }),
    },
    Call {
        name: "watch",
        group: ASKING,
        about: about(
            "Follows an expression over states and read models through the log: `state(\"cart-1\")`, \
             `view(\"Carts now\")`, and JavaScript around them.",
        ),
        takes: &[required("expression", Shape::Text, "The expression.")],
        gives: result(&results::WATCHED),
        example: about(r#"await leftfold.watch("state(\"cart-1\").items.apples")"#),
        codes: &[ErrorCode::Malformed, ErrorCode::Domain],
        way: Way::Asks(|it| asks(Request::Watch { expression: it.text(0) })),
    },
    Call {
        name: "lessons",
        group: LESSONS,
        about: about("The lessons that come with the page."),
        takes: &[],
        gives: result(&results::LESSONS),
        example: about("await leftfold.lessons()"),
        codes: &[ErrorCode::Storage],
        way: Way::Asks(|_| lessons(OfLessons::List)),
    },
    Call {
        name: "lesson",
        group: LESSONS,
        about: about("Opens an exercise of a lesson, as it was left. Gives the log's id."),
        takes: &[
            required("id", Shape::Text, "The lesson's id."),
            optional("number", WHOLE, "Which of its exercises; the first where it is left out."),
        ],
        gives: result(&results::LOG_ID),
        example: about(r#"await leftfold.lesson("events-instead-of-state", 1)"#),
        codes: &[ErrorCode::Malformed, ErrorCode::OutOfRange, ErrorCode::Storage],
        way: Way::Asks(|it| {
            let number = it.value(1).as_u64().unwrap_or(1);
            lessons(OfLessons::Open(it.text(0), number))
        }),
    },
    Call {
        name: "exercise",
        group: LESSONS,
        about: about("How the exercise that is open stands; null where none is."),
        takes: &[],
        gives: result(&results::STANDING),
        example: about("await leftfold.exercise()"),
        codes: &[],
        way: Way::Asks(|_| lessons(OfLessons::Standing)),
    },
    Call {
        name: "hint",
        group: LESSONS,
        about: about("Shows the exercise's next hint and gives it; null where there is none left."),
        takes: &[],
        gives: result(&results::HINT),
        example: about("await leftfold.hint()"),
        codes: &[],
        way: Way::Asks(|_| lessons(OfLessons::Hint)),
    },
    Call {
        name: "answer",
        group: LESSONS,
        about: about("Answers the exercise's question, and says how the exercise stands then."),
        takes: &[required(
            "value",
            Shape::Json,
            "The answer: a position, a number, a word, or one of what is offered.",
        )],
        gives: result(&results::STANDING),
        example: about("await leftfold.answer(3)"),
        codes: &[ErrorCode::Malformed],
        way: Way::Asks(|it| lessons(OfLessons::Answer(it.value(0).clone()))),
    },
    Call {
        name: "solve",
        group: LESSONS,
        about: about(
            "Plays the exercise's solution in a copy, and says how that stands then. What was done \
             before stays in its own log.",
        ),
        takes: &[optional(
            "how",
            Shape::Object(&[optional(
                "wrong",
                Shape::Flag,
                "Whether to play what is likely to be tried first, and is wrong.",
            )]),
            "Which moves.",
        )],
        gives: result(&results::STANDING),
        example: about("await leftfold.solve()"),
        codes: &[ErrorCode::Malformed, ErrorCode::Storage],
        way: Way::Asks(|it| lessons(OfLessons::Solve(it.value(0)["wrong"] == true))),
    },
    Call {
        name: "makeExercise",
        group: LESSONS,
        about: about(
            "Makes an exercise that begins with the open log, tries it, and gives its link. It is \
             refused where its goal holds at the start, is not reached by the solution, or is \
             reached by the wrong move.",
        ),
        takes: &[required("exercise", Shape::Named(&EXERCISE), "The exercise.")],
        gives: result(&results::TEXT),
        example: about(
            r#"await leftfold.makeExercise({ "title": "Fill a cart", "task": "Put something into a cart.", "goals": [{ "goal": { "count": { "of": "log", "each": { "is": ["/type", "=", { "value": "AddedToCart" }] }, "min": 1 } } }], "solution": [["next"]] })"#,
        ),
        codes: &[ErrorCode::Malformed, ErrorCode::Storage],
        way: Way::Asks(|it| lessons(OfLessons::Make(it.value(0).clone()))),
    },
];
