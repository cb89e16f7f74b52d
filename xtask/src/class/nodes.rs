//! The servers of a class: starts them, kills one where somebody asks for it, and stops them all.
//!
//! They answer on this machine only. None of them outlives this program. A guardian stands beside each:
//! a shell that waits for the end of a pipe which this program holds open, and then stops the server.
//! So a server also stops, and writes everything before, when this program is killed.

use std::{
    fmt::Write,
    fs::{self, File, OpenOptions},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    class::kept::{Kept, Tokens},
    shell::Shell,
};

/// Where one server listens.
#[derive(Clone, Copy)]
struct Ports {
    clients: u16,
    websocket: u16,
    /// For the other servers.
    cluster: u16,
}

/// What a server gets ready for.
#[derive(Clone, Copy)]
pub enum Task {
    /// To take websockets.
    Websockets,
    /// To answer for the log. One of three does once they have found each other.
    Log,
}

/// A server that runs, and its guardian, where there is a shell for one.
struct Running {
    server: Child,
    guardian: Option<Child>,
}

/// All servers of a class, those that are dead included. The first is number 1.
pub struct Nodes {
    shell: Shell,
    program: PathBuf,
    folder: PathBuf,
    tokens: Tokens,
    lock: File,
    ports: Vec<Ports>,
    running: Mutex<Vec<Option<Running>>>,
}

impl Nodes {
    /// Chooses free ports, and starts nothing yet.
    pub fn new(shell: &Shell, program: &Path, kept: &Kept) -> Result<Self> {
        Ok(Self {
            shell: shell.clone(),
            program: program.to_owned(),
            folder: kept.folder.clone(),
            tokens: kept.tokens.clone(),
            lock: kept.lock()?,
            ports: free_ports(kept.nodes)?,
            running: Mutex::new((0..kept.nodes).map(|_| None).collect()),
        })
    }

    /// How many servers there are, dead or alive.
    pub fn count(&self) -> usize {
        self.ports.len()
    }

    /// The ports of the servers' websockets, in the servers' order.
    pub fn websockets(&self) -> Vec<u16> {
        self.ports.iter().map(|it| it.websocket).collect()
    }

    /// Starts all servers, and waits until each of them answers.
    pub async fn start_all(&self) -> Result<()> {
        for number in 1..=self.count() {
            self.start(number)?;
        }
        for number in 1..=self.count() {
            self.wait(number, Task::Log).await?;
            self.wait(number, Task::Websockets).await?;
        }
        Ok(())
    }

    /// Starts a server. It does not answer yet. False if it runs already.
    pub fn start(&self, number: usize) -> Result<bool> {
        let mut running = self.running();
        let place = place(&mut running, number)?;
        if place.as_mut().is_some_and(Running::is_alive) {
            return Ok(false);
        }
        *place = Some(Running::new(self.command(number)?)?);
        Ok(true)
    }

    /// Kills a server, which has no time to write anything. False if it is dead already.
    pub fn kill(&self, number: usize) -> Result<bool> {
        let mut running = self.running();
        let place = place(&mut running, number)?;
        let was_alive = place.as_mut().is_some_and(Running::is_alive);
        if let Some(mut running) = place.take() {
            running.kill();
        }
        Ok(was_alive)
    }

    /// Which servers run.
    pub fn alive(&self) -> Vec<bool> {
        let mut running = self.running();
        running.iter_mut().map(|it| it.as_mut().is_some_and(Running::is_alive)).collect()
    }

    /// The servers that have ended although nobody asked them to. Each is told once.
    pub fn fallen(&self) -> Vec<usize> {
        let mut fallen = Vec::new();
        for (place, number) in self.running().iter_mut().zip(1..) {
            if place.as_mut().is_some_and(|it| !it.is_alive()) {
                *place = None;
                fallen.push(number);
            }
        }
        fallen
    }

    /// Stops all servers. Each writes everything before it ends.
    pub fn stop_all(&self) {
        let mut running = self.running();
        for running in running.iter_mut().flatten() {
            running.ask_to_stop();
        }
        for place in running.iter_mut() {
            // To drop it waits for its end.
            *place = None;
        }
    }

    /// Waits until a server is ready for something.
    pub async fn wait(&self, number: usize, task: Task) -> Result<()> {
        for _ in 0..TRIES {
            if self.is_ready(number, task).await? {
                return Ok(());
            }
            if !self.alive().get(number - 1).is_some_and(|it| *it) {
                bail!("server {number} does not start; its last words:\n{}", self.words(number));
            }
            sleep(PAUSE).await;
        }
        bail!(
            "server {number} started and gives no answer; its last words:\n{}",
            self.words(number)
        )
    }

    async fn is_ready(&self, number: usize, task: Task) -> Result<bool> {
        let ports = self.ports(number)?;
        let ready = match task {
            Task::Websockets => {
                TcpStream::connect((Ipv4Addr::LOCALHOST, ports.websocket)).await.is_ok()
            }
            Task::Log => {
                let asked = answers_for_log(ports.clients, &self.tokens.keep);
                matches!(timeout(TRY, asked).await, Ok(Ok(true)))
            }
        };
        Ok(ready)
    }

    /// The last lines that a server has written to its log file.
    pub fn words(&self, number: usize) -> String {
        const LINES: usize = 12;
        let file = self.log_file(number);
        let text = fs::read(&file).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let mut words = String::new();
        for line in &lines[lines.len().saturating_sub(LINES)..] {
            let _ = writeln!(words, "    {line}");
        }
        format!("{words}    All of it is in {}.", file.display())
    }

    fn log_file(&self, number: usize) -> PathBuf {
        self.folder.join(format!("node-{number}.log"))
    }

    fn ports(&self, number: usize) -> Result<Ports> {
        let ports = number.checked_sub(1).and_then(|it| self.ports.get(it));
        ports.copied().with_context(|| no_such_server(number, self.count()))
    }

    fn running(&self) -> MutexGuard<'_, Vec<Option<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn command(&self, number: usize) -> Result<Command> {
        let ports = self.ports(number)?;
        let name = format!("node-{number}");
        let log = self.log_file(number);
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("could not write {}", log.display()))?;
        let lock = self.lock.try_clone().context("the folder's lock cannot be handed on")?;
        let mut command = self.shell.command(&self.program);
        command
            .arg("-c")
            .arg(self.shell.root.join("class/nats-server.conf"))
            .env("CLASS_NODE", &name)
            .env("CLASS_HOST", "127.0.0.1")
            .env("CLASS_PORT", ports.clients.to_string())
            .env("CLASS_WEBSOCKET_PORT", ports.websocket.to_string())
            .env("CLASS_DATA", quoted(&self.folder.join(name))?)
            .env("CLASS_KEEP", &self.tokens.keep)
            .env("CLASS_LEAD", &self.tokens.lead)
            .env("CLASS_ACT", &self.tokens.act)
            .env("CLASS_WATCH", &self.tokens.watch)
            // As long as a server runs, nobody may start another one on what it writes.
            .stdin(lock)
            .stdout(log.try_clone().context("a log file cannot be opened twice")?)
            .stderr(log);
        if self.count() > 1 {
            let address = |it: &Ports| format!("nats://127.0.0.1:{}", it.cluster);
            let all: Vec<String> = self.ports.iter().map(address).collect();
            command
                .args(["--cluster", &address(&ports), "--cluster_name", "class"])
                .args(["--routes", &all.join(",")]);
        }
        Ok(command)
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        self.stop_all();
    }
}

/// A server has at least ten seconds to answer, in two hundred tries.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);
/// How long one try waits for an answer.
const TRY: Duration = Duration::from_millis(500);

fn place(running: &mut [Option<Running>], number: usize) -> Result<&mut Option<Running>> {
    let count = running.len();
    let place = number.checked_sub(1).and_then(|it| running.get_mut(it));
    place.with_context(|| no_such_server(number, count))
}

fn no_such_server(number: usize, count: usize) -> String {
    if count == 1 {
        format!("there is no server {number}: this class has one server, number 1")
    } else {
        format!("there is no server {number}: this class has the servers 1 to {count}")
    }
}

/// Ports that nobody uses now. They are looked for all at once, so that all differ.
fn free_ports(nodes: usize) -> Result<Vec<Ports>> {
    let told = "this machine has no free port for a server";
    let mut held = Vec::new();
    let mut free = || -> Result<u16> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context(told)?;
        let port = listener.local_addr().context(told)?.port();
        held.push(listener);
        Ok(port)
    };
    (0..nodes)
        .map(|_| Ok(Ports { clients: free()?, websocket: free()?, cluster: free()? }))
        .collect()
}

/// A path as the server's configuration reads it from the environment: with spaces, it needs quotes.
fn quoted(path: &Path) -> Result<String> {
    let text = path.to_str().with_context(|| {
        format!("{} is no folder for a class: its name is no text", path.display())
    })?;
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// Whether the server at a port answers for the log, in the protocol of its clients.
async fn answers_for_log(port: u16, password: &str) -> std::io::Result<bool> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let question = format!(
        "CONNECT {{\"user\":\"keep\",\"pass\":\"{password}\",\"verbose\":false}}\r\n\
         SUB _INBOX.ready 1\r\nPUB $JS.API.INFO _INBOX.ready 0\r\n\r\n"
    );
    connection.write_all(question.as_bytes()).await?;
    let mut lines = BufReader::new(connection.take(1_000_000)).lines();
    while let Some(line) = lines.next_line().await? {
        if line.starts_with("MSG _INBOX.ready ") {
            let answer = lines.next_line().await?.unwrap_or_default();
            return Ok(!answer.contains("\"error\""));
        }
        if line.starts_with("-ERR") {
            return Ok(false);
        }
    }
    Ok(false)
}

impl Running {
    fn new(mut command: Command) -> Result<Self> {
        apart(&mut command);
        let server = command.spawn().with_context(|| {
            format!("could not start {}", command.get_program().to_string_lossy())
        })?;
        let mut running = Self { server, guardian: None };
        if cfg!(unix) {
            let mut guardian = Command::new("sh");
            guardian
                .args(["-c", "read -r _; kill -TERM \"$0\""])
                .arg(running.server.id().to_string())
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            apart(&mut guardian);
            let guardian = guardian.spawn().context("could not start a shell beside the server")?;
            running.guardian = Some(guardian);
        }
        Ok(running)
    }

    fn is_alive(&mut self) -> bool {
        let alive = matches!(self.server.try_wait(), Ok(None));
        if !alive {
            self.dismiss_guardian();
        }
        alive
    }

    fn kill(&mut self) {
        self.dismiss_guardian();
        // Both fail only when the server has ended.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }

    /// Has the guardian stop the server, which then ends by itself.
    fn ask_to_stop(&mut self) {
        match &mut self.guardian {
            Some(guardian) => drop(guardian.stdin.take()),
            None => self.kill(),
        }
    }

    /// Ends the guardian without its stopping anything. A process that is not the server's may have the
    /// server's number by now.
    fn dismiss_guardian(&mut self) {
        if let Some(mut guardian) = self.guardian.take() {
            let _ = guardian.kill();
            let _ = guardian.wait();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        const PAUSE: Duration = Duration::from_millis(20);
        const PAUSES: u32 = 500;
        if self.is_alive() {
            self.ask_to_stop();
        }
        for _ in 0..PAUSES {
            if !self.is_alive() {
                return;
            }
            thread::sleep(PAUSE);
        }
        self.kill();
    }
}

/// Keeps Ctrl+C from the program: the terminal sends it to all of a group, and this program stops the
/// servers in order.
#[cfg(unix)]
fn apart(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn apart(_command: &mut Command) {}

#[cfg(test)]
pub mod tests {
    use std::{env, process};

    use super::*;

    #[test]
    fn a_path_with_spaces_and_quotes_is_one_value() {
        assert_eq!(quoted(Path::new(r#"/a b/"c""#)).unwrap(), r#""/a b/\"c\"""#);
    }

    #[test]
    fn all_ports_differ() {
        let ports = free_ports(3).unwrap();
        let mut all: Vec<u16> =
            ports.iter().flat_map(|it| [it.clients, it.websocket, it.cluster]).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 9);
    }

    /// Servers that only sleep. On SIGTERM, each says so in its log.
    #[cfg(unix)]
    pub const SLEEPER: &str = "#!/bin/sh\ntrap 'echo stopped; exit' TERM\necho begun\n\
                               while :; do sleep 0.05; done\n";

    /// Servers that are a script, in a folder of their own.
    #[cfg(unix)]
    pub fn scripts(name: &str, script: &str) -> (Nodes, PathBuf) {
        let folder = env::temp_dir().join(format!("leftfold-nodes-{}-{name}", process::id()));
        let _ = fs::remove_dir_all(&folder);
        let kept = Kept::open(&folder, Some(3)).unwrap();
        let program = folder.join("script");
        // Another program writes it. A test that starts a program at the same moment would hand the
        // open file on, and what somebody still writes does not run.
        let mut writer = Command::new("sh");
        writer.args(["-c", "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\""]).arg(&program);
        assert!(writer.arg(script).status().unwrap().success());
        (Nodes::new(&Shell::new().unwrap(), &program, &kept).unwrap(), folder)
    }

    #[cfg(unix)]
    fn until(nodes: &Nodes, number: usize, words: &str) {
        for _ in 0..500 {
            if nodes.words(number).contains(words) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("server {number} never said `{words}`: {}", nodes.words(number));
    }

    #[cfg(unix)]
    #[test]
    fn a_server_is_killed_and_started_again_and_stops_in_order_at_the_end() {
        let (nodes, folder) = scripts("again", SLEEPER);
        for number in 1..=3 {
            assert!(nodes.start(number).unwrap());
            until(&nodes, number, "begun");
        }
        assert_eq!(nodes.alive(), [true, true, true]);
        assert!(!nodes.start(2).unwrap());
        assert!(nodes.kill(2).unwrap());
        assert!(!nodes.kill(2).unwrap());
        assert_eq!(nodes.alive(), [true, false, true]);
        assert_eq!(nodes.fallen(), [0; 0]);
        assert!(!nodes.words(2).contains("stopped"));
        assert!(nodes.start(2).unwrap());
        assert_eq!(nodes.alive(), [true, true, true]);
        until(&nodes, 2, "begun\n    begun");
        nodes.stop_all();
        assert_eq!(nodes.alive(), [false, false, false]);
        for number in 1..=3 {
            assert!(nodes.words(number).contains("stopped"), "{}", nodes.words(number));
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_server_that_ends_by_itself_is_told_once() {
        let (nodes, folder) = scripts("fallen", "#!/bin/sh\necho no\n");
        nodes.start(3).unwrap();
        let fallen = (0..500).find_map(|_| {
            thread::sleep(Duration::from_millis(20));
            Some(nodes.fallen()).filter(|it| !it.is_empty())
        });
        assert_eq!(fallen.unwrap(), [3]);
        assert_eq!(nodes.fallen(), [0; 0]);
        drop(nodes);
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn there_is_no_server_zero_and_none_beyond_the_last() {
        let (nodes, folder) = scripts("number", SLEEPER);
        for number in [0, 4] {
            let told = nodes.kill(number).unwrap_err().to_string();
            assert!(told.contains("has the servers 1 to 3"), "{told}");
        }
        drop(nodes);
        fs::remove_dir_all(folder).unwrap();
    }
}
