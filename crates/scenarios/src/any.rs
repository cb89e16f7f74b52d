//! Any events: a log of no domain of ours. The state of a stream merges the data of its events, and
//! read models list streams, types and times. Nothing can be sent. It is no scenario to be told, so
//! it stands beside the others in the registry, not among them.

use std::rc::Rc;

use serde_json::value::RawValue;
use serde_json::{Map as Object, Value, json};

use es::{
    AnyAggregate, AnyEvent, AnyEvents, AnyInstance, AnyProjection, AnyRunner, Cells, CommandRecord,
    Draft, FoldError, Map, Reaction, Recorded, Refusal, Row, Scenario, Stored, View,
};

use crate::shared::dates::Moment;

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
        match serde_json::from_str(saved) {
            Ok(Value::Object(state)) => Ok(Box::new(Merged { state, unreadable: false })),
            _ => Err("it is no JSON object".to_owned()),
        }
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

/// What the rows of a read model are about.
#[derive(Clone, Copy, PartialEq)]
enum About {
    Streams,
    Types,
    Times,
}

/// A read model: how many events each stream, type or day has, and when the last one was recorded.
#[derive(Clone)]
struct Listing {
    about: About,
    seen: Map<Rc<str>, Seen>,
    /// How many events could not be read. They are counted in the rows all the same.
    skipped: u64,
}

#[derive(Clone, Default)]
struct Seen {
    events: u64,
    last: Option<Rc<str>>,
    at: u64,
}

impl AnyProjection for About {
    fn name(&self) -> Rc<str> {
        match self {
            Self::Streams => "Streams",
            Self::Types => "Types",
            Self::Times => "Times",
        }
        .into()
    }

    fn about(&self) -> Rc<str> {
        match self {
            Self::Streams => "Every stream: how many events it has, and the last one.",
            Self::Types => "Every type of event, how often it occurs, and when it did last.",
            Self::Times => "Every day on which something happened, in UTC.",
        }
        .into()
    }

    fn code(&self) -> u16 {
        1
    }

    fn runner(&self) -> Box<dyn AnyRunner> {
        Box::new(Listing { about: *self, seen: Map::new(), skipped: 0 })
    }
}

impl AnyRunner for Listing {
    fn apply(&mut self, events: &[&Recorded]) -> Result<(), FoldError> {
        for event in events {
            self.skipped += u64::from(event.unreadable().is_some());
            let key = match self.about {
                About::Streams => event.stream().as_str().into(),
                About::Types => event.kind().clone(),
                About::Times => moment(event.at())[..10].into(),
            };
            let seen = self.seen.entry(key).or_default();
            (seen.events, seen.last, seen.at) =
                (seen.events + 1, Some(event.kind().clone()), event.at());
        }
        Ok(())
    }

    fn view(&self) -> View {
        let streams = self.about == About::Streams;
        let rows = self.seen.iter().map(|(key, seen)| {
            let (last, at) = (seen.last.as_deref().unwrap_or_default(), moment(seen.at));
            let cells: Cells =
                if streams { (seen.events, last, at).into() } else { (seen.events, at).into() };
            Row::of(key, cells)
        });
        let columns: &[&str] = match self.about {
            About::Streams => &["stream", "events", "last type", "last"],
            About::Types => &["type", "events", "last"],
            About::Times => &["day", "events", "last"],
        };
        View::table(columns, rows)
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }

    fn weight(&self) -> usize {
        self.seen.len()
    }

    fn copy(&self) -> Box<dyn AnyRunner> {
        Box::new(self.clone())
    }

    fn react(&self, _event: &Recorded) -> Vec<Reaction> {
        Vec::new()
    }
}

/// A time as `2017-08-24 18:00:00`, in UTC.
fn moment(at: u64) -> String {
    let Moment { year, month, day, hour, minute, second } = Moment::at(at);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Events that belong to no scenario of ours.
pub fn scenario() -> Scenario {
    let about = "A log of your own: look at it with the slider, Why and bisect.";
    let mut scenario = Scenario::new("any", "Any events", about);
    scenario.aggregates.push(Rc::new(AnyStream));
    for about in [About::Streams, About::Types, About::Times] {
        scenario.projections.push(Rc::new(about));
    }
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
            let at = 1_503_597_600_000 + after * 86_400_000;
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
            rows.iter().map(ToString::to_string).collect()
        };
        let streams = rows("Streams");
        assert_eq!(streams.len(), 2);
        assert!(streams[0].contains("order-1") && streams[0].contains("Noted"), "{streams:?}");
        assert!(streams[0].contains("2017-08-27 18:00:00"), "{streams:?}");
        let times = rows("Times");
        assert_eq!(times.len(), 4);
        assert!(times[0].contains("2017-08-24") && times[0].contains("18:00:00"), "{times:?}");
        let types = rows("Types");
        assert_eq!(types.len(), 3);
        assert!(types[2].contains("Placed") && types[2].contains('2'), "{types:?}");
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
