//! Archives come in and go out through the host: events of other systems with all that they say,
//! continued streams, and what an export of the page itself holds.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod surroundings;

use std::collections::BTreeSet;
use std::rc::Rc;

use leftfold::codec::archive::{Foreign, Format, Import, Imported, Outcome, stated_time};
use leftfold::es::{Condition, Recorded, Scenario, StoredCommit, Stream};
use leftfold::host::{Appended, Host, OpenLog, Reader, Request};
use leftfold::lab::Target;
use leftfold::store::SideRecords;
use serde_json::{Value, json};
use surroundings::{SimulatedBrowser, at_once};

const NOW: u64 = 1_700_000_000_000;

fn scenario(id: &str) -> Rc<Scenario> {
    let all = leftfold::scenarios::all().into_iter().chain([leftfold::scenarios::any()]);
    all.into_iter().find(|it| *it.id == *id).unwrap()
}

fn read(text: &str) -> Imported {
    let mut import = Import::new();
    text.as_bytes().chunks(100).for_each(|piece| import.feed(piece));
    import.finish().unwrap()
}

/// An open log, and the host that opened it.
struct Tab {
    host: Host,
    log: OpenLog,
}

impl Tab {
    /// A new log of an archive.
    fn import(of: &str, text: &str) -> Self {
        Self::of(of, read(text))
    }

    fn of(of: &str, archive: Imported) -> Self {
        let browser = SimulatedBrowser::new();
        browser.clock.set(NOW);
        let (host, _) = browser.tab(1);
        let (scenario, importer) = (scenario(of), host.clone());
        let log = at_once(async move {
            let title = String::new();
            let beside = SideRecords::new();
            let made = importer.import_new(&scenario, title, archive, beside, &mut || ()).await;
            importer.open(&scenario, made.unwrap().info).await.unwrap()
        });
        Self { host, log }
    }

    /// A new log of a scenario with its story.
    fn story(browser: &SimulatedBrowser, of: &str) -> Self {
        browser.clock.set(NOW);
        let (host, _) = browser.tab(1);
        let (scenario, creator) = (scenario(of), host.clone());
        let log = at_once(async move { creator.create(&scenario, true).await }).unwrap();
        Self { host, log }
    }

    /// Appends an archive, and returns what came of it.
    fn extend(&self, text: &str) -> Result<Appended, String> {
        let (log, archive) = (self.log.clone(), read(text));
        at_once(async move { log.extend(archive, &mut || ()).await })
    }

    /// The log as an archive.
    fn export(&self, format: Format) -> String {
        let (host, info) = (self.host.clone(), self.log.info());
        let bytes = at_once(async move {
            let mut bytes = Vec::new();
            let mut sink = |piece: Option<&[u8]>, _| bytes.extend(piece.unwrap_or_default());
            host.export(&info, None, format, None, &mut sink).await.unwrap();
            bytes
        });
        String::from_utf8(bytes).unwrap()
    }

    /// The events of its export, without the page's own attributes.
    fn given_back(&self) -> Vec<Value> {
        let events = self.export(Format::Lines);
        let mut events: Vec<Value> =
            events.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        // Side records are of this page alone.
        events.retain(|it| !it["type"].as_str().unwrap().starts_with("leftfold.beside."));
        for event in &mut events {
            event.as_object_mut().unwrap().retain(|name, _| !name.starts_with("leftfold"));
        }
        events
    }

    /// The commits as they are stored, but for their numbers.
    fn stored(&self) -> Vec<String> {
        let session = self.log.session();
        let commits = session.commits(session.head());
        commits.iter().map(|it| serde_json::to_string(&StoredCommit::from(it)).unwrap()).collect()
    }

    /// Of each event: its stream, version, and item.
    fn told(&self) -> Vec<String> {
        let session = self.log.session();
        let told = session.log().events(1, session.head()).map(|it| {
            let data: Value = serde_json::from_str(it.data().get()).unwrap();
            format!("{} {} {}", it.stream(), it.version(), data["item"].as_str().unwrap_or("-"))
        });
        told.collect()
    }

    fn json(&self, request: Request) -> Value {
        let log = self.log.clone();
        let answered = at_once(async move { log.ask(request).await });
        serde_json::to_value(answered.result.unwrap()).unwrap()
    }

    fn state(&self, stream: &str) -> Value {
        self.json(Request::State { stream: stream.to_owned() })["state"].clone()
    }
}

/// An event of another system, with some attributes replaced. An attribute that is null goes.
fn event(id: u64, others: Value) -> Value {
    let mut event = json!({
        "specversion": "1.0", "id": format!("e-{id}"), "source": "/shop", "type": "AddedToCart",
        "subject": "cart-1", "time": "2017-08-24T18:00:00.000Z", "data": { "item": "pears" },
    });
    let members = event.as_object_mut().unwrap();
    let Value::Object(others) = others else { panic!("{others} is no object") };
    members.extend(others);
    members.retain(|_, it| !it.is_null());
    event
}

fn lines(events: &[Value]) -> String {
    events.iter().flat_map(|it| [it.to_string(), "\n".to_owned()]).collect()
}

#[test]
fn another_systems_event_is_read_in_todays_shape_and_then_in_older_ones() {
    let opened = |data: Value| {
        let account = json!({ "type": "AccountOpened", "subject": "account-1", "data": data });
        let paid =
            json!({ "type": "Deposited", "subject": "account-1", "data": { "amount": 500 } });
        Tab::import("bank", &lines(&[event(1, account), event(2, paid)]))
    };
    let old = json!({ "id": 1, "user_id": 1, "balance": 100 });
    for (data, schema) in [(json!({ "customer": "1", "initial_balance": 100 }), 2), (old, 1)] {
        let tab = opened(data.clone());
        let state = tab.state("account-1");
        assert_eq!(state["balance"], 600, "{state}");
        assert_eq!(state["status"], "open", "{state}");
        let session = tab.log.session();
        let stored = session.log().event(1).unwrap().stored().map_or(2, |it| it.schema);
        assert_eq!(stored, schema, "{data}");
    }
    // Where no shape fits, today's says why.
    let tab = opened(json!({ "customer": 1 }));
    let session = tab.log.session();
    let unreadable = session.log().event(1).unwrap().unreadable().unwrap();
    assert!(unreadable.why.contains("text is expected"), "{}", unreadable.why);
    assert_eq!(unreadable.stored.schema, 2);
}

#[test]
fn an_old_export_without_a_schema_holds_schema_1() {
    let data = json!({ "id": 1, "user_id": 1, "balance": 100 });
    let account = json!({
        "source": "leftfold:bank", "type": "AccountOpened", "subject": "account-1", "data": data,
    });
    let tab = Tab::import("bank", &lines(&[event(1, account)]));
    let session = tab.log.session();
    assert_eq!(session.log().event(1).unwrap().stored().unwrap().schema, 1);
}

/// An event that puts something into a cart.
fn put(id: u64, item: &str) -> Value {
    event(id, json!({ "data": { "item": item } }))
}

#[test]
fn mondays_file_and_then_mondays_and_tuesdays_give_tuesdays_events_once() {
    let monday = [put(1, "pears"), put(2, "figs")];
    let both = [monday.to_vec(), vec![put(3, "plums")]].concat();
    let tab = Tab::import("cart", &lines(&monday));
    assert_eq!(tab.extend(&lines(&both)), Ok(Appended { from: 3, to: 3, known: 2, moved: 0 }));
    assert_eq!(tab.told(), ["cart-1 1 pears", "cart-1 2 figs", "cart-1 3 plums"]);
    // The whole file once more, and in one file twice: nothing comes of it.
    let twice = lines(&[both.clone(), both.clone()].concat());
    assert_eq!(tab.extend(&twice), Ok(Appended { from: 4, to: 3, known: 6, moved: 0 }));
    let archive = read(&twice);
    assert_eq!((archive.events, archive.known), (3, 3));
    assert_eq!(Tab::import("cart", &twice).told(), tab.told());
    // What this page exports of it is known here as well, and so is the file in another log of it.
    let export = tab.export(Format::Lines);
    assert_eq!(tab.extend(&export), Ok(Appended { from: 4, to: 3, known: 3, moved: 0 }));
    let copy = Tab::import("cart", &export);
    assert_eq!(copy.extend(&twice), Ok(Appended { from: 4, to: 3, known: 6, moved: 0 }));
}

#[test]
fn a_pages_own_export_is_continued_and_known_events_are_left_out() {
    let mut several = 0;
    for scenario in leftfold::scenarios::all() {
        let id = &*scenario.id;
        let tab = Tab::story(&SimulatedBrowser::new(), id);
        let export = tab.export(Format::Lines);
        let all: Vec<&str> = export.lines().collect();
        let half: String = all[..all.len() / 2].iter().flat_map(|it| [it, "\n"]).collect();
        // Each line twice: in a commit of several events, too.
        let doubled: String = all.iter().flat_map(|it| [it, "\n", it, "\n"]).collect();
        let events = tab.log.session().head();
        for text in [format!("{half}{export}"), doubled, format!("{export}{half}{export}")] {
            let copy = Tab::import(id, &text);
            assert_eq!(copy.stored(), tab.stored(), "{id}");
            let told = text.matches("\"leftfoldversion\"").count() as u64;
            assert_eq!(read(&text).known, told - events, "{id}");
            let again = copy.extend(&export).unwrap();
            assert_eq!((again.known, copy.log.session().head()), (events, events), "{id}");
        }
        let session = tab.log.session();
        several += session.commits(events).iter().filter(|it| it.events.len() > 1).count();
    }
    assert!(several > 0, "some commit has several events");
    let export = Tab::story(&SimulatedBrowser::new(), "cart").export(Format::Lines);
    let first = export.lines().next().unwrap();
    let part = Tab::import("cart", first);
    part.extend(&export).unwrap();
    assert_eq!(part.told(), Tab::import("cart", &export).told());
}

#[test]
fn an_id_is_one_of_its_source_however_the_two_are_written() {
    let [a, b] = ["a", "a#b"].map(|source| {
        let id = if source == "a" { "b#1" } else { "1" };
        event(1, json!({ "source": source, "id": id }))
    });
    assert_eq!(read(&lines(&[a.clone(), b])).events, 2);
    let other = event(1, json!({ "source": "/other", "id": a["id"] }));
    assert_eq!(read(&lines(&[a.clone(), other, a])).known, 1);
}

#[test]
fn an_event_without_a_version_is_the_next_one_of_its_stream() {
    let tab = Tab::import("cart", &lines(&[put(1, "pears"), put(2, "figs")]));
    let stated = |id: u64, version: u64| event(id, json!({ "leftfoldversion": version }));
    tab.extend(&lines(&[put(3, "plums"), put(4, "nuts"), stated(5, 5), put(6, "tea")])).unwrap();
    assert_eq!(
        tab.told()[2..],
        ["cart-1 3 plums", "cart-1 4 nuts", "cart-1 5 pears", "cart-1 6 tea"]
    );
    let late = tab.extend(&lines(&[stated(7, 9)])).unwrap_err();
    assert_eq!(late, "cart-1 is at version 6 here, and the archive goes on with version 9");
    // An attribute of that name without the prefix is another system's.
    let theirs = event(8, json!({ "streamversion": 70, "position": "first" }));
    tab.extend(&lines(&[theirs])).unwrap();
    assert_eq!(tab.told()[6], "cart-1 7 pears");
}

fn times(tab: &Tab) -> Vec<(u64, Option<String>)> {
    let session = tab.log.session();
    let said = |it: &Recorded| it.metadata().and_then(|it| it.said("time"));
    session.log().events(1, session.head()).map(|it| (it.at(), said(it))).collect()
}

#[test]
fn a_time_before_the_one_before_it_is_kept_beside_a_later_one() {
    let at = |id: u64, time: &str| event(id, json!({ "time": time }));
    let text = lines(&[
        at(1, "1969-07-20T20:17:40Z"),
        at(2, "2017-08-24T18:00:00.000Z"),
        at(3, "2017-08-24T17:00:00.000Z"),
        at(4, "2017-08-24T20:00:01.1234567+02:00"),
    ]);
    assert_eq!(read(&text).moved, 2);
    let then = 1_503_597_600_000;
    let expected = [
        (0, Some("1969-07-20T20:17:40Z")),
        (then, None),
        (then, Some("2017-08-24T17:00:00.000Z")),
        (then + 1_123, Some("2017-08-24T20:00:01.1234567+02:00")),
    ];
    let expected = expected.map(|(at, said)| (at, said.map(str::to_owned)));
    let tab = Tab::import("cart", &text);
    assert_eq!(times(&tab), expected);
    let stated: Vec<Value> = tab.given_back().iter().map(|it| it["time"].clone()).collect();
    let given: Vec<Value> =
        text.lines().map(|it| serde_json::from_str::<Value>(it).unwrap()["time"].clone()).collect();
    assert_eq!(stated, given);
    let copy = Tab::import("cart", &tab.export(Format::Batch));
    assert_eq!(copy.stored(), tab.stored());

    // The log may be later than all that comes after it.
    let earlier = lines(&[at(5, "2016-01-01T00:00:00.000Z"), at(6, "2020-01-01T00:00:00.000Z")]);
    let appended = tab.extend(&earlier).unwrap();
    assert_eq!(appended.moved, 1);
    assert_eq!(times(&tab)[4], (then + 1_123, Some("2016-01-01T00:00:00.000Z".to_owned())));
    assert_eq!(tab.given_back()[4]["time"], "2016-01-01T00:00:00.000Z");
    let session = tab.log.session();
    let marked: Vec<u64> = session
        .log()
        .events(1, session.head())
        .filter_map(|it| stated_time(it).map(|_| it.position()))
        .collect();
    assert_eq!(marked, [1, 3, 5]);
    let ascending: Vec<u64> = times(&tab).into_iter().map(|it| it.0).collect();
    assert!(ascending.is_sorted(), "{ascending:?}");
    let copy = Tab::import("cart", &tab.export(Format::Lines));
    assert_eq!(times(&copy), times(&tab));
}

/// Events in the shapes of the examples in the CloudEvents specification's JSON format: with binary
/// data, XML, a JSON object, a JSON text, and without data.
fn examples() -> Vec<Value> {
    let with = |id: &str, others: Value| {
        let mut event = json!({
            "specversion": "1.0", "type": "com.example.someevent", "source": "/mycontext",
            "id": id, "time": "2018-04-05T17:31:00Z", "comexampleextension1": "value",
            "comexampleothervalue": 5,
        });
        let Value::Object(others) = others else { panic!("{others} is no object") };
        event.as_object_mut().unwrap().extend(others);
        event
    };
    vec![
        with(
            "A234-1234-1234",
            json!({
                "datacontenttype": "application/vnd.apache.thrift.binary",
                "data_base64": "AAECA/8=",
            }),
        ),
        with(
            "B234-1234-1234",
            json!({
                "unsetextension": null, "datacontenttype": "application/xml",
                "data": "<much wow=\"xml\"/>",
            }),
        ),
        with(
            "C234-1234-1234",
            json!({
                "subject": null, "datacontenttype": "application/json",
                "data": { "appinfoA": "abc", "appinfoB": 123, "appinfoC": true },
            }),
        ),
        with("D234-1234-1234", json!({ "subject": "larger-context", "data": "I'm just a string" })),
        with("E234-1234-1234", json!({ "subject": "mynewfile.jpg", "data": null })),
        with("F234-1234-1234", json!({ "dataschema": "https://example.com/schema" })),
        with("G234-1234-1234", json!({ "data_base64": "eyJhIjogMS41MH0=" })),
    ]
}

/// The same event, as far as CloudEvents say: an attribute that is null is none, and data that is
/// null is null.
fn set(event: &Value) -> Value {
    let mut event = event.clone();
    event.as_object_mut().unwrap().retain(|name, it| name == "data" || !it.is_null());
    event
}

#[test]
fn the_specifications_examples_come_back_attribute_for_attribute() {
    let examples = examples();
    let expected: Vec<Value> = examples.iter().map(set).collect();
    let batch = serde_json::to_string_pretty(&examples).unwrap();
    let pretty: String =
        examples.iter().flat_map(|it| [format!("{it:#}"), "\n".to_owned()]).collect();
    for text in [batch, lines(&examples), pretty] {
        let tab = Tab::import("cart", &text);
        assert_eq!(tab.given_back(), expected);
        for format in [Format::Lines, Format::Batch] {
            let copy = Tab::import("cart", &tab.export(format));
            assert_eq!(copy.stored(), tab.stored());
            assert_eq!(copy.given_back(), expected);
        }
    }
    for (example, expected) in examples.iter().zip(expected) {
        let tab = Tab::import("cart", &format!("{example:#}"));
        assert_eq!(tab.given_back(), [expected]);
        let session = tab.log.session();
        assert!(session.log().event(1).unwrap().unreadable().is_some());
    }
    let read = read(&lines(&examples));
    assert_eq!((read.no_json, read.unnamed), (1, 6));
}

#[test]
fn data_in_base64_is_decoded_where_it_is_json_and_kept_byte_for_byte_elsewhere() {
    // {"item":"pears"}, and the first bytes of a picture.
    let json = json!({ "data": null, "data_base64": "eyJpdGVtIjoicGVhcnMifQ" });
    let picture = json!({
        "data": null, "data_base64": "iVBORw0KGgo=", "datacontenttype": "image/png",
    });
    let text = lines(&[event(1, json), event(2, picture)]);
    let tab = Tab::import("cart", &text);
    let session = tab.log.session();
    let [first, second] = [1, 2].map(|position| session.log().event(position).unwrap());
    assert!(first.unreadable().is_none());
    assert_eq!(tab.told()[0], "cart-1 1 pears");
    let why = &second.unreadable().unwrap().why;
    assert_eq!(why, "its data is no JSON, but 8 bytes of image/png");
    let given: Vec<Value> = tab.given_back().iter().map(|it| it["data_base64"].clone()).collect();
    assert_eq!(given, ["eyJpdGVtIjoicGVhcnMifQ", "iVBORw0KGgo="]);
    assert!(tab.given_back().iter().all(|it| it.get("data").is_none()));
    assert_eq!(read(&text).no_json, 1);
    // A log that was opened again says the same.
    let copy = Tab::import("cart", &tab.export(Format::Lines));
    assert_eq!(copy.stored(), tab.stored());
}

#[test]
fn whatever_another_system_says_of_an_event_stays_with_it() {
    let theirs = event(
        1,
        json!({
            "correlationid": "order-4711", "causationid": 7, "position": "first", "schema": "v2",
            "origin": "web", "actor": null, "streamversion": 1.50, "commandid": true,
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "dataschema": "https://shop.example/added", "datacontenttype": "application/json",
            "time": "2017-08-24T18:00:00.123456Z", "nested": { "deep": [1, null] },
        }),
    );
    let tab = Tab::import("cart", &lines(std::slice::from_ref(&theirs)));
    assert_eq!(tab.given_back(), [set(&theirs)]);
    let known = tab.json(Request::Events { from: 1, to: 1 });
    let metadata = &known[0]["metadata"];
    assert_eq!(metadata["source"], "/shop");
    assert_eq!(metadata["id"], "e-1");
    assert_eq!(metadata["correlationid"], "order-4711");
    assert_eq!(metadata["traceparent"], theirs["traceparent"]);
    // It is still there once the log was copied, forked, shared or restored.
    let log = tab.log.clone();
    let restored = at_once(async move { log.restore(&mut || ()).await }).unwrap();
    assert!(restored.same);
    let (host, of) = (tab.host.clone(), scenario("cart"));
    let log = at_once(async move { host.open(&of, restored.info).await }).unwrap();
    let again = Tab { host: tab.host.clone(), log };
    assert_eq!(again.given_back(), [set(&theirs)]);
}

#[test]
fn what_another_system_adds_to_an_exported_event_is_given_back() {
    let export = Tab::story(&SimulatedBrowser::new(), "cart").export(Format::Lines);
    let traced: Vec<Value> = export
        .lines()
        .map(|line| {
            let mut event: Value = serde_json::from_str(line).unwrap();
            event["traceparent"] = json!("00-1-2-01");
            event["position"] = json!("theirs");
            event["leftfoldnewer"] = json!(true);
            event
        })
        .collect();
    let tab = Tab::import("cart", &lines(&traced));
    let back = tab.export(Format::Lines);
    let back: Vec<Value> = back.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    for (traced, back) in traced.iter().zip(&back) {
        // A record beside the events is not an event of somebody.
        let beside = traced["type"].as_str().unwrap().starts_with("leftfold.beside.");
        if traced.get("subject").is_some() && !beside {
            assert_eq!(traced, back);
        }
    }
}

#[test]
fn the_scenario_is_said_beside_a_source_of_another_system() {
    let tab = Tab::import("cart", &lines(&[put(1, "pears")]));
    let export = tab.export(Format::Lines);
    let event: Value = serde_json::from_str(&export).unwrap();
    assert_eq!((&event["source"], &event["leftfoldscenario"]), (&json!("/shop"), &json!("cart")));
    assert_eq!(read(&export).scenario.as_deref(), Some("cart"));
    let names = event.as_object().unwrap().keys();
    assert!(names.clone().all(|it| it.len() <= 20), "{event}");
    assert!(names.clone().all(|it| it.bytes().all(|it| it.is_ascii_lowercase())), "{event}");
}

#[test]
fn data_that_came_on_several_lines_goes_out_on_one() {
    let text = "[{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/shop\",\"type\":\"AddedToCart\",\
                \"subject\":\"cart-1\",\"note\":{\n \"a\": 1\n},\"data\":{\n  \"item\": \"p \\n s\"\n}}]";
    let tab = Tab::import("cart", text);
    assert_eq!(tab.export(Format::Lines).lines().count(), 1);
    let copy = Tab::import("cart", &tab.export(Format::Lines));
    assert_eq!(copy.given_back(), tab.given_back());
    assert_eq!(copy.told(), tab.told());
}

#[test]
fn what_an_archive_has_of_its_own_is_counted_and_said() {
    let odd = [
        event(1, json!({ "subject": "larger-context", "data": null, "data_base64": "/w==" })),
        event(2, json!({ "subject": null, "time": "1960-01-01T00:00:00Z" })),
        event(2, json!({})),
    ];
    assert_eq!(
        read(&lines(&odd)).remarks(),
        [
            "1 event is there twice: it is read once.",
            "1 event says an earlier time than the one before it, or one before 1970: it is \
             recorded after that one, and keeps what it says.",
            "1 event has no subject that names a stream, such as cart-1: its stream is named \
             after its subject or its source.",
            "1 event holds data that is no JSON: it is kept byte for byte, and cannot be read.",
        ]
    );
    assert_eq!(read(&lines(&[put(1, "pears")])).remarks(), [""; 0]);
    assert!(read("[]").is_empty());
    assert!(!read(&lines(&[put(1, "pears")])).is_empty());
    let tab = Tab::import("cart", &lines(&[put(1, "pears")]));
    let two = lines(&[put(1, "pears"), event(2, json!({ "time": "1960-01-01T00:00:00Z" }))]);
    assert_eq!(
        tab.extend(&two).unwrap().to_string(),
        "1 event was appended, at position 2. 1 event was known here already. 1 event says an \
         earlier time than the one before it: it is recorded after that one, and keeps what it \
         says."
    );
    let none = tab.extend(&two).unwrap().to_string();
    assert_eq!(none, "No event was appended. 2 events were known here already.");
}

const DOCUMENT: &str = include_str!("../docs/archive.md");

/// What a text turns out to be.
fn outcome(text: &[u8], mut import: Import) -> Outcome {
    text.chunks(100).for_each(|piece| import.feed(piece));
    import.outcome()
}

/// Reads a text as whoever accepts what is guessed of it. Returns which tool it is from.
fn accept(text: &str) -> (Imported, Option<Foreign>) {
    match outcome(text.as_bytes(), Import::new()) {
        Outcome::Read(archive) => (archive, None),
        Outcome::Foreign(foreign) => {
            let again = outcome(text.as_bytes(), Import::mapped(foreign.guess.clone()));
            let Outcome::Read(archive) = again else { panic!("{again:?}") };
            (archive, Some(foreign))
        }
        Outcome::Faulty(faults) => panic!("{faults:?}"),
    }
}

#[test]
fn every_example_of_the_document_is_read() {
    let mut tools = Vec::new();
    for block in DOCUMENT.split("```json\n").skip(1) {
        let example = block.split("```").next().unwrap();
        let (archive, foreign) = accept(example);
        assert_eq!((archive.known, archive.moved, archive.unnamed), (0, 0, 0), "{example}");
        let events = archive.events;
        let tab = Tab::of("cart", archive);
        let session = tab.log.session();
        let told: Vec<&Recorded> = session.log().events(1, events).collect();
        let Some(foreign) = foreign else {
            assert_eq!(events, example.matches("specversion").count() as u64, "{example}");
            for event in told {
                let why = event.unreadable().map(|it| &*it.why);
                let picture = "its data is no JSON, but 8 bytes of image/png";
                let expected = (&**event.kind() == "PictureTaken").then_some(picture);
                assert_eq!(why, expected, "{example}");
            }
            continue;
        };
        let tool = foreign.tool.unwrap_or("another");
        tools.push(tool);
        assert_eq!(foreign.preview(&foreign.guess).len() as u64, events, "{tool}");
        let is_redux = tool == "Redux DevTools";
        for event in &told {
            assert_eq!(event.unreadable().is_some(), is_redux, "{tool}");
        }
        let stated = told.iter().all(|it| it.at() < NOW || it.metadata().is_none());
        assert!(stated || ["Emmett", "another"].contains(&tool), "{tool}");
        if !is_redux {
            assert_eq!(tab.told()[0], "cart-1 1 pears", "{tool}");
        }
        assert!(told.iter().is_sorted_by_key(|it| it.at()), "{tool}");
    }
    let all = ["KurrentDB (EventStoreDB)", "Marten", "Axon", "Emmett", "Redux DevTools", "another"];
    assert_eq!(tools, all);
}

#[test]
fn what_another_tool_says_of_an_event_goes_out_again_and_comes_in_once() {
    let block = DOCUMENT.split("**Axon**").nth(1).unwrap().split("```json\n").nth(1).unwrap();
    let example = block.split("```").next().unwrap();
    let tab = Tab::of("any", accept(example).0);
    let given = tab.given_back();
    assert_eq!(
        given,
        [json!({
            "specversion": "1.0", "id": "3c3f8a4e-7d3b-4a57-9c4d-000000000001", "source": "axon",
            "type": "AddedToCart", "subject": "1", "time": "2018-04-05T17:31:00.123Z",
            "data": { "item": "pears" }, "sequencenumber": 0,
            "payloadtype": "com.example.shop.AddedToCart", "metadata": "{\"traceId\":\"3c3f8a4e\"}",
        })]
    );
    let copy = Tab::import("any", &tab.export(Format::Lines));
    assert_eq!(copy.stored(), tab.stored());
    let archive = accept(example).0;
    let (log, events) = (tab.log.clone(), archive.events);
    let appended = at_once(async move { log.extend(archive, &mut || ()).await }).unwrap();
    assert_eq!((appended.known, appended.to), (events, 1));
}

#[test]
fn a_file_of_another_tool_that_is_out_of_order_or_lacks_a_field_says_so() {
    let row = |number: u64, kind: &Value| {
        let row = json!({ "seq_id": number, "id": format!("e-{number}"), "stream_id": "cart-1",
            "version": 1, "data": {}, "type": kind });
        format!("{row}\n")
    };
    let faults = |text: &str| {
        let Outcome::Foreign(it) = outcome(text.as_bytes(), Import::new()) else {
            panic!("{text}")
        };
        let read = outcome(text.as_bytes(), Import::mapped(it.guess));
        let Outcome::Faulty(faults) = read else { panic!("{read:?}") };
        faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let good = json!("Added");
    let text = [row(2, &good), row(1, &good), row(3, &json!(7)), row(4, &json!({}))].concat();
    let expected = ["line 2, seq_id: 1 does not come after 2", "line 4, type: {} is not a text"];
    assert_eq!(faults(&text), expected);
}

#[test]
fn what_others_add_to_lines_that_are_no_events_goes_out_again() {
    let tab = Tab::story(&SimulatedBrowser::new(), "transfers");
    // The same command again leads to no event. A withdrawal that is refused is kept beside the log.
    let mut lines: Vec<Value> =
        tab.export(Format::Lines).lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    lines.insert(
        0,
        json!({
            "specversion": "1.0", "id": "00000000-0000-4000-8000-000000000001",
            "source": "leftfold:transfers", "type": "leftfold.nothing-happened",
            "time": "2017-08-24T17:00:00.000Z", "leftfoldactor": "Alice",
            "leftfoldcommand": "00000000-0000-4000-8000-000000000001",
            "leftfoldorigin": "command", "leftfoldcommandtype": "OpenAccount",
            "leftfoldcommandto": "account-9", "leftfoldcommanddata": "{}",
        }),
    );
    let mut kinds = BTreeSet::new();
    for (number, line) in (1..).zip(&mut lines) {
        let kind = line["type"].as_str().unwrap();
        if let Some(kind) = kind.strip_prefix("leftfold.") {
            kinds.insert(kind.to_owned());
            line["traceparent"] = json!(format!("00-{number}"));
            line["theirs"] = json!({ "number": number });
        }
    }
    assert!(kinds.contains("nothing-happened") && kinds.len() > 2, "{kinds:?}");
    let text = self::lines(&lines);
    let given = |tab: &Tab| -> BTreeSet<String> {
        let export = tab.export(Format::Batch);
        let all: Vec<Value> = serde_json::from_str(&export).unwrap();
        let added = all.iter().filter(|it| it.get("theirs").is_some());
        added.map(|it| format!("{} {} {}", it["type"], it["id"], it["theirs"])).collect()
    };
    let expected: BTreeSet<String> = lines
        .iter()
        .filter(|it| it.get("theirs").is_some())
        .map(|it| format!("{} {} {}", it["type"], it["id"], it["theirs"]))
        .collect();
    let copy = Tab::import("transfers", &text);
    assert_eq!(given(&copy), expected);
    assert_eq!(given(&Tab::import("transfers", &copy.export(Format::Lines))), expected);
    // After the events of another log, only the commits are of use.
    let other = Tab::import("transfers", &event(1, json!({ "subject": "account-77" })).to_string());
    let first = lines[0].to_string();
    other.extend(&first).unwrap();
    assert_eq!(given(&other).len(), 1);
}

#[test]
fn a_file_is_for_the_scenario_that_it_names_or_that_can_read_it() {
    let mut all = leftfold::scenarios::all();
    all.push(leftfold::scenarios::any());
    let read_by = |text: &str, open: &str| {
        let reader = Reader::of(&read(text), &scenario(open), &all);
        (reader.scenario.id.to_string(), reader.sure)
    };
    let named = event(1, json!({ "source": "leftfold:bank" })).to_string();
    assert_eq!(read_by(&named, "cart"), ("bank".to_owned(), true));
    let known = lines(&[put(1, "pears"), event(2, json!({ "type": "Nothing" }))]);
    assert_eq!(read_by(&known, "cart"), ("cart".to_owned(), false));
    assert_eq!(read_by(&known, "bank"), ("cart".to_owned(), false));
    assert_eq!(read_by(&known, "any"), ("any".to_owned(), false));
    let gone = event(1, json!({ "source": "leftfold:gone", "subject": "x-1" })).to_string();
    assert_eq!(read_by(&gone, "bank"), ("any".to_owned(), false));
}

#[test]
fn any_events_can_be_asked_why_and_since_when() {
    let data = |total: u64| json!({ "subject": "order-1", "data": { "total": total } });
    let text = lines(&[event(1, data(1)), event(2, data(2)), event(3, data(2)), event(4, data(5))]);
    let tab = Tab::import("any", &text);
    assert_eq!(tab.state("order-1"), json!({ "total": 5 }));
    let target = || Target::State(Stream::parse("order-1").unwrap());
    let condition: Condition =
        serde_json::from_value(json!({ "is": ["/total", "=", { "value": 2 }] })).unwrap();
    let since = tab.json(Request::Bisect { target: target(), condition, monotonic: false });
    assert_eq!(since["position"], 2, "{since}");
    let why = tab.json(Request::Why { target: target(), pointer: "/total".to_owned() });
    let at: Vec<u64> =
        why.as_array().unwrap().iter().map(|it| it["position"].as_u64().unwrap()).collect();
    assert_eq!(at, [4, 2, 1], "{why}");
}

#[test]
fn a_file_in_utf_16_is_read_in_both_orders() {
    let text = lines(&[put(1, "pears"), put(2, "Zoë's 🥨")]);
    let units = || std::iter::once(0xfeff).chain(text.encode_utf16());
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    for bytes in [&little, &big] {
        let Outcome::Read(archive) = outcome(bytes, Import::new()) else { panic!() };
        assert_eq!(Tab::of("cart", archive).told()[1], "cart-1 2 Zoë's 🥨");
        let Outcome::Faulty(faults) = outcome(&bytes[..bytes.len() - 3], Import::new()) else {
            panic!()
        };
        assert!(faults.iter().any(|it| it.what == "it is not text in UTF-16"), "{faults:?}");
    }
}

#[test]
fn the_document_names_every_attribute_of_this_pages_own_and_no_other() {
    let names = |text: &str, before: &str| -> BTreeSet<String> {
        let names = text.split(before).skip(1).map(|it| {
            let end = it.find(|it: char| !it.is_ascii_alphanumeric()).unwrap();
            format!("leftfold{}", &it[..end])
        });
        names.collect()
    };
    let code = include_str!("../crates/codec/src/archive/cloud.rs");
    assert_eq!(names(DOCUMENT, "| `leftfold"), names(code, "rename = \"leftfold"));
}
