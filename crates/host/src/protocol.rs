//! What can be asked of an open log, and what is answered: plain JSON both ways.
//!
//! A request is written `{"send": {…}}`, or `"step"` where it has nothing to say. Positions and
//! versions start at 1; 0 is before the first. Times are in milliseconds since 1970.

use std::rc::Rc;

use domain::Fault;
use es::{Choice, Condition, Expected, Metadata, Origin, Recorded, Stream};
use lab::{
    Change, Control, DeliveryFault, JournalEntry, Loading, MicroStep, ShardBy, Submission, Target,
};
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use store::LogInfo;
use uuid::Uuid;

/// Something that is asked of an open log. This is the only way in which anybody changes it, or
/// how it runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Request {
    /// Runs a command and all that follows from it.
    Send(Command),
    /// Queues a command.
    Submit(Command),
    /// Sends a command of the journal once more. Its new id is made up where it is left out.
    Again {
        /// The id of the command.
        command: Uuid,
        /// In which way.
        choice: Choice,
        /// Its new id.
        #[serde(default)]
        id: Option<Uuid>,
    },
    /// Performs one micro-step.
    Step,
    /// Performs micro-steps until all is quiet.
    Finish,
    /// Tells the story's next step, and all that follows from it.
    Next,
    /// Appends events past their aggregates, all of them or none.
    Append {
        /// `[{stream, type, data, at?}]`.
        events: JsonText,
        /// True where processes are to react to them.
        #[serde(default)]
        react: bool,
        /// Who goes behind the aggregates' back with them: they are marked as forced. None for a
        /// plain import.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        forced: Option<Rc<str>>,
        /// The id of the whole, under which it is recognised; made up where it is left out.
        #[serde(default)]
        id: Option<Uuid>,
    },
    /// Changes a projection or process, and runs what is due.
    Subscription {
        /// Its title.
        name: String,
        /// What to change.
        how: SubscriptionChange,
    },
    /// Folds a projection or process again from the first event on.
    Rebuild {
        /// Its title.
        name: String,
        /// The version of its code; the one that runs where it is left out.
        #[serde(default)]
        code: Option<u16>,
    },
    /// Brings up a replica of a projection, which has taken in nothing and is paused. Answers with
    /// its name.
    Replicate {
        /// The projection's title.
        name: String,
        /// The version of its code; the one that runs where it is left out.
        #[serde(default)]
        code: Option<u16>,
    },
    /// A replica that has caught up takes over its projection's name.
    TakeOver {
        /// The replica's name.
        name: String,
    },
    /// Says what the log weighs, against what is folded from it.
    Weigh,
    /// Forgets all read models and folds them again.
    RebuildAll,
    /// Lists what a process's code would have sent and nobody has handled.
    Missing {
        /// The process's title.
        name: String,
    },
    /// Sends what a process's code would have sent and nobody has handled.
    SendMissing {
        /// The process's title.
        name: String,
    },
    /// Changes how commands' streams are loaded, and tells what that costs; only tells it where
    /// nothing is to be changed.
    Loading(Option<LoadBy>),
    /// Spoils a stream's snapshot.
    Disturb {
        /// The stream.
        stream: Stream,
        /// In which way.
        how: Disturbance,
    },
    /// Makes a new log that shares this one's past up to a position.
    Fork {
        /// The position.
        position: u64,
    },
    /// Reads what others have stored, and whether the log was put away.
    CatchUp,
    /// Looks whether the store takes changes again.
    Retry,
    /// Saves all that is known here of the log as a new one.
    SaveAgain,
    /// Tells what time it is in the log and what its processes wait for; moves the clock first where
    /// that is asked.
    Clock(Option<ClockMove>),
    /// Moves the playhead.
    Seek(When),
    /// The recorded events at positions `from` to `to`, inclusive.
    Events {
        /// The first position.
        from: u64,
        /// The last one.
        to: u64,
    },
    /// The position of the last event.
    Head,
    /// Where the playhead stands.
    Position,
    /// The fold, row by row: beside each event, what it makes of states and read models.
    Fold {
        /// The position of the first row.
        position: u64,
        /// How many rows.
        count: u64,
        /// The columns: streams, and titles of projections and processes.
        names: Vec<String>,
    },
    /// The panels that the story's step is about on which the playhead stands.
    Stage,
    /// A stream's state at the playhead.
    State {
        /// The stream, as text.
        stream: String,
    },
    /// What a projection or process shows at the playhead.
    View {
        /// Its title.
        name: String,
    },
    /// Every projection and process.
    Subscriptions,
    /// A running instance against a clean fold.
    Health {
        /// Its title.
        name: String,
    },
    /// What would be without an event, or with two of them swapped.
    WhatIf {
        /// What is imagined.
        change: Imagine,
        /// What is looked at.
        target: Target,
        /// Up to this position; the playhead's where it is left out.
        #[serde(default)]
        at: Option<u64>,
    },
    /// The events that set a field, newest first.
    Why {
        /// What is looked at.
        target: Target,
        /// The field, as a JSON pointer.
        pointer: String,
    },
    /// Since when a condition holds.
    Bisect {
        /// What is looked at.
        target: Target,
        /// The condition.
        condition: Condition,
        /// True where it never ceases to hold once it does: that is found sooner.
        #[serde(default)]
        monotonic: bool,
    },
    /// What differs between two places.
    Compare {
        /// The left one.
        left: LogPlace,
        /// The right one.
        right: LogPlace,
    },
    /// How events up to the playhead are divided among handlers that work side by side.
    Shards {
        /// By what.
        by: ShardBy,
        /// Among how many handlers.
        count: usize,
    },
    /// What was asked, oldest first, and what came of it.
    Journal,
    /// Side effects, performed and held back.
    Outbox,
    /// The scenario's logs.
    Logs,
    /// Lets the log go on with another text of its own code.
    Adopt {
        /// The text.
        text: String,
    },
    /// The value of an expression over states and read models, through the log.
    Watch {
        /// The expression.
        expression: String,
    },
}

impl Request {
    /// True where it may change the log, or how it runs.
    pub fn changes(&self) -> bool {
        matches!(
            self,
            Self::Send(_)
                | Self::Submit(_)
                | Self::Again { .. }
                | Self::Step
                | Self::Finish
                | Self::Next
                | Self::Append { .. }
                | Self::Subscription { .. }
                | Self::Rebuild { .. }
                | Self::Replicate { .. }
                | Self::TakeOver { .. }
                | Self::RebuildAll
                | Self::SendMissing { .. }
                | Self::Clock(Some(_))
        )
    }
}

/// JSON as text, which is read once, where it is needed: it may be long.
#[derive(Clone, Debug)]
pub struct JsonText(pub String);

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        text.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Box::<RawValue>::deserialize(deserializer)?.get().to_owned()))
    }
}

/// A command, and how it is sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Command {
    /// The stream, as text.
    pub stream: String,
    /// Its type, in the imperative.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its data; `{}` where it is left out.
    #[serde(default)]
    pub data: Option<Box<RawValue>>,
    /// How it is sent.
    #[serde(default)]
    pub how: Sending,
}

impl From<Submission> for Command {
    fn from(ask: Submission) -> Self {
        let how = Sending {
            expected_version: ask.expected,
            expected_position: None,
            seen_version: ask.seen,
            retry: ask.retry,
            command_id: Some(ask.id.to_string()),
            actor: Some(ask.actor.to_string()),
        };
        let es::CommandRecord { stream, kind, data } = ask.command;
        Self { stream: stream.to_string(), kind: kind.to_string(), data: Some(data), how }
    }
}

/// How a command is sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Sending {
    /// What its sender believes of the stream: a version on whose state it is decided, 0 for no
    /// stream, `"exists"` or `"any"`.
    // What is no number comes as null: it is refused, not left out.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<Expected>,
    /// What its sender believes of all streams of the category: the position after which none of
    /// them has an event.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub expected_position: Option<u64>,
    /// The version that its sender saw; with `"any"` it is forced.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub seen_version: Option<u64>,
    /// True where a conflict is answered by deciding again.
    pub retry: bool,
    /// Its id, a UUID; made up where it is left out.
    pub command_id: Option<String>,
    /// Who sends it.
    pub actor: Option<String>,
}

// What is called by program is checked before it is read, so that nothing is left to go wrong. It
// is read here and not by serde, whose way takes up three times the room in the page.
impl Sending {
    /// How a command is sent, of JSON that is known to say so.
    pub(crate) fn of(how: &Value) -> Self {
        let expected = |it: &Value| match it.as_str() {
            Some("exists") => Some(Expected::Exists),
            Some(_) => Some(Expected::Any),
            None => it.as_u64().map(Expected::Exact),
        };
        Self {
            expected_version: how.get("expectedVersion").and_then(expected),
            expected_position: how["expectedPosition"].as_u64(),
            seen_version: how["seenVersion"].as_u64(),
            retry: how["retry"] == true,
            command_id: text_of(how, "commandId"),
            actor: text_of(how, "actor"),
        }
    }
}

/// The text of a field, where it has one.
pub(crate) fn text_of(object: &Value, name: &str) -> Option<String> {
    object[name].as_str().map(str::to_owned)
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// What is changed about a projection or process. What is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscriptionChange {
    /// Pauses it, or resumes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
    /// Keeps it so many events behind the head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<u64>,
    /// Whether an event that was taken in before is recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deduplicate: Option<bool>,
    /// Whether events are applied within the command's own commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synchronous: Option<bool>,
    /// Whether a replay reacts to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard: Option<bool>,
    /// A fault arms it, null disarms what is armed.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultOrNone>,
    /// Makes the code fail on the event at this position; null mends it.
    #[serde(
        rename = "failOn",
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub fail_on: Option<PositionOrNone>,
    /// Whether it sets aside what it cannot take in, instead of stopping there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lenient: Option<bool>,
    /// Has the event at this position taken in, which was set aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<u64>,
    /// Goes on for good without the event at this position, which was set aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip: Option<u64>,
    /// Moves the checkpoint back to this position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<u64>,
    /// Moves the reacted-to mark back to this position; `true` stands for 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redeliver: Option<Count>,
    /// Delivers one event although it is paused, or so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Count>,
    /// The version of its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// Ends a projection, or starts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<bool>,
}

/// A fault, or none.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultOrNone(pub Option<DeliveryFault>);

/// An event's position, or none.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PositionOrNone(pub Option<u64>);

/// A number, or simply yes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Count {
    /// A count, or a position to go back to.
    Number(u64),
    /// Yes, or no.
    Flag(bool),
}

impl SubscriptionChange {
    /// What is changed, of JSON that is known to say so.
    pub(crate) fn of(how: &Value) -> Self {
        let flag = |name| how[name].as_bool();
        let whole = |name| how[name].as_u64();
        let count = |name| whole(name).map(Count::Number).or(flag(name).map(Count::Flag));
        let fault = |it: &Value| FaultOrNone(DeliveryFault::deserialize(it).ok());
        Self {
            paused: flag("paused"),
            delay: whole("delay"),
            deduplicate: flag("deduplicate"),
            synchronous: flag("synchronous"),
            guard: flag("guard"),
            fault: how.get("fault").map(fault),
            fail_on: how.get("failOn").map(|it| PositionOrNone(it.as_u64())),
            lenient: flag("lenient"),
            retry: whole("retry"),
            skip: whole("skip"),
            checkpoint: whole("checkpoint"),
            redeliver: count("redeliver"),
            step: count("step"),
            code: whole("code").and_then(|it| it.try_into().ok()),
            running: flag("running"),
        }
    }
}

impl From<Control> for SubscriptionChange {
    fn from(control: Control) -> Self {
        let mut change = Self::default();
        match control {
            Control::Pause(on) => change.paused = Some(on),
            Control::Step => change.step = Some(Count::Flag(true)),
            Control::Delay(events) => change.delay = Some(events),
            Control::Deduplicate(on) => change.deduplicate = Some(on),
            Control::Synchronous(on) => change.synchronous = Some(on),
            Control::Guard(on) => change.guard = Some(on),
            Control::Rewind(to) => change.checkpoint = Some(to),
            Control::Redeliver(to) => change.redeliver = Some(Count::Number(to)),
            Control::Fault(fault) => change.fault = Some(FaultOrNone(fault)),
            Control::FailOn(position) => change.fail_on = Some(PositionOrNone(position)),
            Control::Lenient(on) => change.lenient = Some(on),
            Control::Retry(position) => change.retry = Some(position),
            Control::Skip(position) => change.skip = Some(position),
        }
        change
    }
}

impl SubscriptionChange {
    /// What is to be changed, in an order in which it makes sense together; steps aside.
    pub(crate) fn controls(&self) -> impl Iterator<Item = Control> {
        let redeliver = match self.redeliver {
            Some(Count::Number(to)) => Some(Control::Redeliver(to)),
            Some(Count::Flag(true)) => Some(Control::Redeliver(0)),
            Some(Count::Flag(false)) | None => None,
        };
        let controls = [
            self.synchronous.map(Control::Synchronous),
            self.paused.map(Control::Pause),
            self.delay.map(Control::Delay),
            self.deduplicate.map(Control::Deduplicate),
            self.guard.map(Control::Guard),
            self.fault.map(|it| Control::Fault(it.0)),
            self.lenient.map(Control::Lenient),
            self.fail_on.map(|it| Control::FailOn(it.0)),
            self.retry.map(Control::Retry),
            self.skip.map(Control::Skip),
            self.checkpoint.map(Control::Rewind),
            redeliver,
        ];
        controls.into_iter().flatten()
    }

    pub(crate) fn steps(&self) -> u64 {
        match self.step {
            Some(Count::Number(steps)) => steps,
            Some(Count::Flag(yes)) => u64::from(yes),
            None => 0,
        }
    }
}

/// How commands' streams are loaded.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LoadBy {
    /// From the state kept in memory, or from all events where that is `false`.
    Memory(bool),
    /// From all events, or from the state kept in memory where that is `false`.
    Events(bool),
    /// From a snapshot, of which one is taken every so many events.
    Snapshots(u64),
}

impl LoadBy {
    /// How they are loaded, of JSON that is known to say so, or to say nothing.
    pub(crate) fn of(how: &Value) -> Option<Self> {
        let flag = |name| how[name].as_bool();
        let snapshots = how["snapshots"].as_u64().map(Self::Snapshots);
        snapshots.or(flag("memory").map(Self::Memory)).or(flag("events").map(Self::Events))
    }
}

impl From<Loading> for LoadBy {
    fn from(loading: Loading) -> Self {
        match loading {
            Loading::Memory => Self::Memory(true),
            Loading::Events => Self::Events(true),
            Loading::Snapshots(every) => Self::Snapshots(every),
        }
    }
}

/// What happens to a snapshot.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disturbance {
    /// It is damaged, as by a bad disk.
    Damage,
    /// It becomes one of an older schema.
    Outdate,
}

/// What is imagined otherwise.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Imagine {
    /// The events at these positions had not happened.
    LeaveOut(Vec<u64>),
    /// The events at these two positions had happened the other way round.
    Swap(u64, u64),
}

impl Imagine {
    /// What is imagined, of JSON that is known to say so.
    pub(crate) fn of(change: &Value) -> Self {
        let number = |it: &Value| it.as_u64().unwrap_or_default();
        match change["leaveOut"].as_array() {
            Some(positions) => Self::LeaveOut(positions.iter().map(number).collect()),
            None => Self::Swap(number(&change["swap"][0]), number(&change["swap"][1])),
        }
    }
}

impl From<Imagine> for Change {
    fn from(change: Imagine) -> Self {
        match change {
            Imagine::LeaveOut(positions) => Self::LeaveOut(positions.into_iter().collect()),
            Imagine::Swap(a, b) => Self::Swap(a, b),
        }
    }
}

/// One side of a comparison: a position in the open log, a log's head, or a position in a log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LogPlace {
    /// A position in the open log.
    Position(u64),
    /// The head of the log of this id.
    Log(String),
    /// A position in a log: the open one and its head where they are left out.
    At {
        /// The log's id.
        log: Option<String>,
        /// The position.
        at: Option<u64>,
    },
}

impl LogPlace {
    /// A place, of JSON that is known to be one.
    pub(crate) fn of(place: &Value) -> Self {
        match (place.as_u64(), place.as_str()) {
            (Some(position), _) => Self::Position(position),
            (_, Some(log)) => Self::Log(log.to_owned()),
            _ => Self::At { log: text_of(place, "log"), at: place["at"].as_u64() },
        }
    }

    pub(crate) fn parts(self) -> (Option<String>, Option<u64>) {
        match self {
            Self::Position(at) => (None, Some(at)),
            Self::Log(log) => (Some(log), None),
            Self::At { log, at } => (log, at),
        }
    }
}

/// A place to seek.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum When {
    /// A position.
    Position(u64),
    /// The last position at or before a time.
    Time(u64),
}

/// How a log's clock is moved. It goes forward only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClockMove {
    /// By so many milliseconds.
    Advance(u64),
    /// To a time, in milliseconds since 1970.
    To(u64),
    /// To a date, or a time as RFC 3339 has it.
    Date(String),
    /// To the next deadline.
    Next,
    /// Not at all: only the command of this id is sent now that would be sent later.
    Hurry(Uuid),
}

/// What is answered, written as the plain JSON that the console gives.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Response {
    /// `null`: it is done, or there is nothing.
    Nothing,
    /// A number.
    Number(u64),
    /// `{outcome, events}`.
    Sent(Sent),
    /// `{commandId}`.
    #[serde(rename_all = "camelCase")]
    Submitted {
        /// The command's id.
        command_id: Uuid,
    },
    /// A micro-step and its caption.
    Stepped(Stepped),
    /// `{number, say}`.
    Told(Told),
    /// `{from, to}`.
    Appended {
        /// The position of the first event.
        from: u64,
        /// The position of the last one.
        to: u64,
    },
    /// Recorded events.
    Events(#[serde(serialize_with = "events_out")] Vec<Recorded>),
    /// What the call's documentation says.
    Json(Value),
    /// A list of the same.
    List(Vec<Value>),
    /// `{models, same}`.
    Folded {
        /// How many read models were folded again.
        models: usize,
        /// True where each shows what it showed before.
        same: bool,
    },
    /// A log.
    Log(LogInfo),
}

/// What came of a command that was accepted, or repeated.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The journal's entry.
    pub entry: JournalEntry,
    /// The events of the command's own commit.
    pub events: Vec<Recorded>,
}

impl Serialize for Sent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Out<'a> {
            outcome: &'static str,
            #[serde(serialize_with = "events_out")]
            events: &'a [Recorded],
        }
        Out { outcome: self.entry.outcome.name(), events: &self.events }.serialize(serializer)
    }
}

/// A micro-step that was performed.
#[derive(Clone, Debug)]
pub struct Stepped(pub MicroStep);

impl Serialize for Stepped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value = serde_json::to_value(&self.0).unwrap_or_default();
        if let Value::Object(value) = &mut value {
            value.insert("caption".into(), self.0.to_string().into());
        }
        value.serialize(serializer)
    }
}

/// A step of the story that was told.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Which one, counted from 1.
    pub number: usize,
    /// What it says.
    pub say: Rc<str>,
    /// What came of its first act.
    #[serde(skip)]
    pub entry: Option<JournalEntry>,
}

/// A recorded event, as everybody outside sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventOut<'a> {
    position: u64,
    stream: &'a Stream,
    version: u64,
    id: Uuid,
    #[serde(rename = "type")]
    kind: &'a str,
    schema: u16,
    data: Box<RawValue>,
    at: u64,
    command_id: Uuid,
    causation_id: Uuid,
    correlation_id: Uuid,
    actor: &'a str,
    origin: Origin,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Metadata>,
}

/// A recorded event, written as plain JSON.
pub struct EventJson<'a>(pub &'a Recorded);

impl Serialize for EventJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.0;
        let out = EventOut {
            position: event.position(),
            stream: event.stream(),
            version: event.version(),
            id: event.id(),
            kind: event.kind(),
            schema: event.schema(),
            data: event.data(),
            at: event.at(),
            command_id: event.command_id(),
            causation_id: event.causation_id(),
            correlation_id: event.correlation_id(),
            actor: event.actor(),
            origin: event.origin(),
            unreadable: event.unreadable().map(|it| &*it.why),
            metadata: event.metadata().map(|it| &**it),
        };
        out.serialize(serializer)
    }
}

fn events_out<S: Serializer>(
    events: &impl AsRef<[Recorded]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(events.as_ref().iter().map(EventJson))
}

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The aggregate refused it.
    Rejected,
    /// The stream was not at the version that was expected.
    WrongExpectedVersion,
    /// The command's id belongs to another command.
    CommandIdReused,
    /// It makes no sense.
    Malformed,
    /// The scenario has no such category.
    UnknownStream,
    /// There is no such scenario.
    UnknownScenario,
    /// No projection or process has this title.
    UnknownProjection,
    /// The stream holds an event that cannot be read.
    Unreadable,
    /// The log has no such position.
    OutOfRange,
    /// A person's own code has a fault.
    Domain,
    /// It could not be stored, or read.
    Storage,
}

impl ErrorCode {
    /// The code as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::WrongExpectedVersion => "wrong_expected_version",
            Self::CommandIdReused => "command_id_reused",
            Self::Malformed => "malformed",
            Self::UnknownStream => "unknown_stream",
            Self::UnknownScenario => "unknown_scenario",
            Self::UnknownProjection => "unknown_projection",
            Self::Unreadable => "unreadable",
            Self::OutOfRange => "out_of_range",
            Self::Domain => "domain",
            Self::Storage => "storage",
        }
    }
}

/// A request that was not fulfilled.
#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What kind of fault it is.
    pub code: ErrorCode,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The version that was expected, in a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// The version that was found, in a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<u64>,
    /// The line of a person's own code, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column there, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The position of the event at which the code fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// The journal's entry, where a command has one.
    #[serde(skip)]
    pub entry: Option<Box<JournalEntry>>,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let Fault { message, line, column } = fault;
        Self { line, column, ..Self::new(ErrorCode::Domain, message) }
    }
}

impl Error {
    /// A fault and its sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            expected: None,
            actual: None,
            line: None,
            column: None,
            position: None,
            entry: None,
        }
    }
}

/// What became of a request.
#[derive(Debug)]
pub struct Answered {
    /// The answer.
    pub result: Result<Response, Error>,
    /// The micro-steps that were performed for it.
    pub trace: Vec<MicroStep>,
}

impl Answered {
    /// What came of the command that was sent, whether it was accepted or not.
    pub fn entry(&self) -> Option<&JournalEntry> {
        match &self.result {
            Ok(Response::Sent(sent)) => Some(&sent.entry),
            Ok(Response::Told(told)) => told.entry.as_ref(),
            Err(error) => error.entry.as_deref(),
            Ok(_) => None,
        }
    }
}
