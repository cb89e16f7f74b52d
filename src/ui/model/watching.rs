//! Expressions that somebody watches: each with its values through the log.

use std::rc::Rc;

use crate::host::{OpenLog, Watched};
use crate::ui::browser::{remember, remembered};

/// In a log of so many events, an expression's value is looked at for each position.
const EXACT_EVENTS: u64 = 240;

/// What happens to what is watched.
pub enum Msg {
    /// Watch an expression.
    Add(String),
    /// Watch it no longer.
    Drop(usize),
    /// They were looked at.
    Looked(Place, Vec<Result<Watched, String>>),
}

/// For which log, and where in it, expressions were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    log: String,
    head: u64,
    /// How often the code was another one.
    turn: u64,
    /// How many expressions there are.
    count: usize,
    /// The playhead's position, where the log is too long to look everywhere.
    here: u64,
}

/// An expression, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    pub expression: Rc<str>,
    /// None until it was looked at.
    pub came: Option<Result<Rc<Watched>, Rc<str>>>,
}

/// What is watched in the open log.
#[derive(Default)]
pub struct Watching {
    pub list: Rc<Vec<Watch>>,
    /// Where it was looked at, or is being.
    pub looked: Place,
    /// True while it is being looked at.
    pub looking: bool,
}

impl Place {
    /// True where another log is open by now.
    pub fn is_elsewhere(&self, open_log: &OpenLog) -> bool {
        self.log != open_log.id()
    }

    pub fn of(open_log: &OpenLog, count: usize) -> Self {
        let session = open_log.session();
        let (head, position) = (session.head(), session.position());
        Self {
            log: open_log.id().to_owned(),
            head,
            turn: open_log.code_turn(),
            count,
            here: if head > EXACT_EVENTS { position } else { 0 },
        }
    }
}

impl Watching {
    /// What is watched in a log that was opened.
    pub fn load(log: &str) -> Self {
        let text = remembered(&key(log)).unwrap_or_default();
        let list = text.lines().map(|it| Watch { expression: it.into(), came: None });
        Self { list: Rc::new(list.collect()), ..Self::default() }
    }

    /// Watches an expression, too.
    pub fn add(&mut self, log: &str, expression: &str) {
        let expression = expression.split_whitespace().collect::<Vec<_>>().join(" ");
        if !expression.is_empty() && !self.list.iter().any(|it| *it.expression == *expression) {
            let list = Rc::make_mut(&mut self.list);
            list.push(Watch { expression: expression.into(), came: None });
            self.keep(log);
        }
    }

    /// Watches an expression no longer.
    pub fn remove(&mut self, log: &str, at: usize) {
        if at < self.list.len() {
            Rc::make_mut(&mut self.list).remove(at);
            self.keep(log);
        }
    }

    /// Notes what came of looking.
    pub fn note(&mut self, results: Vec<Result<Watched, String>>) {
        let list = Rc::make_mut(&mut self.list);
        for (watch, result) in list.iter_mut().zip(results) {
            watch.came = Some(result.map(Rc::new).map_err(Into::into));
        }
    }

    fn keep(&self, log: &str) {
        let lines: Vec<&str> = self.list.iter().map(|it| &*it.expression).collect();
        remember(&key(log), (!lines.is_empty()).then(|| lines.join("\n")).as_deref());
    }
}

fn key(log: &str) -> String {
    format!("watched/{log}")
}
