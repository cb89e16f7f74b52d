//! Step into: a command goes through its stations one micro-step at a time.

use std::rc::Rc;

use serde_json::{Map, Value};
use yew::Context;

use super::{App, Msg, later};
use crate::host::Request;
use crate::lab::{MicroStep, SubscriptionKind};
use crate::ui::browser::{focus, on_button};
use crate::ui::pipeline::{Performed, Pulse};
use crate::ui::shell::Shell;
use crate::ui::views::field_in_words;

/// A command that is being stepped through.
pub struct Stepping {
    /// What has been done so far.
    pub steps: Rc<Vec<Performed>>,
    /// True where nothing is left to do.
    pub over: bool,
    /// True while a step is being performed.
    busy: bool,
}

/// A state in a few words: of lists and maps, how much is in them.
fn brief(state: &Value, shell: &Shell) -> String {
    let fields = state.as_object().into_iter().flatten();
    let parts = fields.map(|(key, value)| {
        match value.as_array().map(Vec::len).or(value.as_object().map(Map::len)) {
            Some(0) => format!("nothing in {key}"),
            Some(count) => format!("{count} in {key}"),
            None => field_in_words(key, value, shell),
        }
    });
    parts.collect::<Vec<_>>().join(", ")
}

impl App {
    /// Queues the form's command, and nothing more.
    pub(super) fn step_into(&mut self, ctx: &Context<Self>) {
        let Some(desk) = self.desk.clone() else { return };
        if self.stepping.as_ref().is_some_and(|it| !it.over) {
            return;
        }
        let Some(ask) = self.ask(&desk) else { return };
        self.playing = None;
        self.beat = None;
        let head = desk.session().head();
        desk.viewpoint_mut().seek(head);
        self.told =
            Some(format!("{} waits to be handled. Each step does one thing.", ask.command.kind));
        self.pulse(crate::ui::pipeline::Station::Commands, None);
        self.stepping = Some(Stepping { steps: Rc::default(), over: false, busy: true });
        self.said = self.told.clone().unwrap_or_default();
        later(ctx.link(), async move {
            desk.ask(Request::Submit(ask.into())).await;
            Msg::Submitted(desk)
        });
    }

    /// The command waits to be handled: the first step can be taken.
    pub(super) fn submitted(&mut self) {
        if let Some(stepping) = &mut self.stepping {
            stepping.busy = false;
        }
    }

    /// True where a command is under way, step by step.
    pub(super) fn under_way(&self) -> bool {
        self.stepping.as_ref().is_some_and(|it| !it.over)
    }

    /// Performs one micro-step, or all that are left.
    pub(super) fn step(&mut self, ctx: &Context<Self>, all: bool) {
        let (Some(desk), Some(stepping)) = (self.desk.clone(), &mut self.stepping) else { return };
        if stepping.over || std::mem::replace(&mut stepping.busy, true) {
            return;
        }
        later(ctx.link(), async move {
            let request = if all { Request::Finish } else { Request::Step };
            let trace = desk.ask(request).await.trace;
            let over = all || trace.is_empty();
            Msg::Stepped(desk, trace, over)
        });
    }

    pub(super) fn stepped(&mut self, trace: &[MicroStep], over: bool) {
        let Some(desk) = self.desk.clone() else { return };
        // Another log was opened, or the list put away, while these were performed.
        if self.stepping.is_none() {
            return self.changed(trace);
        }
        let process = |name: &str| {
            let session = desk.session();
            let mut all = session.world().subscriptions().iter();
            all.any(|it| &**it.name() == name && it.kind() == SubscriptionKind::Process)
        };
        for did in trace {
            self.pulses += 1;
            let pulse = Pulse::of(self.pulses, did, process);
            // The state that it came to is still at hand where nothing was done since.
            let folded = matches!(did, MicroStep::Folded { version: 1.., .. })
                .then(|| desk.session().world().state_to_decide_on())
                .flatten();
            let words: Rc<str> = match folded {
                Some(state) => format!("{did}: {}", brief(&state, &self.shell)).into(),
                None => did.to_string().into(),
            };
            let good = !matches!(
                did,
                MicroStep::Rejected { .. }
                    | MicroStep::Conflicted { .. }
                    | MicroStep::Failed { .. }
            );
            self.marked(good);
            if let Some(stepping) = &mut self.stepping {
                let performed = Performed { at: pulse.at, words: words.clone(), good };
                Rc::make_mut(&mut stepping.steps).push(performed);
            }
            self.told = Some(words.to_string());
            self.pulse = Some(pulse);
        }
        if let Some(stepping) = &mut self.stepping {
            stepping.busy = false;
            // The button under the finger does something else from now on.
            if over && !stepping.over && on_button() {
                self.layout.field = Some("ol.steps");
            }
            stepping.over = over;
            if over && trace.is_empty() {
                self.told = Some("All is quiet: nothing is left to do.".to_owned());
                self.pulse = None;
            }
        }
        self.said = self.told.clone().unwrap_or_default();
        self.changed(trace);
    }

    /// Puts the list of steps away.
    pub(super) fn step_out(&mut self) {
        if !self.under_way() {
            self.stepping = None;
            focus("#command");
        }
    }
}
