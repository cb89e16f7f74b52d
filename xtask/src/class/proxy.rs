//! Passes the page's websockets on to the servers of the class, so that all of it has one address.
//!
//! It looks at who asks and never at what is said: once a server has agreed, bytes go through as they
//! are. With several servers it asks one after the other, so that whoever loses one finds the next.

use std::{
    collections::HashMap,
    future::Future,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use futures::future::{Either, select};
use hyper::{
    body::Incoming,
    client::conn::http1,
    upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, split},
    net::TcpStream,
    time::{sleep, timeout},
};

/// Where the page looks for the class.
pub const PATH: &str = "/nats";

/// How many connections there may be at a time.
#[derive(Clone, Copy)]
pub struct Limits {
    pub in_all: usize,
    pub of_one_address: usize,
}

/// Thirty people with some tabs each, and a whole class behind one address of a router.
pub const LIMITS: Limits = Limits { in_all: 400, of_one_address: 60 };

/// A server that has not answered by then is passed over.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many bytes a browser may send at once: more than an archive that a class's log takes.
const AT_ONCE: u64 = 32 << 20;
/// How many bytes a second it may send once it has sent those.
const A_SECOND: u64 = 512 << 10;
/// How many bytes are passed on at a time.
const PIECE: usize = 16 << 10;
/// How long the last words of one side may take, once the other side has ended.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What a server is told of a browser's request. It asks nothing else about.
const PASSED_ON: [HeaderName; 8] = [
    header::CONNECTION,
    header::HOST,
    header::ORIGIN,
    header::SEC_WEBSOCKET_EXTENSIONS,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_VERSION,
    header::UPGRADE,
];

/// What a browser is told of a server's answer.
const PASSED_BACK: [HeaderName; 5] = [
    header::CONNECTION,
    header::SEC_WEBSOCKET_ACCEPT,
    header::SEC_WEBSOCKET_EXTENSIONS,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::UPGRADE,
];

struct Proxy {
    /// The ports of the servers' websockets.
    servers: Vec<u16>,
    /// The server to ask next.
    next: AtomicUsize,
    places: Arc<Places>,
}

/// The address of the websocket, before the servers whose websockets have these ports.
pub fn routes(servers: Vec<u16>, limits: Limits) -> Router {
    let places = Arc::new(Places { limits, taken: Mutex::default() });
    let proxy = Proxy { servers, next: AtomicUsize::new(0), places };
    Router::new().route(PATH, any(pass_on)).with_state(Arc::new(proxy))
}

async fn pass_on(
    State(proxy): State<Arc<Proxy>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    let asks = request.method() == Method::GET && asks_for_websocket(request.headers());
    let Some(browser) = request.extensions_mut().remove::<OnUpgrade>().filter(|_| asks) else {
        let wanted = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "websocket")];
        return (wanted, told(StatusCode::UPGRADE_REQUIRED, NO_WEBSOCKET)).into_response();
    };
    if !is_of_same_origin(request.headers()) {
        return told(StatusCode::FORBIDDEN, OTHER_ORIGIN);
    }
    let place = match Places::take(&proxy.places, client.ip()) {
        Ok(place) => place,
        Err(sentence) => return told(StatusCode::TOO_MANY_REQUESTS, sentence),
    };
    let Some(mut answer) = proxy.ask_in_turn(request.headers(), client.ip()).await else {
        return told(StatusCode::SERVICE_UNAVAILABLE, NO_SERVER);
    };
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return told(answer.status(), REFUSED);
    }
    let server = hyper::upgrade::on(&mut answer);
    tokio::spawn(async move {
        // The browser may have gone before it read the answer.
        if let (Ok(browser), Ok(server)) = (browser.await, server.await) {
            carry(browser, server).await;
        }
        drop(place);
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    copy_headers(&PASSED_BACK, answer.headers(), response.headers_mut());
    response
}

const NO_WEBSOCKET: &str = "The class is reached by a websocket; the page opens one.";
const OTHER_ORIGIN: &str = "Only the page at this very address may open a websocket here.";
const NO_SERVER: &str = "No server of the class answers.";
const REFUSED: &str = "The server of the class does not take this websocket.";
const FULL: &str = "The class is full: too many connections are open.";
const TOO_MANY_OF_ONE: &str = "Too many connections are open from your address.";

/// An answer in one sentence.
pub fn told(status: StatusCode, sentence: impl Into<String>) -> Response {
    let mut sentence = sentence.into();
    sentence.push('\n');
    (status, sentence).into_response()
}

impl Proxy {
    /// The answer of the first server that gives one. Each request begins with another server.
    async fn ask_in_turn(&self, headers: &HeaderMap, client: IpAddr) -> Option<Response<Incoming>> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for turn in 0..self.servers.len() {
            let port = self.servers[first.wrapping_add(turn) % self.servers.len()];
            let asked = async { ask(port, forwarded(headers, client)?).await };
            if let Ok(Some(answer)) = timeout(PATIENCE, asked).await {
                return Some(answer);
            }
        }
        None
    }
}

/// Sends a request to a server on this machine. The connection stays open for the websocket.
async fn ask(port: u16, request: Request) -> Option<Response<Incoming>> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
    // Small messages must not wait for larger ones.
    server.set_nodelay(true).ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(server)).await.ok()?;
    tokio::spawn(connection.with_upgrades());
    sender.send_request(request).await.ok()
}

fn forwarded(headers: &HeaderMap, client: IpAddr) -> Option<Request> {
    // The path is ours. With some paths the server speaks other protocols.
    let mut request = Request::get("/").body(Body::empty()).ok()?;
    copy_headers(&PASSED_ON, headers, request.headers_mut());
    // The server writes it into its log when somebody has a wrong password.
    let client = HeaderValue::from_str(&client.to_string()).ok()?;
    request.headers_mut().insert("x-forwarded-for", client);
    Some(request)
}

fn copy_headers(names: &[HeaderName], from: &HeaderMap, to: &mut HeaderMap) {
    for name in names {
        for value in from.get_all(name) {
            to.append(name, value.clone());
        }
    }
}

fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let has = |name: HeaderName, wanted: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|it| it.to_str().ok());
        values.flat_map(|it| it.split(',')).any(|it| it.trim().eq_ignore_ascii_case(wanted))
    };
    has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

/// Whether the page that asks comes from here. Browsers send where a page comes from, and let no page
/// change it.
fn is_of_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|it| it.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else {
        return false;
    };
    origin.split_once("://").is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host))
}

/// Carries bytes both ways until one side has ended, and the last words of the other side.
async fn carry(browser: Upgraded, server: Upgraded) {
    let (from_browser, to_browser) = split(TokioIo::new(browser));
    let (from_server, to_server) = split(TokioIo::new(server));
    let there = pin!(braked(from_browser, to_server));
    let back = pin!(one_way(from_server, to_browser));
    match select(there, back).await {
        Either::Left(((), back)) => end_soon(back).await,
        Either::Right(((), there)) => end_soon(there).await,
    }
}

async fn one_way(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    // An error is an end, too: somebody has closed a tab, or killed a server.
    let _ = copy(&mut from, &mut to).await;
    let _ = to.shutdown().await;
}

/// As [`one_way`], no faster than a brake allows. Whoever floods a class slows down only themselves.
async fn braked(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let (mut brake, mut piece) = (Brake::new(Instant::now()), vec![0; PIECE]);
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        sleep(brake.wait(length as u64, Instant::now())).await;
        if to.write_all(&piece[..length]).await.is_err() || to.flush().await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

/// How much a browser may still send without a wait.
struct Brake {
    left: u64,
    since: Instant,
}

impl Brake {
    fn new(now: Instant) -> Self {
        Self { left: AT_ONCE, since: now }
    }

    /// How long so many bytes have to wait.
    fn wait(&mut self, bytes: u64, now: Instant) -> Duration {
        let gone = now.saturating_duration_since(self.since);
        let gained = u64::try_from(gone.as_millis()).unwrap_or(u64::MAX) / 1_000 * A_SECOND
            + u64::from(gone.subsec_millis()) * A_SECOND / 1_000;
        self.left = self.left.saturating_add(gained).min(AT_ONCE);
        self.since = now;
        let missing = bytes.saturating_sub(self.left);
        self.left = self.left.saturating_sub(bytes);
        Duration::from_millis(missing * 1_000 / A_SECOND)
    }
}

async fn end_soon(other: impl Future<Output = ()>) {
    let _ = timeout(LAST_WORDS, other).await;
}

/// Counts the connections.
struct Places {
    limits: Limits,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

impl Places {
    /// Takes a place for a client, or says why there is none.
    fn take(places: &Arc<Self>, client: IpAddr) -> Result<Place, &'static str> {
        let mut taken = places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.values().sum::<usize>() >= places.limits.in_all {
            return Err(FULL);
        }
        let of_this_one = taken.entry(client).or_default();
        if *of_this_one >= places.limits.of_one_address {
            return Err(TOO_MANY_OF_ONE);
        }
        *of_this_one += 1;
        Ok(Place { places: places.clone(), client })
    }
}

/// A place that is free again once this is dropped.
struct Place {
    places: Arc<Places>,
    client: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    const ONE: Limits = Limits { in_all: 10, of_one_address: 1 };

    #[test]
    fn whoever_floods_a_class_waits_and_has_let_go_after_a_while() {
        let start = Instant::now();
        let mut brake = Brake::new(start);
        assert_eq!(brake.wait(AT_ONCE, start), Duration::ZERO);
        // All of it is used up.
        assert_eq!(brake.wait(A_SECOND / 2, start), Duration::from_millis(500));
        let later = start + Duration::from_secs(2);
        assert_eq!(brake.wait(A_SECOND, later), Duration::ZERO);
        assert_eq!(brake.wait(2 * A_SECOND, later), Duration::from_secs(1));
        let much_later = later + Duration::from_secs(3_600);
        assert_eq!(brake.wait(AT_ONCE, much_later), Duration::ZERO);
        assert_eq!(brake.wait(A_SECOND, much_later), Duration::from_secs(1));
    }

    fn wait<T>(answer: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(answer)
    }

    /// The head of a request or an answer.
    async fn head(connection: &mut TcpStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    /// Stands for a server: agrees, greets at once, and then says what it hears. Gives its port.
    async fn echo(greeting: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let asked = head(&mut connection).await.to_lowercase();
                    assert!(asked.starts_with("get / http/1.1\r\n"), "{asked}");
                    assert!(asked.contains("\r\nsec-websocket-key: key\r\n"), "{asked}");
                    assert!(asked.contains("\r\nx-forwarded-for: 127.0.0.1\r\n"), "{asked}");
                    assert!(!asked.contains("cookie"), "{asked}");
                    let agreed = format!(
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                         Connection: Upgrade\r\nSec-WebSocket-Accept: yes\r\n\r\n{greeting}"
                    );
                    connection.write_all(agreed.as_bytes()).await.unwrap();
                    let (mut from, mut to) = connection.split();
                    copy(&mut from, &mut to).await.unwrap();
                });
            }
        });
        port
    }

    /// A port at which nobody listens.
    async fn nobody() -> u16 {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
    }

    async fn served(servers: Vec<u16>, limits: Limits) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let site = routes(servers, limits).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async { axum::serve(listener, site).await });
        port
    }

    /// Asks for a websocket, and gives the connection with the head of the answer.
    async fn asked(port: u16, origin: Option<&str>) -> (TcpStream, String) {
        let mut connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let origin = origin.map_or_else(String::new, |it| format!("Origin: {it}\r\n"));
        let request = format!(
            "GET /nats HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: keep-alive, Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Key: key\r\nSec-WebSocket-Version: 13\r\n\
             Cookie: secret\r\n{origin}\r\n"
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        let answer = head(&mut connection).await;
        (connection, answer)
    }

    async fn asked_here(port: u16) -> (TcpStream, String) {
        asked(port, Some(&format!("http://localhost:{port}"))).await
    }

    async fn hears(connection: &mut TcpStream, words: &str) {
        let mut heard = vec![0; words.len()];
        connection.read_exact(&mut heard).await.unwrap();
        assert_eq!(String::from_utf8(heard).unwrap(), words);
    }

    #[test]
    fn bytes_go_both_ways_once_a_server_has_agreed() {
        wait(async {
            let port = served(vec![echo("INFO").await], LIMITS).await;
            let (mut connection, answer) = asked_here(port).await;
            assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
            assert!(answer.contains("sec-websocket-accept: yes\r\n"), "{answer}");
            hears(&mut connection, "INFO").await;
            for words in ["\u{0}one", "two"] {
                connection.write_all(words.as_bytes()).await.unwrap();
                hears(&mut connection, words).await;
            }
            connection.shutdown().await.unwrap();
            assert_eq!(connection.read(&mut [0]).await.unwrap(), 0);
        });
    }

    #[test]
    fn a_page_from_elsewhere_gets_no_websocket() {
        wait(async {
            let port = served(vec![echo("").await], LIMITS).await;
            for origin in [
                None,
                Some("null"),
                Some("http://elsewhere.example"),
                Some("http://localhost"),
                Some("http://localhost:1"),
            ] {
                let (_, answer) = asked(port, origin).await;
                assert!(answer.starts_with("HTTP/1.1 403 "), "{origin:?}: {answer}");
            }
        });
    }

    #[test]
    fn what_asks_for_no_websocket_is_told_so() {
        wait(async {
            let port = served(vec![echo("").await], LIMITS).await;
            let mut connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let request = b"GET /nats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
            connection.write_all(request).await.unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
            assert!(answer.contains(NO_WEBSOCKET), "{answer}");
        });
    }

    #[test]
    fn there_may_be_so_many_connections_and_no_more() {
        let two = Limits { in_all: 2, of_one_address: 10 };
        for (limits, of_these) in [(ONE, 1), (two, 2)] {
            wait(async {
                let port = served(vec![echo("").await], limits).await;
                let mut open = Vec::new();
                for _ in 0..of_these {
                    let (connection, answer) = asked_here(port).await;
                    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
                    open.push(connection);
                }
                let (_, answer) = asked_here(port).await;
                assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
                open.pop();
                // The place is free a moment later.
                for again in 0.. {
                    let (_, answer) = asked_here(port).await;
                    if answer.starts_with("HTTP/1.1 101 ") {
                        break;
                    }
                    assert!(again < 100, "{answer}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        }
    }

    #[test]
    fn a_dead_server_is_passed_over_and_servers_take_turns() {
        wait(async {
            let servers = vec![echo("A").await, nobody().await, echo("C").await];
            let port = served(servers, LIMITS).await;
            for greeting in ["A", "C", "C", "A", "C", "C"] {
                let (mut connection, _) = asked_here(port).await;
                hears(&mut connection, greeting).await;
            }
        });
    }

    #[test]
    fn without_any_server_that_is_said() {
        wait(async {
            let port = served(vec![nobody().await, nobody().await], ONE).await;
            for _ in 0..3 {
                let (_, answer) = asked_here(port).await;
                assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
            }
        });
    }
}
