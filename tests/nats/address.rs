//! One address for the page and for a class's servers, as a class has it.

#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::page::site::listen_anew;

/// Where browsers find both.
pub struct Address {
    /// Its beginning, as in `http://127.0.0.1:8080`.
    pub text: String,
    cuts: watch::Sender<u64>,
}

impl Address {
    /// Passes what is for the class's servers on to the first that answers, and everything else to
    /// the page's site.
    pub async fn of(host: IpAddr, site: SocketAddr, servers: Vec<u16>) -> Self {
        let listener = listen_anew(host).await;
        let text = format!("http://{}", listener.local_addr().unwrap());
        let (cuts, cut) = watch::channel(0);
        tokio::spawn(async move {
            let mut turn = 0;
            while let Ok((browser, _)) = listener.accept().await {
                // Whoever comes back comes to another server.
                turn += 1;
                let mut servers = servers.clone();
                let count = servers.len();
                servers.rotate_left(turn % count);
                tokio::spawn(pass(browser, site, servers, cut.clone()));
            }
        });
        Self { text, cuts }
    }

    /// Cuts all lines to the class's servers.
    pub fn cut(&self) {
        self.cuts.send_modify(|it| *it += 1);
    }
}

async fn pass(
    mut browser: TcpStream,
    site: SocketAddr,
    servers: Vec<u16>,
    mut cut: watch::Receiver<u64>,
) {
    let mut begin = [0; 9];
    if browser.read_exact(&mut begin).await.is_err() {
        return;
    }
    let to_servers = &begin == b"GET /nats";
    let mut to = None;
    if to_servers {
        for port in servers {
            if let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await {
                to = Some(server);
                break;
            }
        }
    } else {
        to = TcpStream::connect(site).await.ok();
    }
    let Some(mut to) = to else { return };
    for line in [&browser, &to] {
        // Small messages must not wait for each other.
        line.set_nodelay(true).unwrap();
    }
    if to.write_all(&begin).await.is_err() {
        return;
    }
    cut.mark_unchanged();
    let cut = async {
        if cut.changed().await.is_err() {
            // Nobody is there who could cut it.
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        // It ends when either side does.
        _ = copy_bidirectional(&mut browser, &mut to) => {}
        () = cut, if to_servers => {}
    }
}
