//! A question about a field: which events set it, and after which event a condition first holds.

use std::rc::Rc;

use serde_json::Value;

use super::job::Job;
use crate::es::Stream;
use crate::lab::{Bisect, BisectResult, Target, Viewpoint, Why, keyed, lines};

/// How many fields are offered.
const FIELDS_OFFERED: usize = 500;

/// A question about a field.
pub struct Inquiry {
    pub target: Target,
    pub pointer: String,
    /// The position that it is asked at.
    pub position: u64,
    /// The fields there are, each with its value.
    pub fields: Rc<[(String, String)]>,
    pub why: Option<Why>,
    pub bisect: Option<(String, Bisect)>,
}

impl Inquiry {
    /// Asks about a field; about the first where none is named. None where there is no such state
    /// or view.
    pub fn new(session: &mut Viewpoint, target: Target, pointer: Option<String>) -> Option<Self> {
        let position = session.position();
        let value = match &target {
            Target::State(stream) => session.state_at(stream, position)?.1,
            Target::View(name) => keyed(&session.view_at(name, position)?),
        };
        let mut fields: Vec<(String, String)> = lines(&value, &value)
            .into_iter()
            .filter_map(|line| Some((line.path, line.now?)))
            .filter(|(path, _)| value.pointer(path).is_some() && path != "/kind")
            .take(FIELDS_OFFERED)
            .collect();
        if let Some(pointer) = &pointer
            && !fields.iter().any(|(path, _)| path == pointer)
        {
            let there = value.pointer(pointer).map_or("gone".to_owned(), Value::to_string);
            fields.push((pointer.clone(), there));
        }
        let pointer = pointer.or_else(|| Some(fields.first()?.0.clone())).unwrap_or_default();
        let why = session.why(target.clone(), &pointer);
        Some(Self { target, pointer, position, fields: fields.into(), why, bisect: None })
    }

    /// Looks no further.
    pub fn cancel(&mut self) {
        if self.why.as_ref().is_some_and(|it| !it.is_over()) {
            self.why = None;
        }
        self.bisect.take_if(|(_, it)| it.found() == BisectResult::NotYet);
    }
}

impl Job for Inquiry {
    // What was asked was asked where the playhead was then.
    fn keep_up(&mut self, _: &Viewpoint) {}

    fn busy(&self) -> bool {
        self.why.as_ref().is_some_and(|it| !it.is_over())
            || self.bisect.as_ref().is_some_and(|(_, it)| it.found() == BisectResult::NotYet)
    }

    fn advance(&mut self, session: &mut Viewpoint, budget: u64) {
        // The playhead may have moved on; what was asked was asked there.
        let here = session.position();
        session.seek(self.position);
        if let Some((_, bisect)) = &mut self.bisect
            && bisect.found() == BisectResult::NotYet
        {
            session.advance_bisect(bisect, budget);
        } else if let Some(why) = &mut self.why {
            session.advance_why(why, budget);
        }
        session.seek(here);
    }
}

/// What a name stands for: a stream, or else a projection or process.
pub fn target(streams: &[Stream], name: &str) -> Target {
    match streams.iter().find(|it| it.as_str() == name) {
        Some(stream) => Target::State(stream.clone()),
        None => Target::View(name.into()),
    }
}
