//! Specifications: a stretch of the log, the decisions in it, and the one that is edited and run.

use crate::lab::{JournalEntry, Outcome, Ran, Spec, World, decisions};

/// So many decisions are offered, the latest of the stretch.
const OFFERED: usize = 200;
/// A specification of more events than this is not shown.
const GIVEN: usize = 500;

/// What is known of them.
#[derive(Default)]
pub struct Specs {
    /// The first position of the stretch.
    pub from: u64,
    /// Its last position.
    pub to: u64,
    /// The decisions in it: the number of each, and what it says.
    pub found: Vec<(usize, String)>,
    /// The number of the one that is chosen.
    pub chosen: usize,
    /// It as JSON, as somebody has edited it.
    pub text: String,
    /// The number of the one that is shown instead, of those that are kept with an exercise.
    pub kept: Option<usize>,
    /// What came of running it. None where it was edited since.
    pub ran: Option<Result<(Spec, Ran), String>>,
    /// Whether it could be copied.
    pub copied: Option<bool>,
}

/// How a specification is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Json,
    Text,
    Rust,
}

impl Written {
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Json, "Copy as JSON"),
        (Self::Text, "Copy as text"),
        (Self::Rust, "Copy as a Rust test"),
    ];
}

impl Specs {
    /// The decisions of a stretch, of which one is chosen: the last one where none is named.
    pub fn of(world: &World, from: u64, to: u64, chosen: Option<usize>) -> Self {
        let all: Vec<_> = decisions(world, from, to).collect();
        let chosen = chosen.unwrap_or(all.len().saturating_sub(1));
        let first = all.len().saturating_sub(OFFERED);
        let words = |(number, it): (usize, &&JournalEntry)| (number, words(it));
        let found = all.iter().enumerate().skip(first).map(words).collect();
        let mut specs = Self { from, to, found, chosen, ..Self::default() };
        match all.get(chosen).and_then(|it| Spec::of(world, it, from)) {
            Some(spec) if spec.given.len() > GIVEN => {
                let given = spec.given.len();
                let why = format!("{given} events are given: choose a shorter stretch");
                specs.ran = Some(Err(why));
            }
            Some(spec) => {
                specs.text = spec.json();
                specs.run(world);
            }
            None => {}
        }
        specs
    }

    /// Shows one that is kept with an exercise.
    pub fn show(&mut self, number: usize, kept: &Spec, world: &World) {
        (self.kept, self.text) = (Some(number), kept.json());
        self.run(world);
    }

    /// Runs it as it was edited.
    pub fn run(&mut self, world: &World) {
        let ran = Spec::read(&self.text).and_then(|it| {
            let ran = it.run(world.scenario())?;
            Ok((it, ran))
        });
        (self.ran, self.copied) = (Some(ran), None);
    }
}

/// A decision in a few words: `#4 RemoveFromCart to cart-1`.
fn words(entry: &JournalEntry) -> String {
    let command = entry.envelope.command.as_ref();
    let asked = command.map(|it| format!("{} to {}", it.kind, it.stream)).unwrap_or_default();
    match entry.outcome {
        Outcome::Rejected => format!("after #{}: {asked}, refused", entry.after),
        _ if entry.events.is_empty() => format!("after #{}: {asked}, no event", entry.after),
        _ => format!("#{}: {asked}", entry.events.start),
    }
}
