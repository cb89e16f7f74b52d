//! The project's own commands: `cargo xtask serve`, `class`, `build`, `check`, `format`, `test`,
//! `bench`, `screenshots`, `torture` and `setup`.
//!
//! This tool finds or installs what the page needs (`setup`, `toolchain`, `tools`, `nats`, `browser`,
//! `apt`), and then calls Cargo and Trunk (`page` with `web`, `licences` and `offline`, `checks` with
//! `stages` and `names`) or serves the result, to one person (`serve`) or to a class on one log
//! (`class`).
//!
//! It edits no sources, except that `format` formats them. Outside the clone it writes to its cache
//! folder only. There are two exceptions, rustup's targets and Debian's packages, and each is named
//! before it is installed. Inside the clone it installs the libraries of `web/`. A class is kept in a
//! folder that the person chooses.

mod apt;
mod browser;
mod checks;
mod class;
mod licences;
mod names;
mod nats;
mod offline;
mod page;
mod scratch;
mod serve;
mod setup;
mod shell;
mod stages;
mod toolchain;
mod tools;
mod web;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::{
    checks::{Bench, Torture},
    class::Wish,
    setup::Needs,
    shell::{Output, Shell},
};

const USAGE: &str = "\
Usage: cargo xtask <command>

  serve [--port N]  build the page and serve it on http://127.0.0.1:8080
  serve --dev       the same, unoptimised: rebuilds and reloads at each change
  class [--port N] [--nodes 3] [--data FOLDER] [--address NAME]
                    the same for a class: all write one log, kept in class-data/ by 1 or 3 servers
  class kill N      kill one of the servers of a class that runs; `class start N` brings it back
  build             write the optimised page to dist/
  check             format, lints and native tests: what to run after every change
  format            formats the Rust sources, the style sheet and the scripts
  test [NAME]       run everything: format, lints, docs, tests, the page in two browsers;
                    or only the tests whose name contains NAME, wherever they run
  bench [native|browser]
                    measure the core natively, in a browser, or both
  screenshots       draw every scenario and state of the page, to look at
  torture [kill|tabs|damage|quota|class]
                    stored logs under force, at length: minutes each
  setup             only install what the other commands need; each of them does so too";

/// What a command line asks for.
enum Task {
    Help,
    Setup,
    Build,
    Serve { port: u16, dev: bool },
    Class(Wish),
    Check,
    Format,
    Test(Option<String>),
    Bench(Bench),
    Torture(Torture),
    Screenshots,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match parse(&arguments).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Help => println!("{USAGE}"),
        Task::Setup => {
            setup::prepare(Shell::new()?, Needs::EVERYTHING)?;
            println!("Everything is in place.");
        }
        Task::Build => {
            let ready = setup::prepare(Shell::new()?, Needs::PAGE)?;
            page::build(&ready.shell, &Output::Terminal)?;
        }
        Task::Serve { port, dev } => serve::serve(Shell::new()?, port, dev)?,
        Task::Class(wish) => class::run(Shell::new()?, wish)?,
        Task::Check => checks::check(Shell::new()?)?,
        Task::Format => checks::format(Shell::new()?)?,
        Task::Test(name) => checks::test(Shell::new()?, name.as_deref())?,
        Task::Bench(which) => checks::bench(Shell::new()?, which)?,
        Task::Torture(which) => checks::torture(Shell::new()?, which)?,
        Task::Screenshots => checks::screenshots(Shell::new()?)?,
    }
    Ok(())
}

fn parse(arguments: &[String]) -> Result<Task> {
    let mut words = arguments.iter().map(String::as_str);
    let task = match words.next() {
        None | Some("help" | "--help" | "-h") => Task::Help,
        Some("setup") => Task::Setup,
        Some("build") => Task::Build,
        Some("check") => Task::Check,
        Some("format") => Task::Format,
        Some("test") => Task::Test(words.next().map(str::to_owned)),
        Some("screenshots") => Task::Screenshots,
        Some("bench") => Task::Bench(match words.next() {
            None => Bench::Both,
            Some("native") => Bench::Native,
            Some("browser") => Bench::Browser,
            Some(other) => bail!("bench knows `native` and `browser`, not `{other}`\n\n{USAGE}"),
        }),
        Some("torture") => Task::Torture(match words.next() {
            None => Torture::All,
            Some("kill") => Torture::Kill,
            Some("tabs") => Torture::Tabs,
            Some("damage") => Torture::Damage,
            Some("quota") => Torture::Quota,
            Some("class") => Torture::Class,
            Some(other) => bail!(
                "torture knows `kill`, `tabs`, `damage`, `quota` and `class`, not \
                 `{other}`\n\n{USAGE}"
            ),
        }),
        Some("serve") => {
            let (mut port, mut dev) = (8080, false);
            while let Some(word) = words.next() {
                match word {
                    "--dev" => dev = true,
                    "--port" => port = port_number(words.next())?,
                    other => bail!("serve has no option `{other}`\n\n{USAGE}"),
                }
            }
            Task::Serve { port, dev }
        }
        Some("class") => Task::Class(class::parse(&mut words)?),
        Some(other) => bail!("there is no command `{other}`\n\n{USAGE}"),
    };
    if let Some(extra) = words.next() {
        bail!("`{extra}` is one word too many\n\n{USAGE}");
    }
    Ok(task)
}

fn port_number(word: Option<&str>) -> Result<u16> {
    word.and_then(|number| number.parse().ok())
        .context("--port needs a number up to 65535, as in `--port 8081`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task> {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        parse(&words)
    }

    #[test]
    fn serve_takes_its_options_in_any_order() {
        for line in ["serve --dev --port 9000", "serve --port 9000 --dev"] {
            assert!(matches!(parsed(line).unwrap(), Task::Serve { port: 9000, dev: true }));
        }
    }

    #[test]
    fn test_takes_a_part_of_a_name() {
        assert!(matches!(parsed("test").unwrap(), Task::Test(None)));
        assert!(matches!(parsed("test undo").unwrap(), Task::Test(Some(name)) if name == "undo"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in [
            "serv",
            "serve --port",
            "serve --port 70000",
            "bench wasm",
            "test a b",
            "check it",
            "class --nodes 2",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
