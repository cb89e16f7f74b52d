//! What if something had not happened, or in another order: worked out beside the truth.

use std::rc::Rc;

use super::comparing::{Both, Pair};
use super::job::Job;
use crate::es::{Set, Stream};
use crate::lab::{Change, Viewpoint, WhatIf};

/// How many events are folded for a read model before the page draws again.
const STRETCH_EVENTS: u64 = 10_000;

/// A change that is imagined, and what it comes to.
pub struct Imagining {
    pub change: Change,
    pub what_if: WhatIf,
    /// The playhead and the head that the pairs are of.
    pub at: (u64, u64),
    /// What is still to be worked out, the last one first.
    pub left: Vec<Subject>,
    /// How far the fold of what is being worked out has come.
    folded: u64,
    pub pairs: Vec<Pair>,
}

/// What is worked out: a state, or a read model.
pub enum Subject {
    State(Stream),
    View(Rc<str>),
}

impl Imagining {
    /// Imagines a change.
    ///
    /// # Errors
    /// A sentence, where it makes no sense.
    pub fn new(session: &Viewpoint, change: Change) -> Result<Self, String> {
        let what_if = WhatIf::new(session.world(), &change)?;
        let at = (u64::MAX, session.head());
        let (left, pairs) = (Vec::new(), Vec::new());
        let mut it = Self { change, what_if, at, left, folded: 0, pairs };
        it.keep_up(session);
        Ok(it)
    }

    /// The positions of the events that are left out or moved.
    pub fn positions(&self) -> Set<u64> {
        match &self.change {
            Change::LeaveOut(positions) => positions.clone(),
            Change::Swap(a, b) => [*a, *b].into(),
        }
    }

    /// What is imagined, in words.
    pub fn words(&self) -> String {
        let list = |all: &Set<u64>| {
            let all: Vec<String> = all.iter().map(|it| format!("#{it}")).collect();
            all.join(", ")
        };
        match &self.change {
            Change::LeaveOut(all) => format!("What if {} had not happened?", list(all)),
            Change::Swap(a, b) => format!("What if #{a} and #{b} had changed places?"),
        }
    }
}

impl Job for Imagining {
    fn keep_up(&mut self, session: &Viewpoint) {
        let at = (session.position(), session.head());
        if self.at == at {
            return;
        }
        if self.at.1 != at.1
            && let Ok(what_if) = WhatIf::new(session.world(), &self.change)
        {
            self.what_if = what_if;
        }
        self.at = at;
        self.pairs.clear();
        self.folded = 0;
        let of = |position: u64| session.log().event(position).map(|it| it.stream().clone());
        let streams: Set<Stream> = self.positions().into_iter().filter_map(of).collect();
        let views = session.world().subscriptions().iter().map(|it| it.name().clone());
        self.left =
            streams.into_iter().map(Subject::State).chain(views.map(Subject::View)).collect();
        self.left.reverse();
    }

    fn busy(&self) -> bool {
        !self.left.is_empty() || !self.what_if.is_over()
    }

    /// States and views first, then decisions.
    fn advance(&mut self, session: &mut Viewpoint, _: u64) {
        let to = self.at.0;
        match self.left.last() {
            Some(Subject::State(stream)) => {
                let stream = stream.clone();
                let truth = session.state_at(&stream, to);
                let imagined = self.what_if.state(session.world(), &stream, to);
                if let (Some((_, truth)), Some(imagined)) = (truth, imagined) {
                    let (name, both) = (
                        stream.as_str().into(),
                        Both::States(truth, session.opened_value(imagined.0)),
                    );
                    self.pairs.push(Pair::new(name, both));
                }
                self.left.pop();
            }
            Some(Subject::View(name)) => {
                let name = name.clone();
                self.folded = (self.folded + STRETCH_EVENTS).min(to);
                let imagined = self.what_if.view(session.world(), &name, self.folded);
                if self.folded == to {
                    let truth = session.view_at(&name, to);
                    if let (Some(truth), Some(imagined)) = (truth, imagined) {
                        let both =
                            Both::Views(truth.into(), session.opened_view(imagined.0).into());
                        self.pairs.push(Pair::new(name, both));
                    }
                    self.left.pop();
                    self.folded = 0;
                }
            }
            None => _ = self.what_if.advance(session.world(), 200),
        }
    }
}
