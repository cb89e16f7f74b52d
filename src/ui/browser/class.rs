//! The connection to a class's server, and what the people of a class tell each other over it: who is
//! here, and where the one who leads looks.

use std::rc::Rc;

use futures::StreamExt;
use futures::future::{Either, select};
use gloo::timers::future::TimeoutFuture;
use gloo::utils::window;
use serde_json::{Value, json};
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::{JsCast, JsValue};

use super::clock::{BrowserClock, BrowserIds, new_id};
use crate::host::{ClassPeers, Host, StoredKeys};
use crate::store::AnyStore;
use crate::store::nats::{AnyTransport, CLASS, NatsStore, Role, Websocket};

#[wasm_bindgen]
extern "C" {
    /// Fetches a part of the page. boot.js has it.
    #[wasm_bindgen(js_name = leftfoldPart, catch)]
    async fn part(name: &str) -> Result<JsValue, JsValue>;

    /// The module `web/class.js`.
    #[derive(Clone)]
    type ClassPart;

    #[wasm_bindgen(method)]
    async fn servers(this: &ClassPart) -> JsValue;

    #[wasm_bindgen(method, js_name = switchServer)]
    async fn switch_server(this: &ClassPart, number: u32, on: bool, token: &str) -> JsValue;

    #[wasm_bindgen(method, catch)]
    async fn connect(
        this: &ClassPart,
        url: &str,
        user: &str,
        password: &str,
        changed: &JsValue,
    ) -> Result<JsValue, JsValue>;
}

/// The subject on which somebody says that they are here. Their id follows.
const HERE: &str = "lf.here";
/// The subject on which somebody asks who is here.
const ASK: &str = "lf.here.ask";
/// The subject of where the one who leads looks.
const LOOK: &str = "$KV.class.look";
/// How long somebody listens to who is here, before they join, in milliseconds.
const LISTEN_MILLIS: u32 = 700;

/// Somebody who is in the class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Person {
    /// Their page's id.
    pub id: String,
    pub name: String,
    /// The name of their role.
    pub role: String,
    /// What they look at, in words.
    pub place: String,
    /// The log that they have open.
    pub log: String,
    /// How often they met a conflict there.
    pub conflicts: u64,
    /// How often they sent something again after one.
    pub again: u64,
}

/// Where the one who leads looks.
#[expect(clippy::struct_excessive_bools, reason = "each is looked at on its own")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// Who leads.
    pub name: String,
    pub scenario: String,
    pub log: String,
    pub position: u64,
    /// True where the playhead is at the head, and stays there.
    pub head: bool,
    /// True on the stage.
    pub present: bool,
    /// True in the Fold view.
    pub folding: bool,
    /// The columns of the Fold view.
    pub columns: Vec<String>,
    /// The read models that stand still.
    pub paused: Vec<String>,
    /// The lesson and the number of the exercise that all do.
    pub exercise: Option<(String, usize)>,
    /// True where all do it in one log.
    pub together: bool,
    /// All who take part send now what all send, and have seen the log up to this position. It is
    /// said once, in one look.
    pub now: Option<u64>,
    /// The step of the story, counted from 0, of which all say what will come.
    pub asks: Option<usize>,
    /// The step that was told last, and the journal entry of what came of it, as JSON text.
    pub told: Option<(usize, Rc<str>)>,
}

/// What comes from the others.
pub enum Heard {
    Person(Person),
    /// Somebody asks who is here.
    Asked,
    Look(Look),
}

/// A place in a class.
#[derive(Clone)]
pub struct Place {
    pub role: Role,
    /// This page's id.
    pub id: String,
    /// What runs over the class's logs.
    pub host: Host,
    transport: AnyTransport,
    store: NatsStore,
    part: ClassPart,
    token: String,
}

fn nothing_here() -> String {
    "the class's server cannot be reached, or this device is in another network".to_owned()
}

/// Takes a place in the class of a token, under a name that nobody else there has. `changed` hears
/// whenever the connection comes or goes.
///
/// # Errors
/// A sentence without its full stop.
pub async fn join(
    token: &str,
    name: &str,
    engines: Rc<dyn crate::host::Engines>,
    changed: impl Fn(bool) + 'static,
) -> Result<Place, String> {
    let role = Role::of_token(token);
    let role = role.ok_or("this is no address of a class: ask for it again")?;
    let part: ClassPart = part("class").await.map_err(|_| nothing_here())?.unchecked_into();
    let changed = Closure::<dyn Fn(bool)>::new(changed).into_js_value();
    let connection = part.connect(&url(), role.name(), token, &changed).await;
    let connection = connection.map_err(|why| match why.as_string().as_deref() {
        Some("refused") => {
            "the class does not know this address: it may be that of another class".to_owned()
        }
        _ => nothing_here(),
    })?;
    let transport: AnyTransport = Rc::new(Websocket::new(connection));
    let id = new_id().simple().to_string();
    if people(&transport).await.iter().any(|it| it.name.to_lowercase() == name.to_lowercase()) {
        return Err(format!("somebody called {name} is here already: add a letter to your name"));
    }
    let servers = alive(&part.servers().await).len().max(1);
    let replicas = u32::try_from(servers).unwrap_or(1);
    let store = NatsStore::open(transport.clone(), role, replicas).await;
    let store = store.map_err(|it| it.to_string())?;
    let peers = ClassPeers::new(&store, Rc::new(BrowserClock), id.clone());
    let (shared, keys) = (Rc::new(store.clone()), store.clone());
    let keys = StoredKeys::new(move || {
        let keys: AnyStore = Rc::new(keys.clone());
        Box::pin(async move { Ok(keys) })
    });
    if role >= Role::Lead {
        keys.prepare().await.map_err(|it| it.to_string())?;
    }
    let host = Host::new(shared, Rc::new(peers), Rc::new(BrowserClock), Rc::new(BrowserIds));
    let host = host.with_keys(Rc::new(keys)).with_engines(engines).with_actor(name);
    let token = token.to_owned();
    Ok(Place { role, id, host, transport, store, part, token })
}

/// The address of the class's server: beside the page.
fn url() -> String {
    let page = window().location().href().unwrap_or_default();
    let page = page.split(['#', '?']).next().unwrap_or_default();
    let folder = page.rsplit_once('/').map_or(page, |it| it.0);
    format!("{}/nats", folder.replacen("http", "ws", 1))
}

/// Which servers run, as the page's server says.
fn alive(said: &JsValue) -> Vec<bool> {
    js_sys::Array::from(said).iter().map(|it| it.as_bool() == Some(true)).collect()
}

/// Who is here, as far as they say so in a moment.
async fn people(transport: &AnyTransport) -> Vec<Person> {
    let mut people = Vec::new();
    let mut heard = transport.subscribe(&format!("{HERE}.*"));
    transport.publish(ASK, &[]);
    let mut over = Box::pin(TimeoutFuture::new(LISTEN_MILLIS));
    while let Either::Left((Some(message), _)) = select(heard.next(), &mut over).await {
        people.extend(Person::read(&message.payload));
    }
    people
}

/// What somebody told. Anybody may tell anything, so that what is missing is empty.
fn read(payload: &[u8]) -> Option<Value> {
    serde_json::from_str(str::from_utf8(payload).ok()?).ok()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value, name: &str) -> Vec<String> {
    let all = value[name].as_array().into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Person {
    fn read(payload: &[u8]) -> Option<Self> {
        let it = read(payload)?;
        let [id, name, role, place, log] =
            ["id", "name", "role", "place", "log"].map(|field| text(&it, field));
        let [conflicts, again] =
            ["conflicts", "again"].map(|field| it[field].as_u64().unwrap_or_default());
        Some(Self { id, name, role, place, log, conflicts, again })
    }

    fn write(&self) -> String {
        let Self { id, name, role, place, log, conflicts, again } = self;
        json!({
            "id": id, "name": name, "role": role, "place": place, "log": log,
            "conflicts": conflicts, "again": again,
        })
        .to_string()
    }
}

impl Look {
    fn read(payload: &[u8]) -> Option<Self> {
        let it = read(payload)?;
        let [name, scenario, log, lesson] =
            ["name", "scenario", "log", "lesson"].map(|field| text(&it, field));
        let number = it["number"].as_u64().and_then(|it| usize::try_from(it).ok());
        Some(Self {
            name,
            scenario,
            log,
            position: it["position"].as_u64().unwrap_or_default(),
            head: it["head"] == true,
            present: it["present"] == true,
            folding: it["folding"] == true,
            columns: texts(&it, "columns"),
            paused: texts(&it, "paused"),
            exercise: number.map(|number| (lesson, number)),
            together: it["together"] == true,
            now: it["now"].as_u64(),
            asks: it["asks"].as_u64().and_then(|it| usize::try_from(it).ok()),
            told: serde_json::from_value(it["told"].clone()).ok(),
        })
    }

    fn write(&self) -> String {
        let exercise = self.exercise.as_ref();
        json!({
            "name": self.name,
            "scenario": self.scenario,
            "log": self.log,
            "position": self.position,
            "head": self.head,
            "present": self.present,
            "folding": self.folding,
            "columns": self.columns,
            "paused": self.paused,
            "lesson": exercise.map(|it| &it.0),
            "number": exercise.map(|it| it.1),
            "together": self.together,
            "now": self.now,
            "asks": self.asks,
            "told": self.told,
        })
        .to_string()
    }
}

impl Place {
    /// Tells the others who and where this page is.
    pub fn tell(&self, person: &Person) {
        self.transport.publish(&format!("{HERE}.{}", self.id), person.write().as_bytes());
    }

    /// Which servers keep the class's logs, in their order: true for one that runs. Empty where nobody
    /// says.
    pub async fn servers(&self) -> Vec<bool> {
        alive(&self.part.servers().await)
    }

    /// Kills a server, counted from 1, or starts it again. Returns a sentence where that was not done.
    pub async fn switch(&self, number: u32, on: bool) -> Option<String> {
        let said = self.part.switch_server(number, on, &self.token).await;
        said.as_string().filter(|it| !it.is_empty())
    }

    /// Asks who is here.
    pub fn ask(&self) {
        self.transport.publish(ASK, &[]);
    }

    /// Tells where the one who leads looks. The last look stays there, for who comes later.
    pub fn look(&self, look: &Look) {
        self.transport.publish(LOOK, look.write().as_bytes());
    }

    /// The last look. None where nobody has led yet, or where it cannot be read now.
    pub async fn last_look(&self) -> Option<Look> {
        let last = self.store.engine().last(CLASS, LOOK).await.ok()??;
        // Whoever comes later has missed the moment.
        Look::read(&last.payload).map(|look| Look { now: None, ..look })
    }

    /// Hears what the others tell, for as long as `tell` says so.
    pub fn hear(&self, tell: impl Fn(Heard) -> bool + 'static) {
        let people = self.transport.subscribe(&format!("{HERE}.*")).map(|message| {
            let asked = message.subject.is_empty() || message.subject == ASK;
            if asked {
                Some(Heard::Asked)
            } else {
                Person::read(&message.payload).map(Heard::Person)
            }
        });
        let looks = self.transport.subscribe(LOOK);
        let place = self.clone();
        let looks = looks.then(move |message| {
            let place = place.clone();
            async move {
                // Looks that were told while there was no connection were missed.
                let look = if message.subject.is_empty() {
                    place.last_look().await
                } else {
                    Look::read(&message.payload)
                };
                look.map(Heard::Look)
            }
        });
        let mut heard = futures::stream::select(people, looks.boxed_local());
        wasm_bindgen_futures::spawn_local(async move {
            while let Some(heard) = heard.next().await {
                if heard.is_some_and(|it| !tell(it)) {
                    return;
                }
            }
        });
    }
}
