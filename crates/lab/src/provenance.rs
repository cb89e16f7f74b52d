//! Finds the events behind a value. *Why* finds the events that set a field. *Bisect* finds the
//! first event after which a condition holds. Both work in slices, so that a page stays responsive.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::diff::keyed;
use super::session::{Viewpoint, handler};
use es::{Condition, History, Recorded, Stream};

/// How many events are looked at in one run forward, in events. *Why* searches backward, but a fold
/// only goes forward.
const BLOCK: u64 = 64;

/// The value that is examined: a state or a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// One stream's state.
    State(Stream),
    /// The view of the projection or process of this name, folded cleanly. As JSON, its rows, bars
    /// and edges are objects by key.
    View(Rc<str>),
}

/// An event that set a field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cause {
    /// The event's position.
    pub position: u64,
    /// The event's stream.
    pub stream: Stream,
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: Rc<str>,
    /// The field before the event. None where there was no such field.
    pub was: Option<Value>,
    /// The field after the event. None where it was gone.
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

    /// How many events were examined, and how many there are.
    pub fn progress(&self) -> (u64, u64) {
        (self.from - self.left, self.from)
    }

    /// True where all events were examined.
    pub fn is_over(&self) -> bool {
        self.left == 0
    }
}

/// A condition, evaluated at one position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// The position after whose event the condition was evaluated.
    pub position: u64,
    /// True where the condition holds there.
    pub holds: bool,
}

/// The result of a bisect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BisectResult {
    /// The search goes on.
    NotYet,
    /// The condition holds nowhere. Of a condition called monotonic, only the end was examined.
    Nowhere,
    /// The condition holds first after the event at this position; 0 is before the first event.
    At(u64),
}

/// A search for the first event after which a condition holds, up to the playhead.
#[derive(Clone, Debug)]
pub struct Bisect {
    target: Target,
    condition: Condition,
    monotonic: bool,
    /// Monotonic: the condition does not hold before this place. Else: the next place.
    low: u64,
    /// Monotonic: the condition holds at this place, once the end was examined.
    high: u64,
    /// The last place: the number of events that lead to the target.
    of: u64,
    probes: Vec<Probe>,
    looked: u64,
    found: BisectResult,
}

impl Bisect {
    /// The result so far.
    pub fn found(&self) -> BisectResult {
        self.found
    }

    /// The probes, in order. Of a scan event by event, the first ones and the last one.
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// How many probes were taken, and how many there will be at most.
    pub fn progress(&self) -> (u64, u64) {
        let most = if self.monotonic { u64::from(self.of.max(1).ilog2()) + 2 } else { self.of + 1 };
        (self.looked, most)
    }
}

impl Viewpoint {
    /// Begins to search for the events that set a field, up to the playhead. `pointer` is the
    /// field's JSON pointer. None where there is no such state or view.
    pub fn why(&mut self, target: Target, pointer: &str) -> Option<Why> {
        let from = self.places(&target)?;
        Some(Why { target, pointer: pointer.to_owned(), from, left: from, causes: Vec::new() })
    }

    /// Examines about `budget` more events. True once all were examined.
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

    /// Begins to search for the first event after which a condition holds, up to the playhead. A
    /// monotonic condition holds on once it holds, and is searched for by halves. Any other one is
    /// searched for event by event. None where there is no such state or view.
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

    /// Takes up to `budget` more probes, and returns the result so far. Dropping the bisect cancels
    /// it.
    pub fn advance_bisect(&mut self, bisect: &mut Bisect, budget: u64) -> BisectResult {
        /// How many probes of a scan are kept.
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

    /// How many events lead to the target at the playhead.
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

    /// The last of the target's first `place` events.
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

    /// The target's value after its first `place` events.
    fn value(&mut self, target: &Target, place: u64) -> Option<Value> {
        match target {
            Target::State(stream) => {
                let handler = handler(&mut self.states, self.world.scenario(), stream)?;
                handler.load(stream, place, self.world.log());
                let state = handler.state();
                Some(self.opened_value(state))
            }
            Target::View(name) => self.view_at(name, place).map(|view| keyed(&view)),
        }
    }
}
