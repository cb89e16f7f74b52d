//! What stands out among micro-steps: what nobody who sent a command or rebuilt a read model would
//! expect to have happened as well.

use std::rc::Rc;

use crate::world::MicroStep;

/// How many crashes and stops are told one by one.
const TOLD: usize = 3;

/// What stands out, in sentences: who crashed, stopped or set an event aside, which side effects
/// were performed once more, and what a replay held back. None where nothing does.
pub fn asides(trace: &[MicroStep]) -> Option<String> {
    let mut sentences = Vec::new();
    let fallen = || {
        let down = |it: &&MicroStep| {
            matches!(
                it,
                MicroStep::Crashed { .. } | MicroStep::Stopped { .. } | MicroStep::SetAside { .. }
            )
        };
        trace.iter().filter(down)
    };
    sentences.extend(fallen().take(TOLD).map(|it| format!("{it}.")));
    match fallen().count().saturating_sub(TOLD) {
        0 => {}
        more => sentences.push(format!("{more} more crashed, stopped or set an event aside.")),
    }
    let mut again: Vec<(&Rc<str>, u64)> = Vec::new();
    for step in trace {
        let MicroStep::Performed { effect, repeat: 1.., .. } = step else { continue };
        match again.iter_mut().find(|(kind, _)| *kind == effect) {
            Some((_, times)) => *times += 1,
            None => again.push((effect, 1)),
        }
    }
    if !again.is_empty() {
        let kinds: Vec<_> = again.iter().map(|(kind, times)| format!("{kind} ×{times}")).collect();
        sentences.push(format!("Performed once more, with no guard: {}.", kinds.join(", ")));
    }
    let held_back: u64 = trace.iter().map(held_back).sum();
    if held_back > 0 {
        let what =
            if held_back == 1 { "1 reaction was" } else { &format!("{held_back} reactions were") };
        sentences.push(format!("{what} held back: what was done before is not done again."));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Which deadlines have come, and what came of each, in sentences. None where none has come.
pub fn deadlines_met(trace: &[MicroStep]) -> Option<String> {
    let came = || {
        let due = |(_, it): &(usize, &MicroStep)| matches!(it, MicroStep::Due { .. });
        trace.iter().enumerate().filter(due)
    };
    let told = |(index, due): (usize, &MicroStep)| {
        let decided = decided(trace.get(index..).unwrap_or_default()).unwrap_or_default();
        format!("{due}. {decided}").trim_end().to_owned()
    };
    let mut sentences: Vec<String> = came().take(TOLD).map(told).collect();
    match came().count().saturating_sub(TOLD) {
        0 => {}
        1 => sentences.push("1 more deadline has come.".to_owned()),
        more => sentences.push(format!("{more} more deadlines have come.")),
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// What the first decision among the micro-steps was, in a sentence. None where there was none.
pub fn decided(trace: &[MicroStep]) -> Option<String> {
    trace.iter().find_map(|step| match step {
        MicroStep::Decided { events, .. } if events.is_empty() => {
            Some("No event: nothing had to happen.".to_owned())
        }
        MicroStep::Decided { events, .. } => {
            Some(format!("It is accepted: {}.", events.join(", ")))
        }
        MicroStep::Rejected { reason, .. } => Some(format!("It is refused: {reason}.")),
        _ => None,
    })
}

fn held_back(step: &MicroStep) -> u64 {
    match step {
        MicroStep::Delivered { held_back, .. } => *held_back,
        MicroStep::Suppressed { .. } => 1,
        _ => 0,
    }
}
