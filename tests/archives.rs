//! Archives come in and go out through the host: events of other systems with all that they say,
//! continued streams, and what an export of the page itself holds.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod surroundings;

use std::rc::Rc;

use leftfold::codec::archive::{Import, Imported};
use leftfold::es::Scenario;
use leftfold::host::{Host, OpenLog, Request};
use serde_json::{Value, json};
use surroundings::{SimulatedBrowser, at_once};

const NOW: u64 = 1_700_000_000_000;

fn scenario(id: &str) -> Rc<Scenario> {
    leftfold::scenarios::all().into_iter().find(|it| *it.id == *id).unwrap()
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
        let browser = SimulatedBrowser::new();
        browser.clock.set(NOW);
        let (host, _) = browser.tab(1);
        let (scenario, archive, importer) = (scenario(of), read(text), host.clone());
        let log = at_once(async move {
            let title = String::new();
            let imported =
                importer.import_new(&scenario, title, archive, Vec::new(), &mut || ()).await;
            importer.open(&scenario, imported.unwrap()).await.unwrap()
        });
        Self { host, log }
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
    events.iter().map(|it| format!("{it}\n")).collect()
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
    assert!(unreadable.why.contains("expected a string"), "{}", unreadable.why);
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
