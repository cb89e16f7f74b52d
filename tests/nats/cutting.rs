//! A line to a class's server that can be cut between any two messages of NATS, in either direction.

use std::cell::Cell;
use std::rc::Rc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::spawn_local;

/// A line. It goes on until the test's thread ends.
pub struct Line {
    /// The port that leads to the server.
    pub port: u16,
    shared: Rc<Shared>,
}

struct Shared {
    /// How many messages came past.
    passed: Cell<u64>,
    /// After this message the line is cut, once.
    cut_after: Cell<Option<u64>>,
    /// Each cut ends the connections that are open then.
    cuts: watch::Sender<u64>,
}

impl Line {
    /// A line to the server at a port.
    pub async fn to(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cuts, _) = watch::channel(0);
        let shared = Rc::new(Shared { passed: Cell::default(), cut_after: Cell::default(), cuts });
        let line = shared.clone();
        spawn_local(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                // Small messages must not wait for each other.
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let ((from, to), (back, out)) = (client.into_split(), server.into_split());
                spawn_local(line.clone().pass(from, out));
                spawn_local(line.clone().pass(back, to));
            }
        });
        Self { port, shared }
    }

    /// Cuts the line after so many more messages.
    pub fn cut_after(&self, messages: u64) {
        self.shared.cut_after.set(Some(self.shared.passed.get() + messages));
    }

    /// True where a cut is still to come.
    pub fn whole(&self) -> bool {
        self.shared.cut_after.get().is_some()
    }

    /// Cuts the line now.
    pub fn cut(&self) {
        self.shared.cuts.send_modify(|it| *it += 1);
    }
}

impl Shared {
    /// Passes messages on in one direction, until the line is cut.
    async fn pass(self: Rc<Self>, from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut cuts = self.cuts.subscribe();
        let mut from = BufReader::new(from);
        let passing = async {
            loop {
                let mut line = Vec::new();
                if from.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
                    return;
                }
                let words: Vec<&str> =
                    str::from_utf8(&line).unwrap_or_default().split_whitespace().collect();
                let verb = words.first().map(|it| it.to_uppercase()).unwrap_or_default();
                let content = ["PUB", "HPUB", "MSG", "HMSG"].contains(&&*verb);
                if content {
                    let size: usize = words.last().and_then(|it| it.parse().ok()).unwrap_or(0);
                    let mut payload = vec![0; size + 2];
                    if from.read_exact(&mut payload).await.is_err() {
                        return;
                    }
                    line.extend(payload);
                }
                if to.write_all(&line).await.is_err() {
                    return;
                }
                if content || ["SUB", "UNSUB"].contains(&&*verb) {
                    self.passed.set(self.passed.get() + 1);
                    if self.cut_after.get() == Some(self.passed.get()) {
                        self.cut_after.set(None);
                        // What was passed on arrives before the line is cut.
                        _ = to.flush().await;
                        self.cuts.send_modify(|it| *it += 1);
                    }
                }
            }
        };
        tokio::select! {
            () = passing => {}
            _ = cuts.changed() => {}
        }
        _ = to.shutdown().await;
    }
}
