//! What the page and other commands may ask about the servers of a class, and what the teacher may do
//! with them: kill one, and start it again.
//!
//! It tells nobody a password, and does nothing for anybody but the teacher.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::class::{
    kept,
    nodes::{Nodes, Task},
    proxy::told,
};

/// Where the page asks whether it belongs to a class.
const ABOUT: &str = "/-/class";
const KILL: &str = "/-/class/kill";
const START: &str = "/-/class/start";

/// Killing and starting take turns, with a pause. Otherwise somebody who holds a key down would keep
/// the servers from finding each other.
const PAUSE: Duration = Duration::from_secs(1);

struct Control {
    nodes: Arc<Nodes>,
    /// The teacher's password.
    lead: String,
    version: String,
    last: Mutex<Option<Instant>>,
}

/// The addresses that tell about the servers and switch them.
pub fn routes(nodes: Arc<Nodes>, lead: String, version: String) -> Router {
    let control = Control { nodes, lead, version, last: Mutex::default() };
    Router::new()
        .route(ABOUT, get(about))
        .route(KILL, post(kill))
        .route(START, post(start))
        .with_state(Arc::new(control))
}

async fn about(State(control): State<Arc<Control>>) -> Response {
    control.about()
}

async fn kill(State(control): State<Arc<Control>>, headers: HeaderMap, uri: Uri) -> Response {
    let number = match control.allowed(&headers, &uri) {
        Ok(number) => number,
        Err(refusal) => return refusal.into_response(),
    };
    match control.nodes.kill(number) {
        Ok(true) => {
            println!("==> server {number} is killed");
            control.about()
        }
        Ok(false) => told(StatusCode::CONFLICT, format!("Server {number} is dead already.")),
        Err(error) => told(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")),
    }
}

async fn start(State(control): State<Arc<Control>>, headers: HeaderMap, uri: Uri) -> Response {
    let number = match control.allowed(&headers, &uri) {
        Ok(number) => number,
        Err(refusal) => return refusal.into_response(),
    };
    let started = match control.nodes.start(number) {
        Ok(true) => control.nodes.wait(number, Task::Websockets).await,
        Ok(false) => {
            return told(StatusCode::CONFLICT, format!("Server {number} runs already."));
        }
        Err(error) => Err(error),
    };
    match started {
        Ok(()) => {
            println!("==> server {number} runs again");
            control.about()
        }
        Err(error) => told(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")),
    }
}

/// Why something is not done: the status and the sentence.
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        told(self.0, self.1)
    }
}

impl Control {
    fn about(&self) -> Response {
        let about = json!({
            "nodes": self.nodes.count(),
            "alive": self.nodes.alive(),
            "server": self.version,
        });
        ([(header::CONTENT_TYPE, "application/json")], about.to_string()).into_response()
    }

    /// The number of the server that is to be switched, if the teacher asks, and not too often.
    fn allowed(&self, headers: &HeaderMap, uri: &Uri) -> Result<usize, Refusal> {
        let header = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
        let token = header.and_then(|it| it.strip_prefix("Bearer ")).unwrap_or_default();
        if !is_same(token, &self.lead) {
            let sentence = "Only whoever leads the class kills and starts servers.";
            return Err(Refusal(StatusCode::UNAUTHORIZED, sentence.to_owned()));
        }
        let number = uri.query().and_then(|it| it.strip_prefix("node=")?.parse().ok());
        let count = self.nodes.count();
        let Some(number) = number.filter(|it| (1..=count).contains(it)) else {
            let sentence = format!("Say which server, as in `?node=1`; there are {count}.");
            return Err(Refusal(StatusCode::BAD_REQUEST, sentence));
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|it| it.elapsed() < PAUSE) {
            let sentence = "A server was switched less than a second ago: wait a moment.";
            return Err(Refusal(StatusCode::TOO_MANY_REQUESTS, sentence.to_owned()));
        }
        *last = Some(Instant::now());
        Ok(number)
    }
}

/// Whether two passwords are the same. The hashes are compared, so that the time this takes tells
/// nothing about the passwords.
fn is_same(given: &str, wanted: &str) -> bool {
    Sha256::digest(given) == Sha256::digest(wanted)
}

/// Kills or starts a server of the class that runs from a folder, and says what came of it.
pub fn switch(folder: &Path, number: usize, on: bool) -> Result<()> {
    let (port, lead) = kept::running(folder)?;
    let path = if on { START } else { KILL };
    // The note of a command that was killed names a port at which nobody answers.
    let (status, body) = post_to(port, &format!("{path}?node={number}"), &lead)
        .with_context(|| kept::not_running(folder))?;
    if status != "200" {
        bail!("{}", body.trim());
    }
    let about: Value = serde_json::from_str(&body).context("the class gave no clear answer")?;
    let alive = about["alive"].as_array().map(Vec::as_slice).unwrap_or_default();
    let alive: Vec<String> = (1..)
        .zip(alive)
        .filter(|(_, alive)| **alive == Value::Bool(true))
        .map(|(number, _)| number.to_string())
        .collect();
    let what = if on { "runs again" } else { "is killed" };
    let rest = if alive.is_empty() { "none".to_owned() } else { alive.join(", ") };
    println!("Server {number} {what}. Alive: {rest}.");
    Ok(())
}

/// The status and the body of the answer to an empty POST request with a password.
fn post_to(port: u16, path: &str, token: &str) -> Result<(String, String)> {
    // A server that starts takes some seconds at most.
    const PATIENCE: Duration = Duration::from_secs(30);
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    connection.set_read_timeout(Some(PATIENCE))?;
    write!(
        connection,
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n\
         content-length: 0\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer is cut off")?;
    let status = head.split(' ').nth(1).context("the answer is no HTTP")?;
    Ok((status.to_owned(), body.to_owned()))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs;

    use axum::{
        body::{Body, to_bytes},
        http::Request,
    };
    use tower::ServiceExt;

    use super::*;
    use crate::class::nodes::tests::{SLEEPER, scripts};

    const LEAD: &str = "lead-abcdefghijkmnpqr";

    async fn ask(site: &Router, method: &str, path: &str, token: &str) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        let answer = site.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn wait<T>(answer: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(answer)
    }

    #[test]
    fn only_the_teacher_kills_a_server_and_at_most_one_a_second() {
        let (nodes, folder) = scripts("control", SLEEPER);
        for number in 1..=3 {
            nodes.start(number).unwrap();
        }
        let site = routes(Arc::new(nodes), LEAD.to_owned(), "2.15.1".to_owned());
        wait(async {
            let all = r#"{"alive":[true,true,true],"nodes":3,"server":"2.15.1"}"#;
            assert_eq!(ask(&site, "GET", ABOUT, "").await, (StatusCode::OK, all.to_owned()));
            let kill = format!("{KILL}?node=2");
            for token in ["", "act-abcdefgh", "lead-", &LEAD[..LEAD.len() - 1]] {
                assert_eq!(ask(&site, "POST", &kill, token).await.0, StatusCode::UNAUTHORIZED);
            }
            assert_eq!(ask(&site, "GET", &kill, LEAD).await.0, StatusCode::METHOD_NOT_ALLOWED);
            for query in ["", "?node=0", "?node=4", "?node=x"] {
                let path = format!("{KILL}{query}");
                assert_eq!(ask(&site, "POST", &path, LEAD).await.0, StatusCode::BAD_REQUEST);
            }
            assert_eq!(ask(&site, "GET", ABOUT, "").await.1, all);

            let (status, told) = ask(&site, "POST", &kill, LEAD).await;
            assert_eq!(status, StatusCode::OK, "{told}");
            assert!(told.contains("[true,false,true]"), "{told}");
            let (status, _) = ask(&site, "POST", &format!("{KILL}?node=3"), LEAD).await;
            assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
            tokio::time::sleep(PAUSE).await;
            let (status, told) = ask(&site, "POST", &kill, LEAD).await;
            assert_eq!((status, &*told), (StatusCode::CONFLICT, "Server 2 is dead already.\n"));
        });
        drop(site);
        fs::remove_dir_all(folder).unwrap();
    }
}
