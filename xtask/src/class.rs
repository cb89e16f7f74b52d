//! `cargo xtask class`: the page for a class, all of whom write one log.
//!
//! The log is kept by nats-server, which answers on this machine only (`nodes`). The page comes from
//! here, as with `serve`, and so does the websocket to the log (`proxy`), so that everything has one
//! address (`address`). The passwords and the log are in one folder (`kept`). The page and the teacher
//! ask about the servers, and the teacher switches them (`control`).
//!
//! It knows nothing of events, and reads no message.

mod address;
mod control;
mod kept;
mod nodes;
mod proxy;

use std::{
    io::IsTerminal,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf, absolute},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use axum::{Router, serve::ListenerExt};

use crate::{
    USAGE,
    class::{
        address::Candidate,
        kept::{Kept, servers},
        nodes::Nodes,
    },
    nats, page, port_number, serve,
    setup::{self, Needs},
    shell::{Output, Shell, non_empty},
};

/// What somebody wants of a class.
pub enum Wish {
    Open(Options),
    /// Kill a server of a class that runs, or start it again.
    Switch {
        server: usize,
        on: bool,
        data: Option<PathBuf>,
    },
}

/// What somebody chooses when a class opens.
pub struct Options {
    port: u16,
    /// How many servers keep the log. `None` leaves it as it was, or is one.
    servers: Option<usize>,
    /// The folder of the class.
    data: Option<PathBuf>,
    /// This machine's name or address, where it is not found out.
    address: Option<String>,
}

impl Options {
    /// What other commands for this class have to say, as the end of a line.
    fn data_words(&self) -> String {
        match &self.data {
            None => String::new(),
            Some(folder) => format!(" --data \"{}\"", folder.display()),
        }
    }
}

/// Reads the words after `class`.
pub fn parse<'w>(words: &mut impl Iterator<Item = &'w str>) -> Result<Wish> {
    let mut words = words.peekable();
    if let Some(on) = words.next_if(|it| ["kill", "start"].contains(it)).map(|it| it == "start") {
        let server = words
            .next()
            .and_then(|number| number.parse().ok())
            .context("say which server, as in `cargo xtask class kill 2`")?;
        let mut data = None;
        while let Some(word) = words.next() {
            match word {
                "--data" => data = Some(folder(words.next())?),
                other => bail!("kill and start have no option `{other}`\n\n{USAGE}"),
            }
        }
        return Ok(Wish::Switch { server, on, data });
    }
    let mut options = Options { port: 8080, servers: None, data: None, address: None };
    while let Some(word) = words.next() {
        match word {
            "--port" => options.port = port_number(words.next())?,
            "--nodes" => {
                options.servers = Some(match words.next() {
                    Some("1") => 1,
                    Some("3") => 3,
                    _ => bail!(
                        "--nodes is 1 or 3: with three servers, the class goes on when one of them \
                         dies"
                    ),
                });
            }
            "--data" => options.data = Some(folder(words.next())?),
            "--address" => {
                options.address = Some(address::host(words.next().unwrap_or_default())?);
            }
            other => bail!("class has no option `{other}`\n\n{USAGE}"),
        }
    }
    Ok(Wish::Open(options))
}

fn folder(word: Option<&str>) -> Result<PathBuf> {
    let word = word.filter(|it| !it.is_empty() && !it.starts_with("--"));
    Ok(PathBuf::from(word.context("--data needs a folder, as in `--data ../class-of-may`")?))
}

pub fn run(shell: Shell, wish: Wish) -> Result<()> {
    match wish {
        Wish::Open(options) => open(shell, &options),
        Wish::Switch { server, on, data } => {
            control::switch(&data_folder(&shell, data.as_deref())?, server, on)
        }
    }
}

/// The folder of the class, from wherever somebody is.
fn data_folder(shell: &Shell, chosen: Option<&Path>) -> Result<PathBuf> {
    match chosen {
        None => Ok(shell.root.join("class-data")),
        Some(folder) => absolute(folder).context("--data names no folder"),
    }
}

fn open(shell: Shell, options: &Options) -> Result<()> {
    // What may be wrong comes before the build, so that it shows at once.
    let listener = serve::listen(Ipv4Addr::UNSPECIFIED, options.port, "class")?;
    let port = listener.local_addr()?.port();
    let kept = Kept::open(&data_folder(&shell, options.data.as_deref())?, options.servers)?;
    let server = nats::ensure(&shell)?;
    let version = nats::version(&shell, &server).context("nats-server has vanished")?.to_string();
    let shell = setup::prepare(shell, Needs::PAGE)?.shell;
    page::build(&shell, &Output::Terminal)?;

    let nodes = Arc::new(Nodes::new(&shell, &server, &kept)?);
    let site = serve::with_headers(
        serve::compressed(&page::dist(&shell))
            .merge(proxy::routes(nodes.websockets(), proxy::LIMITS))
            .merge(control::routes(nodes.clone(), kept.tokens.lead.clone(), version.clone())),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the server cannot be started")?;
    runtime.block_on(async {
        // Before the first wait: from here on, Ctrl+C stops everything in order.
        let stopped = stopped()?;
        let held = async {
            println!("\n==> starting {} of nats-server {version}", servers(kept.nodes));
            nodes.start_all().await?;
            let _announced = kept.announce(port)?;
            println!("{}", invitation(&kept, options, port)?);
            let data = options.data_words();
            tokio::select! {
                result = host(listener, site) => result,
                never = watch(&nodes, &data) => never,
            }
        };
        tokio::select! {
            result = held => result,
            () = stopped => Ok(()),
        }
    })?;
    println!("\n==> the class stops, and writes everything");
    nodes.stop_all();
    println!(
        "    It is kept in {}. `cargo xtask class{}` goes on with it.",
        kept.folder.display(),
        options.data_words()
    );
    Ok(())
}

async fn host(listener: TcpListener, site: Router) -> Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?.tap_io(|connection| {
        // Small messages must not wait for larger ones. Without this they are late, not lost.
        let _ = connection.set_nodelay(true);
    });
    let site = site.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, site).await.context("the page cannot be served any more")
}

/// Says when a server has ended although nobody asked it to.
async fn watch(nodes: &Nodes, data: &str) -> Result<()> {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        for number in nodes.fallen() {
            println!(
                "\n==> server {number} has ended by itself; its last words:\n{}\n    \
                 `cargo xtask class start {number}{data}` starts it again.",
                nodes.words(number)
            );
        }
    }
}

/// Comes true when somebody presses Ctrl+C, closes the terminal or ends this program otherwise.
#[cfg(unix)]
fn stopped() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let told = "Ctrl+C cannot be listened to";
    let mut interrupt = signal(SignalKind::interrupt()).context(told)?;
    let mut terminate = signal(SignalKind::terminate()).context(told)?;
    let mut hang_up = signal(SignalKind::hangup()).context(told)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
            _ = hang_up.recv() => (),
        }
    })
}

#[cfg(not(unix))]
fn stopped() -> Result<impl Future<Output = ()>> {
    Ok(async {
        // Where Ctrl+C cannot be listened to, it ends this program at once.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// What the teacher reads once the class is open.
fn invitation(kept: &Kept, options: &Options, port: u16) -> Result<String> {
    let candidates = address::candidates();
    let found = candidates.first().map(|it| it.ip.to_string());
    let host = options.address.clone().or(found);
    let alone = host.is_none();
    let host = host.unwrap_or_else(|| Ipv4Addr::LOCALHOST.to_string());
    let others: Vec<&Candidate> =
        candidates.iter().filter(|it| it.ip.to_string() != host).collect();
    let in_colour = std::io::stdout().is_terminal() && non_empty("NO_COLOR").is_none();
    let join = |token: &str| address::join(&host, port, token);
    let act = join(&kept.tokens.act);

    let mut lines = vec![
        String::new(),
        "==> the class is open (Ctrl+C stops it and keeps it)".to_owned(),
        String::new(),
        format!("    to take part   {act}"),
        format!("    to look on     {}", join(&kept.tokens.watch)),
        format!("    to lead        {}", join(&kept.tokens.lead)),
        "                   (open this one first, and keep it to yourself)".to_owned(),
        String::new(),
        address::qr(&act, in_colour)?,
        String::new(),
    ];
    if alone {
        lines.push(
            "    This machine is in no network, so nobody else finds the class. Join one and start \
             the class again."
                .to_owned(),
        );
    } else {
        lines.push(format!(
            "    Does nobody get through? Let port {port} through this machine's firewall."
        ));
    }
    if !others.is_empty() {
        let named: Vec<String> =
            others.iter().map(|it| format!("{} ({})", it.ip, it.device)).collect();
        lines.push(format!(
            "    This machine has other addresses, too: {}.\n    \
             To invite to another one: `--address {}`.",
            named.join(", "),
            others[0].ip
        ));
    }
    let folder = kept.folder.display();
    lines.push(format!(
        "\n    {} the log, in {folder}. The addresses stay the same.\n    \
         To take the class along, stop it, copy that folder, and start with `--data FOLDER`.\n    \
         To end it for good, delete that folder.",
        if kept.nodes == 1 {
            "1 server keeps".to_owned()
        } else {
            format!("{} servers keep", kept.nodes)
        },
    ));
    if kept.nodes > 1 {
        let data = options.data_words();
        lines.push(format!(
            "    `cargo xtask class kill 2{data}`, in another terminal, kills a server; \
             `start 2` brings it back."
        ));
    }
    Ok(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Wish> {
        parse(&mut line.split_whitespace())
    }

    #[test]
    fn a_class_has_a_port_and_is_otherwise_as_it_was() {
        assert!(matches!(
            parsed("").unwrap(),
            Wish::Open(Options { port: 8080, servers: None, data: None, address: None })
        ));
    }

    #[test]
    fn class_takes_its_options_in_any_order() {
        for line in [
            "--port 9000 --nodes 3 --data ../may --address teacher.local",
            "--address teacher.local --data ../may --nodes 3 --port 9000",
        ] {
            let Wish::Open(options) = parsed(line).unwrap() else { panic!("{line}") };
            assert_eq!((options.port, options.servers), (9000, Some(3)));
            assert_eq!(options.data.as_deref(), Some(Path::new("../may")));
            assert_eq!(options.address.as_deref(), Some("teacher.local"));
        }
    }

    #[test]
    fn a_server_is_switched_by_its_number() {
        assert!(matches!(
            parsed("kill 2").unwrap(),
            Wish::Switch { server: 2, on: false, data: None }
        ));
        assert!(matches!(
            parsed("start 3 --data may").unwrap(),
            Wish::Switch { server: 3, on: true, data: Some(_) }
        ));
    }

    #[test]
    fn what_a_class_does_not_understand_is_refused() {
        for line in [
            "open",
            "--port",
            "--port many",
            "--nodes",
            "--nodes 2",
            "--data",
            "--data --nodes 3",
            "--address",
            "--address http://10.0.0.5",
            "kill",
            "kill two",
            "start 1 2",
            "kill 1 --port 9000",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn an_invitation_names_every_address_and_the_folder() {
        let folder =
            std::env::temp_dir().join(format!("leftfold-invitation-{}", std::process::id()));
        let kept = Kept::open(&folder, Some(3)).unwrap();
        let options = Options {
            port: 8080,
            servers: None,
            data: Some(folder.clone()),
            address: Some("teacher.local".to_owned()),
        };
        let text = invitation(&kept, &options, 8081).unwrap();
        for token in [&kept.tokens.act, &kept.tokens.watch, &kept.tokens.lead] {
            assert!(text.contains(&format!("http://teacher.local:8081/#/join/{token}")), "{text}");
        }
        assert!(!text.contains(&kept.tokens.keep));
        assert!(text.contains(&*folder.to_string_lossy()));
        assert!(text.contains('█'));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
