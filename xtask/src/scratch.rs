//! Servers of a class for tests that run in a browser, which cannot start any. They keep nothing
//! longer than the tests last.

use std::{
    env, fs,
    path::PathBuf,
    process::{Child, Stdio, id},
};

use anyhow::{Context, Result};

use crate::{nats, shell::Shell};

/// Four servers: one alone, and three that keep copies for each other. They end with this.
pub struct Scratch {
    servers: Vec<Child>,
    folder: PathBuf,
}

impl Scratch {
    /// Starts the servers. The websocket of the one alone is at `base + 1`, that of the first of three
    /// at `base + 3`: where tests look for them.
    pub fn start(shell: &Shell, base: u16) -> Result<Self> {
        let folder = env::temp_dir().join(format!("leftfold-scratch-{}-{base}", id()));
        fs::create_dir_all(&folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
        let program = nats::ensure(shell)?;
        let mut scratch = Self { servers: Vec::new(), folder };
        let routes: Vec<String> = (3..6).map(|it| route(base + it)).collect();
        for number in [1, 3, 4, 5] {
            let mut command = shell.command(&program);
            command
                .arg("-c")
                .arg(shell.root.join("class/nats-server.conf"))
                .env("CLASS_NODE", format!("scratch-{number}"))
                .env("CLASS_HOST", "127.0.0.1")
                .env("CLASS_PORT", (base + 100 + number).to_string())
                .env("CLASS_WEBSOCKET_PORT", (base + number).to_string())
                .env("CLASS_DATA", scratch.folder.join(number.to_string()))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            for role in ["KEEP", "LEAD", "ACT", "WATCH"] {
                let password = format!("{}-test", role.to_lowercase());
                command.env(format!("CLASS_{role}"), password);
            }
            if number > 1 {
                command.args(["--cluster_name", "class", "--cluster", &route(base + number)]);
                command.args(["--routes", &routes.join(",")]);
            }
            let started = command.spawn().context("nats-server does not start")?;
            scratch.servers.push(started);
        }
        Ok(scratch)
    }
}

fn route(port: u16) -> String {
    format!("nats://127.0.0.1:{}", port + 200)
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for server in &mut self.servers {
            // Both fail only where it has ended.
            let _ = server.kill();
            let _ = server.wait();
        }
        // What is left in the system's folder for such things does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
