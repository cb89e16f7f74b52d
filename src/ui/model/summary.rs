//! What the page shows of the whole log, kept up with it as it grows: a frame that only moves the
//! playhead works none of this out again.

use std::rc::Rc;

use uuid::Uuid;

use super::fold_view::Columns;
use super::track::{Axis, Track};
use crate::es::{Map, Reaction, Recorded, Set, Stream, natural, sort};
use crate::host::OpenLog;
use crate::lab::clip::clip;
use crate::lab::{Effect, EffectStatus, FailedCheck, Outcome, SubscriptionKind, Viewpoint};

/// The timeline of a shorter log is drawn anew for each event, of a longer one for each half
/// percent of it.
const DRAWN_AT_ONCE: u64 = 20_000;
/// In a longer log, missing reactions are looked for only where a process has several versions.
const MISSING_UP_TO: u64 = 1_000;
/// In a log of more streams, checks wait until the playhead rests.
const CHECKED_AT_ONCE: usize = 64;

/// What the story's next step and the missing reactions follow from.
#[derive(Default, PartialEq, Eq)]
struct Basis {
    head: u64,
    journal: usize,
    outbox: usize,
    processes: Vec<ProcessAt>,
}

/// Where a process stands, in which version of its code.
#[derive(PartialEq, Eq)]
struct ProcessAt {
    name: Rc<str>,
    code: u16,
    checkpoint: u64,
}

/// What a process's code would have sent that nobody has handled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// How much that is.
    pub count: usize,
    /// The first of it, in words: the event's position, and what it would have led to.
    pub first: Vec<String>,
}

/// So much of what is missing is told.
const MISSING_TOLD: usize = 20;

impl Missing {
    fn of(all: &[(u64, Reaction)]) -> Self {
        let words = |(position, reaction): &(u64, Reaction)| match reaction {
            Reaction::Command { stream, kind, data, .. } => {
                let data = clip(data.get());
                format!("#{position} → {kind} {stream} {data}")
            }
            Reaction::Effect { kind, data, .. } => {
                format!("#{position} → {kind} {}", clip(&data.to_string()))
            }
        };
        Self { count: all.len(), first: all.iter().take(MISSING_TOLD).map(words).collect() }
    }
}

/// What is known of the log as a whole.
#[derive(Default)]
pub struct Summary {
    open_log: Option<OpenLog>,
    head: u64,
    /// The last event whose type was noted.
    scanned: u64,
    /// How many of the journal's entries were counted.
    counted: usize,
    /// How many of the outbox's effects were counted.
    delivered: usize,
    /// The head of which the timeline was drawn.
    drawn: u64,
    basis: Basis,
    /// The position and head at which checks were made.
    checked: Option<(u64, u64)>,
    /// All streams, in the order of their names.
    pub streams: Rc<Vec<Stream>>,
    /// The events' types, in order of their first event.
    pub kinds: Rc<Vec<Rc<str>>>,
    /// How many commands were refused, and how many met a conflict.
    pub refused: usize,
    pub conflicts: usize,
    /// How many side effects were performed, and how many of them not for the first time.
    pub performed: usize,
    pub repeated: usize,
    /// What the story says, by the ids of its commands.
    pub narration: Map<Uuid, Rc<str>>,
    /// The story's next step.
    pub next: Option<usize>,
    /// The story's step that was told last, counted from 0.
    told: Option<usize>,
    /// The story's step that the playhead stands on, counted from 0: at the head the one told
    /// last, in the past the one that the event came of.
    pub step_here: Option<usize>,
    /// True where what was done last is of this step. It is not once somebody goes on by
    /// themselves.
    pub in_story: bool,
    /// The panels that this step is about, by their names, in the order in which to look at them.
    pub stage: Rc<Vec<Rc<str>>>,
    /// Process → how much its code would have sent that nobody has handled.
    pub missing: Rc<Map<Rc<str>, Missing>>,
    /// The checks that fail at the playhead.
    pub broken: Vec<FailedCheck>,
    /// What the timeline draws, and of which stretch.
    pub track: Rc<Track>,
    pub axis: Option<Rc<Axis>>,
}

impl Summary {
    /// Catches up with a log. `resting` is true where the playhead has come to rest.
    /// `about` are the panels that an exercise is about, where one is open; the timeline spans one
    /// part in `zoom` of the log, by time or by position.
    pub fn refresh(
        &mut self,
        open_log: &OpenLog,
        about: Option<Columns>,
        (zoom, by_time): (u64, bool),
        resting: bool,
    ) {
        if self.open_log.as_ref() != Some(open_log) {
            let narration = open_log.session().narration();
            *self = Self { open_log: Some(open_log.clone()), narration, ..Self::default() };
        }
        let mut session = open_log.viewpoint_mut();
        self.count(&session);
        self.stand(&session, about);
        self.draw(&session, zoom, by_time);
        self.check(&mut session, resting);
    }

    fn count(&mut self, session: &Viewpoint) {
        let (world, log) = (session.world(), session.log());
        let journal = world.journal();
        let head = log.head();
        let new = head != self.head || self.streams.is_empty();
        if new && log.streams().count() != self.streams.len() {
            let mut streams: Vec<Stream> = log.streams().map(|(it, _)| it.clone()).collect();
            sort(&mut streams, |a, b| natural(a.as_str(), b.as_str()));
            self.streams = Rc::new(streams);
        }
        let count = log.kinds().count();
        if count != self.kinds.len() {
            let kinds = Rc::make_mut(&mut self.kinds);
            for event in log.events(self.scanned + 1, head) {
                if kinds.len() == count {
                    break;
                }
                self.scanned = event.position();
                if !kinds.contains(event.kind()) {
                    kinds.push(event.kind().clone());
                }
            }
        }
        let mut changed = self.basis.journal != journal.len() || new;
        if journal.len() < self.counted {
            (self.counted, self.refused, self.conflicts) = (0, 0, 0);
        }
        for entry in &journal[self.counted..] {
            match entry.outcome {
                Outcome::Accepted | Outcome::Repeated => {}
                Outcome::WrongExpectedVersion { .. } => self.conflicts += 1,
                _ => self.refused += 1,
            }
        }
        self.counted = journal.len();
        let outbox = world.outbox();
        if outbox.len() < self.delivered {
            (self.delivered, self.performed, self.repeated) = (0, 0, 0);
        }
        let added = &outbox[self.delivered..];
        self.performed += added.iter().filter(|it| it.status == EffectStatus::Performed).count();
        let again = |it: &&Effect| it.status == EffectStatus::Performed && it.repeat > 0;
        self.repeated += added.iter().filter(again).count();
        self.delivered = outbox.len();

        if changed {
            (self.next, self.told) = (session.next_in_story(), session.step_told());
        }
        let processes =
            world.subscriptions().iter().filter(|it| it.kind() == SubscriptionKind::Process);
        let processes = processes.map(|it| ProcessAt {
            name: it.name().clone(),
            code: it.code(),
            checkpoint: it.checkpoint(),
        });
        let (journal, outbox) = (journal.len(), outbox.len());
        let basis = Basis { head, journal, outbox, processes: processes.collect() };
        changed |= self.basis != basis;
        if changed {
            // To look for it folds all of the log.
            let looked = |name: &str| head <= MISSING_UP_TO || world.codes(name).len() > 1;
            let names = basis.processes.iter().map(|it| &it.name).filter(|it| looked(it));
            let missing = names.map(|name| (name.clone(), Missing::of(&world.missing(name))));
            self.missing = Rc::new(missing.collect());
            self.basis = basis;
        }
        self.head = head;
    }

    /// Where the panel of that name stands among those that the story's step is about. The others
    /// come after them.
    pub fn place_on_stage(&self, name: &str) -> usize {
        self.stage.iter().position(|it| **it == *name).unwrap_or(self.stage.len())
    }

    /// Notes on which step of the story the playhead stands. An event that came of no step leaves
    /// the stage as it is.
    fn stand(&mut self, session: &Viewpoint, about: Option<Columns>) {
        let now = session.position() == session.head();
        self.step_here = if now { self.told } else { session.step_here() };
        self.in_story =
            about.is_some() || if now { self.is_told(session) } else { self.step_here.is_some() };
        if let Some(about) = about {
            if self.stage != about {
                self.stage = about;
            }
            return;
        }
        let step = self.step_here.and_then(|it| session.scenario().story.get(it));
        if let Some(step) = step
            && *self.stage != step.show
        {
            self.stage = Rc::new(step.show.clone());
        }
    }

    /// True where the last event or the last command is of the story.
    fn is_told(&self, session: &Viewpoint) -> bool {
        let command = session.world().journal().last().map(|it| it.envelope.correlation_id);
        let event = session.log().event(session.head()).map(Recorded::correlation_id);
        [command, event].into_iter().flatten().any(|it| self.narration.contains_key(&it))
    }

    fn draw(&mut self, session: &Viewpoint, zoom: u64, by_time: bool) {
        let (log, head) = (session.log(), session.head());
        let axis = Axis::new(log, session.position(), zoom, by_time);
        let grown = head != self.drawn && (head < DRAWN_AT_ONCE || head - self.drawn > head / 200);
        let moved = self.axis.as_ref().is_none_or(|old| {
            // The whole of a long log may be a little out of date.
            let stretch = |it: &Axis| (it.from, if zoom > 1 { it.to } else { 0 }, by_time);
            stretch(old) != stretch(&axis) || old.times.is_some() != axis.times.is_some()
        });
        if grown || moved || head < self.drawn {
            let track = Track::new(log, &self.streams, &self.kinds, &axis);
            self.track = Rc::new(track);
            self.drawn = head;
        }
        if self.axis.as_deref() != Some(&axis) {
            self.axis = Some(Rc::new(axis));
        }
    }

    fn check(&mut self, session: &mut Viewpoint, resting: bool) {
        let at = (session.position(), session.head());
        if self.checked == Some(at) || session.scenario().checks.is_empty() {
            return;
        }
        if resting || self.streams.len() <= CHECKED_AT_ONCE {
            self.broken = session.failed_checks();
            self.checked = Some(at);
        } else {
            // What held elsewhere says nothing about here.
            self.broken.clear();
        }
    }
}

/// The names of the fields that hold money, as their types say.
pub fn money(session: &Viewpoint) -> Set<Rc<str>> {
    let mut names = Set::new();
    for aggregate in &session.scenario().aggregates {
        names.extend(aggregate.money());
    }
    for subscription in session.world().subscriptions() {
        names.extend(subscription.view().money());
    }
    names
}
