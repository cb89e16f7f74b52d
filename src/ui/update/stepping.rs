//! A command goes through its stations one micro-step at a time.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::changes::{changed, changed_as_said};
use crate::es::Stream;
use crate::host::{OpenLog, Request};
use crate::lab::{MicroStep, Submission, SubscriptionKind, Target};
use crate::ui::browser::{focus, on_button};
use crate::ui::model::Model;
use crate::ui::model::changes::{Changes, OF_A_CELL};
use crate::ui::model::commands::{Msg, Stepping};
use crate::ui::model::handled::Handled;
use crate::ui::model::station::{FoldedEvent, Performed, Pulse, Station};
use crate::ui::words::{MoneyFields, field_in_words};

/// How many of the events that a step folds are shown: the last ones.
const FOLDS_SHOWN: usize = 6;

/// Queues a command, and nothing more.
pub fn begin(model: &mut Model, open_log: OpenLog, command: Submission) {
    model.playback.playing = None;
    model.playback.beat = None;
    let head = open_log.session().head();
    open_log.viewpoint_mut().seek(head);
    let kind = &command.command.kind;
    model.saying.happened(format!("{kind} waits to be handled. Each step does one thing."));
    model.saying.light(Station::Commands, None);
    model.commands.stepping = Some(Stepping { busy: true, ..Stepping::default() });
    model.link.later(async move {
        open_log.ask(Request::Submit(command.into())).await;
        Msg::Submitted(open_log)
    });
}

/// The command waits to be handled: the first step can be taken.
pub fn submitted(model: &mut Model) {
    if let Some(stepping) = &mut model.commands.stepping {
        stepping.busy = false;
    }
}

/// Performs one micro-step, or all that are left.
pub fn step(model: &mut Model, all: bool) {
    let Some(open_log) = model.open_log() else { return };
    let Some(stepping) = &mut model.commands.stepping else { return };
    if stepping.over || std::mem::replace(&mut stepping.busy, true) {
        return;
    }
    model.link.later(async move {
        let request = if all { Request::Finish } else { Request::Step };
        let trace = open_log.ask(request).await.trace;
        let over = all || trace.is_empty();
        Msg::Stepped { open_log, trace, over }
    });
}

/// Micro-steps were performed. `over` is true where nothing is left.
pub fn stepped(model: &mut Model, open_log: &OpenLog, trace: &[MicroStep], over: bool) {
    // The list may have been put away while these were performed.
    let Some(mut stepping) = model.commands.stepping.take() else {
        return changed(model, trace);
    };
    let process = |name: &str| {
        let session = open_log.session();
        let mut all = session.world().subscriptions().iter();
        all.any(|it| &**it.name() == name && it.kind() == SubscriptionKind::Process)
    };
    for did in trace {
        // The state that it came to is still at hand where nothing was done since.
        let folded = matches!(did, MicroStep::Folded { version: 1.., .. })
            .then(|| open_log.session().world().state_to_decide_on())
            .flatten()
            .map(|state| open_log.session().opened_value(state));
        let words = match folded {
            Some(state) => format!("{did}: {}", brief(&state, &model.money)),
            None => did.to_string(),
        };
        let good = !matches!(
            did,
            MicroStep::Rejected { .. } | MicroStep::Conflicted { .. } | MicroStep::Failed { .. }
        );
        model.playback.mark(good);
        let pulse = Pulse::of(did, process);
        model.saying.happened(words.clone());
        model.saying.light(pulse.at, pulse.from);
        stepping.handled = Handled::by_step(did, open_log);
        let folds = match did {
            MicroStep::Folded { stream, version, .. } => {
                folds(open_log, stream, *version, &model.money)
            }
            _ => Vec::new(),
        };
        let performed = Performed { at: pulse.at, words: words.into(), good, folds };
        Rc::make_mut(&mut stepping.steps).push(performed);
    }
    stepping.busy = false;
    // The button under the finger does something else from now on.
    if over && !stepping.over && on_button() {
        model.layout.field = Some("ol.steps");
    }
    stepping.over = over;
    model.commands.stepping = Some(stepping);
    if over && trace.is_empty() {
        model.saying.happened("All is quiet: nothing is left to do.");
        model.saying.pulse = None;
    }
    changed_as_said(model, trace);
}

/// Puts the list of steps away.
pub fn end(model: &mut Model) {
    if !model.commands.under_way() {
        model.commands.stepping = None;
        focus("#command");
    }
}

/// The last events of a stream up to a version, each with what it changes in the state.
fn folds(
    open_log: &OpenLog,
    stream: &Stream,
    version: u64,
    money: &MoneyFields,
) -> Vec<FoldedEvent> {
    let mut viewpoint = open_log.viewpoint_mut();
    let places = viewpoint.log().places(stream);
    let places = &places[..places.len().min(usize::try_from(version).unwrap_or(usize::MAX))];
    let last = &places[places.len().saturating_sub(FOLDS_SHOWN)..];
    let positions: Vec<u64> = last.iter().map(|place| u64::from(*place) + 1).collect();
    let column = [Target::State(stream.clone())];
    let folded = positions.into_iter().filter_map(|position| {
        let row = viewpoint.fold_rows(&column, position, position, usize::MAX).pop()?;
        let cell = row.cells.into_iter().next()??;
        let kind = viewpoint.log().event(position)?.kind().clone();
        Some(FoldedEvent { position, kind, changes: Changes::of(&cell, money, OF_A_CELL) })
    });
    folded.collect()
}

/// A state in a few words: of lists and maps, how much is in them.
fn brief(state: &Value, money: &MoneyFields) -> String {
    let fields = state.as_object().into_iter().flatten();
    let parts = fields.map(|(key, value)| {
        match value.as_array().map(Vec::len).or(value.as_object().map(Map::len)) {
            Some(0) => format!("nothing in {key}"),
            Some(count) => format!("{count} in {key}"),
            None => field_in_words(key, value, money),
        }
    });
    parts.collect::<Vec<_>>().join(", ")
}
