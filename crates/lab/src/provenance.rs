//! Which event did it? *Why* finds the events that set a field; *bisect* finds the first event
//! after which a condition holds. Both work in slices, so that a page stays alive meanwhile.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::diff::keyed;
use super::session::{Viewpoint, handler};
use es::{Condition, History, Recorded, Stream};

/// A forward run of this many events is looked at from its start: a fold goes forward only.
const BLOCK: u64 = 64;

/// What is looked at: a state, or what a projection or process shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// One stream's state.
    State(Stream),
    /// A view, folded cleanly; as JSON its rows, bars and edges are objects by key.
    View(Rc<str>),
}

/// An event that set a field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cause {
    /// Its position.
    pub position: u64,
    /// Its stream.
    pub stream: Stream,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Rc<str>,
    /// The field before it; none where there was no such field.
    pub was: Option<Value>,
    /// The field after it; none where it was gone.
    pub now: Option<Value>,
}

/// A search for the events that set a field, from the playhead back to the beginning.
#[derive(Clone, Debug)]
pub struct Why {
    target: Target,
    pointer: String,
    from: u64,
    left: u64,
    causes: Vec<Cause>,
}

impl Why {
    /// The events found so far, newest first.
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// How many events were looked at, of how many.
    pub fn progress(&self) -> (u64, u64) {
        (self.from - self.left, self.from)
    }

    /// True where all events were looked at.
    pub fn is_over(&self) -> bool {
        self.left == 0
    }
}

/// One look at a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// After which event.
    pub position: u64,
    /// Whether it held there.
    pub holds: bool,
}

/// Where a bisect ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BisectResult {
    /// It is still looking.
    NotYet,
    /// The condition holds nowhere, or not at the end where it was called monotonic.
    Nowhere,
    /// It holds first after the event at this position; 0 is before the first.
    At(u64),
}

/// A search for the first event after which a condition holds, up to the playhead.
#[derive(Clone, Debug)]
pub struct Bisect {
    target: Target,
    condition: Condition,
    monotonic: bool,
    /// It is not known to hold before this place.
    low: u64,
    /// It holds at this place where it was looked at.
    high: u64,
    /// How many places there are beside the first.
    of: u64,
    probes: Vec<Probe>,
    looked: u64,
    found: BisectResult,
}

impl Bisect {
    /// What was found.
    pub fn found(&self) -> BisectResult {
        self.found
    }

    /// The looks taken, in order; of a scan, the first ones and the last.
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// How many looks were taken, and how many it takes at most.
    pub fn progress(&self) -> (u64, u64) {
        let most = if self.monotonic { u64::from(self.of.max(1).ilog2()) + 2 } else { self.of + 1 };
        (self.looked, most)
    }
}

impl Viewpoint {
    /// Why is a field what it is at the playhead? `pointer` is a JSON pointer. None where there
    /// is no such state or view.
    pub fn why(&mut self, target: Target, pointer: &str) -> Option<Why> {
        let from = self.places(&target)?;
        Some(Why { target, pointer: pointer.to_owned(), from, left: from, causes: Vec::new() })
    }

    /// Looks at up to about `budget` more events; true once all were looked at.
    pub fn advance_why(&mut self, why: &mut Why, budget: u64) -> bool {
        let mut budget = budget.max(1);
        while why.left > 0 && budget > 0 {
            let from = why.left.saturating_sub(BLOCK.min(budget));
            budget -= why.left - from;
            let at = |session: &mut Self, place| {
                let value = session.value(&why.target, place)?;
                value.pointer(&why.pointer).cloned()
            };
            let mut was = at(self, from);
            let mut causes = Vec::new();
            for place in from + 1..=why.left {
                let now = at(self, place);
                if now != was
                    && let Some(event) = self.event_at(&why.target, place)
                {
                    let (position, stream) = (event.position(), event.stream().clone());
                    let (kind, now) = (event.kind().clone(), now.clone());
                    causes.push(Cause { position, stream, kind, was, now });
                }
                was = now;
            }
            why.causes.extend(causes.into_iter().rev());
            why.left = from;
        }
        why.is_over()
    }

    /// After which event does a condition hold first? Looked for up to the playhead: by halves
    /// where the caller calls the condition monotonic (once it holds, it holds on), else event by
    /// event. None where there is no such state or view.
    pub fn bisect(
        &mut self,
        target: Target,
        condition: Condition,
        monotonic: bool,
    ) -> Option<Bisect> {
        let of = self.places(&target)?;
        Some(Bisect {
            target,
            condition,
            monotonic,
            low: 0,
            high: of,
            of,
            probes: Vec::new(),
            looked: 0,
            found: BisectResult::NotYet,
        })
    }

    /// Takes up to `budget` more looks; what was found by then. To cancel it, drop it.
    pub fn advance_bisect(&mut self, bisect: &mut Bisect, budget: u64) -> BisectResult {
        /// How many looks of a scan are kept.
        const SHOWN: usize = 64;
        for _ in 0..budget.max(1) {
            if bisect.found != BisectResult::NotYet {
                break;
            }
            let place = match bisect.monotonic {
                true if bisect.looked == 0 => bisect.of,
                true => bisect.low + (bisect.high - bisect.low) / 2,
                false => bisect.low,
            };
            let value = self.value(&bisect.target, place).unwrap_or_default();
            let holds = bisect.condition.holds(&value);
            let position = self.position_of(&bisect.target, place);
            if bisect.probes.len() > SHOWN {
                bisect.probes.pop();
            }
            bisect.probes.push(Probe { position, holds });
            bisect.looked += 1;
            let over = match (bisect.monotonic, holds) {
                (false, true) => Some(BisectResult::At(position)),
                (true, false) if bisect.looked == 1 => Some(BisectResult::Nowhere),
                (_, false) => {
                    bisect.low = place + 1;
                    (!bisect.monotonic && bisect.low > bisect.of).then_some(BisectResult::Nowhere)
                }
                (true, true) => {
                    bisect.high = place;
                    None
                }
            };
            let met = bisect.monotonic && bisect.low >= bisect.high;
            bisect.found = match over {
                Some(found) => found,
                None if met => BisectResult::At(self.position_of(&bisect.target, bisect.high)),
                None => BisectResult::NotYet,
            };
        }
        bisect.found
    }

    /// How many events lead to what is looked at, at the playhead.
    fn places(&self, target: &Target) -> Option<u64> {
        match target {
            Target::State(stream) => {
                self.scenario().aggregate_of(stream.category())?;
                Some(self.log().version_at(stream, self.position))
            }
            Target::View(name) => {
                self.world.subscription(name)?;
                Some(self.position)
            }
        }
    }

    /// The last of the first `place` events.
    fn event_at(&self, target: &Target, place: u64) -> Option<&Recorded> {
        self.log().event(self.position_of(target, place))
    }

    fn position_of(&self, target: &Target, place: u64) -> u64 {
        let Target::State(stream) = target else { return place };
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let mut position = 0;
        if place > 0 {
            let history = self.log().stream(stream);
            history.walk(place - 1, place, |event| position = event.position());
        }
        position
    }

    /// What is looked at, after `place` events.
    fn value(&mut self, target: &Target, place: u64) -> Option<Value> {
        match target {
            Target::State(stream) => {
                let handler = handler(&mut self.states, self.world.scenario(), stream)?;
                handler.load(stream, place, self.world.log());
                Some(handler.state())
            }
            Target::View(name) => self.view_at(name, place).map(|view| keyed(&view)),
        }
    }
}
