//! A class's server for tests, and the connection to it outside of a browser.

#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

pub mod address;
pub mod cutting;

use std::cell::Cell;
use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectOptions, Event, HeaderMap, Request};
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use futures::stream::LocalBoxStream;
use leftfold::store::nats::{AnyTransport, Message, NatsStore, Role, Transport, Unanswered};
use tokio::sync::broadcast;

/// How long somebody waits for an answer, and for a lost connection to come back.
const PATIENCE: Duration = Duration::from_secs(4);
const RECONNECTION: Duration = Duration::from_secs(2);

/// The servers of a class. They end with this.
pub struct Servers {
    nodes: Vec<Node>,
    folder: PathBuf,
}

/// One of them.
struct Node {
    port: u16,
    websocket: u16,
    cluster: u16,
    running: Option<Child>,
}

impl Servers {
    /// Starts as many servers as that. `name` keeps tests apart.
    pub async fn start(name: &str, nodes: usize) -> Self {
        let folder = env::temp_dir().join(format!("leftfold-class-{}-{name}", std::process::id()));
        _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let node = |_| Node {
            port: free_port(),
            websocket: free_port(),
            cluster: free_port(),
            running: None,
        };
        let mut servers = Self { nodes: (0..nodes).map(node).collect(), folder };
        for node in 0..nodes {
            servers.start_node(node);
        }
        servers.wait().await;
        servers
    }

    /// Starts a server that does not run.
    pub fn start_node(&mut self, number: usize) {
        let program = env::var("NATS_SERVER").unwrap_or_else(|_| "nats-server".to_owned());
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(program);
        let Node { port, websocket, cluster, .. } = self.nodes[number];
        let data = self.folder.join(number.to_string());
        command.arg("-c").arg(root.join("class/nats-server.conf"));
        command
            .env("CLASS_NODE", format!("node-{}", number + 1))
            .env("CLASS_HOST", "127.0.0.1")
            .env("CLASS_PORT", port.to_string())
            .env("CLASS_WEBSOCKET_PORT", websocket.to_string())
            .env("CLASS_DATA", &data);
        for role in ["keep", "lead", "act", "watch"] {
            command.env(format!("CLASS_{}", role.to_uppercase()), format!("{role}-test"));
        }
        if self.nodes.len() > 1 {
            let routes: Vec<String> =
                self.nodes.iter().map(|it| format!("nats://127.0.0.1:{}", it.cluster)).collect();
            command.args(["--cluster_name", "class", "--cluster"]);
            command.arg(format!("nats://127.0.0.1:{cluster}"));
            command.arg("--routes").arg(routes.join(","));
        }
        let log = self.folder.join(format!("{number}.log"));
        let log = fs::File::options().create(true).append(true).open(log).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.nodes[number].running = Some(command.spawn().unwrap());
    }

    /// Kills a server: it writes nothing more.
    pub fn kill(&mut self, number: usize) {
        if let Some(mut running) = self.nodes[number].running.take() {
            running.kill().unwrap();
            running.wait().unwrap();
        }
    }

    /// Waits until the servers keep logs.
    pub async fn wait(&self) {
        let connection = self.connect("keep").await;
        let three = self.nodes.len() > 1;
        for _ in 0..100 {
            let ready = NatsStore::open(connection.clone(), Role::Keep, self.replicas()).await;
            match ready {
                Ok(_) => return,
                Err(_) if three => tokio::time::sleep(Duration::from_millis(200)).await,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        panic!("the servers do not start: see {}", self.folder.display());
    }

    /// How many servers keep each stream.
    pub fn replicas(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap()
    }

    /// The addresses of the servers, for connections outside of a browser.
    pub fn ports(&self) -> Vec<u16> {
        self.nodes.iter().map(|it| it.port).collect()
    }

    /// The same for browsers.
    pub fn websockets(&self) -> Vec<u16> {
        self.nodes.iter().map(|it| it.websocket).collect()
    }

    /// A connection in a role.
    pub async fn connect(&self, role: &str) -> AnyTransport {
        connect_to(&self.ports(), role).await
    }

    /// A store in a role.
    pub async fn store(&self, role: Role) -> NatsStore {
        let connection = self.connect(role.name()).await;
        NatsStore::open(connection, role, self.replicas()).await.unwrap()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            if let Some(mut running) = node.running.take() {
                _ = running.kill();
                _ = running.wait();
            }
        }
        if !std::thread::panicking() {
            _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// A port that is free now. Others may take it, but rarely do.
pub fn free_port() -> u16 {
    // Ports that the system gives to connections are left alone, and those of the servers that tests
    // in a browser look for.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let offset = std::process::id() * 37 + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 15_000 + u16::try_from(offset % 15_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Connects to one of these ports.
pub async fn connect_to(ports: &[u16], role: &str) -> AnyTransport {
    let (changes, _) = broadcast::channel(16);
    let tell = changes.clone();
    let servers: Vec<async_nats::ServerAddr> =
        ports.iter().map(|port| format!("nats://127.0.0.1:{port}").parse().unwrap()).collect();
    let options = ConnectOptions::with_user_and_password(role.to_owned(), format!("{role}-test"))
        .retry_on_initial_connect()
        .request_timeout(Some(PATIENCE))
        .connection_timeout(Duration::from_secs(2))
        .ignore_discovered_servers()
        .reconnect_delay_callback(|tries| Duration::from_millis(if tries < 3 { 10 } else { 100 }))
        .event_callback(move |event| {
            let tell = tell.clone();
            async move {
                if matches!(event, Event::Connected | Event::Disconnected) {
                    // Nobody may listen.
                    _ = tell.send(event == Event::Connected);
                }
            }
        });
    let client = options.connect(servers).await.unwrap();
    for _ in 0..500 {
        if client.connection_state() == State::Connected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Rc::new(Native { client, changes, bytes: Cell::new(0) })
}

/// NATS's own client.
struct Native {
    client: Client,
    /// Tells whether there is a connection, whenever that changes.
    changes: broadcast::Sender<bool>,
    bytes: Cell<u64>,
}

fn headers_of(pairs: &[(&str, String)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.insert(*name, value.as_str());
    }
    headers
}

fn message(it: &async_nats::Message) -> Message {
    let header = |name| it.headers.as_ref().and_then(|it| it.get(name)).map(ToString::to_string);
    Message {
        subject: header("Nats-Subject").unwrap_or_else(|| it.subject.to_string()),
        sequence: header("Nats-Sequence").and_then(|it| it.parse().ok()).unwrap_or_default(),
        status: it.status.map_or(0, |it| it.as_u16()),
        payload: it.payload.to_vec(),
    }
}

impl Native {
    fn connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Waits a moment for a connection that was lost.
    async fn reconnected(&self) -> Result<(), Unanswered> {
        let mut changes = self.changes.subscribe();
        let again = async { while !self.connected() && changes.recv().await.is_ok() {} };
        _ = tokio::time::timeout(RECONNECTION, again).await;
        if self.connected() { Ok(()) } else { Err(Unanswered::NotSent) }
    }

    /// Waits for an answer as long as the connection lasts.
    async fn unless_cut<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        let mut changes = self.changes.subscribe();
        let cut = async { while changes.recv().await != Ok(false) {} };
        tokio::select! {
            answer = answer => Some(answer),
            () = cut => None,
        }
    }

    async fn answers(&self, subject: &str, payload: &[u8]) -> Option<Vec<Message>> {
        let inbox = self.client.new_inbox();
        let mut answers = self.client.subscribe(inbox.clone()).await.ok()?;
        let payload = payload.to_vec().into();
        self.client.publish_with_reply(subject.to_owned(), inbox, payload).await.ok()?;
        let mut all = Vec::new();
        loop {
            let next = tokio::time::timeout(PATIENCE, answers.next()).await.ok()??;
            self.bytes.set(self.bytes.get() + next.length as u64);
            let next = message(&next);
            if next.status != 0 {
                return Some(all);
            }
            all.push(next);
        }
    }
}

impl Transport for Native {
    fn request<'a>(
        &'a self,
        subject: &'a str,
        headers: &'a [(&'a str, String)],
        payload: &'a [u8],
    ) -> LocalBoxFuture<'a, Result<Message, Unanswered>> {
        Box::pin(async move {
            self.reconnected().await?;
            let mut request = Request::new().payload(payload.to_vec().into());
            if !headers.is_empty() {
                request = request.headers(headers_of(headers));
            }
            let answer = self.client.send_request(subject.to_owned(), request);
            match self.unless_cut(answer).await.ok_or(Unanswered::Lost)? {
                Ok(answer) => Ok(message(&answer)),
                Err(fault) if fault.kind() == async_nats::RequestErrorKind::NoResponders => {
                    Err(Unanswered::Nobody)
                }
                Err(_) => Err(Unanswered::Lost),
            }
        })
    }

    fn request_all<'a>(
        &'a self,
        subject: &'a str,
        payload: &'a [u8],
    ) -> LocalBoxFuture<'a, Result<Vec<Message>, Unanswered>> {
        Box::pin(async move {
            self.reconnected().await?;
            let answers = self.unless_cut(self.answers(subject, payload)).await;
            answers.flatten().ok_or(Unanswered::Lost)
        })
    }

    fn publish(&self, subject: &str, payload: &[u8]) {
        let (client, subject) = (self.client.clone(), subject.to_owned());
        let payload = payload.to_vec().into();
        // It may get lost, as it does once the test is over.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { client.publish(subject, payload).await });
        }
    }

    fn subscribe(&self, subject: &str) -> LocalBoxStream<'static, Message> {
        let (client, subject) = (self.client.clone(), subject.to_owned());
        let changes = self.changes.subscribe();
        let again = futures::stream::unfold(changes, async |mut changes| {
            while !changes.recv().await.ok()? {}
            Some((Message::default(), changes))
        });
        let heard = async move { client.subscribe(subject).await.ok() };
        let heard =
            futures::stream::once(heard).filter_map(async |it| it).flatten().map(|it| message(&it));
        futures::stream::select(heard, again).boxed_local()
    }
}
