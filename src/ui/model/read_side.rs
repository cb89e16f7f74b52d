//! What the read side shows. While the playhead is dragged, it follows a frame later.

use std::rc::Rc;

use super::fold_view::is_folded;
use super::layout::Layout;
use super::playback::{Playback, Shows};
use super::subscriptions::RefusedControl;
use super::summary::Summary;
use crate::es::{Recorded, Set, Stream, sort};
use crate::host::OpenLog;
use crate::lab::{Health, Panel, StateView, Viewpoint};

/// In a log of no more streams all their states are shown; else the selected event's and the
/// pinned ones.
const STATES_SHOWN: usize = 4;
/// How many states are in view at once.
const STATES_IN_VIEW: usize = 2;

/// A step that is about so many states and read models leaves no room for others.
const MANY_FOLDS: usize = 3;

/// What the read side shows.
#[derive(Default)]
pub struct ReadSide {
    /// Where the playhead last stood for a frame: the event there is shown in detail.
    pub rest: u64,
    pub states: Vec<StateView>,
    pub panels: Vec<Rc<Panel>>,
    /// The names of those that are one line unless somebody unfolds them.
    pub lines: Rc<Set<Rc<str>>>,
    /// Panels that were out of view when the read side was last behind.
    pub unseen: Vec<Rc<str>>,
    /// What could not be done to a subscription, until something else is done.
    pub refused: Option<RefusedControl>,
    /// The playhead moves on at once: nobody reads yet what is shown.
    pub passing: bool,
}

impl ReadSide {
    /// Looks what there is at the playhead. `passing` is true where the playhead moves on at once:
    /// then nobody needs to see what the event changed, nor its detail, and panels out of view
    /// stay as they are.
    pub fn look(
        &mut self,
        open_log: &OpenLog,
        summary: &Summary,
        layout: &Layout,
        playback: &Playback,
        passing: bool,
    ) {
        let mut viewpoint = open_log.viewpoint_mut();
        self.states = states(&mut viewpoint, summary, layout, playback);
        self.panels = self.panels(&mut viewpoint, playback, passing);
        self.passing = passing;
        // What the story's step is about comes first.
        let place = |name: &str| summary.place_on_stage(name);
        sort(&mut self.panels, |a, b| place(&a.name).cmp(&place(&b.name)));
        if !passing {
            self.rest = viewpoint.position();
        }
        let here = viewpoint.event().map(Recorded::stream);
        let lines = self.lines_beside(here, summary, layout);
        if *self.lines != lines {
            self.lines = Rc::new(lines);
        }
    }

    /// True for a panel that is one line unless somebody unfolds it.
    pub fn is_line(&self, panel: &str) -> bool {
        self.lines.contains(panel)
    }

    /// What is one line, so that nothing buries what one looks at. Open are the state touched
    /// last, those that somebody has pinned, what the story's step is about, and where something
    /// is wrong. Outside of a story, and where its step names no
    /// panel, all read models are open. A step about many panels leaves no
    /// room for a state that it does not name.
    fn lines_beside(
        &self,
        here: Option<&Stream>,
        summary: &Summary,
        layout: &Layout,
    ) -> Set<Rc<str>> {
        let named = |name: &str| summary.in_story && summary.stage.iter().any(|it| **it == *name);
        let states = self.states.iter().map(|it| &it.stream);
        let folds = summary.stage.iter().filter(|it| is_folded(it)).count();
        let here = here.filter(|_| !summary.in_story || folds < MANY_FOLDS);
        let states = states
            .filter(|it| Some(*it) != here && !layout.pinned.contains(it) && !named(it.as_str()));
        let mut lines: Set<Rc<str>> = states.map(|it| it.as_str().into()).collect();
        if summary.in_story && !summary.stage.is_empty() {
            let missing = |name: &str| summary.missing.get(name).is_some_and(|it| it.count > 0);
            let refused = |name: &str| self.refused.as_ref().is_some_and(|it| *it.name == *name);
            let panels = self.panels.iter().filter(|it| {
                let usual = it.lag == 0 && !it.paused && it.fault.is_none() && it.stopped.is_none();
                let usual = usual && it.fails_on.is_none() && it.dead_letters.0 == 0;
                // A replica waits for somebody to decide on it.
                let usual = usual && it.beside.is_none();
                let clean = !matches!(it.health, Health::Differs(_) | Health::Stopped(_));
                usual && clean && !missing(&it.name) && !refused(&it.name) && !named(&it.name)
            });
            lines.extend(panels.map(|it| it.name.clone()));
            if !named("Outbox") {
                lines.insert("Outbox".into());
            }
        }
        lines
    }

    fn panels(
        &self,
        viewpoint: &mut Viewpoint,
        playback: &Playback,
        passing: bool,
    ) -> Vec<Rc<Panel>> {
        let subscriptions = viewpoint.world().subscriptions().iter();
        let names: Vec<Rc<str>> = subscriptions.map(|it| it.name().clone()).collect();
        if passing {
            let old = |name: &Rc<str>| self.panels.iter().find(|it| it.name == *name);
            let panels = names.iter().filter_map(|name| match old(name) {
                Some(old) if self.unseen.contains(name) => Some(old.clone()),
                _ => viewpoint.panel_in_passing(name).map(Rc::new),
            });
            return panels.collect();
        }
        let mut panels: Vec<Panel> =
            names.iter().filter_map(|name| viewpoint.panel(name)).collect();
        for panel in &mut panels {
            match playback.shows(&panel.name) {
                Shows::Before => panel.now = panel.was.clone(),
                Shows::After => panel.was = panel.now.clone(),
                Shows::Change => {}
            }
        }
        panels.into_iter().map(Rc::new).collect()
    }
}

/// The states that are shown: first those that the story's step is about, then the selected
/// event's.
fn states(
    viewpoint: &mut Viewpoint,
    summary: &Summary,
    layout: &Layout,
    playback: &Playback,
) -> Vec<StateView> {
    let position = viewpoint.position();
    let here = viewpoint.event().map(|it| it.stream().clone());
    let streams = &summary.streams;
    let mut shown: Vec<Stream> = if streams.len() <= STATES_SHOWN {
        let log = viewpoint.log();
        let there = streams.iter().filter(|it| log.version_at(it, position) > 0).cloned();
        let mut shown: Vec<Stream> = there.collect();
        if shown.len() > STATES_IN_VIEW {
            let last = |it: &Stream| Some(it) != here.as_ref();
            sort(&mut shown, |a, b| last(a).cmp(&last(b)));
        }
        shown
    } else {
        let pinned = layout.pinned.iter().filter(|it| Some(*it) != here.as_ref()).cloned();
        here.clone().into_iter().chain(pinned).collect()
    };
    // One that has no event is there in its initial state.
    for stream in summary.stage.iter().filter_map(|it| Stream::parse(it).ok()) {
        if !shown.contains(&stream) {
            shown.push(stream);
        }
    }
    let place = |it: &Stream| summary.place_on_stage(it.as_str());
    sort(&mut shown, |a, b| place(a).cmp(&place(b)));
    let mut states: Vec<StateView> =
        shown.iter().filter_map(|stream| viewpoint.state(stream)).collect();
    for state in &mut states {
        match playback.shows(state.stream.as_str()) {
            Shows::Before => {
                state.now = state.was.clone();
                if Some(&state.stream) == here.as_ref() {
                    state.version = state.version.saturating_sub(1);
                }
            }
            Shows::After => state.was = state.now.clone(),
            Shows::Change => {}
        }
    }
    states
}
