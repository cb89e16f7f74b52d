//! What was handled last, the event at the playhead or the command that is being stepped through,
//! and the lines of code that handled it.

use std::rc::Rc;

use serde_json::Value;

use crate::es::Stream;
use crate::host::OpenLog;
use crate::lab::MicroStep;

/// A command or an event that was handled.
#[derive(Clone, Debug, PartialEq)]
pub enum Handled {
    Command { kind: Rc<str> },
    Event { position: u64, kind: Rc<str> },
}

/// Lines of an excerpt that handled something.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub from: u64,
    pub to: u64,
    pub words: Rc<str>,
}

impl Handled {
    /// What a micro-step of a command on `stream` handled, where that is about its aggregate.
    pub fn by_step(did: &MicroStep, open_log: &OpenLog) -> Option<Self> {
        match did {
            MicroStep::Decided { command, .. } | MicroStep::Rejected { command, .. } => {
                Some(Self::Command { kind: command.clone() })
            }
            MicroStep::Folded { stream, version, .. } => Self::folded(stream, *version, open_log),
            _ => None,
        }
    }

    /// The last event of a stream that was folded up to a version.
    fn folded(stream: &Stream, version: u64, open_log: &OpenLog) -> Option<Self> {
        let session = open_log.session();
        let at = usize::try_from(version).ok()?.checked_sub(1)?;
        let position = u64::from(*session.log().places(stream).get(at)?) + 1;
        let kind = session.log().event(position)?.kind().clone();
        Some(Self::Event { position, kind })
    }

    /// The event at the playhead.
    pub fn here(open_log: &OpenLog) -> Option<Self> {
        let session = open_log.session();
        let event = session.event()?;
        Some(Self::Event { position: event.position(), kind: event.kind().clone() })
    }

    fn kind(&self) -> &str {
        match self {
            Self::Command { kind } | Self::Event { kind, .. } => kind,
        }
    }

    fn concerns(&self, function: &str) -> bool {
        function.starts_with("decide") == matches!(self, Self::Command { .. })
    }

    /// The lines of an excerpt that handled it: the arms that name it. Where no arm of a read model
    /// or a process does, the function that took it in.
    pub fn marks(&self, excerpt: &Value) -> Vec<Mark> {
        let list = |key: &str| excerpt[key].as_array().map(Vec::as_slice).unwrap_or_default();
        let line = |it: &Value, key: &str| it[key].as_u64().unwrap_or_default();
        let kind = self.kind();
        let arms_of = |function: &str| {
            let arms = list("arms").iter();
            let arms = arms.filter(|it| it["variant"] == kind && it["function"] == function);
            arms.map(|it| (line(it, "from"), line(it, "to"))).collect::<Vec<_>>()
        };
        // Where an aggregate's states are listed, its `evolve` does the work of `apply`.
        let evolves = !arms_of("evolve").is_empty();
        let mut marks = Vec::new();
        for function in list("functions") {
            let name = function["name"].as_str().unwrap_or_default();
            if !self.concerns(name) {
                continue;
            }
            let arms = arms_of(name);
            let words: Rc<str> = match arms.len() {
                1 => format!("this arm handled {kind}"),
                _ => format!("one of the arms for {kind}"),
            }
            .into();
            let mark = |&(from, to): &(u64, u64)| Mark { from, to, words: words.clone() };
            marks.extend(arms.iter().map(mark));
            if arms.is_empty() && !evolves && matches!(name, "apply" | "react") {
                let (from, to) = (line(function, "from"), line(function, "to"));
                let words = format!("{name} took in {kind}; no arm names it").into();
                marks.push(Mark { from, to, words });
            }
        }
        marks
    }
}
