//! Any events: a log of no domain of ours. The state of a stream merges the data of its events, and
//! read models list streams, types and times. Nothing can be sent. It is no scenario to be told, so
//! it stands beside the others in the registry, not among them.

use std::rc::Rc;

use serde_json::value::RawValue;
use serde_json::{Map as Object, Value, json};

use es::{
    AnyAggregate, AnyEvent, AnyEvents, AnyInstance, Bar, CommandRecord, Draft, FoldError, Map,
    Projection, Recorded, Refusal, Row, Scenario, Stored, View,
};

/// The scenario's id.
pub const ID: &str = "any";

/// An event of another system: its data, as it came.
struct AnyData(Box<RawValue>);

impl AnyEvent for AnyData {
    fn data(&self) -> Box<RawValue> {
        self.0.clone()
    }
}

/// Streams of any category.
struct AnyStream;

impl AnyEvents for AnyStream {
    fn name(&self) -> Rc<str> {
        "stream".into()
    }

    fn takes(&self, _category: &str) -> bool {
        true
    }

    fn schema(&self) -> u16 {
        1
    }

    // Nobody here knows what a schema changes.
    fn reads(&self, _schema: u16) -> bool {
        true
    }

    fn event(&self, _kind: &str, data: &str) -> serde_json::Result<Rc<dyn AnyEvent>> {
        Ok(Rc::new(AnyData(RawValue::from_string(data.to_owned())?)))
    }

    fn upcast(&self, stored: Stored) -> Result<Stored, String> {
        Ok(stored)
    }
}

impl AnyAggregate for AnyStream {
    fn commands(&self) -> Value {
        json!({ "oneOf": [] })
    }

    fn events(&self) -> Value {
        json!({ "oneOf": [] })
    }

    fn instance(&self) -> Box<dyn AnyInstance> {
        Box::new(Merged::default())
    }

    fn restore(&self, saved: &str, _version: u64) -> Result<Box<dyn AnyInstance>, String> {
        let state = serde_json::from_str(saved).map_err(|_| "it is no JSON object".to_owned())?;
        Ok(Box::new(Merged { state, unreadable: false }))
    }
}

/// The data of a stream's events, merged: a later event's fields take the place of earlier ones of
/// the same name. Data that is no object is kept under its event's type.
#[derive(Clone, Default)]
struct Merged {
    state: Object<String, Value>,
    /// True once an event could not be read.
    unreadable: bool,
}

impl AnyInstance for Merged {
    fn evolve(&mut self, events: &[&Recorded]) -> Result<(), FoldError> {
        for event in events {
            self.unreadable |= event.unreadable().is_some();
            match serde_json::from_str(event.data().get()) {
                Ok(Value::Object(fields)) => self.state.extend(fields),
                Ok(data) => _ = self.state.insert(event.kind().to_string(), data),
                Err(_) => self.unreadable = true,
            }
        }
        Ok(())
    }

    fn state(&self) -> Value {
        self.state.clone().into()
    }

    fn save(&self) -> Option<String> {
        (!self.unreadable).then(|| self.state().to_string())
    }

    fn decide(&self, _command: &CommandRecord) -> Result<Vec<Draft>, Refusal> {
        let why = "nothing can be sent here: these events come from elsewhere";
        Err(Refusal::Rejected(why.to_owned()))
    }

    fn copy(&self) -> Box<dyn AnyInstance> {
        Box::new(self.clone())
    }
}

/// What is known of a stream without its state.
#[derive(Clone)]
struct Seen {
    events: u64,
    last: Rc<str>,
    last_at: u64,
}

impl Seen {
    fn note(all: &mut Map<Rc<str>, Self>, key: Rc<str>, event: &Recorded) {
        let (last, at) = (event.kind().clone(), event.at());
        match all.get_mut(&key) {
            Some(seen) => {
                (seen.events, seen.last, seen.last_at) = (seen.events + 1, last, at);
            }
            None => {
                all.insert(key, Self { events: 1, last, last_at: at });
            }
        }
    }
}

/// Every stream, and when something happened in it.
#[derive(Clone, Default)]
pub struct Streams(Map<Rc<str>, Seen>);

impl Projection for Streams {
    const NAME: &'static str = "Streams";
    const ABOUT: &'static str = "Every stream: how many events it has, and the last one's type.";

    fn apply(&mut self, event: &Recorded) {
        Seen::note(&mut self.0, event.stream().as_str().into(), event);
    }

    fn view(&self) -> View {
        let rows = self
            .0
            .iter()
            .map(|(stream, seen)| Row::of(stream, (seen.events, &seen.last, moment(seen.last_at))));
        View::table(&["stream", "events", "last type", "last"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// Every type of event, and how often it occurs.
#[derive(Clone, Default)]
pub struct Types(Map<Rc<str>, i64>);

impl Projection for Types {
    const NAME: &'static str = "Types";
    const ABOUT: &'static str = "Every type of event, and how often it occurs.";

    fn apply(&mut self, event: &Recorded) {
        *self.0.entry(event.kind().clone()).or_default() += 1;
    }

    fn view(&self) -> View {
        let bars = self.0.iter().map(|(name, &value)| Bar { name: name.clone(), value });
        View::bars("events", false, bars)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// How many events were recorded on each day.
#[derive(Clone, Default)]
pub struct Times(Map<u64, (u64, u64, u64)>);

impl Projection for Times {
    const NAME: &'static str = "Times";
    const ABOUT: &'static str = "Every day on which something happened, in UTC.";

    fn apply(&mut self, event: &Recorded) {
        let at = event.at();
        let day = self.0.entry(at / DAY_MILLIS).or_insert_with(|| (0, at, at));
        (day.0, day.2) = (day.0 + 1, at);
    }

    fn view(&self) -> View {
        let rows = self.0.iter().map(|(day, &(events, first, last))| {
            let time = |at: u64| moment(at).split_off(11);
            let date = moment(day * DAY_MILLIS)[..10].to_owned();
            Row::of(&date.into(), (events, time(first), time(last)))
        });
        View::table(&["day", "events", "first", "last"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

const DAY_MILLIS: u64 = 86_400_000;

/// A time as `2017-08-24 18:00:00`, in UTC. Years are counted from March, so that the leap day
/// comes last (the method is Howard Hinnant's).
fn moment(at: u64) -> String {
    let (days, seconds) = (at / DAY_MILLIS + 719_468, at / 1_000 % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Events that belong to no scenario of ours.
pub fn scenario() -> Scenario {
    let about = "A log of your own: look at it with the slider, Why and bisect.";
    let mut scenario = Scenario::new(ID, "Any events", about)
        .projection::<Streams>()
        .projection::<Types>()
        .projection::<Times>();
    scenario.aggregates.push(Rc::new(AnyStream));
    scenario
}

#[cfg(test)]
mod tests {
    use super::*;
    use es::{Envelope, EventLog, Json, StoredCommit, StoredEvent, Stream, UNSTATED, command_id};

    /// A log of events in two streams, recorded a day apart.
    fn log(events: &[(&str, &str, &str)]) -> EventLog {
        let (scenario, mut log) = (scenario(), EventLog::default());
        for (after, (stream, kind, data)) in (0_u64..).zip(events) {
            let stream = Stream::parse(stream).unwrap();
            let at = 1_503_597_600_000 + after * DAY_MILLIS;
            let event = StoredEvent {
                version: log.version(&stream) + 1,
                stream,
                kind: (*kind).into(),
                schema: UNSTATED,
                at,
                data: RawValue::from_string((*data).to_owned()).unwrap(),
                metadata: None,
            };
            assert!(event.readable(&scenario), "{}", event.data.text());
            let envelope = Envelope::first(command_id("any", after), "/shop".into(), at);
            let commit = StoredCommit { number: after + 1, after, envelope, events: vec![event] };
            assert!(log.learn(commit.read(&scenario)));
        }
        log
    }

    fn told() -> EventLog {
        log(&[
            ("order-1", "Placed", r#"{"total":100,"by":"Alice"}"#),
            ("order-2", "Placed", r#"{"total":7}"#),
            ("order-1", "Paid", r#"{"total":90,"paid":true}"#),
            ("order-1", "Noted", "\"fragile\""),
        ])
    }

    fn shown(log: &EventLog, name: &str) -> Value {
        let scenario = scenario();
        let model = scenario.projections.iter().find(|it| &*it.name() == name).unwrap();
        let mut runner = model.runner();
        runner.apply(&log.events(1, log.head()).collect::<Vec<_>>()).unwrap();
        serde_json::to_value(runner.view()).unwrap()
    }

    #[test]
    fn a_streams_state_merges_the_data_of_its_events() {
        let log = told();
        let mut state = scenario().aggregate_of("order").unwrap().instance();
        let of_one: Vec<&Recorded> =
            log.events(1, 4).filter(|it| it.stream().as_str() == "order-1").collect();
        state.evolve(&of_one).unwrap();
        let merged = json!({ "total": 90, "by": "Alice", "paid": true, "Noted": "fragile" });
        assert_eq!(state.state(), merged);
        let saved = state.save().unwrap();
        assert_eq!(AnyStream.restore(&saved, 3).unwrap().state(), merged);
    }

    #[test]
    fn read_models_list_streams_types_and_times() {
        let log = told();
        let rows = |name: &str| -> Vec<String> {
            let shown = shown(&log, name);
            let rows = shown["rows"].as_array().unwrap();
            rows.iter().map(|row| row.to_string()).collect()
        };
        let streams = rows("Streams");
        assert_eq!(streams.len(), 2);
        assert!(streams[0].contains("order-1") && streams[0].contains("Noted"), "{streams:?}");
        assert!(streams[0].contains("2017-08-27 18:00:00"), "{streams:?}");
        let times = rows("Times");
        assert_eq!(times.len(), 4);
        assert!(times[0].contains("2017-08-24") && times[0].contains("18:00:00"), "{times:?}");
        let bars = &shown(&log, "Types")["bars"];
        assert_eq!(bars[0], json!({ "name": "Placed", "value": 2 }));
    }

    #[test]
    fn nothing_can_be_sent() {
        let data = RawValue::from_string("{}".to_owned()).unwrap();
        let command = CommandRecord { stream: Stream::new("order", "1"), kind: "Pay".into(), data };
        let refused = AnyStream.instance().decide(&command).err().unwrap();
        let why = "nothing can be sent here: these events come from elsewhere";
        assert_eq!(refused.to_string(), why);
    }
}
