//! What the page shows of the whole log, kept up with it as it grows: a frame that only moves the
//! playhead works none of this out again.

use std::rc::Rc;

use uuid::Uuid;

use crate::es::{Map, Set, Stream, natural, sort};
use crate::host::OpenLog;
use crate::lab::{
    Effect, EffectStatus, FailedCheck, FieldKind, Form, Outcome, SubscriptionKind, Viewpoint,
};
use crate::ui::track::{Axis, Track};

/// Below so many events, the timeline is drawn anew for each; above, for each half percent.
const DRAWN_AT_ONCE: u64 = 20_000;
/// In a longer log, what is missing is looked for only where a process has several versions.
const MISSING_UP_TO: u64 = 1_000;
/// With so many streams, checks wait until the playhead rests.
const CHECKED_AT_ONCE: usize = 64;

/// What the story's next step and the missing reactions follow from: the head, the journal's and
/// the outbox's lengths, and of each process its code and checkpoint.
type Asked = (u64, usize, usize, Vec<(Rc<str>, u16, u64)>);

/// What is known of the log as a whole.
#[derive(Default)]
pub struct Scene {
    desk: Option<OpenLog>,
    head: u64,
    scanned: u64,
    counted: usize,
    delivered: usize,
    drawn: u64,
    asked: Asked,
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
    /// Process → how much its code would have sent that nobody has handled.
    pub missing: Rc<Map<Rc<str>, usize>>,
    /// The checks that fail at the playhead.
    pub broken: Vec<FailedCheck>,
    /// What the timeline draws, and of which stretch.
    pub track: Rc<Track>,
    pub axis: Option<Rc<Axis>>,
}

impl Scene {
    /// Catches up with a log. `resting` is true where the playhead has come to rest.
    pub fn refresh(&mut self, desk: &OpenLog, zoom: u64, by_time: bool, resting: bool) {
        if self.desk.as_ref() != Some(desk) {
            let narration = desk.session().narration();
            *self = Self { desk: Some(desk.clone()), narration, ..Self::default() };
        }
        let mut session = desk.viewpoint_mut();
        self.count(&session);
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
        let mut asked = self.asked.1 != journal.len() || new;
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

        if asked {
            self.next = session.next_in_story();
        }
        let processes =
            world.subscriptions().iter().filter(|it| it.kind() == SubscriptionKind::Process);
        let codes = processes.map(|it| (it.name().clone(), it.code(), it.checkpoint()));
        let key = (head, journal.len(), outbox.len(), codes.collect());
        asked |= self.asked != key;
        if asked {
            // Each time, that folds all of the log.
            let looked = |name: &str| head <= MISSING_UP_TO || world.codes(name).len() > 1;
            let missing = key.3.iter().filter(|(name, ..)| looked(name));
            let missing = missing.map(|(name, ..)| (name.clone(), world.missing(name).len()));
            self.missing = Rc::new(missing.collect());
            self.asked = key;
        }
        self.head = head;
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

/// The names of the fields that hold money: those that a command's type or a table says do.
pub fn money(session: &mut Viewpoint, forms: &[Form]) -> Set<Rc<str>> {
    let fields = forms.iter().flat_map(|form| &form.fields);
    let mut names: Set<Rc<str>> = fields
        .filter(|field| field.kind == FieldKind::Money)
        .map(|field| field.name.clone())
        .collect();
    names.extend(session.scenario().money.iter().cloned());
    let subscriptions = session.world().subscriptions();
    for view in subscriptions.iter().map(crate::lab::Subscription::view) {
        let crate::es::View::Table(table) = view else { continue };
        let Some(row) = table.rows.first() else { continue };
        let cells = table.columns.iter().zip(&row.cells);
        let money = cells.filter(|(_, cell)| matches!(cell, crate::es::Cell::Money(_)));
        names.extend(money.map(|(column, _)| column.name.clone()));
    }
    names
}
